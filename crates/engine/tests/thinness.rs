//! How thin components are beside each other, which decides between ends of runs.

use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::{data, gaussian};
use executable_em_engine::Fused;
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;

fn model(seed: u64, family: CovarianceFamily) -> GaussianMixture {
    let (x, labels) = data::blobs();
    let shift = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| {
        ((i as u64 * 7 + a as u64 * 3 + seed) % 11) as f64 * 0.1
    });
    executable_em::gaussian_mixture::start_from_labels(&(x + shift), &labels, 4, family).expect("a mixture")
}

/// The formula, by inverses and determinants.
fn by_inverses(model: &GaussianMixture, n: f64) -> f64 {
    let d = model.d() as f64;
    let width: DMatrix<f64> = model
        .covariances()
        .iter()
        .zip(model.weights())
        .map(|(covariance, &weight)| covariance * weight)
        .sum();
    let log_determinant =
        |matrix: &DMatrix<f64>| gaussian::log_determinant(matrix).expect("positive definite");
    let pressing = 2.0 * d * (d + 1.0 + (1.0 + n).ln());
    let of_one = |covariance: &DMatrix<f64>| {
        let inverse = covariance.clone().try_inverse().expect("regular");
        let divergence =
            (&width * inverse).trace() - log_determinant(&width) + log_determinant(covariance) - d;
        pressing / 2.0 * (1.0 + 2.0 * divergence.max(0.0) / (pressing * n)).ln()
    };
    model.covariances().iter().map(of_one).sum()
}

proptest! {
    /// The formula, by another way; and the units of the columns do not count.
    #[test]
    fn it_is_the_divergence_of_the_average_from_the_components(seed in 0_u64..1000, log_unit in -8..8_i32) {
        for family in CovarianceFamily::ALL {
            let one = model(seed, family);
            let (found, expected) = (one.thinness(300.0), by_inverses(&one, 300.0));
            // A few hundred operations on numbers whose ratios are below a thousand.
            prop_assert!(found >= 0.0 && (found - expected).abs() <= 1e-12 * (1.0 + expected), "{found} {expected}");
            // A power of two rounds nothing; spherical components know one unit only.
            let unit = 2_f64.powi(log_unit);
            let covariances = one.covariances().iter().map(|covariance| covariance * (unit * unit)).collect();
            let other = GaussianMixture::new(one.weights().clone(), one.means() * unit, covariances, family);
            prop_assert_eq!(other.expect("a mixture").thinness(300.0), found);
        }
    }
}

/// Components that are alike are not thin, however far apart; one that collapses is ranked down by more than the few
/// data that chance may put there can press up ℓ, and by a share of one datum while it is sound.
#[test]
fn it_is_zero_for_components_alike_and_grows_without_bound() {
    let at = |apart: f64, variance: f64, n: f64| {
        let (weights, means) = (dvector![0.5, 0.5], dmatrix![0.0; apart]);
        let covariances = vec![dmatrix![1.0], dmatrix![variance]];
        GaussianMixture::new(weights, means, covariances, CovarianceFamily::Full)
            .expect("a mixture")
            .thinness(n)
    };
    assert_eq!([at(0.0, 1.0, 50.0), at(1e9, 1.0, 50.0)], [0.0, 0.0]);
    let n = 100.0;
    // Chen and Tan's: 1/(2σ²n), where that is small beside the m = 2(2 + log 101) data that press.
    let share = at(1.0, 1e-1, n) * n;
    assert!((share - (5.5 - 5.5_f64.ln() - 1.0) - (0.55 - 0.55_f64.ln() - 1.0)).abs() < 0.05, "{share}");
    // As σ² → 0 it grows by m log 10 / 2 for every tenth: ℓ of r data by r log 10 / 2.
    let pressing = 2.0 * (2.0 + 101_f64.ln());
    for variance in [1e-9, 1e-12, 1e-15] {
        let slope = (at(1.0, variance / 10.0, n) - at(1.0, variance, n)) / (0.5 * 10_f64.ln());
        assert!((slope - pressing).abs() < 1e-4, "{variance}: {slope}");
    }
    let alone = GaussianMixture::new(
        DVector::from_element(1, 1.0),
        dmatrix![3.0, 4.0],
        vec![dmatrix![2.0, 1.0; 1.0, 3.0]],
        CovarianceFamily::Full,
    );
    assert_eq!(alone.expect("a mixture").thinness(10.0), 0.0);
}
