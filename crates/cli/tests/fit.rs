//! `fit`, `predict` and `sample` as a user meets them, held to the derivations.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod place;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use common::bounds::gamma;
use common::{assert_matrices_within, assert_within};
use executable_em::em::Stopped;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start};
use executable_em::latent::{self, Model};
use executable_em::{bound, data, em, selection};
use executable_em_engine::table::{BLOCK_ROWS, parse_csv, write_raw};
use executable_em_engine::{Mixture, SavedMixture};
use nalgebra::{DMatrix, dmatrix, dvector};
use place::{Place, csv, text};

const FAITHFUL: &str = include_str!("../../../src/data/old_faithful.csv");
const BLOBS: &str = include_str!("../../../src/data/blobs.csv");

fn three_groups() -> GaussianMixture {
    let covariances =
        vec![dmatrix![1.0, 0.6; 0.6, 2.0], dmatrix![3.0, -1.0; -1.0, 1.0], dmatrix![0.5, 0.0; 0.0, 0.7]];
    let means = dmatrix![0.0, 10.0; 4.0, 14.0; -3.0, 5.0];
    GaussianMixture::new(dvector![0.5, 0.3, 0.2], means, covariances, CovarianceFamily::Full)
        .expect("a mixture")
}

/// Two kinds of eruption; ℓ, weights and all criteria are those of the derivations.
#[test]
fn old_faithful_has_two_kinds_of_eruption() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let printed = place.prints("fit faithful.csv -k 2 --out model.json");
    for expected in [
        "Data      faithful.csv: n = 272, d = 2 (eruptions, waiting)\n",
        "Model     a mixture of 2 Gaussians, full covariances: 11 free parameters\n",
        "ℓ = -1130.264 nats, -4.155382 a datum; converged after ",
        "restart 2 of 12 (whitened k-means) won; 12 came to this ℓ\n",
        "Criteria  BIC 2322.192, AIC 2282.528, ICL 2323.581\n",
        "mean  weight  eruptions  waiting\n1     0.6441     4.2897   79.968\n2     0.3559     2.0364   54.479\n",
        "sd    eruptions  waiting\n1        0.4123    6.004\n2        0.2630    5.805\n",
        "correlation    eruptions·waiting\n1                         0.3800\n2                         0.2850\n",
        "\nModel in model.json\n",
    ] {
        assert!(printed.contains(expected), "{expected:?} is not in {printed}");
    }

    let (saved, model) = (place.saved("model.json"), place.gaussians("model.json"));
    let x = data::old_faithful();
    assert_eq!((saved.n, saved.seed, saved.stopped), (272, 1, Stopped::Converged));
    assert_eq!(saved.columns, ["eruptions", "waiting"]);
    assert_within(model.weights()[0], 0.6441, 5e-5);
    // ℓ is a sum of 272 terms, each below 12 and the work of some forty operations.
    let derived = model.log_likelihood(&x).expect("ℓ");
    assert_within(saved.log_likelihood, derived, gamma(272 + 40) * 272.0 * 12.0);
    // At rest: a sweep of the derivation gains no more than the tolerance and the rounding.
    let next = em::sweep(&model, &x).expect("a sweep").log_likelihood(&x).expect("ℓ");
    assert_within(next, derived, 272.0 * 1e-8 + 1e-9);

    let r = model.responsibilities(&x).expect("responsibilities");
    let entropy = bound::entropy(&r).expect("an entropy");
    let icl = selection::icl(derived, 11, 272, entropy).expect("ICL");
    assert!(printed.contains(&format!("ICL {icl:.3}")), "{icl} is not in {printed}");
}

/// The same, for the entropy of each family, which the program takes from sums: H = ℓ − Q.
#[test]
fn the_entropy_is_that_of_the_responsibilities() {
    let (x, _) = three_groups().sample(500, &mut data::rng(1)).unwrap();
    let place = Place::with(&[("x.csv", &csv("a,b", &x))]);
    for (family, parameters) in [("full", 17), ("tied", 11), ("diagonal", 14), ("spherical", 11)] {
        let printed =
            place.prints(&format!("fit x.csv -k 3 --covariance {family} --restarts 2 --out m.json"));
        let model = place.gaussians("m.json");
        assert_eq!(model.family().name(), family);
        assert_eq!(printed.contains("correlation"), matches!(family, "full" | "tied"));
        let entropy = bound::entropy(&model.responsibilities(&x).expect("r")).expect("an entropy");
        assert!(entropy > 1.0, "labels in doubt");
        let ell = model.log_likelihood(&x).expect("ℓ");
        let icl = selection::icl(ell, parameters, 500, entropy).expect("ICL");
        let criteria = selection::criteria(ell, parameters, 500).expect("criteria");
        let line = format!("Criteria  BIC {:.3}, AIC {:.3}, ICL {icl:.3}\n", criteria.bic, criteria.aic);
        assert!(printed.contains(&line), "{line} is not in {printed}");
    }
}

