//! The figures of the chapter on the Gaussian mixture: here fits to data, in `density` a mixture as such.

mod density;
mod fitted;
mod state;

pub(super) use density::{density, families, families_of};
pub(super) use fitted::{criteria, fitted};
pub(super) use state::state;

use super::share_axes;
use crate::plot::{self, Anchor, Figure, Page, Panel, Point, number};
use executable_em::em::{self, Stopping, Tolerance, Trace};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::{Result, data};
use nalgebra::{DMatrix, dvector};

/// EM on the geyser in minutes, from a start like that of Bishop's Figure 9.8: both means off the data's diagonal, one
/// on each side, both covariances round in standard units.
fn geyser_run() -> Result<(DMatrix<f64>, Trace<GaussianMixture>)> {
    let x = data::old_faithful();
    let (centre, variance) = (x.row_mean(), x.row_variance());
    let means = DMatrix::from_fn(2, 2, |j, a| {
        let side = if (j == 0) == (a == 0) { -1.0 } else { 1.0 };
        centre[a] + side * [1.5, 1.0][a] * variance[a].sqrt()
    });
    let covariance = DMatrix::from_diagonal(&(variance.transpose()));
    let start = GaussianMixture::new(dvector![0.5, 0.5], means, vec![covariance; 2], CovarianceFamily::Full)?;
    let run = em::trace(start, &x, &Stopping::default())?;
    Ok((x, run))
}

fn geyser_panel() -> Panel {
    let mut panel = Panel::new([1.1, 5.6], [36.0, 104.0]);
    panel.x_ticks(&[2.0, 3.0, 4.0, 5.0]).y_ticks(&[40.0, 60.0, 80.0, 100.0]);
    panel
}

fn draw_state(panel: &mut Panel, x: &DMatrix<f64>, model: &GaussianMixture) -> Result<()> {
    let colours = plot::by_responsibility(&model.responsibilities(x)?);
    panel.scatter(x, &colours).gaussians(model.means(), model.covariances());
    Ok(())
}

fn sweeps(count: usize) -> String {
    match count {
        0 => "start".to_owned(),
        1 => "after 1 sweep".to_owned(),
        _ => format!("after {count} sweeps"),
    }
}

/// Source: H-38, L-12, C-05, C-41, T-13; Bishop (2006), Figure 9.8.
pub(crate) fn steps() -> Result<Figure> {
    let (x, run) = geyser_run()?;
    let mut axes = geyser_panel();
    axes.x_label("eruption, min").y_label("waiting, min");
    Ok(steps_of(&x, &run, &axes, [-1300.0, -1120.0])?.described(
        "EM for a mixture of two Gaussians on the Old Faithful data, from means off the diagonal of the data, one on \
         each side, and covariances of the variances of all. Each datum has the components' colours mixed in the \
         proportions of its responsibilities; ellipses lie at one, two and three standard deviations. Last: ℓ over \
         the sweeps, those shown marked.",
        "Five scatter plots of two elongated clouds with two sets of ellipses, which begin across the clouds and end \
         around one each, and a curve of the log-likelihood that rises to −1130.3.",
    ))
}

/// Some states of a run of EM in the plane, on such axes, and ℓ over its sweeps, between such heights.
pub(crate) fn steps_of(
    x: &DMatrix<f64>,
    run: &Trace<GaussianMixture>,
    axes: &Panel,
    heights: [f64; 2],
) -> Result<Figure> {
    let shown: Vec<usize> = [0, 1, 2, 5, 20].into_iter().filter(|&count| count <= run.fit.sweeps).collect();
    let mut page = Page::new(3).panel_height(190.0);
    for (index, &count) in shown.iter().enumerate() {
        let iterate = &run.iterates[count];
        let mut panel = axes.clone();
        share_axes(&mut panel, index, shown.len() + 1, 3);
        panel.title(&sweeps(count)).note(&format!("*ℓ* = {}", number(iterate.log_likelihood, 1)));
        draw_state(&mut panel, x, &iterate.model)?;
        page = page.panel(panel);
    }
    let mut trace = trace(run, run.fit.sweeps, heights);
    let dots: Vec<Point> = shown.iter().map(|&i| [i as f64, run.iterates[i].log_likelihood]).collect();
    trace.dots(&dots, &[plot::component(1)], 4.0, 1.0).title("*ℓ* over the sweeps");
    Figure::still(&page.panel(trace))
}

/// ℓ after each sweep, with dots up to one of them. The start lies so low that the panel begins with the first.
fn trace(run: &Trace<GaussianMixture>, until: usize, heights: [f64; 2]) -> Panel {
    let path: Vec<Point> = climb(run).skip(1).collect();
    let mut panel = Panel::new([-0.5, run.fit.sweeps as f64 + 0.5], heights);
    panel.x_label("sweep").line(&path, plot::FAINT, 1.2);
    panel.dots(&path[..until], &[plot::INK], 2.4, 1.0);
    panel
}

/// Sweeps and the ℓ after them.
fn climb(run: &Trace<GaussianMixture>) -> impl Iterator<Item = Point> {
    run.iterates.iter().enumerate().map(|(sweep, iterate)| [sweep as f64, iterate.log_likelihood])
}

