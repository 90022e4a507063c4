//! Where the bytes of photos and voice notes lie. Narrow on purpose: a folder, or an S3 store.

pub mod folder;
#[cfg(feature = "s3")]
pub mod s3;

use mbs_shared::id::BlobHash;

pub use folder::Folder;
#[cfg(feature = "s3")]
pub use s3::S3;

/// What is stored under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// The bytes themselves.
    Full(BlobHash),
    /// The preview of a photo.
    Thumb(BlobHash),
}

/// A store of immutable bytes.
pub trait BlobStore: Send + Sync {
    /// Stores `bytes`. `Ok` means: durable, whole, under its name. Storing again is harmless.
    ///
    /// # Errors
    /// What the store says.
    fn put(&self, key: Key, bytes: &[u8]) -> std::io::Result<()>;

    /// The bytes, or `None`.
    ///
    /// # Errors
    /// What the store says.
    fn get(&self, key: Key) -> std::io::Result<Option<Vec<u8>>>;

    /// Removes it, durably. Removing what is not there is harmless.
    ///
    /// # Errors
    /// What the store says.
    fn remove(&self, key: Key) -> std::io::Result<()>;

    /// Whether it is there.
    ///
    /// # Errors
    /// What the store says.
    fn has(&self, key: Key) -> std::io::Result<bool>;
}
