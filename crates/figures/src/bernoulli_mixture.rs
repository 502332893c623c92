//! The figures of the chapter on Bernoulli mixtures.

mod tosses;

pub use tosses::Tosses;
pub(crate) use tosses::state;

use super::drawn;
use crate::plot::{self, Anchor, Colour, Figure, Grid, Marker, Page, Panel, Point};
use executable_em::bernoulli_mixture::identifiability::{information, outcomes};
use executable_em::bernoulli_mixture::{BernoulliMixture, random_start};
use executable_em::em::{self, Stopping};
use executable_em::{Result, data};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// The coins of the chapter: the first is drawn less often and shows more heads.
fn two_coins(flips: usize) -> Result<BernoulliMixture> {
    BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.80; 0.35], flips)
}

/// Source: T-E10.
pub(super) fn ridge() -> Result<Figure> {
    let page = Page::new(3).panel_height(205.0).panel(biases_of_single_flips()?);
    let figure = Figure::still(&page.panel(sweeps_of_single_flips()?).panel(biases_of_ten_flips()?))?;
    Ok(figure.described(
        "ℓ of two coins in shades, the darker the higher. Left: ten draws of one flip, six of them heads, as a \
         function of the two biases when both coins are drawn equally often: the top is a line. Middle: the same for \
         any weights, over the probabilities of drawing a coin and seeing heads. One sweep of EM goes from each \
         start (dot) straight along the ray from the origin to the ridge, and there it stays. Right: thirty draws of \
         ten flips, weights known to be ½. The ridge has broken up into two peaks, mirror images of each other, and \
         EM climbs them from everywhere off the diagonal. Seed 2.",
        "Three maps. Left, parallel bands along a falling diagonal. Middle, the same with six short straight lines \
         that end on the ridge. Right, two dark peaks to which paths lead.",
    ))
}

/// Six heads in ten flips, one a draw.
fn ten_single_flips() -> DMatrix<f64> {
    DMatrix::from_fn(10, 1, |i, _| if i < 6 { 1.0 } else { 0.0 })
}

const UNIT: [f64; 2] = [0.0, 1.0];
const TICKS: [f64; 3] = [0.0, 0.5, 1.0];

/// A square of probabilities with the heights of `log_likelihood` in shades, `drops` below its highest value.
fn map(height: impl Fn(Point) -> Result<f64>, drops: &[f64]) -> Result<Panel> {
    shades(81, height, drops)
}

/// The same on so many nodes a side.
fn shades(nodes: usize, height: impl Fn(Point) -> Result<f64>, drops: &[f64]) -> Result<Panel> {
    // Away from 0 and 1 by a hair: there ℓ is −∞.
    let grid = Grid::new([0.001, 0.999], [0.001, 0.999], nodes);
    let values = grid.values(height)?;
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let levels: Vec<f64> = drops.iter().map(|drop| highest - drop).collect();
    let mut panel = Panel::new(UNIT, UNIT);
    panel.equal_aspect().x_ticks(&TICKS).y_ticks(&TICKS);
    panel.bands(&grid, &values, &levels, plot::lighten(plot::GREY, 0.12));
    panel.contours(&grid, &values, &levels, plot::WHITE, 0.4);
    Ok(panel)
}

const DROPS: [f64; 8] = [10.0, 7.0, 4.5, 3.0, 1.8, 0.9, 0.3, 0.05];

fn biases_of_single_flips() -> Result<Panel> {
    let x = ten_single_flips();
    let height =
        |[p, q]: Point| BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![p; q], 1)?.log_likelihood(&x);
    let mut panel = map(height, &DROPS)?;
    panel.title("one flip a draw").note("*α*_1 = ½").x_label("*p*_1").y_label("*p*_2");
    panel.line(&[[0.2, 1.0], [1.0, 0.2]], plot::INK, 1.4);
    panel.text([0.6, 0.6], [6.0, -4.0], "the same *ℓ*", Anchor::Start, plot::INK);
    Ok(panel)
}

/// Weight and biases of the two coins that the sweeps begin with.
const STARTS: [[f64; 3]; 6] = [
    [0.5, 0.9, 0.7],
    [0.3, 0.9, 0.15],
    [0.6, 0.15, 0.2],
    [0.75, 0.9, 0.4],
    [0.25, 0.6, 0.9],
    [0.15, 0.5, 0.35],
];

