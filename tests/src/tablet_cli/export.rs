//! Everything of a tablet as files a person can open: each request as JSON, each photo as JPEG, each voice note as Ogg.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mbs_shared::blob::kind_of;
use mbs_tablet::door::Call;
use mbs_tablet::door::view::{Outbox, Request, Row, Status};
use mbs_tablet::error::Code;
use serde::Serialize;

use super::run::{Door, Trouble};

/// What was written.
#[derive(Debug, Default, Serialize)]
pub(super) struct Written {
    /// Requests and drafts.
    pub(super) requests: usize,
    /// Photos and voice notes, each once.
    pub(super) photos: usize,
}

/// Writes `status.json`, `outbox.json`, `requests/NUMBER.json` and `photos/HASH.jpg` (voice notes: `.ogg`) into `dir`.
pub(super) fn export(door: &Door, dir: &Path) -> Result<Written, Trouble> {
    let refused = |e: std::io::Error| Trouble::new(Code::Storage, format!("{} cannot be written: {e}.", dir.display()));
    for folder in ["requests", "photos"] {
        fs::create_dir_all(dir.join(folder)).map_err(refused)?;
    }
    let write = |name: String, bytes: Vec<u8>| fs::write(dir.join(name), bytes).map_err(refused);
    write("status.json".into(), pretty(&door.call::<Status>(Call::Status)?))?;
    write("outbox.json".into(), pretty(&door.call::<Outbox>(Call::Outbox)?))?;
    let rows: Vec<Row> = door.call(Call::Requests { query: String::new() })?;
    let mut photos = BTreeSet::new();
    for row in &rows {
        let request: Request = door.call(Call::Request { id: row.id })?;
        // A draft may have no number yet.
        let name = if row.case_no.is_empty() { row.id.to_string() } else { row.case_no.clone() };
        photos.extend(request.photos.iter().map(|p| p.hash));
        write(format!("requests/{name}.json"), pretty(&request))?;
    }
    let mut written = Written { requests: rows.len(), photos: 0 };
    for hash in photos {
        if let Some(bytes) = door.tablet.photo(hash, false)? {
            write(format!("photos/{hash}.{}", kind_of(&bytes).extension()), bytes)?;
            written.photos += 1;
        }
    }
    Ok(written)
}

fn pretty<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap_or_default()
}
