//! Backups are sealed with `age`: they hold the server's keys and people's words. What is sealed is either
//! opened by the age identity of one of its recipients, or by a passphrase. An age file proves its own bytes,
//! and that none are missing at its end.

use std::io::{BufRead, Read, Write};
use std::iter::once;

use age::secrecy::SecretString;
use age::x25519;
use anyhow::{Context, Result, bail};

/// Shortest passphrase, in characters.
const MIN_PASSPHRASE: usize = 12;

/// What a backup is sealed with.
pub enum Seal {
    /// For the holders of these age recipients.
    Recipients(Vec<x25519::Recipient>),
    /// For whoever knows the words.
    Passphrase(SecretString),
}

/// What a backup is opened with.
pub enum Opener {
    /// Age identities.
    Identities(Vec<x25519::Identity>),
    /// The words.
    Passphrase(SecretString),
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opener")
    }
}

impl Seal {
    /// Recipients as they are written: `age1…`.
    ///
    /// # Errors
    /// When one is none.
    pub fn recipients(texts: &[String]) -> Result<Self> {
        let read = |t: &String| t.trim().parse().map_err(|e| anyhow::anyhow!("{t:?} is no age recipient: {e}"));
        Ok(Self::Recipients(texts.iter().map(read).collect::<Result<_>>()?))
    }

    /// A passphrase.
    ///
    /// # Errors
    /// When it is too short to keep anything.
    pub fn passphrase(words: &str) -> Result<Self> {
        if words.chars().count() < MIN_PASSPHRASE {
            bail!("the passphrase must have at least {MIN_PASSPHRASE} characters");
        }
        Ok(Self::Passphrase(SecretString::from(words.to_owned())))
    }

    /// Writes sealed bytes to `out`; call `finish` at the end.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn seal<W: Write>(&self, out: W) -> Result<age::stream::StreamWriter<W>> {
        let encryptor = match self {
            Self::Recipients(all) => age::Encryptor::with_recipients(all.iter().map(|r| r as &dyn age::Recipient))?,
            Self::Passphrase(words) => age::Encryptor::with_user_passphrase(words.clone()),
        };
        encryptor.wrap_output(out).context("writing the head of the backup")
    }
}

impl Opener {
    /// Identities as an age identity file has them: `AGE-SECRET-KEY-1…`, one a line, `#` begins a remark.
    ///
    /// # Errors
    /// When a line is none, or there is none.
    pub fn identities(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let read =
            |l: &str| l.parse().map_err(|e| anyhow::anyhow!("a line of the identity file is no age identity: {e}"));
        let all: Vec<x25519::Identity> = lines.map(read).collect::<Result<_>>()?;
        if all.is_empty() {
            bail!("the identity file holds no age identity");
        }
        Ok(Self::Identities(all))
    }

    /// A passphrase.
    #[must_use]
    pub fn passphrase(words: &str) -> Self {
        Self::Passphrase(SecretString::from(words.to_owned()))
    }

    /// Reads sealed bytes.
    ///
    /// # Errors
    /// When it is no backup, or sealed with something else.
    pub fn open<R: BufRead>(&self, input: R) -> Result<impl Read + use<R>> {
        let sealed = age::Decryptor::new_buffered(input).context("this is no backup made by mbs-server (age file)")?;
        let opened = match self {
            Self::Identities(all) => sealed.decrypt(all.iter().map(|i| i as &dyn age::Identity)),
            Self::Passphrase(words) => {
                let identity = age::scrypt::Identity::new(words.clone());
                sealed.decrypt(once(&identity as &dyn age::Identity))
            }
        };
        opened.context("the backup was sealed with another key or passphrase")
    }
}
