//! No function is forgotten: the table has every `pub fn` of the sources, but those whose reason stands here.

use crate::CHAPTERS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Types whose methods without arguments give what they hold, checked when they were made.
const HOLDERS: [(&str, &str); 21] = [
    ("GaussianMixture", "weights means covariances factors family k d"),
    ("BernoulliMixture", "weights biases flips k d"),
    ("SoftKMeans", "means weights stiffness weights_are"),
    ("FlooredMixture", "mixture floor"),
    ("PartOfStep", "mixture"),
    ("OnlyMean", "mixture component"),
    ("MapMixture", "mixture prior"),
    ("Prior", "concentration degrees scale"),
    ("Lloyd", "means labels"),
    ("Incomplete", "values patterns n d"),
    ("Completed", "means covariances"),
    ("Posterior", "responsibilities completed"),
    ("Normal", "mean variance"),
    ("Stepwise", "model"),
    ("Interval", "low high width middle"),
    ("CoinPrior", "flips"),
    ("VariationalCoins", "prior shares"),
    ("GaussWishart", "mean strength scatter degrees d"),
    ("VariationalMixture", "prior shares components"),
    ("Shares", "prior counts survivors"),
    ("StudentMixture", "shape degrees"),
];

/// Plain arithmetic on numbers, matrices or vectors of one length, whose answer to NaN is NaN; and a running sum of
/// data that others check.
const ARITHMETIC: [&str; 15] = [
    "bernoulli_mixture::times_log",
    "bernoulli_mixture::check_heads",
    "errata::lecture_h::descent_to_no_minimum",
    "errata::lecture_h::descent_that_never_rests",
    "latent::counts",
    "Spread::add",
    "Spread::add_weighted",
    "Spread::n",
    "Spread::mean",
    "Spread::sd",
    "Spread::low",
    "Spread::high",
    "Spread::is_constant",
    "variational::special::digamma",
    "variational::special::ln_factorial_of",
];

/// Every file of the library but its guards, which all others call.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.file_name().is_some_and(|name| name != "check.rs") {
            found.push(path);
        }
    }
}

/// The type of an `impl` that rustfmt has laid out: `impl<M: Model> Trace<M> {` is of Trace.
fn type_of(line: &str) -> String {
    let mut depth = 0;
    let mut outside = String::new();
    for character in line.trim_start_matches("impl").trim_end_matches(" {").chars() {
        depth += i32::from(character == '<');
        if depth == 0 {
            outside.push(character);
        }
        depth -= i32::from(character == '>');
    }
    outside.trim().to_owned()
}

/// Functions by module, methods by type.
fn public_functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut paths, mut names) = (Vec::new(), BTreeSet::new());
    files(&root, &mut paths);
    for path in paths {
        let module = path.strip_prefix(&root).expect("a path there").with_extension("");
        let module = module.display().to_string().replace('/', "::").replace("::mod", "");
        let mut within = module.clone();
        for line in fs::read_to_string(&path).expect("a source").lines() {
            if line.starts_with("impl") {
                within = type_of(line);
            } else if line.starts_with('}') {
                within.clone_from(&module);
            }
            let line = line.trim_start().replace("pub const fn ", "pub fn ");
            if let Some(rest) = line.strip_prefix("pub fn ") {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                names.insert(format!("{within}::{name}"));
            }
        }
    }
    names
}

#[test]
fn every_public_function_is_called() {
    let public = public_functions();
    assert!(public.len() > 300, "only {} found", public.len());
    let mut called = BTreeSet::new();
    for (name, _) in CHAPTERS.concat() {
        assert!(called.insert(name.to_owned()), "{name} is called twice");
        // Methods of traits are no `pub fn`.
        let of_trait = name.contains(" of ");
        assert!(of_trait || public.contains(name), "there is no {name}");
    }
    let held = HOLDERS
        .iter()
        .flat_map(|(holder, names)| names.split(' ').map(move |name| format!("{holder}::{name}")));
    let excepted: BTreeSet<String> = held.chain(ARITHMETIC.map(str::to_owned)).collect();
    for name in &excepted {
        assert!(public.contains(name) && !called.contains(name), "{name} is no exception");
    }
    let forgotten: Vec<_> =
        public.iter().filter(|&name| !called.contains(name) && !excepted.contains(name)).collect();
    assert!(forgotten.is_empty(), "not called: {forgotten:?}");
}
