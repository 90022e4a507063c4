//! `POST /v1/enrol`: a one-time code for an identity; and making such codes.

use std::net::IpAddr;
use std::sync::Arc;

use mbs_shared::id::{DeviceNo, Prefix};
use mbs_shared::wire::enrol::{CODE_LIFETIME, EnrolReply, EnrolRequest};
use mbs_shared::wire::error::Code;
use mbs_shared::wire::sync::MAX_APP;
use mbs_shared::wire::{decode, encode};

use super::sync::check_version;
use crate::database::devices::{self, Device};
use crate::database::{DbError, DbResult, News, Session, Transaction, meta, people};
use crate::error::Fault;
use crate::ports::Random;
use crate::secrets::sha256;
use crate::service::Service;
use crate::writer::Tx;

/// Largest frame up, in bytes.
pub const MAX_FRAME: usize = 1_024;
/// Tries at a prefix no other tablet has, before giving up.
const PREFIX_TRIES: usize = 64;

/// A code that enrols one tablet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// As it is read out: `4KR7-9XQ2`.
    pub text: String,
    /// Until when.
    pub expires: i64,
    /// The muhtar.
    pub person: String,
}

/// Reads a code as people write it; `None` when it cannot be one.
#[must_use]
pub fn read_code(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let at = plain.char_indices().nth(4).map(|(i, _)| i)?;
    let (a, b) = plain.split_at(at);
    Some(format!("{}{}", a.parse::<Prefix>().ok()?, b.parse::<Prefix>().ok()?))
}

/// What is scanned from a code's QR: the server's address and the code, `https://mbs.example.org#4KR7-9XQ2`;
/// the code alone where the address is not set.
#[must_use]
pub fn qr_text(url: &str, code: &str) -> String {
    if url.is_empty() { code.to_owned() } else { format!("{}#{code}", url.trim_end_matches('/')) }
}

/// Why no code was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCode {
    /// The directory has no such neighbourhood.
    UnknownNeighbourhood,
    /// A person needs a name.
    NoName,
    /// Someone else holds the mandate.
    HeldBy(String),
}

impl From<NoCode> for Fault {
    fn from(e: NoCode) -> Self {
        match e {
            NoCode::UnknownNeighbourhood => Self::because(Code::BadInput, "neighbourhood: mahalle dizinde yok"),
            NoCode::NoName => Self::because(Code::BadInput, "person: ad yazılmalı"),
            NoCode::HeldBy(name) => {
                Self::because(Code::BadInput, format!("person: bu muhtarlık şu anda {name} adına kayıtlı"))
            }
        }
    }
}

/// Makes a code for the muhtar of a neighbourhood. A new neighbourhood gets its mandate; another person
/// gets one only as `successor`, which ends the mandate before.
///
/// # Errors
/// [`DbError`].
pub fn make_code(
    session: &mut dyn Session,
    random: &dyn Random,
    scope: u32,
    person: &str,
    successor: bool,
    now: i64,
) -> DbResult<Result<NewCode, NoCode>> {
    let person = person.trim();
    if scope == 0 {
        return Ok(Err(NoCode::UnknownNeighbourhood));
    }
    if person.is_empty() || person.len() > 200 {
        return Ok(Err(NoCode::NoName));
    }
    let mandate = match people::current(session, scope)? {
        Some(m) if m.person == person => m,
        Some(m) if !successor => return Ok(Err(NoCode::HeldBy(m.person))),
        Some(_) => {
            session.send(people::END, &[now.into(), scope.into()])?;
            people::begin(session, scope, person, now)?
        }
        None => people::begin(session, scope, person, now)?,
    };
    let number = random.number();
    let (a, b) = (number & 0xf_ffff, number >> 20 & 0xf_ffff);
    let half = |v: u64| Prefix::new(u32::try_from(v).unwrap_or(0));
    let (a, b) = (half(a), half(b));
    let expires = now + CODE_LIFETIME;
    let hash = sha256(format!("{a}{b}").as_bytes());
    session.send(people::ADD_CODE, &[(&hash).into(), mandate.id.into(), expires.into()])?;
    Ok(Ok(NewCode { text: format!("{a}-{b}"), expires, person: mandate.person }))
}

/// [`make_code`] for the muhtar that holds the mandate, or the first one, by a running server.
///
/// # Errors
/// [`Code::BadInput`] as in [`NoCode`]; [`Code::Busy`].
pub async fn new_code(service: &Arc<Service>, neighbourhood: &str, person: &str) -> Result<NewCode, Fault> {
    // Units have numbers too, but no muhtar.
    let known = service.directory().neighbourhood(neighbourhood).is_some();
    let scope = if known { service.scopes.number(neighbourhood) } else { 0 };
    let (random, person, now) = (service.random.clone(), person.to_owned(), service.clock.now());
    service.write(move |tx| Ok(make_code(tx.session(), &*random, scope, &person, false, now)??)).await
}

