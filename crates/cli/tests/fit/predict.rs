//! Labels and densities under a fitted mixture, and draws from it.

use crate::common::assert_within;
use crate::place::{Place, text};
use crate::{FAITHFUL, three_groups};
use executable_em::em::Stopped;
use executable_em::latent::Model;
use executable_em::{data, latent};
use executable_em_engine::table::{BLOCK_ROWS, parse_csv};
use executable_em_engine::{Mixture, SavedMixture};

/// What predict writes are the derivation's responsibilities, bit for bit, and fit writes the same.
#[test]
fn predictions_are_the_derivations() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    place.prints("fit faithful.csv -k 3 --restarts 2 --out m.json --responsibilities r.csv");
    let printed = place.prints("predict m.json faithful.csv");
    assert_eq!(printed, place.read("r.csv"));
    assert_eq!(place.prints("predict m.json faithful.csv --out p.csv"), "");
    assert_eq!(place.read("p.csv"), printed);

    let table = parse_csv(&printed).expect("a table");
    assert_eq!(table.names, ["label", "log_density", "r1", "r2", "r3"]);
    let (x, model) = (data::old_faithful(), place.gaussians("m.json"));
    assert!(model.weights()[0] >= model.weights()[1] && model.weights()[1] >= model.weights()[2], "sorted");
    let r = model.responsibilities(&x).expect("r");
    assert_eq!(table.values.columns(2, 3).into_owned(), r);
    let log_joint = model.log_joint(&x).expect("the log joint");
    assert_eq!(table.values.column(1), latent::log_marginals(&log_joint).expect("densities").column(0));
    for (i, label) in table.values.column(0).iter().enumerate() {
        assert_eq!(r[(i, *label as usize - 1)], r.row(i).max());
    }
}

/// Columns are found by the model's names; without names their order counts; others can be asked for.
#[test]
fn predict_finds_the_columns_by_name() {
    let place = Place::with(&[
        ("faithful.csv", FAITHFUL),
        ("turned.csv", "id,waiting,eruptions\na,79,3.6\nb,54,1.8\n"),
        ("bare.csv", "3.6,79\n1.8,54\n"),
        ("other.csv", "e,w\n3.6,79\n1.8,54\n"),
        ("wide.csv", "1,3.6,79\n2,1.8,54\n"),
        ("none.csv", "eruptions,waiting\n"),
    ]);
    place.prints("fit faithful.csv -k 2 --restarts 1 --out m.json");
    let expected = place.prints("predict m.json bare.csv");
    assert_eq!(expected.lines().count(), 3);
    for same in
        ["turned.csv", "other.csv --columns e,w", "wide.csv --columns 2,3", "turned.csv --columns 3,waiting"]
    {
        assert_eq!(place.prints(&format!("predict m.json {same}")), expected, "{same}");
    }
    let hint = "name those to use with --columns";
    let error = "other.csv: has no column eruptions, as the model has; there are e, w";
    place.refuses("predict m.json other.csv", 1, &format!("{error}; {hint}"));
    place.refuses(
        "predict m.json wide.csv",
        1,
        &format!("wide.csv: has 3 columns, but the model has 2; {hint}"),
    );
    place.refuses("predict m.json wide.csv --columns 1", 2, "--columns names 1 columns, but the model has 2");
    place.refuses("predict m.json nobody.csv", 1, "nobody.csv: No such file or directory (os error 2)");
    place.refuses("predict nothing.json bare.csv", 1, "nothing.json: No such file or directory (os error 2)");
    let output = place.run("predict m.json none.csv --out p.csv");
    assert_eq!(text(&output.stderr), "error: none.csv: holds no data\n");
    assert!(!place.names().iter().any(|name| name.contains("p.csv")), "nothing half-written");
}

