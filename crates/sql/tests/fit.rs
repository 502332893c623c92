//! `executable-em-sql fit` against `executable-em fit` on the same rows.

use std::path::Path;
use std::process::{Command, Output};

fn sql(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_executable-em-sql"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = sql(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of a report but that which names the data.
fn body(report: &str) -> Vec<&str> {
    report.lines().filter(|line| !line.starts_with("Data ")).collect()
}

/// Weights, a gap, a text and a group beside Old Faithful's columns.
fn old_faithful(folder: &Path) {
    let x = executable_em::data::old_faithful();
    let mut text = "eruptions,waiting,count,place,gap\n".to_owned();
    for (i, row) in x.row_iter().enumerate() {
        let gap = if i % 7 == 0 { String::new() } else { row[1].to_string() };
        text += &format!("{:?},{:?},{},{},{gap}\n", row[0], row[1], 1 + i % 3, ["north", "south/é"][i % 2]);
    }
    std::fs::write(folder.join("f.csv"), text).unwrap();
}

/// A fit prints the same on the rows of a query as on those of a file: six digits, where the sums differ in the last of
/// sixteen.
#[test]
fn a_query_fits_as_a_file_does() {
    let folder = tempfile::tempdir().unwrap();
    old_faithful(folder.path());
    let on_a_file =
        Path::new(env!("CARGO_BIN_EXE_executable-em-sql")).with_file_name("examples").join("on_a_file");
    let file = |columns: &str, options: &[&str]| {
        let mut program = Command::new(&on_a_file);
        program.current_dir(folder.path()).args(["fit", "f.csv", "--columns", columns]).args(options);
        let output = program.output().unwrap();
        assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let both = "eruptions,waiting";
    for (columns, options) in [
        (both, &["-k", "2"][..]),
        (both, &["-k", "1..3", "--covariance", "all", "--restarts", "3"]),
        (both, &["-k", "2", "--weights", "count", "--standardize"]),
        ("eruptions,gap", &["-k", "2", "--restarts", "4"]),
        ("eruptions,gap", &["-k", "2", "--restarts", "4", "--standardize", "--weights", "count"]),
        (both, &["-k", "2", "--model", "student", "--restarts", "2"]),
        (both, &["-k", "3", "--model", "kmeans", "--standardize"]),
        (both, &["-k", "6", "--variational", "--restarts", "2"]),
        ("count", &["-k", "2", "--model", "bernoulli", "--flips", "3", "--restarts", "2"]),
        (both, &["-k", "2", "--accelerate", "--floor", "0.01"]),
    ] {
        let of_query = succeeds(
            folder.path(),
            &[&["fit", "SELECT * FROM 'f.csv'", "--columns", columns], options].concat(),
        );
        assert_eq!(body(&of_query), body(&file(columns, options)), "{options:?}");
    }
}

#[test]
fn each_group_is_fitted_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    old_faithful(folder.path());
    let query = "SELECT eruptions, waiting, place FROM 'f.csv'";
    let report = succeeds(
        folder.path(),
        &["fit", query, "-k", "2", "--restarts", "2", "--by", "place", "--out", "m.json"],
    );
    assert_eq!(report.matches("n = 136, d = 2 (eruptions, waiting)").count(), 2, "{report}");
    for (value, file) in [("north", "m-north.json"), ("south/é", "m-south_é.json")] {
        assert!(report.contains(&format!("place = {value}\n")), "{report}");
        let one = format!("SELECT eruptions, waiting FROM 'f.csv' WHERE place = '{value}'");
        succeeds(folder.path(), &["fit", &one, "-k", "2", "--restarts", "2", "--out", "one.json"]);
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read(file), read("one.json"));
    }
}

/// A run that is stopped and goes on from its last parameters ends where one ends that was not: the same bits.
#[test]
fn a_checkpoint_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    old_faithful(folder.path());
    let query = "SELECT eruptions, waiting FROM 'f.csv'";
    let fit = |options: &[&str]| succeeds(folder.path(), &[&["fit", query], options].concat());
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    fit(&["-k", "2", "--restarts", "1", "--tol", "0", "--max-iter", "30", "--out", "whole.json"]);
    fit(&["-k", "2", "--restarts", "1", "--tol", "0", "--max-iter", "11", "--checkpoint", "at.json"]);
    fit(&["--start", "at.json", "--tol", "0", "--max-iter", "19", "--out", "rest.json"]);
    let without_counts = |text: String| {
        let is_count = |line: &&str| !line.contains("sweeps") && !line.contains("\"seed\"");
        text.lines().filter(is_count).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_counts(read("rest.json")), without_counts(read("whole.json")));

    // The columns of the model are those that are fitted, not all of the query.
    let all = "SELECT count, waiting, eruptions FROM 'f.csv'";
    let some = ["--columns", "eruptions", "--weights", "count", "--checkpoint", "one.json"];
    succeeds(folder.path(), &[&["fit", all, "-k", "2", "--restarts", "1"], &some[..]].concat());
    let report = succeeds(folder.path(), &["fit", all, "--weights", "count", "--start", "one.json"]);
    assert!(report.contains("d = 1 (eruptions)"), "{report}");
}

#[test]
fn what_cannot_be_fitted_is_named() {
    let folder = tempfile::tempdir().unwrap();
    old_faithful(folder.path());
    for (arguments, status, reason) in [
        (&["fit", "SELECT * FROM 'none.csv'", "-k", "2"][..], 1, "none.csv"),
        (&["fit", "SELEC 1", "-k", "2"], 1, "found: SELEC"),
        (&["fit", "SELECT * FROM 'f.csv'", "-k", "2"], 1, "column place is Utf8"),
        (&["fit", "SELECT eruptions FROM 'f.csv' WHERE waiting > 1000", "-k", "2"], 1, "data: is empty"),
        (
            &["fit", "SELECT gap FROM 'f.csv'", "-k", "2", "--model", "student"],
            1,
            "row 1, column gap: found NaN",
        ),
        (&["fit", "SELECT eruptions FROM 'f.csv'", "-k", "2", "--header", "no"], 2, "--header is for text"),
        (&["fit", "SELECT eruptions FROM 'f.csv'", "-k", "300"], 1, "k = 300"),
        (&["fit", "SELECT eruptions FROM 'f.csv'", "-k", "2", "--by", "place"], 1, "place"),
        (&["fit", "SELECT eruptions FROM 'f.csv'", "-k", "2", "--cluster", "127.0.0.1:1"], 1, "127.0.0.1:1"),
        (&["query", "SELECT em_predict($model, eruptions) FROM 'f.csv'", "--model", "m.json"], 1, "m.json"),
    ] {
        let output = sql(folder.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains(reason) && said.lines().count() <= 4, "{arguments:?}: {said}");
    }
}
