//! The figures of the chapter on EM; in `landscape` the plane of two means, on which runs are drawn.

mod landscape;

pub(super) use landscape::state;
pub use landscape::{Start, Way};

use super::drawn;
use crate::plot::{self, Anchor, Figure, Marker, Page, Panel, Point, number};
use executable_em::em::{self, Stopping, Tolerance, Trace};
use executable_em::gaussian_mixture::{GaussianMixture, gradient};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Result, data, kmeans};
use landscape::Landscape;
use nalgebra::{DMatrix, dmatrix};

/// Where a run ends decides its colour, in every figure of the chapter: the best optimum, or another.
const BEST: usize = 0;
const OTHER: usize = 1;

/// Where two means share a blob they hardly move any more, and would not stop for thousands of sweeps.
const SHOWN: usize = 120;

/// Thirty random starts on the blobs, four components of the blobs' own width, and the runs from them.
fn runs_on_the_blobs() -> Result<(DMatrix<f64>, Vec<Trace<SoftKMeans>>)> {
    let (x, _) = data::blobs();
    let mut rng = data::rng(9);
    let starts = (0..30)
        .map(|_| SoftKMeans::new(kmeans::random_start(&x, 4, &mut rng)?, 1.0 / 0.36, Weights::Fitted))
        .collect::<Result<Vec<_>>>()?;
    let stopping = Stopping { max_sweeps: SHOWN, ..drawn(x.nrows()) };
    let runs = starts.into_iter().map(|start| em::trace(start, &x, &stopping)).collect::<Result<_>>()?;
    Ok((x, runs))
}

/// The runs that end at the highest ℓ of them all, and the others.
fn by_outcome(runs: &[Trace<SoftKMeans>]) -> [Vec<&Trace<SoftKMeans>>; 2] {
    let highest = runs.iter().map(|run| run.fit.log_likelihood).fold(f64::NEG_INFINITY, f64::max);
    let (best, others) = runs.iter().partition(|run| run.fit.log_likelihood > highest - 1.0);
    [best, others]
}

/// Source: C-10, L-15.
pub(super) fn starts() -> Result<Figure> {
    let (x, runs) = runs_on_the_blobs()?;
    let mut page = Page::new(2).panel_height(262.0);
    for (outcome, runs) in by_outcome(&runs).iter().enumerate() {
        let Some(run) = runs.first() else { continue };
        let colour = plot::component(outcome);
        let deep = plot::darken(colour, 0.3);
        let mut panel = Panel::around(&x);
        panel.equal_aspect().without_x_axis().without_y_axis();
        panel.title(&format!("{} of 30 starts", runs.len()));
        panel.note(&format!("*ℓ* = {}", number(run.fit.log_likelihood, 1)));
        panel.dots(&plot::points(&x)?, &[plot::lighten(plot::FAINT, 0.35)], 2.0, 1.0);
        for run in runs {
            for j in 0..4 {
                let way: Vec<Point> =
                    run.iterates.iter().map(|i| [i.model.means()[(j, 0)], i.model.means()[(j, 1)]]).collect();
                panel.line(&way, plot::lighten(colour, 0.2), 0.8).dots(&way[..1], &[colour], 2.4, 1.0);
            }
        }
        for run in runs {
            for mean in plot::points(run.fit.model.means())? {
                panel.mark(mean, Marker::Cross, 11.0, deep);
            }
        }
        for mean in plot::points(run.fit.model.means())? {
            for (sigmas, width) in [(1.0, 1.5), (2.0, 1.0)] {
                panel.ellipse(mean, &(DMatrix::identity(2, 2) * 0.36), sigmas, deep, width);
            }
        }
        if outcome == OTHER {
            panel.text([4.75, -2.7], [0.0, 0.0], "one for two", Anchor::Start, deep);
            panel.text([7.8, 0.3], [0.0, 0.0], "two for one", Anchor::Middle, deep);
        }
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "EM with four components of fixed width on the four blobs, from thirty random starts (dots): the ways of the \
         means to where they are after at most 120 sweeps (crosses), and one of these mixtures (one and two standard \
         deviations). Left, the runs that reach the best optimum. Right, the others: two means share a blob, while \
         one stands between two. Seed 9.",
        "Two scatter plots of four round clouds with lines that lead from scattered dots to crosses. Left, one cross \
         in the middle of each cloud. Right, two crosses in one cloud and one between two clouds.",
    ))
}

