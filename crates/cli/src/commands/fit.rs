//! `fit`: a mixture for the user's own data.

use std::path::Path;

use executable_em::{
    Error, bernoulli_mixture::BernoulliMixture, data, pathologies::switching, scale::units::Units,
};
use executable_em_engine::{Engine, Mixture, SavedMixture, Source};
use executable_em_figures::{export, plot::Figure};
use nalgebra::DMatrix;

use super::{
    Failure, broken,
    input::listed,
    options::Options,
    outputs::{self, Output},
    plot,
    predict::Responsibilities,
    report, say,
    search::{Found, Kind, Search},
    store::Store,
    warn,
    watch::Watch,
};

/// From so many data, or twenty for each component if that is more, the starts are drawn.
const SAMPLE: usize = 5000;

/// Makes the seed of what fills the gaps of the starts.
const FILLING: u64 = 0x6a70;

pub const EXAMPLES: &str = "\
Components are numbered by weight, the largest first. Up to 256 MiB of numbers are kept in memory; more are
streamed from a temporary file (in TMPDIR). Ctrl-C ends the fit after the sweep and reports the best so far, also
to the file of --out; a second one ends the program. The same command gives the same numbers on any number of threads.

Gaussians do without cells that are missing (empty, NA, NaN and the like, or --missing TOKEN): each row counts with
what is seen of it, which assumes that what is missing depends on nothing but that.

Coins begin at random biases near those of the data, and have no use for --covariance, --start, --standardize
and --floor. Their ℓ is that of the flips in a given order: of the numbers of heads it is larger, by the same for
all parameters.

Examples:
  executable-em fit faithful.csv -k 2 --plot fit.svg --out model.json
  executable-em fit big.csv -k 1..8 --columns length,width --standardize --restarts 5
  executable-em fit survey.csv -k 2 --missing -99
  executable-em fit faithful.csv -k 2 --errors
  executable-em fit faithful.csv -k 20 --variational --out model.json
  executable-em fit heads.csv -k 2 --model bernoulli --flips 10

Exit status: 0 fitted, 1 something could not be read, fitted or written, 2 the command makes no sense,
130 interrupted.";

pub fn run(options: &Options) -> Result<(), Failure> {
    let plot_as = options.check()?;
    // A fit may take hours: that its results have a place is asked before.
    outputs::ask(
        &[options.input.path()],
        &[
            ("--out", options.out.as_deref()),
            ("--responsibilities", options.responsibilities.as_deref()),
            ("--plot", options.plot.as_deref()),
        ],
    )?;
    let (file, mut watch) = (options.input.name(), Watch::new());
    let mut reading = match options.kind() {
        Kind::Gaussian { .. } => options.input.open_with_gaps(None)?,
        Kind::Bernoulli { .. } => options.input.open(None)?,
    };
    if let Kind::Bernoulli { flips } = options.kind() {
        reading = reading.of_heads(flips, file.clone());
    } else if options.plot.is_some() && !options.has_range() && reading.names.len() > plot::MOST_COLUMNS {
        return Err(plot::too_many(reading.names.len()));
    }
    let store = Store::collect(reading, options.stream, &watch)?;
    store.gaps.check(&file, &store.names, &store.columns)?;
    options.check_data(&store)?;
    watch.listen()?;

    let units = options.standardize.then(|| Units::of(&store.columns)).transpose()?;
    let sample = store.read(None, |source| options.sample(source))?;
    let engine = Engine::new(options.threads.unwrap_or(0) as usize)?;
    let whole = match store.gaps.are_there() {
        false => sample.clone(),
        true => engine.filled(&sample, &store.columns, &mut data::rng(options.seed ^ FILLING))?,
    };
    let in_units = match &units {
        Some(units) => units.standardize(whole)?,
        None => whole,
    };
    if options.variational {
        return options.run_variational(&store, &sample, &engine, &watch, plot_as);
    }
    let log_volume = match &units {
        Some(units) => units.log_volume_of_seen(&store.gaps.shares_seen())?,
        None => 0.0,
    };
    let found = store.read(units.as_ref(), |source| {
        let search = Search {
            engine: &engine,
            source,
            sample: &in_units,
            n: store.n,
            log_volume,
            kind: options.kind(),
            restarts: options.restarts as usize,
            seed: options.seed,
            stopping: options.stopping(),
            watch: &watch,
        };
        options.search(&search)
    });
    watch.finish();
    // Whatever came of it: not of these data.
    store.unchanged()?;
    let (found, failed) = found?;

    let Some(best) = found.iter().min_by(|one, other| one.criteria.bic.total_cmp(&other.criteria.bic)) else {
        return Err(Failure::Interrupted);
    };
    let model = sorted(match (&best.fit.model, &units) {
        (Mixture::Gaussian(model), Some(units)) => Mixture::Gaussian(units.undo(model)?),
        (model, _) => model.clone(),
    })?;
    let data = report::DataLine {
        file: &file,
        n: store.n,
        names: &store.names,
        missing: store.gaps.report(),
        is_streamed: store.is_streamed(),
        is_standardized: options.standardize,
    };
    // The model first: whatever becomes of the report, it is kept.
    if let Some(path) = &options.out {
        export::write(path, options.saved(&store, best, &model).to_json().as_bytes())?;
    }
    if options.has_range() {
        say(&report::comparison(&found, &failed))?;
    }
    say(&report::summary(&data, best, &model, options.max_iter as usize))?;
    let sure = options.how_sure(&model, &store, &watch);
    if let Ok(text) = &sure {
        say(text)?;
    }

    if let Some(path) = &options.out {
        say(&format!("\nModel in {}\n", path.display()))?;
    }
    watch.go_on()?;
    if let Some(path) = &options.responsibilities {
        write_responsibilities(path, &file, &store, &model, &watch)?;
        say(&format!("Responsibilities in {}\n", path.display()))?;
    }
    if let (Some(path), Some(format)) = (&options.plot, plot_as) {
        let figure = options.figure(&found, &model, &sample, &store)?;
        export::write(path, &export::encode(&figure, format)?)?;
        say(&format!("Plot in {}\n", path.display()))?;
    }
    sure.map(|_| ())
}

