//! The engine's step of a Bernoulli mixture is the derivation's, statistic by statistic, from random parameters.

#[path = "../../../../tests/common/mod.rs"]
mod common;
#[path = "../mathematics/mod.rs"]
mod mathematics;

mod bad_input;
mod hard;
mod statistics;
mod sums;
mod sure_coins;

use common::bounds::{gamma, log_likelihood_error, responsibility_error, sum_of};
use common::{assert_within, cases};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::data;
use executable_em::em::Expected;
use executable_em::latent::Model;
use executable_em_engine::{BernoulliStatistics, Data, Engine, Result, Sweep};
use nalgebra::DMatrix;
use rand::RngExt;

/// Draws, and coins that have nothing to do with them.
fn random_state(n: usize, d: usize, k: usize, flips: usize) -> (BernoulliMixture, DMatrix<f64>) {
    let mut rng = data::rng((n * 1000 + d * 31 + k * 7 + flips) as u64);
    let weights = cases::weights(k, &mut rng);
    let biases = DMatrix::from_fn(k, d, |_, _| rng.random_range(0.05..0.95));
    let x = DMatrix::from_fn(n, d, |_, _| rng.random_range(0..=flips) as f64);
    (BernoulliMixture::new(weights, biases, flips).expect("coins"), x)
}

/// With the widest instructions, and with none.
fn engines() -> Vec<Engine> {
    Engine::with_every_instruction_set(1).expect("no threads")
}

fn statistics(
    engine: &Engine,
    model: &BernoulliMixture,
    x: &DMatrix<f64>,
) -> Result<Expected<BernoulliStatistics>> {
    engine.statistics(model, &Data::new(x)?)
}

fn sweep(engine: &Engine, model: &BernoulliMixture, x: &DMatrix<f64>) -> Result<Sweep<BernoulliMixture>> {
    engine.sweep(model, &Data::new(x)?)
}

/// A bound on the error of every log joint, 0 where it is −∞: a sum of 2d + 1 terms, each a logarithm (good to one unit
/// in the last place) times a count.
fn log_joint_error(model: &BernoulliMixture, x: &DMatrix<f64>) -> DMatrix<f64> {
    let log_joint = model.log_joint(x).expect("a log joint");
    let m = model.flips() as f64;
    DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
        if log_joint[(i, j)] == f64::NEG_INFINITY {
            return 0.0;
        }
        let times = |count: f64, log: f64| if count == 0.0 { 0.0 } else { count * log };
        let features = (0..model.d()).flat_map(|a| {
            let p = model.biases()[(j, a)];
            [times(x[(i, a)], p.ln()), times(m - x[(i, a)], (-p).ln_1p())]
        });
        let terms: Vec<f64> = features.chain([model.weights()[j].ln()]).collect();
        sum_of(&terms, gamma(3))
    })
}

/// Every statistic is the derivation's sum over the derivation's responsibilities.
///
/// Both sides' responsibilities err by at most `error` (the engine's exponential, good to three units, lies within the
/// factor two that the bound has in hand), each product by some more roundings, and the sums of n terms by γ(n):
/// Σ e y + γ(n + 8) Σ r y for a count y, for both. What cannot be is exactly zero.
#[track_caller]
fn assert_statistics(expected: &Expected<BernoulliStatistics>, model: &BernoulliMixture, x: &DMatrix<f64>) {
    let Expected { log_likelihood: found, total, expectation: statistics } = expected;
    let n = x.nrows();
    let m = model.flips() as f64;
    let log_joint = model.log_joint(x).expect("a log joint");
    let joint_error = log_joint_error(model, x);
    let r = model.responsibilities(x).expect("responsibilities");
    let error = responsibility_error(&log_joint, &joint_error);
    let log_likelihood = model.log_likelihood(x).expect("ℓ");
    let bound = 2.0 * log_likelihood_error(&log_joint, &joint_error);
    assert_within(*found, log_likelihood, bound);
    assert_eq!((*total, statistics.total), (n as f64, n as f64));
    for j in 0..model.k() {
        let sum = |count: &dyn Fn(usize) -> f64| {
            let terms: Vec<f64> = (0..n).map(|i| r[(i, j)] * count(i)).collect();
            let errors: f64 = (0..n).map(|i| error[(i, j)] * count(i)).sum();
            (terms.iter().sum::<f64>(), 2.0 * errors + 2.0 * sum_of(&terms, gamma(8)))
        };
        let (expected, bound) = sum(&|_| 1.0);
        assert_within(statistics.counts[j], expected, bound);
        for a in 0..model.d() {
            let (expected, bound) = sum(&|i| x[(i, a)]);
            assert_within(statistics.heads[(j, a)], expected, bound);
            let (expected, bound) = sum(&|i| m - x[(i, a)]);
            assert_within(statistics.tails[(j, a)], expected, bound);
        }
    }
}
