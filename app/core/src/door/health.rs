//! How it stands with the tablet itself, and files for people.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mbs_shared::id::RequestId;
use mbs_shared::routing::deadline::istanbul;
use serde::Serialize;

use super::view::{Diagnosis, Files, Health, Link, Mobile, Notice};
use crate::Tablet;
use crate::error::{Code, Result, fail};
use crate::store::migrate;
use crate::store::{blobs, map, outbox, quarantine, requests, settings};
use crate::tablet::{Failed, Inner};

/// What is handed on: numbers and fixed words, nothing that a person wrote or that says where.
#[derive(Serialize)]
struct Diagnosed {
    app: &'static str,
    system: &'static str,
    database: u32,
    at: i64,
    tablet: Option<String>,
    practice: bool,
    link: Link,
    last_contact: Option<i64>,
    next_try: Option<i64>,
    notices: Vec<Notice>,
    mobile: Mobile,
    health: Health,
    /// How many requests in each stage: draft, sent, thrown away, practice.
    requests: BTreeMap<i64, u32>,
    /// How much of each kind waits: change, entry, photo.
    waiting: BTreeMap<i64, u32>,
    /// Since when, Unix ms.
    oldest: Option<i64>,
    /// Reasons why things lie in quarantine.
    refused: BTreeMap<String, u32>,
    /// Calls that failed lately.
    failed: Vec<Failed>,
}

impl Inner {
    pub(crate) fn health(&self) -> Result<Health> {
        let c = self.store.read();
        let map = map::here(c)?;
        Ok(Health {
            free: self.store.free(),
            database: self.store.size()?,
            photos: blobs::count(c)?,
            clock_off: settings::number(c, settings::CLOCK_OFF)? / 1_000,
            map: (!map.parts.is_empty()).then_some(map.version),
            map_coming: map::coming(c)?,
        })
    }

    pub(crate) fn diagnose(&self) -> Result<Diagnosis> {
        let c = self.store.read();
        let status = self.status()?;
        let mut waiting = BTreeMap::new();
        let all = outbox::all(c)?;
        for item in &all {
            *waiting.entry(item.what.code()).or_default() += 1;
        }
        let mut refused = BTreeMap::new();
        for item in quarantine::all(c, false)? {
            *refused.entry(item.reason).or_default() += 1;
        }
        let diagnosed = Diagnosed {
            app: env!("CARGO_PKG_VERSION"),
            system: std::env::consts::OS,
            database: migrate::latest(),
            at: self.now(),
            tablet: status.identity.as_ref().map(|identity| identity.prefix.clone()),
            practice: status.identity.is_some_and(|identity| identity.practice),
            link: status.link,
            last_contact: status.last_contact,
            next_try: status.next_try,
            notices: status.notices,
            mobile: status.mobile,
            health: self.health()?,
            requests: requests::stages(c)?.into_iter().collect(),
            waiting,
            oldest: all.iter().map(|item| item.since).min(),
            refused,
            failed: self.failed.iter().copied().collect(),
        };
        let text = serde_json::to_string_pretty(&diagnosed).map_err(|e| fail(Code::Storage, e.to_string()))?;
        Ok(Diagnosis { text })
    }

    /// A folder of today among those for people.
    pub(super) fn exports(&self, name: &str) -> PathBuf {
        let now = jiff::Timestamp::from_millisecond(self.now()).unwrap_or_default();
        let now = istanbul().to_datetime(now);
        self.ports.exports.join(format!("{name}-{}", now.strftime("%Y-%m-%d-%H%M%S")))
    }
}

impl Tablet {
    /// As [`Tablet::write_courier`], into a new folder among those for people.
    pub(crate) fn write_courier_for_people(&self) -> Result<Files> {
        let dir = self.lock().exports("mbs-kurye");
        let written = self.write_courier(&dir)?;
        let (words, photos) = (written.words, written.photos);
        Ok(Files { dir: dir.display().to_string(), names: written.files, words, photos })
    }

    /// As [`Tablet::export`], into a new folder among those for people.
    pub(crate) fn write_unsent_for_people(&self, only: Option<RequestId>) -> Result<Files> {
        let dir = self.lock().exports("mbs-gonderilmeyenler");
        let done = self.export_of(&dir, only)?;
        Ok(Files {
            dir: dir.display().to_string(),
            names: vec!["unsent.json".into()],
            words: done.items,
            photos: done.photos,
        })
    }
}
