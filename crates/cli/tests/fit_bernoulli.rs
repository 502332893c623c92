//! `fit`, `predict` and `sample` for coins, held to the derivations.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod place;

use common::bounds::gamma;
use common::{assert_matrices_within, assert_within};
use executable_em::bernoulli_mixture::{BernoulliMixture, start_near_mean};
use executable_em::em::Stopped;
use executable_em::latent::{self, Model};
use executable_em::{bound, data, em, selection};
use executable_em_engine::table::{BLOCK_ROWS, parse_csv, write_raw};
use executable_em_engine::{Data, Mixture, SavedMixture};
use nalgebra::{DMatrix, dmatrix, dvector};
use place::{Place, csv, text};

/// Three coins with seven features each, one of which never shows tails; the first coin is the most frequent.
fn three_coins() -> BernoulliMixture {
    let biases = dmatrix![
        0.9, 0.1, 0.8, 1.0, 0.2, 0.05, 0.6;
        0.2, 0.7, 0.1, 1.0, 0.9, 0.3, 0.1;
        0.1, 0.2, 0.9, 1.0, 0.8, 0.9, 0.4
    ];
    BernoulliMixture::new(dvector![0.5, 0.3, 0.2], biases, 1).expect("coins")
}

const NAMES: &str = "ant,bee,cat,dog,eel,fly,gnu";

/// Two coins of one column, ten flips a draw.
fn two_coins() -> BernoulliMixture {
    BernoulliMixture::new(dvector![0.6, 0.4], dmatrix![0.8; 0.35], 10).expect("coins")
}

/// A table of draws, as people write them: 0 and 1, not 0.0 and 1.0.
fn draws(coins: &BernoulliMixture, n: usize, header: &str) -> (DMatrix<f64>, String) {
    let (x, _) = coins.sample(n, &mut data::rng(1)).unwrap();
    let table = csv(header, &x).replace(".0", "");
    (x, table)
}

/// The coins come back from their flips; ℓ and all criteria are those of the derivations.
#[test]
fn the_coins_are_found_again() {
    let coins = three_coins();
    let n = 4000;
    let (x, table) = draws(&coins, n, NAMES);
    let place = Place::with(&[("flips.csv", &table)]);
    let printed = place.prints("fit flips.csv -k 3 --model bernoulli --out m.json");
    let (saved, found) = (place.saved("m.json"), place.coins("m.json"));
    assert_eq!((saved.n, saved.seed, saved.stopped, found.flips()), (n, 1, Stopped::Converged, 1));
    assert_eq!(saved.columns.join(","), NAMES);

    // A share of R_j = n α_j draws has the standard error √(p(1 − p)/R_j) when the coins are known; that they are not
    // costs less than as much again. Four such errors, for 24 numbers.
    for j in 0..3 {
        let error = |p: f64, n: f64| 4.0 * 2.0 * (p * (1.0 - p) / n).sqrt();
        assert_within(found.weights()[j], coins.weights()[j], error(coins.weights()[j], n as f64));
        for a in 0..7 {
            let (p, draws) = (coins.biases()[(j, a)], coins.weights()[j] * n as f64);
            assert_within(found.biases()[(j, a)], p, error(p, draws));
        }
    }
    // ℓ is a sum of n terms, each below 20 and the work of some forty operations.
    let ell = found.log_likelihood(&x).expect("ℓ");
    assert_within(saved.log_likelihood, ell, gamma(n + 40) * n as f64 * 20.0);
    assert!(ell > coins.log_likelihood(&x).expect("ℓ"), "a maximum");
    // At rest: a sweep of the derivation gains no more than the tolerance and the rounding.
    let next = em::sweep(&found, &x).expect("a sweep").log_likelihood(&x).expect("ℓ");
    assert_within(next, ell, n as f64 * (1e-8 + 20.0 * gamma(n + 40)));

    let entropy = bound::entropy(&found.responsibilities(&x).expect("r")).expect("an entropy");
    assert!(entropy > 10.0, "labels in doubt");
    let criteria = selection::criteria(ell, 2 + 21, n).expect("criteria");
    let icl = selection::icl(ell, 2 + 21, n, entropy).expect("ICL");
    let bias = |j: usize, a: usize| format!("  {:.4}", found.biases()[(j, a)]);
    let row = |j: usize| (0..7).map(|a| bias(j, a)).collect::<String>();
    for expected in [
        "Data      flips.csv: n = 4000, d = 7 (ant, bee, cat, dog, eel, fly, gnu)\n".to_owned(),
        "Model     a mixture of 3 coins, 1 flip an entry: 23 free parameters\n".to_owned(),
        format!("ℓ = {ell:.3} nats, {:.6} a datum; converged after {} sweeps\n", ell / 4000.0, saved.sweeps),
        format!("Criteria  BIC {:.3}, AIC {:.3}, ICL {icl:.3}\n", criteria.bic, criteria.aic),
        "bias  weight     ant     bee     cat     dog     eel     fly     gnu\n".to_owned(),
        format!("\n1     {:.4}{}\n", found.weights()[0], row(0)),
        format!("\n3     {:.4}{}\n", found.weights()[2], row(2)),
    ] {
        assert!(printed.contains(&expected), "{expected:?} is not in {printed}");
    }
    assert!(!printed.contains("Note"), "{printed}");
}

