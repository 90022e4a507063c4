//! A photo: hostile bytes in, a small upright JPEG and its preview out.
//!
//! Never more than [`MEMORY`] at once. What a file would take is worked out from its header before it
//! is decoded; the decoders run with limits of their own, and inside `catch_unwind`.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, Limits, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use mbs_shared::blob::{MAX_BYTES, MAX_EDGE, MAX_THUMB_BYTES, THUMB_EDGE};

use super::header::{self, Format};
use crate::door::Area;
use crate::error::{Code, Result, fail};

/// Largest original, in bytes.
pub const MAX_ORIGINAL: usize = 24 * 1024 * 1024;
/// Most memory for one photo at any moment, original included, in bytes: with the app around it 120 MiB.
pub const MEMORY: u64 = 94 * 1024 * 1024;
/// Longest edge of an original, in pixels.
const MAX_ORIGINAL_EDGE: u32 = 20_000;
/// Most scans of a JPEG: cameras write about ten, bombs thousands.
const MAX_SCANS: usize = 64;
/// Result, buffers of the resizer, and what the encoder needs, in bytes.
const WORKSPACE: u64 = 30 * 1024 * 1024;
/// Bytes aimed at: 400 KB, which is less than the 400 KiB that travel at most.
const AIM: usize = 400_000;
const _: () = assert!(AIM <= MAX_BYTES as usize);

/// A photo as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// JPEG, upright, at most 2,048 pixels and 400 KB, without any metadata.
    pub bytes: Vec<u8>,
    /// JPEG preview, at most 320 pixels and 24 KiB.
    pub thumb: Vec<u8>,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

/// Decodes, shrinks, turns upright (`orientation` as EXIF has it, 1 to 8) and encodes anew.
///
/// # Errors
/// [`Code::PhotoTooLarge`], [`Code::PhotoHeic`] or [`Code::PhotoUnreadable`].
pub fn shrink(original: &[u8], orientation: u8) -> Result<Shrunk> {
    if original.len() > MAX_ORIGINAL {
        return Err(fail(Code::PhotoTooLarge, format!("{} bytes", original.len())));
    }
    catch_unwind(AssertUnwindSafe(|| {
        let decoded = decode(original)?;
        let mut image = fit(decoded, MAX_EDGE)?;
        if let Some(turn) = Orientation::from_exif(orientation).filter(|o| *o != Orientation::NoTransforms) {
            let mut turned = DynamicImage::ImageRgb8(image);
            turned.apply_orientation(turn);
            image = turned.into_rgb8();
        }
        as_it_travels(image)
    }))
    .unwrap_or_else(|_| Err(fail(Code::PhotoUnreadable, "the decoder panicked")))
}

/// Covers areas of a photo that [`shrink`] made: a face, a number plate. What was there is gone, in the preview too.
///
/// # Errors
/// [`Code::PhotoUnreadable`].
pub fn cover(photo: &[u8], areas: &[Area]) -> Result<Shrunk> {
    catch_unwind(AssertUnwindSafe(|| {
        let mut image = decode(photo)?;
        let (width, height) = image.dimensions();
        for area in areas {
            let (across, down) = (span(area.x, area.width, width), span(area.y, area.height, height));
            for y in down {
                for x in across.clone() {
                    image.put_pixel(x, y, COVER);
                }
            }
        }
        as_it_travels(image)
    }))
    .unwrap_or_else(|_| Err(fail(Code::PhotoUnreadable, "the decoder panicked")))
}

/// A photo in grey, its longest edge at most `edge` pixels.
pub(super) fn grey(photo: &[u8], edge: u32) -> Result<image::GrayImage> {
    Ok(DynamicImage::ImageRgb8(fit(decode(photo)?, edge)?).into_luma8())
}

/// What covers: a dark grey that nobody takes for a part of the picture.
const COVER: image::Rgb<u8> = image::Rgb([38, 38, 38]);

