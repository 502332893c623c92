//! ℓ over two means, and the ways of EM, of gradient ascent and of SQUAREM on it.

use crate::plot::{self, Anchor, Grid, Marker, Panel, Point, number};
use executable_em::Result;
use executable_em::convergence::accelerate::{Accelerated, Chart, Method};
use executable_em::em::{self, OnData, Seen, Stopping, Tolerance};
use executable_em::gaussian_mixture::gradient;
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::{DMatrix, dmatrix};
use std::ops::ControlFlow;
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
        let values = grid.values(|node| at(node)?.log_likelihood(&x))?;
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

/// The map takes longer than a frame, and is the same for all who ask.
static MAP: OnceLock<Result<Landscape>> = OnceLock::new();

/// A rise that is none, in nats.
const LEAST: f64 = 1e-9;

/// Where three climbers begin, and how far they may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// (μ₁, μ₂).
    pub place: Point,
    /// η of gradient ascent, in squared units of the data per nat.
    pub step: f64,
    /// How many passes over the data each has made: a sweep of EM, a step of the gradient, a third of a leap.
    pub sweeps: usize,
}

/// The way of a climber from its start.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// How many passes over the data it took to each place.
    pub sweeps: Vec<usize>,
    /// (μ₁, μ₂).
    pub places: Vec<Point>,
    /// ℓ there, in nats.
    pub heights: Vec<f64>,
}

impl Way {
    fn of(sweeps: Vec<usize>, places: Vec<Point>) -> Result<Self> {
        let x = data();
        let heights = places.iter().map(|&place| at(place)?.log_likelihood(&x)).collect::<Result<_>>()?;
        Ok(Way { sweeps, places, heights })
    }
}

impl Start {
    /// The ways of EM, of gradient ascent, and of SQUAREM, whose leaps take three sweeps each, or four where one is
    /// refused; it ends where it is at rest.
    ///
    /// # Errors
    /// Those of [`gradient::ascend_means`], as for η that is not positive.
    pub fn ways(&self) -> Result<[Way; 3]> {
        let (x, start) = (data(), at(self.place)?);
        let by_gradient = gradient::ascend_means(&start.mixture()?, &x, self.step, self.sweeps)?;
        let mut by_em = vec![start.clone()];
        for sweep in 0..self.sweeps {
            by_em.push(em::sweep(&by_em[sweep], &x)?);
        }
        let climb = Accelerated::of(OnData::new(&x)?, Method::Squarem, Chart::Plain, 0)?;
        let (mut sweeps, mut by_leaps, mut height) = (Vec::new(), Vec::new(), f64::NEG_INFINITY);
        let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: self.sweeps };
        em::best_of(&climb, [Ok(start)], &stopping, |seen| {
            if let Seen::Sweep { model, expected, .. } = seen {
                // The first evaluation is that of the start.
                let passes = climb.evaluations() - 1;
                // Where a leap gains nothing that could be seen, rounding decides whether it is taken.
                if passes > self.sweeps || expected.log_likelihood < height + LEAST {
                    return ControlFlow::Break(());
                }
                height = expected.log_likelihood;
                sweeps.push(passes);
                by_leaps.push(place(model.means()));
            }
            ControlFlow::Continue(())
        })?;
        Ok([
            Way::of((0..=self.sweeps).collect(), by_em.iter().map(|model| place(model.means())).collect())?,
            Way::of(
                (0..=self.sweeps).collect(),
                by_gradient.iter().map(|model| place(model.means())).collect(),
            )?,
            Way::of(sweeps, by_leaps)?,
        ])
    }
}

/// All ways on the map, and ℓ along them.
pub(crate) fn state(start: &Start) -> Result<[Panel; 2]> {
    let map = MAP.get_or_init(Landscape::new).as_ref().map_err(Clone::clone)?;
    let colours = [0, 1, 2].map(plot::component);
    let ways = start.ways()?;
    let mut panel = map.panel.clone();
    panel.title("*ℓ* over the two means");
    for (of, colour) in ways.iter().zip(colours).rev() {
        panel.way(&of.places, colour);
    }
    map.mark(&mut panel);
    map.name(&mut panel);
    panel.dots(&[start.place], &[plot::WHITE], 6.6, 1.0).dots(&[start.place], &[plot::INK], 5.0, 1.0);

    let (now, last) = (start.sweeps as f64, start.sweeps.max(12) as f64);
    let lowest = ways.iter().flat_map(|way| &way.heights).copied().fold(map.height, f64::min);
    let range = plot::span([lowest, map.height], 0.08);
    let mut climb = Panel::new([-0.3, last + 0.3], range);
    climb.title("*ℓ* after each sweep").x_label("sweep").room_right(74.0).line(
        &[[-0.3, map.height], [last + 0.3, map.height]],
        plot::FAINT,
        0.8,
    );
    let ends: Vec<f64> = ways.iter().map(|way| way.heights[way.heights.len() - 1]).collect();
    let names = plot::apart(&ends, 0.075 * (range[1] - range[0]), [lowest, range[1]]);
    for (index, name) in ["EM", "gradient", "SQUAREM"].into_iter().enumerate().rev() {
        let (of, colour) = (&ways[index], colours[index]);
        let points: Vec<Point> =
            of.sweeps.iter().zip(&of.heights).map(|(&sweep, &height)| [sweep as f64, height]).collect();
        // There it rests, or waits for the end of its next leap.
        climb.line(&[points[points.len() - 1], [now, ends[index]]], plot::lighten(colour, 0.5), 1.0);
        climb.line(&points, colour, 1.4).dots(&points, &[colour], 2.6, 1.0);
        climb.text([now, names[index]], [8.0, 4.0], name, Anchor::Start, colour);
    }
    if last <= 15.0 {
        climb.x_ticks(&[0.0, 3.0, 6.0, 9.0, 12.0, 15.0][..if last < 15.0 { 5 } else { 6 }]);
    }
    climb.note(&format!("at most {}", number(map.height, 3)));
    Ok([panel, climb])
}
