//! Mean field on data of any size: chapter 13's two steps by the passes of the engine.
//!
//! The E step is the softmax of an expected log joint. Of Gaussians that is the log joint of a plain mixture with other
//! weights, whose logarithms take up what the uncertainty of the parameters costs:
//! ```math
//! E\log\pi_j + E\log\mathcal N(x; \mu_j, \Lambda_j^{-1}) = \log\tilde w_j + \log\mathcal N(x; m_j, \tilde\Sigma_j),
//! \qquad \tilde\Sigma_j = W_j^{-1}/\nu_j
//! ```
//! and of coins likewise. The w̃ do not sum to one; divided by their sum Z they make a mixture, and every datum's log
//! marginal is log Z higher.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | weights that do not sum to one |
//! | `gaussians.rs` | Gaussians of full or diagonal covariance |
//! | `flips.rs` | coins |

mod flips;
mod gaussians;

pub use flips::VariationalFlips;
pub use gaussians::VariationalGaussians;

use executable_em::Result;
use executable_em::check;
use executable_em::latent::log_sum_exp;
use nalgebra::DVector;

/// Weights of which these are the logarithms, divided by their sum, and the log of that.
fn normalised(logs: &DVector<f64>) -> Result<(DVector<f64>, f64)> {
    let log_sum = log_sum_exp(logs.iter().copied());
    check::number("log of the sum of expected weights", log_sum)?;
    Ok((logs.map(|log| (log - log_sum).exp()), log_sum))
}
