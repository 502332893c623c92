//! Chapter 13: evidence, conjugate priors, and a posterior made of independent parts.

use executable_em::latent;
use executable_em::variational::special::ln_multigamma;
use executable_em::variational::tilted::{self, Factorised};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

/// log Γ: the multivariate one in a single dimension.
fn ln_gamma(x: f64) -> f64 {
    ln_multigamma(1, x)
}

/// The evidence of flips by the next one and the rest: Pólya's urn.
fn urn(heads: usize, tails: usize, a: f64, b: f64) -> f64 {
    match (heads, tails) {
        (0, 0) => 0.0,
        (0, _) => (b / (a + b)).ln() + urn(0, tails - 1, a, b + 1.0),
        _ => (a / (a + b)).ln() + urn(heads - 1, tails, a + 1.0, b),
    }
}

/// ∫ sin^s cos^c over a quarter turn, by Simpson's rule.
fn quarter_turn(s: f64, c: f64) -> f64 {
    let (steps, quarter) = (4000, std::f64::consts::FRAC_PI_2);
    let at = |step: i32| {
        let angle = quarter * f64::from(step) / f64::from(steps);
        let weight = if step == 0 || step == steps { 1.0 } else { f64::from(2 + 2 * (step % 2)) };
        weight * angle.sin().powf(s) * angle.cos().abs().powf(c)
    };
    (0..=steps).map(at).sum::<f64>() * quarter / f64::from(3 * steps)
}

