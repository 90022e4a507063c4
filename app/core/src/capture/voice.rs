//! Voice notes: what a recorder gives becomes Opus in Ogg without anything beside the voice.
//!
//! Web views record Opus into WebM (a subset of Matroska, RFC 9559 over EBML, RFC 8794), some into Ogg. Of a WebM the
//! packets are taken out as they were coded; nothing is decoded.

use mbs_shared::ogg;

/// What of a WebM is read. Lengths of everything that is opened do not matter: a recorder does not know them when it writes.
mod id {
    pub(super) const HEADER: u32 = 0x1a45_dfa3;
    /// These hold others.
    pub(super) const OPENED: [u32; 5] = [0x1853_8067, 0x1654_ae6b, 0xae, 0x1f43_b675, 0xa0];
    pub(super) const CODEC: u32 = 0x86;
    pub(super) const OPENING: u32 = 0x63a2;
    pub(super) const SIMPLE_BLOCK: u32 = 0xa3;
    pub(super) const BLOCK: u32 = 0xa1;
}

/// The plain voice note in a recording, and its seconds; `serial` is any number. `None`: no Opus of at most a minute.
#[must_use]
pub fn plain(recorded: &[u8], serial: u32) -> Option<(Vec<u8>, u16)> {
    if !recorded.starts_with(&id::HEADER.to_be_bytes()) {
        return ogg::plain(recorded);
    }
    let (opening, packets) = packets(recorded)?;
    ogg::from_packets(opening, packets, serial)
}

/// The Opus header and the packets of a WebM with one track. What was cut off in the last packet is left out.
fn packets(webm: &[u8]) -> Option<(&[u8], Vec<&[u8]>)> {
    let (mut rest, mut opening, mut packets) = (webm, None, Vec::new());
    while let Some((element, size, behind)) = element(rest) {
        if id::OPENED.contains(&element) {
            rest = behind;
            continue;
        }
        let Some((payload, next)) = size.and_then(|size| behind.split_at_checked(usize::try_from(size).ok()?)) else {
            break;
        };
        match element {
            id::CODEC if payload != b"A_OPUS" => return None,
            id::OPENING if opening.is_some() => return None,
            id::OPENING => opening = Some(payload),
            id::SIMPLE_BLOCK | id::BLOCK => packets.push(packet(payload)?),
            _ => {}
        }
        rest = next;
    }
    Some((opening?, packets))
}

/// The packet of a block: behind the track's number, a time and flags, none of which says that there are several.
fn packet(block: &[u8]) -> Option<&[u8]> {
    let (_, rest) = number(block)?;
    let [_, _, flags, packet @ ..] = rest else { return None };
    (flags & 0x06 == 0).then_some(packet)
}

/// An element's name, its length where it is known, and what comes behind both.
fn element(bytes: &[u8]) -> Option<(u32, Option<u64>, &[u8])> {
    let len = bytes.first()?.leading_zeros() as usize + 1;
    let (name, rest) = bytes.split_at_checked(len).filter(|_| len <= 4)?;
    let name = name.iter().fold(0, |name, byte| (name << 8) | u32::from(*byte));
    let (size, rest) = number(rest)?;
    Some((name, size, rest))
}

/// A number whose first byte tells by its first bit how long it is; all ones: unknown.
fn number(bytes: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let len = bytes.first()?.leading_zeros() + 1;
    let (number, rest) = bytes.split_at_checked(len as usize).filter(|_| len <= 8)?;
    let ones = (1_u64 << (7 * len)) - 1;
    let value = number.iter().fold(0, |value: u64, byte| (value << 8) | u64::from(*byte)) & ones;
    Some(((value != ones).then_some(value), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three seconds, as Chromium recorded them.
    const RECORDED: &[u8] = include_bytes!("../../../../tests/fixtures/voice/chromium.webm");

    #[test]
    fn a_recording_of_a_web_view_becomes_a_note_with_every_packet() {
        let (note, seconds) = plain(RECORDED, 7).unwrap();
        assert!((3..=4).contains(&seconds), "{seconds}");
        assert_eq!(ogg::plain_seconds(&note), Some(seconds));
        let (_, packets) = packets(RECORDED).unwrap();
        assert!(packets.len() > 40 && packets.iter().all(|packet| note.windows(packet.len()).any(|w| w == *packet)));
    }

    #[test]
    fn one_that_was_cut_off_keeps_what_was_said_before() {
        let whole = plain(RECORDED, 7).unwrap().0.len();
        let mut longest = 0;
        for end in (0..RECORDED.len()).step_by(97) {
            if let Some((note, _)) = plain(&RECORDED[..end], 7) {
                assert!(note.len() >= longest && note.len() <= whole, "cut at {end}");
                longest = note.len();
            }
        }
        assert!(longest > whole / 2);
    }

    #[test]
    fn other_sounds_and_pictures_are_none() {
        assert_eq!(plain(b"RIFF....WAVE", 7), None);
        let mut vorbis = RECORDED.to_vec();
        let at = vorbis.windows(6).position(|w| w == b"A_OPUS").unwrap();
        vorbis[at..at + 6].copy_from_slice(b"A_VORB");
        assert_eq!(plain(&vorbis, 7), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_stumble(bytes: Vec<u8>, at in 0..RECORDED.len(), byte: u8) {
            let _ = plain(&[&id::HEADER.to_be_bytes()[..], &bytes].concat(), 7);
            let mut damaged = RECORDED.to_vec();
            damaged[at] = byte;
            if let Some((note, seconds)) = plain(&damaged, 7) {
                proptest::prop_assert_eq!(ogg::plain_seconds(&note), Some(seconds));
            }
        }
    }
}
