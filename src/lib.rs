//! Executable EM: mixture models and expectation–maximisation, every derivation a function.

mod check;
pub mod data;
pub mod em;
pub mod error;
#[cfg(feature = "figures")]
pub mod figures;
pub mod gaussian;
pub mod gaussian_mixture;
pub mod kmeans;
pub mod latent;
pub mod notebook;
#[cfg(feature = "figures")]
pub mod plot;

pub use error::{Error, Result};
