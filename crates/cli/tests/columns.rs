//! Columns by name and by number, headers, and what a model remembers of both.

mod place;

use place::{Place, text};
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::process::Stdio;
use std::time::Duration;

const FAITHFUL: &str = include_str!("../../../src/data/old_faithful.csv");

/// Three columns without a name whose order matters: the second is far from the first.
fn bare() -> String {
    (0..40).map(|i| format!("{},{},{}\n", i % 7, 100 + i % 5, (i * i) % 11)).collect()
}

/// A fit to unnamed columns 2 and 1 predicts from columns 2 and 1, also where they are the only ones.
#[test]
fn a_model_of_unnamed_columns_remembers_their_numbers() {
    let pair: String =
        bare().lines().map(|line| line.rsplit_once(',').expect("three cells").0.to_owned() + "\n").collect();
    let place = Place::with(&[("bare.csv", &bare()), ("pair.csv", &pair)]);
    place.prints("fit bare.csv -k 2 --restarts 2 --columns 2,1 --out m.json");
    let expected = place.prints("predict m.json bare.csv --columns 2,1");
    assert_eq!(place.prints("predict m.json bare.csv"), expected);
    assert_eq!(place.prints("predict m.json pair.csv"), expected);
    place.prints("fit bare.csv -k 1 --columns 2..3 --out last.json");
    place.refuses(
        "predict last.json pair.csv",
        1,
        "pair.csv: has 2 columns, but the model uses column 3; name those to use with --columns",
    );
}

/// Names lead to columns wherever they stand, beside whatever else there is.
#[test]
fn order_and_extra_columns_change_nothing() {
    let named = format!("a,b,c\n{}", bare());
    let turned: String = named
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},note,{},{}\n", cells[2], cells[1], cells[0])
        })
        .collect();
    let place = Place::with(&[("x.csv", &named), ("turned.csv", &turned)]);
    place.write("twins.csv", "b,a,b,c\n9,1,2,3\n9,2,3,4\n");
    place.prints("fit x.csv -k 2 --restarts 2 --out m.json");
    let twins = "twins.csv: several columns are named 'b'; say which by number with --columns";
    place.refuses("predict m.json twins.csv", 1, twins);
    let expected = place.prints("predict m.json x.csv");
    assert_eq!(place.prints("predict m.json turned.csv"), expected);
}

/// Text above a number names columns, whichever are wanted; a number in the first row is no name.
#[test]
fn headers_are_seen_by_what_stands_below() {
    let place = Place::with(&[
        ("years.csv", "a,2020\n1,5\n2,7\n3,6\n"),
        ("twos.csv", "7,5,2\n1,6,3\n2,8,5\n4,7,4\n"),
        ("label.csv", "x,5,2\ny,6,3\nx,8,5\nz,7,4\n"),
        ("unit.csv", "1.5,2.5kg\n1,2\n2,4\n3,5\n"),
        ("twins.csv", "a,a,b\n1,2,3\n2,4,5\n3,5,9\n"),
    ]);
    assert!(place.prints("fit years.csv -k 1 --columns 2").contains("n = 3, d = 1 (2020)\n"));
    assert!(place.prints("fit twos.csv -k 1 --columns 2").contains("n = 4, d = 1 (x2)\n"));
    assert!(place.prints("fit label.csv -k 1 --columns 2").contains("n = 4, d = 1 (x2)\n"));
    assert!(place.prints("fit twos.csv -k 1 --columns 1..2 --header yes").contains("n = 3, d = 2 (7, 5)\n"));
    let doubt = "unit.csv: line 1, column 2: found \"2.5kg\", expected a number, or a name that cannot be one of \
                 the data";
    place.refuses(
        "fit unit.csv -k 1",
        1,
        &format!("{doubt}; --header yes takes the line for names, --header no for data"),
    );
    assert!(place.prints("fit unit.csv -k 1 --header yes").contains("n = 3, d = 2 (1.5, 2.5kg)\n"));
    let remedy =
        "a model knows its columns by their names: give each its own, or leave one out with --columns";
    place.refuses("fit twins.csv -k 1", 1, &format!("twins.csv: several columns are named 'a'; {remedy}"));
    assert!(place.prints("fit twins.csv -k 1 --columns 2,3").contains("d = 2 (a, b)\n"));
}

