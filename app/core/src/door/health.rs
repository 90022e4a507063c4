//! How it stands with the tablet itself, and files for people.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mbs_shared::routing::deadline::istanbul;
use serde::Serialize;

use super::view::{Diagnosis, Files, Health, Link, Mobile, Notice};
use crate::Tablet;
use crate::error::{Code, Result, fail};
use crate::store::migrate;
use crate::store::{outbox, quarantine, requests, settings};
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
        let number = |sql: &str| c.query_row(sql, [], |r| r.get::<_, i64>(0)).map(i64::unsigned_abs);
        // The cipher answers in words.
        let page: String = c.query_row("PRAGMA cipher_page_size", [], |r| r.get(0))?;
        Ok(Health {
            free: self.store.free(),
            database: number("PRAGMA page_count")? * page.parse::<u64>().unwrap_or(0),
            photos: u32::try_from(number("SELECT count(*) FROM blobs")?).unwrap_or(u32::MAX),
            clock_off: settings::number(c, settings::CLOCK_OFF)? / 1_000,
            exports: self.ports.exports.display().to_string(),
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
            // The folder's name may have a person's in it.
            health: Health { exports: String::new(), ..self.health()? },
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
    fn exports(&self, name: &str) -> PathBuf {
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
    pub(crate) fn write_unsent_for_people(&self) -> Result<Files> {
        let dir = self.lock().exports("mbs-gonderilmeyenler");
        let done = self.export(&dir)?;
        Ok(Files {
            dir: dir.display().to_string(),
            names: vec!["unsent.json".into()],
            words: done.items,
            photos: done.photos,
        })
    }
}
