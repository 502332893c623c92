//! The assignment step's kernel: the nearest mean of every datum of a block, in the derivation's very order of summation
//! wherever that could matter.
//!
//! A distance summed with fused multiply–adds takes half the time, but its last bits differ from those of the derivation,
//! and where two means are as near but for rounding, the label would differ too. So the fused distances are trusted only
//! where the second smallest is larger than the smallest by more than both can err; elsewhere the distances are computed
//! again, as the derivation does. The labels are therefore the derivation's, bit for bit, on every machine.

use nalgebra::DMatrix;
use pulp::Simd;
use std::ops::Range;

/// So many registers of data make a tile …
pub(super) const WIDE: usize = 2;
/// … and meet so many means at a time: eight sums, enough to hide the latency of a multiply–add.
const MEANS: usize = 4;

/// The sums of a cluster are gathered so many dimensions at a time.
pub(super) const GROUP: usize = 4;

/// The rows of a block: so many that a column is read in long runs, so few that the block stays in the second cache.
pub(super) const BLOCK: usize = 256;

/// The means as the kernel reads them: a few at a time, dimension by dimension.
pub(super) struct PackedMeans {
    pub k: usize,
    pub d: usize,
    tiles: Vec<f64>,
}

impl PackedMeans {
    /// `means` is k×d. The last tile is filled up with means at infinity, which are nearest to nothing.
    pub fn new(means: &DMatrix<f64>) -> Self {
        let (k, d) = means.shape();
        let mut tiles = Vec::with_capacity(k.next_multiple_of(MEANS) * d);
        for first in (0..k).step_by(MEANS) {
            for a in 0..d {
                let mean = |j: usize| if j < k { means[(j, a)] } else { f64::INFINITY };
                tiles.extend((first..first + MEANS).map(mean));
            }
        }
        PackedMeans { k, d, tiles }
    }
}

/// A block of data, and what the kernel finds out about them.
pub(super) struct Block {
    /// Tile by tile, dimension by dimension; zeros fill up the last [`GROUP`] of dimensions.
    x: Vec<f64>,
    /// The label of each datum: the bits of these numbers, so that labels move with the comparisons.
    labels: Vec<f64>,
    /// The squared distance of each datum from its mean.
    squares: Vec<f64>,
    len: usize,
}

impl Block {
    pub fn new(d: usize) -> Self {
        let of = |count: usize| vec![0.0; count * BLOCK];
        Block { x: of(d.next_multiple_of(GROUP)), labels: of(1), squares: of(1), len: 0 }
    }

    /// Reads at most [`BLOCK`] rows; the last tile is filled up with copies of the last of them.
    #[inline(always)]
    pub fn read<S: Simd>(&mut self, x: &DMatrix<f64>, rows: Range<usize>) {
        let (n, d) = x.shape();
        let width = WIDE * S::F64_LANES;
        self.len = rows.len();
        for (a, column) in x.as_slice().chunks_exact(n).enumerate() {
            let column = &column[rows.clone()];
            let whole = column.chunks_exact(width);
            let rest = whole.remainder();
            let mut tiles = self.x.chunks_exact_mut(d.next_multiple_of(GROUP) * width);
            for (x, tile) in whole.zip(&mut tiles) {
                tile[a * width..][..width].copy_from_slice(x);
            }
            if let (Some(last), Some(tile)) = (rest.last(), tiles.next()) {
                let lanes = &mut tile[a * width..][..width];
                lanes.fill(*last);
                lanes[..rest.len()].copy_from_slice(rest);
            }
        }
    }

