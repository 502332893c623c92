//! What the functions say to input that is none.

use crate::apart;
use crate::common::assert_refused;
use crate::common::column;
use executable_em::bernoulli_mixture::identifiability::{
    bias_moments, from_moments, information, moments_from_heads, outcomes, twin,
};
use executable_em::bernoulli_mixture::single_flip::{joint_with_heads_after_a_sweep, ridge};
use executable_em::bernoulli_mixture::{
    BernoulliMixture, heads_over_flips, random_start, score, start_near_mean, update_biases,
};
use executable_em::errata::lecture_t;
use executable_em::latent::Model;
use executable_em::{Error, data};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// Every function names what it was given instead of going on with it.
///
/// Source: T-46, T-50, T-52, T-E10.
#[test]
fn bad_input_is_an_error() {
    let (half, p) = (dvector![0.5, 0.5], dmatrix![0.2; 0.8]);
    let make = |weights: &DVector<f64>, biases: &DMatrix<f64>, m: usize| {
        BernoulliMixture::new(weights.clone(), biases.clone(), m)
    };
    let model = make(&half, &p, 1).unwrap();
    for bad in [-1e-9, 1.0 + 1e-9] {
        let words = format!("biases: entry (1, 0) is {bad}, but must be between 0 and 1");
        assert_refused(&[
            (make(&half, &dmatrix![0.5; bad], 1).err(), &words),
            (model.with_biases(dmatrix![0.5; bad]).err(), &words),
        ]);
    }

    for bad in [0.5, -1.0, 2.0] {
        let words = format!("data: entry (2, 0) is {bad}, but must be 0 or 1");
        let (x, r) = (column(&[0.0, 1.0, bad]), DMatrix::from_element(3, 2, 0.5));
        assert_refused(&[
            (model.log_joint(&x).err(), &words),
            (model.log_likelihood(&x).err(), &words),
            (model.maximize(&x, &r).err(), &words),
            (score::of_q_in_biases(&model, &x, &r).err(), &words),
            (score::terms_of_q(&model, &x, &r).err(), &words),
            (lecture_t::q_without_brackets(&model, &x, &r).err(), &words),
            (heads_over_flips(&x, &[0, 1, 1], 2, 1).err(), &words),
            (random_start(&x, 2, 1, &mut data::rng(1)).err(), &words),
            (start_near_mean(&x, 2, 1, &mut data::rng(1)).err(), &words),
        ]);
    }
    // The place is that of the entry, in a matrix of several columns too.
    let misprint = dmatrix![1.0, 0.0, 1.0; 0.0, 1.0, -3.0];
    let ten = make(&half, &p, 10).unwrap();
    assert!(ten.log_joint(&column(&[10.0])).is_ok());
    let error = ten.log_joint(&column(&[11.0])).unwrap_err();
    let message =
        "data: entry (0, 0) is 11, but must be a whole number of heads, at most the number of flips";
    assert_eq!(error.to_string(), message);

    for k in [0, 3] {
        assert_refused(&[
            (
                heads_over_flips(&column(&[1.0, 0.0]), &[0, 0], k, 1).err(),
                &format!("k = {k} components for n = 2 data; k must lie between 1 and n"),
            ),
            (
                random_start(&column(&[1.0, 0.0]), k, 1, &mut data::rng(1)).err(),
                &format!("k = {k} components for n = 2 data; k must lie between 1 and n"),
            ),
        ]);
    }

    // Derivatives need an open interval.
    let sure = make(&half, &dmatrix![1.0; 0.5], 1).unwrap();
    let at = |bias: f64| make(&dvector![1.0], &dmatrix![bias], 1).unwrap();
    let one_head = (column(&[1.0]), dmatrix![1.0]);
    // 1/p for the first bias above the last that is refused.
    let steep = score::of_q_in_biases(&at(1e-149), &one_head.0, &one_head.1).unwrap();
    assert!((steep[0] * 1e-149 - 1.0).abs() < 1e-15, "{steep}");

    for (weight, words) in [
        (0.0, "weight of the first coin is 0, but must be finite and > 0"),
        (1.0, "weight of the second coin is 0, but must be finite and > 0"),
        (-0.5, "weight of the first coin is -0.5, but must be finite and > 0"),
        (f64::NAN, "weight of the first coin is NaN, but must be finite and > 0"),
    ] {
        assert_refused(&[(ridge(0.6, weight, 0.5).err(), words)]);
    }
    let never = make(&half, &dmatrix![0.0; 0.0], 1).unwrap();
    let wide = make(&half, &dmatrix![0.1, 0.2; 0.3, 0.4], 1).unwrap();

    assert!(outcomes(&make(&half, &p, 1000).unwrap()).is_ok());
    let many = BernoulliMixture::new(dvector![1.0], DMatrix::from_element(1, 64, 0.5), 1).unwrap();
    let doubled = from_moments(&dvector![2.0, 1.0, 0.625, 0.4375], 3);
    // One coin of bias ½ is not two.
    // Nor are two coins three, though rounding may leave their matrix a Cholesky factor.
    for seed in 0..40 {
        let moments = bias_moments(&apart(2, 1, seed), 6).unwrap();
        assert!(matches!(from_moments(&moments, 5), Err(Error::Domain { .. })), "seed {seed}");
    }
    // Moments in doubles leave the smallest eigenvalue an error of 16kε: below it, and at it, there is no telling. Of
    // the first matrix it is 20ε / 1.25 to first order, of the second, a diagonal one, exactly 32ε.
    for (m1, m2) in [(0.5, 0.25 + 20.0 * f64::EPSILON), (0.0, 32.0 * f64::EPSILON)] {
        let found = from_moments(&dvector![1.0, m1, m2, 0.5 * m2], 3);
        assert!(matches!(found, Err(Error::Domain { .. })), "{found:?}");
    }
    assert!(
        from_moments(&dvector![1.0, 0.5, 0.25 + 100.0 * f64::EPSILON, 0.125 + 150.0 * f64::EPSILON], 3)
            .is_ok()
    );
    assert_refused(&[
        (make(&half, &p, 0).err(), "flips a draw is 0, but must be ≥ 1"),
        (
            make(&dvector![0.5, 0.6], &p, 1).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (make(&dvector![1.0], &p, 1).err(), "biases: expected 1 × 1, found 2 × 1"),
        (
            model.with_weights(dvector![0.5, 0.6]).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (model.with_weights(dvector![1.0]).err(), "biases: expected 1 × 1, found 2 × 1"),
        (model.with_biases(dmatrix![0.5]).err(), "biases: expected 2 × 1, found 1 × 1"),
        (make(&half, &DMatrix::zeros(0, 0), 1).err(), "biases: is empty"),
        (
            make(&half, &dmatrix![f64::NAN; 0.5], 1).err(),
            "biases: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            random_start(&misprint, 2, 1, &mut data::rng(1)).err(),
            "data: entry (1, 2) is -3, but must be 0 or 1",
        ),
        (model.log_joint(&dmatrix![1.0, 0.0]).err(), "data: expected 1 × 1, found 1 × 2"),
        (
            model.log_joint(&column(&[f64::NAN])).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (model.log_joint(&DMatrix::zeros(0, 1)).err(), "data: is empty"),
        (
            model.maximize(&column(&[1.0]), &dmatrix![0.5, 0.6]).err(),
            "responsibilities: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            model.maximize(&column(&[1.0]), &dmatrix![1.0]).err(),
            "responsibilities: expected 1 × 2, found 1 × 1",
        ),
        (
            update_biases(&column(&[0.0]), &dmatrix![1.0], &dmatrix![0.5], 0).err(),
            "flips a draw is 0, but must be ≥ 1",
        ),
        (
            heads_over_flips(&column(&[1.0, 0.0]), &[0, 0], 2, 1).err(),
            "draws of a coin is 0, but must be finite and > 0",
        ),
        (
            heads_over_flips(&column(&[1.0, 0.0]), &[0, 2], 2, 1).err(),
            "label of datum 1 is 2, but there are only 2 components",
        ),
        (heads_over_flips(&column(&[1.0, 0.0]), &[0], 1, 1).err(), "labels: expected 2 × 1, found 1 × 1"),
        (heads_over_flips(&column(&[0.0]), &[0], 1, 0).err(), "flips a draw is 0, but must be ≥ 1"),
        (random_start(&column(&[0.0]), 1, 0, &mut data::rng(1)).err(), "flips a draw is 0, but must be ≥ 1"),
        (data::noisy_glyphs([1; 4], 1.1, &mut data::rng(1)).err(), "noise is 1.1, but must be ≥ 0 and ≤ 1"),
        (
            data::noisy_glyphs([1; 4], f64::NAN, &mut data::rng(1)).err(),
            "noise is NaN, but must be ≥ 0 and ≤ 1",
        ),
        (
            score::in_biases(&sure, &column(&[1.0])).err(),
            "biases: entry (0, 0) is 1, but must be above 10⁻¹⁵⁰ and below 1 to be differentiated in",
        ),
        (
            information(&sure).err(),
            "biases: entry (0, 0) is 1, but must be above 10⁻¹⁵⁰ and below 1 to be differentiated in",
        ),
        (
            score::in_biases(&make(&half, &dmatrix![0.5; 0.0], 1).unwrap(), &column(&[1.0])).err(),
            "biases: entry (1, 0) is 0, but must be above 10⁻¹⁵⁰ and below 1 to be differentiated in",
        ),
        (
            score::of_q_in_biases(&at(1e-150), &column(&[1.0]), &dmatrix![1.0]).err(),
            "biases: entry (0, 0) is 1e-150, but must be above 10⁻¹⁵⁰ and below 1 to be differentiated in",
        ),
        (
            score::of_lagrangian_in_weights(&dvector![0.0, 1.0], &dmatrix![0.5, 0.5], 1.0).err(),
            "weight of a component is 0, but must be finite and > 0",
        ),
        (
            score::of_lagrangian_in_weights(&dvector![1.0], &dmatrix![0.5, 0.5], 1.0).err(),
            "weights: expected 2 × 1, found 1 × 1",
        ),
        (
            ridge(0.6, 0.5, 0.1).err(),
            "biases: entry (1, 0) is 1.0999999999999999, but must be between 0 and 1",
        ),
        (joint_with_heads_after_a_sweep(&ten, 0.5).err(), "flips a draw is 10, but must be 1"),
        (
            joint_with_heads_after_a_sweep(&never, 0.5).err(),
            "probability of heads is 0, but must be finite and > 0",
        ),
        (joint_with_heads_after_a_sweep(&wide, 0.5).err(), "biases: expected 2 × 1, found 2 × 2"),
        (
            lecture_t::q_without_brackets(&ten, &column(&[1.0]), &dmatrix![0.5, 0.5]).err(),
            "flips a draw is 10, but must be 1",
        ),
        (
            lecture_t::q_without_brackets(&wide, &dmatrix![1.0, 0.0], &dmatrix![0.5, 0.5]).err(),
            "data: expected 1 × 1, found 1 × 2",
        ),
        (
            outcomes(&make(&half, &p, 1001).unwrap()).err(),
            "flips a draw is 1001, but must be at most 1000 where all outcomes are counted",
        ),
        (
            outcomes(&many).err(),
            "number of labelings is 18446744073709552000, but must be between 1 and 2^20, with n ≥ 1",
        ),
        (bias_moments(&wide, 3).err(), "biases: expected 2 × 1, found 2 × 2"),
        (
            moments_from_heads(&dvector![0.5, 0.6]).err(),
            "probabilities: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (moments_from_heads(&DVector::zeros(0)).err(), "probabilities: is empty"),
        (from_moments(&dvector![1.0, 0.5, 0.25], 3).err(), "moments: expected 2 × 1, found 3 × 1"),
        (
            doubled.err(),
            "moment of order 0: row 0 is no probability vector (found 2; entries must be ≥ 0 and sum to 1)",
        ),
        (
            from_moments(&dvector![1.0, 0.5, 0.25, 0.125], 3).err(),
            "smallest eigenvalue of the matrix of moments is 0, but must be > 0, as for k different coins",
        ),
        (
            twin(&make(&half, &dmatrix![0.4; 0.4], 2).unwrap(), 0.1).err(),
            "smallest eigenvalue of the matrix of moments is 0, but must be > 0, as for k different coins",
        ),
        (twin(&ten, 5.0).err(), "biases: entry (1, 0) is 5.517935662402833, but must be between 0 and 1"),
        (
            twin(&ten, f64::NAN).err(),
            "matrix of the moments: entry (1, 1) is NaN, but every entry must be finite",
        ),
    ]);
}
