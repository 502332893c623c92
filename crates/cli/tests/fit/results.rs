//! What a fit finds, held to the derivations.

use crate::common::assert_within;
use crate::common::bounds::gamma;
use crate::place::{Place, csv};
use crate::{BLOBS, FAITHFUL, three_groups};
use executable_em::em::Stopped;
use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
use executable_em::{bound, data, em, selection};

/// Two kinds of eruption; ℓ, weights and all criteria are those of the derivations.
#[test]
fn old_faithful_has_two_kinds_of_eruption() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let printed = place.prints("fit faithful.csv -k 2 --out model.json");
    for expected in [
        "Data      faithful.csv: n = 272, d = 2 (eruptions, waiting)\n",
        "Model     a mixture of 2 Gaussians, full covariances: 11 free parameters\n",
        "ℓ = -1130.264 nats, -4.155382 a datum; converged after ",
        " won; 12 came to this ℓ\n",
        "Criteria  BIC 2322.192, AIC 2282.528, ICL 2323.581\n",
        "mean  weight  eruptions  waiting\n1     0.6441     4.2897   79.968\n2     0.3559     2.0364   54.479\n",
        "sd    eruptions  waiting\n1        0.4123    6.004\n2        0.2630    5.805\n",
        "correlation    eruptions·waiting\n1                         0.3800\n2                         0.2850\n",
        "\nModel in model.json\n",
    ] {
        assert!(printed.contains(expected), "{expected:?} is not in {printed}");
    }

    let (saved, model) = (place.saved("model.json"), place.gaussians("model.json"));
    let x = data::old_faithful();
    assert_eq!((saved.n, saved.seed, saved.stopped), (272, 1, Stopped::Converged));
    assert_eq!(saved.columns, ["eruptions", "waiting"]);
    assert_within(model.weights()[0], 0.6441, 5e-5);
    // ℓ is a sum of 272 terms, each below 12 and the work of some forty operations.
    let derived = model.log_likelihood(&x).expect("ℓ");
    assert_within(saved.log_likelihood, derived, gamma(272 + 40) * 272.0 * 12.0);
    // At rest: a sweep of the derivation gains no more than the tolerance and the rounding.
    let next = em::sweep(&model, &x).expect("a sweep").log_likelihood(&x).expect("ℓ");
    assert_within(next, derived, 272.0 * 1e-8 + 1e-9);

    let r = model.responsibilities(&x).expect("responsibilities");
    let entropy = bound::entropy(&r).expect("an entropy");
    let icl = selection::icl(derived, 11, 272, entropy).expect("ICL");
    assert!(printed.contains(&format!("ICL {icl:.3}")), "{icl} is not in {printed}");
}

/// The same, for the entropy of each family, which the program takes from sums: H = ℓ − Q.
#[test]
fn the_entropy_is_that_of_the_responsibilities() {
    let (x, _) = three_groups().sample(500, &mut data::rng(1)).unwrap();
    let place = Place::with(&[("x.csv", &csv("a,b", &x))]);
    for (family, parameters) in [("full", 17), ("tied", 11), ("diagonal", 14), ("spherical", 11)] {
        let printed =
            place.prints(&format!("fit x.csv -k 3 --covariance {family} --restarts 2 --out m.json"));
        let model = place.gaussians("m.json");
        assert_eq!(model.family().name(), family);
        assert_eq!(printed.contains("correlation"), matches!(family, "full" | "tied"));
        let entropy = bound::entropy(&model.responsibilities(&x).expect("r")).expect("an entropy");
        assert!(entropy > 1.0, "labels in doubt");
        let ell = model.log_likelihood(&x).expect("ℓ");
        let icl = selection::icl(ell, parameters, 500, entropy).expect("ICL");
        let criteria = selection::criteria(ell, parameters, 500).expect("criteria");
        let line = format!("Criteria  BIC {:.3}, AIC {:.3}, ICL {icl:.3}\n", criteria.bic, criteria.aic);
        assert!(printed.contains(&line), "{line} is not in {printed}");
    }
}

