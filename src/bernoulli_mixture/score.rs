//! Q of the coins term by term, the derivatives of Q and of ℓ, and the multiplier of the weights.
//!
//! The derivatives are those of the interior: a bias of 0 or 1 is an error here, as is a weight of 0 in a quotient.

use super::{BernoulliMixture, check_state, times_log};
use crate::check;
use crate::error::Result;
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector};

/// The three terms of Q: of the weights, of the heads and of the tails.
/// ```math
/// Q = \sum_{ij} r_{ij}\Big[\log\alpha_j + \sum_a x_{ia}\log p_{ja} + \sum_a(m-x_{ia})\log(1-p_{ja})\Big]
/// ```
/// `x` is n×d heads, `r` n×k; returns three numbers of nats, whose sum is [`latent::expected_log_joint`]. Weights and
/// biases stand in terms of their own, so each is maximised by itself. r multiplies all three terms.
///
/// Source: T-49, T-E26.
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![1.0], dmatrix![0.5], 3)?;
/// let terms = score::terms_of_q(&coins, &dmatrix![2.0], &dmatrix![1.0])?;
/// assert_eq!(terms, [0.0, 2.0 * 0.5_f64.ln(), 0.5_f64.ln()]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn terms_of_q(model: &BernoulliMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<[f64; 3]> {
    check_state(x, r, &model.biases, model.flips)?;
    let m = model.flips as f64;
    let mut terms = [0.0; 3];
    for i in 0..x.nrows() {
        for j in 0..model.k() {
            terms[0] += times_log(r[(i, j)], model.weights[j].ln());
            for a in 0..model.d() {
                let (heads, p) = (x[(i, a)], model.biases[(j, a)]);
                terms[1] += times_log(r[(i, j)] * heads, p.ln());
                terms[2] += times_log(r[(i, j)] * (m - heads), (-p).ln_1p());
            }
        }
    }
    Ok(terms)
}

/// The gradient of Q in the biases, for responsibilities that are held fixed.
/// ```math
/// \frac{\partial Q}{\partial p_{ja}} = \sum_i r_{ij}\left(\frac{x_{ia}}{p_{ja}} - \frac{m-x_{ia}}{1-p_{ja}}\right)
/// ```
/// `x` is n×d heads, `r` n×k; returns k×d, in nats. It vanishes at heads over flips,
/// [`update_biases`](super::update_biases). [`Error::Entry`](crate::Error::Entry) for a bias of 1, or of
/// 10⁻¹⁵⁰ or less, 0 included: the square of a score, too, must be a number.
///
/// Source: T-50.
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![1.0], dmatrix![0.5], 1)?;
/// assert_eq!(score::of_q_in_biases(&coins, &dmatrix![1.0; 1.0; 0.0], &dmatrix![1.0; 0.5; 1.0])?, dmatrix![1.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn of_q_in_biases(model: &BernoulliMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let allowed = "above 10⁻¹⁵⁰ and below 1 to be differentiated in";
    check::entries("biases", &model.biases, allowed, |p| p > 1e-150 && p < 1.0)?;
    check_state(x, r, &model.biases, model.flips)?;
    let m = model.flips as f64;
    Ok(DMatrix::from_fn(model.k(), model.d(), |j, a| {
        let p = model.biases[(j, a)];
        (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] / p - (m - x[(i, a)]) / (1.0 - p))).sum()
    }))
}

/// The score in the biases.
/// ```math
/// \frac{\partial\ell}{\partial p_{ja}} = \sum_i r_{ij}\left(\frac{x_{ia}}{p_{ja}} - \frac{m-x_{ia}}{1-p_{ja}}\right)
/// ```
/// `x` is n×d heads; returns k×d, in nats. It is the gradient of Q at the same θ, by Fisher's identity; r depends on
/// all biases, so setting it to zero solves nothing in closed form. Errors as in [`of_q_in_biases`].
///
/// Source: T-50.
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.5; 0.5], 4)?;
/// assert_eq!(score::in_biases(&coins, &dmatrix![3.0])?, dmatrix![2.0; 2.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn in_biases(model: &BernoulliMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    of_q_in_biases(model, x, &model.responsibilities(x)?)
}

/// The derivative of ℓ in each weight, before the constraint Σα = 1 is heeded.
/// ```math
/// \frac{\partial\ell}{\partial\alpha_j} = \sum_i\frac{p(x_i\mid z_i=j)}{p(x_i)}
/// ```
/// `x` is n×d heads; returns k numbers, in nats, for weights of 0 too. Always
/// $`\sum_j\alpha_j\,\partial\ell/\partial\alpha_j = n`$, which is why the multiplier is n.
///
/// Source: T-51.
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.0, 1.0], dmatrix![1.0; 0.5], 1)?;
/// assert!((score::in_weights(&coins, &dmatrix![1.0])? - dvector![2.0, 1.0]).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn in_weights(model: &BernoulliMixture, x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let log_probabilities = model.component_log_probabilities(x)?;
    let log_marginals = latent::log_marginals(&model.log_joint(x)?)?;
    Ok(DVector::from_fn(model.k(), |j, _| {
        (0..x.nrows()).map(|i| (log_probabilities[(i, j)] - log_marginals[i]).exp()).sum()
    }))
}

/// The derivative in each weight of the Lagrangian $`Q + \lambda(1 - \sum_j\alpha_j)`$.
/// ```math
/// \frac{\partial}{\partial\alpha_j}\Big[Q + \lambda\Big(1 - \sum_l\alpha_l\Big)\Big]
///   = \sum_i\frac{r_{ij}}{\alpha_j} - \lambda
/// ```
/// `weights` holds k numbers α_j > 0, `r` is n×k, `lambda` λ finite; returns k numbers, in nats. Times α_j and summed
/// over j it says $`n - \lambda = 0`$; so λ = n, and $`\hat\alpha_j = R_j/n`$. With the constraint written the other
/// way round λ is −n, as in [`weights_and_multiplier`](crate::gaussian_mixture::update::weights_and_multiplier).
///
/// Source: T-51.
/// ```
/// use executable_em::bernoulli_mixture::score::of_lagrangian_in_weights;
/// use nalgebra::{dmatrix, dvector};
/// let r = dmatrix![1.0, 0.0; 0.5, 0.5];
/// assert_eq!(of_lagrangian_in_weights(&dvector![0.75, 0.25], &r, 2.0)?, dvector![0.0, 0.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn of_lagrangian_in_weights(
    weights: &DVector<f64>,
    r: &DMatrix<f64>,
    lambda: f64,
) -> Result<DVector<f64>> {
    check::responsibilities(r, r.nrows())?;
    check::positives("weights", "weight of a component", weights, r.ncols())?;
    check::number("lambda", lambda)?;
    Ok(latent::counts(r).component_div(weights).add_scalar(-lambda))
}
