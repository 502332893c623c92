//! Every k in turn, each from several starts: the search that the criteria judge.

use super::{Criteria, FreeParameters, criteria, icl};
use crate::data::{self, Rng};
use crate::em::{self, Fit, OnData, Stopping};
use crate::error::{Error, Result};
use crate::latent::{self, Model};
use crate::{bound, check};
use nalgebra::DMatrix;
use std::ops::ControlFlow;

/// How hard to look for the maximum of ℓ: how many starts, from which seed, and when a run stops.
///
/// Source: B-26, T-06.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restarts {
    /// The number of starts, at least one.
    pub starts: usize,
    /// The seed of the generator that they are drawn from, the same for every k.
    pub seed: u64,
    /// When a run stops.
    pub stopping: Stopping,
}

/// One k of a search: the best fit found and what the criteria say to it.
///
/// Source: B-26.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate<M> {
    /// The number of components.
    pub k: usize,
    /// The run of highest ℓ.
    pub fit: Fit<M>,
    /// The number of free parameters.
    pub parameters: usize,
    /// AIC and BIC.
    pub criteria: Criteria,
    /// ICL.
    pub icl: f64,
}

/// The best of several runs of EM with k components.
///
/// `start` draws a start for the data and the k that it is given; `x` is n×d. Runs that fail, as where a component
/// collapses, are passed over, so what is found is a local maximum of finite ℓ: the supremum of a mixture with free
/// covariances is +∞, and "the" maximum that the criteria speak of is the highest proper one. There is no proof that it
/// has been found. [`Error::ComponentCount`] unless 1 ≤ k ≤ n, and the errors of [`em::best_of`].
///
/// Source: B-26, C-10, T-06, B-05. Example: [`cross_validate`](super::cross_validate).
pub fn best_fit<M: Model>(
    x: &DMatrix<f64>,
    k: usize,
    restarts: &Restarts,
    start: impl Fn(&DMatrix<f64>, usize, &mut Rng) -> Result<M>,
) -> Result<Fit<M>> {
    let climb = OnData::new(x)?;
    check::component_count(k, x.nrows())?;
    // A generator of its own for every k: what is found for one does not depend on which others are tried.
    let mut rng = data::rng(restarts.seed);
    let starts = (0..restarts.starts).map(|_| start(x, k, &mut rng));
    em::best_of(&climb, starts, &restarts.stopping, |_| ControlFlow::Continue(()))
}

/// Fits every k and judges it.
///
/// `x` is n×d, `start` as in [`best_fit`]; returns a candidate for each of `ks`, in order, the same for the same seed.
///
/// Source: B-26, H-08.
/// ```
/// use executable_em::{data, em::Stopping, gaussian_mixture::{CovarianceFamily, kmeans_start}};
/// use executable_em::selection::{self, Restarts, search};
/// let (x, _) = data::blobs();
/// let restarts = Restarts { starts: 2, seed: 1, stopping: Stopping::default() };
/// let found = search(&x, 3..=5, &restarts, |x, k, rng| kmeans_start(x, k, CovarianceFamily::Full, rng))?;
/// assert_eq!(selection::chosen_k(&found, |candidate| candidate.criteria.bic)?, 4);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn search<M: Model + FreeParameters>(
    x: &DMatrix<f64>,
    ks: impl IntoIterator<Item = usize>,
    restarts: &Restarts,
    start: impl Fn(&DMatrix<f64>, usize, &mut Rng) -> Result<M>,
) -> Result<Vec<Candidate<M>>> {
    let candidate = |k| {
        let fit = best_fit(x, k, restarts, &start)?;
        let (n, parameters) = (x.nrows(), fit.model.free_parameters());
        let entropy = bound::entropy(&latent::responsibilities(&fit.model.log_joint(x)?)?)?;
        let criteria = criteria(fit.log_likelihood, parameters, n)?;
        let icl = icl(fit.log_likelihood, parameters, n, entropy)?;
        Ok(Candidate { k, fit, parameters, criteria, icl })
    };
    ks.into_iter().map(candidate).collect()
}

/// The k of the candidate with the lowest value of a criterion, the first one in a tie; [`Error::Empty`] without any.
///
/// Source: B-26. Example: [`search`].
pub fn chosen_k<M>(candidates: &[Candidate<M>], criterion: impl Fn(&Candidate<M>) -> f64) -> Result<usize> {
    let best = candidates.iter().min_by(|one, other| criterion(one).total_cmp(&criterion(other)));
    best.map(|candidate| candidate.k).ok_or(Error::Empty { what: "candidates" })
}
