//! Photos and voice notes, as cameras, recorders, messengers and strangers make them.

use mbs_shared::blob::{MAX_BYTES, MAX_THUMB_BYTES};
use mbs_shared::jpeg::{plain, plain_size};
use mbs_shared::ogg;
use mbs_tablet::capture::code;
use mbs_tablet::capture::facts::facts;
use mbs_tablet::capture::photo::shrink;
use mbs_tablet::capture::voice;

pub(crate) fn photo(bytes: &[u8]) {
    let facts = facts(bytes);
    if let Ok(made) = shrink(bytes, facts.orientation) {
        assert!(made.bytes.len() <= MAX_BYTES as usize && made.thumb.len() <= MAX_THUMB_BYTES as usize);
        assert_eq!(plain_size(&made.bytes), Some((made.width, made.height)), "what the server takes");
        assert!(plain_size(&made.thumb).is_some());
    }
}

pub(crate) fn exif(bytes: &[u8]) {
    let facts = facts(bytes);
    assert!((1..=8).contains(&facts.orientation));
    if let Some(fix) = facts.fix {
        assert!(fix.lat.abs() <= 90.0 && fix.lon.abs() <= 180.0);
    }
}

pub(crate) fn qr(bytes: &[u8]) {
    let _ = code::read(bytes);
}

pub(crate) fn jpeg(bytes: &[u8]) {
    let size = plain_size(bytes);
    if let Some(made) = plain(bytes) {
        assert!(made.len() <= bytes.len());
        assert!(plain_size(&made).is_some(), "made plain, and not taken");
        assert_eq!(plain(&made).as_ref(), Some(&made));
    } else {
        assert_eq!(size, None, "plain already, and not made plain");
    }
}

pub(crate) fn voice(bytes: &[u8]) {
    let seconds = ogg::plain_seconds(bytes);
    if let Some((made, said)) = ogg::plain(bytes) {
        assert_eq!(ogg::plain_seconds(&made), Some(said), "made plain, and not taken");
        assert_eq!(ogg::plain(&made), Some((made.clone(), said)));
    } else {
        assert_eq!(seconds, None, "plain already, and not made plain");
    }
    if let Some((made, said)) = voice::plain(bytes, 7) {
        assert_eq!(ogg::plain_seconds(&made), Some(said), "taken out of a recording, and not taken");
    }
}
