//! The figures of the chapter on pathologies.

use crate::em::{self, Fit, Iterate, Stopping, Tolerance};
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use crate::latent::Model;
use crate::pathologies::singularity::{asymptote, collapse, onto_datum};
use crate::pathologies::switching::{between, relabelled};
use crate::pathologies::{FlooredMixture, MapMixture, Prior, cancellation, floor};
use crate::plot::{self, Anchor, Colour, Figure, Grid, Marker, Page, Panel, Point, number};
use crate::{Result, data};
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
    heights.text([-5.5, 2.9], [4.0, 22.0], "two components", Anchor::Start, plot::darken(blue, 0.2));
    heights.text([-5.5, 11.7], [4.0, -12.0], "one, and one datum", Anchor::Start, plot::darken(third, 0.2));
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
        let peak = [0.0, values[200]];
        density.text(peak, [9.0, 6.0], &format!("*σ* = {sigma}"), Anchor::Start, colour);
    }
    let places: Vec<Point> = x.iter().map(|&x| [x, 0.0]).collect();
    density.dots(&places, &[plot::INK], 3.2, 1.0);
    let figure = Figure::still(&Page::new(2).panel_height(250.0).panel(heights).panel(density))?;
    Ok(figure.described(
        "A component sits on the datum 0 and shrinks. Left: ℓ rises without bound, by log 10 for every power of ten, if a \
         second component covers the other data, or if there are none; the grey line is the asymptote. If one Gaussian has \
         to cover all four data, ℓ falls. Right: the density, which exceeds every bound at one place.",
        "Left, two lines that rise steadily to the left and one that plunges. Right, curves over a line with four dots, \
         with an ever narrower and higher peak at the first dot.",
    ))
}

/// The weighted densities of both components over the data, as areas.
fn hills(panel: &mut Panel, model: &GaussianMixture, x: &DMatrix<f64>) -> Result<()> {
    let nodes = DMatrix::from_fn(481, 1, |i, _| -2.0 + 0.025 * i as f64);
    for j in [1, 0] {
        let (mean, sigma) = (model.means[j], model.covariances[j][0].sqrt());
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
        let variance = model.covariances[j][0];
        let text = match variance {
            variance if variance > 1e-3 => format!("*σ*² = {}", number(variance, 3)),
            variance => format!("*σ*² = 10^{{{}}}", number(variance.log10().round(), 0)),
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
        "EM runs into a singularity. One component holds the datum 0 and shrinks onto it: three sweeps take its variance \
         to 6·10⁻¹⁴¹, the fourth out of the floating-point numbers. ℓ rises all the way.",
        "Four panels with two filled curves over five dots. The left curve gets narrower and higher until it is a vertical \
         line.",
    ))
}

/// Source: C-E09, B-05 (TP-01).
pub(super) fn prior() -> Result<Figure> {
    let (x, start) = doomed()?;
    let start = MapMixture::new(start, Prior::new(1.0, 4.0, dmatrix![0.2])?)?;
    let stopping = Stopping { tolerance: Tolerance::Parameters(1e-9), max_sweeps: 100 };
    let fit = em::fit(start, &x, &stopping)?;
    let mut page = Page::new(4).panel_height(150.0);
    for (panel, sweep) in [0, 1, 2, fit.sweeps()].into_iter().enumerate() {
        let model = &fit.iterates[sweep].model;
        let title = match panel {
            0 => "the start".to_owned(),
            3 => format!("sweep {sweep}, at rest"),
            _ => format!("sweep {sweep}"),
        };
        let note = number(model.log_posterior(&x)?, 2);
        page = page.panel(sweep_panel(&title, &note, &model.mixture, &x, panel == 0)?);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "The same start with a prior, an inverse Wishart distribution (ν = 4, ψ = 0.2) on each variance, and the log \
         posterior but for its constant. The component on the datum 0 stops where the prior says: at ψ/(ν + 3).",
        "Four panels like those before. The left curve gets narrower and then stays as it is.",
    ))
}

