//! How sure: standard errors from the observed information, of functions of θ, and by a bootstrap.

use super::coordinates::coordinates;
use super::information;
use crate::check;
use crate::em::{self, Stopping};
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::{Cholesky, DMatrix, DVector};
use rand::Rng;

/// The asymptotic covariance of the free coordinates: the inverse of the observed information.
/// ```math
/// \operatorname{Cov}[\hat\theta] \approx \mathcal I_o^{-1}
/// ```
///
/// `model` is a maximum of ℓ. Returns p×p in the order of [`coordinates`]. [`Error::Domain`] where the information
/// has no inverse or is not positive: no maximum, or a ridge; errors as in [`information::slopes`].
///
/// Source: X-15; McLachlan and Peel (2000), §2.15. Example: [`standard_errors`].
pub fn covariance(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    inverse(&information::observed(model, x)?)
}

/// The inverse of an observed information, p×p, if it is that of a maximum.
fn inverse(information: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    // In units of the coordinates' own scales, which may differ by many powers of ten.
    let scales = information.diagonal().map(|entry| 1.0 / entry.abs().sqrt());
    let scaled = information.map_with_location(|l, m, entry| entry * scales[l] * scales[m]);
    let (what, allowed) = ("smallest eigenvalue of the observed information", "> 0: is this a maximum?");
    let smallest = scaled.clone().symmetric_eigenvalues().min();
    check::domain(what, smallest, smallest > 0.0, allowed)?;
    match Cholesky::new(scaled) {
        Some(factor) => Ok(factor.inverse().map_with_location(|l, m, entry| entry * scales[l] * scales[m])),
        None => Err(Error::Domain { what, value: smallest, allowed }),
    }
}

/// A standard error for every parameter of a mixture.
///
/// Source: X-15.
#[derive(Clone, Debug, PartialEq)]
pub struct StandardErrors {
    /// Those of the k weights.
    pub weights: DVector<f64>,
    /// Those of the means, k×d.
    pub means: DMatrix<f64>,
    /// Those of the covariances' entries, k symmetric matrices d×d; zero where the family leaves no freedom.
    pub covariances: Vec<DMatrix<f64>>,
}

/// The standard errors of weights, means and covariances.
/// ```math
/// \operatorname{se}(\theta_m)^2 = \delta_m^\top\,\mathcal I_o^{-1}\,\delta_m
/// ```
///
/// with the gradient δ_m of that parameter in the free coordinates: of the last weight $`(-1, \dots, -1, 0, \dots)`$.
/// They trust the quadratic picture of ℓ, which small clusters and near-empty ones do not deserve; see [`bootstrap`].
/// Errors as in [`covariance`].
///
/// Source: X-15.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::{convergence::errors::standard_errors, data, em};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let errors = standard_errors(&em::fit(start, &x, &em::Stopping::default())?.model, &x)?;
/// assert!((errors.weights[0] - 0.02909).abs() < 1e-5 && errors.weights[0] == errors.weights[1]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn standard_errors(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<StandardErrors> {
    standard_errors_of(model, &information::observed(model, x)?)
}

/// The same from the observed information, which adds up over the parts of the data.
///
/// `information` is p×p, the sum of [`information::observed`] over all data at this model. [`Error::Shape`] for another
/// number of parameters, [`Error::Domain`] where it is not positive.
///
/// Source: X-13, X-15.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::convergence::{errors::{standard_errors, standard_errors_of}, information::observed};
/// use executable_em::{data, em};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let model = em::fit(start, &x, &em::Stopping::default())?.model;
/// let part = |first, rows| observed(&model, &x.rows(first, rows).into_owned());
/// let errors = standard_errors_of(&model, &(part(0, 100)? + part(100, 172)?))?;
/// assert!((errors.means - standard_errors(&model, &x)?.means).amax() < 1e-9);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn standard_errors_of(model: &GaussianMixture, information: &DMatrix<f64>) -> Result<StandardErrors> {
    let p = model.parameter_count();
    check::matrix("observed information", information, (p, p))?;
    let covariance = inverse(information)?;
    let directions = super::coordinates::directions(model.k(), model.d(), model.family());
    let of = |entry: &dyn Fn(&super::coordinates::Direction) -> f64| {
        error_along(&DVector::from_fn(p, |m, _| entry(&directions[m])), &covariance)
    };
    let (k, d) = (model.k(), model.d());
    Ok(StandardErrors {
        weights: DVector::from_fn(k, |j, _| of(&|to| to.weights[j])),
        means: DMatrix::from_fn(k, d, |j, a| of(&|to| to.means[(j, a)])),
        covariances: (0..k)
            .map(|j| DMatrix::from_fn(d, d, |a, b| of(&|to| to.covariances[j][(a, b)])))
            .collect(),
    })
}

/// The delta method: the standard error of a function of θ.
/// ```math
/// \operatorname{se}\big(g(\hat\theta)\big)^2 \approx \nabla g^\top\,\mathcal I_o^{-1}\,\nabla g
/// ```
///
/// `gradient` holds the p derivatives of g in the free coordinates, `covariance` is that of [`covariance`].
///
/// Source: X-15.
/// ```
/// use executable_em::convergence::errors::delta_method;
/// use nalgebra::{dmatrix, dvector};
/// // log σ² for a variance of 4 with standard error 0.8: 0.8/4.
/// assert_eq!(delta_method(&dvector![0.25], &dmatrix![0.64]), Ok(0.2));
/// ```
pub fn delta_method(gradient: &DVector<f64>, covariance: &DMatrix<f64>) -> Result<f64> {
    check::symmetric("covariance", covariance)?;
    check::matrix("gradient", gradient, (covariance.nrows(), 1))?;
    Ok(error_along(gradient, covariance))
}

/// [`delta_method`] of a gradient and a covariance that are known to be such.
fn error_along(gradient: &DVector<f64>, covariance: &DMatrix<f64>) -> f64 {
    gradient.dot(&(covariance * gradient)).max(0.0).sqrt()
}

/// A parametric bootstrap: the estimates from data that the fitted mixture itself makes.
/// ```math
/// x^{(b)} \sim p(\,\cdot\mid\hat\theta),\qquad \hat\theta^{(b)} = \arg\max_\theta\ell(\theta; x^{(b)}),
/// \qquad b = 1, \dots, B
/// ```
///
/// Every run starts at θ̂, so that the names of the components stay. Their standard deviations are standard errors
/// that ask for no quadratic picture, at the price of B fits. Returns B×p in the order of [`coordinates`]; a run that
/// collapses is its error.
///
/// Source: X-15; Efron (1979), McLachlan and Peel (2000), §2.16.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
/// use executable_em::{convergence::errors::bootstrap, data, em};
/// let x = data::old_faithful();
/// let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let model = em::fit(start, &x, &em::Stopping::default())?.model;
/// let estimates = bootstrap(&model, 272, 20, &em::Stopping::default(), &mut data::rng(2))?;
/// assert!((0.01..0.06).contains(&estimates.column(0).variance().sqrt())); // 0.029 by the information
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn bootstrap(
    model: &GaussianMixture,
    n: usize,
    draws: usize,
    stopping: &Stopping,
    rng: &mut impl Rng,
) -> Result<DMatrix<f64>> {
    let mut estimates = DMatrix::zeros(draws, model.parameter_count());
    for mut row in estimates.row_iter_mut() {
        let (x, _) = model.sample(n, rng)?;
        row.copy_from(&coordinates(&em::fit(model.clone(), &x, stopping)?.model).transpose());
    }
    Ok(estimates)
}
