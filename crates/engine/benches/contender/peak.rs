//! The machine's limit: how many multiply–adds one thread can do in a second with the engine's vector instructions.

use pulp::{Arch, Simd, WithSimd};
use std::hint::black_box;
use std::time::Instant;

/// Chains that do not wait for each other: more than latency times throughput, and few enough for the registers.
const CHAINS: usize = 12;
/// Short: one of many tries meets a machine that does nothing else.
const STEPS: u32 = 100_000;

struct Chains;

impl WithSimd for Chains {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> f64 {
        let (factor, term) = (s.splat_f64s(black_box(0.5)), s.splat_f64s(black_box(1.0)));
        let mut chains = black_box([term; CHAINS]);
        let began = Instant::now();
        for _ in 0..STEPS {
            for chain in &mut chains {
                *chain = s.mul_add_e_f64s(*chain, factor, term);
            }
        }
        black_box(chains);
        let multiply_adds = f64::from(STEPS) * (CHAINS * S::F64_LANES) as f64;
        multiply_adds / began.elapsed().as_secs_f64()
    }
}

/// Multiply–adds a second: the best of many tries.
pub fn multiply_adds() -> f64 {
    (0..500).map(|_| Arch::new().dispatch(Chains)).fold(0.0, f64::max)
}
