//! The posterior: EM for its mode, which does not collapse.

use crate::common::bounds::{self, gamma, sweep_fall};
use crate::common::cases::{self, Case, Kind};
use crate::common::naive;
use crate::common::{assert_printed, assert_within, column, line_mixture};
use crate::{doomed, five, watching_parameters};
use executable_em::data;
use executable_em::em::{self, Stopped, Stopping};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, score};
use executable_em::latent::{self, Model};
use executable_em::pathologies::{MapMixture, Prior};
use nalgebra::{DMatrix, dmatrix, dvector};
use rand::RngExt;

/// With α = 1, ν = 4, ψ = .2 the run that collapsed ends at variances .2/7 = .029 and 5.2/10 = .52, the log posterior
/// rising, and ℓ falling at the end.
///
/// Source: C-E09, B-05.
#[test]
fn the_prior_prevents_the_collapse() {
    let x = five();
    let prior = Prior::new(1.0, 4.0, dmatrix![0.2]).unwrap();
    let start = MapMixture::new(doomed(), prior).unwrap();
    let trace = em::trace(start.clone(), &x, &watching_parameters(1e-12)).unwrap();
    let end = trace.fit.model.mixture();
    assert_printed(end.covariances()[0][0], ".029");
    assert_printed(end.covariances()[1][0], ".52");
    // One datum and four, but for e^{−3.5²/…}: r₀ of the datum 0 under the wide component is 1e−8.
    assert_within(end.covariances()[0][0], 0.2 / 7.0, 1e-7);
    assert_within(end.covariances()[1][0], 5.2 / 10.0, 1e-7);
    assert_within(end.means()[1], 4.5, 1e-7);
    let heights: Vec<f64> =
        trace.iterates.iter().map(|iterate| iterate.model.log_posterior(&x).unwrap()).collect();
    assert!(heights.windows(2).all(|pair| pair[1] >= pair[0] - 40.0 * gamma(60)), "{heights:?}");
    assert!(trace.rises().iter().any(|&rise| rise < -1e-10), "ℓ alone fell somewhere: {:?}", trace.rises());

    // Each α, ν, ψ has its own end, in closed form as long as the two clusters are apart.
    for (alpha, nu, psi) in [(2.0, 4.0, 0.2), (1.0, 3.0, 0.4), (5.0, 12.0, 1.0)] {
        let prior = Prior::new(alpha, nu, dmatrix![psi]).unwrap();
        let fit =
            em::fit(MapMixture::new(doomed(), prior).unwrap(), &x, &watching_parameters(1e-12)).unwrap();
        let end = fit.model.mixture();
        assert_within(end.covariances()[0][0], psi / (nu + 3.0), 1e-4);
        assert_within(end.covariances()[1][0], (5.0 + psi) / (nu + 6.0), 1e-4);
        assert_within(end.weights()[0], alpha / (5.0 + 2.0 * (alpha - 1.0)), 1e-4);
    }
}

/// A loop that watches ℓ ends where it falls, and says so: from the maximum of ℓ on Old Faithful a strong prior leads
/// down, and the default rule stops after one sweep, 100 times too early.
///
/// Source: C-E09.
#[test]
fn a_falling_likelihood_is_no_convergence() {
    let x = data::old_faithful();
    let start =
        executable_em::gaussian_mixture::kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))
            .unwrap();
    let top = em::fit(start, &x, &watching_parameters(1e-9)).unwrap().model.clone();
    let prior = Prior::new(50.0, 40.0, dmatrix![8.0, 0.0; 0.0, 1600.0]).unwrap();
    let start = MapMixture::new(top.clone(), prior).unwrap();
    let fooled = em::trace(start.clone(), &x, &Stopping::default()).unwrap();
    assert_eq!((fooled.fit.stopped, fooled.fit.sweeps), (Stopped::Fell, 1));
    assert!(fooled.rises()[0] < -1.0);
    let patient = em::fit(start, &x, &watching_parameters(1e-9)).unwrap();
    let [before, after] = [&fooled.fit, &patient].map(|fit| fit.model.log_posterior(&x).unwrap());
    assert!(patient.sweeps > 5 && after > before + 0.02, "{} sweeps, {before}, {after}", patient.sweeps);
}

