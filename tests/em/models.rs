//! One loop for every model.

use crate::common::bounds::gamma;
use crate::common::cases;
use crate::common::{assert_within, line_mixture};
use crate::{round, stopping, unequal_clumps};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::bound;
use executable_em::data;
use executable_em::em::{self, Stopped, Tolerance};
use executable_em::gaussian_mixture::OnlyMean;
use executable_em::gaussian_mixture::gradient::PartOfStep;
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, dmatrix, dvector};
use rand::RngExt;

/// One loop for every model: the Gaussian mixture, soft k-means, a single free mean, part of a step, and a mixture of
/// coins. Each run climbs, arrives, and rests at a point that a sweep does not move.
///
/// Source: L-16, H-52, C-06, T-46.
#[test]
fn one_loop_fits_every_model() {
    fn climbs<M: Model>(start: M, x: &DMatrix<f64>) -> f64 {
        let run = em::trace(start, x, &stopping(Tolerance::Parameters(1e-10), 20_000)).unwrap();
        assert_eq!(run.fit.stopped, Stopped::Converged);
        // ℓ is a sum of n terms of size below 10, through some 20 operations each.
        assert!(run.rises().iter().all(|&rise| rise >= -10.0 * x.nrows() as f64 * gamma(x.nrows() + 20)));
        assert!(run.rises()[0] > 1e-3);
        let model = &run.fit.model;
        assert!(em::largest_move(model, &em::sweep(model, x).unwrap()) <= 1e-10);
        run.fit.log_likelihood
    }
    let x = unequal_clumps();
    let mixture = line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]);
    let free = climbs(mixture.clone(), &x);
    let soft = climbs(round(&[-1.0, 1.0], 1.0), &x);
    let part = climbs(PartOfStep::new(mixture.clone(), 0.7).unwrap(), &x);
    let only = climbs(OnlyMean::new(mixture, 1).unwrap(), &x);
    // Fewer free parameters, lower maxima; and two ways to hold the same ones.
    assert!(free > soft && soft > only);
    assert_within(soft, part, 1e-10);

    let (x, coins) = two_coins();
    climbs(coins, &x);
}

/// Two coins, a hundred draws of ten flips each.
fn two_coins() -> (DMatrix<f64>, BernoulliMixture) {
    let mut rng = data::rng(7);
    let x = DMatrix::from_fn(100, 10, |i, _| {
        f64::from(u8::from(rng.random_bool(if i < 30 { 0.8 } else { 0.35 })))
    });
    let biases = DMatrix::from_fn(2, 10, |j, _| [0.6, 0.4][j]);
    (x, BernoulliMixture::new(dvector![0.5, 0.5], biases, 1).unwrap())
}

/// What EM knows of a model is three short methods, and then all that is said of any model holds for it: its likelihood
/// is the sum over all labelings, F + KL = ℓ for any q, and its single flips tell no more than their mean.
///
/// Source: T-46, L-16, H-60.
#[test]
fn a_model_is_three_short_methods() {
    let file = include_str!("../../src/bernoulli_mixture/mod.rs");
    let implementation = file.split("impl Model for BernoulliMixture {").nth(1).expect("it is a model");
    let implementation = implementation.split("\n}\n").next().expect("it ends");
    assert!(implementation.lines().count() < 30, "{} lines", implementation.lines().count());
    assert_eq!(implementation.matches("    fn ").count(), 3);
    for method in ["fn log_joint", "fn maximize", "fn parameters"] {
        assert_eq!(implementation.matches(method).count(), 1);
    }

    let (x, coins) = two_coins();
    let few = x.rows(28, 5).into_owned();
    let log_joint = coins.log_joint(&few).unwrap();
    // By the tutorial's formula, with numbers of heads: Σ_i log Σ_j π_j p^h (1 − p)^(10 − h).
    let by_hand: f64 = few
        .row_iter()
        .map(|row| {
            let heads = row.sum() as i32;
            [0.6_f64, 0.4].iter().map(|p| 0.5 * p.powi(heads) * (1.0 - p).powi(10 - heads)).sum::<f64>().ln()
        })
        .sum();
    let l = latent::log_likelihood(&log_joint).unwrap();
    // Five terms of size 7, each through 14 operations.
    assert_within(l, by_hand, 35.0 * gamma(20));
    let enumerated = latent::log_sum_exp(latent::labelings::log_joints(&log_joint).unwrap().iter().copied());
    assert_within(l, enumerated, 70.0 * gamma(40));
    let mut rng = data::rng(1);
    for _ in 0..50 {
        let q = cases::simplex_rows(5, 2, &mut rng);
        let sum = bound::lower_bound(&q, &log_joint).unwrap() + bound::gap(&q, &log_joint).unwrap();
        assert_within(sum, l, 100.0 * gamma(40));
    }

    // One flip a draw: a sweep reaches Σ α_j p_j = the share of heads and stops there.
    let flips = x.columns(0, 1).into_owned();
    let single = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.9; 0.3], 1).unwrap();
    let fit = em::fit(single, &flips, &stopping(Tolerance::LogLikelihood(1e-12 / 100.0), 50)).unwrap();
    assert_eq!((fit.stopped, fit.sweeps), (Stopped::Converged, 2));
    assert_within(fit.model.weights().dot(&fit.model.biases().column(0)), flips.mean(), gamma(400));
}
