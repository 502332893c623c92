//! Tangency: at the posterior the bound has the slope of the log-likelihood.

use crate::common::cases::{self, Case, Kind};
use crate::common::naive::{self, Entry, Naive};
use crate::common::{assert_within, line_mixture};
use crate::{coins, naive_q, only_mean, rounding, soft_kmeans, two_hills, two_hills_data};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::bound::{self, ascent};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, OnlyMean, score};
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, dmatrix};
use num_dual::Dual64;

/// The derivative of that Q in one entry, by dual numbers.
fn slope_of_q(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, entry: Entry) -> f64 {
    let mut naive = Naive::<Dual64>::new(model);
    naive.entry(entry).eps = 1.0;
    naive_q(&naive, x, r).eps
}

fn entries(k: usize, d: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    for j in 0..k {
        entries.push(Entry::Weight(j));
        for a in 0..d {
            entries.push(Entry::Mean(j, a));
            entries.extend((0..d).map(|b| Entry::Covariance(j, a, b)));
        }
    }
    entries
}

/// The library's derivative in that entry: of Q with `r` frozen, and of ℓ.
fn library_slopes(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, entry: Entry) -> (f64, f64) {
    match entry {
        Entry::Weight(j) => {
            (score::of_q_in_weights(model, x, r).unwrap()[j], score::in_weights(model, x).unwrap()[j])
        }
        Entry::Mean(j, a) => {
            (score::of_q_in_means(model, x, r).unwrap()[(j, a)], score::in_means(model, x).unwrap()[(j, a)])
        }
        Entry::Covariance(j, a, b) => (
            score::of_q_in_covariances(model, x, r).unwrap()[j][(a, b)],
            score::in_covariances(model, x).unwrap()[j][(a, b)],
        ),
    }
}

/// Fisher's identity. With r taken at θ, the gradient of Q(· | θ) at θ is that of ℓ, in every entry of means,
/// covariances and weights: library and dual numbers of a naive Q and a naive ℓ, all four alike to 10⁻¹⁰.
///
/// Source: H-64.
#[test]
fn the_bound_touches_with_the_slope_of_the_log_likelihood() {
    for family in CovarianceFamily::ALL {
        for seed in 0..12 {
            let kind = [Kind::Ordinary, Kind::CoincidentMeans, Kind::TinyWeight][seed as usize % 3];
            let Case { x, model, .. } = cases::case(kind, family, 12, 3, 2, seed);
            let r = model.responsibilities(&x).unwrap();
            for entry in entries(model.k(), model.d()) {
                let of_log_likelihood = naive::derivative(&model, &x, entry);
                let of_q = slope_of_q(&model, &x, &r, entry);
                let (library_q, library) = library_slopes(&model, &x, &r, entry);
                // Slopes reach hundreds; their sums have n = 12 terms, and κ ≤ 2d² + 1 magnifies each: a few 10⁻¹².
                for slope in [of_q, library_q, library] {
                    assert_within(slope, of_log_likelihood, 1e-10 * of_log_likelihood.abs().max(1.0));
                }
            }
        }
    }
}

/// Tangency for the other models: one free mean, soft k-means, and coins.
///
/// Source: H-64.
#[test]
fn the_slopes_agree_for_every_model() {
    for seed in 0..12 {
        let (only, x) = only_mean(seed);
        let r = latent::responsibilities(&only.log_joint(&x).unwrap()).unwrap();
        let entry = Entry::Mean(only.component(), 0);
        let slope = naive::derivative(only.mixture(), &x, entry);
        assert_within(slope_of_q(only.mixture(), &x, &r, entry), slope, 1e-10 * slope.abs().max(1.0));

        let (soft, x) = soft_kmeans(seed);
        let r = soft.responsibilities(&x).unwrap();
        let mixture = soft.mixture().unwrap();
        for entry in (0..3).flat_map(|j| [Entry::Weight(j), Entry::Mean(j, 0), Entry::Mean(j, 1)]) {
            let slope = naive::derivative(&mixture, &x, entry);
            assert_within(slope_of_q(&mixture, &x, &r, entry), slope, 1e-10 * slope.abs().max(1.0));
        }

        let (model, x) = coins(12, 3, 4, seed);
        let r = latent::responsibilities(&model.log_joint(&x).unwrap()).unwrap();
        for j in 0..3 {
            for c in 0..4 {
                let (log_likelihood, q) = naive_coins(&model, &x, &r, j, c);
                assert_within(q.eps, log_likelihood.eps, 1e-10 * log_likelihood.eps.abs().max(1.0));
            }
        }
    }
}

