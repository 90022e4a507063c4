//! What travels as a voice note: one Opus stream in Ogg, whole, and nothing beside the voice. Pages and headers are
//! read, the sound is not. The formats are RFC 3533 (Ogg) and RFC 7845 (Opus in Ogg).

use crate::blob::MAX_SECONDS;

/// Samples a second that positions count, whatever was recorded.
const RATE: u64 = 48_000;
/// Bytes of a page before its table of lengths.
const HEADER: usize = 27;
/// Page flags.
const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// One page.
struct Page<'a> {
    flags: u8,
    /// Samples that are complete when this page is, before the ones to skip are taken off.
    position: u64,
    serial: u32,
    number: u32,
    lengths: &'a [u8],
    body: &'a [u8],
}

/// The first page of `bytes`, and what follows it; its checksum is proven.
fn page(bytes: &[u8]) -> Option<(Page<'_>, &[u8])> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let [b'O', b'g', b'g', b'S', 0, flags, fields @ ..] = header else { return None };
    let (position, fields) = fields.split_first_chunk::<8>()?;
    let (serial, fields) = fields.split_first_chunk::<4>()?;
    let (number, fields) = fields.split_first_chunk::<4>()?;
    let (sum, count) = fields.split_first_chunk::<4>()?;
    let (lengths, rest) = rest.split_at_checked(usize::from(*count.first()?))?;
    let (body, rest) = rest.split_at_checked(lengths.iter().map(|len| usize::from(*len)).sum())?;
    let proven = checksum([header.get(..22)?, &[0; 4], count, lengths, body]) == u32::from_le_bytes(*sum);
    let page = Page {
        flags: *flags,
        position: u64::from_le_bytes(*position),
        serial: u32::from_le_bytes(*serial),
        number: u32::from_le_bytes(*number),
        lengths,
        body,
    };
    proven.then_some((page, rest))
}

/// CRC-32 with Ogg's polynomial, unreflected, from zero.
fn checksum<const N: usize>(parts: [&[u8]; N]) -> u32 {
    parts.into_iter().flatten().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 24), |sum, _| {
            let carry = if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            (sum << 1) ^ carry
        })
    })
}

/// Samples to leave out at the beginning, as the first header says: mono or stereo, one stream.
fn head(body: &[u8]) -> Option<u64> {
    let rest = body.strip_prefix(b"OpusHead")?;
    let [version, 1 | 2, skip_low, skip_high, _, _, _, _, _, _, 0] = rest else { return None };
    (version >> 4 == 0).then(|| u64::from(u16::from_le_bytes([*skip_low, *skip_high])))
}

/// The second header that says nothing: no maker, no comments.
const NO_TAGS: &[u8] = b"OpusTags\0\0\0\0\0\0\0\0";

/// A page of one packet, shorter than 255 bytes.
fn written(flags: u8, serial: u32, number: u32, body: &[u8]) -> Vec<u8> {
    page_of(flags, 0, serial, number, &[u8::try_from(body.len()).unwrap_or(u8::MAX)], body)
}

/// A page with its checksum. `lengths` has at most 255 numbers, which add up to the body.
fn page_of(flags: u8, position: u64, serial: u32, number: u32, lengths: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + lengths.len() + body.len());
    out.extend(b"OggS\0");
    out.push(flags);
    out.extend(position.to_le_bytes());
    out.extend(serial.to_le_bytes());
    out.extend(number.to_le_bytes());
    out.extend([0; 4]);
    out.push(u8::try_from(lengths.len()).unwrap_or(u8::MAX));
    out.extend(lengths);
    out.extend(body);
    seal(&mut out);
    out
}

/// Writes a page's checksum into it.
fn seal(page: &mut [u8]) {
    if let Some(sum) = page.get_mut(22..26) {
        sum.fill(0);
    }
    let sum = checksum([page]);
    if let Some(at) = page.get_mut(22..26) {
        at.copy_from_slice(&sum.to_le_bytes());
    }
}

