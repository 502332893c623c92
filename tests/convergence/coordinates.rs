//! A mixture as a vector and back.

use crate::case;
use crate::common::{assert_within, seed};
use executable_em::convergence::chart;
use executable_em::convergence::coordinates::{coordinates, directions, mixture_of};
use executable_em::data;
use executable_em::gaussian_mixture::CovarianceFamily;
use nalgebra::DVector;
use rand::RngExt;

/// back and forth gives the same mixture; a small step along a coordinate changes what its direction says and
/// no more.
#[test]
fn coordinates_and_directions_belong_together() {
    let mut compared = 0;
    for case_seed in 0..24 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let model =
            case(family, 5, 1 + case_seed as usize % 3, 1 + case_seed as usize % 2, seed() + case_seed).model;
        let here = coordinates(&model);
        let directions = directions(model.k(), model.d(), family);
        assert_eq!((here.len(), directions.len()), (model.parameter_count(), model.parameter_count()));
        let back = mixture_of(&here, &model).unwrap();
        assert_eq!((back.means(), back.covariances()), (model.means(), model.covariances()));
        // The last weight is what the others leave of one.
        assert!((back.weights() - model.weights()).amax() < 1e-15);
        // A power of two, so that what is added comes out again but for the rounding of the sum.
        let h = 1.0 / 1024.0;
        for (m, direction) in directions.iter().enumerate() {
            let mut there = here.clone();
            there[m] += h;
            let moved = mixture_of(&there, &model).unwrap();
            for j in 0..model.k() {
                assert_within(moved.weights()[j] - model.weights()[j], h * direction.weights[j], 1e-14);
                let means = (moved.means() - model.means() - &direction.means * h).amax();
                let covariances =
                    (&moved.covariances()[j] - &model.covariances()[j] - &direction.covariances[j] * h)
                        .amax();
                assert!(means < 1e-14 && covariances < 1e-14);
            }
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

/// the unbounded chart and back; and any vector of moderate numbers is a mixture of the family.
#[test]
fn every_vector_is_a_mixture() {
    let mut rng = data::rng(seed() + 9);
    for case_seed in 0..24 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let model = case(family, 5, 3, 2, seed() + 50 + case_seed).model;
        let here = chart::coordinates(&model).unwrap();
        let back = chart::mixture_of(&here, &model).unwrap();
        // L Lᵀ of a factor good to dγ(d): entries of size ten.
        assert!((coordinates(&back) - coordinates(&model)).amax() < 1e-13);
        let anything = DVector::from_fn(here.len(), |_, _| rng.random_range(-4.0..4.0));
        let mixture = chart::mixture_of(&anything, &model).unwrap();
        assert_eq!(mixture.family(), family);
        // Lengths of e⁸ : e⁻⁸ squared make a condition of 10¹⁴, and the logarithms of small diagonals lose that much.
        let again = chart::coordinates(&mixture).unwrap();
        assert!((again.rows(0, 8) - anything.rows(0, 8)).amax() < 1e-12);
    }
}
