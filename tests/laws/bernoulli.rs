//! The mixture of coins.

use crate::claims::Lawful;
use crate::common::bounds::{gamma, log_likelihood_error, responsibility_error};
use crate::common::cases;
use crate::the_laws_hold;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::data;
use executable_em::latent::Model;
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use rand::RngExt;

impl Lawful for BernoulliMixture {
    /// log α_j and 2d products with a logarithm.
    fn rounding(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let (d, m) = (x.ncols(), self.flips() as f64);
        let times = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count * p.ln().abs() };
        DMatrix::from_fn(x.nrows(), self.weights().len(), |i, j| {
            let logs: f64 = (0..d)
                .map(|a| {
                    let (heads, p) = (x[(i, a)], self.biases()[(j, a)]);
                    times(heads, p) + times(m - heads, 1.0 - p)
                })
                .sum();
            let size = self.weights()[j].ln().abs() + logs;
            if size.is_finite() { gamma(2 * d + 6) * size } else { 0.0 }
        })
    }

    /// As for the other mixtures: two evaluations, the error of r, weights off the simplex, and the biases. Heads and
    /// tails are sums of n terms, so p and 1 − p are good to γ(2n + 4) relatively, but for the rounding of p itself: an
    /// absolute ε, which is relatively large in 1 − p where nearly all flips are heads. Where the share of tails is
    /// above ε, the loss of Q is m R_j KL(p̂‖p) ≤ m R_j (γ²/2 + ε). Where it is below, 1 − p may even be 0. Then the
    /// responsibilities of the draws with tails, together less than m R_j ε, might as well belong to other coins: F
    /// loses their mass times what a log joint and a log r can differ, 750 nats for r and the largest |log joint| that
    /// is left.
    fn fall(&self, next: &Self, x: &DMatrix<f64>) -> Option<f64> {
        let (n, d) = x.shape();
        let (old, new) = (self.log_joint(x).ok()?, next.log_joint(x).ok()?);
        let (old_error, new_error) = (self.rounding(x), next.rounding(x));
        let r_error = responsibility_error(&old, &old_error);
        let change: f64 = (0..old.len())
            .filter(|&at| r_error[at] > f64::MIN_POSITIVE && (new[at] - old[at]).is_finite())
            .map(|at| r_error[at] * (new[at] - old[at]).abs())
            .sum();
        let finite = old.iter().chain(&new).filter(|value| value.is_finite());
        let largest = finite.fold(750.0, |largest: f64, value| largest.max(value.abs()));
        let bias = 0.5 * gamma(2 * n + 4).powi(2) + 2.0 * f64::EPSILON * largest;
        let m_step = n as f64 * (gamma(n + self.weights().len() + 4) + (d * self.flips()) as f64 * bias);
        Some(
            log_likelihood_error(&old, &old_error) + log_likelihood_error(&new, &new_error) + change + m_step,
        )
    }

    fn reordering(&self, x: &DMatrix<f64>) -> DVector<f64> {
        DVector::from_element(self.parameters().len(), 2.0 * gamma(4 * x.nrows() + 20))
    }

    fn permuted(&self, order: &[usize]) -> Self {
        let (weights, biases) = (self.weights().select_rows(order), self.biases().select_rows(order));
        BernoulliMixture::new(weights, biases, self.flips()).expect("the same mixture")
    }
}

/// A hard case for the mixture of coins: tiny and zero weights, coincident, extreme and certain biases, few data, equal
/// rows.
fn bernoulli_case() -> impl Strategy<Value = (usize, BernoulliMixture, DMatrix<f64>)> {
    let flips = prop::sample::select(vec![1usize, 1, 2, 10]);
    (1..30usize, 1..4usize, 1..6usize, flips, 0..7usize, any::<u64>()).prop_map(|(n, k, d, m, kind, seed)| {
        let mut rng = data::rng(seed);
        let mut x = DMatrix::from_fn(n, d, |_, _| (0..m).filter(|_| rng.random_bool(0.6)).count() as f64);
        let mut weights = cases::weights(k, &mut rng);
        let mut biases = DMatrix::from_fn(k, d, |_, _| rng.random_range(0.05..0.95));
        match kind {
            1 => biases = DMatrix::from_fn(k, d, |_, a| biases[(0, a)]),
            2 | 3 if k > 1 => {
                weights[0] = 0.0;
                weights /= weights.sum();
                weights[0] = if kind == 2 { 1e-300 } else { 0.0 };
            }
            4 => biases.apply(|p| *p = if *p > 0.5 { 1.0 - 1e-12 } else { 1e-12 }),
            5 => x = DMatrix::from_fn(n, d, |i, a| x[(i / 3 * 3, a)]),
            // A coin that knows every outcome beforehand.
            6 if k > 1 => biases.row_mut(0).apply(|p| *p = f64::from(u8::from(*p > 0.5))),
            _ => {}
        }
        (kind, BernoulliMixture::new(weights, biases, m).expect("coins"), x)
    })
}

/// The same laws for the mixture of coins, single flips and many, sure coins and fair.
///
/// Source: T-46, H-52, L-14, L-16, T-22.
#[test]
fn the_laws_hold_for_bernoulli_mixtures() {
    the_laws_hold(bernoulli_case(), |_| 1.0);
}
