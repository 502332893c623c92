//! A fit as text: what was fitted, how well, and the parameters.

use std::{fmt::Write, ops::Range};

use executable_em::em::Stopped;
use executable_em::{
    bernoulli_mixture::BernoulliMixture,
    gaussian_mixture::{CovarianceFamily, GaussianMixture},
};
use executable_em_engine::{Mixture, SavedClusters};
use nalgebra::{DMatrix, DVector};

use super::{
    cell,
    clusters::Clusters,
    digits::{brief, counted, decimal, summed, written},
    doubt::doubt,
    legible,
    options::{Begin, Options},
    plan::Failed,
    search::{Found, Spared},
    store::Store,
};

/// Beyond this dimension the d(d−1)/2 correlations of a component are left to the model's file.
const MOST_CORRELATED: usize = 6;

/// Columns that a line of the terminal has room for.
const COLUMNS: usize = 8;

/// What the data are called, and how they were fitted.
pub struct DataLine<'a> {
    pub file: &'a str,
    pub store: &'a Store,
    pub is_standardized: bool,
}

impl DataLine<'_> {
    pub fn text(&self) -> String {
        let store = self.store;
        let (n, d) = (store.n, store.names.len());
        let streamed = if store.is_streamed() { ", streamed" } else { "" };
        let few = store.names.iter().take(COLUMNS).map(|name| cell(name)).collect::<Vec<_>>().join(", ");
        let names = if d > COLUMNS { format!("{few}, …") } else { few };
        let mut text = format!("Data      {}: n = {n}, d = {d} ({names}){streamed}\n", self.file);
        if let Some(column) = &store.weights {
            let (column, total) = (cell(column), summed(store.total));
            let of = if store.gaps.hide_rows() { " without the rows that show nothing" } else { "" };
            let _ = writeln!(
                text,
                "          weighted by {column}; the weights' sum{of}, {total}, is the n of all that follows"
            );
        }
        text + &store.gaps.report()
    }
}

/// What was found for one k; `model` is its best, in the units of the data and sorted.
pub fn summary(data: &DataLine<'_>, found: &Found, model: &Mixture, options: &Options) -> String {
    let mut text = data.text();
    let (one, what) = described(&found.fit.model);
    let mixture = if found.k == 1 { "" } else { "a mixture of " };
    let (components, p) = (counted(found.k, one), found.parameters);
    let _ = writeln!(text, "Model     {mixture}{components}, {what}: {p} free parameters");
    if data.is_standardized {
        let units = "fitted to columns of mean 0 and variance 1; all numbers are in the data's own units";
        let _ = writeln!(text, "          {units}");
        if matches!(&found.fit.model, Mixture::Gaussian(model) if model.family() == CovarianceFamily::Spherical)
        {
            let _ = writeln!(text, "          in these, round components are diagonal ones");
        }
    }
    let fitted = &found.fit;
    let (log_likelihood, mean) =
        (decimal(fitted.log_likelihood, 3), decimal(fitted.log_likelihood / fitted.total, 6));
    let ended = ended(fitted.stopped, fitted.sweeps, "converged", "ℓ");
    let _ = writeln!(text, "Fit       ℓ = {log_likelihood} nats, {mean} a datum; {ended}{}", spared(found));
    let _ = writeln!(text, "          {}", course(found, options));
    let [bic, aic, icl] =
        [found.criteria.bic, found.criteria.aic, found.icl].map(|criterion| decimal(criterion, 3));
    let _ = writeln!(text, "Criteria  BIC {bic}, AIC {aic}, ICL {icl}");
    text += &note_of_cap(fitted.stopped, options, "ℓ was still rising");
    let has_floor = options.floor.is_some();
    // As many data as all weights together: of shares that are one.
    if data.store.weights.is_some() && fitted.total < found.parameters as f64 {
        let (sum, p) = (brief(fitted.total), found.parameters);
        let _ = writeln!(
            text,
            "Note      the weights sum to {sum}, fewer data than the {p} parameters: the criteria take them for counts"
        );
    }
    if let Some(doubt) = doubt(model, fitted.total / data.store.unit, data.store.names.len(), Some(has_floor))
    {
        let _ = writeln!(text, "Note      {doubt}");
    }
    text + &with_degrees(model, &data.store.names, "degrees of freedom, 1 to 200")
}

