//! Both steps of EM on the draws, block by block: nothing of size n×k is ever stored.

use super::super::exp::{PowersOf4, SMALLEST};
use super::super::partial_sums::PartialSums;
use super::super::softmax::log_likelihood;
use super::super::source::Data;
use super::prepared::{COINS, CONTRADICTED, Prepared};
use nalgebra::DMatrix;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// So many registers of draws make a tile: with [`COINS`], eight sums, enough to hide the latency of a multiply–add.
const WIDE: usize = 2;

/// The draws of a block; a multiple of [`WIDE`] registers of every instruction set.
pub(super) const BLOCK: usize = 128;

/// The room that one thread works in.
pub(super) struct Workspace {
    /// Heads and tails, tile by tile, feature by feature, heads before tails.
    sides: Vec<f64>,
    /// First the log joint, then the responsibilities: k × [`BLOCK`], and zeros for the coins that fill up the last
    /// tile.
    joint: Vec<f64>,
    max: [f64; BLOCK],
    sum: [f64; BLOCK],
}

impl Workspace {
    pub fn new(prepared: &Prepared) -> Self {
        Workspace {
            sides: vec![0.0; 2 * prepared.d * BLOCK],
            joint: vec![0.0; prepared.k.next_multiple_of(COINS) * BLOCK],
            max: [0.0; BLOCK],
            sum: [0.0; BLOCK],
        }
    }
}

/// A run of rows, and where their sums go.
pub(super) struct Chunk<'a> {
    pub data: Data<'a>,
    pub rows: Range<usize>,
    pub prepared: &'a Prepared,
    pub workspace: &'a mut Workspace,
    pub partial: &'a mut PartialSums,
}

impl WithSimd for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Chunk { data: Data { x, weights, .. }, rows, prepared, workspace, partial } = self;
        for start in rows.clone().step_by(BLOCK) {
            let rows = start..rows.end.min(start + BLOCK);
            let weights = weights.map(|weights| &weights.as_slice()[rows.clone()]);
            let possible = read::<S>(x, rows.clone(), prepared.flips, &mut workspace.sides)
                .and_then(|()| e_step(s, prepared, rows.len(), weights, workspace, partial));
            if let Err(row) = possible {
                partial.impossible.get_or_insert(start + row);
                break;
            }
            m_step(s, prepared, workspace, &mut partial.sums);
        }
    }
}

/// Fills the tiles; draws that fill up the last one show tails only, and will count as nothing.
///
/// The error is the first row of the block with an entry that counts no heads.
#[inline(always)]
fn read<S: Simd>(x: &DMatrix<f64>, rows: Range<usize>, flips: f64, sides: &mut [f64]) -> Result<(), usize> {
    let (n, d) = x.shape();
    let width = WIDE * S::F64_LANES;
    let mut wrong = usize::MAX;
    for (a, column) in x.as_slice().chunks_exact(n).enumerate() {
        let column = &column[rows.clone()];
        let counts_heads = |&x: &f64| x >= 0.0 && x <= flips && x.floor() == x;
        if !column.iter().fold(true, |all, x| all & counts_heads(x)) {
            wrong = wrong.min(column.iter().position(|x| !counts_heads(x)).unwrap_or(usize::MAX));
        }
        for (x, tile) in column.chunks(width).zip(sides.chunks_exact_mut(2 * d * width)) {
            let (heads, tails) = tile[2 * a * width..][..2 * width].split_at_mut(width);
            if let Some(rest) = heads.get_mut(x.len()..) {
                rest.fill(0.0);
            }
            heads[..x.len()].copy_from_slice(x);
            tails.iter_mut().zip(heads).for_each(|(tails, heads)| *tails = flips - *heads);
        }
    }
    if wrong == usize::MAX { Ok(()) } else { Err(wrong) }
}

