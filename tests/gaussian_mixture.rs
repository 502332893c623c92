//! The Gaussian mixture: density, log-likelihood, score, updates, families, and the errata that concern them.

mod common;

use common::bounds::{
    gamma, gaussian_log_likelihood_error, log_joint_error, responsibility_error, scaled_condition, sum_of,
};
use common::cases::{self, Kind, score_bound};
use common::naive::{self, Entry, Naive, Number};
use common::{
    assert_matrices_within, assert_printed, assert_within, column, line_mixture, mixture, quadrature,
};
use executable_em::gaussian_mixture::{
    CovarianceFamily, GaussianMixture, kmeans_start, loss, random_start, score, spherical, start_from_labels,
    update, uses,
};
use executable_em::latent::{self, Model};
use executable_em::{Error, data, em, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use num_dual::{Dual64, DualNum, HyperDual64};
use proptest::prelude::*;
use rand::RngExt;
use std::f64::consts::TAU;

fn tame(kind: Kind) -> bool {
    Kind::TAME.contains(&kind)
}

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

// ---------------------------------------------------------------------------------------------------------------------
// Density and log-likelihood

/// H-21, L-02, T-08, T-35: the mixture density integrates to one in one, two and three dimensions, with correlated
/// components.
#[test]
fn the_density_integrates_to_one_in_one_two_and_three_dimensions() {
    for d in 1..=3 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 5, 3, d, 21);
        if d > 1 {
            assert!(case.model.covariances.iter().all(|s| s[(0, 1)].abs() > 0.01), "correlated");
        }
        let density = |x: &DMatrix<f64>| case.model.density(x).unwrap().iter().copied().collect::<Vec<_>>();
        let condition = case.model.covariances.iter().map(scaled_condition).fold(1.0, f64::max);
        // Within reach a log density is a sum of terms below 200; those far smaller do not count in the integral.
        let (integral, bound) = quadrature::integral(&case.model, density, 200.0 * gamma(d + 8) * condition);
        assert_within(integral, 1.0, bound);
        assert!(bound < 1e-9, "the bound must say something");
    }
}

