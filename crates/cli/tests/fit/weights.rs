//! Data weights: a datum of weight w counts as w equal data.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use crate::place::{Place, csv, text};
use crate::{FAITHFUL, three_groups};
use executable_em::data;
use nalgebra::{DMatrix, DVector};
use std::fs::File;

/// A table with whole weights from 0 to 4, and the same with its rows repeated.
fn twins(x: &DMatrix<f64>, names: &str) -> [String; 2] {
    let times = |i: usize| (i * 7) % 5;
    let weights = DVector::from_fn(x.nrows(), |i, _| times(i) as f64);
    let beside = |at: usize| x.clone().insert_column(at, 0.0);
    let mut weighted = beside(0);
    weighted.set_column(0, &weights);
    let rows: Vec<usize> = (0..x.nrows()).flat_map(|i| vec![i; times(i)]).collect();
    [csv(&format!("count,{names}"), &weighted), csv(names, &x.select_rows(&rows))]
}

/// The very fit of the repeated table: the starts are the same, the sweeps differ by the order of summation.
#[test]
fn whole_weights_are_rows_repeated() {
    let (x, _) = three_groups().sample(400, &mut data::rng(4)).unwrap();
    let [weighted, repeated] = twins(&x, "a,b");
    let place = Place::with(&[("w.csv", &weighted), ("r.csv", &repeated)]);
    let line = "-k 3 --restarts 2 --tol 0 --max-iter 3";
    for more in ["", "--stream", "--covariance tied", "--standardize", "--floor 0.5"] {
        let printed = place.prints(&format!("fit w.csv --weights count {line} {more} --out w.json"));
        let streamed = if more == "--stream" { ", streamed" } else { "" };
        let head = format!(
            "Data      w.csv: n = 400, d = 2 (a, b){streamed}\n          weighted by count; the weights' sum, 800, \
             is the n \
             of all that follows\n"
        );
        assert!(printed.starts_with(&head), "{printed}");
        let expected = place.prints(&format!("fit r.csv {line} {more} --out r.json"));
        // All that is printed, to the last digit: ℓ, the criteria, the parameters.
        let body = |text: &str| text[text.find("Model").expect("a model")..].replace("w.json", "r.json");
        assert_eq!(body(&printed), body(&expected), "{more}");
        // Three sweeps of sums of at most 800 terms of size 20.
        let bound = 3.0 * gamma(4 * 800) * 20.0;
        let (one, other) = (place.gaussians("w.json"), place.gaussians("r.json"));
        assert_matrices_within(one.means(), other.means(), bound);
        let (one, other) = (place.saved("w.json"), place.saved("r.json"));
        assert_within(one.log_likelihood, other.log_likelihood, 800.0 * bound);
        assert_eq!((one.n, one.columns, other.n), (400, vec!["a".to_owned(), "b".to_owned()], 800));
    }
    // By number, and beside columns that are asked for; what is predicted is of all rows.
    let by_name = place.prints(&format!("fit w.csv --weights count {line}"));
    assert_eq!(place.prints(&format!("fit w.csv --weights 1 {line}")), by_name);
    for columns in ["a,b", "count,a,b", "1..3", "a,1,b"] {
        assert_eq!(place.prints(&format!("fit w.csv --weights count --columns {columns} {line}")), by_name);
    }
    place.prints(&format!("fit w.csv --weights count {line} --responsibilities p.csv"));
    assert_eq!(place.read("p.csv").lines().count(), 401);
}

/// Coins, too; and clusters.
#[test]
fn coins_and_clusters_have_weights_as_well() {
    let x = DMatrix::from_fn(200, 4, |i, a| f64::from(u8::from((i * (a + 3) + i / 7) % 5 < 2 + i % 2)));
    let [weighted, repeated] = twins(&x, "a,b,c,d").map(|table| table.replace(".0", ""));
    let place = Place::with(&[("w.csv", &weighted), ("r.csv", &repeated)]);
    for line in [
        "--model bernoulli -k 2 --restarts 3",
        "--model kmeans -k 3",
        "--model bernoulli -k 2 --stream --restarts 1",
    ] {
        let printed = place.prints(&format!("fit w.csv --weights count {line}"));
        let expected = place.prints(&format!("fit r.csv {line}"));
        let body = |text: &str| text[text.find("Model").expect("a model")..].to_owned();
        assert_eq!(body(&printed), body(&expected), "{line}");
    }
}

