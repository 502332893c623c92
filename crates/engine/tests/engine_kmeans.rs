//! The engine's k-means computes what the derivations say: the very same labels, and sums to rounding, in a single
//! sweep.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod mathematics;

use common::bounds::{gamma, objective_relative, sum_of};
use common::cases::{self, Kind};
use common::{assert_matrices_within, assert_within};
use executable_em::em::{Expected, Seen, Stopped, Stopping, Tolerance};
use executable_em::{Error, data, kmeans};
use executable_em_engine::{Data, Engine, KMeans, KMeansStatistics, Result, Source, Stream, Sweep};
use mathematics::mathematics;
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;
use rand::RngExt;
use std::ops::ControlFlow;

/// Data and means that have nothing to do with them but lie in the same region.
fn random_state(n: usize, d: usize, k: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = data::rng((n * 1000 + d * 31 + k) as u64);
    let mut uniform = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-2.0..2.0));
    (uniform(n, d), uniform(k, d))
}

/// Until the means are at rest.
const AT_REST: Stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 1000 };

fn statistics(
    engine: &Engine,
    means: &DMatrix<f64>,
    source: &impl Source,
) -> Result<Expected<KMeansStatistics>> {
    engine.statistics(&KMeans::new(means.clone())?, source)
}

/// With the widest instructions, and with none.
fn engines() -> [Engine; 2] {
    [Engine::new(1).expect("no threads"), Engine::portable(1).expect("no threads")]
}

fn labels(engine: &Engine, means: &DMatrix<f64>, source: &impl Source) -> Result<Vec<usize>> {
    let mut all = Vec::new();
    engine.labels(&KMeans::new(means.clone())?, source, |labels| {
        all.extend_from_slice(labels);
        Ok(())
    })?;
    Ok(all)
}

fn sweep(engine: &Engine, means: &DMatrix<f64>, source: &impl Source) -> Result<Sweep<KMeans>> {
    engine.sweep(&KMeans::new(means.clone())?, source)
}

/// Every statistic is the derivation's sum over the derivation's labels.
///
/// Labels and counts are equal. Both sides' squared distances are sums of d squares of the same differences, good to
/// γ(d + 2), and their sum over n to γ(n) more; the products w v are exact, so a sum of n differences is good to γ(n)
/// Σ|v|, on both sides.
#[track_caller]
fn assert_statistics(
    engine: &Engine,
    expected: &Expected<KMeansStatistics>,
    x: &DMatrix<f64>,
    means: &DMatrix<f64>,
) -> Result<()> {
    let Expected { log_likelihood, total, expectation: statistics } = expected;
    let (n, d) = x.shape();
    let k = means.nrows();
    let expected = kmeans::assign(x, means)?;
    assert_eq!(labels(engine, means, &Data::new(x)?)?, expected);
    assert_eq!((*total, statistics.rows), (n as f64, n));
    assert_eq!(&statistics.references, means);
    for j in 0..k {
        let cluster: Vec<usize> = (0..n).filter(|&i| expected[i] == j).collect();
        assert_eq!(statistics.counts[j], cluster.len() as f64);
        for a in 0..d {
            let v: Vec<f64> = cluster.iter().map(|&i| x[(i, a)] - means[(j, a)]).collect();
            assert_within(statistics.first[(j, a)], v.iter().sum(), 2.0 * sum_of(&v, 0.0));
        }
    }
    let objective = kmeans::objective(x, &kmeans::responsibilities(x, means)?, means)?;
    assert_within(-log_likelihood, objective, 2.0 * objective_relative(n, k, d) * objective);
    Ok(())
}

/// What two computations of a cluster's mean may differ by: sums of n data, or of n differences from a reference point,
/// divided and added to it; each is good to γ(n + 3) of the largest number that enters, which is at most twice the
/// largest datum or mean.
fn mean_bound(x: &DMatrix<f64>, means: &DMatrix<f64>) -> f64 {
    2.0 * gamma(x.nrows() + 3) * 2.0 * x.amax().max(means.amax())
}

