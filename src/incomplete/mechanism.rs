//! Why cells are missing: three mechanisms, and which of them may be ignored.
//!
//! Write s for what is seen and m for what is not. The mechanism is the probability $`p(\text{missing}\mid x_s,
//! x_m)`$ that just these cells are missing. If it does not depend on $`x_m`$, the likelihood falls apart,
//! ```math
//! p(x_s, \text{missing}\mid\theta) = \int p(x_s, x_m\mid\theta)\,p(\text{missing}\mid x_s)\,dx_m
//!   = p(\text{missing}\mid x_s)\;p(x_s\mid\theta),
//! ```
//!
//! and its maximum in θ is that of ℓ, whatever the mechanism was. Otherwise ℓ leaves a factor out, and its maximum is
//! biased.

use super::Incomplete;
use crate::check;
use crate::error::Result;
use nalgebra::DMatrix;
use rand::{Rng, RngExt};

/// How probable it is that a cell is missing.
///
/// Source: X-01; Rubin (1976).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mechanism {
    /// Missing completely at random (MCAR): with one probability, whatever the data are.
    Completely {
        /// The probability, from 0 to 1.
        probability: f64,
    },
    /// Missing at random (MAR): by another column of the row, which is seen.
    BySeen {
        /// That column.
        column: usize,
        /// Where the probability is one half, in that column's units.
        centre: f64,
        /// How steeply it rises there, in one over these units.
        slope: f64,
    },
    /// Missing not at random (MNAR): by the very value that is missing.
    ByItself {
        /// Where the probability is one half, in the column's own units.
        centre: f64,
        /// How steeply it rises there, in one over these units.
        slope: f64,
    },
}

impl Mechanism {
    /// The probability that the cell of a complete row is missing.
    /// ```math
    /// p, \qquad \frac1{1 + e^{-s(x_b - c)}}, \qquad \frac1{1 + e^{-s(x_a - c)}}
    /// ```
    ///
    /// `row` holds d numbers, `a` is the column of the cell; [`Error::Label`](crate::Error::Label) if a column does not
    /// exist, [`Error::Domain`](crate::Error::Domain) for a centre or a slope that is not finite.
    ///
    /// Source: X-01.
    /// ```
    /// use executable_em::incomplete::mechanism::Mechanism;
    /// let by_seen = Mechanism::BySeen { column: 0, centre: 3.0, slope: 2.0 };
    /// assert_eq!(by_seen.probability(&[3.0, 70.0], 1), Ok(0.5));
    /// ```
    pub fn probability(&self, row: &[f64], a: usize) -> Result<f64> {
        check::label(0, a, row.len())?;
        if let Mechanism::BySeen { centre, slope, .. } | Mechanism::ByItself { centre, slope } = *self {
            check::number("centre of a mechanism", centre)?;
            check::number("slope of a mechanism", slope)?;
        }
        let logistic = |value: f64, centre: f64, slope: f64| 1.0 / (1.0 + (-slope * (value - centre)).exp());
        match *self {
            Mechanism::Completely { probability } => {
                check::fraction("probability that a cell is missing", probability)?;
                Ok(probability)
            }
            Mechanism::BySeen { column, centre, slope } => {
                check::label(0, column, row.len())?;
                Ok(logistic(row[column], centre, slope))
            }
            Mechanism::ByItself { centre, slope } => Ok(logistic(row[a], centre, slope)),
        }
    }

    /// The data after the mechanism has taken cells of one column away.
    ///
    /// `x` is n×d, complete. Errors as in [`probability`](Self::probability),
    /// [`Error::Domain`](crate::Error::Domain) where the column hides the other one, and those of [`Incomplete::new`].
    ///
    /// Source: X-01.
    /// ```
    /// use executable_em::{data, incomplete::mechanism::Mechanism};
    /// let x = data::old_faithful();
    /// let hidden = Mechanism::Completely { probability: 0.3 }.hide(&x, 1, &mut data::rng(1))?;
    /// assert!((60..105).contains(&hidden.missing_count()) && !hidden.is_missing(0, 0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn hide(&self, x: &DMatrix<f64>, a: usize, rng: &mut impl Rng) -> Result<Incomplete> {
        check::finite("data", x)?;
        if let Mechanism::BySeen { column, .. } = *self {
            let allowed = "another than the one that goes missing";
            check::domain("column that is seen", a as f64, column != a, allowed)?;
        }
        let mut values = x.clone();
        for (i, row) in x.row_iter().enumerate() {
            let row: Vec<f64> = row.iter().copied().collect();
            if rng.random::<f64>() < self.probability(&row, a)? {
                values[(i, a)] = f64::NAN;
            }
        }
        Incomplete::new(values)
    }
}
