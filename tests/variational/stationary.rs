//! The bound written out with every number of q free, on dual numbers: the two steps go where its slope vanishes.

use crate::common::naive::{Number, quadratic_and_determinant};
use crate::common::{assert_within, cases, seed};
use crate::{heaps, random_prior};
use executable_em::em::{Stopping, Tolerance};
use executable_em::variational::mixture::{OnBound, fit};
use executable_em::variational::{GaussWishart, VariationalMixture, Weights};
use executable_em::{data, latent};
use nalgebra::DMatrix;
use num_dual::Dual64;
use std::f64::consts::{LN_2, PI, TAU};

/// log Γ, by its recursion and Stirling's series: what is left out is below 2·10⁻¹⁶.
fn ln_gamma<D: Number>(x: D) -> D {
    let (mut z, mut below) = (x, D::from(0.0));
    while z.re() < 15.0 {
        below += z.ln();
        z += 1.0;
    }
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
    let mut tail = D::from(0.0);
    for (power, term) in series.into_iter().enumerate() {
        tail += z.powi(-2 * power as i32 - 1) * term;
    }
    (z - 0.5) * z.ln() - z + tail + 0.5 * TAU.ln() - below
}

/// Its slope, term by term.
fn digamma<D: Number>(x: D) -> D {
    let (mut z, mut below) = (x, D::from(0.0));
    while z.re() < 15.0 {
        below += z.recip();
        z += 1.0;
    }
    let series = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0];
    let mut tail = D::from(0.0);
    for (power, term) in series.into_iter().enumerate() {
        tail += z.powi(-2 * power as i32 - 2) * term;
    }
    z.ln() - z.recip() * 0.5 - tail - below
}

/// The expected logarithms under a Dirichlet, and its divergence from another.
fn dirichlet<D: Number>(a: &[D], prior: &[f64]) -> (Vec<D>, D) {
    let total = a.iter().copied().fold(D::from(0.0), |sum, a| sum + a);
    let logs: Vec<D> = a.iter().map(|&a| digamma(a) - digamma(total)).collect();
    let mut divergence = ln_gamma(total) - ln_gamma(D::from(prior.iter().sum()));
    for ((&a, &b), &log) in a.iter().zip(prior).zip(&logs) {
        divergence += ln_gamma(D::from(b)) - ln_gamma(a) + (a - b) * log;
    }
    (logs, divergence)
}

/// q(μ, Λ) of one component, every number free: m, β, the d² numbers of W⁻¹, ν.
struct Component<D> {
    mean: Vec<D>,
    strength: D,
    scatter: Vec<Vec<D>>,
    degrees: D,
}

impl<D: Number> Component<D> {
    fn taken(numbers: &mut impl Iterator<Item = D>, d: usize) -> Self {
        let mut next = || numbers.next().unwrap();
        Component {
            mean: (0..d).map(|_| next()).collect(),
            strength: next(),
            scatter: (0..d).map(|_| (0..d).map(|_| next()).collect()).collect(),
            degrees: next(),
        }
    }

    /// ν (m − y)ᵀ W (m − y), and |W⁻¹|.
    fn distance(&self, y: &[f64]) -> (D, D) {
        let v: Vec<D> = self.mean.iter().zip(y).map(|(&mean, &y)| mean - y).collect();
        let (quadratic, determinant) = quadratic_and_determinant(&self.scatter, &v);
        (self.degrees * quadratic, determinant)
    }

    fn expected_log_determinant(&self) -> D {
        let d = self.mean.len();
        let (_, determinant) = self.distance(&vec![0.0; d]);
        let digammas = (0..d).map(|b| digamma((self.degrees - b as f64) * 0.5));
        digammas.fold(D::from(d as f64 * LN_2) - determinant.ln(), |sum, digamma| sum + digamma)
    }

    fn expected_log_density(&self, x: &[f64]) -> D {
        let d = x.len() as f64;
        let spread = self.strength.recip() * d + self.distance(x).0;
        (self.expected_log_determinant() - d * TAU.ln() - spread) * 0.5
    }

