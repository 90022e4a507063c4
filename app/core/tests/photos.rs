//! Every fixture gives what its manifest expects.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on stops here"
)]

use std::path::PathBuf;

use mbs_shared::blob::{MAX_BYTES, MAX_EDGE, MAX_THUMB_BYTES, THUMB_EDGE};
use mbs_shared::place::Found;
use mbs_tablet::capture::{facts, photo, place};
use mbs_tablet::door::view::Place;
use mbs_tablet::error::Code;
use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    count: usize,
    files: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    sha256: String,
    kind: String,
    #[serde(default)]
    gps: Option<Gps>,
    #[serde(default)]
    expected_neighbourhood: Option<String>,
    expect: String,
}

#[derive(Deserialize)]
struct Gps {
    lat: f64,
    lon: f64,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/photos")
}

fn manifest() -> Manifest {
    serde_json::from_slice(&std::fs::read(folder().join("manifest.json")).unwrap()).unwrap()
}

/// What the manifest's sentence asks for, as far as it is about the photo itself.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Want {
    /// It becomes a photo.
    Photo,
    /// It is refused with a plain code.
    Refused,
    /// Either, but nothing crashes.
    Either,
}

fn want(entry: &Entry) -> Want {
    let name = entry.file.rsplit('/').next().unwrap();
    if name.ends_with(".heic") || name.ends_with(".heif") {
        return Want::Refused;
    }
    match entry.kind.as_str() {
        "valid" | "real" | "bad-gps" | "bad-date" => Want::Photo,
        _ => match name {
            // "valid JPEG", "ignore the bomb in the metadata", "ignore the broken ICC".
            "g-polyglot-html-comment.jpg" | "g-polyglot-zip.jpg" | "g-png-ztxt-bomb.png" | "g-icc-garbage.jpg" => {
                Want::Photo
            }
            // "refuse or rescue", "does not hang", "does not crash", "the name is ours anyway".
            "g-truncated-half.jpg"
            | "g-jpeg-bitflip.jpg"
            | "g-exif-ifd-loop.jpg"
            | "g-exif-huge-count.jpg"
            | "g-double-ext.jpg.php" => Want::Either,
            _ => Want::Refused,
        },
    }
}

#[test]
fn every_file_is_here_and_unchanged() {
    let manifest = manifest();
    assert_eq!(manifest.files.len(), manifest.count);
    for entry in &manifest.files {
        let bytes = std::fs::read(folder().join(&entry.file)).unwrap();
        assert_eq!(mbs_shared::blob::name_of(&bytes).to_string(), entry.sha256, "{}", entry.file);
    }
}

