//! What may be wrong with a mixture that looks fine.

use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em_engine::Mixture;

use super::digits::counted;

/// The first doubt, if there is one; n is the number of data, or the sum of their weights. Where a floor has no
/// meaning, none is advised.
pub fn doubt(model: &Mixture, n: f64, d: usize, has_floor: Option<bool>) -> Option<String> {
    let k = model.k();
    match model {
        // The shape is what can collapse.
        Mixture::Student(model) => doubt(&Mixture::Gaussian(model.shape().clone()), n, d, None),
        Mixture::Gaussian(model) => {
            let count = |j: &usize| model.weights()[*j] * n;
            // What is left of a datum in a component that nothing belongs to any more.
            let is_empty = |j: &usize| count(j) < 1e-6;
            if let Some(j) = (0..k).find(is_empty) {
                return Some(format!("component {} is empty: fewer components fit as well", j + 1));
            }
            let j = (0..k).find(|j| count(j) < (d + 1) as f64).filter(|_| k > 1)?;
            let hint = match (model.family(), has_floor) {
                // With the covariance of all others none collapses.
                (CovarianceFamily::Tied, _) => "so few say little of it; try fewer components",
                (_, Some(true)) => {
                    "that is what the --floor leaves of one that would collapse; try fewer components"
                }
                (_, Some(false)) => "ℓ has no maximum where one collapses; try fewer components or a --floor",
                (_, None) => "ℓ has no maximum where one collapses; try fewer components",
            };
            Some(format!("component {} rests on {:.1} data: {hint}", j + 1, count(&j)))
        }
        Mixture::Bernoulli(model) => {
            // The probabilities of (m + 1)^d different data, which sum to one.
            let shares = ((model.flips() as f64 + 1.0).powi(d as i32) - 1.0) as usize;
            let p = model.parameter_count();
            let few = format!("data like these show only {}, too few", counted(shares, "independent share"));
            (p > shares).then(|| format!("{few} for {p} parameters: other coins fit as well"))
        }
    }
}
