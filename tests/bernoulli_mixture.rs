//! Coins: the model against enumeration and dual numbers, the known coins, the ridge of a single flip, how many
//! flips are enough, and the tutorial's formulas as they are printed.

mod common;

use common::bounds::{self, gamma, sum_of};
use common::enumeration::{enumerate, labelings};
use common::naive::Number;
use common::{accuracy, assert_matrices_within, assert_printed, assert_within, cases, column, hard_labels};
use executable_em::bernoulli_mixture::identifiability::{
    bias_moments, from_moments, information, moments_from_heads, outcomes, twin,
};
use executable_em::bernoulli_mixture::single_flip::{joint_with_heads_after_a_sweep, ridge, share_of_heads};
use executable_em::bernoulli_mixture::{
    BernoulliMixture, heads_over_flips, random_start, score, start_near_mean, update_biases,
};
use executable_em::errata::lecture_t;
use executable_em::gaussian_mixture::update;
use executable_em::latent::{self, Model, complete};
use executable_em::{Error, data, em, kmeans};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use num_dual::{Dual64, HyperDual64};
use proptest::prelude::*;
use rand::RngExt;

// The model once more, by multiplication only, for any kind of number.

#[derive(Clone)]
struct Naive<D> {
    weights: Vec<D>,
    biases: Vec<Vec<D>>,
    flips: i32,
}

/// One entry of the parameters.
#[derive(Clone, Copy, Debug)]
enum Entry {
    Weight(usize),
    Bias(usize, usize),
}

impl<D: Number> Naive<D> {
    fn new(model: &BernoulliMixture) -> Self {
        Naive {
            weights: model.weights.iter().map(|&weight| D::from(weight)).collect(),
            biases: model.biases.row_iter().map(|row| row.iter().map(|&p| D::from(p)).collect()).collect(),
            flips: model.flips as i32,
        }
    }

    fn entry(&mut self, entry: Entry) -> &mut D {
        match entry {
            Entry::Weight(j) => &mut self.weights[j],
            Entry::Bias(j, a) => &mut self.biases[j][a],
        }
    }

    /// α_j Π_a p^x (1 − p)^(m − x), for row i.
    fn joint(&self, x: &DMatrix<f64>, i: usize, j: usize) -> D {
        let mut product = self.weights[j];
        for (a, &p) in self.biases[j].iter().enumerate() {
            let heads = x[(i, a)] as i32;
            product *= p.powi(heads) * (-p + 1.0).powi(self.flips - heads);
        }
        product
    }

    fn probability(&self, x: &DMatrix<f64>, i: usize) -> D {
        let mut sum = D::from(0.0);
        for j in 0..self.weights.len() {
            sum += self.joint(x, i, j);
        }
        sum
    }

    fn log_likelihood(&self, x: &DMatrix<f64>) -> D {
        let mut sum = D::from(0.0);
        for i in 0..x.nrows() {
            sum += self.probability(x, i).ln();
        }
        sum
    }

    /// Q for fixed r.
    fn q(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> D {
        let mut sum = D::from(0.0);
        for i in 0..x.nrows() {
            for j in 0..self.weights.len() {
                sum += self.joint(x, i, j).ln() * r[(i, j)];
            }
        }
        sum
    }
}

/// The derivative of something in one entry, by dual numbers.
fn derivative(model: &BernoulliMixture, entry: Entry, f: impl Fn(&Naive<Dual64>) -> Dual64) -> f64 {
    let mut naive = Naive::<Dual64>::new(model);
    naive.entry(entry).eps = 1.0;
    f(&naive).eps
}

// Inputs.

/// k coins with d features, biases between 0.05 and 0.95, and n draws of m flips from other coins.
fn tame(n: usize, k: usize, d: usize, m: usize, seed: u64) -> (BernoulliMixture, DMatrix<f64>) {
    let mut rng = data::rng(seed);
    let biases = DMatrix::from_fn(k, d, |_, _| rng.random_range(0.05..0.95));
    let x = DMatrix::from_fn(n, d, |_, _| f64::from(rng.random_range(0..=m as u32)));
    (BernoulliMixture::new(cases::weights(k, &mut rng), biases, m).unwrap(), x)
}

fn sizes() -> impl Strategy<Value = (BernoulliMixture, DMatrix<f64>, u64)> {
    (1..=12usize, 1..=4usize, 1..=3usize, 1..=9usize, any::<u64>()).prop_map(|(n, k, d, m, seed)| {
        let (model, x) = tame(n, k, d, m, seed);
        (model, x, seed)
    })
}

/// The tutorial's experiment: three coins, ten single flips of which six are heads. Its numbers are those of
/// the catalogue.
fn three_coins() -> (BernoulliMixture, DMatrix<f64>) {
    let model =
        BernoulliMixture::new(dvector![0.5, 0.3, 0.2], dmatrix![0.9; 0.4; 0.2], 1).expect("three coins");
    (model, column(&[1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]))
}

/// A bound on the error of each log joint: log α_j and 2d terms, each a product with a logarithm that is good
/// to one ulp.
fn log_joint_error(model: &BernoulliMixture, x: &DMatrix<f64>) -> DMatrix<f64> {
    let m = model.flips as f64;
    DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
        let size: f64 = (0..model.d())
            .map(|a| {
                let (heads, p) = (x[(i, a)], model.biases[(j, a)]);
                let times = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count * p.ln().abs() };
                times(heads, p) + times(m - heads, 1.0 - p)
            })
            .sum::<f64>()
            + model.weights[j].ln().abs();
        if size.is_finite() { gamma(2 * model.d() + 6) * size } else { 0.0 }
    })
}

fn responsibility_error(model: &BernoulliMixture, x: &DMatrix<f64>) -> DMatrix<f64> {
    bounds::responsibility_error(&model.log_joint(x).unwrap(), &log_joint_error(model, x))
}

/// The rounding of a derivative in a bias: terms of size (m/p + m/(1 − p)), a few operations each, times r; and
/// 2m + d more operations in the naive product.
fn score_error(model: &BernoulliMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, r_error: &DMatrix<f64>) -> f64 {
    let steepest =
        model.biases.iter().map(|p| model.flips as f64 * (1.0 / p + 1.0 / (1.0 - p))).fold(0.0, f64::max);
    let operations = x.nrows() + model.k() + 4 * model.d() * (model.flips + 4) + 20;
    steepest * (gamma(operations) * (r.sum() + 1.0) + r_error.sum())
}

// The model.

/// T-46: with the binomial coefficients the probabilities of all outcomes sum to one, and are those that the
/// recipe gives.
#[test]
fn all_outcomes_have_probability_one() {
    for seed in 0..40 {
        let (k, d, m) = (1 + seed as usize % 4, 1 + seed as usize % 3, 1 + seed as usize % 6);
        let (model, _) = tame(1, k, d, m, seed);
        let (x, probabilities) = outcomes(&model).unwrap();
        assert_eq!(x.nrows(), (m + 1).pow(d as u32));
        assert_within(probabilities.sum(), 1.0, gamma(x.nrows() + 40 * (m + d)));
        // The sequence of flips, one by one: 2^m of them for each coin, counted by their heads.
        if d == 1 {
            let mut by_heads = vec![0.0; m + 1];
            for sequence in labelings(m, 2) {
                let heads = sequence.iter().sum::<usize>();
                by_heads[heads] += (0..k)
                    .map(|j| {
                        let p = model.biases[j];
                        model.weights[j]
                            * sequence
                                .iter()
                                .map(|&flip| if flip == 1 { p } else { 1.0 - p })
                                .product::<f64>()
                    })
                    .sum::<f64>();
            }
            for (heads, &expected) in by_heads.iter().enumerate() {
                assert_within(probabilities[heads], expected, gamma(200) * expected);
            }
        }
    }
    // Coins of one outcome: exact.
    let sure = BernoulliMixture::new(dvector![0.25, 0.75], dmatrix![1.0, 0.0; 0.0, 0.0], 2).unwrap();
    let (x, probabilities) = outcomes(&sure).unwrap();
    for (row, &probability) in x.row_iter().zip(&probabilities) {
        let expected = if row[1] > 0.0 { 0.0 } else { [0.75, 0.0, 0.25][row[0] as usize] };
        assert_within(probability, expected, f64::EPSILON);
    }
}

