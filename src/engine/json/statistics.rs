//! The statistics of a Gaussian mixture as a document.

use super::{Document, FORMAT, Place, lines, list, numbers, object, parse, quoted, rows};
use crate::engine::GaussianStatistics;
use crate::{Error, Result, check};
use nalgebra::DVector;

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
        let (k, d) = self.references.shape();
        object(&[
            ("format", FORMAT.to_string()),
            ("kind", quoted("gaussian_statistics")),
            ("made_by", quoted(concat!("executable-em ", env!("CARGO_PKG_VERSION")))),
            ("k", k.to_string()),
            ("d", d.to_string()),
            ("log_likelihood", format!("{:?}", self.log_likelihood)),
            ("total", format!("{:?}", self.total)),
            ("counts", numbers(&self.counts)),
            ("references", lines(rows(&self.references))),
            ("first", lines(rows(&self.first))),
            ("second", lines(self.second.iter().map(|second| list(rows(second))))),
        ])
    }

    fn from_json(text: &str) -> Result<Self> {
        let document = parse(text)?;
        let document = Place { name: String::new(), value: &document };
        document.kind(&["gaussian_statistics"])?;
        let (k, d) = (document.field("k")?.count()?, document.field("d")?.count()?);
        let second = document.field("second")?.items(k)?;
        let second = second.map(|second| second.matrix(d, d)).collect::<Result<Vec<_>>>()?;
        second.iter().try_for_each(|second| check::symmetric("second", second))?;
        let counts = DVector::from_vec(document.field("counts")?.numbers(k)?);
        if let Some(j) = (0..k).find(|&j| counts[j] < 0.0) {
            let reason = format!("found {}, expected a number ≥ 0", counts[j]);
            return Err(Error::Json { place: format!("counts[{j}]"), reason });
        }
        let total = document.field("total")?;
        let (sum, expected) = (total.number()?, counts.sum());
        // False for numbers that are not positive, too.
        if !((sum - expected).abs() <= COUNT_TOLERANCE * sum && sum > 0.0) {
            return Err(total.wrong(&format!("found {sum}, expected the sum of the counts, {expected}")));
        }
        Ok(GaussianStatistics {
            log_likelihood: document.field("log_likelihood")?.number()?,
            total: sum,
            counts,
            references: document.field("references")?.matrix(k, d)?,
            first: document.field("first")?.matrix(k, d)?,
            second,
        })
    }
}
