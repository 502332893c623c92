//! The answers that the live pages show are those of the library; whatever the question, there is an answer.

use executable_em::data;
use executable_em::em::{self, Stopping};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::kmeans;
use executable_em_live::answer;
use nalgebra::{DMatrix, dmatrix};
use serde_json::{Value, json};

fn ask(question: &Value) -> Value {
    let reply: Value = serde_json::from_str(&answer(&question.to_string())).expect("JSON");
    assert!(reply.get("error").is_none(), "{question}: {}", reply["error"]);
    reply["answer"].clone()
}

/// The question with one more part.
fn with(mut question: Value, part: &str, value: Value) -> Value {
    question[part] = value;
    question
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(parts) => parts.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().expect("a number")],
    }
}

fn by_rows(matrix: &DMatrix<f64>) -> Vec<f64> {
    matrix.transpose().iter().copied().collect()
}

#[test]
fn kmeans_is_lloyds_algorithm_to_the_last_digit() -> executable_em::Result<()> {
    let x = data::standardize(&data::old_faithful())?;
    let run = kmeans::lloyd(&x, &dmatrix![-1.0, 1.0; 1.0, -1.0], 100)?;
    for (at, half_step) in (1..).zip(&run.half_steps) {
        let answer = ask(&json!({
            "page": "kmeans", "data": "standard", "begin": {"means": [[-1.0, 1.0], [1.0, -1.0]]},
            "half_steps": at, "width": 700,
        }));
        assert_eq!(answer["objective"], half_step.objective);
        assert_eq!(numbers(&answer["means"]), by_rows(&half_step.means));
        assert_eq!(answer["at_rest"], at == run.half_steps.len());
    }
    // The worst of the figure `kmeans/starts` is as bad as there.
    let at_rest = |begin: Value| {
        let data = json!({"page": "kmeans", "data": "blobs", "half_steps": 400, "width": 390});
        ask(&with(data, "begin", begin))["objective"].as_f64().unwrap_or(f64::NAN)
    };
    let best = at_rest(json!({"plus": {"k": 4, "seed": 1}}));
    assert!(at_rest(json!({"worst": {"k": 4}})) > 2.0 * best);
    Ok(())
}

fn of_parameters(answer: &Value) -> executable_em::Result<GaussianMixture> {
    let parameters = &answer["parameters"];
    let k = parameters["weights"].as_array().map_or(0, Vec::len);
    let full = numbers(&parameters["covariances"]);
    let covariances = full.chunks(3).map(|c| dmatrix![c[0], c[1]; c[1], c[2]]).collect();
    let means = DMatrix::from_row_slice(k, 2, &numbers(&parameters["means"]));
    GaussianMixture::new(numbers(&parameters["weights"]).into(), means, covariances, CovarianceFamily::Full)
}

#[test]
fn em_is_the_librarys_to_the_last_digit() -> executable_em::Result<()> {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(3))?;
    let run = em::trace(start, &x, &Stopping::default())?;
    let random = json!({"page": "mixture", "begin": {"random": {"k": 2, "seed": 3}}, "width": 700});
    let question = |half_steps: usize| with(random.clone(), "half_steps", json!(half_steps));
    for sweeps in [0, 1, 2, 7] {
        let answer = ask(&question(2 * sweeps));
        assert_eq!(of_parameters(&answer)?, run.iterates[sweeps].model);
        assert_eq!(answer["log_likelihood"], run.iterates[sweeps].log_likelihood);
    }
    let end = ask(&question(4000));
    assert_eq!(end["at_rest"], true);
    assert!((end["log_likelihood"].as_f64().unwrap_or(0.0) - run.fit.log_likelihood).abs() < 1e-8);
    Ok(())
}

/// A handle goes where the hand does, and what it does not name stays: Σ₁₁ and the tilt by one, the rest by the other.
#[test]
fn handles_go_where_the_hand_does() {
    let across = json!({"page": "mixture", "begin": "across", "half_steps": 0, "width": 700});
    let question = |drag: Value| with(across.clone(), "drag", drag);
    for (at, name, to) in [(0, "mean", [3.0, 60.0]), (1, "right", [6.5, 71.0]), (2, "above", [0.0, 90.0])] {
        let answer = ask(&question(json!({"component": 1, "handle": name, "to": to})));
        let place = numbers(&answer["handles"][1][at]);
        assert!((place[1] - to[1]).abs() < 1e-12, "{name}: {place:?}");
        assert!(name == "above" || (place[0] - to[0]).abs() < 1e-12, "{name}: {place:?}");
        assert_eq!(answer["half_steps"], 1);
    }
}

