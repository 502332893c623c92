//! Executable EM: mixture models and expectation–maximisation, every derivation a function.

pub mod error;
#[cfg(feature = "figures")]
pub mod figures;
#[cfg(feature = "figures")]
pub mod plot;

pub use error::{Error, Result};
