//! Where nearly all of a component is negligible, and where numbers are as far or as large as they get.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use crate::{assert_statistics, derived_step, engines, random_state, statistics, sweep};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em_engine::{Data, Engine, Result};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// 500 data of 11 dimensions about two components, about 7·`scale` from the third, which is at the origin; all are
/// `scale` wide.
fn far_from_the_third(scale: f64) -> (GaussianMixture, DMatrix<f64>) {
    let (model, x) = random_state(CovarianceFamily::Spherical, 500, 11, 3);
    let covariances = vec![DMatrix::identity(11, 11) * scale * scale; 3];
    let mut means = model.means().add_scalar(7.0) * scale;
    means.row_mut(2).fill(0.0);
    let model = GaussianMixture::new(model.weights().clone(), means, covariances, CovarianceFamily::Full);
    (model.expect("a mixture"), x.add_scalar(7.0) * scale)
}

/// All that a component has may be what is negligible to others: 10⁻⁸⁰ of a datum, …
#[test]
fn a_component_that_has_died_is_still_the_derivations() -> Result<()> {
    let (model, x) = far_from_the_third(1.0);
    let statistics = statistics(&Engine::new(1)?, &model, &x)?;
    assert!((1e-120..1e-65).contains(&statistics.expectation.counts[2]), "{}", statistics.expectation.counts);
    assert_statistics(&statistics, &model, &x);
    Ok(())
}

/// … or a spread of 10⁻⁸⁰ about the datum that it sits on or nearly so, …
#[test]
fn a_component_on_a_single_datum_is_still_the_derivations() -> Result<()> {
    let scale = 2.0_f64.powi(200);
    let (model, mut x) = far_from_the_third(scale);
    for place in [0.0, 1.0] {
        x.row_mut(100).fill(place);
        let statistics = statistics(&Engine::new(1)?, &model, &x)?;
        assert!((statistics.expectation.counts[2] - 1.0).abs() < 1e-12, "{}", statistics.expectation.counts);
        let second = statistics.expectation.second[2][(0, 0)] / (scale * scale);
        assert!((1e-120..1e-65).contains(&second), "{second}");
        assert_statistics(&statistics, &model, &x);
    }
    Ok(())
}

/// … or about one that it moves onto, …
#[test]
fn a_component_that_moves_onto_a_datum_is_still_the_derivations() -> Result<()> {
    let (model, mut x) = far_from_the_third(1.0);
    x.row_mut(100).fill(1.0);
    let (next, _) = sweep(&Engine::new(1)?, &model, &x)?;
    let derived = derived_step(&model, &x);
    let derived = &derived.covariances()[2];
    assert!((1e-120..1e-65).contains(&derived[(0, 0)]), "{derived}");
    assert_matrices_within(&next.covariances()[2], derived, 1e-12 * derived.amax());
    Ok(())
}

/// … or all but a datum that hardly counts, but lies so far away that its second moment hides what they lack.
#[test]
fn a_component_with_a_datum_that_hardly_counts_is_still_the_derivations() -> Result<()> {
    let (model, mut x) = far_from_the_third(1.0);
    let (mut covariances, mut means) = (model.covariances().to_vec(), model.means().clone());
    covariances[2] *= 4.0;
    means.row_mut(2).fill(-5.0);
    let model = model.with_means(means)?.with_covariances(covariances, model.family())?;
    x.row_mut(100).fill(2.0_f64.powi(130));
    let weights = DVector::from_fn(500, |i, _| if i == 100 { 2.0_f64.powi(-300) } else { 1.0 });
    let statistics = Engine::new(1)?.statistics(&model, &Data::weighted(&x, &weights)?)?;
    let expected = model.responsibilities(&x)?.column(2).dot(&weights);
    assert!((1e-120..1e-65).contains(&expected), "{expected}");
    assert_within(statistics.expectation.counts[2], expected, 1e-12 * expected);
    Ok(())
}

/// Data far from the origin, whose spread is nine orders smaller: their variances are right to the accuracy of the
/// data.
#[test]
fn far_from_the_origin_no_digits_are_lost() -> Result<()> {
    let (_, small) = random_state(CovarianceFamily::Full, 1000, 2, 1);
    let x = small.map(|value| 1e6 + 1e-3 * value);
    let start = GaussianMixture::new(
        dvector![0.5, 0.5],
        dmatrix![1e6, 1e6; 1e6 + 1e-3, 1e6],
        vec![dmatrix![1e-6, 0.0; 0.0, 1e-6]; 2],
        CovarianceFamily::Full,
    )?;
    let (next, _) = sweep(&Engine::new(1)?, &start, &x)?;
    let derived = derived_step(&start, &x);
    for (covariance, expected) in next.covariances().iter().zip(derived.covariances()) {
        // x − μ is exact, but the derivation's mean, a number of order 10⁶, is rounded by up to γ(n)10⁶, and enters
        // squared; what is left is the rounding of sums.
        let mean_error = gamma(1000) * 1e6;
        assert_matrices_within(covariance, expected, mean_error * mean_error + 4.0 * gamma(1000) * 4e-6);
    }
    Ok(())
}

