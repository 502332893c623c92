//! A mixture of three Gaussians: its density, and what the families of covariances make of draws from it.

use crate::plot::{self, Anchor, Figure, Grid, Page, Panel, Point, number};
use crate::{drawn, share_axes};
use executable_em::em;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::pathologies::switching::relabelled;
use executable_em::{Result, data};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// Three components like those of Bishop's Figure 2.23.
fn three_components() -> Result<GaussianMixture> {
    GaussianMixture::new(
        dvector![0.5, 0.3, 0.2],
        dmatrix![3.4, 3.6; 5.0, 5.8; 7.2, 6.6],
        vec![dmatrix![1.6, -0.9; -0.9, 1.2], dmatrix![1.3, 0.8; 0.8, 0.9], dmatrix![1.2, -1.1; -1.1, 1.6]],
        CovarianceFamily::Full,
    )
}

/// Source: H-21, H-22, T-08; Bishop (2006), Figure 2.23.
pub(crate) fn density() -> Result<Figure> {
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
        let text = format!("*π*_{} = {}", j + 1, number(model.weights()[j], 1));
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
        "Three overlapping tilted ellipses; the contour map of their weighted sum, which has one high and two lower \
         summits; and the same sum as a mountain range drawn in lines.",
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

/// Source: L-24, L-28, T-09, T-13.
pub(crate) fn families() -> Result<Figure> {
    let (x, _) = three_components()?.sample(400, &mut data::rng(24))?;
    let mut axes = Panel::new([-0.5, 11.0], [0.0, 11.4]);
    axes.equal_aspect().x_ticks(&[0.0, 5.0, 10.0]).y_ticks(&[0.0, 5.0, 10.0]);
    Ok(families_of(&x, 3, 7, &axes)?.described(
        "The same data, 400 draws (seed 24) from the mixture of the first figure, fitted with each family of \
         covariances from ten starts (seed 7): one of its own for every component, one for all, axes parallel to the \
         coordinates, and round. Fewer parameters, lower ℓ.",
        "Four scatter plots of the same data with three sets of ellipses: tilted differently, all alike, upright, \
         and circles.",
    ))
}

/// The best of ten fits to data in the plane by k components of each family, from starts of such a seed, on such axes.
pub(crate) fn families_of(x: &DMatrix<f64>, k: usize, seed: u64, axes: &Panel) -> Result<Figure> {
    let mut page = Page::new(2).panel_height(230.0);
    for (index, family) in CovarianceFamily::ALL.into_iter().enumerate() {
        let mut rng = data::rng(seed);
        let starts = (0..10).map(|_| random_start(x, k, family, &mut rng)).collect::<Result<Vec<_>>>()?;
        let fit = em::best(em::restarts(starts, x, &drawn(x.nrows())))?;
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|&a, &b| fit.model.means()[(a, 0)].total_cmp(&fit.model.means()[(b, 0)]));
        let model = relabelled(&fit.model, &order)?;
        let mut panel = axes.clone();
        share_axes(&mut panel, index, 4, 2);
        panel.title(family.name());
        panel.note(&format!(
            "*ℓ* = {}, {} parameters",
            number(fit.log_likelihood, 1),
            model.parameter_count()
        ));
        panel.scatter(x, &plot::by_responsibility(&model.responsibilities(x)?));
        panel.gaussians(model.means(), model.covariances());
        page = page.panel(panel);
    }
    Figure::still(&page)
}
