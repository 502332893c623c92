//! The figures of the chapter on the Gaussian mixture.

use super::{DRAWN, reordered, share_axes};
use crate::em::{self, Fit, Stopping};
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use crate::plot::{self, Anchor, Figure, Grid, Page, Panel, Point, number};
use crate::{Result, data};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// EM on the geyser in minutes, from a start as unlucky as that of Bishop's Figure 9.8: both means off the
/// data's diagonal, both covariances round in standard units.
fn geyser_fit() -> Result<(DMatrix<f64>, Fit<GaussianMixture>)> {
    let x = data::old_faithful();
    let (centre, variance) = (x.row_mean(), x.row_variance());
    let means = DMatrix::from_fn(2, 2, |j, a| {
        let side = if (j == 0) == (a == 0) { -1.0 } else { 1.0 };
        centre[a] + side * [1.5, 1.0][a] * variance[a].sqrt()
    });
    let covariance = DMatrix::from_diagonal(&(variance.transpose()));
    let start = GaussianMixture::new(dvector![0.5, 0.5], means, vec![covariance; 2], CovarianceFamily::Full)?;
    let fit = em::fit(start, &x, &Stopping::default())?;
    Ok((x, fit))
}

fn geyser_panel() -> Panel {
    let mut panel = Panel::new([1.1, 5.6], [36.0, 104.0]);
    panel.x_ticks(&[2.0, 3.0, 4.0, 5.0]).y_ticks(&[40.0, 60.0, 80.0, 100.0]);
    panel
}

fn geyser_state(panel: &mut Panel, x: &DMatrix<f64>, model: &GaussianMixture) -> Result<()> {
    let colours = plot::by_responsibility(&model.responsibilities(x)?);
    panel.scatter(x, &colours).gaussians(&model.means, &model.covariances);
    Ok(())
}

fn sweeps(count: usize) -> String {
    match count {
        0 => "start".to_owned(),
        1 => "after 1 sweep".to_owned(),
        _ => format!("after {count} sweeps"),
    }
}

pub(super) fn steps() -> Result<Figure> {
    let (x, fit) = geyser_fit()?;
    let shown = [0, 1, 2, 5, 20];
    let mut page = Page::new(3).panel_height(190.0);
    for (index, &count) in shown.iter().enumerate() {
        let iterate = &fit.iterates[count];
        let mut panel = geyser_panel();
        share_axes(&mut panel, index, 6, 3);
        if index == 0 {
            panel.y_label("waiting, min");
        }
        if index > 2 {
            panel.x_label("eruption, min");
        }
        panel.title(&sweeps(count)).note(&format!("*ℓ* = {}", number(iterate.log_likelihood, 1)));
        geyser_state(&mut panel, &x, &iterate.model)?;
        page = page.panel(panel);
    }
    let mut trace = trace(&fit, fit.sweeps());
    let dots: Vec<Point> = shown.iter().map(|&i| [i as f64, fit.iterates[i].log_likelihood]).collect();
    trace.dots(&dots, &[plot::component(1)], 4.0, 1.0).title("*ℓ* over the sweeps");
    let figure = Figure::still(&page.panel(trace))?;
    Ok(figure.described(
        "EM for a mixture of two Gaussians on the Old Faithful data, from an unlucky start. Each datum has the \
         components' colours mixed in the proportions of its responsibilities; ellipses lie at one, two and three \
         standard deviations. Last: ℓ over the sweeps, those shown marked.",
        "Five scatter plots of two elongated clouds with two sets of ellipses, which begin across the clouds and \
         end around one each, and a curve of the log-likelihood that rises to −1130.3.",
    ))
}

/// ℓ after each sweep, with dots up to one of them. The start lies so low that the panel begins with the first.
fn trace(fit: &Fit<GaussianMixture>, until: usize) -> Panel {
    let path: Vec<Point> = climb(fit).skip(1).collect();
    let mut panel = Panel::new([-0.5, fit.sweeps() as f64 + 0.5], [-1300.0, -1120.0]);
    panel.x_label("sweep").line(&path, plot::FAINT, 1.2);
    panel.dots(&path[..until], &[plot::INK], 2.4, 1.0);
    panel
}

