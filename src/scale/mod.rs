//! EM on data of any size: a step is a map over the data and a sum, so it can be split, streamed and shared.
//!
//! Of the data the M step needs three sums a component, nothing else ([`Moments`]). They add up: over blocks of a file, threads,
//! machines. So the n×k matrix of responsibilities need never exist. The [engine](crate::engine) is this observation, made fast;
//! here it is written as on the blackboard.
//!
//! | file | what it derives |
//! |---|---|
//! | this one | the sufficient statistics, their sum, the M step from them, a sweep in parts |
//! | [`cost`] | what a sweep must compute, and how measured times grow |
//! | [`results`] | the times that `make bench` measured |

pub mod cost;
#[cfg(feature = "figures")]
pub mod results;

use crate::error::{Error, Result};
use crate::gaussian_mixture::{GaussianMixture, Parts};
use crate::{check, latent};
use nalgebra::{DMatrix, DVector};

/// The sufficient statistics of weighted data, about a reference point c_j for every component.
///
/// ```math
/// R_j = \sum_i r_{ij}, \qquad s_j = \sum_i r_{ij}(x_i - c_j), \qquad
/// S_j = \sum_i r_{ij}(x_i - c_j)(x_i - c_j)^\top
/// ```
///
/// The name: the expected complete-data log-likelihood depends on x through these sums alone. For the Gaussian
/// mixture, an exponential family once the labels are known, their number does not grow with n: k(1 + d + d(d+1)/2).
///
/// Source: H-34, C-40, B-24. Dempster, Laird and Rubin (1977), §2.
///
/// ```
/// use executable_em::scale::Moments;
/// use nalgebra::{dmatrix, dvector};
/// let moments = Moments::of(&dmatrix![1.0; 3.0], &dmatrix![1.0; 0.5], &dmatrix![0.0])?;
/// assert_eq!((moments.counts[0], moments.first[0], moments.second[0][0]), (1.5, 2.5, 5.5));
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The reference points c, k×d.
    pub references: DMatrix<f64>,
    /// R: k numbers.
    pub counts: DVector<f64>,
    /// s, k×d: a row a component.
    pub first: DMatrix<f64>,
    /// S: k symmetric d×d matrices.
    pub second: Vec<DMatrix<f64>>,
}

impl Moments {
    /// The sums over these data.
    ///
    /// ```math
    /// R_j = \sum_i r_{ij}, \qquad s_j = \sum_i r_{ij}(x_i - c_j), \qquad
    /// S_j = \sum_i r_{ij}(x_i - c_j)(x_i - c_j)^\top
    /// ```
    ///
    /// `x` is n×d, `r` n×k, `references` k×d.
    ///
    /// Source: H-34, C-40, B-24. Example: [`Moments`].
    pub fn of(x: &DMatrix<f64>, r: &DMatrix<f64>, references: &DMatrix<f64>) -> Result<Self> {
        check::state(x, r, references)?;
        let (k, d) = references.shape();
        let mut moments = Moments {
            references: references.clone(),
            counts: latent::counts(r),
            first: DMatrix::zeros(k, d),
            second: vec![DMatrix::zeros(d, d); k],
        };
        for (i, datum) in x.row_iter().enumerate() {
            for j in 0..k {
                let v = datum - references.row(j);
                let mut first = moments.first.row_mut(j);
                first += &v * r[(i, j)];
                moments.second[j] += v.transpose() * &v * r[(i, j)];
            }
        }
        Ok(moments)
    }

