//! The book's exercises: each checks a reader's function by the identities that a right answer obeys.
//!
//! No answer is stored. A checker runs the function on random cases, small ones first, and says which law fails first
//! and on which data. Where the answer is one of the slips that the five lectures print, it says which.
//!
//! ```
//! use executable_em_exercise as exercise;
//! use nalgebra::DMatrix;
//!
//! let halves = |log_joint: &DMatrix<f64>| log_joint.map(f64::exp);
//! let verdict = exercise::responsibilities(halves);
//! assert!(!verdict.is_right() && verdict.text().contains("did you divide by the sum?"));
//! ```

mod bound;
mod case;
mod coins;
mod convergence;
mod em;
mod gaussian_mixture;
mod given;
mod judge;
mod kmeans;
mod latent;
mod m_step;
mod missing;
mod pathologies;
mod scale;
mod selection;
mod soft_kmeans;
mod variational;

pub use bound::{entropy, jensen_gap, kl_divergence, lower_bound};
pub use coins::{coin_biases, coin_log_joint, coin_log_likelihood, indistinguishable_coins, your_model};
pub use convergence::{
    accelerated, delta_method, limit_of_a_sequence, rate_matrix, standard_errors, sweeps_for_a_digit,
};
pub use em::{em_step, expected_log_joint_before_and_after, fixed_point, generalised_step};
pub use gaussian_mixture::{
    density, log_density, log_likelihood, mixture_responsibilities, score_in_covariances, score_in_means,
    score_in_weights,
};
pub use judge::Verdict;
pub use kmeans::{average_means, nearest_means, objective, objective_gradient, whole_kmeans};
pub use latent::{
    Tables, complete_log_likelihood, expected_log_joint, log_conditional, log_sum_exp, one_hot,
    responsibilities,
};
pub use m_step::{covariances, loss, score_in_variances, variances, weights};
pub use missing::{
    expected_cells, rest_with_gaps, seen_log_likelihood, step_with_gaps, variance_that_is_left,
};
pub use pathologies::{floored, higher_than, map_variance, twin};
pub use scale::{join_moments, means_from_sums, sums, variance_from_moments};
pub use selection::{bic, break_stick, expected_clusters, free_parameters, held_out_share};
pub use soft_kmeans::{critical_stiffness, hard_limit, soft_responsibilities, soft_sweep};
pub use variational::{
    dirichlet_counts, evidence_of_flips, mean_field_gap, mean_field_round, mean_field_variances,
    posterior_of_a_mean,
};
