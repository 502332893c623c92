//! Standard errors: the reference's, by hand, by bootstrap, and how often an interval covers the truth.

use crate::common::{assert_within, line_mixture, seed};
use crate::{TO_REST, faithful};
use executable_em::convergence::coordinates::{coordinates, directions};
use executable_em::convergence::errors::{bootstrap, covariance, delta_method, standard_errors};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// the reference's standard errors on Old Faithful.
#[test]
fn the_standard_errors_on_old_faithful_are_the_references() {
    let (model, x) = faithful();
    let errors = standard_errors(&model, &x).unwrap();
    let triangle = |s: &DMatrix<f64>| vec![s[(0, 0)], s[(0, 1)], s[(1, 1)]];
    let found: Vec<f64> =
        [vec![errors.weights[0], errors.weights[1]], errors.means.transpose().as_slice().to_vec()]
            .concat()
            .into_iter()
            .chain(triangle(&errors.covariances[0]))
            .chain(triangle(&errors.covariances[1]))
            .collect();
    let printed = [
        0.0290891, 0.0290891, // the weight, either way
        0.0314031, 0.4561857, 0.0271084, 0.5918738, // means
        0.0188719, 0.2104178, 3.9251438, // long eruptions
        0.0105750, 0.1660017, 4.8547222, // short ones
    ];
    assert_eq!(found.len(), printed.len());
    found.into_iter().zip(printed).for_each(|(found, printed)| assert_within(found, printed, 6e-8));
}

/// one Gaussian by hand: σ/√n for the mean, σ²√(2/n) for the variance; and the delta method on log σ.
#[test]
fn one_gaussian_by_hand() {
    let x = dmatrix![-3.0; -1.0; 1.0; 3.0];
    let model = line_mixture(&[1.0], &[0.0], &[5.0]);
    let errors = standard_errors(&model, &x).unwrap();
    assert_within(errors.means[0], (5.0 / 4.0_f64).sqrt(), 1e-14);
    assert_within(errors.covariances[0][0], 5.0 * (2.0 / 4.0_f64).sqrt(), 1e-13);
    let of_log_sd = delta_method(&dvector![0.0, 0.5 / 5.0], &covariance(&model, &x).unwrap()).unwrap();
    assert_within(of_log_sd, 1.0 / 8.0_f64.sqrt(), 1e-14);
    assert_eq!(errors.weights[0], 0.0);
}

/// the variance of every linear combination of coordinates is that of the delta method: a difference of two
/// means.
#[test]
fn the_delta_method_combines_coordinates() {
    let (model, x) = faithful();
    let covariance = covariance(&model, &x).unwrap();
    let directions = directions(2, 2, CovarianceFamily::Full);
    let gradient = DVector::from_fn(11, |m, _| directions[m].means[(0, 0)] - directions[m].means[(1, 0)]);
    let errors = standard_errors(&model, &x).unwrap();
    let difference = delta_method(&gradient, &covariance).unwrap();
    // Between |a − b| and a + b, and near √(a² + b²), since clusters this far apart hardly know of each other.
    let (a, b) = (errors.means[(0, 0)], errors.means[(1, 0)]);
    assert_within(difference, a.hypot(b), 0.1 * difference);
}

/// by a bootstrap of 300 draws the standard errors come out the same, to five standard errors of a standard
/// deviation (1/√600 each) and a tenth for what the quadratic picture leaves out.
#[test]
fn a_bootstrap_agrees_where_clusters_lie_apart() {
    let (model, x) = faithful();
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-8), max_sweeps: 500 };
    let estimates = bootstrap(&model, 272, 300, &stopping, &mut data::rng(seed() + 5)).unwrap();
    let by_information = covariance(&model, &x).unwrap().diagonal().map(f64::sqrt);
    for (m, (column, error)) in estimates.column_iter().zip(&by_information).enumerate() {
        let ratio = column.variance().sqrt() / error;
        // Old Faithful is not quite a mixture of two Gaussians, so both are asymptotic in different ways.
        assert!((0.7..1.35).contains(&ratio), "coordinate {m}: {ratio}");
    }
    assert_eq!(estimates.shape(), (300, coordinates(&model).len()));
}

/// of 200 samples of 400 data, the interval of ±1.96 standard errors covers the true mean in 95 %: between 87
/// and 100 %, five standard errors of that share, for each of four means.
#[test]
fn intervals_cover_the_truth() {
    let truth = GaussianMixture::new(
        dvector![0.4, 0.6],
        dmatrix![0.0, 0.0; 4.0, 1.0],
        vec![DMatrix::identity(2, 2); 2],
        CovarianceFamily::Full,
    )
    .unwrap();
    let mut rng = data::rng(seed() + 6);
    let mut covered = DMatrix::<f64>::zeros(2, 2);
    for _ in 0..200 {
        let x = truth.sample(400, &mut rng).unwrap().0;
        let model = em::fit(truth.clone(), &x, &em::Stopping::default()).unwrap().model;
        let errors = standard_errors(&model, &x).unwrap();
        covered += DMatrix::from_fn(2, 2, |j, a| {
            f64::from(u8::from(
                (model.means()[(j, a)] - truth.means()[(j, a)]).abs() < 1.96 * errors.means[(j, a)],
            ))
        });
    }
    assert!(covered.min() > 174.0 && covered.max() <= 200.0, "{covered}");
    assert!(covered.sum() < 796.0, "intervals that always cover are too wide: {covered}");
}

/// at a saddle there are no standard errors, and the message asks the right question.
#[test]
fn a_saddle_has_none() {
    let saddle = line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[2.5, 2.5]);
    let x = dmatrix![-2.0; -1.0; 1.0; 2.0];
    assert!(em::largest_move(&saddle, &em::fit(saddle.clone(), &x, &TO_REST).unwrap().model) < 1e-12);
    let error = standard_errors(&saddle, &x).unwrap_err();
    assert!(
        matches!(error, Error::Domain { what: "smallest eigenvalue of the observed information", .. }),
        "{error}"
    );
}
