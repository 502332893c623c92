//! `predict`: labels, log densities and responsibilities of data under a fitted mixture; labels of clusters.

use std::{
    fmt::Write as _,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use executable_em::latent;
use executable_em_engine::{Mixture, Saved, SavedClusters, SavedMixture};
use nalgebra::DMatrix;

use super::{
    Failure, broken, cell,
    columns::twin,
    input::Input,
    names::{self, Names},
    outputs::{self, Output, Wanted},
    store::Store,
    told::told,
    warn,
    watch::Watch,
};

pub const EXAMPLES: &str = "\
Writes a row for each datum: label (the component of largest responsibility, numbered from 1 as fit prints them),
log_density (of the mixture, in nats) and the responsibilities r1, r2, …. Where cells are missing, a mixture of
Gaussians says what those that are seen say: their density, and the responsibilities given them. Of a datum that is
impossible under every component the log density is -inf, and the other cells are empty. Of clusters: label (the
nearest mean) and squared_distance from it, in the units of the clustering. --keep copies columns of the input in
front of these.

Examples:
  executable-em predict model.json new.csv --out labels.csv
  executable-em predict model.json new.csv --columns eruptions,waiting | head
  executable-em predict model.json new.csv --keep id,name --out labels.csv";

#[derive(Args)]
pub struct Predict {
    /// What fit wrote with --out
    model: PathBuf,
    #[command(flatten)]
    input: Input,
    /// Columns of the input to copy as they are in front of each row, named as in --columns, text or not
    #[arg(long, value_name = "COLUMNS")]
    keep: Vec<Names>,
    /// File to write [default: standard output]
    #[arg(long, value_name = "CSV")]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Predict) -> Result<(), Failure> {
    let out = arguments.out.as_deref();
    outputs::ask(&[&arguments.model, arguments.input.path()], &[Wanted::out(out, &["csv"])])?;
    let saved = read_model(&arguments.model)?;
    let mut watch = Watch::new();
    let (input, kept) = arguments.input.keeping(names::all(&arguments.keep));
    let predictor = match &saved {
        Saved::Mixture(saved) => Predictor::Mixture(&saved.model),
        Saved::Clusters(saved) => Predictor::Clusters(saved),
    };
    let columns = Some(saved.columns());
    let reading = match predictor {
        Predictor::Mixture(Mixture::Gaussian(_)) => input.open_with_gaps(columns)?,
        Predictor::Mixture(Mixture::Bernoulli(coins)) => {
            let reading = input.open(columns)?;
            let d = reading.names.len();
            reading.of_heads(d, coins.flips(), input.finder(columns))
        }
        Predictor::Mixture(Mixture::Student(_)) | Predictor::Clusters(_) => input.open(columns)?,
    };
    let mut out = Output::watched(out, &mut watch)?;
    let mut table = Predictions::begin(predictor, &kept.borrow().names, &mut out)?;
    for block in reading.blocks {
        table.write(&block?, &kept.borrow().rows)?;
        watch.wrote(table.rows);
        watch.go_on()?;
    }
    watch.finish();
    table.warn_of_impossible();
    out.finish()
}

/// What `fit` writes of its own data.
pub fn write_predictions(
    path: &Path,
    predictor: Predictor<'_>,
    store: &Store,
    watch: &Watch,
) -> Result<(), Failure> {
    let mut out = Output::create(Some(path), watch)?;
    let mut table = Predictions::begin(predictor, &[], &mut out)?;
    store.each_block(&mut |block| {
        table.write(block, &[])?;
        watch.wrote(table.rows);
        watch.go_on()
    })?;
    watch.finish();
    table.warn_of_impossible();
    out.finish()
}

/// What is in a file that `fit` wrote.
pub fn read_model(path: &Path) -> Result<Saved, Failure> {
    let failed = |reason: String| broken(format!("{}: {reason}", path.display()));
    let mut file = File::open(path).map_err(|error| failed(error.to_string()))?;
    // A table, or a device without an end, shows at once that it is no model.
    let mut text = vec![0; 64];
    let seen = file.read(&mut text).map_err(|error| failed(error.to_string()))?;
    text.truncate(seen);
    let begin = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
    if seen == 64 && !begin.trim_ascii_start().starts_with(b"{") {
        return Err(failed("is no model that fit wrote".to_owned()));
    }
    file.read_to_end(&mut text).map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|error| failed(error.to_string()))?;
    // Some editors mark a text as UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let saved = Saved::from_json(text).map_err(|error| failed(told(&error)))?;
    match twin(saved.columns()) {
        Some(name) => Err(failed(format!(
            "columns: two are named '{name}', but data are known by their names: give each its own"
        ))),
        None => Ok(saved),
    }
}

