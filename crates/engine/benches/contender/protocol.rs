//! What every contender reads and answers; it is told in `../peer.py`, which does the same in Python.

use std::error::Error;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::time::Instant;
use std::{env, fs};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is to be run.
pub struct Task {
    pub name: String,
    pub folder: PathBuf,
    pub n: usize,
    pub d: usize,
    pub k: usize,
    pub family: String,
    pub threads: usize,
}

impl Task {
    /// From the command line.
    pub fn read() -> Result<Task> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let [name, folder, n, d, k, family, threads] = arguments.as_slice() else {
            return Err("a contender takes NAME FOLDER n d k family threads: see `make bench`".into());
        };
        Ok(Task {
            name: name.clone(),
            folder: folder.into(),
            n: n.parse()?,
            d: d.parse()?,
            k: k.parse()?,
            family: family.clone(),
            threads: threads.parse()?,
        })
    }

    /// The numbers of a file: in `x.f64` the data, row by row; in `start.f64` weights, means and covariances.
    pub fn numbers(&self, file: &str) -> Result<Vec<f64>> {
        Ok(floats(&fs::read(self.folder.join(file))?).collect())
    }

    /// Answers until the referee has heard enough; `run` makes so many sweeps from the start.
    pub fn answer<M>(
        &self,
        mut run: impl FnMut(usize) -> Result<M>,
        parameters: impl Fn(&M) -> Vec<f64>,
    ) -> Result<()> {
        let before = fs::write("/proc/self/clear_refs", "5").ok().and_then(|()| memory());
        println!("ready");
        let result = self.folder.join(format!("{}-{}.f64", self.name, self.threads));
        for line in io::stdin().lock().lines() {
            let line = line?;
            let (sweeps, times) = line.split_once(' ').ok_or("sweeps and times are asked for")?;
            let (sweeps, times): (usize, u32) = (sweeps.parse()?, times.parse()?);
            let began = Instant::now();
            let mut model = run(sweeps)?;
            for _ in 1..times {
                model = run(sweeps)?;
            }
            println!("{}", began.elapsed().as_secs_f64() / f64::from(times));
            if !result.exists() {
                let bytes: Vec<u8> =
                    parameters(&model).iter().flat_map(|number| number.to_le_bytes()).collect();
                fs::write(&result, bytes)?;
            }
        }
        match (before, memory()) {
            (Some((before, _)), Some((_, peak))) => println!("{}", peak.saturating_sub(before)),
            _ => println!(),
        }
        Ok(())
    }
}

pub fn floats(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight))
}

/// Bytes of anonymous memory now and at its peak so far: what is allocated, without the pages of programs.
fn memory() -> Option<(u64, u64)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let of = |key: &str| -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(key))?;
        Some(1024 * line.split_whitespace().nth(1)?.parse::<u64>().ok()?)
    };
    Some((of("RssAnon:")?, of("VmHWM:")?.saturating_sub(of("RssFile:")? + of("RssShmem:")?)))
}
