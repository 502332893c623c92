//! Where everything on a page goes.

use super::{clip::Window, panel::Panel};
use executable_em::{Error, Result};

// All lengths in pixels. Text is given a tenth more room than the first font of the list needs, since a
// reader's system may put a wider one in its place.
pub(super) const TITLE_SIZE: f64 = 13.5;
pub(super) const LABEL_SIZE: f64 = 12.5;
pub(super) const TICK_SIZE: f64 = 11.5;
pub(super) const DIGIT_WIDTH: f64 = 0.58 * TICK_SIZE;
pub(super) const AXIS_OFFSET: f64 = 5.0;
pub(super) const TICK_LENGTH: f64 = 4.0;
pub(super) const TITLE_HEIGHT: f64 = 21.0;
pub(super) const LABEL_HEIGHT: f64 = 20.0;
pub(super) const COLUMN_GAP: f64 = 22.0;
pub(super) const ROW_GAP: f64 = 14.0;
pub(super) const BORDER: f64 = 10.0;
const PIXELS_PER_TICK: f64 = 52.0;
/// How many ticks a y axis should have.
pub(super) const Y_TICKS: usize = 4;

/// Where a panel's data go, and where its texts at the left begin.
pub(super) struct Slot {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub text_left: f64,
    pub has_y_labels: bool,
}

pub(super) struct Layout {
    pub slots: Vec<Slot>,
    pub height: f64,
}

impl Layout {
    pub fn of(columns: usize, width: f64, panel_height: f64, panels: &[Panel]) -> Result<Layout> {
        let widest = |column: usize, room: fn(&Panel) -> f64| {
            panels.iter().skip(column).step_by(columns).map(room).fold(0.0, f64::max)
        };
        let filled = 0..columns.min(panels.len());
        let left: Vec<f64> = filled.clone().map(|column| widest(column, room_left)).collect();
        let right: Vec<f64> = filled.map(|column| widest(column, |panel| panel.room_right)).collect();
        let spent: f64 = left.iter().chain(&right).sum();
        let gaps = 2.0 * BORDER + COLUMN_GAP * (columns - 1) as f64;
        let panel_width = (width - gaps - spent) / columns as f64;
        for (what, value) in [("width of a panel", panel_width), ("height of a panel", panel_height)] {
            if !(20.0..=10_000.0).contains(&value) {
                return Err(Error::Domain { what, value, allowed: "between 20 and 10000 pixels" });
            }
        }

        let mut slots = Vec::new();
        let mut y = BORDER;
        for row in panels.chunks(columns) {
            let tallest = |room: &dyn Fn(&Panel) -> f64| row.iter().map(room).fold(0.0, f64::max);
            let labels = tallest(&|panel| match panel.y.full_label(panel.y.range, Y_TICKS).is_empty() {
                true => 0.0,
                false => LABEL_HEIGHT,
            });
            let top = y + labels + tallest(&|panel| if has_heading(panel) { TITLE_HEIGHT } else { 6.0 });
            let mut x = BORDER;
            for column in 0..row.len() {
                slots.push(Slot {
                    left: x + left[column],
                    top,
                    width: panel_width,
                    height: panel_height,
                    text_left: x,
                    has_y_labels: labels > 0.0,
                });
                x += left[column] + panel_width + right[column] + COLUMN_GAP;
            }
            y = top + panel_height + tallest(&|panel| room_below(panel, panel_width)) + ROW_GAP;
        }
        let height = (y - ROW_GAP + BORDER).ceil();
        for (what, value) in [("width of a page", width), ("height of a page", height)] {
            if value > 100_000.0 {
                return Err(Error::Domain { what, value, allowed: "at most 100000 pixels" });
            }
        }
        Ok(Layout { slots, height })
    }
}

/// How many ticks an x axis of this width should have.
pub(super) fn x_ticks(width: f64) -> usize {
    (width / PIXELS_PER_TICK).clamp(2.0, 6.0) as usize
}

fn has_heading(panel: &Panel) -> bool {
    !(panel.title.is_empty() && panel.note.is_empty())
}

fn room_left(panel: &Panel) -> f64 {
    if !panel.y.visible {
        return 0.0;
    }
    let labels = panel.y.labels(&panel.y.ticks(panel.y.range, Y_TICKS));
    let widest = labels.texts.iter().map(|label| label.chars().count()).max();
    widest.unwrap_or(0) as f64 * DIGIT_WIDTH + AXIS_OFFSET + TICK_LENGTH + 3.0
}

fn room_below(panel: &Panel, width: f64) -> f64 {
    if !panel.x.visible {
        return 0.0;
    }
    let label = panel.x.full_label(panel.x.range, x_ticks(width));
    let label = if label.is_empty() { 0.0 } else { LABEL_HEIGHT };
    AXIS_OFFSET + TICK_LENGTH + TICK_SIZE + 4.0 + label
}

/// What the panel shows: its ranges, one of them widened if both units must be equally long.
pub(super) fn window(panel: &Panel, slot: &Slot) -> Window {
    let (mut x, mut y) = (panel.x.range, panel.y.range);
    if panel.equal_aspect {
        let unit = ((x[1] - x[0]) / slot.width).max((y[1] - y[0]) / slot.height);
        let widen = |[low, high]: [f64; 2], pixels: f64| {
            let extra = (unit * pixels - (high - low)) / 2.0;
            [low - extra, high + extra]
        };
        (x, y) = (widen(x, slot.width), widen(y, slot.height));
    }
    Window { x, y }
}
