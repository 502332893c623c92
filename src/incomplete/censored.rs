//! A normal of whose values some are known only up to an interval: censored, interval-censored and grouped data.
//!
//! One representation serves all: datum i lies in $`[a_i, b_i]`$. A value that is seen has a = b; one that was cut
//! off at c has [c, ∞) or (−∞, c]; grouped data have the edges of their bin, and a weight, the number of data in it.

use super::normal;
use crate::check;
use crate::em::{self, Climb, Expected, Fit, Stopping};
use crate::error::{Error, Result};
use nalgebra::DVector;

/// Values known up to an interval each, and how often each was met.
///
/// Source: X-10, X-11.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    low: DVector<f64>,
    high: DVector<f64>,
    counts: DVector<f64>,
}

impl Intervals {
    /// These intervals, each met once.
    ///
    /// `low` and `high` hold n numbers a_i ≤ b_i, infinite where nothing is known. [`Error::Shape`] if they differ in
    /// length, [`Error::Empty`] for none, [`Error::Domain`] for an interval that is none.
    ///
    /// Source: X-10.
    /// ```
    /// use executable_em::incomplete::censored::Intervals;
    /// use nalgebra::dvector;
    /// assert!(Intervals::new(dvector![0.3, 1.0], dvector![0.3, f64::INFINITY]).is_ok()); // one seen, one cut off at 1
    /// assert!(Intervals::new(dvector![1.0], dvector![0.0]).is_err());
    /// ```
    pub fn new(low: DVector<f64>, high: DVector<f64>) -> Result<Self> {
        let counts = DVector::from_element(low.len(), 1.0);
        Intervals::counted(low, high, counts)
    }

    /// Grouped data: these intervals, each met so many times. Errors as in [`new`](Self::new), and for counts that are
    /// negative or all zero.
    ///
    /// Source: X-11. Example: [`fit`].
    pub fn counted(low: DVector<f64>, high: DVector<f64>, counts: DVector<f64>) -> Result<Self> {
        check::shape("upper ends", high.shape(), low.shape())?;
        check::shape("counts", counts.shape(), low.shape())?;
        check::masses("counts", "count of an interval", &counts)?;
        check::positive("sum of the counts", counts.sum())?;
        for (&a, &b) in low.iter().zip(&high) {
            let sound = a <= b && a < f64::INFINITY && b > f64::NEG_INFINITY;
            check::domain("lower end of an interval", a, sound, "≤ its upper end")?;
        }
        Ok(Intervals { low, high, counts })
    }

    /// Data cut off above at `limit`: what is larger is only known to be so. `x` holds n finite numbers.
    ///
    /// Source: X-10.
    /// ```
    /// use executable_em::incomplete::censored::Intervals;
    /// use nalgebra::dvector;
    /// let data = Intervals::cut_off(&dvector![0.3, 2.0], 1.0)?;
    /// assert_eq!(data, Intervals::new(dvector![0.3, 1.0], dvector![0.3, f64::INFINITY])?);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn cut_off(x: &DVector<f64>, limit: f64) -> Result<Self> {
        check::finite("data", x)?;
        check::number("limit", limit)?;
        let high = x.map(|x| if x > limit { f64::INFINITY } else { x });
        Intervals::new(x.map(|x| x.min(limit)), high)
    }

    /// The three numbers of each interval: lower end, upper end, count.
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        (0..self.low.len()).map(|i| (self.low[i], self.high[i], self.counts[i]))
    }
}

/// A normal distribution.
///
/// Source: X-10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    mean: f64,
    variance: f64,
}

impl Normal {
    /// [`Error::Domain`] unless the mean is finite and the variance above zero.
    ///
    /// Source: X-10. Example: [`fit`].
    pub fn new(mean: f64, variance: f64) -> Result<Self> {
        check::number("mean", mean)?;
        check::positive("variance", variance)?;
        Ok(Normal { mean, variance })
    }

    /// μ, in units of the data.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// σ², in their squares.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// x in units of σ from μ.
    fn standard(&self, x: f64) -> f64 {
        (x - self.mean) / self.variance.sqrt()
    }
}

/// The log-likelihood: a density for a value that is seen, a mass for one that lies in an interval.
/// ```math
/// \ell = \sum_{i\,:\,a_i = b_i}\log\mathcal N(a_i;\mu,\sigma^2)
///   + \sum_{i\,:\,a_i<b_i}\log\Big[\Phi\Big(\frac{b_i-\mu}\sigma\Big) - \Phi\Big(\frac{a_i-\mu}\sigma\Big)\Big]
/// ```
///
/// Returns nats; [`Error::Domain`] where a square leaves the range of numbers.
///
/// Source: X-10, X-11. Example: [`fit`].
pub fn log_likelihood(model: &Normal, data: &Intervals) -> Result<f64> {
    let of_one = |(a, b, count): (f64, f64, f64)| {
        let (low, high) = (model.standard(a), model.standard(b));
        count
            * if a == b {
                normal::log_density(low) - 0.5 * model.variance.ln()
            } else {
                normal::log_mass(low, high)
            }
    };
    check::defined_number("log-likelihood", data.iter().map(of_one).sum())
}

