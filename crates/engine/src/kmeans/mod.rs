//! k-means (Lloyd) on data of any size: a sweep is one pass over the data, and nothing of their number is stored.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | the means, their pass over the data, and their two steps |
//! | `statistics.rs` | what a pass sums: counts and sums |
//! | `labels.rs` | the labels, a run of data after the other |
//! | `block.rs` | a block of data on its way through a pass |
//! | `nearest.rs` | the kernel that finds the nearest mean |
//! | `packed.rs` | the means as it reads them |
//! | `precision.rs` | the precisions that it computes in |

mod block;
mod bounds;
mod labels;
mod nearest;
mod packed;
mod precision;
mod statistics;

pub use bounds::Bounds;
pub use statistics::KMeansStatistics;

use super::parallel::Pass;
use super::partial_sums::PartialSums;
use super::source::{Data, Source};
use super::{Engine, Fused};
use crate::Result;
use block::{Block, GROUP, STEP, tile_rows};
use bounds::{Known, pay};
use executable_em::check;
use executable_em::em::Expected;
use nalgebra::{DMatrix, DVector};
use packed::Means;
use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Arch, Simd, WithSimd};
use std::array;
use std::ops::Range;
use std::slice;

/// The means of k-means. What climbs on them is −J: the E step sends each datum to its nearest mean, the M step each
/// mean to the average of its data.
///
/// The same as [`assign`](executable_em::kmeans::assign) and [`update_means`](executable_em::kmeans::update_means):
/// the labels exactly, the means to rounding. As near to two means, a datum goes to the one of lower index; a cluster
/// without data keeps its mean.
///
/// Source: H-02, H-04, T-04; Lloyd (1982).
///
/// ```
/// use executable_em_engine::{Data, Engine, KMeans};
/// use nalgebra::{dmatrix, dvector};
/// let (engine, x) = (Engine::new(1)?, dmatrix![0.0; 2.0; 9.0]);
/// let start = KMeans::new(dmatrix![0.0; 10.0; 20.0])?;
/// let sweep = engine.sweep(&start, &Data::new(&x)?)?;
/// assert_eq!((sweep.model.means(), sweep.log_likelihood), (&dmatrix![1.0; 9.0; 20.0], -5.0));
/// assert_eq!(engine.statistics(&start, &Data::new(&x)?)?.expectation.counts, dvector![2.0, 1.0, 0.0]);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    means: DMatrix<f64>,
    /// Where a run began: sums about points that stay give the same data the same mean, to the last bit.
    references: DMatrix<f64>,
}

impl KMeans {
    /// These means, k×d. [`Error::Empty`](executable_em::Error::Empty) or
    /// [`Error::NotFinite`](executable_em::Error::NotFinite) if they are none.
    pub fn new(means: DMatrix<f64>) -> Result<Self> {
        check::finite("means", &means)?;
        Ok(KMeans { references: means.clone(), means })
    }

    /// The means, k×d, in units of the data.
    pub fn means(&self) -> &DMatrix<f64> {
        &self.means
    }
}

impl Fused for KMeans {
    type Statistics = KMeansStatistics;

