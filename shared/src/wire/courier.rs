//! `POST /v1/courier`: what a tablet without a network gave to a courier, a stick or another tablet.
//!
//! A bundle is a file of parts. A part is sealed for the server (`age`), so that nobody on the way reads it, and
//! signed by its tablet, so that it needs no token. Each part stands alone: it can be handed over by anyone, any
//! number of times, and a bundle that was cut is good up to the cut.

use ed25519_dalek::SigningKey;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::error::Code;
use super::sync::{Item, MAX_ITEMS};
use super::version::{OLDEST, PROTOCOL};
use super::{decode, encode};
use crate::blob::{MAX_BYTES, MAX_THUMB_BYTES};
use crate::id::{BlobHash, DeviceNo, PublicKey, RequestId, SignatureBytes};
use crate::signature::{Purpose, is_signed, signature_of};

/// How a bundle begins; its last character is the version of the file.
pub const MAGIC: &[u8; 12] = b"MBS-KURYE-1\n";
/// Bytes of one part, sealed: a photo, its preview and what surrounds them.
pub const MAX_PART: usize = 512 * 1024;
/// Bytes of packed items in one letter.
pub const MAX_WORDS: usize = 128 * 1024;
/// Photos and previews in one letter.
pub const MAX_PHOTOS: usize = 64;

/// What a part says, before it is signed and sealed.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct Letter {
    /// Protocol version of the tablet.
    #[n(0)]
    pub version: u16,
    /// Whose it is.
    #[n(1)]
    pub device: DeviceNo,
    /// How many things this tablet has ever made (loss detector).
    #[n(2)]
    pub created: u32,
    /// Words, as they would be pushed, at most [`MAX_ITEMS`].
    #[n(3)]
    pub items: Vec<Item>,
    /// Photos and previews, at most [`MAX_PHOTOS`]; their requests came in this part or one before.
    #[n(4)]
    pub photos: Vec<Enclosed>,
}

/// A photo or voice note, or a preview, whole.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct Enclosed {
    /// Name of the photo.
    #[n(0)]
    pub hash: BlobHash,
    /// The request that refers to it.
    #[n(1)]
    pub request: RequestId,
    /// Whether these are the bytes of its preview.
    #[n(2)]
    pub thumb: bool,
    /// The bytes.
    #[n(3)]
    pub bytes: ByteVec,
}

/// A letter and its tablet's signature: what lies inside the seal.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
struct Signed {
    #[n(0)]
    letter: ByteVec,
    #[n(1)]
    signature: SignatureBytes,
}

/// What the carrier is told: nothing of what was inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct CourierReply {
    /// Words and photos the server has by it, or had already.
    #[n(0)]
    pub taken: u32,
    /// Those it refused; they lie in its quarantine.
    #[n(1)]
    pub refused: u32,
}

impl Letter {
    /// The letter with its tablet's signature, to be sealed.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        let letter = encode(self);
        let signature = signature_of(key, Purpose::Courier, &letter);
        encode(&Signed { letter: letter.into(), signature })
    }

    /// Reads what lay inside a seal. `key_of` knows the tablets' keys; nothing of the letter counts before its
    /// signature does.
    ///
    /// # Errors
    /// [`Code::Malformed`], [`Code::AppTooOld`], [`Code::AppTooNew`]; [`Code::UnknownDevice`] for a tablet that
    /// `key_of` does not know, [`Code::ForeignActor`] when it was signed by another one; [`Code::TooMany`],
    /// [`Code::TooLarge`].
    pub fn open<E: From<Code>>(
        signed: &[u8],
        key_of: impl FnOnce(DeviceNo) -> Result<Option<PublicKey>, E>,
    ) -> Result<Self, E> {
        let signed: Signed = decode(signed)?;
        let mut head = minicbor::Decoder::new(&signed.letter);
        let version = head.array().and_then(|_| head.u16()).map_err(|_| Code::Malformed)?;
        if version < OLDEST {
            return Err(Code::AppTooOld.into());
        }
        if version > PROTOCOL {
            return Err(Code::AppTooNew.into());
        }
        let letter: Self = decode(&signed.letter)?;
        let key = key_of(letter.device)?.ok_or(Code::UnknownDevice)?;
        if !is_signed(&key, Purpose::Courier, &signed.letter, &signed.signature) {
            return Err(Code::ForeignActor.into());
        }
        if letter.items.len() > MAX_ITEMS || letter.photos.len() > MAX_PHOTOS {
            return Err(Code::TooMany.into());
        }
        let fits = |p: &Enclosed| p.bytes.len() <= if p.thumb { MAX_THUMB_BYTES } else { MAX_BYTES } as usize;
        if !letter.photos.iter().all(fits) {
            return Err(Code::TooLarge.into());
        }
        Ok(letter)
    }
}

