//! `predict`: labels, log densities and responsibilities of data under a fitted mixture.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use executable_em::{Error, latent};
use executable_em_engine::{Mixture, SavedMixture};
use nalgebra::DMatrix;

use super::{
    Failure, broken,
    input::Input,
    outputs::{self, Output},
    watch::Watch,
};

pub const EXAMPLES: &str = "\
Writes a row for each datum: label (the component of largest responsibility, numbered from 1 as fit prints them),
log_density (of the mixture, in nats) and the responsibilities r1, r2, …. Where cells are missing, a mixture of Gaussians says what
those that are seen say: their density, and the responsibilities given them.

Examples:
  executable-em predict model.json new.csv --out labels.csv
  executable-em predict model.json new.csv --columns eruptions,waiting | head";

#[derive(Args)]
pub struct Predict {
    /// What fit wrote with --out
    model: PathBuf,
    #[command(flatten)]
    input: Input,
    /// File to write [default: standard output]
    #[arg(long, value_name = "CSV")]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Predict) -> Result<(), Failure> {
    let out = arguments.out.as_deref();
    outputs::ask(&[&arguments.model, arguments.input.path()], &[("--out", out)])?;
    let saved = read_model(&arguments.model)?;
    let mut watch = Watch::new();
    let file = arguments.input.name();
    let reading = match &saved.model {
        Mixture::Gaussian(_) => arguments.input.open_with_gaps(Some(&saved.columns))?,
        Mixture::Bernoulli(coins) => {
            arguments.input.open(Some(&saved.columns))?.of_heads(coins.flips(), file.clone())
        }
    };
    // Before there is a file to take away.
    if out.is_some() {
        watch.listen()?;
    }
    let mut out = Output::create(out)?;
    let mut table = Responsibilities::begin(&saved.model, &file, &mut out)?;
    for block in reading.blocks {
        table.write(&block?)?;
        watch.wrote(table.rows);
        watch.go_on()?;
    }
    watch.finish();
    out.finish()
}

/// The mixture in a file that `fit` wrote.
pub fn read_model(path: &Path) -> Result<SavedMixture, Failure> {
    let failed = |reason: String| broken(format!("{}: {reason}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    SavedMixture::from_json(&text).map_err(|error| failed(error.to_string()))
}

/// The table that `predict` writes, and `fit` with --responsibilities.
pub struct Responsibilities<'a> {
    model: &'a Mixture,
    file: &'a str,
    out: &'a mut Output,
    pub rows: usize,
}

impl<'a> Responsibilities<'a> {
    pub fn begin(model: &'a Mixture, file: &'a str, out: &'a mut Output) -> Result<Self, Failure> {
        let names: Vec<String> = (1..=model.k()).map(|j| format!("r{j}")).collect();
        out.write(&format!("label,log_density,{}\n", names.join(",")))?;
        Ok(Responsibilities { model, file, out, rows: 0 })
    }

    pub fn write(&mut self, block: &DMatrix<f64>) -> Result<(), Failure> {
        let log_joint = self.model.log_joint_of_seen(block)?;
        let r = latent::responsibilities(&log_joint).map_err(|error| match error {
            Error::ImpossibleDatum { row } => {
                let (file, row) = (self.file, self.rows + row + 1);
                broken(format!("{file}: row {row}: has probability zero under every component"))
            }
            other => other.into(),
        })?;
        let log_densities = latent::log_marginals(&log_joint)?;
        let mut text = String::new();
        for (i, row) in r.row_iter().enumerate() {
            let _ = write!(text, "{},{:?}", row.transpose().argmax().0 + 1, log_densities[i]);
            for value in &row {
                let _ = write!(text, ",{value:?}");
            }
            text.push('\n');
        }
        self.rows += block.nrows();
        self.out.write(&text)
    }
}
