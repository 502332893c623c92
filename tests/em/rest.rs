//! Where it ends: at a maximum, at a saddle, in a singularity, or nowhere.

use crate::common::bounds::{self, gamma};
use crate::common::cases::{self, Kind};
use crate::common::naive::{self, Entry};
use crate::common::{assert_printed, assert_within, column, line_mixture};
use crate::{round, stopping};
use executable_em::em::{self, Stopped, Stopping, Tolerance};
use executable_em::gaussian_mixture::gradient;
use executable_em::gaussian_mixture::{CovarianceFamily, random_start, score};
use executable_em::latent::Model;
use executable_em::{Error, Result, data};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// Converged is not maximal: on {±1, ±2} two equal components, variances fitted along, rest at ℓ = −7.508, while −5.676
/// is reached from the side.
///
/// Source: H-E21, T-E08, C-E09, B-E13.
#[test]
fn erratum_em_may_rest_at_a_saddle() {
    let x = column(&[-2.0, -1.0, 1.0, 2.0]);
    let run = |mean: f64| {
        let start = line_mixture(&[0.5, 0.5], &[-mean, mean], &[2.5, 2.5]);
        em::trace(start, &x, &stopping(Tolerance::Parameters(1e-12), 10_000)).unwrap()
    };
    let saddle = run(0.0);
    assert_eq!(saddle.fit.stopped, Stopped::Converged);
    assert_printed(saddle.fit.log_likelihood, "-7.508");
    assert!(saddle.log_likelihoods().iter().all(|&l| (l - saddle.fit.log_likelihood).abs() < 1e-14));
    let away = run(0.1);
    assert_printed(away.fit.log_likelihood, "-5.676");
}

/// {0, 3, 4, 5, 6} from means 0 and 5: the first component collapses onto the datum 0, and ℓ rises without bound until
/// its variance is no number, which ends the run with an error that names the component.
///
/// Source: C-E09, B-05.
#[test]
fn erratum_em_may_run_into_a_singularity() {
    let x = column(&[0.0, 3.0, 4.0, 5.0, 6.0]);
    let start = line_mixture(&[0.5, 0.5], &[0.0, 5.0], &[1.0, 1.0]);
    let mut model = start.clone();
    let mut variances = Vec::new();
    let mut values = vec![model.log_likelihood(&x).unwrap()];
    for _ in 0..3 {
        model = em::sweep(&model, &x).unwrap();
        variances.push(model.covariances()[0][0]);
        values.push(model.log_likelihood(&x).unwrap());
    }
    assert_printed(variances[0], "0.597");
    assert_printed(variances[1], "0.0137");
    assert!(variances[2] < 1e-100);
    assert_printed(values[0], "-10.98");
    assert_printed(values[1], "-9.33");
    assert_printed(values[2], "-7.40");
    assert!(values[3] > 100.0);
    let error = em::fit(start, &x, &Stopping::default()).unwrap_err();
    assert!(
        matches!(error, Error::NotPositiveDefinite { component: 0, smallest_eigenvalue: 0.0 }),
        "{error:?}"
    );
}

fn plus_minus_one_and_two() -> DMatrix<f64> {
    column(&[-2.0, -1.0, 1.0, 2.0])
}

/// The saddle with variances held at 1, from its derivatives: at μ = (0, 0) the score is exactly 0 and the Hessian's
/// eigenvalues are −2 along the diagonal and +3 across it. A score of zero is no maximum: a millionth aside, EM goes on
/// to μ = ∓1.44, and ℓ to −6.840 from −8.676.
///
/// With variances fitted along, 2.5, ℓ is −7.508 there. The eigenvalues are −.8 and exactly 0: across the diagonal ℓ is
/// flat to second order, and only the fourth lifts it, with the variances moving along.
///
/// Source: H-E21, T-E08, C-E09, B-E13.
#[test]
fn erratum_a_score_of_zero_may_be_a_saddle() {
    let x = plus_minus_one_and_two();
    let saddle = round(&[0.0, 0.0], 1.0);
    let unit = saddle.mixture().unwrap();
    assert_eq!(score::in_means(&unit, &x).unwrap(), DMatrix::zeros(2, 1));
    assert_eq!(gradient::hessian_in_means(&unit, &x).unwrap(), dmatrix![0.5, -2.5; -2.5, 0.5]);
    let mut eigenvalues = dmatrix![0.5, -2.5; -2.5, 0.5].symmetric_eigenvalues();
    eigenvalues.as_mut_slice().sort_by(f64::total_cmp);
    assert_within(eigenvalues[0], -2.0, 1e-14);
    assert_within(eigenvalues[1], 3.0, 1e-14);

    // As printed ℓ is "increasing" "until a local maximum"; it is not increasing, and this is none.
    let rest = em::trace(saddle, &x, &stopping(Tolerance::Parameters(0.0), 50)).unwrap();
    assert_eq!((rest.fit.stopped, rest.fit.sweeps, rest.rises()), (Stopped::Converged, 1, vec![0.0]));
    assert_printed(rest.fit.log_likelihood, "-8.676");
    let aside =
        em::trace(round(&[-1e-6, 1e-6], 1.0), &x, &stopping(Tolerance::Parameters(1e-12), 500)).unwrap();
    assert_printed(aside.fit.log_likelihood, "-6.840");
    assert_printed(aside.fit.model.means()[1], "1.441");
    // Four products and sums in another order; the direction in which the two could drift apart contracts.
    assert_within(aside.fit.model.means()[0], -aside.fit.model.means()[1], 3.0 * gamma(20));
    // It leaves at the rate that linearisation predicts: 2.5, the variance of the data, a sweep.
    let places: Vec<f64> = aside.iterates.iter().map(|iterate| iterate.model.means()[1]).collect();
    assert_within(places[5] / places[4], 2.5, 1e-4);

    let fitted = line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[2.5, 2.5]);
    assert_printed(fitted.log_likelihood(&x).unwrap(), "-7.508");
    let hessian = gradient::hessian_in_means(&fitted, &x).unwrap();
    assert_within((&hessian - dmatrix![-0.4, -0.4; -0.4, -0.4]).amax(), 0.0, gamma(20));
}

