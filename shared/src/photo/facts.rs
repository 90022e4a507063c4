//! What a camera wrote beside the picture: position, time, orientation. Foreign bytes: whatever they
//! are, the answer is a value, never a failure; what cannot be trusted is left out.

use std::io::Cursor;
use std::panic::catch_unwind;

use super::header;
use crate::place::{Fix, FixSource};
use exif::{Exif, In, Reader, Tag, Value};

/// What is kept of a photo's metadata; all else is dropped with the original.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Position, when whole and possible. A missing hemisphere is not guessed.
    pub fix: Option<Fix>,
    /// When it was taken, as the camera's clock had it, `YYYY-MM-DD HH:MM:SS`. A claim.
    pub taken: Option<String>,
    /// EXIF orientation, 1 to 8; 1 when unknown.
    pub orientation: u8,
}

/// Reads the facts of a photo of any format, HEIC included.
#[must_use]
pub fn facts(original: &[u8]) -> Facts {
    // The parser is foreign code on foreign bytes: a panic in it costs the facts, not the photo.
    let read = catch_unwind(|| read(original)).ok().flatten();
    let mut facts = read.as_ref().map(of_exif).unwrap_or_default();
    if !(1..=8).contains(&facts.orientation) {
        facts.orientation = 1;
    }
    if facts.fix.is_none() && header::format(original) == header::Format::Jpeg {
        facts.fix = header::jpeg(original).and_then(|j| j.xmp).and_then(of_xmp);
    }
    facts
}

fn read(original: &[u8]) -> Option<Exif> {
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    reader.read_from_container(&mut Cursor::new(original)).or_else(|e| e.distill_partial_result(|_| {})).ok()
}

fn of_exif(exif: &Exif) -> Facts {
    let orientation = exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|f| f.value.get_uint(0)).unwrap_or(1);
    Facts {
        fix: position(exif),
        taken: [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime]
            .into_iter()
            .find_map(|tag| time(ascii(exif, tag)?)),
        orientation: u8::try_from(orientation).unwrap_or(1),
    }
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

fn position(exif: &Exif) -> Option<Fix> {
    let angle = |value: Tag, reference: Tag, plus: u8, minus: u8| {
        let Value::Rational(parts) = &exif.get_field(value, In::PRIMARY)?.value else { return None };
        let sign = match ascii(exif, reference)?.first()?.to_ascii_uppercase() {
            c if c == plus => 1.0,
            c if c == minus => -1.0,
            _ => return None,
        };
        let mut degrees = 0.0;
        for (part, unit) in parts.iter().zip([1.0, 60.0, 3600.0]) {
            degrees += part.to_f64() / unit;
        }
        (!parts.is_empty()).then_some(sign * degrees)
    };
    let accuracy = match exif.get_field(Tag::GPSHPositioningError, In::PRIMARY).map(|f| &f.value) {
        Some(Value::Rational(r)) => r.first().map_or(0.0, |r| r.to_f64()),
        _ => 0.0,
    };
    let accuracy = if accuracy.is_finite() && (0.0..1e6).contains(&accuracy) { accuracy } else { 0.0 };
    let lat = angle(Tag::GPSLatitude, Tag::GPSLatitudeRef, b'N', b'S')?;
    let lon = angle(Tag::GPSLongitude, Tag::GPSLongitudeRef, b'E', b'W')?;
    let fix = Fix { lat, lon, accuracy, source: FixSource::Photo };
    fix.is_plausible().then_some(fix)
}

/// `YYYY:MM:DD HH:MM:SS`, checked to be a time that exists, with dashes in the date.
fn time(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?.trim_matches(['\0', ' ']);
    let (date, clock) = text.get(..19)?.split_once(' ')?;
    let text = format!("{} {clock}", date.replace(':', "-"));
    let parsed = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", &text).ok()?;
    (parsed.year() > 1970).then_some(text)
}

/// Position of an XMP packet: `exif:GPSLatitude="41,0.378N"` as attribute or element.
fn of_xmp(packet: &[u8]) -> Option<Fix> {
    let text = String::from_utf8_lossy(packet.get(..packet.len().min(65_536))?);
    let value = |name: &str| {
        let rest = text.split_once(name)?.1.trim_start_matches(['=', '>', '"', '\'', ' ']);
        rest.split(['"', '\'', '<']).next().map(str::to_owned)
    };
    let angle = |text: String, plus: char, minus: char| {
        let letter = text.chars().last()?;
        let sign = match letter.to_ascii_uppercase() {
            c if c == plus => 1.0,
            c if c == minus => -1.0,
            _ => return None,
        };
        let mut degrees = 0.0;
        for (part, unit) in text.trim_end_matches(letter).split(',').zip([1.0, 60.0, 3600.0]) {
            degrees += part.trim().parse::<f64>().ok()? / unit;
        }
        Some(sign * degrees)
    };
    let lat = angle(value("exif:GPSLatitude")?, 'N', 'S')?;
    let lon = angle(value("exif:GPSLongitude")?, 'E', 'W')?;
    let fix = Fix { lat, lon, accuracy: 0.0, source: FixSource::Photo };
    fix.is_plausible().then_some(fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_do_not_exist_are_left_out() {
        assert_eq!(time(b"2026:11:24 09:30:00\0").as_deref(), Some("2026-11-24 09:30:00"));
        for bad in ["2026:13:45 99:99:99", "0000:00:00 00:00:00", "", "yesterday", "2026:11:24", "şşşşşşşşşşşşşş"]
        {
            assert_eq!(time(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn xmp_positions_are_read_as_attribute_and_as_element() {
        let a = of_xmp(br#"<rdf exif:GPSLatitude="41,0.378N" exif:GPSLongitude="28,58.56E"/>"#).unwrap();
        assert!((a.lat - 41.0063).abs() < 1e-4 && (a.lon - 28.976).abs() < 1e-4, "{a:?}");
        let b = of_xmp(b"<exif:GPSLatitude>41,0,22.68N</exif:GPSLatitude><exif:GPSLongitude>28,58,33.6W</x>").unwrap();
        assert!((b.lat - 41.0063).abs() < 1e-4 && (b.lon + 28.976).abs() < 1e-4, "{b:?}");
        assert_eq!(of_xmp(b"exif:GPSLatitude=\"41\" exif:GPSLongitude=\"x\""), None);
    }
}
