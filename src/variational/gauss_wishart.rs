//! The conjugate prior of a Gaussian's mean and precision.

use super::special::{digamma, ln_multigamma};
use crate::check;
use crate::error::Result;
use crate::gaussian::{self, Factor};
use crate::pathologies::prior::ln_gamma;
use nalgebra::{DMatrix, DVector, RowDVector};
use std::f64::consts::{LN_2, PI, TAU};

/// A density over the mean and the precision Λ = Σ⁻¹ of a Gaussian.
/// ```math
/// p(\mu, \Lambda) = \mathcal N\big(\mu;\ m,\ (\beta\Lambda)^{-1}\big)\ \mathcal W(\Lambda;\ W, \nu)
/// ```
///
/// "Conjugate" is said of the *complete* data: given the labels, the posterior of a component is of this kind again.
/// Of a mixture's own data no prior with a fixed number of parameters is conjugate (chapter 2). It is kept by its
/// `scatter` W⁻¹, which adds up as data do. As prior it counts as β data at m for the mean, and as ν of scatter W⁻¹ for
/// the covariance.
///
/// Source: X-23; Bishop (2006), §2.3.6 and §10.2.
#[derive(Clone, Debug)]
pub struct GaussWishart {
    mean: RowDVector<f64>,
    strength: f64,
    scatter: DMatrix<f64>,
    degrees: f64,
    factor: Factor,
}

/// The factor follows from the scatter.
impl PartialEq for GaussWishart {
    fn eq(&self, other: &Self) -> bool {
        let numbers = |of: &Self| (of.strength, of.degrees);
        self.mean == other.mean && self.scatter == other.scatter && numbers(self) == numbers(other)
    }
}

impl GaussWishart {
    /// This density, once it is seen to be one.
    ///
    /// `mean` is 1×d, `strength` β > 0, `scatter` W⁻¹ a positive definite d×d matrix in squared units of the data,
    /// `degrees` ν > d − 1. [`Error::Domain`](crate::Error::Domain) and the errors of [`gaussian::cholesky`].
    ///
    /// Source: X-23.
    /// ```
    /// use executable_em::variational::GaussWishart;
    /// use nalgebra::{DMatrix, RowDVector};
    /// assert!(GaussWishart::new(RowDVector::zeros(2), 1.0, DMatrix::identity(2, 2), 2.0).is_ok());
    /// assert!(GaussWishart::new(RowDVector::zeros(2), 1.0, DMatrix::identity(2, 2), 1.0).is_err());
    /// ```
    pub fn new(mean: RowDVector<f64>, strength: f64, scatter: DMatrix<f64>, degrees: f64) -> Result<Self> {
        check::finite("mean", &mean)?;
        check::positive("strength", strength)?;
        check::shape("scatter", scatter.shape(), (mean.len(), mean.len()))?;
        // Half of the smallest number is none.
        let sound = degrees.is_finite() && 0.5 * (degrees - (mean.len() as f64 - 1.0)) > 0.0;
        check::domain("degrees of freedom", degrees, sound, "finite and > d − 1")?;
        let factor = gaussian::cholesky(&scatter, 0)?;
        Ok(GaussWishart { mean, strength, scatter, degrees, factor })
    }

    /// m, the expected mean, 1×d.
    pub fn mean(&self) -> &RowDVector<f64> {
        &self.mean
    }

    /// β: how many data the mean is worth.
    pub fn strength(&self) -> f64 {
        self.strength
    }

    /// W⁻¹, d×d.
    pub fn scatter(&self) -> &DMatrix<f64> {
        &self.scatter
    }

    /// ν: how many data the covariance is worth.
    pub fn degrees(&self) -> f64 {
        self.degrees
    }

    /// The dimension d.
    pub fn d(&self) -> usize {
        self.mean.len()
    }

