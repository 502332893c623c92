//! The E step's first half on a block: the log joint of one component at every datum, in units of log 4.
//!
//! Data come strip by strip, each strip one dimension after the other. The kernels compute v = μ − x, not x − μ: of a
//! difference, what is subtracted may stay in memory, and the square of W v does not mind.

use super::super::lanes::{Strip, WIDE};
use super::prepared::{Component, PANEL, has_room_for_two_panels, whitening_index};
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
    let panel = |row: usize| &of.whitening[row * (row + PANEL) / 2..][..PANEL * (row + PANEL)];
    let mut row = rows.start;
    while has_room_for_two_panels::<S>() && row + 2 * PANEL <= rows.end {
        let (panels, end) = ([panel(row), panel(row + PANEL)], row + 2 * PANEL);
        add_squares::<S, PANEL, 2>(s, panels, &x[..end], &of.mean[..end], square);
        row = end;
    }
    while row + PANEL <= rows.end {
        let end = row + PANEL;
        add_squares::<S, PANEL, 1>(s, [panel(row)], &x[..end], &of.mean[..end], square);
        row = end;
    }
    let (x, last) = (&x[..rows.end], &of.whitening[row * (row + PANEL) / 2..]);
    match rows.end - row {
        1 => add_squares::<S, 1, 1>(s, [last], x, of.mean, square),
        2 => add_squares::<S, 2, 1>(s, [last], x, of.mean, square),
        3 => add_squares::<S, 3, 1>(s, [last], x, of.mean, square),
        _ => {}
    }
}

/// Adds the squares of P·R consecutive components of W v, where x and μ end with the last of them.
///
/// With P = 1, eight sums in registers, and seven loads for eight multiply–adds; v is faster computed again than kept.
#[inline(always)]
fn add_squares<S: Simd, const R: usize, const P: usize>(
    s: S,
    panels: [&[f64]; P],
    x: &[Strip<S>],
    mean: &[f64],
    square: &mut Strip<S>,
) {
    let before = mean.len() - P * R;
    let panels = panels.map(|panel| panel.as_chunks::<R>().0.split_at(before));
    let (x_before, x) = x.split_at(before);
    let (mean_before, mean) = mean.split_at(before);
    let mut z = [[[s.splat_f64s(0.0); WIDE]; R]; P];
    for (b, (x, &mean)) in x_before.iter().zip(mean_before).enumerate() {
        let v = subtract(s, mean, x);
        for p in 0..P {
            add_products(s, &panels[p].0[b], v, &mut z[p]);
        }
    }
    let (x, mean) = (x.as_chunks::<R>().0, mean.as_chunks::<R>().0);
    let squares = panels.map(|panel| panel.1.as_chunks::<R>().0);
    for p in 0..P {
        for b in 0..R {
            let v = subtract(s, mean[p][b], &x[p][b]);
            add_products(s, &squares[p][p][b][b..], v, &mut z[p][b..]);
            for q in p + 1..P {
                add_products(s, &squares[q][p][b], v, &mut z[q]);
            }
        }
    }
    for z in z.as_flattened() {
        for u in 0..WIDE {
            square[u] = s.mul_add_e_f64s(z[u], z[u], square[u]);
        }
    }
}

/// Adds w v.
#[inline(always)]
fn add_products<S: Simd>(s: S, w: &[f64], v: Strip<S>, z: &mut [Strip<S>]) {
    for (&w, z) in w.iter().zip(z) {
        let w = s.splat_f64s(w);
        for u in 0..WIDE {
            z[u] = s.mul_add_e_f64s(w, v[u], z[u]);
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