#[test]
fn the_families_keep_their_form_under_a_hand() {
    for family in ["tied", "diagonal", "spherical"] {
        let answer = ask(&json!({
            "page": "mixture", "family": family, "begin": "across", "half_steps": 0, "width": 700,
            "drag": {"component": 0, "handle": "right", "to": [5.0, 80.0]},
        }));
        let covariances = answer["parameters"]["covariances"].as_array().cloned().unwrap_or_default();
        let [first, second] = [0, 1].map(|j| numbers(&covariances[j]));
        assert_eq!(family == "tied", first == second, "{family}");
        assert_eq!(family == "tied", first[1] != 0.0, "{family}");
        assert_eq!(family == "spherical", first[0] == first[2], "{family}");
    }
}

/// The slip of lecture C breaks on the chapter's own start.
#[test]
fn the_covariance_about_the_old_mean_breaks() {
    let answer = ask(&json!({
        "page": "mixture", "begin": "across", "half_steps": 4000, "about_old_means": true, "width": 700,
    }));
    let reason = answer["broken"].as_str().unwrap_or_default();
    assert!(reason.contains("eigenvalue −") && answer["at_rest"] == true, "{reason}");
}

#[test]
fn the_gap_opens_closes_and_is_what_the_bound_lacks() {
    let start = json!({"page": "hills", "theta": 0.3, "at": -2.6, "blur": 0.2, "width": 700});
    let question = |moves: &str| with(start.clone(), "moves", json!(moves));
    let mut before = f64::NEG_INFINITY;
    for moves in ["", "E", "EM", "EME", "EMEM"] {
        let answer = ask(&question(moves));
        let [l, f, gap] =
            ["log_likelihood", "lower_bound", "gap"].map(|name| answer[name].as_f64().unwrap_or(f64::NAN));
        assert!((l - f - gap).abs() < 1e-12 && gap >= -1e-12 && f >= before - 1e-12, "{moves}: {answer}");
        assert_eq!(moves.ends_with('E'), gap.abs() < 1e-12, "{moves}");
        before = f;
    }
    // M first, at a q that is no posterior.
    let after = ask(&question("M"));
    assert!(after["lower_bound"].as_f64() > ask(&question(""))["lower_bound"].as_f64());
}

/// Means part one group after another, each where its βλ_max was about to reach one; four are alone in the end.
#[test]
fn means_part_as_the_stiffness_grows() {
    let mut places = 1;
    for step in 0..=240 {
        let asked = -1.8 + 2.82 * f64::from(step) / 240.0;
        let answer = ask(&json!({"page": "stiffness", "log_stiffness": asked, "width": 700}));
        let here = answer["means"].as_array().map_or(0, Vec::len);
        assert!(here >= places && (answer["log_stiffness"].as_f64().unwrap_or(9.0) - asked).abs() < 1e-9);
        assert!(answer["growth"].as_f64().is_none_or(|growth| growth < 1.01), "{answer}");
        places = here;
    }
    assert_eq!(places, 4);
    // Beyond the ends of the dial are its ends.
    for asked in [-1e300, 1e300] {
        ask(&json!({"page": "stiffness", "log_stiffness": asked, "width": 390}));
    }
}

/// EM never falls, nor does SQUAREM, which beside the saddle is far ahead; the gradient falls where η is too large.
#[test]
fn the_gradient_oversteps_and_the_others_do_not() {
    let start = json!({"page": "ascent", "place": [0.2, -3.7], "step": 0.3, "width": 390});
    let mut before = [f64::NEG_INFINITY; 2];
    for sweeps in 0..20 {
        let answer = ask(&with(start.clone(), "sweeps", json!(sweeps)));
        let now = ["em", "squarem"].map(|name| answer[name].as_f64().unwrap_or(f64::NAN));
        assert!(now[0] >= before[0] - 1e-12 && now[1] >= before[1] - 1e-12, "{now:?} {before:?}");
        before = now;
    }
    let words = ask(&with(start, "sweeps", json!(20)))["words"].clone();
    assert!(words.as_str().is_some_and(|words| words.contains("oversteps")), "{words}");
    let beside =
        ask(&json!({"page": "ascent", "place": [-0.95, -0.9], "step": 0.04, "sweeps": 6, "width": 390}));
    let [em, squarem] = ["em", "squarem"].map(|name| beside[name].as_f64().unwrap_or(f64::NAN));
    assert!(squarem > em + 0.3, "{squarem} {em}");
    assert!(beside["words"].as_str().is_some_and(|words| words.contains("its leaps")), "{}", beside["words"]);
}

