//! The saddle: where the score is zero and the curvature has both signs.

use crate::common::bounds::{self, gamma};
use crate::common::cases::{self, Kind};
use crate::common::naive::{self, Entry, Naive};
use crate::common::{assert_matrices_within, assert_printed, assert_within, column, line_mixture};
use crate::watching_parameters;
use executable_em::data;
use executable_em::em;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::latent;
use executable_em::pathologies::saddle::{curvatures, growths, nudged};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::{DMatrix, dmatrix};
use num_dual::HyperDual64;

fn plus_minus_one_and_two() -> DMatrix<f64> {
    column(&[-2.0, -1.0, 1.0, 2.0])
}

/// Score 0 and curvatures −2 along (1, 1)/√2, +3 along (1, −1)/√2 at variance 1; a small nudge along the second raises
/// ℓ by ½ · 3η², grows by 2.5 a sweep, and ends at −6.840.
///
/// Source: H-E21, C-E09.
#[test]
fn erratum_a_score_of_zero_may_belong_to_a_saddle() {
    let x = plus_minus_one_and_two();
    let saddle = line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[1.0, 1.0]);
    assert_eq!(naive::score_in_means(&saddle, &x), DMatrix::zeros(2, 1));
    let found = curvatures(&saddle, &x).unwrap();
    assert_within(found[0].value, -2.0, gamma(20) * 3.0);
    assert_within(found[1].value, 3.0, gamma(20) * 3.0);
    let half = 0.5_f64.sqrt();
    assert_matrices_within(&found[0].direction, &dmatrix![half; half], gamma(20));
    assert_matrices_within(&found[1].direction, &dmatrix![half; -half], gamma(20));

    let height = saddle.log_likelihood(&x).unwrap();
    let (uphill, eta) = (&found[1].direction, 1e-3);
    let beside = nudged(&saddle, uphill, eta).unwrap();
    // The next term is of fourth order, Σx⁴η⁴/4/12 = 34/48 η⁴; ℓ is 9, of some 40 operations.
    assert_within(
        beside.log_likelihood(&x).unwrap() - height,
        1.5 * eta * eta,
        eta.powi(4) + 40.0 * gamma(40),
    );
    let downhill = nudged(&saddle, &found[0].direction, eta).unwrap();
    assert_within(downhill.log_likelihood(&x).unwrap() - height, -eta * eta, eta.powi(4) + 40.0 * gamma(40));
    assert_eq!(*beside.means(), uphill * eta);
    assert_eq!(*nudged(&saddle, uphill, -eta).unwrap().means(), uphill * -eta);

    let factors = growths(&saddle, &x).unwrap();
    assert_within(factors[0], 0.0, gamma(40));
    assert_within(factors[1], 2.5, gamma(40) * 3.0);
    let unit = |m: f64| SoftKMeans::new(dmatrix![-m; m], 1.0, Weights::Held).unwrap();
    let left = em::trace(unit(1e-3), &x, &watching_parameters(1e-12)).unwrap();
    let places: Vec<f64> = left.iterates[..3].iter().map(|iterate| iterate.model.means()[1]).collect();
    // m' = Σ|x| tanh(m|x|)/4 = 2.5 m (1 − O(m²)), 8.5/7.5 m² of it.
    assert_within(places[1] / places[0], 2.5, 2.5 * 1.2e-6);
    assert_printed(left.fit.log_likelihood, "-6.840");
}

/// At the fitted variance 2.5 the curvatures are −.8 and 0, a factor of 1 a sweep, and nothing is decided: means at ∓m
/// lower ℓ by 0.0725 m⁴ with the variances held, and raise it by 0.0875 m⁴ with the variances at 2.5 − m².
///
/// Source: H-E21.
#[test]
fn a_curvature_of_zero_decides_nothing() {
    let x = plus_minus_one_and_two();
    let at = |m: f64, variance: f64| line_mixture(&[0.5, 0.5], &[-m, m], &[variance; 2]);
    let flat = at(0.0, 2.5);
    let found = curvatures(&flat, &x).unwrap();
    assert_within(found[0].value, -0.8, gamma(20));
    assert_within(found[1].value, 0.0, gamma(20));
    let factors = growths(&flat, &x).unwrap();
    assert_within(factors[0], 0.0, gamma(40));
    assert_within(factors[1], 1.0, gamma(40));
    let height = flat.log_likelihood(&x).unwrap();
    assert_printed(height, "-7.508");
    for m in [0.1, 0.05, 0.025] {
        let rise = |model: GaussianMixture| model.log_likelihood(&x).unwrap() - height;
        // Σ log cosh(xm/s) has the terms Σx⁴m⁴/12s⁴ = 34/468.75 m⁴ and Σx⁶m⁶/45s⁶ = .012 m⁶; with s = 2.5 − m² the
        // coefficient of m⁴ gains .16 and that of m⁶ is below .1. Rounding: ℓ is 8, of some 40 operations.
        assert_within(rise(at(m, 2.5)), -34.0 / 468.75 * m.powi(4), 0.1 * m.powi(6) + 40.0 * gamma(40));
        let expected = (0.16 - 34.0 / 468.75) * m.powi(4);
        assert_within(rise(at(m, 2.5 - m * m)), expected, 0.1 * m.powi(6) + 40.0 * gamma(40));
    }
    let away = em::fit(at(0.1, 2.5), &x, &watching_parameters(1e-12)).unwrap();
    assert_printed(away.log_likelihood, "-5.676");
}

