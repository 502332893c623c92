//! Of lectures C, B and T: a covariance that is none, and bounds that are none.

use crate::plot::{self, Anchor, Colour, Figure, Marker, Page, Panel, Point};
use executable_em::bound::{self, ascent};
use executable_em::errata::lecture_c;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, OnlyMean};
use executable_em::latent::{self, Model};
use executable_em::{Result, em};
use nalgebra::{DMatrix, dmatrix, dvector};

/// What holds is blue, what is printed is orange.
fn right_colour() -> Colour {
    plot::darken(plot::component(0), 0.1)
}

fn printed_colour() -> Colour {
    plot::darken(plot::component(1), 0.1)
}

fn one_gaussian(mean: DMatrix<f64>) -> Result<GaussianMixture> {
    let d = mean.ncols();
    GaussianMixture::new(dvector![1.0], mean, vec![DMatrix::identity(d, d)], CovarianceFamily::Full)
}

/// Values from `low` to `high`, `steps` + 1 of them.
fn places([low, high]: [f64; 2], steps: usize) -> impl Iterator<Item = f64> {
    (0..=steps).map(move |step| low + (high - low) * step as f64 / steps as f64)
}

/// Source: C-E01.
pub(crate) fn old_mean() -> Result<Figure> {
    let x = dmatrix![1.0; 3.0];
    let mut printed: Vec<Point> = Vec::new();
    for mean in places([0.0, 3.6], 90) {
        let variance = lecture_c::covariances_about_the_old_means(&one_gaussian(dmatrix![mean])?, &x)?[0][0];
        printed.push([mean, variance]);
    }
    let (range, depth) = ([0.0, 3.6], [-8.4, 5.6]);
    let mut line = Panel::new(range, depth);
    line.title("the variance of {1, 3} after one step").x_label("old mean");
    line.x_ticks(&[0.0, 1.0, 2.0, 3.0]).y_ticks(&[-8.0, -4.0, 0.0, 4.0]);
    let below = [[range[0], depth[0]], [range[1], depth[0]], [range[1], 0.0], [range[0], 0.0]];
    line.area(&below, plot::component(1), 0.1);
    line.line(&[[range[0], 1.0], [range[1], 1.0]], right_colour(), 1.8);
    line.line(&printed, printed_colour(), 1.8);
    line.dots(&[[2.0, 1.0]], &[plot::WHITE], 5.8, 1.0).dots(&[[2.0, 1.0]], &[plot::INK], 4.2, 1.0);
    line.text([2.0, 1.0], [9.0, -9.0], "fixed point", Anchor::Start, plot::INK);
    line.text([0.12, 1.0], [0.0, 15.0], "about the new mean", Anchor::Start, right_colour());
    line.text([1.3, 3.31], [9.0, -6.0], "about the old mean", Anchor::Start, printed_colour());
    line.text([0.12, -6.0], [0.0, 0.0], "no variance", Anchor::Start, printed_colour());

    let cloud = dmatrix![
        1.7, 1.2; 2.2, 0.4; 2.5, 1.7; 2.3, 0.9; 3.0, 0.1; 3.3, 1.4; 3.8, 0.6; 4.0, 1.9; 3.6, 0.8
    ];
    let old = one_gaussian(dmatrix![4.7, 1.55])?;
    let new = em::sweep(&old, &cloud)?;
    let mean: Point = [new.means()[0], new.means()[1]];
    let mut plane = Panel::new([-0.6, 6.6], [-1.7, 3.7]);
    plane.equal_aspect().title("two standard deviations, in the plane");
    plane.without_x_axis().without_y_axis();
    for branch in level_curve(mean, &lecture_c::covariances_about_the_old_means(&old, &cloud)?[0], 2.0) {
        plane.line(&branch, printed_colour(), 1.8);
    }
    plane.ellipse(mean, &new.covariances()[0], 2.0, right_colour(), 1.8);
    plane.dots(&plot::points(&cloud)?, &[plot::GREY], 2.6, 1.0);
    plane.mark([4.7, 1.55], Marker::Cross, 11.0, plot::INK).mark(mean, Marker::Square, 7.0, right_colour());
    plane.text([4.7, 1.55], [11.0, 5.0], "old mean", Anchor::Start, plot::INK);
    plane.text([1.2, 0.8], [0.0, 4.0], "ellipse", Anchor::End, right_colour());
    plane.text([5.7, 2.35], [0.0, 0.0], "hyperbola", Anchor::Middle, printed_colour());
    let figure = Figure::still(&Page::new(2).panel_height(250.0).panel(line).panel(plane))?;
    Ok(figure.described(
        "The covariance update with the mean of the step before (orange) and with the new one (blue). Left: for the \
         data 1 and 3 it is 5 less the square of the old mean; it is right only where the mean no longer moves, and \
         negative from √5 on. Right: nine data in the plane. The right matrix has an ellipse; the printed one is \
         indefinite, and its level curve a hyperbola.",
        "Left, a parabola that crosses a horizontal line at the fixed point and falls below zero. Right, a cloud of \
         dots with an ellipse around it, and the two branches of a hyperbola above and below.",
    ))
}

