//! The model: outcomes, draws, and the likelihood over all labelings.

use crate::common::bounds::gamma;
use crate::common::enumeration::labelings;
use crate::common::{assert_matrices_within, assert_printed, assert_within};
use crate::naive::Naive;
use crate::{log_joint_error, responsibility_error, tame, three_coins};
use executable_em::bernoulli_mixture::identifiability::outcomes;
use executable_em::bernoulli_mixture::{BernoulliMixture, update_biases};
use executable_em::data;
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, dmatrix, dvector};

/// With the binomial coefficients the probabilities of all outcomes sum to one, and are those that the recipe gives.
///
/// Source: T-46.
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
                        let p = model.biases()[j];
                        model.weights()[j]
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

/// Draws follow the recipe: labels by the weights, heads by the biases, features independent given the coin.
///
/// Source: T-46.
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
            let p = model.biases()[(j, a)];
            let sd = (p * (1.0 - p) / (3.0 * own.len() as f64)).sqrt();
            assert_within(draws.column(a).mean() / 3.0, p, 5.0 * sd);
        }
        let product = draws.column(0).component_mul(&draws.column(1)).mean();
        let expected = 9.0 * model.biases()[(j, 0)] * model.biases()[(j, 1)];
        assert_within(product, expected, 5.0 * 9.0 / (own.len() as f64).sqrt());
    }
    let (all, probabilities) = outcomes(&model).unwrap();
    for (row, &probability) in all.row_iter().zip(&probabilities) {
        let seen = x.row_iter().filter(|draw| *draw == row).count() as f64;
        assert_within(seen, probability * n as f64, 5.0 * (probability * n as f64).sqrt() + 1.0);
    }
}

/// m flips of one coin said in two ways. The number of heads in one column, or the m flips as columns of one bias: ℓ
/// and r are the same, and the bias is the average of the m column biases.
///
/// Source: T-46, T-48, T-50.
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
        let biases = DMatrix::from_fn(3, 6, |j, _| model.biases()[j]);
        let unrolled = BernoulliMixture::new(model.weights().clone(), biases, 1).unwrap();
        let (left, right) = (model.log_joint(&heads).unwrap(), unrolled.log_joint(&flips).unwrap());
        let error = log_joint_error(&unrolled, &flips);
        for at in 0..left.len() {
            assert_within(left[at], right[at], 2.0 * error[at]);
        }
        let (r, other) =
            (model.responsibilities(&heads).unwrap(), unrolled.responsibilities(&flips).unwrap());
        assert_matrices_within(&r, &other, 2.0 * responsibility_error(&unrolled, &flips).max());
        let tied = update_biases(&heads, &r, model.biases(), 6).unwrap();
        let free = update_biases(&flips, &r, unrolled.biases(), 1).unwrap();
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

/// Π_i Σ_j is the sum over all kⁿ labelings of Π_i α_{z_i} p(x_i | z_i); its logarithm is ℓ. On the tutorial's ten
/// flips one is .00119 and the other −6.732, and both go by one letter.
///
/// Source: T-47, T-E06.
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

/// The log odds of two coins are linear in the number of heads; more flips make the step steeper.
///
/// Source: T-48.
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
