//! The engine's step of a Bernoulli mixture is the derivation's, statistic by statistic, from random parameters.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod mathematics;

use common::bounds::{gamma, log_likelihood_error, responsibility_error, sum_of};
use common::tally::Tally;
use common::{assert_matrices_within, assert_within, cases};
use executable_em::bernoulli_mixture::{BernoulliMixture, random_start};
use executable_em::em::{Expected, Stopped, Stopping, Tolerance};
use executable_em::latent::{self, Model};
use executable_em::scale::SufficientStatistics;
use executable_em::{Error, data, em};
use executable_em_engine::{BernoulliStatistics, Data, Engine, Result, Source, Stream, Sweep};
use mathematics::mathematics;
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;
use rand::RngExt;

/// Draws, and coins that have nothing to do with them.
fn random_state(n: usize, d: usize, k: usize, flips: usize) -> (BernoulliMixture, DMatrix<f64>) {
    let mut rng = data::rng((n * 1000 + d * 31 + k * 7 + flips) as u64);
    let weights = cases::weights(k, &mut rng);
    let biases = DMatrix::from_fn(k, d, |_, _| rng.random_range(0.05..0.95));
    let x = DMatrix::from_fn(n, d, |_, _| rng.random_range(0..=flips) as f64);
    (BernoulliMixture::new(weights, biases, flips).expect("coins"), x)
}

/// With the widest instructions, and with none.
fn engines() -> [Engine; 2] {
    [Engine::new(1).expect("no threads"), Engine::portable(1).expect("no threads")]
}

fn statistics(
    engine: &Engine,
    model: &BernoulliMixture,
    x: &DMatrix<f64>,
) -> Result<Expected<BernoulliStatistics>> {
    engine.statistics(model, &Data::new(x)?)
}

fn sweep(engine: &Engine, model: &BernoulliMixture, x: &DMatrix<f64>) -> Result<Sweep<BernoulliMixture>> {
    engine.sweep(model, &Data::new(x)?)
}

/// A bound on the error of every log joint, 0 where it is −∞: a sum of 2d + 1 terms, each a logarithm (good to one unit
/// in the last place) times a count.
fn log_joint_error(model: &BernoulliMixture, x: &DMatrix<f64>) -> DMatrix<f64> {
    let log_joint = model.log_joint(x).expect("a log joint");
    let m = model.flips() as f64;
    DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
        if log_joint[(i, j)] == f64::NEG_INFINITY {
            return 0.0;
        }
        let times = |count: f64, log: f64| if count == 0.0 { 0.0 } else { count * log };
        let features = (0..model.d()).flat_map(|a| {
            let p = model.biases()[(j, a)];
            [times(x[(i, a)], p.ln()), times(m - x[(i, a)], (-p).ln_1p())]
        });
        let terms: Vec<f64> = features.chain([model.weights()[j].ln()]).collect();
        sum_of(&terms, gamma(3))
    })
}

/// Every statistic is the derivation's sum over the derivation's responsibilities.
///
/// Both sides' responsibilities err by at most `error` (the engine's exponential, good to three units, lies within the
/// factor two that the bound has in hand), each product by some more roundings, and the sums of n terms by γ(n):
/// Σ e y + γ(n + 8) Σ r y for a count y, for both. What cannot be is exactly zero.
#[track_caller]
fn assert_statistics(expected: &Expected<BernoulliStatistics>, model: &BernoulliMixture, x: &DMatrix<f64>) {
    let Expected { log_likelihood: found, total, expectation: statistics } = expected;
    let n = x.nrows();
    let m = model.flips() as f64;
    let log_joint = model.log_joint(x).expect("a log joint");
    let joint_error = log_joint_error(model, x);
    let r = model.responsibilities(x).expect("responsibilities");
    let error = responsibility_error(&log_joint, &joint_error);
    let log_likelihood = model.log_likelihood(x).expect("ℓ");
    let bound = 2.0 * log_likelihood_error(&log_joint, &joint_error);
    assert_within(*found, log_likelihood, bound);
    assert_eq!((*total, statistics.total), (n as f64, n as f64));
    for j in 0..model.k() {
        let sum = |count: &dyn Fn(usize) -> f64| {
            let terms: Vec<f64> = (0..n).map(|i| r[(i, j)] * count(i)).collect();
            let errors: f64 = (0..n).map(|i| error[(i, j)] * count(i)).sum();
            (terms.iter().sum::<f64>(), 2.0 * errors + 2.0 * sum_of(&terms, gamma(8)))
        };
        let (expected, bound) = sum(&|_| 1.0);
        assert_within(statistics.counts[j], expected, bound);
        for a in 0..model.d() {
            let (expected, bound) = sum(&|i| x[(i, a)]);
            assert_within(statistics.heads[(j, a)], expected, bound);
            let (expected, bound) = sum(&|i| m - x[(i, a)]);
            assert_within(statistics.tails[(j, a)], expected, bound);
        }
    }
}

