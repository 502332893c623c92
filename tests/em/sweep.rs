//! One sweep: the two steps of the lectures, and what each of them promises.

use crate::common::assert_matrices_within;
use crate::common::bounds::{self, gamma, sweep_fall};
use crate::common::cases::{self, Kind};
use crate::common::{assert_within, column, line_mixture};
use crate::stopping;
use executable_em::bound::ascent;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start, score};
use executable_em::latent::{self, Model};
use executable_em::{Error, data, gaussian};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// Over 500 hard starts for each covariance family no sweep lowers ℓ by more than its derived rounding; that bound is
/// below 10⁻⁸ nats for eight sweeps in ten.
///
/// Source: H-38, H-52, L-12, B-13, T-24.
#[test]
fn no_sweep_lowers_the_log_likelihood() {
    for family in CovarianceFamily::ALL {
        let (mut sweeps, mut tight, mut rises) = (0, 0, 0);
        for number in 0..500 {
            let case = cases::numbered(number, family);
            let mut model = case.model;
            for sweep in 0..12 {
                let next = match em::sweep(&model, &case.x) {
                    Ok(next) => next,
                    // A component on too few data has no covariance: ℓ is unbounded there, and the M step says so.
                    Err(Error::NotPositiveDefinite { .. }) => break,
                    Err(error) => panic!("run {number} ({:?}), sweep {sweep}: {error}", case.kind),
                };
                // One that is all but singular has no bound.
                let Some(bound) = sweep_fall(&model, &next, &case.x) else {
                    break;
                };
                let (before, after) =
                    (model.log_likelihood(&case.x).unwrap(), next.log_likelihood(&case.x).unwrap());
                assert!(
                    bound.is_finite() && after >= before - bound,
                    "run {number} ({:?}, {family:?}), sweep {sweep}: ℓ fell from {before} by {:e} > {bound:e}",
                    case.kind,
                    before - after
                );
                sweeps += 1;
                tight += usize::from(bound < 1e-8);
                rises += usize::from(after > before);
                model = next;
            }
        }
        assert!(sweeps > 2500, "{family:?}: only {sweeps} sweeps");
        // Over 25 seeds the share is 0.912 ± 0.013 for full covariances and more for the others.
        assert!(10 * tight > 8 * sweeps, "{family:?}: {tight} of {sweeps} bounds are tight");
        assert!(2 * rises > sweeps, "{family:?}: ℓ rose in only {rises} of {sweeps} sweeps");
    }
}

/// A component of weight exactly zero stays as it is, bit for bit, and takes part in nothing.
///
/// Source: H-38.
#[test]
fn a_component_without_weight_stays_as_it_is() {
    for family in CovarianceFamily::ALL {
        let case = cases::case(Kind::ZeroWeight, family, 15, 3, 2, 3);
        let alone = GaussianMixture::new(
            case.model.weights().rows(1, 2).into_owned(),
            case.model.means().rows(1, 2).into_owned(),
            case.model.covariances()[1..].to_vec(),
            family,
        )
        .unwrap();
        let (next, without) = (em::sweep(&case.model, &case.x).unwrap(), em::sweep(&alone, &case.x).unwrap());
        assert_eq!(next.weights()[0], 0.0);
        assert_eq!(next.means().row(0), case.model.means().row(0));
        if family != CovarianceFamily::Tied {
            assert_eq!(next.covariances()[0], case.model.covariances()[0]);
        }
        // The rows of r hold one zero more, so the sums have one term more, which is 0.
        assert_matrices_within(
            &next.means().rows(1, 2).into_owned(),
            without.means(),
            gamma(40) * case.x.amax(),
        );
        assert_within(
            next.log_likelihood(&case.x).unwrap(),
            without.log_likelihood(&case.x).unwrap(),
            2.0 * bounds::gaussian_log_likelihood_error(&without, &case.x),
        );
    }
}

