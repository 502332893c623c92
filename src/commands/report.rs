//! A fit as text: what was fitted, how well, and the parameters.

use std::fmt::Write;

use executable_em::engine::Stopped;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::DMatrix;

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
    pub is_streamed: bool,
    pub is_standardized: bool,
}

/// What was found for one k; `model` is its best, in the units of the data and sorted.
pub fn summary(data: &DataLine<'_>, found: &Found, model: &GaussianMixture, max_sweeps: usize) -> String {
    let mut text = String::new();
    let (n, d) = (data.n, data.names.len());
    let streamed = if data.is_streamed { ", streamed" } else { "" };
    let names = match data.names {
        many if many.len() > COLUMNS => format!("{}, …", many[..COLUMNS].join(", ")),
        few => few.join(", "),
    };
    let _ = writeln!(text, "Data      {}: n = {n}, d = {d} ({names}){streamed}", data.file);
    let (family, p) = (found.fitted.model.family.name(), found.parameters);
    let gaussians = if found.k == 1 { "1 Gaussian" } else { &format!("a mixture of {} Gaussians", found.k) };
    let _ = writeln!(text, "Model     {gaussians}, {family} covariances: {p} free parameters");
    if data.is_standardized {
        let units = "fitted to columns of mean 0 and variance 1; all numbers are in the data's own units";
        let _ = writeln!(text, "          {units}");
        if found.fitted.model.family == CovarianceFamily::Spherical {
            let _ = writeln!(text, "          in these, round components are diagonal ones");
        }
    }
    let fitted = &found.fitted;
    let sweeps = match fitted.sweeps {
        1 => "1 sweep".to_owned(),
        sweeps => format!("{sweeps} sweeps"),
    };
    let ended = match fitted.stopped {
        Stopped::Converged => format!("converged after {sweeps}"),
        Stopped::MaxSweeps => format!("not converged after {sweeps}"),
        Stopped::Interrupted => format!("interrupted after {sweeps}"),
    };
    let (log_likelihood, mean) = (fitted.log_likelihood, fitted.log_likelihood / n as f64);
    let _ = writeln!(text, "Fit       ℓ = {log_likelihood:.3} nats, {mean:.6} a datum; {ended}");
    let (winner, restarts, same) = (fitted.start + 1, found.restarts, found.same);
    let _ = write!(text, "          restart {winner} of {restarts} won; {same} came to this ℓ");
    if let Some(failure) = &found.failure {
        let _ = write!(text, "; {} failed, the first because the {failure}", found.failed);
    }
    let (bic, aic, icl) = (found.criteria.bic, found.criteria.aic, found.icl);
    let _ = writeln!(text, "\nCriteria  BIC {bic:.3}, AIC {aic:.3}, ICL {icl:.3}");
    if fitted.stopped == Stopped::MaxSweeps {
        let _ = writeln!(text, "Note      ℓ was still rising: raise --max-iter above {max_sweeps}");
    }
    let few = |&j: &usize| model.weights[j] * (n as f64) < (d + 1) as f64;
    if let Some(j) = (0..model.k()).find(few).filter(|_| found.k > 1) {
        let (j, count) = (j + 1, model.weights[j] * n as f64);
        let hint = "ℓ has no maximum where one collapses; try fewer components or a --floor";
        let _ = writeln!(text, "Note      component {j} rests on {count:.1} data: {hint}");
    }
    text + &parameters(model, data.names)
}

/// Weights, means, standard deviations and, in few dimensions, correlations: a row a component.
fn parameters(model: &GaussianMixture, names: &[String]) -> String {
    let (k, d) = (model.k(), model.d());
    let sd = DMatrix::from_fn(k, d, |j, a| model.covariances[j][(a, a)].sqrt());
    let mut text = String::new();
    for first in (0..d).step_by(COLUMNS) {
        let columns = first..d.min(first + COLUMNS);
        for (heading, values) in [("mean", &model.means), ("sd", &sd)] {
            let label = if heading == "mean" { "weight" } else { "" };
            let mut rows = vec![vec![heading.to_owned(), label.to_owned()]];
            rows[0].extend(names[columns.clone()].iter().cloned());
            for j in 0..k {
                let weight =
                    if label.is_empty() { String::new() } else { format!("{:.4}", model.weights[j]) };
                let cells = columns
                    .clone()
                    .map(|a| written(values[(j, a)], sd.column(a).min(), values.column(a).amax()));
                rows.push([(j + 1).to_string(), weight].into_iter().chain(cells).collect());
            }
            text += &format!("\n{}", aligned(&rows));
        }
    }
    let is_correlated = matches!(model.family, CovarianceFamily::Full | CovarianceFamily::Tied);
    if is_correlated && (2..=MOST_CORRELATED).contains(&d) {
        let mut rows = vec![["correlation", ""].map(str::to_owned).to_vec()];
        rows.extend((1..=k).map(|j| vec![j.to_string(), String::new()]));
        for (a, b) in (0..d).flat_map(|b| (0..b).map(move |a| (a, b))) {
            rows[0].push(format!("{}·{}", names[a], names[b]));
            for j in 0..k {
                rows[j + 1].push(format!("{:.4}", model.covariances[j][(a, b)] / (sd[(j, a)] * sd[(j, b)])));
            }
        }
        // A component a row, as many pairs a line as there is room for.
        let pairs = rows[0].len() - 2;
        for first in (0..pairs).step_by(COLUMNS) {
            let part: Vec<Vec<String>> = rows
                .iter()
                .map(|row| row[..2].iter().chain(row[2 + first..].iter().take(COLUMNS)).cloned().collect())
                .collect();
            text += &format!("\n{}", aligned(&part));
        }
    } else if is_correlated && d > MOST_CORRELATED {
        text += "\nThe correlations are in the model's file (--out).\n";
    }
    text
}

/// Four digits of the smallest spread in the column, so that means are told apart.
fn written(value: f64, smallest_spread: f64, largest: f64) -> String {
    let decimals = 3 - smallest_spread.log10().floor() as i32;
    if decimals > 9 || largest >= 1e9 {
        format!("{value:.4e}")
    } else {
        format!("{value:.*}", decimals.max(0) as usize)
    }
}

/// The criteria for every k, the lowest of each marked.
pub fn comparison(found: &[Found]) -> String {
    let lowest = |of: fn(&Found) -> f64| found.iter().map(of).fold(f64::INFINITY, f64::min);
    let criteria: [fn(&Found) -> f64; 3] =
        [|found| found.criteria.bic, |found| found.criteria.aic, |found| found.icl];
    let mut rows = vec![["k", "ℓ", "p", "BIC ", "AIC ", "ICL ", ""].map(str::to_owned).to_vec()];
    for one in found {
        let mut row =
            vec![one.k.to_string(), format!("{:.3}", one.fitted.log_likelihood), one.parameters.to_string()];
        for of in criteria {
            row.push(format!("{:.3}{}", of(one), if of(one) == lowest(of) { "*" } else { " " }));
        }
        row.push(match one.fitted.stopped {
            Stopped::Converged => String::new(),
            Stopped::MaxSweeps => "not converged".to_owned(),
            Stopped::Interrupted => "interrupted".to_owned(),
        });
        rows.push(row);
    }
    aligned(&rows) + "* the lowest: the choice of this criterion\n\n"
}

/// Columns that align to the right, two blanks between them, none at the end of a line.
fn aligned(rows: &[Vec<String>]) -> String {
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
