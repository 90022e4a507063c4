//! Thread entries: messages and notes are kept; a muhtar's intent is kept and decided at once.

use mbs_shared::blob::MAX_PER_REQUEST;
use mbs_shared::id::Mac;
use mbs_shared::request::MAX_ENTRY;
use mbs_shared::routing::{Action, What, Who};
use mbs_shared::sabotage::sabotaged;
use mbs_shared::wire::decode;
use mbs_shared::wire::entry::{Entry, EntryKind, Stamp};
use mbs_shared::wire::error::Code;

use super::apply::{self, Origin};
use super::decide::{Command, Step, for_muhtar};
use crate::database::feed::{self, NewRow, kind};
use crate::database::requests::Head;
use crate::database::{DbError, DbResult, entries, events};
use crate::error::Fault;
use crate::secrets::sha256;
use crate::service::Service;
use crate::writer::Tx;

/// An entry that passed every check that needs no database.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The entry.
    pub entry: Entry,
    /// SHA-256 of its raw bytes.
    pub hash: [u8; 32],
    /// As it was packed.
    pub packed: Vec<u8>,
}

/// Proof that an entry was accepted once.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The proof.
    pub mac: Mac,
    /// For one from the desk: who wrote it, and when.
    pub stamp: Option<Stamp>,
}

/// What the proof of an entry from the desk covers: also that it is one, and when it was written. So nobody
/// can offer the desk's words as a muhtar's, or his as the desk's.
#[must_use]
pub fn stamped(hash: &[u8; 32], stamp: &Stamp) -> [u8; 32] {
    sha256(&[b"desk".as_slice(), hash, &stamp.at.to_be_bytes()].concat())
}

/// Checks a raw entry.
///
/// # Errors
/// The code of the first check that fails.
pub fn check(raw: &[u8]) -> Result<Entry, Code> {
    if raw.len() > entries::MAX_RAW {
        return Err(Code::TooLarge);
    }
    let entry: Entry = decode(raw)?;
    if entry.text.len() > MAX_ENTRY {
        return Err(Code::TooLarge);
    }
    if entry.photos.len() > MAX_PER_REQUEST {
        return Err(Code::TooMany);
    }
    let says_something = !entry.text.trim().is_empty() || !entry.photos.is_empty();
    match entry.kind {
        EntryKind::Message | EntryKind::Note | EntryKind::Add if !says_something => Err(Code::BadValue),
        _ => Ok(entry),
    }
}

/// The wish an entry expresses, if it is one.
#[must_use]
pub const fn intent(kind: EntryKind) -> Option<Action> {
    match kind {
        EntryKind::Withdraw => Some(Action::Withdraw),
        EntryKind::Answer => Some(Action::Reply),
        EntryKind::Confirm => Some(Action::Confirm),
        EntryKind::Object => Some(Action::Object),
        EntryKind::Message | EntryKind::Note | EntryKind::Add => None,
    }
}

/// Who wrote an entry, and when the server took it.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// Device id as a negative number, or staff id.
    pub author: i64,
    /// First 8 bytes of the session that pushed it; 0 from the desk.
    pub session: i64,
    /// Server time.
    pub at: i64,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is there, now or since before; `true`: it is new.
    There {
        /// Proof of acceptance.
        mac: Mac,
        /// Whether it was not there before.
        new: bool,
    },
    /// Its id belongs to another entry.
    Clash,
}

/// Keeps an entry, and decides it where it is an intent.
///
/// # Errors
/// [`Fault`] from the database only.
pub fn keep(tx: &mut Tx<'_>, service: &Service, head: &Head, checked: &Checked, writer: Writer) -> Result<Kept, Fault> {
    keep_offered(tx, service, head, checked, writer, None)
}

/// [`keep`], for an entry that was accepted once when there is proof of that.
///
/// # Errors
/// As there.
pub fn keep_offered(
    tx: &mut Tx<'_>,
    service: &Service,
    head: &Head,
    checked: &Checked,
    writer: Writer,
    offered: Option<&Offered>,
) -> Result<Kept, Fault> {
    let Checked { entry, hash, packed } = checked;
    let mac = match offered {
        Some(offered) => offered.mac,
        None if writer.author > 0 => {
            let stamp = Stamp { at: writer.at, author: String::new() };
            service.secrets.mac(head.id, &stamped(hash, &stamp))
        }
        None => service.secrets.mac(head.id, hash),
    };
    let key = feed::key_of(entry.id.as_bytes());
    for twin in feed::twins(tx.session(), key)? {
        if twin.kind != kind::ENTRY || sabotaged("duplicate-stored-twice") {
            continue;
        }
        let raw = unpacked(&twin.packed)?;
        if twin.rid == head.rid && sha256(&raw) == *hash {
            let mac = Mac::from_slice(&twin.mac).map_err(|e| DbError::Unexpected(e.to_string()))?;
            return Ok(Kept::There { mac, new: false });
        }
        if decode::<Entry>(&raw).is_ok_and(|e| e.id == entry.id) {
            return Ok(Kept::Clash);
        }
    }
    let seq = tx.next_seq();
    let row = NewRow {
        scope: head.scope,
        rid: head.rid,
        kind: kind::ENTRY,
        n: entry.kind as u32,
        key,
        session: writer.session,
        author: writer.author,
        at: writer.at,
        mac: mac.as_bytes(),
        packed,
    };
    feed::add(tx.session(), seq, &row)?;
    tx.wake(head.scope);
    if entry.kind != EntryKind::Note {
        apply::content_changed(tx, head, writer.author, writer.at)?;
    }
    // Only the muhtar has intents; the desk acts by commands.
    if writer.author < 0
        && let Some(action) = intent(entry.kind)
        && !(offered.is_some() && decided(tx, head, entry)?)
    {
        decide_intent(tx, service, head, entry, action, writer)?;
    }
    Ok(Kept::There { mac, new: true })
}

fn unpacked(packed: &[u8]) -> DbResult<Vec<u8>> {
    mbs_shared::pack::unpack(packed, entries::MAX_RAW)
        .map_err(|e| DbError::Unexpected(format!("a stored entry: {e:?}")))
}

/// Whether an event already says what became of an intent: the events of a lost request come back before it.
fn decided(tx: &mut Tx<'_>, head: &Head, entry: &Entry) -> DbResult<bool> {
    Ok(events::of_request(tx.session(), head.rid)?.iter().any(|e| e.event.entry == Some(entry.id)))
}

/// Decides an intent; what may not be becomes a refusal the muhtar can read.
fn decide_intent(
    tx: &mut Tx<'_>,
    service: &Service,
    head: &Head,
    entry: &Entry,
    action: Action,
    writer: Writer,
) -> Result<(), Fault> {
    let mut loaded = apply::load(tx.session(), head.clone())?;
    let mut command = Command::new(Who::Muhtar, action).saying(&entry.text);
    command.photos.clone_from(&entry.photos);
    let origin = Origin { by: Who::Muhtar, author: writer.author, entry: Some(entry.id), at: writer.at };
    let state = loaded.case.state;
    if let Err(refusal) = apply::carry_out(tx, service, &mut loaded, &command, &origin)? {
        let step = Step { what: What::Refused, note: for_muhtar(refusal, action, state) };
        let origin = Origin { by: Who::System, author: 0, ..origin };
        apply::append_steps(tx, service, &mut loaded, vec![step], &origin)?;
    }
    Ok(())
}
