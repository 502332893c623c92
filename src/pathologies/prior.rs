//! A prior on the parameters, and EM for the mode of the posterior: no singularity, an M step in closed form still.
//!
//! By Bayes' rule $`\log p(\theta\mid x) = \ell(\theta) + \log p(\theta) - \log p(x)`$. The E step does not know of the prior;
//! the M step maximises $`Q(\theta) + \log p(\theta)`$; and the ascent inequality of EM, with log p(θ) added on both sides, says
//! that the log posterior never falls (TP-01). ℓ itself may.

use crate::check;
use crate::error::Result;
use crate::gaussian;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture, update};
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::{LN_2, PI, TAU};

/// A Dirichlet prior on the weights and an inverse Wishart prior on every covariance; the means have a flat one.
///
/// ```math
/// \pi \sim \mathrm{Dir}(\alpha, \dots, \alpha), \qquad \Sigma_j \sim \mathcal W^{-1}(\nu, \Psi)
/// \ \text{independently}, \qquad p(\mu) \propto 1
/// ```
///
/// These are the conjugate ones: the posterior given the labels is of the same kind.
///
/// Source: B-05, C-E09 (the remedy; TP-01); Fraley and Raftery (2007).
///
/// ```
/// use executable_em::pathologies::Prior;
/// use nalgebra::dmatrix;
/// let prior = Prior::new(1.0, 4.0, dmatrix![0.2])?;
/// assert!((prior.log_covariance_density(&dmatrix![0.1], 0)? - (0.01_f64 / 0.001).ln() + 1.0).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    concentration: f64,
    degrees: f64,
    scale: DMatrix<f64>,
}

impl Prior {
    /// This prior, once it is seen to be one.
    ///
    /// [`Error::Domain`](crate::Error::Domain) unless α ≥ 1 (below, the density has no mode inside the simplex) and ν > d − 1, both finite; the
    /// errors of [`gaussian::cholesky`] for a scale that is not positive definite.
    ///
    /// Source: B-05, C-E09. Example: [`Prior`].
    pub fn new(concentration: f64, degrees: f64, scale: DMatrix<f64>) -> Result<Self> {
        gaussian::cholesky(&scale, 0)?;
        let (alpha, nu) = (concentration, degrees);
        check::domain("concentration", alpha, alpha.is_finite() && alpha >= 1.0, "finite and ≥ 1")?;
        let has_density = nu.is_finite() && nu > scale.nrows() as f64 - 1.0;
        check::domain("degrees of freedom", nu, has_density, "finite and > d − 1")?;
        Ok(Prior { concentration, degrees, scale })
    }

    /// α ≥ 1: as if α − 1 data of every component had been seen already.
    pub fn concentration(&self) -> f64 {
        self.concentration
    }

    /// ν > d − 1: how many data the knowledge of a covariance is worth.
    pub fn degrees(&self) -> f64 {
        self.degrees
    }

    /// Ψ: a positive definite d×d matrix, in squared units of the data.
    pub fn scale(&self) -> &DMatrix<f64> {
        &self.scale
    }