/// Sweeps and the ℓ after them.
fn climb(fit: &Fit<GaussianMixture>) -> impl Iterator<Item = Point> {
    fit.iterates.iter().enumerate().map(|(sweep, iterate)| [sweep as f64, iterate.log_likelihood])
}

pub(super) fn log_likelihood() -> Result<Figure> {
    let (x, unlucky) = geyser_fit()?;
    let mut rng = data::rng(3);
    let starts =
        (0..12).map(|_| random_start(&x, 2, CovarianceFamily::Full, &mut rng)).collect::<Result<Vec<_>>>()?;
    let others = em::restarts(starts, &x, &Stopping::default()).into_iter().collect::<Result<Vec<_>>>()?;
    let until = 60.0;
    let limit = unlucky.log_likelihood();

    let mut rise = Panel::new([0.0, until], [-1300.0, -1120.0]);
    rise.title("*ℓ*, nats").note(&format!("limit *ℓ*_∞ = {}", number(limit, 3))).x_label("sweep");
    let mut gap = Panel::new([0.0, until], [-9.5, 3.8]);
    gap.title("log_{10} (*ℓ*_∞ − *ℓ*)").x_label("sweep").y_ticks(&[-9.0, -6.0, -3.0, 0.0, 3.0]);
    let pale = plot::lighten(plot::GREY, 0.45);
    for (fit, colour, width) in
        others.iter().map(|fit| (fit, pale, 0.9)).chain([(&unlucky, plot::component(0), 1.8)])
    {
        // Starts lie so low that the panel begins with the first sweep.
        rise.line(&climb(fit).skip(1).collect::<Vec<_>>(), colour, width);
        let missing = climb(fit).map(|[sweep, value]| [sweep, limit - value]);
        // Beyond the run's tolerance the difference is that of two limits.
        let missing: Vec<Point> =
            missing.filter(|point| point[1] > 1e-9).map(|[sweep, gap]| [sweep, gap.log10()]).collect();
        gap.line(&missing, colour, width);
        if fit == &unlucky
            && let Some(&end) = missing.last()
        {
            gap.text(end, [7.0, 2.0], "unlucky start", Anchor::Start, colour);
        }
    }
    let figure = Figure::still(&Page::new(2).panel_height(250.0).panel(rise).panel(gap))?;
    Ok(figure.described(
        "Left: ℓ over the sweeps of EM on the Old Faithful data, from the unlucky start of the figure above and \
         from twelve random ones (grey). A sweep never lowers it. Right: the distance to the limit, in powers of \
         ten; in the end every sweep removes the same share of it.",
        "Left, curves that rise, each after a plateau of its own length, to −1130.264. Right, the same runs as \
         distances to that limit on a logarithmic scale, which become parallel straight lines.",
    ))
}

/// Three components like those of Bishop's Figure 2.23.
fn three_components() -> Result<GaussianMixture> {
    GaussianMixture::new(
        dvector![0.5, 0.3, 0.2],
        dmatrix![3.4, 3.6; 5.0, 5.8; 7.2, 6.6],
        vec![dmatrix![1.6, -0.9; -0.9, 1.2], dmatrix![1.3, 0.8; 0.8, 0.9], dmatrix![1.2, -1.1; -1.1, 1.6]],
        CovarianceFamily::Full,
    )
}

