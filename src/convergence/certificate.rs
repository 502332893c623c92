//! A proof by computer that EM has found a maximum: one stationary point in a box, and ℓ curved down all over it.
//!
//! A floating-point number is evidence; an interval is a proof. Take any coordinates: a smooth change of them moves
//! neither stationary points nor maxima. In those of `shape.rs` the log joint is as simple as it can be, a log minus
//! half a square,
//! ```math
//! \log p(x, j) = a_j - \log\sum_l e^{a_l} + \sum_c\Big[\log w_{cc} - \tfrac12 y_c^2\Big], \qquad y = W_jx - b_j,
//! \quad W_j^\top W_j = \Sigma_j^{-1}, \quad b_j = W_j\mu_j,
//! ```
//!
//! and its score and Hessian are computed for all points of a box at once.

use super::interval::Interval;
use super::shape::{Shape, Units};
use crate::check;
use crate::error::{Error, Result};
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, DVector};

/// What has been proved: bounds between which a maximum of ℓ lies, the only stationary point of the box that was
/// tried.
///
/// Source: X-21.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Bounds on the weights.
    pub weights: Vec<Interval>,
    /// Bounds on the means, a row a component.
    pub means: Vec<Vec<Interval>>,
    /// Bounds on the covariances.
    pub covariances: Vec<Vec<Vec<Interval>>>,
}

impl Certificate {
    /// The width of the widest bound, relative to max(1, |θ|).
    ///
    /// Source: X-21. Example: [`certify`].
    pub fn width(&self) -> f64 {
        self.bounds().map(|bound| bound.width() / bound.magnitude().max(1.0)).fold(0.0, f64::max)
    }

    /// Whether these parameters lie between the bounds.
    ///
    /// Source: X-21. Example: [`certify`].
    pub fn contains(&self, model: &GaussianMixture) -> bool {
        let (k, d) = (self.means.len(), self.means[0].len());
        if (model.k(), model.d()) != (k, d) {
            return false;
        }
        let inside = |j: usize, a: usize| {
            self.means[j][a].contains(model.means()[(j, a)])
                && (0..d).all(|b| self.covariances[j][a][b].contains(model.covariances()[j][(a, b)]))
        };
        (0..k).all(|j| self.weights[j].contains(model.weights()[j]) && (0..d).all(|a| inside(j, a)))
    }

    fn bounds(&self) -> impl Iterator<Item = Interval> {
        let covariances = self.covariances.iter().flatten().flatten();
        self.weights.iter().chain(self.means.iter().flatten()).chain(covariances).copied()
    }
}

/// Proves that near a model there is a maximum of ℓ, and where; or says nothing.
/// ```math
/// K(X) = m - Y\,g(m) + \big(I - Y\,H(X)\big)(X - m) \;\subset\; \operatorname{int}X
/// \quad\Longrightarrow\quad \text{one zero of } g \text{ in } X, \text{ and it lies in } K(X)
/// ```
///
/// This is Krawczyk's test for the score g with its Jacobian H, the Hessian of ℓ, over the box X about m; Y is about
/// H(m)⁻¹, and need not be exact. Then −H(X) is brought near the identity by a congruence, and Gershgorin's discs
/// show it positive definite at every point of X: the zero is a maximum. A few steps of Newton's method find m first,
/// and boxes of growing size are tried. `x` is n×d.
///
/// None where nothing is proved: far from a stationary point, at a saddle, at a spike, on a ridge.
/// [`Error::NotInFamily`] for a family that is not full, [`Error::Domain`] for a weight of zero.
///
/// Source: X-21; Krawczyk (1969), Moore (1977), Neumaier (1990), ch. 5.
/// ```
/// use executable_em::convergence::certificate::certify;
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, kmeans_start}};
/// let x = data::old_faithful();
/// let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// assert!(certify(&start, &x)?.is_none_or(|near| !near.contains(&start)));
/// let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-10), max_sweeps: 1000 };
/// let proved = certify(&em::fit(start, &x, &stopping)?.model, &x)?.expect("a maximum");
/// assert!(proved.width() < 1e-11);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn certify(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Option<Certificate>> {
    check::data(x, model.d())?;
    model.weights().iter().try_for_each(|&weight| check::positive("weight", weight))?;
    if model.family() != CovarianceFamily::Full {
        return Err(Error::NotInFamily { component: 0, family: "full" });
    }
    let shape = Shape { k: model.k(), d: model.d() };
    let units = Units::of(x);
    let z = units.standard(x);
    // None, too, where the coordinates leave the range of numbers.
    let found = shape.coordinates(model, &units).and_then(|start| newton(&shape, start, &z));
    let Some((middle, inverse)) = found else { return Ok(None) };
    // Standard errors set the scale of the box.
    let scale = inverse.diagonal().map(|entry| entry.abs().sqrt());
    for exponent in -12..-2 {
        let radius = &scale * 10_f64.powi(exponent);
        if let Some(bounds) = krawczyk(&shape, &middle, &inverse, &radius, &z) {
            let (weights, means, covariances) = shape.bounds(&bounds, &units);
            return Ok(Some(Certificate { weights, means, covariances }));
        }
    }
    Ok(None)
}