    /// The log density of the weights, in the first k − 1 of them.
    ///
    /// ```math
    /// \log\mathrm{Dir}(\pi) = \log\Gamma(k\alpha) - k\log\Gamma(\alpha) + (\alpha - 1)\sum_j\log\pi_j
    /// ```
    ///
    /// `weights` has k entries on the simplex; returns nats, −∞ for a weight of zero if α > 1.
    ///
    /// Source: B-05, C-E09 (TP-01).
    ///
    /// ```
    /// use executable_em::pathologies::Prior;
    /// use nalgebra::{dmatrix, dvector};
    /// let prior = Prior::new(2.0, 4.0, dmatrix![1.0])?; // 6 π (1 − π)
    /// assert!((prior.log_weight_density(&dvector![0.5, 0.5])? - 1.5_f64.ln()).abs() < 1e-14);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_weight_density(&self, weights: &DVector<f64>) -> Result<f64> {
        check::finite("weights", weights)?;
        check::simplex("weights", 0, weights.iter().copied())?;
        let (alpha, k) = (self.concentration, weights.len() as f64);
        // A uniform prior has no opinion on a weight of zero: 0 · log 0 = 0.
        let logs = if alpha == 1.0 { 0.0 } else { (alpha - 1.0) * weights.map(f64::ln).sum() };
        Ok(ln_gamma(k * alpha) - k * ln_gamma(alpha) + logs)
    }

    /// The log density of one covariance, in its d(d + 1)/2 free entries.
    ///
    /// ```math
    /// \log\mathcal W^{-1}(\Sigma) = \tfrac\nu2\log|\Psi| - \tfrac{\nu d}2\log 2 - \log\Gamma_d\!\left(\tfrac\nu2\right)
    ///   - \tfrac{\nu+d+1}2\log|\Sigma| - \tfrac12\operatorname{tr}\Psi\Sigma^{-1},
    /// \qquad \Gamma_d(a) = \pi^{d(d-1)/4}\prod_{b=0}^{d-1}\Gamma\!\left(a - \tfrac b2\right)
    /// ```
    ///
    /// `covariance` is d×d, `component` only labels the error; returns nats. As Σ becomes singular the trace grows faster than
    /// the log determinant falls, so the density vanishes: this is what stops a collapse. For d = 1 it is the inverse
    /// gamma density with shape ν/2 and scale ψ/2. Errors of [`gaussian::cholesky`], and [`Error::Shape`](crate::Error::Shape).
    ///
    /// Source: B-05, C-E09 (TP-01). Example: [`Prior`].
    pub fn log_covariance_density(&self, covariance: &DMatrix<f64>, component: usize) -> Result<f64> {
        check::shape("covariance", covariance.shape(), self.scale.shape())?;
        let (nu, d) = (self.degrees, self.scale.nrows() as f64);
        let precision = gaussian::cholesky(covariance, component)?.inverse();
        let log_gammas: f64 = (0..self.scale.nrows()).map(|b| ln_gamma(0.5 * (nu - b as f64))).sum();
        let log_gamma_d = 0.25 * d * (d - 1.0) * PI.ln() + log_gammas;
        let log_normaliser =
            0.5 * nu * gaussian::log_determinant(&self.scale)? - 0.5 * nu * d * LN_2 - log_gamma_d;
        Ok(log_normaliser
            - 0.5 * (nu + d + 1.0) * gaussian::log_determinant(covariance)?
            - 0.5 * (&self.scale * precision).trace())
    }

    /// The log prior of a mixture, the flat part for the means left out.
    ///
    /// ```math
    /// \log p(\theta) = \log\mathrm{Dir}(\pi) + \sum_j\log\mathcal W^{-1}(\Sigma_j)
    /// ```
    ///
    /// Returns nats. Source: B-05, C-E09 (TP-01).
    ///
    /// ```
    /// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::Prior};
    /// use nalgebra::{dmatrix, dvector};
    /// let prior = Prior::new(1.0, 4.0, dmatrix![0.2])?;
    /// let one = GaussianMixture::new(dvector![1.0], dmatrix![7.0], vec![dmatrix![0.1]], CovarianceFamily::Full)?;
    /// assert_eq!(prior.log_density(&one)?, prior.log_covariance_density(&dmatrix![0.1], 0)?);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_density(&self, mixture: &GaussianMixture) -> Result<f64> {
        let mut log_density = self.log_weight_density(mixture.weights())?;
        for (component, covariance) in mixture.covariances().iter().enumerate() {
            log_density += self.log_covariance_density(covariance, component)?;
        }
        Ok(log_density)
    }
}

/// A Gaussian mixture with a prior, whose EM climbs the log posterior.
///
/// It goes through [`em::fit`](crate::em::fit) like any other [`Model`]. But the loop watches ℓ, which may fall while the log
/// posterior rises: let it watch the parameters ([`Tolerance::Parameters`](crate::em::Tolerance::Parameters)), or a falling
/// ℓ will end the run.
///
/// Source: B-05, C-E09 (the remedy; TP-01).
///
/// ```
/// use executable_em::em::{self, Stopping, Tolerance};
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
/// use executable_em::pathologies::{MapMixture, Prior};
/// use nalgebra::{dmatrix, dvector};
/// let start = GaussianMixture::new(
///     dvector![0.5, 0.5], dmatrix![0.0; 5.0], vec![dmatrix![1.0]; 2], CovarianceFamily::Full)?;
/// let x = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0]; // on which EM without a prior collapses
/// let stopping = Stopping { tolerance: Tolerance::Parameters(1e-9), max_sweeps: 100 };
/// let fit = em::fit(MapMixture::new(start, Prior::new(1.0, 4.0, dmatrix![0.2])?)?, &x, &stopping)?;
/// let variances = fit.model.mixture().covariances();
/// assert!((variances[0][0] - 0.2 / 7.0).abs() < 1e-6 && (variances[1][0] - 0.52).abs() < 1e-6);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MapMixture {
    mixture: GaussianMixture,
    prior: Prior,
}

