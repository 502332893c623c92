//! The figures of the chapter on what is not seen.
//!
//! Data that are seen are grey; a cell that is missing is a tick on the axis of the cell that is left.

use crate::plot::{self, Anchor, Colour, Figure, Page, Panel, Point};
use executable_em::Result;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::incomplete::censored::{self, Intervals, Normal};
use executable_em::incomplete::mechanism::Mechanism;
use executable_em::incomplete::student::{StudentMixture, sweep_by_parts};
use executable_em::incomplete::{Incomplete, impute, mixture, normal, shortcuts};
use executable_em::latent::{self, Model};
use executable_em::{data, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector};
use rand::RngExt;
use std::ops::ControlFlow;

/// The eruptions and the waiting times that are shown.
const RANGES: [[f64; 2]; 2] = [[1.0, 5.9], [31.0, 101.0]];

/// Old Faithful, the waiting time hidden the more often the shorter the eruption.
fn hidden() -> Result<Incomplete> {
    let mechanism = Mechanism::BySeen { column: 0, centre: 3.4, slope: -2.0 };
    mechanism.hide(&data::old_faithful(), 1, &mut data::rng(3))
}

/// Both columns with gaps, by chance: one cell in seven.
fn crossed() -> Result<Incomplete> {
    let lost = |column: usize, x: &DMatrix<f64>, seed: u64| {
        Mechanism::Completely { probability: 0.15 }.hide(x, column, &mut data::rng(seed))
    };
    let x = data::old_faithful();
    let (first, second) = (lost(0, &x, 1)?, lost(1, &x, 2)?);
    // Where both cells would go, the first stays.
    Incomplete::new(DMatrix::from_fn(272, 2, |i, a| match a {
        0 if second.is_missing(i, 1) => x[(i, 0)],
        0 => first.values()[(i, 0)],
        _ => second.values()[(i, 1)],
    }))
}

fn moments(x: &DMatrix<f64>) -> Result<(RowDVector<f64>, DMatrix<f64>)> {
    let ones = DVector::from_element(x.nrows(), 1.0);
    let mean = gaussian::weighted_mean(x, &ones)?;
    let covariance = gaussian::weighted_covariance(x, &ones, &mean)?;
    Ok((mean, covariance))
}

fn fitted(data: &Incomplete, k: usize, starts: usize) -> Result<GaussianMixture> {
    let mut rng = data::rng(5);
    let starts = (0..starts).map(|_| mixture::random_start(data, k, CovarianceFamily::Full, &mut rng));
    let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-9), max_sweeps: 1000 };
    let climb = mixture::OnIncomplete(data);
    Ok(em::best_of(&climb, starts, &stopping, |_| ControlFlow::Continue(()))?.model)
}

/// Axes with the data that are seen, and a tick for what is left of the others.
fn panel_of(data: &Incomplete, colours: &[Colour]) -> Panel {
    let [x, y] = RANGES;
    let mut panel = Panel::new(x, y);
    panel.x_label("eruption, min").x_ticks(&[2.0, 3.0, 4.0, 5.0]).y_label("waiting, min");
    panel.y_ticks(&[40.0, 60.0, 80.0, 100.0]);
    for (i, row) in data.values().row_iter().enumerate() {
        let colour = colours[i % colours.len()];
        match (row[0].is_nan(), row[1].is_nan()) {
            (false, false) => panel.dots(&[[row[0], row[1]]], &[colour], 2.2, 1.0),
            (false, true) => panel.line(&[[row[0], y[0]], [row[0], y[0] + 3.0]], colour, 0.9),
            (true, false) => panel.line(&[[x[0], row[1]], [x[0] + 0.14, row[1]]], colour, 0.9),
            (true, true) => &mut panel,
        };
    }
    panel
}

