//! The figures of the chapter on pathologies.

mod remedies;

pub(crate) use remedies::state;
pub use remedies::{Course, Doomed, Remedy};

use crate::plot::{self, Anchor, Colour, Figure, Grid, Marker, Page, Panel, Point, number};
use executable_em::em::{self, Iterate, Stopping, Tolerance, Trace};
use executable_em::gaussian_mixture::{CovarianceFamily, FlooredMixture, GaussianMixture};
use executable_em::latent::Model;
use executable_em::pathologies::singularity::{asymptote, collapse, onto_datum};
use executable_em::pathologies::switching::{between, relabelled, second_difference};
use executable_em::pathologies::{MapMixture, Prior, cancellation, ridge};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Result, data, gaussian};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use rand::RngExt;

/// Two components on a line, from their means and variances, with equal weights.
fn pair(means: [f64; 2], variances: [f64; 2]) -> Result<GaussianMixture> {
    let covariances = variances.iter().map(|&variance| dmatrix![variance]).collect();
    GaussianMixture::new(
        dvector![0.5, 0.5],
        dmatrix![means[0]; means[1]],
        covariances,
        CovarianceFamily::Full,
    )
}

/// The data on which EM collapses, and the start from which it does.
fn doomed() -> Result<(DMatrix<f64>, GaussianMixture)> {
    Ok((dmatrix![0.0; 3.0; 4.0; 5.0; 6.0], pair([0.0, 5.0], [1.0, 1.0])?))
}

/// Source: B-05, B-E05, B-E11, B-17, H-E26.
pub(super) fn spike() -> Result<Figure> {
    let x = dmatrix![0.0; 1.0; 2.0; 5.0];
    let two = pair([0.0, 2.0], [1.0, 4.0])?;
    let one =
        GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
    let alone = dmatrix![0.0];
    let range = [-8.0, 0.5];
    let curve = |model: &GaussianMixture, x: &DMatrix<f64>| -> Result<Vec<Point>> {
        (0..=170)
            .map(|step| {
                let power = range[1] - 0.05 * f64::from(step);
                Ok([power, onto_datum(model, x, 0, 0, 10_f64.powf(power))?.log_likelihood(x)?])
            })
            .collect()
    };
    let mut heights = Panel::new(range, [-22.0, 22.0]);
    heights.title("*ℓ*(*σ*), nats").x_label("*σ*, powers of ten").x_ticks(&[-8.0, -6.0, -4.0, -2.0, 0.0]);
    let line = asymptote(&two, &x, 0, 0)?;
    let ends = range.map(|power| [power, line.at(10_f64.powf(power))]);
    heights.line(&ends, plot::FAINT, 1.0);
    let [blue, orange, third] = [0, 1, 2].map(plot::component);
    heights.line(&curve(&two, &x)?, blue, 2.0);
    heights.line(&curve(&one, &alone)?, third, 2.0);
    // Below the panel it falls by a factor of a hundred for each power of ten.
    let falling: Vec<Point> = curve(&one, &x)?.into_iter().filter(|point| point[1] > -400.0).collect();
    heights.line(&falling, orange, 2.0);
    heights.text([-4.3, -4.6], [0.0, 0.0], "two components", Anchor::End, plot::darken(blue, 0.2));
    heights.text(
        [-5.5, 11.7],
        [4.0, -12.0],
        "one component, one datum",
        Anchor::Start,
        plot::darken(third, 0.2),
    );
    heights.text(
        [-0.9, -16.0],
        [-6.0, 0.0],
        "one component, four data",
        Anchor::End,
        plot::darken(orange, 0.2),
    );

    let top = 2.2;
    let mut density = Panel::new([-2.0, 6.5], [0.0, top]);
    density.title("density of the mixture").x_label("*x*").y_ticks(&[0.0, 1.0, 2.0]);
    for (sigma, shade) in [(0.5, 0.55), (0.2, 0.28), (0.1, 0.0)] {
        let model = onto_datum(&two, &x, 0, 0, sigma)?;
        let nodes = DMatrix::from_fn(851, 1, |i, _| -2.0 + 0.01 * i as f64);
        let values = model.density(&nodes)?;
        let points: Vec<Point> = nodes.iter().zip(&values).map(|(&x, &p)| [x, p]).collect();
        let colour = plot::lighten(blue, shade);
        density.line(&points, colour, 1.7);
        // Beside the peak where it is narrow, beside the flank where it is wide.
        let place = [0.12 + sigma, values[200].min(1.95) - 0.06];
        density.text(place, [6.0, 0.0], &format!("*σ* = {sigma}"), Anchor::Start, plot::darken(colour, 0.1));
    }
    let places: Vec<Point> = x.iter().map(|&x| [x, 0.0]).collect();
    density.dots(&places, &[plot::INK], 3.2, 1.0);
    let figure = Figure::still(&Page::new(2).panel_height(250.0).panel(heights).panel(density))?;
    Ok(figure.described(
        "A component sits on the datum 0 and shrinks. Left: ℓ rises without bound, by log 10 for every power of ten, \
         if a second component covers the other data, or if there are none; the grey line is the asymptote. If one \
         Gaussian has to cover all four data, ℓ falls. Right: the density, which exceeds every bound at one place.",
        "Left, two lines that rise steadily to the left and one that plunges. Right, curves over a line with four \
         dots, with an ever narrower and higher peak at the first dot.",
    ))
}