/// A file of raw doubles that is written to during a streamed fit is no basis for one, though it keeps its length and
/// its age.
#[test]
fn data_that_change_during_a_fit_are_named() {
    for keeps_its_looks in [false, cfg!(unix)] {
        data_that_change_are_named(keeps_its_looks);
    }
}

fn data_that_change_are_named(keeps_its_looks: bool) {
    let place = Place::with(&[]);
    let doubles: Vec<u8> = (0..400_000).flat_map(|i| (f64::from(i) * 1.7).sin().to_le_bytes()).collect();
    place.write("x.f64", &doubles);
    let line = "fit x.f64 -k 3 --dimension 2 --stream --restarts 50 --tol 0 --max-iter 1000";
    let child = place.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(Duration::from_millis(500));
    let path = place.0.path().join("x.f64");
    let modified = fs::metadata(&path).and_then(|there| there.modified()).expect("a time");
    let mut file = fs::File::options().write(true).open(path).expect("the data");
    if keeps_its_looks {
        file.write_all(&[0; 16]).expect("room");
        file.set_modified(modified).expect("a time");
    } else {
        file.seek(SeekFrom::End(0)).expect("an end");
        file.write_all(&[0; 16]).expect("room");
    }
    drop(file);
    let ended = child.wait_with_output().expect("an end");
    assert_eq!(ended.status.code(), Some(1), "{}", text(&ended.stdout));
    assert!(
        text(&ended.stderr).contains("x.f64: was written to while it was being read"),
        "{}",
        text(&ended.stderr)
    );
}

/// The model's own columns are in their places however they are asked for; others in the order that is asked for.
#[test]
fn columns_that_are_asked_for_keep_their_places() {
    let place = Place::with(&[("x.csv", FAITHFUL), ("gaps.csv", "eruptions,waiting\n3,\n,54\n")]);
    place.prints("fit x.csv -k 2 --out m.json");
    let predicted = place.prints("predict m.json x.csv");
    for columns in ["eruptions,waiting", "waiting,eruptions", "2,1", "1..2"] {
        assert_eq!(
            place.prints(&format!("predict m.json x.csv --columns {columns}")),
            predicted,
            "{columns}"
        );
    }
    let filled = place.prints("impute m.json gaps.csv");
    assert_eq!(place.prints("impute m.json gaps.csv --columns waiting,eruptions"), filled);
    place.write("other.csv", FAITHFUL.replacen("eruptions,waiting", "minutes,eruptions", 1));
    let refused = place.run("predict m.json other.csv --columns eruptions,minutes");
    assert!(refused.status.success(), "its own column in its own place");
    let refused = place.run("predict m.json other.csv --columns minutes,eruptions");
    assert_eq!(refused.status.code(), Some(2));
    let told = text(&refused.stderr);
    assert!(told.contains("gives eruptions for the model's waiting"), "{told}");
}

/// A name that holds a comma stands between quotes, as it does in the table.
#[test]
fn names_may_hold_commas() {
    let place = Place::with(&[("x.csv", "\"a,b\",c,\"5\"\" pipe\"\n1,2,4\n2,4,3\n3,3,1\n5,1,2\n")]);
    let fit = |columns: &str| place.prints(&format!("fit x.csv -k 1 --out m.json --columns {columns}"));
    assert!(fit("c,\"a,b\"").contains("d = 2 (c, \"a,b\")\n"));
    assert_eq!(place.saved("m.json").columns, ["c", "a,b"]);
    assert!(place.prints("marginal m.json --columns \"a,b\"").contains("\"columns\": [\"a,b\"]"));
    assert!(place.prints("conditional m.json --given a,b=1").contains("\"columns\": [\"c\"]"));
    assert!(place.prints("predict m.json x.csv --keep \"a,b\",c").starts_with("\"a,b\",c,label,"));
    let there = "there are \"a,b\", c";
    place.refuses(
        "fit x.csv -k 1 --columns a,b",
        2,
        &format!("x.csv: no column is named 'a'; {there}, \"5\"\" pipe\""),
    );
    place.refuses(
        "marginal m.json --columns a,b",
        2,
        "--columns: the model has no column named 'a'; there are c, \"a,b\"",
    );
    let help = text(&place.run("marginal --help").stdout);
    assert!(help.contains("'\"a,b\",c'"), "{help}");
}