/// A few Newton steps; None where the Hessian is not that of a maximum or the steps are no small ones.
fn newton(shape: &Shape, mut at: DVector<f64>, z: &[Vec<Interval>]) -> Option<(DVector<f64>, DMatrix<f64>)> {
    let mut inverse = DMatrix::zeros(0, 0);
    for _ in 0..6 {
        let points: Vec<Interval> = at.iter().map(|&value| Interval::point(value)).collect();
        let (score, hessian) = shape.derivatives(&points, z)?;
        let middle = |value: &Interval| value.middle();
        let hessian = DMatrix::from_fn(at.len(), at.len(), |l, m| hessian[l][m].middle());
        inverse = -(-hessian).cholesky()?.inverse();
        let step = &inverse * DVector::from_iterator(at.len(), score.iter().map(middle));
        // More than a standard error away the quadratic picture is not to be trusted.
        let far =
            step.iter().zip(&inverse.diagonal()).any(|(step, variance)| step.abs() > (-variance).sqrt());
        if far {
            return None;
        }
        at -= step;
    }
    Some((at, inverse))
}

/// Krawczyk's test on the box about m, and the test for a maximum; the zero's bounds if both are passed.
fn krawczyk(
    shape: &Shape,
    middle: &DVector<f64>,
    inverse: &DMatrix<f64>,
    radius: &DVector<f64>,
    z: &[Vec<Interval>],
) -> Option<Vec<Interval>> {
    let p = middle.len();
    let points: Vec<Interval> = middle.iter().map(|&value| Interval::point(value)).collect();
    let (score, _) = shape.derivatives(&points, z)?;
    let mut bounds: Vec<Interval> =
        (0..p).map(|m| Interval::new(middle[m] - radius[m], middle[m] + radius[m])).collect();
    let (_, hessian) = shape.derivatives(&bounds, z)?;
    if !is_maximum(&hessian) {
        return None;
    }
    let entry = |l: usize, m: usize| Interval::point(inverse[(l, m)]);
    // Y g(m), and I − Y H(X).
    let step: Vec<Interval> = (0..p).map(|l| (0..p).map(|m| entry(l, m) * score[m]).sum()).collect();
    let rest = |l: usize, m: usize| {
        let product: Interval = (0..p).map(|q| entry(l, q) * hessian[q][m]).sum();
        Interval::point(if l == m { 1.0 } else { 0.0 }) - product
    };
    let rest: Vec<Vec<Interval>> = (0..p).map(|l| (0..p).map(|m| rest(l, m)).collect()).collect();
    let image = |bounds: &[Interval]| -> Vec<Interval> {
        let spread = |l: usize| (0..p).map(|m| rest[l][m] * (bounds[m] - points[m])).sum();
        (0..p).map(|l| points[l] - step[l] + spread(l)).collect()
    };
    let first = image(&bounds);
    if !first.iter().zip(&bounds).all(|(image, bound)| image.is_inside(*bound)) {
        return None;
    }
    // The zero lies in K(X), so X may shrink to it, and again.
    for _ in 0..2 {
        bounds = image(&bounds).iter().zip(&bounds).map(|(image, bound)| image.overlap(*bound)).collect();
    }
    Some(bounds)
}

/// Whether every symmetric matrix in these bounds is negative definite.
///
/// With V from the middle matrix, Vᵀ(−H)V is near the identity; if every disc of Gershgorin lies right of zero it is
/// positive definite, and so is −H, whatever V was.
fn is_maximum(hessian: &[Vec<Interval>]) -> bool {
    let p = hessian.len();
    let middle = DMatrix::from_fn(p, p, |l, m| -0.5 * (hessian[l][m].middle() + hessian[m][l].middle()));
    let Some(factor) = middle.cholesky() else { return false };
    let Some(v) = factor.l().transpose().try_inverse() else { return false };
    let v = |l: usize, m: usize| Interval::point(v[(l, m)]);
    let half: Vec<Vec<Interval>> =
        (0..p).map(|l| (0..p).map(|m| (0..p).map(|q| -hessian[l][q] * v(q, m)).sum()).collect()).collect();
    let near_identity = |l: usize, m: usize| -> Interval { (0..p).map(|q| v(q, l) * half[q][m]).sum() };
    (0..p).all(|l| {
        let discs: f64 = (0..p).filter(|&m| m != l).map(|m| near_identity(l, m).magnitude()).sum();
        // The sum of magnitudes is rounded, but far below one.
        near_identity(l, l).low() > discs * (1.0 + 1e-10)
    })
}
