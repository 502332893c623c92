//! Coordinate ascent: half step by half step the bound climbs.

use crate::common::cases::{self, Case, Kind};
use crate::common::naive::{self, Naive};
use crate::common::{assert_within, bounds};
use crate::{coins, naive_q, only_mean, random_q, rounding, soft_kmeans};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::bound::ascent::{Coordinate, HalfStep};
use executable_em::bound::{self, ascent};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, OnlyMean, score};
use executable_em::latent::{self, Model};
use executable_em::soft_kmeans::SoftKMeans;
use executable_em::{data, em};
use nalgebra::{DMatrix, dmatrix, dvector};
use rand::RngExt;

/// Everything a trace must be, each step to `fall(before, after)`, a bound on what rounding may take from F in an M
/// step.
fn check_trace<M: Model + std::fmt::Debug>(
    name: &str,
    trace: &[HalfStep<M>],
    x: &DMatrix<f64>,
    fall: impl Fn(&HalfStep<M>, &HalfStep<M>) -> Option<f64>,
) -> usize {
    // Where a component collapses, a squared distance from it may overflow: F is −∞ then, and nothing is left to
    // compare.
    let collapsed = trace.iter().position(|state| state.lower_bound == f64::NEG_INFINITY);
    let trace = &trace[..collapsed.unwrap_or(trace.len())];
    let mut checked = 0;
    for state in trace {
        let log_joint = state.model.log_joint(x).unwrap();
        let tolerance = rounding(&state.q, &log_joint);
        assert_eq!(state.lower_bound, bound::lower_bound(&state.q, &log_joint).unwrap());
        assert_eq!(state.log_likelihood, latent::log_likelihood(&log_joint).unwrap());
        assert!((state.lower_bound + state.gap - state.log_likelihood).abs() <= tolerance, "{name}");
    }
    for pair in trace.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let tolerance = rounding(&before.q, &before.model.log_joint(x).unwrap())
            + rounding(&after.q, &after.model.log_joint(x).unwrap());
        match after.moved {
            Coordinate::Distribution => {
                // The bound rises to ℓ, by the gap that there was; θ and ℓ stay.
                assert_eq!(before.moved, Coordinate::Parameters);
                assert_eq!(before.log_likelihood, after.log_likelihood, "{name}");
                assert!((after.lower_bound - before.lower_bound - before.gap).abs() <= tolerance, "{name}");
                assert!(
                    (after.log_likelihood - after.lower_bound).abs() <= tolerance
                        && after.gap.abs() <= tolerance
                );
            }
            Coordinate::Parameters => {
                assert_eq!(before.moved, Coordinate::Distribution);
                assert_eq!(before.q, after.q);
                let Some(fall) = fall(before, after) else { continue };
                let allowed = fall + tolerance;
                assert!(
                    allowed.is_finite() && after.lower_bound >= before.lower_bound - allowed,
                    "{name}: F fell by more than {allowed:e}"
                );
                let (of_l, of_f) =
                    (after.log_likelihood - before.log_likelihood, after.lower_bound - before.lower_bound);
                assert!(of_l >= of_f - allowed, "{name}: ℓ rose by {of_l}, F by {of_f}");
            }
        }
        checked += 1;
    }
    checked
}

/// F climbs half step by half step from a random q, for the Gaussian mixture in four families on all hard kinds. An E
/// step raises F by exactly the gap and leaves ℓ; an M step raises both.
///
/// Source: C-09, C-16, C-17, B-11, B-15, B-16, C-03, C-04, C-E04.
#[test]
fn coordinate_ascent_climbs_for_gaussian_mixtures() {
    let (mut checked, mut climbed) = (0, 0);
    for family in CovarianceFamily::ALL {
        for number in 0..40 {
            let Case { kind, x, model } = cases::numbered(number, family);
            let q = random_q(&model.log_joint(&x).unwrap(), &mut data::rng(number));
            // As many components as data collapse sooner or later: the trace then ends in an error, as it should.
            let Ok(trace) = ascent::coordinate_ascent(&model, &x, &q, 3) else { continue };
            assert_eq!(trace.len(), 7);
            assert_eq!((&trace[0].q, &trace[0].model), (&q, &model));
            let fall = |before: &HalfStep<GaussianMixture>, after: &HalfStep<GaussianMixture>| {
                // `sweep_fall` bounds what the rounding of E and M step costs; F takes its own log joints, weighted by
                // q.
                let evaluation = |model: &GaussianMixture| {
                    bounds::log_joint_error(model, &x).component_mul(&before.q).sum()
                };
                Some(
                    bounds::sweep_fall(&before.model, &after.model, &x)?
                        + evaluation(&before.model)
                        + evaluation(&after.model),
                )
            };
            checked += check_trace(&format!("{family:?}, {kind:?}, case {number}"), &trace, &x, fall);
            climbed += usize::from(trace[6].lower_bound > trace[1].lower_bound + 1e-3);
        }
    }
    assert!(checked > 600, "only {checked} half steps were checked");
    assert!(climbed > 80, "only {climbed} traces climbed");
}

