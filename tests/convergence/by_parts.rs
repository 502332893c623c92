//! M steps by parts: proportional covariances by ECM, and the profile of ℓ along a mean.

use crate::common::naive::{Entry, Naive};
use crate::common::{assert_at_least, assert_matrices_within, assert_within, bounds, seed};
use crate::{TO_REST, case, faithful};
use executable_em::convergence::by_parts::{ecm_sweep, means_with_one_held, proportional};
use executable_em::convergence::errors::standard_errors;
use executable_em::convergence::profile::{DROP, WithOneHeld, held_at, interval};
use executable_em::em::{self, Stopping};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start};
use executable_em::incomplete::mixture::of_one;
use executable_em::{data, gaussian};
use nalgebra::{DMatrix, DVector};
use num_dual::Dual64;

/// each half of a round is a maximum: no other size for these shapes, no other shape for those sizes, does
/// better.
#[test]
fn each_half_of_a_round_is_a_maximum() {
    let mut compared = 0;
    for case_seed in 0..20 {
        let model = case(CovarianceFamily::Full, 20, 3, 2, seed() + case_seed).model;
        let (scatters, counts) = (model.covariances().to_vec(), DVector::from_vec(vec![3.0, 7.5, 12.0]));
        let q = |covariances: &[DMatrix<f64>]| -> f64 {
            let of_one = |j: usize| {
                let factor = gaussian::cholesky(&covariances[j], j).unwrap();
                gaussian::log_determinant(&covariances[j]).unwrap() + factor.solve(&scatters[j]).trace()
            };
            (0..3).map(|j| -0.5 * counts[j] * of_one(j)).sum()
        };
        let sizes = DVector::from_vec(vec![0.7, 1.9, 3.0]);
        let found = proportional(&scatters, &counts, &sizes).unwrap();
        let size = |s: &DMatrix<f64>| s.determinant().sqrt();
        let shape = &found[0] / size(&found[0]);
        for j in 0..3 {
            // One shape: a product and a quotient of numbers below 100.
            assert_matrices_within(&(&shape * size(&found[j])), &found[j], 1e-11);
            for factor in [0.5, 0.99, 1.01, 2.0] {
                let mut other = found.clone();
                other[j] *= factor;
                assert!(q(&other) < q(&found));
                compared += 1;
            }
        }
        // With the sizes it began from, no shape near the one it found is better.
        let with_sizes = |shape: &DMatrix<f64>| -> f64 {
            let shape = shape / size(shape);
            q(&sizes.iter().map(|&size| &shape * size).collect::<Vec<_>>())
        };
        for (a, b) in [(0, 0), (0, 1)] {
            for step in [-0.01, 0.01] {
                let mut other = shape.clone();
                other[(a, b)] += step;
                other[(b, a)] = other[(a, b)];
                assert!(with_sizes(&other) < with_sizes(&shape));
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 320);
}

/// from proportional covariances ℓ never falls, and where the sweeps rest, ℓ is at rest along sizes and shape,
/// by dual numbers.
#[test]
fn ecm_climbs_to_where_the_score_vanishes_in_its_family() {
    let mut compared = 0;
    for case_seed in 0..12 {
        let start = case(CovarianceFamily::Tied, 40, 2, 2, seed() + case_seed);
        let (mut model, x) = (start.model, start.x);
        let mut before = model.log_likelihood(&x).unwrap();
        for _ in 0..5_000 {
            let Ok(next) = ecm_sweep(&model, &x) else { break };
            let after = next.log_likelihood(&x).unwrap();
            if let Some(bound) = bounds::sweep_fall(&model, &next, &x) {
                assert_at_least(after, before, bound);
            }
            let is_at_rest = em::largest_move(&model, &next) < 1e-13;
            (model, before) = (next, after);
            if is_at_rest {
                let along = |change: &dyn Fn(usize) -> DMatrix<f64>| {
                    let mut dual = Naive::<Dual64>::new(&model);
                    for j in 0..2 {
                        let direction = change(j);
                        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                            dual.entry(Entry::Covariance(j, a, b)).eps = direction[(a, b)];
                        }
                    }
                    dual.log_likelihood(&x).eps
                };
                let covariances = model.covariances();
                for j in 0..2 {
                    // n = 40 data of a few nats each; a step of 10⁻¹³ at a rate of .999 leaves 10⁻¹⁰.
                    assert_within(along(&|l| &covariances[l] * f64::from(u8::from(l == j))), 0.0, 1e-6);
                }
                let size = |l: usize| covariances[l].determinant().sqrt();
                for (a, b) in [(0, 0), (0, 1), (1, 1)] {
                    let mut direction = DMatrix::zeros(2, 2);
                    (direction[(a, b)], direction[(b, a)]) = (1.0, 1.0);
                    assert_within(along(&|l| &direction * size(l)), 0.0, 1e-6);
                }
                compared += 1;
                break;
            }
        }
    }
    assert!(compared >= 6, "{compared} runs came to rest");
}

/// between the tied family, which is a part of it, and the full one, of which it is a part.
#[test]
fn proportional_lies_between_tied_and_full() {
    let x = data::old_faithful();
    let fitted = |family| {
        let start = kmeans_start(&x, 2, family, &mut data::rng(1)).unwrap();
        em::fit(start, &x, &Stopping::default()).unwrap()
    };
    let (tied, full) = (fitted(CovarianceFamily::Tied), fitted(CovarianceFamily::Full));
    let mut model = tied.model.clone();
    for _ in 0..500 {
        model = ecm_sweep(&model, &x).unwrap();
    }
    let between = model.log_likelihood(&x).unwrap();
    assert!(tied.log_likelihood + 0.1 < between && between + 0.1 < full.log_likelihood, "{between}");
    let sizes = |j: usize| model.covariances()[j].determinant().sqrt();
    assert_matrices_within(
        &(&model.covariances()[0] / sizes(0)),
        &(&model.covariances()[1] / sizes(1)),
        1e-12,
    );
}

/// of one Gaussian the profile has a closed form, in any dimension: the other columns cost nothing, for they
/// follow by regression.
#[test]
fn the_profile_of_one_gaussian_is_a_logarithm() {
    let (x, n) = (data::old_faithful(), 272.0);
    let ones = DVector::from_element(272, 1.0);
    let mean = gaussian::weighted_mean(&x, &ones).unwrap();
    let covariance = gaussian::weighted_covariance(&x, &ones, &mean).unwrap();
    let top = of_one(&mean.transpose(), covariance.clone()).unwrap();
    let height = top.log_likelihood(&x).unwrap();
    for column in 0..2 {
        let sd = covariance[(column, column)].sqrt();
        for off in [-0.5, 0.1, 2.0] {
            let climb = WithOneHeld { x: &x, component: 0, column, value: mean[column] + off * sd };
            let held = held_at(&climb, &top, &TO_REST).unwrap();
            let exact = height - n / 2.0 * (off * off).ln_1p();
            // ℓ to the last nat in 10⁻⁹: where a sweep moves θ by 10⁻¹³, ℓ is flat.
            assert_within(held.log_likelihood, exact, 1e-9 * exact.abs());
            assert_eq!(held.model.means()[(0, column)], climb.value);
        }
        let (low, high) = interval(&top, &x, (0, column), DROP, &TO_REST).unwrap();
        let reach = sd * ((2.0 * DROP / n).exp() - 1.0).sqrt();
        let error = sd / n.sqrt();
        assert_within(low, mean[column] - reach, 2e-6 * error);
        assert_within(high, mean[column] + reach, 2e-6 * error);
    }
}

/// on Old Faithful, where the clusters are large, the interval is that of the standard error to a few per cent;
/// on every seventh datum a second hill makes it wider on the side of the other cluster.
#[test]
fn the_profile_is_the_higher_of_two_hills() {
    let (top, x) = faithful();
    let half = 1.959_963_984_540_054;
    let error = standard_errors(&top, &x).unwrap().means[(0, 0)];
    let (low, high) = interval(&top, &x, (0, 0), DROP, &Stopping::default()).unwrap();
    let mean = top.means()[(0, 0)];
    assert!(((mean - low) / (half * error) - 1.0).abs() < 0.05);
    assert!(((high - mean) / (half * error) - 1.0).abs() < 0.05);

    let few = x.select_rows(&(0..272).step_by(7).collect::<Vec<_>>());
    let top = em::fit(top, &few, &TO_REST).unwrap();
    let error = standard_errors(&top.model, &few).unwrap().means[(0, 0)];
    let (low, high) = interval(&top.model, &few, (0, 0), DROP, &Stopping::default()).unwrap();
    let mean = top.model.means()[(0, 0)];
    assert_within(half * error, 0.159, 5e-4);
    assert_within(mean - low, 0.232, 5e-4);
    assert_within(high - mean, 0.165, 5e-4);

    // In sixteen steps, none longer than a sixth of a standard error, a run stays on its hill.
    let walked = |to: f64| {
        let step = |from: em::Fit<GaussianMixture>, step: i32| {
            let value = mean + to * f64::from(step) / 16.0;
            let climb = WithOneHeld { x: &few, component: 0, column: 0, value };
            held_at(&climb, &from.model, &TO_REST).unwrap()
        };
        (1..=16).fold(top.clone(), step)
    };
    let fallen = |to: f64| top.log_likelihood - walked(to).log_likelihood;
    // The interval of the first hill alone.
    for (inside, outside) in [(-0.1665, -0.1675), (0.1645, 0.1655)] {
        assert!(fallen(inside) < DROP && fallen(outside) > DROP);
    }
    // Three standard errors off the run is on the other; free again, it comes to a lower top, and one datum has changed
    // sides.
    let other = em::fit(walked(-3.0 * error).model, &few, &TO_REST).unwrap();
    assert_within(top.log_likelihood - other.log_likelihood, 0.58, 5e-3);
    let moved = other.model.responsibilities(&few).unwrap() - top.model.responsibilities(&few).unwrap();
    let changed: Vec<usize> = (0..few.nrows()).filter(|&i| moved[(i, 0)].abs() > 0.5).collect();
    assert_eq!((few.nrows(), changed.len()), (39, 1));
    assert_eq!(
        (few[(changed[0], 0)], few[(changed[0], 1)], moved[(changed[0], 0)] > 0.9),
        (2.383, 71.0, true)
    );
}

/// the held mean is the conditional maximum: given Σ, no other place for the free coordinates has a higher Q.
#[test]
fn the_free_coordinates_follow_by_regression() {
    for case_seed in 0..20 {
        let model = case(CovarianceFamily::Full, 30, 2, 3, seed() + 70 + case_seed).model;
        let free = model.means().clone();
        let held = means_with_one_held(&model, &free, (1, 2), free[(1, 2)] + 0.7).unwrap();
        assert_eq!((held.row(0), held[(1, 2)]), (free.row(0), free[(1, 2)] + 0.7));
        // Σ⁻¹(μ − x̄) is the slope of Q about x̄, and must vanish but in the held coordinate.
        let slope = model.factors()[1].solve(&(held.row(1) - free.row(1)).transpose());
        assert_within(slope[0], 0.0, 1e-12 * slope[2].abs().max(1.0));
        assert_within(slope[1], 0.0, 1e-12 * slope[2].abs().max(1.0));
    }
}
