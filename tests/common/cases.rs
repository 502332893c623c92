//! Seeded inputs that aim at hard cases: data and a mixture to start from.

use super::bounds;
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// What is hard about an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing: means apart, weights alike, well conditioned.
    Ordinary,
    /// Means that differ by 10⁻⁹.
    CoincidentMeans,
    /// One weight is 10⁻³⁰⁰.
    TinyWeight,
    /// One weight is exactly 0.
    ZeroWeight,
    /// Everything lies about 10⁸ from the origin.
    FarOff,
    /// Data in a thin sheet along a diagonal: the covariance has condition 10¹⁰.
    NearSingular,
    /// As many components as data.
    AsManyComponentsAsData,
    /// A few different rows, each many times over.
    Duplicated,
    /// Coordinates in units that differ by 10¹².
    UnequalScales,
    /// Data on a lattice and means on it: distances tie.
    Ties,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Ordinary,
        Kind::CoincidentMeans,
        Kind::TinyWeight,
        Kind::ZeroWeight,
        Kind::FarOff,
        Kind::NearSingular,
        Kind::AsManyComponentsAsData,
        Kind::Duplicated,
        Kind::UnequalScales,
        Kind::Ties,
    ];

    /// The kinds on which Σ is well conditioned and the data near the origin.
    pub const TAME: [Kind; 4] = [Kind::Ordinary, Kind::CoincidentMeans, Kind::TinyWeight, Kind::ZeroWeight];
}

