//! One Gaussian: density, samples, weighted fit, ellipses.

mod common;

use common::assert_refused;
use common::bounds::{gamma, scaled_condition};
use common::{assert_matrices_within, assert_printed, assert_within, cases, mixture, quadrature};
use executable_em::{Error, data, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use proptest::prelude::*;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// H-26, B-01, T-34: the density integrates to one in one, two and three dimensions, correlated ones included; with the
/// normaliser printed in B-E01, (2π)^{−1/2} whatever d, it integrates to 2.50663 and 6.28319.
#[test]
fn the_density_integrates_to_one_in_one_two_and_three_dimensions() {
    let mut rng = data::rng(26);
    for d in 1..=3 {
        let covariance = cases::covariance(d, &mut rng);
        if d > 1 {
            assert!(covariance[(0, 1)].abs() > 0.01, "the case should be correlated");
        }
        let mean = RowDVector::from_fn(d, |_, a| a as f64 - 0.3);
        let model =
            mixture(&[1.0], DMatrix::from_rows(std::slice::from_ref(&mean)), vec![covariance.clone()]);
        let density = |x: &DMatrix<f64>| -> Vec<f64> {
            gaussian::log_density(x, &mean, &covariance).unwrap().iter().map(|log| log.exp()).collect()
        };
        // Relative error of one density: log p is a sum of d + 5 terms that are below 50 in all within reach.
        let relative = 50.0 * gamma(d + 6) * scaled_condition(&covariance);
        let (integral, bound) = quadrature::integral(&model, density, relative);
        assert_within(integral, 1.0, bound);

        let printed = integral * TAU.powf((d as f64 - 1.0) / 2.0);
        match d {
            1 => assert_within(printed, 1.0, bound),
            2 => assert_printed(printed, "2.50663"),
            _ => assert_printed(printed, "6.28319"),
        }
    }
}

/// H-26, T-34: at condition 10¹⁰ the density agrees with one whose inverse and determinant are known in closed form.
#[test]
fn the_log_density_is_right_even_for_a_nearly_singular_covariance() {
    // Σ = 11ᵀ + ε²I has Σ⁻¹ = (I − 11ᵀ/(d + ε²))/ε² and |Σ| = ε^{2(d−1)}(d + ε²).
    for d in 1..=3 {
        let (df, e2) = (d as f64, 1e-10);
        let covariance = DMatrix::from_element(d, d, 1.0) + DMatrix::identity(d, d) * e2;
        let v = DVector::from_fn(d, |a, _| 0.5 + 1e-5 * a as f64);
        let x = DMatrix::from_rows(&[v.transpose()]);
        // What 1 + 1e−10 has been rounded to is the ε² that the matrix holds.
        let e2 = covariance[(0, 0)] - 1.0;
        let (sum, mean) = (v.sum(), v.mean());
        let spread: f64 = v.iter().map(|value| (value - mean).powi(2)).sum();
        // vᵀΣ⁻¹v split along 1 and across it.
        let distance = sum * sum / (df * (df + e2)) + spread / e2;
        let log_determinant = (df - 1.0) * e2.ln() + (df + e2).ln();
        let expected = -0.5 * (df * TAU.ln() + log_determinant + distance);
        let found = gaussian::log_density(&x, &RowDVector::zeros(d), &covariance).unwrap()[0];
        let condition = scaled_condition(&covariance);
        // As in `bounds::log_joint_error`, with the same for the formula above, whose spread cancels like κ.
        let bound = condition * (5.0 * df * gamma(d + 2) * distance + df * df * gamma(d + 1))
            + gamma(d + 6) * (df * TAU.ln() + log_determinant.abs() + distance);
        assert_within(found, expected, bound);
        // The log density itself is about 20, so the test would notice a missing term of any kind.
        assert!(bound < 1e-3, "the bound must say something: {bound:e}");
    }
}

/// H-26: log density, squared distance and log determinant fit together, and the determinant is that of elimination.
#[test]
fn the_parts_of_the_log_density_fit_together() {
    let mut rng = data::rng(1);
    for d in 1..=3 {
        let covariance = cases::covariance(d, &mut rng);
        let rows: Vec<Vec<f64>> = (0..d).map(|a| covariance.row(a).iter().copied().collect()).collect();
        let x = DMatrix::from_fn(4, d, |i, a| i as f64 - 0.7 * a as f64);
        let mean = RowDVector::from_element(d, 0.25);
        let found = gaussian::mahalanobis_squared(&x, &mean, &covariance).unwrap();
        let condition = scaled_condition(&covariance);
        for i in 0..4 {
            let v: Vec<f64> = (0..d).map(|a| x[(i, a)] - 0.25).collect();
            let (distance, determinant) = common::naive::quadratic_and_determinant(&rows, &v);
            let relative = 10.0 * d as f64 * condition * gamma(d + 2);
            assert_within(found[i], distance, relative * distance);
            let log_determinant = gaussian::log_determinant(&covariance).unwrap();
            assert_within(log_determinant, determinant.ln(), relative * d as f64);
            let density = gaussian::log_density(&x, &mean, &covariance).unwrap()[i];
            let sum = -0.5 * (d as f64 * TAU.ln() + log_determinant + found[i]);
            assert_within(density, sum, gamma(8) * (4.0 + log_determinant.abs() + found[i]));
        }
    }
}

/// H-26: scaling by a power of two changes the log density by exactly that power's Jacobian and no distance.
#[test]
fn distances_do_not_change_under_a_power_of_two() {
    let (covariance, mean) = (dmatrix![2.0, 0.5; 0.5, 1.0], RowDVector::from_row_slice(&[0.3, -0.2]));
    let x = dmatrix![1.0, 2.0; -0.7, 0.1];
    let plain = gaussian::mahalanobis_squared(&x, &mean, &covariance).unwrap();
    let scaled =
        gaussian::mahalanobis_squared(&(&x * 1024.0), &(&mean * 1024.0), &(&covariance * 1_048_576.0))
            .unwrap();
    assert_eq!(plain, scaled);
}

/// T-10, H-22: samples of a Gaussian have its mean and covariance.
#[test]
fn samples_have_the_mean_and_the_covariance_that_they_were_drawn_with() {
    let (covariance, mean) = (
        dmatrix![2.0, -0.8, 0.3; -0.8, 1.0, 0.1; 0.3, 0.1, 0.5],
        RowDVector::from_row_slice(&[3.0, -1.0, 0.5]),
    );
    let n = 40_000;
    let x = gaussian::sample(n, &mean, &covariance, &mut data::rng(10)).unwrap();
    assert_eq!(x.shape(), (n, 3));
    // z = 5: a right sampler fails one seed in 1.7 million, for each of the nine moments.
    let z = 5.0 / (n as f64).sqrt();
    for a in 0..3 {
        assert_within(x.column(a).mean(), mean[a], z * covariance[(a, a)].sqrt());
        for b in 0..=a {
            let product: f64 =
                (0..n).map(|i| (x[(i, a)] - mean[a]) * (x[(i, b)] - mean[b])).sum::<f64>() / n as f64;
            // Var of v_a v_b is Σ_aa Σ_bb + Σ_ab² (Isserlis).
            let sd = (covariance[(a, a)] * covariance[(b, b)] + covariance[(a, b)].powi(2)).sqrt();
            assert_within(product, covariance[(a, b)], z * sd);
        }
    }
    // The squared Mahalanobis distances are χ²(3): mean 3, variance 6; their share below the median 2.36597 is ½.
    let distances = gaussian::mahalanobis_squared(&x, &mean, &covariance).unwrap();
    assert_within(distances.mean(), 3.0, z * 6_f64.sqrt());
    let below = distances.iter().filter(|&&distance| distance < 2.365_973_884).count() as f64 / n as f64;
    assert_within(below, 0.5, z * 0.5);
}

/// T-10: no data are drawn when none are asked for, and the same seed draws the same.
#[test]
fn a_sample_is_determined_by_its_seed_and_may_be_empty() {
    let draw =
        |n, seed| gaussian::sample(n, &RowDVector::zeros(1), &dmatrix![4.0], &mut data::rng(seed)).unwrap();
    assert_eq!(draw(0, 1).shape(), (0, 1));
    assert_eq!(draw(5, 1), draw(5, 1));
    assert_ne!(draw(5, 1), draw(5, 2));

    // μ + L z for the generator's own standard normals z; here L = (1 0; 1 2). Two products and two sums of a few units.
    let (mean, covariance) = (RowDVector::from_row_slice(&[3.0, -1.0]), dmatrix![1.0, 1.0; 1.0, 5.0]);
    let x = gaussian::sample(1, &mean, &covariance, &mut data::rng(1)).unwrap();
    let mut rng = data::rng(1);
    let z: [f64; 2] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
    assert_within(x[0], 3.0 + z[0], 8.0 * f64::EPSILON);
    assert_within(x[1], -1.0 + z[0] + 2.0 * z[1], 16.0 * f64::EPSILON);
}

proptest! {
    #![proptest_config(common::config(200))]

    /// L-27, H-30, H-34: the weighted mean and covariance are those of plain loops, and the mean lies in the convex hull.
    #[test]
    fn weighted_moments_are_those_of_plain_loops(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let (n, d) = case.x.shape();
        let weights = cases::simplex_rows(n, 2, &mut data::rng(seed)).column(0).into_owned();
        let total: f64 = weights.iter().sum();
        if total == 0.0 {
            assert!(matches!(gaussian::weighted_mean(&case.x, &weights), Err(Error::Domain { .. })));
            return Ok(());
        }
        let mean = gaussian::weighted_mean(&case.x, &weights).unwrap();
        let covariance = gaussian::weighted_covariance(&case.x, &weights, &mean).unwrap();
        for a in 0..d {
            let column = case.x.column(a);
            let expected = (0..n).map(|i| weights[i] * column[i]).sum::<f64>() / total;
            // n products, n sums and a quotient of weights, on both sides.
            let bound = 2.0 * gamma(2 * n + 3) * column.amax();
            assert_within(mean[a], expected, bound);
            let inside = column.min() - bound..=column.max() + bound;
            prop_assert!(inside.contains(&mean[a]));
            for b in 0..d {
                let scatter: Vec<f64> =
                    (0..n).map(|i| weights[i] * (case.x[(i, a)] - mean[a]) * (case.x[(i, b)] - mean[b])).collect();
                let expected = scatter.iter().sum::<f64>() / total;
                let size = scatter.iter().map(|term| term.abs()).sum::<f64>() / total;
                assert_within(covariance[(a, b)], expected, 2.0 * gamma(2 * n + 6) * size);
                // Symmetric to the last bit.
                prop_assert_eq!(covariance[(a, b)], covariance[(b, a)]);
            }
        }
    }

    /// T-13: the ellipse's points have the Mahalanobis radius that was asked for, wherever one looks along it.
    #[test]
    fn the_ellipse_is_the_contour_of_its_mahalanobis_radius(seed in any::<u64>(), radius in 0.1..4.0, turn in 0.0..TAU) {
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

    /// Whatever the shapes and values, the functions of this module return an error or a number, and never panic.
    #[test]
    fn arbitrary_input_never_panics(
        x in wild_matrix(), mean in wild_matrix(), covariance in wild_matrix(), n in 0..4usize, radius in wild(),
    ) {
        let row = RowDVector::from_iterator(mean.len(), mean.iter().copied());
        let weights = DVector::from_iterator(mean.len(), mean.iter().copied());
        let finite = |m: &DMatrix<f64>| !m.is_empty() && m.iter().all(|value| value.is_finite());
        if gaussian::log_density(&x, &row, &covariance).is_ok() {
            prop_assert!(finite(&x) && finite(&covariance) && row.len() == x.ncols() && covariance.shape() == (row.len(), row.len()));
        }
        if gaussian::weighted_mean(&x, &weights).is_ok() {
            prop_assert!(finite(&x) && weights.len() == x.nrows() && weights.iter().all(|&w| w >= 0.0));
        }
        let _ = gaussian::weighted_covariance(&x, &weights, &row);
        let _ = gaussian::sample(n, &row, &covariance, &mut data::rng(1));
        if let Ok(ellipse) = gaussian::ellipse(&covariance, radius) {
            prop_assert!(ellipse.semi_minor >= 0.0 && ellipse.semi_major >= ellipse.semi_minor && !ellipse.angle.is_nan());
        }
    }
}

/// Ordinary numbers, and those that break things.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -3.0..3.0,
        1 => prop::sample::select(vec![0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308, 1e-308, 5e-324]),
        1 => any::<f64>(),
    ]
}

