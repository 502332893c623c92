//! Where cells are missing the engine computes what chapter 11 derives: statistic by statistic, from random parameters,
//! in a single step.

#[path = "../../../../tests/common/mod.rs"]
mod common;
#[path = "../mathematics/mod.rs"]
mod mathematics;

mod refused;
mod statistics;
mod step;

use common::assert_within;
use common::bounds::{self, gamma};
use common::cases;
use executable_em::data;
use executable_em::em::Expected;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::incomplete::mixture::{Posterior, log_likelihood};
use executable_em::incomplete::{Incomplete, Pattern};
use executable_em::latent::Model;
use executable_em::scale::Moments;
use nalgebra::{DMatrix, DVector};
use rand::RngExt;

/// Data with a share of their cells missing, and parameters that have nothing to do with them but lie in the region.
pub fn random_state(
    family: CovarianceFamily,
    (n, d, k): (usize, usize, usize),
    share: f64,
) -> (GaussianMixture, DMatrix<f64>) {
    let mut rng = data::rng((n * 1000 + d * 31 + k) as u64);
    let mut uniform = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-2.0..2.0));
    let (mut x, means) = (uniform(n, d), uniform(k, d));
    x.iter_mut().filter(|_| rng.random_bool(share)).for_each(|cell| *cell = f64::NAN);
    // Nothing can be said of a column that no row shows.
    (0..d)
        .filter(|&a| x.column(a).iter().all(|v| v.is_nan()))
        .collect::<Vec<_>>()
        .iter()
        .for_each(|&a| x[(0, a)] = 0.5);
    let full: Vec<DMatrix<f64>> = (0..k).map(|_| cases::covariance(d, &mut rng)).collect();
    let weights = cases::weights(k, &mut rng);
    let covariances = family.constrain(full, &weights).expect("covariances of the family");
    (GaussianMixture::new(weights, means, covariances, family).expect("a mixture"), x)
}

/// How far the responsibilities of the rows of a pattern may err, a row a datum of it, and their part of ℓ.
fn errors(model: &GaussianMixture, data: &Incomplete, pattern: &Pattern) -> (DMatrix<f64>, f64) {
    if pattern.seen.is_empty() {
        let of_one = gamma(model.k() + 4);
        return (
            DMatrix::from_element(pattern.rows.len(), model.k(), of_one),
            pattern.rows.len() as f64 * of_one,
        );
    }
    let seen = |of: &DMatrix<f64>| of.select_rows(&pattern.seen).select_columns(&pattern.seen);
    let means = model.means().select_columns(&pattern.seen);
    let covariances = model.covariances().iter().map(seen).collect();
    let marginal = GaussianMixture::new(model.weights().clone(), means, covariances, model.family());
    let x = data.values().select_rows(&pattern.rows).select_columns(&pattern.seen);
    let marginal = marginal.expect("a mixture");
    let (joint, error) =
        (marginal.log_joint(&x).expect("a log joint"), bounds::log_joint_error(&marginal, &x));
    (bounds::responsibility_error(&joint, &error), bounds::log_likelihood_error(&joint, &error))
}

