//! The figures of the chapter on k-means.

use super::{DRAWN, reordered, share_axes};
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start};
use crate::kmeans::{self, Lloyd, Step};
use crate::plot::{self, Anchor, Figure, Marker, Page, Panel, Point, number};
use crate::{Error, Result, data, em};
use nalgebra::{DMatrix, dmatrix};

/// Far from any cap that a run here would meet.
const MAX_SWEEPS: usize = 100;

/// The geyser in standard units, clustered from a start as unlucky as can be: both means off the data's
/// diagonal.
fn geyser_run() -> Result<(DMatrix<f64>, Lloyd)> {
    let x = data::standardize(&data::old_faithful())?;
    let run = kmeans::lloyd(&x, &dmatrix![-1.0, 1.0; 1.0, -1.0], MAX_SWEEPS)?;
    Ok((x, run))
}

fn geyser_panel() -> Panel {
    let mut panel = Panel::new([-2.1, 2.1], [-2.1, 2.1]);
    panel.x_ticks(&[-2.0, 0.0, 2.0]).y_ticks(&[-2.0, 0.0, 2.0]);
    panel
}

/// The means after every update so far, from the start on.
fn path(run: &Lloyd, until: usize) -> Vec<&DMatrix<f64>> {
    let updates = run.half_steps[..until].iter().filter(|half_step| half_step.step == Step::Update);
    [&run.start].into_iter().chain(updates.map(|half_step| &half_step.means)).collect()
}

/// The ways of the means, then the means where they are.
fn draw_means(panel: &mut Panel, path: &[&DMatrix<f64>]) {
    let Some(means) = path.last() else { return };
    for j in 0..means.nrows() {
        let way: Vec<Point> = path.iter().map(|means| [means[(j, 0)], means[(j, 1)]]).collect();
        panel.line(&way, plot::WHITE, 3.0).line(&way, plot::darken(plot::component(j), 0.25), 1.2);
    }
    panel.means(means);
}

pub(super) fn steps() -> Result<Figure> {
    let (x, run) = geyser_run()?;
    let last = run.half_steps.len();
    let shown = [0, 1, 2, 3, 4, 5, 6, last];
    let mut page = Page::new(4).panel_height(150.0);
    for (index, &count) in shown.iter().enumerate() {
        let mut panel = geyser_panel();
        share_axes(&mut panel, index, shown.len(), 4);
        let state = count.checked_sub(1).map(|newest| &run.half_steps[newest]);
        let sweep = count.div_ceil(2);
        panel.title(&match state {
            None => "start".to_owned(),
            Some(_) if count == last => "at rest".to_owned(),
            Some(state) if state.step == Step::Assign => format!("assign {sweep}"),
            Some(_) => format!("update {sweep}"),
        });
        match state {
            None => panel.scatter(&x, &[plot::FAINT]),
            Some(state) => {
                panel.note(&format!("*J* = {}", number(state.objective, 1)));
                // The data belong to the means that they were assigned to, one update ago.
                if state.step == Step::Assign {
                    panel.nearest_regions(&state.means);
                }
                panel.scatter(&x, &plot::by_label(&state.labels))
            }
        };
        draw_means(&mut panel, &path(&run, count));
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "k-means on the Old Faithful data in standard units (duration of an eruption across, waiting time up). \
         Each datum goes to its nearest mean (assign), each mean to the average of its data (update); J never \
         rises. Shaded: what is nearest to each mean.",
        "Six scatter plots of the same two elongated clouds. Two means start at the wrong corners; step by step \
         the border between their regions turns until each region holds one cloud, and J falls.",
    ))
}

