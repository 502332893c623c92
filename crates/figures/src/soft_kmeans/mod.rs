//! The figures of the chapter on soft k-means: here beside each other, in `annealing` β slowly raised.

mod annealing;

pub use annealing::Annealed;
pub(super) use annealing::state;

use super::share_axes;
use crate::plot::{self, Anchor, Colour, Figure, Marker, Page, Panel, Point, number};
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::soft_kmeans::{SoftKMeans, Weights, critical_stiffness, hard_limit, parted};
use executable_em::{Result, data, kmeans};
use nalgebra::{DMatrix, DVector, dmatrix};

/// Source: H-40, H-42, T-54, T-55.
pub(super) fn line() -> Result<Figure> {
    let means = dmatrix![-2.0; 0.2; 2.6];
    let nodes = DMatrix::from_fn(600, 1, |i, _| -4.0 + 8.0 * i as f64 / 599.0);
    let stiffnesses = [0.2, 1.0, 5.0, f64::INFINITY];
    let rows = [("equal weights", [1.0 / 3.0; 3]), ("weights 0.1, 0.1, 0.8", [0.1, 0.1, 0.8])];
    let mut page = Page::new(4).panel_height(104.0);
    for (row, (name, weights)) in rows.into_iter().enumerate() {
        let weights = DVector::from_row_slice(&weights);
        for (column, &stiffness) in stiffnesses.iter().enumerate() {
            let r = if stiffness.is_finite() {
                let even = SoftKMeans::new(means.clone(), stiffness, Weights::Held)?;
                even.with_weights(weights.clone())?.responsibilities(&nodes)?
            } else {
                hard_limit(&nodes, &means, &weights)?
            };
            let mut panel = Panel::new([-4.0, 4.0], [0.0, 1.0]);
            share_axes(&mut panel, 4 * row + column, 8, 4);
            panel.x_ticks(&[-4.0, -2.0, 0.0, 2.0, 4.0]).y_ticks(&[0.0, 0.5, 1.0]);
            if row == 0 {
                panel.title(&match stiffness.is_finite() {
                    true => format!("*β* = {stiffness}"),
                    false => "*β* → ∞".to_owned(),
                });
            } else {
                panel.x_label("*x*");
            }
            if column == 0 {
                panel.y_label(name);
            }
            stack(&mut panel, &nodes, &r);
            for (j, &mean) in means.iter().enumerate() {
                panel.mark([mean, 0.0], Marker::Cross, 10.0, plot::darken(plot::component(j), 0.25));
            }
            if row == 0 && column == 2 {
                for (j, &mean) in means.iter().enumerate() {
                    let text = format!("*r*_{{{}}}", j + 1);
                    let colour = plot::darken(plot::component(j), 0.45);
                    panel.text([mean, 0.5], [0.0, 4.0], &text, Anchor::Middle, colour);
                }
            }
            page = page.panel(panel);
        }
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "Responsibilities along a line for three means (crosses): at each x the three heights add up to one. As β \
         grows they harden into the nearest mean. Unequal weights move the borders by log(π_j/π_l)/(β|μ_j − μ_l|), \
         which dies out: in the limit both rows are the same.",
        "Two rows of four panels with three stacked coloured areas. On the left the colours blend into each other \
         along the line, on the right they meet at vertical borders halfway between the means.",
    ))
}

/// The columns of `r` stacked on each other over the line.
fn stack(panel: &mut Panel, nodes: &DMatrix<f64>, r: &DMatrix<f64>) {
    let mut below: Vec<Point> = nodes.iter().map(|&x| [x, 0.0]).collect();
    let mut borders = Vec::new();
    for (j, share) in r.column_iter().enumerate() {
        // The last digit decides whether a sum of one lies above the frame, where it would be cut.
        let above: Vec<Point> =
            below.iter().zip(share.iter()).map(|(&[x, y], r)| [x, (y + r).min(1.0)]).collect();
        let outline: Vec<Point> = below.iter().chain(above.iter().rev()).copied().collect();
        panel.area(&outline, plot::lighten(plot::component(j), 0.25), 1.0);
        borders.push(above.clone());
        below = above;
    }
    borders.pop();
    for border in borders {
        // Where it runs along the frame there is nothing to part.
        let first = border.iter().position(|point| point[1] < 0.997).unwrap_or(0).saturating_sub(1);
        let last = border.iter().rposition(|point| point[1] > 0.003).unwrap_or(0) + 1;
        panel.line(&border[first..border.len().min(last + 1)], plot::WHITE, 1.4);
    }
}

/// Nearer than a pixel.
const MERGED: f64 = 0.02;

/// EM until no mean moves by a thousandth of a pixel in a sweep.
const SETTLED: Stopping = Stopping { tolerance: Tolerance::Parameters(1e-6), max_sweeps: 5000 };

/// Source: H-41, H-E06 (TP-08); Rose, Gurewitz and Fox (1990).
pub(super) fn bifurcation() -> Result<Figure> {
    let tree = annealing::tree(&annealing::annealed()?)?;
    let figure = Figure::still(&Page::new(2).panel_height(270.0).panel(tree).panel(magnet()?))?;
    Ok(figure.described(
        "Means split as β grows. Left: where EM ends, from the result for the β before; merged means are drawn as \
         one thick line in their mixed colour. Dots: theory, which puts each split where β passes the inverse of the \
         largest variance of the group's own share of the data. Right: two means on the data −1 and 1, computed \
         (dots) and by theory (lines), as it is right and with the ½ forgotten.",
        "Left, a thick line that splits into two at a dot, and each of these into two again at two later dots. \
         Right, two curves that open like tuning forks, at β = 1 and at β = ½.",
    ))
}

