//! Statistic by statistic, in every family and size; what is never seen, and what is always.

use crate::common::{assert_within, bounds::gamma};
use crate::{assert_statistics, random_state};
use executable_em::bound::entropy;
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::incomplete::{Incomplete, mixture::Posterior};
use executable_em_engine::{Data, Engine, Result, StreamWithGaps, WithGaps};
use nalgebra::{DMatrix, DVector};

/// all families, few rows and many, from one gap in ten cells to nine.
#[test]
fn statistics_are_the_derivations() -> Result<()> {
    let engine = Engine::new(1)?;
    let mut rows_without_a_cell = 0;
    for family in CovarianceFamily::ALL {
        for n in [1, 8, 61, 300] {
            for d in [1, 2, 3, 5, 9] {
                for (k, share) in [(1, 0.3), (3, 0.1), (4, 0.9)] {
                    let (model, x) = random_state(family, (n, d, k), share);
                    rows_without_a_cell += x.row_iter().filter(|row| row.iter().all(|v| v.is_nan())).count();
                    assert_statistics(&engine.statistics(&model, &WithGaps::new(&x)?)?, &model, &x);
                }
            }
        }
    }
    assert!(rows_without_a_cell > 1000);
    Ok(())
}

/// Whole rows give the bits that they always give.
#[test]
fn without_gaps_the_statistics_are_the_ordinary_ones() -> Result<()> {
    let engine = Engine::new(2)?;
    for family in CovarianceFamily::ALL {
        let (model, x) = random_state(family, (5000, 4, 3), 0.0);
        let ordinary = engine.statistics(&model, &Data::new(&x)?)?;
        assert_eq!(engine.statistics(&model, &WithGaps::new(&x)?)?, ordinary);
    }
    Ok(())
}

/// The bits do not depend on the number of threads: patterns of many rows and of few.
#[test]
fn any_number_of_threads_gives_the_same_bits() -> Result<()> {
    for (family, size, share) in [
        (CovarianceFamily::Full, (30_011, 2, 4), 0.2),
        (CovarianceFamily::Tied, (6_007, 9, 3), 0.3),
        (CovarianceFamily::Diagonal, (5_003, 7, 2), 0.5),
        (CovarianceFamily::Spherical, (700, 3, 2), 0.5),
    ] {
        let (model, x) = random_state(family, size, share);
        let gaps = WithGaps::new(&x)?;
        let alone = Engine::new(1)?.statistics(&model, &gaps)?;
        for threads in [1, 2, 7] {
            let engine = Engine::new(threads)?;
            for _ in 0..3 {
                assert_eq!(engine.statistics(&model, &gaps)?, alone);
            }
        }
    }
    Ok(())
}

/// Data in blocks, and data that count twice.
#[test]
fn statistics_add_up_over_blocks_and_weights() -> Result<()> {
    let engine = Engine::new(2)?;
    for family in CovarianceFamily::ALL {
        let (model, x) = random_state(family, (400, 3, 3), 0.3);
        let cuts = [(0, 1), (1, 150), (151, 249)];
        let blocks = || Ok(cuts.map(|(start, len)| Ok(x.rows(start, len).into_owned())));
        assert_statistics(&engine.statistics(&model, &StreamWithGaps(blocks))?, &model, &x);

        let weights = DVector::from_fn(400, |i, _| (i % 3) as f64);
        let rows: Vec<usize> = (0..400).flat_map(|i| std::iter::repeat_n(i, i % 3)).collect();
        let repeated = x.select_rows(&rows);
        let weighted = engine.statistics(&model, &WithGaps::weighted(&x, &weights)?)?;
        assert_statistics(&weighted, &model, &repeated);
    }
    Ok(())
}

/// The entropy that ICL takes off is that of the labels, not of the cells.
#[test]
fn the_entropy_is_that_of_the_labels() -> Result<()> {
    for family in CovarianceFamily::ALL {
        for share in [0.0, 0.4] {
            let (model, x) = random_state(family, (300, 3, 3), share);
            let posterior = Posterior::at(&model, &Incomplete::new(x.clone())?)?;
            let derived = entropy(posterior.responsibilities())?;
            let found = Engine::new(2)?.label_entropy(&model, &WithGaps::new(&x)?)?;
            // A difference of two sums of 300 log joints, none beyond some hundreds, of condition some hundreds.
            assert_within(found, derived, 300.0 * 100.0 * 100.0 * gamma(30));
        }
    }
    Ok(())
}

/// Rows that show nothing count, and tell nothing: the sums are those of the parameters themselves.
#[test]
fn rows_without_a_cell_tell_nothing() -> Result<()> {
    let (model, seen) = random_state(CovarianceFamily::Full, (50, 2, 2), 0.0);
    let mut x = seen.clone().insert_rows(50, 25, f64::NAN);
    x.swap_rows(3, 60);
    let engine = Engine::new(1)?;
    let (all, some) =
        (engine.statistics(&model, &WithGaps::new(&x)?)?, engine.statistics(&model, &Data::new(&seen)?)?);
    assert_within(all.log_likelihood, some.log_likelihood, 1e-11);
    assert_eq!((all.total, some.total), (75.0, 50.0));
    let more: DVector<f64> = &all.expectation.counts - &some.expectation.counts;
    assert!((more - model.weights() * 25.0).amax() < 1e-12);
    assert_statistics(&all, &model, &x);
    let nothing = DMatrix::from_element(4, 2, f64::NAN);
    let expected = engine.statistics(&model, &WithGaps::new(&nothing)?)?;
    assert_eq!((expected.total, expected.log_likelihood.abs() < 1e-15), (4.0, true));
    Ok(())
}