/// The curve (x − m)ᵀ Σ⁻¹ (x − m) = ρ² of an indefinite 2×2 matrix: a hyperbola, branch by branch.
fn level_curve(mean: Point, matrix: &DMatrix<f64>, radius: f64) -> [Vec<Point>; 2] {
    let eigen = matrix.clone().symmetric_eigen();
    let (up, down) = (eigen.eigenvalues.imax(), eigen.eigenvalues.imin());
    let axis = |index: usize, sign: f64| {
        eigen.eigenvectors.column(index) * (sign * radius * eigen.eigenvalues[index].abs().sqrt())
    };
    [1.0, -1.0].map(|sign| {
        let (along, across) = (axis(up, sign), axis(down, 1.0));
        places([-2.4, 2.4], 80)
            .map(|t| {
                let v = &along * t.cosh() + &across * t.sinh();
                [mean[0] + v[0], mean[1] + v[1]]
            })
            .collect()
    })
}

/// Two unit Gaussians on five data, one about 0, the other free.
fn five(theta: f64) -> Result<OnlyMean> {
    let unit = vec![dmatrix![1.0]; 2];
    OnlyMean::new(
        GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; theta], unit, CovarianceFamily::Full)?,
        1,
    )
}

/// Source: C-E17, T-E01, T-E03.
pub(crate) fn bounds() -> Result<Figure> {
    let x = dmatrix![0.0; 1.0; 3.0; 4.0; 5.0];
    let now = five(1.0)?;
    let log_joint = now.log_joint(&x)?;
    let q = latent::responsibilities(&log_joint)?;
    let (here, entropy) = (latent::log_likelihood(&log_joint)?, bound::entropy(&q)?);
    let next = now.maximize(&x, &q)?;
    let theta_next = next.parameters()[0];
    let top = bound::lower_bound(&q, &next.log_joint(&x)?)?;

    let range = [0.2, 6.6];
    let thetas: Vec<f64> = places(range, 200).collect();
    let models = thetas.iter().map(|&theta| five(theta)).collect::<Result<Vec<_>>>()?;
    let values = ascent::along(&models, &x, &q)?;
    let curve = |value: &dyn Fn((f64, f64)) -> f64| -> Vec<Point> {
        thetas.iter().zip(&values).map(|(&theta, &both)| [theta, value(both)]).collect()
    };
    let mut panel = Panel::new(range, [-24.5, -9.0]);
    panel.x_label("*θ*").y_label("nats").room_right(12.0);
    panel.x_ticks(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).y_ticks(&[-24.0, -20.0, -16.0, -12.0]);
    panel.line(&[[range[0], here], [range[1], here]], plot::FAINT, 1.0);
    panel.text([range[1], here], [-2.0, -6.0], "*ℓ*(*θ*_t)", Anchor::End, plot::GREY);
    let pale = plot::lighten(printed_colour(), 0.25);
    panel.line(&curve(&|(_, f)| f - 2.0 * entropy), pale, 1.6);
    panel.line(&curve(&|(_, f)| f - entropy), printed_colour(), 1.8);
    panel.line(&curve(&|(_, f)| f), right_colour(), 1.8);
    panel.line(&curve(&|(l, _)| l), plot::INK, 1.8);
    for (height, colour) in [(here, plot::INK), (here - entropy, printed_colour())] {
        panel.dots(&[[1.0, height]], &[plot::WHITE], 5.6, 1.0).dots(&[[1.0, height]], &[colour], 4.0, 1.0);
    }
    panel.text([1.0, here], [-8.0, -7.0], "*θ*_t", Anchor::End, plot::INK);
    for (height, text, colour) in [
        (top, "*F*", right_colour()),
        (top - entropy, "*Q*", printed_colour()),
        (top - 2.0 * entropy, "*Q* − *H*", pale),
    ] {
        panel.text([theta_next, height], [0.0, 17.0], text, Anchor::Middle, colour);
    }
    panel.text([4.3, -11.2], [4.0, -8.0], "*ℓ*(*θ*)", Anchor::Start, plot::INK);
    let figure = Figure::still(&Page::new(1).width(580.0).panel_height(320.0).panel(panel))?;
    Ok(figure.described(
        "Four curves over θ for one and the same q, the posterior at θ_t. The bound F touches ℓ at θ_t. Q lies below \
         it by the entropy; Q − H, the bound with its sign lost, by twice the entropy, and so neither touches. The \
         printed claim that Q lies below ℓ(θ_t) compares with the grey line, through which Q rises on its way to the \
         next θ.",
        "A dark curve with three congruent parabola-like curves below it, the uppermost touching it at a marked \
         point. A horizontal line through that point is crossed by all of them.",
    ))
}
