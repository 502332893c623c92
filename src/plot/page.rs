//! Panels side by side on white paper, drawn by plotters.

use plotters::{
    coord::{CoordTranslate, types::RangedCoordf64},
    prelude::Cartesian2d,
};

use super::{
    Point,
    canvas::{Canvas, SCALE},
    clip::Window,
    colour::{FAINT, GREY, INK},
    panel::{Anchor, Axis, Element, Panel},
    ticks,
};
use crate::{Error, Result};

// All lengths in pixels. Text is given a tenth more room than the first font of the list needs, since a
// reader's system may put a wider one in its place.
const TITLE_SIZE: f64 = 13.5;
const LABEL_SIZE: f64 = 12.5;
const TICK_SIZE: f64 = 11.5;
const DIGIT_WIDTH: f64 = 0.58 * TICK_SIZE;
const AXIS_OFFSET: f64 = 5.0;
const TICK_LENGTH: f64 = 4.0;
const TITLE_HEIGHT: f64 = 21.0;
const LABEL_HEIGHT: f64 = 20.0;
const COLUMN_GAP: f64 = 22.0;
const ROW_GAP: f64 = 14.0;
const BORDER: f64 = 10.0;
const PIXELS_PER_TICK: f64 = 52.0;

/// Panels in rows of equal columns, read from left to right and from top to bottom.
///
/// ```
/// use executable_em::plot::{Page, Panel};
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

    /// Draws the page as SVG text.
    ///
    /// # Errors
    /// The first thing that a panel could not draw; [`Error::Domain`] if the page is too narrow for its
    /// columns or has no height.
    pub fn draw(&self) -> Result<String> {
        for panel in &self.panels {
            if let Some(problem) = &panel.problem {
                return Err(problem.clone());
            }
        }
        let layout = Layout::of(self)?;
        Canvas::draw(self.width, layout.height, |canvas| {
            self.panels.iter().zip(&layout.frames).try_for_each(|(panel, frame)| canvas.panel(panel, frame))
        })
    }
}

/// Where a panel's data go, and where its texts at the left begin.
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    text_left: f64,
    has_y_labels: bool,
}

struct Layout {
    frames: Vec<Frame>,
    height: f64,
}

impl Layout {
    fn of(page: &Page) -> Result<Layout> {
        let Page { columns, width, panel_height, ref panels } = *page;
        let widest = |column: usize, room: fn(&Panel) -> f64| {
            panels.iter().skip(column).step_by(columns).map(room).fold(0.0, f64::max)
        };
        let left: Vec<f64> = (0..columns).map(|column| widest(column, room_left)).collect();
        let right: Vec<f64> = (0..columns).map(|column| widest(column, |panel| panel.room_right)).collect();
        let spent: f64 = left.iter().chain(&right).sum();
        let gaps = 2.0 * BORDER + COLUMN_GAP * (columns - 1) as f64;
        let panel_width = (width - gaps - spent) / columns as f64;
        for (what, value) in [("width of a panel", panel_width), ("height of a panel", panel_height)] {
            if !(20.0..=10_000.0).contains(&value) {
                return Err(Error::Domain { what, value, allowed: "between 20 and 10000 pixels" });
            }
        }

        let mut frames = Vec::new();
        let mut y = BORDER;
        for row in panels.chunks(columns) {
            let tallest = |room: fn(&Panel) -> f64| row.iter().map(room).fold(0.0, f64::max);
            let labels = tallest(|panel| if panel.y.label.is_empty() { 0.0 } else { LABEL_HEIGHT });
            let top = y + labels + tallest(|panel| if has_heading(panel) { TITLE_HEIGHT } else { 6.0 });
            let mut x = BORDER;
            for column in 0..row.len() {
                frames.push(Frame {
                    left: x + left[column],
                    top,
                    width: panel_width,
                    height: panel_height,
                    text_left: x,
                    has_y_labels: labels > 0.0,
                });
                x += left[column] + panel_width + right[column] + COLUMN_GAP;
            }
            y = top + panel_height + tallest(room_below) + ROW_GAP;
        }
        Ok(Layout { frames, height: (y - ROW_GAP + BORDER).ceil() })
    }
}

fn has_heading(panel: &Panel) -> bool {
    !(panel.title.is_empty() && panel.note.is_empty())
}

fn room_left(panel: &Panel) -> f64 {
    if !panel.y.visible {
        return 0.0;
    }
    let widest =
        ticks::labels(&panel.y.ticks(panel.y.range, 4)).iter().map(|label| label.chars().count()).max();
    widest.unwrap_or(0) as f64 * DIGIT_WIDTH + AXIS_OFFSET + TICK_LENGTH + 3.0
}

fn room_below(panel: &Panel) -> f64 {
    if !panel.x.visible {
        return 0.0;
    }
    let label = if panel.x.label.is_empty() { 0.0 } else { LABEL_HEIGHT };
    AXIS_OFFSET + TICK_LENGTH + TICK_SIZE + 4.0 + label
}

impl Axis {
    /// The ticks that were asked for, else a few round numbers of what is shown.
    fn ticks(&self, shown: [f64; 2], wanted: usize) -> Vec<f64> {
        self.ticks.clone().unwrap_or_else(|| ticks::nice(shown, wanted))
    }
}

type Axes = Cartesian2d<RangedCoordf64, RangedCoordf64>;

