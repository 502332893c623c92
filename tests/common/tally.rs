//! In how many cases a law had something to compare: a law that compares nothing holds of everything.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Of each sort of case: how many there were, and in how many of them something was compared.
pub struct Tally<Sort>(RefCell<BTreeMap<Sort, (usize, usize)>>);

impl<Sort: Ord + Debug> Tally<Sort> {
    pub fn new() -> Self {
        Tally(RefCell::default())
    }

    pub fn count(&self, sort: Sort, compared: bool) {
        let mut counts = self.0.borrow_mut();
        let (cases, all) = counts.entry(sort).or_default();
        *cases += 1;
        *all += usize::from(compared);
    }

    /// Asserts that of each sort no fewer cases were compared than come about by chance, where that of each is `share`.
    /// By Chernoff's bound at most e^{−n KL(m/n ‖ p)} is the chance that only m of n are; here e^{−15}, one in three
    /// million.
    #[track_caller]
    pub fn assert_compared(self, share: impl Fn(&Sort) -> f64) {
        for (sort, (cases, compared)) in self.0.into_inner() {
            let (n, p, found) = (cases as f64, share(&sort), compared as f64 / cases as f64);
            let times_log = |q: f64, p: f64| if q == 0.0 { 0.0 } else { q * (q / p).ln() };
            let divergence = times_log(found, p) + times_log(1.0 - found, 1.0 - p);
            assert!(found >= p || n * divergence < 15.0, "only {compared} of {cases} compared: {sort:?}");
        }
    }
}
