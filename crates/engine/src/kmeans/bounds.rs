//! What a run remembers of every datum, so that most of them need not be searched again.
//!
//! Let datum i have been found at most u from its mean and at least l from all others. Since then the means have moved.
//! By the triangle inequality its label z is still right as long as
//!
//! ```math
//! l - u > \sum_t \Bigl(\delta_z^t + \max_{j \neq z} \delta_j^t\Bigr), \qquad
//! \delta_j^t = \lVert m_j^{t+1} - m_j^t \rVert
//! ```
//!
//! The sum depends on the label alone: one number a mean, its drift. So what is kept of a datum, l − u and the drift of
//! its label at that time, is written when it is searched, and in between only compared with the drift.
//!
//! It proves the label of the derivation, whose distances are rounded, because l − u comes with room for that
//! (`nearest::gap`), and drifts and bounds are rounded to the side of doubt here. Nothing is proved by the smallest
//! margin of all: a bound is a number in single precision, at least 2⁻¹⁴⁹, the drift below it one in double, so they
//! differ by 2⁻²⁰² or more, squared distances by 2⁻⁴⁰⁴, and what underflows in them is less than d 2⁻¹⁰⁷⁴.
//!
//! Source: Hamerly (2010), Making k-means even faster, whose two bounds are one here, as only their difference counts;
//! the lemmas are those of Elkan (2003), Using the triangle inequality to accelerate k-means.

use nalgebra::DMatrix;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What one E step of k-means leaves to the next on the same data: eight bytes a datum.
///
/// It saves work, and changes no bit of the result: whatever means come next, only what they prove is used.
///
/// ```
/// use executable_em_engine::{Bounds, Data, Engine, Fused, KMeans};
/// use nalgebra::dmatrix;
/// let (engine, bounds, x) = (Engine::new(1)?, Bounds::default(), dmatrix![0.0; 2.0; 9.0]);
/// for means in [dmatrix![0.0; 10.0], dmatrix![1.0; 9.0], dmatrix![9.0; 1.0]] {
///     let (means, x) = (KMeans::new(means)?, Data::new(&x)?);
///     assert_eq!(means.e_step_in_run(&engine, &x, &bounds)?, means.e_step(&engine, &x)?);
/// }
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Bounds(Mutex<Option<Known>>);

impl Bounds {
    /// What is known of n data at these means; nothing where none of it was left.
    pub(super) fn at(&self, means: &DMatrix<f64>, n: usize) -> Known {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match left {
            Some(known) if known.data.len() == n && known.means.shape() == means.shape() => {
                known.moved(means)
            }
            _ => Known {
                drifts: vec![0.0; means.nrows()],
                means: means.clone(),
                data: (0..n).map(|_| AtomicU64::new(0)).collect(),
            },
        }
    }

    /// For the next E step.
    pub(super) fn leave(&self, known: Known) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

/// The labels and bounds of all data, and the means that they are true of.
#[derive(Debug)]
pub(super) struct Known {
    means: DMatrix<f64>,
    drifts: Vec<f64>,
    /// Label and bound, the bits of a number in single precision. Each is read and written by one thread in a pass.
    data: Vec<AtomicU64>,
}

impl Known {
    /// Adds to every drift. A step errs by less than (d + 4)ε of itself, a drift by ε more each time; what underflows
    /// in d squares is less than 10⁻¹⁵⁰ in their root. Where a move overflows nothing is proved any more.
    fn moved(mut self, means: &DMatrix<f64>) -> Self {
        let wide = 1.0 + (means.ncols() + 4) as f64 * f64::EPSILON;
        let moves = self.means.row_iter().zip(means.row_iter()).map(|(before, after)| {
            if before == after { 0.0 } else { (after - before).norm() * wide + 1e-150 }
        });
        let moves: Vec<f64> = moves.collect();
        for (j, drift) in self.drifts.iter_mut().enumerate() {
            let others = moves[..j].iter().chain(&moves[j + 1..]);
            let largest = others.fold(0.0, |largest, &other| f64::max(largest, other));
            *drift = (*drift + moves[j] + largest) * (1.0 + 4.0 * f64::EPSILON);
        }
        self.means.copy_from(means);
        self
    }

    /// The data among these rows whose label may be another now, counted from the first.
    #[inline(always)]
    pub fn in_doubt(&self, rows: Range<usize>, found: &mut Vec<usize>) {
        found.clear();
        for (row, datum) in self.data[rows].iter().enumerate() {
            let (label, bound) = unpack(datum.load(Ordering::Relaxed));
            if f64::from(bound) > self.drifts[label as usize] {
                continue;
            }
            found.push(row);
        }
    }

    /// Keeps the label of a datum that has just been found, and by how much it is nearer to its mean than to others.
    #[inline(always)]
    pub fn keep(&self, row: usize, label: u32, gap: f64) {
        let bound = if gap > 0.0 { rounded_down(gap + self.drifts[label as usize]) } else { 0.0 };
        self.data[row].store(u64::from(label) << 32 | u64::from(bound.to_bits()), Ordering::Relaxed);
    }

    /// The labels of these rows, all of them found or proved.
    #[inline(always)]
    pub fn labels(&self, rows: Range<usize>) -> impl Iterator<Item = u32> {
        self.data[rows].iter().map(|datum| unpack(datum.load(Ordering::Relaxed)).0)
    }
}

fn unpack(datum: u64) -> (u32, f32) {
    ((datum >> 32) as u32, f32::from_bits(datum as u32))
}

/// In single precision, and certainly no larger: the sum that it rounds was rounded, too.
fn rounded_down(number: f64) -> f32 {
    (number as f32).next_down()
}

/// Whether bounds pay: where a search takes longer than all else that is done for a datum. In fewer dimensions, or with
/// fewer means, a run with them takes up to twice as long.
pub(super) fn pay(k: usize, d: usize) -> bool {
    k >= 16 && d >= 8
}
