//! The Gaussian mixture: a weighted sum of Gaussians, and everything that follows from its log-likelihood.
//! ```math
//! p(x) = \sum_j \pi_j\,\mathcal N(x; \mu_j, \Sigma_j), \qquad
//! \ell(\pi, \mu, \Sigma) = \sum_i\log\sum_j\pi_j\,\mathcal N(x_i; \mu_j, \Sigma_j)
//! ```
//! | file | what it derives |
//! |---|---|
//! | this one | density, ℓ, responsibilities; `recipe.rs`: samples and moments |
//! | [`score`] | the gradient of ℓ in μ, Σ and π, and the two matrix derivatives behind it |
//! | [`update`] | the M step: μ, Σ, π, and the multiplier λ |
//! | [`covariance`] | full, tied, diagonal and spherical covariances; `shapes.rs`: how they are stored |
//! | `axes.rs` | the same steps along the axes, on d numbers in the place of d² |
//! | [`floored`] | a floor under the covariances, and the M step that heeds it |
//! | [`gradient`] | gradient ascent, and EM's mean step as a gradient step |
//! | [`conditional`] | the distribution of some columns, once others are known or left out |
//! | [`loss`] | what the M step minimises, and its Lagrangian |
//! | [`spherical`] | the M step derived for Σ_j = σ_j² I, with its 1/d |
//! | [`OnlyMean`] | the mixture with one free mean, for pictures of ℓ(θ) |
//! | [`start`](random_start) | where EM starts |
//! | [`uses`] | beyond a point estimate: posterior on a grid, exponential families, classification |

mod axes;
pub mod conditional;
pub mod covariance;
pub mod floored;
pub mod gradient;
pub mod loss;
mod only_mean;
mod recipe;
pub mod score;
mod shapes;
pub mod spherical;
mod start;
pub mod update;
pub mod uses;

pub use covariance::CovarianceFamily;
pub use floored::FlooredMixture;
pub use only_mean::OnlyMean;
pub use start::{
    kmeans_start, narrow_start, projected_kmeans_start, random_start, scaled_kmeans_start, start_from_labels,
    whitened_kmeans_start,
};

use crate::error::Result;
use crate::gaussian::{self, Factor};
use crate::latent::{self, Model};
use crate::{check, kmeans};
use nalgebra::{DMatrix, DVector, RowDVector};
use shapes::Shapes;

/// The parameters θ = (π, μ, Σ) of a Gaussian mixture with k components in d dimensions, and the factors of Σ.
///
/// Whoever holds one holds a mixture: it is checked when it is made, and never again.
///
/// Source: H-21, L-02, B-04, T-08.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianMixture {
    weights: DVector<f64>,
    means: DMatrix<f64>,
    shapes: Shapes,
    family: CovarianceFamily,
}

impl GaussianMixture {
    /// A mixture of these parameters, once they are seen to be a mixture.
    ///
    /// `weights` holds k numbers on the simplex, `means` is k×d, `covariances` holds k symmetric positive definite d×d
    /// matrices of the `family`, which the M step chooses from; of diagonal and spherical ones their diagonals, d×1,
    /// will do, and whatever the dimension no matrix is then made. [`Error::NotOnSimplex`](crate::Error::NotOnSimplex),
    /// [`Error::NotInFamily`](crate::Error::NotInFamily), or an error of [`gaussian::cholesky`].
    ///
    /// Source: H-21, L-02.
    /// ```
    /// use executable_em::{Error, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
    /// use nalgebra::{dmatrix, dvector};
    /// let (means, unit) = (dmatrix![-1.0; 1.0], vec![dmatrix![1.0]; 2]);
    /// let error = GaussianMixture::new(dvector![0.3, 0.8], means, unit, CovarianceFamily::Full).unwrap_err();
    /// assert_eq!(error, Error::NotOnSimplex { what: "weights", row: 0, value: 1.1 });
    /// ```
    pub fn new(
        weights: DVector<f64>,
        means: DMatrix<f64>,
        covariances: Vec<DMatrix<f64>>,
        family: CovarianceFamily,
    ) -> Result<Self> {
        let (k, d) = (weights.len(), means.ncols());
        check::matrix("means", &means, (k, d))?;
        check::simplex("weights", 0, weights.iter().copied())?;
        let shapes = Shapes::new(covariances, (k, d), family)?;
        Ok(GaussianMixture { weights, means, shapes, family })
    }

    /// The same mixture with other weights; errors as in [`GaussianMixture::new`].
    /// ```
    /// # use {executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, nalgebra::*};
    /// let model = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 1.0], vec![dmatrix![1.0]; 2], Full)?;
    /// assert_eq!(model.with_weights(dvector![0.2, 0.8])?.weights()[1], 0.8);
    /// assert!(model.with_weights(dvector![0.2, 0.9]).is_err());
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn with_weights(&self, weights: DVector<f64>) -> Result<Self> {
        check::distribution("weights", &weights, self.k())?;
        Ok(GaussianMixture { weights, ..self.clone() })
    }

