//! The density, its parts and its samples.

use crate::common::bounds::{gamma, scaled_condition};
use crate::common::{assert_printed, assert_within, cases, mixture, naive, quadrature};
use executable_em::{data, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix};
use std::f64::consts::TAU;

/// The density integrates to one in one, two and three dimensions, correlated ones included; with the printed
/// normaliser, (2π)^{−1/2} whatever d, it integrates to 2.50663 and 6.28319.
///
/// Source: H-26, B-01, T-34, B-E01.
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

/// At condition 10¹⁰ the density agrees with one whose inverse and determinant are known in closed form.
///
/// Source: H-26, T-34.
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

/// log density, squared distance and log determinant fit together, and the determinant is that of elimination.
///
/// Source: H-26.
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
            let (distance, determinant) = naive::quadratic_and_determinant(&rows, &v);
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

/// Scaling by a power of two changes the log density by exactly that power's Jacobian and no distance.
///
/// Source: H-26.
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