/// Source: C-E09, B-05 (a floor, and a ridge that is none).
pub(super) fn floor_and_ridge() -> Result<Figure> {
    let x = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0];
    let (start, width, sweeps) = (pair([1.0, 5.5], [0.5, 0.5])?, 0.5, 26);
    let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: sweeps };
    let floored: Fit<FlooredMixture> = em::fit(FlooredMixture::new(start.clone(), width)?, &x, &stopping)?;
    let mut ridged = vec![start];
    for sweep in 0..sweeps {
        ridged.push(floor::ridge_sweep(&ridged[sweep], &x, width)?);
    }
    let heights: Vec<f64> = ridged.iter().map(|model| model.log_likelihood(&x)).collect::<Result<_>>()?;
    let [blue, orange] = [0, 1].map(plot::component);
    let mut climb = Panel::new([0.0, 26.0], [-10.6, -8.8]);
    climb.title("*ℓ*, nats").x_label("sweep").y_ticks(&[-10.5, -10.0, -9.5, -9.0]);
    for (values, colour) in [(floored.log_likelihoods(), blue), (heights.clone(), orange)] {
        let path: Vec<Point> = values.iter().enumerate().map(|(t, &l)| [t as f64, l]).collect();
        climb.line(&path, colour, 1.5).dots(&path[1..], &[colour], 2.4, 1.0);
    }
    climb.text(
        [8.0, floored.log_likelihoods()[8]],
        [0.0, -12.0],
        "floor ½",
        Anchor::Start,
        plot::darken(blue, 0.2),
    );
    climb.text([26.0, heights[26]], [0.0, 22.0], "ridge ½", Anchor::End, plot::darken(orange, 0.2));
    climb.text([3.6, heights[4]], [0.0, 20.0], "falls", Anchor::Middle, plot::darken(orange, 0.2));

    let mut rest = Panel::new([-2.2, 9.0], [0.0, 0.26]);
    rest.title("densities at the end").x_label("*x*").y_ticks(&[0.0, 0.1, 0.2]);
    let nodes = DMatrix::from_fn(561, 1, |i, _| -2.2 + 0.02 * i as f64);
    for (model, colour) in [(&floored.model().mixture, blue), (&ridged[sweeps], orange)] {
        let values: DVector<f64> = model.density(&nodes)?;
        let points: Vec<Point> = nodes.iter().zip(&values).map(|(&x, &p)| [x, p]).collect();
        rest.line(&points, colour, 1.8);
    }
    let places: Vec<Point> = x.iter().map(|&x| [x, 0.0]).collect();
    rest.dots(&places, &[plot::INK], 3.2, 1.0);
    let figure = Figure::still(&Page::new(2).panel_height(230.0).panel(climb).panel(rest))?;
    Ok(figure.described(
        "A floor under the variances and a ridge added to them, from the same start. With the floor ℓ rises in every sweep; \
         with the ridge it falls in sweeps 3 and 4 before it goes on rising. At the end the ridge has widened both components by a half, the \
         floor only the one that needed it.",
        "Left, two rising curves, one of which dips early on. Right, two curves with two humps each; one of them is \
         higher and narrower on the right.",
    ))
}

/// Source: T-E18, H-E21.
pub(super) fn twins() -> Result<Figure> {
    let x = dmatrix![-2.6; -2.2; -1.9; -1.4; -1.1; 1.2; 2.2];
    let range = [-3.6, 3.6];
    let at = |[a, b]: Point| -> Result<GaussianMixture> {
        Ok(GaussianMixture { weights: dvector![0.65, 0.35], ..pair([a, b], [1.0, 1.0])? })
    };
    let grid = Grid::new(range, range, 85);
    let values = grid
        .nodes()
        .row_iter()
        .map(|node| at([node[0], node[1]])?.log_likelihood(&x))
        .collect::<Result<Vec<f64>>>()?;
    // Equal weights held, so that the map shows all that moves: see `at`.
    let best = grid
        .nodes()
        .row_iter()
        .zip(&values)
        .map(|(node, &l)| (l, [node[0], node[1]]))
        .fold((f64::NEG_INFINITY, [0.0, 0.0]), |best, here| if here.0 > best.0 { here } else { best });
    let levels: Vec<f64> =
        [60.0, 42.0, 29.0, 20.0, 14.0, 9.5, 6.0, 3.5, 1.5, 0.4].iter().map(|drop| best.0 - drop).collect();
    let top = at(best.1)?;
    let twin = relabelled(&top, &[1, 0])?;
    let _ = (&twin, levels, top);
    unimplemented!()
}
