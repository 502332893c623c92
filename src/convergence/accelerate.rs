//! Faster than EM: two ways to extrapolate its run, and a safeguard that keeps ℓ rising.
//!
//! Both see nothing of the model but its sweeps. From a few of them they guess where the run is going, and go there
//! if ℓ is no lower than here; else they take the sweep that they have in hand, of which EM itself says that ℓ is no
//! lower. Either way ℓ never falls, and where EM would have come to rest, so do they.

use super::{chart, coordinates};
use crate::check;
use crate::em::{self, Climb, Expected, Fit, OnData, Stopping};
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
use crate::latent::Model;
use nalgebra::{DMatrix, DVector};
use std::cell::{Cell, RefCell};

/// How to guess.
///
/// Source: X-17, X-18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Three evaluations of the sweep for each step: [`squared_step`].
    Squarem,
    /// One for each step, mixed with so many of those before: [`mixed_step`].
    Anderson {
        /// How many earlier sweeps are remembered, ≥ 1.
        memory: usize,
    },
}

/// In which coordinates to guess.
///
/// Source: X-17.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Weights, means and covariances as they are: a guess may be no mixture, and is then refused.
    Plain,
    /// Log ratios of weights and log Cholesky factors ([`chart`]), of which every vector is a mixture.
    Unbounded,
}

impl Chart {
    fn coordinates(self, model: &GaussianMixture) -> Result<DVector<f64>> {
        match self {
            Chart::Plain => Ok(coordinates::coordinates(model)),
            Chart::Unbounded => chart::coordinates(model),
        }
    }

    fn mixture_of(self, numbers: &DVector<f64>, like: &GaussianMixture) -> Result<GaussianMixture> {
        match self {
            Chart::Plain => coordinates::mixture_of(numbers, like),
            Chart::Unbounded => chart::mixture_of(numbers, like),
        }
    }
}

/// How far SQUAREM goes: the length of one step against that of its change.
/// ```math
/// a = \frac{\|r\|}{\|v\|}, \qquad r = \theta_1 - \theta_0, \quad v = (\theta_2 - \theta_1) - r
/// ```
///
/// Along an eigenvector of J with eigenvalue ρ it is 1/(1 − ρ): as many sweeps as are left, were all as long as this
/// one. At least 1; and 1 where the run is at rest.
///
/// Source: X-17; Varadhan and Roland (2008), scheme S3. Example: [`squared_step`].
pub fn step_length(start: &DVector<f64>, one: &DVector<f64>, two: &DVector<f64>) -> f64 {
    let r = one - start;
    let v = (two - one) - &r;
    let length = r.norm() / v.norm();
    if length.is_finite() { length.max(1.0) } else { 1.0 }
}

/// The squared step of SQUAREM: from three points of a run to where it seems to lead.
/// ```math
/// c = \theta_0 + 2a\,r + a^2 v
/// ```
///
/// With the error e of θ₀ along an eigenvector, r = −(1 − ρ)e and v = (1 − ρ)²e, and c has the error (1 − a(1 −
/// ρ))²e: zero, twice, for the a of [`step_length`]. a = 1 gives θ₂.
///
/// Source: X-17; Varadhan and Roland (2008).
/// ```
/// use executable_em::convergence::accelerate::{squared_step, step_length};
/// use nalgebra::dvector;
/// let [start, one, two] = [dvector![4.0], dvector![2.0], dvector![1.0]]; // halves for ever, towards 0
/// assert_eq!(step_length(&start, &one, &two), 2.0);
/// assert_eq!(squared_step(&start, &one, &two, 2.0), dvector![0.0]);
/// ```
pub fn squared_step(
    start: &DVector<f64>,
    one: &DVector<f64>,
    two: &DVector<f64>,
    length: f64,
) -> DVector<f64> {
    let r = one - start;
    let v = (two - one) - &r;
    start + r * (2.0 * length) + v * (length * length)
}

