//! The M step: where the derivatives of ℓ vanish, given the responsibilities.
//!
//! Setting the [`score`](super::score) to zero gives the three equations below. They are no solution in closed form,
//! because r depends on θ, but with r held fixed each is one weighted average.

pub use crate::kmeans::update_means as means;

use crate::error::Result;
use crate::{check, gaussian, latent};
use nalgebra::{DMatrix, DVector};

/// The covariance update: the responsibility-weighted scatter about the *new* mean.
/// ```math
/// \Sigma_j = \frac{1}{R_j}\sum_i r_{ij}\,(x_i - \mu_j)(x_i - \mu_j)^\top
/// ```
/// `x` is n×d, `r` n×k, `means` the k×d updated means, `previous` k matrices d×d that a component with $`R_j = 0`$
/// keeps; returns k matrices d×d, singular where a component has d data or fewer.
///
/// Source: H-34, C-40, B-25, T-41, C-E01, T-E15.
/// ```
/// use executable_em::gaussian_mixture::update;
/// use nalgebra::dmatrix;
/// let (x, r) = (dmatrix![1.0; 3.0], dmatrix![1.0; 1.0]);
/// assert_eq!(update::covariances(&x, &r, &dmatrix![2.0], &[dmatrix![9.0]]), Ok(vec![dmatrix![1.0]]));
/// ```
pub fn covariances(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    previous: &[DMatrix<f64>],
) -> Result<Vec<DMatrix<f64>>> {
    check::state(x, r, means)?;
    check::covariances(previous, means.shape())?;
    scatters(x, r, means, previous).into_iter().map(|s| check::defined("covariance", s)).collect()
}

/// [`covariances`] of a state that is known to be one.
pub(super) fn scatters(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    previous: &[DMatrix<f64>],
) -> Vec<DMatrix<f64>> {
    let mut covariances = previous.to_vec();
    for (j, &count) in latent::counts(r).iter().enumerate() {
        if count > 0.0 {
            let (weights, mean) = (r.column(j).into_owned(), means.row(j).into_owned());
            covariances[j] = gaussian::covariance_about(x, &weights, &mean);
        }
    }
    covariances
}

/// The covariance update from raw second moments, as some lectures print it.
/// ```math
/// \Sigma_j = \frac{1}{R_j}\sum_i r_{ij}\,x_ix_i^\top - \mu_j\mu_j^\top
/// ```
/// Equal to [`covariances`] at the *updated* means; with the old ones it need not be positive definite. Far from the
/// origin the two terms cancel. [`Error::Domain`](crate::Error::Domain) for a component with $`R_j = 0`$.
///
/// Source: C-40, C-E01, C-E16.
/// ```
/// use executable_em::gaussian_mixture::update;
/// use nalgebra::dmatrix;
/// let about = |mean| update::raw_moment_covariances(&dmatrix![1.0; 3.0], &dmatrix![1.0; 1.0], &dmatrix![mean]);
/// assert_eq!((about(2.0), about(4.0)), (Ok(vec![dmatrix![1.0]]), Ok(vec![dmatrix![-11.0]])));
/// ```
pub fn raw_moment_covariances(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
) -> Result<Vec<DMatrix<f64>>> {
    check::state(x, r, means)?;
    let counts = latent::counts(r);
    (0..means.nrows())
        .map(|j| {
            check::positive("count of a component", counts[j])?;
            let weighted = DMatrix::from_diagonal(&r.column(j)) * x;
            let square = means.row(j).transpose() * means.row(j);
            check::defined("covariance", x.transpose() * weighted / counts[j] - square)
        })
        .collect()
}

/// The weight update: the mean responsibility of every component.
/// ```math
/// \pi_j = \frac{R_j}{n}
/// ```
/// `r` is n×k with rows on the simplex; returns k weights that sum to one. As a column mean of r it can be computed
/// along with r. One lecture stops before this formula, another refers to it and does not print it.
///
/// Source: H-37, H-39, L-31, C-38, T-44, H-E25, L-E17, B-E15.
/// ```
/// use executable_em::gaussian_mixture::update;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(update::weights(&dmatrix![1.0, 0.0; 0.5, 0.5]), Ok(dvector![0.75, 0.25]));
/// ```
pub fn weights(r: &DMatrix<f64>) -> Result<DVector<f64>> {
    check::distributions("responsibilities", r, r.shape())?;
    Ok(latent::counts(r) / r.nrows() as f64)
}

/// The weights and the Lagrange multiplier, by solving the stationarity equations as a linear system.
/// ```math
/// R_j + \lambda\,\pi_j = 0 \quad (j = 1, \dots, k), \qquad \sum_j\pi_j = 1
/// ```
/// Divided by λ, these are k + 1 linear equations in π and 1/λ, which LU solves; nothing about n is put in, and λ = −n
/// comes out (+n with the constraint as 1 − Σπ). `counts` holds k numbers R_j ≥ 0; returns (π, λ).
/// [`Error::Domain`](crate::Error::Domain) if their sum has no inverse.
///
/// Source: H-35, H-36, H-37, L-30, L-31, T-42, T-43, H-E23.
/// ```
/// use executable_em::gaussian_mixture::update;
/// use nalgebra::dvector;
/// let (weights, lambda) = update::weights_and_multiplier(&dvector![1.0, 3.0]).unwrap();
/// assert!((lambda + 4.0).abs() < 1e-14 && (weights[1] - 0.75).abs() < 1e-15);
/// ```
pub fn weights_and_multiplier(counts: &DVector<f64>) -> Result<(DVector<f64>, f64)> {
    check::masses("counts", "count of a component", counts)?;
    check::positive("sum of the counts", counts.sum())?;
    check::number("inverse of the sum of the counts", 1.0 / counts.sum())?;
    // Unknowns (π_1, …, π_k, 1/λ): the rows say π_j + R_j/λ = 0 and Σ π_j = 1.
    let k = counts.len();
    let mut equations = DMatrix::identity(k + 1, k + 1);
    equations.view_mut((0, k), (k, 1)).copy_from(counts);
    equations.view_mut((k, 0), (1, k)).fill(1.0);
    equations[(k, k)] = 0.0;
    let mut right_hand_side = DVector::zeros(k + 1);
    right_hand_side[k] = 1.0;
    // The determinant is −Σ R_j, which is not zero.
    let solution = equations.lu().solve(&right_hand_side).expect("a regular system");
    Ok((solution.rows(0, k).into_owned(), 1.0 / solution[k]))
}