    /// The inverse of the expected precision, W⁻¹/ν: a covariance to draw.
    /// ```math
    /// E[\Lambda]^{-1} = W^{-1}/\nu
    /// ```
    ///
    /// Source: X-23.
    /// ```
    /// use executable_em::variational::GaussWishart;
    /// use nalgebra::{dmatrix, RowDVector};
    /// assert_eq!(GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![6.0], 3.0)?.covariance()[0], 2.0);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn covariance(&self) -> DMatrix<f64> {
        &self.scatter / self.degrees
    }

    /// The posterior after data, each with a weight.
    /// ```math
    /// \beta' = \beta + R, \quad m' = \frac{\beta m + R\bar x}{\beta'}, \quad \nu' = \nu + R, \quad
    /// W'^{-1} = W^{-1} + \sum_i r_i(x_i-\bar x)(x_i-\bar x)^\top + \frac{\beta R}{\beta + R}(\bar x-m)(\bar x-m)^\top
    /// ```
    ///
    /// Three sums, Σr, Σrx and Σrxxᵀ; the last term is how far the data lie from where they were expected. `x` is n×d,
    /// `r` holds n numbers ≥ 0; without any weight the prior is returned.
    ///
    /// Source: X-23, X-24; Bishop (2006), eqs. (10.60) to (10.63). Example: [`Self::log_evidence`].
    pub fn updated(&self, x: &DMatrix<f64>, r: &DVector<f64>) -> Result<Self> {
        check::data(x, self.d())?;
        check::shape("weights of the data", r.shape(), (x.nrows(), 1))?;
        check::masses("weights of the data", "weight of a datum", r)?;
        let count = r.sum();
        if count == 0.0 {
            return Ok(self.clone());
        }
        let centre = gaussian::mean_of(x, r);
        let scatter = gaussian::covariance_about(x, r, &centre) * count;
        self.updated_by(count, &centre, &scatter)
    }

    /// The same from the sums alone: the count R, the mean x̄ and the scatter about it.
    ///
    /// `count` ≥ 0, `centre` is 1×d, `scatter` d×d. Without any count the prior is returned, whatever the others are.
    ///
    /// Source: X-23, X-24.
    /// ```
    /// use executable_em::variational::GaussWishart;
    /// use nalgebra::{dmatrix, dvector, RowDVector};
    /// let prior = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 1.0)?;
    /// let by_sums = prior.updated_by(2.0, &RowDVector::from_element(1, 2.0), &dmatrix![2.0])?;
    /// assert_eq!(by_sums, prior.updated(&dmatrix![1.0; 3.0], &dvector![1.0, 1.0])?);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn updated_by(&self, count: f64, centre: &RowDVector<f64>, scatter: &DMatrix<f64>) -> Result<Self> {
        check::at_least_zero("count", count)?;
        if count == 0.0 {
            return Ok(self.clone());
        }
        check::matrix("centre", centre, (1, self.d()))?;
        check::shape("scatter", scatter.shape(), self.scatter.shape())?;
        let off = centre - &self.mean;
        let strength = self.strength + count;
        let scatter = &self.scatter + scatter + off.transpose() * &off * (self.strength * count / strength);
        let mean = &self.mean + off * (count / strength);
        GaussWishart::new(mean, strength, scatter, self.degrees + count)
    }

    /// The log evidence: the log density of data with mean and precision integrated out.
    /// ```math
    /// \log p(x) = -\frac{nd}2\log\pi + \log\frac{\Gamma_d(\nu'/2)}{\Gamma_d(\nu/2)}
    ///   + \frac\nu2\log|W^{-1}| - \frac{\nu'}2\log|W'^{-1}| + \frac d2\log\frac\beta{\beta'}
    /// ```
    ///
    /// A ratio of normalisers, as always with conjugate priors. `x` is n×d; returns nats.
    ///
    /// Source: X-23; Bernardo and Smith (1994).
    /// ```
    /// use executable_em::variational::GaussWishart;
    /// use nalgebra::{dmatrix, RowDVector};
    /// let prior = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 1.0)?;
    /// // p(x₁, x₂) = p(x₁) p(x₂ | x₁)
    /// let first = prior.updated(&dmatrix![0.5], &nalgebra::dvector![1.0])?;
    /// let chain = prior.log_evidence(&dmatrix![0.5])? + first.log_evidence(&dmatrix![2.0])?;
    /// assert!((prior.log_evidence(&dmatrix![0.5; 2.0])? - chain).abs() < 1e-14);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_evidence(&self, x: &DMatrix<f64>) -> Result<f64> {
        let after = self.updated(x, &DVector::from_element(x.nrows(), 1.0))?;
        let (n, d) = (x.nrows() as f64, self.d() as f64);
        let of = |density: &Self| {
            let volume = gaussian::log_volume(&density.factor);
            ln_multigamma(self.d(), 0.5 * density.degrees)
                - 0.5 * density.degrees * volume
                - 0.5 * d * density.strength.ln()
        };
        check::defined_number("log evidence", -0.5 * n * d * PI.ln() + of(&after) - of(self))
    }

    /// The expected log determinant of the precision.
    /// ```math
    /// E\log|\Lambda| = \sum_{a=0}^{d-1}\psi\Big(\frac{\nu - a}2\Big) + d\log 2 - \log|W^{-1}|
    /// ```
    ///
    /// Source: X-24; Bishop (2006), eq. (10.65). Example: [`Self::expected_log_density`].
    pub fn expected_log_determinant(&self) -> f64 {
        let digammas: f64 = (0..self.d()).map(|a| digamma(0.5 * (self.degrees - a as f64))).sum();
        digammas + self.d() as f64 * LN_2 - gaussian::log_volume(&self.factor)
    }

    /// The expected log density of each datum.
    /// ```math
    /// E\log\mathcal N(x_i; \mu, \Lambda^{-1}) = \tfrac12 E\log|\Lambda| - \tfrac d2\log 2\pi
    ///   - \tfrac12\Big(\frac d\beta + \nu\,(x_i - m)^\top W(x_i - m)\Big)
    /// ```
    ///
    /// Lower than the log density at the expected parameters: not to know μ costs d/2β, not to know Λ the digamma.
    /// `x` is n×d; returns n values in nats.
    ///
    /// Source: X-24; Bishop (2006), eq. (10.64).
    /// ```
    /// use executable_em::{gaussian, variational::GaussWishart};
    /// use nalgebra::{dmatrix, RowDVector};
    /// // With a million data behind it nothing is left open.
    /// let sure = GaussWishart::new(RowDVector::zeros(1), 1e6, dmatrix![2e6], 1e6)?;
    /// let plain = gaussian::log_density(&dmatrix![1.0], &RowDVector::zeros(1), &dmatrix![2.0])?;
    /// assert!((sure.expected_log_density(&dmatrix![1.0])? - plain).amax() < 1e-5);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn expected_log_density(&self, x: &DMatrix<f64>) -> Result<DVector<f64>> {
        check::data(x, self.d())?;
        let d = self.d() as f64;
        let constant = 0.5 * (self.expected_log_determinant() - d * TAU.ln() - d / self.strength);
        let distances = gaussian::distances(x, &self.mean, &self.factor);
        check::defined(
            "expected log densities",
            distances.map(|distance| constant - 0.5 * self.degrees * distance),
        )
    }

    /// The expectation under this density of the log of another one.
    /// ```math
    /// E\log p = \tfrac d2\log\tfrac{\beta_p}{2\pi} + \tfrac{\nu_p - d}2E\log|\Lambda|
    ///   - \tfrac{\beta_p}2\Big(\tfrac d\beta + \nu\,\delta^\top W\delta\Big) + \log B_p
    ///   - \tfrac\nu2\operatorname{tr}W_p^{-1}W,
    /// \qquad \delta = m - m_p
    /// ```
    ///
    /// with the Wishart's normaliser $`\log B = \frac\nu2\log|W^{-1}| - \frac{\nu d}2\log 2 -
    /// \log\Gamma_d(\frac\nu2)`$. Of itself it is minus the entropy. Returns nats.
    ///
    /// Source: X-24; Bishop (2006), eqs. (10.74) and (10.77). Example: [`Self::divergence`].
    pub fn expected_log(&self, other: &Self) -> Result<f64> {
        check::shape("mean", other.mean.shape(), self.mean.shape())?;
        let (d, nu) = (self.d() as f64, other.degrees);
        let off = gaussian::distances(
            &DMatrix::from_rows(std::slice::from_ref(&other.mean)),
            &self.mean,
            &self.factor,
        )[0];
        let log_b =
            0.5 * nu * (gaussian::log_volume(&other.factor) - d * LN_2) - ln_multigamma(self.d(), 0.5 * nu);
        let expected = 0.5 * d * (other.strength / TAU).ln()
            + 0.5 * (nu - d) * self.expected_log_determinant()
            - 0.5 * other.strength * (d / self.strength + self.degrees * off)
            + log_b
            - 0.5 * self.degrees * self.factor.solve(&other.scatter).trace();
        check::defined_number("expected log density", expected)
    }

    /// The divergence of this density from another: what the data have taught.
    /// ```math
    /// \mathrm{KL}(q\,\|\,p) = E_q\log q - E_q\log p
    /// ```
    ///
    /// Returns nats.
    ///
    /// Source: X-24.
    /// ```
    /// use executable_em::variational::GaussWishart;
    /// use nalgebra::{dmatrix, dvector, RowDVector};
    /// let prior = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 2.0)?;
    /// assert_eq!(prior.divergence(&prior)?, 0.0);
    /// assert!(prior.updated(&dmatrix![3.0], &dvector![1.0])?.divergence(&prior)? > 0.0);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn divergence(&self, other: &Self) -> Result<f64> {
        check::defined_number("divergence", self.expected_log(self)? - self.expected_log(other)?)
    }

    /// The predictive log density of each datum: a Student t.
    /// ```math
    /// p(x) = \mathrm{St}\Big(x;\ m,\ \frac{1 + \beta}{\beta f}W^{-1},\ f\Big), \qquad f = \nu + 1 - d
    /// ```
    ///
    /// Heavier in the tails than the Gaussian with the same location, for the covariance is not known. `x` is n×d;
    /// returns n values in nats.
    ///
    /// Source: X-26; Bishop (2006), eq. (10.81).
    /// ```
    /// use executable_em::variational::GaussWishart;
    /// use nalgebra::{dmatrix, RowDVector};
    /// let density = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 3.0)?;
    /// let x = dmatrix![0.7];
    /// assert!((density.log_predictive(&x)?[0] - density.log_evidence(&x)?).abs() < 1e-14); // of one datum
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_predictive(&self, x: &DMatrix<f64>) -> Result<DVector<f64>> {
        check::data(x, self.d())?;
        let d = self.d() as f64;
        let f = self.degrees + 1.0 - d;
        let scale = (1.0 + self.strength) / (self.strength * f);
        let log_volume = gaussian::log_volume(&self.factor) + d * scale.ln();
        let gammas = ln_gamma(0.5 * (f + d)) - ln_gamma(0.5 * f);
        let constant = gammas - 0.5 * d * (f * PI).ln() - 0.5 * log_volume;
        let distances = gaussian::distances(x, &self.mean, &self.factor);
        let log_densities =
            distances.map(|distance| constant - 0.5 * (f + d) * (distance / (scale * f)).ln_1p());
        check::defined("log densities", log_densities)
    }
}
