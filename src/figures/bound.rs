//! The figures of the chapter on the lower bound.
//!
//! Throughout, ℓ is drawn in ink; what an E step does is blue, what an M step does is orange.

use crate::Result;
use crate::bound::ascent::{self, Coordinate, HalfStep};
use crate::bound::{self, jensen};
use crate::data;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture, OnlyMean, random_start};
use crate::latent::{self, Model};
use crate::plot::{self, Anchor, Colour, Figure, Grid, Marker, Page, Panel, Point};
use crate::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

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
         lies below. With u = p(x, z)/q(z) and weights q(z) its two sides are the log-likelihood and its lower bound.",
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

/// Two hills on one line: of a mixture of a wide known component about 0 and one of standard deviation 1.2, only the
/// mean θ of the latter is free.
fn two_hills(theta: f64) -> Result<OnlyMean> {
    let (means, variances) = (dmatrix![0.0; theta], vec![dmatrix![16.0], dmatrix![1.44]]);
    OnlyMean::new(GaussianMixture::new(dvector![0.5, 0.5], means, variances, CovarianceFamily::Full)?, 1)
}

fn two_hills_data() -> DMatrix<f64> {
    dmatrix![-3.4; -2.9; -2.5; 1.8; 2.6; 3.0; 3.2; 3.9]
}

const HILLS: [f64; 2] = [-5.6, 5.9];
const FLOOR: f64 = -27.0;

/// θ with ℓ(θ), and θ with F(q, θ).
fn curves(q: &DMatrix<f64>) -> Result<(Vec<Point>, Vec<Point>)> {
    let thetas: Vec<f64> = places(HILLS, 230).collect();
    let models = thetas.iter().map(|&theta| two_hills(theta)).collect::<Result<Vec<_>>>()?;
    let values = ascent::along(&models, &two_hills_data(), q)?;
    Ok(thetas.iter().zip(values).map(|(&theta, (l, f))| ([theta, l], [theta, f])).unzip())
}

/// The posterior at θ, θ with ℓ(θ), and the mean that an M step would find.
fn at(theta: f64) -> Result<(DMatrix<f64>, Point, f64)> {
    let (x, model) = (two_hills_data(), two_hills(theta)?);
    let log_joint = model.log_joint(&x)?;
    let q = latent::responsibilities(&log_joint)?;
    let next = model.maximize(&x, &q)?.parameters()[0];
    Ok((q, [theta, latent::log_likelihood(&log_joint)?], next))
}

/// F(q, θ) at one θ.
fn bound_at(q: &DMatrix<f64>, theta: f64) -> Result<Point> {
    Ok([theta, bound::lower_bound(q, &two_hills(theta)?.log_joint(&two_hills_data())?)?])
}

fn hills_panel() -> Panel {
    let mut panel = Panel::new(HILLS, [FLOOR, -17.6]);
    panel.x_ticks(&[-4.0, -2.0, 0.0, 2.0, 4.0]).y_ticks(&[-26.0, -23.0, -20.0]).x_label("*θ*");
    panel
}

