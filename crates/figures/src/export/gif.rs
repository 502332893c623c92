//! Animations as GIF: one palette for all frames, and of each frame only what changed.

use std::{borrow::Cow, collections::BTreeMap};

use ::gif::{DisposalMethod, Encoder, Frame as GifFrame, Repeat};
use color_quant::NeuQuant;

use super::render;
use crate::{Error, Result, plot::Frame};

type Rgb = [u8; 3];

/// The palette's last place stands for “as in the frame before”.
const UNCHANGED: u8 = 255;

/// So many of the commonest colours are kept exactly; the other places of the palette share the rest, which
/// are the soft edges of shapes.
const KEPT_COLOURS: usize = 127;

pub(super) fn encode(frames: &[Frame]) -> Result<Vec<u8>> {
    let images = frames.iter().map(|frame| Image::of(&frame.svg)).collect::<Result<Vec<_>, _>>()?;
    let palette = Palette::of(&images);
    let Some(Image { width, height, .. }) = images.first() else { return Ok(Vec::new()) };
    if images.iter().any(|image| (image.width, image.height) != (*width, *height)) {
        return Err(Error::Figure { reason: "a gif needs frames of one size".to_owned() });
    }

    let failed = |error: ::gif::EncodingError| Error::Figure { reason: format!("no gif: {error}") };
    let mut bytes = Vec::new();
    let mut encoder =
        Encoder::new(&mut bytes, *width, *height, palette.colours.as_flattened()).map_err(failed)?;
    encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
    let mut shown: Option<Vec<u8>> = None;
    for (image, frame) in images.iter().zip(frames) {
        let indices = palette.indices(image);
        let mut change = match &shown {
            None => Change::whole(*width, *height, &indices),
            Some(before) => Change::between(*width, before, &indices),
        };
        change.delay = (frame.seconds * 100.0).round() as u16;
        encoder.write_frame(&change).map_err(failed)?;
        shown = Some(indices);
    }
    drop(encoder);
    Ok(bytes)
}

struct Image {
    width: u16,
    height: u16,
    pixels: Vec<Rgb>,
}

impl Image {
    fn of(svg: &str) -> Result<Image> {
        let pixmap = render::pixels(svg, 1.0)?;
        let side = |pixels: u32| {
            u16::try_from(pixels)
                .map_err(|_| Error::Figure { reason: format!("{pixels} pixels are too many for a gif") })
        };
        // The paper is opaque, so every pixel is.
        let pixels = pixmap.pixels().iter().map(|p| [p.red(), p.green(), p.blue()]).collect();
        Ok(Image { width: side(pixmap.width())?, height: side(pixmap.height())?, pixels })
    }
}

struct Palette {
    colours: Vec<Rgb>,
    index: BTreeMap<Rgb, u8>,
}

impl Palette {
    fn of(images: &[Image]) -> Palette {
        let mut counts: BTreeMap<Rgb, usize> = BTreeMap::new();
        // Most neighbours are equal, so counting runs spares most searches.
        for run in images.iter().flat_map(|image| image.pixels.chunk_by(|a, b| a == b)) {
            *counts.entry(run[0]).or_default() += run.len();
        }
        let mut by_count: Vec<(Rgb, usize)> = counts.into_iter().collect();
        by_count.sort_by_key(|&(colour, count)| (std::cmp::Reverse(count), colour));
        let (kept, rest) = by_count.split_at(by_count.len().min(KEPT_COLOURS));

        let mut colours: Vec<Rgb> = kept.iter().map(|(colour, _)| *colour).collect();
        if !rest.is_empty() {
            let rgba: Vec<u8> = rest.iter().flat_map(|([r, g, b], _)| [*r, *g, *b, 255]).collect();
            let network = NeuQuant::new(1, usize::from(UNCHANGED) - KEPT_COLOURS, &rgba);
            colours.extend(network.color_map_rgb().chunks_exact(3).map(|c| [c[0], c[1], c[2]]));
        }
        let index = by_count.iter().map(|&(colour, _)| (colour, nearest(&colours, colour))).collect();
        colours.resize(usize::from(UNCHANGED) + 1, [255; 3]);
        Palette { colours, index }
    }

    fn indices(&self, image: &Image) -> Vec<u8> {
        let runs = image.pixels.chunk_by(|a, b| a == b);
        runs.flat_map(|run| std::iter::repeat_n(self.index[&run[0]], run.len())).collect()
    }
}

fn nearest(colours: &[Rgb], wanted: Rgb) -> u8 {
    let distance = |colour: &Rgb| -> u32 {
        colour.iter().zip(wanted).map(|(&a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let best = colours.iter().enumerate().min_by_key(|(_, colour)| distance(colour));
    best.map_or(0, |(index, _)| index as u8)
}

/// What must be painted over the frame before.
struct Change;

impl Change {
    fn whole(width: u16, height: u16, indices: &[u8]) -> GifFrame<'static> {
        GifFrame { width, height, buffer: Cow::Owned(indices.to_vec()), ..GifFrame::default() }
    }

    /// The smallest rectangle that holds every changed pixel; within it, what did not change is see-through.
    fn between(width: u16, before: &[u8], after: &[u8]) -> GifFrame<'static> {
        let columns = usize::from(width);
        let changed = |i: usize| before[i] != after[i];
        let places = (0..after.len()).filter(|&i| changed(i)).map(|i| (i % columns, i / columns));
        let (mut left, mut top, mut right, mut bottom) = (columns, usize::MAX, 0, 0);
        for (x, y) in places {
            (left, top, right, bottom) = (left.min(x), top.min(y), right.max(x), bottom.max(y));
        }
        if left == columns {
            // A pause: one see-through pixel, since a frame needs one.
            (left, top) = (0, 0);
        }
        let buffer: Vec<u8> = (top..=bottom)
            .flat_map(|y| (left..=right).map(move |x| y * columns + x))
            .map(|i| if changed(i) { after[i] } else { UNCHANGED })
            .collect();
        GifFrame {
            left: left as u16,
            top: top as u16,
            width: (right - left + 1) as u16,
            height: (bottom - top + 1) as u16,
            transparent: Some(UNCHANGED),
            dispose: DisposalMethod::Keep,
            buffer: Cow::Owned(buffer),
            ..GifFrame::default()
        }
    }
}
