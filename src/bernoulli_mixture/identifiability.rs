//! How many flips a draw identify k coins: 2k − 1, counted, measured and constructed.
//!
//! Counted: m flips have m + 1 numbers of heads, so m free probabilities, and k coins have 2k − 1 free parameters.
//! Measured: the [`information`] of a draw has rank min(m, 2k − 1). Constructed: from 2k − 1 flips [`from_moments`]
//! gets the coins back, and for 2k − 2 flips [`twin`] gives other coins that nobody can tell from the first.

use super::{BernoulliMixture, score};
use crate::check;
use crate::error::{Error, Result};
use crate::latent::{self, Model, labelings};
use nalgebra::{DMatrix, DVector};

/// Everything that a draw may show, and the probability of each.
/// ```math
/// P(x) = \prod_a\binom m{x_a}\ \sum_j\alpha_j\prod_a p_{ja}^{x_a}(1-p_{ja})^{m-x_a}
/// ```
/// Returns the (m+1)^d different data as rows, and as many probabilities that sum to one. With one column these are the
/// numbers of heads 0, 1, …, m. [`Error::Domain`] if there are more than about a million, or m is above a thousand.
///
/// Source: T-46, T-47. Example: [`moments_from_heads`].
pub fn outcomes(model: &BernoulliMixture) -> Result<(DMatrix<f64>, DVector<f64>)> {
    check_countable(model.flips)?;
    let all = labelings::all(model.d(), model.flips + 1)?;
    let x = DMatrix::from_fn(all.len(), model.d(), |row, a| all[row][a] as f64);
    let log_joint = model.log_joint(&x)?;
    let probabilities = DVector::from_fn(x.nrows(), |row, _| {
        let orders: f64 = all[row].iter().map(|&heads| log_binomial(model.flips, heads)).sum();
        (orders + latent::log_sum_exp(log_joint.row(row).iter().copied())).exp()
    });
    Ok((x, probabilities))
}

/// The Fisher information of one draw.
/// ```math
/// I = \sum_x P(x)\,s(x)\,s(x)^\top, \qquad s = \nabla\log P, \qquad
/// \frac{\partial\log P}{\partial\alpha_j} = \frac{p(x\mid j) - p(x\mid k)}{p(x)}
/// ```
/// Returns a square matrix, in squared nats, for the k − 1 + kd free parameters: all weights but the last, whose place
/// the constraint takes, then the biases coin by coin within a feature. n draws have n times as much, and the inverse
/// bounds the variance of any unbiased estimate. Where it is singular, a direction in θ leaves all probabilities as
/// they are, to first order; for one flip a draw it has rank one. Errors as in [`outcomes`] and [`score::in_biases`].
///
/// Source: T-E10.
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, identifiability::information};
/// use nalgebra::{dmatrix, dvector};
/// let fair = BernoulliMixture::new(dvector![1.0], dmatrix![0.5], 3)?;
/// assert!((information(&fair)?[0] - 3.0 * 4.0).abs() < 1e-14); // m/(p(1 − p))
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn information(model: &BernoulliMixture) -> Result<DMatrix<f64>> {
    let (x, probabilities) = outcomes(model)?;
    let (free, last) = (model.parameter_count(), model.k() - 1);
    let mut information = DMatrix::zeros(free, free);
    for (row, &probability) in probabilities.iter().enumerate() {
        let draw = x.rows(row, 1).into_owned();
        let (in_biases, in_weights) = (score::in_biases(model, &draw)?, score::in_weights(model, &draw)?);
        let weights = (0..last).map(|j| in_weights[j] - in_weights[last]);
        let score = DVector::from_iterator(free, weights.chain(in_biases.iter().copied()));
        information += &score * score.transpose() * probability;
    }
    check::defined("information", information)
}

