//! Real engines and stores for tests, started by the test process itself in temporary folders: PostgreSQL from
//! the system's packages ([`postgres`]), an OpenID provider from the front end's ([`provider`]) and, with the feature `s3`, an S3 server. When the process ends, in whatever way, they end.
#![allow(clippy::panic, reason = "a test stops at what should not be")]

pub mod postgres;
pub mod provider;
#[cfg(feature = "s3")]
pub mod s3;
