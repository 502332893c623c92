//! The laws that hold for every model with a discrete latent label, written once: for the Gaussian mixture in its four
//! families, for the mixture of coins, and for a mixture of Poissons that is defined here and knows nothing but the
//! `Model` trait.

mod common;

use common::bounds::{self, gamma, log_likelihood_error, responsibility_error, sum_of};
use common::cases::{self, Case, Kind};
use common::{assert_matrices_within, assert_within, permutations};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::error::Result;
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::{self, Model};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;
use rand::RngExt;

/// A mixture of Poisson distributions: weights, and rates λ_j > 0 of counts x = 0, 1, 2, …
#[derive(Clone, Debug, PartialEq)]
struct PoissonMixture {
    weights: DVector<f64>,
    rates: DVector<f64>,
}

impl Model for PoissonMixture {
    /// log π_j + x log λ_j − λ_j − log x!
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let log_factorial = |x: f64| (1..=x as u64).map(|m| (m as f64).ln()).sum::<f64>();
        Ok(DMatrix::from_fn(x.nrows(), self.rates.len(), |i, j| {
            self.weights[j].ln() + x[i] * self.rates[j].ln() - self.rates[j] - log_factorial(x[i])
        }))
    }

    /// π_j = R_j/n and λ_j = Σ r x / R_j; a component without responsibility keeps its rate.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let counts = latent::counts(r);
        let rates = DVector::from_fn(counts.len(), |j, _| {
            if counts[j] > 0.0 { r.column(j).dot(&x.column(0)) / counts[j] } else { self.rates[j] }
        });
        // A rate of zero forbids all but zero counts; the smallest rate that the data can tell from it is far above this.
        Ok(PoissonMixture { weights: counts / x.nrows() as f64, rates: rates.map(|rate| rate.max(1e-12)) })
    }

    fn parameters(&self) -> DVector<f64> {
        DVector::from_iterator(2 * self.rates.len(), self.weights.iter().chain(&self.rates).copied())
    }
}

/// What a law needs besides the model itself.
trait Lawful: Model + PartialEq + std::fmt::Debug {
    /// A bound on the error of each entry of the log joint.
    fn rounding(&self, x: &DMatrix<f64>) -> DMatrix<f64>;
    /// By how much the computed ℓ may fall from here to `next`, or None where no bound can be given.
    fn fall(&self, next: &Self, x: &DMatrix<f64>) -> Option<f64>;
    /// How far two M steps on the same sums in another order may differ, relative to the size of each parameter.
    fn reordering(&self, x: &DMatrix<f64>) -> DVector<f64>;
    /// The components in another order.
    fn permuted(&self, order: &[usize]) -> Self;
}

impl Lawful for GaussianMixture {
    fn rounding(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        bounds::log_joint_error(self, x)
    }

    fn fall(&self, next: &Self, x: &DMatrix<f64>) -> Option<f64> {
        bounds::sweep_fall(self, next, x)
    }

    /// Weights: sums of n numbers below one. Means: sums of n terms below max|x|. Covariances: sums of products within the
    /// range of the data, and the error of the mean times that range.
    fn reordering(&self, x: &DMatrix<f64>) -> DVector<f64> {
        let (n, d) = x.shape();
        let g = 2.0 * gamma(4 * n + 4 * self.k() + 20);
        let size: Vec<f64> = x.column_iter().map(|column| column.amax()).collect();
        let range: Vec<f64> =
            (0..d).map(|a| (x.column(a).max() - x.column(a).min()).max(g * size[a])).collect();
        let weights = std::iter::repeat_n(g, self.k());
        let means = (0..d).flat_map(|a| std::iter::repeat_n(g * size[a], self.k()));
        let largest = (0..d).map(|a| range[a]).fold(0.0, f64::max);
        let covariances =
            (0..self.k()).flat_map(|_| (0..d).flat_map(|b| (0..d).map(move |a| (a, b)))).map(|(a, b)| {
                let entry =
                    |a: usize, b: usize| g * (range[a] * range[b] + size[a] * range[b] + size[b] * range[a]);
                // A round covariance spreads the error of all axes.
                if self.family == executable_em::gaussian_mixture::CovarianceFamily::Spherical {
                    (0..d).map(|c| entry(c, c)).fold(0.0, f64::max) + g * largest * largest
                } else {
                    entry(a, b)
                }
            });
        DVector::from_vec(weights.chain(means).chain(covariances).collect())
    }

