//! The step of a Bernoulli mixture: with the heads and the tails of a draw side by side, both halves are matrix
//! products.
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

use super::parallel::Pass;
use super::partial_sums::PartialSums;
use super::source::{Data, Source};
use super::{Engine, Fused, Mixture, Question, question};
use crate::arch::Arch;
use crate::{Error, Result};
use block::{BLOCK, Chunk, Workspace};
use executable_em::bernoulli_mixture::{BernoulliMixture, check_heads};
use executable_em::em::{Expected, largest_move};
use executable_em::scale::SufficientStatistics;
use prepared::Prepared;
use std::ops::Range;

impl Pass for Prepared {
    type Workspace = Workspace;

    fn workspace(&self) -> Workspace {
        Workspace::new(self)
    }

    /// For every coin Σ r, and of each feature Σ r x and Σ r (m − x).
    fn sums_len(&self) -> usize {
        self.k * (1 + 2 * self.d)
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
        partial: &mut PartialSums,
    ) {
        arch.dispatch(Chunk { data, rows, prepared: self, workspace, partial });
    }
}

impl Fused for BernoulliMixture {
    type Statistics = BernoulliStatistics;

    fn e_step(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<BernoulliStatistics>> {
        if let Some(elsewhere) = source.elsewhere() {
            let question = Question::Mixture { model: Mixture::Bernoulli(self.clone()), about: None };
            return question::read(self, &elsewhere.answer(&question)?);
        }
        let (partial, _) = engine.pass(source, &Prepared::new(self)).map_err(|error| match error {
            // The kernel says only that no coin shows this; look again why not.
            Error::Mathematics(executable_em::Error::ImpossibleDatum { .. }) => {
                not_heads(source, self.flips()).err().unwrap_or(error)
            }
            error => error,
        })?;
        Ok(Expected {
            log_likelihood: partial.log_likelihood,
            total: partial.total,
            expectation: BernoulliStatistics::from_sums(&partial, self.k(), self.d()),
        })
    }

    fn m_step(
        &self,
        statistics: &BernoulliStatistics,
        _: &Engine,
        _: &dyn Source,
    ) -> Result<BernoulliMixture> {
        Ok(statistics.maximize(self)?)
    }

    fn moved(before: (&Self, &BernoulliStatistics), after: (&Self, &BernoulliStatistics)) -> f64 {
        largest_move(before.0, after.0)
    }
}

/// [`Error::Entry`](executable_em::Error::Entry) for the first entry that counts no heads.
fn not_heads(source: &dyn Source, flips: usize) -> Result<()> {
    let mut rows = 0;
    source.read(&mut |Data { x, .. }| {
        check_heads(x, flips).map_err(|error| Error::from(error).later_by(rows))?;
        rows += x.nrows();
        Ok(())
    })
}
