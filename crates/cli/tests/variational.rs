//! `fit --variational` as a user meets it, held to chapter 13.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod place;

use common::assert_within;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::em::{Stopping, Tolerance};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::variational::mixture::{OnBound, fit};
use executable_em::variational::{GaussWishart, Weights};
use executable_em::{data, gaussian, latent, latent::Model};
use executable_em_engine::Mixture;
use nalgebra::{DVector, dmatrix, dvector};
use place::{Place, csv, text};

const FAITHFUL: &str = include_str!("../../../src/data/old_faithful.csv");
const BLOBS: &str = include_str!("../../../src/data/blobs.csv");

/// of twenty components two survive, and the bound is the derivation's from the labels that they give.
#[test]
fn old_faithful_asks_for_two_components() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let printed =
        place.prints("fit faithful.csv -k 20 --variational --concentration 0.001 --tol 1e-13 --out m.json");
    for expected in [
        "Data      faithful.csv: n = 272, d = 2 (eruptions, waiting)\n",
        "Model     a variational mixture of at most 20 Gaussians, full covariances; concentration 0.0010\n",
        "Survivors 2 of 20: the others expect less than half a datum\n",
        "mean  weight  eruptions  waiting\n1     0.64",
        "correlation    eruptions·waiting\n",
    ] {
        assert!(printed.contains(expected), "{expected:?} is not in {printed}");
    }
    let (saved, model) = (place.saved("m.json"), place.gaussians("m.json"));
    let x = data::old_faithful();
    assert_within(saved.log_likelihood, model.log_likelihood(&x).expect("ℓ"), 1e-9);
    // The derivation from the responsibilities of what was saved, and eighteen components without data.
    let two = model.responsibilities(&x).expect("responsibilities");
    let r = two.insert_columns(2, 18, 0.0);
    let ones = DVector::from_element(272, 1.0);
    let mean = gaussian::weighted_mean(&x, &ones).expect("a mean");
    let covariance = gaussian::weighted_covariance(&x, &ones, &mean).expect("a covariance");
    let prior = GaussWishart::new(mean, 1.0, covariance, 2.0).expect("a prior");
    let to_rest = Stopping { tolerance: Tolerance::LogLikelihood(1e-14), max_sweeps: 5000 };
    let climb = OnBound::new(&x).expect("data");
    let derived = fit(&climb, Weights::Dirichlet(0.001), &prior, &r, &to_rest).expect("a fit");
    assert_eq!(derived.model.survivors().len(), 2);
    let expected = format!("log p(data) ≥ {:.3} nats", derived.log_likelihood);
    assert!(printed.contains(&expected), "{expected} is not in {printed}");

    // What follows a fit works.
    assert_eq!(place.prints("predict m.json faithful.csv").lines().count(), 273);
    assert_eq!(place.prints("sample m.json -n 5").lines().count(), 6);
    for threads in [1, 2, 7] {
        let again = place.prints(&format!(
            "fit faithful.csv -k 20 --variational --concentration 0.001 --tol 1e-13 --threads {threads}"
        ));
        assert_eq!(again, printed.replace("\nModel in m.json\n", ""));
    }
    let streamed = place.prints("fit faithful.csv -k 20 --variational --concentration 0.001 --stream");
    assert!(streamed.contains(", streamed\n") && streamed.contains("Survivors 2 of 20"), "{streamed}");
}

/// Four blobs, in either family, with the prior that is the default; drawn and labelled, too.
#[test]
fn blobs_ask_for_four() {
    let place = Place::with(&[("blobs.csv", BLOBS)]);
    for family in ["full", "diagonal"] {
        let line = format!("fit blobs.csv --columns 1,2 -k 10 --variational --covariance {family}");
        let printed = place.prints(&format!("{line} --out m.json --plot p.svg --responsibilities r.csv"));
        assert!(
            printed.contains(&format!("at most 10 Gaussians, {family} covariances; concentration 0.1000"))
        );
        assert!(printed.contains("Survivors 4 of 10"), "{printed}");
        let model = place.gaussians("m.json");
        assert_eq!((model.k(), model.family().name()), (4, family));
        assert_within(model.weights().sum(), 1.0, 1e-12);
        assert_eq!(place.prints("predict m.json blobs.csv"), place.read("r.csv"));
    }
    assert_ne!(place.gaussians("m.json").family(), CovarianceFamily::Full);
}

/// of eight coins the two that were flipped survive.
#[test]
fn coins_that_were_not_flipped_vanish() {
    let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.9; 0.2], 20).expect("coins");
    let (x, _) = coins.sample(400, &mut data::rng(1)).expect("draws");
    let place = Place::with(&[("heads.csv", &csv("heads", &x).replace(".0", ""))]);
    let line =
        "fit heads.csv -k 8 --model bernoulli --flips 20 --variational --concentration 0.01 --out m.json";
    let printed = place.prints(line);
    assert!(printed.contains("at most 8 coins, 20 flips an entry; concentration 0.0100"), "{printed}");
    assert!(printed.contains("Survivors 2 of 8: the others"), "{printed}");
    let both = place.prints(&line.replace("-k 8", "-k 2"));
    assert!(both.contains("Survivors 2 of 2\n"), "{both}");
    let Mixture::Bernoulli(found) = place.saved("m.json").model else { panic!("coins") };
    // Six standard errors of a bias, of 2400 flips or more.
    assert_within(found.biases()[0], 0.2, 6.0 * (0.16 / 5600_f64).sqrt());
    assert_within(found.biases()[1], 0.9, 6.0 * (0.09 / 2400_f64).sqrt());
    assert_eq!(place.prints("predict m.json heads.csv").lines().count(), 401);
    let labels =
        latent::responsibilities(&found.log_joint(&x).expect("a log joint")).expect("responsibilities");
    assert_eq!(labels.shape(), (400, 2));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = Place::with(&[("x.csv", "a,b\n1,2\n3,4\n2,1\n"), ("gaps.csv", "a,b\n1,2\n3,NA\n2,1\n")]);
    for (line, error) in [
        ("-k 2 --concentration 1", "--concentration has no meaning without --variational"),
        ("-k 2 --variational --concentration 0", "--concentration is 0, but must be finite and > 0"),
        ("-k 1..3 --variational", "--variational finds the number of components: give the largest, -k 3"),
        (
            "-k 2 --variational --floor 1",
            "--floor has no meaning with --variational, whose prior is in the data's own units",
        ),
        (
            "-k 2 --variational --covariance tied",
            "--variational is for full or diagonal covariances, not tied",
        ),
    ] {
        place.refuses(&format!("fit x.csv {line}"), 2, error);
    }
    place.refuses(
        "fit gaps.csv -k 2 --variational",
        1,
        "gaps.csv: --variational needs a table without missing cells",
    );
    place.write("line.csv", "a,b\n1,1\n2,2\n3,3\n4,4\n");
    place.refuses(
        "fit line.csv -k 1 --variational",
        1,
        "line.csv: columns depend on each other, or there are too few rows: leave columns out with --columns",
    );
    place.prints("fit line.csv -k 1 --variational --columns a");
    let output = place.run("fit x.csv -k 4 --variational");
    assert!(text(&output.stderr).contains("k = 4 components for n = 3 data"));
}
