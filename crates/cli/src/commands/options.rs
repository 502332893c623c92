//! The options of `fit`.

use std::{ops::RangeInclusive, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use executable_em::em::{Stopping, Tolerance};
use executable_em_engine::Engine;
use executable_em_figures::export::Format;

use super::{Failure, input::Input, starts::Start};

/// What is to be fitted to which table, and what is to become of the fit.
#[derive(Args)]
pub struct Options {
    /// The table.
    #[command(flatten)]
    pub input: Input,
    /// Number of components, or several to compare by BIC, AIC and ICL: 1..8 [default: that of a model to start at]
    #[arg(short, value_name = "K")]
    pub k: Option<Ks>,
    /// What the components are [default: gaussian, or those of a model to start at]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<Model>,
    /// Of coins, how many flips an entry counts the heads of [default: 1, entries are 0 or 1]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..))]
    pub flips: Option<u32>,
    /// Which covariances Gaussians, or scale matrices t, may have, or all four side by side [default: full]
    #[arg(long, value_name = "FAMILY")]
    pub covariance: Option<Family>,
    /// Column that says how often each datum counts, by name or by number; it is no feature then
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// Number of starts; the run of highest ℓ counts, less what a component costs that all but collapses [default: 12,
    /// and where these disagree rounds of 120 in which components of the best are exchanged, until two find nothing
    /// better; of 50 000 data and more, on a sample, from which the best go on; clusters begin anew in those rounds,
    /// if there are no more than 10 000 data, and --variational has none]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub restarts: Option<u32>,
    /// Seed of the starts [default: 1]
    #[arg(long)]
    pub seed: Option<u64>,
    /// How a run of Gaussians begins: scaled, whitened, random, narrow, projected, or mixed, which is these in turn, or
    /// kmeans; or the model to start at [default: mixed]
    #[arg(long, value_name = "KIND|JSON")]
    pub start: Option<Begin>,
    /// Fit to columns of mean 0 and variance 1; what is printed and saved is in the data's own units
    #[arg(long)]
    pub standardize: bool,
    /// Stop when a sweep raises ℓ by no more than this, in nats a datum [default: 1e-8]
    #[arg(long, value_name = "NATS", allow_negative_numbers = true)]
    pub tol: Option<f64>,
    /// What --tol is compared with [default: rise]
    #[arg(long, value_name = "RULE")]
    pub stop: Option<Stop>,
    /// After twenty sweeps, let a run guess where it is going, and go there if ℓ is no lower: some runs end elsewhere
    #[arg(long)]
    pub accelerate: bool,
    /// Largest number of sweeps [default: 1000, and then the best run guesses its way to rest]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_iter: Option<u32>,
    /// Let no variance, in any direction, fall below this, in squared units of what is fitted: components cannot
    /// collapse
    #[arg(long, value_name = "VARIANCE", allow_negative_numbers = true)]
    pub floor: Option<f64>,
    /// Let the data choose how many of the K components they need: mean field instead of maximum likelihood
    #[arg(long)]
    pub variational: bool,
    /// Of --variational, the prior of the weights: the smaller, the fewer components [default: 1/K]
    #[arg(long, value_name = "ALPHA", allow_negative_numbers = true)]
    pub concentration: Option<f64>,
    /// Print standard errors of weights, means and covariances
    #[arg(long)]
    pub errors: bool,
    /// For small data and full covariances, prove that the fit is a maximum and print bounds on every parameter
    #[arg(long)]
    pub certify: bool,
    /// Threads to work on [default: all the machine has]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Save the model, for predict and sample; of several, the one of lowest BIC
    #[arg(long, value_name = "JSON")]
    pub out: Option<PathBuf>,
    /// Save each datum's label, log density and responsibilities
    #[arg(long, value_name = "CSV")]
    pub responsibilities: Option<PathBuf>,
    /// Draw the fit or, of several k, the criteria: .svg, .pdf or .png
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Stream the data from a temporary file, whatever their size
    #[arg(long)]
    pub stream: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Model {
    /// Gaussians
    Gaussian,
    /// Coins: independent columns of 0 and 1, or of numbers of heads among --flips
    Bernoulli,
    /// Student's t: Gaussians with heavy tails, which outliers do not pull; no cell may be missing
    Student,
    /// Clusters: each datum belongs to the nearest mean
    Kmeans,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Stop {
    /// By how much the last sweep raised ℓ
    Rise,
    /// What ℓ still lacks of its limit, by Aitken's estimate
    Aitken,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Family {
    Full,
    Tied,
    Diagonal,
    Spherical,
    /// Each of these, compared
    All,
}

/// A kind of start, or the file of a model.
#[derive(Clone)]
pub enum Begin {
    Kind(Start),
    Model(PathBuf),
}

impl FromStr for Begin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        match Start::from_str(text, false) {
            Ok(kind) => Ok(Begin::Kind(kind)),
            Err(_) if path.extension().is_some() || path.exists() => Ok(Begin::Model(path)),
            Err(_) => {
                Err("mixed, scaled, whitened, kmeans, random, narrow, projected, or the file of a model"
                    .to_owned())
            }
        }
    }
}

/// `3`, or `1..8` or `1..=8`, both ends included.
#[derive(Clone)]
pub struct Ks(pub RangeInclusive<usize>);

impl FromStr for Ks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let number = |text: &str| text.parse::<usize>().ok().filter(|&k| k > 0);
        match (number(first), number(last.strip_prefix('=').unwrap_or(last))) {
            (Some(first), Some(last)) if first <= last => Ok(Ks(first..=last)),
            _ => Err("a whole number from 1, or a range as 1..8".to_owned()),
        }
    }
}

