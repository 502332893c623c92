//! A fit as a picture: a histogram, a scatter, a grid of all pairs; the biases of coins; and the criteria over k.

use executable_em::{
    Error,
    bernoulli_mixture::BernoulliMixture,
    gaussian_mixture::{GaussianMixture, conditional::marginal},
    incomplete::student::StudentMixture,
    latent::{Model, responsibilities},
};
use executable_em_figures::export::{self, Format};
use executable_em_figures::plot::{self, Anchor, Colour, Figure, Page, Panel, Point};
use nalgebra::DMatrix;

use super::{Failure, broken, search::Found, warn};

/// More pairs than those of so many columns are too small to see.
pub const MOST_COLUMNS: usize = 6;

/// More dots than these hide each other.
pub const MOST_DOTS: usize = 3000;

/// What there is room for below a plot, in letters.
const LETTERS: usize = 56;

/// More columns than these have small dots.
const MOST_BIG: usize = 40;

/// The height of a line of text, in pixels.
const LINE: f64 = 15.0;

/// The names as a picture in this format can show them: one with a letter that its fonts lack gives way to a number,
/// and that is said once. Whoever looks at an SVG may have fonts for all letters; but no document holds control
/// characters.
pub fn shown(names: &[String], format: Format) -> Vec<String> {
    let is_shown = |name: &String| {
        !name.chars().any(char::is_control) && (format == Format::Svg || export::undrawable(name).is_empty())
    };
    let (mut lacking, mut shown) = (Vec::new(), Vec::new());
    for (number, name) in (1..).zip(names) {
        shown.push(if is_shown(name) { name.clone() } else { format!("x{number}") });
        if !is_shown(name) {
            lacking.push(format!("'{}' as x{number}", name.escape_debug()));
        }
    }
    if !lacking.is_empty() {
        let hint = if format == Format::Svg { "" } else { "; an .svg keeps what is no control character" };
        warn(&format!(
            "warning: the plot has no letters for some names and shows {}{hint}",
            lacking.join(", ")
        ));
    }
    shown
}

/// A mixture whose components have centres and ellipses around them.
pub trait Elliptical: Model {
    /// What its components are called.
    const NAME: &str;
    /// What an ellipse is so many times as far as.
    const UNIT: &str;

    fn shape(&self) -> &GaussianMixture;

    /// The same in other dimensions.
    fn of_shape(&self, shape: GaussianMixture) -> Result<Self, Error>;
}

impl Elliptical for GaussianMixture {
    const NAME: &str = "Gaussians";
    const UNIT: &str = "standard deviations";

    fn shape(&self) -> &GaussianMixture {
        self
    }

    fn of_shape(&self, shape: GaussianMixture) -> Result<Self, Error> {
        Ok(shape)
    }
}

impl Elliptical for StudentMixture {
    const NAME: &str = "t distributions";
    const UNIT: &str = "times the scale";

    fn shape(&self) -> &GaussianMixture {
        self.shape()
    }

    fn of_shape(&self, shape: GaussianMixture) -> Result<Self, Error> {
        StudentMixture::new(shape, self.degrees().clone())
    }
}

/// The mixture over the data, or a sample of them.
pub fn fit<M: Elliptical>(
    model: &M,
    x: &DMatrix<f64>,
    n: usize,
    names: &[String],
) -> Result<Figure, Failure> {
    let d = model.shape().d();
    let shown = if x.nrows() < n { format!("{} of {n} data", x.nrows()) } else { format!("{n} data") };
    let names: Vec<String> = names.iter().map(|name| lettered(name)).collect();
    let page = match d {
        1 => {
            let mut panel = histogram(model, x, 0)?;
            panel.y_label("density").x_label(&names[0]).note(&shown);
            Page::new(1).width(480.0).panel_height(300.0).panel(panel)
        }
        2 => {
            let mut panel = scatter(model, x, [0, 1])?;
            panel.x_label(&names[0]).y_label(&names[1]).note(&shown);
            Page::new(1).width(480.0).panel_height(380.0).panel(panel)
        }
        3..=MOST_COLUMNS => grid(model, x, &names, &shown)?,
        _ => return Err(too_many(d)),
    };
    let title = format!("A mixture of {} {}", model.shape().k(), M::NAME);
    let caption = format!(
        "{title} fitted to {n} data, {} shown. Each datum has the components' colours mixed in the proportions of \
         its responsibilities; ellipses lie at one, two and three {}.",
        x.nrows(),
        M::UNIT,
    );
    Ok(Figure::still(&page)?.titled(&title).described(&caption, &caption))
}

/// Why there is no plot of so many columns.
pub fn too_many(d: usize) -> Failure {
    let hint = "choose some with --columns";
    broken(format!("a plot has room for {MOST_COLUMNS} columns, not for {d}: {hint}, or leave out --plot"))
}

