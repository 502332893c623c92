//! Entries, options and models that make no coins.

use crate::place::{Place, text};
use crate::{NAMES, draws, three_coins, two_coins};
use executable_em::em::Stopped;
use executable_em_engine::table::{BLOCK_ROWS, write_raw};
use executable_em_engine::{Mixture, SavedMixture};
use nalgebra::DMatrix;

/// An entry that counts no heads is named by file, line, column and text, also where the model says how many flips.
#[test]
fn an_entry_that_counts_no_heads_is_named() {
    let (_, table) = draws(&two_coins(), 50, "heads");
    let place = Place::with(&[
        ("heads.csv", &table),
        ("half.csv", "a,b\n1,0\n0,1\n0.5,1\n"),
        ("minus.csv", "a,b\n1,0\n0,-1\n"),
        ("bare.csv", "1,0\n0,11\n"),
        ("missing.csv", "a\n1\n\"\"\n"),
    ]);
    let one = "expected 0 or 1; for counts of heads, fit has --flips";
    let ten = "expected a whole number from 0 to 10, the heads of 10 flips";
    for (line, error) in [
        ("half.csv", format!("half.csv: line 4, column 1 (a): found \"0.5\", {one}")),
        ("half.csv --flips 10", format!("half.csv: line 4, column 1 (a): found \"0.5\", {ten}")),
        ("minus.csv", format!("minus.csv: line 3, column 2 (b): found \"-1\", {one}")),
        ("minus.csv --columns b --flips 10", format!("minus.csv: line 3, column 2 (b): found \"-1\", {ten}")),
        ("bare.csv --flips 10", format!("bare.csv: line 2, column 2 (x2): found \"11\", {ten}")),
        ("bare.csv -k 3", "bare.csv: k = 3 components for n = 2 data; k must lie between 1 and n".to_owned()),
    ] {
        let line = if line.ends_with("-k 3") { "bare.csv --flips 11 -k 3" } else { &format!("{line} -k 1") };
        place.refuses(&format!("fit {line} --model bernoulli"), 1, &error);
    }
    let output = place.run("fit missing.csv -k 1 --model bernoulli");
    assert!(text(&output.stderr).starts_with("error: missing.csv: line 3, column 1 (a): found \"\""));

    // In a later block, raw and through predict.
    let mut x = DMatrix::zeros(BLOCK_ROWS + 5, 2);
    x[(BLOCK_ROWS + 2, 1)] = 3.0;
    let mut bytes = Vec::new();
    write_raw(&x, &mut bytes).expect("room");
    place.write("x.f64", bytes);
    let error = format!("x.f64: row {}, column x2: found 3, {one}", BLOCK_ROWS + 3);
    place.refuses("fit x.f64 --dimension 2 -k 1 --model bernoulli", 1, &error);
    place.prints("fit x.f64 --dimension 2 --flips 3 -k 1 --model bernoulli --out m.json");
    x[(BLOCK_ROWS + 2, 1)] = f64::NAN;
    let mut bytes = Vec::new();
    write_raw(&x, &mut bytes).expect("room");
    place.write("x.f64", bytes);
    let error = format!("x.f64: row {}, column x2: found NaN, expected a finite number", BLOCK_ROWS + 3);
    place.refuses("fit x.f64 --dimension 2 -k 1 --model bernoulli --flips 3", 1, &error);
    let output = place.run("predict m.json x.f64 --dimension 2 --out p.csv");
    assert_eq!((text(&output.stderr), output.status.code()), (format!("error: {error}\n"), Some(1)));
    // The first column never showed heads: a draw that does contradicts the coin.
    place.write("new.csv", "0,0\n".repeat(BLOCK_ROWS + 1) + "1,0\n");
    assert!(!place.names().iter().any(|name| name.contains("p.csv")), "nothing half-written");
    let output = place.run("predict m.json new.csv --out p.csv");
    let row = BLOCK_ROWS + 2;
    let warning =
        format!("warning: row {row}: probability zero under every component: no label, log density -inf\n");
    assert_eq!((text(&output.stderr), output.status.code()), (warning, Some(0)));
    assert_eq!(place.read("p.csv").lines().last(), Some(",-inf,"));
    place.refuses(
        "fit new.csv --start m.json",
        1,
        &format!(
            "k = 1: none of 1 restarts succeeded: datum {row} has probability zero under every component"
        ),
    );
}

/// Options that say something about Gaussians only are refused, and the flips of no coins.
#[test]
fn options_without_meaning_are_refused() {
    let (_, table) = draws(&three_coins(), 100, NAMES);
    let place = Place::with(&[("flips.csv", &table)]);
    for option in ["--covariance full", "--start kmeans", "--standardize", "--floor 0.1"] {
        let name = option.split(' ').next().expect("a name");
        let error = format!("{name} has no meaning with --model bernoulli");
        place.refuses(&format!("fit flips.csv -k 2 --model bernoulli {option}"), 2, &error);
    }
    let error = "--flips has no meaning without --model bernoulli";
    place.refuses("fit flips.csv -k 2 --flips 2", 2, error);
    for line in ["--flips 0 --model bernoulli", "--flips 1.5 --model bernoulli", "--model poisson"] {
        assert_eq!(place.run(&format!("fit flips.csv -k 2 {line}")).status.code(), Some(2), "{line}");
    }
    // A column of one side only is no trouble.
    place.write("constant.csv", "a,b\n0,1\n1,1\n1,1\n");
    let printed = place.prints("fit constant.csv -k 1 --model bernoulli");
    assert!(printed.ends_with("bias  weight       a       b\n1     1.0000  0.6667  1.0000\n"), "{printed}");
    assert!(printed.contains("ICL ") && !printed.contains("NaN"), "{printed}");
}

/// A model's file that was edited by hand is refused, and the place is named.
#[test]
fn a_broken_model_is_refused_by_place() {
    let place = Place::with(&[("flip.csv", "a\n1\n0\n")]);
    let saved = SavedMixture {
        model: Mixture::Bernoulli(two_coins()),
        columns: vec!["a".to_owned()],
        log_likelihood: -1.5,
        n: 50,
        sweeps: 2,
        stopped: Stopped::Converged,
        seed: 1,
    };
    let good = saved.to_json();
    for (from, to, error) in [
        ("[0.8]", "[1.8]", "biases: entry (1, 1) is 1.8, but must be between 0 and 1"),
        ("[0.8]", "[0.8, 0.7]", "biases[0]: found a list of 2, expected one of 1"),
        ("\"flips\": 10", "\"flips\": 0", "flips a draw is 0, but must be ≥ 1"),
        (
            "\"flips\": 10",
            "\"flips\": 1.5",
            "flips: invalid type: floating point `1.5`, expected usize at line 5 ",
        ),
        ("0.6, 0.4", "0.6, 0.5", "weights: row 1 is no probability vector"),
        (
            "bernoulli_mixture",
            "gaussian_mixture",
            "document: a gaussian_mixture has family, means and covariances or variances, a student_mixture these \
             and degrees, ",
        ),
        (
            "bernoulli_mixture",
            "coins",
            "kind: unknown variant `coins`, expected one of `gaussian_mixture`, `bernoulli_mixture`, \
             `student_mixture` ",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        place.write("m.json", good.replacen(from, to, 1));
        for command in ["predict m.json flip.csv", "sample m.json"] {
            let output = place.run(command);
            let found = text(&output.stderr);
            assert!(found.starts_with(&format!("error: m.json: {error}")), "{found}");
            assert_eq!((output.status.code(), output.stdout.len(), found.lines().count()), (Some(1), 0, 1));
        }
    }
}