    /// E log q − E log p, the Gaussian's part and the Wishart's.
    fn divergence(&self, prior: &GaussWishart) -> D {
        let (d, log_determinant) = (prior.d() as f64, self.expected_log_determinant());
        let at: Vec<f64> = prior.mean().iter().copied().collect();
        let off = (self.strength.recip() * d + self.distance(&at).0) * prior.strength();
        let gaussian = ((self.strength / prior.strength()).ln() * d - d + off) * 0.5;
        // tr W₀⁻¹W, column by column of a root of W₀⁻¹.
        let root = prior.scatter().clone().cholesky().unwrap().l();
        let mut trace = D::from(0.0);
        for column in root.column_iter() {
            let column: Vec<D> = column.iter().map(|&entry| D::from(entry)).collect();
            trace += quadratic_and_determinant(&self.scatter, &column).0;
        }
        let log_normaliser = |log_determinant: D, degrees: D| {
            let gammas = (0..prior.d()).map(|b| ln_gamma((degrees - b as f64) * 0.5));
            let gammas = gammas.fold(D::from(0.25 * d * (d - 1.0) * PI.ln()), |sum, gamma| sum + gamma);
            (log_determinant - d * LN_2) * degrees * 0.5 - gammas
        };
        let (_, determinant) = self.distance(&at);
        let before = D::from(prior.scatter().determinant().ln());
        let wishart = log_normaliser(determinant.ln(), self.degrees)
            - log_normaliser(before, D::from(prior.degrees()))
            + (self.degrees - prior.degrees()) * log_determinant * 0.5
            + (trace - d) * self.degrees * 0.5;
        gaussian + wishart
    }
}

/// F from all numbers of q: those of the weights, of the k components, of the n·k responsibilities.
fn bound<D: Number>(q: &[D], weights: Weights, prior: &GaussWishart, x: &DMatrix<f64>, k: usize) -> D {
    let mut numbers = q.iter().copied();
    let mut total = D::from(0.0);
    let logs = match weights {
        Weights::Dirichlet(alpha) => {
            let a: Vec<D> = numbers.by_ref().take(k).collect();
            let (logs, divergence) = dirichlet(&a, &vec![alpha; k]);
            total -= divergence;
            logs
        }
        Weights::Sticks(alpha) => {
            let (mut logs, mut left) = (Vec::new(), D::from(0.0));
            for _ in 1..k {
                let stick: Vec<D> = numbers.by_ref().take(2).collect();
                let (broken, divergence) = dirichlet(&stick, &[1.0, alpha]);
                total -= divergence;
                logs.push(left + broken[0]);
                left += broken[1];
            }
            logs.push(left);
            logs
        }
    };
    let components: Vec<_> = (0..k).map(|_| Component::taken(&mut numbers, prior.d())).collect();
    for component in &components {
        total -= component.divergence(prior);
    }
    for row in x.row_iter() {
        let datum: Vec<f64> = row.iter().copied().collect();
        for (component, &log) in components.iter().zip(&logs) {
            let r = numbers.next().unwrap();
            if r.re() == 0.0 {
                continue;
            }
            total += r * (log + component.expected_log_density(&datum) - r.ln());
        }
    }
    total
}

/// All numbers of q, in the order that [`bound`] takes them.
fn numbers(q: &VariationalMixture, r: &DMatrix<f64>) -> Vec<f64> {
    let counts = q.shares().counts();
    let k = counts.len();
    let mut all: Vec<f64> = match q.shares().prior() {
        Weights::Dirichlet(alpha) => counts.iter().map(|count| alpha + count).collect(),
        Weights::Sticks(alpha) => {
            (0..k - 1).flat_map(|j| [1.0 + counts[j], alpha + counts.rows(j + 1, k - 1 - j).sum()]).collect()
        }
    };
    for component in q.components() {
        all.extend(component.mean());
        all.push(component.strength());
        all.extend(component.scatter());
        all.push(component.degrees());
    }
    all.extend(r.transpose().iter());
    all
}

struct Slopes<'a> {
    weights: Weights,
    prior: &'a GaussWishart,
    x: &'a DMatrix<f64>,
    k: usize,
}