    fn permuted(&self, order: &[usize]) -> Self {
        GaussianMixture {
            weights: self.weights.select_rows(order),
            means: self.means.select_rows(order),
            covariances: order.iter().map(|&j| self.covariances[j].clone()).collect(),
            family: self.family,
        }
    }
}

impl Lawful for PoissonMixture {
    /// A sum of x + 4 rounded logs and products.
    fn rounding(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        DMatrix::from_fn(x.nrows(), self.rates.len(), |i, j| {
            if self.weights[j] == 0.0 {
                return 0.0;
            }
            let log_factorial = (1..=x[i] as u64).map(|m| (m as f64).ln()).sum::<f64>();
            let size =
                self.weights[j].ln().abs() + x[i] * self.rates[j].ln().abs() + self.rates[j] + log_factorial;
            gamma(x[i] as usize + 8) * size
        })
    }

    /// As for the Gaussian mixture: two evaluations, the error of r, weights off the simplex, and the rates, whose relative
    /// error γ(n + 3) costs R_j λ_j γ²/2 only (and 10⁻¹² where a rate was raised to its floor).
    fn fall(&self, next: &Self, x: &DMatrix<f64>) -> Option<f64> {
        let n = x.nrows();
        let (old, new) = (self.log_joint(x).ok()?, next.log_joint(x).ok()?);
        let (old_error, new_error) = (self.rounding(x), next.rounding(x));
        let r_error = responsibility_error(&old, &old_error);
        let change: f64 = (0..old.len())
            .filter(|&at| r_error[at] > f64::MIN_POSITIVE && (new[at] - old[at]).is_finite())
            .map(|at| r_error[at] * (new[at] - old[at]).abs())
            .sum();
        let m_step = n as f64 * (gamma(n + self.rates.len() + 4) + x.amax() * gamma(n + 3).powi(2) + 1e-12);
        Some(
            log_likelihood_error(&old, &old_error) + log_likelihood_error(&new, &new_error) + change + m_step,
        )
    }

    fn reordering(&self, x: &DMatrix<f64>) -> DVector<f64> {
        let g = 2.0 * gamma(4 * x.nrows() + 20);
        let k = self.rates.len();
        DVector::from_fn(2 * k, |m, _| if m < k { g } else { g * x.amax() })
    }

    fn permuted(&self, order: &[usize]) -> Self {
        PoissonMixture { weights: self.weights.select_rows(order), rates: self.rates.select_rows(order) }
    }
}

impl Lawful for BernoulliMixture {
    /// log α_j and 2d products with a logarithm.
    fn rounding(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let (d, m) = (x.ncols(), self.flips as f64);
        let times = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count * p.ln().abs() };
        DMatrix::from_fn(x.nrows(), self.weights.len(), |i, j| {
            let logs: f64 = (0..d)
                .map(|a| {
                    let (heads, p) = (x[(i, a)], self.biases[(j, a)]);
                    times(heads, p) + times(m - heads, 1.0 - p)
                })
                .sum();
            let size = self.weights[j].ln().abs() + logs;
            if size.is_finite() { gamma(2 * d + 6) * size } else { 0.0 }
        })
    }

    /// As for the other mixtures: two evaluations, the error of r, weights off the simplex, and the biases. Heads and tails
    /// are sums of n terms, so p and 1 − p are good to γ(2n + 4) relatively, but for the rounding of p itself: an absolute
    /// ε, which is relatively large in 1 − p where nearly all flips are heads. Where the share of tails is above ε, the loss
    /// of Q is m R_j KL(p̂‖p) ≤ m R_j (γ²/2 + ε). Where it is below, 1 − p may even be 0. Then the responsibilities of the
    /// draws with tails, together less than m R_j ε, might as well belong to other coins: F loses their mass times
    /// what a log joint and a log r can differ, 750 nats for r and the largest |log joint| that is left.
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
        let m_step = n as f64 * (gamma(n + self.weights.len() + 4) + (d * self.flips) as f64 * bias);
        Some(
            log_likelihood_error(&old, &old_error) + log_likelihood_error(&new, &new_error) + change + m_step,
        )
    }

    fn reordering(&self, x: &DMatrix<f64>) -> DVector<f64> {
        DVector::from_element(self.parameters().len(), 2.0 * gamma(4 * x.nrows() + 20))
    }

    fn permuted(&self, order: &[usize]) -> Self {
        BernoulliMixture {
            weights: self.weights.select_rows(order),
            biases: self.biases.select_rows(order),
            flips: self.flips,
        }
    }
}

