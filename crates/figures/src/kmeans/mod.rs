//! The figures of the chapter on k-means: here where it works, in `failures` where it does not.

mod failures;
mod state;

pub(super) use failures::{number_of_clusters, pathologies, starts};
pub(super) use state::state;

use super::share_axes;
use crate::plot::{self, Anchor, Figure, Marker, Page, Panel, Point, number};
use executable_em::kmeans::{self, Lloyd, Step};
use executable_em::{Result, data};
use nalgebra::{DMatrix, dmatrix};

/// Far from any cap that a run here would meet.
pub(crate) const MAX_SWEEPS: usize = 100;

/// The geyser in standard units, clustered from a start that is no guess at all: both means off the data's
/// diagonal, one on each side.
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

/// Source: H-05, H-06, B-32, T-03.
pub(crate) fn steps() -> Result<Figure> {
    let (x, run) = geyser_run()?;
    Ok(steps_of(&x, &run, &geyser_panel())?.described(
        "k-means on the Old Faithful data in standard units (duration of an eruption across, waiting time up), from \
         means at (−1, 1) and (1, −1). Each datum goes to its nearest mean (assign), each mean to the average of its \
         data (update); J never rises. Shaded: what is nearest to each mean.",
        "Six scatter plots of the same two elongated clouds. Two means start at the wrong corners; step by step the \
         border between their regions turns until each region holds one cloud, and J falls.",
    ))
}

/// The start of a run of k-means in the plane, its first three sweeps by halves, and its end, on such axes.
pub(crate) fn steps_of(x: &DMatrix<f64>, run: &Lloyd, axes: &Panel) -> Result<Figure> {
    let last = run.half_steps.len();
    let shown: Vec<usize> = (0..last.min(7)).chain([last]).collect();
    let mut page = Page::new(4).panel_height(150.0);
    for (index, &count) in shown.iter().enumerate() {
        let mut panel = axes.clone();
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
            None => panel.scatter(x, &[plot::FAINT]),
            Some(state) => {
                panel.note(&format!("*J* = {}", number(state.objective, 1)));
                // The data belong to the means that they were assigned to, one update ago.
                if state.step == Step::Assign {
                    panel.nearest_regions(&state.means);
                }
                panel.scatter(x, &plot::by_label(&state.labels))
            }
        };
        draw_means(&mut panel, &path(run, count));
        page = page.panel(panel);
    }
    Figure::still(&page)
}

/// Source: H-06, H-10, H-14.
pub(crate) fn objective() -> Result<Figure> {
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
        "J after each half step of the run above. Neither half can raise it, so it comes to rest.",
        "A falling line of dots that alternate in colour between the two kinds of half steps; it is steep at first \
         and flat at its end.",
    ))
}

fn step_colour(step: Step) -> plot::Colour {
    match step {
        Step::Assign => plot::component(0),
        Step::Update => plot::component(1),
    }
}

/// Source: H-07, T-05, T-06, T-07.
pub(crate) fn squares() -> Result<Figure> {
    let (x, _) = data::two_squares(&mut data::rng(5));
    let run = kmeans::lloyd(&x, &x.select_rows(&[0, 99]), MAX_SWEEPS)?;
    let mut panel = Panel::new([-2.2, 3.4], [-2.2, 3.5]);
    let ticks: Vec<f64> = (-2..=3).map(f64::from).collect();
    panel.equal_aspect().x_ticks(&ticks).y_ticks(&ticks);
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
         centres are (−1, −1) and (2, 2), and J is near its expectation 65.33. Seed 5.",
        "Two square clouds of dots, one at the lower left and one at the upper right, each in its colour with a \
         square mark near its centre.",
    ))
}

/// Source: H-06, T-03.
pub(crate) fn animation() -> Result<Figure> {
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
