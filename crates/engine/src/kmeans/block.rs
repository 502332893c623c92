//! A block of data on its way through a sweep: read, assigned to the nearest means, and handed on tile by tile.

use super::nearest::{MOST_DIMENSIONS, Strip, WIDE, certain, derived};
use super::packed::Means;
use super::precision::Precision;
use nalgebra::DMatrix;
use pulp::Simd;
use pulp::bytemuck::{cast_slice, cast_slice_mut};
use std::ops::Range;

/// The sums of a cluster are gathered so many dimensions at a time.
pub(super) const GROUP: usize = 4;

/// The rows of a block: so few that what is computed of one hides the reading of the next; a multiple of the rows of a
/// tile with every instruction set.
pub(super) const BLOCK: usize = 32;

/// A block of data, and what the kernel finds out about them.
pub(super) struct Block {
    /// Tile by tile, dimension by dimension; zeros fill up the last [`GROUP`] of dimensions.
    x: Vec<f64>,
    /// One tile of them in single precision, as differences from the centre.
    centred: Vec<f32>,
    /// The label of each datum.
    labels: Vec<u32>,
    len: usize,
    /// How many more tiles single precision could not decide than it could, since [`Block::try_single_precision`].
    failures: i64,
}

/// After so many failures single precision is given up.
const PATIENCE: i64 = 4;

/// The rows of a tile: a few registers in single precision, several times as many in double.
#[inline(always)]
pub(super) fn tile_rows<S: Simd>() -> usize {
    WIDE * S::F32_LANES
}

/// From a tile to the next, in rows: an odd number, for those of one dimension to spread over the whole nearest cache.
fn stride(d: usize) -> usize {
    d.next_multiple_of(GROUP) | 1
}

impl Block {
    pub fn new(d: usize) -> Self {
        let (x, centred) = (vec![0.0; stride(d) * BLOCK], vec![0.0; d * BLOCK]);
        Block { x, centred, labels: vec![0; BLOCK], len: 0, failures: 0 }
    }

    /// Other data may do better: tries single precision again.
    pub fn try_single_precision(&mut self, d: usize) {
        self.failures = if d < MOST_DIMENSIONS { 0 } else { PATIENCE };
    }

    /// Reads at most [`BLOCK`] rows; what fills up the last tile is left from before, and never looked at.
    #[inline(always)]
    pub fn read<S: Simd>(&mut self, x: &DMatrix<f64>, rows: Range<usize>) {
        let (n, d) = x.shape();
        let (width, stride) = (tile_rows::<S>(), stride(d));
        self.len = rows.len();
        for a in 0..d {
            let column = &x.as_slice()[a * n..][rows.clone()];
            let whole = column.chunks_exact(width);
            let rest = whole.remainder();
            let mut at = a * width;
            for x in whole {
                self.x[at..][..width].copy_from_slice(x);
                at += stride * width;
            }
            if !rest.is_empty() {
                self.x[at..][..rest.len()].copy_from_slice(rest);
            }
        }
    }

    /// Finds the nearest mean of each datum, the one of lower index where two are as near.
    #[inline(always)]
    pub fn assign<S: Simd>(&mut self, s: S, means: &Means) {
        let width = tile_rows::<S>();
        let len = stride(means.d) * width;
        for (tile, labels) in self.labels.chunks_exact_mut(width).take(self.len.div_ceil(width)).enumerate() {
            let x = &self.x[tile * len..][..means.d * width];
            if self.failures < PATIENCE {
                let centred = &mut self.centred[..means.d * width];
                centre(s, x, &means.centre, centred);
                let found =
                    certain::<f32, S>(s, S::as_simd_f32s(centred).0.as_chunks().0.iter(), &means.single);
                if let Some(found) = found {
                    self.failures -= 1;
                    write::<f32, S>(&found, labels);
                    continue;
                }
                self.failures += 1;
            }
            let parts = width / (WIDE * S::F64_LANES);
            let (x, _) = S::as_simd_f64s(x).0.as_chunks::<WIDE>();
            for (part, labels) in labels.chunks_exact_mut(WIDE * S::F64_LANES).enumerate() {
                let x = x.chunks_exact(parts).map(|x| &x[part]);
                let found = certain::<f64, S>(s, x.clone(), &means.double);
                write::<f64, S>(&found.unwrap_or_else(|| derived(s, x, means.k, &means.double)), labels);
            }
        }
    }

    /// The label of each datum.
    #[inline(always)]
    pub fn labels(&self) -> impl Iterator<Item = usize> {
        self.labels[..self.len].iter().map(|&label| label as usize)
    }

    /// The coordinates of each tile of data, dimension by dimension, with their labels.
    #[inline(always)]
    pub fn tiles<S: Simd>(&self, d: usize) -> impl Iterator<Item = (&[f64], &[u32])> {
        let width = tile_rows::<S>();
        let x = self.x.chunks_exact(stride(d) * width).map(move |x| &x[..d.next_multiple_of(GROUP) * width]);
        x.zip(self.labels[..self.len].chunks(width))
    }
}

/// x − c, rounded to single precision.
#[inline(always)]
fn centre<S: Simd>(s: S, x: &[f64], centre: &[f64], centred: &mut [f32]) {
    let strips = S::as_mut_simd_f32s(centred).0.as_chunks_mut::<WIDE>().0;
    for ((x, centre), strip) in x.chunks_exact(tile_rows::<S>()).zip(centre).zip(strips) {
        let mut rounded = [s.splat_f32s(0.0); WIDE];
        for (rounded, x) in cast_slice_mut::<_, f32>(&mut rounded).iter_mut().zip(x) {
            *rounded = (x - centre) as f32;
        }
        *strip = rounded;
    }
}

#[inline(always)]
fn write<T: Precision, S: Simd>(found: &Strip<T, S>, labels: &mut [u32]) {
    for (to, label) in labels.iter_mut().zip(cast_slice::<_, T>(found)) {
        *to = label.to_label();
    }
}
