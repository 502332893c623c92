//! A prior on the parameters, and EM for the mode of the posterior: no singularity, an M step in closed form still.
//!
//! By Bayes' rule $`\log p(\theta\mid x) = \ell(\theta) + \log p(\theta) - \log p(x)`$. The E step does not know of the
//! prior; the M step maximises $`Q(\theta) + \log p(\theta)`$; and the ascent inequality of EM, with log p(θ) added on
//! both sides, says that the log posterior never falls. ℓ itself may.

use crate::check;
use crate::error::Result;
use crate::gaussian::{self, Factor};
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::{LN_2, PI, TAU};

/// A Dirichlet prior on the weights and an inverse Wishart prior on every covariance; the means have a flat one.
/// ```math
/// \pi \sim \mathrm{Dir}(\alpha, \dots, \alpha), \qquad \Sigma_j \sim \mathcal W^{-1}(\nu, \Psi)
/// \ \text{independently}, \qquad p(\mu) \propto 1
/// ```
/// These are the conjugate ones: the posterior given the labels is of the same kind.
///
/// Source: B-05, C-E09; Fraley and Raftery (2007).
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
    log_determinant: f64,
}

impl Prior {
    /// This prior, once it is seen to be one.
    ///
    /// [`Error::Domain`](crate::Error::Domain) unless α ≥ 1 (below, the density has no mode inside the simplex) and ν >
    /// d − 1; the errors of [`gaussian::cholesky`] for a scale Ψ that is not positive definite.
    ///
    /// Source: B-05, C-E09. Example: [`Prior`].
    pub fn new(concentration: f64, degrees: f64, scale: DMatrix<f64>) -> Result<Self> {
        let log_determinant = gaussian::log_determinant(&scale)?;
        let (alpha, nu, d) = (concentration, degrees, scale.nrows() as f64);
        check::domain("concentration", alpha, (1.0..=1e300).contains(&alpha), "≥ 1 and ≤ 10³⁰⁰")?;
        check::domain("degrees of freedom", nu, nu > d - 1.0 && nu <= 1e300, "> d − 1 and ≤ 10³⁰⁰")?;
        Ok(Prior { concentration, degrees, scale, log_determinant })
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
    /// ```math
    /// \log\mathrm{Dir}(\pi) = \log\Gamma(k\alpha) - k\log\Gamma(\alpha) + (\alpha - 1)\sum_j\log\pi_j
    /// ```
    /// `weights` has k entries on the simplex; returns nats, −∞ for a weight of zero if α > 1.
    ///
    /// Source: B-05, C-E09.
    /// ```
    /// use executable_em::pathologies::Prior;
    /// use nalgebra::{dmatrix, dvector};
    /// let prior = Prior::new(2.0, 4.0, dmatrix![1.0])?; // 6 π (1 − π)
    /// assert!((prior.log_weight_density(&dvector![0.5, 0.5])? - 1.5_f64.ln()).abs() < 1e-14);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_weight_density(&self, weights: &DVector<f64>) -> Result<f64> {
        check::distribution("weights", weights, weights.len())?;
        let (alpha, k) = (self.concentration, weights.len() as f64);
        // A uniform prior has no opinion on a weight of zero: 0 · log 0 = 0.
        let logs = if alpha == 1.0 { 0.0 } else { (alpha - 1.0) * weights.map(f64::ln).sum() };
        Ok(ln_gamma(k * alpha) - k * ln_gamma(alpha) + logs)
    }

    /// The log density of one covariance, in its d(d + 1)/2 free entries.
    /// ```math
    /// \log\mathcal W^{-1}(\Sigma) = \tfrac\nu2\log|\Psi| - \tfrac{\nu d}2\log 2 - \log\Gamma_d(\tfrac\nu2)
    ///   - \tfrac{\nu+d+1}2\log|\Sigma| - \tfrac12\operatorname{tr}\Psi\Sigma^{-1},
    /// \qquad \Gamma_d(a) = \pi^{d(d-1)/4}\prod_{b=0}^{d-1}\Gamma\!\left(a - \tfrac b2\right)
    /// ```
    /// `covariance` is d×d, `component` only labels the error, as in [`gaussian::cholesky`]; returns nats. As Σ becomes
    /// singular the trace grows faster than the log determinant falls, so the density vanishes: this is what stops a
    /// collapse. For d = 1 it is the inverse gamma density with shape ν/2 and scale ψ/2.
    ///
    /// Source: B-05, C-E09. Example: [`Prior`].
    pub fn log_covariance_density(&self, covariance: &DMatrix<f64>, component: usize) -> Result<f64> {
        check::shape("covariance", covariance.shape(), self.scale.shape())?;
        let factor = gaussian::cholesky(covariance, component)?;
        check::defined_number("log density", self.at_covariance(&factor))
    }

    fn check_dimension(&self, d: usize) -> Result<()> {
        check::shape("scale of the prior", self.scale.shape(), (d, d))
    }

