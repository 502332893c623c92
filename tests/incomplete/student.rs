//! Mixtures of t: the density as a Gaussian of unknown scale, EM's two steps against quadrature and dual numbers,
//! outliers, and the sweep that hides less.

use crate::common::naive::{Naive, Number, quadratic_and_determinant};
use crate::common::{assert_at_least, assert_matrices_within, assert_within, cases, line_mixture, seed};
use crate::rounding;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::incomplete::mixture::of_one;
use executable_em::incomplete::student::{FEWEST_DEGREES, MOST_DEGREES, StudentMixture, sweep_by_parts};
use executable_em::latent::{self, Model};
use executable_em::{data, em, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use num_dual::Dual64;
use rand::RngExt;
use std::f64::consts::PI;

fn log_likelihood(model: &StudentMixture, x: &DMatrix<f64>) -> f64 {
    latent::log_likelihood(&model.log_joint(x).unwrap()).unwrap()
}

fn case(family: CovarianceFamily, n: usize, k: usize, d: usize, seed: u64) -> (StudentMixture, DMatrix<f64>) {
    let cases::Case { x, model, .. } = cases::case(cases::Kind::Ordinary, family, n, k, d, seed);
    let mut rng = data::rng(seed ^ 0x7);
    let degrees = DVector::from_fn(k, |_, _| 10_f64.powf(rng.random_range(0.0..1.5)));
    (StudentMixture::new(model, degrees).unwrap(), x)
}

/// log Γ by Stirling's series above 20, where its first term left out is 1/(1188 z⁹) < 2·10⁻¹⁵; no code of the library.
fn ln_gamma<D: Number>(x: D) -> D {
    let (mut z, mut below) = (x, D::from(0.0));
    while z.re() < 20.0 {
        below += z.ln();
        z += 1.0;
    }
    let inverse = z.recip();
    let square = inverse * inverse;
    let series =
        inverse * (square * (square * (square * (-1.0 / 1680.0) + 1.0 / 1260.0) - 1.0 / 360.0) + 1.0 / 12.0);
    (z - 0.5) * z.ln() - z + 0.5 * (2.0 * PI).ln() + series - below
}

/// ℓ of a mixture of t, written out.
fn naive_log_likelihood<D: Number>(shape: &Naive<D>, degrees: &[D], x: &DMatrix<f64>) -> D {
    let mut total = D::from(0.0);
    for row in x.row_iter() {
        let mut sum = D::from(0.0);
        for (j, &nu) in degrees.iter().enumerate() {
            let v: Vec<D> = row.iter().zip(&shape.means[j]).map(|(&x, &mean)| -mean + x).collect();
            let (quadratic, determinant) = quadratic_and_determinant(&shape.covariances[j], &v);
            let d = v.len() as f64;
            let constant = ln_gamma((nu + d) * 0.5) - ln_gamma(nu * 0.5) - (nu * PI).ln() * (0.5 * d);
            let log = constant - determinant.ln() * 0.5 - (nu + d) * 0.5 * (quadratic / nu + 1.0).ln();
            sum += shape.weights[j] * log.exp();
        }
        total += sum.ln();
    }
    total
}

/// ∫ f(u) N(x; 0, 1/u) Gamma(u; ν/2, ν/2) du with u = eᵗ, by the trapezoid rule, which for a smooth f that dies out
/// doubly exponentially on one side and exponentially on the other converges faster than any power of the step.
fn over_scales(nu: f64, x: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (h, reach) = (0.02, 80.0 / nu.min(1.0));
    let steps = (reach / h) as i32;
    let log_gamma: f64 = ln_gamma(nu / 2.0);
    let density = |t: f64| {
        let u = t.exp();
        let log_normal = 0.5 * t - 0.5 * (2.0 * PI).ln() - 0.5 * u * x * x;
        let log_scale = nu / 2.0 * (nu / 2.0).ln() - log_gamma + nu / 2.0 * t - nu / 2.0 * u;
        f(u) * (log_normal + log_scale).exp()
    };
    (-steps..300).map(|step| density(f64::from(step) * h)).sum::<f64>() * h
}

/// the t is the Gaussian whose scale is integrated out, and u its posterior mean.
#[test]
fn a_t_is_a_gaussian_of_unknown_scale() {
    let mut compared = 0;
    for nu in [0.5, 1.0, 2.5, 7.0, 60.0] {
        let model = StudentMixture::new(line_mixture(&[1.0], &[0.0], &[1.0]), dvector![nu]).unwrap();
        for x in [0.0, 0.7, 3.0, 20.0] {
            let at = dmatrix![x];
            let mass = over_scales(nu, x, |_| 1.0);
            // Some 10⁴ terms, each of five rounded parts of size up to 100: 10⁻¹¹ is ample.
            assert_within(model.log_joint(&at).unwrap()[0], mass.ln(), 1e-11);
            let mean = over_scales(nu, x, |u| u) / mass;
            assert_within(model.scales(&at).unwrap()[0], mean, 1e-11 * mean);
            compared += 2;
        }
    }
    assert_eq!(compared, 40);
}

/// it is a density: x = tan φ turns the line into an interval, and a periodic integrand into a sum.
#[test]
fn the_density_integrates_to_one() {
    for nu in [1.0, 3.0, 5.0] {
        // For whole odd ν the integrand is a trigonometric polynomial, which the rule integrates exactly.
        let model = StudentMixture::new(line_mixture(&[1.0], &[0.0], &[1.0]), dvector![nu]).unwrap();
        let scale = nu.sqrt();
        let steps = 64;
        let sum: f64 = (0..steps)
            .map(|step| {
                let phi = PI * ((f64::from(step) + 0.5) / f64::from(steps) - 0.5);
                let x = dmatrix![scale * phi.tan()];
                model.log_joint(&x).unwrap()[0].exp() * scale / phi.cos().powi(2)
            })
            .sum();
        assert_within(sum * PI / f64::from(steps), 1.0, 1e-12);
    }
}

/// ℓ is that of the formula written out, and a sweep is a fixed point just where its derivatives in μ, Σ and ν
/// vanish: so at the end of a run they do.
#[test]
fn em_rests_where_the_score_vanishes() {
    let (mut compared, mut inside) = (0, 0);
    for case_seed in 0..8 {
        let (start, mut x) =
            case(CovarianceFamily::Full, 60, 1 + case_seed as usize % 2, 2, seed() + case_seed);
        // Heavy tails: without them ν would end where its range does.
        (0..60).step_by(6).for_each(|i| x.row_mut(i).scale_mut(4.0));
        let naive = |shape: &GaussianMixture| Naive::<f64>::new(shape);
        let written_out = naive_log_likelihood(&naive(start.shape()), start.degrees().as_slice(), &x);
        assert_within(log_likelihood(&start, &x), written_out, rounding(60, written_out));
        let mut model = start;
        for _ in 0..20_000 {
            let next = sweep_by_parts(&model, &x).unwrap();
            let is_at_rest = em::largest_move(&model, &next) < 1e-13;
            model = next;
            if is_at_rest {
                break;
            }
        }
        let dual = Naive::<Dual64>::new(model.shape());
        let degrees: Vec<Dual64> = model.degrees().iter().map(|&nu| Dual64::from(nu)).collect();
        for j in 0..model.shape().k() {
            let slope = |change: &dyn Fn(&mut Naive<Dual64>, &mut Vec<Dual64>)| {
                let (mut shape, mut degrees) = (dual.clone(), degrees.clone());
                change(&mut shape, &mut degrees);
                naive_log_likelihood(&shape, &degrees, &x).eps
            };
            // A step of 10⁻¹³ of a map that contracts by 1 − 10⁻³ or better leaves 10⁻¹⁰, times a curvature of n ≤ 10⁴.
            for a in 0..2 {
                assert_within(slope(&|shape, _| shape.means[j][a].eps = 1.0), 0.0, 1e-5);
                assert_within(slope(&|shape, _| shape.covariances[j][a][a].eps = 1.0), 0.0, 1e-5);
                compared += 2;
            }
            let of_nu = slope(&|_, degrees| degrees[j].eps = 1.0);
            match model.degrees()[j] {
                FEWEST_DEGREES => assert!(of_nu <= 0.0),
                MOST_DEGREES => assert!(of_nu >= 0.0),
                _ => {
                    assert_within(of_nu, 0.0, 1e-5);
                    inside += 1;
                }
            }
        }
    }
    assert!(compared >= 40 && inside >= 2, "{compared} slopes, {inside} ν within their range");
}

/// a ν outside the range of the updates comes into it.
#[test]
fn degrees_come_into_their_range() {
    let (start, x) = case(CovarianceFamily::Full, 60, 2, 2, seed());
    let start = StudentMixture::new(start.shape().clone(), dvector![0.3, 3e4]).unwrap();
    for next in [em::sweep(&start, &x).unwrap(), sweep_by_parts(&start, &x).unwrap()] {
        assert!(
            next.degrees().iter().all(|nu| (FEWEST_DEGREES..=MOST_DEGREES).contains(nu)),
            "{}",
            next.degrees()
        );
    }
}

/// a component of which no datum is part keeps centre and scale.
#[test]
fn an_empty_component_stays() {
    let (model, x) = case(CovarianceFamily::Full, 30, 2, 2, seed() + 50);
    let r = DMatrix::from_fn(30, 2, |_, j| j as f64);
    let next = model.updated_shape(&x, &r).unwrap();
    assert_eq!(next.means().row(0), model.shape().means().row(0));
    assert_eq!(next.covariances()[0], model.shape().covariances()[0]);
    assert!(next.means().row(1) != model.shape().means().row(1));
}

/// neither sweep ever lowers ℓ, in any family, and for two equal components, one component, and twice the
/// data they do the same.
#[test]
fn no_sweep_lowers_the_log_likelihood() {
    let mut compared = 0;
    for case_seed in 0..40 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let (start, x) =
            case(family, 30, 1 + case_seed as usize % 3, 1 + case_seed as usize % 2, seed() + case_seed);
        for by_parts in [false, true] {
            let mut model = start.clone();
            for _ in 0..6 {
                let next = if by_parts { sweep_by_parts(&model, &x) } else { em::sweep(&model, &x) };
                let Ok(next) = next else { break };
                let (before, after) = (log_likelihood(&model, &x), log_likelihood(&next, &x));
                assert_at_least(after, before, rounding(30, before));
                compared += 1;
                model = next;
            }
        }
        let twice = DMatrix::from_fn(60, x.ncols(), |i, a| x[(i % 30, a)]);
        if let (Ok(once), Ok(again)) = (em::sweep(&start, &x), em::sweep(&start, &twice)) {
            assert_matrices_within(once.shape().means(), again.shape().means(), 1e-10 * x.amax());
            assert_within((once.degrees() - again.degrees()).amax(), 0.0, 1e-6);
        }
    }
    assert!(compared > 300, "{compared}");
}

