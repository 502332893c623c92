//! Whatever is wrong with the data is said in one line.

use crate::place::{Place, text};
use std::fs;

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
        ("wide.csv", "a,b\n1,2\n1e300,3\n2,2\n"),
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
        // Where a floor has no meaning, it is no remedy.
        (
            "constant.csv --model student",
            "constant.csv: column c is constant (3): a Gaussian cannot have variance 0; leave it out: --columns a"
                .to_owned(),
        ),
        (
            "only.csv --variational",
            "only.csv: column c is constant (3): a Gaussian cannot have variance 0".to_owned(),
        ),
        (
            "wide.csv",
            "wide.csv: column a has values up to 1.00e300, whose squares are no numbers: count it in another unit"
                .to_owned(),
        ),
        ("two.csv -k 3", "two.csv: k = 3 components for n = 2 data; k must lie between 1 and n".to_owned()),
        (
            "two.csv -k 3 --model kmeans",
            "two.csv: k = 3 components for n = 2 data; k must lie between 1 and n".to_owned(),
        ),
        (
            "two.csv --header no",
            found("two.csv", 1, "1 (x1)", "a", "if the line holds names, --header yes takes it for them"),
        ),
        ("empty.csv", "empty.csv: holds no data".to_owned()),
        ("header.csv", "header.csv: holds no data".to_owned()),
        (
            "latin.csv",
            "latin.csv: line 3, column 2 (b): found \"\u{fffd}\", expected text in UTF-8; write the file in UTF-8; \
             from Latin-1: iconv -f LATIN1 -t UTF-8"
                .to_owned(),
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
    // A component for each of four points is none; what is advised has a meaning with the options that are given.
    place.write("four.csv", "a,b\n0,0\n0,1\n1,0\n1,1\n");
    for (options, remedies) in [
        ("", "fewer components, another --covariance or a --floor"),
        ("--model student", "fewer components or another --covariance"),
    ] {
        let output = place.run(&format!("fit four.csv -k 4 --restarts 12 {options}"));
        let error = text(&output.stderr);
        let begin = "error: k = 4: none of 12 restarts succeeded: covariance of a component is singular";
        assert!(error.starts_with(begin), "{error}");
        assert!(error.ends_with(&format!("there are too few rows: {remedies} can help\n")), "{error}");
        assert_eq!(output.status.code(), Some(1));
    }
    assert!(place.prints("fit two.csv -k 1 --floor 0.5").contains("converged"));
    for (options, floor) in
        [("-k 1", "set a --floor, "), ("-k 1..2", "set a --floor, "), ("-k 2 --model student", "")]
    {
        let error = format!(
            "two.csv: full and tied covariances of d = 2 columns need more than n = 2 data: leave columns out with \
             --columns, {floor}or say --covariance diagonal or spherical"
        );
        place.refuses(&format!("fit two.csv {options}"), 1, &error);
    }
    // What differs is not constant, however far from the origin: 10¹⁵ and ten more have the sd 5.
    place.write("far.csv", "t\n1000000000000000\n1000000000000010\n1000000000000000\n1000000000000010\n");
    assert!(place.prints("fit far.csv -k 1").contains("sd        t\n1     5.000\n"));
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
