//! The same data in every dress, on any number of threads, in memory or streamed.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use crate::place::{Place, csv, text};
use crate::{FAITHFUL, three_groups};
use executable_em::data;
use executable_em_engine::table::write_raw;
use std::io::Write;
use std::process::Stdio;

/// The same table gives the same fit in every dress, also through a pipe.
#[test]
fn a_table_is_fitted_in_every_usual_dress() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let expected = place.prints("fit faithful.csv -k 2 --restarts 1");
    let result = |printed: &str| printed.split_once('\n').expect("lines").1.to_owned();
    for (name, dressed) in [
        ("windows", format!("\u{feff}{}", FAITHFUL.replace('\n', "\r\n"))),
        ("semicolon", FAITHFUL.replace(',', ";")),
        ("tab", FAITHFUL.replace(',', "\t")),
        ("quotes", FAITHFUL.replace("eruptions,", "\"eruptions\",").replace(",79\n", ",\"79\"\n")),
        ("blanks", FAITHFUL.replace(',', " , ").replace("\n1.8", "\n\n1.8")),
    ] {
        place.write(name, dressed);
        assert_eq!(
            result(&place.prints(&format!("fit {name} -k 2 --restarts 1"))),
            result(&expected),
            "{name}"
        );
    }
    let mut child = place
        .command("fit - -k 2 --restarts 1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(FAITHFUL.as_bytes()).expect("room");
    let printed = text(&child.wait_with_output().expect("an end").stdout);
    assert!(printed.starts_with("Data      standard input: n = 272"));
    assert_eq!(result(&printed), result(&expected));

    // Without a header; a text column that makes the first line look like one; a header of years.
    place.write("bare", FAITHFUL.lines().skip(1).map(|line| format!("{line},e\n")).collect::<String>());
    let bare = place.prints("fit bare -k 2 --restarts 1 --columns 1,2");
    assert!(bare.contains("n = 272, d = 2 (x1, x2)\n"), "{bare}");
    assert!(place.prints("fit faithful.csv -k 1 --columns waiting").contains("n = 272, d = 1 (waiting)\n"));
    place.write("years", "2019,id\n1,a\n2,b\n4,c\n");
    assert!(place.prints("fit years -k 1 --columns 2019").contains("n = 3, d = 1 (2019)\n"));
}

/// The same bytes with one thread and two, and on every run.
#[test]
fn threads_change_nothing() {
    let (x, _) = three_groups().sample(20_000, &mut data::rng(2)).unwrap();
    let place = Place::with(&[("x.csv", &csv("a,b", &x))]);
    let outputs: Vec<[String; 3]> = ["--threads 1", "--threads 2", "--threads 2"]
        .into_iter()
        .map(|threads| {
            let line = "fit x.csv -k 3 --restarts 2 --out m.json --responsibilities r.csv";
            [place.prints(&format!("{line} {threads}")), place.read("m.json"), place.read("r.csv")]
        })
        .collect();
    assert!(outputs.iter().all(|output| *output == outputs[0]));
    assert_ne!(place.prints("fit x.csv -k 3 --restarts 1 --seed 2 --start random"), outputs[0][0]);
}

/// Streamed through a temporary file, from text or raw doubles: the same fit, but for the order of summation.
#[test]
fn streaming_changes_the_order_of_summation_only() {
    let (x, _) = three_groups().sample(40_000, &mut data::rng(3)).unwrap();
    let place = Place::with(&[("x.csv", &csv("a,b", &x))]);
    let mut bytes = Vec::new();
    write_raw(&x, &mut bytes).expect("room");
    place.write("x.f64", &bytes);
    let line = "-k 3 --restarts 1 --tol 0 --max-iter 2 --out m.json --responsibilities r.csv";
    for standardize in ["", "--standardize"] {
        place.prints(&format!("fit x.csv {line} {standardize}"));
        let (whole, fit, r) = (place.saved("m.json"), place.gaussians("m.json"), place.read("r.csv"));
        let printed = place.prints(&format!("fit x.csv --stream {line} {standardize}"));
        assert!(printed.starts_with("Data      x.csv: n = 40000, d = 2 (a, b), streamed\n"));
        let streamed = (place.saved("m.json"), place.read("r.csv"));
        // Two sweeps of sums of 40 000 terms of size 20 at most; the start is the same.
        let bound = 2.0 * gamma(2 * 40_000) * 20.0;
        assert_matrices_within(place.gaussians("m.json").means(), fit.means(), bound);
        assert_within(streamed.0.log_likelihood, whole.log_likelihood, 40_000.0 * bound);
        assert_eq!(streamed.1.lines().count(), r.lines().count());
        // The numbers come to the same bits from either file, whole or streamed.
        for (of, stream) in [(&whole, ""), (&streamed.0, "--stream")] {
            place.prints(&format!("fit x.f64 --dimension 2 {stream} {line} {standardize}"));
            assert_eq!(place.saved("m.json").model, of.model, "{stream}");
        }
    }
    // One round component in units of the spreads has their ratio, however many blocks they were taken from.
    place.prints("fit x.csv -k 1 --covariance spherical --standardize --out round.json");
    let round = place.gaussians("round.json");
    let variances = &round.covariances()[0];
    let ratio = x.column(0).variance() / x.column(1).variance();
    assert_within(variances[(0, 0)] / variances[(1, 1)], ratio, ratio * gamma(4 * 40_000));

    let second = place.prints("fit x.f64 --dimension 2 --columns 2 --stream -k 1");
    assert_eq!(second.replace("x.f64", "x.csv").replace("x2", " b"), {
        let printed = place.prints("fit x.csv --columns b --stream -k 1");
        printed.replace("(b)", "( b)")
    });
    assert_eq!(place.prints("predict m.json x.f64 --dimension 2"), place.read("r.csv"));

    place.write("short.f64", &bytes[..100]);
    let reason = "ends in the middle of a row of 2 doubles; is that the number in a row?";
    place.refuses("fit short.f64 --dimension 2 -k 1", 1, &format!("short.f64: {reason}"));
    place.write("inf.f64", [1.0, 2.0, 3.0, f64::INFINITY].map(f64::to_le_bytes).concat());
    place.refuses(
        "fit inf.f64 --dimension 2 -k 1",
        1,
        "inf.f64: row 2, column x2: found inf, expected a finite number, or NaN",
    );
    place.write("none.f64", []);
    place.refuses("fit none.f64 --dimension 2 -k 1", 1, "none.f64: holds no data");
}