/// For k = 1 a single sweep is the maximum-likelihood Gaussian: mean and covariance of the data.
///
/// Source: L-06, C-06.
#[test]
fn one_component_arrives_in_one_sweep() {
    let x = data::old_faithful();
    let start = random_start(&x, 1, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    let once = em::sweep(&start, &x).unwrap();
    let ones = DVector::from_element(272, 1.0);
    let mean = gaussian::weighted_mean(&x, &ones).unwrap();
    assert_eq!((once.weights()[0], once.means().row(0).into_owned()), (1.0, mean.clone()));
    assert_eq!(once.covariances()[0], gaussian::weighted_covariance(&x, &ones, &mean).unwrap());
    assert_eq!(em::sweep(&once, &x).unwrap(), once);
}

/// A sweep is the lecture's loop, written out here with indices and scalars for two Gaussians on a line: posterior
/// probabilities by Bayes, then weighted averages.
///
/// Source: H-38, H-51, H-60, L-13, L-14, C-05, C-24, B-12, T-22, T-25, T-32.
#[test]
fn a_sweep_is_the_lectures_loop() {
    let data = [-1.5, -0.2, 0.3, 0.9, 2.0, 2.6, 4.1];
    let (mut pi, mut mu, mut var) = ([0.3, 0.7], [-0.5, 2.5], [1.5, 0.8]);
    let mut model = line_mixture(&pi, &mu, &var);
    for _ in 0..20 {
        let mut r = [[0.0; 2]; 7];
        for (i, &x) in data.iter().enumerate() {
            let joint = |j: usize| {
                let gauss = (-(x - mu[j]) * (x - mu[j]) / (2.0 * var[j])).exp() / (TAU * var[j]).sqrt();
                pi[j] * gauss
            };
            r[i] = [joint(0) / (joint(0) + joint(1)), joint(1) / (joint(0) + joint(1))];
        }
        for j in 0..2 {
            let count: f64 = r.iter().map(|r| r[j]).sum();
            pi[j] = count / 7.0;
            mu[j] = data.iter().zip(&r).map(|(x, r)| r[j] * x).sum::<f64>() / count;
            var[j] = data.iter().zip(&r).map(|(x, r)| r[j] * (x - mu[j]).powi(2)).sum::<f64>() / count;
        }
        let before = model.clone();
        model = em::sweep(&model, &column(&data)).unwrap();
        let r = before.responsibilities(&column(&data)).unwrap();
        assert_eq!(model, before.maximize(&column(&data), &r).unwrap());
        // Twenty sweeps of some forty operations each on numbers below 17, whose errors EM contracts.
        for j in 0..2 {
            assert_within(model.weights()[j], pi[j], gamma(20 * 40));
            assert_within(model.means()[j], mu[j], 17.0 * gamma(20 * 40));
            assert_within(model.covariances()[j][0], var[j], 17.0 * gamma(20 * 40));
        }
    }
    assert!((mu[0] - -0.5).abs() > 0.1, "the loop went nowhere");
}

/// z has a row for each datum, θ has not: doubling the data doubles what the E step finds and leaves θ its length. The
/// E step leaves θ itself alone.
///
/// Source: C-08.
#[test]
fn variables_grow_with_the_data_and_parameters_do_not() {
    let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 12, 3, 2, 5);
    let twice = DMatrix::from_fn(24, 2, |i, a| case.x[(i % 12, a)]);
    for (x, n) in [(&case.x, 12), (&twice, 24)] {
        let model = case.model.clone();
        assert_eq!(model.responsibilities(x).unwrap().shape(), (n, 3));
        assert_eq!(model, case.model);
        // k weights, kd means, kd² entries of covariances.
        assert_eq!(em::sweep(&model, x).unwrap().parameters().len(), 3 + 6 + 12);
    }
}

