//! Mixtures of Student's t: a hidden scale for every datum, and outliers no longer pull.
//!
//! A t is a Gaussian whose precision is not known: $`x \mid u \sim \mathcal N(\mu, \Sigma/u)`$ with u from a Gamma
//! distribution of mean 1. The label and the scale are hidden; the E step finds both, the M step is that of the
//! Gaussian mixture with weights $`r_{ij}u_{ij}`$, and a far datum, whose u is small, weighs little.

use crate::check;
use crate::error::Result;
use crate::gaussian;
use crate::gaussian_mixture::GaussianMixture;
use crate::latent::{self, Model};
use crate::pathologies::prior::ln_gamma;
use crate::variational::special::digamma;
use nalgebra::{DMatrix, DVector};
use std::f64::consts::PI;
use std::ops::RangeInclusive;

/// The fewest degrees of freedom that an update chooses, those of a Cauchy distribution. With so few that (n − 1)ν <
/// d, ℓ of one component has no bound: shrunk onto one datum it gains −d log σ there and loses −ν log σ at each of the
/// others. Of a mixture of more it has none at any ν, for another component covers the others.
pub const FEWEST_DEGREES: f64 = 1.0;
/// The most that an update chooses: beyond, a t is a Gaussian to all that data can tell (its excess of kurtosis is
/// .03), and ν would climb for ever.
pub const MOST_DEGREES: f64 = 200.0;

/// A mixture of k t distributions in d dimensions.
///
/// Source: X-29; Peel and McLachlan (2000).
#[derive(Clone, Debug, PartialEq)]
pub struct StudentMixture {
    shape: GaussianMixture,
    degrees: DVector<f64>,
}

