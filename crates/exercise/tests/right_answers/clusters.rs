//! Right answers of chapters 1 to 3: other orders of operations, loops, the log domain, closed forms.

use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::{self, Model};
use executable_em::{bound, gaussian, kmeans};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

/// ‖x_i − m_j‖² as n×k, by ‖x‖² − 2 x·m + ‖m‖².
fn expanded(x: &DMatrix<f64>, means: &DMatrix<f64>) -> DMatrix<f64> {
    let products = x * means.transpose();
    DMatrix::from_fn(x.nrows(), means.nrows(), |i, j| {
        x.row(i).norm_squared() - 2.0 * products[(i, j)] + means.row(j).norm_squared()
    })
}

/// Σ_i r_ij (x_i − m_j)(x_i − m_j)ᵀ.
fn scatter(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>, j: usize) -> DMatrix<f64> {
    let centred = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - means[(j, a)]);
    centred.transpose() * DMatrix::from_diagonal(&r.column(j).into_owned()) * centred
}

/// Rows of exponentials, the largest taken away first, divided by their sums.
fn normalised(logs: &DMatrix<f64>) -> DMatrix<f64> {
    let mut r = logs.clone();
    for mut row in r.row_iter_mut() {
        let largest = row.max();
        row.apply(|entry| *entry = (*entry - largest).exp());
        let sum = row.sum();
        row /= sum;
    }
    r
}

#[test]
fn of_k_means() {
    right! {
        nearest_means:
            |x, means| expanded(x, means).row_iter().map(|row| row.transpose().imin()).collect(),
            |x, means| {
                // The sign of ½(‖m‖² − ‖l‖²) − x·(m − l): which side of the hyperplane between them.
                let height = |i: usize, j: usize| 0.5 * means.row(j).norm_squared() - x.row(i).dot(&means.row(j));
                (0..x.nrows()).map(|i| (0..means.nrows()).fold(0, |best, j| {
                    if height(i, j) < height(i, best) { j } else { best }
                })).collect()
            },
            |x, means| {
                let squares = |i: usize, j: usize| (0..x.ncols()).map(|a| (x[(i, a)] - means[(j, a)]).powi(2)).sum();
                let distances = DMatrix::<f64>::from_fn(x.nrows(), means.nrows(), squares);
                distances.row_iter().map(|row| {
                    let least = row.min();
                    row.iter().position(|&distance| distance == least).unwrap()
                }).collect()
            };
        average_means:
            |x, r, previous| {
                let mut means = previous.clone();
                for j in 0..r.ncols() {
                    if r.column(j).sum() > 0.0 {
                        means.set_row(j, &((r.column(j).transpose() * x) / r.column(j).sum()));
                    }
                }
                means
            },
            |x, r, previous| {
                // A running mean: each datum pulls by its share of what has come so far.
                let mut means = previous.clone();
                for j in 0..r.ncols() {
                    let mut count = 0.0;
                    for i in (0..x.nrows()).filter(|&i| r[(i, j)] > 0.0) {
                        count += r[(i, j)];
                        let pull = (x.row(i) - means.row(j)) * (r[(i, j)] / count);
                        means.set_row(j, &(means.row(j) + pull));
                    }
                }
                means
            },
            |x, r, previous| {
                // A Newton step from where they were: the gradient over the Hessian.
                DMatrix::from_fn(previous.nrows(), previous.ncols(), |j, a| {
                    let gradient: f64 = (0..x.nrows()).map(|i| r[(i, j)] * (previous[(j, a)] - x[(i, a)])).sum();
                    previous[(j, a)] - if gradient == 0.0 { 0.0 } else { gradient / r.column(j).sum() }
                })
            };
        objective:
            |x, r, means| expanded(x, means).component_mul(r).sum(),
            |x, r, means| (0..means.nrows()).map(|j| scatter(x, r, means, j).trace()).sum(),
            |x, r, means| {
                let mut sum = 0.0;
                for a in 0..x.ncols() {
                    for j in 0..means.nrows() {
                        for i in 0..x.nrows() {
                            sum += r[(i, j)] * (x[(i, a)] - means[(j, a)]).abs().powi(2);
                        }
                    }
                }
                sum
            };
        objective_gradient:
            |x, r, means| DMatrix::from_fn(means.nrows(), means.ncols(), |j, a| {
                -2.0 * (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] - means[(j, a)])).sum::<f64>()
            }),
            |x, r, means| {
                let best = kmeans::update_means(x, r, means).unwrap();
                DMatrix::from_diagonal(&latent::counts(r)) * (means - best) * 2.0
            },
            |x, r, means| {
                let mut gradient = DMatrix::zeros(means.nrows(), means.ncols());
                for i in 0..x.nrows() {
                    for j in 0..means.nrows() {
                        let pull = (means.row(j) - x.row(i)) * (2.0 * r[(i, j)]);
                        gradient.set_row(j, &(gradient.row(j) + pull));
                    }
                }
                gradient
            };
        whole_kmeans:
            |x, start| (0..200).fold(start.clone(), |means, _| {
                let r = kmeans::responsibilities(x, &means).unwrap();
                kmeans::update_means(x, &r, &means).unwrap()
            }),
            |x, start| {
                let (mut means, mut labels) = (start.clone(), Vec::new());
                loop {
                    let next = kmeans::assign(x, &means).unwrap();
                    if next == labels {
                        return means;
                    }
                    labels = next;
                    let r = latent::one_hot(&labels, means.nrows()).unwrap();
                    means = kmeans::update_means(x, &r, &means).unwrap();
                }
            };
    }
}