/// The sweeps are those of the derivation, from the best of the documented starts, with m flips an entry.
#[test]
fn the_sweeps_are_the_derivations() {
    let (x, table) = draws(&two_coins(), 500, "heads");
    let place = Place::with(&[("heads.csv", &table)]);
    let line = "fit heads.csv -k 2 --model bernoulli --flips 10 --restarts 5 --seed 2 --tol 0 --max-iter 3";
    let printed = place.prints(&format!("{line} --out m.json"));
    assert!(printed.contains("a mixture of 2 coins, 10 flips an entry: 3 free parameters\n"), "{printed}");
    assert!(printed.contains("not converged after 3 sweeps\n"), "{printed}");
    // No more data than the sample: it is the data, in their order.
    let mut rng = data::rng(2);
    let runs = (0..5).map(|restart| {
        let start = start_near_mean(&x, 2, 10, &mut rng).expect("a start");
        let model = (0..3).fold(start, |model, _| em::sweep(&model, &x).expect("a sweep"));
        (restart, model.log_likelihood(&x).expect("ℓ"), model)
    });
    let (winner, ell, model) = runs.max_by(|one, other| one.1.total_cmp(&other.1)).expect("five runs");
    assert!(winner > 0 && printed.contains(&format!("restart {} of 5 won", winner + 1)), "{printed}");
    let order = if model.weights()[0] > model.weights()[1] { [0, 1] } else { [1, 0] };
    // Each sweep: a sum of 500 positive terms over another, with responsibilities whose logarithms (below 40) have
    // rounded some ten times. EM contracts what a sweep before has erred.
    let bound = 3.0 * (gamma(2 * 500) + gamma(10) * 40.0);
    let found = place.coins("m.json");
    for (j, from) in order.into_iter().enumerate() {
        assert_within(found.weights()[j], model.weights()[from], bound);
        assert_within(found.biases()[(j, 0)], model.biases()[(from, 0)], bound);
    }
    // Of four numbers; dℓ/dp is at most n m / min(p, 1 − p), and the biases lie between 0.1 and 0.9.
    assert_within(place.saved("m.json").log_likelihood, ell, 4.0 * 500.0 * 10.0 / 0.1 * bound);
}

