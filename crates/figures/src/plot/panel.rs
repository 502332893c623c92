//! One pair of axes and what is drawn between them, in the data's own units.

use nalgebra::DMatrix;

use super::{
    Point,
    colour::Colour,
    ticks::{self, Labels},
};
use executable_em::{Error, Result};

/// The shape of a single mark, such as a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Marker {
    /// A diagonal cross.
    Cross,
    /// A filled square.
    Square,
}

/// Where a text lies relative to its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

/// Axes with a title, and the shapes between them, drawn in the order in which they were added.
///
/// A method that is given something impossible (a matrix that is not n×2, an infinite coordinate, a
/// covariance that is not one) draws nothing; the panel remembers the first such error and returns it when
/// the figure is made.
///
/// ```
/// use executable_em_figures::plot::{self, Figure, Panel};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![1.8, 54.0; 3.6, 79.0; 4.5, 85.0];
/// let mut panel = Panel::around(&x);
/// panel.title("Old Faithful").x_label("eruption, min").scatter(&x, &[plot::component(0)]);
/// assert!(Figure::of(panel).is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct Panel {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) equal_aspect: bool,
    pub(super) room_right: f64,
    pub(super) elements: Vec<Element>,
    pub(super) problem: Option<Error>,
}

#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub range: [f64; 2],
    pub label: String,
    pub ticks: Option<Vec<f64>>,
    /// What stands at the ticks, if it is not their value.
    pub tick_labels: Option<Vec<String>>,
    pub visible: bool,
}

impl Axis {
    fn name(&mut self, ticks: &[(f64, &str)]) {
        self.ticks = Some(ticks.iter().map(|&(at, _)| at).collect());
        self.tick_labels = Some(ticks.iter().map(|&(_, name)| name.to_owned()).collect());
    }

    /// The ticks that were asked for, else a few round numbers of what is shown.
    pub fn ticks(&self, shown: [f64; 2], wanted: usize) -> Vec<f64> {
        self.ticks.clone().unwrap_or_else(|| ticks::nice(shown, wanted))
    }

    /// What stands at these ticks: their names, or else their values.
    pub fn labels(&self, ticks: &[f64]) -> Labels {
        match self.tick_labels.clone() {
            Some(texts) => Labels { texts, remark: String::new() },
            None => ticks::labels(ticks),
        }
    }

    /// What the axis measures, and what its ticks leave out.
    pub fn full_label(&self, shown: [f64; 2], wanted: usize) -> String {
        let remark =
            if self.visible { self.labels(&self.ticks(shown, wanted)).remark } else { String::new() };
        match (self.label.is_empty(), remark.is_empty()) {
            (_, true) => self.label.clone(),
            (true, false) => remark,
            (false, false) => format!("{} ({remark})", self.label),
        }
    }
}

/// Places are in data units; radii, widths and offsets in pixels.
#[derive(Clone, Debug)]
pub(super) enum Element {
    Dots { at: Vec<Point>, colours: Vec<Colour>, radius: f64, opacity: f64 },
    Line { points: Vec<Point>, colour: Colour, width: f64 },
    Area { points: Vec<Point>, colour: Colour, opacity: f64 },
    Mark { at: Point, marker: Marker, size: f64, colour: Colour },
    Text { at: Point, offset: [f64; 2], text: String, anchor: Anchor, colour: Colour },
}

impl Panel {
    /// Empty axes over the given ranges, each from its smaller to its larger end.
    pub fn new(x_range: [f64; 2], y_range: [f64; 2]) -> Self {
        let axis =
            |range| Axis { range, label: String::new(), ticks: None, tick_labels: None, visible: true };
        let mut panel = Panel {
            x: axis(x_range),
            y: axis(y_range),
            title: String::new(),
            note: String::new(),
            equal_aspect: false,
            room_right: 0.0,
            elements: Vec::new(),
            problem: None,
        };
        for (what, [low, high]) in [("x range of a panel", x_range), ("y range of a panel", y_range)] {
            // Beyond, ticks and margins would overflow.
            if !(1e-300..=1e300).contains(&(high - low)) {
                let allowed = "between 1e-300 and 1e300 long, from its smaller to its larger end";
                panel.remember(Error::Domain { what, value: high - low, allowed });
            }
        }
        panel
    }

