//! The assignment step's kernel: the nearest mean of every datum of a tile.
//!
//! With ½‖x − m‖² = ½‖x‖² + (½‖m‖² − x·m), the nearest mean is the one of least ½‖m‖² − x·m: one multiply–add a
//! dimension. But its rounding is relative to ‖x‖² and ‖m‖², not to the distance. So it is trusted only where the
//! second smallest is larger than the smallest by more than both of them and the derivation's distances can err. That
//! is tried in single precision, which is twice as fast, then in double; where it fails, the distances are computed as
//! the derivation does. The labels are therefore the derivation's, bit for bit, on every machine.

use super::packed::{MEANS, PackedMeans};
use super::precision::Precision;
use pulp::Simd;

/// So many registers of data meet the means at once.
pub(super) const WIDE: usize = 2;

/// A few data: their coordinates in one dimension.
pub(super) type Strip<T, S> = [<T as Precision>::Register<S>; WIDE];

/// With more dimensions, products of roundings in single precision would not be small.
pub(super) const MOST_DIMENSIONS: usize = 1 << 20;

/// The nearest means of a few data, and what was compared to find them.
pub(super) struct Found<T: Precision, S: Simd> {
    pub labels: Strip<T, S>,
    /// The smallest ½‖m‖² − x·m, …
    least: Strip<T, S>,
    /// … the second smallest, …
    second: Strip<T, S>,
    /// … ‖x‖², …
    squares: Strip<T, S>,
    /// … and by how much twice any of the first two can err, with the derivation.
    errors: Strip<T, S>,
}

/// The labels of a few data by ½‖m‖² − x·m, if rounding can have changed none of them.
///
/// Let B = ‖x‖² + ‖m‖², u the unit roundoff of the precision, ε = 2u. In single precision x and m are differences from
/// a centre; double precision rounded them once, relative to themselves, and single once more. In double precision they
/// are exact.
///
/// - By that x·m errs by 2u of Σ|x_a m_a| ≤ ½B.
/// - The constant ½‖m‖² is summed in double precision and rounded: at most ½(d + 1)u of ‖m‖².
/// - The d multiply–adds err by u each of a partial sum, which is at most ½‖m‖² + Σ|x_a m_a| ≤ B.
/// - Half a squared distance of the derivation, a sum of d squared differences in double precision, errs by (d + 2)u of
///   itself, at most B.
///
/// Together less than (2½d + 4)u, and twice that for two means: (3d + 8) ε B leaves room for the rounding of B and for
/// products of roundings. Underflow: a result errs by half the smallest number η, for which (3d + 8) smallest normal
/// numbers are plenty; a coordinate likewise, which costs a product ½η|m| ≤ ½u m² + η²/u, and for that there is room in
/// both terms. Where something overflows, so does B, since a partial sum is at most ½‖m‖² + ‖x‖ ‖m‖ < 0.81 B; and
/// nothing is trusted then.
#[inline(always)]
pub(super) fn certain<'a, T: Precision, S: Simd>(
    s: S,
    x: impl Iterator<Item = &'a Strip<T, S>> + Clone,
    means: &PackedMeans<T>,
) -> Option<Found<T, S>> {
    let infinity = T::splat(s, T::INFINITY);
    let (mut least, mut second) = ([infinity; WIDE], [infinity; WIDE]);
    let mut labels = [infinity; WIDE];
    for (first, (half_squares, negated)) in means.tiles().enumerate() {
        let mut sums = half_squares.map(|half| [T::splat(s, half); WIDE]);
        for (x, negated) in x.clone().zip(negated) {
            for (sums, &negated) in sums.iter_mut().zip(negated) {
                let negated = T::splat(s, negated);
                for (sum, &x) in sums.iter_mut().zip(x) {
                    *sum = T::mul_add(s, x, negated, *sum);
                }
            }
        }
        for u in 0..WIDE {
            for (t, sums) in sums.iter().enumerate() {
                let label = T::splat(s, T::from_label(first * MEANS + t));
                labels[u] = T::where_less(s, (sums[u], least[u]), label, labels[u]);
                second[u] = T::min(s, second[u], T::max(s, least[u], sums[u]));
                least[u] = T::min(s, least[u], sums[u]);
            }
        }
    }
    let mut squares = [T::splat(s, T::round(0.0)); WIDE];
    for x in x {
        for (square, &x) in squares.iter_mut().zip(x) {
            *square = T::mul_add(s, x, x, *square);
        }
    }
    let largest_square = T::splat(s, means.largest_square);
    let terms = (3 * means.d + 8) as f64;
    let relative = T::splat(s, T::round(terms * T::EPSILON));
    let smallest = T::splat(s, T::round(terms * T::MIN_POSITIVE));
    let errors = squares.map(|square| T::mul_add(s, T::add(s, square, largest_square), relative, smallest));
    // Asked this way, because an overflow may have left a number that is none.
    let is_certain = (0..WIDE).all(|u| T::all_greater(s, T::sub(s, second[u], least[u]), errors[u]));
    is_certain.then_some(Found { labels, least, second, squares, errors })
}

