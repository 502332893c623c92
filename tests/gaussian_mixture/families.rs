//! The families of covariances, and the round one by its own formulas.

use crate::common::bounds::{gamma, gaussian_log_likelihood_error, log_joint_error, sum_of};
use crate::common::cases::{self, Case, Kind};
use crate::common::tally::Tally;
use crate::common::{assert_printed, assert_within, config, mixture, quadrature};
use executable_em::gaussian_mixture::{CovarianceFamily, random_start, spherical, update};
use executable_em::latent::{self, Model};
use executable_em::{data, em, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use num_dual::{Dual64, DualNum};
use proptest::prelude::*;
use std::f64::consts::TAU;

/// The round mixture's Q, its derivatives and its variances are those of the general one and of dual numbers; at the
/// variances the derivative vanishes, and dσ² is the trace of the full update.
///
/// Source: L-24, L-25, L-26, L-28, L-29.
#[test]
fn the_round_m_step_is_the_general_one() {
    let tally = Tally::new();
    let kinds = prop::sample::select(Kind::TAME.to_vec());
    proptest!(config(150), |((kind, n, k, d) in (kinds, 2..20usize, 1..4usize, 1..=3usize), seed in any::<u64>())| {
        let case = cases::case(kind, CovarianceFamily::Spherical, n, k, d, seed);
        tally.count(kind, assert_round_is_general(&case, seed));
    });
    tally.assert_compared(|_| 0.9);
}

/// Returns whether there were variances: none where a component has no responsibility or a single datum.
fn assert_round_is_general(case: &Case, seed: u64) -> bool {
    let (x, model, k) = (&case.x, &case.model, case.model.k());
    let (n, d) = x.shape();
    let mut rng = data::rng(seed);
    let r = cases::simplex_rows(x.nrows(), k, &mut rng);
    let counts = latent::counts(&r);
    if counts.min() == 0.0 {
        return false;
    }
    let sizes = DVector::from_fn(k, |j, _| model.covariances()[j][(0, 0)]);
    let distances = executable_em::kmeans::squared_distances(x, model.means()).unwrap();

    let q = spherical::expected_log_joint(x, &r, model.weights(), model.means(), &sizes).unwrap();
    let general = latent::expected_log_joint(&r, &model.log_joint(x).unwrap()).unwrap();
    if general.is_finite() {
        let terms =
            r.component_mul(&model.log_joint(x).unwrap().map(|l| if l.is_finite() { l } else { 0.0 }));
        let bound =
            3.0 * r.component_mul(&log_joint_error(model, x)).sum() + 3.0 * sum_of(terms.iter(), gamma(10));
        assert_within(q, general, bound);
    } else {
        assert_eq!(q, general);
    }

    // Dual numbers of Σ r(−d/2 log σ² − |x − μ|²/2σ²), the part of Q that depends on σ².
    let in_variances = spherical::score_in_variances(x, &r, model.means(), &sizes).unwrap();
    let in_means = spherical::score_in_means(x, &r, model.means(), &sizes).unwrap();
    for j in 0..k {
        let variance = Dual64::new(sizes[j], 1.0);
        let mut part = Dual64::from(0.0);
        for i in 0..x.nrows() {
            part += (-variance.ln() * (0.5 * d as f64) - (variance * 2.0).recip() * distances[(i, j)])
                * r[(i, j)];
        }
        let size: f64 = (0..x.nrows())
            .map(|i| r[(i, j)] * (d as f64 / (2.0 * sizes[j]) + distances[(i, j)] / (2.0 * sizes[j].powi(2))))
            .sum();
        assert_within(in_variances[j], part.eps, 2.0 * gamma(n + d + 14) * size);
        for a in 0..d {
            let terms: Vec<f64> =
                (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] - model.means()[(j, a)]) / sizes[j]).collect();
            assert_within(in_means[(j, a)], terms.iter().sum(), 2.0 * sum_of(&terms, gamma(8)));
        }
    }

    let means = update::means(x, &r, model.means()).unwrap();
    let variances = spherical::variances(x, &r, &means).unwrap();
    let full = update::covariances(x, &r, &means, model.covariances()).unwrap();
    let relative = 2.0 * gamma(2 * n + 2 * d + 10);
    for j in 0..k {
        assert_within(d as f64 * variances[j], full[j].trace(), relative * full[j].trace());
    }
    if variances.min() <= 1e-6 {
        return false;
    }
    // At the stationary point both derivatives vanish: each is a difference of two sums of size R d/2σ².
    let rest = spherical::score_in_variances(x, &r, &means, &variances).unwrap();
    let rest_in_means = spherical::score_in_means(x, &r, &means, &variances).unwrap();
    for j in 0..k {
        assert_within(rest[j], 0.0, counts[j] * d as f64 / variances[j] * relative);
        assert_within(
            rest_in_means.row(j).amax(),
            0.0,
            4.0 * counts[j] * x.amax() / variances[j] * gamma(2 * n + 8),
        );
    }
    let step = case.model.maximize(x, &r).unwrap();
    for j in 0..k {
        assert_within(step.covariances()[j][(d - 1, d - 1)], variances[j], relative * variances[j]);
    }
    true
}