pub(super) fn density() -> Result<Figure> {
    let model = three_components()?;
    let range = [-0.5, 11.0];
    let grid = Grid::new(range, range, 90);
    let nodes = grid.nodes();
    let frame = || {
        let mut panel = Panel::new(range, range);
        panel.equal_aspect().x_ticks(&[0.0, 5.0, 10.0]).y_ticks(&[0.0, 5.0, 10.0]).x_label("*x*_1");
        panel
    };

    let mut components = frame();
    components.title("the components").y_label("*x*_2");
    let log_densities = model.component_log_densities(&nodes)?;
    for j in 0..3 {
        let values: Vec<f64> = log_densities.column(j).iter().copied().collect();
        let peak = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Level sets at 1, 2 and 3 standard deviations lie ½, 2 and 4.5 nats below the peak.
        let levels = [4.5, 2.0, 0.5].map(|drop| peak - drop);
        components.contours(&grid, &values, &levels, plot::component(j), 1.1);
    }
    for (j, place) in [[1.2, 0.7], [2.3, 8.0], [8.0, 10.2]].into_iter().enumerate() {
        let text = format!("*π*_{} = {}", j + 1, number(model.weights[j], 1));
        components.text(place, [0.0, 0.0], &text, Anchor::Middle, plot::component(j));
    }

    let mut sum = frame();
    sum.title("their mixture *p*(*x*)").without_y_axis();
    let values = model.density(&nodes)?;
    let levels: Vec<f64> = (1..=9).map(|step| values.max() * (f64::from(step) / 10.0).powf(1.5)).collect();
    sum.bands(&grid, values.as_slice(), &levels, plot::component(0));
    sum.contours(&grid, values.as_slice(), &levels, plot::WHITE, 0.5);

    let mut surface = ridges(&model, range)?;
    surface.title("as a surface");
    let figure =
        Figure::still(&Page::new(3).panel_height(195.0).panel(components).panel(sum).panel(surface))?;
    Ok(figure.described(
        "A mixture of three Gaussians. Left: each component at one, two and three standard deviations, with its \
         weight. Middle: level sets of the density. Right: the density as a surface, seen from the front; where a \
         component is responsible for it, the surface has that component's colour.",
        "Three overlapping tilted ellipses; the contour map of their weighted sum, which has one high and two \
         lower summits; and the same sum as a mountain range drawn in lines.",
    ))
}

/// The density as mountains: sections at equal steps of x₂, each in front of those behind it.
fn ridges(model: &GaussianMixture, [low, high]: [f64; 2]) -> Result<Panel> {
    let (sections, steps) = (36, 80);
    let at = |i: usize, count: usize| low + (high - low) * i as f64 / (count - 1) as f64;
    let peak = model.density(&Grid::new([low, high], [low, high], 60).nodes())?.max();
    let mut panel = Panel::new([0.0, 1.3], [0.0, 1.05]);
    panel.without_x_axis().without_y_axis();
    for section in (0..sections).rev() {
        let x = DMatrix::from_fn(steps, 2, |i, a| if a == 0 { at(i, steps) } else { at(section, sections) });
        let heights: DVector<f64> = model.density(&x)? / peak;
        let r = model.responsibilities(&x)?;
        let depth = section as f64 / (sections - 1) as f64;
        let foot = |i: usize| [0.3 * depth + i as f64 / (steps - 1) as f64, 0.5 * depth];
        let ridge: Vec<Point> = (0..steps).map(|i| [foot(i)[0], foot(i)[1] + 0.62 * heights[i]]).collect();
        let below: Vec<Point> =
            [foot(0)].into_iter().chain(ridge.iter().copied()).chain([foot(steps - 1)]).collect();
        panel.area(&below, plot::WHITE, 1.0);
        let colours: Vec<plot::Colour> =
            (0..steps).map(|i| ridge_colour(r.row(i).iter(), heights[i])).collect();
        // One line for as long as the colour stays the same.
        let mut start = 0;
        for run in colours[1..].chunk_by(|a, b| a == b) {
            panel.line(&ridge[start..=start + run.len()], run[0], 0.9);
            start += run.len();
        }
    }
    Ok(panel)
}

/// The components' colours in the proportions of their responsibilities, on flat ground a neutral grey. Both
/// in steps of a tenth, so that neighbours often share one.
fn ridge_colour<'a>(r: impl Iterator<Item = &'a f64>, height: f64) -> plot::Colour {
    let tenths = |share: f64| (10.0 * share).round() / 10.0;
    let steepness = tenths((height / 0.1).min(1.0));
    let parts = r.enumerate().map(|(j, &share)| (steepness * tenths(share), plot::component(j)));
    plot::mix(&parts.chain([(1.0 - steepness, plot::lighten(plot::FAINT, 0.3))]).collect::<Vec<_>>())
}