/// T-46: draws follow the recipe: labels by the weights, heads by the biases, features independent given the coin.
#[test]
fn samples_follow_the_recipe() {
    let model = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.8, 0.1; 0.35, 0.6], 3).unwrap();
    let n = 40_000;
    let (x, labels) = model.sample(n, &mut data::rng(46)).unwrap();
    let second = labels.iter().filter(|&&label| label == 1).count() as f64;
    // Five standard deviations, as everywhere below.
    assert_within(second, 0.7 * n as f64, 5.0 * (0.21 * n as f64).sqrt());
    for j in 0..2 {
        let own: Vec<usize> = (0..n).filter(|&i| labels[i] == j).collect();
        let draws = x.select_rows(&own);
        for a in 0..2 {
            let p = model.biases[(j, a)];
            let sd = (p * (1.0 - p) / (3.0 * own.len() as f64)).sqrt();
            assert_within(draws.column(a).mean() / 3.0, p, 5.0 * sd);
        }
        let product = draws.column(0).component_mul(&draws.column(1)).mean();
        let expected = 9.0 * model.biases[(j, 0)] * model.biases[(j, 1)];
        assert_within(product, expected, 5.0 * 9.0 / (own.len() as f64).sqrt());
    }
    let (all, probabilities) = outcomes(&model).unwrap();
    for (row, &probability) in all.row_iter().zip(&probabilities) {
        let seen = x.row_iter().filter(|draw| *draw == row).count() as f64;
        assert_within(seen, probability * n as f64, 5.0 * (probability * n as f64).sqrt() + 1.0);
    }
}

/// T-46, T-48, T-50: m flips of one coin said in two ways. The number of heads in one column, or the m flips as
/// columns of one bias: ℓ and r are the same, and the bias is the average of the m column biases.
#[test]
fn the_number_of_heads_is_all_that_counts() {
    for seed in 0..30 {
        let (model, heads) = tame(8, 3, 1, 6, seed);
        let mut rng = data::rng(seed + 1000);
        let mut flips = DMatrix::zeros(8, 6);
        for i in 0..8 {
            for at in rand::seq::index::sample(&mut rng, 6, heads[i] as usize) {
                flips[(i, at)] = 1.0;
            }
        }
        let biases = DMatrix::from_fn(3, 6, |j, _| model.biases[j]);
        let unrolled = BernoulliMixture::new(model.weights.clone(), biases, 1).unwrap();
        let (left, right) = (model.log_joint(&heads).unwrap(), unrolled.log_joint(&flips).unwrap());
        let error = log_joint_error(&unrolled, &flips);
        for at in 0..left.len() {
            assert_within(left[at], right[at], 2.0 * error[at]);
        }
        let (r, other) =
            (model.responsibilities(&heads).unwrap(), unrolled.responsibilities(&flips).unwrap());
        assert_matrices_within(&r, &other, 2.0 * responsibility_error(&unrolled, &flips).max());
        let tied = update_biases(&heads, &r, &model.biases, 6).unwrap();
        let free = update_biases(&flips, &r, &unrolled.biases, 1).unwrap();
        for j in 0..3 {
            assert_within(tied[j], free.row(j).mean(), gamma(60));
        }
        // What is lost by counting: a factor, the number of orders, the same for every coin.
        let (_, probabilities) = outcomes(&model).unwrap();
        let of_heads: f64 = heads.iter().map(|&h| probabilities[h as usize].ln()).sum();
        let orders: f64 =
            heads.iter().map(|&h| [1.0_f64, 6.0, 15.0, 20.0, 15.0, 6.0, 1.0][h as usize].ln()).sum();
        assert_within(of_heads - model.log_likelihood(&heads).unwrap(), orders, 8.0 * gamma(80) * 20.0);
    }
}

/// T-47, T-E06: Π_i Σ_j is the sum over all kⁿ labelings of Π_i α_{z_i} p(x_i | z_i); its logarithm is ℓ. On
/// the tutorial's ten flips one is .00119 and the other −6.732, and both go by one letter.
#[test]
fn the_likelihood_is_the_sum_over_all_labelings() {
    for seed in 0..40 {
        let (model, x) = tame(6, 1 + seed as usize % 3, 1 + seed as usize % 2, 1 + seed as usize % 4, seed);
        let naive = Naive::<f64>::new(&model);
        let by_labelings: f64 = labelings(6, model.k())
            .iter()
            .map(|labels| labels.iter().enumerate().map(|(i, &j)| naive.joint(&x, i, j)).product::<f64>())
            .sum();
        // 729 products of 6 joints, each of 1 + 2 · 2 · 4 factors, on one side; exponentials of some 30 nats on
        // the other.
        let relative = gamma(1000) + gamma(12) * 6.0 * 30.0;
        let likelihood = model.likelihood(&x).unwrap();
        assert_within(likelihood, by_labelings, relative * by_labelings);
        assert_within(model.log_likelihood(&x).unwrap(), by_labelings.ln(), relative);
        assert_within(naive.log_likelihood(&x), by_labelings.ln(), relative);
    }
    let (model, x) = three_coins();
    assert_printed(model.likelihood(&x).unwrap(), "0.00119");
    assert_printed(model.log_likelihood(&x).unwrap(), "-6.732");
}

