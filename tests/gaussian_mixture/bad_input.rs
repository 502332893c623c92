//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::common::{column, config, mixture};
use executable_em::gaussian_mixture::{
    CovarianceFamily, GaussianMixture, kmeans_start, loss, random_start, score, spherical, start_from_labels,
    update, uses,
};
use executable_em::latent::Model;
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(150))]

    /// Whatever the shapes and values, nothing of this chapter panics.
    #[test]
    fn arbitrary_input_never_panics(
        x in wild_matrix(), means in wild_matrix(), r in wild_matrix(), number in wild(),
        covariances in prop::collection::vec(wild_matrix(), 0..4), weights in prop::collection::vec(wild(), 0..4),
        labels in prop::collection::vec(0..4usize, 0..5), k in 0..5usize,
        family in prop::sample::select(CovarianceFamily::ALL.to_vec()),
    ) {
        let weights = DVector::from_vec(weights);
        // An inconsistent mixture cannot be written down: a changed part is refused just where the whole is.
        let base = mixture(&[0.5, 0.5], dmatrix![0.0, 0.0; 1.0, 1.0], vec![DMatrix::identity(2, 2); 2]);
        let new = |weights: &DVector<f64>, means: &DMatrix<f64>, covariances: &[DMatrix<f64>], family| {
            GaussianMixture::new(weights.clone(), means.clone(), covariances.to_vec(), family)
        };
        prop_assert_eq!(
            base.with_weights(weights.clone()).ok(),
            new(&weights, base.means(), base.covariances(), base.family()).ok()
        );
        prop_assert_eq!(
            base.with_means(means.clone()).ok(),
            new(base.weights(), &means, base.covariances(), base.family()).ok()
        );
        prop_assert_eq!(
            base.with_covariances(covariances.clone(), family).ok(),
            new(base.weights(), base.means(), &covariances, family).ok()
        );
        for model in [new(&weights, &means, &covariances, family).ok(), Some(base)].into_iter().flatten() {
            // Whoever has a mixture can draw from it; with data that are none, nothing else is said of it.
            let (drawn, labels) = model.sample(3, &mut data::rng(1)).unwrap();
            prop_assert_eq!((drawn.shape(), labels.len()), ((3, model.d()), 3));
            prop_assert_eq!((model.mean().len(), model.covariance().shape()), (model.d(), (model.d(), model.d())));
            let ok = [
                model.log_joint(&x).is_ok(), model.log_likelihood(&x).is_ok(), model.density(&x).is_ok(),
                model.likelihood(&x).is_ok(), model.responsibilities(&x).is_ok(),
                score::in_means(&model, &x).is_ok(), score::in_covariances(&model, &x).is_ok(),
                score::in_weights(&model, &x).is_ok(),
                score::of_lagrangian_in_weights(&model, &x, number).is_ok(), loss::loss(&model, &x, &r).is_ok(),
                loss::lagrangian(&model, &x, &r, number).is_ok(), em::sweep(&model, &x).is_ok(),
                uses::classify(&x, &weights, std::slice::from_ref(&model)).is_ok(),
            ];
            if x.is_empty() || x.ncols() != model.d() || x.iter().any(|value| !value.is_finite()) {
                prop_assert_eq!(ok, [false; 13]);
            }
            let _ = (model.parameter_count(), model.parameters(), model.k(), model.d());
            let _ = model.maximize(&x, &r);
            let _ = em::fit(model, &x, &em::Stopping { max_sweeps: 3, ..Default::default() });
        }
        let _ = update::means(&x, &r, &means);
        let _ = update::covariances(&x, &r, &means, &covariances);
        let _ = update::raw_moment_covariances(&x, &r, &means);
        let _ = update::weights(&r);
        let _ = update::weights_and_multiplier(&weights);
        let _ = family.constrain(covariances.clone(), &weights);
        let _ = spherical::expected_log_joint(&x, &r, &weights, &means, &weights);
        let _ = spherical::score_in_means(&x, &r, &means, &weights);
        let _ = spherical::score_in_variances(&x, &r, &means, &weights);
        let _ = spherical::variances(&x, &r, &means);
        let _ = uses::grid_posterior(&weights, &weights, number);
        let _ = uses::interaction(&x);
        for covariance in &covariances {
            let _ = score::inverse_root_determinant_derivative(covariance);
            let _ = score::quadratic_form_derivative(&weights, covariance);
        }
        let _ = random_start(&x, k, family, &mut data::rng(1));
        let _ = kmeans_start(&x, k, family, &mut data::rng(1));
        let _ = start_from_labels(&x, &labels, k, family);
    }
}

