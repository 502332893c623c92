//! Soft k-means.

use crate::calls;
use executable_em::latent::Model;
use executable_em::soft_kmeans::{
    SoftKMeans, critical_stiffness, hard_limit, hard_limit_bound, merging_stiffness, parted, parting_growth,
    scaled_log_likelihood, splitting_growths, spread, without_determinants,
};

calls! { p;
    "SoftKMeans::new" => SoftKMeans::new(p.means(), p.positive(), p.which()),
    "SoftKMeans::with_weights" => p.soft().with_weights(p.weights()),
    "SoftKMeans::with_means" => p.soft().with_means(p.means()),
    "SoftKMeans::with_stiffness" => p.soft().with_stiffness(p.positive()),
    "SoftKMeans::log_likelihood" => p.soft().log_likelihood(&p.x()),
    "SoftKMeans::responsibilities" => p.soft().responsibilities(&p.x()),
    "SoftKMeans::mixture" => p.soft().mixture(),
    "SoftKMeans::hard_sweep" => p.soft().hard_sweep(&p.x()),
    "Model::log_joint of SoftKMeans" => p.soft().log_joint(&p.x()),
    "Model::maximize of SoftKMeans" => p.soft().maximize(&p.x(), &p.r()),
    "Model::parameters of SoftKMeans" => p.soft().parameters(),
    "soft_kmeans::without_determinants" => without_determinants(&p.gaussians()),
    "soft_kmeans::critical::critical_stiffness" => critical_stiffness(&p.x()),
    "soft_kmeans::critical::spread" => spread(&p.means()),
    "soft_kmeans::critical::parted" => parted(&p.x(), p.k(), p.positive(), p.number()),
    "soft_kmeans::critical::parting_growth" => parting_growth(&p.x(), p.k(), p.positive(), p.number()),
    "soft_kmeans::critical::merging_stiffness" => merging_stiffness(&p.x(), p.k(), p.positive(), p.steps()),
    "soft_kmeans::critical::splitting_growths" => splitting_growths(&p.soft(), &p.x()),
    "soft_kmeans::limit::hard_limit" => hard_limit(&p.x(), &p.means(), &p.weights()),
    "soft_kmeans::limit::hard_limit_bound" =>
        hard_limit_bound(&p.x(), &p.means(), &p.weights(), p.positive()),
    "soft_kmeans::limit::scaled_log_likelihood" => scaled_log_likelihood(&p.soft(), &p.x()),
}
