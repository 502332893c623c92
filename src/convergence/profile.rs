//! The profile of ℓ along one mean: the best that can be had while it is held, and the interval that this gives.
//!
//! A standard error takes ℓ for a parabola. The profile asks ℓ itself, at the price of a run of EM for every point:
//! ```math
//! \ell_p(v) = \max_{\theta:\ \mu_{ja} = v}\ell(\theta), \qquad
//! \big\{v:\ \ell(\hat\theta) - \ell_p(v) \le \tfrac12\chi^2_{1,\,.95} = 1.92\big\}
//! ```

use super::by_parts::means_with_one_held;
use super::errors;
use crate::check;
use crate::em::{self, At, Climb, Expected, Fit, Stopping};
use crate::error::{Error, Result};
use crate::gaussian_mixture::{GaussianMixture, update};
use nalgebra::DMatrix;

/// Half of the 95 % point of χ² with one degree of freedom.
pub const DROP: f64 = 1.920_729_410_347_062_2;

/// Data on which a mixture climbs while one coordinate of one mean is held: the M step by parts, as ECM allows.
///
/// Source: X-31. Example: [`held_at`].
#[derive(Clone, Copy, Debug)]
pub struct WithOneHeld<'a> {
    /// The data, n×d.
    pub x: &'a DMatrix<f64>,
    /// The component whose mean is held, from 0.
    pub component: usize,
    /// The coordinate of it, from 0.
    pub column: usize,
    /// Where it is held, in units of the data.
    pub value: f64,
}

impl Climb for WithOneHeld<'_> {
    type Model = GaussianMixture;
    type Expectation = DMatrix<f64>;
    type Error = Error;

    fn expect(&self, model: &GaussianMixture) -> Result<Expected<DMatrix<f64>>> {
        em::OnData::new(self.x)?.expect(model)
    }

    fn maximize(&self, model: &GaussianMixture, r: &DMatrix<f64>) -> Result<GaussianMixture> {
        let free = update::means(self.x, r, model.means())?;
        let means = means_with_one_held(model, &free, (self.component, self.column), self.value)?;
        let scatters = update::covariances(self.x, r, &means, model.covariances())?;
        let weights = update::weights(r)?;
        let covariances = model.family().constrain(scatters, &weights)?;
        GaussianMixture::new(weights, means, covariances, model.family())
    }

    fn moved(&self, before: At<'_, Self>, after: At<'_, Self>) -> f64 {
        em::largest_move(before.0, after.0)
    }
}

/// A point of the profile: EM from a model, with one coordinate of a mean held at a value.
/// ```math
/// \ell_p(v) = \max_{\theta:\ \mu_{ja} = v}\ell(\theta)
/// ```
///
/// Errors as in [`em::fit`] and [`means_with_one_held`]. A run finds the maximum that its start leads to, so the
/// profile may lie higher than what is found.
///
/// Source: X-31; Venzon and Moolgavkar (1988).
/// ```
/// use executable_em::convergence::profile::{WithOneHeld, held_at};
/// use executable_em::{data, em::Stopping, incomplete::mixture::of_one};
/// use nalgebra::{dmatrix, dvector};
/// // One normal: ℓ falls by (n/2) log(1 + (v − x̄)²/s²), here with x̄ = 0, s² = 1 and v = 1.
/// let (x, top) = (dmatrix![-1.0; 1.0], of_one(&dvector![0.0], dmatrix![1.0])?);
/// let held = held_at(&WithOneHeld { x: &x, component: 0, column: 0, value: 1.0 }, &top, &Stopping::default())?;
/// assert!((top.log_likelihood(&x)? - held.log_likelihood - 2_f64.ln()).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn held_at(
    climb: &WithOneHeld<'_>,
    from: &GaussianMixture,
    stopping: &Stopping,
) -> Result<Fit<GaussianMixture>> {
    // The start lies where the run is held, or its first sweep might fall.
    let place = (climb.component, climb.column);
    let means = means_with_one_held(from, from.means(), place, climb.value)?;
    em::from_one(climb, from.with_means(means), stopping)
}

/// The profile interval of one coordinate of one mean: where ℓ has fallen by `drop` on either side.
/// ```math
/// \ell_p(v_\pm) = \ell(\hat\theta) - \text{drop}, \qquad v_- < \hat\mu_{ja} < v_+
/// ```
///
/// `top` is a maximum of ℓ, `x` n×d, [`DROP`] the usual drop. From μ̂ outwards in steps of a standard error until ℓ_p
/// has fallen far enough, then by bisection to 10⁻⁶ of one. Each run starts where the one before ended. Unlike
/// μ̂ ± 1.96 standard errors it need not be symmetric, and it follows any change of scale, a logarithm too.
/// [`Error::Domain`] if ℓ_p has not fallen that far 64 standard errors away; errors as in [`errors::standard_errors`].
///
/// Source: X-31; Venzon and Moolgavkar (1988).
/// ```
/// use executable_em::convergence::profile::{DROP, interval};
/// use executable_em::{data, em::Stopping, incomplete::mixture::of_one};
/// use nalgebra::{dmatrix, dvector};
/// let (x, top) = (dmatrix![-1.0; 1.0; -1.0; 1.0], of_one(&dvector![0.0], dmatrix![1.0])?);
/// let (low, high) = interval(&top, &x, (0, 0), DROP, &Stopping::default())?;
/// let exact = ((2.0 * DROP / 4.0).exp() - 1.0).sqrt(); // 1.27, and 1.96 standard errors are 0.98
/// assert!((high - exact).abs() < 1e-5 && (low + exact).abs() < 1e-5);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn interval(
    top: &GaussianMixture,
    x: &DMatrix<f64>,
    (component, column): (usize, usize),
    drop: f64,
    stopping: &Stopping,
) -> Result<(f64, f64)> {
    check::positive("drop", drop)?;
    check::label(0, component, top.k())?;
    check::domain("column", column as f64, column < top.d(), "below the dimension of the data")?;
    let (height, centre) = (top.log_likelihood(x)?, top.means()[(component, column)]);
    let error = errors::standard_errors(top, x)?.means[(component, column)];
    let end = |side: f64| {
        let fallen = |reach: f64, from: &GaussianMixture| -> Result<(f64, GaussianMixture)> {
            let climb = WithOneHeld { x, component, column, value: centre + side * reach * error };
            let held = held_at(&climb, from, stopping)?;
            Ok((height - held.log_likelihood - drop, held.model))
        };
        let (mut inside, mut outside, mut model) = (0.0, 1.0, top.clone());
        loop {
            let (beyond, there) = fallen(outside, &model)?;
            if beyond > 0.0 {
                break;
            }
            check::domain("reach of the interval in standard errors", outside, outside < 64.0, "below 64")?;
            (inside, outside, model) = (outside, outside + 1.0, there);
        }
        while outside - inside > 1e-6 {
            let middle = 0.5 * (inside + outside);
            let (beyond, there) = fallen(middle, &model)?;
            if beyond > 0.0 {
                outside = middle;
            } else {
                (inside, model) = (middle, there);
            }
        }
        Ok(centre + side * 0.5 * (inside + outside) * error)
    };
    Ok((end(-1.0)?, end(1.0)?))
}
