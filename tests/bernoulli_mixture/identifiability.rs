//! More flips a draw: how many are enough to tell the coins.

use crate::common::bounds::gamma;
use crate::common::{accuracy, assert_matrices_within, assert_within, hard_labels};
use crate::naive::{Entry, Naive};
use crate::{apart, tame};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::bernoulli_mixture::identifiability::{
    bias_moments, from_moments, information, moments_from_heads, outcomes, twin,
};
use executable_em::{data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use num_dual::HyperDual64;

/// Ten flips a draw recover what one cannot: (.3, .7), (.80, .35), from a start that knows nothing, to the precision
/// that the information allows; the numbers of heads of one flip leave EM where its start was.
///
/// Source: T-E10.
#[test]
fn ten_flips_a_draw_recover_the_coins() {
    let truth = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.80; 0.35], 10).unwrap();
    let n = 2000;
    let (x, labels) = truth.sample(n, &mut data::rng(10)).unwrap();
    let start = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.6; 0.4], 10).unwrap();
    let fit = em::fit(start, &x, &em::Stopping::default()).unwrap();
    let covariance = (information(&truth).unwrap() * n as f64).try_inverse().unwrap();
    let found = [fit.model.weights()[0], fit.model.biases()[0], fit.model.biases()[1]];
    for (m, (found, expected)) in found.iter().zip([0.3, 0.80, 0.35]).enumerate() {
        let sd = covariance[(m, m)].sqrt();
        assert!(sd < 0.015, "the information promises {sd}");
        assert_within(*found, expected, 4.0 * sd);
    }
    let by_eye = hard_labels(&fit.model.responsibilities(&x).unwrap());
    assert!(accuracy(&by_eye, &labels, 2) > 0.9);
    assert!(fit.log_likelihood > truth.log_likelihood(&x).unwrap());

    // Over 200 data sets the scatter of the estimates is what the information says.
    let mut squares = [0.0; 3];
    let mut rng = data::rng(11);
    for _ in 0..200 {
        let (x, _) = truth.sample(500, &mut rng).unwrap();
        let fit = em::fit(truth.clone(), &x, &em::Stopping::default()).unwrap();
        let found = [fit.model.weights()[0], fit.model.biases()[0], fit.model.biases()[1]];
        for (m, square) in squares.iter_mut().enumerate() {
            *square += (found[m] - [0.3, 0.80, 0.35][m]).powi(2) / (4.0 * covariance[(m, m)]) / 200.0;
        }
    }
    for ratio in squares {
        // χ²/200 has standard deviation 0.1: five of them.
        assert_within(ratio, 1.0, 0.5);
    }
}

/// The rank of the information is min(m, 2k − 1) for m flips of k coins; for d features it is at most what the outcomes
/// have, 2^d − 1, so that two coins need three features.
///
/// Source: T-E10.
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

/// The information is also minus the expected second derivative of the log probability, here by hyper-dual numbers,
/// with the last weight as one minus the others.
///
/// Source: T-E10.
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

/// The number of heads shows the moments E p^r up to m, and nothing else.
///
/// Source: T-E10, T-46.
#[test]
fn heads_show_the_moments_of_the_bias() {
    for seed in 0..40 {
        let m = 1 + seed as usize % 9;
        let (model, _) = tame(1, 1 + seed as usize % 4, 1, m, seed);
        let moments = moments_from_heads(&outcomes(&model).unwrap().1).unwrap();
        let naive: Vec<f64> = (0..=m)
            .map(|r| (0..model.k()).map(|j| model.weights()[j] * model.biases()[j].powi(r as i32)).sum())
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

/// 2k − 1 flips are enough: the coins come back from the distribution of the number of heads.
///
/// Source: T-E10.
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
            assert_matrices_within(found.biases(), model.biases(), bound);
            assert!((found.weights() - model.weights()).amax() <= bound * 10.0);
        }
    }
}

/// 2k − 2 flips are not: the twin has other coins and the same distribution of up to 2k − 2 flips, but not of 2k − 1.
///
/// Source: T-E10.
#[test]
fn two_k_minus_two_flips_do_not() {
    for k in 2..=4 {
        for seed in 0..20 {
            let model = apart(k, 1, seed);
            let other = twin(&model, 0.02).unwrap();
            let apart = (other.biases() - model.biases()).amax();
            assert!(apart > 5e-3, "{apart}");
            let distribution = |coins: &BernoulliMixture, flips: usize| {
                let again = BernoulliMixture::new(coins.weights().clone(), coins.biases().clone(), flips);
                outcomes(&again.unwrap()).unwrap().1
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
            assert_matrices_within(same.biases(), model.biases(), 10.0 * bound);
        }
    }
}
