//! The Gaussian mixture: density, log-likelihood, score, updates, families, and the errata that concern them.

#[path = "../common/mod.rs"]
mod common;

mod axes;
mod bad_input;
mod conditional;
mod density;
mod families;
mod loss;
mod printed;
mod score;
mod starts;
mod updates;
mod uses;

use common::cases::Kind;

fn tame(kind: Kind) -> bool {
    Kind::TAME.contains(&kind)
}
