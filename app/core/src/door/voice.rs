//! Voice notes: kept as they were recorded, without what a recorder wrote beside the voice.

use mbs_shared::blob::{BlobKind, BlobRef, MAX_BYTES, name_of};
use mbs_shared::id::RequestId;

use super::given;
use crate::capture::voice::plain;
use crate::error::{Code, Result, fail};
use crate::ports::random;
use crate::tablet::Inner;

/// Largest recording that is looked at, in bytes: a minute at any rate a recorder takes.
const MAX_RECORDED: usize = 4 * 1024 * 1024;

impl Inner {
    pub(crate) fn add_voice(&mut self, id: RequestId, data: &str) -> Result<RequestId> {
        self.may_add_blob(id)?;
        let recorded = given::bytes(data, MAX_RECORDED, Code::VoiceUnreadable)?;
        let serial = u32::from_le_bytes(random(&*self.ports.random));
        let (bytes, seconds) = plain(&recorded, serial).ok_or_else(|| fail(Code::VoiceUnreadable, "no plain Opus"))?;
        let size = u32::try_from(bytes.len()).ok().filter(|size| *size <= MAX_BYTES);
        let size = size.ok_or_else(|| fail(Code::VoiceUnreadable, format!("{} bytes", bytes.len())))?;
        let voice = BlobRef { hash: name_of(&bytes), kind: BlobKind::Voice, size, width: seconds, height: 0 };
        self.keep_blob(id, voice, &bytes, &[], None)?;
        Ok(id)
    }
}
