//! The M step's sums on a block: Σ r (x − c) and Σ r (x − c)(x − c)ᵀ of one component, for its reference point c.
//!
//! Data come strip by strip, each strip one dimension after the other. As in the E step, v stands for c − x.

use super::super::lanes::{Strip, WIDE};
use super::prepared::{PANEL, has_room_for_two_panels};
use pulp::Simd;
use std::ops::Range;

/// Where the sums of one component are gathered.
pub(super) struct Sums<'a> {
    /// Σ r.
    pub count: &'a mut f64,
    /// Σ r (x − c), of length d.
    pub first: &'a mut [f64],
    /// Σ r (x − c)(x − c)ᵀ: its lower triangle by rows, or its diagonal.
    pub second: &'a mut [f64],
}

impl<'a> Sums<'a> {
    /// One after the other, as a pass holds them.
    pub fn new(sums: &'a mut [f64], d: usize) -> Self {
        let (count, moments) = sums.split_at_mut(1);
        let (first, second) = moments.split_at_mut(d);
        Sums { count: &mut count[0], first, second }
    }
}

/// Full and tied covariances.
///
/// `weighted` is room for the dimensions of two panels of the block.
#[inline(always)]
pub(super) fn full<S: Simd>(
    s: S,
    x: &[Strip<S>],
    reference: &[f64],
    r: &[Strip<S>],
    weighted: &mut [Strip<S>],
    sums: Sums<'_>,
) {
    let d = reference.len();
    match d {
        1 => return small::<S, 1, 2>(s, x, reference, r, sums),
        2 => return small::<S, 2, 2>(s, x, reference, r, sums),
        3 => return small::<S, 3, 1>(s, x, reference, r, sums),
        _ => {}
    }
    let mut row = 0;
    while row < d {
        let sums = (&mut sums.first[row..], &mut sums.second[packed(row, 0)..]);
        match d - row {
            1 => panel::<S, 1, 2>(s, row, x, reference, r, weighted, sums),
            2 => panel::<S, 2, 2>(s, row, x, reference, r, weighted, sums),
            3 => panel::<S, 3, 1>(s, row, x, reference, r, weighted, sums),
            left if has_room_for_two_panels::<S>() && row >= 2 * PANEL && left >= 2 * PANEL => {
                two_panels(s, row, x, reference, r, weighted, sums);
                row += PANEL;
            }
            _ => panel::<S, PANEL, 1>(s, row, x, reference, r, weighted, sums),
        }
        row += PANEL;
    }
}

/// For a few dimensions all sums stay in registers, those of products `U` times, so that one need not wait for the
/// other; there is no room for more.
#[inline(always)]
fn small<S: Simd, const D: usize, const U: usize>(
    s: S,
    x: &[Strip<S>],
    reference: &[f64],
    r: &[Strip<S>],
    sums: Sums<'_>,
) {
    let zero = s.splat_f64s(0.0);
    let (mut first, mut second) = ([zero; D], [[[zero; U]; D]; D]);
    let reference = splat::<S, D>(s, reference);
    for (x, r) in x.chunks_exact(x.len() / r.len()).zip(r) {
        let x = x.first_chunk::<D>().expect("D dimensions");
        let mut firsts = [zero; D];
        for u in 0..WIDE {
            let mut v = reference;
            for a in 0..D {
                v[a] = s.sub_f64s(v[a], x[a][u]);
            }
            for a in 0..D {
                let rv = s.mul_f64s(r[u], v[a]);
                firsts[a] = if u == 0 { rv } else { s.add_f64s(firsts[a], rv) };
                for b in 0..=a {
                    second[a][b][u % U] = s.mul_add_e_f64s(rv, v[b], second[a][b][u % U]);
                }
            }
        }
        for a in 0..D {
            first[a] = s.add_f64s(first[a], firsts[a]);
        }
    }
    for a in 0..D {
        sums.first[a] -= s.reduce_sum_f64s(first[a]);
        for (b, &second) in second[a].iter().enumerate().take(a + 1) {
            sums.second[packed(a, b)] += sum(s, second);
        }
    }
}