/// Of several k, the lowest of each criterion is marked, and the model saved is the choice of BIC.
#[test]
fn bic_finds_four_blobs() {
    let place = Place::with(&[("blobs.csv", BLOBS)]);
    let line = "fit blobs.csv -k 1..6 --columns x1,x2 --restarts 5 --out four.json --plot k.svg";
    let printed = place.prints(line);
    let rows: Vec<Vec<&str>> = printed.lines().take(7).map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["k", "ℓ", "p", "BIC", "AIC", "ICL"]);
    assert_eq!(rows[4], ["4", "-1264.859", "23", "2667.522*", "2575.718", "2678.777*"]);
    let marked: Vec<&str> = rows[1..].iter().filter(|row| row[3].ends_with('*')).map(|row| row[0]).collect();
    assert_eq!(marked, ["4"]);
    // AIC takes what it can get.
    let lowest =
        rows[1..].iter().min_by(|a, b| a[4].trim_end_matches('*').total_cmp(b[4].trim_end_matches('*')));
    assert!(lowest.is_some_and(|row| row[4].ends_with('*')));
    assert!(printed.contains("a mixture of 4 Gaussians"));
    assert_eq!(place.saved("four.json").model.k(), 4);
    let drawn = place.read("k.svg");
    for name in [">BIC<", ">AIC<", ">ICL<", "How many components?"] {
        assert!(drawn.contains(name), "{name}");
    }
    // Both ways to write a range say the same, and a range of one is no range.
    let of = |k: &str| place.prints(&format!("fit blobs.csv -k {k} --columns x1,x2 --restarts 2"));
    assert_eq!(of("2..=3"), of("2..3"));
    assert_eq!(of("2..2"), of("2"));
}

/// Decimal texts in the order of their numbers.
trait TotalCmp {
    fn total_cmp(&self, other: &str) -> std::cmp::Ordering;
}

impl TotalCmp for str {
    fn total_cmp(&self, other: &str) -> std::cmp::Ordering {
        let number = |text: &str| text.parse::<f64>().expect("a number");
        number(self).total_cmp(&number(other))
    }
}

/// The fit of standardised data, brought back: means times the spreads, ℓ less n log volumes.
#[test]
fn standardizing_changes_the_units_and_nothing_else() {
    let x = data::old_faithful();
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let z = data::standardize(&x).expect("z");
    let spread: Vec<f64> = x.column_iter().map(|column| column.variance().sqrt()).collect();
    for (name, family, saved_family) in [
        ("full", CovarianceFamily::Full, CovarianceFamily::Full),
        ("tied", CovarianceFamily::Tied, CovarianceFamily::Tied),
        ("spherical", CovarianceFamily::Spherical, CovarianceFamily::Diagonal),
    ] {
        let line = "fit faithful.csv -k 2 --standardize --restarts 1 --tol 0 --max-iter 3 --out m.json";
        let printed = place.prints(&format!("{line} --covariance {name}"));
        assert!(printed.contains("fitted to columns of mean 0 and variance 1"));
        assert!(
            printed.contains("not converged after 3 sweeps") && printed.contains("raise --max-iter above 3")
        );
        let start = kmeans_start(&z, 2, family, &mut data::rng(1)).expect("a start");
        let model = (0..3).fold(start, |model, _| em::sweep(&model, &z).expect("a sweep"));
        let (saved, found) = (place.saved("m.json"), place.gaussians("m.json"));
        assert_eq!((found.family(), saved.stopped, saved.sweeps), (saved_family, Stopped::MaxSweeps, 3));
        // The larger weight comes first. Three sweeps of sums of 272 rounded terms, on data whose mean is five spreads.
        let order = if model.weights()[0] > model.weights()[1] { [0, 1] } else { [1, 0] };
        let bound = 3.0 * gamma(4 * 272) * 5.0;
        for (j, from) in order.into_iter().enumerate() {
            assert_within(found.weights()[j], model.weights()[from], bound);
            for a in 0..2 {
                let mean = x.column(a).mean() + spread[a] * model.means()[(from, a)];
                assert_within(found.means()[(j, a)], mean, bound * 100.0);
                for b in 0..2 {
                    let covariance = model.covariances()[from][(a, b)] * spread[a] * spread[b];
                    assert_within(found.covariances()[j][(a, b)], covariance, bound * 200.0);
                }
            }
        }
        let volume: f64 = spread.iter().map(|spread| spread.ln()).sum();
        let expected = model.log_likelihood(&z).expect("ℓ") - 272.0 * volume;
        assert_within(saved.log_likelihood, expected, 272.0 * 12.0 * bound);
        assert_within(saved.log_likelihood, found.log_likelihood(&x).expect("ℓ"), 272.0 * 12.0 * bound);
        let parameters =
            [11, 8, 7][["full", "tied", "spherical"].iter().position(|n| *n == name).expect("one")];
        assert!(printed.contains(&format!("{name} covariances: {parameters} free parameters")), "{printed}");
    }
}
