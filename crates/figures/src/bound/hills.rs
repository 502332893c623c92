//! The story of EM on a curve of two hills: as three pictures, and moving.

use super::{disc, e_colour, m_colour, places};
use crate::plot::{self, Anchor, Colour, Figure, Page, Panel, Point};
use executable_em::Result;
use executable_em::bound::{self, ascent};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, OnlyMean};
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, dmatrix, dvector};

/// Two hills on one line: of a mixture of a wide known component about 0 and one of standard deviation 1.2, only the
/// mean θ of the latter is free.
pub(super) fn two_hills(theta: f64) -> Result<OnlyMean> {
    let (means, variances) = (dmatrix![0.0; theta], vec![dmatrix![16.0], dmatrix![1.44]]);
    OnlyMean::new(GaussianMixture::new(dvector![0.5, 0.5], means, variances, CovarianceFamily::Full)?, 1)
}

pub(super) fn two_hills_data() -> DMatrix<f64> {
    dmatrix![-3.4; -2.9; -2.5; 1.8; 2.6; 3.0; 3.2; 3.9]
}

pub(super) const HILLS: [f64; 2] = [-5.6, 5.9];
pub(super) const FLOOR: f64 = -27.0;

/// θ with ℓ(θ), and θ with F(q, θ).
pub(super) fn curves(q: &DMatrix<f64>) -> Result<(Vec<Point>, Vec<Point>)> {
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

pub(super) fn hills_panel() -> Panel {
    let mut panel = Panel::new(HILLS, [FLOOR, -17.6]);
    panel.x_ticks(&[-4.0, -2.0, 0.0, 2.0, 4.0]).y_ticks(&[-26.0, -23.0, -20.0]).x_label("*θ*");
    panel
}

/// Source: C-21, C-22, C-23.
pub(crate) fn touching() -> Result<Figure> {
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
        "Three panels with the same curve of two hills. Left, three parabolas below it, one touching. Middle, the \
         way along that parabola to its top. Right, a new parabola touching above that top.",
    ))
}

/// From θ = 0 to the top: each E step lifts the bound until it touches, each M step walks along it to its maximum.
///
/// Source: C-21, C-22, C-23.
pub(crate) fn climbing() -> Result<Figure> {
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
        "The same story, moving: the curve is the log-likelihood, the parabola the bound F(q, θ). An E step changes \
         q and lifts the bound until it touches at θ; an M step changes θ and walks up the bound.",
        "A parabola below a curve with two hills rises until it touches, a dot walks up to its top, the parabola \
         changes and touches anew, until the dot stands on the higher hill.",
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
