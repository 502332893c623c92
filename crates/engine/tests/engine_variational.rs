//! The engine's mean field is chapter 13's: single steps from random states, the factor and the bound.

#[path = "../../../tests/common/mod.rs"]
mod common;
#[path = "mathematics/mod.rs"]
mod mathematics;

use common::bounds::gamma;
use common::{assert_matrices_within, assert_within, seed};
use executable_em::em::{Stopped, Stopping};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::incomplete::mixture::of_one;
use executable_em::scale::Moments;
use executable_em::variational::coins::{CoinPrior, VariationalCoins};
use executable_em::variational::mixture::{OnBound, fit};
use executable_em::variational::special::ln_factorial_of;
use executable_em::variational::{GaussWishart, VariationalMixture, Weights};
use executable_em::{Error, data, gaussian, latent};
use executable_em_engine::{Data, Engine, Result, VariationalFlips, VariationalGaussians};
use mathematics::mathematics;
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use rand::RngExt;

/// Data in some clumps, and responsibilities that know nothing of them; one component has next to none.
fn state(n: usize, k: usize, d: usize, seed: u64) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = data::rng(seed);
    let x = DMatrix::from_fn(n, d, |i, _| (i % 3) as f64 * 2.0 + rng.random_range(-1.0..1.0));
    let mut r = DMatrix::from_fn(n, k, |_, j| if j == 1 { 1e-9 } else { rng.random_range(0.05..1.0) });
    r.row_iter_mut().for_each(|mut row| row /= row.sum());
    (x, r)
}

fn gaussian_of(x: &DMatrix<f64>) -> GaussianMixture {
    let ones = DVector::from_element(x.nrows(), 1.0);
    let mean = gaussian::weighted_mean(x, &ones).expect("a mean");
    let covariance = gaussian::weighted_covariance(x, &ones, &mean).expect("a covariance");
    of_one(&mean.transpose(), covariance).expect("a Gaussian")
}

fn sums(x: &DMatrix<f64>, r: &DMatrix<f64>) -> Moments {
    let centre = gaussian_of(x).means().row(0).into_owned();
    Moments::of(x, r, &DMatrix::from_fn(r.ncols(), x.ncols(), |_, a| centre[a])).expect("moments")
}

#[track_caller]
fn assert_density(found: &GaussWishart, derived: &GaussWishart, bound: f64) {
    assert_within(found.strength(), derived.strength(), bound);
    assert_within(found.degrees(), derived.degrees(), bound);
    assert!((found.mean() - derived.mean()).amax() < bound);
    assert_matrices_within(found.scatter(), derived.scatter(), bound * derived.scatter().amax().max(1.0));
}

/// Numbers of order ten, sums of n, scatters of condition below some thousands, digammas of counts down to 10⁻⁷: a
/// hundred units each of what is as large as 10⁷.
fn rounding(n: usize) -> f64 {
    1e4 * gamma(n)
}

/// three steps of full covariances: the factor, its bound and its survivors are the derivation's.
#[test]
fn full_steps_are_the_derivations() -> Result<()> {
    let engine = Engine::new(2)?;
    for (case, (n, k, d)) in [(60, 3, 2), (300, 5, 3), (500, 2, 1)].into_iter().enumerate() {
        for weights in [Weights::Dirichlet(0.1), Weights::Dirichlet(2.0), Weights::Sticks(1.0)] {
            let (x, r) = state(n, k, d, seed() + case as u64);
            let prior = VariationalGaussians::vague(&gaussian_of(&x), CovarianceFamily::Full)?;
            let source = Data::new(&x)?;
            let mut found = VariationalGaussians::learned(weights, prior.clone(), &sums(&x, &r))?;
            let mut derived = VariationalMixture::learned(weights, prior[0].clone(), &x, &r)?;
            for _ in 0..3 {
                let expected = engine.statistics(&found, &source)?;
                let r = derived.responsibilities(&x)?;
                let bound = derived.lower_bound(&x, &r)?;
                assert_within(expected.log_likelihood, bound, rounding(n) * bound.abs());
                let derived_counts = latent::counts(&r);
                assert!((&expected.expectation.counts - derived_counts).amax() < rounding(n) * n as f64);
                for (of_one, derived) in found.components().iter().zip(derived.components()) {
                    assert_density(&of_one[0], derived, rounding(n) * n as f64);
                }
                assert_within(found.divergence()?, derived.divergence()?, rounding(n) * bound.abs());
                assert_eq!(found.survivors(), derived.survivors());
                found = engine.sweep(&found, &source)?.model;
                derived = VariationalMixture::learned(weights, prior[0].clone(), &x, &r)?;
            }
            let all: Vec<usize> = (0..k).collect();
            let (plugged, of_derived) = (found.plug_in(&all)?, derived.plug_in()?);
            assert_matrices_within(plugged.means(), of_derived.means(), rounding(n) * n as f64);
        }
    }
    Ok(())
}