/// Seconds of a plain voice note, begun ones counted, at most [`MAX_SECONDS`]: one Opus stream from its first page to its
/// last, every checksum right, and tags that say nothing. Comments, a second stream and anything behind the end make
/// it none.
#[must_use]
pub fn plain_seconds(bytes: &[u8]) -> Option<u16> {
    let (first, rest) = page(bytes)?;
    let skip = head(first.body).filter(|_| first.flags == FIRST && first.number == 0 && first.lengths.len() == 1)?;
    let (tags, rest) = page(rest)?;
    if tags.body != NO_TAGS
        || tags.lengths.len() != 1
        || tags.flags != 0
        || (tags.serial, tags.number) != (first.serial, 1)
    {
        return None;
    }
    seconds(sound(rest, first.serial, 2)?, skip)
}

fn seconds(position: u64, skip: u64) -> Option<u16> {
    let seconds = position.checked_sub(skip)?.div_ceil(RATE);
    u16::try_from(seconds).ok().filter(|s| (1..=MAX_SECONDS).contains(&u32::from(*s)))
}

/// Where the sound ends, in samples: pages of one stream, numbered on from `number`, the last one saying that it is.
fn sound(mut rest: &[u8], serial: u32, mut number: u32) -> Option<u64> {
    let mut end = 0;
    loop {
        let (at, next) = page(rest)?;
        let known = at.flags & !(CONTINUED | LAST) == 0;
        if !known || (at.serial, at.number) != (serial, number) {
            return None;
        }
        // A page on which no packet ends has no position.
        if at.position != u64::MAX {
            end = Some(at.position).filter(|p| *p >= end)?;
        }
        match (at.flags & LAST != 0, next.is_empty()) {
            (true, true) => return Some(end),
            (false, false) => (rest, number) = (next, number.checked_add(1)?),
            _ => return None,
        }
    }
}

/// The plain voice note inside one whose tags say something, and its seconds: the sound stays as it is coded. `None`
/// where [`plain_seconds`] would not take what is left.
#[must_use]
pub fn plain(bytes: &[u8]) -> Option<(Vec<u8>, u16)> {
    let (first, mut rest) = page(bytes)?;
    let mut out = written(FIRST, first.serial, 0, first.body);
    // Tags may go on over several pages; sound begins on a page of its own.
    loop {
        let (tags, next) = page(rest)?;
        rest = next;
        if tags.lengths.last().is_some_and(|len| *len < u8::MAX) {
            break;
        }
    }
    out.extend(written(0, first.serial, 1, NO_TAGS));
    let mut number = 2_u32;
    while !rest.is_empty() {
        let (_, next) = page(rest)?;
        let mut whole = rest.get(..rest.len() - next.len())?.to_vec();
        whole.get_mut(18..22)?.copy_from_slice(&number.to_le_bytes());
        seal(&mut whole);
        out.extend(whole);
        (rest, number) = (next, number.checked_add(1)?);
    }
    plain_seconds(&out).map(|seconds| (out, seconds))
}

/// Samples of one Opus packet, as its first bytes say (RFC 6716, section 3.1).
fn samples(packet: &[u8]) -> Option<u64> {
    let (first, rest) = packet.split_first()?;
    let config = u64::from(first >> 3);
    let frame = match config {
        // 10, 20, 40, 60 ms
        0..=11 => [480, 960, 1_920, 2_880].get(usize::from((first >> 3) % 4)).copied()?,
        // 10, 20 ms
        12..=15 => 480 << (config % 2),
        // 2.5, 5, 10, 20 ms
        _ => 120 << (config % 4),
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(rest.first()? & 63),
    };
    let all = frame * frames;
    // A packet has at most 120 ms.
    (1..=5_760).contains(&all).then_some(all)
}

