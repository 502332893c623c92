//! The E step's first half where clusters lie apart: most log joints are then only bounded.
//!
//! ‖W(μ − x)‖² is a sum over the rows of W, so some of the rows already bound a log joint from above; the first quarter
//! of them is a sixteenth of the work. Beside the log joint of a likely component, most others are soon seen to be
//! [negligible](super::negligible). They stop there, and count as −∞.

use super::super::lanes::{Room, Strip, WIDE, max};
use super::layout::Layout;
use super::log_joint::add_rows;
use super::negligible::MARGIN;
use super::prepared::{PANEL, Prepared};
use pulp::Simd;

/// With fewer dimensions a bound saves too little of a log joint.
const FEWEST_DIMENSIONS: usize = 32;

/// Of so many log joints one must be negligible.
const FEW: usize = 4;

/// Whether bounds can save time.
pub(super) fn is_worthwhile(layout: Layout) -> bool {
    layout.full && layout.d >= FEWEST_DIMENSIONS
}

/// Which bounds of a datum deserve more rows.
#[derive(Clone, Copy)]
enum Chosen {
    All,
    /// The largest, whose component is a likely one.
    Largest,
    /// Those that are not negligible beside the log joints already known.
    NotNegligible,
}

/// What is known of the log joints of a block.
pub(super) struct Bounded {
    /// How many rows of W each of them has seen, component by component, strip by strip.
    rows: Vec<usize>,
    /// For every datum, what a bound must reach to deserve more.
    least: Room,
}

impl Bounded {
    pub fn new(block_len: usize) -> Self {
        Bounded { rows: Vec::new(), least: Room::new(block_len) }
    }

    /// The log joint of every datum and component, −∞ for many that are negligible for all data of a strip. Tells
    /// whether they are enough to pay for the bounds of the others.
    #[inline(always)]
    pub fn log_joints<S: Simd>(
        &mut self,
        s: S,
        x: &[Strip<S>],
        prepared: &Prepared,
        joint: &mut [Strip<S>],
        len: usize,
    ) -> bool {
        let Layout { k, d, .. } = prepared.layout;
        let (quarter, half) = ((d / 4).next_multiple_of(PANEL), (d / 2).next_multiple_of(PANEL));
        self.rows.clear();
        self.rows.resize(len * k, 0);
        for joint in joint.chunks_exact_mut(joint.len() / len) {
            for (j, joint) in joint[..k].iter_mut().enumerate() {
                *joint = [s.splat_f64s(prepared.component(j).constant); WIDE];
            }
        }
        for (chosen, rows) in [
            (Chosen::All, quarter),
            (Chosen::Largest, d),
            (Chosen::NotNegligible, half),
            (Chosen::NotNegligible, d),
        ] {
            let least = self.least.strips::<S>(len);
            choose(s, chosen, joint, &self.rows, d, least);
            extend(s, x, prepared, joint, &mut self.rows, least, rows);
        }
        let mut negligible = 0;
        for (j, rows) in self.rows.chunks_exact(len).enumerate() {
            for (joint, &rows) in joint.chunks_exact_mut(joint.len() / len).zip(rows) {
                if rows < d {
                    joint[j] = [s.splat_f64s(f64::NEG_INFINITY); WIDE];
                    negligible += 1;
                }
            }
        }
        negligible * FEW >= len * k
    }
}

/// Sets what the chosen bounds reach.
#[inline(always)]
fn choose<S: Simd>(
    s: S,
    chosen: Chosen,
    joint: &[Strip<S>],
    rows: &[usize],
    d: usize,
    least: &mut [Strip<S>],
) {
    let len = least.len();
    for (at, (joint, least)) in joint.chunks_exact(joint.len() / len).zip(least).enumerate() {
        let mut largest = [s.splat_f64s(f64::NEG_INFINITY); WIDE];
        for (joint, rows) in joint.iter().zip(rows.chunks_exact(len)) {
            let counts = match chosen {
                Chosen::All => false,
                Chosen::Largest => true,
                Chosen::NotNegligible => rows[at] == d,
            };
            if counts {
                for u in 0..WIDE {
                    largest[u] = max(s, joint[u], largest[u]);
                }
            }
        }
        if matches!(chosen, Chosen::NotNegligible) {
            for largest in &mut largest {
                *largest = s.sub_f64s(*largest, s.splat_f64s(MARGIN));
            }
        }
        *least = largest;
    }
}

