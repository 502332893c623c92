//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::{two_hills, two_hills_data};
use executable_em::bound::{self, ascent, continuous, correlated, jensen};
use executable_em::gaussian_mixture::{OnlyMean, loss};
use nalgebra::{DMatrix, dmatrix, dvector};

#[test]
fn what_is_no_distribution_is_refused() {
    let log_joint = dmatrix![-1.0, -2.0];
    let too_much = dmatrix![0.5, 0.6];
    let three = dmatrix![0.2, 0.3, 0.5];
    let x = dvector![0.3];
    let start = two_hills(0.0);
    assert_refused(&[
        (
            bound::entropy(&too_much).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            bound::lower_bound(&too_much, &log_joint).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            bound::gap(&too_much, &log_joint).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            bound::integrand(&too_much, &log_joint).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            bound::kl_divergence(&too_much, &dmatrix![0.5, 0.5]).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            bound::kl_divergence(&dmatrix![0.5, 0.5], &too_much).err(),
            "p: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            correlated::factorised(&too_much).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            correlated::entropy(&dvector![0.5, 0.6]).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            correlated::lower_bound(&dvector![0.5, 0.6], &log_joint).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            correlated::gap(&dvector![0.5, 0.6], &log_joint).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            correlated::log_expected_ratio(&dvector![0.5, 0.6], &log_joint).err(),
            "q: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            jensen::gap(|x| x, &dvector![0.5, 0.6], &dvector![1.0, 2.0]).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            jensen::merge_first_two(&dvector![0.5, 0.6], &dvector![1.0, 2.0]).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (bound::lower_bound(&three, &log_joint).err(), "q: expected 1 × 2, found 1 × 3"),
        (bound::gap(&three, &log_joint).err(), "q: expected 1 × 2, found 1 × 3"),
        (bound::integrand(&three, &log_joint).err(), "q: expected 1 × 2, found 1 × 3"),
        (bound::kl_divergence(&three, &dmatrix![0.5, 0.5]).err(), "p: expected 1 × 3, found 1 × 2"),
        (correlated::gap(&dvector![0.2, 0.3, 0.5], &log_joint).err(), "q: expected 2 × 1, found 3 × 1"),
        (
            correlated::entropy(&dvector![0.5, f64::NAN]).err(),
            "q: entry (1, 0) is NaN, but every entry must be finite",
        ),
        (
            correlated::log_expected_ratio(&dvector![0.2, 0.3, 0.5], &log_joint).err(),
            "q: expected 2 × 1, found 3 × 1",
        ),
        (
            jensen::gap(|x| x, &dvector![1.0], &dvector![1.0, 2.0]).err(),
            "points: expected 1 × 1, found 2 × 1",
        ),
        (
            jensen::merge_first_two(&dvector![0.5, 0.5], &dvector![1.0]).err(),
            "points: expected 2 × 1, found 1 × 1",
        ),
        (
            bound::entropy(&dmatrix![f64::NAN, 1.0]).err(),
            "q: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            jensen::gap(|x| x, &dvector![1.0], &dvector![f64::INFINITY]).err(),
            "points: entry (0, 0) is inf, but every entry must be finite",
        ),
        (
            jensen::merge_first_two(&dvector![0.5, 0.5], &dvector![f64::NAN, 1.0]).err(),
            "points: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            jensen::above_supporting_line(|x| x, 1.0, 0.0, &dvector![f64::NAN]).err(),
            "points: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            jensen::merge_first_two(&dvector![1.0], &dvector![1.0]).err(),
            "number of atoms less one is 0, but must be finite and > 0",
        ),
        (
            correlated::gap(&dvector![1.0], &DMatrix::from_element(30, 2, -1.0)).err(),
            "number of labelings is 1073741824, but must be between 1 and 2^20, with n ≥ 1",
        ),
        (continuous::entropy(1, 0.0).err(), "2πe times the variance of q is 0, but must be finite and > 0"),
        (continuous::posterior(&x, -1.0).err(), "variance of the noise is -1, but must be finite and > 0"),
        (continuous::log_likelihood(&x, 0.0).err(), "variance of the noise is 0, but must be finite and > 0"),
        (
            continuous::expected_log_joint(&x, 0.0, &x, 1.0).err(),
            "variance of the noise is 0, but must be finite and > 0",
        ),
        (
            continuous::expected_log_joint(&x, 1.0, &x, 0.0).err(),
            "variance of q is 0, but must be finite and > 0",
        ),
        (
            continuous::expected_log_joint(&x, 1.0, &dvector![1.0, 2.0], 1.0).err(),
            "means of q: expected 1 × 1, found 2 × 1",
        ),
        (
            continuous::log_likelihood(&dvector![f64::NAN], 1.0).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            continuous::posterior(&dvector![f64::NAN], 1.0).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            continuous::expected_log_joint(&dvector![f64::NAN], 1.0, &x, 1.0).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            ascent::coordinate_ascent(&start, &two_hills_data(), &DMatrix::from_element(3, 2, 0.5), 1).err(),
            "q: expected 8 × 2, found 3 × 2",
        ),
        (
            ascent::coordinate_ascent(&start, &two_hills_data(), &DMatrix::from_element(8, 2, 0.6), 1).err(),
            "q: row 0 is no probability vector (found 1.2; entries must be ≥ 0 and sum to 1)",
        ),
        (ascent::rises(&log_joint, &dmatrix![-1.0]).err(), "q: expected 1 × 2, found 1 × 1"),
        (
            ascent::along(&[start], &two_hills_data(), &DMatrix::from_element(3, 2, 0.5)).err(),
            "q: expected 8 × 2, found 3 × 2",
        ),
        (
            loss::terms_of_q(two_hills(0.0).mixture(), &two_hills_data(), &DMatrix::from_element(3, 2, 0.5))
                .err(),
            "responsibilities: expected 8 × 2, found 3 × 2",
        ),
        (
            OnlyMean::new(two_hills(0.0).mixture().clone(), 2).err(),
            "component is 2, but must be below the number of components",
        ),
    ]);
}
