//! Labels and densities under a mixture of coins, and draws from it.

use crate::common::assert_matrices_within;
use crate::place::Place;
use crate::{NAMES, draws, three_coins, two_coins};
use executable_em::em::Stopped;
use executable_em::latent::Model;
use executable_em::{data, latent};
use executable_em_engine::table::{BLOCK_ROWS, parse_csv};
use executable_em_engine::{Mixture, SavedMixture};

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
