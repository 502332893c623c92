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
        ("sample m.json -n 1 --out z.csv.gz", "--out z.csv.gz would be csv, not gz"),
        ("predict m.json x.csv --out z.parquet", "--out z.parquet would be csv, not parquet"),
        ("impute m.json x.csv --out z.tsv", "--out z.tsv would be csv, not tsv"),
        ("fit x.csv -k 1 --out z.npy", "--out z.npy would be json, not npy"),
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

/// Whoever waits for the reader of a pipe ends at the first signal, and a fit tells what it found.
#[test]
fn a_pipe_without_a_reader_is_no_trap() {
    let place = with_data();
    place.prints(&format!("{FIT} --out m.json"));
    assert!(Command::new("mkfifo").arg(place.0.path().join("pipe")).status().expect("mkfifo").success());
    let fits = ["--out pipe", "--responsibilities pipe", "--variational --out pipe"];
    let fits = fits.map(|wanted| (format!("fit x.csv -k 2 --restarts 1 {wanted}"), "eruptions"));
    let others = ["sample m.json --out pipe", "predict m.json x.csv --out pipe"];
    for (line, told) in fits.into_iter().chain(others.map(|line| (line.to_owned(), ""))) {
        let mut command = place.command(&line);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        thread::sleep(Duration::from_millis(700));
        assert!(Command::new("kill").arg(child.id().to_string()).status().expect("kill").success());
        let ended = (0..200).find_map(|_| {
            thread::sleep(Duration::from_millis(50));
            child.try_wait().expect("a child")
        });
        if ended.is_none() {
            child.kill().expect("a child");
        }
        let output = child.wait_with_output().expect("an end");
        assert_eq!(ended.and_then(|status| status.code()), Some(130), "{line}");
        assert_eq!(text(&output.stderr), "interrupted\n", "{line}");
        let printed = text(&output.stdout);
        assert!(printed.contains(told) && !printed.contains(" in pipe"), "{line}: {printed}");
    }
}

/// A result that is there already is left alone, so that whoever waits for a change sees none.
#[test]
#[cfg(unix)]
fn what_would_not_change_is_left_alone() {
    use std::os::unix::fs::MetadataExt;
    let place = with_data();
    let written = || {
        place.prints(&format!("{FIT} --out m.json"));
        fs::metadata(place.0.path().join("m.json")).expect("the model").ino()
    };
    assert_eq!(written(), written());
}

/// What is a file is replaced, wherever it lies.
#[test]
#[cfg(target_os = "linux")]
fn a_file_in_shared_memory_is_replaced() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
    let place = Place(folder);
    place.write("x.csv", FAITHFUL);
    let at = |name: &str| place.0.path().join(name).display().to_string();
    for k in [2, 1] {
        place.prints(&format!("fit x.csv -k {k} --restarts 1 --out {}", at("m.json")));
        assert_eq!(place.saved("m.json").model.k(), k);
        place.prints(&format!("sample m.json -n {k} --out {}", at("drawn.csv")));
        assert_eq!(place.read("drawn.csv").lines().count(), 1 + k);
    }
}

/// What can be written to, but not be replaced: where something is mounted, in a folder that is read-only, and what is
/// somebody else's in a sticky folder. Each where the system lets these tests make it.
#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_replaced_is_written_over() {
    let mounted = |mounts: &str| {
        format!("exec unshare --map-root-user --mount sh -c '{mounts} && exec \"$@\"' sh \"$@\"")
    };
    let in_shell = |place: &Place, script: &str, line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_executable-em")]);
        command.args(line.split_whitespace()).current_dir(place.0.path()).output().expect("a shell")
    };
    let shut = "touch kept && mount --bind shut shut && mount --bind kept shut/m.json && mount -o remount,bind,ro shut";
    for (script, out) in [
        (mounted("mount --bind kept m.json"), "m.json"),
        (mounted(shut), "shut/m.json"),
        (
            "chmod 1777 . && chmod 666 kept && exec setpriv --reuid 65534 --clear-groups \"$@\"".to_owned(),
            "kept",
        ),
    ] {
        let place = with_data();
        ["kept", "m.json"].iter().for_each(|name| place.write(name, "longer than the model".repeat(1000)));
        fs::create_dir(place.0.path().join("shut")).expect("a folder");
        place.write("shut/m.json", "");
        if !in_shell(&place, &script, "--version").status.success() {
            continue;
        }
        let output = in_shell(&place, &script, &format!("{FIT} --out {out}"));
        assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)), "{script}");
        assert!(text(&output.stdout).ends_with(&format!("\nModel in {out}\n")), "{script}");
        assert_eq!(place.saved("kept").n, 272, "{script}");
        assert_eq!(place.names(), ["kept", "m.json", "shut", "x.csv"], "{script}");
    }
    // The temporary file has no place at all.
    let place = with_data();
    fs::create_dir(place.0.path().join("shut")).expect("a folder");
    place.write("shut/m.json", "");
    let script = mounted(&format!("{shut} && export TMPDIR=/nowhere"));
    if in_shell(&place, &script, "--version").status.success() {
        let refused = in_shell(&place, &script, "fit nobody.csv -k 1 --out shut/m.json");
        let error = text(&refused.stderr);
        assert!(error.contains("shut/m.json: Read-only file system"), "{error}");
        assert!(error.ends_with("for its folder, and /nowhere is closed too: set TMPDIR\n"), "{error}");
    }
    // Where it has no room, the whole is kept beside it.
    let place = with_data();
    place.write("m.csv", "");
    place.prints(&format!("{FIT} --out m.json"));
    let script = mounted("mount -t tmpfs -o size=4k none /mnt && touch /mnt/a && mount --bind /mnt/a m.csv");
    if in_shell(&place, &script, "--version").status.success() {
        let output = in_shell(&place, &script, "sample m.json -n 1000 --out m.csv");
        let (error, names) = (text(&output.stderr), place.names());
        assert!(error.contains("No space left on device") && error.contains(&names[0]), "{error}");
        assert_eq!(
            (output.status.code(), place.read(&names[0]).lines().count()),
            (Some(1), 1001),
            "{names:?}"
        );
    }
}

/// Nothing was written, so no folder was needed.
#[test]
fn folders_for_what_failed_are_taken_away() {
    let place = Place::with(&[("x.csv", FAITHFUL), ("bad.csv", "eruptions,waiting\n1,2\n3,x\n")]);
    place.prints(&format!("{FIT} --out m.json"));
    fs::create_dir(place.0.path().join("old")).expect("a folder");
    for out in ["new/a.csv", "new/deep/a.csv", "old/a.csv", "old/new/a.csv"] {
        for command in ["predict", "impute"] {
            let line = format!("{command} m.json bad.csv --out {out}");
            assert_eq!(place.run(&line).status.code(), Some(1), "{line}");
            assert_eq!(place.names(), ["bad.csv", "m.json", "old", "x.csv"], "{line}");
            assert_eq!(fs::read_dir(place.0.path().join("old")).expect("a folder").count(), 0, "{line}");
        }
    }
    place.prints("predict m.json x.csv --out new/deep/a.csv");
    assert_eq!(place.read("new/deep/a.csv").lines().count(), 273);
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
    std::os::unix::fs::symlink("/dev/stdout", at("link")).expect("a link");
    let again = fs::File::create(at("again")).expect("a file");
    let mut command = place.command(&format!("{FIT} --out link"));
    assert!(command.stdout(again).status().expect("an end").success());
    assert_eq!(place.read("again"), printed.replace("/dev/stdout", "link"));
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
