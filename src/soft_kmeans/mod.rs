//! Soft k-means: the Gaussian mixture with every covariance held at I/β, between one blob and k-means.
//!
//! The stiffness β = 1/σ² = 1/ε is not fitted but chosen. Small β makes responsibilities so soft that all means merge
//! in the centre of the data; at a critical value, the inverse of the largest variance of the data in any direction,
//! they part; as β → ∞ the responsibilities harden and the algorithm becomes k-means.
//! ```math
//! r_{ij} = \frac{\pi_j\,e^{-\frac\beta2\|x_i-\mu_j\|^2}}{\sum_l\pi_l\,e^{-\frac\beta2\|x_i-\mu_l\|^2}}, \qquad
//! \mu_j = \frac1{R_j}\sum_i r_{ij}\,x_i
//! ```
//! | file | what it holds |
//! |---|---|
//! | this one | the model, its two steps, and what its neighbours are |
//! | `critical` | where means that have merged part |
//! | `limit` | β → ∞: hard responsibilities, J, and how fast both are approached |

mod critical;
mod limit;

pub use critical::{
    critical_stiffness, merging_stiffness, parted, parting_growth, splitting_growths, spread,
};
pub use limit::{hard_limit, hard_limit_bound, scaled_log_likelihood};

use crate::error::Result;
use crate::gaussian_mixture::{self, CovarianceFamily, GaussianMixture};
use crate::latent::{self, Model};
use crate::{check, gaussian, kmeans};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// What the M step does with the weights of [`SoftKMeans`].
///
/// Source: H-41, C-42, H-E07.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// They keep their values, for instance 1/k each.
    Held,
    /// They follow the responsibilities, π_j = R_j/n: "k-means with cluster probabilities".
    Fitted,
}

/// The parameters of soft k-means: means, weights, and the stiffness that stays as it is, or it would be full EM.
///
/// Source: H-40, H-41, C-42, T-54, H-E28.
/// ```
/// use executable_em::{em, soft_kmeans::{SoftKMeans, Weights}};
/// use nalgebra::dmatrix;
/// let start = SoftKMeans::new(dmatrix![0.0; 4.0], 1.0, Weights::Held)?;
/// let fit = em::fit(start, &dmatrix![0.0; 1.0; 2.0; 3.0; 4.0], &em::Stopping::default())?;
/// assert!((fit.model.means() - dmatrix![0.899; 3.101]).amax() < 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SoftKMeans {
    means: DMatrix<f64>,
    weights: DVector<f64>,
    stiffness: f64,
    weights_are: Weights,
}

impl SoftKMeans {
    /// These means, k×d, with equal weights. [`Error::Domain`](crate::Error::Domain) unless β > 0 is finite.
    ///
    /// Source: H-41, C-42. Example: [`SoftKMeans`].
    pub fn new(means: DMatrix<f64>, stiffness: f64, weights_are: Weights) -> Result<Self> {
        check::finite("means", &means)?;
        check::positive("stiffness", stiffness)?;
        let weights = DVector::from_element(means.nrows(), 1.0 / means.nrows() as f64);
        Ok(SoftKMeans { means, weights, stiffness, weights_are })
    }

    /// The same model with other weights, k numbers on the simplex.
    /// ```
    /// use executable_em::soft_kmeans::{SoftKMeans, Weights};
    /// use nalgebra::{dmatrix, dvector};
    /// let even = SoftKMeans::new(dmatrix![0.0; 4.0], 1.0, Weights::Held)?;
    /// assert_eq!(even.with_weights(dvector![0.9, 0.1])?.weights()[0], 0.9);
    /// assert!(even.with_weights(dvector![0.9, 0.9]).is_err());
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn with_weights(&self, weights: DVector<f64>) -> Result<Self> {
        check::distribution("weights", &weights, self.weights.len())?;
        Ok(SoftKMeans { weights, ..self.clone() })
    }

