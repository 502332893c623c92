//! Latent variables.

use crate::calls;
use executable_em::latent::{self, censored, complete, labelings, toolbox};

calls! { p;
    "latent::log_sum_exp" => latent::log_sum_exp(p.values().iter().copied()),
    "latent::log_marginals" => latent::log_marginals(&p.log_joint()),
    "latent::log_likelihood" => latent::log_likelihood(&p.log_joint()),
    "latent::responsibilities" => latent::responsibilities(&p.log_joint()),
    "latent::log_odds" => latent::log_odds(&p.log_joint(), p.component(), p.component()),
    "latent::expected_log_joint" => latent::expected_log_joint(&p.r(), &p.log_joint()),
    "latent::censored::complete_log_likelihood" => censored::complete_log_likelihood(&p.masses(), p.positive()),
    "latent::censored::log_likelihood" => censored::log_likelihood(&p.masses(), &p.flags(), p.positive()),
    "latent::censored::expected_lifetimes" => censored::expected_lifetimes(&p.masses(), &p.flags(), p.positive()),
    "latent::censored::complete_rate" => censored::complete_rate(&p.masses()),
    "latent::censored::maximum_likelihood" => censored::maximum_likelihood(&p.masses(), &p.flags()),
    "latent::complete::one_hot" => complete::one_hot(&p.labels(), p.k()),
    "latent::complete::prior" => complete::prior(&p.weights().map(f64::round), &p.weights()),
    "latent::complete::log_prior" => complete::log_prior(&p.labels(), &p.weights()),
    "latent::complete::log_conditional" => complete::log_conditional(&p.log_joint(), &p.labels()),
    "latent::complete::log_likelihood" => complete::log_likelihood(&p.log_joint(), &p.labels()),
    "latent::complete::by_component" => complete::by_component(&p.log_joint(), &p.labels()),
    "latent::complete::log_sum_form" => complete::log_sum_form(&p.log_joint(), &p.z()),
    "latent::complete::log_posterior" => complete::log_posterior(&p.log_joint(), &p.labels()),
    "latent::complete::maximum_likelihood" =>
        complete::maximum_likelihood(&p.gaussians(), &p.x(), &p.labels(), p.k()),
    "latent::labelings::all" => labelings::all(p.n(), p.k()),
    "latent::labelings::log_joints" => labelings::log_joints(&p.log_joint()),
    "latent::labelings::posterior" => labelings::posterior(&p.log_joint()),
    "latent::labelings::posterior_under" => labelings::posterior_under(&p.over_labelings(), &p.log_joint()),
    "latent::labelings::product" => labelings::product(&p.r()),
    "latent::labelings::marginals" => labelings::marginals(&p.over_labelings(), p.n(), p.k()),
    "latent::labelings::expectation" =>
        labelings::expectation(&p.over_labelings(), p.n(), p.k(), |labels| 1.0 / labels[0] as f64),
    "latent::labelings::expected_log_joint" => labelings::expected_log_joint(&p.over_labelings(), &p.log_joint()),
    "latent::toolbox::sum_rule" => toolbox::sum_rule(&p.conditional()),
    "latent::toolbox::product_rule" => toolbox::product_rule(&p.weights(), &p.conditional()),
    "latent::toolbox::bayes_rule" => toolbox::bayes_rule(&p.weights(), &p.conditional(), p.component()),
}
