//! The Gaussian mixture.

use crate::calls;
use executable_em::data;
use executable_em::gaussian_mixture::conditional::{conditional, marginal};
use executable_em::gaussian_mixture::gradient::{PartOfStep, ascend_means, em_step, hessian_in_means};
use executable_em::gaussian_mixture::{
    FlooredMixture, GaussianMixture, OnlyMean, floored, kmeans_start, loss, narrow_start,
    projected_kmeans_start, random_start, scaled_kmeans_start, score, spherical, start_from_labels, update,
    uses, whitened_kmeans_start,
};
use executable_em::latent::Model;

calls! { p;
    "GaussianMixture::new" => GaussianMixture::new(p.weights(), p.means(), p.covariances(), p.family()),
    "GaussianMixture::with_weights" => p.gaussians().with_weights(p.weights()),
    "GaussianMixture::with_means" => p.gaussians().with_means(p.means()),
    "GaussianMixture::with_covariances" => p.gaussians().with_covariances(p.covariances(), p.family()),
    "GaussianMixture::component_log_densities" => p.gaussians().component_log_densities(&p.x()),
    "GaussianMixture::density" => p.gaussians().density(&p.x()),
    "GaussianMixture::likelihood" => p.gaussians().likelihood(&p.x()),
    "GaussianMixture::log_likelihood" => p.gaussians().log_likelihood(&p.x()),
    "GaussianMixture::responsibilities" => p.gaussians().responsibilities(&p.x()),
    "GaussianMixture::parameter_count" => p.gaussians().parameter_count(),
    "GaussianMixture::sample" => p.gaussians().sample(p.n(), &mut data::rng(1)),
    "GaussianMixture::mean" => p.gaussians().mean(),
    "GaussianMixture::covariance" => p.gaussians().covariance(),
    "Model::log_joint of GaussianMixture" => p.gaussians().log_joint(&p.x()),
    "Model::maximize of GaussianMixture" => p.gaussians().maximize(&p.x(), &p.r()),
    "Model::parameters of GaussianMixture" => p.gaussians().parameters(),
    "CovarianceFamily::constrain" => p.family().constrain(p.covariances(), &p.weights()),
    "GaussianMixture::variances" => p.gaussians().variances().cloned(),
    "GaussianMixture::variance" => p.gaussians().variance(0, 0),
    "GaussianMixture::stored_covariances" => p.gaussians().stored_covariances(),
    "CovarianceFamily::is_along_axes" => p.family().is_along_axes(),
    "CovarianceFamily::parameter_count" => p.family().parameter_count(p.k(), p.d()),
    "CovarianceFamily::name" => p.family().name(),
    "gaussian_mixture::conditional::marginal" => marginal(&p.gaussians(), &[p.component(), p.component()]),
    "gaussian_mixture::conditional::conditional" => conditional(&p.gaussians(), &[(p.component(), p.number())]),
    "gaussian_mixture::floored::raised" => floored::raised(&p.covariance(), p.positive()),
    "FlooredMixture::new" => FlooredMixture::new(p.gaussians(), p.positive()),
    "FlooredMixture::from_parts" =>
        FlooredMixture::from_parts((p.weights(), p.means(), p.covariances()), p.family(), p.positive()),
    "Model::maximize of FlooredMixture" =>
        FlooredMixture::new(p.gaussians(), p.positive()).and_then(|model| model.maximize(&p.x(), &p.r())),
    "gaussian_mixture::gradient::em_step" => em_step(&p.gaussians(), &p.x()),
    "gaussian_mixture::gradient::ascend_means" => ascend_means(&p.gaussians(), &p.x(), p.number(), p.steps()),
    "gaussian_mixture::gradient::hessian_in_means" => hessian_in_means(&p.gaussians(), &p.x()),
    "PartOfStep::new" => PartOfStep::new(p.gaussians(), p.share()),
    "Model::maximize of PartOfStep" =>
        PartOfStep::new(p.gaussians(), p.share()).and_then(|model| model.maximize(&p.x(), &p.r())),
    "OnlyMean::new" => OnlyMean::new(p.gaussians(), p.component()),
    "Model::maximize of OnlyMean" =>
        OnlyMean::new(p.gaussians(), p.component()).and_then(|model| model.maximize(&p.x(), &p.r())),
    "gaussian_mixture::loss::loss" => loss::loss(&p.gaussians(), &p.x(), &p.r()),
    "gaussian_mixture::loss::terms_of_q" => loss::terms_of_q(&p.gaussians(), &p.x(), &p.r()),
    "gaussian_mixture::loss::lagrangian" => loss::lagrangian(&p.gaussians(), &p.x(), &p.r(), p.number()),
    "gaussian_mixture::score::in_means" => score::in_means(&p.gaussians(), &p.x()),
    "gaussian_mixture::score::in_covariances" => score::in_covariances(&p.gaussians(), &p.x()),
    "gaussian_mixture::score::in_weights" => score::in_weights(&p.gaussians(), &p.x()),
    "gaussian_mixture::score::of_lagrangian_in_weights" =>
        score::of_lagrangian_in_weights(&p.gaussians(), &p.x(), p.number()),
    "gaussian_mixture::score::of_q_in_means" => score::of_q_in_means(&p.gaussians(), &p.x(), &p.r()),
    "gaussian_mixture::score::of_q_in_covariances" => score::of_q_in_covariances(&p.gaussians(), &p.x(), &p.r()),
    "gaussian_mixture::score::of_q_in_weights" => score::of_q_in_weights(&p.gaussians(), &p.x(), &p.r()),
    "gaussian_mixture::score::inverse_root_determinant_derivative" =>
        score::inverse_root_determinant_derivative(&p.covariance()),
    "gaussian_mixture::score::quadratic_form_derivative" =>
        score::quadratic_form_derivative(&p.mean().transpose(), &p.covariance()),
    "gaussian_mixture::score::residual_form_derivative" =>
        score::residual_form_derivative(&p.values(), &p.x(), &p.square(), &p.mean().transpose()),
    "gaussian_mixture::spherical::expected_log_joint" =>
        spherical::expected_log_joint(&p.x(), &p.r(), &p.weights(), &p.means(), &p.variances()),
    "gaussian_mixture::spherical::score_in_means" =>
        spherical::score_in_means(&p.x(), &p.r(), &p.means(), &p.variances()),
    "gaussian_mixture::spherical::score_in_variances" =>
        spherical::score_in_variances(&p.x(), &p.r(), &p.means(), &p.variances()),
    "gaussian_mixture::spherical::variances" => spherical::variances(&p.x(), &p.r(), &p.means()),
    "gaussian_mixture::start::random_start" => random_start(&p.x(), p.k(), p.family(), &mut data::rng(1)),
    "gaussian_mixture::start::kmeans_start" => kmeans_start(&p.x(), p.k(), p.family(), &mut data::rng(1)),
    "gaussian_mixture::start::scaled_kmeans_start" =>
        scaled_kmeans_start(&p.x(), p.k(), p.family(), &mut data::rng(1)),
    "gaussian_mixture::start::narrow_start" => narrow_start(&p.x(), p.k(), p.family(), &mut data::rng(1)),
    "gaussian_mixture::start::projected_kmeans_start" =>
        projected_kmeans_start(&p.x(), p.k(), p.family(), &mut data::rng(1)),
    "gaussian_mixture::start::whitened_kmeans_start" =>
        whitened_kmeans_start(&p.x(), p.k(), p.family(), &mut data::rng(1)),
    "gaussian_mixture::start::start_from_labels" => start_from_labels(&p.x(), &p.labels(), p.k(), p.family()),
    "gaussian_mixture::update::covariances" =>
        update::covariances(&p.x(), &p.r(), &p.means(), &p.covariances()),
    "gaussian_mixture::update::raw_moment_covariances" =>
        update::raw_moment_covariances(&p.x(), &p.r(), &p.means()),
    "gaussian_mixture::update::weights" => update::weights(&p.r()),
    "gaussian_mixture::update::weights_and_multiplier" => update::weights_and_multiplier(&p.counts()),
    "gaussian_mixture::uses::grid_posterior" => uses::grid_posterior(&p.values(), &p.values(), p.positive()),
    "gaussian_mixture::uses::interaction" => uses::interaction(&p.x()),
    "gaussian_mixture::uses::classify" => uses::classify(&p.x(), &p.weights(), &[p.gaussians(), p.gaussians()]),
}
