//! k-means: two steps that never raise one number.
//!
//! Assign every datum to its nearest mean, move every mean to the average of its data, and repeat (Steinhaus 1956;
//! Lloyd 1982). The whole behaviour follows from the function that both steps lower,
//! ```math
//! J(r, m) = \sum_{ij} r_{ij}\,\|x_i - m_j\|^2 .
//! ```
//! This file holds the two steps and J with its derivatives; [`lloyd`](lloyd()) iterates them; the starts are
//! [`random_start`] and [`plus_plus_start`]; [`likelihood`] reads J as a likelihood.
//!
//! **Ties and empty clusters**, which the lectures leave open: a datum as near to two means goes to the one of lower
//! index, and a cluster without data keeps its mean. Both keep every guarantee.

pub mod likelihood;
mod lloyd;
mod start;

pub use lloyd::{HalfStep, Lloyd, Step, lloyd, restarts};
pub use start::{plus_plus_start, random_start};

use crate::error::Result;
use crate::latent::{self, complete::indicators};
use crate::{check, gaussian};
use nalgebra::{DMatrix, DVector};

/// The squared Euclidean distance of every datum from every mean.
/// ```math
/// D_{ij} = \|x_i - m_j\|^2
/// ```
/// `x` is n×d, `means` k×d; returns n×k, in squared units of the data. [`Error::Shape`](crate::Error::Shape),
/// [`Error::NotFinite`](crate::Error::NotFinite), [`Error::Empty`](crate::Error::Empty) here and throughout.
///
/// Source: H-02.
/// ```
/// use executable_em::kmeans::squared_distances;
/// use nalgebra::dmatrix;
/// assert_eq!(squared_distances(&dmatrix![3.0, 4.0], &dmatrix![0.0, 0.0]), Ok(dmatrix![25.0]));
/// ```
pub fn squared_distances(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::data_and_means(x, means)?;
    Ok(distances(x, means))
}

/// [`squared_distances`] of data and means that are known to be such.
pub(crate) fn distances(x: &DMatrix<f64>, means: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(x.nrows(), means.nrows(), |i, j| {
        (0..x.ncols()).map(|a| (x[(i, a)] - means[(j, a)]).powi(2)).sum()
    })
}

/// The assignment step: the nearest mean of every datum, the lower index where two are as near.
/// ```math
/// \kappa_i = \arg\min_j \|x_i - m_j\|^2
/// ```
/// `x` is n×d, `means` k×d; returns n labels below k. One lecture prints the argmin without the norm, which it needs.
///
/// Source: H-02, B-30, T-04, T-E12.
/// ```
/// use executable_em::kmeans::assign;
/// use nalgebra::dmatrix;
/// assert_eq!(assign(&dmatrix![0.0; 0.9; 1.0; 1.1], &dmatrix![0.0; 2.0]), Ok(vec![0, 0, 0, 1])); // 1.0 is a tie
/// ```
pub fn assign(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<Vec<usize>> {
    Ok(nearest(&squared_distances(x, means)?))
}

/// The column of the least entry of every row, the first of equal ones, which nalgebra's `imin` keeps.
fn nearest(distances: &DMatrix<f64>) -> Vec<usize> {
    distances.row_iter().map(|row| row.transpose().imin()).collect()
}

/// The hard responsibilities: the assignment step as a matrix of zeros and ones.
/// ```math
/// r_{ij} = \mathbf 1[\kappa_i = j]
/// ```
/// `x` is n×d, `means` k×d; returns n×k, a single one in every row.
///
/// Source: H-03, T-01.
/// ```
/// use executable_em::kmeans::responsibilities;
/// use nalgebra::dmatrix;
/// assert_eq!(responsibilities(&dmatrix![0.0; 5.0], &dmatrix![1.0; 4.0]), Ok(dmatrix![1.0, 0.0; 0.0, 1.0]));
/// ```
pub fn responsibilities(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    Ok(indicators(&assign(x, means)?, means.nrows()))
}

/// The mean step: every mean becomes the average of its data, weighted by their responsibilities.
/// ```math
/// m_j = \frac{1}{R_j}\sum_i r_{ij}\,x_i, \qquad R_j = \sum_i r_{ij}
/// ```
/// `x` is n×d, `r` n×k with non-negative entries, `previous` k×d, where a mean stays if $`R_j = 0`$; returns k×d.
///
/// Source: H-04, H-15, H-30, L-26, C-39, B-23, T-04, T-40, H-E14.
/// ```
/// use executable_em::kmeans::update_means;
/// use nalgebra::dmatrix;
/// let (x, r) = (dmatrix![0.0; 2.0; 9.0], dmatrix![1.0, 0.0, 0.0; 1.0, 0.0, 0.0; 0.0, 1.0, 0.0]);
/// assert_eq!(update_means(&x, &r, &dmatrix![0.0; 0.0; 7.0]), Ok(dmatrix![1.0; 9.0; 7.0]));
/// ```
pub fn update_means(x: &DMatrix<f64>, r: &DMatrix<f64>, previous: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::state(x, r, previous)?;
    Ok(averages(x, r, previous))
}

/// [`update_means`] of a state that is known to be one.
pub(crate) fn averages(x: &DMatrix<f64>, r: &DMatrix<f64>, previous: &DMatrix<f64>) -> DMatrix<f64> {
    let mut means = previous.clone();
    for (j, &count) in latent::counts(r).iter().enumerate() {
        if count > 0.0 {
            means.set_row(j, &gaussian::mean_of(x, &r.column(j).into_owned()));
        }
    }
    means
}

/// The mean step in array form: one matrix product, one elementwise division.
/// ```math
/// m = (r^\top x) \oslash (r^\top 1)
/// ```
/// Equal to [`update_means`] where no cluster is empty; an empty cluster gives NaN here, as the formula says.
///
/// Source: H-12, H-E13.
/// ```
/// use executable_em::kmeans::means_in_array_form;
/// use nalgebra::dmatrix;
/// assert_eq!(means_in_array_form(&dmatrix![2.0; 4.0], &dmatrix![1.0; 1.0]), Ok(dmatrix![3.0]));
/// ```
pub fn means_in_array_form(x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::finite("data", x)?;
    check::responsibilities(r, x.nrows())?;
    let ones = DMatrix::from_element(x.nrows(), x.ncols(), 1.0);
    Ok((r.transpose() * x).component_div(&(r.transpose() * ones)))
}

/// The objective of k-means, its Lyapunov function: the sum of squared distances within the clusters.
/// ```math
/// J(r, m) = \sum_{ij} r_{ij}\,\|x_i - m_j\|^2 \;\ge\; 0
/// ```
/// `x` is n×d, `r` n×k with non-negative entries, `means` k×d; returns squared units of the data. No step raises it.
///
/// Source: H-10, H-13, H-14, H-E11.
/// ```
/// use executable_em::kmeans::objective;
/// use nalgebra::dmatrix;
/// assert_eq!(objective(&dmatrix![0.0; 1.0], &dmatrix![1.0; 1.0], &dmatrix![0.5]), Ok(0.5));
/// ```
pub fn objective(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<f64> {
    check::state(x, r, means)?;
    Ok(cost(r, &distances(x, means)))
}

/// [`objective`] from squared distances; one that overflows counts for the data of its cluster alone.
fn cost(r: &DMatrix<f64>, distances: &DMatrix<f64>) -> f64 {
    r.zip_map(distances, |r, distance| if r == 0.0 { 0.0 } else { r * distance }).sum()
}

/// The gradient of the objective in the means.
/// ```math
/// \frac{\partial J}{\partial m_j} = -2\sum_i r_{ij}\,(x_i - m_j)
/// ```
/// `x` is n×d, `r` n×k, `means` k×d; returns k×d. It vanishes just where every mean is the average of its data.
///
/// Source: H-15.
/// ```
/// use executable_em::kmeans::objective_gradient;
/// use nalgebra::dmatrix;
/// assert_eq!(objective_gradient(&dmatrix![0.0; 4.0], &dmatrix![1.0; 1.0], &dmatrix![1.0]), Ok(dmatrix![-4.0]));
/// ```
pub fn objective_gradient(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::state(x, r, means)?;
    let gradient = DMatrix::from_fn(means.nrows(), means.ncols(), |j, a| {
        -2.0 * (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] - means[(j, a)])).sum::<f64>()
    });
    check::defined("gradient", gradient)
}

