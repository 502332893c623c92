//! How many numbers a component has.

use executable_em::gaussian_mixture::GaussianMixture;

/// What the sums of a component consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub k: usize,
    pub d: usize,
    /// Second moments of all pairs of coordinates, or of each with itself alone.
    pub full: bool,
}

impl Layout {
    /// That of a mixture: a family of diagonal covariances needs no products of different coordinates.
    pub fn of(model: &GaussianMixture) -> Self {
        Layout { k: model.k(), d: model.d(), full: !model.family().is_along_axes() }
    }

    pub fn second_len(self) -> usize {
        if self.full { self.d * (self.d + 1) / 2 } else { self.d }
    }

    /// The count, the first and the second moments of a component.
    pub fn component_len(self) -> usize {
        1 + self.d + self.second_len()
    }
}
