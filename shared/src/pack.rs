//! Each item is packed alone, with a zstd dictionary trained on request texts.
//!
//! Alone, so that rejection, privacy, erasure and handover touch one row; with a dictionary, so
//! that this costs next to nothing. Dictionaries are numbered and kept for ever: the first byte
//! of a packed item names its dictionary (0: stored plainly).
//!
//! After that byte follows one zstd frame without its magic number, which is always the same, and without
//! checksum, dictionary id and content size, which others already say: changes carry their own hash, and the
//! caller knows the largest size it takes. Made by `examples/train_dictionary.rs`; a released dictionary
//! never changes.

use std::cell::RefCell;
use std::sync::OnceLock;

use zstd::bulk::Compressor;
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd::zstd_safe::{self, DCtx};

use crate::wire::error::Code;

/// Dictionary 1, as released.
pub const DICTIONARY_1: &[u8] = include_bytes!("../data/dictionary-1.bin");
/// Highest dictionary number this build unpacks; part of the list of abilities.
pub const DICTIONARIES: u8 = 1;

/// Compression level. *Measured* on held-out texts (two loaded cores): level 3 makes 291 B of a first change with three
/// photos in 12 µs, 9 makes 281 B in 45 µs, 12 makes 280 B in 61 µs, 19 makes 277 B in 190 µs.
const LEVEL: i32 = 12;
/// Highest number a dictionary can ever have: beyond it the bytes are damaged, not new.
const LAST: u8 = 31;
const PLAIN: u8 = 0;
const WITH_1: u8 = 1;
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

