//! How an answer is judged: laws in order, each on all cases, small ones first.

use nalgebra::{DMatrix, DVector};
use std::fmt;

/// What became of an answer, ready to be shown as the last expression of a notebook cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    right: bool,
    text: String,
}

impl Verdict {
    /// Whether every law holds.
    pub fn is_right(&self) -> bool {
        self.right
    }

    /// What to tell the reader.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Called by the kernel.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/plain\n{self}\nEVCXR_END_CONTENT");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An answer's numbers, in an order of their own.
pub(crate) trait Numbers {
    fn numbers(&self) -> Vec<f64>;
}

impl Numbers for f64 {
    fn numbers(&self) -> Vec<f64> {
        vec![*self]
    }
}

impl Numbers for DMatrix<f64> {
    fn numbers(&self) -> Vec<f64> {
        self.iter().copied().collect()
    }
}

impl Numbers for DVector<f64> {
    fn numbers(&self) -> Vec<f64> {
        self.iter().copied().collect()
    }
}

impl Numbers for Vec<usize> {
    fn numbers(&self) -> Vec<f64> {
        self.iter().map(|&number| number as f64).collect()
    }
}

impl Numbers for Vec<f64> {
    fn numbers(&self) -> Vec<f64> {
        self.clone()
    }
}

impl Numbers for Vec<DMatrix<f64>> {
    fn numbers(&self) -> Vec<f64> {
        self.iter().flat_map(Numbers::numbers).collect()
    }
}

impl<A: Numbers, B: Numbers> Numbers for (A, B) {
    fn numbers(&self) -> Vec<f64> {
        [self.0.numbers(), self.1.numbers()].concat()
    }
}

/// What a law finds wrong with the answer on a case, in words; it may ask the answer about other cases, too.
type Law<'a, C, A> = Box<dyn Fn(&C, &A, &dyn Fn(&C) -> A) -> Option<String> + 'a>;

/// A printed formula that is not right: its id, and its value where it has one.
type Slip<'a, C, A> = (&'static str, Box<dyn Fn(&C) -> Option<A> + 'a>);

/// An exercise: cases, the laws that a right answer obeys, and the slips of the lectures.
pub(crate) struct Exercise<'a, C, A> {
    cases: Vec<C>,
    laws: Vec<Law<'a, C, A>>,
    slips: Vec<Slip<'a, C, A>>,
}

impl<'a, C: fmt::Display, A: Numbers> Exercise<'a, C, A> {
    /// On these cases, the smallest first. No number of an answer may be NaN.
    pub fn on(cases: Vec<C>) -> Self {
        let numbers = |_: &C, answer: &A, _: &dyn Fn(&C) -> A| {
            answer
                .numbers()
                .iter()
                .any(|number| number.is_nan())
                .then(|| "one of its numbers is NaN".to_owned())
        };
        Exercise { cases, laws: vec![Box::new(numbers)], slips: Vec::new() }
    }

    pub fn law(mut self, broken: impl Fn(&C, &A, &dyn Fn(&C) -> A) -> Option<String> + 'a) -> Self {
        self.laws.push(Box::new(broken));
        self
    }

    pub fn slip(mut self, id: &'static str, printed: impl Fn(&C) -> Option<A> + 'a) -> Self {
        self.slips.push((id, Box::new(printed)));
        self
    }

    pub fn judge(self, answer: impl Fn(&C) -> A) -> Verdict {
        let answers: Vec<A> = self.cases.iter().map(&answer).collect();
        for law in &self.laws {
            for (case, given) in self.cases.iter().zip(&answers) {
                if let Some(seen) = law(case, given, &answer) {
                    let slips = self.slips.iter().filter(|(_, printed)| self.is_slip(printed, &answers));
                    let named = match slips.map(|&(id, _)| id).collect::<Vec<_>>().join(" and ") {
                        none if none.is_empty() => none,
                        ids => format!("\nThis is printed as {ids}: chapter A tells it from what is right."),
                    };
                    let stop = if seen.ends_with('?') { "" } else { "." };
                    let text = format!("Not yet: {seen}{stop}\nSeen for {case}{named}");
                    return Verdict { right: false, text };
                }
            }
        }
        let (laws, cases) = (self.laws.len(), self.cases.len());
        let s = if cases == 1 { "" } else { "s" };
        Verdict { right: true, text: format!("Right: {laws} laws hold on {cases} case{s}.") }
    }

