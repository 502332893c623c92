//! Coordinate ascent half step by half step: over the half steps, and on the map of F(q, θ).

use super::{disc, e_colour, gap_colour, m_colour, places};
use crate::plot::{self, Anchor, Colour, Figure, Grid, Marker, Page, Panel, Point};
use executable_em::bound::ascent::{self, Coordinate, HalfStep};
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::latent::{self, Model};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Result, bound};
use nalgebra::{DMatrix, dmatrix};

fn step_colour(moved: Coordinate) -> Colour {
    match moved {
        Coordinate::Distribution => e_colour(),
        Coordinate::Parameters => m_colour(),
    }
}

/// Source: C-09, C-E04, B-16.
pub(crate) fn staircase() -> Result<Figure> {
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
         Faithful data, from the second sweep on (the first gains more than all others). The shaded gap \
         between them is KL(q ‖ posterior): an E step closes it, an M step raises both curves and opens it again, \
         each time less. Seed 4.",
        "Two rising lines with a shaded band between them that closes at every second half step and opens after it; \
         the upper line is flat while the lower one catches up.",
    ))
}

/// Two data at ±1.5 and two unit Gaussians at ±θ: by symmetry a single number q says for both data how probable the
/// component on their own side is.
fn mirrored(theta: f64, q: f64) -> Result<(SoftKMeans, DMatrix<f64>)> {
    Ok((SoftKMeans::new(dmatrix![-theta; theta], 1.0, Weights::Held)?, dmatrix![q, 1.0 - q; 1.0 - q, q]))
}

/// Source: C-09, C-16, C-17.
pub(crate) fn contours() -> Result<Figure> {
    let x = dmatrix![-1.5; 1.5];
    let bound_of = |[theta, q]: Point| -> Result<f64> {
        let (model, q) = mirrored(theta, q)?;
        bound::lower_bound(&q, &model.log_joint(&x)?)
    };
    let (thetas, qs) = ([-2.3, 2.3], [0.0, 1.0]);
    let grid = Grid::new(thetas, qs, 101);
    let values = grid.values(bound_of)?;
    let (start, q) = mirrored(0.15, 0.12)?;
    let trace = ascent::coordinate_ascent(&start, &x, &q, 9)?;
    let place = |state: &HalfStep<SoftKMeans>| [state.model.means()[1], state.q[(1, 1)]];

    let mut map = Panel::new(thetas, qs);
    map.title("*F*(*q*, *θ*) from above").y_label("*q*").x_label("*θ*");
    map.x_ticks(&[-2.0, -1.0, 0.0, 1.0, 2.0]).y_ticks(&[0.0, 0.5, 1.0]);
    // The fifth of them is the height of the saddle, where the level set crosses itself.
    let saddle = bound_of([0.0, 0.5])?;
    let levels = [-4.0, -2.4, -1.2, -0.5, 0.0, 0.2, 0.4, 0.6, 0.8].map(|above| saddle + above);
    map.bands(&grid, &values, &levels, plot::lighten(plot::component(2), 0.45));
    map.contours(&grid, &values, &levels, plot::WHITE, 0.7);
    let best_q = places(thetas, 92)
        .map(|theta| Ok([theta, latent::responsibilities(&mirrored(theta, 0.5)?.0.log_joint(&x)?)?[(1, 1)]]))
        .collect::<Result<Vec<Point>>>()?;
    let best_theta = places(qs, 20)
        .map(|q| {
            let (model, weights) = mirrored(1.0, q)?;
            Ok([model.maximize(&x, &weights)?.means()[1], q])
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
                Ok([theta, bound_of([theta, q])?])
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
        "Coordinate ascent on F(q, θ), for two data at ±1.5 and two unit Gaussians at ±θ; q is the probability that \
         a datum came from the Gaussian on its own side. E steps (blue) move q alone, M steps (orange) θ alone. From \
         the side every E step ends on the log-likelihood, which is the skyline of F.",
        "Left, a contour map with two summits and a saddle between them; a path of vertical and horizontal steps \
         climbs from below the saddle to the upper right summit. Right, a curve of two hills and the same path below \
         it, touching it after each vertical step.",
    ))
}