/// All sizes that straddle the edges of tiles (2, 8, 16 draws; 4 coins) and blocks (128).
#[test]
fn statistics_are_the_derivations_at_every_size() -> Result<()> {
    for engine in engines() {
        for n in [1, 2, 127, 128, 129, 255, 256, 257] {
            for d in [1, 2, 3, 7, 8, 9, 33] {
                for k in [1, 2, 4, 5, 17] {
                    let flips = if (n + d + k) % 2 == 0 { 1 } else { 10 };
                    let (model, x) = random_state(n, d, k, flips);
                    assert_statistics(&statistics(&engine, &model, &x)?, &model, &x);
                }
            }
        }
        for (d, k, flips) in [(1, 2, 10), (3, 17, 1), (8, 2, 3), (9, 5, 1)] {
            let (model, x) = random_state(10_007, d, k, flips);
            assert_statistics(&statistics(&engine, &model, &x)?, &model, &x);
        }
    }
    Ok(())
}

#[test]
fn a_step_is_the_derivations_step() -> Result<()> {
    for engine in engines() {
        for (d, k, flips) in [(1, 2, 10), (4, 3, 1)] {
            let (model, x) = random_state(500, d, k, flips);
            let sweep = sweep(&engine, &model, &x)?;
            let derived = model.maximize(&x, &model.responsibilities(&x)?)?;
            // Numbers below one: quotients of sums of 500 terms, whose responsibilities err by some γ(2d + 8) |log
            // joint|.
            let bound = 100.0 * gamma(500);
            assert_matrices_within(sweep.model.biases(), derived.biases(), bound);
            assert!((sweep.model.weights() - derived.weights()).amax() < bound);
            assert_eq!((sweep.model.flips(), sweep.total), (flips, 500.0));
            assert_within(sweep.log_likelihood, model.log_likelihood(&x)?, 500.0 * bound);
        }
    }
    Ok(())
}

/// Biases from everywhere in [0, 1], 0 and 1 and numbers next to them included; draws that agree with at least one
/// coin.
fn hard_state(n: usize, d: usize, k: usize, flips: usize, seed: u64) -> (BernoulliMixture, DMatrix<f64>) {
    let mut rng = data::rng(seed);
    let biases = DMatrix::from_fn(k, d, |_, _| match rng.random_range(0..7) {
        0 => 0.0,
        1 => 1.0,
        2 => 1e-300,
        3 => 1.0 - f64::EPSILON,
        _ => rng.random_range(0.0..1.0),
    });
    let mut weights = cases::weights(k, &mut rng);
    if k > 1 && rng.random_bool(0.3) {
        weights[k - 1] = if rng.random_bool(0.5) { 0.0 } else { 1e-300 };
        weights /= weights.sum();
    }
    let model = BernoulliMixture::new(weights, biases, flips).expect("coins");
    let (x, _) = model.sample(n, &mut rng);
    (model, x)
}

/// Q from the sums is Q from the responsibilities, of these coins and of any others.
///
/// The derivation's errs by Σ r e, with e the error of its log joint, and by its sum over pairs. Let B be the sum of
/// the absolute terms of a log joint. The engine's responsibilities err by `error`, as in [`assert_statistics`], each
/// of its sums by γ(n + 8) of its terms, a logarithm and a product by γ(2), and its k(2d + 1) terms by their sum:
/// together less than Σ (error + r γ(n + k(2d + 1) + 10)) B.
#[track_caller]
fn assert_q(
    statistics: &BernoulliStatistics,
    model: &BernoulliMixture,
    x: &DMatrix<f64>,
    of: &BernoulliMixture,
) {
    let (n, k, d) = (x.nrows(), model.k(), model.d());
    let m = model.flips() as f64;
    let log_joint = model.log_joint(x).expect("a log joint");
    let r = latent::responsibilities(&log_joint).expect("responsibilities");
    let error = responsibility_error(&log_joint, &log_joint_error(model, x));
    let joint = of.log_joint(x).expect("a log joint");
    let q = latent::expected_log_joint(&r, &joint).expect("Q");
    let found = statistics.expected_log_joint(of).expect("as many coins and features");
    if q == f64::NEG_INFINITY {
        assert_eq!(found, q);
        return;
    }
    let terms: Vec<f64> = r.iter().zip(&joint).filter(|(r, _)| **r > 0.0).map(|(r, l)| r * l).collect();
    let mut bound = log_joint_error(of, x).dot(&r) + sum_of(&terms, f64::EPSILON);
    for (i, j) in (0..n).flat_map(|i| (0..k).map(move |j| (i, j))).filter(|&at| r[at] > 0.0) {
        let times = |count: f64, log: f64| if count == 0.0 { 0.0 } else { count * log.abs() };
        let sides = (0..d).map(|a| {
            let p = of.biases()[(j, a)];
            times(x[(i, a)], p.ln()) + times(m - x[(i, a)], (-p).ln_1p())
        });
        let size = sides.sum::<f64>() + of.weights()[j].ln().abs();
        bound += (2.0 * error[(i, j)] + r[(i, j)] * gamma(n + k * (2 * d + 1) + 10)) * size;
    }
    assert_within(found, q, bound);
}

