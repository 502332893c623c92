//! How far rounding may carry what the library computes. Notation: ε = 2⁻⁵² is twice the unit roundoff, so every
//! bound below has a factor two in hand; γ(m) = mε/(1 − mε) bounds the relative error of m rounded operations in a row
//! (Higham 2002, §3.1).

use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, RowDVector};

/// γ(m), the relative error that m rounded operations can pile up.
pub fn gamma(m: usize) -> f64 {
    let me = m as f64 * f64::EPSILON;
    assert!(me < 0.1, "γ(m) is of use for mε ≪ 1 only");
    me / (1.0 - me)
}

/// Error of a sum of these terms in any order, each term itself good to `relative`: (γ(n) + relative) Σ|terms|.
pub fn sum_of<'a>(terms: impl IntoIterator<Item = &'a f64>, relative: f64) -> f64 {
    let (count, total) = terms.into_iter().fold((0, 0.0), |(n, sum), term| (n + 1, sum + term.abs()));
    (gamma(count) + relative) * total
}

/// The relative error of J: d + 2 operations for each squared distance, one product, nk additions, all of them of
/// non-negative numbers.
pub fn objective_relative(n: usize, k: usize, d: usize) -> f64 {
    gamma(n * k + d + 3)
}

/// By how much J may rise in one half step: twice its evaluation error, plus what the rounding of a mean costs. J is
/// quadratic about the exact mean, so an error δ of it costs R_j|δ|², and |δ_a| ≤ γ(n + 2) max_i|x_ia|: the products
/// r x are exact for one-hot r, the sum has n terms, the quotient one operation.
pub fn kmeans_rise(x: &DMatrix<f64>, k: usize, before: f64, after: f64) -> f64 {
    let (n, d) = x.shape();
    let evaluation = objective_relative(n, k, d) * (before + after);
    let mean_error: f64 = x.column_iter().map(|column| (gamma(n + 2) * column.amax()).powi(2)).sum();
    evaluation + n as f64 * mean_error
}

/// Whether rounding cannot change a label where each coordinate of a mean may be off by `mean_error` in one of two
/// computations of it.
///
/// A squared distance D = |v|² is good to γ(d + 2)D, and such an error moves it by at most Σ_a(2|v_a| + δ)δ. The
/// nearest mean stays the nearest if every other is farther by more than both their errors, once for each computation.
pub fn labels_are_decided(x: &DMatrix<f64>, means: &DMatrix<f64>, mean_error: f64) -> bool {
    let d = x.ncols();
    x.row_iter().all(|datum| {
        let mut ends: Vec<(f64, f64)> = means
            .row_iter()
            .map(|mean| {
                let v = datum - mean;
                let moved: f64 = v.iter().map(|v| (2.0 * v.abs() + mean_error) * mean_error).sum();
                (v.norm_squared(), 2.0 * gamma(d + 2) * v.norm_squared() + moved)
            })
            .collect();
        ends.sort_by(|one, other| one.0.total_cmp(&other.0));
        ends[1..].iter().all(|&(distance, error)| distance - error > ends[0].0 + ends[0].1)
    })
}

/// 1/λ_min of the correlation matrix of Σ: the condition number that matters to Cholesky, whatever the units.
///
/// With Σ = D H D and D the standard deviations, the factor that is computed belongs to Σ + E with
/// |E_ab| ≤ γ(d+1) D_a D_b (Demmel 1989; Higham 2002, Theorem 10.5), so only H's conditioning counts.
pub fn scaled_condition(covariance: &DMatrix<f64>) -> f64 {
    let sd = covariance.diagonal().map(f64::sqrt);
    let correlation = DMatrix::from_fn(sd.len(), sd.len(), |a, b| covariance[(a, b)] / (sd[a] * sd[b]));
    1.0 / correlation.symmetric_eigenvalues().min().max(f64::EPSILON)
}

/// A bound on the error of every entry of the log joint of a Gaussian mixture, n×k; 0 where the entry is −∞.
///
/// Let κ be [`scaled_condition`]. The squared Mahalanobis distance Δ² errs, relatively, by dκγ(d+1) through the
/// Cholesky factor, 2dκγ(d) through the triangular solution, 2dκε through the subtraction x − μ, and γ(d+1) through its
/// sum: together at most 5dκγ(d+2). The log determinant errs by d · dκγ(d+1) through the factor. What is left is a sum
/// of at most d + 5 rounded terms, good to γ(d+6) of their absolute values.
pub fn log_joint_error(model: &GaussianMixture, x: &DMatrix<f64>) -> DMatrix<f64> {
    let d = x.ncols();
    let df = d as f64;
    let mut error = DMatrix::zeros(x.nrows(), model.k());
    for j in 0..model.k() {
        if model.weights()[j] == 0.0 {
            continue;
        }
        let condition = scaled_condition(&model.covariances()[j]);
        let factor = model.covariances()[j].clone().cholesky().expect("positive definite").unpack();
        let logs: f64 = factor.diagonal().iter().map(|entry| entry.ln().abs()).sum();
        for i in 0..x.nrows() {
            let v = (x.row(i) - model.means().row(j)).transpose();
            let distance = factor.solve_lower_triangular(&v).expect("a positive diagonal").norm_squared();
            let through_factor =
                0.5 * condition * (5.0 * df * gamma(d + 2) * distance + df * df * gamma(d + 1));
            let terms =
                model.weights()[j].ln().abs() + 0.5 * df * std::f64::consts::TAU.ln() + logs + 0.5 * distance;
            error[(i, j)] = through_factor + gamma(d + 6) * terms;
        }
    }
    error
}