/// A start far from its data moves its mean by many new standard deviations; the variance keeps its digits all the
/// same.
#[test]
fn a_long_move_loses_no_digits() -> Result<()> {
    let x = dmatrix![1e8 - 1.0; 1e8; 1e8 + 1.0];
    let start =
        GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1e16]], CovarianceFamily::Full)?;
    let (next, _) = sweep(&Engine::new(1)?, &start, &x)?;
    assert_within(next.covariances()[0][(0, 0)], 2.0 / 3.0, 1e-15);
    assert_eq!(next.means()[0], 1e8);
    Ok(())
}

/// Scales of 10⁻⁶ and 10⁶ side by side, and responsibilities far below 10⁻³⁰⁰ down to the smallest normal number.
#[test]
fn scales_and_responsibilities_may_differ_by_any_factor() -> Result<()> {
    let x = dmatrix![0.0; 1e-6; -1e-6; 1e6; -2e6; 3.0; 37.0];
    let model = GaussianMixture::new(
        dvector![0.3, 0.3, 0.4],
        dmatrix![0.0; 0.0; 1.0],
        vec![dmatrix![1e-12], dmatrix![1e12], dmatrix![1.0]],
        CovarianceFamily::Full,
    )?;
    assert_statistics(&statistics(&Engine::new(1)?, &model, &x)?, &model, &x);

    // At −37.6 from its mean the first component is 10⁻³⁰⁷ as likely as the second; at −37.7 it would be 10⁻³⁰⁸·⁶.
    for (at, is_seen) in [(37.6, true), (37.7, false)] {
        let far = GaussianMixture::new(
            dvector![0.5, 0.5],
            dmatrix![0.0; at],
            vec![dmatrix![1.0]; 2],
            CovarianceFamily::Full,
        )?;
        let found = statistics(&Engine::new(1)?, &far, &dmatrix![at])?.expectation.counts[0];
        assert_eq!(found > 0.0, is_seen, "{found}");
        let derived = far.responsibilities(&dmatrix![at])?[0];
        assert_within(found, derived, 1e-11 * derived + f64::MIN_POSITIVE);
    }
    Ok(())
}

/// So far from one component that its squared distance is ∞ − ∞ squared: not a number, where the derivation's order of
/// summation may give ∞. The other component explains the datum.
#[test]
fn a_log_joint_that_overflows_is_that_of_no_data() -> Result<()> {
    let (narrow, wide) = (dmatrix![1e-20, 5e-21; 5e-21, 1e-20], dmatrix![1e300, 0.0; 0.0, 1e300]);
    for (covariances, far) in [(vec![narrow.clone(), wide.clone()], 0), (vec![wide, narrow], 1)] {
        let weights = dvector![0.5, 0.5];
        let model = GaussianMixture::new(weights, DMatrix::zeros(2, 2), covariances, CovarianceFamily::Full)?;
        for engine in engines()? {
            let found = statistics(&engine, &model, &dmatrix![1e300, 1e300])?;
            assert_eq!((found.expectation.counts[far], found.expectation.counts[1 - far]), (0.0, 1.0));
            assert_eq!(
                (found.expectation.first[(far, 0)], found.expectation.first[(1 - far, 0)]),
                (0.0, 1e300)
            );
            // log ½ − log 2π − 300 log 10 − 10³⁰⁰: all but the last are lost in it.
            assert_within(found.log_likelihood, -1e300, 1e300 * gamma(4));
        }
    }
    Ok(())
}

/// The last strip of all is filled up with copies of its last datum; zeros would be impossible here, and turn every sum
/// into NaN.
#[test]
fn what_fills_the_last_strip_has_no_say() -> Result<()> {
    let model = GaussianMixture::new(
        dvector![0.5, 0.5],
        dmatrix![1e150; 1e150],
        vec![dmatrix![1e-10]; 2],
        CovarianceFamily::Full,
    )?;
    for engine in engines()? {
        let found = statistics(&engine, &model, &dmatrix![1e150; 1e150; 1e150])?;
        assert_eq!(found.expectation.counts, dvector![1.5, 1.5]);
        assert_eq!(found.expectation.first, DMatrix::zeros(2, 1));
    }
    Ok(())
}