impl StudentMixture {
    /// Weights, centres and scale matrices are those of `shape`; `degrees` holds k numbers ν_j between 10⁻³ and 10¹².
    ///
    /// The scale matrix is not the covariance, which is $`\frac{\nu}{\nu - 2}\Sigma`$ for ν > 2 and infinite below.
    /// [`Error::Shape`](crate::Error::Shape), [`Error::Domain`](crate::Error::Domain) for degrees that are none.
    ///
    /// Source: X-29.
    /// ```
    /// use executable_em::incomplete::{mixture::of_one, student::StudentMixture};
    /// use executable_em::latent::{Model, log_marginals};
    /// use nalgebra::{dmatrix, dvector};
    /// let cauchy = StudentMixture::new(of_one(&dvector![0.0], dmatrix![1.0])?, dvector![1.0])?;
    /// let density = log_marginals(&cauchy.log_joint(&dmatrix![1.0])?)?[0].exp();
    /// assert!((density - 1.0 / (2.0 * std::f64::consts::PI)).abs() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn new(shape: GaussianMixture, degrees: DVector<f64>) -> Result<Self> {
        check::matrix("degrees of freedom", &degrees, (shape.k(), 1))?;
        let (what, allowed) = ("degrees of freedom", "between 1e-3 and 1e12");
        degrees.iter().try_for_each(|&nu| check::domain(what, nu, (1e-3..=1e12).contains(&nu), allowed))?;
        Ok(StudentMixture { shape, degrees })
    }

    /// Weights, centres and scale matrices: the mixture of Gaussians that it would be if every scale were 1.
    pub fn shape(&self) -> &GaussianMixture {
        &self.shape
    }

    /// The degrees of freedom ν, a number for each component.
    pub fn degrees(&self) -> &DVector<f64> {
        &self.degrees
    }

    /// The squared Mahalanobis distances δ of all data from all centres, n×k.
    fn distances(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let of_one = |(j, factor)| gaussian::distances(x, &self.shape.mean_of(j), factor);
        DMatrix::from_columns(&self.shape.factors().iter().enumerate().map(of_one).collect::<Vec<_>>())
    }

    /// How much each datum counts for each component: the posterior mean of its scale.
    /// ```math
    /// u_{ij} = E[u \mid x_i, z_i = j] = \frac{\nu_j + d}{\nu_j + \delta_{ij}}
    /// ```
    ///
    /// `x` is n×d; returns n×k: above 1 near a centre, towards 0 far away, 1 everywhere as ν → ∞.
    /// [`Error::Shape`](crate::Error::Shape) for data of another dimension.
    ///
    /// Source: X-29; Lange, Little and Taylor (1989).
    /// ```
    /// use executable_em::incomplete::{mixture::of_one, student::StudentMixture};
    /// use nalgebra::{dmatrix, dvector};
    /// let model = StudentMixture::new(of_one(&dvector![0.0], dmatrix![1.0])?, dvector![3.0])?;
    /// assert_eq!(model.scales(&dmatrix![0.0; 1.0; 9.0])?, dmatrix![4.0 / 3.0; 1.0; 4.0 / 84.0]);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn scales(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        check::data(x, self.shape.d())?;
        let d = self.shape.d() as f64;
        Ok(self
            .distances(x)
            .map_with_location(|_, j, delta| (self.degrees[j] + d) / (self.degrees[j] + delta)))
    }

    /// By how much each scale, expected, exceeds its logarithm, expected: what ν is updated by.
    /// ```math
    /// u_{ij} - E[\log u\mid x_i, z_i = j] = u_{ij} - \psi\big(\tfrac{\nu_j + d}2\big) + \log\tfrac{\nu_j +
    /// \delta_{ij}}2
    /// ```
    ///
    /// `x` is n×d; returns n×k numbers above 1. Errors as in [`Self::scales`].
    ///
    /// Source: X-29; Liu and Rubin (1995). Example: [`degrees_of`].
    pub fn excesses(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let (scales, delta) = (self.scales(x)?, self.distances(x));
        let d = self.shape.d() as f64;
        let expected_log = |nu: f64, delta: f64| digamma((nu + d) / 2.0) - ((nu + delta) / 2.0).ln();
        Ok(scales.map_with_location(|i, j, u| u - expected_log(self.degrees[j], delta[(i, j)])))
    }

    /// The M step but for ν: the updates of the Gaussian mixture, where a datum counts $`r_{ij}u_{ij}`$.
    /// ```math
    /// \pi_j = \frac{R_j}n, \qquad \mu_j = \frac{\sum_i r_{ij}u_{ij}x_i}{\sum_i r_{ij}u_{ij}}, \qquad
    /// \Sigma_j = \frac1{R_j}\sum_i r_{ij}u_{ij}(x_i - \mu_j)(x_i - \mu_j)^\top
    /// ```
    ///
    /// Σ is divided by R_j, not by Σ_i r u: it is the scale of a t, not an average of squares. `x` is n×d, `r` n×k with
    /// rows on the simplex. A component of which no datum is part keeps centre and scale.
    ///
    /// Source: X-29. Example: [`Model::maximize`] of a [`StudentMixture`].
    pub fn updated_shape(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<GaussianMixture> {
        check::shares(x, r, self.shape.means())?;
        let (u, counts) = (self.scales(x)?, latent::counts(r));
        let (mut means, mut scales) = (self.shape.means().clone(), self.shape.covariances().to_vec());
        for j in (0..self.shape.k()).filter(|&j| counts[j] > 0.0) {
            let weights = r.column(j).component_mul(&u.column(j));
            let mean = (x.transpose() * &weights / weights.sum()).transpose();
            scales[j] = gaussian::covariance_about(x, &weights, &mean) * (weights.sum() / counts[j]);
            means.set_row(j, &mean);
        }
        let weights = counts / x.nrows() as f64;
        let scales = self.shape.family().constrained(scales, &weights);
        GaussianMixture::new(weights, means, scales, self.shape.family())
    }
}