pub(super) fn objective() -> Result<Figure> {
    let (_, run) = geyser_run()?;
    let values = run.objectives();
    let path: Vec<Point> = values.iter().enumerate().map(|(i, &value)| [(i + 1) as f64, value]).collect();
    let colours: Vec<plot::Colour> =
        run.half_steps.iter().map(|half_step| step_colour(half_step.step)).collect();
    let top = values.iter().copied().fold(0.0, f64::max);
    let mut panel = Panel::new([0.6, path.len() as f64 + 0.2], [0.0, 1.05 * top]);
    panel.x_label("half step").y_label("*J*, squared standard units").room_right(86.0);
    panel.line(&path, plot::FAINT, 1.2).dots(&path, &colours, 4.0, 1.0);
    let (first, end) = (path[0], path[path.len() - 1]);
    panel.text(first, [12.0, 4.0], "after assigning the data", Anchor::Start, step_colour(Step::Assign));
    panel.text(path[3], [12.0, 0.0], "after updating the means", Anchor::Start, step_colour(Step::Update));
    panel.x_ticks(&odd_numbers(path.len()));
    panel.text(end, [10.0, 4.0], &format!("*J* = {}", number(end[1], 2)), Anchor::Start, plot::INK);
    let figure = Figure::still(&Page::new(1).width(560.0).panel_height(260.0).panel(panel))?;
    Ok(figure.described(
        "J after each half step of the run above. Neither half can raise it, and there are finitely many ways to \
         assign the data: so the algorithm stops.",
        "A falling line of dots that alternate in colour between the two kinds of half steps; it is steep at \
         first and flat at its end.",
    ))
}

fn step_colour(step: Step) -> plot::Colour {
    match step {
        Step::Assign => plot::component(0),
        Step::Update => plot::component(1),
    }
}

pub(super) fn number_of_clusters() -> Result<Figure> {
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
    fall.dots(&all, &[plot::lighten(plot::component(0), 0.6)], 2.2, 0.9);
    fall.line(&path, plot::component(0), 1.4).dots(&path, &[plot::component(0)], 3.6, 1.0);
    for &[k, least] in &path[3..] {
        fall.text([k, least], [0.0, -9.0], &number(least, 0), Anchor::Middle, plot::component(0));
    }
    fall.text(path[3], [14.0, -49.0], "four clusters were drawn", Anchor::Start, plot::INK);
    let above = |share: f64| path[3][1] + share * path[0][1];
    fall.arrow([4.2, above(0.175)], [4.05, above(0.1)], plot::INK);

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
         starts. It falls for ever, to 0 at k = n, so J alone cannot choose k. Right: eight clusters, although \
         four were drawn.",
        "Left, a curve that falls steeply until k is 4 and ever more slowly after. Right, four round clouds, each \
         cut into parts of different colours.",
    ))
}

fn lowest(runs: Vec<Lloyd>) -> Result<Lloyd> {
    let lowest = runs.into_iter().min_by(|a, b| a.objective().total_cmp(&b.objective()));
    lowest.ok_or(Error::Empty { what: "runs" })
}

pub(super) fn pathologies() -> Result<Figure> {
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
        let model = reordered(&fit, &best_order(&most_probable(&fit, &x)?, &truth));
        let mut panel = axes;
        panel.title("a Gaussian mixture").note(&share_right(&most_probable(&model, &x)?, &truth));
        panel.scatter(&x, &plot::by_responsibility(&model.responsibilities(&x)?));
        panel.gaussians(&model.means, &model.covariances).without_y_axis();
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "Shapes that a mean cannot describe (after MacKay, ch. 20). k-means cuts long stripes in half, since that \
         lowers J, and gives the rim of a wide cluster to its narrow neighbour. A Gaussian mixture has a \
         covariance and a weight for each cluster and gets both right.",
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
    Ok(em::best(em::restarts(starts, x, &DRAWN))?.model().clone())
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

pub(super) fn squares() -> Result<Figure> {
    let (x, _) = data::two_squares(&mut data::rng(5));
    let run = kmeans::lloyd(&x, &x.select_rows(&[0, 99]), MAX_SWEEPS)?;
    let mut panel = Panel::new([-2.2, 3.4], [-2.2, 3.5]);
    panel.equal_aspect();
    for (low, high) in [(-2.0, 0.0), (1.0, 3.0)] {
        let corners = [[low, low], [high, low], [high, high], [low, high], [low, low]];
        panel.line(&corners, plot::FAINT, 0.8);
    }
    panel.scatter(&x, &plot::by_label(run.labels()));
    for (j, mean) in plot::points(run.means())?.into_iter().enumerate() {
        panel.mark(mean, Marker::Square, 10.0, plot::darken(plot::component(j), 0.25));
        let text = format!("centroid ({}, {})", number(mean[0], 2), number(mean[1], 2));
        let above = [[-1.0, 0.0], [2.0, 3.0]][j];
        panel.text(above, [0.0, -8.0], &text, Anchor::Middle, plot::darken(plot::component(j), 0.25));
    }
    let objective = format!("*J* = {}", number(run.objective(), 2));
    panel.text([3.0, -2.0], [0.0, 0.0], &objective, Anchor::End, plot::INK);
    let figure = Figure::still(&Page::new(1).width(420.0).panel_height(370.0).panel(panel))?;
    Ok(figure.described(
        "Fifty data drawn uniformly from each of two squares, and the centroids that k-means finds. The squares' \
         centres are (−1, −1) and (2, 2), and J is near its expectation 65.33.",
        "Two square clouds of dots, one at the lower left and one at the upper right, each in its colour with a \
         square mark near its centre.",
    ))
}

pub(super) fn starts() -> Result<Figure> {
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
        "k-means with k = 4 on the four blobs, from 50 random starts: the J that each ends with, and the \
         clusterings of least and greatest J. All of them are at rest: no half step improves any.",
        "Left, fifty sorted dots on a few separate levels of J. Middle, four blobs in four colours. Right, two \
         blobs share one colour while another is cut in two.",
    ))
}

