//! Data in units of their spread, and what is fitted to them back in their own units.

use super::spread::Spread;
use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, RowDVector};

/// Standard units: those in which every column has mean 0 and variance 1.
///
/// ```math
/// y = D^{-1}(x - \bar x), \qquad D = \operatorname{diag}(s_1, \dots, s_d)
/// ```
/// Source: H-06.
///
/// ```
/// use executable_em::scale::{spread::Spread, units::Units};
/// use nalgebra::dmatrix;
/// let x = dmatrix![1.0; 5.0];
/// let mut spread = Spread::EMPTY;
/// spread.add(x.as_slice());
/// assert_eq!(Units::of(&[spread])?.standardize(x)?, dmatrix![-1.0; 1.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Units {
    mean: RowDVector<f64>,
    sd: RowDVector<f64>,
}

impl Units {
    /// The units of columns that spread so. [`Error::Domain`](crate::Error::Domain) for one that does not spread.
    ///
    /// Source: H-06. Example: [`Units`].
    pub fn of(columns: &[Spread]) -> Result<Self> {
        let of =
            |part: fn(&Spread) -> f64| RowDVector::from_iterator(columns.len(), columns.iter().map(part));
        let units = Units { mean: of(Spread::mean), sd: of(Spread::sd) };
        units.sd.iter().try_for_each(|&sd| check::positive("standard deviation", sd))?;
        Ok(units)
    }

