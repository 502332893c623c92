//! Chapter 8: floors, priors, twins, and a likelihood without an upper bound.

use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, floored as floors};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector, dvector};
use std::f64::consts::TAU;

/// Two Gaussians on the line: means, variances, and the weight of the first.
fn two(weight: f64, means: [f64; 2], variances: [f64; 2]) -> GaussianMixture {
    let covariances = variances.map(|variance| DMatrix::from_element(1, 1, variance)).to_vec();
    let means = DMatrix::from_column_slice(2, 1, &means);
    GaussianMixture::new(dvector![weight, 1.0 - weight], means, covariances, Full).unwrap()
}

/// One Gaussian on the first datum with this standard deviation, and a wide one for the others.
fn spike(x: &DMatrix<f64>, sd: f64) -> GaussianMixture {
    two(0.5, [x[0], x.mean()], [sd * sd, x.variance() + 1.0])
}

/// Its components in this order, each as often as it is named, its weight shared among them.
fn relabelled(model: &GaussianMixture, order: &[usize]) -> GaussianMixture {
    let times = |j: usize| order.iter().filter(|&&l| l == j).count() as f64;
    let weights = DVector::from_iterator(order.len(), order.iter().map(|&j| model.weights()[j] / times(j)));
    let covariances = order.iter().map(|&j| model.covariances()[j].clone()).collect();
    GaussianMixture::new(weights, model.means().select_rows(order), covariances, model.family()).unwrap()
}

right! {
    floored:
        |covariance, floor| floors::raised(covariance, floor).unwrap(),
        |covariance, floor| {
            let mut eigen = covariance.clone().symmetric_eigen();
            eigen.eigenvalues.apply(|variance| *variance = variance.max(floor));
            eigen.recompose()
        },
        |covariance, floor| {
            // What lacks is added along each axis.
            let eigen = covariance.clone().symmetric_eigen();
            (0..eigen.eigenvalues.len()).fold(covariance.clone(), |sum, axis| {
                let u = eigen.eigenvectors.column(axis);
                sum + u * u.transpose() * (floor - eigen.eigenvalues[axis]).max(0.0)
            })
        },
        |covariance, floor| {
            // max(v, f) = (v + f + |v − f|)/2, with the absolute value of a matrix from its singular values.
            let unit = DMatrix::identity(covariance.nrows(), covariance.nrows()) * floor;
            let svd = (covariance - &unit).svd(false, true);
            let v = svd.v_t.unwrap();
            (covariance + unit + v.transpose() * DMatrix::from_diagonal(&svd.singular_values) * v) / 2.0
        },
        |covariance, floor| {
            // The same with the sign of a matrix, by Newton's iteration S ← (S + S⁻¹)/2.
            let unit = DMatrix::identity(covariance.nrows(), covariance.nrows()) * floor;
            let apart = covariance - &unit;
            let sign = (0..100).fold(apart.clone(), |sign, _| (&sign + sign.clone().try_inverse().unwrap()) / 2.0);
            (covariance + unit + apart * sign) / 2.0
        };
    higher_than:
        |x, _| spike(x, 1e-30),
        |x, height| {
            // Narrower and narrower, until it is narrow enough.
            let mut sd = 1.0;
            while spike(x, sd).log_likelihood(x).unwrap() <= height {
                sd /= 10.0;
            }
            spike(x, sd)
        },
        |x, height| {
            // What the wide component leaves of ℓ, and so how high the spike has to be.
            let (mean, variance) = (x.mean(), x.variance() + 1.0);
            let wide = |x: f64| -0.5 * ((x - mean).powi(2) / variance + (TAU * variance).ln());
            let others: f64 = x.iter().skip(1).map(|&x| wide(x) - 2.0_f64.ln()).sum();
            spike(x, 0.25 * (others - height).exp() / TAU.sqrt())
        },
        |x, _| {
            // On the last datum, and with hardly any weight.
            let last = x[x.nrows() - 1];
            two(0.999, [x.mean(), last], [x.variance() + 1.0, 1e-80])
        },
        |x, height| {
            // Bisection for where ℓ is a nat above the height, in log σ.
            let (mut low, mut high) = (-200.0, 0.0);
            for _ in 0..60 {
                let middle: f64 = (low + high) / 2.0;
                let l = spike(x, middle.exp()).log_likelihood(x).unwrap();
                if l > height + 1.0 { low = middle } else { high = middle }
            }
            spike(x, f64::exp(low))
        };
    map_variance:
        |x, mean, nu, psi| (psi + (x.add_scalar(-mean)).norm_squared()) / (nu + 2.0 + x.nrows() as f64),
        |x, mean, nu, psi| x.iter().fold(psi, |sum, x| sum + (x - mean) * (x - mean)) / (x.len() as f64 + nu + 2.0),
        |x, mean, nu, psi| {
            // One datum after the other makes the next prior; at last, the mode of the last one.
            let (nu, psi) = x.iter().fold((nu, psi), |(nu, psi), x| (nu + 1.0, psi + (x - mean).powi(2)));
            psi / (nu + 2.0)
        },
        |x, mean, nu, psi| {
            // The data's own variance and the prior's mode, weighted by how many data each is worth.
            let n = x.nrows() as f64;
            let own = x.map(|x| (x - mean).powi(2)).mean();
            let share = n / (n + nu + 2.0);
            share * own + (1.0 - share) * psi / (nu + 2.0)
        },
        |x, mean, nu, psi| {
            // Newton's method on the slope in the precision, where the posterior is log-concave.
            let (n, sum) = (x.nrows() as f64 + nu + 2.0, psi + x.map(|x| (x - mean).powi(2)).sum());
            let start = 1.0 / (sum + 1.0);
            1.0 / (0..60).fold(start, |precision, _| precision + precision * (1.0 - precision * sum / n))
        },
        |x, mean, nu, psi| {
            // Bisection on the slope of the log posterior in log v, which falls.
            let slope = |v: f64| x.iter().map(|x| (x - mean).powi(2) / v - 1.0).sum::<f64>() + psi / v - nu - 2.0;
            let (mut low, mut high) = (1e-6, 1e6);
            for _ in 0..200 {
                let middle: f64 = f64::sqrt(low * high);
                if slope(middle) > 0.0 { low = middle } else { high = middle }
            }
            low
        };
    twin:
        |model| relabelled(model, &(0..model.k()).rev().collect::<Vec<_>>()),
        |model| relabelled(model, &(1..model.k()).chain([0]).collect::<Vec<_>>()),
        |model| relabelled(model, &(0..model.k()).chain([0]).collect::<Vec<_>>()),
        |model| {
            // Each component in two halves.
            relabelled(model, &(0..2 * model.k()).map(|at| at / 2).collect::<Vec<_>>())
        },
        |model| {
            // A component more, that has no weight.
            let weights = model.weights().push(0.0);
            let means = model.means().clone().insert_row(model.k(), 7.0);
            let covariances = [model.covariances(), &[DMatrix::identity(model.d(), model.d())]].concat();
            GaussianMixture::new(weights, means, covariances, model.family()).unwrap()
        };
}