fn sweeps_of_single_flips() -> Result<Panel> {
    let x = ten_single_flips();
    // Below the diagonal u + v = 1 a single coin of bias u + v has the same likelihood; above there are no coins.
    let height = |[u, v]: Point| match u + v < 1.0 {
        true => BernoulliMixture::new(dvector![1.0], dmatrix![u + v], 1)?.log_likelihood(&x),
        false => Ok(-1e3),
    };
    let mut panel = map(height, &DROPS)?;
    panel.title("one sweep of EM").x_label("*α*_1*p*_1").y_label("*α*_2*p*_2");
    panel.line(&[[0.0, 0.6], [0.6, 0.0]], plot::INK, 1.4);
    for [weight, p, q] in STARTS {
        let start = BernoulliMixture::new(dvector![weight, 1.0 - weight], dmatrix![p; q], 1)?;
        let after = em::sweep(&start, &x)?;
        let place = |coins: &BernoulliMixture| -> Point {
            [coins.weights()[0] * coins.biases()[0], coins.weights()[1] * coins.biases()[1]]
        };
        let (from, to) = (place(&start), place(&after));
        panel.line(&[[0.0, 0.0], from, to], plot::WHITE, 0.8);
        panel.way(&[from, to], plot::component(1));
    }
    panel.text([0.62, 0.62], [0.0, 0.0], "no coins", Anchor::Start, plot::GREY);
    Ok(panel)
}

fn biases_of_ten_flips() -> Result<Panel> {
    let truth = two_coins(10)?.with_weights(dvector![0.5, 0.5])?;
    let (x, _) = truth.sample(30, &mut data::rng(2))?;
    let at = |[p, q]: Point| BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![p; q], 10);
    let drops = [320.0, 220.0, 150.0, 100.0, 68.0, 44.0, 26.0, 13.0, 5.0, 1.0];
    let mut panel = map(|point| at(point)?.log_likelihood(&x), &drops)?;
    panel.title("ten flips a draw").note("*α*_1 = ½").x_label("*p*_1").y_label("*p*_2");
    panel.line(&[[0.0, 0.0], [1.0, 1.0]], plot::WHITE, 0.9);
    for start in [[0.1, 0.2], [0.08, 0.9], [0.6, 0.58], [0.93, 0.97], [0.95, 0.1], [0.35, 0.37]] {
        let mut coins = at(start)?;
        let mut path = vec![start];
        for _ in 0..60 {
            coins = known_weights(&coins, &x)?;
            path.push([coins.biases()[0], coins.biases()[1]]);
        }
        panel.way(&path, plot::component(usize::from(start[0] < start[1])));
    }
    let mut top = truth;
    for _ in 0..60 {
        top = known_weights(&top, &x)?;
    }
    let [p, q] = [top.biases()[0], top.biases()[1]];
    for peak in [[p, q], [q, p]] {
        panel.mark(peak, Marker::Cross, 11.0, plot::INK);
    }
    Ok(panel)
}

/// A sweep of EM when the weights are known: only the biases follow.
fn known_weights(coins: &BernoulliMixture, x: &DMatrix<f64>) -> Result<BernoulliMixture> {
    em::sweep(coins, x)?.with_weights(coins.weights().clone())
}

const DRAWS: usize = 300;
const DATA_SETS: usize = 30;