/// A name as the kit's texts take it, where stars and underscores have a meaning.
fn lettered(name: &str) -> String {
    match name.strip_prefix('x') {
        Some(number) if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) => {
            format!("*x*_{{{number}}}")
        }
        _ => {
            let plain: String = name.replace('_', " ").replace('*', "×").chars().take(24).collect();
            if name.chars().count() > 24 { plain + "…" } else { plain }
        }
    }
}

fn grid(model: &impl Elliptical, x: &DMatrix<f64>, names: &[String], shown: &str) -> Result<Page, Failure> {
    let d = names.len();
    let mut page = Page::new(d).width(170.0 * d as f64 + 60.0).panel_height(140.0);
    for row in 0..d {
        for column in 0..d {
            let mut panel = if column > row {
                let mut empty = Panel::new([0.0, 1.0], [0.0, 1.0]);
                empty.without_x_axis().without_y_axis();
                if (row, column) == (0, d - 1) {
                    empty.note(shown);
                }
                empty
            } else if column == row {
                let mut panel = histogram(model, x, row)?;
                panel.title(&names[row]).without_y_axis();
                panel
            } else {
                scatter(model, x, [column, row])?
            };
            if column > 0 {
                panel.without_y_axis();
            } else if row > 0 {
                panel.y_label(&names[row]);
            }
            if row < d - 1 {
                panel.without_x_axis();
            } else if column <= row {
                panel.x_label(&names[column]);
            }
            page = page.panel(panel);
        }
    }
    Ok(page)
}

/// What an axis must show of a column: all data, and the ellipses.
fn range(model: &GaussianMixture, x: &DMatrix<f64>, a: usize) -> [f64; 2] {
    let ends = (0..model.k()).flat_map(|j| {
        let reach = 3.0 * model.variance(j, a).sqrt();
        [model.means()[(j, a)] - reach, model.means()[(j, a)] + reach]
    });
    plot::span(x.column(a).iter().copied().chain(ends), 0.03)
}

/// Two columns of the data, and two of the mixture.
fn scatter(model: &impl Elliptical, x: &DMatrix<f64>, columns: [usize; 2]) -> Result<Panel, Failure> {
    let colours = plot::by_responsibility(&responsibilities(&model.log_joint(x)?)?);
    let part = marginal(model.shape(), &columns)?;
    let points = x.select_columns(&columns);
    let [across, up] = columns.map(|column| range(model.shape(), x, column));
    let mut panel = Panel::new(across, up);
    panel.dots(&plot::points(&points)?, &colours, radius(x.nrows()), 1.0);
    panel.gaussians(part.means(), part.covariances());
    Ok(panel)
}

fn radius(n: usize) -> f64 {
    if n > 1000 { 1.7 } else { 2.4 }
}

/// The shares of one column's data, and over them the mixture's density and each component's part of it.
fn histogram(model: &impl Elliptical, x: &DMatrix<f64>, column: usize) -> Result<Panel, Failure> {
    let values = x.column(column);
    let n = values.len() as f64;
    let [low, high] = [values.min(), values.max()];
    // Twice the cube root of n: Rice's rule.
    let count = (2.0 * n.cbrt()).ceil().min(60.0);
    let width = if high > low { (high - low) / count } else { 1.0 };
    let mut heights = vec![0.0; count as usize];
    for value in &values {
        let bin = ((value - low) / width) as usize;
        heights[bin.min(count as usize - 1)] += 1.0 / (n * width);
    }
    let range = range(model.shape(), x, column);
    let part = model.of_shape(marginal(model.shape(), &[column])?)?;
    let steps = 400;
    let at =
        DMatrix::from_fn(steps + 1, 1, |i, _| range[0] + (range[1] - range[0]) * i as f64 / steps as f64);
    let parts = part.log_joint(&at)?.map(f64::exp);
    let curve = |of: &dyn Fn(usize) -> f64| (0..=steps).map(|i| [at[i], of(i)]).collect::<Vec<Point>>();
    let sum = curve(&|i| parts.row(i).sum());
    let highest = sum.iter().map(|point| point[1]).chain(heights.iter().copied()).fold(0.0, f64::max);

    let mut panel = Panel::new(range, [0.0, 1.06 * highest]);
    for (bin, height) in heights.into_iter().enumerate() {
        let (left, right) = (low + bin as f64 * width, low + (bin + 1) as f64 * width);
        panel.area(&[[left, 0.0], [right, 0.0], [right, height], [left, height]], BARS, 1.0);
        panel.line(&[[right, 0.0], [right, height]], plot::WHITE, 0.5);
    }
    if parts.ncols() > 1 {
        panel.line(&sum, plot::INK, 1.2);
    }
    for j in 0..parts.ncols() {
        panel.line(&curve(&|i| parts[(i, j)]), plot::component(j), 1.6);
    }
    Ok(panel)
}

const BARS: Colour = executable_em_figures::plot::Colour { 0: 222, 1: 222, 2: 222 };

