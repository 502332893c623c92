//! What is not seen.

use crate::calls;
use crate::pool::Pool;
use executable_em::em::Stopping;
use executable_em::incomplete::censored::{self, Intervals, Normal};
use executable_em::incomplete::gaussian::{self, Completed};
use executable_em::incomplete::mechanism::Mechanism;
use executable_em::incomplete::mixture::{self, Posterior};
use executable_em::incomplete::student::{StudentMixture, degrees_of, sweep_by_parts};
use executable_em::incomplete::{Incomplete, bound, impute, monotone, normal, shortcuts};
use executable_em::latent::Model;
use executable_em::{Result, data};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;

fn stopping(pool: &mut Pool) -> Stopping {
    Stopping { max_sweeps: pool.steps(), ..Stopping::default() }
}

/// Data, some of whose cells are taken away.
fn cells(pool: &mut Pool) -> DMatrix<f64> {
    let mut x = pool.x();
    let share = [0.0, 0.2, 0.2, 0.6][pool.rng.random_range(0..4)];
    x.iter_mut().for_each(|cell| {
        if pool.rng.random_bool(share) {
            *cell = f64::NAN;
        }
    });
    x
}

/// Incomplete data, whatever they take.
fn gaps(pool: &mut Pool) -> Incomplete {
    loop {
        if let Ok(data) = Incomplete::part(cells(pool)) {
            return data;
        }
    }
}

fn completed(pool: &mut Pool, data: &Incomplete) -> Result<Completed> {
    gaussian::complete(data, &pool.mean(), &pool.covariance())
}

fn intervals(pool: &mut Pool) -> Intervals {
    loop {
        let (low, widths) = (pool.values(), pool.masses());
        if low.len() != widths.len() {
            continue;
        }
        let high = DVector::from_fn(low.len(), |i, _| match pool.rng.random_range(0..4) {
            0 => low[i],
            1 => f64::INFINITY,
            _ => low[i] + widths[i],
        });
        if let Ok(intervals) = Intervals::new(low, high) {
            return intervals;
        }
    }
}

fn a_normal(pool: &mut Pool) -> Normal {
    loop {
        let mean = pool.number() * pool.unit;
        if let Ok(normal) = Normal::new(mean, pool.positive()) {
            return normal;
        }
    }
}

fn mechanism(pool: &mut Pool) -> Mechanism {
    match pool.rng.random_range(0..3) {
        0 => Mechanism::Completely { probability: pool.share() },
        1 => Mechanism::BySeen { column: pool.coordinate(), centre: pool.number(), slope: pool.number() },
        _ => Mechanism::ByItself { centre: pool.number(), slope: pool.number() },
    }
}

/// A posterior, and the data it is of or others.
fn posterior(pool: &mut Pool) -> (Incomplete, Result<Posterior>) {
    let data = gaps(pool);
    let of = if pool.rng.random_bool(0.9) { data.clone() } else { gaps(pool) };
    let q = Posterior::at(&pool.gaussians(), &of);
    (data, q)
}

fn student(pool: &mut Pool) -> Result<StudentMixture> {
    StudentMixture::new(pool.gaussians(), pool.variances())
}