/// Extends what reaches `least`, for any datum of a strip, to so many rows of W.
#[inline(always)]
fn extend<S: Simd>(
    s: S,
    x: &[Strip<S>],
    prepared: &Prepared,
    joint: &mut [Strip<S>],
    seen: &mut [usize],
    least: &[Strip<S>],
    rows: usize,
) {
    let len = least.len();
    let (x_stride, stride) = (x.len() / len, joint.len() / len);
    for (j, seen) in seen.chunks_exact_mut(len).enumerate() {
        let of = prepared.component(j);
        let strips = x.chunks_exact(x_stride).zip(joint.chunks_exact_mut(stride));
        for (((x, joint), seen), least) in strips.zip(seen).zip(least) {
            let joint = &mut joint[j];
            if *seen < rows && (reaches(s, joint[0], least[0]) || reaches(s, joint[1], least[1])) {
                let mut square = [s.splat_f64s(0.0); WIDE];
                add_rows(s, x, of, *seen..rows, &mut square);
                for u in 0..WIDE {
                    joint[u] = s.sub_f64s(joint[u], square[u]);
                }
                *seen = rows;
            }
        }
    }
}

/// Whether any lane reaches that of the other.
#[inline(always)]
fn reaches<S: Simd>(s: S, a: S::f64s, least: S::f64s) -> bool {
    s.first_true_m64s(s.greater_than_or_equal_f64s(a, least)) < S::F64_LANES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exp::LOG_4;
    use crate::gaussian_mixture::log_joint;
    use crate::lanes::strip_len;
    use executable_em::data;
    use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
    use nalgebra::{DMatrix, DVector};
    use pulp::bytemuck::cast_slice;
    use pulp::{Arch, WithSimd};
    use rand::RngExt;
    use std::collections::BTreeSet;

    const K: usize = 6;
    const D: usize = 51;
    const N: usize = 96;

    /// Two blocks of numbers, a row a datum; and how many rows of W the second has seen, with how many data in a strip.
    struct Both<'a>(&'a Prepared, &'a DMatrix<f64>);

    impl WithSimd for Both<'_> {
        type Output = (DMatrix<f64>, DMatrix<f64>, Vec<usize>, usize);
        #[inline(always)]
        fn with_simd<S: Simd>(self, s: S) -> Self::Output {
            let (lanes, len) = (strip_len::<S>(), N / strip_len::<S>());
            let (mut x, mut known, mut bounded) = (Room::new(N * D), Room::new(N * K), Room::new(N * K));
            for (at, x) in x.numbers().iter_mut().enumerate() {
                *x = self.1[(at / (D * lanes) * lanes + at % lanes, at / lanes % D)];
            }
            let x = x.strips::<S>(len * D);
            let known = known.strips::<S>(len * K);
            for j in 0..K {
                let of = self.0.component(j);
                log_joint::full(s, x.chunks_exact(D), of, known.chunks_exact_mut(K), j);
            }
            let mut bounds = Bounded::new(N);
            let joint = bounded.strips::<S>(len * K);
            let pays = bounds.log_joints(s, x, self.0, joint, len);
            assert_eq!(pays, bounds.rows.iter().filter(|&&rows| rows < D).count() * 4 >= len * K);
            let matrix = |strips: &[Strip<S>]| {
                let numbers: &[f64] = cast_slice(strips);
                DMatrix::from_fn(N, K, |i, j| numbers[(i / lanes * K + j) * lanes + i % lanes])
            };
            (matrix(known), matrix(joint), bounds.rows, lanes)
        }
    }

    /// Components and data about them, a few units wide and `spread` apart; every third datum comes from the first.
    fn clusters(spread: f64) -> (Prepared, DMatrix<f64>) {
        let mut rng = data::rng(3);
        let mut uniform = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-1.0..1.0));
        let means: DMatrix<f64> = uniform(K, D) * spread;
        let covariances = (0..K).map(|_| {
            let shape: DMatrix<f64> = uniform(D, D);
            &shape * shape.transpose() / D as f64 + DMatrix::identity(D, D) * 0.1
        });
        let covariances = covariances.collect();
        let x = DMatrix::from_fn(N, D, |i, a| means[(owner(i), a)]) + uniform(N, D);
        let weights = DVector::from_element(K, 1.0 / K as f64);
        let family = CovarianceFamily::Full;
        (Prepared::new(&GaussianMixture::new(weights, means, covariances, family).unwrap()), x)
    }

    fn owner(i: usize) -> usize {
        if i.is_multiple_of(3) { 0 } else { i / 4 % K }
    }

    /// Returns which numbers of rows were seen.
    #[track_caller]
    fn assert_that_only_negligible_ones_are_missing(
        prepared: &Prepared,
        x: &DMatrix<f64>,
    ) -> BTreeSet<usize> {
        let (known, joint, rows, lanes) = Arch::new().dispatch(Both(prepared, x));
        for i in 0..N {
            let largest = known.row(i).max();
            for j in 0..K {
                let (log_joint, found) = (known[(i, j)], joint[(i, j)]);
                if rows[j * (N / lanes) + i / lanes] == D {
                    assert!((found - log_joint).abs() <= 1e-13 * log_joint.abs(), "{found}, not {log_joint}");
                } else {
                    assert_eq!(found, f64::NEG_INFINITY);
                    assert!(log_joint < largest - 100.9, "{log_joint} is not negligible beside {largest}");
                }
            }
        }
        rows.into_iter().collect()
    }

    #[test]
    fn only_negligible_log_joints_are_missing() {
        let mut seen = BTreeSet::new();
        for spread in (0..60).map(|step| 0.1 * f64::from(step)) {
            let (prepared, x) = clusters(spread);
            seen.extend(assert_that_only_negligible_ones_are_missing(&prepared, &x));
        }
        assert_eq!(seen, BTreeSet::from([12, 28, D]));
    }

    /// Where the rows seen say all of a log joint, and where those not seen do.
    #[test]
    fn log_joints_are_missing_beside_log_joints_not_beside_bounds() {
        // By how much a component falls short of its constant, and in which dimension.
        let state = |shortfalls: [(f64, usize); K]| {
            let mut means = DMatrix::zeros(K, D);
            for (j, (shortfall, a)) in shortfalls.into_iter().enumerate() {
                means[(j, a)] = (2.0 * LOG_4 * shortfall).sqrt();
            }
            let weights = DVector::from_vec(vec![0.2, 0.4, 0.1, 0.1, 0.1, 0.1]);
            let covariances = vec![DMatrix::identity(D, D); K];
            let family = CovarianceFamily::Full;
            Prepared::new(&GaussianMixture::new(weights, means, covariances, family).unwrap())
        };
        let x = DMatrix::zeros(N, D);
        let near = state([(0.0, 0), (1.0, 0), (90.0, 0), (98.0, 0), (99.5, 0), (105.0, 0)]);
        assert_eq!(assert_that_only_negligible_ones_are_missing(&near, &x), BTreeSet::from([12, D]));
        // The likely one falls far behind what is known of it, and the next one so far that nothing is negligible
        // beside it.
        let behind = state([(90.0, 50), (5000.0, 50), (105.0, 0), (110.0, 0), (150.0, 0), (180.0, 20)]);
        assert_eq!(assert_that_only_negligible_ones_are_missing(&behind, &x), BTreeSet::from([D]));
    }

    #[test]
    fn far_apart_only_the_log_joints_of_a_strips_own_components_are_known() {
        let (prepared, x) = clusters(10.0);
        let (_, _, rows, lanes) = Arch::new().dispatch(Both(&prepared, &x));
        for (at, &rows) in rows.iter().enumerate() {
            let (j, strip) = (at / (N / lanes), at % (N / lanes));
            let is_owner = (strip * lanes..(strip + 1) * lanes).any(|i| owner(i) == j);
            assert_eq!(rows, if is_owner { D } else { 12 }, "component {j}, strip {strip}");
        }
    }
}
