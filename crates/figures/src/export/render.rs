//! SVG turned into PDF and into pixels.

use std::sync::{Arc, OnceLock};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{FontResolver, Options, Tree, fontdb},
};
use svg2pdf::{ConversionOptions, PageOptions};

use crate::plot::MATHEMATICS;
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

/// The letters of a text that the fonts of pictures and PDF lack; a reader's system may have them for an SVG.
///
/// ```
/// use executable_em_figures::export::undrawable;
/// assert_eq!(undrawable("Größe ≥ 年 μ"), ['年']);
/// ```
pub fn undrawable(text: &str) -> Vec<char> {
    let fonts = fonts();
    let families = ["NewComputerModern", "New Computer Modern"].map(fontdb::Family::Name);
    let face = fonts.query(&fontdb::Query { families: &families, ..fontdb::Query::default() });
    let lacking = |data: &[u8], index: u32| {
        let face = ttf_parser::Face::parse(data, index).ok()?;
        let is_drawn =
            |c: &char| c.is_whitespace() || MATHEMATICS.contains(*c) || face.glyph_index(*c).is_some();
        Some(text.chars().filter(|c| !is_drawn(c)).collect())
    };
    // Without a font there is no letter.
    face.and_then(|face| fonts.with_face_data(face, lacking))
        .flatten()
        .unwrap_or_else(|| text.chars().collect())
}

fn fonts() -> &'static Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        for font in typst_assets::fonts() {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
        }
        Arc::new(fonts)
    })
}

fn tree(svg: &str) -> Result<Tree> {
    // Left to itself, usvg sets a whole text in another face as soon as one of its spans lacks a letter, even
    // if that letter belongs to a span of its own face.
    let font_resolver = FontResolver { select_fallback: Box::new(|_, _, _| None), ..FontResolver::default() };
    let options = Options { fontdb: Arc::clone(fonts()), font_resolver, ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| Error::Figure { reason: format!("bad svg: {error}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Figure, INK, Panel};

    /// Names of columns may hold anything; a document holds all of it, or a sign in its place.
    #[test]
    fn any_text_makes_a_picture() {
        let all: String = (0..=0x2ff).chain(0xfff0..=0x1000f).filter_map(char::from_u32).collect();
        let marks = [
            "_<", "_&", "_{<&>}", "*_<*", "a_b_<", "*<*&_>", "_{", "}_", "]]>", "<!--", "&#0;", "_", "*",
            "*_",
        ];
        for text in marks.into_iter().map(str::to_owned).chain(all.chars().map(|c| format!("_{c}*{c}"))) {
            let mut panel = Panel::new([0.0, 1.0], [0.0, 1.0]);
            panel.title(&text).note(&text).x_label(&text).y_label(&text).x_named_ticks(&[(0.5, &text)]);
            panel.trace(&[0.0, 0.0], &text, INK);
            let figure = Figure::of(panel).expect("a figure").titled(&text).described(&text, &text);
            assert!(tree(&figure.svg()).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn letters_that_the_fonts_lack_are_known() {
        let box_of = |text: &str| drawn(text);
        assert_eq!(undrawable("Old Faithful, 1–2 µm: ±3 % (é, ß, ł, Ω, ℓ ≥ ∞)"), []);
        assert_eq!(undrawable("年a龄🙂ع"), ['年', '龄', '🙂', 'ع']);
        // What they lack is all drawn alike.
        assert_eq!(box_of("年"), box_of("龄"));
    }

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
