//! `impute`: a table whose gaps are filled under a fitted mixture.

use std::path::PathBuf;

use clap::Args;
use executable_em::data::{self, Rng};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::incomplete::{Incomplete, impute};
use executable_em_engine::Mixture;
use nalgebra::DMatrix;

use super::{
    Failure,
    advice::Blocks,
    broken, cell,
    columns::refuse_own,
    input::Input,
    memory,
    outputs::{self, Output, Wanted},
    predict::read_mixture,
    watch::Watch,
};

pub const EXAMPLES: &str = "\
Writes the table with every missing cell of the model's columns filled, all other cells as they are written there. A
gap gets its expected value under the mixture, given what is seen of its row. Means lie closer together than data do:
whoever wants variances, correlations or standard errors takes --draws, analyses each table by itself and pools the
results by Rubin's rules.

Examples:
  executable-em impute model.json data.csv --out filled.csv
  executable-em impute model.json data.csv --draws 20 --seed 1 --out tables.csv";

/// The column that says of which table a row is.
const DRAW: &str = "draw";

#[derive(Args)]
pub struct Impute {
    /// What fit wrote with --out
    model: PathBuf,
    #[command(flatten)]
    input: Input,
    /// Write so many tables below each other, the first column saying which, with gaps filled by draws
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    draws: Option<u32>,
    /// Seed of the draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// File to write [default: standard output]
    #[arg(long, value_name = "CSV")]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Impute) -> Result<(), Failure> {
    let out = arguments.out.as_deref();
    outputs::ask(&[&arguments.model, arguments.input.path()], &[Wanted::out(out, &["csv"])])?;
    let saved = read_mixture(&arguments.model)?;
    let Mixture::Gaussian(model) = &saved.model else {
        let name = arguments.model.display();
        return Err(broken(format!("{name}: is no mixture of Gaussians, which are what gaps are filled by")));
    };
    if arguments.draws.is_some_and(|draws| draws > 1) && arguments.input.is_read_once() {
        let name = arguments.input.name();
        let reason = "can be read once, but --draws reads it for every table: save it in a file";
        return Err(Failure::Usage(format!("{name} {reason}")));
    }
    memory::for_whole_covariances("impute", model.k(), model.d())?;
    let mut watch = Watch::new();
    // What cannot be read is said before there is a file to take away.
    let first = arguments.input.open_as_written(&saved.columns)?;
    first.warn_of_first_line();
    if arguments.draws.is_some() {
        refuse_own(first.reader.names(), DRAW, ("--draws", "impute"), &first.file)?;
    }
    let mut reading = Some(first);
    let out = Output::watched(out, &mut watch)?;
    let mut table = Table { model, draws: arguments.draws, watch: &watch, out, rows: 0 };
    // One generator for all tables: none repeats another.
    let mut rng = data::rng(arguments.seed);
    for draw in 1..=arguments.draws.unwrap_or(1) {
        let reading = match reading.take() {
            Some(first) => first,
            None => arguments.input.open_as_written(&saved.columns)?,
        };
        table.write(draw, reading, &mut rng)?;
    }
    watch.finish();
    table.out.finish()
}

/// A name of the header, between quotes where it would not be read as one cell.
fn quoted(name: &str, separator: char) -> String {
    let plain = cell(name);
    let is_odd = name.is_empty() || name.contains(separator) || name.starts_with('#');
    if plain == name && is_odd { format!("\"{name}\"") } else { plain }
}

/// What is written, and how the gaps are filled.
struct Table<'a> {
    model: &'a GaussianMixture,
    draws: Option<u32>,
    watch: &'a Watch,
    out: Output,
    rows: usize,
}

impl Table<'_> {
    /// One table, with its header if it is the first.
    fn write(&mut self, draw: u32, mut reading: Blocks, rng: &mut Rng) -> Result<(), Failure> {
        let separator = reading.reader.separator();
        let names: Vec<String> = reading.reader.names().iter().map(|name| quoted(name, separator)).collect();
        if draw == 1 && (self.draws.is_some() || reading.reader.has_header()) {
            let names = names.join(&separator.to_string());
            let first = self.draws.map_or_else(String::new, |_| format!("{DRAW}{separator}"));
            self.out.write(&format!("{first}{names}\n"))?;
        }
        while let Some(block) = reading.next() {
            let block = block?;
            let filled = self.filled(&block, &reading.file, rng)?;
            let mut text = Vec::new();
            for (i, cells) in reading.reader.text().iter().enumerate() {
                if self.draws.is_some() {
                    text.extend_from_slice(format!("{draw}{separator}").as_bytes());
                }
                let mut cells = cells.clone();
                for (a, &column) in reading.columns.iter().enumerate() {
                    if block[(i, a)].is_nan() {
                        cells[column] = format!("{:?}", filled[(i, a)]).into_bytes();
                    }
                }
                text.extend_from_slice(&cells.join(&(separator as u8)));
                text.push(b'\n');
            }
            self.out.write_bytes(&text)?;
            self.rows += block.nrows();
            self.watch.wrote(self.rows);
            self.watch.go_on()?;
        }
        Ok(())
    }

    /// The block with its gaps filled; rows without any are passed over, however far out they are.
    fn filled(&self, block: &DMatrix<f64>, file: &str, rng: &mut Rng) -> Result<DMatrix<f64>, Failure> {
        let rows: Vec<usize> =
            (0..block.nrows()).filter(|&i| block.row(i).iter().any(|value| value.is_nan())).collect();
        let mut filled = block.clone();
        if rows.is_empty() {
            return Ok(filled);
        }
        let data = Incomplete::part(block.select_rows(&rows))?;
        let made = match self.draws {
            None => impute::by_mean(self.model, &data).map(|(means, _)| means),
            Some(_) => impute::draw(self.model, &data, rng),
        };
        let made = made.map_err(|error| match error {
            executable_em::Error::ImpossibleDatum { row } => {
                let number = self.rows + rows[row] + 1;
                broken(format!(
                    "{file}: row {number} of the data lies so far out that the model says nothing of its gaps: check \
                     it, or leave it out"
                ))
            }
            other => other.into(),
        })?;
        rows.iter().enumerate().for_each(|(from, &to)| filled.set_row(to, &made.row(from)));
        Ok(filled)
    }
}
