//! The weights as random variables: a Dirichlet, or a stick that is broken again and again.

use super::special::digamma;
use crate::check;
use crate::error::Result;
use crate::pathologies::prior::ln_gamma;
use nalgebra::DVector;

/// A prior on the weights.
///
/// Source: X-24, X-25.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weights {
    /// π ~ Dir(α, …, α): symmetric; a small α lets weights be zero.
    Dirichlet(f64),
    /// π_j = v_j Π_{l<j} (1 − v_l) with v ~ Beta(1, α): a Dirichlet process, cut off after k pieces.
    Sticks(f64),
}

impl Weights {
    pub(super) fn concentration(self) -> f64 {
        let (Weights::Dirichlet(alpha) | Weights::Sticks(alpha)) = self;
        alpha
    }
}

/// The posterior of the weights given expected counts.
/// ```math
/// \mathrm{Dir}(\alpha + R_1, \dots, \alpha + R_k) \qquad\text{or}\qquad
/// \prod_{j<k}\mathrm{Beta}\Big(v_j;\ 1 + R_j,\ \alpha + \sum_{l>j}R_l\Big), \quad v_k = 1
/// ```
///
/// Source: X-24, X-25; Blei and Jordan (2006).
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    prior: Weights,
    counts: DVector<f64>,
}

impl Shares {
    /// The posterior after these counts R, k numbers ≥ 0; zeros give the prior. [`Error::Domain`](crate::Error::Domain)
    /// unless α > 0 is finite.
    ///
    /// Source: X-24, X-25. Example: [`Self::expected`].
    pub fn new(prior: Weights, counts: DVector<f64>) -> Result<Self> {
        check::positive("concentration", prior.concentration())?;
        check::masses("counts", "count of a component", &counts)?;
        let total = counts.sum() + prior.concentration() * counts.len() as f64;
        check::number("sum of the counts and the prior's", total)?;
        Ok(Shares { prior, counts })
    }

    /// The prior.
    pub fn prior(&self) -> Weights {
        self.prior
    }

    /// The counts R.
    pub fn counts(&self) -> &DVector<f64> {
        &self.counts
    }

    /// The components with an expected count above one half, the largest first.
    ///
    /// Source: X-25. Example: [`fit`](super::mixture::fit).
    pub fn survivors(&self) -> Vec<usize> {
        let mut alive: Vec<usize> = (0..self.counts.len()).filter(|&j| self.counts[j] > 0.5).collect();
        alive.sort_by(|&one, &other| self.counts[other].total_cmp(&self.counts[one]));
        alive
    }

    /// The two numbers of the Beta law of every stick but the last.
    fn sticks(&self) -> Vec<(f64, f64)> {
        let (k, alpha) = (self.counts.len(), self.prior.concentration());
        let after = |j: usize| self.counts.rows(j + 1, k - 1 - j).sum();
        (0..k - 1).map(|j| (1.0 + self.counts[j], alpha + after(j))).collect()
    }