/// For any mixture, the curvature along a direction is that of hyper-dual numbers, directions are orthonormal and in
/// order, and the growths add up to kd + tr C⁻¹H and are never negative.
///
/// Source: H-E21.
#[test]
fn curvatures_and_growths_are_those_of_the_likelihood() {
    for seed in 0..30 {
        let kind = [Kind::Ordinary, Kind::CoincidentMeans][seed as usize % 2];
        let (k, d) = (seed as usize % 3 + 1, seed as usize % 2 + 1);
        let case = cases::case(kind, CovarianceFamily::Full, 9, k, d, seed);
        let (x, model) = (&case.x, &case.model);
        let condition = model.covariances().iter().map(bounds::scaled_condition).fold(1.0, f64::max);
        let score_size = (0..k).map(|j| cases::score_bound(model, x, j, 2) / f64::EPSILON);
        let size = 1.0 + score_size.fold(0.0, f64::max) * f64::EPSILON;
        let found = curvatures(model, x).unwrap();
        assert_eq!(found.len(), k * d);
        let scale = 1.0 + found.iter().map(|curvature| curvature.value.abs()).fold(0.0, f64::max);
        let bound = gamma(2000) * condition * (size + scale) * (k * d) as f64;
        assert!(found.windows(2).all(|pair| pair[0].value <= pair[1].value));
        for (one, a) in found.iter().enumerate() {
            let half = 0.5 * a.direction.amax();
            let sizeable = (0..k * d).map(|m| a.direction[(m / d, m % d)]).find(|entry| entry.abs() > half);
            assert!(sizeable.is_some_and(|entry| entry > 0.0));
            for (other, b) in found.iter().enumerate() {
                let expected = f64::from(u8::from(one == other));
                assert_within(a.direction.dot(&b.direction), expected, gamma(60 * k * d));
            }
            let mut naive = Naive::<HyperDual64>::new(model);
            for (j, c) in (0..k).flat_map(|j| (0..d).map(move |c| (j, c))) {
                let entry = naive.entry(Entry::Mean(j, c));
                (entry.eps1, entry.eps2) = (a.direction[(j, c)], a.direction[(j, c)]);
            }
            assert_within(a.value, naive.log_likelihood(x).eps1eps2, bound);
        }

        let factors = growths(model, x).unwrap();
        let counts = latent::counts(&model.responsibilities(x).unwrap());
        let mut trace = (k * d) as f64;
        for j in 0..k {
            for (a, b) in (0..d).flat_map(|a| (0..d).map(move |b| (a, b))) {
                let hessian = naive::second_derivative(model, x, Entry::Mean(j, a), Entry::Mean(j, b));
                trace += model.covariances()[j][(a, b)] / counts[j] * hessian;
            }
        }
        let stretch = model.covariances().iter().map(|s| s.amax()).fold(1.0, f64::max) / counts.min();
        assert_within(factors.sum(), trace, bound * stretch);
        assert!(factors.min() >= -bound * stretch);
        assert!(factors.as_slice().is_sorted());
    }
}

/// Near a fixed point a sweep shortens the distance by the largest growth: seen on Old Faithful in two dimensions.
///
/// Source: H-E21, C-E09.
#[test]
fn the_largest_growth_is_the_rate_of_convergence() {
    let x = data::standardize(&data::old_faithful()).unwrap();
    let start = SoftKMeans::new(dmatrix![-1.0, -1.0; 1.0, 1.0], 2.0, Weights::Held).unwrap();
    let run = em::trace(start, &x, &watching_parameters(0.0)).unwrap();
    let limit = &run.fit.model;
    let factors = growths(&limit.mixture().unwrap(), &x).unwrap();
    let distance = |t: usize| (run.iterates[t].model.means() - limit.means()).norm();
    // Distances of 1e-5 to 1e-7: the second-order term is below 1e-4 relatively, the second growth long gone.
    let t = (0..).find(|&t| distance(t) < 1e-6).unwrap();
    assert!(t > 5 && distance(t) > 1e-9, "sweep {t}, distance {}", distance(t));
    assert_within(distance(t) / distance(t - 1), factors.max(), 1e-3);
}
