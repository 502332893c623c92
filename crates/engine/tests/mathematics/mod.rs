//! What the engine's tests share: the errors of the mathematics, as the engine passes them on.

use executable_em_engine::{Error, Result};

/// The error of the mathematics that the engine passes on.
#[track_caller]
pub fn mathematics<T: std::fmt::Debug>(result: Result<T>) -> executable_em::Error {
    match result {
        Err(Error::Mathematics(error)) => error,
        other => panic!("{other:?}"),
    }
}
