//! The E step as a question to whoever holds the data, and its answer as numbers that add up.
//!
//! What the M step needs is a sum over the data, so the data may be anywhere: θ travels to them, sums come back.

use super::bernoulli_mixture::BernoulliStatistics;
use super::json::{self, Saved, SavedMixture};
use super::kmeans::{KMeans, KMeansStatistics};
use super::student::StudentStatistics;
use super::{Engine, Fused, Mixture, Result, Source, gaussian_mixture};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::em::Expected;
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::scale::Moments;
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::iter;

/// What an E step asks of data that are elsewhere: the sums at these parameters.
///
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::data;
/// use executable_em_engine::{Data, Engine, Mixture, Question};
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let question = Question::Mixture { model: Mixture::Gaussian(model), about: None };
/// assert_eq!(Question::from_json(&question.to_json())?, question);
/// let sums = question.sums(&Engine::new(1)?, &Data::new(&x)?)?;
/// assert_eq!((sums.total, sums.expectation.len()), (272.0, 2 + 4 + 8));
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// The statistics of a mixture; those of Gaussians perhaps about other points than the means.
    Mixture {
        /// θ.
        model: Mixture,
        /// The points, k·d numbers, one after the other.
        about: Option<Vec<f64>>,
    },
    /// The statistics of k-means.
    Clusters(KMeans),
}

/// Whoever holds data, and sums over them there.
pub trait Elsewhere {
    /// ℓ and the total weight, and the numbers of [`Question::sums`], over all data.
    ///
    /// # Errors
    /// Those of whatever is asked, and those of getting there.
    fn answer(&self, question: &Question) -> Result<Expected<Vec<f64>>>;
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    means: Option<Vec<Vec<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<Vec<f64>>,
}

impl Question {
    /// As a document, all digits kept.
    pub fn to_json(&self) -> String {
        let document = match self {
            Question::Mixture { model, about } => {
                let columns = (1..=model.d()).map(|a| format!("x{a}")).collect();
                let saved = SavedMixture::unfitted(model.clone(), columns).to_json();
                let model = RawValue::from_string(saved).expect("a document of ours");
                Document { model: Some(model), means: None, about: about.clone() }
            }
            Question::Clusters(clusters) => {
                let (means, about) = (json::rows(clusters.means()), in_a_row(clusters.references()));
                Document { model: None, means: Some(means), about: Some(about) }
            }
        };
        serde_json::to_string(&document).expect("numbers and texts")
    }

    /// Reads what [`to_json`](Question::to_json) wrote, or a fitted model as a file holds it.
    ///
    /// # Errors
    /// Those of [`Saved::from_json`].
    pub fn from_json(text: &str) -> Result<Self> {
        let Ok(document) = serde_json::from_str::<Document>(text) else {
            return match Saved::from_json(text)? {
                Saved::Mixture(saved) => Ok(Question::Mixture { model: saved.model, about: None }),
                Saved::Clusters(saved) => Ok(Question::Clusters(KMeans::new(saved.means)?)),
            };
        };
        match document {
            Document { model: Some(model), means: None, about } => {
                let model = SavedMixture::from_json(model.get())?.model;
                let len = model.k() * model.d();
                about.iter().try_for_each(|about| json::check_length("about", about.len(), len))?;
                Ok(Question::Mixture { model, about })
            }
            Document { model: None, means: Some(means), about: Some(about) } => {
                let (k, d) = (means.len(), means.first().map_or(0, Vec::len));
                let means = json::matrix("means", means, k, d)?;
                json::check_length("about", about.len(), k * d)?;
                Ok(Question::Clusters(KMeans::about(means, DMatrix::from_row_slice(k, d, &about))?))
            }
            _ => {
                Err(json::wrong("", "a question has a model, or means and the points they are about").into())
            }
        }
    }

    /// The number of columns d that it asks about.
    pub fn d(&self) -> usize {
        match self {
            Question::Mixture { model, .. } => model.d(),
            Question::Clusters(clusters) => clusters.means().ncols(),
        }
    }

    /// The answer of some data, in a row of numbers; those of several add up, number by number.
    ///
    /// # Errors
    /// Those of [`Engine::statistics`].
    pub fn sums(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<Vec<f64>>> {
        Ok(match self {
            Question::Mixture { model: Mixture::Gaussian(model), about } => {
                flat(gaussian_mixture::statistics(model, about.as_deref(), engine, source)?)
            }
            Question::Mixture { model: Mixture::Bernoulli(model), .. } => flat(model.e_step(engine, source)?),
            Question::Mixture { model: Mixture::Student(model), .. } => flat(model.e_step(engine, source)?),
            Question::Clusters(clusters) => flat(clusters.e_step(engine, source)?),
        })
    }
}

/// Points, one after the other.
fn in_a_row(points: &DMatrix<f64>) -> Vec<f64> {
    points.transpose().as_slice().to_vec()
}

/// Statistics as a row of numbers, and back.
pub(super) trait Flat: Sized {
    /// What says how they are to be read.
    type Frame<'a>;

