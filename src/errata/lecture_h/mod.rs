//! What decides the errata of lecture 22 of Probabilistic Machine Learning.
//!
//! The derivatives of ℓ have a file of their own, `derivatives`.

mod derivatives;

pub use derivatives::*;

use crate::error::Result;
use crate::latent::{self, complete};
use crate::soft_kmeans::SoftKMeans;
use crate::{check, kmeans};
use nalgebra::{DMatrix, DVector};

/// The responsibilities of soft k-means, as printed on two slides.
/// ```math
/// \text{printed}\quad r_{ij} \propto \pi_j\,e^{-\beta\|x_i-\mu_j\|^2} \qquad
/// \text{right, for } \Sigma_j = \beta^{-1}I\quad r_{ij} \propto \pi_j\,e^{-\frac\beta2\|x_i-\mu_j\|^2}
/// ```
/// Right is [`SoftKMeans::responsibilities`], with the same arguments. The printed ones belong to the stiffness 2β; put
/// into EM at β they lower ℓ from its maximum on {−1.5, −.5, .5, 1.5, 2}.
///
/// Source: H-E06.
/// ```
/// use executable_em::{errata::lecture_h::responsibilities_without_the_half, soft_kmeans::{SoftKMeans, Weights}};
/// use nalgebra::dmatrix;
/// let model = SoftKMeans::new(dmatrix![0.0; 2.0], 1.0, Weights::Held)?;
/// let r = responsibilities_without_the_half(&model, &dmatrix![0.0])?;
/// assert!((r[0] - 1.0 / (1.0 + (-4.0_f64).exp())).abs() < 1e-15); // right: e⁻²
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn responsibilities_without_the_half(model: &SoftKMeans, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    proportional_to(model.weights(), model.stiffness(), &kmeans::squared_distances(x, model.means())?)
}

/// The responsibilities of soft k-means with the counts where the weights belong, as printed.
/// ```math
/// \text{printed}\quad r_{ij} \propto R_j\,e^{-\frac\beta2\|x_i-\mu_j\|^2} \qquad
/// \text{right}\quad r_{ij} \propto \pi_j\,e^{-\frac\beta2\|x_i-\mu_j\|^2}
/// ```
/// Right is [`SoftKMeans::responsibilities`]. Nearly right is this one, too: after an M step that fits the weights,
/// $`\pi_j = R_j/n`$ and the factor n cancels. With weights that are held, or in the first sweep, where there is no R_j
/// yet, it is another formula. `counts` holds the R_j > 0 ([`Error::Domain`](crate::Error::Domain)).
///
/// Source: H-E07.
/// ```
/// use executable_em::{errata::lecture_h, soft_kmeans::{SoftKMeans, Weights}};
/// use nalgebra::{dmatrix, dvector};
/// let model = SoftKMeans::new(dmatrix![-1.0; 1.0], 1.0, Weights::Held)?; // weights ½, ½
/// let r = lecture_h::responsibilities_with_counts_for_weights(&model, &dmatrix![0.0], &dvector![3.0, 1.0])?;
/// assert!((r - dmatrix![0.75, 0.25]).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn responsibilities_with_counts_for_weights(
    model: &SoftKMeans,
    x: &DMatrix<f64>,
    counts: &DVector<f64>,
) -> Result<DMatrix<f64>> {
    check::positives("counts", "count of a component", counts, model.weights().len())?;
    proportional_to(counts, 0.5 * model.stiffness(), &kmeans::squared_distances(x, model.means())?)
}

/// Rows proportional to factor_j e^{−rate · distance_ij}, summing to one.
fn proportional_to(factors: &DVector<f64>, rate: f64, distances: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    latent::responsibilities(&DMatrix::from_fn(distances.nrows(), distances.ncols(), |i, j| {
        factors[j].ln() - rate * distances[(i, j)]
    }))
}

