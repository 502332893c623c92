//! `fit --model kmeans`: clusters of the user's own data.

use std::path::PathBuf;

use executable_em::{
    data,
    em::{Fit, Seen, Stopping, Tolerance},
    kmeans,
    scale::units::Units,
};
use executable_em_engine::{Engine, Error, KMeans, SavedClusters, Source};
use nalgebra::{DMatrix, DVector};

use super::{
    Failure, broken,
    fit::sample_size,
    options::Options,
    outputs,
    predict::{Predictor, write_predictions},
    report::{self, DataLine},
    say,
    store::Store,
    told::told,
    watch::Watch,
};

/// Runs whose J differ by less than this part of it have found the same clusters.
const SAME: f64 = 1e-9;

/// The best that was found for one k: its −J climbs as ℓ does.
pub struct Clusters {
    pub fit: Fit<KMeans>,
    /// How many data each has, or the sum of their weights.
    pub sizes: DVector<f64>,
    pub restarts: usize,
    /// How many restarts came to the same J.
    pub same: usize,
    /// The part of the squared distances from the common mean that the clusters explain.
    pub explained: f64,
}

impl Clusters {
    pub fn k(&self) -> usize {
        self.fit.model.means().nrows()
    }

    /// J, in squared units of what was fitted.
    pub fn objective(&self) -> f64 {
        // Zero without a sign.
        self.fit.log_likelihood.abs()
    }
}

pub fn run(options: &Options) -> Result<(), Failure> {
    let ks = options.ks();
    if ks.start() < ks.end() && (options.out.is_some() || options.responsibilities.is_some()) {
        let option = if options.out.is_some() { "--out" } else { "--responsibilities" };
        let reason = "J falls with every further mean, so it cannot choose among several";
        return Err(Failure::Usage(format!("{option} wants one k: {reason}")));
    }
    let engine = options.engine()?;
    let (file, mut watch) = (options.input.name(), Watch::new());
    let store = options.collect(options.open(None, false)?, &watch)?;
    if *ks.end() > store.telling {
        let error = executable_em::Error::ComponentCount { k: *ks.end(), n: store.telling };
        return Err(broken(format!("{file}: {error}")));
    }
    if options.standardize {
        options.check_spread(&store)?;
    }
    options.check_scale(&store)?;
    watch.listen()?;
    let units = options.standardize.then(|| Units::of(&store.columns)).transpose()?;
    let found = store.read(units.as_ref(), |source| {
        let sample = options.sample(source, *ks.end())?;
        let is_small = options.restarts.is_none() && store.telling <= FEW * sample_size(*ks.end());
        let mut found = Vec::new();
        for k in ks.clone() {
            found.push(best(options, &engine, source, (&sample, is_small, k), &watch)?);
            if watch.is_interrupted() {
                break;
            }
        }
        Ok(found)
    });
    watch.finish();
    store.unchanged()?;
    let mut found = found?;
    let all = all_squares(&store, units.is_some());
    for one in &mut found {
        // Of data in one place there is nothing to explain.
        one.explained = if all > 0.0 { (1.0 - one.objective() / all).max(0.0) } else { 0.0 };
    }
    let line = DataLine { file: &file, store: &store, is_standardized: options.standardize };
    let [one] = &found[..] else {
        say(&report::of_several_clusterings(&line, &found))?;
        return watch.go_on();
    };
    let saved = saved(options, &store, one, units.as_ref())?;
    let write = |path: &PathBuf| outputs::write(path, saved.to_json().as_bytes(), &watch);
    let kept = options.out.as_ref().map_or(Ok(()), write);
    say(&report::of_clusters(&line, one, &saved, options))?;
    kept?;
    if let Some(path) = &options.out {
        say(&format!("\nClusters in {}\n", path.display()))?;
    }
    watch.go_on()?;
    if let Some(path) = &options.responsibilities {
        write_predictions(path, Predictor::Clusters(&saved), &store, &watch)?;
        say(&format!("Labels in {}\n", path.display()))?;
    }
    Ok(())
}

