//! `fit`: a mixture for the user's own data.

use std::cmp::Ordering;

use executable_em::{
    bernoulli_mixture::BernoulliMixture, data, em::Fit, incomplete::student::StudentMixture,
    pathologies::switching, scale::units::Units,
};
use executable_em_engine::{Mixture, SavedMixture, Source};
use executable_em_figures::{
    export::{self, Format},
    plot::Figure,
};
use nalgebra::DMatrix;

use super::{
    Failure, broken, clusters,
    options::{Begin, Model, Options},
    outputs::{self, Wanted},
    plan::Plan,
    plot,
    predict::{Predictor, write_predictions},
    reading::Reading,
    report::{self, DataLine},
    say,
    search::{Found, Kind, Search},
    starts::thinned,
    store::Store,
    watch::Watch,
    weights,
};

/// From so many data, or twenty for each component if that is more, the starts are drawn.
const SAMPLE: usize = 5000;

/// A sweep of so small a table, by n·k·d², is soon made.
const SOON: usize = 50_000;

/// Weights that sum to less overflow where something is divided by their sum.
const LEAST_TOTAL: f64 = 1e-300;

/// Makes the seed of what fills the gaps of the starts.
const FILLING: u64 = 0x6a70;

pub const EXAMPLES: &str = "\
Components are numbered by weight, the largest first. Up to a quarter of the free memory (256 MiB at least) is used for
the numbers; more are streamed from a temporary file (in TMPDIR). Ctrl-C ends the fit after the sweep and reports the
best so far, also to the file of --out; a second one ends the program. The same command gives the same numbers on any
number of threads; machines with other vector instructions may differ in the last digits.

Gaussians do without cells that are missing (empty, NA, NaN and the like, or --missing TOKEN): each row counts with
what is seen of it, which assumes that what is missing depends on nothing but that.

With --weights each datum counts as often as that column says; the sum of the weights is the n of BIC and ICL, without
those of rows that show nothing. With --covariance all the four families stand in one table, and the one of lowest BIC
is kept. A fit that --start begins at a model has one run, and goes on where that ended; columns of other names stand
for the model's where --columns names them in its order.

Runs are ranked by ℓ less a penalty for components that are thin beside the others, since ℓ is highest where a few data
that happen to be in a line have a component for themselves. Where nobody gives --max-iter, the best run goes on until
it rests.

Of 50 000 data and more a sample of 5000 is searched first, and only the best three of what is found there go on over
all data, accelerated: a tenth of the time and less. On 40 random problems that came to the optimum that a search over
all data finds in 31, to a lower one in four and to a higher one in five: where a cluster is so small that the sample
hardly sees it. --restarts 12 runs over all data.

A sweep that gains little may be one of many: where components overlap, a thousand sweeps of a rise below --tol may
still lie ahead. With --stop aitken a run ends when ℓ itself is estimated to be within --tol, a datum, of its limit;
that may take a larger --max-iter. With --accelerate a run, after twenty plain sweeps, guesses from two sweeps where
it is going, and takes a sweep from there unless ℓ would be lower (SQUAREM): on 200 random problems a third of the
sweeps and three quarters of the time. Guesses may lead to another maximum: of these problems to a lower one in two,
to a higher in five. How many sweeps the best run was spared is said where plain EM to
the same ℓ is soon run beside it: of tables with n·k·d² up to 50 000.

Mixtures of Student's t (--model student) have degrees of freedom ν from 1 to 200 for each component; what outliers
would do to means and covariances of Gaussians they do to ν. They are fitted on one thread, always accelerated, and
much slower than Gaussians; means and scale matrices are printed and saved, of which the covariance is ν/(ν − 2)
times, for ν > 2. They do not do without missing cells.

Coins begin at random biases near those of the data, and have no use for --covariance, --standardize, --floor and
kinds of --start. Their ℓ is that of the flips in a given order: of the numbers of heads it is larger, by the same for
all parameters. Clusters (--model kmeans) are found by Lloyd's algorithm from k-means++ starts, and run until they are
at rest; they have no ℓ, so no criterion says how many there are.

