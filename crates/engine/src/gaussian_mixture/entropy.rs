//! How much doubt is left about the labels, from the sums alone.

use super::super::gaps::Group;
use super::super::source::Source;
use super::conditional::Conditional;
use super::missing::each_group;
use super::{Engine, Fused};
use crate::Result;
use executable_em::em::Expected;
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::scale::SufficientStatistics;

impl Engine {
    /// The entropy of the responsibilities, which ICL takes off: no n×k matrix is needed.
    /// ```math
    /// \mathsf H(r) = -\sum_{ij}r_{ij}\log r_{ij} = \ell - Q
    /// ```
    ///
    /// Where cells are missing, of every pattern by itself: with ℓ and Q of what is seen of it. Returns nats, ≥ 0.
    ///
    /// Source: H-50, X-07; Biernacki, Celeux and Govaert (2000).
    ///
    /// # Errors
    /// Those of [`Engine::statistics`].
    ///
    /// ```
    /// use executable_em::{bound::entropy, data, gaussian_mixture::{CovarianceFamily, random_start}};
    /// use executable_em_engine::{Data, Engine};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// let found = Engine::new(1)?.label_entropy(&model, &Data::new(&x)?)?;
    /// assert!((found - entropy(&model.responsibilities(&x)?)?).abs() < 1e-9);
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn label_entropy(&self, model: &GaussianMixture, source: &dyn Source) -> Result<f64> {
        if !source.has_gaps() {
            return of_whole(model, self, source);
        }
        let of_group = |engine: &Engine, group: &Group| {
            let conditional = Conditional::new(model, &group.seen, &group.missing)?;
            match &conditional.marginal {
                Some(marginal) => of_whole(marginal, engine, &group.data()),
                None => {
                    let of_one: f64 = model.weights().iter().filter(|&&w| w > 0.0).map(|w| -w * w.ln()).sum();
                    Ok(group.total() * of_one)
                }
            }
        };
        let mut entropy = 0.0;
        each_group(self, source, model.d(), &of_group, &mut |of_one| {
            entropy += of_one;
            Ok(())
        })?;
        Ok(entropy)
    }
}

fn of_whole(model: &GaussianMixture, engine: &Engine, source: &dyn Source) -> Result<f64> {
    let Expected { log_likelihood, expectation, .. } = model.e_step(engine, source)?;
    // Where no label is in doubt, the difference of the two is their rounding.
    Ok((log_likelihood - expectation.expected_log_joint(model)?).max(0.0))
}
