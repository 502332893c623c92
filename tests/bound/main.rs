//! The chapter on the lower bound: Jensen, F + KL = ℓ, tangency, coordinate ascent, and the slips around them.

#[path = "../common/mod.rs"]
mod common;

mod ascent;
mod bad_input;
mod decomposition;
mod expectation;
mod jensen;
mod labelings;
mod printed;
mod problem;
mod tangency;

use common::cases::{self, Case, Kind};
use common::naive::{Naive, Number};
use common::{bounds, column, line_mixture};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, OnlyMean};
use executable_em::latent::{self, Model};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::DMatrix;
use rand::{Rng, RngExt};

/// Random coins and random flips, every coin showing both sides.
fn coins(n: usize, k: usize, d: usize, seed: u64) -> (BernoulliMixture, DMatrix<f64>) {
    let mut rng = data::rng(seed);
    let biases = DMatrix::from_fn(k, d, |_, _| rng.random_range(0.1..0.9));
    let mut x = DMatrix::from_fn(n, d, |_, _| f64::from(u8::from(rng.random_bool(0.5))));
    for c in 0..d {
        (x[(0, c)], x[(n - 1, c)]) = (1.0, 0.0);
    }
    (BernoulliMixture::new(cases::weights(k, &mut rng), biases, 1).expect("coins"), x)
}

/// A model of the list as far as the laws see it: a name and its matrix of log joints.
struct State {
    name: String,
    log_joint: DMatrix<f64>,
}

/// States of every model: the Gaussian mixture in its four families on all kinds of hard input, soft k-means, the
/// mixture with one free mean, coins.
fn states() -> Vec<State> {
    let mut states = Vec::new();
    for family in CovarianceFamily::ALL {
        for number in 0..40 {
            let Case { kind, x, model } = cases::numbered(number, family);
            let log_joint = model.log_joint(&x).expect("a log joint");
            states.push(State { name: format!("{family:?}, {kind:?}, case {number}"), log_joint });
        }
    }
    for seed in 0..20 {
        let (soft, x) = soft_kmeans(seed);
        states.push(State { name: format!("soft k-means {seed}"), log_joint: soft.log_joint(&x).unwrap() });
        let (only, x) = only_mean(seed);
        states.push(State { name: format!("one mean {seed}"), log_joint: only.log_joint(&x).unwrap() });
        let (model, x) = coins(12, 3, 4, seed);
        states.push(State { name: format!("coins {seed}"), log_joint: model.log_joint(&x).unwrap() });
    }
    states
}

fn soft_kmeans(seed: u64) -> (SoftKMeans, DMatrix<f64>) {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 15, 3, 2, seed);
    let weights_are = if seed.is_multiple_of(2) { Weights::Held } else { Weights::Fitted };
    (SoftKMeans::new(model.means().clone(), 0.3 + 0.2 * seed as f64, weights_are).expect("a model"), x)
}

fn only_mean(seed: u64) -> (OnlyMean, DMatrix<f64>) {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 15, 2, 1, seed);
    (OnlyMean::new(model, (seed % 2) as usize).expect("a model"), x)
}

/// A random q with some exact zeros, and none of its mass where the joint is zero.
fn random_q(log_joint: &DMatrix<f64>, rng: &mut impl Rng) -> DMatrix<f64> {
    let mut q = cases::simplex_rows(log_joint.nrows(), log_joint.ncols(), rng);
    for i in 0..q.nrows() {
        for j in 0..q.ncols() {
            if log_joint[(i, j)] == f64::NEG_INFINITY {
                q[(i, j)] = 0.0;
            }
        }
        let sum = q.row(i).sum();
        if sum > 0.0 {
            q.row_mut(i).unscale_mut(sum);
        } else {
            q.row_mut(i).fill(0.0);
            q[(i, log_joint.row(i).transpose().imax())] = 1.0;
        }
    }
    q
}

/// How far rounding may carry F, KL and ℓ together, the log joint taken as given.
///
/// Q is a sum of nk rounded products q L, the entropy one of terms q ln q with ln good to an ulp, the gap one of q(ln q
/// − (L − m)) with three roundings: together less than γ(nk + 8) times Σ q(|L| + |ln q| + |m|). The rows of q sum to
/// one but for γ(k), which costs γ(k)|m_i|. ℓ and the gap both take the log marginals m, whose error is that of a
/// log-sum-exp of exact arguments.
fn rounding(q: &DMatrix<f64>, log_joint: &DMatrix<f64>) -> f64 {
    let (n, k) = log_joint.shape();
    let marginals: Vec<f64> =
        log_joint.row_iter().map(|row| latent::log_sum_exp(row.iter().copied())).collect();
    let mut size: f64 = marginals.iter().map(|m| m.abs()).sum();
    for (i, m) in marginals.iter().enumerate() {
        for j in (0..k).filter(|&j| q[(i, j)] > 0.0) {
            size += q[(i, j)] * (log_joint[(i, j)].abs() + q[(i, j)].ln().abs() + m.abs());
        }
    }
    let marginal_error: f64 = bounds::log_marginal_error(log_joint, &DMatrix::zeros(n, k)).iter().sum();
    let bound = bounds::gamma(n * k + 8) * size + 2.0 * marginal_error;
    assert!(bound.is_finite(), "q has mass where the joint is zero");
    bound
}

/// Q with frozen responsibilities, generic over the number type.
fn naive_q<D: Number>(naive: &Naive<D>, x: &DMatrix<f64>, r: &DMatrix<f64>) -> D {
    let mut total = D::from(0.0);
    for (i, row) in x.row_iter().enumerate() {
        let datum: Vec<f64> = row.iter().copied().collect();
        for j in (0..r.ncols()).filter(|&j| r[(i, j)] > 0.0) {
            total += naive.log_joint(&datum, j) * r[(i, j)];
        }
    }
    total
}

/// The model of the figures: a wide known component about 0 and one of standard deviation 1.2 whose mean θ is free.
fn two_hills(mean: f64) -> OnlyMean {
    OnlyMean::new(line_mixture(&[0.5, 0.5], &[0.0, mean], &[16.0, 1.44]), 1).expect("the test's own model")
}

fn two_hills_data() -> DMatrix<f64> {
    column(&[-3.4, -2.9, -2.5, 1.8, 2.6, 3.0, 3.2, 3.9])
}
