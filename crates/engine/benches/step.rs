//! One sweep of the engine at a few sizes: `cargo bench --bench step`.

use criterion::{BenchmarkId, Criterion, Throughput};
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
use executable_em_engine::{Data, Engine};
use nalgebra::DMatrix;
use rand_distr::{Distribution, StandardNormal};

/// n, d, k.
const SIZES: [(usize, usize, usize); 4] = [(272, 2, 2), (10_000, 2, 5), (20_000, 8, 10), (5_000, 64, 8)];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for family in [CovarianceFamily::Full, CovarianceFamily::Diagonal] {
        step(&mut criterion, family);
    }
    criterion.final_summary();
}

/// Throughput counts pairs of a datum and a component.
fn step(criterion: &mut Criterion, family: CovarianceFamily) {
    let mut group = criterion.benchmark_group(format!("{family:?} step"));
    for (n, d, k) in SIZES {
        let mut rng = data::rng(1);
        let x = DMatrix::from_fn(n, d, |_, _| StandardNormal.sample(&mut rng));
        let mut model = random_start(&x, k, family, &mut rng).expect("distinct data");
        let source = Data::new(&x).expect("finite data");
        let engine = Engine::new(1).expect("no thread to start");
        // The first sweeps move the means so far that their moments are taken twice.
        for _ in 0..5 {
            model = engine.sweep(&model, &source).expect("a sound start").model;
        }
        group.throughput(Throughput::Elements((n * k) as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{n}, {d}, {k}")), |bencher| {
            bencher.iter(|| engine.sweep(&model, &source));
        });
    }
    group.finish();
}
