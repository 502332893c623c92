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
//! | what | functions | catalogue ids |
//! |---|---|---|
//! | assignment and mean step, J and its derivatives | [`kmeans::assign`], [`kmeans::responsibilities`], [`kmeans::update_means`], [`kmeans::means_in_array_form`], [`kmeans::objective`], [`kmeans::objective_gradient`], [`kmeans::objective_hessian`], [`kmeans::risk`] | H-02 … H-04, H-10, H-12 … H-16, B-30, B-31, T-01 |
//! | Lloyd's algorithm, starts, restarts | [`kmeans::lloyd`](kmeans::lloyd()), [`kmeans::random_start`], [`kmeans::plus_plus_start`], [`kmeans::restarts`] | H-01, H-05, H-17, H-18, T-04, T-06, B-32 |
//! | k-means as maximum likelihood | [`kmeans::likelihood`] | H-19, H-20 |
//! | one Gaussian | [`gaussian::log_density`], [`gaussian::sample`], [`gaussian::weighted_mean`], [`gaussian::weighted_covariance`], [`gaussian::ellipse`] | H-26, T-13, T-34, B-01 |
//! | the mixture: density, draws, ℓ, responsibilities | [`GaussianMixture`](gaussian_mixture::GaussianMixture) | H-21, H-22, H-27, H-29, L-02, L-04, L-05, L-21, C-31, C-36, B-03, B-04, T-08, T-10, T-35, T-37 |
//! | the score in μ, Σ and π | [`gaussian_mixture::score`] | H-28, H-31 … H-33, H-35, H-36, L-06, B-22 |
//! | the updates and the multiplier | [`gaussian_mixture::update`], [`gaussian_mixture::loss`] | H-30, H-34, H-37, H-39, L-30, L-31, C-38 … C-40, B-21, B-23 … B-25, T-40 … T-45 |
//! | tied, diagonal and spherical covariances | [`gaussian_mixture::CovarianceFamily`], [`gaussian_mixture::spherical`] | L-24 … L-29, T-09 |
//! | Bayesian posterior, exponential families, classification | [`gaussian_mixture::uses`] | H-23 … H-25, L-03 |
//! | soft k-means: stiffness, critical stiffness, hard limits | [`soft_kmeans`] | H-40 … H-42, C-42, C-43, T-53 … T-57 |
//! | latent labels: joint, marginal, posterior, Q | [`latent`] | H-46, H-48, H-64, L-21, L-23, C-35 … C-37, T-21, T-32 |
//! | the labels as if they were seen, and all labelings | [`latent::complete`], [`latent::labelings`], [`latent::toolbox`] | H-43 … H-56, L-17 … L-20, C-32 … C-34, B-02, B-06, B-18 … B-20, T-20 |
//! | a hidden number instead of a label: censored lifetimes | [`latent::censored`] | L-08, L-09 |
//! | the lower bound, entropy, KL gap, tightness | [`bound`] | C-01 … C-04, C-15 … C-19, C-26 … C-30, B-07 … B-10, T-26 … T-31 |
//! | Jensen's inequality | [`bound::jensen`] | C-11 … C-14 |
//! | coordinate ascent, the ascent inequality | [`bound::ascent`] | C-09, C-16, C-17, B-11, B-15, B-16, T-24 |
//! | Fisher's identity: ∇Q = ∇ℓ at θ | [`gaussian_mixture::score`] | H-64, T-39 … T-42 |
//! | the EM loop for any model: stopping, restarts | [`em`] | H-38, H-51, H-52, H-60, H-61, L-12 … L-16, C-10, C-24, B-11 … B-13, T-22 … T-25 |
//! | gradient ascent beside EM | [`gaussian_mixture::gradient`] | C-06, C-07 |
//! | data | [`data`] | H-06, H-09, T-05, T-12 |
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
