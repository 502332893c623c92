//! A step, and what its sums are over threads, parts and weighted data; and what no step can use.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use crate::mathematics::mathematics;
use crate::{assert_statistics, clusters_apart, derived_step, random_state, statistics, sweep};
use executable_em::Error;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::latent::{self, Model};
use executable_em::scale::SufficientStatistics;
use executable_em_engine::{Data, Engine, Result};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

fn weighted_sweep(
    engine: &Engine,
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    weights: &DVector<f64>,
) -> Result<(GaussianMixture, f64)> {
    let sweep = engine.sweep(model, &Data::weighted(x, weights)?)?;
    Ok((sweep.model, sweep.log_likelihood))
}

#[test]
fn a_step_is_the_derivations_step() -> Result<()> {
    let engine = Engine::new(1)?;
    for family in CovarianceFamily::ALL {
        let (model, x) = random_state(family, 500, 3, 4);
        let (next, log_likelihood) = sweep(&engine, &model, &x)?;
        let derived = derived_step(&model, &x);
        // Numbers of order one, sums of 500 terms, covariances of condition some hundreds.
        let bound = 100.0 * gamma(500);
        assert_eq!(next.family(), family);
        assert_matrices_within(next.means(), derived.means(), bound);
        for (covariance, derived) in next.covariances().iter().zip(derived.covariances()) {
            assert_matrices_within(covariance, derived, bound);
        }
        assert!((next.weights() - derived.weights()).amax() < bound);
        assert_within(log_likelihood, model.log_likelihood(&x)?, 500.0 * bound);
    }
    Ok(())
}

/// The bits do not depend on the number of threads, nor on the run.
#[test]
fn any_number_of_threads_gives_the_same_bits() -> Result<()> {
    for (family, n, d, k) in [
        (CovarianceFamily::Full, 20_011, 2, 5),
        (CovarianceFamily::Full, 3_001, 9, 3),
        (CovarianceFamily::Diagonal, 5_003, 4, 3),
        (CovarianceFamily::Full, 5_003, 12, 5),
    ] {
        let (model, x) = clusters_apart(family, (n, d, k), 1.0);
        let alone = statistics(&Engine::new(1)?, &model, &x)?;
        for threads in [1, 2, 3, 7] {
            let engine = Engine::new(threads)?;
            for _ in 0..3 {
                assert_eq!(statistics(&engine, &model, &x)?, alone);
            }
        }
    }
    Ok(())
}

/// The statistics of two parts add up to those of the whole.
#[test]
fn statistics_add_up() -> Result<()> {
    let engine = Engine::new(1)?;
    let (model, x) = random_state(CovarianceFamily::Full, 1000, 3, 3);
    let mut sum = statistics(&engine, &model, &x.rows(0, 317).into_owned())?;
    sum.add(&statistics(&engine, &model, &x.rows(317, 683).into_owned())?)?;
    assert_statistics(&sum, &model, &x);

    let (other, _) = random_state(CovarianceFamily::Full, 5, 3, 3);
    let elsewhere = statistics(&engine, &model.with_means(other.means().add_scalar(1.0))?, &x)?;
    assert!(matches!(sum.clone().add(&elsewhere), Err(Error::Domain { what: "reference point", .. })));
    let (smaller, y) = random_state(CovarianceFamily::Full, 50, 2, 3);
    assert!(matches!(sum.add(&statistics(&engine, &smaller, &y)?), Err(Error::Shape { .. })));
    Ok(())
}

/// The expected log joint that follows from the sums is the derivation's, in every family: of diagonal covariances the
/// engine holds the diagonals alone.
#[test]
fn q_follows_from_the_sums() -> Result<()> {
    for family in CovarianceFamily::ALL {
        let (model, x) = random_state(family, 500, 3, 4);
        let expected = statistics(&Engine::new(1)?, &model, &x)?;
        let (r, other) = (model.responsibilities(&x)?, derived_step(&model, &x));
        for of in [&model, &other] {
            let q = latent::expected_log_joint(&r, &of.log_joint(&x)?)?;
            // As for ℓ: 500 terms of order one, covariances of condition some hundreds.
            assert_within(expected.expectation.expected_log_joint(of)?, q, 500.0 * 100.0 * gamma(500));
        }
        let entropy = expected.log_likelihood - expected.expectation.expected_log_joint(&model)?;
        let terms = r.map(|r| if r > 0.0 { -r * r.ln() } else { 0.0 });
        assert_within(entropy, terms.sum(), 500.0 * 100.0 * gamma(500));
    }
    Ok(())
}

