//! The step of a mixture of t, by the derivation's own formulas, block by block.
//!
//! Not fused: it stores the n×k matrices of a block and works on one thread. Its sums add up over blocks all the
//! same, so that data are streamed, and weighted, as for any other model.

use super::{Data, Engine, Fused, Mixture, Question, Result, Source, question};
use executable_em::bound;
use executable_em::em::{self, Expected};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::incomplete::student::{StudentMixture, degrees_of};
use executable_em::latent::{self, Model};
use executable_em::scale::{Moments, SufficientStatistics};
use nalgebra::{DMatrix, DVector};

/// So many rows at a time.
const ROWS: usize = 4096;

/// What the M step of a mixture of t needs to know of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct StudentStatistics {
    /// R: the sums of the responsibilities, k numbers.
    pub counts: DVector<f64>,
    /// The moments under responsibilities times scales, r u, about the centres.
    pub scaled: Moments,
    /// Σ r (u − E log u), k numbers: see [`StudentMixture::excesses`].
    pub excesses: DVector<f64>,
    /// The entropy of the responsibilities, in nats.
    pub label_entropy: f64,
}

impl Fused for StudentMixture {
    type Statistics = StudentStatistics;

    fn e_step(&self, _: &Engine, source: &dyn Source) -> Result<Expected<StudentStatistics>> {
        if let Some(elsewhere) = source.elsewhere() {
            let question = Question::Mixture { model: Mixture::Student(self.clone()), about: None };
            return question::read(self.shape(), &elsewhere.answer(&question)?);
        }
        let mut sum: Option<Expected<StudentStatistics>> = None;
        let mut rows = 0;
        source.read(&mut |data| {
            data.check_whole().map_err(|error| error.later_by(rows))?;
            for first in (0..data.x.nrows()).step_by(ROWS) {
                let of_part = part(self, data, first).map_err(|error| error.later_by(rows + first))?;
                match &mut sum {
                    None => sum = Some(of_part),
                    Some(sum) => add(sum, &of_part)?,
                }
            }
            rows += data.x.nrows();
            Ok(())
        })?;
        Ok(sum.ok_or(executable_em::Error::Empty { what: "data" })?)
    }

    fn m_step(&self, statistics: &StudentStatistics, _: &Engine, _: &dyn Source) -> Result<StudentMixture> {
        let StudentStatistics { counts, scaled, excesses, .. } = statistics;
        let (shape, total) = (self.shape(), counts.sum());
        let (mut means, mut scales) = (shape.means().clone(), shape.covariances().to_vec());
        for j in (0..shape.k()).filter(|&j| counts[j] > 0.0) {
            let shift = scaled.first.row(j) / scaled.counts[j];
            means.set_row(j, &(means.row(j) + &shift));
            // Divided by R, not by Σ r u: it is the scale of a t, not an average of squares.
            scales[j] = (&scaled.second[j] - shift.transpose() * &shift * scaled.counts[j]) / counts[j];
        }
        let weights = counts / total;
        let scales = shape.family().constrain(scales, &weights)?;
        let degrees = |j: usize, _| match counts[j] > 0.0 {
            true => degrees_of(excesses[j] / counts[j]),
            false => self.degrees()[j],
        };
        let degrees = DVector::from_fn(shape.k(), degrees);
        Ok(StudentMixture::new(GaussianMixture::new(weights, means, scales, shape.family())?, degrees)?)
    }

    fn thinness(&self, n: f64) -> f64 {
        self.shape().thinness(n)
    }

    fn moved(before: (&Self, &StudentStatistics), after: (&Self, &StudentStatistics)) -> f64 {
        em::largest_move(before.0, after.0)
    }
}

/// The sums over some rows.
fn part(model: &StudentMixture, data: Data<'_>, first: usize) -> Result<Expected<StudentStatistics>> {
    let rows = ROWS.min(data.x.nrows() - first);
    let x = data.x.rows(first, rows).into_owned();
    let weights = match data.weights {
        Some(weights) => weights.rows(first, rows).into_owned(),
        None => DVector::from_element(rows, 1.0),
    };
    let log_joint = model.log_joint(&x)?;
    let r = latent::responsibilities(&log_joint)?;
    let log_densities = latent::log_marginals(&log_joint)?;
    let label_entropy = (0..rows)
        .map(|i| Ok(weights[i] * bound::entropy(&r.rows(i, 1).into_owned())?))
        .sum::<Result<f64>>()?;
    let weighted = DMatrix::from_fn(rows, r.ncols(), |i, j| weights[i] * r[(i, j)]);
    let scaled = weighted.component_mul(&model.scales(&x)?);
    let excesses = weighted.component_mul(&model.excesses(&x)?);
    Ok(Expected {
        log_likelihood: weights.dot(&log_densities),
        total: weights.sum(),
        expectation: StudentStatistics {
            counts: latent::counts(&weighted),
            scaled: Moments::of(&x, &scaled, model.shape().means())?,
            excesses: latent::counts(&excesses),
            label_entropy,
        },
    })
}

fn add(sum: &mut Expected<StudentStatistics>, other: &Expected<StudentStatistics>) -> Result<()> {
    sum.log_likelihood += other.log_likelihood;
    sum.total += other.total;
    sum.expectation.counts += &other.expectation.counts;
    sum.expectation.scaled.add(&other.expectation.scaled)?;
    sum.expectation.excesses += &other.expectation.excesses;
    sum.expectation.label_entropy += other.expectation.label_entropy;
    Ok(())
}
