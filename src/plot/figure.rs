//! A finished figure: its drawings and its words.

use super::{Page, Panel, svg};
use crate::Result;

/// A still image, or an animation of several, as SVG text, with what a reader and a screen reader are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// A few words; an SVG viewer shows them as the image's name.
    pub title: String,
    /// What to see in the figure, in sentences for the page that prints it.
    pub caption: String,
    /// What the figure shows, for those who cannot see it.
    pub alt: String,
    frames: Vec<Frame>,
}

/// One drawing of an animation.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The drawing without the figure's words.
    pub svg: String,
    /// How long it stays on the screen.
    pub seconds: f64,
}

impl Figure {
    /// A figure of one page, still without words.
    ///
    /// # Errors
    /// The first thing that one of the page's panels could not draw.
    pub fn still(page: &Page) -> Result<Self> {
        Figure::animation(&[(page.clone(), 0.0)])
    }

    /// A figure of one panel, still without words.
    ///
    /// # Errors
    /// The first thing that the panel could not draw.
    pub fn of(panel: Panel) -> Result<Self> {
        Figure::still(&Page::new(1).width(440.0).panel_height(300.0).panel(panel))
    }

    /// A figure of pages that follow each other, each shown for some seconds.
    ///
    /// # Errors
    /// The first thing that one of the pages' panels could not draw.
    pub fn animation(pages: &[(Page, f64)]) -> Result<Self> {
        let frames = pages
            .iter()
            .map(|(page, seconds)| Ok(Frame { svg: page.draw()?, seconds: *seconds }))
            .collect::<Result<_>>()?;
        Ok(Figure { title: String::new(), caption: String::new(), alt: String::new(), frames })
    }

    /// Gives the figure its title.
    pub fn titled(mut self, title: &str) -> Self {
        self.title = title.to_owned();
        self
    }

    /// Gives the figure its caption and its alternative text.
    pub fn described(mut self, caption: &str, alt: &str) -> Self {
        (self.caption, self.alt) = (caption.to_owned(), alt.to_owned());
        self
    }

    /// The frames of an animation in order; a still has one.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Whether the figure has more than one frame.
    pub fn moves(&self) -> bool {
        self.frames.len() > 1
    }

    /// The figure as an SVG document with its title and alternative text; of an animation, the last frame.
    pub fn svg(&self) -> String {
        let drawing = self.frames.last().map_or("", |frame| frame.svg.as_str());
        svg::with_words(drawing, &self.title, &self.alt)
    }

    /// Shows the figure as the output of a notebook cell; the Rust kernel calls this for a cell's last
    /// expression.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT image/svg+xml\n{}\nEVCXR_END_CONTENT", self.svg());
    }
}
