//! Diagonal covariances given as their diagonals: the same mixtures, densities, steps and starts as from the
//! matrices, and of any width.

use crate::common::cases::{self, Case};
use executable_em::gaussian_mixture::{
    CovarianceFamily, FlooredMixture, GaussianMixture, kmeans_start, random_start, whitened_kmeans_start,
};
use executable_em::latent::Model;
use executable_em::scale::{Moments, SufficientStatistics};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

const AXES: [CovarianceFamily; 2] = [CovarianceFamily::Diagonal, CovarianceFamily::Spherical];

fn cases() -> impl Iterator<Item = Case> {
    AXES.into_iter().flat_map(|family| (0..200).map(move |number| cases::numbered(number, family)))
}

/// Matrix or diagonal, it is the same mixture; each form gives back the other.
#[test]
fn a_diagonal_says_all() {
    let mut seen = 0;
    for Case { model, .. } in cases() {
        let (weights, means, family) = (model.weights().clone(), model.means().clone(), model.family());
        let diagonals = model.stored_covariances();
        assert!(diagonals.iter().all(|diagonal| diagonal.shape() == (model.d(), 1)));
        let matrices = model.covariances().to_vec();
        for (diagonal, matrix) in diagonals.iter().zip(&matrices) {
            assert_eq!(DMatrix::from_diagonal(&diagonal.column(0)), *matrix);
        }
        let new = |covariances| GaussianMixture::new(weights.clone(), means.clone(), covariances, family);
        let (of_diagonals, of_matrices) = (new(diagonals), new(matrices));
        assert_eq!(of_diagonals.as_ref(), Ok(&model));
        assert_eq!(of_matrices.as_ref(), Ok(&model));
        assert_eq!(of_diagonals.unwrap().covariances(), model.covariances());
        seen += 1;
    }
    assert_eq!(seen, 400);
}

/// Through Cholesky factors, or along the axes: every operation that is left is the same, so the bits are.
#[test]
fn densities_are_those_of_the_matrices() {
    for Case { x, model, .. } in cases() {
        let whole = model.with_covariances(model.covariances().to_vec(), CovarianceFamily::Full).unwrap();
        assert_eq!(model.log_joint(&x), whole.log_joint(&x));
        let draws = model.sample(5, &mut data::rng(1)).unwrap();
        assert_eq!(draws, whole.sample(5, &mut data::rng(1)).unwrap());
    }
}

/// A sweep is the constrained one of the matrices, from data and from sums of either form, with a floor and without.
#[test]
fn sweeps_are_those_of_the_matrices() {
    let mut swept = 0;
    for Case { x, model, .. } in cases() {
        let whole = model.with_covariances(model.covariances().to_vec(), CovarianceFamily::Full).unwrap();
        let (Ok(r), Ok(full)) = (model.responsibilities(&x), em::sweep(&whole, &x)) else { continue };
        let narrow = em::sweep(&model, &x).unwrap();
        // Each entry of a scatter is a sum of n products of three factors, divided once; γ(n + 4) of itself, on both
        // sides; a spherical one is the mean of d such.
        let bound = 2.0 * crate::common::bounds::gamma(x.nrows() + 4 + x.ncols());
        let expected = model.family().constrain(full.covariances().to_vec(), full.weights()).unwrap();
        for (j, expected) in expected.iter().enumerate() {
            for a in 0..model.d() {
                let (found, expected) = (narrow.variance(j, a), expected[(a, a)]);
                assert!((found - expected).abs() <= bound * expected, "{found}, not {expected}");
            }
        }
        let moments = Moments::of(&x, &r, model.means()).unwrap();
        let diagonal = |second: &DMatrix<f64>| DMatrix::from_columns(&[second.diagonal()]);
        let diagonals = Moments { second: moments.second.iter().map(diagonal).collect(), ..moments.clone() };
        assert_eq!(diagonals.maximize(&model), moments.maximize(&model));
        assert_eq!(diagonals.expected_log_joint(&model), moments.expected_log_joint(&model));
        assert_eq!(diagonals.square(0, model.d() - 1), moments.square(0, model.d() - 1));
        let elsewhere = model.means().map(|mean| mean + 1.0);
        let about = |moments: &Moments| moments.about(&elsewhere).unwrap();
        assert_eq!(about(&diagonals).second, about(&moments).second.iter().map(diagonal).collect::<Vec<_>>());

        let floor = narrow.variance(0, 0);
        let floored = FlooredMixture::new(narrow.clone(), floor).unwrap();
        for j in 0..model.k() {
            for a in 0..model.d() {
                assert_eq!(floored.mixture().variance(j, a), narrow.variance(j, a).max(floor));
            }
        }
        swept += 1;
    }
    assert!(swept > 200, "{swept}");
}

