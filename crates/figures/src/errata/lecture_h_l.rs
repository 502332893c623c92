//! Lectures H and L.

use crate::plot::{self, Anchor, Figure, Marker, Page, Panel, Point, number};
use executable_em::em;
use executable_em::errata::{lecture_h, lecture_l};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start, spherical};
use executable_em::latent::Model;
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Result, data};
use nalgebra::{DMatrix, dmatrix, dvector};

/// What is right has this component's colour, what is printed that one's.
const RIGHT: usize = 0;
const PRINTED: usize = 1;

/// Source: H-E06.
pub(crate) fn half() -> Result<Figure> {
    let pair = SoftKMeans::new(dmatrix![-1.0; 1.0], 1.0, Weights::Held)?;
    let nodes = DMatrix::from_fn(161, 1, |i, _| -2.0 + 4.0 * i as f64 / 160.0);
    let mut share = Panel::new([-2.0, 2.0], [0.0, 1.0]);
    share.title("*r* of the mean at 1, *β* = 1").x_label("*x*");
    share.x_ticks(&[-2.0, -1.0, 0.0, 1.0, 2.0]).y_ticks(&[0.0, 0.5, 1.0]);
    for (r, which) in [
        (lecture_h::responsibilities_without_the_half(&pair, &nodes)?, PRINTED),
        (pair.responsibilities(&nodes)?, RIGHT),
    ] {
        let curve: Vec<Point> = (0..nodes.nrows()).map(|i| [nodes[i], r[(i, 1)]]).collect();
        share.line(&curve, plot::component(which), 1.8);
    }
    for mean in [-1.0, 1.0] {
        share.mark([mean, 0.0], Marker::Cross, 10.0, plot::INK);
    }
    let at = |x: f64| -> Result<[f64; 2]> {
        let x = dmatrix![x];
        let printed = lecture_h::responsibilities_without_the_half(&pair, &x)?[1];
        Ok([pair.responsibilities(&x)?[1], printed])
    };
    share.text(
        [-0.6, at(-0.6)?[0]],
        [-8.0, -6.0],
        "with the ½",
        Anchor::End,
        plot::darken(plot::component(RIGHT), 0.1),
    );
    share.text(
        [0.42, at(0.42)?[1]],
        [-10.0, -10.0],
        "as printed",
        Anchor::End,
        plot::darken(plot::component(PRINTED), 0.1),
    );

    let x = dmatrix![-1.5; -0.5; 0.5; 1.5; 2.0];
    let start = SoftKMeans::new(dmatrix![-0.3; 0.9], 1.0, Weights::Fitted)?;
    let printed_sweep =
        |model: &SoftKMeans| model.maximize(&x, &lecture_h::responsibilities_without_the_half(model, &x)?);
    let value = |model: &SoftKMeans| model.log_likelihood(&x);
    let [right, printed] = two_runs(&start, [15, 10], |model| em::sweep(model, &x), printed_sweep, value)?;
    let mut climb = runs(&right, &printed);
    climb.title("*ℓ*, nats");
    climb.text([10.0, right[10][1]], [0.0, 22.0], "with the ½", Anchor::Middle, plot::component(RIGHT));
    climb.text([20.0, printed[5][1]], [0.0, 20.0], "as printed", Anchor::Middle, plot::component(PRINTED));

    let figure = Figure::still(&Page::new(2).panel_height(230.0).panel(share).panel(climb))?;
    Ok(figure.described(
        "Left: the responsibility of the right one of two means (crosses) with the covariance I/β, and what the \
         exponent −β‖x − μ‖² makes of it: the responsibility for twice the stiffness. Right: EM on the data −1.5, \
         −.5, .5, 1.5, 2. After fifteen sweeps the run either goes on as it is, at its maximum, or with the printed \
         form, and then ℓ falls.",
        "Left, two S-shaped curves through the same middle, the printed one steeper. Right, a curve that rises and \
         levels out; where it branches, one branch stays and the other falls to a lower level.",
    ))
}