Examples:
  executable-em fit faithful.csv -k 2 --plot fit.svg --out model.json
  executable-em fit big.csv -k 1..8 --columns length,width --standardize --restarts 5
  executable-em fit survey.csv -k 2 --missing -99
  executable-em fit faithful.csv -k 2 --errors
  executable-em fit faithful.csv -k 3 --stop aitken --max-iter 10000
  executable-em fit faithful.csv -k 20 --variational --out model.json
  executable-em fit heads.csv -k 2 --model bernoulli --flips 10
  executable-em fit faithful.csv -k 2 --model student --out model.json
  executable-em fit survey.csv -k 1..5 --weights count --covariance all
  executable-em fit more.csv --start model.json --out better.json
  executable-em fit big.csv -k 8 --model kmeans --standardize

Exit status: 0 fitted, 1 something could not be read, fitted or written, 2 the command makes no sense,
130 interrupted.";

/// Does what the options say, and says what it found.
///
/// # Errors
/// What went wrong, by exit status.
pub fn run(options: &Options) -> Result<(), Failure> {
    let plot_as = options.check()?;
    options.ask()?;
    if let Some(Model::Kmeans) = options.model {
        return clusters::run(options);
    }
    let plan = Plan::of(options)?;
    let engine = options.engine()?;
    let (file, mut watch) = (options.input.name(), Watch::new());
    let may_miss = matches!(plan.kinds[..], [Kind::Gaussian { .. }, ..]);
    let model = plan.start.as_ref().map(|saved| saved.columns.as_slice());
    let mut reading = options.open(model, may_miss)?;
    let d = reading.names.len() - usize::from(options.weights.is_some());
    if let Some(saved) = &plan.start {
        options.check_columns(&saved.columns, &reading.names[..d])?;
    }
    if let [Kind::Bernoulli { flips }] = plan.kinds[..] {
        reading = reading.of_heads(d, flips, options.input.finder(model));
    } else if options.plot.is_some() && plan.ks.start() == plan.ks.end() && d > plot::MOST_COLUMNS {
        return Err(plot::too_many(d));
    }
    let store = options.collect(reading, &watch)?;
    store.gaps.check(&file, &store.names, &store.columns)?;
    options.check_data(&plan, &store)?;
    watch.listen()?;

    let units = options.standardize.then(|| Units::of(&store.columns)).transpose()?;
    let sample = store.read(None, |source| options.sample(source, *plan.ks.end()))?;
    let whole = match store.has_gaps {
        false => sample.clone(),
        true => engine.filled(&sample, &store.columns, &mut data::rng(options.seed() ^ FILLING))?,
    };
    let in_units = match &units {
        Some(units) => units.standardize(whole)?,
        None => whole,
    };
    if options.variational {
        return options.run_variational(plan.kinds[0], &store, &sample, &engine, &watch, plot_as);
    }
    let singular = options.singular(&plan, &store, &sample)?;
    let log_volume = match &units {
        Some(units) => units.log_volume_of_seen(&store.shares_seen())?,
        None => 0.0,
    };
    let searched = store.read(units.as_ref(), |source| {
        let search = Search {
            engine: &engine,
            source,
            n: store.telling,
            unit: store.unit,
            sample: &in_units,
            log_volume,
            singular: singular.as_deref(),
            start: plan.start.as_ref().map(|saved| &saved.model),
            restarts: options.restarts.map(|restarts| restarts as usize),
            seed: options.seed(),
            stopping: options.stopping(),
            has_cap: options.max_iter.is_some(),
            // Of t, EM itself crawls in ν.
            is_accelerated: options.accelerate || matches!(plan.kinds[..], [Kind::Student { .. }, ..]),
            tells_spared: options.accelerate && d * d <= SOON / (store.telling * plan.ks.end()),
            watch: &watch,
        };
        plan.search(&search)
    });
    watch.finish();
    // Whatever came of it: not of these data.
    store.unchanged()?;
    let (found, failed) = searched?;

    let Some(best) = found.iter().min_by(by_bic) else {
        return Err(Failure::Interrupted);
    };
    let mut model = sorted(match (&best.fit.model, &units) {
        (Mixture::Gaussian(model), Some(units)) => Mixture::Gaussian(units.undo(model)?),
        (Mixture::Student(model), Some(units)) => {
            Mixture::Student(StudentMixture::new(units.undo(model.shape())?, model.degrees().clone())?)
        }
        (model, _) => model.clone(),
    })?;
    // What is proved is also what is printed and saved.
    let proof = options.proof(&model, &store);
    if let Some(Ok(proved)) = &proof {
        model = Mixture::Gaussian(proved.model.clone());
    }
    let data = DataLine { file: &file, store: &store, is_standardized: options.standardize };
    // Each for itself: where one has no room, the others are made all the same. The first that failed is told.
    let mut told = Ok(());
    let mut also = |outcome: Result<(), Failure>| {
        let is_made = outcome.is_ok();
        if let (Ok(()), Err(failure)) = (&told, outcome) {
            told = Err(failure);
        }
        is_made
    };
    // The model first: whatever becomes of the report, it is kept.
    let is_saved = options.out.as_ref().is_some_and(|path| {
        let text = options.saved(&store, &best.fit, &model).to_json();
        also(outputs::write(path, text.as_bytes(), &watch))
    });
    if plan.compares() {
        also(say(&report::comparison(&found, &failed, plan.kinds.len() > 1)));
    }
    also(say(&report::summary(&data, best, &model, options)));
    also(options.how_sure(&model, &store, &watch, proof).and_then(|text| say(&text)));
    if let Some(path) = options.out.as_ref().filter(|_| is_saved) {
        also(say(&format!("\nModel in {}\n", path.display())));
    }
    watch.go_on()?;
    if let Some(path) = &options.responsibilities {
        also(
            write_predictions(path, Predictor::Mixture(&model), &store, &watch)
                .and_then(|()| say(&format!("Responsibilities in {}\n", path.display()))),
        );
    }
    if let (Some(path), Some(format)) = (&options.plot, plot_as) {
        let drawn = match plan.ks.start() < plan.ks.end() {
            true => of_criteria(&plan, &found),
            false => figure(&model, &sample, &store, format),
        };
        also(drawn.and_then(|figure| {
            outputs::write(path, &export::encode(&figure, format)?, &watch)?;
            say(&format!("Plot in {}\n", path.display()))
        }));
    }
    told
}