/// Of several k, the lowest of each criterion is marked, and the model saved is the choice of BIC.
#[test]
fn bic_finds_four_blobs() {
    let place = Place::with(&[("blobs.csv", BLOBS)]);
    let line = "fit blobs.csv -k 1..6 --columns x1,x2 --restarts 5 --out four.json --plot k.svg";
    let printed = place.prints(line);
    let rows: Vec<Vec<&str>> = printed.lines().take(7).map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["k", "ℓ", "p", "BIC", "AIC", "ICL"]);
    assert_eq!(rows[4], ["4", "-1264.859", "23", "2667.522*", "2575.718", "2678.777*"]);
    let marked: Vec<&str> = rows[1..].iter().filter(|row| row[3].ends_with('*')).map(|row| row[0]).collect();
    assert_eq!(marked, ["4"]);
    // AIC takes what it can get.
    let lowest =
        rows[1..].iter().min_by(|a, b| a[4].trim_end_matches('*').total_cmp(b[4].trim_end_matches('*')));
    assert!(lowest.is_some_and(|row| row[4].ends_with('*')));
    assert!(printed.contains("a mixture of 4 Gaussians"));
    assert_eq!(place.saved("four.json").model.k(), 4);
    let drawn = place.read("k.svg");
    for name in [">BIC<", ">AIC<", ">ICL<", "How many components?"] {
        assert!(drawn.contains(name), "{name}");
    }
    // Both ways to write a range say the same, and a range of one is no range.
    let of = |k: &str| place.prints(&format!("fit blobs.csv -k {k} --columns x1,x2 --restarts 2"));
    assert_eq!(of("2..=3"), of("2..3"));
    assert_eq!(of("2..2"), of("2"));
}

/// Decimal texts in the order of their numbers.
trait TotalCmp {
    fn total_cmp(&self, other: &str) -> std::cmp::Ordering;
}

impl TotalCmp for str {
    fn total_cmp(&self, other: &str) -> std::cmp::Ordering {
        let number = |text: &str| text.parse::<f64>().expect("a number");
        number(self).total_cmp(&number(other))
    }
}

/// What predict writes are the derivation's responsibilities, bit for bit, and fit writes the same.
#[test]
fn predictions_are_the_derivations() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    place.prints("fit faithful.csv -k 3 --restarts 2 --out m.json --responsibilities r.csv");
    let printed = place.prints("predict m.json faithful.csv");
    assert_eq!(printed, place.read("r.csv"));
    assert_eq!(place.prints("predict m.json faithful.csv --out p.csv"), "");
    assert_eq!(place.read("p.csv"), printed);

    let table = parse_csv(&printed).expect("a table");
    assert_eq!(table.names, ["label", "log_density", "r1", "r2", "r3"]);
    let (x, model) = (data::old_faithful(), place.gaussians("m.json"));
    assert!(model.weights()[0] >= model.weights()[1] && model.weights()[1] >= model.weights()[2], "sorted");
    let r = model.responsibilities(&x).expect("r");
    assert_eq!(table.values.columns(2, 3).into_owned(), r);
    let log_joint = model.log_joint(&x).expect("the log joint");
    assert_eq!(table.values.column(1), latent::log_marginals(&log_joint).expect("densities").column(0));
    for (i, label) in table.values.column(0).iter().enumerate() {
        assert_eq!(r[(i, *label as usize - 1)], r.row(i).max());
    }
}

