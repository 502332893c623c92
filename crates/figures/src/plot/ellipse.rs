//! The curve of constant Mahalanobis distance from a mean.

use std::f64::consts::TAU;

use nalgebra::DMatrix;

use super::Point;
use executable_em::{Result, gaussian};

/// Vertices of an ellipse: between two of them the chord strays by 1 − cos(π/90), 0.06 % of its size.
const VERTICES: usize = 90;

/// The closed curve at `sigmas` standard deviations, its first point repeated at its end.
pub(super) fn outline(mean: Point, covariance: &DMatrix<f64>, sigmas: f64) -> Result<Vec<Point>> {
    let ellipse = gaussian::ellipse(covariance, sigmas)?;
    let (sin, cos) = ellipse.angle.sin_cos();
    Ok((0..=VERTICES)
        .map(|step| {
            let (v, u) = (TAU * (step % VERTICES) as f64 / VERTICES as f64).sin_cos();
            let (u, v) = (u * ellipse.semi_major, v * ellipse.semi_minor);
            [mean[0] + u * cos - v * sin, mean[1] + u * sin + v * cos]
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Matrix2, Vector2, dmatrix};

    #[test]
    fn every_vertex_lies_at_the_asked_mahalanobis_distance() -> Result<()> {
        let covariance = dmatrix![4.0, 1.2; 1.2, 0.9];
        let inverse = Matrix2::new(0.9, -1.2, -1.2, 4.0) / (4.0 * 0.9 - 1.2 * 1.2);
        for vertex in outline([5.0, -3.0], &covariance, 3.0)? {
            let offset = Vector2::new(vertex[0] - 5.0, vertex[1] + 3.0);
            // Off by rounding alone: a few operations on numbers up to 10, times the condition number 9.
            assert!(((offset.transpose() * inverse * offset)[0] - 9.0).abs() < 1e-12);
        }
        Ok(())
    }
}
