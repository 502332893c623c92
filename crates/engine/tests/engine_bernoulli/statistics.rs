//! The statistics of a step and what it makes of them.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use crate::{assert_statistics, engines, random_state, statistics, sweep};
use executable_em::latent::Model;
use executable_em_engine::Result;

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
