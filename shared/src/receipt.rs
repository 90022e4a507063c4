//! The receipt (*alındı belgesi*): what the server says it received, signed, small enough for a QR code, and
//! checked without a network by whoever has the server's public key.
//!
//! In a QR it is text: `MBS1:` and base 45 of a CBOR array (body, signature). The body is kept as bytes, so
//! that what was signed is what is read.

use ed25519_dalek::SigningKey;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::id::{ChangeHash, OfficialNo};
use crate::signature::{self, Purpose, ServerKey, Signature};
use crate::wire::{decode, encode};

/// What the text of a receipt begins with.
pub const PREFIX: &str = "MBS1:";
/// Longest first line on a receipt, in bytes; longer ones are cut at a letter.
pub const MAX_SUBJECT: usize = 96;
/// Longest receipt, in bytes, before it becomes text.
pub const MAX_BYTES: usize = 300;
/// Characters of base 45 (RFC 9285): what a QR's dense alphanumeric mode holds.
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// What was received.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// When the server received it, Unix ms: the legal clock starts here.
    #[n(0)]
    pub received: i64,
    /// Official number.
    #[n(1)]
    pub no: OfficialNo,
    /// Case number the tablet gave, e.g. `4KR7-142-QXH`.
    #[n(2)]
    pub case_no: String,
    /// First line as it was sent, at most [`MAX_SUBJECT`] bytes.
    #[n(3)]
    pub subject: String,
    /// Hash of the first change: of every word, the place and the photos' hashes as they were sent.
    #[n(4)]
    pub content: ChangeHash,
}

/// A receipt with the server's signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedReceipt {
    /// Encoded [`Receipt`].
    #[n(0)]
    body: ByteVec,
    /// Over the body.
    #[n(1)]
    signature: Signature,
}

/// Why a text is no valid receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadReceipt {
    /// It does not begin as receipts do.
    #[error("this is no receipt of MBS: the text must begin with MBS1:")]
    NoReceipt,
    /// The text is damaged or cut short.
    #[error("the text is damaged or incomplete: scan or copy it again, whole")]
    Damaged,
    /// Signed with a key that is not among those given.
    #[error("it is signed with key {0}, which is not known here: it is of another server, or of a newer key")]
    UnknownKey(u32),
    /// The key is known and the signature is wrong.
    #[error("the signature does not fit: the receipt was altered, or never given by this server")]
    Altered,
}

impl Receipt {
    /// The first line, cut to what fits a receipt.
    #[must_use]
    pub fn subject_of(line: &str) -> String {
        let mut end = line.len().min(MAX_SUBJECT);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.get(..end).unwrap_or_default().to_owned()
    }

    /// Signs it with the key of that number.
    #[must_use]
    pub fn signed(&self, id: u32, key: &SigningKey) -> SignedReceipt {
        self.signed_by(|body| signature::sign(id, key, Purpose::Receipt, body))
    }

    /// Has it signed.
    #[must_use]
    pub fn signed_by(&self, sign: impl FnOnce(&[u8]) -> Signature) -> SignedReceipt {
        let body = encode(self);
        SignedReceipt { signature: sign(&body), body: body.into() }
    }
}

impl SignedReceipt {
    /// As text for a QR code, at most about 460 characters.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from(PREFIX);
        base45(&encode(self), &mut text);
        text
    }

    /// Reads the text of a QR code; white space around it does no harm. Nothing is verified yet.
    ///
    /// # Errors
    /// [`BadReceipt::NoReceipt`], [`BadReceipt::Damaged`].
    pub fn read(text: &str) -> Result<Self, BadReceipt> {
        let text = text.trim().strip_prefix(PREFIX).ok_or(BadReceipt::NoReceipt)?;
        if text.len() > MAX_BYTES.div_ceil(2) * 3 {
            return Err(BadReceipt::Damaged);
        }
        let bytes = from_base45(text.as_bytes()).ok_or(BadReceipt::Damaged)?;
        decode(&bytes).map_err(|_| BadReceipt::Damaged)
    }

    /// What it says, if one of `keys` signed it.
    ///
    /// # Errors
    /// [`BadReceipt::UnknownKey`], [`BadReceipt::Altered`], [`BadReceipt::Damaged`].
    pub fn verify(&self, keys: &[ServerKey]) -> Result<Receipt, BadReceipt> {
        if keys.iter().all(|key| key.id != self.signature.key) {
            return Err(BadReceipt::UnknownKey(self.signature.key));
        }
        if !signature::verify(keys, Purpose::Receipt, &self.body, &self.signature) {
            return Err(BadReceipt::Altered);
        }
        decode(&self.body).map_err(|_| BadReceipt::Damaged)
    }
}

