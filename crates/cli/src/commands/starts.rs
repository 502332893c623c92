//! Where a fit begins.

use super::search::RUNS;
use clap::ValueEnum;
use executable_em::bernoulli_mixture::{BernoulliMixture, random_start as random_coins, start_near_mean};
use executable_em::data::Rng;
use executable_em::gaussian_mixture::{
    CovarianceFamily, FlooredMixture, GaussianMixture, kmeans_start, narrow_start, projected_kmeans_start,
    random_start, scaled_kmeans_start, whitened_kmeans_start,
};
use executable_em::incomplete::student::StudentMixture;
use executable_em::{Error, gaussian, kmeans};
use nalgebra::{DMatrix, DVector};

/// How a run of Gaussians begins.
#[derive(Clone, Copy, ValueEnum)]
pub enum Start {
    /// In turn: scaled, whitened, random, narrow, projected; none of them depends on the units
    Mixed,
    /// At a k-means clustering of the columns in units of their standard deviations
    Scaled,
    /// At a k-means clustering of the whitened data
    Whitened,
    /// At a k-means clustering of the data as they are
    Kmeans,
    /// At random data, every component as wide as all of them
    Random,
    /// At random data, every component narrow
    Narrow,
    /// At a k-means clustering of the data seen from a random side
    Projected,
}

impl Start {
    /// The kind of a restart, counted from 0.
    pub fn of(self, restart: usize) -> Start {
        use Start::*;
        match self {
            Mixed => [Scaled, Whitened, Random, Narrow, Projected, Narrow][restart % 6],
            one => one,
        }
    }

    /// What a report calls it.
    pub fn name(self) -> &'static str {
        match self {
            Start::Mixed => "mixed",
            Start::Scaled => "scaled k-means",
            Start::Whitened => "whitened k-means",
            Start::Kmeans => "k-means",
            Start::Random => "random",
            Start::Narrow => "narrow",
            Start::Projected => "projected k-means",
        }
    }
}

/// At data, n×d.
pub fn begin(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    start: Start,
    rng: &mut Rng,
) -> Result<GaussianMixture, Error> {
    match start {
        Start::Mixed | Start::Scaled => scaled_kmeans_start(x, k, family, rng),
        Start::Whitened => whitened_kmeans_start(x, k, family, rng),
        Start::Kmeans => kmeans_start(x, k, family, rng),
        Start::Random => random_start(x, k, family, rng),
        Start::Narrow => narrow_start(x, k, family, rng),
        Start::Projected => projected_kmeans_start(x, k, family, rng),
    }
}

/// Degrees of freedom to begin at: tails that are seen, but no Cauchy's.
const DEGREES: f64 = 8.0;

/// At Gaussians for the shape.
pub fn begin_student(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    start: Start,
    rng: &mut Rng,
) -> Result<StudentMixture, Error> {
    StudentMixture::new(begin(x, k, family, start, rng)?, DVector::from_element(k, DEGREES))
}

/// Near the mean and, once the first runs are over, anywhere.
pub fn begin_coins(
    x: &DMatrix<f64>,
    k: usize,
    flips: usize,
    at: usize,
    rng: &mut Rng,
) -> Result<BernoulliMixture, Error> {
    if at >= RUNS { random_coins(x, k, flips, rng) } else { start_near_mean(x, k, flips, rng) }
}

/// Means that k-means++ draws, equal weights, and the covariance of all data, raised to the floor.
pub fn begin_broad(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    floor: f64,
    rng: &mut Rng,
) -> Result<FlooredMixture, Error> {
    let ones = DVector::from_element(x.nrows(), 1.0);
    let mean = gaussian::weighted_mean(x, &ones)?;
    let covariance = if family.is_along_axes() {
        let variance = |a: usize| {
            let (column, mean) = (x.columns(a, 1).into_owned(), mean.columns(a, 1).into_owned());
            Ok(gaussian::weighted_covariance(&column, &ones, &mean)?[0])
        };
        let variances: Vec<f64> = (0..mean.len()).map(variance).collect::<Result<_, Error>>()?;
        DMatrix::from_vec(mean.len(), 1, variances)
    } else {
        gaussian::weighted_covariance(x, &ones, &mean)?
    };
    let weights = DVector::from_element(k, 1.0 / k as f64);
    let covariances = family.constrain(vec![covariance; k], &weights)?;
    let means = kmeans::plus_plus_start(x, k, rng)?;
    FlooredMixture::from_parts((weights, means, covariances), family, floor)
}

/// So many rows at most, from everywhere in the table.
pub fn thinned(x: &DMatrix<f64>, most: usize) -> DMatrix<f64> {
    match x.nrows() {
        many if many > most => x.select_rows(&(0..most).map(|i| i * many / most).collect::<Vec<_>>()),
        _ => x.clone(),
    }
}