/// Anderson's mixing: the combination of the last sweeps whose step would be smallest, were the sweep linear.
/// ```math
/// \gamma = \arg\min_\gamma\|f_t - \Delta F\gamma\|^2, \qquad
/// c = M(\theta_t) - \sum_s\gamma_s\,\big(M(\theta_{s+1}) - M(\theta_s)\big), \qquad f = M(\theta) - \theta
/// ```
///
/// `run` holds pairs (θ, M(θ)), the oldest first; the columns of ΔF are the differences of their f. For a linear map
/// in p dimensions p differences find the fixed point exactly. A small multiple of ‖ΔF‖² on the diagonal keeps γ
/// finite where the differences are all but parallel. [`Error::Empty`] for no pairs, [`Error::Shape`] for pairs of
/// different lengths; one pair gives M(θ).
///
/// Source: X-18; Anderson (1965), Walker and Ni (2011).
/// ```
/// use executable_em::convergence::accelerate::mixed_step;
/// use nalgebra::dvector;
/// let guess = mixed_step(&[(dvector![4.0], dvector![2.0]), (dvector![2.0], dvector![1.0])])?;
/// assert!(guess.amax() < 1e-9);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn mixed_step(run: &[(DVector<f64>, DVector<f64>)]) -> Result<DVector<f64>> {
    let (theta, swept) = run.last().ok_or(Error::Empty { what: "sweeps to mix" })?;
    for (before, after) in run {
        check::shape("iterate", before.shape(), theta.shape())?;
        check::shape("iterate after a sweep", after.shape(), theta.shape())?;
    }
    let columns = run.len() - 1;
    if columns == 0 {
        return Ok(swept.clone());
    }
    let f = |pair: &(DVector<f64>, DVector<f64>)| &pair.1 - &pair.0;
    let difference = |s: usize| f(&run[s + 1]) - f(&run[s]);
    let steps = DMatrix::from_columns(&(0..columns).map(difference).collect::<Vec<_>>());
    let swept_steps =
        DMatrix::from_columns(&(0..columns).map(|s| &run[s + 1].1 - &run[s].1).collect::<Vec<_>>());
    // Columns of length one, so that an old, long step does not drown the young.
    let lengths =
        DVector::from_iterator(columns, steps.column_iter().map(|step| step.norm().max(f64::MIN_POSITIVE)));
    let scaled = DMatrix::from_fn(steps.nrows(), columns, |a, s| steps[(a, s)] / lengths[s]);
    let gram = scaled.transpose() * &scaled + DMatrix::identity(columns, columns) * 1e-12;
    let right = scaled.transpose() * (swept - theta);
    let mixed = match gram.cholesky() {
        Some(factor) => swept - swept_steps * factor.solve(&right).component_div(&lengths),
        None => swept.clone(),
    };
    check::defined("mixed step", mixed)
}

/// Data on which a Gaussian mixture climbs by guesses.
///
/// It goes through [`em::best_of`] like plain EM; one of its sweeps is a step of the method. [`evaluations`](
/// Self::evaluations) counts E steps, which is what time goes into.
///
/// Source: X-17, X-18. Example: [`fit`].
#[derive(Debug)]
pub struct Accelerated<'a> {
    x: &'a DMatrix<f64>,
    method: Method,
    chart: Chart,
    evaluations: Cell<usize>,
    height: Cell<f64>,
    longest: Cell<f64>,
    ahead: RefCell<Option<(GaussianMixture, Expected<DMatrix<f64>>)>>,
    run: RefCell<Vec<(DVector<f64>, DVector<f64>)>>,
    guessed: RefCell<Option<GaussianMixture>>,
}

impl<'a> Accelerated<'a> {
    /// These data, n×d, by this method; errors as in [`OnData::new`], [`Error::Domain`] for no memory.
    ///
    /// Source: X-17, X-18. Example: [`fit`].
    pub fn new(x: &'a DMatrix<f64>, method: Method, chart: Chart) -> Result<Self> {
        OnData::<GaussianMixture>::new(x)?;
        if let Method::Anderson { memory } = method {
            check::positive("memory", memory as f64)?;
        }
        let (ahead, run, guessed) = (RefCell::new(None), RefCell::new(Vec::new()), RefCell::new(None));
        Ok(Accelerated {
            x,
            method,
            chart,
            evaluations: Cell::new(0),
            height: Cell::new(f64::NAN),
            longest: Cell::new(1.0),
            ahead,
            run,
            guessed,
        })
    }

    /// How many E steps have been taken.
    pub fn evaluations(&self) -> usize {
        self.evaluations.get()
    }

    /// Whether ℓ is at least so high at a guess; then its E step is kept.
    fn is_taken(&self, guess: &GaussianMixture, least: f64) -> bool {
        let Ok(expected) = self.expect(guess) else { return false };
        let taken = expected.log_likelihood >= least;
        *self.ahead.borrow_mut() = taken.then(|| (guess.clone(), expected));
        taken
    }

