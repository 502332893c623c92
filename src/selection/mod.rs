//! How many components? Criteria that charge for parameters, data held out, and sticks that break for ever.
//!
//! The log-likelihood cannot say: a further component never lowers its maximum, just as a further mean never raises the
//! J of k-means. Three answers are given here. Charge for every parameter:
//! ```math
//! \mathrm{AIC} = -2\ell + 2p, \quad \mathrm{BIC} = -2\ell + p\log n, \quad \mathrm{ICL} = \mathrm{BIC} + 2\mathsf H(r)
//! ```
//! Or ask data that the fit has not seen. Or let infinitely many components share a stick, of which n data occupy some.
//!
//! | file | what it holds |
//! |---|---|
//! | `parameters` | the number p of free parameters of every model |
//! | `criteria` | AIC, BIC and ICL, on plain numbers |
//! | [`gaussian_mean`] | the one model in which the penalties of AIC and BIC can be had exactly |
//! | `search` | every k from several starts, by one criterion or another |
//! | `cross_validation` | folds, and the log density of every datum under a model fitted without it |
//! | [`stick_breaking`] | infinitely many weights that sum to one, and when a weight is first seen |
//! | [`restaurant`] | the clusters that n data occupy: seating, expected number, exact law |
//! | [`dirichlet_process`] | labels drawn from broken sticks, and the mass of a set under the random measure |

mod criteria;
mod cross_validation;
pub mod dirichlet_process;
pub mod gaussian_mean;
mod parameters;
pub mod restaurant;
mod search;
pub mod stick_breaking;

pub use criteria::{Criteria, aic, bic, criteria, icl, weighted_bic};
pub use cross_validation::{CrossValidation, cross_validate, folds};
pub use parameters::{FreeParameters, bernoulli_parameters};
pub use search::{Candidate, Restarts, best_fit, chosen_k, search};