/// Source: C-10, H-52, H-61, T-24.
pub(super) fn traces() -> Result<Figure> {
    let (_, runs) = runs_on_the_blobs()?;
    let groups = by_outcome(&runs);
    let steps = |values: Vec<f64>, first: usize| -> Vec<Point> {
        values.into_iter().enumerate().map(|(sweep, value)| [(sweep + first) as f64, value]).collect()
    };
    let mut climb = Panel::new([0.0, 40.0], [-3200.0, -1150.0]);
    climb.title("*ℓ*, nats").x_label("sweep");
    let mut rises = Panel::new([0.0, 40.0], [-6.4, 3.6]);
    rises.title("log_{10} of its rise, sweep by sweep").x_label("sweep").y_ticks(&[-6.0, -3.0, 0.0, 3.0]);
    for outcome in [OTHER, BEST] {
        let colour = plot::component(outcome);
        for run in &groups[outcome] {
            climb.line(&steps(run.log_likelihoods(), 0), colour, 1.0);
            let logs: Vec<Point> = steps(run.rises(), 1).into_iter().filter(|step| step[1] > 0.0).collect();
            rises.line(&logs.iter().map(|step| [step[0], step[1].log10()]).collect::<Vec<_>>(), colour, 1.0);
        }
        if let Some(run) = groups[outcome].first() {
            let text = format!("{} starts to {}", groups[outcome].len(), number(run.fit.log_likelihood, 1));
            let end = [40.0, run.fit.log_likelihood];
            climb.text(end, [-4.0, 18.0], &text, Anchor::End, plot::darken(colour, 0.15));
        }
    }
    let figure = Figure::still(&Page::new(2).panel_height(260.0).panel(climb).panel(rises))?;
    Ok(figure.described(
        "ℓ over the sweeps of the thirty runs above, in the colour of where they end, and how much each sweep adds, \
         in powers of ten. ℓ never falls. But a run that stands still may be at rest or about to rise, and nothing \
         in its trace tells which: the rise shrinks to a thousandth of a nat and grows again. Seed 9.",
        "Left, curves that climb in stairs to one of two levels. Right, the same runs as rises per sweep on a \
         logarithmic scale: some fall steeply, some go down, up and down again, some level out.",
    ))
}

/// Starts in the plane of (μ₁, μ₂). The second lies beside the diagonal, next to the saddle.
const STARTS: [Point; 6] = [[-3.6, 3.3], [-0.95, -0.9], [3.0, 2.85], [-3.7, -3.4], [0.2, -3.7], [3.7, -0.4]];

/// Source: C-06, C-07.
pub(super) fn paths() -> Result<Figure> {
    let x = landscape::data();
    let map = Landscape::new()?;

    let ways = |step: Option<(f64, usize)>| -> Result<Vec<Vec<Point>>> {
        STARTS
            .iter()
            .map(|&start| match step {
                None => {
                    let trace = em::trace(landscape::at(start)?, &x, &drawn(x.nrows()))?;
                    Ok(trace.iterates.iter().map(|iterate| landscape::place(iterate.model.means())).collect())
                }
                Some((step, count)) => {
                    let path = gradient::ascend_means(&landscape::at(start)?.mixture()?, &x, step, count)?;
                    Ok(path.iter().map(|model: &GaussianMixture| landscape::place(model.means())).collect())
                }
            })
            .collect()
    };
    let mut page = Page::new(3).panel_height(212.0);
    for (index, (title, note, step)) in [
        ("EM", "", None),
        ("gradient ascent", "*η* = 0.04", Some((0.04, 40))),
        ("gradient ascent", "*η* = 0.3", Some((0.3, 14))),
    ]
    .into_iter()
    .enumerate()
    {
        let mut panel = map.panel.clone();
        panel.title(title).note(note);
        if index > 0 {
            panel.without_y_axis().y_label("");
        }
        for way in ways(step)? {
            let end = way[way.len() - 1];
            let colour = plot::component(if end[0] < end[1] { 0 } else { 1 });
            panel.way(&way, colour);
        }
        map.mark(&mut panel);
        if index == 1 {
            map.name(&mut panel);
        }
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "Nine data on a line, two unit Gaussians with free means, and ℓ(μ_1, μ_2) in shades: two maxima (crosses), \
         mirror images that differ in the components' names, and between them a saddle (square) on the white \
         diagonal. EM and gradient ascent go from the same six starts, a dot a step. EM needs no step length. A \
         short one makes the gradient crawl (40 steps), a long one makes it jump to and fro (14 steps).",
        "Three maps of the same landscape with two dark peaks. In the first, paths reach the peaks in a few long \
         steps; in the second in many short ones; in the third they zigzag across the ridges.",
    ))
}

