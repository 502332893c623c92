//! The engine computes what the derivations say: statistic by statistic, from random parameters, in a single step (a
//! whole fit would contract errors away).

#[path = "../../../../tests/common/mod.rs"]
mod common;
#[path = "../mathematics/mod.rs"]
mod mathematics;

mod extremes;
mod statistics;
mod step;

use common::assert_within;
use common::bounds::{self, gamma, sum_of};
use common::cases;
use executable_em::data;
use executable_em::em::Expected;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::latent::Model;
use executable_em::scale::Moments;
use executable_em_engine::{Data, Engine, Result};
use nalgebra::DMatrix;
use rand::RngExt;

/// Data about k random centres, and parameters that have nothing to do with them but lie in the same region.
fn random_state(family: CovarianceFamily, n: usize, d: usize, k: usize) -> (GaussianMixture, DMatrix<f64>) {
    let mut rng = data::rng((n * 1000 + d * 31 + k) as u64);
    let mut uniform = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-2.0..2.0));
    let (x, means) = (uniform(n, d), uniform(k, d));
    let full: Vec<DMatrix<f64>> = (0..k).map(|_| cases::covariance(d, &mut rng)).collect();
    let weights = cases::weights(k, &mut rng);
    let covariances = family.constrain(full, &weights).expect("covariances of the family");
    (GaussianMixture::new(weights, means, covariances, family).expect("a mixture"), x)
}

/// Data about k centres that lie about 2·`spread`·√d standard deviations from each other, and the parameters that they
/// come from.
fn clusters_apart(
    family: CovarianceFamily,
    (n, d, k): (usize, usize, usize),
    spread: f64,
) -> (GaussianMixture, DMatrix<f64>) {
    let (model, mut x) = random_state(family, n, d, k);
    let model = model.with_means(model.means() * spread).expect("finite means");
    for (i, mut row) in x.row_iter_mut().enumerate() {
        row += model.means().row(i * 7 % k);
    }
    (model, x)
}

fn statistics(engine: &Engine, model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Expected<Moments>> {
    engine.statistics(model, &Data::new(x)?)
}

/// The parameters after a sweep, and ℓ before it.
fn sweep(engine: &Engine, model: &GaussianMixture, x: &DMatrix<f64>) -> Result<(GaussianMixture, f64)> {
    let sweep = engine.sweep(model, &Data::new(x)?)?;
    Ok((sweep.model, sweep.log_likelihood))
}

/// Every statistic is the derivation's sum over the derivation's responsibilities.
///
/// Both sides' responsibilities err by at most `error` (the engine's exponential, good to three units, and its inverse
/// factor lie within the factor two that the bound has in hand), each product by some more roundings, and the sums of n
/// terms by γ(n): Σ e |v||v'| + γ(n + 8) Σ r |v||v'|, for both.
#[track_caller]
fn assert_statistics(expected: &Expected<Moments>, model: &GaussianMixture, x: &DMatrix<f64>) {
    let Expected { log_likelihood, total, expectation: statistics } = expected;
    let (n, d) = x.shape();
    let log_joint = model.log_joint(x).expect("a log joint");
    let joint_error = bounds::log_joint_error(model, x);
    let r = model.responsibilities(x).expect("responsibilities");
    let error = bounds::responsibility_error(&log_joint, &joint_error);
    let likelihood_error = bounds::log_likelihood_error(&log_joint, &joint_error);
    assert_within(*log_likelihood, model.log_likelihood(x).expect("ℓ"), 2.0 * likelihood_error);
    assert_eq!((*total, statistics.total), (n as f64, n as f64));
    assert_eq!(&statistics.references, model.means());

    let off_diagonal = matches!(model.family(), CovarianceFamily::Full | CovarianceFamily::Tied);
    for j in 0..model.k() {
        let sum = |factor: &dyn Fn(usize) -> f64| {
            let terms: Vec<f64> = (0..n).map(|i| r[(i, j)] * factor(i)).collect();
            let errors: f64 = (0..n).map(|i| error[(i, j)] * factor(i).abs()).sum();
            (terms.iter().sum::<f64>(), 2.0 * errors + 2.0 * sum_of(&terms, gamma(8)))
        };
        let v = |i: usize, a: usize| x[(i, a)] - model.means()[(j, a)];
        let (count, bound) = sum(&|_| 1.0);
        assert_within(statistics.counts[j], count, bound);
        for a in 0..d {
            let (first, bound) = sum(&|i| v(i, a));
            assert_within(statistics.first[(j, a)], first, bound);
            // Along the axes there are the diagonals alone.
            for b in (0..=a).filter(|&b| a == b || off_diagonal) {
                let found = if off_diagonal { statistics.second[j][(a, b)] } else { statistics.second[j][a] };
                let (second, bound) = sum(&|i| v(i, a) * v(i, b));
                assert_within(found, second, bound);
                if off_diagonal {
                    assert_eq!(found, statistics.second[j][(b, a)]);
                }
            }
            assert_eq!(statistics.second[j].shape(), (d, if off_diagonal { d } else { 1 }));
        }
    }
}

/// With the machine's vector instructions, and without.
fn engines() -> Result<Vec<Engine>> {
    Engine::with_every_instruction_set(1)
}

/// One step by the derivation.
fn derived_step(model: &GaussianMixture, x: &DMatrix<f64>) -> GaussianMixture {
    model.maximize(x, &model.responsibilities(x).expect("responsibilities")).expect("an M step")
}
