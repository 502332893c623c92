//! The covariances of a mixture as they are stored: whole, with their factors, or along the axes, as their diagonals.
//!
//! A diagonal covariance has d numbers, not d². What asks for the matrix all the same gets it, made when it is asked
//! for.

use super::CovarianceFamily;
use crate::check;
use crate::error::{Error, Result};
use crate::gaussian::{self, Factor};
use nalgebra::{DMatrix, RowDVector};
use std::sync::OnceLock;

#[derive(Clone, Debug)]
pub(super) enum Shapes {
    Whole(Whole),
    /// The variances, k×d.
    Axes {
        variances: DMatrix<f64>,
        whole: OnceLock<Whole>,
    },
}

/// Matrices d×d and their factors.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    pub covariances: Vec<DMatrix<f64>>,
    pub factors: Vec<Factor>,
}

/// All else follows from them.
impl PartialEq for Shapes {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Shapes::Whole(one), Shapes::Whole(other)) => one.covariances == other.covariances,
            (Shapes::Axes { variances: one, .. }, Shapes::Axes { variances: other, .. }) => one == other,
            _ => false,
        }
    }
}

impl Shapes {
    /// Those of k covariances d×d of one family or, along the axes, of their diagonals d×1.
    pub(super) fn new(
        covariances: Vec<DMatrix<f64>>,
        (k, d): (usize, usize),
        family: CovarianceFamily,
    ) -> Result<Self> {
        if !family.is_along_axes() {
            check::covariances(&covariances, (k, d))?;
            family.check(&covariances)?;
            let factor = |(j, covariance)| gaussian::cholesky(covariance, j);
            let factors = covariances.iter().enumerate().map(factor).collect::<Result<_>>()?;
            return Ok(Shapes::Whole(Whole { covariances, factors }));
        }
        let are_diagonals = d > 1 && covariances.iter().all(|covariance| covariance.ncols() == 1);
        let rows: Vec<RowDVector<f64>> = if are_diagonals {
            check::shape("covariances", (covariances.len(), 1), (k, 1))?;
            covariances.iter().map(|diagonal| diagonal.column(0).transpose()).collect()
        } else {
            check::covariances(&covariances, (k, d))?;
            family.check(&covariances)?;
            covariances.iter().map(|covariance| covariance.diagonal().transpose()).collect()
        };
        for (component, row) in rows.iter().enumerate() {
            check::matrix("covariance", row, (1, d))?;
            // Less than a normal number is what is left of a collapse.
            if row.min() < f64::MIN_POSITIVE {
                return Err(Error::NotPositiveDefinite { component, smallest_eigenvalue: row.min() });
            }
            if family == CovarianceFamily::Spherical && row.iter().any(|variance| *variance != row[0]) {
                return Err(Error::NotInFamily { component, family: family.name() });
            }
        }
        let variances = DMatrix::from_fn(k, d, |j, a| rows[j][a]);
        Ok(Shapes::Axes { variances, whole: OnceLock::new() })
    }

    /// The matrices, which along the axes are made once they are asked for.
    pub(super) fn whole(&self) -> &Whole {
        match self {
            Shapes::Whole(whole) => whole,
            Shapes::Axes { variances, whole } => whole.get_or_init(|| {
                let matrix = |row: nalgebra::DVector<f64>| DMatrix::from_diagonal(&row);
                let covariances: Vec<_> = variances.row_iter().map(|row| matrix(row.transpose())).collect();
                let factor = |covariance| gaussian::cholesky(covariance, 0).expect("positive variances");
                let factors = covariances.iter().map(factor).collect();
                Whole { covariances, factors }
            }),
        }
    }

    /// The diagonals along the axes, the matrices otherwise: what [`Shapes::new`] takes.
    pub(super) fn stored(&self) -> Vec<DMatrix<f64>> {
        match self {
            Shapes::Whole(whole) => whole.covariances.clone(),
            Shapes::Axes { variances, .. } => {
                variances.row_iter().map(|row| DMatrix::from_columns(&[row.transpose()])).collect()
            }
        }
    }
}