/// What may be data or names is asked about, and a gap is no name.
#[test]
fn a_doubtful_first_line_is_asked_about() {
    let place =
        Place::with(&[("years.csv", "country,2019,2020\nFrance,1.5,2.3\nItaly,2.5,1.3\nSpain,.5,2.9\n")]);
    for first in [
        "1.5,$5",
        "1.5,kg2.5",
        "1.5,#N/A",
        "1.5,<NA>",
        "1.5,TRUE",
        "1.5,unknown",
        "2,$5",
        "2,None",
        "2,#N/A",
        "2,?",
        "2,(5)",
        "2,\u{2212}5",
        "2,*",
        "2,nil",
        "2,NaT",
    ] {
        place.write("x.csv", format!("{first}\n1,2\n3,3\n2,6\n"));
        let told = text(&place.run("fit x.csv -k 1").stderr);
        assert!(told.contains("line 1, column 2") && told.contains("--header yes"), "{first}: {told}");
        assert!(place.prints("fit x.csv -k 1 --header yes").contains("n = 3"));
    }
    let told = text(&place.run("fit years.csv -k 1 --columns 2,3").stderr);
    assert!(told.contains("found \"2019\"") && told.contains("--header yes"), "{told}");
    assert!(
        place.prints("fit years.csv -k 1 --columns 2,3 --header yes").contains("n = 3, d = 2 (2019, 2020)")
    );
    place.write("x.csv", "2,5\n1,2\n3,3\n2,6\n");
    let refused = place.run("fit x.csv -k 1 --columns 5");
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("has 2 columns, and no column 5"));
    for (first, rows) in [("NA", 4), ("NA,NA", 4), (",", 4), ("NA,1.25", 4), ("nan,3", 4)] {
        let below = if first == "NA" { "1\n2\n4\n" } else { "1,3\n2,5\n4,3\n" };
        place.write("x.csv", format!("{first}\n{below}"));
        assert!(place.prints("fit x.csv -k 1 --out m.json").contains(&format!("n = {rows}")), "{first}");
        assert_eq!(place.prints("predict m.json x.csv").lines().count(), rows + 1, "{first}");
    }
    place.write("x.csv", ".,1\n3,4.9\n2,2\n5,7\n");
    assert!(place.prints("fit x.csv -k 1 --missing .").contains("n = 4"));
}

/// Two columns of fractions behind what begins a row.
fn fractions(begin: impl Fn(usize) -> String) -> String {
    (0..30).map(|i| format!("{}{}.5,{}.25\n", begin(i), i % 7, (i * i) % 11)).collect()
}

