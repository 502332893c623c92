//! Coins: the model against enumeration and dual numbers, the known coins, the ridge of a single flip, how many
//! flips are enough, and the tutorial's formulas as they are printed.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod conditional;
mod identifiability;
mod letters;
mod model;
mod naive;
mod printed;
mod single_flip;
mod steps;
mod sure_coins;

use common::bounds::{self, gamma};
use common::{cases, column};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::data;
use executable_em::latent::Model;
use nalgebra::{DMatrix, dmatrix, dvector};
use rand::RngExt;

/// k coins with d features, biases between 0.05 and 0.95, and n draws of m flips from other coins.
fn tame(n: usize, k: usize, d: usize, m: usize, seed: u64) -> (BernoulliMixture, DMatrix<f64>) {
    let mut rng = data::rng(seed);
    let biases = DMatrix::from_fn(k, d, |_, _| rng.random_range(0.05..0.95));
    let x = DMatrix::from_fn(n, d, |_, _| f64::from(rng.random_range(0..=m as u32)));
    (BernoulliMixture::new(cases::weights(k, &mut rng), biases, m).unwrap(), x)
}

/// The tutorial's experiment: three coins, ten single flips of which six are heads.
fn three_coins() -> (BernoulliMixture, DMatrix<f64>) {
    let model =
        BernoulliMixture::new(dvector![0.5, 0.3, 0.2], dmatrix![0.9; 0.4; 0.2], 1).expect("three coins");
    (model, column(&[1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]))
}

/// A bound on the error of each log joint: log α_j and 2d terms, each a product with a logarithm that is good
/// to one ulp.
fn log_joint_error(model: &BernoulliMixture, x: &DMatrix<f64>) -> DMatrix<f64> {
    let m = model.flips() as f64;
    DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
        let size: f64 = (0..model.d())
            .map(|a| {
                let (heads, p) = (x[(i, a)], model.biases()[(j, a)]);
                let times = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count * p.ln().abs() };
                times(heads, p) + times(m - heads, 1.0 - p)
            })
            .sum::<f64>()
            + model.weights()[j].ln().abs();
        if size.is_finite() { gamma(2 * model.d() + 6) * size } else { 0.0 }
    })
}

fn responsibility_error(model: &BernoulliMixture, x: &DMatrix<f64>) -> DMatrix<f64> {
    bounds::responsibility_error(&model.log_joint(x).unwrap(), &log_joint_error(model, x))
}

/// k coins in order of their biases, a good way apart.
fn apart(k: usize, flips: usize, seed: u64) -> BernoulliMixture {
    let mut rng = data::rng(seed);
    let biases = DMatrix::from_fn(k, 1, |j, _| (j as f64 + 0.5 + rng.random_range(-0.1..0.1)) / k as f64);
    BernoulliMixture::new(cases::weights(k, &mut rng), biases, flips).unwrap()
}
