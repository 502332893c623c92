//! One Gaussian, and data.

use crate::calls;
use executable_em::{data, gaussian};

calls! { p;
    "gaussian::cholesky" => gaussian::cholesky(&p.covariance(), p.count()),
    "gaussian::mahalanobis_squared" => gaussian::mahalanobis_squared(&p.x(), &p.mean(), &p.covariance()),
    "gaussian::log_determinant" => gaussian::log_determinant(&p.covariance()),
    "gaussian::log_density" => gaussian::log_density(&p.x(), &p.mean(), &p.covariance()),
    "gaussian::sample" => gaussian::sample(p.n(), &p.mean(), &p.covariance(), &mut data::rng(1)),
    "gaussian::weighted_mean" => gaussian::weighted_mean(&p.x(), &p.masses()),
    "gaussian::weighted_covariance" => gaussian::weighted_covariance(&p.x(), &p.masses(), &p.mean()),
    "gaussian::ellipse" => gaussian::ellipse(&p.covariance(), p.positive()),
    "gaussian::ellipse_mass" => gaussian::ellipse_mass(p.share()),
    "data::rng" => data::rng(p.count() as u64),
    "data::old_faithful" => (p.count(), data::old_faithful()),
    "data::blobs" => (p.count(), data::blobs()),
    "data::standardize" => data::standardize(&p.x()),
    "data::generators::two_squares" => data::two_squares(&mut p.rng),
    "data::generators::stripes" => data::stripes(&mut p.rng),
    "data::generators::unequal_clusters" => data::unequal_clusters(&mut p.rng),
    "data::generators::noisy_glyphs" =>
        data::noisy_glyphs([p.n(), p.steps(), p.n(), 1], p.share(), &mut data::rng(1)),
}
