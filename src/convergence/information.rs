//! Three informations: of the complete data, of what is missing, and of what is seen.

use super::coordinates::{Direction, directions};
use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::{DMatrix, DVector};

/// The slopes of the log joint of one component at every datum, along each direction.
/// ```math
/// s_{ij}(\delta) = \frac{\delta\pi_j}{\pi_j} + v^\top P\,\delta\mu_j
///   + \tfrac12\big(v^\top P\,\delta\Sigma_j\,P v - \operatorname{tr}P\,\delta\Sigma_j\big),
/// \qquad v = x_i - \mu_j,\ P = \Sigma_j^{-1}
/// ```
///
/// `x` is n×d; returns n×p, in the order of [`directions`]. Weighted by responsibilities and summed over j and i they
/// are the score of ℓ. Errors as in [`GaussianMixture::component_log_densities`];
/// [`Error::Domain`](crate::Error::Domain) for a weight of zero, where no direction is free.
///
/// Source: X-13. Example: [`score`].
pub fn slopes(model: &GaussianMixture, x: &DMatrix<f64>, j: usize) -> Result<DMatrix<f64>> {
    check::data(x, model.d())?;
    check::label(0, j, model.k())?;
    check::positive("weight", model.weights()[j])?;
    let precision = model.factors()[j].inverse();
    let directions = directions(model.k(), model.d(), model.family());
    // The part of a slope that no datum changes.
    let constant =
        |to: &Direction| to.weights[j] / model.weights()[j] - 0.5 * (&precision * &to.covariances[j]).trace();
    let constants: Vec<f64> = directions.iter().map(constant).collect();
    let mut slopes = DMatrix::zeros(x.nrows(), directions.len());
    for (i, datum) in x.row_iter().enumerate() {
        let u = &precision * (datum - model.means().row(j)).transpose();
        for (m, to) in directions.iter().enumerate() {
            let in_covariance = u.dot(&(&to.covariances[j] * &u));
            let in_mean = u.dot(&to.means.row(j).transpose());
            slopes[(i, m)] = constants[m] + in_mean + 0.5 * in_covariance;
        }
    }
    check::defined("slopes", slopes)
}

/// The score of ℓ in the free coordinates.
/// ```math
/// \nabla\ell = \sum_{ij} r_{ij}\,s_{ij}
/// ```
///
/// `x` is n×d; returns p numbers. Errors as in [`slopes`].
///
/// Source: X-13, H-64.
/// ```
/// use executable_em::{convergence::information::score, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![2.0]], CovarianceFamily::Full)?;
/// assert!((score(&model, &dmatrix![1.0; 2.0])? - dvector![1.5, 0.125]).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn score(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let r = model.responsibilities(x)?;
    let mut score = DVector::zeros(model.parameter_count());
    for j in 0..model.k() {
        score += slopes(model, x, j)?.transpose() * r.column(j);
    }
    check::defined("score", score)
}

/// The complete-data information: minus the Hessian of Q in the free coordinates, with the responsibilities at θ.
/// ```math
/// \mathcal I_c(\delta, \varepsilon) = \sum_j\Big[\frac{R_j}{\pi_j^2}\delta\pi\,\varepsilon\pi
///   + R_j\,\delta\mu^\top P\,\varepsilon\mu
///   + \delta\mu^\top P\,\varepsilon\Sigma\,P s + \varepsilon\mu^\top P\,\delta\Sigma\,P s
///   + \operatorname{tr}\big(P\,\delta\Sigma\,P\,\varepsilon\Sigma\,(P S - \tfrac{R_j}2 I)\big)\Big]
/// ```
///
/// Each term with the δ and ε of component j; $`s = \sum_i r_{ij}v_i`$ and $`S = \sum_i r_{ij}v_iv_i^\top`$, which
/// are 0 and R_jΣ_j where EM rests. Returns p×p; errors as in [`slopes`].
///
/// Source: X-13; Dempster, Laird and Rubin (1977), §3. Example: [`observed`].
pub fn complete(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let r = model.responsibilities(x)?;
    let directions = directions(model.k(), model.d(), model.family());
    let mut information = DMatrix::zeros(directions.len(), directions.len());
    for j in 0..model.k() {
        check::positive("weight", model.weights()[j])?;
        let part = Component::of(model, x, &r, j);
        for (m, delta) in directions.iter().enumerate() {
            for (l, epsilon) in directions.iter().enumerate().take(m + 1) {
                information[(m, l)] += part.curvature(delta, epsilon, j);
            }
        }
    }
    information.fill_upper_triangle_with_lower_triangle();
    check::defined("complete information", information)
}

