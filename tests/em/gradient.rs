//! EM and the gradient: its step is a preconditioned one, and part of it is enough.

use crate::common::assert_within;
use crate::common::bounds::{self, gamma};
use crate::common::cases::{self, Case, Kind};
use crate::{round, stopping, unequal_clumps};
use executable_em::Error;
use executable_em::em::{self, Stopped, Tolerance};
use executable_em::gaussian_mixture::gradient::{self, PartOfStep};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, score, update};
use executable_em::latent::{self, Model};

/// EM's mean step is μ_j + (Σ_j/R_j) ∇ℓ: on hard cases the gradient step is the weighted mean, and it points uphill.
///
/// Source: C-07.
#[test]
fn the_mean_step_is_a_preconditioned_gradient_step() {
    for seed in 0..80 {
        let kind = Kind::TAME[seed as usize % 4];
        let Case { x, model, .. } = cases::case(kind, CovarianceFamily::Full, 12, 3, 2, seed);
        let r = model.responsibilities(&x).unwrap();
        let step = gradient::em_step(&model, &x).unwrap();
        let expected = update::means(&x, &r, model.means()).unwrap();
        let counts = latent::counts(&r);
        for j in 0..3 {
            if counts[j] == 0.0 {
                assert_eq!(step.row(j), model.means().row(j));
                continue;
            }
            // Σ Σ⁻¹ costs the condition number; sums of n terms within the range of the data.
            let condition = bounds::scaled_condition(&model.covariances()[j]);
            let size = x.amax() + model.means().amax();
            for a in 0..2 {
                assert_within(step[(j, a)], expected[(j, a)], gamma(12 * 10) * condition * 4.0 * size);
            }
        }
        let uphill = score::in_means(&model, &x).unwrap().dot(&(&step - model.means()));
        assert!(uphill > 0.0);
    }
}

/// Maximum likelihood is the aim, EM and gradient ascent are two ways there: same optimum, to 10⁻⁹. But gradient ascent
/// needs a step length below 2/λ, λ the largest curvature: just above it leaves the very optimum that EM has found, and
/// far above ℓ falls at once.
///
/// Source: C-06, C-07.
#[test]
fn gradient_ascent_reaches_the_optimum_of_em_if_its_step_is_short() {
    let x = unequal_clumps();
    let start = round(&[0.5, 1.0], 1.0);
    let em = em::fit(start.clone(), &x, &stopping(Tolerance::Parameters(1e-14), 2000)).unwrap();
    let top = em.model.mixture().unwrap();
    let start = start.mixture().unwrap();
    let last =
        |step: f64, steps: usize| gradient::ascend_means(&start, &x, step, steps).unwrap().pop().unwrap();
    // 10⁻¹⁴ a step, over a contraction of at most .9 for both.
    assert!((last(0.1, 2000).means() - top.means()).amax() < 1e-9);
    assert!((last(0.01, 20_000).means() - top.means()).amax() < 1e-9);
    assert!((last(0.01, 20).means() - top.means()).amax() > 0.1, "a short step takes long");
    assert!(em.sweeps < 100);

    let curvature = -gradient::hessian_in_means(&top, &x).unwrap().symmetric_eigenvalues().min();
    let beside = top.with_means(top.means().add_scalar(1e-4)).unwrap();
    let distance = |model: &GaussianMixture| (model.means() - top.means()).amax();
    let after = |step: f64| gradient::ascend_means(&beside, &x, step, 400).unwrap().pop().unwrap();
    assert!(distance(&after(1.9 / curvature)) < 1e-9);
    assert!(distance(&after(2.1 / curvature)) > 1e-2);
    // And a step that is far too long falls, where a sweep of EM rises.
    let wide = round(&[3.0, -3.5], 1.0).mixture().unwrap();
    let long = gradient::ascend_means(&wide, &x, 1.0, 1).unwrap();
    assert!(long[1].log_likelihood(&x).unwrap() < long[0].log_likelihood(&x).unwrap());

    // The path itself: the start, then one score after the other.
    let path = gradient::ascend_means(&start, &x, 0.1, 2).unwrap();
    assert_eq!(path[0], start);
    for pair in path.windows(2) {
        assert_eq!(*pair[1].means(), pair[0].means() + score::in_means(&pair[0], &x).unwrap() * 0.1);
    }
    for bad in [0.0, -0.1] {
        let error = gradient::ascend_means(&start, &x, bad, 1).unwrap_err();
        assert!(matches!(error, Error::Domain { what: "step", .. }), "{error:?}");
    }
}