    /// The same mixture with other means; errors as in [`GaussianMixture::new`]. Example: [`Self::with_weights`].
    pub fn with_means(&self, means: DMatrix<f64>) -> Result<Self> {
        check::matrix("means", &means, (self.k(), self.d()))?;
        Ok(GaussianMixture { means, ..self.clone() })
    }

    /// The same mixture with other covariances, of any family; otherwise like [`Self::with_means`].
    pub fn with_covariances(&self, covariances: Vec<DMatrix<f64>>, family: CovarianceFamily) -> Result<Self> {
        let shapes = Shapes::new(covariances, (self.k(), self.d()), family)?;
        Ok(GaussianMixture { shapes, family, ..self.clone() })
    }

    /// The mixing weights π: k numbers, non-negative, summing to one.
    pub fn weights(&self) -> &DVector<f64> {
        &self.weights
    }

    /// The means μ, k×d: a row a component, in units of the data.
    pub fn means(&self) -> &DMatrix<f64> {
        &self.means
    }

    /// The covariances Σ: k symmetric positive definite d×d matrices, in squared units of the data.
    pub fn covariances(&self) -> &[DMatrix<f64>] {
        &self.shapes.whole().covariances
    }

    /// The Cholesky factors of the covariances, which solve and invert.
    pub fn factors(&self) -> &[Factor] {
        &self.shapes.whole().factors
    }

    /// The variances of diagonal and spherical covariances, k×d, in squared units of the data; none of other families.
    /// ```
    /// # use {executable_em::gaussian_mixture::{CovarianceFamily::Diagonal, GaussianMixture}, nalgebra::*};
    /// let (mean, variances) = (DMatrix::zeros(1, 100_000), DMatrix::from_element(100_000, 1, 2.0));
    /// let model = GaussianMixture::new(dvector![1.0], mean, vec![variances], Diagonal)?; // no 10¹⁰ numbers
    /// assert_eq!(model.variances().map(|variances| variances[99_999]), Some(2.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn variances(&self) -> Option<&DMatrix<f64>> {
        match &self.shapes {
            Shapes::Whole(_) => None,
            Shapes::Axes { variances, .. } => Some(variances),
        }
    }

    /// The variance of component `j` in dimension `a`, both counted from 0: an entry of Σ_j's diagonal.
    pub fn variance(&self, j: usize, a: usize) -> f64 {
        self.variances().map_or_else(|| self.covariances()[j][(a, a)], |variances| variances[(j, a)])
    }

    /// The covariances as [`GaussianMixture::new`] takes them, in the fewest numbers: of diagonal and spherical ones
    /// the diagonals, d×1.
    pub fn stored_covariances(&self) -> Vec<DMatrix<f64>> {
        self.shapes.stored()
    }

    /// Which covariances the M step may choose from.
    pub fn family(&self) -> CovarianceFamily {
        self.family
    }

    /// The number of components k.
    pub fn k(&self) -> usize {
        self.weights.len()
    }

    /// The dimension d of the data.
    pub fn d(&self) -> usize {
        self.means.ncols()
    }

    /// The mean of component `j`, 1×d.
    pub(crate) fn mean_of(&self, j: usize) -> RowDVector<f64> {
        self.means.row(j).into_owned()
    }

    /// The log density of every component at every datum.
    /// ```math
    /// \log N_{ij} = \log\mathcal N(x_i; \mu_j, \Sigma_j)
    /// ```
    /// `x` is n×d; returns n×k, in nats. [`Error::Shape`](crate::Error::Shape), [`Error::Empty`](crate::Error::Empty)
    /// or [`Error::NotFinite`](crate::Error::NotFinite) for data that are none, here and in all that follows.
    ///
    /// Source: H-26, T-34.
    /// ```
    /// # use {executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture}, nalgebra::*};
    /// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
    /// assert_eq!(model.component_log_densities(&dmatrix![0.0])?, dmatrix![-0.5 * std::f64::consts::TAU.ln()]);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn component_log_densities(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        check::data(x, self.d())?;
        let mut log_densities = DMatrix::zeros(x.nrows(), self.k());
        for j in 0..self.k() {
            let of_component = match self.variances() {
                None => gaussian::log_densities(x, &self.mean_of(j), &self.factors()[j]),
                Some(variances) => axes::log_densities(x, &self.mean_of(j), &variances.row(j).into_owned()),
            };
            log_densities.set_column(j, &of_component);
        }
        Ok(log_densities)
    }

    /// The density of the mixture at every datum.
    /// ```math
    /// p(x_i) = \sum_j \pi_j\,\mathcal N(x_i; \mu_j, \Sigma_j)
    /// ```
    /// `x` is n×d; returns n values, per unit volume of the data space.
    ///
    /// Source: H-21, L-02, T-08, T-35.
    /// ```
    /// # use {executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture}, nalgebra::*};
    /// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
    /// assert!((model.density(&dmatrix![0.0])?[0] - 0.398_942_280_401_432_7).abs() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn density(&self, x: &DMatrix<f64>) -> Result<DVector<f64>> {
        Ok(latent::log_marginals(&self.log_joint(x)?)?.map(f64::exp))
    }

    /// The likelihood as the plain product of densities, which under- or overflows for some hundred data.
    /// ```math
    /// p(x_1, \dots, x_n) = \prod_i\sum_j\pi_j\,\mathcal N(x_i; \mu_j, \Sigma_j)
    /// ```
    /// Source: H-21, L-04.
    /// ```
    /// # use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// assert_eq!(model.likelihood(&x)?, 0.0); // exp(−1290) is no double
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn likelihood(&self, x: &DMatrix<f64>) -> Result<f64> {
        check::defined_number("likelihood", self.density(x)?.product())
    }

    /// The log-likelihood of the data.
    /// ```math
    /// \ell = \sum_i\log\sum_j\pi_j\,\mathcal N(x_i; \mu_j, \Sigma_j)
    /// ```
    /// `x` is n×d; returns nats. [`Error::ImpossibleDatum`](crate::Error::ImpossibleDatum) where even that is −∞.
    ///
    /// Source: H-27, L-05, C-31, B-03, T-35, B-E02.
    /// ```
    /// # use {executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, nalgebra::*};
    /// let twice = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 0.0], vec![dmatrix![1.0]; 2], Full)?;
    /// assert!((twice.log_likelihood(&dmatrix![0.0])? + 0.5 * std::f64::consts::TAU.ln()).abs() < 1e-15); // as once
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_likelihood(&self, x: &DMatrix<f64>) -> Result<f64> {
        latent::log_likelihood(&self.log_joint(x)?)
    }

    /// The responsibilities: the posterior probability of every component for every datum.
    /// ```math
    /// r_{ij} = \frac{\pi_j\,\mathcal N(x_i; \mu_j, \Sigma_j)}{\sum_l\pi_l\,\mathcal N(x_i; \mu_l, \Sigma_l)}
    /// ```
    /// `x` is n×d; returns n×k, rows summing to one. The factor (2π)^{−d/2} cancels; |Σ_j|^{−1/2} does not.
    ///
    /// Source: H-29, H-38, L-21, C-36, T-37.
    /// ```
    /// # use {executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, nalgebra::*};
    /// let model = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![-1.0; 1.0], vec![dmatrix![1.0]; 2], Full)?;
    /// let r = model.responsibilities(&dmatrix![-2.0])?;
    /// assert!((r[(0, 0)] - 1.0 / (1.0 + (-4.0_f64).exp())).abs() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn responsibilities(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        latent::responsibilities(&self.log_joint(x)?)
    }

    /// The number of free parameters.
    /// ```math
    /// (k-1) + kd + c, \qquad c = k\tfrac{d(d+1)}2,\ \tfrac{d(d+1)}2,\ kd,\ k
    /// ```
    /// for full, tied, diagonal and spherical covariances.
    ///
    /// Source: B-04.
    /// ```
    /// # use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
    /// let model = random_start(&data::old_faithful(), 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// assert_eq!(model.parameter_count(), 1 + 4 + 6);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn parameter_count(&self) -> usize {
        self.k().saturating_sub(1) + self.k() * self.d() + self.family.parameter_count(self.k(), self.d())
    }

    /// What the M step makes of the parameters; a covariance may be singular.
    pub(crate) fn updated(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Parts> {
        check::shares(x, r, &self.means)?;
        let means = kmeans::averages(x, r, &self.means);
        let weights = latent::counts(r) / x.nrows() as f64;
        let covariances = match self.variances() {
            None => self.family.constrained(update::scatters(x, r, &means, self.covariances()), &weights),
            Some(_) => {
                axes::constrained(self.family, axes::scatters(x, r, &means, self.stored_covariances()))
            }
        };
        Ok((weights, means, covariances))
    }
}