/// A plain voice note of Opus packets as another container had them, and its seconds; what is behind [`MAX_SECONDS`] is left
/// out. `opening` is the first header (`OpusHead`), `serial` any number. `None` where [`plain_seconds`] would not take it.
#[must_use]
pub fn from_packets<'a>(
    opening: &[u8],
    packets: impl IntoIterator<Item = &'a [u8]>,
    serial: u32,
) -> Option<(Vec<u8>, u16)> {
    let most = u64::from(MAX_SECONDS) * RATE + head(opening)?;
    let mut out = written(FIRST, serial, 0, opening);
    out.extend(written(0, serial, 1, NO_TAGS));
    let (mut number, mut position) = (2_u32, 0);
    let (mut lengths, mut body) = (Vec::new(), Vec::new());
    for packet in packets {
        let until = position + samples(packet)?;
        if until > most {
            break;
        }
        let segments = packet.len() / 255 + 1;
        if lengths.len() + segments > 255 {
            out.extend(page_of(0, position, serial, number, &lengths, &body));
            (number, lengths, body) = (number + 1, Vec::new(), Vec::new());
        }
        lengths.extend(std::iter::repeat_n(255, segments - 1));
        lengths.push(u8::try_from(packet.len() % 255).ok()?);
        body.extend(packet);
        position = until;
    }
    out.extend(page_of(LAST, position, serial, number, &lengths, &body));
    plain_seconds(&out).map(|seconds| (out, seconds))
}