#[test]
fn of_mixtures() {
    right! {
        log_density:
            |x, mean, covariance| {
                let precision = covariance.clone().try_inverse().unwrap();
                let centred = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - mean[a]);
                let squares = (&centred * precision).component_mul(&centred).column_sum();
                squares.map(|square| -0.5 * (square + (covariance * std::f64::consts::TAU).determinant().ln()))
            },
            |x, mean, covariance| {
                let root = covariance.clone().cholesky().unwrap().l();
                let height = -root.diagonal().map(f64::ln).sum() - x.ncols() as f64 * std::f64::consts::TAU.sqrt().ln();
                DVector::from_fn(x.nrows(), |i, _| {
                    height - 0.5 * root.solve_lower_triangular(&(x.row(i) - mean).transpose()).unwrap().norm_squared()
                })
            },
            |x, mean, covariance| {
                // Along its own axes it is a product of densities on the line.
                let eigen = covariance.clone().symmetric_eigen();
                DVector::from_fn(x.nrows(), |i, _| {
                    let along = eigen.eigenvectors.transpose() * (x.row(i) - mean).transpose();
                    let line = |t: f64, v: f64| -0.5 * ((std::f64::consts::TAU * v).ln() + t * t / v);
                    along.zip_map(&eigen.eigenvalues, line).sum()
                })
            };
        density:
            |x, model| model.log_joint(x).unwrap().map(f64::exp).column_sum(),
            |x, model| model.log_densities(x),
            |x, model| DVector::from_fn(x.nrows(), |i, _| {
                (0..model.k()).map(|j| {
                    let (mean, v) = (model.means()[j], model.covariances()[j][0]);
                    model.weights()[j] * (-(x[i] - mean).powi(2) / (2.0 * v)).exp() / (std::f64::consts::TAU * v).sqrt()
                }).sum()
            });
        log_likelihood:
            |x, model| latent::log_likelihood(&model.log_joint(x).unwrap()).unwrap(),
            |x, model| model.density(x).unwrap().map(f64::ln).sum(),
            |x, model| {
                // Q and the entropy of the posterior.
                let (log_joint, r) = (model.log_joint(x).unwrap(), model.responsibilities(x).unwrap());
                latent::expected_log_joint(&r, &log_joint).unwrap() + bound::entropy(&r).unwrap()
            };
        mixture_responsibilities:
            |x, model| model.responsibilities(x).unwrap(),
            |x, model| normalised(&model.log_joint(x).unwrap()),
            |x, model| {
                let log_joint = model.log_joint(x).unwrap();
                DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
                    (log_joint[(i, j)] - latent::log_sum_exp(log_joint.row(i).iter().copied())).exp()
                })
            };
        score_in_means:
            |x, model| {
                // R_j Σ⁻¹ times the way that EM's step goes.
                let r = model.responsibilities(x).unwrap();
                let mut score = DMatrix::zeros(model.k(), model.d());
                for j in 0..model.k() {
                    let pull = r.column(j).transpose() * x - model.means().row(j) * r.column(j).sum();
                    let solved = model.covariances()[j].clone().lu().solve(&pull.transpose()).unwrap();
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
            };
        score_in_covariances:
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
            };
        score_in_weights:
            |x, model| {
                let ratios = |i: usize| model.component_log_densities(x).unwrap().row(i).map(f64::exp);
                let density = model.density(x).unwrap();
                (0..x.nrows()).map(|i| ratios(i).transpose() / density[i]).sum()
            },
            |x, model| {
                let counts = model.responsibilities(x).unwrap().row_sum();
                DVector::from_fn(model.k(), |j, _| counts[j] / model.weights()[j])
            };
        weights:
            |r| r.row_mean().transpose(),
            |r| r.transpose() * DVector::from_element(r.nrows(), 1.0 / r.nrows() as f64),
            |r| {
                // Counts over their own sum.
                let counts = latent::counts(r);
                &counts / counts.sum()
            },
            |r| DVector::from_fn(r.ncols(), |j, _| (r.column(j).sum().ln() - (r.nrows() as f64).ln()).exp());
        covariances:
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
            |x, model| model.maximize(x, &model.responsibilities(x).unwrap()).unwrap().covariances().to_vec();
        variances:
            |x, r, means| DVector::from_fn(means.nrows(), |j, _| {
                scatter(x, r, means, j).trace() / (x.ncols() as f64 * r.column(j).sum())
            }),
            |x, r, means| {
                let sums = expanded(x, means).component_mul(r).row_sum().transpose();
                sums.component_div(&latent::counts(r)) / x.ncols() as f64
            };
        score_in_variances:
            |x, r, means, variances| DVector::from_fn(means.nrows(), |j, _| {
                let (v, dimensions) = (variances[j], x.ncols() as f64);
                (scatter(x, r, means, j).trace() / v - dimensions * r.column(j).sum()) / (2.0 * v)
            }),
            |x, r, means, variances| DVector::from_fn(means.nrows(), |j, _| {
                // Datum by datum.
                let one = |i: usize| (x.row(i) - means.row(j)).norm_squared() / variances[j] - x.ncols() as f64;
                (0..x.nrows()).map(|i| r[(i, j)] * one(i)).sum::<f64>() / (2.0 * variances[j])
            });
        loss:
            |x, r, model| -latent::expected_log_joint(r, &model.log_joint(x).unwrap()).unwrap(),
            |x, r, model| 7.0 - model.log_joint(x).unwrap().component_mul(r).sum();
    }
}

