//! `fit`, `predict` and `impute` on tables with missing cells, held to an independent implementation (numpy, scipy) and
//! to the derivations.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod place;

use common::assert_within;
use executable_em::data;
use executable_em::incomplete::{Incomplete, mixture};
use executable_em_engine::table::write_raw;
use nalgebra::DMatrix;
use place::{Place, text};

/// Where no cell may be missing, what the message advises is done step by step, and then the table is fitted.
#[test]
fn advice_about_gaps_leads_to_a_fit() {
    let place = Place::with(&[
        ("x.csv", "a,b,c\n1,NA,1\n0,1,NA\n0,1,0\n1,1,0\n1,0,1\n"),
        ("gap.csv", "a,b\n1,0\n,1\n"),
    ]);
    let missing = "expected a finite number; a missing value, and only Gaussians do without";
    for model in ["student", "kmeans", "bernoulli"] {
        let line = format!("fit x.csv -k 1 --model {model}");
        let begin = |line: usize, column: &str| {
            format!("x.csv: line {line}, column {column}: found \"NA\", {missing}")
        };
        let error = format!(
            "{}: fill it in, delete the line, or leave the column out: --columns a,c",
            begin(2, "2 (b)")
        );
        place.refuses(&line, 1, &error);
        let error = format!(
            "{}: fill it in, delete the line, or leave the column out: --columns a",
            begin(3, "3 (c)")
        );
        place.refuses(&format!("{line} --columns a,c"), 1, &error);
        place.prints(&format!("{line} --columns a"));
        // Of one column nothing is left out.
        let error = format!("{}: fill it in, or delete the line", begin(3, "3 (c)"));
        place.refuses(&format!("{line} --columns c"), 1, &error);
        // Neither is one that a model has.
        place.prints(&format!("{line} --columns a --out m.json"));
        let output = place.run("predict m.json gap.csv");
        let told = text(&output.stderr);
        assert!(
            told.ends_with(&format!("found \"\", {missing}: fill it in, or delete the line\n")),
            "{told}"
        );
    }
}

/// Old Faithful without the eruptions of rows 1, 6, 11, … and the waiting of rows 3, 8, 13, …: the table of chapter
/// 11's reference values.
fn crossed() -> DMatrix<f64> {
    let mut x = data::old_faithful();
    (0..272).step_by(5).for_each(|i| x[(i, 0)] = f64::NAN);
    (2..272).step_by(5).for_each(|i| x[(i, 1)] = f64::NAN);
    x
}

fn table(x: &DMatrix<f64>, gaps: &[&str]) -> String {
    let mut count = 0;
    let mut cell = |value: f64| {
        count += usize::from(value.is_nan());
        if value.is_nan() { gaps[count % gaps.len()].to_owned() } else { format!("{value:?}") }
    };
    let mut text = "eruptions,waiting\n".to_owned();
    for row in x.row_iter() {
        text += &format!("{},{}\n", cell(row[0]), cell(row[1]));
    }
    text
}

