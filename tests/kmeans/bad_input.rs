//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::common::config;
use crate::common::{assert_matrices_within, column};
use executable_em::data;
use executable_em::kmeans::{self, likelihood};
use nalgebra::{DMatrix, DVector, dmatrix};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(200))]

    /// Whatever the shapes and values, the functions of this module return an error or a number, and never panic.
    #[test]
    fn arbitrary_input_never_panics(
        x in wild_matrix(), means in wild_matrix(), r in wild_matrix(),
        labels in prop::collection::vec(0..4usize, 0..5),
        k in 0..6usize, sweeps in 0..4usize, sigma in wild(),
    ) {
        let finite = |m: &DMatrix<f64>| !m.is_empty() && m.iter().all(|value| value.is_finite());
        let fits = finite(&x) && finite(&means) && x.ncols() == means.ncols();
        prop_assert_eq!(kmeans::squared_distances(&x, &means).is_ok(), fits);
        prop_assert_eq!(kmeans::assign(&x, &means).is_ok(), fits);
        prop_assert_eq!(kmeans::responsibilities(&x, &means).is_ok(), fits);
        let non_negative = finite(&r) && r.iter().all(|&value| value >= 0.0);
        let state = fits && non_negative && r.shape() == (x.nrows(), means.nrows());
        prop_assert_eq!(kmeans::objective(&x, &r, &means).is_ok(), state);
        prop_assert_eq!(kmeans::objective_gradient(&x, &r, &means).is_ok(), state);
        let _ = kmeans::update_means(&x, &r, &means);
        let _ = kmeans::means_in_array_form(&x, &r);
        let _ = kmeans::objective_hessian(&r, x.ncols());
        let _ = kmeans::risk(&x, &labels, &means);
        let _ = likelihood::log_likelihood(&x, &r, &means, sigma);
        let _ = likelihood::from_objective(&x, &r, &means, sigma);
        let _ = kmeans::lloyd(&x, &means, sweeps);
        let _ = kmeans::restarts(&x, [means.clone(), x.clone()], sweeps);
        let drawn = finite(&x) && (1..=x.nrows()).contains(&k);
        prop_assert_eq!(kmeans::random_start(&x, k, &mut data::rng(1)).is_ok(), drawn);
        if let Ok(start) = kmeans::plus_plus_start(&x, k, &mut data::rng(1)) {
            prop_assert!(drawn && start.shape() == (k, x.ncols()));
        }
    }
}

/// Ordinary numbers, and those that break things.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => prop::sample::select(vec![0.0, 1.0, 0.5, -2.0, 3.0]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308, 1e200, 5e-324]),
        1 => any::<f64>(),
    ]
}

fn wild_matrix() -> impl Strategy<Value = DMatrix<f64>> {
    (0..4usize, 0..4usize, prop::collection::vec(wild(), 9))
        .prop_map(|(rows, columns, values)| DMatrix::from_fn(rows, columns, |a, b| values[3 * a + b]))
}

/// Each kind of bad input is the one error that names it.
#[test]
fn bad_input_is_named() {
    let (x, means, r) = (column(&[0.0, 1.0]), column(&[0.0, 5.0]), dmatrix![1.0, 0.0; 0.0, 1.0]);
    let wide = dmatrix![0.0, 0.0; 1.0, 1.0];
    let nothing = DMatrix::<f64>::zeros(0, 1);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_refused(&[
            (
                kmeans::assign(&column(&[0.0, bad]), &means).err(),
                &format!("data: entry (1, 0) is {bad}, but every entry must be finite"),
            ),
            (
                kmeans::assign(&x, &column(&[bad, 0.0])).err(),
                &format!("means: entry (0, 0) is {bad}, but every entry must be finite"),
            ),
            (
                kmeans::objective(&x, &dmatrix![1.0, 0.0; 0.0, bad], &means).err(),
                &format!("responsibilities: entry (1, 1) is {bad}, but every entry must be finite"),
            ),
            (
                kmeans::random_start(&column(&[bad]), 1, &mut data::rng(1)).err(),
                &format!("data: entry (0, 0) is {bad}, but every entry must be finite"),
            ),
            (
                kmeans::lloyd(&x, &column(&[0.0, bad]), 9).err(),
                &format!("means: entry (1, 0) is {bad}, but every entry must be finite"),
            ),
        ]);
    }
    for k in [0, 3] {
        assert_refused(&[
            (
                kmeans::random_start(&x, k, &mut data::rng(1)).err(),
                &format!("k = {k} components for n = 2 data; k must lie between 1 and n"),
            ),
            (
                kmeans::plus_plus_start(&x, k, &mut data::rng(1)).err(),
                &format!("k = {k} components for n = 2 data; k must lie between 1 and n"),
            ),
        ]);
    }
    for sigma in [0.0, -1.0, f64::INFINITY] {
        assert_refused(&[
            (
                likelihood::log_likelihood(&x, &r, &means, sigma).err(),
                &format!("sigma is {sigma}, but must be finite and > 0"),
            ),
            (
                likelihood::from_objective(&x, &r, &means, sigma).err(),
                &format!("sigma is {sigma}, but must be finite and > 0"),
            ),
        ]);
    }
    assert_eq!(
        DVector::from_vec(kmeans::assign(&x, &means).unwrap().iter().map(|&l| l as f64).collect()).sum(),
        0.0
    );
    assert_matrices_within(
        &kmeans::squared_distances(&x, &means).unwrap(),
        &dmatrix![0.0, 25.0; 1.0, 16.0],
        0.0,
    );
    assert_refused(&[
        (kmeans::assign(&nothing, &means).err(), "data: is empty"),
        (kmeans::assign(&x, &nothing).err(), "means: is empty"),
        (kmeans::restarts(&x, [], 9).err(), "starts: is empty"),
        (kmeans::assign(&x, &wide).err(), "means: expected 2 × 1, found 2 × 2"),
        (
            kmeans::update_means(&x, &dmatrix![1.0; 1.0], &means).err(),
            "responsibilities: expected 2 × 2, found 2 × 1",
        ),
        (
            kmeans::objective(&x, &dmatrix![1.0, 0.0], &means).err(),
            "responsibilities: expected 2 × 2, found 1 × 2",
        ),
        (
            kmeans::objective_gradient(&x, &dmatrix![1.0, 0.0, 0.0; 1.0, 0.0, 0.0], &means).err(),
            "responsibilities: expected 2 × 2, found 2 × 3",
        ),
        (
            kmeans::update_means(&x, &dmatrix![1.0, 0.0; 1.5, -0.5], &means).err(),
            "responsibilities: row 1 is no probability vector (found -0.5; entries must be ≥ 0 and sum to 1)",
        ),
        (
            kmeans::objective_hessian(&dmatrix![1.0, 0.0; -0.25, 1.25; 0.0, 1.0], 1).err(),
            "responsibilities: row 1 is no probability vector (found -0.25; entries must be ≥ 0 and sum to 1)",
        ),
        (
            kmeans::objective_hessian(&dmatrix![-1.0, 2.0], 1).err(),
            "responsibilities: row 0 is no probability vector (found -1; entries must be ≥ 0 and sum to 1)",
        ),
        (kmeans::risk(&x, &[0, 2], &means).err(), "label of datum 1 is 2, but there are only 2 components"),
        (kmeans::risk(&x, &[0], &means).err(), "labels: expected 2 × 1, found 1 × 1"),
        (
            kmeans::lloyd(&x, &column(&[0.0, 1.0, 2.0]), 9).err(),
            "k = 3 components for n = 2 data; k must lie between 1 and n",
        ),
    ]);
}
