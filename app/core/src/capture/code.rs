//! QR codes in a photo: an enrolment, a receipt. Reading one needs no network and no camera service of the system.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rqrr::PreparedImage;

use super::photo::grey;

/// Longest edge that is looked at, in pixels: a code that fills a third of a photo has four pixels a module then.
const EDGE: u32 = 1_280;

/// The text of the first code in a photo that can be read whole; `None`: there is none, or it is no photo.
#[must_use]
pub fn read(photo: &[u8]) -> Option<String> {
    let look = || {
        let image = grey(photo, EDGE).ok()?;
        let (width, height) = (image.width() as usize, image.height() as usize);
        let pixel = |x: usize, y: usize| image.as_raw().get(y * width + x).copied().unwrap_or(u8::MAX);
        let mut prepared = PreparedImage::prepare_from_greyscale(width, height, pixel);
        prepared.detect_grids().iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
    };
    // What is looked at comes from anywhere.
    catch_unwind(AssertUnwindSafe(look)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fast_qr::QRBuilder;
    use jpeg_encoder::{ColorType, Encoder};

    /// A photo of a code: a sheet on a darker table.
    fn photo(text: &str, module: usize) -> Vec<u8> {
        let code = QRBuilder::new(text).build().unwrap();
        let (size, edge) = (code.size, (code.size + 16) * module);
        let mut grey = vec![120_u8; edge * edge];
        for y in 4 * module..edge - 4 * module {
            for x in 4 * module..edge - 4 * module {
                let at = |n: usize| (n / module).checked_sub(8).filter(|n| *n < size);
                let dark = at(y).zip(at(x)).is_some_and(|(row, column)| code[row][column].value());
                grey[y * edge + x] = if dark { 35 } else { 225 };
            }
        }
        let mut out = Vec::new();
        let side = u16::try_from(edge).unwrap();
        Encoder::new(&mut out, 60).encode(&grey, side, side, ColorType::Luma).unwrap();
        out
    }

    #[test]
    fn what_the_desk_prints_is_read_from_a_photo() {
        for module in [3, 6, 14] {
            let text = "https://mbs.belediye.example#ABCD-1234";
            assert_eq!(read(&photo(text, module)).as_deref(), Some(text), "{module} pixels a module");
        }
    }

    #[test]
    fn a_photo_without_a_code_and_no_photo_are_none() {
        assert_eq!(read(include_bytes!("../../../../tests/fixtures/photos/generated/g-noexif.jpg")), None);
        assert_eq!(read(b"no photo"), None);
    }
}
