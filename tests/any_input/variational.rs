//! A bound that stays open.

use crate::calls;
use crate::pool::Pool;
use executable_em::em::Stopping;
use executable_em::variational::coins::{self, CoinPrior, VariationalCoins};
use executable_em::variational::mixture::{self, OnBound};
use executable_em::variational::tilted::{Factorised, exclusive, inclusive, round};
use executable_em::variational::{
    GaussWishart, Shares, VariationalMixture, Weights, evidence, gibbs, special,
};
use executable_em::{Result, data};
use nalgebra::DVector;
use rand::RngExt;

fn stopping(pool: &mut Pool) -> Stopping {
    Stopping { max_sweeps: pool.steps(), ..Stopping::default() }
}

fn weights(pool: &mut Pool) -> Weights {
    let alpha = pool.share();
    if pool.rng.random_bool(0.5) { Weights::Dirichlet(alpha) } else { Weights::Sticks(alpha) }
}

/// A prior, whatever it takes.
fn prior(pool: &mut Pool) -> GaussWishart {
    loop {
        let degrees = pool.d as f64 - 1.0 + pool.share();
        if let Ok(prior) = GaussWishart::new(pool.mean(), pool.share(), pool.covariance(), degrees) {
            return prior;
        }
        pool.unit = 1.0;
    }
}

fn coin_prior(pool: &mut Pool) -> CoinPrior {
    loop {
        let flips = [1, 1, 2, 10][pool.rng.random_range(0..4)];
        if let Ok(prior) = CoinPrior::new(weights(pool), pool.share(), pool.share(), flips) {
            return prior;
        }
    }
}

fn shares(pool: &mut Pool) -> Result<Shares> {
    Shares::new(weights(pool), pool.counts())
}

fn learned(pool: &mut Pool) -> Result<VariationalMixture> {
    VariationalMixture::learned(weights(pool), prior(pool), &pool.x(), &pool.r())
}

fn some_coins(pool: &mut Pool) -> Result<VariationalCoins> {
    VariationalCoins::learned(coin_prior(pool), &pool.heads(), &pool.r())
}

fn factorised(pool: &mut Pool) -> Factorised {
    let variances = DVector::from_fn(pool.d, |_, _| pool.positive());
    Factorised { means: pool.mean().transpose(), variances }
}

calls! { p;
    "CoinPrior::new" => CoinPrior::new(weights(p), p.share(), p.share(), p.flips()),
    "VariationalCoins::learned" => some_coins(p),
    "VariationalCoins::counted" => {
        let (heads, tails) = (p.r().transpose(), p.r().transpose());
        VariationalCoins::counted(coin_prior(p), p.counts(), heads, tails)
    },
    "VariationalCoins::expected_logs" => some_coins(p).map(|q| q.expected_logs()),
    "VariationalCoins::expected_log_joint" => some_coins(p).and_then(|q| q.expected_log_joint(&p.heads())),
    "VariationalCoins::divergence" => some_coins(p).and_then(|q| q.divergence()),
    "VariationalCoins::lower_bound" => some_coins(p).and_then(|q| q.lower_bound(&p.heads(), &p.r())),
    "VariationalCoins::plug_in" => some_coins(p).and_then(|q| q.plug_in()),
    "variational::coins::fit" => coins::fit(coin_prior(p), &p.heads(), &p.r(), &stopping(p)),
    "variational::evidence::log_joint" =>
        evidence::log_joint(weights(p), &prior(p), &p.x(), &p.labels(), p.k),
    "variational::evidence::by_labelings" => evidence::by_labelings(p.share(), &prior(p), &p.x(), p.k()),
    "GaussWishart::new" => GaussWishart::new(p.mean(), p.positive(), p.covariance(), p.number()),
    "GaussWishart::covariance" => prior(p).covariance(),
    "GaussWishart::updated" => prior(p).updated(&p.x(), &p.masses()),
    "GaussWishart::updated_by" => prior(p).updated_by(p.share(), &p.mean(), &p.covariance()),
    "GaussWishart::log_evidence" => prior(p).log_evidence(&p.x()),
    "GaussWishart::expected_log_determinant" => prior(p).expected_log_determinant(),
    "GaussWishart::expected_log_density" => prior(p).expected_log_density(&p.x()),
    "GaussWishart::expected_log" => prior(p).expected_log(&prior(p)),
    "GaussWishart::divergence" => prior(p).divergence(&prior(p)),
    "GaussWishart::log_predictive" => prior(p).log_predictive(&p.x()),
    "variational::gibbs::conditional" =>
        gibbs::conditional(weights(p), &prior(p), &p.x(), &p.labels(), p.k(), p.datum()),
    "variational::gibbs::sweep" => {
        let (mut labels, mut rng) = (p.labels(), data::rng(1));
        gibbs::sweep(weights(p), &prior(p), &p.x(), &mut labels, p.k, &mut rng).map(|()| labels)
    },
    "VariationalMixture::learned" => learned(p),
    "VariationalMixture::expected_log_joint" => learned(p).and_then(|q| q.expected_log_joint(&p.x())),
    "VariationalMixture::responsibilities" => learned(p).and_then(|q| q.responsibilities(&p.x())),
    "VariationalMixture::divergence" => learned(p).and_then(|q| q.divergence()),
    "VariationalMixture::lower_bound" => learned(p).and_then(|q| q.lower_bound(&p.x(), &p.r())),
    "VariationalMixture::terms" => learned(p).and_then(|q| q.terms(&p.x(), &p.r())),
    "VariationalMixture::survivors" => learned(p).map(|q| q.survivors()),
    "VariationalMixture::plug_in" => learned(p).and_then(|q| q.plug_in()),
    "VariationalMixture::log_predictive" => learned(p).and_then(|q| q.log_predictive(&p.x())),
    "OnBound::new" => OnBound::new(&p.x()).map(|climb| format!("{climb:?}").len()),
    "OnBound::by_size" => OnBound::new(&p.x()).map(|climb| format!("{:?}", climb.by_size()).len()),
    "variational::mixture::fit" => {
        let x = p.x();
        OnBound::new(&x).and_then(|climb| mixture::fit(&climb, weights(p), &prior(p), &p.r(), &stopping(p)))
    },
    "Shares::new" => shares(p),
    "Shares::expected" => shares(p).map(|shares| shares.expected()),
    "Shares::expected_logs" => shares(p).map(|shares| shares.expected_logs()),
    "Shares::divergence" => shares(p).and_then(|shares| shares.divergence()),
    "variational::tilted::round" => round(&factorised(p), &p.mean().transpose(), &p.covariance()),
    "variational::tilted::exclusive" => exclusive(&factorised(p), &p.mean().transpose(), &p.covariance()),
    "variational::tilted::inclusive" => inclusive(&factorised(p), &p.mean().transpose(), &p.covariance()),
    "variational::special::ln_multigamma" => special::ln_multigamma(p.d, 1.0 + p.share().abs().min(9.0)),
}