/// Mostly numbers that make valid parameters, and some that break things.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => prop::sample::select(vec![0.0, 1.0, 0.5, 0.25, 2.0]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308, 1e200, 5e-324, -1.0]),
        1 => any::<f64>(),
    ]
}

fn wild_matrix() -> impl Strategy<Value = DMatrix<f64>> {
    (0..4usize, 0..4usize, prop::collection::vec(wild(), 9), 0..3usize).prop_map(
        |(rows, columns, values, form)| match form {
            0 => DMatrix::from_fn(rows, columns, |a, b| values[3 * a + b]),
            1 => DMatrix::from_fn(rows, rows, |a, b| if a == b { 3.0 + values[a] } else { values[a + b] }),
            _ => DMatrix::identity(rows, rows),
        },
    )
}

/// Each kind of bad parameter or argument is the one error that names it.
///
/// Source: H-21, L-02.
#[test]
fn bad_input_is_named() {
    let (weights, means, unit) =
        (dvector![0.5, 0.5], dmatrix![0.0, 0.0; 1.0, 1.0], DMatrix::<f64>::identity(2, 2));
    let full = CovarianceFamily::Full;
    let new = |w: &DVector<f64>, m: &DMatrix<f64>, s: Vec<DMatrix<f64>>| {
        GaussianMixture::new(w.clone(), m.clone(), s, full).map(|_| ())
    };
    let two = vec![unit.clone(); 2];
    assert_eq!(new(&weights, &means, two.clone()), Ok(()));
    let error = new(&dvector![0.5, f64::NAN], &means, two.clone()).unwrap_err();
    assert!(matches!(error, Error::NotOnSimplex { what: "weights", value, .. } if value.is_nan()));
    let error = new(&weights, &means, vec![unit.clone(), dmatrix![1.0, 2.0; 2.0, 1.0]]).unwrap_err();
    let Error::NotPositiveDefinite { component: 1, smallest_eigenvalue } = error else { panic!("{error}") };
    assert!((smallest_eigenvalue + 1.0).abs() < 1e-14);
    let skew = dmatrix![2.0, 0.5; 0.5, 1.0];
    for (family, covariances, component, name) in [
        (CovarianceFamily::Tied, vec![unit.clone(), skew.clone()], 1, "tied"),
        (CovarianceFamily::Diagonal, vec![skew.clone(), unit.clone()], 0, "diagonal"),
        (CovarianceFamily::Spherical, vec![unit.clone(), dmatrix![1.0, 0.0; 0.0, 2.0]], 1, "spherical"),
        (CovarianceFamily::Spherical, vec![unit.clone(), dmatrix![1.0, 0.1; 0.1, 1.0]], 1, "spherical"),
    ] {
        assert_refused(&[(
            GaussianMixture::new(weights.clone(), means.clone(), covariances, family).err(),
            &format!("covariance of component {component} is not {name}"),
        )]);
    }

    let model = mixture(&[0.5, 0.5], means.clone(), two.clone());
    let x = dmatrix![0.0, 0.0; 1.0, 2.0; 3.0, 1.0];
    let r = dmatrix![1.0, 0.0; 0.5, 0.5; 0.0, 1.0];
    let narrow = column(&[1.0, 2.0, 3.0]);
    // Responsibilities of other data, and a datum that is no number.
    let (two_rows, mut broken) = (r.rows(0, 2).into_owned(), x.clone());
    broken[(1, 0)] = f64::NAN;
    for (x, r, words) in [
        (&x, &two_rows, "responsibilities: expected 3 × 2, found 2 × 2"),
        (&broken, &r, "data: entry (1, 0) is NaN, but every entry must be finite"),
    ] {
        assert_refused(&[
            (score::of_q_in_means(&model, x, r).err(), words),
            (score::of_q_in_covariances(&model, x, r).err(), words),
            (score::of_q_in_weights(&model, x, r).err(), words),
        ]);
    }

    let empty = dmatrix![1.0, 0.0; 1.0, 0.0; 1.0, 0.0];
    for k in [0, 4] {
        assert_refused(&[
            (
                random_start(&x, k, full, &mut data::rng(1)).err(),
                &format!("k = {k} components for n = 3 data; k must lie between 1 and n"),
            ),
            (
                kmeans_start(&x, k, full, &mut data::rng(1)).err(),
                &format!("k = {k} components for n = 3 data; k must lie between 1 and n"),
            ),
            (
                start_from_labels(&x, &[0, 0, 0], k, full).err(),
                &format!("k = {k} components for n = 3 data; k must lie between 1 and n"),
            ),
        ]);
    }
    // Data on a line have no covariance that a full start could use.
    let line = dmatrix![0.0, 0.0; 1.0, 1.0; 2.0, 2.0];
    assert!(random_start(&line, 1, CovarianceFamily::Spherical, &mut data::rng(1)).is_ok());
    assert_refused(&[
        (
            new(&dvector![0.5, 0.6], &means, two.clone()).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            new(&dvector![-0.1, 1.1], &means, two.clone()).err(),
            "weights: row 0 is no probability vector (found -0.1; entries must be ≥ 0 and sum to 1)",
        ),
        (new(&dvector![], &means, vec![]).err(), "means: expected 0 × 2, found 2 × 2"),
        (new(&dvector![], &DMatrix::zeros(0, 2), vec![]).err(), "means: is empty"),
        (
            new(&dvector![f64::INFINITY, 0.0], &means, two.clone()).err(),
            "weights: row 0 is no probability vector (found inf; entries must be ≥ 0 and sum to 1)",
        ),
        (new(&dvector![1.0], &means, two.clone()).err(), "means: expected 1 × 2, found 2 × 2"),
        (new(&weights, &means, vec![unit.clone()]).err(), "covariances: expected 2 × 1, found 1 × 1"),
        (
            new(&weights, &means, vec![unit.clone(), DMatrix::identity(1, 1)]).err(),
            "covariance: expected 2 × 2, found 1 × 1",
        ),
        (new(&weights, &DMatrix::zeros(2, 0), two.clone()).err(), "means: is empty"),
        (
            new(&weights, &dmatrix![0.0, 0.0; 0.0, f64::INFINITY], two.clone()).err(),
            "means: entry (1, 1) is inf, but every entry must be finite",
        ),
        (
            new(&weights, &means, vec![unit.clone(), dmatrix![1.0, 0.5; 0.0, 1.0]]).err(),
            "covariance: entries (1, 0) and (0, 1) differ by -5e-1, but the matrix must be symmetric",
        ),
        // A changed part of a mixture is refused as a new one is.
        (
            model.with_weights(dvector![0.5, 0.6]).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (model.with_weights(dvector![1.0]).err(), "weights: expected 2 × 1, found 1 × 1"),
        (model.with_means(dmatrix![0.0; 1.0]).err(), "means: expected 2 × 2, found 2 × 1"),
        (
            model.with_means(dmatrix![0.0, f64::NAN; 1.0, 1.0]).err(),
            "means: entry (0, 1) is NaN, but every entry must be finite",
        ),
        (model.with_covariances(two[..1].to_vec(), full).err(), "covariances: expected 2 × 1, found 1 × 1"),
        (
            model.with_covariances(vec![unit.clone(), DMatrix::zeros(2, 2)], full).err(),
            "covariance of component 1 is not positive definite: its smallest eigenvalue is 0e0",
        ),
        (
            model.with_covariances(vec![skew.clone(), unit.clone()], CovarianceFamily::Diagonal).err(),
            "covariance of component 0 is not diagonal",
        ),
        (model.log_likelihood(&narrow).err(), "data: expected 3 × 2, found 3 × 1"),
        (score::in_means(&model, &narrow).err(), "data: expected 3 × 2, found 3 × 1"),
        (score::in_weights(&model, &narrow).err(), "data: expected 3 × 2, found 3 × 1"),
        (model.density(&DMatrix::zeros(0, 2)).err(), "data: is empty"),
        (
            model.log_joint(&dmatrix![0.0, f64::NEG_INFINITY]).err(),
            "data: entry (0, 1) is -inf, but every entry must be finite",
        ),
        // 1e200 away the squared distance overflows under both components.
        (
            model.log_likelihood(&dmatrix![0.0, 0.0; 1e200, 0.0]).err(),
            "datum 1 has probability zero under every component",
        ),
        (
            model.maximize(&x, &dmatrix![1.0, 0.0; 0.5, 0.4; 0.0, 1.0]).err(),
            "responsibilities: row 1 is no probability vector (found 0.9; entries must be ≥ 0 and sum to 1)",
        ),
        (
            model.maximize(&x, &dmatrix![1.0, 0.0; 1.5, -0.5; 0.0, 1.0]).err(),
            "responsibilities: row 1 is no probability vector (found -0.5; entries must be ≥ 0 and sum to 1)",
        ),
        (
            model.maximize(&x, &dmatrix![1.0, 0.0; 0.5, 0.5]).err(),
            "responsibilities: expected 3 × 2, found 2 × 2",
        ),
        (update::covariances(&x, &r, &means, &two[..1]).err(), "covariances: expected 2 × 1, found 1 × 1"),
        (
            update::covariances(&x, &r, &means, &[unit.clone(), dmatrix![1.0]]).err(),
            "covariance: expected 2 × 2, found 1 × 1",
        ),
        (
            update::raw_moment_covariances(&x, &empty, &means).err(),
            "count of a component is 0, but must be finite and > 0",
        ),
        (
            spherical::variances(&x, &empty, &means).err(),
            "count of a component is 0, but must be finite and > 0",
        ),
        (
            update::weights_and_multiplier(&dvector![1.0, -2.0]).err(),
            "count of a component is -2, but must be ≥ 0",
        ),
        (
            update::weights_and_multiplier(&dvector![0.0, 0.0]).err(),
            "sum of the counts is 0, but must be finite and > 0",
        ),
        (update::weights_and_multiplier(&dvector![]).err(), "counts: is empty"),
        (update::weights(&DMatrix::zeros(0, 2)).err(), "responsibilities: is empty"),
        (loss::loss(&model, &x, &dmatrix![1.0, 0.0]).err(), "responsibilities: expected 3 × 2, found 1 × 2"),
        (
            loss::loss(&model, &dmatrix![f64::INFINITY, 0.0], &dmatrix![1.0, 0.0]).err(),
            "data: entry (0, 0) is inf, but every entry must be finite",
        ),
        (
            spherical::score_in_variances(&x, &r, &means, &dvector![1.0, 0.0]).err(),
            "variance is 0, but must be finite and > 0",
        ),
        (
            spherical::score_in_means(&x, &r, &means, &dvector![1.0]).err(),
            "variances: expected 2 × 1, found 1 × 1",
        ),
        (
            spherical::expected_log_joint(&x, &r, &dvector![0.5, 0.25], &means, &dvector![1.0, 1.0]).err(),
            "weights: row 0 is no probability vector (found 0.75; entries must be ≥ 0 and sum to 1)",
        ),
        (
            score::quadratic_form_derivative(&dvector![1.0], &unit).err(),
            "covariance: expected 1 × 1, found 2 × 2",
        ),
        (full.constrain(two.clone(), &dvector![1.0]).err(), "covariances: expected 1 × 1, found 2 × 1"),
        (
            full.constrain(vec![unit.clone(), dmatrix![1.0]], &weights).err(),
            "covariance: expected 2 × 2, found 1 × 1",
        ),
        (
            start_from_labels(&x, &[0, 2, 0], 2, full).err(),
            "label of datum 1 is 2, but there are only 2 components",
        ),
        (start_from_labels(&x, &[0, 1], 2, full).err(), "labels: expected 3 × 1, found 2 × 1"),
        (
            random_start(&line, 1, full, &mut data::rng(1)).err(),
            "covariance of component 0 is not positive definite: its smallest eigenvalue is 0e0",
        ),
    ]);
}