impl<T: Precision, S: Simd> Found<T, S> {
    /// By how much each datum is nearer to its mean than to all others, at least: l − u, in units of the data.
    ///
    /// ```math
    /// l^2 = \lVert x \rVert^2 + 2\,\text{second} - 3e, \qquad u^2 = \lVert x \rVert^2 + 2\,\text{least} + 3e,
    /// \qquad e = (3d + 8)\,\varepsilon B
    /// ```
    ///
    /// One e is what a squared distance can err: ½‖m‖² − x·m by (2½d + 4)u B, as derived above, and half the sum of d
    /// squares of rounded coordinates by (½d + 1)u B and less than u B for products of roundings, together less than
    /// ½e = (3d + 8)u B. The two others, 4(3d + 8)u B, are room for what is done with it. A squared distance is at
    /// most 2B, so 2e more or less in it are (3d + 8)√2 u√B or more in a distance, and
    ///
    /// - two additions err by 6u B, in the distance 2.2u√B where that is not less than 2e/√B, and less where it is not
    ///   the largest; the root by √2 u√B: for l and u together 7.2u√B;
    /// - their difference errs by √2 u√B;
    /// - half a squared distance of the derivation errs by ½(d + 2)u of itself in double precision, now and later, so
    ///   it takes l and u to differ by (d + 2)u(l + u), at most (d + 2)2√2 u√B.
    ///
    /// That is (2.9d + 14.3)u√B, of twice (4.2d + 11.3)u√B.
    #[inline(always)]
    pub fn gaps(&self, s: S) -> Strip<T, S> {
        let [zero, two, three] = [0.0, 2.0, 3.0].map(|number| T::splat(s, T::round(number)));
        let mut gaps = self.labels;
        for (u, gap) in gaps.iter_mut().enumerate() {
            let room = T::mul_add(s, three, self.errors[u], zero);
            let lower = T::sub(s, T::mul_add(s, two, self.second[u], self.squares[u]), room);
            let upper = T::add(s, T::mul_add(s, two, self.least[u], self.squares[u]), room);
            let [lower, upper] = [lower, upper].map(|square| T::sqrt(s, T::max(s, square, zero)));
            *gap = T::sub(s, lower, upper);
        }
        gaps
    }
}

/// The labels of a few data by squared distances, each summed as the derivation sums it.
#[inline(always)]
pub(super) fn derived<'a, S: Simd>(
    s: S,
    x: impl Iterator<Item = &'a Strip<f64, S>> + Clone,
    k: usize,
    means: &PackedMeans<f64>,
) -> Strip<f64, S> {
    let mut least = [s.splat_f64s(f64::INFINITY); WIDE];
    let mut labels = [s.splat_f64s(0.0); WIDE];
    for (first, (_, negated)) in means.tiles().enumerate() {
        let mut sums = [[s.splat_f64s(0.0); WIDE]; MEANS];
        for (x, negated) in x.clone().zip(negated) {
            for (sums, &negated) in sums.iter_mut().zip(negated) {
                let negated = s.splat_f64s(negated);
                for (sum, &x) in sums.iter_mut().zip(x) {
                    let v = s.add_f64s(x, negated);
                    *sum = s.add_f64s(*sum, s.mul_f64s(v, v));
                }
            }
        }
        for (t, sums) in sums.iter().enumerate().take(k - first * MEANS) {
            let label = s.splat_f64s(f64::from_label(first * MEANS + t));
            for (u, &sum) in sums.iter().enumerate() {
                labels[u] = f64::where_less(s, (sum, least[u]), label, labels[u]);
                least[u] = s.min_f64s(least[u], sum);
            }
        }
    }
    labels
}