proptest! {
    #![proptest_config(common::config(150))]

    /// H-26, H-27, L-05, C-31, B-01, T-34, T-37: ℓ, its terms and r are those of the naive formulas, in every family.
    #[test]
    fn the_log_likelihood_is_the_naive_one(case in cases::strategy(&Kind::ALL)) {
        let (x, model) = (&case.x, &case.model);
        let log_joint = model.log_joint(x).unwrap();
        let error = log_joint_error(model, x);
        let oracle = Naive::<f64>::new(model);
        for i in 0..x.nrows() {
            let datum: Vec<f64> = x.row(i).iter().copied().collect();
            for j in 0..model.k() {
                let expected = oracle.log_joint(&datum, j);
                if model.weights[j] == 0.0 {
                    prop_assert_eq!(log_joint[(i, j)], f64::NEG_INFINITY);
                } else {
                    // Elimination is as stable as Cholesky on a positive definite matrix, so it has the same bound again.
                    assert_within(log_joint[(i, j)], expected, 2.0 * error[(i, j)]);
                }
            }
        }
        let bound = 2.0 * gaussian_log_likelihood_error(model, x);
        let l = model.log_likelihood(x).unwrap();
        assert_within(l, oracle.log_likelihood(x), bound);
        if tame(case.kind) {
            assert_within(l, oracle.log_likelihood(x), 1e-10 * l.abs().max(1.0));
        }

        // T-37: r ∝ π |Σ|^{−1/2} e^{−Δ²/2}, without any 2π.
        let r = model.responsibilities(x).unwrap();
        let r_error = responsibility_error(&log_joint, &error);
        for i in 0..x.nrows() {
            let exponents: Vec<f64> = (0..model.k()).map(|j| {
                let sigma = &model.covariances[j];
                let row = x.rows(i, 1).into_owned();
                let distance = gaussian::mahalanobis_squared(&row, &model.means.row(j).into_owned(), sigma).unwrap()[0];
                model.weights[j].ln() - 0.5 * gaussian::log_determinant(sigma).unwrap() - 0.5 * distance
            }).collect();
            let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = exponents.iter().map(|e| (e - largest).exp()).sum();
            for j in 0..model.k() {
                assert_within(r[(i, j)], (exponents[j] - largest).exp() / total, 2.0 * r_error[(i, j)]);
            }
        }
    }

    /// H-28, B-22, T-40, L-06: the score in the means is the derivative of the naive ℓ by dual numbers.
    #[test]
    fn the_score_in_the_means_is_the_dual_derivative(case in cases::strategy(&Kind::ALL)) {
        let (x, model) = (&case.x, &case.model);
        let (found, expected) = (score::in_means(model, x).unwrap(), naive::score_in_means(model, x));
        for j in (0..model.k()).filter(|&j| model.weights[j] > 0.0) {
            let bound = score_bound(model, x, j, 1);
            assert_matrices_within(&found.rows(j, 1).into_owned(), &expected.rows(j, 1).into_owned(), bound);
        }
        if tame(case.kind) && model.weights.min() > 0.0 {
            let scale: f64 = (0..x.nrows()).map(|i| x.row(i).norm()).sum::<f64>() + 1.0;
            assert_matrices_within(&found, &expected, 1e-10 * found.amax().max(1e-3 * scale));
        }
        // A component of weight zero has no responsibility, so no score.
        for j in (0..model.k()).filter(|&j| model.weights[j] == 0.0) {
            prop_assert!(found.row(j).iter().all(|&entry| entry == 0.0));
        }
    }

    /// H-33, L-06: the score in the covariances is the derivative of the naive ℓ with all d² entries free.
    #[test]
    fn the_score_in_the_covariances_is_the_dual_derivative(case in cases::strategy(&Kind::ALL)) {
        let (x, model) = (&case.x, &case.model);
        let (found, expected) = (score::in_covariances(model, x).unwrap(), naive::score_in_covariances(model, x));
        for j in (0..model.k()).filter(|&j| model.weights[j] > 0.0) {
            assert_matrices_within(&found[j], &expected[j], score_bound(model, x, j, 2));
            if tame(case.kind) {
                let scale: f64 = (0..x.nrows()).map(|i| x.row(i).norm_squared()).sum::<f64>() + 1.0;
                assert_matrices_within(&found[j], &expected[j], 1e-10 * found[j].amax().max(1e-3 * scale));
            }
            let scale = found[j].amax();
            assert_matrices_within(&found[j], &found[j].transpose(), score_bound(model, x, j, 2).max(f64::EPSILON * scale));
        }
    }

    /// H-35, H-36, L-06, L-E07: the score in the weights is the dual derivative; it is positive, and π_j s_j = R_j sum to n.
    #[test]
    fn the_score_in_the_weights_is_the_dual_derivative(case in cases::strategy(&Kind::ALL)) {
        let (x, model) = (&case.x, &case.model);
        let n = x.nrows() as f64;
        let found = score::in_weights(model, x).unwrap();
        let expected = naive::score_in_weights(model, x);
        let counts = latent::counts(&model.responsibilities(x).unwrap());
        let log_joint = model.log_joint(x).unwrap();
        let r_error = responsibility_error(&log_joint, &log_joint_error(model, x));
        for j in 0..model.k() {
            prop_assert!(found[j] >= 0.0);
            if model.weights[j] > 0.0 {
                // π s = Σ r, so s errs by what r does, over π.
                let bound = 2.0 * (r_error.column(j).sum() + gamma(x.nrows() + 3) * counts[j]) / model.weights[j];
                assert_within(found[j], expected[j], bound);
                assert_within(model.weights[j] * found[j], counts[j], bound * model.weights[j]);
                if tame(case.kind) {
                    assert_within(found[j], expected[j], 1e-10 * found[j].max(f64::MIN_POSITIVE / model.weights[j]));
                }
            }
        }
        let total: f64 = r_error.sum() + n * gamma(x.nrows() + 3 * model.k());
        assert_within(model.weights.dot(&found), n, 2.0 * total);
        // H-35: the derivative of ℓ + λ(Σπ − 1) has λ added, for any λ.
        for lambda in [-n, 0.0, 2.5] {
            prop_assert_eq!(score::of_lagrangian_in_weights(model, x, lambda).unwrap(), found.map(|s| s + lambda));
        }
    }

    /// H-31, H-32: the two matrix derivatives are those of dual numbers, entry by free entry.
    #[test]
    fn the_two_matrix_derivatives_are_the_dual_ones(d in 1..=3usize, seed in any::<u64>()) {
        let mut rng = data::rng(seed);
        let sigma = cases::covariance(d, &mut rng);
        let v = DVector::from_fn(d, |_, _| rng.random_range(-2.0..2.0));
        let root = score::inverse_root_determinant_derivative(&sigma).unwrap();
        let quadratic = score::quadratic_form_derivative(&v, &sigma).unwrap();
        // All eigenvalues exceed ½, so |Σ⁻¹| ≤ 2; each entry takes some 10 d operations through κ.
        let relative = 20.0 * d as f64 * gamma(d + 4) * scaled_condition(&sigma);
        for a in 0..d {
            for b in 0..d {
                let mut dual: Vec<Vec<Dual64>> = sigma.row_iter().map(|row| row.iter().map(|&s| s.into()).collect()).collect();
                dual[a][b].eps = 1.0;
                let vector: Vec<Dual64> = v.iter().map(|&entry| entry.into()).collect();
                let (form, determinant) = naive::quadratic_and_determinant(&dual, &vector);
                assert_within(root[(a, b)], determinant.sqrt().recip().eps, relative * root.amax());
                assert_within(quadratic[(a, b)], form.eps, relative * 4.0 * v.norm_squared());
            }
        }
    }

    /// H-30, H-34, L-07, B-22: at every θ the score is R_j Σ_j⁻¹(μ_j⁺ − μ_j), and for Σ it is ½ R_j Σ_j⁻¹(S_j − Σ_j)Σ_j⁻¹ with
    /// S_j the scatter about the current mean: so the score vanishes just where the updates change nothing.
    #[test]
    fn the_score_vanishes_just_where_the_updates_rest(case in cases::strategy(&Kind::TAME)) {
        let (x, model) = (&case.x, &case.model);
        let r = model.responsibilities(x).unwrap();
        let counts = latent::counts(&r);
        let means = update::means(x, &r, &model.means).unwrap();
        let scatters = update::covariances(x, &r, &model.means, &model.covariances).unwrap();
        let (in_means, in_covariances) = (score::in_means(model, x).unwrap(), score::in_covariances(model, x).unwrap());
        for j in 0..model.k() {
            let precision = model.covariances[j].clone().try_inverse().unwrap();
            let step = (means.row(j) - model.means.row(j)).transpose();
            let expected = (&precision * step * counts[j]).transpose();
            let bound = score_bound(model, x, j, 1) + f64::MIN_POSITIVE;
            assert_within((in_means.row(j) - expected).amax(), 0.0, bound);
            let expected = &precision * (&scatters[j] - &model.covariances[j]) * &precision * (0.5 * counts[j]);
            assert_matrices_within(&in_covariances[j], &expected, score_bound(model, x, j, 2) + f64::MIN_POSITIVE);
        }
    }

    /// H-37, L-31, T-43: solving the stationarity equations gives λ = −n and π_j = R_j/n, for any counts.
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

    /// C-38, H-37, H-39, L-31, T-44, B-24: the weight update is the column mean of r, the same that the multiplier gives.
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

    /// H-04, C-39, B-23, C-40, B-25, T-41, T-45: the updates of μ and Σ are weighted averages by plain loops, centred at
    /// the new means; the raw-moment form is the same; a component without responsibility keeps what it had.
    #[test]
    fn the_updates_are_weighted_averages(case in cases::strategy(&Kind::ALL), seed in any::<u64>(), drop in any::<bool>()) {
        let (x, model) = (&case.x, &case.model);
        let (n, d) = x.shape();
        let mut r = cases::simplex_rows(n, model.k(), &mut data::rng(seed));
        if drop {
            r.column_mut(0).fill(0.0);
        }
        let means = update::means(x, &r, &model.means).unwrap();
        let covariances = update::covariances(x, &r, &means, &model.covariances).unwrap();
        let counts = latent::counts(&r);
        for j in 0..model.k() {
            if counts[j] == 0.0 {
                prop_assert_eq!(means.row(j), model.means.row(j));
                prop_assert_eq!(&covariances[j], &model.covariances[j]);
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
        if counts.iter().all(|&count| count > 0.0) {
            let raw = update::raw_moment_covariances(x, &r, &means).unwrap();
            // Raw moments are as large as max|x|², and that is what their difference loses.
            let bound = 4.0 * gamma(2 * n + 6) * x.amax().powi(2);
            for j in 0..model.k() {
                assert_matrices_within(&raw[j], &covariances[j], bound);
            }
        }
    }

    /// H-38: after the M step Σπ_jμ_j is the mean of the data and Σπ_j(Σ_j + μ_jμ_jᵀ) − x̄x̄ᵀ their covariance: entirely for full and
    /// tied covariances, along the axes for diagonal ones, in trace for spherical ones; `mean` and `covariance` say so too.
    #[test]
    fn the_m_step_keeps_the_moments_of_the_data(case in cases::strategy(&Kind::ALL), seed in any::<u64>()) {
        let x = &case.x;
        let (n, d) = x.shape();
        let r = cases::simplex_rows(n, case.model.k(), &mut data::rng(seed));
        let model = case.model.maximize(x, &r).unwrap();
        let k = model.k();
        let ones = DVector::from_element(n, 1.0);
        let centre = gaussian::weighted_mean(x, &ones).unwrap();
        let spread = gaussian::weighted_covariance(x, &ones, &centre).unwrap();
        let mean = &model.weights.transpose() * &model.means;
        // Moments about the centre of the data, where Σπ(μ − x̄)(μ − x̄)ᵀ is the same without cancelling.
        let mut second = DMatrix::zeros(d, d);
        for j in 0..k {
            let offset = model.means.row(j) - &centre;
            second += (&model.covariances[j] + offset.transpose() * &offset) * model.weights[j];
        }
        let mean_error: Vec<f64> = (0..d).map(|a| 4.0 * gamma(2 * n + 4 * k + 6) * x.column(a).amax()).collect();
        let range: Vec<f64> = (0..d).map(|a| (x.column(a).max() - x.column(a).min()).max(mean_error[a])).collect();
        let entry_error = |a: usize, b: usize| {
            // Scatter: γ of a sum of products within the ranges; off-centre means: error times range.
            4.0 * gamma(2 * n + 4 * k + 12) * range[a] * range[b] + 2.0 * (mean_error[a] * range[b] + mean_error[b] * range[a])
        };
        for a in 0..d {
            assert_within(mean[a], centre[a], mean_error[a]);
        }
        let trace_error: f64 = (0..d).map(|a| entry_error(a, a)).sum();
        match model.family {
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
        if let (Ok(own_mean), Ok(own)) = (model.mean(), model.covariance()) {
            for a in 0..d {
                assert_within(own_mean[a], mean[a], mean_error[a]);
                for b in 0..d {
                    assert_within(own[(a, b)], second[(a, b)], entry_error(a, b));
                }
            }
        }
    }

    /// C-40, L-25, L-29, T-22, T-41: within its family each covariance update maximises Q: the derivative of the naive Q along every
    /// direction in the family vanishes, and no random step within the family raises Q.
    #[test]
    fn each_covariance_update_maximises_q_within_its_family(case in cases::strategy(&Kind::TAME), seed in any::<u64>()) {
        let x = &case.x;
        let (n, d) = x.shape();
        let mut rng = data::rng(seed);
        let r = cases::simplex_rows(n, case.model.k(), &mut rng);
        let model = case.model.maximize(x, &r).unwrap();
        let k = model.k();
        let regular = model.covariances.iter().all(|s| s.clone().cholesky().is_some() && scaled_condition(s) < 1e4);
        prop_assume!(regular && model.weights.min() > 0.0);
        let q = |model: &GaussianMixture| latent::expected_log_joint(&r, &model.log_joint(x).unwrap()).unwrap();
        let best = q(&model);
        let error = |model: &GaussianMixture| {
            let products = r.component_mul(&model.log_joint(x).unwrap());
            r.component_mul(&log_joint_error(model, x)).sum() + sum_of(products.iter(), 0.0)
        };
        for _ in 0..4 {
            // A symmetric direction within the family, in units of each component's own spread.
            let free: Vec<DMatrix<f64>> = (0..k).map(|_| {
                let raw = DMatrix::from_fn(d, d, |_, _| rng.random_range(-1.0..1.0));
                &raw + raw.transpose()
            }).collect();
            let direction: Vec<DMatrix<f64>> = (0..k).map(|j| {
                let scale = model.covariances[j].diagonal().min();
                scale * match model.family {
                    CovarianceFamily::Full => free[j].clone(),
                    CovarianceFamily::Tied => free[0].clone(),
                    CovarianceFamily::Diagonal => DMatrix::from_diagonal(&free[j].diagonal()),
                    CovarianceFamily::Spherical => DMatrix::identity(d, d) * free[j][0],
                }
            }).collect();
            let mut dual = Naive::<Dual64>::new(&model);
            for (free, along) in dual.covariances.iter_mut().zip(&direction) {
                for (a, b) in (0..d).flat_map(|a| (0..d).map(move |b| (a, b))) {
                    free[a][b].eps = along[(a, b)];
                }
            }
            // dQ = ½ΣR tr Σ⁻¹D Σ⁻¹(Ŝ − Σ): each factor Σ⁻¹D is at most 2dκ, and Ŝ − Σ is rounding, η = dκγ of Σ; the sum
            // itself has terms of size R(dκ)² with the accuracy of the naive elimination, another dκγ.
            let condition = model.covariances.iter().map(scaled_condition).fold(1.0, f64::max);
            let spread = model.covariances.iter().map(|s| s.diagonal().max() / s.diagonal().min()).fold(1.0, f64::max);
            let size = (d as f64 * condition).powi(2) * spread;
            let bound = 8.0 * n as f64 * size * d as f64 * condition * gamma(2 * n + 2 * k + 2 * d + 20);
            assert_within(naive_q(&dual, x, &r).eps, 0.0, bound);
            for step in [1e-3, 0.02, 0.1] {
                let mut other = model.clone();
                for (covariance, along) in other.covariances.iter_mut().zip(&direction) {
                    *covariance += along * (step / condition);
                }
                prop_assert!(q(&other) <= best + error(&model) + error(&other), "Q rose by {:e}", q(&other) - best);
            }
        }
        // The same for means and weights.
        for _ in 0..4 {
            let mut other = model.clone();
            let j = rng.random_range(0..k);
            other.means[(j, rng.random_range(0..d))] += rng.random_range(-0.1..0.1);
            other.weights = &other.weights * 0.95 + cases::weights(k, &mut rng) * 0.05;
            prop_assert!(q(&other) <= best + error(&model) + error(&other));
        }
    }

    /// B-21: the loss is −Q − (nd/2) log 2π.
    #[test]
    fn the_loss_is_minus_q_without_its_constant(case in cases::strategy(&Kind::ALL), seed in any::<u64>()) {
        let (x, model) = (&case.x, &case.model);
        let (n, d) = x.shape();
        let mut r = cases::simplex_rows(n, model.k(), &mut data::rng(seed));
        for j in (0..model.k()).filter(|&j| model.weights[j] == 0.0) {
            let moved = r.column(j).into_owned();
            r.column_mut(j).fill(0.0);
            let mut next = r.column_mut((j + 1) % model.k());
            next += moved;
        }
        let log_joint = model.log_joint(x).unwrap();
        let q = latent::expected_log_joint(&r, &log_joint).unwrap();
        let error = log_joint_error(model, x);
        // Each form errs by Σ r e, and by the rounding of its sum.
        let products: Vec<f64> = r.iter().zip(&log_joint).map(|(&r, &l)| if r > 0.0 { r * l } else { 0.0 }).collect();
        let constant = 0.5 * (n * d) as f64 * TAU.ln();
        let bound = 3.0 * r.component_mul(&error).sum() + 3.0 * sum_of(&products, 0.0) + gamma(n * model.k() + d + 8) * 2.0 * constant;
        assert_within(loss::loss(model, x, &r).unwrap(), -q - constant, bound);
    }

    /// L-30, T-42: the Lagrangian is Q + λ(1 − Σπ), also where the weights do not quite sum to one.
    #[test]
    fn the_lagrangian_adds_the_multiplied_constraint(seed in any::<u64>(), lambda in -1e9..1e9_f64) {
        let mut case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 6, 3, 2, seed);
        // Weights are accepted within 1e−9 of the simplex: 5e−10 times λ shows.
        case.model.weights[0] += 5e-10;
        let r = case.model.responsibilities(&case.x).unwrap();
        let q = latent::expected_log_joint(&r, &case.model.log_joint(&case.x).unwrap()).unwrap();
        let value = loss::lagrangian(&case.model, &case.x, &r, lambda).unwrap();
        assert_within(value, q - lambda * 5e-10, 8.0 * f64::EPSILON * (lambda.abs() + q.abs()));
    }

    /// L-24, L-25, L-26, L-28, L-29: the round mixture's Q, its derivatives and its variances are those of the general one and of
    /// dual numbers; at the variances the derivative vanishes, and dσ² is the trace of the full update.
    #[test]
    fn the_round_m_step_is_the_general_one(kind in prop::sample::select(Kind::TAME.to_vec()), n in 2..20usize, k in 1..4usize, d in 1..=3usize, seed in any::<u64>()) {
        let case = cases::case(kind, CovarianceFamily::Spherical, n, k, d, seed);
        let (x, model, k) = (&case.x, &case.model, case.model.k());
        let mut rng = data::rng(seed);
        let r = cases::simplex_rows(x.nrows(), k, &mut rng);
        let counts = latent::counts(&r);
        prop_assume!(counts.min() > 0.0);
        let sizes = DVector::from_fn(k, |j, _| model.covariances[j][(0, 0)]);
        let distances = executable_em::kmeans::squared_distances(x, &model.means).unwrap();

        let q = spherical::expected_log_joint(x, &r, &model.weights, &model.means, &sizes).unwrap();
        let general = latent::expected_log_joint(&r, &model.log_joint(x).unwrap()).unwrap();
        if general.is_finite() {
            let terms = r.component_mul(&model.log_joint(x).unwrap().map(|l| if l.is_finite() { l } else { 0.0 }));
            let bound = 3.0 * r.component_mul(&log_joint_error(model, x)).sum() + 3.0 * sum_of(terms.iter(), gamma(10));
            assert_within(q, general, bound);
        } else {
            prop_assert_eq!(q, general);
        }

        // Dual numbers of Σ r(−d/2 log σ² − |x − μ|²/2σ²), the part of Q that depends on σ².
        let in_variances = spherical::score_in_variances(x, &r, &model.means, &sizes).unwrap();
        let in_means = spherical::score_in_means(x, &r, &model.means, &sizes).unwrap();
        for j in 0..k {
            let variance = Dual64::new(sizes[j], 1.0);
            let mut part = Dual64::from(0.0);
            for i in 0..x.nrows() {
                part += (-variance.ln() * (0.5 * d as f64) - (variance * 2.0).recip() * distances[(i, j)]) * r[(i, j)];
            }
            let size: f64 = (0..x.nrows())
                .map(|i| r[(i, j)] * (d as f64 / (2.0 * sizes[j]) + distances[(i, j)] / (2.0 * sizes[j].powi(2))))
                .sum();
            assert_within(in_variances[j], part.eps, 2.0 * gamma(n + d + 14) * size);
            for a in 0..d {
                let terms: Vec<f64> = (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] - model.means[(j, a)]) / sizes[j]).collect();
                assert_within(in_means[(j, a)], terms.iter().sum(), 2.0 * sum_of(&terms, gamma(8)));
            }
        }

        let means = update::means(x, &r, &model.means).unwrap();
        let variances = spherical::variances(x, &r, &means).unwrap();
        let full = update::covariances(x, &r, &means, &model.covariances).unwrap();
        let relative = 2.0 * gamma(2 * n + 2 * d + 10);
        for j in 0..k {
            assert_within(d as f64 * variances[j], full[j].trace(), relative * full[j].trace());
        }
        prop_assume!(variances.min() > 1e-6);
        // At the stationary point both derivatives vanish: each is a difference of two sums of size R d/2σ².
        let rest = spherical::score_in_variances(x, &r, &means, &variances).unwrap();
        let rest_in_means = spherical::score_in_means(x, &r, &means, &variances).unwrap();
        for j in 0..k {
            assert_within(rest[j], 0.0, counts[j] * d as f64 / variances[j] * relative);
            assert_within(rest_in_means.row(j).amax(), 0.0, 4.0 * counts[j] * x.amax() / variances[j] * gamma(2 * n + 8));
        }
        let step = case.model.maximize(x, &r).unwrap();
        for j in 0..k {
            assert_within(step.covariances[j][(d - 1, d - 1)], variances[j], relative * variances[j]);
        }
    }

    /// Whatever the shapes and values, nothing of this chapter panics.
    #[test]
    fn arbitrary_input_never_panics(
        x in wild_matrix(), means in wild_matrix(), r in wild_matrix(), covariances in prop::collection::vec(wild_matrix(), 0..4),
        weights in prop::collection::vec(wild(), 0..4), labels in prop::collection::vec(0..4usize, 0..5), k in 0..5usize, number in wild(),
        family in prop::sample::select(CovarianceFamily::ALL.to_vec()),
    ) {
        let weights = DVector::from_vec(weights);
        // The fields are public: an inconsistent mixture can be written down, and every use must notice.
        let model = GaussianMixture { weights: weights.clone(), means: means.clone(), covariances: covariances.clone(), family };
        let valid = GaussianMixture::new(weights.clone(), means.clone(), covariances.clone(), family).is_ok();
        let ok = [
            model.log_joint(&x).is_ok(), model.log_likelihood(&x).is_ok(), model.density(&x).is_ok(), model.likelihood(&x).is_ok(),
            model.responsibilities(&x).is_ok(), model.sample(3, &mut data::rng(1)).is_ok() && !valid,
            model.mean().is_ok() && !valid, model.covariance().is_ok() && !valid,
            score::in_means(&model, &x).is_ok(), score::in_covariances(&model, &x).is_ok(), score::in_weights(&model, &x).is_ok(),
            score::of_lagrangian_in_weights(&model, &x, number).is_ok(), loss::loss(&model, &x, &r).is_ok(),
            loss::lagrangian(&model, &x, &r, number).is_ok(), em::sweep(&model, &x).is_ok(),
            uses::classify(&x, &weights, std::slice::from_ref(&model)).is_ok(),
        ];
        if !valid {
            prop_assert_eq!(ok, [false; 16]);
        }
        let _ = (model.parameter_count(), model.parameters(), model.k(), model.d());
        let _ = model.maximize(&x, &r);
        let _ = em::fit(model, &x, &em::Stopping { max_sweeps: 3, ..Default::default() });
        let _ = update::means(&x, &r, &means);
        let _ = update::covariances(&x, &r, &means, &covariances);
        let _ = update::raw_moment_covariances(&x, &r, &means);
        let _ = update::weights(&r);
        let _ = update::weights_and_multiplier(&weights);
        let _ = family.constrain(covariances.clone(), &weights);
        let _ = spherical::expected_log_joint(&x, &r, &weights, &means, &weights);
        let _ = spherical::score_in_means(&x, &r, &means, &weights);
        let _ = spherical::score_in_variances(&x, &r, &means, &weights);
        let _ = spherical::variances(&x, &r, &means);
        let _ = uses::grid_posterior(&weights, &weights, number);
        let _ = uses::interaction(&x);
        for covariance in &covariances {
            let _ = score::inverse_root_determinant_derivative(covariance);
            let _ = score::quadratic_form_derivative(&weights, covariance);
        }
        let _ = random_start(&x, k, family, &mut data::rng(1));
        let _ = kmeans_start(&x, k, family, &mut data::rng(1));
        let _ = start_from_labels(&x, &labels, k, family);
    }
}