/// The weighted densities of both components over the data, as areas.
fn hills(panel: &mut Panel, model: &GaussianMixture, x: &DMatrix<f64>) -> Result<()> {
    let nodes = DMatrix::from_fn(481, 1, |i, _| -2.0 + 0.025 * i as f64);
    for j in [1, 0] {
        let (mean, sigma) = (model.means()[j], model.covariances()[j][0].sqrt());
        let colour = plot::component(j);
        // The nodes, and more of them where the peak is.
        let mut places: Vec<f64> = nodes.iter().copied().collect();
        places.extend((-40..=40).map(|step| mean + sigma * 0.1 * f64::from(step)));
        places.sort_by(f64::total_cmp);
        let places = DMatrix::from_vec(places.len(), 1, places);
        let log_joint = model.log_joint(&places)?;
        // Far above the panel's top it only matters that the line goes up.
        let curve: Vec<Point> = places
            .iter()
            .zip(log_joint.column(j).iter())
            .map(|(&x, &log_p)| [x, log_p.exp().min(2.0)])
            .collect();
        panel.area(&[&curve[..], &[[10.0, 0.0], [-2.0, 0.0]]].concat(), plot::lighten(colour, 0.55), 1.0);
        panel.line(&curve, colour, 1.6);
    }
    let places: Vec<Point> = x.iter().map(|&x| [x, 0.0]).collect();
    panel.dots(&places, &[plot::INK], 3.0, 1.0);
    Ok(())
}

/// One panel for a sweep, with its variances.
fn sweep_panel(
    title: &str,
    note: &str,
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    first: bool,
) -> Result<Panel> {
    let mut panel = Panel::new([-1.6, 7.6], [0.0, 1.0]);
    panel.title(title).note(note).x_ticks(&[0.0, 3.0, 4.0, 5.0, 6.0]).y_ticks(&[0.0, 0.5, 1.0]);
    if !first {
        panel.without_y_axis();
    }
    hills(&mut panel, model, x)?;
    for (j, place) in [[0.0, 0.93], [4.6, 0.55]].into_iter().enumerate() {
        let variance = model.covariances()[j][0];
        let text = match variance {
            tiny if tiny < 1e-3 => format!("log_{{10}} *σ*² = {}", number(tiny.log10(), 1)),
            variance => format!("*σ*² = {}", number(variance, 3)),
        };
        let offset = if j == 0 { [12.0, 0.0] } else { [0.0, 0.0] };
        let anchor = if j == 0 { Anchor::Start } else { Anchor::Middle };
        panel.text(place, offset, &text, anchor, plot::darken(plot::component(j), 0.25));
    }
    Ok(panel)
}

/// Source: C-E09, B-05, H-E26.
pub(super) fn collapse_by_sweeps() -> Result<Figure> {
    let (x, start) = doomed()?;
    let run = collapse(start, &x, 10)?;
    let mut page = Page::new(4).panel_height(150.0);
    for (sweep, Iterate { model, log_likelihood }) in run.iterates.iter().enumerate() {
        let title = ["the start", "sweep 1", "sweep 2", "sweep 3"][sweep];
        let note = format!("*ℓ* = {}", number(*log_likelihood, 1));
        page = page.panel(sweep_panel(title, &note, model, &x, sweep == 0)?);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "EM runs into a singularity. One component holds the datum 0 and shrinks onto it: three sweeps take its \
         variance to 6·10⁻¹⁴¹, the fourth out of the floating-point numbers. ℓ rises all the way.",
        "Four panels with two filled curves over five dots. The left curve gets narrower and higher until it is a \
         vertical line.",
    ))
}