/// The moments of the bias of a randomly drawn coin.
/// ```math
/// \mu_r = E\,p^r = \sum_j\alpha_j\,p_j^r, \qquad r = 0, 1, \dots
/// ```
/// Returns `count` numbers from μ₀ = 1 on, of which m flips show μ₁ … μ_m. [`Error::Shape`] for more than one column.
///
/// Source: T-E10; Teicher (1963). Example: [`twin`].
pub fn bias_moments(model: &BernoulliMixture, count: usize) -> Result<DVector<f64>> {
    model.check_column()?;
    check::storable("number of moments", count)?;
    Ok(DVector::from_fn(count, |r, _| model.weights.dot(&model.biases.column(0).map(|p| p.powf(r as f64)))))
}

/// The moments of the bias from the distribution of the number of heads.
/// ```math
/// \mu_r = \sum_{h=r}^m\frac{\binom hr}{\binom mr}\,P(h), \qquad r = 0, \dots, m
/// ```
/// because r given flips are all heads with probability E p^r, and $`\binom hr/\binom mr`$ is the share of r-subsets
/// that are. `probabilities` holds P(0) … P(m), a probability vector; returns m + 1 moments. The map is a triangular
/// matrix without zeros on its diagonal, so the m + 1 moments say all that the distribution does, and it says no more.
///
/// Source: T-E10; Blischke (1964).
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, identifiability::{moments_from_heads, outcomes}};
/// use nalgebra::{dmatrix, dvector};
/// let (x, probabilities) = outcomes(&BernoulliMixture::new(dvector![1.0], dmatrix![0.5], 2)?)?;
/// assert_eq!(x, dmatrix![0.0; 1.0; 2.0]);
/// assert!((moments_from_heads(&probabilities)? - dvector![1.0, 0.5, 0.25]).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn moments_from_heads(probabilities: &DVector<f64>) -> Result<DVector<f64>> {
    check::distribution("probabilities", probabilities, probabilities.len())?;
    let m = probabilities.len() - 1;
    check_countable(m)?;
    let share = |h: usize, r: usize| (0..r).map(|i| (h - i) as f64 / (m - i) as f64).product::<f64>();
    Ok(DVector::from_fn(m + 1, |r, _| (r..=m).map(|h| share(h, r) * probabilities[h]).sum()))
}

/// The k coins that have these moments, from 2k of them.
/// ```math
/// H_{ab} = \mu_{a+b} = LL^\top, \quad K_{ab} = \mu_{a+b+1}, \quad J = L^{-1}KL^{-\top} = V\,\mathrm{diag}(p)\,V^\top,
/// \qquad \alpha_j = V_{1j}^2
/// ```
/// `moments` holds μ₀ = 1, μ₁, …, μ_{2k−1}, of biases that are k different ones with positive weights. J is the matrix
/// of "multiply by p" in the basis of polynomials that are orthonormal under the coins; its eigenvalues are the biases
/// (Gauss' quadrature; Golub and Welsch 1969). So 2k − 1 flips a draw are enough. Returns coins in order of their
/// biases, with `flips` flips a draw. [`Error::Domain`] for moments of fewer coins, [`Error::Entry`] for those of
/// something that is no bias, [`Error::Shape`] for an odd number of them, [`Error::NotOnSimplex`] if μ₀ is not 1.
/// Estimated moments of few data seldom are those of coins; EM's ℓ is the better use of them.
///
/// Source: T-E10; Blischke (1964).
/// ```
/// use executable_em::bernoulli_mixture::identifiability::from_moments;
/// use nalgebra::{dmatrix, dvector};
/// let coins = from_moments(&dvector![1.0, 0.5, 0.3125, 0.21875], 3)?; // ½ (¼^r + ¾^r)
/// assert!((coins.biases() - dmatrix![0.25; 0.75]).amax() < 1e-14);
/// assert!((coins.weights() - dvector![0.5, 0.5]).amax() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn from_moments(moments: &DVector<f64>, flips: usize) -> Result<BernoulliMixture> {
    coins_of(&jacobi_matrix(moments)?, flips)
}