/// of diagonal covariances every column is a Gauss–Wishart density of its own, updated by its own cells; the
/// bound is Q + H less the sum of their divergences.
#[test]
fn diagonal_steps_are_those_of_the_columns() -> Result<()> {
    let engine = Engine::new(1)?;
    let (n, k, d) = (200, 4, 3);
    let (x, r) = state(n, k, d, seed() + 9);
    let weights = Weights::Dirichlet(0.25);
    let prior = VariationalGaussians::vague(&gaussian_of(&x), CovarianceFamily::Diagonal)?;
    assert_eq!(prior.len(), d);
    let found = VariationalGaussians::learned(weights, prior.clone(), &sums(&x, &r))?;
    let column = |a: usize| x.columns(a, 1).into_owned();
    let mut joint = DMatrix::zeros(n, k);
    let mut divergence = found.shares().divergence()?;
    for j in 0..k {
        let mut of_component = DVector::from_element(n, found.shares().expected_logs()[j]);
        for (a, prior) in prior.iter().enumerate() {
            let derived = prior.updated(&column(a), &r.column(j).into_owned())?;
            assert_density(&found.components()[j][a], &derived, rounding(n) * n as f64);
            of_component += derived.expected_log_density(&column(a))?;
            divergence += derived.divergence(prior)?;
        }
        joint.set_column(j, &of_component);
    }
    let expected = engine.statistics(&found, &Data::new(&x)?)?;
    let bound = latent::log_likelihood(&joint)? - divergence;
    assert_within(expected.log_likelihood, bound, rounding(n) * bound.abs());
    let counts = latent::counts(&latent::responsibilities(&joint)?);
    assert!((expected.expectation.counts - counts).amax() < rounding(n) * n as f64);
    assert_eq!(found.plug_in(&[0])?.family(), CovarianceFamily::Diagonal);
    Ok(())
}

/// coins; the bound lacks the binomial coefficients, which are a constant of the data.
#[test]
fn coin_steps_are_the_derivations() -> Result<()> {
    let engine = Engine::new(2)?;
    for flips in [1, 7] {
        let (n, k, d) = (250, 4, 3);
        let (_, r) = state(n, k, d, seed() + 5);
        let mut rng = data::rng(seed());
        let x = DMatrix::from_fn(n, d, |_, _| f64::from(rng.random_range(0..=flips as u32)));
        let prior = CoinPrior::new(Weights::Dirichlet(0.2), 0.5, 1.5, flips)?;
        let m = flips as f64;
        let constant: f64 = x
            .iter()
            .map(|&heads| ln_factorial_of(m) - ln_factorial_of(heads) - ln_factorial_of(m - heads))
            .sum();
        let tails = x.map(|heads| m - heads);
        let mut found =
            VariationalFlips::counted(prior, latent::counts(&r), r.transpose() * &x, r.transpose() * tails)?;
        let mut derived = VariationalCoins::learned(prior, &x, &r)?;
        for _ in 0..3 {
            let expected = engine.statistics(&found, &Data::new(&x)?)?;
            let joint = derived.expected_log_joint(&x)?;
            let bound = latent::log_likelihood(&joint)? - derived.divergence()?;
            assert_within(expected.log_likelihood + constant, bound, rounding(n) * bound.abs());
            let r = latent::responsibilities(&joint)?;
            assert!((&expected.expectation.counts - latent::counts(&r)).amax() < rounding(n) * n as f64);
            found = engine.sweep(&found, &Data::new(&x)?)?.model;
            derived = VariationalCoins::learned(prior, &x, &r)?;
            let (plugged, of_derived) = (found.plug_in(&[0, 1, 2, 3])?, derived.plug_in()?);
            assert_matrices_within(plugged.biases(), of_derived.biases(), rounding(n) * n as f64);
            assert!((plugged.weights() - of_derived.weights()).amax() < rounding(n) * n as f64);
        }
    }
    Ok(())
}