/// "no closed form for the M step, so no EM", says the slide. A step that raises Q is enough: with a share s of the M
/// step Q rises by (s − s²/2) Σ R_j δᵀΣ⁻¹δ, so ℓ rises for every 0 < s < 2, and half steps end where EM ends.
///
/// Source: C-E15, C-07.
#[test]
fn erratum_part_of_an_m_step_is_enough() {
    for seed in 0..40 {
        let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 15, 3, 2, seed);
        let r = model.responsibilities(&x).unwrap();
        let counts = latent::counts(&r);
        let q =
            |model: &GaussianMixture| latent::expected_log_joint(&r, &model.log_joint(&x).unwrap()).unwrap();
        let delta = update::means(&x, &r, model.means()).unwrap() - model.means();
        let full: f64 = (0..3)
            .map(|j| {
                let inverse = model.covariances()[j].clone().try_inverse().unwrap();
                counts[j] * (delta.row(j) * inverse * delta.row(j).transpose())[0]
            })
            .sum();
        // Both evaluations of Q err like ℓ's; the closed form by its condition, κ ≲ 10 here.
        let noise = 4.0 * bounds::gaussian_log_likelihood_error(&model, &x) + 100.0 * gamma(60) * full;
        for share in [0.01, 0.5, 1.0, 1.5, 1.99] {
            let part = PartOfStep::new(model.clone(), share).unwrap();
            let next = em::sweep(&part, &x).unwrap();
            let next = next.mixture();
            let predicted = (share - 0.5 * share * share) * full;
            assert_within(q(next) - q(&model), predicted, noise);
            let rise = next.log_likelihood(&x).unwrap() - model.log_likelihood(&x).unwrap();
            assert!(rise >= predicted - noise && predicted > 0.0);
            assert_eq!((next.weights(), next.covariances()), (model.weights(), model.covariances()));
        }
        // Beyond twice the step Q falls: the range is no more than it says.
        let beyond = model.with_means(model.means() + &delta * 2.1).unwrap();
        assert!(q(&beyond) < q(&model));
    }

    let x = unequal_clumps();
    let start = round(&[0.5, 1.0], 1.0).mixture().unwrap();
    let rule = stopping(Tolerance::Parameters(1e-13), 5000);
    let run = |share: f64| em::trace(PartOfStep::new(start.clone(), share).unwrap(), &x, &rule).unwrap();
    let (half, whole) = (run(0.5), run(1.0));
    let soft = em::fit(round(&[0.5, 1.0], 1.0), &x, &rule).unwrap();
    assert!((whole.fit.model.mixture().means() - soft.model.means()).amax() < 1e-12);
    // Steps of 10⁻¹³ with contraction .95 at most.
    assert!((half.fit.model.mixture().means() - whole.fit.model.mixture().means()).amax() < 1e-11);
    assert!(half.fit.sweeps > whole.fit.sweeps);
    let noise = 2.0 * bounds::gaussian_log_likelihood_error(&start, &x);
    for run in [&half, &whole, &run(1.9)] {
        assert!(run.rises().iter().all(|&rise| rise >= -noise));
        assert_eq!(run.fit.stopped, Stopped::Converged);
    }
    for bad in [0.0, 2.0, -0.5, f64::NAN] {
        let error = PartOfStep::new(start.clone(), bad).unwrap_err();
        assert!(matches!(error, Error::Domain { what: "share of a step", .. }), "{error:?}");
    }
}