/// The pixels of an edge that a span in thousandths reaches into, begun ones too.
fn span(from: u16, len: u16, pixels: u32) -> std::ops::Range<u32> {
    let at = |thousandths: u32| u64::from(thousandths) * u64::from(pixels);
    let begin = at(u32::from(from)) / 1_000;
    let end = at(u32::from(from) + u32::from(len)).div_ceil(1_000).min(u64::from(pixels));
    let edge = |n: u64| u32::try_from(n).unwrap_or(pixels);
    edge(begin)..edge(end)
}

/// The preview of a photo that was shrunk elsewhere.
///
/// # Errors
/// [`Code::PhotoUnreadable`], [`Code::PhotoTooLarge`].
pub fn preview(photo: &[u8]) -> Result<Vec<u8>> {
    catch_unwind(AssertUnwindSafe(|| thumb(&decode(photo)?)))
        .unwrap_or_else(|_| Err(fail(Code::PhotoUnreadable, "the decoder panicked")))
}

fn thumb(image: &RgbImage) -> Result<Vec<u8>> {
    Ok(encode(scaled(image, THUMB_EDGE)?, MAX_THUMB_BYTES as usize, &[72, 60, 45, 30])?.0)
}

/// Preview and full size.
fn as_it_travels(image: RgbImage) -> Result<Shrunk> {
    let thumb = thumb(&image)?;
    let (bytes, width, height) = encode(image, AIM, &[82, 74, 65, 55, 45])?;
    Ok(Shrunk { bytes, thumb, width, height })
}

fn unreadable(error: &dyn std::fmt::Display) -> crate::door::CallError {
    fail(Code::PhotoUnreadable, error.to_string())
}

/// The picture with three bytes a pixel.
fn decode(original: &[u8]) -> Result<RgbImage> {
    let input = Cursor::new(original);
    match header::format(original) {
        Format::Jpeg => {
            let outline = header::jpeg(original).ok_or_else(|| unreadable(&"no JPEG"))?;
            let pixels = u64::from(outline.width) * u64::from(outline.height);
            if outline.scans > MAX_SCANS {
                return Err(unreadable(&format!("{} scans", outline.scans)));
            }
            // Each coefficient takes two bytes; the decoder keeps a copy of the file.
            let whole = afford(original, pixels * 3 + outline.coefficients * 2 + original.len() as u64)
                .and_then(|()| afford(original, pixels * 3 + WORKSPACE));
            if let Err(too_large) = whole {
                return if outline.coefficients == 0 { reduced(original, &outline) } else { Err(too_large) };
            }
            picture(original, JpegDecoder::new(input).map_err(|e| unreadable(&e))?)
        }
        Format::Png => {
            let mut limits = Limits::default();
            limits.max_alloc = Some(MEMORY - WORKSPACE);
            picture(original, PngDecoder::with_limits(input, limits).map_err(|e| unreadable(&e))?)
        }
        Format::Webp => {
            let decoder = WebPDecoder::new(input).map_err(|e| unreadable(&e))?;
            // Its frame is held beside the result.
            afford(original, decoder.total_bytes().saturating_mul(2))?;
            picture(original, decoder)
        }
        Format::Heic => Err(fail(Code::PhotoHeic, "HEIC")),
        Format::Other => Err(unreadable(&"no photo")),
    }
}

