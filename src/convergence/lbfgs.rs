//! L-BFGS: gradient ascent that learns the curvature from its own last steps, EM's usual rival.

use super::coordinates::{coordinates, mixture_of};
use super::information;
use crate::check;
use crate::em::{self, At, Climb, Expected, Fit, Stopping};
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::{DMatrix, DVector};
use std::cell::{Cell, RefCell};

/// A step, and by how much the slope fell along it.
pub type Pair = (DVector<f64>, DVector<f64>);

/// Where to go from a slope: the slope times an inverse Hessian learnt from the last steps, of which it meets the last.
/// ```math
/// H_{t+1} = \Big(I - \frac{s y^\top}{s^\top y}\Big) H_t \Big(I - \frac{y s^\top}{s^\top y}\Big)
/// + \frac{s s^\top}{s^\top y}, \qquad H_{t+1}\,y = s
/// ```
///
/// for each step s and what it took from the slope, $`y = \nabla\ell_t - \nabla\ell_{t+1}`$; H begins as a multiple of
/// I. No matrix is kept: two loops over the pairs do. `slope` has p entries, the pairs come oldest first, each with
/// $`s^\top y > 0`$. [`Error::Domain`] where that does not hold.
///
/// Source: X-33; Liu and Nocedal (1989), Nocedal and Wright (2006), §7.2.
/// ```
/// use executable_em::convergence::lbfgs::direction;
/// use nalgebra::dvector;
/// // A step of 1, along which the slope fell from 8 to 6: it will be 0 after three more.
/// assert_eq!(direction(&dvector![6.0], &[(dvector![1.0], dvector![2.0])])?, dvector![3.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn direction(slope: &DVector<f64>, pairs: &[Pair]) -> Result<DVector<f64>> {
    check::finite("slope", slope)?;
    let mut way = slope.clone();
    let mut shares = vec![0.0; pairs.len()];
    for ((s, y), share) in pairs.iter().zip(&mut shares).rev() {
        check::matrix("step", s, slope.shape())?;
        check::matrix("fall of the slope", y, slope.shape())?;
        check::positive("curvature along a step", s.dot(y))?;
        *share = s.dot(&way) / s.dot(y);
        way -= y * *share;
    }
    if let Some((s, y)) = pairs.last() {
        way *= s.dot(y) / y.norm_squared();
    }
    for ((s, y), share) in pairs.iter().zip(shares) {
        way += s * (share - y.dot(&way) / s.dot(y));
    }
    check::defined("direction", way)
}

/// Of the rise that the slope promises, a step must bring so much.
const PROMISED: f64 = 1e-4;
/// A step that has been halved so often is none.
const HALVINGS: usize = 60;

/// Data on which a mixture climbs along directions of [`direction`], with EM's loop around it.
///
/// A step is halved until it ends at a mixture whose ℓ is higher by a share of what the slope promises, so ℓ never
/// falls. The slope is EM's by-product (Fisher's identity), and every look at ℓ is an E step, so what both need can be
/// compared. The coordinates are those of [`coordinates`]: unlike EM, it depends on the units of the data.
///
/// Source: X-33.
#[derive(Debug)]
pub struct Lbfgs<'a> {
    x: &'a DMatrix<f64>,
    memory: usize,
    evaluations: Cell<usize>,
    /// ℓ at the last E step.
    height: Cell<f64>,
    /// Where the last step led, and the E step there.
    ahead: RefCell<Option<(GaussianMixture, Expected<DVector<f64>>)>>,
    course: RefCell<Course>,
}

/// What is remembered of one run.
#[derive(Debug, Default)]
struct Course {
    /// Where it stands, and the step that led there with the slope before it.
    at: Option<(GaussianMixture, Pair)>,
    pairs: Vec<Pair>,
}