/// For more, R rows of the lower triangle: the triangle at their end, and before it rectangles.
#[inline(always)]
fn panel<S: Simd, const R: usize, const U: usize>(
    s: S,
    row: usize,
    x: &[Strip<S>],
    reference: &[f64],
    r: &[Strip<S>],
    rv: &mut [Strip<S>],
    (first, second): (&mut [f64], &mut [f64]),
) {
    let rv = &mut rv.as_chunks_mut::<R>().0[..r.len()];
    triangle::<S, R, R, 0, U>(s, row, x, reference, r, rv, second);
    add_first(s, rv, first);
    rectangles::<S, R, 0>(s, row, 0..row, x, reference, rv, second);
}

/// Two panels at once, whose second has a rectangle beside the first's triangle.
#[inline(always)]
fn two_panels<S: Simd>(
    s: S,
    row: usize,
    x: &[Strip<S>],
    reference: &[f64],
    r: &[Strip<S>],
    rv: &mut [Strip<S>],
    (first, second): (&mut [f64], &mut [f64]),
) {
    const BOTH: usize = 2 * PANEL;
    let rv = &mut rv.as_chunks_mut::<BOTH>().0[..r.len()];
    triangle::<S, BOTH, PANEL, 0, 1>(s, row, x, reference, r, rv, second);
    triangle::<S, BOTH, PANEL, PANEL, 1>(s, row, x, reference, r, rv, second);
    add_first(s, rv, first);
    rectangles::<S, BOTH, PANEL>(s, row, row..row + PANEL, x, reference, rv, second);
    rectangles::<S, BOTH, 0>(s, row, 0..row, x, reference, rv, second);
}

/// r v for R of H dimensions, and its products with v.
#[inline(always)]
fn triangle<S: Simd, const H: usize, const R: usize, const FROM: usize, const U: usize>(
    s: S,
    row: usize,
    x: &[Strip<S>],
    reference: &[f64],
    r: &[Strip<S>],
    rv: &mut [[Strip<S>; H]],
    second: &mut [f64],
) {
    let from = row + FROM;
    let reference = splat::<S, R>(s, &reference[from..]);
    let mut sums = [[[s.splat_f64s(0.0); U]; R]; R];
    for ((x, rv), r) in x.chunks_exact(x.len() / r.len()).zip(rv).zip(r) {
        let x = x[from..].first_chunk::<R>().expect("R dimensions");
        for u in 0..WIDE {
            let mut v = reference;
            for a in 0..R {
                v[a] = s.sub_f64s(v[a], x[a][u]);
            }
            for a in 0..R {
                let product = s.mul_f64s(r[u], v[a]);
                rv[FROM + a][u] = product;
                for b in 0..=a {
                    sums[a][b][u % U] = s.mul_add_e_f64s(product, v[b], sums[a][b][u % U]);
                }
            }
        }
    }
    for a in 0..R {
        let second = &mut second[packed(from + a, from) - packed(row, 0)..][..a + 1];
        for b in 0..=a {
            second[b] += sum(s, sums[a][b]);
        }
    }
}

/// The sums of r v.
#[inline(always)]
fn add_first<S: Simd, const H: usize>(s: S, rv: &[[Strip<S>; H]], first: &mut [f64]) {
    let totals = total(s, rv);
    for a in 0..H {
        first[a] -= sum(s, totals[a]);
    }
}

/// The products of r v with v in these columns.
#[inline(always)]
fn rectangles<S: Simd, const H: usize, const FROM: usize>(
    s: S,
    row: usize,
    columns: Range<usize>,
    x: &[Strip<S>],
    reference: &[f64],
    rv: &[[Strip<S>; H]],
    second: &mut [f64],
) {
    let mut column = columns.start;
    while column < columns.end {
        // A multiple of four is a sum of threes and at most two twos.
        if matches!(columns.end - column, 2 | 4) {
            rectangle::<S, H, FROM, 2>(s, (row, column), x, reference, rv, second);
            column += 2;
        } else {
            rectangle::<S, H, FROM, 3>(s, (row, column), x, reference, rv, second);
            column += 3;
        }
    }
}