impl Options {
    /// What makes no sense whatever the data; the format of the plot.
    pub fn check(&self) -> Result<Option<Format>, Failure> {
        let usage = |message: String| Err(Failure::Usage(message));
        let is_of_model = matches!(self.start, Some(Begin::Model(_)));
        let of_gaussians = [("--covariance", self.covariance.is_some()), ("--floor", self.floor.is_some())];
        let of_scales = [("--standardize", self.standardize)];
        let of_kinds = [("--start", self.start.is_some() && !is_of_model)];
        let of_any = [("--start", self.start.is_some())];
        let of_coins = [("--flips", self.flips.is_some())];
        let of_mixtures = [
            ("--plot", self.plot.is_some()),
            ("--tol", self.tol.is_some()),
            ("--stop", self.stop.is_some()),
            ("--accelerate", self.accelerate),
        ];
        let (foreign, relation, model): (Vec<_>, _, _) = match self.model {
            // Of a model to start at it is asked when that is read.
            None if is_of_model => (Vec::new(), "", ""),
            None | Some(Model::Gaussian) => (of_coins.to_vec(), "without", "bernoulli"),
            Some(Model::Bernoulli) => {
                ([&of_gaussians[..], &of_scales, &of_kinds].concat(), "with", "bernoulli")
            }
            Some(Model::Student) => {
                ([&of_coins[..], &[("--floor", self.floor.is_some())]].concat(), "with", "student")
            }
            Some(Model::Kmeans) => {
                ([&of_gaussians[..], &of_any, &of_coins, &of_mixtures].concat(), "with", "kmeans")
            }
        };
        if let Some((option, _)) = foreign.iter().find(|(_, is_given)| *is_given) {
            return usage(format!("{option} has no meaning {relation} --model {model}"));
        }
        let by_model = [
            ("--restarts", self.restarts.is_some()),
            ("--seed", self.seed.is_some()),
            // The model is in the data's own units.
            ("--standardize", self.standardize),
        ];
        if let Some((option, _)) = by_model.iter().find(|(_, is_given)| is_of_model && *is_given) {
            return usage(format!("{option} has no meaning with a model to start at"));
        }
        if self.k.is_none() && !is_of_model {
            return usage("-k is missing: how many components?".to_owned());
        }
        if let Some(tol) = self.tol.filter(|tol| !(*tol >= 0.0 && tol.is_finite())) {
            return usage(format!("--tol is {tol}, but must be finite and ≥ 0"));
        }
        if let Some(floor) = self.floor.filter(|floor| !(*floor > 0.0 && floor.is_finite())) {
            return usage(format!("--floor is {floor}, but must be finite and > 0"));
        }
        let is_of_student = matches!(self.model, Some(Model::Student));
        let accelerated = [("--accelerate", self.accelerate), ("--model student", is_of_student)];
        if let (Some(Stop::Aitken), Some((option, _))) =
            (self.stop, accelerated.iter().find(|(_, is_on)| *is_on))
        {
            return usage(format!(
                "{option} contradicts --stop aitken, which reads its estimate off plain sweeps"
            ));
        }
        self.check_variational()?;
        self.check_sure()?;
        let Some(path) = &self.plot else { return Ok(None) };
        let suffix = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let stills = [Format::Svg, Format::Pdf, Format::Png];
        match stills.into_iter().find(|format| format.to_string() == suffix) {
            Some(format) => Ok(Some(format)),
            None => usage(format!("--plot {}: its name must end in .svg, .pdf or .png", path.display())),
        }
    }

    /// The numbers of components that are asked for, where no model says them.
    pub fn ks(&self) -> RangeInclusive<usize> {
        self.k.as_ref().map_or(1..=1, |ks| ks.0.clone())
    }

    /// The largest number of sweeps of a run.
    pub fn max_sweeps(&self) -> usize {
        self.max_iter.unwrap_or(1000) as usize
    }

    /// When a run ends.
    pub fn stopping(&self) -> Stopping {
        let tolerance = match self.stop {
            None | Some(Stop::Rise) => Tolerance::LogLikelihood,
            Some(Stop::Aitken) => Tolerance::Limit,
        };
        Stopping { tolerance: tolerance(self.tol.unwrap_or(1e-8)), max_sweeps: self.max_sweeps() }
    }

    /// The engine on as many threads as are asked for; tables are read on as many, from now on.
    pub fn engine(&self) -> Result<Engine, Failure> {
        let threads = self.threads.unwrap_or(0) as usize;
        // Who has set them before keeps them: on any number of threads a table holds the same.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
        Ok(Engine::new(threads)?)
    }

    /// The seed of the starts.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }
}
