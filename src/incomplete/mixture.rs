//! A Gaussian mixture of incomplete data: the label of every datum is hidden, and some of its cells.

use super::Incomplete;
use super::gaussian::{self as one, Completed};
use crate::check;
use crate::em::{self, Climb, Expected, Fit, Stopping};
use crate::error::{Error, Result};
use crate::gaussian_mixture::{self, CovarianceFamily, GaussianMixture, conditional::marginal};
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector};
use rand::Rng;

/// The log joint of a label and of the cells that are seen, the missing ones integrated out.
/// ```math
/// \log p(x_{i,s}, z_i = j) = \log\pi_j + \log\mathcal N(x_{i,s};\ \mu_{j,s},\ \Sigma_{j,ss})
/// ```
///
/// Returns n×k, in nats: [`latent`] makes ℓ and the responsibilities of it, as for every mixture.
/// [`Error::Shape`] for a mixture of another dimension.
///
/// Source: X-07; Ghahramani and Jordan (1994).
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::{data, incomplete::{Incomplete, mixture::log_joint}, latent::Model};
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let same = log_joint(&model, &Incomplete::new(x.clone())?)?; // nothing is missing
/// assert!((same - model.log_joint(&x)?).amax() < 1e-12);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_joint(model: &GaussianMixture, data: &Incomplete) -> Result<DMatrix<f64>> {
    check::shape("means", model.means().shape(), (model.k(), data.d()))?;
    let mut log_joint = DMatrix::zeros(data.n(), model.k());
    for pattern in data.patterns() {
        let of_pattern = match pattern.seen.is_empty() {
            true => DMatrix::from_rows(&vec![model.weights().map(f64::ln).transpose(); pattern.rows.len()]),
            false => marginal(model, &pattern.seen)?.log_joint(&pattern.seen_cells(data.values()))?,
        };
        pattern.rows.iter().zip(of_pattern.row_iter()).for_each(|(&i, row)| log_joint.set_row(i, &row));
    }
    Ok(log_joint)
}

/// The log-likelihood of what is seen.
/// ```math
/// \ell(\theta) = \sum_i\log\sum_j\pi_j\,\mathcal N(x_{i,s};\ \mu_{j,s},\ \Sigma_{j,ss})
/// ```
///
/// Returns nats. Errors as in [`log_joint`].
///
/// Source: X-05, X-07. Example: [`fit`].
pub fn log_likelihood(model: &GaussianMixture, data: &Incomplete) -> Result<f64> {
    latent::log_likelihood(&log_joint(model, data)?)
}

/// The posterior of all that is hidden: a distribution over labels, and for each label a Gaussian over the cells.
/// ```math
/// q(z_i = j, x_{i,m}) = r_{ij}\;\mathcal N\big(x_{i,m};\ m_{ij},\ C_{ij}\big)
/// ```
///
/// Source: X-07.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    responsibilities: DMatrix<f64>,
    completed: Vec<Completed>,
}

impl Posterior {
    /// The E step at these parameters: errors as in [`log_joint`].
    ///
    /// Source: X-07.
    /// ```
    /// use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture};
    /// use executable_em::incomplete::{Incomplete, mixture::Posterior};
    /// use nalgebra::{dmatrix, dvector, DMatrix};
    /// let data = Incomplete::new(dmatrix![5.0, f64::NAN; 0.0, 1.0])?;
    /// let (means, unit) = (dmatrix![0.0, 0.0; 5.0, 7.0], vec![DMatrix::identity(2, 2); 2]);
    /// let model = GaussianMixture::new(dvector![0.5, 0.5], means, unit, Full)?;
    /// let posterior = Posterior::at(&model, &data)?;
    /// assert!(posterior.responsibilities()[(0, 1)] > 0.999);
    /// assert_eq!(posterior.completed()[1].means()[(0, 1)], 7.0);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn at(model: &GaussianMixture, data: &Incomplete) -> Result<Self> {
        let responsibilities = latent::responsibilities(&log_joint(model, data)?)?;
        Ok(Posterior { responsibilities, completed: completed(model, data)? })
    }

    /// The responsibilities, n×k: a datum of which nothing is seen has the weights.
    pub fn responsibilities(&self) -> &DMatrix<f64> {
        &self.responsibilities
    }

    /// The posterior of the cells under each of the k components.
    pub fn completed(&self) -> &[Completed] {
        &self.completed
    }

    /// The same, as if the expected cells had been seen.
    pub(super) fn without_covariances(self) -> Self {
        Posterior { completed: self.completed.iter().map(Completed::without_covariances).collect(), ..self }
    }

    /// A posterior of just these data under k components.
    pub(super) fn check(&self, data: &Incomplete, k: usize) -> Result<()> {
        check::shape("responsibilities", self.responsibilities.shape(), (data.n(), k))?;
        self.completed.iter().try_for_each(|of_one| of_one.check(data))
    }
}

/// The cells under each component.
pub(super) fn completed(model: &GaussianMixture, data: &Incomplete) -> Result<Vec<Completed>> {
    let of_one = |(j, covariance)| one::complete(data, &model.mean_of(j), covariance);
    model.covariances().iter().enumerate().map(of_one).collect()
}