/// All sizes that straddle the edges of tiles (2, 8, 16 data; 4 means; 4 dimensions) and blocks (32).
#[test]
fn statistics_are_the_derivations_at_every_size() -> Result<()> {
    for engine in engines() {
        for n in [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 255, 256, 257] {
            for d in [1, 2, 3, 4, 5, 7, 8, 9, 33] {
                for k in [1, 2, 4, 5, 17] {
                    let (x, means) = random_state(n, d, k);
                    let statistics = statistics(&engine, &means, &Data::new(&x)?)?;
                    assert_statistics(&engine, &statistics, &x, &means)?;
                }
            }
        }
        for (d, k) in [(1, 17), (2, 5), (7, 2), (8, 1), (9, 5)] {
            let (x, means) = random_state(10_007, d, k);
            let statistics = statistics(&engine, &means, &Data::new(&x)?)?;
            assert_statistics(&engine, &statistics, &x, &means)?;
        }
    }
    Ok(())
}

#[test]
fn a_sweep_is_the_derivations_sweep() -> Result<()> {
    for engine in engines() {
        for (n, d, k) in [(1, 1, 2), (300, 3, 4), (1000, 9, 17)] {
            let (x, means) = random_state(n, d, k);
            let sweep = sweep(&engine, &means, &Data::new(&x)?)?;
            let r = kmeans::responsibilities(&x, &means)?;
            let derived = kmeans::update_means(&x, &r, &means)?;
            assert_matrices_within(sweep.model.means(), &derived, mean_bound(&x, &means));
            let objective = kmeans::objective(&x, &r, &means)?;
            assert_within(-sweep.log_likelihood, objective, 2.0 * objective_relative(n, k, d) * objective);
            let counts = statistics(&engine, &means, &Data::new(&x)?)?.expectation.counts;
            assert_eq!(counts, executable_em::latent::counts(&r));
            assert_eq!(sweep.total, n as f64);
        }
    }
    Ok(())
}

/// Midway between two means rounding alone decides, and it decides as in the derivation, whatever the
/// instructions.
#[test]
fn near_ties_are_broken_as_in_the_derivation() -> Result<()> {
    for d in [2, 3, 8, 33] {
        for k in [2, 3, 9] {
            let (_, means) = random_state(1, d, k);
            let mut rng = data::rng((d * 10 + k) as u64);
            let x = DMatrix::from_fn(2000, d, |i, a| {
                let middle = 0.5 * (means[(i % k, a)] + means[((i + 1) % k, a)]);
                middle * (1.0 + f64::EPSILON * rng.random_range(-2..=2) as f64)
            });
            for engine in engines() {
                assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
            }
        }
    }
    Ok(())
}

/// Likewise far out between two means, and close to the origin between far means of equal length, where the products
/// that the engine compares err most.
#[test]
fn near_ties_far_from_the_means_are_broken_as_in_the_derivation() -> Result<()> {
    for (d, k) in [(2, 2), (3, 3), (8, 5)] {
        let mut rng = data::rng((d * 10 + k) as u64);
        let (_, means) = random_state(1, d, k);
        let between = (means.row(0) + means.row(1)) * 0.5;
        let across = means.row(0) - means.row(1);
        let mut far = DMatrix::zeros(500, d);
        for mut x in far.row_iter_mut() {
            let along = nalgebra::RowDVector::from_fn(d, |_, _| rng.random_range(-1e8..1e8));
            let off = along.dot(&across) / across.norm_squared();
            x.copy_from(&(&between + along - &across * off));
        }
        // Rows of the same numbers in different orders.
        let lengths: Vec<f64> = (0..d).map(|_| rng.random_range(0.1..1.0)).collect();
        let alike = DMatrix::from_fn(k, d, |j, a| lengths[(a + j) % d]);
        let close = DMatrix::from_fn(500, d, |_, _| rng.random_range(-1e-15..1e-15));
        for engine in engines() {
            for (x, means) in [(&far, &means), (&close, &alike)] {
                assert_eq!(labels(&engine, means, &Data::new(x)?)?, kmeans::assign(x, means)?);
            }
        }
    }
    Ok(())
}