    /// The same model with other means, k×d. Example: [`SoftKMeans::with_weights`].
    pub fn with_means(&self, means: DMatrix<f64>) -> Result<Self> {
        check::matrix("means", &means, self.means.shape())?;
        Ok(SoftKMeans { means, ..self.clone() })
    }

    /// The same model with another stiffness. Example: [`SoftKMeans::with_weights`].
    pub fn with_stiffness(&self, stiffness: f64) -> Result<Self> {
        check::positive("stiffness", stiffness)?;
        Ok(SoftKMeans { stiffness, ..self.clone() })
    }

    /// The means, k×d, in units of the data.
    pub fn means(&self) -> &DMatrix<f64> {
        &self.means
    }

    /// The weights: k numbers, non-negative, summing to one.
    pub fn weights(&self) -> &DVector<f64> {
        &self.weights
    }

    /// The stiffness β > 0, in inverse squared units of the data.
    pub fn stiffness(&self) -> f64 {
        self.stiffness
    }

    /// Whether the M step moves the weights.
    pub fn weights_are(&self) -> Weights {
        self.weights_are
    }

    /// The log-likelihood of the mixture with covariances I/β.
    /// ```math
    /// \ell = \sum_i\log\sum_j\pi_j\,\mathcal N(x_i; \mu_j, I/\beta)
    /// ```
    /// `x` is n×d; returns nats.
    ///
    /// Source: H-41, T-57.
    /// ```
    /// use executable_em::soft_kmeans::{SoftKMeans, Weights};
    /// use nalgebra::dmatrix;
    /// let one = SoftKMeans::new(dmatrix![0.0], 1.0, Weights::Held)?;
    /// assert!((one.log_likelihood(&dmatrix![0.0])? + 0.5 * (2.0 * std::f64::consts::PI).ln()).abs() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_likelihood(&self, x: &DMatrix<f64>) -> Result<f64> {
        latent::log_likelihood(&self.log_joint(x)?)
    }

    /// The soft responsibilities.
    /// ```math
    /// r_{ij} = \frac{\pi_j\,e^{-\frac\beta2\|x_i-\mu_j\|^2}}{\sum_l\pi_l\,e^{-\frac\beta2\|x_i-\mu_l\|^2}}
    /// ```
    /// `x` is n×d; returns n×k. Without the ½ the covariance is I/(2β). Only if π_j = R_j/n may R_j stand for π_j.
    ///
    /// Source: H-40, H-E06, H-E07, T-54.
    /// ```
    /// use executable_em::soft_kmeans::{SoftKMeans, Weights};
    /// use nalgebra::dmatrix;
    /// let r = SoftKMeans::new(dmatrix![0.0; 2.0], 3.0, Weights::Held)?.responsibilities(&dmatrix![0.0])?;
    /// assert!((r[(0, 0)] - 1.0 / (1.0 + (-6.0_f64).exp())).abs() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn responsibilities(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        latent::responsibilities(&self.log_joint(x)?)
    }

    /// The same model as a Gaussian mixture with the covariances I/β, for instance to take its score.
    ///
    /// Source: H-40, C-42, T-53.
    /// ```
    /// use executable_em::{gaussian_mixture::score, soft_kmeans::{SoftKMeans, Weights}};
    /// use nalgebra::dmatrix;
    /// let mixture = SoftKMeans::new(dmatrix![0.0], 2.0, Weights::Held)?.mixture()?;
    /// assert!((score::in_means(&mixture, &dmatrix![3.0])?[0] - 6.0).abs() < 1e-14);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn mixture(&self) -> Result<GaussianMixture> {
        let d = self.means.ncols();
        let round = vec![DMatrix::from_diagonal_element(d, d, 1.0 / self.stiffness); self.means.nrows()];
        GaussianMixture::new(self.weights.clone(), self.means.clone(), round, CovarianceFamily::Spherical)
    }

    /// One sweep with hardened responsibilities: every datum counts for its nearest mean alone.
    /// ```math
    /// r_{ij} = \mathbf 1\left[j = \arg\min_l\|x_i-\mu_l\|^2\right], \qquad \mu_j = \frac1{R_j}\sum_i r_{ij}\,x_i
    /// ```
    /// `x` is n×d. A sweep of k-means, whatever β: not EM, for it may lower ℓ, but classification EM, or its limit.
    ///
    /// Source: C-43, C-E12, T-56, H-42.
    /// ```
    /// use executable_em::soft_kmeans::{SoftKMeans, Weights};
    /// use nalgebra::dmatrix;
    /// let x = dmatrix![0.0; 1.0; 2.0; 3.0; 4.0];
    /// let model = SoftKMeans::new(dmatrix![0.899; 3.101], 1.0, Weights::Held)?;
    /// let next = model.hard_sweep(&x)?;
    /// assert_eq!(*next.means(), dmatrix![1.0; 3.5]);
    /// assert!(next.log_likelihood(&x)? < model.log_likelihood(&x)? - 0.1);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn hard_sweep(&self, x: &DMatrix<f64>) -> Result<Self> {
        self.maximize(x, &kmeans::responsibilities(x, &self.means)?)
    }
}