#[test]
fn every_file_does_what_its_manifest_expects() {
    let mut wrong = Vec::new();
    for entry in &manifest().files {
        let bytes = std::fs::read(folder().join(&entry.file)).unwrap();
        let facts = facts::facts(&bytes);
        let made = photo::shrink(&bytes, facts.orientation);
        let mut complain = |what: String| wrong.push(format!("{}: {what} ({})", entry.file, entry.expect));
        match (&made, want(entry)) {
            (Ok(_), Want::Refused) => complain("accepted".into()),
            (Err(e), Want::Photo) => complain(format!("refused: {e}")),
            (Err(e), _) if !matches!(e.code, Code::PhotoUnreadable | Code::PhotoTooLarge | Code::PhotoHeic) => {
                complain(format!("wrong code: {e}"));
            }
            _ => {}
        }
        if let Some(gps) = &entry.gps {
            match facts.fix {
                Some(fix) if (fix.lat - gps.lat).abs() < 1e-3 && (fix.lon - gps.lon).abs() < 1e-3 => {}
                other => complain(format!("position {other:?}")),
            }
        }
        if let Ok(p) = &made {
            let longest = u32::from(p.width.max(p.height));
            if longest > MAX_EDGE || p.bytes.len() > 400_000 || p.bytes.len() > MAX_BYTES as usize {
                complain(format!("{longest} px, {} bytes", p.bytes.len()));
            }
            let thumb = image::load_from_memory(&p.thumb).unwrap();
            if thumb.width().max(thumb.height()) > THUMB_EDGE || p.thumb.len() > MAX_THUMB_BYTES as usize {
                complain(format!("preview {}×{}, {} bytes", thumb.width(), thumb.height(), p.thumb.len()));
            }
            for part in [&p.bytes, &p.thumb] {
                let segments = segments(part);
                if segments.iter().any(|m| (0xe1..=0xef).contains(m) || *m == 0xfe) {
                    complain(format!("metadata left: {segments:x?}"));
                }
                if part.get(part.len() - 2..) != Some(&[0xff, 0xd9]) {
                    complain("something follows the picture".into());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The most memory that a photo may take while it is taken in, the app included, in KiB.
const MOST: u64 = 120 * 1024;
/// Names the photo that this process is to take in.
const ONE: &str = "MBS_ONE_PHOTO";

/// A photo is taken in by a tablet, as its screen hands it over; what came of it, and the process's peak in KiB.
fn taken_in(file: &std::ffi::OsStr) -> String {
    use base64::Engine as _;
    use mbs_tablet::door::{Call, view};
    let dir = tempfile::tempdir().unwrap();
    let tablet = mbs_tablet::Tablet::open(dir.path(), mbs_tablet::ports::Ports::system(dir.path())).unwrap();
    let call = |call| tablet.call(call);
    call(Call::EnrolPractice).unwrap();
    let draft: view::Request = serde_json::from_value(call(Call::NewDraft).unwrap()).unwrap();
    let mut photo = std::fs::File::open(file).unwrap();
    let total = u32::try_from(photo.metadata().unwrap().len()).unwrap();
    let (mut offset, mut slice) = (0, vec![0; 256 * 1024]);
    let came = loop {
        let read = u32::try_from(std::io::Read::read(&mut photo, &mut slice).unwrap()).unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(&slice[..read as usize]);
        match call(Call::AddPhoto { id: draft.row.id, upload: 1, offset, total, data }) {
            Ok(step) if step["step"] == "done" => break "done".to_owned(),
            Ok(_) => {}
            Err(error) => break format!("{:?}", error.code),
        }
        offset += read;
        assert!(read > 0 && offset < total, "it wants more than there is");
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    format!("{came} {}", peak.split_whitespace().next().unwrap())
}

/// A JPEG of that many pixels with more detail than photos have.
fn large(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let mut x = 1_u32;
    let noise: Vec<u8> = (0..(usize::from(width) + 4_096) * 3)
        .map(|n| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::try_from(n / 290 % 192).unwrap() + x.to_be_bytes()[0] / 16
        })
        .collect();
    let row = |y: u16| &noise[usize::from(y) * 37 % 4_096 * 3..][..usize::from(width) * 3];
    let colours: Vec<u8> = (0..height).map(row).collect::<Vec<_>>().concat();
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 60);
    encoder.set_progressive(progressive);
    // As cameras have it: colours at half the size.
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.encode(&colours, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    out
}

/// The promise is about the worst of them, each in a process of its own: what one leaves behind is not the next one's.
#[test]
fn every_photo_is_taken_in_within_120_mib() {
    if let Some(file) = std::env::var_os(ONE) {
        println!("\ntaken in: {}", taken_in(&file));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut files: Vec<(PathBuf, Option<&str>)> =
        manifest().files.iter().map(|entry| (folder().join(&entry.file), None)).collect();
    // What phones make at their largest, and what no longer fits.
    for (name, width, height, progressive, came) in [
        ("24-mp", 5_656, 4_242, false, "done"),
        ("50-mp", 8_160, 6_120, false, "done"),
        ("108-mp", 12_000, 9_000, false, "done"),
        ("16-mp-progressive", 4_608, 3_456, true, "done"),
        ("50-mp-progressive", 8_160, 6_120, true, "PhotoTooLarge"),
    ] {
        let file = dir.path().join(name);
        std::fs::write(&file, large(width, height, progressive)).unwrap();
        files.push((file, Some(came)));
    }
    let measured = |(file, wanted): &(PathBuf, Option<&str>)| {
        let me = std::env::current_exe().unwrap();
        let test = ["--exact", "every_photo_is_taken_in_within_120_mib", "--nocapture"];
        let out = std::process::Command::new(me).args(test).env(ONE, file).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        let line = said.lines().find_map(|line| line.strip_prefix("taken in: "));
        let (came, peak) = line.unwrap_or_else(|| panic!("{file:?}: {said}")).split_once(' ').unwrap();
        assert!(wanted.is_none_or(|wanted| wanted == came), "{}: {came}", file.display());
        println!("{:>7} KiB {came:>16} {}", peak, file.display());
        peak.parse::<u64>().unwrap()
    };
    let (half, other) = files.split_at(files.len() / 2);
    let [half, other] = std::thread::scope(|scope| {
        let halves = [half, other].map(|files| scope.spawn(|| files.iter().map(measured).max().unwrap()));
        halves.map(|half| half.join().unwrap())
    });
    assert!(half.max(other) <= MOST, "{} MiB", half.max(other) / 1024);
}

/// Markers before the picture.
fn segments(jpeg: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = jpeg.get(at..at + 4) {
        out.push(marker);
        if marker == 0xda {
            break;
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    out
}

#[test]
fn each_orientation_ends_upright() {
    for n in 1..=8 {
        let bytes = std::fs::read(folder().join(format!("generated/g-ori-{n}.jpg"))).unwrap();
        let facts = facts::facts(&bytes);
        assert_eq!(facts.orientation, n);
        let made = photo::shrink(&bytes, facts.orientation).unwrap();
        assert_eq!((made.width, made.height), (640, 480), "{n}");
        let picture = image::load_from_memory(&made.bytes).unwrap().to_rgb8();
        // The red triangle is in the upper half.
        let red = |p: &image::Rgb<u8>| p.0[0] > 180 && p.0[1] < 80 && p.0[2] < 80;
        let (mut upper, mut lower) = (0, 0);
        for (_, y, p) in picture.enumerate_pixels() {
            if red(p) {
                if y < 240 { upper += 1 } else { lower += 1 }
            }
        }
        assert!(upper > 10 * lower.max(10), "{n}: {upper} red above, {lower} below");
    }
}

fn fix_of(name: &str) -> Option<mbs_shared::place::Fix> {
    facts::facts(&std::fs::read(folder().join("generated").join(name)).unwrap()).fix
}

#[test]
fn positions_that_cannot_be_trusted_are_left_out() {
    for name in [
        "g-gps-zero-zero.jpg",
        "g-gps-out-of-range.jpg",
        "g-gps-zero-denominator.jpg",
        "g-gps-no-ref.jpg",
        "g-noexif.jpg",
        "g-gray.jpg",
    ] {
        assert_eq!(fix_of(name), None, "{name}");
    }
    let decimal = fix_of("g-gps-decimal-degrees.jpg").unwrap();
    assert!((decimal.lat - 41.0).abs() < 0.2 && (decimal.lon - 29.0).abs() < 0.3, "{decimal:?}");
}

fn place_of(name: &str) -> Place {
    let directory = mbs_shared::istanbul::directory();
    place::locate(mbs_shared::istanbul::borders(), directory, &fix_of(name).unwrap(), "kadikoy-caferaga")
}

#[test]
fn positions_outside_are_said_to_be_outside() {
    for name in ["g-gps-swapped.jpg", "g-gps-ankara.jpg", "g-gps-south-west.jpg"] {
        let place = place_of(name);
        assert_eq!((place.neighbourhood, place.district_name, place.nearest_name), (None, None, None), "{name}");
    }
    let sea = place_of("g-gps-sea.jpg");
    assert_eq!(sea.neighbourhood, None);
    assert!(sea.nearest_name.is_some(), "the nearest one is offered at sea");
}

#[test]
fn positions_inside_find_their_neighbourhood() {
    for entry in manifest().files {
        if let Some(expected) = entry.expected_neighbourhood {
            let fix = facts::facts(&std::fs::read(folder().join(&entry.file)).unwrap()).fix.unwrap();
            match mbs_shared::istanbul::borders().locate(fix.lat, fix.lon) {
                Found::Neighbourhood { neighbourhood, .. } => assert_eq!(neighbourhood, expected, "{}", entry.file),
                other => panic!("{}: {other:?}", entry.file),
            }
        }
    }
    assert!(place_of("g-ist-02.jpg").own);
}

#[test]
fn times_are_read_and_garbage_is_not() {
    let taken = |name: &str| facts::facts(&std::fs::read(folder().join(name)).unwrap()).taken;
    assert_eq!(taken("generated/g-date-garbage.jpg"), None);
    assert!(taken("generated/g-date-future.jpg").is_some(), "a claim is kept as a claim; the server's clock decides");
    assert!(taken("real/iphone11-heic-gps.heic").is_some());
    assert!(taken("real/nokia-heif-gps.heif").is_some());
}

#[test]
fn a_foreign_embedded_preview_does_not_survive() {
    let bytes = std::fs::read(folder().join("generated/g-thumb-mismatch.jpg")).unwrap();
    let made = photo::shrink(&bytes, 1).unwrap();
    let big = image::load_from_memory(&made.bytes).unwrap().thumbnail(16, 16).to_rgb8();
    let small = image::load_from_memory(&made.thumb).unwrap().thumbnail(16, 16).to_rgb8();
    let apart: u32 = big.as_raw().iter().zip(small.as_raw()).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    assert!(apart / u32::try_from(big.as_raw().len()).unwrap() < 12, "the preview shows another scene");
}

#[test]
fn colours_survive_cmyk() {
    let bytes = std::fs::read(folder().join("generated/g-cmyk.jpg")).unwrap();
    let made = photo::shrink(&bytes, 1).unwrap();
    let picture = image::load_from_memory(&made.bytes).unwrap();
    assert_eq!(picture.color(), image::ColorType::Rgb8);
    let mean: u64 =
        picture.to_rgb8().as_raw().iter().map(|b| u64::from(*b)).sum::<u64>() / picture.to_rgb8().as_raw().len() as u64;
    assert!((60..230).contains(&mean), "inverted or black: {mean}");
}