/// A datum of weight 3 counts as three data, one of weight 0 as none.
#[test]
fn weights_of_data_count_repetitions() -> Result<()> {
    let engine = Engine::new(1)?;
    for (family, d) in [
        (CovarianceFamily::Full, 2),
        (CovarianceFamily::Full, 6),
        (CovarianceFamily::Full, 12),
        (CovarianceFamily::Spherical, 3),
    ] {
        let (model, x) = clusters_apart(family, (300, d, 3), 1.0);
        let repetitions: Vec<usize> = (0..300).map(|i| i % 4).collect();
        let rows: Vec<usize> = (0..300).flat_map(|i| std::iter::repeat_n(i, repetitions[i])).collect();
        let weights = DVector::from_iterator(300, repetitions.iter().map(|&times| times as f64));
        let (weighted, log_likelihood) = weighted_sweep(&engine, &model, &x, &weights)?;
        let (repeated, expected) = sweep(&engine, &model, &x.select_rows(&rows))?;
        let bound = 100.0 * gamma(600);
        assert_matrices_within(weighted.means(), repeated.means(), bound);
        for (covariance, expected) in weighted.covariances().iter().zip(repeated.covariances()) {
            assert_matrices_within(covariance, expected, bound);
        }
        assert!((weighted.weights() - repeated.weights()).amax() < bound);
        assert_within(log_likelihood, expected, 600.0 * bound);
    }
    Ok(())
}

#[test]
fn a_component_without_data_keeps_its_parameters() -> Result<()> {
    let model = GaussianMixture::new(
        dvector![1.0, 0.0],
        dmatrix![0.0; 5.0],
        vec![dmatrix![1.0], dmatrix![2.0]],
        CovarianceFamily::Full,
    )?;
    let (next, _) = sweep(&Engine::new(1)?, &model, &dmatrix![0.0; 1.0])?;
    assert_eq!((next.weights()[1], next.means()[1], next.covariances()[1][0]), (0.0, 5.0, 2.0));
    Ok(())
}

#[test]
fn bad_input_is_one_error() -> Result<()> {
    let engine = Engine::new(1)?;
    let (model, x) = random_state(CovarianceFamily::Full, 40, 2, 2);
    let mut nan = x.clone();
    nan[(7, 1)] = f64::NAN;
    assert!(matches!(mathematics(sweep(&engine, &model, &nan)), Error::NotFinite { row: 7, column: 1, .. }));
    assert!(matches!(mathematics(sweep(&engine, &model, &DMatrix::zeros(0, 2))), Error::Empty { .. }));
    assert!(matches!(
        mathematics(sweep(&engine, &model, &x.columns(0, 1).into_owned())),
        Error::Shape { .. }
    ));
    let negative = DVector::from_element(40, -1.0);
    assert!(matches!(
        mathematics(weighted_sweep(&engine, &model, &x, &negative)),
        Error::Entry { value: -1.0, .. }
    ));
    assert!(matches!(mathematics(weighted_sweep(&engine, &model, &x, &dvector![1.0])), Error::Shape { .. }));
    let mut far = x.clone();
    far[(33, 0)] = 1e300;
    assert_eq!(mathematics(sweep(&engine, &model, &far)), Error::ImpossibleDatum { row: 33 });
    assert!(matches!(model.log_likelihood(&far), Err(Error::ImpossibleDatum { row: 33 })));
    let (_, mut many) = random_state(CovarianceFamily::Full, 1000, 2, 2);
    many[(901, 1)] = 1e300;
    assert_eq!(mathematics(sweep(&engine, &model, &many)), Error::ImpossibleDatum { row: 901 });
    Ok(())
}