/// Weights that are none are refused by line; shares that sum to one are weights like others.
#[test]
fn weights_that_are_none_are_refused() {
    let place = Place::with(&[
        ("minus.csv", "a,w\n1,1\n2,-0.5\n3,1\n"),
        ("nan.csv", "a,w\n\n1,1\n\n2, NA\n3,1\n"),
        ("zero.csv", "a,w\n1,0\n2,0\n3,0\n"),
        ("huge.csv", "a,w\n1,1e308\n2,1e308\n3,1e308\n"),
        ("tiny.csv", "a,w\n1,5e-324\n2,5e-324\n3,5e-324\n"),
        ("shares.csv", "a,w\n1,0.5\n2,0.25\n4,0.25\n"),
        ("only.csv", "w\n1\n2\n"),
        ("twins.csv", "a,w,w\n1,2,3\n2,3,4\n"),
    ]);
    for (line, code, error) in [
        (
            "minus.csv --weights w",
            1,
            "minus.csv: line 3, column 2 (w): found \"-0.5\", expected a weight, which is 0 or more; 0 leaves a datum \
             out",
        ),
        ("zero.csv --weights w", 1, "zero.csv: column w: every weight is 0"),
        (
            "huge.csv --weights w --model kmeans",
            1,
            "huge.csv: column w: the sum of the weights is no number: scale them down",
        ),
        (
            "tiny.csv --weights w",
            1,
            "tiny.csv: column w: the weights sum to 1.5e-323, by which nothing can be divided: scale them up",
        ),
        (
            "shares.csv --weights v",
            2,
            "shares.csv: no column is named 'v', as --weights says; there are a, w",
        ),
        ("shares.csv --weights w --columns a,w,2", 2, "shares.csv: column '2' is asked for twice"),
        (
            "twins.csv --weights w --columns a",
            2,
            "twins.csv: several columns are named 'w'; say which by number",
        ),
        ("only.csv --weights w", 2, "only.csv: beside the weights there is no column to fit"),
    ] {
        place.refuses(&format!("fit {line} -k 1"), code, error);
    }
    // Weights have no gaps, where cells may be missing and where they may not.
    let expected = "expected a weight, which is 0 or more; 0 leaves a datum out";
    place.refuses(
        "fit nan.csv --weights w -k 1",
        1,
        &format!("nan.csv: line 5, column 2 (w): found \"NA\", {expected}"),
    );
    let expected = "expected a finite number; a weight is 0 or more, and 0 leaves a datum out";
    for model in ["student", "kmeans"] {
        place.refuses(
            &format!("fit nan.csv --weights w -k 1 --model {model}"),
            1,
            &format!("nan.csv: line 5, column 2 (w): found \"NA\", {expected}"),
        );
    }
    place.write("gap.csv", "a,w\n1,1\nNA,2\n3,1\n");
    let told = text(&place.run("fit gap.csv --weights w -k 1 --model student").stderr);
    assert!(told.ends_with("only Gaussians do without: fill it in, or delete the line\n"), "{told}");
    // What is read once has rows only.
    let input = place
        .command("fit - --weights w -k 1")
        .stdin(File::open(place.0.path().join("minus.csv")).expect("a file"))
        .output();
    let told = text(&input.expect("the program starts").stderr);
    assert!(
        told.starts_with("error: standard input: row 2, column w: found -0.5, expected a weight"),
        "{told}"
    );
    // The mean of ½, ¼, ¼ is 2 and the variance 1.5: ℓ = −½(log 3π + 1). The sum of the weights is 1: BIC charges
    // nothing.
    let printed = place.prints("fit shares.csv --weights w -k 1");
    let note = "Note      the weights sum to 1.000000, fewer data than the 2 parameters: the criteria take them for \
                counts";
    assert!(printed.contains(note), "{printed}");
    for expected in
        ["the weights' sum, 1, is the n", "1     1.0000  2.000\n", "ℓ = -1.622 nats", "BIC 3.243,"]
    {
        assert!(printed.contains(expected), "{printed}");
    }
}

/// Old Faithful with the same weight for all: it changes ℓ a datum as little as the search for its maximum.
#[test]
fn weights_that_sum_to_little_change_no_fit() {
    let place = Place::with(&[("x.csv", FAITHFUL)]);
    for weight in ["0.003", "0.00001"] {
        let with = |(i, line)| format!("{line},{}", if i == 0 { "w" } else { weight });
        let weighted = FAITHFUL.lines().enumerate().map(with).collect::<Vec<_>>().join("\n");
        place.write("w.csv", weighted);
        for (options, expected) in [
            ("-k 3", "-4.097205 a datum"),
            ("-k 3 --stream", "-4.097205 a datum"),
            ("-k 2 --model kmeans --standardize", "85.4 % of all"),
            ("-k 2 --model kmeans", "82.4 % of all"),
        ] {
            let printed = place.prints(&format!("fit w.csv --weights w {options}"));
            assert!(printed.contains(expected), "{weight}, {options}: {printed}");
            assert!(!printed.contains("rests on") && !printed.contains("empty"), "{printed}");
            assert!(place.prints(&format!("fit x.csv {options}")).contains(expected), "{options}");
        }
    }
}

