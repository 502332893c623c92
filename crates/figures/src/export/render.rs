//! SVG turned into PDF and into pixels.

use std::sync::{Arc, OnceLock};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{FontResolver, Options, Tree, fontdb},
};
use svg2pdf::{ConversionOptions, PageOptions};

use crate::{Error, Result};

/// Pixels of a PNG for each of the figure's, so that it is sharp on a projector.
const PNG_SCALE: f32 = 2.0;

/// CSS pixels in an inch: a figure in a PDF has the size that a browser gives it.
const DPI: f32 = 96.0;

pub(super) fn pdf(svg: &str) -> Result<Vec<u8>> {
    // svg2pdf reads the same version of usvg, so the tree is handed over as it is.
    svg2pdf::to_pdf(&tree(svg)?, ConversionOptions::default(), PageOptions { dpi: DPI })
        .map_err(|error| Error::Figure { reason: format!("no pdf: {error}") })
}

pub(super) fn png(svg: &str) -> Result<Vec<u8>> {
    pixels(svg, PNG_SCALE)?.encode_png().map_err(|error| Error::Figure { reason: format!("no png: {error}") })
}

pub(super) fn pixels(svg: &str, scale: f32) -> Result<Pixmap> {
    let tree = tree(svg)?;
    let size = tree.size().to_int_size();
    let side = |pixels: u32| (pixels as f32 * scale).round() as u32;
    let mut pixels = Pixmap::new(side(size.width()), side(size.height()))
        .ok_or_else(|| Error::Figure { reason: "a figure without area has no pixels".to_owned() })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    Ok(pixels)
}

fn tree(svg: &str) -> Result<Tree> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        for font in typst_assets::fonts() {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
        }
        Arc::new(fonts)
    });
    // Left to itself, usvg sets a whole text in another face as soon as one of its spans lacks a letter, even
    // if that letter belongs to a span of its own face.
    let font_resolver = FontResolver { select_fallback: Box::new(|_, _, _| None), ..FontResolver::default() };
    let options = Options { fontdb: Arc::clone(fonts), font_resolver, ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| Error::Figure { reason: format!("bad svg: {error}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Figure, INK, Panel};

    /// A figure whose title is this text, as pixels.
    fn drawn(title: &str) -> Vec<u8> {
        let mut panel = Panel::new([0.0, 1.0], [0.0, 1.0]);
        panel.title(title).trace(&[0.0, 0.0], "", INK);
        png(&Figure::of(panel).expect("a figure").svg()).expect("pixels")
    }

    #[test]
    fn every_greek_letter_is_drawn_and_alpha_not_as_an_italic_a() {
        let nothing = drawn(" ");
        for letter in ('α'..='ω').chain("ΓΔΘΛΞΠΣΦΨΩ".chars()) {
            assert_ne!(drawn(&format!("*{letter}*")), nothing, "{letter}");
        }
        // The italic face has an a for it; the mathematical one has no italic, and so no other form.
        assert_eq!(drawn("*α*"), drawn("α"));
        assert_ne!(drawn("*β*"), drawn("β"));
    }
}