proptest! {
    #![proptest_config(common::config(200))]

    /// T-48: the responsibilities by Bayes' rule in plain products; rows sum to one.
    #[test]
    fn responsibilities_are_bayes_rule((model, x, _) in sizes()) {
        let naive = Naive::<f64>::new(&model);
        let r = model.responsibilities(&x).unwrap();
        let error = responsibility_error(&model, &x);
        for i in 0..x.nrows() {
            for j in 0..model.k() {
                let expected = naive.joint(&x, i, j) / naive.probability(&x, i);
                let operations = 2 * model.d() * (model.flips + 2) + model.k() + 4;
                assert_within(r[(i, j)], expected, error[(i, j)] + gamma(operations) * expected);
            }
            assert_within(r.row(i).sum(), 1.0, gamma(2 * model.k() + 2));
        }
    }

    /// T-49, T-E26: Q by its three terms, by the general formula, by the printed one with its brackets, and as
    /// an expectation over all kⁿ labelings.
    #[test]
    fn q_is_the_expectation_over_all_labelings(
        n in 1..=5usize, k in 1..=3usize, d in 1..=2usize, m in 1..=4usize, seed in any::<u64>(),
    ) {
        let ((model, x), (other, _)) = (tame(n, k, d, m, seed), tame(n, k, d, m, seed ^ 1));
        let r = model.responsibilities(&x).unwrap();
        let log_joint = other.log_joint(&x).unwrap();
        let terms = score::terms_of_q(&other, &x, &r).unwrap();
        let q = latent::expected_log_joint(&r, &log_joint).unwrap();
        let rounding = 2.0 * (r.component_mul(&log_joint_error(&other, &x)).sum()
            + sum_of(terms.iter(), gamma(n * k * d + 8)));
        assert_within(terms.iter().sum(), q, rounding);
        assert_within(Naive::<f64>::new(&other).q(&x, &r), q, rounding + gamma(2 * d * (m + 2)) * n as f64);
        let enumerated = enumerate(&model.log_joint(&x).unwrap(), &log_joint);
        // The weights p(z | x) are good to the errors of n log joints, and there are k^n of them.
        let joints = log_joint_error(&model, &x).sum() + gamma(k.pow(n as u32) + n + 10);
        assert_within(enumerated.expected, q, rounding + 4.0 * joints * q.abs());
    }

    /// T-50: the gradient of Q in the biases and the score of ℓ, against dual numbers; Fisher's identity joins them.
    #[test]
    fn bias_derivatives_match_dual_numbers((model, x, seed) in sizes()) {
        let r = cases::simplex_rows(x.nrows(), model.k(), &mut data::rng(seed));
        let posterior = model.responsibilities(&x).unwrap();
        let zero = DMatrix::zeros(x.nrows(), model.k());
        let of_q = score::of_q_in_biases(&model, &x, &r).unwrap();
        let of_l = score::in_biases(&model, &x).unwrap();
        prop_assert_eq!(&of_l, &score::of_q_in_biases(&model, &x, &posterior).unwrap());
        for j in 0..model.k() {
            for a in 0..model.d() {
                let entry = Entry::Bias(j, a);
                let q = derivative(&model, entry, |naive| naive.q(&x, &r));
                assert_within(of_q[(j, a)], q, score_error(&model, &x, &r, &zero));
                let l = derivative(&model, entry, |naive| naive.log_likelihood(&x));
                let bound = score_error(&model, &x, &posterior, &responsibility_error(&model, &x));
                assert_within(of_l[(j, a)], l, bound);
            }
        }
    }

    /// T-50: the update is Σ r x / (m Σ r); there the gradient vanishes, and on either side Q is lower.
    #[test]
    fn heads_over_flips_maximise_q((model, x, seed) in sizes()) {
        let r = cases::simplex_rows(x.nrows(), model.k(), &mut data::rng(seed));
        let next = model.maximize(&x, &r).unwrap();
        let (counts, m) = (latent::counts(&r), model.flips as f64);
        for j in 0..model.k() {
            for a in 0..model.d() {
                let p = next.biases[(j, a)];
                if counts[j] == 0.0 {
                    prop_assert_eq!(p, model.biases[(j, a)]);
                    continue;
                }
                let heads: f64 = (0..x.nrows()).map(|i| r[(i, j)] * x[(i, a)]).sum();
                // Sums of non-negative terms, a quotient.
                assert_within(p, heads / (m * counts[j]), gamma(4 * x.nrows() + 8) * p);
            }
        }
        // As the mean step of k-means, on shares of heads.
        let means = kmeans::update_means(&(&x / m), &r, &model.biases).unwrap();
        assert_matrices_within(&next.biases, &means, gamma(4 * x.nrows() + 10));
        if next.biases.iter().all(|&p| p > 0.0 && p < 1.0) && counts.min() > 0.0 {
            let slope = score::of_q_in_biases(&next, &x, &r).unwrap();
            // An error η of p, absolutely, costs the curvature R_j m / p(1 − p) times η.
            let zero = DMatrix::zeros(x.nrows(), model.k());
            let curvature = (0..model.k())
                .flat_map(|j| (0..model.d()).map(move |a| (j, a)))
                .map(|(j, a)| counts[j] * m / (next.biases[(j, a)] * (1.0 - next.biases[(j, a)])))
                .fold(0.0, f64::max);
            let bound = score_error(&next, &x, &r, &zero) + curvature * gamma(4 * x.nrows() + 8);
            assert_matrices_within(&slope, &DMatrix::zeros(model.k(), model.d()), bound);
            let q = |model: &BernoulliMixture| score::terms_of_q(model, &x, &r).unwrap().iter().sum::<f64>();
            for at in 0..next.biases.len() {
                for step in [-0.01, 0.01] {
                    let mut beside = next.clone();
                    beside.biases[at] = (beside.biases[at] + step).clamp(0.0, 1.0);
                    // KL(p‖p + η) ≥ 2η² (Pinsker), times the flips that count.
                    let drop = 2.0 * (beside.biases[at] - next.biases[at]).powi(2) * m * counts[at % model.k()];
                    prop_assert!(q(&beside) <= q(&next) - drop + gamma(400) * (q(&next).abs() + 1.0));
                }
            }
        }
    }

    /// T-50: whatever the rounding, a bias stays within [0, 1], and a coin that showed one side only gets
    /// exactly 1 or 0.
    #[test]
    fn one_sided_coins_get_exact_biases(
        n in 1..=40usize, k in 1..=4usize, m in prop::sample::select(vec![1usize, 3, 1000]), seed in any::<u64>(),
    ) {
        let mut rng = data::rng(seed);
        let r = cases::simplex_rows(n, k, &mut rng);
        let x = DMatrix::from_fn(n, 3, |_, a| match a {
            0 => m as f64,
            1 => 0.0,
            _ => f64::from(rng.random_range(0..=m as u32)),
        });
        let biases = update_biases(&x, &r, &DMatrix::from_element(k, 3, 0.5), m).unwrap();
        for (j, &count) in latent::counts(&r).iter().enumerate() {
            if count > 0.0 {
                prop_assert_eq!((biases[(j, 0)], biases[(j, 1)]), (1.0, 0.0));
            }
            prop_assert!((0.0..=1.0).contains(&biases[(j, 2)]));
        }
    }

    /// T-51: the derivative of ℓ in the weights against dual numbers; Σ α_j ∂ℓ/∂α_j = n; the Lagrangian of Q is
    /// stationary at R_j/n with λ = n, and λ = −n with the constraint the other way round.
    #[test]
    fn the_multiplier_is_the_number_of_draws((model, x, _) in sizes()) {
        let n = x.nrows() as f64;
        let slopes = score::in_weights(&model, &x).unwrap();
        let relative = gamma(60) * (1.0 - model.log_joint(&x).unwrap().min()) + gamma(x.nrows() + 200);
        for j in 0..model.k() {
            let expected = derivative(&model, Entry::Weight(j), |naive| naive.log_likelihood(&x));
            assert_within(slopes[j], expected, relative * expected);
        }
        assert_within(model.weights.dot(&slopes), n, relative * n * model.k() as f64);

        let r = model.responsibilities(&x).unwrap();
        let weights = model.maximize(&x, &r).unwrap().weights;
        let zero = score::of_lagrangian_in_weights(&weights, &r, n).unwrap();
        prop_assert!(zero.amax() <= gamma(2 * x.nrows() + 8) * n, "{zero}");
        let off = score::of_lagrangian_in_weights(&weights, &r, n + 0.5).unwrap();
        assert_within(off[0], -0.5, gamma(2 * x.nrows() + 8) * n);
        for j in 0..model.k() {
            let lagrangian = score::of_lagrangian_in_weights(&model.weights, &r, n).unwrap()[j];
            let q = derivative(&model, Entry::Weight(j), |naive| naive.q(&x, &r));
            assert_within(lagrangian, q - n, gamma(200) * (q + n));
        }
        let (solved, multiplier) = update::weights_and_multiplier(&latent::counts(&r)).unwrap();
        assert_within(multiplier, -n, gamma(100) * n);
        prop_assert!((solved - &weights).amax() < gamma(200));
    }

    /// T-52, T-E23: with r_ij ∈ {0, 1} the M step is heads over flips for each coin, counted by hand, to the
    /// last bit.
    #[test]
    fn known_coins_need_no_iteration((model, x, seed) in sizes()) {
        let k = model.k().min(x.nrows());
        let mut rng = data::rng(seed);
        let labels: Vec<usize> = (0..x.nrows()).map(|i| if i < k { i } else { rng.random_range(0..k) }).collect();
        let by_hand = heads_over_flips(&x, &labels, k, model.flips).unwrap();
        let any = BernoulliMixture::new(
            DVector::from_element(k, 1.0 / k as f64), DMatrix::from_element(k, model.d(), 0.5), model.flips,
        ).unwrap();
        prop_assert_eq!(&by_hand, &complete::maximum_likelihood(&any, &x, &labels, k).unwrap());
        for j in 0..k {
            let own: Vec<usize> = (0..x.nrows()).filter(|&i| labels[i] == j).collect();
            for a in 0..model.d() {
                let heads: f64 = own.iter().map(|&i| x[(i, a)]).sum();
                prop_assert_eq!(by_hand.biases[(j, a)], heads / (own.len() * model.flips) as f64);
            }
            prop_assert_eq!(by_hand.weights[j], own.len() as f64 / x.nrows() as f64);
        }
        // It is the maximum of the complete-data likelihood: no other θ does better.
        let complete = |theta: &BernoulliMixture| match theta.log_joint(&x) {
            Ok(log_joint) => complete::log_likelihood(&log_joint, &labels).unwrap(),
            Err(error) => panic!("{error}"),
        };
        let best = complete(&by_hand);
        let (other, _) = tame(1, k, model.d(), model.flips, seed ^ 7);
        prop_assert!(complete(&other) <= best + gamma(200) * (1.0 + best.abs()));
    }
}

