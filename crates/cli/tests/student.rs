//! `fit --model student` as a user meets it, held to the library.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod place;

use common::assert_within;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::incomplete::student::StudentMixture;
use executable_em::latent::{self, Model};
use executable_em_engine::Mixture;
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use place::{Place, csv, text};

fn truth() -> StudentMixture {
    let (means, scales) =
        (dmatrix![-4.0, 0.0; 4.0, 1.0], [dmatrix![1.0, 0.5; 0.5, 1.0], dmatrix![0.5, 0.0; 0.0, 2.0]]);
    let shape = executable_em::gaussian_mixture::GaussianMixture::new(
        dvector![0.4, 0.6],
        means,
        scales.to_vec(),
        CovarianceFamily::Full,
    );
    StudentMixture::new(shape.expect("a mixture"), dvector![3.0, 6.0]).expect("t")
}

fn draws() -> (DMatrix<f64>, String) {
    let (x, _) = truth().sample(400, &mut executable_em::data::rng(5)).expect("draws");
    let table = csv("a,b", &x);
    (x, table)
}

fn saved(place: &Place, name: &str) -> StudentMixture {
    match place.saved(name).model {
        Mixture::Student(model) => model,
        other => panic!("{name}: {other:?}"),
    }
}

fn log_likelihood(model: &StudentMixture, x: &DMatrix<f64>) -> f64 {
    latent::log_likelihood(&model.log_joint(x).expect("a log joint")).expect("ℓ")
}

/// the report, the file, and ℓ; no sweep of the library gains more than the tolerance; whole or streamed, on any
/// number of threads.
#[test]
fn what_is_fitted_is_where_em_rests() {
    let (x, table) = draws();
    let place = Place::with(&[("x.csv", &table)]);
    let printed = place.prints("fit x.csv -k 2 --model student --restarts 4 --out m.json");
    let (model, n) = (saved(&place, "m.json"), x.nrows() as f64);
    for expected in [
        "Model     a mixture of 2 t distributions, full scale matrices: 13 free parameters\n",
        "mean  weight",
        "\nscale  ",
        "\ncorrelation",
        "\ndegrees of freedom, 1 to 200",
        &format!("  {:.2}\n", model.degrees()[0]),
    ] {
        assert!(printed.contains(expected), "{expected:?} is not in {printed}");
    }
    let l = log_likelihood(&model, &x);
    assert_within(place.saved("m.json").log_likelihood, l, 1e-9);
    let next = em::sweep(&model, &x).expect("a sweep");
    assert!((0.0..1e-7 * n).contains(&(log_likelihood(&next, &x) - l + 1e-10)));
    // Plain EM of the library from the truth gets no further.
    let rule = Stopping { tolerance: Tolerance::LogLikelihood(1e-9), max_sweeps: 2000 };
    assert!(em::fit(truth(), &x, &rule).expect("a fit").log_likelihood < l + 1e-5 * n);
    for more in ["--threads 1", "--threads 3"] {
        let again = place.prints(&format!("fit x.csv -k 2 --model student --restarts 4 {more}"));
        assert_eq!(again, printed.replace("\nModel in m.json\n", ""), "{more}");
    }
    let streamed = place.prints("fit x.csv -k 2 --model student --restarts 4 --stream");
    assert!(streamed.contains(&format!("ℓ = {l:.3} nats")), "{streamed}");
}

/// One slip of the pen takes Gaussians with it, t not.
#[test]
fn an_outlier_does_not_pull() {
    let (_, table) = draws();
    let place = Place::with(&[("x.csv", &(table + "1e4,-1e4\n"))]);
    place.prints("fit x.csv -k 2 --model student --restarts 4 --out m.json");
    let means = saved(&place, "m.json").shape().means().clone();
    let near =
        |at: [f64; 2]| means.row_iter().any(|mean| (mean[0] - at[0]).abs() + (mean[1] - at[1]).abs() < 1.0);
    assert!(near([-4.0, 0.0]) && near([4.0, 1.0]), "{means}");
}

