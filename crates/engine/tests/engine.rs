//! The engine computes what the derivations say: statistic by statistic, from random parameters, in a single step (a
//! whole fit would contract errors away).

#[path = "../../../tests/common/mod.rs"]
mod common;
mod mathematics;

use common::bounds::{self, gamma, sum_of};
use common::cases::{self, Kind};
use common::{assert_matrices_within, assert_within};
use executable_em::em::Expected;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::latent::{self, Model};
use executable_em::scale::{Moments, SufficientStatistics};
use executable_em::{Error, data};
use executable_em_engine::{Data, Engine, Result};
use mathematics::mathematics;
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;
use rand::RngExt;

/// Data about k random centres, and parameters that have nothing to do with them but lie in the same region.
fn random_state(family: CovarianceFamily, n: usize, d: usize, k: usize) -> (GaussianMixture, DMatrix<f64>) {
    let mut rng = data::rng((n * 1000 + d * 31 + k) as u64);
    let mut uniform = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-2.0..2.0));
    let (x, means) = (uniform(n, d), uniform(k, d));
    let full: Vec<DMatrix<f64>> = (0..k).map(|_| cases::covariance(d, &mut rng)).collect();
    let weights = cases::weights(k, &mut rng);
    let covariances = family.constrain(full, &weights).expect("covariances of the family");
    (GaussianMixture::new(weights, means, covariances, family).expect("a mixture"), x)
}

fn statistics(engine: &Engine, model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Expected<Moments>> {
    engine.statistics(model, &Data::new(x)?)
}

/// The parameters after a sweep, and ℓ before it.
fn sweep(engine: &Engine, model: &GaussianMixture, x: &DMatrix<f64>) -> Result<(GaussianMixture, f64)> {
    let sweep = engine.sweep(model, &Data::new(x)?)?;
    Ok((sweep.model, sweep.log_likelihood))
}

fn weighted_sweep(
    engine: &Engine,
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    weights: &DVector<f64>,
) -> Result<(GaussianMixture, f64)> {
    let sweep = engine.sweep(model, &Data::weighted(x, weights)?)?;
    Ok((sweep.model, sweep.log_likelihood))
}

/// Every statistic is the derivation's sum over the derivation's responsibilities.
///
/// Both sides' responsibilities err by at most `error` (the engine's exponential, good to three units, and its inverse
/// factor lie within the factor two that the bound has in hand), each product by some more roundings, and the sums of n
/// terms by γ(n): Σ e |v||v'| + γ(n + 8) Σ r |v||v'|, for both.
#[track_caller]
fn assert_statistics(expected: &Expected<Moments>, model: &GaussianMixture, x: &DMatrix<f64>) {
    let Expected { log_likelihood, total, expectation: statistics } = expected;
    let (n, d) = x.shape();
    let log_joint = model.log_joint(x).expect("a log joint");
    let joint_error = bounds::log_joint_error(model, x);
    let r = model.responsibilities(x).expect("responsibilities");
    let error = bounds::responsibility_error(&log_joint, &joint_error);
    let likelihood_error = bounds::log_likelihood_error(&log_joint, &joint_error);
    assert_within(*log_likelihood, model.log_likelihood(x).expect("ℓ"), 2.0 * likelihood_error);
    assert_eq!((*total, statistics.total), (n as f64, n as f64));
    assert_eq!(&statistics.references, model.means());

    let off_diagonal = matches!(model.family(), CovarianceFamily::Full | CovarianceFamily::Tied);
    for j in 0..model.k() {
        let sum = |factor: &dyn Fn(usize) -> f64| {
            let terms: Vec<f64> = (0..n).map(|i| r[(i, j)] * factor(i)).collect();
            let errors: f64 = (0..n).map(|i| error[(i, j)] * factor(i).abs()).sum();
            (terms.iter().sum::<f64>(), 2.0 * errors + 2.0 * sum_of(&terms, gamma(8)))
        };
        let v = |i: usize, a: usize| x[(i, a)] - model.means()[(j, a)];
        let (count, bound) = sum(&|_| 1.0);
        assert_within(statistics.counts[j], count, bound);
        for a in 0..d {
            let (first, bound) = sum(&|i| v(i, a));
            assert_within(statistics.first[(j, a)], first, bound);
            for b in 0..=a {
                let found = statistics.second[j][(a, b)];
                assert_eq!(found, statistics.second[j][(b, a)]);
                if a == b || off_diagonal {
                    let (second, bound) = sum(&|i| v(i, a) * v(i, b));
                    assert_within(found, second, bound);
                } else {
                    assert_eq!(found, 0.0);
                }
            }
        }
    }
}

/// With the machine's vector instructions, and without.
fn engines() -> Result<[Engine; 2]> {
    Ok([Engine::new(1)?, Engine::portable(1)?])
}

/// All sizes that straddle the edges of lanes (4), strips (8) and blocks (at most 384), of the panels of four
/// dimensions and of the dimensions that have kernels of their own (1 to 8).
#[test]
fn statistics_are_the_derivations_at_every_size() -> Result<()> {
    let [engine, _] = engines()?;
    for family in CovarianceFamily::ALL {
        for n in [1, 2, 7, 8, 9, 255, 256, 257, 385] {
            for d in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 33] {
                for k in [1, 2, 5, 17] {
                    let (model, x) = random_state(family, n, d, k);
                    assert_statistics(&statistics(&engine, &model, &x)?, &model, &x);
                }
            }
        }
    }
    Ok(())
}