/// Mostly numbers that make valid parameters, and some that break things.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => prop::sample::select(vec![0.0, 1.0, 0.5, 0.25, 2.0]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308, 1e200, 5e-324, -1.0]),
        1 => any::<f64>(),
    ]
}

fn wild_matrix() -> impl Strategy<Value = DMatrix<f64>> {
    (0..4usize, 0..4usize, prop::collection::vec(wild(), 9), 0..3usize).prop_map(
        |(rows, columns, values, form)| match form {
            0 => DMatrix::from_fn(rows, columns, |a, b| values[3 * a + b]),
            1 => DMatrix::from_fn(rows, rows, |a, b| if a == b { 3.0 + values[a] } else { values[a + b] }),
            _ => DMatrix::identity(rows, rows),
        },
    )
}

/// L-01, L-04, H-21: the plain product is exp ℓ while it fits into a double, and underflows to 0 at n = 3200.
#[test]
fn the_plain_likelihood_underflows() {
    let model = line_mixture(&[0.4, 0.6], &[-1.0, 2.0], &[1.0, 0.5]);
    let (x, _) = model.sample(3200, &mut data::rng(4)).unwrap();
    let few = x.rows(0, 20).into_owned();
    let (product, l) = (model.likelihood(&few).unwrap(), model.log_likelihood(&few).unwrap());
    assert_within(product, l.exp(), l.exp() * (gamma(100) + 4.0 * f64::EPSILON * l.abs()));
    assert_within(product, model.density(&few).unwrap().iter().product(), product * gamma(20));
    assert_eq!(model.likelihood(&x).unwrap(), 0.0);
    let l = model.log_likelihood(&x).unwrap();
    assert!(l.is_finite() && l < -745.0);
}

