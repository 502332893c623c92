//! Whole fits of the engine: the sweeps are the derivation's, streams are memory, restarts restart, watchers may stop
//! them.

#[path = "../../../../tests/common/mod.rs"]
mod common;
#[path = "../mathematics/mod.rs"]
mod mathematics;
mod samples;

use common::assert_matrices_within;
use common::bounds::gamma;
use executable_em::em::{Seen, Stopped, Stopping, Tolerance};
use executable_em::gaussian_mixture::{
    CovarianceFamily, FlooredMixture, GaussianMixture, kmeans_start, random_start,
};
use executable_em::{Error, data, em};
use executable_em_engine::{
    Data, Engine, Mixture, Result, SavedMixture, Stream, sample, table, weighted_sample,
};
use mathematics::mathematics;
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use std::cell::Cell;
use std::io::ErrorKind;
use std::ops::ControlFlow;

type Outcome = Result<()>;

fn stopping(tolerance: Tolerance, max_sweeps: usize) -> Stopping {
    Stopping { tolerance, max_sweeps }
}

/// A hundred thousand columns, whose covariances along the axes have as many numbers: a fit, and its file.
#[test]
fn wide_data_are_fitted_and_saved() -> Outcome {
    let (n, d) = (20, 100_000);
    let x = DMatrix::from_fn(n, d, |i, a| ((i * 7 + a * 13) % 11) as f64 + if i < 10 { 0.0 } else { 20.0 });
    for family in [CovarianceFamily::Diagonal, CovarianceFamily::Spherical] {
        let start = kmeans_start(&x, 2, family, &mut data::rng(1))?;
        let fit = Engine::new(2)?.fit(start, &Data::new(&x)?, &Stopping::default())?;
        assert_eq!(fit.model.weights().as_slice(), [0.5, 0.5]);
        let saved = SavedMixture {
            model: Mixture::Gaussian(fit.model),
            columns: (1..=d).map(|column| format!("x{column}")).collect(),
            log_likelihood: fit.log_likelihood,
            n,
            sweeps: fit.sweeps,
            stopped: fit.stopped,
            seed: 1,
        };
        let text = saved.to_json();
        assert!(text.len() < 100 * d, "{} bytes", text.len());
        assert_eq!(SavedMixture::from_json(&text)?, saved);
    }
    Ok(())
}

/// The same θ after the same number of sweeps as the derivation's loop, for both rules and at the cap.
///
/// Old Faithful's fit contracts, so the roundings of one sweep, some γ(n) of numbers of order 10², are not amplified:
/// 10⁻⁹ is a thousand times that.
#[test]
fn a_fit_takes_the_derivations_sweeps() -> Outcome {
    let x = data::old_faithful();
    let (data, n) = (Data::new(&x)?, x.nrows() as f64);
    for family in CovarianceFamily::ALL {
        let start = random_start(&x, 2, family, &mut data::rng(4))?;
        for (tolerance, cap) in [
            (Tolerance::LogLikelihood(1e-7 / n), 1000),
            (Tolerance::Parameters(1e-6), 1000),
            (Tolerance::LogLikelihood(0.0), 3),
            (Tolerance::Parameters(1e-6), 0),
        ] {
            let fit = Engine::new(1)?.fit(start.clone(), &data, &stopping(tolerance, cap))?;
            let derived = em::fit(start.clone(), &x, &stopping(tolerance, cap))?;
            assert_eq!(fit.sweeps, derived.sweeps, "{family:?} {tolerance:?}");
            assert_eq!(fit.stopped, derived.stopped);
            assert_matrices_within(fit.model.means(), derived.model.means(), 1e-9);
            assert!((fit.log_likelihood - derived.log_likelihood).abs() < 1e-9);
            assert_eq!((fit.total, derived.total, fit.start), (n, n, 0));
        }
    }
    Ok(())
}