/// Of several k, BIC marks the number of coins that made the data.
#[test]
fn bic_counts_the_coins() {
    let (_, table) = draws(&three_coins(), 3000, NAMES);
    let place = Place::with(&[("flips.csv", &table)]);
    let line = "fit flips.csv -k 1..5 --model bernoulli --restarts 4 --out m.json --plot k.svg";
    let printed = place.prints(line);
    let rows: Vec<Vec<&str>> = printed.lines().take(6).map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["k", "ℓ", "p", "BIC", "AIC", "ICL"]);
    for (row, k) in rows[1..].iter().zip(1..) {
        assert_eq!(row[..3], [k.to_string().as_str(), row[1], (k - 1 + 7 * k).to_string().as_str()]);
        assert_eq!(row[3].ends_with('*'), k == 3, "{printed}");
    }
    assert!(printed.contains("a mixture of 3 coins, ") && place.coins("m.json").k() == 3);
    assert!(place.read("k.svg").contains("How many components?"));
    // One coin: the shares of heads, and no label in doubt.
    let printed = place.prints("fit flips.csv -k 1 --model bernoulli");
    assert!(printed.contains("Model     1 coin, 1 flip an entry: 7 free parameters\n"), "{printed}");
    let criteria = printed.lines().find(|line| line.starts_with("Criteria")).expect("criteria");
    let values: Vec<&str> = criteria.split([' ', ',']).collect();
    assert_eq!(values[3], values[values.len() - 1], "BIC and ICL: {criteria}");
}

/// What predict writes are the derivation's responsibilities, bit for bit, and fit writes the same.
#[test]
fn predictions_are_the_derivations() {
    let (x, table) = draws(&three_coins(), 300, NAMES);
    let place = Place::with(&[("flips.csv", &table)]);
    place.prints("fit flips.csv -k 3 --model bernoulli --out m.json --responsibilities r.csv");
    let printed = place.prints("predict m.json flips.csv");
    assert_eq!(printed, place.read("r.csv"));
    let predicted = parse_csv(&printed).expect("a table");
    assert_eq!(predicted.names, ["label", "log_density", "r1", "r2", "r3"]);
    let model = place.coins("m.json");
    assert!(model.weights()[0] >= model.weights()[1] && model.weights()[1] >= model.weights()[2], "sorted");
    let r = model.responsibilities(&x).expect("r");
    assert_eq!(predicted.values.columns(2, 3).into_owned(), r);
    let log_joint = model.log_joint(&x).expect("the log joint");
    let densities = latent::log_marginals(&log_joint).expect("log densities");
    assert_eq!(predicted.values.column(1), densities.column(0));
    for (i, label) in predicted.values.column(0).iter().enumerate() {
        assert_eq!(r[(i, *label as usize - 1)], r.row(i).max());
    }
}

/// Draws are the derivation's, written as whole numbers, and can be fitted at once.
#[test]
fn draws_are_whole_numbers_of_heads() {
    let place = Place::with(&[]);
    let (coins, n) = (two_coins(), BLOCK_ROWS + 10);
    let saved = SavedMixture {
        model: Mixture::Bernoulli(coins.clone()),
        columns: vec!["heads".to_owned()],
        log_likelihood: -0.1 - 0.2,
        n: 7,
        sweeps: 3,
        stopped: Stopped::MaxSweeps,
        seed: u64::MAX,
    };
    place.write("m.json", saved.to_json());
    assert_eq!(place.saved("m.json"), saved, "bit for bit");
    let printed = place.prints(&format!("sample m.json -n {n} --seed 5 --labels"));
    assert!(printed.starts_with("heads,label\n") && !printed.contains('.'));
    let table = parse_csv(&printed).expect("a table");
    let mut rng = data::rng(5);
    let mut read = table.values.row_iter();
    for n in [BLOCK_ROWS, 10] {
        let (x, labels) = coins.sample(n, &mut rng).unwrap();
        for ((heads, label), row) in x.iter().zip(labels).zip(read.by_ref()) {
            assert_eq!((row[0], row[1]), (*heads, label as f64 + 1.0));
        }
    }
    place.write("drawn.csv", printed);
    let line =
        "fit drawn.csv --columns heads -k 2 --model bernoulli --flips 10 --restarts 2 --out again.json";
    assert!(place.prints(line).contains("2 came to this ℓ"));
    // Eight standard errors of a coin that is known.
    assert_matrices_within(place.coins("again.json").biases(), coins.biases(), 8.0 * (0.25 / 4e5_f64).sqrt());
}