/// Source: C-E09, B-05 (TP-01).
pub(super) fn prior() -> Result<Figure> {
    let (x, start) = doomed()?;
    let prior = Prior::new(1.0, 4.0, dmatrix![0.2])?;
    let stopping = Stopping { tolerance: Tolerance::Parameters(1e-9), max_sweeps: 100 };
    let run = em::trace(MapMixture::new(start, prior.clone())?, &x, &stopping)?;
    let mut page = Page::new(4).panel_height(150.0);
    for sweep in 0..3 {
        let model = &run.iterates[sweep].model;
        let title = ["the start", "sweep 1", "sweep 2"][sweep];
        let note = number(model.log_posterior(&x)?, 2);
        page = page.panel(sweep_panel(title, &note, model.mixture(), &x, sweep == 0)?);
    }
    let mut density = Panel::new([0.0, 0.62], [0.0, 15.0]);
    density.title("prior").without_y_axis().x_label("*σ*²").x_ticks(&[0.0, 0.2, 0.4, 0.6]);
    let at = |variance: f64| -> Result<Point> {
        Ok([variance, prior.log_covariance_density(&dmatrix![variance], 0)?.exp()])
    };
    let curve: Vec<Point> = (1..=310).map(|step| at(0.002 * f64::from(step))).collect::<Result<_>>()?;
    density.line(&curve, plot::GREY, 1.6);
    for (j, covariance) in run.fit.model.mixture().covariances().iter().enumerate() {
        density.dots(&[at(covariance[0])?], &[plot::component(j)], 4.0, 1.0);
    }
    page = page.panel(density);
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "The same start with a prior on each variance, an inverse Wishart distribution (ν = 4, ψ = 0.2), and above \
         each panel the log posterior but for its constant. After two sweeps nothing moves any more. On the right \
         the prior's density, which vanishes at zero, and where the two variances come to rest.",
        "Three panels like those before. The left curve gets narrower and stays wide enough to be seen. A fourth \
         shows a curve that rises steeply from zero and falls slowly, with two dots on it.",
    ))
}

/// Source: C-E09, B-05 (a floor, and a ridge that is none).
pub(super) fn floor_and_ridge() -> Result<Figure> {
    let x = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0];
    let (start, width, sweeps) = (pair([1.0, 5.5], [0.5, 0.5])?, 0.5, 20);
    let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: sweeps };
    let floored: Trace<FlooredMixture> =
        em::trace(FlooredMixture::new(start.clone(), width)?, &x, &stopping)?;
    let mut ridged = vec![start];
    for sweep in 0..sweeps {
        ridged.push(ridge::ridge_sweep(&ridged[sweep], &x, width)?);
    }
    let heights: Vec<f64> = ridged.iter().map(|model| model.log_likelihood(&x)).collect::<Result<_>>()?;
    let [blue, orange] = [0, 1].map(plot::component);
    let mut climb = Panel::new([0.0, 20.0], [-10.6, -8.9]);
    climb.title("*ℓ*, nats").x_label("sweep").y_ticks(&[-10.5, -10.0, -9.5, -9.0]);
    for (values, colour) in [(floored.log_likelihoods(), blue), (heights.clone(), orange)] {
        let path: Vec<Point> = values.iter().enumerate().map(|(t, &l)| [t as f64, l]).collect();
        climb.line(&path, colour, 1.5).dots(&path[1..], &[colour], 2.4, 1.0);
    }
    climb.text([9.9, -9.55], [-8.0, 0.0], "floor ½", Anchor::End, plot::darken(blue, 0.2));
    climb.text([20.0, heights[20]], [0.0, 22.0], "ridge ½", Anchor::End, plot::darken(orange, 0.2));
    climb.text([3.6, heights[4]], [0.0, 20.0], "falls", Anchor::Middle, plot::darken(orange, 0.2));

    let mut rest = Panel::new([-2.2, 9.0], [0.0, 0.31]);
    rest.title("densities at the end").x_label("*x*");
    rest.x_ticks(&[0.0, 3.0, 4.0, 5.0, 6.0]).y_ticks(&[0.0, 0.1, 0.2, 0.3]);
    let nodes = DMatrix::from_fn(561, 1, |i, _| -2.2 + 0.02 * i as f64);
    for (model, colour) in [(floored.fit.model.mixture(), blue), (&ridged[sweeps], orange)] {
        let values: DVector<f64> = model.density(&nodes)?;
        let points: Vec<Point> = nodes.iter().zip(&values).map(|(&x, &p)| [x, p]).collect();
        rest.line(&points, colour, 1.8);
    }
    let places: Vec<Point> = x.iter().map(|&x| [x, 0.0]).collect();
    rest.dots(&places, &[plot::INK], 3.2, 1.0);
    let figure = Figure::still(&Page::new(2).panel_height(230.0).panel(climb).panel(rest))?;
    Ok(figure.described(
        "A floor under the variances and a ridge added to them, from the same start. With the floor ℓ rises in every \
         sweep; with the ridge it falls in sweeps 3 and 4 before it goes on rising. At the end the ridge has widened \
         both components by a half, the floor only the one that needed it.",
        "Left, two rising curves, one of which dips early on. Right, two curves with two humps each; one of them is \
         higher and narrower on the right.",
    ))
}