/// Other coins that 2k − 2 flips cannot tell from these, a whole family of them.
/// ```math
/// J' = J + \eta\,e_ke_k^\top, \qquad \mu'_r = e_1^\top J'^r e_1 = \mu_r \quad\text{for } r\le2k-2
/// ```
/// J is tridiagonal: each factor moves by one place at most. To see its last entry a product must go from place 1 to k,
/// stay there once, and come back: 2k − 1 factors. So the moments up to 2k − 2 are the same for every η, and with them
/// the distribution of up to 2k − 2 flips; μ_{2k−1} is not. `model` has one column, k different biases and positive
/// weights; `shift` η must leave the new biases in [0, 1] ([`Error::Entry`]). Returns coins in order of their biases.
///
/// Source: T-E10; Blischke (1964).
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, identifiability::{bias_moments, twin}};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.7, 0.3], dmatrix![0.35; 0.8], 2)?;
/// let other = twin(&coins, 0.1)?;
/// assert!((other.biases() - coins.biases()).amax() > 0.05);
/// let difference = bias_moments(&other, 4)? - bias_moments(&coins, 4)?;
/// assert!(difference.rows(0, 3).amax() < 1e-14 && difference[3] > 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn twin(model: &BernoulliMixture, shift: f64) -> Result<BernoulliMixture> {
    let mut jacobi = jacobi_matrix(&bias_moments(model, 2 * model.k())?)?;
    let last = model.k() - 1;
    jacobi[(last, last)] += shift;
    coins_of(&jacobi, model.flips)
}

/// The matrix J of 2k moments, k×k and tridiagonal.
fn jacobi_matrix(moments: &DVector<f64>) -> Result<DMatrix<f64>> {
    let k = moments.len() / 2;
    check::matrix("moments", moments, (2 * k, 1))?;
    check::simplex("moment of order 0", 0, std::iter::once(moments[0]))?;
    let hankel = |from: usize| DMatrix::from_fn(k, k, |a, b| moments[a + b + from]);
    let (what, value) =
        ("smallest eigenvalue of the matrix of moments", hankel(0).symmetric_eigenvalues().min());
    // Errors of 16ε in the entries of a k×k matrix move no eigenvalue by more than 16kε.
    let factor = hankel(0).cholesky().filter(|_| value > 16.0 * k as f64 * f64::EPSILON);
    let allowed = "> 0, as for k different coins";
    let factor = factor.ok_or(Error::Domain { what, value, allowed })?.unpack();
    let half = factor.solve_lower_triangular(&hankel(1)).expect("a positive diagonal");
    Ok(factor.solve_lower_triangular(&half.transpose()).expect("a positive diagonal"))
}

/// The coins whose matrix is J: eigenvalues, and squared first entries of the eigenvectors.
fn coins_of(jacobi: &DMatrix<f64>, flips: usize) -> Result<BernoulliMixture> {
    check::finite("matrix of the moments", jacobi)?;
    let eigen = jacobi.clone().symmetric_eigen();
    let mut order: Vec<usize> = (0..jacobi.nrows()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
    let weights = eigen.eigenvectors.row(0).select_columns(&order).map(|first| first.powi(2)).transpose();
    let biases = DMatrix::from_columns(&[eigen.eigenvalues.select_rows(&order)]);
    BernoulliMixture::new(weights, biases, flips)
}

/// Sums over all numbers of heads stay within seconds.
fn check_countable(flips: usize) -> Result<()> {
    let allowed = "at most 1000 where all outcomes are counted";
    check::domain("flips a draw", flips as f64, flips <= 1000, allowed)
}

/// log of "m choose h".
fn log_binomial(m: usize, h: usize) -> f64 {
    (1..=h).map(|i| ((m - i + 1) as f64 / i as f64).ln()).sum()
}
