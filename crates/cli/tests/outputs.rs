//! Results go where they are asked for, and nothing that is read is written over.

mod place;

use place::{Place, text};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const FAITHFUL: &str = include_str!("../../../src/data/old_faithful.csv");
const FIT: &str = "fit x.csv -k 1 --restarts 1";

fn with_data() -> Place {
    Place::with(&[("x.csv", FAITHFUL)])
}

/// However the path is spelled, and through links of both kinds.
#[test]
fn what_is_read_is_not_written_over() {
    let place = with_data();
    place.prints(&format!("{FIT} --out m.json"));
    let at = |name: &str| place.0.path().join(name);
    symlink("x.csv", at("soft")).expect("a link");
    fs::hard_link(at("m.json"), at("hard")).expect("a link");
    let model = place.read("m.json");
    for (line, error) in [
        ("fit x.csv -k 1 --responsibilities x.csv", "--responsibilities x.csv is what is read (x.csv)"),
        ("fit x.csv -k 1 --out soft", "--out soft is what is read (x.csv)"),
        (
            "fit ./soft -k 1 --responsibilities ././x.csv",
            "--responsibilities ././x.csv is what is read (./soft)",
        ),
        ("predict m.json x.csv --out m.json", "--out m.json is what is read (m.json)"),
        ("predict m.json x.csv --out hard", "--out hard is what is read (m.json)"),
        ("predict m.json x.csv --out ./x.csv", "--out ./x.csv is what is read (x.csv)"),
        ("sample m.json -n 3 --out m.json", "--out m.json is what is read (m.json)"),
    ] {
        place.refuses(line, 2, &format!("{error}: name another file"));
    }
    let mut command = place.command("fit - -k 1 --responsibilities x.csv");
    let redirected = command.stdin(fs::File::open(at("x.csv")).expect("the data")).output().expect("an end");
    assert_eq!(redirected.status.code(), Some(2), "{}", text(&redirected.stderr));
    // As by `>> x.csv`.
    for line in ["predict m.json x.csv", "fit x.csv -k 1"] {
        let appending = fs::File::options().append(true).open(at("x.csv")).expect("the data");
        let appended = place.command(line).stdout(appending).output().expect("an end");
        assert_eq!(appended.status.code(), Some(2), "{line}");
        let said = text(&appended.stderr);
        assert!(said.contains("standard output is what is read (x.csv): send it elsewhere"), "{said}");
    }
    assert_eq!((place.read("x.csv"), place.read("m.json")), (FAITHFUL.to_owned(), model));
    place.refuses(
        "fit x.csv -k 1 --out o --responsibilities ./o",
        2,
        "./o is asked for twice, by --out and --responsibilities",
    );
}

/// A name promises a form.
#[test]
fn endings_are_those_of_what_is_written() {
    let place = with_data();
    place.prints(&format!("{FIT} --out m.json"));
    for (line, error) in [
        ("fit x.csv -k 1 --out n.csv", "--out n.csv would be json, not csv"),
        ("fit x.csv -k 1 --responsibilities r.json", "--responsibilities r.json would be csv, not json"),
        ("predict m.json x.csv --out p.JSON", "--out p.JSON would be csv, not json"),
        ("impute m.json x.csv --out p.png", "--out p.png would be csv, not png"),
        ("sample m.json -n 3 --out s.json", "--out s.json would be csv, not json"),
        ("marginal m.json --columns waiting --out w.csv", "--out w.csv would be json, not csv"),
    ] {
        place.refuses(line, 2, error);
    }
    let error = "--out -: names no file: standard output is where tables go without --out";
    place.refuses("predict m.json x.csv --out -", 2, error);
    place.prints("predict m.json x.csv --out labels.txt");
    assert_eq!(place.names(), ["labels.txt", "m.json", "x.csv"]);
}

/// A link keeps leading to its target, and a file keeps who may read it.
#[test]
fn links_and_permissions_stay() {
    let place = with_data();
    let at = |name: &str| place.0.path().join(name);
    fs::create_dir(at("there")).expect("a folder");
    symlink("there/m.json", at("m.json")).expect("a link to what is not there yet");
    place.prints(&format!("{FIT} --out m.json"));
    assert!(fs::symlink_metadata(at("m.json")).expect("the link").is_symlink());
    assert_eq!(place.saved("there/m.json").n, 272);
    fs::set_permissions(at("there/m.json"), fs::Permissions::from_mode(0o600)).expect("its owner");
    place.prints("fit x.csv -k 2 --restarts 1 --out m.json");
    assert_eq!(place.saved("there/m.json").model.k(), 2);
    assert_eq!(fs::metadata(at("there/m.json")).expect("the file").mode() & 0o777, 0o600);
    assert_eq!(place.names(), ["m.json", "there", "x.csv"], "nothing else is left");
}

/// A pipe and a device are written to, and stay what they are.
#[test]
fn what_is_no_file_is_written_straight_to() {
    let place = with_data();
    let fifo = place.0.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    let mut child =
        place.command(&format!("{FIT} --out pipe")).stdout(Stdio::null()).spawn().expect("it starts");
    let mut json = String::new();
    fs::File::open(&fifo).expect("the pipe").read_to_string(&mut json).expect("text");
    assert!(child.wait().expect("an end").success() && json.contains("\"covariances\""), "{json}");
    let printed = place.prints(&format!("{FIT} --out /dev/stdout --responsibilities /dev/null"));
    assert!(
        printed.contains("\"covariances\"") && printed.ends_with("Responsibilities in /dev/null\n"),
        "{printed}"
    );
    assert!(!fs::metadata("/dev/null").expect("the device").is_file());
    assert_eq!(place.names(), ["pipe", "x.csv"]);
}