/// The E step: mean and mean square of every value, given its interval.
/// ```math
/// E[x_i\mid a_i\le x_i\le b_i] = \mu + \sigma\,E[z], \qquad
/// E[x_i^2\mid\cdot\,] = \mu^2 + 2\mu\sigma\,E[z] + \sigma^2E[z^2]
/// ```
///
/// with the moments of the [truncated](normal::truncated_moments) standard normal; here both about μ, where nothing
/// cancels. Returns E[x_i − μ] and E[(x_i − μ)²], n numbers each; [`Error::NotFinite`] where a square leaves the
/// range of numbers.
///
/// Source: X-10, X-11.
/// ```
/// use executable_em::incomplete::censored::{Intervals, Normal, expected};
/// use nalgebra::dvector;
/// let data = Intervals::new(dvector![3.0, 1.0], dvector![3.0, f64::INFINITY])?;
/// let (first, second) = expected(&Normal::new(1.0, 4.0)?, &data)?;
/// assert_eq!((first[0], second[0]), (2.0, 4.0)); // it is seen
/// assert!((first[1] - 2.0 * (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-14 && (second[1] - 4.0).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected(model: &Normal, data: &Intervals) -> Result<(DVector<f64>, DVector<f64>)> {
    let sd = model.variance.sqrt();
    let moments: Vec<(f64, f64)> = data
        .iter()
        .map(|(a, b, _)| {
            if a == b {
                return Ok((a - model.mean, (a - model.mean).powi(2)));
            }
            let (mean, square) = normal::truncated_moments(model.standard(a), model.standard(b))?;
            Ok((sd * mean, model.variance * square))
        })
        .collect::<Result<_>>()?;
    let (first, second): (Vec<f64>, Vec<f64>) = moments.into_iter().unzip();
    Ok((check::defined("expected values", first.into())?, check::defined("expected squares", second.into())?))
}

/// The M step: mean and variance of the expected statistics.
/// ```math
/// \mu' = \mu + \frac1n\sum_i E[x_i-\mu], \qquad
/// \sigma'^2 = \frac1n\sum_i E[(x_i-\mu)^2] - (\mu'-\mu)^2
/// ```
///
/// `moments` are those of [`expected`] at this model. [`Error::Domain`] where the variance vanishes: all data are seen
/// and alike.
///
/// Source: X-10, X-11. Example: [`fit`].
pub fn maximize(model: &Normal, data: &Intervals, moments: &(DVector<f64>, DVector<f64>)) -> Result<Normal> {
    check::shape("expected values", moments.0.shape(), data.low.shape())?;
    check::shape("expected squares", moments.1.shape(), data.low.shape())?;
    let n = data.counts.sum();
    let shift = data.counts.dot(&moments.0) / n;
    Normal::new(model.mean + shift, data.counts.dot(&moments.1) / n - shift * shift)
}

/// Intervals on which a normal climbs.
///
/// Source: X-10. Example: [`fit`].
#[derive(Clone, Copy, Debug)]
pub struct OnIntervals<'a>(pub &'a Intervals);

impl Climb for OnIntervals<'_> {
    type Model = Normal;
    type Expectation = (DVector<f64>, DVector<f64>);
    type Error = Error;

    fn expect(&self, model: &Normal) -> Result<Expected<Self::Expectation>> {
        Ok(Expected {
            log_likelihood: log_likelihood(model, self.0)?,
            total: self.0.counts.sum(),
            expectation: expected(model, self.0)?,
        })
    }

    fn maximize(&self, model: &Normal, moments: &Self::Expectation) -> Result<Normal> {
        maximize(model, self.0, moments)
    }

    /// In units of σ.
    fn moved(&self, before: (&Normal, &Self::Expectation), after: (&Normal, &Self::Expectation)) -> f64 {
        let (before, after) = (before.0, after.0);
        let in_variance = (after.variance / before.variance).ln().abs();
        before.standard(after.mean).abs().max(in_variance)
    }
}

/// Runs EM on intervals from a start, by the loop of [`em`]. Errors as in [`em::fit`] and [`maximize`].
///
/// Source: X-10, X-11.
/// ```
/// use executable_em::{em::Stopping, incomplete::censored::{Intervals, Normal, fit}};
/// use nalgebra::dvector;
/// // Bins (−∞, 0), (0, 1), (1, ∞) with 5, 3 and 2 data: two free cells and two parameters, so the fit is exact.
/// let inf = f64::INFINITY;
/// let data = Intervals::counted(dvector![-inf, 0.0, 1.0], dvector![0.0, 1.0, inf], dvector![5.0, 3.0, 2.0])?;
/// let fit = fit(Normal::new(0.5, 1.0)?, &data, &Stopping::default())?;
/// assert!(fit.model.mean().abs() < 1e-3 && (fit.model.variance().sqrt() - 1.0 / 0.8416).abs() < 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit(start: Normal, data: &Intervals, stopping: &Stopping) -> Result<Fit<Normal>> {
    em::from_one(&OnIntervals(data), Ok(start), stopping)
}
