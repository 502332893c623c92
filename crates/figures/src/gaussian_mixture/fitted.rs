//! A mixture that was fitted to somebody's data.

use crate::plot::{self, Panel, Point};
use executable_em::gaussian_mixture::{GaussianMixture, conditional::marginal};
use executable_em::{Error, Result};
use nalgebra::DMatrix;

/// More dots than these hide each other.
const MOST_DOTS: usize = 3000;

/// Two columns of the data with the ellipses over them; one column with the densities over it.
pub(crate) fn fitted(
    x: &DMatrix<f64>,
    model: &GaussianMixture,
    names: &[String],
    columns: [usize; 2],
) -> Result<Panel> {
    let few = match x.nrows() {
        many if many > MOST_DOTS => {
            x.select_rows(&(0..MOST_DOTS).map(|i| i * many / MOST_DOTS).collect::<Vec<_>>())
        }
        _ => x.clone(),
    };
    for a in columns {
        if a >= model.d() || a >= names.len() {
            let allowed = "one of the columns";
            return Err(Error::Domain { what: "column", value: (a + 1) as f64, allowed });
        }
    }
    let colours = plot::by_responsibility(&model.responsibilities(&few)?);
    let [across, up] = columns;
    let mut panel = if across == up {
        along(&few, model, across, &colours)?
    } else {
        let part = marginal(model, &columns)?;
        let mut panel = Panel::new(range(&few, &part, across, 0), range(&few, &part, up, 1));
        let radius = if few.nrows() > 1000 { 1.7 } else { 2.4 };
        panel.dots(&plot::points(&few.select_columns(&columns))?, &colours, radius, 1.0);
        panel.gaussians(part.means(), part.covariances()).y_label(&lettered(&names[up]));
        panel
    };
    panel.x_label(&lettered(&names[across])).title(&format!("*k* = {}", model.k()));
    if few.nrows() < x.nrows() {
        panel.note(&format!("{} of {} data", few.nrows(), x.nrows()));
    }
    Ok(panel)
}

/// What an axis must show: all data, and the ellipses at two standard deviations.
fn range(x: &DMatrix<f64>, part: &GaussianMixture, column: usize, a: usize) -> [f64; 2] {
    let ends = (0..part.k()).flat_map(|j| {
        let (mean, reach) = (part.means()[(j, a)], 2.0 * part.variance(j, a).sqrt());
        [mean - reach, mean + reach]
    });
    plot::span(x.column(column).iter().copied().chain(ends), 0.04)
}

/// The data as dots on the axis, and above them each component's part of the density.
fn along(
    x: &DMatrix<f64>,
    model: &GaussianMixture,
    column: usize,
    colours: &[plot::Colour],
) -> Result<Panel> {
    let part = marginal(model, &[column])?;
    let [low, high] = range(x, &part, column, 0);
    let nodes = DMatrix::from_fn(301, 1, |i, _| low + (high - low) * i as f64 / 300.0);
    let densities = part.component_log_densities(&nodes)?.map(f64::exp);
    let curve =
        |of: &dyn Fn(usize) -> f64| (0..nodes.len()).map(|i| [nodes[i], of(i)]).collect::<Vec<Point>>();
    let sum = curve(&|i| (densities.row(i) * part.weights())[0]);
    let highest = sum.iter().map(|point| point[1]).fold(0.0, f64::max);
    let mut panel = Panel::new([low, high], [-0.06 * highest, 1.06 * highest]);
    panel.y_label("density").line(&sum, plot::INK, 1.2);
    for j in 0..part.k() {
        panel.line(&curve(&|i| part.weights()[j] * densities[(i, j)]), plot::component(j), 1.6);
    }
    let places: Vec<Point> = x.column(column).iter().map(|&value| [value, -0.03 * highest]).collect();
    panel.dots(&places, colours, 2.0, 0.8);
    Ok(panel)
}

/// BIC over k above its lowest value, the number that is shown marked.
pub(crate) fn criteria(criteria: &[(usize, f64)], shown: usize) -> Panel {
    let lowest = criteria.iter().map(|&(_, bic)| bic).fold(f64::INFINITY, f64::min);
    let path: Vec<Point> = criteria.iter().map(|&(k, bic)| [k as f64, bic - lowest]).collect();
    let ks: Vec<f64> = path.iter().map(|point| point[0]).collect();
    let (first, last) = (plot::span(ks.iter().copied(), 0.0)[0], plot::span(ks.iter().copied(), 0.0)[1]);
    let heights = plot::span(path.iter().map(|point| point[1]), 0.08);
    let mut panel = Panel::new([first - 0.4, last + 0.4], heights);
    panel.title("BIC above its lowest value").x_label("number of components *k*");
    if ks.len() <= 12 {
        panel.x_ticks(&ks);
    }
    panel.line(&path, plot::FAINT, 1.2).dots(&path, &[plot::INK], 3.0, 1.0);
    let chosen: Vec<Point> = path.iter().copied().filter(|point| point[0] == shown as f64).collect();
    panel.dots(&chosen, &[plot::component(1)], 5.0, 1.0);
    panel
}

/// A name as the kit's texts take it, where stars and underscores have a meaning.
fn lettered(name: &str) -> String {
    let plain: String =
        name.replace('_', " ").replace('*', "×").chars().filter(|c| !c.is_control()).collect();
    if plain.chars().count() > 28 { plain.chars().take(28).chain(['…']).collect() } else { plain }
}
