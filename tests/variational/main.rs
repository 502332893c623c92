//! The chapter on variational inference: conjugacy, the mean-field mixtures, exact evidence, the referee.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod coins;
mod conjugate;
mod gibbs;
mod mixture;
mod reference;
mod special;
mod stationary;
mod tilted;

use executable_em::data;
use executable_em::gaussian;
use executable_em::variational::GaussWishart;
use nalgebra::{DMatrix, RowDVector};
use rand::RngExt;

/// Old Faithful, each column with mean 0 and variance 1.
fn faithful() -> DMatrix<f64> {
    data::standardize(&data::old_faithful()).unwrap()
}

/// The prior of the reference values: m₀ = 0, β₀ = 1, W₀ = I, ν₀ = d.
fn unit_prior(d: usize) -> GaussWishart {
    GaussWishart::new(RowDVector::zeros(d), 1.0, DMatrix::identity(d, d), d as f64).unwrap()
}

/// A prior with nothing round in it.
fn random_prior(d: usize, rng: &mut data::Rng) -> GaussWishart {
    let scatter = common::cases::covariance(d, rng) * 2.0;
    let mean = RowDVector::from_fn(d, |_, _| rng.random_range(-1.0..1.0));
    GaussWishart::new(mean, rng.random_range(0.3..3.0), scatter, d as f64 + rng.random_range(0.0..4.0))
        .unwrap()
}

/// Random data, n×d, in two heaps.
fn heaps(n: usize, d: usize, rng: &mut data::Rng) -> DMatrix<f64> {
    let noise = gaussian::sample(n, &RowDVector::zeros(d), &DMatrix::identity(d, d), rng).unwrap();
    DMatrix::from_fn(n, d, |i, a| noise[(i, a)] + if i % 2 == 0 { 2.0 } else { -2.0 })
}
