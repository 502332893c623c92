//! Responsibilities too small to be seen in any sum. Where clusters lie apart nearly all are, and the M step need not
//! visit those data.
//!
//! Neglected is a responsibility if 4^(l − m) < τ = 4^−100. What a component then lacks is bounded, for data of weight
//! W together:
//!
//! - Its count R lacks less than τ W.
//! - A power of 4 between 0 and τ has |m| < 2^63, since neighbouring numbers out there are 2048 apart, and
//!   4^−2048 = 0. So its ½Δ² = (c − l) log 4 is below 2^65, and as (x − μ)_a² ≤ Σ_aa Δ², the second moment S_aa about
//!   the mean lacks less than 2^−134 W Σ_aa.
//!
//! So sums with R ≥ 2^−60 W and S_aa ≥ 2^−60 W Σ_aa for all a lack no more than 2^−140 R and 2^−74 S_aa, and by
//! Cauchy's and Schwarz's inequality no more than 2^−74 √(S_aa S_bb) of S_ab and 2^−107 √(R S_aa) of the first moment
//! s_a: far less than they are rounded. Other sums are taken again, with nothing neglected: those of a component that
//! has died, or shrinks to a point.

use super::super::lanes::{Room, Strip, strip_len};
use super::layout::Layout;
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::scale::Moments;
use pulp::Simd;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

/// τ.
const NEGLIGIBLE: f64 = f64::from_bits((1023 - 200) << 52);

/// A log joint, in units of log 4, that is so much less than another of its datum is negligible, however both are
/// rounded.
pub(super) const MARGIN: f64 = 101.0;

/// 2^−60.
const CERTAIN: f64 = f64::from_bits((1023 - 60) << 52);

/// To find and gather data takes as long as this many multiply–adds for each number.
const GATHERING: usize = 12;

/// With fewer second moments, there is nothing to gain by less data.
const FEWEST_MOMENTS: usize = 64;

/// Whether sums can become cheaper.
pub(super) fn is_worthwhile(layout: Layout) -> bool {
    layout.second_len() >= FEWEST_MOMENTS
}

/// Whether sums do become cheaper if only so many of all data are gathered for them.
pub(super) fn pays(layout: Layout, gathered: usize, all: usize) -> bool {
    gathered * (layout.second_len() + GATHERING * layout.d) + all * GATHERING < all * layout.second_len()
}

/// Whether these sums about the means of `model`, with responsibilities neglected, lack nothing that could be seen.
pub(super) fn is_unseen(moments: &Moments, model: &GaussianMixture) -> bool {
    let least = CERTAIN * moments.total;
    // Of no weight, a component has nothing that could have been neglected.
    (0..model.k()).filter(|&j| model.weights()[j] > 0.0).all(|j| {
        moments.counts[j] >= least
            && (0..model.d()).all(|a| moments.square(j, a) >= least * model.variance(j, a))
    })
}

/// Whether, judged by these strips, so much is negligible that sums become cheaper without it.
#[inline(always)]
pub(super) fn is_frequent<S: Simd>(s: S, layout: Layout, joint: &mut [Strip<S>], stride: usize) -> bool {
    let mut left = 0;
    for j in 0..layout.k {
        left += neglect(s, joint, stride, j);
    }
    pays(layout, left, joint.len() / stride * strip_len::<S>() * layout.k)
}

/// Makes negligible powers of 4 of component j zero; returns how many are left.
#[inline(always)]
pub(super) fn neglect<S: Simd>(s: S, joint: &mut [Strip<S>], stride: usize, j: usize) -> usize {
    let (zero, one, least) = (s.splat_f64s(0.0), s.splat_f64s(1.0), s.splat_f64s(NEGLIGIBLE));
    let mut left = zero;
    for joint in joint.chunks_exact_mut(stride) {
        for power in &mut joint[j] {
            let is_left = s.greater_than_or_equal_f64s(*power, least);
            *power = s.select_f64s(is_left, *power, zero);
            left = s.add_f64s(left, s.select_f64s(is_left, one, zero));
        }
    }
    s.reduce_sum_f64s(left) as usize
}

