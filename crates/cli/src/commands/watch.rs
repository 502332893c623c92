//! Progress on a terminal, and signals to stop: Ctrl-C, and what ends a program or closes its terminal.

use std::{
    io::{self, IsTerminal},
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use executable_em_engine::{Error, Result};
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};

use super::{Failure, broken};

/// No eye follows faster.
const BETWEEN: Duration = Duration::from_millis(100);

/// Tells how far the work has come, if anybody looks, and whether to stop it.
pub struct Watch {
    stop: Arc<AtomicBool>,
    bar: Option<ProgressBar>,
    began: Instant,
    shown: Mutex<Instant>,
    sweeps: AtomicUsize,
}

impl Watch {
    pub fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Watch { stop: Arc::default(), bar, began: now, shown: Mutex::new(now), sweeps: AtomicUsize::new(0) }
    }

    /// From now on a signal asks the work to stop; a second one ends it at once.
    pub fn listen(&mut self) -> std::result::Result<(), Failure> {
        let failed = |error: io::Error| broken(format!("signals cannot be watched: {error}"));
        // What is told to be ignored, as by nohup, stays so.
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| !is_ignored(signal)) {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&self.stop))
                .map_err(failed)?;
            flag::register(signal, Arc::clone(&self.stop)).map_err(failed)?;
        }
        self.began = Instant::now();
        Ok(())
    }

    pub fn is_interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// [`Failure::Interrupted`] if so.
    pub fn go_on(&self) -> std::result::Result<(), Failure> {
        if self.is_interrupted() { Err(Failure::Interrupted) } else { Ok(()) }
    }

    pub fn read(&self, rows: usize) {
        self.show(|| format!("{rows} rows read"));
    }

    pub fn wrote(&self, rows: usize) {
        self.show(|| format!("{rows} rows written"));
    }

    pub fn sweep(&self, k: usize, restart: usize, sweep: usize, log_likelihood: f64) -> ControlFlow<()> {
        let sweeps = self.sweeps.fetch_add(1, Ordering::Relaxed) + 1;
        self.show(|| {
            let rate = sweeps as f64 / self.began.elapsed().as_secs_f64();
            format!("k = {k}, restart {restart}, sweep {sweep}, ℓ = {log_likelihood:.3}, {rate:.3} sweeps/s")
        });
        self.flow()
    }

    /// After a run: where the data are out of reach, no other start will find them.
    pub fn after<T>(&self, outcome: &Result<T>) -> ControlFlow<()> {
        match outcome {
            Err(Error::Elsewhere(_)) => ControlFlow::Break(()),
            _ => self.flow(),
        }
    }

    pub fn flow(&self) -> ControlFlow<()> {
        if self.is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn show(&self, message: impl FnOnce() -> String) {
        let Some(bar) = &self.bar else { return };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.elapsed() > BETWEEN {
            *shown = Instant::now();
            bar.set_message(message());
            bar.tick();
        }
    }

    /// Leaves the terminal to others.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Whether the program was started to ignore the signal; where the system does not show it, no.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