/// Columns are found by the model's names; without names their order counts; others can be asked for.
#[test]
fn predict_finds_the_columns_by_name() {
    let place = Place::with(&[
        ("faithful.csv", FAITHFUL),
        ("turned.csv", "id,waiting,eruptions\na,79,3.6\nb,54,1.8\n"),
        ("bare.csv", "3.6,79\n1.8,54\n"),
        ("other.csv", "e,w\n3.6,79\n1.8,54\n"),
        ("wide.csv", "1,3.6,79\n2,1.8,54\n"),
        ("none.csv", "eruptions,waiting\n"),
    ]);
    place.prints("fit faithful.csv -k 2 --restarts 1 --out m.json");
    let expected = place.prints("predict m.json bare.csv");
    assert_eq!(expected.lines().count(), 3);
    for same in
        ["turned.csv", "other.csv --columns e,w", "wide.csv --columns 2,3", "turned.csv --columns 3,waiting"]
    {
        assert_eq!(place.prints(&format!("predict m.json {same}")), expected, "{same}");
    }
    let hint = "name those to use with --columns";
    let error = "other.csv: has no column eruptions, as the model has; there are e, w";
    place.refuses("predict m.json other.csv", 1, &format!("{error}; {hint}"));
    place.refuses(
        "predict m.json wide.csv",
        1,
        &format!("wide.csv: has 3 columns, but the model has 2; {hint}"),
    );
    place.refuses("predict m.json wide.csv --columns 1", 2, "--columns names 1 columns, but the model has 2");
    place.refuses("predict m.json nobody.csv", 1, "nobody.csv: No such file or directory (os error 2)");
    place.refuses("predict nothing.json bare.csv", 1, "nothing.json: No such file or directory (os error 2)");
    let output = place.run("predict m.json none.csv --out p.csv");
    assert_eq!(text(&output.stderr), "error: none.csv: holds no data\n");
    assert!(!place.names().iter().any(|name| name.contains("p.csv")), "nothing half-written");
}

/// Draws are the derivation's, in blocks or at once, and have the model's moments.
#[test]
fn draws_are_those_of_the_model() {
    let place = Place::with(&[]);
    let model = three_groups();
    let columns = vec!["length, mm".to_string(), "b".to_string()];
    let (log_likelihood, n, sweeps, stopped, seed) = (-1.5, 7, 3, Stopped::MaxSweeps, u64::MAX);
    let saved = Mixture::Gaussian(model.clone());
    let saved = SavedMixture { model: saved, columns, log_likelihood, n, sweeps, stopped, seed };
    place.write("m.json", saved.to_json());
    assert_eq!(place.saved("m.json"), saved);

    let n = BLOCK_ROWS + 10;
    let printed = place.prints(&format!("sample m.json -n {n} --seed 5 --labels"));
    let table = parse_csv(&printed).expect("a table");
    assert_eq!(table.names, ["length, mm", "b", "label"]);
    let (x, labels) = model.sample(n, &mut data::rng(5)).unwrap();
    assert_eq!(table.values.columns(0, 2).into_owned(), x);
    assert!(table.values.column(2).iter().zip(&labels).all(|(&found, &label)| found == label as f64 + 1.0));
    // Five standard errors of the mean.
    let covariance = model.covariance();
    for a in 0..2 {
        let error = (covariance[(a, a)] / n as f64).sqrt();
        assert_within(x.column(a).mean(), model.mean()[a], 5.0 * error);
    }
    assert_eq!(place.prints("sample m.json -n 3 --out s.csv"), "");
    assert_eq!(place.read("s.csv"), place.prints("sample m.json -n 3"));
    assert_ne!(place.prints("sample m.json -n 3 --seed 2"), place.prints("sample m.json -n 3"));
    assert_eq!(place.prints("sample m.json").lines().count(), 1001);
    place.refuses("sample m.json -n 0", 2, "-n is 0, but must be at least 1");
}

/// The fit of standardised data, brought back: means times the spreads, ℓ less n log volumes.
#[test]
fn standardizing_changes_the_units_and_nothing_else() {
    let x = data::old_faithful();
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let z = data::standardize(&x).expect("z");
    let spread: Vec<f64> = x.column_iter().map(|column| column.variance().sqrt()).collect();
    for (name, family, saved_family) in [
        ("full", CovarianceFamily::Full, CovarianceFamily::Full),
        ("tied", CovarianceFamily::Tied, CovarianceFamily::Tied),
        ("spherical", CovarianceFamily::Spherical, CovarianceFamily::Diagonal),
    ] {
        let line = "fit faithful.csv -k 2 --standardize --restarts 1 --tol 0 --max-iter 3 --out m.json";
        let printed = place.prints(&format!("{line} --covariance {name}"));
        assert!(printed.contains("fitted to columns of mean 0 and variance 1"));
        assert!(
            printed.contains("not converged after 3 sweeps") && printed.contains("raise --max-iter above 3")
        );
        let start = kmeans_start(&z, 2, family, &mut data::rng(1)).expect("a start");
        let model = (0..3).fold(start, |model, _| em::sweep(&model, &z).expect("a sweep"));
        let (saved, found) = (place.saved("m.json"), place.gaussians("m.json"));
        assert_eq!((found.family(), saved.stopped, saved.sweeps), (saved_family, Stopped::MaxSweeps, 3));
        // The larger weight comes first. Three sweeps of sums of 272 rounded terms, on data whose mean is five spreads.
        let order = if model.weights()[0] > model.weights()[1] { [0, 1] } else { [1, 0] };
        let bound = 3.0 * gamma(4 * 272) * 5.0;
        for (j, from) in order.into_iter().enumerate() {
            assert_within(found.weights()[j], model.weights()[from], bound);
            for a in 0..2 {
                let mean = x.column(a).mean() + spread[a] * model.means()[(from, a)];
                assert_within(found.means()[(j, a)], mean, bound * 100.0);
                for b in 0..2 {
                    let covariance = model.covariances()[from][(a, b)] * spread[a] * spread[b];
                    assert_within(found.covariances()[j][(a, b)], covariance, bound * 200.0);
                }
            }
        }
        let volume: f64 = spread.iter().map(|spread| spread.ln()).sum();
        let expected = model.log_likelihood(&z).expect("ℓ") - 272.0 * volume;
        assert_within(saved.log_likelihood, expected, 272.0 * 12.0 * bound);
        assert_within(saved.log_likelihood, found.log_likelihood(&x).expect("ℓ"), 272.0 * 12.0 * bound);
        let parameters =
            [11, 8, 7][["full", "tied", "spherical"].iter().position(|n| *n == name).expect("one")];
        assert!(printed.contains(&format!("{name} covariances: {parameters} free parameters")), "{printed}");
    }
}

