//! Typed identifiers and the two numbers a person can read out.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Text that is not the identifier it was said to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a valid {what}: {text:?}")]
pub struct BadId {
    /// Which identifier was expected.
    pub what: &'static str,
    /// The text that was given, cut to 64 characters.
    pub text: String,
}

impl BadId {
    fn new(what: &'static str, text: &str) -> Self {
        Self { what, text: text.chars().take(64).collect() }
    }
}

/// Declares a fixed-size byte identifier: lower-case hex in text and JSON, a byte string in CBOR.
macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Reads exactly [`Self::LEN`] bytes.
            ///
            /// # Errors
            /// [`BadId`] when the slice has another length.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, BadId> {
                bytes.try_into().map(Self).map_err(|_| BadId::new($what, &hex::encode(bytes)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| BadId::new($what, text))?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

byte_id!(
    /// A request, made on the tablet from 16 random bytes.
    RequestId, 16, "request id"
);
byte_id!(
    /// A thread entry (message, note or intent), made by its author from 16 random bytes.
    EntryId, 16, "entry id"
);
byte_id!(
    /// One process start of a tablet: fresh random bytes, sent with each exchange, never stored.
    SessionId, 16, "session id"
);
byte_id!(
    /// SHA-256 of an Automerge change chunk, as Automerge computes it.
    ChangeHash, 32, "change hash"
);
byte_id!(
    /// SHA-256 of a photo's or voice note's bytes: its name everywhere.
    BlobHash, 32, "blob hash"
);
byte_id!(
    /// Truncated HMAC-SHA-256 of the server over (request, hash): proof that the server once accepted it.
    Mac, 16, "mac"
);
byte_id!(
    /// Automerge actor: device number (8 bytes, big-endian) followed by 8 random bytes of the process start.
    Actor, 16, "actor"
);

impl Actor {
    /// The actor of one process start of `device`.
    #[must_use]
    pub fn new(device: DeviceNo, random: [u8; 8]) -> Self {
        let mut bytes = [0; 16];
        let (head, tail) = bytes.split_at_mut(8);
        head.copy_from_slice(&device.0.to_be_bytes());
        tail.copy_from_slice(&random);
        Self(bytes)
    }

    /// The device this actor belongs to.
    #[must_use]
    pub fn device(&self) -> DeviceNo {
        let mut head = [0; 8];
        head.copy_from_slice(self.0.split_at(8).0);
        DeviceNo(u64::from_be_bytes(head))
    }
}

/// Random 63-bit number the server gives a tablet at enrolment. Zero is the server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(transparent)]
pub struct DeviceNo(#[n(0)] pub u64);

impl DeviceNo {
    /// The server's own device number, for requests entered at the desk.
    pub const SERVER: Self = Self(0);
}

impl fmt::Display for DeviceNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Digits of the speakable alphabet: no I, L, O, U, so that nothing is misread or misheard.
const SPEAKABLE: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn digit(value: u32) -> char {
    SPEAKABLE.get((value % 32) as usize).map_or('0', |b| char::from(*b))
}

fn value(c: char) -> Option<u32> {
    // What people write for what they hear: O for 0, I and L for 1.
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' | 'İ' => '1',
        c => c,
    };
    SPEAKABLE.iter().position(|b| char::from(*b) == c).and_then(|i| u32::try_from(i).ok())
}

/// Four speakable characters, given to a tablet at enrolment, that begin its offline case numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(u32);

impl Prefix {
    /// How many prefixes there are.
    pub const COUNT: u32 = 32 * 32 * 32 * 32;

    /// The `n`-th prefix (modulo [`Self::COUNT`]).
    #[must_use]
    pub const fn new(n: u32) -> Self {
        Self(n % Self::COUNT)
    }

    /// Its place in the series, below [`Self::COUNT`].
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for shift in [15, 10, 5, 0] {
            write!(f, "{}", digit(self.0 >> shift))?;
        }
        Ok(())
    }
}

impl FromStr for Prefix {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId::new("tablet prefix", text);
        if text.chars().count() != 4 {
            return Err(bad());
        }
        text.chars().try_fold(0, |n, c| Some(n * 32 + value(c)?)).map(Self).ok_or_else(bad)
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Offline case number, e.g. `4KR7-142-QXH`: prefix, counter, two random characters and a check character.
///
/// Given by the tablet at once, valid for ever, never renumbered. The random part keeps a cloned
/// tablet from issuing the same number twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNo {
    prefix: Prefix,
    counter: u32,
    random: u16,
}

impl CaseNo {
    /// The number of the `counter`-th thing a tablet made; ten bits of `random` are used.
    #[must_use]
    pub const fn new(prefix: Prefix, counter: u32, random: u16) -> Self {
        Self { prefix, counter, random: random % 1024 }
    }

    /// The tablet it was made on.
    #[must_use]
    pub const fn prefix(self) -> Prefix {
        self.prefix
    }

