//! Three shortcuts, each of them wrong: to drop rows, to fill gaps with means, to forget what stays uncertain.

use super::Incomplete;
use super::mixture::{OnIncomplete, Posterior};
use crate::em::{Climb, Expected};
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

/// Listwise deletion: the rows of which every cell is seen.
///
/// It wastes what the other rows say, and is biased unless cells are missing completely at random: rows that are kept
/// are then a sample of another population. Returns m×d; [`Error::Empty`] if no row is complete.
///
/// Source: X-02; Little and Rubin (2019), §3.2.
/// ```
/// use executable_em::incomplete::{Incomplete, shortcuts::listwise};
/// use nalgebra::dmatrix;
/// assert_eq!(listwise(&Incomplete::new(dmatrix![1.0, f64::NAN; 2.0, 5.0])?)?, dmatrix![2.0, 5.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn listwise(data: &Incomplete) -> Result<DMatrix<f64>> {
    let complete = data.patterns().iter().find(|pattern| pattern.missing.is_empty());
    match complete {
        Some(pattern) => Ok(data.values().select_rows(&pattern.rows)),
        None => Err(Error::Empty { what: "rows without a gap" }),
    }
}

/// Mean imputation: every gap filled with the mean of its column.
/// ```math
/// \hat x_{ia} = \frac1{n_a}\sum_{i'\,:\,x_{i'a}\text{ seen}} x_{i'a}
/// ```
///
/// What is filled in adds nothing to the scatter but counts among the n data: variances and covariances shrink, a
/// variance by the share of its column that is missing. Returns n×d.
///
/// Source: X-02; Little and Rubin (2019), §4.2.
/// ```
/// use executable_em::incomplete::{Incomplete, shortcuts::mean_imputed};
/// use nalgebra::dmatrix;
/// assert_eq!(mean_imputed(&Incomplete::new(dmatrix![1.0; f64::NAN; 3.0])?), dmatrix![1.0; 2.0; 3.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn mean_imputed(data: &Incomplete) -> DMatrix<f64> {
    data.filled_with_means()
}

/// EM that takes the expected cells for the data: the M step without the conditional covariance.
/// ```math
/// \Sigma = \frac1n\sum_i(m_i-\mu)(m_i-\mu)^\top \qquad\text{(wrong: } C_i \text{ is forgotten)}
/// ```
///
/// It comes to rest, but not where ℓ is highest, and ℓ may fall on the way: stop it by its parameters. A gap is put on
/// the line of the regression, so the line fits too well, and the correlation comes out too strong.
///
/// Source: X-02, X-04; Little and Rubin (2019).
/// ```
/// use executable_em::incomplete::{Incomplete, mixture::of_one, shortcuts::Forgetful};
/// use executable_em::{data, em::{self, Stopping, Tolerance}};
/// use nalgebra::{dmatrix, dvector};
/// use std::ops::ControlFlow;
/// let mut x = data::old_faithful();
/// (0..272).step_by(3).for_each(|i| x[(i, 1)] = f64::NAN);
/// let (data, start) = (Incomplete::new(x)?, of_one(&dvector![3.5, 70.0], dmatrix![1.0, 0.0; 0.0, 100.0])?);
/// let stopping = Stopping { tolerance: Tolerance::Parameters(1e-9), max_sweeps: 1000 };
/// let rest = em::best_of(&Forgetful(&data), [Ok(start)], &stopping, |_| ControlFlow::Continue(()))?.model;
/// let covariance = &rest.covariances()[0];
/// assert!(covariance[(0, 1)] / (covariance[(0, 0)] * covariance[(1, 1)]).sqrt() > 0.92); // 0.899 is right
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Forgetful<'a>(pub &'a Incomplete);

impl Climb for Forgetful<'_> {
    type Model = GaussianMixture;
    type Expectation = Posterior;
    type Error = Error;

    fn expect(&self, model: &GaussianMixture) -> Result<Expected<Posterior>> {
        let expected = OnIncomplete(self.0).expect(model)?;
        Ok(Expected { expectation: expected.expectation.without_covariances(), ..expected })
    }

    fn maximize(&self, model: &GaussianMixture, posterior: &Posterior) -> Result<GaussianMixture> {
        OnIncomplete(self.0).maximize(model, posterior)
    }

    fn moved(&self, before: (&GaussianMixture, &Posterior), after: (&GaussianMixture, &Posterior)) -> f64 {
        OnIncomplete(self.0).moved(before, after)
    }
}
