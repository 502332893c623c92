//! Panels side by side on white paper, drawn by plotters.

use plotters::{
    coord::{CoordTranslate, types::RangedCoordf64},
    prelude::Cartesian2d,
};

use super::{
    Point,
    canvas::Canvas,
    clip::Window,
    colour::{FAINT, GREY, INK},
    layout::{
        AXIS_OFFSET, LABEL_HEIGHT, LABEL_SIZE, Layout, Slot, TICK_LENGTH, TICK_SIZE, TITLE_SIZE, Y_TICKS,
        window, x_ticks,
    },
    panel::{Anchor, Axis, Element, Panel},
    svg::SCALE,
};
use executable_em::Result;

/// Panels in rows of equal columns, read from left to right and from top to bottom.
///
/// ```
/// use executable_em_figures::plot::{Page, Panel};
///
/// let empty = Panel::new([0.0, 1.0], [0.0, 1.0]);
/// let page = Page::new(2).width(600.0).panel_height(180.0).panel(empty.clone()).panel(empty);
/// assert!(page.draw()?.contains("width=\"600\""));
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Page {
    columns: usize,
    width: f64,
    panel_height: f64,
    panels: Vec<Panel>,
}

impl Page {
    /// An empty page of 720 pixels' width whose panels will stand in the given number of columns.
    pub fn new(columns: usize) -> Self {
        Page { columns: columns.max(1), width: 720.0, panel_height: 190.0, panels: Vec::new() }
    }

    /// The width of the whole page, in pixels.
    pub fn width(mut self, pixels: f64) -> Self {
        self.width = pixels;
        self
    }

    /// The height of each panel between its axes, in pixels; the page is as high as its rows need.
    pub fn panel_height(mut self, pixels: f64) -> Self {
        self.panel_height = pixels;
        self
    }

    /// Adds a panel in the next free place.
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// Where each panel's data go: what turns a place on the page into one in the data's units, and back.
    ///
    /// # Errors
    /// Those of [`Page::draw`] that are about sizes.
    ///
    /// ```
    /// use executable_em_figures::plot::{Page, Panel};
    /// let frames = Page::new(1).width(300.0).panel(Panel::new([0.0, 2.0], [0.0, 1.0])).frames()?;
    /// assert_eq!((frames[0].x, frames[0].height), ([0.0, 2.0], 190.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn frames(&self) -> Result<Vec<PanelFrame>> {
        let layout = Layout::of(self.columns, self.width, self.panel_height, &self.panels)?;
        let frame = |(panel, slot): (&Panel, &Slot)| {
            let Window { x, y } = window(panel, slot);
            PanelFrame { left: slot.left, top: slot.top, width: slot.width, height: slot.height, x, y }
        };
        Ok(self.panels.iter().zip(&layout.slots).map(frame).collect())
    }

    /// Draws the page as SVG text.
    ///
    /// # Errors
    /// The first thing that a panel could not draw; [`Error::Domain`](executable_em::Error::Domain) if the page is
    /// too narrow for its columns, has no height, or measures more than 100 000 pixels.
    pub fn draw(&self) -> Result<String> {
        for panel in &self.panels {
            if let Some(problem) = &panel.problem {
                return Err(problem.clone());
            }
        }
        let layout = Layout::of(self.columns, self.width, self.panel_height, &self.panels)?;
        Canvas::draw(self.width, layout.height, |canvas| {
            self.panels.iter().zip(&layout.slots).try_for_each(|(panel, slot)| canvas.panel(panel, slot))
        })
    }
}

/// Where the data of a panel lie on its page: the rectangle in pixels, and what is at its ends in the data's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PanelFrame {
    /// From the left of the page, in pixels.
    pub left: f64,
    /// From the top of the page, in pixels.
    pub top: f64,
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
    /// The values at the left and at the right.
    pub x: [f64; 2],
    /// The values at the bottom and at the top.
    pub y: [f64; 2],
}

type Axes = Cartesian2d<RangedCoordf64, RangedCoordf64>;