    /// Two sweeps, a guess, and a sweep from there, which must be no lower than the first of the two. The longest
    /// step that is allowed grows while it is reached, and shrinks when a guess is refused.
    fn squarem(&self, model: &GaussianMixture, r: &DMatrix<f64>) -> Result<GaussianMixture> {
        let one = model.maximize(self.x, r)?;
        let at_one = self.expect(&one)?;
        let two = one.maximize(self.x, &at_one.expectation)?;
        let [start, first, second] = [model, &one, &two].map(|model| self.chart.coordinates(model));
        let (start, first, second) = (start?, first?, second?);
        let length = step_length(&start, &first, &second).min(self.longest.get());
        if length == self.longest.get() {
            self.longest.set(4.0 * length);
        }
        let guess = squared_step(&start, &first, &second, length);
        let swept = self.chart.mixture_of(&guess, model).and_then(|guess| {
            let r = self.expect(&guess)?.expectation;
            guess.maximize(self.x, &r)
        });
        if let Ok(swept) = swept
            && self.is_taken(&swept, at_one.log_likelihood)
        {
            return Ok(swept);
        }
        self.longest.set((0.25 * self.longest.get()).max(1.0));
        Ok(two)
    }

    fn anderson(&self, model: &GaussianMixture, r: &DMatrix<f64>, memory: usize) -> Result<GaussianMixture> {
        let swept = model.maximize(self.x, r)?;
        let pair = (self.chart.coordinates(model)?, self.chart.coordinates(&swept)?);
        let mut run = self.run.borrow_mut();
        // Another start, or a guess that was refused: what went before is forgotten.
        if self.guessed.borrow_mut().take().as_ref() != Some(model) {
            run.clear();
        }
        run.push(pair);
        if run.len() > memory + 1 {
            run.remove(0);
        }
        let height = self.height.get();
        let guess = self.chart.mixture_of(&mixed_step(&run)?, model);
        let next = match guess {
            Ok(guess) if self.is_taken(&guess, height) => guess,
            _ => {
                run.clear();
                swept
            }
        };
        *self.guessed.borrow_mut() = Some(next.clone());
        Ok(next)
    }
}

impl Climb for Accelerated<'_> {
    type Model = GaussianMixture;
    type Expectation = DMatrix<f64>;
    type Error = Error;

    fn expect(&self, model: &GaussianMixture) -> Result<Expected<DMatrix<f64>>> {
        // What a guess was judged by need not be computed again.
        if let Some((at, expected)) = self.ahead.borrow_mut().take()
            && at == *model
        {
            self.height.set(expected.log_likelihood);
            return Ok(expected);
        }
        self.evaluations.set(self.evaluations.get() + 1);
        let expected = OnData::new(self.x)?.expect(model)?;
        self.height.set(expected.log_likelihood);
        Ok(expected)
    }

    fn maximize(&self, model: &GaussianMixture, r: &DMatrix<f64>) -> Result<GaussianMixture> {
        match self.method {
            Method::Squarem => self.squarem(model, r),
            Method::Anderson { memory } => self.anderson(model, r, memory),
        }
    }

    fn moved(
        &self,
        before: (&GaussianMixture, &DMatrix<f64>),
        after: (&GaussianMixture, &DMatrix<f64>),
    ) -> f64 {
        em::largest_move(before.0, after.0)
    }
}

/// An accelerated run from a start, and the number of E steps that it took.
///
/// Errors as in [`em::fit`].
///
/// Source: X-17, X-18.
/// ```
/// use executable_em::convergence::accelerate::{Accelerated, Chart, Method, fit};
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let plain = em::fit(start.clone(), &x, &em::Stopping::default())?;
/// let climb = Accelerated::new(&x, Method::Squarem, Chart::Unbounded)?;
/// let (fast, evaluations) = fit(&climb, start, &em::Stopping::default())?;
/// assert!((fast.log_likelihood - plain.log_likelihood).abs() < 1e-6 && evaluations > 3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit(
    climb: &Accelerated<'_>,
    start: GaussianMixture,
    stopping: &Stopping,
) -> Result<(Fit<GaussianMixture>, usize)> {
    let before = climb.evaluations();
    let fit = em::from_one(climb, Ok(start), stopping)?;
    Ok((fit, climb.evaluations() - before))
}
