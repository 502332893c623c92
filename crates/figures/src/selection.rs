//! The figures of the chapter on choosing the number of components.

mod judged;
mod sticks;

pub use judged::Judged;
pub(crate) use judged::state;
pub(super) use sticks::{occupied, seen, sticks};

use crate::plot::{self, Anchor, Colour, Figure, Page, Panel, Point, number};
use executable_em::em::{Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start};
use executable_em::pathologies::switching::relabelled;
use executable_em::selection::{
    Candidate, CrossValidation, Restarts, best_fit, cross_validate, folds, search,
};
use executable_em::{Result, data};
use nalgebra::DMatrix;

/// No mark would move by a hundredth of a pixel if a run went on.
fn drawn(n: usize) -> Stopping {
    Stopping { tolerance: Tolerance::LogLikelihood(1e-4 / n as f64), max_sweeps: 400 }
}

/// Six random starts, from a seed that lets them find the best maxima that are known.
fn candidates(
    x: &DMatrix<f64>,
    most: usize,
    seed: u64,
    family: CovarianceFamily,
) -> Result<Vec<Candidate<GaussianMixture>>> {
    let restarts = Restarts { starts: 6, seed, stopping: drawn(x.nrows()) };
    search(x, 1..=most, &restarts, |x, k, rng| random_start(x, k, family, rng))
}

/// Source: TP-04, B-26.
pub(super) fn criteria() -> Result<Figure> {
    let (blobs, _) = data::blobs();
    let geyser = data::old_faithful();
    let mut page = Page::new(3).panel_height(230.0);
    for (index, (title, note, found)) in [
        ("four blobs", "full", candidates(&blobs, 6, 1, CovarianceFamily::Full)?),
        ("Old Faithful", "full", candidates(&geyser, 5, 7, CovarianceFamily::Full)?),
        ("Old Faithful", "tied", candidates(&geyser, 5, 7, CovarianceFamily::Tied)?),
    ]
    .into_iter()
    .enumerate()
    {
        let top = 112.0;
        let ks: Vec<f64> = found.iter().map(|candidate| candidate.k as f64).collect();
        let mut panel = Panel::new([0.7, ks.len() as f64 + 0.3], [-5.0, top]);
        panel.title(title).note(note).x_label("number of components *k*").x_ticks(&ks).room_right(24.0);
        if index == 0 {
            panel.y_label("above its lowest value");
        } else {
            panel.without_y_axis();
        }
        let values: [(&str, Vec<f64>); 3] = [
            ("AIC", found.iter().map(|candidate| candidate.criteria.aic).collect()),
            ("BIC", found.iter().map(|candidate| candidate.criteria.bic).collect()),
            ("ICL", found.iter().map(|candidate| candidate.icl).collect()),
        ];
        for (curve, (name, values)) in values.iter().enumerate() {
            let colour = plot::component(curve);
            let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let path: Vec<Point> = ks.iter().zip(values).map(|(&k, &value)| [k, value - lowest]).collect();
            panel.line(&path, colour, 1.5).dots(&path, &[colour], 2.8, 1.0);
            let chosen: Vec<Point> = path.iter().copied().filter(|point| point[1] == 0.0).collect();
            // Of different sizes, so that where two criteria agree both are seen.
            panel.dots(&chosen, &[plot::darken(colour, 0.1)], [5.0, 7.0, 4.2][curve], 1.0);
            label_of(&mut panel, &path, top, name, colour);
        }
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "AIC, BIC and ICL over k, each above its own lowest value (large dot), for the best of six random starts. On \
         the blobs BIC and ICL choose the four that were drawn, AIC wants more. On Old Faithful with full \
         covariances BIC has two and three nearly level; with one covariance for all, BIC prefers three. ICL, which \
         charges for doubtful labels, wants two both times.",
        "Three panels with three curves each over the number of components. Each curve falls steeply and turns, the \
         one for AIC last and the one for ICL most sharply.",
    ))
}

/// The name of a curve at its end or, if it leaves the panel at the top, beside the place where it does.
fn label_of(panel: &mut Panel, path: &[Point], top: f64, name: &str, colour: Colour) {
    let end = path[path.len() - 1];
    if end[1] < top {
        panel.text(end, [8.0, 4.0], name, Anchor::Start, colour);
        return;
    }
    if let Some(pair) = path.windows(2).rev().find(|pair| pair[0][1] < top && pair[1][1] >= top) {
        let share = (0.86 * top - pair[0][1]) / (pair[1][1] - pair[0][1]);
        let place = [pair[0][0] + share * (pair[1][0] - pair[0][0]), 0.86 * top];
        panel.text(place, [9.0, 4.0], name, Anchor::Start, colour);
    }
}

