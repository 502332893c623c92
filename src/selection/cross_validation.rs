//! Cross-validation: how probable is a datum to a model that has not seen it?

use crate::check;
use crate::error::{Error, Result};
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand::seq::SliceRandom;

/// Deals n data into folds at random: every datum lies in exactly one, and their sizes differ by one at most.
///
/// Returns `count` lists of row numbers below n. [`Error::Domain`] unless 2 ≤ `count` ≤ n.
///
/// Source: B-26; Stone (1974). Example: [`cross_validate`].
pub fn folds(n: usize, count: usize, rng: &mut impl Rng) -> Result<Vec<Vec<usize>>> {
    let allowed = "at least 2 and at most the number of data";
    check::domain("number of folds", count as f64, (2..=n).contains(&count), allowed)?;
    check::storable("number of data", n)?;
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(rng);
    Ok((0..count).map(|fold| order.iter().copied().skip(fold).step_by(count).collect()).collect())
}

/// The log density of every datum under the model that was fitted without its fold.
///
/// Source: B-26.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossValidation {
    /// n values in nats, in the order of the data.
    pub log_densities: DVector<f64>,
}

impl CrossValidation {
    /// The held-out log-likelihood of all data, in nats.
    /// ```math
    /// \sum_i\log p\left(x_i\mid\hat\theta_{-f(i)}\right)
    /// ```
    /// f(i) is the fold of datum i. Unlike ℓ it falls again when k is too large.
    ///
    /// Source: B-26. Example: [`cross_validate`].
    pub fn log_likelihood(&self) -> f64 {
        self.log_densities.sum()
    }

    /// The standard error of [`log_likelihood`](Self::log_likelihood), in nats: √n times the sample standard deviation.
    ///
    /// It treats data as independent, although different folds share most of their training data; NaN for fewer than
    /// two. To compare two fits take [`better_than`](Self::better_than) instead: most of this error is common to both.
    ///
    /// Source: B-26.
    pub fn standard_error(&self) -> f64 {
        standard_error_of_sum(&self.log_densities)
    }

    /// By how many nats these held-out densities are better than `other`'s on the same data, and the standard error of
    /// that difference, from the n paired differences. [`Error::Shape`] if the other has another number of data.
    ///
    /// Source: B-26.
    /// ```
    /// use executable_em::selection::CrossValidation;
    /// use nalgebra::dvector;
    /// let one = CrossValidation { log_densities: dvector![-1.0, -101.0] };
    /// let other = CrossValidation { log_densities: dvector![-2.0, -102.0] };
    /// assert_eq!(one.better_than(&other)?, (2.0, 0.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn better_than(&self, other: &CrossValidation) -> Result<(f64, f64)> {
        check::shape("log densities", other.log_densities.shape(), self.log_densities.shape())?;
        let differences = &self.log_densities - &other.log_densities;
        Ok((differences.sum(), standard_error_of_sum(&differences)))
    }
}

/// √n times the sample standard deviation (with n − 1), for n ≥ 2.
fn standard_error_of_sum(terms: &DVector<f64>) -> f64 {
    let n = terms.len() as f64;
    // nalgebra's variance divides by n.
    (n * terms.variance() * n / (n - 1.0)).sqrt()
}

/// Fits a model to all data but a fold, asks it for the density of that fold, and goes on to the next.
/// ```math
/// \log p\left(x_i\mid\hat\theta_{-f(i)}\right), \qquad \hat\theta_{-f} = \text{the fit to}\ \{x_i : f(i)\ne f\}
/// ```
/// `x` is n×d, `folds` holds every row number below n exactly once. `fit` is given the training rows only, in their
/// order in `x`; whatever it learns from data, starts and scales too, it must learn from these. [`Error::Domain`] for a
/// row that is left out or held out twice, [`Error::Label`] for a row ≥ n, [`Error::ImpossibleDatum`] for a datum of
/// density zero, and the errors of `fit`.
///
/// Source: B-26; Stone (1974); Smyth (2000) for mixtures.
/// ```
/// use executable_em::{data, em::Stopping, gaussian_mixture::{CovarianceFamily, kmeans_start}};
/// use executable_em::selection::{Restarts, best_fit, cross_validate, folds};
/// let (x, _) = data::blobs();
/// let folds = folds(x.nrows(), 5, &mut data::rng(1))?;
/// let restarts = Restarts { starts: 2, seed: 1, stopping: Stopping::default() };
/// let start = |x: &_, k, rng: &mut data::Rng| kmeans_start(x, k, CovarianceFamily::Full, rng);
/// let held_out = |k| cross_validate(&x, &folds, |train| Ok(best_fit(train, k, &restarts, start)?.model));
/// let (gain, error) = held_out(4)?.better_than(&held_out(3)?)?;
/// assert!(gain > 5.0 * error);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn cross_validate<M: Model>(
    x: &DMatrix<f64>,
    folds: &[Vec<usize>],
    mut fit: impl FnMut(&DMatrix<f64>) -> Result<M>,
) -> Result<CrossValidation> {
    check::finite("data", x)?;
    let fold_of = fold_of_each(x.nrows(), folds)?;
    let mut log_densities = DVector::zeros(x.nrows());
    for (index, fold) in folds.iter().enumerate() {
        let training: Vec<usize> = (0..x.nrows()).filter(|&i| fold_of[i] != index).collect();
        let model = fit(&x.select_rows(&training))?;
        let log_joint = model.log_joint(&x.select_rows(fold))?;
        let marginals = latent::log_marginals(&log_joint).map_err(|error| match error {
            Error::ImpossibleDatum { row } => Error::ImpossibleDatum { row: fold[row] },
            other => other,
        })?;
        for (&i, &log_density) in fold.iter().zip(&marginals) {
            log_densities[i] = log_density;
        }
    }
    Ok(CrossValidation { log_densities })
}

/// The fold of each of n data, if every datum has exactly one and at least two folds have data.
fn fold_of_each(n: usize, folds: &[Vec<usize>]) -> Result<Vec<usize>> {
    let mut folds_of = vec![Vec::new(); n];
    for (index, fold) in folds.iter().enumerate() {
        let (size, allowed) = (fold.len(), "at least 1 and less than the number of data");
        check::domain("size of a fold", size as f64, (1..n).contains(&size), allowed)?;
        for &row in fold {
            check::label(row, row, n)?;
            folds_of[row].push(index);
        }
    }
    let only = |folds: Vec<usize>| {
        check::domain("number of folds that a datum lies in", folds.len() as f64, folds.len() == 1, "1")?;
        Ok(folds[0])
    };
    folds_of.into_iter().map(only).collect()
}
