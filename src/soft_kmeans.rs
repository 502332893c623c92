//! Soft k-means: the Gaussian mixture with every covariance held at I/β, between one blob and k-means.
//!
//! The stiffness β = 1/σ² = 1/ε is not fitted but chosen. Small β makes responsibilities so soft that all means merge in
//! the centre of the data; at a critical value, the inverse of the largest variance of the data in any direction, they
//! part; as β → ∞ the responsibilities harden and the algorithm becomes k-means.
//!
//! ```math
//! r_{ij} = \frac{\pi_j\,e^{-\frac\beta2\|x_i-\mu_j\|^2}}{\sum_l\pi_l\,e^{-\frac\beta2\|x_i-\mu_l\|^2}}, \qquad
//! \mu_j = \frac1{R_j}\sum_i r_{ij}\,x_i
//! ```

use crate::error::Result;
use crate::gaussian_mixture::{self, CovarianceFamily, GaussianMixture};
use crate::latent::{self, Model};
use crate::{check, gaussian, kmeans};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// What the M step does with the weights of [`SoftKMeans`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// They keep their values, for instance 1/k each: the restricted mixture of C-42.
    Held,
    /// They follow the responsibilities, π_j = R_j/n: "k-means with cluster probabilities".
    Fitted,
}

/// The parameters of soft k-means: means, weights, and the stiffness that stays as it is.
///
/// Source: H-40, H-41, C-42, T-54.
///
/// ```
/// use executable_em::{em, soft_kmeans::{SoftKMeans, Weights}};
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0; 1.0; 2.0; 3.0; 4.0];
/// let start = SoftKMeans::new(dmatrix![0.0; 4.0], 1.0, Weights::Held)?;
/// let fit = em::fit(start, &x, &em::Stopping::default())?;
/// assert!((fit.model().means[0] - 0.899).abs() < 1e-3 && (fit.model().means[1] - 3.101).abs() < 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SoftKMeans {
    /// The means, k×d, in units of the data.
    pub means: DMatrix<f64>,
    /// The weights: k numbers, non-negative, summing to one.
    pub weights: DVector<f64>,
    /// The stiffness β > 0, in inverse squared units of the data.
    pub stiffness: f64,
    /// Whether the M step moves the weights.
    pub weights_are: Weights,
}

impl SoftKMeans {
    /// These means with equal weights 1/k.
    ///
    /// `means` is k×d, finite; [`Error::Domain`](crate::Error::Domain) unless β is finite and positive.
    ///
    /// Source: H-41, C-42. Example: [`SoftKMeans`].
    pub fn new(means: DMatrix<f64>, stiffness: f64, weights_are: Weights) -> Result<Self> {
        check::finite("means", &means)?;
        check::positive("stiffness", stiffness)?;
        let weights = DVector::from_element(means.nrows(), 1.0 / means.nrows() as f64);
        Ok(SoftKMeans { means, weights, stiffness, weights_are })
    }

