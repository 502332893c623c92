//! One case: files, a command line, and what must hold of the end, whatever it is.

use super::{
    models, one_of, options,
    place::{Place, text},
    tables,
};
use executable_em::data;
use rand::RngExt;
use std::{
    fs::{self, File},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// Far more than any case takes; what takes longer does not end.
const TIME: Duration = Duration::from_secs(60);
/// Kilobytes that a run may ask for: the program, its threads' stacks, and tables of a few rows.
const MEMORY: u32 = 4 << 20;
/// What lay at the place of an output before.
const BEFORE: &str = "what was there before\n";

const FAITHFUL: &str = include_str!("../../../../src/data/old_faithful.csv");

/// A run that has ended as a run may: by itself, in time, with a reason if it failed.
struct Ended {
    status: ExitStatus,
    stderr: String,
}

fn run(place: &Place, seed: u64, line: &[String]) -> Ended {
    let log = |name| File::create(place.0.path().join(name)).expect("a file");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")]);
    command.arg(env!("CARGO_BIN_EXE_executable-em")).args(line).current_dir(place.0.path());
    let mut child =
        command.stdin(Stdio::null()).stdout(log("stdout")).stderr(log("stderr")).spawn().expect("it starts");
    let start = Instant::now();
    let status = loop {
        match child.try_wait().expect("its end") {
            Some(status) => break status,
            None if start.elapsed() < TIME => std::thread::sleep(Duration::from_millis(2)),
            None => {
                child.kill().expect("it can be stopped");
                panic!("seed {seed}: {line:?} does not end")
            }
        }
    };
    let stderr = text(&fs::read(place.0.path().join("stderr")).expect("its words"));
    let told = stderr.lines().filter(|line| line.starts_with("error: ")).count();
    let is_right = match status.code() {
        Some(0) => told == 0,
        Some(1) => told > 0, // of several k, each has its own reason
        Some(2) => told == 1,
        _ => false,
    };
    assert!(is_right && !stderr.contains("panicked"), "seed {seed}: {line:?}: {status}\n{stderr}");
    Ended { status, stderr }
}

/// What was written: after a success it is there. After a failure the place is as it was before, unless it was a later
/// output that failed.
fn output(place: &Place, name: &str, was_there: bool, ended: &Ended) -> Option<String> {
    let found = fs::read_to_string(place.0.path().join(name)).ok();
    let written = found.clone().filter(|text| text != BEFORE);
    assert!(written.is_some() || !ended.status.success(), "{name} was asked for");
    assert!(written.is_some() || found.is_some() == was_there, "{name} after {}", ended.stderr);
    written
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Fits a table; true if there was a fit.
pub fn fit(seed: u64) -> bool {
    let mut rng = data::rng(seed);
    let (name, table) = if rng.random_bool(0.15) {
        ("x.f64", tables::raw(&mut rng))
    } else {
        ("x.csv", tables::table(&mut rng))
    };
    let place = Place::with(&[]);
    place.write(name, &table);
    let outputs = ["--out m.json", "--responsibilities r.csv", "--plot p.svg"];
    let outputs = &outputs[..if rng.random_bool(0.3) { 3 } else { 2 }];
    let names: Vec<&str> = outputs.iter().filter_map(|output| Some(output.split_once(' ')?.1)).collect();
    let was_there = rng.random_bool(0.5);
    if was_there {
        names.iter().for_each(|name| place.write(name, BEFORE));
    }
    let mut options = options::of_fit(&mut rng);
    if name == "x.f64" && rng.random_bool(0.8) && !options.contains(&"--dimension".to_owned()) {
        options.extend(words("--dimension 2"));
    }
    let line = [words(&format!("fit {name} {}", outputs.join(" "))), options.clone()].concat();
    let ended = run(&place, seed, &line);

    assert_eq!(fs::read(place.0.path().join(name)).expect("the table"), table, "seed {seed}: {line:?}");
    let written: Vec<Option<String>> =
        names.iter().map(|name| output(&place, name, was_there, &ended)).collect();
    let kept = names.iter().zip(&written).filter(|(_, written)| was_there || written.is_some());
    let mut mine: Vec<&str> = kept.map(|(name, _)| *name).chain([name, "stdout", "stderr"]).collect();
    mine.sort_unstable();
    assert_eq!(place.names(), mine, "seed {seed}: {line:?}");
    if let Some(Some(svg)) = written.get(2) {
        roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("seed {seed}: {line:?}: {error}"));
    }
    let Some(rows) = written[1].as_ref().filter(|_| ended.status.success()) else { return false };

    let n = place.saved("m.json").n;
    assert_eq!(rows.lines().count(), n + 1, "seed {seed}: {line:?}");
    let again = words(&format!("predict m.json {name} --out q.csv"));
    let reading = ["--header", "--dimension", "--columns"].into_iter().filter_map(|option| {
        let at = options.iter().position(|word| word == option)?;
        Some(options[at..at + 2].to_vec())
    });
    let line = [again, reading.flatten().collect()].concat();
    assert!(run(&place, seed, &line).status.success(), "seed {seed}: {line:?}");
    assert_eq!(&place.read("q.csv"), rows, "seed {seed}: {line:?}: what fit said of its data");
    true
}

/// Predicts with, and draws from, a saved model with something wrong in it; true if it could be used.
pub fn predict(seed: u64) -> bool {
    let mut rng = data::rng(seed);
    let place = Place::with(&[("x.csv", FAITHFUL)]);
    let model = if rng.random_bool(0.5) { "--model bernoulli --flips 100" } else { "--covariance full" };
    let whole = words(&format!("fit x.csv -k 2 --restarts 1 --max-iter 3 --out m.json {model}"));
    if model.contains("bernoulli") {
        place.write("x.csv", "a,b\n3,50\n4,81\n2,9\n100,0\n7,7\n");
    }
    assert!(run(&place, seed, &whole).status.success(), "seed {seed}: {whole:?}");
    let altered = models::altered(&mut rng, &place.read("m.json"));
    place.write("m.json", &altered);
    let line = words(one_of(
        &mut rng,
        &["predict m.json x.csv --out o.csv", "sample m.json -n 50 --labels --out o.csv"],
    ));
    let was_there = rng.random_bool(0.5);
    if was_there {
        place.write("o.csv", BEFORE);
    }
    let ended = run(&place, seed, &line);
    assert_eq!(fs::read(place.0.path().join("m.json")).expect("the model"), altered, "seed {seed}: {line:?}");
    let told = output(&place, "o.csv", was_there, &ended);
    if let Some(rows) = &told {
        assert!(!rows.contains("NaN"), "seed {seed}: {line:?}\n{rows}");
    }
    told.is_some()
}
