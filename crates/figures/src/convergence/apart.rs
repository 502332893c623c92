//! Two clusters as far apart as a reader wants: how fast EM is, and how sure of their means.

use super::{NINETY_FIVE, TO_REST, two_normals};
use crate::plot::{self, Anchor, Marker, Panel, Point, number};
use executable_em::convergence::accelerate::{self, Accelerated, Chart, Method};
use executable_em::convergence::coordinates::coordinates;
use executable_em::convergence::{errors, rate};
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::latent::Model;
use executable_em::{Result, data};
use nalgebra::{DMatrix, DVector, dmatrix};
use std::f64::consts::LN_10;

const DRAWS: usize = 400;
/// So many have room, and by so many the run has found its rate at any distance.
const SWEEPS: usize = 60;
const PATIENT: usize = 300;
/// Below this many nats the gap to the top is hidden by rounding, or nobody's concern.
const SEEN: f64 = 1e-4;
/// Below this its rounding is no longer small beside it.
const EXACT: f64 = 1e-7;
/// Distances that the page has room for, in standard deviations.
const DISTANCES: [f64; 2] = [1.6, 6.0];

/// So far off, in standard deviations, the panel of both means reaches.
const OFF: f64 = 0.75;

/// A fit to draws of two normals of one variance, and what can be said of the way to it.
#[derive(Clone, Debug)]
pub struct Apart {
    /// How far the means of the truth lie apart, in standard deviations.
    pub distance: f64,
    /// The top of ℓ.
    pub model: GaussianMixture,
    /// The largest fraction of missing information there.
    pub fraction: f64,
    /// By how much a late step of the run was shorter than the one before.
    pub shown: f64,
    /// The covariance of the errors of the two means, 2×2.
    pub uncertainty: DMatrix<f64>,
    /// By how many nats ℓ is below its top at a start, half a standard deviation off, and after each sweep.
    pub gaps: Vec<f64>,
    x: DMatrix<f64>,
}

impl Apart {
    /// This many standard deviations apart: at least 1.6, where the clusters can be told, and 6 at most.
    ///
    /// # Errors
    /// None but those of the fit.
    ///
    /// ```
    /// use executable_em_figures::state::Apart;
    /// let [near, far] = [Apart::by(2.0)?, Apart::by(5.0)?];
    /// assert!(near.fraction > 0.8 && far.fraction < 0.2);
    /// assert!((near.fraction - near.shown).abs() < 0.03);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn by(distance: f64) -> Result<Self> {
        let distance = if distance.is_finite() { distance.clamp(DISTANCES[0], DISTANCES[1]) } else { 3.0 };
        // The same draws, moved apart: label and offset of each are held.
        let (offsets, labels) = two_normals(0.0)?.sample(DRAWS, &mut data::rng(1))?;
        let x = DMatrix::from_fn(DRAWS, 1, |i, _| offsets[i] + distance * labels[i] as f64);
        let truth =
            two_normals(distance)?.with_covariances(vec![dmatrix![1.0]; 2], CovarianceFamily::Tied)?;
        let climb = Accelerated::new(&x, Method::Anderson { memory: 5 }, Chart::Unbounded)?;
        let (top, _) = accelerate::fit(&climb, truth.clone(), &TO_REST)?;
        let off = truth.with_means(truth.means() + dmatrix![-0.5; 0.5])?;
        let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: PATIENT };
        let run = em::trace(off, &x, &stopping)?;
        let gaps: Vec<f64> = run.log_likelihoods().iter().map(|l| top.log_likelihood - l).collect();
        let places: Vec<DVector<f64>> =
            run.iterates.iter().map(|iterate| coordinates(&iterate.model)).collect();
        let seen = gaps.iter().take_while(|&&gap| gap > EXACT).count().clamp(3, places.len());
        let shortened = rate::shown(&places[..seen])?;
        // Coordinates: the weight, the means, the variance.
        let uncertainty = errors::covariance(&top.model, &x)?.view((1, 1), (2, 2)).into_owned();
        Ok(Apart {
            distance,
            fraction: rate::missing_fractions(&top.model, &x)?[0],
            shown: shortened[shortened.len() - 1],
            uncertainty,
            model: top.model,
            gaps,
            x,
        })
    }

    /// The standard errors of the two means.
    ///
    /// ```
    /// use executable_em_figures::state::Apart;
    /// let [left, right] = Apart::by(5.0)?.errors();
    /// // Of about 200 draws each.
    /// assert!((left - 0.005_f64.sqrt()).abs() < 0.02 && (right - 0.005_f64.sqrt()).abs() < 0.02);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn errors(&self) -> [f64; 2] {
        [0, 1].map(|j| self.uncertainty[(j, j)].sqrt())
    }
}

