//! Whom a line trusts: the platform's authorities, and the municipality's own where one was given.
//!
//! Android's verifier would have to be made ready from Java, by a class that only its build brings, before anything is
//! asked for; who forgets it panics at the first connection. So its authorities are read where the system keeps them.

use std::path::Path;

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::{Code, Result, fail};

/// Where Android keeps them, a file each: since Android 14, and before.
const STORES: [&str; 2] = ["/apex/com.android.conscrypt/cacerts", "/system/etc/security/cacerts"];

/// Authorities for a line.
pub(super) struct Trust {
    /// In place of the platform's verifier, or beside what it knows.
    only: bool,
    certificates: Vec<Certificate>,
}

impl Trust {
    /// This platform's, with `authority` (PEM).
    ///
    /// # Errors
    /// [`Code::BadCall`] where that is no certificate.
    pub(super) fn of(authority: Option<&[u8]>) -> Result<Self> {
        let only = cfg!(target_os = "android");
        let mut certificates = if only { stored(&STORES.map(Path::new)) } else { Vec::new() };
        if let Some(pem) = authority {
            certificates.push(Certificate::from_pem(pem).map_err(|e| fail(Code::BadCall, e.to_string()))?);
        }
        Ok(Self { only, certificates })
    }

    pub(super) fn blocking(self, builder: reqwest::blocking::ClientBuilder) -> reqwest::blocking::ClientBuilder {
        let Self { only, certificates } = self;
        if only { builder.tls_certs_only(certificates) } else { builder.tls_certs_merge(certificates) }
    }

    pub(super) fn waiting(self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        let Self { only, certificates } = self;
        if only { builder.tls_certs_only(certificates) } else { builder.tls_certs_merge(certificates) }
    }
}

/// Those of the first folder that has any. What cannot be read, or is too old a form, is left out: one of a hundred must not
/// keep a tablet from its server.
fn stored(folders: &[&Path]) -> Vec<Certificate> {
    let in_folder = |folder: &&Path| {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let ders = files.filter_map(|file| std::fs::read(file.path()).ok()).flat_map(|pem| {
            CertificateDer::pem_slice_iter(&pem).filter_map(|der| Some(der.ok()?.into_owned())).collect::<Vec<_>>()
        });
        let sound = ders.filter(|der| RootCertStore::empty().add(der.clone()).is_ok());
        sound.filter_map(|der| Certificate::from_der(&der).ok()).collect::<Vec<_>>()
    };
    folders.iter().map(in_folder).find(|found| !found.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// An authority that was made for this test (Ed25519, until 2126).
    const AUTHORITY: &str = include_str!("../../tests/support/authority.pem");

    #[test]
    fn authorities_are_read_past_what_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let (none, some) = (dir.path().join("none"), dir.path().join("some"));
        assert!(stored(&[&none, &some]).is_empty());
        for folder in [&none, &some] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("notes.txt"), "no certificate").unwrap();
            let torn = AUTHORITY.replacen("MII", "MIJ", 1);
            fs::write(folder.join("torn.0"), torn).unwrap();
            fs::create_dir(folder.join("folder")).unwrap();
        }
        // As Android writes them: the certificate, then what it says in words.
        fs::write(some.join("5ed36f99.0"), format!("{AUTHORITY}Certificate:\n    Data:\n")).unwrap();
        let found = stored(&[&none, &some]);
        assert_eq!(found.len(), 1);
        super::super::client::install_provider();
        let trust = || Trust { only: true, certificates: found.clone() };
        trust().blocking(reqwest::blocking::Client::builder()).build().unwrap();
        trust().waiting(reqwest::Client::builder()).build().unwrap();
    }
}
