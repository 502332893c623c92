//! The chapter on what is not seen: missing cells, mixtures of them, censored values.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod bound;
mod censored;
mod gaussian;
mod impute;
mod mechanism;
mod mixture;
mod monotone;
mod naive;
mod reference;
mod student;

use common::cases;
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::incomplete::Incomplete;
use nalgebra::DMatrix;
use rand::RngExt;

/// Old Faithful without the cells of a column in the rows i for which i mod `period` is `phase`, for each such triple.
fn faithful_without(gaps: &[(usize, usize, usize)]) -> Incomplete {
    let mut x = data::old_faithful();
    for &(column, period, phase) in gaps {
        (phase..272).step_by(period).for_each(|i| x[(i, column)] = f64::NAN);
    }
    Incomplete::new(x).expect("every column is seen")
}

/// The table of the reference values: no row lacks both cells, no order of the columns is monotone.
fn crossed() -> Incomplete {
    faithful_without(&[(0, 5, 0), (1, 5, 2)])
}

/// A tame mixture and a table of its kind in which about a quarter of the cells are missing; some rows lack everything.
fn case(family: CovarianceFamily, n: usize, k: usize, d: usize, seed: u64) -> (GaussianMixture, Incomplete) {
    let cases::Case { x, model, .. } = cases::case(cases::Kind::Ordinary, family, n, k, d, seed);
    (model, with_gaps(x, seed))
}

/// The table with about a quarter of its cells taken away; the first two rows stay whole.
fn with_gaps(mut x: DMatrix<f64>, seed: u64) -> Incomplete {
    let mut rng = data::rng(seed ^ 0x5eed);
    for i in 2..x.nrows() {
        for a in 0..x.ncols() {
            if rng.random_bool(0.25) {
                x[(i, a)] = f64::NAN;
            }
        }
    }
    Incomplete::new(x).expect("every column is seen")
}

/// How far rounding may carry ℓ or F of a tame case. The covariances are twice AAᵀ + I/2 with d ≤ 3, so κ ≤ 2d² + 1 <
/// 20, and blocks of them are no worse. A log density then errs by less than 5dκγ(d + 2)Δ² + d²κγ(d + 1) < 10⁴ ε(1 +
/// Δ²), and ½Δ² is a part of it: n of them err by less than 10⁵ ε times the sum of their sizes, of which ℓ and F are
/// sums.
fn rounding(n: usize, size: f64) -> f64 {
    1e5 * f64::EPSILON * (n as f64 * 10.0 + size.abs())
}
