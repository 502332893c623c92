//! The mean-field Gaussian mixture: EM's two steps with distributions in place of points.

use super::gauss_wishart::GaussWishart;
use super::shares::{Shares, Weights};
use crate::check;
use crate::em::{self, At, Climb, Expected, Fit, Stopping};
use crate::error::{Error, Result};
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use crate::latent;
use nalgebra::{DMatrix, DVector};

/// The factor q(π, μ, Λ) of the variational posterior, with the prior that it came from.
/// ```math
/// q(\pi)\prod_jq(\mu_j, \Lambda_j), \qquad q(\mu_j, \Lambda_j) \text{ Gauss–Wishart}, \quad
/// q(\pi) \text{ Dirichlet, or sticks}
/// ```
///
/// That q has this form is no assumption: given that it factorises from q(z), the prior is conjugate.
///
/// Source: X-24; Bishop (2006), §10.2.
#[derive(Clone, Debug, PartialEq)]
pub struct VariationalMixture {
    prior: GaussWishart,
    shares: Shares,
    components: Vec<GaussWishart>,
}

impl VariationalMixture {
    /// The M step: q(θ) from responsibilities. Every component learns from its share of the data.
    /// ```math
    /// \log q(\theta) = E_{q(z)}[\log p(x, z, \theta)] + c: \qquad
    /// q(\pi) \text{ from the counts } R_j, \quad q(\mu_j, \Lambda_j) = p_0(\mu, \Lambda) \text{ updated by } r_{ij}
    /// ```
    ///
    /// `weights` and `prior` are the priors, `x` is n×d, `r` n×k with rows on the simplex. Never a collapse: a
    /// component without data is the prior.
    ///
    /// Source: X-24; Bishop (2006), §10.2.1. Example: [`fit`].
    pub fn learned(
        weights: Weights,
        prior: GaussWishart,
        x: &DMatrix<f64>,
        r: &DMatrix<f64>,
    ) -> Result<Self> {
        check::data(x, prior.d())?;
        check::distributions("responsibilities", r, (x.nrows(), r.ncols()))?;
        let components = r.column_iter().map(|column| prior.updated(x, &column.into_owned()));
        let components = components.collect::<Result<Vec<_>>>()?;
        Ok(VariationalMixture { prior, shares: Shares::new(weights, latent::counts(r))?, components })
    }

    /// The prior of every component.
    pub fn prior(&self) -> &GaussWishart {
        &self.prior
    }

    /// q(π).
    pub fn shares(&self) -> &Shares {
        &self.shares
    }

    /// q(μ_j, Λ_j), one for each of k components.
    pub fn components(&self) -> &[GaussWishart] {
        &self.components
    }

