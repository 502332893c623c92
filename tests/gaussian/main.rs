//! One Gaussian: density, samples, weighted fit, ellipses.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod density;
mod ellipse;
mod moments;