/// What follows a fit: labels, draws, columns given others, a fit that goes on; other families, units, weights.
#[test]
fn what_follows_a_fit_works() {
    let (x, table) = draws();
    let place = Place::with(&[("x.csv", &table)]);
    place.prints("fit x.csv -k 2 --model student --restarts 2 --out m.json");
    let model = saved(&place, "m.json");
    let predicted = place.prints("predict m.json x.csv");
    let log_joint = model.log_joint(&x).expect("a log joint");
    let densities: Vec<f64> = predicted
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(1).expect("a cell").parse().expect("a number"))
        .collect();
    assert_eq!(densities, latent::log_marginals(&log_joint).expect("densities").as_slice());
    let (drawn, _) = model.sample(6, &mut executable_em::data::rng(3)).expect("draws");
    assert_eq!(place.prints("sample m.json -n 6 --seed 3"), csv("a,b", &drawn));
    // What is given adds a degree: the bounds of a fit are not those of what it says.
    let printed = place.prints("conditional m.json --given a=2 --out c.json");
    assert!(printed.contains("\ndegrees of freedom ") && !printed.contains("200"), "{printed}");
    assert_eq!(saved(&place, "c.json"), model.conditional(&[(0, 2.0)]).expect("b given a"));
    place.prints("marginal m.json --columns b --out b.json");
    assert_eq!(saved(&place, "b.json"), model.marginal(&[1]).expect("b"));
    let on = place.prints("fit x.csv --start m.json --max-iter 5");
    assert!(on.contains("begun at the model in m.json") && on.contains("2 t distributions"), "{on}");
    // The same fit in units: the same ℓ of the data in their own.
    place.prints("fit x.csv -k 2 --model student --restarts 2 --standardize --out s.json");
    let standardized = saved(&place, "s.json");
    assert_within(place.saved("s.json").log_likelihood, log_likelihood(&standardized, &x), 1e-8);
    assert_within(place.saved("s.json").log_likelihood, place.saved("m.json").log_likelihood, 1e-5 * 400.0);
    let all = place.prints("fit x.csv -k 1..2 --model student --covariance all --restarts 1");
    assert_eq!(all.lines().filter(|line| line.contains("spherical ")).count(), 2, "{all}");
    let twice: String =
        table.lines().map(|line| format!("{line},{}\n", if line == "a,b" { "w" } else { "2" })).collect();
    place.write("w.csv", twice);
    place.prints("fit w.csv -k 2 --model student --restarts 2 --weights w --out w.json");
    let (one, two) = (place.saved("m.json").log_likelihood, place.saved("w.json").log_likelihood);
    assert_within(two, 2.0 * one, 1e-5 * 800.0);
}

/// In one dimension under a curve that is the mixture's density, else with an ellipse at every scale of each component.
#[test]
fn plots_show_tails_and_ellipses() {
    let (_, table) = draws();
    let place = Place::with(&[("x.csv", &table)]);
    for columns in ["a", "a,b"] {
        place
            .prints(&format!("fit x.csv -k 2 --columns {columns} --model student --restarts 1 --plot t.svg"));
        place.prints(&format!("fit x.csv -k 2 --columns {columns} --restarts 1 --plot g.svg"));
        let [t, g] = ["t.svg", "g.svg"].map(|file| place.read(file));
        assert!(t.contains("A mixture of 2 t distributions"), "{columns}");
        assert!(g.contains("A mixture of 2 Gaussians"), "{columns}");
        assert!(t.contains("ellipses lie at one, two and three times the scale"), "{columns}");
        // A line for each component, in its colour.
        for j in 0..2 {
            let colour = executable_em_figures::plot::component(j);
            let hex = format!("#{:02x}{:02x}{:02x}", colour.0, colour.1, colour.2);
            let lines = |svg: &str| svg.to_lowercase().matches(&format!("stroke=\"{hex}\"")).count();
            assert!(
                lines(&t) >= 1 && lines(&t) == lines(&g),
                "{columns}, {hex}: {} {}",
                lines(&t),
                lines(&g)
            );
        }
        assert_ne!(t, g.replace("Gaussians", "t distributions"), "{columns}");
    }
}

/// What makes no sense, and what is missing.
#[test]
fn bad_input_is_named() {
    let (_, table) = draws();
    let place = Place::with(&[("x.csv", &table), ("na.csv", "a,b\n1,2\nNA,3\n2,2\n")]);
    place.prints("fit x.csv -k 1 --model student --restarts 1 --out m.json");
    place.prints("fit x.csv -k 1 --restarts 1 --out g.json");
    for (line, error) in [
        ("fit x.csv -k 2 --model student --floor 1", "--floor has no meaning with --model student"),
        ("fit x.csv -k 2 --model student --flips 2", "--flips has no meaning with --model student"),
        ("fit x.csv -k 2 --model student --errors", "--errors is for mixtures of Gaussians"),
        (
            "fit x.csv -k 2 --model student --variational",
            "--variational is for Gaussians and coins, not for t",
        ),
        (
            "fit x.csv --model student --start g.json",
            "--model student contradicts the model to start at: g.json is a mixture of Gaussians",
        ),
        (
            "fit x.csv --floor 1 --start m.json",
            "--floor contradicts the model to start at: m.json is a mixture of t",
        ),
        (
            "fit x.csv --stop aitken --start m.json",
            "--stop aitken contradicts the model to start at: m.json is a mixture of t",
        ),
        (
            "fit x.csv --covariance tied --start m.json",
            "--covariance contradicts the model to start at: m.json has full scale matrices",
        ),
        (
            "fit x.csv -k 2 --model student --missing -9",
            "--missing -9 has no meaning where every cell must be seen: only Gaussians do without",
        ),
    ] {
        place.refuses(line, 2, error);
    }
    for line in ["fit na.csv -k 1 --model student", "predict m.json na.csv"] {
        let output = place.run(line);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(said.contains("na.csv: line 3, column 1 (a): found \"NA\""), "{said}");
    }
    let broken = place.read("m.json").replace("\"degrees\": [", "\"degrees\": [1, ");
    place.write("broken.json", broken);
    place.refuses("sample broken.json", 1, "broken.json: degrees: found a list of 2, expected one of 1");
    let low = DVector::from_element(1, 1e-9);
    assert!(StudentMixture::new(saved(&place, "m.json").shape().clone(), low).is_err());
}
