//! `fit`: a Gaussian mixture for the user's own data.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{Args, ValueEnum};
use executable_em::{
    Error, data,
    engine::{self, Document, Engine, SavedMixture, Source, Stopping, Tolerance},
    export::{self, Format},
    gaussian_mixture::{CovarianceFamily, GaussianMixture},
    pathologies::switching,
    plot::Figure,
};
use nalgebra::DMatrix;

use super::{
    Failure, broken,
    input::{Input, listed},
    plot,
    predict::{Output, Responsibilities},
    report, say,
    scale::Scale,
    search::{Found, Search, Start},
    store::Store,
    watch::Watch,
};

/// From so many data, or twenty for each component if that is more, the starts are drawn.
const SAMPLE: usize = 5000;

pub const EXAMPLES: &str = "\
Components are numbered by weight, the largest first. Up to 256 MiB of numbers are kept in memory; more are
streamed from a temporary file (in TMPDIR). Ctrl-C ends the fit after the sweep and reports the best so far, also
to the file of --out; a second one ends the program. The same command gives the same numbers on any number of threads.

Examples:
  executable-em fit faithful.csv -k 2 --plot fit.svg --out model.json
  executable-em fit big.csv -k 1..8 --columns length,width --standardize --restarts 5

Exit status: 0 fitted, 1 something could not be read, fitted or written, 2 the command makes no sense,
130 interrupted.";

#[derive(Args)]
pub struct Fit {
    #[command(flatten)]
    input: Input,
    /// Number of components, or several to compare by BIC, AIC and ICL: 1..8
    #[arg(short, value_name = "K")]
    k: Ks,
    /// Which covariances the components may have
    #[arg(long, value_name = "FAMILY", default_value = "full")]
    covariance: Family,
    /// Number of starts; the run of highest ℓ counts
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    restarts: u32,
    /// Seed of the starts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How a run begins
    #[arg(long, default_value = "kmeans")]
    start: Start,
    /// Fit to columns of mean 0 and variance 1; what is printed and saved is in the data's own units
    #[arg(long)]
    standardize: bool,
    /// Stop when a sweep raises ℓ by no more than this, in nats a datum
    #[arg(long, value_name = "NATS", default_value_t = 1e-8, allow_negative_numbers = true)]
    tol: f64,
    /// Largest number of sweeps
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    max_iter: u32,
    /// Let no variance, in any direction, fall below this, in squared units of what is fitted: components cannot collapse
    #[arg(long, value_name = "VARIANCE", allow_negative_numbers = true)]
    floor: Option<f64>,
    /// Threads to work on [default: all the machine has]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Save the model, for predict and sample; of several k, the one of lowest BIC
    #[arg(long, value_name = "JSON")]
    out: Option<PathBuf>,
    /// Save each datum's label, log density and responsibilities
    #[arg(long, value_name = "CSV")]
    responsibilities: Option<PathBuf>,
    /// Draw the fit or, of several k, the criteria: .svg, .pdf or .png
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Stream the data from a temporary file, whatever their size
    #[arg(long)]
    stream: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Family {
    Full,
    Tied,
    Diagonal,
    Spherical,
}

/// `3`, or `1..8` or `1..=8`, both ends included.
#[derive(Clone)]
struct Ks(RangeInclusive<usize>);

impl FromStr for Ks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let number = |text: &str| text.parse::<usize>().ok().filter(|&k| k > 0);
        match (number(first), number(last.strip_prefix('=').unwrap_or(last))) {
            (Some(first), Some(last)) if first <= last => Ok(Ks(first..=last)),
            _ => Err("a whole number from 1, or a range as 1..8".to_owned()),
        }
    }
}

