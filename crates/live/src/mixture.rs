//! Questions of the page on the Gaussian mixture.

use crate::picture::{Picture, width};
use crate::{DataSet, Result, matrix, rows};
use executable_em::em::{Stopping, Tolerance};
use executable_em::errata::lecture_c;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start};
use executable_em::latent::Model;
use executable_em::{Error, data};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Mixture};
use nalgebra::{DMatrix, DVector, dmatrix};
use serde::{Deserialize, Serialize};

/// More half steps are not drawn one by one.
const MOST_HALF_STEPS: usize = 4000;

#[derive(Debug, Deserialize)]
pub struct Question {
    #[serde(default)]
    data: DataSet,
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

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
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

#[derive(Debug, Deserialize)]
struct Drag {
    component: usize,
    handle: Handle,
    to: [f64; 2],
}

/// What a hand can take: the mean, or one of the two points at one standard deviation that the Cholesky factor names.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Handle {
    Mean,
    /// The rightmost point of the ellipse.
    Right,
    /// The point straight above the mean.
    Above,
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

/// A run of EM, half step by half step.
struct Run {
    model: GaussianMixture,
    responsibilities: Option<DMatrix<f64>>,
    climb: Vec<f64>,
    half_steps: usize,
    /// What came out in the place of covariances, and why that is none.
    broken: Option<(Vec<DMatrix<f64>>, Error)>,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let x = question.data.x()?;
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
        (Some(reason), _) => format!("After {sweeps} sweeps the M step breaks. {reason}"),
        (None, 0) => format!("At the start: ℓ = {}.", number(log_likelihood, 6)),
        (None, _) => {
            let which =
                if next == "M" { "E step: responsibilities at these parameters" } else { "M step done" };
            let rest = if at_rest { " EM is at rest." } else { "" };
            let plural = if sweeps == 1 { "sweep" } else { "sweeps" };
            format!("After {sweeps} {plural}, {which}. ℓ = {}.{rest}", number(log_likelihood, 6))
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

/// Why a matrix is no covariance, with components counted from 1 as on the page.
fn sentence(error: &Error) -> String {
    match error {
        Error::NotPositiveDefinite { component, smallest_eigenvalue } => format!(
            "What it puts in the place of the covariance of component {} has the eigenvalue {}: along one direction \
             the variance would be negative. Its level curves are hyperbolas, and there is no density.",
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

impl Drag {
    /// The model with one of its handles elsewhere; a covariance then leads the others of its family.
    fn moved(&self, model: &GaussianMixture) -> executable_em::Result<GaussianMixture> {
        let Drag { component, handle, to } = *self;
        if component >= model.k() {
            let (value, allowed) = (component as f64, "below the number of components");
            return Err(Error::Domain { what: "component", value, allowed });
        }
        let mean = model.means().row(component);
        let arm = [to[0] - mean[0], to[1] - mean[1]];
        if let Handle::Mean = handle {
            let mut means = model.means().clone();
            means.row_mut(component).copy_from_slice(&to);
            return model.with_means(means);
        }
        // Σ = L Lᵀ: the first column of L leads to the rightmost point, the second straight up.
        let mut factor = model.factors()[component].l();
        match handle {
            Handle::Right => factor.column_mut(0).copy_from_slice(&arm),
            _ => factor[(1, 1)] = arm[1],
        }
        let covariance = &factor * factor.transpose();
        let mut covariances = model.covariances().to_vec();
        match model.family() {
            CovarianceFamily::Tied => covariances.fill(covariance),
            CovarianceFamily::Spherical => {
                let lead = if let Handle::Right = handle { covariance[(0, 0)] } else { covariance[(1, 1)] };
                covariances[component] = DMatrix::from_diagonal_element(2, 2, lead);
            }
            _ => covariances[component] = covariance,
        }
        let covariances = match model.family() {
            // All are the same, to the last digit.
            CovarianceFamily::Tied => covariances,
            family => family.constrain(covariances, model.weights())?,
        };
        model.with_covariances(covariances, model.family())
    }
}

fn handles(model: &GaussianMixture) -> Vec<[[f64; 2]; 3]> {
    let of = |(mean, factor): ([f64; 2], &executable_em::gaussian::Factor)| {
        let l = factor.l();
        let right = [mean[0] + l[(0, 0)], mean[1] + l[(1, 0)]];
        [mean, right, [mean[0], mean[1] + l[(1, 1)]]]
    };
    rows(model.means()).into_iter().zip(model.factors()).map(of).collect()
}

impl Run {
    fn of(
        begin: GaussianMixture,
        x: &DMatrix<f64>,
        half_steps: usize,
        about_old_means: bool,
    ) -> executable_em::Result<Run> {
        let climb = vec![begin.log_likelihood(x)?];
        let mut run = Run { model: begin, responsibilities: None, climb, half_steps: 0, broken: None };
        while run.half_steps < half_steps.min(MOST_HALF_STEPS)
            && run.broken.is_none()
            && !run.at_rest(x.nrows())
        {
            match (run.half_steps.is_multiple_of(2), run.responsibilities.as_ref()) {
                (false, Some(r)) => match m_step(&run.model, x, r, about_old_means)? {
                    Ok(model) => {
                        run.climb.push(model.log_likelihood(x)?);
                        run.model = model;
                    }
                    Err((model, broken)) => (run.model, run.broken) = (model, Some(broken)),
                },
                _ => run.responsibilities = Some(run.model.responsibilities(x)?),
            }
            run.half_steps += 1;
        }
        Ok(run)
    }

    /// Whether the last sweep raised ℓ by no more than the library's own tolerance.
    fn at_rest(&self, n: usize) -> bool {
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
