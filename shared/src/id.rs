//! Typed identifiers; the numbers a person can read out are in [`number`].

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use ts_rs::TS;

pub mod number;

pub use number::{CaseNo, OfficialNo, Prefix};

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

/// In TypeScript these are plain strings.
macro_rules! ts_string {
    ($($name:ident),*) => {$(
        impl TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &ts_rs::Config) -> String {
                "string".to_owned()
            }

            fn inline(config: &ts_rs::Config) -> String {
                <Self as TS>::name(config)
            }
        }
    )*};
}
use ts_string;

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

        ts_string!($name);
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
    /// Public half of an Ed25519 key.
    PublicKey, 32, "public key"
);
byte_id!(
    /// An Ed25519 signature.
    SignatureBytes, 64, "signature"
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
///
/// In text and JSON sixteen hex digits: JavaScript's numbers end at 53 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
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

impl FromStr for DeviceNo {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadId::new("device number", text))?;
        Ok(Self(u64::from_be_bytes(bytes)))
    }
}

impl Serialize for DeviceNo {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeviceNo {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

ts_string!(DeviceNo);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_names_its_device() {
        let device = DeviceNo(0x0123_4567_89ab_cdef);
        assert_eq!(Actor::new(device, [7; 8]).device(), device);
    }

    #[test]
    fn a_device_is_sixteen_digits() {
        assert_eq!(DeviceNo(0xab).to_string(), "00000000000000ab");
    }

    #[test]
    fn an_id_is_hex_in_text_and_json_and_bytes_in_cbor() {
        let id = RequestId([0xab; 16]);
        let text = "ab".repeat(16);
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<RequestId>(&format!("\"{text}\"")).unwrap(), id);
        assert_eq!(minicbor::to_vec(id).unwrap(), [&[0x50][..], &[0xab; 16]].concat());
        assert_eq!(RequestId::from_slice(&[0xab; 16]), Ok(id));
        for bad in ["", "ab", "xy", &"ab".repeat(17), &"çç".repeat(8)] {
            assert!(bad.parse::<RequestId>().is_err(), "{bad}");
        }
        assert!(RequestId::from_slice(&[0xab; 15]).is_err());
    }

    #[test]
    fn an_id_is_a_string_in_typescript() {
        let config = ts_rs::Config::default();
        assert_eq!([RequestId::name(&config), BlobHash::name(&config), CaseNo::name(&config)], ["string"; 3]);
    }
}
