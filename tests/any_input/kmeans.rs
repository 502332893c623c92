//! k-means.

use crate::calls;
use executable_em::data;
use executable_em::kmeans::{self, likelihood};

calls! { p;
    "kmeans::squared_distances" => kmeans::squared_distances(&p.x(), &p.means()),
    "kmeans::assign" => kmeans::assign(&p.x(), &p.means()),
    "kmeans::responsibilities" => kmeans::responsibilities(&p.x(), &p.means()),
    "kmeans::update_means" => kmeans::update_means(&p.x(), &p.r(), &p.means()),
    "kmeans::means_in_array_form" => kmeans::means_in_array_form(&p.x(), &p.r()),
    "kmeans::objective" => kmeans::objective(&p.x(), &p.r(), &p.means()),
    "kmeans::objective_gradient" => kmeans::objective_gradient(&p.x(), &p.r(), &p.means()),
    "kmeans::objective_hessian" => kmeans::objective_hessian(&p.r(), p.d()),
    "kmeans::risk" => kmeans::risk(&p.x(), &p.labels(), &p.means()),
    "kmeans::likelihood::log_likelihood" => likelihood::log_likelihood(&p.x(), &p.r(), &p.means(), p.positive()),
    "kmeans::likelihood::from_objective" => likelihood::from_objective(&p.x(), &p.r(), &p.means(), p.positive()),
    "kmeans::lloyd::lloyd" => kmeans::lloyd(&p.x(), &p.means(), p.count()),
    "kmeans::lloyd::restarts" => kmeans::restarts(&p.x(), [p.means(), p.means()], p.count()),
    "Lloyd::objectives" => kmeans::lloyd(&p.x(), &p.means(), 9).map(|run| run.objectives()),
    "Lloyd::objective" => kmeans::lloyd(&p.x(), &p.means(), 9).map(|run| run.objective()),
    "kmeans::start::random_start" => kmeans::random_start(&p.x(), p.k(), &mut data::rng(1)),
    "kmeans::start::plus_plus_start" => kmeans::plus_plus_start(&p.x(), p.k(), &mut data::rng(1)),
}