/// The responsibilities, if the sum in the denominator runs over an index that its terms do not have.
/// ```math
/// \text{printed}\quad
///   \frac{\pi_j\,\mathcal N(x_i;\mu_j,\Sigma_j)}{\sum_{j'}\pi_j\,\mathcal N(x_i;\mu_j,\Sigma_j)} = \frac1k \qquad
/// \text{right}\quad
///   \frac{\pi_j\,\mathcal N(x_i;\mu_j,\Sigma_j)}{\sum_{j'}\pi_{j'}\,\mathcal N(x_i;\mu_{j'},\Sigma_{j'})}
/// ```
/// Right is [`latent::responsibilities`]. The literal reading makes all responsibilities equal, so that one M step puts
/// all means in the same place. `log_joint` is n×k; returns n×k.
/// [`Error::ImpossibleDatum`](crate::Error::ImpossibleDatum) where an entry is −∞, as the literal quotient is 0/0.
///
/// Source: H-E08.
/// ```
/// use executable_em::errata::lecture_h::responsibilities_with_a_shared_index;
/// use nalgebra::dmatrix;
/// let literal = responsibilities_with_a_shared_index(&dmatrix![-1.0, -7.0])?;
/// assert!((literal - dmatrix![0.5, 0.5]).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn responsibilities_with_a_shared_index(log_joint: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let mut r = log_joint.clone();
    for (j, column) in log_joint.column_iter().enumerate() {
        let over_the_other_index =
            latent::log_marginals(&DMatrix::from_columns(&vec![column; log_joint.ncols()]))?;
        r.set_column(j, &(column - over_the_other_index).map(f64::exp));
    }
    Ok(r)
}

/// The density of the data given their labels, as printed with the weights in it.
/// ```math
/// \text{printed as } p(x\mid z)\quad \prod_i\pi_{z_i}\,\mathcal N(x_i;\mu_{z_i},\Sigma_{z_i}) \qquad
/// \text{right}\quad \prod_i\mathcal N(x_i;\mu_{z_i},\Sigma_{z_i})
/// ```
/// Right is [`complete::log_conditional`]; the printed one is the joint, [`complete::log_likelihood`], with its
/// arguments. Integrals decide: over x_i the printed one gives π_{z_i}, a density 1. A lecture draws data "from" it.
///
/// Source: H-E09, L-E05.
/// ```
/// use executable_em::errata::lecture_h::log_conditional_with_the_weights;
/// use nalgebra::dmatrix;
/// let log_joint = dmatrix![0.25_f64.ln() - 1.0, 0.75_f64.ln() - 2.0]; // weights ¼, ¾; log densities −1, −2
/// assert_eq!(log_conditional_with_the_weights(&log_joint, &[1])?, 0.75_f64.ln() - 2.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_conditional_with_the_weights(log_joint: &DMatrix<f64>, labels: &[usize]) -> Result<f64> {
    complete::log_likelihood(log_joint, labels)
}

/// A step of an iteration that has a Lyapunov function and yet no way to its minimum.
/// ```math
/// x \leftarrow \tfrac12\left(x + \tfrac12\right), \qquad J(x) = x^2
/// ```
/// From x = 1 on J falls in every step, for ever, and ends at ¼; its only minimum, local or not, is 0. To be positive
/// and to decrease, as the slide's definition asks, is not enough.
///
/// Source: H-E12.
/// ```
/// use executable_em::errata::lecture_h::descent_to_no_minimum;
/// assert_eq!([1.0, 0.5].map(descent_to_no_minimum), [0.75, 0.5]);
/// ```
pub fn descent_to_no_minimum(x: f64) -> f64 {
    0.5 * (x + 0.5)
}