/// What a component is, and of which kind.
pub fn described(model: &Mixture) -> (&'static str, String) {
    match model {
        Mixture::Gaussian(model) => ("Gaussian", format!("{} covariances", model.family().name())),
        Mixture::Bernoulli(model) => ("coin", format!("{} an entry", counted(model.flips(), "flip"))),
        Mixture::Student(model) => {
            ("t distribution", format!("{} scale matrices", model.shape().family().name()))
        }
    }
}

/// Which start won, and what became of the others.
fn course(found: &Found, options: &Options) -> String {
    if let Some(Begin::Model(path)) = &options.start {
        return format!("begun at the model in {}", path.display());
    }
    let (winner, starts, same) = (found.fit.start + 1, found.runs.starts, found.same);
    let began = found.began.map_or_else(String::new, |name| format!(" ({name})"));
    let ran = found.runs.reached.len() + found.runs.failed;
    let of = match found.runs.sample {
        Some(rows) => format!(" of {ran} that went on from a sample of {rows} to all data"),
        None if ran < starts => format!(" of {ran} that ran to the end"),
        None => String::new(),
    };
    let mut text = format!("restart {winner} of {starts}{began} won; {same}{of} came to this ℓ");
    if found.thin > 0 {
        let _ = write!(text, "; {} ended higher, with a component too thin to be one", found.thin);
    }
    if let Some(failure) = &found.runs.failure {
        let _ = write!(text, "; {} failed, the first because the {failure}", found.runs.failed);
    }
    if found.runs.fell_back {
        text += "; no start that was asked for succeeded, so random ones took their place";
    }
    text
}

/// How a run ended, and after how many sweeps; `height` is what rises.
pub fn ended(stopped: Stopped, sweeps: usize, converged: &str, height: &str) -> String {
    let sweeps = counted(sweeps, "sweep");
    match stopped {
        Stopped::Converged => format!("{converged} after {sweeps}"),
        Stopped::MaxSweeps => format!("not {converged} after {sweeps}"),
        Stopped::Fell => format!("ended after {sweeps}, where {height} fell"),
        Stopped::Interrupted => format!("interrupted after {sweeps}"),
    }
}

/// What guesses were good for, where that was counted.
fn spared(found: &Found) -> String {
    let of_best = found.runs.spared.iter().rev().find(|(start, _)| *start == found.fit.start);
    of_best.map_or_else(String::new, |(_, Spared { sweeps, is_bound })| {
        let by = if *is_bound { "at least " } else { "" };
        match sweeps {
            0 => ", as many as plain EM from there".to_owned(),
            1.. => format!(", {by}{sweeps} fewer than plain EM from there"),
            _ => format!(", {} more than plain EM from there", -sweeps),
        }
    })
}

/// What to do about a run that was cut off.
pub fn note_of_cap(stopped: Stopped, options: &Options, what: &str) -> String {
    match stopped {
        Stopped::MaxSweeps => format!("Note      {what}: raise --max-iter above {}\n", options.max_sweeps()),
        _ => String::new(),
    }
}

/// The parameters, a row a component.
pub fn parameters(model: &Mixture, names: &[String]) -> String {
    with_degrees(model, names, "degrees of freedom")
}

/// The same; of t, `heading` stands above the degrees of freedom. Those of a fit have bounds, others have none: a
/// column that is given adds one.
fn with_degrees(model: &Mixture, names: &[String], heading: &str) -> String {
    match model {
        Mixture::Gaussian(model) => of_gaussians(model, "sd", names),
        Mixture::Bernoulli(model) => of_coins(model, names),
        Mixture::Student(model) => {
            of_gaussians(model.shape(), "scale", names) + &of_degrees(model.degrees(), heading)
        }
    }
}

