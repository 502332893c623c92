//! Statistic by statistic, at every size, near and apart, and in hard cases.

use crate::common::cases::{self, Kind};
use crate::common::config;
use crate::{assert_statistics, clusters_apart, engines, random_state, statistics};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em_engine::{Engine, Result};
use proptest::prelude::*;

/// All sizes that straddle the edges of lanes (1, 4 or 8), strips (two registers) and blocks (at most 384), of the
/// panels of four dimensions and of the dimensions that have kernels of their own (1 to 8).
#[test]
fn statistics_are_the_derivations_at_every_size() -> Result<()> {
    for engine in engines()? {
        for family in CovarianceFamily::ALL {
            for n in [1, 2, 3, 7, 8, 9, 15, 16, 17, 255, 256, 257, 385] {
                for d in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 33] {
                    for k in [1, 2, 5, 17] {
                        let (model, x) = random_state(family, n, d, k);
                        assert_statistics(&statistics(&engine, &model, &x)?, &model, &x);
                    }
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
    #![proptest_config(config(60))]

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

proptest! {
    #![proptest_config(config(300))]

    /// From the hard starts, too, as long as the derivation itself has an answer.
    #[test]
    fn statistics_are_the_derivations_in_hard_cases(case in cases::strategy(&Kind::ALL)) {
        if case.model.log_likelihood(&case.x).is_ok() {
            let statistics = statistics(&Engine::new(1)?, &case.model, &case.x)?;
            assert_statistics(&statistics, &case.model, &case.x);
        }
    }
}