/// Weights, means and covariances (along the axes their diagonals will do) that have yet to be seen to make a mixture.
pub type Parts = (DVector<f64>, DMatrix<f64>, Vec<DMatrix<f64>>);

impl Model for GaussianMixture {
    /// ```math
    /// \log p(x_i, z_i = j) = \log\pi_j + \log\mathcal N(x_i; \mu_j, \Sigma_j)
    /// ```
    /// Source: H-47, H-62.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let mut log_joint = self.component_log_densities(x)?;
        for (mut column, weight) in log_joint.column_iter_mut().zip(&self.weights) {
            column.add_scalar_mut(weight.ln());
        }
        Ok(log_joint)
    }

    /// The three updates in turn; a component without any responsibility keeps its mean and covariance, at weight 0.
    ///
    /// They solve the equations of the score for a given r, but r depends on what they give.
    ///
    /// Source: T-45, H-38, L-07.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let (weights, means, covariances) = self.updated(x, r)?;
        GaussianMixture::new(weights, means, covariances, self.family)
    }

    /// Weights, means and covariances, one after the other.
    fn parameters(&self) -> DVector<f64> {
        let covariances = self.covariances().iter().flat_map(|covariance| covariance.iter());
        let entries = self.weights.iter().chain(self.means.iter()).chain(covariances);
        DVector::from_vec(entries.copied().collect())
    }
}