/// Where EM rests, the log posterior is stationary: the score of ℓ by dual numbers, plus the prior's, vanishes in means
/// and covariances, and in the weights it is n + k(α − 1), the multiplier.
///
/// Source: B-05, C-E09.
#[test]
fn the_mode_is_stationary() {
    for seed in 0..8 {
        let d = seed as usize % 2 + 1;
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 30, 2, d, seed);
        let x = &case.x;
        let (alpha, nu) = (1.0 + seed as f64 / 2.0, d as f64 + 2.0 + seed as f64);
        let scale = cases::covariance(d, &mut data::rng(seed));
        let prior = Prior::new(alpha, nu, scale.clone()).unwrap();
        let start = MapMixture::new(case.model, prior).unwrap();
        let stopping = Stopping { max_sweeps: 20_000, ..watching_parameters(1e-13) };
        let end = em::fit(start, x, &stopping).unwrap().model.mixture().clone();
        // A sweep moves θ by 1e−13; the score is that, times the information of 30 data over variances above 0.1.
        let bound = 1e-8;
        assert!(naive::score_in_means(&end, x).amax() < bound, "seed {seed}");
        for (j, derivative) in naive::score_in_covariances(&end, x).iter().enumerate() {
            let precision = end.covariances()[j].clone().try_inverse().unwrap();
            let of_prior = (&precision * &scale * &precision - &precision * (nu + d as f64 + 1.0)) * 0.5;
            assert!((derivative + of_prior).amax() < bound, "seed {seed}, component {j}");
        }
        let multiplier = 30.0 + 2.0 * (alpha - 1.0);
        for (derivative, weight) in naive::score_in_weights(&end, x).iter().zip(end.weights()) {
            assert_within(derivative + (alpha - 1.0) / weight, multiplier, bound);
        }
        assert!(score::in_means(&end, x).unwrap().amax() < bound);
    }
}

/// By how much rounding may lower the log posterior in a sweep: [`sweep_fall`] for ℓ, and for the prior
/// 1. its two evaluations: log|Σ| errs by d·dκγ(d+1), each entry of Σ⁻¹ by 4dκγ(d+2) of κ/D_aD_b, and every sum and
///    logarithm by a few ulps of its terms; the normalisers are the same numbers in both;
/// 2. the M step, which misses the maximiser to second order, as in [`sweep_fall`], with ν + d + 1 further data, and
///    weights to γ of α − 1 each.
fn posterior_fall(before: &MapMixture, after: &MapMixture, x: &DMatrix<f64>) -> Option<f64> {
    let (n, d) = x.shape();
    let k = before.mixture().k();
    let prior = before.prior();
    let (concentration, degrees, scale) = (prior.concentration(), prior.degrees(), prior.scale());
    let mut fall = sweep_fall(before.mixture(), after.mixture(), x)?;
    for model in [before, after] {
        let mut size = model.prior().log_density(model.mixture()).ok()?.abs();
        for covariance in model.mixture().covariances() {
            let condition = bounds::scaled_condition(covariance);
            let determinant = (d * d) as f64 * condition * gamma(d + 1);
            let sd = covariance.diagonal().map(f64::sqrt);
            let trace: f64 = (0..d * d).map(|e| scale[e].abs() / (sd[e % d] * sd[e / d])).sum();
            let log_determinant = 2.0 * sd.map(|sd| sd.ln().abs()).sum() + condition.ln();
            fall += 0.5 * (degrees + d as f64 + 1.0) * (determinant + gamma(d + 8) * log_determinant)
                + 0.5 * trace * condition * 4.0 * d as f64 * condition * gamma(d + 2);
            size += 0.5 * trace * condition + (degrees + d as f64 + 1.0) * log_determinant;
        }
        // (α − 1) log π, where 0 log 0 is 0.
        if concentration > 1.0 {
            size += (concentration - 1.0) * model.mixture().weights().map(|weight| weight.ln().abs()).sum();
        }
        // What the normalisers add to the partial sums: log Γ of at most kα and ν/2, and ν log|Ψ|.
        let normalisers = k as f64
            * (degrees * (degrees + 10.0).ln() + degrees * scale.diagonal().map(|s| s.ln().abs()).sum())
            + 2.0 * k as f64 * concentration * (k as f64 * concentration + 3.0).ln();
        fall += gamma(20 + 8 * k) * (size + normalisers);
    }
    for covariance in after.mixture().covariances() {
        let condition = bounds::scaled_condition(covariance);
        let eta = d as f64 * condition * gamma(n + k + d + 12);
        if eta > 0.1 {
            return None;
        }
        fall += 0.5 * (degrees + d as f64 + 1.0 + n as f64) * eta * eta;
    }
    Some(fall + (n as f64 + k as f64 * concentration) * gamma(n + k + 8))
}