/// A large baseline JPEG, decoded at a half, a quarter or an eighth: its blocks are made smaller as they come, and the whole
/// is never there. A progressive one cannot be: all its coefficients come before the first block is known.
fn reduced(original: &[u8], outline: &header::Jpeg<'_>) -> Result<RgbImage> {
    let (width, height) = (outline.width, outline.height);
    if u32::from(width.max(height)) > MAX_ORIGINAL_EDGE {
        return Err(fail(Code::PhotoTooLarge, format!("{width}×{height}")));
    }
    let pixels = u64::from(width) * u64::from(height);
    // Planes as they are coded, and the picture made of them.
    let need = |part: u64| pixels / (part * part) * 6 + WORKSPACE;
    let part = [2, 4, 8].into_iter().find(|part| afford(original, need(u64::from(*part))).is_ok());
    let part = part.ok_or_else(|| fail(Code::PhotoTooLarge, format!("{width}×{height}")))?;
    let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(original));
    let (width, height) = decoder.scale(width / part, height / part).map_err(|e| unreadable(&e))?;
    let pixels = decoder.decode().map_err(|e| unreadable(&e))?;
    let (width, height) = (u32::from(width), u32::from(height));
    let wrong = || unreadable(&"decoded wrongly");
    match decoder.info().map(|info| info.pixel_format) {
        Some(jpeg_decoder::PixelFormat::RGB24) => RgbImage::from_raw(width, height, pixels).ok_or_else(wrong),
        Some(jpeg_decoder::PixelFormat::L8) => {
            let grey = image::GrayImage::from_raw(width, height, pixels).ok_or_else(wrong)?;
            Ok(DynamicImage::ImageLuma8(grey).into_rgb8())
        }
        // No camera writes them.
        _ => Err(fail(Code::PhotoTooLarge, "other colours")),
    }
}

/// Refuses what would take too much memory, before it is taken.
fn afford(original: &[u8], decoding: u64) -> Result<()> {
    let need = (original.len() as u64).saturating_add(decoding);
    // The workspace is needed after decoding, when what the decoder held is free again; the pixels remain.
    if need > MEMORY {
        return Err(fail(Code::PhotoTooLarge, format!("would take {need} bytes")));
    }
    Ok(())
}

fn picture(original: &[u8], mut decoder: impl ImageDecoder) -> Result<RgbImage> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width == 0 || height == 0 {
        return Err(unreadable(&"no pixels"));
    }
    if width > MAX_ORIGINAL_EDGE || height > MAX_ORIGINAL_EDGE {
        return Err(fail(Code::PhotoTooLarge, format!("{width}×{height}")));
    }
    let rgb = decoder.color_type() == image::ColorType::Rgb8;
    afford(original, decoder.total_bytes() + if rgb { WORKSPACE } else { pixels * 3 + WORKSPACE / 3 })?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_ORIGINAL_EDGE);
    limits.max_image_height = Some(MAX_ORIGINAL_EDGE);
    limits.max_alloc = Some(MEMORY);
    decoder.set_limits(limits).map_err(|e| unreadable(&e))?;
    let image = DynamicImage::from_decoder(decoder).map_err(|e| unreadable(&e))?;
    Ok(if image.color().has_alpha() { on_white(&image.into_rgba8()) } else { image.into_rgb8() })
}

/// Transparent parts become white, as on paper.
fn on_white(image: &image::RgbaImage) -> RgbImage {
    let mut out = RgbImage::new(image.width(), image.height());
    for (to, from) in out.pixels_mut().zip(image.pixels()) {
        let [r, g, b, a] = from.0.map(u32::from);
        let blend = |c: u32| u8::try_from((c * a + 255 * (255 - a)) / 255).unwrap_or(255);
        to.0 = [blend(r), blend(g), blend(b)];
    }
    out
}

/// The size with the longest edge at most `edge`.
fn size_within(width: u32, height: u32, edge: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= edge {
        return (width, height);
    }
    let scale = |n: u32| {
        let scaled = (u64::from(n) * u64::from(edge) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(edge).clamp(1, edge)
    };
    (scale(width), scale(height))
}

fn fit(image: RgbImage, edge: u32) -> Result<RgbImage> {
    if size_within(image.width(), image.height(), edge) == image.dimensions() {
        Ok(image)
    } else {
        scaled(&image, edge)
    }
}

fn scaled(image: &RgbImage, edge: u32) -> Result<RgbImage> {
    let (width, height) = size_within(image.width(), image.height(), edge);
    let from =
        ImageRef::new(image.width(), image.height(), image.as_raw(), PixelType::U8x3).map_err(|e| unreadable(&e))?;
    let mut to = Image::new(width, height, PixelType::U8x3);
    let how = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Hamming));
    Resizer::new().resize(&from, &mut to, &how).map_err(|e| unreadable(&e))?;
    RgbImage::from_raw(width, height, to.into_vec()).ok_or_else(|| unreadable(&"resized wrongly"))
}

