//! A fit as text: what was fitted, how well, and the parameters.

use std::{fmt::Write, ops::Range};

use executable_em::em::Stopped;
use executable_em::{
    bernoulli_mixture::BernoulliMixture,
    gaussian_mixture::{CovarianceFamily, GaussianMixture},
};
use executable_em_engine::Mixture;
use nalgebra::{DMatrix, DVector};

use super::search::Found;

/// Beyond this dimension the d(d−1)/2 correlations of a component are left to the model's file.
const MOST_CORRELATED: usize = 6;

/// Columns that a line of the terminal has room for.
const COLUMNS: usize = 8;

/// What the data are called, and how many there are.
pub struct DataLine<'a> {
    pub file: &'a str,
    pub n: usize,
    pub names: &'a [String],
    /// What is said of missing cells, if any are.
    pub missing: String,
    pub is_streamed: bool,
    pub is_standardized: bool,
}

/// What was found for one k; `model` is its best, in the units of the data and sorted.
pub fn summary(data: &DataLine<'_>, found: &Found, model: &Mixture, max_sweeps: usize) -> String {
    let mut text = data_line(data);
    let (n, d) = (data.n, data.names.len());
    let (one, what) = match &found.fit.model {
        Mixture::Gaussian(model) => ("Gaussian", format!("{} covariances", model.family().name())),
        Mixture::Bernoulli(model) => ("coin", format!("{} an entry", counted(model.flips(), "flip"))),
    };
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
    let sweeps = counted(fitted.sweeps, "sweep");
    let ended = match fitted.stopped {
        Stopped::Converged => format!("converged after {sweeps}"),
        Stopped::MaxSweeps => format!("not converged after {sweeps}"),
        Stopped::Fell => format!("ended after {sweeps}, where ℓ fell"),
        Stopped::Interrupted => format!("interrupted after {sweeps}"),
    };
    let (log_likelihood, mean) = (fitted.log_likelihood, fitted.log_likelihood / n as f64);
    let _ = writeln!(text, "Fit       ℓ = {log_likelihood:.3} nats, {mean:.6} a datum; {ended}");
    let (winner, restarts, same) = (fitted.start + 1, found.restarts, found.same);
    let began = found.began.map_or_else(String::new, |name| format!(" ({name})"));
    let _ = write!(text, "          restart {winner} of {restarts}{began} won; {same} came to this ℓ");
    if let Some(failure) = &found.failure {
        let _ = write!(text, "; {} failed, the first because the {failure}", found.failed);
    }
    let (bic, aic, icl) = (found.criteria.bic, found.criteria.aic, found.icl);
    let _ = writeln!(text, "\nCriteria  BIC {bic:.3}, AIC {aic:.3}, ICL {icl:.3}");
    if fitted.stopped == Stopped::MaxSweeps {
        let _ = writeln!(text, "Note      ℓ was still rising: raise --max-iter above {max_sweeps}");
    }
    if let Some(doubt) = doubt(model, n, d) {
        let _ = writeln!(text, "Note      {doubt}");
    }
    text + &parameters(model, data.names)
}

/// What was read, and what is missing of it.
pub fn data_line(data: &DataLine<'_>) -> String {
    let (n, d) = (data.n, data.names.len());
    let streamed = if data.is_streamed { ", streamed" } else { "" };
    let names = match data.names {
        many if many.len() > COLUMNS => format!("{}, …", many[..COLUMNS].join(", ")),
        few => few.join(", "),
    };
    format!("Data      {}: n = {n}, d = {d} ({names}){streamed}\n{}", data.file, data.missing)
}

/// The tables of the parameters.
pub fn parameters(model: &Mixture, names: &[String]) -> String {
    match model {
        Mixture::Gaussian(model) => of_gaussians(model, names),
        Mixture::Bernoulli(model) => of_coins(model, names),
    }
}

