//! Another tablet's courier file, which a screen hands in: slice after slice, kept when it is whole.

use super::given;
use super::view::CarryStep;
use crate::Tablet;
use crate::courier::{MAX_CARRIED, carry};
use crate::error::{Code, Result, fail};
use crate::sync::Nudge;

/// Largest slice, decoded, in bytes.
const MAX_SLICE: usize = 512 * 1024;

/// The file that is coming in, one at a time.
pub(crate) struct Bundle {
    number: u32,
    bytes: Vec<u8>,
}

impl Tablet {
    pub(crate) fn carry_slice(&self, number: u32, offset: u32, total: u64, data: &str) -> Result<CarryStep> {
        let slice = given::bytes(data, MAX_SLICE, Code::BadCall)?;
        let mut guard = self.lock();
        let inner = &mut *guard;
        inner.identity()?;
        if total == 0 || total > MAX_CARRIED {
            return Err(fail(Code::NotABundle, format!("{total} bytes")));
        }
        let mut bundle = match inner.bundle.take().filter(|bundle| bundle.number == number && offset > 0) {
            Some(bundle) => bundle,
            None => Bundle { number, bytes: Vec::new() },
        };
        let have = bundle.bytes.len();
        if offset as usize == have && (have + slice.len()) as u64 <= total {
            bundle.bytes.extend_from_slice(&slice);
        }
        let have = bundle.bytes.len();
        if (have as u64) < total {
            inner.bundle = Some(bundle);
            return Ok(CarryStep::More { offset: u32::try_from(have).unwrap_or(u32::MAX) });
        }
        let now = inner.now();
        let done = carry(&mut inner.store, &bundle.bytes, now)?;
        drop(guard);
        self.wake(Nudge::Work);
        Ok(CarryStep::Done { parts: done.parts, cut: done.cut })
    }
}