/// What is no diagonal of the family is refused as its matrix is.
#[test]
fn broken_diagonals_are_refused() {
    let new = |diagonals: &[DMatrix<f64>], family| {
        GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0, 0.0; 1.0, 1.0], diagonals.to_vec(), family)
    };
    let (unit, uneven) = (dmatrix![1.0; 1.0], dmatrix![1.0; 2.0]);
    for family in AXES {
        for least in [0.0, -3.0] {
            let error = new(&[unit.clone(), dmatrix![1.0; least]], family).unwrap_err();
            assert_eq!(error, Error::NotPositiveDefinite { component: 1, smallest_eigenvalue: least });
        }
        let error = new(&[unit.clone(), dmatrix![1.0; f64::NAN]], family).unwrap_err();
        assert!(matches!(error, Error::NotFinite { what: "covariance", .. }), "{error}");
        assert!(matches!(
            new(std::slice::from_ref(&unit), family),
            Err(Error::Shape { what: "covariances", .. })
        ));
        assert!(matches!(new(&[unit.clone(), dmatrix![1.0; 1.0; 1.0]], family), Err(Error::Shape { .. })));
        assert!(matches!(new(&[unit.clone(), DMatrix::identity(2, 2)], family), Err(Error::Shape { .. })));
    }
    let error = new(&[unit.clone(), uneven.clone()], CovarianceFamily::Spherical).unwrap_err();
    assert_eq!(error, Error::NotInFamily { component: 1, family: "spherical" });
    assert!(new(&[unit.clone(), uneven], CovarianceFamily::Diagonal).is_ok());
    for family in [CovarianceFamily::Full, CovarianceFamily::Tied] {
        assert!(matches!(new(&[unit.clone(), unit.clone()], family), Err(Error::Shape { .. })));
    }
}

/// A hundred thousand columns: no step makes a matrix of 10¹⁰ numbers, which no machine of a test has.
#[test]
fn a_hundred_thousand_columns_are_fitted() {
    let (n, d) = (12, 100_000);
    let x = DMatrix::from_fn(n, d, |i, a| ((i * 7 + a * 13) % 11) as f64 + if i < 6 { 0.0 } else { 20.0 });
    let mut rng = data::rng(1);
    for family in AXES {
        for start in [
            random_start(&x, 2, family, &mut rng),
            kmeans_start(&x, 2, family, &mut rng),
            whitened_kmeans_start(&x, 2, family, &mut rng),
        ] {
            let next = em::sweep(&start.unwrap(), &x).unwrap();
            assert_eq!(next.variances().map(DMatrix::shape), Some((2, d)));
            assert!(next.log_likelihood(&x).unwrap().is_finite());
        }
    }
    for family in [CovarianceFamily::Full, CovarianceFamily::Tied] {
        let error = random_start(&x, 2, family, &mut rng).unwrap_err();
        let allowed = "at most 2²⁸; diagonal and spherical ones have d each";
        let what = "number of entries of the covariances";
        assert_eq!(error, Error::Domain { what, value: 2e10, allowed });
        assert!(matches!(whitened_kmeans_start(&x, 2, family, &mut rng), Err(Error::Domain { .. })));
    }
    let weights = DVector::from_element(1, 1.0);
    let ones = vec![DMatrix::from_element(d, 1, 1.0)];
    assert_eq!(CovarianceFamily::Spherical.constrain(ones.clone(), &weights), Ok(ones));
}
