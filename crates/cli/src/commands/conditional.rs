//! `conditional` and `marginal`: what a mixture says of some columns, once others are known or left out.

use std::path::{Path, PathBuf};

use clap::Args;
use executable_em::{Error, em::Stopped};
use executable_em_engine::{Mixture, SavedMixture};

use super::{
    Failure, broken,
    columns::shortened,
    names::{self, Names},
    outputs::{self, Output, Wanted},
    predict::read_mixture,
    report, say,
    watch::Watch,
};

pub const CONDITIONAL: &str = "\
The result is exact: every component becomes its regression on the columns that are given, and the weights become the
responsibilities of the components for what is given. Components keep their numbers, columns their order. It is a model
like any other: predict, sample, conditional and marginal read it. It was fitted to no data, so its n and ℓ are 0.

Examples:
  executable-em conditional model.json --given waiting=70 --out at70.json
  executable-em conditional model.json --given length=1.5 --given width=0.2 > rest.json";

pub const MARGINAL: &str = "\
The result is exact: every component forgets the other columns. Components keep their numbers; the columns have the
order in which they are named. It is a model like any other: predict, sample, conditional and marginal read it. It was
fitted to no data, so its n and ℓ are 0.

Examples:
  executable-em marginal model.json --columns eruptions --out eruptions.json
  executable-em marginal model.json --columns width,length > two.json";

#[derive(Args)]
pub struct Conditional {
    /// What fit wrote with --out
    model: PathBuf,
    /// A column and its value; as often as columns are known
    #[arg(long, value_name = "COLUMN=VALUE", required = true)]
    given: Vec<String>,
    /// File to write, and a report to standard output [default: the model to standard output]
    #[arg(long, value_name = "JSON")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub struct Marginal {
    /// What fit wrote with --out
    model: PathBuf,
    /// Columns to keep, by name, separated by commas; a name that holds a comma stands between quotes: '"a,b",c'
    #[arg(long, value_name = "COLUMNS", required = true)]
    columns: Vec<Names>,
    /// File to write, and a report to standard output [default: the model to standard output]
    #[arg(long, value_name = "JSON")]
    out: Option<PathBuf>,
}

pub fn condition(arguments: &Conditional) -> Result<(), Failure> {
    outputs::ask(&[&arguments.model], &[Wanted::out(arguments.out.as_deref(), &["json"])])?;
    let saved = read_mixture(&arguments.model)?;
    let mut given: Vec<(usize, f64)> = Vec::new();
    for text in &arguments.given {
        // A name may hold the sign, a value cannot.
        let Some((name, value)) = text.rsplit_once('=') else {
            return Err(Failure::Usage(format!(
                "--given {text}: must be a column and its value, as waiting=70"
            )));
        };
        let Some(value) = value.trim().parse().ok().filter(|value: &f64| value.is_finite()) else {
            return Err(Failure::Usage(format!("--given {text}: '{value}' is no finite number")));
        };
        given.push((place(&saved, name.trim(), "--given", given.iter().map(|&(column, _)| column))?, value));
    }
    let rest: Vec<usize> =
        (0..saved.columns.len()).filter(|a| !given.iter().any(|(known, _)| known == a)).collect();
    if rest.is_empty() {
        let all = shortened(&saved.columns);
        return Err(Failure::Usage(format!(
            "--given names every column of the model ({all}): leave one out"
        )));
    }
    let model = saved.model.conditional(&given).map_err(|error| match error {
        Error::ImpossibleDatum { .. } => broken(
            "what is given has probability zero under every component: it lies too far from all of them",
        ),
        Error::Entry { value, allowed, .. } => {
            broken(format!("a given value is {value}, but must be {allowed}"))
        }
        other => other.into(),
    })?;
    write(arguments.out.as_deref(), &saved, model, &rest)
}

pub fn marginalize(arguments: &Marginal) -> Result<(), Failure> {
    outputs::ask(&[&arguments.model], &[Wanted::out(arguments.out.as_deref(), &["json"])])?;
    let saved = read_mixture(&arguments.model)?;
    let mut columns = Vec::new();
    for name in names::all(&arguments.columns) {
        columns.push(place(&saved, &name, "--columns", columns.iter().copied())?);
    }
    write(arguments.out.as_deref(), &saved, saved.model.marginal(&columns)?, &columns)
}

/// The column of this name, which none before it may have.
fn place(
    saved: &SavedMixture,
    name: &str,
    option: &str,
    mut before: impl Iterator<Item = usize>,
) -> Result<usize, Failure> {
    let Some(column) = saved.columns.iter().position(|column| column == name) else {
        let there = shortened(&saved.columns);
        return Err(Failure::Usage(format!(
            "{option}: the model has no column named '{name}'; there are {there}"
        )));
    };
    if before.any(|other| other == column) {
        return Err(Failure::Usage(format!("{option}: column '{name}' is named twice")));
    }
    Ok(column)
}

fn write(path: Option<&Path>, of: &SavedMixture, model: Mixture, columns: &[usize]) -> Result<(), Failure> {
    let names: Vec<String> = columns.iter().map(|&column| of.columns[column].clone()).collect();
    let unfitted = SavedMixture::unfitted(model, names);
    let saved = SavedMixture { stopped: Stopped::Converged, seed: of.seed, ..unfitted };
    let mut out = Output::create(path, &Watch::new())?;
    out.write(&saved.to_json())?;
    out.finish()?;
    match path {
        Some(path) => {
            let parameters = report::parameters(&saved.model, &saved.columns);
            say(&format!("{}\nModel in {}\n", parameters.trim_start(), path.display()))
        }
        None => Ok(()),
    }
}
