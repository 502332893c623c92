//! Every place where k-means rests, and how many starts it takes to find the best of them.

use crate::error::Result;
use crate::latent::{self, labelings};
use crate::{check, kmeans};
use nalgebra::DMatrix;

/// A clustering that k-means does not change any more.
///
/// Source: H-E16. Example: [`resting_places`].
#[derive(Clone, Debug, PartialEq)]
pub struct RestingPlace {
    /// The label of each datum; clusters are numbered as they first occur.
    pub labels: Vec<usize>,
    /// J, in squared units of the data.
    pub objective: f64,
}

/// All clusterings of a small data set at which k-means rests, the best first.
/// ```math
/// \{z : \arg\min_j\|x_i - m_j(z)\|^2 = z_i \text{ for all } i\}, \qquad m_j(z) = \text{the mean of } \{x_i : z_i = j\}
/// ```
/// There neither step alone raises the likelihood with hard labels: no lecture's algorithm says which one it has found,
/// and a step that changes labels *and* means at once would be needed to leave a poor one. Found by trying all kⁿ
/// labelings with no cluster empty, ties broken as in [`kmeans::assign`]. `x` is n×d, `k` between 1 and n
/// ([`Error::ComponentCount`](crate::Error::ComponentCount)). Errors of [`labelings::all`] where kⁿ is too large.
///
/// Source: H-E16, C-E09.
/// ```
/// use executable_em::pathologies::rest::resting_places;
/// use nalgebra::dmatrix;
/// let rectangle = dmatrix![0.0, 0.0; 0.0, 1.0; 4.0, 0.0; 4.0, 1.0];
/// let objectives: Vec<f64> = resting_places(&rectangle, 2)?.iter().map(|rest| rest.objective).collect();
/// assert_eq!(objectives, [1.0, 16.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn resting_places(x: &DMatrix<f64>, k: usize) -> Result<Vec<RestingPlace>> {
    check::component_count(k, x.nrows())?;
    // Clusters have no names: of all k! ways to number them, they are numbered as they first occur.
    let next = |clusters: usize, &label: &usize| (label <= clusters).then(|| clusters.max(label + 1));
    let mut places = Vec::new();
    for labels in labelings::all(x.nrows(), k)? {
        if labels.iter().try_fold(0, next) != Some(k) {
            continue;
        }
        let r = latent::one_hot(&labels, k)?;
        let means = kmeans::update_means(x, &r, &DMatrix::zeros(k, x.ncols()))?;
        if kmeans::assign(x, &means)? == labels {
            places.push(RestingPlace { objective: kmeans::objective(x, &r, &means)?, labels });
        }
    }
    places.sort_by(|a, b| a.objective.total_cmp(&b.objective));
    Ok(places)
}

/// How many random starts it takes to be this sure of finding the best optimum once.
/// ```math
/// 1 - (1 - p)^m \ge c \quad\Longleftrightarrow\quad m \ge \frac{\log(1 - c)}{\log(1 - p)}
/// ```
/// `share` p ∈ (0, 1] is the part of the starts that lead there, which one does not know but can estimate from the
/// starts that one has; `confidence` c ∈ [0, 1), or [`Error::Domain`](crate::Error::Domain). Returns m ≥ 1. Restarts do
/// not help against a singularity: there the *best* runs are the worthless ones.
///
/// Source: H-E16, C-10, C-E09.
/// ```
/// use executable_em::pathologies::rest::starts_needed;
/// assert_eq!(starts_needed(0.375, 0.99)?, 10); // one in three starts of k-means on a benchmark
/// assert_eq!(starts_needed(1.0, 0.99)?, 1);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn starts_needed(share: f64, confidence: f64) -> Result<usize> {
    check::domain("share", share, share > 0.0 && share <= 1.0, "above 0 and at most 1")?;
    check::domain("confidence", confidence, (0.0..1.0).contains(&confidence), "at least 0 and below 1")?;
    Ok(((-confidence).ln_1p() / (-share).ln_1p()).ceil().max(1.0) as usize)
}