pub(super) fn animation() -> Result<Figure> {
    let (x, run) = geyser_run()?;
    let values = run.objectives();
    let last = run.half_steps.len();
    let top = values.iter().copied().fold(0.0, f64::max);
    let frame = |count: usize, means: &DMatrix<f64>, title: &str| {
        let mut cloud = geyser_panel();
        cloud.title(title);
        let assigned = run.half_steps[..count].iter().rev().find(|half_step| half_step.step == Step::Assign);
        match assigned {
            None => cloud.scatter(&x, &[plot::FAINT]),
            Some(state) => cloud.nearest_regions(&state.means).scatter(&x, &plot::by_label(&state.labels)),
        };
        let mut way = path(&run, count);
        way.push(means);
        draw_means(&mut cloud, &way);

        let mut trace = Panel::new([0.6, last as f64], [0.0, 1.08 * top]);
        trace.title("*J*").x_label("half step").x_ticks(&odd_numbers(last));
        let dots: Vec<Point> =
            values[..count].iter().enumerate().map(|(i, &value)| [(i + 1) as f64, value]).collect();
        let colours: Vec<_> = run.half_steps[..count].iter().map(|h| step_colour(h.step)).collect();
        trace.line(&dots, plot::FAINT, 1.2).dots(&dots, &colours, 3.4, 1.0);
        if let Some(&[_, value]) = dots.last() {
            trace.note(&number(value, 1));
        }
        Page::new(2).width(660.0).panel_height(270.0).panel(cloud).panel(trace)
    };

    let mut frames = vec![(frame(0, &run.start, "start"), 1.0)];
    for (index, half_step) in run.half_steps.iter().enumerate() {
        match half_step.step {
            Step::Assign => frames.push((frame(index + 1, &half_step.means, "assign"), 0.7)),
            Step::Update => {
                let from = &run.half_steps[index - 1].means;
                // The means glide, slowly at both ends.
                for share in [0.1, 0.35, 0.65, 0.9] {
                    let between = from + (&half_step.means - from) * share;
                    frames.push((frame(index, &between, "update"), 0.06));
                }
                frames.push((frame(index + 1, &half_step.means, "update"), 0.45));
            }
        }
    }
    frames.push((frame(last, run.means(), "at rest"), 2.5));
    let figure = Figure::animation(&frames)?;
    Ok(figure.described(
        "k-means on the Old Faithful data in standard units: the data go to the nearest mean, the means to the \
         average of their data, in turn, until nothing changes.",
        "Two crosses move across two elongated clouds of dots while the border between their colours turns, until \
         each cloud has its colour; beside them the objective falls.",
    ))
}

fn odd_numbers(last: usize) -> Vec<f64> {
    (1..=last).step_by(2).map(|tick| tick as f64).collect()
}
