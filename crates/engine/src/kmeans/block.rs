//! A block of data on its way through a sweep: read, assigned to the nearest means, and handed on tile by tile.

use super::nearest::{Found, MOST_DIMENSIONS, WIDE, certain, derived};
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
pub(super) const STEP: usize = 32;

/// A block of data, and what the kernel finds out about them.
pub(super) struct Block {
    /// Tile by tile, dimension by dimension; zeros fill up the last [`GROUP`] of dimensions.
    x: Vec<f64>,
    /// One tile of them in single precision, as differences from the centre.
    centred: Vec<f32>,
    /// The label of each datum.
    labels: Vec<u32>,
    /// By how much each is nearer to its mean than to all others, at least, where that was asked for.
    gaps: Vec<f64>,
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
    /// Room for so many rows, a multiple of [`STEP`].
    pub fn new(d: usize, rows: usize) -> Self {
        let (x, centred) = (vec![0.0; stride(d) * rows], vec![0.0; d * STEP]);
        Block { x, centred, labels: vec![0; rows], gaps: vec![0.0; rows], len: 0, failures: 0 }
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

    /// Takes at most [`STEP`] rows of another block.
    #[inline(always)]
    pub fn take<S: Simd>(&mut self, other: &Block, d: usize, rows: &[usize]) {
        let width = tile_rows::<S>();
        let len = stride(d) * width;
        self.len = rows.len();
        for (tile, rows) in self.x.chunks_exact_mut(len).zip(rows.chunks(width)) {
            for (a, to) in tile.chunks_exact_mut(width).take(d).enumerate() {
                let from = &other.x[a * width..];
                for (to, &row) in to.iter_mut().zip(rows) {
                    *to = from[row / width * len + row % width];
                }
            }
        }
    }

    /// Finds the nearest mean of each datum, the one of lower index where two are as near; and, if asked to, by how
    /// much it is the nearest.
    #[inline(always)]
    pub fn assign<S: Simd>(&mut self, s: S, means: &Means, with_gaps: bool) {
        let width = tile_rows::<S>();
        let len = stride(means.d) * width;
        let tiles = self.labels.chunks_exact_mut(width).zip(self.gaps.chunks_exact_mut(width));
        for (tile, (labels, gaps)) in tiles.take(self.len.div_ceil(width)).enumerate() {
            let x = &self.x[tile * len..][..means.d * width];
            if self.failures < PATIENCE {
                let centred = &mut self.centred[..means.d * width];
                centre(s, x, &means.centre, centred);
                let found =
                    certain::<f32, S>(s, S::as_simd_f32s(centred).0.as_chunks().0.iter(), &means.single);
                if let Some(found) = found {
                    self.failures -= 1;
                    keep(s, &found, labels, with_gaps.then_some(gaps));
                    continue;
                }
                self.failures += 1;
            }
            let strip = WIDE * S::F64_LANES;
            let parts = width / strip;
            let (x, _) = S::as_simd_f64s(x).0.as_chunks::<WIDE>();
            for (part, (labels, gaps)) in
                labels.chunks_exact_mut(strip).zip(gaps.chunks_exact_mut(strip)).enumerate()
            {
                let x = x.chunks_exact(parts).map(|x| &x[part]);
                if let Some(found) = certain::<f64, S>(s, x.clone(), &means.double) {
                    keep(s, &found, labels, with_gaps.then_some(gaps));
                } else {
                    write::<f64>(cast_slice(&derived(s, x, means.k, &means.double)), labels);
                    gaps.fill(0.0);
                }
            }
        }
    }

    /// By how much each datum is nearer to its mean than to all others, at least; where that is not known, 0.
    #[inline(always)]
    pub fn gaps(&self) -> &[f64] {
        &self.gaps[..self.len]
    }

    /// Takes the labels from elsewhere.
    #[inline(always)]
    pub fn set_labels(&mut self, labels: impl Iterator<Item = u32>) {
        self.labels.iter_mut().zip(labels).for_each(|(to, label)| *to = label);
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
fn write<T: Precision>(found: &[T], labels: &mut [u32]) {
    for (to, label) in labels.iter_mut().zip(found) {
        *to = label.to_label();
    }
}

/// Labels, and gaps where they are wanted.
#[inline(always)]
fn keep<T: Precision, S: Simd>(s: S, found: &Found<T, S>, labels: &mut [u32], gaps: Option<&mut [f64]>) {
    write::<T>(cast_slice(&found.labels), labels);
    if let Some(gaps) = gaps {
        for (to, &gap) in gaps.iter_mut().zip(cast_slice::<_, T>(&found.gaps(s))) {
            *to = gap.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use executable_em::data;
    use pulp::{Arch, WithSimd};
    use rand::RngExt;

    struct Gaps<'a>(&'a DMatrix<f64>, &'a Means);

    impl WithSimd for Gaps<'_> {
        type Output = Vec<f64>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, s: S) -> Vec<f64> {
            let mut block = Block::new(self.1.d, self.0.nrows());
            block.try_single_precision(self.1.d);
            block.read::<S>(self.0, 0..self.0.nrows());
            block.assign(s, self.1, true);
            block.gaps().to_vec()
        }
    }

    /// Far from their means data lose digits, in single precision all that double has: no gap is larger than it is,
    /// and most are not much smaller.
    #[test]
    fn gaps_are_never_too_large() {
        let mut rng = data::rng(4);
        for d in [1, 2, 5, 33] {
            for far in [1.0, 1e2, 1e4] {
                let mut large = 0;
                for _ in 0..50 {
                    let means = DMatrix::from_fn(9, d, |_, _| rng.random_range(-1.0..1.0));
                    let x = DMatrix::from_fn(64, d, |_, _| far * rng.random_range(-1.0..1.0));
                    let found = Arch::new().dispatch(Gaps(&x, &Means::new(&means)));
                    for (i, gap) in found.into_iter().enumerate() {
                        let mut distances: Vec<f64> =
                            means.row_iter().map(|mean| (x.row(i) - mean).norm()).collect();
                        distances.sort_by(f64::total_cmp);
                        let exact = distances[1] - distances[0];
                        assert!(gap <= exact + 1e-13 * far, "d = {d}, {far}: {gap} of {exact}");
                        large += usize::from(gap > 0.9 * exact);
                    }
                }
                assert!(far > 1.0 || large > 3_000, "d = {d}: {large}");
            }
        }
    }
}
