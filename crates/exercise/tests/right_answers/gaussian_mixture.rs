//! Chapter 2: the density, ℓ, the E step, and the scores.

use crate::{normalised, scatter};
use executable_em::gaussian_mixture::{GaussianMixture, score};
use executable_em::latent::{self, Model};
use executable_em::{bound, gaussian, kmeans};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// The slope of a function at 0, by five points: right to the fourth order.
fn slope(f: impl Fn(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
}

/// ℓ where one entry of a covariance, and its mirror image, has moved.
fn with_covariance(
    x: &DMatrix<f64>,
    model: &GaussianMixture,
    (j, a, b): (usize, usize, usize),
    step: f64,
) -> f64 {
    let mut covariances = model.covariances().to_vec();
    covariances[j][(a, b)] += step;
    covariances[j][(b, a)] = covariances[j][(a, b)];
    model.with_covariances(covariances, model.family()).unwrap().log_likelihood(x).unwrap()
}

right! {
    log_density:
        |x, mean, covariance| gaussian::log_density(x, mean, covariance).unwrap(),
        |x, mean, covariance| {
            let precision = covariance.clone().try_inverse().unwrap();
            let centred = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - mean[a]);
            let squares = (&centred * precision).component_mul(&centred).column_sum();
            squares.map(|square| -0.5 * (square + (covariance * TAU).determinant().ln()))
        },
        |x, mean, covariance| {
            let root = covariance.clone().cholesky().unwrap().l();
            let height = -root.diagonal().map(f64::ln).sum() - x.ncols() as f64 * TAU.sqrt().ln();
            DVector::from_fn(x.nrows(), |i, _| {
                height - 0.5 * root.solve_lower_triangular(&(x.row(i) - mean).transpose()).unwrap().norm_squared()
            })
        },
        |x, mean, covariance| {
            // Along its own axes it is a product of densities on the line.
            let eigen = covariance.clone().symmetric_eigen();
            DVector::from_fn(x.nrows(), |i, _| {
                let along = eigen.eigenvectors.transpose() * (x.row(i) - mean).transpose();
                along.zip_map(&eigen.eigenvalues, |t, v| -0.5 * ((TAU * v).ln() + t * t / v)).sum()
            })
        },
        |x, mean, covariance| DVector::from_fn(x.nrows(), |i, _| {
            // One coordinate after the other, each given the earlier ones, which leave its Schur complement.
            let (mut left, mut v) = (covariance.clone(), (x.row(i) - mean).transpose());
            let mut sum = 0.0;
            for a in 0..v.len() {
                let variance = left[(a, a)];
                sum -= 0.5 * ((TAU * variance).ln() + v[a] * v[a] / variance);
                let regression = left.column(a) / variance;
                v -= &regression * v[a];
                left -= &regression * regression.transpose() * variance;
            }
            sum
        }),
        |x, mean, covariance| DVector::from_fn(x.nrows(), |i, _| {
            // The determinant lemma: |Σ + vvᵀ| = |Σ| (1 + vᵀΣ⁻¹v).
            let v = (x.row(i) - mean).transpose();
            let volume = covariance.determinant();
            let square = (covariance + &v * v.transpose()).determinant() / volume - 1.0;
            -0.5 * (v.len() as f64 * TAU.ln() + volume.ln() + square)
        });
    density:
        |x, model| model.density(x).unwrap(),
        |x, model| model.log_joint(x).unwrap().map(f64::exp).column_sum(),
        |x, model| {
            let log_joint = model.log_joint(x).unwrap();
            DVector::from_fn(x.nrows(), |i, _| latent::log_sum_exp(log_joint.row(i).iter().copied()).exp())
        },
        |x, model| DVector::from_fn(x.nrows(), |i, _| {
            (0..model.k()).map(|j| {
                let (mean, v) = (model.means()[j], model.covariances()[j][0]);
                model.weights()[j] * (-(x[i] - mean).powi(2) / (2.0 * v)).exp() / (TAU * v).sqrt()
            }).sum()
        }),
        |x, model| model.component_log_densities(x).unwrap().map(f64::exp) * model.weights(),
        |x, model| {
            // Component by component, added to all data at once.
            let mut sum = DVector::zeros(x.nrows());
            for (j, covariance) in model.covariances().iter().enumerate() {
                let mean = model.means().row(j).into_owned();
                let alone = gaussian::log_density(x, &mean, covariance).unwrap().map(f64::exp);
                sum.axpy(model.weights()[j], &alone, 1.0);
            }
            sum
        };
    log_likelihood:
        |x, model| model.log_likelihood(x).unwrap(),
        |x, model| latent::log_likelihood(&model.log_joint(x).unwrap()).unwrap(),
        |x, model| model.density(x).unwrap().map(f64::ln).sum(),
        |x, model| {
            // Q and the entropy of the posterior.
            let (log_joint, r) = (model.log_joint(x).unwrap(), model.responsibilities(x).unwrap());
            latent::expected_log_joint(&r, &log_joint).unwrap() + bound::entropy(&r).unwrap()
        },
        |x, model| {
            // Bayes, for the most probable label: log p(x) = log p(x, z) − log p(z | x).
            let (log_joint, r) = (model.log_joint(x).unwrap(), model.responsibilities(x).unwrap());
            (0..x.nrows()).map(|i| {
                let j = r.row(i).transpose().imax();
                log_joint[(i, j)] - r[(i, j)].ln()
            }).sum()
        },
        |x, model| model.log_joint(x).unwrap().row_iter().map(|row| {
            // Two terms at a time, in the log domain; where both weights are zero, this has no value.
            row.iter().copied().reduce(|a, b| a.max(b) + (-(a - b).abs()).exp().ln_1p()).unwrap()
        }).sum();
    mixture_responsibilities:
        |x, model| model.responsibilities(x).unwrap(),
        |x, model| normalised(&model.log_joint(x).unwrap()),
        |x, model| {
            let log_joint = model.log_joint(x).unwrap();
            DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
                (log_joint[(i, j)] - latent::log_sum_exp(log_joint.row(i).iter().copied())).exp()
            })
        },
        |x, model| {
            // One over the sum of the odds of all against each.
            let log_joint = model.log_joint(x).unwrap();
            DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
                1.0 / (0..model.k()).map(|l| (log_joint[(i, l)] - log_joint[(i, j)]).exp()).sum::<f64>()
            })
        },
        |x, model| {
            // The logistic function of each component's odds against all the others together.
            let log_joint = model.log_joint(x).unwrap();
            DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
                let others = (0..model.k()).filter(|&l| l != j).map(|l| log_joint[(i, l)]);
                1.0 / (1.0 + (latent::log_sum_exp(others) - log_joint[(i, j)]).exp())
            })
        },
        |x, model| {
            // Weight times density over density, as Bayes writes it.
            let density = model.density(x).unwrap();
            let joint = model.component_log_densities(x).unwrap().map(f64::exp)
                * DMatrix::from_diagonal(model.weights());
            DMatrix::from_diagonal(&density.map(f64::recip)) * joint
        };
    score_in_means:
        |x, model| score::in_means(model, x).unwrap(),
        |x, model| {
            let r = model.responsibilities(x).unwrap();
            let mut score = DMatrix::zeros(model.k(), model.d());
            for (j, covariance) in model.covariances().iter().enumerate() {
                let precision = covariance.clone().try_inverse().unwrap();
                for i in 0..x.nrows() {
                    let pull = (x.row(i) - model.means().row(j)) * &precision * r[(i, j)];
                    score.set_row(j, &(score.row(j) + pull));
                }
            }
            score
        },
        |x, model| {
            // R_j Σ⁻¹ times the way that EM's step goes.
            let r = model.responsibilities(x).unwrap();
            let moved = kmeans::update_means(x, &r, model.means()).unwrap() - model.means();
            let mut score = DMatrix::zeros(model.k(), model.d());
            for j in 0..model.k() {
                let pull = moved.row(j).transpose() * r.column(j).sum();
                let solved = model.covariances()[j].clone().lu().solve(&pull).unwrap();
                score.set_row(j, &solved.transpose());
            }
            score
        },
        |x, model| {
            let r = model.responsibilities(x).unwrap();
            let rows: Vec<_> = (0..model.k()).map(|j| {
                let root = model.covariances()[j].clone().cholesky().unwrap();
                let centred = DMatrix::from_fn(model.d(), x.nrows(), |a, i| x[(i, a)] - model.means()[(j, a)]);
                (root.solve(&centred) * r.column(j)).transpose()
            }).collect();
            DMatrix::from_rows(&rows)
        },
        |x, model| {
            // Along the axes of each component, each pull over its own variance.
            let r = model.responsibilities(x).unwrap();
            let rows: Vec<_> = (0..model.k()).map(|j| {
                let eigen = model.covariances()[j].clone().symmetric_eigen();
                let pull = r.column(j).transpose() * x - model.means().row(j) * r.column(j).sum();
                let along = (pull * &eigen.eigenvectors).component_div(&eigen.eigenvalues.transpose());
                along * eigen.eigenvectors.transpose()
            }).collect();
            DMatrix::from_rows(&rows)
        },
        |x, model| DMatrix::from_fn(model.k(), model.d(), |j, a| slope(|step| {
            let mut means = model.means().clone();
            means[(j, a)] += step;
            model.with_means(means).unwrap().log_likelihood(x).unwrap()
        }));
    score_in_covariances:
        |x, model| score::in_covariances(model, x).unwrap(),
        |x, model| {
            let r = model.responsibilities(x).unwrap();
            (0..model.k()).map(|j| {
                let precision = model.covariances()[j].clone().try_inverse().unwrap();
                let count = r.column(j).sum();
                (&precision * scatter(x, &r, model.means(), j) * &precision - &precision * count) * 0.5
            }).collect()
        },
        |x, model| {
            let r = model.responsibilities(x).unwrap();
            (0..model.k()).map(|j| {
                let root = model.covariances()[j].clone().cholesky().unwrap();
                let left = scatter(x, &r, model.means(), j) - &model.covariances()[j] * r.column(j).sum();
                root.solve(&root.solve(&(left * 0.5)).transpose())
            }).collect()
        },
        |x, model| {
            // Datum by datum: Σ⁻¹v, times its own transpose.
            let r = model.responsibilities(x).unwrap();
            let mut score = vec![DMatrix::zeros(model.d(), model.d()); model.k()];
            for (j, covariance) in model.covariances().iter().enumerate() {
                let precision = covariance.clone().try_inverse().unwrap();
                for i in 0..x.nrows() {
                    let solved = &precision * (x.row(i) - model.means().row(j)).transpose();
                    score[j] += (&solved * solved.transpose() - &precision) * (r[(i, j)] / 2.0);
                }
            }
            score
        },
        |x, model| {
            // Along its own axes, where Σ is diagonal and Σ⁻¹SΣ⁻¹ is an entry over two variances.
            let r = model.responsibilities(x).unwrap();
            (0..model.k()).map(|j| {
                let eigen = model.covariances()[j].clone().symmetric_eigen();
                let (u, v) = (&eigen.eigenvectors, &eigen.eigenvalues);
                let left = u.transpose() * scatter(x, &r, model.means(), j) * u
                    - DMatrix::from_diagonal(v) * r.column(j).sum();
                u * left.map_with_location(|a, b, entry| entry / (2.0 * v[a] * v[b])) * u.transpose()
            }).collect()
        },
        |x, model| (0..model.k()).map(|j| DMatrix::from_fn(model.d(), model.d(), |a, b| {
            // Off the diagonal two entries move together, and each has half of the slope.
            let both = |step: f64| with_covariance(x, model, (j, a, b), step / 16.0);
            16.0 * slope(both) * if a == b { 1.0 } else { 0.5 }
        })).collect();
    score_in_weights:
        |x, model| score::in_weights(model, x).unwrap(),
        |x, model| {
            let ratios = |i: usize| model.component_log_densities(x).unwrap().row(i).map(f64::exp);
            let density = model.density(x).unwrap();
            (0..x.nrows()).map(|i| ratios(i).transpose() / density[i]).sum()
        },
        |x, model| {
            let counts = model.responsibilities(x).unwrap().row_sum();
            DVector::from_fn(model.k(), |j, _| counts[j] / model.weights()[j])
        },
        |x, model| {
            // Each datum's ratio as a difference of logs.
            let (each, l) = (model.component_log_densities(x).unwrap(), model.density(x).unwrap().map(f64::ln));
            DVector::from_fn(model.k(), |j, _| (each.column(j) - &l).map(f64::exp).sum())
        },
        |x, model| {
            // A matrix and the reciprocal densities.
            let each = model.component_log_densities(x).unwrap().map(f64::exp);
            each.transpose() * (&each * model.weights()).map(f64::recip)
        },
        |x, model| {
            // The slope of Σ log Σ_j e^{t_j} p_j in t, over the weight.
            let log_joint = model.log_joint(x).unwrap();
            DVector::from_fn(model.k(), |j, _| slope(|step| {
                let moved = log_joint.map_with_location(|_, l, entry| if l == j { entry + step } else { entry });
                latent::log_likelihood(&moved).unwrap()
            }) / model.weights()[j])
        };
}