/// A header may count the columns, as where neither they nor the rows have names; what a datum may be, too, is told.
#[test]
fn headers_may_be_numbers() {
    let place = Place::with(&[]);
    let fit = |first: &str, rows: &str, options: &str| {
        place.write("x.csv", format!("{first}\n{rows}"));
        let output = place.run(&format!("fit x.csv -k 1 {options}"));
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        (printed.lines().next().expect("a line").to_owned(), text(&output.stderr))
    };
    let indexed = fractions(|i| format!("{i},"));
    let warning = "warning: x.csv: column 1 has no name and counts the rows, as an index does; leave it out: --columns \
                   2,3\n";
    for (first, names) in [(",0,1", ", 0, 1"), (",1,2", ", 1, 2"), ("\"\",\"0\",\"1\"", ", 0, 1")] {
        let seen = format!("Data      x.csv: n = 30, d = 3 ({names})");
        assert_eq!(fit(first, &indexed, ""), (seen, warning.to_owned()), "{first}");
    }
    let two = |n: usize, names: &str| format!("Data      x.csv: n = {n}, d = 2 ({names})");
    assert_eq!(fit(",0,1", &indexed, "--columns 2,3"), (two(30, "0, 1"), String::new()));
    let told = |cells: &str, what: &str| {
        format!(
            "warning: x.csv: line 1 ({cells}) counts the columns and is taken for {what}; --header yes takes the line \
             for names, --header no for data\n"
        )
    };
    // The advice about a column of text leads to a fit of what is below the header.
    let named = fractions(|i| format!("row{i},"));
    place.write("x.csv", format!("id,0,1\n{named}"));
    let refused = text(&place.run("fit x.csv -k 1").stderr);
    assert!(
        refused.ends_with("found \"row0\", expected a finite number; leave the column out: --columns 2,3\n")
    );
    assert_eq!(fit("id,0,1", &named, "--columns 2,3"), (two(30, "0, 1"), told("id, 0, 1", "names")));
    let plain = fractions(|_| String::new());
    assert_eq!(fit("0,1", &plain, ""), (two(30, "0, 1"), told("0, 1", "names")));
    assert_eq!(fit("0,1", &plain, "--header yes"), (two(30, "0, 1"), String::new()));
    assert_eq!(fit("0,1", &plain, "--header no"), (two(31, "x1, x2"), String::new()));
    let twice = "x.csv: column '1' is asked for twice: 1 is a number before it is a name";
    place.refuses("fit x.csv -k 1 --header yes --columns 0,1", 2, twice);
    assert_eq!(fit("0,1", "3,4\n2,6\n1,3\n", ""), (two(4, "x1, x2"), told("0, 1", "data")));
    // What is not these numbers in this order is a datum, and so is what every row holds.
    for first in ["0,2", "1,0", "0,1.0", "NA,0"] {
        assert_eq!(fit(first, &plain, ""), (two(31, "x1, x2"), String::new()), "{first}");
    }
    assert_eq!(fit("0,1", "0,1\n1,0\n1,1\n", ""), (two(4, "x1, x2"), String::new()));
    // Of one column many begin with 0; a gap above numbers is one, unless an index begins below.
    let alone = "0.5\n2.5\n1.75\n";
    let one = |n: usize, name: &str| format!("Data      x.csv: n = {n}, d = 1 ({name})");
    assert_eq!(fit("0", alone, ""), (one(4, "x1"), String::new()));
    assert_eq!(fit("0", "1\n1\n0\n", ""), (one(4, "x1"), String::new()));
    assert_eq!(fit(",0", "2,1\n4,0\n3,1\n", ""), (two(4, "x1, x2"), String::new()));
    assert_eq!(fit(",0", "2020-01-01,1.5\n2020-01-02,2\n", "--columns 2"), (one(2, "0"), String::new()));
}

/// The line that holds a model's names is a header, be these numbers.
#[test]
fn a_line_of_the_models_names_is_a_header() {
    let place = Place::with(&[
        ("x.csv", &format!("0,1\n{}", fractions(|_| String::new()))),
        ("whole.csv", "1,0,w\n3,4,1\n2,6,2\n5,1,1\n"),
        ("gap.csv", "0,1\n3,4\n2,\n"),
    ]);
    place.prints("fit x.csv -k 1 --header yes --out m.json");
    assert_eq!(place.saved("m.json").columns, ["0", "1"]);
    assert_eq!(place.prints("predict m.json x.csv").lines().count(), 31);
    assert!(place.prints("fit x.csv --start m.json").contains("n = 30, d = 2 (0, 1)"));
    assert!(place.prints("impute m.json gap.csv").starts_with("0,1\n3,4\n2,"));
    // Each by its name, not by a number, though these are numbers of other columns.
    for weights in ["w", "3"] {
        let printed = place.prints(&format!("fit whole.csv --start m.json --weights {weights}"));
        assert!(printed.contains("n = 3, d = 2 (0, 1)"), "{printed}");
        assert!(printed.contains("\n1     1.0000  4.250  3.000\n"), "{printed}");
    }
}

/// Of a table without names a model takes its columns by the numbers in their names: where these stood in another
/// order, that is told.
#[test]
fn names_that_turn_columns_of_tables_without_names_are_told() {
    let place = Place::with(&[("x.csv", "x2,x1\n1,5\n2,3\n4,4\n"), ("y.csv", "x1,x2\n1,5\n2,3\n4,4\n")]);
    let output = place.run("fit x.csv -k 1 --out m.json");
    assert_eq!(
        text(&output.stderr),
        "warning: x.csv: the columns are named x2, x1: of a table without names a model of these takes column 2 for \
         x2, wherever that stands here: give such a table these names, or these columns others\n"
    );
    // Where the names are those of their places, nothing is turned.
    place.write("bare.csv", "1,5\n2,3\n4,4\n");
    place.prints("fit y.csv -k 1 --columns x2,x1 --out m.json");
    assert_eq!(place.prints("predict m.json bare.csv"), place.prints("predict m.json y.csv"));
}