    /// Whether the answer is the printed formula, wherever that has a value.
    fn is_slip(&self, printed: &dyn Fn(&C) -> Option<A>, answers: &[A]) -> bool {
        let mut compared = 0;
        for (case, given) in self.cases.iter().zip(answers) {
            if let Some(printed) = printed(case) {
                let (printed, given) = (printed.numbers(), given.numbers());
                if printed.len() != given.len()
                    || !printed.iter().zip(&given).all(|(&p, &g)| near(p, g, 1e-9))
                {
                    return false;
                }
                compared += 1;
            }
        }
        compared > 0
    }
}

/// Whether two numbers agree to so much of the larger, or of one.
pub(crate) fn near(one: f64, other: f64, tolerance: f64) -> bool {
    one == other || (one - other).abs() <= tolerance * (1.0 + one.abs().max(other.abs()))
}

/// A number as one reads it: with six decimals at most, or with a power of ten.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e6).contains(&size) {
        format!("{}", (value * 1e6).round() / 1e6)
    } else {
        format!("{value:.3e}")
    }
}

/// The words for a number that should be another, unless it is.
pub(crate) fn unlike(what: &str, found: f64, wanted: f64, tolerance: f64) -> Option<String> {
    (!near(found, wanted, tolerance))
        .then(|| format!("{what} is {}, and should be {}", number(found), number(wanted)))
}

/// The words for a matrix of another shape.
pub(crate) fn misshapen(found: &DMatrix<f64>, wanted: (usize, usize)) -> Option<String> {
    let (rows, columns) = wanted;
    (found.shape() != wanted)
        .then(|| format!("it is {} × {}, and should be {rows} × {columns}", found.nrows(), found.ncols()))
}

/// Says so if a row does not sum to one.
pub(crate) fn unnormalised(r: &DMatrix<f64>, tolerance: f64) -> Option<String> {
    let sum = |i: usize| unlike(&format!("the sum of row {}", i + 1), r.row(i).sum(), 1.0, tolerance);
    (0..r.nrows()).find_map(sum)
}

/// Says so if there are not so many numbers as are wanted.
pub(crate) fn miscounted(found: &DVector<f64>, wanted: usize) -> Option<String> {
    (found.len() != wanted).then(|| format!("{wanted} numbers are wanted, these are {}", found.len()))
}

/// The words for responsibilities whose log odds are not those of the log joint, wherever no exponential underflows;
/// `what` is the name of a column, and `first` that of the first.
pub(crate) fn odds_differ(
    [what, first]: [&str; 2],
    r: &DMatrix<f64>,
    log_joint: &DMatrix<f64>,
) -> Option<String> {
    let places = (0..r.nrows()).flat_map(|i| (1..r.ncols()).map(move |j| (i, j)));
    places.into_iter().find_map(|(i, j)| {
        // A share of e⁻⁵⁰⁰ has all its digits; not far below, it loses them.
        if log_joint[(i, j)].min(log_joint[(i, 0)]) < log_joint.row(i).max() - 500.0 {
            return None;
        }
        let name = format!("the log odds of {what} {} against {first} for datum {}", j + 1, i + 1);
        let wanted = log_joint[(i, j)] - log_joint[(i, 0)];
        unlike(&name, (r[(i, j)] / r[(i, 0)]).ln(), wanted, 1e-7)
    })
}