/// Adds a sealed part to a bundle; the first one begins it.
pub fn add_part(bundle: &mut Vec<u8>, sealed: &[u8]) {
    if bundle.is_empty() {
        bundle.extend_from_slice(MAGIC);
    }
    bundle.extend_from_slice(&u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
    bundle.extend_from_slice(sealed);
}

/// The parts of a bundle, sealed as they are. The first error is the last item: what came before it is good.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// Those of a whole file.
    ///
    /// # Errors
    /// [`Code::Malformed`] when the file is no bundle.
    pub fn of(bundle: &'a [u8]) -> Result<Self, Code> {
        let rest = bundle.strip_prefix(MAGIC.as_slice()).ok_or(Code::Malformed)?;
        Ok(Self { rest: Some(rest) })
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<&'a [u8], Code>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take().filter(|rest| !rest.is_empty())?;
        let part = rest.split_first_chunk().and_then(|(len, rest)| {
            let len = usize::try_from(u32::from_be_bytes(*len)).ok().filter(|len| (1..=MAX_PART).contains(len))?;
            rest.split_at_checked(len)
        });
        Some(part.ok_or(Code::Malformed).map(|(part, rest)| {
            self.rest = Some(rest);
            part
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sync::ItemKind;

    fn letter() -> Letter {
        let photo = Enclosed {
            hash: BlobHash([1; 32]),
            request: RequestId([2; 16]),
            thumb: false,
            bytes: vec![0xff; 300].into(),
        };
        Letter { version: PROTOCOL, device: DeviceNo(7), created: 3, items: Vec::new(), photos: vec![photo] }
    }

    fn key(seed: u8) -> (SigningKey, PublicKey) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey(key.verifying_key().to_bytes());
        (key, public)
    }

    fn open(signed: &[u8], public: Option<PublicKey>) -> Result<Letter, Code> {
        Letter::open(signed, |device| Ok::<_, Code>(public.filter(|_| device == DeviceNo(7))))
    }

    #[test]
    fn a_letter_is_believed_by_its_own_tablets_key_only() {
        let (own, public) = key(1);
        let signed = letter().sign(&own);
        assert_eq!(open(&signed, Some(public)), Ok(letter()));
        assert_eq!(open(&signed, Some(key(2).1)), Err(Code::ForeignActor));
        assert_eq!(open(&signed, None), Err(Code::UnknownDevice));
        let other = Letter { device: DeviceNo(8), ..letter() };
        assert_eq!(open(&other.sign(&own), Some(public)), Err(Code::UnknownDevice), "in another tablet's name");
        for at in 0..signed.len() {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            assert!(open(&changed, Some(public)).is_err(), "byte {at}");
        }
    }

    #[test]
    fn versions_and_bounds_hold() {
        let (own, public) = key(1);
        let open = |l: Letter| open(&l.sign(&own), Some(public));
        assert_eq!(open(Letter { version: PROTOCOL + 1, ..letter() }), Err(Code::AppTooNew));
        assert_eq!(open(Letter { version: 0, ..letter() }), Err(Code::AppTooOld));
        let largest =
            |thumb, len: u32| Enclosed { thumb, bytes: vec![0; len as usize].into(), ..letter().photos[0].clone() };
        let mut photos = vec![largest(false, MAX_BYTES), largest(true, MAX_THUMB_BYTES)];
        photos.resize(MAX_PHOTOS, letter().photos[0].clone());
        let packed = vec![1].into();
        let item = Item { kind: ItemKind::Entry, request: RequestId([2; 16]), packed, count: 1, mac: None, past: None };
        let full = Letter { items: vec![item.clone(); MAX_ITEMS], photos, ..letter() };
        assert_eq!(open(full.clone()), Ok(full.clone()));
        assert_eq!(open(Letter { items: vec![item; MAX_ITEMS + 1], ..letter() }), Err(Code::TooMany));
        assert_eq!(open(Letter { photos: vec![largest(false, MAX_BYTES + 1)], ..letter() }), Err(Code::TooLarge));
        let photos = vec![letter().photos[0].clone(); MAX_PHOTOS + 1];
        assert_eq!(open(Letter { photos, ..letter() }), Err(Code::TooMany));
        let thumb =
            Enclosed { thumb: true, bytes: vec![0; MAX_THUMB_BYTES as usize + 1].into(), ..letter().photos[0].clone() };
        assert_eq!(open(Letter { photos: vec![thumb], ..letter() }), Err(Code::TooLarge));
    }

    #[test]
    fn a_bundle_that_was_cut_is_good_up_to_the_cut() {
        let mut bundle = Vec::new();
        for part in [b"one".as_slice(), b"two", b"three"] {
            add_part(&mut bundle, part);
        }
        let good = |bytes: &[u8]| Parts::of(bytes).unwrap().map_while(Result::ok).count();
        assert_eq!(
            Parts::of(&bundle).unwrap().map(Result::unwrap).collect::<Vec<_>>(),
            [b"one".as_slice(), b"two", b"three"]
        );
        assert_eq!(Parts::of(b"hello there, no bundle").unwrap_err(), Code::Malformed);
        for cut in MAGIC.len()..bundle.len() {
            let parts: Vec<_> = Parts::of(&bundle[..cut]).unwrap().collect();
            assert!(parts.len() <= 3 && good(&bundle[..cut]) < 3);
            assert!(parts.iter().rev().skip(1).all(Result::is_ok), "an error is the last");
        }
    }
}