/// Source: T-E10, T-46.
pub(super) fn recovery() -> Result<Figure> {
    let range = [0.5, 10.5];
    let ticks: Vec<f64> = (1..=10).map(f64::from).collect();
    let mut fits = Panel::new(range, UNIT);
    fits.title("biases found").note(&format!("{DATA_SETS} × {DRAWS} draws")).x_label("flips a draw, *m*");
    fits.x_ticks(&ticks).y_ticks(&[0.0, 0.35, 0.8, 1.0]);
    let mut errors = Panel::new(range, [0.0, 0.25]);
    errors.title("their error").x_label("flips a draw, *m*").x_ticks(&ticks);
    errors.y_ticks(&[0.0, 0.1, 0.2]);
    for j in 0..2 {
        let bias = two_coins(1)?.biases()[j];
        fits.line(&[[range[0], bias], [range[1], bias]], plot::component(j), 1.0);
    }
    let mut rng = data::rng(12);
    let mut promised = [Vec::new(), Vec::new()];
    for m in 1..=10_usize {
        let truth = two_coins(m)?;
        let mut squares = [0.0; 2];
        for set in 0..DATA_SETS {
            let (x, _) = truth.sample(DRAWS, &mut rng)?;
            let start = random_start(&x, 2, m, &mut rng)?;
            let run = em::fit(start, &x, &Stopping { max_sweeps: 400, ..drawn(x.nrows()) })?;
            let mut found = [run.model.biases()[0], run.model.biases()[1]];
            found.sort_by(|a, b| b.total_cmp(a));
            let at = m as f64 + 0.6 * (set as f64 / (DATA_SETS - 1) as f64 - 0.5);
            for j in 0..2 {
                squares[j] += (found[j] - truth.biases()[j]).powi(2) / DATA_SETS as f64;
                fits.dots(&[[at, found[j]]], &[plot::component(j)], 1.9, 0.75);
            }
        }
        // Two flips have a singular information: no number of draws helps.
        if m >= 3 {
            let inverse = (information(&truth)? * DRAWS as f64).try_inverse();
            for j in 0..2 {
                let variance = inverse.as_ref().map_or(f64::INFINITY, |inverse| inverse[(1 + j, 1 + j)]);
                promised[j].push([m as f64, variance.sqrt()]);
            }
        }
        for (j, square) in squares.iter().enumerate() {
            errors.dots(&[[m as f64, square.sqrt()]], &[plot::component(j)], 3.6, 1.0);
        }
    }
    for (j, line) in promised.iter().enumerate() {
        errors.line(line, plot::component(j), 1.4);
    }
    fits.text([10.5, 0.80], [0.0, -26.0], "*p*_1", Anchor::End, plot::component(0));
    fits.text([10.5, 0.35], [0.0, 32.0], "*p*_2", Anchor::End, plot::component(1));
    errors.text([4.0, 0.1], [14.0, -14.0], "line: what the information allows", Anchor::Start, plot::GREY);
    errors.text([4.0, 0.1], [14.0, 2.0], "dots: 30 runs of EM", Anchor::Start, plot::GREY);
    let figure = Figure::still(&Page::new(2).panel_height(240.0).panel(fits).panel(errors))?;
    Ok(figure.described(
        "Two coins with biases 0.80 and 0.35, the first drawn with probability 0.3, and what EM makes of 300 draws \
         for each number of flips a draw. Left: the biases found in thirty data sets, each run from a random start. \
         With one or two flips EM stops on a ridge, at a place that its start decides. Right: their root mean square \
         error, and the least that any unbiased estimate can have, from the inverse of the Fisher information. For \
         one and two flips that matrix is singular and there is no such bound: no number of draws would help. Seed \
         12.",
        "Left, columns of dots in two colours that are spread out at one and two flips and close in on two \
         horizontal lines towards ten. Right, falling dots and lines from three flips on, with higher dots on the \
         left.",
    ))
}

/// A bar for each number of heads, split between the coins by their responsibilities.
fn split_bars(panel: &mut Panel, heights: &DVector<f64>, r: &DMatrix<f64>) {
    for (h, &height) in heights.iter().enumerate() {
        let (left, right, split) = (h as f64 - 0.42, h as f64 + 0.42, height * r[(h, 1)]);
        for (j, [low, high]) in [(1, [0.0, split]), (0, [split, height])] {
            let block = [[left, low], [right, low], [right, high], [left, high]];
            panel.area(&block, plot::lighten(plot::component(j), 0.25), 1.0);
        }
    }
}

