//! Tables as people have them: every way to write one is read by fit and by predict, and what is no table is named.

mod place;

use flate2::{Compression, write::GzEncoder};
use place::{Place, text};
use std::io::Write;

/// Two columns that two Gaussians fit.
fn rows() -> Vec<[f64; 2]> {
    (0..60)
        .map(f64::from)
        .map(|i| [(i * 7.0) % 13.0, (i * 5.0) % 11.0 + if i < 30.0 { 0.0 } else { 40.0 }])
        .collect()
}

fn joined(separator: &str) -> String {
    let row = |[a, b]: &[f64; 2]| format!("{a}{separator}{b}\n");
    rows().iter().map(row).collect()
}

/// The report and the predictions of a table, with these options for both.
#[track_caller]
fn seen(place: &Place, file: &str, options: &[&str]) -> (String, String) {
    let run = |line: String| {
        let output = place.command(&line).args(options).output().expect("the program starts");
        assert_eq!(text(&output.stderr), "", "{line} {options:?}");
        assert_eq!(output.status.code(), Some(0), "{line} {options:?}");
        text(&output.stdout)
    };
    let report = run(format!("fit {file} -k 2 --restarts 2 --out m.json"));
    (report.replace(file, "FILE"), run(format!("predict m.json {file}")))
}

/// What fit reads, predict reads with the same options; and however it is written, it is the same table.
#[test]
fn a_table_is_the_same_however_it_is_written() {
    let place = Place::with(&[("plain.csv", &format!("a,b\n{}", joined(",")))]);
    let expected = seen(&place, "plain.csv", &[]);
    for (separator, delimiter) in
        [(" ", " "), ("   ", " "), (" \t", " "), ("\t", "\\t"), ("\t", "\t"), (";", ";"), ("|", "|")]
    {
        place.write("other.txt", format!("a{separator}b\n{}", joined(separator)));
        assert_eq!(seen(&place, "other.txt", &["--delimiter", delimiter]), expected, "{delimiter:?}");
    }
    place.write("notes.csv", format!("Two columns,\nmade by hand\n# more\na,b\n{}# the end", joined(",")));
    assert_eq!(seen(&place, "notes.csv", &["--skip-lines", "2", "--comment", "#"]), expected);
    place.write("returns.csv", format!("a,b\n{}", joined(",")).replace('\n', "\r"));
    assert_eq!(seen(&place, "returns.csv", &[]), expected);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(format!("a,b\n{}", joined(",")).as_bytes()).expect("room");
    place.write("packed.csv.gz", packed.finish().expect("room"));
    assert_eq!(seen(&place, "packed.csv.gz", &[]), expected);
}

/// Arrays and raw doubles are the same table without names.
#[test]
fn arrays_are_tables_without_names() {
    let place = Place::with(&[("plain.csv", &joined(","))]);
    let expected = seen(&place, "plain.csv", &[]);
    let by_rows: Vec<u8> = rows().iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    let columns = [0, 1].map(|a| rows().into_iter().map(move |row| row[a]));
    let by_columns: Vec<u8> =
        columns.into_iter().flatten().flat_map(|value| (value as i32).to_le_bytes()).collect();
    let array = |descr: &str, order: &str, numbers: &[u8]| {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': (60, 2), }}\n");
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), numbers].concat()
    };
    place.write("x.npy", array("<f8", "False", &by_rows));
    assert_eq!(seen(&place, "x.npy", &[]), expected);
    place.write("y.npy", array("<i4", "True", &by_columns));
    assert_eq!(seen(&place, "y.npy", &[]), expected);
    place.write("x.f64", &by_rows);
    assert_eq!(seen(&place, "x.f64", &["--dimension", "2"]), expected);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&by_rows).expect("room");
    place.write("x.f64.gz", packed.finish().expect("room"));
    assert_eq!(seen(&place, "x.f64.gz", &["--dimension", "2"]), expected);
    place.refuses("fit x.npy -k 1 --header yes", 2, "--header is for text, and x.npy is a NumPy array");
    let mut broken = rows().concat();
    broken[3] = f64::INFINITY;
    let broken: Vec<u8> = broken.iter().flat_map(|value| value.to_le_bytes()).collect();
    place.write("inf.npy", array("<f8", "False", &broken));
    place.refuses(
        "fit inf.npy -k 1",
        1,
        "inf.npy: row 2, column x2: found inf, expected a finite number, or NaN",
    );
}

