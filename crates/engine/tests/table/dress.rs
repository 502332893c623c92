//! What a table may look like.

use crate::table;
use executable_em_engine::table::{CsvReader, Dialect, Error, assemble, parse_csv};
use nalgebra::dmatrix;

fn read<'a>(text: &'a str, dialect: &Dialect) -> CsvReader<&'a [u8]> {
    CsvReader::with_dialect(text.as_bytes(), "table", dialect)
        .unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The same table is read whatever its separator, line ends, byte order mark, quotes, blanks and header.
#[test]
fn a_table_is_read_in_every_usual_dress() {
    let values = dmatrix![1.5, -2.0; 3e2, 0.25];
    for text in [
        "a,b\n1.5,-2\n3e2,.25\n",
        "a,b\n1.5,-2\n3e2,.25",
        "a,b\r\n1.5,-2\r\n3e2,.25\r\n",
        "\u{feff}a,b\n1.5,-2\n3e2,.25\n",
        "\u{feff}\n\r\na,b\n1.5,-2\n3e2,.25\n",
        "a;b\n1.5;-2\n3e2;.25\n",
        "a\tb\n1.5\t-2\n3e2\t.25\n",
        "\"a\",\"b\"\n\"1.5\",\"-2\"\n3e2,.25\n",
        "\"a\" , \"b\"\r\n \"1.5\" ,\" -2\"\r\n3e2, \".25\"\r\n",
        "\n\n a , b \n\n 1.5 ,\t-2 \n   \n3e2,.25\n\n",
        "a,b\r\n\r\n1.5,-2\r\n\u{a0}\r\n3e2,.25\r\n \r\n",
    ] {
        let table = table(text);
        assert_eq!(table.names, ["a", "b"], "{text:?}");
        assert_eq!(table.values, values, "{text:?}");
    }
    let no_header = table("1.5,-2\n3e2,.25\n");
    assert_eq!((no_header.names, no_header.values), (vec!["x1".to_string(), "x2".to_string()], values));
    // Text above a number makes a header, text above text does not.
    assert_eq!(table("year,2019\n1,2\n").names, ["year", "2019"]);
    for (text, has_header) in
        [("setosa,5.1\nsetosa,4.9\n", false), ("name,length\nsetosa,4.9\n", true), ("a,1\n", true)]
    {
        assert_eq!(
            CsvReader::new(text.as_bytes(), "table").expect("a table").has_header(),
            has_header,
            "{text:?}"
        );
    }
    // A unit stuck to a number is no name.
    let doubtful = "1.5,2.5kg\n1,2\n";
    let error = parse_csv(doubtful).expect_err("neither a header nor data");
    assert_eq!(
        error.to_string(),
        "table: line 1, column 2: found \"2.5kg\", expected a number, or a name that cannot be one of the data"
    );
    let told = |has_header| read(doubtful, &Dialect { header: Some(has_header), ..Dialect::default() });
    assert_eq!(
        (told(true).names(), told(false).has_header()),
        (&["1.5".to_string(), "2.5kg".to_string()][..], false)
    );
    assert_eq!(table("waiting\n79\n54\n").values, dmatrix![79.0; 54.0]);
    assert_eq!(table("7").values, dmatrix![7.0]);
}

