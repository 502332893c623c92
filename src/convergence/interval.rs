//! Numbers that know how wrong they may be: intervals with outward rounding.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// All real numbers from `low` to `high`.
///
/// Every operation returns an interval that holds all results for all numbers of its operands. A rounded result is
/// off by at most half a step of the floating-point numbers, so one step outwards on both sides encloses it.
///
/// Source: X-21; Moore (1966).
/// ```
/// use executable_em::convergence::interval::Interval;
/// let tenth = Interval::new(1.0, 1.0) / Interval::new(10.0, 10.0);
/// assert!(tenth.low() < tenth.high() && tenth.width() < 1e-16);
/// let zero = tenth - tenth; // not zero: an interval does not know that both are the same number
/// assert!(zero.contains(0.0) && zero.width() > 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    low: f64,
    high: f64,
}

impl Interval {
    /// From one end to the other; all numbers if the two are no ends.
    pub fn new(low: f64, high: f64) -> Self {
        if low <= high { Interval { low, high } } else { Interval::ALL }
    }

    /// Just this number; all numbers for NaN.
    pub fn point(value: f64) -> Self {
        Interval::new(value, value)
    }

    /// Every number: what is known where nothing is.
    pub const ALL: Self = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// The lower end.
    pub fn low(self) -> f64 {
        self.low
    }

    /// The upper end.
    pub fn high(self) -> f64 {
        self.high
    }

    /// How far the ends are apart, rounded up.
    pub fn width(self) -> f64 {
        (self.high - self.low).next_up()
    }

    /// A number in the middle.
    pub fn middle(self) -> f64 {
        self.low + 0.5 * (self.high - self.low)
    }

    /// The largest absolute value in it.
    pub fn magnitude(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// Whether a number lies in it.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether it lies inside another and touches neither end.
    pub fn is_inside(self, other: Interval) -> bool {
        other.low < self.low && self.high < other.high
    }

    /// What it shares with another, which must overlap it.
    pub(super) fn overlap(self, other: Interval) -> Interval {
        Interval::new(self.low.max(other.low), self.high.min(other.high))
    }

    /// All squares of its numbers: a square is not a product of two numbers that happen to be the same.
    pub fn square(self) -> Self {
        let (low, high) = (self.low * self.low, self.high * self.high);
        let least = if self.contains(0.0) { 0.0 } else { low.min(high).next_down().max(0.0) };
        Interval::new(least, low.max(high).next_up())
    }

    /// All exponentials. The library's exp errs by less than a step; four are allowed.
    pub fn exp(self) -> Self {
        let out = |value: f64, step: fn(f64) -> f64| (0..4).fold(value.exp(), |value, _| step(value));
        Interval::new(out(self.low, f64::next_down).max(0.0), out(self.high, f64::next_up))
    }

    /// All logarithms of its positive numbers; all numbers if it holds zero or less.
    pub fn ln(self) -> Self {
        if self.low <= 0.0 {
            return Interval::ALL;
        }
        let out = |value: f64, step: fn(f64) -> f64| (0..4).fold(value.ln(), |value, _| step(value));
        Interval::new(out(self.low, f64::next_down), out(self.high, f64::next_up))
    }
}

/// One step outwards on both sides; all numbers if an end is NaN.
fn outwards(ends: [f64; 4]) -> Interval {
    if ends.iter().any(|end| end.is_nan()) {
        return Interval::ALL;
    }
    let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Interval::new(low.next_down(), high.next_up())
}

impl Add for Interval {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (low, high) = (self.low + other.low, self.high + other.high);
        outwards([low, low, high, high])
    }
}

impl Neg for Interval {
    type Output = Self;
    fn neg(self) -> Self {
        Interval { low: -self.high, high: -self.low }
    }
}

impl Sub for Interval {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Interval {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let ends =
            [self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high];
        outwards(ends)
    }
}

impl Div for Interval {
    type Output = Self;
    /// All numbers if the divisor holds zero.
    fn div(self, other: Self) -> Self {
        if other.contains(0.0) {
            return Interval::ALL;
        }
        let ends =
            [self.low / other.low, self.low / other.high, self.high / other.low, self.high / other.high];
        outwards(ends)
    }
}

impl std::iter::Sum for Interval {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Interval { low: 0.0, high: 0.0 }, Add::add)
    }
}