impl Canvas<'_> {
    fn panel(&self, panel: &Panel, frame: &Frame) -> Result<()> {
        let window = window(panel, frame);
        let units = |from: f64, length: f64| {
            let start = (from * SCALE).round() as i32;
            (start, start + (length * SCALE).round() as i32)
        };
        let (left, right) = units(frame.left, frame.width);
        let (top, bottom) = units(frame.top, frame.height);
        let range = |[low, high]: [f64; 2]| low..high;
        let axes = Axes::new(range(window.x), range(window.y), (left..right, bottom..top));
        let place = |[x, y]: Point| {
            let (x, y) = axes.translate(&(x, y));
            [f64::from(x) / SCALE, f64::from(y) / SCALE]
        };
        for element in &panel.elements {
            self.element(element, &window, &place)?;
        }
        self.x_axis(panel, frame, &window, &place)?;
        self.y_axis(panel, frame, &window, &place)?;
        let labels = if frame.has_y_labels { LABEL_HEIGHT } else { 0.0 };
        let baseline = frame.top - labels - 8.0;
        let (left, right) = (frame.text_left, frame.left + frame.width);
        self.text([left, baseline], &panel.title, Anchor::Start, INK, TITLE_SIZE)?;
        self.text([right, baseline], &panel.note, Anchor::End, GREY, LABEL_SIZE)
    }

    fn element(&self, element: &Element, window: &Window, place: &impl Fn(Point) -> Point) -> Result<()> {
        let placed = |points: &[Point]| points.iter().map(|&p| place(p)).collect::<Vec<_>>();
        match element {
            Element::Dots { at, colours, radius, opacity } => {
                for (&dot, &colour) in at.iter().zip(colours.iter().cycle()) {
                    if window.contains(dot) {
                        self.circle(place(dot), *radius, colour, *opacity)?;
                    }
                }
            }
            Element::Line { points, colour, width } => {
                for part in window.cut_line(points) {
                    self.line(&placed(&part), *colour, *width)?;
                }
            }
            Element::Area { points, colour, opacity } => {
                self.area(&placed(&window.cut_polygon(points)), *colour, *opacity)?;
            }
            Element::Mark { at, marker, size, colour } if window.contains(*at) => {
                self.mark(place(*at), *marker, *size, *colour)?;
            }
            Element::Mark { .. } => {}
            Element::Text { at, offset, text, anchor, colour } => {
                let [x, y] = place(*at);
                self.text([x + offset[0], y + offset[1]], text, *anchor, *colour, LABEL_SIZE)?;
            }
            Element::Arrow { from, to, colour } => self.arrow(place(*from), place(*to), *colour)?,
        }
        Ok(())
    }

    /// A line from the first to the last tick, a little below the data.
    fn x_axis(
        &self,
        panel: &Panel,
        frame: &Frame,
        window: &Window,
        place: &impl Fn(Point) -> Point,
    ) -> Result<()> {
        if !panel.x.visible {
            return Ok(());
        }
        let wanted = (frame.width / PIXELS_PER_TICK).clamp(2.0, 6.0) as usize;
        let ticks = panel.x.ticks(window.x, wanted);
        let y = frame.top + frame.height + AXIS_OFFSET;
        let at = |tick: f64| place([tick, window.y[0]])[0];
        if let (Some(&first), Some(&last)) = (ticks.first(), ticks.last()) {
            self.line(&[[at(first), y], [at(last), y]], FAINT, 0.8)?;
        }
        for &tick in &ticks {
            self.line(&[[at(tick), y], [at(tick), y + TICK_LENGTH]], FAINT, 0.8)?;
        }
        let below = y + TICK_LENGTH + TICK_SIZE;
        for (&tick, label) in ticks.iter().zip(ticks::labels(&ticks)) {
            self.text([at(tick), below], &label, Anchor::Middle, GREY, TICK_SIZE)?;
        }
        let middle = [frame.left + frame.width / 2.0, below + LABEL_HEIGHT - 2.0];
        self.text(middle, &panel.x.label, Anchor::Middle, INK, LABEL_SIZE)
    }

    /// The same on the left; its label stands on top, so that it reads without turning the head.
    fn y_axis(
        &self,
        panel: &Panel,
        frame: &Frame,
        window: &Window,
        place: &impl Fn(Point) -> Point,
    ) -> Result<()> {
        let baseline = frame.top - 11.0;
        self.text([frame.text_left, baseline], &panel.y.label, Anchor::Start, INK, LABEL_SIZE)?;
        if !panel.y.visible {
            return Ok(());
        }
        let ticks = panel.y.ticks(window.y, 4);
        let x = frame.left - AXIS_OFFSET;
        let at = |tick: f64| place([window.x[0], tick])[1];
        if let (Some(&first), Some(&last)) = (ticks.first(), ticks.last()) {
            self.line(&[[x, at(first)], [x, at(last)]], FAINT, 0.8)?;
        }
        for &tick in &ticks {
            self.line(&[[x - TICK_LENGTH, at(tick)], [x, at(tick)]], FAINT, 0.8)?;
        }
        for (&tick, label) in ticks.iter().zip(ticks::labels(&ticks)) {
            let end = [x - TICK_LENGTH - 3.0, at(tick) + 0.33 * TICK_SIZE];
            self.text(end, &label, Anchor::End, GREY, TICK_SIZE)?;
        }
        Ok(())
    }
}

/// What the panel shows: its ranges, one of them widened if both units must be equally long.
fn window(panel: &Panel, frame: &Frame) -> Window {
    let (mut x, mut y) = (panel.x.range, panel.y.range);
    if panel.equal_aspect {
        let unit = ((x[1] - x[0]) / frame.width).max((y[1] - y[0]) / frame.height);
        let widen = |[low, high]: [f64; 2], pixels: f64| {
            let extra = (unit * pixels - (high - low)) / 2.0;
            [low - extra, high + extra]
        };
        (x, y) = (widen(x, frame.width), widen(y, frame.height));
    }
    Window { x, y }
}
