//! `fit --errors` and `fit --certify`, held to automatic differentiation and to a fit that is at rest.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod place;

use common::naive::Naive;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start};
use executable_em::{convergence::coordinates, data};
use nalgebra::{DMatrix, DVector};
use num_dual::{HyperDual, HyperDual64};
use place::{Place, text};

const FAITHFUL: &str = include_str!("../../../src/data/old_faithful.csv");

/// The standard errors of the free coordinates: the Hessian of a likelihood written out, by hyper-dual numbers,
/// inverted.
fn by_differentiation(model: &GaussianMixture, x: &DMatrix<f64>) -> DVector<f64> {
    let directions = coordinates::directions(model.k(), model.d(), model.family());
    let p = directions.len();
    let mut information = DMatrix::zeros(p, p);
    for (l, m) in (0..p).flat_map(|l| (0..=l).map(move |m| (l, m))) {
        let mut at = Naive::<HyperDual64>::new(model);
        let moved = |value: f64, one: f64, other: f64| HyperDual::new(value, one, other, 0.0);
        for j in 0..model.k() {
            let (one, other) = (&directions[l], &directions[m]);
            at.weights[j] = moved(model.weights()[j], one.weights[j], other.weights[j]);
            for a in 0..model.d() {
                at.means[j][a] = moved(model.means()[(j, a)], one.means[(j, a)], other.means[(j, a)]);
                for b in 0..model.d() {
                    let entry = model.covariances()[j][(a, b)];
                    at.covariances[j][a][b] =
                        moved(entry, one.covariances[j][(a, b)], other.covariances[j][(a, b)]);
                }
            }
        }
        let second = -at.log_likelihood(x).eps1eps2;
        (information[(l, m)], information[(m, l)]) = (second, second);
    }
    information.try_inverse().expect("a maximum").diagonal().map(f64::sqrt)
}

/// what is printed are two digits of the errors, of weights, means, variances and covariances.
#[test]
fn standard_errors_are_printed() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let x = data::old_faithful();
    for (family, is_full) in [("full", true), ("diagonal", false)] {
        let line = format!("fit faithful.csv -k 2 --tol 1e-13 --errors --covariance {family} --out m.json");
        let printed = place.prints(&line);
        let model = place.gaussians("m.json");
        let errors = by_differentiation(&model, &x);
        let (_, printed) = printed.split_once("\nStandard errors, ").expect("a heading");
        let mut expected = vec![(model.weights()[0], errors[0]), (model.weights()[1], errors[0])];
        let numbers = coordinates::coordinates(&model);
        expected.extend((1..numbers.len()).map(|m| (numbers[m], errors[m])));
        for (value, error) in expected {
            let decimals = (1 - error.log10().floor() as i32).max(0) as usize;
            let words = format!("{value:.decimals$} ± {error:.decimals$}");
            assert!(printed.contains(&words), "{words} is not in {printed}");
        }
        assert_eq!(printed.contains("covariance  eruptions·waiting"), is_full, "{printed}");
    }
    // Streamed, the information adds up over blocks: the same digits.
    let streamed = place.prints("fit faithful.csv -k 2 --tol 1e-13 --errors --stream");
    let whole = place.prints("fit faithful.csv -k 2 --tol 1e-13 --errors");
    let part = |printed: &str| printed.split_once("\nStandard errors, ").expect("a heading").1.to_owned();
    assert_eq!(part(&streamed), part(&whole));
}

