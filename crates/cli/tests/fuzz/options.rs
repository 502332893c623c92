//! Options, sensible and not, together as chance has it.

use super::one_of;
use rand::RngExt;
use rand_pcg::Pcg64;

/// Each option of `fit`, values that make sense, and values that do not.
const OF_FIT: [(&str, &[&str], &[&str]); 13] = [
    ("--model", &["gaussian", "bernoulli"], &["none"]),
    ("--flips", &["1", "3"], &["0", "4294967295"]),
    ("--covariance", &["full", "tied", "diagonal", "spherical"], &["round"]),
    ("--restarts", &["1", "3"], &["0", "1.5"]),
    ("--seed", &["0", "18446744073709551615"], &["-1"]),
    ("--start", &["kmeans", "random", "mixed"], &["here"]),
    ("--tol", &["1e-3", "0"], &["-1", "nan", "inf"]),
    ("--max-iter", &["1", "20"], &["0"]),
    ("--floor", &["1e-3", "1"], &["1e300", "1e-320", "0", "nan"]),
    ("--threads", &["1", "2", "7"], &["0"]),
    ("--columns", &["1", "1,2", "2..1"], &["x", "1,1", "9", "x,y", ""]),
    ("--header", &["yes", "no"], &["maybe"]),
    ("--dimension", &["1", "2"], &["3", "4294967295", "0"]),
];

pub fn of_fit(rng: &mut Pcg64) -> Vec<String> {
    let value = |rng: &mut Pcg64, sensible: &[&str], others: &[&str]| {
        // Most cases should come as far as a fit.
        let values = if rng.random_bool(0.9) { sensible } else { others };
        one_of(rng, values).to_owned()
    };
    let mut options = vec!["-k".to_owned()];
    options.push(value(rng, &["1", "2", "3", "1..4"], &["0", "200", "9999999999", "2..1", "x"]));
    for (option, sensible, others) in OF_FIT {
        if rng.random_bool(0.07) {
            options.extend([option.to_owned(), value(rng, sensible, others)]);
        }
    }
    for (option, chance) in [("--standardize", 0.15), ("--stream", 0.15)] {
        options.extend(rng.random_bool(chance).then(|| option.to_owned()));
    }
    options
}
