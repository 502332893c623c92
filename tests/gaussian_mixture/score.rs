//! The score, by dual numbers.

use crate::common::bounds::{gamma, log_joint_error, responsibility_error, scaled_condition};
use crate::common::cases::{self, Kind, score_bound};
use crate::common::naive;
use crate::common::{assert_matrices_within, assert_within, config};
use crate::tame;
use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start, random_start, score, update};
use executable_em::latent::{self, Model};
use executable_em::{data, em};
use nalgebra::{DMatrix, DVector};
use num_dual::{Dual64, DualNum};
use proptest::prelude::*;
use rand::RngExt;

proptest! {
    #![proptest_config(config(150))]

    /// The score in the means is the derivative of the naive ℓ by dual numbers.
    ///
    /// Source: H-28, B-22, T-40, L-06.
    #[test]
    fn the_score_in_the_means_is_the_dual_derivative(case in cases::strategy(&Kind::ALL)) {
        let (x, model) = (&case.x, &case.model);
        let (found, expected) = (score::in_means(model, x).unwrap(), naive::score_in_means(model, x));
        for j in (0..model.k()).filter(|&j| model.weights()[j] > 0.0) {
            let bound = score_bound(model, x, j, 1);
            assert_matrices_within(&found.rows(j, 1).into_owned(), &expected.rows(j, 1).into_owned(), bound);
        }
        if tame(case.kind) && model.weights().min() > 0.0 {
            let scale: f64 = (0..x.nrows()).map(|i| x.row(i).norm()).sum::<f64>() + 1.0;
            assert_matrices_within(&found, &expected, 1e-10 * found.amax().max(1e-3 * scale));
        }
        // A component of weight zero has no responsibility, so no score.
        for j in (0..model.k()).filter(|&j| model.weights()[j] == 0.0) {
            prop_assert!(found.row(j).iter().all(|&entry| entry == 0.0));
        }
    }

    /// The score in the covariances is the derivative of the naive ℓ with all d² entries free.
    ///
    /// Source: H-33, L-06.
    #[test]
    fn the_score_in_the_covariances_is_the_dual_derivative(case in cases::strategy(&Kind::ALL)) {
        let (x, model) = (&case.x, &case.model);
        let (found, expected) = (score::in_covariances(model, x).unwrap(), naive::score_in_covariances(model, x));
        for j in (0..model.k()).filter(|&j| model.weights()[j] > 0.0) {
            assert_matrices_within(&found[j], &expected[j], score_bound(model, x, j, 2));
            if tame(case.kind) {
                let scale: f64 = (0..x.nrows()).map(|i| x.row(i).norm_squared()).sum::<f64>() + 1.0;
                assert_matrices_within(&found[j], &expected[j], 1e-10 * found[j].amax().max(1e-3 * scale));
            }
            let scale = found[j].amax();
            let bound = score_bound(model, x, j, 2).max(f64::EPSILON * scale);
            assert_matrices_within(&found[j], &found[j].transpose(), bound);
        }
    }

    /// The score in the weights is the dual derivative; it is positive, and π_j s_j = R_j sum to n.
    ///
    /// Source: H-35, H-36, L-06, L-E07.
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
            if model.weights()[j] > 0.0 {
                // π s = Σ r, so s errs by what r does, over π.
                let bound = 2.0 * (r_error.column(j).sum() + gamma(x.nrows() + 3) * counts[j]) / model.weights()[j];
                assert_within(found[j], expected[j], bound);
                assert_within(model.weights()[j] * found[j], counts[j], bound * model.weights()[j]);
                if tame(case.kind) {
                    assert_within(found[j], expected[j], 1e-10 * found[j].max(f64::MIN_POSITIVE / model.weights()[j]));
                }
            }
        }
        let total: f64 = r_error.sum() + n * gamma(x.nrows() + 3 * model.k());
        assert_within(model.weights().dot(&found), n, 2.0 * total);
        // The derivative of ℓ + λ(Σπ − 1) has λ added, for any λ.
        for lambda in [-n, 0.0, 2.5] {
            prop_assert_eq!(score::of_lagrangian_in_weights(model, x, lambda).unwrap(), found.map(|s| s + lambda));
        }
    }

    /// The two matrix derivatives are those of dual numbers, entry by free entry.
    ///
    /// Source: H-31, H-32.
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
                let mut dual: Vec<Vec<Dual64>> =
                sigma.row_iter().map(|row| row.iter().map(|&s| s.into()).collect()).collect();
                dual[a][b].eps = 1.0;
                let vector: Vec<Dual64> = v.iter().map(|&entry| entry.into()).collect();
                let (form, determinant) = naive::quadratic_and_determinant(&dual, &vector);
                assert_within(root[(a, b)], determinant.sqrt().recip().eps, relative * root.amax());
                assert_within(quadratic[(a, b)], form.eps, relative * 4.0 * v.norm_squared());
            }
        }
    }

    /// At every θ the score is R_j Σ_j⁻¹(μ_j⁺ − μ_j), and for Σ it is ½ R_j Σ_j⁻¹(S_j − Σ_j)Σ_j⁻¹ with S_j the scatter
    /// about the current mean: so the score vanishes just where the updates change nothing.
    ///
    /// Source: H-30, H-34, L-07, B-22.
    #[test]
    fn the_score_vanishes_just_where_the_updates_rest(case in cases::strategy(&Kind::TAME)) {
        let (x, model) = (&case.x, &case.model);
        let r = model.responsibilities(x).unwrap();
        let counts = latent::counts(&r);
        let means = update::means(x, &r, model.means()).unwrap();
        let scatters = update::covariances(x, &r, model.means(), model.covariances()).unwrap();
        let (in_means, in_covariances) = (score::in_means(model, x).unwrap(), score::in_covariances(model, x).unwrap());
        for j in 0..model.k() {
            let precision = model.covariances()[j].clone().try_inverse().unwrap();
            let step = (means.row(j) - model.means().row(j)).transpose();
            let expected = (&precision * step * counts[j]).transpose();
            // μ⁺ is a quotient of two sums, so μ⁺ − μ errs by γ(n + 3) max|x|, which RΣ⁻¹ magnifies.
            let of_mean = DVector::from_fn(x.ncols(), |a, _| gamma(x.nrows() + 3) * x.column(a).amax());
            let rounding = (precision.abs() * of_mean).amax() * counts[j];
            let bound = score_bound(model, x, j, 1) + rounding + f64::MIN_POSITIVE;
            assert_matrices_within(&in_means.rows(j, 1).into_owned(), &DMatrix::from_rows(&[expected]), bound);
            let expected = &precision * (&scatters[j] - &model.covariances()[j]) * &precision * (0.5 * counts[j]);
            assert_matrices_within(&in_covariances[j], &expected, score_bound(model, x, j, 2) + f64::MIN_POSITIVE);
        }
    }
}

