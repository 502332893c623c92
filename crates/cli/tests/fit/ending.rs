//! How a fit ends: a closed pipe, a signal, a place that cannot be written.

use crate::FAITHFUL;
use crate::place::{Place, text};
use executable_em::em::Stopped;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// A reader who has seen enough is no error, and nothing goes on writing for him.
#[test]
fn a_closed_pipe_ends_it() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    place.prints("fit faithful.csv -k 2 --restarts 1 --out m.json");
    for line in ["sample m.json -n 100000000", "fit faithful.csv -k 2 --restarts 1 --responsibilities r.csv"]
    {
        let mut child = place
            .command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take().map(|pipe| BufReader::new(pipe).lines().next()));
        let output = child.wait_with_output().expect("an end");
        assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)), "{line}");
    }
    assert_eq!(place.read("r.csv").lines().count(), 273, "files are written all the same");
}

/// Ctrl-C: the best so far is reported and saved as interrupted, other files stay as they were, none is half-written.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_fit_reports_the_best_so_far() {
    // Hundreds of restarts end before the signal, so the best of them is not the one that it breaks off.
    let place = Place::with(&[("x.csv", FAITHFUL), ("r.csv", "kept"), ("m.json", "old")]);
    let line = "fit x.csv -k 2 --restarts 4000000 --tol 0 --out m.json --responsibilities r.csv --plot p.svg";
    let mut child = place
        .command(line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // It listens from when the data are read: bit SIGINT − 1 of the signals that it catches.
    let status = format!("/proc/{}/status", child.id());
    let listens = || {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let mask =
            status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).map(str::to_owned);
        mask.and_then(|mask| u64::from_str_radix(&mask, 16).ok()).is_some_and(|mask| mask & 2 != 0)
    };
    // Where these tests were started to ignore Ctrl-C, as in the background of a script, so does the child.
    let patience = std::time::Instant::now();
    while !listens() {
        assert!(child.try_wait().expect("a child").is_none(), "it ended by itself");
        if patience.elapsed().as_secs() > 60 {
            child.kill().expect("a child");
            panic!("it does not listen to SIGINT: is that ignored here?");
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    let (mut printed, mut error) = (String::new(), String::new());
    child.stdout.take().expect("a pipe").read_to_string(&mut printed).expect("text");
    child.stderr.take().expect("a pipe").read_to_string(&mut error).expect("text");
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{error}");
    assert!(printed.contains("; interrupted after ") && printed.contains("Model in m.json"), "{printed}");
    assert_eq!(error, "interrupted\n");
    let saved = place.saved("m.json");
    assert_eq!((saved.stopped, saved.model.k(), saved.n), (Stopped::Interrupted, 2, 272));
    assert_eq!(place.read("r.csv"), "kept");
    assert_eq!(place.names(), ["m.json", "r.csv", "x.csv"]);
}

/// Where nothing can be written is said before the fit, and what was there stays.
#[test]
fn places_that_cannot_be_written_are_named_first() {
    let place = Place::with(&[("faithful.csv", FAITHFUL), ("file", "kept")]);
    fs::create_dir(place.0.path().join("folder")).expect("a folder");
    for option in ["--out", "--responsibilities"] {
        // The data would be an error, too, but later.
        let output = place.run(&format!("fit nobody.csv -k 2 {option} file/m"));
        let error = text(&output.stderr);
        assert!(error.starts_with("error: file/m: ") && error.lines().count() == 1, "{error}");
        assert_eq!(output.status.code(), Some(1));
        place.refuses(&format!("fit nobody.csv -k 2 {option} folder"), 1, "folder: is a directory");
    }
    place.refuses(
        "fit nobody.csv -k 2 --plot new/p.svg",
        1,
        "nobody.csv: No such file or directory (os error 2)",
    );
    assert_eq!(place.read("file"), "kept");
    assert_eq!(place.names(), ["faithful.csv", "file", "folder"], "no folder is left behind");
    let saved = place.prints("fit faithful.csv -k 1 --out new/deep/m.json");
    assert!(saved.ends_with("\nModel in new/deep/m.json\n"));
    assert_eq!(place.saved("new/deep/m.json").model.k(), 1);
}
