//! Trains a dictionary for `mbs_shared::pack` and measures it, or only measures the one there is.
//!
//! ```text
//! cargo run --release -p mbs-shared --example train_dictionary                  # measure the released one
//! cargo run --release -p mbs-shared --example train_dictionary -- 32768 new.bin # train another
//! ```
//!
//! Deterministic: the same data give the same bytes. A released dictionary never changes: a better one gets the
//! next number, and the old one stays, since every packed row names the one it needs.
//!
//! One core sentence in four is held out: its requests are measured and never trained on. Every second of the
//! rest is trained on with photos, every third with its own title, so that no combination is typical by accident.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::time::Instant;

use mbs_shared::blob::{BlobKind, BlobRef, name_of};
use mbs_shared::document::Document;
use mbs_shared::id::{Actor, BlobHash, CaseNo, DeviceNo, EntryId, OfficialNo, Prefix, RequestId};
use mbs_shared::pack;
use mbs_shared::place::{Fix, FixSource};
use mbs_shared::request::{Edit, Kind, Request};
use mbs_shared::routing::event::{Event, What};
use mbs_shared::routing::{Outcome, Who};
use mbs_shared::wire::encode;
use mbs_shared::wire::entry::{Entry, EntryKind};
use zstd::bulk::Compressor;
use zstd::dict::EncoderDictionary;

#[derive(serde::Deserialize)]
struct Text {
    text: String,
    category: String,
    district_code: String,
    lat: f64,
    lon: f64,
}

#[derive(serde::Deserialize)]
struct Units {
    units: Vec<Unit>,
}

#[derive(serde::Deserialize)]
struct Unit {
    code: String,
}

/// Small generator of its own, so that the data never change with a dependency.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_be_bytes()[3])
    }
}

/// The sentence a text was made around, roughly: its longest one, folded.
fn core(text: &str) -> String {
    let longest = text.split(['.', '!', '?', ':', ',']).max_by_key(|s| s.len()).unwrap_or(text);
    let folded: String = longest.to_lowercase().chars().filter_map(fold).collect();
    // Without its beginning, where the place stands.
    folded.chars().rev().take(24).collect()
}

fn fold(c: char) -> Option<char> {
    Some(match c {
        'ı' => 'i',
        'ş' => 's',
        'ğ' => 'g',
        'ç' => 'c',
        'ö' => 'o',
        'ü' | 'û' => 'u',
        'â' => 'a',
        'a'..='z' => c,
        _ => return None,
    })
}

fn held_out(text: &Text) -> bool {
    name_of(core(&text.text).as_bytes()).as_bytes()[0].is_multiple_of(4)
}

fn blob(dice: &mut Dice) -> BlobRef {
    let voice = dice.below(12) == 0;
    let size = if voice { 20_000 + dice.below(60_000) } else { 150_000 + dice.below(250_000) };
    let edge = [(2048, 1536), (1536, 2048), (2048, 1152), (1152, 2048)][dice.below(4) as usize];
    BlobRef {
        hash: BlobHash(dice.bytes()),
        kind: if voice { BlobKind::Voice } else { BlobKind::Photo },
        size: size as u32,
        width: if voice { 5 + dice.below(50) as u16 } else { edge.0 },
        height: if voice { 0 } else { edge.1 },
    }
}

fn at(dice: &mut Dice) -> i64 {
    1_764_000_000_000 + dice.below(63_072_000_000) as i64
}

