//! `fit --variational`: as many components as the data ask for.

use std::fmt::Write;

use clap::ValueEnum;
use executable_em::bernoulli_mixture::start_near_mean;
use executable_em::em::{Fit, Seen};
use executable_em::scale::units::Units;
use executable_em::variational::{Weights, coins::CoinPrior};
use executable_em::{data, latent};
use executable_em_engine::{
    Engine, Error, Fused, Mixture, SAME, Source, VariationalFlips, VariationalGaussians,
};
use executable_em_figures::export::{self, Format};
use nalgebra::DMatrix;

use super::{
    Failure, broken,
    digits::{counted, decimal},
    fit::figure,
    options::{Family, Model, Options},
    outputs,
    predict::{Predictor, write_predictions},
    report::{DataLine, described, ended, note_of_cap, parameters},
    say,
    search::{Kind, RUNS, reason},
    store::Store,
    watch::Watch,
};

const NOT_FOR_T: &str = "--variational is for Gaussians and coins, not for t";

/// What was found: the components that survive, at their expected parameters.
struct Survivors {
    /// With ℓ of the data there.
    fit: Fit<Mixture>,
    bound: f64,
    same: usize,
}

impl Options {
    /// What makes no sense whatever the data.
    pub fn check_variational(&self) -> Result<(), Failure> {
        let usage = |message: String| Err(Failure::Usage(message));
        if let Some(alpha) = self.concentration {
            if !self.variational {
                return usage("--concentration has no meaning without --variational".to_owned());
            }
            if !(alpha > 0.0 && alpha.is_finite()) {
                return usage(format!("--concentration is {alpha}, but must be finite and > 0"));
            }
        }
        if !self.variational {
            return Ok(());
        }
        let (least, largest) = self.ks().into_inner();
        if least < largest {
            return usage(format!(
                "--variational finds the number of components: give the largest, -k {largest}"
            ));
        }
        let foreign = [
            ("--start", self.start.is_some()),
            ("--standardize", self.standardize),
            ("--floor", self.floor.is_some()),
            ("--weights", self.weights.is_some()),
        ];
        if self.accelerate {
            return usage("--accelerate is for maximum likelihood, not for --variational".to_owned());
        }
        if let Some((option, _)) = foreign.iter().find(|(_, is_given)| *is_given) {
            return usage(format!(
                "{option} has no meaning with --variational, whose prior is in the data's own units"
            ));
        }
        match self.model {
            Some(Model::Kmeans) => {
                return usage(
                    "--variational is for Gaussians and coins: clusters have no posterior".to_owned(),
                );
            }
            Some(Model::Student) => return usage(NOT_FOR_T.to_owned()),
            _ => {}
        }
        match self.covariance {
            None | Some(Family::Full | Family::Diagonal) => Ok(()),
            Some(other) => {
                let name =
                    other.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
                usage(format!("--variational is for full or diagonal covariances, not {name}"))
            }
        }
    }

    /// `fit --variational`, from where the data are read.
    pub fn run_variational(
        &self,
        kind: Kind,
        store: &Store,
        sample: &DMatrix<f64>,
        engine: &Engine,
        watch: &Watch,
        plot_as: Option<Format>,
    ) -> Result<(), Failure> {
        let found = self.survivors(kind, store, sample, engine, watch);
        watch.finish();
        store.unchanged()?;
        let found = found?;
        let file = self.input.name();
        // The report is printed whatever becomes of the file.
        let kept = self.out.as_ref().map_or(Ok(()), |path| {
            let saved = self.saved(store, &found.fit, &found.fit.model);
            outputs::write(path, saved.to_json().as_bytes(), watch)
        });
        say(&self.of_survivors(&DataLine { file: &file, store, is_standardized: false }, &found))?;
        kept?;
        if let Some(path) = &self.out {
            say(&format!("\nModel in {}\n", path.display()))?;
        }
        watch.go_on()?;
        if let Some(path) = &self.responsibilities {
            write_predictions(path, Predictor::Mixture(&found.fit.model), store, watch)?;
            say(&format!("Responsibilities in {}\n", path.display()))?;
        }
        if let (Some(path), Some(format)) = (&self.plot, plot_as) {
            let figure = figure(&found.fit.model, sample, store, format)?;
            outputs::write(path, &export::encode(&figure, format)?, watch)?;
            say(&format!("Plot in {}\n", path.display()))?;
        }
        Ok(())
    }