impl Slopes<'_> {
    fn value(&self, q: &[f64]) -> f64 {
        bound(q, self.weights, self.prior, self.x, self.k)
    }

    /// The slope of F along some of the numbers together.
    fn along(&self, q: &[f64], together: &[usize]) -> f64 {
        let mut q: Vec<Dual64> = q.iter().map(|&number| Dual64::from(number)).collect();
        together.iter().for_each(|&m| q[m].eps = 1.0);
        bound(&q, self.weights, self.prior, self.x, self.k).eps
    }

    /// The numbers of q(θ), each alone, but the two that a symmetric matrix has alike together.
    fn directions(&self) -> Vec<Vec<usize>> {
        let (d, k) = (self.prior.d(), self.k);
        let of_weights = if let Weights::Dirichlet(_) = self.weights { k } else { 2 * (k - 1) };
        let mut all: Vec<Vec<usize>> = (0..of_weights).map(|m| vec![m]).collect();
        for j in 0..k {
            let first = of_weights + j * (d + 1 + d * d + 1);
            let scatter = first + d + 1;
            all.extend((first..scatter).map(|m| vec![m]));
            for (a, b) in (0..d).flat_map(|a| (0..a).map(move |b| (a, b))) {
                all.push(vec![scatter + a * d + b, scatter + b * d + a]);
            }
            all.extend((0..d).map(|a| vec![scatter + a * d + a]));
            all.push(vec![scatter + d * d]);
        }
        all
    }

    /// Every number of q(θ) stands where the slope along it vanishes, within 10⁻¹⁰ of the largest of them: the slope
    /// there is 10⁻⁸ of that a hundredth of it beside. Returns how many there are.
    fn assert_stationary_in_theta(&self, q: &[f64]) -> usize {
        let count = q.len() - self.x.nrows() * self.k;
        let largest = q[..count].iter().fold(1.0_f64, |largest, number| largest.max(number.abs()));
        let all = self.directions();
        for together in &all {
            let mut beside = q.to_vec();
            together.iter().for_each(|&m| beside[m] += 0.01 * largest);
            let slope = self.along(&beside, together).abs();
            assert!(slope > 1e-4, "numbers {together:?}: a slope of {slope} beside");
            assert_within(self.along(q, together), 0.0, 1e-8 * slope);
        }
        all.len()
    }

    /// The slopes along the responsibilities of every datum are equal: on the simplex there is no way up.
    fn assert_stationary_in_r(&self, q: &[f64]) {
        let first = q.len() - self.x.nrows() * self.k;
        for i in 0..self.x.nrows() {
            let slopes: Vec<f64> = (0..self.k).map(|j| self.along(q, &[first + i * self.k + j])).collect();
            let size = slopes.iter().fold(0.0_f64, |size, slope| size.max(slope.abs()));
            for slope in &slopes[1..] {
                // Log densities of some hundred, and the log of a softmax of them.
                assert_within(*slope, slopes[0], 1e-11 * (100.0 + size));
            }
        }
    }
}

/// F is the bound; the M step makes it stationary in all that q(θ) has, for a Dirichlet and for sticks, and
/// the E step in the responsibilities.
#[test]
fn each_step_goes_where_the_slope_vanishes() {
    let mut compared = 0;
    for number in 0..12 {
        let mut rng = data::rng(seed() + 300 + number);
        let (d, k) = (1 + number as usize % 2, 2 + number as usize % 3);
        let (prior, x) = (random_prior(d, &mut rng), heaps(9, d, &mut rng));
        let weights = if number % 4 < 2 { Weights::Dirichlet(0.7) } else { Weights::Sticks(1.3) };
        let r = cases::simplex_rows(9, k, &mut rng);
        let q = VariationalMixture::learned(weights, prior.clone(), &x, &r).unwrap();
        let slopes = Slopes { weights, prior: &prior, x: &x, k };
        let expected = q.lower_bound(&x, &r).unwrap();
        assert_within(slopes.value(&numbers(&q, &r)), expected, 1e-11 * (1.0 + expected.abs()));
        compared += slopes.assert_stationary_in_theta(&numbers(&q, &r));
        slopes.assert_stationary_in_r(&numbers(&q, &q.responsibilities(&x).unwrap()));
    }
    assert!(compared > 150, "{compared}");
}

/// at rest both hold at once.
#[test]
fn a_fit_comes_to_rest_where_the_bound_is_stationary() {
    let mut rng = data::rng(seed() + 320);
    let (prior, x) = (random_prior(2, &mut rng), heaps(30, 2, &mut rng));
    let weights = Weights::Dirichlet(0.5);
    let r = latent::one_hot(&(0..30).map(|i| i % 2).collect::<Vec<_>>(), 2).unwrap();
    let stopping = Stopping { tolerance: Tolerance::Parameters(1e-15), max_sweeps: 20_000 };
    let q = fit(&OnBound::new(&x).unwrap(), weights, &prior, &r, &stopping).unwrap().model;
    let all = numbers(&q, &q.responsibilities(&x).unwrap());
    let slopes = Slopes { weights, prior: &prior, x: &x, k: 2 };
    assert_eq!(slopes.assert_stationary_in_theta(&all), 2 + 2 * 7);
    slopes.assert_stationary_in_r(&all);
}
