//! A bound that stays open, and as many components as the data ask for.
//!
//! Let the parameters be hidden too. Then there is nothing left to maximise over, and chapter 5's bound holds for the
//! *evidence*, with a q over labels and parameters at once. It cannot be closed: the exact posterior is out of reach.
//! So q is restricted to a product, and the bound is climbed in one factor after the other:
//! ```math
//! \log p(x) = \mathcal F(q) + \mathrm{KL}\big(q(z)\,q(\theta)\,\|\,p(z, \theta\mid x)\big), \qquad
//! \log q(z) = E_{q(\theta)}[\log p(x, z, \theta)] + c, \quad \log q(\theta) = E_{q(z)}[\log p(x, z, \theta)] + c
//! ```
//!
//! F has several names: (evidence) lower bound, ELBO, minus the variational free energy; q is the variational
//! posterior; an E step of EM is exact inference in these terms, and EM itself is the case in which q(θ) is a point.
//!
//! | file | what it derives |
//! |---|---|
//! | [`tilted`] | a Gaussian with factorised q: what mean field gets wrong, and by how much |
//! | [`special`] | digamma and the multivariate gamma function |
//! | [`gauss_wishart`] | the conjugate prior of mean and precision: update, evidence, predictive density |
//! | [`shares`] | the weights: a Dirichlet, or a stick broken as often as one likes |
//! | [`mixture`] | the mean-field Gaussian mixture, its two steps and its bound, term by term |
//! | [`coins`] | the same for coins |
//! | [`evidence`] | all labelings of a small data set: the exact evidence and the exact posterior |
//! | [`gibbs`] | a collapsed Gibbs sampler, the referee |

pub mod coins;
pub mod evidence;
pub mod gauss_wishart;
pub mod gibbs;
pub mod mixture;
pub mod shares;
pub mod special;
pub mod tilted;

pub use gauss_wishart::GaussWishart;
pub use mixture::VariationalMixture;
pub use shares::{Shares, Weights};