/// Whatever is wrong with the data is said in one line that names the place and what to do.
#[test]
fn what_is_wrong_with_the_data_is_named() {
    let place = Place::with(&[
        ("missing.csv", "a,b,name\n1,2,x\n3,,y\n"),
        ("iris.csv", "5.1,3.5,setosa\n4.9,3.0,setosa\n6,2,virginica\n7,3,other\n"),
        ("comma.csv", "a;b\n1,5;2\n"),
        ("ragged.csv", "a,b\n1,2\n3\n"),
        ("constant.csv", "a,c\n1,3\n2,3\n4,3\n"),
        ("only.csv", "c\n3\n3\n"),
        ("two.csv", "a,b\n1,2\n3,4\n"),
        ("twins.csv", "a,a\n1,2\n3,4\n"),
        ("empty.csv", ""),
        ("header.csv", "a,b\n"),
        ("huge.csv", "a,b\n1,2\n1e400,2\n"),
        ("quotes.csv", "a,b\n\"1\"2,3\n"),
        ("open.csv", "a,note\n1,\"x\n2,y\n"),
    ]);
    place.write("latin.csv", b"a,b\n1,2\n1,\xff\n");
    place.write("line.csv", vec![b'1'; (1 << 24) + 1]);
    fs::create_dir(place.0.path().join("folder")).expect("a folder");
    let found = |file: &str, line: usize, column: &str, value: &str, advice: &str| {
        format!("{file}: line {line}, column {column}: found {value:?}, expected a finite number; {advice}")
    };
    for (line, error) in [
        ("missing.csv", found("missing.csv", 2, "3 (name)", "x", "leave the column out: --columns a,b")),
        ("iris.csv", found("iris.csv", 1, "3 (x3)", "setosa", "leave the column out: --columns 1,2")),
        ("comma.csv", found("comma.csv", 2, "1 (a)", "1,5", "write it with a decimal point")),
        ("huge.csv", found("huge.csv", 3, "1 (a)", "1e400", "leave the column out: --columns b")),
        ("ragged.csv", "ragged.csv: line 3, column 2 (b): found \"\", expected 2 cells on every line".to_owned()),
        (
            "constant.csv",
            "constant.csv: column c is constant (3): a Gaussian cannot have variance 0; leave it out: --columns a, or \
             set a --floor"
                .to_owned(),
        ),
        (
            "constant.csv --standardize --floor 1",
            "constant.csv: column c is constant (3): it has no spread to divide by; leave it out: --columns a"
                .to_owned(),
        ),
        (
            "only.csv",
            "only.csv: column c is constant (3): a Gaussian cannot have variance 0; set a --floor".to_owned(),
        ),
        ("two.csv -k 3", "k = 3 components for n = 2 data; k must lie between 1 and n".to_owned()),
        ("empty.csv", "empty.csv: holds no data".to_owned()),
        ("header.csv", "header.csv: holds no data".to_owned()),
        (
            "latin.csv",
            "latin.csv: line 3, column 2 (b): found \"\u{fffd}\", expected text in UTF-8".to_owned(),
        ),
        ("quotes.csv", found("quotes.csv", 2, "1 (a)", "\"1\"2", "leave the column out: --columns b")),
        (
            "open.csv --columns a",
            "open.csv: line 2, column 2 (note): found \"\\\"x\\n2,y\", expected a closing quote".to_owned(),
        ),
        ("line.csv", "line.csv: line 1 begins a record of more than 16 MiB; this is no table".to_owned()),
        ("nobody.csv", "nobody.csv: No such file or directory (os error 2)".to_owned()),
        ("folder", "folder: is a folder, not a file".to_owned()),
        ("-", "standard input: holds no data".to_owned()),
    ] {
        let k = if line.contains("-k") { "" } else { "-k 1" };
        place.refuses(&format!("fit {line} {k}"), 1, &error);
    }
    // Two data in two dimensions lie on a line.
    let output = place.run("fit two.csv -k 1");
    let error = text(&output.stderr);
    assert!(
        error.starts_with("error: k = 1: none of 12 restarts succeeded: covariance of component 0 is not"),
        "{error}"
    );
    assert!(
        error.ends_with(
            "there are too few rows: fewer components, another --covariance or a --floor can help\n"
        )
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(place.prints("fit two.csv -k 1 --floor 0.5").contains("converged"));
    assert!(
        place
            .prints("fit constant.csv -k 1 --floor 0.01")
            .contains("sd        a       c\n1     1.247  0.1000\n")
    );

    for (line, error) in [
        ("two.csv -k 1 --columns z", "two.csv: no column is named 'z'; there are a, b"),
        ("two.csv -k 1 --columns 3", "two.csv: no column is named '3'; there are a, b"),
        ("two.csv -k 1 --columns 0", "two.csv: no column is named '0'; there are a, b"),
        ("two.csv -k 1 --columns a,1", "two.csv: column '1' is asked for twice"),
        ("twins.csv -k 1 --columns a", "twins.csv: several columns are named 'a'; say which by number"),
        ("two.csv -k 1 --tol -1", "--tol is -1, but must be finite and ≥ 0"),
        ("two.csv -k 1 --tol NaN", "--tol is NaN, but must be finite and ≥ 0"),
        ("two.csv -k 1 --floor 0", "--floor is 0, but must be finite and > 0"),
        ("two.csv -k 1 --plot a.gif", "--plot a.gif: its name must end in .svg, .pdf or .png"),
        ("two.csv -k 1 --plot a.svg --out a.svg", "--out a.svg would be json, not svg"),
        (
            "two.csv -k 1 --responsibilities a --out ./a",
            "a is asked for twice, by --out and --responsibilities",
        ),
        ("two.f64 -k 1", "a .f64 file needs --dimension, the numbers in a row"),
    ] {
        place.refuses(&format!("fit {line}"), 2, error);
    }
    for line in [
        "two.csv",
        "two.csv -k 0",
        "two.csv -k 3..1",
        "two.csv -k 1..",
        "two.csv -k two",
        "two.csv -k 1 --restarts 0",
        "two.csv -k 1 --threads 0",
        "two.csv -k 1 --max-iter 0",
        "two.csv -k 1 --covariance round",
        "-k 1",
        "two.csv -k 1 --start nowhere",
        "two.csv -k 1 --dimension 0",
    ] {
        assert_eq!(place.run(&format!("fit {line}")).status.code(), Some(2), "{line}");
    }
}

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

/// A reader who has seen enough is no error, and nothing goes on writing for him.
#[test]
fn a_closed_pipe_ends_it() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    place.prints("fit faithful.csv -k 2 --restarts 1 --out m.json");
    for line in ["sample m.json -n 100000000", "fit faithful.csv -k 2 --restarts 1 --responsibilities r.csv"]
    {
        let mut child = place
            .command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take().map(|pipe| BufReader::new(pipe).lines().next()));
        let output = child.wait_with_output().expect("an end");
        assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)), "{line}");
    }
    assert_eq!(place.read("r.csv").lines().count(), 273, "files are written all the same");
}

