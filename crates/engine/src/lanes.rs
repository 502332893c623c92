//! Vector lanes: where numbers lie, and the arithmetic that the kernels are made of.
//!
//! Lanes run over the data. [`pulp`] picks the widest registers that the machine has; but only what is inlined into the
//! code that it calls may use them. So everything here and in the kernels is `inline(always)`, and loops stand where
//! closures would do, which the compiler may leave as calls.

use pulp::Simd;
use std::cell::RefCell;
use std::collections::VecDeque;

/// How many registers the kernels work on at once.
pub(super) const WIDE: usize = 2;

/// A few registers of data: with four lanes, one line of the cache.
pub(super) type Strip<S> = [<S as Simd>::f64s; WIDE];

/// How many data a strip holds.
pub(super) fn strip_len<S: Simd>() -> usize {
    WIDE * S::F64_LANES
}

/// Numbers that start where a line of the cache does.
pub(super) struct Room {
    numbers: Vec<f64>,
    start: usize,
    len: usize,
}

thread_local! {
    /// Rooms that were given back: to clear new ones takes as long as a sweep over a few hundred data.
    static SPARE: RefCell<VecDeque<Vec<f64>>> = const { RefCell::new(VecDeque::new()) };
}

impl Drop for Room {
    fn drop(&mut self) {
        // A thread that ends has no more use for it.
        let _ = SPARE.try_with(|spare| spare.borrow_mut().push_back(std::mem::take(&mut self.numbers)));
    }
}

impl Room {
    /// Room for `len` numbers, whatever they are at first.
    pub fn new(len: usize) -> Self {
        // First given, first taken: the rooms of the next sweep are those of this one, in the same order and of the
        // same sizes.
        let mut numbers = SPARE.with_borrow_mut(VecDeque::pop_front).unwrap_or_default();
        numbers.resize(len + LINE, 0.0);
        // A machine that cannot tell is served as well, only slower.
        let start = numbers.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        Room { numbers, start, len }
    }

    pub fn numbers(&mut self) -> &mut [f64] {
        &mut self.numbers[self.start..][..self.len]
    }

    /// The first strips of the room.
    pub fn strips<S: Simd>(&mut self, count: usize) -> &mut [Strip<S>] {
        &mut S::as_mut_simd_f64s(self.numbers()).0.as_chunks_mut().0[..count]
    }
}

/// How many numbers make a line of the cache.
const LINE: usize = 8;

/// The larger of two, and the second where the first is not a number.
#[inline(always)]
pub(super) fn max<S: Simd>(s: S, a: S::f64s, b: S::f64s) -> S::f64s {
    // What pulp offers returns a NaN on some machines.
    s.select_f64s(s.greater_than_f64s(a, b), a, b)
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn room_begins_with_a_line_of_the_cache() {
        for len in [0, 1, 8, 100, 8, 1000] {
            let mut room = Room::new(len);
            assert_eq!(room.numbers().len(), len);
            assert!(room.numbers().as_ptr().addr().is_multiple_of(64));
        }
    }
}