/// Over 400 hard starts no sweep lowers the log posterior by more than its derived rounding, none fails, and every
/// covariance stays above Ψ/(ν + d + 1 + n). ℓ itself falls in some.
///
/// Source: C-E09, B-05.
#[test]
fn no_sweep_lowers_the_log_posterior() {
    let (mut sweeps, mut tight, mut falls) = (0, 0, 0);
    for number in 0..400 {
        let Case { kind, x, model } = cases::numbered(number, CovarianceFamily::Full);
        let (n, d) = x.shape();
        let alpha = [1.0, 1.5, 4.0][number as usize % 3];
        let degrees = d as f64 + [-0.5, 1.0, 20.0][number as usize / 3 % 3];
        let scale = DMatrix::from_diagonal(&model.covariances()[0].diagonal()) * 0.5;
        let prior = Prior::new(alpha, degrees, scale.clone()).unwrap();
        let mut model = MapMixture::new(model, prior).unwrap();
        if alpha > 1.0 && model.mixture().weights().min() == 0.0 {
            model = em::sweep(&model, &x).unwrap(); // the prior's density vanishes at the start
        }
        for sweep in 0..12 {
            let next = em::sweep(&model, &x)
                .unwrap_or_else(|error| panic!("run {number} ({kind:?}), sweep {sweep}: {error}"));
            for covariance in next.mixture().covariances() {
                // Σ ⪰ Ψ/(…), in units of Ψ's diagonal, so that the units of the data do not matter.
                let root = scale.diagonal().map(|s| 1.0 / s.sqrt());
                let scaled = DMatrix::from_diagonal(&root) * covariance * DMatrix::from_diagonal(&root);
                let least = scaled.symmetric_eigenvalues().min();
                let floor = 1.0 / (degrees + d as f64 + 1.0 + n as f64);
                assert!(least >= floor - gamma(60 * d) * scaled.amax(), "run {number}: {least}, {floor}");
            }
            let at = |model: &MapMixture| model.log_posterior(&x).unwrap();
            if let Some(bound) = posterior_fall(&model, &next, &x) {
                assert!(
                    bound.is_finite() && at(&next) >= at(&model) - bound,
                    "run {number} ({kind:?}), sweep {sweep}: fell by {:e} > {bound:e}",
                    at(&model) - at(&next)
                );
                sweeps += 1;
                tight += usize::from(bound < 1e-8);
            }
            let l = |model: &MapMixture| model.mixture().log_likelihood(&x).unwrap();
            falls += usize::from(l(&next) < l(&model) - 1e-3);
            model = next;
        }
    }
    assert!(sweeps > 3000 && falls > 50, "{sweeps} sweeps, {falls} falls of ℓ");
    assert!(10 * tight > 8 * sweeps, "{tight} of {sweeps} bounds are tight");
}

/// The M step maximises Q + log p: nothing near it, or far, is higher; a component without responsibility gets the mode
/// of its prior.
///
/// Source: C-E09, H-58, L-E19.
#[test]
fn the_map_step_maximises_q_plus_the_log_prior() {
    let mut rng = data::rng(19);
    for seed in 0..20 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 12, 3, 2, seed);
        let prior = Prior::new(1.7, 4.5, cases::covariance(2, &mut rng)).unwrap();
        let model = MapMixture::new(case.model, prior.clone()).unwrap();
        let r = cases::simplex_rows(12, 3, &mut rng);
        let next = model.maximize(&case.x, &r).unwrap();
        let value = |mixture: &GaussianMixture| {
            latent::expected_log_joint(&r, &mixture.log_joint(&case.x).unwrap()).unwrap()
                + prior.log_density(mixture).unwrap()
        };
        let best = value(next.mixture());
        for _ in 0..100 {
            let size = 10_f64.powf(rng.random_range(-3.0..0.0));
            let best_one = next.mixture();
            let weights = best_one.weights() * (1.0 - size) + cases::weights(3, &mut rng) * size;
            let means = best_one.means().map(|mean| mean + size * rng.random_range(-1.0..1.0));
            let mut covariances = best_one.covariances().to_vec();
            covariances[0] = &covariances[0] * (1.0 - size) + cases::covariance(2, &mut rng) * size;
            let other = GaussianMixture::new(weights, means, covariances, CovarianceFamily::Full).unwrap();
            assert!(value(&other) < best + gamma(300) * 100.0, "seed {seed}, size {size}");
        }
    }
    let x = column(&[0.0, 1.0]);
    let prior = Prior::new(2.0, 4.0, dmatrix![0.7]).unwrap();
    let model = MapMixture::new(line_mixture(&[0.5, 0.5], &[0.0, 9.0], &[1.0, 1.0]), prior).unwrap();
    let next = model.maximize(&x, &dmatrix![1.0, 0.0; 1.0, 0.0]).unwrap();
    let next = next.mixture();
    assert_eq!((next.means()[1], next.weights().clone()), (9.0, dvector![0.75, 0.25]));
    assert_within(next.covariances()[1][0], 0.7 / 6.0, gamma(4));
    assert_within(next.covariances()[0][0], 1.2 / 8.0, gamma(8));
}
