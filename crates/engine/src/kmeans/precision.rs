//! Single and double precision under the same names, for the kernel that is run in both.

use pulp::Simd;
use pulp::bytemuck::Pod;

/// A floating-point format, its registers, and what the kernel does with them.
pub(super) trait Precision: Pod + Into<f64> {
    type Register<S: Simd>: Pod;

    /// Twice the unit roundoff.
    const EPSILON: f64;
    /// The smallest normal number.
    const MIN_POSITIVE: f64;
    const INFINITY: Self;

    fn round(number: f64) -> Self;
    /// Its bits are those of the label, so that labels move with comparisons.
    fn from_label(label: usize) -> Self;
    fn to_label(self) -> u32;

    fn splat<S: Simd>(s: S, number: Self) -> Self::Register<S>;
    fn add<S: Simd>(s: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn sub<S: Simd>(s: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn sqrt<S: Simd>(s: S, a: Self::Register<S>) -> Self::Register<S>;
    fn mul_add<S: Simd>(
        s: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        c: Self::Register<S>,
    ) -> Self::Register<S>;
    fn min<S: Simd>(s: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn max<S: Simd>(s: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    /// Where the pair ascends the first of these, elsewhere the second.
    fn where_less<S: Simd>(
        s: S,
        pair: (Self::Register<S>, Self::Register<S>),
        first: Self::Register<S>,
        second: Self::Register<S>,
    ) -> Self::Register<S>;
    /// Whether a > b in all lanes; a NaN is not.
    fn all_greater<S: Simd>(s: S, a: Self::Register<S>, b: Self::Register<S>) -> bool;
}

macro_rules! precision {
    ($real:ident, $bits:ident, $register:ident, $lanes:ident, $splat:ident, $add:ident, $sub:ident, $sqrt:ident,
     $mul_add:ident, $min:ident, $max:ident, $less:ident, $select:ident, $equal:ident, $xor:ident,
     $first_true:ident) => {
        impl Precision for $real {
            type Register<S: Simd> = S::$register;

            const EPSILON: f64 = $real::EPSILON as f64;
            const MIN_POSITIVE: f64 = $real::MIN_POSITIVE as f64;
            const INFINITY: Self = $real::INFINITY;

            fn round(number: f64) -> Self {
                number as $real
            }

            #[inline(always)]
            fn from_label(label: usize) -> Self {
                $real::from_bits(label as $bits)
            }

            #[inline(always)]
            fn to_label(self) -> u32 {
                self.to_bits() as u32
            }

            #[inline(always)]
            fn splat<S: Simd>(s: S, number: Self) -> S::$register {
                s.$splat(number)
            }

            #[inline(always)]
            fn add<S: Simd>(s: S, a: S::$register, b: S::$register) -> S::$register {
                s.$add(a, b)
            }

            #[inline(always)]
            fn sqrt<S: Simd>(s: S, a: S::$register) -> S::$register {
                s.$sqrt(a)
            }

            #[inline(always)]
            fn sub<S: Simd>(s: S, a: S::$register, b: S::$register) -> S::$register {
                s.$sub(a, b)
            }

            #[inline(always)]
            fn mul_add<S: Simd>(s: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                s.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn min<S: Simd>(s: S, a: S::$register, b: S::$register) -> S::$register {
                s.$min(a, b)
            }

            #[inline(always)]
            fn max<S: Simd>(s: S, a: S::$register, b: S::$register) -> S::$register {
                s.$max(a, b)
            }

            #[inline(always)]
            fn where_less<S: Simd>(
                s: S,
                (a, b): (S::$register, S::$register),
                first: S::$register,
                second: S::$register,
            ) -> S::$register {
                s.$select(s.$less(a, b), first, second)
            }

            #[inline(always)]
            fn all_greater<S: Simd>(s: S, a: S::$register, b: S::$register) -> bool {
                let zero = s.$splat(0.0);
                s.$first_true(s.$xor(s.$less(b, a), s.$equal(zero, zero))) >= S::$lanes
            }
        }
    };
}

precision!(
    f32,
    u32,
    f32s,
    F32_LANES,
    splat_f32s,
    add_f32s,
    sub_f32s,
    sqrt_f32s,
    mul_add_e_f32s,
    min_f32s,
    max_f32s,
    less_than_f32s,
    select_f32s,
    equal_f32s,
    xor_m32s,
    first_true_m32s
);
precision!(
    f64,
    u64,
    f64s,
    F64_LANES,
    splat_f64s,
    add_f64s,
    sub_f64s,
    sqrt_f64s,
    mul_add_e_f64s,
    min_f64s,
    max_f64s,
    less_than_f64s,
    select_f64s,
    equal_f64s,
    xor_m64s,
    first_true_m64s
);
