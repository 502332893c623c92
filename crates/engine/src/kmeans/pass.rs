//! A pass of k-means over the data: every datum to its nearest mean, and into the sums of its cluster.

use super::super::parallel::Pass;
use super::super::partial_sums::PartialSums;
use super::super::source::Data;
use super::block::{Block, GROUP, STEP, tile_rows};
use super::bounds::Known;
use super::packed::Means;
use crate::arch::Arch;
use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Simd, WithSimd};
use std::array;
use std::ops::Range;
use std::slice;

/// The sums s of all clusters, and their R.
pub(super) struct KMeansPass<'a> {
    pub nearest: Means,
    /// The means, cluster by cluster, each filled up with zeros to a multiple of [`GROUP`].
    pub means: &'a [f64],
    /// Likewise the points that the sums are about.
    pub references: &'a [f64],
    /// What is known of the data already.
    pub known: Option<&'a Known>,
}

impl KMeansPass<'_> {
    /// The most rows of a block. Those in doubt are searched tile by tile, so they must be more than a few tiles; and
    /// all must stay in the second cache until they are summed.
    fn block_rows(&self) -> usize {
        match self.known {
            None => STEP,
            Some(_) => (16_384 / self.nearest.d).clamp(STEP, 1024).next_multiple_of(STEP),
        }
    }
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
pub(super) struct Room {
    block: Block,
    /// The data of the block that are in doubt, a few at a time.
    few: Block,
    in_doubt: Vec<usize>,
}

impl Room {
    /// Finds the labels of the block, which holds these rows, by searching those that are in doubt.
    #[inline(always)]
    fn search<S: Simd>(&mut self, s: S, nearest: &Means, known: &Known, rows: Range<usize>) {
        let Room { block, few, in_doubt } = self;
        known.in_doubt(rows.clone(), in_doubt);
        // To take them out takes time, too.
        if 4 * in_doubt.len() > 3 * rows.len() {
            block.assign(s, nearest, true);
            for ((row, label), &gap) in rows.zip(block.labels()).zip(block.gaps()) {
                known.keep(row, label as u32, gap);
            }
            return;
        }
        for some in in_doubt.chunks(STEP) {
            few.take::<S>(block, nearest.d, some);
            few.assign(s, nearest, true);
            for ((&at, label), &gap) in some.iter().zip(few.labels()).zip(few.gaps()) {
                known.keep(rows.start + at, label as u32, gap);
            }
        }
        block.set_labels(known.labels(rows));
    }
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
        let nearest = &pass.nearest;
        room.block.try_single_precision(nearest.d);
        room.few.try_single_precision(nearest.d);
        let blocks = rows.len().div_ceil(pass.block_rows());
        let len = rows.len().div_ceil(blocks).next_multiple_of(STEP);
        // Blocks of equal lengths: nothing depends on where they end.
        for start in rows.clone().step_by(len) {
            let rows = start..rows.end.min(start + len);
            room.block.read::<S>(x, rows.clone());
            match pass.known {
                None => room.block.assign(s, nearest, false),
                Some(known) => room.search(s, nearest, known, rows),
            }
            match weights {
                None => pass.gather(s, &room.block, |_| 1.0, partial),
                Some(weights) => pass.gather(s, &room.block, |i| weights[start + i], partial),
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
