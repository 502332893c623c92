//! Q from the sums.

use crate::Outcome;
use crate::common::bounds::{self, gamma, sum_of};
use crate::common::cases::{self, Kind};
use crate::common::config;
use crate::common::{assert_matrices_within, assert_within};
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::latent::{self, Model};
use executable_em::scale::{Moments, SufficientStatistics};
use nalgebra::{DMatrix, dmatrix, dvector};
use num_dual::{DualNum, HyperDual64};
use proptest::prelude::*;

/// They are sufficient. The expected complete-data log-likelihood of any parameters follows from them, so data with the
/// same sums cannot be told apart by an M step: here {−2, 0, 2} and {−1, −1, 2}√(4/3), whose squares both sum to 8.
///
/// Source: H-34, C-40.
#[test]
fn data_with_the_same_sums_have_the_same_m_step() -> Outcome {
    let (one, other) = (dmatrix![-2.0; 0.0; 2.0], dmatrix![-1.0; -1.0; 2.0] * (4.0_f64 / 3.0).sqrt());
    let r = DMatrix::from_element(3, 1, 1.0);
    let (a, b) = (Moments::of(&one, &r, &dmatrix![0.0])?, Moments::of(&other, &r, &dmatrix![0.0])?);
    assert_eq!(a.counts, b.counts);
    assert_matrices_within(&a.first, &b.first, 4.0 * f64::EPSILON);
    assert_matrices_within(&a.second[0], &b.second[0], 16.0 * f64::EPSILON);
    let start =
        GaussianMixture::new(dvector![1.0], dmatrix![0.5], vec![dmatrix![2.0]], CovarianceFamily::Full)?;
    let (a, b) = (a.maximize(&start)?, b.maximize(&start)?);
    assert_matrices_within(a.means(), b.means(), 4.0 * f64::EPSILON);
    assert_matrices_within(&a.covariances()[0], &b.covariances()[0], 16.0 * f64::EPSILON);
    Ok(())
}

/// The M step from the sums is where the gradient of Q vanishes: automatic differentiation of Q, written in the sums
/// alone, on the line: Q = Σ_j R_j log π_j − ½ R_j log v_j − (S_j − 2 s_j δ + R_j δ²)/(2 v_j), δ = μ_j − c_j.
#[test]
fn the_m_step_from_sums_is_stationary() -> Outcome {
    let x = data::old_faithful().columns(0, 1).into_owned();
    let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(3))?;
    let moments = Moments::map(&model, &x)?;
    let next = moments.maximize(&model)?;
    for j in 0..2 {
        let (count, first, second) = (moments.counts[j], moments.first[j], moments.second[j][0]);
        let q = |mean: HyperDual64, variance: HyperDual64| {
            let delta = mean - moments.references[j];
            -variance.ln() * (0.5 * count)
                - (delta * delta * count - delta * (2.0 * first) + second) / (variance * 2.0)
        };
        let point = q(
            HyperDual64::from_re(next.means()[j]).derivative1(),
            HyperDual64::from_re(next.covariances()[j][0]).derivative2(),
        );
        // The terms that cancel are of size R_j / √v and R_j / v; some 300 of them, rounded.
        let scale = count / next.covariances()[j][0].min(1.0);
        assert_within(point.eps1, 0.0, scale * gamma(300));
        assert_within(point.eps2, 0.0, scale * gamma(300));
    }
    Ok(())
}

