//! Statistic by statistic, at every size, over threads, parts, streams and weighted data; and what none can use.

use crate::common::bounds::objective_relative;
use crate::common::cases::{self, Kind};
use crate::common::{assert_matrices_within, assert_within, config};
use crate::mathematics::mathematics;
use crate::{AT_REST, assert_statistics, engines, labels, mean_bound, random_state, statistics, sweep};
use executable_em::em::{Expected, Stopping, Tolerance};
use executable_em::{Error, kmeans};
use executable_em_engine::{Data, Engine, KMeans, KMeansStatistics, Result, Stream};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;

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

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn statistics_are_the_derivations_in_hard_cases(case in cases::strategy(&Kind::ALL)) {
        for engine in engines() {
            let means = case.model.means();
            let statistics = statistics(&engine, means, &Data::new(&case.x)?)?;
            assert_statistics(&engine, &statistics, &case.x, means)?;
        }
    }
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