fn request(text: &Text, blobs: usize, dice: &mut Dice) -> Request {
    let title = if dice.below(3) == 0 {
        text.text.split_whitespace().take(4).collect::<Vec<_>>().join(" ")
    } else {
        String::new()
    };
    let addr = if dice.below(4) == 0 {
        format!("{} Mahallesi, {}. Sokak No: {}", text.district_code, 1 + dice.below(400), 1 + dice.below(90))
    } else {
        String::new()
    };
    let source = [FixSource::Gps, FixSource::Gps, FixSource::Photo, FixSource::Map][dice.below(4) as usize];
    Request {
        schema: 1,
        title,
        desc: text.text.clone(),
        category: text.category.clone(),
        kind: Kind::ALL[[0, 0, 1, 1, 1, 2, 3, 4][dice.below(8) as usize]],
        gps: (dice.below(8) > 0).then(|| Fix {
            lat: text.lat,
            lon: text.lon,
            accuracy: if source == FixSource::Map { 0.0 } else { 3.0 + dice.below(40) as f64 },
            source,
        }),
        addr,
        at: at(dice),
        no: CaseNo::new(Prefix::new(dice.below(1 << 20) as u32), 1 + dice.below(900) as u32, dice.below(1024) as u16),
        discreet: dice.below(25) == 0,
        rel: (dice.below(15) == 0).then(|| RequestId(dice.bytes())),
        blobs: (0..blobs).map(|_| blob(dice)).collect(),
    }
}

fn actor(dice: &mut Dice) -> Actor {
    Actor::new(DeviceNo(dice.next() >> 1), dice.bytes())
}

fn entry(text: &str, dice: &mut Dice) -> Vec<u8> {
    use EntryKind::{Add, Answer, Confirm, Message, Note, Object, Withdraw};
    let kind = [Message, Message, Note, Withdraw, Answer, Confirm, Object, Add][dice.below(8) as usize];
    let photos = if dice.below(4) == 0 { 1 } else { 0 };
    encode(&Entry {
        id: EntryId(dice.bytes()),
        kind,
        text: if kind == Confirm { String::new() } else { text.to_owned() },
        at: at(dice),
        photos: (0..photos).map(|_| BlobHash(dice.bytes())).collect(),
    })
}

/// Official words as they are written: short, formal, again and again.
const ANSWERS: [&str; 12] = [
    "Talebiniz ilgili birimimize iletilmiştir. Bilgilerinize sunarız.",
    "Ekiplerimizce yerinde inceleme yapılmış olup gerekli çalışma programa alınmıştır.",
    "Söz konusu çalışma tamamlanmıştır. İlginize teşekkür ederiz.",
    "Başvurunuz incelenmiş olup konu ilçe belediyesinin görev ve yetki alanındadır.",
    "Talebiniz teknik olarak uygun bulunmamıştır. Bilgilerinizi rica ederiz.",
    "Bozuk olan bölümün onarımı yapılmıştır.",
    "Lütfen sorunun tam adresini ve varsa fotoğrafını ekleyiniz.",
    "Birimimizin görev alanına girmediğinden iade edilmiştir.",
    "Aynı konudaki başvurunuz işlemde olduğundan birleştirilmiştir.",
    "Bütçe imkânları ölçüsünde değerlendirilecektir.",
    "Saha ekibi yönlendirildi, sonuç ayrıca bildirilecektir.",
    "Çalışma hava koşulları nedeniyle ertelenmiştir.",
];

fn event(unit: &str, category: &str, dice: &mut Dice) -> Vec<u8> {
    use Outcome::{Done, Duplicate, Informed, OutOfRemit, Partly, Refused};
    let time = at(dice);
    let due = time + 1_296_000_000;
    let outcome = [Done, Done, Partly, Refused, Informed, OutOfRemit, Duplicate][dice.below(7) as usize];
    let (by, what, words) = match dice.below(12) {
        0 | 1 => (
            Who::System,
            What::Received { no: OfficialNo { year: 2026, n: 1 + dice.below(90_000) as u32 }, channel: None },
            false,
        ),
        2 | 3 => (Who::System, What::Routed { unit: unit.to_owned(), due }, false),
        4 => (Who::System, What::SentOut { unit: unit.to_owned(), due }, false),
        5 => (Who::Unit, What::Accepted, false),
        6 => (
            Who::Unit,
            What::Planned { date: format!("2026-{:02}-{:02}", 1 + dice.below(12), 1 + dice.below(28)) },
            true,
        ),
        7 => (Who::Unit, What::Answered { outcome, photos: Vec::new(), parent: None }, true),
        8 | 9 => (Who::Unit, What::Concluded { outcome, photos: Vec::new(), parent: None }, true),
        10 => (Who::Unit, What::Asked, true),
        _ => (Who::Triage, What::Recategorised { category: category.to_owned() }, false),
    };
    let note = if words { ANSWERS[dice.below(12) as usize].to_owned() } else { String::new() };
    encode(&Event { n: 1 + dice.below(6) as u32, at: time, by, what, note, entry: None })
}