/// At the limit of EM the scores in μ and Σ vanish, to what the last sweep still moved.
///
/// Source: H-30, H-34, L-06.
#[test]
fn the_score_vanishes_at_the_limit_of_em() {
    let (x, _) = data::blobs();
    let start = kmeans_start(&x, 4, CovarianceFamily::Full, &mut data::rng(3)).unwrap();
    assert!(score::in_means(&start, &x).unwrap().amax() > 1e-2, "not stationary before");
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-13), max_sweeps: 5000 };
    let fit = em::fit(start, &x, &stopping).unwrap();
    assert_eq!(fit.stopped, em::Stopped::Converged);
    let (model, next) = (&fit.model, em::sweep(&fit.model, &x).unwrap());
    let counts = latent::counts(&model.responsibilities(&x).unwrap());
    for j in 0..4 {
        // score = R Σ⁻¹ Δμ and ½ R Σ⁻¹ ΔS Σ⁻¹; |Σ⁻¹| ≤ √d/λ_min for the largest entry; rounding of the sums on top.
        let inverse = 2.0 / model.covariances()[j].symmetric_eigenvalues().min();
        let moved = (next.means().row(j) - model.means().row(j)).amax() + gamma(800) * x.amax();
        assert_within(
            score::in_means(model, &x).unwrap().row(j).amax(),
            0.0,
            2.0 * counts[j] * inverse * moved,
        );
        let change = (&next.covariances()[j] - &model.covariances()[j]).amax()
            + 4.0 * moved * moved
            + gamma(800) * model.covariances()[j].amax();
        let bound = 2.0 * counts[j] * inverse * inverse * change;
        assert_within(score::in_covariances(model, &x).unwrap()[j].amax(), 0.0, bound);
        assert!(bound < 1e-6, "the bound must say something: {bound:e}");
    }
}

/// The updates are no closed form: after one of them the responsibilities, and so the updates, are others.
///
/// Source: L-07.
#[test]
fn one_update_does_not_solve_the_coupled_equations() {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    let once = em::sweep(&start, &x).unwrap();
    let twice = em::sweep(&once, &x).unwrap();
    assert!((twice.means() - once.means()).amax() > 1e-2);
    assert!(score::in_means(&once, &x).unwrap().amax() > 1e-1);
}
