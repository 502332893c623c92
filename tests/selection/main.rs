//! Choosing k: parameter counts, criteria, cross-validation; and not choosing it: sticks, tables, occupied clusters.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod clusters;
mod criteria;
mod cross_validation;
mod parameters;
mod search;
mod seating;
mod sticks;

use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::selection::Restarts;
use executable_em::{Result, data};
use nalgebra::DMatrix;

/// ℓ to a millionth of a nat: the criteria are then right to the decimals that are asserted.
const STOPPING: Stopping = Stopping { tolerance: Tolerance::LogLikelihood(2.5e-9), max_sweeps: 2000 };

const FIVE_STARTS: Restarts = Restarts { starts: 5, seed: 1, stopping: STOPPING };

/// A probability that a statistical test fails although the law is right: seeds are fixed, so it was drawn once and
/// for all.
const LUCK: f64 = 1e-9;

/// Dvoretzky, Kiefer, Wolfowitz and Massart: P(sup |F_N − F| > t) ≤ 2 exp(−2 N t²), for any law.
fn dkw(samples: usize) -> f64 {
    ((2.0 / LUCK).ln() / (2.0 * samples as f64)).sqrt()
}

/// Bernstein: a mean of N independent variables, each in an interval of length `width` with this variance, is off by
/// more than √(2 v L/N) + 2 width L/(3N), L = log(2/p), with probability at most p.
fn bernstein(samples: usize, variance: f64, width: f64) -> f64 {
    let (n, l) = (samples as f64, (2.0 / LUCK).ln());
    (2.0 * variance * l / n).sqrt() + 2.0 * width * l / (3.0 * n)
}

fn one_gaussian(x: &DMatrix<f64>) -> Result<GaussianMixture> {
    let start = random_start(x, 1, CovarianceFamily::Full, &mut data::rng(0))?;
    em::sweep(&start, x)
}
