//! The log-likelihood, a log-sum-exp of every row, and the bounds on its rounding.

use crate::common::assert_matrices_within;
use crate::common::bounds::{
    gamma, gaussian_log_likelihood_error, log_joint_error, log_likelihood_error, responsibility_error,
};
use crate::common::config;
use crate::common::{assert_within, cases, column, line_mixture, naive};
use crate::{NEVER, four, relative_error, three};
use executable_em::data;
use executable_em::latent::{self, Model, labelings};
use nalgebra::DMatrix;
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(150))]

    /// log-sum-exp equals the plain sum where that is possible, and takes shifts and orders as it should.
    ///
    /// Source: H-27.
    #[test]
    fn log_sum_exp_is_the_log_of_the_sum(
        terms in prop::collection::vec(-30.0..30.0, 1..8), shift in -700.0..700.0_f64,
    ) {
        let plain = terms.iter().map(|term: &f64| term.exp()).sum::<f64>().ln();
        let found = latent::log_sum_exp(terms.iter().copied());
        // Plain: k exponentials and sums, then ln of a number whose relative error that is. Shifted: |a − m| ≤ 60.
        let bound = gamma(2 * terms.len() + 4) + f64::EPSILON * (60.0 + plain.abs());
        assert_within(found, plain, bound);
        let shifted = latent::log_sum_exp(terms.iter().map(|term| term + shift));
        assert_within(shifted - shift, found, bound + 4.0 * f64::EPSILON * (shift.abs() + 30.0));
        let largest = terms.iter().copied().fold(NEVER, f64::max);
        // (|m| ≤ 30) the sum lies between its largest term and k times that.
        prop_assert!(found >= largest && found <= largest + (terms.len() as f64).ln() + bound);
    }
}

/// Exact answers at ±∞, NaN, one term and no term; neither overflow nor underflow.
///
/// Source: H-27, L-05.
#[test]
fn log_sum_exp_is_exact_at_the_edges() {
    let f = |terms: &[f64]| latent::log_sum_exp(terms.iter().copied());
    assert_eq!(f(&[]), NEVER);
    assert_eq!(f(&[NEVER, NEVER]), NEVER);
    assert_eq!(f(&[NEVER, 3.25]), 3.25);
    assert_eq!(f(&[f64::INFINITY, 0.0]), f64::INFINITY);
    assert_eq!(f(&[f64::INFINITY, NEVER]), f64::INFINITY);
    assert!(f(&[f64::NAN, f64::INFINITY]).is_nan() && f(&[0.0, f64::NAN]).is_nan());
    for single in [0.0, -745.2, 1e308, -1e308, 1e-310] {
        assert_eq!(f(&[single]), single);
    }
    assert_eq!(f(&[1e4, 1e4]), 1e4 + 2_f64.ln());
    assert_eq!(f(&[-1e4, -1e4]), -1e4 + 2_f64.ln());
    // A term e^{−800} of the largest is nothing.
    assert_eq!(f(&[0.0, -800.0]), 0.0);
}

/// A log joint may lie anywhere on the scale: adding a constant per row moves ℓ by their sum and leaves r.
///
/// Source: H-27, H-29.
#[test]
fn a_constant_per_row_moves_the_log_likelihood_alone() {
    let model = line_mixture(&[0.3, 0.7], &[-1.0, 2.0], &[1.0, 0.5]);
    let x = column(&[-1.5, 0.1, 3.0]);
    let log_joint = model.log_joint(&x).unwrap();
    let shifts = [-1e5, 700.0, 0.5];
    let shifted = DMatrix::from_fn(3, 2, |i, j| log_joint[(i, j)] + shifts[i]);
    // Adding 1e5 rounds a log joint to ε·1e5; everything else is smaller.
    let bound = 8.0 * f64::EPSILON * 1e5;
    let (l, moved) = (latent::log_likelihood(&log_joint).unwrap(), latent::log_likelihood(&shifted).unwrap());
    assert_within(moved - l, shifts.iter().sum(), bound);
    let (r, same) =
        (latent::responsibilities(&log_joint).unwrap(), latent::responsibilities(&shifted).unwrap());
    assert_matrices_within(&r, &same, bound);
}

/// The error bounds that the other tests lean on hold against arithmetic with the log joint moved by them.
///
/// Source: H-29.
#[test]
fn the_bounds_cover_what_they_claim() {
    for number in 0..60 {
        let case = cases::numbered(number, Default::default());
        let exact = case.model.log_joint(&case.x).unwrap();
        let error = log_joint_error(&case.model, &case.x);
        let mut rng = data::rng(number);
        let signs = cases::simplex_rows(exact.nrows(), exact.ncols(), &mut rng);
        let moved = DMatrix::from_fn(exact.nrows(), exact.ncols(), |i, j| {
            exact[(i, j)] + (2.0 * signs[(i, j)] - 1.0) * error[(i, j)]
        });
        let l_bound = log_likelihood_error(&exact, &error);
        let (before, after) =
            (latent::log_likelihood(&exact).unwrap(), latent::log_likelihood(&moved).unwrap());
        assert_within(before, after, l_bound);
        let r_bound = responsibility_error(&exact, &error);
        let (before, after) =
            (latent::responsibilities(&exact).unwrap(), latent::responsibilities(&moved).unwrap());
        for (index, bound) in r_bound.iter().enumerate() {
            assert_within(before[index], after[index], *bound);
        }
    }
}

/// Twelve terms give the sum over 81 labelings; only maximising it is hard.
///
/// Source: T-E29, T-17.
#[test]
fn evaluating_the_likelihood_is_easy() {
    let log_joint = three().log_joint(&four()).unwrap();
    assert_eq!((log_joint.len(), labelings::all(4, 3).unwrap().len()), (12, 81));
    let by_labelings = latent::log_sum_exp(labelings::log_joints(&log_joint).unwrap().iter().copied());
    let by_terms = latent::log_likelihood(&log_joint).unwrap();
    assert_within(by_labelings, by_terms, 2.0 * relative_error(&log_joint));
    let naive = naive::log_likelihood(&three(), &four());
    assert_within(by_terms, naive, 2.0 * gaussian_log_likelihood_error(&three(), &four()));
}