/// T-48: the log odds of two coins are linear in the number of heads; more flips make the step steeper.
#[test]
fn the_log_odds_are_linear_in_the_heads() {
    let model = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.8; 0.35], 10).unwrap();
    let heads = DMatrix::from_fn(11, 1, |h, _| h as f64);
    let odds = latent::log_odds(&model.log_joint(&heads).unwrap(), 0, 1).unwrap();
    let logit = |p: f64| (p / (1.0 - p)).ln();
    for h in 0..11 {
        let expected =
            (3.0_f64 / 7.0).ln() + h as f64 * (logit(0.8) - logit(0.35)) + 10.0 * (0.2_f64 / 0.65).ln();
        assert_within(odds[h], expected, 40.0 * gamma(20));
    }
    // Equal coins: r is the weights, whatever the draw.
    let equal = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.4; 0.4], 10).unwrap();
    for row in equal.responsibilities(&heads).unwrap().row_iter() {
        assert_within(row[0], 0.3, gamma(80));
    }
}

// Coins that are sure of themselves.

/// T-46, T-47, T-49: a bias of 0 or 1 is legitimate: log 0 = −∞ where it is contradicted, 0 · log 0 = 0 where
/// it is not, and no NaN.
#[test]
fn sure_coins_are_legitimate() {
    let model = BernoulliMixture::new(dvector![0.5, 0.25, 0.25], dmatrix![1.0; 0.0; 0.5], 2).unwrap();
    let x = column(&[0.0, 1.0, 2.0]);
    let infinity = f64::INFINITY;
    assert_eq!(
        model.component_log_probabilities(&x).unwrap(),
        dmatrix![-infinity, 0.0, 0.25_f64.ln(); -infinity, -infinity, 0.25_f64.ln(); 0.0, -infinity, 0.25_f64.ln()]
    );
    let r = model.responsibilities(&x).unwrap();
    assert_matrices_within(&r, &dmatrix![0.0, 0.8, 0.2; 0.0, 0.0, 1.0; 8.0 / 9.0, 0.0, 1.0 / 9.0], gamma(8));
    assert_eq!((r[(0, 0)], r[(1, 2)], r[(2, 1)]), (0.0, 1.0, 0.0));
    let q: f64 = score::terms_of_q(&model, &x, &r).unwrap().iter().sum();
    assert!(q.is_finite());
    assert_within(
        q,
        latent::expected_log_joint(&r, &model.log_joint(&x).unwrap()).unwrap(),
        gamma(40) * 10.0,
    );
    // With mass on a coin that contradicts the draw, Q is −∞.
    let against = dmatrix![0.0, 1.0, 0.0; 1.0, 0.0, 0.0; 1.0, 0.0, 0.0];
    assert_eq!(
        score::terms_of_q(&model, &x, &against).unwrap(),
        [2.0 * 0.5_f64.ln() + 0.25_f64.ln(), 0.0, -infinity]
    );
    // EM keeps such coins sure: what they have forbidden has no responsibility.
    let fit = em::fit(model, &x, &em::Stopping::default()).unwrap();
    assert_eq!((fit.model().biases[0], fit.model().biases[1]), (1.0, 0.0));

    let sure = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![1.0; 0.0], 2).unwrap();
    assert_eq!(sure.log_likelihood(&x), Err(Error::ImpossibleDatum { row: 1 }));
    assert_eq!(sure.likelihood(&column(&[0.0, 2.0])).unwrap(), 0.25);
    assert!(matches!(em::fit(sure, &x, &em::Stopping::default()), Err(Error::ImpossibleDatum { row: 1 })));
}

/// T-47, T-48: small biases keep their digits: log(1 − p) of p = 1e-20 is −1e-20, and a draw of a weightless
/// coin has r = 0.
#[test]
fn small_numbers_keep_their_digits() {
    let rare = BernoulliMixture::new(dvector![0.0, 1.0], dmatrix![0.5; 1e-20], 1000).unwrap();
    let log_p = rare.component_log_probabilities(&column(&[0.0])).unwrap();
    assert_within(log_p[1], -1e-17, 1e-17 * gamma(8));
    assert_eq!(rare.responsibilities(&column(&[0.0])).unwrap(), dmatrix![0.0, 1.0]);
    // A draw of a thousand heads by a coin of bias ½ has probability 2^-1000, and 2000 of them no double.
    let fair = BernoulliMixture::new(dvector![1.0], dmatrix![0.5], 1000).unwrap();
    assert_eq!(fair.likelihood(&column(&[1000.0, 1000.0])).unwrap(), 0.0);
    assert_within(
        fair.log_likelihood(&column(&[1000.0, 3.0])).unwrap(),
        -2000.0 * 2_f64.ln(),
        1400.0 * gamma(8),
    );
}

/// T-50: a coin without any responsibility keeps its biases, bit for bit, at weight zero.
#[test]
fn an_idle_coin_keeps_its_biases() {
    let model = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.1, 0.7; 0.3, 0.9], 1).unwrap();
    let (x, r) = (dmatrix![1.0, 0.0; 1.0, 1.0], dmatrix![1.0, 0.0; 1.0, 0.0]);
    let next = model.maximize(&x, &r).unwrap();
    assert_eq!(next.biases, dmatrix![1.0, 0.5; 0.3, 0.9]);
    assert_eq!(next.weights, dvector![1.0, 0.0]);
    // Responsibilities near the smallest number still divide as they should.
    let tiny = f64::from_bits(1);
    let faint = update_biases(&x, &dmatrix![1.0, tiny; 1.0, tiny], &model.biases, 1).unwrap();
    assert_eq!(faint, dmatrix![1.0, 0.5; 1.0, 0.5]);
    assert_eq!(next.parameters(), dvector![1.0, 0.0, 1.0, 0.3, 0.5, 0.9]);
    assert_eq!((next.k(), next.d(), next.parameter_count()), (2, 2, 5));
}

// One flip a draw.

/// T-E10: ℓ of single flips depends on s = Σ α_j p_j alone: on the ridge it is that of one coin, −6.73012 for
/// six heads of ten, whatever the coins; and beside the ridge it is lower.
#[test]
fn the_likelihood_of_single_flips_is_a_ridge() {
    let (_, x) = three_coins();
    let single = 6.0 * 0.6_f64.ln() + 4.0 * 0.4_f64.ln();
    assert_printed(single, "-6.73012");
    let mut points = 0;
    for weight in [0.05, 0.3, 0.5, 0.9] {
        for bias in [0.0, 0.1, 0.35, 0.6, 0.8, 1.0] {
            let Ok(coins) = ridge(0.6, weight, bias) else {
                let other: f64 = (0.6 - weight * bias) / (1.0 - weight);
                assert!(!(0.0..=1.0).contains(&other));
                continue;
            };
            points += 1;
            assert_within(share_of_heads(&coins).unwrap()[0], 0.6, gamma(8));
            // Ten log-sum-exps of two joints: s errs by γ(8), ℓ by 10 (γ(8)/0.4 + γ(8) · 5).
            assert_within(coins.log_likelihood(&x).unwrap(), single, 100.0 * gamma(8));
            let mut beside = coins.clone();
            beside.biases[0] = (beside.biases[0] - 0.1).abs();
            let off = share_of_heads(&beside).unwrap()[0];
            assert_within(
                beside.log_likelihood(&x).unwrap(),
                6.0 * off.ln() + 4.0 * (1.0 - off).ln(),
                100.0 * gamma(8),
            );
            assert!(beside.log_likelihood(&x).unwrap() < single - 1e-5);
        }
    }
    assert!(points > 15, "only {points} points");
}

/// T-E10: for single flips the information of a draw has rank one, ∇s ∇sᵀ / s(1 − s), and is blind along the ridge.
#[test]
fn the_information_of_a_single_flip_has_rank_one() {
    for seed in 0..30 {
        let (model, _) = tame(1, 1 + seed as usize % 4, 1, 1, seed);
        let k = model.k();
        let matrix = information(&model).unwrap();
        let s = share_of_heads(&model).unwrap()[0];
        let gradient = DVector::from_fn(2 * k - 1, |row, _| match row {
            row if row < k - 1 => model.biases[row] - model.biases[k - 1],
            row => model.weights[row - (k - 1)],
        });
        let expected = &gradient * gradient.transpose() / (s * (1.0 - s));
        // Scores below 20 + 20 in two outcomes; differences of quotients, through logs and exponentials of some nats.
        assert_matrices_within(&matrix, &expected, gamma(100) * 2.0 * 40.0 * 40.0);
        let eigenvalues = matrix.symmetric_eigenvalues();
        let large = eigenvalues.iter().filter(|value| value.abs() > 1e-9).count();
        assert_eq!(large, 1, "{eigenvalues}");
    }
}

