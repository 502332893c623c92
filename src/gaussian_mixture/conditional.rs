//! What a mixture says of some columns: once others are left out, and once others are known.
//!
//! Both are mixtures again. Leaving out integrates every component by itself; knowing gives every component its
//! regression line, and shifts the weights to the components that expected what was seen.

use super::GaussianMixture;
use crate::check;
use crate::error::Result;
use crate::incomplete::{self, Pattern};
use nalgebra::{DMatrix, DVector, RowDVector};

/// The distribution of some columns, the others integrated out.
/// ```math
/// \int p(x)\,dx_b = \sum_j\pi_j\,\mathcal N(x_a;\ \mu_{j,a},\ \Sigma_{j,aa})
/// ```
/// `columns` counts from 0 and gives the order of the d columns that are kept; the components and the family are
/// those of the model. [`Error::Empty`](crate::Error::Empty) for no column, [`Error::Domain`](crate::Error::Domain)
/// for one that the model has not or that is named twice.
///
/// Source: Bishop (2006), §2.3.2.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, conditional::marginal};
/// use nalgebra::{dmatrix, dvector};
/// let model =
///     GaussianMixture::new(dvector![1.0], dmatrix![3.0, 4.0], vec![dmatrix![2.0, 1.0; 1.0, 5.0]], Full)?;
/// let second = marginal(&model, &[1])?;
/// assert_eq!((second.means()[0], second.covariances()[0][0]), (4.0, 5.0));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn marginal(model: &GaussianMixture, columns: &[usize]) -> Result<GaussianMixture> {
    check::columns(columns, model.d())?;
    let kept = |covariance: &DMatrix<f64>| match model.family().is_along_axes() {
        true => covariance.select_rows(columns),
        false => covariance.select_rows(columns).select_columns(columns),
    };
    let covariances = model.stored_covariances().iter().map(kept).collect();
    GaussianMixture::new(
        model.weights().clone(),
        model.means().select_columns(columns),
        covariances,
        model.family(),
    )
}

/// The distribution of the other columns, once some are known.
/// ```math
/// p(x_b\mid x_a) = \sum_j r_j\,\mathcal N(x_b;\ m_j,\ C_j), \qquad
/// r_j = \frac{\pi_j\,\mathcal N(x_a; \mu_{j,a}, \Sigma_{j,aa})}{\sum_l\pi_l\,\mathcal N(x_a; \mu_{l,a},
/// \Sigma_{l,aa})}
/// ```
/// ```math
/// m_j = \mu_{j,b} + \Sigma_{j,ba}\Sigma_{j,aa}^{-1}(x_a - \mu_{j,a}), \qquad
/// C_j = \Sigma_{j,bb} - \Sigma_{j,ba}\Sigma_{j,aa}^{-1}\Sigma_{j,ab}
/// ```
/// The joint density of label and columns is $`\pi_j\,\mathcal N(x_a)\,\mathcal N(x_b\mid x_a)`$; divided by the
/// marginal density of x_a, the first two factors are the responsibilities under that marginal, and the third is a
/// Gaussian, whose mean is [`regression`](incomplete::gaussian::regression) and whose covariance the Schur complement
/// of Σ_aa. It does not depend on what was seen.
///
/// `given` holds columns, counted from 0, and their values, in units of the data; the rest keep their order. Columns
/// as in [`marginal`]; [`Error::Empty`](crate::Error::Empty) if none is left, [`Error::Domain`](crate::Error::Domain)
/// for a value that is not finite, [`Error::ImpossibleDatum`](crate::Error::ImpossibleDatum) for values so far away
/// that no component can explain them.
///
/// Source: Bishop (2006), §2.3.1; X-03.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, conditional::conditional};
/// use nalgebra::{dmatrix, dvector};
/// let model =
///     GaussianMixture::new(dvector![1.0], dmatrix![3.0, 4.0], vec![dmatrix![2.0, 1.0; 1.0, 5.0]], Full)?;
/// let first = conditional(&model, &[(1, 9.0)])?;
/// assert_eq!((first.means()[0], first.covariances()[0][0]), (4.0, 1.8)); // 3 + 1/5 · 5 and 2 − 1/5
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn conditional(model: &GaussianMixture, given: &[(usize, f64)]) -> Result<GaussianMixture> {
    let (columns, values): (Vec<usize>, Vec<f64>) = given.iter().copied().unzip();
    values.iter().try_for_each(|&value| check::number("given value", value))?;
    let of_given = marginal(model, &columns)?;
    let rest: Vec<usize> = (0..model.d()).filter(|column| !columns.contains(column)).collect();
    check::columns(&rest, model.d())?;

    let seen = RowDVector::from_vec(values);
    let weights: DVector<f64> =
        of_given.responsibilities(&DMatrix::from_rows(std::slice::from_ref(&seen)))?.row(0).transpose();
    let mut means = model.means().select_columns(&rest);
    if model.family().is_along_axes() {
        // Within a component no column says anything of another.
        let covariances = marginal(model, &rest)?.stored_covariances();
        return GaussianMixture::new(weights, means, covariances, model.family());
    }
    let mut covariances = Vec::with_capacity(model.k());
    let pattern = Pattern { seen: columns, missing: rest, rows: vec![0] };
    for (j, covariance) in model.covariances().iter().enumerate() {
        let (b, left) = incomplete::gaussian::regression(covariance, &pattern)?;
        let shift = b * (&seen - of_given.mean_of(j)).transpose();
        means.set_row(j, &(means.row(j) + shift.transpose()));
        covariances.push(left);
    }
    GaussianMixture::new(weights, means, covariances, model.family())
}
