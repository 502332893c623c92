//! The closed form for monotone patterns.

use crate::common::{assert_matrices_within, assert_within, cases, seed};
use crate::naive::Parameters;
use executable_em::em::{Stopping, Tolerance};
use executable_em::gaussian_mixture::CovarianceFamily::Full;
use executable_em::incomplete::{Incomplete, mixture, monotone};
use executable_em::{Error, data};
use nalgebra::{DMatrix, dmatrix};
use num_dual::Dual64;
use rand::RngExt;

/// A table in which row i shows the first so many columns of a random order.
fn monotone(n: usize, d: usize, seed: u64) -> Incomplete {
    let mut x = cases::case(cases::Kind::Ordinary, Full, n, 1, d, seed).x;
    let mut rng = data::rng(seed ^ 0x11);
    let first = rng.random_range(0..d);
    for i in 2 * d + 2..n {
        let seen = rng.random_range(1..=d);
        (seen..d).for_each(|a| x[(i, (first + a) % d)] = f64::NAN);
    }
    Incomplete::new(x).unwrap()
}

/// the closed form has no slope: the score of the likelihood written out vanishes, by dual numbers, in every
/// entry.
#[test]
fn the_closed_form_is_stationary_and_what_em_finds() {
    let mut compared = 0;
    for case_seed in 0..12 {
        let d = 2 + case_seed as usize % 3;
        let data = monotone(40, d, seed() + case_seed);
        let (mean, covariance) = monotone::maximum_likelihood(&data).unwrap();
        let model = mixture::of_one(&mean.transpose(), covariance.clone()).unwrap();
        for a in 0..d {
            let mut dual = Parameters::<Dual64>::new(&model);
            dual.means[0][a].eps = 1.0;
            // Slopes are sums of forty terms of order one that cancel.
            assert_within(dual.log_likelihood(&data).eps, 0.0, 1e-9);
            for b in 0..=a {
                let mut dual = Parameters::<Dual64>::new(&model);
                dual.covariances[0][a][b].eps = 1.0;
                dual.covariances[0][b][a].eps = 1.0;
                assert_within(dual.log_likelihood(&data).eps, 0.0, 1e-9);
                compared += 1;
            }
        }
        let start = mixture::random_start(&data, 1, Full, &mut data::rng(1)).unwrap();
        let stopping = Stopping { tolerance: Tolerance::Parameters(1e-12), max_sweeps: 10_000 };
        let fit = mixture::fit(start, &data, &stopping).unwrap();
        // At rest to 10⁻¹², with a rate of convergence of .95 at most.
        assert_matrices_within(fit.model.means(), &DMatrix::from_rows(&[mean]), 1e-9);
        assert_matrices_within(&fit.model.covariances()[0], &covariance, 1e-8);
    }
    assert!(compared >= 60, "{compared}");
}

/// a pattern that is not nested is refused by its row, a column seen too seldom by its covariance.
#[test]
fn what_is_not_monotone_is_refused() {
    let crossed = Incomplete::new(dmatrix![1.0, f64::NAN; f64::NAN, 2.0; 3.0, 4.0]).unwrap();
    let error = monotone::maximum_likelihood(&crossed).unwrap_err();
    assert!(
        matches!(error, Error::Domain { what: "first row that breaks a monotone pattern", .. }),
        "{error}"
    );
    let thin = Incomplete::new(dmatrix![1.0, 2.0; 3.0, f64::NAN; 4.0, f64::NAN]).unwrap();
    assert!(matches!(monotone::maximum_likelihood(&thin), Err(Error::NotPositiveDefinite { .. })));
}