/// The products of r v, from one of its H dimensions on, with v in C others: twelve sums in registers for every panel.
#[inline(always)]
fn rectangle<S: Simd, const H: usize, const FROM: usize, const C: usize>(
    s: S,
    (row, column): (usize, usize),
    x: &[Strip<S>],
    reference: &[f64],
    rv: &[[Strip<S>; H]],
    second: &mut [f64],
) {
    let reference = splat::<S, C>(s, &reference[column..]);
    let mut sums = [[s.splat_f64s(0.0); C]; H];
    for (x, rv) in x.chunks_exact(x.len() / rv.len()).zip(rv) {
        let x = x[column..].first_chunk::<C>().expect("C dimensions");
        for u in 0..WIDE {
            let mut v = reference;
            for b in 0..C {
                v[b] = s.sub_f64s(v[b], x[b][u]);
            }
            for a in FROM..H {
                for b in 0..C {
                    sums[a][b] = s.mul_add_e_f64s(rv[a][u], v[b], sums[a][b]);
                }
            }
        }
    }
    for a in FROM..H {
        let second =
            second[packed(row + a, column) - packed(row, 0)..].first_chunk_mut::<C>().expect("C columns");
        for b in 0..C {
            second[b] += s.reduce_sum_f64s(sums[a][b]);
        }
    }
}

/// The first N numbers, each in all lanes of a register.
#[inline(always)]
fn splat<S: Simd, const N: usize>(s: S, numbers: &[f64]) -> [S::f64s; N] {
    let mut registers = [s.splat_f64s(0.0); N];
    for (register, &number) in registers.iter_mut().zip(numbers) {
        *register = s.splat_f64s(number);
    }
    registers
}

/// Where the entry (a, b) of a lower triangle lies.
fn packed(a: usize, b: usize) -> usize {
    a * (a + 1) / 2 + b
}

/// Diagonal and spherical covariances.
#[inline(always)]
pub(super) fn diagonal<S: Simd>(s: S, x: &[Strip<S>], reference: &[f64], r: &[Strip<S>], sums: Sums<'_>) {
    for row in (0..reference.len()).step_by(PANEL) {
        let (reference, first, second) = (&reference[row..], &mut sums.first[row..], &mut sums.second[row..]);
        match reference.len() {
            1 => squares::<S, 1>(s, row, x, reference, r, (first, second)),
            2 => squares::<S, 2>(s, row, x, reference, r, (first, second)),
            3 => squares::<S, 3>(s, row, x, reference, r, (first, second)),
            _ => squares::<S, PANEL>(s, row, x, reference, r, (first, second)),
        }
    }
}

/// Σ r (x_a − c_a) and Σ r (x_a − c_a)² for R dimensions.
#[inline(always)]
fn squares<S: Simd, const R: usize>(
    s: S,
    row: usize,
    x: &[Strip<S>],
    reference: &[f64],
    r: &[Strip<S>],
    (first, second): (&mut [f64], &mut [f64]),
) {
    let reference = splat::<S, R>(s, reference);
    let (mut firsts, mut seconds) = ([s.splat_f64s(0.0); R], [s.splat_f64s(0.0); R]);
    for (x, r) in x.chunks_exact(x.len() / r.len()).zip(r) {
        let x = x[row..].first_chunk::<R>().expect("R dimensions");
        for u in 0..WIDE {
            for a in 0..R {
                let v = s.sub_f64s(reference[a], x[a][u]);
                let rv = s.mul_f64s(r[u], v);
                firsts[a] = s.add_f64s(firsts[a], rv);
                seconds[a] = s.mul_add_e_f64s(rv, v, seconds[a]);
            }
        }
    }
    for a in 0..R {
        first[a] -= s.reduce_sum_f64s(firsts[a]);
        second[a] += s.reduce_sum_f64s(seconds[a]);
    }
}

/// The sums of R strips at a time.
#[inline(always)]
fn total<S: Simd, const R: usize>(s: S, strips: &[[Strip<S>; R]]) -> [Strip<S>; R] {
    let mut sums = [[s.splat_f64s(0.0); WIDE]; R];
    for strip in strips {
        for a in 0..R {
            for u in 0..WIDE {
                sums[a][u] = s.add_f64s(sums[a][u], strip[a][u]);
            }
        }
    }
    sums
}

/// The sum over all lanes of a few registers.
#[inline(always)]
fn sum<S: Simd, const U: usize>(s: S, registers: [S::f64s; U]) -> f64 {
    let mut sum = registers[0];
    for &register in &registers[1..] {
        sum = s.add_f64s(sum, register);
    }
    s.reduce_sum_f64s(sum)
}