/// Near-ties that single precision cannot decide, some of which double can; offsets; magnitudes that single precision
/// has no numbers for.
#[test]
fn labels_are_the_derivations_where_single_precision_fails() -> Result<()> {
    for d in [1, 2, 3, 4, 5, 8, 17, 33] {
        for k in [1, 2, 4, 5, 17, 65] {
            let (around, means) = random_state(100, d, k);
            let mut rng = data::rng((d * 100 + k) as u64);
            let mut near_tie = |relative: f64| {
                DMatrix::from_fn(100, d, |i, a| {
                    let middle = 0.5 * (means[(i % k, a)] + means[((i + 1) % k, a)]);
                    middle * (1.0 + relative * rng.random_range(-1.0..1.0))
                })
            };
            let near_ties = [1e-5, 1e-6, 1e-7, 1e-8, 1e-12, 0.0].map(&mut near_tie);
            let mixed = |m: &DMatrix<f64>| {
                m.map_with_location(|i, a, x| x * [1e30, 1e-30, 1e200, 1e-320, 1.0, 1e18, 1e-20][(i + a) % 7])
            };
            let mut cases: Vec<_> = near_ties.into_iter().map(|x| (x, means.clone())).collect();
            cases.push((around.map(|x| 1e6 + 1e-3 * x), means.map(|m| 1e6 + 1e-3 * m)));
            cases.push((mixed(&around), mixed(&means)));
            for scale in [1e30, 1e-30, 1e200, 1e-320, 1e19, 3e19, 1e38, 1e-19, 1e-23, 1e-38, 1e-45] {
                cases.push((scale * &around, scale * &means));
                cases.push((scale * &around, means.clone()));
                cases.push((around.clone(), scale * &means));
            }
            for (x, means) in &cases {
                let expected = kmeans::assign(x, means)?;
                for engine in engines() {
                    assert_eq!(labels(&engine, means, &Data::new(x)?)?, expected, "d = {d}, k = {k}");
                }
            }
        }
    }
    Ok(())
}

/// Two means m and −m, and a datum with x·m so close to 0 that single precision, summing d products of every sign, errs
/// by more: a bound that is too small does not notice. The data are so many that some of them err as much as they can.
#[test]
fn the_roundings_of_single_precision_are_all_accounted_for() -> Result<()> {
    let mut rng = data::rng(7);
    for d in [1, 2, 3, 8, 64] {
        let half = DMatrix::from_fn(1, d, |_, _| rng.random_range(0.5..2.0));
        let means = DMatrix::from_fn(2, d, |j, a| if j == 0 { half[a] } else { -half[a] });
        for size in [1e-8, 1e-7, 1e-6, 1e-5, 1e-4] {
            let x = DMatrix::from_fn(5_000, d, |_, _| rng.random_range(-1.0..1.0));
            let x = DMatrix::from_fn(5_000, d, |i, a| {
                // Orthogonal to m, but for a little.
                let along = x.row(i).dot(&half) / half.norm_squared();
                x[(i, a)] - (along - size * x[(i, 0)]) * half[a]
            });
            for engine in engines() {
                assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
            }
        }
    }
    Ok(())
}

/// Means whose differences from the centre single precision rounds: 1 + 2⁻²⁵ is 1, so both are as far from the data as
/// it can see. And data likewise, whose rounding decides where they are almost midway.
#[test]
fn the_rounding_to_single_precision_is_accounted_for() -> Result<()> {
    let tiny = 2f64.powi(-25);
    for engine in engines() {
        for sign in [1.0, -1.0] {
            // The centre is the origin.
            let means = dmatrix![1.0 + sign * tiny; -1.0; -sign * tiny];
            let x =
                DMatrix::from_fn(64, 1, |i, _| [0.5, -0.5][i % 2] * (1.0 + tiny * (i as f64 - 32.0) / 16.0));
            assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
            let means = dmatrix![1.0, 0.5 + sign * tiny; -1.0, -0.5 - sign * tiny];
            let x = DMatrix::from_fn(64, 2, |i, a| {
                [1.0, -2.0][a] * (1.0 + tiny * ((i / 8) as f64 - 3.5 * a as f64))
            });
            assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
        }
    }
    Ok(())
}

