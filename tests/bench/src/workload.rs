//! The workload: what every tablet holds, files and sends, drawn from the texts of the data set.

use anyhow::{Context, Result};
use mbs_shared::blob::{self, BlobKind, BlobRef};
use mbs_shared::id::{BlobHash, CaseNo, Prefix};
use mbs_shared::istanbul;
use mbs_shared::jpeg;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Kind, Request, SCHEMA};
use serde::Deserialize;
use serde_json::json;

/// Requests a tablet holds on the server beforehand.
pub(crate) const HELD: usize = 10;
/// Of these, changed by an officer since the tablet last looked.
pub(crate) const CHANGED: usize = 5;
/// Tablets that send photos, and photos each.
pub(crate) const PHOTO_TABLETS: usize = 50;
/// Photos each of them sends.
pub(crate) const PHOTOS: usize = 3;
/// Bytes of one photo; incompressible.
pub(crate) const PHOTO_BYTES: usize = 300_000;
/// Tablets that are replaced at the end.
pub(crate) const FRESH: usize = 5;
/// Requests such a tablet's muhtarlık has by then.
pub(crate) const FRESH_REQUESTS: usize = 300;
/// Characters of a description.
const CHARACTERS: usize = 300;
/// A moment of the tablets' clocks: 24 November 2026, Unix ms.
pub(crate) const NOW: i64 = 1_795_500_000_000;

const TEXTS: &str = include_str!("../../../shared/data/text/requests_synthetic.jsonl");

#[derive(Deserialize)]
struct Text {
    text: String,
    category: String,
    lat: f64,
    lon: f64,
    lang: String,
}

/// Random numbers that are the same in every run (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    /// A series of its own for each seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Incompressible bytes.
    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            for (to, from) in chunk.iter_mut().zip(bytes) {
                *to = from;
            }
        }
    }

    /// So many of them, as an array.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

/// The texts, and the neighbourhoods of the tablets.
pub(crate) struct City {
    texts: Vec<Text>,
    /// Neighbourhood code of each tablet.
    pub(crate) neighbourhoods: Vec<String>,
}

impl City {
    /// The city of `tablets` tablets.
    pub(crate) fn new(tablets: usize) -> Result<Self> {
        let mut texts = Vec::new();
        for line in TEXTS.lines() {
            let text: Text = serde_json::from_str(line).context("requests_synthetic.jsonl")?;
            if text.lang == "tr" {
                texts.push(text);
            }
        }
        let neighbourhoods =
            istanbul::directory().neighbourhoods.iter().take(tablets).map(|n| n.code.clone()).collect();
        Ok(Self { texts, neighbourhoods })
    }

    /// The `n`-th request of tablet `t`, with references to these photos (random ones where none are given).
    pub(crate) fn request(&self, t: usize, n: usize, photos: &[BlobRef]) -> Result<Request> {
        let mut random = Random::new(((t as u64) << 32) | n as u64);
        let pick = |r: u64| self.texts.get(usize::try_from(r).unwrap_or(0) % self.texts.len()).context("no texts");
        let first = pick(random.next() >> 16)?;
        let mut desc = first.text.clone();
        while desc.chars().count() < CHARACTERS {
            desc.push(' ');
            desc.push_str(&pick(random.next() >> 16)?.text);
        }
        let desc: String = desc.chars().take(CHARACTERS).collect();
        let mut blobs = photos.to_vec();
        while blobs.len() < PHOTOS {
            blobs.push(BlobRef {
                hash: BlobHash(random.bytes()),
                kind: BlobKind::Photo,
                size: 150_000 + u32::try_from(random.next() % 200_000)?,
                width: 2048,
                height: 1536,
            });
        }
        Ok(Request {
            schema: SCHEMA,
            title: String::new(),
            desc,
            category: first.category.clone(),
            kind: Kind::default(),
            gps: Some(Fix { lat: first.lat, lon: first.lon, accuracy: 8.0, source: FixSource::Gps }),
            addr: String::new(),
            at: NOW + i64::try_from(n)? * 600_000,
            no: CaseNo::new(
                Prefix::new(u32::try_from(t)?),
                u32::try_from(n)? + 1,
                u16::try_from(random.next() % 1024)?,
            ),
            discreet: false,
            rel: None,
            blobs,
        })
    }
}

/// The same request as the JSON the bare loop stores.
pub(crate) fn as_json(id: &str, r: &Request) -> String {
    let blobs: Vec<_> = r
        .blobs
        .iter()
        .map(|b| json!({"hash": b.hash, "kind": b.kind, "size": b.size, "width": b.width, "height": b.height}))
        .collect();
    json!({
        "id": id, "v": r.schema, "title": r.title, "desc": r.desc, "category": r.category, "kind": r.kind,
        "gps": r.gps, "addr": r.addr, "at": r.at, "no": r.no, "discreet": r.discreet, "photos": blobs,
        "status": "received", "unit": null, "answer": null,
    })
    .to_string()
}

/// The photos of tablet `t`, if it sends any.
pub(crate) fn photos(t: usize) -> Vec<(BlobRef, Vec<u8>)> {
    if t >= PHOTO_TABLETS {
        return Vec::new();
    }
    (0..PHOTOS)
        .map(|p| {
            let mut noise = vec![0; PHOTO_BYTES];
            Random::new(0x0070_686f_746f_0000 + (t * PHOTOS + p) as u64).fill(&mut noise);
            let mut noise = noise.into_iter();
            let bytes = jpeg::of_noise((2048, 1536), PHOTO_BYTES, || noise.next().unwrap_or_default());
            let reference = BlobRef {
                hash: blob::name_of(&bytes),
                kind: BlobKind::Photo,
                size: u32::try_from(PHOTO_BYTES).unwrap_or(u32::MAX),
                width: 2048,
                height: 1536,
            };
            (reference, bytes)
        })
        .collect()
}
