//! The loss and the Lagrangian.

use crate::common::bounds::{gamma, log_joint_error, sum_of};
use crate::common::cases::{self, Kind};
use crate::common::{assert_printed, assert_within, column, config, line_mixture};
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, loss, score};
use executable_em::latent::{self, Model};
use nalgebra::dmatrix;
use proptest::prelude::*;
use std::f64::consts::TAU;

proptest! {
    #![proptest_config(config(150))]

    /// The loss is −Q − (nd/2) log 2π.
    ///
    /// Source: B-21.
    #[test]
    fn the_loss_is_minus_q_without_its_constant(case in cases::strategy(&Kind::ALL), seed in any::<u64>()) {
        let (x, model) = (&case.x, &case.model);
        let (n, d) = x.shape();
        let mut r = cases::simplex_rows(n, model.k(), &mut data::rng(seed));
        for j in (0..model.k()).filter(|&j| model.weights()[j] == 0.0) {
            let moved = r.column(j).into_owned();
            r.column_mut(j).fill(0.0);
            let mut next = r.column_mut((j + 1) % model.k());
            next += moved;
        }
        let log_joint = model.log_joint(x).unwrap();
        let q = latent::expected_log_joint(&r, &log_joint).unwrap();
        let error = log_joint_error(model, x);
        // Each form errs by Σ r e, and by the rounding of its sum.
        let products: Vec<f64> = r.iter().zip(&log_joint).map(|(&r, &l)| if r > 0.0 { r * l } else { 0.0 }).collect();
        let constant = 0.5 * (n * d) as f64 * TAU.ln();
        let bound = 3.0 * r.component_mul(&error).sum()
            + 3.0 * sum_of(&products, 0.0)
            + gamma(n * model.k() + d + 8) * 2.0 * constant;
        assert_within(loss::loss(model, x, &r).unwrap(), -q - constant, bound);
    }

    /// The Lagrangian is Q + λ(1 − Σπ), also where the weights do not quite sum to one.
    ///
    /// Source: L-30, T-42.
    #[test]
    fn the_lagrangian_adds_the_multiplied_constraint(seed in any::<u64>(), lambda in -1e9..1e9_f64) {
        let mut case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 6, 3, 2, seed);
        // Weights are accepted within 1e−9 of the simplex: 5e−10 times λ shows.
        let mut weights = case.model.weights().clone();
        weights[0] += 5e-10;
        case.model = case.model.with_weights(weights).unwrap();
        let r = case.model.responsibilities(&case.x).unwrap();
        let q = latent::expected_log_joint(&r, &case.model.log_joint(&case.x).unwrap()).unwrap();
        let value = loss::lagrangian(&case.model, &case.x, &r, lambda).unwrap();
        assert_within(value, q - lambda * 5e-10, 8.0 * f64::EPSILON * (lambda.abs() + q.abs()));
    }
}

/// Read literally, ∇ℓ + λ(Σπ − 1) differs from the right-hand side by λ = −n itself.
///
/// Source: H-E04, H-37.
#[test]
fn erratum_the_bracket_belongs_round_the_lagrangian() {
    let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 40, 3, 2, 4);
    let n = case.x.nrows() as f64;
    let gradient = score::in_weights(&case.model, &case.x).unwrap();
    let literal = gradient.map(|s| s - n * (case.model.weights().sum() - 1.0));
    let right = score::of_lagrangian_in_weights(&case.model, &case.x, -n).unwrap();
    for j in 0..3 {
        assert_within(literal[j] - right[j], n, gamma(50) * (n + gradient.amax()));
    }
}

/// Without the ½ before log|Σ| the loss is least at Σ/2: on {1, 3} ℓ falls from −2.838 to −3.145, and Q by (nd/2)(1 −
/// ln 2).
///
/// Source: B-E08, B-21.
#[test]
fn erratum_the_loss_needs_its_half() {
    let (x, r) = (column(&[1.0, 3.0]), column(&[1.0, 1.0]));
    let at = |variance: f64| line_mixture(&[1.0], &[2.0], &[variance]);
    let right = |variance: f64| loss::loss(&at(variance), &x, &r).unwrap();
    let printed = |variance: f64| right(variance) + 0.5 * 2.0 * variance.ln(); // log|Σ| for ½ log|Σ|, n = 2
    for other in [0.25, 0.4, 0.6, 0.9, 1.1, 2.0] {
        assert!(right(1.0) < right(other));
        assert!(printed(0.5) < printed(other));
    }
    assert!(printed(0.5) < printed(1.0) && right(1.0) < right(0.5));
    assert_printed(at(1.0).log_likelihood(&x).unwrap(), "-2.838");
    assert_printed(at(0.5).log_likelihood(&x).unwrap(), "-3.145");
    assert_within(right(0.5) - right(1.0), 1.0 - 2_f64.ln(), gamma(30));
    let blocked = line_mixture(&[1.0, 0.0], &[0.0, 1.0], &[1.0, 1.0]);
    assert_eq!(loss::loss(&blocked, &column(&[0.0]), &dmatrix![0.5, 0.5]).unwrap(), f64::INFINITY);
}
