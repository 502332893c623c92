//! A process that is ended from outside while it reads, fits or writes.

use super::{one_of, place::Place};
use executable_em::data;
use rand::RngExt;
use std::{
    process::{Command, Stdio},
    time::Duration,
};

const FAITHFUL: &str = include_str!("../../../../src/data/old_faithful.csv");

/// What is at the place of an output is what was there, or is whole; a signal that can be heeded leaves nothing else.
pub fn at_any_moment(seed: u64) {
    let mut rng = data::rng(seed);
    let place = Place::with(&[("x.csv", FAITHFUL)]);
    place.prints("fit x.csv -k 1 --restarts 1 --out m.json --responsibilities r.csv");
    let before = (place.read("m.json"), place.read("r.csv"));
    let signal = one_of(&mut rng, &["KILL", "KILL", "TERM", "HUP", "INT"]);
    let stream = one_of(&mut rng, &["", "--stream"]);
    let line = format!("fit x.csv -k 3 {stream} --restarts 8 --tol 0 --out m.json --responsibilities r.csv");
    let mut child =
        place.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    // A whole run takes some tenths of a second: early, late, and after its end.
    std::thread::sleep(Duration::from_micros(rng.random_range(0..600_000)));
    let number = child.id().to_string();
    let sent = Command::new("kill").args([format!("-{signal}"), number]).stderr(Stdio::null()).status();
    sent.expect("kill");
    let status = child.wait().expect("its end");
    assert!(matches!(status.code(), None | Some(0 | 130)), "seed {seed}: {signal} {line}: {status}");

    assert_eq!(place.read("x.csv"), FAITHFUL, "seed {seed}: {signal} {line}");
    let (model, rows) = (place.read("m.json"), place.read("r.csv"));
    let is_whole = |rows: &str| rows.lines().count() == 273 && rows.ends_with('\n');
    assert!(
        model == before.0 || place.saved("m.json").model.k() == 3,
        "seed {seed}: {signal} {line}: {model}"
    );
    assert!(rows == before.1 || is_whole(&rows), "seed {seed}: {signal} {line}: {rows}");
    if status.code().is_some() {
        assert_eq!(place.names(), ["m.json", "r.csv", "x.csv"], "seed {seed}: {signal} {line}");
    }
}
