//! A finished figure: its drawings and its words.

use super::{Page, Panel, svg};
use executable_em::Result;

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

#[cfg(test)]
mod tests {
    use super::super::{Anchor, Grid, INK, component};
    use super::*;
    use executable_em::Error;
    use nalgebra::dmatrix;

    fn square() -> Panel {
        Panel::new([0.0, 1.0], [0.0, 1.0])
    }

    fn error_of(draw: impl for<'a> FnOnce(&'a mut Panel) -> &'a mut Panel) -> Error {
        let mut panel = square();
        draw(&mut panel);
        Figure::of(panel).unwrap_err()
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error_of_the_figure() {
        let x = dmatrix![0.1, 0.2; 0.3, 0.4];
        let bad_range = Figure::of(Panel::new([1.0, 0.0], [0.0, 1.0])).unwrap_err();
        assert!(matches!(bad_range, Error::Domain { what: "x range of a panel", .. }));
        assert!(Figure::of(Panel::new([0.0, f64::NAN], [0.0, 1.0])).is_err());
        assert!(matches!(error_of(|p| p.scatter(&dmatrix![1.0], &[INK])), Error::Shape { .. }));
        assert!(matches!(error_of(|p| p.scatter(&x, &[INK; 3])), Error::Shape { .. }));
        assert_eq!(
            error_of(|p| p.line(&[[0.0, 0.0], [1.0, f64::INFINITY]], INK, 1.0)),
            Error::NotFinite { what: "line", row: 1, column: 1, value: f64::INFINITY }
        );
        let indefinite = dmatrix![1.0, 2.0; 2.0, 1.0];
        assert!(matches!(error_of(|p| p.gaussians(&x, &[])), Error::Shape { .. }));
        assert!(matches!(
            error_of(|p| p.ellipse([0.0, 0.0], &indefinite, 1.0, INK, 1.0)),
            Error::NotPositiveDefinite { .. }
        ));
        let grid = Grid::new([0.0, 1.0], [0.0, 1.0], 3);
        assert!(matches!(error_of(|p| p.bands(&grid, &[1.0], &[0.5], INK)), Error::Shape { .. }));
        let narrow = Page::new(40).panel(square());
        assert!(matches!(Figure::still(&narrow), Err(Error::Domain { what: "width of a panel", .. })));
    }

    #[test]
    fn the_first_error_is_told() {
        let error = error_of(|p| p.scatter(&dmatrix![1.0], &[INK]).line(&[[f64::NAN, 0.0]], INK, 1.0));
        assert!(matches!(error, Error::Shape { .. }));
    }

    #[test]
    fn what_lies_outside_is_left_out() -> Result<()> {
        let mut panel = square();
        panel.dots(&[[5.0, 5.0], [1e300, 0.5]], &[component(0)], 3.0, 1.0);
        panel.text([-1e300, 1e18], [0.0, 0.0], "far", Anchor::Start, INK);
        panel.line(&[[0.5, 0.5], [1e200, 0.5]], INK, 1.0).area(
            &[[2.0, 2.0], [3.0, 2.0], [3.0, 3.0]],
            INK,
            1.0,
        );
        assert!(!Figure::of(panel)?.svg().contains("<circle"));
        Ok(())
    }
}