/// The colour of several components together.
fn shared(group: &[usize]) -> Colour {
    plot::mix(&group.iter().map(|&j| (1.0, plot::component(j))).collect::<Vec<_>>())
}

/// Two means on {−1, 1}: the fork m = tanh βm.
fn magnet() -> Result<Panel> {
    let x = dmatrix![-1.0; 1.0];
    let mut panel = Panel::new([0.0, 2.1], [-1.12, 1.12]);
    panel.title("two means, the data ±1").x_label("*β*");
    panel.x_ticks(&[0.0, 0.5, 1.0, 1.5, 2.0]).y_ticks(&[-1.0, -0.5, 0.0, 0.5, 1.0]);
    let critical = critical_stiffness(&x)?;
    for (halving, colour) in [(2.0, plot::FAINT), (1.0, plot::INK)] {
        // β as a function of m, from m near one down to the branching point.
        let branch: Vec<Point> = (1..1000)
            .map(|i| 1.0 - i as f64 / 1000.0)
            .map(|m: f64| [m.atanh() / m / halving, m])
            .chain([[critical / halving, 0.0]])
            .filter(|point| point[0] < 2.1)
            .collect();
        let mirrored: Vec<Point> = branch.iter().map(|&[stiffness, m]| [stiffness, -m]).collect();
        panel.line(&branch, colour, 1.1).line(&mirrored, colour, 1.1);
        panel.line(&[[0.0, 0.0], [critical / halving, 0.0]], colour, 1.1);
    }
    for (halving, right) in [(2.0, false), (1.0, true)] {
        for step in 1..=20 {
            let stiffness = 0.1 * step as f64;
            if (stiffness * halving - critical).abs() < 0.01 {
                continue; // there EM never arrives
            }
            let model = em::fit(parted(&x, 2, stiffness * halving, 0.01)?, &x, &SETTLED)?.model.clone();
            let low = usize::from(model.means()[0] > model.means()[1]);
            for (j, mean) in [(0, model.means()[low]), (1, model.means()[1 - low])] {
                let colour = match right {
                    true if mean.abs() < MERGED => shared(&[0, 1]),
                    true => plot::component(j),
                    false => plot::FAINT,
                };
                panel.dots(&[[stiffness, mean]], &[colour], if right { 3.4 } else { 2.4 }, 1.0);
            }
        }
    }
    panel.text([1.0, 0.0], [8.0, 4.0], "*β* = 1, right", Anchor::Start, plot::INK);
    panel.text([0.56, 0.3], [0.0, 0.0], "½, as", Anchor::Start, plot::GREY);
    panel.text([0.56, 0.3], [0.0, 15.0], "printed", Anchor::Start, plot::GREY);
    Ok(panel)
}

/// Source: H-40, H-41, H-42.
pub(super) fn soft_and_hard() -> Result<Figure> {
    let x = data::standardize(&data::old_faithful())?;
    let start = dmatrix![-1.0, -1.0; 1.0, 1.0];
    let critical = critical_stiffness(&x)?;
    let mut page = Page::new(4).panel_height(170.0);
    for (index, factor) in [0.9, 1.2, 5.0].into_iter().enumerate() {
        let begin = SoftKMeans::new(start.clone(), factor * critical, Weights::Held)?;
        let model = em::fit(begin, &x, &SETTLED)?.model.clone();
        let mut panel = geyser_panel(index);
        panel.title(&format!("*β* = {} *β*_c", number(factor, usize::from(factor < 2.0))));
        panel.scatter(&x, &plot::by_responsibility(&model.responsibilities(&x)?));
        let covariance = model.mixture()?.covariances()[0].clone();
        for (j, &centre) in plot::points(model.means())?.iter().enumerate() {
            let colour = if factor < 1.0 { shared(&[0, 1]) } else { plot::component(j) };
            panel.ellipse(centre, &covariance, 1.0, colour, 1.3);
            panel.mark(centre, Marker::Cross, 11.0, plot::darken(colour, 0.25));
        }
        page = page.panel(panel);
    }
    let run = kmeans::lloyd(&x, &start, 100)?;
    let mut panel = geyser_panel(3);
    panel.title("k-means").nearest_regions(run.means());
    panel.scatter(&x, &plot::by_label(run.labels())).means(run.means());
    let figure = Figure::still(&page.panel(panel))?;
    Ok(figure.described(
        "Two means on the Old Faithful data in standard units (duration of an eruption across, waiting time up), at \
         three stiffnesses and in the limit. Colours are mixed by responsibility; the circles have the radius 1/√β \
         of one standard deviation. In the first, below the critical stiffness β_c, of which this chapter tells, both \
         means lie in the centre of the data and every datum is shared by halves.",
        "Four scatter plots of the same two clouds: all data in one mixed colour, then blending between two colours, \
         then nearly separate, and last split by a straight border.",
    ))
}

fn geyser_panel(index: usize) -> Panel {
    let mut panel = Panel::new([-2.4, 2.4], [-2.4, 2.4]);
    panel.x_ticks(&[-2.0, 0.0, 2.0]).y_ticks(&[-2.0, 0.0, 2.0]).equal_aspect();
    if index > 0 {
        panel.without_y_axis();
    }
    panel
}