/// The Hessian of ℓ in the means is that of hyper-dual numbers; for a single component it is −nΣ⁻¹.
///
/// Source: H-E21.
#[test]
fn the_hessian_in_the_means_is_that_of_hyper_dual_numbers() {
    for seed in 0..40 {
        let kind = Kind::TAME[seed as usize % 4];
        let case = cases::case(kind, CovarianceFamily::Full, 9, 3, 2, seed);
        let hessian = gradient::hessian_in_means(&case.model, &case.x).unwrap();
        let scale: f64 = case.model.covariances().iter().map(bounds::scaled_condition).fold(1.0, f64::max);
        // Sums of n products of two scores and two responsibilities, each through a factor of condition `scale`.
        let size = 1.0
            + hessian.amax()
            + (0..3).map(|j| cases::score_bound(&case.model, &case.x, j, 2)).fold(0.0, f64::max);
        for (one, other) in (0..6).flat_map(|a| (0..6).map(move |b| (a, b))) {
            let entry = |m: usize| Entry::Mean(m / 2, m % 2);
            let exact = naive::second_derivative(&case.model, &case.x, entry(one), entry(other));
            assert_within(hessian[(one, other)], exact, gamma(400) * scale * size);
        }
    }
    let one = line_mixture(&[1.0], &[3.0], &[4.0]);
    assert_eq!(gradient::hessian_in_means(&one, &column(&[1.0, 2.0, 3.0])).unwrap(), dmatrix![-0.75]);
}

/// A model with a parameter that the data say nothing about: a mean, and an angle that the M step, being free to, turns
/// by one radian.
#[derive(Clone, Debug, PartialEq)]
struct Spinning {
    mean: f64,
    angle: f64,
}

impl Model for Spinning {
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        Ok(x.map(|x| -0.5 * (x - self.mean).powi(2)))
    }

    fn maximize(&self, x: &DMatrix<f64>, _: &DMatrix<f64>) -> Result<Self> {
        Ok(Spinning { mean: x.mean(), angle: self.angle + 1.0 })
    }

    fn parameters(&self) -> DVector<f64> {
        dvector![self.mean, self.angle.cos(), self.angle.sin()]
    }
}

/// Bounded and monotone, so convergent: but it is ℓ that is bounded and monotone, not θ. As printed, once ℓ has come to
/// rest so has θ; here each M step maximises Q, ℓ arrives in one sweep, and θ turns for ever by 2 sin ½ = .96.
///
/// Source: B-14, B-E14.
#[test]
fn erratum_values_converge_and_parameters_need_not() {
    let x = column(&[1.0, 3.0]);
    let start = Spinning { mean: 0.0, angle: 0.0 };
    let by_l = em::fit(start.clone(), &x, &stopping(Tolerance::LogLikelihood(0.0), 1000)).unwrap();
    assert_eq!((by_l.stopped, by_l.sweeps, by_l.log_likelihood), (Stopped::Converged, 2, -1.0));
    let by_theta = em::trace(start, &x, &stopping(Tolerance::Parameters(0.1), 1000)).unwrap();
    assert_eq!((by_theta.fit.stopped, by_theta.fit.log_likelihood), (Stopped::MaxSweeps, -1.0));
    assert!(by_theta.rises()[1..].iter().all(|&rise| rise == 0.0));
    // The chord of one radian turned, of which a coordinate shows at least 1/√2 (the angle of the chord to the axes).
    let chord = 2.0 * 0.5_f64.sin();
    assert!(by_theta.moves()[1..].iter().all(|&step| step > chord / 2_f64.sqrt() - 1e-12));

    // A sequence that is no run of EM: the value −1/t rises to 0, the angle moves by one radian a step.
    let theta = |t: f64| [t.cos() * (1.0 + 1.0 / t), t.sin() * (1.0 + 1.0 / t)];
    let value = |t: f64| -((theta(t)[0].hypot(theta(t)[1])) - 1.0);
    for t in (1..1000).map(f64::from) {
        assert!(value(t + 1.0) > value(t) && value(t) < 0.0);
        let (a, b) = (theta(t), theta(t + 1.0));
        assert!((a[0] - b[0]).hypot(a[1] - b[1]) > chord - 1e-3);
    }
    assert!(value(1e6) > -1.1e-6);
    // In a run of EM the rises of ℓ add up to the climb, a number, so they fade: here geometrically.
    let geyser = data::old_faithful();
    let start = random_start(&geyser, 2, CovarianceFamily::Full, &mut data::rng(3)).unwrap();
    let run = em::trace(start, &geyser, &stopping(Tolerance::LogLikelihood(1e-6 / 272.0), 300)).unwrap();
    let climb = run.fit.log_likelihood - run.iterates[0].log_likelihood;
    // Rises are differences of numbers below 2¹¹, exact or rounded to their own last digit.
    assert_within(run.rises().iter().sum::<f64>(), climb, run.fit.sweeps as f64 * gamma(2) * climb);
    let rises = run.rises();
    assert!(rises[rises.len() - 5..].is_sorted_by(|a, b| *b < 0.9 * a));
}
