//! Errata of the score and of the updates, printed beside right.

use crate::common::bounds::gamma;
use crate::common::cases::{self, Kind};
use crate::common::naive;
use crate::common::{assert_matrices_within, assert_printed, assert_within, column, line_mixture};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start, score, update};
use executable_em::latent::{self, Model};
use executable_em::{data, em};
use nalgebra::{DMatrix, dmatrix};

/// The printed score in the means has the wrong sign: a step along it lowers ℓ, a step along the right one raises it.
///
/// Source: H-E01, B-E09.
#[test]
fn erratum_the_score_in_the_means_points_towards_the_data() {
    for seed in 0..20 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 20, 2, 2, seed);
        let right = score::in_means(&case.model, &case.x).unwrap();
        let printed = -&right;
        let moved = |direction: &DMatrix<f64>| {
            let means = case.model.means() + direction * 1e-4;
            case.model.with_means(means).unwrap().log_likelihood(&case.x).unwrap()
        };
        let here = case.model.log_likelihood(&case.x).unwrap();
        assert!(moved(&printed) < here && here < moved(&right), "seed {seed}");
        assert!((&printed - naive::score_in_means(&case.model, &case.x)).amax() > 1.9 * right.amax());
    }
}

/// The same of the score in the covariances.
///
/// Source: H-E02.
#[test]
fn erratum_the_score_in_the_covariances_has_a_plus() {
    for seed in 0..20 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 20, 2, 2, seed);
        let right = score::in_covariances(&case.model, &case.x).unwrap();
        let moved = |sign: f64| {
            let mut covariances = case.model.covariances().to_vec();
            for (covariance, direction) in covariances.iter_mut().zip(&right) {
                *covariance += (direction + direction.transpose()) * (0.5e-4 * sign);
            }
            let model = case.model.with_covariances(covariances, CovarianceFamily::Full).unwrap();
            model.log_likelihood(&case.x).unwrap()
        };
        let here = case.model.log_likelihood(&case.x).unwrap();
        assert!(moved(-1.0) < here && here < moved(1.0), "seed {seed}");
    }
}

/// Multiplying by π_j adds roots: at π = (1, 0) the multiplied equations hold, yet s_2 − n = 17.24 > 0 and ℓ rises from
/// −7.80 to −6.57 at π = (¾, ¼).
///
/// Source: H-E05, H-36.
#[test]
fn erratum_multiplying_by_the_weights_adds_solutions() {
    let x = column(&[-1.0, 0.0, 1.0, 2.5]);
    let at = |second: f64| line_mixture(&[1.0 - second, second], &[0.0, 2.0], &[1.0, 1.0]);
    let stationary = at(0.0);
    let s = score::of_lagrangian_in_weights(&stationary, &x, -4.0).unwrap();
    assert_within(s[0], 0.0, gamma(40) * 4.0);
    assert_eq!(stationary.weights()[1] * s[1], 0.0);
    assert_printed(s[1], "17.24");
    assert_printed(stationary.log_likelihood(&x).unwrap(), "-7.80");
    assert_printed(at(0.25).log_likelihood(&x).unwrap(), "-6.57");
}

/// ∂ℓ/∂π is never zero: it is positive everywhere, and at the maximum on the simplex it is n = λ.
///
/// Source: L-E07, H-37.
#[test]
fn erratum_the_derivative_in_the_weights_is_n_at_the_maximum() {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    assert!(score::in_weights(&start, &x).unwrap().iter().all(|&s| s > 0.0));
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-14), max_sweeps: 2000 };
    let fit = em::fit(start, &x, &stopping).unwrap();
    // π_j s_j = R_j exactly, so s_j − n = (R_j − nπ_j)/π_j: n times the last relative move of a weight, and rounding.
    let model = &fit.model;
    let moved = (em::sweep(model, &x).unwrap().weights() - model.weights()).amax() / model.weights().min();
    for s in score::in_weights(model, &x).unwrap().iter() {
        assert_within(*s, 272.0, 272.0 * (moved + 2.0 * gamma(272) + 200.0 * f64::EPSILON));
    }
    let (_, lambda) =
        update::weights_and_multiplier(&latent::counts(&model.responsibilities(&x).unwrap())).unwrap();
    assert_within(lambda, -272.0, 272.0 * 2.0 * gamma(300));
}

/// The raw moment less the *old* mean's square: on {1, 3} from (1.5, 1) it gives Σ = 2.75 and ℓ falls from −3.0879 to
/// −3.2131 (right: −2.8379); from μ = 4 it gives −11; shifting the data by 100 shifts it to 102.75.
///
/// Source: C-E01, C-40.
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
    let new = update::means(&case.x, &r, case.model.means()).unwrap();
    let (with_old, with_new) = (
        update::raw_moment_covariances(&case.x, &r, case.model.means()).unwrap(),
        update::raw_moment_covariances(&case.x, &r, &new).unwrap(),
    );
    for j in 0..2 {
        let square = |means: &DMatrix<f64>| means.row(j).transpose() * means.row(j);
        let expected = square(&new) - square(case.model.means());
        assert_matrices_within(&(&with_old[j] - &with_new[j]), &expected, gamma(60) * case.x.amax().powi(2));
        assert!(expected.amax() > 1e-3);
    }
}

/// Far from the origin the raw moments cancel: 1e8 + {−1, 0, 1} has the variance ⅔, and they give 0.
///
/// Source: C-E16.
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

/// Centring Σ̂ at the old mean adds ΔμΔμᵀ; Q is then less than at the new mean, though not below where it started.
///
/// Source: T-E15, T-41.
#[test]
fn erratum_the_covariance_is_centred_at_the_new_mean() {
    for seed in 0..10 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 30, 2, 2, seed);
        let (x, model) = (&case.x, &case.model);
        let r = model.responsibilities(x).unwrap();
        let right = model.maximize(x, &r).unwrap();
        let about_the_old = update::covariances(x, &r, model.means(), model.covariances()).unwrap();
        let printed = right.with_covariances(about_the_old, CovarianceFamily::Full).unwrap();
        for j in 0..2 {
            let moved = right.means().row(j) - model.means().row(j);
            let excess = &printed.covariances()[j] - &right.covariances()[j];
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