/// H-22, T-10: data drawn from the mixture have its labels' shares, its mean Σπμ and its covariance Σπ(Σ + μμᵀ) − μ̄μ̄ᵀ.
#[test]
fn samples_have_the_moments_of_the_mixture() {
    let model = mixture(
        &[0.2, 0.5, 0.3],
        dmatrix![0.0, 0.0; 4.0, -1.0; -2.0, 3.0],
        vec![dmatrix![1.0, 0.6; 0.6, 1.0], dmatrix![2.0, -0.5; -0.5, 0.5], dmatrix![0.3, 0.0; 0.0, 0.2]],
    );
    let n = 40_000;
    let (x, labels) = model.sample(n, &mut data::rng(22)).unwrap();
    let root = (n as f64).sqrt();
    for j in 0..3 {
        let share = labels.iter().filter(|&&label| label == j).count() as f64 / n as f64;
        let p = model.weights[j];
        // z = 5 throughout.
        assert_within(share, p, 5.0 * (p * (1.0 - p)).sqrt() / root);
        // Within a label the data are the component's.
        let rows: Vec<usize> = (0..n).filter(|&i| labels[i] == j).collect();
        let own = x.select_rows(&rows);
        for a in 0..2 {
            let sd = (model.covariances[j][(a, a)] / rows.len() as f64).sqrt();
            assert_within(own.column(a).mean(), model.means[(j, a)], 5.0 * sd);
        }
    }
    let mean = model.mean().unwrap();
    // By hand: 0.2·0 + 0.5·4 − 0.3·2 = 1.4 and −0.5 + 0.9 = 0.4.
    assert_within(mean[0], 1.4, gamma(6) * 4.0);
    assert_within(mean[1], 0.4, gamma(6) * 4.0);
    let covariance = model.covariance().unwrap();
    let mut raw = -(mean.transpose() * &mean);
    for j in 0..3 {
        raw +=
            (&model.covariances[j] + model.means.row(j).transpose() * model.means.row(j)) * model.weights[j];
    }
    assert_matrices_within(&covariance, &raw, gamma(20) * 30.0);
    for a in 0..2 {
        assert_within(x.column(a).mean(), mean[a], 5.0 * covariance[(a, a)].sqrt() / root);
        for b in 0..=a {
            let product: f64 =
                (0..n).map(|i| (x[(i, a)] - mean[a]) * (x[(i, b)] - mean[b])).sum::<f64>() / n as f64;
            // E v_a² v_b² of a component with offset δ: δa²δb² + δa²Σbb + δb²Σaa + 4δaδbΣab + ΣaaΣbb + 2Σab².
            let fourth: f64 = (0..3)
                .map(|j| {
                    let s = &model.covariances[j];
                    let (p, q) = (model.means[(j, a)] - mean[a], model.means[(j, b)] - mean[b]);
                    let inner = p * p * q * q
                        + p * p * s[(b, b)]
                        + q * q * s[(a, a)]
                        + 4.0 * p * q * s[(a, b)]
                        + s[(a, a)] * s[(b, b)]
                        + 2.0 * s[(a, b)].powi(2);
                    model.weights[j] * inner
                })
                .sum();
            let sd = (fourth - covariance[(a, b)].powi(2)).sqrt();
            assert_within(product, covariance[(a, b)], 5.0 * sd / root);
        }
    }
}

/// H-23: the posterior of one mean over a grid is prior times likelihood over their integral: it integrates to one, and for a
/// single Gaussian it is the conjugate one.
#[test]
fn the_grid_posterior_is_bayes_rule() {
    let x = column(&[0.5, 1.0, 2.5]);
    let spacing = 0.01;
    let grid = DVector::from_fn(1401, |g, _| -7.0 + spacing * g as f64);
    let prior = |m: f64| -0.5 * (m * m / 4.0 + (TAU * 4.0).ln());
    for weights in [[1.0, 0.0], [0.6, 0.4]] {
        let l = grid.map(|m| line_mixture(&weights, &[m, 3.0], &[1.0, 1.0]).log_likelihood(&x).unwrap());
        let posterior = uses::grid_posterior(&l, &grid.map(prior), spacing).unwrap();
        assert_within(posterior.sum() * spacing, 1.0, gamma(1401));
        // Ratios of neighbours are those of prior times likelihood.
        for g in (0..1400).step_by(97) {
            let log_ratio = l[g + 1] - l[g] + prior(grid[g + 1]) - prior(grid[g]);
            if posterior[g] > 1e-290 {
                assert_within((posterior[g + 1] / posterior[g]).ln(), log_ratio, 1e4 * f64::EPSILON); // |ℓ| < 200
            }
        }
        if weights[1] == 0.0 {
            // Conjugate: precision 3 + ¼, mean Σx over that.
            let (precision, mean) = (3.25_f64, 4.0 / 3.25);
            for g in 0..1401 {
                let exact = (precision / TAU).sqrt() * (-0.5 * precision * (grid[g] - mean).powi(2)).exp();
                // The rectangle rule with 55 points to a standard deviation has no error worth naming; rounding: |ℓ| < 200.
                assert_within(posterior[g], exact, 1e3 * f64::EPSILON * 200.0);
            }
        }
    }
    let nowhere = dvector![f64::NEG_INFINITY, f64::NEG_INFINITY];
    assert_eq!(
        uses::grid_posterior(&nowhere, &dvector![0.0, 0.0], 1.0),
        Err(Error::ImpossibleDatum { row: 0 })
    );
    let error = uses::grid_posterior(&dvector![0.0], &dvector![0.0, 0.0], 1.0).unwrap_err();
    assert_eq!(error, Error::Shape { what: "log priors", expected: (1, 1), found: (2, 1) });
    let error = uses::grid_posterior(&dvector![0.0], &dvector![0.0], 0.0).unwrap_err();
    assert_eq!(error, Error::Domain { what: "spacing", value: 0.0, allowed: "finite and > 0" });
}

/// H-24: the table log p(x_a | θ_b) without its row and column means has rank 2 for a Gaussian, as an exponential family with two
/// statistics must, and a rank that grows with the table for a mixture.
#[test]
fn a_mixture_is_no_exponential_family() {
    let rank = |size: usize, model: &dyn Fn(f64) -> GaussianMixture| {
        let table = DMatrix::from_fn(size, size, |a, b| {
            let x = -4.0 + 8.0 * a as f64 / (size - 1) as f64;
            model(b as f64 / (size - 1) as f64).log_likelihood(&column(&[x])).unwrap()
        });
        let interaction = uses::interaction(&table).unwrap();
        // Rows and columns now sum to nothing but rounding.
        let residue = gamma(4 * size) * table.amax() * size as f64;
        assert!(interaction.row_sum().amax() <= residue && interaction.column_sum().amax() <= residue);
        let singular = interaction.singular_values();
        // Entries are good to some 20ε|table|, singular values to `size` times that.
        let noise = 100.0 * f64::EPSILON * table.amax() * size as f64;
        singular.iter().filter(|&&value| value > noise).count()
    };
    let gaussian = |t: f64| line_mixture(&[1.0], &[3.0 * t - 1.0], &[0.3 + (5.0 * t).sin().powi(2)]);
    let two = |t: f64| {
        line_mixture(
            &[0.2 + 0.6 * t, 0.8 - 0.6 * t],
            &[-3.0 * t, 3.0 * (7.0 * t).cos()],
            &[0.05 + t, 0.05 + (9.0 * t).sin().powi(2)],
        )
    };
    assert_eq!([rank(6, &gaussian), rank(12, &gaussian), rank(24, &gaussian)], [2, 2, 2]);
    let ranks = [rank(6, &two), rank(12, &two), rank(24, &two)];
    assert!(ranks[0] == 5 && ranks[1] == 11 && ranks[2] > 15, "{ranks:?}"); // at most size − 1
}

/// H-25: mixed second derivatives of ℓ (hyper-dual) do not vanish, so it does not factorise over μ, π and Σ; with the labels given
/// the one in μ and π does, and the table of ℓ(μ_a, π_b) shows the same.
#[test]
fn the_likelihood_does_not_factorise_over_its_parameters() {
    let model = line_mixture(&[0.4, 0.6], &[-0.5, 1.0], &[1.0, 0.7]);
    let x = column(&[-1.2, -0.3, 0.4, 0.9, 2.2]);
    let (mean, weight, variance) = (Entry::Mean(0, 0), Entry::Weight(1), Entry::Covariance(0, 0, 0));
    for (one, other) in [(mean, weight), (mean, variance), (weight, variance)] {
        let mixed = naive::second_derivative(&model, &x, one, other);
        assert!(mixed.abs() > 0.05, "{one:?}, {other:?}: {mixed}");
        assert_within(mixed, naive::second_derivative(&model, &x, other, one), 1e-13);
    }
    // The mixed derivative in μ and π is that of the library's score: ∂/∂π_l of Σ r_0(x − μ_0)/σ² = −Σ r_0 r_1 (x − μ_0)/(σ² π_1).
    let r = model.responsibilities(&x).unwrap();
    let expected: f64 = -(0..5).map(|i| r[(i, 0)] * r[(i, 1)] * (x[i] + 0.5) / 0.6).sum::<f64>();
    assert_within(naive::second_derivative(&model, &x, mean, weight), expected, 1e-13);

    let labels = [0, 0, 1, 1, 1];
    let mut known = Naive::<HyperDual64>::new(&model);
    known.entry(mean).eps1 = 1.0;
    known.entry(Entry::Weight(0)).eps2 = 1.0;
    let mut complete = HyperDual64::from(0.0);
    for (i, &label) in labels.iter().enumerate() {
        complete += known.log_joint(&[x[i]], label);
    }
    assert!(complete.eps1 != 0.0 && complete.eps2 != 0.0);
    assert_eq!(complete.eps1eps2, 0.0);

    let at = |a: usize, b: usize| {
        let weight = 0.1 + 0.2 * b as f64;
        line_mixture(&[weight, 1.0 - weight], &[-1.0 + 0.5 * a as f64, 1.0], &[1.0, 0.7])
    };
    let observed = DMatrix::from_fn(4, 4, |a, b| at(a, b).log_likelihood(&x).unwrap());
    assert!(uses::interaction(&observed).unwrap().amax() > 0.1);
    let z = latent::one_hot(&labels, 2).unwrap();
    let complete = DMatrix::from_fn(4, 4, |a, b| {
        latent::expected_log_joint(&z, &at(a, b).log_joint(&x).unwrap()).unwrap()
    });
    assert!(uses::interaction(&complete).unwrap().amax() <= gamma(60) * complete.amax());
    assert_eq!(uses::interaction(&DMatrix::zeros(0, 1)), Err(Error::Empty { what: "table" }));
}