pub fn run(arguments: &Fit) -> Result<(), Failure> {
    let plot_as = arguments.check()?;
    // A fit may take hours: that its results have a place is asked before.
    for path in [&arguments.out, &arguments.responsibilities, &arguments.plot].into_iter().flatten() {
        drop(export::Unfinished::create(path)?);
    }
    let (file, mut watch) = (arguments.input.name(), Watch::new());
    let reading = arguments.input.open(None)?;
    let d = reading.names.len();
    if arguments.plot.is_some() && !arguments.has_range() && d > plot::MOST_COLUMNS {
        return Err(plot::too_many(d));
    }
    let store = Store::collect(reading, arguments.stream, &file, &watch)?;
    arguments.check_data(&store)?;
    watch.listen()?;

    let scale = arguments.standardize.then(|| Scale::of(&store.columns));
    let sample = store.read(None, |source| arguments.sample(source))?;
    let in_units = match &scale {
        Some(scale) => scale.apply(sample.clone()),
        None => sample.clone(),
    };
    let engine = Engine::new(arguments.threads.unwrap_or(0) as usize)?;
    let found = store.read(scale.as_ref(), |source| {
        let search = Search {
            engine: &engine,
            source,
            sample: &in_units,
            n: store.n,
            log_volume: scale.as_ref().map_or(0.0, Scale::log_volume),
            family: arguments.family(),
            floor: arguments.floor,
            start: arguments.start,
            restarts: arguments.restarts as usize,
            seed: arguments.seed,
            stopping: arguments.stopping(),
            watch: &watch,
        };
        arguments.search(&search)
    })?;
    watch.finish();

    let Some(best) = found.iter().min_by(|one, other| one.criteria.bic.total_cmp(&other.criteria.bic)) else {
        return Err(Failure::Interrupted);
    };
    let model = sorted(&match &scale {
        Some(scale) => scale.undo(&best.fitted.model),
        None => best.fitted.model.clone(),
    })?;
    let data = report::DataLine {
        file: &file,
        n: store.n,
        names: &store.names,
        is_streamed: store.is_streamed(),
        is_standardized: arguments.standardize,
    };
    if arguments.has_range() {
        say(&report::comparison(&found))?;
    }
    say(&report::summary(&data, best, &model, arguments.max_iter as usize))?;

    if let Some(path) = &arguments.out {
        export::write(path, arguments.saved(&store, best, &model).to_json().as_bytes())?;
        say(&format!("\nModel in {}\n", path.display()))?;
    }
    watch.go_on()?;
    if let Some(path) = &arguments.responsibilities {
        write_responsibilities(path, &store, &model, &watch)?;
        say(&format!("Responsibilities in {}\n", path.display()))?;
    }
    if let (Some(path), Some(format)) = (&arguments.plot, plot_as) {
        let figure = arguments.figure(&found, &model, &sample, &store)?;
        export::write(path, &export::encode(&figure, format)?)?;
        say(&format!("Plot in {}\n", path.display()))?;
    }
    Ok(())
}