/// The mixture in such a file; clusters are none.
pub fn read_mixture(path: &Path) -> Result<SavedMixture, Failure> {
    match read_model(path)? {
        Saved::Mixture(saved) => Ok(saved),
        Saved::Clusters(_) => {
            Err(broken(format!("{}: holds clusters of k-means, which have no density", path.display())))
        }
    }
}

/// What says something about data.
#[derive(Clone, Copy)]
pub enum Predictor<'a> {
    Mixture(&'a Mixture),
    Clusters(&'a SavedClusters),
}

/// The table that `predict` writes, and `fit` with --responsibilities.
pub struct Predictions<'a> {
    predictor: Predictor<'a>,
    out: &'a mut Output,
    pub rows: usize,
    /// The first row that is impossible under every component, and how many there are.
    impossible: Option<(usize, usize)>,
}

impl<'a> Predictions<'a> {
    /// Writes the header; columns that are copied come first.
    pub fn begin(predictor: Predictor<'a>, kept: &[String], out: &'a mut Output) -> Result<Self, Failure> {
        let mut own = vec!["label".to_owned()];
        match predictor {
            Predictor::Mixture(model) => {
                own.push("log_density".to_owned());
                own.extend((1..=model.k()).map(|j| format!("r{j}")));
            }
            Predictor::Clusters(_) => own.push("squared_distance".to_owned()),
        }
        if let Some(name) = kept.iter().find(|name| own.contains(name)) {
            return Err(Failure::Usage(format!(
                "--keep {name}: predict writes a column of that name itself: give the column another one"
            )));
        }
        let names: Vec<String> = kept.iter().map(|name| cell(name)).chain(own).collect();
        out.write(&format!("{}\n", names.join(",")))?;
        Ok(Predictions { predictor, out, rows: 0, impossible: None })
    }

    /// Writes a row for each datum, behind the cells that are copied.
    pub fn write(&mut self, block: &DMatrix<f64>, kept: &[Vec<String>]) -> Result<(), Failure> {
        let predicted = match self.predictor {
            Predictor::Mixture(model) => self.of_mixture(model, block)?,
            Predictor::Clusters(clusters) => {
                let (labels, distances) = clusters.assign(block)?;
                let pairs = labels.iter().zip(distances);
                pairs.map(|(label, distance)| format!("{},{distance:?}", label + 1)).collect()
            }
        };
        let mut text = String::new();
        for (i, row) in predicted.iter().enumerate() {
            for copied in kept.get(i).into_iter().flatten() {
                let _ = write!(text, "{},", cell(copied));
            }
            let _ = writeln!(text, "{row}");
        }
        self.rows += block.nrows();
        self.out.write(&text)
    }

    fn of_mixture(&mut self, model: &Mixture, block: &DMatrix<f64>) -> Result<Vec<String>, Failure> {
        let log_joint = model.log_joint_of_seen(block)?;
        let possible: Vec<usize> =
            (0..block.nrows()).filter(|&i| log_joint.row(i).max() > f64::NEG_INFINITY).collect();
        let mut rows = vec![format!(",-inf{}", ",".repeat(model.k())); block.nrows()];
        if !possible.is_empty() {
            let log_joint = log_joint.select_rows(&possible);
            let (r, log_densities) =
                (latent::responsibilities(&log_joint)?, latent::log_marginals(&log_joint)?);
            for ((&i, row), log_density) in possible.iter().zip(r.row_iter()).zip(&log_densities) {
                rows[i] = format!("{},{log_density:?}", row.transpose().argmax().0 + 1);
                for value in &row {
                    let _ = write!(rows[i], ",{value:?}");
                }
            }
        }
        let count = block.nrows() - possible.len();
        if count > 0 {
            let first = (0..).zip(&possible).take_while(|(i, at)| i == *at).count();
            let (first, before) = self.impossible.unwrap_or((self.rows + first + 1, 0));
            self.impossible = Some((first, before + count));
        }
        Ok(rows)
    }

    /// Tells of data without a label.
    pub fn warn_of_impossible(&self) {
        let Some((first, count)) = self.impossible else { return };
        let others = match count - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        warn(&format!(
            "warning: row {first}{others}: probability zero under every component: no label, log density -inf"
        ));
    }
}
