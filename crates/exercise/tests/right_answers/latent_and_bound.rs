//! Right answers of chapters 4 to 6.

use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::{self, Model};
use executable_em::{bound, em};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

/// x log x, which is 0 at 0.
fn x_log_x(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}

#[test]
fn of_labels() {
    right! {
        one_hot:
            |labels, k| {
                let mut z = DMatrix::zeros(labels.len(), k);
                labels.iter().enumerate().for_each(|(i, &label)| z[(i, label)] = 1.0);
                z
            },
            |labels, k| DMatrix::from_fn(labels.len(), k, |i, j| f64::from(u8::from(labels[i] == j))),
            |labels, k| {
                let unit = DMatrix::<f64>::identity(k, k);
                unit.select_rows(labels)
            },
            |labels, k| DMatrix::from_fn(labels.len(), k, |i, j| 0.0_f64.powf((labels[i] as f64 - j as f64).abs()));
        log_sum_exp:
            |terms| DVector::from_column_slice(terms).max() + {
                let largest = DVector::from_column_slice(terms).max();
                terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
            },
            |terms| terms.iter().copied().reduce(|a, b| {
                // Two at a time.
                a.max(b) + (-(a - b).abs()).exp().ln_1p()
            }).unwrap(),
            |terms| terms[0] + terms.iter().map(|term| (term - terms[0]).exp()).sum::<f64>().ln(),
            |terms| {
                let mut sorted = terms.to_vec();
                sorted.sort_by(f64::total_cmp);
                let largest = sorted[sorted.len() - 1];
                largest + sorted.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
            };
        complete_log_likelihood:
            |t, labels| latent::one_hot(labels, t.ncols()).unwrap().component_mul(t).sum(),
            |t, labels| (0..t.nrows()).rev().map(|i| t[(i, labels[i])]).sum(),
            |t, labels| t.row_iter().zip(labels).map(|(row, &label)| row[label].exp()).product::<f64>().ln(),
            |t, labels| (t * latent::one_hot(labels, t.ncols()).unwrap().transpose()).trace();
        log_conditional:
            |t, labels| latent::one_hot(labels, t.log_densities.ncols()).unwrap().component_mul(&t.log_densities).sum(),
            |t, labels| {
                // The joint less the prior, which is what the tables differ by.
                let weight = |j: usize| t.log_joint[(0, j)] - t.log_densities[(0, j)];
                labels.iter().enumerate().map(|(i, &j)| t.log_joint[(i, j)] - weight(j)).sum()
            },
            |t, labels| (0..labels.len()).rev().fold(0.0, |sum, i| sum + t.log_densities[(i, labels[i])]);
        responsibilities:
            |t| {
                let largest = t.max();
                let mut r = t.map(|entry| (entry - largest).exp());
                // A row far below the largest is lifted by its own.
                for i in 0..r.nrows() {
                    let own = t.row(i).max();
                    let sum: f64 = t.row(i).iter().map(|entry| (entry - own).exp()).sum();
                    (0..r.ncols()).for_each(|j| r[(i, j)] = (t[(i, j)] - own).exp() / sum);
                }
                r
            },
            |t| DMatrix::from_fn(t.nrows(), t.ncols(), |i, j| {
                (t[(i, j)] - latent::log_sum_exp(t.row(i).iter().copied())).exp()
            }),
            |t| {
                let rows: Vec<_> = t.row_iter().map(|row| {
                    let lifted = row.add_scalar(-row.max()).map(f64::exp);
                    &lifted / lifted.sum()
                }).collect();
                DMatrix::from_rows(&rows)
            };
        expected_log_joint:
            |q, t| q.dot(t),
            |q, t| (q.transpose() * t).trace(),
            |q, t| (0..q.nrows()).map(|i| q.row(i).dot(&t.row(i))).sum(),
            |q, t| {
                let mut sum = 0.0;
                for j in (0..q.ncols()).rev() {
                    for i in 0..q.nrows() {
                        sum += q[(i, j)] * t[(i, j)];
                    }
                }
                sum
            };
    }
}

