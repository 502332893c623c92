//! The labels of all data, which are too many to be kept: handed out run by run.

use super::super::Engine;
use super::super::parallel::on_all_threads;
use super::super::source::Source;
use super::KMeans;
use super::block::{Block, STEP};
use super::packed::Means;
use crate::Result;
use executable_em::check;
use nalgebra::DMatrix;
use pulp::{Simd, WithSimd};
use std::sync::{Mutex, PoisonError};

impl Engine {
    /// Shows `visit` the label of every datum, the index of the nearest mean, a run of data after the other.
    ///
    /// # Errors
    /// Those of [`Engine::statistics`], but for the overflow, and those of the visit.
    ///
    /// ```
    /// use executable_em_engine::{Data, Engine, KMeans};
    /// use nalgebra::dmatrix;
    /// let x = dmatrix![0.0; 0.9; 1.0; 1.1];
    /// let mut all = Vec::new();
    /// Engine::new(1)?.labels(&KMeans::new(dmatrix![0.0; 2.0])?, &Data::new(&x)?, |labels| {
    ///     all.extend_from_slice(labels);
    ///     Ok(())
    /// })?;
    /// assert_eq!(all, [0, 0, 0, 1]); // 1.0 is a tie
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn labels(
        &self,
        means: &KMeans,
        source: &dyn Source,
        mut visit: impl FnMut(&[usize]) -> Result<()>,
    ) -> Result<()> {
        let means = &Means::new(means.means());
        let mut labels = vec![0; RUN];
        let mut rows = 0;
        source.read(&mut |data| {
            data.check_whole().map_err(|error| error.later_by(rows))?;
            let (x, n) = (data.x, data.x.nrows());
            check::shape("data", x.shape(), (n, means.d))?;
            for start in (0..n).step_by(RUN) {
                let labels = &mut labels[..RUN.min(n - start)];
                let parts = Mutex::new(labels.chunks_mut(RUN / PARTS).enumerate());
                on_all_threads(self.pool.as_ref(), || {
                    loop {
                        let next = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some((part, labels)) = next else { break };
                        let start = start + part * (RUN / PARTS);
                        self.arch.dispatch(Label { x, start, means, labels });
                    }
                });
                visit(labels)?;
            }
            rows += n;
            Ok(())
        })?;
        if rows == 0 { Err(executable_em::Error::Empty { what: "data" }.into()) } else { Ok(()) }
    }
}

/// So many labels are handed out at once …
const RUN: usize = 65_536;
/// … found in so many parts.
const PARTS: usize = 16;

/// The labels of a run of rows.
struct Label<'a> {
    x: &'a DMatrix<f64>,
    start: usize,
    means: &'a Means,
    labels: &'a mut [usize],
}

impl WithSimd for Label<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let mut block = Block::new(self.means.d, STEP);
        block.try_single_precision(self.means.d);
        for (number, labels) in self.labels.chunks_mut(STEP).enumerate() {
            let start = self.start + number * STEP;
            block.read::<S>(self.x, start..start + labels.len());
            block.assign(s, self.means, false);
            labels.iter_mut().zip(block.labels()).for_each(|(to, label)| *to = label);
        }
    }
}