/// An entry that counts no heads is named by file, row, column and value, also where the model says how many flips.
#[test]
fn an_entry_that_counts_no_heads_is_named() {
    let (_, table) = draws(&two_coins(), 50, "heads");
    let place = Place::with(&[
        ("heads.csv", &table),
        ("half.csv", "a,b\n1,0\n0,1\n0.5,1\n"),
        ("minus.csv", "a,b\n1,0\n0,-1\n"),
        ("bare.csv", "1,0\n0,11\n"),
        ("missing.csv", "a\n1\n\"\"\n"),
    ]);
    let one = "expected 0 or 1; for counts of heads, fit has --flips";
    let ten = "expected a whole number from 0 to 10, the heads of 10 flips";
    for (line, error) in [
        ("half.csv", format!("half.csv: row 3, column a: found 0.5, {one}")),
        ("half.csv --flips 10", format!("half.csv: row 3, column a: found 0.5, {ten}")),
        ("minus.csv", format!("minus.csv: row 2, column b: found -1, {one}")),
        ("minus.csv --columns b --flips 10", format!("minus.csv: row 2, column b: found -1, {ten}")),
        ("bare.csv --flips 10", format!("bare.csv: row 2, column x2: found 11, {ten}")),
        ("bare.csv -k 3", "k = 3 components for n = 2 data; k must lie between 1 and n".to_owned()),
    ] {
        let line = if line.ends_with("-k 3") { "bare.csv --flips 11 -k 3" } else { &format!("{line} -k 1") };
        place.refuses(&format!("fit {line} --model bernoulli"), 1, &error);
    }
    let output = place.run("fit missing.csv -k 1 --model bernoulli");
    assert!(text(&output.stderr).starts_with("error: missing.csv: line 3, column 1 (a): found \"\""));

    // In a later block, raw and through predict.
    let mut x = DMatrix::zeros(BLOCK_ROWS + 5, 2);
    x[(BLOCK_ROWS + 2, 1)] = 3.0;
    let mut bytes = Vec::new();
    write_raw(&x, &mut bytes).expect("room");
    place.write("x.f64", bytes);
    let error = format!("x.f64: row {}, column x2: found 3, {one}", BLOCK_ROWS + 3);
    place.refuses("fit x.f64 --dimension 2 -k 1 --model bernoulli", 1, &error);
    place.prints("fit x.f64 --dimension 2 --flips 3 -k 1 --model bernoulli --out m.json");
    x[(BLOCK_ROWS + 2, 1)] = f64::NAN;
    let mut bytes = Vec::new();
    write_raw(&x, &mut bytes).expect("room");
    place.write("x.f64", bytes);
    let error = format!("x.f64: row {}, column x2: found NaN, expected a finite number", BLOCK_ROWS + 3);
    place.refuses("fit x.f64 --dimension 2 -k 1 --model bernoulli --flips 3", 1, &error);
    let output = place.run("predict m.json x.f64 --dimension 2 --out p.csv");
    assert_eq!((text(&output.stderr), output.status.code()), (format!("error: {error}\n"), Some(1)));
    // The first column never showed heads: a draw that does contradicts the coin.
    place.write("new.csv", "0,0\n".repeat(BLOCK_ROWS + 1) + "1,0\n");
    let output = place.run("predict m.json new.csv --out p.csv");
    let error =
        format!("error: new.csv: row {}: has probability zero under every component\n", BLOCK_ROWS + 2);
    assert_eq!((text(&output.stderr), output.status.code()), (error, Some(1)));
    assert!(!place.names().iter().any(|name| name.contains("p.csv")), "nothing half-written");
}

/// Options that say something about Gaussians only are refused, and the flips of no coins.
#[test]
fn options_without_meaning_are_refused() {
    let (_, table) = draws(&three_coins(), 100, NAMES);
    let place = Place::with(&[("flips.csv", &table)]);
    for option in ["--covariance full", "--start kmeans", "--standardize", "--floor 0.1"] {
        let name = option.split(' ').next().expect("a name");
        let error = format!("{name} has no meaning with --model bernoulli");
        place.refuses(&format!("fit flips.csv -k 2 --model bernoulli {option}"), 2, &error);
    }
    let error = "--flips has no meaning without --model bernoulli";
    place.refuses("fit flips.csv -k 2 --flips 2", 2, error);
    for line in ["--flips 0 --model bernoulli", "--flips 1.5 --model bernoulli", "--model poisson"] {
        assert_eq!(place.run(&format!("fit flips.csv -k 2 {line}")).status.code(), Some(2), "{line}");
    }
    // A column of one side only is no trouble.
    place.write("constant.csv", "a,b\n0,1\n1,1\n1,1\n");
    let printed = place.prints("fit constant.csv -k 1 --model bernoulli");
    assert!(printed.ends_with("bias  weight       a       b\n1     1.0000  0.6667  1.0000\n"), "{printed}");
    assert!(printed.contains("ICL ") && !printed.contains("NaN"), "{printed}");
}

