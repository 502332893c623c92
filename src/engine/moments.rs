//! The M step's sums on a block: Σ r, Σ r v and Σ r v vᵀ of one component, where v = x − μ for its mean before the step.

use super::log_joint::centre;
use pulp::Simd;

/// Where the sums of one component are gathered.
pub(super) struct Sums<'a> {
    /// Σ r.
    pub count: &'a mut f64,
    /// Σ r v, of length d.
    pub first: &'a mut [f64],
    /// Σ r v vᵀ: its lower triangle by rows, or its diagonal.
    pub second: &'a mut [f64],
}

/// Full and tied covariances.
#[inline(always)]
pub(super) fn full<S: Simd>(
    s: S,
    x: &[&[f64]],
    mean: &[f64],
    r: &[f64],
    scratch: (&mut [f64], &mut [f64]),
    sums: Sums<'_>,
) {
    match x.len() {
        1 => unrolled::<S, 1, 1, 4>(s, x, mean, r, sums),
        2 => unrolled::<S, 2, 3, 2>(s, x, mean, r, sums),
        3 => unrolled::<S, 3, 6, 1>(s, x, mean, r, sums),
        4 => unrolled::<S, 4, 10, 1>(s, x, mean, r, sums),
        _ => tiled(s, x, mean, r, scratch, sums),
    }
}

/// For a few dimensions all sums stay in registers, `U` of them for each so that one need not wait for the other.
#[inline(always)]
fn unrolled<S: Simd, const D: usize, const P: usize, const U: usize>(
    s: S,
    x: &[&[f64]],
    mean: &[f64],
    r: &[f64],
    sums: Sums<'_>,
) {
    let zero = s.splat_f64s(0.0);
    let (mut count, mut first, mut second) = ([zero; U], [[zero; U]; D], [[zero; U]; P]);
    let mean: [S::f64s; D] = std::array::from_fn(|a| s.splat_f64s(mean[a]));
    let r = S::as_simd_f64s(r).0;
    let x: [&[S::f64s]; D] = std::array::from_fn(|a| &S::as_simd_f64s(x[a]).0[..r.len()]);
    for at in (0..r.len() / U * U).step_by(U) {
        for u in 0..U {
            let r = r[at + u];
            let v: [S::f64s; D] = std::array::from_fn(|a| s.sub_f64s(x[a][at + u], mean[a]));
            count[u] = s.add_f64s(count[u], r);
            for a in 0..D {
                let rv = s.mul_f64s(r, v[a]);
                first[a][u] = s.add_f64s(first[a][u], rv);
                for b in 0..=a {
                    let sum = &mut second[a * (a + 1) / 2 + b][u];
                    *sum = s.mul_add_e_f64s(rv, v[b], *sum);
                }
            }
        }
    }
    let total = |lanes: &[S::f64s; U]| lanes.iter().map(|&lane| s.reduce_sum_f64s(lane)).sum::<f64>();
    *sums.count += total(&count);
    sums.first.iter_mut().zip(&first).for_each(|(sum, lanes)| *sum += total(lanes));
    sums.second.iter_mut().zip(&second).for_each(|(sum, lanes)| *sum += total(lanes));
}

/// Rows of a tile of Σ r v vᵀ, and its columns: 12 sums in registers, 7 loads for 12 multiply–adds.
const ROWS: usize = 3;
const COLUMNS: usize = 4;

/// For more dimensions: r v once, then its products with v, tile by tile of the lower triangle.
#[inline(always)]
fn tiled<S: Simd>(
    s: S,
    x: &[&[f64]],
    mean: &[f64],
    r: &[f64],
    (centred, weighted): (&mut [f64], &mut [f64]),
    sums: Sums<'_>,
) {
    let (d, len) = (x.len(), r.len());
    centre(x, mean, centred);
    *sums.count += total(s, r);
    for a in 0..d {
        let (v, rv) = (&centred[a * len..][..len], &mut weighted[a * len..][..len]);
        for ((rv, &v), &r) in rv.iter_mut().zip(v).zip(r) {
            *rv = r * v;
        }
        sums.first[a] += total(s, rv);
    }
    let v = S::as_simd_f64s(&centred[..d * len]).0;
    let rv = S::as_simd_f64s(&weighted[..d * len]).0;
    for a in (0..d).step_by(ROWS) {
        for b in (0..(a + ROWS).min(d)).step_by(COLUMNS) {
            tile(s, d, (a, b), rv, v, sums.second);
        }
    }
}

/// Adds one tile; what lies above the diagonal or beyond the last row is computed from a row that exists, and dropped.
#[inline(always)]
fn tile<S: Simd>(s: S, d: usize, (a, b): (usize, usize), rv: &[S::f64s], v: &[S::f64s], second: &mut [f64]) {
    let len = v.len() / d;
    let rows: [&[S::f64s]; ROWS] = std::array::from_fn(|i| &rv[(a + i).min(d - 1) * len..][..len]);
    let columns: [&[S::f64s]; COLUMNS] = std::array::from_fn(|j| &v[(b + j).min(d - 1) * len..][..len]);
    let mut sums = [[s.splat_f64s(0.0); COLUMNS]; ROWS];
    for at in 0..len {
        let column: [S::f64s; COLUMNS] = std::array::from_fn(|j| columns[j][at]);
        for i in 0..ROWS {
            let row = rows[i][at];
            for j in 0..COLUMNS {
                sums[i][j] = s.mul_add_e_f64s(row, column[j], sums[i][j]);
            }
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        for (j, &sum) in sums.iter().enumerate() {
            let (a, b) = (a + i, b + j);
            if a < d && b <= a {
                second[a * (a + 1) / 2 + b] += s.reduce_sum_f64s(sum);
            }
        }
    }
}

/// Diagonal and spherical covariances: Σ r v_a² for every dimension.
#[inline(always)]
pub(super) fn diagonal<S: Simd>(s: S, x: &[&[f64]], mean: &[f64], r: &[f64], sums: Sums<'_>) {
    *sums.count += total(s, r);
    let r = S::as_simd_f64s(r).0;
    for (a, x) in x.iter().enumerate() {
        let x = &S::as_simd_f64s(x).0[..r.len()];
        let mean = s.splat_f64s(mean[a]);
        let (mut first, mut second) = ([s.splat_f64s(0.0); 4], [s.splat_f64s(0.0); 4]);
        for (x, r) in x.as_chunks::<4>().0.iter().zip(r.as_chunks::<4>().0) {
            for u in 0..4 {
                let v = s.sub_f64s(x[u], mean);
                let rv = s.mul_f64s(r[u], v);
                first[u] = s.add_f64s(first[u], rv);
                second[u] = s.mul_add_e_f64s(rv, v, second[u]);
            }
        }
        sums.first[a] += first.iter().map(|&lane| s.reduce_sum_f64s(lane)).sum::<f64>();
        sums.second[a] += second.iter().map(|&lane| s.reduce_sum_f64s(lane)).sum::<f64>();
    }
}

/// The sum of whole groups of numbers.
#[inline(always)]
fn total<S: Simd>(s: S, numbers: &[f64]) -> f64 {
    let mut sums = [s.splat_f64s(0.0); 4];
    for lanes in S::as_simd_f64s(numbers).0.as_chunks::<4>().0 {
        for u in 0..4 {
            sums[u] = s.add_f64s(sums[u], lanes[u]);
        }
    }
    sums.iter().map(|&lane| s.reduce_sum_f64s(lane)).sum()
}