/// What k-means found; `saved` has it in the units of the data, the largest cluster first.
pub fn of_clusters(
    data: &DataLine<'_>,
    found: &Clusters,
    saved: &SavedClusters,
    options: &Options,
) -> String {
    let mut text = data.text();
    let _ =
        writeln!(text, "Model     {}, each datum in that of the nearest mean", counted(found.k(), "cluster"));
    if data.is_standardized {
        let _ = writeln!(
            text,
            "          distances are those of columns of mean 0 and variance 1; means are in the data's own units"
        );
    }
    let fit = &found.fit;
    let (j, mean, explained) = (found.objective(), found.objective() / fit.total, 100.0 * found.explained);
    let ended = ended(fit.stopped, fit.sweeps, "at rest", "ℓ");
    let _ = writeln!(text, "Fit       J = {}, {} a datum; {ended}", brief(j), brief(mean));
    let _ = writeln!(
        text,
        "          {explained:.1} % of all squared distances from the common mean are explained"
    );
    let (winner, starts, same) = (fit.start + 1, found.restarts, found.same);
    let _ = writeln!(text, "          restart {winner} of {starts} won; {same} came to this J");
    text += &note_of_cap(fit.stopped, options, "J was still falling");
    let sd: Vec<f64> = data.store.columns.iter().map(|column| column.sd()).collect();
    // A constant column decides nothing, and has no unit.
    let varying =
        || data.store.columns.iter().filter(|column| !column.is_constant()).map(|column| column.sd());
    let (low, high) = (varying().fold(f64::INFINITY, f64::min), varying().fold(0.0, f64::max));
    if !data.is_standardized && high > 10.0 * low {
        let hint = "some columns spread over ten times as far as others and decide alone; --standardize weighs all \
        alike";
        let _ = writeln!(text, "Note      {hint}");
    }
    if let Some(j) = saved.sizes.iter().position(|&size| size == 0.0) {
        let _ = writeln!(text, "Note      cluster {} is empty: fewer clusters do as well", j + 1);
    }
    let names = &data.store.names;
    let total: f64 = saved.sizes.iter().sum();
    let weights = DVector::from_iterator(saved.sizes.len(), saved.sizes.iter().map(|size| size / total));
    let cell = |j: usize, a: usize| {
        // As many digits as tell the means of a column apart.
        let column = saved.means.column(a);
        written(column[j], sd[a].max(f64::MIN_POSITIVE), column.amax())
    };
    let part = |columns| table("mean", Some(&weights), found.k(), names, columns, cell);
    text + &parts(names.len()).map(part).collect::<String>()
}

/// J for every k.
pub fn of_several_clusterings(data: &DataLine<'_>, found: &[Clusters]) -> String {
    let mut rows = vec![["k", "J", "explained", ""].map(str::to_owned).to_vec()];
    for one in found {
        let explained = format!("{:.1} %", 100.0 * one.explained);
        rows.push(vec![
            one.k().to_string(),
            brief(one.objective()),
            explained,
            remark(one.fit.stopped).to_owned(),
        ]);
    }
    let hint = "J falls with every further mean, and k-means has no likelihood: no criterion chooses k here";
    format!("{}{}{hint}\n", data.text(), aligned(&rows))
}

/// Degrees of freedom, a row a component.
fn of_degrees(degrees: &DVector<f64>, heading: &str) -> String {
    let mut rows = vec![[heading, "ν"].map(str::to_owned).to_vec()];
    rows.extend((1..).zip(degrees).map(|(j, nu): (usize, _)| vec![j.to_string(), format!("{nu:.2}")]));
    format!("\n{}", aligned(&rows))
}

/// Weights, means, spreads and, in few dimensions, correlations: a row a component.
fn of_gaussians(model: &GaussianMixture, spread: &str, names: &[String]) -> String {
    let (k, d) = (model.k(), model.d());
    let sd = DMatrix::from_fn(k, d, |j, a| model.variance(j, a).sqrt());
    let cell = |values: &DMatrix<f64>, j: usize, a: usize| {
        written(values[(j, a)], sd.column(a).min(), values.column(a).amax())
    };
    let mut text = String::new();
    for columns in parts(d) {
        let weights = Some(model.weights());
        text += &table("mean", weights, k, names, columns.clone(), |j, a| cell(model.means(), j, a));
        text += &table(spread, None, k, names, columns, |j, a| cell(&sd, j, a));
    }
    let is_correlated = matches!(model.family(), CovarianceFamily::Full | CovarianceFamily::Tied);
    if is_correlated && (2..=MOST_CORRELATED).contains(&d) {
        let mut rows = vec![["correlation", ""].map(str::to_owned).to_vec()];
        rows.extend((1..=k).map(|j| vec![j.to_string(), String::new()]));
        for (a, b) in (0..d).flat_map(|b| (0..b).map(move |a| (a, b))) {
            rows[0].push(format!("{}·{}", names[a], names[b]));
            for j in 0..k {
                rows[j + 1]
                    .push(format!("{:.4}", model.covariances()[j][(a, b)] / (sd[(j, a)] * sd[(j, b)])));
            }
        }
        // A component a row, as many pairs a line as there is room for.
        let pairs = rows[0].len() - 2;
        for part in parts(pairs) {
            let cells = |row: &Vec<String>| [&row[..2], &row[2 + part.start..2 + part.end]].concat();
            text += &format!("\n{}", aligned(&rows.iter().map(cells).collect::<Vec<_>>()));
        }
    } else if is_correlated && d > MOST_CORRELATED {
        text += "\nThe correlations are in the model's file (--out).\n";
    }
    text
}

