//! The E step's first half where clusters lie apart: most log joints are then only bounded.
//!
//! ‖W(μ − x)‖² is a sum over the rows of W, so some of the rows already bound a log joint from above; the first quarter of them
//! is a sixteenth of the work. Beside the log joint of a likely component, most others are soon seen to be
//! [negligible](super::negligible). They stop there, and leave the bound, negligible too, in place of the log joint.

use super::lanes::{Room, Strip, WIDE, max};
use super::log_joint::add_rows;
use super::negligible::MARGIN;
use super::prepared::{PANEL, Prepared};
use super::statistics::Layout;
use pulp::Simd;

/// With fewer dimensions a bound saves too little of a log joint.
const FEWEST_DIMENSIONS: usize = 48;

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
    pub fn new(layout: Layout, block_len: usize) -> Self {
        let len = if is_worthwhile(layout) { block_len } else { 0 };
        Bounded { rows: vec![0; len * layout.k], least: Room::new(len) }
    }

    /// The log joint of every datum and component, or for those that are negligible for all data of a strip, a bound that is.
    #[inline(always)]
    pub fn log_joints<S: Simd>(
        &mut self,
        s: S,
        x: &[Strip<S>],
        prepared: &Prepared,
        joint: &mut [Strip<S>],
        len: usize,
    ) {
        let Layout { k, d, .. } = prepared.layout;
        let (quarter, half) = ((d / 4).next_multiple_of(PANEL), (d / 2).next_multiple_of(PANEL));
        self.rows[..len * k].fill(0);
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
            choose(s, chosen, joint, &self.rows[..len * k], d, least);
            extend(s, x, prepared, joint, &mut self.rows, least, rows);
        }
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
    for (j, seen) in seen.chunks_exact_mut(len).take(prepared.layout.k).enumerate() {
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