/// The M step: the updates of one Gaussian for each component, weighted by its responsibilities.
/// ```math
/// \pi_j = \frac{R_j}n, \qquad \mu_j = \frac1{R_j}\sum_i r_{ij}m_{ij}, \qquad
/// \Sigma_j = \frac1{R_j}\sum_i r_{ij}\big[(m_{ij}-\mu_j)(m_{ij}-\mu_j)^\top + C_{ij}\big]
/// ```
///
/// and then, for the other families, [`CovarianceFamily::constrain`]. A component without responsibility keeps its mean
/// and covariance. [`Error::Shape`] for a posterior of other data, [`Error::NotPositiveDefinite`] for a collapse.
///
/// Source: X-07; Ghahramani and Jordan (1994). Example: [`fit`].
pub fn maximize(
    model: &GaussianMixture,
    data: &Incomplete,
    posterior: &Posterior,
) -> Result<GaussianMixture> {
    posterior.check(data, model.k())?;
    let (mut means, mut covariances) = (model.means().clone(), model.covariances().to_vec());
    for (j, count) in latent::counts(&posterior.responsibilities).iter().enumerate() {
        if *count > 0.0 {
            let r = posterior.responsibilities.column(j).into_owned();
            let (mean, covariance) = one::update(data, &posterior.completed[j], &r)?;
            means.set_row(j, &mean);
            covariances[j] = covariance;
        }
    }
    let weights = latent::counts(&posterior.responsibilities) / data.n() as f64;
    let covariances = model.family().constrained(covariances, &weights);
    GaussianMixture::new(weights, means, covariances, model.family())
}

/// Incomplete data on which a Gaussian mixture climbs.
///
/// Source: X-07. Example: [`fit`].
#[derive(Clone, Copy, Debug)]
pub struct OnIncomplete<'a>(pub &'a Incomplete);

impl Climb for OnIncomplete<'_> {
    type Model = GaussianMixture;
    type Expectation = Posterior;
    type Error = Error;

    fn expect(&self, model: &GaussianMixture) -> Result<Expected<Posterior>> {
        let Expected { log_likelihood, total, expectation: responsibilities } =
            Expected::of(&log_joint(model, self.0)?)?;
        let expectation = Posterior { responsibilities, completed: completed(model, self.0)? };
        Ok(Expected { log_likelihood, total, expectation })
    }

    fn maximize(&self, model: &GaussianMixture, posterior: &Posterior) -> Result<GaussianMixture> {
        maximize(model, self.0, posterior)
    }

    fn moved(&self, before: (&GaussianMixture, &Posterior), after: (&GaussianMixture, &Posterior)) -> f64 {
        em::largest_move(before.0, after.0)
    }
}

/// One sweep of EM on incomplete data.
/// ```math
/// \theta^{t+1} = \arg\max_\theta E\big[\log p(x, z\mid\theta) \,\big|\, x_s, \theta^t\big]
/// ```
///
/// Errors as in [`log_joint`] and [`maximize`].
///
/// Source: X-07; Dempster, Laird and Rubin (1977). Example: [`fit`].
pub fn sweep(model: &GaussianMixture, data: &Incomplete) -> Result<GaussianMixture> {
    maximize(model, data, &Posterior::at(model, data)?)
}

/// Runs EM on incomplete data from a start: [`em::fit`] with another E step.
///
/// One Gaussian is the mixture of one. Errors as in [`em::fit`].
///
/// Source: X-04, X-07.
/// ```
/// use executable_em::gaussian_mixture::CovarianceFamily;
/// use executable_em::incomplete::{Incomplete, mixture::{fit, log_likelihood, random_start, sweep}};
/// use executable_em::{data, em::Stopping};
/// let mut x = data::old_faithful();
/// (0..272).step_by(3).for_each(|i| x[(i, 1)] = f64::NAN);
/// let data = Incomplete::new(x)?;
/// let start = random_start(&data, 1, CovarianceFamily::Full, &mut data::rng(1))?;
/// assert!(log_likelihood(&sweep(&start, &data)?, &data)? > log_likelihood(&start, &data)?);
/// assert!((fit(start, &data, &Stopping::default())?.log_likelihood - -1001.094714).abs() < 1e-5);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit(start: GaussianMixture, data: &Incomplete, stopping: &Stopping) -> Result<Fit<GaussianMixture>> {
    em::from_one(&OnIncomplete(data), Ok(start), stopping)
}

/// A random start: [`gaussian_mixture::random_start`] on the table with its gaps filled by means of columns.
///
/// As a start that filling does no harm: EM forgets it. Errors as there.
///
/// Source: X-07. Example: [`fit`].
pub fn random_start(
    data: &Incomplete,
    k: usize,
    family: CovarianceFamily,
    rng: &mut impl Rng,
) -> Result<GaussianMixture> {
    gaussian_mixture::random_start(&data.filled_with_means(), k, family, rng)
}

/// A Gaussian as the mixture of one.
///
/// `mean` holds d numbers, `covariance` is d×d; errors as in [`GaussianMixture::new`].
///
/// Source: X-04.
/// ```
/// use executable_em::incomplete::mixture::of_one;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(of_one(&dvector![1.0], dmatrix![2.0])?.means()[0], 1.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn of_one(mean: &DVector<f64>, covariance: DMatrix<f64>) -> Result<GaussianMixture> {
    let means = DMatrix::from_rows(&[mean.transpose()]);
    GaussianMixture::new(DVector::from_element(1, 1.0), means, vec![covariance], CovarianceFamily::Full)
}
