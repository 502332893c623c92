//! `impute` as a user meets it: gaps filled as the derivation fills them, all else as it is written.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod place;

use common::assert_within;
use executable_em::incomplete::{Incomplete, impute};
use executable_em::{data, gaussian_mixture::GaussianMixture};
use nalgebra::DMatrix;
use place::{Place, text};

/// Old Faithful with gaps, a column of names between the two, and numbers written in several ways.
fn table() -> (DMatrix<f64>, String) {
    let mut x = data::old_faithful();
    (0..272).step_by(5).for_each(|i| x[(i, 0)] = f64::NAN);
    (2..272).step_by(5).for_each(|i| x[(i, 1)] = f64::NAN);
    let cell = |value: f64, i: usize| match i % 3 {
        _ if value.is_nan() => ["", "NA", "NaN"][i % 3].to_owned(),
        0 => format!("{value:.4}"),
        1 => format!("\"{value}\""),
        _ => format!("{value}"),
    };
    let mut text = "eruptions,\"name, of it\",waiting\n".to_owned();
    for (i, row) in x.row_iter().enumerate() {
        text += &format!("{},\"a \"\"{i}\"\", NA\",{}\n", cell(row[0], i), cell(row[1], i + 1));
    }
    (x, text)
}

fn fitted(place: &Place) -> GaussianMixture {
    place.prints("fit gaps.csv -k 2 --columns eruptions,waiting --restarts 3 --out m.json");
    place.gaussians("m.json")
}

/// conditional means; seen cells and other columns keep every byte.
#[test]
fn gaps_are_filled_and_nothing_else_is_touched() {
    let (x, text) = table();
    let place = Place::with(&[("gaps.csv", &text)]);
    let model = fitted(&place);
    let (filled, _) = impute::by_mean(&model, &Incomplete::new(x.clone()).unwrap()).unwrap();
    let printed = place.prints("impute m.json gaps.csv");
    let (mut compared, mut kept) = (0, 0);
    for (i, (line, before)) in printed.lines().zip(text.lines()).enumerate() {
        let cells = |line: &str| {
            let (first, rest) = line.split_once(",\"").unwrap();
            let (name, last) = rest.rsplit_once("\",").unwrap();
            [first.to_owned(), name.to_owned(), last.to_owned()]
        };
        let (found, written) = (cells(line), cells(before));
        assert_eq!(found[1], written[1]);
        for (a, at) in [(0, 0), (1, 2)] {
            if i > 0 && x[(i - 1, a)].is_nan() {
                // Blocks and whole tables take the same operations.
                assert_within(
                    found[at].parse().unwrap(),
                    filled[(i - 1, a)],
                    1e-12 * filled[(i - 1, a)].abs(),
                );
                compared += 1;
            } else {
                assert_eq!(found[at], written[at]);
                kept += 1;
            }
        }
    }
    assert_eq!((compared, kept, printed.lines().count()), (109, 2 * 273 - 109, 273));
    // To a file, the same bytes; from standard input, too.
    assert_eq!(place.prints("impute m.json gaps.csv --out filled.csv"), "");
    assert_eq!(place.read("filled.csv"), printed);
    let again = place.prints("impute m.json filled.csv");
    assert_eq!(again, printed, "a whole table stays as it is");
}

/// so many tables, the draws of the derivation with the same generator, one after the other.
#[test]
fn draws_are_tables_below_each_other() {
    let (x, text) = table();
    let place = Place::with(&[("gaps.csv", &text)]);
    let model = fitted(&place);
    let printed = place.prints("impute m.json gaps.csv --draws 3 --seed 7");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines.len(), lines[0]), (1 + 3 * 272, "draw,eruptions,\"name, of it\",waiting"));
    let (data, mut rng) = (Incomplete::new(x.clone()).unwrap(), data::rng(7));
    for draw in 0..3 {
        let drawn = impute::draw(&model, &data, &mut rng).unwrap();
        for i in 0..272 {
            let line = lines[1 + draw * 272 + i];
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells[0], (draw + 1).to_string());
            let number = |cell: &str| cell.trim_matches('"').parse::<f64>().unwrap();
            assert_within(number(cells[1]), drawn[(i, 0)], 1e-12 * drawn[(i, 0)].abs());
            assert_within(number(cells[4]), drawn[(i, 1)], 1e-12 * drawn[(i, 1)].abs());
        }
    }
    assert_eq!(place.prints("impute m.json gaps.csv --draws 3 --seed 7"), printed);
    assert_ne!(place.prints("impute m.json gaps.csv --draws 3 --seed 8"), printed);
    // One table is the first of several.
    let one = place.prints("impute m.json gaps.csv --draws 1 --seed 7");
    assert_eq!(one.lines().collect::<Vec<_>>(), &lines[..273]);
}

