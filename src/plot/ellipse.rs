//! The curve of constant Mahalanobis distance from a mean.

use nalgebra::{DMatrix, Matrix2, SymmetricEigen};

use super::Point;
use crate::{Error, Result};

/// Vertices of an ellipse; the farthest that the polygon then strays from it is 1 − cos(π/90), 0.06 % of its size.
const VERTICES: usize = 90;

/// The closed curve (x − μ)ᵀ Σ⁻¹ (x − μ) = s², its first point repeated at its end: semi-axes are s times
/// the roots of Σ's eigenvalues, along its eigenvectors.
pub(super) fn outline(mean: Point, covariance: &DMatrix<f64>, sigmas: f64) -> Result<Vec<Point>> {
    if covariance.shape() != (2, 2) {
        return Err(Error::Shape { what: "covariance", expected: (2, 2), found: covariance.shape() });
    }
    let sigma = Matrix2::from_fn(|i, j| covariance[(i, j)]);
    if let Some(i) = (0..4).find(|&i| !sigma[i].is_finite()) {
        return Err(Error::NotFinite { what: "covariance", row: i % 2, column: i / 2, value: sigma[i] });
    }
    let eigen = SymmetricEigen::new(sigma);
    let smallest_eigenvalue = eigen.eigenvalues.min();
    if smallest_eigenvalue < 0.0 {
        return Err(Error::NotPositiveDefinite { component: 0, smallest_eigenvalue });
    }
    let axis = |i: usize| eigen.eigenvectors.column(i) * (sigmas * eigen.eigenvalues[i].sqrt());
    let (first, second) = (axis(0), axis(1));
    Ok((0..=VERTICES)
        .map(|step| {
            let (sin, cos) = (std::f64::consts::TAU * (step % VERTICES) as f64 / VERTICES as f64).sin_cos();
            [mean[0] + cos * first[0] + sin * second[0], mean[1] + cos * first[1] + sin * second[1]]
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Vector2, dmatrix};

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
