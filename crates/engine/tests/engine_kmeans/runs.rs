//! Whole runs, from one start and from several.

use crate::common::bounds::{labels_are_decided, objective_relative};
use crate::common::cases::{self, Kind};
use crate::common::tally::Tally;
use crate::common::{assert_matrices_within, assert_within, config};
use crate::mathematics::mathematics;
use crate::{AT_REST, engines, labels, mean_bound, random_state};
use executable_em::em::{Seen, Stopped, Stopping, Tolerance};
use executable_em::kmeans::{self, Step};
use executable_em::{Error, data};
use executable_em_engine::{Data, Engine, KMeans, Result};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;
use std::ops::ControlFlow;

/// As many sweeps as the derivation, to the same labels, unless a datum lies midway between two means that have moved.
#[test]
fn whole_runs_are_the_derivations() {
    let tally = Tally::new();
    proptest!(config(300), |(case in cases::strategy(&Kind::ALL))| {
        let engine = Engine::new(1)?;
        let start = case.model.means();
        let derived = kmeans::lloyd(&case.x, start, 100)?;
        let fit = engine.fit(KMeans::new(start.clone())?, &Data::new(&case.x)?, &AT_REST)?;
        prop_assert_eq!(fit.stopped, Stopped::Converged);
        let bound = mean_bound(&case.x, start);
        // From the start itself both have the same distances, ties and all.
        let moved = derived.half_steps[1..].iter().filter(|half_step| half_step.step == Step::Assign);
        let decided = moved.into_iter().all(|half_step| labels_are_decided(&case.x, &half_step.means, bound));
        tally.count(case.kind, decided);
        if decided {
            prop_assert_eq!(labels(&engine, fit.model.means(), &Data::new(&case.x)?)?, derived.labels());
            assert_matrices_within(fit.model.means(), derived.means(), bound);
            prop_assert_eq!(fit.sweeps, (derived.half_steps.len() - 1) / 2);
        }
    });
    tally.assert_compared(|kind| if *kind == Kind::Ties { 0.85 } else { 0.99 });
}

#[test]
fn a_whole_run_is_the_derivations() -> Result<()> {
    let (blobs, _) = data::blobs();
    let (scattered, _) = random_state(600, 5, 1);
    for (x, k) in [(data::old_faithful(), 3), (blobs, 4), (scattered, 7)] {
        for seed in 0..5 {
            let start = kmeans::random_start(&x, k, &mut data::rng(seed))?;
            let derived = kmeans::lloyd(&x, &start, 1000)?;
            let sweeps = (derived.half_steps.len() - 1) / 2;
            for engine in engines().into_iter().chain([Engine::new(2)?]) {
                let source = Data::new(&x)?;
                let fit = engine.fit(KMeans::new(start.clone())?, &source, &AT_REST)?;
                assert_eq!((fit.stopped, fit.sweeps), (Stopped::Converged, sweeps));
                assert_eq!(labels(&engine, fit.model.means(), &source)?, derived.labels());
                assert_matrices_within(fit.model.means(), derived.means(), mean_bound(&x, &start));
                // The objective is flat where its means are averages: their errors enter squared.
                let relative = 4.0 * objective_relative(x.nrows(), k, x.ncols());
                assert_within(-fit.log_likelihood, derived.objective(), relative * derived.objective());
                let counts = engine.statistics(&fit.model, &source)?.expectation.counts;
                for (j, &count) in counts.iter().enumerate() {
                    assert_eq!(count, derived.labels().iter().filter(|&&label| label == j).count() as f64);
                }
            }
            // Cut short, both have done as many sweeps.
            let cap = sweeps / 2;
            let stopping = Stopping { max_sweeps: cap, ..AT_REST };
            let fit = Engine::new(1)?.fit(KMeans::new(start.clone())?, &Data::new(&x)?, &stopping)?;
            assert_eq!((fit.stopped, fit.sweeps), (Stopped::MaxSweeps, cap));
            let derived = kmeans::lloyd(&x, &start, cap)?;
            assert_matrices_within(fit.model.means(), derived.means(), mean_bound(&x, &start));
        }
    }
    Ok(())
}

/// Without a tolerance a run goes on while a mean moves, even where J, of order 10¹⁸ through two distant data, shows no
/// fall.
#[test]
fn a_fall_too_small_for_j_does_not_stop_a_run() -> Result<()> {
    let (near, _) = random_state(300, 1, 1);
    let x = DMatrix::from_fn(302, 1, |i, _| match i {
        300 => 1e10 - 1e9,
        301 => 1e10 + 1e9,
        _ => near[i],
    });
    let start = dmatrix![-2.0; -1.9; -1.8; 1e10];
    let derived = kmeans::lloyd(&x, &start, 1000)?;
    let fit = Engine::new(1)?.fit(KMeans::new(start)?, &Data::new(&x)?, &AT_REST)?;
    assert_eq!((fit.sweeps, fit.stopped), ((derived.half_steps.len() - 1) / 2, Stopped::Converged));
    assert_eq!(labels(&Engine::new(1)?, fit.model.means(), &Data::new(&x)?)?, derived.labels());
    Ok(())
}

