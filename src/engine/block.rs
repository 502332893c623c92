//! Both steps of EM on the data, block by block: nothing of size n×k is ever stored.

use super::lanes::{GROUP, exp};
use super::log_joint;
use super::moments::{self, Sums};
use super::prepared::Prepared;
use super::source::Data;
use super::statistics::Layout;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// A block's centred data should stay in the nearest cache.
const BLOCK_NUMBERS: usize = 3072;

/// How many data make a block.
pub(super) fn block_len(d: usize) -> usize {
    (BLOCK_NUMBERS / d / GROUP * GROUP).clamp(GROUP, 256)
}

/// What the data of a chunk add to the statistics.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    pub log_likelihood: f64,
    /// The sum of the data's weights.
    pub total: f64,
    /// For every component Σ r, Σ r v and Σ r v vᵀ.
    pub sums: Vec<f64>,
    /// The first datum that no component can explain.
    pub impossible: Option<usize>,
}

impl Partial {
    pub fn zero(layout: Layout) -> Self {
        let component = 1 + layout.d + layout.second_len();
        Partial { log_likelihood: 0.0, total: 0.0, sums: vec![0.0; layout.k * component], impossible: None }
    }

    pub fn clear(&mut self) {
        (self.log_likelihood, self.total, self.impossible) = (0.0, 0.0, None);
        self.sums.fill(0.0);
    }

    pub fn add(&mut self, other: &Partial) {
        self.log_likelihood += other.log_likelihood;
        self.total += other.total;
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, other)| *sum += other);
        self.impossible = self.impossible.or(other.impossible);
    }
}

/// The room that one thread works in.
pub(super) struct Workspace {
    /// First the log joint, then the responsibilities: k × block.
    joint: Vec<f64>,
    max: Vec<f64>,
    sum: Vec<f64>,
    centred: Vec<f64>,
    weighted: Vec<f64>,
    /// The last block, filled up with copies of its last datum.
    tail: Vec<f64>,
}

impl Workspace {
    pub fn new(layout: Layout) -> Self {
        let len = block_len(layout.d);
        let of = |count: usize| vec![0.0; count * len];
        Workspace {
            joint: of(layout.k),
            max: of(1),
            sum: of(1),
            centred: of(layout.d),
            weighted: of(layout.d),
            tail: of(layout.d),
        }
    }
}

/// A run of rows, and where their sums go.
pub(super) struct Chunk<'a> {
    pub data: Data<'a>,
    pub rows: Range<usize>,
    pub prepared: &'a Prepared,
    /// What v is measured from, component by component.
    pub references: &'a [f64],
    pub workspace: &'a mut Workspace,
    pub partial: &'a mut Partial,
}

impl WithSimd for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Chunk { data: Data { x, weights }, rows, prepared, references, workspace, partial } = self;
        let (n, d) = x.shape();
        let len = block_len(d);
        let mut tail = std::mem::take(&mut workspace.tail);
        for start in rows.clone().step_by(len) {
            let valid = len.min(rows.end - start);
            let padded = valid.next_multiple_of(GROUP);
            let columns: Vec<&[f64]> = if start + padded <= n {
                x.as_slice().chunks_exact(n).map(|column| &column[start..start + padded]).collect()
            } else {
                for (column, tail) in x.as_slice().chunks_exact(n).zip(tail.chunks_exact_mut(padded)) {
                    tail[..valid].copy_from_slice(&column[start..start + valid]);
                    tail[valid..].fill(column[start + valid - 1]);
                }
                tail.chunks_exact(padded).take(d).collect()
            };
            let weights = weights.map(|weights| &weights.as_slice()[start..start + valid]);
            let impossible = block(s, &columns, valid, weights, prepared, references, workspace, partial);
            if let Some(row) = impossible {
                partial.impossible.get_or_insert(start + row);
                break;
            }
        }
        workspace.tail = tail;
    }
}

/// One block; returns the first of its data that no component can explain.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn block<S: Simd>(
    s: S,
    x: &[&[f64]],
    valid: usize,
    weights: Option<&[f64]>,
    prepared: &Prepared,
    references: &[f64],
    workspace: &mut Workspace,
    partial: &mut Partial,
) -> Option<usize> {
    let Layout { k, d, full } = prepared.layout;
    let len = x[0].len();
    let (max, sum) = (&mut workspace.max[..len], &mut workspace.sum[..len]);
    max.fill(f64::NEG_INFINITY);
    for (j, out) in workspace.joint.chunks_exact_mut(len).take(k).enumerate() {
        if full {
            log_joint::full(s, x, prepared.component(j), &mut workspace.centred, out, max);
        } else {
            log_joint::diagonal::<S>(x, prepared.component(j), out, max);
        }
    }
    if max.iter().fold(f64::INFINITY, |low, &max| if max < low { max } else { low }) == f64::NEG_INFINITY {
        return max.iter().position(|&max| max == f64::NEG_INFINITY).map(|row| row.min(valid - 1));
    }

    sum.fill(0.0);
    for joint in workspace.joint.chunks_exact_mut(len).take(k) {
        for ((joint, sum), max) in joint.iter_mut().zip(sum.iter_mut()).zip(max.iter()) {
            *joint = exp::<S>(*joint - max);
            *sum += *joint;
        }
    }
    partial.log_likelihood += log_likelihood(&max[..valid], &sum[..valid], weights);
    for (i, sum) in sum.iter_mut().enumerate() {
        *sum = if i < valid { 1.0 / *sum } else { 0.0 };
    }
    match weights {
        None => partial.total += valid as f64,
        Some(weights) => {
            sum.iter_mut().zip(weights).for_each(|(scale, weight)| *scale *= weight);
            partial.total += weights.iter().sum::<f64>();
        }
    }

    let stride = 1 + d + prepared.layout.second_len();
    let components = workspace.joint.chunks_exact_mut(len).zip(partial.sums.chunks_exact_mut(stride));
    for ((r, sums), reference) in components.zip(references.chunks_exact(d)) {
        r.iter_mut().zip(sum.iter()).for_each(|(r, scale)| *r *= scale);
        let (count, moments) = sums.split_at_mut(1);
        let (first, second) = moments.split_at_mut(d);
        let sums = Sums { count: &mut count[0], first, second };
        if full {
            let scratch = (&mut workspace.centred[..], &mut workspace.weighted[..]);
            moments::full(s, x, reference, r, scratch, sums);
        } else {
            moments::diagonal(s, x, reference, r, sums);
        }
    }
    None
}

/// Σ_i (max_i + log sum_i), each sum between 1 and k: the log of a product of a few of them costs one logarithm.
#[inline(always)]
fn log_likelihood(max: &[f64], sum: &[f64], weights: Option<&[f64]>) -> f64 {
    if let Some(weights) = weights {
        return max.iter().zip(sum).zip(weights).map(|((max, sum), weight)| weight * (max + sum.ln())).sum();
    }
    const LANES: usize = 8;
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