/// ℓ, weights and means are those of the independent implementation, whatever marks a gap; streamed, in
/// units of the columns, and with any number of threads.
#[test]
fn a_table_with_gaps_is_fitted() {
    let x = crossed();
    let place = Place::with(&[
        ("crossed.csv", &table(&x, &["", "NA", "NaN", "null", "n/a", " na ", "\"\""])),
        ("coded.csv", &table(&x, &["-999", "?", "-999.0"])),
    ]);
    let mut bytes = Vec::new();
    write_raw(&x, &mut bytes).expect("room");
    place.write("crossed.f64", bytes);
    let printed = place.prints("fit crossed.csv -k 2 --restarts 6 --tol 1e-12 --out m.json");
    for expected in [
        "Missing   109 of 544 cells, in 109 of 272 rows, 3 patterns\n",
        "          the fit assumes that they are missing at random, given what is seen\n",
        "ℓ = -934.145 nats",
    ] {
        assert!(printed.contains(expected), "{expected:?} is not in {printed}");
    }
    assert_within(place.saved("m.json").log_likelihood, -934.14505243, 1e-7);
    assert_within(place.gaussians("m.json").weights()[1], 0.3476083, 2e-7);
    // All but the first line, which names the file, and what follows the tables.
    let (_, rest) = printed.split_once('\n').expect("lines");
    let (rest, _) = rest.split_once("\nModel in").expect("a file");
    for line in [
        "coded.csv --missing -999 --missing ?",
        "crossed.csv --threads 1",
        "crossed.csv --threads 2",
        "crossed.csv --threads 7",
    ] {
        let found = place.prints(&format!("fit {line} -k 2 --restarts 6 --tol 1e-12"));
        assert_eq!(found.split_once('\n').expect("lines").1, rest, "{line}");
    }
    for (line, family) in [
        ("crossed.csv --stream", "full"),
        ("crossed.csv --standardize", "full"),
        ("crossed.csv --standardize --stream", "full"),
        ("crossed.f64 --dimension 2", "full"),
        ("crossed.f64 --dimension 2 --stream", "full"),
        ("crossed.csv --covariance tied", "tied"),
    ] {
        place.prints(&format!("fit {line} -k 2 --restarts 6 --tol 1e-12 --out other.json"));
        let expected = if family == "full" { -934.14505243 } else { -943.1785976 };
        assert_within(place.saved("other.json").log_likelihood, expected, 2e-7);
    }
    let one = place.prints("fit crossed.csv -k 1 --tol 1e-14 --out one.json");
    assert!(one.contains("ℓ = -1073.392 nats"), "{one}");
    let means = place.gaussians("one.json").means().clone();
    assert_within(means[0], 3.467015081900, 1e-5);
    assert_within(means[1], 70.870614349313, 1e-4);
    let range = place.prints("fit crossed.csv -k 1..3 --restarts 3");
    assert!(range.contains("Missing   109") && range.contains("\n2   -934.145  11  1929.954*"), "{range}");
}

/// ICL takes off the entropy of the labels; BIC counts rows. Both from the derivation's posterior at what was saved.
#[test]
fn criteria_are_those_of_what_is_seen() {
    let x = crossed();
    let place = Place::with(&[("crossed.csv", &table(&x, &["NA"]))]);
    let printed = place.prints("fit crossed.csv -k 2 --out m.json");
    let (model, data) = (place.gaussians("m.json"), Incomplete::new(x).expect("data"));
    let posterior = mixture::Posterior::at(&model, &data).expect("a posterior");
    let entropy = executable_em::bound::entropy(posterior.responsibilities()).expect("an entropy");
    let log_likelihood = mixture::log_likelihood(&model, &data).expect("ℓ");
    let bic = 11.0 * 272_f64.ln() - 2.0 * log_likelihood;
    let expected = format!(
        "Criteria  BIC {bic:.3}, AIC {:.3}, ICL {:.3}",
        22.0 - 2.0 * log_likelihood,
        bic + 2.0 * entropy
    );
    assert!(printed.contains(&expected), "{expected} is not in {printed}");
}

/// Where nothing is seen of a column a variance may shrink from sweep to sweep, to no number at all: such a component
/// is none.
#[test]
fn a_component_that_collapses_behind_gaps_is_passed_over() {
    let rows = "0.8, ,4.6 0.5,-1.6 3.9, 0.6,0.9 2.4, -1.1,-1.2 5.2,4.7 0.5, 5.0,3.2 -0.2,1.4 2.7,3.1 ,-0.6 4.3,4.1 \
        -1.1,-0.2 4.3,5.0 -0.2,0.9 2.0, ,-0.8 3.4,3.5";
    let place = Place::with(&[("x.csv", &format!("a,b\n{}\n", rows.replace(' ', "\n")))]);
    place.prints("fit x.csv -k 3 --covariance diagonal --out m.json");
    let model = place.gaussians("m.json");
    for j in 0..3 {
        assert!(model.variance(j, 0).min(model.variance(j, 1)) > 1e-4, "{:?}", model.variances());
    }
    assert!(place.saved("m.json").log_likelihood < -40.0);
}

