//! What a file really is, and how large it would become, before anything is decoded.

/// What the first bytes say. Names and types given from outside are never asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// HEIC or HEIF, which needs the platform to be decoded.
    Heic,
    /// Something else. GIF, TIFF, BMP, SVG and AVIF too: no camera writes them.
    Other,
}

/// Reads the format from the first bytes.
#[must_use]
pub fn format(bytes: &[u8]) -> Format {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Format::Png,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::Webp,
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
            // The major brand and the compatible ones after it.
            let heic = brand
                .chunks_exact(4)
                .take(12)
                .any(|b| matches!(b, b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"hevm" | b"hevs"));
            if heic { Format::Heic } else { Format::Other }
        }
        _ => Format::Other,
    }
}

/// A JPEG's outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jpeg<'a> {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Coefficients that a progressive decoder must hold at once; 0 for a baseline file.
    pub coefficients: u64,
    /// Scans after the headers.
    pub scans: usize,
    /// The XMP packet, if any.
    pub xmp: Option<&'a [u8]>,
}

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Walks the segments of a JPEG up to its picture, checking every length against the file.
///
/// `None` when a segment reaches past the end of the file, or no frame comes before the picture.
#[must_use]
pub fn jpeg(bytes: &[u8]) -> Option<Jpeg<'_>> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let mut found: Option<Jpeg<'_>> = None;
    let mut xmp = None;
    // A segment has at least four bytes, so this ends with the file.
    loop {
        let &[0xff, marker, ref after @ ..] = rest else { return None };
        match marker {
            // Fill bytes before a marker.
            0xff => {
                rest = rest.get(1..)?;
                continue;
            }
            0x01 | 0xd0..=0xd8 => {
                rest = after;
                continue;
            }
            0xd9 => return None,
            _ => {}
        }
        let &[high, low, ..] = after else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = after.get(2..length.max(2))?;
        match marker {
            0xc0..=0xc2 => found = Some(frame(segment, marker == 0xc2)?),
            // Lossless, arithmetic and hierarchical files: no camera writes them.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return None,
            0xe1 => xmp = xmp.or(segment.strip_prefix(XMP)),
            0xda => {
                let mut jpeg = found?;
                jpeg.xmp = xmp;
                jpeg.scans = 1 + after.windows(2).filter(|w| matches!(w, [0xff, 0xda])).count();
                return Some(jpeg);
            }
            _ => {}
        }
        rest = after.get(length.max(2)..)?;
    }
}

fn frame(segment: &[u8], progressive: bool) -> Option<Jpeg<'static>> {
    let &[_, h1, h0, w1, w0, n, ref components @ ..] = segment else { return None };
    let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
    let factors = components.chunks_exact(3).take(n.into()).filter_map(|c| c.get(1));
    let factors: Vec<(u64, u64)> = factors.map(|f| (u64::from(f >> 4), u64::from(f & 15))).collect();
    let pixels = u64::from(width) * u64::from(height);
    let (h, v) = factors.iter().fold((1, 1), |(h, v), f| (f.0.max(h), f.1.max(v)));
    let coefficients = factors.iter().map(|f| pixels * f.0 * f.1 / (h * v)).sum();
    let coefficients = if progressive { coefficients } else { 0 };
    (pixels > 0).then_some(Jpeg { width, height, coefficients, scans: 0, xmp: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_may_not_reach_past_the_file() {
        assert_eq!(jpeg(&[0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 1, 2, 3]), None);
        assert_eq!(jpeg(&[0xff, 0xd8]), None);
        assert_eq!(jpeg(&[0xff, 0xd8, 0xff, 0xe0, 0, 0]), None);
        assert_eq!(jpeg(&[]), None);
    }

    #[test]
    fn formats_are_read_from_the_first_bytes() {
        assert_eq!(format(b"\xff\xd8\xff\xe0"), Format::Jpeg);
        assert_eq!(format(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"), Format::Heic);
        assert_eq!(format(b"\0\0\0\x18ftypavif\0\0\0\0avifmif1"), Format::Other);
        assert_eq!(format(b"GIF89a"), Format::Other);
        assert_eq!(format(b""), Format::Other);
    }
}