impl Options {
    /// `fit --variational`, from where the data are read.
    fn run_variational(
        &self,
        store: &Store,
        sample: &DMatrix<f64>,
        engine: &Engine,
        watch: &Watch,
        plot_as: Option<export::Format>,
    ) -> Result<(), Failure> {
        let found = self.survivors(store, sample, engine, watch);
        watch.finish();
        store.unchanged()?;
        let found = found?;
        let file = self.input.name();
        let data = report::DataLine {
            file: &file,
            n: store.n,
            names: &store.names,
            missing: String::new(),
            is_streamed: store.is_streamed(),
            is_standardized: false,
        };
        if let Some(path) = &self.out {
            let saved = SavedMixture {
                model: found.model.clone(),
                columns: store.names.clone(),
                log_likelihood: found.log_likelihood,
                n: store.n,
                sweeps: found.sweeps,
                stopped: found.stopped,
                seed: self.seed,
            };
            export::write(path, saved.to_json().as_bytes())?;
        }
        say(&self.of_survivors(&data, &found))?;
        if let Some(path) = &self.out {
            say(&format!("\nModel in {}\n", path.display()))?;
        }
        watch.go_on()?;
        if let Some(path) = &self.responsibilities {
            write_responsibilities(path, &file, store, &found.model, watch)?;
            say(&format!("Responsibilities in {}\n", path.display()))?;
        }
        if let (Some(path), Some(format)) = (&self.plot, plot_as) {
            let figure = self.figure(&[], &found.model, sample, store)?;
            export::write(path, &export::encode(&figure, format)?)?;
            say(&format!("Plot in {}\n", path.display()))?;
        }
        Ok(())
    }