/// T-E10: a sweep scales all α_j p_j by h/s and lands on the ridge; the second sweep moves nothing but the last
/// digits.
#[test]
fn em_on_single_flips_is_done_after_one_sweep() {
    let (model, x) = three_coins();
    let first = em::sweep(&model, &x).unwrap();
    let second = em::sweep(&first, &x).unwrap();
    assert_printed(model.log_likelihood(&x).unwrap(), "-6.732");
    assert_printed(first.log_likelihood(&x).unwrap(), "-6.73012");
    // r: log joints below 4 nats through 6 operations and an exponential, 4 γ(6) + γ(8); sums of ten, a
    // quotient: γ(12). Twice, and the error of the first sweep is carried over: below γ(150), where the
    // catalogue saw 1e-16.
    assert!(em::largest_move(&first, &second) <= gamma(150), "{:e}", em::largest_move(&first, &second));
    assert!(em::largest_move(&model, &first) > 1e-3);
    // It has not even begun to look for the coins: where it stops is where it began, scaled.
    let joint = |model: &BernoulliMixture| model.weights.component_mul(&model.biases.column(0));
    let predicted = joint_with_heads_after_a_sweep(&model, 0.6).unwrap();
    assert!((joint(&first) - &predicted).amax() <= gamma(80));
    assert!((predicted.component_div(&joint(&model)).add_scalar(-0.6 / 0.61)).amax() < gamma(20));
    // And the tails: α_j (1 − p_j) by (1 − h)/(1 − s).
    let tails =
        |model: &BernoulliMixture| model.weights.component_mul(&model.biases.column(0).map(|p| 1.0 - p));
    assert!((tails(&first) - tails(&model) * (0.4 / 0.39)).amax() <= gamma(100));

    for seed in 0..50 {
        let (model, x) = tame(1 + seed as usize % 40, 1 + seed as usize % 4, 1, 1, seed);
        let first = em::sweep(&model, &x).unwrap();
        assert_within(share_of_heads(&first).unwrap()[0], x.mean(), gamma(200));
        let second = em::sweep(&first, &x).unwrap();
        let joint = |model: &BernoulliMixture| model.weights.component_mul(&model.biases.column(0));
        // A weight may be small, so its bias moves by relatively more than the product.
        assert!((joint(&first) - joint(&second)).amax() <= gamma(400));
        assert!((&first.weights - &second.weights).amax() <= gamma(400));
    }
}

// More flips a draw.

/// T-E10: ten flips a draw recover what one cannot: (.3, .7), (.80, .35), from a start that knows nothing, to
/// the precision that the information allows; the numbers of heads of one flip leave EM where its start was.
#[test]
fn ten_flips_a_draw_recover_the_coins() {
    let truth = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.80; 0.35], 10).unwrap();
    let n = 2000;
    let (x, labels) = truth.sample(n, &mut data::rng(10)).unwrap();
    let start = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.6; 0.4], 10).unwrap();
    let fit = em::fit(start, &x, &em::Stopping::default()).unwrap();
    let covariance = (information(&truth).unwrap() * n as f64).try_inverse().unwrap();
    let found = [fit.model().weights[0], fit.model().biases[0], fit.model().biases[1]];
    for (m, (found, expected)) in found.iter().zip([0.3, 0.80, 0.35]).enumerate() {
        let sd = covariance[(m, m)].sqrt();
        assert!(sd < 0.015, "the information promises {sd}");
        assert_within(*found, expected, 4.0 * sd);
    }
    let by_eye = hard_labels(&fit.model().responsibilities(&x).unwrap());
    assert!(accuracy(&by_eye, &labels, 2) > 0.9);
    assert!(fit.log_likelihood() > truth.log_likelihood(&x).unwrap());

    // Over 200 data sets the scatter of the estimates is what the information says.
    let mut squares = [0.0; 3];
    let mut rng = data::rng(11);
    for _ in 0..200 {
        let (x, _) = truth.sample(500, &mut rng).unwrap();
        let fit = em::fit(truth.clone(), &x, &em::Stopping::default()).unwrap();
        let found = [fit.model().weights[0], fit.model().biases[0], fit.model().biases[1]];
        for (m, square) in squares.iter_mut().enumerate() {
            *square += (found[m] - [0.3, 0.80, 0.35][m]).powi(2) / (4.0 * covariance[(m, m)]) / 200.0;
        }
    }
    for ratio in squares {
        // χ²/200 has standard deviation 0.1: five of them.
        assert_within(ratio, 1.0, 0.5);
    }
}

/// T-E10: the rank of the information is min(m, 2k − 1) for m flips of k coins; for d features it is at most
/// what the outcomes have, 2^d − 1, so that two coins need three features.
#[test]
fn the_information_has_the_rank_of_what_can_be_seen() {
    for k in 1..=3 {
        let biases = DMatrix::from_fn(k, 1, |j, _| (j as f64 + 0.7) / (k as f64 + 0.4));
        let weights = DVector::from_fn(k, |j, _| (j + 2) as f64) / (k * (k + 3) / 2) as f64;
        for m in 1..=7 {
            let model = BernoulliMixture::new(weights.clone(), biases.clone(), m).unwrap();
            assert_eq!(rank(&information(&model).unwrap()), m.min(2 * k - 1), "k = {k}, m = {m}");
        }
    }
    for (d, expected) in [(1, 1), (2, 3), (3, 7), (4, 9)] {
        let biases = DMatrix::from_fn(2, d, |j, a| 0.2 + 0.5 * j as f64 + 0.06 * a as f64);
        let model = BernoulliMixture::new(dvector![0.4, 0.6], biases, 1).unwrap();
        assert_eq!(rank(&information(&model).unwrap()), expected, "{d} features");
    }
    // Equal coins are never identified: which draw is whose cannot matter.
    let equal = BernoulliMixture::new(dvector![0.4, 0.6], dmatrix![0.3; 0.3], 9).unwrap();
    assert_eq!(rank(&information(&equal).unwrap()), 1);
}

/// The eigenvalues of these matrices are above 1e-7 of the largest, or rounding (1e-16 times a few hundred
/// operations).
fn rank(information: &DMatrix<f64>) -> usize {
    let eigenvalues = information.symmetric_eigenvalues();
    let largest = eigenvalues.max();
    let count = |share: f64| eigenvalues.iter().filter(|&&value| value > share * largest).count();
    assert_eq!(count(1e-7), count(1e-12), "no gap in {eigenvalues}");
    count(1e-7)
}

/// T-E10: the information is also minus the expected second derivative of the log probability, here by
/// hyper-dual numbers, with the last weight as one minus the others.
#[test]
fn the_information_is_the_expected_curvature() {
    for seed in 0..12 {
        let (model, _) = tame(1, 1 + seed as usize % 3, 1 + seed as usize % 2, 1 + seed as usize % 4, seed);
        let (k, free) = (model.k(), model.parameter_count());
        let (x, probabilities) = outcomes(&model).unwrap();
        let log_probability = |one: usize, other: usize, row: usize| {
            let mut naive = Naive::<HyperDual64>::new(&model);
            for (index, first) in [(one, true), (other, false)] {
                let unit = |value: &mut HyperDual64, sign: f64| {
                    if first { value.eps1 += sign } else { value.eps2 += sign }
                };
                if index < k - 1 {
                    unit(naive.entry(Entry::Weight(index)), 1.0);
                    unit(naive.entry(Entry::Weight(k - 1)), -1.0);
                } else {
                    let at = index - (k - 1);
                    unit(naive.entry(Entry::Bias(at % k, at / k)), 1.0);
                }
            }
            num_dual::DualNum::ln(&naive.probability(&x, row)).eps1eps2
        };
        let matrix = information(&model).unwrap();
        for one in 0..free {
            for other in 0..free {
                let curvature: f64 =
                    (0..x.nrows()).map(|row| -probabilities[row] * log_probability(one, other, row)).sum();
                // Scores below 20 m, their derivatives below (20 m)²; some 25 outcomes of a hundred operations.
                assert_within(matrix[(one, other)], curvature, gamma(300) * (25.0 * 20.0 * 4.0_f64).powi(2));
            }
        }
    }
}