/// The shares of (m + 1)^d kinds of data are too few for more parameters than that less one, and it is said.
#[test]
fn coins_that_cannot_be_told_apart_are_pointed_at() {
    let (_, heads) = draws(&two_coins(), 200, "heads");
    let (_, flips) = draws(&three_coins(), 200, NAMES);
    let place = Place::with(&[("heads.csv", &heads), ("flips.csv", &flips)]);
    let note_of = |line: &str| {
        let printed = place.prints(&format!("fit {line} --model bernoulli --restarts 1 --max-iter 2000"));
        let note = printed.lines().find(|line| line.contains("other coins fit as well"));
        note.map(|line| line.trim_start_matches("Note").trim().to_owned())
    };
    let note = |shares: &str, p: usize| {
        Some(format!(
            "data like these show only {shares}, too few for {p} parameters: other coins fit as well"
        ))
    };
    assert_eq!(note_of("flips.csv --columns ant -k 2"), note("1 independent share", 3));
    assert_eq!(note_of("flips.csv --columns ant,bee -k 2"), note("3 independent shares", 5));
    assert_eq!(note_of("flips.csv --columns 1,2,3 -k 2"), None, "7 for 7");
    // Of one column, 2k − 1 flips are enough.
    assert_eq!(note_of("heads.csv --flips 10 -k 6"), note("10 independent shares", 11));
    assert_eq!(note_of("heads.csv --flips 10 -k 5"), None);
}

/// The same bytes with one thread and two; streamed, but for the order of summation, the same fit.
#[test]
fn threads_change_nothing_and_streaming_the_order_only() {
    let n = 30_000;
    let (x, table) = draws(&three_coins(), n, NAMES);
    let place = Place::with(&[("flips.csv", &table)]);
    let line = "fit flips.csv -k 3 --model bernoulli --restarts 2 --tol 0 --max-iter 3 --out m.json \
                --responsibilities r.csv";
    let run =
        |more: &str| [place.prints(&format!("{line} {more}")), place.read("m.json"), place.read("r.csv")];
    let once = run("--threads 1");
    assert!(run("--threads 2") == once && run("--threads 2") == once);
    let (whole, ell) = (place.coins("m.json"), place.saved("m.json").log_likelihood);
    let streamed = run("--stream --threads 1");
    assert!(streamed[0].starts_with(&format!(
        "Data      flips.csv: n = {n}, d = 7 ({}), streamed\n",
        NAMES.replace(',', ", ")
    )));
    assert_eq!(run("--stream --threads 2"), streamed);
    // Three sweeps of quotients of sums of n positive terms; the start is the same.
    let bound = 3.0 * gamma(4 * n);
    assert_matrices_within(place.coins("m.json").biases(), whole.biases(), bound);
    assert_within(place.saved("m.json").log_likelihood, ell, n as f64 * 20.0 * bound);
    // More data than the starts are drawn from: the start is that of the sample.
    let sample = executable_em_engine::sample(&Data::new(&x).expect("data"), 5000, &mut data::rng(!1))
        .expect("a sample");
    place.prints("fit flips.csv -k 3 --model bernoulli --restarts 1 --tol 1e9 --out start.json");
    let mut start = start_near_mean(&sample, 3, 1, &mut data::rng(1)).expect("a start");
    start = em::sweep(&start, &x).expect("a sweep");
    let mut order = [0, 1, 2];
    order.sort_by(|&one, &other| start.weights()[other].total_cmp(&start.weights()[one]));
    assert_matrices_within(place.coins("start.json").biases(), &start.biases().select_rows(&order), bound);
}