/// A hard case for the mixture of coins: tiny and zero weights, coincident, extreme and certain biases, few data, equal
/// rows.
fn bernoulli_case() -> impl Strategy<Value = (BernoulliMixture, DMatrix<f64>)> {
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
        (BernoulliMixture { weights, biases, flips: m }, x)
    })
}

/// A hard case for the Poisson mixture: tiny and zero weights, coincident rates, few data, large counts.
fn poisson_case() -> impl Strategy<Value = (PoissonMixture, DMatrix<f64>)> {
    (1..30usize, 1..4usize, 0..5usize, any::<u64>()).prop_map(|(n, k, kind, seed)| {
        let mut rng = data::rng(seed);
        let top = if kind == 4 { 200 } else { 12 };
        let x = DMatrix::from_fn(n, 1, |_, _| f64::from(rng.random_range(0..top)));
        let mut weights = cases::weights(k, &mut rng);
        let mut rates = DVector::from_fn(k, |_, _| rng.random_range(0.1..f64::from(top)));
        match kind {
            1 => rates.fill(rates[0]),
            2 | 3 if k > 1 => {
                weights[0] = 0.0;
                weights /= weights.sum();
                weights[0] = if kind == 2 { 1e-300 } else { 0.0 };
            }
            _ => {}
        }
        (PoissonMixture { weights, rates }, x)
    })
}

/// Rows of r sum to one, each k exponentials over their own sum, and its counts to n.
fn rows_sum_to_one<M: Lawful>(model: &M, x: &DMatrix<f64>) {
    let r = latent::responsibilities(&model.log_joint(x).unwrap()).unwrap();
    let (n, k) = r.shape();
    for row in r.row_iter() {
        assert!(row.iter().all(|&value| value >= 0.0));
        assert_within(row.sum(), 1.0, gamma(2 * k + 2));
    }
    assert_within(latent::counts(&r).sum(), n as f64, n as f64 * gamma(n + 3 * k + 2));
}

/// A full sweep never lowers ℓ.
fn a_sweep_never_lowers<M: Lawful>(model: &M, x: &DMatrix<f64>) {
    let mut model = model.clone();
    for _ in 0..5 {
        let next = em::sweep(&model, x).unwrap();
        let Some(bound) = model.fall(&next, x) else { return };
        let l = |model: &M| latent::log_likelihood(&model.log_joint(x).unwrap()).unwrap();
        assert!(l(&next) >= l(&model) - bound, "ℓ fell by {:e} > {bound:e}", l(&model) - l(&next));
        model = next;
    }
}

/// `maximize` maximises Q: no θ that it returns for other responsibilities does better for these.
fn maximize_maximises<M: Lawful>(model: &M, x: &DMatrix<f64>, seed: u64) {
    let mut rng = data::rng(seed);
    let k = model.log_joint(x).unwrap().ncols();
    let r = cases::simplex_rows(x.nrows(), k, &mut rng);
    let best = model.maximize(x, &r).unwrap();
    // Its log joint exists unless a component has collapsed, and then there is no maximum.
    let Ok(log_joint) = best.log_joint(x) else { return };
    // What `fall` allows between θ and itself: two evaluations of ℓ and the M step's own rounding; Q is bounded likewise,
    // by the errors of its own terms.
    let Some(slack) = best.fall(&best, x) else { return };
    let error = |log_joint: &DMatrix<f64>, rounding: DMatrix<f64>| {
        let terms: Vec<f64> =
            r.iter().zip(log_joint).map(|(&r, &l)| if r == 0.0 { 0.0 } else { r * l }).collect();
        r.component_mul(&rounding).sum() + sum_of(&terms, 0.0)
    };
    let q_best = latent::expected_log_joint(&r, &log_joint).unwrap();
    let mut compared = 0;
    for share in [1.0, 0.3, 0.05, 0.003] {
        let other = &r * (1.0 - share) + cases::simplex_rows(x.nrows(), k, &mut rng) * share;
        let theta = model.maximize(x, &other).unwrap();
        let Ok(log_joint_there) = theta.log_joint(x) else { continue };
        let q = latent::expected_log_joint(&r, &log_joint_there).unwrap();
        let bound = slack + error(&log_joint, best.rounding(x)) + error(&log_joint_there, theta.rounding(x));
        // Q may be −∞ there, where a component has lost its weight; the bound is then no number, and nothing to compare.
        assert!(q == f64::NEG_INFINITY || q <= q_best + bound, "Q rose by {:e} > {bound:e}", q - q_best);
        compared += usize::from(q < q_best);
    }
    // Other responsibilities give another θ, and then Q is lower, unless there is little to tell apart.
    let varied = (1..x.nrows()).any(|i| x.row(i) != x.row(0));
    assert!(compared > 0 || k == 1 || x.nrows() < 4 || !varied || slack > 1e-6, "no θ was any worse");
}

