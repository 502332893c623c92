//! Paper addressed in pixels, on which plotters draws the few shapes that figures are made of.

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{
    Point,
    colour::{Colour, WHITE},
    panel::{Anchor, Marker},
    svg,
};
use crate::{Error, Result};

/// Canvas units in a pixel. plotters places everything on whole units, so that dots on a canvas of whole
/// pixels would visibly snap to a grid.
pub(super) const SCALE: f64 = 10.0;

/// plotters' drawing area; places and lengths are in pixels.
pub(super) struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

impl Canvas<'_> {
    /// The SVG text of what `paint` draws on a canvas of the given size.
    pub fn draw(width: f64, height: f64, paint: impl FnOnce(&Canvas) -> Result<()>) -> Result<String> {
        let mut drawn = String::new();
        let size = ((width * SCALE) as u32, (height * SCALE) as u32);
        // The backend writes its last words when it is dropped.
        {
            let canvas = Canvas(SVGBackend::with_string(&mut drawn, size).into_drawing_area());
            paint(&canvas)?;
        }
        Ok(svg::tidy(&drawn, width, height))
    }

    pub fn mark(&self, [x, y]: Point, marker: Marker, size: f64, colour: Colour) -> Result<()> {
        let (half, rim) = (size / 2.0, 1.4);
        match marker {
            Marker::Cross => {
                // The bars' rounded ends reach as far as a square of this size would.
                let arm = half * 0.8;
                for (bar_colour, width) in [(WHITE, 2.4 + 2.0 * rim), (colour, 2.4)] {
                    self.line(&[[x - arm, y - arm], [x + arm, y + arm]], bar_colour, width)?;
                    self.line(&[[x - arm, y + arm], [x + arm, y - arm]], bar_colour, width)?;
                }
                Ok(())
            }
            Marker::Square => {
                let corners = |h: f64| [[x - h, y - h], [x + h, y - h], [x + h, y + h], [x - h, y + h]];
                self.area(&corners(half + rim), WHITE, 1.0)?;
                self.area(&corners(half), colour, 1.0)
            }
        }
    }

    pub fn circle(&self, at: Point, radius: f64, colour: Colour, opacity: f64) -> Result<()> {
        drawn(self.0.draw(&Circle::new(
            units(at),
            (radius * SCALE) as i32,
            colour.mix(thousandths(opacity)).filled(),
        )))
    }

    pub fn line(&self, points: &[Point], colour: Colour, width: f64) -> Result<()> {
        let path: Vec<_> = points.iter().map(|&p| units(p)).collect();
        drawn(self.0.draw(&PathElement::new(path, colour.stroke_width((width * SCALE) as u32))))
    }

    pub fn area(&self, points: &[Point], colour: Colour, opacity: f64) -> Result<()> {
        if points.is_empty() {
            return Ok(());
        }
        let corners: Vec<_> = points.iter().map(|&p| units(p)).collect();
        drawn(self.0.draw(&Polygon::new(corners, colour.mix(thousandths(opacity)).filled())))
    }

    /// A text whose baseline starts, is centred or ends at the place.
    pub fn text(&self, at: Point, text: &str, anchor: Anchor, colour: Colour, size: f64) -> Result<()> {
        self.letters("serif", at, text, anchor, colour, size)
    }

    /// The same with a white rim, to be read on top of data.
    pub fn text_on_data(
        &self,
        at: Point,
        text: &str,
        anchor: Anchor,
        colour: Colour,
        size: f64,
    ) -> Result<()> {
        self.letters(svg::RIMMED, at, text, anchor, colour, size)
    }

    fn letters(
        &self,
        family: &str,
        at: Point,
        text: &str,
        anchor: Anchor,
        colour: Colour,
        size: f64,
    ) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        // plotters divides sizes by 1.24 to get from its idea of a font's size to SVG's.
        let style = (family, size * SCALE * 1.24)
            .into_text_style(&self.0)
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Bottom));
        drawn(self.0.draw_text(text, &style, units(at)))
    }
}

fn units([x, y]: Point) -> (i32, i32) {
    ((x * SCALE).round() as i32, (y * SCALE).round() as i32)
}

/// Drawing into a string cannot fail, but plotters' type says that it might.
fn drawn<E: std::fmt::Display>(result: std::result::Result<(), E>) -> Result<()> {
    result.map_err(|error| Error::Figure { reason: error.to_string() })
}

/// An opacity with three decimals: the bytes of a figure do not depend on the last digits of a fit.
fn thousandths(opacity: f64) -> f64 {
    (opacity * 1000.0).round() / 1000.0
}
