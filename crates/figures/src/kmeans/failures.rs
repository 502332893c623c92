//! What k-means does not know: how many clusters, which shape, where to start.

use super::MAX_SWEEPS;
use crate::drawn;
use crate::plot::{self, Anchor, Figure, Page, Panel, Point, number};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start};
use executable_em::kmeans::{self, Lloyd};
use executable_em::pathologies::switching::relabelled;
use executable_em::{Error, Result};
use executable_em::{data, em};
use nalgebra::DMatrix;

/// Source: H-08.
pub(crate) fn number_of_clusters() -> Result<Figure> {
    let (x, _) = data::blobs();
    let mut rng = data::rng(8);
    let mut best = Vec::new();
    let mut all = Vec::new();
    for k in 1..=8 {
        let starts = (0..40).map(|_| kmeans::random_start(&x, k, &mut rng)).collect::<Result<Vec<_>>>()?;
        let runs = kmeans::restarts(&x, starts, MAX_SWEEPS)?;
        all.extend(runs.iter().map(|run| [k as f64, run.objective()]));
        best.push(lowest(runs)?);
    }
    let path: Vec<Point> =
        best.iter().enumerate().map(|(i, run)| [(i + 1) as f64, run.objective()]).collect();

    let mut fall = Panel::new([0.6, 8.4], [0.0, 1.05 * path[0][1]]);
    let ks: Vec<f64> = path.iter().map(|point| point[0]).collect();
    fall.title("least *J* found in 40 starts").x_label("number of clusters *k*").x_ticks(&ks);
    fall.line(&[[4.0, 0.0], [4.0, 0.4 * path[0][1]]], plot::FAINT, 0.8);
    fall.text([4.0, 0.4 * path[0][1]], [6.0, 8.0], "four clusters were drawn", Anchor::Start, plot::INK);
    fall.dots(&all, &[plot::lighten(plot::component(0), 0.6)], 2.2, 1.0);
    fall.line(&path, plot::component(0), 1.4).dots(&path, &[plot::component(0)], 3.6, 1.0);
    for &[k, least] in &path[3..] {
        fall.text([k, least], [0.0, -9.0], &number(least, 0), Anchor::Middle, plot::component(0));
    }

    let mut page = Page::new(2).panel_height(250.0).panel(fall);
    if let Some(run) = best.last() {
        let mut cut = Panel::around(&x);
        cut.title("*k* = 8").note(&format!("*J* = {}", number(run.objective(), 1))).equal_aspect();
        cut.without_x_axis().without_y_axis();
        cut.nearest_regions(run.means()).scatter(&x, &plot::by_label(run.labels())).means(run.means());
        page = page.panel(cut);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "Left: the least J that k-means reaches on the four blobs, for k from 1 to 8; pale dots are the other \
         starts. With every further mean the least J falls, to 0 where each datum has its own, so J alone cannot \
         choose k. Right: eight clusters, although four were drawn. Seed 8.",
        "Left, a curve that falls steeply until k is 4 and ever more slowly after. Right, four round clouds, each \
         cut into parts of different colours.",
    ))
}

fn lowest(runs: Vec<Lloyd>) -> Result<Lloyd> {
    let lowest = runs.into_iter().min_by(|a, b| a.objective().total_cmp(&b.objective()));
    lowest.ok_or(Error::Empty { what: "runs" })
}

/// Source: H-09; MacKay (2003), ch. 20.
pub(crate) fn pathologies() -> Result<Figure> {
    let stripes = data::stripes(&mut data::rng(4));
    let unequal = data::unequal_clusters(&mut data::rng(4));
    let on_stripes = Panel::new([-17.0, 17.0], [-2.4, 2.4]);
    let mut on_unequal = Panel::new([-7.0, 7.5], [-6.6, 6.6]);
    on_unequal.equal_aspect();
    let mut page = Page::new(2).panel_height(180.0);
    for (name, (x, truth), axes) in
        [("two stripes", stripes, on_stripes), ("unequal clusters", unequal, on_unequal)]
    {
        let mut rng = data::rng(1);
        let starts = (0..20).map(|_| kmeans::random_start(&x, 2, &mut rng)).collect::<Result<Vec<_>>>()?;
        let run = lowest(kmeans::restarts(&x, starts, MAX_SWEEPS)?)?;
        let order = best_order(run.labels(), &truth);
        let means = run.means().select_rows(&order);
        let labels = kmeans::assign(&x, &means)?;
        let mut panel = axes.clone();
        panel.title(&format!("k-means on {name}")).note(&share_right(&labels, &truth));
        panel.nearest_regions(&means).scatter(&x, &plot::by_label(&labels)).means(&means);
        page = page.panel(panel);

        let fit = best_mixture(&x)?;
        let model = relabelled(&fit, &best_order(&most_probable(&fit, &x)?, &truth))?;
        let mut panel = axes;
        panel.title("a Gaussian mixture").note(&share_right(&most_probable(&model, &x)?, &truth));
        panel.scatter(&x, &plot::by_responsibility(&model.responsibilities(&x)?));
        panel.gaussians(model.means(), model.covariances()).without_y_axis();
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "Shapes that a mean cannot describe (after MacKay, ch. 20). k-means cuts long stripes in half, since that \
         lowers J, and gives the rim of a wide cluster to its narrow neighbour. A Gaussian mixture has a covariance \
         and a weight for each cluster and gets both right. Seeds 4 and 1.",
        "Four scatter plots. On two long stripes k-means separates left from right, the mixture the upper from the \
         lower stripe. On a wide and a narrow cluster k-means draws the border through the wide one, the mixture \
         around the narrow one.",
    ))
}