/// Permuting the data permutes r, bit for bit, and leaves ℓ and the M step to the order of sums.
fn permuting_data<M: Lawful>(model: &M, x: &DMatrix<f64>, turn: usize) {
    let n = x.nrows();
    let order: Vec<usize> = (0..n).map(|i| (i * 7 + turn) % n).collect();
    let order = if order.iter().collect::<std::collections::HashSet<_>>().len() == n {
        order
    } else {
        (0..n).rev().collect()
    };
    let turned = x.select_rows(&order);
    let (log_joint, other) = (model.log_joint(x).unwrap(), model.log_joint(&turned).unwrap());
    let (r, r_turned) =
        (latent::responsibilities(&log_joint).unwrap(), latent::responsibilities(&other).unwrap());
    assert_eq!(r.select_rows(&order), r_turned);
    let marginals = latent::log_marginals(&log_joint).unwrap();
    let (l, l_turned) =
        (latent::log_likelihood(&log_joint).unwrap(), latent::log_likelihood(&other).unwrap());
    assert_within(l, l_turned, sum_of(marginals.iter(), 0.0));
    let (next, next_turned) = (model.maximize(x, &r).unwrap(), model.maximize(&turned, &r_turned).unwrap());
    assert_parameters(&next, &next_turned, &model.reordering(x));
}

/// Permuting the components permutes the columns of the log joint, and all else with them.
fn permuting_components<M: Lawful>(model: &M, x: &DMatrix<f64>) {
    let log_joint = model.log_joint(x).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let k = log_joint.ncols();
    let no_error = DMatrix::zeros(x.nrows(), k);
    let (l_error, r_error) =
        (log_likelihood_error(&log_joint, &no_error), responsibility_error(&log_joint, &no_error));
    for order in permutations(k) {
        let renamed = model.permuted(&order);
        let other = renamed.log_joint(x).unwrap();
        assert_eq!(other, log_joint.select_columns(&order));
        assert_within(
            latent::log_likelihood(&other).unwrap(),
            latent::log_likelihood(&log_joint).unwrap(),
            l_error,
        );
        let found = latent::responsibilities(&other).unwrap();
        for (column, &j) in order.iter().enumerate() {
            for i in 0..x.nrows() {
                assert_within(found[(i, column)], r[(i, j)], 2.0 * r_error[(i, j)]);
            }
        }
        let next = renamed.maximize(x, &r.select_columns(&order)).unwrap();
        assert_parameters(&next, &model.maximize(x, &r).unwrap().permuted(&order), &model.reordering(x));
    }
}

/// Every datum twice: ℓ doubles and the M step stays.
fn duplicating_data<M: Lawful>(model: &M, x: &DMatrix<f64>) {
    let n = x.nrows();
    let twice = DMatrix::from_fn(2 * n, x.ncols(), |i, a| x[(i % n, a)]);
    let (log_joint, other) = (model.log_joint(x).unwrap(), model.log_joint(&twice).unwrap());
    let (l, doubled) = (latent::log_likelihood(&log_joint).unwrap(), latent::log_likelihood(&other).unwrap());
    let marginals = latent::log_marginals(&other).unwrap();
    assert_within(doubled, 2.0 * l, 2.0 * sum_of(marginals.iter(), 0.0));
    let (r, r_twice) =
        (latent::responsibilities(&log_joint).unwrap(), latent::responsibilities(&other).unwrap());
    assert_eq!(r_twice.rows(0, n), r);
    assert_eq!(r_twice.rows(n, n), r);
    let (next, same) = (model.maximize(x, &r).unwrap(), model.maximize(&twice, &r_twice).unwrap());
    assert_parameters(&next, &same, &model.reordering(&twice));
}