/// Encodes to at most `aim` bytes: a lower quality first, then a smaller picture.
fn encode(mut image: RgbImage, aim: usize, qualities: &[u8]) -> Result<(Vec<u8>, u16, u16)> {
    loop {
        let side = |n: u32| u16::try_from(n).map_err(|e| unreadable(&e));
        let (width, height) = (side(image.width())?, side(image.height())?);
        let mut skip = 0;
        while let Some(quality) = qualities.get(skip) {
            let mut out = Vec::with_capacity(aim);
            let mut encoder = Encoder::new(&mut out, *quality);
            encoder.set_sampling_factor(SamplingFactor::F_2_2);
            encoder.encode(image.as_raw(), width, height, ColorType::Rgb).map_err(|e| unreadable(&e))?;
            if out.len() <= aim {
                return Ok((out, width, height));
            }
            // A step saves about a fifth: what is far above need not try each of them.
            skip += if out.len() > aim * 2 {
                3
            } else if out.len() > aim * 14 / 10 {
                2
            } else {
                1
            };
        }
        let edge = image.width().max(image.height()) * 3 / 4;
        if edge < 32 {
            return Err(unreadable(&"cannot be made small enough"));
        }
        image = scaled(&image, edge)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_edge_decides() {
        assert_eq!(size_within(4000, 3000, 2048), (2048, 1536));
        assert_eq!(size_within(3000, 4000, 2048), (1536, 2048));
        assert_eq!(size_within(20_000, 3, 2048), (2048, 1));
        assert_eq!(size_within(640, 480, 2048), (640, 480));
    }

    #[test]
    fn what_is_covered_is_gone_and_the_rest_stays() {
        let stripes = RgbImage::from_fn(400, 300, |x, _| image::Rgb([if x % 2 == 0 { 255 } else { 0 }; 3]));
        let photo = as_it_travels(stripes).unwrap();
        let area = Area { x: 250, y: 500, width: 251, height: 500 };
        let covered = cover(&photo.bytes, &[area]).unwrap();
        assert_eq!((covered.width, covered.height), (400, 300));
        let spread = |bytes: &[u8], x: u32, y: u32| {
            let image = decode(bytes).unwrap();
            let part = image::imageops::crop_imm(&image, x, y, 60, 60).to_image();
            let (low, high) = part.pixels().fold((255, 0), |(l, h), p| (l.min(p.0[0]), h.max(p.0[0])));
            high - low
        };
        assert!(spread(&covered.bytes, 120, 180) < 12, "nothing shows through");
        assert!(spread(&covered.bytes, 120, 40) > 60, "above it");
        assert!(spread(&covered.bytes, 260, 180) > 60, "beside it");
    }

    #[test]
    fn a_span_reaches_no_further_than_the_edge() {
        assert_eq!((span(0, 1_000, 7), span(999, 1, 7), span(500, 500, 2048)), (0..7, 6..7, 1024..2048));
        assert_eq!((span(1_000, 0, 7).count(), span(900, 900, 10)), (0, 9..10));
    }

    #[test]
    fn noise_too_is_made_to_fit() {
        let mut x = 1_u32;
        let noise = RgbImage::from_fn(2048, 1536, |_, _| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [a, b, c, _] = x.to_be_bytes();
            image::Rgb([a, b, c])
        });
        let (bytes, width, _) = encode(noise, AIM, &[82, 74, 65, 55, 45]).unwrap();
        assert!(bytes.len() <= AIM && width >= 600, "{} bytes, {width} px", bytes.len());
    }
}
