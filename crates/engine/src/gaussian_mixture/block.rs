//! Both steps of EM on the data, block by block: nothing of size n×k is ever stored.

use super::super::lanes::{Room, Strip, WIDE, strip_len};
use super::super::partial_sums::PartialSums;
use super::super::softmax::{Marginals, responsibilities, softmax};
use super::super::source::Data;
use super::bounded::{self, Bounded};
use super::layout::Layout;
use super::log_joint;
use super::moments::{self, Sums};
use super::negligible::{self, Gathered, is_frequent, neglect, pays};
use super::prepared::{PANEL, Prepared};
use nalgebra::{DMatrix, DVector};
use pulp::bytemuck::cast_slice_mut;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// A block's data should stay in the second cache.
const BLOCK_NUMBERS: usize = 32_768;

/// How many strips of a block show whether so many responsibilities are negligible that it pays to look for them.
const TRIED: usize = 4;

/// How many data make a block: a whole number of strips, so many that the work before and after each kernel does not
/// count.
pub(super) fn block_len(d: usize) -> usize {
    (BLOCK_NUMBERS / d / 32 * 32).clamp(96, 384)
}

/// The room that one thread works in.
pub(super) struct Workspace {
    /// The data of the block, strip by strip, and their weights; the last strip of all is filled up with copies of its
    /// last datum, of weight 0.
    x: Room,
    weights: Room,
    /// Strip by strip, the log joint of every component, and then its power of 4.
    joint: Room,
    /// Only where they may pay, as every room takes its time.
    bounded: Option<Bounded>,
    gathered: Option<Gathered>,
    /// The responsibilities of one component, times the weights.
    r: Room,
    marginals: Marginals,
    /// The dimensions of two panels times the responsibilities of one component.
    weighted: Room,
}

impl Workspace {
    pub fn new(layout: Layout) -> Self {
        let len = block_len(layout.d);
        let room = |count: usize| Room::new(count * len);
        Workspace {
            x: room(stride(layout.d)),
            weights: room(1),
            joint: room(stride(layout.k)),
            r: room(1),
            marginals: Marginals { max: room(1), sum: room(1) },
            bounded: bounded::is_worthwhile(layout).then(|| Bounded::new(len)),
            gathered: negligible::is_worthwhile(layout).then(|| Gathered::new(len, stride(layout.d))),
            weighted: room(2 * PANEL),
        }
    }
}

/// From a strip to the next: an odd number of lines, for those of one dimension or component to spread over the whole
/// nearest cache.
fn stride(d: usize) -> usize {
    d | 1
}

/// A run of rows, and where their sums go.
pub(super) struct Chunk<'a> {
    pub data: Data<'a>,
    pub rows: Range<usize>,
    pub prepared: &'a Prepared,
    /// What v is measured from, component by component.
    pub references: &'a [f64],
    /// Whether responsibilities too small to be seen are neglected.
    pub neglects: bool,
    pub workspace: &'a mut Workspace,
    pub partial: &'a mut PartialSums,
}

impl WithSimd for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, s: S) {
        let len = block_len(self.prepared.layout.d);
        for start in self.rows.clone().step_by(len) {
            let rows = start..self.rows.end.min(start + len);
            block(s, rows, &mut self);
            if self.partial.impossible.is_some() {
                break;
            }
        }
    }
}

