//! `conditional` and `marginal`: models of some columns, which all other commands read.

use crate::FAITHFUL;
use crate::common::assert_within;
use crate::common::bounds::gamma;
use crate::place::Place;
use executable_em_engine::table::parse_csv;

fn with_model() -> Place {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    place.prints("fit faithful.csv -k 2 --tol 0 --out m.json");
    place
}

/// The log densities that predict gives the data.
fn log_densities(place: &Place, model: &str) -> Vec<f64> {
    let table = parse_csv(&place.prints(&format!("predict {model} faithful.csv"))).expect("a table");
    table.values.column(1).iter().copied().collect()
}

/// log p(x, y) = log p(y) + log p(x | y), for the rows in which y has the value that is given.
#[test]
fn a_conditional_is_the_joint_over_the_marginal() {
    let place = with_model();
    let printed = place.prints("marginal m.json --columns waiting --out w.json");
    assert_eq!(
        printed,
        "mean  weight  waiting\n1     0.6441   79.968\n2     0.3559   54.479\n\nsd    waiting\n1       6.004\n\
         2       5.805\n\nModel in w.json\n"
    );
    let printed = place.prints("conditional m.json --given waiting=70 --out e.json");
    // By hand from the report of the fit: the mean 4.2897 + .38 · .4123/6.004 · (70 − 79.968), the sd .4123 √(1 −
    // .38²), the odds .6441 e^{−1.378}/6.004 to .3559 e^{−3.574}/5.805. Their four digits err by half a unit, and
    // these by less than four.
    assert!(printed.starts_with("mean  weight  eruptions\n1     0.94"), "{printed}");
    let rest = place.gaussians("e.json");
    assert_within(rest.means()[0], 4.0296, 2e-4);
    assert_within(rest.covariances()[0][0].sqrt(), 0.3814, 2e-4);
    assert_within(rest.weights()[0], 0.9402, 2e-4);
    let (joint, known, rest) =
        (log_densities(&place, "m.json"), log_densities(&place, "w.json"), log_densities(&place, "e.json"));
    let rows: Vec<usize> = FAITHFUL
        .lines()
        .skip(1)
        .enumerate()
        .filter(|(_, row)| row.ends_with(",70"))
        .map(|(i, _)| i)
        .collect();
    assert!(rows.len() > 3, "eruptions after seventy minutes");
    for i in rows {
        // Log densities below 40, each of some forty operations.
        assert_within(known[i] + rest[i], joint[i], 3.0 * 40.0 * gamma(40));
    }
    // Without --out the model itself is printed; it is sampled, and taken further.
    assert_eq!(place.prints("conditional m.json --given waiting=70"), place.read("e.json"));
    assert!(place.prints("sample e.json -n 3").starts_with("eruptions\n"));
    let both = place.prints("marginal m.json --columns waiting,eruptions");
    place.write("turned.json", both);
    assert_eq!(place.prints("conditional turned.json --given waiting=70"), place.read("e.json"));
    assert_eq!(place.saved("e.json").n, 0);
}

/// Coins, too: only the weights change.
#[test]
fn coins_are_conditioned_by_their_responsibilities() {
    let place = Place::with(&[("x.csv", "a,b\n1,1\n1,1\n1,0\n0,0\n0,0\n0,1\n")]);
    place.prints("fit x.csv -k 2 --model bernoulli --out m.json");
    let printed = place.prints("conditional m.json --given a=1 --out b.json");
    assert!(printed.starts_with("bias  weight ") && place.coins("b.json").d() == 1, "{printed}");
    place.refuses("conditional m.json --given a=0.5", 1, "a given value is 0.5, but must be 0 or 1");
}

/// Each mistake is one sentence, and leaves no file.
#[test]
fn what_makes_no_sense_is_refused() {
    let place = with_model();
    for (line, error) in [
        (
            "conditional m.json --given wait=70",
            "--given: the model has no column named 'wait'; there are eruptions, waiting",
        ),
        (
            "conditional m.json --given waiting=70 --given waiting=71",
            "--given: column 'waiting' is named twice",
        ),
        (
            "conditional m.json --given waiting=70 --given eruptions=2",
            "--given names every column of the model (eruptions, waiting): leave one out",
        ),
        ("conditional m.json --given waiting=nan", "--given waiting=nan: 'nan' is no finite number"),
        ("conditional m.json --given waiting=", "--given waiting=: '' is no finite number"),
        (
            "conditional m.json --given waiting",
            "--given waiting: must be a column and its value, as waiting=70",
        ),
        (
            "marginal m.json --columns a",
            "--columns: the model has no column named 'a'; there are eruptions, waiting",
        ),
        ("marginal m.json --columns waiting,waiting", "--columns: column 'waiting' is named twice"),
        (
            "marginal m.json --columns waiting --out m.json",
            "--out m.json is what is read (m.json): name another file",
        ),
    ] {
        place.refuses(line, 2, error);
    }
    let far = "what is given has probability zero under every component: it lies too far from all of them";
    place.refuses("conditional m.json --given waiting=1e200 --out far.json", 1, far);
    assert_eq!(place.run("conditional m.json").status.code(), Some(2));
    assert_eq!(place.run("marginal m.json").status.code(), Some(2));
    assert_eq!(place.names(), ["faithful.csv", "m.json"]);
}