/// Without a remedy ℓ runs away, and the sweep after the last has no answer; a floor and a prior hold it.
#[test]
fn a_floor_and_a_prior_hold_what_collapses() {
    let start = json!({"page": "collapse", "means": [0, 5], "log_size": -2, "sweeps": 60, "width": 390});
    let run = |remedy: &str| ask(&with(start.clone(), "remedy", json!(remedy)));
    let alone = run("none");
    assert!(alone["sweeps"].as_u64() < Some(10) && alone["height"].as_f64() > Some(100.0), "{alone}");
    assert!(alone["broken"].as_str().is_some_and(|reason| reason.starts_with("component 1")), "{alone}");
    for remedy in ["floor", "prior"] {
        let held = run(remedy);
        assert!(held["broken"].is_null() && held["at_rest"] == true, "{held}");
        assert!(held["variances"][0].as_f64() > Some(0.0014), "{held}");
    }
    assert_eq!(run("floor")["variances"][0].as_f64(), Some(0.01));
    // Inverse Wishart with ν = 4: ψ/(R + ν + 2), with the datum 0 alone.
    assert!((run("prior")["variances"][0].as_f64().unwrap_or(0.0) - 0.01 / 7.0).abs() < 1e-7);
}

/// From the same biases one flip a draw ends on a line, ten flips at a peak; equal coins stay equal.
#[test]
fn flips_tell_coins_apart() {
    let run = |biases: [f64; 2], flips: usize| {
        ask(&json!({"page": "coins", "biases": biases, "flips": flips, "sweeps": 200, "width": 390}))
    };
    let at = |answer: &Value| [0, 1].map(|j| answer["biases"][j].as_f64().unwrap_or(f64::NAN));
    let one = run([0.6, 0.5], 1);
    assert!(one["words"].as_str().is_some_and(|words| words.contains("mean of the biases")), "{one}");
    let [p, q] = at(&run([0.6, 0.5], 10));
    // Three standard errors of a share of 150 flips, 3 √(.35 · .65/150).
    assert!((p - 0.8).abs() < 0.117 && (q - 0.35).abs() < 0.117, "{p} {q}");
    let [mirrored_q, mirrored_p] = at(&run([0.5, 0.6], 10));
    assert!((p - mirrored_p).abs() < 1e-9 && (q - mirrored_q).abs() < 1e-9);
    let equal = run([0.4, 0.4], 10);
    assert!(equal["words"].as_str().is_some_and(|words| words.contains("a trap")), "{equal}");
}

/// The nearer the clusters, the more is missing, the slower EM and the less sure the means; and the run shows it.
#[test]
fn overlap_costs_speed_and_certainty() {
    let mut before = (f64::INFINITY, f64::INFINITY);
    for distance in [1.6, 2.0, 3.0, 4.0, 5.0, 6.0] {
        let answer = ask(&json!({"page": "rate", "distance": distance, "width": 700}));
        let of = |name: &str| answer[name].as_f64().unwrap_or(f64::NAN);
        let error = answer["errors"][0].as_f64().unwrap_or(f64::NAN);
        assert!(of("fraction") < before.0 && error < before.1, "{distance}: {answer}");
        assert!(
            (of("fraction") - of("shown")).abs() < 0.05,
            "{distance}: {} {}",
            of("fraction"),
            of("shown")
        );
        before = (of("fraction"), error);
    }
}

/// The numbers of chapter 9, and what each criterion makes of them; a k that is not offered is the nearest that is.
#[test]
fn criteria_choose_as_in_the_chapter() {
    let of = |data: &str, family: &str, k: u64| {
        ask(&json!({"page": "criteria", "data": data, "family": family, "k": k, "width": 390}))
    };
    let two = of("faithful", "full", 2);
    assert!((two["log_likelihood"].as_f64().unwrap_or(0.0) + 1130.264).abs() < 1e-3, "{two}");
    assert!((two["bic"].as_f64().unwrap_or(0.0) - 2322.192).abs() < 1e-3, "{two}");
    assert_eq!(two["rows"][2], json!(["17", "−1114.4", "2262.9", "2324.2", "2377.2", "−4.2303"]));
    assert_eq!(two["best"], json!([6, 6, 2, 2, 2]));
    assert_eq!(of("faithful", "tied", 3)["best"], json!([6, 5, 3, 2, 3]));
    let blobs = of("blobs", "full", 4);
    assert_eq!((&blobs["best"], &blobs["rows"][1][3]), (&json!([6, 6, 4, 4, 4]), &json!("3000.7")));
    assert_eq!(
        [of("faithful", "full", 0)["k"].as_u64(), of("faithful", "full", 99)["k"].as_u64()],
        [Some(1), Some(6)]
    );
}

