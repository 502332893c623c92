//! Paper addressed in pixels, on which plotters draws the few shapes that figures are made of.

use std::{cell::RefCell, rc::Rc};

use plotters::{coord::Shift, prelude::*};

use super::{
    Point,
    colour::{Colour, WHITE},
    panel::{Anchor, Marker},
    svg::{SCALE, Svg},
};
use executable_em::Result;

/// plotters' drawing area over the SVG; places and lengths are in pixels.
pub(super) struct Canvas {
    paper: DrawingArea<Svg, Shift>,
    svg: Rc<RefCell<Svg>>,
}

impl Canvas {
    /// The SVG text of what `paint` draws on a canvas of the given size.
    pub fn draw(width: f64, height: f64, paint: impl FnOnce(&Canvas) -> Result<()>) -> Result<String> {
        let svg = Rc::new(RefCell::new(Svg::new(width, height)));
        let canvas = Canvas { paper: DrawingArea::from(&svg), svg };
        paint(&canvas)?;
        Ok(canvas.svg.borrow().document())
    }

    pub fn mark(&self, [x, y]: Point, marker: Marker, size: f64, colour: Colour) {
        let (half, rim) = (size / 2.0, 1.4);
        match marker {
            Marker::Cross => {
                // The bars' rounded ends reach as far as a square of this size would.
                let arm = half * 0.8;
                for (bar_colour, width) in [(WHITE, 2.4 + 2.0 * rim), (colour, 2.4)] {
                    self.line(&[[x - arm, y - arm], [x + arm, y + arm]], bar_colour, width);
                    self.line(&[[x - arm, y + arm], [x + arm, y - arm]], bar_colour, width);
                }
            }
            Marker::Square => {
                let corners = |h: f64| [[x - h, y - h], [x + h, y - h], [x + h, y + h], [x - h, y + h]];
                self.area(&corners(half + rim), WHITE, 1.0);
                self.area(&corners(half), colour, 1.0);
            }
        }
    }

    pub fn circle(&self, at: Point, radius: f64, colour: Colour, opacity: f64) {
        drawn(self.paper.draw(&Circle::new(
            units(at),
            (radius * SCALE) as i32,
            colour.mix(thousandths(opacity)).filled(),
        )))
    }

    pub fn line(&self, points: &[Point], colour: Colour, width: f64) {
        let path: Vec<_> = points.iter().map(|&p| units(p)).collect();
        drawn(self.paper.draw(&PathElement::new(path, colour.stroke_width((width * SCALE) as u32))));
    }

    pub fn area(&self, points: &[Point], colour: Colour, opacity: f64) {
        if points.is_empty() {
            return;
        }
        let corners: Vec<_> = points.iter().map(|&p| units(p)).collect();
        drawn(self.paper.draw(&Polygon::new(corners, colour.mix(thousandths(opacity)).filled())));
    }

    /// A text whose baseline starts, is centred or ends at the place.
    pub fn text(&self, at: Point, text: &str, anchor: Anchor, colour: Colour, size: f64) {
        self.svg.borrow_mut().text(units(at), text, anchor, colour, size * SCALE, false);
    }

    /// The same with a white rim, to be read on top of data.
    pub fn text_on_data(&self, at: Point, text: &str, anchor: Anchor, colour: Colour, size: f64) {
        self.svg.borrow_mut().text(units(at), text, anchor, colour, size * SCALE, true);
    }
}

fn units([x, y]: Point) -> (i32, i32) {
    ((x * SCALE).round() as i32, (y * SCALE).round() as i32)
}

/// Drawing into a text cannot fail, but plotters' type says that it might.
fn drawn<E: std::fmt::Debug>(result: std::result::Result<(), E>) {
    result.expect("a drawing in memory");
}

/// An opacity with three decimals: the bytes of a figure do not depend on the last digits of a fit.
fn thousandths(opacity: f64) -> f64 {
    (opacity.clamp(0.0, 1.0) * 1000.0).round() / 1000.0
}
