//! Mixture models and expectation–maximisation, every derivation a function that runs.
//!
//! Five university lectures teach the same mathematics in five notations. Here each definition, identity and proof step
//! of theirs is one function, named in the field's terms, with its equation above it and a test that fails if the
//! mathematics is wrong. For a model with discrete latent variables all of it follows from one n×k matrix, the log
//! joint $`\log p(x_i, z_i = j\mid\theta)`$; see [`latent`].
//!
//! ```
//! use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, kmeans_start}};
//!
//! let x = data::old_faithful();
//! let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
//! let fit = em::fit(start, &x, &em::Stopping::default())?;
//! assert!((fit.log_likelihood() - -1130.264).abs() < 1e-3);
//! # Ok::<(), executable_em::Error>(())
//! ```
//!
//! # The map
//!
//! An id names an item (H-28) or a slip (H-E01) of one of the lectures, which the README lists by their letters; `catalogue.json`
//! says what it is and where it is derived, tested, shown and drawn, and `executable-em catalogue` prints that.
//!
//! <!-- map: written by `UPDATE=1 cargo test --test catalogue` -->
//!
//! | module | what it derives | functions | ids |
//! |---|---|---|---|
//! | [`kmeans`](mod@kmeans) | k-means: two steps that never raise one number. | [`lloyd`](kmeans::lloyd()), [`restarts`](kmeans::restarts()), [`squared_distances`](kmeans::squared_distances()), [`assign`](kmeans::assign()), [`responsibilities`](kmeans::responsibilities()), [`update_means`](kmeans::update_means()), [`means_in_array_form`](kmeans::means_in_array_form()), [`objective`](kmeans::objective()), [`objective_gradient`](kmeans::objective_gradient()), [`objective_hessian`](kmeans::objective_hessian()), [`risk`](kmeans::risk()), [`random_start`](kmeans::random_start()), [`plus_plus_start`](kmeans::plus_plus_start()) | H-01 … H-05, H-10 … H-18, H-30, H-E11 … H-E14, H-E16, L-26, C-10, C-39, B-23, B-30 … B-32, B-E19, T-01, T-02, T-04, T-06, T-40, T-E12, T-E19 |
//! | [`kmeans::likelihood`](mod@kmeans::likelihood) | k-means as maximum likelihood: J is, up to constants, a negative log-likelihood with hard assignments. | [`log_likelihood`](kmeans::likelihood::log_likelihood()), [`from_objective`](kmeans::likelihood::from_objective()) | H-19, H-20, H-E15, H-E16 |
//! | [`gaussian_mixture`](mod@gaussian_mixture) | The Gaussian mixture: a weighted sum of Gaussians, and everything that follows from its log-likelihood. | [`GaussianMixture`](gaussian_mixture::GaussianMixture), [`GaussianMixture::new`](gaussian_mixture::GaussianMixture::new()), [`GaussianMixture::component_log_densities`](gaussian_mixture::GaussianMixture::component_log_densities()), [`GaussianMixture::density`](gaussian_mixture::GaussianMixture::density()), [`GaussianMixture::likelihood`](gaussian_mixture::GaussianMixture::likelihood()), [`GaussianMixture::log_likelihood`](gaussian_mixture::GaussianMixture::log_likelihood()), [`GaussianMixture::responsibilities`](gaussian_mixture::GaussianMixture::responsibilities()), [`GaussianMixture::parameter_count`](gaussian_mixture::GaussianMixture::parameter_count()), [`GaussianMixture::log_joint`](gaussian_mixture::GaussianMixture#method.log_joint), [`GaussianMixture::maximize`](gaussian_mixture::GaussianMixture#method.maximize), [`OnlyMean`](gaussian_mixture::OnlyMean), [`OnlyMean::new`](gaussian_mixture::OnlyMean::new()), [`GaussianMixture::sample`](gaussian_mixture::GaussianMixture::sample()), [`GaussianMixture::mean`](gaussian_mixture::GaussianMixture::mean()), [`GaussianMixture::covariance`](gaussian_mixture::GaussianMixture::covariance()), [`random_start`](gaussian_mixture::random_start()), [`kmeans_start`](gaussian_mixture::kmeans_start()), [`start_from_labels`](gaussian_mixture::start_from_labels()) | H-21, H-22, H-26, H-27, H-29, H-38, H-47, H-54, H-62, H-E17, L-02, L-04, L-05, L-07, L-12, L-21, L-E05, C-21 … C-23, C-31, C-36, B-03, B-04, B-18, B-E02, T-08 … T-10, T-23, T-34, T-35, T-37, T-45 |
//! | [`gaussian_mixture::covariance`](mod@gaussian_mixture::covariance) | Which covariances a component may have: full, tied, diagonal or spherical. | [`CovarianceFamily`](gaussian_mixture::covariance::CovarianceFamily), [`CovarianceFamily::constrain`](gaussian_mixture::covariance::CovarianceFamily::constrain()), [`CovarianceFamily::parameter_count`](gaussian_mixture::covariance::CovarianceFamily::parameter_count()) | L-24, L-28, L-29, L-E03, L-E08, C-40, B-04, T-09, T-13 |
//! | [`gaussian_mixture::gradient`](mod@gaussian_mixture::gradient) | EM beside its rival: gradient ascent on the log-likelihood in the means, the steps in between, and the curvature that tells a maximum from a saddle. | [`em_step`](gaussian_mixture::gradient::em_step()), [`PartOfStep`](gaussian_mixture::gradient::PartOfStep), [`PartOfStep::new`](gaussian_mixture::gradient::PartOfStep::new()), [`ascend_means`](gaussian_mixture::gradient::ascend_means()), [`hessian_in_means`](gaussian_mixture::gradient::hessian_in_means()) | H-E21, C-06, C-07, C-E09, C-E15, T-E08 |
//! | [`gaussian_mixture::loss`](mod@gaussian_mixture::loss) | What the M step optimises, for fixed responsibilities: Q term by term, a loss, and a Lagrangian for the weights. | [`loss`](gaussian_mixture::loss::loss()), [`terms_of_q`](gaussian_mixture::loss::terms_of_q()), [`lagrangian`](gaussian_mixture::loss::lagrangian()) | L-23, L-30, C-37, B-21, B-E08, B-E10, T-38, T-42 |
//! | [`gaussian_mixture::score`](mod@gaussian_mixture::score) | The score: the gradient of the log-likelihood in the means, the covariances and the weights. | [`in_means`](gaussian_mixture::score::in_means()), [`in_covariances`](gaussian_mixture::score::in_covariances()), [`in_weights`](gaussian_mixture::score::in_weights()), [`of_lagrangian_in_weights`](gaussian_mixture::score::of_lagrangian_in_weights()), [`of_q_in_means`](gaussian_mixture::score::of_q_in_means()), [`of_q_in_covariances`](gaussian_mixture::score::of_q_in_covariances()), [`of_q_in_weights`](gaussian_mixture::score::of_q_in_weights()), [`inverse_root_determinant_derivative`](gaussian_mixture::score::inverse_root_determinant_derivative()), [`quadratic_form_derivative`](gaussian_mixture::score::quadratic_form_derivative()), [`residual_form_derivative`](gaussian_mixture::score::residual_form_derivative()) | H-28, H-31 … H-33, H-35, H-36, H-64, H-E01, H-E02, H-E04, H-E05, L-06, L-E07, B-22, B-E09, T-39 … T-42, T-E16 |
//! | [`gaussian_mixture::spherical`](mod@gaussian_mixture::spherical) | The M step derived once more for round components Σ_j = σ_j² I, where each line fits on a blackboard. | [`expected_log_joint`](gaussian_mixture::spherical::expected_log_joint()), [`score_in_means`](gaussian_mixture::spherical::score_in_means()), [`score_in_variances`](gaussian_mixture::spherical::score_in_variances()), [`variances`](gaussian_mixture::spherical::variances()) | L-24 … L-26, L-28, L-29, L-E01 … L-E03, L-E11 |
//! | [`gaussian_mixture::update`](mod@gaussian_mixture::update) | The M step: where the derivatives of ℓ vanish, given the responsibilities. | [`covariances`](gaussian_mixture::update::covariances()), [`raw_moment_covariances`](gaussian_mixture::update::raw_moment_covariances()), [`weights`](gaussian_mixture::update::weights()), [`weights_and_multiplier`](gaussian_mixture::update::weights_and_multiplier()) | H-34 … H-37, H-39, H-E23, H-E25, L-30, L-31, L-E17, C-38, C-40, C-E01, C-E16, B-25, B-E15, T-41 … T-44, T-E15 |
//! | [`gaussian_mixture::uses`](mod@gaussian_mixture::uses) | Around the point estimate: what full Bayesian inference would need, and what a mixture is good for. | [`grid_posterior`](gaussian_mixture::uses::grid_posterior()), [`interaction`](gaussian_mixture::uses::interaction()), [`classify`](gaussian_mixture::uses::classify()) | H-23 … H-25, L-03 |
//! | [`soft_kmeans`](mod@soft_kmeans) | Soft k-means: the Gaussian mixture with every covariance held at I/β, between one blob and k-means. | [`critical_stiffness`](soft_kmeans::critical_stiffness()), [`spread`](soft_kmeans::spread()), [`parted`](soft_kmeans::parted()), [`parting_growth`](soft_kmeans::parting_growth()), [`merging_stiffness`](soft_kmeans::merging_stiffness()), [`splitting_growths`](soft_kmeans::splitting_growths()), [`hard_limit`](soft_kmeans::hard_limit()), [`hard_limit_bound`](soft_kmeans::hard_limit_bound()), [`scaled_log_likelihood`](soft_kmeans::scaled_log_likelihood()), [`Weights`](soft_kmeans::Weights), [`SoftKMeans`](soft_kmeans::SoftKMeans), [`SoftKMeans::new`](soft_kmeans::SoftKMeans::new()), [`SoftKMeans::log_likelihood`](soft_kmeans::SoftKMeans::log_likelihood()), [`SoftKMeans::responsibilities`](soft_kmeans::SoftKMeans::responsibilities()), [`SoftKMeans::mixture`](soft_kmeans::SoftKMeans::mixture()), [`SoftKMeans::hard_sweep`](soft_kmeans::SoftKMeans::hard_sweep()), [`SoftKMeans::log_joint`](soft_kmeans::SoftKMeans#method.log_joint), [`SoftKMeans::maximize`](soft_kmeans::SoftKMeans#method.maximize), [`without_determinants`](soft_kmeans::without_determinants()) | H-40 … H-42, H-E06, H-E07, H-E22, H-E28, C-42, C-43, C-E12, T-53 … T-57, T-E11, T-E13, T-E25 |
//! | [`latent`](mod@latent) | Discrete latent variables: everything that is said of them is a function of the n×k matrix of log joints. | [`Model`](latent::Model), [`log_sum_exp`](latent::log_sum_exp()), [`log_marginals`](latent::log_marginals()), [`log_likelihood`](latent::log_likelihood()), [`responsibilities`](latent::responsibilities()), [`log_odds`](latent::log_odds()), [`counts`](latent::counts()), [`expected_log_joint`](latent::expected_log_joint()) | H-04, H-27, H-29, H-46, H-48, H-49, H-51, H-52, H-60, H-64, H-E17, L-02, L-05, L-08, L-12, L-18, L-21 … L-23, L-E12, C-24, C-31, C-35 … C-37, C-E13, C-E20, B-03, B-19, B-20, B-24, B-E16, B-E21, T-16 … T-19, T-21, T-22, T-32, T-33, T-35 … T-37, T-46, T-E29 |
//! | [`latent::censored`](mod@latent::censored) | A hidden number in place of a hidden label: lifetimes of which some are only known to exceed what was seen. | [`complete_log_likelihood`](latent::censored::complete_log_likelihood()), [`log_likelihood`](latent::censored::log_likelihood()), [`expected_lifetimes`](latent::censored::expected_lifetimes()), [`complete_rate`](latent::censored::complete_rate()), [`maximum_likelihood`](latent::censored::maximum_likelihood()) | H-55, L-08, L-09, L-E15 |
//! | [`latent::complete`](mod@latent::complete) | The complete data: what could be said, and fitted, if the labels were seen. | [`one_hot`](latent::complete::one_hot()), [`prior`](latent::complete::prior()), [`log_prior`](latent::complete::log_prior()), [`log_conditional`](latent::complete::log_conditional()), [`log_likelihood`](latent::complete::log_likelihood()), [`by_component`](latent::complete::by_component()), [`log_sum_form`](latent::complete::log_sum_form()), [`log_posterior`](latent::complete::log_posterior()), [`maximum_likelihood`](latent::complete::maximum_likelihood()) | H-03, H-43 … H-45, H-47, H-48, H-50, H-53 … H-55, H-59, H-62, H-E09, H-E10, H-E15, L-09, L-13, L-17, L-18, L-20, L-E05, C-32, B-02, B-06, B-18, T-01, T-19, T-20, T-36, T-E24 |
//! | [`latent::labelings`](mod@latent::labelings) | All kⁿ labelings of a small data set: the posterior and the expectations over them, by brute force. | [`all`](latent::labelings::all()), [`log_joints`](latent::labelings::log_joints()), [`posterior`](latent::labelings::posterior()), [`posterior_under`](latent::labelings::posterior_under()), [`product`](latent::labelings::product()), [`marginals`](latent::labelings::marginals()), [`expectation`](latent::labelings::expectation()), [`expected_log_joint`](latent::labelings::expected_log_joint()) | H-43, H-47 … H-50, H-55, L-10, L-13, L-18, L-19, C-32 … C-34, C-E10, T-21 |
//! | [`latent::toolbox`](mod@latent::toolbox) | The three rules that everything here is made of, on a table of two discrete variables. | [`sum_rule`](latent::toolbox::sum_rule()), [`product_rule`](latent::toolbox::product_rule()), [`bayes_rule`](latent::toolbox::bayes_rule()) | H-56, L-20, L-E09, B-20 |
//! | [`bound`](mod@bound) | The lower bound on the log-likelihood: one inequality, and the whole of EM follows. | [`entropy`](bound::entropy()), [`kl_divergence`](bound::kl_divergence()), [`lower_bound`](bound::lower_bound()), [`gap`](bound::gap()), [`integrand`](bound::integrand()) | C-01 … C-03, C-15, C-16, C-18, C-19, C-26 … C-30, C-E03, C-E07, C-E08, C-E14, C-E18, B-07 … B-10, B-E07, T-26 … T-31, T-33, T-49, T-E02, T-E04, T-E05 |
//! | [`bound::ascent`](mod@bound::ascent) | EM as coordinate ascent: F(q, θ) climbed in q, then in θ, then in q again. | [`coordinate_ascent`](bound::ascent::coordinate_ascent()), [`rises`](bound::ascent::rises()), [`along`](bound::ascent::along()) | H-52, H-58 … H-60, H-63, H-65, H-E19, L-11, L-15, L-E04, C-03, C-04, C-09, C-16, C-17, C-20 … C-25, C-E04, C-E19, B-11, B-15, B-16, B-E12, T-24, T-26, T-E01, T-E03 |
//! | [`bound::continuous`](mod@bound::continuous) | A continuous latent variable, where the bound holds as ever and Q is no bound at all. | [`entropy`](bound::continuous::entropy()), [`posterior`](bound::continuous::posterior()), [`log_likelihood`](bound::continuous::log_likelihood()), [`expected_log_joint`](bound::continuous::expected_log_joint()) | C-03, T-17, T-21, T-30, T-E02 |
//! | [`bound::correlated`](mod@bound::correlated) | The bound once more, for a q over all kⁿ labelings at once, whose labels may depend on each other. | [`factorised`](bound::correlated::factorised()), [`entropy`](bound::correlated::entropy()), [`lower_bound`](bound::correlated::lower_bound()), [`gap`](bound::correlated::gap()), [`log_expected_ratio`](bound::correlated::log_expected_ratio()) | H-50, C-01, C-15, C-19, C-26, C-27, C-E14, B-07, B-08, B-E06, T-27, T-28 |
//! | [`bound::jensen`](mod@bound::jensen) | Jensen's inequality for finite laws. | [`gap`](bound::jensen::gap()), [`merge_first_two`](bound::jensen::merge_first_two()), [`above_supporting_line`](bound::jensen::above_supporting_line()) | C-11 … C-14, C-E02, C-E21, T-28 |
//! | [`em`](mod@em) | Expectation–maximisation for any model: one sweep, the loop with its stopping rules, and restarts. | [`sweep`](em::sweep()), [`Stopping`](em::Stopping), [`Fit::rises`](em::Fit::rises()), [`Fit::moves`](em::Fit::moves()), [`fit`](em::fit()), [`largest_move`](em::largest_move()), [`restarts`](em::restarts()), [`best`](em::best()) | H-18, H-38, H-51, H-52, H-60, H-61, H-E20, H-E21, L-12 … L-16, C-05, C-06, C-08, C-10, C-16, C-17, C-24, C-25, C-41, C-44, C-E06, C-E09, B-11 … B-14, B-E13, B-E14, T-04, T-06, T-22 … T-25, T-32, T-E08 |
//! | [`errata::lecture_h`](mod@errata::lecture_h) | What decides the errata of lecture 22 of Probabilistic Machine Learning. | [`mean_score_with_the_sign_reversed`](errata::lecture_h::mean_score_with_the_sign_reversed()), [`covariance_score_with_the_sign_reversed`](errata::lecture_h::covariance_score_with_the_sign_reversed()), [`covariance_score_with_a_borrowed_precision`](errata::lecture_h::covariance_score_with_a_borrowed_precision()), [`weight_score_with_the_constraint_outside`](errata::lecture_h::weight_score_with_the_constraint_outside()), [`responsibilities_without_the_half`](errata::lecture_h::responsibilities_without_the_half()), [`responsibilities_with_counts_for_weights`](errata::lecture_h::responsibilities_with_counts_for_weights()), [`responsibilities_with_a_shared_index`](errata::lecture_h::responsibilities_with_a_shared_index()), [`log_conditional_with_the_weights`](errata::lecture_h::log_conditional_with_the_weights()), [`descent_to_no_minimum`](errata::lecture_h::descent_to_no_minimum()), [`descent_that_never_rests`](errata::lecture_h::descent_that_never_rests()), [`means_by_a_product`](errata::lecture_h::means_by_a_product()), [`counts_along_the_wrong_axis`](errata::lecture_h::counts_along_the_wrong_axis()), [`expected_log_joint_unfrozen`](errata::lecture_h::expected_log_joint_unfrozen()) | H-E01 … H-E04, H-E06 … H-E09, H-E12, H-E13, H-E18, H-E19, L-E05 |
//! | [`errata::lecture_l`](mod@errata::lecture_l) | What decides the errata of lecture 13, Gaussian mixture models. | [`log_density_without_the_dimension`](errata::lecture_l::log_density_without_the_dimension()), [`expected_log_joint_without_the_dimension`](errata::lecture_l::expected_log_joint_without_the_dimension()), [`variance_score_without_the_dimension`](errata::lecture_l::variance_score_without_the_dimension()), [`variances_without_the_dimension`](errata::lecture_l::variances_without_the_dimension()), [`sweep_without_the_dimension`](errata::lecture_l::sweep_without_the_dimension()), [`most_probable_labels`](errata::lecture_l::most_probable_labels()), [`sweep_with_hard_labels`](errata::lecture_l::sweep_with_hard_labels()), [`expected_log_joint_with_a_shared_index`](errata::lecture_l::expected_log_joint_with_a_shared_index()) | L-E01 … L-E04, L-E06, L-E13 |
//! | [`data`](mod@data) | Data: two embedded sets, the lectures' generators with a seed, and a reader for your own tables. | [`two_squares`](data::two_squares()), [`stripes`](data::stripes()), [`unequal_clusters`](data::unequal_clusters()), [`old_faithful`](data::old_faithful()), [`blobs`](data::blobs()), [`standardize`](data::standardize()) | H-06, H-07, H-09, T-05, T-12 |
//! | [`gaussian`](mod@gaussian) | One Gaussian: its log density through Cholesky, samples, the weighted maximum-likelihood fit, its ellipses. | [`cholesky`](gaussian::cholesky()), [`mahalanobis_squared`](gaussian::mahalanobis_squared()), [`log_determinant`](gaussian::log_determinant()), [`log_density`](gaussian::log_density()), [`sample`](gaussian::sample()), [`weighted_mean`](gaussian::weighted_mean()), [`weighted_covariance`](gaussian::weighted_covariance()), [`Ellipse`](gaussian::Ellipse), [`ellipse`](gaussian::ellipse()), [`ellipse_mass`](gaussian::ellipse_mass()) | H-22, H-26, H-30, H-34, H-E14, L-01, L-26, L-27, L-E10, C-39, B-01, B-23, B-25, B-E01, T-10, T-13, T-34, T-38, T-40, T-41 |
//!
//! <!-- end of the map -->
//!
//! # Notation
//!
//! | symbol | shape | in code |
//! |---|---|---|
//! | x | n×d, a row a datum | `x` |
//! | π (w, α in some lectures) | k | `weights` |
//! | μ (m) | k×d, a row a component | `means` |
//! | Σ_j | k matrices d×d | `covariances` |
//! | r (γ, C) | n×k, rows sum to one | `responsibilities`, `r` |
//! | R_j (N_j) | k | `counts` |
//! | log p(x_i, z_i = j) | n×k, nats | `log_joint` |
//! | ℓ | nats | `log_likelihood` |
//! | q | n×k, rows sum to one | `q` |
//!
//! nalgebra stores matrices by columns, so each dimension of the data is contiguous.
//!
//! # Errors
//!
//! Bad input (NaN, shapes that do not fit, weights off the simplex, indefinite covariances, broken tables) is an
//! [`Error`] that names the place and the value. No function here panics on any input.

pub mod bernoulli_mixture;
pub mod bound;
#[cfg(feature = "cli")]
pub mod catalogue;
mod check;
pub mod data;
pub mod em;
pub mod errata;
pub mod error;
#[cfg(feature = "cli")]
pub mod export;
#[cfg(feature = "figures")]
pub mod figures;
pub mod gaussian;
pub mod gaussian_mixture;
pub mod kmeans;
pub mod latent;
pub mod notebook;
pub mod pathologies;
#[cfg(feature = "figures")]
pub mod plot;
pub mod selection;
pub mod soft_kmeans;

pub use error::{Error, Result};

/// The README's snippets, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
