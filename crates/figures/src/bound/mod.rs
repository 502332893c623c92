//! The figures of the chapter on the lower bound.
//!
//! Throughout, ℓ is drawn in ink; what an E step does is blue, what an M step does is orange, a gap is green.

mod hills;
mod state;
mod trace;

pub(super) use hills::{climbing, touching};
pub use state::Hills;
pub(super) use state::state;
pub(super) use trace::{contours, staircase};

use crate::plot::{self, Anchor, Colour, Figure, Page, Panel, Point};
use executable_em::Result;
use executable_em::bound::jensen;
use nalgebra::{DVector, dvector};

fn e_colour() -> Colour {
    plot::component(0)
}

fn m_colour() -> Colour {
    plot::component(1)
}

fn gap_colour() -> Colour {
    plot::darken(plot::component(2), 0.2)
}

/// Values from `low` to `high`, `steps` + 1 of them.
fn places([low, high]: [f64; 2], steps: usize) -> impl Iterator<Item = f64> {
    (0..=steps).map(move |i| low + (high - low) * i as f64 / steps as f64)
}

/// A dot with a white rim, so that lines end beside it.
fn disc(panel: &mut Panel, at: Point, radius: f64, colour: Colour) {
    panel.dots(&[at], &[plot::WHITE], radius + 1.6, 1.0).dots(&[at], &[colour], radius, 1.0);
}

/// Source: C-11, C-12, C-14.
pub(super) fn jensen() -> Result<Figure> {
    let square = |x: f64| x * x;
    let (weights, points) = (DVector::from_element(5, 0.2), dvector![1.0, 2.0, 3.0, 4.0, 5.0]);
    let mean = weights.dot(&points);
    let gap = jensen::gap(square, &weights, &points)?;
    let on_curve: Vec<Point> = points.iter().map(|&x| [x, square(x)]).collect();
    let mut convex = Panel::new([0.3, 5.4], [0.0, 27.0]);
    convex.title("convex: *f*(*x*) = *x*²").x_label("*x*").x_ticks(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    convex.y_ticks(&[0.0, 9.0, 11.0, 25.0]);
    convex.area(&on_curve, plot::component(2), 0.12);
    let guides = [square(mean), square(mean) + gap].map(|y| [[0.3, y], [mean, y]]);
    convex.line(&guides[0], plot::FAINT, 0.7).line(&guides[1], plot::FAINT, 0.7);
    convex.line(&[on_curve[0], on_curve[4]], plot::lighten(plot::component(2), 0.35), 1.2);
    convex.line(&places([0.3, 5.2], 60).map(|x| [x, square(x)]).collect::<Vec<_>>(), plot::INK, 1.6);
    convex.dots(&on_curve, &[plot::INK], 3.2, 1.0);
    draw_gap(&mut convex, guides[0][1], guides[1][1]);
    convex.text(guides[1][0], [4.0, -6.0], "average of *f*", Anchor::Start, gap_colour());
    convex.text(guides[0][0], [4.0, 14.0], "*f* of the average", Anchor::Start, gap_colour());

    let (q, ratios) = (dvector![0.6, 0.4], dvector![0.35, 3.4]);
    let mean = q.dot(&ratios);
    let gap = jensen::gap(f64::ln, &q, &ratios)?;
    let ends: Vec<Point> = ratios.iter().map(|&u| [u, u.ln()]).collect();
    let mut concave = Panel::new([0.0, 4.0], [-1.6, 1.6]);
    concave.title("concave: the logarithm").x_label("*u* = *p*(*x*, *z*) / *q*(*z*)");
    concave.x_ticks(&[0.0, 1.0, 2.0, 3.0, 4.0]).y_ticks(&[-1.0, 0.0, 1.0]);
    concave.area(
        &places([ratios[0], ratios[1]], 60).map(|u| [u, u.ln()]).collect::<Vec<_>>(),
        plot::component(2),
        0.12,
    );
    concave.line(&ends, plot::lighten(plot::component(2), 0.35), 1.2);
    let curve: Vec<Point> = places([0.2, 4.0], 120).map(|u| [u, u.ln()]).collect();
    concave.line(&curve, plot::INK, 1.6).dots(&ends, &[plot::INK], 3.2, 1.0);
    let (high, low) = ([mean, mean.ln()], [mean, mean.ln() + gap]);
    draw_gap(&mut concave, low, high);
    concave.text(high, [-9.0, -5.0], "log *E*[*u*] = *ℓ*", Anchor::End, gap_colour());
    concave.text(low, [9.0, 13.0], "*E*[log *u*] = *F*", Anchor::Start, gap_colour());

    let figure = Figure::still(&Page::new(2).panel_height(230.0).panel(convex).panel(concave))?;
    Ok(figure.described(
        "Jensen's inequality. Left: averages of points on a convex curve lie in the shaded region, above the curve; \
         for five points of equal weight and f = x² the two sides are 11 and 9. Right: for the logarithm the chord \
         lies below. With u = p(x, z)/q(z) and weights q(z) its two sides are the log-likelihood and its lower \
         bound.",
        "Left, a parabola with five dots; the region between the curve and its chord is shaded and holds the average \
         point above the curve. Right, a logarithm with a chord below it and the same vertical gap.",
    ))
}

/// The two sides of an inequality and what lies between them.
fn draw_gap(panel: &mut Panel, low: Point, high: Point) {
    panel.line(&[low, high], gap_colour(), 2.2);
    disc(panel, low, 4.5, gap_colour());
    disc(panel, high, 4.5, gap_colour());
}
