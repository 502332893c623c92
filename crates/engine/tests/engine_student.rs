//! The engine's step of a mixture of t is the derivation's: single steps from random states, whole, weighted and
//! streamed.

#[path = "../../../tests/common/mod.rs"]
mod common;

use common::bounds::gamma;
use common::{assert_matrices_within, assert_within, cases, seed};
use executable_em::em::{self, Stopping};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::incomplete::student::StudentMixture;
use executable_em::latent::{self, Model};
use executable_em::{Error, bound, data};
use executable_em_engine::{Data, Engine, Stream};
use nalgebra::{DMatrix, DVector, dmatrix};
use rand::RngExt;

fn case(family: CovarianceFamily, n: usize, seed: u64) -> (StudentMixture, DMatrix<f64>) {
    let cases::Case { x, model, .. } = cases::case(cases::Kind::Ordinary, family, n, 3, 2, seed);
    let mut rng = data::rng(seed ^ 0x7);
    let degrees = DVector::from_fn(3, |_, _| 10_f64.powf(rng.random_range(0.1..1.5)));
    (StudentMixture::new(model, degrees).expect("t"), x)
}

/// Parameters agree to some hundred units of sums of n terms; ν, at which log ν/2 − ψ(ν/2) ≈ 1/ν is flat, to ν of them.
#[track_caller]
fn assert_same(found: &StudentMixture, derived: &StudentMixture, n: usize) {
    let bound = 1e3 * gamma(n);
    assert_matrices_within(found.shape().means(), derived.shape().means(), bound);
    assert!((found.shape().weights() - derived.shape().weights()).amax() < bound);
    for (one, other) in found.shape().covariances().iter().zip(derived.shape().covariances()) {
        assert_matrices_within(one, other, bound * other.amax().max(1.0));
    }
    for (&one, &other) in found.degrees().iter().zip(derived.degrees()) {
        assert_within(one, other, bound * other * other);
    }
}

/// a sweep in every family, in one block and in several, more rows than a part of one has.
#[test]
fn a_sweep_is_the_derivations() -> executable_em_engine::Result<()> {
    let engine = Engine::new(2)?;
    let mut compared = 0;
    for (at, family) in CovarianceFamily::ALL.into_iter().enumerate() {
        for n in [60, 9000] {
            let (model, x) = case(family, n, seed() + at as u64);
            let derived = em::sweep(&model, &x)?;
            let log_joint = model.log_joint(&x)?;
            let blocks = || Ok([(0, n / 3), (n / 3, n - n / 3)].map(|(i, m)| Ok(x.rows(i, m).into_owned())));
            let whole = engine.sweep(&model, &Data::new(&x)?)?;
            let streamed = engine.sweep(&model, &Stream(blocks))?;
            for found in [&whole, &streamed] {
                assert_same(&found.model, &derived, n);
                let l = latent::log_likelihood(&log_joint)?;
                assert_within(found.log_likelihood, l, 100.0 * gamma(n) * l.abs());
                compared += 1;
            }
            let entropy = engine.statistics(&model, &Data::new(&x)?)?.expectation.label_entropy;
            let by_hand = bound::entropy(&latent::responsibilities(&log_joint)?)?;
            assert_within(entropy, by_hand, 100.0 * gamma(n) * (1.0 + by_hand));
        }
    }
    assert_eq!(compared, 16);
    Ok(())
}

/// A weight of three is the same datum three times, and of zero none; the bits do not depend on the threads.
#[test]
fn weights_count_and_threads_do_not() -> executable_em_engine::Result<()> {
    let (model, x) = case(CovarianceFamily::Full, 60, seed() + 9);
    let weights = DVector::from_fn(60, |i, _| (i % 4) as f64);
    let copies: Vec<usize> = (0..60).flat_map(|i| vec![i; i % 4]).collect();
    let weighted = Engine::new(1)?.sweep(&model, &Data::weighted(&x, &weights)?)?;
    let copied = Engine::new(1)?.sweep(&model, &Data::new(&x.select_rows(&copies))?)?;
    assert_same(&weighted.model, &copied.model, copies.len());
    assert_eq!(weighted.total, copies.len() as f64);
    let (one, many) =
        (Engine::new(1)?.sweep(&model, &Data::new(&x)?)?, Engine::new(5)?.sweep(&model, &Data::new(&x)?)?);
    assert_eq!(one, many);
    Ok(())
}

/// A whole fit ends where the derivation's does; bad data are the derivation's errors.
#[test]
fn a_fit_is_the_derivations() -> executable_em_engine::Result<()> {
    let (model, x) = case(CovarianceFamily::Full, 200, seed() + 10);
    let stopping = Stopping { max_sweeps: 30, ..Stopping::default() };
    let (found, derived) = (
        Engine::new(1)?.fit(model.clone(), &Data::new(&x)?, &stopping)?,
        em::fit(model.clone(), &x, &stopping)?,
    );
    assert_eq!(found.sweeps, derived.sweeps);
    // EM contracts what a sweep errs by.
    assert_within(found.log_likelihood, derived.log_likelihood, 1e-7);
    let error =
        Engine::new(1)?.sweep(&model, &Data::new(&dmatrix![1.0, 2.0, 3.0])?).expect_err("three columns");
    assert!(matches!(error, executable_em_engine::Error::Mathematics(Error::Shape { .. })), "{error}");
    let none = Stream(|| Ok(Vec::new()));
    let error = Engine::new(1)?.sweep(&model, &none).expect_err("no data");
    assert!(
        matches!(error, executable_em_engine::Error::Mathematics(Error::Empty { what: "data" })),
        "{error}"
    );
    Ok(())
}
