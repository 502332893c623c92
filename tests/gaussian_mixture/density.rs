//! The density and the log-likelihood.

use crate::common::bounds::{
    gamma, gaussian_log_likelihood_error, log_joint_error, responsibility_error, scaled_condition,
};
use crate::common::cases::{self, Kind};
use crate::common::naive::Naive;
use crate::common::{assert_printed, assert_within, column, config, line_mixture, quadrature};
use crate::tame;
use executable_em::gaussian_mixture::{CovarianceFamily, start_from_labels};
use executable_em::latent::Model;
use executable_em::{data, gaussian};
use nalgebra::DMatrix;
use proptest::prelude::*;

/// The mixture density integrates to one in one, two and three dimensions, with correlated components.
///
/// Source: H-21, L-02, T-08, T-35.
#[test]
fn the_density_integrates_to_one_in_one_two_and_three_dimensions() {
    for d in 1..=3 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 5, 3, d, 21);
        if d > 1 {
            assert!(case.model.covariances().iter().all(|s| s[(0, 1)].abs() > 0.01), "correlated");
        }
        let density = |x: &DMatrix<f64>| case.model.density(x).unwrap().iter().copied().collect::<Vec<_>>();
        let condition = case.model.covariances().iter().map(scaled_condition).fold(1.0, f64::max);
        // Within reach a log density is a sum of terms below 200; those far smaller do not count in the integral.
        let (integral, bound) = quadrature::integral(&case.model, density, 200.0 * gamma(d + 8) * condition);
        assert_within(integral, 1.0, bound);
        assert!(bound < 1e-9, "the bound must say something");
    }
}

proptest! {
    #![proptest_config(config(150))]

    /// ℓ, its terms and r are those of the naive formulas, in every family.
    ///
    /// Source: H-26, H-27, L-05, C-31, B-01, T-34, T-37.
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
                if model.weights()[j] == 0.0 {
                    prop_assert_eq!(log_joint[(i, j)], f64::NEG_INFINITY);
                } else {
                    // Elimination is as stable as Cholesky on a positive definite matrix, so it has the same bound
                    // again.
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

        // r ∝ π |Σ|^{−1/2} e^{−Δ²/2}, without any 2π.
        let r = model.responsibilities(x).unwrap();
        let r_error = responsibility_error(&log_joint, &error);
        for i in 0..x.nrows() {
            let exponents: Vec<f64> = (0..model.k()).map(|j| {
                let sigma = &model.covariances()[j];
                let row = x.rows(i, 1).into_owned();
                let mean = model.means().row(j).into_owned();
                let distance = gaussian::mahalanobis_squared(&row, &mean, sigma).unwrap()[0];
                model.weights()[j].ln() - 0.5 * gaussian::log_determinant(sigma).unwrap() - 0.5 * distance
            }).collect();
            let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = exponents.iter().map(|e| (e - largest).exp()).sum();
            for j in 0..model.k() {
                assert_within(r[(i, j)], (exponents[j] - largest).exp() / total, 2.0 * r_error[(i, j)]);
            }
        }
    }
}

/// The plain product is exp ℓ while it fits into a double, and underflows to 0 at n = 3200.
///
/// Source: L-01, L-04, H-21.
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

/// Dropping |Σ_j|^{−1/2} from the responsibilities gives .5 where .909 is right: variances 1 and 100 at their common
/// mean.
///
/// Source: T-E11, T-37.
#[test]
fn erratum_the_determinants_do_not_cancel() {
    let model = line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[1.0, 100.0]);
    let r = model.responsibilities(&column(&[0.0])).unwrap();
    assert_printed(r[0], "0.909");
    assert_within(r[0], 10.0 / 11.0, gamma(20));
    let printed = [0.5 * (0.0_f64).exp(), 0.5 * (0.0_f64).exp()];
    assert_eq!(printed[0] / (printed[0] + printed[1]), 0.5);
}

/// Parameters maximise ℓ; minimising it has no answer, ℓ falls without end as the means move away.
///
/// Source: B-E02, B-03.
#[test]
fn erratum_the_likelihood_is_to_be_maximised() {
    let (x, labels) = data::unequal_clusters(&mut data::rng(2));
    let start = start_from_labels(&x, &labels, 2, CovarianceFamily::Full).unwrap();
    let away = |by: f64| start.with_means(start.means().add_scalar(by)).unwrap().log_likelihood(&x).unwrap();
    let values: Vec<f64> = [0.0, 10.0, 100.0, 1000.0].map(away).to_vec();
    assert!(values.is_sorted_by(|near, far| near > far));
    // Quadratic in the end: ten times as far, a hundred times as low, to the share of the linear term.
    assert_within(values[3] / values[2], 100.0, 5.0);
}

/// One component on a datum with σ → 0 sends ℓ to +∞ like −log σ if another covers the rest, and to −∞ if none does; a
/// single datum under a single component: 8.29 at σ = 1e−4.
///
/// Source: B-05, B-E05, B-E11, H-E26.
#[test]
fn the_likelihood_is_unbounded_above() {
    let x = column(&[0.0, 1.0, 2.0, 5.0]);
    let l = |sigma: f64| {
        line_mixture(&[0.5, 0.5], &[0.0, 2.0], &[sigma * sigma, 4.0]).log_likelihood(&x).unwrap()
    };
    let sigmas = [1e-4, 1e-8, 1e-16, 1e-100, 1e-150];
    for pair in sigmas.windows(2) {
        // Once all else is covered by the broad component, ℓ = const − log σ (relative error of the first term: e^{…}/σ
        // < 1e−3).
        let rise = l(pair[1]) - l(pair[0]);
        assert_within(rise, (pair[0] / pair[1]).ln(), 1e-3);
    }
    let single = |sigma: f64, x: &DMatrix<f64>| {
        line_mixture(&[1.0], &[0.0], &[sigma * sigma]).log_likelihood(x).unwrap()
    };
    assert_printed(single(1e-4, &column(&[0.0])), "8.29");
    assert!(single(1e-4, &x) < -1e8);
}

/// ℓ is neither concave nor convex: along a segment of means its second difference takes both signs.
///
/// Source: T-35, T-E18.
#[test]
fn the_log_likelihood_is_neither_concave_nor_convex() {
    let x = column(&[-2.0, 2.0]);
    let l = |mean: f64| line_mixture(&[0.5, 0.5], &[mean, -mean], &[1.0, 1.0]).log_likelihood(&x).unwrap();
    let second = |at: f64| l(at + 0.1) - 2.0 * l(at) + l(at - 0.1);
    assert!(second(0.0) > 1e-3 && second(2.0) < -1e-3, "{} and {}", second(0.0), second(2.0));
}