/// with ever more degrees of freedom the t is the Gaussian, and its M step that of the Gaussian mixture.
#[test]
fn a_gaussian_is_the_limit() {
    for case_seed in 0..10 {
        let (student, x) = case(CovarianceFamily::Full, 30, 2, 2, seed() + 100 + case_seed);
        let nu = 1e9;
        let limit = StudentMixture::new(student.shape().clone(), dvector![nu, nu]).unwrap();
        let shape = student.shape();
        // log t − log N = O((1 + δ)²/ν), and lnΓ of 5·10⁸, of size 10¹⁰, cancels to ten digits and no more.
        let furthest =
            gaussian::mahalanobis_squared(&x, &shape.means().row(0).into(), &shape.covariances()[0]);
        let bound = 1e-5 + (1.0 + furthest.unwrap().max()).powi(2) / nu;
        assert_matrices_within(&limit.log_joint(&x).unwrap(), &shape.log_joint(&x).unwrap(), bound * 10.0);
        let r = shape.responsibilities(&x).unwrap();
        let (of_t, of_gaussian) = (limit.updated_shape(&x, &r).unwrap(), shape.maximize(&x, &r).unwrap());
        assert_matrices_within(of_t.means(), of_gaussian.means(), 1e-6 * x.amax());
    }
}

