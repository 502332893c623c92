//! Chapter 2: the M step, full and round, and its loss.

use crate::{expanded, scatter};
use executable_em::gaussian_mixture::{loss as losses, spherical, update};
use executable_em::latent::{self, Model};
use executable_em::{bound, em, gaussian, kmeans};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

right! {
    weights:
        |r| update::weights(r).unwrap(),
        |r| r.row_mean().transpose(),
        |r| r.transpose() * DVector::from_element(r.nrows(), 1.0 / r.nrows() as f64),
        |r| {
            // Counts over their own sum.
            let counts = latent::counts(r);
            &counts / counts.sum()
        },
        |r| DVector::from_fn(r.ncols(), |j, _| (r.column(j).sum().ln() - (r.nrows() as f64).ln()).exp()),
        |r| {
            // A running mean of the rows.
            let mut mean = DVector::zeros(r.ncols());
            for i in 0..r.nrows() {
                mean += (r.row(i).transpose() - &mean) / (i + 1) as f64;
            }
            mean
        };
    covariances:
        |x, model| em::sweep(model, x).unwrap().covariances().to_vec(),
        |x, model| {
            let r = model.responsibilities(x).unwrap();
            let means = kmeans::update_means(x, &r, model.means()).unwrap();
            (0..model.k()).map(|j| scatter(x, &r, &means, j) / r.column(j).sum()).collect()
        },
        |x, model| {
            // About the old means, with what the means have moved taken away.
            let r = model.responsibilities(x).unwrap();
            let moved = kmeans::update_means(x, &r, model.means()).unwrap() - model.means();
            (0..model.k()).map(|j| {
                scatter(x, &r, model.means(), j) / r.column(j).sum() - moved.row(j).transpose() * moved.row(j)
            }).collect()
        },
        |x, model| {
            // The mean of the squares less the square of the mean.
            let r = model.responsibilities(x).unwrap();
            (0..model.k()).map(|j| {
                let shares = r.column(j) / r.column(j).sum();
                let mean = shares.transpose() * x;
                x.transpose() * DMatrix::from_diagonal(&shares) * x - mean.transpose() * mean
            }).collect()
        },
        |x, model| {
            // Pair by pair, without any mean: Σ r_i r_l (x_i − x_l)(x_i − x_l)ᵀ over all pairs, over R².
            let r = model.responsibilities(x).unwrap();
            let pairs = |i: usize| (0..i).map(move |l| (i, l));
            (0..model.k()).map(|j| (0..x.nrows()).flat_map(pairs).map(|(i, l)| {
                let apart = x.row(i) - x.row(l);
                apart.transpose() * apart * (r[(i, j)] * r[(l, j)])
            }).sum::<DMatrix<f64>>() / r.column(j).sum().powi(2)).collect()
        },
        |x, model| {
            // Welford: each datum adds its deviation from the mean before it, times that from the mean after it.
            let r = model.responsibilities(x).unwrap();
            (0..model.k()).map(|j| {
                let (mut count, mut mean) = (0.0, DVector::zeros(x.ncols()));
                let mut sum = DMatrix::zeros(x.ncols(), x.ncols());
                for i in 0..x.nrows() {
                    let before = x.row(i).transpose() - &mean;
                    let total = count + r[(i, j)];
                    mean += &before * (r[(i, j)] / total);
                    sum += &before * before.transpose() * (r[(i, j)] * count / total);
                    count = total;
                }
                sum / count
            }).collect()
        };
    variances:
        |x, r, means| spherical::variances(x, r, means).unwrap(),
        |x, r, means| DVector::from_fn(means.nrows(), |j, _| {
            scatter(x, r, means, j).trace() / (x.ncols() as f64 * r.column(j).sum())
        }),
        |x, r, means| {
            let sums = expanded(x, means).component_mul(r).row_sum().transpose();
            sums.component_div(&latent::counts(r)) / x.ncols() as f64
        },
        |x, r, means| DVector::from_fn(means.nrows(), |j, _| {
            let mut sum = 0.0;
            for i in 0..x.nrows() {
                sum += r[(i, j)] * (x.row(i) - means.row(j)).norm_squared();
            }
            sum / (r.column(j).sum() * x.ncols() as f64)
        }),
        |x, r, means| DVector::from_fn(means.nrows(), |j, _| {
            // The mean over the coordinates of each one's variance about its average, and of the bias squared.
            let shares = r.column(j) / r.column(j).sum();
            let average = shares.transpose() * x;
            let own = gaussian::weighted_covariance(x, &shares, &average).unwrap();
            own.diagonal().mean() + (means.row(j) - average).norm_squared() / x.ncols() as f64
        });
    score_in_variances:
        |x, r, means, variances| spherical::score_in_variances(x, r, means, variances).unwrap(),
        |x, r, means, variances| DVector::from_fn(means.nrows(), |j, _| {
            let (v, dimensions) = (variances[j], x.ncols() as f64);
            (scatter(x, r, means, j).trace() / v - dimensions * r.column(j).sum()) / (2.0 * v)
        }),
        |x, r, means, variances| DVector::from_fn(means.nrows(), |j, _| {
            // Datum by datum.
            let one = |i: usize| (x.row(i) - means.row(j)).norm_squared() / variances[j] - x.ncols() as f64;
            (0..x.nrows()).map(|i| r[(i, j)] * one(i)).sum::<f64>() / (2.0 * variances[j])
        }),
        |x, r, means, variances| {
            // How far the best variance is away, times half the information.
            let apart = spherical::variances(x, r, means).unwrap() - variances;
            let information = latent::counts(r).zip_map(variances, |count, v| count * x.ncols() as f64 / (2.0 * v * v));
            apart.component_mul(&information)
        },
        |x, r, means, variances| DVector::from_fn(means.nrows(), |j, _| {
            // The chain rule, from the slope in log σ at a step of a thousandth.
            let squares = expanded(x, means).column(j).dot(&r.column(j));
            let weight = r.column(j).sum() * x.ncols() as f64;
            let q = |log_sd: f64| -weight * log_sd - 0.5 * squares * (-2.0 * log_sd).exp();
            let (at, h) = (0.5 * variances[j].ln(), 1e-4);
            (q(at + h) - q(at - h)) / (2.0 * h) / (2.0 * variances[j])
        });
    loss:
        |x, r, model| losses::loss(model, x, r).unwrap(),
        |x, r, model| 7.0 - model.log_joint(x).unwrap().component_mul(r).sum(),
        |x, r, model| {
            // Less the bound: the entropy of r is none of the parameters' business.
            -bound::lower_bound(r, &model.log_joint(x).unwrap()).unwrap()
        },
        |x, r, model| {
            let mut loss = 0.0;
            for (j, covariance) in model.covariances().iter().enumerate() {
                let height = 0.5 * covariance.determinant().ln() - model.weights()[j].ln();
                for i in 0..x.nrows() {
                    let v = (x.row(i) - model.means().row(j)).transpose();
                    loss += r[(i, j)] * (height + 0.5 * v.dot(&covariance.clone().lu().solve(&v).unwrap()));
                }
            }
            loss
        },
        |x, r, model| (0..model.k()).map(|j| {
            // From the sums alone: ½ R log|Σ| + ½ tr Σ⁻¹S − R log π.
            let (count, root) = (r.column(j).sum(), model.covariances()[j].clone().cholesky().unwrap());
            let form = root.solve(&scatter(x, r, model.means(), j)).trace();
            count * (root.l().diagonal().map(f64::ln).sum() - model.weights()[j].ln()) + 0.5 * form
        }).sum();
}
