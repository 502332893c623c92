//! Where a fit begins, and that the default misses nothing that an option would find.

mod place;

use place::Place;

const FAITHFUL: &str = include_str!("../../../src/data/old_faithful.csv");

/// Two thin stripes; three bumps of a geyser; a tail so heavy that every k-means start collapses.
#[test]
fn the_default_finds_what_one_kind_of_start_misses() {
    let stripes: String = (0..100)
        .map(|i| format!("{},{}\n", (i * 37) % 100, (i % 2) as f64 + 0.01 * ((i * 53) % 21 - 10) as f64))
        .collect();
    let place =
        Place::with(&[("stripes.csv", &stripes), ("tail.csv", &heavy_tail()), ("faithful.csv", FAITHFUL)]);
    for (line, best) in [
        ("fit stripes.csv -k 2", "ℓ = -407.581 nats"),
        ("fit faithful.csv -k 3", "ℓ = -1114.440 nats"),
        ("fit tail.csv -k 3", "ℓ = -535.929 nats"),
    ] {
        let printed = place.prints(line);
        assert!(printed.contains(best), "{line}: {printed}");
    }
}

/// The units of a column change neither where the runs begin nor where they end.
#[test]
fn units_change_nothing_but_the_units() {
    let seconds: String = FAITHFUL
        .lines()
        .map(|line| match line.split_once(',') {
            Some((minutes, rest)) if !minutes.starts_with('e') => {
                format!("{},{rest}\n", minutes.parse::<f64>().expect("minutes") * 64.0)
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let place = Place::with(&[("m.csv", FAITHFUL), ("s.csv", &seconds)]);
    let won = |file: &str| {
        let printed = place.prints(&format!("fit {file} -k 3"));
        let start = printed.find("restart ").expect("who won");
        printed[start..].lines().next().expect("a line").to_owned()
    };
    assert_eq!(won("m.csv"), won("s.csv"));
}

/// One component leaves no doubt, so ICL is BIC; and a k for which nothing is found stands in the table.
#[test]
fn what_is_certain_and_what_failed_is_said() {
    let place = Place::with(&[("faithful.csv", FAITHFUL), ("tail.csv", &heavy_tail())]);
    let criteria = place.prints("fit faithful.csv -k 1");
    assert!(criteria.contains("Criteria  BIC 2607.623, AIC 2589.593, ICL 2607.623\n"), "{criteria}");
    let output = place.run("fit tail.csv -k 1..3 --start kmeans");
    let printed = place::text(&output.stdout);
    assert!(printed.lines().any(|line| line.starts_with("3") && line.ends_with("failed")), "{printed}");
    assert!(place::text(&output.stderr).starts_with("warning: k = 3: none of 12 restarts succeeded"));
}

/// A Pareto's quantiles, with the six digits that are usually printed.
fn heavy_tail() -> String {
    let digits = |value: f64| format!("{value:.*}\n", (5 - value.log10().floor() as i32).max(0) as usize);
    (1..=60).map(|i| digits(1000.0 * (1.0 - (i as f64 - 0.5) / 60.0).powf(-0.9))).collect()
}