    /// Finds the nearest mean of each datum, the one of lower index where two are as near.
    #[inline(always)]
    pub fn assign<S: Simd>(&mut self, s: S, means: &PackedMeans) {
        let tiles = self.len.div_ceil(WIDE * S::F64_LANES);
        let tile_len = means.d.next_multiple_of(GROUP) * WIDE;
        let x = S::as_simd_f64s(&self.x).0.chunks_exact(tile_len).take(tiles);
        let squares = S::as_mut_simd_f64s(&mut self.squares).0.as_chunks_mut::<WIDE>().0;
        let labels = S::as_mut_simd_f64s(&mut self.labels).0.as_chunks_mut::<WIDE>().0;
        // Each distance, fused or not, is a sum of d squares and errs by at most d ε/2 of itself, and where it underflows by
        // at most d smallest numbers.
        let ratio = s.splat_f64s(1.0 + 4.0 * (means.d + 1) as f64 * f64::EPSILON);
        let underflow = s.splat_f64s(means.d as f64 * f64::MIN_POSITIVE);
        for ((x, squares), labels) in x.zip(squares).zip(labels) {
            let mut nearest = Nearest::among::<true>(s, x, means);
            if (0..WIDE).any(|u| {
                let both_err = s.mul_add_e_f64s(nearest.square[u], ratio, underflow);
                s.first_true_m64s(s.less_than_or_equal_f64s(nearest.second[u], both_err)) < S::F64_LANES
            }) {
                nearest = Nearest::among::<false>(s, x, means);
            }
            (*squares, *labels) = (nearest.square, nearest.label);
        }
    }

    /// The label of each datum.
    #[inline(always)]
    pub fn labels(&self) -> impl Iterator<Item = usize> {
        self.labels[..self.len].iter().map(|label| label.to_bits() as usize)
    }

    /// The squared distance of each datum from its mean.
    #[inline(always)]
    pub fn squares(&self) -> &[f64] {
        &self.squares[..self.len]
    }

    /// The coordinates of each tile of data, dimension by dimension, with the bits of their labels.
    #[inline(always)]
    pub fn tiles<S: Simd>(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        let width = WIDE * S::F64_LANES;
        let tile_len = self.x.len() / BLOCK * width;
        self.x.chunks_exact(tile_len).zip(self.labels[..self.len].chunks(width))
    }
}

/// The smallest distance of each datum of a tile, whose it is, and the second smallest.
struct Nearest<S: Simd> {
    square: [S::f64s; WIDE],
    label: [S::f64s; WIDE],
    second: [S::f64s; WIDE],
}

impl<S: Simd> Nearest<S> {
    #[inline(always)]
    fn among<const FUSED: bool>(s: S, x: &[S::f64s], means: &PackedMeans) -> Self {
        let infinity = s.splat_f64s(f64::INFINITY);
        let mut nearest =
            Nearest { square: [infinity; WIDE], label: [s.splat_f64s(0.0); WIDE], second: [infinity; WIDE] };
        for (first, tile) in means.tiles.chunks_exact(MEANS * means.d).enumerate() {
            let mut sums = [[s.splat_f64s(0.0); WIDE]; MEANS];
            for (x, mean) in x.as_chunks::<WIDE>().0.iter().zip(tile.as_chunks::<MEANS>().0) {
                for (sums, &mean) in sums.iter_mut().zip(mean) {
                    let mean = s.splat_f64s(mean);
                    for (sum, &x) in sums.iter_mut().zip(x) {
                        let v = s.sub_f64s(x, mean);
                        *sum = if FUSED {
                            s.mul_add_e_f64s(v, v, *sum)
                        } else {
                            s.add_f64s(*sum, s.mul_f64s(v, v))
                        };
                    }
                }
            }
            for (t, sums) in sums.iter().enumerate() {
                let index = s.splat_f64s(f64::from_bits((first * MEANS + t) as u64));
                for (u, &sum) in sums.iter().enumerate() {
                    let (least, second) = (nearest.square[u], nearest.second[u]);
                    let is_less = s.less_than_f64s(sum, least);
                    nearest.label[u] = s.select_f64s(is_less, index, nearest.label[u]);
                    if FUSED {
                        nearest.second[u] = s.min_f64s(second, s.max_f64s(least, sum));
                    }
                    nearest.square[u] = s.min_f64s(least, sum);
                }
            }
        }
        nearest
    }
}
