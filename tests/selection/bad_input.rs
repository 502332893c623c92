//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::common::column;
use crate::{FIVE_STARTS, one_gaussian};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::selection::{self, Restarts, best_fit, criteria, cross_validate, search};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Error, Result, data, kmeans};
use nalgebra::{DMatrix, dmatrix};

/// An ℓ, an n or an entropy that is none is an error that names it.
///
/// Source: B-26.
#[test]
fn criteria_refuse_what_is_no_fit() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_refused(&[
            (selection::aic(bad, 1).err(), &format!("log-likelihood is {bad}, but must be finite")),
            (selection::bic(bad, 1, 1).err(), &format!("log-likelihood is {bad}, but must be finite")),
            (criteria(bad, 1, 1).err(), &format!("log-likelihood is {bad}, but must be finite")),
            (selection::icl(0.0, 1, 1, bad).err(), &format!("entropy is {bad}, but must be finite and ≥ 0")),
        ]);
    }
    assert_eq!(selection::icl(0.0, 1, 1, 0.0), Ok(0.0));
    assert_refused(&[
        (selection::bic(0.0, 1, 0).err(), "number of data is 0, but must be ≥ 1"),
        (selection::icl(0.0, 1, 1, -0.5).err(), "entropy is -0.5, but must be finite and ≥ 0"),
    ]);
}

/// Ties go to the first candidate, none is an error, and so is a k that the data cannot have.
///
/// Source: B-26.
#[test]
fn a_search_refuses_what_it_cannot_fit() {
    let x = column(&[0.0, 1.0, 5.0, 6.0]);
    let start = |x: &DMatrix<f64>, k: usize, rng: &mut data::Rng| {
        SoftKMeans::new(kmeans::plus_plus_start(x, k, rng)?, 1.0, Weights::Held)
    };
    let found = search(&x, 1..=4, &FIVE_STARTS, start).unwrap();
    assert_eq!(found.iter().map(|candidate| candidate.parameters).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(selection::chosen_k(&found, |_| 1.0), Ok(1));
    assert_eq!(selection::chosen_k(&found, |candidate| -(candidate.k as f64)), Ok(4));
    let none = Restarts { starts: 0, ..FIVE_STARTS };
    let bad = column(&[0.0, f64::NAN]);
    assert_refused(&[
        (selection::chosen_k(&found[..0], |_| 1.0).err(), "candidates: is empty"),
        (
            best_fit(&x, 0, &FIVE_STARTS, start).err(),
            "k = 0 components for n = 4 data; k must lie between 1 and n",
        ),
        (
            best_fit(&x, 5, &FIVE_STARTS, start).err(),
            "k = 5 components for n = 4 data; k must lie between 1 and n",
        ),
        (best_fit(&x, 1, &none, start).err(), "starts: is empty"),
        (
            best_fit(&bad, 1, &FIVE_STARTS, start).err(),
            "data: entry (1, 0) is NaN, but every entry must be finite",
        ),
    ]);
}

/// Folds that are no folds, and data that their models exclude, are errors that name the datum.
///
/// Source: B-26.
#[test]
fn cross_validation_refuses_what_is_no_partition() {
    let x = column(&[0.0, 1.0, 2.0, 4.0]);
    let run = |folds: &[Vec<usize>]| cross_validate(&x, folds, one_gaussian);
    // The square of 10²⁰⁰ overflows: the last datum, second of its fold, has density zero under the others.
    let far = column(&[0.0, 1.0, 2.0, 1e200]);
    let unit = |_: &DMatrix<f64>| SoftKMeans::new(dmatrix![1.0], 1.0, Weights::Held);
    let failing = |_: &DMatrix<f64>| -> Result<GaussianMixture> { Err(Error::Empty { what: "patience" }) };
    assert_refused(&[
        (run(&[vec![0, 1], vec![2]]).err(), "number of folds that a datum lies in is 0, but must be 1"),
        (run(&[vec![0, 1], vec![2, 3, 1]]).err(), "number of folds that a datum lies in is 2, but must be 1"),
        (run(&[vec![0, 1], vec![2, 4]]).err(), "label of datum 4 is 4, but there are only 4 components"),
        (
            run(&[vec![0, 1, 2, 3]]).err(),
            "size of a fold is 4, but must be at least 1 and less than the number of data",
        ),
        (
            run(&[vec![0, 1, 2, 3], vec![]]).err(),
            "size of a fold is 4, but must be at least 1 and less than the number of data",
        ),
        (
            run(&[vec![0, 1], vec![], vec![2, 3]]).err(),
            "size of a fold is 0, but must be at least 1 and less than the number of data",
        ),
        (run(&[]).err(), "number of folds that a datum lies in is 0, but must be 1"),
        (cross_validate(&DMatrix::zeros(0, 1), &[], one_gaussian).err(), "data: is empty"),
        (
            cross_validate(&far, &[vec![0, 2], vec![1, 3]], unit).err(),
            "datum 3 has probability zero under every component",
        ),
        (cross_validate(&x, &[vec![0, 1], vec![2, 3]], failing).err(), "patience: is empty"),
    ]);
}