/// What is wrong with a cell comes with what to do about it.
#[test]
fn advice_fits_the_cell() {
    let place = Place::with(&[
        ("quoted.csv", "a,b\n\"1,234\",2\n"),
        ("more.csv", "a;b\n1,234,567;2\n"),
        ("swiss.csv", "a;b\n-1'234.5;2\n"),
        ("dots.csv", "a;b\n1.234.567,5;2\n"),
        ("decimal.csv", "a;b\n12,5;2\n"),
        ("blanks.txt", "a b\n1 2\n3 4\n"),
        ("pipes.txt", "a|b\n1|2\n"),
        ("marked.csv", "# by hand\na,b\n1,2\n"),
        ("below.csv", "a,b\n1,2\n# the end\n"),
        ("titled.csv", "Geysers\na,b\n1,2\n"),
        ("sep.csv", "sep=;\na;b\n1;2\n"),
        ("errors.csv", "a,b\n1,2\n#DIV/0!,3\n"),
        ("commas.csv", "a\n1,5\n2,25\n"),
        ("pairs.csv", "a,b\n1,5,2,5\n"),
        ("r.csv", "\"a\";\"b\"\n\"x\";1.5;2\n"),
        ("r.txt", "\"a\" \"b\"\n\"x\" 1.5 2\n"),
        ("marks.csv", "a\u{1b}[31m,b\n\u{1b}[1m,2\n"),
    ]);
    place.write("latin.csv", b"h\xf6he,b\n1,2\n");
    let number = "expected a finite number";
    let names =
        "if lines begin with names of rows, as R's do, write the table with write.csv(…, row.names = FALSE)";
    for (file, message) in [
        (
            "sep.csv",
            format!(
                "line 2, column 1 (sep=): found \"a\", {number}; the first line says what separates cells, to Excel: \
                 pass over it with --skip-lines 1"
            ),
        ),
        (
            "errors.csv",
            format!(
                "line 3, column 1 (a): found \"#DIV/0!\", {number}; a missing value: say --missing \"#DIV/0!\", fill \
                 it in, delete the line, or leave the column out: --columns b"
            ),
        ),
        (
            "quoted.csv",
            format!(
                "line 2, column 1 (a): found \"1,234\", {number}; write 1234 if the comma groups \
        thousands, 1.234 if it is a decimal comma"
            ),
        ),
        (
            "more.csv",
            format!(
                "line 2, column 1 (a): found \"1,234,567\", {number}; write it without separators of \
        thousands: 1234567"
            ),
        ),
        (
            "swiss.csv",
            format!(
                "line 2, column 1 (a): found \"-1'234.5\", {number}; write it without separators of \
        thousands: -1234.5"
            ),
        ),
        (
            "dots.csv",
            format!(
                "line 2, column 1 (a): found \"1.234.567,5\", {number}; write it without separators of \
        thousands: 1234567.5"
            ),
        ),
        (
            "decimal.csv",
            format!("line 2, column 1 (a): found \"12,5\", {number}; write it with a decimal point"),
        ),
        (
            "blanks.txt",
            format!(
                "line 2, column 1 (a b): found \"1 2\", {number}; cells separated so are read with \
        --delimiter ' '"
            ),
        ),
        (
            "pipes.txt",
            format!(
                "line 2, column 1 (a|b): found \"1|2\", {number}; cells separated so are read with \
        --delimiter '|'"
            ),
        ),
        (
            "marked.csv",
            "line 2, column 2: found \"b\", expected 1 cells on every line; lines that begin with # are \
        passed over with --comment '#'"
                .to_owned(),
        ),
        (
            "below.csv",
            "line 3, column 2 (b): found \"\", expected 2 cells on every line; lines that begin with # \
        are passed over with --comment '#'"
                .to_owned(),
        ),
        (
            "commas.csv",
            "line 2, column 2: found \"5\", expected 1 cells on every line; write 1.5 where 1,5 has a decimal comma; \
             lines before the table are passed over with --skip-lines"
                .to_owned(),
        ),
        (
            "pairs.csv",
            format!(
                "line 2, column 3: found \"2\", expected 2 cells on every line; write 1.5 where 1,5 has a decimal \
                 comma; {names}"
            ),
        ),
        ("r.csv", format!("line 2, column 3: found \"2\", expected 2 cells on every line; {names}")),
        (
            "r.txt",
            format!(
                "line 2, column 1 (a\" \"b): found \"\\\"x\\\" 1.5 2\", {number}; cells separated so are read with \
                 --delimiter ' '"
            ),
        ),
        (
            "latin.csv",
            "line 1, column 1: found \"h\u{fffd}he\", expected text in UTF-8; write the file in UTF-8; from Latin-1: \
             iconv -f LATIN1 -t UTF-8"
                .to_owned(),
        ),
        (
            "marks.csv",
            format!(
                "line 2, column 1 (a\\u{{1b}}[31m): found \"\\u{{1b}}[1m\", {number}; leave the column out: --columns b"
            ),
        ),
        (
            "titled.csv",
            "line 2, column 2: found \"b\", expected 1 cells on every line; lines before the table are \
        passed over with --skip-lines"
                .to_owned(),
        ),
    ] {
        place.refuses(&format!("fit {file} -k 1"), 1, &format!("{file}: {message}"));
    }
    let output = place.run("fit blanks.txt -k 1 --delimiter ab");
    assert!(
        text(&output.stderr).contains("one character that is in no number and no quote"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(2));
}

/// A column that only counts the rows is warned of, unless it is asked for.
#[test]
fn an_index_is_warned_of() {
    let numbered = |first: usize| -> String {
        rows().iter().enumerate().map(|(i, [a, b])| format!("{},{a},{b}\n", i + first)).collect()
    };
    let place = Place::with(&[]);
    let warning = |number: usize, rest: &str| {
        format!(
            "warning: x.csv: column {number} has no name and counts the rows, as an index does; leave it out: \
             --columns {rest}\n"
        )
    };
    for (header, first, warned) in [
        (",a,b\n", 0, Some("a,b")),
        ("\"\",\"a\",\"b\"\n", 1, Some("a,b")),
        ("Unnamed: 0,a,b\n", 0, Some("a,b")),
        ("", 1, Some("2,3")),
        ("t,a,b\n", 0, None),
        (",a,b\n", 2, None),
    ] {
        place.write("x.csv", format!("{header}{}", numbered(first)));
        let output = place.run("fit x.csv -k 1");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(
            text(&output.stderr),
            warned.map_or_else(String::new, |rest| warning(1, rest)),
            "{header}"
        );
        place.prints("fit x.csv -k 1 --columns 1..3");
    }
}

/// What is no table of any kind is named at once, with the remedy.
#[test]
fn binary_files_are_named() {
    let place = Place::with(&[]);
    for (bytes, what) in [
        (
            &b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml"[..],
            "an Excel workbook, no table: save the sheet as CSV",
        ),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG picture, no table: it needs the numbers themselves"),
        (b"(\xb5/\xfd$\x0b", "packed by zstd, no table: unpack it: zstd -d"),
        (b"\xff\xfea\0,\0b\0", "text in UTF-16, no table: write it in UTF-8: iconv -f UTF-16 -t UTF-8"),
        (&[0; 64], "binary, no table: of raw doubles say how many make a row (--dimension)"),
    ] {
        place.write("x.csv", bytes);
        place.refuses("fit x.csv -k 1", 1, &format!("x.csv: is {what}"));
    }
}

/// Widths that no table has are refused before anything is asked of memory.
#[test]
fn no_width_ends_the_program() {
    let place = Place::with(&[]);
    place.write("x.f64", [0; 64]);
    let output = place.run("fit x.f64 -k 1 --dimension 4294967295");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("4294967295 is not in 1..=1048576"), "{}", text(&output.stderr));
    place.refuses(
        "fit x.f64 -k 1 --dimension 1048576",
        1,
        "x.f64: ends in the middle of a row of 1048576 doubles; is that the number in a row?",
    );
    place.write("wide.csv", "1,".repeat(8_000_000));
    place.refuses("fit wide.csv -k 1", 1, "wide.csv: line 1 has more than 1048576 cells; this is no table");
    place.write("long.csv", "1".repeat(20_000_000));
    place.refuses(
        "fit long.csv -k 1",
        1,
        "long.csv: line 1 begins a record of more than 16 MiB; this is no table",
    );
}

