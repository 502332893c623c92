//! The formulas that the lectures print and that are not right are refused, each by its id.

use executable_em::errata::{lecture_b, lecture_c, lecture_h, lecture_l, lecture_t};
use executable_em::latent;
use executable_em_exercise::{self as exercise, Verdict};
use nalgebra::{DMatrix, DVector};

/// Each slip of class E (an error, not a matter of notation) that is a formula, as an answer; and some of the others.
fn answers() -> Vec<(&'static str, Verdict)> {
    vec![
        (
            "H-E01",
            exercise::score_in_means(|x, m| lecture_h::mean_score_with_the_sign_reversed(m, x).unwrap()),
        ),
        (
            "H-E02",
            exercise::score_in_covariances(|x, m| {
                lecture_h::covariance_score_with_the_sign_reversed(m, x).unwrap()
            }),
        ),
        (
            "H-E06",
            exercise::soft_responsibilities(|x, m| {
                lecture_h::responsibilities_without_the_half(m, x).unwrap()
            }),
        ),
        (
            "H-E08",
            exercise::responsibilities(|t| lecture_h::responsibilities_with_a_shared_index(t).unwrap()),
        ),
        (
            "H-E09",
            exercise::log_conditional(|t, labels| {
                lecture_h::log_conditional_with_the_weights(&t.log_joint, labels).unwrap()
            }),
        ),
        ("H-E13", exercise::average_means(|x, r, _| lecture_h::means_by_a_product(x, r).unwrap())),
        ("H-E19", exercise::lower_bound(|_, t| lecture_h::expected_log_joint_unfrozen(t).unwrap())),
        (
            "L-E01",
            exercise::log_density(|x, mean, covariance| {
                lecture_l::log_density_without_the_dimension(x, mean, covariance[0]).unwrap()
            }),
        ),
        (
            "L-E03",
            exercise::variances(|x, r, means| {
                lecture_l::variances_without_the_dimension(x, r, means).unwrap()
            }),
        ),
        (
            "L-E04",
            exercise::em_step(|x, m| lecture_l::sweep_with_hard_labels(m, x).unwrap_or_else(|_| m.clone())),
        ),
        (
            "L-E04",
            exercise::responsibilities(|t| {
                latent::one_hot(&lecture_l::most_probable_labels(t).unwrap(), t.ncols()).unwrap()
            }),
        ),
        ("L-E07", exercise::score_in_weights(|_, m| DVector::zeros(m.k()))),
        ("C-E01", exercise::covariances(|x, m| lecture_c::covariances_about_the_old_means(m, x).unwrap())),
        ("C-E17", exercise::lower_bound(|q, t| lecture_c::lower_bound_with_the_sign_lost(q, t).unwrap())),
        (
            "B-E01",
            exercise::log_density(|x, mean, covariance| {
                lecture_b::log_density_with_the_normaliser_of_the_line(x, mean, covariance).unwrap()
            }),
        ),
        (
            "B-E03",
            exercise::log_likelihood(|x, m| lecture_b::log_likelihood_with_a_free_index(m, x, 0).unwrap()),
        ),
        (
            "B-E19",
            exercise::objective(|x, r, means| {
                let label = (0..r.ncols()).find(|&j| r[(0, j)] == 1.0).unwrap_or(0);
                lecture_b::risk_with_one_label_for_all(x, means, label).unwrap()
            }),
        ),
        (
            "T-E07",
            exercise::complete_log_likelihood(|t, _| {
                lecture_t::complete_log_likelihood_with_a_free_index(t, 0).unwrap()
            }),
        ),
        (
            "T-E09",
            exercise::coin_log_likelihood(|x, m| {
                let log_densities = m.component_log_probabilities(x).unwrap();
                lecture_t::log_likelihood_of_one_draw_for_all(m.weights(), &log_densities).unwrap()
            }),
        ),
        (
            "T-E12",
            exercise::nearest_means(|x, means| match lecture_t::assign_by_difference(x, means) {
                Ok(labels) => labels,
                Err(_) => executable_em::kmeans::assign(x, means).unwrap(),
            }),
        ),
        (
            "H-E03",
            exercise::score_in_covariances(|x, m| {
                let borrowed = |j| {
                    lecture_h::covariance_score_with_a_borrowed_precision(m, x, j, (j + 1) % m.k()).unwrap()
                };
                (0..m.k()).map(borrowed).collect()
            }),
        ),
        ("H-E18", exercise::weights(|r| lecture_h::counts_along_the_wrong_axis(r).unwrap())),
        (
            "L-E02",
            exercise::score_in_variances(|x, r, means, variances| {
                lecture_l::variance_score_without_the_dimension(x, r, means, variances).unwrap()
            }),
        ),
        (
            "L-E05",
            exercise::log_conditional(|t, labels| {
                labels.iter().enumerate().map(|(i, &label)| t.log_joint[(i, label)]).sum()
            }),
        ),
        ("C-E22", exercise::score_in_weights(|_, m| DVector::zeros(m.k()))),
        ("B-E08", exercise::loss(|x, r, m| lecture_b::loss_without_the_half(m, x, r).unwrap())),
        (
            "B-E09",
            exercise::score_in_means(|x, m| lecture_b::score_in_means_of_the_second_line(m, x).unwrap()),
        ),
        (
            "T-E05",
            exercise::expected_log_joint(|_, t| lecture_t::expected_log_joint_with_one_theta(t).unwrap()),
        ),
        (
            "T-E11",
            exercise::mixture_responsibilities(|x, m| {
                let mut r = DMatrix::from_fn(x.nrows(), m.k(), |i, j| {
                    let v = (x.row(i) - m.means().row(j)).transpose();
                    let solved = m.covariances()[j].clone().lu().solve(&v).unwrap();
                    m.weights()[j].ln() - 0.5 * v.dot(&solved)
                });
                for mut row in r.row_iter_mut() {
                    let largest = row.max();
                    row.apply(|entry| *entry = (*entry - largest).exp());
                    let sum = row.sum();
                    row /= sum;
                }
                r
            }),
        ),
    ]
}