    fn at_covariance(&self, factor: &Factor) -> f64 {
        let (nu, d) = (self.degrees, self.scale.nrows() as f64);
        let log_gammas: f64 = (0..self.scale.nrows()).map(|b| ln_gamma(0.5 * (nu - b as f64))).sum();
        let log_gamma_d = 0.25 * d * (d - 1.0) * PI.ln() + log_gammas;
        let log_normaliser = 0.5 * nu * self.log_determinant - 0.5 * nu * d * LN_2 - log_gamma_d;
        let log_determinant = gaussian::log_volume(factor);
        log_normaliser
            - 0.5 * (nu + d + 1.0) * log_determinant
            - 0.5 * (&self.scale * factor.inverse()).trace()
    }

    /// The log prior of a mixture, the flat part for the means left out.
    /// ```math
    /// \log p(\theta) = \log\mathrm{Dir}(\pi) + \sum_j\log\mathcal W^{-1}(\Sigma_j)
    /// ```
    /// Returns nats; [`Error::Shape`](crate::Error::Shape) for a mixture of another dimension.
    ///
    /// Source: B-05, C-E09. Example: [`MapMixture::log_posterior`].
    pub fn log_density(&self, mixture: &GaussianMixture) -> Result<f64> {
        self.check_dimension(mixture.d())?;
        let mut log_density = self.log_weight_density(mixture.weights())?;
        for factor in mixture.factors() {
            log_density += self.at_covariance(factor);
        }
        check::defined_number("log density", log_density)
    }
}

/// A Gaussian mixture with a prior, whose EM climbs the log posterior.
///
/// It goes through [`em::fit`](crate::em::fit) like any other [`Model`]. But ℓ may fall while the log posterior rises,
/// which would end the run: watch the parameters instead ([`Tolerance::Parameters`](crate::em::Tolerance::Parameters)).
///
/// Source: B-05, C-E09, H-58, L-E19.
/// ```
/// use executable_em::{em::{self, Stopping, Tolerance}, gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}};
/// use executable_em::pathologies::{MapMixture, Prior};
/// use nalgebra::{dmatrix, dvector};
/// let start = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 5.0], vec![dmatrix![1.0]; 2], Full)?;
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
    /// `mixture`, with full covariances, under a prior of its dimension ([`Error::Shape`](crate::Error::Shape)).
    ///
    /// Source: B-05, C-E09. Example: [`MapMixture`].
    pub fn new(mixture: GaussianMixture, prior: Prior) -> Result<Self> {
        prior.check_dimension(mixture.d())?;
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
    /// ```math
    /// \log p(\theta\mid x) + \log p(x) = \ell(\theta) + \log p(\theta)
    /// ```
    /// `x` is n×d; returns nats. No sweep of EM lowers it.
    ///
    /// Source: C-E09.
    /// ```
    /// use executable_em::{em, gaussian_mixture::{CovarianceFamily, random_start}, pathologies::{MapMixture, Prior}};
    /// use nalgebra::dmatrix;
    /// let x = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0];
    /// let start = random_start(&x, 2, CovarianceFamily::Full, &mut executable_em::data::rng(1))?;
    /// let start = MapMixture::new(start, Prior::new(1.0, 4.0, dmatrix![0.2])?)?;
    /// let (l, log_prior) = (start.mixture().log_likelihood(&x)?, start.prior().log_density(start.mixture())?);
    /// assert_eq!(start.log_posterior(&x)?, l + log_prior);
    /// assert!(em::sweep(&start, &x)?.log_posterior(&x)? > l + log_prior);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_posterior(&self, x: &DMatrix<f64>) -> Result<f64> {
        let log_prior = self.prior.log_density(&self.mixture)?;
        check::defined_number("log posterior", self.mixture.log_likelihood(x)? + log_prior)
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
    /// The terms of $`Q + \log p`$ in Σ_j are those of R_j + ν + d + 1 data with the scatter Ψ + S_j,
    /// $`-\tfrac{R_j+\nu+d+1}2\log|\Sigma_j| - \tfrac12\operatorname{tr}\Sigma_j^{-1} (\Psi + S_j)`$, those in π of
    /// R_j + α − 1 data. So $`\Sigma_j \succeq \Psi/(\nu+d+1+n)`$ whatever r is: a floor that the data can lower, but
    /// not break. A component without responsibility gets the mode of its prior, and keeps its mean.
    ///
    /// Source: B-05, C-E09; Fraley and Raftery (2007).
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let Prior { concentration, degrees, scale, .. } = &self.prior;
        let (n, d, k) = (x.nrows() as f64, x.ncols() as f64, self.mixture.k() as f64);
        let (shares, means, covariances) = self.mixture.updated(x, r)?;
        let weights = (shares * n).add_scalar(concentration - 1.0) / (n + k * (concentration - 1.0));
        let counts = latent::counts(r);
        let raised = covariances
            .iter()
            .zip(&counts)
            .map(|(covariance, &count)| (scale + covariance * count) / (degrees + d + 1.0 + count));
        let mixture = GaussianMixture::new(weights, means, raised.collect(), CovarianceFamily::Full)?;
        Ok(MapMixture { mixture, prior: self.prior.clone() })
    }

    /// Those of the mixture.
    fn parameters(&self) -> DVector<f64> {
        self.mixture.parameters()
    }
}

/// log Γ(x) for x > 0, by Γ(x + 1) = xΓ(x) up to z ≥ 20 and Stirling's series, of which 1/(1188 z⁹) < 2·10⁻¹⁵ is left.
pub(crate) fn ln_gamma(x: f64) -> f64 {
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