#[cfg(unix)]
#[test]
fn devices_without_an_end_are_named() {
    let place = Place::with(&[]);
    place.refuses(
        "fit /dev/zero -k 1",
        1,
        "/dev/zero: is binary, no table: of raw doubles say how many make a row (--dimension)",
    );
    let device = "is a device, which may have no end: raw doubles are read from a file or a pipe";
    place.refuses("fit /dev/zero -k 1 --dimension 2", 1, &format!("/dev/zero: {device}"));
    let zero = std::fs::File::open("/dev/zero").expect("a device");
    let output = place.command("fit - -k 1 --dimension 2").stdin(zero).output().expect("the program starts");
    assert_eq!(text(&output.stderr), format!("error: standard input: {device}\n"));
}

/// What is text or has a mark is not taken for raw doubles; what has neither is.
#[test]
fn raw_doubles_are_nothing_else() {
    let place = Place::with(&[("x.csv", "1.25,2.5\n3.75,4.5\n6.25,7.5\n8.75,1.5\n")]);
    let numbers: Vec<u8> = (0..16).flat_map(|i| f64::from(i * i % 7).to_le_bytes()).collect();
    place.write("x.raw", &numbers);
    let mut array = b"\x93NUMPY\x01\x00".to_vec();
    array.resize(128, b' ');
    array.extend(&numbers);
    place.write("x.npy", array);
    for (file, what) in [("x.csv", "text"), ("x.npy", "a NumPy array")] {
        let told = text(&place.run(&format!("fit {file} -k 1 --dimension 2")).stderr);
        assert!(told.contains(&format!("--dimension is for raw doubles, and {file} is {what}")), "{told}");
    }
    assert!(place.prints("fit x.raw -k 1 --dimension 2").contains("n = 8, d = 2"));
}

/// A constant column has no Gaussian of its own, but a variance that others share with it.
#[test]
fn a_constant_column_is_for_spherical_components() {
    let place = Place::with(&[("x.csv", "1.5,5\n2,5\n3.5,5\n4,5\n"), ("flat.csv", "5\n5\n5\n")]);
    assert!(place.prints("fit x.csv -k 1 --covariance spherical").contains("n = 4, d = 2"));
    for line in
        ["fit x.csv -k 1", "fit x.csv -k 1 --covariance diagonal", "fit flat.csv -k 1 --covariance spherical"]
    {
        assert!(text(&place.run(line).stderr).contains("is constant (5)"), "{line}");
    }
}
