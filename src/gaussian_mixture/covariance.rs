//! Which covariances a component may have: full, tied, diagonal or spherical.

use super::axes;
use crate::check;
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};

/// A family of covariances that the M step chooses from.
///
/// Each restricts the one before or beside it, at a price: on correlated data a round fit may lose hundreds of nats.
///
/// Source: L-24, T-09, T-13, L-E08.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CovarianceFamily {
    /// Every component has its own Σ_j.
    #[default]
    Full,
    /// All components share one Σ.
    Tied,
    /// Σ_j is diagonal: within a component the coordinates are independent.
    Diagonal,
    /// Σ_j = σ_j² I: every component is round.
    Spherical,
}

impl CovarianceFamily {
    /// All four families.
    pub const ALL: [Self; 4] = [Self::Full, Self::Tied, Self::Diagonal, Self::Spherical];

    /// The maximum-likelihood covariances of this family, from those of the full one.
    /// ```math
    /// \Sigma^{\text{tied}} = \sum_j \pi_j\Sigma_j, \qquad
    /// \Sigma_j^{\text{diag}} = \operatorname{diag}(\Sigma_j), \qquad
    /// \sigma_j^2 = \tfrac1d\operatorname{tr}\Sigma_j
    /// ```
    /// Here Σ_j are the full updates and π_j = R_j/n the updated weights. Q depends on a covariance through
    /// $`-\frac{R_j}{2}(\log|\Sigma_j| + \operatorname{tr}\Sigma_j^{-1}\hat\Sigma_j)`$, and each line is where its
    /// derivative within the family vanishes. `full` holds k finite matrices d×d, `weights` k numbers on the simplex.
    /// For the last two families their diagonals, d×1, are enough, and are what is returned then.
    ///
    /// Source: L-28, L-29, C-40, L-E03.
    /// ```
    /// use executable_em::gaussian_mixture::CovarianceFamily;
    /// use nalgebra::{dmatrix, dvector};
    /// let spherical = CovarianceFamily::Spherical.constrain(vec![dmatrix![1.0, 0.5; 0.5, 3.0]], &dvector![1.0]);
    /// assert_eq!(spherical, Ok(vec![dmatrix![2.0, 0.0; 0.0, 2.0]]));
    /// ```
    pub fn constrain(self, full: Vec<DMatrix<f64>>, weights: &DVector<f64>) -> Result<Vec<DMatrix<f64>>> {
        check::distribution("weights", weights, weights.len())?;
        if self.is_along_axes() && full.iter().all(|diagonal| diagonal.ncols() == 1) {
            let shape = (full.first().map_or(0, DMatrix::nrows), 1);
            check::shape("covariances", (full.len(), 1), (weights.len(), 1))?;
            full.iter().try_for_each(|diagonal| check::matrix("covariance", diagonal, shape))?;
            return Ok(axes::constrained(self, full));
        }
        check::covariances(&full, (weights.len(), full.first().map_or(0, DMatrix::nrows)))?;
        Ok(self.constrained(full, weights))
    }

    /// [`constrain`](Self::constrain) of covariances and weights that are known to be such.
    pub(crate) fn constrained(self, full: Vec<DMatrix<f64>>, weights: &DVector<f64>) -> Vec<DMatrix<f64>> {
        match self {
            Self::Full => full,
            Self::Tied => {
                vec![full.iter().zip(weights).map(|(of_one, &weight)| of_one * weight).sum(); full.len()]
            }
            Self::Diagonal => full.iter().map(diagonal).collect(),
            Self::Spherical => {
                full.iter().map(|of_one| round(of_one, of_one.trace() / of_one.nrows() as f64)).collect()
            }
        }
    }

    /// Whether its members are diagonal, and d numbers say all of one.
    /// ```
    /// use executable_em::gaussian_mixture::CovarianceFamily;
    /// assert_eq!(CovarianceFamily::ALL.map(CovarianceFamily::is_along_axes), [false, false, true, true]);
    /// ```
    pub fn is_along_axes(self) -> bool {
        matches!(self, Self::Diagonal | Self::Spherical)
    }

    /// The number of free numbers in k covariances of dimension d, as far as a `usize` counts.
    ///
    /// Source: B-04.
    /// ```
    /// use executable_em::gaussian_mixture::CovarianceFamily;
    /// assert_eq!(CovarianceFamily::ALL.map(|family| family.parameter_count(4, 3)), [24, 6, 12, 4]);
    /// ```
    pub fn parameter_count(self, k: usize, d: usize) -> usize {
        let of_one = d.saturating_mul(d.saturating_add(1)) / 2;
        match self {
            Self::Full => k.saturating_mul(of_one),
            Self::Tied => of_one,
            Self::Diagonal => k.saturating_mul(d),
            Self::Spherical => k,
        }
    }

    /// Every covariance lies in the family, exactly.
    pub(crate) fn check(self, covariances: &[DMatrix<f64>]) -> Result<()> {
        let is_member = |covariance: &DMatrix<f64>| match self {
            Self::Full => true,
            Self::Tied => *covariance == covariances[0],
            Self::Diagonal => *covariance == diagonal(covariance),
            Self::Spherical => *covariance == round(covariance, covariance[(0, 0)]),
        };
        match covariances.iter().position(|covariance| !is_member(covariance)) {
            None => Ok(()),
            Some(component) => Err(Error::NotInFamily { component, family: self.name() }),
        }
    }

    /// The family's name in lower case.
    /// ```
    /// assert_eq!(executable_em::gaussian_mixture::CovarianceFamily::Tied.name(), "tied");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Tied => "tied",
            Self::Diagonal => "diagonal",
            Self::Spherical => "spherical",
        }
    }
}

/// A covariance without what is off its diagonal.
pub(super) fn diagonal(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_diagonal(&covariance.diagonal())
}

/// This variance in every direction.
fn round(covariance: &DMatrix<f64>, variance: f64) -> DMatrix<f64> {
    DMatrix::from_diagonal_element(covariance.nrows(), covariance.nrows(), variance)
}
