//! Which covariances a component may have: full, tied, diagonal or spherical.

use crate::check;
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};

/// A family of covariances that the M step chooses from.
///
/// Each is a restriction of the one before or beside it, not a loss-free simplification: on correlated data a
/// spherical fit can lose hundreds of nats.
///
/// Source: L-24, T-09, T-13 (the families that its ellipse helper draws), L-E08.
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
    pub const ALL: [CovarianceFamily; 4] = [
        CovarianceFamily::Full,
        CovarianceFamily::Tied,
        CovarianceFamily::Diagonal,
        CovarianceFamily::Spherical,
    ];

    /// The maximum-likelihood covariances of this family, from those of the full one.
    ///
    /// ```math
    /// \Sigma^{\text{tied}} = \sum_j \pi_j\Sigma_j, \qquad
    /// \Sigma_j^{\text{diag}} = \operatorname{diag}(\Sigma_j), \qquad
    /// \sigma_j^2 = \tfrac1d\operatorname{tr}\Sigma_j
    /// ```
    ///
    /// Here Σ_j are the full updates and π_j = R_j / n the updated weights. Q depends on a covariance only through
    /// $`-\frac{R_j}{2}(\log|\Sigma_j| + \operatorname{tr}\Sigma_j^{-1}\hat\Sigma_j)`$, and each line is where its derivative
    /// within the family vanishes. `full` holds k matrices d×d, `weights` k numbers.
    ///
    /// Source: L-28, L-29 (the 1/d of the spherical case: L-E03), C-40.
    ///
    /// ```
    /// use executable_em::gaussian_mixture::CovarianceFamily;
    /// use nalgebra::{dmatrix, dvector};
    /// let full = vec![dmatrix![1.0, 0.5; 0.5, 3.0]];
    /// let spherical = CovarianceFamily::Spherical.constrain(full, &dvector![1.0])?;
    /// assert_eq!(spherical[0], dmatrix![2.0, 0.0; 0.0, 2.0]);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn constrain(self, full: Vec<DMatrix<f64>>, weights: &DVector<f64>) -> Result<Vec<DMatrix<f64>>> {
        check::simplex("weights", 0, weights.iter().copied())?;
        check::shape("covariances", (full.len(), 1), (weights.len(), 1))?;
        let d = full[0].nrows();
        for covariance in &full {
            check::finite("covariance", covariance)?;
            check::shape("covariance", covariance.shape(), (d, d))?;
        }
        Ok(match self {
            CovarianceFamily::Full => full,
            CovarianceFamily::Tied => {
                let pooled = full.iter().zip(weights).map(|(covariance, &weight)| covariance * weight).sum();
                vec![pooled; full.len()]
            }
            CovarianceFamily::Diagonal => {
                full.iter().map(|covariance| DMatrix::from_diagonal(&covariance.diagonal())).collect()
            }
            CovarianceFamily::Spherical => {
                let variance = |covariance: &DMatrix<f64>| covariance.trace() / d as f64;
                full.iter()
                    .map(|covariance| DMatrix::from_diagonal_element(d, d, variance(covariance)))
                    .collect()
            }
        })
    }

    /// The number of free numbers in k covariances of dimension d.
    ///
    /// Source: B-04.
    ///
    /// ```
    /// use executable_em::gaussian_mixture::CovarianceFamily;
    /// assert_eq!(CovarianceFamily::ALL.map(|family| family.parameter_count(4, 3)), [24, 6, 12, 4]);
    /// ```
    pub fn parameter_count(self, k: usize, d: usize) -> usize {
        match self {
            CovarianceFamily::Full => k * d * (d + 1) / 2,
            CovarianceFamily::Tied => d * (d + 1) / 2,
            CovarianceFamily::Diagonal => k * d,
            CovarianceFamily::Spherical => k,
        }
    }

    /// Every covariance lies in the family, exactly.
    pub(crate) fn check(self, covariances: &[DMatrix<f64>]) -> Result<()> {
        let is_member = |covariance: &DMatrix<f64>| match self {
            CovarianceFamily::Full => true,
            CovarianceFamily::Tied => *covariance == covariances[0],
            CovarianceFamily::Diagonal => *covariance == DMatrix::from_diagonal(&covariance.diagonal()),
            CovarianceFamily::Spherical => {
                let d = covariance.nrows();
                *covariance == DMatrix::from_diagonal_element(d, d, covariance[(0, 0)])
            }
        };
        match covariances.iter().position(|covariance| !is_member(covariance)) {
            None => Ok(()),
            Some(component) => Err(Error::NotInFamily { component, family: self.name() }),
        }
    }

    /// The family's name in lower case.
    ///
    /// ```
    /// assert_eq!(executable_em::gaussian_mixture::CovarianceFamily::Tied.name(), "tied");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            CovarianceFamily::Full => "full",
            CovarianceFamily::Tied => "tied",
            CovarianceFamily::Diagonal => "diagonal",
            CovarianceFamily::Spherical => "spherical",
        }
    }
}
