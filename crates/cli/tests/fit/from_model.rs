//! `--start model.json`: a fit that begins at a model.

use crate::FAITHFUL;
use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use crate::place::{Place, text};
use executable_em::em::Stopped;

/// Five sweeps and five more are ten; then on to the end.
#[test]
fn a_fit_goes_on_where_another_ended() {
    let place = Place::with(&[("x.csv", FAITHFUL)]);
    let begin = "fit x.csv -k 3 --restarts 1 --start random --tol 0";
    place.prints(&format!("{begin} --max-iter 10 --out ten.json"));
    place.prints(&format!("{begin} --max-iter 5 --out five.json"));
    let printed = place.prints("fit x.csv --start five.json --tol 0 --max-iter 5 --out more.json");
    assert!(printed.contains("          begun at the model in five.json\n"), "{printed}");
    // The components stand in another order in between, so the same sums of 272 terms are rounded otherwise, five
    // times.
    let bound = 5.0 * gamma(4 * 272) * 200.0;
    assert_matrices_within(place.gaussians("ten.json").means(), place.gaussians("more.json").means(), bound);
    let (five, more) = (place.saved("five.json"), place.saved("more.json"));
    assert!(more.log_likelihood > five.log_likelihood && more.stopped == Stopped::MaxSweeps);
    // On other data with the same columns in another order, with a floor, and with weights.
    let turned: String = FAITHFUL
        .lines()
        .map(|line| {
            let (one, other) = line.split_once(',').expect("two cells");
            let weight = if one == "eruptions" { "w" } else { "1" };
            format!("{weight},{other},{one}\n")
        })
        .collect();
    place.write("turned.csv", turned);
    for more in ["", "--weights w", "--weights 1 --stream", "--floor 1e-9 -k 3"] {
        let line = format!("fit turned.csv --start five.json --tol 0 --max-iter 5 --out again.json {more}");
        assert!(place.prints(&line).contains("(eruptions, waiting)"), "{more}");
        // 272 rows, summed in one order or another.
        assert_within(
            place.saved("again.json").log_likelihood,
            place.saved("more.json").log_likelihood,
            1e-9,
        );
    }
}

/// A model of coins says itself that it is one.
#[test]
fn coins_go_on_as_well() {
    let place = Place::with(&[("x.csv", "a,b\n3,1\n1,3\n0,3\n3,0\n3,1\n")]);
    place.prints("fit x.csv -k 2 --model bernoulli --flips 3 --max-iter 2 --tol 0 --out m.json");
    let printed = place.prints("fit x.csv --start m.json");
    assert!(printed.contains("a mixture of 2 coins, 3 flips an entry"), "{printed}");
}

/// Columns of other names take the model's places where somebody says so; one of its own in another's place is a slip.
#[test]
fn columns_that_are_named_stand_for_the_models() {
    let (_, rows) = FAITHFUL.split_once('\n').expect("a header");
    let place = Place::with(&[("x.csv", FAITHFUL), ("bare.csv", rows)]);
    place.write("other.csv", format!("a,b\n{rows}"));
    place.write("turned.csv", format!("waiting,b\n{rows}"));
    place.prints("fit x.csv -k 2 --max-iter 3 --tol 0 --out m.json");
    let on = |line: &str| place.prints(&format!("fit {line} --start m.json --max-iter 2 --tol 0"));
    let body =
        |text: &str| text[text.find("Fit").expect("a fit")..text.find("mean").expect("means")].to_owned();
    let expected = body(&on("x.csv"));
    for line in ["other.csv --columns a,b", "bare.csv --columns 1,2"] {
        assert_eq!(body(&on(line)), expected, "{line}");
    }
    on("other.csv --columns a,b --out o.json");
    assert_eq!(place.saved("o.json").columns, ["a", "b"]);
    let output = place.run("fit turned.csv --columns waiting,b --start m.json");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("gives waiting for the model's eruptions"));
}

/// What contradicts the model is named.
#[test]
fn contradictions_are_refused() {
    let place = Place::with(&[
        ("x.csv", FAITHFUL),
        ("other.csv", "a,b\n1,2\n3,5\n7,7\n"),
        ("bare.csv", "2,1\n3,5\n7,7\n"),
    ]);
    place.prints("fit x.csv -k 2 --out m.json");
    place.prints("fit x.csv -k 2 --model kmeans --out k.json");
    let contradicts = "contradicts the model to start at: m.json";
    for (line, code, error) in [
        ("x.csv --start m.json -k 3", 2, format!("-k {contradicts} has 2 components")),
        ("x.csv --start m.json -k 1..3", 2, format!("-k {contradicts} has 2 components")),
        (
            "x.csv --start m.json --covariance tied",
            2,
            format!("--covariance {contradicts} has full covariances"),
        ),
        (
            "x.csv --start m.json --model bernoulli",
            2,
            format!(
                "--model bernoulli {contradicts} is a mixture of \
        Gaussians"
            ),
        ),
        (
            "x.csv --start m.json --restarts 3",
            2,
            "--restarts has no meaning with a model to start at".to_owned(),
        ),
        (
            "x.csv --start m.json --standardize",
            2,
            "--standardize has no meaning with a model to start at".to_owned(),
        ),
        ("x.csv --start k.json", 1, "k.json: holds clusters of k-means, which have no density".to_owned()),
        ("x.csv --start no.json", 1, "no.json: No such file or directory (os error 2)".to_owned()),
        (
            "x.csv --start m.json --out m.json",
            2,
            "--out m.json is what is read (m.json): name another file".to_owned(),
        ),
        (
            "other.csv --start m.json",
            1,
            "other.csv: has no column eruptions, as the model has; there are a, b; name those to use with \
             --columns"
                .to_owned(),
        ),
        (
            "bare.csv --start m.json",
            1,
            "bare.csv: the model to start at has the columns eruptions, waiting, not x1, x2: say with --columns which \
             ones stand for these, in this order"
                .to_owned(),
        ),
        (
            "x.csv --start m.json --weights waiting",
            2,
            "x.csv: column 'waiting' is one of the model's, and no weight".to_owned(),
        ),
        ("x.csv", 2, "-k is missing: how many components?".to_owned()),
    ] {
        place.refuses(&format!("fit {line}"), code, &error);
    }
    assert!(text(&place.run("fit x.csv -k 2 --start nowhere").stderr).contains("or the file of a model"));
}