/// A sweep is two half steps of coordinate ascent on F(q, θ). The second copy of the slide prints "descent"; as
/// printed, the ascent runs the other way: every half step of these lifts F, by at least 10⁻⁴ nats.
///
/// Source: C-16, C-17, C-24, B-11, L-15, C-E06.
#[test]
fn erratum_each_half_step_ascends() {
    let x = column(&[-1.5, -0.2, 0.3, 0.9, 2.0, 2.6, 4.1]);
    let start = line_mixture(&[0.3, 0.7], &[-0.5, 2.5], &[1.5, 0.8]);
    let q = DMatrix::from_element(7, 2, 0.5);
    let trace = ascent::coordinate_ascent(&start, &x, &q, 5).unwrap();
    assert_eq!(trace[2].model, em::sweep(&start, &x).unwrap());
    assert_eq!(
        trace[10].model,
        em::fit(start, &x, &stopping(Tolerance::LogLikelihood(0.0), 5)).unwrap().model
    );
    let descent = |a: f64, b: f64| b <= a; // as printed
    let ascent = |a: f64, b: f64| b >= a + 1e-4;
    for pair in trace.windows(2) {
        let (a, b) = (pair[0].lower_bound, pair[1].lower_bound);
        assert!(ascent(a, b) && !descent(a, b), "F went from {a} to {b}");
    }
    // Maximising in both arguments at once is another matter: each half step's maximiser depends on the other argument.
    assert!((&trace[1].q - &trace[3].q).amax() > 1e-3);
    assert!(em::largest_move(&trace[2].model, &trace[4].model) > 1e-3);
}

/// "maximize likelihood", says the lecture's third step. It maximises Q: no other θ has a larger one. But ℓ still has
/// half of its way to go, and a slope.
///
/// Source: H-E20.
#[test]
fn erratum_the_m_step_maximises_q_only() {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    let r = start.responsibilities(&x).unwrap();
    let next = em::sweep(&start, &x).unwrap();
    let q = |model: &GaussianMixture| latent::expected_log_joint(&r, &model.log_joint(&x).unwrap()).unwrap();
    let l = |model: &GaussianMixture| model.log_likelihood(&x).unwrap();
    let limit = em::fit(start.clone(), &x, &Stopping::default()).unwrap();
    // As printed: after the step nothing has a larger ℓ. But the limit has, by more than the step has won.
    println!("ℓ: start {}, after one M step {}, limit {}", l(&start), l(&next), limit.log_likelihood);
    assert!(limit.log_likelihood > l(&next) + 10.0);
    assert!(score::in_means(&next, &x).unwrap().amax() > 1.0);
    // As it is: θ of the limit, and every small change, has a smaller Q.
    assert!(q(&limit.model) < q(&next));
    for j in 0..2 {
        for a in 0..2 {
            for shift in [-1e-3, 1e-3] {
                let mut means = next.means().clone();
                means[(j, a)] += shift;
                assert!(q(&next.with_means(means).unwrap()) < q(&next));
                let mut covariances = next.covariances().to_vec();
                covariances[j][(a, a)] *= 1.0 + shift;
                assert!(q(&next.with_covariances(covariances, next.family()).unwrap()) < q(&next));
            }
        }
    }
}

/// The lecture starts with μ and π and sets r from them. r needs Σ too: three times the covariances, the same μ and π,
/// and r is another, by a third.
///
/// Source: H-E17.
#[test]
fn erratum_responsibilities_need_covariances() {
    let x = data::old_faithful();
    let mut start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    start = em::sweep(&start, &x).unwrap();
    let covariances = start.covariances().iter().map(|covariance| covariance * 3.0).collect();
    let wide = start.with_covariances(covariances, start.family()).unwrap();
    assert_eq!((start.weights(), start.means()), (wide.weights(), wide.means())); // all that the lecture's r knows
    let change = (start.responsibilities(&x).unwrap() - wide.responsibilities(&x).unwrap()).amax();
    println!("r changes by {change}");
    assert!(change > 0.1);
    // And π, which the printed posterior p(z | x, μ, Σ) leaves out.
    let even = start.with_weights(DVector::from_element(2, 0.5)).unwrap();
    assert!((start.responsibilities(&x).unwrap() - even.responsibilities(&x).unwrap()).amax() > 0.01);
}
