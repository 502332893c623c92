//! Columns that depend on each other.

use nalgebra::{DMatrix, DVector};

/// The first column that those before it all but make, and by which slopes.
/// ```math
/// \min_b\big\lVert z_a - Z_{<a}\,b\big\rVert^2 \le s\,\lVert z_a\rVert^2
/// ```
///
/// By the Cholesky factor of ZᵀZ, row by row; `z` is n×d, its columns of like size, and `share` is s. Returns a, counted
/// from 0, and a slopes; None where no column depends on others so far.
///
/// Source: Legendre (1805), least squares.
/// ```
/// use executable_em_engine::dependent_column;
/// use nalgebra::{dmatrix, dvector};
/// let z = dmatrix![1.0, 0.0, 2.0; 0.0, 1.0, -3.0; 1.0, 1.0, -1.0];
/// let (a, slopes) = dependent_column(&z, 1e-10).expect("a column");
/// assert!(a == 2 && (slopes - dvector![2.0, -3.0]).amax() < 1e-14);
/// assert_eq!(dependent_column(&dmatrix![1.0, 0.0; 0.0, 1.0], 1e-10), None);
/// ```
pub fn dependent_column(z: &DMatrix<f64>, share: f64) -> Option<(usize, DVector<f64>)> {
    let d = z.ncols();
    let (squares, mut factor) = (z.tr_mul(z), DMatrix::zeros(d, d));
    for a in 0..d {
        let before = factor.view((0, 0), (a, a));
        let row = before.solve_lower_triangular(&squares.view((0, a), (a, 1)))?.column(0).into_owned();
        let left = squares[(a, a)] - row.norm_squared();
        if left <= share * squares[(a, a)] {
            let slopes = before.tr_solve_lower_triangular(&row)?;
            // Once more of what is left, which has lost the rounding of ZᵀZ.
            let residual = z.column(a) - z.columns(0, a) * &slopes;
            let again = before.solve_lower_triangular(&z.columns(0, a).tr_mul(&residual))?;
            return Some((a, slopes + before.tr_solve_lower_triangular(&again)?));
        }
        factor.view_mut((a, 0), (1, a)).tr_copy_from(&row);
        factor[(a, a)] = left.sqrt();
    }
    None
}
