//! Right answers of chapters 7 to 13.

use executable_em::gaussian_mixture::CovarianceFamily::{Diagonal, Full, Spherical, Tied};
use executable_em::latent::{self, Model};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector, RowDVector};

#[test]
fn of_coins_and_criteria() {
    right! {
        coin_log_joint:
            |x, model| {
                let log_biases = model.biases().map(f64::ln);
                let log_tails = model.biases().map(|bias| (1.0 - bias).ln());
                let tails = x.map(|flip| 1.0 - flip);
                let flips = x * log_biases.transpose() + tails * log_tails.transpose();
                DMatrix::from_fn(x.nrows(), model.k(), |i, j| flips[(i, j)] + model.weights()[j].ln())
            },
            |x, model| DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
                let flip = |a: usize| if x[(i, a)] == 1.0 { model.biases()[(j, a)] } else { 1.0 - model.biases()[(j, a)] };
                ((0..x.ncols()).map(flip).product::<f64>() * model.weights()[j]).ln()
            });
        coin_log_likelihood:
            |x, model| latent::log_likelihood(&model.log_joint(x).unwrap()).unwrap(),
            |x, model| model.log_joint(x).unwrap().map(f64::exp).column_sum().map(f64::ln).sum(),
            |x, model| model.log_joint(x).unwrap().map(f64::exp).row_iter().map(|row| row.sum()).product::<f64>().ln();
        coin_biases:
            |x, r| DMatrix::from_fn(r.ncols(), x.ncols(), |j, a| r.column(j).dot(&x.column(a)) / r.column(j).sum()),
            |x, r| {
                let heads = r.transpose() * x;
                let tails = r.transpose() * x.map(|flip| 1.0 - flip);
                heads.zip_map(&tails, |heads, tails| heads / (heads + tails))
            };
        bic:
            |l, p, n| -2.0 * l + (p as f64) * (n as f64).ln(),
            |l, p, n| -2.0 * (l - 0.5 * p as f64 * (n as f64).ln()),
            |l, p, n| (0..p).fold(-2.0 * l, |sum, _| sum + (n as f64).ln());
        free_parameters:
            |k, d, family| k * (d + 1) - 1 + match family {
                Full => k * d * (d + 1) / 2,
                Tied => d * (d + 1) / 2,
                Diagonal => k * d,
                Spherical => k,
            },
            |k, d, family| {
                let of_one = if matches!(family, Full | Tied) { (1..=d).sum() } else if family == Diagonal { d } else { 1 };
                (k - 1) + k * d + if family == Tied { of_one } else { k * of_one }
            };
        break_stick:
            |shares| {
                let before = |j: usize| shares.iter().take(j).map(|share| 1.0 - share).product::<f64>();
                (DVector::from_fn(shares.len(), |j, _| shares[j] * before(j)), before(shares.len()))
            },
            |shares| {
                let mut ends = vec![1.0];
                shares.iter().for_each(|share| ends.push(ends[ends.len() - 1] * (1.0 - share)));
                (DVector::from_fn(shares.len(), |j, _| ends[j] - ends[j + 1]), ends[shares.len()])
            };
        expected_clusters:
            |n, alpha| (1..=n).map(|guest| alpha / (alpha + guest as f64 - 1.0)).sum(),
            |n, alpha| (0..n).rev().fold(0.0, |sum, seated| sum + 1.0 / (1.0 + seated as f64 / alpha));
        held_out_share:
            |n, folds| (0..folds).map(|fold| (0..n).filter(|i| i % folds == fold).count()).collect(),
            |n, folds| (0..folds).map(|fold| (fold + 1) * n / folds - fold * n / folds).collect();
        map_variance:
            |x, mean, nu, psi| (psi + (x.add_scalar(-mean)).norm_squared()) / (nu + 2.0 + x.nrows() as f64),
            |x, mean, nu, psi| x.iter().fold(psi, |sum, x| sum + (x - mean) * (x - mean)) / (x.len() as f64 + nu + 2.0);
        floored:
            |covariance, floor| {
                let eigen = covariance.clone().symmetric_eigen();
                let raised = DMatrix::from_diagonal(&eigen.eigenvalues.map(|variance| variance.max(floor)));
                &eigen.eigenvectors * raised * eigen.eigenvectors.transpose()
            },
            |covariance, floor| {
                // What lacks is added along each axis.
                let eigen = covariance.clone().symmetric_eigen();
                (0..eigen.eigenvalues.len()).fold(covariance.clone(), |sum, axis| {
                    let u = eigen.eigenvectors.column(axis);
                    sum + u * u.transpose() * (floor - eigen.eigenvalues[axis]).max(0.0)
                })
            };
    }
}