    /// The log-likelihood of the mixture with covariances I/β.
    ///
    /// ```math
    /// \ell = \sum_i\log\sum_j\pi_j\,\mathcal N(x_i; \mu_j, I/\beta)
    /// ```
    ///
    /// `x` is n×d; returns nats.
    ///
    /// Source: H-41, T-57.
    ///
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
    ///
    /// ```math
    /// r_{ij} = \frac{\pi_j\,e^{-\frac\beta2\|x_i-\mu_j\|^2}}{\sum_l\pi_l\,e^{-\frac\beta2\|x_i-\mu_l\|^2}}
    /// ```
    ///
    /// `x` is n×d; returns n×k. The ½ belongs there: without it the covariance is I/(2β) (H-E06).
    ///
    /// Source: H-40, T-54.
    ///
    /// ```
    /// use executable_em::soft_kmeans::{SoftKMeans, Weights};
    /// use nalgebra::dmatrix;
    /// let model = SoftKMeans::new(dmatrix![0.0; 2.0], 3.0, Weights::Held)?;
    /// let r = model.responsibilities(&dmatrix![0.0])?;
    /// assert!((r[(0, 0)] - 1.0 / (1.0 + (-6.0_f64).exp())).abs() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn responsibilities(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        latent::responsibilities(&self.log_joint(x)?)
    }

    /// The same model as a Gaussian mixture with the covariances I/β, for instance to take its score.
    ///
    /// Source: H-40, C-42.
    ///
    /// ```
    /// use executable_em::{gaussian_mixture::score, soft_kmeans::{SoftKMeans, Weights}};
    /// use nalgebra::dmatrix;
    /// let model = SoftKMeans::new(dmatrix![0.0], 2.0, Weights::Held)?;
    /// let score = score::in_means(&model.mixture()?, &dmatrix![3.0])?;
    /// assert!((score[0] - 6.0).abs() < 1e-14);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn mixture(&self) -> Result<GaussianMixture> {
        check::positive("stiffness", self.stiffness)?;
        let d = self.means.ncols();
        let covariances =
            vec![DMatrix::from_diagonal_element(d, d, 1.0 / self.stiffness); self.means.nrows()];
        GaussianMixture::new(
            self.weights.clone(),
            self.means.clone(),
            covariances,
            CovarianceFamily::Spherical,
        )
    }
}

impl Model for SoftKMeans {
    /// ```math
    /// \log p(x_i, z_i = j) = \log\pi_j + \tfrac d2\log\frac\beta{2\pi} - \tfrac\beta2\|x_i-\mu_j\|^2
    /// ```
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        check::positive("stiffness", self.stiffness)?;
        check::simplex("weights", 0, self.weights.iter().copied())?;
        check::shape("weights", self.weights.shape(), (self.means.nrows(), 1))?;
        let distances = kmeans::squared_distances(x, &self.means)?;
        let log_normaliser = 0.5 * x.ncols() as f64 * (self.stiffness / TAU).ln();
        Ok(DMatrix::from_fn(x.nrows(), self.means.nrows(), |i, j| {
            self.weights[j].ln() + log_normaliser - 0.5 * self.stiffness * distances[(i, j)]
        }))
    }

    /// The mean step of k-means with soft responsibilities; the covariances stay at I/β (updating them as well is full
    /// EM: H-E28).
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

/// The stiffness below which all means merge, whatever their number.
///
/// ```math
/// \beta_c = \frac1{\lambda_{\max}(S)}, \qquad S = \frac1n\sum_i(x_i-\bar x)(x_i-\bar x)^\top
/// ```
///
/// With all means at $`\bar x`$, a small parting of them grows in a sweep by the factor $`\beta\lambda_{\max}`$ along the
/// longest axis of the data: it dies out below β_c and grows above it (Rose, Gurewitz and Fox 1990).
/// `x` is n×d; returns inverse squared units of the data. [`Error::Domain`](crate::Error::Domain) for data that all
/// coincide.
///
/// Source: H-41, H-E06 (TP-08).
///
/// ```
/// use executable_em::soft_kmeans::critical_stiffness;
/// use nalgebra::dmatrix;
/// assert_eq!(critical_stiffness(&dmatrix![-2.0; 2.0])?, 0.25);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn critical_stiffness(x: &DMatrix<f64>) -> Result<f64> {
    let ones = DVector::from_element(x.nrows(), 1.0);
    let covariance = gaussian::weighted_covariance(x, &ones, &gaussian::weighted_mean(x, &ones)?)?;
    let largest = covariance.symmetric_eigenvalues().max();
    check::positive("largest variance of the data", largest)?;
    Ok(1.0 / largest)
}

