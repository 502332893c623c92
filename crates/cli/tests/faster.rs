//! `fit --stop aitken` and `fit --accelerate`: how far, and how fast.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod place;

use common::{assert_within, column, line_mixture};
use executable_em::convergence::accelerate::{self, Accelerated, Chart, Method};
use executable_em::data;
use executable_em::em::{Stopped, Stopping, Tolerance};
use executable_em_engine::{Mixture, SAME, SavedMixture};
use place::Place;
use std::cmp::Ordering;

const FAITHFUL: &str = include_str!("../../../src/data/old_faithful.csv");

/// The reference's two normals that overlap, where ρ is .99994, and its start.
const OVERLAPPING: &str = include_str!("../../../tests/convergence/two_normals.csv");

/// of the same tolerance the usual rule stops 7·10⁻³ nats short of the limit, Aitken's at it.
#[test]
fn aitken_goes_on_to_the_limit() {
    let start = line_mixture(&[0.5, 0.5], &[-1.0, 2.0], &[1.0, 1.0]);
    let saved = SavedMixture {
        model: Mixture::Gaussian(start.clone()),
        columns: vec!["seed1".to_owned()],
        log_likelihood: 0.0,
        n: 0,
        sweeps: 0,
        stopped: Stopped::Converged,
        seed: 1,
    };
    let place = Place::with(&[("x.csv", OVERLAPPING), ("start.json", &saved.to_json())]);
    let cell = |line: &str| line.split(',').next().expect("a cell").parse().expect("a number");
    let x = column(&OVERLAPPING.lines().skip(1).map(cell).collect::<Vec<f64>>());
    let climb = Accelerated::new(&x, Method::Anderson { memory: 5 }, Chart::Unbounded).expect("data");
    let to_rest = Stopping { tolerance: Tolerance::Parameters(1e-13), max_sweeps: 20_000 };
    let limit = accelerate::fit(&climb, start, &to_rest).expect("a fit").0.log_likelihood;
    let lacks = |more: &str| {
        let line =
            format!("fit x.csv --columns seed1 --start start.json --tol 1e-9 --max-iter 200000 {more}");
        let printed = place.prints(&format!("{line} --out m.json"));
        assert!(printed.contains("; converged after "), "{printed}");
        (limit - place.saved("m.json").log_likelihood, place.saved("m.json").sweeps)
    };
    let (usual, sweeps) = lacks("");
    assert_within(usual, 7e-3, 5e-4);
    assert_eq!((usual, sweeps), lacks("--stop rise"));
    assert_eq!(sweeps, 203);
    // n·10⁻⁹ nats; an estimate, good to some tenths, and the rounding of ℓ.
    let (aitken, patient) = lacks("--stop aitken");
    assert!((-1e-9..1.5 * 2e-6).contains(&aitken) && patient > 100_000, "{aitken} after {patient}");
    // Guesses do not shrink the rises by one factor, from which the estimate is read.
    for option in ["--accelerate", "--model student"] {
        let reason = "which reads its estimate off plain sweeps";
        let error = format!("{option} contradicts --stop aitken, {reason}");
        place.refuses(&format!("fit x.csv -k 2 --stop aitken {option}"), 2, &error);
    }
}

/// runs that guess end as high on Old Faithful, after fewer sweeps, each guess counted with what it costs; of any
/// family, of coins, and with a floor; the same on any number of threads.
#[test]
fn guesses_end_as_high() {
    let heads: String = (0..200)
        .map(|i| format!("{},{},{}\n", (i * 7) % 10 / 4, (i * 3) % 11 / 5, (i / 100 * 3 + i % 3) % 6))
        .collect();
    let place = Place::with(&[("faithful.csv", FAITHFUL), ("heads.csv", &format!("a,b,c\n{heads}"))]);
    let mut counted = 0;
    for (line, n) in [
        ("faithful.csv -k 2 --restarts 3 --start scaled", 272.0),
        ("faithful.csv -k 2 --restarts 1 --start scaled --covariance tied", 272.0),
        ("faithful.csv -k 3 --restarts 1 --start scaled --covariance diagonal", 272.0),
        ("faithful.csv -k 3 --restarts 1 --start scaled --covariance spherical --standardize", 272.0),
        ("faithful.csv -k 2 --restarts 1 --start random --floor 0.01", 272.0),
        ("heads.csv -k 2 --restarts 3 --model bernoulli --flips 5", 200.0),
    ] {
        let line = format!("fit {line} --tol 1e-10 --max-iter 20000 --out m.json");
        place.prints(&line);
        let plain = place.saved("m.json");
        let printed = place.prints(&format!("{line} --accelerate"));
        let fast = place.saved("m.json");
        assert!(fast.log_likelihood > plain.log_likelihood - 1e-6 * n, "{line}: {printed}");
        assert!(fast.sweeps <= plain.sweeps + 8, "{line}: {} and {}", fast.sweeps, plain.sweeps);
        if line.contains("--restarts 1") {
            let by = plain.sweeps.abs_diff(fast.sweeps);
            let spared = match fast.sweeps.cmp(&plain.sweeps) {
                Ordering::Less => format!(", {by} fewer than plain EM"),
                Ordering::Equal => ", as many as plain EM".to_owned(),
                Ordering::Greater => format!(", {by} more than plain EM"),
            };
            let is_same = (fast.log_likelihood - plain.log_likelihood).abs() <= SAME * n;
            assert_eq!(printed.contains(&spared), is_same, "{spared}: {printed}");
            counted += usize::from(is_same);
        }
        assert_eq!(printed, place.prints(&format!("{line} --accelerate --threads 3")));
    }
    assert_eq!((data::old_faithful().nrows(), counted), (272, 3));
    // Plain EM was cut off, so this is a bound.
    let cut = place
        .prints("fit faithful.csv -k 3 --restarts 1 --start random --tol 1e-12 --max-iter 60 --accelerate");
    assert!(!cut.contains("more than plain EM"), "{cut}");
    let crawling = place.prints("fit faithful.csv -k 2 --restarts 1 --tol 1e-10 --max-iter 5 --accelerate");
    assert!(!crawling.contains("than plain EM"), "a run that is not there was spared nothing: {crawling}");
}