/// Data, and the parameters of a mixture in one of the families.
#[derive(Clone, Debug)]
pub struct Case {
    pub kind: Kind,
    pub x: DMatrix<f64>,
    pub model: GaussianMixture,
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// A well-conditioned covariance: AAᵀ + I/2 for a random A with entries of size one, so κ ≲ 2d² + 1.
pub fn covariance(d: usize, rng: &mut impl Rng) -> DMatrix<f64> {
    let a = DMatrix::from_fn(d, d, |_, _| rng.random_range(-1.0..1.0));
    let product = &a * a.transpose();
    (&product + product.transpose()) * 0.5 + DMatrix::identity(d, d) * 0.5
}

/// A probability vector with entries of the same order.
pub fn weights(k: usize, rng: &mut impl Rng) -> DVector<f64> {
    let raw = DVector::from_fn(k, |_, _| rng.random_range(0.2..1.0));
    &raw / raw.sum()
}

/// A matrix whose rows are probability vectors, with some exact zeros.
pub fn simplex_rows(n: usize, k: usize, rng: &mut impl Rng) -> DMatrix<f64> {
    let mut r =
        DMatrix::from_fn(n, k, |_, _| if rng.random_bool(0.2) { 0.0 } else { rng.random_range(0.0..1.0) });
    for mut row in r.row_iter_mut() {
        let sum = row.sum();
        if sum > 0.0 {
            row /= sum;
        } else {
            row[0] = 1.0;
        }
    }
    r
}

/// The covariances moved into the family.
fn into_family(family: CovarianceFamily, full: Vec<DMatrix<f64>>) -> Vec<DMatrix<f64>> {
    let d = full[0].nrows();
    match family {
        CovarianceFamily::Full => full,
        CovarianceFamily::Tied => vec![full[0].clone(); full.len()],
        CovarianceFamily::Diagonal => full.iter().map(|s| DMatrix::from_diagonal(&s.diagonal())).collect(),
        CovarianceFamily::Spherical => {
            full.iter().map(|s| DMatrix::from_diagonal_element(d, d, s.diagonal().max())).collect()
        }
    }
}

/// A case of this kind, size and seed. `n` is raised to `k` where it is less.
pub fn case(kind: Kind, family: CovarianceFamily, n: usize, k: usize, d: usize, seed: u64) -> Case {
    let mut rng = data::rng(seed);
    let k = if matches!(kind, Kind::TinyWeight | Kind::ZeroWeight) { k.max(2) } else { k };
    let n = if kind == Kind::AsManyComponentsAsData { k } else { n.max(k) };

    // Centres two to three units apart, a datum about a random one of them.
    let centres = DMatrix::from_fn(k, d, |_, _| 3.0 * normal(&mut rng));
    let mut x = DMatrix::zeros(n, d);
    for i in 0..n {
        let centre = rng.random_range(0..k);
        for a in 0..d {
            x[(i, a)] = centres[(centre, a)] + normal(&mut rng);
        }
    }
    let mut means = DMatrix::from_fn(k, d, |j, a| centres[(j, a)] + 0.5 * normal(&mut rng));
    let mut weights = weights(k, &mut rng);
    let mut covariances: Vec<_> = (0..k).map(|_| covariance(d, &mut rng) * 2.0).collect();

    match kind {
        Kind::Ordinary | Kind::AsManyComponentsAsData => {}
        Kind::CoincidentMeans => {
            means = DMatrix::from_fn(k, d, |j, a| means[(0, a)] + 1e-9 * j as f64);
        }
        Kind::TinyWeight | Kind::ZeroWeight => {
            weights[0] = 0.0;
            weights /= weights.sum();
            weights[0] = if kind == Kind::TinyWeight { 1e-300 } else { 0.0 };
        }
        Kind::FarOff => {
            x.add_scalar_mut(1e8);
            means.add_scalar_mut(1e8);
        }
        Kind::NearSingular => {
            // Along (1, …, 1) with spread 1, across it with 10⁻⁵: variances 1 and 10⁻¹⁰.
            for mut row in x.row_iter_mut() {
                let along = row[0];
                row.apply(|value| *value = along + 1e-5 * *value);
            }
            for (j, mut row) in means.row_iter_mut().enumerate() {
                row.fill(x[(j, 0)]);
            }
            let ones = DMatrix::from_element(d, d, 1.0);
            covariances = vec![ones + DMatrix::identity(d, d) * 1e-10; k];
        }
        Kind::Duplicated => {
            let different = k + 1;
            x = DMatrix::from_fn(n, d, |i, a| x[(i % different.min(n), a)]);
        }
        Kind::UnequalScales => {
            let scale = |a: usize| if a.is_multiple_of(2) { 1e6 } else { 1e-6 };
            for a in 0..d {
                x.column_mut(a).scale_mut(scale(a));
                means.column_mut(a).scale_mut(scale(a));
            }
            for s in &mut covariances {
                *s = DMatrix::from_fn(d, d, |a, b| s[(a, b)] * scale(a) * scale(b));
            }
        }
        Kind::Ties => {
            x.apply(|value| *value = value.round());
            means = DMatrix::from_fn(k, d, |j, a| 2.0 * ((j + a) % 3) as f64);
            covariances = vec![DMatrix::identity(d, d); k];
        }
    }
    let covariances = into_family(family, covariances);
    let model = GaussianMixture::new(weights, means, covariances, family).expect("a mixture of the family");
    Case { kind, x, model }
}

/// Case number `number` of a series that runs through all kinds and sizes; each [`super::seed`] has its own.
pub fn numbered(number: u64, family: CovarianceFamily) -> Case {
    let seed = super::seed() ^ number << 32;
    let mut rng = data::rng(!seed);
    let kind = Kind::ALL[number as usize % Kind::ALL.len()];
    let (n, k, d) = (rng.random_range(2..=40), rng.random_range(1..=4), rng.random_range(1..=3));
    case(kind, family, n, k, d, seed)
}

/// Cases of the given kinds in every family, with n ≤ 24, k ≤ 4, d ≤ 3.
pub fn strategy(kinds: &'static [Kind]) -> impl Strategy<Value = Case> {
    let families = prop::sample::select(CovarianceFamily::ALL.to_vec());
    (prop::sample::select(kinds), families, 1..=24usize, 1..=4usize, 1..=3usize, any::<u64>())
        .prop_map(|(kind, family, n, k, d, seed)| case(kind, family, n, k, d, seed))
}

/// A score's scale and its bound for one component: see `gaussian_mixture.rs`.
///
/// Each term of a score is r times a product of Σ⁻¹ and v. In units of the standard deviations D it is bounded by κ
/// times |D⁻¹v|, computed (by Cholesky or by elimination alike) with a relative error of at most 4dκγ(d+2); r adds its
/// own relative error; the sum over n adds γ(n). `powers` is how many factors Σ⁻¹ a term has.
pub fn score_bound(model: &GaussianMixture, x: &DMatrix<f64>, j: usize, powers: i32) -> f64 {
    use executable_em::latent::Model;
    let (n, d) = x.shape();
    let log_joint = model.log_joint(x).expect("a log joint");
    let error = bounds::log_joint_error(model, x);
    let r = model.responsibilities(x).expect("responsibilities");
    let r_error = bounds::responsibility_error(&log_joint, &error);
    let condition = bounds::scaled_condition(&model.covariances()[j]);
    let smallest_sd = model.covariances()[j].diagonal().min().sqrt();
    let inverse_error = 4.0 * d as f64 * condition * bounds::gamma(d + 2);
    let mut bound = 0.0;
    for i in 0..n {
        let whitened = (0..d)
            .map(|a| ((x[(i, a)] - model.means()[(j, a)]) / model.covariances()[j][(a, a)].sqrt()).powi(2))
            .sum::<f64>()
            .sqrt();
        // |Σ⁻¹v| ≤ κ|D⁻¹v|/D for the means; |Σ⁻¹vvᵀΣ⁻¹ − Σ⁻¹| ≤ (κ²|D⁻¹v|² + κ)/D² for the covariances.
        let term = if powers == 1 {
            condition * whitened / smallest_sd
        } else {
            ((condition * whitened).powi(2) + condition) / smallest_sd.powi(2)
        };
        let relative = f64::from(powers) * inverse_error + bounds::gamma(n + 2 * d + 4);
        bound += term * (r[(i, j)] * relative + r_error[(i, j)]);
    }
    // Two computations are compared, both within this bound of the truth.
    2.0 * bound
}
