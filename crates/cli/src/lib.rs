//! The command line: fits mixtures to people's data, regenerates the published figures, and prints the map of the
//! lectures.

pub mod catalogue;
mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
pub use commands::{
    Failure,
    elsewhere::{Asked, Blocks, Table},
    fit::run as fit,
    memory::room,
    options::Options,
};
use commands::{conditional, figures, fit, impute, map, options, predict, sample, warn};

const EXAMPLES: &str = "\
Examples:
  executable-em                                  every figure, as the book has it, into figures/
  executable-em list                             what there is
  executable-em figures kmeans                   the figures of one chapter
  executable-em figures kmeans/steps --format pdf,png --out slides
                                                 one figure, for LaTeX and for slides
  executable-em catalogue H-28 soft_kmeans       where an item of the lectures, or a chapter's items, are found
  executable-em fit data.csv -k 3                a mixture of three Gaussians for your own data

Exit status: 0 all written, 1 something could not be written or read, 2 the command makes no sense,
130 interrupted.";

/// Executable EM: regenerates the figures of the book, and fits mixtures to your own data.
///
/// Without a command, every figure is written into figures/ in the format that the book uses: svg for
/// stills, gif for animations. The same command always writes the same bytes; of a pdf, the same drawing.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Fits a mixture of Gaussians or of coins, or clusters, to a table of numbers
    #[command(after_help = fit::EXAMPLES)]
    Fit(options::Options),
    /// Labels, log densities and responsibilities of data under a fitted mixture, as CSV
    #[command(after_help = predict::EXAMPLES)]
    Predict(predict::Predict),
    /// A table with its missing cells filled under a fitted mixture, as CSV
    #[command(after_help = impute::EXAMPLES)]
    Impute(impute::Impute),
    /// Draws from a fitted mixture, as CSV
    #[command(after_help = sample::EXAMPLES)]
    Sample(sample::Sample),
    /// The distribution of the other columns, once some are known
    #[command(after_help = conditional::CONDITIONAL)]
    Conditional(conditional::Conditional),
    /// The distribution of some columns, the others left out
    #[command(after_help = conditional::MARGINAL)]
    Marginal(conditional::Marginal),
    /// Writes figures as files, DIR/<chapter>/<figure>.<format>
    #[command(after_help = EXAMPLES)]
    Figures(figures::Selection),
    /// Lists the figures: name, formats, title
    List,
    /// Prints the map: each item of the lectures with its function, test, notebook section and figure
    #[command(after_help = EXAMPLES)]
    Catalogue(map::Map),
}

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        None => figures::write(&figures::Selection::default()),
        Some(Command::Fit(options)) => fit::run(&options),
        Some(Command::Predict(predict)) => predict::run(&predict),
        Some(Command::Impute(impute)) => impute::run(&impute),
        Some(Command::Sample(sample)) => sample::run(&sample),
        Some(Command::Conditional(given)) => conditional::condition(&given),
        Some(Command::Marginal(columns)) => conditional::marginalize(&columns),
        Some(Command::Figures(selection)) => figures::write(&selection),
        Some(Command::List) => figures::list(),
        Some(Command::Catalogue(map)) => map::print(&map),
    };
    end(result)
}

/// Says what went wrong, if anything did, and ends with its status.
pub fn end(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) | Err(Failure::Enough) => ExitCode::SUCCESS,
        Err(Failure::Work(errors)) => {
            errors.iter().for_each(|error| warn(&format!("error: {error}")));
            ExitCode::from(1)
        }
        Err(Failure::Usage(message)) => {
            warn(&format!("error: {message}\n\nFor more information, try '--help'."));
            ExitCode::from(2)
        }
        Err(Failure::Interrupted) => {
            warn("interrupted");
            ExitCode::from(130)
        }
    }
}
