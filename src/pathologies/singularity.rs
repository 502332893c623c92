//! The likelihood of a Gaussian mixture has no upper bound: a component that sits on one datum may shrink for ever.
//!
//! A density is no probability. It is measured per unit of volume, and may be as large as one likes where the volume is
//! small. Discrete data have probabilities, which are at most one, and so their ℓ is at most zero; the "trivial upper
//! bound" of a lecture is true for them and false for Gaussians.

use crate::check;
use crate::em::{self, Iterate};
use crate::error::{Error, Result};
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use crate::latent::{self, Model};
use nalgebra::DMatrix;
use std::f64::consts::TAU;

/// The mixture with one component moved onto a datum, round and of width σ; everything else stays.
/// ```math
/// \mu_j = x_i, \qquad \Sigma_j = \sigma^2 I
/// ```
/// `x` is n×d, `component` and `datum` count from 0, `sigma` σ > 0 is in units of the data. Its family is the full one,
/// its ℓ as a function of σ the spike: as σ → 0 the density at the datum,
/// $`(2\pi)^{-d/2}|\Sigma_j|^{-1/2} = (2\pi)^{-d/2}\sigma^{-d}`$, grows without bound. [`Error::Label`] or
/// [`Error::Domain`] for a component, a datum or a width that there is not; [`Error::NotPositiveDefinite`] if σ² = 0.
///
/// Source: B-05, B-E05, H-E26; Day (1969), Kiefer and Wolfowitz (1956). Example: [`asymptote`].
pub fn onto_datum(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    component: usize,
    datum: usize,
    sigma: f64,
) -> Result<GaussianMixture> {
    check_place(model, x, component, datum)?;
    check::positive("sigma", sigma)?;
    let (mut means, mut covariances) = (model.means().clone(), model.covariances().to_vec());
    means.set_row(component, &x.row(datum));
    covariances[component] = DMatrix::from_diagonal_element(x.ncols(), x.ncols(), sigma * sigma);
    GaussianMixture::new(model.weights().clone(), means, covariances, CovarianceFamily::Full)
}

/// What ℓ becomes as a component shrinks onto a datum: a straight line in log σ.
///
/// Source: B-05, B-E05. Example: [`asymptote`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asymptote {
    /// By how many nats ℓ rises as σ shrinks by a factor e.
    pub slope: f64,
    /// The line at σ = 1, in nats; −∞ if nobody covers the data that are left.
    pub constant: f64,
}

impl Asymptote {
    /// The line at σ, in nats.
    ///
    /// Source: B-E05. Example: [`asymptote`].
    pub fn at(&self, sigma: f64) -> f64 {
        self.constant - self.slope * sigma.ln()
    }
}

/// The asymptote of the spike that [`onto_datum`] climbs.
/// ```math
/// \ell(\sigma) = -md\log\sigma + m\left(\log\pi_j - \tfrac d2\log 2\pi\right)
///   + \sum_{i' : x_{i'} \ne x_i}\log\sum_{l \ne j}\pi_l\,\mathcal N(x_{i'}; \mu_l, \Sigma_l) + o(1)
///   \qquad (\sigma \to 0)
/// ```
/// with m the number of data that coincide with x_i. The first two terms are the captured data, the third all the
/// others, which the shrinking component abandons at the rate $`e^{-\|x_{i'}-x_i\|^2/2\sigma^2}`$. So it takes a
/// *second* component of positive weight to cover them, or no other data: with k = 1 and n > 1 the constant is −∞ and ℓ
/// falls like $`-\sum\|x_{i'}-x_i\|^2/2\sigma^2`$, with k = 1 and n = 1 it rises. Arguments as in [`onto_datum`].
/// [`Error::Domain`] for a component of weight zero, which captures nothing.
///
/// Source: B-05, B-E05, B-E11, H-E26.
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, pathologies::singularity};
/// use nalgebra::{dmatrix, dvector};
/// let (x, variances) = (dmatrix![0.0; 1.0; 2.0; 5.0], vec![dmatrix![1.0], dmatrix![4.0]]);
/// let pair = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 2.0], variances, Full)?;
/// let line = singularity::asymptote(&pair, &x, 0, 0)?;
/// let spike = singularity::onto_datum(&pair, &x, 0, 0, 1e-8)?;
/// assert!(line.slope == 1.0 && (spike.log_likelihood(&x)? - line.at(1e-8)).abs() < 1e-7);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn asymptote(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    component: usize,
    datum: usize,
) -> Result<Asymptote> {
    check_place(model, x, component, datum)?;
    check::positive("weight of the component", model.weights()[component])?;
    let log_joint = model.log_joint(x)?;
    let (mut captured, mut constant) = (0.0, 0.0);
    for i in 0..x.nrows() {
        if x.row(i) == x.row(datum) {
            captured += 1.0;
        } else {
            let others = (0..model.k()).filter(|&l| l != component);
            constant += latent::log_sum_exp(others.map(|l| log_joint[(i, l)]));
        }
    }
    let d = x.ncols() as f64;
    constant += captured * (model.weights()[component].ln() - 0.5 * d * TAU.ln());
    Ok(Asymptote { slope: captured * d, constant })
}

