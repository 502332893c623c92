//! How fast, how sure, how to be faster, and what is proved.

use crate::calls;
use crate::pool::Pool;
use executable_em::convergence::accelerate::{self, Accelerated, Chart, Method};
use executable_em::convergence::certificate::certify;
use executable_em::convergence::interval::Interval;
use executable_em::convergence::lbfgs::{self, Lbfgs};
use executable_em::convergence::partial::{Stepwise, incremental};
use executable_em::convergence::profile::{self, WithOneHeld};
use executable_em::convergence::{aitken, by_parts, chart, coordinates, errors, information, rate};
use executable_em::em::{OnData, Stopping};
use executable_em::{Result, data};
use nalgebra::DVector;
use rand::RngExt;

fn stopping(pool: &mut Pool) -> Stopping {
    Stopping { max_sweeps: pool.steps(), ..Stopping::default() }
}

fn method(pool: &mut Pool) -> Method {
    match pool.rng.random_range(0..3) {
        0 => Method::Squarem,
        _ => Method::Anderson { memory: pool.steps() },
    }
}

fn which_chart(pool: &mut Pool) -> Chart {
    if pool.rng.random_bool(0.5) { Chart::Plain } else { Chart::Unbounded }
}

fn interval(pool: &mut Pool) -> Interval {
    Interval::new(pool.number(), pool.number())
}

/// Free numbers of a mixture, near one or any.
fn numbers(pool: &mut Pool) -> DVector<f64> {
    if pool.rng.random_bool(0.7) { coordinates::coordinates(&pool.gaussians()) } else { pool.values() }
}

fn run(pool: &mut Pool) -> Vec<(DVector<f64>, DVector<f64>)> {
    (0..pool.steps()).map(|_| (pool.values(), pool.values())).collect()
}

fn stepwise(pool: &mut Pool) -> Result<Stepwise> {
    Stepwise::new(pool.gaussians(), &pool.x(), pool.share())
}