/// Ctrl-C: the best so far is reported and saved as interrupted, other files stay as they were, none is half-written.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_fit_reports_the_best_so_far() {
    // Hundreds of restarts end before the signal, so the best of them is not the one that it breaks off.
    let place = Place::with(&[("x.csv", FAITHFUL), ("r.csv", "kept"), ("m.json", "old")]);
    let line = "fit x.csv -k 2 --restarts 4000000 --tol 0 --out m.json --responsibilities r.csv --plot p.svg";
    let mut child = place
        .command(line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // It listens from when the data are read: bit SIGINT − 1 of the signals that it catches.
    let status = format!("/proc/{}/status", child.id());
    let listens = || {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let mask =
            status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).map(str::to_owned);
        mask.and_then(|mask| u64::from_str_radix(&mask, 16).ok()).is_some_and(|mask| mask & 2 != 0)
    };
    while !listens() {
        assert!(child.try_wait().expect("a child").is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    let (mut printed, mut error) = (String::new(), String::new());
    child.stdout.take().expect("a pipe").read_to_string(&mut printed).expect("text");
    child.stderr.take().expect("a pipe").read_to_string(&mut error).expect("text");
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{error}");
    assert!(printed.contains("; interrupted after ") && printed.contains("Model in m.json"), "{printed}");
    assert_eq!(error, "interrupted\n");
    let saved = place.saved("m.json");
    assert_eq!((saved.stopped, saved.model.k(), saved.n), (Stopped::Interrupted, 2, 272));
    assert_eq!(place.read("r.csv"), "kept");
    assert_eq!(place.names(), ["m.json", "r.csv", "x.csv"]);
}

/// Where nothing can be written is said before the fit, and what was there stays.
#[test]
fn places_that_cannot_be_written_are_named_first() {
    let place = Place::with(&[("faithful.csv", FAITHFUL), ("file", "kept")]);
    fs::create_dir(place.0.path().join("folder")).expect("a folder");
    for option in ["--out", "--responsibilities"] {
        // The data would be an error, too, but later.
        let output = place.run(&format!("fit nobody.csv -k 2 {option} file/m"));
        let error = text(&output.stderr);
        assert!(error.starts_with("error: file/m: ") && error.lines().count() == 1, "{error}");
        assert_eq!(output.status.code(), Some(1));
        place.refuses(&format!("fit nobody.csv -k 2 {option} folder"), 1, "folder: is a directory");
    }
    place.refuses(
        "fit nobody.csv -k 2 --plot new/p.svg",
        1,
        "nobody.csv: No such file or directory (os error 2)",
    );
    assert_eq!(place.read("file"), "kept");
    assert_eq!(place.names(), ["faithful.csv", "file", "folder"], "no folder is left behind");
    let saved = place.prints("fit faithful.csv -k 1 --out new/deep/m.json");
    assert!(saved.ends_with("\nModel in new/deep/m.json\n"));
    assert_eq!(place.saved("new/deep/m.json").model.k(), 1);
}

/// Runs that fail are counted, runs that are cut short are told, components on too few data are pointed at.
#[test]
fn what_went_wrong_in_a_fit_is_told() {
    // Twenty data in one place, and twenty apart: a component may collapse onto the former.
    let x = DMatrix::from_fn(40, 1, |i, _| if i < 20 { 0.0 } else { i as f64 });
    let place = Place::with(&[("x.csv", &csv("a", &x)), ("faithful.csv", FAITHFUL)]);
    let printed = place.prints("fit x.csv -k 3 --start random --restarts 12");
    assert!(printed.contains(" failed, the first because the covariance of component "), "{printed}");
    let printed = place.prints("fit x.csv -k 3 --start random --restarts 12 --floor 0.01");
    assert!(!printed.contains("failed"), "{printed}");
    let printed = place.prints("fit faithful.csv -k 2 --max-iter 1");
    assert!(
        printed.contains("not converged after 1 sweep\n") && printed.contains("--max-iter above 1"),
        "{printed}"
    );
    // k = n: somebody stands alone.
    let few = place.run("fit faithful.csv -k 60 --restarts 3 --floor 1e-6");
    assert!(
        text(&few.stdout).contains("data: ℓ has no maximum where one collapses"),
        "{}",
        text(&few.stdout)
    );
    // Of several k, those that fail are passed over, in words.
    place.write("four.csv", "a,b\n0,0\n0,1\n1,0\n1,1\n");
    let output = place.run("fit four.csv -k 1..4");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("warning: k = "), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("1 Gaussian, "));
}

