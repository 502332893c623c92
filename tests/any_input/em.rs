//! EM itself.

use crate::calls;
use crate::pool::Pool;
use executable_em::em::{self, OnData, Stopping, Tolerance};
use std::ops::ControlFlow;

fn stopping(pool: &mut Pool) -> Stopping {
    let tolerance = [Tolerance::Parameters, Tolerance::LogLikelihood, Tolerance::Limit][pool.steps() % 3];
    Stopping { tolerance: tolerance(pool.share()), max_sweeps: pool.steps() }
}

calls! { p;
    "em::sweep" => em::sweep(&p.gaussians(), &p.x()),
    "em::fit" => em::fit(p.gaussians(), &p.x(), &stopping(p)),
    "em::trace" => em::trace(p.gaussians(), &p.x(), &stopping(p)),
    "Trace::log_likelihoods" => em::trace(p.coins(), &p.heads(), &stopping(p)).map(|run| run.log_likelihoods()),
    "Trace::rises" => em::trace(p.soft(), &p.x(), &stopping(p)).map(|run| run.rises()),
    "Trace::moves" => em::trace(p.soft(), &p.x(), &stopping(p)).map(|run| run.moves()),
    "em::largest_move" => em::largest_move(&p.gaussians(), &p.gaussians()),
    "em::restarts" => em::restarts([p.gaussians(), p.gaussians()], &p.x(), &stopping(p))
        .into_iter()
        .collect::<Result<Vec<_>, _>>(),
    "em::best" => em::best(em::restarts([p.soft(), p.soft()], &p.x(), &stopping(p))),
    "OnData::new" => OnData::<executable_em::soft_kmeans::SoftKMeans>::new(&p.x()),
    "em::climb::best_of" => OnData::new(&p.x()).and_then(|climb| {
        em::best_of(&climb, [Ok(p.gaussians()), Ok(p.gaussians())], &stopping(p), |_| ControlFlow::Continue(()))
    }),
}
