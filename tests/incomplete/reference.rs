//! Numbers of an independent implementation (numpy, scipy), on Old Faithful with cells taken away by a rule.

use crate::common::assert_within;
use crate::{crossed, faithful_without};
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::incomplete::shortcuts::{Forgetful, listwise, mean_imputed};
use executable_em::incomplete::{Incomplete, impute, mixture, monotone};
use executable_em::{data, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use std::ops::ControlFlow;

/// Until nothing moves any more in twelve digits.
const TO_REST: Stopping = Stopping { tolerance: Tolerance::Parameters(1e-13), max_sweeps: 2000 };

fn one_gaussian(data: &Incomplete) -> (RowDVector<f64>, DMatrix<f64>, f64) {
    let start = mixture::of_one(&dvector![3.0, 60.0], dmatrix![2.0, 1.0; 1.0, 150.0]).unwrap();
    let fit = mixture::fit(start, data, &TO_REST).unwrap();
    (fit.model.means().row(0).into_owned(), fit.model.covariances()[0].clone(), fit.log_likelihood)
}

/// Mean and the entries (1, 1), (1, 2) and (2, 2) of the covariance, to the printed digits.
fn assert_moments(mean: &RowDVector<f64>, covariance: &DMatrix<f64>, printed: [f64; 5], relative: f64) {
    let found = [mean[0], mean[1], covariance[(0, 0)], covariance[(0, 1)], covariance[(1, 1)]];
    for (found, printed) in found.into_iter().zip(printed) {
        assert_within(found, printed, relative * printed.abs());
    }
}

/// where the pattern is monotone, EM ends at the closed form, and both at the reference.
#[test]
fn a_monotone_pattern_gives_the_reference_twice() {
    let data = faithful_without(&[(1, 3, 0)]);
    let printed = [3.4877830882, 71.1713388617, 1.2979388904, 13.8890633336, 184.0493470159];
    let (mean, covariance) = monotone::maximum_likelihood(&data).unwrap();
    // Ten decimals are printed: 5e-11 of 1.3 at the worst.
    assert_moments(&mean, &covariance, printed, 5e-11);
    let (mean, covariance, log_likelihood) = one_gaussian(&data);
    assert_moments(&mean, &covariance, printed, 1e-10);
    assert_within(log_likelihood, -1001.094713884, 1e-9);
}

/// without a closed form, against the reference's direct maximisation, whose ten digits or so are BFGS's.
#[test]
fn a_general_pattern_gives_the_reference() {
    let (mean, covariance, log_likelihood) = one_gaussian(&crossed());
    let printed = [3.467015081900, 70.870614349313, 1.296161227489, 13.903896444392, 182.112699676886];
    assert_moments(&mean, &covariance, printed, 1e-10);
    assert_within(log_likelihood, -1073.392162959999, 1e-9);
}

/// deletion, mean imputation and forgotten covariances: the reference's covariances and correlations.
#[test]
fn the_shortcuts_give_the_reference() {
    let data = crossed();
    let (_, listwise) = moments(&listwise(&data).unwrap());
    let (_, imputed) = moments(&mean_imputed(&data));
    for (found, printed) in [
        (&listwise, [1.2794427570, 13.6976689751, 179.5289999624]),
        (&imputed, [1.0258012533, 8.1927252133, 145.4024554776]),
    ] {
        let found = [found[(0, 0)], found[(0, 1)], found[(1, 1)]];
        found
            .into_iter()
            .zip(printed)
            .for_each(|(found, printed)| assert_within(found, printed, 1e-10 * printed));
    }
    let start = mixture::of_one(&dvector![3.5, 70.0], dmatrix![1.0, 0.0; 0.0, 100.0]).unwrap();
    let forgetful = em::best_of(&Forgetful(&data), [Ok(start)], &TO_REST, |_| ControlFlow::Continue(()));
    let forgetful = forgetful.unwrap().model.covariances()[0].clone();
    let (mean, right, _) = one_gaussian(&data);
    let model = mixture::of_one(&mean.transpose(), right.clone()).unwrap();
    let (_, filled) = moments(&impute::by_mean(&model, &data).unwrap().0);
    // The gaps filled once, at the right estimate; filled again and again, the mistake feeds itself.
    for (covariance, printed) in
        [(&right, 0.905), (&listwise, 0.904), (&imputed, 0.671), (&filled, 0.939), (&forgetful, 0.941)]
    {
        let correlation = covariance[(0, 1)] / (covariance[(0, 0)] * covariance[(1, 1)]).sqrt();
        assert_within(correlation, printed, 5e-4);
    }
}

fn moments(x: &DMatrix<f64>) -> (RowDVector<f64>, DMatrix<f64>) {
    let ones = DVector::from_element(x.nrows(), 1.0);
    let mean = gaussian::weighted_mean(x, &ones).unwrap();
    let covariance = gaussian::weighted_covariance(x, &ones, &mean).unwrap();
    (mean, covariance)
}

/// two components, of full covariances and of one that they share: the best of some random starts.
#[test]
fn mixtures_give_the_reference() {
    let data = crossed();
    let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-13), max_sweeps: 5000 };
    for (family, printed) in [(CovarianceFamily::Full, -934.14505243), (CovarianceFamily::Tied, -943.1785976)]
    {
        let mut rng = data::rng(11);
        let starts = (0..20).map(|_| mixture::random_start(&data, 2, family, &mut rng));
        let climb = mixture::OnIncomplete(&data);
        let fit = em::best_of(&climb, starts, &stopping, |_| ControlFlow::Continue(())).unwrap();
        // A run that stops at 1e-13 a datum and contracts by ρ < .95 is within 272 · 1e-13 · 20 of its limit; printed
        // are seven decimals of a run that stopped a little earlier.
        assert_within(fit.log_likelihood, printed, 1e-7);
        if family == CovarianceFamily::Full {
            assert_within(fit.model.weights().min(), 0.3476083, 2e-7);
        }
    }
}