/// How far rounding may carry the two ways to Q: the sum of r log p over pairs, and the sums over data first.
///
/// The first errs by Σ r e, with e the error of the log joint, and by its own sum. For the second let A_j be the sum of
/// the absolute terms of log π_j − ½ log|2πΣ_j|, D the standard deviations and κ the scaled condition of Σ_j, v = x −
/// c, δ = μ − c.
/// - R_j is a sum of n, and the bracket errs by γ(d + 6)A_j, and by ½dκ·dγ(d + 1) through the factor.
/// - S about μ is put together of n products and three more: |ΔS_ab| ≤ γ(n + 8) Σ r(|v_a| + |δ_a|)(|v_b| + |δ_b|). As
///   |Σ⁻¹_ab| ≤ κ/(D_aD_b), the trace moves by at most κγ(n + 8)U, where U = Σ r (Σ_a (|v_a| + |δ_a|)/D_a)².
/// - The solution X of ΣX = S belongs to Σ + E with |E_ab| ≤ γ(3d + 1)D_aD_b (Higham 2002, Theorem 10.4), so the trace
///   of Σ⁻¹EX is at most γ(3d + 1)(dκ)²U, and its d terms sum up to γ(d)κU.
/// - What is left is a sum of k such terms.
fn q_error(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, references: &DMatrix<f64>) -> f64 {
    let (n, d) = x.shape();
    let (df, log_joint) = (d as f64, model.log_joint(x).expect("a log joint"));
    let terms: Vec<f64> = r.iter().zip(&log_joint).filter(|(r, _)| **r > 0.0).map(|(r, l)| r * l).collect();
    let mut bound = bounds::log_joint_error(model, x).dot(r) + sum_of(&terms, f64::EPSILON);
    for j in (0..model.k()).filter(|&j| r.column(j).sum() > 0.0) {
        let condition = bounds::scaled_condition(&model.covariances()[j]);
        let sd = model.covariances()[j].diagonal().map(f64::sqrt);
        let logs: f64 = model.factors()[j].l().diagonal().iter().map(|entry| entry.ln().abs()).sum();
        let bracket = model.weights()[j].ln().abs() + 0.5 * df * std::f64::consts::TAU.ln() + logs;
        let count = r.column(j).sum();
        let reach = |i: usize, a: usize| {
            let reference = references[(j, a)];
            ((x[(i, a)] - reference).abs() + (model.means()[(j, a)] - reference).abs()) / sd[a]
        };
        let u: f64 = (0..n).map(|i| r[(i, j)] * (0..d).map(|a| reach(i, a)).sum::<f64>().powi(2)).sum();
        bound += count * (gamma(n + d + 8) * bracket + 0.5 * condition * df * df * gamma(d + 1));
        let factor = (df * condition).powi(2) * gamma(3 * d + 1);
        bound += 0.5 * u * (condition * gamma(n + 8) + factor + condition * gamma(d));
        bound += gamma(model.k() + 4) * (count * bracket + 0.5 * condition * u);
    }
    bound
}

/// All kinds but the nearly singular, on which a bound to first order says nothing.
const WELL_CONDITIONED: [Kind; 9] = [
    Kind::Ordinary,
    Kind::CoincidentMeans,
    Kind::TinyWeight,
    Kind::ZeroWeight,
    Kind::FarOff,
    Kind::AsManyComponentsAsData,
    Kind::Duplicated,
    Kind::UnequalScales,
    Kind::Ties,
];

proptest! {
    #![proptest_config(config(200))]

    /// Q from the sums is Q from the responsibilities, for the parameters that these came from and for others.
    ///
    /// Source: H-64, C-37.
    #[test]
    fn q_of_the_sums_is_q_of_the_data(case in cases::strategy(&WELL_CONDITIONED)) {
        let (model, x) = (&case.model, &case.x);
        let r = model.responsibilities(x)?;
        let moments = Moments::of(x, &r, model.means())?;
        // Means that take turns, and weights that do.
        let next = |j: usize| (j + 1) % model.k();
        let means = DMatrix::from_fn(model.k(), model.d(), |j, a| model.means()[(next(j), a)]);
        for other in [model.clone(), model.with_means(means)?] {
            let q = latent::expected_log_joint(&r, &other.log_joint(x)?)?;
            assert_within(moments.expected_log_joint(&other)?, q, q_error(&other, x, &r, model.means()));
        }
    }
}