right! {
    evidence_of_flips:
        |heads, tails, a, b| {
            // The tails first.
            let tail = |t: usize| ((b + t as f64) / (a + b + t as f64)).ln();
            let head = |h: usize| ((a + h as f64) / (a + b + (tails + h) as f64)).ln();
            (0..tails).map(tail).sum::<f64>() + (0..heads).map(head).sum::<f64>()
        },
        |heads, tails, a, b| {
            let rising = |x: f64, n: usize| (0..n).map(|m| x + m as f64).product::<f64>();
            (rising(a, heads) * rising(b, tails) / rising(a + b, heads + tails)).ln()
        },
        |heads, tails, a, b| {
            // log B(a + heads, b + tails) − log B(a, b).
            let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
            ln_beta(a + heads as f64, b + tails as f64) - ln_beta(a, b)
        },
        urn,
        |heads, tails, a, b| {
            // The integral over the bias, p = sin², so that no end is infinite.
            let of = |h: f64, t: f64| quarter_turn(2.0 * (a + h) - 1.0, 2.0 * (b + t) - 1.0);
            (of(heads as f64, tails as f64) / of(0.0, 0.0)).ln()
        };
    posterior_of_a_mean:
        |data, variance, mean, spread| {
            let precision = 1.0 / spread + data.len() as f64 / variance;
            ((mean / spread + data.sum() / variance) / precision, 1.0 / precision)
        },
        |data, variance, mean, spread| {
            // One datum after the other.
            data.iter().fold((mean, spread), |(mean, spread), x| {
                let gain = spread / (spread + variance);
                (mean + gain * (x - mean), (1.0 - gain) * spread)
            })
        },
        |data, variance, mean, spread| {
            let own = variance / data.len() as f64;
            ((mean * own + data.mean() * spread) / (own + spread), own * spread / (own + spread))
        },
        |data, variance, mean, spread| {
            // The top and the bend of the log posterior, a parabola, from three of its values.
            let at = |mu: f64| {
                let likelihood: f64 = data.iter().map(|x| -(x - mu).powi(2) / (2.0 * variance)).sum();
                likelihood - (mu - mean).powi(2) / (2.0 * spread)
            };
            let [left, here, right] = [-1.0, 0.0, 1.0].map(|step| at(mean + step));
            let (slope, bend) = ((right - left) / 2.0, right - 2.0 * here + left);
            (mean - slope / bend, -1.0 / bend)
        },
        |data, variance, mean, spread| {
            // Data and μ are one Gaussian: what is expected of μ given the data, and the variance that is left.
            let n = data.len();
            let among = DMatrix::from_fn(n, n, |i, l| spread + if i == l { variance } else { 0.0 });
            let slopes = among.cholesky().unwrap().solve(&DVector::from_element(n, spread));
            (mean + slopes.dot(&data.add_scalar(-mean)), spread - slopes.sum() * spread)
        },
        |data, variance, mean, spread| {
            // Least squares with the prior as a datum more, each row in units of its own noise.
            let noise = |i: usize| f64::sqrt(if i == 0 { spread } else { variance });
            let rows = DVector::from_fn(data.len() + 1, |i, _| 1.0 / noise(i));
            let values = DVector::from_fn(data.len() + 1, |i, _| if i == 0 { mean } else { data[i - 1] } / noise(i));
            (rows.dot(&values) / rows.norm_squared(), 1.0 / rows.norm_squared())
        };
    dirichlet_counts:
        |prior, r| prior + latent::counts(r),
        |prior, r| prior + r.row_sum().transpose(),
        |prior, r| r.row_iter().fold(prior.clone(), |counts, row| counts + row.transpose()),
        |prior, r| prior + r.transpose() * DVector::from_element(r.nrows(), 1.0),
        |prior, r| {
            // The prior as a row more.
            let mut all = r.clone().insert_row(0, 0.0);
            all.set_row(0, &prior.transpose());
            DVector::from_fn(prior.len(), |j, _| all.column(j).sum())
        },
        |prior, r| {
            let mut counts = prior.clone();
            for j in 0..r.ncols() {
                for i in (0..r.nrows()).rev() {
                    counts[j] += r[(i, j)];
                }
            }
            counts
        };
    mean_field_variances:
        |covariance| covariance.clone().try_inverse().unwrap().diagonal().map(f64::recip),
        |covariance| DVector::from_fn(covariance.nrows(), |a, _| {
            let others = covariance.clone().remove_row(a).remove_column(a);
            if others.is_empty() { covariance[0] } else { covariance.determinant() / others.determinant() }
        }),
        |covariance| {
            let zeros = DVector::zeros(covariance.nrows());
            let start = Factorised { means: zeros.clone(), variances: covariance.diagonal() };
            tilted::round(&start, &zeros, covariance).unwrap().variances
        },
        |covariance| DVector::from_fn(covariance.nrows(), |a, _| {
            // What is left of each once all others are seen in turn.
            let others = (0..covariance.nrows()).filter(|&b| b != a);
            others.fold(covariance.clone(), |left, b| &left - left.column(b) * left.row(b) / left[(b, b)])[(a, a)]
        }),
        |covariance| {
            // Precisions along the axes, turned back.
            let eigen = covariance.clone().symmetric_eigen();
            let squares = eigen.eigenvectors.map(|entry| entry * entry);
            (squares * eigen.eigenvalues.map(f64::recip)).map(f64::recip)
        },
        |covariance| DVector::from_fn(covariance.nrows(), |a, _| {
            // One over the length of a column of L⁻¹, squared.
            let mut unit = DVector::zeros(covariance.nrows());
            unit[a] = 1.0;
            covariance.clone().cholesky().unwrap().l().solve_lower_triangular(&unit).unwrap().norm_squared().recip()
        });
    mean_field_gap:
        |rho| -0.5 * (1.0 - rho * rho).ln(),
        |rho| -(1.0 - rho * rho).sqrt().ln(),
        |rho| -0.5 * (-rho * rho).ln_1p(),
        |rho| -0.5 * ((1.0 - rho).ln() + (1.0 + rho).ln()),
        |rho| {
            // The series Σ ρ^2m / 2m, from its smallest term.
            (1..4000).rev().map(|m| rho.powi(2 * m) / f64::from(2 * m)).sum()
        },
        |rho| {
            // KL(q‖p) at the best q.
            let covariance = DMatrix::from_row_slice(2, 2, &[1.0, rho, rho, 1.0]);
            let zeros = DVector::zeros(2);
            let q = Factorised { means: zeros.clone(), variances: DVector::from_element(2, 1.0 - rho * rho) };
            tilted::exclusive(&q, &zeros, &covariance).unwrap()
        };
    mean_field_round:
        |means, covariance| {
            let precision = covariance.clone().try_inverse().unwrap();
            let mut means = means.clone();
            for a in 0..means.len() {
                means[a] -= (precision.row(a) * &means)[0] / precision[(a, a)];
            }
            means
        },
        |means, covariance| {
            let q = Factorised { means: means.clone(), variances: covariance.diagonal() };
            tilted::round(&q, &DVector::zeros(means.len()), covariance).unwrap().means
        },
        |means, covariance| {
            // Gauss and Seidel: the lower triangle of Λ, times the new means, is less its upper one times the old.
            let precision = covariance.clone().try_inverse().unwrap();
            let lower = precision.lower_triangle();
            lower.solve_lower_triangular(&((&lower - precision) * means)).unwrap()
        },
        |means, covariance| {
            // What is expected of each given the others, by regression, without the precision.
            let mut means = means.clone();
            for a in 0..means.len() {
                if means.len() == 1 {
                    return DVector::zeros(1);
                }
                let rest = covariance.clone().remove_row(a).remove_column(a);
                let slopes = rest.lu().solve(&covariance.column(a).remove_row(a)).unwrap();
                means[a] = slopes.dot(&means.clone().remove_row(a));
            }
            means
        },
        |means, covariance| {
            // Each coordinate to the bottom of a parabola, which is KL(q‖p) but for a constant.
            let root = covariance.clone().cholesky().unwrap();
            (0..means.len()).fold(means.clone(), |means, a| {
                let at = |step: f64| {
                    let mut moved = means.clone();
                    moved[a] += step;
                    0.5 * moved.dot(&root.solve(&moved))
                };
                let (slope, bend) = ((at(1.0) - at(-1.0)) / 2.0, at(1.0) - 2.0 * at(0.0) + at(-1.0));
                let mut next = means.clone();
                next[a] -= slope / bend;
                next
            })
        };
}