/// Σ is divided by R, not by Σ r u: the wrong divisor is no fixed point of EM, whose limit the score confirms.
#[test]
fn an_outlier_does_not_pull() {
    let clean = data::old_faithful();
    let centre = |far: f64, degrees: f64| -> RowDVector<f64> {
        let x = clean.clone().insert_row(272, far);
        let mean = clean.row_mean().transpose();
        let shape = of_one(&mean, DMatrix::from_diagonal_element(2, 2, 100.0)).unwrap();
        let mut model = StudentMixture::new(shape, dvector![degrees]).unwrap();
        for _ in 0..200 {
            model = StudentMixture::new(em::sweep(&model, &x).unwrap().shape().clone(), dvector![degrees])
                .unwrap();
        }
        model.shape().means().row(0).into_owned()
    };
    let (near, far) = (centre(1e4, 4.0), centre(1e8, 4.0));
    // Redescending: further away it weighs less, as 1/x², and pulls by u x, as 1/x.
    assert!((&near - &far).amax() < 0.05, "{near} and {far}");
    let mean = clean.clone().insert_row(272, 1e8).row_mean();
    assert!(mean[0] > 3e5, "the mean follows: {mean}");
}

/// the same maximum, in fewer sweeps: on data with heavy tails EM itself crawls in ν.
#[test]
fn hiding_less_is_faster() {
    let mut rng = data::rng(5);
    let truth = StudentMixture::new(line_mixture(&[1.0], &[0.0], &[1.0]), dvector![8.0]).unwrap();
    // A t draw: a normal over the root of an average of eight squares.
    let x = DMatrix::from_fn(400, 1, |_, _| {
        let normals = gaussian::sample(9, &RowDVector::zeros(1), &dmatrix![1.0], &mut rng).unwrap();
        normals[0] / (normals.rows(1, 8).norm_squared() / 8.0).sqrt()
    });
    let sweeps = |sweep: &dyn Fn(&StudentMixture) -> StudentMixture| {
        let mut model = StudentMixture::new(truth.shape().clone(), dvector![50.0]).unwrap();
        for count in 1.. {
            let next = sweep(&model);
            let rise = log_likelihood(&next, &x) - log_likelihood(&model, &x);
            model = next;
            if rise < 1e-9 {
                return (count, model);
            }
        }
        unreachable!("ℓ is bounded")
    };
    let (plain, by_em) = sweeps(&|model| em::sweep(model, &x).unwrap());
    let (few, by_parts) = sweeps(&|model| sweep_by_parts(model, &x).unwrap());
    assert!(log_likelihood(&by_parts, &x) >= log_likelihood(&by_em, &x) - 1e-12);
    assert!(few * 5 < plain, "{few} sweeps instead of {plain}");
    assert_within(by_parts.degrees()[0], by_em.degrees()[0], 0.05);
}