/// Where half of the tiles are hopeless in single precision, the others are not disturbed, and what fills up the last
/// one is not looked at.
#[test]
fn tiles_of_every_kind_alternate() -> Result<()> {
    let (_, means) = random_state(1, 5, 9);
    for n in [1, 15, 17, 31, 33, 47, 100, 1000, 5000] {
        let (x, _) = random_state(n, 5, 1);
        for period in [1, 7, 16, 48, 300] {
            let x = DMatrix::from_fn(n, 5, |i, a| {
                let middle = 0.5 * (means[(i % 9, a)] + means[((i + 1) % 9, a)]);
                if i / period % 2 == 0 { middle } else { x[(i, a)] }
            });
            for engine in engines() {
                let statistics = statistics(&engine, &means, &Data::new(&x)?)?;
                assert_statistics(&engine, &statistics, &x, &means)?;
            }
        }
    }
    Ok(())
}

/// The squares of (0.1, 0.3) and of (0.3, 0.1) add up to the same number, but not with fused multiply–adds.
#[test]
fn exact_ties_go_to_the_lower_index() -> Result<()> {
    let x = dmatrix![0.0, 0.0; 0.0, 0.0; 0.0, 0.0];
    for engine in engines() {
        for means in [
            dmatrix![9.0, 9.0; 0.1, 0.3; 0.3, 0.1],
            dmatrix![9.0, 9.0; 0.3, 0.1; 0.1, 0.3],
            dmatrix![9.0, 9.0; 0.3, 0.1; 0.3, 0.1],
        ] {
            assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, [1, 1, 1]);
            let counts = statistics(&engine, &means, &Data::new(&x)?)?.expectation.counts;
            assert_eq!(counts, dvector![0.0, 3.0, 0.0]);
        }
    }
    Ok(())
}

