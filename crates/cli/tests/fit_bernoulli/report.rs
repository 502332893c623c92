//! What is said and drawn of coins.

use crate::place::Place;
use crate::{NAMES, draws, three_coins, two_coins};
use executable_em::bernoulli_mixture::BernoulliMixture;
use nalgebra::{DMatrix, dvector};

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