/// Tables say as much as fits on them: many columns in parts, correlations up to six dimensions.
#[test]
fn wide_tables_are_cut_into_parts() {
    let mut rng = data::rng(6);
    let wide = DMatrix::from_fn(60, 10, |_, a| {
        use rand::RngExt;
        1e12 * (a == 9) as u8 as f64 + rng.random_range(0.0..1.0)
    });
    let header = (1..=10).map(|a| format!("c{a}")).collect::<Vec<_>>().join(",");
    let place = Place::with(&[("wide.csv", &csv(&header, &wide))]);
    let printed = place.prints("fit wide.csv -k 1");
    assert!(printed.contains("d = 10 (c1, c2, c3, c4, c5, c6, c7, c8, …)"));
    assert!(
        printed.contains("The correlations are in the model's file") && !printed.contains("correlation  ")
    );
    assert_eq!(printed.lines().filter(|line| line.starts_with("mean")).count(), 2);
    // Beside 10¹² a spread of .3 is told from none.
    assert!(printed.contains("  1000000000000.") && !printed.contains("e12"), "{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 120), "{printed}");
    let six = place.prints("fit wide.csv -k 1 --columns 1,2,3,4,5,6");
    assert_eq!(six.lines().filter(|line| line.starts_with("correlation")).count(), 2, "15 pairs");
    let line = "fit wide.csv -k 1 --plot p.svg";
    let error = "a plot has room for 6 columns, not for 10: choose some with --columns, or leave out --plot";
    place.refuses(line, 1, error);
}

/// One column is a histogram, two a scatter, more a grid; each says how many data it shows.
#[test]
fn a_fit_is_drawn_by_its_dimension() {
    let model = three_groups();
    let (x, _) = model.sample(6000, &mut data::rng(7)).unwrap();
    let x = DMatrix::from_fn(6000, 3, |i, a| if a < 2 { x[(i, a)] } else { x[(i, 0)] + (i % 7) as f64 });
    let place = Place::with(&[("x.csv", &csv("sepal_length,b*,x3", &x))]);
    for (columns, dots) in [("1", 0), ("1,2", 3000), ("1,2,3", 9000)] {
        let line = format!("fit x.csv -k 2 --restarts 1 --columns {columns} --plot p.svg --threads 1");
        assert!(place.prints(&line).ends_with("Plot in p.svg\n"));
        let drawn = place.read("p.svg");
        assert!(drawn.contains(">3000 of 6000 data<") && drawn.contains(">sepal length<"), "{columns}");
        assert_eq!(drawn.matches("<circle").count(), dots, "{columns}");
        assert!(drawn.contains("<title>A mixture of 2 Gaussians</title>"));
        place.prints(&line);
        assert_eq!(place.read("p.svg"), drawn, "the same every time");
    }
    for (format, magic) in [("pdf", &b"%PDF-"[..]), ("png", b"\x89PNG\r\n\x1a\n")] {
        place.prints(&format!("fit x.csv -k 1 --restarts 1 --columns 1,2 --plot p.{format}"));
        assert!(fs::read(place.0.path().join(format!("p.{format}"))).expect("the file").starts_with(magic));
    }
}

/// A file that an earlier version has written is read, and written again byte for byte.
#[test]
fn a_model_is_written_as_ever() {
    let gaussian = r#"{
  "format": 1,
  "kind": "gaussian_mixture",
  "made_by": "executable-em 0.1.0",
  "family": "full",
  "columns": ["big", "tiny"],
  "k": 1,
  "d": 2,
  "weights": [1.0],
  "means": [
    [1.6e17, 3.2177500000000002e-6]
  ],
  "covariances": [
    [[1.505e34, 444510000000.00006], [444510000000.00006, 2.8739310187500004e-11]]
  ],
  "log_likelihood": -118.97872102864105,
  "n": 4,
  "sweeps": 1,
  "stopped": "converged",
  "seed": 1
}
"#;
    let coins = r#"{
  "format": 1,
  "kind": "bernoulli_mixture",
  "made_by": "executable-em 0.1.0",
  "flips": 10,
  "columns": ["heads"],
  "k": 2,
  "d": 1,
  "weights": [0.5999945508754854, 0.40000544912451463],
  "biases": [
    [0.9000004833349668],
    [0.1500094919832914]
  ],
  "log_likelihood": -21.571698014822136,
  "n": 5,
  "sweeps": 4,
  "stopped": "max_sweeps",
  "seed": 1
}
"#;
    for text in [gaussian, coins] {
        let written = SavedMixture::from_json(text).expect("a model").to_json();
        assert_eq!(written.replace(env!("CARGO_PKG_VERSION"), "0.1.0"), text);
    }
    let Mixture::Gaussian(model) = SavedMixture::from_json(gaussian).expect("a model").model else {
        panic!("Gaussians")
    };
    let expected = [1.505e34, 444510000000.00006, 444510000000.00006, 2.8739310187500004e-11];
    assert_eq!(model.covariances()[0].as_slice(), expected);
}