impl Model for StudentMixture {
    /// ```math
    /// \log\pi_j + \log\frac{\Gamma\big(\frac{\nu + d}2\big)}{\Gamma\big(\frac\nu2\big)}
    ///   - \tfrac d2\log\nu\pi - \tfrac12\log\lvert\Sigma_j\rvert
    ///   - \tfrac{\nu + d}2\log\Big(1 + \frac{\delta_{ij}}\nu\Big)
    /// ```
    /// The scale is integrated out. Source: X-29.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        check::data(x, self.shape.d())?;
        let d = self.shape.d() as f64;
        let constant = |j: usize| {
            let nu = self.degrees[j];
            self.shape.weights()[j].ln() + ln_gamma((nu + d) / 2.0)
                - ln_gamma(nu / 2.0)
                - d / 2.0 * (nu * PI).ln()
                - gaussian::log_volume(&self.shape.factors()[j]) / 2.0
        };
        let constants: Vec<f64> = (0..self.shape.k()).map(constant).collect();
        Ok(self.distances(x).map_with_location(|_, j, delta| {
            constants[j] - (self.degrees[j] + d) / 2.0 * (delta / self.degrees[j]).ln_1p()
        }))
    }

    /// The M step of EM, where `r` are responsibilities and the scales have their posterior at this θ.
    ///
    /// With `r` of this θ it maximises Q over ν from [`FEWEST_DEGREES`] to [`MOST_DEGREES`], and ℓ never falls from a θ
    /// in that range; with any other `r` it still never lowers Σ r log p(x, z). ν_j is where Q is at rest in it, or an
    /// end: [`degrees_of`] the average of the [excesses](Self::excesses).
    ///
    /// Source: X-29; Liu and Rubin (1995).
    /// ```
    /// use executable_em::incomplete::{mixture::of_one, student::StudentMixture};
    /// use executable_em::em::{self, Stopping};
    /// use nalgebra::{dmatrix, dvector};
    /// let x = dmatrix![-1.0; -0.5; 0.0; 0.5; 1.0; 1e6]; // a slip of the pen
    /// let start = StudentMixture::new(of_one(&dvector![1.0], dmatrix![4.0])?, dvector![2.0])?;
    /// let fit = em::fit(start, &x, &Stopping::default())?;
    /// assert!(fit.model.shape().means()[0].abs() < 0.2); // the mean of the data is 166 667
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let shape = self.updated_shape(x, r)?;
        let (excesses, counts) = (self.excesses(x)?, latent::counts(r));
        let degrees = DVector::from_fn(self.shape.k(), |j, _| {
            let excess: f64 = (0..x.nrows()).map(|i| r[(i, j)] * excesses[(i, j)]).sum();
            if counts[j] > 0.0 { degrees_of(excess / counts[j]) } else { self.degrees[j] }
        });
        StudentMixture::new(shape, degrees)
    }

    /// Weights, centres, scale matrices and degrees of freedom, one after the other.
    fn parameters(&self) -> DVector<f64> {
        let shape = self.shape.parameters();
        DVector::from_vec(shape.iter().chain(&self.degrees).copied().collect())
    }
}

