//! Discrete latent variables: whatever is said of the two n×k matrices, held to sums over all k^n labelings.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod complete;
mod expectation;
mod labelings;
mod log_likelihood;
mod responsibilities;
mod toolbox;

use common::bounds::gamma;
use common::{cases, mixture};
use executable_em::data;
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::Model;
use nalgebra::{DMatrix, dmatrix};

const NEVER: f64 = f64::NEG_INFINITY;

/// Three overlapping components in the plane.
fn three() -> GaussianMixture {
    mixture(
        &[0.5, 0.3, 0.2],
        dmatrix![0.0, 0.0; 2.0, 0.5; 0.5, 2.0],
        vec![dmatrix![1.0, 0.3; 0.3, 0.8], dmatrix![0.6, -0.2; -0.2, 0.9], dmatrix![0.7, 0.0; 0.0, 0.4]],
    )
}

/// Four data among them: 4 · 3 = 12 log joints, 3⁴ = 81 labelings.
fn four() -> DMatrix<f64> {
    dmatrix![0.2, -0.3; 1.6, 0.9; 0.4, 1.7; 1.0, 0.8]
}

/// Data small enough for all labelings, and two models of one shape.
fn two_log_joints(kind: cases::Kind, k: usize, d: usize, seed: u64) -> (DMatrix<f64>, DMatrix<f64>) {
    let case = cases::case(kind, Default::default(), 5, k, d, seed);
    let k = case.model.k();
    let other = case.model.with_means(case.model.means().add_scalar(1e-4 * case.x.amax().max(1.0))).unwrap();
    let other = other.with_weights(cases::weights(k, &mut data::rng(seed))).unwrap();
    (case.model.log_joint(&case.x).unwrap(), other.log_joint(&case.x).unwrap())
}

/// How far a sum of k^n exponentials of n log joints each may err, relatively: an exponent is a sum of n terms, good to
/// γ(n + 2) Σ|L|; then come k^n additions and a quotient.
fn relative_error(log_joint: &DMatrix<f64>) -> f64 {
    let (n, k) = log_joint.shape();
    let size: f64 = log_joint.iter().filter(|entry| entry.is_finite()).map(|entry| entry.abs()).sum();
    gamma(k.pow(n as u32) + n + 4) + gamma(n + 4) * size
}

/// The mixture with all its means moved to the right.
fn line_up(model: &GaussianMixture, by: f64) -> GaussianMixture {
    let mut means = model.means().clone();
    means.column_mut(0).add_scalar_mut(by);
    model.with_means(means).expect("a mixture still")
}