/// Another separator and no header stay as they are; what cannot be is said.
#[test]
fn other_tables_and_what_is_refused() {
    let (_, text) = table();
    let place = Place::with(&[
        ("gaps.csv", &text),
        ("bare.csv", "1.5;?;x\n4.5;80;y\n"),
        ("whole.csv", "eruptions,waiting\n3.6,79\n"),
        ("heads.csv", "a\n1\n0\n1\n"),
        ("ragged.csv", "eruptions,waiting\n3.6,79\n3.6\n"),
    ]);
    fitted(&place);
    let printed = place.prints("impute m.json bare.csv --columns 1,2 --missing ?");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines.len() == 2 && lines[1] == "4.5;80;y", "{printed}");
    assert!(lines[0].starts_with("1.5;5") && lines[0].ends_with(";x"), "{printed}");
    let drawn = place.prints("impute m.json bare.csv --columns 1,2 --missing ? --draws 2");
    assert!(drawn.starts_with("draw;x1;x2;x3\n1;1.5;"), "{drawn}");
    assert_eq!(place.prints("impute m.json whole.csv"), place.read("whole.csv"));

    place.prints("fit heads.csv -k 1 --model bernoulli --out coins.json");
    for (line, code, error) in [
        (
            "impute coins.json heads.csv",
            1,
            "coins.json: is no mixture of Gaussians, which are what gaps are filled by",
        ),
        (
            "impute m.json - --draws 2",
            2,
            "standard input can be read once, but --draws reads it for every table: save it in a file",
        ),
        (
            "impute m.json x.f64 --dimension 2",
            2,
            "x.f64: numbers have no text to keep: write them as a table first",
        ),
        (
            "impute m.json gaps.csv --out gaps.csv",
            2,
            "--out gaps.csv is what is read (gaps.csv): name another file",
        ),
    ] {
        place.refuses(line, code, error);
    }
    // What is found in the middle leaves no half of a file.
    place.refuses(
        "impute m.json ragged.csv --out half.csv",
        1,
        "ragged.csv: line 3, column 2 (waiting): found \"\", expected 2 cells on every line",
    );
    assert!(!place.names().contains(&"half.csv".to_owned()));
    // No table has two columns of one name.
    place.write("draw.csv", "eruptions,waiting,draw\n3,,1\n");
    place.refuses(
        "impute m.json draw.csv --draws 2",
        2,
        "--draws: impute writes a column named 'draw' itself: give that of draw.csv another name",
    );
    assert!(place.prints("impute m.json draw.csv").ends_with(",1\n"));
    let help = place.prints("impute --help");
    assert_eq!(help.matches("  executable-em impute ").count(), 2, "{help}");
}

/// A row without gaps is nobody's business, however far out; one with a gap there is named.
#[test]
fn far_rows_are_passed_over_or_named() {
    let (_, gaps) = table();
    let place = Place::with(&[("gaps.csv", &gaps), ("far.csv", "eruptions,waiting\n3,70\n1e200,50\n3,\n")]);
    fitted(&place);
    let filled = place.prints("impute m.json far.csv");
    assert!(filled.starts_with("eruptions,waiting\n3,70\n1e200,50\n3,7"), "{filled}");
    place.write("far.csv", "eruptions,waiting\n3,70\n1e200,\n");
    let told = text(&place.run("impute m.json far.csv").stderr);
    assert!(told.contains("far.csv: row 2 of the data lies so far out"), "{told}");
}

/// A pipe is read once, by whatever name; one table needs no more.
#[cfg(unix)]
#[test]
fn a_pipe_fills_one_table() {
    let (_, gaps) = table();
    let place = Place::with(&[("gaps.csv", &gaps)]);
    fitted(&place);
    let made = std::process::Command::new("mkfifo").arg(place.0.path().join("pipe")).status();
    assert!(made.expect("mkfifo starts").success());
    place.refuses(
        "impute m.json pipe --draws 2",
        2,
        "pipe can be read once, but --draws reads it for every table: save it in a file",
    );
    let pipe = place.0.path().join("pipe");
    let writer = std::thread::spawn(move || std::fs::write(pipe, gaps));
    assert_eq!(place.prints("impute m.json pipe --draws 1").lines().count(), 273);
    writer.join().expect("no panic").expect("a reader");
}

/// What may be names or data is told once, however often the table is read.
#[test]
fn a_doubtful_first_line_is_told_once() {
    let place = Place::with(&[("x.csv", "1,2\n3,4\n,2\n5,3\n"), ("bare.csv", "5,2\n3,4\n1,2\n")]);
    place.prints("fit bare.csv -k 1 --out m.json");
    let output = place.run("impute m.json x.csv --draws 3");
    assert_eq!(
        self::text(&output.stderr),
        "warning: x.csv: line 1 (1, 2) counts the columns and is taken for data; --header yes takes the line for \
         names, --header no for data\n"
    );
    assert_eq!(self::text(&output.stdout).lines().count(), 13);
}