impl Fit {
    /// What makes no sense whatever the data; the format of the plot.
    fn check(&self) -> Result<Option<Format>, Failure> {
        let usage = |message: String| Err(Failure::Usage(message));
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            return usage(format!("--tol is {}, but must be finite and ≥ 0", self.tol));
        }
        if let Some(floor) = self.floor.filter(|floor| !(*floor > 0.0 && floor.is_finite())) {
            return usage(format!("--floor is {floor}, but must be finite and > 0"));
        }
        let outputs = [&self.out, &self.responsibilities, &self.plot];
        let mut paths = outputs.into_iter().flatten();
        while let Some(path) = paths.next() {
            if paths.clone().any(|other| other == path) {
                return usage(format!("{} is asked for twice", path.display()));
            }
        }
        let Some(path) = &self.plot else { return Ok(None) };
        let suffix = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let stills = [Format::Svg, Format::Pdf, Format::Png];
        match stills.into_iter().find(|format| format.to_string() == suffix) {
            Some(format) => Ok(Some(format)),
            None => usage(format!("--plot {}: its name must end in .svg, .pdf or .png", path.display())),
        }
    }

    /// What makes no sense for these data.
    fn check_data(&self, store: &Store) -> Result<(), Failure> {
        let (n, k) = (store.n, *self.k.0.end());
        if k > n {
            return Err(Error::ComponentCount { k, n }.into());
        }
        let constant = |&a: &usize| store.columns[a].is_constant();
        let d = store.columns.len();
        // A floor gives a constant column a variance, but not a unit.
        let Some(a) = (0..d).find(constant).filter(|_| self.standardize || self.floor.is_none()) else {
            return Ok(());
        };
        let rest: Vec<usize> = (0..d).filter(|a| !constant(a)).collect();
        let mut remedies = Vec::new();
        if !rest.is_empty() {
            remedies.push(format!("leave it out: --columns {}", listed(&rest, &store.names)));
        }
        if !self.standardize {
            remedies.push("set a --floor".to_owned());
        }
        let (name, value, remedies) = (&store.names[a], store.columns[a].mean, remedies.join(", or "));
        let reason = if self.standardize {
            "it has no spread to divide by"
        } else {
            "a Gaussian cannot have variance 0"
        };
        let hint = if remedies.is_empty() { String::new() } else { format!("; {remedies}") };
        Err(broken(format!("{}: column {name} is constant ({value}): {reason}{hint}", self.input.name())))
    }

    fn has_range(&self) -> bool {
        self.k.0.start() < self.k.0.end()
    }

    fn family(&self) -> CovarianceFamily {
        match self.covariance {
            Family::Full => CovarianceFamily::Full,
            Family::Tied => CovarianceFamily::Tied,
            Family::Diagonal => CovarianceFamily::Diagonal,
            Family::Spherical => CovarianceFamily::Spherical,
        }
    }

    fn stopping(&self) -> Stopping {
        Stopping { tolerance: Tolerance::MeanLogLikelihood(self.tol), max_sweeps: self.max_iter as usize }
    }

    fn sample(&self, source: &dyn Source) -> Result<DMatrix<f64>, Failure> {
        // Another stream than that of the starts.
        Ok(engine::sample(source, SAMPLE.max(20 * self.k.0.end()), &mut data::rng(!self.seed))?)
    }

    /// Every k in turn. One that fails among several is told and passed over.
    fn search(&self, search: &Search<'_>) -> Result<Vec<Found>, Failure> {
        let mut found: Vec<Found> = Vec::new();
        let mut failures = Vec::new();
        for k in self.k.0.clone() {
            match search.best(k) {
                Ok(one) => found.push(one),
                Err(Failure::Work(errors)) => failures.extend(errors),
                Err(other) => return Err(other),
            }
            if search.watch.is_interrupted() {
                break;
            }
        }
        if found.is_empty() && !failures.is_empty() {
            return Err(Failure::Work(failures));
        }
        failures.iter().for_each(|failure| eprintln!("warning: {failure}"));
        Ok(found)
    }

    fn saved(&self, store: &Store, best: &Found, model: &GaussianMixture) -> SavedMixture {
        SavedMixture {
            model: model.clone(),
            columns: store.names.clone(),
            log_likelihood: best.fitted.log_likelihood,
            n: store.n,
            sweeps: best.fitted.sweeps,
            stopped: best.fitted.stopped,
            seed: self.seed,
        }
    }

    fn figure(
        &self,
        found: &[Found],
        model: &GaussianMixture,
        sample: &DMatrix<f64>,
        store: &Store,
    ) -> Result<Figure, Failure> {
        if self.has_range() {
            return plot::criteria(found);
        }
        let rows: Vec<usize> = match sample.nrows() {
            many if many > plot::MOST_DOTS => {
                (0..plot::MOST_DOTS).map(|i| i * many / plot::MOST_DOTS).collect()
            }
            few => (0..few).collect(),
        };
        plot::fit(model, &sample.select_rows(&rows), store.n, &store.names)
    }
}

/// The same mixture, the component of largest weight first.
fn sorted(model: &GaussianMixture) -> Result<GaussianMixture, Failure> {
    let mut order: Vec<usize> = (0..model.k()).collect();
    order.sort_by(|&one, &other| model.weights[other].total_cmp(&model.weights[one]));
    Ok(switching::relabelled(model, &order)?)
}

fn write_responsibilities(
    path: &Path,
    store: &Store,
    model: &GaussianMixture,
    watch: &Watch,
) -> Result<(), Failure> {
    let mut out = Output::create(Some(path))?;
    let mut table = Responsibilities::begin(model, &mut out)?;
    store.each_block(&mut |block| {
        table.write(block)?;
        watch.wrote(table.rows);
        watch.go_on()
    })?;
    watch.finish();
    out.finish()
}
