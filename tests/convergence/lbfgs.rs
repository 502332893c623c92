//! Gradient ascent that learns the curvature, beside EM.

use crate::common::{assert_within, seed};
use crate::{TO_REST, case, limit_of, two_normals};
use executable_em::convergence::lbfgs::{Lbfgs, Pair, direction, fit};
use executable_em::data;
use executable_em::em::{self, Climb, Seen, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use std::ops::ControlFlow;

/// on a parabola of p dimensions p pairs of conjugate steps are the whole Hessian, and the direction is Newton's;
/// the last pair is always met, H y = s.
#[test]
fn conjugate_pairs_make_newtons_step() {
    let mut rng = data::rng(seed() + 41);
    for p in 1..=5 {
        let root = DMatrix::from_fn(p, p, |_, _| rng.random_range(-1.0..1.0)) + DMatrix::identity(p, p) * 2.0;
        let hessian = &root * root.transpose();
        let mut pairs: Vec<Pair> = Vec::new();
        for a in 0..p {
            // Gram–Schmidt in the metric of the Hessian.
            let mut step = DVector::from_fn(p, |b, _| f64::from(u8::from(a == b)));
            for (s, y) in &pairs {
                step -= s * (y.dot(&step) / y.dot(s));
            }
            pairs.push((step.clone(), &hessian * step));
        }
        let slope = DVector::from_fn(p, |_, _| rng.random_range(-1.0..1.0));
        let newton = hessian.clone().cholesky().unwrap().solve(&slope);
        let found = direction(&slope, &pairs).unwrap();
        let condition = hessian.symmetric_eigenvalues().max() / hessian.symmetric_eigenvalues().min();
        assert_within((found - &newton).norm() / newton.norm(), 0.0, 100.0 * condition * f64::EPSILON);
        let (step, fall) = &pairs[p - 1];
        let met = direction(fall, &pairs).unwrap() - step;
        assert_within(met.norm() / step.norm(), 0.0, 100.0 * condition * f64::EPSILON);
    }
}

/// no step lowers ℓ, in any family.
#[test]
fn no_step_lowers_the_log_likelihood() {
    let mut steps = 0;
    for (at, family) in CovarianceFamily::ALL.into_iter().enumerate() {
        for number in 0..5 {
            let case = case(family, 40, 2, 2, seed() + 10 * at as u64 + number);
            let climb = Lbfgs::new(&case.x, 4).unwrap();
            let mut model = case.model.clone();
            for _ in 0..30 {
                let expected = climb.expect(&model).unwrap();
                model = climb.maximize(&model, &expected.expectation).unwrap();
                // The very numbers that the step was judged by.
                assert!(model.log_likelihood(&case.x).unwrap() >= expected.log_likelihood);
                steps += 1;
            }
        }
    }
    assert_eq!(steps, 600);
}

/// it comes to EM's maximum, in fewer E steps than EM where labels are in doubt and in more where they are not;
/// and it depends on the units, which EM does not.
#[test]
fn the_race_against_em() {
    // E steps until ℓ is within 1e-7 nats of the limit; it may not be above, which would be another maximum.
    let evaluations = |x: &DMatrix<f64>, start, limit: f64| {
        let climb = Lbfgs::new(x, 5).unwrap();
        let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 5_000 };
        let fit = em::best_of(&climb, [Ok(start)], &stopping, |seen| match seen {
            Seen::Sweep { expected, .. } if expected.log_likelihood >= limit - 1e-7 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        assert_within(fit.unwrap().log_likelihood, limit, 1e-7);
        climb.evaluations()
    };
    let (start, x) = two_normals(1);
    let hard = evaluations(&x, start.clone(), limit_of(&start, &x).log_likelihood(&x).unwrap());
    // Plain EM: 9 300; Anderson's mixing 144 and 667.
    assert!(hard < 144, "{hard}");

    let x = data::standardize(&data::old_faithful()).unwrap();
    let end = em::fit(started(&x), &x, &TO_REST).unwrap();
    let easy = evaluations(&x, started(&x), end.log_likelihood);
    let minutes = data::old_faithful();
    let limit = em::fit(started(&minutes), &minutes, &TO_REST).unwrap().log_likelihood;
    let in_minutes = evaluations(&minutes, started(&minutes), limit);
    assert!(easy > end.sweeps && in_minutes > 3 * easy, "{} {easy} {in_minutes}", end.sweeps);
    let (by_slopes, taken) = fit(&Lbfgs::new(&x, 5).unwrap(), started(&x), &TO_REST).unwrap();
    assert_within(by_slopes.log_likelihood, end.log_likelihood, 1e-6);
    assert!(taken >= by_slopes.sweeps);
}

fn started(x: &DMatrix<f64>) -> GaussianMixture {
    kmeans_start(x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap()
}
