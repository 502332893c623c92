//! The assignment step's kernel: the nearest mean of every datum of a block.
//!
//! With ½‖x − m‖² = ½‖x‖² + (½‖m‖² − x·m), the nearest mean is the one of least ½‖m‖² − x·m: one multiply–add a dimension. But
//! its rounding is relative to ‖x‖² and ‖m‖², not to the distance. So it is trusted only where the second smallest is larger
//! than the smallest by more than both of them and the derivation's distances can err; elsewhere the distances are computed
//! as the derivation does. The labels are therefore the derivation's, bit for bit, on every machine.

use nalgebra::DMatrix;
use pulp::Simd;
use std::ops::Range;

/// So many registers of data make a tile …
pub(super) const WIDE: usize = 2;
/// … and meet so many means at a time: eight sums, enough to hide the latency of a multiply–add.
const MEANS: usize = 4;

/// The sums of a cluster are gathered so many dimensions at a time.
pub(super) const GROUP: usize = 4;

/// The rows of a block: so few that what is computed of one hides the reading of the next; a multiple of [`WIDE`] registers of
/// every instruction set.
pub(super) const BLOCK: usize = 48;

/// The means as the kernel reads them: a few at a time, dimension by dimension.
pub(super) struct PackedMeans {
    pub k: usize,
    pub d: usize,
    /// −m. The last tile is filled up with zeros …
    negated: Vec<f64>,
    /// ½‖m‖², and … infinities, which are nearest to nothing.
    half_squares: Vec<f64>,
    /// The largest ‖m‖².
    largest_square: f64,
}

impl PackedMeans {
    /// `means` is k×d.
    pub fn new(means: &DMatrix<f64>) -> Self {
        let (k, d) = means.shape();
        let tiles = (0..k).step_by(MEANS);
        let negated = tiles.flat_map(|first| {
            (0..d * MEANS).map(move |at| {
                let j = first + at % MEANS;
                if j < k { -means[(j, at / MEANS)] } else { 0.0 }
            })
        });
        let squares = means.row_iter().map(|mean| mean.norm_squared());
        let mut half_squares: Vec<f64> = squares.clone().map(|square| 0.5 * square).collect();
        half_squares.resize(k.next_multiple_of(MEANS), f64::INFINITY);
        PackedMeans {
            k,
            d,
            negated: negated.collect(),
            half_squares,
            largest_square: squares.fold(0.0, f64::max),
        }
    }

    /// A few means: their ½‖m‖², and −m.
    #[inline(always)]
    fn tiles(&self) -> impl Iterator<Item = (&[f64; MEANS], &[[f64; MEANS]])> {
        let half_squares = self.half_squares.as_chunks::<MEANS>().0;
        half_squares.iter().zip(self.negated.as_chunks::<MEANS>().0.chunks_exact(self.d))
    }
}

/// A block of data, and what the kernel finds out about them.
pub(super) struct Block {
    /// Tile by tile, dimension by dimension; zeros fill up the last [`GROUP`] of dimensions.
    x: Vec<f64>,
    /// The label of each datum: the bits of these numbers, so that labels move with the comparisons.
    labels: Vec<f64>,
    len: usize,
}

impl Block {
    pub fn new(d: usize) -> Self {
        Block { x: vec![0.0; d.next_multiple_of(GROUP) * BLOCK], labels: vec![0.0; BLOCK], len: 0 }
    }

    /// Reads at most [`BLOCK`] rows; what fills up the last tile is left from before, and never looked at.
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
            if let Some(tile) = tiles.next() {
                tile[a * width..][..rest.len()].copy_from_slice(rest);
            }
        }
    }

    /// Finds the nearest mean of each datum, the one of lower index where two are as near.
    #[inline(always)]
    pub fn assign<S: Simd>(&mut self, s: S, means: &PackedMeans) {
        let tiles = self.len.div_ceil(WIDE * S::F64_LANES);
        let tile_len = means.d.next_multiple_of(GROUP) * WIDE;
        let x = S::as_simd_f64s(&self.x).0.chunks_exact(tile_len).take(tiles);
        let labels = S::as_mut_simd_f64s(&mut self.labels).0.as_chunks_mut::<WIDE>().0;
        for (x, labels) in x.zip(labels) {
            let (x, _) = x.as_chunks::<WIDE>();
            *labels = certain(s, &x[..means.d], means).unwrap_or_else(|| derived(s, &x[..means.d], means));
        }
    }

    /// The label of each datum.
    #[inline(always)]
    pub fn labels(&self) -> impl Iterator<Item = usize> {
        self.labels[..self.len].iter().map(|label| label.to_bits() as usize)
    }

    /// The coordinates of each tile of data, dimension by dimension, with the bits of their labels.
    #[inline(always)]
    pub fn tiles<S: Simd>(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        let width = WIDE * S::F64_LANES;
        let tile_len = self.x.len() / BLOCK * width;
        self.x.chunks_exact(tile_len).zip(self.labels[..self.len].chunks(width))
    }
}