/// Source: C-E09, H-61.
pub(super) fn tanh() -> Result<Figure> {
    let x = dmatrix![-1.0; 1.0];
    let start = |m: f64| SoftKMeans::new(dmatrix![-m; m], 1.0, Weights::Held);
    let top = 1.6;
    let mut cobweb = Panel::new([0.0, top], [0.0, top]);
    cobweb.equal_aspect().title("one sweep").x_label("*m* before").y_label("*m* after");
    cobweb.x_ticks(&[0.0, 0.5, 1.0, 1.5]).y_ticks(&[0.0, 0.5, 1.0, 1.5]);
    cobweb.line(&[[0.0, 0.0], [top, top]], plot::FAINT, 0.9);
    let mut curve: Vec<Point> = Vec::new();
    for step in 0..=80 {
        let m = top * f64::from(step) / 80.0;
        curve.push([m, em::sweep(&start(m)?, &x)?.means()[1]]);
    }
    cobweb.line(&curve, plot::component(0), 1.8);
    let places =
        |run: &Trace<SoftKMeans>| -> Vec<f64> { run.iterates.iter().map(|i| i.model.means()[1]).collect() };
    let cap = |max_sweeps| Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps };
    let ms = places(&em::trace(start(1.5)?, &x, &cap(60))?);
    let mut web: Vec<Point> = vec![[ms[0], 0.0]];
    for pair in ms.windows(2) {
        web.extend([[pair[0], pair[1]], [pair[1], pair[1]]]);
    }
    cobweb.line(&web, plot::component(1), 1.0).dots(&[[ms[0], 0.0]], &[plot::component(1)], 3.2, 1.0);
    cobweb.text(curve[58], [6.0, 20.0], "tanh *m*", Anchor::Start, plot::component(0));
    cobweb.text([1.3, 1.3], [-8.0, -4.0], "no change", Anchor::End, plot::GREY);

    let long = places(&em::trace(start(1.0)?, &x, &cap(10_000))?);
    // Equal steps on the logarithmic axis, so that the line carries no more points than can be seen.
    let sweeps = (0..=80).map(|step| 10_f64.powf(f64::from(step) / 20.0).round() as usize);
    let way: Vec<Point> = sweeps.map(|t| [(t as f64).log10(), long[t].log10()]).collect();
    let mut decay = Panel::new([0.0, 4.05], [-2.05, 0.05]);
    decay.title("*m* over the sweeps").x_label("sweep (powers of ten)").room_right(10.0);
    decay.x_ticks(&[0.0, 1.0, 2.0, 3.0, 4.0]).y_ticks(&[-2.0, -1.0, 0.0]).y_label("log_{10} *m*");
    let law: Vec<Point> = [0.3, 4.05].map(|t| [t, 0.5 * (1.5_f64.log10() - t)]).to_vec();
    decay.line(&law, plot::FAINT, 0.9).line(&way, plot::component(1), 1.8);
    decay.text([0.75, 0.5 * (1.5_f64.log10() - 0.75)], [8.0, -6.0], "√(3/2*t*)", Anchor::Start, plot::GREY);
    for (rule, words) in [
        (Tolerance::LogLikelihood(0.5e-9), "*ℓ* has converged"),
        (Tolerance::Parameters(1e-6), "*θ* has converged"),
    ] {
        let fit = em::fit(start(1.0)?, &x, &Stopping { tolerance: rule, max_sweeps: 10_000 })?;
        let place = [(fit.sweeps as f64).log10(), fit.model.means()[1].log10()];
        decay.dots(&[place], &[plot::WHITE], 5.8, 1.0).dots(&[place], &[plot::INK], 4.4, 1.0);
        decay.text(place, [-12.0, 10.0], words, Anchor::End, plot::INK);
    }
    let figure = Figure::still(&Page::new(2).panel_height(270.0).panel(cobweb).panel(decay))?;
    Ok(figure.described(
        "Two unit Gaussians at ±m on the data −1 and 1: a sweep of EM is m ← tanh m. Left: the staircase between the \
         curve and the diagonal, which touch at 0. Right: m falls like the square root of 3/(2t), for ever; a \
         tolerance of a billionth of a nat on ℓ, or of a millionth on θ, stops it somewhere on the way.",
        "Left, a curve that bends away from the diagonal, and a staircase between them whose steps get ever smaller. \
         Right, a line that falls steadily on logarithmic axes, with two marked points.",
    ))
}
