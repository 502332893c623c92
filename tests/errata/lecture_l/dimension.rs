//! The dimension that the round density, its Q and its updates lose in print in lecture 13.

use super::{cross, round, settled};
use crate::common::bounds::gamma;
use crate::common::cases::{self, Kind};
use crate::common::{assert_printed, assert_within, quadrature};
use executable_em::errata::lecture_l;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, spherical};
use executable_em::latent;
use executable_em::{Error, em};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use std::f64::consts::{LN_2, PI, TAU};

/// The printed density integrates to (2πσ²)^{(d−1)/2}: to one on the line, to √(4π) = 3.545 in the plane with σ² = 2.
///
/// Source: L-E01.
#[test]
fn the_printed_round_density_integrates_to_one_on_the_line_only() {
    for (d, variance) in [(1, 2.0), (2, 2.0), (2, 0.3), (3, 0.7)] {
        let model = round(DMatrix::from_element(1, d, 0.25), variance);
        let mean = RowDVector::from_element(d, 0.25);
        let printed = |grid: &DMatrix<f64>| -> Vec<f64> {
            let log_density = lecture_l::log_density_without_the_dimension(grid, &mean, variance).unwrap();
            log_density.iter().map(|value| value.exp()).collect()
        };
        // Exponents below d · 8.5²/2 < 110, a relative error of 110 γ(10) of a density.
        let (integral, bound) = quadrature::integral(&model, printed, 110.0 * gamma(10));
        let expected = (TAU * variance).powf(0.5 * (d as f64 - 1.0));
        assert_within(integral, expected, expected.max(1.0) * (bound + gamma(4)));
        if (d, variance) == (2, 2.0) {
            assert_printed(integral, "3.545");
            assert_within(expected, (4.0 * PI).sqrt(), 4.0 * gamma(4));
        }
    }
}

/// Printed Q less right Q is (d − 1)/2 · Σ R_j log 2πσ_j². On the cross with σ² = ½ that is 2 log π.
///
/// Source: L-E01.
#[test]
fn the_printed_q_is_off_by_the_lost_dimensions() {
    let ones = DMatrix::from_element(4, 1, 1.0);
    let (origin, half) = (dmatrix![0.0, 0.0], dvector![0.5]);
    let one = dvector![1.0];
    let printed =
        lecture_l::expected_log_joint_without_the_dimension(&cross(), &ones, &one, &origin, &half).unwrap();
    let right = spherical::expected_log_joint(&cross(), &ones, &one, &origin, &half).unwrap();
    assert_within(printed - right, 2.0 * PI.ln(), 10.0 * gamma(20));

    for (d, seed) in [(1, 1), (2, 2), (3, 3)] {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Spherical, 20, 3, d, seed);
        let r = case.model.responsibilities(&case.x).unwrap();
        let variances = DVector::from_fn(3, |j, _| case.model.covariances()[j][(0, 0)]);
        let (weights, means) = (case.model.weights(), case.model.means());
        let printed =
            lecture_l::expected_log_joint_without_the_dimension(&case.x, &r, weights, means, &variances)
                .unwrap();
        let right = spherical::expected_log_joint(&case.x, &r, weights, means, &variances).unwrap();
        let counts = latent::counts(&r);
        let lost: f64 = (0..3).map(|j| 0.5 * (d as f64 - 1.0) * counts[j] * (TAU * variances[j]).ln()).sum();
        // Both are sums of 60 terms r · log joint of one sign but for small ones: |Q| bounds them up to the
        // weights' share.
        let size = right.abs() + printed.abs() + 60.0;
        assert_within(printed - right, lost, size * gamma(100));
        if d > 1 {
            assert!(lost.abs() > 1.0);
        }
    }
}

/// The printed derivative is that of the printed Q, larger than the right one by (d − 1)R_j/2σ_j², and zero at the
/// printed update.
///
/// Source: L-E02.
#[test]
fn the_printed_derivative_is_off_by_the_lost_dimensions() {
    for (d, seed) in [(1, 4), (2, 5), (3, 6)] {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Spherical, 20, 2, d, seed);
        let r = case.model.responsibilities(&case.x).unwrap();
        let variances = DVector::from_fn(2, |j, _| case.model.covariances()[j][(0, 0)]);
        let means = case.model.means();
        let printed =
            lecture_l::variance_score_without_the_dimension(&case.x, &r, means, &variances).unwrap();
        let right = spherical::score_in_variances(&case.x, &r, means, &variances).unwrap();
        let counts = latent::counts(&r);
        let root = lecture_l::variances_without_the_dimension(&case.x, &r, means).unwrap();
        let at_root = lecture_l::variance_score_without_the_dimension(&case.x, &r, means, &root).unwrap();
        for j in 0..2 {
            let off = (d as f64 - 1.0) * counts[j] / (2.0 * variances[j]);
            let first_terms = d as f64 * counts[j] / variances[j];
            assert_within(printed[j] - right[j], off, gamma(60) * (printed[j].abs() + first_terms));
            assert_within(at_root[j], 0.0, gamma(60) * 2.0 * counts[j] / root[j]);
        }
    }
}

