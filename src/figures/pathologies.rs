//! The figures of the chapter on pathologies.