/// A step of an iteration whose Lyapunov function converges while its state does not.
/// ```math
/// \rho \leftarrow \tfrac12(1 + \rho), \qquad \varphi \leftarrow \varphi + 1, \qquad J = \rho^2
/// ```
/// In polar coordinates `[radius, angle]`: J falls to 1, and the state goes round the unit circle for ever.
///
/// Source: H-E12.
/// ```
/// use executable_em::errata::lecture_h::descent_that_never_rests;
/// assert_eq!(descent_that_never_rests([2.0, 0.0]), [1.5, 1.0]);
/// ```
pub fn descent_that_never_rests([radius, angle]: [f64; 2]) -> [f64; 2] {
    [0.5 * (1.0 + radius), angle + 1.0]
}

/// The means in array form, with the operation that is printed.
/// ```math
/// \text{printed}\quad m = (r^\top x)\odot(r^\top 1) \qquad \text{right}\quad m = (r^\top x)\oslash(r^\top 1)
/// ```
/// Right is [`kmeans::means_in_array_form`]: a mean is a sum *divided* by a count. `x` is n×d, `r` n×k; returns k×d.
///
/// Source: H-E13.
/// ```
/// use executable_em::errata::lecture_h::means_by_a_product;
/// use nalgebra::dmatrix;
/// let r = dmatrix![1.0, 0.0; 1.0, 0.0; 0.0, 1.0];
/// assert_eq!(means_by_a_product(&dmatrix![0.0; 1.0; 5.0], &r)?, dmatrix![2.0; 5.0]); // right: ½ and 5
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn means_by_a_product(x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    kmeans::means_in_array_form(x, r)?; // refuses what does not fit
    let ones = DMatrix::from_element(x.nrows(), x.ncols(), 1.0);
    Ok((r.transpose() * x).component_mul(&(r.transpose() * ones)))
}

/// The counts, if the two indices of a responsibility change places between its definition and the sum.
/// ```math
/// \text{literal}\quad \sum_j r_{ij} = 1 \qquad \text{right}\quad R_j = \sum_i r_{ij}
/// ```
/// Right is [`latent::counts`]. The slides write $`r_{ki}, r_{ik}, r_{ji}, r_{ij}`$ for the same thing; summed along
/// the wrong axis an n×k table gives n ones instead of k counts. `r` is n×k; returns n numbers.
///
/// Source: H-E18.
/// ```
/// use executable_em::errata::lecture_h::counts_along_the_wrong_axis;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(counts_along_the_wrong_axis(&dmatrix![0.5, 0.5; 1.0, 0.0; 0.25, 0.75])?, dvector![1.0, 1.0, 1.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn counts_along_the_wrong_axis(r: &DMatrix<f64>) -> Result<DVector<f64>> {
    check::responsibilities(r, r.nrows())?;
    Ok(r.column_sum())
}

/// What the last slides maximise: the expected log joint with one and the same θ in both places.
/// ```math
/// \text{printed}\quad \sum_z p(z\mid x,\theta)\log p(x,z\mid\theta) = \ell(\theta) - \mathsf H(p(z\mid x,\theta))
/// \qquad \text{right}\quad Q(\theta\mid\theta^t) = \sum_z p(z\mid x,\theta^t)\log p(x,z\mid\theta)
/// ```
/// Right is [`latent::expected_log_joint`] with the posterior frozen at θ^t. The printed one rewards parameters that
/// leave no doubt about the labels, and its maximum lies elsewhere. `log_joint` is n×k at θ; returns nats.
///
/// Source: H-E19.
/// ```
/// use executable_em::{bound, errata::lecture_h::expected_log_joint_unfrozen, latent};
/// use nalgebra::dmatrix;
/// let log_joint = dmatrix![-1.0, -1.0];
/// let entropy = bound::entropy(&latent::responsibilities(&log_joint)?)?;
/// let less = latent::log_likelihood(&log_joint)? - entropy;
/// assert!((expected_log_joint_unfrozen(&log_joint)? - less).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_log_joint_unfrozen(log_joint: &DMatrix<f64>) -> Result<f64> {
    latent::expected_log_joint(&latent::responsibilities(log_joint)?, log_joint)
}
