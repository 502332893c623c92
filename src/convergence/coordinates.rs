//! A mixture as a vector of free numbers, and the directions in which they move it.

use crate::bernoulli_mixture::BernoulliMixture;
use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, DVector};
use std::ops::Range;

/// A direction in the space of parameters: by how much each of them changes along it.
///
/// Source: X-12.
#[derive(Clone, Debug, PartialEq)]
pub struct Direction {
    /// Changes of the k weights, which sum to zero.
    pub weights: DVector<f64>,
    /// Changes of the means, k×d.
    pub means: DMatrix<f64>,
    /// Changes of the covariances: k symmetric matrices d×d.
    pub covariances: Vec<DMatrix<f64>>,
}

/// The directions that the free coordinates of a family stand for.
/// ```math
/// (\pi_1, \dots, \pi_{k-1}),\quad \mu_{11}, \dots, \mu_{kd},\quad
/// \Sigma_{j,ab}\ (a \ge b)\ \text{or}\ \Sigma_{ab}\ \text{or}\ \Sigma_{j,aa}\ \text{or}\ \sigma_j^2
/// ```
///
/// The last weight pays for every other; an entry off the diagonal takes its mirror image with it; a tied entry moves
/// all components. Every family is a linear subspace, so one list of directions does for all that follows. Returns p
/// of them, [`GaussianMixture::parameter_count`].
///
/// Source: X-12.
/// ```
/// use executable_em::{convergence::coordinates::directions, gaussian_mixture::CovarianceFamily};
/// let count = |family| directions(2, 2, family).len();
/// assert_eq!(CovarianceFamily::ALL.map(count), [11, 8, 9, 7]);
/// ```
pub fn directions(k: usize, d: usize, family: CovarianceFamily) -> Vec<Direction> {
    let still = Direction {
        weights: DVector::zeros(k),
        means: DMatrix::zeros(k, d),
        covariances: vec![DMatrix::zeros(d, d); k],
    };
    let along = |change: &dyn Fn(&mut Direction)| {
        let mut direction = still.clone();
        change(&mut direction);
        direction
    };
    let mut all = Vec::new();
    for j in 0..k.saturating_sub(1) {
        all.push(along(&|to| (to.weights[j], to.weights[k - 1]) = (1.0, -1.0)));
    }
    for (j, a) in (0..k).flat_map(|j| (0..d).map(move |a| (j, a))) {
        all.push(along(&|to| to.means[(j, a)] = 1.0));
    }
    for (components, entries) in covariance_coordinates(k, d, family) {
        all.push(along(&|to| {
            for j in components.clone() {
                entries.iter().for_each(|&(a, b)| {
                    (to.covariances[j][(a, b)], to.covariances[j][(b, a)]) = (1.0, 1.0);
                });
            }
        }));
    }
    all
}

/// Which components a free number of the covariances moves, and which entries of them.
type Moves = (Range<usize>, Vec<(usize, usize)>);

fn covariance_coordinates(k: usize, d: usize, family: CovarianceFamily) -> Vec<Moves> {
    let lower: Vec<Vec<(usize, usize)>> = (0..d).flat_map(|a| (0..=a).map(move |b| vec![(a, b)])).collect();
    let diagonal: Vec<Vec<(usize, usize)>> = (0..d).map(|a| vec![(a, a)]).collect();
    let of_each = |entries: Vec<Vec<(usize, usize)>>| {
        (0..k).flat_map(|j| entries.clone().into_iter().map(move |entries| (j..j + 1, entries))).collect()
    };
    match family {
        CovarianceFamily::Full => of_each(lower),
        CovarianceFamily::Tied => lower.into_iter().map(|entries| (0..k, entries)).collect(),
        CovarianceFamily::Diagonal => of_each(diagonal),
        CovarianceFamily::Spherical => of_each(vec![diagonal.concat()]),
    }
}

