//! Mixture models and expectation–maximisation, every derivation a function that runs.
//!
//! Five university lectures teach the same mathematics in five notations. Here each definition, identity and proof step
//! of theirs is one function, named in the field's terms, with its equation above it and a test that fails if the
//! mathematics is wrong. For a model with discrete latent variables all of it follows from one n×k matrix, the log
//! joint $`\log p(x_i, z_i = j\mid\theta)`$; see [`latent`].
//!
//! EM on a data set, from a start at a k-means clustering:
//!
//! ```
//! use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, kmeans_start}};
//! let x = data::old_faithful();
//! let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
//! let fit = em::fit(start, &x, &em::Stopping::default())?;
//! assert!((fit.log_likelihood - -1130.264).abs() < 1e-3);
//! # Ok::<(), executable_em::Error>(())
//! ```
//! And why it climbs: the bound touches ℓ after the E step, and the M step raises both.
//!
//! ```
//! use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
//! use executable_em::{bound, data, em, latent, latent::Model};
//! let x = data::old_faithful();
//! let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
//! let log_joint = model.log_joint(&x)?;
//! let r = latent::responsibilities(&log_joint)?;
//! assert!((bound::lower_bound(&r, &log_joint)? - model.log_likelihood(&x)?).abs() < 1e-9);
//! assert!(em::sweep(&model, &x)?.log_likelihood(&x)? > model.log_likelihood(&x)?);
//! # Ok::<(), executable_em::Error>(())
//! ```
//!
//! # The chapters
//!
//! | | module | what it derives |
//! |---|---|---|
//! | 1 | [`kmeans`] | two steps that never raise one number; starts, restarts; k-means as a likelihood |
//! | 2 | [`gaussian_mixture`] | density, score, the M step and its multiplier, four families of covariances |
//! | 3 | [`soft_kmeans`] | the stiffness β, where means part, and the limit in which responsibilities harden |
//! | 4 | [`latent`] | labels seen and unseen: joint, marginal, posterior, all kⁿ labelings |
//! | 5 | [`bound`] | one inequality, and the whole of EM: F, the KL gap, coordinate ascent |
//! | 6 | [`em`] | the algorithm for anything that climbs: sweep, stopping, restarts |
//! | 7 | [`bernoulli_mixture`] | coins: what one flip cannot tell, and how many flips can |
//! | 8 | [`pathologies`] | spikes, saddles, twins, cancellation; a prior and other remedies |
//! | 9 | [`selection`] | how many components: criteria, data held out, sticks that break for ever |
//! | 10 | [`scale`] | the sums that EM needs, added over blocks, threads and machines; what a sweep costs |
//! | 11 | [`incomplete`] | cells that are missing, values cut off: a hidden number beside the hidden label |
//! | 12 | [`convergence`] | how fast and how sure: one matrix; faster than EM; a maximum proved |
//! | 13 | [`variational`] | the parameters hidden too: a bound that stays open, components that empty themselves |
//! | A | [`errata`] | the slips of the five lectures, each beside what is right |
//!
//! They rest on [`gaussian`] and [`data`]. The ids in `Source:` lines name the items (H-28) and slips (H-E01) of the
//! lectures, by the letters that the README lists; `executable-em catalogue H-28` says what an id is and where it
//! lives.
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
//! nalgebra stores matrices by columns, so each dimension of the data is contiguous. Code counts from 0, texts from 1.
//!
//! # Errors
//!
//! Bad input (NaN, shapes that do not fit, weights off the simplex, indefinite covariances) is an [`Error`]
//! that names the place and the value. A model is checked when it is made, and never again. What leaves the range
//! of numbers on its way, as squares of 10²⁰⁰ do, is an error too, where it would end in NaN.

pub mod bernoulli_mixture;
pub mod bound;
#[doc(hidden)]
pub mod check;
pub mod convergence;
pub mod data;
pub mod em;
pub mod errata;
pub mod error;
pub mod gaussian;
pub mod gaussian_mixture;
pub mod incomplete;
pub mod kmeans;
pub mod latent;
pub mod pathologies;
pub mod scale;
pub mod selection;
pub mod soft_kmeans;
pub mod variational;

pub use error::{Error, Result};

/// The snippets of the README and of the book's page on the program, compiled and run as tests; one needs the engine.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../notebooks/program.md")]
struct Readme;