/// The labels of a tile by ½‖m‖² − x·m, if rounding can have changed none of them.
///
/// Each of these numbers, a sum of d + 1 terms, errs by at most (d + 1) ε (‖x‖² + ‖m‖²), where ε is twice the unit roundoff; half
/// a squared distance of the derivation, a sum of d squared differences, by ½(d + 2) ε of itself, itself at most
/// ‖x‖² + ‖m‖². Two of each: (3d + 4) ε (‖x‖² + ‖m‖²), and the smallest normal number in place of ε where they underflow.
#[inline(always)]
fn certain<S: Simd>(s: S, x: &[[S::f64s; WIDE]], means: &PackedMeans) -> Option<[S::f64s; WIDE]> {
    let infinity = s.splat_f64s(f64::INFINITY);
    let (mut least, mut second) = ([infinity; WIDE], [infinity; WIDE]);
    let mut labels = [s.splat_f64s(0.0); WIDE];
    for (first, (half_squares, negated)) in means.tiles().enumerate() {
        let mut sums = half_squares.map(|half| [s.splat_f64s(half); WIDE]);
        for (x, negated) in x.iter().zip(negated) {
            for (sums, &negated) in sums.iter_mut().zip(negated) {
                let negated = s.splat_f64s(negated);
                for (sum, &x) in sums.iter_mut().zip(x) {
                    *sum = s.mul_add_e_f64s(x, negated, *sum);
                }
            }
        }
        for (t, sums) in sums.iter().enumerate() {
            let label = s.splat_f64s(f64::from_bits((first * MEANS + t) as u64));
            for (u, &sum) in sums.iter().enumerate() {
                labels[u] = s.select_f64s(s.less_than_f64s(sum, least[u]), label, labels[u]);
                second[u] = s.min_f64s(second[u], s.max_f64s(least[u], sum));
                least[u] = s.min_f64s(least[u], sum);
            }
        }
    }
    let mut squares = [s.splat_f64s(means.largest_square); WIDE];
    for x in x {
        for (square, &x) in squares.iter_mut().zip(x) {
            *square = s.mul_add_e_f64s(x, x, *square);
        }
    }
    let terms = 4.0 * (means.d + 2) as f64;
    let (relative, smallest) = (s.splat_f64s(terms * f64::EPSILON), s.splat_f64s(terms * f64::MIN_POSITIVE));
    let all = s.equal_f64s(infinity, infinity);
    let is_certain = (0..WIDE).all(|u| {
        let error = s.mul_add_e_f64s(squares[u], relative, smallest);
        // Asked this way, because an overflow may have left a number that is none.
        let apart = s.greater_than_f64s(s.sub_f64s(second[u], least[u]), error);
        s.first_true_m64s(s.xor_m64s(apart, all)) >= S::F64_LANES
    });
    is_certain.then_some(labels)
}

/// The labels of a tile by squared distances, each summed as the derivation sums it.
#[inline(always)]
fn derived<S: Simd>(s: S, x: &[[S::f64s; WIDE]], means: &PackedMeans) -> [S::f64s; WIDE] {
    let mut least = [s.splat_f64s(f64::INFINITY); WIDE];
    let mut labels = [s.splat_f64s(0.0); WIDE];
    for (first, (_, negated)) in means.tiles().enumerate() {
        let mut sums = [[s.splat_f64s(0.0); WIDE]; MEANS];
        for (x, negated) in x.iter().zip(negated) {
            for (sums, &negated) in sums.iter_mut().zip(negated) {
                let negated = s.splat_f64s(negated);
                for (sum, &x) in sums.iter_mut().zip(x) {
                    let v = s.add_f64s(x, negated);
                    *sum = s.add_f64s(*sum, s.mul_f64s(v, v));
                }
            }
        }
        for (t, sums) in sums.iter().enumerate().take(means.k - first * MEANS) {
            let label = s.splat_f64s(f64::from_bits((first * MEANS + t) as u64));
            for (u, &sum) in sums.iter().enumerate() {
                labels[u] = s.select_f64s(s.less_than_f64s(sum, least[u]), label, labels[u]);
                least[u] = s.min_f64s(least[u], sum);
            }
        }
    }
    labels
}