/// How far the means are apart: the largest distance of a mean from the average of the means.
///
/// ```math
/// \max_j\|\mu_j - \tfrac1k\textstyle\sum_l\mu_l\|
/// ```
///
/// `means` is k×d; returns units of the data, 0 where all means have merged.
///
/// Source: H-41 (what parts at the critical stiffness).
///
/// ```
/// use executable_em::soft_kmeans::spread;
/// use nalgebra::dmatrix;
/// assert_eq!(spread(&dmatrix![-1.0; 3.0])?, 2.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn spread(means: &DMatrix<f64>) -> Result<f64> {
    check::finite("means", means)?;
    let centre = means.row_mean();
    Ok(means.row_iter().map(|mean| (mean - &centre).norm()).fold(0.0, f64::max))
}

/// The growth of a small parting of merged means in one sweep, found by running the sweep.
///
/// All k means start at the centre of the data, parted by `parting` along its longest axis; one E and one M step
/// follow, and the answer is the ratio of the spreads after and before. Theory says $`\beta\lambda_{\max}`$ as the
/// parting tends to zero.
/// `x` is n×d, `k` ≥ 2; [`Error::Domain`](crate::Error::Domain) otherwise, or unless `parting` and β are positive.
///
/// Source: H-41, H-E06 (TP-08).
///
/// ```
/// use executable_em::soft_kmeans::{critical_stiffness, parting_growth};
/// use nalgebra::dmatrix;
/// let x = dmatrix![-2.0; -1.0; 0.5; 3.0];
/// let growth = parting_growth(&x, 2, critical_stiffness(&x)?, 1e-4)?;
/// assert!((growth - 1.0).abs() < 1e-7);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn parting_growth(x: &DMatrix<f64>, k: usize, stiffness: f64, parting: f64) -> Result<f64> {
    check::positive("parting", parting)?;
    check::component_count(k, x.nrows())?;
    check::positive("number of components less one", k as f64 - 1.0)?;
    let ones = DVector::from_element(x.nrows(), 1.0);
    let centre = gaussian::weighted_mean(x, &ones)?;
    let eigen = gaussian::weighted_covariance(x, &ones, &centre)?.symmetric_eigen();
    let axis = eigen.eigenvectors.column(eigen.eigenvalues.imax()).transpose();
    // Places −1 … 1 along the axis, whose average is zero.
    let place = |j: usize| parting * (2.0 * j as f64 / (k - 1) as f64 - 1.0);
    let means = DMatrix::from_fn(k, x.ncols(), |j, a| centre[a] + place(j) * axis[a]);
    let before = SoftKMeans::new(means, stiffness, Weights::Held)?;
    let after = before.maximize(x, &before.responsibilities(x)?)?;
    Ok(spread(&after.means)? / spread(&before.means)?)
}

/// The limit of the responsibilities as β → ∞: all on the nearest mean, shared by weight among means that tie.
///
/// ```math
/// \lim_{\beta\to\infty} r_{ij} = \frac{\pi_j\,\mathbf 1[j\in T_i]}{\sum_{l\in T_i}\pi_l}, \qquad
/// T_i = \{j : \pi_j > 0,\ \|x_i-\mu_j\| \text{ minimal}\}
/// ```
///
/// `x` is n×d, `means` k×d, `weights` k numbers on the simplex; returns n×k. Without ties and zero weights this is the
/// assignment step of k-means, and the weights do not matter; with them it is not (H-E22, T-E13).
///
/// Source: H-42, T-55, T-56.
///
/// ```
/// use executable_em::soft_kmeans::hard_limit;
/// use nalgebra::{dmatrix, dvector};
/// let limit = hard_limit(&dmatrix![0.0; 0.4], &dmatrix![-1.0; 1.0], &dvector![0.7, 0.3])?;
/// assert_eq!(limit, dmatrix![0.7, 0.3; 0.0, 1.0]); // the first datum is a tie
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn hard_limit(x: &DMatrix<f64>, means: &DMatrix<f64>, weights: &DVector<f64>) -> Result<DMatrix<f64>> {
    check::shape("weights", weights.shape(), (means.nrows(), 1))?;
    check::simplex("weights", 0, weights.iter().copied())?;
    let mut limit = kmeans::squared_distances(x, means)?;
    for mut row in limit.row_iter_mut() {
        let eligible = row.iter().zip(weights).filter(|&(_, &weight)| weight > 0.0);
        let nearest = eligible.map(|(&distance, _)| distance).fold(f64::INFINITY, f64::min);
        for (entry, &weight) in row.iter_mut().zip(weights) {
            *entry = if *entry == nearest { weight } else { 0.0 };
        }
        let total = row.sum();
        row /= total;
    }
    Ok(limit)
}