impl Options {
    /// A fit may take hours: that its results have a place is asked before.
    fn ask(&self) -> Result<(), Failure> {
        let mut inputs = vec![self.input.path()];
        if let Some(Begin::Model(path)) = &self.start {
            inputs.push(path);
        }
        outputs::ask(
            &inputs,
            &[
                Wanted::out(self.out.as_deref(), &["json"]),
                Wanted {
                    option: "--responsibilities",
                    path: self.responsibilities.as_deref(),
                    forms: &["csv"],
                },
                Wanted { option: "--plot", path: self.plot.as_deref(), forms: &["svg", "pdf", "png"] },
            ],
        )
    }

    /// Begins to read the table, its weights last; cells may be missing, or not.
    pub fn open(&self, model: Option<&[String]>, may_miss: bool) -> Result<Reading, Failure> {
        match &self.weights {
            Some(column) => weights::open(&self.input, column, model, may_miss),
            None if may_miss => self.input.open_with_gaps(model),
            None => self.input.open(model),
        }
    }

    /// Reads the table to its end.
    pub fn collect(&self, reading: Reading, watch: &Watch) -> Result<Store, Failure> {
        let store = Store::collect(reading, self.weights.is_some(), self.stream, watch)?;
        match &store.weights {
            // Where a row that shows nothing weighs something, that is no column's fault: the gaps are told.
            Some(column) if store.total == 0.0 && !store.gaps.hide_rows() => {
                Err(broken(format!("{}: column {column}: every weight is 0", self.input.name())))
            }
            Some(column) if store.total > 0.0 && store.total < LEAST_TOTAL => Err(broken(format!(
                "{}: column {column}: the weights sum to {:e}, by which nothing can be divided: scale them up",
                self.input.name(),
                store.total
            ))),
            Some(column) if store.total.is_infinite() => Err(broken(format!(
                "{}: column {column}: the sum of the weights is no number: scale them down",
                self.input.name()
            ))),
            _ => Ok(store),
        }
    }

