//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::common::{column, line_mixture, mixture};
use executable_em::gaussian_mixture::floored::raised;
use executable_em::gaussian_mixture::{CovarianceFamily, FlooredMixture, GaussianMixture};
use executable_em::pathologies::cancellation::{condition_numbers, raw_moment_errors};
use executable_em::pathologies::dependence::{pairwise_information, total_correlation};
use executable_em::pathologies::rest::{resting_places, starts_needed};
use executable_em::pathologies::ridge::ridge_sweep;
use executable_em::pathologies::saddle::{curvatures, growths, nudged};
use executable_em::pathologies::singularity::{asymptote, collapse, onto_datum, upper_bound};
use executable_em::pathologies::switching::{average, between, orders, relabelled, second_difference};
use executable_em::pathologies::weights::{equal_weights_cost, gain_bound, violations};
use executable_em::pathologies::{MapMixture, Prior};
use nalgebra::{DMatrix, dmatrix, dvector};

/// Every function names what it was given instead of going on with it.
#[test]
fn bad_input_is_an_error() {
    let (x, pair) = (column(&[0.0, 1.0, 3.0]), line_mixture(&[0.5, 0.5], &[0.0, 2.0], &[1.0, 2.0]));
    // Singularity.
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_refused(&[
            (
                onto_datum(&pair, &x, 0, 0, sigma).err(),
                &format!("sigma is {sigma}, but must be finite and > 0"),
            ),
            (upper_bound(3, 1, sigma).err(), &format!("floor is {sigma}, but must be finite and > 0")),
            (raised(&dmatrix![1.0], sigma).err(), &format!("floor is {sigma}, but must be finite and > 0")),
            (
                FlooredMixture::new(pair.clone(), sigma).err(),
                &format!("floor is {sigma}, but must be finite and > 0"),
            ),
            (ridge_sweep(&pair, &x, sigma).err(), &format!("ridge is {sigma}, but must be finite and > 0")),
            (
                second_difference(&pair, &pair, &x, 0.5, sigma).err(),
                &format!("step is {sigma}, but must be finite and > 0"),
            ),
        ]);
    }
    let broken = column(&[f64::NAN, 0.0]);
    let idle = line_mixture(&[0.0, 1.0], &[0.0, 2.0], &[1.0, 2.0]);
    // Switching.
    assert_eq!(orders(8).unwrap().len(), 40_320);
    let single = line_mixture(&[1.0], &[0.0], &[1.0]);
    for share in [-0.1, 1.1, f64::NAN] {
        assert_refused(&[(
            between(&pair, &pair, share).err(),
            &format!("share is {share}, but must be ≥ 0 and ≤ 1"),
        )]);
    }
    // Rest.
    for share in [0.0, -1.0, 1.5, f64::NAN] {
        assert_refused(&[(
            starts_needed(share, 0.5).err(),
            &format!("share is {share}, but must be above 0 and at most 1"),
        )]);
    }
    for confidence in [-0.1, 1.0, f64::NAN] {
        assert_refused(&[(
            starts_needed(0.5, confidence).err(),
            &format!("confidence is {confidence}, but must be at least 0 and below 1"),
        )]);
    }
    // Floor.
    assert!(raised(&dmatrix![1.0, 0.5; 0.5 + 1e-12, 1.0], 0.1).is_ok());
    assert!(raised(&dmatrix![1e6, 0.5; 0.5 + 9e-5, 1e6], 0.1).is_ok());
    // Prior.
    for alpha in [0.5, 0.0, f64::NAN, f64::INFINITY] {
        assert_refused(&[(
            Prior::new(alpha, 3.0, dmatrix![1.0]).err(),
            &format!("concentration is {alpha}, but must be ≥ 1 and ≤ 10³⁰⁰"),
        )]);
    }
    for degrees in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_refused(&[(
            Prior::new(1.0, degrees, dmatrix![1.0]).err(),
            &format!("degrees of freedom is {degrees}, but must be > d − 1 and ≤ 10³⁰⁰"),
        )]);
    }
    assert!(Prior::new(1.0, 1.01, DMatrix::identity(2, 2)).is_ok());
    let prior = Prior::new(1.0, 3.0, dmatrix![1.0]).unwrap();
    let plane = mixture(&[1.0], dmatrix![0.0, 0.0], vec![DMatrix::identity(2, 2)]);
    let tied = GaussianMixture::new(
        dvector![0.5, 0.5],
        column(&[0.0, 2.0]),
        vec![dmatrix![1.0]; 2],
        CovarianceFamily::Tied,
    )
    .unwrap();
    assert_eq!(MapMixture::new(tied, prior.clone()).unwrap().mixture().family(), CovarianceFamily::Full);
    assert_refused(&[
        (onto_datum(&pair, &x, 2, 1, 1.0).err(), "label of datum 1 is 2, but there are only 2 components"),
        (onto_datum(&pair, &x, 0, 3, 1.0).err(), "datum is 3, but must be less than n"),
        (asymptote(&pair, &x, 0, 3).err(), "datum is 3, but must be less than n"),
        (
            onto_datum(&pair, &x, 0, 0, 1e-200).err(),
            "covariance of component 0 is not positive definite: its smallest eigenvalue is 0e0",
        ),
        (onto_datum(&pair, &dmatrix![0.0, 0.0], 0, 0, 1.0).err(), "data: expected 1 × 1, found 1 × 2"),
        (
            onto_datum(&pair, &column(&[f64::NAN]), 0, 0, 1.0).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (asymptote(&idle, &x, 0, 0).err(), "weight of the component is 0, but must be finite and > 0"),
        // No function here sees a mixture without means: there is none.
        (
            pair.with_means(column(&[f64::NAN, 0.0])).err(),
            "means: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            collapse(pair.clone(), &broken, 3).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (curvatures(&pair, &broken).err(), "data: entry (0, 0) is NaN, but every entry must be finite"),
        (growths(&pair, &broken).err(), "data: entry (0, 0) is NaN, but every entry must be finite"),
        (nudged(&pair, &dmatrix![1.0], 0.1).err(), "direction: expected 2 × 1, found 1 × 1"),
        (
            nudged(&pair, &column(&[f64::NAN, 0.0]), 0.1).err(),
            "direction: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (nudged(&pair, &column(&[1.0, 0.0]), f64::INFINITY).err(), "step is inf, but must be finite"),
        (growths(&idle, &x).err(), "count of a component is 0, but must be finite and > 0"),
        (violations(&pair, &broken).err(), "data: entry (0, 0) is NaN, but every entry must be finite"),
        (gain_bound(&pair, &broken).err(), "data: entry (0, 0) is NaN, but every entry must be finite"),
        (
            equal_weights_cost(&dvector![0.5, 0.6], 3).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (equal_weights_cost(&dvector![], 3).err(), "weights: is empty"),
        (
            equal_weights_cost(&dvector![f64::NAN, 1.0], 3).err(),
            "weights: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (orders(0).err(), "number of components is 0, but must be between 1 and 8: there are k! orders"),
        (orders(9).err(), "number of components is 9, but must be between 1 and 8: there are k! orders"),
        (relabelled(&pair, &[0]).err(), "order: expected 2 × 1, found 1 × 1"),
        (relabelled(&pair, &[0, 2]).err(), "label of datum 1 is 2, but there are only 2 components"),
        (relabelled(&pair, &[1, 1]).err(), "label of datum 1 is 1, but there are only 2 components"),
        (average(&[]).err(), "models: is empty"),
        (average(&[pair.clone(), single.clone()]).err(), "means: expected 2 × 1, found 1 × 1"),
        (between(&pair, &single, 0.5).err(), "means: expected 2 × 1, found 1 × 1"),
        (between(&single, &pair, 0.5).err(), "means: expected 1 × 1, found 2 × 1"),
        (second_difference(&pair, &pair, &x, 0.1, 0.2).err(), "share is -0.1, but must be ≥ 0 and ≤ 1"),
        (pairwise_information(&dvector![0.5, 0.5], 3, 2).err(), "q: expected 8 × 1, found 2 × 1"),
        (
            total_correlation(&dvector![0.5, 0.6], 1, 2).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            total_correlation(&dvector![1.0], 0, 2).err(),
            "number of labelings is 1, but must be between 1 and 2^20, with n ≥ 1",
        ),
        (condition_numbers(&DMatrix::zeros(0, 1)).err(), "data: is empty"),
        (
            raw_moment_errors(&column(&[1.0, f64::NAN])).err(),
            "data: entry (1, 0) is NaN, but every entry must be finite",
        ),
        (resting_places(&x, 0).err(), "k = 0 components for n = 3 data; k must lie between 1 and n"),
        (resting_places(&x, 4).err(), "k = 4 components for n = 3 data; k must lie between 1 and n"),
        (
            resting_places(&column(&[f64::NAN]), 1).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            resting_places(&DMatrix::zeros(40, 1), 3).err(),
            "number of labelings is 12157665459056929000, but must be between 1 and 2^20, with n ≥ 1",
        ),
        (raised(&DMatrix::zeros(2, 1), 1.0).err(), "covariance: expected 2 × 2, found 2 × 1"),
        (raised(&DMatrix::zeros(0, 0), 1.0).err(), "covariance: is empty"),
        (
            raised(&dmatrix![f64::INFINITY], 1.0).err(),
            "covariance: entry (0, 0) is inf, but every entry must be finite",
        ),
        (
            raised(&dmatrix![1.0, 0.0; 0.5, 1.0], 1.0).err(),
            "covariance: entries (1, 0) and (0, 1) differ by 5e-1, but the matrix must be symmetric",
        ),
        (
            Prior::new(1.0, 1.0, DMatrix::identity(2, 2)).err(),
            "degrees of freedom is 1, but must be > d − 1 and ≤ 10³⁰⁰",
        ),
        (
            Prior::new(1.0, 3.0, dmatrix![-1.0]).err(),
            "covariance of component 0 is not positive definite: its smallest eigenvalue is -1e0",
        ),
        (
            prior.log_weight_density(&dvector![0.5, 0.6]).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (prior.log_weight_density(&dvector![]).err(), "weights: is empty"),
        (
            prior.log_covariance_density(&DMatrix::identity(2, 2), 0).err(),
            "covariance: expected 1 × 1, found 2 × 2",
        ),
        (
            prior.log_covariance_density(&dmatrix![0.0], 3).err(),
            "covariance of component 3 is not positive definite: its smallest eigenvalue is 0e0",
        ),
        (MapMixture::new(plane, prior.clone()).err(), "scale of the prior: expected 2 × 2, found 1 × 1"),
        (Prior::new(0.1, 3.0, dmatrix![1.0]).err(), "concentration is 0.1, but must be ≥ 1 and ≤ 10³⁰⁰"),
    ]);
}