/// The log joint, its softmax (times the weights of the data), and ℓ.
///
/// The error is the first draw that no coin can have made.
#[inline(always)]
fn e_step<S: Simd>(
    s: S,
    prepared: &Prepared,
    len: usize,
    weights: Option<&[f64]>,
    workspace: &mut Workspace,
    partial: &mut PartialSums,
) -> Result<(), usize> {
    let Workspace { sides, joint, max, sum } = workspace;
    let draws = S::as_simd_f64s(sides).0;
    for (tile, draws) in draws.chunks_exact(2 * prepared.d * WIDE).enumerate() {
        let mut most = [s.splat_f64s(f64::NEG_INFINITY); WIDE];
        for ((constants, logs), joint) in prepared.tiles().zip(joint.chunks_exact_mut(COINS * BLOCK)) {
            let mut sums = constants.map(|constant| [s.splat_f64s(constant); WIDE]);
            for (counts, logs) in draws.as_chunks::<WIDE>().0.iter().zip(logs) {
                for (sums, &log) in sums.iter_mut().zip(logs) {
                    let log = s.splat_f64s(log);
                    for (sum, &count) in sums.iter_mut().zip(counts) {
                        *sum = s.mul_add_e_f64s(count, log, *sum);
                    }
                }
            }
            for (sums, joint) in sums.iter().zip(joint.chunks_exact_mut(BLOCK)) {
                let joint = &mut S::as_mut_simd_f64s(joint).0[tile * WIDE..][..WIDE];
                for ((joint, most), &sum) in joint.iter_mut().zip(&mut most).zip(sums) {
                    *joint = sum;
                    *most = s.max_f64s(sum, *most);
                }
            }
        }
        S::as_mut_simd_f64s(max).0[tile * WIDE..][..WIDE].copy_from_slice(&most);
    }
    if let Some(row) = max[..len].iter().position(|&max| max < CONTRADICTED) {
        return Err(row);
    }

    // However small a responsibility is, what is impossible for other coins makes their Q −∞.
    let powers = PowersOf4::new(s, SMALLEST);
    sum.fill(0.0);
    let (coins, none) = joint.split_at_mut(prepared.k * BLOCK);
    none.fill(0.0);
    for joint in coins.chunks_exact_mut(BLOCK) {
        let (joint, sum) = (S::as_mut_simd_f64s(joint).0, S::as_mut_simd_f64s(sum).0);
        for ((joint, sum), &max) in joint.iter_mut().zip(sum).zip(S::as_simd_f64s(max).0) {
            *joint = powers.of(s, s.sub_f64s(*joint, max));
            *sum = s.add_f64s(*sum, *joint);
        }
    }
    partial.log_likelihood += log_likelihood(&max[..len], &sum[..len], weights);
    partial.total += weights.map_or(len as f64, |weights| weights.iter().sum());
    for (i, sum) in sum.iter_mut().enumerate() {
        let weight = if i < len { weights.map_or(1.0, |weights| weights[i]) } else { 0.0 };
        *sum = weight / *sum;
    }
    for joint in coins.chunks_exact_mut(BLOCK) {
        joint.iter_mut().zip(sum.iter()).for_each(|(r, scale)| *r *= scale);
    }
    Ok(())
}

/// Adds R, and the heads and tails of every feature, of every coin.
#[inline(always)]
fn m_step<S: Simd>(s: S, prepared: &Prepared, workspace: &Workspace, sums: &mut [f64]) {
    let stride = 1 + 2 * prepared.d;
    let draws = S::as_simd_f64s(&workspace.sides).0;
    let zero = s.splat_f64s(0.0);
    let coins = workspace.joint.chunks_exact(COINS * BLOCK).zip(sums.chunks_mut(COINS * stride));
    for (joint, sums) in coins {
        let r: [&[S::f64s]; COINS] = std::array::from_fn(|j| S::as_simd_f64s(&joint[j * BLOCK..][..BLOCK]).0);
        for (r, sums) in r.iter().zip(sums.chunks_exact_mut(stride)) {
            sums[0] += s.reduce_sum_f64s(r.iter().fold(zero, |sum, &r| s.add_f64s(sum, r)));
        }
        for a in 0..prepared.d {
            let (mut heads, mut tails) = ([zero; COINS], [zero; COINS]);
            for (tile, draws) in draws.chunks_exact(2 * prepared.d * WIDE).enumerate() {
                let draws: &[S::f64s; 2 * WIDE] = draws[2 * WIDE * a..].first_chunk().expect("both sides");
                for u in 0..WIDE {
                    for (j, r) in r.iter().enumerate() {
                        let r = r[tile * WIDE + u];
                        heads[j] = s.mul_add_e_f64s(r, draws[u], heads[j]);
                        tails[j] = s.mul_add_e_f64s(r, draws[WIDE + u], tails[j]);
                    }
                }
            }
            for ((sums, heads), tails) in sums.chunks_exact_mut(stride).zip(heads).zip(tails) {
                sums[1 + 2 * a] += s.reduce_sum_f64s(heads);
                sums[2 + 2 * a] += s.reduce_sum_f64s(tails);
            }
        }
    }
}
