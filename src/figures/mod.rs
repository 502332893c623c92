//! The published figures.
