//! Coordinates in which every vector is a mixture: nothing that is extrapolated can leave the space.

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
    model.weights().iter().try_for_each(|&weight| check::positive("weight", weight))?;
    let last = model.weights()[k - 1];
    let mut numbers: Vec<f64> = (0..k - 1).map(|j| (model.weights()[j] / last).ln()).collect();
    numbers.extend(model.means().transpose().iter());
    for j in 0..covariances(model.family(), k) {
        let l = model.factors()[j].l();
        match model.family() {
            CovarianceFamily::Full | CovarianceFamily::Tied => {
                numbers.extend(
                    (0..d)
                        .flat_map(|a| (0..=a).map(move |b| (a, b)))
                        .map(|(a, b)| if a == b { l[(a, a)].ln() } else { l[(a, b)] }),
                );
            }
            CovarianceFamily::Diagonal => numbers.extend(l.diagonal().iter().map(|sd| 2.0 * sd.ln())),
            CovarianceFamily::Spherical => numbers.push(2.0 * l[(0, 0)].ln()),
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
    let logs = DVector::from_fn(k, |j, _| if j + 1 < k { next() } else { 0.0 });
    let weights = crate::latent::softmax(&logs)?;
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
            CovarianceFamily::Diagonal => DMatrix::from_diagonal(&DVector::from_fn(d, |_, _| next().exp())),
            CovarianceFamily::Spherical => DMatrix::from_diagonal_element(d, d, next().exp()),
        });
    }
    let copies = k / covariances.len();
    GaussianMixture::new(weights, means, vec![covariances; copies].concat(), family)
}

/// How many covariances of a family are free.
fn covariances(family: CovarianceFamily, k: usize) -> usize {
    if family == CovarianceFamily::Tied { 1 } else { k }
}