/// A model's file that was edited by hand or cut off is refused, and the place is named.
#[test]
fn a_broken_model_is_refused_by_place() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let covariances = vec![dmatrix![1.0, 0.5; 0.5, 2.0], dmatrix![3.0, 0.0; 0.0, 0.25]];
    let means = dmatrix![0.1, 1e-300; -7.0, 1e300];
    let saved = SavedMixture {
        model: Mixture::Gaussian(
            GaussianMixture::new(dvector![0.25, 0.75], means, covariances, CovarianceFamily::Full)
                .expect("one"),
        ),
        columns: vec!["a\"b".to_string(), "ü\n".to_string()],
        log_likelihood: -0.1 - 0.2,
        n: 272,
        sweeps: 12,
        stopped: Stopped::Interrupted,
        seed: 1 << 60,
    };
    let good = saved.to_json();
    assert_eq!(SavedMixture::from_json(&good).expect("a model"), saved);
    for (from, to, error) in [
        (
            "0.25, 0.75",
            "0.25, 0.85",
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        ("0.25, 0.75", "0.25", "weights: found a list of 1, expected one of 2"),
        (
            "0.25, 0.75",
            "0.25, \"x\"",
            "weights[1]: invalid type: string \"x\", expected f64 at line 9 column ",
        ),
        ("[0.1, 1e-300]", "[0.1]", "means[0]: found a list of 1, expected one of 2"),
        ("[0.1, 1e-300]", "[0.1, null]", "means[0][1]: invalid type: null, expected f64 at line 11 column "),
        ("[0.5, 2.0]", "[0.5, 0.1]", "covariance of component 0 is not positive definite"),
        ("[0.5, 2.0]", "[0.4, 2.0]", "covariance: entries (1, 0) and (0, 1) differ"),
        ("\"full\"", "\"diagonal\"", "covariance of component 0 is not diagonal"),
        ("\"full\"", "\"round\"", "family: found \"round\", expected full, tied, diagonal or spherical"),
        (
            "\"format\": 1",
            "\"format\": 2",
            "format: found 2, expected 1, the only format that this version reads",
        ),
        (
            "gaussian_mixture",
            "kmeans",
            "kind: unknown variant `kmeans`, expected `gaussian_mixture` or `bernoulli_mixture` at line 3 ",
        ),
        (
            "\"interrupted\"",
            "\"tired\"",
            "stopped: unknown variant `tired`, expected one of `converged`, `max_sweeps`, `fell`, `interrupted` at line ",
        ),
        ("\"n\": 272", "\"n\": -1", "n: invalid value: integer `-1`, expected usize at line 19 "),
        (
            "\"seed\": 1152921504606846976",
            "\"seed\": 0.5",
            "seed: invalid type: floating point `0.5`, expected u64 at line 22 ",
        ),
        ("  \"sweeps\": 12,\n", "", "document: missing field `sweeps` at line 22 "),
        (
            "\"sweeps\": 12",
            "\"sweeps\": 12, \"sweeps\": 13",
            "document: duplicate field `sweeps` at line 20 ",
        ),
        (
            "\"sweeps\": 12",
            "\"sweeps\": 12, \"sweps\": 13",
            "sweps: unknown field `sweps`, expected one of `format`, ",
        ),
        (
            "\"sweeps\": 12",
            "\"sweeps\": 12, \"flips\": 13",
            "document: a gaussian_mixture has family, means and ",
        ),
        (
            "\"family\": \"full\",",
            "",
            "document: a gaussian_mixture has family, means and covariances, a bernoulli",
        ),
        ("\"a\\\"b\"", "7", "columns[0]: invalid type: integer `7`, expected a string at line 6 "),
        ("\"k\": 2", "\"k\": 3", "weights: found a list of 2, expected one of 3"),
        ("1e300", "1e999", "means[1][1]: number out of range at line 12 "),
        ("}\n", "", "document: EOF while parsing an object at line 23 "),
        ("}\n", "}}\n", "document: trailing characters at line 23 column 2"),
    ] {
        assert!(good.contains(from), "{from}");
        place.write("m.json", good.replacen(from, to, 1));
        let output = place.run("predict m.json faithful.csv");
        let found = text(&output.stderr);
        assert!(found.starts_with(&format!("error: m.json: {error}")), "{found}");
        assert_eq!(
            (output.status.code(), output.stdout.len(), found.lines().count()),
            (Some(1), 0, 1),
            "{found}"
        );
    }
    for (text, error) in [
        ("7", "document: invalid type: integer `7`, expected a fitted mixture at line 1 column 1"),
        ("[1, 2]", "[1]: expected value at line 1 column 5"),
        (
            "{\"format\": 2, \"more\"",
            "format: found 2, expected 1, the only format that this version reads at line 1 column 12",
        ),
    ] {
        place.write("m.json", text);
        place.refuses("sample m.json", 1, &format!("m.json: {error}"));
    }
}

/// Each command says what it does in a few lines, with an example for each kind of use.
#[test]
fn help_shows_examples() {
    let place = Place::with(&[]);
    for (command, count) in [("fit", 6), ("predict", 2), ("impute", 2), ("sample", 2)] {
        let help = place.prints(&format!("{command} --help"));
        let (_, examples) = help.split_once("Examples:\n").expect("examples");
        assert_eq!(examples.matches(&format!("executable-em {command} ")).count(), count, "{help}");
        assert!(help.lines().count() < 170);
    }
    assert!(Path::new(env!("CARGO_BIN_EXE_executable-em")).exists());
}
