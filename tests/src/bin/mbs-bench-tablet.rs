//! `cargo bench-tablet`: what a tablet costs after years of work: 5,000 requests, 15,000 previews, 300 photos in full.
//!
//! The folder is filled through the core itself and a real server; only previews and photos of old requests are
//! put into the store directly. Then fresh processes measure: CPU decides, wall time stands beside it.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a benchmark stops at what should not be")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::Parser;
use mbs_shared::blob::{BlobKind, BlobRef, MAX_BYTES, MAX_THUMB_BYTES};
use mbs_shared::id::BlobHash;
use mbs_shared::place::{Fix, FixSource};
use mbs_tablet::capture::photo::shrink;
use mbs_tablet::door::view::{Home, Place, Request, Row, Status};
use mbs_tablet::door::{Call, Fields, List};
use mbs_tablet::ports::Ports;
use mbs_tablet::store::{Store, blobs};
use mbs_tablet::sync::{Effect, Event, Nudge};
use mbs_tests::people::{Dice, RASIMPASA, root, twelve_megapixels, words};
use mbs_tests::server::Server;
use mbs_tests::tablet::{Device, Door, New, TabletProcess};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Previews of a request.
const PREVIEWS: usize = 3;
/// Rows of the first page.
const PAGE: u32 = 60;
/// Bytes of a preview and of a photo, incompressible.
const PREVIEW: usize = 12_000;
const PHOTO: usize = 300_000;

/// How many times slower the page's processor is made: this machine's, and about that of a cheap tablet.
const SLOWER: [&str; 2] = ["1", "4"];

/// Measures the tablet's core and its screens.
#[derive(Parser)]
struct Options {
    /// Requests the tablet holds.
    #[arg(long, default_value_t = 5_000)]
    requests: usize,
    /// Photos it holds in full.
    #[arg(long, default_value_t = 300)]
    photos: usize,
    /// Print the figures once more as one line of JSON, last.
    #[arg(long)]
    json: bool,
    /// (internal) Measure in this folder.
    #[arg(long, hide = true)]
    within: Option<PathBuf>,
    /// (internal) What.
    #[arg(long, hide = true, default_value = "")]
    step: String,
}

/// CPU time of this process, all threads, in ms.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0)).as_secs_f64() * 1e3
}

/// CPU and wall time of one of `n` calls, in ms.
fn timed(n: usize, mut call: impl FnMut(usize)) -> Value {
    let (begun, wall) = (cpu(), Instant::now());
    (0..n).for_each(&mut call);
    let each = n.max(1) as f64;
    json!({ "cpu_ms": (cpu() - begun) / each, "wall_ms": wall.elapsed().as_secs_f64() * 1e3 / each })
}

