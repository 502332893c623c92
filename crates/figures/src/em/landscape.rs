//! ℓ over two means, and the ways of EM and of gradient ascent on it.

use crate::plot::{self, Anchor, Colour, Grid, Marker, Panel, Point, number};
use executable_em::Result;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::gradient;
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::{DMatrix, dmatrix};
use std::sync::OnceLock;

/// Seven data to the left, two to the right: the two means have very different counts.
pub(super) fn data() -> DMatrix<f64> {
    dmatrix![-2.9; -2.4; -2.0; -1.9; -1.5; -1.1; -0.6; 1.6; 2.4]
}

/// Two unit Gaussians whose means are free.
pub(super) fn at([a, b]: Point) -> Result<SoftKMeans> {
    SoftKMeans::new(dmatrix![a; b], 1.0, Weights::Held)
}

pub(super) fn place(means: &DMatrix<f64>) -> Point {
    [means[0], means[1]]
}

const RANGE: [f64; 2] = [-4.2, 4.2];

/// ℓ(μ₁, μ₂) in shades, with the diagonal that its mirror image lies beyond.
#[derive(Clone)]
pub(super) struct Landscape {
    pub panel: Panel,
    top: Point,
    pub height: f64,
}

impl Landscape {
    pub fn new() -> Result<Self> {
        let x = data();
        let grid = Grid::new(RANGE, RANGE, 85);
        let values = grid
            .nodes()
            .row_iter()
            .map(|node| at([node[0], node[1]])?.log_likelihood(&x))
            .collect::<Result<Vec<f64>>>()?;
        let to_rest = Stopping { tolerance: Tolerance::Parameters(1e-12), max_sweeps: 1000 };
        let top = em::fit(at([-1.0, 1.0])?, &x, &to_rest)?;
        let height = top.log_likelihood;
        let levels: Vec<f64> = [80.0, 56.0, 38.0, 26.0, 18.0, 12.0, 8.0, 5.0, 3.0, 1.5, 0.5]
            .iter()
            .map(|drop| height - drop)
            .collect();
        let ticks = [-4.0, -2.0, 0.0, 2.0, 4.0];
        let mut panel = Panel::new(RANGE, RANGE);
        panel.equal_aspect().x_label("*μ*_1").y_label("*μ*_2").x_ticks(&ticks).y_ticks(&ticks);
        panel.bands(&grid, &values, &levels, plot::lighten(plot::GREY, 0.12));
        panel.contours(&grid, &values, &levels, plot::WHITE, 0.4);
        panel.line(&[[RANGE[0], RANGE[0]], [RANGE[1], RANGE[1]]], plot::WHITE, 0.9);
        Ok(Landscape { panel, top: place(top.model.means()), height })
    }

    /// The two maxima, and the saddle between them.
    pub fn mark(&self, panel: &mut Panel) {
        for peak in [self.top, [self.top[1], self.top[0]]] {
            panel.mark(peak, Marker::Cross, 12.0, plot::INK);
        }
        let centre = data().mean();
        panel.mark([centre, centre], Marker::Square, 7.0, plot::INK);
    }

    pub fn name(&self, panel: &mut Panel) {
        let centre = data().mean();
        panel.text([centre, centre], [10.0, 16.0], "saddle", Anchor::Start, plot::INK);
        panel.text(self.top, [11.0, -7.0], "maximum", Anchor::Start, plot::INK);
    }
}

/// A way from its start, with a dot for each step.
pub(super) fn way(panel: &mut Panel, way: &[Point], colour: Colour) {
    panel.line(way, plot::WHITE, 2.6).line(way, colour, 1.1);
    panel.dots(way, &[colour], 1.9, 1.0);
    panel.dots(&way[..1], &[plot::WHITE], 5.2, 1.0).dots(&way[..1], &[colour], 4.0, 1.0);
}

/// The map takes longer than a frame, and is the same for all who ask.
static MAP: OnceLock<Result<Landscape>> = OnceLock::new();

/// Where two climbers begin, and how far they have come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// (μ₁, μ₂).
    pub place: Point,
    /// η of gradient ascent, in squared units of the data per nat.
    pub step: f64,
    /// How many steps both have made.
    pub steps: usize,
}

impl Start {
    /// ℓ at the start and after each step: of EM, and of gradient ascent.
    ///
    /// # Errors
    /// Those of [`gradient::ascend_means`], as for η that is not positive.
    pub fn climbs(&self) -> Result<[Vec<f64>; 2]> {
        let (x, [by_em, by_gradient]) = (data(), self.ways()?);
        let height = |&point: &Point| at(point)?.log_likelihood(&x);
        let of = |way: &[Point]| way.iter().map(height).collect::<Result<Vec<f64>>>();
        Ok([of(&by_em)?, of(&by_gradient)?])
    }

    fn ways(&self) -> Result<[Vec<Point>; 2]> {
        let (x, mut model) = (data(), at(self.place)?);
        let by_gradient = gradient::ascend_means(&model.mixture()?, &x, self.step, self.steps)?;
        let mut by_em = vec![self.place];
        for _ in 0..self.steps {
            model = em::sweep(&model, &x)?;
            by_em.push(place(model.means()));
        }
        Ok([by_em, by_gradient.iter().map(|model| place(model.means())).collect()])
    }
}

/// Both ways on the map, and ℓ along them.
pub(crate) fn state(start: &Start) -> Result<[Panel; 2]> {
    let map = MAP.get_or_init(Landscape::new).as_ref().map_err(Clone::clone)?;
    let colours = [plot::component(0), plot::component(1)];
    let (ways, climbs) = (start.ways()?, start.climbs()?);
    let mut panel = map.panel.clone();
    panel.title("*ℓ* over the two means");
    for (of, colour) in ways.iter().zip(colours).rev() {
        way(&mut panel, of, colour);
    }
    map.mark(&mut panel);
    map.name(&mut panel);
    panel.dots(&[start.place], &[plot::WHITE], 6.6, 1.0).dots(&[start.place], &[plot::INK], 5.0, 1.0);

    let last = start.steps.max(12) as f64;
    let lowest = climbs.iter().flatten().copied().fold(map.height, f64::min);
    let mut climb = Panel::new([-0.3, last + 0.3], plot::span([lowest, map.height], 0.08));
    climb.title("*ℓ* after each step").x_label("step").room_right(56.0).line(
        &[[-0.3, map.height], [last + 0.3, map.height]],
        plot::FAINT,
        0.8,
    );
    for ((heights, colour), name) in climbs.iter().zip(colours).zip(["EM", "gradient"]).rev() {
        let points: Vec<Point> =
            heights.iter().enumerate().map(|(at, &height)| [at as f64, height]).collect();
        climb.line(&points, colour, 1.4).dots(&points, &[colour], 2.6, 1.0);
        // Names that would meet make room for each other.
        let meet =
            (climbs[0][start.steps] - climbs[1][start.steps]).abs() < 0.08 * (map.height - lowest).max(0.1);
        if let Some(&end) = points.last() {
            let down = if !meet {
                4.0
            } else if name == "EM" {
                -4.0
            } else {
                14.0
            };
            climb.text(end, [8.0, down], name, Anchor::Start, colour);
        }
    }
    if last <= 15.0 {
        climb.x_ticks(&[0.0, 3.0, 6.0, 9.0, 12.0, 15.0][..if last < 15.0 { 5 } else { 6 }]);
    }
    climb.note(&format!("maximum *ℓ* = {}", number(map.height, 3)));
    Ok([panel, climb])
}