/// The Hessian of the objective in the means, constant in m.
/// ```math
/// \frac{\partial^2 J}{\partial m_j\,\partial m_l^\top} = 2R_j\,\delta_{jl}\,I_d
/// ```
/// `r` is n×k, `d` the dimension; returns kd×kd, mean by mean ([`Error::Domain`](crate::Error::Domain) if that is
/// giant). Positive semidefinite, and zero for an empty cluster, whose mean J does not see.
///
/// Source: H-16, H-E14.
/// ```
/// use executable_em::kmeans::objective_hessian;
/// use nalgebra::dmatrix;
/// assert_eq!(objective_hessian(&dmatrix![1.0, 0.0; 1.0, 0.0], 1), Ok(dmatrix![4.0, 0.0; 0.0, 0.0]));
/// ```
pub fn objective_hessian(r: &DMatrix<f64>, d: usize) -> Result<DMatrix<f64>> {
    check::responsibilities(r, r.nrows())?;
    let size = r.ncols().saturating_mul(d);
    check::storable("size of the Hessian", size.saturating_mul(size))?;
    let counts = latent::counts(r);
    Ok(DMatrix::from_diagonal(&DVector::from_fn(size, |row, _| 2.0 * counts[row / d])))
}

/// The risk of a clustering: the squared distance of every datum from the mean of *its own* label.
/// ```math
/// R(c) = \sum_i \|x_i - \mu_{c(x_i)}\|^2
/// ```
/// `x` is n×d, `labels` holds n numbers below k, `means` is k×d. It equals [`objective`] at one-hot responsibilities.
/// [`Error::Label`](crate::Error::Label) for a label that names no mean.
///
/// Source: B-30, B-31, B-E19.
/// ```
/// use executable_em::kmeans::risk;
/// use nalgebra::dmatrix;
/// assert_eq!(risk(&dmatrix![0.0; 1.0; 9.0; 10.0], &[0, 0, 1, 1], &dmatrix![0.5; 9.5]), Ok(1.0));
/// ```
pub fn risk(x: &DMatrix<f64>, labels: &[usize], means: &DMatrix<f64>) -> Result<f64> {
    check::data_and_means(x, means)?;
    check::labels(labels, x.nrows(), means.nrows())?;
    Ok(labels.iter().enumerate().map(|(i, &label)| (x.row(i) - means.row(label)).norm_squared()).sum())
}
