//! Bounds save work and change nothing: sweep by sweep the very bits of a run without them.

use crate::common::config;
use crate::engines;
use executable_em::data;
use executable_em::em::Climb;
use executable_em_engine::{Data, Engine, Fused, KMeans, OnSource, Result};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use rand::RngExt;

/// What makes bounds fail, if they can.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Scattered,
    /// Whole numbers: ties, and data that are equal.
    Lattice,
    Apart,
    Offset,
    /// Some means begin where no data are, some in one place.
    Dying,
    /// Squares that single precision has no numbers for.
    Large,
    Small,
    /// Almost midway between the means that they begin with.
    NearTies,
}

const KINDS: [Kind; 8] = [
    Kind::Scattered,
    Kind::Lattice,
    Kind::Apart,
    Kind::Offset,
    Kind::Dying,
    Kind::Large,
    Kind::Small,
    Kind::NearTies,
];

/// Data and the means of a start.
fn case(kind: Kind, (n, d, k): (usize, usize, usize), seed: u64) -> (DMatrix<f64>, DMatrix<f64>) {
    let mut rng = data::rng(seed);
    let mut uniform = DMatrix::from_fn(n + k, d, |_, _| rng.random_range(-2.0..2.0));
    match kind {
        Kind::Lattice => uniform = uniform.map(f64::round),
        Kind::Apart => {
            for (row, mut x) in uniform.row_iter_mut().enumerate() {
                x.add_scalar_mut(1e3 * (row * row % 11) as f64);
            }
        }
        Kind::Offset => uniform = uniform.add_scalar(1e9),
        Kind::Large => uniform *= 1e25,
        Kind::Small => uniform *= 1e-161,
        Kind::Scattered | Kind::Dying | Kind::NearTies => {}
    }
    let mut means = uniform.rows(n, k).into_owned();
    let mut x = uniform.rows(0, n).into_owned();
    if let Kind::Dying = kind {
        means.row_mut(1).fill(50.0);
        let first = means.row(0).into_owned();
        means.set_row(2, &first);
    }
    if let Kind::NearTies = kind {
        for i in 0..n {
            let middle = (means.row(i % k) + means.row((i + 1) % k)) * 0.5;
            let near = middle.map(|m| m * (1.0 + 1e-7 * rng.random_range(-1.0..1.0)));
            x.set_row(i, &near);
        }
    }
    (x, means)
}

/// Compares every E step of a run, to its rest or to `most` sweeps; says how many there were.
fn compare(engine: &Engine, source: &Data<'_>, means: DMatrix<f64>, most: usize) -> Result<usize> {
    let run = OnSource::new(engine, source);
    let mut model = KMeans::new(means)?;
    for sweeps in 0..most {
        let expected = model.e_step(engine, source)?;
        assert_eq!(run.expect(&model)?, expected, "after {sweeps} sweeps");
        let next = model.m_step(&expected.expectation, engine, source)?;
        if next == model {
            return Ok(sweeps);
        }
        model = next;
    }
    Ok(most)
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn a_run_with_bounds_is_the_run_without(
        kind in prop::sample::select(&KINDS[..]),
        size in (60_usize..900, 7_usize..20, 15_usize..40),
        seed: u64,
        is_weighted: bool,
    ) {
        let (x, means) = case(kind, size, seed);
        let mut rng = data::rng(seed);
        // Each datum a weight of its own: a wrong label shows in the counts.
        let weights = DVector::from_fn(size.0, |i, _| f64::from(u8::from(i % 7 > 0)) * rng.random_range(0.1..3.0));
        let source = if is_weighted { Data::weighted(&x, &weights)? } else { Data::new(&x)? };
        for engine in engines() {
            compare(&engine, &source, means.clone(), 60)?;
        }
    }
}

/// On any number of threads, with blocks and chunks that end in the middle of a tile.
#[test]
fn bounds_change_no_bits_on_any_number_of_threads() -> Result<()> {
    for (kind, size) in [(Kind::Scattered, (30_011, 8, 16)), (Kind::Apart, (20_003, 20, 17))] {
        let (x, means) = case(kind, size, 3);
        for threads in [1, 2, 7] {
            let sweeps = compare(&Engine::new(threads)?, &Data::new(&x)?, means.clone(), 40)?;
            assert!(sweeps > 3, "{kind:?}: {sweeps}");
        }
    }
    Ok(())
}

/// What is known at some means is used at others, however far, of however many, and again at the first.
#[test]
fn bounds_hold_wherever_the_means_go() -> Result<()> {
    let (x, _) = case(Kind::Scattered, (500, 8, 8), 1);
    let (engine, source) = (Engine::new(1)?, Data::new(&x)?);
    let run = OnSource::new(&engine, &source);
    let mut rng = data::rng(2);
    let mut means = x.rows(0, 17).into_owned();
    for step in 0..200 {
        let model = KMeans::new(means.clone())?;
        assert_eq!(run.expect(&model)?, model.e_step(&engine, &source)?, "step {step}");
        let size = [1e-9, 1e-3, 0.1, 3.0][step % 4];
        match step % 50 {
            20 => means = x.rows(0, 17).into_owned(),
            30 => means = x.rows(20, 16 + step % 7).into_owned(),
            40 => means *= 1e150,
            41 => means *= 1e-150,
            j => means.row_mut(j % 8).iter_mut().for_each(|m| *m += size * rng.random_range(-1.0..1.0)),
        }
    }
    Ok(())
}
