//! The figures of the chapter on latent labels.

use crate::plot::{self, Anchor, Colour, Figure, Grid, Page, Panel, Point, number};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::latent::{self, Model};
use executable_em::{Result, data};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use std::f64::consts::TAU;

/// Three components that overlap, as in Bishop's Figure 9.5.
fn three_components() -> Result<GaussianMixture> {
    GaussianMixture::new(
        dvector![0.5, 0.3, 0.2],
        dmatrix![2.3, 2.5; 5.2, 4.1; 7.6, 6.6],
        vec![dmatrix![1.5, -0.9; -0.9, 1.5], dmatrix![1.5, 1.1; 1.1, 1.9], dmatrix![1.4, -0.9; -0.9, 1.3]],
        CovarianceFamily::Full,
    )
}

/// Source: H-43, H-49, B-24, B-E16; Bishop (2006), Figure 9.5.
pub(super) fn views() -> Result<Figure> {
    let model = three_components()?;
    let (x, labels) = model.sample(400, &mut data::rng(12))?;
    let r = model.responsibilities(&x)?;
    let frame = |title: &str| {
        let mut panel = Panel::new([-1.4, 11.0], [-1.6, 10.2]);
        panel.equal_aspect().without_x_axis().without_y_axis().title(title);
        panel
    };
    // Beside each cloud, on the side away from the others.
    let names = [([0.2, -0.6], Anchor::Middle), ([6.0, 1.0], Anchor::Start), ([8.1, 9.4], Anchor::Start)];
    let with_counts = |panel: &mut Panel, symbol: &str, counts: DVector<f64>, decimals: usize| {
        for (j, &(place, anchor)) in names.iter().enumerate() {
            let text = format!("*{symbol}*_{} = {}", j + 1, number(counts[j], decimals));
            panel.text(place, [0.0, 0.0], &text, anchor, plot::component(j));
        }
    };

    let mut joint = frame("*p*(*x*, *z*): labels seen");
    joint.scatter(&x, &plot::by_label(&labels));
    with_counts(&mut joint, "n", latent::counts(&latent::one_hot(&labels, 3)?), 0);
    let mut marginal = frame("*p*(*x*): labels summed out");
    marginal.scatter(&x, &[plot::FAINT]);
    let mut posterior = frame("*p*(*z* | *x*): labels inferred");
    posterior.scatter(&x, &plot::by_responsibility(&r));
    with_counts(&mut posterior, "R", latent::counts(&r), 1);

    let page = Page::new(3).panel_height(225.0).panel(joint).panel(marginal).panel(posterior);
    Ok(Figure::still(&page)?.described(
        "400 draws from a mixture of three Gaussians, three times the same dots. Left: each has the colour of the \
         component that made it, and nⱼ counts them. Middle: what is left when the labels are lost. Right: each has \
         the components' colours mixed in the proportions of its responsibilities, and Rⱼ is the number of draws \
         that each component is expected to have made. Seed 12.",
        "Three scatter plots of one cloud: blue, orange and green dots that mix at the borders; all grey; and blue, \
         orange and green again, with dots of mixed colour where the clouds overlap.",
    ))
}

/// A circle about a place, in the units of an equal-aspect panel.
fn circle([x, y]: Point, radius: f64) -> Vec<Point> {
    (0..=72)
        .map(|step| TAU * f64::from(step) / 72.0)
        .map(|angle| [x + radius * angle.cos(), y + radius * angle.sin()])
        .collect()
}

/// A rectangle with rounded corners.
fn plate([left, right]: [f64; 2], [low, high]: [f64; 2], radius: f64) -> Vec<Point> {
    let corners = [(right, high, 0), (left, high, 1), (left, low, 2), (right, low, 3)];
    let mut outline: Vec<Point> = Vec::new();
    for (x, y, quarter) in corners {
        let inward = |coordinate: f64, low: f64| if coordinate == low { radius } else { -radius };
        let centre = [x + inward(x, left), y + inward(y, low)];
        for step in 0..=8 {
            let angle = TAU / 4.0 * (f64::from(quarter) + f64::from(step) / 8.0);
            outline.push([centre[0] + radius * angle.cos(), centre[1] + radius * angle.sin()]);
        }
    }
    outline.push(outline[0]);
    outline
}