/// Source: T-48, T-47.
pub(super) fn heads() -> Result<Figure> {
    let coins = two_coins(10)?;
    let (x, probabilities) = outcomes(&coins)?;
    let r = coins.responsibilities(&x)?;
    let mut bars = Panel::new([-0.6, 10.6], [0.0, 0.2]);
    bars.title("ten flips: how many are heads").x_label("heads").y_ticks(&[0.0, 0.1, 0.2]);
    bars.x_ticks(&[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    split_bars(&mut bars, &probabilities, &r);
    bars.text([2.0, 0.165], [-6.0, -4.0], "coin 2", Anchor::End, plot::darken(plot::component(1), 0.2));
    bars.text([9.0, 0.1], [4.0, -8.0], "coin 1", Anchor::Middle, plot::darken(plot::component(0), 0.2));

    let mut curves = Panel::new([-0.02, 1.02], [0.0, 1.0]);
    curves.title("responsibility of coin 1").x_label("share of heads among *m* flips");
    curves.x_ticks(&[0.0, 0.25, 0.5, 0.75, 1.0]).y_ticks(&TICKS);
    curves.line(&[[-0.02, 0.3], [1.02, 0.3]], plot::FAINT, 0.8);
    curves.text([0.0, 0.3], [0.0, -5.0], "*α*_1 = 0.3", Anchor::Start, plot::GREY);
    for (m, depth) in [(40, 0.0), (10, 0.15), (3, 0.35), (1, 0.55)] {
        let coins = two_coins(m)?;
        let heads = DMatrix::from_fn(m + 1, 1, |h, _| h as f64);
        let r = coins.responsibilities(&heads)?;
        let colour = plot::lighten(plot::component(0), depth);
        let points: Vec<Point> = (0..=m).map(|h| [h as f64 / m as f64, r[(h, 0)]]).collect();
        curves.line(&points, colour, 1.2);
        // Forty dots would hide each other.
        if m <= 10 {
            curves.dots(&points, &[colour], 3.2, 1.0);
        }
    }
    for (at, offset, text, anchor) in [
        ([1.0, 0.495], [-4.0, 22.0], "*m* = 1", Anchor::End),
        ([1.0, 0.836], [-2.0, 24.0], "3", Anchor::End),
        ([0.7, 0.64], [9.0, 6.0], "10", Anchor::Start),
        ([0.6, 0.65], [-8.0, -4.0], "40", Anchor::End),
    ] {
        curves.text(at, offset, text, anchor, plot::darken(plot::component(0), 0.2));
    }
    let figure = Figure::still(&Page::new(2).panel_height(220.0).panel(bars).panel(curves))?;
    Ok(figure.described(
        "What a number of heads says about the coin. Left: its distribution for ten flips, each bar split between \
         the two coins that may have shown it (biases 0.80 and 0.35, weights 0.3 and 0.7). Right: the first coin's \
         part of the bar. The log odds are linear in the number of heads, so it is a logistic step, and m flips make \
         it m times as steep. One flip can hardly move it from the weight.",
        "Left, a histogram with two humps, the lower numbers of heads in one colour, the higher in another. Right, \
         four rising curves from nearly flat to a sharp step.",
    ))
}

/// Source: T-46, T-48, T-50.
pub(super) fn glyphs() -> Result<Figure> {
    let (x, labels) = data::noisy_glyphs([60; 4], 0.2, &mut data::rng(5))?;
    let mut rng = data::rng(1);
    let starts = (0..6).map(|_| random_start(&x, 4, 1, &mut rng)).collect::<Result<Vec<_>>>()?;
    let fit = em::best(em::restarts(starts, &x, &drawn(x.nrows())))?;
    let coins = fit.model;
    let colours = plot::by_responsibility(&coins.responsibilities(&x)?);

    let (columns, rows) = (7, 4);
    let mut images = picture_panel(columns, rows);
    images.title(&format!("{} of {} images", columns * rows, labels.len()));
    for index in 0..columns * rows {
        // From letter to letter, in no order.
        let i = 60 * ((index * 7 + index / columns) % 4) + index;
        let image: Vec<(f64, Colour)> = x.row(i).iter().map(|&ink| (ink, colours[i])).collect();
        draw_image(&mut images, index % columns, index / columns, &image);
    }
    let mut means = picture_panel(4, 2);
    means.title("the four rows of biases");
    for j in 0..4 {
        let colour = plot::component(j);
        let image: Vec<(f64, Colour)> =
            coins.biases().row(j).iter().map(|&p| (1.0, plot::lighten(colour, 1.0 - p))).collect();
        draw_image(&mut means, j % 4, j / 4, &image);
        // A single draw of this coin is as noisy as the data; its most probable image is not.
        let likeliest: Vec<(f64, Colour)> =
            coins.biases().row(j).iter().map(|p| (p.round(), colour)).collect();
        draw_image(&mut means, j % 4, 1 + j / 4, &likeliest);
    }
    let figure = Figure::still(&Page::new(2).panel_height(200.0).panel(images).panel(means))?;
    Ok(figure.described(
        "A mixture of four sets of 64 coins, one coin a pixel. Left: some of 240 images, letters of which every \
         fifth pixel has been turned over, in colours mixed by responsibility. Right: the biases found by EM as \
         shades, and below them rounded to black and white. Nobody has told it about letters; each row of biases is \
         an average over some sixty images, in which the noise has cancelled. Seeds 5 and 1.",
        "Left, rows of speckled small images in four colours. Right, four pale images in which the letters are plain \
         to see, and below them four clean letters.",
    ))
}

/// Room for images of 8×8 pixels, two pixels apart.
fn picture_panel(columns: usize, rows: usize) -> Panel {
    let length = |count: usize| 10.0 * count as f64 - 1.0;
    let mut panel = Panel::new([-1.0, length(columns)], [-length(rows), 1.0]);
    panel.equal_aspect().without_x_axis().without_y_axis();
    panel
}

/// An image whose pixels have ink of a colour, row by row from its upper left corner.
fn draw_image(panel: &mut Panel, column: usize, row: usize, pixels: &[(f64, Colour)]) {
    for (index, &(ink, colour)) in pixels.iter().enumerate() {
        if ink > 0.0 {
            let (x, y) = ((10 * column + index % 8) as f64, -((10 * row + index / 8) as f64));
            panel.area(&[[x, y], [x + 0.94, y], [x + 0.94, y - 0.94], [x, y - 0.94]], colour, 1.0);
        }
    }
}
