//! Six components of a mean-field mixture, from means and for a prior that a reader chooses: which of them survive.

use super::{deaths, geyser, in_its_components, unit_prior};
use crate::plot::{self, Marker, Panel};
use executable_em::em::{self, Seen, Stopping, Tolerance};
use executable_em::variational::mixture::OnBound;
use executable_em::variational::{VariationalMixture, Weights};
use executable_em::{Result, kmeans};
use nalgebra::DMatrix;
use std::ops::ControlFlow;

/// Where a run on the geyser, in standard units, begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Crowd {
    /// Each datum belongs at first to the nearest of these, k×2.
    pub means: DMatrix<f64>,
    /// α of the Dirichlet prior on the weights.
    pub concentration: f64,
}

/// A run, sweep by sweep.
#[derive(Clone, Debug)]
pub struct Survival {
    /// The start, and the mixture after each sweep.
    pub run: Vec<VariationalMixture>,
    /// The bound at each of them, in nats.
    pub bounds: Vec<f64>,
    /// Whether the bound has come to rest.
    pub rests: bool,
    x: DMatrix<f64>,
    means: DMatrix<f64>,
}

impl Crowd {
    /// Six data for means, as in `variational/dying`.
    ///
    /// # Errors
    /// None, since the data are fixed.
    pub fn usual() -> Result<Self> {
        Ok(Crowd { means: geyser()?.rows(0, 6).into_owned(), concentration: 0.001 })
    }

    /// The run of so many sweeps at most.
    ///
    /// # Errors
    /// A concentration that is not positive, means that are no numbers or too far from all data.
    ///
    /// ```
    /// use executable_em_figures::state::Crowd;
    /// let survival = Crowd::usual()?.run(100)?;
    /// assert!(survival.rests && survival.run[survival.run.len() - 1].survivors().len() == 2);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn run(&self, sweeps: usize) -> Result<Survival> {
        let x = geyser()?;
        let r = kmeans::responsibilities(&x, &self.means)?;
        let start =
            VariationalMixture::learned(Weights::Dirichlet(self.concentration), unit_prior()?, &x, &r);
        let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-9), max_sweeps: sweeps };
        let (mut run, mut bounds) = (Vec::new(), Vec::new());
        let fit = em::best_of(&OnBound::new(&x)?, [start], &stopping, |seen| {
            if let Seen::Sweep { model, expected, .. } = seen {
                run.push(VariationalMixture::clone(model));
                bounds.push(expected.log_likelihood);
            }
            ControlFlow::Continue(())
        })?;
        Ok(Survival {
            run,
            bounds,
            rests: fit.stopped == em::Stopped::Converged,
            x,
            means: self.means.clone(),
        })
    }
}

/// The components that are alive over the data, and how many data each has had.
pub(crate) fn state(of: &Survival) -> Result<[Panel; 2]> {
    let last = of.run.len() - 1;
    let title = if last == 0 { "the start".to_owned() } else { format!("after {last}") };
    let mut components = in_its_components(&title, &of.run[last], &of.x)?;
    if last == 0 {
        for (j, mean) in of.means.row_iter().enumerate() {
            components.mark([mean[0], mean[1]], Marker::Cross, 12.0, plot::component(j));
        }
    }
    Ok([components, deaths(&of.run, last.max(20))])
}
