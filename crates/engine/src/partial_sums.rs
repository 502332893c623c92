//! What a part of the data adds to the sums of a pass.

/// ℓ, the weight and the sums of some data; those of several parts add up.
#[derive(Clone, Debug)]
pub(super) struct PartialSums {
    /// ℓ, or what a pass computes in its place.
    pub log_likelihood: f64,
    /// The sum of the data's weights.
    pub total: f64,
    /// Whatever else the pass sums.
    pub sums: Vec<f64>,
    /// The first datum that no component can explain.
    pub impossible: Option<usize>,
}

impl PartialSums {
    /// Those of no data.
    pub fn zero(len: usize) -> Self {
        PartialSums { log_likelihood: 0.0, total: 0.0, sums: vec![0.0; len], impossible: None }
    }

    pub fn clear(&mut self) {
        (self.log_likelihood, self.total, self.impossible) = (0.0, 0.0, None);
        self.sums.fill(0.0);
    }

    pub fn add(&mut self, other: &PartialSums) {
        self.log_likelihood += other.log_likelihood;
        self.total += other.total;
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, other)| *sum += other);
        self.impossible = self.impossible.or(other.impossible);
    }
}