    /// Empty axes that show every row of the n×2 matrix `x`, with a margin of 6 % on each side.
    pub fn around(x: &DMatrix<f64>) -> Self {
        match points(x) {
            Ok(points) => {
                let range = |axis: usize| span(points.iter().map(|p| p[axis]), 0.06);
                Panel::new(range(0), range(1))
            }
            Err(error) => {
                let mut panel = Panel::new([0.0, 1.0], [0.0, 1.0]);
                panel.remember(error);
                panel
            }
        }
    }

    /// A title above the panel, on the left. As in every text of a figure, `*k*` is set in italics and
    /// `_1` or `_{12}` as a subscript.
    pub fn title(&mut self, text: &str) -> &mut Self {
        self.title = text.to_owned();
        self
    }

    /// A short text on the title's line, on the right.
    pub fn note(&mut self, text: &str) -> &mut Self {
        self.note = text.to_owned();
        self
    }

    /// What the x axis measures, and in which unit.
    pub fn x_label(&mut self, text: &str) -> &mut Self {
        self.x.label = text.to_owned();
        self
    }

    /// What the y axis measures, and in which unit; written above the axis.
    pub fn y_label(&mut self, text: &str) -> &mut Self {
        self.y.label = text.to_owned();
        self
    }

    /// Ticks of the x axis, instead of a few round numbers.
    pub fn x_ticks(&mut self, ticks: &[f64]) -> &mut Self {
        (self.x.ticks, self.x.tick_labels) = (Some(ticks.to_vec()), None);
        self
    }

    /// Ticks of the y axis, instead of a few round numbers.
    pub fn y_ticks(&mut self, ticks: &[f64]) -> &mut Self {
        (self.y.ticks, self.y.tick_labels) = (Some(ticks.to_vec()), None);
        self
    }

    /// Ticks of the x axis with words of their own, as on an axis of logarithms.
    pub fn x_named_ticks(&mut self, ticks: &[(f64, &str)]) -> &mut Self {
        self.x.name(ticks);
        self
    }

    /// Ticks of the y axis with words of their own, as on an axis of logarithms.
    pub fn y_named_ticks(&mut self, ticks: &[(f64, &str)]) -> &mut Self {
        self.y.name(ticks);
        self
    }

    /// Draws no x axis, as where the panel below shows it.
    pub fn without_x_axis(&mut self) -> &mut Self {
        self.x.visible = false;
        self
    }

    /// Draws no y axis, as where the panel on the left shows it.
    pub fn without_y_axis(&mut self) -> &mut Self {
        self.y.visible = false;
        self
    }

    /// Makes a unit equally long on both axes, by widening one of the ranges.
    pub fn equal_aspect(&mut self) -> &mut Self {
        self.equal_aspect = true;
        self
    }

    /// Keeps `pixels` free on the right, for labels at the end of lines.
    pub fn room_right(&mut self, pixels: f64) -> &mut Self {
        self.room_right = pixels;
        self
    }

    /// A small dot for each row of the n×2 matrix `x`; one colour for all, or one each.
    pub fn scatter(&mut self, x: &DMatrix<f64>, colours: &[Colour]) -> &mut Self {
        let Some(at) = self.attempt(points(x)) else { return self };
        self.dots(&at, colours, 2.4, 1.0)
    }

    /// A dot at each point, of the given radius in pixels and opacity; one colour for all, or one each.
    pub fn dots(&mut self, at: &[Point], colours: &[Colour], radius: f64, opacity: f64) -> &mut Self {
        if colours.len() != 1 && colours.len() != at.len() {
            let (expected, found) = ((at.len(), 1), (colours.len(), 1));
            return self.remember(Error::Shape { what: "colours of the dots", expected, found });
        }
        let (at, colours) = (at.to_vec(), colours.to_vec());
        self.add("dots", &at.clone(), Element::Dots { at, colours, radius, opacity })
    }