pub(super) fn blobs() -> Result<Figure> {
    let (x, _) = data::blobs();
    let mut rng = data::rng(42);
    let starts =
        (0..10).map(|_| random_start(&x, 4, CovarianceFamily::Full, &mut rng)).collect::<Result<Vec<_>>>()?;
    let fit = em::best(em::restarts(starts, &x, &Stopping::default()))?;
    let model = fit.model();
    let labels: Vec<usize> =
        model.responsibilities(&x)?.row_iter().map(|row| row.transpose().imax()).collect();
    let mut panel = Panel::new([-1.7, 10.1], [-3.8, 4.1]);
    panel.equal_aspect().x_label("*x*_1").y_label("*x*_2").y_ticks(&[-2.0, 0.0, 2.0, 4.0]);
    panel.note(&format!("*ℓ* = {}", number(fit.log_likelihood(), 2)));
    let centres = plot::points(&model.means)?;
    for (j, &centre) in centres.iter().enumerate() {
        let opacity = 0.2 * model.weights[j] / model.weights.max();
        for sigmas in [3.0, 2.0, 1.0] {
            panel.disc(centre, &model.covariances[j], sigmas, plot::component(j), opacity);
        }
    }
    panel.scatter(&x, &plot::by_label(&labels)).means(&model.means);
    let figure = Figure::still(&Page::new(1).width(600.0).panel_height(320.0).panel(panel))?;
    Ok(figure.described(
        "The four blobs with the mixture that maximises the likelihood. Each datum has the colour of its most \
         probable component; discs reach to one, two and three standard deviations, the fainter the smaller the \
         component's weight.",
        "Four round clouds of dots in four colours, each on three concentric pale discs.",
    ))
}

pub(super) fn families() -> Result<Figure> {
    let (x, _) = three_components()?.sample(400, &mut data::rng(24))?;
    let mut page = Page::new(2).panel_height(230.0);
    for (index, family) in CovarianceFamily::ALL.into_iter().enumerate() {
        let mut rng = data::rng(7);
        let starts = (0..10).map(|_| random_start(&x, 3, family, &mut rng)).collect::<Result<Vec<_>>>()?;
        let fit = em::best(em::restarts(starts, &x, &DRAWN))?;
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| fit.model().means[(a, 0)].total_cmp(&fit.model().means[(b, 0)]));
        let model = reordered(fit.model(), &order);
        let mut panel = Panel::new([-0.5, 11.0], [0.0, 11.4]);
        share_axes(&mut panel, index, 4, 2);
        panel.equal_aspect().x_ticks(&[0.0, 5.0, 10.0]).y_ticks(&[0.0, 5.0, 10.0]).title(family.name());
        panel.note(&format!(
            "*ℓ* = {}, {} parameters",
            number(fit.log_likelihood(), 1),
            model.parameter_count()
        ));
        panel.scatter(&x, &plot::by_responsibility(&model.responsibilities(&x)?));
        panel.gaussians(&model.means, &model.covariances);
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "The same data, 400 draws from the mixture of the first figure, fitted with each family of covariances: \
         one of its own for every component, one for all, axes parallel to the coordinates, and round. Fewer \
         parameters, lower ℓ.",
        "Four scatter plots of the same data with three sets of ellipses: tilted differently, all alike, upright, \
         and circles.",
    ))
}

pub(super) fn animation() -> Result<Figure> {
    let (x, fit) = geyser_fit()?;
    let until = fit.sweeps();
    let mut frames = Vec::new();
    for count in 0..=until {
        let iterate = &fit.iterates[count];
        let mut cloud = geyser_panel();
        cloud.title(&sweeps(count)).x_label("eruption, min").y_label("waiting, min");
        geyser_state(&mut cloud, &x, &iterate.model)?;
        let mut trace = trace(&fit, count);
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
        "EM for a mixture of two Gaussians on the Old Faithful data, sweep by sweep from an unlucky start: colours \
         are responsibilities, ellipses lie at one, two and three standard deviations.",
        "Two sets of ellipses that begin across two elongated clouds of dots turn, shrink and settle on one each, \
         while the log-likelihood beside them rises.",
    ))
}
