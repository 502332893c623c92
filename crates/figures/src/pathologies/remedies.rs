//! A run that ends on a datum, and what holds it: drawn for a reader who chooses start and remedy.

use super::{doomed, hills, pair};
use crate::plot::{self, Marker, Panel, Point, number, whole_ticks};
use executable_em::em::{self, Iterate, Stopping, Tolerance};
use executable_em::gaussian_mixture::{FlooredMixture, GaussianMixture};
use executable_em::pathologies::singularity::collapse;
use executable_em::pathologies::{MapMixture, Prior};
use executable_em::{Error, Result};
use nalgebra::dmatrix;

/// What keeps a variance from zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Remedy {
    /// Nothing.
    None,
    /// No variance may fall below this.
    Floor(f64),
    /// An inverse Wishart prior on every variance, with four degrees of freedom and this scale.
    Prior(f64),
}

/// Where a run on the data 0, 3, 4, 5, 6 begins: two components of variance 1 with equal weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doomed {
    /// Their means.
    pub means: [f64; 2],
    /// What may hold them.
    pub remedy: Remedy,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The start, and the mixture after each sweep that has a likelihood.
    pub models: Vec<GaussianMixture>,
    /// ℓ of each of them or, with a prior, the log posterior but for its constant, in nats.
    pub heights: Vec<f64>,
    /// Why the next sweep has no answer.
    pub error: Option<Error>,
}

impl Doomed {
    /// The run of so many sweeps.
    ///
    /// # Errors
    /// A floor above the start's variance of 1 or not positive, a scale that is not; means that are no numbers.
    ///
    /// ```
    /// use executable_em_figures::state::{Doomed, Remedy};
    /// let run = |remedy| Doomed { means: [0.0, 5.0], remedy }.run(10);
    /// assert!(run(Remedy::None)?.error.is_some() && run(Remedy::Floor(0.01))?.error.is_none());
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn run(&self, sweeps: usize) -> Result<Course> {
        let (x, _) = doomed()?;
        let start = pair(self.means, [1.0, 1.0])?;
        let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: sweeps };
        let course = |models: Vec<GaussianMixture>, heights, error| Course { models, heights, error };
        Ok(match self.remedy {
            Remedy::None => {
                let run = collapse(start, &x, sweeps)?;
                let (models, heights) = run
                    .iterates
                    .into_iter()
                    .map(|Iterate { model, log_likelihood }| (model, log_likelihood))
                    .unzip();
                course(models, heights, run.error)
            }
            Remedy::Floor(floor) => {
                let run = em::trace(FlooredMixture::new(start, floor)?, &x, &stopping)?;
                let models = run.iterates.iter().map(|iterate| iterate.model.mixture().clone()).collect();
                course(models, run.log_likelihoods(), None)
            }
            Remedy::Prior(scale) => {
                let prior = Prior::new(1.0, 4.0, dmatrix![scale])?;
                let mut run = vec![MapMixture::new(start, prior)?];
                // By hand, as ℓ may fall.
                for sweep in 0..sweeps {
                    run.push(em::sweep(&run[sweep], &x)?);
                }
                let heights = run.iter().map(|model| model.log_posterior(&x)).collect::<Result<_>>()?;
                course(run.iter().map(|model| model.mixture().clone()).collect(), heights, None)
            }
        })
    }
}

/// The densities of both components over the data, and how high the run has come.
pub(crate) fn state(of: &Doomed, course: &Course) -> Result<[Panel; 2]> {
    let (x, _) = doomed()?;
    let sweeps = course.models.len() - 1;
    let what = if matches!(of.remedy, Remedy::Prior(_)) { "log posterior" } else { "*ℓ*" };
    let mut density = Panel::new([-1.6, 7.6], [0.0, 1.0]);
    density.title(&if sweeps == 0 { "the start".to_owned() } else { format!("after {sweeps}") });
    density.note(&format!("{what} = {}", number(course.heights[sweeps], 2)));
    density.x_label("*x*").x_ticks(&[0.0, 3.0, 4.0, 5.0, 6.0]).y_ticks(&[0.0, 0.5, 1.0]);
    hills(&mut density, &course.models[sweeps], &x)?;
    for (j, &mean) in of.means.iter().enumerate() {
        density.mark([mean, 0.0], Marker::Cross, 12.0, plot::component(j));
    }

    let low = course.heights.iter().copied().fold(-12.0, f64::min);
    let high = course.heights.iter().copied().fold(-6.0, f64::max);
    let room = 0.06 * (high - low);
    let mut climb = Panel::new([0.0, sweeps.max(10) as f64], [low - room, high + room]);
    climb.title(&format!("{what}, nats")).x_label("sweep").x_ticks(&whole_ticks(sweeps.max(10)));
    let path: Vec<Point> = course.heights.iter().enumerate().map(|(t, &height)| [t as f64, height]).collect();
    climb.line(&path, plot::FAINT, 1.4).dots(&path, &[plot::INK], 2.6, 1.0);
    Ok([density, climb])
}
