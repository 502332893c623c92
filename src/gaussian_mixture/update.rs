//! The M step: where the derivatives of ℓ vanish, given the responsibilities.
//!
//! Setting the [`score`](super::score) to zero gives the three equations below. They are no solution in closed form,
//! because r depends on θ, but with r held fixed each is one weighted average (H-30, L-07).

pub use crate::kmeans::update_means as means;

use crate::error::{Error, Result};
use crate::{check, gaussian, latent};
use nalgebra::{DMatrix, DVector};

/// The covariance update: the responsibility-weighted scatter about the *new* mean.
///
/// ```math
/// \Sigma_j = \frac{1}{R_j}\sum_i r_{ij}\,(x_i - \mu_j)(x_i - \mu_j)^\top
/// ```
///
/// `x` is n×d, `r` n×k, `means` the k×d updated means, `previous` k matrices d×d that a component with $`R_j = 0`$ keeps,
/// bit for bit; returns k matrices d×d. Whether they are positive definite is left to whoever inverts them: a
/// component on d data or fewer has a singular one.
///
/// Source: H-34, C-40, B-25, T-41 (centred at the new means: C-E01, T-E15).
///
/// ```
/// use executable_em::gaussian_mixture::update;
/// use nalgebra::dmatrix;
/// let (x, r) = (dmatrix![1.0; 3.0], dmatrix![1.0; 1.0]);
/// let covariances = update::covariances(&x, &r, &dmatrix![2.0], &[dmatrix![1.0]])?;
/// assert_eq!(covariances[0], dmatrix![1.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn covariances(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    previous: &[DMatrix<f64>],
) -> Result<Vec<DMatrix<f64>>> {
    check_state(x, r, means, previous)?;
    let mut covariances = previous.to_vec();
    for (j, &count) in latent::counts(r).iter().enumerate() {
        if count > 0.0 {
            let (weights, mean) = (r.column(j).into_owned(), means.row(j).into_owned());
            covariances[j] = gaussian::covariance_about(x, &weights, &mean);
        }
    }
    Ok(covariances)
}

/// The covariance update from raw second moments, as some lectures print it.
///
/// ```math
/// \Sigma_j = \frac{1}{R_j}\sum_i r_{ij}\,x_ix_i^\top - \mu_j\mu_j^\top
/// ```
///
/// Equal to [`covariances`] when `means` are the *updated* means; with the old ones it need not be positive definite. Far from the origin the two terms cancel, which the centred form avoids.
/// [`Error::Domain`] for a component with $`R_j = 0`$.
///
/// Source: C-40, C-E01, C-E16.
///
/// ```
/// use executable_em::gaussian_mixture::update;
/// use nalgebra::dmatrix;
/// let (x, r) = (dmatrix![1.0; 3.0], dmatrix![1.0; 1.0]);
/// assert_eq!(update::raw_moment_covariances(&x, &r, &dmatrix![2.0])?[0], dmatrix![1.0]);
/// assert_eq!(update::raw_moment_covariances(&x, &r, &dmatrix![4.0])?[0], dmatrix![-11.0]);
/// # Ok::<(), executable_em::Error>(())
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
            Ok(x.transpose() * weighted / counts[j] - means.row(j).transpose() * means.row(j))
        })
        .collect()
}

/// The weight update: the mean responsibility of every component.
///
/// ```math
/// \pi_j = \frac{R_j}{n}
/// ```
///
/// `r` is n×k with rows on the simplex ([`Error::NotOnSimplex`]); returns k weights that sum to one. As a column mean of
/// r it can be computed along with r.
///
/// Source: H-37, H-39 (the step that computes r is the second of that list: H-E25), L-31, C-38, T-44. One lecture stops
/// before it (L-E17), another refers to a formula that is not there (B-E15).
///
/// ```
/// use executable_em::gaussian_mixture::update;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(update::weights(&dmatrix![1.0, 0.0; 0.5, 0.5])?, dvector![0.75, 0.25]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn weights(r: &DMatrix<f64>) -> Result<DVector<f64>> {
    check::responsibilities(r, r.nrows())?;
    check::simplex_rows("responsibilities", r)?;
    Ok(latent::counts(r) / r.nrows() as f64)
}

/// The weights and the Lagrange multiplier, by solving the stationarity equations as a linear system.
///
/// ```math
/// R_j + \lambda\,\pi_j = 0 \quad (j = 1, \dots, k), \qquad \sum_j\pi_j = 1
/// ```
///
/// Divided by λ, these are k + 1 linear equations in π and 1/λ, which LU solves; nothing about n is put in, and λ = −n
/// comes out. (With the constraint written as 1 − Σπ, as L, C and T do, the multiplier is +n.)
/// `counts` holds the k numbers R_j ≥ 0; returns (π, λ). [`Error::Domain`] if all of them vanish.
///
/// Source: H-35, H-36, H-37 (with n for both n and N: H-E23), L-30, L-31, T-42, T-43.
///
/// ```
/// use executable_em::gaussian_mixture::update;
/// use nalgebra::dvector;
/// let (weights, lambda) = update::weights_and_multiplier(&dvector![1.0, 3.0])?;
/// assert!((lambda + 4.0).abs() < 1e-14 && (weights[1] - 0.75).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn weights_and_multiplier(counts: &DVector<f64>) -> Result<(DVector<f64>, f64)> {
    check::finite("counts", counts)?;
    if let Some(&value) = counts.iter().find(|&&count| count < 0.0) {
        return Err(Error::Domain { what: "count of a component", value, allowed: "≥ 0" });
    }
    check::positive("sum of the counts", counts.sum())?;

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

/// Data, responsibilities, means and covariances that fit together.
fn check_state(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    previous: &[DMatrix<f64>],
) -> Result<()> {
    check::state(x, r, means)?;
    check::square("covariance", previous, means.shape())
}
