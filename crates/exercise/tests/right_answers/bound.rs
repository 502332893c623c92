//! Chapter 5: Jensen's gap, entropy, divergence, and the bound.

use executable_em::{bound, latent};
use executable_em_exercise as exercise;
use nalgebra::DMatrix;

/// x log x, which is 0 at 0.
fn x_log_x(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}

/// The entropy of one distribution by parts: one against the rest, and then the rest among themselves.
fn by_parts(p: &[f64]) -> f64 {
    let whole: f64 = p.iter().sum();
    if p.len() < 2 || whole == 0.0 {
        return 0.0;
    }
    let share = p[0] / whole;
    -x_log_x(share) - x_log_x(1.0 - share) + (1.0 - share) * by_parts(&p[1..])
}

/// Jensen's gap by recursion: the first two points meet at their mean, and what that costs is added.
fn merged(f: &dyn Fn(f64) -> f64, weights: &[f64], points: &[f64]) -> f64 {
    let [w, v, ..] = *weights else { return 0.0 };
    let mean = (w * points[0] + v * points[1]) / (w + v);
    let cost = w * f(points[0]) + v * f(points[1]) - (w + v) * f(mean);
    cost + merged(f, &[&[w + v], &weights[2..]].concat(), &[&[mean], &points[2..]].concat())
}

right! {
    entropy:
        |q| bound::entropy(q).unwrap(),
        |q| -q.iter().map(|&q| x_log_x(q)).sum::<f64>(),
        |q| q.iter().filter(|q| **q > 0.0).map(|q| q * q.recip().ln()).sum(),
        |q| {
            // In bits, and back.
            let bits: f64 = q.iter().filter(|q| **q > 0.0).map(|q| -q * q.log2()).sum();
            bits * std::f64::consts::LN_2
        },
        |q| q.row_iter().map(|row| by_parts(row.transpose().as_slice())).sum(),
        |q| {
            // What the uniform distribution has, less the divergence from it.
            let k = q.ncols() as f64;
            let uniform = DMatrix::from_element(q.nrows(), q.ncols(), 1.0 / k);
            q.nrows() as f64 * k.ln() - bound::kl_divergence(q, &uniform).unwrap()
        };
    kl_divergence:
        |q, p| bound::kl_divergence(q, p).unwrap(),
        |q, p| q.iter().zip(p).map(|(&q, &p)| x_log_x(q) - q * p.ln()).sum(),
        |q, p| -q.component_mul(&p.map(f64::ln)).sum() - bound::entropy(q).unwrap(),
        |q, p| q.iter().zip(p).map(|(&q, &p)| p * x_log_x(q / p)).sum(),
        |q, p| q.iter().zip(p).filter(|(q, _)| **q > 0.0).map(|(q, p)| -q * (p / q).ln()).sum(),
        |q, p| q.zip_map(p, |q, p| {
            // Bregman: each term is not below zero by itself, and the p − q add up to nothing.
            x_log_x(q) - q * p.ln() + p - q
        }).sum();
    lower_bound:
        |q, t| bound::lower_bound(q, t).unwrap(),
        |q, t| latent::expected_log_joint(q, t).unwrap() + bound::entropy(q).unwrap(),
        |q, t| {
            let posterior = latent::responsibilities(t).unwrap();
            latent::log_likelihood(t).unwrap() - bound::kl_divergence(q, &posterior).unwrap()
        },
        |q, t| q.dot(t) - q.map(x_log_x).sum(),
        |q, t| q.iter().zip(t).filter(|(q, _)| **q > 0.0).map(|(q, t)| q * (t.exp() / q).ln()).sum(),
        |q, t| {
            let mut sum = 0.0;
            for i in 0..q.nrows() {
                for j in 0..q.ncols() {
                    sum += if q[(i, j)] > 0.0 { q[(i, j)] * (t[(i, j)] - q[(i, j)].ln()) } else { 0.0 };
                }
            }
            sum
        };
    jensen_gap:
        |f, w, x| bound::jensen::gap(f, w, x).unwrap(),
        |f, w, x| (0..w.len()).map(|i| w[i] * (f(x[i]) - f(w.dot(x)))).sum(),
        |f, w, x| x.map(f).dot(w) - f(x.dot(w)),
        |f, w, x| {
            let mean = (w.transpose() * x)[0];
            let mut gap = -f(mean);
            for i in 0..x.len() {
                gap += w[i] * f(x[i]);
            }
            gap
        },
        |f, w, x| merged(f, w.as_slice(), x.as_slice()),
        |f, w, x| {
            // Above the chord's support: any line through the point at the mean, here with its slope there.
            let mean = w.dot(x);
            let slope = f(mean + 0.5) - f(mean - 0.5);
            w.iter().zip(x).map(|(w, &x)| w * (f(x) - f(mean) - slope * (x - mean))).sum()
        };
}