/// What the curvature of Q needs to know of a component.
struct Component {
    weight: f64,
    count: f64,
    precision: DMatrix<f64>,
    first: DVector<f64>,
    second: DMatrix<f64>,
}

impl Component {
    fn of(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, j: usize) -> Self {
        let d = model.d();
        let (mut first, mut second) = (DVector::zeros(d), DMatrix::zeros(d, d));
        for (i, datum) in x.row_iter().enumerate() {
            let v = (datum - model.means().row(j)).transpose();
            first += &v * r[(i, j)];
            second += &v * v.transpose() * r[(i, j)];
        }
        let precision = model.factors()[j].inverse();
        Component { weight: model.weights()[j], count: r.column(j).sum(), precision, first, second }
    }

    fn curvature(&self, delta: &Direction, epsilon: &Direction, j: usize) -> f64 {
        let Component { weight, count, precision, first, second } = self;
        let (d_mean, e_mean) = (delta.means.row(j).transpose(), epsilon.means.row(j).transpose());
        let (d_sigma, e_sigma) = (precision * &delta.covariances[j], precision * &epsilon.covariances[j]);
        let in_weights = count / (weight * weight) * delta.weights[j] * epsilon.weights[j];
        let in_means = count * d_mean.dot(&(precision * &e_mean));
        let u = precision * first;
        let across = d_mean.dot(&(&e_sigma * &u)) + e_mean.dot(&(&d_sigma * &u));
        let inner = precision * second - DMatrix::identity(u.len(), u.len()) * (0.5 * count);
        in_weights + in_means + across + (d_sigma * e_sigma * inner).trace()
    }
}

/// The missing information: how much the slopes of a datum's log joint depend on its label.
/// ```math
/// \mathcal I_m = \sum_i \operatorname{Cov}_{j\sim r_i}[s_{ij}]
///   = \sum_i\Big[\sum_j r_{ij}s_{ij}s_{ij}^\top - \bar s_i\bar s_i^\top\Big], \qquad \bar s_i = \sum_j r_{ij}s_{ij}
/// ```
///
/// Zero if every label is sure. Returns p×p; errors as in [`slopes`].
///
/// Source: X-13; Louis (1982). Example: [`observed`].
pub fn missing(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let (r, p) = (model.responsibilities(x)?, model.parameter_count());
    let slopes = (0..model.k()).map(|j| slopes(model, x, j)).collect::<Result<Vec<_>>>()?;
    let mut information = DMatrix::zeros(p, p);
    for i in 0..x.nrows() {
        let mean: DVector<f64> = (0..model.k()).map(|j| slopes[j].row(i).transpose() * r[(i, j)]).sum();
        for (j, of_one) in slopes.iter().enumerate() {
            // About the mean, where nothing cancels.
            let off = of_one.row(i).transpose() - &mean;
            information += &off * off.transpose() * r[(i, j)];
        }
    }
    check::defined("missing information", information)
}

/// The observed information, minus the Hessian of ℓ, by Louis' identity.
/// ```math
/// \mathcal I_o = \mathcal I_c - \mathcal I_m
/// ```
///
/// What is seen tells as much as the complete data, less what the labels would have told. It holds at every θ. Returns
/// p×p; errors as in [`slopes`].
///
/// Source: X-13; Louis (1982).
/// ```
/// use executable_em::convergence::information::{complete, missing, observed};
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let model = em::fit(start, &x, &em::Stopping::default())?.model;
/// let seen = observed(&model, &x)?;
/// assert!((&seen - (complete(&model, &x)? - missing(&model, &x)?)).amax() < 1e-9);
/// assert!(seen.cholesky().is_some()); // a maximum
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn observed(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::defined("observed information", complete(model, x)? - missing(model, x)?)
}
