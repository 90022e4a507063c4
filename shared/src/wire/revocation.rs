//! The one thing a revoked tablet is told: that it is revoked, signed, so that no broken or foreign server can
//! close a tablet.

use ed25519_dalek::SigningKey;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::{decode, encode};
use crate::id::DeviceNo;
use crate::signature::{Purpose, ServerKey, Signature, sign, verify};

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Revocation {
    /// Which tablet.
    #[n(0)]
    pub device: DeviceNo,
    /// When, by the server's clock, Unix ms.
    #[n(1)]
    pub at: i64,
}

/// A revocation as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedRevocation {
    /// Encoded [`Revocation`].
    #[n(0)]
    pub body: ByteVec,
    /// By every key the server ever had: the tablet may know only an old one.
    #[n(1)]
    pub signatures: Vec<Signature>,
}

impl SignedRevocation {
    /// Signs a revocation with those keys.
    #[must_use]
    pub fn new<'a>(revocation: Revocation, keys: impl Iterator<Item = (u32, &'a SigningKey)>) -> Self {
        let body = encode(&revocation);
        let signatures = keys.map(|(id, key)| sign(id, key, Purpose::Revocation, &body)).collect();
        Self { body: body.into(), signatures }
    }

    /// The revocation, when it is about `device` and one of `keys` signed it.
    #[must_use]
    pub fn proven(&self, keys: &[ServerKey], device: DeviceNo) -> Option<Revocation> {
        let signed = self.signatures.iter().any(|s| verify(keys, Purpose::Revocation, &self.body, s));
        let revocation: Revocation = decode(&self.body).ok()?;
        (signed && revocation.device == device).then_some(revocation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PublicKey;

    #[test]
    fn it_holds_for_its_tablet_and_its_servers_keys_only() {
        let key = |seed| SigningKey::from_bytes(&[seed; 32]);
        let public = |id, seed| ServerKey { id, public: PublicKey(key(seed).verifying_key().to_bytes()) };
        let (old, new) = (key(1), key(2));
        let revocation = Revocation { device: DeviceNo(7), at: 9 };
        let signed = SignedRevocation::new(revocation, [(2, &old), (3, &new)].into_iter());
        assert_eq!(signed.proven(&[public(2, 1)], DeviceNo(7)), Some(revocation), "a tablet that knows the old key");
        assert_eq!(signed.proven(&[public(3, 2)], DeviceNo(7)), Some(revocation));
        assert_eq!(signed.proven(&[public(2, 1)], DeviceNo(8)), None);
        assert_eq!(signed.proven(&[public(2, 5)], DeviceNo(7)), None);
        assert_eq!(signed.proven(&[], DeviceNo(7)), None);
        let other = SignedRevocation { body: encode(&Revocation { at: 8, ..revocation }).into(), ..signed };
        assert_eq!(other.proven(&[public(2, 1)], DeviceNo(7)), None);
    }
}
