//! What a sweep costs on many machines: the work, the slowest of them, and the way of the sums.

use crate::check;
use crate::error::Result;

/// Machines that share the data, and the network that they send their sums over. Times are in seconds.
///
/// ```
/// use executable_em::scale::machines::Machines;
/// let machines = Machines { row: 1e-7, disturbance: 0.1, latency: 5e-4, transfer: 1e-5 };
/// assert!((machines.work(1e9, 1)? - 110.0).abs() < 1e-9);
/// assert!((machines.gather(100, 100)? - 1.5e-3).abs() < 1e-12);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machines {
    /// What one machine needs for a datum.
    pub row: f64,
    /// The mean of what else delays a machine, as a part of its work: 0.1 for a tenth.
    pub disturbance: f64,
    /// What a message takes, however short it is.
    pub latency: f64,
    /// What the sums of one machine take on their way: their bytes, divided by those that a line carries in a second.
    pub transfer: f64,
}

impl Machines {
    /// The expected time until the last of m machines is done.
    ///
    /// ```math
    /// \frac{nc}m\,(1 + \sigma H_m), \qquad H_m = 1 + \tfrac12 + \dots + \tfrac1m
    /// ```
    /// for rows that take c and disturbances that are exponential, of mean σ times the work: of m machines the first is
    /// done after 1/m of their mean on average, then the first of the m − 1 others, and so on. So stragglers cost the
    /// logarithm of m. [`Error::Domain`](crate::Error::Domain) for no machines or numbers that are no times.
    ///
    /// Source: T-45 (the sum that is shared); Rényi (1953) for the largest of m exponential variables; Dean and Barroso
    /// (2013), The tail at scale. Example: [`Machines`].
    pub fn work(&self, n: f64, machines: usize) -> Result<f64> {
        self.check(n, machines)?;
        finite(n * self.row / machines as f64 * (1.0 + self.disturbance * harmonic(machines)))
    }

    /// The time that their sums take to become one, over a tree in which every node adds those of f others.
    ///
    /// ```math
    /// \lceil\log_f m\rceil\,(\lambda + f\tau)
    /// ```
    /// for a latency λ, and sums that arrive one after the other, each in τ. With f = m everybody sends to one: λ + mτ,
    /// which is best for a few machines and hopeless for thousands. [`Error::Domain`](crate::Error::Domain) as for
    /// [`Machines::work`], and for f < 2.
    ///
    /// Source: T-45; Dean and Ghemawat (2008) for the sums of many machines. Example: [`Machines`].
    pub fn gather(&self, machines: usize, fan_in: usize) -> Result<f64> {
        self.check(0.0, machines)?;
        check::domain("fan-in of a tree", fan_in as f64, fan_in >= 2, "≥ 2")?;
        let (mut depth, mut reached) = (0, 1);
        while reached < machines {
            (depth, reached) = (depth + 1, reached.saturating_mul(fan_in));
        }
        let arriving = fan_in.min(machines) as f64;
        finite(f64::from(depth) * (self.latency + arriving * self.transfer))
    }

    /// A sweep: the work, and then the sums.
    ///
    /// ```math
    /// T(m) = \frac{nc}m\,(1 + \sigma H_m) + \lceil\log_f m\rceil\,(\lambda + f\tau)
    /// ```
    /// Sums that travel while others still work would save a part of the second term, never of the first.
    ///
    /// Source: T-45; Dean and Ghemawat (2008). Example: [`Machines::enough`].
    pub fn sweep(&self, n: f64, machines: usize, fan_in: usize) -> Result<f64> {
        finite(self.work(n, machines)? + self.gather(machines, fan_in)?)
    }

    /// The number of machines beyond which everybody who sends to one makes the sweep slower.
    ///
    /// ```math
    /// m^* = \sqrt{nc/\tau}
    /// ```
    /// where nc/m + mτ is smallest, disturbances left out.
    ///
    /// Source: T-45; Dean and Ghemawat (2008).
    ///
    /// ```
    /// use executable_em::scale::machines::Machines;
    /// let machines = Machines { row: 1e-7, disturbance: 0.0, latency: 5e-4, transfer: 1e-5 };
    /// let most = machines.enough(1e9)?;
    /// assert_eq!(most.round(), 3162.0);
    /// let sweep = |m: usize| machines.sweep(1e9, m, m);
    /// assert!(sweep(3162)? < sweep(2500)? && sweep(3162)? < sweep(4000)?);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn enough(&self, n: f64) -> Result<f64> {
        self.check(n, 1)?;
        check::positive("transfer", self.transfer)?;
        finite((n * self.row / self.transfer).sqrt())
    }

    /// The smallest batch for which one pass in batches takes no longer than s sweeps: rows of all machines together.
    ///
    /// ```math
    /// b\,\frac{c}{m}\,(1 + \sigma H_m)(s - 1) \ge G, \qquad G = \lceil\log_f m\rceil\,(\lambda + f\tau)
    /// ```
    /// A pass of n/b batches gathers n/b times; s sweeps gather s times and work s times. (Of the s gatherings of the
    /// sweeps the bound makes nothing: they are few.) In batches of that many rows, or of more, online EM has seen all
    /// data before the sweeps are over.
    ///
    /// [`Error::Domain`](crate::Error::Domain) for s < 2. Source: X-20; Cappé and Moulines (2009).
    ///
    /// ```
    /// use executable_em::scale::machines::Machines;
    /// let machines = Machines { row: 1e-7, disturbance: 0.0, latency: 1e-3, transfer: 0.0 };
    /// assert!((machines.smallest_batch(21, 100, 100)? - 50_000.0).abs() < 1e-6);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn smallest_batch(&self, sweeps: usize, machines: usize, fan_in: usize) -> Result<f64> {
        check::domain("number of sweeps", sweeps as f64, sweeps >= 2, "≥ 2")?;
        check::positive("time of a row", self.row)?;
        finite(self.gather(machines, fan_in)? / (self.work(1.0, machines)? * (sweeps - 1) as f64))
    }

    fn check(&self, n: f64, machines: usize) -> Result<()> {
        check::domain("number of machines", machines as f64, machines >= 1, "≥ 1")?;
        let times = [
            ("number of data", n),
            ("time of a row", self.row),
            ("disturbance", self.disturbance),
            ("latency", self.latency),
            ("transfer", self.transfer),
        ];
        times.into_iter().try_for_each(|(what, value)| {
            check::domain(what, value, value >= 0.0 && value.is_finite(), "finite and ≥ 0")
        })
    }
}

/// A result that no overflow has made endless.
fn finite(value: f64) -> Result<f64> {
    check::domain("time, or number of rows", value, value.is_finite(), "finite")?;
    Ok(value)
}

/// 1 + 1/2 + … + 1/m; of many terms by Euler's expansion, whose next one is 1/(252 m⁶).
fn harmonic(m: usize) -> f64 {
    /// Euler's constant.
    const GAMMA: f64 = 0.577_215_664_901_532_9;
    if m < 200 {
        return (1..=m).rev().map(|i| 1.0 / i as f64).sum();
    }
    let m = m as f64;
    m.ln() + GAMMA + 0.5 / m - 1.0 / (12.0 * m * m) + 1.0 / (120.0 * m.powi(4))
}
