//! Questions of the page on the Gaussian mixture.

mod hand;
mod run;

use crate::picture::{Picture, width};
use crate::{DataSet, Result, after, matrix, rows};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start};
use executable_em::{Error, data};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Mixture};
use hand::{Drag, handles};
use nalgebra::{DMatrix, DVector, dmatrix};
use run::Run;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub struct Question {
    #[serde(default)]
    data: DataSet,
    /// Data that the reader has put among them.
    #[serde(default)]
    more: Vec<[f64; 2]>,
    #[serde(default)]
    family: Family,
    begin: Begin,
    half_steps: usize,
    /// Covariances about the means of the step before, as a lecture prints them.
    #[serde(default)]
    about_old_means: bool,
    /// What a hand moves in that state; it is then a beginning of its own.
    #[serde(default)]
    drag: Option<Drag>,
    width: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    #[default]
    Full,
    Tied,
    Diagonal,
    Spherical,
}

impl From<Family> for CovarianceFamily {
    fn from(family: Family) -> Self {
        match family {
            Family::Full => CovarianceFamily::Full,
            Family::Tied => CovarianceFamily::Tied,
            Family::Diagonal => CovarianceFamily::Diagonal,
            Family::Spherical => CovarianceFamily::Spherical,
        }
    }
}

/// Where EM begins.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Begin {
    Parameters(Parameters),
    /// Two means off the data's diagonal, as in the chapter.
    Across,
    Random {
        k: usize,
        seed: u64,
    },
    Clusters {
        k: usize,
        seed: u64,
    },
}

/// θ, a row a component; of a covariance the variances and the covariance, [σ₁², σ₁₂, σ₂²].
#[derive(Debug, Deserialize, Serialize)]
struct Parameters {
    weights: Vec<f64>,
    means: Vec<[f64; 2]>,
    covariances: Vec<[f64; 3]>,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    parameters: Parameters,
    /// For each component where its mean, its rightmost point and the point above its mean lie.
    handles: Vec<[[f64; 2]; 3]>,
    half_steps: usize,
    sweeps: usize,
    next: &'static str,
    at_rest: bool,
    broken: Option<String>,
    log_likelihood: f64,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let x = question.x()?;
    let family = CovarianceFamily::from(question.family);
    let mut begin = question.begin.model(&x, family)?;
    let mut run = Run::of(begin, &x, question.half_steps, question.about_old_means)?;
    if let Some(drag) = &question.drag {
        begin = drag.moved(&run.model)?;
        // The colours follow the hand: the E step of the moved parameters comes with them.
        run = Run::of(begin, &x, 1, question.about_old_means)?;
    }
    let sweeps = run.climb.len() - 1;
    let at_rest = run.at_rest(x.nrows());
    let log_likelihood = *run.climb.last().unwrap_or(&f64::NAN);
    let next = if run.half_steps.is_multiple_of(2) { "E" } else { "M" };
    let broken = run.broken.as_ref().map(|(_, error)| sentence(error));
    let words = match (&broken, run.half_steps) {
        (Some(reason), _) => format!("In sweep {} the M step breaks. {reason}", sweeps + 1),
        (None, 0) => format!("At the start: ℓ = {}.", number(log_likelihood, 6)),
        (None, 1) => format!("E step: responsibilities at the start. ℓ = {}.", number(log_likelihood, 6)),
        (None, _) => {
            let which =
                if next == "M" { "E step: responsibilities at these parameters" } else { "M step done" };
            let rest = if at_rest { " EM is at rest." } else { "" };
            format!("{}, {which}. ℓ = {}.{rest}", after(sweeps, "sweep"), number(log_likelihood, 6))
        }
    };
    let scene = state::mixture(
        &x,
        question.data.names(),
        &Mixture {
            model: &run.model,
            responsibilities: run.responsibilities.as_ref(),
            climb: &run.climb,
            broken: run.broken.as_ref().map(|(matrices, _)| matrices.as_slice()),
        },
        width(question.width),
    )?;
    Ok(Answer {
        parameters: Parameters::of(&run.model),
        handles: handles(&run.model),
        half_steps: run.half_steps,
        sweeps,
        next,
        at_rest: at_rest || broken.is_some(),
        broken,
        log_likelihood,
        words,
        picture: scene.into(),
    })
}

impl Question {
    fn x(&self) -> Result<DMatrix<f64>> {
        let x = self.data.x()?;
        let n = x.nrows();
        let mut all = x.resize_vertically(n + self.more.len(), 0.0);
        all.rows_mut(n, self.more.len()).copy_from(&matrix(&self.more));
        Ok(all)
    }
}

/// Why a matrix is no covariance, with components counted from 1 as on the page.
fn sentence(error: &Error) -> String {
    match error {
        Error::NotPositiveDefinite { component, smallest_eigenvalue } => format!(
            "What it makes in the place of the covariance of component {} has the eigenvalue {}: along one direction \
             the variance would be negative, and there is no density.",
            component + 1,
            number(*smallest_eigenvalue, 4)
        ),
        other => format!("{other}."),
    }
}

impl Begin {
    fn model(&self, x: &DMatrix<f64>, family: CovarianceFamily) -> executable_em::Result<GaussianMixture> {
        match self {
            Begin::Parameters(parameters) => parameters.model(family),
            Begin::Across => across(x, family),
            &Begin::Random { k, seed } => random_start(x, k, family, &mut data::rng(seed)),
            &Begin::Clusters { k, seed } => kmeans_start(x, k, family, &mut data::rng(seed)),
        }
    }
}

/// Both means off the data's diagonal, one on each side; covariances of the variances of all data.
fn across(x: &DMatrix<f64>, family: CovarianceFamily) -> executable_em::Result<GaussianMixture> {
    let (centre, variance) = (x.row_mean(), x.row_variance());
    let means = DMatrix::from_fn(2, 2, |j, a| {
        let side = if (j == 0) == (a == 0) { -1.0 } else { 1.0 };
        centre[a] + side * [1.5, 1.0][a] * variance[a].sqrt()
    });
    let weights = DVector::from_element(2, 0.5);
    let covariances = family.constrain(vec![DMatrix::from_diagonal(&variance.transpose()); 2], &weights)?;
    GaussianMixture::new(weights, means, covariances, family)
}

impl Parameters {
    fn of(model: &GaussianMixture) -> Self {
        let triangle = |full: &DMatrix<f64>| [full[(0, 0)], full[(1, 0)], full[(1, 1)]];
        Parameters {
            weights: model.weights().iter().copied().collect(),
            means: rows(model.means()),
            covariances: model.covariances().iter().map(triangle).collect(),
        }
    }

    fn model(&self, family: CovarianceFamily) -> executable_em::Result<GaussianMixture> {
        let weights = DVector::from_column_slice(&self.weights);
        let full = self.covariances.iter().map(|&[a, b, c]| dmatrix![a, b; b, c]).collect();
        let covariances = family.constrain(full, &weights)?;
        GaussianMixture::new(weights, matrix(&self.means), covariances, family)
    }
}
