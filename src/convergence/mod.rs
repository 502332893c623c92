//! How fast EM converges, how sure its answer is, how to be faster, and when a maximum is proved.
//!
//! Near its end EM is a linear map. Write M for a sweep, θ̂ for where it rests, $`\mathcal I_o`$ for minus the
//! Hessian of ℓ there and $`\mathcal I_c`$ for minus that of Q: the information in what is seen, and in the complete
//! data. Then
//! ```math
//! M(\theta) - \hat\theta \approx J\,(\theta - \hat\theta), \qquad
//! J = I - \mathcal I_c^{-1}\mathcal I_o = \mathcal I_c^{-1}\mathcal I_m, \qquad
//! \mathcal I_m = \mathcal I_c - \mathcal I_o,
//! ```
//!
//! so the error shrinks, along each eigenvector, by the *fraction of missing information*. One matrix tells speed and
//! certainty: where labels are sure, J is small, and $`\mathcal I_o^{-1}`$, the covariance of θ̂, is hardly larger
//! than if the labels were known.
//!
//! | file | what it derives |
//! |---|---|
//! | [`coordinates`] | a mixture as a vector, for every family: the directions in which it may move |
//! | [`chart`] | coordinates without bounds, of which every vector is a mixture |
//! | [`charted`] | every model that has such coordinates |
//! | [`information`] | complete, missing and observed information; Louis' identity |
//! | [`rate`] | the linear map J, its eigenvalues, and the rate that a run shows |
//! | [`errors`] | standard errors, of functions of θ too, and a parametric bootstrap beside them |
//! | [`profile`] | ℓ while one mean is held, and the interval that this gives |
//! | [`aitken`] | how far ℓ still is from its limit, and a rule that stops there |
//! | [`accelerate`] | SQUAREM and Anderson's mixing, with a safeguard that keeps ℓ rising |
//! | [`lbfgs`] | gradient ascent that learns the curvature, to race against |
//! | [`by_parts`] | ECM: an M step by parts, where the whole has no closed form |
//! | [`partial`] | incremental and stepwise EM: an M step after every few data |
//! | [`interval`] | numbers that know how wrong they may be |
//! | [`certificate`] | a proof that a box holds just one stationary point, and that it is a maximum |

pub mod accelerate;
pub mod aitken;
pub mod by_parts;
pub mod certificate;
pub mod chart;
pub mod charted;
pub mod coordinates;
pub mod errors;
pub mod information;
pub mod interval;
pub mod lbfgs;
pub mod partial;
pub mod profile;
pub mod rate;
mod shape;
