//! The exponential on vector lanes, to the base 4.

use pulp::Simd;
use pulp::bytemuck::cast_slice_mut;
use std::hint::black_box;

/// The unit of log joints: what is raised to a power is then 4, and its exponent is taken apart without a product.
pub(super) const LOG_4: f64 = 2.0 * std::f64::consts::LN_2;

/// Where 4ˣ is 2^−1074, the smallest number, or rounds to it.
pub(super) const SMALLEST: f64 = -538.0;

/// Where 4ˣ is 2^−1022, the smallest normal number. Less costs many processors a hundred cycles for each product: with
/// narrow clusters far apart a sweep took five times as long.
pub(super) const SMALLEST_NORMAL: f64 = -511.0;

/// 4ˣ for x ≤ 0 to three units in the last place, with gradual underflow, and 0 from a `least` x on; 4⁰ = 1 exactly.
///
/// With x = m + f, |f| ≤ ½, it is (2^m 2^f)². The halving keeps 2^m a normal number down to the smallest 4ˣ;
/// 2^f is 1 + f (log 2 + f q(f)), where q has degree 9 and the relative error 4·10⁻¹⁸ (minimax, by Lawson's iteration).
///
/// These are its constants, each in all lanes.
pub(super) struct PowersOf4<S: Simd> {
    least: S::f64s,
    round: S::f64s,
    q: [S::f64s; 10],
    log_2: S::f64s,
    one: S::f64s,
}

impl<S: Simd> PowersOf4<S> {
    /// Spreads the constants.
    ///
    /// The compiler must not know them: it would spread them anew at every use, where a multiply–add can read a whole
    /// register from memory by itself. They were a third of all instructions.
    #[inline(always)]
    pub fn new(s: S, least: f64) -> Self {
        let of = |value| black_box(s.splat_f64s(value));
        PowersOf4 {
            least: of(least),
            // Adding 1.5 · 2^52 rounds a small number to an integer, which is then found in the lowest bits.
            round: of(6_755_399_441_055_744.0),
            q: [
                of(2.402_265_069_591_012_5e-1),
                of(5.550_410_866_482_073e-2),
                of(9.618_129_107_596_858e-3),
                of(1.333_355_814_668_707_8e-3),
                of(1.540_353_045_424_673_2e-4),
                of(1.525_273_354_618_294_7e-5),
                of(1.321_543_651_015_305_7e-6),
                of(1.017_818_481_581_265_3e-7),
                of(7.073_597_684_436_39e-9),
                of(4.436_299_166_917_324_5e-10),
            ],
            log_2: of(std::f64::consts::LN_2),
            one: of(1.0),
        }
    }

    /// 4ˣ.
    #[inline(always)]
    pub fn of(&self, s: S, x: S::f64s) -> S::f64s {
        let rounded = s.add_f64s(x, self.round);
        let f = s.sub_f64s(x, s.sub_f64s(rounded, self.round));
        // By pairs, pairs of pairs and so on (Estrin's scheme), since one multiply-add need not wait for the other.
        let f2 = s.mul_f64s(f, f);
        let f4 = s.mul_f64s(f2, f2);
        let pair = |i: usize| s.mul_add_e_f64s(self.q[i + 1], f, self.q[i]);
        let high = s.mul_add_e_f64s(pair(8), f4, s.mul_add_e_f64s(pair(6), f2, pair(4)));
        let q = s.mul_add_e_f64s(high, f4, s.mul_add_e_f64s(pair(2), f2, pair(0)));
        let power = s.mul_add_e_f64s(f, s.mul_add_e_f64s(f, q, self.log_2), self.one);
        let root = times_power_of_two(s, power, rounded);
        // Far down, and for NaN, the bits have wrapped. And 0 · 0 is many times faster than a product that underflows.
        let root = s.select_f64s(s.greater_than_f64s(x, self.least), root, s.splat_f64s(0.0));
        s.mul_f64s(root, root)
    }
}

/// x 2^m, where m are the lowest bits of `rounded`, which become an exponent once they are shifted to its place.
#[inline(always)]
fn times_power_of_two<S: Simd>(s: S, x: S::f64s, mut rounded: S::f64s) -> S::f64s {
    // The compiler makes lanes of them again.
    for number in cast_slice_mut::<_, f64>(std::slice::from_mut(&mut rounded)) {
        *number = f64::from_bits(number.to_bits() << 52);
    }
    let (x, exponent) = (s.transmute_u64s_f64s(x), s.transmute_u64s_f64s(rounded));
    s.transmute_f64s_u64s(s.add_u64s(x, exponent))
}

#[cfg(test)]
mod tests {
    use super::{PowersOf4, SMALLEST, SMALLEST_NORMAL};
    use pulp::{Arch, Simd, WithSimd};

    struct Each<'a>(&'a mut [f64], f64);

    impl WithSimd for Each<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, s: S) {
            assert_eq!(self.0.len() % S::F64_LANES, 0);
            let powers = PowersOf4::new(s, self.1);
            S::as_mut_simd_f64s(self.0).0.iter_mut().for_each(|x| *x = powers.of(s, *x));
        }
    }

    fn powers(x: &[f64], least: f64, arch: Arch) -> Vec<f64> {
        let mut y = x.to_vec();
        arch.dispatch(Each(&mut y, least));
        y
    }

    /// Three units in the last place of the platform's power of two, and half a smallest number where it is no longer
    /// normal; or 0 there.
    #[test]
    fn powers_are_the_platforms_to_three_units() {
        let x: Vec<f64> = (0..2_000_000).map(|i| f64::from(i) * -2.69e-4).collect();
        for (arch, least) in [
            (Arch::new(), SMALLEST),
            (Arch::new(), SMALLEST_NORMAL),
            (Arch::Scalar, SMALLEST),
            (Arch::Scalar, SMALLEST_NORMAL),
        ] {
            for (x, y) in x.iter().zip(powers(&x, least, arch)) {
                let platforms = if *x > least { (2.0 * x).exp2() } else { 0.0 };
                let bound = 3.0 * f64::EPSILON * platforms + f64::from_bits(1);
                assert!((y - platforms).abs() <= bound, "4^{x} = {y}, not {platforms}");
            }
        }
    }

    #[test]
    fn powers_are_exact_at_their_ends() {
        for arch in [Arch::new(), Arch::Scalar] {
            for least in [SMALLEST, SMALLEST_NORMAL] {
                assert_eq!(
                    powers(
                        &[0.0, -0.0, -540.0, f64::MIN, f64::NEG_INFINITY, f64::NAN, -1e9, -1.0],
                        least,
                        arch
                    ),
                    [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25]
                );
            }
            assert_eq!(powers(&[-537.0; 8], SMALLEST, arch), [f64::from_bits(1); 8]);
            assert_eq!(powers(&[-511.0; 8], SMALLEST_NORMAL, arch), [0.0; 8]);
            assert_eq!(powers(&[-510.0; 8], SMALLEST_NORMAL, arch), [2_f64.powi(-1020); 8]);
        }
    }
}
