//! Who plays: offices, never invented persons; real words of the data set; photos of the fixtures.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a story's world stops at what should not be")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use image::{ImageFormat, Rgb, RgbImage};
use mbs_shared::place::{Fix, FixSource};
use serde::Deserialize;

/// A muhtarlık: its neighbourhood and the office that runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Muhtarlik {
    /// Neighbourhood code.
    pub neighbourhood: &'static str,
    /// The office, where a person's name would stand.
    pub person: &'static str,
}

/// Kadıköy, Anatolian side.
pub const RASIMPASA: Muhtarlik = Muhtarlik { neighbourhood: "kadikoy-rasimpasa", person: "Rasimpaşa Muhtarı" };
/// Its neighbour in Kadıköy.
pub const CAFERAGA: Muhtarlik = Muhtarlik { neighbourhood: "kadikoy-caferaga", person: "Caferağa Muhtarı" };
/// It shares a border with Rasimpaşa.
pub const OSMANAGA: Muhtarlik = Muhtarlik { neighbourhood: "kadikoy-osmanaga", person: "Osmanağa Muhtarı" };
/// Fatih, European side.
pub const BINBIRDIREK: Muhtarlik = Muhtarlik { neighbourhood: "fatih-binbirdirek", person: "Binbirdirek Muhtarı" };

/// A place in Rasimpaşa.
pub const RASIMPASA_PLACE: Fix = Fix { lat: 40.9946, lon: 29.0259, accuracy: 8.0, source: FixSource::Gps };

/// A request of the data set.
#[derive(Debug, Clone, Deserialize)]
pub struct Words {
    /// Its name in the data set.
    pub id: String,
    /// The words.
    pub text: String,
    /// Category code.
    pub category: String,
    /// Neighbourhood it happens in.
    pub neighbourhood_code: String,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Language.
    pub lang: String,
}

impl Words {
    /// Its place, as a map pin.
    #[must_use]
    pub const fn fix(&self) -> Fix {
        Fix { lat: self.lat, lon: self.lon, accuracy: 0.0, source: FixSource::Map }
    }

    /// The beginning of the words, as a first line.
    #[must_use]
    pub fn title(&self) -> String {
        self.text
            .split(['.', ',', ';'])
            .find(|p| p.trim().chars().count() > 12)
            .unwrap_or(&self.text)
            .trim()
            .chars()
            .take(70)
            .collect()
    }
}

/// The repository's folder.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// All Turkish requests of the data set, in its order.
///
/// # Panics
/// When the data set is not where it belongs.
#[must_use]
pub fn words() -> &'static [Words] {
    static WORDS: OnceLock<Vec<Words>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let path = root().join("shared/data/text/requests_synthetic.jsonl");
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{} cannot be read: {e}", path.display()));
        let all = text
            .lines()
            .map(|l| serde_json::from_str::<Words>(l).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        all.filter(|w| w.lang == "tr").collect()
    })
}

/// The `n`-th request of that category, from 0.
///
/// # Panics
/// When there are fewer.
#[must_use]
pub fn words_about(category: &str, n: usize) -> &'static Words {
    words()
        .iter()
        .filter(|w| w.category == category)
        .nth(n)
        .unwrap_or_else(|| panic!("fewer than {} requests about {category}", n + 1))
}

/// A file of the photo fixtures, e.g. `generated/g-12mp.jpg`.
#[must_use]
pub fn fixture(name: &str) -> PathBuf {
    root().join("tests/fixtures/photos").join(name)
}

/// Its bytes.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn fixture_bytes(name: &str) -> Vec<u8> {
    let path = fixture(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{} cannot be read: {e}", path.display()))
}

/// A photo of 12 megapixels: 0 is the fixture (with its position), 1 and 2 are mirrored ones of the same size.
///
/// # Panics
/// When the fixture is not there.
#[must_use]
pub fn twelve_megapixels(n: usize) -> &'static [u8] {
    static PHOTOS: [OnceLock<Vec<u8>>; 3] = [const { OnceLock::new() }; 3];
    let n = n % PHOTOS.len();
    PHOTOS[n].get_or_init(|| {
        let original = fixture_bytes("generated/g-12mp.jpg");
        if n == 0 {
            return original;
        }
        let picture = image::load_from_memory(&original).unwrap_or_else(|e| panic!("g-12mp.jpg: {e}"));
        let mirrored = if n == 1 { picture.fliph() } else { picture.flipv() };
        let mut out = std::io::Cursor::new(Vec::new());
        mirrored
            .write_to(&mut out, ImageFormat::Jpeg)
            .unwrap_or_else(|e| panic!("a JPEG cannot be written into memory: {e}"));
        out.into_inner()
    })
}

/// Small numbers that come again from the same seed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub const fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.next() % n }
    }

    /// Fills with random bytes.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            chunk.iter_mut().zip(bytes).for_each(|(o, b)| *o = b);
        }
    }
}

/// A photo that no one has taken before, of about `kilobytes` (1 to 300) as JPEG: noise over a slope.
///
/// # Panics
/// Never: writing into memory.
#[must_use]
pub fn new_photo(seed: u64, kilobytes: u32) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    // JPEG at quality 75 keeps about 0.6 bytes of a noisy pixel.
    let width = (f64::from(kilobytes) * 1024.0 / 0.62 / 0.75).sqrt();
    let (width, height) = (width as u32, (width * 0.75) as u32);
    let picture = RgbImage::from_fn(width.max(8), height.max(8), |x, y| {
        let grain = dice.next();
        let slope = ((x + y) * 96 / (width + height).max(1)) as u8;
        Rgb([slope + (grain & 0x7f) as u8, slope + (grain >> 8 & 0x7f) as u8, slope + (grain >> 16 & 0x3f) as u8])
    });
    let mut out = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut out, ImageFormat::Jpeg)
        .unwrap_or_else(|e| panic!("a JPEG cannot be written into memory: {e}"));
    out.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_set_is_there() {
        assert!(words().len() > 2_400);
        assert!(!words_about("yol.cukur", 0).text.is_empty());
    }

    #[test]
    fn new_photos_are_new_and_of_the_wanted_size() {
        let (a, b) = (new_photo(1, 60), new_photo(2, 60));
        assert_ne!(a, b);
        assert_eq!(a, new_photo(1, 60));
        assert!((40_000..90_000).contains(&a.len()), "{}", a.len());
    }
}
