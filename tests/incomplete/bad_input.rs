//! Bad input gives the one typed error that names the place.

use crate::common::assert_refused;
use executable_em::data;
use executable_em::gaussian_mixture::CovarianceFamily::Full;
use executable_em::incomplete::censored::{Intervals, Normal, maximize};
use executable_em::incomplete::gaussian::{complete, seen_log_density, update};
use executable_em::incomplete::mechanism::Mechanism;
use executable_em::incomplete::mixture::{self, Posterior, of_one};
use executable_em::incomplete::{Incomplete, bound, shortcuts};
use nalgebra::{DMatrix, RowDVector, dmatrix, dvector};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

#[test]
fn bad_input_is_named() {
    let data = Incomplete::new(dmatrix![1.0, NAN; 2.0, 3.0]).unwrap();
    let other = Incomplete::new(dmatrix![1.0, NAN; 2.0, 3.0; 0.0, 0.0]).unwrap();
    let model = of_one(&dvector![0.0, 0.0], DMatrix::identity(2, 2)).unwrap();
    let line = of_one(&dvector![0.0], dmatrix![1.0]).unwrap();
    let (mean, unit) = (RowDVector::zeros(2), DMatrix::identity(2, 2));
    let completed = complete(&data, &mean, &unit).unwrap();
    let q = Posterior::at(&model, &data).unwrap();
    let x = data::old_faithful();
    let hide = |mechanism: Mechanism| mechanism.hide(&x, 1, &mut data::rng(1)).err();
    assert_refused(&[
        (Incomplete::new(DMatrix::zeros(0, 2)).err(), "data: is empty"),
        (
            Incomplete::new(dmatrix![1.0, INF]).err(),
            "data: entry (0, 1) is inf, but every entry must be finite",
        ),
        (
            Incomplete::new(dmatrix![1.0, NAN; 2.0, NAN]).err(),
            "data: entry (0, 1) is NaN, but must be seen in at least one row of its column",
        ),
        (seen_log_density(&data, &RowDVector::zeros(3), &unit).err(), "mean: expected 1 × 2, found 1 × 3"),
        (complete(&data, &mean, &dmatrix![1.0]).err(), "covariance: expected 2 × 2, found 1 × 1"),
        (
            complete(&data, &mean, &dmatrix![1.0, 2.0; 2.0, 1.0]).err(),
            "covariance of component 0 is not positive definite: its smallest eigenvalue is -1e0",
        ),
        (
            update(&other, &completed, &dvector![1.0, 1.0, 1.0]).err(),
            "completed data: expected 3 × 2, found 2 × 2",
        ),
        (
            update(&data, &completed, &dvector![0.0, 0.0]).err(),
            "sum of the data's weights is 0, but must be finite and > 0",
        ),
        (mixture::log_likelihood(&line, &data).err(), "means: expected 1 × 2, found 1 × 1"),
        (mixture::maximize(&model, &other, &q).err(), "responsibilities: expected 3 × 1, found 2 × 1"),
        (bound::gap(&model, &other, &q).err(), "responsibilities: expected 3 × 1, found 2 × 1"),
        (
            mixture::random_start(&data, 3, Full, &mut data::rng(1)).err(),
            "k = 3 components for n = 2 data; k must lie between 1 and n",
        ),
        (
            shortcuts::listwise(&Incomplete::new(dmatrix![1.0, NAN; NAN, 2.0]).unwrap()).err(),
            "rows without a gap: is empty",
        ),
        (
            hide(Mechanism::Completely { probability: 1.5 }),
            "probability that a cell is missing is 1.5, but must be ≥ 0 and ≤ 1",
        ),
        (
            hide(Mechanism::BySeen { column: 2, centre: 0.0, slope: 1.0 }),
            "label of datum 0 is 2, but there are only 2 components",
        ),
        (
            hide(Mechanism::BySeen { column: 1, centre: 0.0, slope: 1.0 }),
            "column that is seen is 1, but must be another than the one that goes missing",
        ),
        (
            hide(Mechanism::ByItself { centre: NAN, slope: 1.0 }),
            "centre of a mechanism is NaN, but must be finite",
        ),
        (
            hide(Mechanism::ByItself { centre: 0.0, slope: INF }),
            "slope of a mechanism is inf, but must be finite",
        ),
    ]);
}

#[test]
fn bad_intervals_are_named() {
    let data = Intervals::new(dvector![0.0, 1.0], dvector![0.0, INF]).unwrap();
    let same = Intervals::new(dvector![2.0, 2.0], dvector![2.0, 2.0]).unwrap();
    let normal = Normal::new(2.0, 1.0).unwrap();
    let moments = (dvector![0.0, 0.0], dvector![0.0, 0.0]);
    assert_refused(&[
        (Intervals::new(dvector![0.0], dvector![0.0, 1.0]).err(), "upper ends: expected 1 × 1, found 2 × 1"),
        (
            Intervals::new(dvector![1.0], dvector![0.0]).err(),
            "lower end of an interval is 1, but must be ≤ its upper end",
        ),
        (
            Intervals::new(dvector![NAN], dvector![0.0]).err(),
            "lower end of an interval is NaN, but must be ≤ its upper end",
        ),
        (
            Intervals::new(dvector![INF], dvector![INF]).err(),
            "lower end of an interval is inf, but must be ≤ its upper end",
        ),
        (
            Intervals::counted(dvector![0.0], dvector![1.0], dvector![-1.0]).err(),
            "count of an interval is -1, but must be ≥ 0",
        ),
        (
            Intervals::counted(dvector![0.0], dvector![1.0], dvector![0.0]).err(),
            "sum of the counts is 0, but must be finite and > 0",
        ),
        (
            Intervals::cut_off(&dvector![0.0, NAN], 1.0).err(),
            "data: entry (1, 0) is NaN, but every entry must be finite",
        ),
        (Normal::new(NAN, 1.0).err(), "mean is NaN, but must be finite"),
        (Normal::new(0.0, 0.0).err(), "variance is 0, but must be finite and > 0"),
        (
            maximize(&normal, &data, &(dvector![0.0], dvector![0.0])).err(),
            "expected values: expected 2 × 1, found 1 × 1",
        ),
        (maximize(&normal, &same, &moments).err(), "variance is 0, but must be finite and > 0"),
    ]);
}