/// Draws are the derivation's, in blocks or at once, and have the model's moments.
#[test]
fn draws_are_those_of_the_model() {
    let place = Place::with(&[]);
    let model = three_groups();
    let columns = vec!["length, mm".to_string(), "b".to_string()];
    let (log_likelihood, n, sweeps, stopped, seed) = (-1.5, 7, 3, Stopped::MaxSweeps, u64::MAX);
    let saved = Mixture::Gaussian(model.clone());
    let saved = SavedMixture { model: saved, columns, log_likelihood, n, sweeps, stopped, seed };
    place.write("m.json", saved.to_json());
    assert_eq!(place.saved("m.json"), saved);

    let n = BLOCK_ROWS + 10;
    let printed = place.prints(&format!("sample m.json -n {n} --seed 5 --labels"));
    let table = parse_csv(&printed).expect("a table");
    assert_eq!(table.names, ["length, mm", "b", "label"]);
    let (x, labels) = model.sample(n, &mut data::rng(5)).unwrap();
    assert_eq!(table.values.columns(0, 2).into_owned(), x);
    assert!(table.values.column(2).iter().zip(&labels).all(|(&found, &label)| found == label as f64 + 1.0));
    // Five standard errors of the mean.
    let covariance = model.covariance();
    for a in 0..2 {
        let error = (covariance[(a, a)] / n as f64).sqrt();
        assert_within(x.column(a).mean(), model.mean()[a], 5.0 * error);
    }
    assert_eq!(place.prints("sample m.json -n 3 --out s.csv"), "");
    assert_eq!(place.read("s.csv"), place.prints("sample m.json -n 3"));
    assert_ne!(place.prints("sample m.json -n 3 --seed 2"), place.prints("sample m.json -n 3"));
    assert_eq!(place.prints("sample m.json").lines().count(), 1001);
    place.refuses("sample m.json -n 0", 2, "-n is 0, but must be at least 1");
}

/// Columns of the input stand in front, as they are written: text, leading zeros, quotes where a reader needs them.
#[test]
fn kept_columns_are_copied_as_they_are() {
    let place = Place::with(&[
        ("x.csv", FAITHFUL),
        (
            "new.csv",
            "id;note;waiting;eruptions\n007;a, b;79;3.600\n 8 ;\"say \"\"hi\"\"\";54;1.8\n\u{fc};;62;2\n",
        ),
    ]);
    place.prints("fit x.csv -k 2 --out m.json");
    let plain = place.prints("predict m.json new.csv");
    let kept = place.prints("predict m.json new.csv --keep id,note");
    let expected: Vec<String> = ["id,note", "007,\"a, b\"", "8,\"say \"\"hi\"\"\"", "\u{fc},"]
        .iter()
        .zip(plain.lines())
        .map(|(kept, row)| format!("{kept},{row}"))
        .collect();
    assert_eq!(kept.lines().collect::<Vec<_>>(), expected);
    // A feature, too, and by number; the order is that of the option.
    let turned = place.prints("predict m.json new.csv --keep 4,id");
    assert!(turned.starts_with("eruptions,id,label,") && turned.contains("\n3.600,007,"), "{turned}");
    // Block by block, far into a table.
    let long: String = (0..BLOCK_ROWS + 5).map(|i| format!("r{i},{},{}\n", 2 + i % 3, 50 + i % 30)).collect();
    place.write("long.csv", format!("id,eruptions,waiting\n{long}"));
    let rows = place.prints("predict m.json long.csv --keep id");
    assert_eq!(rows.lines().count(), BLOCK_ROWS + 6);
    assert!(rows.lines().skip(1).enumerate().all(|(i, row)| row.starts_with(&format!("r{i},"))));
    let error = "new.csv: no column is named 'name'; there are id, note, waiting, eruptions";
    place.refuses("predict m.json new.csv --keep name", 2, error);
    // Two columns of one name are one too many.
    place.write("own.csv", "label,eruptions,waiting\na,2,50\n");
    let error = "--keep label: predict writes a column of that name itself: give the column another one";
    place.refuses("predict m.json own.csv --keep label", 2, error);
}

/// A datum at 10²⁰⁰ is passed over: its log density is −∞, it has no label, and the others have theirs.
#[test]
fn an_impossible_datum_is_passed_over() {
    let place = Place::with(&[
        ("x.csv", FAITHFUL),
        ("far.csv", "eruptions,waiting\n2,50\n1e200,50\n4,80\n1,-1e300\n"),
        ("near.csv", "eruptions,waiting\n2,50\n4,80\n"),
    ]);
    place.prints("fit x.csv -k 2 --out m.json");
    let output = place.run("predict m.json far.csv --out p.csv");
    let warning =
        "warning: row 2 and 1 more: probability zero under every component: no label, log density -inf\n";
    assert_eq!((crate::place::text(&output.stderr).as_str(), output.status.code()), (warning, Some(0)));
    let far = place.read("p.csv");
    let far: Vec<&str> = far.lines().collect();
    assert_eq!((far[2], far[4]), (",-inf,,", ",-inf,,"));
    assert_eq!([far[0], far[1], far[3]].join("\n") + "\n", place.prints("predict m.json near.csv"));
}
