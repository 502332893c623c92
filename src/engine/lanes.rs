//! Vector lanes: where numbers lie, and the arithmetic that the kernels are made of.
//!
//! Lanes run over the data. [`pulp`] picks the widest registers that the machine has; but only what is inlined into the code that
//! it calls may use them. So everything here and in the kernels is `inline(always)`, and loops stand where closures would do, which
//! the compiler may leave as calls.

use pulp::Simd;
use pulp::bytemuck::cast_slice_mut;
use std::cell::RefCell;
use std::collections::VecDeque;

/// How many registers the kernels work on at once.
pub(super) const WIDE: usize = 2;

/// A few registers of data: with four lanes, one line of the cache.
pub(super) type Strip<S> = [<S as Simd>::f64s; WIDE];

/// How many data a strip holds.
pub(super) fn strip_len<S: Simd>() -> usize {
    WIDE * S::F64_LANES
}

/// Numbers that start where a line of the cache does.
pub(super) struct Room {
    numbers: Vec<f64>,
    start: usize,
    len: usize,
}

thread_local! {
    /// Rooms that were given back: to clear new ones takes as long as a sweep over a few hundred data.
    static SPARE: RefCell<VecDeque<Vec<f64>>> = const { RefCell::new(VecDeque::new()) };
}

impl Drop for Room {
    fn drop(&mut self) {
        // A thread that ends has no more use for it.
        let _ = SPARE.try_with(|spare| spare.borrow_mut().push_back(std::mem::take(&mut self.numbers)));
    }
}

impl Room {
    /// Room for `len` numbers, whatever they are at first.
    pub fn new(len: usize) -> Self {
        // First given, first taken: the rooms of the next sweep are those of this one, in the same order and of the same sizes.
        let mut numbers = SPARE.with_borrow_mut(VecDeque::pop_front).unwrap_or_default();
        numbers.resize(len + LINE, 0.0);
        // A machine that cannot tell is served as well, only slower.
        let start = numbers.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        Room { numbers, start, len }
    }

    pub fn numbers(&mut self) -> &mut [f64] {
        &mut self.numbers[self.start..][..self.len]
    }

    /// The first strips of the room.
    pub fn strips<S: Simd>(&mut self, count: usize) -> &mut [Strip<S>] {
        &mut S::as_mut_simd_f64s(self.numbers()).0.as_chunks_mut().0[..count]
    }
}

/// How many numbers make a line of the cache.
const LINE: usize = 8;

/// The larger of two, and the second where the first is not a number.
#[inline(always)]
pub(super) fn max<S: Simd>(mut a: S::f64s, mut b: S::f64s) -> S::f64s {
    // What pulp offers returns a NaN on some machines.
    for (b, a) in numbers::<S>(&mut b).iter_mut().zip(numbers::<S>(&mut a)) {
        *b = if *a > *b { *a } else { *b };
    }
    b
}

/// The single numbers of a register; the compiler makes lanes of them again.
#[inline(always)]
fn numbers<S: Simd>(register: &mut S::f64s) -> &mut [f64] {
    cast_slice_mut(std::slice::from_mut(register))
}

