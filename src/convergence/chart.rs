//! Coordinates in which every vector is a mixture: nothing that is extrapolated can leave the space.

use crate::bernoulli_mixture::BernoulliMixture;
use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, DVector};

/// A mixture as a vector without bounds.
/// ```math
/// \Big(\log\frac{\pi_j}{\pi_k}\Big)_{j<k},\quad \mu_{11}, \dots, \mu_{kd},\quad
/// L_{j,ab}\ (a > b)\ \text{and}\ \log L_{j,aa}, \qquad \Sigma_j = L_jL_j^\top
/// ```
///
/// For the other families: one L for all, the logarithms of the variances, of σ². Returns p numbers;
/// [`Error::Domain`](crate::Error::Domain) for a weight of zero.
///
/// Source: X-17; Pinheiro and Bates (1996). Example: [`mixture_of`].
pub fn coordinates(model: &GaussianMixture) -> Result<DVector<f64>> {
    let (k, d) = (model.k(), model.d());
    let mut numbers = log_ratios(model.weights())?;
    numbers.extend(model.means().transpose().iter());
    for j in 0..covariances(model.family(), k) {
        match (model.family(), model.variances()) {
            (CovarianceFamily::Spherical, Some(variances)) => numbers.push(variances[(j, 0)].ln()),
            (_, Some(variances)) => numbers.extend(variances.row(j).iter().map(|variance| variance.ln())),
            (_, None) => {
                let l = model.factors()[j].l();
                numbers.extend(
                    (0..d)
                        .flat_map(|a| (0..=a).map(move |b| (a, b)))
                        .map(|(a, b)| if a == b { l[(a, a)].ln() } else { l[(a, b)] }),
                );
            }
        }
    }
    Ok(DVector::from_vec(numbers))
}

/// The mixture of such a vector, of the shape and family of another.
///
/// `numbers` holds p finite numbers. Errors only where a logarithm leaves the floating-point numbers.
///
/// Source: X-17.
/// ```
/// use executable_em::convergence::chart::{coordinates, mixture_of};
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
/// let model = random_start(&data::old_faithful(), 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let back = mixture_of(&coordinates(&model)?, &model)?;
/// assert!((&back.covariances()[0] - &model.covariances()[0]).amax() < 1e-12);
/// assert!(mixture_of(&(coordinates(&model)? * -1.0), &model).is_ok()); // wherever it leads
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn mixture_of(numbers: &DVector<f64>, like: &GaussianMixture) -> Result<GaussianMixture> {
    let (k, d, family) = (like.k(), like.d(), like.family());
    check::matrix("coordinates", numbers, (like.parameter_count(), 1))?;
    let mut left = numbers.iter().copied();
    let mut next = || left.next().expect("a number for every coordinate");
    let weights = weights_of((0..k - 1).map(|_| next()))?;
    let means = DMatrix::from_row_iterator(k, d, (0..k * d).map(|_| next()).collect::<Vec<_>>());
    let mut covariances = Vec::new();
    for _ in 0..self::covariances(family, k) {
        covariances.push(match family {
            CovarianceFamily::Full | CovarianceFamily::Tied => {
                let mut l = DMatrix::zeros(d, d);
                for (a, b) in (0..d).flat_map(|a| (0..=a).map(move |b| (a, b))) {
                    l[(a, b)] = if a == b { next().exp() } else { next() };
                }
                let covariance = &l * l.transpose();
                (&covariance + covariance.transpose()) * 0.5
            }
            CovarianceFamily::Diagonal => DMatrix::from_fn(d, 1, |_, _| next().exp()),
            CovarianceFamily::Spherical => DMatrix::from_element(d, 1, next().exp()),
        });
    }
    let copies = k / covariances.len();
    GaussianMixture::new(weights, means, vec![covariances; copies].concat(), family)
}

/// How many covariances of a family are free.
fn covariances(family: CovarianceFamily, k: usize) -> usize {
    if family == CovarianceFamily::Tied { 1 } else { k }
}

/// Weights as k − 1 numbers without bounds.
fn log_ratios(weights: &DVector<f64>) -> Result<Vec<f64>> {
    weights.iter().try_for_each(|&weight| check::positive("weight", weight))?;
    let last = weights[weights.len() - 1];
    Ok(weights.iter().take(weights.len() - 1).map(|weight| (weight / last).ln()).collect())
}

/// And back.
fn weights_of(log_ratios: impl Iterator<Item = f64>) -> Result<DVector<f64>> {
    crate::latent::softmax(&DVector::from_vec(log_ratios.chain([0.0]).collect()))
}

/// A mixture of coins as a vector without bounds: log ratios of weights and log odds of heads.
///
/// Returns p numbers; [`Error::Domain`](crate::Error::Domain) for a weight of zero and for a coin that is sure.
///
/// Source: X-17. Example: [`coins_of`].
pub fn of_coins(model: &BernoulliMixture) -> Result<DVector<f64>> {
    let mut numbers = log_ratios(model.weights())?;
    for &p in &model.biases().transpose() {
        check::domain("bias", p, p > 0.0 && p < 1.0, "between 0 and 1, and neither")?;
        numbers.push((p / (1.0 - p)).ln());
    }
    Ok(DVector::from_vec(numbers))
}

/// The mixture of coins with these coordinates and the shape of `like`; errors as in [`mixture_of`].
///
/// Source: X-17.
/// ```
/// use executable_em::{bernoulli_mixture::BernoulliMixture, convergence::chart::{coins_of, of_coins}};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.25, 0.75], dmatrix![0.5, 0.125; 0.9, 0.3], 10)?;
/// let back = coins_of(&of_coins(&coins)?, &coins)?;
/// assert!((back.biases() - coins.biases()).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn coins_of(numbers: &DVector<f64>, like: &BernoulliMixture) -> Result<BernoulliMixture> {
    let (k, d) = (like.k(), like.d());
    check::matrix("coordinates", numbers, (like.parameter_count(), 1))?;
    let weights = weights_of(numbers.iter().take(k - 1).copied())?;
    let odds = DMatrix::from_row_slice(k, d, &numbers.as_slice()[k - 1..]);
    BernoulliMixture::new(weights, odds.map(|log_odds| 1.0 / (1.0 + (-log_odds).exp())), like.flips())
}
