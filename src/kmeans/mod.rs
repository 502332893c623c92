//! k-means: two steps that never raise one number.
//!
//! Given n data and k means, assign every datum to its nearest mean, move every mean to the average of its data,
//! and repeat (Steinhaus 1956; Lloyd 1982). The whole behaviour follows from the function that both steps lower,
//!
//! ```math
//! J(r, m) = \sum_{ij} r_{ij}\,\|x_i - m_j\|^2 .
//! ```
//!
//! This file holds the two steps and J with its derivatives; [`lloyd`](lloyd()) iterates them; the starts are
//! [`random_start`] and [`plus_plus_start`]; [`likelihood`] reads J as a likelihood.
//!
//! **Ties and empty clusters**, which the lectures leave open: a datum as near to two means goes to the one of
//! lower index, and a cluster without data keeps its mean. Both choices keep every guarantee below.

pub mod likelihood;
mod lloyd;
mod start;

pub use lloyd::{HalfStep, Lloyd, Step, lloyd, restarts};
pub use start::{plus_plus_start, random_start};

use crate::error::Result;
use crate::{check, gaussian, latent};
use nalgebra::{DMatrix, DVector};

/// The squared Euclidean distance of every datum from every mean.
///
/// ```math
/// D_{ij} = \|x_i - m_j\|^2
/// ```
///
/// `x` is n×d, `means` k×d; returns n×k, in squared units of the data.
/// [`Error::Shape`](crate::Error::Shape), [`Error::NotFinite`](crate::Error::NotFinite) or
/// [`Error::Empty`](crate::Error::Empty) for bad input, here and in every function of this chapter.
///
/// Source: H-02.
///
/// ```
/// use executable_em::kmeans::squared_distances;
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0, 0.0; 3.0, 4.0];
/// assert_eq!(squared_distances(&x, &dmatrix![0.0, 0.0])?, dmatrix![0.0; 25.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn squared_distances(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::data_and_means(x, means)?;
    Ok(DMatrix::from_fn(x.nrows(), means.nrows(), |i, j| (x.row(i) - means.row(j)).norm_squared()))
}

/// The assignment step: the nearest mean of every datum, the lower index where two are as near.
///
/// ```math
/// \kappa_i = \arg\min_j \|x_i - m_j\|^2
/// ```
///
/// `x` is n×d, `means` k×d; returns n labels below k. The norm matters: T-E12 is the argmin printed without it.
///
/// Source: H-02, B-30, T-04.
///
/// ```
/// use executable_em::kmeans::assign;
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0; 0.9; 1.0; 1.1];
/// assert_eq!(assign(&x, &dmatrix![0.0; 2.0])?, [0, 0, 0, 1]); // 1.0 is a tie
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn assign(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<Vec<usize>> {
    let distances = squared_distances(x, means)?;
    // `imin` of nalgebra keeps the first of equal entries.
    Ok(distances.row_iter().map(|row| row.transpose().imin()).collect())
}

/// The hard responsibilities: the assignment step as a matrix of zeros and ones.
///
/// ```math
/// r_{ij} = \mathbf 1[\kappa_i = j]
/// ```
///
/// `x` is n×d, `means` k×d; returns n×k, a single one in every row.
///
/// Source: H-03, T-01.
///
/// ```
/// use executable_em::kmeans::responsibilities;
/// use nalgebra::dmatrix;
/// assert_eq!(responsibilities(&dmatrix![0.0; 5.0], &dmatrix![1.0; 4.0])?, dmatrix![1.0, 0.0; 0.0, 1.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn responsibilities(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    latent::one_hot(&assign(x, means)?, means.nrows())
}

/// The mean step: every mean becomes the average of its data, weighted by their responsibilities.
///
/// ```math
/// m_j = \frac{1}{R_j}\sum_i r_{ij}\,x_i, \qquad R_j = \sum_i r_{ij}
/// ```
///
/// `x` is n×d, `r` n×k with non-negative entries, `previous` k×d; returns k×d. Where $`R_j = 0`$ the quotient is 0/0 and the mean stays at `previous`, bit for bit.
///
/// Source: H-04, H-15, T-04; with soft responsibilities H-30, L-26, C-39, B-23, T-40, H-E14.
///
/// ```
/// use executable_em::kmeans::update_means;
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0; 2.0; 9.0];
/// let r = dmatrix![1.0, 0.0, 0.0; 1.0, 0.0, 0.0; 0.0, 1.0, 0.0];
/// assert_eq!(update_means(&x, &r, &dmatrix![0.0; 0.0; 7.0])?, dmatrix![1.0; 9.0; 7.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn update_means(x: &DMatrix<f64>, r: &DMatrix<f64>, previous: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::state(x, r, previous)?;
    let mut means = previous.clone();
    for (j, &count) in latent::counts(r).iter().enumerate() {
        if count > 0.0 {
            means.set_row(j, &gaussian::mean_of(x, &r.column(j).into_owned()));
        }
    }
    Ok(means)
}