/// A plain voice note of that many seconds, about `len` bytes, whose sound is noise: for tests and the benchmark.
#[cfg(any(test, feature = "forge"))]
#[must_use]
pub fn of_noise(seconds: u16, len: usize, mut noise: impl FnMut() -> u8) -> Vec<u8> {
    let serial = u32::from_le_bytes(std::array::from_fn(|_| noise()));
    let mut out = written(FIRST, serial, 0, b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0");
    out.extend(written(0, serial, 1, NO_TAGS));
    let per_page = (len / usize::from(seconds.max(1))).clamp(1, 254);
    for second in 1..=seconds {
        let body: Vec<u8> = (0..per_page).map(|_| noise()).collect();
        let mut page = written(if second == seconds { LAST } else { 0 }, serial, u32::from(second) + 1, &body);
        let position = u64::from(second) * RATE + 312;
        if let Some(at) = page.get_mut(6..14) {
            at.copy_from_slice(&position.to_le_bytes());
        }
        seal(&mut page);
        out.extend(page);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: u16) -> Vec<u8> {
        let mut n = 0_u8;
        of_noise(seconds, 600, || {
            n = n.wrapping_mul(5).wrapping_add(3);
            n
        })
    }

    /// The sample with tags of that text.
    fn tagged(text: &[u8]) -> Vec<u8> {
        let plain = sample(7);
        let first = 28 + 19;
        let tags = 28 + NO_TAGS.len();
        let mut body = NO_TAGS[..12].to_vec();
        body.extend(1_u32.to_le_bytes());
        body.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        body.extend(text);
        let serial = u32::from_le_bytes(plain[14..18].try_into().unwrap());
        [&plain[..first], &written(0, serial, 1, &body), &plain[first + tags..]].concat()
    }

    #[test]
    fn a_plain_one_tells_its_seconds_and_a_cut_or_lengthened_one_nothing() {
        let whole = sample(7);
        assert_eq!(plain_seconds(&whole), Some(7));
        for end in 0..whole.len() {
            assert_eq!(plain_seconds(&whole[..end]), None, "cut at {end}");
        }
        assert_eq!(plain_seconds(&[&whole[..], b"PK\x03\x04"].concat()), None);
        assert_eq!(plain_seconds(&[&whole[..], &whole[..]].concat()), None);
    }

    #[test]
    fn any_changed_bit_is_seen() {
        let whole = sample(2);
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            assert_eq!(plain_seconds(&damaged), None, "byte {at}");
        }
    }

    #[test]
    fn tags_are_not_plain_and_are_taken_out() {
        let tagged = tagged(b"LOCATION=Moda, evim");
        assert_eq!(plain_seconds(&tagged), None);
        assert_eq!(plain(&tagged), Some((sample(7), 7)));
        assert_eq!(plain(&sample(7)), Some((sample(7), 7)));
        assert_eq!(plain(b"RIFF"), None);
    }

    #[test]
    fn a_real_recording_keeps_its_sound_and_loses_its_comments() {
        let recorded = include_bytes!("../../tests/fixtures/voice/cukur.ogg");
        assert_eq!(plain_seconds(recorded), None);
        let (plain, seconds) = plain(recorded).unwrap();
        assert_eq!(seconds, 10, "9.24 begun seconds");
        assert!(plain.len() < recorded.len() && !plain.windows(4).any(|w| w == b"Moda"));
        // The sound, from the third page on, byte for byte but for numbers and checksums, which were right already.
        let sound = recorded.len() - recorded.windows(4).enumerate().filter(|(_, w)| *w == b"OggS").nth(2).unwrap().0;
        assert!(plain.ends_with(&recorded[recorded.len() - sound..]));
    }

    #[test]
    fn too_long_and_nothing_are_refused() {
        assert_eq!(plain_seconds(&sample(60)), Some(60));
        assert_eq!(plain_seconds(&sample(61)), None);
        assert_eq!(plain_seconds(&sample(0)), None);
    }

    const OPENING: &[u8] = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0";

    #[test]
    fn packets_become_a_note_and_what_is_too_long_is_left_out() {
        // 20 ms each, as a telephone records them; one fills its lengths to the full.
        let packet = |len: usize| [vec![0x78], vec![7; len - 1]].concat();
        let packets: Vec<Vec<u8>> = (0..150).map(|n| packet(if n == 3 { 510 } else { 60 + n % 7 })).collect();
        let made = |count: usize| from_packets(OPENING, packets.iter().cycle().take(count).map(Vec::as_slice), 9);
        let (note, seconds) = made(150).unwrap();
        assert_eq!((seconds, plain_seconds(&note)), (3, Some(3)));
        assert!(note.windows(510).any(|w| w == packets[3]));
        assert_eq!(made(10_000).unwrap().1, 60);
        assert_eq!(made(0), None);
        // What is skipped at the beginning is no part of the sixty seconds.
        assert!(made(10_000) == made(3_000) && made(3_000) != made(2_999));
        let skips = b"OpusHead\x01\x01\xc0\x03\x80\xbb\0\0\0\0\0";
        let made = |count: usize| from_packets(skips, vec![&[0x78, 1][..]; count], 9);
        assert!(made(10_000) == made(3_001) && made(3_001) != made(3_000));
    }

    #[test]
    fn a_page_takes_as_many_packets_as_it_can_number() {
        let pages = |packets: &[&[u8]]| {
            let (note, _) = from_packets(OPENING, packets.iter().copied(), 9).unwrap();
            note.windows(4).filter(|w| *w == b"OggS").count() - 2
        };
        let long = [&[0x78][..], &[7; 299]].concat();
        let short = |count: usize| vec![&[0x78, 1][..]; count];
        assert_eq!((pages(&short(255)), pages(&short(256))), (1, 2));
        let with_long = |count: usize| [&short(count)[..], &[&long]].concat();
        assert_eq!((pages(&with_long(253)), pages(&with_long(254))), (1, 2));
    }

    /// One stream of pages as given, behind the two headers: flags, position, number of each.
    fn stream(first: &[u8], serial: u32, sound: &[(u8, u64, u32)]) -> Vec<u8> {
        let mut out = first.to_vec();
        out.extend(written(0, serial, 1, NO_TAGS));
        for (flags, position, number) in sound {
            out.extend(page_of(*flags, *position, serial, *number, &[3], &[0x78, 1, 2]));
        }
        out
    }

    #[test]
    fn pages_are_those_of_one_stream_in_their_order() {
        let first = written(FIRST, 9, 0, OPENING);
        let of = |sound: &[(u8, u64, u32)]| plain_seconds(&stream(&first, 9, sound));
        assert_eq!(of(&[(0, 48_000, 2), (LAST, 48_312, 3)]), Some(1));
        assert_eq!(of(&[(0, 48_000, 2), (LAST, 48_000, 3)]), Some(1), "a page may add no time");
        assert_eq!(of(&[(CONTINUED, u64::MAX, 2), (LAST | CONTINUED, 48_000, 3)]), Some(1));
        assert_eq!(of(&[(0, 48_000, 2), (LAST, 47_999, 3)]), None, "back in time");
        assert_eq!(of(&[(0, 48_000, 2), (LAST, 48_312, 4)]), None, "a page is missing");
        assert_eq!(of(&[(0, 48_000, 2)]), None, "no last page");
        for unknown in [8, FIRST] {
            assert_eq!(of(&[(unknown, 48_000, 2), (LAST, 48_312, 3)]), None, "flags {unknown}");
        }
        let sound = [(LAST, 48_000, 2)];
        assert_eq!(plain_seconds(&stream(&first, 9, &sound)), Some(1));
        for wrong in [
            written(0, 9, 0, OPENING),
            written(FIRST, 9, 1, OPENING),
            page_of(FIRST, 0, 9, 0, &[10, 9], OPENING),
            written(FIRST, 8, 0, OPENING),
        ] {
            assert_eq!(plain_seconds(&stream(&wrong, 9, &sound)), None, "{wrong:x?}");
        }
    }

    #[test]
    fn tags_that_go_on_over_pages_are_taken_out_whole() {
        let sound = page_of(LAST, 48_000, 9, 3, &[3], &[0x78, 1, 2]);
        let tags = [page_of(0, u64::MAX, 9, 1, &[255], &[b'x'; 255]), page_of(CONTINUED, 0, 9, 2, &[1], b"x")].concat();
        let note = [written(FIRST, 9, 0, OPENING), tags, sound].concat();
        let (plain, seconds) = plain(&note).unwrap();
        assert_eq!((seconds, plain.windows(4).filter(|w| *w == b"OggS").count()), (1, 3));
    }

    #[test]
    fn a_packet_tells_its_length() {
        for (bytes, all) in [
            (&[0x78][..], Some(960)),
            (&[0xf8], Some(960)),
            (&[0x08], Some(960)),
            (&[0x19], Some(5_760)),
            (&[0xe0], Some(120)),
            (&[0x60], Some(480)),
            (&[0x68], Some(960)),
            (&[0x70], Some(480)),
            (&[0xfb, 3], Some(2_880)),
            (&[0xfb, 0], None),
            (&[0xfb, 63], None),
            (&[0xfb], None),
            (&[], None),
        ] {
            assert_eq!(samples(bytes), all, "{bytes:x?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn packets_that_make_a_note_make_a_plain_one(packets: Vec<Vec<u8>>, opening: Vec<u8>, serial: u32) {
            for opening in [OPENING, &opening] {
                if let Some((note, seconds)) = from_packets(opening, packets.iter().map(Vec::as_slice), serial) {
                    proptest::prop_assert_eq!(plain_seconds(&note), Some(seconds));
                }
            }
        }

        #[test]
        fn nothing_makes_it_stumble(bytes: Vec<u8>, at in 0_usize..600, byte: u8) {
            let _ = (plain_seconds(&bytes), plain(&bytes));
            let mut damaged = sample(7);
            damaged[at] = byte;
            if let Some((plain, seconds)) = plain(&damaged) {
                proptest::prop_assert_eq!(plain_seconds(&plain), Some(seconds));
            }
        }
    }
}