/// J falls from sweep to sweep, and the run ends after the first fall that is no larger than the tolerance, in squared
/// units a datum; at rest, where no tolerance is asked for, before the first sweep without a fall.
#[test]
fn a_tolerance_stops_earlier() -> Result<()> {
    let (x, _) = random_state(2000, 2, 1);
    let engine = Engine::new(1)?;
    let start = KMeans::new(kmeans::random_start(&x, 8, &mut data::rng(4))?)?;
    let mut sweeps = usize::MAX;
    for tolerance in [0.0, 1e-5, 1e-3, 0.1] {
        let mut objectives = Vec::new();
        let stopping = Stopping { tolerance: Tolerance::LogLikelihood(tolerance), max_sweeps: 1000 };
        let stopping = if tolerance > 0.0 { stopping } else { AT_REST };
        let fit = engine.best_of([Ok(start.clone())], &Data::new(&x)?, &stopping, |seen| {
            if let Seen::Sweep { start, sweeps, expected, .. } = seen {
                assert_eq!((start, sweeps, expected.total), (0, objectives.len(), 2000.0));
                objectives.push(-expected.log_likelihood);
            }
            ControlFlow::Continue(())
        })?;
        assert_eq!((fit.stopped, fit.total), (Stopped::Converged, 2000.0));
        assert_eq!((fit.sweeps + 1, -fit.log_likelihood), (objectives.len(), objectives[fit.sweeps]));
        let falls: Vec<bool> =
            objectives.windows(2).map(|pair| (pair[0] - pair[1]) / 2000.0 > tolerance).collect();
        if tolerance > 0.0 {
            let (last, others) = falls.split_last().expect("more than one sweep");
            assert!(!last && others.iter().all(|&fell| fell), "{tolerance}: {falls:?}");
        } else {
            assert!(falls.iter().all(|&fell| fell) && fit.sweeps > 10);
        }
        assert!(fit.sweeps < sweeps, "{tolerance}: {} after {sweeps}", fit.sweeps);
        sweeps = fit.sweeps;
    }
    Ok(())
}

/// Where the start is at rest, the sweep that shows it is counted, as in the derivation.
#[test]
fn a_start_at_rest_stays() -> Result<()> {
    let (x, start) = (dmatrix![0.0; 1.0; 9.0; 10.0], dmatrix![0.5; 9.5]);
    let fit = Engine::new(1)?.fit(KMeans::new(start.clone())?, &Data::new(&x)?, &AT_REST)?;
    let derived = kmeans::lloyd(&x, &start, 10)?;
    assert_eq!((fit.model.means(), fit.sweeps, derived.half_steps.len()), (&start, 1, 3));
    Ok(())
}

#[test]
fn the_best_of_several_starts_wins() -> Result<()> {
    let (x, _) = data::blobs();
    let engine = Engine::new(1)?;
    let source = Data::new(&x)?;
    let starts: Vec<KMeans> = (0..8)
        .map(|seed| KMeans::new(kmeans::random_start(&x, 4, &mut data::rng(seed))?))
        .collect::<Result<_>>()?;
    let alone: Vec<f64> = starts
        .iter()
        .map(|start| Ok(-engine.fit(start.clone(), &source, &AT_REST)?.log_likelihood))
        .collect::<Result<_>>()?;
    let least = (0..8).min_by(|&a, &b| alone[a].total_cmp(&alone[b])).expect("eight starts");
    assert!(alone.iter().any(|&objective| objective > 1.1 * alone[least]));

    let broken = || Err(Error::Empty { what: "a start" }.into());
    let with_broken = || [broken()].into_iter().chain(starts.iter().cloned().map(Ok));
    let best_of = |starts: Vec<Result<KMeans>>| {
        engine.best_of(starts, &source, &AT_REST, |_| ControlFlow::Continue(()))
    };
    let fit = best_of(with_broken().collect())?;
    assert_eq!((fit.start, -fit.log_likelihood), (least + 1, alone[least]));
    assert_eq!(fit.stopped, Stopped::Converged);

    // Broken off in the first sweep of the third start: the best of two, and of what there is of the third.
    let fit = engine.best_of(starts.iter().cloned().map(Ok), &source, &AT_REST, |seen| match seen {
        Seen::Sweep { start: 2, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })?;
    assert_eq!((fit.stopped, -fit.log_likelihood), (Stopped::Interrupted, alone[0].min(alone[1])));

    let failed = best_of(vec![broken(), KMeans::new(dmatrix![f64::NAN])]);
    assert_eq!(mathematics(failed), Error::Empty { what: "a start" });
    assert_eq!(mathematics(best_of(vec![])), Error::Empty { what: "starts" });
    Ok(())
}
