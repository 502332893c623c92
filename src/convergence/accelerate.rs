//! Faster than EM: two ways to extrapolate its run, and a safeguard that keeps ℓ rising.
//!
//! Both see nothing of the model but its sweeps. From a few of them they guess where the run is going, and go there
//! if ℓ is no lower than here; else they take the sweep that they have in hand, of which EM itself says that ℓ is no
//! lower. Either way ℓ never falls, and where EM rests, they rest.

pub use super::charted::{Chart, Charted};

use crate::check;
use crate::em::{self, Climb, Expected, Fit, OnData, Stopping};
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
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

/// How far SQUAREM goes: the length of one step against that of its change.
/// ```math
/// a = \frac{\|r\|}{\|v\|}, \qquad r = \theta_1 - \theta_0, \quad v = (\theta_2 - \theta_1) - r
/// ```
///
/// Along an eigenvector of J with eigenvalue ρ it is 1/(1 − ρ): as many sweeps as are left, were all as long as this
/// one. At least 1; and 1 where the run is at rest. [`Error::Shape`] for points of different lengths.
///
/// Source: X-17; Varadhan and Roland (2008), scheme S3. Example: [`squared_step`].
pub fn step_length(start: &DVector<f64>, one: &DVector<f64>, two: &DVector<f64>) -> Result<f64> {
    let (r, v) = differences(start, one, two)?;
    let length = r.norm() / v.norm();
    Ok(if length.is_finite() { length.max(1.0) } else { 1.0 })
}

/// The step of a run, and its change.
fn differences(
    start: &DVector<f64>,
    one: &DVector<f64>,
    two: &DVector<f64>,
) -> Result<(DVector<f64>, DVector<f64>)> {
    check::finite("iterate", start)?;
    check::matrix("iterate after a sweep", one, start.shape())?;
    check::matrix("iterate after two sweeps", two, start.shape())?;
    let r = one - start;
    let v = (two - one) - &r;
    Ok((r, v))
}