thread_local! {
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

/// Packs `raw` (a change, entry or event).
#[must_use]
pub fn pack(raw: &[u8]) -> Vec<u8> {
    if let Some(frame) = compressed(raw)
        && frame.len() < raw.len() + MAGIC.len()
        && let Some(body) = frame.strip_prefix(&MAGIC)
    {
        return [&[WITH_1], body].concat();
    }
    [&[PLAIN], raw].concat()
}

/// Unpacks, never to more than `cap` bytes.
///
/// # Errors
/// [`Code::Malformed`] when it was not packed here; [`Code::AppTooNew`] when it was packed with a later dictionary;
/// [`Code::TooLarge`] past the cap.
pub fn unpack(packed: &[u8], cap: usize) -> Result<Vec<u8>, Code> {
    match packed.split_first() {
        Some((&PLAIN, raw)) if raw.len() > cap => Err(Code::TooLarge),
        Some((&PLAIN, raw)) => Ok(raw.to_vec()),
        Some((&WITH_1, body)) => expanded(&[&MAGIC, body].concat(), cap),
        Some((DICTIONARIES..=LAST, _)) => Err(Code::AppTooNew),
        _ => Err(Code::Malformed),
    }
}

/// The same content for a side that knows none of the dictionaries; what cannot be unpacked stays as it is.
#[must_use]
pub fn plainly(packed: &[u8], cap: usize) -> Vec<u8> {
    unpack(packed, cap).map_or_else(|_| packed.to_vec(), |raw| [&[PLAIN], &raw[..]].concat())
}

/// One frame with dictionary 1; `None` only when memory is short.
fn compressed(raw: &[u8]) -> Option<Vec<u8>> {
    static DICTIONARY: OnceLock<Option<EncoderDictionary<'static>>> = OnceLock::new();
    PACKER.with_borrow_mut(|slot| {
        if slot.is_none() {
            let dictionary =
                DICTIONARY.get_or_init(|| EncoderDictionary::try_copy(DICTIONARY_1, LEVEL).ok()).as_ref()?;
            let mut packer = Compressor::with_prepared_dictionary(dictionary).ok()?;
            packer.include_checksum(false).ok()?;
            packer.include_dictid(false).ok()?;
            packer.include_contentsize(false).ok()?;
            *slot = Some(packer);
        }
        slot.as_mut()?.compress(raw).ok()
    })
}

/// The content of one frame.
fn expanded(frame: &[u8], cap: usize) -> Result<Vec<u8>, Code> {
    static DICTIONARY: OnceLock<Option<DecoderDictionary<'static>>> = OnceLock::new();
    // One frame and nothing after it: zstd itself would read on.
    if zstd_safe::find_frame_compressed_size(frame) != Ok(frame.len()) {
        return Err(Code::Malformed);
    }
    UNPACKER.with_borrow_mut(|slot| {
        if slot.is_none() {
            let dictionary = DICTIONARY.get_or_init(|| DecoderDictionary::try_copy(DICTIONARY_1).ok()).as_ref();
            let mut context = DCtx::try_create().ok_or(Code::Internal)?;
            context.ref_ddict(dictionary.ok_or(Code::Internal)?.as_ddict()).map_err(|_| Code::Internal)?;
            *slot = Some(context);
        }
        let context = slot.as_mut().ok_or(Code::Internal)?;
        let mut raw = Vec::with_capacity(cap);
        match context.decompress(&mut raw, frame) {
            Ok(_) => {
                raw.shrink_to_fit();
                Ok(raw)
            }
            Err(e) if zstd_safe::is_error_kind(e, ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall) => Err(Code::TooLarge),
            Err(_) => Err(Code::Malformed),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WORDS: &str =
        "İyi günler, ilkokulun yanında çift sıra park yüzünden ambulans giremedi. Gereğini rica ederim.";

    #[test]
    fn turkish_words_shrink_to_less_than_half() {
        let packed = pack(WORDS.as_bytes());
        assert!(packed.len() * 2 < WORDS.len(), "{} of {}", packed.len(), WORDS.len());
        assert_eq!(unpack(&packed, 32 * 1024).unwrap(), WORDS.as_bytes());
    }

    #[test]
    fn a_bomb_stops_at_the_cap() {
        let bomb = pack(&vec![0; 4 << 20]);
        assert!(bomb.len() < 1024);
        assert_eq!(unpack(&bomb, 32 * 1024), Err(Code::TooLarge));
        assert_eq!(unpack(&[&[0_u8], &[7; 100][..]].concat(), 99), Err(Code::TooLarge));
        assert_eq!(unpack(&[&[0_u8], &[7; 100][..]].concat(), 100).unwrap(), [7; 100]);
    }

    #[test]
    fn the_dictionary_is_taken_as_soon_as_it_saves_a_byte() {
        let saved = |end: usize| {
            let raw = WORDS.get(..end)?.as_bytes();
            let packed = pack(raw);
            assert!(packed.len() <= raw.len() + 1, "never more than its number");
            assert_eq!(unpack(&packed, raw.len()).unwrap(), raw);
            (packed[0] == WITH_1).then(|| raw.len() + 1 - packed.len())
        };
        let saved: Vec<usize> = (1..40).filter_map(saved).collect();
        assert!(saved.iter().any(|bytes| (1..=4).contains(bytes)), "{saved:?}");
    }

    #[test]
    fn whoever_has_no_dictionary_gets_it_plainly() {
        assert_eq!(plainly(&pack(WORDS.as_bytes()), 1024), [&[PLAIN], WORDS.as_bytes()].concat());
        // What cannot be unpacked is not ours to lose.
        assert_eq!(plainly(&[LAST, 7, 7], 1024), [LAST, 7, 7]);
    }

    #[test]
    fn what_is_damaged_inside_is_no_bomb() {
        let packed = pack(WORDS.as_bytes());
        let damaged = (packed.len() / 2..packed.len()).map(|at| {
            let mut bytes = packed.clone();
            bytes[at] ^= 0xff;
            unpack(&bytes, 32 * 1024)
        });
        let said: Vec<_> = damaged.collect();
        assert!(said.contains(&Err(Code::Malformed)) && !said.contains(&Err(Code::TooLarge)), "{said:?}");
    }

    #[test]
    fn what_was_not_packed_here_is_refused() {
        let packed = pack(WORDS.as_bytes());
        let mut twice = packed.clone();
        twice.extend_from_slice(&MAGIC);
        twice.extend_from_slice(&packed[1..]);
        assert_eq!(unpack(&[DICTIONARIES + 1, 1, 2], 32 * 1024), Err(Code::AppTooNew));
        for bad in [&[][..], &[LAST + 1, 1, 2], &[1], &[1, 0], &[255; 40], &packed[..packed.len() - 1], &twice] {
            assert_eq!(unpack(bad, 32 * 1024), Err(Code::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn the_released_dictionary_never_changes() {
        assert_eq!(crate::blob::name_of(DICTIONARY_1).to_string(), include_str!("../data/dictionary-1.sha256").trim());
    }

    proptest! {
        #[test]
        fn whatever_is_packed_comes_back(raw in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let packed = pack(&raw);
            prop_assert!(packed.len() <= raw.len() + 1);
            prop_assert_eq!(unpack(&packed, 2_000).unwrap(), raw);
        }

        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), first in 0..2_u8) {
            if let Some(b) = bytes.first_mut() { *b = first; }
            if let Ok(raw) = unpack(&bytes, 4_096) { prop_assert!(raw.len() <= 4_096); }
        }
    }
}