/// The upper bound of ℓ that the lecture takes for granted, under the condition that makes it true.
/// ```math
/// \Sigma_j \succeq f I \text{ for all } j \quad\Longrightarrow\quad \ell \le -\frac{nd}2\log 2\pi f
/// ```
/// since no density then exceeds $`(2\pi f)^{-d/2}`$ anywhere, and a weighted average of numbers exceeds none of the
/// bounds on them. The bound tends to ∞ as f → 0. `n` and `d` count data and dimensions, `floor` f > 0 is in squared
/// units of the data; returns nats. [`Error::Domain`] unless f is positive. For discrete data the bound is 0.
///
/// Source: B-17, B-E11.
/// ```
/// use executable_em::pathologies::singularity::upper_bound;
/// assert_eq!(upper_bound(10, 2, 0.5 / std::f64::consts::PI)?, 0.0);
/// assert!(upper_bound(10, 2, 1e-6)? > 110.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn upper_bound(n: usize, d: usize, floor: f64) -> Result<f64> {
    check::positive("floor", floor)?;
    // 2πf may overflow; a lower floor gives a bound as well.
    Ok(-0.5 * (n as f64 * d as f64) * (TAU * floor).min(f64::MAX).ln())
}

/// A run of EM, with all that it went through before it failed.
///
/// Source: C-E09. Example: [`collapse`].
#[derive(Clone, Debug, PartialEq)]
pub struct Collapse {
    /// The start and the mixture after every sweep that still has a likelihood.
    pub iterates: Vec<Iterate<GaussianMixture>>,
    /// What ended the run, or None if the sweeps ran out first.
    pub error: Option<Error>,
}

impl Collapse {
    /// The least eigenvalue of any covariance after 0, 1, 2, … sweeps, in squared units of the data.
    ///
    /// Source: C-E09. Example: [`collapse`].
    pub fn smallest_variances(&self) -> Vec<f64> {
        let least = |covariance: &DMatrix<f64>| covariance.symmetric_eigenvalues().min();
        let covariances = self.iterates.iter().map(|iterate| iterate.model.covariances());
        covariances.map(|all| all.iter().map(least).fold(f64::INFINITY, f64::min)).collect()
    }
}

/// Runs EM and keeps every step of the way into a singularity, where [`em::fit`] returns the error alone.
///
/// Once a component holds one datum, the others reach it only through the tail of its density. With s its variance and
/// δ the distance of the nearest other datum, one sweep makes of it (d = 1)
/// ```math
/// s' \approx \delta^2\,\frac{\pi_j\,\mathcal N(\delta; 0, s)}{\sum_{l\ne j}\pi_l\,\mathcal N(x_{i'};\mu_l,\Sigma_l)},
/// \qquad \log s' \approx -\frac{\delta^2}{2s}
/// ```
/// The *logarithm* of the new variance is the inverse of the old one: three sweeps suffice to leave the floating-point
/// numbers. ℓ rises all the way. `x` is n×d, `max_sweeps` caps the sweeps; an error of a sweep is part of the answer.
///
/// Source: C-E09, H-E26, B-05.
/// ```
/// use executable_em::{Error, gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, pathologies::singularity};
/// use nalgebra::{dmatrix, dvector};
/// let start = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 5.0], vec![dmatrix![1.0]; 2], Full)?;
/// let run = singularity::collapse(start, &dmatrix![0.0; 3.0; 4.0; 5.0; 6.0], 10)?;
/// assert!(run.smallest_variances()[3] < 1e-140 && run.iterates[3].log_likelihood > 151.0);
/// assert!(matches!(run.error, Some(Error::NotPositiveDefinite { component: 0, .. })));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn collapse(start: GaussianMixture, x: &DMatrix<f64>, max_sweeps: usize) -> Result<Collapse> {
    let measured = |model: GaussianMixture| Ok(Iterate { log_likelihood: model.log_likelihood(x)?, model });
    let mut iterates = vec![measured(start)?];
    for sweep in 0..max_sweeps {
        match em::sweep(&iterates[sweep].model, x).and_then(measured) {
            Ok(iterate) => iterates.push(iterate),
            Err(error) => return Ok(Collapse { iterates, error: Some(error) }),
        }
    }
    Ok(Collapse { iterates, error: None })
}

/// Data that fit the mixture, a component and a datum that exist.
fn check_place(model: &GaussianMixture, x: &DMatrix<f64>, component: usize, datum: usize) -> Result<()> {
    check::data(x, model.d())?;
    check::label(datum, component, model.k())?;
    check::domain("datum", datum as f64, datum < x.nrows(), "less than n")
}
