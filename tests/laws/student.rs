//! The mixture of t: its M step also uses what the E step found of the scales, so that it maximises another Q than the
//! labels' alone, and only climbs in that one.

use crate::claims::{
    Lawful, a_sweep_never_lowers, assert_parameters, duplicating_data, permuting_components, permuting_data,
    rows_sum_to_one,
};
use crate::common::bounds::{self, gamma, log_likelihood_error, sum_of};
use crate::common::cases::{self, Case, Kind};
use crate::common::tally::Tally;
use crate::common::{assert_at_least, config};
use executable_em::data;
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::incomplete::student::{MOST_DEGREES, StudentMixture};
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use rand::RngExt;

impl Lawful for StudentMixture {
    /// ½(ν + d) log(1 + δ/ν) errs by at most (1 + d/ν) times what ½δ does, which is part of the Gaussian's bound; the
    /// rest is a sum of five terms, in which log Γ is good to 10⁻¹³, relatively and absolutely.
    fn rounding(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let d = self.shape().d() as f64;
        let log_joint = self.log_joint(x).expect("a log joint");
        bounds::log_joint_error(self.shape(), x).map_with_location(|i, j, of_gaussian| {
            let nu = self.degrees()[j];
            let largest = (nu + d) * (nu + d).ln().abs().max(1.0) + log_joint[(i, j)].abs();
            if of_gaussian == 0.0 { 0.0 } else { (1.0 + d / nu) * of_gaussian + 1e-13 * (1.0 + largest) }
        })
    }

    /// Two evaluations of ℓ. What the E step errs by costs to second order only, for ℓ(θ) is the maximum of F in q,
    /// and so does what the M step misses its maximiser by: far below n times 10⁻¹².
    fn fall(&self, next: &Self, x: &DMatrix<f64>) -> Option<f64> {
        let of = |model: &Self| Some(log_likelihood_error(&model.log_joint(x).ok()?, &model.rounding(x)));
        Some(of(self)? + of(next)? + 1e-12 * x.nrows() as f64)
    }

    /// Those of the Gaussian mixture, times the largest u; and ν, at which log ν/2 − ψ(ν/2) ≈ 1/ν is flat: ν² times the
    /// error of a sum of n numbers below a hundred.
    fn reordering(&self, x: &DMatrix<f64>) -> DVector<f64> {
        let largest_u = 1.0 + self.shape().d() as f64 / self.degrees().min();
        let of_shape = self.shape().reordering(x) * (2.0 * largest_u);
        let of_degrees = 200.0 * gamma(4 * x.nrows() + 20) * MOST_DEGREES.powi(2);
        let degrees = std::iter::repeat_n(of_degrees, self.degrees().len());
        DVector::from_vec(of_shape.iter().copied().chain(degrees).collect())
    }

    fn permuted(&self, order: &[usize]) -> Self {
        StudentMixture::new(self.shape().permuted(order), self.degrees().select_rows(order))
            .expect("the same")
    }
}

fn student_case() -> impl Strategy<Value = (CovarianceFamily, StudentMixture, DMatrix<f64>)> {
    (0..4usize, 20..40usize, 1..4usize, 1..4usize, any::<u64>()).prop_map(|(family, n, k, d, seed)| {
        let family = CovarianceFamily::ALL[family];
        let Case { x, model, .. } = cases::case(Kind::Ordinary, family, n, k, d, seed);
        let mut rng = data::rng(seed ^ 0x5);
        let degrees = DVector::from_fn(k, |_, _| 10_f64.powf(rng.random_range(0.0..1.5)));
        (family, StudentMixture::new(model, degrees).expect("t"), x)
    })
}

/// The laws of every model with a hidden label, but that the M step for any r is the maximum.
///
/// Source: X-29, H-29, H-52, L-14.
#[test]
fn the_laws_hold_for_mixtures_of_t() {
    let (sweeps, raises) = (Tally::new(), Tally::new());
    proptest!(config(400), |((family, model, x) in student_case(), seed in any::<u64>())| {
        rows_sum_to_one(&model, &x);
        sweeps.count(family.name(), a_sweep_never_lowers(&model, &x));
        permuting_data(&model, &x, seed as usize % 1000);
        permuting_components(&model, &x);
        duplicating_data(&model, &x);
        // For any responsibilities the M step never lowers Σ r log p(x, z).
        let r = cases::simplex_rows(x.nrows(), model.degrees().len(), &mut data::rng(seed));
        let next = model.maximize(&x, &r).unwrap();
        let q = |model: &StudentMixture| {
            let log_joint = model.log_joint(&x).unwrap();
            let terms: Vec<f64> = r.iter().zip(&log_joint).map(|(&r, &l)| r * l).collect();
            (terms.iter().sum::<f64>(), r.component_mul(&model.rounding(&x)).sum() + sum_of(&terms, 0.0))
        };
        let ((before, one), (after, other)) = (q(&model), q(&next));
        assert_at_least(after, before, one + other + 1e-12 * x.nrows() as f64);
        raises.count(family.name(), after > before);
    });
    sweeps.assert_compared(|_| 0.9);
    raises.assert_compared(|_| 0.9);
}

proptest! {
    #![proptest_config(config(200))]

    /// In units twice, or 2⁻⁷ times, as large all of a step is the same, bit for bit, in these units; ν has none. And a
    /// shift of data and centres, on a grid, shifts the new centres.
    ///
    /// Source: X-29.
    #[test]
    fn units_and_origin_do_not_matter(
        (family, model, x) in student_case(),
        power in -7..7_i32,
        shift in -1e3..1e3_f64,
    ) {
        let unit = 2_f64.powi(power);
        let grid = |value: f64| (value * 1_048_576.0).round() / 1_048_576.0;
        let (x, shift) = (x.map(grid), grid(shift));
        let shape = model.shape().with_means(model.shape().means().map(grid)).unwrap();
        let here = StudentMixture::new(shape.clone(), model.degrees().clone()).unwrap();
        let r = latent::responsibilities(&here.log_joint(&x).unwrap()).unwrap();
        let next = here.maximize(&x, &r).unwrap();

        let covariances = shape.covariances().iter().map(|covariance| covariance * (unit * unit)).collect();
        let scaled = executable_em::gaussian_mixture::GaussianMixture::new(
            shape.weights().clone(), shape.means() * unit, covariances, family,
        ).unwrap();
        let there = StudentMixture::new(scaled, model.degrees().clone()).unwrap().maximize(&(&x * unit), &r).unwrap();
        prop_assert_eq!(there.degrees(), next.degrees());
        prop_assert_eq!(there.shape().means(), &(next.shape().means() * unit));
        for (one, other) in there.shape().covariances().iter().zip(next.shape().covariances()) {
            prop_assert_eq!(one, &(other * (unit * unit)));
        }

        let moved = x.add_scalar(shift);
        let shifted = shape.with_means(shape.means().add_scalar(shift)).unwrap();
        let shifted = StudentMixture::new(shifted, model.degrees().clone()).unwrap();
        prop_assert_eq!(shifted.log_joint(&moved).unwrap(), here.log_joint(&x).unwrap());
        let there = shifted.maximize(&moved, &r).unwrap();
        let mut expected = next.parameters();
        let (k, size) = (shape.k(), shape.k() * shape.d());
        expected.rows_mut(k, size).add_scalar_mut(shift);
        assert_parameters(&expected, &there.parameters(), &(shifted.reordering(&moved) * 2.0));
    }
}