/// Rows that show nothing change no digit, however many they are and whether others have gaps: neither the sweeps nor
/// what is counted a datum.
#[test]
fn rows_that_show_nothing_do_not_count() {
    let place = Place::with(&[]);
    for (x, before) in [(data::old_faithful(), 0), (data::old_faithful(), 9), (crossed(), 0), (crossed(), 9)]
    {
        let whole = table(&x, &[""]);
        let (header, rows) = whole.split_once('\n').expect("a header");
        let hidden = format!("{header}\n{}{rows}{}", ",\n".repeat(before), ",\n".repeat(20_000));
        place.write("x.csv", &whole);
        place.write("y.csv", &hidden);
        for options in ["-k 1", "-k 2", "-k 2 --stream", "-k 2 --standardize", "-k 1..3 --covariance all"] {
            let without = place.prints(&format!("fit x.csv {options} --out x.json"));
            let with = place.prints(&format!("fit y.csv {options} --out y.json"));
            let told = format!("{} rows show nothing and tell nothing\n", 20_000 + before);
            assert!(with.contains(&told), "{with}");
            let from_model =
                |text: &str| text[text.find("Model  ").expect("a model")..].replace("y.json", "x.json");
            if options.ends_with("stream") {
                // Where blocks end, and so the order of their sums, depends on the rows.
                let (one, other) = (place.gaussians("x.json"), place.gaussians("y.json"));
                assert_within((one.means() - other.means()).amax(), 0.0, 1e-9);
                continue;
            }
            assert_eq!(from_model(&without), from_model(&with), "{options}");
            assert_eq!(place.gaussians("x.json"), place.gaussians("y.json"), "{options}");
        }
    }
    place.prints("fit y.csv -k 2 --responsibilities r.csv");
    assert_eq!(place.read("r.csv").lines().count(), 1 + 272 + 20_009);
    place.refuses(
        "fit y.csv -k 273",
        1,
        "y.csv: k = 273 components for n = 272 data; k must lie between 1 and n",
    );
}

/// Responsibilities and densities of what is seen, from the derivation; a row that shows nothing has the weights.
#[test]
fn predict_does_with_what_is_seen() {
    let mut x = crossed();
    (x[(4, 0)], x[(4, 1)]) = (f64::NAN, f64::NAN);
    let place = Place::with(&[
        ("crossed.csv", &table(&x, &["NA", ""])),
        ("waiting.csv", "waiting,eruptions\n79,\n54,\n"),
    ]);
    let printed = place.prints("fit crossed.csv -k 2 --out m.json --responsibilities r.csv");
    assert!(
        printed.contains("in 110 of 272 rows, 4 patterns; 1 row shows nothing and tells nothing\n"),
        "{printed}"
    );
    let predicted = place.prints("predict m.json crossed.csv");
    assert_eq!(predicted, place.read("r.csv"));
    let (model, data) = (place.gaussians("m.json"), Incomplete::new(x).expect("data"));
    let joint = mixture::log_joint(&model, &data).expect("a log joint");
    let marginals = executable_em::latent::log_marginals(&joint).expect("marginals");
    let r = executable_em::latent::responsibilities(&joint).expect("responsibilities");
    let rows: Vec<Vec<f64>> = predicted
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect())
        .collect();
    assert_eq!(rows.len(), 272);
    for (i, row) in rows.iter().enumerate() {
        assert_within(row[1], marginals[i], 1e-12);
        assert_within(row[2], r[(i, 0)], 1e-12);
        assert_eq!(row[0], f64::from(1 + u8::from(r[(i, 1)] > r[(i, 0)])));
    }
    assert_within(rows[4][2], model.weights()[0], 1e-12);
    assert!(rows[4][1].abs() < 1e-12);
    // A column that this table never shows, and in another order.
    let few = place.prints("predict m.json waiting.csv");
    let labels: Vec<&str> = few.lines().skip(1).map(|line| &line[..1]).collect();
    assert_eq!(labels, ["1", "2"]);
}