/// With a small α two of six stay, at the bound of the reference; a large α keeps more; and no sweep lowers the bound.
#[test]
fn components_empty_themselves() {
    let run = |alpha: f64, sweeps: usize| {
        ask(
            &json!({"page": "survival", "means": [], "log_concentration": alpha, "sweeps": sweeps, "width": 390}),
        )
    };
    let mut before = f64::NEG_INFINITY;
    for sweeps in 0..20 {
        let bound = run(-3.0, sweeps)["bound"].as_f64().unwrap_or(f64::NAN);
        assert!(bound >= before - 1e-9, "{sweeps}: {bound} < {before}");
        before = bound;
    }
    let end = run(-3.0, 200);
    assert!(end["alive"] == 2 && end["at_rest"] == true, "{end}");
    assert!((end["bound"].as_f64().unwrap_or(0.0) + 443.297873).abs() < 1e-5, "{}", end["bound"]);
    assert!(run(2.0, 200)["alive"].as_u64() > Some(2));
}

/// The fit of Old Faithful as the README has it; columns without numbers are named and left out.
#[test]
fn a_table_is_fitted_as_on_the_command_line() {
    let text = ask(&json!({"page": "example"}));
    let seen = ask(&json!({"page": "table", "text": text}));
    assert_eq!((&seen["n"], &seen["names"]), (&json!(272), &json!(["eruptions", "waiting"])));
    let fit = |k: usize| {
        ask(&json!({"page": "fit", "text": text, "columns": [1, 2], "family": "full", "k": k, "highest": 3}))
    };
    let two = fit(2);
    assert!((two["log_likelihood"].as_f64().unwrap_or(0.0) + 1130.264).abs() < 1e-3);
    assert_eq!(two["rows"][0], json!(["1", "0.6441", "4.290", "0.4123", "79.97", "6.004"]));
    assert!(two["bic"].as_f64() < fit(1)["bic"].as_f64() && two["bic"].as_f64() < fit(3)["bic"].as_f64());
    for axes in [[0, 1], [1, 1]] {
        let drawn = ask(&json!({
            "page": "fitted", "text": text, "columns": [1, 2], "json": two["json"], "axes": axes,
            "criteria": [[1, 2579.0], [2, 2322.2]], "width": 390,
        }));
        assert!(drawn["picture"]["svg"].as_str().is_some_and(|svg| svg.contains("waiting")));
    }
    let seen = ask(&json!({"page": "table", "text": "species,length\nsetosa,1.5\nvirginica,2\n"}));
    assert_eq!((&seen["columns"], &seen["names"]), (&json!([2]), &json!(["length"])));
    assert!(seen["left_out"][0].as_str().is_some_and(|reason| reason.contains("setosa")), "{seen}");
}