/// A matrix of 0–3 rows and columns, sometimes made symmetric.
fn wild_matrix() -> impl Strategy<Value = DMatrix<f64>> {
    (0..4usize, 0..4usize, prop::collection::vec(wild(), 9), any::<bool>()).prop_map(
        |(rows, columns, values, symmetric)| {
            if symmetric {
                let half = DMatrix::from_fn(rows, rows, |a, b| values[3 * a.min(b) + a.max(b)]);
                half.clone() + DMatrix::identity(rows, rows) * 3.0
            } else {
                DMatrix::from_fn(rows, columns, |a, b| values[3 * a + b])
            }
        },
    )
}

/// T-13: the angle is that of the longer axis, on both sides of the vertical.
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

/// T-13: an ellipse turned by t degrees points t degrees up, modulo half a turn, for every t.
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

/// H-26: mirrored entries may differ by rounding, 10⁻¹⁰ of the largest entry, and by no more.
#[test]
fn a_covariance_is_symmetric_up_to_rounding() {
    let with =
        |difference: f64| gaussian::cholesky(&dmatrix![100.0, 3.0; 3.0 + difference, 1.0], 0).map(|_| ());
    assert_eq!(with(0.5e-8), Ok(()));
    assert!(matches!(with(2e-8), Err(Error::NotSymmetric { row: 1, column: 0, .. })));
    assert!(matches!(with(-2e-8), Err(Error::NotSymmetric { row: 1, column: 0, .. })));
}

