//! Around the point estimate: what full Bayesian inference would need, and what a mixture is good for.

use super::GaussianMixture;
use crate::check;
use crate::error::{Error, Result};
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector};

/// The posterior density over a grid of parameter values, by Bayes' rule.
/// ```math
/// p(\theta_g \mid x) = \frac{p(x\mid\theta_g)\,p(\theta_g)}{\sum_h p(x\mid\theta_h)\,p(\theta_h)\,\Delta}
/// ```
/// `log_likelihoods` and `log_priors` hold a value in nats for each of m grid points at the distance Δ, `spacing`;
/// returns m densities that integrate to one under the rectangle rule. This is what "ideally one wants"; it works for
/// one parameter, hopelessly not for all. [`Error::ImpossibleDatum`] if the posterior vanishes on the whole grid.
///
/// Source: H-23.
/// ```
/// use executable_em::gaussian_mixture::uses::grid_posterior;
/// use nalgebra::dvector;
/// assert_eq!(grid_posterior(&dvector![-1000.0, -1000.0], &dvector![0.0, 0.0], 0.5), Ok(dvector![1.0, 1.0]));
/// ```
pub fn grid_posterior(
    log_likelihoods: &DVector<f64>,
    log_priors: &DVector<f64>,
    spacing: f64,
) -> Result<DVector<f64>> {
    check::shape("log priors", log_priors.shape(), log_likelihoods.shape())?;
    check::positive("spacing", spacing)?;
    // A posterior over a grid is a row of responsibilities whose "components" are the grid points.
    Ok(latent::softmax(&(log_likelihoods + log_priors))? / spacing)
}

/// A table with its row means and column means taken off: what is left is pure interaction.
/// ```math
/// t_{ab} - \bar t_{a\cdot} - \bar t_{\cdot b} + \bar t_{\cdot\cdot}
/// ```
/// It settles two claims. For $`t_{ab} = \log p(x_a\mid\theta_b)`$ of an exponential family with s sufficient
/// statistics its rank is at most s; for a mixture it is the higher the larger the table, as a mixture is no
/// exponential family, and so has no conjugate prior with a fixed number of parameters. For
/// $`t_{ab} = \ell(\mu_a, \pi_b)`$ it would vanish if the likelihood factorised.
///
/// `table` is any non-empty finite matrix; returns one of the same shape.
///
/// Source: H-24, H-25.
/// ```
/// use executable_em::gaussian_mixture::uses::interaction;
/// use nalgebra::dmatrix;
/// assert_eq!(interaction(&dmatrix![1.0, 2.0; 11.0, 12.0]), Ok(dmatrix![0.0, 0.0; 0.0, 0.0])); // a sum has none
/// ```
pub fn interaction(table: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::finite("table", table)?;
    let (row_means, column_means, mean) = (table.column_mean(), table.row_mean(), table.mean());
    let interaction = DMatrix::from_fn(table.nrows(), table.ncols(), |a, b| {
        table[(a, b)] - row_means[a] - column_means[b] + mean
    });
    check::defined("interaction", interaction)
}

/// The generative classifier: the most probable class of each datum, when every class has a mixture as its density.
/// ```math
/// \hat c_i = \arg\max_c\ p(c)\,p(x_i \mid c)
/// ```
/// `x` is n×d, `priors` is a probability vector over the classes, `classes` holds one mixture each; returns n class
/// indices, the lower one in a tie. [`Error::NotOnSimplex`] and [`Error::Shape`] for priors that are none.
///
/// Naive Bayes is the case of one diagonal Gaussian a class: then all classes together are one diagonal mixture whose
/// labels are seen, and its [`maximum_likelihood`](latent::complete::maximum_likelihood) is the whole fit.
///
/// Source: L-03, X-32.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, uses::classify};
/// use nalgebra::{dmatrix, dvector};
/// let at = |mean: f64| GaussianMixture::new(dvector![1.0], dmatrix![mean], vec![dmatrix![1.0]], Full);
/// assert_eq!(classify(&dmatrix![-3.0; 0.5], &dvector![0.5, 0.5], &[at(-1.0)?, at(1.0)?])?, [0, 1]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn classify(x: &DMatrix<f64>, priors: &DVector<f64>, classes: &[GaussianMixture]) -> Result<Vec<usize>> {
    if classes.is_empty() {
        return Err(Error::Empty { what: "classes" });
    }
    check::distribution("priors", priors, classes.len())?;
    let mut log_joint = DMatrix::zeros(x.nrows(), classes.len());
    for (c, class) in classes.iter().enumerate() {
        log_joint.set_column(c, &latent::log_marginals(&class.log_joint(x)?)?.add_scalar(priors[c].ln()));
    }
    Ok(log_joint.row_iter().map(|row| row.transpose().imax()).collect())
}
