//! The mean-field mixture of Gaussians, by the sums of a plain one.

use super::normalised;
use crate::gaussian_mixture::about_near_points;
use crate::{Engine, Fused, Result, Source};
use executable_em::data::Rng;
use executable_em::em::Expected;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::incomplete::mixture::of_one;
use executable_em::scale::{Moments, units::Units};
use executable_em::variational::{GaussWishart, Shares, Weights};
use executable_em::{check, gaussian, kmeans, latent};
use nalgebra::{DMatrix, DVector, RowDVector};

/// Sweeps of k-means that a start is worth.
const SWEEPS: usize = 20;

/// The factor q(π, μ, Λ) of the variational posterior of a mixture of Gaussians, full or diagonal.
/// ```math
/// q(\pi)\prod_j q(\mu_j, \Lambda_j), \qquad q(\mu_j, \Lambda_j) \text{ Gauss–Wishart, or one of each column}
/// ```
///
/// [`VariationalMixture`](executable_em::variational::VariationalMixture) for people with data: the same two steps, and
/// the bound in place of ℓ. A diagonal precision has independent columns, each a Gauss–Wishart density of one
/// dimension.
///
/// Source: X-24, X-25; Bishop (2006), §10.2.
///
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::{data, em::Stopping, latent, scale::Moments, variational::Weights};
/// use executable_em_engine::{Data, Engine, VariationalGaussians};
/// let x = data::old_faithful();
/// let (engine, source) = (Engine::new(1)?, Data::new(&x)?);
/// let one = random_start(&x, 1, CovarianceFamily::Full, &mut data::rng(1))?;
/// let one = engine.sweep(&one, &source)?.model; // mean and covariance of all data
/// let prior = VariationalGaussians::vague(&one, CovarianceFamily::Full)?;
/// let r = latent::one_hot(&(0..272).map(|i| i % 6).collect::<Vec<_>>(), 6)?; // six components, at random
/// let sums = Moments::of(&x, &r, &nalgebra::DMatrix::zeros(6, 2))?;
/// let start = VariationalGaussians::learned(Weights::Dirichlet(1e-3), prior, &sums)?;
/// let fit = engine.fit(start, &source, &Stopping::default())?;
/// assert_eq!(fit.model.survivors().len(), 2);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct VariationalGaussians {
    /// Of one block of all d columns, or of d blocks of one.
    prior: Vec<GaussWishart>,
    shares: Shares,
    components: Vec<Vec<GaussWishart>>,
    /// What the E step takes it for, and by how much a log marginal is higher.
    plain: GaussianMixture,
    log_sum: f64,
}

impl VariationalGaussians {
    /// A prior that says little: worth one datum at the mean of all data, and a scatter of their covariance for as few
    /// degrees of freedom as the dimension allows.
    ///
    /// `one` is the Gaussian of all data, as a mixture of one. Returns one density of d columns, or one for each
    /// column.
    ///
    /// # Errors
    /// [`Error::NotInFamily`](executable_em::Error::NotInFamily) for a family that is neither full nor diagonal.
    pub fn vague(one: &GaussianMixture, family: CovarianceFamily) -> Result<Vec<GaussWishart>> {
        let (mean, covariance) = (one.means().row(0).into_owned(), &one.covariances()[0]);
        match family {
            CovarianceFamily::Full => {
                Ok(vec![GaussWishart::new(mean, 1.0, covariance.clone(), one.d() as f64)?])
            }
            CovarianceFamily::Diagonal => (0..one.d())
                .map(|a| {
                    let variance = DMatrix::from_element(1, 1, covariance[(a, a)]);
                    Ok(GaussWishart::new(RowDVector::from_element(1, mean[a]), 1.0, variance, 1.0)?)
                })
                .collect(),
            _ => Err(executable_em::Error::NotInFamily { component: 0, family: "full or diagonal" }.into()),
        }
    }

