//! The numbers a person can read out: offline case numbers, the prefixes they begin with, official numbers.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ts_rs::TS;

use super::{BadId, ts_string};

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
    /// Begins the case numbers of what is entered at the desk (`MASA`); no tablet gets it.
    pub const DESK: Self = Self(((20 * 32 + 10) * 32 + 25) * 32 + 10);
    /// Begins the case numbers of what is only written for practice (`DENE`); no tablet gets it.
    pub const PRACTICE: Self = Self(((13 * 32 + 14) * 32 + 21) * 32 + 14);
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

ts_string!(Prefix, CaseNo, OfficialNo);

#[cfg(test)]
mod tests {
    use super::super::{CaseNo, OfficialNo, Prefix};
    use proptest::prelude::*;

    #[test]
    fn a_case_number_reads_as_the_design_shows_it() {
        let no = CaseNo::new("4KR7".parse().unwrap(), 142, 0x2fd);
        let text = no.to_string();
        assert!(text.starts_with("4KR7-142-"), "{text}");
        assert_eq!(text.len(), "4KR7-142-QXH".len());
    }

    /// Numbers stand on paper: what was printed once must be read for ever.
    #[test]
    fn a_case_numbers_check_never_changes() {
        for (p, counter, random, text) in [
            (0, 0, 0, "0000-0-000"),
            (1, 7, 1, "0001-7-01W"),
            (0xf_fff7, 142, 0x2fd, "ZZZQ-142-QX2"),
            (0x2_2ab3, 9_876, 0x155, "4ANK-9876-ANA"),
            (0x5_6789, 999_999_999, 0x3ff, "ASW9-999999999-ZZH"),
            (0xa_bcde, 120_345_678, 0x021, "NF6Y-120345678-11C"),
        ] {
            let no = CaseNo::new(Prefix::new(p), counter, random);
            assert_eq!(no.to_string(), text);
        }
    }

    #[test]
    fn a_counter_is_one_to_nine_digits() {
        let right = CaseNo::new(Prefix::new(9), 123_456_789, 77).to_string();
        assert!(right.parse::<CaseNo>().is_ok());
        for wrong in ["", "1234567890", "0123456789", "12x456789", "+12345678"] {
            let text = right.replace("123456789", wrong);
            assert!(text.parse::<CaseNo>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_desks_own_prefix_can_be_read_out() {
        assert_eq!(Prefix::DESK.to_string(), "MASA");
        assert_eq!("masa".parse(), Ok(Prefix::DESK));
        assert_eq!(Prefix::PRACTICE.to_string(), "DENE");
    }

    #[test]
    fn official_numbers_keep_six_digits_or_more() {
        assert_eq!(OfficialNo { year: 2026, n: 42 }.to_string(), "2026-000042");
        assert_eq!("2026-000042".parse(), Ok(OfficialNo { year: 2026, n: 42 }));
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
