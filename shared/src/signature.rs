//! What the server signs (Ed25519), so that a tablet can believe it without a network; and what a tablet signs for a
//! courier.
//!
//! A signature names its key, and what is signed begins with its purpose: one kind of paper never passes
//! for another. A tablet believes only the keys it was given at enrolment ([`ServerKey`]).

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::id::{PublicKey, SignatureBytes};

/// What a signature is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A tablet is revoked and closes itself.
    Revocation,
    /// A request was received (*alındı belgesi*).
    Receipt,
    /// A part of a tablet's courier bundle.
    Courier,
    /// What a day's decisions come to.
    Anchor,
}

impl Purpose {
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Revocation => b"mbs revocation 1\0",
            Self::Receipt => b"mbs receipt 1\0",
            Self::Courier => b"mbs courier 1\0",
            Self::Anchor => b"mbs anchor 1\0",
        }
    }
}

/// The public half of a key the server signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
pub struct ServerKey {
    /// Number of the key among the server's.
    #[n(0)]
    pub id: u32,
    /// The key.
    #[n(1)]
    pub public: PublicKey,
}

/// A signature, and the key it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
pub struct Signature {
    /// Number of the key among the server's.
    #[n(0)]
    pub key: u32,
    /// The signature.
    #[n(1)]
    pub bytes: SignatureBytes,
}

fn message(purpose: Purpose, body: &[u8]) -> Vec<u8> {
    [purpose.prefix(), body].concat()
}

/// The signature of `body` by a key that needs no number.
#[must_use]
pub fn signature_of(key: &SigningKey, purpose: Purpose, body: &[u8]) -> SignatureBytes {
    SignatureBytes(key.sign(&message(purpose, body)).to_bytes())
}

/// Whether that key signed `body` for that purpose.
#[must_use]
pub fn is_signed(key: &PublicKey, purpose: Purpose, body: &[u8], signature: &SignatureBytes) -> bool {
    let bytes = ed25519_dalek::Signature::from_bytes(&signature.0);
    // Strict: no second signature for the same words, no weak keys.
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| key.verify_strict(&message(purpose, body), &bytes).is_ok())
}

/// Signs `body` with the key of that number.
#[must_use]
pub fn sign(id: u32, key: &SigningKey, purpose: Purpose, body: &[u8]) -> Signature {
    Signature { key: id, bytes: signature_of(key, purpose, body) }
}

/// Whether one of `keys` signed `body` for that purpose.
#[must_use]
pub fn verify(keys: &[ServerKey], purpose: Purpose, body: &[u8], signature: &Signature) -> bool {
    keys.iter().any(|key| key.id == signature.key && is_signed(&key.public, purpose, body, &signature.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(seed: u8, id: u32) -> (SigningKey, ServerKey) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = PublicKey(key.verifying_key().to_bytes());
        (key, ServerKey { id, public })
    }

    #[test]
    fn a_signature_holds_for_its_key_its_purpose_and_its_words_only() {
        let (key, public) = pair(1, 2);
        let (_, other) = pair(3, 2);
        let signed = sign(2, &key, Purpose::Revocation, b"words");
        assert!(verify(&[public], Purpose::Revocation, b"words", &signed));
        assert!(verify(&[other, public], Purpose::Revocation, b"words", &signed));
        assert!(!verify(&[other], Purpose::Revocation, b"words", &signed));
        assert!(!verify(&[], Purpose::Revocation, b"words", &signed));
        assert!(!verify(&[public], Purpose::Receipt, b"words", &signed));
        assert!(!verify(&[public], Purpose::Revocation, b"other words", &signed));
        assert!(!verify(&[public], Purpose::Revocation, b"words", &Signature { key: 1, ..signed }));
    }
}