/// The log densities, another way round: a sum of the components' by log-sum-exp, and then its exponential.
trait LogDensities {
    fn log_densities(&self, x: &DMatrix<f64>) -> DVector<f64>;
}

impl LogDensities for GaussianMixture {
    fn log_densities(&self, x: &DMatrix<f64>) -> DVector<f64> {
        let log_joint = self.log_joint(x).unwrap();
        DVector::from_fn(x.nrows(), |i, _| latent::log_sum_exp(log_joint.row(i).iter().copied()).exp())
    }
}

#[test]
fn of_soft_k_means() {
    right! {
        soft_responsibilities:
            |x, model| normalised(&model.log_joint(x).unwrap()),
            |x, model| {
                let logs = expanded(x, model.means()) * (-0.5 * model.stiffness());
                normalised(&DMatrix::from_fn(x.nrows(), model.weights().len(), |i, j| logs[(i, j)] + model.weights()[j].ln()))
            },
            |x, model| {
                // The norms of the data are in every exponent of a row, and cancel.
                let logs = x * model.means().transpose() * model.stiffness();
                normalised(&DMatrix::from_fn(x.nrows(), model.weights().len(), |i, j| {
                    logs[(i, j)] - 0.5 * model.stiffness() * model.means().row(j).norm_squared() + model.weights()[j].ln()
                }))
            };
        soft_sweep:
            |x, model| model.maximize(x, &model.responsibilities(x).unwrap()).unwrap().means().clone(),
            |x, model| kmeans::update_means(x, &model.responsibilities(x).unwrap(), model.means()).unwrap(),
            |x, model| {
                let r = model.responsibilities(x).unwrap();
                DMatrix::from_fn(r.ncols(), x.ncols(), |j, a| r.column(j).dot(&x.column(a)) / r.column(j).sum())
            };
        critical_stiffness:
            |x| {
                let centred = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - x.column(a).mean());
                x.nrows() as f64 / centred.singular_values().max().powi(2)
            },
            |x| {
                let all = DVector::from_element(x.nrows(), 1.0);
                1.0 / gaussian::weighted_covariance(x, &all, &x.row_mean()).unwrap().symmetric_eigenvalues().max()
            };
    }
}
