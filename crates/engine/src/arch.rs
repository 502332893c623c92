//! The set of vector instructions that an engine uses.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use pulp::Arch;

/// A module for the browser says what it needs when it is built, so there is nothing to choose from when it runs;
/// pulp's own would bring every kernel twice, for vectors that this module is built without.
#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arch {
    Scalar,
}

#[cfg(target_arch = "wasm32")]
impl Arch {
    pub fn new() -> Self {
        Arch::Scalar
    }

    pub fn dispatch<Op: pulp::WithSimd>(self, op: Op) -> Op::Output {
        pulp::Simd::vectorize(pulp::Scalar, op)
    }
}
