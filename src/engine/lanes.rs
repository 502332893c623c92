//! Arithmetic on vector lanes: what the kernels are made of.
//!
//! Lanes run over the data. Loops over single numbers here are written so that the compiler turns them into lanes; where it
//! does not, the kernels use those of [`pulp`], which also picks the widest instructions that the machine has.

use pulp::Simd;

/// Kernels see data in groups of this many; it is a multiple of four registers of every instruction set.
pub(super) const GROUP: usize = 32;

/// a b + c, with one rounding where the machine can.
#[inline(always)]
pub(super) fn mul_add<S: Simd>(a: f64, b: f64, c: f64) -> f64 {
    // Without the instruction, `mul_add` would call a slow function.
    if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
}

/// eˣ for x ≤ 0 to three units in the last place, with gradual underflow; e⁰ = 1 and e^−∞ = 0 exactly.
///
/// With y = x/2 = m log 2 + r, |r| ≤ ½ log 2, it is (2^m eʳ)². The halving keeps 2^m a normal number down to the smallest
/// eˣ; eʳ is 1 + r + r² q(r), where q has degree 9 and the relative error 4·10⁻¹⁸ (minimax, by Lawson's iteration).
#[inline(always)]
pub(super) fn exp<S: Simd>(x: f64) -> f64 {
    // Adding it rounds a small number to an integer, which is then found in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52
    // log 2 in two parts; m times the first is exact.
    const LOG_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LOG_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const Q: [f64; 10] = [
        2.500_004_291_113_374e-8,
        2.763_030_919_867_508e-7,
        2.755_758_674_425_147e-6,
        2.480_149_294_081_101_2e-5,
        1.984_126_950_581_489_5e-4,
        1.388_888_894_376_909_4e-3,
        8.333_333_333_494_976e-3,
        4.166_666_666_652_969e-2,
        1.666_666_666_666_641e-1,
        5.000_000_000_000_011e-1,
    ];
    // e^−746 is 0 already; below that, and for NaN, the bits would wrap.
    let y = 0.5 * if x > -746.0 { x } else { -746.0 };
    let rounded = mul_add::<S>(y, std::f64::consts::LOG2_E, ROUND);
    let m = rounded - ROUND;
    let r = mul_add::<S>(m, -LOG_2_LOW, mul_add::<S>(m, -LOG_2_HIGH, y));
    let mut q = Q[0];
    for coefficient in &Q[1..] {
        q = mul_add::<S>(q, r, *coefficient);
    }
    let exp_r = mul_add::<S>(q, r * r, r) + 1.0;
    let half = f64::from_bits(exp_r.to_bits().wrapping_add(rounded.to_bits() << 52));
    half * half
}

#[cfg(test)]
mod tests {
    use super::exp;
    use pulp::{Arch, Simd, WithSimd};

    struct Each<'a>(&'a mut [f64]);

    impl WithSimd for Each<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            self.0.iter_mut().for_each(|x| *x = exp::<S>(*x));
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
                exps(&[0.0, -0.0, -750.0, f64::MIN, f64::NEG_INFINITY], arch),
                [1.0, 1.0, 0.0, 0.0, 0.0]
            );
            assert!(exps(&[-745.0], arch)[0] > 0.0);
        }
    }
}
