//! What a fit of coins finds, held to the derivations.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use crate::place::Place;
use crate::{NAMES, draws, three_coins, two_coins};
use executable_em::bernoulli_mixture::start_near_mean;
use executable_em::em::Stopped;
use executable_em::{bound, data, em, selection};
use executable_em_engine::Data;

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