/// Source: T-E18.
pub(super) fn twins() -> Result<Figure> {
    let x = dmatrix![-2.6; -2.2; -1.9; -1.4; -1.1; 1.2; 2.2];
    let range = [-4.0, 4.0];
    let at = |[a, b]: Point| pair([a, b], [1.0, 1.0]);
    let grid = Grid::new(range, range, 85);
    let values = grid.values(|node| at(node)?.log_likelihood(&x))?;
    let stopping = Stopping { tolerance: Tolerance::Parameters(1e-12), max_sweeps: 1000 };
    let top =
        em::fit(SoftKMeans::new(dmatrix![-1.0; 1.0], 1.0, Weights::Held)?, &x, &stopping)?.model.mixture()?;
    let twin = relabelled(&top, &[1, 0])?;
    let place = |model: &GaussianMixture| -> Point { [model.means()[0], model.means()[1]] };
    let height = top.log_likelihood(&x)?;
    let levels: Vec<f64> = [68.0, 48.0, 33.0, 23.0, 16.0, 11.0, 7.5, 5.0, 3.0, 1.5, 0.5]
        .iter()
        .map(|drop| height - drop)
        .collect();
    let ticks = [-4.0, -2.0, 0.0, 2.0, 4.0];
    let mut map = Panel::new(range, range);
    map.equal_aspect().title("*ℓ*(*μ*_1, *μ*_2)").x_label("*μ*_1").y_label("*μ*_2");
    map.x_ticks(&ticks).y_ticks(&ticks);
    map.bands(&grid, &values, &levels, plot::lighten(plot::GREY, 0.12));
    map.contours(&grid, &values, &levels, plot::WHITE, 0.4);
    map.area(&[[-4.0, -4.0], [4.0, -4.0], [4.0, 4.0]], plot::WHITE, 0.45);
    map.line(&[[-4.0, -4.0], [4.0, 4.0]], plot::WHITE, 1.0);
    let [blue, orange] = [0, 1].map(plot::component);

    let share = |step: usize| 0.005 * step as f64;
    let way: Vec<GaussianMixture> =
        (0..=200).map(|step| between(&top, &twin, share(step))).collect::<Result<_>>()?;
    let heights: Vec<f64> = way.iter().map(|model| model.log_likelihood(&x)).collect::<Result<_>>()?;
    let mut along = Panel::new([0.0, 1.0], [height - 9.0, height + 0.9]);
    along.title("*ℓ* on the way from twin to twin, nats").x_label("*t*").x_ticks(&[0.0, 0.5, 1.0]);
    for step in 1..200 {
        let convex = second_difference(&top, &twin, &x, share(step), 0.005)? > 0.0;
        let colour = if convex { orange } else { blue };
        let ends = [step - 1, step + 1].map(|step| [share(step), heights[step]]);
        along.line(&ends, colour, 2.2);
        map.line(&[place(&way[step - 1]), place(&way[step + 1])], plot::WHITE, 3.6);
    }
    for step in 1..200 {
        let convex = second_difference(&top, &twin, &x, share(step), 0.005)? > 0.0;
        let ends = [place(&way[step - 1]), place(&way[step + 1])];
        map.line(&ends, if convex { orange } else { blue }, 2.0);
    }
    let middle = place(&way[100]);
    for peak in [&top, &twin] {
        map.mark(place(peak), Marker::Cross, 12.0, plot::INK);
    }
    map.mark(middle, Marker::Square, 7.0, plot::INK);
    map.text(place(&top), [10.0, -9.0], "optimum", Anchor::Start, plot::INK);
    map.text(place(&twin), [-10.0, 20.0], "its twin", Anchor::End, plot::INK);
    map.text(middle, [11.0, -8.0], "their average", Anchor::Start, plot::INK);
    map.text([-3.8, 3.55], [0.0, 0.0], "canonical: *μ*_1 < *μ*_2", Anchor::Start, plot::INK);
    along.mark([0.0, height], Marker::Cross, 12.0, plot::INK).mark(
        [1.0, height],
        Marker::Cross,
        12.0,
        plot::INK,
    );
    along.mark([0.5, heights[100]], Marker::Square, 7.0, plot::INK);
    along.text([0.5, heights[100]], [0.0, 22.0], "convex", Anchor::Middle, plot::darken(orange, 0.2));
    along.text([0.07, height], [8.0, 2.0], "concave", Anchor::Start, plot::darken(blue, 0.2));
    let figure = Figure::still(&Page::new(2).panel_height(270.0).panel(map).panel(along))?;
    Ok(figure.described(
        "Label switching: seven data, two unit Gaussians, and ℓ as a function of their means. Every optimum has a \
         twin with the names exchanged. Halfway between them both components are the same: the average of two \
         equally good fits is a bad one. On the way ℓ is concave, convex and concave again, so it is neither. A \
         canonical order keeps one half of the map.",
        "Left, a map that is symmetric about its diagonal, with two peaks and a line between them whose middle is \
         marked. Right, the height along that line: down from one peak and up to the other.",
    ))
}