pub(super) fn touching() -> Result<Figure> {
    let (q, here, next) = at(0.3)?;
    let (q_next, there, _) = at(next)?;
    let (likelihood, touching) = curves(&q)?;
    let (_, touching_next) = curves(&q_next)?;
    // Two q that are the posterior nowhere: posteriors, blurred.
    let blurred = |theta: f64| Ok(at(theta)?.0 * 0.7 + DMatrix::from_element(8, 2, 0.15));
    let (_, by_one) = curves(&blurred(-2.6)?)?;
    let (_, by_another) = curves(&blurred(4.8)?)?;
    let pale = plot::lighten(e_colour(), 0.5);
    let foot = |panel: &mut Panel, theta: f64, until: Point, name: &str| {
        panel.line(&[[theta, FLOOR], until], plot::FAINT, 0.7);
        panel.text([theta, FLOOR], [4.0, -3.0], name, Anchor::Start, plot::GREY);
    };
    let paler = plot::lighten(e_colour(), 0.3);

    let mut first = hills_panel();
    first.title("E step: touch");
    first.line(&by_one, pale, 1.1).line(&by_another, pale, 1.1).line(&touching, e_colour(), 1.8);
    first.line(&likelihood, plot::INK, 1.8);
    foot(&mut first, here[0], here, "*θ*_t");
    disc(&mut first, here, 4.5, e_colour());
    first.text([4.1, -19.2], [0.0, 0.0], "*ℓ*(*θ*)", Anchor::Start, plot::INK);
    first.text([-1.5, -24.8], [-6.0, -7.0], "*F*(*q*_1)", Anchor::Middle, paler);
    first.text([3.7, -21.9], [0.0, 0.0], "*F*(*q*_2)", Anchor::Middle, paler);
    first.text([1.9, -25.4], [0.0, 0.0], "*F*(*q*_t)", Anchor::Middle, e_colour());

    let mut second = hills_panel();
    second.title("M step: climb").without_y_axis();
    let top = bound_at(&q, next)?;
    let climb: Vec<Point> = touching.iter().copied().filter(|p| p[0] >= here[0] && p[0] <= next).collect();
    second.line(&touching, e_colour(), 1.4);
    foot(&mut second, next, top, "*θ*_{t+1}");
    second.line(&[top, there], plot::FAINT, 3.0).line(&likelihood, plot::INK, 1.8);
    second.text([next, (top[1] + there[1]) / 2.0], [7.0, 6.0], "KL", Anchor::Start, plot::GREY);
    second.line(&climb, m_colour(), 3.0);
    disc(&mut second, here, 3.5, e_colour());
    disc(&mut second, top, 4.5, m_colour());

    let mut third = hills_panel();
    third.title("E step: touch again").without_y_axis();
    third.line(&touching, pale, 1.1).line(&touching_next, e_colour(), 1.8).line(&likelihood, plot::INK, 1.8);
    foot(&mut third, next, top, "*θ*_{t+1}");
    third.line(&[top, there], e_colour(), 3.0);
    disc(&mut third, top, 3.5, m_colour());
    disc(&mut third, there, 4.5, e_colour());

    let figure = Figure::still(&Page::new(3).panel_height(230.0).panel(first).panel(second).panel(third))?;
    Ok(figure.described(
        "EM in three pictures, ℓ and its bounds in nats. The E step picks, of all curves F(q, θ) below the \
         log-likelihood, the one that touches it at the current θ. The M step climbs to that curve's top; the \
         log-likelihood there is higher still, by the KL gap. The next E step closes the gap, and so on.",
        "Three panels with the same curve of two hills. Left, three parabolas below it, one touching. Middle, the way \
         along that parabola to its top. Right, a new parabola touching above that top.",
    ))
}

/// From θ = 0 to the top: each E step lifts the bound until it touches, each M step walks along it to its maximum.
pub(super) fn climbing() -> Result<Figure> {
    let mut frames = Vec::new();
    let mut theta = 0.0;
    // A q that touches nowhere, so that the first E step has something to do.
    let mut q = at(theta)?.0 * 0.6 + DMatrix::from_element(8, 2, 0.2);
    let mut trail: Vec<(Vec<Point>, Colour)> = Vec::new();
    for sweep in 1..=4 {
        let (posterior, _, next) = at(theta)?;
        trail.push((vec![bound_at(&q, theta)?], e_colour()));
        for share in places([0.0, 1.0], 7).skip(usize::from(sweep > 1)) {
            let between = &q * (1.0 - share) + &posterior * share;
            extend(&mut trail, bound_at(&between, theta)?);
            let title = format!("E step {sweep}: the bound rises until it touches");
            frames.push((climbing_page(&title, &between, &trail)?, seconds(share)));
        }
        trail.push((vec![bound_at(&posterior, theta)?], m_colour()));
        for (step, share) in places([0.0, 1.0], 32).enumerate().skip(1) {
            extend(&mut trail, bound_at(&posterior, theta + share * (next - theta))?);
            if step % 4 == 0 {
                let title = format!("M step {sweep}: along the bound to its top");
                frames.push((climbing_page(&title, &posterior, &trail)?, seconds(share)));
            }
        }
        (q, theta) = (posterior, next);
    }
    if let Some(last) = frames.last_mut() {
        last.1 = 2.5;
    }
    let figure = Figure::animation(&frames)?;
    Ok(figure.described(
        "The same story, moving: the curve is the log-likelihood, the parabola the bound F(q, θ). An E step changes q and \
         lifts the bound until it touches at θ; an M step changes θ and walks up the bound.",
        "A parabola below a curve with two hills rises until it touches, a dot walks up to its top, the parabola changes \
         and touches anew, until the dot stands on the higher hill.",
    ))
}

/// A step rests at both of its ends.
fn seconds(share: f64) -> f64 {
    if share == 0.0 || share == 1.0 { 0.6 } else { 0.08 }
}

fn extend(trail: &mut [(Vec<Point>, Colour)], point: Point) {
    if let Some((way, _)) = trail.last_mut() {
        way.push(point);
    }
}