/// The most likely of six mixtures with two components, three started at random and three at a clustering.
fn best_mixture(x: &DMatrix<f64>) -> Result<GaussianMixture> {
    let mut rng = data::rng(2);
    let mut starts = Vec::new();
    for _ in 0..3 {
        starts.push(random_start(x, 2, CovarianceFamily::Full, &mut rng)?);
        starts.push(kmeans_start(x, 2, CovarianceFamily::Full, &mut rng)?);
    }
    Ok(em::best(em::restarts(starts, x, &drawn(x.nrows())))?.model.clone())
}

fn most_probable(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Vec<usize>> {
    Ok(model.responsibilities(x)?.row_iter().map(|row| row.transpose().imax()).collect())
}

/// The share of data on whose label both sides agree.
fn agreement(labels: &[usize], truth: &[usize]) -> f64 {
    labels.iter().zip(truth).filter(|(a, b)| a == b).count() as f64 / truth.len() as f64
}

/// Which of two clusters is to be called 0 and which 1, to agree with the truth as well as can be.
fn best_order(labels: &[usize], truth: &[usize]) -> [usize; 2] {
    if agreement(labels, truth) < 0.5 { [1, 0] } else { [0, 1] }
}

fn share_right(labels: &[usize], truth: &[usize]) -> String {
    format!("{} % right", number(100.0 * agreement(labels, truth), 1))
}

/// Source: H-18.
pub(crate) fn starts() -> Result<Figure> {
    let (x, _) = data::blobs();
    let mut rng = data::rng(18);
    let starts = (0..50).map(|_| kmeans::random_start(&x, 4, &mut rng)).collect::<Result<Vec<_>>>()?;
    let mut runs = kmeans::restarts(&x, starts, MAX_SWEEPS)?;
    runs.sort_by(|a, b| a.objective().total_cmp(&b.objective()));
    let (best, worst) = (&runs[0], &runs[runs.len() - 1]);

    let dots: Vec<Point> =
        runs.iter().enumerate().map(|(i, run)| [(i + 1) as f64, run.objective()]).collect();
    let mut sorted = Panel::new([0.0, 51.0], plot::span(dots.iter().map(|dot| dot[1]), 0.08));
    sorted.title("final *J* of 50 starts").x_label("start, sorted by *J*").x_ticks(&[1.0, 25.0, 50.0]);
    sorted.dots(&dots, &[plot::INK], 2.6, 0.9);
    let (low, high): (Vec<Point>, Vec<Point>) = dots.iter().partition(|dot| dot[1] < 2.0 * dots[0][1]);
    for (group, offset) in [(&low, -9.0), (&high, 18.0)] {
        let middle = group[group.len() / 2];
        sorted.text(middle, [0.0, offset], &format!("{} starts", group.len()), Anchor::Middle, plot::INK);
    }
    let mut page = Page::new(3).panel_height(220.0).panel(sorted);
    for (title, run) in [("the best", best), ("the worst", worst)] {
        let mut panel = Panel::around(&x);
        panel.title(title).note(&format!("*J* = {}", number(run.objective(), 1))).without_y_axis();
        panel.without_x_axis().equal_aspect();
        panel.nearest_regions(run.means()).scatter(&x, &plot::by_label(run.labels())).means(run.means());
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "k-means with k = 4 on the four blobs, from 50 random starts: the J that each ends with, and the clusterings \
         of least and greatest J. All of them are at rest: no half step improves any. Seed 18.",
        "Left, fifty sorted dots on a few separate levels of J. Middle, four blobs in four colours. Right, two blobs \
         share one colour while another is cut in two.",
    ))
}
