//! Pathologies and remedies.

use crate::calls;
use crate::pool::Pool;
use executable_em::Result;
use executable_em::latent::Model;
use executable_em::pathologies::cancellation::{
    centred_error_bound, condition_numbers, raw_moment_error_bound, raw_moment_errors,
};
use executable_em::pathologies::dependence::{exclusive_or, pairwise_information, total_correlation};
use executable_em::pathologies::rest::{resting_places, starts_needed};
use executable_em::pathologies::ridge::ridge_sweep;
use executable_em::pathologies::saddle::{curvatures, growths, nudged};
use executable_em::pathologies::singularity::{asymptote, collapse, onto_datum, upper_bound};
use executable_em::pathologies::switching::{
    average, between, canonical, orders, relabelled, second_difference,
};
use executable_em::pathologies::weights::{equal_weights_cost, gain_bound, violations};
use executable_em::pathologies::{MapMixture, Prior};

/// A prior, whatever it takes.
fn prior(pool: &mut Pool) -> Prior {
    loop {
        let (alpha, nu) = (1.0 + pool.positive().abs(), pool.positive() + 3.0);
        if let Ok(prior) = Prior::new(alpha, nu, pool.covariance()) {
            return prior;
        }
    }
}

fn with_prior(pool: &mut Pool) -> Result<MapMixture> {
    MapMixture::new(pool.gaussians(), prior(pool))
}

calls! { p;
    "pathologies::cancellation::condition_numbers" => condition_numbers(&p.x()),
    "pathologies::cancellation::raw_moment_errors" => raw_moment_errors(&p.x()),
    "pathologies::cancellation::raw_moment_error_bound" => raw_moment_error_bound(p.count(), p.positive()),
    "pathologies::cancellation::centred_error_bound" => centred_error_bound(p.count(), p.positive()),
    "pathologies::dependence::exclusive_or" => (p.count(), exclusive_or()),
    "pathologies::dependence::pairwise_information" => pairwise_information(&p.over_labelings(), p.n(), p.k()),
    "pathologies::dependence::total_correlation" => total_correlation(&p.over_labelings(), p.n(), p.k()),
    "Prior::new" => Prior::new(p.number(), p.positive(), p.covariance()),
    "Prior::log_weight_density" => prior(p).log_weight_density(&p.weights()),
    "Prior::log_covariance_density" => prior(p).log_covariance_density(&p.covariance(), p.count()),
    "Prior::log_density" => prior(p).log_density(&p.gaussians()),
    "MapMixture::new" => with_prior(p),
    "MapMixture::log_posterior" => with_prior(p).and_then(|model| model.log_posterior(&p.x())),
    "Model::maximize of MapMixture" => with_prior(p).and_then(|model| model.maximize(&p.x(), &p.r())),
    "pathologies::rest::resting_places" => resting_places(&p.x(), p.k()),
    "pathologies::rest::starts_needed" => starts_needed(p.share(), p.share()),
    "pathologies::ridge::ridge_sweep" => ridge_sweep(&p.gaussians(), &p.x(), p.positive()),
    "pathologies::saddle::curvatures" => curvatures(&p.gaussians(), &p.x()),
    "pathologies::saddle::nudged" => nudged(&p.gaussians(), &p.means(), p.number()),
    "pathologies::saddle::growths" => growths(&p.gaussians(), &p.x()),
    "pathologies::singularity::onto_datum" =>
        onto_datum(&p.gaussians(), &p.x(), p.component(), p.datum(), p.positive()),
    "pathologies::singularity::asymptote" => asymptote(&p.gaussians(), &p.x(), p.component(), p.datum()),
    "Asymptote::at" => asymptote(&p.gaussians(), &p.x(), p.component(), p.datum()).map(|line| line.at(1e-9)),
    "pathologies::singularity::upper_bound" => upper_bound(p.n(), p.d(), p.positive()),
    "Collapse::smallest_variances" =>
        collapse(p.gaussians(), &p.x(), p.steps()).map(|collapse| collapse.smallest_variances()),
    "pathologies::singularity::collapse" =>
        collapse(p.gaussians(), &p.x(), p.steps()).map(|collapse| collapse.iterates),
    "pathologies::switching::orders" => orders(p.k()),
    "pathologies::switching::relabelled" => relabelled(&p.gaussians(), &p.labels()),
    "pathologies::switching::canonical" => canonical(&p.gaussians()),
    "pathologies::switching::average" => average(&[p.gaussians(), p.gaussians()]),
    "pathologies::switching::between" => between(&p.gaussians(), &p.gaussians(), p.share()),
    "pathologies::switching::second_difference" =>
        second_difference(&p.gaussians(), &p.gaussians(), &p.x(), p.share(), p.positive()),
    "pathologies::weights::violations" => violations(&p.gaussians(), &p.x()),
    "pathologies::weights::gain_bound" => gain_bound(&p.gaussians(), &p.x()),
    "pathologies::weights::equal_weights_cost" => equal_weights_cost(&p.weights(), p.count()),
}