/// ℓ is that of the model returned, and never falls on the way, but for its own rounding.
#[test]
fn a_watcher_sees_every_sweep() -> Outcome {
    let (x, _) = data::blobs();
    let start = random_start(&x, 4, CovarianceFamily::Full, &mut data::rng(5))?;
    let (mut seen, mut ended) = (Vec::new(), None);
    let fit = Engine::new(2)?.best_of([Ok(start)], &Data::new(&x)?, &Stopping::default(), |saw| {
        match saw {
            Seen::Sweep { start, sweeps, model, expected } => {
                assert_eq!((start, sweeps, expected.total), (0, seen.len(), 400.0));
                assert_eq!(&expected.expectation.references, model.means());
                seen.push(expected.log_likelihood);
            }
            Seen::Run { outcome, .. } => ended = outcome.as_ref().ok().cloned(),
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(seen.len(), fit.sweeps + 1);
    assert_eq!(seen[fit.sweeps], fit.log_likelihood);
    assert_eq!(ended.as_ref(), Some(&fit));
    // Sums of 400 terms of size below 10.
    let rounding = 4000.0 * gamma(400);
    assert!((fit.model.log_likelihood(&x)? - fit.log_likelihood).abs() < rounding);
    assert!(seen.windows(2).all(|pair| pair[1] >= pair[0] - rounding));
    Ok(())
}

/// Restarts begin from different θ, the best one wins, and one that collapses is passed over.
#[test]
fn restarts_restart() -> Outcome {
    let (x, _) = data::blobs();
    let data = Data::new(&x)?;
    let engine = Engine::new(1)?;
    let starts = || {
        let mut rng = data::rng(11);
        let x = &x;
        (0..12).map(move |_| Ok(random_start(x, 4, CovarianceFamily::Full, &mut rng)?))
    };
    let mut firsts = Vec::new();
    let best = engine.best_of(starts(), &data, &Stopping::default(), |seen| {
        if let Seen::Sweep { start, sweeps: 0, expected, .. } = seen {
            firsts.push((start, expected.log_likelihood));
        }
        ControlFlow::Continue(())
    })?;
    let alone: Vec<f64> = starts()
        .map(|start| Ok(engine.fit(start?, &data, &Stopping::default())?.log_likelihood))
        .collect::<Result<_>>()?;
    let highest = alone.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(best.log_likelihood, highest);
    assert_eq!(alone[best.start], highest);
    assert!(alone.iter().any(|&other| other < highest - 1.0), "no start is worse: {alone:?}");
    assert_eq!(firsts.len(), 12);
    assert!(firsts.windows(2).all(|pair| pair[0].1 != pair[1].1 && pair[0].0 + 1 == pair[1].0));
    Ok(())
}

#[test]
fn a_run_that_fails_is_passed_over() -> Outcome {
    let x = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0];
    let at = |mean: f64, variance: f64| {
        GaussianMixture::new(
            dvector![0.5, 0.5],
            dmatrix![mean; 5.0],
            vec![dmatrix![variance], dmatrix![1.0]],
            CovarianceFamily::Full,
        )
    };
    let engine = Engine::new(1)?;
    let data = Data::new(&x)?;
    // The first collapses onto the datum 0; the second is one Gaussian twice.
    let collapse = mathematics(engine.fit(at(0.0, 0.01)?, &data, &Stopping::default()));
    assert!(matches!(collapse, Error::NotPositiveDefinite { component: 0, .. }), "{collapse:?}");
    let best_of = |starts: Vec<executable_em::Result<GaussianMixture>>| {
        let starts = starts.into_iter().map(|start| Ok(start?));
        let mut ended = Vec::new();
        let best = engine.best_of(starts, &data, &Stopping::default(), |seen| {
            if let Seen::Run { start, outcome } = seen {
                ended.push((start, outcome.is_ok()));
            }
            ControlFlow::Continue(())
        });
        (best, ended)
    };
    let (fit, ended) = best_of(vec![at(0.0, 0.01), at(5.0, 1.0)]);
    assert_eq!((fit?.start, ended), (1, vec![(0, false), (1, true)]));
    let (failed, ended) = best_of(vec![at(0.0, 0.01), at(0.0, f64::NAN)]);
    assert!(matches!(mathematics(failed), Error::NotPositiveDefinite { component: 0, .. }));
    assert_eq!(ended, [(0, false), (1, false)]);
    let (nothing, _) = best_of(vec![]);
    assert_eq!(mathematics(nothing), Error::Empty { what: "starts" });
    // With a floor it does not collapse, and sweeps as the derivation does.
    let start = FlooredMixture::new(at(0.0, 0.01)?, 0.01)?;
    let floored = engine.fit(start.clone(), &data, &stopping(Tolerance::LogLikelihood(1e-10), 1000))?;
    assert_eq!(floored.model.mixture().covariances()[0][0], 0.01);
    let sweep = engine.sweep(&start, &data)?;
    let derived = em::sweep(&start, &x)?;
    assert_matrices_within(sweep.model.mixture().means(), derived.mixture().means(), 1e-14);
    assert_eq!(engine.statistics(&start, &data)?, engine.statistics(start.mixture(), &data)?);
    Ok(())
}

/// Whoever breaks off gets the best so far.
#[test]
fn a_watcher_can_stop_a_fit() -> Outcome {
    let x = data::old_faithful();
    let data = Data::new(&x)?;
    let starts = || {
        (1..4).map(|seed| {
            Ok(random_start(&data::old_faithful(), 2, CovarianceFamily::Full, &mut data::rng(seed))?)
        })
    };
    let stop_at = |start: usize, sweeps: usize| {
        Engine::new(1)?.best_of(starts(), &data, &Stopping::default(), |seen| match seen {
            Seen::Sweep { start: a, sweeps: b, .. } if (a, b) == (start, sweeps) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
    };
    let early = stop_at(0, 3)?;
    assert_eq!((early.stopped, early.sweeps, early.start), (Stopped::Interrupted, 3, 0));
    let three = Engine::new(1)?.fit(
        starts().next().expect("three starts")?,
        &data,
        &stopping(Tolerance::LogLikelihood(0.0), 3),
    )?;
    assert_eq!(early.model, three.model);
    let late = stop_at(1, 1)?;
    assert_eq!((late.stopped, late.start), (Stopped::Interrupted, 0));
    assert!((late.log_likelihood - -1130.264).abs() < 1e-3);
    Ok(())
}

fn blocks(x: &DMatrix<f64>, len: usize) -> impl Fn() -> Result<Vec<Result<DMatrix<f64>>>> {
    let x = x.clone();
    move || {
        let starts = (0..x.nrows()).step_by(len);
        Ok(starts.map(|start| Ok(x.rows(start, len.min(x.nrows() - start)).into_owned())).collect())
    }
}

/// Data in blocks give the statistics of data in memory to the rounding of sums, and the same bits on every run and
/// thread.
#[test]
fn a_stream_is_its_blocks_together() -> Outcome {
    let x = data::old_faithful();
    let model = random_start(&x, 3, CovarianceFamily::Full, &mut data::rng(2))?;
    let whole = Engine::new(1)?.statistics(&model, &Data::new(&x)?)?;
    for len in [1, 7, 100, 271, 272, 1000] {
        let stream = Stream(blocks(&x, len));
        let streamed = Engine::new(1)?.statistics(&model, &stream)?;
        assert_eq!(streamed, Engine::new(3)?.statistics(&model, &stream)?);
        // Terms below 10 (log densities), 100 and 100² (moments about means within the data).
        assert!((streamed.log_likelihood - whole.log_likelihood).abs() < 272.0 * 10.0 * gamma(272));
        assert_eq!(streamed.total, 272.0);
        let (streamed, whole) = (&streamed.expectation, &whole.expectation);
        assert!((&streamed.counts - &whole.counts).amax() < 272.0 * gamma(272));
        assert_matrices_within(&streamed.first, &whole.first, 272.0 * 100.0 * gamma(272));
        for (second, expected) in streamed.second.iter().zip(&whole.second) {
            assert_matrices_within(second, expected, 272.0 * 1e4 * gamma(272));
        }
    }
    assert_eq!(Engine::new(1)?.statistics(&model, &Stream(blocks(&x, 272)))?, whole);
    let fit = Engine::new(2)?.fit(model, &Stream(blocks(&x, 50)), &Stopping::default())?;
    assert_eq!(fit.stopped, Stopped::Converged);
    Ok(())
}

/// Every pass begins anew; errors of a block name the row of the whole, errors of reading come through, and no pass
/// follows.
#[test]
fn a_broken_stream_says_where() -> Outcome {
    let x = data::old_faithful();
    let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(2))?;
    let engine = Engine::new(1)?;
    let with = |row: usize, value: f64| {
        let mut x = x.clone();
        x[(row, 1)] = value;
        mathematics(engine.sweep(&model, &Stream(blocks(&x, 100))))
    };
    assert!(matches!(with(123, f64::NAN), Error::NotFinite { row: 123, column: 1, .. }));
    assert_eq!(with(222, 1e300), Error::ImpossibleDatum { row: 222 });
    let passes = Cell::new(0);
    let file = || {
        passes.set(passes.get() + 1);
        let gone = table::Error::Io { path: "x.csv".to_string(), source: ErrorKind::NotFound.into() };
        Ok([Ok(x.rows(0, 100).into_owned()), Err(gone.into())])
    };
    assert!(matches!(
        engine.fit(model.clone(), &Stream(file), &Stopping::default()),
        Err(executable_em_engine::Error::Table(table::Error::Io { .. }))
    ));
    assert_eq!(passes.get(), 1);
    let narrow = || Ok([Ok(x.rows(0, 100).into_owned()), Ok(dmatrix![1.0])]);
    assert!(matches!(mathematics(engine.sweep(&model, &Stream(narrow))), Error::Shape { .. }));
    let nothing = || Ok(Vec::<Result<DMatrix<f64>>>::new());
    assert_eq!(mathematics(engine.sweep(&model, &Stream(nothing))), Error::Empty { what: "data" });
    assert_eq!(mathematics(sample(&Stream(nothing), 5, &mut data::rng(1))), Error::Empty { what: "data" });
    assert!(matches!(mathematics(sample(&Stream(narrow), 500, &mut data::rng(1))), Error::Shape { .. }));
    Ok(())
}

/// The step on an engine without vector instructions, and on any number of threads, is the step.
#[test]
fn a_fit_does_not_depend_on_threads_or_instructions() -> Outcome {
    let x = data::old_faithful();
    let stream = Stream(blocks(&x, 64));
    let start = random_start(&x, 3, CovarianceFamily::Full, &mut data::rng(7))?;
    let rule = stopping(Tolerance::LogLikelihood(1e-9), 200);
    let alone = Engine::new(1)?.fit(start.clone(), &stream, &rule)?;
    assert_eq!(Engine::new(3)?.fit(start.clone(), &stream, &rule)?, alone);
    let portable = Engine::portable(1)?.fit(start, &stream, &rule)?;
    assert!((portable.log_likelihood - alone.log_likelihood).abs() < 1e-6);
    assert_matrices_within(portable.model.means(), alone.model.means(), 1e-3);
    Ok(())
}

#[test]
fn nonsense_is_one_error() -> Outcome {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    let engine = Engine::new(1)?;
    for tolerance in [-1.0, f64::NAN] {
        for rule in [Tolerance::LogLikelihood(tolerance), Tolerance::Parameters(tolerance)] {
            let fit = engine.fit(start.clone(), &Data::new(&x)?, &stopping(rule, 10));
            assert!(matches!(mathematics(fit), Error::Domain { what: "tolerance", .. }));
        }
    }
    let weightless = DVector::zeros(272);
    let nothing = engine.sweep(&start, &Data::weighted(&x, &weightless)?);
    assert!(matches!(mathematics(nothing), Error::Domain { .. }));
    assert_eq!(engine.statistics(&start, &Data::weighted(&x, &weightless)?)?.total, 0.0);
    Ok(())
}
