//! The weighted mean and covariance.

use crate::common::bounds::gamma;
use crate::common::config;
use crate::common::{assert_matrices_within, assert_within, cases};
use executable_em::{Error, data, gaussian};
use nalgebra::{RowDVector, dmatrix, dvector};
use proptest::prelude::*;
use rand_distr::{Distribution, StandardNormal};

/// Samples of a Gaussian have its mean and covariance.
///
/// Source: T-10, H-22.
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

/// No data are drawn when none are asked for, and the same seed draws the same.
///
/// Source: T-10.
#[test]
fn a_sample_is_determined_by_its_seed_and_may_be_empty() {
    let draw =
        |n, seed| gaussian::sample(n, &RowDVector::zeros(1), &dmatrix![4.0], &mut data::rng(seed)).unwrap();
    assert_eq!(draw(0, 1).shape(), (0, 1));
    assert_eq!(draw(5, 1), draw(5, 1));
    assert_ne!(draw(5, 1), draw(5, 2));

    // μ + L z for the generator's own standard normals z; here L = (1 0; 1 2). Two products and two sums of a few
    // units.
    let (mean, covariance) = (RowDVector::from_row_slice(&[3.0, -1.0]), dmatrix![1.0, 1.0; 1.0, 5.0]);
    let x = gaussian::sample(1, &mean, &covariance, &mut data::rng(1)).unwrap();
    let mut rng = data::rng(1);
    let z: [f64; 2] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
    assert_within(x[0], 3.0 + z[0], 8.0 * f64::EPSILON);
    assert_within(x[1], -1.0 + z[0] + 2.0 * z[1], 16.0 * f64::EPSILON);
}

proptest! {
    #![proptest_config(config(200))]

    /// The weighted mean and covariance are those of plain loops, and the mean lies in the convex hull.
    ///
    /// Source: L-27, H-30, H-34.
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
}

/// Weights scaled by any power of two leave the mean and covariance as they are, down to subnormal ones.
///
/// Source: L-26, H-30.
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