/// Every expected statistic is the derivation's sum over the derivation's posterior.
///
/// In units of a component's standard deviations D let H be its correlations and κ = 1/λ_min(H), which bounds that of
/// every block. A row b of B = H_ms H_ss⁻¹ has |b| ≤ √κ, as h H_ss⁻¹ hᵀ ≤ 1; Cholesky finds it to dκγ(3d + 1)|b|
/// (Higham 2002, Theorem 10.4, with factors whose products of magnitudes are at most 1). So where v is seen, an
/// expected cell has a magnitude M ≤ √κ|v|₁ and errs by E ≤ 2dκ^{3/2}γ(3d + 4)|v|₁; one that is seen has M = |v| and
/// E = 2εM. C, at most 1, errs by d times the error of B and its own sums, E_C ≤ 2d²κ^{3/2}γ(3d + 4). A product of
/// two expected cells is a sum of products of v with B at both sides: whatever the order of summation over rows and
/// columns, γ(n + 4d + 12) of the magnitudes. r errs as chapter 2 has it. All of it for both sides.
#[track_caller]
fn assert_statistics(expected: &Expected<Moments>, model: &GaussianMixture, x: &DMatrix<f64>) {
    let (n, d) = x.shape();
    let incomplete = Incomplete::new(x.clone()).expect("data");
    let posterior = Posterior::at(model, &incomplete).expect("a posterior");
    let r = posterior.responsibilities();
    let (mut r_error, mut height_error) = (DMatrix::zeros(n, model.k()), 0.0);
    for pattern in incomplete.patterns() {
        let (of_rows, of_height) = errors(model, &incomplete, pattern);
        pattern.rows.iter().enumerate().for_each(|(at, &i)| r_error.set_row(i, &of_rows.row(at)));
        height_error += of_height;
    }
    let Expected { log_likelihood: height, total, expectation: statistics } = expected;
    let derived = log_likelihood(model, &incomplete).expect("ℓ");
    // The sum over the patterns is one of as many terms, none larger than all n marginals together.
    let of_sum = gamma(incomplete.patterns().len()) * (height_error / gamma(1)).min(n as f64 * 1e3);
    assert_within(*height, derived, 2.0 * (height_error + of_sum));
    assert_eq!((*total, statistics.total), (n as f64, n as f64));
    assert_eq!(&statistics.references, model.means());

    let off_diagonal = matches!(model.family(), CovarianceFamily::Full | CovarianceFamily::Tied);
    let df = d as f64;
    for j in 0..model.k() {
        let sd = model.covariances()[j].diagonal().map(f64::sqrt);
        let kappa = bounds::scaled_condition(&model.covariances()[j]);
        let of_b = 2.0 * df * kappa.powf(1.5) * gamma(3 * d + 4);
        let of_c = df * of_b;
        // Expected cells about the mean and what stays uncertain, in the derivation; M and E.
        let means = posterior.completed()[j].means();
        let covariances = posterior.completed()[j].covariances();
        let of_row: Vec<usize> = {
            let mut of_row = vec![0; n];
            for (p, pattern) in incomplete.patterns().iter().enumerate() {
                pattern.rows.iter().for_each(|&i| of_row[i] = p);
            }
            of_row
        };
        let v = |i: usize, a: usize| (means[(i, a)] - model.means()[(j, a)]) / sd[a];
        let length = DVector::from_fn(n, |i, _| {
            (0..d).filter(|&a| !x[(i, a)].is_nan()).map(|a| v(i, a).abs()).sum::<f64>()
        });
        let size =
            |i: usize, a: usize| if x[(i, a)].is_nan() { kappa.sqrt() * length[i] } else { v(i, a).abs() };
        let error = |i: usize, a: usize| {
            if x[(i, a)].is_nan() { of_b * length[i] } else { 2.0 * f64::EPSILON * size(i, a) }
        };
        let sums = gamma(n + 4 * d + 12);
        let sum = |term: &dyn Fn(usize) -> f64| (0..n).map(term).sum::<f64>();

        let bound = sum(&|i| r_error[(i, j)] + sums * r[(i, j)]);
        assert_within(statistics.counts[j], r.column(j).sum(), 2.0 * bound);
        for a in 0..d {
            let first = sum(&|i| r[(i, j)] * v(i, a));
            let bound =
                sum(&|i| r_error[(i, j)] * size(i, a) + r[(i, j)] * (error(i, a) + sums * size(i, a)));
            assert_within(statistics.first[(j, a)] / sd[a], first, 2.0 * bound);
            for b in 0..=a {
                // Along the axes only the diagonals are kept, d×1.
                let of_one = &statistics.second[j];
                assert_eq!(of_one.shape(), (d, if off_diagonal { d } else { 1 }));
                if a != b && !off_diagonal {
                    continue;
                }
                let found = if off_diagonal { of_one[(a, b)] } else { of_one[a] };
                assert!(!off_diagonal || found == of_one[(b, a)]);
                let left = |i: usize| covariances[of_row[i]][(a, b)] / (sd[a] * sd[b]);
                let second = sum(&|i| r[(i, j)] * (v(i, a) * v(i, b) + left(i)));
                let bound = sum(&|i| {
                    let product = size(i, a) * size(i, b) + 1.0;
                    let through = error(i, a) * size(i, b) + size(i, a) * error(i, b) + of_c;
                    r_error[(i, j)] * product + r[(i, j)] * (through + sums * product)
                });
                assert_within(found / (sd[a] * sd[b]), second, 2.0 * bound);
            }
        }
    }
}