/// A first line that counts the columns is a header behind an index without a name or above fractions, else a datum;
/// where it may be either, its line is known.
#[test]
fn numbers_that_count_the_columns_may_be_names() {
    let no = |has_header| (has_header, None);
    for (text, expected) in [
        (",0,1\n0,3,4\n", no(true)),
        (",,0,1\na,b,3,4\n", no(true)),
        ("\"\",\"1\",\"2\"\nr,3,4\n", no(true)),
        (",0\n0,3\n", no(true)),
        (",0\nr,3\n", no(true)),
        (",0\n5,3\n", no(false)),
        (",1\n,3\n", no(false)),
        ("id,0,1\na,3,1.5\n", (true, Some(1))),
        ("id,0,1\na,3,4\n", (false, Some(1))),
        ("\n0,1,2\n1,2,3e1\n", (true, Some(2))),
        ("0,1,2\n1,2,3\n", (false, Some(1))),
        ("1\t2\n1\t.5\n", (true, Some(1))),
        ("0\n.5\n", no(false)),
        ("id,0\na,.5\n", (false, Some(1))),
        ("0\n5\n", no(false)),
        ("0,1\n0,1\n", no(false)),
        ("0,1\n", no(false)),
        ("0,2\n1.5,2\n", no(false)),
        ("0.0,1.0\n1.5,2\n", no(false)),
        ("NA,0,1\n1.5,2,3\n", no(false)),
        ("5,0,1\n1.5,2,3\n", no(false)),
    ] {
        let reader = read(text, &Dialect::default());
        assert_eq!((reader.has_header(), reader.guessed_line()), expected, "{text:?}");
    }
    // Who is told or knows the names has nothing to guess.
    for dialect in [
        Dialect { header: Some(true), ..Dialect::default() },
        Dialect { known: vec!["1".to_owned(), "0".to_owned()], ..Dialect::default() },
    ] {
        let reader = read("0,1,2\n3,4,5\n", &dialect);
        assert_eq!((reader.has_header(), reader.guessed_line()), no(true));
    }
}

/// A sign that stands in the header alone separates nothing.
#[test]
fn what_separates_is_seen_by_two_lines() {
    for (text, names) in [
        ("a;b,c\n1,2\n", ["a;b", "c"]),
        ("a\tb;c,d\n1,2\n", ["a\tb;c", "d"]),
        ("a,b;c\n1,5;2,5\n", ["a,b", "c"]),
        ("a,b;c\n", ["a,b", "c"]),
        ("a;b,c\n\n \n\"1\",2\n", ["a;b", "c"]),
        ("\"a\n;\";b\n1;2", ["a ;", "b"]),
    ] {
        assert_eq!(read(text, &Dialect::default()).names(), names, "{text:?}");
    }
}

/// Lines may end with carriage returns alone.
#[test]
fn lines_end_as_they_do() {
    let values = dmatrix![1.5, -2.0; 3e2, 0.25];
    for text in [
        "a,b\r1.5,-2\r3e2,.25\r",
        "a,b\r1.5,-2\r3e2,.25",
        "\u{feff}a,b\r\r1.5,-2\r3e2,.25",
        "\"a\",b\r\"1.5\",-2\r3e2,\".25\"\r",
        "a,b\r\r\n1.5,-2\r\r\n3e2,.25\r\r\n",
    ] {
        assert_eq!(
            (table(text).values, table(text).names.concat()),
            (values.clone(), "ab".to_owned()),
            "{text:?}"
        );
    }
    let text = "\"a\rname\",b\r\"x\ry\",1\rz,2\rw,?\r";
    let mut reader = read(text, &Dialect::default());
    assert_eq!(reader.names(), ["a name", "b"]);
    reader.choose(&[1]).expect("a column");
    assert!(matches!(reader.next(), Some(Err(Error::Cell { line: 6, .. }))), "{text:?}");
}