    /// The tablet's own count, from 1.
    #[must_use]
    pub const fn counter(self) -> u32 {
        self.counter
    }

    /// Its two random characters, as ten bits.
    #[must_use]
    pub const fn random(self) -> u16 {
        self.random
    }

    /// Weighted sum modulo 31 over all characters before it: one wrong character and most swaps are noticed.
    fn check(self) -> char {
        let p = self.prefix.0;
        let r = u32::from(self.random);
        let mut sum = 0_u32;
        let digits = [p >> 15, p >> 10, p >> 5, p, r >> 5, r];
        for (weight, d) in (1_u32..).zip(digits) {
            sum += weight * (d % 32);
        }
        // The counter is decimal; each of its digits has a weight of its own too.
        let mut rest = self.counter;
        let mut weight = 7;
        while rest > 0 {
            sum += weight * (rest % 10);
            rest /= 10;
            weight += 1;
        }
        digit(sum % 31)
    }
}

impl fmt::Display for CaseNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = u32::from(self.random);
        write!(f, "{}-{}-{}{}{}", self.prefix, self.counter, digit(r >> 5), digit(r), self.check())
    }
}

impl FromStr for CaseNo {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId::new("offline case number", text);
        let mut parts = text.trim().split('-');
        let (Some(prefix), Some(counter), Some(tail), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad());
        };
        let prefix = prefix.parse().map_err(|_| bad())?;
        if counter.is_empty() || counter.len() > 9 || !counter.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let counter = counter.parse().map_err(|_| bad())?;
        let tail: Vec<u32> = tail.chars().map_while(value).collect();
        let &[a, b, c] = tail.as_slice() else { return Err(bad()) };
        let random = u16::try_from(a * 32 + b).map_err(|_| bad())?;
        let no = Self { prefix, counter, random };
        if digit(c) == no.check() { Ok(no) } else { Err(bad()) }
    }
}

impl Serialize for CaseNo {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CaseNo {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Official number, e.g. `2026-000142`: given by the server, one series a year for every intake channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct OfficialNo {
    /// Calendar year in Istanbul when the server received the request.
    #[n(0)]
    pub year: u16,
    /// Place in that year's series, from 1; gaps are allowed, reuse is not.
    #[n(1)]
    pub n: u32,
}

impl fmt::Display for OfficialNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:06}", self.year, self.n)
    }
}

impl FromStr for OfficialNo {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId::new("official number", text);
        let (year, n) = text.trim().split_once('-').ok_or_else(bad)?;
        if year.len() != 4 || n.len() < 6 || !text.trim().bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(bad());
        }
        Ok(Self { year: year.parse().map_err(|_| bad())?, n: n.parse().map_err(|_| bad())? })
    }
}

impl Serialize for OfficialNo {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OfficialNo {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_case_number_reads_as_the_design_shows_it() {
        let no = CaseNo::new("4KR7".parse().unwrap(), 142, 0x2fd);
        let text = no.to_string();
        assert!(text.starts_with("4KR7-142-"), "{text}");
        assert_eq!(text.len(), "4KR7-142-QXH".len());
    }

    #[test]
    fn an_actor_names_its_device() {
        let device = DeviceNo(0x0123_4567_89ab_cdef);
        assert_eq!(Actor::new(device, [7; 8]).device(), device);
    }

    #[test]
    fn official_numbers_keep_six_digits_or_more() {
        assert_eq!(OfficialNo { year: 2026, n: 42 }.to_string(), "2026-000042");
        assert_eq!("2026-1234567".parse(), Ok(OfficialNo { year: 2026, n: 1_234_567 }));
        for bad in ["2026-42", "26-000042", "2026_000042", "", "2026-00004x", "-2026-000042"] {
            assert!(bad.parse::<OfficialNo>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_case_number_is_read_back(p in 0..Prefix::COUNT, counter in 0..999_999_999_u32, random in 0..1024_u16) {
            let no = CaseNo::new(Prefix::new(p), counter, random);
            prop_assert_eq!(no.to_string().parse::<CaseNo>(), Ok(no));
            prop_assert_eq!(no.to_string().to_lowercase().parse::<CaseNo>(), Ok(no));
        }

        #[test]
        fn one_misread_character_of_the_prefix_is_noticed(p in 0..Prefix::COUNT, at in 0..4_u32, by in 1..31_u32, counter in 1..9999_u32) {
            let right = CaseNo::new(Prefix::new(p), counter, 77);
            let shift = 5 * at;
            let old = (p >> shift) % 32;
            let wrong = Prefix::new((p & !(31 << shift)) | (((old + by) % 32) << shift));
            // 0 and the 32nd digit are alike modulo 31: the one pair the check cannot tell apart.
            prop_assume!((old + by) % 32 % 31 != old % 31);
            let text = right.to_string().replacen(&Prefix::new(p).to_string(), &wrong.to_string(), 1);
            prop_assert!(text.parse::<CaseNo>().is_err());
        }
    }
}