#[test]
fn of_the_bound() {
    right! {
        entropy:
            |q| -q.iter().map(|&q| x_log_x(q)).sum::<f64>(),
            |q| q.iter().filter(|q| **q > 0.0).map(|q| q * q.recip().ln()).sum(),
            |q| q.row_iter().map(|row| row.iter().map(|&q| -x_log_x(q)).sum::<f64>()).sum(),
            |q| {
                // In bits, and back.
                let bits: f64 = q.iter().filter(|q| **q > 0.0).map(|q| -q * q.log2()).sum();
                bits * std::f64::consts::LN_2
            };
        kl_divergence:
            |q, p| q.iter().zip(p).map(|(&q, &p)| x_log_x(q) - q * p.ln()).sum(),
            |q, p| -q.component_mul(&p.map(f64::ln)).sum() - bound::entropy(q).unwrap(),
            |q, p| q.iter().zip(p).map(|(&q, &p)| p * x_log_x(q / p)).sum(),
            |q, p| q.iter().zip(p).filter(|(q, _)| **q > 0.0).map(|(q, p)| -q * (p / q).ln()).sum();
        lower_bound:
            |q, t| latent::expected_log_joint(q, t).unwrap() + bound::entropy(q).unwrap(),
            |q, t| latent::log_likelihood(t).unwrap() - bound::kl_divergence(q, &latent::responsibilities(t).unwrap()).unwrap(),
            |q, t| q.dot(t) - q.map(x_log_x).sum(),
            |q, t| q.iter().zip(t).filter(|(q, _)| **q > 0.0).map(|(q, t)| q * (t.exp() / q).ln()).sum();
        jensen_gap:
            |f, w, x| (0..w.len()).map(|i| w[i] * (f(x[i]) - f(w.dot(x)))).sum(),
            |f, w, x| w.iter().zip(x).map(|(w, &x)| w * f(x)).sum::<f64>() - f(w.iter().zip(x).map(|(w, x)| w * x).sum()),
            |f, w, x| x.map(f).dot(w) - f(x.dot(w)),
            |f, w, x| {
                let mean = (w.transpose() * x)[0];
                let mut gap = -f(mean);
                for i in 0..x.len() {
                    gap += w[i] * f(x[i]);
                }
                gap
            };
    }
}

#[test]
fn of_em() {
    let loose = em::Stopping { tolerance: em::Tolerance::LogLikelihood(1e-12), max_sweeps: 20_000 };
    right! {
        em_step:
            |x, model| em::sweep(model, x).unwrap(),
            |x, model| {
                let r = latent::responsibilities(&model.log_joint(x).unwrap()).unwrap();
                model.maximize(x, &r).unwrap()
            },
            |x, model| {
                let whole = model.maximize(x, &model.responsibilities(x).unwrap()).unwrap();
                GaussianMixture::new(
                    whole.weights().clone(), whole.means().clone(), whole.covariances().to_vec(), whole.family(),
                ).unwrap()
            };
        generalised_step:
            |x, model, r| model.with_weights(model.maximize(x, r).unwrap().weights().clone()).unwrap()
                .with_means((model.means() * 3.0 + model.maximize(x, r).unwrap().means()) / 4.0).unwrap(),
            |x, model, r| {
                let covariances = model.covariances().iter().zip(model.maximize(x, r).unwrap().covariances())
                    .map(|(old, new)| old * 0.5 + new * 0.5).collect();
                model.with_means(model.maximize(x, r).unwrap().means().clone()).unwrap()
                    .with_covariances(covariances, model.family()).unwrap()
            };
        fixed_point:
            |x, start| em::fit(start.clone(), x, &loose).unwrap().model,
            |x, start| (0..3000).fold(start.clone(), |model, _| em::sweep(&model, x).unwrap());
    }
}