/// The curve, the bound of this q, and the way so far, whose last point is the current (θ, F).
fn climbing_page(title: &str, q: &DMatrix<f64>, trail: &[(Vec<Point>, Colour)]) -> Result<Page> {
    let (likelihood, lower) = curves(q)?;
    let mut panel = hills_panel();
    panel.title(title).line(&lower, plot::lighten(e_colour(), 0.3), 1.4).line(&likelihood, plot::INK, 1.8);
    panel.text([4.25, -19.2], [0.0, 0.0], "*ℓ*(*θ*)", Anchor::Start, plot::INK);
    for (way, colour) in trail {
        panel.line(way, *colour, 2.4);
    }
    if let Some((way, colour)) = trail.last()
        && let Some(&point) = way.last()
    {
        panel.line(&[[point[0], FLOOR], point], plot::FAINT, 0.7);
        disc(&mut panel, point, 5.0, *colour);
    }
    Ok(Page::new(1).width(560.0).panel_height(290.0).panel(panel))
}

pub(super) fn staircase() -> Result<Figure> {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(4))?;
    // The first sweep of the run gains more than all others and would flatten them.
    let q = start.responsibilities(&x)?;
    let trace = ascent::coordinate_ascent(&start.maximize(&x, &q)?, &x, &q, 5)?;
    let last = trace.len() - 1;
    let points = |value: fn(&HalfStep<GaussianMixture>) -> f64| -> Vec<Point> {
        trace.iter().enumerate().map(|(step, state)| [step as f64, value(state)]).collect()
    };
    let (lower, upper) = (points(|state| state.lower_bound), points(|state| state.log_likelihood));

    let mut panel = Panel::new([-0.2, last as f64 + 0.2], [-1260.0, -1122.0]);
    panel.x_label("half step").x_ticks(&places([0.0, 10.0], 5).collect::<Vec<_>>());
    panel.y_label("nats").y_ticks(&[-1250.0, -1200.0, -1150.0]).room_right(20.0);
    let between: Vec<Point> = upper.iter().chain(lower.iter().rev()).copied().collect();
    panel.area(&between, plot::component(2), 0.22).line(&upper, plot::INK, 1.8);
    for (pair, state) in lower.windows(2).zip(&trace[1..]) {
        panel.line(pair, step_colour(state.moved), 2.4);
    }
    let colours: Vec<Colour> = trace.iter().map(|state| step_colour(state.moved)).collect();
    panel.dots(&lower, &colours, 3.4, 1.0);
    panel.text(upper[0], [4.0, -8.0], "*ℓ*(*θ*)", Anchor::Start, plot::INK);
    panel.text(lower[0], [2.0, 18.0], "*F*(*q*, *θ*)", Anchor::Start, plot::INK);
    panel.text([0.07, 0.7 * upper[0][1] + 0.3 * lower[0][1]], [0.0, 4.0], "KL", Anchor::Start, gap_colour());
    panel.text(
        [4.7, -1200.0],
        [0.0, 0.0],
        "E step: *F* rises to *ℓ*, which stays",
        Anchor::Start,
        e_colour(),
    );
    panel.text([4.7, -1211.0], [0.0, 0.0], "M step: *F* rises, and *ℓ* by more", Anchor::Start, m_colour());
    let figure = Figure::still(&Page::new(1).width(620.0).panel_height(290.0).panel(panel))?;
    Ok(figure.described(
        "The bound F(q, θ) and the log-likelihood ℓ(θ) over half steps, for a mixture of two Gaussians on the Old \
         Faithful data. The shaded gap between them is KL(q ‖ posterior): an E step closes it, an M step raises both \
         curves and opens it again, each time less.",
        "Two rising lines with a shaded band between them that closes at every second half step and opens after it; the \
         upper line is flat while the lower one catches up.",
    ))
}

fn step_colour(moved: Coordinate) -> Colour {
    match moved {
        Coordinate::Distribution => e_colour(),
        Coordinate::Parameters => m_colour(),
    }
}

/// Two data at ±1.5 and two unit Gaussians at ±θ: by symmetry a single number q says for both data how probable the
/// component on their own side is.
fn mirrored(theta: f64, q: f64) -> Result<(SoftKMeans, DMatrix<f64>)> {
    Ok((SoftKMeans::new(dmatrix![-theta; theta], 1.0, Weights::Held)?, dmatrix![q, 1.0 - q; 1.0 - q, q]))
}

