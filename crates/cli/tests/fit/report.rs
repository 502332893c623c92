//! What a report, a picture and the help say.

use crate::place::{Place, csv, text};
use crate::{FAITHFUL, three_groups};
use executable_em::data;
use nalgebra::DMatrix;
use std::fs;
use std::path::Path;

/// Runs that fail are counted, runs that are cut short are told, components on too few data are pointed at.
#[test]
fn what_went_wrong_in_a_fit_is_told() {
    // Twenty data in one place, and twenty apart: a component may collapse onto the former.
    let x = DMatrix::from_fn(40, 1, |i, _| if i < 20 { 0.0 } else { i as f64 });
    let place = Place::with(&[("x.csv", &csv("a", &x)), ("faithful.csv", FAITHFUL)]);
    let printed = place.prints("fit x.csv -k 3 --start random --restarts 12");
    assert!(
        printed.contains(" failed, the first because the covariance of a component is singular"),
        "{printed}"
    );
    let printed = place.prints("fit x.csv -k 3 --start random --restarts 12 --floor 0.01");
    assert!(!printed.contains("failed"), "{printed}");
    let printed = place.prints("fit faithful.csv -k 2 --max-iter 1");
    assert!(
        printed.contains("not converged after 1 sweep\n") && printed.contains("--max-iter above 1"),
        "{printed}"
    );
    // Of so many somebody stands alone; what is said of it heeds the option that is given.
    let few = text(
        &place.run("fit faithful.csv -k 40 --restarts 3 --start narrow --max-iter 60 --floor 1e-6").stdout,
    );
    let of_floor = "data: that is what the --floor leaves of one that would collapse; try fewer components\n";
    assert!(few.contains(of_floor) || few.contains(" is empty: fewer components fit as well\n"), "{few}");
    place.write("lone.csv", "a\n0\n0.1\n0.2\n0.3\n0.4\n0.5\n9\n9.2\n");
    let lone = place.prints("fit lone.csv -k 2 --covariance tied --columns a --restarts 1");
    assert!(!lone.contains("Note"), "two data are enough: {lone}");
    place.write("lone.csv", "a\n0\n0.1\n0.2\n0.3\n0.4\n0.5\n9\n");
    let lone = place.prints("fit lone.csv -k 2 --covariance tied --restarts 1");
    // With the covariance of the others it does not collapse, and no floor helps.
    let hint = "Note      component 2 rests on 1.0 data: so few say little of it; try fewer components\n";
    assert!(lone.contains(hint), "{lone}");
    let lone = place.prints("fit lone.csv -k 2 --covariance tied --restarts 1 --floor 0.001");
    assert!(lone.contains(hint), "{lone}");
    place.write("pair.csv", "a,b\n0,0\n1,0\n0,1\n1,1\n.5,.5\n90,90\n91,92\n");
    let pair = place.prints("fit pair.csv -k 2 --covariance spherical --restarts 1");
    let hint = "Note      component 2 rests on 2.0 data: ℓ has no maximum where one collapses; try fewer components \
    or a --floor\n";
    assert!(pair.contains(hint), "{pair}");
    let pair = place.prints("fit pair.csv -k 2 --covariance spherical --restarts 1 --model student");
    assert!(pair.contains(&hint.replace(" or a --floor", "")), "t have no floor: {pair}");
    let lone = place.prints("fit lone.csv -k 2 --restarts 1 --floor 0.01");
    assert!(lone.contains(&format!("rests on 1.0 {of_floor}")), "{lone}");
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

/// What could colour the terminal is spelled out there, and written to files as it is.
#[test]
fn names_do_not_steer_the_terminal() {
    let place = Place::with(&[("x.csv", "a\u{1b}[31m,b\u{7f}\n1,2\n2,4\n3,3\n")]);
    let printed = place.prints("fit x.csv -k 1 --out m.json");
    assert!(printed.contains("d = 2 (a\\u{1b}[31m, b\\u{7f})\n"), "{printed}");
    assert!(printed.contains("\nsd    a\\u{1b}[31m  b\\u{7f}\n1          0.8165   0.8165\n"), "{printed}");
    assert!(!printed.contains(|c: char| c.is_control() && c != '\n'), "{printed:?}");
    assert_eq!(place.saved("m.json").columns, ["a\u{1b}[31m", "b\u{7f}"]);
    assert!(place.prints("sample m.json -n 1").starts_with("a\u{1b}[31m,b\u{7f}\n"));
}

/// Numbers that no line has room for have an exponent.
#[test]
fn huge_numbers_have_an_exponent() {
    let place = Place::with(&[("x.csv", "a,w,c\n1,1e300,1e200\n2,1e300,1e200\n3,1e299,1e200\n")]);
    let printed = place.prints("fit x.csv -k 1..2 --weights w --columns a");
    for expected in
        ["the weights' sum, 2.1e300, is", "ℓ = -1.8474", "e300 nats, -0.879734 a datum", "e300, AIC "]
    {
        assert!(printed.contains(expected), "{expected:?} is not in {printed}");
    }
    assert!(printed.lines().all(|line| line.chars().count() <= 120), "{printed}");
    let printed = place.prints("fit x.csv -k 2 --columns a --variational --concentration 1e300");
    assert!(printed.contains("; concentration 1e300\n"), "{printed}");
    let error = "x.csv: column c is constant (1e200): a Gaussian cannot have variance 0; set a --floor";
    place.refuses("fit x.csv -k 1 --columns c", 1, error);
}

/// Each command says what it does in a few lines, with an example for each kind of use.
#[test]
fn help_shows_examples() {
    let place = Place::with(&[]);
    for (command, count) in
        [("fit", 11), ("predict", 3), ("impute", 2), ("sample", 2), ("conditional", 2), ("marginal", 2)]
    {
        let help = place.prints(&format!("{command} --help"));
        let (_, examples) = help.split_once("Examples:\n").expect("examples");
        assert_eq!(examples.matches(&format!("executable-em {command} ")).count(), count, "{help}");
        assert!(help.lines().count() < 190);
    }
    assert!(Path::new(env!("CARGO_BIN_EXE_executable-em")).exists());
}
