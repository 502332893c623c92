//! `sample`: draws from a fitted mixture.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use executable_em::data;
use executable_em_engine::{Mixture, table::BLOCK_ROWS};

use super::{
    Failure, cell,
    columns::refuse_own,
    outputs::{self, Output, Wanted},
    predict::read_mixture,
    watch::Watch,
};

pub const EXAMPLES: &str = "\
The table has the columns that the model was fitted to. The same seed draws the same data.

Examples:
  executable-em sample model.json -n 1000 --out drawn.csv
  executable-em sample model.json -n 5 --seed 2 --labels";

/// The column of --labels.
const LABEL: &str = "label";

#[derive(Args)]
pub struct Sample {
    /// What fit wrote with --out
    model: PathBuf,
    /// How many data to draw
    #[arg(short, value_name = "N", default_value_t = 1000)]
    n: usize,
    /// Seed of the random generator
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// File to write [default: standard output]
    #[arg(long, value_name = "CSV")]
    out: Option<PathBuf>,
    /// Add a column with the component that each datum was drawn from, numbered from 1
    #[arg(long)]
    labels: bool,
}

pub fn run(arguments: &Sample) -> Result<(), Failure> {
    if arguments.n == 0 {
        return Err(Failure::Usage("-n is 0, but must be at least 1".to_owned()));
    }
    let out = arguments.out.as_deref();
    outputs::ask(&[&arguments.model], &[Wanted::out(out, &["csv"])])?;
    let saved = read_mixture(&arguments.model)?;
    if arguments.labels {
        let of = arguments.model.display().to_string();
        refuse_own(&saved.columns, LABEL, ("--labels", "sample"), &of)?;
    }
    let mut watch = Watch::new();
    let mut out = Output::watched(out, &mut watch)?;
    let mut names: Vec<String> = saved.columns.iter().map(|name| cell(name)).collect();
    names.extend(arguments.labels.then(|| LABEL.to_owned()));
    out.write(&format!("{}\n", names.join(",")))?;

    // One generator for all blocks: none repeats another.
    let mut rng = data::rng(arguments.seed);
    let mut drawn = 0;
    while drawn < arguments.n {
        let (x, labels) = saved.model.sample(BLOCK_ROWS.min(arguments.n - drawn), &mut rng)?;
        let mut text = String::new();
        for (row, label) in x.row_iter().zip(labels) {
            for (a, value) in row.iter().enumerate() {
                text += if a == 0 { "" } else { "," };
                let _ = match saved.model {
                    Mixture::Gaussian(_) | Mixture::Student(_) => write!(text, "{value:?}"),
                    // Heads are whole numbers.
                    Mixture::Bernoulli(_) => write!(text, "{value}"),
                };
            }
            if arguments.labels {
                let _ = write!(text, ",{}", label + 1);
            }
            text.push('\n');
        }
        out.write(&text)?;
        drawn += x.nrows();
        watch.wrote(drawn);
        watch.go_on()?;
    }
    watch.finish();
    out.finish()
}