/// L-03: on two interleaved classes one Gaussian a class does no better than guessing, a mixture a class gets nearly all.
#[test]
fn mixtures_as_class_densities_classify_what_single_gaussians_cannot() {
    // Clusters A B A B … at −6, −2, 2, 6 with sd 0.5: neighbours are 8 sd apart.
    let truth = line_mixture(&[0.25; 4], &[-6.0, -2.0, 2.0, 6.0], &[0.25; 4]);
    let mut rng = data::rng(3);
    let (x, clusters) = truth.sample(400, &mut rng).unwrap();
    let class = |i: usize| clusters[i] % 2;
    let accuracy = |k: usize, rng: &mut _| {
        let models: Vec<GaussianMixture> = (0..2)
            .map(|c| {
                let rows: Vec<usize> = (0..400).filter(|&i| class(i) == c).collect();
                let own = x.select_rows(&rows);
                let start = kmeans_start(&own, k, CovarianceFamily::Full, rng).unwrap();
                em::fit(start, &own, &em::Stopping::default()).unwrap().model().clone()
            })
            .collect();
        let found = uses::classify(&x, &dvector![0.5, 0.5], &models).unwrap();
        (0..400).filter(|&i| found[i] == class(i)).count() as f64 / 400.0
    };
    assert!(accuracy(1, &mut rng) < 0.8, "one Gaussian a class");
    // An error needs a normal beyond 4 sd: 6e−5 · 400 = 0.03 data.
    assert!(accuracy(2, &mut rng) > 0.995, "a mixture a class");

    let at = |mean: f64| line_mixture(&[1.0], &[mean], &[1.0]);
    let twins = [at(0.0), at(0.0)];
    assert_eq!(uses::classify(&column(&[1.0]), &dvector![0.5, 0.5], &twins).unwrap(), [0], "a tie");
    assert_eq!(
        uses::classify(&column(&[1.0]), &dvector![0.2, 0.8], &twins).unwrap(),
        [1],
        "the priors count"
    );
    assert_eq!(uses::classify(&column(&[1.0]), &dvector![0.0, 1.0], &[at(1.0), at(9.0)]).unwrap(), [1]);
    assert_eq!(uses::classify(&column(&[1.0]), &dvector![], &[]), Err(Error::Empty { what: "classes" }));
    let error = uses::classify(&column(&[1.0]), &dvector![1.0], &twins).unwrap_err();
    assert_eq!(error, Error::Shape { what: "priors", expected: (2, 1), found: (1, 1) });
    let error = uses::classify(&column(&[1.0]), &dvector![0.5, 0.75], &twins).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "priors", row: 0, value: 1.25 });
}

/// B-04, T-09: the parameter count is (k − 1) + kd + that of the covariances; parameters come in one vector.
#[test]
fn the_parameters_are_counted_and_listed() {
    for (family, counts) in CovarianceFamily::ALL.into_iter().zip([
        |k: usize, d: usize| k * d * (d + 1) / 2,
        |_, d| d * (d + 1) / 2,
        |k, d| k * d,
        |k, _| k,
    ]) {
        for (k, d) in [(1, 1), (2, 3), (4, 2), (3, 1)] {
            let model = cases::case(Kind::Ordinary, family, 5, k, d, 4).model;
            assert_eq!(model.parameter_count(), k - 1 + k * d + counts(k, d));
            assert_eq!((model.k(), model.d(), family.parameter_count(k, d)), (k, d, counts(k, d)));
            let parameters = model.parameters();
            assert_eq!(parameters.len(), k + k * d + k * d * d);
            assert_eq!(parameters.rows(0, k), model.weights);
            assert_eq!(parameters[k], model.means[(0, 0)]);
            assert_eq!(parameters[k + k * d], model.covariances[0][(0, 0)]);
            assert_eq!(parameters[parameters.len() - 1], model.covariances[k - 1][(d - 1, d - 1)]);
        }
    }
    assert_eq!(CovarianceFamily::ALL.map(CovarianceFamily::name), ["full", "tied", "diagonal", "spherical"]);
    assert_eq!(CovarianceFamily::default(), CovarianceFamily::Full);
}

/// L-25, L-29, C-40: the constraints of the families, on numbers done by hand.
#[test]
fn the_families_constrain_as_by_hand() {
    let full = vec![dmatrix![2.0, 1.0; 1.0, 4.0], dmatrix![6.0, -1.0; -1.0, 2.0]];
    let weights = dvector![0.25, 0.75];
    let constrain = |family: CovarianceFamily| family.constrain(full.clone(), &weights).unwrap();
    assert_eq!(constrain(CovarianceFamily::Full), full);
    assert_eq!(constrain(CovarianceFamily::Tied), vec![dmatrix![5.0, -0.5; -0.5, 2.5]; 2]);
    assert_eq!(
        constrain(CovarianceFamily::Diagonal),
        [dmatrix![2.0, 0.0; 0.0, 4.0], dmatrix![6.0, 0.0; 0.0, 2.0]]
    );
    assert_eq!(
        constrain(CovarianceFamily::Spherical),
        [dmatrix![3.0, 0.0; 0.0, 3.0], dmatrix![4.0, 0.0; 0.0, 4.0]]
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// Starts

/// H-38, L-12: a random start has k different data as means, equal weights and the covariance of all the data, in the family.
#[test]
fn a_random_start_is_broad() {
    let x = data::old_faithful();
    let ones = DVector::from_element(272, 1.0);
    let spread =
        gaussian::weighted_covariance(&x, &ones, &gaussian::weighted_mean(&x, &ones).unwrap()).unwrap();
    for family in CovarianceFamily::ALL {
        let start = random_start(&x, 3, family, &mut data::rng(5)).unwrap();
        assert_eq!((start.family, start.weights.as_slice()), (family, &[1.0 / 3.0; 3][..]));
        assert!(start.means.row_iter().all(|mean| x.row_iter().any(|datum| datum == mean)));
        assert_eq!(start, random_start(&x, 3, family, &mut data::rng(5)).unwrap());
        assert_ne!(start.means, random_start(&x, 3, family, &mut data::rng(6)).unwrap().means);
        let expected = match family {
            CovarianceFamily::Full | CovarianceFamily::Tied => spread.clone(),
            CovarianceFamily::Diagonal => DMatrix::from_diagonal(&spread.diagonal()),
            CovarianceFamily::Spherical => DMatrix::identity(2, 2) * (0.5 * spread.trace()),
        };
        for covariance in &start.covariances {
            assert_matrices_within(covariance, &expected, gamma(8) * spread.amax());
        }
    }
}

/// T-09, H-38: a k-means start has the shares, centres and scatters of a k-means clustering; from labels, those of the labels.
#[test]
fn a_start_from_a_clustering_has_its_moments() {
    let (x, _) = data::blobs();
    let start = kmeans_start(&x, 4, CovarianceFamily::Full, &mut data::rng(2)).unwrap();
    let clustering = executable_em::kmeans::lloyd(&x, &start.means, 0).unwrap();
    let from_labels = start_from_labels(&x, clustering.labels(), 4, CovarianceFamily::Full).unwrap();
    // The start's means are the fixed point of Lloyd's algorithm: assigning to them gives back the same clusters.
    assert_eq!(start, from_labels);
    for j in 0..4 {
        let rows: Vec<usize> = (0..400).filter(|&i| clustering.labels()[i] == j).collect();
        let own = x.select_rows(&rows);
        assert_within(start.weights[j], rows.len() as f64 / 400.0, gamma(2));
        let centred = DMatrix::from_fn(rows.len(), 2, |i, a| own[(i, a)] - own.column(a).mean());
        let scatter = centred.transpose() * &centred / rows.len() as f64;
        assert_matrices_within(&start.covariances[j], &scatter, gamma(600) * scatter.amax() * 2.0);
    }
}

/// H-38, H-E14: labels that leave a component empty or with too few data for a covariance still give a mixture: it gets the
/// broad covariance, whatever direction its few data lie in.
#[test]
fn a_start_from_degenerate_labels_is_still_a_mixture() {
    let mut rng = data::rng(7);
    for round in 0..300 {
        let d = 2 + round % 2;
        let mut x = DMatrix::from_fn(20, d, |_, _| rng.random_range(-3.0..3.0));
        // Component 0 has d data, 1 has one datum thrice, 2 has none, 3 the rest.
        let mut labels = vec![3; 20];
        labels[..d].fill(0);
        labels[d..d + 3].fill(1);
        for i in d + 1..d + 3 {
            let row = x.row(d).into_owned();
            x.set_row(i, &row);
        }
        let start = start_from_labels(&x, &labels, 4, CovarianceFamily::Full).unwrap();
        let ones = DVector::from_element(20, 1.0);
        let centre = gaussian::weighted_mean(&x, &ones).unwrap();
        let broad = gaussian::weighted_covariance(&x, &ones, &centre).unwrap();
        for j in 0..3 {
            assert_eq!(start.covariances[j], broad, "round {round}, component {j}");
        }
        assert_ne!(start.covariances[3], broad);
        assert_eq!(start.means.row(2).into_owned(), centre);
        assert_eq!(start.weights.as_slice(), [d as f64 / 20.0, 0.15, 0.0, (17.0 - d as f64) / 20.0]);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Errata, printed beside right

/// H-E01, B-E09: the printed score in the means has the wrong sign: a step along it lowers ℓ, a step along the right one raises it.
#[test]
fn erratum_the_score_in_the_means_points_towards_the_data() {
    for seed in 0..20 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 20, 2, 2, seed);
        let right = score::in_means(&case.model, &case.x).unwrap();
        let printed = -&right;
        let moved = |direction: &DMatrix<f64>| {
            let mut model = case.model.clone();
            model.means += direction * 1e-4;
            model.log_likelihood(&case.x).unwrap()
        };
        let here = case.model.log_likelihood(&case.x).unwrap();
        assert!(moved(&printed) < here && here < moved(&right), "seed {seed}");
        assert!((&printed - naive::score_in_means(&case.model, &case.x)).amax() > 1.9 * right.amax());
    }
}

/// H-E02: the same of the score in the covariances.
#[test]
fn erratum_the_score_in_the_covariances_has_a_plus() {
    for seed in 0..20 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 20, 2, 2, seed);
        let right = score::in_covariances(&case.model, &case.x).unwrap();
        let moved = |sign: f64| {
            let mut model = case.model.clone();
            for (covariance, direction) in model.covariances.iter_mut().zip(&right) {
                *covariance += (direction + direction.transpose()) * (0.5e-4 * sign);
            }
            model.log_likelihood(&case.x).unwrap()
        };
        let here = case.model.log_likelihood(&case.x).unwrap();
        assert!(moved(-1.0) < here && here < moved(1.0), "seed {seed}");
    }
}

/// H-E04, H-37: read literally, ∇ℓ + λ(Σπ − 1) differs from the right-hand side by λ = −n itself.
#[test]
fn erratum_the_bracket_belongs_round_the_lagrangian() {
    let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 40, 3, 2, 4);
    let n = case.x.nrows() as f64;
    let gradient = score::in_weights(&case.model, &case.x).unwrap();
    let literal = gradient.map(|s| s - n * (case.model.weights.sum() - 1.0));
    let right = score::of_lagrangian_in_weights(&case.model, &case.x, -n).unwrap();
    for j in 0..3 {
        assert_within(literal[j] - right[j], n, gamma(50) * (n + gradient.amax()));
    }
}

