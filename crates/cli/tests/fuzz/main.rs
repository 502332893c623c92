//! Hostile tables, models, options and ends: whatever comes in, the program ends by itself, in time and within its
//! memory, says what was wrong, and harms no file. A few cases in `cargo test`; thousands in `make fuzz`.

#[path = "../place/mod.rs"]
mod place;

mod case;
mod kill;
mod models;
mod options;
mod tables;

use rand::seq::IndexedRandom;
use rand_pcg::Pcg64;

/// How many cases of a kind to try, and the first of their seeds: from the environment, where it says so.
fn seeds(count: &str, default: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a whole number"));
    let first = number("FUZZ_SEED").unwrap_or(1);
    first..first + number(count).unwrap_or(default)
}

fn one_of<T: Copy>(rng: &mut Pcg64, of: &[T]) -> T {
    *of.choose(rng).expect("some to choose from")
}

/// A fit of whatever table; what it saves can be used for prediction and drawing.
#[test]
fn fits_of_hostile_tables() {
    let fitted = seeds("FUZZ_RUNS", 60).filter(|&seed| case::fit(seed)).count();
    assert!(fitted > 0, "no table at all could be fitted: the cases say nothing about success");
}

/// Models with a wrong number, a lost key, a cut, or anything else where JSON should be.
#[test]
fn predictions_and_draws_from_hostile_models() {
    let used = seeds("FUZZ_RUNS", 60).filter(|&seed| case::predict(seed)).count();
    assert!(used > 0, "no model at all could be read: the cases say nothing about success");
}

/// A process that is killed, at any moment, leaves what was there or what is whole.
#[test]
fn kills() {
    seeds("FUZZ_KILLS", 12).for_each(kill::at_any_moment);
}
