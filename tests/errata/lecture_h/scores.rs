//! The printed scores and the printed multiplier of lecture 22.

use super::four;
use crate::common::bounds::gamma;
use crate::common::cases::{self, Kind};
use crate::common::{assert_matrices_within, assert_within, column, line_mixture, naive};
use executable_em::errata::lecture_h;
use executable_em::gaussian_mixture::{CovarianceFamily, score, update};
use executable_em::{Error, latent};
use nalgebra::DMatrix;
use std::f64::consts::TAU;

/// On {1, 3} with one Gaussian ℓ(μ) = −log 2πΣ − ((1 − μ)² + (3 − μ)²)/2Σ. At μ = 3/2, Σ = 1 its derivative is +1, so
/// that a step η along it changes ℓ by η − η², and along the printed −1 by −η − η².
///
/// Source: H-E01.
#[test]
fn the_printed_mean_score_leads_down() {
    let x = column(&[1.0, 3.0]);
    let at = |mean: f64| line_mixture(&[1.0], &[mean], &[1.0]);
    let printed = lecture_h::mean_score_with_the_sign_reversed(&at(1.5), &x).unwrap();
    assert_eq!((printed[0], score::in_means(&at(1.5), &x).unwrap()[0]), (-1.0, 1.0));
    let l = |mean: f64| at(mean).log_likelihood(&x).unwrap();
    for eta in [0.125, 0.25] {
        // Two terms of size 2 in each ℓ, twenty operations.
        assert_within(l(1.5 + eta * printed[0]) - l(1.5), -eta - eta * eta, 8.0 * gamma(20));
        assert_within(l(1.5 - eta * printed[0]) - l(1.5), eta - eta * eta, 8.0 * gamma(20));
    }
}

/// For any mixture the printed scores are the dual derivatives with the other sign.
///
/// Source: H-E01, H-E02.
#[test]
fn the_printed_scores_are_minus_the_dual_derivatives() {
    for seed in 0..10 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 12, 3, 2, seed);
        let means = lecture_h::mean_score_with_the_sign_reversed(&case.model, &case.x).unwrap();
        let covariances = lecture_h::covariance_score_with_the_sign_reversed(&case.model, &case.x).unwrap();
        let dual = naive::score_in_covariances(&case.model, &case.x);
        for j in 0..3 {
            let bound = cases::score_bound(&case.model, &case.x, j, 1);
            let right = naive::score_in_means(&case.model, &case.x).row(j).into_owned();
            assert_within((means.row(j) + right).amax(), 0.0, bound);
            assert_within(
                (&covariances[j] + &dual[j]).amax(),
                0.0,
                cases::score_bound(&case.model, &case.x, j, 2),
            );
            assert!(means.row(j).amax() > 1e3 * bound, "the bound must tell a sign");
        }
    }
}

/// On {1, 3} at μ = 2 ℓ(Σ) = −log 2πΣ − 1/Σ, with the derivative −1/Σ + 1/Σ²: −¼ at Σ = 2, where the best is 1. The
/// printed +¼ widens what is too wide.
///
/// Source: H-E02.
#[test]
fn the_printed_covariance_score_leads_away() {
    let x = column(&[1.0, 3.0]);
    let at = |variance: f64| line_mixture(&[1.0], &[2.0], &[variance]);
    let printed = lecture_h::covariance_score_with_the_sign_reversed(&at(2.0), &x).unwrap()[0][0];
    assert_within(printed, 0.25, gamma(10));
    let l = |variance: f64| -> f64 { -(TAU * variance).ln() - 1.0 / variance };
    for variance in [2.0, 2.0 + printed, 2.0 - printed] {
        assert_within(at(variance).log_likelihood(&x).unwrap(), l(variance), 4.0 * gamma(20));
    }
    assert!(l(2.0 + printed) < l(2.0) - 0.01 && l(2.0) < l(2.0 - printed) - 0.01);
}