    /// What is taken off each of the d columns, in its units. Source: H-06.
    ///
    /// ```
    /// use executable_em::scale::{spread::Spread, units::Units};
    /// let mut spread = Spread::EMPTY;
    /// spread.add(&[1.0, 5.0]);
    /// let units = Units::of(&[spread])?;
    /// assert_eq!((units.means()[0], units.deviations()[0]), (3.0, 2.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn means(&self) -> &RowDVector<f64> {
        &self.mean
    }

    /// What it is divided by then: d standard deviations. Source: H-06. Example: [`Units::means`].
    pub fn deviations(&self) -> &RowDVector<f64> {
        &self.sd
    }

    /// The data in these units; `x` is n×d.
    ///
    /// ```math
    /// y_{ia} = \frac{x_{ia} - \bar x_a}{s_a}
    /// ```
    /// [`Error::Shape`](crate::Error::Shape) for other columns. Source: H-06. Example: [`Units`].
    pub fn standardize(&self, x: DMatrix<f64>) -> Result<DMatrix<f64>> {
        check::data(&x, self.sd.len())?;
        self.standardize_seen(x)
    }

    /// The same of a table in which NaN stands for a missing cell, which stays so.
    ///
    /// Source: H-06, X-04.
    ///
    /// ```
    /// # use executable_em::scale::{spread::Spread, units::Units};
    /// use nalgebra::dmatrix;
    /// let mut spread = Spread::EMPTY;
    /// spread.add(&[1.0, 5.0]);
    /// let y = Units::of(&[spread])?.standardize_seen(dmatrix![1.0; f64::NAN])?;
    /// assert!(y[0] == -1.0 && y[1].is_nan());
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn standardize_seen(&self, mut x: DMatrix<f64>) -> Result<DMatrix<f64>> {
        check::shape("data", x.shape(), (x.nrows(), self.sd.len()))?;
        for (a, mut column) in x.column_iter_mut().enumerate() {
            column.apply(|value| *value = (*value - self.mean[a]) / self.sd[a]);
        }
        Ok(x)
    }

    /// Points in these units brought back to those of the data; the inverse of [`standardize`](Self::standardize).
    ///
    /// ```math
    /// x_{ia} = \bar x_a + s_a\,y_{ia}
    /// ```
    /// Errors as there, and [`Error::NotFinite`](crate::Error::NotFinite) where a product overflows. Source: H-06.
    /// ```
    /// # use executable_em::scale::{spread::Spread, units::Units};
    /// let mut spread = Spread::EMPTY;
    /// spread.add(&[1.0, 5.0]);
    /// assert_eq!(Units::of(&[spread])?.back(nalgebra::dmatrix![-1.0; 0.5])?, nalgebra::dmatrix![1.0; 4.0]);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn back(&self, y: DMatrix<f64>) -> Result<DMatrix<f64>> {
        check::data(&y, self.sd.len())?;
        let x = y.map_with_location(|_, a, value| self.mean[a] + self.sd[a] * value);
        check::finite("means", &x)?;
        Ok(x)
    }

    /// By how much a datum's log density is larger in these units than in its own, in nats: the log volume of a unit.
    ///
    /// ```math
    /// p_X(x) = p_Y(y)\,\Big|\frac{\partial y}{\partial x}\Big| = \frac{p_Y(y)}{\prod_a s_a}, \qquad
    /// \ell_X = \ell_Y - n\sum_a\log s_a
    /// ```
    /// Source: H-06; the change of variables of a density.
    ///
    /// ```
    /// # use executable_em::scale::{spread::Spread, units::Units};
    /// let mut spread = Spread::EMPTY;
    /// spread.add(&[1.0, 5.0]);
    /// assert_eq!(Units::of(&[spread, spread])?.log_volume(), 2.0 * 2_f64.ln());
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_volume(&self) -> f64 {
        self.sd.map(f64::ln).sum()
    }

    /// The same on the average of data of which cells are missing: a cell that is not seen has no density to change.
    ///
    /// ```math
    /// \frac1n\sum_a n_a\log s_a
    /// ```
    /// `shares` holds n_a/n for each of d columns, n_a the number of data whose cell is seen.
    /// [`Error::Shape`](crate::Error::Shape) for another number of them.
    ///
    /// Source: H-06, X-05.
    ///
    /// ```
    /// # use executable_em::scale::{spread::Spread, units::Units};
    /// let mut spread = Spread::EMPTY;
    /// spread.add(&[1.0, 5.0]);
    /// let units = Units::of(&[spread, spread])?;
    /// assert_eq!(units.log_volume_of_seen(&[1.0, 0.5])?, 1.5 * 2_f64.ln());
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn log_volume_of_seen(&self, shares: &[f64]) -> Result<f64> {
        check::shape("shares of cells that are seen", (1, shares.len()), self.sd.shape())?;
        let volume = self.sd.iter().zip(shares).map(|(sd, share)| share * sd.ln()).sum();
        check::number("log volume", volume)?;
        Ok(volume)
    }

    /// The mixture of the data in their own units, from that of the data in these.
    ///
    /// ```math
    /// \mu_j = \bar x + D\mu^Y_j, \qquad \Sigma_j = D\,\Sigma^Y_j D
    /// ```
    /// An affine map of a Gaussian is a Gaussian, and the label does not change. What was round is so no longer: a
    /// spherical family becomes a diagonal one. [`Error::Shape`](crate::Error::Shape) for another dimension, the errors
    /// of [`GaussianMixture::new`] where a product of spreads overflows.
    ///
    /// Source: H-06, H-22.
    ///
    /// ```
    /// # use executable_em::scale::{spread::Spread, units::Units};
    /// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
    /// use nalgebra::{dmatrix, dvector};
    /// let mut spread = Spread::EMPTY;
    /// spread.add(&[1.0, 5.0]);
    /// let standard = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
    /// let model = Units::of(&[spread])?.undo(&standard)?;
    /// assert_eq!((model.means()[0], model.covariances()[0][0]), (3.0, 4.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn undo(&self, model: &GaussianMixture) -> Result<GaussianMixture> {
        let d = self.sd.len();
        check::shape("means", model.means().shape(), (model.k(), d))?;
        let means = self.back(model.means().clone())?;
        // The product of the spreads comes first, so that both halves stay the same.
        let covariance = |covariance: &DMatrix<f64>| match model.variances() {
            None => DMatrix::from_fn(d, d, |a, b| covariance[(a, b)] * (self.sd[a] * self.sd[b])),
            Some(_) => DMatrix::from_fn(d, 1, |a, _| covariance[a] * (self.sd[a] * self.sd[a])),
        };
        let family = match model.family() {
            CovarianceFamily::Spherical => CovarianceFamily::Diagonal,
            other => other,
        };
        let covariances = model.stored_covariances().iter().map(covariance).collect();
        GaussianMixture::new(model.weights().clone(), means, covariances, family)
    }
}
