//! How many parameters: the rank of what the density shows.

use crate::common::cases;
use crate::common::naive::Naive;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::selection::{FreeParameters, bernoulli_parameters};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Error, data};
use nalgebra::{DMatrix, dmatrix, dvector};
use num_dual::{Dual64, DualNum};
use rand::RngExt;

/// How the test writes the parameters of a mixture, with more numbers than are free: a logit for every weight, a
/// mean, and a square matrix A with Σ = (I + A)(I + A)ᵀ. A rank then has to find out how many directions count.
struct Overcomplete {
    k: usize,
    d: usize,
    /// None: covariances are the identity and have no parameters.
    family: Option<CovarianceFamily>,
    weights_are: Weights,
}

impl Overcomplete {
    fn numbers(&self) -> usize {
        let (k, d) = (self.k, self.d);
        let covariances = match self.family {
            None => 0,
            Some(CovarianceFamily::Full) => k * d * d,
            Some(CovarianceFamily::Tied) => d * d,
            Some(CovarianceFamily::Diagonal) => k * d,
            Some(CovarianceFamily::Spherical) => k,
        };
        k + k * d + covariances
    }

    fn build(&self, numbers: &[Dual64]) -> Naive<Dual64> {
        let (k, d) = (self.k, self.d);
        let (logits, rest) = numbers.split_at(k);
        let (means, roots) = rest.split_at(k * d);
        let weights = match self.weights_are {
            Weights::Fitted => softmax(logits),
            Weights::Held => vec![Dual64::from(1.0 / k as f64); k],
        };
        let identity = |a, b| f64::from(u8::from(a == b));
        let root = |j: usize, a: usize, b: usize| match self.family {
            Some(CovarianceFamily::Full) => roots[(j * d + a) * d + b] + identity(a, b),
            Some(CovarianceFamily::Tied) => roots[a * d + b] + identity(a, b),
            Some(CovarianceFamily::Diagonal) => (roots[j * d + a] + 1.0) * identity(a, b),
            Some(CovarianceFamily::Spherical) => (roots[j] + 1.0) * identity(a, b),
            None => Dual64::from(identity(a, b)),
        };
        let entry = |j: usize, a: usize, b: usize| {
            (0..d).fold(Dual64::from(0.0), |sum, c| sum + root(j, a, c) * root(j, b, c))
        };
        Naive {
            weights,
            means: means.chunks(d).map(<[Dual64]>::to_vec).collect(),
            covariances: (0..k)
                .map(|j| (0..d).map(|a| (0..d).map(|b| entry(j, a, b)).collect()).collect())
                .collect(),
        }
    }

    /// The derivatives of log p(x_i) at a random θ, a row for each of many random data.
    fn jacobian(&self, seed: u64) -> DMatrix<f64> {
        let mut rng = data::rng(seed);
        // Means apart, Σ near the identity: a generic place, well conditioned.
        let at: Vec<f64> = (0..self.numbers())
            .map(|index| match index {
                index if index < self.k + self.k * self.d => rng.random_range(-1.5..1.5),
                _ => rng.random_range(-0.3..0.3),
            })
            .collect();
        let x = DMatrix::from_fn(6 * self.numbers(), self.d, |_, _| rng.random_range(-3.0..3.0));
        let mut jacobian = DMatrix::zeros(x.nrows(), self.numbers());
        for c in 0..self.numbers() {
            let mut numbers: Vec<Dual64> = at.iter().map(|&number| Dual64::from(number)).collect();
            numbers[c].eps = 1.0;
            let model = self.build(&numbers);
            for i in 0..x.nrows() {
                jacobian[(i, c)] = model.log_likelihood(&x.rows(i, 1).into_owned()).eps;
            }
        }
        jacobian
    }
}

fn softmax(logits: &[Dual64]) -> Vec<Dual64> {
    let sum = logits.iter().fold(Dual64::from(0.0), |sum, &logit| sum + logit.exp());
    logits.iter().map(|&logit| logit.exp() / sum).collect()
}

/// The rank, which has to be plain to see: an entry of the Jacobian is good to 10⁻¹³ of the largest or better, so by
/// Weyl singular values that should be zero are below 10⁻¹² of the largest one, and the others must keep far above.
#[track_caller]
fn rank(jacobian: &DMatrix<f64>) -> usize {
    let values = jacobian.clone().svd(false, false).singular_values;
    let relative = values / jacobian.norm();
    let rank = relative.iter().filter(|&&value| value > 1e-10).count();
    assert!(relative.iter().all(|&value| !(1e-12..1e-8).contains(&value)), "no clear rank: {relative}");
    rank
}

