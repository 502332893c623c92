//! Label switching: the components have no names, so every optimum has k! twins.
//!
//! ℓ is a sum over components and does not know their order. Hence parameters of several runs, or of several draws from
//! a posterior, cannot be averaged entry by entry, and hence ℓ is not concave: halfway between two twins lies a mixture
//! of equal components, worse than both. Nor is it convex. Averages of *functions of the mixture*, such as its density,
//! are as good as ever.

use crate::check;
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

/// More orders than anyone would like to see.
const MOST_COMPONENTS: usize = 8;

/// All k! orders of k components.
///
/// `k` lies between 1 and 8 ([`Error::Domain`]); returns vectors of k different numbers, in lexicographic order.
///
/// Source: T-E18 (the twins that make ℓ neither convex nor concave).
///
/// ```
/// use executable_em::pathologies::switching::orders;
/// assert_eq!(orders(2)?, [[0, 1], [1, 0]]);
/// assert_eq!(orders(5)?.len(), 120);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn orders(k: usize) -> Result<Vec<Vec<usize>>> {
    if !(1..=MOST_COMPONENTS).contains(&k) {
        let allowed = "between 1 and 8: there are k! orders";
        return Err(Error::Domain { what: "number of components", value: k as f64, allowed });
    }
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
///
/// ```math
/// (\pi_j, \mu_j, \Sigma_j) \leftarrow (\pi_{o(j)}, \mu_{o(j)}, \Sigma_{o(j)}), \qquad
/// \ell(o\,\theta) = \ell(\theta), \quad r_{ij} \leftarrow r_{i\,o(j)}
/// ```
///
/// `order` o holds each of 0, …, k − 1 once: [`Error::Shape`] if it has another length, [`Error::Label`] for an entry that
/// is too large or comes twice.
///
/// Source: T-E18; Redner and Walker (1984).
///
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::switching::relabelled};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(
///     dvector![0.3, 0.7], dmatrix![-1.0; 1.0], vec![dmatrix![1.0]; 2], CovarianceFamily::Full)?;
/// assert_eq!(*relabelled(&model, &[1, 0])?.means(), dmatrix![1.0; -1.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn relabelled(model: &GaussianMixture, order: &[usize]) -> Result<GaussianMixture> {
    let k = model.k();
    check::shape("order", (order.len(), 1), (k, 1))?;
    for (row, &label) in order.iter().enumerate() {
        if label >= k || order[..row].contains(&label) {
            return Err(Error::Label { row, label, k });
        }
    }
    let (weights, means) = (model.weights().select_rows(order), model.means().select_rows(order));
    let covariances = order.iter().map(|&j| model.covariances()[j].clone()).collect();
    GaussianMixture::new(weights, means, covariances, model.family())
}

/// The one of the k! twins whose means stand in lexicographic order: a remedy, if only for comparing.
///
/// Components with the same mean are ordered by their covariances, then by their weights, so that all twins have the same
/// canonical form, to the last bit. It names components, no more: where two of them overlap, a small change of the data
/// may swap the names.
///
/// Source: T-E18; Stephens (2000), on label switching.
///
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::switching::canonical};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(
///     dvector![0.3, 0.7], dmatrix![1.0; -1.0], vec![dmatrix![1.0]; 2], CovarianceFamily::Full)?;
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
///
/// ```math
/// \bar\theta = \frac1m\sum_t\theta_t
/// ```
///
/// The result is a mixture: probability vectors and covariances have averages of their kind. But over the k! twins of any
/// mixture all its components are equal, whatever was fitted. `models` have one shape ([`Error::Shape`]) and one family;
/// [`Error::Empty`] if there are none.
///
/// Source: T-E18; Stephens (2000).
///
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::switching::{average, relabelled}};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(
///     dvector![0.25, 0.75], dmatrix![-1.0; 1.0], vec![dmatrix![1.0]; 2], CovarianceFamily::Full)?;
/// let meaningless = average(&[model.clone(), relabelled(&model, &[1, 0])?])?;
/// assert_eq!(*meaningless.weights(), dvector![0.5, 0.5]);
/// assert_eq!(*meaningless.means(), dmatrix![0.0; 0.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn average(models: &[GaussianMixture]) -> Result<GaussianMixture> {
    let Some((first, rest)) = models.split_first() else {
        return Err(Error::Empty { what: "models" });
    };
    let mut average = first.clone();
    for (done, model) in rest.iter().enumerate() {
        // With one more, the average moves a share 1/m of the way there.
        average = between(&average, model, 1.0 / (done + 2) as f64)?;
    }
    Ok(average)
}

/// The mixture on the segment between two others.
///
/// ```math
/// \theta(t) = (1 - t)\,\theta_0 + t\,\theta_1, \qquad 0 \le t \le 1
/// ```
///
/// The space of parameters is convex, so every point of the segment is a mixture. `from` θ₀ and `to` θ₁ have the same
/// shape ([`Error::Shape`]) and family; [`Error::Domain`] for a `share` t outside [0, 1].
///
/// Source: T-E18. Example: [`second_difference`].
pub fn between(from: &GaussianMixture, to: &GaussianMixture, share: f64) -> Result<GaussianMixture> {
    check::shape("means", to.means().shape(), from.means().shape())?;
    check::domain("share", share, (0.0..=1.0).contains(&share), "between 0 and 1")?;
    let mix = |a: &DMatrix<f64>, b: &DMatrix<f64>| a * (1.0 - share) + b * share;
    let covariances = from.covariances().iter().zip(to.covariances()).map(|(a, b)| mix(a, b)).collect();
    let weights = from.weights() * (1.0 - share) + to.weights() * share;
    GaussianMixture::new(weights, mix(from.means(), to.means()), covariances, from.family())
}

/// The second difference of ℓ along a segment of parameters: its sign is that of the curvature.
///
/// ```math
/// \ell(\theta(t + h)) - 2\,\ell(\theta(t)) + \ell(\theta(t - h))
/// ```
///
/// A concave function has none above zero, a convex one none below. ℓ has both, so that it is neither; "not convex",
/// as a tutorial says, would not even be bad news for a function that is to be made large.
///
/// `x` is n×d, `share` t and `step` h such that t ± h lie in [0, 1]; returns nats. Errors as in [`between`].
///
/// Source: T-E18.
///
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::switching::{relabelled, second_difference}};
/// use nalgebra::{dmatrix, dvector};
/// let x = dmatrix![-2.0; 2.0];
/// let model = GaussianMixture::new(
///     dvector![0.5, 0.5], dmatrix![-2.0; 2.0], vec![dmatrix![1.0]; 2], CovarianceFamily::Full)?;
/// let twin = relabelled(&model, &[1, 0])?;
/// assert!(second_difference(&model, &twin, &x, 0.5, 0.1)? > 0.0); // between the twins a valley
/// assert!(second_difference(&model, &twin, &x, 0.1, 0.1)? < 0.0); // on the hill of one of them
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