/// What may be wrong with a mixture that looks fine.
fn doubt(model: &Mixture, n: usize, d: usize) -> Option<String> {
    let k = model.k();
    match model {
        Mixture::Gaussian(model) => {
            let few = |&j: &usize| model.weights()[j] * (n as f64) < (d + 1) as f64;
            let j = (0..k).find(few).filter(|_| k > 1)?;
            let (j, count) = (j + 1, model.weights()[j] * n as f64);
            let hint = "ℓ has no maximum where one collapses; try fewer components or a --floor";
            Some(format!("component {j} rests on {count:.1} data: {hint}"))
        }
        Mixture::Bernoulli(model) => {
            // The probabilities of (m + 1)^d different data, which sum to one.
            let shares = ((model.flips() as f64 + 1.0).powi(d as i32) - 1.0) as usize;
            let p = model.parameter_count();
            let few = format!("data like these show only {}, too few", counted(shares, "independent share"));
            (p > shares).then(|| format!("{few} for {p} parameters: other coins fit as well"))
        }
    }
}

pub fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Weights, means, standard deviations and, in few dimensions, correlations: a row a component.
fn of_gaussians(model: &GaussianMixture, names: &[String]) -> String {
    let (k, d) = (model.k(), model.d());
    let sd = DMatrix::from_fn(k, d, |j, a| model.covariances()[j][(a, a)].sqrt());
    let cell = |values: &DMatrix<f64>, j: usize, a: usize| {
        written(values[(j, a)], sd.column(a).min(), values.column(a).amax())
    };
    let mut text = String::new();
    for columns in parts(d) {
        let weights = Some(model.weights());
        text += &table("mean", weights, k, names, columns.clone(), |j, a| cell(model.means(), j, a));
        text += &table("sd", None, k, names, columns, |j, a| cell(&sd, j, a));
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

/// Four digits of the smallest spread in the column, so that means are told apart, as far as a double has digits.
fn written(value: f64, smallest_spread: f64, largest: f64) -> String {
    let decimals = 3 - smallest_spread.log10().floor() as i32;
    let before = largest.log10().floor().max(0.0) as i32 + 1;
    if decimals > 9 && largest < 0.1 || before > 15 {
        let digits = (largest.log10().floor() as i32 + decimals).clamp(4, 16);
        format!("{value:.*e}", digits as usize)
    } else {
        format!("{value:.*}", decimals.clamp(0, 17 - before) as usize)
    }
}

/// The criteria for every k, the lowest of each marked; and the k for which nothing was found.
pub fn comparison(found: &[Found], failed: &[usize]) -> String {
    let lowest = |of: fn(&Found) -> f64| found.iter().map(of).fold(f64::INFINITY, f64::min);
    let criteria: [fn(&Found) -> f64; 3] =
        [|found| found.criteria.bic, |found| found.criteria.aic, |found| found.icl];
    let mut rows = vec![["k", "ℓ", "p", "BIC ", "AIC ", "ICL ", ""].map(str::to_owned).to_vec()];
    for one in found {
        let mut row =
            vec![one.k.to_string(), format!("{:.3}", one.fit.log_likelihood), one.parameters.to_string()];
        for of in criteria {
            row.push(format!("{:.3}{}", of(one), if of(one) == lowest(of) { "*" } else { " " }));
        }
        row.push(match one.fit.stopped {
            Stopped::Converged => String::new(),
            Stopped::MaxSweeps => "not converged".to_owned(),
            Stopped::Fell => "ℓ fell".to_owned(),
            Stopped::Interrupted => "interrupted".to_owned(),
        });
        rows.push(row);
    }
    for &k in failed {
        let at = 1
            + found.iter().filter(|one| one.k < k).count()
            + failed.iter().filter(|&&other| other < k).count();
        let cells = [k.to_string(), "failed".to_owned()].into_iter().chain((0..5).map(|_| String::new()));
        rows.insert(at, cells.collect());
    }
    aligned(&rows) + "* the lowest: the choice of this criterion\n\n"
}

/// Columns that align to the right, two blanks between them, none at the end of a line.
pub fn aligned(rows: &[Vec<String>]) -> String {
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
