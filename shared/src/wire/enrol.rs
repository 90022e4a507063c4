//! `POST /v1/enrol`: a one-time code for an identity.

use minicbor::{Decode, Encode};

use crate::id::DeviceNo;
use crate::signature::ServerKey;

/// How long an enrolment code is good for, in milliseconds.
pub const CODE_LIFETIME: i64 = 15 * 60 * 1_000;

/// The tablet asks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolRequest {
    /// [`super::version::PROTOCOL`] of the tablet.
    #[n(0)]
    pub version: u16,
    /// The code, upper case, without spaces or dashes.
    #[n(1)]
    pub code: String,
    /// Ed25519 public key the tablet made for its courier bundles.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub public_key: [u8; 32],
    /// Version of the app, e.g. `0.1.0`.
    #[n(3)]
    pub app: String,
}

/// The server answers, once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolReply {
    /// Device number.
    #[n(0)]
    pub device: DeviceNo,
    /// First part of its offline case numbers, e.g. `4KR7`.
    #[n(1)]
    pub prefix: String,
    /// Opaque token, 256 random bits; the server keeps only its SHA-256.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub token: [u8; 32],
    /// Mandate it serves.
    #[n(3)]
    pub mandate: u64,
    /// Neighbourhood code of that mandate, e.g. `kadikoy-rasimpasa`.
    #[n(4)]
    pub neighbourhood: String,
    /// The muhtar's name as the directory has it.
    #[n(5)]
    pub person: String,
    /// The server's clock, Unix ms.
    #[n(6)]
    pub now: i64,
    /// The server's epoch; a restore begins a new one.
    #[n(7)]
    pub epoch: u64,
    /// What the server signs with, newest last: the tablet believes these keys and no others. Older servers
    /// sign nothing.
    #[n(8)]
    pub server_keys: Option<Vec<ServerKey>>,
    /// What courier bundles are sealed for: an `age` recipient, `age1…`. Older servers take none.
    #[n(9)]
    pub courier: Option<String>,
}
