//! Proofs: given where they hold, refused where they do not.

use crate::common::{bounds::gamma, line_mixture, seed};
use crate::{TO_REST, faithful};
use executable_em::convergence::certificate::{Certificate, certify};
use executable_em::convergence::coordinates::{coordinates, mixture_of};
use executable_em::convergence::errors::covariance;
use executable_em::convergence::interval::Interval;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix};
use rand::RngExt;

/// Whether every bound of one overlaps that of the other: of two that speak of the same point, none may be outside.
fn agree(one: &Certificate, other: &Certificate) -> bool {
    let all = |of: &Certificate| {
        let covariances: Vec<_> = of.covariances.iter().flatten().flatten().copied().collect();
        [of.weights.clone(), of.means.concat(), covariances].concat()
    };
    all(one).iter().zip(all(other)).all(|(a, b)| a.low() <= b.high() && b.low() <= a.high())
}

/// the maximum on Old Faithful, with bounds of 10⁻¹² on every parameter, relative to their size; EM's own
/// answer lies between them but for where it stopped.
#[test]
fn the_maximum_on_old_faithful_is_proved() {
    let (model, x) = faithful();
    let proved = certify(&model, &x).unwrap().expect("a maximum");
    assert!(proved.width() <= 1e-12, "{:e}", proved.width());
    let off = |value: f64, bound: Interval| (value - bound.middle()).abs() / value.abs().max(1.0);
    for j in 0..2 {
        // EM has come to rest to 10⁻¹³, at ρ = .24, and sums 272 terms.
        let rounding = 1e-12 + 10.0 * gamma(272);
        assert!(off(model.weights()[j], proved.weights[j]) < rounding);
        for a in 0..2 {
            assert!(off(model.means()[(j, a)], proved.means[j][a]) < rounding);
            for b in 0..2 {
                assert!(off(model.covariances()[j][(a, b)], proved.covariances[j][a][b]) < 10.0 * rounding);
            }
        }
    }
}

/// from thousands of perturbed points there is no false proof: what is proved is the same maximum, or nothing;
/// and a point that was moved lies outside the bounds.
#[test]
fn no_perturbed_point_is_proved() {
    let (model, x) = faithful();
    let truth = certify(&model, &x).unwrap().expect("a maximum");
    let errors = covariance(&model, &x).unwrap().diagonal().map(f64::sqrt);
    let here = coordinates(&model);
    let mut rng = data::rng(seed() + 2);
    // The full ten thousand take a minute; `PROPTEST_CASES` asks for them.
    let cases = crate::common::config(200).cases;
    let (mut proved, mut silent) = (0, 0);
    for _ in 0..cases {
        let size = 10_f64.powf(rng.random_range(-6.0..1.5));
        let there =
            DVector::from_fn(here.len(), |m, _| here[m] + size * errors[m] * rng.random_range(-1.0..1.0));
        let Ok(moved) = mixture_of(&there, &model) else { continue };
        match certify(&moved, &x).unwrap() {
            Some(certificate) => {
                assert!(agree(&certificate, &truth) && !certificate.contains(&moved));
                proved += 1;
            }
            None => silent += 1,
        }
    }
    assert!(proved > cases / 3 && silent > 0, "{proved} {silent}");
}

/// saddles, spikes and ridges are refused: two equal components on {±1, ±2}; a component on its way to a datum;
/// three components of which two are the same.
#[test]
fn saddles_spikes_and_ridges_are_refused() {
    let x = dmatrix![-2.0; -1.0; 1.0; 2.0];
    assert_eq!(certify(&line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[2.5, 2.5]), &x).unwrap(), None);
    let spiked = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0];
    for variance in [1e-2, 1e-6, 1e-12] {
        let spike = line_mixture(&[0.2, 0.8], &[0.0, 4.5], &[variance, 1.25]);
        assert_eq!(certify(&spike, &spiked).unwrap(), None);
    }
    let (model, x) = faithful();
    let (weights, means) = (model.weights(), model.means());
    let twins = GaussianMixture::new(
        DVector::from_vec(vec![weights[0], 0.5 * weights[1], 0.5 * weights[1]]),
        DMatrix::from_rows(&[means.row(0), means.row(1), means.row(1)]),
        vec![model.covariances()[0].clone(), model.covariances()[1].clone(), model.covariances()[1].clone()],
        CovarianceFamily::Full,
    );
    assert_eq!(certify(&twins.unwrap(), &x).unwrap(), None);
}

/// a maximum in one dimension that can be worked out: one Gaussian, its mean and its variance.
#[test]
fn one_gaussian_is_its_mean_and_variance() {
    let x = dmatrix![-3.0; -1.0; 1.0; 3.0];
    let proved = certify(&line_mixture(&[1.0], &[1e-3], &[5.01]), &x).unwrap().expect("a maximum");
    assert!(proved.means[0][0].contains(0.0) && proved.covariances[0][0][0].contains(5.0));
    assert!(proved.width() < 1e-13);
    let relative = |bound: Interval| bound.width() / bound.magnitude().max(1.0);
    let widths = [proved.weights[0], proved.means[0][0], proved.covariances[0][0][0]].map(relative);
    assert!(proved.width() > 0.0 && proved.width() == widths.into_iter().fold(0.0, f64::max));
    assert!(proved.weights[0].contains(1.0));
}

/// other numbers of components, where EM has come to rest inside.
#[test]
fn maxima_with_more_components_are_proved() {
    let (x, _) = data::blobs();
    let mut proved = 0;
    for case_seed in 0..3 {
        let start = random_start(&x, 4, CovarianceFamily::Full, &mut data::rng(case_seed)).unwrap();
        let Ok(fit) = em::fit(start, &x, &TO_REST) else { continue };
        if let Some(certificate) = certify(&fit.model, &x).unwrap() {
            assert!(certificate.width() < 1e-9);
            proved += 1;
        }
    }
    assert!(proved >= 1, "{proved}");
    let tied = random_start(&x, 2, CovarianceFamily::Tied, &mut data::rng(1)).unwrap();
    assert!(matches!(certify(&tied, &x), Err(Error::NotInFamily { family: "full", .. })));
}