    fn e_step(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<Expected<KMeansStatistics>> {
        self.pass(engine, source, None)
    }

    fn e_step_in_run(
        &self,
        engine: &Engine,
        source: &(impl Source + ?Sized),
        bounds: &Bounds,
    ) -> Result<Expected<KMeansStatistics>> {
        let (k, d) = self.means.shape();
        let Some(n) = source.in_memory().filter(|_| pay(k, d)) else {
            return self.e_step(engine, source);
        };
        let known = bounds.at(&self.means, n);
        let expected = self.pass(engine, source, Some(&known))?;
        bounds.leave(known);
        Ok(expected)
    }

    fn m_step(
        &self,
        statistics: &KMeansStatistics,
        _: &Engine,
        _: &(impl Source + ?Sized),
    ) -> Result<KMeans> {
        Ok(statistics.maximize(self)?)
    }

    /// By how much the next sweep will move a mean: as no pass is needed to know it, a run ends without a sweep that
    /// stays where it is.
    fn moved(_: (&Self, &KMeansStatistics), (after, statistics): (&Self, &KMeansStatistics)) -> f64 {
        let next = statistics.averages(&after.means);
        next.zip_fold(&after.means, 0.0, |most, next, mean| {
            f64::max(most, (next - mean).abs() / mean.abs().max(1.0))
        })
    }

    fn check_fit(&self, statistics: &KMeansStatistics) -> Result<()> {
        Ok(check::component_count(self.means.nrows(), statistics.rows)?)
    }
}

impl KMeans {
    /// The E step, with what is known of the data.
    fn pass(
        &self,
        engine: &Engine,
        source: &(impl Source + ?Sized),
        known: Option<&Known>,
    ) -> Result<Expected<KMeansStatistics>> {
        let (k, d) = self.means.shape();
        let row_by_row = |points: &DMatrix<f64>| points.transpose().resize(d.next_multiple_of(GROUP), k, 0.0);
        let (means, references) = (row_by_row(&self.means), row_by_row(&self.references));
        let nearest = Means::new(&self.means);
        let pass = KMeansPass { nearest, means: means.as_slice(), references: references.as_slice(), known };
        let (PartialSums { log_likelihood, sums, .. }, rows) = engine.pass(source, &pass)?;
        check::domain("sum of squared distances", -log_likelihood, log_likelihood.is_finite(), "finite")?;
        let (first, counts) = sums.split_at(references.len());
        let statistics = KMeansStatistics {
            rows,
            counts: DVector::from_row_slice(counts),
            references: self.references.clone(),
            first: DMatrix::from_fn(k, d, |j, a| first[j * references.nrows() + a]),
        };
        Ok(Expected { log_likelihood, total: statistics.counts.sum(), expectation: statistics })
    }
}

/// The sums s of all clusters, and their R.
struct KMeansPass<'a> {
    nearest: Means,
    /// The means, cluster by cluster, each filled up with zeros to a multiple of [`GROUP`].
    means: &'a [f64],
    /// Likewise the points that the sums are about.
    references: &'a [f64],
    /// What is known of the data already.
    known: Option<&'a Known>,
}

impl Pass for KMeansPass<'_> {
    type Workspace = Room;

    fn workspace(&self) -> Room {
        let d = self.nearest.d;
        Room { block: Block::new(d, self.block_rows()), few: Block::new(d, STEP), in_doubt: Vec::new() }
    }

    fn sums_len(&self) -> usize {
        self.references.len() + self.nearest.k
    }

    fn d(&self) -> usize {
        self.nearest.d
    }

    fn block_len(&self) -> usize {
        STEP
    }

    fn work(&self) -> usize {
        self.nearest.k * (self.nearest.d + 2)
    }

    fn add(
        &self,
        arch: Arch,
        data: Data<'_>,
        rows: Range<usize>,
        room: &mut Room,
        partial: &mut PartialSums,
    ) {
        arch.dispatch(Chunk { data, rows, pass: self, room, partial });
    }
}

/// The room that one thread works in.
struct Room {
    block: Block,
    /// The data of the block that are in doubt, a few at a time.
    few: Block,
    in_doubt: Vec<usize>,
}

/// A run of rows, and where their sums go.
struct Chunk<'a> {
    data: Data<'a>,
    rows: Range<usize>,
    pass: &'a KMeansPass<'a>,
    room: &'a mut Room,
    partial: &'a mut PartialSums,
}

