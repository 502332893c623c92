//! How thin components are beside the data, which decides between ends of runs.

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

/// Twice the divergence N(0, S) ‖ N(0, Σ) of every component, by inverses and determinants.
fn by_inverses(model: &GaussianMixture) -> f64 {
    let (k, d) = (model.k(), model.d());
    let mean = model.weights().transpose() * model.means();
    let mut spread = DMatrix::zeros(d, d);
    for j in 0..k {
        let from_mean = model.means().row(j) - &mean;
        spread += model.weights()[j] * (&model.covariances()[j] + from_mean.transpose() * from_mean);
    }
    let spread = match model.family() {
        CovarianceFamily::Diagonal | CovarianceFamily::Spherical => {
            DMatrix::from_diagonal(&spread.diagonal())
        }
        CovarianceFamily::Full | CovarianceFamily::Tied => spread,
    };
    let log_determinant =
        |matrix: &DMatrix<f64>| gaussian::log_determinant(matrix).expect("positive definite");
    let of_one = |covariance: &DMatrix<f64>| {
        let inverse = covariance.clone().try_inverse().expect("regular");
        (&spread * inverse).trace() - log_determinant(&spread) + log_determinant(covariance) - d as f64
    };
    model.covariances().iter().map(of_one).sum()
}

proptest! {
    /// The formula, by another way; and the units of the columns do not count.
    #[test]
    fn it_is_the_divergence_of_the_data_from_the_components(seed in 0_u64..1000, log_unit in -8..8_i32) {
        for family in CovarianceFamily::ALL {
            let one = model(seed, family);
            let (found, expected) = (one.thinness(), by_inverses(&one));
            // A few hundred operations on numbers whose ratios are below a thousand.
            prop_assert!(found >= 0.0 && (found - expected).abs() <= 1e-12 * (1.0 + expected), "{found} {expected}");
            // A power of two rounds nothing; spherical components know one unit only.
            let unit = 2_f64.powi(log_unit);
            let covariances = one.covariances().iter().map(|covariance| covariance * (unit * unit)).collect();
            let other = GaussianMixture::new(one.weights().clone(), one.means() * unit, covariances, family);
            prop_assert_eq!(other.expect("a mixture").thinness(), found);
        }
    }
}

/// One component is as wide as the data; one that collapses is thinner than any ℓ makes up for.
#[test]
fn it_is_zero_for_one_component_and_grows_without_bound() {
    let at = |variance: f64| {
        let (weights, means) = (dvector![0.5, 0.5], dmatrix![0.0; 1.0]);
        let covariances = vec![dmatrix![1.0], dmatrix![variance]];
        GaussianMixture::new(weights, means, covariances, CovarianceFamily::Full)
            .expect("a mixture")
            .thinness()
    };
    // 3/(4σ²), as σ → 0: the data have the variance (1 + σ²)/2 + 1/4.
    for variance in [1e-3, 1e-6, 1e-12] {
        let share = at(variance) * variance / 0.75;
        assert!((share - 1.0).abs() < 30.0 * variance.sqrt(), "{variance}: {share}");
    }
    let alone = GaussianMixture::new(
        DVector::from_element(1, 1.0),
        dmatrix![3.0, 4.0],
        vec![dmatrix![2.0, 1.0; 1.0, 3.0]],
        CovarianceFamily::Full,
    );
    assert!(alone.expect("a mixture").thinness().abs() <= 8.0 * f64::EPSILON);
}