/// The squared step of SQUAREM: from three points of a run to where it seems to lead.
/// ```math
/// c = \theta_0 + 2a\,r + a^2 v
/// ```
///
/// With the error e of θ₀ along an eigenvector, r = −(1 − ρ)e and v = (1 − ρ)²e, and c has the error (1 − a(1 −
/// ρ))²e: zero, twice, for the a of [`step_length`]. a = 1 gives θ₂. Errors as in
/// [`step_length`].
///
/// Source: X-17; Varadhan and Roland (2008).
/// ```
/// use executable_em::convergence::accelerate::{squared_step, step_length};
/// use nalgebra::dvector;
/// let [start, one, two] = [dvector![4.0], dvector![2.0], dvector![1.0]]; // halves for ever, towards 0
/// assert_eq!(step_length(&start, &one, &two)?, 2.0);
/// assert_eq!(squared_step(&start, &one, &two, 2.0)?, dvector![0.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn squared_step(
    start: &DVector<f64>,
    one: &DVector<f64>,
    two: &DVector<f64>,
    length: f64,
) -> Result<DVector<f64>> {
    check::number("length of the step", length)?;
    let (r, v) = differences(start, one, two)?;
    check::defined("squared step", start + r * (2.0 * length) + v * (length * length))
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
        return check::defined("mixed step", swept.clone());
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

/// Anything that climbs, climbing by guesses.
///
/// It goes through [`em::best_of`] like plain EM; one of its sweeps is a step of the method. [`evaluations`](
/// Self::evaluations) counts E steps, which is what time goes into. What cannot be guessed, as where a weight is zero,
/// takes plain sweeps.
///
/// Source: X-17, X-18. Example: [`fit`].
#[derive(Debug)]
pub struct Accelerated<C: Climb> {
    climb: C,
    method: Method,
    chart: Chart,
    patience: usize,
    evaluations: Cell<usize>,
    guesses: Cell<usize>,
    height: Cell<f64>,
    ahead: RefCell<Option<Judged<C::Model, C::Expectation>>>,
    course: RefCell<Course<C::Model>>,
}

/// A guess that was taken, and its E step.
type Judged<M, E> = (M, Expected<E>);

/// What is remembered of one run.
#[derive(Debug)]
struct Course<M> {
    /// Where it stands: any other θ is the start of another run.
    at: Option<M>,
    sweeps: usize,
    /// The longest step of [`Method::Squarem`] that is allowed.
    longest: f64,
    /// The sweeps that [`Method::Anderson`] mixes.
    run: Vec<(DVector<f64>, DVector<f64>)>,
}

impl<M> Default for Course<M> {
    fn default() -> Self {
        Course { at: None, sweeps: 0, longest: 1.0, run: Vec::new() }
    }
}

impl<'a> Accelerated<OnData<'a, GaussianMixture>> {
    /// These data, n×d, by this method; errors as in [`OnData::new`], [`Error::Domain`] for no memory.
    ///
    /// Source: X-17, X-18. Example: [`fit`].
    pub fn new(x: &'a DMatrix<f64>, method: Method, chart: Chart) -> Result<Self> {
        Accelerated::of(OnData::new(x)?, method, chart, 0)
    }
}

impl<C: Climb> Accelerated<C> {
    /// The same of anything that climbs; each run begins with `patience` plain sweeps.
    ///
    /// [`Error::Domain`] for no memory.
    ///
    /// Source: X-17, X-18.
    /// ```
    /// use executable_em::convergence::accelerate::{Accelerated, Chart, Method, fit};
    /// use executable_em::{bernoulli_mixture::start_near_mean, data, em::{OnData, Stopping}};
    /// use nalgebra::dmatrix;
    /// let heads = dmatrix![9.0; 8.0; 5.0; 4.0; 5.0];
    /// let climb = Accelerated::of(OnData::new(&heads)?, Method::Squarem, Chart::Unbounded, 2)?;
    /// let start = start_near_mean(&heads, 2, 10, &mut data::rng(1))?;
    /// fit(&climb, start, &Stopping::default())?;
    /// assert!(climb.guesses() > 0);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn of(climb: C, method: Method, chart: Chart, patience: usize) -> Result<Self> {
        if let Method::Anderson { memory } = method {
            check::positive("memory", memory as f64)?;
        }
        Ok(Accelerated {
            climb,
            method,
            chart,
            patience,
            evaluations: Cell::new(0),
            guesses: Cell::new(0),
            height: Cell::new(f64::NAN),
            ahead: RefCell::new(None),
            course: RefCell::new(Course::default()),
        })
    }

    /// How many E steps have been taken.
    pub fn evaluations(&self) -> usize {
        self.evaluations.get()
    }

    /// How many guesses were taken. Example: [`Self::of`].
    pub fn guesses(&self) -> usize {
        self.guesses.get()
    }
}

impl<C: Climb<Model: Charted>> Accelerated<C> {
    /// Whether ℓ is at least so high at a guess; then its E step is kept.
    fn is_taken(&self, guess: &C::Model, least: f64) -> bool {
        let Ok(expected) = self.expect(guess) else { return false };
        let taken = expected.log_likelihood >= least;
        *self.ahead.borrow_mut() = taken.then(|| (guess.clone(), expected));
        self.guesses.set(self.guesses.get() + usize::from(taken));
        taken
    }