/// A bound on the error of every log marginal, given those of the log joint: log-sum-exp grows with each argument, so
/// it moves by no more than between L − e and L + e; its own k exponentials and their sum add γ(k + 4) and a relative
/// ε.
pub fn log_marginal_error(log_joint: &DMatrix<f64>, error: &DMatrix<f64>) -> Vec<f64> {
    let k = log_joint.ncols();
    (0..log_joint.nrows())
        .map(|i| {
            let at =
                |sign: f64| latent::log_sum_exp((0..k).map(|j| log_joint[(i, j)] + sign * error[(i, j)]));
            (at(1.0) - at(-1.0)) + gamma(k + 4) * (1.0 + at(0.0).abs())
        })
        .collect()
}

/// A bound on the error of ℓ: those of its marginals, and the sum.
pub fn log_likelihood_error(log_joint: &DMatrix<f64>, error: &DMatrix<f64>) -> f64 {
    let marginals: Vec<f64> =
        log_joint.row_iter().map(|row| latent::log_sum_exp(row.iter().copied())).collect();
    log_marginal_error(log_joint, error).iter().sum::<f64>() + sum_of(&marginals, 0.0)
}

/// The same for a Gaussian mixture.
pub fn gaussian_log_likelihood_error(model: &GaussianMixture, x: &DMatrix<f64>) -> f64 {
    log_likelihood_error(&model.log_joint(x).expect("a log joint"), &log_joint_error(model, x))
}

/// A bound on the error of every responsibility: r e^{±(e_ij + e_i)}, and the rounding of one subtraction and one exp.
pub fn responsibility_error(log_joint: &DMatrix<f64>, error: &DMatrix<f64>) -> DMatrix<f64> {
    let marginal_error = log_marginal_error(log_joint, error);
    DMatrix::from_fn(log_joint.nrows(), log_joint.ncols(), |i, j| {
        let log_r = log_joint[(i, j)] - latent::log_sum_exp(log_joint.row(i).iter().copied());
        if log_r == f64::NEG_INFINITY {
            return 0.0;
        }
        let exponent = error[(i, j)] + marginal_error[i] + f64::EPSILON * (2.0 + log_r.abs());
        // The larger of the two sides, in one exponential so that 0 · ∞ cannot arise; exp of less than −745 is 0,
        // where the smallest subnormal stands for the rounding.
        (log_r + exponent).exp() * -(-exponent).exp_m1() + f64::MIN_POSITIVE
    })
}

/// By how much a computed sweep from `before` to `after` may lower the computed ℓ.
///
/// Exactly, ℓ(θ') − ℓ(θ) ≥ Q(θ') − Q(θ) ≥ 0 for the maximiser θ' of Q. Rounding enters four times:
/// 1. ℓ is evaluated twice: [`log_likelihood_error`] for both.
/// 2. The E step returns r + δr. θ' maximises that Q, so the true Q may fall by Σ|δr_ij||L'_ij − L_ij|.
/// 3. The weights R_j/n sum to one only to γ(n + k + 4), and ℓ moves by n times that.
/// 4. The M step misses the maximiser. Q is stationary there, so this costs to second order only: component j loses at
///    most R_j/2 (η² + δᵀΣ⁻¹δ) for an error δ of its mean and a relative error η of its covariance. As in
///    [`kmeans_rise`], |δ_a| ≤ γ(n + 3) max|x_a|, so δᵀΣ⁻¹δ ≤ κ Σ_a(δ_a/D_a)²; and the scatter is a sum of n terms with
///    Σ r|v_a||v_b|/R ≤ D_a D_b, pooled and halved in k + d + 6 operations, plus the δδᵀ of a mean that is off centre,
///    so η ≤ dκγ(n + k + d + 6) + κ Σ_a(δ_a/D_a)².
///
/// Returns None where η > 0.1: a covariance so close to singular that first-order bounds say nothing; and where it is
/// so small that a log joint, and with it this bound, overflows.
pub fn sweep_fall(before: &GaussianMixture, after: &GaussianMixture, x: &DMatrix<f64>) -> Option<f64> {
    let (n, d) = x.shape();
    let k = before.k();
    let (old, new) = (before.log_joint(x).ok()?, after.log_joint(x).ok()?);
    let (old_error, new_error) = (log_joint_error(before, x), log_joint_error(after, x));
    let evaluation = log_likelihood_error(&old, &old_error) + log_likelihood_error(&new, &new_error);

    let r_error = responsibility_error(&old, &old_error);
    let mut e_step = 0.0;
    for (i, j) in (0..n).flat_map(|i| (0..k).map(move |j| (i, j))) {
        let change = (new[(i, j)] - old[(i, j)]).abs();
        if r_error[(i, j)] > f64::MIN_POSITIVE && change.is_finite() {
            e_step += r_error[(i, j)] * change;
        }
    }

    let largest = RowDVector::from_iterator(d, x.column_iter().map(|column| column.amax()));
    let mut m_step = n as f64 * gamma(n + k + 4);
    for (covariance, weight) in after.covariances().iter().zip(after.weights()) {
        if *weight == 0.0 {
            continue;
        }
        let condition = scaled_condition(covariance);
        let off: f64 =
            (0..d).map(|a| (gamma(n + 3) * largest[a]).powi(2) / covariance[(a, a)]).sum::<f64>() * condition;
        let eta = d as f64 * condition * gamma(n + k + d + 6) + off;
        if eta > 0.1 {
            return None;
        }
        m_step += 0.5 * n as f64 * weight * (eta * eta + off);
    }
    Some(evaluation + e_step + m_step).filter(|bound| bound.is_finite())
}
