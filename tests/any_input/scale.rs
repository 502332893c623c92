//! Sums that add up, units, and what a sweep costs.

use crate::calls;
use crate::pool::Pool;
use executable_em::em::Expected;
use executable_em::scale::cost::{multiply_adds, power};
use executable_em::scale::machines::Machines;
use executable_em::scale::spread::Spread;
use executable_em::scale::units::Units;
use executable_em::scale::{self, Moments, SufficientStatistics};
use nalgebra::DMatrix;

fn spread(values: &DMatrix<f64>) -> Spread {
    let mut spread = Spread::EMPTY;
    spread.add(values.as_slice());
    spread
}

fn spreads(x: &DMatrix<f64>) -> Vec<Spread> {
    x.column_iter()
        .map(|column| spread(&DMatrix::from_column_slice(x.nrows(), 1, column.as_slice())))
        .collect()
}

fn machines(p: &mut Pool) -> Machines {
    Machines { row: p.number(), disturbance: p.number(), latency: p.number(), transfer: p.number() }
}

calls! { p;
    "Machines::work" => machines(p).work(p.number(), p.count()),
    "Machines::gather" => machines(p).gather(p.count(), p.count()),
    "Machines::sweep" => machines(p).sweep(p.number(), p.count(), p.count()),
    "Machines::enough" => machines(p).enough(p.number()),
    "Machines::smallest_batch" => machines(p).smallest_batch(p.count(), p.count(), p.count()),
    "scale::cost::multiply_adds" => multiply_adds(p.count(), p.count(), p.count(), p.family()),
    "scale::cost::power" => power(p.masses().as_slice(), p.masses().as_slice()),
    "Expected::add" => Moments::of(&p.x(), &p.r(), &p.means()).and_then(|moments| {
        let mut expected = Expected { log_likelihood: -1.0, total: 1.0, expectation: moments.clone() };
        expected.add(&Expected { expectation: Moments::of(&p.x(), &p.r(), &moments.references)?, ..expected.clone() })?;
        Ok(expected)
    }),
    "scale::sweep" => scale::sweep(&p.gaussians(), &[p.x(), p.x()]),
    "Moments::of" => Moments::of(&p.x(), &p.r(), &p.means()),
    "Moments::map" => Moments::map(&p.gaussians(), &p.x()),
    "Moments::plus" => Moments::of(&p.x(), &p.r(), &p.means()).and_then(|moments| {
        moments.plus(&Moments::of(&p.x(), &p.r(), &moments.references)?)
    }),
    "Moments::about" => Moments::of(&p.x(), &p.r(), &p.means()).and_then(|moments| moments.about(&p.means())),
    "Moments::square" => Moments::of(&p.x(), &p.r(), &p.means()).map(|moments| moments.square(0, 0)),
    "Moments::updated" =>
        Moments::of(&p.x(), &p.r(), &p.means()).and_then(|moments| moments.updated(&p.gaussians())),
    "SufficientStatistics::maximize of Moments" =>
        Moments::map(&p.gaussians(), &p.x()).and_then(|moments| moments.maximize(&p.gaussians())),
    "SufficientStatistics::expected_log_joint of Moments" =>
        Moments::map(&p.gaussians(), &p.x()).and_then(|moments| moments.expected_log_joint(&p.gaussians())),
    "Units::of" => Units::of(&spreads(&p.x())),
    "Units::means" => Units::of(&spreads(&p.x())).map(|units| units.means().clone()),
    "Units::deviations" => Units::of(&spreads(&p.x())).map(|units| units.deviations().clone()),
    "Units::standardize" => Units::of(&spreads(&p.x())).and_then(|units| units.standardize(p.x())),
    "Units::back" => Units::of(&spreads(&p.x())).and_then(|units| units.back(p.means())),
    "Units::standardize_seen" =>
        Units::of(&spreads(&p.x())).and_then(|units| units.standardize_seen(p.means())).map(|y| y.shape()),
    "Units::log_volume_of_seen" =>
        Units::of(&spreads(&p.x())).and_then(|units| units.log_volume_of_seen(p.mean().as_slice())),
    "Units::undo" => Units::of(&spreads(&p.x())).and_then(|units| units.undo(&p.gaussians())),
    "Units::log_volume" => Units::of(&spreads(&p.x())).map(|units| units.log_volume()),
}