/// a run climbs, and ends where the derivation's does, on any number of threads with the same bits.
#[test]
fn a_run_is_the_derivations() -> Result<()> {
    let x = data::old_faithful();
    let prior = VariationalGaussians::vague(&gaussian_of(&x), CovarianceFamily::Full)?;
    let r = latent::one_hot(&(0..272).map(|i| i % 6).collect::<Vec<_>>(), 6)?;
    let weights = Weights::Dirichlet(1e-3);
    let start = VariationalGaussians::learned(weights, prior.clone(), &sums(&x, &r))?;
    let stopping = Stopping::default();
    let found = Engine::new(1)?.fit(start.clone(), &Data::new(&x)?, &stopping)?;
    let derived = fit(&OnBound::new(&x)?, weights, &prior[0], &r, &stopping)?;
    assert_eq!((found.stopped, found.model.survivors().len()), (Stopped::Converged, 2));
    // Both stop when a sweep gains 4·10⁻¹² a datum.
    assert_within(found.log_likelihood, derived.log_likelihood, 1e-6);
    for threads in [2, 7] {
        let again = Engine::new(threads)?.fit(start.clone(), &Data::new(&x)?, &stopping)?;
        assert_eq!((again.model, again.log_likelihood), (found.model.clone(), found.log_likelihood));
    }
    let plugged = found.model.plug_in(&found.model.survivors())?;
    assert_within(plugged.weights().sum(), 1.0, 1e-15);
    Ok(())
}

#[test]
fn what_fits_nothing_is_refused() -> Result<()> {
    let x = dmatrix![0.0, 1.0; 2.0, 5.0; 1.0, 1.0];
    let one = gaussian_of(&x);
    let error = mathematics(VariationalGaussians::vague(&one, CovarianceFamily::Tied));
    assert_eq!(error, Error::NotInFamily { component: 0, family: "full or diagonal" });
    let moments = sums(&x, &DMatrix::from_element(3, 2, 0.5));
    let line = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 1.0)?;
    let plane = GaussWishart::new(RowDVector::zeros(2), 1.0, DMatrix::identity(2, 2), 2.0)?;
    let learned = |alpha, prior| VariationalGaussians::learned(Weights::Dirichlet(alpha), prior, &moments);
    for prior in [vec![line.clone()], vec![line.clone(); 3], vec![line, plane.clone()], vec![]] {
        assert!(matches!(mathematics(learned(1.0, prior)), Error::Shape { .. }));
    }
    assert!(matches!(
        mathematics(learned(0.0, vec![plane.clone()])),
        Error::Domain { what: "concentration", .. }
    ));
    let q = learned(1.0, vec![plane])?;
    assert!(matches!(mathematics(q.plug_in(&[2])), Error::Label { label: 2, k: 2, .. }));
    let coins = CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, 1)?;
    let wrong = VariationalFlips::counted(coins, dvector![1.0, 2.0], dmatrix![1.0], dmatrix![1.0]);
    assert!(matches!(mathematics(wrong), Error::Shape { what: "heads", .. }));
    Ok(())
}