impl WithSimd for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Chunk { data: Data { x, weights, .. }, rows, pass, room, partial } = self;
        let Room { block, few, in_doubt } = room;
        let nearest = &pass.nearest;
        block.try_single_precision(nearest.d);
        few.try_single_precision(nearest.d);
        let blocks = rows.len().div_ceil(pass.block_rows());
        let len = rows.len().div_ceil(blocks).next_multiple_of(STEP);
        for start in rows.clone().step_by(len) {
            let rows = start..rows.end.min(start + len);
            block.read::<S>(x, rows.clone());
            if let Some(known) = pass.known {
                known.in_doubt(rows.clone(), in_doubt);
                if 4 * in_doubt.len() > 3 * rows.len() {
                    block.assign(s, nearest, true);
                    for ((row, label), &gap) in rows.zip(block.labels()).zip(block.gaps()) {
                        known.keep(row, label as u32, gap);
                    }
                } else {
                    for rows in in_doubt.chunks(STEP) {
                        few.take::<S>(block, nearest.d, rows);
                        few.assign(s, nearest, true);
                        for ((&row, label), &gap) in rows.iter().zip(few.labels()).zip(few.gaps()) {
                            known.keep(start + row, label as u32, gap);
                        }
                    }
                    block.set_labels(known.labels(rows));
                }
            } else {
                block.assign(s, nearest, false);
            }
            match weights {
                None => pass.gather(s, block, |_| 1.0, partial),
                Some(weights) => pass.gather(s, block, |i| weights[start + i], partial),
            }
        }
    }
}

/// Which datum each row is once columns are turned: with wide registers not the first, the second and so on.
#[inline(always)]
fn order_of_rows<S: Simd>(s: S) -> [S::f64s; GROUP] {
    let mut lanes = s.splat_f64s(0.0);
    for (lane, number) in cast_slice_mut::<_, f64>(slice::from_mut(&mut lanes)).iter_mut().enumerate() {
        *number = lane as f64;
    }
    s.interleave_shfl_f64s([lanes; GROUP])
}

impl KMeansPass<'_> {
    fn block_rows(&self) -> usize {
        match self.known {
            None => STEP,
            Some(_) => (16_384 / self.nearest.d).clamp(1, 1024).next_multiple_of(STEP),
        }
    }

    /// Adds every datum to the sums of its cluster, and its squared distance to J.
    #[inline(always)]
    fn gather<S: Simd>(&self, s: S, block: &Block, weight: impl Fn(usize) -> f64, partial: &mut PartialSums) {
        let width = tile_rows::<S>();
        let (groups, registers) = (self.nearest.d.div_ceil(GROUP), width / S::F64_LANES);
        let (first, counts) = partial.sums.split_at_mut(self.references.len());
        let first = first.as_chunks_mut::<GROUP>().0;
        // Of equal lengths, so one check of an index does for all.
        let means = &self.means.as_chunks::<GROUP>().0[..first.len()];
        let references = &self.references.as_chunks::<GROUP>().0[..first.len()];
        let order = order_of_rows(s);
        let order = cast_slice::<_, [f64; GROUP]>(&order);
        for (tile, (x, labels)) in block.tiles::<S>(self.nearest.d).enumerate() {
            let mut objective = 0.0;
            for (group, x) in S::as_simd_f64s(x).0.chunks_exact(GROUP * registers).enumerate() {
                let mut squares = [0.0; GROUP];
                for (part, labels) in labels.chunks(S::F64_LANES).enumerate() {
                    let columns: [_; GROUP] = array::from_fn(|a| x[a * registers + part]);
                    // Turned in registers: read number by number they would take four times as many loads.
                    let rows = s.interleave_shfl_f64s(columns);
                    let rows = cast_slice::<_, [f64; GROUP]>(&rows);
                    for (x, &[lane, ..]) in rows.iter().zip(order) {
                        let lane = lane as usize;
                        let Some(&label) = labels.get(lane) else { continue };
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
            partial.log_likelihood -= objective;
        }
        for (i, label) in block.labels().enumerate() {
            counts[label] += weight(i);
        }
    }
}