fn assert_parameters<M: Model + std::fmt::Debug>(left: &M, right: &M, bounds: &DVector<f64>) {
    let (a, b) = (left.parameters(), right.parameters());
    assert_eq!((a.len(), b.len()), (bounds.len(), bounds.len()));
    for (m, bound) in bounds.iter().enumerate() {
        assert!(
            (a[m] - b[m]).abs() <= *bound,
            "parameter {m}: {} and {}, bound {bound:e}\n{left:?}\n{right:?}",
            a[m],
            b[m]
        );
    }
}

/// A fit looks at its data itself, for models that do not.
#[test]
fn a_fit_refuses_data_that_are_not_finite() {
    let model = PoissonMixture { weights: dvector![1.0], rates: dvector![2.0] };
    let error = em::fit(model.clone(), &dmatrix![1.0; f64::INFINITY], &em::Stopping::default()).unwrap_err();
    assert_eq!(error, Error::NotFinite { what: "data", row: 1, column: 0, value: f64::INFINITY });
    let error = em::fit(model, &DMatrix::zeros(0, 1), &em::Stopping::default()).unwrap_err();
    assert_eq!(error, Error::Empty { what: "data" });
}

/// All the laws for one model and one data set.
fn all_laws<M: Lawful>(model: &M, x: &DMatrix<f64>, seed: u64) {
    rows_sum_to_one(model, x);
    a_sweep_never_lowers(model, x);
    maximize_maximises(model, x, seed);
    permuting_data(model, x, seed as usize % 1000);
    permuting_components(model, x);
    duplicating_data(model, x);
}

proptest! {
    #![proptest_config(common::config(400))]

    /// H-29, H-38, H-52, L-22, L-27, C-38, C-44, B-24, T-45: the laws for Gaussian mixtures of all four families, on
    /// hard cases.
    #[test]
    fn the_laws_hold_for_gaussian_mixtures(case in cases::strategy(&Kind::ALL), seed in any::<u64>()) {
        all_laws(&case.model, &case.x, seed);
    }

    /// H-29, H-52, H-60, L-14, T-22: the same laws for a model that knows nothing but the trait.
    #[test]
    fn the_laws_hold_for_poisson_mixtures((model, x) in poisson_case(), seed in any::<u64>()) {
        all_laws(&model, &x, seed);
    }

    /// T-46, H-52, L-14, L-16, T-22: the same laws for the mixture of coins, single flips and many, sure coins and fair.
    #[test]
    fn the_laws_hold_for_bernoulli_mixtures((model, x) in bernoulli_case(), seed in any::<u64>()) {
        all_laws(&model, &x, seed);
    }

    /// H-30, C-39, C-40, C-E01: shifting the data and the means shifts the updated means, and leaves ℓ, r and covariances: to the rounding
    /// of the shifted data.
    #[test]
    fn shifting_the_data_shifts_the_means(case in cases::strategy(&Kind::TAME), shift in -1e4..1e4_f64) {
        let Case { x, model, .. } = &case;
        // Shifts are rounded to a multiple of 2⁻²⁰, and the data too: then the shifted data are exact.
        let grid = |value: f64| (value * 1_048_576.0).round() / 1_048_576.0;
        let (x, shift) = (x.map(grid), grid(shift));
        let mut here = model.clone();
        here.means.apply(|value| *value = grid(*value));
        let (moved, mut there) = (x.add_scalar(shift), here.clone());
        there.means.add_scalar_mut(shift);
        let (log_joint, same) = (here.log_joint(&x).unwrap(), there.log_joint(&moved).unwrap());
        // x − μ is the same number, bit for bit, so all of the E step is.
        prop_assert_eq!(&log_joint, &same);
        let r = latent::responsibilities(&log_joint).unwrap();
        let (next, next_there) = (here.maximize(&x, &r).unwrap(), there.maximize(&moved, &r).unwrap());
        let mut expected = next.clone();
        let counts = latent::counts(&r);
        expected.means.add_scalar_mut(shift);
        prop_assert_eq!(&next.weights, &next_there.weights);
        assert_matrices_within(&expected.means, &next_there.means, 4.0 * gamma(2 * x.nrows() + 4) * (x.amax() + shift.abs()));
        let bounds = here.reordering(&moved);
        assert_parameters(&expected, &next_there, &(bounds * 2.0));
        prop_assert!(counts.sum() > 0.0);
    }
}