/// A sweep that climbs ℓ itself in ν: less is called hidden, and much is gained.
/// ```math
/// \nu_j = \arg\max_\nu\sum_i r'_{ij}\log t_\nu(x_i;\ \mu_j, \Sigma_j)
/// ```
///
/// First π, μ and Σ as EM has them; then, with responsibilities r' at those, ν with *the scales not hidden*. No half
/// lowers ℓ, so the whole does not. Where the sum has several hills in ν, the nearest one uphill counts: what a sweep
/// leaves as it is, is stationary. A ν outside the range of [`FEWEST_DEGREES`] to [`MOST_DEGREES`] comes into it first,
/// as in EM, which may lower ℓ once. `x` is n×d. Errors as in [`StudentMixture::updated_shape`].
///
/// Source: X-30; Liu and Rubin (1994), Meng and van Dyk (1997).
/// ```
/// use executable_em::incomplete::{mixture::of_one, student::{StudentMixture, sweep_by_parts}};
/// use executable_em::latent::{Model, log_likelihood};
/// use executable_em::em;
/// use nalgebra::{dmatrix, dvector};
/// let x = dmatrix![-1.0; -0.5; 0.0; 0.5; 1.0; 9.0];
/// let start = StudentMixture::new(of_one(&dvector![0.0], dmatrix![1.0])?, dvector![30.0])?;
/// let (one, other) = (em::sweep(&start, &x)?, sweep_by_parts(&start, &x)?);
/// assert!(log_likelihood(&other.log_joint(&x)?)? > log_likelihood(&one.log_joint(&x)?)?);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sweep_by_parts(model: &StudentMixture, x: &DMatrix<f64>) -> Result<StudentMixture> {
    let r = latent::responsibilities(&model.log_joint(x)?)?;
    let half = StudentMixture { shape: model.updated_shape(x, &r)?, ..model.clone() };
    let (r, delta) = (latent::responsibilities(&half.log_joint(x)?)?, half.distances(x));
    let d = half.shape.d() as f64;
    let degrees = DVector::from_fn(half.shape.k(), |j, _| {
        let height = |nu: f64| {
            let of_one = |i: usize| r[(i, j)] * -(nu + d) / 2.0 * (delta[(i, j)] / nu).ln_1p();
            let normaliser = ln_gamma((nu + d) / 2.0) - ln_gamma(nu / 2.0) - d / 2.0 * nu.ln();
            r.column(j).sum() * normaliser + (0..x.nrows()).map(of_one).sum::<f64>()
        };
        let slope = |nu: f64| {
            let of_one = |i: usize| {
                let over = delta[(i, j)] / nu;
                r[(i, j)] * ((1.0 + d / nu) * over / (1.0 + over) - over.ln_1p())
            };
            let normaliser = digamma((nu + d) / 2.0) - digamma(nu / 2.0) - d / nu;
            r.column(j).sum() * normaliser + (0..x.nrows()).map(of_one).sum::<f64>()
        };
        let from = half.degrees[j].clamp(FEWEST_DEGREES, MOST_DEGREES);
        let uphill = if slope(from) > 0.0 { from..=MOST_DEGREES } else { FEWEST_DEGREES..=from };
        let mut found = where_it_falls_through_zero(slope, uphill);
        // ℓ may have several hills in ν, and a lower one is none to go to: nearer by, this one rises.
        while height(found) < height(from) {
            let nearer = (found * from).sqrt();
            if nearer == found {
                return from;
            }
            found = nearer;
        }
        found
    });
    StudentMixture::new(half.shape, degrees)
}

/// The degrees of freedom at which Q is at rest, one equation: ν of a component whose scales exceed their logarithms
/// by so much, on average over its responsibilities.
/// ```math
/// \log\tfrac{\nu_j}2 - \psi\big(\tfrac{\nu_j}2\big) = \frac1{R_j}\sum_i r_{ij}\big(u_{ij} - E\log u_{ij}\big) - 1
/// ```
///
/// The left side falls in ν. Returns a number from [`FEWEST_DEGREES`] to [`MOST_DEGREES`], the latter for NaN.
///
/// Source: X-29; Liu and Rubin (1995).
/// ```
/// use executable_em::incomplete::{mixture::of_one, student::{StudentMixture, degrees_of}};
/// use executable_em::latent::Model;
/// use nalgebra::{DMatrix, dmatrix, dvector};
/// let x = dmatrix![-1.0; 0.5; 0.0; 9.0];
/// let model = StudentMixture::new(of_one(&dvector![0.0], dmatrix![1.0])?, dvector![3.0])?;
/// let next = model.maximize(&x, &DMatrix::from_element(4, 1, 1.0))?;
/// assert_eq!(next.degrees()[0], degrees_of(model.excesses(&x)?.mean()));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn degrees_of(excess: f64) -> f64 {
    let right = excess - 1.0;
    where_it_falls_through_zero(
        |nu| (nu / 2.0).ln() - digamma(nu / 2.0) - right,
        FEWEST_DEGREES..=MOST_DEGREES,
    )
}

/// Where a slope changes from + to −, by bisection of log ν; an end of the range if it never does.
fn where_it_falls_through_zero(slope: impl Fn(f64) -> f64, range: RangeInclusive<f64>) -> f64 {
    let (mut low, mut high) = range.into_inner();
    if slope(high) >= 0.0 {
        return high;
    }
    if slope(low) <= 0.0 {
        return low;
    }
    loop {
        let middle = (low * high).sqrt();
        if middle <= low || middle >= high {
            return low;
        }
        if slope(middle) > 0.0 { low = middle } else { high = middle }
    }
}