/// The number of free parameters is the rank of the Jacobian of the log densities at a generic θ, in every family.
///
/// Source: B-04, B-26.
#[test]
fn as_many_parameters_are_free_as_directions_change_the_density() {
    for family in CovarianceFamily::ALL {
        for (k, d) in [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2), (2, 3)] {
            let model = cases::case(cases::Kind::Ordinary, family, 5, k, d, 4).model;
            let over = Overcomplete { k, d, family: Some(family), weights_are: Weights::Fitted };
            assert_eq!(
                model.free_parameters(),
                rank(&over.jacobian(k as u64)),
                "{family:?}, k = {k}, d = {d}"
            );
        }
    }
}

/// Soft k-means has its means, and the weights if they are fitted; the stiffness is not counted.
///
/// Source: B-04.
#[test]
fn soft_kmeans_has_only_means_and_perhaps_weights() {
    for weights_are in [Weights::Held, Weights::Fitted] {
        for (k, d) in [(1, 2), (2, 1), (3, 2), (4, 1)] {
            let model = SoftKMeans::new(DMatrix::zeros(k, d), 1.0, weights_are).unwrap();
            let over = Overcomplete { k, d, family: None, weights_are };
            assert_eq!(model.free_parameters(), rank(&over.jacobian(7)), "{weights_are:?}, k = {k}, d = {d}");
        }
    }
    let none = SoftKMeans::new(DMatrix::zeros(0, 2), 1.0, Weights::Fitted);
    assert_eq!(none.unwrap_err(), Error::Empty { what: "means" });
}

/// The derivatives of the log probability of every outcome of d flips, in the logits of weights and biases of k
/// coins.
fn coins_jacobian(k: usize, d: usize) -> DMatrix<f64> {
    let mut rng = data::rng(3);
    let at: Vec<f64> = (0..k + k * d).map(|_| rng.random_range(-1.5..1.5)).collect();
    DMatrix::from_fn(1 << d, at.len(), |outcome, c| {
        let mut numbers: Vec<Dual64> = at.iter().map(|&number| Dual64::from(number)).collect();
        numbers[c].eps = 1.0;
        let weights = softmax(&numbers[..k]);
        let mut probability = Dual64::from(0.0);
        for j in 0..k {
            let mut of_coin = weights[j];
            for a in 0..d {
                let bias = (-numbers[k + j * d + a]).exp().recip_one_plus();
                of_coin *= if outcome >> a & 1 == 1 { bias } else { -bias + 1.0 };
            }
            probability += of_coin;
        }
        probability.ln().eps
    })
}

trait RecipOnePlus {
    fn recip_one_plus(self) -> Self;
}

impl RecipOnePlus for Dual64 {
    /// 1/(1 + x), which makes a logistic function of an exponential.
    fn recip_one_plus(self) -> Self {
        (self + 1.0).recip()
    }
}

/// k coins have (k − 1) + kd numbers; the flips show as many where they can, and fewer otherwise.
///
/// Source: B-04, T-46.
#[test]
fn coins_show_their_parameters_only_if_flipped_often() {
    for (k, d, seen) in [(1, 3, 3), (2, 3, 7), (2, 4, 9), (3, 5, 17)] {
        assert_eq!(
            (bernoulli_parameters(k, d), rank(&coins_jacobian(k, d))),
            (seen, seen),
            "k = {k}, d = {d}"
        );
    }
    // One flip shows one number, two flips show three; and Goodman's case, where 14 ≤ 15 and the rank is 13 all the
    // same.
    for (k, d, counted, seen) in [(2, 1, 3, 1), (3, 1, 5, 1), (2, 2, 5, 3), (3, 4, 14, 13)] {
        assert_eq!(
            (bernoulli_parameters(k, d), rank(&coins_jacobian(k, d))),
            (counted, seen),
            "k = {k}, d = {d}"
        );
    }
    assert_eq!(bernoulli_parameters(0, 3), 0);
    let coins = BernoulliMixture::new(dvector![0.2, 0.8], dmatrix![0.1, 0.2, 0.3; 0.4, 0.5, 0.6], 1);
    assert_eq!(coins.expect("coins").free_parameters(), 7);
}
