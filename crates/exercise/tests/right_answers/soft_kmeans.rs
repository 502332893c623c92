//! Chapter 3: soft responsibilities, where means part, and the hard limit.

use crate::{expanded, normalised};
use executable_em::latent::Model;
use executable_em::{em, gaussian, kmeans, latent, soft_kmeans};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

/// The data about their mean.
fn centred(x: &DMatrix<f64>) -> DMatrix<f64> {
    let mean = x.row_mean();
    DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - mean[a])
}

right! {
    soft_responsibilities:
        |x, model| model.responsibilities(x).unwrap(),
        |x, model| normalised(&model.log_joint(x).unwrap()),
        |x, model| {
            let logs = expanded(x, model.means()) * (-0.5 * model.stiffness());
            latent::responsibilities(&DMatrix::from_fn(x.nrows(), model.weights().len(), |i, j| {
                logs[(i, j)] + model.weights()[j].ln()
            })).unwrap()
        },
        |x, model| {
            // The norms of the data are in every exponent of a row, and cancel.
            let logs = x * model.means().transpose() * model.stiffness();
            normalised(&DMatrix::from_fn(x.nrows(), model.weights().len(), |i, j| {
                logs[(i, j)] - 0.5 * model.stiffness() * model.means().row(j).norm_squared() + model.weights()[j].ln()
            }))
        },
        |x, model| DMatrix::from_fn(x.nrows(), model.weights().len(), |i, j| {
            // Odds against each other mean: which side of the middle, and how far.
            let odds = |l: usize| {
                let (apart, middle) = (model.means().row(l) - model.means().row(j),
                    (model.means().row(l) + model.means().row(j)) / 2.0);
                model.weights()[l] / model.weights()[j] * (model.stiffness() * apart.dot(&(x.row(i) - middle))).exp()
            };
            1.0 / (0..model.weights().len()).map(odds).sum::<f64>()
        }),
        |x, model| model.mixture().unwrap().responsibilities(x).unwrap();
    soft_sweep:
        |x, model| em::sweep(model, x).unwrap().means().clone(),
        |x, model| kmeans::update_means(x, &model.responsibilities(x).unwrap(), model.means()).unwrap(),
        |x, model| {
            let r = model.responsibilities(x).unwrap();
            DMatrix::from_fn(r.ncols(), x.ncols(), |j, a| r.column(j).dot(&x.column(a)) / r.column(j).sum())
        },
        |x, model| {
            // Along the gradient of ℓ, which is β Σ r (x − m), by 1/(βR).
            let r = model.responsibilities(x).unwrap();
            let mut means = model.means().clone();
            for j in 0..r.ncols() {
                let pulls = (0..x.nrows()).map(|i| (x.row(i) - model.means().row(j)) * (model.stiffness() * r[(i, j)]));
                let gradient = pulls.reduce(|one, other| one + other).unwrap();
                means.set_row(j, &(model.means().row(j) + gradient / (model.stiffness() * r.column(j).sum())));
            }
            means
        },
        |x, model| {
            // A stochastic matrix: each mean an average of rows, its shares normalised down the column.
            let r = model.responsibilities(x).unwrap();
            let shares = normalised(&r.transpose().map(f64::ln));
            shares * x
        },
        |x, model| {
            let r = model.responsibilities(x).unwrap();
            let mut sums = (DVector::zeros(r.ncols()), DMatrix::zeros(r.ncols(), x.ncols()));
            for i in (0..x.nrows()).rev() {
                sums.0 += r.row(i).transpose();
                sums.1 += r.row(i).transpose() * x.row(i);
            }
            DMatrix::from_diagonal(&sums.0).lu().solve(&sums.1).unwrap()
        };
    critical_stiffness:
        |x| soft_kmeans::critical_stiffness(x).unwrap(),
        |x| x.nrows() as f64 / centred(x).singular_values().max().powi(2),
        |x| {
            let all = DVector::from_element(x.nrows(), 1.0);
            1.0 / gaussian::weighted_covariance(x, &all, &x.row_mean()).unwrap().symmetric_eigenvalues().max()
        },
        |x| {
            // The power method: a direction that the covariance turns no further.
            let covariance = centred(x).transpose() * centred(x) / x.nrows() as f64;
            let start = DVector::from_fn(x.ncols(), |a, _| 1.0 + 0.3 * a as f64);
            let axis = (0..2000).fold(start, |axis, _| (&covariance * axis).normalize());
            1.0 / axis.dot(&(&covariance * &axis))
        },
        |x| {
            // The n×n table of products has the same largest eigenvalue.
            let products = centred(x) * centred(x).transpose() / x.nrows() as f64;
            products.symmetric_eigenvalues().max().recip()
        },
        |x| {
            // The bisection of what it is about: whether a small parting of two means grows.
            let grows = |beta: f64| soft_kmeans::parting_growth(x, 2, beta, 1e-4).unwrap() > 1.0;
            let (mut low, mut high) = (1e-4, 1e4);
            for _ in 0..60 {
                let middle: f64 = f64::sqrt(low * high);
                if grows(middle) { high = middle } else { low = middle }
            }
            high
        };
    hard_limit:
        |x, means, weights| soft_kmeans::hard_limit(x, means, weights).unwrap(),
        |x, means, weights| {
            let mut r = DMatrix::from_fn(x.nrows(), means.nrows(), |i, j| {
                let far = |j: usize| (x.row(i) - means.row(j)).norm_squared();
                let least = (0..means.nrows()).map(far).fold(f64::INFINITY, f64::min);
                if far(j) == least { weights[j] } else { 0.0 }
            });
            r.row_iter_mut().for_each(|mut row| row /= row.sum());
            r
        },
        |x, means, weights| {
            // In the log domain: minus infinity for all that are farther than the nearest.
            let squares = kmeans::squared_distances(x, means).unwrap();
            normalised(&DMatrix::from_fn(x.nrows(), means.nrows(), |i, j| {
                if squares[(i, j)] > squares.row(i).min() { f64::NEG_INFINITY } else { weights[j].ln() }
            }))
        },
        |x, means, weights| {
            // By repeated squaring: e^{least − square} doubles its exponent 60 times, and is 0 or 1.
            let squares = kmeans::squared_distances(x, means).unwrap();
            let mut r = DMatrix::from_fn(x.nrows(), means.nrows(), |i, j| {
                let share = (squares.row(i).min() - squares[(i, j)]).exp();
                weights[j] * (0..60).fold(share, |share, _| share * share)
            });
            r.row_iter_mut().for_each(|mut row| row.unscale_mut(row.sum()));
            r
        },
        |x, means, weights| {
            // One pass over the means, that keeps the nearest so far and whoever ties with it.
            let mut r = DMatrix::zeros(x.nrows(), means.nrows());
            for i in 0..x.nrows() {
                let (mut least, mut tied) = (f64::INFINITY, Vec::new());
                for j in 0..means.nrows() {
                    let far = (x.row(i) - means.row(j)).norm();
                    if far < least - 1e-9 {
                        (least, tied) = (far, vec![j]);
                    } else if far < least + 1e-9 {
                        tied.push(j);
                    }
                }
                let sum: f64 = tied.iter().map(|&j| weights[j]).sum();
                tied.iter().for_each(|&j| r[(i, j)] = weights[j] / sum);
            }
            r
        };
}