    /// The map: what these data contribute at the parameters θ, about the means of θ.
    ///
    /// ```math
    /// r_{ij} = p(z_i = j \mid x_i, \theta), \qquad c_j = \mu_j
    /// ```
    ///
    /// `x` is n×d. Each datum's part depends on that datum and θ alone: no two workers need talk to each other.
    ///
    /// Source: Dempster, Laird and Rubin (1977), §2; Dean and Ghemawat (2008) for the words map and reduce.
    ///
    /// ```
    /// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}, scale::Moments};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// assert!((Moments::map(&model, &x)?.counts.sum() - 272.0).abs() < 1e-9);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn map(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Self> {
        Moments::of(x, &model.responsibilities(x)?, model.means())
    }

    /// The sum: the statistics of both data sets together.
    ///
    /// ```math
    /// \sum_{i\in A\cup B} = \sum_{i\in A} + \sum_{i\in B}
    /// ```
    ///
    /// [`Error::Shape`] for another k or d, [`Error::Domain`] for other reference points: move them first ([`Moments::about`]).
    ///
    /// Source: Dempster, Laird and Rubin (1977), §2.
    ///
    /// ```
    /// use executable_em::scale::Moments;
    /// use nalgebra::dmatrix;
    /// let of = |x: f64| Moments::of(&dmatrix![x], &dmatrix![1.0], &dmatrix![0.0]);
    /// let both = of(1.0)?.plus(&of(3.0)?)?;
    /// assert_eq!((both.counts[0], both.first[0], both.second[0][0]), (2.0, 4.0, 10.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn plus(&self, other: &Moments) -> Result<Self> {
        check::shape("reference points", other.references.shape(), self.references.shape())?;
        if let Some(at) = (0..self.references.len()).find(|&at| self.references[at] != other.references[at]) {
            let (value, allowed) = (other.references[at], "that of the moments it joins");
            return Err(Error::Domain { what: "reference point", value, allowed });
        }
        Ok(Moments {
            references: self.references.clone(),
            counts: &self.counts + &other.counts,
            first: &self.first + &other.first,
            second: self.second.iter().zip(&other.second).map(|(one, other)| one + other).collect(),
        })
    }

    /// The same data seen from other points: the parallel-axis theorem.
    ///
    /// ```math
    /// s'_j = s_j - R_j\delta_j, \qquad
    /// S'_j = S_j - s_j\delta_j^\top - \delta_j s_j^\top + R_j\,\delta_j\delta_j^\top, \qquad \delta_j = c'_j - c_j
    /// ```
    ///
    /// `references` holds the k×d new points c'. Exact on the blackboard; in floating point what is subtracted must not dwarf
    /// what is left, so a far move costs digits.
    ///
    /// Source: C-40, C-E16. Steiner's theorem; Chan, Golub and LeVeque (1983).
    ///
    /// ```
    /// use executable_em::scale::Moments;
    /// use nalgebra::dmatrix;
    /// let (x, r) = (dmatrix![1.0; 3.0], dmatrix![1.0; 1.0]);
    /// let moved = Moments::of(&x, &r, &dmatrix![0.0])?.about(&dmatrix![2.0])?;
    /// assert_eq!(moved, Moments::of(&x, &r, &dmatrix![2.0])?);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn about(&self, references: &DMatrix<f64>) -> Result<Self> {
        check::finite("reference points", references)?;
        check::shape("reference points", references.shape(), self.references.shape())?;
        let mut moved = Moments { references: references.clone(), ..self.clone() };
        for j in 0..self.counts.len() {
            let delta = references.row(j) - self.references.row(j);
            let (s, count) = (self.first.row(j), self.counts[j]);
            moved.first.set_row(j, &(s - &delta * count));
            moved.second[j] +=
                delta.transpose() * &delta * count - s.transpose() * &delta - delta.transpose() * s;
        }
        Ok(moved)
    }

    /// The reduction: the M step, from the sums alone.
    ///
    /// ```math
    /// \pi_j = \frac{R_j}{\sum_l R_l}, \qquad \mu_j = c_j + \frac{s_j}{R_j}, \qquad
    /// \Sigma_j = \frac{S_j}{R_j} - \frac{s_j}{R_j}\frac{s_j^\top}{R_j}
    /// ```
    ///
    /// About c = 0 it is the raw-moment form of the lectures; about c = μ, the means of the sweep before, the second term
    /// of Σ is the square of how far the mean has moved, small where EM is near its end. `previous` are the parameters that the
    /// responsibilities came from; a component with R_j = 0 keeps its own. [`Error::Domain`] if all counts are zero.
    ///
    /// Source: H-34, C-40, T-45.
    ///
    /// ```
    /// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}, latent::Model, scale::Moments};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// let from_sums = Moments::map(&model, &x)?.maximize(&model)?;
    /// let from_data = model.maximize(&x, &model.responsibilities(&x)?)?;
    /// assert!((from_sums.means() - from_data.means()).amax() < 1e-11);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn maximize(&self, previous: &GaussianMixture) -> Result<GaussianMixture> {
        let (weights, means, covariances) = self.updated(previous)?;
        GaussianMixture::new(weights, means, covariances, previous.family())
    }

    /// What [`Moments::maximize`] makes of the parameters, before they are seen to be a mixture: a covariance may be singular,
    /// which a floor can mend.
    ///
    /// Source: H-34, C-40, T-45. Example: [`Moments::maximize`].
    pub fn updated(&self, previous: &GaussianMixture) -> Result<Parts> {
        check::shape("means", previous.means().shape(), self.references.shape())?;
        check::shape("covariances", (previous.covariances().len(), 1), (self.counts.len(), 1))?;
        let total = self.counts.sum();
        check::positive("sum of the counts", total)?;
        let (mut means, mut covariances) = (previous.means().clone(), previous.covariances().to_vec());
        for (j, covariance) in covariances.iter_mut().enumerate() {
            if self.counts[j] > 0.0 {
                let shift = self.first.row(j) / self.counts[j];
                means.set_row(j, &(self.references.row(j) + &shift));
                *covariance = &self.second[j] / self.counts[j] - shift.transpose() * &shift;
            }
        }
        let weights = &self.counts / total;
        let covariances = previous.family().constrain(covariances, &weights)?;
        Ok((weights, means, covariances))
    }
}

/// One sweep of EM over data that nobody holds in one piece.
///
/// ```math
/// \theta' = M\Big(\sum_{\text{parts}} \mathrm{moments}(\text{part}, \theta)\Big)
/// ```
///
/// `parts` are n_b×d matrices; how the data are cut changes nothing but the rounding. [`Error::Empty`] for no parts, the errors of
/// [`GaussianMixture::responsibilities`] for a part that does not fit.
///
/// Source: H-38, T-45. Dempster, Laird and Rubin (1977), §2.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}, scale};
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let parts = [x.rows(0, 100).into_owned(), x.rows(100, 172).into_owned()];
/// let swept = scale::sweep(&model, &parts)?;
/// assert!((swept.means() - em::sweep(&model, &x)?.means()).amax() < 1e-11);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sweep(model: &GaussianMixture, parts: &[DMatrix<f64>]) -> Result<GaussianMixture> {
    let mut moments = parts.iter().map(|part| Moments::map(model, part));
    let first = moments.next().ok_or(Error::Empty { what: "parts" })??;
    let sum = moments.try_fold(first, |sum, part| sum.plus(&part?))?;
    sum.maximize(model)
}
