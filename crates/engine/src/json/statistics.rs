//! Sufficient statistics as documents.

use super::{Document, Place, header, lines, list, numbers, object, parse, rows};
use crate::engine::{BernoulliStatistics, GaussianStatistics, KMeansStatistics};
use crate::{Error, Result, check};
use nalgebra::{DMatrix, DVector};
use serde_json::Value;

const GAUSSIAN: &str = "gaussian_statistics";
const BERNOULLI: &str = "bernoulli_statistics";
const KMEANS: &str = "kmeans_statistics";

/// How far the sum of the counts may be from the number of data, as a part of it: the rounding of n ≤ 10⁷ additions.
const COUNT_TOLERANCE: f64 = 1e-9;

/// Statistics that one machine writes and another adds to its own.
///
/// ```
/// use executable_em::engine::{Data, Document, Engine, GaussianStatistics};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::data;
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let statistics = Engine::new(1)?.statistics(&model, &Data::new(&x)?)?;
/// assert_eq!(GaussianStatistics::from_json(&statistics.to_json())?, statistics);
/// # Ok::<(), executable_em::Error>(())
/// ```
impl Document for GaussianStatistics {
    fn to_json(&self) -> String {
        let mut fields = beginning(GAUSSIAN, self.references.shape(), self.total, &self.counts);
        fields.extend([
            ("log_likelihood", format!("{:?}", self.log_likelihood)),
            ("references", lines(rows(&self.references))),
            ("first", lines(rows(&self.first))),
            ("second", lines(self.second.iter().map(|second| list(rows(second))))),
        ]);
        object(&fields)
    }

    fn from_json(text: &str) -> Result<Self> {
        let value = parse(text)?;
        let Beginning { document, k, d, total, counts } = begun(&value, GAUSSIAN)?;
        let second = document.field("second")?.items(k)?;
        let second = second.map(|second| second.matrix(d, d)).collect::<Result<Vec<_>>>()?;
        second.iter().try_for_each(|second| check::symmetric("second", second))?;
        Ok(GaussianStatistics {
            log_likelihood: document.field("log_likelihood")?.number()?,
            total,
            counts,
            references: document.field("references")?.matrix(k, d)?,
            first: document.field("first")?.matrix(k, d)?,
            second,
        })
    }
}

/// ```
/// use executable_em::bernoulli_mixture::BernoulliMixture;
/// use executable_em::engine::{BernoulliStatistics, Data, Document, Engine};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.2; 0.7], 10)?;
/// let statistics = Engine::new(1)?.statistics(&coins, &Data::new(&dmatrix![1.0; 8.0; 7.0])?)?;
/// assert_eq!(BernoulliStatistics::from_json(&statistics.to_json())?, statistics);
/// # Ok::<(), executable_em::Error>(())
/// ```
impl Document for BernoulliStatistics {
    fn to_json(&self) -> String {
        let mut fields = beginning(BERNOULLI, self.heads.shape(), self.total, &self.counts);
        fields.extend([
            ("log_likelihood", format!("{:?}", self.log_likelihood)),
            ("heads", lines(rows(&self.heads))),
            ("tails", lines(rows(&self.tails))),
        ]);
        object(&fields)
    }

    fn from_json(text: &str) -> Result<Self> {
        let value = parse(text)?;
        let Beginning { document, k, d, total, counts } = begun(&value, BERNOULLI)?;
        let sides = |name| -> Result<DMatrix<f64>> {
            let sides = document.field(name)?.matrix(k, d)?;
            sides.iter().try_for_each(|&side| not_negative(name, side))?;
            Ok(sides)
        };
        Ok(BernoulliStatistics {
            log_likelihood: document.field("log_likelihood")?.number()?,
            total,
            counts,
            heads: sides("heads")?,
            tails: sides("tails")?,
        })
    }
}

/// ```
/// use executable_em::engine::{Data, Document, Engine, KMeansStatistics};
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0; 0.1; 5.0];
/// let statistics = Engine::new(1)?.kmeans_statistics(&dmatrix![0.3; 4.0], &Data::new(&x)?)?;
/// assert_eq!(KMeansStatistics::from_json(&statistics.to_json())?, statistics);
/// # Ok::<(), executable_em::Error>(())
/// ```
impl Document for KMeansStatistics {
    fn to_json(&self) -> String {
        let mut fields = beginning(KMEANS, self.references.shape(), self.total, &self.counts);
        fields.extend([
            ("objective", format!("{:?}", self.objective)),
            ("references", lines(rows(&self.references))),
            ("first", lines(rows(&self.first))),
        ]);
        object(&fields)
    }

    fn from_json(text: &str) -> Result<Self> {
        let value = parse(text)?;
        let Beginning { document, k, d, total, counts } = begun(&value, KMEANS)?;
        let objective = document.field("objective")?.number()?;
        not_negative("objective", objective)?;
        Ok(KMeansStatistics {
            objective,
            total,
            counts,
            references: document.field("references")?.matrix(k, d)?,
            first: document.field("first")?.matrix(k, d)?,
        })
    }
}

/// What all statistics begin with.
fn beginning(
    kind: &str,
    (k, d): (usize, usize),
    total: f64,
    counts: &DVector<f64>,
) -> Vec<(&'static str, String)> {
    let mut fields = header(kind).to_vec();
    fields.extend([
        ("k", k.to_string()),
        ("d", d.to_string()),
        ("total", format!("{total:?}")),
        ("counts", numbers(counts)),
    ]);
    fields
}

/// The same, read and found to fit together.
struct Beginning<'a> {
    document: Place<'a>,
    k: usize,
    d: usize,
    total: f64,
    counts: DVector<f64>,
}

fn begun<'a>(value: &'a Value, kind: &str) -> Result<Beginning<'a>> {
    let document = Place { name: String::new(), value };
    document.kind(&[kind])?;
    let (k, d) = (document.field("k")?.count()?, document.field("d")?.count()?);
    let counts = DVector::from_vec(document.field("counts")?.numbers(k)?);
    for (j, &count) in counts.iter().enumerate() {
        not_negative(&format!("counts[{j}]"), count)?;
    }
    let place = document.field("total")?;
    let (total, sum) = (place.number()?, counts.sum());
    // False for numbers that are not positive, too.
    if !((total - sum).abs() <= COUNT_TOLERANCE * total && total > 0.0) {
        return Err(place.wrong(&format!("found {total}, expected the sum of the counts, {sum}")));
    }
    Ok(Beginning { document, k, d, total, counts })
}

fn not_negative(place: &str, value: f64) -> Result<()> {
    if value >= 0.0 {
        return Ok(());
    }
    Err(Error::Json { place: place.to_owned(), reason: format!("found {value}, expected a number ≥ 0") })
}