impl Canvas {
    fn panel(&self, panel: &Panel, slot: &Slot) -> Result<()> {
        let window = window(panel, slot);
        let units = |from: f64, length: f64| {
            let start = (from * SCALE).round() as i32;
            (start, start + (length * SCALE).round() as i32)
        };
        let (left, right) = units(slot.left, slot.width);
        let (top, bottom) = units(slot.top, slot.height);
        let range = |[low, high]: [f64; 2]| low..high;
        let axes = Axes::new(range(window.x), range(window.y), (left..right, bottom..top));
        // Far outside, where plotters' whole numbers end, a place only needs to stay outside.
        let near =
            |v: f64, [low, high]: [f64; 2]| v.clamp(low - 9.0 * (high - low), high + 9.0 * (high - low));
        let place = |[x, y]: Point| {
            let (x, y) = axes.translate(&(near(x, window.x), near(y, window.y)));
            [f64::from(x) / SCALE, f64::from(y) / SCALE]
        };
        for element in &panel.elements {
            self.element(element, &window, &place)?;
        }
        self.x_axis(&panel.x, slot, window.x, |tick| place([tick, window.y[0]])[0])?;
        self.y_axis(&panel.y, slot, window.y, |tick| place([window.x[0], tick])[1])?;
        let labels = if slot.has_y_labels { LABEL_HEIGHT } else { 0.0 };
        let baseline = slot.top - labels - 8.0;
        let (left, right) = (slot.text_left, slot.left + slot.width);
        self.text([left, baseline], &panel.title, Anchor::Start, INK, TITLE_SIZE);
        self.text([right, baseline], &panel.note, Anchor::End, GREY, LABEL_SIZE);
        Ok(())
    }

    fn element(&self, element: &Element, window: &Window, place: &impl Fn(Point) -> Point) -> Result<()> {
        let placed = |points: &[Point]| points.iter().map(|&p| place(p)).collect::<Vec<_>>();
        match element {
            Element::Dots { at, colours, radius, opacity } => {
                for (&dot, &colour) in at.iter().zip(colours.iter().cycle()) {
                    if window.contains(dot) {
                        self.circle(place(dot), *radius, colour, *opacity);
                    }
                }
            }
            Element::Line { points, colour, width } => {
                for part in window.cut_line(points) {
                    self.line(&placed(&part), *colour, *width);
                }
            }
            Element::Area { points, colour, opacity } => {
                self.area(&placed(&window.cut_polygon(points)), *colour, *opacity);
            }
            Element::Mark { at, marker, size, colour } if window.contains(*at) => {
                self.mark(place(*at), *marker, *size, *colour);
            }
            Element::Mark { .. } => {}
            Element::Text { at, offset, text, anchor, colour } => {
                let [x, y] = place(*at);
                self.text_on_data([x + offset[0], y + offset[1]], text, *anchor, *colour, LABEL_SIZE);
            }
        }
        Ok(())
    }

    /// A line from the first to the last tick, a little below the data.
    fn x_axis(&self, axis: &Axis, slot: &Slot, shown: [f64; 2], at: impl Fn(f64) -> f64) -> Result<()> {
        if !axis.visible {
            return Ok(());
        }
        let wanted = x_ticks(slot.width);
        let ticks = axis.ticks(shown, wanted);
        let y = slot.top + slot.height + AXIS_OFFSET;
        if let (Some(&first), Some(&last)) = (ticks.first(), ticks.last()) {
            self.line(&[[at(first), y], [at(last), y]], FAINT, 0.8);
        }
        for &tick in &ticks {
            self.line(&[[at(tick), y], [at(tick), y + TICK_LENGTH]], FAINT, 0.8);
        }
        let below = y + TICK_LENGTH + TICK_SIZE;
        for (&tick, label) in ticks.iter().zip(axis.labels(&ticks).texts) {
            self.text([at(tick), below], &label, Anchor::Middle, GREY, TICK_SIZE);
        }
        let middle = [slot.left + slot.width / 2.0, below + LABEL_HEIGHT - 2.0];
        self.text(middle, &axis.full_label(shown, wanted), Anchor::Middle, INK, LABEL_SIZE);
        Ok(())
    }

    /// The same on the left; its label stands on top, so that it reads without turning the head.
    fn y_axis(&self, axis: &Axis, slot: &Slot, shown: [f64; 2], at: impl Fn(f64) -> f64) -> Result<()> {
        let baseline = slot.top - 11.0;
        let label = axis.full_label(shown, Y_TICKS);
        self.text([slot.text_left, baseline], &label, Anchor::Start, INK, LABEL_SIZE);
        if !axis.visible {
            return Ok(());
        }
        let ticks = axis.ticks(shown, Y_TICKS);
        let x = slot.left - AXIS_OFFSET;
        if let (Some(&first), Some(&last)) = (ticks.first(), ticks.last()) {
            self.line(&[[x, at(first)], [x, at(last)]], FAINT, 0.8);
        }
        for &tick in &ticks {
            self.line(&[[x - TICK_LENGTH, at(tick)], [x, at(tick)]], FAINT, 0.8);
        }
        for (&tick, label) in ticks.iter().zip(axis.labels(&ticks).texts) {
            let end = [x - TICK_LENGTH - 3.0, at(tick) + 0.33 * TICK_SIZE];
            self.text(end, &label, Anchor::End, GREY, TICK_SIZE);
        }
        Ok(())
    }
}
