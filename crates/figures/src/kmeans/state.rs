//! A run of k-means after some half steps.

use super::{draw_means, odd_numbers, path, step_colour};
use crate::plot::{self, Panel, Point, number};
use executable_em::Result;
use executable_em::kmeans::{Lloyd, Step};
use nalgebra::DMatrix;

/// Room around the data, so that a mean can be drawn out of them.
fn axes(x: &DMatrix<f64>) -> Panel {
    let range = |a: usize| plot::span(x.column(a).iter().copied(), 0.12);
    Panel::new(range(0), range(1))
}

/// The data with their means, and J over the half steps so far.
pub(crate) fn state(x: &DMatrix<f64>, run: &Lloyd, half_steps: usize) -> Result<[Panel; 2]> {
    plot::points(x)?;
    let count = half_steps.min(run.half_steps.len());
    let (done, newest) = (&run.half_steps[..count], count.checked_sub(1).map(|at| &run.half_steps[at]));
    let mut cloud = axes(x);
    cloud.title(&match newest {
        None => "start".to_owned(),
        Some(_) if count == run.half_steps.len() => "at rest".to_owned(),
        Some(state) if state.step == Step::Assign => format!("assign {}", count.div_ceil(2)),
        Some(_) => format!("update {}", count.div_ceil(2)),
    });
    match newest {
        None => cloud.scatter(x, &[plot::FAINT]),
        Some(state) => {
            // The data belong to the means that they were assigned to, one update ago.
            let assigned = done.iter().rev().find(|half_step| half_step.step == Step::Assign);
            if let Some(assigned) = assigned {
                cloud.nearest_regions(&assigned.means);
            }
            cloud.scatter(x, &plot::by_label(&state.labels))
        }
    };
    draw_means(&mut cloud, &path(run, count));

    let values = run.objectives();
    let top = values.iter().copied().fold(0.0, f64::max);
    let last = values.len().max(8);
    let mut fall = Panel::new([0.6, last as f64 + 0.4], [0.0, if top > 0.0 { 1.08 * top } else { 1.0 }]);
    fall.title("*J* after each half step").x_label("half step");
    if last <= 16 {
        fall.x_ticks(&odd_numbers(last));
    }
    let dots: Vec<Point> =
        values[..count].iter().enumerate().map(|(at, &value)| [(at + 1) as f64, value]).collect();
    let colours: Vec<_> = done.iter().map(|half_step| step_colour(half_step.step)).collect();
    fall.line(&dots, plot::FAINT, 1.2).dots(&dots, &colours, 3.4, 1.0);
    if let Some(&[_, value]) = dots.last() {
        fall.note(&format!("*J* = {}", number(value, 3)));
    }
    Ok([cloud, fall])
}