/// With the component's own Σ⁻¹ the formula is the dual derivative, with another's it is not: for one datum at v = 2,
/// variances 1 and ½ and weights 1 and 0 it is ½(4·4 − 1) = 7.5, where ½(4 − 1) = 1.5 is right.
///
/// Source: H-E03.
#[test]
fn a_borrowed_precision_is_another_score() {
    let model = line_mixture(&[1.0, 0.0], &[0.0, 0.0], &[1.0, 0.5]);
    let score = |other| {
        lecture_h::covariance_score_with_a_borrowed_precision(&model, &column(&[2.0]), 0, other).unwrap()[0]
    };
    assert_within(score(0), 1.5, gamma(10) * 2.0);
    assert_within(score(1), 7.5, gamma(10) * 8.0);

    for seed in 0..10 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 12, 3, 2, seed);
        let dual = naive::score_in_covariances(&case.model, &case.x);
        for (j, dual) in dual.iter().enumerate() {
            let of = |other| {
                lecture_h::covariance_score_with_a_borrowed_precision(&case.model, &case.x, j, other).unwrap()
            };
            assert_matrices_within(&of(j), dual, cases::score_bound(&case.model, &case.x, j, 2));
            assert!((of((j + 1) % 3) - dual).amax() > 1e-3 * dual.amax());
        }
    }
    let missing = |j, other| {
        lecture_h::covariance_score_with_a_borrowed_precision(&model, &column(&[2.0]), j, other).unwrap_err()
    };
    assert_eq!(missing(0, 2), Error::Label { row: 1, label: 2, k: 2 });
    assert_eq!(missing(2, 0), Error::Label { row: 0, label: 2, k: 2 });
}

/// On the simplex the printed bracket is λ · 0: its "derivative of the Lagrangian" is that of ℓ alone, off by −λ = n =
/// 4. Off the simplex it is λ times what is missing, whatever the derivative.
///
/// Source: H-E04.
#[test]
fn the_printed_bracket_loses_the_multiplier() {
    let (x, model) = four();
    let dual = naive::score_in_weights(&model, &x);
    for lambda in [-4.0, 1.5] {
        let printed = lecture_h::weight_score_with_the_constraint_outside(&model, &x, lambda).unwrap();
        let right = score::of_lagrangian_in_weights(&model, &x, lambda).unwrap();
        for j in 0..2 {
            // Four quotients of densities, exponents below 8.
            let bound = dual[j] * 8.0 * gamma(30);
            assert_within(printed[j], dual[j], bound);
            assert_within(printed[j] - right[j], -lambda, bound + 4.0 * gamma(4));
        }
    }
    // A tenth of a billionth off the simplex, which the check of weights allows.
    let off = line_mixture(&[0.5, 0.5 + 1e-10], &[0.0, 2.0], &[1.0, 1.0]);
    let lambda = -1e10;
    let printed = lecture_h::weight_score_with_the_constraint_outside(&off, &x, lambda).unwrap();
    let derivative = score::in_weights(&off, &x).unwrap();
    // λ(Σπ − 1) = −1, the sum rounded to ε: 1e10 ε.
    assert_within(printed[0] - derivative[0], -1.0, 1e10 * f64::EPSILON);
    assert!(lecture_h::weight_score_with_the_constraint_outside(&model, &x, f64::NAN).is_err());
}

/// The multiplier that the equations give is −n, for the n of the data; an N of its own there is none.
///
/// Source: H-E23, H-37.
#[test]
fn the_multiplier_is_the_number_of_data() {
    for n in [1, 4, 7] {
        let x = DMatrix::from_fn(n, 1, |i, _| 0.7 * i as f64 - 1.0);
        let counts = latent::counts(&four().1.responsibilities(&x).unwrap());
        let (weights, multiplier) = update::weights_and_multiplier(&counts).unwrap();
        // Rows that sum to one to γ(8), and an elimination of three equations.
        assert_within(multiplier, -(n as f64), n as f64 * gamma(n + 40));
        assert_within(weights[0], counts[0] / n as f64, gamma(n + 40));
    }
}
