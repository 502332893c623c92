//! Options, sensible and not, together as chance has it.

use super::one_of;
use rand::RngExt;
use rand_pcg::Pcg64;

/// Each option of `fit` with values that it may be given.
const OF_FIT: [(&str, &[&str]); 14] = [
    ("-k", &["1", "2", "3", "1..4", "0", "200", "9999999999", "2..1", "x"]),
    ("--model", &["gaussian", "bernoulli", "none"]),
    ("--flips", &["1", "3", "0", "4294967295"]),
    ("--covariance", &["full", "tied", "diagonal", "spherical"]),
    ("--restarts", &["1", "3", "0"]),
    ("--seed", &["0", "18446744073709551615", "-1"]),
    ("--start", &["kmeans", "random", "mixed"]),
    ("--tol", &["1e-3", "0", "-1", "nan", "inf"]),
    ("--max-iter", &["1", "20", "0"]),
    ("--floor", &["1e-3", "1e300", "1e-320", "0", "nan"]),
    ("--threads", &["1", "2", "7", "0"]),
    ("--columns", &["1", "1,2", "2..1", "x", "1,1", "9", "x,y", ""]),
    ("--header", &["yes", "no", "maybe"]),
    ("--dimension", &["1", "2", "3", "4294967295", "0"]),
];

pub fn of_fit(rng: &mut Pcg64) -> Vec<String> {
    // Most cases should come as far as a fit: mostly the first values, which are the sensible ones.
    let value = |rng: &mut Pcg64, values: &[&str]| {
        let sensible = &values[..values.len().div_ceil(2)];
        let values = if rng.random_bool(0.85) { sensible } else { values };
        one_of(rng, values).to_owned()
    };
    let mut options = vec!["-k".to_owned(), value(rng, OF_FIT[0].1)];
    for (option, values) in &OF_FIT[1..] {
        if rng.random_bool(0.12) {
            options.extend([(*option).to_owned(), value(rng, values)]);
        }
    }
    for (option, chance) in [("--standardize", 0.15), ("--stream", 0.15)] {
        options.extend(rng.random_bool(chance).then(|| option.to_owned()));
    }
    options
}