/// Where a register holds one number, a strip holds two.
#[test]
fn statistics_are_the_derivations_without_vector_instructions() -> Result<()> {
    let [_, engine] = engines()?;
    for family in CovarianceFamily::ALL {
        for n in [1, 2, 3, 257, 385] {
            for d in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 33] {
                for k in [1, 3] {
                    let (model, x) = random_state(family, n, d, k);
                    assert_statistics(&statistics(&engine, &model, &x)?, &model, &x);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn statistics_are_the_derivations_over_several_chunks() -> Result<()> {
    let engine = Engine::new(2)?;
    for family in CovarianceFamily::ALL {
        for (d, k) in [(1, 17), (2, 5), (3, 2), (7, 1), (8, 5), (9, 2), (33, 1)] {
            let (model, x) = random_state(family, 10_007, d, k);
            assert_statistics(&statistics(&engine, &model, &x)?, &model, &x);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(common::config(60))]

    /// From hard starts of any size.
    #[test]
    fn statistics_are_the_derivations_at_random_sizes(
        kind in prop::sample::select(&Kind::ALL),
        family in prop::sample::select(CovarianceFamily::ALL.to_vec()),
        n in 1..=500usize,
        k in 1..=20usize,
        d in prop_oneof![1..=20usize, 48..=53usize],
        seed: u64,
    ) {
        let case = cases::case(kind, family, n, k, d, seed);
        if case.model.log_likelihood(&case.x).is_ok() {
            for engine in engines()? {
                assert_statistics(&statistics(&engine, &case.model, &case.x)?, &case.model, &case.x);
            }
        }
    }
}

/// Data about k centres that lie about 2·`spread`·√d standard deviations from each other, and the parameters that they
/// come from.
fn clusters_apart(
    family: CovarianceFamily,
    (n, d, k): (usize, usize, usize),
    spread: f64,
) -> (GaussianMixture, DMatrix<f64>) {
    let (model, mut x) = random_state(family, n, d, k);
    let model = model.with_means(model.means() * spread).expect("finite means");
    for (i, mut row) in x.row_iter_mut().enumerate() {
        row += model.means().row(i * 7 % k);
    }
    (model, x)
}

/// Where nearly all responsibilities are negligible, many are, or just some.
#[test]
fn statistics_are_the_derivations_where_clusters_lie_apart() -> Result<()> {
    for engine in engines()? {
        for (family, d) in [
            (CovarianceFamily::Full, 11),
            (CovarianceFamily::Tied, 12),
            (CovarianceFamily::Full, 48),
            (CovarianceFamily::Full, 67),
            (CovarianceFamily::Diagonal, 70),
        ] {
            for n in [1, 9, 97, 450] {
                for spread in [0.5, 1.0, 2.0, 5.0, 20.0] {
                    let (model, x) = clusters_apart(family, (n, d, 5), spread);
                    assert_statistics(&statistics(&engine, &model, &x)?, &model, &x);
                }
            }
        }
    }
    Ok(())
}

/// 500 data of 11 dimensions about two components, about 7·`scale` from the third, which is at the origin; all are
/// `scale` wide.
fn far_from_the_third(scale: f64) -> (GaussianMixture, DMatrix<f64>) {
    let (model, x) = random_state(CovarianceFamily::Spherical, 500, 11, 3);
    let covariances = vec![DMatrix::identity(11, 11) * scale * scale; 3];
    let mut means = model.means().add_scalar(7.0) * scale;
    means.row_mut(2).fill(0.0);
    let model = GaussianMixture::new(model.weights().clone(), means, covariances, CovarianceFamily::Full);
    (model.expect("a mixture"), x.add_scalar(7.0) * scale)
}

/// All that a component has may be what is negligible to others: 10⁻⁸⁰ of a datum, …
#[test]
fn a_component_that_has_died_is_still_the_derivations() -> Result<()> {
    let (model, x) = far_from_the_third(1.0);
    let statistics = statistics(&Engine::new(1)?, &model, &x)?;
    assert!((1e-120..1e-65).contains(&statistics.expectation.counts[2]), "{}", statistics.expectation.counts);
    assert_statistics(&statistics, &model, &x);
    Ok(())
}

/// … or a spread of 10⁻⁸⁰ about the datum that it sits on or nearly so, …
#[test]
fn a_component_on_a_single_datum_is_still_the_derivations() -> Result<()> {
    let scale = 2.0_f64.powi(200);
    let (model, mut x) = far_from_the_third(scale);
    for place in [0.0, 1.0] {
        x.row_mut(100).fill(place);
        let statistics = statistics(&Engine::new(1)?, &model, &x)?;
        assert!((statistics.expectation.counts[2] - 1.0).abs() < 1e-12, "{}", statistics.expectation.counts);
        let second = statistics.expectation.second[2][(0, 0)] / (scale * scale);
        assert!((1e-120..1e-65).contains(&second), "{second}");
        assert_statistics(&statistics, &model, &x);
    }
    Ok(())
}

/// … or about one that it moves onto, …
#[test]
fn a_component_that_moves_onto_a_datum_is_still_the_derivations() -> Result<()> {
    let (model, mut x) = far_from_the_third(1.0);
    x.row_mut(100).fill(1.0);
    let (next, _) = sweep(&Engine::new(1)?, &model, &x)?;
    let derived = derived_step(&model, &x);
    let derived = &derived.covariances()[2];
    assert!((1e-120..1e-65).contains(&derived[(0, 0)]), "{derived}");
    assert_matrices_within(&next.covariances()[2], derived, 1e-12 * derived.amax());
    Ok(())
}

/// … or all but a datum that hardly counts, but lies so far away that its second moment hides what they lack.
#[test]
fn a_component_with_a_datum_that_hardly_counts_is_still_the_derivations() -> Result<()> {
    let (model, mut x) = far_from_the_third(1.0);
    let (mut covariances, mut means) = (model.covariances().to_vec(), model.means().clone());
    covariances[2] *= 4.0;
    means.row_mut(2).fill(-5.0);
    let model = model.with_means(means)?.with_covariances(covariances, model.family())?;
    x.row_mut(100).fill(2.0_f64.powi(130));
    let weights = DVector::from_fn(500, |i, _| if i == 100 { 2.0_f64.powi(-300) } else { 1.0 });
    let statistics = Engine::new(1)?.statistics(&model, &Data::weighted(&x, &weights)?)?;
    let expected = model.responsibilities(&x)?.column(2).dot(&weights);
    assert!((1e-120..1e-65).contains(&expected), "{expected}");
    assert_within(statistics.expectation.counts[2], expected, 1e-12 * expected);
    Ok(())
}

/// One step by the derivation.
fn derived_step(model: &GaussianMixture, x: &DMatrix<f64>) -> GaussianMixture {
    model.maximize(x, &model.responsibilities(x).expect("responsibilities")).expect("an M step")
}

#[test]
fn a_step_is_the_derivations_step() -> Result<()> {
    let engine = Engine::new(1)?;
    for family in CovarianceFamily::ALL {
        let (model, x) = random_state(family, 500, 3, 4);
        let (next, log_likelihood) = sweep(&engine, &model, &x)?;
        let derived = derived_step(&model, &x);
        // Numbers of order one, sums of 500 terms, covariances of condition some hundreds.
        let bound = 100.0 * gamma(500);
        assert_eq!(next.family(), family);
        assert_matrices_within(next.means(), derived.means(), bound);
        for (covariance, derived) in next.covariances().iter().zip(derived.covariances()) {
            assert_matrices_within(covariance, derived, bound);
        }
        assert!((next.weights() - derived.weights()).amax() < bound);
        assert_within(log_likelihood, model.log_likelihood(&x)?, 500.0 * bound);
    }
    Ok(())
}

proptest! {
    #![proptest_config(common::config(300))]

    /// From the hard starts, too, as long as the derivation itself has an answer.
    #[test]
    fn statistics_are_the_derivations_in_hard_cases(case in cases::strategy(&Kind::ALL)) {
        if case.model.log_likelihood(&case.x).is_ok() {
            let statistics = statistics(&Engine::new(1)?, &case.model, &case.x)?;
            assert_statistics(&statistics, &case.model, &case.x);
        }
    }
}

/// The bits do not depend on the number of threads, nor on the run.
#[test]
fn any_number_of_threads_gives_the_same_bits() -> Result<()> {
    for (family, n, d, k) in [
        (CovarianceFamily::Full, 20_011, 2, 5),
        (CovarianceFamily::Full, 3_001, 9, 3),
        (CovarianceFamily::Diagonal, 5_003, 4, 3),
        (CovarianceFamily::Full, 5_003, 12, 5),
    ] {
        let (model, x) = clusters_apart(family, (n, d, k), 1.0);
        let alone = statistics(&Engine::new(1)?, &model, &x)?;
        for threads in [1, 2, 3, 7] {
            let engine = Engine::new(threads)?;
            for _ in 0..3 {
                assert_eq!(statistics(&engine, &model, &x)?, alone);
            }
        }
    }
    Ok(())
}

/// The statistics of two parts add up to those of the whole.
#[test]
fn statistics_add_up() -> Result<()> {
    let engine = Engine::new(1)?;
    let (model, x) = random_state(CovarianceFamily::Full, 1000, 3, 3);
    let mut sum = statistics(&engine, &model, &x.rows(0, 317).into_owned())?;
    sum.add(&statistics(&engine, &model, &x.rows(317, 683).into_owned())?)?;
    assert_statistics(&sum, &model, &x);

    let (other, _) = random_state(CovarianceFamily::Full, 5, 3, 3);
    let elsewhere = statistics(&engine, &model.with_means(other.means().add_scalar(1.0))?, &x)?;
    assert!(matches!(sum.clone().add(&elsewhere), Err(Error::Domain { what: "reference point", .. })));
    let (smaller, y) = random_state(CovarianceFamily::Full, 50, 2, 3);
    assert!(matches!(sum.add(&statistics(&engine, &smaller, &y)?), Err(Error::Shape { .. })));
    Ok(())
}

/// The expected log joint that follows from the sums is the derivation's, in every family: of diagonal covariances the
/// engine holds the diagonals alone.
#[test]
fn q_follows_from_the_sums() -> Result<()> {
    for family in CovarianceFamily::ALL {
        let (model, x) = random_state(family, 500, 3, 4);
        let expected = statistics(&Engine::new(1)?, &model, &x)?;
        let (r, other) = (model.responsibilities(&x)?, derived_step(&model, &x));
        for of in [&model, &other] {
            let q = latent::expected_log_joint(&r, &of.log_joint(&x)?)?;
            // As for ℓ: 500 terms of order one, covariances of condition some hundreds.
            assert_within(expected.expectation.expected_log_joint(of)?, q, 500.0 * 100.0 * gamma(500));
        }
        let entropy = expected.log_likelihood - expected.expectation.expected_log_joint(&model)?;
        let terms = r.map(|r| if r > 0.0 { -r * r.ln() } else { 0.0 });
        assert_within(entropy, terms.sum(), 500.0 * 100.0 * gamma(500));
    }
    Ok(())
}

/// A datum of weight 3 counts as three data, one of weight 0 as none.
#[test]
fn weights_of_data_count_repetitions() -> Result<()> {
    let engine = Engine::new(1)?;
    for (family, d) in [
        (CovarianceFamily::Full, 2),
        (CovarianceFamily::Full, 6),
        (CovarianceFamily::Full, 12),
        (CovarianceFamily::Spherical, 3),
    ] {
        let (model, x) = clusters_apart(family, (300, d, 3), 1.0);
        let repetitions: Vec<usize> = (0..300).map(|i| i % 4).collect();
        let rows: Vec<usize> = (0..300).flat_map(|i| std::iter::repeat_n(i, repetitions[i])).collect();
        let weights = DVector::from_iterator(300, repetitions.iter().map(|&times| times as f64));
        let (weighted, log_likelihood) = weighted_sweep(&engine, &model, &x, &weights)?;
        let (repeated, expected) = sweep(&engine, &model, &x.select_rows(&rows))?;
        let bound = 100.0 * gamma(600);
        assert_matrices_within(weighted.means(), repeated.means(), bound);
        for (covariance, expected) in weighted.covariances().iter().zip(repeated.covariances()) {
            assert_matrices_within(covariance, expected, bound);
        }
        assert!((weighted.weights() - repeated.weights()).amax() < bound);
        assert_within(log_likelihood, expected, 600.0 * bound);
    }
    Ok(())
}

/// Data far from the origin, whose spread is nine orders smaller: their variances are right to the accuracy of the
/// data.
#[test]
fn far_from_the_origin_no_digits_are_lost() -> Result<()> {
    let (_, small) = random_state(CovarianceFamily::Full, 1000, 2, 1);
    let x = small.map(|value| 1e6 + 1e-3 * value);
    let start = GaussianMixture::new(
        dvector![0.5, 0.5],
        dmatrix![1e6, 1e6; 1e6 + 1e-3, 1e6],
        vec![dmatrix![1e-6, 0.0; 0.0, 1e-6]; 2],
        CovarianceFamily::Full,
    )?;
    let (next, _) = sweep(&Engine::new(1)?, &start, &x)?;
    let derived = derived_step(&start, &x);
    for (covariance, expected) in next.covariances().iter().zip(derived.covariances()) {
        // x − μ is exact, but the derivation's mean, a number of order 10⁶, is rounded by up to γ(n)10⁶, and enters
        // squared; what is left is the rounding of sums.
        let mean_error = gamma(1000) * 1e6;
        assert_matrices_within(covariance, expected, mean_error * mean_error + 4.0 * gamma(1000) * 4e-6);
    }
    Ok(())
}

/// A start far from its data moves its mean by many new standard deviations; the variance keeps its digits all the
/// same.
#[test]
fn a_long_move_loses_no_digits() -> Result<()> {
    let x = dmatrix![1e8 - 1.0; 1e8; 1e8 + 1.0];
    let start =
        GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1e16]], CovarianceFamily::Full)?;
    let (next, _) = sweep(&Engine::new(1)?, &start, &x)?;
    assert_within(next.covariances()[0][(0, 0)], 2.0 / 3.0, 1e-15);
    assert_eq!(next.means()[0], 1e8);
    Ok(())
}

/// Scales of 10⁻⁶ and 10⁶ side by side, and responsibilities far below 10⁻³⁰⁰ down to the smallest number.
#[test]
fn scales_and_responsibilities_may_differ_by_any_factor() -> Result<()> {
    let x = dmatrix![0.0; 1e-6; -1e-6; 1e6; -2e6; 3.0; 37.0];
    let model = GaussianMixture::new(
        dvector![0.3, 0.3, 0.4],
        dmatrix![0.0; 0.0; 1.0],
        vec![dmatrix![1e-12], dmatrix![1e12], dmatrix![1.0]],
        CovarianceFamily::Full,
    )?;
    assert_statistics(&statistics(&Engine::new(1)?, &model, &x)?, &model, &x);

    // At −38.6 from its mean the first component is 10⁻³²³·⁶ as likely as the second.
    let far = GaussianMixture::new(
        dvector![0.5, 0.5],
        dmatrix![0.0; 38.6],
        vec![dmatrix![1.0]; 2],
        CovarianceFamily::Full,
    )?;
    let statistics = statistics(&Engine::new(1)?, &far, &dmatrix![38.6])?;
    assert!(statistics.expectation.counts[0] > 0.0 && statistics.expectation.counts[0] < 1e-320);
    Ok(())
}

/// So far from one component that its squared distance is ∞ − ∞ squared: not a number, where the derivation's order of
/// summation may give ∞. The other component explains the datum.
#[test]
fn a_log_joint_that_overflows_is_that_of_no_data() -> Result<()> {
    let (narrow, wide) = (dmatrix![1e-20, 5e-21; 5e-21, 1e-20], dmatrix![1e300, 0.0; 0.0, 1e300]);
    for (covariances, far) in [(vec![narrow.clone(), wide.clone()], 0), (vec![wide, narrow], 1)] {
        let weights = dvector![0.5, 0.5];
        let model = GaussianMixture::new(weights, DMatrix::zeros(2, 2), covariances, CovarianceFamily::Full)?;
        for engine in engines()? {
            let found = statistics(&engine, &model, &dmatrix![1e300, 1e300])?;
            assert_eq!((found.expectation.counts[far], found.expectation.counts[1 - far]), (0.0, 1.0));
            assert_eq!(
                (found.expectation.first[(far, 0)], found.expectation.first[(1 - far, 0)]),
                (0.0, 1e300)
            );
            // log ½ − log 2π − 300 log 10 − 10³⁰⁰: all but the last are lost in it.
            assert_within(found.log_likelihood, -1e300, 1e300 * gamma(4));
        }
    }
    Ok(())
}

/// The last strip of all is filled up with copies of its last datum; zeros would be impossible here, and turn every sum
/// into NaN.
#[test]
fn what_fills_the_last_strip_has_no_say() -> Result<()> {
    let model = GaussianMixture::new(
        dvector![0.5, 0.5],
        dmatrix![1e150; 1e150],
        vec![dmatrix![1e-10]; 2],
        CovarianceFamily::Full,
    )?;
    for engine in engines()? {
        let found = statistics(&engine, &model, &dmatrix![1e150; 1e150; 1e150])?;
        assert_eq!(found.expectation.counts, dvector![1.5, 1.5]);
        assert_eq!(found.expectation.first, DMatrix::zeros(2, 1));
    }
    Ok(())
}

#[test]
fn a_component_without_data_keeps_its_parameters() -> Result<()> {
    let model = GaussianMixture::new(
        dvector![1.0, 0.0],
        dmatrix![0.0; 5.0],
        vec![dmatrix![1.0], dmatrix![2.0]],
        CovarianceFamily::Full,
    )?;
    let (next, _) = sweep(&Engine::new(1)?, &model, &dmatrix![0.0; 1.0])?;
    assert_eq!((next.weights()[1], next.means()[1], next.covariances()[1][0]), (0.0, 5.0, 2.0));
    Ok(())
}

#[test]
fn bad_input_is_one_error() -> Result<()> {
    let engine = Engine::new(1)?;
    let (model, x) = random_state(CovarianceFamily::Full, 40, 2, 2);
    let mut nan = x.clone();
    nan[(7, 1)] = f64::NAN;
    assert!(matches!(mathematics(sweep(&engine, &model, &nan)), Error::NotFinite { row: 7, column: 1, .. }));
    assert!(matches!(mathematics(sweep(&engine, &model, &DMatrix::zeros(0, 2))), Error::Empty { .. }));
    assert!(matches!(
        mathematics(sweep(&engine, &model, &x.columns(0, 1).into_owned())),
        Error::Shape { .. }
    ));
    let negative = DVector::from_element(40, -1.0);
    assert!(matches!(
        mathematics(weighted_sweep(&engine, &model, &x, &negative)),
        Error::Entry { value: -1.0, .. }
    ));
    assert!(matches!(mathematics(weighted_sweep(&engine, &model, &x, &dvector![1.0])), Error::Shape { .. }));
    let mut far = x.clone();
    far[(33, 0)] = 1e300;
    assert_eq!(mathematics(sweep(&engine, &model, &far)), Error::ImpossibleDatum { row: 33 });
    assert!(matches!(model.log_likelihood(&far), Err(Error::ImpossibleDatum { row: 33 })));
    let (_, mut many) = random_state(CovarianceFamily::Full, 1000, 2, 2);
    many[(901, 1)] = 1e300;
    assert_eq!(mathematics(sweep(&engine, &model, &many)), Error::ImpossibleDatum { row: 901 });
    Ok(())
}