/// The exchange. `from` is the caller's address, where it is known.
///
/// # Errors
/// [`Code::SlowDown`], [`Code::BadEnrolmentCode`], [`Code::Malformed`], version codes, [`Code::Busy`].
pub async fn enrol(service: &Arc<Service>, from: Option<IpAddr>, body: &[u8]) -> Result<Vec<u8>, Fault> {
    let now = service.clock.now();
    if !service.tries.allowed(from, now) {
        return Err(Code::SlowDown.into());
    }
    if body.len() > MAX_FRAME {
        return Err(Code::TooLarge.into());
    }
    let version = {
        // The frame is a map whose first key is the version.
        let mut d = minicbor::Decoder::new(body);
        d.map().and_then(|_| d.u8()).and_then(|_| d.u16()).map_err(|_| Code::Malformed)?
    };
    check_version(version)?;
    let frame: EnrolRequest = decode(body)?;
    if frame.app.len() > MAX_APP {
        return Err(Code::TooLarge.into());
    }
    let Some(code) = read_code(&frame.code) else {
        service.tries.wrong(from, now);
        return Err(Code::BadEnrolmentCode.into());
    };
    let inner = service.clone();
    let result = service.write(move |tx| trade(tx, &inner, &code, &frame, now)).await;
    match result {
        Ok((reply, device)) => {
            service.devices.add(device);
            // What it settles of others (a copied tablet) holds at once.
            service.refresh_devices()?;
            tracing::info!(device = %reply.device, "a tablet was enrolled");
            Ok(encode(&reply))
        }
        Err(fault) => {
            if fault.code == Code::BadEnrolmentCode {
                service.tries.wrong(from, now);
            }
            Err(fault)
        }
    }
}

fn trade(
    tx: &mut Tx<'_>,
    service: &Service,
    code: &str,
    frame: &EnrolRequest,
    now: i64,
) -> Result<(EnrolReply, Device), Fault> {
    let s = tx.session();
    let mandate = people::use_code(s, &sha256(code.as_bytes()), now)?.ok_or(Code::BadEnrolmentCode)?;
    let mandate = people::mandate(s, mandate)?.filter(|m| m.until == 0).ok_or(Code::BadEnrolmentCode)?;
    let token: [u8; 32] = service.random.bytes();
    let hash = sha256(&token);
    for _ in 0..PREFIX_TRIES {
        let no = DeviceNo((service.random.number() >> 1).max(1));
        let prefix = Prefix::new(u32::try_from(service.random.number() % u64::from(Prefix::COUNT)).unwrap_or(0));
        if [Prefix::DESK, Prefix::PRACTICE].contains(&prefix) {
            continue;
        }
        let args = [
            no.0.cast_signed().into(),
            prefix.index().into(),
            mandate.id.into(),
            (&hash).into(),
            (&frame.public_key).into(),
            frame.app.as_str().into(),
            now.into(),
        ];
        // Nothing comes back when another tablet has that number or prefix.
        if s.first(devices::ADD, &args, |r| r.int(0))?.is_none() {
            continue;
        }
        // One of two tablets with one identity has another now; should they not be the ones, it shows again.
        s.send(devices::NO_TWIN, &[mandate.id.into()])?;
        s.send(meta::BUMP, &["devices".into()])?;
        let device = devices::by_token(s, &hash)?
            .ok_or_else(|| DbError::Unexpected("a tablet just written is not there".into()))?;
        let reply = EnrolReply {
            device: no,
            prefix: prefix.to_string(),
            token,
            mandate: mandate.id.cast_unsigned(),
            neighbourhood: service.scopes.code(mandate.scope).to_owned(),
            person: mandate.person,
            now,
            epoch: service.epoch,
            server_keys: Some(service.secrets.server_keys()),
            courier: service.secrets.courier_recipient(),
        };
        return Ok((reply, device));
    }
    Err(Fault::internal(anyhow::anyhow!("no free tablet prefix was found")))
}

/// Revokes a tablet by its prefix; whether there was one that was not revoked yet. A running server notices
/// within a second; on PostgreSQL at once.
///
/// # Errors
/// [`DbError`].
pub fn revoke(tx: &mut dyn Transaction, prefix: Prefix, now: i64) -> DbResult<bool> {
    let found = tx.execute(devices::REVOKE, &[now.into(), prefix.index().into()])? > 0;
    if found {
        tx.send(meta::BUMP, &["devices".into()])?;
        tx.announce(News::Settings);
    }
    Ok(found)
}

/// Revokes a tablet by its number, as of `at`; whether it was not revoked before.
///
/// # Errors
/// [`DbError`].
pub fn revoke_no(session: &mut dyn Session, no: DeviceNo, at: i64) -> DbResult<bool> {
    let found = session.execute(devices::REVOKE_NO, &[at.into(), no.0.cast_signed().into()])? > 0;
    if found {
        session.execute(meta::BUMP, &["devices".into()])?;
    }
    Ok(found)
}