impl Model for SoftKMeans {
    /// ```math
    /// \log p(x_i, z_i = j) = \log\pi_j + \tfrac d2\log\frac\beta{2\pi} - \tfrac\beta2\|x_i-\mu_j\|^2
    /// ```
    /// Source: H-40, T-54.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        check::data(x, self.means.ncols())?;
        let distances = kmeans::distances(x, &self.means);
        let log_normaliser = 0.5 * x.ncols() as f64 * (self.stiffness / TAU).ln();
        Ok(DMatrix::from_fn(x.nrows(), self.means.nrows(), |i, j| {
            self.weights[j].ln() + log_normaliser - 0.5 * (self.stiffness * distances[(i, j)])
        }))
    }

    /// The mean step of k-means with soft responsibilities; the covariances stay at I/β.
    ///
    /// Source: H-E28.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let means = kmeans::update_means(x, r, &self.means)?;
        let weights = match self.weights_are {
            Weights::Held => self.weights.clone(),
            Weights::Fitted => gaussian_mixture::update::weights(r)?,
        };
        Ok(SoftKMeans { means, weights, ..*self })
    }

    /// Means, then weights.
    fn parameters(&self) -> DVector<f64> {
        DVector::from_vec(self.means.iter().chain(&self.weights).copied().collect())
    }
}

/// The mixture that a responsibility formula without its determinants really belongs to.
/// ```math
/// \frac{\pi_j\,e^{-\frac12\Delta_{ij}^2}}{\sum_l\pi_l\,e^{-\frac12\Delta_{il}^2}}
///   = p(z_i = j\mid x_i,\ \pi',\mu,\Sigma), \qquad \pi'_j \propto \pi_j\,|\Sigma_j|^{1/2}
/// ```
/// where Δ is the Mahalanobis distance. To leave out $`|\Sigma_j|^{-1/2}`$ is to multiply each weight by its
/// component's volume; where all are equal it changes nothing. Returns the mixture with the weights π'.
///
/// Source: T-53, T-E11.
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, soft_kmeans::without_determinants};
/// use nalgebra::{dmatrix, dvector};
/// let (means, variances) = (dmatrix![0.0; 0.0], vec![dmatrix![1.0], dmatrix![100.0]]);
/// let right = GaussianMixture::new(dvector![0.5, 0.5], means, variances, CovarianceFamily::Full)?;
/// let share = |model: &GaussianMixture| model.responsibilities(&dmatrix![0.0]).map(|r| r[0]);
/// assert!((share(&right)? - 10.0 / 11.0).abs() < 1e-15);
/// assert!((share(&without_determinants(&right)?)? - 0.5).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn without_determinants(mixture: &GaussianMixture) -> Result<GaussianMixture> {
    let mut log_weights = mixture.weights().map(f64::ln);
    for (log_weight, factor) in log_weights.iter_mut().zip(mixture.factors()) {
        *log_weight += 0.5 * gaussian::log_volume(factor);
    }
    mixture.with_weights(latent::softmax(&log_weights)?)
}