/// T-E10, T-46: the number of heads shows the moments E p^r up to m, and nothing else.
#[test]
fn heads_show_the_moments_of_the_bias() {
    for seed in 0..40 {
        let m = 1 + seed as usize % 9;
        let (model, _) = tame(1, 1 + seed as usize % 4, 1, m, seed);
        let moments = moments_from_heads(&outcomes(&model).unwrap().1).unwrap();
        let naive: Vec<f64> = (0..=m)
            .map(|r| (0..model.k()).map(|j| model.weights[j] * model.biases[j].powi(r as i32)).sum())
            .collect();
        for (r, &expected) in naive.iter().enumerate() {
            assert_within(moments[r], expected, gamma(40 * (m + 1)));
            assert_within(bias_moments(&model, m + 1).unwrap()[r], expected, gamma(2 * m + 8));
        }
    }
    // As a matrix: triangular, with a diagonal of 1/(m choose r), so nothing is lost.
    let m = 5;
    for h in 0..=m {
        let mut sure = DVector::zeros(m + 1);
        sure[h] = 1.0;
        let moments = moments_from_heads(&sure).unwrap();
        assert_within(moments[h], 1.0 / [1.0, 5.0, 10.0, 10.0, 5.0, 1.0][h], gamma(12));
        assert!(moments.iter().skip(h + 1).all(|&moment| moment == 0.0));
    }
}

/// T-E10: 2k − 1 flips are enough: the coins come back from the distribution of the number of heads.
#[test]
fn two_k_minus_one_flips_identify_the_coins() {
    for k in 1..=4 {
        for seed in 0..20 {
            let model = apart(k, 2 * k - 1, seed);
            let (_, heads) = outcomes(&model).unwrap();
            let found = from_moments(&moments_from_heads(&heads).unwrap(), 2 * k - 1).unwrap();
            // An error of γ(200) in the moments is magnified by the inverse of H, and by the gaps between the coins.
            let hankel = DMatrix::from_fn(k, k, |a, b| bias_moments(&model, 2 * k).unwrap()[a + b]);
            let bound = gamma(200) * 100.0 / hankel.symmetric_eigenvalues().min();
            assert!(bound < 1e-4, "too ill-conditioned to tell: {bound:e}");
            assert_matrices_within(&found.biases, &model.biases, bound);
            assert!((&found.weights - &model.weights).amax() <= bound * 10.0);
        }
    }
}

/// T-E10: 2k − 2 flips are not: the twin has other coins and the same distribution of up to 2k − 2 flips, but
/// not of 2k − 1.
#[test]
fn two_k_minus_two_flips_do_not() {
    for k in 2..=4 {
        for seed in 0..20 {
            let model = apart(k, 1, seed);
            let other = twin(&model, 0.02).unwrap();
            let apart = (&other.biases - &model.biases).amax();
            assert!(apart > 5e-3, "{apart}");
            let distribution = |coins: &BernoulliMixture, flips: usize| {
                outcomes(&BernoulliMixture { flips, ..coins.clone() }).unwrap().1
            };
            let hankel = DMatrix::from_fn(k, k, |a, b| bias_moments(&model, 2 * k).unwrap()[a + b]);
            // J errs by γ(100)/λ_min(H), and a probability is f(J) for a function whose slope on [0, 1] is at
            // most m < 2k.
            let bound = 2.0 * k as f64 * gamma(100) / hankel.symmetric_eigenvalues().min();
            for m in 1..=2 * k - 2 {
                let same = (distribution(&model, m) - distribution(&other, m)).amax();
                assert!(same <= bound, "k = {k}, m = {m}: {same:e} > {bound:e}");
            }
            // The moment of order 2k − 1 moves by η Π (off-diagonal entries of J)² = η det H_k / det H_{k−1},
            // exactly.
            let moments = bias_moments(&model, 2 * k).unwrap();
            let of_other = bias_moments(&other, 2 * k).unwrap();
            let determinant = |size: usize| DMatrix::from_fn(size, size, |a, b| moments[a + b]).determinant();
            let moved = 0.02 * determinant(k) / determinant(k - 1);
            assert_within(of_other[2 * k - 1] - moments[2 * k - 1], moved, bound);
            // A draw that shows heads only has this moment for its probability.
            let told = (distribution(&model, 2 * k - 1) - distribution(&other, 2 * k - 1)).amax();
            assert!(bound < 0.2 * moved && told >= 0.5 * moved, "k = {k}: {told:e}, {bound:e}, {moved:e}");
            // No shift, no twin: the coins themselves, in order.
            let same = twin(&model, 0.0).unwrap();
            assert_matrices_within(&same.biases, &model.biases, 10.0 * bound);
        }
    }
}

/// k coins in order of their biases, a good way apart.
fn apart(k: usize, flips: usize, seed: u64) -> BernoulliMixture {
    let mut rng = data::rng(seed);
    let biases = DMatrix::from_fn(k, 1, |j, _| (j as f64 + 0.5 + rng.random_range(-0.1..0.1)) / k as f64);
    BernoulliMixture::new(cases::weights(k, &mut rng), biases, flips).unwrap()
}

/// T-46: EM finds the letters in noisy images, and its mean images are cleaner than any of the data.
#[test]
fn letters_come_out_of_the_noise() {
    let (clean, _) = data::noisy_glyphs([1; 4], 0.0, &mut data::rng(0)).unwrap();
    let (x, labels) = data::noisy_glyphs([60; 4], 0.2, &mut data::rng(5)).unwrap();
    assert_eq!((x.shape(), labels.len()), ((240, 64), 240));
    let flipped: f64 = (0..240).map(|i| (x.row(i) - clean.row(labels[i])).abs().sum()).sum();
    // 15 360 pixels, five standard deviations.
    assert_within(flipped, 0.2 * 15_360.0, 5.0 * (0.16 * 15_360.0_f64).sqrt());
    let mut rng = data::rng(1);
    let starts = (0..8).map(|_| random_start(&x, 4, 1, &mut rng).unwrap());
    let fit = em::best(em::restarts(starts, &x, &em::Stopping::default())).unwrap();
    let found = hard_labels(&fit.model().responsibilities(&x).unwrap());
    assert!(accuracy(&found, &labels, 4) > 0.98);
    // Rounded, every mean image is a letter without a wrong pixel: 60 images outvote the noise.
    for mean in fit.model().biases.row_iter() {
        let wrong = |letter: usize| {
            mean.iter().zip(&clean.row(letter)).filter(|(p, ink)| (p.round() - *ink).abs() > 0.5).count()
        };
        assert_eq!((0..4).map(wrong).min(), Some(0));
    }
    // As many black pixels as the letters have.
    assert_eq!(clean.row_iter().map(|letter| letter.sum()).collect::<Vec<_>>(), [20.0, 17.0, 12.0, 16.0]);
    // Noise 1 turns over every pixel.
    let (negative, _) = data::noisy_glyphs([1; 4], 1.0, &mut data::rng(0)).unwrap();
    assert_eq!(negative, clean.map(|ink| 1.0 - ink));
}