/// Weights and biases: a row a coin.
fn of_coins(model: &BernoulliMixture, names: &[String]) -> String {
    let bias = |j: usize, a: usize| format!("{:.4}", model.biases()[(j, a)]);
    let part = |columns| table("bias", Some(model.weights()), model.k(), names, columns, bias);
    parts(model.d()).map(part).collect()
}

/// As many columns at a time as a line has room for.
pub fn parts(d: usize) -> impl Iterator<Item = Range<usize>> {
    (0..d).step_by(COLUMNS).map(move |first| first..d.min(first + COLUMNS))
}

/// A row a component: its number, perhaps its weight, and a number for each of these columns.
fn table(
    heading: &str,
    weights: Option<&DVector<f64>>,
    k: usize,
    names: &[String],
    columns: Range<usize>,
    cell: impl Fn(usize, usize) -> String,
) -> String {
    let label = if weights.is_some() { "weight" } else { "" };
    let mut rows = vec![vec![heading.to_owned(), label.to_owned()]];
    rows[0].extend(names[columns.clone()].iter().cloned());
    for j in 0..k {
        let weight = weights.map_or_else(String::new, |weights| format!("{:.4}", weights[j]));
        let cells = columns.clone().map(|a| cell(j, a));
        rows.push([(j + 1).to_string(), weight].into_iter().chain(cells).collect());
    }
    format!("\n{}", aligned(&rows))
}

/// The criteria of every fit, the lowest of each marked; and what could not be fitted.
pub fn comparison(found: &[Found], failed: &[Failed], are_families: bool) -> String {
    let lowest = |of: fn(&Found) -> f64| found.iter().map(of).fold(f64::INFINITY, f64::min);
    let criteria: [fn(&Found) -> f64; 3] =
        [|found| found.criteria.bic, |found| found.criteria.aic, |found| found.icl];
    let name = |family: Option<CovarianceFamily>| family.map_or("", CovarianceFamily::name).to_owned();
    let headings = ["k", "covariances", "ℓ", "p", "BIC ", "AIC ", "ICL ", ""];
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    for one in found {
        let (k, family) = (one.k.to_string(), name(one.kind.family()));
        let mut row = vec![k, family, decimal(one.fit.log_likelihood, 3), one.parameters.to_string()];
        for of in criteria {
            row.push(format!("{}{}", decimal(of(one), 3), if of(one) == lowest(of) { "*" } else { " " }));
        }
        row.push(remark(one.fit.stopped).to_owned());
        rows.push(row);
    }
    for (before, one) in failed.iter().enumerate() {
        let mut row = vec![one.k.to_string(), name(one.family), "failed".to_owned()];
        row.resize(headings.len(), String::new());
        rows.insert(1 + one.after + before, row);
    }
    if !are_families {
        rows.iter_mut().for_each(|row| drop(row.remove(1)));
    }
    aligned(&rows) + "* the lowest: the choice of this criterion\n\n"
}

fn remark(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::Converged => "",
        Stopped::MaxSweeps => "not converged",
        Stopped::Fell => "ℓ fell",
        Stopped::Interrupted => "interrupted",
    }
}

/// Columns that align to the right, two blanks between them, none at the end of a line.
pub fn aligned(rows: &[Vec<String>]) -> String {
    let legible = |row: &Vec<String>| row.iter().map(|cell| legible(cell).into_owned()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(legible).collect();
    let width = |text: &String| text.chars().count();
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|at| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, &wide))| match at {
            // The heading of the first column says what the table holds.
            0 => format!("{cell:<wide$}"),
            _ => format!("{cell:>wide$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
