//! Soft k-means: its two steps, where its means part, what is left of it at infinite stiffness, and how it is
//! misprinted.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod hardening;
mod parting;
mod printed;
mod steps;

use common::bounds::{self, gamma};
use common::{cases, column};
use executable_em::em;
use executable_em::latent::Model;
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

/// A case's data, means and weights at a stiffness of `factor` over the largest variance of a column.
fn soft(case: &cases::Case, factor: f64, weights_are: Weights) -> SoftKMeans {
    let variance = case.x.row_variance().max();
    let stiffness = factor / if variance > 0.0 { variance } else { 1.0 };
    let even = SoftKMeans::new(case.model.means().clone(), stiffness, weights_are).unwrap();
    even.with_weights(case.model.weights().clone()).unwrap()
}

/// From nearly merged to nearly hard.
fn factors() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![1e-3, 0.1, 1.0, 10.0, 1e3])
}

fn both() -> impl Strategy<Value = Weights> {
    prop::sample::select(vec![Weights::Held, Weights::Fitted])
}

/// A bound on the error of every entry of the log joint, 0 where it is −∞.
///
/// |x − μ|² is a sum of d squares of differences, good to γ(d+2); times β/2 to γ(d+4). β/2π errs relatively by two
/// roundings, so its logarithm absolutely by as much (the 1 below). The sum of three terms adds two roundings. In the
/// naive formula with Σ = I/β, ln β and ln 2π come apart, hence their separate absolute values; it has one more
/// division a coordinate and d products in |Σ|.
fn log_joint_error(model: &SoftKMeans, x: &DMatrix<f64>) -> DMatrix<f64> {
    let d = x.ncols();
    DMatrix::from_fn(x.nrows(), model.means().nrows(), |i, j| {
        if model.weights()[j] == 0.0 {
            return 0.0;
        }
        let distance = (x.row(i) - model.means().row(j)).norm_squared();
        let normaliser = 0.5 * d as f64 * (model.stiffness().ln().abs() + std::f64::consts::TAU.ln() + 1.0);
        gamma(2 * d + 8) * (model.weights()[j].ln().abs() + normaliser + 0.5 * model.stiffness() * distance)
    })
}

fn log_likelihood_error(model: &SoftKMeans, x: &DMatrix<f64>) -> f64 {
    bounds::log_likelihood_error(&model.log_joint(x).unwrap(), &log_joint_error(model, x))
}

fn responsibility_error(model: &SoftKMeans, x: &DMatrix<f64>) -> DMatrix<f64> {
    bounds::responsibility_error(&model.log_joint(x).unwrap(), &log_joint_error(model, x))
}

/// Rows proportional to factor_j exp(−precision |x_i − μ_j|²/2), by loops over plain exponentials.
fn proportional_to(x: &DMatrix<f64>, means: &DMatrix<f64>, factors: &[f64], precision: f64) -> DMatrix<f64> {
    let mut r = DMatrix::zeros(x.nrows(), means.nrows());
    for i in 0..x.nrows() {
        let mut total = 0.0;
        for j in 0..means.nrows() {
            let mut distance = 0.0;
            for a in 0..x.ncols() {
                distance += (x[(i, a)] - means[(j, a)]).powi(2);
            }
            r[(i, j)] = factors[j] * (-0.5 * precision * distance).exp();
            total += r[(i, j)];
        }
        for j in 0..means.nrows() {
            r[(i, j)] /= total;
        }
    }
    r
}

/// {−1.5, −0.5, 0.5, 1.5, 2}, on which the missing ½ is followed.
fn five() -> DMatrix<f64> {
    column(&[-1.5, -0.5, 0.5, 1.5, 2.0])
}

/// {0, 1, 2, 3, 4}, on which it follows k-means and EM.
fn staircase() -> DMatrix<f64> {
    column(&[0.0, 1.0, 2.0, 3.0, 4.0])
}

fn line_model(means: &[f64], weights: &[f64], stiffness: f64, weights_are: Weights) -> SoftKMeans {
    let even = SoftKMeans::new(column(means), stiffness, weights_are).unwrap();
    even.with_weights(DVector::from_row_slice(weights)).unwrap()
}

/// EM until nothing moves by more than 1e-13.
fn settled(start: SoftKMeans, x: &DMatrix<f64>) -> SoftKMeans {
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-13), max_sweeps: 100_000 };
    let fit = em::fit(start, x, &stopping).unwrap();
    assert_eq!(fit.stopped, em::Stopped::Converged);
    fit.model.clone()
}