    /// The expected log joint of datum and label: what a log joint is to EM.
    /// ```math
    /// \log\tilde\rho_{ij} = E\log\pi_j + E\log\mathcal N(x_i; \mu_j, \Lambda_j^{-1})
    /// ```
    ///
    /// `x` is n×d; returns n×k, in nats.
    ///
    /// Source: X-24; Bishop (2006), eq. (10.46). Example: [`Self::lower_bound`].
    pub fn expected_log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let mut log_joint = DMatrix::zeros(x.nrows(), self.components.len());
        let logs = self.shares.expected_logs();
        for (j, component) in self.components.iter().enumerate() {
            log_joint.set_column(j, &component.expected_log_density(x)?.add_scalar(logs[j]));
        }
        Ok(log_joint)
    }

    /// The E step: q(z), the softmax of the expected log joint. `x` is n×d; returns n×k.
    /// ```math
    /// r_{ij} = \frac{\tilde\rho_{ij}}{\sum_l\tilde\rho_{il}}
    /// ```
    ///
    /// Source: X-24; Bishop (2006), eq. (10.49). Example: [`Self::lower_bound`].
    pub fn responsibilities(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        latent::responsibilities(&self.expected_log_joint(x)?)
    }

    /// The divergence of q(θ) from the prior: what has been learned of the parameters, in nats.
    /// ```math
    /// \mathrm{KL}(q(\pi)\,\|\,p(\pi)) + \sum_j\mathrm{KL}(q(\mu_j, \Lambda_j)\,\|\,p(\mu_j, \Lambda_j))
    /// ```
    ///
    /// Source: X-24. Example: [`Self::lower_bound`].
    pub fn divergence(&self) -> Result<f64> {
        let mut divergence = self.shares.divergence()?;
        for component in &self.components {
            divergence += component.divergence(&self.prior)?;
        }
        check::defined_number("divergence", divergence)
    }

    /// The bound (ELBO) on the log evidence, for any q(z).
    /// ```math
    /// \mathcal F = \sum_{ij}r_{ij}\log\tilde\rho_{ij} + \mathsf H(r) - \mathrm{KL}(q(\theta)\,\|\,p(\theta))
    ///   \;\le\; \log p(x)
    /// ```
    ///
    /// Chapter 5's Q + H, less the price of the parameters. With r from the E step the first two make
    /// $`\sum_i\log\sum_j\tilde\rho_{ij}`$, as they make ℓ in EM. `x` is n×d, `r` n×k; returns nats.
    ///
    /// Source: X-24; Bishop (2006), §10.2.2.
    /// ```
    /// use executable_em::{bound, data, latent, variational::{GaussWishart, VariationalMixture, Weights}};
    /// use nalgebra::{DMatrix, RowDVector};
    /// let x = data::standardize(&data::old_faithful())?;
    /// let prior = GaussWishart::new(RowDVector::zeros(2), 1.0, DMatrix::identity(2, 2), 2.0)?;
    /// let one = DMatrix::from_element(272, 1, 1.0);
    /// let q = VariationalMixture::learned(Weights::Dirichlet(1.0), prior.clone(), &x, &one)?;
    /// // One component: no label is hidden, the q is exact, and so is the bound.
    /// assert!((q.lower_bound(&x, &one)? - prior.log_evidence(&x)?).abs() < 1e-9);
    /// let sums = latent::log_marginals(&q.expected_log_joint(&x)?)?.sum();
    /// assert!((sums - q.divergence()? - q.lower_bound(&x, &q.responsibilities(&x)?)?).abs() < 1e-9);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn lower_bound(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<f64> {
        Ok(crate::bound::lower_bound(r, &self.expected_log_joint(x)?)? - self.divergence()?)
    }

    /// The bound term by term.
    /// ```math
    /// \mathcal F = E\log p(x\mid z, \theta) + E\log p(z\mid\pi) + \mathsf H(q(z))
    ///   - \mathrm{KL}(q(\pi)\,\|\,p(\pi)) - \sum_j\mathrm{KL}(q(\mu_j,\Lambda_j)\,\|\,p(\mu_j,\Lambda_j))
    /// ```
    ///
    /// Returns the five terms, in nats, which sum to [`lower_bound`](Self::lower_bound).
    ///
    /// Source: X-24; Bishop (2006), eqs. (10.71) to (10.77).
    /// ```
    /// # use executable_em::{data, variational::{GaussWishart, VariationalMixture, Weights}};
    /// # use nalgebra::{dmatrix, RowDVector};
    /// let (x, r) = (dmatrix![0.0; 1.0; 5.0], dmatrix![0.9, 0.1; 0.8, 0.2; 0.0, 1.0]);
    /// let prior = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 1.0)?;
    /// let q = VariationalMixture::learned(Weights::Sticks(1.0), prior, &x, &r)?;
    /// assert!((q.terms(&x, &r)?.iter().sum::<f64>() - q.lower_bound(&x, &r)?).abs() < 1e-13);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn terms(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<[f64; 5]> {
        let expected = latent::expected_log_joint(r, &self.expected_log_joint(x)?)?;
        let of_labels = latent::counts(r).dot(&self.shares.expected_logs());
        let of_weights = self.shares.divergence()?;
        let of_components = self.divergence()? - of_weights;
        Ok([expected - of_labels, of_labels, crate::bound::entropy(r)?, -of_weights, -of_components])
    }

    /// The components that the data have not left: those with an expected count above one half.
    ///
    /// Returns their indices, the largest first.
    ///
    /// Source: X-25. Example: [`fit`].
    pub fn survivors(&self) -> Vec<usize> {
        self.shares.survivors()
    }

    /// The mixture at the expected weights, means and precisions: a point, to draw or to start EM from.
    ///
    /// Source: X-24.
    /// ```
    /// # use executable_em::variational::{GaussWishart, VariationalMixture, Weights};
    /// # use nalgebra::{dmatrix, RowDVector};
    /// let prior = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 1.0)?;
    /// let q = VariationalMixture::learned(Weights::Dirichlet(1.0), prior, &dmatrix![3.0], &dmatrix![1.0, 0.0])?;
    /// assert_eq!(q.plug_in()?.means(), &dmatrix![1.5; 0.0]); // half way, and the prior
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn plug_in(&self) -> Result<GaussianMixture> {
        let means: Vec<_> = self.components.iter().map(|component| component.mean().clone()).collect();
        let covariances = self.components.iter().map(GaussWishart::covariance).collect();
        GaussianMixture::new(
            self.shares.expected(),
            DMatrix::from_rows(&means),
            covariances,
            CovarianceFamily::Full,
        )
    }

    /// The predictive log density of each datum: a mixture of Student t's.
    /// ```math
    /// p(x\mid\text{data}) \approx \sum_jE[\pi_j]\ \mathrm{St}_j(x)
    /// ```
    ///
    /// `x` is n×d; returns n values in nats.
    ///
    /// Source: X-26; Bishop (2006), eq. (10.81).
    /// ```
    /// # use executable_em::variational::{GaussWishart, VariationalMixture, Weights};
    /// # use nalgebra::{dmatrix, RowDVector};
    /// let prior = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 1.0)?;
    /// let q = VariationalMixture::learned(Weights::Dirichlet(1.0), prior, &dmatrix![0.0; 1.0], &dmatrix![1.0; 1.0])?;
    /// let far = dmatrix![40.0];
    /// assert!(q.log_predictive(&far)?[0] > q.plug_in()?.log_likelihood(&far)?); // heavier tails
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_predictive(&self, x: &DMatrix<f64>) -> Result<DVector<f64>> {
        let weights = self.shares.expected();
        let mut log_joint = DMatrix::zeros(x.nrows(), self.components.len());
        for (j, component) in self.components.iter().enumerate() {
            log_joint.set_column(j, &component.log_predictive(x)?.add_scalar(weights[j].ln()));
        }
        latent::log_marginals(&log_joint)
    }
}