/// The two densities over the draws, with what is known of the means, of each and of both together; and the gap to the
/// top, sweep by sweep.
pub(crate) fn state(of: &Apart) -> Result<[Panel; 3]> {
    let mut density = Panel::new([-3.6, 9.6], [0.0, 0.27]);
    density.title("two clusters").note(&format!("{} sd apart", number(of.distance, 1))).x_label("*x*");
    density.y_ticks(&[0.0, 0.1, 0.2]);
    let nodes = DMatrix::from_fn(265, 1, |i, _| -3.6 + 0.05 * i as f64);
    let log_joint = of.model.log_joint(&nodes)?;
    for j in 0..2 {
        let curve: Vec<Point> =
            nodes.iter().zip(log_joint.column(j).iter()).map(|(&x, l)| [x, l.exp()]).collect();
        density.area(&curve, plot::lighten(plot::component(j), 0.55), 0.8);
        density.line(&curve, plot::component(j), 1.4);
    }
    let places: Vec<Point> = of.x.iter().step_by(2).map(|&x| [x, 0.004]).collect();
    density.dots(&places, &[plot::GREY], 1.3, 0.6);
    for j in 0..2 {
        let (mean, half) = (of.model.means()[j], 1.96 * of.errors()[j]);
        let (height, colour) = (0.235, plot::darken(plot::component(j), 0.2));
        density.line(&[[mean - half, height], [mean + half, height]], colour, 2.2);
        density.dots(&[[mean, height]], &[colour], 3.2, 1.0);
        let text = format!("± {}", number(half, 2));
        // On the far side of the other mean, however near that is.
        let (side, anchor) = if j == 0 { (-1.0, Anchor::End) } else { (1.0, Anchor::Start) };
        density.text([mean + side * half, height], [side * 6.0, 4.0], &text, anchor, colour);
    }
    density.mark([of.distance, 0.0], Marker::Cross, 12.0, plot::component(1));

    let mut way = Panel::new([0.0, SWEEPS as f64], [SEEN.log10(), 2.4]);
    way.title("nats below the top").x_label("sweep").note(&format!("*ρ* = {}", number(of.fraction, 3)));
    way.y_named_ticks(&[(-4.0, "0.0001"), (-2.0, "0.01"), (0.0, "1"), (2.0, "100")]);
    let points: Vec<Point> = of
        .gaps
        .iter()
        .enumerate()
        .take(SWEEPS + 1)
        .take_while(|(_, gap)| **gap > SEEN)
        .map(|(t, gap)| [t as f64, gap.log10()])
        .collect();
    // ρ² a sweep, through the last point that is seen.
    if let Some(&[t, height]) = points.last() {
        let slope = 2.0 * of.fraction.ln() / LN_10;
        let from = (t + (2.4 - height) / slope).max(0.0);
        way.line(&[[from, height + slope * (from - t)], [t, height]], plot::component(1), 1.2);
        let middle = [0.5 * (from + t), height + 0.5 * slope * (from - t)];
        way.text(middle, [12.0, -6.0], "*ρ*² a sweep", Anchor::Start, plot::component(1));
    }
    way.line(&points, plot::FAINT, 1.2).dots(&points, &[plot::INK], 2.3, 1.0);
    Ok([density, together(of), way])
}

/// The 95 % ellipse of both means, about their estimates; and the one that it would be if the labels were seen.
fn together(of: &Apart) -> Panel {
    let mut panel = Panel::new([-OFF, OFF], [-OFF, OFF]);
    panel.title("both means").x_label("the left one, off by").y_label("the right one, off by").equal_aspect();
    panel.x_ticks(&[-0.5, 0.0, 0.5]).y_ticks(&[-0.5, 0.0, 0.5]);
    // A mean of n πⱼ data whose labels are known errs by the variance over their number, and alone.
    let (variance, n) = (of.model.covariances()[0][0], DRAWS as f64);
    let seen = DMatrix::from_diagonal(&of.model.weights().map(|weight| variance / (n * weight)));
    let colour = plot::component(1);
    panel.disc([0.0, 0.0], &of.uncertainty, NINETY_FIVE, plot::lighten(colour, 0.6), 0.8);
    panel.ellipse([0.0, 0.0], &of.uncertainty, NINETY_FIVE, colour, 1.8);
    panel.ellipse([0.0, 0.0], &seen, NINETY_FIVE, plot::INK, 1.4);
    panel.text([0.0, -OFF], [0.0, -10.0], "inner: if labels were seen", Anchor::Middle, plot::INK);
    panel
}
