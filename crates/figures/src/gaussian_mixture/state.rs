//! A state of EM for a Gaussian mixture in the plane.

use super::sweeps;
use crate::plot::{self, Panel, Point, number};
use crate::state::Mixture;
use executable_em::Result;
use nalgebra::DMatrix;

/// The data with the ellipses, and ℓ over the sweeps so far.
pub(crate) fn state(x: &DMatrix<f64>, names: [&str; 2], state: &Mixture<'_>) -> Result<[Panel; 2]> {
    let sweep = state.climb.len().saturating_sub(1);
    plot::points(x)?;
    // Room around the data, so that ellipses and the hand have some.
    let range = |a: usize| plot::span(x.column(a).iter().copied(), 0.22);
    let mut cloud = Panel::new(range(0), range(1));
    let title = if state.broken.is_some() { "no covariances".to_owned() } else { sweeps(sweep) };
    cloud.title(&title).x_label(names[0]).y_label(names[1]);
    match state.responsibilities {
        Some(r) => cloud.scatter(x, &plot::by_responsibility(r)),
        None => cloud.scatter(x, &[plot::FAINT]),
    };
    match state.broken {
        None => {
            cloud.gaussians(state.model.means(), state.model.covariances());
        }
        Some(matrices) => {
            for (j, &mean) in plot::points(state.model.means())?.iter().enumerate() {
                level_curves(&mut cloud, mean, &matrices[j], plot::component(j));
            }
            cloud.means(state.model.means());
        }
    }

    let path: Vec<Point> = state.climb.iter().enumerate().map(|(at, &value)| [at as f64, value]).collect();
    // A start far off lies so low that the panel begins with the first sweep.
    let shown = if path.len() > 2 { &path[1..] } else { &path[..] };
    // A start alone has no heights to go by, and a rise that nobody could see needs no axis of its own.
    let least = if shown.len() < 2 { 100.0 } else { 0.5 };
    let ends = |point: &Point| [point[1] - least / 2.0, point[1] + least / 2.0];
    let heights = plot::span(shown.iter().flat_map(ends), 0.06);
    let mut climb = Panel::new([-0.5, sweep.max(10) as f64 + 0.5], heights);
    climb.title("*ℓ* after each sweep").x_label("sweep").line(shown, plot::FAINT, 1.2);
    if sweep <= 10 {
        climb.x_ticks(&[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    }
    climb.dots(shown, &[plot::INK], if sweep > 40 { 1.8 } else { 2.6 }, 1.0);
    if let Some(&last) = shown.last() {
        climb.dots(&[last], &[plot::component(1)], 4.2, 1.0);
        climb.note(&format!("*ℓ* = {}", number(last[1], 3)));
    }
    Ok([cloud, climb])
}

/// The curves (x − m)ᵀ M⁻¹ (x − m) = ρ², ρ = 1, 2, 3, of a symmetric 2×2 matrix: ellipses if it is positive definite,
/// hyperbolas if it is indefinite, nothing if it is neither.
fn level_curves(panel: &mut Panel, mean: Point, matrix: &DMatrix<f64>, colour: plot::Colour) {
    let eigen = matrix.clone().symmetric_eigen();
    let (up, down) = (eigen.eigenvalues.imax(), eigen.eigenvalues.imin());
    if eigen.eigenvalues[down] > 0.0 {
        for sigmas in [1.0, 2.0, 3.0] {
            panel.ellipse(mean, matrix, sigmas, colour, 1.3);
        }
        return;
    }
    if eigen.eigenvalues[up] <= 0.0 {
        return;
    }
    for radius in [1.0, 2.0, 3.0] {
        for sign in [1.0, -1.0] {
            let along = eigen.eigenvectors.column(up) * (sign * radius * eigen.eigenvalues[up].sqrt());
            let across = eigen.eigenvectors.column(down) * (radius * eigen.eigenvalues[down].abs().sqrt());
            let branch: Vec<Point> = (0..=80)
                .map(|step| -3.0 + 6.0 * f64::from(step) / 80.0)
                .map(|t: f64| (t.exp(), (-t).exp()))
                .map(|(grow, fade)| {
                    let v = &along * (0.5 * (grow + fade)) + &across * (0.5 * (grow - fade));
                    [mean[0] + v[0], mean[1] + v[1]]
                })
                .collect();
            panel.line(&branch, colour, 1.3);
        }
    }
}
