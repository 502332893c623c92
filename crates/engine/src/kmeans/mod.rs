//! k-means (Lloyd) on data of any size: a sweep is one pass over the data, and nothing of their number is stored.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | one sweep |
//! | `fit.rs` | sweeps until the means are at rest, restarts |
//! | `statistics.rs` | what a pass sums: counts, sums, J |
//! | `labels.rs` | the labels, a run of data after the other |
//! | `block.rs` | a block of data on its way through a sweep |
//! | `nearest.rs` | the kernel that finds the nearest mean |
//! | `packed.rs` | the means as it reads them |
//! | `precision.rs` | the precisions that it computes in |
//! | `start.rs` | k-means++ in k passes |

mod block;
mod fit;
mod labels;
mod nearest;
mod packed;
mod precision;
mod start;
mod statistics;

pub use fit::{KMeansFit, KMeansProgress, KMeansStopping};
pub use start::plus_plus_start;
pub use statistics::KMeansStatistics;

use super::Engine;
use super::block::Partial;
use super::parallel::Pass;
use super::source::{Data, Source};
use crate::{Error, Result, check};
use block::{BLOCK, Block, GROUP, tile_rows};
use nalgebra::{DMatrix, DVector};
use packed::Means;
use pulp::bytemuck::cast_slice;
use pulp::{Arch, Simd, WithSimd};
use std::array;
use std::ops::Range;

/// One sweep of Lloyd's algorithm.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeansSweep {
    /// The means after the sweep, k×d.
    pub means: DMatrix<f64>,
    /// J *before* it, the data assigned to the nearest of the means before it: squared units of the data.
    pub objective: f64,
    /// How many data each of the means before it was nearest to, or the sum of their weights: k numbers.
    pub counts: DVector<f64>,
    /// The number of data, or the sum of their weights.
    pub total: f64,
}

impl Engine {
    /// What Lloyd's mean step needs to know of the data: each goes to the nearest of these means.
    ///
    /// `means` is k×d. As near to two means, a datum goes to the one of lower index, as in [`assign`](crate::kmeans::assign).
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a mean that is no number, [`Error::Shape`] for data of another dimension, [`Error::Empty`] for
    /// a source or means without any, [`Error::Domain`] where the squared distances overflow; those of reading.
    ///
    /// Example: [`KMeansStatistics`].
    pub fn kmeans_statistics(
        &self,
        means: &DMatrix<f64>,
        source: &(impl Source + ?Sized),
    ) -> Result<KMeansStatistics> {
        Ok(self.clusters(means, means, source)?.0)
    }

    /// One sweep of Lloyd's algorithm: every datum to its nearest mean, every mean to the average of its data.
    ///
    /// `means` is k×d. The same as [`assign`](crate::kmeans::assign) and [`update_means`](crate::kmeans::update_means): the
    /// labels exactly, the means to rounding. A cluster without data keeps its mean.
    ///
    /// Source: H-02, H-04, T-04; Lloyd (1982).
    ///
    /// # Errors
    /// Those of [`Engine::kmeans_statistics`].
    ///
    /// ```
    /// use executable_em::engine::{Data, Engine};
    /// use nalgebra::{dmatrix, dvector};
    /// let x = dmatrix![0.0; 2.0; 9.0];
    /// let sweep = Engine::new(1)?.kmeans_sweep(&dmatrix![0.0; 10.0; 20.0], &Data::new(&x)?)?;
    /// assert_eq!((sweep.means, sweep.objective), (dmatrix![1.0; 9.0; 20.0], 5.0));
    /// assert_eq!(sweep.counts, dvector![2.0, 1.0, 0.0]);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn kmeans_sweep(&self, means: &DMatrix<f64>, source: &(impl Source + ?Sized)) -> Result<KMeansSweep> {
        Ok(self.sweep_about(means, means, source)?.0)
    }

    /// A sweep whose sums are taken about these references, and the number of rows.
    fn sweep_about(
        &self,
        references: &DMatrix<f64>,
        means: &DMatrix<f64>,
        source: &(impl Source + ?Sized),
    ) -> Result<(KMeansSweep, usize)> {
        let (statistics, rows) = self.clusters(references, means, source)?;
        let means = statistics.means(means)?;
        let KMeansStatistics { objective, counts, total, .. } = statistics;
        Ok((KMeansSweep { means, objective, counts, total }, rows))
    }

    /// The statistics, their sums taken about these references, and the number of rows.
    fn clusters(
        &self,
        references: &DMatrix<f64>,
        means: &DMatrix<f64>,
        source: &(impl Source + ?Sized),
    ) -> Result<(KMeansStatistics, usize)> {
        check::finite("means", means)?;
        let (k, d) = references.shape();
        let row_by_row = |points: &DMatrix<f64>| points.transpose().resize(d.next_multiple_of(GROUP), k, 0.0);
        let (means_by_row, references_by_row) = (row_by_row(means), row_by_row(references));
        let pass = KMeansPass {
            nearest: Means::new(means),
            means: means_by_row.as_slice(),
            references: references_by_row.as_slice(),
        };
        let Partial { log_likelihood, sums, .. } = self.pass(source, &pass)?;
        if !log_likelihood.is_finite() {
            let (what, value) = ("sum of squared distances", -log_likelihood);
            return Err(Error::Domain { what, value, allowed: "finite" });
        }
        let first = DMatrix::from_fn(k, d, |j, a| sums[j * means_by_row.nrows() + a]);
        let (counts, rows) = sums[means_by_row.len()..].split_at(k);
        let counts = DVector::from_row_slice(counts);
        let statistics = KMeansStatistics {
            objective: -log_likelihood,
            total: counts.sum(),
            counts,
            references: references.clone(),
            first,
        };
        Ok((statistics, rows[0] as usize))
    }
}

