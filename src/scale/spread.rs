//! Mean and variance of numbers that nobody holds in one piece.

/// How numbers spread: their mean, their standard deviation, the least and the largest of them.
///
/// ```math
/// \bar x = \frac1n\sum_i x_i, \qquad M = \sum_i(x_i - \bar x)^2, \qquad s = \sqrt{M/n}
/// ```
/// Source: Chan, Golub and LeVeque (1983), The American Statistician 37, 242–247.
///
/// ```
/// use executable_em::scale::spread::Spread;
/// let mut spread = Spread::EMPTY;
/// spread.add(&[1.0, 2.0]);
/// spread.add(&[3.0, 6.0]);
/// assert_eq!((spread.mean(), spread.sd()), (3.0, 3.5_f64.sqrt()));
/// assert_eq!((spread.low(), spread.high()), (1.0, 6.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    n: f64,
    mean: f64,
    /// M.
    squares: f64,
    low: f64,
    high: f64,
}

impl Spread {
    /// That of no numbers: its mean and its standard deviation are 0.
    pub const EMPTY: Spread =
        Spread { n: 0.0, mean: 0.0, squares: 0.0, low: f64::INFINITY, high: f64::NEG_INFINITY };

    /// Adds a block of finite numbers: two passes within it, then both sums of squares about the common mean.
    ///
    /// ```math
    /// \bar x = \bar x_A + \frac{n_B}{n}\delta, \qquad M = M_A + M_B + \frac{n_An_B}{n}\delta^2, \qquad
    /// \delta = \bar x_B - \bar x_A, \quad n = n_A + n_B
    /// ```
    /// By the parallel-axis theorem a sum of squares grows by n_A times the square of how far its point moves, here
    /// $`\bar x - \bar x_A = \delta n_B/n`$ and $`\bar x_B - \bar x = \delta n_A/n`$; the two together are
    /// $`\delta^2(n_An_B^2 + n_Bn_A^2)/n^2`$. No large numbers are subtracted, as in the mean of squares less the
    /// square of the mean.
    ///
    /// Source: Chan, Golub and LeVeque (1983). Example: [`Spread`].
    pub fn add(&mut self, values: &[f64]) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        self.join(n, mean, squares, values.iter().copied());
    }

    /// Adds a block of finite numbers that count as often as their weights say, finite and ≥ 0; one of weight 0 is not
    /// there at all. The sum of the weights stands for n.
    ///
    /// Source: Chan, Golub and LeVeque (1983).
    /// ```
    /// use executable_em::scale::spread::Spread;
    /// let (mut weighted, mut repeated) = (Spread::EMPTY, Spread::EMPTY);
    /// weighted.add_weighted(&[1.0, 5.0, 99.0], &[3.0, 1.0, 0.0]);
    /// repeated.add(&[1.0, 1.0, 1.0, 5.0]);
    /// assert_eq!(weighted, repeated);
    /// ```
    pub fn add_weighted(&mut self, values: &[f64], weights: &[f64]) {
        let pairs = || values.iter().copied().zip(weights.iter().copied());
        let n = weights.iter().sum::<f64>();
        let mean = pairs().map(|(value, weight)| weight * value).sum::<f64>() / n;
        let squares = pairs().map(|(value, weight)| weight * (value - mean) * (value - mean)).sum();
        self.join(n, mean, squares, pairs().filter(|(_, weight)| *weight > 0.0).map(|(value, _)| value));
    }

    /// Adds n numbers with this mean and this sum of squares about it.
    fn join(&mut self, n: f64, mean: f64, squares: f64, values: impl Iterator<Item = f64> + Clone) {
        if n == 0.0 {
            return;
        }
        let (total, shift) = (self.n + n, mean - self.mean);
        self.squares += squares + shift * shift * self.n * n / total;
        self.mean += shift * n / total;
        self.n = total;
        self.low = values.clone().fold(self.low, f64::min);
        self.high = values.fold(self.high, f64::max);
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation s, with n in its denominator.
    pub fn sd(&self) -> f64 {
        if self.n > 0.0 { (self.squares / self.n).sqrt() } else { 0.0 }
    }

    /// The least of the numbers.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The largest of the numbers.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// The number of numbers, or the sum of their weights.
    pub fn n(&self) -> f64 {
        self.n
    }

    /// Whether all numbers are the same, to the last bit.
    pub fn is_constant(&self) -> bool {
        self.low >= self.high
    }
}