/// Two bytes are three characters, a last one two.
fn base45(bytes: &[u8], out: &mut String) {
    let mut digits = |mut n: usize, count: usize| {
        for _ in 0..count {
            out.push(ALPHABET.get(n % 45).copied().map_or(' ', char::from));
            n /= 45;
        }
    };
    for pair in bytes.chunks(2) {
        match pair {
            [a, b] => digits(usize::from(*a) << 8 | usize::from(*b), 3),
            [a] => digits(usize::from(*a), 2),
            _ => {}
        }
    }
}

fn from_base45(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 2 / 3 + 1);
    for part in text.chunks(3) {
        let mut n = 0_usize;
        for byte in part.iter().rev() {
            n = n * 45 + ALPHABET.iter().position(|c| c == byte)?;
        }
        match part.len() {
            3 => out.extend_from_slice(&u16::try_from(n).ok()?.to_be_bytes()),
            2 => out.push(u8::try_from(n).ok()?),
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PublicKey;

    fn key(seed: u8, id: u32) -> (SigningKey, ServerKey) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey(key.verifying_key().to_bytes());
        (key, ServerKey { id, public })
    }

    fn receipt() -> Receipt {
        Receipt {
            received: 1_795_500_000_000,
            no: OfficialNo { year: 2026, n: 142 },
            case_no: "4KR7-142-QXH".into(),
            subject: Receipt::subject_of(&"Rıhtım Caddesi'nde çukur ".repeat(9)),
            content: ChangeHash([0xab; 32]),
        }
    }

    #[test]
    fn base_45_is_that_of_the_standard() {
        for (bytes, text) in
            [(b"AB".as_slice(), "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"", "")]
        {
            let mut out = String::new();
            base45(bytes, &mut out);
            assert_eq!(out, text);
            assert_eq!(from_base45(text.as_bytes()).unwrap(), bytes);
        }
        for bad in ["GGW", ":::", "A", "BB8A", "ab8", "::"] {
            assert_eq!(from_base45(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn it_fits_a_qr_code_and_is_read_back() {
        let (signing, public) = key(1, 2);
        let text = receipt().signed(2, &signing).text();
        assert!(encode(&receipt().signed(2, &signing)).len() <= MAX_BYTES && text.len() <= 460, "{}", text.len());
        assert!(text.bytes().all(|b| ALPHABET.contains(&b)), "{text}");
        let read = SignedReceipt::read(&format!("  {text}\n")).unwrap();
        assert_eq!(read.verify(&[public]), Ok(receipt()));
    }

    #[test]
    fn a_receipt_has_its_first_letters_and_its_most_bytes() {
        assert_eq!(Receipt::subject_of("Çukur"), "Çukur");
        assert_eq!(Receipt::subject_of(&"x".repeat(97)), "x".repeat(96));
        let cut = Receipt::subject_of(&format!("x{}", "ş".repeat(60)));
        assert_eq!(cut, format!("x{}", "ş".repeat(47)));
        let (signing, _) = key(1, 2);
        let signed = |len: usize| SignedReceipt {
            body: vec![7; len].into(),
            signature: receipt().signed(2, &signing).signature,
        };
        let around = encode(&signed(200)).len() - 200;
        let (most, more) = (signed(MAX_BYTES - around), signed(MAX_BYTES - around + 1));
        assert_eq!(SignedReceipt::read(&most.text()), Ok(most));
        assert_eq!(SignedReceipt::read(&more.text()), Err(BadReceipt::Damaged));
    }

    #[test]
    fn every_altered_letter_is_refused_and_says_why() {
        let (signing, public) = key(1, 2);
        let (_, stranger) = key(9, 2);
        let signed = receipt().signed(2, &signing);
        let text = signed.text();
        for at in PREFIX.len()..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'7' { b'8' } else { b'7' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(SignedReceipt::read(&altered).and_then(|r| r.verify(&[public])).is_err(), "letter {at}");
        }
        assert_eq!(signed.verify(&[stranger]), Err(BadReceipt::Altered));
        assert_eq!(signed.verify(&[ServerKey { id: 3, ..public }]), Err(BadReceipt::UnknownKey(2)));
        assert_eq!(SignedReceipt::read(&text[..60]), Err(BadReceipt::Damaged));
        assert_eq!(SignedReceipt::read("4KR7-142-QXH"), Err(BadReceipt::NoReceipt));
        let other = Receipt { no: OfficialNo { year: 2026, n: 143 }, ..receipt() };
        let forged = SignedReceipt { body: encode(&other).into(), signature: signed.signature };
        assert_eq!(forged.verify(&[public]), Err(BadReceipt::Altered));
    }
}
