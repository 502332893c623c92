//! Biases from everywhere in [0, 1], and Q from the sums.

use crate::common::bounds::{gamma, responsibility_error, sum_of};
use crate::common::config;
use crate::common::tally::Tally;
use crate::common::{assert_within, cases};
use crate::{assert_statistics, engines, log_joint_error, random_state, statistics, sweep};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::data;
use executable_em::latent::{self, Model};
use executable_em::scale::SufficientStatistics;
use executable_em_engine::BernoulliStatistics;
use nalgebra::DMatrix;
use proptest::prelude::*;
use rand::RngExt;

/// Biases from everywhere in [0, 1], 0 and 1 and numbers next to them included; draws that agree with at least one
/// coin.
fn hard_state(n: usize, d: usize, k: usize, flips: usize, seed: u64) -> (BernoulliMixture, DMatrix<f64>) {
    let mut rng = data::rng(seed);
    let biases = DMatrix::from_fn(k, d, |_, _| match rng.random_range(0..7) {
        0 => 0.0,
        1 => 1.0,
        2 => 1e-300,
        3 => 1.0 - f64::EPSILON,
        _ => rng.random_range(0.0..1.0),
    });
    let mut weights = cases::weights(k, &mut rng);
    if k > 1 && rng.random_bool(0.3) {
        weights[k - 1] = if rng.random_bool(0.5) { 0.0 } else { 1e-300 };
        weights /= weights.sum();
    }
    let model = BernoulliMixture::new(weights, biases, flips).expect("coins");
    let (x, _) = model.sample(n, &mut rng).unwrap();
    (model, x)
}

/// Q from the sums is Q from the responsibilities, of these coins and of any others.
///
/// The derivation's errs by Σ r e, with e the error of its log joint, and by its sum over pairs. Let B be the sum of
/// the absolute terms of a log joint. The engine's responsibilities err by `error`, as in [`assert_statistics`], each
/// of its sums by γ(n + 8) of its terms, a logarithm and a product by γ(2), and its k(2d + 1) terms by their sum:
/// together less than Σ (error + r γ(n + k(2d + 1) + 10)) B.
#[track_caller]
fn assert_q(
    statistics: &BernoulliStatistics,
    model: &BernoulliMixture,
    x: &DMatrix<f64>,
    of: &BernoulliMixture,
) {
    let (n, k, d) = (x.nrows(), model.k(), model.d());
    let m = model.flips() as f64;
    let log_joint = model.log_joint(x).expect("a log joint");
    let r = latent::responsibilities(&log_joint).expect("responsibilities");
    let error = responsibility_error(&log_joint, &log_joint_error(model, x));
    let joint = of.log_joint(x).expect("a log joint");
    let q = latent::expected_log_joint(&r, &joint).expect("Q");
    let found = statistics.expected_log_joint(of).expect("as many coins and features");
    if q == f64::NEG_INFINITY {
        assert_eq!(found, q);
        return;
    }
    let terms: Vec<f64> = r.iter().zip(&joint).filter(|(r, _)| **r > 0.0).map(|(r, l)| r * l).collect();
    let mut bound = log_joint_error(of, x).dot(&r) + sum_of(&terms, f64::EPSILON);
    for (i, j) in (0..n).flat_map(|i| (0..k).map(move |j| (i, j))).filter(|&at| r[at] > 0.0) {
        let times = |count: f64, log: f64| if count == 0.0 { 0.0 } else { count * log.abs() };
        let sides = (0..d).map(|a| {
            let p = of.biases()[(j, a)];
            times(x[(i, a)], p.ln()) + times(m - x[(i, a)], (-p).ln_1p())
        });
        let size = sides.sum::<f64>() + of.weights()[j].ln().abs();
        bound += (2.0 * error[(i, j)] + r[(i, j)] * gamma(n + k * (2 * d + 1) + 10)) * size;
    }
    assert_within(found, q, bound);
}

#[test]
fn statistics_are_the_derivations_in_hard_cases() {
    let tally = Tally::new();
    let flips = prop::sample::select(vec![1usize, 2, 10, 1000]);
    let sizes = (1..=40usize, 1..=6usize, 1..=6usize, flips);
    proptest!(config(400), |((n, d, k, flips) in sizes, seed in any::<u64>())| {
        let (model, x) = hard_state(n, d, k, flips, seed);
        let mut compared = 0;
        for engine in engines() {
            let expected = statistics(&engine, &model, &x)?;
            assert_statistics(&expected, &model, &x);
            let next = sweep(&engine, &model, &x)?.model;
            let derived = model.maximize(&x, &model.responsibilities(&x)?)?;
            let tame = random_state(1, d, k, flips).0;
            for of in [&model, &derived, &tame] {
                assert_q(&expected.expectation, &model, &x, of);
            }
            let log_joint = model.log_joint(&x)?;
            for j in 0..k {
                // The draws that coin j can have made: of none it keeps its biases, of one side only it gets 0 or 1.
                // A bias that merely rounds to 1 may just as well round to the number below.
                let own: Vec<usize> = (0..n).filter(|&i| log_joint[(i, j)] > f64::NEG_INFINITY).collect();
                for a in 0..d {
                    let (found, expected) = (next.biases()[(j, a)], derived.biases()[(j, a)]);
                    let one_sided = [0.0, flips as f64].iter().any(|&side| own.iter().all(|&i| x[(i, a)] == side));
                    // Below that a responsibility may vanish from one sum and not from the other.
                    let seen = derived.weights()[j] > 1e-290;
                    let exact = own.is_empty() || one_sided && seen;
                    prop_assert!(!exact || found == expected, "{found}, not {expected}");
                    prop_assert!((0.0..=1.0).contains(&found));
                    compared += usize::from(exact);
                }
            }
        }
        tally.count(flips, compared > 0);
    });
    tally.assert_compared(|_| 0.85);
}
