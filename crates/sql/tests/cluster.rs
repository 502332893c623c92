//! Scheduler and executors as processes, some of which are killed.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_executable-em-sql");

/// Dies with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(arguments: &[&str], folder: &Path) -> Process {
    let mut program = Command::new(PROGRAM);
    Process(
        program
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    )
}

/// Two ports beside each other that nobody listens on.
fn free_ports() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let port =
            20_000 + (std::process::id() as usize * 97 + 2 * NEXT.fetch_add(1, Ordering::Relaxed)) % 40_000;
        let is_free = |port| TcpListener::bind(("127.0.0.1", port as u16)).is_ok();
        if is_free(port) && is_free(port + 1) {
            return port as u16;
        }
    }
}

/// A scheduler, and so many executors of one thread.
fn cluster(executors: usize, folder: &Path) -> (String, Process, Vec<Process>) {
    let address = format!("127.0.0.1:{}", free_ports());
    let scheduler = start(&["scheduler", "--listen", &address], folder);
    let executor = |_| {
        let own = format!("127.0.0.1:{}", free_ports());
        start(&["executor", "--scheduler", &address, "--listen", &own, "--threads", "1"], folder)
    };
    (address.clone(), scheduler, (0..executors).map(executor).collect())
}

fn data(folder: &Path) -> String {
    let x = executable_em::data::old_faithful();
    for part in 0..6 {
        let rows = (part..x.nrows()).step_by(6).map(|i| format!("{:?},{:?}\n", x[(i, 0)], x[(i, 1)]));
        let text = format!("eruptions,waiting\n{}", rows.collect::<String>());
        std::fs::write(folder.join(format!("{part}.csv")), text).unwrap();
    }
    format!("SELECT * FROM '{}/*.csv'", folder.display())
}

/// Overlapping clusters: a run that takes all of its sweeps.
const OPTIONS: [&str; 8] = ["-k", "3", "--restarts", "1", "--tol", "0", "--max-iter", "60"];

fn fit(folder: &Path, query: &str, options: &[&str]) -> Command {
    let mut program = Command::new(PROGRAM);
    program.current_dir(folder).args(["fit", query]).args(OPTIONS).args(options);
    program
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The first sweep writes it.
fn wait_for(checkpoint: &Path) {
    let begun = Instant::now();
    while !checkpoint.exists() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_fit_has_the_same_bits_on_any_number_of_executors_and_survives_their_death() {
    let folder = tempfile::tempdir().unwrap();
    let (query, read) =
        (data(folder.path()), |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap());
    assert!(fit(folder.path(), &query, &["--out", "alone.json"]).output().unwrap().status.success());
    for threads in ["1", "2", "7"] {
        let options = ["--threads", threads, "--out", "threads.json"];
        assert!(fit(folder.path(), &query, &options).output().unwrap().status.success());
        assert_eq!(read("threads.json"), read("alone.json"));
    }
    for executors in [1, 2] {
        let (address, _scheduler, _executors) = cluster(executors, folder.path());
        let output =
            fit(folder.path(), &query, &["--cluster", &address, "--out", "many.json"]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(read("many.json"), read("alone.json"));
    }

    let (address, _scheduler, mut executors) = cluster(2, folder.path());
    let checkpoint = folder.path().join("at.json");
    let options = ["--cluster", &address, "--out", "killed.json", "--checkpoint", "at.json"];
    let mut running =
        fit(folder.path(), &query, &options).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    wait_for(&checkpoint);
    drop(executors.remove(0));
    assert!(running.try_wait().unwrap().is_none(), "it was over before");
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(read("killed.json"), read("alone.json"));
}

#[test]
fn a_cluster_that_fails_is_named_within_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let query = data(folder.path());

    // Nobody listens.
    let address = format!("127.0.0.1:{}", free_ports());
    let begun = Instant::now();
    let output = fit(folder.path(), &query, &["--cluster", &address]).output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(output.status.code() == Some(1) && said(&output).contains(&address), "{}", said(&output));

    // The scheduler dies in the middle of a fit.
    let (address, scheduler, _executors) = cluster(1, folder.path());
    let options = ["--cluster", &address, "--checkpoint", "at.json"];
    let running =
        fit(folder.path(), &query, &options).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    wait_for(&folder.path().join("at.json"));
    drop(scheduler);
    let begun = Instant::now();
    let output = running.wait_with_output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(output.status.code() == Some(1) && said(&output).contains(&address), "{}", said(&output));
}