/// One block: the E step, what becomes of it, and the M step's sums.
#[inline(always)]
fn block<S: Simd>(s: S, rows: Range<usize>, chunk: &mut Chunk<'_>) {
    let Chunk { data, prepared, references, neglects, workspace, partial, .. } = chunk;
    let Layout { k, d, full } = prepared.layout;
    let count = rows.len();
    let len = count.div_ceil(strip_len::<S>());
    let x = workspace.x.strips::<S>(len * stride(d));
    load_data(s, data.x, rows.clone(), x);
    load_weights(data.weights, rows.clone(), &mut workspace.weights.numbers()[..len * strip_len::<S>()]);

    let joint = workspace.joint.strips::<S>(len * stride(k));
    let bounded = if *neglects { workspace.bounded.as_mut() } else { None };
    log_joints(s, x, prepared, joint, bounded, len);
    let scale = workspace.weights.strips::<S>(len);
    softmax(s, joint, k, scale, &mut workspace.marginals);
    let weights = data.weights.map(|weights| &weights.as_slice()[rows.clone()]);
    let log_likelihood = workspace.marginals.log_likelihood(count, weights);
    if !log_likelihood.is_finite()
        && let Some(row) = workspace.marginals.impossible(count)
    {
        partial.impossible = Some(rows.start + row);
        return;
    }
    partial.log_likelihood += log_likelihood;
    partial.total += weights.map_or(count as f64, |weights| weights.iter().sum());

    let tried = &mut joint[..TRIED.min(len) * stride(k)];
    let neglects = *neglects && is_frequent(s, prepared.layout, tried, stride(k));
    let (r, weighted) = (workspace.r.strips::<S>(len), workspace.weighted.strips::<S>(2 * PANEL * len));
    let sums = partial.sums.chunks_exact_mut(prepared.layout.component_len());
    for (j, (sums, reference)) in sums.zip(references.chunks_exact(d)).enumerate() {
        let sums = Sums::new(sums, d);
        let left = if neglects { neglect(s, joint, stride(k), j) } else { count };
        *sums.count += responsibilities(s, joint.chunks_exact(stride(k)), j, scale, r);
        let (x, r) = match (left, &mut workspace.gathered) {
            (0, _) => continue,
            (left, Some(gathered)) if pays(prepared.layout, left, count) => gathered.gather::<S>(x, d, r),
            _ => (&*x, &*r),
        };
        if full {
            moments::full(s, x, reference, r, weighted, sums);
        } else {
            moments::diagonal(s, x, reference, r, sums);
        }
    }
}

/// The log joint of every datum and component; −∞ for some that are negligible.
#[inline(always)]
fn log_joints<S: Simd>(
    s: S,
    x: &[Strip<S>],
    prepared: &Prepared,
    joint: &mut [Strip<S>],
    mut bounded: Option<&mut Bounded>,
    len: usize,
) {
    let Layout { k, d, full } = prepared.layout;
    let tried = if bounded.is_some() { TRIED.min(len) } else { 0 };
    for strips in [0..tried, tried..len].into_iter().filter(|strips| !strips.is_empty()) {
        let x = &x[strips.start * stride(d)..strips.end * stride(d)];
        let joint = &mut joint[strips.start * stride(k)..strips.end * stride(k)];
        if let Some(of) = &mut bounded {
            if !of.log_joints(s, x, prepared, joint, strips.len()) {
                bounded = None;
            }
            continue;
        }
        for j in 0..k {
            let (x, of) = (x.chunks_exact(stride(d)), prepared.component(j));
            let out = joint.chunks_exact_mut(stride(k));
            if full {
                log_joint::full(s, x, of, out, j);
            } else {
                log_joint::diagonal(s, x, of, out, j);
            }
        }
    }
}

/// Copies the data strip by strip, and repeats the last of them until the last strip is full.
#[inline(always)]
fn load_data<S: Simd>(s: S, data: &DMatrix<f64>, rows: Range<usize>, x: &mut [Strip<S>]) {
    let stride = stride(data.ncols());
    for a in 0..data.ncols() {
        let column = &data.as_slice()[a * data.nrows()..][rows.clone()];
        let whole = S::as_simd_f64s(column).0.as_chunks::<WIDE>().0;
        for (x, data) in x.chunks_exact_mut(stride).zip(whole) {
            x[a] = *data;
        }
        let rest = &column[whole.len() * strip_len::<S>()..];
        if let Some(&last) = rest.last() {
            let strip = &mut x[whole.len() * stride + a];
            *strip = [s.splat_f64s(last); WIDE];
            cast_slice_mut(strip)[..rest.len()].copy_from_slice(rest);
        }
    }
}

/// Copies the weights of these rows, 1 if there are none, and 0 for what fills the last strip.
fn load_weights(data: Option<&DVector<f64>>, rows: Range<usize>, weights: &mut [f64]) {
    let (own, padding) = weights.split_at_mut(rows.len());
    match data {
        None => own.fill(1.0),
        Some(data) => own.copy_from_slice(&data.as_slice()[rows]),
    }
    padding.fill(0.0);
}