impl MapMixture {
    /// `mixture`, taken as one of full covariances, under a prior of the same dimension ([`Error::Shape`](crate::Error::Shape)).
    ///
    /// Source: B-05, C-E09. Example: [`MapMixture`].
    pub fn new(mixture: GaussianMixture, prior: Prior) -> Result<Self> {
        check::shape("scale of the prior", prior.scale.shape(), (mixture.d(), mixture.d()))?;
        let covariances = mixture.covariances().to_vec();
        Ok(MapMixture { mixture: mixture.with_covariances(covariances, CovarianceFamily::Full)?, prior })
    }

    /// The mixture, of the full family: the prior covers all covariances.
    pub fn mixture(&self) -> &GaussianMixture {
        &self.mixture
    }

    /// The prior.
    pub fn prior(&self) -> &Prior {
        &self.prior
    }

    /// The log posterior, but for the constant log p(x).
    ///
    /// ```math
    /// \log p(\theta\mid x) + \log p(x) = \ell(\theta) + \log p(\theta)
    /// ```
    ///
    /// `x` is n×d; returns nats. No sweep of EM lowers it.
    ///
    /// Source: C-E09 (TP-01).
    ///
    /// ```
    /// use executable_em::{em, gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::{MapMixture, Prior}};
    /// use nalgebra::{dmatrix, dvector};
    /// let x = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0];
    /// let start = GaussianMixture::new(
    ///     dvector![0.5, 0.5], dmatrix![0.0; 5.0], vec![dmatrix![1.0]; 2], CovarianceFamily::Full)?;
    /// let start = MapMixture::new(start, Prior::new(1.0, 4.0, dmatrix![0.2])?)?;
    /// assert!(em::sweep(&start, &x)?.log_posterior(&x)? > start.log_posterior(&x)? + 1.0);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_posterior(&self, x: &DMatrix<f64>) -> Result<f64> {
        Ok(self.mixture.log_likelihood(x)? + self.prior.log_density(&self.mixture)?)
    }
}

impl Model for MapMixture {
    /// That of the mixture: the posterior of the labels given θ does not depend on the prior of θ.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        self.mixture.log_joint(x)
    }

    /// ```math
    /// \pi_j = \frac{R_j + \alpha - 1}{n + k(\alpha - 1)}, \qquad \mu_j = \frac1{R_j}\sum_i r_{ij}x_i, \qquad
    /// \Sigma_j = \frac{\Psi + \sum_i r_{ij}(x_i - \mu_j)(x_i - \mu_j)^\top}{\nu + d + 1 + R_j}
    /// ```
    ///
    /// The terms of $`Q + \log p`$ in Σ_j are $`-\tfrac{R_j+\nu+d+1}2\log|\Sigma_j| - \tfrac12\operatorname{tr}\Sigma_j^{-1}
    /// (\Psi + S_j)`$: those of R_j + ν + d + 1 data with the scatter Ψ + S_j. The terms in π are those of R_j + α − 1 data. So
    /// $`\Sigma_j \succeq \Psi/(\nu+d+1+n)`$ whatever r is: a floor that the data can lower, but not break. A component
    /// without responsibility gets the mode of its prior, and keeps its mean.
    ///
    /// Source: B-05, C-E09 (the remedy; TP-01); Fraley and Raftery (2007).
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let Prior { concentration, degrees, scale } = &self.prior;
        let (n, d) = (x.nrows() as f64, x.ncols() as f64);
        let (k, counts) = (self.mixture.k() as f64, latent::counts(r));
        let means = update::means(x, r, self.mixture.means())?;
        let covariances = update::covariances(x, r, &means, self.mixture.covariances())?
            .iter()
            .zip(&counts)
            .map(|(covariance, &count)| (scale + covariance * count) / (degrees + d + 1.0 + count))
            .collect();
        let seen = update::weights(r)? * n;
        let weights = seen.add_scalar(concentration - 1.0) / (n + k * (concentration - 1.0));
        let mixture = GaussianMixture::new(weights, means, covariances, CovarianceFamily::Full)?;
        MapMixture::new(mixture, self.prior.clone())
    }

    /// Those of the mixture.
    fn parameters(&self) -> DVector<f64> {
        self.mixture.parameters()
    }
}

/// log Γ(x) for x > 0, by Stirling's series beyond 20 and Γ(x + 1) = xΓ(x) below.
///
/// The first term left out is 1/(1188 z⁹) < 2·10⁻¹⁵ at z = 20.
fn ln_gamma(x: f64) -> f64 {
    let (mut z, mut below) = (x, 1.0);
    while z < 20.0 {
        below *= z;
        z += 1.0;
    }
    let inverse = 1.0 / z;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (z - 0.5) * z.ln() - z + 0.5 * TAU.ln() + series - below.ln()
}
