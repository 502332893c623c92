//! Why cells are missing, and what ignoring the reason costs.

use crate::common::{assert_within, seed};
use executable_em::em::{self, Stopping};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start};
use executable_em::incomplete::mechanism::Mechanism;
use executable_em::incomplete::{mixture, shortcuts};
use executable_em::{data, gaussian};
use nalgebra::{RowDVector, dmatrix, dvector};

/// Whether the estimates of the mean of the second column, by EM and by deletion, are far from the truth 0.
fn biases(mechanism: Mechanism) -> (f64, f64) {
    let mut rng = data::rng(seed() + 1);
    let x = gaussian::sample(20_000, &RowDVector::zeros(2), &dmatrix![1.0, 0.8; 0.8, 1.0], &mut rng).unwrap();
    let hidden = mechanism.hide(&x, 1, &mut rng).unwrap();
    let share = hidden.missing_count() as f64 / 20_000.0;
    assert_within(share, 0.5, 0.03);
    let start = mixture::of_one(&dvector![0.0, 0.0], dmatrix![1.0, 0.0; 0.0, 1.0]).unwrap();
    let fit = mixture::fit(start, &hidden, &Stopping::default()).unwrap();
    (fit.model.means()[(0, 1)], shortcuts::listwise(&hidden).unwrap().column(1).mean())
}

/// of 20 000 data half of whose second cells are missing, a mean has a standard error of .01 at most. By
/// chance all is well; by what is seen, deletion is biased by half a standard deviation and EM is not; by the value
/// itself, both are.
#[test]
fn only_what_depends_on_the_unseen_misleads_em() {
    let (em, deletion) = biases(Mechanism::Completely { probability: 0.5 });
    assert_within(em, 0.0, 0.06);
    assert_within(deletion, 0.0, 0.06);
    let (em, deletion) = biases(Mechanism::BySeen { column: 0, centre: 0.0, slope: 3.0 });
    assert_within(em, 0.0, 0.06);
    assert!(deletion < -0.3, "{deletion}");
    let (em, deletion) = biases(Mechanism::ByItself { centre: 0.0, slope: 3.0 });
    assert!(em < -0.1 && deletion < -0.4, "{em} {deletion}");
}

/// where waiting times go missing by the eruption one Gaussian, whose line is not that of the geyser, has a
/// mean that is too high by 1.6 minutes on average; two components have next to no such bias.
#[test]
fn one_gaussian_is_biased_on_the_geyser_and_two_are_not() {
    let (x, mut rng) = (data::old_faithful(), data::rng(seed() + 2));
    let by_eruption = Mechanism::BySeen { column: 0, centre: 3.4, slope: -2.0 };
    let whole = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    let two = em::fit(whole, &x, &Stopping::default()).unwrap().model;
    let one = mixture::of_one(&dvector![3.5, 70.0], dmatrix![1.0, 0.0; 0.0, 100.0]).unwrap();
    let losses: Vec<_> = (0..40).map(|_| by_eruption.hide(&x, 1, &mut rng).unwrap()).collect();
    let error = |start: &GaussianMixture| {
        let of_one = |lost| {
            let fit = mixture::fit(start.clone(), lost, &Stopping::default()).unwrap().model;
            fit.weights().dot(&fit.means().column(1)) - x.column(1).mean()
        };
        losses.iter().map(of_one).sum::<f64>() / 40.0
    };
    // A loss moves either by .9, so the average of forty by .14: five of them.
    let (one, two) = (error(&one), error(&two));
    assert_within(one, 1.6, 0.7);
    assert_within(two, 0.1, 0.7);
}

/// probabilities by hand.
#[test]
fn the_probabilities_are_logistic() {
    let itself = Mechanism::ByItself { centre: 1.0, slope: 2.0 };
    assert_within(itself.probability(&[5.0, 2.0], 1).unwrap(), 1.0 / (1.0 + (-2.0_f64).exp()), 1e-15);
    assert_eq!(Mechanism::Completely { probability: 0.3 }.probability(&[5.0], 0), Ok(0.3));
    let seen = Mechanism::BySeen { column: 0, centre: 5.0, slope: -1.0 };
    assert_eq!(seen.probability(&[5.0, 9.0], 1), Ok(0.5));
    assert!(seen.probability(&[6.0, 9.0], 1).unwrap() < 0.5);
}
