//! The main job once: a tablet process and a server process, a line that is cut between them, HTTP, a
//! real photo of 12 megapixels. At the end everything is read back from the databases.
#![expect(clippy::indexing_slicing, reason = "a JSON value answers null to a key it lacks")]

use std::path::Path;
use std::time::Instant;

use mbs_shared::blob::name_of;
use mbs_shared::id::{BlobHash, RequestId};
use mbs_shared::routing::Event;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::{Told, because};
use crate::network::Network;
use crate::people::{RASIMPASA, fixture, words_about};
use crate::server::{PASSWORD, Server, User, database_in};
use crate::staff::{Directorate, Staff, all_updates};
use crate::tablet::command;
use crate::world::ROADS_ANATOLIA;

const ANSWER: &str = "Çukur 12 Haziran'da sıcak asfaltla kapatıldı; bildiriminiz için teşekkür ederiz.";
/// Pictures of what a photo shows are compared at this size.
const GLANCE: u32 = 32;

/// Tells each step in a line, with the time it took.
struct Teller {
    begun: Instant,
    last: Instant,
}

impl Teller {
    fn begin() -> Self {
        let now = Instant::now();
        Self { begun: now, last: now }
    }

    fn tell(&mut self, step: &str) {
        let now = Instant::now();
        println!(
            "{:>7.2} s  (+{:>4.0} ms)  {step}",
            (now - self.begun).as_secs_f64(),
            (now - self.last).as_secs_f64() * 1_000.0
        );
        self.last = now;
    }
}

/// Plays it.
///
/// # Errors
/// A sentence with the first thing that is not as it was sent.
pub fn play() -> Told<()> {
    super::tell_panics_plainly();
    let dir = tempfile::Builder::new().prefix("mbs-story-").tempdir().map_err(because("Geçici klasör açılamadı"))?;
    let (server_dir, tablet) = (dir.path().join("server"), dir.path().join("tablet"));
    let mut teller = Teller::begin();

    let server = Server::start(&server_dir);
    let line = Network::to(server.addr()).map_err(because("Hat kurulamadı"))?;
    server.add_user(User {
        login: "yol",
        name: "Yol Bakım",
        role: "approver",
        unit: ROADS_ANATOLIA,
        password: PASSWORD,
    });
    let mut program = Directorate::new(&server.url(), &server.add_key(ROADS_ANATOLIA));
    teller.tell("Sunucu açıldı: tek klasör, SQLite, İstanbul dizini.");

    let code = server.enrol_code(RASIMPASA);
    command(&tablet, &["enrol", "--server", &line.url(), "--code", &code])?;
    teller.tell("Rasimpaşa Muhtarlığının tableti tek kullanımlık kodla kaydedildi.");

    line.cut();
    let words = words_about("yol.cukur", 3);
    let photo = fixture("generated/g-12mp.jpg");
    let photo_arg = photo.to_string_lossy();
    let filed = command(
        &tablet,
        &[
            "capture",
            "--text",
            &words.text,
            "--category",
            "yol.cukur",
            "--at",
            "40.9946,29.0259",
            "--photo",
            &photo_arg,
        ],
    )?;
    let id: RequestId = text(&filed, "/row/id")?.parse().map_err(because("Başvuru kimliği"))?;
    let hash: BlobHash = text(&filed, "/photos/0/hash")?.parse().map_err(because("Fotoğraf adı"))?;
    let number = text(&filed, "/row/case_no")?;
    teller.tell(&format!("Şebeke yok. Başvuru 12 MP fotoğrafıyla kaydedildi: {number}."));

    if command(&tablet, &["sync"]).is_ok() {
        return Err("hat kesikken gönderim başarılı göründü.".to_owned());
    }
    same(
        "giden kutusunda bekleyen",
        &json!(2),
        &json!(command(&tablet, &["outbox"])?["items"].as_array().map_or(0, Vec::len)),
    )?;
    same("sunucudaki başvuru sayısı", &json!(0), &json!(server.records().len()))?;
    teller.tell("Gönderim denendi, olmadı: ikisi de giden kutusunda, sunucuda hiçbir şey yok.");

    line.restore();
    command(&tablet, &["sync"])?;
    let record = server.records().into_iter().find(|r| r.id == id).ok_or("başvuru sunucuda yok.")?;
    same("başvurunun yönlendirildiği birim", &json!(ROADS_ANATOLIA), &json!(record.unit))?;
    teller.tell(&format!("Şebeke geldi: sunucu aldı, {} numarasını verdi, Yol Bakım'a yönlendirdi.", record.no));

    let desk = Staff::sign_in(&server.url(), "yol", PASSWORD).map_err(because("Masaya giriş"))?;
    desk.act(id, "accept", json!({})).map_err(because("Kabul"))?;
    let acted = desk.act(id, "answer", json!({ "outcome": "done", "note": ANSWER })).map_err(because("Cevap"))?;
    if acted["row"]["state"] == "answer_pending" {
        desk.act(id, "approve", json!({})).map_err(because("Onay"))?;
    }
    teller.tell("Müdürlük masada kabul etti ve cevap yazdı.");

    command(&tablet, &["sync"])?;
    teller.tell("Tablet cevabı aldı.");

    let updates = all_updates(&mut program);
    teller.tell(&format!("Müdürlüğün kendi programı {} güncelleme çekti.", updates.len()));

    // Everything again, from what stands on disk: server file, photo store, and a new process on the tablet's folder.
    drop((desk, program, line));
    let mut server = server;
    server.stop();
    check_server(&server_dir, id, &record.no)?;
    check_tablet(&tablet, id, &record.no, &words.text)?;
    check_photo(&server, &tablet, dir.path(), hash, &photo)?;
    check_updates(&updates, id, &record.no, &words.text)?;
    teller.tell("Veritabanlarından geri okundu: cevap, fotoğrafın baytları ve çekilen güncelleme gönderilenle aynı.");
    Ok(())
}

