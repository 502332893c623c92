//! The step of a Bernoulli mixture: with the heads and the tails of a draw side by side, both halves are matrix products.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | the pass over the data |
//! | `statistics.rs` | what it sums, and the M step from that |
//! | `prepared.rs` | the logarithms as the kernel reads them |
//! | `block.rs` | both halves of the step on a block of draws |

mod block;
mod prepared;
mod statistics;

pub use statistics::BernoulliStatistics;

use super::block::Partial;
use super::parallel::Pass;
use super::source::{Data, Source};
use super::{Engine, Fused, Sweep};
use crate::bernoulli_mixture::{BernoulliMixture, check_heads};
use crate::{Error, Result};
use block::{BLOCK, Chunk, Workspace};
use prepared::Prepared;
use pulp::Arch;
use std::ops::Range;

impl Pass for Prepared {
    type Workspace = Workspace;

    fn workspace(&self) -> Workspace {
        Workspace::new(self)
    }

    fn zero(&self) -> Partial {
        let sums = vec![0.0; self.k * (1 + 2 * self.d)];
        Partial { log_likelihood: 0.0, total: 0.0, sums, impossible: None }
    }

    fn d(&self) -> usize {
        self.d
    }

    fn block_len(&self) -> usize {
        BLOCK
    }

    fn work(&self) -> usize {
        self.k * (20 + 4 * self.d)
    }

    fn add(
        &self,
        arch: Arch,
        data: Data<'_>,
        rows: Range<usize>,
        workspace: &mut Workspace,
        partial: &mut Partial,
    ) {
        arch.dispatch(Chunk { data, rows, prepared: self, workspace, partial });
    }
}

impl Fused for BernoulliMixture {
    type Statistics = BernoulliStatistics;

    fn statistics(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<BernoulliStatistics> {
        self.validate()?;
        let partial = engine.pass(source, &Prepared::new(self)).map_err(|error| match error {
            // The kernel says only that no coin shows this; look again why not.
            Error::ImpossibleDatum { .. } => not_heads(source, self.flips).err().unwrap_or(error),
            error => error,
        })?;
        Ok(BernoulliStatistics::from_partial(&partial, self.k(), self.d()))
    }

    fn sweep(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<Sweep<Self>> {
        let statistics = self.statistics(engine, source)?;
        let BernoulliStatistics { log_likelihood, total, .. } = statistics;
        Ok(Sweep { model: statistics.maximize(self)?, log_likelihood, total })
    }
}

/// [`Error::Entry`] for the first entry that counts no heads.
fn not_heads(source: &(impl Source + ?Sized), flips: usize) -> Result<()> {
    let mut rows = 0;
    source.read(&mut |Data { x, .. }| {
        check_heads(x, flips).map_err(|error| error.later_by(rows))?;
        rows += x.nrows();
        Ok(())
    })
}