/// the bounds hold a fit that is at rest, and are narrow.
#[test]
fn a_maximum_is_proved() {
    let place = Place::with(&[("faithful.csv", FAITHFUL)]);
    let printed = place.prints("fit faithful.csv -k 2 --certify");
    let x = data::old_faithful();
    let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).expect("a start");
    let to_rest = Stopping { tolerance: Tolerance::Parameters(1e-13), max_sweeps: 1000 };
    let model = em::fit(start, &x, &to_rest).expect("a fit").model;
    let big = if model.weights()[0] > 0.5 { [0, 1] } else { [1, 0] };
    let mut compared = 0;
    for line in printed.lines() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [.., number, low, high] = cells[..] else { continue };
        let (Ok(number), Ok(low), Ok(high)) =
            (number.parse::<usize>(), low.parse::<f64>(), high.parse::<f64>())
        else {
            continue;
        };
        let column = |name: &str| if name == "eruptions" { 0 } else { 1 };
        let j = big[number - 1];
        let value = match cells[0] {
            "weight" => model.weights()[j],
            "mean" => model.means()[(j, column(cells[1]))],
            "variance" => model.covariances()[j][(column(cells[1]), column(cells[1]))],
            "covariance" => model.covariances()[j][(0, 1)],
            _ => continue,
        };
        // The fit is at rest to 10⁻¹³ a sweep of a contraction by a half or so.
        let slack = 1e-11 * value.abs().max(1.0);
        assert!(low - slack <= value && value <= high + slack, "{line}: {value}");
        assert!(high - low < 1e-10 * value.abs().max(1.0) && low < high, "{line}");
        compared += 1;
    }
    assert_eq!(compared, 2 + 4 + 6, "{printed}");
    assert!(printed.contains("one maximum, and no other stationary point; proved"));
}

/// What cannot be said is refused, by its reason; the fit is reported nevertheless.
#[test]
fn what_is_not_sure_is_refused() {
    let place = Place::with(&[
        ("faithful.csv", FAITHFUL),
        ("few.csv", "a\n1\n2\n4\n7\n8\n"),
        ("gaps.csv", "a\n1\n2\nNA\n7\n8\n9\n"),
        ("heads.csv", "a\n1\n0\n1\n"),
    ]);
    for (line, error) in [
        ("heads.csv -k 1 --model bernoulli --errors", "--errors is for mixtures of Gaussians"),
        (
            "few.csv -k 1 --floor 1 --errors",
            "--errors asks for a maximum of ℓ, which --floor may hold a fit away from",
        ),
        ("few.csv -k 1 --covariance tied --certify", "--certify is for full covariances"),
        (
            "few.csv -k 2 --variational --errors",
            "--errors asks for a maximum of ℓ, which --variational does not look for",
        ),
        (
            "few.csv -k 1 --covariance spherical --standardize --errors",
            "--errors has no meaning with --standardize and spherical covariances, which are diagonal ones in the \
             data's own units",
        ),
    ] {
        place.refuses(&format!("fit {line}"), 2, error);
    }
    for (line, error) in [
        ("few.csv -k 2 --errors", "few.csv: 5 data are too few for --errors, as there are 5 parameters"),
        ("gaps.csv -k 1 --certify", "gaps.csv: --certify needs tables without missing cells"),
    ] {
        place.refuses(&format!("fit {line}"), 1, error);
    }
    // A run that is cut off is no maximum: it is reported, and what is asked of it refused.
    for option in ["--errors", "--certify"] {
        let line =
            format!("fit faithful.csv -k 3 --start random --restarts 1 --max-iter 1 {option} --out m.json");
        let output = place.run(&line);
        let (report, error) = (text(&output.stdout), text(&output.stderr));
        assert!(
            report.contains("not converged after 1 sweep") && report.contains("Model in m.json"),
            "{report}"
        );
        assert!(
            error.starts_with(
                "error: no standard errors: smallest eigenvalue of the observed information is "
            ) || error.starts_with("error: nothing is proved: "),
            "{error}"
        );
        assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1));
    }
}

/// What is proved is what is saved, not a point near by where the sweeps had become small.
#[test]
fn the_model_lies_between_its_bounds() {
    let place = Place::with(&[("x.csv", include_str!("../../../tests/convergence/two_normals.csv"))]);
    let printed = place.prints("fit x.csv --columns seed3 -k 2 --certify --out m.json");
    let bounds = printed.lines().find(|line| line.starts_with("weight          1")).expect("bounds");
    let ends: Vec<f64> =
        bounds.split_whitespace().skip(2).map(|word| word.parse().expect("a bound")).collect();
    let model = place.gaussians("m.json");
    assert!((ends[0]..=ends[1]).contains(&model.weights()[0]), "{ends:?} {}", model.weights());
}