fn text<'a>(value: &'a Value, at: &str) -> Told<&'a str> {
    value.pointer(at).and_then(Value::as_str).ok_or_else(|| format!("cevapta {at} yok: {value}"))
}

fn same(what: &str, sent: &Value, found: &Value) -> Told<()> {
    if sent == found { Ok(()) } else { Err(format!("{what} farklı: beklenen {sent}, bulunan {found}.")) }
}

/// In the server's file: one request of that number, concluded, its last decision the answer's words.
fn check_server(dir: &Path, id: RequestId, number: &str) -> Told<()> {
    let file = database_in(dir);
    let db =
        Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(because("Sunucu veritabanı"))?;
    let (no, rid): (i64, i64) = db
        .query_row("select no, rid from request where id = ?1", [id.as_bytes().as_slice()], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .map_err(because("Sunucu veritabanında başvuru"))?;
    same("resmî numara", &json!(number), &json!(format!("{:04}-{:06}", no / 1_000_000_000, no % 1_000_000_000)))?;
    let mut events = db
        .prepare("select packed from feed where request = ?1 and kind = 2 order by n")
        .map_err(because("Sunucu veritabanında olaylar"))?;
    let packed: Vec<Vec<u8>> = events
        .query_map([rid], |r| r.get(0))
        .and_then(Iterator::collect)
        .map_err(because("Sunucu veritabanında olaylar"))?;
    let mut notes = Vec::new();
    for bytes in &packed {
        let raw = mbs_shared::pack::unpack(bytes, 64 * 1024).map_err(|e| format!("olay açılamadı: {e:?}"))?;
        let events = Event::decode_together(&raw).map_err(|e| format!("olay okunamadı: {e:?}"))?;
        notes.extend(events.into_iter().map(|event| (event.what.code(), event.note)));
    }
    match notes.last() {
        Some(("concluded", note)) => same("sunucudaki cevap", &json!(ANSWER), &json!(note)),
        other => Err(format!("sunucudaki son olay sonuçlandırma değil: {other:?}")),
    }
}

/// On the tablet's folder, by a process that was not there before.
fn check_tablet(dir: &Path, id: RequestId, number: &str, words: &str) -> Told<()> {
    let shown = command(dir, &["show", &id.to_string()])?;
    same("tabletteki cevap", &json!(ANSWER), &shown["answer"]["text"])?;
    same("tabletteki sonuç", &json!("done"), &shown["answer"]["outcome"])?;
    same("tabletteki numara", &json!(number), &shown["row"]["official_no"])?;
    same("tabletteki sözler", &json!(words), &shown["desc"])
}

/// The photo: the same bytes in the server's store and in the tablet's database, named by their hash, and
/// showing what the camera saw.
fn check_photo(server: &Server, tablet: &Path, dir: &Path, hash: BlobHash, original: &Path) -> Told<()> {
    let there = server.photo(hash);
    same("fotoğrafın özeti", &json!(hash), &json!(name_of(&there)))?;
    let out = dir.join("export");
    command(tablet, &["export", &out.to_string_lossy()])?;
    let here = std::fs::read(out.join(format!("photos/{hash}.jpg"))).map_err(because("Tabletteki fotoğraf"))?;
    if there != here {
        return Err("fotoğrafın baytları sunucuda ve tablette farklı.".to_owned());
    }
    let glance = |bytes: &[u8]| {
        image::load_from_memory(bytes).map(|p| p.thumbnail_exact(GLANCE, GLANCE).to_rgb8()).map_err(because("Fotoğraf"))
    };
    let (sent, got) = (glance(&std::fs::read(original).map_err(because("Özgün fotoğraf"))?)?, glance(&there)?);
    let apart: u64 = sent.iter().zip(got.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let mean = apart / u64::from(GLANCE * GLANCE * 3);
    if mean > 6 { Err(format!("fotoğraf özgününe benzemiyor (ortalama fark {mean}).")) } else { Ok(()) }
}

fn check_updates(updates: &[Value], id: RequestId, number: &str, words: &str) -> Told<()> {
    let concluded: Vec<_> = updates.iter().filter(|u| u["event"]["what"] == "concluded").collect();
    let [concluded] = concluded.as_slice() else {
        return Err(format!("çekilenler arasında sonuçlandırma {} kez var.", concluded.len()));
    };
    same("çekilen cevap", &json!(ANSWER), &concluded["event"]["note"])?;
    same("çekilen numara", &json!(number), &concluded["number"])?;
    same("çekilen başvuru", &json!(id), &concluded["request"])?;
    let entered =
        updates.iter().find(|u| u["kind"] == "entered").ok_or("çekilenler arasında başvurunun gelişi yok.")?;
    same("çekilen sözler", &json!(words), &entered["content"]["description"])
}
