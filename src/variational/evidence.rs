//! The exact evidence of a small data set: a sum over all labelings, each of them conjugate.

use super::gauss_wishart::GaussWishart;
use super::shares::Weights;
use crate::check;
use crate::error::Result;
use crate::latent::{self, labelings};
use crate::pathologies::prior::ln_gamma;
use nalgebra::{DMatrix, DVector};

/// The log joint of data and labels, all parameters integrated out.
/// ```math
/// \log p(x, z) = \log p(z) + \sum_j\log p\big(\{x_i : z_i = j\}\big)
/// ```
///
/// `labels` holds n numbers below k. For a Dirichlet prior of k weights
/// $`p(z) = \frac{\Gamma(k\alpha)}{\Gamma(k\alpha + n)}\prod_j\frac{\Gamma(\alpha + n_j)}{\Gamma(\alpha)}`$; for a
/// Dirichlet process, whose labels are names of clusters and carry no order,
/// $`p(z) = \frac{\Gamma(\alpha)}{\Gamma(\alpha + n)}\prod_{j\,:\,n_j>0}\alpha\,\Gamma(n_j)`$. Returns nats.
///
/// Source: X-28; Neal (2000).
/// ```
/// use executable_em::variational::{GaussWishart, Weights, evidence::log_joint};
/// use nalgebra::{dmatrix, RowDVector};
/// let prior = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 1.0)?;
/// let x = dmatrix![0.5; 2.0];
/// let together = log_joint(Weights::Sticks(1.0), &prior, &x, &[0, 0], 2)?;
/// assert!((together - (0.5_f64.ln() + prior.log_evidence(&x)?)).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_joint(
    weights: Weights,
    prior: &GaussWishart,
    x: &DMatrix<f64>,
    labels: &[usize],
    k: usize,
) -> Result<f64> {
    check::data(x, prior.d())?;
    check::labels(labels, x.nrows(), k)?;
    let n = x.nrows() as f64;
    let (Weights::Dirichlet(alpha) | Weights::Sticks(alpha)) = weights;
    check::positive("concentration", alpha)?;
    let total = if let Weights::Dirichlet(_) = weights { alpha * k as f64 } else { alpha };
    let mut log_joint = ln_gamma(total) - ln_gamma(total + n);
    for j in 0..k {
        let rows: Vec<usize> = (0..x.nrows()).filter(|&i| labels[i] == j).collect();
        if rows.is_empty() {
            continue;
        }
        let count = rows.len() as f64;
        log_joint += prior.log_evidence(&x.select_rows(&rows))?
            + match weights {
                Weights::Dirichlet(_) => ln_gamma(alpha + count) - ln_gamma(alpha),
                Weights::Sticks(_) => alpha.ln() + ln_gamma(count),
            };
    }
    check::defined_number("log joint", log_joint)
}

/// The exact log evidence of a mixture of k components with a Dirichlet prior, and the exact posterior of all
/// labelings.
/// ```math
/// \log p(x) = \log\sum_z p(x, z), \qquad p(z\mid x) = \frac{p(x, z)}{p(x)}
/// ```
///
/// kⁿ terms, in the order of [`labelings::all`]: for some ten data. Returns nats, and kⁿ probabilities.
///
/// Source: X-28.
/// ```
/// use executable_em::variational::{GaussWishart, evidence::by_labelings};
/// use nalgebra::{dmatrix, RowDVector};
/// let prior = GaussWishart::new(RowDVector::zeros(1), 1.0, dmatrix![1.0], 1.0)?;
/// let (_, posterior) = by_labelings(1.0, &prior, &dmatrix![-5.0; 5.0; 5.1], 2)?;
/// // Labelings that put the two neighbours together, and the third apart: 0 1 1 and 1 0 0.
/// assert!((posterior[6] - posterior[1]).abs() < 1e-14 && posterior[6] > posterior[3]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn by_labelings(
    concentration: f64,
    prior: &GaussWishart,
    x: &DMatrix<f64>,
    k: usize,
) -> Result<(f64, DVector<f64>)> {
    let all = labelings::all(x.nrows(), k)?;
    let joint = |labels: &Vec<usize>| log_joint(Weights::Dirichlet(concentration), prior, x, labels, k);
    let logs = all.iter().map(joint).collect::<Result<Vec<_>>>()?;
    let log_evidence = latent::log_sum_exp(logs.iter().copied());
    let posterior = DVector::from_iterator(logs.len(), logs.iter().map(|log| (log - log_evidence).exp()));
    Ok((log_evidence, check::defined("posterior of labelings", posterior)?))
}