/// The biases of every coin over the columns.
pub fn biases(model: &BernoulliMixture, n: usize, names: &[String]) -> Result<Figure, Failure> {
    let (k, d) = (model.k(), model.d());
    let end = d as f64 + 0.4;
    let mut panel = Panel::new([0.6, end], [-0.03, 1.03]);
    panel.y_label("probability of heads").room_right(64.0);
    let names: Vec<String> = names.iter().map(|name| lettered(name)).collect();
    let ticks: Vec<(f64, &str)> = (1..).map(f64::from).zip(names.iter().map(String::as_str)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    if d * (longest + 1) <= LETTERS {
        panel.x_named_ticks(&ticks);
    } else {
        panel.x_label("column");
    }
    for (j, row) in model.biases().row_iter().enumerate() {
        let points: Vec<Point> = (1..).map(f64::from).zip(&row).map(|(a, &bias)| [a, bias]).collect();
        panel.line(&points, plot::component(j), 1.5);
        panel.dots(&points, &[plot::component(j)], if d > MOST_BIG { 1.4 } else { 3.2 }, 1.0);
    }
    let label = |j: usize| format!("{} ({:.0} %)", j + 1, 100.0 * model.weights()[j]);
    let ends = (0..k).map(|j| (model.biases()[(j, d - 1)], label(j), plot::component(j))).collect();
    let height = 300.0;
    name_ends(&mut panel, end, ends, LINE / height * 1.06);
    let title = if k == 1 { "A coin".to_owned() } else { format!("A mixture of {k} coins") };
    let caption = format!(
        "{title} fitted to {n} data: each component's probability of heads in every column, and its weight."
    );
    let figure = Figure::still(&Page::new(1).width(480.0).panel_height(height).panel(panel))?;
    Ok(figure.titled(&title).described(&caption, &caption))
}

/// BIC, AIC and ICL over k, each above its own lowest value.
pub fn criteria(found: &[&Found]) -> Result<Figure, Failure> {
    let curves: [(&str, Vec<Point>); 3] = [
        ("BIC", path(found, |one| one.criteria.bic)),
        ("AIC", path(found, |one| one.criteria.aic)),
        ("ICL", path(found, |one| one.icl)),
    ];
    let top = top(&curves);
    let ks: Vec<f64> = found.iter().map(|one| one.k as f64).collect();
    let (first, last) = (ks[0], ks[ks.len() - 1]);
    let mut panel = Panel::new([first - 0.3, last + 0.3], [-0.04 * top, top]);
    panel.title("above its lowest value").x_label("number of components *k*").room_right(34.0);
    if ks.len() <= 12 {
        panel.x_ticks(&ks);
    }
    let mut ends = Vec::new();
    for (index, (name, path)) in curves.iter().enumerate() {
        let colour = plot::component(index);
        panel.line(path, colour, 1.5).dots(path, &[colour], 2.8, 1.0);
        let chosen: Vec<Point> = path.iter().copied().filter(|point| point[1] == 0.0).collect();
        // Of different sizes, so that where criteria agree all are seen.
        panel.dots(&chosen, &[plot::darken(colour, 0.1)], [7.0, 5.6, 4.2][index], 1.0);
        ends.push((path[path.len() - 1][1].min(top), name.to_string(), colour));
    }
    let height = 300.0;
    name_ends(&mut panel, last + 0.3, ends, LINE / height * 1.04 * top);
    let figure = Figure::still(&Page::new(1).width(480.0).panel_height(height).panel(panel))?;
    let caption =
        "BIC, AIC and ICL over the number of components, each above its own lowest value (large dot).";
    Ok(figure.titled("How many components?").described(caption, caption))
}

/// Names lines at their right ends, from the lowest to the highest, each no closer to the one below than `line`.
fn name_ends(panel: &mut Panel, x: f64, mut ends: Vec<(f64, String, Colour)>, line: f64) {
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut free = f64::NEG_INFINITY;
    for (end, name, colour) in ends {
        let place = end.max(free);
        free = place + line;
        panel.text([x, place], [4.0, 4.0], &name, Anchor::Start, colour);
    }
}

fn path(found: &[&Found], of: impl Fn(&Found) -> f64) -> Vec<Point> {
    let lowest = found.iter().map(|one| of(one)).fold(f64::INFINITY, f64::min);
    found.iter().map(|one| [one.k as f64, of(one) - lowest]).collect()
}

/// How high the panel must be to show what happens beyond the lowest values; what comes before may be far above.
fn top(curves: &[(&str, Vec<Point>)]) -> f64 {
    let beyond = curves.iter().flat_map(|(_, path)| path.iter().skip_while(|point| point[1] > 0.0));
    let beyond = beyond.map(|point| point[1]).fold(0.0, f64::max);
    let all = curves.iter().flat_map(|(_, path)| path).map(|point| point[1]).fold(0.0, f64::max);
    if beyond > 0.0 { 1.15 * beyond } else { (1.05 * all).max(1.0) }
}