/// Runs of blanks, and any sign that is told.
#[test]
fn cells_are_separated_as_is_told() {
    let values = dmatrix![1.5, -2.0; 3e2, 0.25];
    for (separator, text) in [
        (b' ', "a b\n1.5 -2\n3e2 .25\n"),
        (b' ', "  a   b \n 1.5 \t  -2\n\n3e2\t.25  \r\n  \t\n"),
        (b' ', "\t\"a\"  b\n\"1.5\" \"-2\"\n   3e2 .25"),
        (b'|', "a|b\n1.5|-2\n3e2| .25\n"),
        (b'\t', "a\tb\n1.5\t-2\n3e2\t.25\n"),
        (b';', "a;b\n1.5;-2\n3e2;.25\n"),
        (b',', "a,b\n1.5,-2\n3e2,.25\n"),
    ] {
        let mut reader = read(text, &Dialect { separator: Some(separator), ..Dialect::default() });
        assert_eq!(reader.names(), ["a", "b"], "{text:?}");
        assert_eq!(assemble(&mut reader).expect("numbers"), values, "{text:?}");
    }
    let blanks = Dialect { separator: Some(b' '), ..Dialect::default() };
    let quoted = read("\"the first\" second\n1 2\n", &blanks);
    assert_eq!(quoted.names(), ["the first", "second"]);
    for (text, line, column) in [("a b\n1 2\n 3\n", 3, 2), ("a b\n1 2 3\n", 2, 3), ("a b\n1 x \n", 2, 2)] {
        match read(text, &blanks).next() {
            Some(Err(Error::Cell { line: at, column: found, .. })) => {
                assert_eq!((at, found), (line, column), "{text:?}")
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

/// Comments and the lines before a table are none of it, but count as lines.
#[test]
fn comments_and_lines_before_are_passed_over() {
    let hash = Dialect { comment: Some("#".to_owned()), ..Dialect::default() };
    for text in [
        "# \"made\" by; hand\na,b\n1,2\n",
        "a,b\n#\n1,2\n  # 3,4",
        "\u{feff}#1,2,3\n\n#\r\na,b\r\n#,\r\n1,2\r\n",
        "# one\ra,b\r# two\r1,2\r",
    ] {
        let mut reader = read(text, &hash);
        assert_eq!(reader.names(), ["a", "b"], "{text:?}");
        assert_eq!(assemble(&mut reader).expect("numbers"), dmatrix![1.0, 2.0], "{text:?}");
    }
    // Between quotes a line is part of a cell.
    let mut quoted = read("a,b\n\"x\n# y\",2\n", &hash);
    quoted.choose(&[1]).expect("a column");
    assert_eq!(assemble(&mut quoted).expect("numbers"), dmatrix![2.0]);

    let after = |skip| Dialect { skip, ..Dialect::default() };
    let text = "\u{feff}Old \"Faithful\n1;2;3\na,b\n1,2\n3,x\n";
    assert_eq!(read(text, &after(2)).names(), ["a", "b"]);
    let error = assemble(read(text, &after(2))).unwrap_err().to_string();
    assert_eq!(error, "table: line 5, column 2 (b): found \"x\", expected a finite number");
    let none = |text: &str, dialect| CsvReader::with_dialect(text.as_bytes(), "table", &dialect).map(|_| ());
    assert!(matches!(none(text, after(5)), Err(Error::Empty { .. })));
    assert!(matches!(none(text, after(usize::MAX)), Err(Error::Empty { .. })));
    assert!(matches!(none("# a\n#b", hash), Err(Error::Empty { .. })));
}

/// A separator inside a quoted header belongs to the name, whichever separator it is, and so do line breaks and quotes.
#[test]
fn a_separator_inside_quotes_does_not_separate() {
    for (text, name) in [
        ("\"length, minutes\",width\n1,2\n", "length, minutes"),
        ("\"length; minutes\",width\n1,2\n", "length; minutes"),
        ("\"length\tminutes\",width\n1,2\n", "length\tminutes"),
        ("\"length, minutes\";width\n1;2\n", "length, minutes"),
        ("width,\"length; minutes\"\n2,1\n", "length; minutes"),
        ("\"length\n(minutes)\";width\n1;2\n", "length (minutes)"),
        ("\"length,\r\n\r\nminutes;\"\twidth\r\n1\t2\r\n", "length,  minutes;"),
        ("width,\"5\"\" pipe\"\n2,1\n", "5\" pipe"),
        ("5\" pipe;width\n1;2\n", "5\" pipe"),
        ("\"5\"\";\"\"\",width\n1,2\n", "5\";\""),
        ("width, \"length; minutes\"\n2,1\n", "length; minutes"),
    ] {
        let table = table(text);
        assert!(table.names.contains(&name.to_string()), "{text:?} gave {:?}", table.names);
        assert_eq!(table.values.shape(), (1, 2), "{text:?}");
        assert_eq!(table.values.sum(), 3.0);
    }
}
