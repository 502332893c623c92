//! Bad input gives the one typed error that names the place.

use crate::common::{assert_refused, column, line_mixture};
use executable_em::convergence::accelerate::{Accelerated, Chart, Method, squared_step, step_length};
use executable_em::convergence::certificate::certify;
use executable_em::convergence::errors::delta_method;
use executable_em::convergence::partial::{Stepwise, incremental};
use executable_em::convergence::{chart, coordinates, information, rate};
use nalgebra::{DMatrix, dmatrix, dvector};

#[test]
fn bad_input_is_named() {
    let x = column(&[0.0, 1.0, 3.0]);
    let model = line_mixture(&[0.5, 0.5], &[0.0, 1.0], &[1.0, 1.0]);
    let empty = line_mixture(&[0.0, 1.0], &[0.0, 1.0], &[1.0, 1.0]);
    let q = DMatrix::from_element(3, 2, 0.5);
    let [one, two, nan] = [dvector![1.0], dvector![1.0, 2.0], dvector![f64::NAN]];
    assert_refused(&[
        (coordinates::mixture_of(&dvector![0.5], &model).err(), "coordinates: expected 5 × 1, found 1 × 1"),
        (
            coordinates::mixture_of(&dvector![1.5, 0.0, 0.0, 1.0, 1.0], &model).err(),
            "weights: row 0 is no probability vector (found -0.5; entries must be ≥ 0 and sum to 1)",
        ),
        (chart::coordinates(&empty).err(), "weight is 0, but must be finite and > 0"),
        (
            chart::mixture_of(&dvector![f64::NAN, 0.0, 0.0, 1.0, 1.0], &model).err(),
            "coordinates: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (information::slopes(&model, &x, 2).err(), "label of datum 0 is 2, but there are only 2 components"),
        (information::complete(&empty, &x).err(), "weight is 0, but must be finite and > 0"),
        (information::score(&model, &dmatrix![1.0, 2.0]).err(), "data: expected 1 × 1, found 1 × 2"),
        (rate::by_differences(&model, &x, &dvector![1.0]).err(), "steps: expected 5 × 1, found 1 × 1"),
        (
            rate::by_differences(&model, &x, &dvector![1.0, 1.0, 1.0, 0.0, 1.0]).err(),
            "step is 0, but must be finite and > 0",
        ),
        (
            rate::observed_from_map(&dmatrix![1.0], &dmatrix![1.0, 2.0]).err(),
            "map: expected 1 × 1, found 1 × 2",
        ),
        (delta_method(&dvector![1.0, 2.0], &dmatrix![1.0]).err(), "gradient: expected 1 × 1, found 2 × 1"),
        (rate::shown(&[one.clone(), two.clone()]).err(), "iterate: expected 1 × 1, found 2 × 1"),
        (
            rate::shown(std::slice::from_ref(&nan)).err(),
            "iterate: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (step_length(&one, &two, &one).err(), "iterate after a sweep: expected 1 × 1, found 2 × 1"),
        (squared_step(&one, &one, &two, 1.0).err(), "iterate after two sweeps: expected 1 × 1, found 2 × 1"),
        (squared_step(&one, &one, &one, f64::NAN).err(), "length of the step is NaN, but must be finite"),
        (
            Accelerated::new(&x, Method::Anderson { memory: 0 }, Chart::Plain).err(),
            "memory is 0, but must be finite and > 0",
        ),
        (
            Accelerated::new(&column(&[f64::NAN]), Method::Squarem, Chart::Plain).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (incremental(&model, &x, &q, 4).err(), "number of blocks is 4, but must be between 1 and n"),
        (incremental(&model, &x, &q, 0).err(), "number of blocks is 0, but must be between 1 and n"),
        (
            incremental(&model, &x, &(&q * 2.0), 1).err(),
            "q: row 0 is no probability vector (found 2; entries must be ≥ 0 and sum to 1)",
        ),
        (Stepwise::new(model.clone(), &x, 0.5).err(), "exponent is 0.5, but must be > ½ and ≤ 1"),
        (certify(&empty, &x).err(), "weight is 0, but must be finite and > 0"),
    ]);
}