    /// Two sweeps, a guess, and a sweep from there, which must be no lower than the first of the two. The longest
    /// step that is allowed grows while it is reached, and shrinks when a guess is refused.
    fn squarem(
        &self,
        model: &C::Model,
        expectation: &C::Expectation,
        course: &mut Course<C::Model>,
    ) -> Result<C::Model, C::Error> {
        let one = self.climb.maximize(model, expectation)?;
        let at_one = self.expect(&one)?;
        let two = self.climb.maximize(&one, &at_one.expectation)?;
        let guess = self.squared([model, &one, &two], course);
        let swept = guess.map_err(C::Error::from).and_then(|guess| {
            let expectation = self.expect(&guess)?.expectation;
            self.climb.maximize(&guess, &expectation)
        });
        if let Ok(swept) = swept
            && self.is_taken(&swept, at_one.log_likelihood)
        {
            return Ok(swept);
        }
        course.longest = (0.25 * course.longest).max(1.0);
        Ok(two)
    }

    fn squared(&self, models: [&C::Model; 3], course: &mut Course<C::Model>) -> Result<C::Model> {
        let [start, one, two] = models.map(|model| model.coordinates(self.chart));
        let (start, one, two) = (start?, one?, two?);
        let length = step_length(&start, &one, &two)?.min(course.longest);
        if length == course.longest {
            course.longest = 4.0 * length;
        }
        models[0].moved_to(&squared_step(&start, &one, &two, length)?, self.chart)
    }

    fn anderson(
        &self,
        model: &C::Model,
        expectation: &C::Expectation,
        memory: usize,
        course: &mut Course<C::Model>,
    ) -> Result<C::Model, C::Error> {
        let height = self.height.get();
        let swept = self.climb.maximize(model, expectation)?;
        let guess = self.mixed(model, &swept, memory, &mut course.run);
        if let Ok(guess) = guess
            && self.is_taken(&guess, height)
        {
            return Ok(guess);
        }
        course.run.clear();
        Ok(swept)
    }

    fn mixed(
        &self,
        model: &C::Model,
        swept: &C::Model,
        memory: usize,
        run: &mut Vec<(DVector<f64>, DVector<f64>)>,
    ) -> Result<C::Model> {
        run.push((model.coordinates(self.chart)?, swept.coordinates(self.chart)?));
        if run.len() > memory + 1 {
            run.remove(0);
        }
        model.moved_to(&mixed_step(run)?, self.chart)
    }
}

impl<C: Climb<Model: Charted>> Climb for Accelerated<C> {
    type Model = C::Model;
    type Expectation = C::Expectation;
    type Error = C::Error;

    fn expect(&self, model: &C::Model) -> Result<Expected<C::Expectation>, C::Error> {
        // What a guess was judged by need not be computed again.
        let ahead = self.ahead.borrow_mut().take().filter(|(at, _)| at == model);
        let expected = match ahead {
            Some((_, expected)) => expected,
            None => {
                self.evaluations.set(self.evaluations.get() + 1);
                self.climb.expect(model)?
            }
        };
        self.height.set(expected.log_likelihood);
        Ok(expected)
    }

    fn maximize(&self, model: &C::Model, expectation: &C::Expectation) -> Result<C::Model, C::Error> {
        let mut course = self.course.take();
        if course.at.as_ref() != Some(model) {
            course = Course::default();
        }
        let next = match self.method {
            _ if course.sweeps < self.patience => self.climb.maximize(model, expectation)?,
            Method::Squarem => self.squarem(model, expectation, &mut course)?,
            Method::Anderson { memory } => self.anderson(model, expectation, memory, &mut course)?,
        };
        course.sweeps += 1;
        course.at = Some(next.clone());
        self.course.replace(course);
        Ok(next)
    }

    fn moved(&self, before: (&C::Model, &C::Expectation), after: (&C::Model, &C::Expectation)) -> f64 {
        self.climb.moved(before, after)
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
pub fn fit<C: Climb<Model: Charted>>(
    climb: &Accelerated<C>,
    start: C::Model,
    stopping: &Stopping,
) -> Result<(Fit<C::Model>, usize), C::Error> {
    let before = climb.evaluations();
    let fit = em::from_one(climb, Ok(start), stopping)?;
    Ok((fit, climb.evaluations() - before))
}