    /// What makes no sense for these data.
    fn check_data(&self, store: &Store) -> Result<(), Failure> {
        let (n, k) = (store.n, *self.k.0.end());
        if k > n {
            return Err(Error::ComponentCount { k, n }.into());
        }
        let Kind::Gaussian { floor, family, .. } = self.kind() else {
            return Ok(());
        };
        let d = store.columns.len();
        let parameters = family.parameter_count(k, d).saturating_add(k * d + k - 1);
        self.check_sure_of(store, parameters)?;
        let constant = |&a: &usize| store.columns[a].is_constant();
        // A floor gives a constant column a variance, but not a unit.
        let Some(a) = (0..d).find(constant).filter(|_| self.standardize || floor.is_none()) else {
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
        let (name, value, remedies) = (&store.names[a], store.columns[a].mean(), remedies.join(", or "));
        let reason = if self.standardize {
            "it has no spread to divide by"
        } else {
            "a Gaussian cannot have variance 0"
        };
        let hint = if remedies.is_empty() { String::new() } else { format!("; {remedies}") };
        Err(broken(format!("{}: column {name} is constant ({value}): {reason}{hint}", self.input.name())))
    }

    fn sample(&self, source: &dyn Source) -> Result<DMatrix<f64>, Failure> {
        // Another stream than that of the starts.
        Ok(executable_em_engine::sample(source, SAMPLE.max(20 * self.k.0.end()), &mut data::rng(!self.seed))?)
    }

    /// Every k in turn, and those that failed. One that fails among several is told and passed over.
    fn search(&self, search: &Search<'_>) -> Result<(Vec<Found>, Vec<usize>), Failure> {
        let (mut found, mut failed, mut failures) = (Vec::new(), Vec::new(), Vec::new());
        for k in self.k.0.clone() {
            match search.best(k) {
                Ok(one) => found.push(one),
                Err(Failure::Work(errors)) => {
                    failed.push(k);
                    failures.extend(errors);
                }
                Err(other) => return Err(other),
            }
            if search.watch.is_interrupted() {
                break;
            }
        }
        if found.is_empty() && !failures.is_empty() {
            return Err(Failure::Work(failures));
        }
        failures.iter().for_each(|failure| warn(&format!("warning: {failure}")));
        Ok((found, failed))
    }

    fn saved(&self, store: &Store, best: &Found, model: &Mixture) -> SavedMixture {
        SavedMixture {
            model: model.clone(),
            columns: store.names.clone(),
            log_likelihood: best.fit.log_likelihood,
            n: store.n,
            sweeps: best.fit.sweeps,
            stopped: best.fit.stopped,
            seed: self.seed,
        }
    }

    fn figure(
        &self,
        found: &[Found],
        model: &Mixture,
        sample: &DMatrix<f64>,
        store: &Store,
    ) -> Result<Figure, Failure> {
        if self.has_range() {
            return plot::criteria(found);
        }
        let model = match model {
            Mixture::Gaussian(model) => model,
            Mixture::Bernoulli(model) => return plot::biases(model, store.n, &store.names),
        };
        let is_whole = |i: &usize| sample.row(*i).iter().all(|value| !value.is_nan());
        let whole: Vec<usize> = (0..sample.nrows()).filter(is_whole).collect();
        if whole.is_empty() {
            return Err(broken("a plot shows rows of which every cell is seen, and there are none"));
        }
        let rows: Vec<usize> = match whole.len() {
            many if many > plot::MOST_DOTS => {
                (0..plot::MOST_DOTS).map(|i| whole[i * many / plot::MOST_DOTS]).collect()
            }
            _ => whole,
        };
        plot::fit(model, &sample.select_rows(&rows), store.n, &store.names)
    }
}

/// The same mixture, the component of largest weight first.
fn sorted(model: Mixture) -> Result<Mixture, Failure> {
    let weights = model.weights();
    let mut order: Vec<usize> = (0..model.k()).collect();
    order.sort_by(|&one, &other| weights[other].total_cmp(&weights[one]));
    Ok(match model {
        Mixture::Gaussian(model) => Mixture::Gaussian(switching::relabelled(&model, &order)?),
        Mixture::Bernoulli(coins) => {
            let (weights, biases) = (coins.weights().select_rows(&order), coins.biases().select_rows(&order));
            Mixture::Bernoulli(BernoulliMixture::new(weights, biases, coins.flips())?)
        }
    })
}

fn write_responsibilities(
    path: &Path,
    file: &str,
    store: &Store,
    model: &Mixture,
    watch: &Watch,
) -> Result<(), Failure> {
    let mut out = Output::create(Some(path))?;
    let mut table = Responsibilities::begin(model, file, &mut out)?;
    store.each_block(&mut |block| {
        table.write(block)?;
        watch.wrote(table.rows);
        watch.go_on()
    })?;
    watch.finish();
    out.finish()
}