const NODE: f64 = 0.62;

/// What a node of a graph stands for.
#[derive(Clone, Copy, PartialEq)]
enum Node {
    Hidden,
    Observed,
    Parameter,
}

impl Node {
    fn radius(self) -> f64 {
        if self == Node::Parameter { 0.13 } else { NODE }
    }
}

/// The nodes of a graphical model, with their names inside; those of parameters, which are dots, below.
fn nodes(panel: &mut Panel, nodes: &[(Node, Point, &str)]) {
    for &(kind, at, name) in nodes {
        let outline = circle(at, kind.radius());
        if kind == Node::Parameter {
            panel.area(&outline, plot::INK, 1.0);
            panel.text(at, [0.0, 18.0], name, Anchor::Middle, plot::INK);
        } else {
            let fill = if kind == Node::Observed { plot::lighten(plot::FAINT, 0.6) } else { plot::WHITE };
            panel.area(&outline, fill, 1.0).line(&outline, plot::INK, 1.1);
            panel.text(at, [0.0, 4.0], name, Anchor::Middle, plot::INK);
        }
    }
}

/// An arrow from the border of one node to that of another.
fn arrow(
    panel: &mut Panel,
    (a, start, _): (Node, Point, &str),
    (b, end, _): (Node, Point, &str),
    colour: Colour,
) {
    let (dx, dy) = (end[0] - start[0], end[1] - start[1]);
    let length = dx.hypot(dy);
    let along = |distance: f64, aside: f64| {
        [start[0] + (dx * distance - dy * aside) / length, start[1] + (dy * distance + dx * aside) / length]
    };
    let tip = length - b.radius() - 0.08;
    panel.line(&[along(a.radius() + 0.08, 0.0), along(tip - 0.25, 0.0)], colour, 1.0);
    panel.area(&[along(tip, 0.0), along(tip - 0.32, 0.14), along(tip - 0.32, -0.14)], colour, 1.0);
}

