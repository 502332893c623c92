//! Chapter 4: labels, the log joint, the posterior, and Q.

use executable_em::latent::{self, complete, labelings};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

right! {
    one_hot:
        |labels, k| latent::one_hot(labels, k).unwrap(),
        |labels, k| {
            let mut z = DMatrix::zeros(labels.len(), k);
            labels.iter().enumerate().for_each(|(i, &label)| z[(i, label)] = 1.0);
            z
        },
        |labels, k| DMatrix::from_fn(labels.len(), k, |i, j| f64::from(u8::from(labels[i] == j))),
        |labels, k| DMatrix::<f64>::identity(k, k).select_rows(labels),
        |labels, k| DMatrix::from_fn(labels.len(), k, |i, j| 0.0_f64.powf((labels[i] as f64 - j as f64).abs())),
        |labels, k| {
            // One flat list of zeros and ones, row after row.
            let row = |&label: &usize| (0..k).map(move |j| if j == label { 1.0 } else { 0.0 });
            DMatrix::from_row_iterator(labels.len(), k, labels.iter().flat_map(row))
        };
    log_sum_exp:
        |terms| latent::log_sum_exp(terms.iter().copied()),
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
            // From the smallest to the largest, so that the small ones are not lost.
            let mut sorted = terms.to_vec();
            sorted.sort_by(f64::total_cmp);
            let largest = sorted[sorted.len() - 1];
            largest + sorted.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
        },
        |terms| {
            // In one pass: where a larger term comes, the sum so far shrinks to its measure.
            let (mut largest, mut sum) = (f64::NEG_INFINITY, 0.0);
            for &term in terms {
                if term > largest {
                    sum = sum * (largest - term).exp() + 1.0;
                    largest = term;
                } else {
                    sum += (term - largest).exp();
                }
            }
            largest + sum.ln()
        };
    complete_log_likelihood:
        |t, labels| complete::log_likelihood(t, labels).unwrap(),
        |t, labels| latent::one_hot(labels, t.ncols()).unwrap().component_mul(t).sum(),
        |t, labels| (0..t.nrows()).rev().map(|i| t[(i, labels[i])]).sum(),
        |t, labels| t.row_iter().zip(labels).map(|(row, &label)| row[label].exp()).product::<f64>().ln(),
        |t, labels| (t * latent::one_hot(labels, t.ncols()).unwrap().transpose()).trace(),
        |t, labels| complete::by_component(t, labels).unwrap().sum();
    log_conditional:
        |t, labels| complete::log_conditional(&t.log_densities, labels).unwrap(),
        |t, labels| latent::one_hot(labels, t.log_densities.ncols()).unwrap().component_mul(&t.log_densities).sum(),
        |t, labels| {
            // The joint less the prior, which is what the tables differ by.
            let weight = |j: usize| t.log_joint[(0, j)] - t.log_densities[(0, j)];
            labels.iter().enumerate().map(|(i, &j)| t.log_joint[(i, j)] - weight(j)).sum()
        },
        |t, labels| (0..labels.len()).rev().fold(0.0, |sum, i| sum + t.log_densities[(i, labels[i])]),
        |t, labels| {
            // Component by component, each with its own data.
            let of = |j: usize| (0..labels.len()).filter(move |&i| labels[i] == j);
            (0..t.log_densities.ncols()).map(|j| of(j).map(|i| t.log_densities[(i, j)]).sum::<f64>()).sum()
        },
        |t, labels| (latent::one_hot(labels, t.log_densities.ncols()).unwrap().transpose() * &t.log_densities).trace();
    responsibilities:
        |t| latent::responsibilities(t).unwrap(),
        |t| DMatrix::from_fn(t.nrows(), t.ncols(), |i, j| {
            // One over the odds of all against each.
            1.0 / (0..t.ncols()).map(|l| (t[(i, l)] - t[(i, j)]).exp()).sum::<f64>()
        }),
        |t| DMatrix::from_fn(t.nrows(), t.ncols(), |i, j| {
            (t[(i, j)] - latent::log_sum_exp(t.row(i).iter().copied())).exp()
        }),
        |t| {
            let rows: Vec<_> = t.row_iter().map(|row| {
                let lifted = row.add_scalar(-row.max()).map(f64::exp);
                &lifted / lifted.sum()
            }).collect();
            DMatrix::from_rows(&rows)
        },
        |t| DMatrix::from_fn(t.nrows(), t.ncols(), |i, j| {
            // The logistic function of the odds against all others together.
            let others = latent::log_sum_exp((0..t.ncols()).filter(|&l| l != j).map(|l| t[(i, l)]));
            1.0 / (1.0 + (others - t[(i, j)]).exp())
        }),
        |t| {
            // Loops, as in the doctest of the exercise: safe, because no row is far below zero as a whole.
            let mut r = t.map(f64::exp);
            r.row_iter_mut().for_each(|mut row| row /= row.sum());
            r
        };
    expected_log_joint:
        |q, t| latent::expected_log_joint(q, t).unwrap(),
        |q, t| q.component_mul(t).sum(),
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
        },
        |q, t| {
            // The expectation as it is defined: over all labelings.
            let each = labelings::all(q.nrows(), q.ncols()).unwrap();
            let logs = each.iter().map(|labels| complete::log_likelihood(t, labels).unwrap());
            labelings::product(q).unwrap().iter().zip(logs).map(|(p, log)| p * log).sum()
        };
}