/// H-E05, H-36: multiplying by π_j adds roots: at π = (1, 0) the multiplied equations hold, yet s_2 − n = 17.24 > 0 and ℓ rises from
/// −7.80 to −6.57 at π = (¾, ¼).
#[test]
fn erratum_multiplying_by_the_weights_adds_solutions() {
    let x = column(&[-1.0, 0.0, 1.0, 2.5]);
    let at = |second: f64| line_mixture(&[1.0 - second, second], &[0.0, 2.0], &[1.0, 1.0]);
    let stationary = at(0.0);
    let s = score::of_lagrangian_in_weights(&stationary, &x, -4.0).unwrap();
    assert_within(s[0], 0.0, gamma(40) * 4.0);
    assert_eq!(stationary.weights[1] * s[1], 0.0);
    assert_printed(s[1], "17.24");
    assert_printed(stationary.log_likelihood(&x).unwrap(), "-7.80");
    assert_printed(at(0.25).log_likelihood(&x).unwrap(), "-6.57");
}

/// L-E01, L-24: with the dimension missing, −½ log 2πσ², the "density" integrates to √(4π) = 3.545 in d = 2, σ² = 2.
#[test]
fn erratum_the_round_density_lacks_the_dimension() {
    let round = mixture(&[1.0], dmatrix![0.0, 0.0], vec![DMatrix::identity(2, 2) * 2.0]);
    let printed = |x: &DMatrix<f64>| -> Vec<f64> {
        x.row_iter()
            .map(|row| (-0.5 * TAU.ln() - 0.5 * 2_f64.ln() - row.norm_squared() / 4.0).exp())
            .collect()
    };
    let right = |x: &DMatrix<f64>| -> Vec<f64> {
        x.row_iter()
            .map(|row| {
                let (x, r) = (DMatrix::from_rows(&[row.into_owned()]), dmatrix![1.0]);
                spherical::expected_log_joint(&x, &r, &dvector![1.0], &dmatrix![0.0, 0.0], &dvector![2.0])
                    .unwrap()
                    .exp()
            })
            .collect()
    };
    let relative = 100.0 * gamma(10);
    let (integral, bound) = quadrature::integral(&round, printed, relative);
    assert_within(integral, (4.0 * std::f64::consts::PI).sqrt(), 4.0 * bound);
    assert_printed(integral, "3.545");
    let (integral, bound) = quadrature::integral(&round, right, relative);
    assert_within(integral, 1.0, bound);
}

/// L-E02: with −1/2σ² for −d/2σ² the derivative is off by (d − 1)R_j/2σ_j².
#[test]
fn erratum_the_derivative_in_the_variance_lacks_the_dimension() {
    let case = cases::case(Kind::Ordinary, CovarianceFamily::Spherical, 30, 3, 3, 2);
    let r = case.model.responsibilities(&case.x).unwrap();
    let sizes = DVector::from_fn(3, |j, _| case.model.covariances[j][(0, 0)]);
    let right = spherical::score_in_variances(&case.x, &r, &case.model.means, &sizes).unwrap();
    let distances = executable_em::kmeans::squared_distances(&case.x, &case.model.means).unwrap();
    for j in 0..3 {
        let printed: f64 = (0..30)
            .map(|i| r[(i, j)] * (-1.0 / (2.0 * sizes[j]) + distances[(i, j)] / (2.0 * sizes[j].powi(2))))
            .sum();
        let off = 2.0 * latent::counts(&r)[j] / (2.0 * sizes[j]);
        assert_within(printed - right[j], off, gamma(60) * (printed.abs() + off * 3.0));
    }
}

/// L-E03, L-28: without 1/d the variance is d times too large: on the cross ℓ falls from −8.5789 to −9.3515, by .7726 = 4(ln 2 − ½).
#[test]
fn erratum_the_round_variance_is_per_dimension() {
    let x = dmatrix![1.0, 0.0; -1.0, 0.0; 0.0, 1.0; 0.0, -1.0];
    let r = DMatrix::from_element(4, 1, 1.0);
    let right = spherical::variances(&x, &r, &dmatrix![0.0, 0.0]).unwrap()[0];
    let printed = 2.0 * right; // Σ C|x − μ|² / Σ C
    let l = |variance: f64| {
        mixture(&[1.0], dmatrix![0.0, 0.0], vec![DMatrix::identity(2, 2) * variance])
            .log_likelihood(&x)
            .unwrap()
    };
    assert_eq!((right, printed), (0.5, 1.0));
    assert_printed(l(right), "-8.5789");
    assert_printed(l(printed), "-9.3515");
    assert_printed(l(right) - l(printed), "0.7726");
}

/// L-E07, H-37: ∂ℓ/∂π is never zero: it is positive everywhere, and at the maximum on the simplex it is n = λ.
#[test]
fn erratum_the_derivative_in_the_weights_is_n_at_the_maximum() {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    assert!(score::in_weights(&start, &x).unwrap().iter().all(|&s| s > 0.0));
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-14), max_sweeps: 2000 };
    let fit = em::fit(start, &x, &stopping).unwrap();
    // π_j s_j = R_j exactly, so s_j − n = (R_j − nπ_j)/π_j: n times the last relative move of a weight, and rounding.
    let model = fit.model();
    let moved = (em::sweep(model, &x).unwrap().weights - &model.weights).amax() / model.weights.min();
    for s in score::in_weights(model, &x).unwrap().iter() {
        assert_within(*s, 272.0, 272.0 * (moved + 2.0 * gamma(272) + 200.0 * f64::EPSILON));
    }
    let (_, lambda) =
        update::weights_and_multiplier(&latent::counts(&model.responsibilities(&x).unwrap())).unwrap();
    assert_within(lambda, -272.0, 272.0 * 2.0 * gamma(300));
}

/// H-30, H-34, L-06: at the limit of EM the scores in μ and Σ vanish, to what the last sweep still moved.
#[test]
fn the_score_vanishes_at_the_limit_of_em() {
    let (x, _) = data::blobs();
    let start = kmeans_start(&x, 4, CovarianceFamily::Full, &mut data::rng(3)).unwrap();
    assert!(score::in_means(&start, &x).unwrap().amax() > 1e-2, "not stationary before");
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-13), max_sweeps: 5000 };
    let fit = em::fit(start, &x, &stopping).unwrap();
    assert_eq!(fit.stopped, em::Stopped::Converged);
    let (model, next) = (fit.model(), em::sweep(fit.model(), &x).unwrap());
    let counts = latent::counts(&model.responsibilities(&x).unwrap());
    for j in 0..4 {
        // score = R Σ⁻¹ Δμ and ½ R Σ⁻¹ ΔS Σ⁻¹; |Σ⁻¹| ≤ √d/λ_min for the largest entry; rounding of the sums on top.
        let inverse = 2.0 / model.covariances[j].symmetric_eigenvalues().min();
        let moved = (next.means.row(j) - model.means.row(j)).amax() + gamma(800) * x.amax();
        assert_within(
            score::in_means(model, &x).unwrap().row(j).amax(),
            0.0,
            2.0 * counts[j] * inverse * moved,
        );
        let change = (&next.covariances[j] - &model.covariances[j]).amax()
            + 4.0 * moved * moved
            + gamma(800) * model.covariances[j].amax();
        let bound = 2.0 * counts[j] * inverse * inverse * change;
        assert_within(score::in_covariances(model, &x).unwrap()[j].amax(), 0.0, bound);
        assert!(bound < 1e-6, "the bound must say something: {bound:e}");
    }
}

/// L-07: the updates are no closed form: after one of them the responsibilities, and so the updates, are others.
#[test]
fn one_update_does_not_solve_the_coupled_equations() {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    let once = em::sweep(&start, &x).unwrap();
    let twice = em::sweep(&once, &x).unwrap();
    assert!((&twice.means - &once.means).amax() > 1e-2);
    assert!(score::in_means(&once, &x).unwrap().amax() > 1e-1);
}

/// L-E08: round covariances lose generality: on data of correlation .95 they lose (n/2) log((tr S/2)²/|S|) > 300 nats.
#[test]
fn erratum_round_covariances_are_a_restriction() {
    let n = 300;
    let x = gaussian::sample(n, &RowDVector::zeros(2), &dmatrix![1.0, 0.95; 0.95, 1.0], &mut data::rng(8))
        .unwrap();
    let fit = |family| {
        let start = random_start(&x, 1, family, &mut data::rng(1)).unwrap();
        em::sweep(&start, &x).unwrap()
    };
    let (full, round) = (fit(CovarianceFamily::Full), fit(CovarianceFamily::Spherical));
    let lost = full.log_likelihood(&x).unwrap() - round.log_likelihood(&x).unwrap();
    let s = &full.covariances[0];
    let expected =
        0.5 * n as f64 * ((0.5 * s.trace()).powi(2) / (s[(0, 0)] * s[(1, 1)] - s[(0, 1)].powi(2))).ln();
    assert_within(
        lost,
        expected,
        4.0 * (gaussian_log_likelihood_error(&full, &x) + gaussian_log_likelihood_error(&round, &x)),
    );
    assert!(lost > 300.0);
}

/// C-E01, C-40: the raw moment less the *old* mean's square: on {1, 3} from (1.5, 1) it gives Σ = 2.75 and ℓ falls from −3.0879 to
/// −3.2131 (right: −2.8379); from μ = 4 it gives −11; shifting the data by 100 shifts it to 102.75.
#[test]
fn erratum_the_raw_moment_needs_the_new_mean() {
    let (x, r) = (column(&[1.0, 3.0]), column(&[1.0, 1.0]));
    let l = |mean: f64, variance: f64| line_mixture(&[1.0], &[mean], &[variance]).log_likelihood(&x).unwrap();
    let printed = |old: f64| update::raw_moment_covariances(&x, &r, &column(&[old])).unwrap()[0][0];
    let new = update::means(&x, &r, &column(&[1.5])).unwrap();
    let right = update::covariances(&x, &r, &new, &[dmatrix![1.0]]).unwrap()[0][0];
    assert_eq!((printed(1.5), printed(2.0), right), (2.75, 1.0, 1.0));
    assert_printed(l(1.5, 1.0), "-3.0879");
    assert_printed(l(2.0, printed(1.5)), "-3.2131");
    assert_printed(l(2.0, right), "-2.8379");
    assert_eq!(printed(4.0), -11.0);
    let far = update::raw_moment_covariances(&column(&[101.0, 103.0]), &r, &column(&[101.5])).unwrap()[0][0];
    assert_eq!(far, 102.75);
    // In general the error is μ⁺μ⁺ᵀ − μμᵀ.
    let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 12, 2, 2, 1);
    let r = case.model.responsibilities(&case.x).unwrap();
    let new = update::means(&case.x, &r, &case.model.means).unwrap();
    let (with_old, with_new) = (
        update::raw_moment_covariances(&case.x, &r, &case.model.means).unwrap(),
        update::raw_moment_covariances(&case.x, &r, &new).unwrap(),
    );
    for j in 0..2 {
        let square = |means: &DMatrix<f64>| means.row(j).transpose() * means.row(j);
        let expected = square(&new) - square(&case.model.means);
        assert_matrices_within(&(&with_old[j] - &with_new[j]), &expected, gamma(60) * case.x.amax().powi(2));
        assert!(expected.amax() > 1e-3);
    }
}

