//! Plots of data whose names and numbers are not those of a textbook.

mod place;

use place::{Place, text};
use std::fs;

/// Two columns in two clusters, the first from `low` on, a unit apart.
fn table(header: &str, low: f64, unit: f64) -> String {
    let row = |i: u32| {
        format!("{:?},{}\n", low + unit * f64::from(i * 7 % 13 + i % 2 * 40), i * 5 % 11 + i % 2 * 30)
    };
    format!("{header}\n{}", (0..60).map(row).collect::<String>())
}

/// Every text of a document that an XML parser reads.
fn texts(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    let lines = document.descendants().filter(|node| node.has_tag_name("text"));
    lines
        .map(|line| line.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect())
        .collect()
}

/// Whatever the names hold, an SVG is well formed and shows them.
#[test]
fn any_name_can_be_drawn() {
    let place = Place::with(&[]);
    for (name, shown) in [
        ("a_<", "a <"),
        ("_&", " &"),
        ("x_{<b>}", "x {<b>}"),
        ("*a*", "×a×"),
        ("]]><!--", "]]><!--"),
        ("&#0;", "&#0;"),
        ("年龄", "年龄"),
        ("Größe, µm", "Größe, µm"),
    ] {
        place.write("x.csv", table(&format!("\"{name}\",other"), 0.0, 1.0));
        for (columns, what) in [("1,2", "two"), ("1", "one")] {
            assert!(
                !place
                    .prints(&format!("fit x.csv -k 2 --restarts 1 --plot x.svg --columns {columns}"))
                    .is_empty()
            );
            let texts = texts(&place.read("x.svg"));
            assert!(texts.iter().any(|text| text == shown), "{name:?}, {what}: {texts:?}");
        }
    }
    place.write("x.csv", table("\"a\u{1}b\u{1b}[31m\",other", 0.0, 1.0));
    let output = place.run("fit x.csv -k 2 --restarts 1 --plot x.svg");
    let warning = "warning: the plot has no letters for some names and shows 'a\\u{1}b\\u{1b}[31m' as x1\n";
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), (warning, Some(0)));
    assert!(texts(&place.read("x.svg")).contains(&"x1".to_owned()));
    // Of coins, the names stand at the ticks.
    place.write("coins.csv", "a_<,\u{2}\n0,1\n1,1\n1,0\n0,0\n");
    assert_eq!(place.run("fit coins.csv -k 1 --model bernoulli --plot coins.svg").status.code(), Some(0));
    assert!(texts(&place.read("coins.svg")).contains(&"a <".to_owned()));
}

/// In a picture, names whose letters the fonts lack give way to numbers, and that is said once.
#[test]
fn letters_without_a_form_are_replaced() {
    let place =
        Place::with(&[("named.csv", &table("年龄,体重", 0.0, 1.0)), ("bare.csv", &table("", 0.0, 1.0))]);
    let line = |file: &str, format: &str| format!("fit {file} -k 2 --restarts 1 --plot {file}.{format}");
    let output = place.run(&line("named.csv", "png"));
    let warning = "warning: the plot has no letters for some names and shows '年龄' as x1, '体重' as x2; an .svg keeps \
    what is \
                   no control character\n";
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), (warning, Some(0)));
    place.prints(&line("bare.csv", "png"));
    let bytes = |name: &str| fs::read(place.0.path().join(name)).expect("a picture");
    assert_eq!(bytes("named.csv.png"), bytes("bare.csv.png"));
}

/// Numbers far from zero, and tiny or huge ones, keep their digits apart.
#[test]
fn axes_tell_numbers_apart() {
    let place = Place::with(&[]);
    for (low, unit, remark) in
        [(1.6e9, 1500.0, "t (+ 1.6e9)"), (0.0, 1e-9, "t (× 1e-8)"), (0.0, 1e12, "t (× 1e13)")]
    {
        place.write("x.csv", table("t,other", low, unit));
        place.prints("fit x.csv -k 2 --restarts 1 --standardize --plot x.svg");
        let texts = texts(&place.read("x.svg"));
        assert!(texts.iter().any(|text| text == remark), "{low} {unit}: {texts:?}");
    }
}
