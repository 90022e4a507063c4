//! Which database and which photo store: from the settings to what is behind the two traits.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::blob_store::{BlobStore, Folder};
use crate::database::Database;
use crate::database::sqlite::{Options, Sqlite};

/// Name of the embedded database in the data folder.
pub const FILE: &str = "mbs.db";
/// Name of the photos' folder in the data folder.
pub const BLOBS: &str = "blobs";

/// Who opens the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// A server: several readers beside the writer.
    Server,
    /// One command beside a running server: one connection.
    Command,
}

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// `mbs.db` in the data folder.
    #[default]
    DataFolder,
    /// `postgres://…`.
    Postgres(String),
}

impl Place {
    /// Reads the setting `database`.
    ///
    /// # Errors
    /// When it is no address we know.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::DataFolder);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        // Not quoted: it may hold a password.
        bail!("--database begins with postgres://; without it everything is in {FILE} in the data folder");
    }

    /// Opens it and brings its schema up to date.
    ///
    /// # Errors
    /// With a sentence that says what to do.
    pub fn open(&self, dir: &Path, opener: Opener) -> Result<Arc<dyn Database>> {
        match self {
            Self::DataFolder => {
                let file = dir.join(FILE);
                let mut options = Options::new(&file);
                if opener == Opener::Command {
                    options.readers = 0;
                }
                Ok(Arc::new(Sqlite::open(&options).with_context(|| format!("opening {}", file.display()))?))
            }
            Self::Postgres(address) => postgres(address, opener),
        }
    }
}

#[cfg(feature = "postgres")]
fn postgres(address: &str, opener: Opener) -> Result<Arc<dyn Database>> {
    use crate::database::postgres::{Postgres, READERS};
    let readers = if opener == Opener::Server { READERS } else { 0 };
    Ok(Arc::new(Postgres::open_with(address, readers).context("opening the PostgreSQL database")?))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str, _: Opener) -> Result<Arc<dyn Database>> {
    bail!("this mbs-server was built without PostgreSQL: build it with `--features packaged`")
}

/// Where photos lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Photos {
    /// `blobs` in the data folder.
    #[default]
    DataFolder,
    /// `s3://bucket…`.
    S3(String),
}

impl Photos {
    /// Reads the setting `photos`.
    ///
    /// # Errors
    /// When it is no address we know.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "" => Ok(Self::DataFolder),
            _ if text.starts_with("s3://") => Ok(Self::S3(text.to_owned())),
            _ => bail!("--photos begins with s3://; without it photos are in {BLOBS} in the data folder"),
        }
    }

    /// Opens it. A command only looks: nothing is made or removed.
    ///
    /// # Errors
    /// With a sentence that says what to do.
    pub fn open(&self, dir: &Path, opener: Opener) -> Result<Arc<dyn BlobStore>> {
        let folder = dir.join(BLOBS);
        Ok(match (self, opener) {
            (Self::DataFolder, Opener::Command) => Arc::new(Folder::open_existing(&folder)),
            (Self::DataFolder, Opener::Server) => {
                Arc::new(Folder::open(&folder).with_context(|| format!("opening {}", folder.display()))?)
            }
            (Self::S3(address), _) => s3(address)?,
        })
    }
}

#[cfg(feature = "s3")]
fn s3(address: &str) -> Result<Arc<dyn BlobStore>> {
    Ok(Arc::new(crate::blob_store::S3::open(address)?))
}

#[cfg(not(feature = "s3"))]
fn s3(_: &str) -> Result<Arc<dyn BlobStore>> {
    bail!("this mbs-server was built without S3: build it with `--features packaged`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_address_is_told_and_not_quoted() {
        for error in
            [Place::parse("mysql://u:secret@h/db").unwrap_err(), Photos::parse("ftp://u:secret@h").unwrap_err()]
        {
            let text = error.to_string();
            assert!(text.contains("begins with") && !text.contains("secret"), "{text}");
        }
        assert_eq!(Place::parse("").unwrap(), Place::DataFolder);
        assert!(matches!(Photos::parse("s3://photos").unwrap(), Photos::S3(_)));
    }
}