/// C-E16: far from the origin the raw moments cancel: 1e8 + {−1, 0, 1} has the variance ⅔, and they give 0.
#[test]
fn erratum_raw_moments_cancel_far_from_the_origin() {
    let (x, r) = (column(&[1e8 - 1.0, 1e8, 1e8 + 1.0]), column(&[1.0; 3]));
    let means = update::means(&x, &r, &column(&[0.0])).unwrap();
    assert_eq!(means[0], 1e8);
    let raw = update::raw_moment_covariances(&x, &r, &means).unwrap()[0][0];
    let centred = update::covariances(&x, &r, &means, &[dmatrix![1.0]]).unwrap()[0][0];
    assert_eq!(centred, 2.0 / 3.0);
    assert!((raw - 2.0 / 3.0).abs() > 0.6, "{raw}");
}

/// B-E08, B-21: without the ½ before log|Σ| the loss is least at Σ/2: on {1, 3} ℓ falls from −2.838 to −3.145, and Q by (nd/2)(1 − ln 2).
#[test]
fn erratum_the_loss_needs_its_half() {
    let (x, r) = (column(&[1.0, 3.0]), column(&[1.0, 1.0]));
    let at = |variance: f64| line_mixture(&[1.0], &[2.0], &[variance]);
    let right = |variance: f64| loss::loss(&at(variance), &x, &r).unwrap();
    let printed = |variance: f64| right(variance) + 0.5 * 2.0 * variance.ln(); // log|Σ| for ½ log|Σ|, n = 2
    for other in [0.25, 0.4, 0.6, 0.9, 1.1, 2.0] {
        assert!(right(1.0) < right(other));
        assert!(printed(0.5) < printed(other));
    }
    assert!(printed(0.5) < printed(1.0) && right(1.0) < right(0.5));
    assert_printed(at(1.0).log_likelihood(&x).unwrap(), "-2.838");
    assert_printed(at(0.5).log_likelihood(&x).unwrap(), "-3.145");
    assert_within(right(0.5) - right(1.0), 1.0 - 2_f64.ln(), gamma(30));
    let blocked = GaussianMixture {
        weights: dvector![1.0, 0.0],
        means: column(&[0.0, 1.0]),
        covariances: vec![dmatrix![1.0]; 2],
        family: CovarianceFamily::Full,
    };
    assert_eq!(loss::loss(&blocked, &column(&[0.0]), &dmatrix![0.5, 0.5]).unwrap(), f64::INFINITY);
}

/// T-E15, T-41: centring Σ̂ at the old mean adds ΔμΔμᵀ; Q is then less than at the new mean, though not below where it started.
#[test]
fn erratum_the_covariance_is_centred_at_the_new_mean() {
    for seed in 0..10 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 30, 2, 2, seed);
        let (x, model) = (&case.x, &case.model);
        let r = model.responsibilities(x).unwrap();
        let right = model.maximize(x, &r).unwrap();
        let mut printed = right.clone();
        printed.covariances = update::covariances(x, &r, &model.means, &model.covariances).unwrap();
        for j in 0..2 {
            let moved = right.means.row(j) - model.means.row(j);
            let excess = &printed.covariances[j] - &right.covariances[j];
            assert_matrices_within(
                &excess,
                &(moved.transpose() * &moved),
                gamma(80) * 4.0 * x.amax().powi(2),
            );
        }
        let q =
            |model: &GaussianMixture| latent::expected_log_joint(&r, &model.log_joint(x).unwrap()).unwrap();
        assert!(q(&printed) < q(&right) && q(&printed) >= q(model), "seed {seed}");
    }
}

/// T-E11, T-37: dropping |Σ_j|^{−1/2} from the responsibilities gives .5 where .909 is right: variances 1 and 100 at their common mean.
#[test]
fn erratum_the_determinants_do_not_cancel() {
    let model = line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[1.0, 100.0]);
    let r = model.responsibilities(&column(&[0.0])).unwrap();
    assert_printed(r[0], "0.909");
    assert_within(r[0], 10.0 / 11.0, gamma(20));
    let printed = [0.5 * (0.0_f64).exp(), 0.5 * (0.0_f64).exp()];
    assert_eq!(printed[0] / (printed[0] + printed[1]), 0.5);
}

/// B-E02, B-03: parameters maximise ℓ; minimising it has no answer, ℓ falls without end as the means move away.
#[test]
fn erratum_the_likelihood_is_to_be_maximised() {
    let (x, labels) = data::unequal_clusters(&mut data::rng(2));
    let start = start_from_labels(&x, &labels, 2, CovarianceFamily::Full).unwrap();
    let away = |by: f64| {
        let mut model = start.clone();
        model.means.add_scalar_mut(by);
        model.log_likelihood(&x).unwrap()
    };
    let values: Vec<f64> = [0.0, 10.0, 100.0, 1000.0].map(away).to_vec();
    assert!(values.is_sorted_by(|near, far| near > far));
    // Quadratic in the end: ten times as far, a hundred times as low, to the share of the linear term.
    assert_within(values[3] / values[2], 100.0, 5.0);
}

/// B-05, B-E05, B-E11, H-E26: one component on a datum with σ → 0 sends ℓ to +∞ like −log σ if another covers the rest, and to −∞ if none does;
/// a single datum under a single component: 8.29 at σ = 1e−4.
#[test]
fn the_likelihood_is_unbounded_above() {
    let x = column(&[0.0, 1.0, 2.0, 5.0]);
    let l = |sigma: f64| {
        line_mixture(&[0.5, 0.5], &[0.0, 2.0], &[sigma * sigma, 4.0]).log_likelihood(&x).unwrap()
    };
    let sigmas = [1e-4, 1e-8, 1e-16, 1e-100, 1e-150];
    for pair in sigmas.windows(2) {
        // Once all else is covered by the broad component, ℓ = const − log σ (relative error of the first term: e^{…}/σ < 1e−3).
        let rise = l(pair[1]) - l(pair[0]);
        assert_within(rise, (pair[0] / pair[1]).ln(), 1e-3);
    }
    let single = |sigma: f64, x: &DMatrix<f64>| {
        line_mixture(&[1.0], &[0.0], &[sigma * sigma]).log_likelihood(x).unwrap()
    };
    assert_printed(single(1e-4, &column(&[0.0])), "8.29");
    assert!(single(1e-4, &x) < -1e8);
}

/// T-35, T-E18: ℓ is neither concave nor convex: along a segment of means its second difference takes both signs.
#[test]
fn the_log_likelihood_is_neither_concave_nor_convex() {
    let x = column(&[-2.0, 2.0]);
    let l = |mean: f64| line_mixture(&[0.5, 0.5], &[mean, -mean], &[1.0, 1.0]).log_likelihood(&x).unwrap();
    let second = |at: f64| l(at + 0.1) - 2.0 * l(at) + l(at - 0.1);
    assert!(second(0.0) > 1e-3 && second(2.0) < -1e-3, "{} and {}", second(0.0), second(2.0));
}

/// C-35, C-36: which of two clusters made (−2, −2)? N((∓1, ∓1), I) with equal weights: 1/(1 + e^{−8}) = .999665.
#[test]
fn the_left_cluster_made_the_point_on_the_left() {
    let model = mixture(&[0.5, 0.5], dmatrix![-1.0, -1.0; 1.0, 1.0], vec![DMatrix::identity(2, 2); 2]);
    let r = model.responsibilities(&dmatrix![-2.0, -2.0]).unwrap();
    assert_within(r[0], 1.0 / (1.0 + (-8.0_f64).exp()), gamma(40));
    assert_printed(r[0], "0.999665");
}

// ---------------------------------------------------------------------------------------------------------------------
// Bad input

