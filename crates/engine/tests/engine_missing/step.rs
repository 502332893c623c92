//! A sweep, and a whole run.

use crate::common::{assert_matrices_within, assert_within, bounds::gamma};
use crate::random_state;
use executable_em::em::{Stopped, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, FlooredMixture, GaussianMixture};
use executable_em::incomplete::{Incomplete, mixture};
use executable_em::{data, incomplete};
use executable_em_engine::{Engine, Result, WithGaps};
use nalgebra::{dmatrix, dvector};

#[track_caller]
fn assert_same(found: &GaussianMixture, derived: &GaussianMixture, bound: f64) {
    assert_eq!(found.family(), derived.family());
    assert!((found.weights() - derived.weights()).amax() < bound);
    assert_matrices_within(found.means(), derived.means(), bound);
    for (found, derived) in found.covariances().iter().zip(derived.covariances()) {
        assert_matrices_within(found, derived, bound);
    }
}

/// in every family.
#[test]
fn a_sweep_is_the_derivations_sweep() -> Result<()> {
    for family in CovarianceFamily::ALL {
        let (model, x) = random_state(family, (500, 3, 3), 0.25);
        let found = Engine::new(2)?.sweep(&model, &WithGaps::new(&x)?)?;
        let data = Incomplete::new(x)?;
        // Numbers of order one, sums of 500 terms, covariances of condition some hundreds, whose root multiplies it.
        let bound = 5000.0 * gamma(500);
        assert_same(&found.model, &mixture::sweep(&model, &data)?, bound);
        assert_within(found.log_likelihood, mixture::log_likelihood(&model, &data)?, 500.0 * bound);
    }
    Ok(())
}

/// Where the means move so far that the moments about the old ones lose digits, they are taken again: 10⁴ standard
/// deviations away, sums about the old mean would leave 10⁸ε of a variance, and so would a floor's.
#[test]
fn a_far_move_costs_no_digits() -> Result<()> {
    let (_, x) = random_state(CovarianceFamily::Full, (400, 2, 1), 0.2);
    let far = x.add_scalar(1e4);
    let start = GaussianMixture::new(
        dvector![1.0],
        dmatrix![0.0, 0.0],
        vec![dmatrix![1e8, 3e7; 3e7, 1e8]],
        CovarianceFamily::Full,
    )?;
    let gaps = WithGaps::new(&far)?;
    let found = Engine::new(1)?.sweep(&start, &gaps)?.model;
    let derived = mixture::sweep(&start, &Incomplete::new(far.clone())?)?;
    // A datum near 10⁴ is off by 10⁴ε, and so is its difference from any point nearby; the conditional variance of 10⁸
    // keeps its own digits.
    let of_cells = derived.covariances()[0].amax() * 100.0 * gamma(400) + 1e4 * 4.0 * f64::EPSILON * 100.0;
    assert_same(&found, &derived, of_cells);
    let floored = Engine::new(1)?.sweep(&FlooredMixture::new(start, 1e-6)?, &gaps)?.model;
    assert_same(floored.mixture(), &derived, of_cells);
    Ok(())
}

/// Runs of both end at the same maximum, after as many sweeps.
#[test]
fn a_run_ends_where_the_derivations_does() -> Result<()> {
    let mut x = data::old_faithful();
    (0..272).step_by(3).for_each(|i| x[(i, i % 2)] = f64::NAN);
    let data = Incomplete::new(x.clone())?;
    for family in CovarianceFamily::ALL {
        let start = mixture::random_start(&data, 2, family, &mut data::rng(3))?;
        let stopping = Stopping { tolerance: Tolerance::Parameters(1e-8), max_sweeps: 2000 };
        let fit = Engine::new(2)?.fit(start.clone(), &WithGaps::new(&x)?, &stopping)?;
        let derived = incomplete::mixture::fit(start, &data, &stopping)?;
        assert_eq!(fit.stopped, Stopped::Converged);
        // Both have come to within 10⁻⁸/(1 − ρ) of the maximum, relatively.
        assert_same(&fit.model, &derived.model, 1e-3);
        assert_within(fit.log_likelihood, derived.log_likelihood, 1e-7);
    }
    Ok(())
}

/// More patterns than are worked on at once, and each of them of few rows.
#[test]
fn many_patterns_are_added_up() -> Result<()> {
    let (model, x) = random_state(CovarianceFamily::Full, (2000, 10, 2), 0.4);
    let gaps = WithGaps::new(&x)?;
    assert!(gaps.pattern_count() > 500);
    let found = Engine::new(2)?.sweep(&model, &gaps)?.model;
    assert_same(&found, &mixture::sweep(&model, &Incomplete::new(x)?)?, 5000.0 * gamma(2000));
    Ok(())
}
