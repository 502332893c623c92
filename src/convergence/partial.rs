//! An M step after every few data: EM for the impatient, and for data that are seen once.

use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::GaussianMixture;
use crate::scale::{Moments, SufficientStatistics};
use nalgebra::DMatrix;

/// One pass of incremental EM: an E step for a block of data, an M step for all, then the next block.
/// ```math
/// q_B \leftarrow \arg\max_{q_B}\mathcal F(q, \theta), \qquad \theta \leftarrow \arg\max_\theta\mathcal F(q, \theta),
/// \qquad B = B_1, B_2, \dots
/// ```
///
/// Both lines climb F(q, θ), so F never falls; ℓ may, for q is stale in the other blocks. θ learns from a block
/// before it sees the next, and a pass usually gains more than a sweep. The sums of a block are taken out and put back,
/// so an M step costs no pass over the data. `x` is n×d, `q` n×k, and the blocks are `blocks` runs of rows as equal as
/// may be. Returns the model and the q after the pass. [`Error::Domain`](crate::Error::Domain) unless 1 ≤ `blocks` ≤ n.
///
/// Source: X-19; Neal and Hinton (1998).
/// ```
/// use executable_em::{bound, convergence::partial::incremental, data, latent::Model};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let q = start.responsibilities(&x)?;
/// let (next, q_next) = incremental(&start, &x, &q, 10)?;
/// let f = |model: &executable_em::gaussian_mixture::GaussianMixture, q| bound::lower_bound(q, &model.log_joint(&x)?);
/// assert!(f(&next, &q_next)? > f(&start, &q)?);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn incremental(
    start: &GaussianMixture,
    x: &DMatrix<f64>,
    q: &DMatrix<f64>,
    blocks: usize,
) -> Result<(GaussianMixture, DMatrix<f64>)> {
    check::data(x, start.d())?;
    check::distributions("q", q, (x.nrows(), start.k()))?;
    let (n, references) = (x.nrows(), start.means().clone());
    check::domain("number of blocks", blocks as f64, (1..=n).contains(&blocks), "between 1 and n")?;
    let (mut model, mut q) = (start.clone(), q.clone());
    let mut sums = Moments::of(x, &q, &references)?;
    for block in 0..blocks {
        let (from, to) = (block * n / blocks, (block + 1) * n / blocks);
        let rows = x.rows(from, to - from).into_owned();
        let old = Moments::of(&rows, &q.rows(from, to - from).into_owned(), &references)?;
        let r = model.responsibilities(&rows)?;
        sums = blend(&blend(&sums, 1.0, &old, -1.0), 1.0, &Moments::of(&rows, &r, &references)?, 1.0);
        q.rows_mut(from, to - from).copy_from(&r);
        model = sums.maximize(&model)?;
    }
    Ok((model, q))
}

/// a·one + b·other.
fn blend(one: &Moments, a: f64, other: &Moments, b: f64) -> Moments {
    Moments {
        references: one.references.clone(),
        total: a * one.total + b * other.total,
        counts: &one.counts * a + &other.counts * b,
        first: &one.first * a + &other.first * b,
        second: one.second.iter().zip(&other.second).map(|(one, other)| one * a + other * b).collect(),
    }
}

/// Stepwise EM: a running average of the sufficient statistics, for data that come once and are not kept.
///
/// Source: X-20; Cappé and Moulines (2009).
#[derive(Clone, Debug)]
pub struct Stepwise {
    model: GaussianMixture,
    average: Moments,
    exponent: f64,
    seen: usize,
}

impl Stepwise {
    /// Begins at a model. The `exponent` κ lies in (½, 1]: nearer to ½ the start is forgotten sooner, nearer to 1
    /// less noise is left. `first` is a first batch, m×d, large enough for a covariance of every component.
    ///
    /// Source: X-20. Example: [`Self::see`].
    pub fn new(model: GaussianMixture, first: &DMatrix<f64>, exponent: f64) -> Result<Self> {
        check::domain("exponent", exponent, exponent > 0.5 && exponent <= 1.0, "> ½ and ≤ 1")?;
        let average = mean_of_moments(&model, first, &model.means().clone())?;
        Ok(Stepwise { model, average, exponent, seen: 0 })
    }

    /// Learns from one more batch, and forgets the data.
    /// ```math
    /// s \leftarrow (1 - \eta_t)\,s + \eta_t\,\frac1m\sum_{i=1}^m E[t(x_i, z_i)\mid x_i, \theta], \qquad
    /// \eta_t = (t + 2)^{-\kappa}, \qquad \theta \leftarrow M(s)
    /// ```
    ///
    /// The steps sum to infinity, so any start is forgotten, and their squares do not, so the noise dies out. `x` is
    /// m×d.
    ///
    /// Source: X-20; Cappé and Moulines (2009), Robbins and Monro (1951).
    /// ```
    /// use executable_em::{convergence::partial::Stepwise, data, gaussian_mixture::{CovarianceFamily, kmeans_start}};
    /// let (x, _) = data::blobs();
    /// let mut rng = data::rng(1);
    /// let start = kmeans_start(&x, 4, CovarianceFamily::Full, &mut rng)?;
    /// let mut learner = Stepwise::new(start.clone(), &x, 0.7)?;
    /// for _ in 0..50 {
    ///     learner.see(&start.sample(20, &mut rng)?.0)?;
    /// }
    /// assert!((learner.model().means() - start.means()).amax() < 0.5);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn see(&mut self, x: &DMatrix<f64>) -> Result<()> {
        let eta = (self.seen as f64 + 2.0).powf(-self.exponent);
        let batch = mean_of_moments(&self.model, x, &self.average.references)?;
        let average = blend(&self.average, 1.0 - eta, &batch, eta);
        self.model = average.maximize(&self.model)?;
        (self.average, self.seen) = (average, self.seen + 1);
        Ok(())
    }

    /// θ by now.
    pub fn model(&self) -> &GaussianMixture {
        &self.model
    }
}

fn mean_of_moments(model: &GaussianMixture, x: &DMatrix<f64>, references: &DMatrix<f64>) -> Result<Moments> {
    let sums = Moments::of(x, &model.responsibilities(x)?, references)?;
    Ok(blend(&sums, 1.0 / sums.total, &sums, 0.0))
}