/// given some columns, the density of the others is that of all over that of those; some columns have the
/// integral over the others; and draws have the moments.
#[test]
fn columns_given_others_are_the_quotient() {
    let (model, _) = case(CovarianceFamily::Full, 10, 3, 3, seed() + 60);
    let mut rng = data::rng(seed() + 61);
    let log_density = |model: &StudentMixture, x: &DMatrix<f64>| {
        latent::log_marginals(&model.log_joint(x).unwrap()).unwrap()[0]
    };
    for family in CovarianceFamily::ALL {
        let (model, _) = case(family, 10, 3, 3, seed() + 62);
        for _ in 0..20 {
            let x = DMatrix::from_fn(1, 3, |_, _| rng.random_range(-6.0..6.0));
            let given = model.conditional(&[(2, x[2]), (0, x[0])]).unwrap();
            let of_given = model.marginal(&[2, 0]).unwrap();
            let quotient = log_density(&model, &x) - log_density(&of_given, &dmatrix![x[2], x[0]]);
            assert_within(log_density(&given, &dmatrix![x[1]]), quotient, 1e-10 * (1.0 + quotient.abs()));
        }
    }
    // Some columns: x = tan φ turns the line of another into an interval.
    let at = [0.5, -1.0];
    let steps = 4000;
    let integral: f64 = (0..steps)
        .map(|i| {
            let phi = ((f64::from(i) + 0.5) / f64::from(steps) - 0.5) * PI;
            let other = 4.0 * phi.tan();
            log_density(&model, &dmatrix![at[0], other, at[1]]).exp() * 4.0 / phi.cos().powi(2)
        })
        .sum::<f64>()
        * PI
        / f64::from(steps);
    let marginal = log_density(&model.marginal(&[0, 2]).unwrap(), &dmatrix![at[0], at[1]]).exp();
    assert_within(integral, marginal, 1e-3 * marginal);
    assert!(model.conditional(&[(7, 0.0)]).is_err() && model.marginal(&[0, 0]).is_err());
}

/// draws in the plane have the quantiles of δ there, where P(δ > c) = (1 + c/ν)^{−ν/2}.
#[test]
fn draws_have_the_quantiles() {
    let shape = of_one(&dvector![1.0, -2.0], dmatrix![2.0, 1.0; 1.0, 3.0]).unwrap();
    for nu in [1.0, 4.0, 30.0] {
        let model = StudentMixture::new(shape.clone(), dvector![nu]).unwrap();
        let n = 20_000;
        let (x, labels) = model.sample(n, &mut data::rng(seed() + 70)).unwrap();
        assert_eq!(labels, vec![0; n]);
        let mean = RowDVector::from_row_slice(&[1.0, -2.0]);
        let delta = gaussian::mahalanobis_squared(&x, &mean, &shape.covariances()[0]).unwrap();
        for beyond in [0.5_f64, 0.1, 0.01] {
            let c = nu * (beyond.powf(-2.0 / nu) - 1.0);
            let share = delta.iter().filter(|&&delta| delta > c).count() as f64 / n as f64;
            // Six standard errors of a share.
            assert_within(share, beyond, 6.0 * (beyond * (1.0 - beyond) / n as f64).sqrt());
        }
    }
}
