//! The engine's k-means computes what the derivations say: the very same labels, and sums to rounding, in a single
//! sweep.

#[path = "../../../../tests/common/mod.rs"]
mod common;
#[path = "../mathematics/mod.rs"]
mod mathematics;

mod bounds;
mod labels;
mod runs;
mod statistics;

use common::assert_within;
use common::bounds::{gamma, objective_relative, sum_of};
use executable_em::em::{Expected, Stopping, Tolerance};
use executable_em::{data, kmeans};
use executable_em_engine::{Data, Engine, KMeans, KMeansStatistics, Result, Source, Sweep};
use nalgebra::DMatrix;
use rand::RngExt;

/// Data and means that have nothing to do with them but lie in the same region.
fn random_state(n: usize, d: usize, k: usize) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = data::rng((n * 1000 + d * 31 + k) as u64);
    let mut uniform = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-2.0..2.0));
    (uniform(n, d), uniform(k, d))
}

/// Until the means are at rest.
const AT_REST: Stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 1000 };

fn statistics(
    engine: &Engine,
    means: &DMatrix<f64>,
    source: &impl Source,
) -> Result<Expected<KMeansStatistics>> {
    engine.statistics(&KMeans::new(means.clone())?, source)
}

/// With the widest instructions, and with none.
fn engines() -> Vec<Engine> {
    Engine::with_every_instruction_set(1).expect("no threads")
}

fn labels(engine: &Engine, means: &DMatrix<f64>, source: &impl Source) -> Result<Vec<usize>> {
    let mut all = Vec::new();
    engine.labels(&KMeans::new(means.clone())?, source, |labels| {
        all.extend_from_slice(labels);
        Ok(())
    })?;
    Ok(all)
}

fn sweep(engine: &Engine, means: &DMatrix<f64>, source: &impl Source) -> Result<Sweep<KMeans>> {
    engine.sweep(&KMeans::new(means.clone())?, source)
}

/// Every statistic is the derivation's sum over the derivation's labels.
///
/// Labels and counts are equal. Both sides' squared distances are sums of d squares of the same differences, good to
/// γ(d + 2), and their sum over n to γ(n) more; the products w v are exact, so a sum of n differences is good to γ(n)
/// Σ|v|, on both sides.
#[track_caller]
fn assert_statistics(
    engine: &Engine,
    expected: &Expected<KMeansStatistics>,
    x: &DMatrix<f64>,
    means: &DMatrix<f64>,
) -> Result<()> {
    let Expected { log_likelihood, total, expectation: statistics } = expected;
    let (n, d) = x.shape();
    let k = means.nrows();
    let expected = kmeans::assign(x, means)?;
    assert_eq!(labels(engine, means, &Data::new(x)?)?, expected);
    assert_eq!((*total, statistics.rows), (n as f64, n));
    assert_eq!(&statistics.references, means);
    for j in 0..k {
        let cluster: Vec<usize> = (0..n).filter(|&i| expected[i] == j).collect();
        assert_eq!(statistics.counts[j], cluster.len() as f64);
        for a in 0..d {
            let v: Vec<f64> = cluster.iter().map(|&i| x[(i, a)] - means[(j, a)]).collect();
            assert_within(statistics.first[(j, a)], v.iter().sum(), 2.0 * sum_of(&v, 0.0));
        }
    }
    let objective = kmeans::objective(x, &kmeans::responsibilities(x, means)?, means)?;
    assert_within(-log_likelihood, objective, 2.0 * objective_relative(n, k, d) * objective);
    Ok(())
}

/// What two computations of a cluster's mean may differ by: sums of n data, or of n differences from a reference point,
/// divided and added to it; each is good to γ(n + 3) of the largest number that enters, which is at most twice the
/// largest datum or mean.
fn mean_bound(x: &DMatrix<f64>, means: &DMatrix<f64>) -> f64 {
    2.0 * gamma(x.nrows() + 3) * 2.0 * x.amax().max(means.amax())
}
