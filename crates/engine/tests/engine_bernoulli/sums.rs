//! Sums over draws: threads, weights, streams, parts; whole fits.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use crate::{assert_statistics, engines, random_state, statistics, sweep};
use executable_em::bernoulli_mixture::{BernoulliMixture, random_start};
use executable_em::em::{Stopped, Stopping, Tolerance};
use executable_em::scale::SufficientStatistics;
use executable_em::{Error, data, em};
use executable_em_engine::{Data, Engine, Result, Stream};
use nalgebra::{DVector, dmatrix, dvector};

/// The bits do not depend on the number of threads, nor on the run.
#[test]
fn any_number_of_threads_gives_the_same_bits() -> Result<()> {
    for (n, d, k, flips) in [(20_011, 2, 5, 10), (3_001, 9, 3, 1)] {
        let (model, x) = random_state(n, d, k, flips);
        let alone = statistics(&Engine::new(1)?, &model, &x)?;
        for threads in [2, 3, 7] {
            let engine = Engine::new(threads)?;
            for _ in 0..3 {
                assert_eq!(statistics(&engine, &model, &x)?, alone);
            }
        }
    }
    Ok(())
}

/// A draw of weight 3 counts as three draws, one of weight 0 as none.
#[test]
fn weights_of_data_count_repetitions() -> Result<()> {
    for engine in engines() {
        for (d, flips) in [(1, 10), (6, 1)] {
            let (model, x) = random_state(300, d, 3, flips);
            let repetitions: Vec<usize> = (0..300).map(|i| i % 5).collect();
            let rows: Vec<usize> = (0..300).flat_map(|i| std::iter::repeat_n(i, repetitions[i])).collect();
            let weights = DVector::from_iterator(300, repetitions.iter().map(|&times| times as f64));
            let found = engine.statistics(&model, &Data::weighted(&x, &weights)?)?;
            assert_statistics(&found, &model, &x.select_rows(&rows));
        }
    }
    Ok(())
}

#[test]
fn a_stream_is_as_good_as_memory() -> Result<()> {
    let (model, x) = random_state(3000, 3, 4, 2);
    let blocks =
        || Ok([(0, 1), (1, 999), (1000, 2000)].map(|(start, len)| Ok(x.rows(start, len).into_owned())));
    assert_statistics(&Engine::new(2)?.statistics(&model, &Stream(blocks))?, &model, &x);
    Ok(())
}

/// The statistics of two parts add up to those of the whole.
#[test]
fn statistics_add_up() -> Result<()> {
    let engine = Engine::new(1)?;
    let (model, x) = random_state(1000, 3, 3, 1);
    let mut sum = statistics(&engine, &model, &x.rows(0, 317).into_owned())?;
    sum.add(&statistics(&engine, &model, &x.rows(317, 683).into_owned())?)?;
    assert_statistics(&sum, &model, &x);
    let next = sum.expectation.maximize(&model)?;
    assert_matrices_within(next.biases(), sweep(&engine, &model, &x)?.model.biases(), 100.0 * gamma(1000));

    let before = sum.clone();
    let (other, y) = random_state(50, 2, 3, 1);
    assert!(matches!(sum.add(&statistics(&engine, &other, &y)?), Err(Error::Shape { .. })));
    assert!(matches!(sum.expectation.expected_log_joint(&other), Err(Error::Shape { what: "biases", .. })));
    assert!(matches!(sum.expectation.maximize(&other), Err(Error::Shape { what: "biases", .. })));
    assert_eq!(sum, before);
    let nothing = engine.statistics(&model, &Data::weighted(&x, &DVector::zeros(1000))?)?;
    assert!(matches!(
        nothing.expectation.maximize(&model),
        Err(Error::Domain { what: "sum of the counts", .. })
    ));
    Ok(())
}

/// As many sweeps as the derivation from the same start, to the same optimum.
#[test]
fn a_whole_fit_is_the_derivations() -> Result<()> {
    let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.8, 0.2, 0.5; 0.3, 0.6, 0.9], 10)?;
    let (x, _) = coins.sample(400, &mut data::rng(1)).unwrap();
    for seed in 0..3 {
        let start = random_start(&x, 2, 10, &mut data::rng(seed))?;
        let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-6 / 400.0), max_sweeps: 500 };
        let derived = em::fit(start.clone(), &x, &stopping)?;
        for engine in engines() {
            let fit = engine.fit(start.clone(), &Data::new(&x)?, &stopping)?;
            assert_eq!(fit.stopped, Stopped::Converged);
            // Rounding at most makes the last sweep's gain, of 10⁻⁶, larger or smaller by 10⁻¹⁰.
            assert_eq!(fit.sweeps, derived.sweeps);
            assert_within(fit.log_likelihood, derived.log_likelihood, 1e-8);
            // The errors of single sweeps, some 10⁻¹⁴, shrink from sweep to sweep.
            assert_matrices_within(fit.model.biases(), derived.model.biases(), 1e-11);
        }
    }
    Ok(())
}