/// Data on which a variational mixture climbs its bound.
///
/// Source: X-24, X-25. Example: [`fit`].
#[derive(Clone, Copy, Debug)]
pub struct OnBound<'a> {
    x: &'a DMatrix<f64>,
    by_size: bool,
}

impl<'a> OnBound<'a> {
    /// These data, n×d.
    pub fn new(x: &'a DMatrix<f64>) -> Result<Self> {
        check::finite("data", x)?;
        Ok(OnBound { x, by_size: false })
    }

    /// In every M step the components are named anew, the largest first, unless that lowers the bound.
    ///
    /// A Dirichlet does not care. Of sticks the bound does: with them integrated out, the prior of the labels has the
    /// factor
    /// ```math
    /// \frac{\Gamma(\alpha + R_k)}{\Gamma(1 + R_k)}\prod_{j<k}\frac1{\alpha + R_j + R_{j+1} + \dots + R_k}
    /// ```
    ///
    /// and all the sums from j on are least if the largest come first. (Only the last piece, which is whatever is left,
    /// may see that otherwise if α > 1.) The new names lead out of ends where a large component waits behind a small
    /// one.
    ///
    /// Source: X-25; Kurihara, Welling and Teh (2007).
    pub fn by_size(self) -> Self {
        OnBound { by_size: true, ..self }
    }
}

impl Climb for OnBound<'_> {
    type Model = VariationalMixture;
    type Expectation = DMatrix<f64>;
    type Error = Error;

    /// The bound after the E step, in place of ℓ.
    fn expect(&self, model: &VariationalMixture) -> Result<Expected<DMatrix<f64>>> {
        let expected = Expected::of(&model.expected_log_joint(self.x)?)?;
        Ok(Expected { log_likelihood: expected.log_likelihood - model.divergence()?, ..expected })
    }

    fn maximize(&self, model: &VariationalMixture, r: &DMatrix<f64>) -> Result<VariationalMixture> {
        let learned = |r: &DMatrix<f64>| {
            VariationalMixture::learned(model.shares.prior(), model.prior.clone(), self.x, r)
        };
        let next = learned(r)?;
        if !self.by_size {
            return Ok(next);
        }
        let counts = latent::counts(r);
        let mut order: Vec<usize> = (0..r.ncols()).collect();
        order.sort_by(|&a, &b| counts[b].total_cmp(&counts[a]));
        let r_named = r.select_columns(&order);
        let named = learned(&r_named)?;
        let is_higher = named.lower_bound(self.x, &r_named)? >= next.lower_bound(self.x, r)?;
        Ok(if is_higher { named } else { next })
    }

    /// The largest change of a count, as a share of the data.
    fn moved(&self, before: At<'_, Self>, after: At<'_, Self>) -> f64 {
        (after.0.shares.counts() - before.0.shares.counts()).amax() / self.x.nrows() as f64
    }
}

/// Climbs the bound from responsibilities: an M step, then sweeps, by the loop of [`em`].
///
/// `x` is n×d, `r` n×k: labels of k-means, or of a draw. [`Fit::log_likelihood`] is the bound, in nats; errors as in
/// [`em::fit`].
///
/// Source: X-24, X-25.
/// ```
/// use executable_em::{data, em::Stopping, latent};
/// use executable_em::variational::{GaussWishart, Weights, mixture::{OnBound, fit}};
/// use nalgebra::{DMatrix, RowDVector};
/// let x = data::standardize(&data::old_faithful())?;
/// let prior = GaussWishart::new(RowDVector::zeros(2), 1.0, DMatrix::identity(2, 2), 2.0)?;
/// let r = latent::one_hot(&(0..272).map(|i| i % 6).collect::<Vec<_>>(), 6)?; // six components, at random
/// let fit = fit(&OnBound::new(&x)?, Weights::Dirichlet(1e-3), &prior, &r, &Stopping::default())?;
/// assert_eq!(fit.model.survivors().len(), 2);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit(
    climb: &OnBound<'_>,
    weights: Weights,
    prior: &GaussWishart,
    r: &DMatrix<f64>,
    stopping: &Stopping,
) -> Result<Fit<VariationalMixture>> {
    let start = VariationalMixture::learned(weights, prior.clone(), climb.x, r);
    em::from_one(climb, start, stopping)
}
