//! The E step's first half on a block: the log joint of one component at every datum, in units of log 4.
//!
//! Data come strip by strip, each strip one dimension after the other. The kernels compute v = μ − x, not x − μ: of a
//! difference, what is subtracted may stay in memory, and the square of W v does not mind.

use super::super::lanes::{Strip, WIDE};
use super::prepared::{Component, PANEL, whitening_index};
use pulp::Simd;
use std::ops::Range;
use std::slice::{ChunksExact, ChunksExactMut};

/// Full covariances: c − ‖W(μ − x)‖², where W is triangular.
#[inline(always)]
pub(super) fn full<S: Simd>(
    s: S,
    x: ChunksExact<'_, Strip<S>>,
    of: Component<'_>,
    out: ChunksExactMut<'_, Strip<S>>,
    j: usize,
) {
    match of.mean.len() {
        1 => small::<S, 1>(s, x, of, out, j),
        2 => small::<S, 2>(s, x, of, out, j),
        3 => small::<S, 3>(s, x, of, out, j),
        4 => small::<S, 4>(s, x, of, out, j),
        5 => small::<S, 5>(s, x, of, out, j),
        6 => small::<S, 6>(s, x, of, out, j),
        7 => small::<S, 7>(s, x, of, out, j),
        8 => small::<S, 8>(s, x, of, out, j),
        _ => large(s, x, of, out, j),
    }
}

/// For a few dimensions everything but the data stays in registers.
#[inline(always)]
fn small<S: Simd, const D: usize>(
    s: S,
    x: ChunksExact<'_, Strip<S>>,
    of: Component<'_>,
    out: ChunksExactMut<'_, Strip<S>>,
    j: usize,
) {
    let mut mean = [s.splat_f64s(0.0); D];
    for (splat, &mean) in mean.iter_mut().zip(of.mean) {
        *splat = s.splat_f64s(mean);
    }
    let mut whitening = [[s.splat_f64s(0.0); D]; D];
    for (a, row) in whitening.iter_mut().enumerate() {
        for (b, w) in row.iter_mut().enumerate().take(a + 1) {
            *w = s.splat_f64s(of.whitening[whitening_index(D, a, b)]);
        }
    }
    for (x, out) in x.zip(out) {
        let x = x.first_chunk::<D>().expect("D dimensions");
        let mut square = [s.splat_f64s(0.0); WIDE];
        for u in 0..WIDE {
            let mut v = mean;
            for a in 0..D {
                v[a] = s.sub_f64s(v[a], x[a][u]);
            }
            for (a, row) in whitening.iter().enumerate() {
                let mut z = s.mul_f64s(row[0], v[0]);
                for b in 1..=a {
                    z = s.mul_add_e_f64s(row[b], v[b], z);
                }
                square[u] = s.mul_add_e_f64s(z, z, square[u]);
            }
        }
        out[j] = log_joint(s, of.constant, square);
    }
}

/// For more, a strip of data meets W four rows at a time.
#[inline(always)]
fn large<S: Simd>(
    s: S,
    x: ChunksExact<'_, Strip<S>>,
    of: Component<'_>,
    out: ChunksExactMut<'_, Strip<S>>,
    j: usize,
) {
    let d = of.mean.len();
    for (x, out) in x.zip(out) {
        let mut square = [s.splat_f64s(0.0); WIDE];
        add_rows(s, &x[..d], of, 0..d, &mut square);
        out[j] = log_joint(s, of.constant, square);
    }
}

/// Adds the squares of some components of W v, from a multiple of four to another or the last.
#[inline(always)]
pub(super) fn add_rows<S: Simd>(
    s: S,
    x: &[Strip<S>],
    of: Component<'_>,
    rows: Range<usize>,
    square: &mut Strip<S>,
) {
    let mut panels = &of.whitening[rows.start * (rows.start + PANEL) / 2..];
    for end in (rows.start + PANEL..=rows.end).step_by(PANEL) {
        let panel = panels.split_off(..PANEL * end).expect("a panel of rows");
        add_squares::<S, PANEL>(s, panel, &x[..end], &of.mean[..end], square);
    }
    let x = &x[..rows.end];
    match rows.end % PANEL {
        1 => add_squares::<S, 1>(s, panels, x, of.mean, square),
        2 => add_squares::<S, 2>(s, panels, x, of.mean, square),
        3 => add_squares::<S, 3>(s, panels, x, of.mean, square),
        _ => {}
    }
}

/// Adds the squares of R consecutive components of W v, where x and μ end with the last of them.
///
/// Eight sums in registers, and seven loads for eight multiply–adds; v is faster computed again than kept.
#[inline(always)]
fn add_squares<S: Simd, const R: usize>(
    s: S,
    rows: &[f64],
    x: &[Strip<S>],
    mean: &[f64],
    square: &mut Strip<S>,
) {
    let columns = rows.as_chunks::<R>().0;
    let (before, triangle) = columns.split_last_chunk::<R>().expect("R columns or more");
    let (x_before, x) = x.split_last_chunk::<R>().expect("R dimensions or more");
    let (mean_before, mean) = mean.split_last_chunk::<R>().expect("R dimensions or more");
    let mut z = [[s.splat_f64s(0.0); WIDE]; R];
    for ((w, x), &mean) in before.iter().zip(x_before).zip(mean_before) {
        let v = subtract(s, mean, x);
        for a in 0..R {
            let w = s.splat_f64s(w[a]);
            for u in 0..WIDE {
                z[a][u] = s.mul_add_e_f64s(w, v[u], z[a][u]);
            }
        }
    }
    for b in 0..R {
        let v = subtract(s, mean[b], &x[b]);
        for a in b..R {
            let w = s.splat_f64s(triangle[b][a]);
            for u in 0..WIDE {
                z[a][u] = s.mul_add_e_f64s(w, v[u], z[a][u]);
            }
        }
    }
    for z in z {
        for u in 0..WIDE {
            square[u] = s.mul_add_e_f64s(z[u], z[u], square[u]);
        }
    }
}

/// Diagonal and spherical covariances: c − Σ_a (w_a (μ_a − x_a))².
#[inline(always)]
pub(super) fn diagonal<S: Simd>(
    s: S,
    x: ChunksExact<'_, Strip<S>>,
    of: Component<'_>,
    out: ChunksExactMut<'_, Strip<S>>,
    j: usize,
) {
    for (x, out) in x.zip(out) {
        let mut square = [s.splat_f64s(0.0); WIDE];
        for ((x, &mean), &w) in x.iter().zip(of.mean).zip(of.whitening) {
            let (mean, w) = (s.splat_f64s(mean), s.splat_f64s(w));
            for u in 0..WIDE {
                let z = s.mul_f64s(w, s.sub_f64s(mean, x[u]));
                square[u] = s.mul_add_e_f64s(z, z, square[u]);
            }
        }
        out[j] = log_joint(s, of.constant, square);
    }
}

/// μ − x.
#[inline(always)]
fn subtract<S: Simd>(s: S, mean: f64, x: &Strip<S>) -> Strip<S> {
    let mut v = [s.splat_f64s(mean); WIDE];
    for u in 0..WIDE {
        v[u] = s.sub_f64s(v[u], x[u]);
    }
    v
}

/// c − ‖W v‖².
#[inline(always)]
fn log_joint<S: Simd>(s: S, constant: f64, mut square: Strip<S>) -> Strip<S> {
    for square in &mut square {
        *square = s.sub_f64s(s.splat_f64s(constant), *square);
    }
    square
}