/// Whoever waits for the reader of a pipe ends at the first signal.
#[test]
fn a_pipe_without_a_reader_is_no_trap() {
    let place = with_data();
    place.prints(&format!("{FIT} --out m.json"));
    assert!(Command::new("mkfifo").arg(place.0.path().join("pipe")).status().expect("mkfifo").success());
    for line in ["sample m.json --out pipe", "predict m.json x.csv --out pipe"] {
        let mut child = place.command(line).spawn().expect("it starts");
        thread::sleep(Duration::from_millis(500));
        assert!(Command::new("kill").arg(child.id().to_string()).status().expect("kill").success());
        let ended = (0..200).find_map(|_| {
            thread::sleep(Duration::from_millis(50));
            child.try_wait().expect("a child")
        });
        if ended.is_none() {
            child.kill().expect("a child");
        }
        assert!(ended.is_some_and(|status| !status.success()), "{line} goes on");
    }
}

/// Standard output that is a file holds the model and the report; a full one costs the report alone.
#[test]
fn the_model_outlives_the_report() {
    let place = with_data();
    let at = |name: &str| place.0.path().join(name);
    let all = fs::File::create(at("all")).expect("a file");
    let mut command = place.command(&format!("{FIT} --out /dev/stdout"));
    assert!(command.stdout(all).status().expect("an end").success());
    let printed = place.read("all");
    assert!(printed.contains("\"covariances\"") && printed.contains("\nCriteria  BIC "), "{printed}");
    if Path::new("/dev/full").exists() {
        let full = fs::File::options().write(true).open("/dev/full").expect("a device");
        let mut command = place.command(&format!("{FIT} --out m.json"));
        let status = command.stdout(full).stderr(Stdio::null()).status().expect("an end");
        assert_eq!((status.code(), place.saved("m.json").n), (Some(1), 272));
    }
    // A link to what is not there yet leads to the same place as its target.
    fs::create_dir(at("d")).expect("a folder");
    symlink("o.svg", at("dangling")).expect("a link");
    let twice = "d/../o.svg is asked for twice, by --out and --plot";
    place.refuses("fit x.csv -k 1 --out dangling --plot d/../o.svg", 2, twice);
}

/// SIGTERM and SIGHUP end a fit as Ctrl-C does: with the best model so far, and no other file.
#[test]
fn a_signal_ends_with_the_best_so_far() {
    for signal in ["TERM", "HUP", "INT"] {
        let place = with_data();
        let line = "fit x.csv -k 8 --start random --restarts 4000000 --tol 0 --max-iter 2 --out m.json \
        --responsibilities r.csv";
        let child =
            place.command(line).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(700));
        let number = child.id().to_string();
        assert!(Command::new("kill").args([format!("-{signal}"), number]).status().expect("kill").success());
        let ended = child.wait_with_output().expect("an end");
        assert_eq!(
            (ended.status.code(), text(&ended.stderr).as_str()),
            (Some(130), "interrupted\n"),
            "{signal}"
        );
        assert_eq!(place.saved("m.json").model.k(), 8, "{signal}");
        assert_eq!(place.names(), ["m.json", "x.csv"], "{signal}");
    }
}

/// A full or closed standard error costs no result.
#[test]
fn warnings_may_fail_and_results_may_not() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let place = with_data();
    let to_full = || fs::File::options().write(true).open(full).expect("a device");
    let mut command = place.command("fit x.csv -k 1..300 --restarts 1 --max-iter 1 --out m.json");
    let status = command.stdout(Stdio::null()).stderr(to_full()).status().expect("an end");
    assert!(matches!(status.code(), Some(0 | 1)), "it ends by itself: {status}");
    let status = place.command("fit nobody.csv -k 1").stderr(to_full()).status().expect("an end");
    assert_eq!(status.code(), Some(1));
}

/// Links that lead nowhere, files that are protected and models without an end are named.
#[test]
fn places_that_are_none_are_named() {
    let place = with_data();
    place.prints("fit x.csv -k 1 --out m.json");
    symlink("loop.json", place.0.path().join("loop.json")).expect("a link");
    for line in [
        "fit x.csv -k 1 --out loop.json",
        "marginal m.json --columns waiting --out loop.json",
        "predict /dev/zero x.csv",
    ] {
        let refused = place.run(line);
        assert_eq!(refused.status.code(), Some(1), "{line}: {}", text(&refused.stderr));
    }
    assert!(text(&place.run("predict x.csv x.csv").stderr).contains("x.csv: is no model that fit wrote"));
}

/// Of several results one that has no room does not keep the others from being written.
#[test]
#[cfg(target_os = "linux")]
fn results_do_not_wait_for_each_other() {
    let place = with_data();
    let refused = place.run("fit x.csv -k 1 --out m.json --responsibilities /dev/full --plot p.svg");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("/dev/full"));
    let names = place.names();
    assert!(["m.json", "p.svg"].iter().all(|made| names.iter().any(|name| name == made)), "{names:?}");
}

/// No table has two columns of one name.
#[test]
fn a_column_named_as_the_programs_own_is_refused() {
    let place = Place::with(&[("x.csv", "a,label\n1,2\n2,5\n4,3\n")]);
    place.prints("fit x.csv -k 1 --out m.json");
    place.refuses(
        "sample m.json -n 2 --labels",
        2,
        "--labels: sample writes a column named 'label' itself: give that of m.json another name",
    );
    assert!(place.prints("sample m.json -n 2").starts_with("a,label\n"));
}