/// The free numbers of a mixture, in the order of [`directions`].
///
/// Returns p numbers.
///
/// Source: X-12.
/// ```
/// use executable_em::{convergence::coordinates::coordinates, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let (means, variances) = (dmatrix![0.0; 2.0], vec![dmatrix![1.0], dmatrix![4.0]]);
/// let model = GaussianMixture::new(dvector![0.25, 0.75], means, variances, CovarianceFamily::Full)?;
/// assert_eq!(coordinates(&model), dvector![0.25, 0.0, 2.0, 1.0, 4.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn coordinates(model: &GaussianMixture) -> DVector<f64> {
    let (k, d) = (model.k(), model.d());
    let weights = model.weights().rows(0, k.saturating_sub(1));
    let mut numbers: Vec<f64> = weights.iter().copied().collect();
    numbers.extend(model.means().transpose().iter());
    numbers.extend(
        covariance_coordinates(k, d, model.family())
            .into_iter()
            .map(|(components, entries)| model.covariances()[components.start][entries[0]]),
    );
    DVector::from_vec(numbers)
}

/// The mixture of these free numbers, of the same shape and family as another.
///
/// `numbers` holds p of them; errors as in [`GaussianMixture::new`] where they make no mixture.
///
/// Source: X-12.
/// ```
/// use executable_em::convergence::coordinates::{coordinates, mixture_of};
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
/// let model = random_start(&data::old_faithful(), 2, CovarianceFamily::Tied, &mut data::rng(1))?;
/// assert_eq!(mixture_of(&coordinates(&model), &model)?, model);
/// assert!(mixture_of(&(coordinates(&model) * -1.0), &model).is_err());
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn mixture_of(numbers: &DVector<f64>, like: &GaussianMixture) -> Result<GaussianMixture> {
    let (k, d, family) = (like.k(), like.d(), like.family());
    check::shape("coordinates", numbers.shape(), (like.parameter_count(), 1))?;
    let mut weights = numbers.rows(0, k - 1).into_owned().insert_row(k - 1, 0.0);
    weights[k - 1] = 1.0 - weights.sum();
    let means = DMatrix::from_row_slice(k, d, numbers.rows(k - 1, k * d).into_owned().as_slice());
    let mut covariances = vec![DMatrix::zeros(d, d); k];
    let free = numbers.rows(k - 1 + k * d, numbers.len() - (k - 1) - k * d);
    for ((components, entries), &number) in covariance_coordinates(k, d, family).into_iter().zip(&free) {
        for j in components {
            entries.iter().for_each(|&(a, b)| {
                (covariances[j][(a, b)], covariances[j][(b, a)]) = (number, number);
            });
        }
    }
    GaussianMixture::new(weights, means, covariances, family)
}

/// A mixture of coins as a vector: the weights but the last, and the biases row by row.
///
/// Source: X-17. Example: [`coins_of`].
pub fn of_coins(model: &BernoulliMixture) -> DVector<f64> {
    let weights = model.weights();
    let free = weights.iter().take(weights.len() - 1);
    DVector::from_vec(free.chain(model.biases().transpose().iter()).copied().collect())
}

/// The mixture of coins with these coordinates and the shape of `like`.
///
/// [`Error::Shape`](crate::Error::Shape) for too few numbers or too many; errors as in [`BernoulliMixture::new`].
///
/// Source: X-17.
/// ```
/// use executable_em::{bernoulli_mixture::BernoulliMixture, convergence::coordinates::{coins_of, of_coins}};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.25, 0.75], dmatrix![0.5, 0.125; 1.0, 0.0], 10)?;
/// assert_eq!(of_coins(&coins), dvector![0.25, 0.5, 0.125, 1.0, 0.0]);
/// assert_eq!(coins_of(&of_coins(&coins), &coins)?, coins);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn coins_of(numbers: &DVector<f64>, like: &BernoulliMixture) -> Result<BernoulliMixture> {
    let (k, d) = (like.k(), like.d());
    check::shape("coordinates", numbers.shape(), (like.parameter_count(), 1))?;
    let mut weights = numbers.rows(0, k - 1).into_owned().insert_row(k - 1, 0.0);
    weights[k - 1] = 1.0 - weights.sum();
    let biases = DMatrix::from_row_slice(k, d, &numbers.as_slice()[k - 1..]);
    BernoulliMixture::new(weights, biases, like.flips())
}