/// The parameter count is (k − 1) + kd + that of the covariances; parameters come in one vector.
///
/// Source: B-04, T-09.
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
            assert_eq!(parameters.rows(0, k), *model.weights());
            assert_eq!(parameters[k], model.means()[(0, 0)]);
            assert_eq!(parameters[k + k * d], model.covariances()[0][(0, 0)]);
            assert_eq!(parameters[parameters.len() - 1], model.covariances()[k - 1][(d - 1, d - 1)]);
        }
    }
    assert_eq!(CovarianceFamily::ALL.map(CovarianceFamily::name), ["full", "tied", "diagonal", "spherical"]);
    assert_eq!(CovarianceFamily::default(), CovarianceFamily::Full);
}

/// The constraints of the families, on numbers done by hand.
///
/// Source: L-25, L-29, C-40.
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

/// With the dimension missing, −½ log 2πσ², the "density" integrates to √(4π) = 3.545 in d = 2, σ² = 2.
///
/// Source: L-E01, L-24.
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

/// With −1/2σ² for −d/2σ² the derivative is off by (d − 1)R_j/2σ_j².
///
/// Source: L-E02.
#[test]
fn erratum_the_derivative_in_the_variance_lacks_the_dimension() {
    let case = cases::case(Kind::Ordinary, CovarianceFamily::Spherical, 30, 3, 3, 2);
    let r = case.model.responsibilities(&case.x).unwrap();
    let sizes = DVector::from_fn(3, |j, _| case.model.covariances()[j][(0, 0)]);
    let right = spherical::score_in_variances(&case.x, &r, case.model.means(), &sizes).unwrap();
    let distances = executable_em::kmeans::squared_distances(&case.x, case.model.means()).unwrap();
    for j in 0..3 {
        let printed: f64 = (0..30)
            .map(|i| r[(i, j)] * (-1.0 / (2.0 * sizes[j]) + distances[(i, j)] / (2.0 * sizes[j].powi(2))))
            .sum();
        let off = 2.0 * latent::counts(&r)[j] / (2.0 * sizes[j]);
        assert_within(printed - right[j], off, gamma(60) * (printed.abs() + off * 3.0));
    }
}

/// Without 1/d the variance is d times too large: on the cross ℓ falls from −8.5789 to −9.3515, by .7726 = 4(ln 2 − ½).
///
/// Source: L-E03, L-28.
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

/// Round covariances lose generality: on data of correlation .95 they lose (n/2) log((tr S/2)²/|S|) > 300 nats.
///
/// Source: L-E08.
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
    let s = &full.covariances()[0];
    let expected =
        0.5 * n as f64 * ((0.5 * s.trace()).powi(2) / (s[(0, 0)] * s[(1, 1)] - s[(0, 1)].powi(2))).ln();
    assert_within(
        lost,
        expected,
        4.0 * (gaussian_log_likelihood_error(&full, &x) + gaussian_log_likelihood_error(&round, &x)),
    );
    assert!(lost > 300.0);
}
