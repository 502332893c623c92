//! Around the point estimate: what full Bayesian inference would need, and what a mixture is good for.

use super::GaussianMixture;
use crate::check;
use crate::error::{Error, Result};
use crate::latent;
use nalgebra::{DMatrix, DVector};

/// The posterior density over a grid of parameter values, by Bayes' rule.
///
/// ```math
/// p(\theta_g \mid x) = \frac{p(x\mid\theta_g)\,p(\theta_g)}{\sum_h p(x\mid\theta_h)\,p(\theta_h)\,\Delta}
/// ```
///
/// `log_likelihoods` and `log_priors` hold one value in nats for each of m equally spaced grid points, `spacing` is their
/// distance Δ; returns m densities that integrate to one under the rectangle rule. This is what "ideally one wants"; it
/// works for one parameter, and hopelessly not for all $`k - 1 + kd + kd(d+1)/2`$.
/// [`Error::ImpossibleDatum`] if the posterior vanishes on the whole grid.
///
/// Source: H-23.
///
/// ```
/// use executable_em::gaussian_mixture::uses::grid_posterior;
/// use nalgebra::dvector;
/// let posterior = grid_posterior(&dvector![-1000.0, -1000.0], &dvector![0.0, 3_f64.ln()], 0.5)?;
/// assert!((posterior - dvector![0.5, 1.5]).amax() < 1e-12);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn grid_posterior(
    log_likelihoods: &DVector<f64>,
    log_priors: &DVector<f64>,
    spacing: f64,
) -> Result<DVector<f64>> {
    check::shape("log priors", log_priors.shape(), log_likelihoods.shape())?;
    check::positive("spacing", spacing)?;
    // A posterior over a grid is a row of responsibilities whose "components" are the grid points.
    let log_joint = DMatrix::from_rows(&[(log_likelihoods + log_priors).transpose()]);
    Ok(latent::responsibilities(&log_joint)?.row(0).transpose() / spacing)
}

/// A table with its row means and column means taken off: what is left is pure interaction.
///
/// ```math
/// t_{ab} - \bar t_{a\cdot} - \bar t_{\cdot b} + \bar t_{\cdot\cdot}
/// ```
///
/// It settles two claims of the lecture numerically.
/// * For $`t_{ab} = \log p(x_a\mid\theta_b)`$ of an exponential family with s sufficient statistics its rank is at most s,
///   whatever the size of the table; for a mixture it grows with the table, so a mixture is no exponential family and
///   has no conjugate prior.
/// * For $`t_{ab} = \ell(\mu_a, \pi_b)`$ it would vanish if the likelihood factorised over μ and π; it does not.
///
/// `table` is any non-empty finite matrix; returns one of the same shape.
///
/// Source: H-24, H-25.
///
/// ```
/// use executable_em::gaussian_mixture::uses::interaction;
/// use nalgebra::dmatrix;
/// let additive = dmatrix![1.0, 2.0; 11.0, 12.0];
/// assert_eq!(interaction(&additive)?, dmatrix![0.0, 0.0; 0.0, 0.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn interaction(table: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::finite("table", table)?;
    let (row_means, column_means, mean) = (table.column_mean(), table.row_mean(), table.mean());
    Ok(DMatrix::from_fn(table.nrows(), table.ncols(), |a, b| {
        table[(a, b)] - row_means[a] - column_means[b] + mean
    }))
}

/// The generative classifier: the most probable class of each datum, when every class has a mixture as its density.
///
/// ```math
/// \hat c_i = \arg\max_c\ p(c)\,p(x_i \mid c)
/// ```
///
/// `x` is n×d, `priors` is a probability vector over the classes, `classes` holds one mixture each; returns n class
/// indices, the lower one in a tie. [`Error::NotOnSimplex`] and [`Error::Shape`] for priors that are none.
///
/// Source: L-03.
///
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, uses::classify};
/// use nalgebra::{dmatrix, dvector};
/// let at = |mean: f64| GaussianMixture::new(dvector![1.0], dmatrix![mean], vec![dmatrix![1.0]], CovarianceFamily::Full);
/// let classes = [at(-1.0)?, at(1.0)?];
/// assert_eq!(classify(&dmatrix![-3.0; 0.5], &dvector![0.5, 0.5], &classes)?, [0, 1]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn classify(x: &DMatrix<f64>, priors: &DVector<f64>, classes: &[GaussianMixture]) -> Result<Vec<usize>> {
    if classes.is_empty() {
        return Err(Error::Empty { what: "classes" });
    }
    check::shape("priors", priors.shape(), (classes.len(), 1))?;
    check::simplex("priors", 0, priors.iter().copied())?;
    let mut log_joint = DMatrix::zeros(x.nrows(), classes.len());
    for (c, class) in classes.iter().enumerate() {
        let log_density = latent::log_marginals(&latent::Model::log_joint(class, x)?)?;
        log_joint.set_column(c, &log_density.add_scalar(priors[c].ln()));
    }
    Ok(log_joint.row_iter().map(|row| row.transpose().imax()).collect())
}