/// T-46: the odds of a start near the mean lie within a third and three times those of the data, evenly on a scale of
/// logarithms; a feature that shows one side only keeps both sides possible.
#[test]
fn a_start_near_the_mean_has_the_odds_of_the_data() {
    let (n, m, k) = (40, 5, 2000);
    let x = DMatrix::from_fn(n, 4, |i, a| [0.0, m as f64, (i % 3) as f64, (i % 6) as f64][a]);
    let start = start_near_mean(&x, 20, m, &mut data::rng(4)).unwrap();
    assert_eq!((start.weights, start.flips), (DVector::from_element(20, 0.05), m));
    let mut rng = data::rng(5);
    let starts: Vec<_> = (0..k / 20).map(|_| start_near_mean(&x, 20, m, &mut rng).unwrap()).collect();
    for (a, column) in x.column_iter().enumerate() {
        let heads: f64 = column.sum();
        let odds = (heads + 0.5) / ((n * m) as f64 - heads + 0.5);
        let moves: Vec<f64> = starts
            .iter()
            .flat_map(|start| {
                start.biases.column(a).iter().map(|p| (p / (1.0 - p) / odds).ln()).collect::<Vec<_>>()
            })
            .collect();
        let spread = 3_f64.ln();
        // 1 − p has lost what p has of the digits: ε/(1 − p) ≤ 1300 ε.
        assert!(moves.iter().all(|u| u.abs() <= spread + 1e-12));
        // Uniform numbers have the variance log²3/3, and of their squares log⁴3 (1/5 − 1/9); five standard errors.
        let mean = moves.iter().sum::<f64>() / k as f64;
        let square = moves.iter().map(|u| u * u).sum::<f64>() / k as f64;
        assert_within(mean, 0.0, 5.0 * spread / (3.0 * k as f64).sqrt());
        assert_within(square, spread.powi(2) / 3.0, 5.0 * spread.powi(2) * (4.0 / 45.0 / k as f64).sqrt());
    }
    for k in [0, n + 1] {
        assert_eq!(start_near_mean(&x, k, m, &mut rng), Err(Error::ComponentCount { k, n }));
    }
}

/// T-46: where heads are rare, one coin of a broad start takes nearly all draws in the first sweep; near the mean they share.
#[test]
fn near_the_mean_coins_share_what_is_rare() {
    let words = BernoulliMixture::new(
        dvector![0.5, 0.5],
        DMatrix::from_fn(2, 400, |j, a| if a % 10 == j { 0.2 } else { 0.01 }),
        1,
    );
    let (x, _) = words.unwrap().sample(200, &mut data::rng(1)).unwrap();
    let mut rng = data::rng(2);
    let largest = |start: BernoulliMixture| em::sweep(&start, &x).unwrap().weights.max() / 20.0;
    let broad: f64 = (0..20).map(|_| largest(random_start(&x, 4, 1, &mut rng).unwrap())).sum();
    let near: f64 = (0..20).map(|_| largest(start_near_mean(&x, 4, 1, &mut rng).unwrap())).sum();
    // On 400 features the log joints of two broad coins differ by nine nats or so, of near ones by less than one.
    assert!(broad > 0.7 && near < 0.35, "{broad}, {near}");
}

// As printed (T-E09 and T-E14 are decided in `errata`; here are the tutorial's own ten flips).

/// T-E09: Pr(X) = Σ_j Pr(X | Z = j) Pr(Z = j) for the data set is one coin for all of them, −8.563, not −6.732.
#[test]
fn the_law_of_total_probability_is_for_each_draw() {
    let (model, x) = three_coins();
    let log_probabilities = model.component_log_probabilities(&x).unwrap();
    let printed = lecture_t::log_likelihood_of_one_draw_for_all(&model.weights, &log_probabilities).unwrap();
    assert_printed(printed, "-8.563");
    assert_printed(model.log_likelihood(&x).unwrap(), "-6.732");
}

/// T-E14: with Σ_j over a term in j′ the "sum of responsibilities" is .452, 1.694 or 5.083, according to j′,
/// not 1. The α_{j′} in the denominators is right.
#[test]
fn the_index_of_the_sum_is_that_of_its_terms() {
    let (model, x) = three_coins();
    let log_joint = model.log_joint(&x).unwrap();
    for (j, printed) in ["0.452", "1.694", "5.083"].iter().enumerate() {
        assert_printed(lecture_t::posterior_sums_with_a_free_index(&log_joint, j).unwrap()[0], printed);
    }
    assert_within(model.responsibilities(&x).unwrap().row(0).sum(), 1.0, gamma(8));
}

/// T-E26: without brackets the last term has lost its sum: a different number for every i and j, the right one
/// for none. And with a comma for the bar Θ is a random variable with a prior, whose mode is another p.
#[test]
fn brackets_and_bars_matter() {
    let (model, x) = three_coins();
    let r = model.responsibilities(&x).unwrap();
    let read = lecture_t::q_without_brackets(&model, &x, &r).unwrap();
    let [_, heads, tails] = score::terms_of_q(&model, &x, &r).unwrap();
    assert!(read.iter().all(|&value| value > heads + tails + 1.0));
    for i in 0..10 {
        for j in 0..3 {
            let lost = r[(i, j)] * (1.0 - x[i]) * (1.0 - model.biases[j]).ln();
            assert_within(read[(i, j)], heads + lost, gamma(8) * 10.0);
        }
    }
    // For a single draw of a single coin there is nothing to lose.
    let one = BernoulliMixture::new(dvector![1.0], dmatrix![0.3], 1).unwrap();
    let q: f64 = score::terms_of_q(&one, &column(&[0.0]), &dmatrix![1.0]).unwrap().iter().sum();
    assert_eq!(lecture_t::q_without_brackets(&one, &column(&[0.0]), &dmatrix![1.0]).unwrap()[0], q);

    // A prior Beta(2, 2) on each bias adds log p + log(1 − p) to Q: its mode is (Σ r x + 1)/(R + 2).
    let mode =
        DMatrix::from_fn(3, 1, |j, _| (r.column(j).dot(&x.column(0)) + 1.0) / (r.column(j).sum() + 2.0));
    let slope =
        score::of_q_in_biases(&BernoulliMixture { biases: mode.clone(), ..model.clone() }, &x, &r).unwrap();
    for j in 0..3 {
        assert_within(
            slope[j] + 1.0 / mode[j] - 1.0 / (1.0 - mode[j]),
            0.0,
            gamma(100) * 10.0 / (mode[j] * (1.0 - mode[j])),
        );
        assert!((mode[j] - model.maximize(&x, &r).unwrap().biases[j]).abs() > 1e-3);
    }
}

// Bad input.