/// The same ascent for the models with other M steps: soft k-means, one free mean, coins.
///
/// Source: C-09, C-17, C-20, B-11.
#[test]
fn coordinate_ascent_climbs_for_every_other_model() {
    for seed in 0..20 {
        // Their M steps are weighted averages, good to γ(n + 2); F is flat there, so the error costs its square only,
        // below 10⁻²⁵. What is left is the evaluation of log joints of at most some hundred nats, n = 15 or 12 of them.
        let size = |q: &DMatrix<f64>, log_joint: DMatrix<f64>| {
            bounds::gamma(12) * 2.0 * (q.component_mul(&log_joint).abs().sum() + 100.0)
        };
        let (soft, x) = soft_kmeans(seed);
        let q = cases::simplex_rows(15, 3, &mut data::rng(seed));
        let trace = ascent::coordinate_ascent(&soft, &x, &q, 5).unwrap();
        let fall = |b: &HalfStep<SoftKMeans>, a: &HalfStep<SoftKMeans>| {
            Some(size(&b.q, b.model.log_joint(&x).unwrap()) + size(&a.q, a.model.log_joint(&x).unwrap()))
        };
        assert_eq!(check_trace("soft k-means", &trace, &x, fall), 10);

        let (only, x) = only_mean(seed);
        let q = cases::simplex_rows(15, 2, &mut data::rng(seed));
        let trace = ascent::coordinate_ascent(&only, &x, &q, 5).unwrap();
        let fall = |b: &HalfStep<OnlyMean>, a: &HalfStep<OnlyMean>| {
            Some(size(&b.q, b.model.log_joint(&x).unwrap()) + size(&a.q, a.model.log_joint(&x).unwrap()))
        };
        assert_eq!(check_trace("one mean", &trace, &x, fall), 10);
        let held = 1 - only.component();
        assert_eq!(trace[10].model.mixture().means()[held], only.mixture().means()[held]);
        assert_eq!(trace[10].model.mixture().covariances(), only.mixture().covariances());

        let (model, x) = coins(12, 3, 4, seed);
        let q = cases::simplex_rows(12, 3, &mut data::rng(seed));
        let trace = ascent::coordinate_ascent(&model, &x, &q, 5).unwrap();
        let fall = |b: &HalfStep<BernoulliMixture>, a: &HalfStep<BernoulliMixture>| {
            let finite =
                |m: &BernoulliMixture| m.log_joint(&x).unwrap().map(|l| if l.is_finite() { l } else { 0.0 });
            Some(size(&b.q, finite(&b.model)) + size(&a.q, finite(&a.model)))
        };
        assert_eq!(check_trace("coins", &trace, &x, fall), 10);
    }
}

/// Two half steps are one sweep of EM, bit for bit, whatever q the ascent began with.
///
/// Source: H-60, H-63, B-11, C-24.
#[test]
fn two_half_steps_are_a_sweep() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 20, 3, 2, 60);
    for seed in 0..3 {
        let q = cases::simplex_rows(20, 3, &mut data::rng(seed));
        let trace = ascent::coordinate_ascent(&model, &x, &q, 2).unwrap();
        assert_eq!(trace[1].q, model.responsibilities(&x).unwrap());
        assert_eq!(trace[2].model, em::sweep(&model, &x).unwrap());
        assert_eq!(trace[4].model, em::sweep(&trace[2].model, &x).unwrap());
    }
    let none =
        ascent::coordinate_ascent(&model, &x, &cases::simplex_rows(20, 3, &mut data::rng(9)), 0).unwrap();
    assert_eq!(none.len(), 1);
}