    /// The prior of [`vague`](Self::vague) for the data of a source, of which a sample, n_s×d, is in memory. One pass.
    ///
    /// # Errors
    /// Those of [`vague`](Self::vague) and [`Engine::sweep`], as for a column that does not spread.
    pub fn vague_for(
        engine: &Engine,
        source: &dyn Source,
        sample: &DMatrix<f64>,
        family: CovarianceFamily,
    ) -> Result<Vec<GaussWishart>> {
        let ones = DVector::from_element(sample.nrows(), 1.0);
        let mean = gaussian::weighted_mean(sample, &ones)?;
        let covariance = gaussian::weighted_covariance(sample, &ones, &mean)?;
        // From any Gaussian one sweep leads to that of all data.
        let one = engine.sweep(&of_one(&mean.transpose(), covariance)?, source)?.model;
        Self::vague(&one, family)
    }

    /// A start: the prior, taught by k clusters of a sample, n_s×d, as k-means finds them in standard units.
    ///
    /// # Errors
    /// Those of [`kmeans::plus_plus_start`] and [`learned`](Self::learned).
    ///
    /// ```
    /// use executable_em::gaussian_mixture::CovarianceFamily;
    /// use executable_em::scale::{spread::Spread, units::Units};
    /// use executable_em::{data, em::Stopping, variational::Weights};
    /// use executable_em_engine::{Data, Engine, VariationalGaussians};
    /// let x = data::old_faithful();
    /// let (engine, source) = (Engine::new(1)?, Data::new(&x)?);
    /// let prior = VariationalGaussians::vague_for(&engine, &source, &x, CovarianceFamily::Full)?;
    /// let mut columns = [Spread::EMPTY; 2];
    /// x.column_iter().zip(&mut columns).for_each(|(column, spread)| spread.add(column.as_slice()));
    /// let (units, weights) = (Units::of(&columns)?, Weights::Dirichlet(0.1));
    /// let start = VariationalGaussians::at_clusters(weights, prior, &x, &units, 8, &mut data::rng(1))?;
    /// assert_eq!(engine.fit(start, &source, &Stopping::default())?.model.survivors().len(), 2);
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn at_clusters(
        weights: Weights,
        prior: Vec<GaussWishart>,
        sample: &DMatrix<f64>,
        units: &Units,
        k: usize,
        rng: &mut Rng,
    ) -> Result<Self> {
        let standard = units.standardize(sample.clone())?;
        let clustering = kmeans::lloyd(&standard, &kmeans::plus_plus_start(&standard, k, rng)?, SWEEPS)?;
        let mean: Vec<f64> = prior.iter().flat_map(|of_block| of_block.mean().iter().copied()).collect();
        check::shape("prior", (1, mean.len()), (1, sample.ncols()))?;
        let about = DMatrix::from_fn(k, mean.len(), |_, a| mean[a]);
        let sums = Moments::of(sample, &latent::one_hot(clustering.labels(), k)?, &about)?;
        Self::learned(weights, prior, &sums)
    }

    /// The M step: q(θ) from the sums that the responsibilities leave.
    ///
    /// `prior` is that of every component: one density of d columns, or d of one. Never a collapse: a component without
    /// data is the prior.
    ///
    /// # Errors
    /// [`Error::Shape`](executable_em::Error::Shape) for a prior of other columns, those of numbers out of range.
    pub fn learned(weights: Weights, prior: Vec<GaussWishart>, moments: &Moments) -> Result<Self> {
        let (k, d) = moments.references.shape();
        let is_full = prior.len() == 1;
        if !is_full {
            prior.iter().try_for_each(|of_one| check::shape("prior of a column", (1, of_one.d()), (1, 1)))?;
        }
        check::shape("prior", (1, prior.iter().map(GaussWishart::d).sum()), (1, d))?;
        let mut components = Vec::with_capacity(k);
        for j in 0..k {
            let count = moments.counts[j];
            let shift = if count > 0.0 { moments.first.row(j) / count } else { RowDVector::zeros(d) };
            let centre = moments.references.row(j) + &shift;
            let second = &moments.second[j];
            // Of sums for diagonal covariances only the diagonal is there, d×1.
            let is_diagonal = second.ncols() == 1;
            let mut at = 0;
            let mut blocks = Vec::with_capacity(prior.len());
            for of_block in &prior {
                let len = of_block.d();
                let centre = centre.columns(at, len).into_owned();
                let scatter = DMatrix::from_fn(len, len, |a, b| {
                    let square = second[(at + a, if is_diagonal { 0 } else { at + b })];
                    square - shift[at + a] * shift[at + b] * count
                });
                blocks.push(of_block.updated_by(count, &centre, &scatter)?);
                at += len;
            }
            components.push(blocks);
        }
        let shares = Shares::new(weights, moments.counts.clone())?;
        let family = if is_full { CovarianceFamily::Full } else { CovarianceFamily::Diagonal };
        let (plain, log_sum) = plain(&shares, &components, family)?;
        Ok(VariationalGaussians { prior, shares, components, plain, log_sum })
    }

