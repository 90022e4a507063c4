//! Reading numbers and runs from foreign bytes, strictly and with caps.

use crate::wire::error::Code;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_done(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], Code> {
        let (head, rest) = self.0.split_at_checked(n).ok_or(Code::Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Code> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Code::Malformed)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Code> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// Unsigned LEB128, in its shortest form.
    pub(crate) fn uint(&mut self) -> Result<u64, Code> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            value |= bits << shift;
            if byte < 0x80 {
                let fits = byte != 0 && (bits << shift) >> shift == bits;
                return if fits { Ok(value) } else { Err(Code::Malformed) };
            }
        }
        Err(Code::Malformed)
    }

    /// Unsigned LEB128 that counts something in memory.
    pub(crate) fn count(&mut self) -> Result<usize, Code> {
        usize::try_from(self.uint()?).map_err(|_| Code::Malformed)
    }

    /// Signed LEB128, in its shortest form.
    pub(crate) fn int(&mut self) -> Result<i64, Code> {
        let mut value = 0_i64;
        let mut before = 0_u8;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // The last of ten bytes holds the sign alone; an extra byte of sign is one too many.
                let too_large = shift == 63 && byte != 0 && byte != 0x7f;
                let overlong = shift > 0 && ((byte == 0 && before & 0x40 == 0) || (byte == 0x7f && before & 0x40 != 0));
                if too_large || overlong {
                    return Err(Code::Malformed);
                }
                if shift < 57 && byte & 0x40 != 0 {
                    value |= -1 << (shift + 7);
                }
                return Ok(value);
            }
            before = byte;
        }
        Err(Code::Malformed)
    }

    /// Bytes after their length.
    pub(crate) fn sized(&mut self) -> Result<&'a [u8], Code> {
        let n = self.count()?;
        self.take(n)
    }
}

/// Hands the values of a run-length column to `push`, one by one, and returns how many there were.
///
/// Each run is held against `cap` before any of it is expanded: a few bytes cannot claim millions of values.
/// Documents have no nulls in their columns.
pub(crate) fn runs<'a, T: Copy>(
    column: &'a [u8],
    cap: usize,
    read: impl Fn(&mut Reader<'a>) -> Result<T, Code>,
    mut push: impl FnMut(T) -> Result<(), Code>,
) -> Result<usize, Code> {
    let mut reader = Reader(column);
    let mut total = 0_usize;
    while !reader.is_done() {
        let run = reader.int()?;
        if run == 0 {
            return Err(Code::Malformed);
        }
        let length = usize::try_from(run.unsigned_abs()).map_err(|_| Code::TooMany)?;
        total = total.checked_add(length).filter(|n| *n <= cap).ok_or(Code::TooMany)?;
        if run > 0 {
            let value = read(&mut reader)?;
            for _ in 0..length {
                push(value)?;
            }
        } else {
            for _ in 0..length {
                push(read(&mut reader)?)?;
            }
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::super::writer::{int, uint};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_they_are_written(u in any::<u64>(), i in any::<i64>(), shift in 0..64_u32) {
            let mut out = Vec::new();
            uint(&mut out, u >> shift);
            int(&mut out, i >> shift);
            let mut reader = Reader(&out);
            prop_assert_eq!(reader.uint(), Ok(u >> shift));
            prop_assert_eq!(reader.int(), Ok(i >> shift));
            prop_assert!(reader.is_done());
        }

        #[test]
        fn each_number_has_one_form(bytes in proptest::collection::vec(any::<u8>(), 1..12)) {
            let mut reader = Reader(&bytes);
            if let Ok(n) = reader.uint() {
                let mut out = Vec::new();
                uint(&mut out, n);
                prop_assert_eq!(&out[..], &bytes[..bytes.len() - reader.0.len()]);
            }
            let mut reader = Reader(&bytes);
            if let Ok(n) = reader.int() {
                let mut out = Vec::new();
                int(&mut out, n);
                prop_assert_eq!(&out[..], &bytes[..bytes.len() - reader.0.len()]);
            }
        }
    }

    #[test]
    fn the_last_of_ten_bytes_holds_the_sign_alone() {
        for n in [i64::MIN, i64::MAX, 1 << 62, -(1 << 62), (1 << 62) - 1, -(1 << 62) - 1, 63, 64, -64, -65] {
            let mut out = Vec::new();
            int(&mut out, n);
            assert_eq!(Reader(&out).int(), Ok(n), "{out:x?}");
        }
        for last in [0x01, 0x3f, 0x40, 0x7e] {
            let bytes = [&[0x80; 9][..], &[last]].concat();
            assert_eq!(Reader(&bytes).int(), Err(Code::Malformed), "{last:x}");
        }
    }

    #[test]
    fn a_run_is_refused_before_it_is_expanded() {
        let mut column = Vec::new();
        int(&mut column, i64::MAX);
        uint(&mut column, 1);
        let mut pushed = 0;
        let push = |_| {
            pushed += 1;
            Ok(())
        };
        assert_eq!(runs(&column, 512, |r| r.uint(), push), Err(Code::TooMany));
        assert_eq!(pushed, 0);
    }
}