/// Source: L-E03.
pub(crate) fn dimension() -> Result<Figure> {
    let cross = dmatrix![1.0, 0.0; -1.0, 0.0; 0.0, 1.0; 0.0, -1.0];
    let (r, origin) = (DMatrix::from_element(4, 1, 1.0), dmatrix![0.0, 0.0]);
    let right = spherical::variances(&cross, &r, &origin)?[0];
    let printed = lecture_l::variances_without_the_dimension(&cross, &r, &origin)?[0];
    let round = |variance: f64| DMatrix::from_diagonal_element(2, 2, variance);

    let mut circles = Panel::new([-1.5, 1.5], [-1.5, 1.5]);
    circles.equal_aspect().title("one standard deviation");
    circles.x_ticks(&[-1.0, 0.0, 1.0]).y_ticks(&[-1.0, 0.0, 1.0]);
    for (variance, which) in [(printed, PRINTED), (right, RIGHT)] {
        circles.disc([0.0, 0.0], &round(variance), 1.0, plot::lighten(plot::component(which), 0.85), 1.0);
        circles.ellipse([0.0, 0.0], &round(variance), 1.0, plot::component(which), 1.6);
    }
    circles.dots(&plot::points(&cross)?, &[plot::INK], 3.6, 1.0);
    circles.text([0.0, 0.0], [0.0, -4.0], "*σ*² = ½", Anchor::Middle, plot::component(RIGHT));
    circles.text([0.0, 0.0], [0.0, 12.0], "right", Anchor::Middle, plot::component(RIGHT));
    circles.text([0.74, 0.74], [5.0, -12.0], "*σ*² = 1", Anchor::Start, plot::component(PRINTED));
    circles.text([0.74, 0.74], [5.0, 4.0], "as printed", Anchor::Start, plot::component(PRINTED));

    let l = |variance: f64| {
        let covariances = vec![round(variance)];
        GaussianMixture::new(dvector![1.0], origin.clone(), covariances, CovarianceFamily::Spherical)?
            .log_likelihood(&cross)
    };
    let mut curve = Panel::new([0.2, 1.7], [-10.8, -8.2]);
    curve.title("*ℓ* of these four data").x_label("*σ*²");
    curve.x_ticks(&[0.5, 1.0, 1.5]).y_ticks(&[-10.0, -9.0]);
    let path = (0..=100)
        .map(|step| 0.2 + 1.5 * f64::from(step) / 100.0)
        .map(|variance| Ok([variance, l(variance)?]))
        .collect::<Result<Vec<Point>>>()?;
    curve.line(&path, plot::INK, 1.4);
    for (variance, which) in [(right, RIGHT), (printed, PRINTED)] {
        let (place, colour) = ([variance, l(variance)?], plot::component(which));
        curve.dots(&[place], &[colour], 4.4, 1.0);
        curve.text(place, [9.0, -7.0], &number(place[1], 4), Anchor::Start, colour);
    }

    let (x, _) = data::blobs();
    let start = random_start(&x, 4, CovarianceFamily::Spherical, &mut data::rng(3))?;
    let [climbing, falling] = two_runs(
        &start,
        [20, 10],
        |model| em::sweep(model, &x),
        |model| lecture_l::sweep_without_the_dimension(model, &x),
        |model| model.log_likelihood(&x),
    )?;
    let mut climb = runs(&climbing, &falling);
    climb.title("*ℓ* of the four blobs").x_ticks(&[0.0, 10.0, 20.0, 30.0]);

    let page = Page::new(3).panel_height(190.0).panel(circles).panel(curve).panel(climb);
    Ok(Figure::still(&page)?.described(
        "The variance of a round Gaussian in the plane, per dimension (blue) and as printed, without 1/d (orange). \
         Left: on a cross of four data the printed circle of one standard deviation runs through all of them, as if \
         none were nearer. Middle: ℓ as a function of σ². Right: EM with four round components; after twenty sweeps \
         the run goes on as it is, or with the printed update. Seed 3.",
        "Left, two circles about the centre of a cross; the larger one touches all four points. Middle, a curve with \
         its top at one half and a second dot lower down at one. Right, a curve that rises and then either stays or \
         drops.",
    ))
}

/// ℓ along a run that goes on as it began, and along one that turns to the printed sweep after so many
/// sweeps.
fn two_runs<M: Model>(
    start: &M,
    [turn, more]: [usize; 2],
    right: impl Fn(&M) -> Result<M>,
    printed: impl Fn(&M) -> Result<M>,
    value: impl Fn(&M) -> Result<f64>,
) -> Result<[Vec<Point>; 2]> {
    let mut model = start.clone();
    let mut as_it_is = vec![[0.0, value(&model)?]];
    let mut turned = Vec::new();
    for sweep in 1..=turn + more {
        if sweep == turn + 1 {
            turned.push(as_it_is[turn]);
            let mut other = model.clone();
            for later in sweep..=turn + more {
                other = printed(&other)?;
                turned.push([later as f64, value(&other)?]);
            }
        }
        model = right(&model)?;
        as_it_is.push([sweep as f64, value(&model)?]);
    }
    Ok([as_it_is, turned])
}

/// Both runs over their sweeps, a dot a sweep.
fn runs(right: &[Point], printed: &[Point]) -> Panel {
    let sweeps = right.len() as f64 - 1.0;
    let mut panel = Panel::new([0.0, sweeps], plot::span(right.iter().map(|point| point[1]), 0.06));
    panel.x_label("sweep");
    for (run, which) in [(right, RIGHT), (printed, PRINTED)] {
        panel.line(run, plot::component(which), 1.4).dots(run, &[plot::component(which)], 2.4, 1.0);
    }
    panel
}