/// T-46, T-50, T-52, T-E10: every function names what it was given instead of going on with it.
#[test]
fn bad_input_is_an_error() {
    let (half, p) = (dvector![0.5, 0.5], dmatrix![0.2; 0.8]);
    let make = |weights: &DVector<f64>, biases: &DMatrix<f64>, m: usize| {
        BernoulliMixture::new(weights.clone(), biases.clone(), m)
    };
    assert_eq!(make(&half, &p, 0), Err(Error::Domain { what: "flips a draw", value: 0.0, allowed: "≥ 1" }));
    assert!(matches!(make(&dvector![0.5, 0.6], &p, 1), Err(Error::NotOnSimplex { what: "weights", .. })));
    assert!(matches!(make(&dvector![1.0], &p, 1), Err(Error::Shape { what: "biases", .. })));
    assert!(matches!(make(&half, &DMatrix::zeros(0, 0), 1), Err(Error::Empty { what: "biases" })));
    assert!(matches!(make(&half, &dmatrix![f64::NAN; 0.5], 1), Err(Error::NotFinite { what: "biases", .. })));
    for bad in [-1e-9, 1.0 + 1e-9] {
        let expected =
            Error::Entry { what: "biases", row: 1, column: 0, value: bad, allowed: "between 0 and 1" };
        assert_eq!(make(&half, &dmatrix![0.5; bad], 1), Err(expected));
    }

    let model = make(&half, &p, 1).unwrap();
    for bad in [0.5, -1.0, 2.0] {
        let expected = Error::Entry { what: "data", row: 2, column: 0, value: bad, allowed: "0 or 1" };
        let (x, r) = (column(&[0.0, 1.0, bad]), DMatrix::from_element(3, 2, 0.5));
        assert_eq!(model.log_joint(&x), Err(expected.clone()));
        assert_eq!(model.log_likelihood(&x), Err(expected.clone()));
        assert_eq!(model.maximize(&x, &r), Err(expected.clone()));
        assert_eq!(score::of_q_in_biases(&model, &x, &r), Err(expected.clone()));
        assert_eq!(score::terms_of_q(&model, &x, &r), Err(expected.clone()));
        assert_eq!(lecture_t::q_without_brackets(&model, &x, &r), Err(expected.clone()));
        assert_eq!(heads_over_flips(&x, &[0, 1, 1], 2, 1), Err(expected.clone()));
        assert_eq!(random_start(&x, 2, 1, &mut data::rng(1)), Err(expected.clone()));
        assert_eq!(start_near_mean(&x, 2, 1, &mut data::rng(1)), Err(expected));
    }
    // The place is that of the entry, in a matrix of several columns too.
    let wide = dmatrix![1.0, 0.0, 1.0; 0.0, 1.0, -3.0];
    let expected = Error::Entry { what: "data", row: 1, column: 2, value: -3.0, allowed: "0 or 1" };
    assert_eq!(random_start(&wide, 2, 1, &mut data::rng(1)), Err(expected));
    let ten = make(&half, &p, 10).unwrap();
    assert!(ten.log_joint(&column(&[10.0])).is_ok());
    let error = ten.log_joint(&column(&[11.0])).unwrap_err();
    let message =
        "data: entry (0, 0) is 11, but must be a whole number of heads, at most the number of flips";
    assert_eq!(error.to_string(), message);
    assert!(matches!(model.log_joint(&dmatrix![1.0, 0.0]), Err(Error::Shape { what: "data", .. })));
    assert!(matches!(model.log_joint(&column(&[f64::NAN])), Err(Error::NotFinite { .. })));
    assert!(matches!(model.log_joint(&DMatrix::zeros(0, 1)), Err(Error::Empty { .. })));
    assert!(matches!(model.maximize(&column(&[1.0]), &dmatrix![0.5, 0.6]), Err(Error::NotOnSimplex { .. })));
    assert!(matches!(model.maximize(&column(&[1.0]), &dmatrix![1.0]), Err(Error::Shape { .. })));
    assert!(update_biases(&column(&[0.0]), &dmatrix![1.0], &dmatrix![0.5], 0).is_err());

    assert!(matches!(heads_over_flips(&column(&[1.0, 0.0]), &[0, 0], 2, 1), Err(Error::Domain { .. })));
    assert!(matches!(
        heads_over_flips(&column(&[1.0, 0.0]), &[0, 2], 2, 1),
        Err(Error::Label { row: 1, label: 2, k: 2 })
    ));
    assert!(matches!(heads_over_flips(&column(&[1.0, 0.0]), &[0], 1, 1), Err(Error::Shape { .. })));
    for k in [0, 3] {
        assert!(matches!(
            heads_over_flips(&column(&[1.0, 0.0]), &[0, 0], k, 1),
            Err(Error::ComponentCount { .. })
        ));
        assert!(matches!(
            random_start(&column(&[1.0, 0.0]), k, 1, &mut data::rng(1)),
            Err(Error::ComponentCount { .. })
        ));
    }
    assert!(heads_over_flips(&column(&[0.0]), &[0], 1, 0).is_err());
    assert!(random_start(&column(&[0.0]), 1, 0, &mut data::rng(1)).is_err());
    assert!(matches!(
        data::noisy_glyphs([1; 4], 1.1, &mut data::rng(1)),
        Err(Error::Domain { what: "noise", .. })
    ));
    assert!(data::noisy_glyphs([1; 4], f64::NAN, &mut data::rng(1)).is_err());

    // Derivatives need an open interval.
    let sure = make(&half, &dmatrix![1.0; 0.5], 1).unwrap();
    assert!(matches!(
        score::in_biases(&sure, &column(&[1.0])),
        Err(Error::Entry { what: "biases", row: 0, .. })
    ));
    assert!(matches!(information(&sure), Err(Error::Entry { .. })));
    assert!(matches!(
        score::in_biases(&make(&half, &dmatrix![0.5; 0.0], 1).unwrap(), &column(&[1.0])),
        Err(Error::Entry { row: 1, .. })
    ));
    assert!(matches!(
        score::of_lagrangian_in_weights(&dvector![0.0, 1.0], &dmatrix![0.5, 0.5], 1.0),
        Err(Error::Domain { .. })
    ));
    assert!(matches!(
        score::of_lagrangian_in_weights(&dvector![1.0], &dmatrix![0.5, 0.5], 1.0),
        Err(Error::Shape { .. })
    ));

    for weight in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(matches!(ridge(0.6, weight, 0.5), Err(Error::Domain { .. })));
    }
    assert!(matches!(ridge(0.6, 0.5, 0.1), Err(Error::Entry { what: "biases", row: 1, .. })));
    assert!(matches!(
        joint_with_heads_after_a_sweep(&ten, 0.5),
        Err(Error::Domain { what: "flips a draw", value: 10.0, .. })
    ));
    let never = make(&half, &dmatrix![0.0; 0.0], 1).unwrap();
    assert!(matches!(
        joint_with_heads_after_a_sweep(&never, 0.5),
        Err(Error::Domain { what: "probability of heads", .. })
    ));
    let wide = make(&half, &dmatrix![0.1, 0.2; 0.3, 0.4], 1).unwrap();
    assert!(matches!(joint_with_heads_after_a_sweep(&wide, 0.5), Err(Error::Shape { .. })));
    assert!(matches!(
        lecture_t::q_without_brackets(&ten, &column(&[1.0]), &dmatrix![0.5, 0.5]),
        Err(Error::Domain { .. })
    ));
    assert!(matches!(
        lecture_t::q_without_brackets(&wide, &dmatrix![1.0, 0.0], &dmatrix![0.5, 0.5]),
        Err(Error::Shape { .. })
    ));

    assert!(matches!(
        outcomes(&make(&half, &p, 1001).unwrap()),
        Err(Error::Domain { what: "flips a draw", .. })
    ));
    assert!(outcomes(&make(&half, &p, 1000).unwrap()).is_ok());
    let many = BernoulliMixture::new(dvector![1.0], DMatrix::from_element(1, 64, 0.5), 1).unwrap();
    assert!(matches!(outcomes(&many), Err(Error::Domain { .. })));
    assert!(matches!(bias_moments(&wide, 3), Err(Error::Shape { .. })));
    assert!(matches!(moments_from_heads(&dvector![0.5, 0.6]), Err(Error::NotOnSimplex { .. })));
    assert!(matches!(moments_from_heads(&DVector::zeros(0)), Err(Error::Empty { .. })));
    assert!(matches!(from_moments(&dvector![1.0, 0.5, 0.25], 3), Err(Error::Shape { .. })));
    let doubled = from_moments(&dvector![2.0, 1.0, 0.625, 0.4375], 3);
    assert!(matches!(doubled, Err(Error::NotOnSimplex { what: "moment of order 0", .. })));
    // One coin of bias ½ is not two.
    assert!(matches!(from_moments(&dvector![1.0, 0.5, 0.25, 0.125], 3), Err(Error::Domain { .. })));
    // Nor are two coins three, though rounding may leave their matrix a Cholesky factor.
    for seed in 0..40 {
        let moments = bias_moments(&apart(2, 1, seed), 6).unwrap();
        assert!(matches!(from_moments(&moments, 5), Err(Error::Domain { .. })), "seed {seed}");
    }
    // Moments in doubles leave the smallest eigenvalue an error of 16kε: below it, and at it, there is no telling. Of the
    // first matrix it is 20ε / 1.25 to first order, of the second, a diagonal one, exactly 32ε.
    for (m1, m2) in [(0.5, 0.25 + 20.0 * f64::EPSILON), (0.0, 32.0 * f64::EPSILON)] {
        let found = from_moments(&dvector![1.0, m1, m2, 0.5 * m2], 3);
        assert!(matches!(found, Err(Error::Domain { .. })), "{found:?}");
    }
    assert!(
        from_moments(&dvector![1.0, 0.5, 0.25 + 100.0 * f64::EPSILON, 0.125 + 150.0 * f64::EPSILON], 3)
            .is_ok()
    );
    assert!(matches!(twin(&make(&half, &dmatrix![0.4; 0.4], 2).unwrap(), 0.1), Err(Error::Domain { .. })));
    assert!(matches!(twin(&ten, 5.0), Err(Error::Entry { what: "biases", .. })));
    assert!(twin(&ten, f64::NAN).is_err());
}