/// The sums s of all clusters, their R, and the number of rows.
struct KMeansPass<'a> {
    nearest: Means,
    /// The means, cluster by cluster, each filled up with zeros to a multiple of [`GROUP`].
    means: &'a [f64],
    /// Likewise the points that the sums are about.
    references: &'a [f64],
}

impl Pass for KMeansPass<'_> {
    type Workspace = Block;

    fn workspace(&self) -> Block {
        Block::new(self.nearest.d)
    }

    fn zero(&self) -> Partial {
        let sums = vec![0.0; self.references.len() + self.nearest.k + 1];
        Partial { log_likelihood: 0.0, total: 0.0, sums, impossible: None }
    }

    fn d(&self) -> usize {
        self.nearest.d
    }

    fn block_len(&self) -> usize {
        BLOCK
    }

    fn work(&self) -> usize {
        self.nearest.k * (self.nearest.d + 2)
    }

    fn add(&self, arch: Arch, data: Data<'_>, rows: Range<usize>, block: &mut Block, partial: &mut Partial) {
        arch.dispatch(Chunk { data, rows, pass: self, block, partial });
    }
}

/// A run of rows, and where their sums go.
struct Chunk<'a> {
    data: Data<'a>,
    rows: Range<usize>,
    pass: &'a KMeansPass<'a>,
    block: &'a mut Block,
    partial: &'a mut Partial,
}

impl WithSimd for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Chunk { data: Data { x, weights }, rows, pass, block, partial } = self;
        if let Some(seen) = partial.sums.last_mut() {
            *seen += rows.len() as f64;
        }
        block.try_single_precision(pass.nearest.d);
        for start in rows.clone().step_by(BLOCK) {
            let end = rows.end.min(start + BLOCK);
            block.read::<S>(x, start..end);
            block.assign(s, &pass.nearest);
            match weights {
                None => pass.gather(s, block, |_| 1.0, partial),
                Some(weights) => pass.gather(s, block, |i| weights[start + i], partial),
            }
        }
    }
}

impl KMeansPass<'_> {
    /// Adds every datum to the sums of its cluster, and its squared distance to J.
    #[inline(always)]
    fn gather<S: Simd>(&self, s: S, block: &Block, weight: impl Fn(usize) -> f64, partial: &mut Partial) {
        let width = tile_rows::<S>();
        let (groups, registers) = (self.nearest.d.div_ceil(GROUP), width / S::F64_LANES);
        let (first, counts) = partial.sums.split_at_mut(self.references.len());
        let first = first.as_chunks_mut::<GROUP>().0;
        // Of equal lengths, so one check of an index does for all.
        let means = &self.means.as_chunks::<GROUP>().0[..first.len()];
        let references = &self.references.as_chunks::<GROUP>().0[..first.len()];
        let mut objective = 0.0;
        for (tile, (x, labels)) in block.tiles::<S>(self.nearest.d).enumerate() {
            for (group, x) in S::as_simd_f64s(x).0.chunks_exact(GROUP * registers).enumerate() {
                let mut squares = [0.0; GROUP];
                for (part, labels) in labels.chunks(S::F64_LANES).enumerate() {
                    let columns: [_; GROUP] = array::from_fn(|a| x[a * registers + part]);
                    // Turned in registers: read number by number they would take four times as many loads.
                    let rows = s.interleave_shfl_f64s(columns);
                    let rows = cast_slice::<_, [f64; GROUP]>(&rows);
                    for (lane, (&label, x)) in labels.iter().zip(rows).enumerate() {
                        let at = label as usize * groups + group;
                        let weight = weight(tile * width + part * S::F64_LANES + lane);
                        let v: [f64; GROUP] = array::from_fn(|a| x[a] - means[at][a]);
                        squares = array::from_fn(|a| squares[a] + weight * v[a] * v[a]);
                        let w: [f64; GROUP] = array::from_fn(|a| x[a] - references[at][a]);
                        first[at] = array::from_fn(|a| first[at][a] + weight * w[a]);
                    }
                }
                objective += squares.iter().sum::<f64>();
            }
        }
        for (i, label) in block.labels().enumerate() {
            counts[label] += weight(i);
        }
        partial.log_likelihood -= objective;
    }
}