/// Whoever changes an address by hand is told so.
#[test]
fn every_question_has_an_answer() {
    for question in [
        "",
        "{",
        "[]",
        r#"{"page": "nothing"}"#,
        r#"{"page": "figure", "name": "kmeans/cubes"}"#,
        r#"{"page": "table", "text": ""}"#,
        r#"{"page": "table", "text": "a,b\nx,y\n"}"#,
        r#"{"page": "fit", "text": "a\n1\n1\n1\n", "columns": [1], "family": "full", "k": 2, "highest": 2}"#,
        r#"{"page": "fit", "text": "a\n1\n2\n", "columns": [], "family": "full", "k": 1, "highest": 1}"#,
        r#"{"page": "fit", "text": "a\n1\n2\n", "columns": [7], "family": "full", "k": 1, "highest": 1}"#,
        r#"{"page": "fit", "text": "a\n1\n2\n", "columns": [1], "family": "full", "k": 0, "highest": 1}"#,
        r#"{"page": "fit", "text": "a\n1\n2\n", "columns": [0], "family": "full", "k": 9, "highest": 1}"#,
        r#"{"page": "fitted", "text": "a\n1\n2\n", "columns": [1], "json": "{}", "axes": [0, 0], "criteria": [],
            "width": 700}"#,
        r#"{"page": "kmeans", "begin": {"means": []}, "half_steps": 1, "width": 700}"#,
        r#"{"page": "kmeans", "begin": {"random": {"k": 0, "seed": 1}}, "half_steps": 1, "width": 700}"#,
        r#"{"page": "kmeans", "begin": {"plus": {"k": 4000, "seed": 1}}, "half_steps": 1, "width": 700}"#,
        r#"{"page": "kmeans", "begin": {"worst": {"k": 0}}, "half_steps": 1, "width": 700}"#,
        r#"{"page": "kmeans", "begin": {"means": [[null, 1]]}, "half_steps": 1, "width": 700}"#,
        r#"{"page": "mixture", "begin": {"random": {"k": 273, "seed": 1}}, "half_steps": 1, "width": 700}"#,
        r#"{"page": "mixture", "begin": "across", "half_steps": 1, "width": 700,
            "drag": {"component": 9, "handle": "mean", "to": [0, 0]}}"#,
        r#"{"page": "mixture", "begin": "across", "half_steps": 1, "width": 700,
            "drag": {"component": 0, "handle": "above", "to": [2, 80.19]}}"#,
        r#"{"page": "mixture", "begin": {"parameters": {"weights": [1], "means": [], "covariances": [[1, 0, 1]]}},
            "half_steps": 1, "width": 700}"#,
        r#"{"page": "mixture", "begin": {"parameters": {"weights": [2], "means": [[0, 0]], "covariances": [[1, 0, 1]]}},
            "half_steps": 1, "width": 700}"#,
        r#"{"page": "mixture", "begin": {"parameters": {"weights": [1], "means": [[1e300, 0]],
            "covariances": [[1, 2, 1]]}}, "half_steps": 1, "width": 1e300}"#,
        r#"{"page": "mixture", "begin": {"parameters": {"weights": [1], "means": [[1e200, 0]],
            "covariances": [[1, 0, 1]]}}, "half_steps": 2, "width": 700}"#,
        r#"{"page": "ascent", "place": [0, 0], "step": 0, "sweeps": 3, "width": 390}"#,
        r#"{"page": "coins", "biases": [0, 1], "flips": 0, "sweeps": 3, "width": 390}"#,
        r#"{"page": "coins", "biases": [1e300, -1], "flips": 4000000000, "sweeps": 4000000000, "width": 390}"#,
        r#"{"page": "criteria", "data": "nothing", "k": 3, "width": 390}"#,
        r#"{"page": "criteria", "k": -1, "width": 390}"#,
        r#"{"page": "fits", "data": "blobs", "family": "tied", "k": 4000000000}"#,
        r#"{"page": "rate", "distance": -1e300, "width": 1e300}"#,
        r#"{"page": "survival", "means": [[1e300, 0]], "log_concentration": 1e300, "sweeps": 3, "width": 390}"#,
        r#"{"page": "survival", "means": [[0, 0]], "log_concentration": -1e300, "sweeps": 3, "width": 390}"#,
        r#"{"page": "collapse", "means": [1e300, 0], "remedy": "none", "log_size": 0, "sweeps": 3, "width": 390}"#,
        r#"{"page": "collapse", "means": [0, 5], "remedy": "floor", "log_size": -400, "sweeps": 3, "width": 390}"#,
        r#"{"page": "ascent", "place": [1e200, 0], "step": 1e300, "sweeps": 3, "width": 390}"#,
        r#"{"page": "hills", "theta": 1e300, "at": 0, "blur": -3, "moves": "EMQ", "width": -1}"#,
        r#"{"page": "hills", "theta": 0, "at": 1e200, "blur": 7, "moves": "M", "width": 700}"#,
    ] {
        let reply: Value = serde_json::from_str(&answer(question)).expect("JSON");
        assert!(reply.get("answer").is_some() != reply.get("error").is_some(), "{question}");
        if let Some(error) = reply["error"].as_str() {
            assert!(error.len() > 10, "{question}: {error}");
        }
    }
}

/// A figure that is asked for is the published one.
#[test]
fn figures_are_the_published_ones() {
    let drawn = ask(&json!({"page": "figure", "name": "kmeans/squares"}));
    assert_eq!(drawn.as_str(), Some(include_str!("../../../figures/kmeans/squares.svg")));
}