    /// A line through the points, `width` pixels wide.
    pub fn line(&mut self, points: &[Point], colour: Colour, width: f64) -> &mut Self {
        self.add("line", points, Element::Line { points: points.to_vec(), colour, width })
    }

    /// The inside of a polygon.
    pub fn area(&mut self, points: &[Point], colour: Colour, opacity: f64) -> &mut Self {
        self.add("area", points, Element::Area { points: points.to_vec(), colour, opacity })
    }

    /// A single mark, `size` pixels across, with a white rim that lifts it off the data.
    pub fn mark(&mut self, at: Point, marker: Marker, size: f64, colour: Colour) -> &mut Self {
        self.add("mark", &[at], Element::Mark { at, marker, size, colour })
    }

    /// A text beside the point, moved by `offset` pixels to the right and down.
    pub fn text(
        &mut self,
        at: Point,
        offset: [f64; 2],
        text: &str,
        anchor: Anchor,
        colour: Colour,
    ) -> &mut Self {
        self.add("text", &[at], Element::Text { at, offset, text: text.to_owned(), anchor, colour })
    }

    fn add(&mut self, what: &'static str, places: &[Point], element: Element) -> &mut Self {
        for (row, place) in places.iter().enumerate() {
            for (column, &value) in place.iter().enumerate() {
                if !value.is_finite() {
                    return self.remember(Error::NotFinite { what, row, column, value });
                }
            }
        }
        self.elements.push(element);
        self
    }

    /// What was made, unless that failed: then the error is remembered.
    pub(super) fn attempt<T>(&mut self, made: Result<T>) -> Option<T> {
        made.map_err(|error| self.remember(error)).ok()
    }

    pub(super) fn remember(&mut self, error: Error) -> &mut Self {
        self.problem.get_or_insert(error);
        self
    }
}

/// The rows of an n×2 matrix as points: what the panel's methods that take points want.
///
/// # Errors
/// [`Error::Shape`] if the matrix has not two columns.
pub fn points(x: &DMatrix<f64>) -> Result<Vec<Point>> {
    if x.ncols() != 2 {
        let (expected, found) = ((x.nrows(), 2), x.shape());
        return Err(Error::Shape { what: "points to draw", expected, found });
    }
    Ok(x.row_iter().map(|row| [row[0], row[1]]).collect())
}

/// The range of the values, widened on both sides by `margin` times its length. The range of nothing is
/// [0, 1], and that of a single value extends half a unit to each side.
pub fn span(values: impl IntoIterator<Item = f64>, margin: f64) -> [f64; 2] {
    let (low, high) = values
        .into_iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    match high - low {
        length if length > 0.0 => [low - margin * length, high + margin * length],
        0.0 => [low - 0.5, high + 0.5],
        _ => [0.0, 1.0],
    }
}

/// Where texts stand that want to be at these heights but at least `line` apart, within a range: those that would meet
/// make room for each other, downwards, and upwards where the range ends.
///
/// ```
/// use executable_em_figures::plot::apart;
/// assert_eq!(apart(&[5.0, 9.0], 1.0, [0.0, 10.0]), [5.0, 9.0]);
/// assert_eq!(apart(&[0.0, 0.5, 0.0], 1.0, [0.0, 10.0]), [1.0, 2.0, 0.0]);
/// ```
pub fn apart(heights: &[f64], line: f64, range: [f64; 2]) -> Vec<f64> {
    let mut places = heights.to_vec();
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|&one, &other| heights[other].total_cmp(&heights[one]));
    let mut room = range[1];
    for &index in &order {
        places[index] = places[index].min(room);
        room = places[index] - line;
    }
    let mut room = range[0];
    for &index in order.iter().rev() {
        places[index] = places[index].max(room);
        room = places[index] + line;
    }
    places
}