/// How fast that limit is approached: a bound on the deviation of any responsibility of a datum.
///
/// ```math
/// |r_{ij}(\beta) - r_{ij}(\infty)| \le \frac{1-\pi_T}{\pi_T}\,e^{-\frac\beta2\delta_i}, \qquad
/// \delta_i = \min_{l\notin T_i}\|x_i-\mu_l\|^2 - \min_l\|x_i-\mu_l\|^2
/// ```
///
/// where $`\pi_T`$ is the weight of the nearest means $`T_i`$ together and δ_i the gap in squared distance to the next one.
/// Arguments as in [`hard_limit`], and β; returns n bounds, 0 where no other mean has weight.
///
/// Source: H-42, T-55 (the limits as rates).
///
/// ```
/// use executable_em::soft_kmeans::hard_limit_bound;
/// use nalgebra::{dmatrix, dvector};
/// let bound = hard_limit_bound(&dmatrix![0.4], &dmatrix![-1.0; 1.0], &dvector![0.5, 0.5], 10.0)?;
/// assert!((bound[0] - (-0.5_f64 * 10.0 * 1.6).exp()).abs() < 1e-18);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn hard_limit_bound(
    x: &DMatrix<f64>,
    means: &DMatrix<f64>,
    weights: &DVector<f64>,
    stiffness: f64,
) -> Result<DVector<f64>> {
    check::positive("stiffness", stiffness)?;
    let limit = hard_limit(x, means, weights)?;
    let distances = kmeans::squared_distances(x, means)?;
    Ok(DVector::from_fn(x.nrows(), |i, _| {
        let (mut nearest, mut next, mut weight_of_nearest) = (f64::INFINITY, f64::INFINITY, 0.0);
        for j in (0..weights.len()).filter(|&j| weights[j] > 0.0) {
            if limit[(i, j)] > 0.0 {
                nearest = distances[(i, j)];
                weight_of_nearest += weights[j];
            } else {
                next = next.min(distances[(i, j)]);
            }
        }
        let rest = (1.0 - weight_of_nearest).max(0.0);
        rest / weight_of_nearest * (-0.5 * stiffness * (next - nearest)).exp()
    }))
}

/// The log-likelihood on the scale of J, for covariances εI.
///
/// ```math
/// -2\varepsilon\left(\ell + \tfrac{nd}2\log 2\pi\varepsilon\right) \;\longrightarrow\; J \qquad (\varepsilon\to0)
/// ```
///
/// ℓ itself tends to infinity or minus infinity; only this combination has a limit, the k-means objective at the hard
/// assignment, if every weight is positive. The error is at most $`2\varepsilon n\max_j|\log\pi_j|`$.
/// `x` is n×d; ε = 1/β is that of `model`; returns squared units of the data.
///
/// Source: T-57, T-E25.
///
/// ```
/// use executable_em::soft_kmeans::{SoftKMeans, Weights, scaled_log_likelihood};
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0; 1.0; 5.0];
/// let stiff = SoftKMeans::new(dmatrix![0.5; 5.0], 1e9, Weights::Held)?;
/// assert!((scaled_log_likelihood(&stiff, &x)? - 0.5).abs() < 1e-7);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn scaled_log_likelihood(model: &SoftKMeans, x: &DMatrix<f64>) -> Result<f64> {
    let epsilon = 1.0 / model.stiffness;
    let nd = (x.nrows() * x.ncols()) as f64;
    Ok(-2.0 * epsilon * (model.log_likelihood(x)? + 0.5 * nd * (TAU * epsilon).ln()))
}