#[test]
fn statistics_are_the_derivations_in_hard_cases() {
    let tally = Tally::new();
    let flips = prop::sample::select(vec![1usize, 2, 10, 1000]);
    let sizes = (1..=40usize, 1..=6usize, 1..=6usize, flips);
    proptest!(common::config(400), |((n, d, k, flips) in sizes, seed in any::<u64>())| {
        let (model, x) = hard_state(n, d, k, flips, seed);
        let mut compared = 0;
        for engine in engines() {
            let expected = statistics(&engine, &model, &x)?;
            assert_statistics(&expected, &model, &x);
            let next = sweep(&engine, &model, &x)?.model;
            let derived = model.maximize(&x, &model.responsibilities(&x)?)?;
            let tame = random_state(1, d, k, flips).0;
            for of in [&model, &derived, &tame] {
                assert_q(&expected.expectation, &model, &x, of);
            }
            let log_joint = model.log_joint(&x)?;
            for j in 0..k {
                // The draws that coin j can have made: of none it keeps its biases, of one side only it gets 0 or 1.
                // A bias that merely rounds to 1 may just as well round to the number below.
                let own: Vec<usize> = (0..n).filter(|&i| log_joint[(i, j)] > f64::NEG_INFINITY).collect();
                for a in 0..d {
                    let (found, expected) = (next.biases()[(j, a)], derived.biases()[(j, a)]);
                    let one_sided = [0.0, flips as f64].iter().any(|&side| own.iter().all(|&i| x[(i, a)] == side));
                    // Below that a responsibility may vanish from one sum and not from the other.
                    let seen = derived.weights()[j] > 1e-290;
                    let exact = own.is_empty() || one_sided && seen;
                    prop_assert!(!exact || found == expected, "{found}, not {expected}");
                    prop_assert!((0.0..=1.0).contains(&found));
                    compared += usize::from(exact);
                }
            }
        }
        tally.count(flips, compared > 0);
    });
    tally.assert_compared(|_| 0.85);
}

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
    for engine in [Engine::new(1)?, Engine::portable(1)?, Engine::new(2)?] {
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
    let (x, _) = coins.sample(400, &mut data::rng(1));
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

#[test]
fn bad_input_is_one_error() -> Result<()> {
    let engine = Engine::new(2)?;
    let (model, x) = random_state(20_000, 2, 2, 3);
    let expect = |row: usize, column: usize, value: f64| {
        let mut wrong = x.clone();
        wrong[(row, column)] = value;
        let halves = || Ok([(0, 700), (700, 19_300)].map(|(at, len)| Ok(wrong.rows(at, len).into_owned())));
        let in_memory = mathematics(sweep(&engine, &model, &wrong));
        let streamed = mathematics(engine.sweep(&model, &Stream(halves)));
        assert_eq!(streamed.to_string(), in_memory.to_string());
        in_memory
    };
    for (row, column, value) in
        [(0, 0, 0.5), (127, 1, -1.0), (128, 0, 4.0), (701, 1, 1e300), (19_999, 0, 2.5)]
    {
        let allowed = "a whole number of heads, at most the number of flips";
        assert_eq!(expect(row, column, value), Error::Entry { what: "data", row, column, value, allowed });
    }
    assert!(matches!(expect(9, 1, f64::NAN), Error::NotFinite { row: 9, column: 1, .. }));
    assert!(matches!(expect(999, 1, f64::INFINITY), Error::NotFinite { row: 999, column: 1, .. }));

    let of = |model: &BernoulliMixture, source: &dyn Source| mathematics(engine.sweep(model, source));
    assert!(matches!(
        of(&model, &Data::new(&x.columns(0, 1).into_owned())?),
        Error::Shape { what: "data", .. }
    ));
    assert!(matches!(of(&model, &Stream(|| Ok(Vec::new()))), Error::Empty { what: "data" }));
    let zero_weights = engine.sweep(&model, &Data::weighted(&x, &DVector::zeros(20_000))?);
    assert!(matches!(mathematics(zero_weights), Error::Domain { what: "sum of the counts", .. }));
    Ok(())
}