    /// The mean-field fit; `sample` is what the starts are drawn from.
    fn survivors(
        &self,
        kind: Kind,
        store: &Store,
        sample: &DMatrix<f64>,
        engine: &Engine,
        watch: &Watch,
    ) -> Result<Survivors, Failure> {
        if store.gaps.are_there() {
            return Err(broken(format!(
                "{}: --variational needs a table without missing cells",
                self.input.name()
            )));
        }
        let k = *self.ks().end();
        let weights = Weights::Dirichlet(self.concentration());
        store.read(None, |source| match kind {
            Kind::Student { .. } => Err(Failure::Usage(NOT_FOR_T.to_owned())),
            Kind::Gaussian { family, .. } => {
                let prior = VariationalGaussians::vague_for(engine, source, sample, family)
                    .map_err(|error| self.no_prior(error))?;
                let units = Units::of(&store.columns)?;
                let mut rng = data::rng(self.seed());
                let start = |_| {
                    VariationalGaussians::at_clusters(weights, prior.clone(), sample, &units, k, &mut rng)
                };
                self.best(engine, source, watch, start, |q| Ok(Mixture::Gaussian(q.plug_in(&q.survivors())?)))
            }
            Kind::Bernoulli { flips } => {
                let prior = CoinPrior::new(weights, 1.0, 1.0, flips)?;
                let mut rng = data::rng(self.seed());
                let start = |_| {
                    let r = start_near_mean(sample, k, flips, &mut rng)?.responsibilities(sample)?;
                    let tails = sample.map(|heads| flips as f64 - heads);
                    let (heads, tails) = (r.transpose() * sample, r.transpose() * tails);
                    VariationalFlips::counted(prior, latent::counts(&r), heads, tails)
                };
                self.best(engine, source, watch, start, |q| {
                    Ok(Mixture::Bernoulli(q.plug_in(&q.survivors())?))
                })
            }
        })
    }

    /// The prior is as wide as all data.
    fn no_prior(&self, error: Error) -> Failure {
        match error {
            Error::Mathematics(executable_em::Error::NotPositiveDefinite { .. }) => broken(format!(
                "{}: columns depend on each other, or there are too few rows: leave columns out with \
                 --columns",
                self.input.name()
            )),
            other => other.into(),
        }
    }

    fn runs(&self) -> usize {
        self.restarts.map_or(RUNS, |restarts| restarts as usize)
    }

    /// α of the Dirichlet prior of the weights.
    fn concentration(&self) -> f64 {
        self.concentration.unwrap_or(1.0 / *self.ks().end() as f64)
    }

    fn best<M: Fused>(
        &self,
        engine: &Engine,
        source: &dyn Source,
        watch: &Watch,
        mut start: impl FnMut(usize) -> executable_em_engine::Result<M>,
        plug_in: impl Fn(&M) -> executable_em_engine::Result<Mixture>,
    ) -> Result<Survivors, Failure> {
        let mut reached = Vec::new();
        let starts = (0..self.runs()).map(&mut start);
        let best = engine.best_of(starts, source, &self.stopping(), |seen| match seen {
            Seen::Sweep { start, sweeps, expected, .. } => {
                watch.sweep(*self.ks().end(), start + 1, sweeps, expected.log_likelihood)
            }
            Seen::Run { outcome, .. } => {
                reached.extend(outcome.as_ref().ok().map(|run| run.log_likelihood));
                watch.after(outcome)
            }
        });
        let failed = |error| broken(format!("no restart succeeded: {}", reason(&error)));
        let Fit { model, log_likelihood: bound, total, sweeps, start, stopped } = best.map_err(failed)?;
        let model = plug_in(&model)?;
        let log_likelihood = match &model {
            Mixture::Gaussian(model) => engine.statistics(model, source)?.log_likelihood,
            Mixture::Bernoulli(model) => engine.statistics(model, source)?.log_likelihood,
            Mixture::Student(model) => engine.statistics(model, source)?.log_likelihood,
        };
        let same = reached.iter().filter(|&&other| bound - other <= SAME * total).count();
        let fit = Fit { model, log_likelihood, total, sweeps, start, stopped };
        Ok(Survivors { fit, bound, same })
    }

    /// The report.
    fn of_survivors(&self, data: &DataLine<'_>, found: &Survivors) -> String {
        let (k, alpha, n) = (*self.ks().end(), self.concentration(), data.store.total);
        let fit = &found.fit;
        let (one, what) = described(&fit.model);
        let mut text = data.text();
        let most = counted(k, one);
        let alpha = if (1e-3..1e15).contains(&alpha) { format!("{alpha:.4}") } else { format!("{alpha:e}") };
        let _ = writeln!(
            text,
            "Model     a variational mixture of at most {most}, {what}; concentration {alpha}"
        );
        let ended = ended(fit.stopped, fit.sweeps, "converged", "the bound");
        let (bound, of_one) = (decimal(found.bound, 3), decimal(found.bound / n, 6));
        let _ = writeln!(text, "Bound     log p(data) ≥ {bound} nats, {of_one} a datum; {ended}");
        let (winner, restarts, same) = (fit.start + 1, self.runs(), found.same);
        let _ = writeln!(text, "          restart {winner} of {restarts} won; {same} came to this bound");
        let (alive, height) = (fit.model.k(), decimal(fit.log_likelihood, 3));
        let others = if alive < k { ": the others expect less than half a datum" } else { "" };
        let _ = writeln!(text, "Survivors {alive} of {k}{others}");
        let _ =
            writeln!(text, "          at their expected parameters, printed and saved, ℓ = {height} nats");
        text += &note_of_cap(fit.stopped, self, "the bound was still rising");
        text + &parameters(&fit.model, &data.store.names)
    }
}