/// Source.
pub(super) fn shortcuts() -> Result<Figure> {
    let data = hidden()?;
    let truth = moments(&data::old_faithful())?;
    let model = fitted(&data, 1, 1)?;
    let em = (model.means().row(0).into_owned(), model.covariances()[0].clone());
    let filled = shortcuts::mean_imputed(&data);
    let answers = [
        ("deletion", moments(&shortcuts::listwise(&data)?)?, plot::component(1)),
        ("means filled in", moments(&filled)?, plot::component(3)),
        ("EM", em, plot::component(0)),
    ];
    let mut page = Page::new(3).panel_height(210.0);
    for (index, (title, (mean, covariance), colour)) in answers.iter().enumerate() {
        let mut panel = panel_of(&data, &[plot::FAINT]);
        panel.title(title);
        if index > 0 {
            panel.without_y_axis().y_label("");
        }
        if index == 1 {
            let gaps: Vec<Point> = (0..data.n())
                .filter(|&i| data.is_missing(i, 1))
                .map(|i| [filled[(i, 0)], filled[(i, 1)]])
                .collect();
            panel.dots(&gaps, &[*colour], 1.4, 0.9);
        }
        let centre = |mean: &RowDVector<f64>| [mean[0], mean[1]];
        panel.ellipse(centre(&truth.0), &truth.1, 2.0, plot::INK, 1.1);
        panel.ellipse(centre(mean), covariance, 2.0, *colour, 2.2);
        panel.mark(centre(mean), plot::Marker::Cross, 10.0, *colour);
        if index == 0 {
            panel.text([1.3, 91.5], [0.0, 0.0], "nothing missing", Anchor::Start, plot::INK);
            panel.text([2.75, 37.5], [0.0, 0.0], "waiting not seen", Anchor::Start, plot::GREY);
        }
        page = page.panel(panel);
    }
    Ok(Figure::still(&page)?.described(
        "Old Faithful with waiting times missing, the more often the shorter the eruption; ticks at the bottom mark \
         the eruptions whose waiting time is not seen. In ink, the 2-σ ellipse of all the data. Deletion loses the \
         short eruptions; means filled in flatten the slope; EM uses what the ticks say, and its mean is two minutes \
         high, mostly because the geyser is no single Gaussian. Cells hidden with seed 3, start 5.",
        "Three scatter plots of the same data, each with the same thin ellipse and a thick one: too small and too \
         far up for deletion, too flat for mean imputation, and nearly the same for EM.",
    ))
}

/// Source: X-07.
pub(super) fn two_hidden_things() -> Result<Figure> {
    let data = crossed()?;
    let model = fitted(&data, 2, 5)?;
    let posterior = mixture::Posterior::at(&model, &data)?;
    let colours = plot::by_responsibility(posterior.responsibilities());
    let mut seen = panel_of(&data, &colours);
    seen.title("what is seen").gaussians(model.means(), model.covariances());
    let (filled, sd) = impute::by_mean(&model, &data)?;
    let mut guessed = panel_of(&Incomplete::new(shortcuts::listwise(&data)?)?, &[plot::FAINT]);
    guessed.title("what is guessed").without_y_axis().y_label("");
    for (i, a) in (0..data.n()).flat_map(|i| [(i, 0), (i, 1)]).filter(|&(i, a)| data.is_missing(i, a)) {
        let at = [filled[(i, 0)], filled[(i, 1)]];
        let end = |sign: f64| {
            let mut end = at;
            end[a] += sign * sd[(i, a)];
            end
        };
        guessed.line(&[end(-1.0), end(1.0)], plot::lighten(colours[i], 0.45), 0.8);
        guessed.dots(&[at], &[colours[i]], 2.0, 1.0);
    }
    Ok(Figure::still(&Page::new(2).panel_height(270.0).panel(seen).panel(guessed))?.described(
        "A mixture of two where one cell in seven is missing: label and cell are hidden at once. Left, the data and \
         the fit; a tick on an axis is a datum of which only that coordinate is seen, in the colours of its \
         responsibilities. Right, the conditional mean of every missing cell with one standard deviation to each \
         side: short where the label is sure, long where the one coordinate leaves it open. Starts: seed 5.",
        "Left, two clusters of dots with ellipses, and coloured ticks along both axes. Right, pale dots and coloured \
         dots with bars, vertical where the waiting time was guessed and horizontal where the eruption was.",
    ))
}