#[test]
fn of_sums() {
    right! {
        sums:
            |x, r| (latent::counts(r), DMatrix::from_fn(r.ncols(), x.ncols(), |j, a| r.column(j).dot(&x.column(a)))),
            |x, r| {
                let mut sums = (DVector::zeros(r.ncols()), DMatrix::zeros(r.ncols(), x.ncols()));
                for i in 0..x.nrows() {
                    sums.0 += r.row(i).transpose();
                    sums.1 += r.row(i).transpose() * x.row(i);
                }
                sums
            };
        means_from_sums:
            |counts, first| DMatrix::from_diagonal(&counts.map(f64::recip)) * first,
            |counts, first| DMatrix::from_rows(
                &(0..counts.len()).map(|j| first.row(j) / counts[j]).collect::<Vec<RowDVector<f64>>>(),
            );
        join_moments:
            |[n, mean, scatter], [m, other, more]| {
                let joined = (n * mean + m * other) / (n + m);
                [n + m, joined, scatter + more + n * (mean - joined).powi(2) + m * (other - joined).powi(2)]
            },
            |[n, mean, scatter], [m, other, more]| {
                // By the sums of squares about zero.
                let joined = (n * mean + m * other) / (n + m);
                let squares = scatter + n * mean * mean + more + m * other * other;
                [n + m, joined, squares - (n + m) * joined * joined]
            };
        variance_from_moments:
            |n, mean, scatter, point| (scatter + n * (mean - point).powi(2)) / n,
            |n, mean, scatter, point| scatter / n + mean * mean - 2.0 * mean * point + point * point;
    }
}

#[test]
fn of_gaps() {
    right! {
        variance_that_is_left:
            |column, covariance| {
                let rest = covariance.clone().remove_row(column).remove_column(column);
                let across = covariance.column(column).remove_row(column);
                covariance[(column, column)] - across.dot(&rest.lu().solve(&across).unwrap())
            },
            |column, covariance| {
                let rest = covariance.clone().remove_row(column).remove_column(column);
                covariance.determinant() / rest.determinant()
            };
        expected_cells:
            |row, mean, covariance| {
                let gap = row.iter().position(|cell| cell.is_nan()).unwrap();
                let rest = covariance.clone().remove_row(gap).remove_column(gap);
                let across = covariance.column(gap).remove_row(gap);
                let seen = (row - mean).transpose().remove_row(gap);
                let mut filled = row.clone();
                filled[gap] = mean[gap] + across.dot(&rest.lu().solve(&seen).unwrap());
                filled
            };
        rest_with_gaps:
            |seen, missing| (0..3000).fold((0.0, 1.0), |(mean, variance), _| {
                // By EM itself.
                let n = (seen.len() + missing) as f64;
                let next = (seen.sum() + missing as f64 * mean) / n;
                let about: f64 = seen.iter().map(|x| (x - next).powi(2)).sum();
                (next, (about + missing as f64 * (variance + (mean - next).powi(2))) / n)
            });
        rate_matrix:
            |complete, seen| DMatrix::identity(seen.nrows(), seen.nrows()) - complete.clone().lu().solve(seen).unwrap(),
            |complete, seen| complete.clone().cholesky().unwrap().solve(&(complete - seen));
        standard_errors:
            |information| information.clone().cholesky().unwrap().inverse().diagonal().map(f64::sqrt),
            |information| DVector::from_fn(information.nrows(), |a, _| {
                let others = information.clone().remove_row(a).remove_column(a);
                (others.determinant() / information.determinant()).sqrt()
            });
        delta_method:
            |gradient, covariance| (gradient.transpose() * covariance * gradient)[0].sqrt(),
            |gradient, covariance| (covariance.clone().cholesky().unwrap().l().transpose() * gradient).norm();
        sweeps_for_a_digit:
            |rate| -0.5 * std::f64::consts::LN_10 / rate.ln(),
            |rate| 1.0 / -(rate * rate).log10();
        limit_of_a_sequence:
            |earlier, before, now| now - (now - before).powi(2) / (now - 2.0 * before + earlier),
            |earlier, before, now| (earlier * now - before * before) / (earlier - 2.0 * before + now);
    }
}

#[test]
fn of_variational_posteriors() {
    right! {
        posterior_of_a_mean:
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
            };
        dirichlet_counts:
            |prior, r| prior + r.row_sum().transpose(),
            |prior, r| r.row_iter().fold(prior.clone(), |counts, row| counts + row.transpose());
        mean_field_gap:
            |rho| -(1.0 - rho * rho).sqrt().ln(),
            |rho| -0.5 * (-rho * rho).ln_1p();
        mean_field_variances:
            |covariance| DVector::from_fn(covariance.nrows(), |a, _| {
                let others = covariance.clone().remove_row(a).remove_column(a);
                if others.is_empty() { covariance[0] } else { covariance.determinant() / others.determinant() }
            });
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
            };
    }
}