/// Source: C-E16.
pub(super) fn cancellation() -> Result<Figure> {
    let n = 20;
    let mut rng = data::rng(4);
    let (mut raw, mut centred) = (Vec::new(), Vec::new());
    for step in 0..240 {
        let offset = 2_f64.powf(4.0 + f64::from(step) / 6.0).round();
        // Integers are exact this far out, and so is their variance.
        let pattern: Vec<i64> = (0..n).map(|_| rng.random_range(-9..=9)).collect();
        let (sum, squares) = (pattern.iter().sum::<i64>(), pattern.iter().map(|p| p * p).sum::<i64>());
        let variance = (n * squares - sum * sum) as f64 / (n * n) as f64;
        let x = DMatrix::from_iterator(n as usize, 1, pattern.iter().map(|&p| offset + p as f64));
        let kappa = cancellation::condition_numbers(&x)?[0].log10();
        let error = cancellation::raw_moment_errors(&x)?[0];
        let weights = DVector::from_element(n as usize, 1.0);
        let found = gaussian::weighted_covariance(&x, &weights, &gaussian::weighted_mean(&x, &weights)?)?[0];
        // What has no error at all is shown at the lower edge.
        let shown = |error: f64| error.max(10_f64.powf(-17.0)).log10();
        raw.push([kappa, shown(error)]);
        centred.push([kappa, shown((found - variance).abs() / variance)]);
    }
    let bound = |law: fn(usize, f64) -> f64| -> Vec<Point> {
        (0..=110).map(|step| 0.1 * f64::from(step)).map(|k| [k, law(20, 10_f64.powf(k)).log10()]).collect()
    };
    let [blue, orange] = [0, 1].map(plot::component);
    let mut panel = Panel::new([0.5, 11.0], [-17.3, 6.5]);
    panel.title("relative error of the variance, powers of ten").room_right(8.0);
    panel.x_label("distance from the origin in standard deviations, powers of ten");
    panel.y_ticks(&[-16.0, -12.0, -8.0, -4.0, 0.0, 4.0]);
    panel.line(&[[0.5, 0.0], [11.0, 0.0]], plot::FAINT, 0.9);
    for (points, law, colour) in [
        (&raw, cancellation::raw_moment_error_bound as fn(usize, f64) -> f64, orange),
        (&centred, cancellation::centred_error_bound, blue),
    ] {
        panel.line(&bound(law), colour, 1.3).dots(points, &[colour], 2.1, 1.0);
    }
    let dark = |colour: Colour| plot::darken(colour, 0.2);
    panel.text([5.2, -3.1], [-10.0, 0.0], "raw moments", Anchor::End, dark(orange));
    panel.text([6.0, -13.4], [0.0, 0.0], "centred", Anchor::Start, dark(blue));
    panel.text([0.5, 0.0], [6.0, -6.0], "nothing left", Anchor::Start, plot::GREY);
    let figure = Figure::still(&Page::new(1).width(560.0).panel_height(270.0).panel(panel))?;
    Ok(figure.described(
        "The variance of twenty integers far from the origin, from raw moments and in the centred form: measured \
         errors (dots) and the bounds on them (lines). From raw moments the error grows with the square of the \
         distance, and at 10⁸ standard deviations no digit is left; on the grey line the variance came out as zero. \
         Dots at the lower edge have no error at all. Seed 4.",
        "On logarithmic axes a cloud of dots that rises with slope two below its line, and another that stays at the \
         level of rounding.",
    ))
}