pub(super) fn contours() -> Result<Figure> {
    let x = dmatrix![-1.5; 1.5];
    let bound_of = |theta: f64, q: f64| -> Result<f64> {
        let (model, q) = mirrored(theta, q)?;
        bound::lower_bound(&q, &model.log_joint(&x)?)
    };
    let (thetas, qs) = ([-2.3, 2.3], [0.0, 1.0]);
    let grid = Grid::new(thetas, qs, 101);
    let values =
        grid.nodes().row_iter().map(|node| bound_of(node[0], node[1])).collect::<Result<Vec<_>>>()?;
    let (start, q) = mirrored(0.15, 0.12)?;
    let trace = ascent::coordinate_ascent(&start, &x, &q, 9)?;
    let place = |state: &HalfStep<SoftKMeans>| [state.model.means[1], state.q[(1, 1)]];

    let mut map = Panel::new(thetas, qs);
    map.title("*F*(*q*, *θ*) from above").y_label("*q*").x_label("*θ*");
    map.x_ticks(&[-2.0, -1.0, 0.0, 1.0, 2.0]).y_ticks(&[0.0, 0.5, 1.0]);
    // The fifth of them is the height of the saddle, where the level set crosses itself.
    let saddle = bound_of(0.0, 0.5)?;
    let levels = [-4.0, -2.4, -1.2, -0.5, 0.0, 0.2, 0.4, 0.6, 0.8].map(|above| saddle + above);
    map.bands(&grid, &values, &levels, plot::lighten(plot::component(2), 0.45));
    map.contours(&grid, &values, &levels, plot::WHITE, 0.7);
    let best_q = places(thetas, 92)
        .map(|theta| Ok([theta, latent::responsibilities(&mirrored(theta, 0.5)?.0.log_joint(&x)?)?[(1, 1)]]))
        .collect::<Result<Vec<Point>>>()?;
    let best_theta = places(qs, 20)
        .map(|q| {
            let (model, weights) = mirrored(1.0, q)?;
            Ok([model.maximize(&x, &weights)?.means[1], q])
        })
        .collect::<Result<Vec<Point>>>()?;
    map.line(&best_q, e_colour(), 1.0).line(&best_theta, m_colour(), 1.0);
    map.text([0.3, 0.82], [-4.0, 0.0], "best *q* for each *θ*", Anchor::End, e_colour());
    map.text([0.62, 0.62], [8.0, 12.0], "best *θ* for each *q*", Anchor::Start, m_colour());
    for pair in trace.windows(2) {
        let way = [place(&pair[0]), place(&pair[1])];
        map.line(&way, plot::WHITE, 4.2).line(&way, step_colour(pair[1].moved), 2.4);
    }
    disc(&mut map, place(&trace[0]), 4.5, plot::INK);
    map.text(place(&trace[0]), [9.0, 4.0], "start", Anchor::Start, plot::INK);
    map.mark([0.0, 0.5], Marker::Cross, 8.0, plot::INK);
    map.text([0.0, 0.5], [-10.0, -2.0], "saddle", Anchor::End, plot::INK);

    let mut side = Panel::new(thetas, [-5.3, -3.1]);
    side.title("the same from the side, in nats").x_label("*θ*").x_ticks(&[-2.0, -1.0, 0.0, 1.0, 2.0]);
    side.y_ticks(&[-5.0, -4.0]);
    let likelihood = places(thetas, 120)
        .map(|theta| Ok([theta, latent::log_likelihood(&mirrored(theta, 0.5)?.0.log_joint(&x)?)?]))
        .collect::<Result<Vec<Point>>>()?;
    side.line(&likelihood, plot::INK, 1.6);
    for pair in trace.windows(2) {
        let ([theta, q], [next_theta, next_q]) = (place(&pair[0]), place(&pair[1]));
        let way = places([0.0, 1.0], 16)
            .map(|s| {
                let (theta, q) = (theta + s * (next_theta - theta), q + s * (next_q - q));
                Ok([theta, bound_of(theta, q)?])
            })
            .collect::<Result<Vec<Point>>>()?;
        side.line(&way, step_colour(pair[1].moved), 2.4);
    }
    let start = [place(&trace[0])[0], trace[0].lower_bound];
    disc(&mut side, start, 4.5, plot::INK);
    side.text(start, [9.0, 4.0], "start", Anchor::Start, plot::INK);
    side.text([-1.45, -3.2], [0.0, -4.0], "*ℓ*(*θ*) = max_q *F*(*q*, *θ*)", Anchor::Middle, plot::INK);
    let figure = Figure::still(&Page::new(2).panel_height(270.0).panel(map).panel(side))?;
    Ok(figure.described(
        "Coordinate ascent on F(q, θ), for two data at ±1.5 and two unit Gaussians at ±θ; q is the probability that a \
         datum came from the Gaussian on its own side. E steps (blue) move q alone, M steps (orange) θ alone. From the \
         side every E step ends on the log-likelihood, which is the skyline of F.",
        "Left, a contour map with two summits and a saddle between them; a path of vertical and horizontal steps climbs \
         from below the saddle to the upper right summit. Right, a curve of two hills and the same path below it, \
         touching it after each vertical step.",
    ))
}
