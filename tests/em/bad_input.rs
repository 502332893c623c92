//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::common::{column, line_mixture};
use crate::stopping;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::{DMatrix, dmatrix, dvector};

/// Each kind of bad input to a fit is the one error that names it.
#[test]
fn bad_input_is_named() {
    let model = line_mixture(&[0.5, 0.5], &[0.0, 1.0], &[1.0, 1.0]);
    let x = column(&[0.0, 1.0, 2.0]);
    for bad in [-1e-9, f64::NEG_INFINITY] {
        for rule in [Tolerance::LogLikelihood(bad), Tolerance::Limit(bad), Tolerance::Parameters(bad)] {
            assert_refused(&[(
                em::fit(model.clone(), &x, &stopping(rule, 5)).err(),
                &format!("tolerance is {bad}, but must be ≥ 0"),
            )]);
        }
    }
    let fit = |x: &DMatrix<f64>| em::fit(model.clone(), x, &Stopping::default());
    let (weights, covariances) = (dvector![0.5, 0.25], model.covariances().to_vec());
    assert_refused(&[
        (
            em::fit(model.clone(), &x, &stopping(Tolerance::LogLikelihood(f64::NAN), 5)).err(),
            "tolerance is NaN, but must be ≥ 0",
        ),
        (em::sweep(&model, &DMatrix::zeros(0, 1)).err(), "data: is empty"),
        (fit(&DMatrix::zeros(0, 1)).err(), "data: is empty"),
        (fit(&dmatrix![0.0, 1.0]).err(), "data: expected 1 × 1, found 1 × 2"),
        (
            fit(&column(&[0.0, f64::INFINITY])).err(),
            "data: entry (1, 0) is inf, but every entry must be finite",
        ),
        (fit(&column(&[0.0, 1e200])).err(), "datum 1 has probability zero under every component"),
        (
            model.with_weights(weights.clone()).err(),
            "weights: row 0 is no probability vector (found 0.75; entries must be ≥ 0 and sum to 1)",
        ),
        (
            GaussianMixture::new(weights, model.means().clone(), covariances, model.family()).err(),
            "weights: row 0 is no probability vector (found 0.75; entries must be ≥ 0 and sum to 1)",
        ),
    ]);
}