/// H-21, L-02: each kind of bad parameter or argument is the one error that names it.
#[test]
fn bad_input_is_named() {
    let (weights, means, unit) =
        (dvector![0.5, 0.5], dmatrix![0.0, 0.0; 1.0, 1.0], DMatrix::<f64>::identity(2, 2));
    let full = CovarianceFamily::Full;
    let new = |w: &DVector<f64>, m: &DMatrix<f64>, s: Vec<DMatrix<f64>>| {
        GaussianMixture::new(w.clone(), m.clone(), s, full).map(|_| ())
    };
    let two = vec![unit.clone(); 2];
    assert_eq!(new(&weights, &means, two.clone()), Ok(()));
    let off = |value| Err(Error::NotOnSimplex { what: "weights", row: 0, value });
    assert_eq!(new(&dvector![0.5, 0.6], &means, two.clone()), off(1.1));
    assert_eq!(new(&dvector![-0.1, 1.1], &means, two.clone()), off(-0.1));
    assert_eq!(new(&dvector![], &means, vec![]), off(0.0));
    assert_eq!(new(&dvector![f64::INFINITY, 0.0], &means, two.clone()), off(f64::INFINITY));
    assert!(
        matches!(new(&dvector![0.5, f64::NAN], &means, two.clone()), Err(Error::NotOnSimplex { what: "weights", value, .. }) if value.is_nan())
    );
    assert_eq!(
        new(&dvector![1.0], &means, two.clone()),
        Err(Error::Shape { what: "means", expected: (1, 2), found: (2, 2) })
    );
    assert_eq!(
        new(&weights, &means, vec![unit.clone()]),
        Err(Error::Shape { what: "covariances", expected: (2, 1), found: (1, 1) })
    );
    assert_eq!(
        new(&weights, &means, vec![unit.clone(), DMatrix::identity(1, 1)]),
        Err(Error::Shape { what: "covariance", expected: (2, 2), found: (1, 1) })
    );
    assert_eq!(new(&weights, &DMatrix::zeros(2, 0), two.clone()), Err(Error::Empty { what: "means" }));
    assert_eq!(
        new(&weights, &dmatrix![0.0, 0.0; 0.0, f64::INFINITY], two.clone()),
        Err(Error::NotFinite { what: "means", row: 1, column: 1, value: f64::INFINITY })
    );
    assert!(matches!(
        new(&weights, &means, vec![unit.clone(), dmatrix![1.0, 2.0; 2.0, 1.0]]),
        Err(Error::NotPositiveDefinite { component: 1, smallest_eigenvalue }) if (smallest_eigenvalue + 1.0).abs() < 1e-14
    ));
    assert_eq!(
        new(&weights, &means, vec![unit.clone(), dmatrix![1.0, 0.5; 0.0, 1.0]]),
        Err(Error::NotSymmetric { what: "covariance", row: 1, column: 0, difference: -0.5 })
    );
    let skew = dmatrix![2.0, 0.5; 0.5, 1.0];
    for (family, covariances, component, name) in [
        (CovarianceFamily::Tied, vec![unit.clone(), skew.clone()], 1, "tied"),
        (CovarianceFamily::Diagonal, vec![skew.clone(), unit.clone()], 0, "diagonal"),
        (CovarianceFamily::Spherical, vec![unit.clone(), dmatrix![1.0, 0.0; 0.0, 2.0]], 1, "spherical"),
        (CovarianceFamily::Spherical, vec![unit.clone(), dmatrix![1.0, 0.1; 0.1, 1.0]], 1, "spherical"),
    ] {
        let error = GaussianMixture::new(weights.clone(), means.clone(), covariances, family).unwrap_err();
        assert_eq!(error, Error::NotInFamily { component, family: name });
    }

    let model = mixture(&[0.5, 0.5], means.clone(), two.clone());
    let x = dmatrix![0.0, 0.0; 1.0, 2.0; 3.0, 1.0];
    let r = dmatrix![1.0, 0.0; 0.5, 0.5; 0.0, 1.0];
    let shape = Error::Shape { what: "data", expected: (3, 2), found: (3, 1) };
    let narrow = column(&[1.0, 2.0, 3.0]);
    assert_eq!(model.log_likelihood(&narrow), Err(shape.clone()));
    assert_eq!(score::in_means(&model, &narrow), Err(shape.clone()));
    assert_eq!(score::in_weights(&model, &narrow), Err(shape));
    // Responsibilities of other data, a datum that is no number, and weights off the simplex.
    let (two_rows, mut broken) = (r.rows(0, 2).into_owned(), x.clone());
    broken[(1, 0)] = f64::NAN;
    let off = GaussianMixture { weights: dvector![0.5, 0.6], ..model.clone() };
    for (model, x, r) in [(&model, &x, &two_rows), (&model, &broken, &r), (&off, &x, &r)] {
        assert!(score::of_q_in_means(model, x, r).is_err());
        assert!(score::of_q_in_covariances(model, x, r).is_err());
        assert!(score::of_q_in_weights(model, x, r).is_err());
    }
    assert_eq!(model.density(&DMatrix::zeros(0, 2)), Err(Error::Empty { what: "data" }));
    let error = model.log_joint(&dmatrix![0.0, f64::NEG_INFINITY]).unwrap_err();
    assert_eq!(error, Error::NotFinite { what: "data", row: 0, column: 1, value: f64::NEG_INFINITY });
    // 1e200 away the squared distance overflows under both components.
    assert_eq!(model.log_likelihood(&dmatrix![0.0, 0.0; 1e200, 0.0]), Err(Error::ImpossibleDatum { row: 1 }));

    let error = model.maximize(&x, &dmatrix![1.0, 0.0; 0.5, 0.4; 0.0, 1.0]).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "responsibilities", row: 1, value: 0.9 });
    let error = model.maximize(&x, &dmatrix![1.0, 0.0; 1.5, -0.5; 0.0, 1.0]).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "responsibilities", row: 1, value: -0.5 });
    let error = model.maximize(&x, &dmatrix![1.0, 0.0; 0.5, 0.5]).unwrap_err();
    assert_eq!(error, Error::Shape { what: "responsibilities", expected: (3, 2), found: (2, 2) });
    let error = update::covariances(&x, &r, &means, &two[..1]).unwrap_err();
    assert_eq!(error, Error::Shape { what: "covariances", expected: (2, 1), found: (1, 1) });
    let error = update::covariances(&x, &r, &means, &[unit.clone(), dmatrix![1.0]]).unwrap_err();
    assert_eq!(error, Error::Shape { what: "covariance", expected: (2, 2), found: (1, 1) });
    let empty = dmatrix![1.0, 0.0; 1.0, 0.0; 1.0, 0.0];
    let none = Error::Domain { what: "count of a component", value: 0.0, allowed: "finite and > 0" };
    assert_eq!(update::raw_moment_covariances(&x, &empty, &means), Err(none.clone()));
    assert_eq!(spherical::variances(&x, &empty, &means), Err(none));
    let error = update::weights_and_multiplier(&dvector![1.0, -2.0]).unwrap_err();
    assert_eq!(error, Error::Domain { what: "count of a component", value: -2.0, allowed: "≥ 0" });
    let error = update::weights_and_multiplier(&dvector![0.0, 0.0]).unwrap_err();
    assert_eq!(error, Error::Domain { what: "sum of the counts", value: 0.0, allowed: "finite and > 0" });
    assert_eq!(update::weights_and_multiplier(&dvector![]), Err(Error::Empty { what: "counts" }));
    assert_eq!(update::weights(&DMatrix::zeros(0, 2)), Err(Error::Empty { what: "responsibilities" }));
    let error = loss::loss(&model, &x, &dmatrix![1.0, 0.0]).unwrap_err();
    assert_eq!(error, Error::Shape { what: "responsibilities", expected: (3, 2), found: (1, 2) });
    let error = loss::loss(&model, &dmatrix![f64::INFINITY, 0.0], &dmatrix![1.0, 0.0]).unwrap_err();
    assert_eq!(error, Error::NotFinite { what: "data", row: 0, column: 0, value: f64::INFINITY });
    let error = spherical::score_in_variances(&x, &r, &means, &dvector![1.0, 0.0]).unwrap_err();
    assert_eq!(error, Error::Domain { what: "variance", value: 0.0, allowed: "finite and > 0" });
    let error = spherical::score_in_means(&x, &r, &means, &dvector![1.0]).unwrap_err();
    assert_eq!(error, Error::Shape { what: "variances", expected: (2, 1), found: (1, 1) });
    let error =
        spherical::expected_log_joint(&x, &r, &dvector![0.5, 0.25], &means, &dvector![1.0, 1.0]).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "weights", row: 0, value: 0.75 });
    let error = score::quadratic_form_derivative(&dvector![1.0], &unit).unwrap_err();
    assert_eq!(error, Error::Shape { what: "covariance", expected: (1, 1), found: (2, 2) });
    let error = full.constrain(two.clone(), &dvector![1.0]).unwrap_err();
    assert_eq!(error, Error::Shape { what: "covariances", expected: (1, 1), found: (2, 1) });
    let error = full.constrain(vec![unit.clone(), dmatrix![1.0]], &weights).unwrap_err();
    assert_eq!(error, Error::Shape { what: "covariance", expected: (2, 2), found: (1, 1) });

    for k in [0, 4] {
        let expected = Error::ComponentCount { k, n: 3 };
        assert_eq!(random_start(&x, k, full, &mut data::rng(1)), Err(expected.clone()));
        assert_eq!(kmeans_start(&x, k, full, &mut data::rng(1)), Err(expected.clone()));
        assert_eq!(start_from_labels(&x, &[0, 0, 0], k, full), Err(expected));
    }
    assert_eq!(start_from_labels(&x, &[0, 2, 0], 2, full), Err(Error::Label { row: 1, label: 2, k: 2 }));
    let error = start_from_labels(&x, &[0, 1], 2, full).unwrap_err();
    assert_eq!(error, Error::Shape { what: "labels", expected: (3, 1), found: (2, 1) });
    // Data on a line have no covariance that a full start could use.
    let line = dmatrix![0.0, 0.0; 1.0, 1.0; 2.0, 2.0];
    assert!(matches!(
        random_start(&line, 1, full, &mut data::rng(1)),
        Err(Error::NotPositiveDefinite { component: 0, .. })
    ));
    assert!(random_start(&line, 1, CovarianceFamily::Spherical, &mut data::rng(1)).is_ok());
}

/// H-54: a component whose spread is above the rounding of its data keeps it, one below gets that of all data, in any unit.
///
/// Of n = 100 data as large as 1 the rounding is (n + 6) ε: a pair 600 ε apart, of deviation 300 ε, is above it, one 100 ε apart is below.
#[test]
fn a_start_tells_a_narrow_component_from_rounding() {
    let with_pair = |gap: f64, unit: f64| {
        let x = DMatrix::from_fn(100, 1, |i, _| match i {
            0 => unit,
            1 => unit * (1.0 + gap * f64::EPSILON),
            _ => unit * i as f64 / 128.0,
        });
        let labels: Vec<usize> = (0..100).map(|i| usize::from(i > 1)).collect();
        let start = start_from_labels(&x, &labels, 2, CovarianceFamily::Full).unwrap();
        (start.covariances[0][0] / (unit * unit), start.covariances[1][0] / (unit * unit))
    };
    for unit in [1.0, 1024.0, 1.0 / 1024.0] {
        let (own, _) = with_pair(600.0, unit);
        assert_within(own, (300.0 * f64::EPSILON).powi(2), 1e-2 * (300.0 * f64::EPSILON).powi(2));
        // All data spread like the others: 1/12 of the square of about ¾.
        let (broad, others) = with_pair(100.0, unit);
        assert!(broad > 0.9 * others, "{broad} against {others}");
    }
    // In two dimensions: the shape of a component does not depend on the unit, however small.
    let (x, labels) = data::blobs();
    let of = |unit: f64| start_from_labels(&(&x * unit), &labels, 4, CovarianceFamily::Full).unwrap();
    let unit = 0.5_f64.powi(20);
    for (small, own) in of(unit).covariances.iter().zip(&of(1.0).covariances) {
        assert_matrices_within(&(small / (unit * unit)), own, 1e-12);
    }
}
