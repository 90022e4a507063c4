//! Filing a request from the command line: the same calls in the same order as the screen makes them.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mbs_shared::id::RequestId;
use mbs_tablet::door::view::{PhotoStep, Request};
use mbs_tablet::door::{Call, Fields};
use mbs_tablet::error::Code;

use super::args::Capture;
use super::run::{Door, Trouble};

/// Bytes of one slice, as a screen sends them.
const SLICE: usize = 256 * 1024;
/// Largest file that is read at all; the core has its own, smaller limits.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Files what the arguments say. When a photo is refused, words and place stay as a draft.
pub(super) fn capture(door: &Door, what: Capture) -> Result<Request, Trouble> {
    let Capture { text, photo, voice, at, category, title, addr, kind, draft } = what;
    let begun: Request = door.call(Call::NewDraft)?;
    let id = begun.row.id;
    let set = Fields { desc: Some(text), title, category, addr, kind, fix: at.map(|p| p.0), discreet: None };
    let mut request: Request = door.call(Call::SetDraft { id, set })?;
    for (upload, file) in (1..).zip(&photo) {
        request = add_photo(door, id, upload, file)?;
    }
    for file in &voice {
        let data = read(file, Code::VoiceUnreadable)?;
        request = door.call(Call::AddVoice { id, data: STANDARD.encode(data) })?;
    }
    if draft { Ok(request) } else { door.call(Call::Send { id }) }
}

/// The bytes of a file that is to go with the request.
fn read(file: &Path, code: Code) -> Result<Vec<u8>, Trouble> {
    let unreadable = |why: &dyn std::fmt::Display| {
        Trouble::new(code, format!("{}: {why}. Words and place are kept as a draft.", file.display()))
    };
    let size = fs::metadata(file).map_err(|e| unreadable(&e))?.len();
    if size > LARGEST {
        return Err(Trouble::new(Code::PhotoTooLarge, format!("{} is larger than any photo.", file.display())));
    }
    fs::read(file).map_err(|e| unreadable(&e))
}

fn add_photo(door: &Door, id: RequestId, upload: u32, file: &Path) -> Result<Request, Trouble> {
    let unreadable = |why: &dyn std::fmt::Display| {
        Trouble::new(Code::PhotoUnreadable, format!("{}: {why}. Words and place are kept as a draft.", file.display()))
    };
    let bytes = read(file, Code::PhotoUnreadable)?;
    let total = u32::try_from(bytes.len()).map_err(|e| unreadable(&e))?;
    let mut offset = 0;
    loop {
        let from = usize::try_from(offset).map_err(|e| unreadable(&e))?;
        let slice = bytes.get(from..(from + SLICE).min(bytes.len())).unwrap_or_default();
        let data = STANDARD.encode(slice);
        match door.call(Call::AddPhoto { id, upload, offset, total, data })? {
            PhotoStep::More { offset: next } if next > offset => offset = next,
            PhotoStep::More { .. } => return Err(unreadable(&"it could not be taken in")),
            PhotoStep::Done { request, .. } => return Ok(*request),
        }
    }
}