/// Three blocks of four data, the first datum as heavy as ten thousand: it must not take the place of two blocks.
#[test]
fn a_heavy_datum_hides_no_others() {
    let blocks = [(0, 0), (20, 0), (0, 20)];
    let rows = blocks.iter().flat_map(|(a, b)| [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(c, d)| (a + c, b + d)));
    let place = Place::with(&[]);
    for weight in ["4990", "10000", "500.5", "1e12"] {
        let weight_of = |i: usize| if i == 0 { weight } else { "1" };
        let lines = rows.clone().enumerate().map(|(i, (a, b))| format!("{a},{b},{}", weight_of(i)));
        place.write("x.csv", format!("a,b,w\n{}", lines.collect::<Vec<_>>().join("\n")));
        let printed = place.prints("fit x.csv --weights w -k 3 --model kmeans");
        // Each of two blocks has squares of 2 about its middle, the third of 4 about its corner, but for what its
        // other three data pull at the mean.
        let j: f64 =
            printed.split("J = ").nth(1).and_then(|rest| rest.split(',').next()).unwrap().parse().unwrap();
        let heavy: f64 = weight.parse().unwrap();
        assert_within(j, 8.0 - 8.0 / (heavy + 3.0), 1e-5);
    }
}

/// A row that shows nothing is no datum of the criteria, whatever it weighs: the n that is named is theirs.
#[test]
fn rows_that_show_nothing_are_not_in_the_n_that_is_named() {
    let rows = "1,5,2\n2,3,1\n,,3\n4,4,2\n3,1,1\n";
    let place = Place::with(&[("x.csv", &format!("a,b,w\n{rows}"))]);
    place.write("seen.csv", format!("a,b,w\n{}", rows.replace(",,3\n", "")));
    let printed = place.prints("fit x.csv -k 1 --weights w");
    let head = "          weighted by w; the weights' sum without the rows that show nothing, 6, is the n of all that \
                follows\n";
    assert!(printed.contains(head), "{printed}");
    let criteria =
        |printed: &str| printed.lines().find(|line| line.starts_with("Criteria")).map(str::to_owned);
    let seen = place.prints("fit seen.csv -k 1 --weights w");
    assert!(seen.contains("the weights' sum, 6, is the n"), "{seen}");
    assert_eq!(criteria(&printed), criteria(&seen));
}

/// What weighs nothing is left out, however far out it lies; a row is predicted for it all the same.
#[test]
fn rows_that_weigh_nothing_decide_nothing() {
    let rows = |more: &str| {
        let row = |(i, line)| format!("{line},{}\n", if i == 0 { "w" } else { "1" });
        FAITHFUL.lines().enumerate().map(row).collect::<String>() + more
    };
    let place = Place::with(&[("x.csv", &rows("")), ("z.csv", &rows("1e200,5,0\n-1e155,1e200,0\n"))]);
    for options in [
        "-k 2",
        "-k 2 --stream",
        "-k 2 --covariance diagonal",
        "-k 2 --standardize",
        "-k 2 --model student",
        "-k 3 --model kmeans",
    ] {
        let printed = place.prints(&format!("fit z.csv {options} --weights w"));
        let without = place.prints(&format!("fit x.csv {options} --weights w"));
        let body = |text: &str| text[text.find("Model  ").expect("a model")..].to_owned();
        assert_eq!(body(&printed), body(&without), "{options}");
        assert!(printed.contains("n = 274") && printed.contains("the weights' sum, 272, is"), "{printed}");
    }
    let output = place.run("fit z.csv -k 2 --weights w --responsibilities r.csv");
    let warning =
        "warning: row 273 and 1 more: probability zero under every component: no label, log density -inf\n";
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), (warning, Some(0)));
    assert_eq!(place.read("r.csv").lines().count(), 275);
    place.refuses(
        "fit z.csv -k 273 --weights w",
        1,
        "z.csv: k = 273 components for n = 272 data; k must lie between 1 and n",
    );
}