/// T-13: a nearly singular covariance has a flat ellipse, not one with a side that is no number.
#[test]
fn a_flat_ellipse_has_a_short_side_of_zero_or_more() {
    // Rank one up to rounding: Cholesky accepts about half of these, and of those some have a computed eigenvalue < 0.
    let mut accepted = 0;
    for step in 1..2000 {
        let (s, c) = (f64::from(step) * 1e-3).sin_cos();
        let covariance = dmatrix![c * c, c * s; c * s, s * s];
        if let Ok(ellipse) = gaussian::ellipse(&covariance, 1.0) {
            accepted += 1;
            assert!(ellipse.semi_minor >= 0.0, "semi-minor axis {} at step {step}", ellipse.semi_minor);
        }
    }
    assert!(accepted > 100, "only {accepted} covariances were accepted");
}

/// T-13: one, two and three "sigmas" hold .393, .865 and .989 of a plane Gaussian, as counted in samples too.
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

/// Each kind of bad input is the one error that names it.
#[test]
fn bad_input_is_named() {
    let (x, mean, unit) = (dmatrix![0.0, 1.0], RowDVector::zeros(2), DMatrix::<f64>::identity(2, 2));
    let nan = f64::NAN;
    let empty = DMatrix::<f64>::zeros(0, 2);

    let error = gaussian::cholesky(&dmatrix![1.0, 2.0; 2.0, 1.0], 3).unwrap_err();
    let Error::NotPositiveDefinite { component: 3, smallest_eigenvalue } = error else { panic!("{error:?}") };
    assert_within(smallest_eigenvalue, -1.0, 1e-14); // the eigenvalues are −1 and 3, to a few ulps
    // Symmetric to the last bit, so nothing but its eigenvalues is at fault.
    let error = gaussian::cholesky(&DMatrix::zeros(2, 2), 0).unwrap_err();
    assert_eq!(error, Error::NotPositiveDefinite { component: 0, smallest_eigenvalue: 0.0 });
    assert_refused(&[
        (
            gaussian::log_density(&dmatrix![0.0, f64::INFINITY], &mean, &unit).err(),
            "data: entry (0, 1) is inf, but every entry must be finite",
        ),
        (gaussian::log_density(&empty, &mean, &unit).err(), "data: is empty"),
        (gaussian::log_density(&x, &RowDVector::zeros(3), &unit).err(), "mean: expected 1 × 2, found 1 × 3"),
        (
            gaussian::log_density(&x, &mean, &DMatrix::identity(3, 3)).err(),
            "covariance: expected 2 × 2, found 3 × 3",
        ),
        (
            gaussian::log_density(&x, &RowDVector::from_row_slice(&[0.0, nan]), &unit).err(),
            "mean: entry (0, 1) is NaN, but every entry must be finite",
        ),
        (
            gaussian::cholesky(&dmatrix![1.0, 0.5; 0.25, 1.0], 3).err(),
            "covariance: entries (1, 0) and (0, 1) differ by -2.5e-1, but the matrix must be symmetric",
        ),
        (
            gaussian::cholesky(&dmatrix![1.0, 0.0, 0.0; 0.0, 1.0, 0.0], 0).err(),
            "covariance: expected 2 × 2, found 2 × 3",
        ),
        (gaussian::weighted_mean(&x, &dvector![-0.5]).err(), "weight of a datum is -0.5, but must be ≥ 0"),
        (
            gaussian::weighted_mean(&x, &dvector![0.0]).err(),
            "sum of the data's weights is 0, but must be finite and > 0",
        ),
        (
            gaussian::weighted_mean(&x, &dvector![1.0, 1.0]).err(),
            "weights of the data: expected 1 × 1, found 2 × 1",
        ),
        (
            gaussian::weighted_covariance(&x, &dvector![1.0], &RowDVector::zeros(1)).err(),
            "centre: expected 1 × 2, found 1 × 1",
        ),
        (gaussian::ellipse(&unit, -1.0).err(), "radius is -1, but must be finite and > 0"),
        (gaussian::ellipse(&DMatrix::identity(3, 3), 1.0).err(), "covariance: expected 2 × 2, found 3 × 3"),
        (
            gaussian::sample(1, &mean, &DMatrix::identity(1, 1), &mut data::rng(1)).err(),
            "covariance: expected 2 × 2, found 1 × 1",
        ),
    ]);
}

/// L-26, H-30: weights scaled by any power of two leave the mean and covariance as they are, down to subnormal ones.
#[test]
fn only_ratios_of_weights_matter_however_small_they_are() {
    let (x, weights) = (dmatrix![0.3, 1.0; -0.7, 2.0; 1.9, 5.0], dvector![0.5, 0.25, 1.0]);
    let mean = gaussian::weighted_mean(&x, &weights).unwrap();
    let covariance = gaussian::weighted_covariance(&x, &weights, &mean).unwrap();
    for exponent in [10, -10, -500, -1000, -1060] {
        // The three weights stay exact: even 2^−1062 is above the smallest subnormal, 2^−1074.
        let scaled =
            weights.map(|weight| weight * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2));
        assert_eq!(gaussian::weighted_mean(&x, &scaled).unwrap(), mean, "weights times 2^{exponent}");
        let found = gaussian::weighted_covariance(&x, &scaled, &mean).unwrap();
        assert_matrices_within(&found, &covariance, 0.0);
    }
}