/// Source.
pub(super) fn conditional() -> Result<Figure> {
    let x = data::old_faithful();
    let all = Incomplete::new(x.clone())?;
    let [range, _] = RANGES;
    let grid: Vec<f64> = (0..=120).map(|i| range[0] + (range[1] - range[0]) * f64::from(i) / 120.0).collect();
    let mut page = Page::new(2).panel_height(250.0);
    for (title, k) in [("one Gaussian: a line", 1), ("a mixture of two: a step", 2)] {
        let model = fitted(&all, k, 3)?;
        // The grid as rows of which only the first cell is seen; one whole row, so that the second column is seen at
        // all.
        let rows = DMatrix::from_fn(grid.len() + 1, 2, |i, a| match (i, a) {
            (i, 0) if i < grid.len() => grid[i],
            (i, _) if i < grid.len() => f64::NAN,
            _ => x[(0, a)],
        });
        let (mean, sd) = impute::by_mean(&model, &Incomplete::new(rows)?)?;
        let curve = |sign: f64| -> Vec<Point> {
            grid.iter().enumerate().map(|(i, &e)| [e, mean[(i, 1)] + sign * sd[(i, 1)]]).collect()
        };
        let colour = plot::component(0);
        let mut panel = panel_of(&all, &[plot::FAINT]);
        panel.title(title);
        let band: Vec<Point> = curve(1.0).into_iter().chain(curve(-1.0).into_iter().rev()).collect();
        panel.area(&band, colour, 0.18).line(&curve(0.0), colour, 2.2);
        if k == 2 {
            panel.without_y_axis().y_label("");
            panel.text([3.15, 60.0], [0.0, 0.0], "the label is open here", Anchor::Start, plot::INK);
        } else {
            panel.text(
                [3.15, 62.0],
                [0.0, 0.0],
                "mean ± 1 sd of waiting",
                Anchor::Start,
                plot::darken(colour, 0.2),
            );
        }
        page = page.panel(panel);
    }
    Ok(Figure::still(&page)?.described(
        "What an eruption says about the waiting time after it: the conditional mean, and one standard deviation to \
         each side. Under one Gaussian the mean is a straight line and the uncertainty the same everywhere. Under a \
         mixture it is a step, narrow where the label is sure and wide between the clusters. Starts: seed 5.",
        "Two scatter plots of Old Faithful. Left, a straight band from the lower left to the upper right. Right, a \
         curve that is nearly flat, rises steeply near three minutes, and is nearly flat again, its band widest at \
         the rise.",
    ))
}

/// Source: X-10.
pub(super) fn cut_off() -> Result<Figure> {
    let mut rng = data::rng(2);
    let one = |value: f64| DMatrix::from_element(1, 1, value);
    let x =
        gaussian::sample(300, &RowDVector::from_element(1, 1.0), &one(1.0), &mut rng)?.column(0).into_owned();
    let limit = 1.2;
    let data = Intervals::cut_off(&x, limit)?;
    let em = censored::fit(Normal::new(0.0, 1.0)?, &data, &Stopping::default())?.model;
    let kept: Vec<f64> = x.iter().copied().filter(|&x| x <= limit).collect();
    let kept = DVector::from_vec(kept);
    let clipped = x.map(|x| x.min(limit));
    let fits = [
        (
            "the rest dropped",
            Normal::new(kept.mean(), kept.variance())?,
            plot::component(1),
            [-0.42, 0.53],
            Anchor::End,
        ),
        (
            "the limit taken for the value",
            Normal::new(clipped.mean(), clipped.variance())?,
            plot::component(3),
            [1.32, 0.46],
            Anchor::Start,
        ),
        ("EM", em, plot::component(0), [2.05, 0.33], Anchor::Start),
    ];
    let mut panel = Panel::new([-2.6, 4.4], [0.0, 0.62]);
    panel.x_label("*x*").y_label("density").x_ticks(&[-2.0, 0.0, limit, 3.0]).y_ticks(&[0.0, 0.2, 0.4, 0.6]);
    // What is seen, in bins of 0.2, as a share of all; and what is not, as an arrow.
    for bin in 0..19 {
        let low = limit - 0.2 * f64::from(bin + 1);
        let count = kept.iter().filter(|&&x| x > low && x <= low + 0.2).count();
        let height = count as f64 / (300.0 * 0.2);
        let corners = [[low, 0.0], [low, height], [low + 0.2, height], [low + 0.2, 0.0]];
        panel.area(&corners, plot::FAINT, 0.45);
    }
    panel.line(&[[limit, 0.0], [limit, 0.6]], plot::FAINT, 1.0);
    let unseen = 300 - kept.len();
    panel.text([limit, 0.59], [6.0, 0.0], &format!("{unseen} of 300 are larger"), Anchor::Start, plot::GREY);
    let curve = |model: &Normal| -> Vec<Point> {
        let sd = model.variance().sqrt();
        let at = |x: f64| normal::log_density((x - model.mean()) / sd).exp() / sd;
        (0..=140).map(|i| -2.6 + 0.05 * f64::from(i)).map(|x| [x, at(x)]).collect()
    };
    panel.line(&curve(&Normal::new(1.0, 1.0)?), plot::INK, 1.1);
    panel.text([2.85, 0.16], [0.0, 0.0], "the truth", Anchor::Start, plot::INK);
    for (name, model, colour, at, anchor) in &fits {
        panel.line(&curve(model), *colour, 2.0);
        panel.text(*at, [0.0, 0.0], name, *anchor, *colour);
    }
    Ok(Figure::still(&Page::new(1).width(620.0).panel_height(280.0).panel(panel))?.described(
        "300 draws of a normal that a gauge cuts off at 1.2: of the larger ones it is only known that they are \
         larger. The bars are what is seen. Dropping the rest, or taking the limit for the value, gives a normal \
         that is too far left and too narrow; EM, which puts the conditional mean and square of each unseen value in \
         its place, comes close to the truth. Seed 2.",
        "A histogram that ends at a vertical line, and four bell curves: two of them narrow and to the left, two \
         nearly equal, reaching beyond the line.",
    ))
}