/// ℓ and Q of the coins with frozen r, dual in the bias of coin c of set j.
fn naive_coins(
    model: &BernoulliMixture,
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    j: usize,
    c: usize,
) -> (Dual64, Dual64) {
    let (mut log_likelihood, mut q) = (Dual64::from(0.0), Dual64::from(0.0));
    for i in 0..x.nrows() {
        let mut density = Dual64::from(0.0);
        for l in 0..model.biases().nrows() {
            let mut joint = Dual64::from(model.weights()[l]);
            for flip in 0..x.ncols() {
                let mut p = Dual64::from(model.biases()[(l, flip)]);
                p.eps = f64::from(u8::from((l, flip) == (j, c)));
                joint *= if x[(i, flip)] == 1.0 { p } else { -p + 1.0 };
            }
            density += joint;
            q += num_dual::DualNum::ln(&joint) * r[(i, l)];
        }
        log_likelihood += num_dual::DualNum::ln(&density);
    }
    (log_likelihood, q)
}

/// Where Fisher's identity ends: at a weight of exactly zero Q is blind (0 · log 0 = 0 whatever the weight would
/// become), while ℓ has a slope.
#[test]
fn at_a_weight_of_zero_q_does_not_see_the_slope() {
    let (model, x) = (line_mixture(&[0.0, 1.0], &[2.0, 0.0], &[1.0, 1.0]), dmatrix![1.5; 2.5]);
    let r = model.responsibilities(&x).unwrap();
    assert_eq!(score::of_q_in_weights(&model, &x, &r).unwrap()[0], 0.0);
    let slope = naive::derivative(&model, &x, Entry::Weight(0));
    assert!(slope > 2.0);
    assert_within(score::in_weights(&model, &x).unwrap()[0], slope, 1e-12 * slope);
}

/// Below ℓ(θ) lie the bounds of three q; that of the posterior at θ^t touches at θ^t and nowhere else, in value and
/// slope; its maximum is the M step; the next one touches there.
///
/// Source: C-21, C-22, C-23.
#[test]
fn the_story_of_the_three_pictures_is_true() {
    let x = two_hills_data();
    let thetas: Vec<f64> = (-120..=120).map(|i| 0.05 * f64::from(i)).collect();
    let models: Vec<OnlyMean> = thetas.iter().map(|&theta| two_hills(theta)).collect();
    let current = two_hills(0.3);
    let posterior = latent::responsibilities(&current.log_joint(&x).unwrap()).unwrap();
    let tolerance = rounding(&posterior, &current.log_joint(&x).unwrap());

    let half = DMatrix::from_element(8, 2, 0.5);
    let sided = DMatrix::from_fn(8, 2, |i, j| if (i < 3) == (j == 1) { 0.9 } else { 0.1 });
    for q in [&half, &sided] {
        let least =
            ascent::along(&models, &x, q).unwrap().iter().map(|(l, f)| l - f).fold(f64::INFINITY, f64::min);
        assert!(least > 0.5, "this q is nowhere the posterior: {least}");
    }
    let curves = ascent::along(&models, &x, &posterior).unwrap();
    for (model, (theta, (l, f))) in models.iter().zip(thetas.iter().zip(&curves)) {
        let log_joint = model.log_joint(&x).unwrap();
        assert_eq!(
            (*l, *f),
            (
                latent::log_likelihood(&log_joint).unwrap(),
                bound::lower_bound(&posterior, &log_joint).unwrap()
            )
        );
        assert!(f <= &(l + tolerance));
        assert!((theta - 0.3).abs() < 1e-9 || l - f > 1e-4, "touches at {theta}, too");
    }
    // Value and slope at θ^t.
    let here = ascent::along(std::slice::from_ref(&current), &x, &posterior).unwrap()[0];
    assert_within(here.0, here.1, tolerance);
    let slope = naive::derivative(current.mixture(), &x, Entry::Mean(1, 0));
    assert_within(score::of_q_in_means(current.mixture(), &x, &posterior).unwrap()[1], slope, 1e-10);
    assert!(slope > 1.0, "a real slope: {slope}");

    // The maximum of the touching bound over the grid is the M step, to half a step of the grid.
    let next = current.maximize(&x, &posterior).unwrap();
    let highest = (0..thetas.len()).max_by(|&a, &b| curves[a].1.total_cmp(&curves[b].1)).unwrap();
    assert!((thetas[highest] - next.parameters()[0]).abs() <= 0.025 + 1e-9);
    assert_eq!(next.mixture().means()[0], 0.0);
    // ℓ(θ^t) < F at its maximum < ℓ(θ^{t+1}), and the new bound touches.
    let there = ascent::along(std::slice::from_ref(&next), &x, &posterior).unwrap()[0];
    assert!(here.0 + 0.5 < there.1 && there.1 + 0.05 < there.0);
    let regap = bound::gap(
        &latent::responsibilities(&next.log_joint(&x).unwrap()).unwrap(),
        &next.log_joint(&x).unwrap(),
    );
    assert_within(regap.unwrap(), 0.0, tolerance);
}
