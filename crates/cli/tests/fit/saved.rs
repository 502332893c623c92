//! A model's file, written as ever and refused by place.

use crate::FAITHFUL;
use crate::place::{Place, text};
use executable_em::em::Stopped;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em_engine::{Mixture, SavedMixture};
use nalgebra::{dmatrix, dvector};

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
    let diagonal = gaussian.replace("\"full\"", "\"diagonal\"").replace(
        "\"covariances\": [\n    [[1.505e34, 444510000000.00006], [444510000000.00006, 2.8739310187500004e-11]]",
        "\"variances\": [\n    [1.505e34, 2.8739310187500004e-11]",
    );
    let spherical =
        diagonal.replace("diagonal", "spherical").replace("1.505e34, 2.8739310187500004e-11", "0.5");
    // As they were written once.
    let whole = diagonal.replace("\"variances\"", "\"covariances\"");
    let whole = whole
        .replace("[1.505e34, 2.8739310187500004e-11]", "[[1.505e34, 0.0], [0.0, 2.8739310187500004e-11]]");
    assert_eq!(
        SavedMixture::from_json(&whole).expect("a model"),
        SavedMixture::from_json(&diagonal).expect("a model")
    );
    for text in [gaussian, coins, &diagonal, &spherical] {
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
        columns: vec!["a\"b".to_string(), "ü".to_string()],
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
            "weights: row 1 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        ("0.25, 0.75", "0.25", "weights: found a list of 1, expected one of 2"),
        (
            "0.25, 0.75",
            "0.25, \"x\"",
            "weights[1]: invalid type: string \"x\", expected f64 at line 9 column ",
        ),
        ("[0.1, 1e-300]", "[0.1]", "means[0]: found a list of 1, expected one of 2"),
        ("[0.1, 1e-300]", "[0.1, null]", "means[0][1]: invalid type: null, expected f64 at line 11 column "),
        ("[0.5, 2.0]", "[0.5, 0.1]", "covariance of component 1 is not positive definite"),
        ("[0.5, 2.0]", "[0.4, 2.0]", "covariance: entries (2, 1) and (1, 2) differ"),
        ("\"full\"", "\"diagonal\"", "covariance of component 1 is not diagonal"),
        ("\"full\"", "\"round\"", "family: found \"round\", expected full, tied, diagonal or spherical"),
        (
            "\"format\": 1",
            "\"format\": 2",
            "format: found 2, expected 1, the only format that this version reads",
        ),
        (
            "gaussian_mixture",
            "kmedoids",
            "kind: unknown variant `kmedoids`, expected one of `gaussian_mixture`, `bernoulli_mixture`, \
             `student_mixture` ",
        ),
        (
            "\"interrupted\"",
            "\"tired\"",
            "stopped: unknown variant `tired`, expected one of `converged`, `max_sweeps`, `fell`, `interrupted` at \
             line ",
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
            "document: a gaussian_mixture has family, means and covariances or variances, a student",
        ),
        (
            "\"a\\\"b\"",
            "\"ü\"",
            "columns: two are named 'ü', but data are known by their names: give each its own",
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

/// Some editors mark a text as UTF-8: that is no other model.
#[test]
fn a_model_with_a_mark_is_read() {
    let place = Place::with(&[("x.csv", FAITHFUL)]);
    place.prints("fit x.csv -k 2 --restarts 1 --out m.json");
    place.write("marked.json", format!("\u{feff}{}", place.read("m.json")));
    assert_eq!(place.prints("predict marked.json x.csv"), place.prints("predict m.json x.csv"));
}