    /// q(π).
    pub fn shares(&self) -> &Shares {
        &self.shares
    }

    /// q(μ_j, Λ_j) of each component: one density, or one for each column.
    pub fn components(&self) -> &[Vec<GaussWishart>] {
        &self.components
    }

    /// The divergence of q(θ) from the prior, in nats.
    ///
    /// # Errors
    /// None for densities that [`VariationalGaussians::learned`] has made.
    pub fn divergence(&self) -> Result<f64> {
        let mut divergence = self.shares.divergence()?;
        for (of_one, prior) in self.components.iter().flat_map(|blocks| blocks.iter().zip(&self.prior)) {
            divergence += of_one.divergence(prior)?;
        }
        Ok(divergence)
    }

    /// The components that the data have not left, the largest first: those with an expected count above one half.
    pub fn survivors(&self) -> Vec<usize> {
        self.shares.survivors()
    }

    /// The mixture at the expected weights, means and precisions of these components, whose weights are made to sum to
    /// one.
    ///
    /// # Errors
    /// [`Error::Label`](executable_em::Error::Label) for a component that is none.
    pub fn plug_in(&self, of: &[usize]) -> Result<GaussianMixture> {
        check::labels(of, of.len(), self.components.len())?;
        let weights = self.shares.expected().select_rows(of);
        let (means, covariances) = (self.plain.means().select_rows(of), self.plain.covariances());
        let covariances = of.iter().map(|&j| covariances[j].clone()).collect();
        let weights = &weights / weights.sum();
        Ok(GaussianMixture::new(weights, means, covariances, self.plain.family())?)
    }
}

/// The plain mixture whose log joint is the expected one, but for the log of a sum.
fn plain(
    shares: &Shares,
    components: &[Vec<GaussWishart>],
    family: CovarianceFamily,
) -> Result<(GaussianMixture, f64)> {
    let d: usize = components[0].iter().map(GaussWishart::d).sum();
    let mut logs = shares.expected_logs();
    let mut means = DMatrix::zeros(components.len(), d);
    let mut covariances = Vec::with_capacity(components.len());
    for (j, blocks) in components.iter().enumerate() {
        let mut covariance = DMatrix::zeros(d, d);
        let mut at = 0;
        for block in blocks {
            let (len, of_block) = (block.d(), block.covariance());
            logs[j] += 0.5
                * (block.expected_log_determinant() + gaussian::log_determinant(&of_block)?
                    - len as f64 / block.strength());
            means.view_mut((j, at), (1, len)).copy_from(block.mean());
            covariance.view_mut((at, at), (len, len)).copy_from(&of_block);
            at += len;
        }
        covariances.push(covariance);
    }
    let (weights, log_sum): (DVector<f64>, f64) = normalised(&logs)?;
    Ok((GaussianMixture::new(weights, means, covariances, family)?, log_sum))
}

impl Fused for VariationalGaussians {
    type Statistics = Moments;

    /// The bound after the E step in place of ℓ, and the sums about the expected means.
    fn e_step(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<Moments>> {
        let Expected { log_likelihood, total, expectation } = engine.statistics(&self.plain, source)?;
        let bound = log_likelihood + total * self.log_sum - self.divergence()?;
        Ok(Expected { log_likelihood: bound, total, expectation })
    }

    fn m_step(
        &self,
        moments: &Moments,
        engine: &Engine,
        source: &dyn Source,
    ) -> Result<VariationalGaussians> {
        let moments = about_near_points(&self.plain, moments, engine, source)?;
        VariationalGaussians::learned(self.shares.prior(), self.prior.clone(), &moments)
    }

    /// The largest change of a count, as a share of the data.
    fn moved(before: (&Self, &Moments), after: (&Self, &Moments)) -> f64 {
        (after.0.shares.counts() - before.0.shares.counts()).amax() / after.1.total
    }
}
