//! What travels: one file an exchange. Frames are CBOR; keys are small integers, so that a newer
//! side can add fields an older one skips.

pub mod announcement;
pub mod blob;
pub mod courier;
pub mod enrol;
pub mod entry;
pub mod error;
pub mod events;
pub mod map;
pub mod nearby;
pub mod reconcile;
pub mod revocation;
pub mod snapshot;
pub mod sync;
pub mod units;
pub mod version;

use minicbor::{Decode, Encode};

/// Media type of every frame.
pub const MEDIA_TYPE: &str = "application/cbor";

/// A frame as bytes.
///
/// # Panics
/// Never: writing into memory cannot fail.
#[must_use]
pub fn encode<T: Encode<()>>(frame: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    // Writing to a Vec is infallible; an empty frame would be refused by the other side.
    if minicbor::encode(frame, &mut out).is_err() {
        out.clear();
    }
    out
}

/// Reads a frame; trailing bytes are an error.
///
/// # Errors
/// [`error::Code::Malformed`] when the bytes are no such frame, [`error::Code::AppTooNew`] when they say what only a later
/// version has a word for.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, error::Code> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let frame = decoder
        .decode()
        .map_err(|why| if why.is_unknown_variant() { error::Code::AppTooNew } else { error::Code::Malformed })?;
    if decoder.position() == bytes.len() { Ok(frame) } else { Err(error::Code::Malformed) }
}