/// Source: H-50, C-E10.
pub(super) fn graph_of_the_model() -> Result<Figure> {
    use Node::{Hidden, Observed, Parameter};
    let frame = |title: &str| {
        let mut panel = Panel::new([0.0, 10.0], [0.0, 10.0]);
        panel.equal_aspect().without_x_axis().without_y_axis().title(title);
        panel
    };

    let mut plates = frame("the model");
    for (y, name) in [([4.0, 9.6], "*n* data"), ([0.5, 3.3], "*k* components")] {
        plates.line(&plate([2.5, 9.1], y, 0.35), plot::GREY, 0.9);
        plates.text([9.1, y[0]], [-8.0, -7.0], name, Anchor::End, plot::GREY);
    }
    let [pi, z, x, mu, sigma] = [
        (Parameter, [0.7, 8.4], "*π*"),
        (Hidden, [4.7, 8.4], "*z*_{*i*}"),
        (Observed, [4.7, 5.5], "*x*_{*i*}"),
        (Parameter, [4.0, 2.5], "*μ*_{*j*}"),
        (Parameter, [5.4, 2.5], "Σ_{*j*}"),
    ];
    for (from, to) in [(pi, z), (z, x), (mu, x), (sigma, x)] {
        arrow(&mut plates, from, to, plot::INK);
    }
    nodes(&mut plates, &[pi, z, x, mu, sigma]);
    plates.text(z.1, [20.0, 4.0], "hidden", Anchor::Start, plot::GREY);
    plates.text(x.1, [20.0, 4.0], "observed", Anchor::Start, plot::GREY);

    // z above x, three times.
    let pair =
        |place: f64, z_name, x_name| ((Hidden, [place, 6.7], z_name), (Observed, [place, 3.8], x_name));
    let mut unrolled = frame("the same for three data");
    let above = (Parameter, [5.0, 9.2], "");
    let below = (Parameter, [5.0, 1.4], "*μ*, Σ");
    unrolled.text(above.1, [8.0, 2.0], "*π*", Anchor::Start, plot::INK);
    for (z, x) in [pair(1.6, "*z*_1", "*x*_1"), pair(5.0, "*z*_2", "*x*_2"), pair(8.4, "*z*_3", "*x*_3")] {
        for (from, to) in [(above, z), (z, x), (below, x)] {
            arrow(&mut unrolled, from, to, plot::INK);
        }
        nodes(&mut unrolled, &[z, x]);
    }
    nodes(&mut unrolled, &[above, below]);

    let mut dependent = frame("another model");
    let pairs = [pair(1.6, "*z*_1", "*x*_1"), pair(5.0, "*z*_3", "*x*_3"), pair(8.4, "*z*_2", "*x*_2")];
    for (z, x) in pairs {
        arrow(&mut dependent, z, x, plot::INK);
        nodes(&mut dependent, &[z, x]);
    }
    for parent in [pairs[0].0, pairs[2].0] {
        arrow(&mut dependent, parent, pairs[1].0, plot::component(1));
    }
    dependent.text([5.0, 8.3], [0.0, 0.0], "*z*_3 = *z*_1 xor *z*_2", Anchor::Middle, plot::component(1));
    dependent.text([5.0, 1.4], [0.0, 18.0], "*x*_1 and *x*_2 tell of *z*_3", Anchor::Middle, plot::GREY);

    let page = Page::new(3).panel_height(225.0).panel(plates).panel(unrolled).panel(dependent);
    Ok(Figure::still(&page)?.described(
        "The mixture as a graph. Circles are random, shaded ones observed; dots are parameters; a plate stands for \
         as many copies of what is in it as it says. Once π, μ and Σ are given, no path leads from one datum's label \
         to another's, so the posterior of the labels is a product over the data. Right: a model in which it is not, \
         since x₁ and x₂ tell of z₃ through the orange arrows.",
        "Left, a plate with an arrow from a hidden label z to an observed x, the weights outside and the means and \
         covariances in a plate of their own. Middle, three such pairs side by side below one dot for the weights. \
         Right, three pairs whose labels are joined by arrows.",
    ))
}

