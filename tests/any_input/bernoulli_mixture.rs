//! The mixture of coins.

use crate::calls;
use executable_em::bernoulli_mixture::{
    BernoulliMixture, conditional, heads_over_flips, identifiability, random_start, score, single_flip,
    start_near_mean, update_biases,
};
use executable_em::data;
use executable_em::latent::Model;

calls! { p;
    "BernoulliMixture::new" => BernoulliMixture::new(p.weights(), p.biases(), p.flips()),
    "BernoulliMixture::with_weights" => p.coins().with_weights(p.weights()),
    "BernoulliMixture::with_biases" => p.coins().with_biases(p.biases()),
    "BernoulliMixture::component_log_probabilities" => p.coins().component_log_probabilities(&p.heads()),
    "BernoulliMixture::likelihood" => p.coins().likelihood(&p.heads()),
    "BernoulliMixture::log_likelihood" => p.coins().log_likelihood(&p.heads()),
    "BernoulliMixture::responsibilities" => p.coins().responsibilities(&p.heads()),
    "BernoulliMixture::sample" => p.coins().sample(p.n(), &mut data::rng(1)),
    "BernoulliMixture::parameter_count" => p.coins().parameter_count(),
    "Model::log_joint of BernoulliMixture" => p.coins().log_joint(&p.heads()),
    "Model::maximize of BernoulliMixture" => p.coins().maximize(&p.heads(), &p.r()),
    "Model::parameters of BernoulliMixture" => p.coins().parameters(),
    "bernoulli_mixture::conditional::marginal" =>
        conditional::marginal(&p.coins(), &[p.component(), p.component()]),
    "bernoulli_mixture::conditional::conditional" =>
        conditional::conditional(&p.coins(), &[(p.component(), p.number())]),
    "bernoulli_mixture::identifiability::outcomes" => identifiability::outcomes(&p.coins()),
    "bernoulli_mixture::identifiability::information" => identifiability::information(&p.coins()),
    "bernoulli_mixture::identifiability::bias_moments" => identifiability::bias_moments(&p.coins(), p.count()),
    "bernoulli_mixture::identifiability::moments_from_heads" => identifiability::moments_from_heads(&p.weights()),
    "bernoulli_mixture::identifiability::from_moments" =>
        identifiability::from_moments(&p.weights_of_data(), p.flips()),
    "bernoulli_mixture::identifiability::twin" => identifiability::twin(&p.coins(), p.share()),
    "bernoulli_mixture::score::terms_of_q" => score::terms_of_q(&p.coins(), &p.heads(), &p.r()),
    "bernoulli_mixture::score::of_q_in_biases" => score::of_q_in_biases(&p.coins(), &p.heads(), &p.r()),
    "bernoulli_mixture::score::in_biases" => score::in_biases(&p.coins(), &p.heads()),
    "bernoulli_mixture::score::in_weights" => score::in_weights(&p.coins(), &p.heads()),
    "bernoulli_mixture::score::of_lagrangian_in_weights" =>
        score::of_lagrangian_in_weights(&p.weights(), &p.r(), p.number()),
    "bernoulli_mixture::single_flip::share_of_heads" => single_flip::share_of_heads(&p.coins()),
    "bernoulli_mixture::single_flip::ridge" => single_flip::ridge(p.share(), p.share(), p.share()),
    "bernoulli_mixture::single_flip::joint_with_heads_after_a_sweep" =>
        single_flip::joint_with_heads_after_a_sweep(&p.coins(), p.share()),
    "bernoulli_mixture::start::random_start" => random_start(&p.heads(), p.k(), p.flips(), &mut data::rng(1)),
    "bernoulli_mixture::start::start_near_mean" =>
        start_near_mean(&p.heads(), p.k(), p.flips(), &mut data::rng(1)),
    "bernoulli_mixture::update::update_biases" => update_biases(&p.heads(), &p.r(), &p.biases(), p.flips()),
    "bernoulli_mixture::update::heads_over_flips" =>
        heads_over_flips(&p.heads(), &p.labels(), p.k(), p.flips()),
}
