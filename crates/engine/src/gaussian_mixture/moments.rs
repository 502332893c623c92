//! The M step's sums on a block: Σ r (x − c) and Σ r (x − c)(x − c)ᵀ of one component, for its reference point c.
//!
//! Data come strip by strip, each strip one dimension after the other. As in the E step, v stands for c − x.

use super::super::lanes::{Strip, WIDE};
use super::prepared::PANEL;
use pulp::Simd;

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
/// `weighted` is room for four dimensions of the block.
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
    for row in (0..d).step_by(PANEL) {
        let first = &mut sums.first[row..];
        let second = &mut sums.second[packed(row, 0)..];
        match d - row {
            1 => panel::<S, 1, 2>(s, row, x, reference, r, weighted, (first, second)),
            2 => panel::<S, 2, 2>(s, row, x, reference, r, weighted, (first, second)),
            3 => panel::<S, 3, 1>(s, row, x, reference, r, weighted, (first, second)),
            _ => panel::<S, PANEL, 1>(s, row, x, reference, r, weighted, (first, second)),
        }
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
    triangle::<S, R, U>(s, row, x, reference, r, rv, second);
    let totals = total(s, rv);
    for a in 0..R {
        first[a] -= sum(s, totals[a]);
    }
    let mut column = 0;
    while column < row {
        // A multiple of four is a sum of threes and at most two twos.
        if matches!(row - column, 2 | 4) {
            rectangle::<S, R, 2>(s, (row, column), x, reference, rv, second);
            column += 2;
        } else {
            rectangle::<S, R, 3>(s, (row, column), x, reference, rv, second);
            column += 3;
        }
    }
}

/// r v for R dimensions, and its products with v.
#[inline(always)]
fn triangle<S: Simd, const R: usize, const U: usize>(
    s: S,
    row: usize,
    x: &[Strip<S>],
    reference: &[f64],
    r: &[Strip<S>],
    rv: &mut [[Strip<S>; R]],
    second: &mut [f64],
) {
    let reference = splat::<S, R>(s, &reference[row..]);
    let mut sums = [[[s.splat_f64s(0.0); U]; R]; R];
    for ((x, rv), r) in x.chunks_exact(x.len() / r.len()).zip(rv).zip(r) {
        let x = x[row..].first_chunk::<R>().expect("R dimensions");
        for u in 0..WIDE {
            let mut v = reference;
            for a in 0..R {
                v[a] = s.sub_f64s(v[a], x[a][u]);
            }
            for a in 0..R {
                rv[a][u] = s.mul_f64s(r[u], v[a]);
                for b in 0..=a {
                    sums[a][b][u % U] = s.mul_add_e_f64s(rv[a][u], v[b], sums[a][b][u % U]);
                }
            }
        }
    }
    for a in 0..R {
        let second = &mut second[packed(row + a, row) - packed(row, 0)..][..a + 1];
        for b in 0..=a {
            second[b] += sum(s, sums[a][b]);
        }
    }
}

/// The products of r v in R dimensions with v in C others: twelve sums in registers.
#[inline(always)]
fn rectangle<S: Simd, const R: usize, const C: usize>(
    s: S,
    (row, column): (usize, usize),
    x: &[Strip<S>],
    reference: &[f64],
    rv: &[[Strip<S>; R]],
    second: &mut [f64],
) {
    let reference = splat::<S, C>(s, &reference[column..]);
    let mut sums = [[s.splat_f64s(0.0); C]; R];
    for (x, rv) in x.chunks_exact(x.len() / rv.len()).zip(rv) {
        let x = x[column..].first_chunk::<C>().expect("C dimensions");
        for u in 0..WIDE {
            let mut v = reference;
            for b in 0..C {
                v[b] = s.sub_f64s(v[b], x[b][u]);
            }
            for a in 0..R {
                for b in 0..C {
                    sums[a][b] = s.mul_add_e_f64s(rv[a][u], v[b], sums[a][b]);
                }
            }
        }
    }
    for a in 0..R {
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
