//! What goes wrong with a mixture's likelihood, and what is done about it.
//!
//! Maximum likelihood is a promise that a mixture cannot keep: its likelihood has no maximum. What it has are spikes of
//! infinite height, saddles, k! copies of every optimum, and edges where an equation is solved without being right.
//! Each has a file of its own, which shows the failure in the smallest data set that has it. Three remedies follow.
//!
//! | file | what it shows |
//! |---|---|
//! | [`singularity`] | a component on one datum: the spike, its asymptote, and EM running into it |
//! | [`saddle`] | a score of zero that is no maximum, and the direction that leads away |
//! | [`weights`] | a weight of zero: the equations hold, the optimum does not; weights left out |
//! | [`switching`] | k! twins of every optimum: no averages of parameters, and ℓ is neither convex nor concave |
//! | [`dependence`] | labels independent in pairs and yet not independent |
//! | [`cancellation`] | a right formula for Σ that floating-point numbers ruin |
//! | [`rest`] | all the places where k-means rests; remedy: restarts, and how many |
//! | [`ridge`] | a remedy that is none; a floor is one: [`floored`](crate::gaussian_mixture::floored) |
//! | [`prior`] | remedy: a prior, and the mode of the posterior instead of the likelihood's |

pub mod cancellation;
pub mod dependence;
pub mod prior;
pub mod rest;
pub mod ridge;
pub mod saddle;
pub mod singularity;
pub mod switching;
pub mod weights;

pub use prior::{MapMixture, Prior};