/// Where the data of a block that are not neglected are gathered.
pub(super) struct Gathered {
    x: Room,
    rows: Vec<usize>,
}

impl Gathered {
    /// For so many data, in strips `stride` apart.
    pub fn new(len: usize, stride: usize) -> Self {
        Gathered { x: Room::new(len * stride), rows: vec![0; len + 1] }
    }

    /// The data with r ≠ 0, strip by strip, and their r, which move to the front of it; the last strip is filled up
    /// with r = 0.
    #[inline(always)]
    pub fn gather<'a, S: Simd>(
        &'a mut self,
        x: &[Strip<S>],
        d: usize,
        r: &'a mut [Strip<S>],
    ) -> (&'a [Strip<S>], &'a [Strip<S>]) {
        let (stride, lanes) = (x.len() / r.len(), strip_len::<S>());
        let (x, numbers): (&[f64], &mut [f64]) = (cast_slice(x), cast_slice_mut(r));
        let mut count = 0;
        for (row, &r) in numbers.iter().enumerate() {
            // Where the next one is found, it takes the place of one that was not.
            self.rows[count] = row;
            count += usize::from(r != 0.0);
        }
        let place = |row: usize| row / lanes * stride * lanes + row % lanes;
        let gathered = self.x.numbers();
        for (to, &from) in self.rows[..count].iter().enumerate() {
            let (x, gathered) = (&x[place(from)..], &mut gathered[place(to)..]);
            for a in 0..d {
                gathered[a * lanes] = x[a * lanes];
            }
            numbers[to] = numbers[from];
        }
        let strips = count.div_ceil(lanes);
        numbers[count..strips * lanes].fill(0.0);
        (self.x.strips::<S>(strips * stride), &r[..strips])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::{Arch, WithSimd};

    /// A block whose powers are given row by row: which data remain, with what powers.
    struct Remaining<'a>(&'a [f64]);

    impl WithSimd for Remaining<'_> {
        type Output = Vec<(f64, f64)>;
        #[inline(always)]
        fn with_simd<S: Simd>(self, s: S) -> Self::Output {
            let lanes = strip_len::<S>();
            let len = self.0.len().div_ceil(lanes);
            let (mut x, mut r) = (Room::new(3 * len * lanes), Room::new(len * lanes));
            r.numbers().fill(0.0);
            r.numbers()[..self.0.len()].copy_from_slice(self.0);
            for (row, x) in x.numbers().chunks_exact_mut(lanes).step_by(3).flatten().enumerate() {
                *x = row as f64;
            }
            let left = neglect(s, r.strips::<S>(len), 1, 0);
            let mut gathered = Gathered::new(len * lanes, 3);
            let (x, r) = gathered.gather::<S>(x.strips::<S>(3 * len), 1, r.strips::<S>(len));
            assert_eq!(r.len(), left.div_ceil(lanes));
            let x = cast_slice::<_, f64>(x).chunks_exact(lanes).step_by(3).flatten();
            x.copied().zip(cast_slice::<_, f64>(r).iter().copied()).collect()
        }
    }

    #[test]
    fn what_is_not_negligible_remains_in_order() {
        let below = f64::from_bits(NEGLIGIBLE.to_bits() - 1);
        for every in [1, 2, 3, 7, 30, 1000] {
            let power = |row: usize| if row.is_multiple_of(every) { NEGLIGIBLE + row as f64 } else { below };
            for n in [1, 7, 8, 9, 64, 100] {
                let powers: Vec<f64> = (0..n).map(power).collect();
                let expected: Vec<_> = (0..n).step_by(every).map(|row| (row as f64, power(row))).collect();
                for arch in [Arch::new(), Arch::Scalar] {
                    let found = arch.dispatch(Remaining(&powers));
                    let (found, padding) = found.split_at(expected.len());
                    assert_eq!(found, expected);
                    assert!(padding.iter().all(|&(_, power)| power == 0.0));
                }
            }
        }
    }

    #[test]
    fn the_bounds_are_those_derived() {
        assert_eq!(NEGLIGIBLE, 4.0_f64.powi(-100));
        assert_eq!(CERTAIN, 2.0_f64.powi(-60));
    }
}