/// Source: C-35, H-48.
pub(super) fn point() -> Result<Figure> {
    let identity = DMatrix::identity(2, 2);
    let model = GaussianMixture::new(
        dvector![0.5, 0.5],
        dmatrix![-1.0, -1.0; 1.0, 1.0],
        vec![identity.clone(), identity],
        CovarianceFamily::Full,
    )?;
    let colours = [plot::component(0), plot::component(1)];
    let query: DMatrix<f64> = dmatrix![-2.0, -2.0];
    let probability = model.responsibilities(&query)?[0];
    let place = [-2.0, -2.0];

    let range = [-4.2, 4.2];
    let mut plane = Panel::new(range, range);
    plane.equal_aspect().x_ticks(&[-4.0, -2.0, 0.0, 2.0, 4.0]).y_ticks(&[-4.0, -2.0, 0.0, 2.0, 4.0]);
    plane.x_label("*x*_1").y_label("*x*_2");
    let grid = Grid::new(range, range, 85);
    let r = model.responsibilities(&grid.nodes())?;
    for (j, &colour) in colours.iter().enumerate() {
        // Where the log odds exceed 0, 2, 4, …: the responsibility passes 1/(1 + e^0), 1/(1 + e^−2), …
        let levels: Vec<f64> = (0..6).map(|step| 1.0 / (1.0 + (-2.0 * f64::from(step)).exp())).collect();
        let values: Vec<f64> = r.column(j).iter().copied().collect();
        plane.bands(&grid, &values, &levels, plot::lighten(colour, 0.62));
    }
    plane.line(&[[range[0], range[1]], [range[1], range[0]]], plot::WHITE, 2.2);
    for (j, centre) in plot::points(model.means())?.into_iter().enumerate() {
        for (sigmas, width) in [(2.0, 1.0), (1.0, 1.5)] {
            plane.ellipse(centre, &model.covariances()[j], sigmas, colours[j], width);
        }
    }
    plane.means(model.means());
    plane.dots(&[place], &[plot::INK], 4.5, 1.0);
    plane.text(place, [-3.0, 35.0], "(−2, −2)", Anchor::Middle, plot::INK);
    plane.text([-3.4, 3.4], [9.0, 0.0], "*r* = ½", Anchor::Start, plot::INK);

    // Along the diagonal x = (t, t).
    let steps: Vec<f64> = (0..=160).map(|step| -4.0 + 0.05 * f64::from(step)).collect();
    let diagonal = DMatrix::from_fn(steps.len(), 2, |i, _| steps[i]);
    let log_joint = model.log_joint(&diagonal)?;
    let r = latent::responsibilities(&log_joint)?;
    let curve = |values: &dyn Fn(usize) -> f64| -> Vec<Point> {
        (0..steps.len()).map(|i| [steps[i], values(i)]).collect()
    };
    let along = |y: [f64; 2], label: &str| {
        let mut panel = Panel::new([-4.2, 4.2], y);
        panel.x_ticks(&[-4.0, -2.0, 0.0, 2.0, 4.0]).y_label(label).x_label("*t*, along *x* = (*t*, *t*)");
        panel
    };
    let mut joint = along([-23.5, 0.0], "log *p*(*x*, *z*), nats");
    let at = model.log_joint(&query)?;
    for (j, &colour) in colours.iter().enumerate() {
        joint.line(&curve(&|i| log_joint[(i, j)]), colour, 1.8);
    }
    joint.line(&[[-2.0, at[1]], [-2.0, at[0]]], plot::INK, 1.2);
    joint.dots(&[[-2.0, at[0]], [-2.0, at[1]]], &colours, 3.4, 1.0);
    joint.text([-2.0, at[1]], [4.0, 22.0], "8 nats apart", Anchor::Start, plot::INK);
    joint.text([-2.9, -1.2], [0.0, 0.0], "*z* = 1", Anchor::Middle, colours[0]);
    joint.text([2.9, -1.2], [0.0, 0.0], "*z* = 2", Anchor::Middle, colours[1]);

    let mut posterior = along([0.0, 1.0], "*p*(*z* | *x*)");
    posterior.y_ticks(&[0.0, 0.5, 1.0]);
    for (j, &colour) in colours.iter().enumerate() {
        posterior.line(&curve(&|i| r[(i, j)]), colour, 1.8);
    }
    let ends: [Colour; 2] = [colours[0], colours[1]];
    posterior.dots(&[[-2.0, probability], [-2.0, 1.0 - probability]], &ends, 3.4, 1.0);
    posterior.text([-2.0, 1.0], [0.0, 20.0], &number(probability, 6), Anchor::Middle, colours[0]);
    posterior.text([-2.0, 0.0], [0.0, -12.0], &number(1.0 - probability, 6), Anchor::Middle, colours[1]);

    let page = Page::new(3).panel_height(196.0).panel(plane).panel(joint).panel(posterior);
    Ok(Figure::still(&page)?.described(
        "Which of two Gaussians, N((−1, −1), I) and N((1, 1), I) with equal weights, made the point (−2, −2)? Left: \
         the plane, shaded by the responsibilities in steps of two nats of log odds; they are equal on the white \
         line. Middle: the two log joints along the diagonal, two parabolas, 8 nats apart at the point. Right: their \
         softmax, 1/(1 + e⁻⁸) = 0.999665 there.",
        "Left, circles about two centres on the diagonal and a black dot below the lower one, with bands of blue and \
         orange on both sides of the other diagonal. Middle, two parabolas side by side. Right, an S-shaped curve \
         that falls from one to zero and its mirror image.",
    ))
}
