//! How many components.

use crate::calls;
use crate::pool::Pool;
use executable_em::em::Stopping;
use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
use executable_em::selection::*;
use executable_em::{Result, data};
use nalgebra::DMatrix;

fn restarts(pool: &mut Pool) -> Restarts {
    Restarts { starts: pool.steps(), seed: 1, stopping: Stopping { max_sweeps: 3, ..Stopping::default() } }
}

fn validated(pool: &mut Pool) -> Result<CrossValidation> {
    let x = pool.x();
    let dealt = folds(x.nrows(), 2, &mut data::rng(1))?;
    let sweep = |rest: &DMatrix<f64>| random_start(rest, 1, CovarianceFamily::Spherical, &mut data::rng(1));
    cross_validate(&x, &dealt, sweep)
}

calls! { p;
    "selection::criteria::aic" => aic(p.number(), p.count()),
    "selection::criteria::bic" => bic(p.number(), p.count(), p.count()),
    "selection::criteria::weighted_bic" => weighted_bic(p.number(), p.count(), p.number()),
    "selection::criteria::icl" => icl(p.number(), p.count(), p.count(), p.positive()),
    "selection::criteria::criteria" => criteria(p.number(), p.count(), p.count()),
    "selection::cross_validation::folds" => folds(p.n(), p.count(), &mut data::rng(1)),
    "CrossValidation::log_likelihood" => validated(p).map(|held_out| held_out.log_likelihood()),
    "CrossValidation::standard_error" => validated(p).map(|held_out| held_out.standard_error()),
    "CrossValidation::better_than" => validated(p).and_then(|one| one.better_than(&validated(p)?)),
    "selection::cross_validation::cross_validate" => validated(p),
    "selection::dirichlet_process::sample" => dirichlet_process::sample(p.n(), p.positive(), &mut data::rng(1)),
    "selection::dirichlet_process::mass_moments" => dirichlet_process::mass_moments(p.share(), p.positive()),
    "selection::gaussian_mean::log_likelihood" =>
        gaussian_mean::log_likelihood(&p.values(), p.number(), p.positive()),
    "selection::gaussian_mean::optimism" =>
        gaussian_mean::optimism(&p.values(), &p.values(), p.positive()),
    "selection::gaussian_mean::log_evidence" =>
        gaussian_mean::log_evidence(&p.values(), p.positive(), p.positive()),
    "selection::gaussian_mean::left_out_by_bic" =>
        gaussian_mean::left_out_by_bic(&p.values(), p.positive(), p.positive()),
    "selection::parameters::bernoulli_parameters" => p.coins().parameter_count(),
    "selection::restaurant::seating_probabilities" =>
        restaurant::seating_probabilities(&p.labels(), p.positive()),
    "selection::restaurant::seat" => restaurant::seat(p.n(), p.positive(), &mut data::rng(1)),
    "selection::restaurant::occupied" => restaurant::occupied(&p.labels()),
    "selection::restaurant::expected_clusters" => restaurant::expected_clusters(p.count(), p.positive()),
    "selection::restaurant::expected_clusters_bounds" =>
        restaurant::expected_clusters_bounds(p.count(), p.positive()),
    "selection::restaurant::clusters_law" => restaurant::clusters_law(p.count(), p.positive()),
    "selection::search::best_fit" => best_fit(&p.x(), p.k(), &restarts(p), |x, k, rng| {
        random_start(x, k, CovarianceFamily::Diagonal, rng)
    }),
    "selection::search::search" => search(&p.x(), [p.k(), p.k()], &restarts(p), |x, k, rng| {
        random_start(x, k, CovarianceFamily::Diagonal, rng)
    }),
    "selection::search::chosen_k" => search(&p.x(), [1, p.k()], &restarts(p), |x, k, rng| {
        random_start(x, k, CovarianceFamily::Diagonal, rng)
    })
    .and_then(|candidates| {
        let value = p.number();
        chosen_k(&candidates, |_| value)
    }),
    "selection::stick_breaking::break_stick" => stick_breaking::break_stick(&p.weights()),
    "selection::stick_breaking::sample_shares" =>
        stick_breaking::sample_shares(p.positive(), p.share(), &mut data::rng(1)),
    "selection::stick_breaking::expected_breaks" => stick_breaking::expected_breaks(p.positive(), p.share()),
    "selection::stick_breaking::expected_weight" => stick_breaking::expected_weight(p.positive(), p.count()),
    "selection::stick_breaking::probability_seen" => stick_breaking::probability_seen(p.share(), p.count()),
    "selection::stick_breaking::expected_seen" => stick_breaking::expected_seen(&p.weights(), p.count()),
}
