//! The committed times are complete, and a broken file of them says where.

use executable_em_figures::results::{Race, measured, parse};

/// What the figures and the notebook show is what a run of `make bench` wrote, complete.
#[test]
fn results_are_complete() {
    let results = measured();
    assert!(results.races.len() >= 13);
    for race in &results.races {
        assert!(race.ms("engine", 1).is_some_and(|ms| ms > 0.0), "{race:?}");
        // Whoever takes too long is left out, but nobody races alone.
        assert!(race.times.iter().any(|time| time.0 != "engine"), "{race:?}");
        assert!(race.ms("nobody", 1).is_none());
    }
    assert_eq!(results.races.iter().filter(|race| race.family.is_none()).count(), 2);
    assert!(results.tricks.iter().all(|(_, steps)| steps.len() == 4));
    assert!(results.scaling.iter().all(|curve| curve.len() >= 4));
    assert!(
        results.apart.len() >= 4 && results.apart.iter().all(|&(distance, ms)| distance > 1.0 && ms > 0.0)
    );
    assert!(results.date.len() == 10 && results.machine.contains("cores"));
}

#[test]
fn a_time_is_that_of_a_contender_on_so_many_threads() {
    let times = [("one", 1, 4.0), ("one", 2, 3.0), ("two", 2, 5.0)];
    let times = times.map(|(name, threads, ms)| (name.to_owned(), threads, ms)).to_vec();
    let race = Race { n: 1, d: 1, k: 1, family: None, times };
    assert_eq!([race.ms("one", 1), race.ms("one", 2), race.ms("two", 2)], [Some(4.0), Some(3.0), Some(5.0)]);
    assert_eq!([race.ms("two", 1), race.ms("three", 2)], [None, None]);
}

#[test]
fn broken_results_say_where() {
    let problem = |text: &str| parse(text).unwrap_err().to_string();
    assert!(problem("{").starts_with("crates/engine/benches/results.json: EOF"));
    assert!(
        problem("{}")
            .starts_with("crates/engine/benches/results.json: missing field `date` at line 1 column 2")
    );
    let mut whole: serde_json::Value =
        serde_json::from_str(include_str!("../../engine/benches/results.json")).expect("JSON");
    whole["sizes"][1]["contenders"][0]["threads"] = "one".into();
    let text = problem(&whole.to_string());
    assert!(
        text.starts_with(
            "crates/engine/benches/results.json: invalid type: string \"one\", expected usize at "
        ),
        "{text}"
    );
    whole["sizes"] = 5.into();
    let text = problem(&whole.to_string());
    assert!(
        text.starts_with(
            "crates/engine/benches/results.json: invalid type: integer `5`, expected a sequence at "
        ),
        "{text}"
    );
}
