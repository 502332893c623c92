//! A start for data of any size: a pass or two draw a sample, and the sample gives the start.

use super::{Data, Result, Source};
use executable_em::check;
use executable_em::data::Rng;
use nalgebra::DMatrix;
use rand::RngExt;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A datum of the sample: the one of the smallest key is the first to go.
struct Drawn {
    key: f64,
    index: usize,
    row: Vec<f64>,
}

impl Ord for Drawn {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.total_cmp(&self.key).then(self.index.cmp(&other.index))
    }
}

impl PartialOrd for Drawn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Drawn {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Drawn {}

/// At most `size` data, drawn without replacement in one pass, in the order in which they were read.
///
/// Each datum gets the key log(u)/w, u uniform on (0, 1), w its weight, and those of the largest keys are kept: without
/// weights every subset is equally likely, with them the chance of being next is proportional to the weight. Of no more
/// data than `size` all are returned (those of weight 0 never).
///
/// On such a sample [`kmeans_start`](executable_em::gaussian_mixture::kmeans_start) and
/// [`random_start`](executable_em::gaussian_mixture::random_start) give a start for the whole: the k-means++ of data
/// that are too many to be visited once a component.
///
/// Source: Efraimidis and Spirakis (2006), Information Processing Letters 97, 181–185.
///
/// # Errors
/// [`Error::Empty`](executable_em::Error::Empty) for no data or no weight above 0,
/// [`Error::Domain`](executable_em::Error::Domain) for `size` 0, those of reading.
///
/// ```
/// use executable_em::data;
/// use executable_em_engine::{Data, sample};
/// let x = data::old_faithful();
/// let drawn = sample(&Data::new(&x)?, 50, &mut data::rng(1))?;
/// assert_eq!(drawn.shape(), (50, 2));
/// assert_eq!(sample(&Data::new(&x)?, 1000, &mut data::rng(1))?, x);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
pub fn sample(source: &dyn Source, size: usize, rng: &mut Rng) -> Result<DMatrix<f64>> {
    check::domain("sample size", size as f64, size > 0, "≥ 1")?;
    let mut kept: BinaryHeap<Drawn> = BinaryHeap::new();
    let mut rows = 0;
    source.read(&mut |data| {
        let (n, d) = data.x.shape();
        if let Some(first) = kept.peek() {
            check::shape("data", (n, d), (n, first.row.len()))?;
        }
        for i in 0..n {
            let weight = data.weights.map_or(1.0, |weights| weights[i]);
            // 1 − u is never zero.
            let key = (1.0 - rng.random::<f64>()).ln() / weight;
            let joins =
                weight > 0.0 && (kept.len() < size || kept.peek().is_some_and(|least| key > least.key));
            if joins {
                if kept.len() == size {
                    kept.pop();
                }
                kept.push(Drawn { key, index: rows + i, row: data.x.row(i).iter().copied().collect() });
            }
        }
        rows += n;
        Ok(())
    })?;
    let mut kept = kept.into_vec();
    kept.sort_by_key(|drawn| drawn.index);
    let Some(first) = kept.first() else {
        return Err(executable_em::Error::Empty { what: "data" }.into());
    };
    let d = first.row.len();
    Ok(DMatrix::from_fn(kept.len(), d, |i, a| kept[i].row[a]))
}

/// Data drawn in proportion to their weights, in the order in which they are read: the table that the weights stand
/// for, as far as `size` rows can show it.
///
/// ```math
/// c_i = \lfloor u + s\,W_i\rfloor - \lfloor u + s\,W_{i-1}\rfloor, \qquad W_i = \sum_{l\le i}\min(w_l, w^*), \quad
/// u\sim\mathrm U(0, 1)
/// ```
/// Datum i is returned c_i times, $`s\min(w_i, w^*)`$ times on average and never off by one or more (systematic
/// sampling). Whole weights that sum to no more than `size` have s = 1 and no w*: every datum is repeated just as often
/// as its weight says. Other weights give four rows for each of n data that weigh something, or `size` if that is less,
/// and w* keeps a heavy datum from taking the place of all others: it has at most four rows in n of all, or one in 64
/// where that is more. Two passes.
///
/// Source: Carpenter, Clifford and Fearnhead (1999), IEE Proceedings – Radar, Sonar and Navigation 146, 2–7.
///
/// # Errors
/// Those of [`sample`].
///
/// ```
/// use executable_em::data;
/// use executable_em_engine::{Data, weighted_sample};
/// use nalgebra::{dmatrix, dvector};
/// let (x, weights) = (dmatrix![1.0; 5.0; 7.0], dvector![2.0, 0.0, 1.0]);
/// let drawn = weighted_sample(&Data::weighted(&x, &weights)?, 50, &mut data::rng(1))?;
/// assert_eq!(drawn, dmatrix![1.0; 1.0; 7.0]);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
pub fn weighted_sample(source: &dyn Source, size: usize, rng: &mut Rng) -> Result<DMatrix<f64>> {
    check::domain("sample size", size as f64, size > 0, "≥ 1")?;
    let weight_of = |data: &Data<'_>, i: usize| data.weights.map_or(1.0, |weights| weights[i]);
    let (mut weights, mut count, mut are_whole) = (Heaviest::default(), 0, true);
    source.read(&mut |data| {
        for weight in (0..data.x.nrows()).map(|i| weight_of(&data, i)).filter(|&weight| weight > 0.0) {
            weights.add(weight);
            (count, are_whole) = (count + 1, are_whole && weight.fract() == 0.0);
        }
        Ok(())
    })?;
    let (limit, scale) = if are_whole && weights.sum(f64::INFINITY) <= size as f64 {
        (f64::INFINITY, 1.0)
    } else {
        let limit = weights.limit((4.0 / count as f64).max(1.0 / HEAVIEST as f64));
        (limit, (4 * count).min(size) as f64 / weights.sum(limit))
    };
    let offset = rng.random::<f64>();
    let (mut drawn, mut before, mut d) = (Vec::new(), 0.0, 0);
    source.read(&mut |data| {
        d = data.x.ncols();
        for i in 0..data.x.nrows() {
            let after = before + weight_of(&data, i).min(limit);
            let copies = (offset + scale * after).floor() - (offset + scale * before).floor();
            (0..copies as usize).for_each(|_| drawn.extend(data.x.row(i).iter()));
            before = after;
        }
        Ok(())
    })?;
    if drawn.is_empty() {
        return Err(executable_em::Error::Empty { what: "data" }.into());
    }
    Ok(DMatrix::from_row_slice(drawn.len() / d, d, &drawn))
}

/// How many data may be so heavy that all others would hardly be seen beside them.
const HEAVIEST: usize = 64;

/// The largest of many weights, in falling order, and the sum of the others.
#[derive(Default)]
struct Heaviest {
    weights: Vec<f64>,
    others: f64,
}

impl Heaviest {
    fn add(&mut self, weight: f64) {
        let place = self.weights.partition_point(|&other| other >= weight);
        self.weights.insert(place, weight);
        if self.weights.len() > HEAVIEST {
            self.others += self.weights.pop().unwrap_or(0.0);
        }
    }

    /// Of all weights, each cut off at a limit that is one of the heaviest or more.
    fn sum(&self, limit: f64) -> f64 {
        self.others + self.weights.iter().map(|weight| weight.min(limit)).sum::<f64>()
    }

    /// What no weight must exceed to be at most this share of the sum, all cut off there.
    fn limit(&self, share: f64) -> f64 {
        let mut limit = f64::INFINITY;
        for (cut, &weight) in self.weights.iter().enumerate() {
            let rest = self.others + self.weights[cut..].iter().sum::<f64>();
            let left = 1.0 - cut as f64 * share;
            // So many have all of the sum already, but for rounding.
            if left < 0.5 * share {
                break;
            }
            limit = share * rest / left;
            if weight <= limit {
                break;
            }
        }
        limit
    }
}