/// Peak resident memory of this process, MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|value| value.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(dir) = &options.within {
        println!("{}", if options.step == "photo" { photo(dir) } else { day(dir) });
        return ExitCode::SUCCESS;
    }
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("no temporary folder: {e}"));
    let tablet = dir.path().join("tablet");
    let begun = Instant::now();
    let server = fill(dir.path(), &tablet, &options);
    eprintln!("» filled in {:.0} s", begun.elapsed().as_secs_f64());
    let mut figures = measured(&tablet, "day");
    figures["photo"] = measured(&tablet, "photo");
    for slower in SLOWER {
        eprintln!("» looking at the screens, {slower} times slower");
        figures["screens"][slower] = screens(&tablet, slower);
    }
    drop(server);
    figures["year_mb"] = json!(year(&dir.path().join("year")));
    let kept = print(&figures);
    if options.json {
        println!("{figures}");
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A tablet with years of work, all of it at a server that runs.
fn fill(dir: &Path, tablet: &Path, options: &Options) -> Server {
    let server = Server::start(&dir.join("server"));
    let device = Device::open(tablet);
    device.enrol(&server.url(), &server.enrol_code(RASIMPASA));
    eprintln!("» filing {} requests", options.requests);
    for (n, words) in words().iter().cycle().take(options.requests).enumerate() {
        device.file(&New::of(words)).unwrap_or_else(|e| panic!("request {n}: {e}"));
    }
    device.settle();
    let rows: Vec<Row> = device.requests();
    drop(device);
    eprintln!("» putting in {} previews and {} photos", options.requests * PREVIEWS, options.photos);
    put_photos(tablet, &rows, options.photos, [PREVIEW, PHOTO]);
    server
}

/// Puts previews, and the first `left` photos in full, into the store directly; `sizes` of both in bytes. A preview is a
/// picture, so that a browser has something to draw, with noise behind it.
fn put_photos(tablet: &Path, rows: &[Row], mut left: usize, sizes: [usize; 2]) {
    let (mut store, _) = Store::open(tablet, &Ports::system(tablet)).unwrap_or_else(|e| panic!("the store: {e}"));
    let mut dice = Dice::new(7);
    let mut noise = |len: usize| {
        let mut bytes = vec![0; len];
        dice.fill(&mut bytes);
        bytes
    };
    let picture = shrink(twelve_megapixels(7), 1).map(|made| made.thumb).unwrap_or_default();
    for some in rows.chunks(100) {
        let written = store.write(|conn| {
            for row in some {
                for _ in 0..PREVIEWS {
                    let hash = BlobHash::from_slice(&noise(BlobHash::LEN)).unwrap_or(BlobHash([0; 32]));
                    let size = sizes[1] as u32;
                    let photo = BlobRef { hash, kind: BlobKind::Photo, size, width: 2048, height: 1536 };
                    blobs::refer(conn, row.id, &photo)?;
                    let mut preview = picture.clone();
                    preview.extend(noise(sizes[0].saturating_sub(picture.len())));
                    blobs::keep_thumb(conn, hash, &preview)?;
                    if left > 0 {
                        left -= 1;
                        blobs::keep(conn, hash, &noise(sizes[1]), &[])?;
                    }
                }
            }
            Ok(())
        });
        written.unwrap_or_else(|e| panic!("previews: {e}"));
    }
    store.settle().unwrap_or_else(|e| panic!("the store: {e}"));
}

/// Megabytes on the disk after a year: 300 requests, each with three photos as large as they may be.
fn year(tablet: &Path) -> f64 {
    let device = Device::open(tablet);
    device.call::<Status>(Call::EnrolPractice).unwrap_or_else(|e| panic!("practice: {e}"));
    for (n, words) in words().iter().cycle().take(300).enumerate() {
        device.file(&New::of(words)).unwrap_or_else(|e| panic!("request {n}: {e}"));
    }
    let rows = device.requests();
    drop(device);
    put_photos(tablet, &rows, usize::MAX, [MAX_THUMB_BYTES as usize, MAX_BYTES as usize]);
    let files = std::fs::read_dir(tablet).unwrap_or_else(|e| panic!("{}: {e}", tablet.display())).flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum::<u64>() as f64 / 1e6
}

/// What a fresh process measures in that folder.
fn measured(tablet: &Path, step: &str) -> Value {
    let me = std::env::current_exe().unwrap_or_else(|e| panic!("this program does not know where it lies: {e}"));
    let out = Command::new(me).arg("--within").arg(tablet).args(["--step", step]).output();
    let out = out.unwrap_or_else(|e| panic!("{step}: {e}"));
    serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|e| panic!("{step}: {e}: {}", String::from_utf8_lossy(&out.stderr)))
}

/// The app is opened, looked at, written in and synced.
fn day(dir: &Path) -> Value {
    let begun = Instant::now();
    let device = Device::open(dir);
    let page = |query: &str| -> Home {
        let call = Call::Home { query: query.to_owned(), list: List::Open, from: 0, most: PAGE };
        device.call(call).unwrap_or_else(|e| panic!("the first page: {e}"))
    };
    let shown = page("").open;
    let start = json!({ "cpu_ms": cpu(), "wall_ms": begun.elapsed().as_secs_f64() * 1e3, "rows": shown });

    let asked = ["çukur", "mazgal tikali", "sokak lambası", "park", "zzz"];
    let search = timed(20, |n| {
        drop(page(asked.get(n % asked.len()).copied().unwrap_or_default()));
    });

    let mut dice = Dice::new(11);
    let mut between = |from: f64, to: f64| from + (to - from) * (dice.below(1_000_000) as f64 / 1e6);
    let points: Vec<Fix> = (0..2_000)
        .map(|_| Fix { lat: between(40.85, 41.35), lon: between(28.4, 29.5), accuracy: 10.0, source: FixSource::Gps })
        .collect();
    let point = timed(points.len(), |n| {
        if let Some(fix) = points.get(n) {
            drop(device.call::<Place>(Call::Locate { fix: *fix }).unwrap_or_else(|e| panic!("point: {e}")));
        }
    });

    let drafts: Vec<Request> =
        (0..50).map(|_| device.call(Call::NewDraft).unwrap_or_else(|e| panic!("draft: {e}"))).collect();
    let text = words().first().map(|w| w.text.clone()).unwrap_or_default();
    let typed = timed(drafts.len(), |n| {
        let Some(draft) = drafts.get(n) else { return };
        let set = Fields { desc: Some(text.clone()), ..Fields::default() };
        drop(device.call::<Request>(Call::SetDraft { id: draft.row.id, set }).unwrap_or_else(|e| panic!("text: {e}")));
    });
    let sent = timed(drafts.len(), |n| {
        let Some(draft) = drafts.get(n) else { return };
        drop(device.call::<Request>(Call::Send { id: draft.row.id }).unwrap_or_else(|e| panic!("send: {e}")));
    });

    let mut line = device.line();
    device.settle_over(line.as_mut());
    let round = timed(20, |_| {
        let mut event = Event::Nudge(Nudge::Connectivity);
        while let Effect::Http(request) = device.tablet.engine().step(device.tablet.now(), event) {
            let ticket = request.ticket;
            event = match line.send(request) {
                Ok(reply) => Event::Reply(ticket, reply),
                Err(_) => Event::Cut(ticket),
            };
        }
    });
    json!({ "start": start, "search": search, "point": point, "typed": typed, "sent": sent, "round": round })
}