    /// Data to draw starts from, in proportion to their weights.
    pub fn sample(&self, source: &dyn Source, k: usize) -> Result<DMatrix<f64>, Failure> {
        // Another stream than that of the starts.
        let (size, mut rng) = (sample_size(k), data::rng(!self.seed()));
        Ok(match self.weights {
            Some(_) => executable_em_engine::weighted_sample(source, size, &mut rng)?,
            None => executable_em_engine::sample(source, size, &mut rng)?,
        })
    }

    /// A fit as it is saved; `model` is its mixture, in the units of the data and sorted.
    pub fn saved(&self, store: &Store, fit: &Fit<Mixture>, model: &Mixture) -> SavedMixture {
        SavedMixture {
            model: model.clone(),
            columns: store.names.clone(),
            log_likelihood: fit.log_likelihood,
            n: store.n,
            sweeps: fit.sweeps,
            stopped: fit.stopped,
            seed: self.seed(),
        }
    }
}

/// How many of the data starts are drawn from, at most.
pub fn sample_size(k: usize) -> usize {
    SAMPLE.max(20 * k)
}

fn by_bic(one: &&Found, other: &&Found) -> Ordering {
    one.criteria.bic.total_cmp(&other.criteria.bic)
}

/// The criteria of several k; of several families, those of the best for each k.
fn of_criteria(plan: &Plan, found: &[Found]) -> Result<Figure, Failure> {
    let of_k = |k| found.iter().filter(move |one| one.k == k).min_by(by_bic);
    plot::criteria(&plan.ks.clone().filter_map(of_k).collect::<Vec<_>>())
}

/// The model, and those rows of the sample of which every cell is seen.
pub fn figure(
    model: &Mixture,
    sample: &DMatrix<f64>,
    store: &Store,
    format: Format,
) -> Result<Figure, Failure> {
    let names = plot::shown(&store.names, format);
    let is_whole = |i: &usize| sample.row(*i).iter().all(|value| !value.is_nan());
    let whole: Vec<usize> = (0..sample.nrows()).filter(is_whole).collect();
    if whole.is_empty() {
        return Err(broken("a plot shows rows of which every cell is seen, and there are none"));
    }
    let dots = thinned(&sample.select_rows(&whole), plot::MOST_DOTS);
    match model {
        Mixture::Gaussian(model) => plot::fit(model, &dots, store.telling, &names),
        Mixture::Student(model) => plot::fit(model, &dots, store.telling, &names),
        Mixture::Bernoulli(model) => plot::biases(model, store.telling, &names),
    }
}

/// The same mixture, the component of largest weight first.
fn sorted(model: Mixture) -> Result<Mixture, Failure> {
    let weights = model.weights();
    let mut order: Vec<usize> = (0..model.k()).collect();
    order.sort_by(|&one, &other| weights[other].total_cmp(&weights[one]));
    Ok(match model {
        Mixture::Gaussian(model) => Mixture::Gaussian(switching::relabelled(&model, &order)?),
        Mixture::Student(model) => {
            let shape = switching::relabelled(model.shape(), &order)?;
            Mixture::Student(StudentMixture::new(shape, model.degrees().select_rows(&order))?)
        }
        Mixture::Bernoulli(coins) => {
            let (weights, biases) = (coins.weights().select_rows(&order), coins.biases().select_rows(&order));
            Mixture::Bernoulli(BernoulliMixture::new(weights, biases, coins.flips())?)
        }
    })
}