/// eˣ for x ≤ 0 to three units in the last place, with gradual underflow; e⁰ = 1 and e^−∞ = 0 exactly.
///
/// With x = 2 m log 2 + t, |t| ≤ log 2, it is (2^m e^{t/2})². The halving keeps 2^m a normal number down to the smallest eˣ;
/// e^{t/2} is 1 + t (½ + t q(t)), where q has degree 9 and the relative error 4·10⁻¹⁸ (minimax, by Lawson's iteration).
#[inline(always)]
pub(super) fn exp<S: Simd>(s: S, x: S::f64s) -> S::f64s {
    // Adding it rounds a small number to an integer, which is then found in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52
    // 2 log 2 in two parts; m times the first is exact.
    const LOG_4_HIGH: f64 = 2.0 * 6.931_471_803_691_238e-1;
    const LOG_4_LOW: f64 = 2.0 * 1.908_214_929_270_587_7e-10;
    const Q: [f64; 10] = [
        5.000_000_000_000_011e-1 / 4.0,
        1.666_666_666_666_641e-1 / 8.0,
        4.166_666_666_652_969e-2 / 16.0,
        8.333_333_333_494_976e-3 / 32.0,
        1.388_888_894_376_909_4e-3 / 64.0,
        1.984_126_950_581_489_5e-4 / 128.0,
        2.480_149_294_081_101_2e-5 / 256.0,
        2.755_758_674_425_147e-6 / 512.0,
        2.763_030_919_867_508e-7 / 1024.0,
        2.500_004_291_113_374e-8 / 2048.0,
    ];
    let of = |value| s.splat_f64s(value);
    let mul_add = |a, b, c| s.mul_add_e_f64s(a, b, c);
    // e^−746 is 0 already; below that, and for NaN, the bits would wrap.
    let x = max::<S>(x, of(-746.0));
    let rounded = mul_add(x, of(0.5 * std::f64::consts::LOG2_E), of(ROUND));
    let m = s.sub_f64s(rounded, of(ROUND));
    let t = mul_add(m, of(-LOG_4_LOW), mul_add(m, of(-LOG_4_HIGH), x));
    // By pairs, pairs of pairs and so on (Estrin's scheme), since one multiply-add need not wait for the other.
    let t2 = s.mul_f64s(t, t);
    let t4 = s.mul_f64s(t2, t2);
    let pair = |i: usize| mul_add(of(Q[i + 1]), t, of(Q[i]));
    let high = mul_add(pair(8), t4, mul_add(pair(6), t2, pair(4)));
    let q = mul_add(high, t4, mul_add(pair(2), t2, pair(0)));
    let exp_half_t = mul_add(t, mul_add(t, q, of(0.5)), of(1.0));
    let half = times_power_of_two(s, exp_half_t, rounded);
    s.mul_f64s(half, half)
}

/// x 2^m, where m are the lowest bits of `rounded`, which become an exponent once they are shifted to its place.
#[inline(always)]
fn times_power_of_two<S: Simd>(s: S, x: S::f64s, mut rounded: S::f64s) -> S::f64s {
    for number in numbers::<S>(&mut rounded) {
        *number = f64::from_bits(number.to_bits() << 52);
    }
    let (x, exponent) = (s.transmute_u64s_f64s(x), s.transmute_u64s_f64s(rounded));
    s.transmute_f64s_u64s(s.add_u64s(x, exponent))
}

#[cfg(test)]
mod tests {
    use super::{Room, exp};
    use pulp::{Arch, Simd, WithSimd};

    struct Each<'a>(&'a mut [f64]);

    impl WithSimd for Each<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, s: S) {
            assert_eq!(self.0.len() % S::F64_LANES, 0);
            S::as_mut_simd_f64s(self.0).0.iter_mut().for_each(|x| *x = exp(s, *x));
        }
    }

    fn exps(x: &[f64], arch: Arch) -> Vec<f64> {
        let mut y = x.to_vec();
        arch.dispatch(Each(&mut y));
        y
    }

    /// Three units in the last place of the platform's exponential, and half a smallest number where it is no longer normal.
    #[test]
    fn exp_is_the_platforms_to_three_units() {
        let x: Vec<f64> = (0..2_000_000).map(|i| f64::from(i) * -3.73e-4).collect();
        for arch in [Arch::new(), Arch::Scalar] {
            for (x, y) in x.iter().zip(exps(&x, arch)) {
                let bound = 3.0 * f64::EPSILON * x.exp() + f64::from_bits(1);
                assert!((y - x.exp()).abs() <= bound, "exp({x}) = {y}, not {}", x.exp());
            }
        }
    }

    #[test]
    fn exp_is_exact_at_its_ends() {
        for arch in [Arch::new(), Arch::Scalar] {
            assert_eq!(
                exps(&[0.0, -0.0, -750.0, f64::MIN, f64::NEG_INFINITY, f64::NAN, -1e9, 0.0], arch),
                [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
            );
            assert!(exps(&[-745.0; 4], arch).iter().all(|&smallest| smallest > 0.0));
        }
    }

    #[test]
    fn room_begins_with_a_line_of_the_cache() {
        for len in [0, 1, 8, 100, 8, 1000] {
            let mut room = Room::new(len);
            assert_eq!(room.numbers().len(), len);
            assert!(room.numbers().as_ptr().addr().is_multiple_of(64));
        }
    }
}