/// Source: X-29.
pub(super) fn outliers() -> Result<Figure> {
    let (clean, mut rng) = (data::old_faithful(), data::rng(8));
    let [across, up] = RANGES;
    let mut x = clean.clone();
    let strays: Vec<usize> = (0..272).step_by(17).collect();
    for &i in &strays {
        x[(i, 0)] = rng.random_range(across[0]..across[1]);
        x[(i, 1)] = rng.random_range(up[0]..up[1]);
    }
    let without = fitted(&Incomplete::new(clean)?, 2, 3)?;
    let gaussian = fitted(&Incomplete::new(x.clone())?, 2, 3)?;
    let mut student = StudentMixture::new(gaussian.clone(), DVector::from_element(2, 20.0))?;
    for _ in 0..200 {
        student = sweep_by_parts(&student, &x)?;
    }
    let mut page = Page::new(2).panel_height(270.0);
    let r = [gaussian.responsibilities(&x)?, latent::responsibilities(&student.log_joint(&x)?)?];
    let fits = [("Gaussians", &gaussian, &r[0]), ("*t* distributions", student.shape(), &r[1])];
    for (index, (title, model, r)) in fits.into_iter().enumerate() {
        let mut panel = panel_of(&Incomplete::new(x.clone())?, &plot::by_responsibility(r));
        panel.title(title);
        for j in 0..2 {
            let centre = |of: &GaussianMixture| [of.means()[(j, 0)], of.means()[(j, 1)]];
            panel.ellipse(centre(&without), &without.covariances()[j], 2.0, plot::INK, 1.1);
            panel.ellipse(centre(model), &model.covariances()[j], 2.0, plot::component(j), 2.2);
        }
        for &i in &strays {
            panel.mark([x[(i, 0)], x[(i, 1)]], plot::Marker::Cross, 6.0, plot::GREY);
        }
        if index == 1 {
            panel.without_y_axis().y_label("");
        }
        page = page.panel(panel);
    }
    Ok(Figure::still(&page)?.described(
        "Old Faithful with every seventeenth datum thrown to a random place (crosses; seed 8), and 2-σ ellipses of \
         two components (right: of their scale matrices, which are smaller than their covariances); in ink, those of \
         the data as they were. Gaussians must explain the strays and swell. A *t* gives every datum a hidden scale \
         (small: wide): the strays get a small one, weigh little, and leave the ellipses where they were.",
        "Two scatter plots of the same data with some grey crosses. Left, wide ellipses that reach for the crosses \
         around two thin ones. Right, ellipses that nearly cover the thin ones.",
    ))
}
