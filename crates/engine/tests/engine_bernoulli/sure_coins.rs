//! Coins of bias 0 and 1, and what they exclude.

use crate::common::assert_within;
use crate::mathematics::mathematics;
use crate::{assert_statistics, engines, statistics, sweep};
use executable_em::Error;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em_engine::{Data, Engine, Result, Stream};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// A coin that showed one side only gets a bias of exactly 0 or 1, however many flips a draw has and however they are
/// weighed.
#[test]
fn one_side_only_gives_exactly_zero_or_one() -> Result<()> {
    for engine in engines() {
        for flips in [1, 3, 10] {
            let m = flips as f64;
            let n = 1003;
            let x = DMatrix::from_fn(n, 3, |i, a| [m, 0.0, (i % (flips + 1)) as f64][a]);
            let model =
                BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.1, 0.2, 0.3; 0.7, 0.9, 0.77], flips)?;
            let weights = DVector::from_fn(n, |i, _| 0.1 + (i % 7) as f64 / 3.0);
            for next in [
                sweep(&engine, &model, &x)?.model,
                engine.sweep(&model, &Data::weighted(&x, &weights)?)?.model,
            ] {
                assert_eq!((next.biases()[(0, 0)], next.biases()[(1, 0)]), (1.0, 1.0));
                assert_eq!((next.biases()[(0, 1)], next.biases()[(1, 1)]), (0.0, 0.0));
                // And from there the next step takes the same draws.
                let after = sweep(&engine, &next, &x)?;
                assert_within(after.log_likelihood, next.log_likelihood(&x)?, 1e-9);
                assert_eq!(after.model.biases().columns(0, 2), next.biases().columns(0, 2));
            }
        }
    }
    Ok(())
}

/// Coins of bias 0 and 1, and one that is never drawn: exact zeros where a coin is contradicted.
#[test]
fn contradicted_coins_have_no_part() -> Result<()> {
    let x = dmatrix![0.0, 2.0; 2.0, 2.0; 1.0, 2.0];
    let model = BernoulliMixture::new(
        dvector![0.25, 0.25, 0.5, 0.0],
        dmatrix![0.0, 1.0; 1.0, 0.5; 0.5, 1.0; 0.3, 0.3],
        2,
    )?;
    for engine in engines() {
        let found = statistics(&engine, &model, &x)?;
        assert_statistics(&found, &model, &x);
        let found = found.expectation;
        assert_eq!((found.heads[(0, 0)], found.tails[(0, 1)], found.tails[(1, 0)]), (0.0, 0.0, 0.0));
        assert_eq!((found.counts[3], found.heads[(3, 0)], found.tails[(3, 1)]), (0.0, 0.0, 0.0));
        let next = sweep(&engine, &model, &x)?.model;
        assert_eq!(next.biases().row(3), model.biases().row(3));
        assert_eq!((next.weights()[3], next.biases()[(0, 0)], next.biases()[(1, 0)]), (0.0, 0.0, 1.0));
    }
    Ok(())
}

/// A bias so small that 1 − p has lost its digits, flipped so often that they matter: ℓ = m log(1 − p) ≈ −1. And as
/// many flips as a number can count do not hide a contradiction.
#[test]
fn many_flips_need_all_digits() -> Result<()> {
    for engine in engines() {
        let rare = BernoulliMixture::new(dvector![1.0], dmatrix![1e-12], 1_000_000_000_000)?;
        let found = sweep(&engine, &rare, &dmatrix![0.0])?.log_likelihood;
        assert_within(found, -1.0 - 0.5e-12, 4.0 * f64::EPSILON);
        let sure = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![1.0; 0.0], usize::MAX)?;
        let most = usize::MAX as f64;
        let next = sweep(&engine, &sure, &dmatrix![0.0; most; most])?.model;
        assert_eq!((next.biases(), next.weights()[1]), (&dmatrix![1.0; 0.0], 1.0 / 3.0));
        let both = sweep(&engine, &sure, &dmatrix![most; 1.0]);
        assert_eq!(mathematics(both), Error::ImpossibleDatum { row: 1 });
    }
    Ok(())
}

/// The first row that no coin can have made, in whatever block it is.
#[test]
fn an_impossible_draw_is_named() -> Result<()> {
    let model = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.0, 0.5; 0.5, 1.0], 1)?;
    for engine in engines().into_iter().chain([Engine::new(2)?]) {
        for row in [0, 1, 127, 128, 5000, 20_000] {
            let mut x = DMatrix::from_fn(20_001, 2, |i, _| (i % 2) as f64);
            x[(row, 0)] = 1.0;
            x[(row, 1)] = 0.0;
            assert_eq!(mathematics(sweep(&engine, &model, &x)), Error::ImpossibleDatum { row });
            assert_eq!(model.log_likelihood(&x).unwrap_err(), Error::ImpossibleDatum { row });
            let halves = || Ok([(0, 128), (128, 19_873)].map(|(at, len)| Ok(x.rows(at, len).into_owned())));
            let streamed = engine.sweep(&model, &Stream(halves));
            assert_eq!(mathematics(streamed), Error::ImpossibleDatum { row });
        }
    }
    Ok(())
}