calls! { p;
    "convergence::by_parts::proportional" => by_parts::proportional(&p.covariances(), &p.counts(), &p.variances()),
    "convergence::by_parts::ecm_sweep" => by_parts::ecm_sweep(&p.gaussians(), &p.x()),
    "convergence::by_parts::means_with_one_held" =>
        by_parts::means_with_one_held(&p.gaussians(), &p.means(), (p.component(), p.coordinate()), p.number()),
    "convergence::profile::held_at" => {
        let x = p.x();
        let climb = WithOneHeld { x: &x, component: p.component(), column: p.coordinate(), value: p.number() };
        profile::held_at(&climb, &p.gaussians(), &stopping(p))
    },
    "convergence::profile::interval" =>
        profile::interval(&p.gaussians(), &p.x(), (p.component(), p.coordinate()), p.share(), &stopping(p)),
    "convergence::accelerate::mixed_step" => accelerate::mixed_step(&run(p)),
    "convergence::accelerate::step_length" => accelerate::step_length(&numbers(p), &numbers(p), &numbers(p)),
    "convergence::accelerate::squared_step" =>
        accelerate::squared_step(&numbers(p), &numbers(p), &numbers(p), p.number()),
    "Accelerated::of" => {
        let x = p.x();
        let climb = OnData::<executable_em::bernoulli_mixture::BernoulliMixture>::new(&x);
        climb.and_then(|climb| Accelerated::of(climb, method(p), which_chart(p), p.steps())).map(|it| it.guesses())
    },
    "Accelerated::guesses" => {
        let x = p.heads();
        let climb = OnData::new(&x).and_then(|climb| Accelerated::of(climb, method(p), which_chart(p), p.steps()));
        climb.and_then(|climb| {
            accelerate::fit(&climb, p.coins(), &stopping(p))?;
            Ok(climb.guesses())
        })
    },
    "Accelerated::new" => Accelerated::new(&p.x(), method(p), which_chart(p)).map(|climb| climb.evaluations()),
    "Accelerated::evaluations" => {
        let x = p.x();
        Accelerated::new(&x, method(p), which_chart(p)).map(|climb| climb.evaluations())
    },
    "convergence::accelerate::fit" => {
        let x = p.x();
        Accelerated::new(&x, method(p), which_chart(p))
            .and_then(|climb| accelerate::fit(&climb, p.gaussians(), &stopping(p)))
    },
    "convergence::lbfgs::direction" => lbfgs::direction(&numbers(p), &run(p)),
    "Lbfgs::new" => Lbfgs::new(&p.x(), p.steps()).map(|climb| climb.evaluations()),
    "Lbfgs::evaluations" => Lbfgs::new(&p.x(), p.steps()).map(|climb| climb.evaluations()),
    "convergence::lbfgs::fit" => {
        let x = p.x();
        Lbfgs::new(&x, p.steps()).and_then(|climb| lbfgs::fit(&climb, p.gaussians(), &stopping(p)))
    },
    "convergence::aitken::remaining" => aitken::remaining([p.share(), p.share(), p.share()]),
    "convergence::aitken::left" => aitken::left(p.values().as_slice()),
    "convergence::certificate::certify" => certify(&p.gaussians(), &p.x()),
    "Certificate::width" => certify(&p.gaussians(), &p.x()).map(|found| found.map(|bounds| bounds.width())),
    "Certificate::contains" =>
        certify(&p.gaussians(), &p.x()).map(|found| found.map(|bounds| bounds.contains(&p.gaussians()))),
    "convergence::chart::coordinates" => chart::coordinates(&p.gaussians()),
    "convergence::chart::of_coins" => chart::of_coins(&p.coins()),
    "convergence::chart::coins_of" => {
        let coins = p.coins();
        let there = if p.rng.random_bool(0.7) { chart::of_coins(&coins) } else { Ok(numbers(p)) };
        there.and_then(|there| chart::coins_of(&there, &coins))
    },
    "convergence::coordinates::of_coins" => coordinates::of_coins(&p.coins()),
    "convergence::coordinates::coins_of" => coordinates::coins_of(&coordinates::of_coins(&p.coins()), &p.coins()),
    "convergence::chart::mixture_of" => chart::mixture_of(&numbers(p), &p.gaussians()),
    "convergence::coordinates::directions" => coordinates::directions(p.k, p.d, p.family()).len(),
    "convergence::coordinates::coordinates" => coordinates::coordinates(&p.gaussians()),
    "convergence::coordinates::mixture_of" => coordinates::mixture_of(&numbers(p), &p.gaussians()),
    "convergence::errors::covariance" => errors::covariance(&p.gaussians(), &p.x()),
    "convergence::errors::standard_errors" => errors::standard_errors(&p.gaussians(), &p.x()),
    "convergence::errors::standard_errors_of" => {
        let (model, scale) = (p.gaussians(), p.number());
        let count = model.parameter_count();
        let diagonal = nalgebra::DMatrix::from_diagonal_element(count, count, scale);
        errors::standard_errors_of(&model, &if p.steps() > 0 { diagonal } else { p.square() })
    },
    "convergence::errors::delta_method" => errors::delta_method(&p.mean().transpose(), &p.covariance()),
    "convergence::errors::bootstrap" =>
        errors::bootstrap(&p.gaussians(), p.n(), p.steps(), &stopping(p), &mut data::rng(1)),
    "convergence::information::slopes" => information::slopes(&p.gaussians(), &p.x(), p.component()),
    "convergence::information::score" => information::score(&p.gaussians(), &p.x()),
    "convergence::information::complete" => information::complete(&p.gaussians(), &p.x()),
    "convergence::information::missing" => information::missing(&p.gaussians(), &p.x()),
    "convergence::information::observed" => information::observed(&p.gaussians(), &p.x()),
    "Interval::new" => interval(p),
    "Interval::point" => Interval::point(p.number()),
    "Interval::contains" => interval(p).contains(p.number()),
    "Interval::is_inside" => interval(p).is_inside(interval(p)),
    "Interval::square" => interval(p).square(),
    "Interval::exp" => interval(p).exp(),
    "Interval::ln" => interval(p).ln(),
    "Interval::magnitude" => interval(p).magnitude(),
    "convergence::partial::incremental" => incremental(&p.gaussians(), &p.x(), &p.r(), p.steps()),
    "Stepwise::new" => stepwise(p).map(|seen| seen.model().clone()),
    "Stepwise::see" => stepwise(p).and_then(|mut seen| {
        seen.see(&p.x())?;
        Ok(seen.model().clone())
    }),
    "convergence::rate::jacobian" => rate::jacobian(&p.gaussians(), &p.x()),
    "convergence::rate::missing_fractions" => rate::missing_fractions(&p.gaussians(), &p.x()),
    "convergence::rate::by_differences" => {
        let model = p.gaussians();
        let step = p.positive() * 1e-4;
        let steps = DVector::from_element(model.parameter_count(), step);
        rate::by_differences(&model, &p.x(), &steps)
    },
    "convergence::rate::shown" => rate::shown(&[numbers(p), numbers(p), numbers(p)]),
    "convergence::rate::observed_from_map" => rate::observed_from_map(&p.covariance(), &p.covariance()),
}
