//! Between the two steps, on a block: log joints become responsibilities, and leave the log-likelihood behind.

use super::lanes::{Room, Strip, WIDE, exp, max};
use pulp::Simd;

/// The log density of every datum of a block, in two parts: m + log s.
pub(super) struct Marginals {
    /// m, the largest log joint.
    pub max: Room,
    /// s, the sum of the exponentials of what the others fall short of it: between 1 and k.
    pub sum: Room,
}

/// Turns log joints l, component by component, into r w, where w is the weight of the datum.
///
/// With m = max_j l_j and s = Σ_j exp(l_j − m), r_j is exp(l_j − m) / s. A datum with m = −∞ is impossible; its r are NaN.
#[inline(always)]
pub(super) fn softmax<S: Simd>(
    s: S,
    joint: &mut [Strip<S>],
    weights: &[Strip<S>],
    marginals: &mut Marginals,
) {
    let len = weights.len();
    let marginals = marginals.max.strips::<S>(len).iter_mut().zip(marginals.sum.strips::<S>(len));
    for (at, (weights, (out_max, out_sum))) in weights.iter().zip(marginals).enumerate() {
        let mut largest = [s.splat_f64s(f64::NEG_INFINITY); WIDE];
        for joint in joint.chunks_exact(len) {
            for u in 0..WIDE {
                // A log joint that is not a number (∞ − ∞, far out) loses here, and below its exponential is 0.
                largest[u] = max::<S>(joint[at][u], largest[u]);
            }
        }
        let mut sum = [s.splat_f64s(0.0); WIDE];
        for joint in joint.chunks_exact_mut(len) {
            for u in 0..WIDE {
                let exp = exp(s, s.sub_f64s(joint[at][u], largest[u]));
                joint[at][u] = exp;
                sum[u] = s.add_f64s(sum[u], exp);
            }
        }
        let mut scale = *weights;
        for u in 0..WIDE {
            scale[u] = s.div_f64s(scale[u], sum[u]);
        }
        for joint in joint.chunks_exact_mut(len) {
            for u in 0..WIDE {
                joint[at][u] = s.mul_f64s(joint[at][u], scale[u]);
            }
        }
        (*out_max, *out_sum) = (largest, sum);
    }
}

impl Marginals {
    /// The first datum that no component can explain.
    pub fn impossible(&mut self, valid: usize) -> Option<usize> {
        self.max.numbers()[..valid].iter().position(|&max| max == f64::NEG_INFINITY)
    }

    /// ℓ of the first `valid` data.
    pub fn log_likelihood(&mut self, valid: usize, weights: Option<&[f64]>) -> f64 {
        log_likelihood(&self.max.numbers()[..valid], &self.sum.numbers()[..valid], weights)
    }
}

/// Σ_i w_i (m_i + log s_i), each s between 1 and k; without weights the log of a product of a few s costs one logarithm.
#[inline(always)]
pub(super) fn log_likelihood(max: &[f64], sum: &[f64], weights: Option<&[f64]>) -> f64 {
    if let Some(weights) = weights {
        return max.iter().zip(sum).zip(weights).map(|((max, sum), weight)| weight * (max + sum.ln())).sum();
    }
    const LANES: usize = 16;
    let (mut maxima, mut products) = ([0.0; LANES], [1.0; LANES]);
    let (max, max_rest) = max.as_chunks::<LANES>();
    let (sum, sum_rest) = sum.as_chunks::<LANES>();
    for (max, sum) in max.iter().zip(sum) {
        for lane in 0..LANES {
            maxima[lane] += max[lane];
            products[lane] *= sum[lane];
        }
    }
    let rest: f64 = max_rest.iter().zip(sum_rest).map(|(max, sum)| max + sum.ln()).sum();
    rest + maxima.iter().sum::<f64>() + products.iter().map(|product| product.ln()).sum::<f64>()
}