impl<'a> Lbfgs<'a> {
    /// These data, n×d, with so many steps kept; errors as in [`OnData::new`](em::OnData::new), [`Error::Domain`] for
    /// no memory.
    ///
    /// Source: X-33. Example: [`fit`].
    pub fn new(x: &'a DMatrix<f64>, memory: usize) -> Result<Self> {
        check::finite("data", x)?;
        check::positive("memory", memory as f64)?;
        let (evaluations, height) = (Cell::new(0), Cell::new(f64::NAN));
        Ok(Lbfgs { x, memory, evaluations, height, ahead: RefCell::new(None), course: RefCell::default() })
    }

    /// How many E steps have been taken.
    pub fn evaluations(&self) -> usize {
        self.evaluations.get()
    }

    /// ℓ where a step leads, if that is a mixture.
    fn look(&self, theta: &DVector<f64>, like: &GaussianMixture) -> Result<(GaussianMixture, f64)> {
        let model = mixture_of(theta, like)?;
        let expected = self.expect(&model)?;
        let height = expected.log_likelihood;
        *self.ahead.borrow_mut() = Some((model.clone(), expected));
        Ok((model, height))
    }
}

impl Climb for Lbfgs<'_> {
    type Model = GaussianMixture;
    /// The slope.
    type Expectation = DVector<f64>;
    type Error = Error;

    fn expect(&self, model: &GaussianMixture) -> Result<Expected<DVector<f64>>> {
        let ahead = self.ahead.borrow_mut().take().filter(|(at, _)| at == model);
        let expected = match ahead {
            Some((_, expected)) => expected,
            None => {
                self.evaluations.set(self.evaluations.get() + 1);
                Expected {
                    log_likelihood: model.log_likelihood(self.x)?,
                    total: self.x.nrows() as f64,
                    expectation: information::score(model, self.x)?,
                }
            }
        };
        self.height.set(expected.log_likelihood);
        Ok(expected)
    }

    /// The next point along the direction; the same one if there is none.
    fn maximize(&self, model: &GaussianMixture, slope: &DVector<f64>) -> Result<GaussianMixture> {
        let mut course = self.course.take();
        match course.at.take() {
            Some((at, (step, before))) if at == *model => {
                let fall = before - slope;
                if step.dot(&fall) > f64::EPSILON * step.norm() * fall.norm() {
                    course.pairs.push((step, fall));
                }
                let forgotten = course.pairs.len().saturating_sub(self.memory);
                course.pairs.drain(..forgotten);
            }
            _ => course = Course::default(),
        }
        let mut way = direction(slope, &course.pairs)?;
        if course.pairs.is_empty() {
            // Nothing is known of the curvature: a step of length one, at most.
            way /= slope.norm().max(1.0);
        }
        let (theta, height, promised) = (coordinates(model), self.height.get(), PROMISED * slope.dot(&way));
        let mut share = 1.0;
        for _ in 0..HALVINGS {
            if let Ok((next, reached)) = self.look(&(&theta + &way * share), model)
                && reached > height
                && reached >= height + share * promised
            {
                course.at = Some((next.clone(), (way * share, slope.clone())));
                self.course.replace(course);
                return Ok(next);
            }
            share /= 2.0;
        }
        Ok(model.clone())
    }

    fn moved(&self, before: At<'_, Self>, after: At<'_, Self>) -> f64 {
        em::largest_move(before.0, after.0)
    }
}

/// A run from a start, and the number of E steps that it took.
///
/// Errors as in [`em::fit`].
///
/// Source: X-33.
/// ```
/// use executable_em::convergence::lbfgs::{Lbfgs, fit};
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, kmeans_start}};
/// let x = data::standardize(&data::old_faithful())?;
/// let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let by_em = em::fit(start.clone(), &x, &em::Stopping::default())?;
/// let (by_slopes, evaluations) = fit(&Lbfgs::new(&x, 5)?, start, &em::Stopping::default())?;
/// assert!((by_slopes.log_likelihood - by_em.log_likelihood).abs() < 1e-2 && evaluations > 10);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit(
    climb: &Lbfgs<'_>,
    start: GaussianMixture,
    stopping: &Stopping,
) -> Result<(Fit<GaussianMixture>, usize)> {
    let before = climb.evaluations();
    let fit = em::from_one(climb, Ok(start), stopping)?;
    Ok((fit, climb.evaluations() - before))
}
