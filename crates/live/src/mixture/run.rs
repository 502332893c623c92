//! EM half step by half step, with the right formula or the printed one.

use executable_em::Error;
use executable_em::em::{Stopping, Tolerance};
use executable_em::errata::lecture_c;
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::Model;
use nalgebra::DMatrix;
use std::sync::{Mutex, PoisonError};

/// More half steps are not drawn one by one.
const MOST_HALF_STEPS: usize = 4000;

/// A run of EM, half step by half step.
#[derive(Clone)]
pub struct Run {
    /// The parameters.
    pub model: GaussianMixture,
    /// Those of the last E step, n×k; none before the first.
    pub responsibilities: Option<DMatrix<f64>>,
    /// ℓ at the start and after each sweep.
    pub climb: Vec<f64>,
    /// How many were taken.
    pub half_steps: usize,
    /// What came out in the place of covariances, and why that is none.
    pub broken: Option<(Vec<DMatrix<f64>>, Error)>,
}

/// What a run follows from.
#[derive(PartialEq)]
struct Beginning {
    model: GaussianMixture,
    x: DMatrix<f64>,
    about_old_means: bool,
}

impl Run {
    /// The run from `begin`, so many half steps on. It goes on from the last one that was asked for, if that is its
    /// beginning: a page asks half step by half step.
    pub fn of(
        begin: GaussianMixture,
        x: &DMatrix<f64>,
        half_steps: usize,
        about_old_means: bool,
    ) -> executable_em::Result<Run> {
        static LAST: Mutex<Option<(Beginning, Run)>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        let beginning = Beginning { model: begin, x: x.clone(), about_old_means };
        let mut run = match last.take() {
            Some((same, run)) if run.half_steps <= half_steps && same == beginning => run,
            _ => Run {
                climb: vec![beginning.model.log_likelihood(x)?],
                model: beginning.model.clone(),
                responsibilities: None,
                half_steps: 0,
                broken: None,
            },
        };
        run.go_on(x, half_steps, about_old_means)?;
        *last = Some((beginning, run.clone()));
        Ok(run)
    }

    fn go_on(
        &mut self,
        x: &DMatrix<f64>,
        half_steps: usize,
        about_old_means: bool,
    ) -> executable_em::Result<()> {
        while self.half_steps < half_steps.min(MOST_HALF_STEPS)
            && self.broken.is_none()
            && !self.at_rest(x.nrows())
        {
            match (self.half_steps.is_multiple_of(2), self.responsibilities.as_ref()) {
                (false, Some(r)) => match m_step(&self.model, x, r, about_old_means)? {
                    Ok(model) => {
                        self.climb.push(model.log_likelihood(x)?);
                        self.model = model;
                    }
                    Err((model, broken)) => (self.model, self.broken) = (model, Some(broken)),
                },
                _ => self.responsibilities = Some(self.model.responsibilities(x)?),
            }
            self.half_steps += 1;
        }
        Ok(())
    }

    /// Whether the last sweep raised ℓ by no more than the library's own tolerance.
    pub fn at_rest(&self, n: usize) -> bool {
        let Tolerance::LogLikelihood(least) = Stopping::default().tolerance else { return false };
        match self.climb[..] {
            [.., before, after] if self.half_steps.is_multiple_of(2) => {
                (after - before).abs() <= least * n as f64
            }
            _ => false,
        }
    }
}

/// A mixture; or one with the covariances of before, what was made in their place, and why that is none.
type Made = std::result::Result<GaussianMixture, (GaussianMixture, (Vec<DMatrix<f64>>, Error))>;

/// The M step, the right one or the printed one; of a printed one that breaks, what it made.
fn m_step(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    about_old_means: bool,
) -> executable_em::Result<Made> {
    let new = model.maximize(x, r)?;
    if !about_old_means {
        return Ok(Ok(new));
    }
    let printed =
        model.family().constrain(lecture_c::covariances_about_the_old_means(model, x)?, new.weights())?;
    Ok(match new.with_covariances(printed.clone(), model.family()) {
        Ok(model) => Ok(model),
        Err(error) => {
            Err((new.with_covariances(model.stored_covariances(), model.family())?, (printed, error)))
        }
    })
}