/// A photo of twelve megapixels is taken in.
fn photo(dir: &Path) -> Value {
    let device = Device::open(dir);
    let draft: Request = device.call(Call::NewDraft).unwrap_or_else(|e| panic!("draft: {e}"));
    let bytes = twelve_megapixels(0);
    let mut figures = timed(1, |_| {
        drop(device.add_photo(draft.row.id, 1, bytes).unwrap_or_else(|e| panic!("photo: {e}")));
    });
    figures["peak_mib"] = json!(peak_mib());
    figures
}

/// What its screens take in a browser.
fn screens(dir: &Path, slower: &str) -> Value {
    let served = TabletProcess::with_screens(dir);
    let out =
        Command::new("node").args(["tests/screens/speed.mjs", &served.url(), slower]).current_dir(root()).output();
    let out = out.unwrap_or_else(|e| panic!("node: {e}"));
    serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|e| panic!("screens: {e}: {}", String::from_utf8_lossy(&out.stderr)))
}

/// Prints the table; whether every limit is kept.
fn print(figures: &Value) -> bool {
    println!("{:<46} {:>9} {:>9} {:>9}", "", "CPU ms", "wall ms", "limit");
    let rows = [
        ("text kept while it is typed", "typed", "cpu_ms", 10.0),
        ("text saved by `Gönder`", "sent", "cpu_ms", 10.0),
        ("12 MP photo taken in", "photo", "cpu_ms", 400.0),
        ("cold start to the list (wall)", "start", "wall_ms", 800.0),
        ("search", "search", "cpu_ms", 30.0),
        ("point to neighbourhood", "point", "cpu_ms", 0.2),
        ("a sync round with nothing new", "round", "cpu_ms", 5.0),
    ];
    let mut kept = true;
    let number = |of: &Value| of.as_f64().unwrap_or(f64::INFINITY);
    for (name, key, decides, limit) in rows {
        let of = &figures[key];
        let missed = number(&of[decides]) > limit;
        kept &= !missed;
        let (cpu, wall, missed) = (number(&of["cpu_ms"]), number(&of["wall_ms"]), if missed { " missed" } else { "" });
        println!("{name:<46} {cpu:>9.3} {wall:>9.3} {limit:>9}{missed}");
    }
    let screens = &figures["screens"];
    for (name, key, limit) in [
        ("first paint of a warm start", "paint", 600.0),
        ("a key, 95 of 100", "key", 30.0),
        ("a frame while the list is scrolled, 95 of 100", "frame", 34.0),
    ] {
        let [here, slow] = SLOWER.map(|slower| number(&screens[slower][key]));
        let missed = here > limit;
        kept &= !missed;
        let missed = if missed { " missed" } else { "" };
        println!("{name:<46} {:>9} {here:>9.0} {limit:>9}{missed}   ({slow:.0} at a quarter of the speed)", "");
    }
    println!("{:<46} {:>9}", "rows scrolled", screens["1"]["rows"]);
    let year = number(&figures["year_mb"]);
    kept &= year <= 500.0;
    println!("{:<46} {year:>9.0} {:>9} {:>9}", "a year's work on the disk, MB", "", 500);
    let peak = number(&figures["photo"]["peak_mib"]);
    kept &= peak <= 120.0;
    println!("{:<46} {peak:>9.0} {:>9} {:>9}", "memory while a 12 MP photo is taken in, MiB", "", 120);
    kept
}
