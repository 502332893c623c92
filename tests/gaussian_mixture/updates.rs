//! The updates: weighted averages, which maximise Q.

use crate::common::bounds::{gamma, log_joint_error, scaled_condition, sum_of};
use crate::common::cases::{self, Case, Kind};
use crate::common::naive::{Naive, Number};
use crate::common::tally::Tally;
use crate::common::{assert_at_least, assert_matrices_within, assert_within, config};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, update};
use executable_em::latent::{self, Model};
use executable_em::{Error, data, gaussian};
use nalgebra::{DMatrix, DVector};
use num_dual::Dual64;
use proptest::prelude::*;
use rand::RngExt;

/// Σ_ij r_ij log p(x_i, z_i = j), naively and generic.
fn naive_q<D: Number>(model: &Naive<D>, x: &DMatrix<f64>, r: &DMatrix<f64>) -> D {
    let mut total = D::from(0.0);
    for (i, row) in x.row_iter().enumerate() {
        let datum: Vec<f64> = row.iter().copied().collect();
        for j in 0..model.weights.len() {
            if r[(i, j)] > 0.0 {
                total += model.log_joint(&datum, j) * r[(i, j)];
            }
        }
    }
    total
}

proptest! {
    #![proptest_config(config(150))]

    /// Solving the stationarity equations gives λ = −n and π_j = R_j/n, for any counts.
    ///
    /// Source: H-37, L-31, T-43.
    #[test]
    fn the_multiplier_solves_to_minus_n(counts in prop::collection::vec(0.0..50.0_f64, 1..8)) {
        let counts = DVector::from_vec(counts);
        let n = counts.sum();
        prop_assume!(n > 0.0);
        let (weights, lambda) = update::weights_and_multiplier(&counts).unwrap();
        // The elimination adds k counts and divides twice; the equations are diagonal otherwise.
        let relative = gamma(3 * counts.len() + 6);
        assert_within(lambda, -n, relative * n);
        for j in 0..counts.len() {
            assert_within(weights[j], counts[j] / n, relative);
            assert_within(counts[j] + lambda * weights[j], 0.0, 2.0 * relative * n);
        }
        assert_within(weights.sum(), 1.0, relative);
    }

    /// The weight update is the column mean of r, the same that the multiplier gives.
    ///
    /// Source: C-38, H-37, H-39, L-31, T-44, B-24.
    #[test]
    fn the_weight_update_is_the_column_mean_of_r(n in 1..30usize, k in 1..5usize, seed in any::<u64>()) {
        let r = cases::simplex_rows(n, k, &mut data::rng(seed));
        let weights = update::weights(&r).unwrap();
        let (solved, lambda) = update::weights_and_multiplier(&latent::counts(&r)).unwrap();
        for j in 0..k {
            let mean = r.column(j).iter().sum::<f64>() / n as f64;
            assert_within(weights[j], mean, gamma(n + 1));
            assert_within(weights[j], solved[j], gamma(2 * n + 3 * k + 6));
        }
        // Rows sum to one to γ(k + 1) each.
        assert_within(weights.sum(), 1.0, gamma(n + 2 * k + 2));
        assert_within(lambda, -(n as f64), n as f64 * gamma(n + 5 * k + 6));
    }

    /// The updates of μ and Σ are weighted averages by plain loops, centred at the new means; the raw-moment form is
    /// the same; a component without responsibility keeps what it had.
    ///
    /// Source: H-04, C-39, B-23, C-40, B-25, T-41, T-45.
    #[test]
    fn the_updates_are_weighted_averages(
        case in cases::strategy(&Kind::ALL), seed in any::<u64>(), drop in any::<bool>(),
    ) {
        let (x, model) = (&case.x, &case.model);
        let (n, d) = x.shape();
        let mut r = cases::simplex_rows(n, model.k(), &mut data::rng(seed));
        if drop {
            r.column_mut(0).fill(0.0);
        }
        let means = update::means(x, &r, model.means()).unwrap();
        let covariances = update::covariances(x, &r, &means, model.covariances()).unwrap();
        let counts = latent::counts(&r);
        for j in 0..model.k() {
            if counts[j] == 0.0 {
                prop_assert_eq!(means.row(j), model.means().row(j));
                prop_assert_eq!(&covariances[j], &model.covariances()[j]);
                continue;
            }
            for a in 0..d {
                let mean = (0..n).map(|i| r[(i, j)] * x[(i, a)]).sum::<f64>() / counts[j];
                assert_within(means[(j, a)], mean, 2.0 * gamma(n + 4) * x.column(a).amax());
                for b in 0..d {
                    let terms: Vec<f64> = (0..n)
                        .map(|i| r[(i, j)] * (x[(i, a)] - means[(j, a)]) * (x[(i, b)] - means[(j, b)]) / counts[j])
                        .collect();
                    assert_within(covariances[j][(a, b)], terms.iter().sum(), 2.0 * sum_of(&terms, gamma(n + 8)));
                }
            }
        }
        let raw = update::raw_moment_covariances(x, &r, &means);
        prop_assert_eq!(raw.is_ok(), counts.min() > 0.0);
        if let Ok(raw) = raw {
            // Raw moments are as large as max|x|², and that is what their difference loses.
            let bound = 4.0 * gamma(2 * n + 6) * x.amax().powi(2);
            for j in 0..model.k() {
                assert_matrices_within(&raw[j], &covariances[j], bound);
            }
        }
    }

    /// After the M step Σπ_jμ_j is the mean of the data and Σπ_j(Σ_j + μ_jμ_jᵀ) − x̄x̄ᵀ their covariance: entirely for
    /// full and tied covariances, along the axes for diagonal ones, in trace for spherical ones; `mean` and
    /// `covariance` say so too.
    ///
    /// Source: H-38.
    #[test]
    fn the_m_step_keeps_the_moments_of_the_data(case in cases::strategy(&Kind::ALL), seed in any::<u64>()) {
        let x = &case.x;
        let (n, d) = x.shape();
        let r = cases::simplex_rows(n, case.model.k(), &mut data::rng(seed));
        let family = case.model.family();
        let k = case.model.k();
        let weights = update::weights(&r).unwrap();
        let means = update::means(x, &r, case.model.means()).unwrap();
        let full = update::covariances(x, &r, &means, case.model.covariances()).unwrap();
        let covariances = family.constrain(full, &weights).unwrap();
        let ones = DVector::from_element(n, 1.0);
        let centre = gaussian::weighted_mean(x, &ones).unwrap();
        let spread = gaussian::weighted_covariance(x, &ones, &centre).unwrap();
        let mean = weights.transpose() * &means;
        // Moments about the centre of the data, where Σπ(μ − x̄)(μ − x̄)ᵀ is the same without cancelling.
        let mut second = DMatrix::zeros(d, d);
        for j in 0..k {
            let offset = means.row(j) - &centre;
            second += (&covariances[j] + offset.transpose() * &offset) * weights[j];
        }
        let mean_error: Vec<f64> = (0..d).map(|a| 4.0 * gamma(2 * n + 4 * k + 6) * x.column(a).amax()).collect();
        let range: Vec<f64> = (0..d).map(|a| (x.column(a).max() - x.column(a).min()).max(mean_error[a])).collect();
        let entry_error = |a: usize, b: usize| {
            // Scatter: γ of a sum of products within the ranges; off-centre means: error times range.
            4.0 * gamma(2 * n + 4 * k + 12) * range[a] * range[b]
                                + 2.0 * (mean_error[a] * range[b] + mean_error[b] * range[a])
        };
        for a in 0..d {
            assert_within(mean[a], centre[a], mean_error[a]);
        }
        let trace_error: f64 = (0..d).map(|a| entry_error(a, a)).sum();
        match family {
            CovarianceFamily::Full | CovarianceFamily::Tied => for a in 0..d {
                for b in 0..d {
                    assert_within(second[(a, b)], spread[(a, b)], entry_error(a, b));
                }
            },
            CovarianceFamily::Diagonal => for a in 0..d {
                assert_within(second[(a, a)], spread[(a, a)], entry_error(a, a));
            },
            CovarianceFamily::Spherical => assert_within(second.trace(), spread.trace(), trace_error),
        }
        match case.model.maximize(x, &r) {
            Ok(model) => {
                prop_assert_eq!((model.weights(), model.means()), (&weights, &means));
                prop_assert_eq!(model.covariances(), &covariances[..]);
                let (own_mean, own) = (model.mean(), model.covariance());
                for a in 0..d {
                    assert_within(own_mean[a], mean[a], mean_error[a]);
                    for b in 0..d {
                        assert_within(own[(a, b)], second[(a, b)], entry_error(a, b));
                    }
                }
            }
            // A component has collapsed, and there is no such mixture: in units of its columns something of it is no
            // wider than rounding, that of the factor or that of the eigenvalues.
            Err(Error::NotPositiveDefinite { component, .. }) => {
                let covariance = &covariances[component];
                let sd = covariance.diagonal().map(f64::sqrt);
                let scaled = DMatrix::from_fn(d, d, |a, b| covariance[(a, b)] / (sd[a] * sd[b]));
                let rounding = (4 * d + 8 * d * d) as f64 * f64::EPSILON;
                let is_flat = covariance.diagonal().min() < f64::MIN_POSITIVE;
                prop_assert!(is_flat || scaled.symmetric_eigenvalues().min() <= rounding);
            }
            Err(error) => prop_assert!(false, "{error:?}"),
        }
    }
}

