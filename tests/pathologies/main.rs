//! Pathologies: spikes and collapses, saddles, edges of the simplex, twins, dependent labels, cancellation; and
//! restarts, the covariance floor and the prior, which are held to direct search, quadrature and the ascent of the log
//! posterior.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod cancellation;
mod dependence;
mod floor;
mod label_switching;
mod posterior;
mod prior;
mod rest;
mod saddle;
mod singularity;
mod weights;

use common::{column, line_mixture};
use executable_em::em::{Stopping, Tolerance};
use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

fn five() -> DMatrix<f64> {
    column(&[0.0, 3.0, 4.0, 5.0, 6.0])
}

/// The start from which EM collapses on [`five`].
fn doomed() -> GaussianMixture {
    line_mixture(&[0.5, 0.5], &[0.0, 5.0], &[1.0, 1.0])
}

fn watching_parameters(tolerance: f64) -> Stopping {
    Stopping { tolerance: Tolerance::Parameters(tolerance), max_sweeps: 10_000 }
}
