//! The contours of a plane Gaussian.

use crate::common::config;
use crate::common::{assert_printed, assert_within, cases};
use executable_em::{data, gaussian};
use nalgebra::{DMatrix, RowDVector, dmatrix};
use proptest::prelude::*;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

proptest! {
    #![proptest_config(config(200))]

    /// The ellipse's points have the Mahalanobis radius that was asked for, wherever one looks along it.
    ///
    /// Source: T-13.
    #[test]
    fn the_ellipse_is_the_contour_of_its_mahalanobis_radius(
        seed in any::<u64>(), radius in 0.1..4.0, turn in 0.0..TAU,
    ) {
        let covariance = cases::covariance(2, &mut data::rng(seed));
        let ellipse = gaussian::ellipse(&covariance, radius).unwrap();
        prop_assert!(ellipse.semi_major >= ellipse.semi_minor && ellipse.semi_minor > 0.0);
        prop_assert!(-FRAC_PI_2 < ellipse.angle && ellipse.angle <= FRAC_PI_2);
        let (along, across) = (ellipse.semi_major * turn.cos(), ellipse.semi_minor * turn.sin());
        let (sin, cos) = ellipse.angle.sin_cos();
        let point = dmatrix![along * cos - across * sin, along * sin + across * cos];
        let distance = gaussian::mahalanobis_squared(&point, &RowDVector::zeros(2), &covariance).unwrap()[0];
        // An eigenvector solver errs by some ε‖Σ‖, which Σ⁻¹ magnifies by κ < 10; 100 ε κ leaves it ten operations.
        assert_within(distance, radius * radius, radius * radius * 1000.0 * f64::EPSILON);
        // The area π ab is π ρ² √|Σ|.
        let determinant = covariance[(0, 0)] * covariance[(1, 1)] - covariance[(0, 1)].powi(2);
        let area = PI * ellipse.semi_major * ellipse.semi_minor;
        assert_within(area, PI * radius * radius * determinant.sqrt(), area * 1000.0 * f64::EPSILON);
    }
}

/// The angle is that of the longer axis, on both sides of the vertical.
///
/// Source: T-13.
#[test]
fn the_ellipse_points_along_the_first_principal_axis() {
    let degrees = |covariance: DMatrix<f64>| gaussian::ellipse(&covariance, 1.0).unwrap().angle.to_degrees();
    // Eigenvectors of a 2×2 matrix are good to some ε; a degree holds 57 of them.
    let bound = 1e-12;
    assert_within(degrees(dmatrix![2.0, 1.0; 1.0, 2.0]), 45.0, bound);
    assert_within(degrees(dmatrix![2.0, -1.0; -1.0, 2.0]), -45.0, bound);
    assert_within(degrees(dmatrix![4.0, 0.0; 0.0, 1.0]), 0.0, 0.0);
    assert_within(degrees(dmatrix![1.0, 0.0; 0.0, 4.0]), 90.0, 0.0);
    assert_within(degrees(dmatrix![1.0, -0.0; -0.0, 4.0]), 90.0, 0.0);
    let steep = gaussian::ellipse(&dmatrix![1.0, 1.0; 1.0, 3.0], 1.0).unwrap();
    assert_within(steep.angle.tan(), 1.0 + 2_f64.sqrt(), 1e-14);
    assert_within(steep.semi_major.powi(2), 2.0 + 2_f64.sqrt(), 1e-14);
}

/// An ellipse turned by t degrees points t degrees up, modulo half a turn, for every t.
///
/// Source: T-13.
#[test]
fn the_angle_follows_the_ellipse_all_the_way_round() {
    for step in 0..360 {
        let turn = f64::from(step).to_radians();
        let (sin, cos) = turn.sin_cos();
        let rotation = dmatrix![cos, -sin; sin, cos];
        let turned = &rotation * dmatrix![4.0, 0.0; 0.0, 1.0] * rotation.transpose();
        let symmetric = (&turned + turned.transpose()) * 0.5;
        let ellipse = gaussian::ellipse(&symmetric, 1.0).unwrap();
        assert!(-FRAC_PI_2 < ellipse.angle && ellipse.angle <= FRAC_PI_2 + 1e-15);
        // The sine of twice the difference vanishes where the axes agree; eigenvectors are good to some ε/(gap of 3).
        let off = 2.0 * (ellipse.angle - turn);
        assert_within(off.sin(), 0.0, 1e-13);
        assert!(off.cos() > 0.0, "the axes are swapped at {step} degrees");
    }
}

/// A nearly singular covariance has a flat ellipse, not one with a side that is no number.
///
/// Source: T-13.
#[test]
fn a_flat_ellipse_has_a_short_side_of_zero_or_more() {
    // Rank one up to rounding is refused; some roundings away it is accepted, and of these some have a computed
    // eigenvalue < 0.
    let mut accepted = 0;
    for step in 1..2000 {
        let (s, c) = (f64::from(step) * 1e-3).sin_cos();
        assert!(gaussian::ellipse(&dmatrix![c * c, c * s; c * s, s * s], 1.0).is_err());
        let covariance = dmatrix![c * c, c * s; c * s, s * s * (1.0 + 2e-15)];
        if let Ok(ellipse) = gaussian::ellipse(&covariance, 1.0) {
            accepted += 1;
            assert!(ellipse.semi_minor >= 0.0, "semi-minor axis {} at step {step}", ellipse.semi_minor);
        }
    }
    assert!(accepted > 100, "only {accepted} covariances were accepted");
}

/// One, two and three "sigmas" hold .393, .865 and .989 of a plane Gaussian, as counted in samples too.
///
/// Source: T-13.
#[test]
fn the_ellipses_of_radius_one_two_and_three_hold_their_printed_masses() {
    for (radius, printed) in [(1.0, "0.393"), (2.0, "0.865"), (3.0, "0.989")] {
        assert_printed(gaussian::ellipse_mass(radius), printed);
    }
    assert_eq!(gaussian::ellipse_mass(0.0), 0.0);
    assert_eq!(gaussian::ellipse_mass(f64::INFINITY), 1.0);
    // For a small radius 1 − exp(−ρ²/2) would cancel; it is ρ²/2 (1 − ρ²/4 + …).
    assert_eq!(gaussian::ellipse_mass(1e-9), 0.5e-18);

    let (covariance, mean) = (dmatrix![2.0, 1.0; 1.0, 1.5], RowDVector::from_row_slice(&[1.0, -2.0]));
    let n = 20_000;
    let x = gaussian::sample(n, &mean, &covariance, &mut data::rng(13)).unwrap();
    let distances = gaussian::mahalanobis_squared(&x, &mean, &covariance).unwrap();
    for radius in [1.0, 2.0, 3.0_f64] {
        let inside =
            distances.iter().filter(|&&distance| distance <= radius * radius).count() as f64 / n as f64;
        let mass = gaussian::ellipse_mass(radius);
        // z = 5 standard deviations of a share.
        assert_within(inside, mass, 5.0 * (mass * (1.0 - mass) / n as f64).sqrt());
    }
}