/// The M step maximises Q, and with it F(q, ·), for any q. The score of Q vanishes there, and 200 perturbations never
/// raise it.
///
/// Source: C-04, C-20, H-60, H-64, L-11, T-31.
#[test]
fn the_m_step_is_the_maximum_of_q_in_the_parameters() {
    let mut rng = data::rng(20);
    for seed in 0..10 {
        let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 30, 2, 2, seed);
        let q = cases::simplex_rows(30, 2, &mut rng);
        let best = model.maximize(&x, &q).unwrap();
        let value = latent::expected_log_joint(&q, &best.log_joint(&x).unwrap()).unwrap();
        // Scores are sums of 30 terms of a few units (σ ≈ 3), zero up to their rounding and that of the averages.
        assert!(score::of_q_in_means(&best, &x, &q).unwrap().amax() < 1e-11);
        for derivative in score::of_q_in_covariances(&best, &x, &q).unwrap() {
            assert!(derivative.amax() < 1e-10);
        }
        // On the simplex all derivatives in the weights are equal, to n.
        let in_weights = score::of_q_in_weights(&best, &x, &q).unwrap();
        assert!(in_weights.iter().all(|slope| (slope - 30.0).abs() < 1e-12 * 30.0));

        for _ in 0..200 {
            let size = 10_f64.powf(rng.random_range(-4.0..0.0));
            let step = DMatrix::from_fn(2, 2, |_, _| size * rng.random_range(-1.0..1.0));
            let mut covariances = best.covariances().to_vec();
            for covariance in &mut covariances {
                let stretch = DMatrix::identity(2, 2)
                    + DMatrix::from_fn(2, 2, |_, _| 0.5 * size * rng.random_range(-1.0..1.0));
                let stretched = &stretch * &*covariance * stretch.transpose();
                *covariance = (&stretched + stretched.transpose()) * 0.5;
            }
            let shift = 0.1 * size * rng.random_range(-1.0..1.0);
            let weight = (best.weights()[0] + shift).clamp(0.01, 0.99);
            let weights = dvector![weight, 1.0 - weight];
            let other =
                GaussianMixture::new(weights, best.means() + step, covariances, best.family()).unwrap();
            let log_joint = other.log_joint(&x).unwrap();
            let perturbed = latent::expected_log_joint(&q, &log_joint).unwrap();
            assert!(perturbed <= value + 1e-11, "{perturbed} > {value}"); // 60 terms of some ten nats: rounding 10⁻¹²
            let (f, at_best) =
                (bound::lower_bound(&q, &log_joint), bound::lower_bound(&q, &best.log_joint(&x).unwrap()));
            assert!(f.unwrap() <= at_best.unwrap() + 1e-11);
        }
        // The perturbations were large enough to matter.
        let mut means = best.means().clone();
        means[(0, 0)] += 0.1;
        let moved = best.with_means(means).unwrap();
        assert!(latent::expected_log_joint(&q, &moved.log_joint(&x).unwrap()).unwrap() < value - 1e-3);
    }
}

/// ℓ(θ) − ℓ(θ^t) ≥ Q(θ | θ^t) − Q(θ^t | θ^t) for 300 random θ, not only maximisers, with a slack that is the divergence
/// between the two posteriors.
///
/// Source: T-24, T-E03, H-52.
#[test]
fn the_log_likelihood_rises_at_least_as_much_as_q() {
    let mut smallest = f64::INFINITY;
    for seed in 0..300 {
        let family = CovarianceFamily::ALL[seed as usize % 4];
        let Case { x, model: before, .. } = cases::case(Kind::Ordinary, family, 10, 3, 2, seed);
        let Case { model: after, .. } = cases::case(Kind::Ordinary, family, 10, 3, 2, 1000 + seed);
        let (old, new) = (before.log_joint(&x).unwrap(), after.log_joint(&x).unwrap());
        let (of_l, of_q) = ascent::rises(&new, &old).unwrap();
        let r = latent::responsibilities(&old).unwrap();
        let tolerance = 2.0 * (rounding(&r, &old) + rounding(&r, &new));
        let slack = bound::gap(&r, &new).unwrap();
        assert_within(of_l - of_q, slack, tolerance);
        assert!(of_l >= of_q - tolerance);
        // Both rises, by the naive mixture and a loop.
        let naive_rise = naive::log_likelihood(&after, &x) - naive::log_likelihood(&before, &x);
        let error = bounds::gaussian_log_likelihood_error(&before, &x)
            + bounds::gaussian_log_likelihood_error(&after, &x);
        assert_within(of_l, naive_rise, 2.0 * error);
        let q_rise =
            naive_q(&Naive::<f64>::new(&after), &x, &r) - naive_q(&Naive::<f64>::new(&before), &x, &r);
        assert_within(of_q, q_rise, 2.0 * error + tolerance);
        smallest = smallest.min(slack);
    }
    assert!(smallest > 0.0, "no two of the random θ share their posteriors");
    let same = dmatrix![-1.0, -2.0];
    assert_eq!(ascent::rises(&same, &same).unwrap(), (0.0, 0.0));
}

/// log p_θ'(x) ≥ F(q', θ') ≥ F(q', θ) = log p_θ(x), with θ' from the M step; both inequalities are strict away from a
/// fixed point.
///
/// Source: B-16, B-15.
#[test]
fn the_chain_of_inequalities_holds() {
    let x = data::old_faithful();
    let start =
        executable_em::gaussian_mixture::random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(4))
            .unwrap();
    let (old, q) = (start.log_joint(&x).unwrap(), start.responsibilities(&x).unwrap());
    let new = em::sweep(&start, &x).unwrap().log_joint(&x).unwrap();
    let chain = [
        latent::log_likelihood(&new).unwrap(),
        bound::lower_bound(&q, &new).unwrap(),
        bound::lower_bound(&q, &old).unwrap(),
    ];
    assert!(chain[0] > chain[1] + 0.1 && chain[1] > chain[2] + 0.1, "{chain:?}");
    assert_within(chain[2], latent::log_likelihood(&old).unwrap(), rounding(&q, &old));
}