/// The mean step in array form: one matrix product, one elementwise division.
///
/// ```math
/// m = (r^\top x) \oslash (r^\top 1)
/// ```
///
/// Equal to [`update_means`] where no cluster is empty; an empty cluster gives NaN here, as the formula says.
///
/// Source: H-12 (the operation is a division: H-E13).
///
/// ```
/// use executable_em::kmeans::means_in_array_form;
/// use nalgebra::dmatrix;
/// assert_eq!(means_in_array_form(&dmatrix![2.0; 4.0], &dmatrix![1.0; 1.0])?, dmatrix![3.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn means_in_array_form(x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::finite("data", x)?;
    check::responsibilities(r, x.nrows())?;
    let ones = DMatrix::from_element(x.nrows(), x.ncols(), 1.0);
    Ok((r.transpose() * x).component_div(&(r.transpose() * ones)))
}

/// The objective of k-means, its Lyapunov function: the sum of squared distances within the clusters.
///
/// ```math
/// J(r, m) = \sum_{ij} r_{ij}\,\|x_i - m_j\|^2 \;\ge\; 0
/// ```
///
/// `x` is n×d, `r` n×k with non-negative entries, `means` k×d; returns squared units of the data.
/// It never rises in either step; it need not fall, for instance at a fixed point.
///
/// Source: H-10, H-13, H-14, H-E11.
///
/// ```
/// use executable_em::kmeans::objective;
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0; 1.0; 5.0];
/// let r = dmatrix![1.0, 0.0; 1.0, 0.0; 0.0, 1.0];
/// assert_eq!(objective(&x, &r, &dmatrix![0.5; 5.0])?, 0.5);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn objective(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<f64> {
    check::state(x, r, means)?;
    Ok(r.component_mul(&squared_distances(x, means)?).sum())
}

/// The gradient of the objective in the means.
///
/// ```math
/// \frac{\partial J}{\partial m_j} = -2\sum_i r_{ij}\,(x_i - m_j)
/// ```
///
/// `x` is n×d, `r` n×k, `means` k×d; returns k×d. It vanishes just where every mean is the average of its data.
///
/// Source: H-15.
///
/// ```
/// use executable_em::kmeans::objective_gradient;
/// use nalgebra::dmatrix;
/// let gradient = objective_gradient(&dmatrix![0.0; 4.0], &dmatrix![1.0; 1.0], &dmatrix![1.0])?;
/// assert_eq!(gradient, dmatrix![-4.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn objective_gradient(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::state(x, r, means)?;
    let (k, d) = means.shape();
    Ok(DMatrix::from_fn(k, d, |j, a| {
        -2.0 * (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] - means[(j, a)])).sum::<f64>()
    }))
}

/// The Hessian of the objective in the means, constant in m.
///
/// ```math
/// \frac{\partial^2 J}{\partial m_j\,\partial m_l^\top} = 2R_j\,\delta_{jl}\,I_d
/// ```
///
/// `r` is n×k, `d` the dimension of the data; returns kd×kd, ordered mean by mean. It is positive semidefinite, and
/// zero for an empty cluster, whose mean J does not see.
///
/// Source: H-16, H-E14.
///
/// ```
/// use executable_em::kmeans::objective_hessian;
/// use nalgebra::dmatrix;
/// assert_eq!(objective_hessian(&dmatrix![1.0, 0.0; 1.0, 0.0], 1)?, dmatrix![4.0, 0.0; 0.0, 0.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn objective_hessian(r: &DMatrix<f64>, d: usize) -> Result<DMatrix<f64>> {
    check::responsibilities(r, r.nrows())?;
    let counts = latent::counts(r);
    Ok(DMatrix::from_diagonal(&DVector::from_fn(r.ncols() * d, |row, _| 2.0 * counts[row / d])))
}

/// The risk of a clustering: the squared distance of every datum from the mean of *its own* label.
///
/// ```math
/// R(c) = \sum_i \|x_i - \mu_{c(x_i)}\|^2
/// ```
///
/// `x` is n×d, `labels` holds n numbers below k, `means` is k×d. It equals [`objective`] at one-hot responsibilities.
/// [`Error::Label`](crate::Error::Label) for a label that names no mean.
///
/// Source: B-30, B-31 (with c(x_i), not c(x): B-E19).
///
/// ```
/// use executable_em::kmeans::risk;
/// use nalgebra::dmatrix;
/// assert_eq!(risk(&dmatrix![0.0; 1.0; 9.0; 10.0], &[0, 0, 1, 1], &dmatrix![0.5; 9.5])?, 1.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn risk(x: &DMatrix<f64>, labels: &[usize], means: &DMatrix<f64>) -> Result<f64> {
    check::data_and_means(x, means)?;
    check::shape("labels", (labels.len(), 1), (x.nrows(), 1))?;
    latent::one_hot(labels, means.nrows())?;
    Ok(labels.iter().enumerate().map(|(i, &label)| (x.row(i) - means.row(label)).norm_squared()).sum())
}
