//! Between the two steps, on a block: log joints become responsibilities, and leave the log-likelihood behind.

use super::exp::{LOG_4, PowersOf4, SMALLEST_NORMAL};
use super::lanes::{Room, Strip, WIDE, max};
use pulp::Simd;
use std::slice::ChunksExact;

/// The log density of every datum of a block, in two parts: m log 4 + log s.
pub(super) struct Marginals {
    /// m, the largest log joint, in units of log 4.
    pub max: Room,
    /// s, the sum of the powers of 4 of what the others fall short of it: between 1 and k.
    pub sum: Room,
}

/// Turns every log joint l into 4^(l − m), and the weight w of the datum into w / s. The product of both is the
/// responsibility times the weight.
///
/// m = max_j l_j and s = Σ_j 4^(l_j − m), of which nobody sees what is no normal number: it is 0. The log joints of a
/// strip lie side by side, the k of them first. A datum with m = −∞ is impossible; its numbers become NaN.
#[inline(always)]
pub(super) fn softmax<S: Simd>(
    s: S,
    joint: &mut [Strip<S>],
    k: usize,
    weights: &mut [Strip<S>],
    marginals: &mut Marginals,
) {
    let (powers, len) = (PowersOf4::new(s, SMALLEST_NORMAL), weights.len());
    let stride = joint.len() / len;
    let marginals = marginals.max.strips::<S>(len).iter_mut().zip(marginals.sum.strips::<S>(len));
    for ((joint, weight), (out_max, out_sum)) in joint.chunks_exact_mut(stride).zip(weights).zip(marginals) {
        let joint = &mut joint[..k];
        let mut largest = [s.splat_f64s(f64::NEG_INFINITY); WIDE];
        for joint in &*joint {
            for u in 0..WIDE {
                // A log joint that is not a number (∞ − ∞, far out) loses here, and below its power is 0.
                largest[u] = max(s, joint[u], largest[u]);
            }
        }
        let mut sum = [s.splat_f64s(0.0); WIDE];
        for joint in joint {
            for u in 0..WIDE {
                joint[u] = powers.of(s, s.sub_f64s(joint[u], largest[u]));
                sum[u] = s.add_f64s(sum[u], joint[u]);
            }
        }
        for u in 0..WIDE {
            weight[u] = s.div_f64s(weight[u], sum[u]);
        }
        (*out_max, *out_sum) = (largest, sum);
    }
}

/// The responsibilities of component j times the weights, from the two factors that [`softmax`] leaves; returns their
/// sum.
#[inline(always)]
pub(super) fn responsibilities<S: Simd>(
    s: S,
    joint: ChunksExact<'_, Strip<S>>,
    j: usize,
    weights: &[Strip<S>],
    r: &mut [Strip<S>],
) -> f64 {
    let mut sum = [s.splat_f64s(0.0); WIDE];
    for ((joint, weight), r) in joint.zip(weights).zip(r) {
        for u in 0..WIDE {
            r[u] = s.mul_f64s(joint[j][u], weight[u]);
            sum[u] = s.add_f64s(sum[u], r[u]);
        }
    }
    s.reduce_sum_f64s(s.add_f64s(sum[0], sum[1]))
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

/// Σ_i w_i (m_i log 4 + log s_i), each s between 1 and k; without weights the log of a product of a few s costs one
/// logarithm.
#[inline(always)]
pub(super) fn log_likelihood(max: &[f64], sum: &[f64], weights: Option<&[f64]>) -> f64 {
    if let Some(weights) = weights {
        return max
            .iter()
            .zip(sum)
            .zip(weights)
            .map(|((max, sum), weight)| weight * (max * LOG_4 + sum.ln()))
            .sum();
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
    let rest: f64 = max_rest.iter().zip(sum_rest).map(|(max, sum)| max * LOG_4 + sum.ln()).sum();
    rest + maxima.iter().sum::<f64>() * LOG_4 + products.iter().map(|product| product.ln()).sum::<f64>()
}
