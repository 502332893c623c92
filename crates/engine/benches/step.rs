//! One sweep of the engine at a few sizes, and over ever more patterns of missing cells: `cargo bench --bench step`.

use criterion::{BenchmarkId, Criterion, Throughput};
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
use executable_em_engine::{Data, Engine, WithGaps};
use nalgebra::DMatrix;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};

/// n, d, k.
const SIZES: [(usize, usize, usize); 4] = [(272, 2, 2), (10_000, 2, 5), (20_000, 8, 10), (5_000, 64, 8)];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for family in [CovarianceFamily::Full, CovarianceFamily::Diagonal] {
        step(&mut criterion, family);
    }
    gaps(&mut criterion);
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

/// The same number of rows with one cell in four missing, in more and more patterns: row i has pattern i mod m.
fn gaps(criterion: &mut Criterion) {
    let (n, d, k) = (20_000, 16, 10);
    let mut group = criterion.benchmark_group("patterns of gaps");
    let mut rng = data::rng(1);
    let whole = DMatrix::from_fn(n, d, |_, _| StandardNormal.sample(&mut rng));
    let model = random_start(&whole, k, CovarianceFamily::Full, &mut rng).expect("distinct data");
    let engine = Engine::new(1).expect("no thread to start");
    let source = Data::new(&whole).expect("finite data");
    group.bench_function("whole", |bencher| bencher.iter(|| engine.sweep(&model, &source)));
    for count in [1, 10, 100, 1000] {
        let mut x = whole.clone();
        let patterns: Vec<Vec<usize>> =
            (0..count).map(|_| index::sample(&mut rng, d, d / 4).into_vec()).collect();
        for (i, columns) in (0..n).zip(patterns.iter().cycle()) {
            columns.iter().for_each(|&a| x[(i, a)] = f64::NAN);
        }
        let source = WithGaps::new(&x).expect("no infinite cell");
        let name = BenchmarkId::from_parameter(source.pattern_count());
        group.bench_function(name, |bencher| bencher.iter(|| engine.sweep(&model, &source)));
    }
    group.finish();
}