/// Within its family each covariance update maximises Q: the derivative of the naive Q along every direction in the
/// family vanishes, and no random step within the family raises Q.
///
/// Source: C-40, L-25, L-29, T-22, T-41.
#[test]
fn each_covariance_update_maximises_q_within_its_family() {
    let tally = Tally::new();
    proptest!(config(150), |(case in cases::strategy(&Kind::TAME), seed in any::<u64>())| {
        tally.count(case.kind, assert_q_is_maximal(&case, seed));
    });
    tally.assert_compared(|_| 0.9);
}

/// Returns whether there was a maximum: none where a component has no responsibility or a covariance that is nearly
/// singular.
fn assert_q_is_maximal(case: &Case, seed: u64) -> bool {
    let x = &case.x;
    let (n, d) = x.shape();
    let mut rng = data::rng(seed);
    let r = cases::simplex_rows(n, case.model.k(), &mut rng);
    let model = match case.model.maximize(x, &r) {
        Ok(model) => model,
        Err(error) => {
            assert!(matches!(error, Error::NotPositiveDefinite { .. }), "{error:?}");
            return false;
        }
    };
    let k = model.k();
    let regular = model.covariances().iter().all(|s| scaled_condition(s) < 1e4);
    if !regular || model.weights().min() == 0.0 {
        return false;
    }
    let q = |model: &GaussianMixture| latent::expected_log_joint(&r, &model.log_joint(x).unwrap()).unwrap();
    let best = q(&model);
    let error = |model: &GaussianMixture| {
        let products = r.component_mul(&model.log_joint(x).unwrap());
        r.component_mul(&log_joint_error(model, x)).sum() + sum_of(products.iter(), 0.0)
    };
    for _ in 0..4 {
        // A symmetric direction within the family, in units of each component's own spread.
        let free: Vec<DMatrix<f64>> = (0..k)
            .map(|_| {
                let raw = DMatrix::from_fn(d, d, |_, _| rng.random_range(-1.0..1.0));
                &raw + raw.transpose()
            })
            .collect();
        let direction: Vec<DMatrix<f64>> = (0..k)
            .map(|j| {
                let scale = model.covariances()[j].diagonal().min();
                scale
                    * match model.family() {
                        CovarianceFamily::Full => free[j].clone(),
                        CovarianceFamily::Tied => free[0].clone(),
                        CovarianceFamily::Diagonal => DMatrix::from_diagonal(&free[j].diagonal()),
                        CovarianceFamily::Spherical => DMatrix::identity(d, d) * free[j][0],
                    }
            })
            .collect();
        let mut dual = Naive::<Dual64>::new(&model);
        for (free, along) in dual.covariances.iter_mut().zip(&direction) {
            for (a, b) in (0..d).flat_map(|a| (0..d).map(move |b| (a, b))) {
                free[a][b].eps = along[(a, b)];
            }
        }
        // dQ = ½ΣR tr Σ⁻¹D Σ⁻¹(Ŝ − Σ): each factor Σ⁻¹D is at most 2dκ, and Ŝ − Σ is rounding, η = dκγ of Σ; the sum
        // itself has terms of size R(dκ)² with the accuracy of the naive elimination, another dκγ.
        let condition = model.covariances().iter().map(scaled_condition).fold(1.0, f64::max);
        let spread =
            model.covariances().iter().map(|s| s.diagonal().max() / s.diagonal().min()).fold(1.0, f64::max);
        let size = (d as f64 * condition).powi(2) * spread;
        let bound = 8.0 * n as f64 * size * d as f64 * condition * gamma(2 * n + 2 * k + 2 * d + 20);
        assert_within(naive_q(&dual, x, &r).eps, 0.0, bound);
        for step in [1e-3, 0.02, 0.1] {
            let mut covariances = model.covariances().to_vec();
            for (covariance, along) in covariances.iter_mut().zip(&direction) {
                *covariance += along * (step / condition);
            }
            let other = model.with_covariances(covariances, model.family()).unwrap();
            assert_at_least(best, q(&other), error(&model) + error(&other));
        }
    }
    // The same for means and weights.
    for _ in 0..4 {
        let mut means = model.means().clone();
        let j = rng.random_range(0..k);
        means[(j, rng.random_range(0..d))] += rng.random_range(-0.1..0.1);
        let weights = model.weights() * 0.95 + cases::weights(k, &mut rng) * 0.05;
        let other = model.with_means(means).unwrap().with_weights(weights).unwrap();
        assert_at_least(best, q(&other), error(&model) + error(&other));
    }
    true
}