/// The run of least J among those from k-means++ starts, each until its means are at rest.
fn best(
    options: &Options,
    engine: &Engine,
    source: &dyn Source,
    (sample, is_small, k): (&DMatrix<f64>, bool, usize),
    watch: &Watch,
) -> Result<Clusters, Failure> {
    let mut rng = data::rng(options.seed());
    let at_rest = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: options.max_sweeps() };
    let mut reached = Vec::new();
    let mut round = |count: usize, reached: &mut Vec<f64>| {
        let first = reached.len();
        let starts = (0..count).map(|_| KMeans::new(kmeans::plus_plus_start(sample, k, &mut rng)?));
        let fit = engine.best_of(starts, source, &at_rest, |seen| match seen {
            Seen::Sweep { start, sweeps, expected, .. } => {
                watch.sweep(k, first + start + 1, sweeps, expected.log_likelihood)
            }
            Seen::Run { outcome, .. } => {
                reached.extend(outcome.as_ref().ok().map(|run| run.log_likelihood));
                watch.after(outcome)
            }
        });
        let failed =
            |error: Error| broken(format!("k = {k}: none of {count} starts succeeded: {}", told(&error)));
        fit.map(|fit| Fit { start: first + fit.start, ..fit }).map_err(failed)
    };
    let is_better = |one: f64, than: f64| one - than > SAME * than.abs();
    let mut fit = round(options.restarts.map_or(RESTARTS, |restarts| restarts as usize), &mut reached)?;
    let mut idle = if reached.iter().any(|&other| is_better(fit.log_likelihood, other)) { 0 } else { IDLE };
    while is_small && idle < IDLE && !watch.is_interrupted() {
        // What is found is kept, whatever becomes of the others.
        let Ok(other) = round(ROUND, &mut reached) else { break };
        idle = if is_better(other.log_likelihood, fit.log_likelihood) { 0 } else { idle + 1 };
        if other.log_likelihood > fit.log_likelihood {
            fit = other;
        }
    }
    let sizes = engine.statistics(&fit.model, source)?.expectation.counts;
    let is_same = |value: &&f64| fit.log_likelihood - **value <= SAME * fit.log_likelihood.abs();
    let same = reached.iter().filter(is_same).count();
    Ok(Clusters { fit, sizes, restarts: reached.len(), same, explained: 0.0 })
}

/// As many k-means++ starts as there are runs of a mixture. Where these disagree, and the data are no more than so many
/// samples, further rounds follow until so many on end have found nothing better.
const RESTARTS: usize = 12;
const ROUND: usize = 120;
const IDLE: usize = 2;
const FEW: usize = 2;

/// J of one mean, from the spreads of the columns, in standard units or their own.
fn all_squares(store: &Store, is_standardized: bool) -> f64 {
    let of_column = |sd: f64| if is_standardized { 1.0 } else { sd * sd };
    store.total * store.columns.iter().map(|column| of_column(column.sd())).sum::<f64>()
}

/// The clusters in the data's own units, the largest first.
fn saved(
    options: &Options,
    store: &Store,
    one: &Clusters,
    units: Option<&Units>,
) -> Result<SavedClusters, Failure> {
    let mut order: Vec<usize> = (0..one.k()).collect();
    order.sort_by(|&one_of, &other| one.sizes[other].total_cmp(&one.sizes[one_of]));
    let means = one.fit.model.means().select_rows(&order);
    Ok(SavedClusters {
        means: match units {
            Some(units) => units.back(means)?,
            None => means,
        },
        units: units.map(|_| store.columns.iter().map(|column| column.sd()).collect()),
        sizes: order.iter().map(|&j| one.sizes[j]).collect(),
        columns: store.names.clone(),
        objective: one.objective(),
        n: store.n,
        sweeps: one.fit.sweeps,
        stopped: one.fit.stopped,
        seed: options.seed(),
    })
}