calls! { p;
    "StudentMixture::new" => student(p),
    "StudentMixture::scales" => student(p).and_then(|model| model.scales(&p.x())),
    "StudentMixture::excesses" => student(p).and_then(|model| model.excesses(&p.x())),
    "StudentMixture::sample" => student(p).and_then(|model| model.sample(p.steps(), &mut data::rng(1))),
    "StudentMixture::marginal" => student(p).and_then(|model| model.marginal(&[p.component(), p.component()])),
    "StudentMixture::conditional" => student(p).and_then(|model| model.conditional(&[(p.component(), p.number())])),
    "incomplete::student::degrees_of" => degrees_of(p.share()),
    "StudentMixture::updated_shape" => student(p).and_then(|model| model.updated_shape(&p.x(), &p.r())),
    "Model::log_joint of StudentMixture" => student(p).and_then(|model| model.log_joint(&p.x())),
    "Model::maximize of StudentMixture" => student(p).and_then(|model| model.maximize(&p.x(), &p.r())),
    "incomplete::student::sweep_by_parts" => student(p).and_then(|model| sweep_by_parts(&model, &p.x())),
    "Incomplete::new" => Incomplete::new(cells(p)).map(|data| data.missing_count()),
    "Incomplete::part" => Incomplete::part(cells(p)).map(|data| data.patterns().len()),
    "Incomplete::is_missing" => { let data = gaps(p); data.is_missing(data.n() - 1, data.d() - 1) },
    "Incomplete::missing_count" => gaps(p).missing_count(),
    "incomplete::bound::expected_log_joint" => {
        let (data, q) = posterior(p);
        q.and_then(|q| bound::expected_log_joint(&p.gaussians(), &data, &q))
    },
    "incomplete::bound::entropy" => { let (data, q) = posterior(p); q.and_then(|q| bound::entropy(&data, &q)) },
    "incomplete::bound::lower_bound" => {
        let (data, q) = posterior(p);
        q.and_then(|q| bound::lower_bound(&p.gaussians(), &data, &q))
    },
    "incomplete::bound::gap" => { let (data, q) = posterior(p); q.and_then(|q| bound::gap(&p.gaussians(), &data, &q)) },
    "Intervals::new" => Intervals::new(p.values(), p.values()),
    "Intervals::counted" => Intervals::counted(p.values(), p.values(), p.masses()),
    "Intervals::cut_off" => Intervals::cut_off(&p.values(), p.number()),
    "Intervals::iter" => intervals(p).iter().collect::<Vec<_>>(),
    "Normal::new" => Normal::new(p.number(), p.positive()),
    "incomplete::censored::log_likelihood" => censored::log_likelihood(&a_normal(p), &intervals(p)),
    "incomplete::censored::expected" => censored::expected(&a_normal(p), &intervals(p)),
    "incomplete::censored::maximize" => {
        let (model, data) = (a_normal(p), intervals(p));
        censored::expected(&model, &data).and_then(|of| censored::maximize(&model, &data, &of))
    },
    "incomplete::censored::fit" => censored::fit(a_normal(p), &intervals(p), &stopping(p)),
    "incomplete::gaussian::regression" => gaussian::regression(&p.covariance(), &gaps(p).patterns()[0]),
    "incomplete::gaussian::seen_log_density" => gaussian::seen_log_density(&gaps(p), &p.mean(), &p.covariance()),
    "incomplete::gaussian::complete" => { let data = gaps(p); completed(p, &data) },
    "incomplete::gaussian::update" => {
        let data = gaps(p);
        completed(p, &data).and_then(|of| gaussian::update(&data, &of, &p.masses()))
    },
    "incomplete::gaussian::score" => gaussian::score(&gaps(p), &p.mean(), &p.covariance()),
    "incomplete::impute::by_mean" => impute::by_mean(&p.gaussians(), &gaps(p)),
    "incomplete::impute::draw" => impute::draw(&p.gaussians(), &gaps(p), &mut data::rng(1)),
    "incomplete::impute::pooled" => impute::pooled(&p.values(), &p.masses()),
    "Mechanism::probability" => mechanism(p).probability(&[0.5, -1.0, 2.0][..p.d], p.coordinate()),
    "Mechanism::hide" => mechanism(p).hide(&p.x(), p.coordinate(), &mut data::rng(1)).map(|data| data.missing_count()),
    "incomplete::mixture::log_joint" => mixture::log_joint(&p.gaussians(), &gaps(p)),
    "incomplete::mixture::log_likelihood" => mixture::log_likelihood(&p.gaussians(), &gaps(p)),
    "Posterior::at" => Posterior::at(&p.gaussians(), &gaps(p)),
    "incomplete::mixture::maximize" => {
        let (data, q) = posterior(p);
        q.and_then(|q| mixture::maximize(&p.gaussians(), &data, &q))
    },
    "incomplete::mixture::sweep" => mixture::sweep(&p.gaussians(), &gaps(p)),
    "incomplete::mixture::fit" => mixture::fit(p.gaussians(), &gaps(p), &stopping(p)),
    "incomplete::mixture::random_start" => mixture::random_start(&gaps(p), p.k(), p.family(), &mut data::rng(1)),
    "incomplete::mixture::of_one" => mixture::of_one(&p.mean().transpose(), p.covariance()),
    "incomplete::monotone::maximum_likelihood" => monotone::maximum_likelihood(&gaps(p)),
    "incomplete::normal::log_density" => normal::log_density(p.share()),
    "incomplete::normal::mills_ratio" => normal::mills_ratio(p.share()),
    "incomplete::normal::log_mass" => normal::log_mass(p.number(), p.number()),
    "incomplete::normal::truncated_moments" => normal::truncated_moments(p.share(), 1.0 + p.share()),
    "incomplete::shortcuts::listwise" => shortcuts::listwise(&gaps(p)),
    "incomplete::shortcuts::mean_imputed" => shortcuts::mean_imputed(&gaps(p)).shape(),
}