    fn into_numbers(self) -> Vec<f64>;

    /// None if there are too few, or too many.
    fn of_numbers(frame: Self::Frame<'_>, total: f64, numbers: &mut Numbers<'_>) -> Option<Self>;
}

fn flat<S: Flat>(expected: Expected<S>) -> Expected<Vec<f64>> {
    let Expected { log_likelihood, total, expectation } = expected;
    Expected { log_likelihood, total, expectation: expectation.into_numbers() }
}

/// The statistics that an answer holds.
pub(super) fn read<S: Flat>(frame: S::Frame<'_>, answer: &Expected<Vec<f64>>) -> Result<Expected<S>> {
    let mut numbers = Numbers(&answer.expectation);
    let read = S::of_numbers(frame, answer.total, &mut numbers).filter(|_| numbers.0.is_empty());
    let (log_likelihood, total, found) = (answer.log_likelihood, answer.total, answer.expectation.len());
    match read {
        Some(expectation) => Ok(Expected { log_likelihood, total, expectation }),
        None => Err(json::wrong("answer", format!("{found} numbers, not those of the question")).into()),
    }
}

/// Numbers that are still to be read.
pub(super) struct Numbers<'a>(&'a [f64]);

impl Numbers<'_> {
    fn next(&mut self, len: usize) -> Option<&[f64]> {
        let (these, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(these)
    }

    fn vector(&mut self, len: usize) -> Option<DVector<f64>> {
        Some(DVector::from_column_slice(self.next(len)?))
    }

    fn matrix(&mut self, rows: usize, columns: usize) -> Option<DMatrix<f64>> {
        Some(DMatrix::from_column_slice(rows, columns, self.next(rows * columns)?))
    }
}

impl Flat for Moments {
    /// The points, and whether only diagonals are summed.
    type Frame<'a> = (DMatrix<f64>, bool);

    fn into_numbers(self) -> Vec<f64> {
        let second = self.second.iter().flat_map(|one| one.iter());
        self.counts.iter().chain(self.first.iter()).chain(second).copied().collect()
    }

    fn of_numbers(
        (references, are_diagonal): (DMatrix<f64>, bool),
        total: f64,
        numbers: &mut Numbers<'_>,
    ) -> Option<Self> {
        let (k, d) = references.shape();
        let (counts, first) = (numbers.vector(k)?, numbers.matrix(k, d)?);
        let second = iter::repeat_with(|| numbers.matrix(d, if are_diagonal { 1 } else { d })).take(k);
        let second = second.collect::<Option<_>>()?;
        Some(Moments { references, total, counts, first, second })
    }
}

impl Flat for BernoulliStatistics {
    type Frame<'a> = &'a BernoulliMixture;

    fn into_numbers(self) -> Vec<f64> {
        self.counts.iter().chain(self.heads.iter()).chain(self.tails.iter()).copied().collect()
    }

    fn of_numbers(coins: &BernoulliMixture, total: f64, numbers: &mut Numbers<'_>) -> Option<Self> {
        let (k, d) = (coins.k(), coins.d());
        let (counts, heads, tails) = (numbers.vector(k)?, numbers.matrix(k, d)?, numbers.matrix(k, d)?);
        Some(BernoulliStatistics { total, counts, heads, tails })
    }
}

impl Flat for StudentStatistics {
    /// The shape.
    type Frame<'a> = &'a GaussianMixture;

    fn into_numbers(self) -> Vec<f64> {
        let StudentStatistics { counts, scaled, excesses, label_entropy } = self;
        let total = scaled.total;
        let scaled = scaled.into_numbers();
        let others = counts.iter().chain(excesses.iter()).chain([&label_entropy, &total]);
        others.copied().chain(scaled).collect()
    }

    fn of_numbers(shape: &GaussianMixture, _: f64, numbers: &mut Numbers<'_>) -> Option<Self> {
        let (counts, excesses) = (numbers.vector(shape.k())?, numbers.vector(shape.k())?);
        let &[label_entropy, total] = numbers.next(2)? else { return None };
        let scaled = Moments::of_numbers((shape.means().clone(), false), total, numbers)?;
        Some(StudentStatistics { counts, scaled, excesses, label_entropy })
    }
}

impl Flat for KMeansStatistics {
    type Frame<'a> = &'a KMeans;

    fn into_numbers(self) -> Vec<f64> {
        iter::once(self.rows as f64).chain(self.counts.iter().chain(self.first.iter()).copied()).collect()
    }

    fn of_numbers(clusters: &KMeans, _: f64, numbers: &mut Numbers<'_>) -> Option<Self> {
        let references = clusters.references();
        let (k, d) = references.shape();
        let &[rows] = numbers.next(1)? else { return None };
        let (counts, first) = (numbers.vector(k)?, numbers.matrix(k, d)?);
        Some(KMeansStatistics { rows: rows as usize, counts, references: references.clone(), first })
    }
}