/// On the cross the printed variance is 1, twice the right ½, and ℓ falls by 4(log 2 − ½) = .7726, from −8.5789 to
/// −9.3515.
///
/// Source: L-E03.
#[test]
fn the_printed_variance_is_the_dimension_times_too_large() {
    let ones = DMatrix::from_element(4, 1, 1.0);
    let origin = dmatrix![0.0, 0.0];
    let printed = lecture_l::variances_without_the_dimension(&cross(), &ones, &origin).unwrap();
    let right = spherical::variances(&cross(), &ones, &origin).unwrap();
    assert_eq!((printed[0], right[0]), (1.0, 0.5));

    let best = round(origin, 0.5);
    let after = lecture_l::sweep_without_the_dimension(&best, &cross()).unwrap();
    assert_eq!(after, round(dmatrix![0.0, 0.0], 1.0));
    let [top, below] = [&best, &after].map(|model| model.log_likelihood(&cross()).unwrap());
    // Four terms of size 3 each, ten operations.
    assert_within(top - below, 4.0 * (LN_2 - 0.5), 24.0 * gamma(20));
    assert_printed(top, "-8.5789");
    assert_printed(below, "-9.3515");

    for d in 1..=3 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Spherical, 20, 3, d, d as u64);
        let r = case.model.responsibilities(&case.x).unwrap();
        let printed = lecture_l::variances_without_the_dimension(&case.x, &r, case.model.means()).unwrap();
        let right = spherical::variances(&case.x, &r, case.model.means()).unwrap();
        for j in 0..3 {
            // Two quotients of the same two sums, rounded apart.
            assert_within(printed[j] / right[j], d as f64, d as f64 * 2.0 * gamma(30));
        }
    }
    let none = DMatrix::zeros(4, 1);
    assert!(matches!(
        lecture_l::variances_without_the_dimension(&cross(), &none, &dmatrix![0.0, 0.0]),
        Err(Error::Domain { what: "count of a component", .. })
    ));
}

/// Two crosses about (±5, 0), whose clusters do not see each other: from the maximum the printed sweep loses 8(log 2 −
/// ½), but for the overlap of the widened components.
///
/// Source: L-E03.
#[test]
fn a_printed_sweep_leads_down_from_the_maximum() {
    let eight = DMatrix::from_fn(8, 2, |i, a| {
        cross()[(i % 4, a)] + if a == 0 { if i < 4 { -5.0 } else { 5.0 } } else { 0.0 }
    });
    let best = settled(round(dmatrix![-5.0, 0.0; 5.0, 0.0], 1.0), &eight);
    let after = lecture_l::sweep_without_the_dimension(&best, &eight).unwrap();
    let right = em::sweep(&best, &eight).unwrap();
    assert_eq!((after.weights(), after.means()), (right.weights(), right.means()));
    let l = |model: &GaussianMixture| model.log_likelihood(&eight).unwrap();
    assert_printed(l(&best), "-22.70");
    // At variance 1 the nearest datum of the other cross is 9 from a mean: log(1 + e^{(1 − 81)/2}) of 1e-17.
    assert_within(l(&best) - l(&after), 8.0 * (LN_2 - 0.5), 60.0 * gamma(40));
    assert_within(l(&right), l(&best), 60.0 * gamma(40));
}

/// Anywhere else, too, the printed sweep has the weights and means of EM's, and d times its variances.
///
/// Source: L-E03.
#[test]
fn a_printed_sweep_differs_in_the_variances_only() {
    for d in 1..=3 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Spherical, 30, 3, d, 10 + d as u64);
        let printed = lecture_l::sweep_without_the_dimension(&case.model, &case.x).unwrap();
        let right = em::sweep(&case.model, &case.x).unwrap();
        assert_eq!((printed.weights(), printed.means()), (right.weights(), right.means()));
        assert_eq!(printed.family(), CovarianceFamily::Spherical);
        assert!((right.weights() - case.model.weights()).amax() > 1e-3);
        assert!((right.means() - case.model.means()).amax() > 1e-2);
        for j in 0..3 {
            let wide = &right.covariances()[j] * d as f64;
            // The same sums of squares, once as a trace over d; 30 terms a dimension, each of a difference x
            // − μ that is exact but for ε of its size.
            assert_within((&printed.covariances()[j] - &wide).amax(), 0.0, wide.amax() * gamma(30 * d + 20));
        }
    }
}