/// What cannot be fitted is said in one line.
#[test]
fn what_gaps_do_not_allow_is_named() {
    let place = Place::with(&[
        ("never.csv", "a,b\n1,NA\n2,\n4,NA\n"),
        ("nothing.csv", "a,b\nNA,NA\n,\n"),
        ("first.csv", "1,NA,3\n4,2,5\n7,8,1\n2,,2\n"),
        ("odd.csv", "a,b\n1,2\n3,?\n"),
        ("of_r.csv", "a,b\n1,2\n3,<NA>\n"),
        ("once.csv", "a,b\n1,2\n3,NA\n4,NA\n"),
        ("x.csv", "a,b\n1,2\n3,4\n2,1\n"),
    ]);
    for (line, error) in [
        ("never.csv", "never.csv: column b: every cell is missing; leave it out: --columns a"),
        ("nothing.csv", "nothing.csv: column a: every cell is missing"),
        (
            "odd.csv",
            "odd.csv: line 3, column 2 (b): found \"?\", expected a finite number; a missing value: say --missing \
             \"?\", fill it in, delete the line, or leave the column out: --columns a",
        ),
        (
            "of_r.csv",
            "of_r.csv: line 3, column 2 (b): found \"<NA>\", expected a finite number; a missing value: say --missing \
             \"<NA>\", fill it in, delete the line, or leave the column out: --columns a",
        ),
        (
            "once.csv",
            "once.csv: column b is constant (2): a Gaussian cannot have variance 0; leave it out: --columns a, or \
             set a --floor",
        ),
    ] {
        place.refuses(&format!("fit {line} -k 1"), 1, error);
    }
    place.write("x.f64", [1.0, 2.0].map(f64::to_le_bytes).concat());
    for (line, error) in [
        (
            "fit x.csv -k 1 --model bernoulli --missing ?",
            "--missing ? has no meaning where every cell must be seen: only Gaussians do without",
        ),
        (
            "fit x.f64 --dimension 2 -k 1 --missing 9",
            "--missing is for text, and x.f64 is of raw doubles, as --dimension says",
        ),
    ] {
        place.refuses(line, 2, error);
    }
    place.write("gaps.f64", [1.0, 2.0, f64::INFINITY, f64::NAN].map(f64::to_le_bytes).concat());
    let error = "gaps.f64: row 2, column x1: found inf, expected a finite number, or NaN";
    place.refuses("fit gaps.f64 --dimension 2 -k 1", 1, error);
    // A first line of numbers and gaps is data.
    let printed = place.prints("fit first.csv -k 1 --floor 0.1");
    assert!(
        printed.contains("n = 4, d = 3 (x1, x2, x3)") && printed.contains("Missing   2 of 12 cells"),
        "{printed}"
    );
    let error = "a plot shows rows of which every cell is seen, and there are none";
    place.write("cross.csv", "a,b\n1,NA\nNA,3\n2,NA\nNA,1\n4,NA\nNA,0\n");
    let output = place.run("fit cross.csv -k 1 --plot p.svg");
    assert!(text(&output.stderr).contains(error), "{}", text(&output.stderr));
}

/// Columns that do not correlate take no d×d numbers, with gaps neither; where these are needed it is said.
#[test]
fn wide_tables_may_have_gaps() {
    let d = 60_000;
    let row = |i: usize| (0..d).map(|a| ((i * 31 + a * 17) % 97).to_string()).collect::<Vec<_>>().join(",");
    let whole: String = (0..4).map(|i| row(i) + "\n").collect();
    let gap = whole.replacen("0,", "NA,", 1);
    let place = Place::with(&[("whole.csv", &whole), ("gap.csv", &gap)]);
    place.prints("fit gap.csv -k 1 --covariance diagonal --restarts 1 --out m.json");
    assert_eq!(place.prints("predict m.json gap.csv").lines().count(), 5);
    assert!(place.prints("marginal m.json --columns x1,x7").contains("\"d\": 2"));
    assert!(place.prints("conditional m.json --given x1=3").contains("\"d\": 59999"));
    for line in ["impute m.json gap.csv", "fit whole.csv -k 1 --covariance diagonal --variational"] {
        let told = text(&place.run(line).stderr);
        assert!(told.contains("60000 × 60000 numbers"), "{line}: {told}");
    }
}
