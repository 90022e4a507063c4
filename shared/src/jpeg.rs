//! What travels as a photo: one JPEG, whole, and nothing beside the picture. Headers are read, the picture is not:
//! what a decoder makes of it is its own affair. The format is ITU-T T.81, annex B.

use crate::blob::MAX_EDGE;

const SOI: [u8; 2] = [0xff, 0xd8];
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// Width and height in pixels of a plain JPEG, none of them above [`MAX_EDGE`]: from its first marker to its last one
/// tables, frame and scans only. Metadata (Exif, XMP, colour profiles), comments and anything behind the end make it
/// none, so a photo says nothing that its muhtar did not.
#[must_use]
pub fn plain_size(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut rest = bytes.strip_prefix(&SOI)?;
    let mut size = None;
    loop {
        let [0xff, marker, tail @ ..] = rest else { return None };
        match marker {
            // JFIF's own header, tables, restart interval; frames of the two kinds that are written anywhere.
            0xe0 | 0xdb | 0xc4 | 0xdd => rest = segment(tail)?.1,
            0xc0 | 0xc2 => {
                let (frame, next) = segment(tail)?;
                size = Some(size_of(frame)?);
                rest = next;
            }
            &SOS => rest = scan(segment(tail)?.1)?,
            &EOI => return size.filter(|_| tail.is_empty()),
            _ => return None,
        }
    }
}

/// The plain JPEG inside one that may carry metadata, comments, or something behind its end: those are left out, the
/// picture stays as it is coded. `None` where [`plain_size`] would not take what is left.
#[must_use]
pub fn plain(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(&SOI)?;
    let mut out = SOI.to_vec();
    loop {
        let [0xff, marker, tail @ ..] = rest else { return None };
        let (next, wanted) = match marker {
            &EOI => {
                out.extend([0xff, EOI]);
                return plain_size(&out).and(Some(out));
            }
            &SOS => (scan(segment(tail)?.1)?, true),
            0xe1..=0xef | 0xfe => (segment(tail)?.1, false),
            _ => (segment(tail)?.1, true),
        };
        if wanted {
            out.extend(rest.get(..rest.len() - next.len())?);
        }
        rest = next;
    }
}

/// What a segment carries, and what follows it.
fn segment(at: &[u8]) -> Option<(&[u8], &[u8])> {
    let [high, low, ..] = at else { return None };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    at.split_at_checked(len).and_then(|(whole, next)| Some((whole.get(2..)?, next)))
}

/// Precision (one byte), height, width.
fn size_of(frame: &[u8]) -> Option<(u16, u16)> {
    let [8, h1, h2, w1, w2, ..] = frame else { return None };
    let (width, height) = (u16::from_be_bytes([*w1, *w2]), u16::from_be_bytes([*h1, *h2]));
    let fits = |edge: u16| (1..=MAX_EDGE).contains(&u32::from(edge));
    (fits(width) && fits(height)).then_some((width, height))
}

/// What follows the coded picture: there 0xff is always followed by zero or a restart marker.
fn scan(mut at: &[u8]) -> Option<&[u8]> {
    loop {
        at = at.get(at.iter().position(|b| *b == 0xff)?..)?;
        match at {
            [_, 0 | 0xd0..=0xd7, next @ ..] => at = next,
            _ => return Some(at),
        }
    }
}

/// A plain JPEG of that size in `len` bytes (at least 40), whose picture is noise: for tests and the benchmark.
#[cfg(any(test, feature = "forge"))]
#[must_use]
pub fn of_noise(size: (u16, u16), len: usize, mut noise: impl FnMut() -> u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(len);
    out.extend(SOI);
    out.extend([0xff, 0xc0, 0, 11, 8]);
    out.extend(size.1.to_be_bytes());
    out.extend(size.0.to_be_bytes());
    out.extend([1, 1, 0x11, 0]);
    out.extend([0xff, SOS, 0, 8, 1, 1, 0, 0, 63, 0]);
    while out.len() + 2 < len {
        let byte = noise();
        out.push(if byte == 0xff { 0xfe } else { byte });
    }
    out.extend([0xff, EOI]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut n = 0_u8;
        of_noise((1_600, 1_200), 500, || {
            n = n.wrapping_mul(5).wrapping_add(3);
            n
        })
    }

    #[test]
    fn a_plain_one_tells_its_size_and_a_cut_or_lengthened_one_nothing() {
        let whole = sample();
        assert_eq!((plain_size(&whole), whole.len()), (Some((1_600, 1_200)), 500));
        for end in 0..whole.len() {
            assert_eq!(plain_size(&whole[..end]), None, "cut at {end}");
        }
        assert_eq!(plain_size(&[&whole[..], b"PK\x03\x04"].concat()), None);
        assert_eq!(plain_size(&[&whole[..], &whole[..]].concat()), None);
    }

    #[test]
    fn metadata_and_comments_are_not_plain() {
        let whole = sample();
        for marker in [0xe1_u8, 0xe2, 0xed, 0xee, 0xfe, 0xd8, 0x01] {
            let extra = [&whole[..2], &[0xff, marker, 0, 6, b'E', b'x', b'i', b'f'], &whole[2..]].concat();
            assert_eq!(plain_size(&extra), None, "{marker:#x}");
        }
        // What is not plain for these reasons becomes so, and the picture stays.
        for marker in [0xe1_u8, 0xe2, 0xed, 0xee, 0xfe] {
            let extra = [&whole[..2], &[0xff, marker, 0, 6, b'E', b'x', b'i', b'f'], &whole[2..], b"PK"].concat();
            assert_eq!(plain(&extra).as_deref(), Some(&whole[..]), "{marker:#x}");
        }
        assert_eq!(plain(&whole[..400]), None);
        assert_eq!(plain(b"GIF89a"), None);
        let jfif = [&whole[..2], &[0xff, 0xe0, 0, 4, 1, 1], &whole[2..]].concat();
        assert_eq!(plain_size(&jfif), Some((1_600, 1_200)));
    }

    #[test]
    fn sizes_beyond_the_limit_and_of_nothing_are_refused() {
        for size in [(0, 10), (10, 0), (2_049, 10), (10, 2_049), (65_500, 65_500)] {
            assert_eq!(plain_size(&of_noise(size, 100, || 7)), None, "{size:?}");
        }
        assert_eq!(plain_size(&of_noise((2_048, 1), 100, || 7)), Some((2_048, 1)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_stumble(bytes: Vec<u8>, at in 0_usize..500, byte: u8) {
            let _ = (plain_size(&bytes), plain(&bytes));
            let mut damaged = sample();
            damaged[at] = byte;
            if let Some(plain) = plain(&damaged) {
                proptest::prop_assert!(plain_size(&plain).is_some());
            }
        }
    }
}