/// Data far from the origin whose spread is nine orders smaller, data whose squared distances underflow, and a start
/// that is far from its data: the labels are the derivation's, the sums as good as at the origin.
#[test]
fn labels_do_not_depend_on_the_scale() -> Result<()> {
    let (x, means) = random_state(1000, 3, 5);
    for (shift, scale) in [(1e6, 1e-3), (0.0, 1e-162), (0.0, 1e-155), (0.0, 1e150), (-1e9, 1e9)] {
        let (x, means) = (x.map(|x| shift + scale * x), means.map(|m| shift + scale * m));
        for engine in engines() {
            assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
            let next = sweep(&engine, &means, &Data::new(&x)?)?.model;
            let next = next.means();
            // The differences from the old means are exact or rounded once; what is left is the last bit of the mean.
            let r = kmeans::responsibilities(&x.map(|x| x - shift), &means.map(|m| m - shift))?;
            let expected =
                kmeans::update_means(&x.map(|x| x - shift), &r, &means.map(|m| m - shift))?.add_scalar(shift);
            assert_matrices_within(
                next,
                &expected,
                4.0 * gamma(1003) * 2.0 * scale + f64::EPSILON * f64::abs(shift),
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(common::config(300))]

    #[test]
    fn statistics_are_the_derivations_in_hard_cases(case in cases::strategy(&Kind::ALL)) {
        for engine in engines() {
            let means = case.model.means();
            let statistics = statistics(&engine, means, &Data::new(&case.x)?)?;
            assert_statistics(&engine, &statistics, &case.x, means)?;
        }
    }

    /// As many sweeps as the derivation, to the same labels.
    #[test]
    fn whole_runs_are_the_derivations(case in cases::strategy(&[Kind::Ordinary, Kind::Duplicated, Kind::Ties])) {
        let engine = Engine::new(1)?;
        let start = case.model.means();
        let derived = kmeans::lloyd(&case.x, start, 100)?;
        let fit = engine.fit(KMeans::new(start.clone())?, &Data::new(&case.x)?, &AT_REST)?;
        prop_assert_eq!(fit.stopped, Stopped::Converged);
        prop_assert_eq!(labels(&engine, fit.model.means(), &Data::new(&case.x)?)?, derived.labels());
        assert_matrices_within(fit.model.means(), derived.means(), mean_bound(&case.x, start));
        prop_assert_eq!(fit.sweeps, (derived.half_steps.len() - 1) / 2);
    }
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
            for engine in [Engine::new(1)?, Engine::portable(1)?, Engine::new(2)?] {
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

/// The bits do not depend on the number of threads, nor on the run.
#[test]
fn any_number_of_threads_gives_the_same_bits() -> Result<()> {
    for (n, d, k) in [(20_011, 2, 5), (70_001, 3, 4), (3_001, 9, 3)] {
        let (x, means) = random_state(n, d, k);
        let source = Data::new(&x)?;
        let alone = Engine::new(1)?;
        let (sums, expected) = (statistics(&alone, &means, &source)?, labels(&alone, &means, &source)?);
        assert_eq!(expected.len(), n);
        for threads in [2, 3, 7] {
            let engine = Engine::new(threads)?;
            for _ in 0..3 {
                assert_eq!(statistics(&engine, &means, &source)?, sums);
                assert_eq!(labels(&engine, &means, &source)?, expected);
            }
        }
    }
    Ok(())
}

/// A datum of weight 3 counts as three data, one of weight 0 as none.
#[test]
fn weights_of_data_count_repetitions() -> Result<()> {
    for engine in engines() {
        for d in [1, 3, 8] {
            let (x, means) = random_state(301, d, 3);
            let repetitions: Vec<usize> = (0..301).map(|i| i % 5).collect();
            let rows: Vec<usize> = (0..301).flat_map(|i| std::iter::repeat_n(i, repetitions[i])).collect();
            let weights = DVector::from_iterator(301, repetitions.iter().map(|&times| times as f64));
            let weighted = sweep(&engine, &means, &Data::weighted(&x, &weights)?)?;
            let repeated = x.select_rows(&rows);
            let expected = sweep(&engine, &means, &Data::new(&repeated)?)?;
            assert_eq!(weighted.total, expected.total);
            assert_matrices_within(
                weighted.model.means(),
                expected.model.means(),
                mean_bound(&repeated, &means),
            );
            let relative = 2.0 * objective_relative(rows.len(), 3, d);
            let (found, expected) = (-weighted.log_likelihood, -expected.log_likelihood);
            assert_within(found, expected, relative * expected);
            let counts = |of: Expected<KMeansStatistics>| of.expectation.counts;
            assert_eq!(
                counts(statistics(&engine, &means, &Data::weighted(&x, &weights)?)?),
                counts(statistics(&engine, &means, &Data::new(&repeated)?)?)
            );
        }
    }
    Ok(())
}

/// Blocks that are read one after the other give the labels and the sums of the whole.
#[test]
fn a_stream_is_as_good_as_memory() -> Result<()> {
    let (x, means) = random_state(3000, 3, 4);
    let engine = Engine::new(2)?;
    let blocks =
        || Ok([(0, 1), (1, 999), (1000, 2000)].map(|(start, len)| Ok(x.rows(start, len).into_owned())));
    let (stream, memory) = (Stream(blocks), Data::new(&x)?);
    assert_statistics(&engine, &statistics(&engine, &means, &stream)?, &x, &means)?;
    assert_eq!(labels(&engine, &means, &stream)?, labels(&engine, &means, &memory)?);
    let start = KMeans::new(means.clone())?;
    let (streamed, whole) =
        (engine.fit(start.clone(), &stream, &AT_REST)?, engine.fit(start, &memory, &AT_REST)?);
    assert_eq!(streamed.sweeps, whole.sweeps);
    assert_eq!(
        engine.statistics(&streamed.model, &stream)?.expectation.counts,
        engine.statistics(&whole.model, &memory)?.expectation.counts
    );
    assert_matrices_within(streamed.model.means(), whole.model.means(), mean_bound(&x, &means));
    Ok(())
}

/// The statistics of two parts add up to those of the whole.
#[test]
fn statistics_add_up() -> Result<()> {
    let engine = Engine::new(1)?;
    let (x, means) = random_state(1000, 3, 3);
    let of = |x: &DMatrix<f64>, means: &DMatrix<f64>| statistics(&engine, means, &Data::new(x)?);
    let (mut sum, rest) =
        (of(&x.rows(0, 317).into_owned(), &means)?, of(&x.rows(317, 683).into_owned(), &means)?);
    sum.expectation.add(&rest.expectation)?;
    sum.log_likelihood += rest.log_likelihood;
    sum.total += rest.total;
    assert_statistics(&engine, &sum, &x, &means)?;
    let mut sum = sum.expectation;
    let (found, expected) =
        (sum.maximize(&KMeans::new(means.clone())?)?, sweep(&engine, &means, &Data::new(&x)?)?.model);
    assert_matrices_within(found.means(), expected.means(), mean_bound(&x, &means));

    let before = sum.clone();
    let elsewhere = of(&x, &means.add_scalar(1.0))?.expectation;
    assert!(matches!(sum.add(&elsewhere), Err(Error::Domain { what: "reference point", .. })));
    let (y, smaller) = random_state(50, 2, 3);
    assert!(matches!(sum.add(&of(&y, &smaller)?.expectation), Err(Error::Shape { .. })));
    assert!(matches!(sum.maximize(&KMeans::new(smaller)?), Err(Error::Shape { .. })));
    assert_eq!(sum, before);
    Ok(())
}

#[test]
fn a_cluster_without_data_keeps_its_mean() -> Result<()> {
    let start = dmatrix![0.1; 0.7; 1e9];
    for engine in engines() {
        let x = dmatrix![0.0; 1.0];
        let next = sweep(&engine, &start, &Data::new(&x)?)?.model;
        let counts = statistics(&engine, &start, &Data::new(&x)?)?.expectation.counts;
        assert_eq!((next.means(), counts), (&dmatrix![0.0; 1.0; 1e9], dvector![1.0, 1.0, 0.0]));
        // Not even where all its data weigh nothing.
        let next = sweep(&engine, &start, &Data::weighted(&x, &dvector![0.0, 2.0])?)?;
        assert_eq!((next.model.means(), next.total), (&dmatrix![0.1; 1.0; 1e9], 2.0));
    }
    Ok(())
}

#[test]
fn bad_input_is_one_error() -> Result<()> {
    let engine = Engine::new(1)?;
    let (x, means) = random_state(40, 2, 3);
    let no_means = DMatrix::zeros(0, 2);
    assert!(matches!(
        mathematics(sweep(&engine, &no_means, &Data::new(&x)?)),
        Error::Empty { what: "means" }
    ));
    assert!(matches!(
        mathematics(labels(&engine, &no_means, &Data::new(&x)?)),
        Error::Empty { what: "means" }
    ));
    let mut nan = means.clone();
    nan[(1, 0)] = f64::NAN;
    assert!(matches!(
        mathematics(sweep(&engine, &nan, &Data::new(&x)?)),
        Error::NotFinite { what: "means", row: 1, .. }
    ));
    let narrow = x.columns(0, 1).into_owned();
    assert!(matches!(
        mathematics(sweep(&engine, &means, &Data::new(&narrow)?)),
        Error::Shape { what: "data", .. }
    ));
    assert!(matches!(
        mathematics(labels(&engine, &means, &Data::new(&narrow)?)),
        Error::Shape { what: "data", .. }
    ));
    let nothing = Stream(|| Ok(Vec::<Result<DMatrix<f64>>>::new()));
    assert!(matches!(mathematics(sweep(&engine, &means, &nothing)), Error::Empty { what: "data" }));
    assert!(matches!(mathematics(labels(&engine, &means, &nothing)), Error::Empty { what: "data" }));
    let broken = Stream(|| Ok([Ok(DMatrix::zeros(3, 2)), Ok(DMatrix::from_element(2, 2, f64::NAN))]));
    assert!(matches!(mathematics(sweep(&engine, &means, &broken)), Error::NotFinite { row: 3, .. }));
    let far = sweep(&engine, &dmatrix![1e200], &Data::new(&dmatrix![0.0])?);
    assert!(matches!(mathematics(far), Error::Domain { what: "sum of squared distances", .. }));

    let fit = |means: &DMatrix<f64>, tolerance| {
        let stopping = Stopping { tolerance: Tolerance::Parameters(tolerance), max_sweeps: 9 };
        engine.fit(KMeans::new(means.clone())?, &Data::new(&x)?, &stopping)
    };
    assert!(matches!(mathematics(fit(&means, -1.0)), Error::Domain { what: "tolerance", .. }));
    assert!(matches!(mathematics(fit(&means, f64::NAN)), Error::Domain { what: "tolerance", .. }));
    let many = DMatrix::from_element(41, 2, 0.5);
    assert_eq!(mathematics(fit(&many, 0.0)), Error::ComponentCount { k: 41, n: 40 });
    let stop =
        engine.labels(&KMeans::new(means)?, &Data::new(&x)?, |_| Err(Error::Empty { what: "visit" }.into()));
    assert_eq!(mathematics(stop), Error::Empty { what: "visit" });
    Ok(())
}
