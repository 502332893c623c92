//! The options of `fit`.

use std::{ops::RangeInclusive, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use executable_em::em::{Stopping, Tolerance};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em_figures::export::Format;

use super::{
    Failure,
    input::Input,
    search::{Kind, Start},
};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub input: Input,
    /// Number of components, or several to compare by BIC, AIC and ICL: 1..8
    #[arg(short, value_name = "K")]
    pub k: Ks,
    /// What the components are
    #[arg(long, value_name = "MODEL", default_value = "gaussian")]
    pub model: Model,
    /// Of coins, how many flips an entry counts the heads of [default: 1, entries are 0 or 1]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..))]
    pub flips: Option<u32>,
    /// Which covariances Gaussians may have [default: full]
    #[arg(long, value_name = "FAMILY")]
    pub covariance: Option<Family>,
    /// Number of starts; the run of highest ℓ counts
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..))]
    pub restarts: u32,
    /// Seed of the starts
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How a run of Gaussians begins [default: mixed]
    #[arg(long)]
    pub start: Option<Start>,
    /// Fit to columns of mean 0 and variance 1; what is printed and saved is in the data's own units
    #[arg(long)]
    pub standardize: bool,
    /// Stop when a sweep raises ℓ by no more than this, in nats a datum
    #[arg(long, value_name = "NATS", default_value = "1e-8", allow_negative_numbers = true)]
    pub tol: f64,
    /// Largest number of sweeps
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_iter: u32,
    /// Let no variance, in any direction, fall below this, in squared units of what is fitted: components cannot collapse
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
    /// Save the model, for predict and sample; of several k, the one of lowest BIC
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
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Family {
    Full,
    Tied,
    Diagonal,
    Spherical,
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
        let of_gaussians = [
            ("--covariance", self.covariance.is_some()),
            ("--start", self.start.is_some()),
            ("--standardize", self.standardize),
            ("--floor", self.floor.is_some()),
        ];
        let of_coins = [("--flips", self.flips.is_some())];
        let (foreign, relation) = match self.model {
            Model::Gaussian => (&of_coins[..], "without"),
            Model::Bernoulli => (&of_gaussians[..], "with"),
        };
        if let Some((option, _)) = foreign.iter().find(|(_, is_given)| *is_given) {
            return usage(format!("{option} has no meaning {relation} --model bernoulli"));
        }
        if !(self.tol >= 0.0 && self.tol.is_finite()) {
            return usage(format!("--tol is {}, but must be finite and ≥ 0", self.tol));
        }
        if let Some(floor) = self.floor.filter(|floor| !(*floor > 0.0 && floor.is_finite())) {
            return usage(format!("--floor is {floor}, but must be finite and > 0"));
        }
        let written = [("--out", &self.out, "json"), ("--responsibilities", &self.responsibilities, "csv")];
        for (option, path, form) in written {
            let suffix =
                path.as_ref().and_then(|path| Some(path.extension()?.to_string_lossy().to_lowercase()));
            let foreign =
                ["json", "csv", "svg", "pdf", "png", "f64"].into_iter().filter(|&other| other != form);
            if let (Some(path), Some(suffix)) =
                (path, suffix.filter(|suffix| foreign.into_iter().any(|other| other == suffix)))
            {
                return usage(format!("{option} {} would be {form}, not {suffix}", path.display()));
            }
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

    pub fn has_range(&self) -> bool {
        self.k.0.start() < self.k.0.end()
    }

    pub fn is_of_gaussians(&self) -> bool {
        matches!(self.kind(), Kind::Gaussian { .. })
    }

    pub fn family(&self) -> CovarianceFamily {
        match self.covariance.unwrap_or(Family::Full) {
            Family::Full => CovarianceFamily::Full,
            Family::Tied => CovarianceFamily::Tied,
            Family::Diagonal => CovarianceFamily::Diagonal,
            Family::Spherical => CovarianceFamily::Spherical,
        }
    }

    pub fn kind(&self) -> Kind {
        let family = self.family();
        let start = self.start.unwrap_or(Start::Mixed);
        match self.model {
            Model::Gaussian => Kind::Gaussian { family, start, floor: self.floor },
            Model::Bernoulli => Kind::Bernoulli { flips: self.flips.unwrap_or(1) as usize },
        }
    }

    pub fn stopping(&self) -> Stopping {
        Stopping { tolerance: Tolerance::LogLikelihood(self.tol), max_sweeps: self.max_iter as usize }
    }
}