/// Source: B-26.
pub(super) fn two_or_three() -> Result<Figure> {
    let x = data::old_faithful();
    let mut page = Page::new(3).panel_height(215.0);
    for (k, family) in [(2, CovarianceFamily::Full), (3, CovarianceFamily::Full), (3, CovarianceFamily::Tied)]
    {
        let restarts = Restarts { starts: 6, seed: 7, stopping: drawn(x.nrows()) };
        let found = search(&x, [k], &restarts, |x, k, rng| random_start(x, k, family, rng))?;
        let candidate = &found[0];
        let model = &candidate.fit.model;
        // Short eruptions first, then long ones; last, if there are three, the component of least weight.
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|&one, &other| model.weights()[other].total_cmp(&model.weights()[one]));
        order[..2].sort_by(|&one, &other| model.means()[(one, 0)].total_cmp(&model.means()[(other, 0)]));
        let model = relabelled(model, &order)?;
        let mut panel = Panel::around(&x);
        panel.title(&format!("*k* = {k}, {}", family.name()));
        panel.note(&format!("BIC {}", number(candidate.criteria.bic, 1)));
        panel.x_label("eruption, min");
        if k == 2 {
            panel.y_label("waiting, min");
        } else {
            panel.without_y_axis();
        }
        in_its_components(&mut panel, &x, &model)?;
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "What the choice is between (one and two standard deviations). Two ellipses of their own shape, or three of \
         one shape, have eleven parameters each, and the three fit better. A third ellipse of its own shape costs \
         six parameters more and all but pays for them. It mends a Gaussian that does not fit, in the short \
         eruptions or, if all shapes are the same, in the long ones. That is no third kind of eruption.",
        "Old Faithful three times: with two ellipses, with three of different shapes, and with three of the same \
         shape.",
    ))
}

/// The data in mixed colours, and the components at one and two standard deviations.
fn in_its_components(panel: &mut Panel, x: &DMatrix<f64>, model: &GaussianMixture) -> Result<()> {
    panel.scatter(x, &plot::by_responsibility(&model.responsibilities(x)?));
    for (j, mean) in plot::points(model.means())?.into_iter().enumerate() {
        for (sigmas, width) in [(2.0, 1.0), (1.0, 1.5)] {
            panel.ellipse(mean, &model.covariances()[j], sigmas, plot::component(j), width);
        }
    }
    panel.means(model.means());
    Ok(())
}

/// ℓ held out in five folds, for each k.
fn held_out(x: &DMatrix<f64>, most: usize, family: CovarianceFamily) -> Result<Vec<CrossValidation>> {
    let folds = folds(x.nrows(), 5, &mut data::rng(1))?;
    let stopping =
        Stopping { tolerance: Tolerance::LogLikelihood(1.25e-3 / x.nrows() as f64), max_sweeps: 200 };
    let restarts = Restarts { starts: 2, seed: 1, stopping };
    (1..=most)
        .map(|k| {
            cross_validate(x, &folds, |training| {
                let fit = best_fit(training, k, &restarts, |x, k, rng| kmeans_start(x, k, family, rng))?;
                Ok(fit.model.clone())
            })
        })
        .collect()
}

/// Source: B-26.
pub(super) fn held_out_data() -> Result<Figure> {
    let geyser = data::old_faithful();
    let full = held_out(&geyser, 5, CovarianceFamily::Full)?;
    let tied = held_out(&geyser, 5, CovarianceFamily::Tied)?;
    let ks = [1.0, 2.0, 3.0, 4.0, 5.0];
    let [fitted_colour, held_out_colour, tied_colour] = [plot::GREY, plot::component(1), plot::component(0)];

    let mut levels = Panel::new([1.7, 5.3], [-1166.0, -1094.0]);
    levels.title("full covariances").x_label("number of components *k*").x_ticks(&ks[1..]).room_right(50.0);
    levels.y_label("*ℓ*, nats");
    let fitted: Vec<Point> = candidates(&geyser, 5, 7, CovarianceFamily::Full)?
        .iter()
        .map(|candidate| [candidate.k as f64, candidate.fit.log_likelihood])
        .collect();
    let held: Vec<Point> = ks.iter().zip(&full).map(|(&k, cv)| [k, cv.log_likelihood()]).collect();
    for (path, name, colour) in [(&fitted, "fitted", fitted_colour), (&held, "held out", held_out_colour)] {
        levels.line(path, colour, 1.5).dots(path, &[colour], 3.0, 1.0);
        levels.text(path[4], [8.0, 4.0], name, Anchor::Start, colour);
    }

    let mut gains = Panel::new([2.6, 5.4], [-21.0, 19.0]);
    gains.title("held-out nats gained on *k* = 2").x_label("number of components *k*").x_ticks(&ks[2..]);
    gains.room_right(40.0).line(&[[2.6, 0.0], [5.4, 0.0]], plot::FAINT, 0.9);
    for (runs, shift, name, colour) in
        [(&full, 0.06, "full", held_out_colour), (&tied, -0.06, "tied", tied_colour)]
    {
        let mut path = Vec::new();
        for (index, run) in runs.iter().enumerate().skip(2) {
            let (gain, error) = run.better_than(&runs[1])?;
            let k = ks[index] + shift;
            gains.line(&[[k, gain - error], [k, gain + error]], plot::lighten(colour, 0.25), 1.2);
            path.push([k, gain]);
        }
        gains.line(&path, colour, 1.5).dots(&path, &[colour], 3.2, 1.0);
        gains.text(path[2], [10.0, 4.0], name, Anchor::Start, colour);
    }
    let figure = Figure::still(&Page::new(2).panel_height(230.0).panel(levels).panel(gains))?;
    Ok(figure.described(
        "Old Faithful in five folds. Left: ℓ of the data that were fitted rises with every component; that of data \
         held out does not. Right: what a third, fourth and fifth component gain on held-out data, with the standard \
         error of the paired differences. With full covariances all of them lose, with a tied one they gain. But \
         nothing here exceeds two standard errors. Folds: seed 1.",
        "Left, a grey curve that rises and an orange one that falls from two components on. Right, two short curves \
         with error bars, one above zero and one below.",
    ))
}