    /// The expected weights.
    /// ```math
    /// E\pi_j = \frac{\alpha + R_j}{k\alpha + n} \qquad\text{or}\qquad E v_j\prod_{l<j}(1 - E v_l)
    /// ```
    ///
    /// Returns k numbers that sum to one.
    ///
    /// Source: X-24, X-25.
    /// ```
    /// use executable_em::variational::{Shares, Weights};
    /// use nalgebra::dvector;
    /// assert_eq!(Shares::new(Weights::Dirichlet(1.0), dvector![2.0, 0.0])?.expected(), dvector![0.75, 0.25]);
    /// assert_eq!(Shares::new(Weights::Sticks(1.0), dvector![2.0, 0.0])?.expected(), dvector![0.75, 0.25]);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn expected(&self) -> DVector<f64> {
        match self.prior {
            Weights::Dirichlet(alpha) => {
                self.counts.add_scalar(alpha) / (self.counts.sum() + alpha * self.counts.len() as f64)
            }
            Weights::Sticks(_) => {
                let mut left = 1.0;
                let mut weights: Vec<f64> = Vec::new();
                for (a, b) in self.sticks() {
                    weights.push(left * a / (a + b));
                    left *= b / (a + b);
                }
                weights.push(left);
                DVector::from_vec(weights)
            }
        }
    }

    /// The expected logarithms of the weights.
    /// ```math
    /// E\log\pi_j = \psi(\alpha + R_j) - \psi(k\alpha + n) \qquad\text{or}\qquad
    /// E\log v_j + \sum_{l<j}E\log(1 - v_l)
    /// ```
    ///
    /// Returns k numbers, in nats. For a count near zero they are near −1/α: this is what empties a component for good.
    ///
    /// Source: X-24, X-25; Bishop (2006), eq. (10.66).
    /// ```
    /// use executable_em::variational::{Shares, Weights};
    /// use nalgebra::dvector;
    /// // E log v for v uniform on (0, 1) is −1.
    /// let logs = Shares::new(Weights::Dirichlet(1.0), dvector![0.0, 0.0])?.expected_logs();
    /// assert!((logs[0] + 1.0).abs() < 1e-14);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn expected_logs(&self) -> DVector<f64> {
        match self.prior {
            Weights::Dirichlet(alpha) => {
                let total = digamma(self.counts.sum() + alpha * self.counts.len() as f64);
                self.counts.map(|count| digamma(alpha + count) - total)
            }
            Weights::Sticks(_) => {
                let mut before = 0.0;
                let mut logs: Vec<f64> = Vec::new();
                for (a, b) in self.sticks() {
                    let total = digamma(a + b);
                    logs.push(before + digamma(a) - total);
                    before += digamma(b) - total;
                }
                logs.push(before);
                DVector::from_vec(logs)
            }
        }
    }

    /// The divergence of the posterior from the prior.
    /// ```math
    /// \mathrm{KL}\big(\mathrm{Dir}(a)\,\|\,\mathrm{Dir}(b)\big)
    ///   = \log\frac{\Gamma(\sum a_j)}{\Gamma(\sum b_j)} - \sum_j\log\frac{\Gamma(a_j)}{\Gamma(b_j)}
    ///   + \sum_j(a_j - b_j)\,E\log\pi_j
    /// ```
    ///
    /// and for sticks the sum of that over the Beta laws, which are Dirichlets of two. Returns nats.
    /// [`Error::Domain`](crate::Error::Domain) for concentrations so large or so small that log Γ overflows.
    ///
    /// Source: X-24, X-25; Bishop (2006), eqs. (10.73) and (10.76).
    /// ```
    /// use executable_em::variational::{Shares, Weights};
    /// use nalgebra::dvector;
    /// assert_eq!(Shares::new(Weights::Dirichlet(0.5), dvector![0.0, 0.0])?.divergence()?, 0.0);
    /// // From uniform to 3v²: log 3 − 2/3.
    /// let learned = Shares::new(Weights::Dirichlet(1.0), dvector![2.0, 0.0])?.divergence()?;
    /// assert!((learned - (3_f64.ln() - 2.0 / 3.0)).abs() < 1e-14);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn divergence(&self) -> Result<f64> {
        let divergence = match self.prior {
            Weights::Dirichlet(alpha) => {
                let after: Vec<f64> = self.counts.iter().map(|count| alpha + count).collect();
                dirichlet_divergence(&after, &vec![alpha; after.len()])
            }
            Weights::Sticks(alpha) => {
                self.sticks().iter().map(|&(a, b)| dirichlet_divergence(&[a, b], &[1.0, alpha])).sum()
            }
        };
        check::defined_number("divergence", divergence)
    }
}

/// KL of two Dirichlet laws.
pub(super) fn dirichlet_divergence(a: &[f64], b: &[f64]) -> f64 {
    let (total_a, total_b): (f64, f64) = (a.iter().sum(), b.iter().sum());
    let expected_total = digamma(total_a);
    let terms =
        a.iter().zip(b).map(|(&a, &b)| ln_gamma(b) - ln_gamma(a) + (a - b) * (digamma(a) - expected_total));
    ln_gamma(total_a) - ln_gamma(total_b) + terms.sum::<f64>()
}
