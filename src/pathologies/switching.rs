//! Label switching: the components have no names, so every optimum has k! twins.
//!
//! ℓ does not know the order of components. Hence parameters of several runs, or of several draws from a posterior,
//! cannot be averaged entry by entry (averages of *functions of the mixture*, such as its density, can). And hence ℓ is
//! not concave: halfway between two twins lies a mixture of equal components, worse than both. Nor is it convex.

use crate::check;
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

/// All k! orders of k components.
///
/// `k` lies between 1 and 8 ([`Error::Domain`]); returns vectors of k different numbers, in lexicographic order.
///
/// Source: T-E18.
/// ```
/// use executable_em::pathologies::switching::orders;
/// assert_eq!(orders(2)?, [[0, 1], [1, 0]]);
/// assert_eq!(orders(5)?.len(), 120);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn orders(k: usize) -> Result<Vec<Vec<usize>>> {
    let allowed = "between 1 and 8: there are k! orders";
    check::domain("number of components", k as f64, (1..=8).contains(&k), allowed)?;
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..k {
        let longer = |order: &Vec<usize>| {
            let free = (0..k).filter(|j| !order.contains(j));
            free.map(|j| [order.as_slice(), &[j]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    Ok(orders)
}

/// The same mixture with its components in another order: a twin.
/// ```math
/// (\pi_j, \mu_j, \Sigma_j) \leftarrow (\pi_{o(j)}, \mu_{o(j)}, \Sigma_{o(j)}), \qquad
/// \ell(o\,\theta) = \ell(\theta), \quad r_{ij} \leftarrow r_{i\,o(j)}
/// ```
/// `order` o holds each of 0, …, k − 1 once: [`Error::Shape`] or [`Error::Label`] if it does not.
///
/// Source: T-E18; Redner and Walker (1984). Example: [`average`].
pub fn relabelled(model: &GaussianMixture, order: &[usize]) -> Result<GaussianMixture> {
    let k = model.k();
    check::shape("order", (order.len(), 1), (k, 1))?;
    if let Some(row) = (0..k).find(|&row| order[row] >= k || order[..row].contains(&order[row])) {
        return Err(Error::Label { row, label: order[row], k });
    }
    let (weights, means) = (model.weights().select_rows(order), model.means().select_rows(order));
    let covariances = model.stored_covariances();
    let covariances = order.iter().map(|&j| covariances[j].clone()).collect();
    GaussianMixture::new(weights, means, covariances, model.family())
}

/// The one of the k! twins whose means stand in lexicographic order: a remedy, if only for comparing.
///
/// Components of one mean are ordered by covariance, then by weight, so that all twins have the same canonical form, to
/// the last bit. It names components, no more: where two of them overlap, a small change of the data may swap names.
///
/// Source: T-E18; Stephens (2000), on label switching.
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, pathologies::switching::canonical};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![0.3, 0.7], dmatrix![1.0; -1.0], vec![dmatrix![1.0]; 2], Full)?;
/// assert_eq!(*canonical(&model)?.weights(), dvector![0.7, 0.3]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn canonical(model: &GaussianMixture) -> Result<GaussianMixture> {
    let key = |j: usize| -> Vec<f64> {
        let mean = model.means().row(j).into_owned();
        mean.iter().chain(&model.covariances()[j]).chain([&model.weights()[j]]).copied().collect()
    };
    let mut order: Vec<usize> = (0..model.k()).collect();
    order.sort_by(|&a, &b| {
        let pairs = key(a).into_iter().zip(key(b));
        pairs.map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    relabelled(model, &order)
}

/// The average of several mixtures, parameter by parameter: what one must not do.
/// ```math
/// \bar\theta = \frac1m\sum_t\theta_t
/// ```
/// The result is a mixture. But over the k! twins of any mixture all its components are equal, whatever was fitted.
/// `models` have one shape ([`Error::Shape`]) and one family; [`Error::Empty`] if there are none.
///
/// Source: T-E18; Stephens (2000).
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, pathologies::switching};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![0.25, 0.75], dmatrix![-1.0; 1.0], vec![dmatrix![1.0]; 2], Full)?;
/// let meaningless = switching::average(&[model.clone(), switching::relabelled(&model, &[1, 0])?])?;
/// assert_eq!(*meaningless.means(), dmatrix![0.0; 0.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn average(models: &[GaussianMixture]) -> Result<GaussianMixture> {
    let (first, rest) = models.split_first().ok_or(Error::Empty { what: "models" })?;
    let mut average = first.clone();
    for (m, model) in (2_u32..).zip(rest) {
        // With one more, the average moves a share 1/m of the way there.
        average = between(&average, model, 1.0 / f64::from(m))?;
    }
    Ok(average)
}

/// The mixture on the segment between two others.
/// ```math
/// \theta(t) = (1 - t)\,\theta_0 + t\,\theta_1, \qquad 0 \le t \le 1
/// ```
/// The space of parameters is convex, so every point of the segment is a mixture. `from` θ₀ and `to` θ₁ have the same
/// shape ([`Error::Shape`]) and family; [`Error::Domain`] for a `share` t outside [0, 1].
///
/// Source: T-E18. Example: [`second_difference`].
pub fn between(from: &GaussianMixture, to: &GaussianMixture, share: f64) -> Result<GaussianMixture> {
    check::shape("means", to.means().shape(), from.means().shape())?;
    check::fraction("share", share)?;
    let mix = |a: &DMatrix<f64>, b: &DMatrix<f64>| a * (1.0 - share) + b * share;
    let covariances = from.covariances().iter().zip(to.covariances()).map(|(a, b)| mix(a, b)).collect();
    let weights = from.weights() * (1.0 - share) + to.weights() * share;
    GaussianMixture::new(weights, mix(from.means(), to.means()), covariances, from.family())
}

/// The second difference of ℓ along a segment of parameters: its sign is that of the curvature.
/// ```math
/// \ell(\theta(t + h)) - 2\,\ell(\theta(t)) + \ell(\theta(t - h))
/// ```
/// A concave function has none above zero, a convex one none below. ℓ has both, so that it is neither; "not convex", as
/// a tutorial says, would not even be bad news for a function that is to be made large. `x` is n×d, `share` t and
/// `step` h such that t ± h lie in [0, 1]; returns nats. Errors as in [`between`].
///
/// Source: T-E18.
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, pathologies::switching};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![-2.0; 2.0], vec![dmatrix![1.0]; 2], Full)?;
/// let twin = switching::relabelled(&model, &[1, 0])?;
/// let at = |share| switching::second_difference(&model, &twin, &dmatrix![-2.0; 2.0], share, 0.1);
/// assert!(at(0.5)? > 0.0 && at(0.1)? < 0.0); // a valley between the twins, on the hill of one of them
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn second_difference(
    from: &GaussianMixture,
    to: &GaussianMixture,
    x: &DMatrix<f64>,
    share: f64,
    step: f64,
) -> Result<f64> {
    check::positive("step", step)?;
    let log_likelihood = |t: f64| between(from, to, t)?.log_likelihood(x);
    Ok(log_likelihood(share + step)? - 2.0 * log_likelihood(share)? + log_likelihood(share - step)?)
}
