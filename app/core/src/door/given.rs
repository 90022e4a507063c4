//! Bytes that the screens hand over: base64, measured before anything is made of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Code, Result, fail};

/// The bytes, at most `most` of them; more are refused with `code`.
///
/// # Errors
/// `code`; [`Code::BadCall`] when it is no base64.
pub(super) fn bytes(data: &str, most: usize, code: Code) -> Result<Vec<u8>> {
    if data.len() > most.div_ceil(3) * 4 {
        return Err(fail(code, format!("more than {most} bytes")));
    }
    STANDARD.decode(data).map_err(|e| fail(Code::BadCall, e.to_string()))
}