fn samples(texts: &[Text], units: &[Unit], dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let blobs = if i % 2 == 0 { dice.below(4) as usize } else { 0 };
        let me = actor(dice);
        let r = request(text, blobs, dice);
        let (mut document, first) = Document::create(me, &r).unwrap();
        all.push(first.raw);
        let unit = &units[dice.below(units.len() as u64) as usize].code;
        if i % 3 == 0 {
            all.push(event(unit, &text.category, dice));
        }
        if i % 6 == 0 {
            all.push(entry(&text.text, dice));
        }
        if i % 8 == 0 {
            let other = actor(dice);
            let edit = if i % 16 == 0 {
                Edit::Desc(format!("{} Teşekkürler.", text.text))
            } else {
                Edit::AddBlob(blob(dice))
            };
            all.push(document.edit(other, r.at + 60_000, &[edit]).unwrap().unwrap().raw);
        }
    }
    all
}

struct Sizes {
    first: usize,
    photos: usize,
    entries: usize,
    events: usize,
}

fn measure(dictionary: &[u8], level: i32, held: &[Text], units: &[Unit]) -> (Sizes, f64) {
    let prepared = EncoderDictionary::copy(dictionary, level);
    let mut packer = Compressor::with_prepared_dictionary(&prepared).unwrap();
    packer.include_dictid(false).unwrap();
    packer.include_contentsize(false).unwrap();
    let mut dice = Dice(99);
    let mut sizes = Sizes { first: 0, photos: 0, entries: 0, events: 0 };
    let (mut time, mut n) = (0.0, 0);
    let mut packed = |raw: &[u8]| {
        let start = Instant::now();
        let frame = packer.compress(raw).unwrap();
        time += start.elapsed().as_secs_f64();
        n += 1;
        // The magic number goes, the dictionary number comes.
        frame.len() - 3
    };
    for text in held {
        let me = actor(&mut dice);
        sizes.first += packed(&Document::create(me, &request(text, 0, &mut dice)).unwrap().1.raw);
        sizes.photos += packed(&Document::create(me, &request(text, 3, &mut dice)).unwrap().1.raw);
        sizes.entries += packed(&entry(&text.text, &mut dice));
        let unit = &units[dice.below(units.len() as u64) as usize].code;
        sizes.events += packed(&event(unit, &text.category, &mut dice));
    }
    for size in [&mut sizes.first, &mut sizes.photos, &mut sizes.entries, &mut sizes.events] {
        *size /= held.len();
    }
    (sizes, time * 1e6 / f64::from(n))
}

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}{name}")).expect(name);
    let texts = read("text/requests_synthetic.jsonl");
    let texts: Vec<Text> = texts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let units: Units = serde_json::from_str(&read("org/organisation.json")).unwrap();
    let (held, trained): (Vec<Text>, Vec<Text>) = texts.into_iter().partition(held_out);
    println!("{} texts to train on, {} held out", trained.len(), held.len());

    let mut args = std::env::args().skip(1);
    let dictionary = match (args.next(), args.next()) {
        (Some(size), Some(path)) => {
            let samples = samples(&trained, &units.units, &mut Dice(7));
            let dictionary = zstd::dict::from_samples(&samples, size.parse().unwrap()).unwrap();
            std::fs::write(path, &dictionary).unwrap();
            dictionary
        }
        _ => pack::DICTIONARY_1.to_vec(),
    };
    println!("dictionary of {} bytes, {}", dictionary.len(), name_of(&dictionary));
    for level in [1, 3, 6, 9, 12, 15, 17, 19, 22] {
        let (s, us) = measure(&dictionary, level, &held, &units.units);
        println!(
            "level {level:2}: first {} B, with 3 photos {} B, entry {} B, event {} B; {us:.1} µs each",
            s.first, s.photos, s.entries, s.events
        );
    }
}