#[test]
fn printed_slips_are_refused_with_their_ids() {
    for (id, verdict) in answers() {
        let told = verdict.text().contains("This is printed as") && verdict.text().contains(id);
        assert!(!verdict.is_right() && told, "{id}: {verdict}");
    }
}

/// The slips of class E that no answer could be: each a sentence, and what it is about.
const SENTENCES: [(&str, &str); 13] = [
    ("H-E12", "where k-means stops"),
    ("H-E17", "what an initialisation needs"),
    ("L-E08", "that round covariances are no restriction"),
    ("C-E02", "a number"),
    ("C-E04", "what the E step ascends in"),
    ("C-E09", "that EM stops"),
    ("C-E10", "which independence is assumed"),
    ("B-E02", "minimise where maximise is meant"),
    ("B-E11", "an upper bound of ℓ"),
    ("B-E12", "that the maximum of the bound is that of ℓ"),
    ("T-E01", "an inequality between two θ"),
    ("T-E03", "an inequality and its reason"),
    ("T-E29", "how hard ℓ is to compute"),
];

#[test]
fn every_error_that_is_a_formula_is_refused() {
    let catalogue = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue.json"));
    let catalogue: serde_json::Value = serde_json::from_str(&catalogue.unwrap()).unwrap();
    let refused: Vec<&str> = answers().into_iter().map(|(id, _)| id).collect();
    let errors = catalogue.as_array().unwrap().iter().filter(|entry| entry["class"] == "E");
    let mut seen = 0;
    for id in errors.map(|entry| entry["id"].as_str().unwrap()) {
        let sentence = SENTENCES.iter().any(|(own, _)| *own == id);
        assert!(refused.contains(&id) != sentence, "{id} is refused, or is a sentence");
        seen += 1;
    }
    assert!(seen >= 33, "only {seen} errors in the catalogue");
}

#[test]
fn a_wrong_answer_is_told_the_law_and_the_data() {
    let verdict = exercise::responsibilities(|log_joint| log_joint.map(f64::exp));
    assert!(verdict.text().contains("the sum of row 1 is"), "{verdict}");
    assert!(
        verdict.text().contains("did you divide by the sum?") && verdict.text().contains("log_joint = [")
    );
    let verdict = exercise::objective(|x, _, means| (x.row(0) - means.row(0)).norm());
    assert!(!verdict.is_right());
    let verdict = exercise::one_hot(|labels, k| DMatrix::zeros(labels.len(), k));
    assert!(verdict.text().contains("the sum of row 1 is 0, and should be 1"), "{verdict}");
    let verdict = exercise::lower_bound(|_, _| f64::NAN);
    assert!(verdict.text().contains("NaN"));
}