/// Many columns are cut into parts; the plot shows a line for each coin, with the names where there is room.
#[test]
fn many_columns_are_shown() {
    let biases = DMatrix::from_fn(2, 70, |j, a| if (j + a) % 2 == 0 { 0.9 } else { 0.2 });
    let coins = BernoulliMixture::new(dvector![0.7, 0.3], biases, 1).expect("coins");
    let header = (1..=70).map(|a| format!("pixel_{a}")).collect::<Vec<_>>().join(",");
    let (_, table) = draws(&coins, 300, &header);
    let place = Place::with(&[("pixels.csv", &table)]);
    let printed = place.prints("fit pixels.csv -k 2 --model bernoulli --plot p.svg");
    assert_eq!(printed.lines().filter(|line| line.starts_with("bias  weight  ")).count(), 9);
    assert!(printed.lines().all(|line| line.chars().count() <= 120), "{printed}");
    let drawn = place.read("p.svg");
    assert_eq!(drawn.matches("<circle").count(), 140);
    assert!(drawn.contains(">column<") && !drawn.contains("pixel"));
    assert!(drawn.contains("<title>A mixture of 2 coins</title>"));
    place.prints("fit pixels.csv -k 2 --model bernoulli --columns 1,2,3 --plot p.svg");
    let drawn = place.read("p.svg");
    assert_eq!(drawn.matches("<circle").count(), 6);
    for name in [">probability of heads<", ">pixel 1<", ">pixel 3<", " %)<"] {
        assert!(drawn.contains(name), "{name}");
    }
    // Where the lines end in one place, their names stand one above the other: a line is 150 tenths of a pixel.
    let (_, table) = draws(&three_coins(), 300, NAMES);
    place.write("flips.csv", &table);
    place.prints("fit flips.csv -k 3 --model bernoulli --columns ant,bee,dog --plot p.svg");
    let drawn = place.read("p.svg");
    let names = drawn.lines().filter(|line| line.ends_with(" %)</text>"));
    let y = |line: &str| line.split('"').nth(3).expect("y").parse::<f64>().expect("a number");
    let heights: Vec<f64> = names.map(y).collect();
    assert_eq!(heights.len(), 3);
    assert!(heights.windows(2).all(|pair| pair[0] - pair[1] > 140.0), "{heights:?}");
}

/// A model's file that was edited by hand is refused, and the place is named.
#[test]
fn a_broken_model_is_refused_by_place() {
    let place = Place::with(&[("flip.csv", "a\n1\n0\n")]);
    let saved = SavedMixture {
        model: Mixture::Bernoulli(two_coins()),
        columns: vec!["a".to_owned()],
        log_likelihood: -1.5,
        n: 50,
        sweeps: 2,
        stopped: Stopped::Converged,
        seed: 1,
    };
    let good = saved.to_json();
    for (from, to, error) in [
        ("[0.8]", "[1.8]", "biases: entry (0, 0) is 1.8, but must be between 0 and 1"),
        ("[0.8]", "[0.8, 0.7]", "biases[0]: found a list of 2, expected one of 1"),
        ("\"flips\": 10", "\"flips\": 0", "flips a draw is 0, but must be ≥ 1"),
        (
            "\"flips\": 10",
            "\"flips\": 1.5",
            "flips: invalid type: floating point `1.5`, expected usize at line 5 ",
        ),
        ("0.6, 0.4", "0.6, 0.5", "weights: row 0 is no probability vector"),
        (
            "bernoulli_mixture",
            "gaussian_mixture",
            "document: a gaussian_mixture has family, means and covariances, a bernoulli_mixture flips and biases",
        ),
        (
            "bernoulli_mixture",
            "coins",
            "kind: unknown variant `coins`, expected `gaussian_mixture` or `bernoulli_mixture` at line 3 ",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        place.write("m.json", good.replacen(from, to, 1));
        for command in ["predict m.json flip.csv", "sample m.json"] {
            let output = place.run(command);
            let found = text(&output.stderr);
            assert!(found.starts_with(&format!("error: m.json: {error}")), "{found}");
            assert_eq!((output.status.code(), output.stdout.len(), found.lines().count()), (Some(1), 0, 1));
        }
    }
}