/// Source: H-27, H-52, B-13.
pub(crate) fn log_likelihood() -> Result<Figure> {
    let (x, shown) = geyser_run()?;
    let mut rng = data::rng(3);
    let starts =
        (0..12).map(|_| random_start(&x, 2, CovarianceFamily::Full, &mut rng)).collect::<Result<Vec<_>>>()?;
    let others = starts
        .into_iter()
        .map(|start| em::trace(start, &x, &Stopping::default()))
        .collect::<Result<Vec<_>>>()?;
    let until = 60.0;
    let limit = shown.fit.log_likelihood;

    let mut rise = Panel::new([0.0, until], [-1300.0, -1120.0]);
    rise.title("*ℓ*, nats").note(&format!("limit *ℓ*_∞ = {}", number(limit, 3))).x_label("sweep");
    let mut gap = Panel::new([0.0, until], [-9.5, 3.8]);
    gap.title("log_{10} (*ℓ*_∞ − *ℓ*)").x_label("sweep").y_ticks(&[-9.0, -6.0, -3.0, 0.0, 3.0]);
    let pale = plot::lighten(plot::GREY, 0.45);
    for (run, colour, width) in
        others.iter().map(|fit| (fit, pale, 0.9)).chain([(&shown, plot::component(0), 1.8)])
    {
        // Starts lie so low that the panel begins with the first sweep.
        rise.line(&climb(run).skip(1).collect::<Vec<_>>(), colour, width);
        let missing = climb(run).map(|[sweep, value]| [sweep, limit - value]);
        // Beyond the run's tolerance the difference is that of two limits.
        let missing: Vec<Point> =
            missing.filter(|point| point[1] > 1e-9).map(|[sweep, gap]| [sweep, gap.log10()]).collect();
        gap.line(&missing, colour, width);
        if run == &shown
            && let Some(&end) = missing.last()
        {
            gap.text(end, [7.0, 2.0], "the run shown above", Anchor::Start, colour);
        }
    }
    let figure = Figure::still(&Page::new(2).panel_height(250.0).panel(rise).panel(gap))?;
    Ok(figure.described(
        "Left: ℓ over the sweeps of EM on the Old Faithful data, from the start of the figure above and from twelve \
         random ones (grey; seed 3). A sweep never lowers it. Right: the distance to the limit, in powers of ten; in \
         the end every sweep removes the same share of it.",
        "Left, curves that rise, each after a plateau of its own length, to −1130.264. Right, the same runs as \
         distances to that limit on a logarithmic scale, which become parallel straight lines.",
    ))
}

/// Source: T-12, T-13, T-14, T-15.
pub(crate) fn blobs() -> Result<Figure> {
    let (x, _) = data::blobs();
    let mut rng = data::rng(42);
    let starts =
        (0..10).map(|_| random_start(&x, 4, CovarianceFamily::Full, &mut rng)).collect::<Result<Vec<_>>>()?;
    let tolerance = Tolerance::LogLikelihood(1e-9 / x.nrows() as f64);
    let fit = em::best(em::restarts(starts, &x, &Stopping { tolerance, ..Stopping::default() }))?;
    let model = fit.model;
    let labels: Vec<usize> =
        model.responsibilities(&x)?.row_iter().map(|row| row.transpose().imax()).collect();
    let mut panel = Panel::new([-1.7, 10.1], [-3.8, 4.1]);
    panel.equal_aspect().x_ticks(&[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]).y_ticks(&[-2.0, 0.0, 2.0, 4.0]);
    let log_likelihood = format!("*ℓ* = {}", number(fit.log_likelihood, 2));
    panel.text([10.0, -3.6], [0.0, 0.0], &log_likelihood, Anchor::End, plot::INK);
    let centres = plot::points(model.means())?;
    for (j, &centre) in centres.iter().enumerate() {
        let opacity = 0.2 * model.weights()[j] / model.weights().max();
        for sigmas in [3.0, 2.0, 1.0] {
            panel.disc(centre, &model.covariances()[j], sigmas, plot::component(j), opacity);
        }
    }
    panel.scatter(&x, &plot::by_label(&labels)).means(model.means());
    let figure = Figure::still(&Page::new(1).width(600.0).panel_height(320.0).panel(panel))?;
    Ok(figure.described(
        "The four blobs with the mixture that maximises the likelihood. Each datum has the colour of its most \
         probable component; discs reach to one, two and three standard deviations, the fainter the smaller the \
         component's weight. Seed 42.",
        "Four round clouds of dots in four colours, each on three concentric pale discs.",
    ))
}

/// Source: H-38, C-41, T-11.
pub(crate) fn animation() -> Result<Figure> {
    let (x, run) = geyser_run()?;
    let until = run.fit.sweeps;
    let mut frames = Vec::new();
    for count in 0..=until {
        let iterate = &run.iterates[count];
        let mut cloud = geyser_panel();
        cloud.title(&sweeps(count)).x_label("eruption, min").y_label("waiting, min");
        draw_state(&mut cloud, &x, &iterate.model)?;
        let mut trace = trace(&run, count, [-1300.0, -1120.0]);
        trace.title("log-likelihood").note(&format!("*ℓ* = {}", number(iterate.log_likelihood, 1)));
        trace.dots(&[[count as f64, iterate.log_likelihood]], &[plot::component(1)], 4.5, 1.0);
        let seconds = match count {
            0 => 1.2,
            _ if count == until => 2.5,
            _ => 0.22,
        };
        frames.push((Page::new(2).width(660.0).panel_height(270.0).panel(cloud).panel(trace), seconds));
    }
    let figure = Figure::animation(&frames)?;
    Ok(figure.described(
        "EM for a mixture of two Gaussians on the Old Faithful data, sweep by sweep from means off its diagonal: \
         colours are responsibilities, ellipses lie at one, two and three standard deviations.",
        "Two sets of ellipses that begin across two elongated clouds of dots turn, shrink and settle on one each, \
         while the log-likelihood beside them rises.",
    ))
}
