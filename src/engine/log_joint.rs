//! The E step's first half on a block: the log joint of one component at every datum, and the largest so far.

use super::lanes::mul_add;
use super::prepared::{Component, pair_index};
use pulp::Simd;

/// How many registers of data are worked on at once: enough to hide the latency of a multiply–add.
const WIDE: usize = 4;

/// Full covariances: c − ½‖W(x − μ)‖², where W is the inverse of the Cholesky factor.
#[inline(always)]
pub(super) fn full<S: Simd>(
    s: S,
    x: &[&[f64]],
    of: Component<'_>,
    centred: &mut [f64],
    out: &mut [f64],
    max: &mut [f64],
) {
    match x.len() {
        1 => unrolled::<S, 1, 1>(s, x, of, out, max),
        2 => unrolled::<S, 2, 3>(s, x, of, out, max),
        3 => unrolled::<S, 3, 6>(s, x, of, out, max),
        4 => unrolled::<S, 4, 10>(s, x, of, out, max),
        _ => tiled(s, x, of, centred, out, max),
    }
}

/// For a few dimensions everything but the data stays in registers.
#[inline(always)]
fn unrolled<S: Simd, const D: usize, const P: usize>(
    s: S,
    x: &[&[f64]],
    of: Component<'_>,
    out: &mut [f64],
    max: &mut [f64],
) {
    let mean: [S::f64s; D] = std::array::from_fn(|a| s.splat_f64s(of.mean[a]));
    let mut whitening = [s.splat_f64s(0.0); P];
    for a in 0..D {
        for b in 0..=a {
            whitening[a * (a + 1) / 2 + b] = s.splat_f64s(of.whitening[pair_index(a, b)]);
        }
    }
    let (constant, minus_half) = (s.splat_f64s(of.constant), s.splat_f64s(-0.5));
    let out = S::as_mut_simd_f64s(out).0;
    let count = out.len();
    let max = &mut S::as_mut_simd_f64s(max).0[..count];
    let x: [&[S::f64s]; D] = std::array::from_fn(|a| &S::as_simd_f64s(x[a]).0[..count]);
    for i in 0..count {
        let v: [S::f64s; D] = std::array::from_fn(|a| s.sub_f64s(x[a][i], mean[a]));
        let mut square = s.splat_f64s(0.0);
        for a in 0..D {
            let row = &whitening[a * (a + 1) / 2..];
            let mut z = s.mul_f64s(row[0], v[0]);
            for b in 1..=a {
                z = s.mul_add_e_f64s(row[b], v[b], z);
            }
            square = s.mul_add_e_f64s(z, z, square);
        }
        out[i] = s.mul_add_e_f64s(minus_half, square, constant);
        max[i] = s.max_f64s(out[i], max[i]);
    }
}

/// For more, two rows of W at a time meet four registers of data, so that each loaded number is used several times.
#[inline(always)]
fn tiled<S: Simd>(
    s: S,
    x: &[&[f64]],
    of: Component<'_>,
    centred: &mut [f64],
    out: &mut [f64],
    max: &mut [f64],
) {
    let (d, len) = (x.len(), out.len());
    centre(x, of.mean, centred);
    let centred = S::as_simd_f64s(&centred[..d * len]).0;
    let out = S::as_mut_simd_f64s(out).0;
    let max = S::as_mut_simd_f64s(max).0;
    let stride = out.len();
    let (constant, minus_half) = (s.splat_f64s(of.constant), s.splat_f64s(-0.5));
    let zero = s.splat_f64s(0.0);
    for at in (0..stride).step_by(WIDE) {
        let mut square = [zero; WIDE];
        for pair in 0..d.div_ceil(2) {
            let columns = (2 * pair + 2).min(d);
            let rows = &of.whitening[pair_index(2 * pair, 0)..][..2 * columns];
            let mut z = [[zero; WIDE]; 2];
            for (b, w) in rows.as_chunks::<2>().0.iter().enumerate() {
                let v: &[S::f64s; WIDE] = centred[b * stride + at..].first_chunk().expect("whole groups");
                let w = [s.splat_f64s(w[0]), s.splat_f64s(w[1])];
                for u in 0..WIDE {
                    z[0][u] = s.mul_add_e_f64s(w[0], v[u], z[0][u]);
                    z[1][u] = s.mul_add_e_f64s(w[1], v[u], z[1][u]);
                }
            }
            for u in 0..WIDE {
                square[u] = s.mul_add_e_f64s(z[0][u], z[0][u], square[u]);
                square[u] = s.mul_add_e_f64s(z[1][u], z[1][u], square[u]);
            }
        }
        for u in 0..WIDE {
            let log_joint = s.mul_add_e_f64s(minus_half, square[u], constant);
            out[at + u] = log_joint;
            max[at + u] = s.max_f64s(log_joint, max[at + u]);
        }
    }
}

/// Diagonal and spherical covariances: c − ½ Σ_a (w_a (x_a − μ_a))².
#[inline(always)]
pub(super) fn diagonal<S: Simd>(x: &[&[f64]], of: Component<'_>, out: &mut [f64], max: &mut [f64]) {
    out.fill(0.0);
    for ((x, &mean), &w) in x.iter().zip(of.mean).zip(of.whitening) {
        for (square, &x) in out.iter_mut().zip(*x) {
            let z = (x - mean) * w;
            *square = mul_add::<S>(z, z, *square);
        }
    }
    for (out, max) in out.iter_mut().zip(max) {
        *out = mul_add::<S>(-0.5, *out, of.constant);
        *max = if *out > *max { *out } else { *max };
    }
}

/// x − μ, one dimension after the other.
#[inline(always)]
pub(super) fn centre(x: &[&[f64]], mean: &[f64], centred: &mut [f64]) {
    let len = x[0].len();
    for ((x, &mean), centred) in x.iter().zip(mean).zip(centred.chunks_exact_mut(len)) {
        for (v, &x) in centred.iter_mut().zip(*x) {
            *v = x - mean;
        }
    }
}
