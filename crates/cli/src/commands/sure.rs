//! How sure a fit is: standard errors, and a proof that it is a maximum.

use std::fmt::Write;

use executable_em::convergence::certificate::{Certificate, certify};
use executable_em::convergence::errors::{StandardErrors, standard_errors_of};
use executable_em::convergence::information;
use executable_em::convergence::interval::Interval;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em_engine::Mixture;
use nalgebra::{DMatrix, DVector};

use super::{
    Failure, broken,
    options::{Begin, Family, Model, Options},
    report::{aligned, parts},
    store::Store,
    watch::Watch,
};

/// The information of so many data at a time: their slopes are kept for all parameters and components.
const AT_A_TIME: usize = 1024;

/// Beyond so many interval operations, about n k p², no proof is tried: it would take minutes.
const MOST_OPERATIONS: f64 = 1e8;

/// Where a fit has not come to a maximum.
const REMEDIES: &str = "a lower --tol, a higher --max-iter, more --restarts or fewer components can help";

impl Options {
    /// What makes no sense whatever the data.
    pub fn check_sure(&self) -> Result<(), Failure> {
        let asked = [("--errors", self.errors), ("--certify", self.certify)];
        let Some((option, _)) = asked.iter().find(|(_, is_asked)| *is_asked) else { return Ok(()) };
        let reason = match () {
            () if !matches!(self.model, None | Some(Model::Gaussian)) => "is for mixtures of Gaussians",
            () if self.variational => "asks for a maximum of ℓ, which --variational does not look for",
            () if self.floor.is_some() => "asks for a maximum of ℓ, which --floor may hold a fit away from",
            () if self.weights.is_some() => {
                "has no meaning with --weights, which say nothing of how many data there are"
            }
            () if matches!(self.start, Some(Begin::Model(_))) => "has no meaning with a model to start at",
            () if self.certify && !matches!(self.covariance, None | Some(Family::Full)) => {
                "--certify is for full covariances"
            }
            () if matches!(self.covariance, Some(Family::All)) => "is for one family of covariances",
            () if self.standardize && matches!(self.covariance, Some(Family::Spherical)) => {
                "has no meaning with --standardize and spherical covariances, which are diagonal ones in the data's \
                 own units"
            }
            () => return Ok(()),
        };
        let text = if reason.starts_with("--") { reason.to_owned() } else { format!("{option} {reason}") };
        Err(Failure::Usage(text))
    }

    /// Refuses, before the work, data for which nothing can be said.
    pub fn check_sure_of(&self, store: &Store, k: usize, parameters: usize) -> Result<(), Failure> {
        let (file, n) = (self.input.name(), store.n);
        for (option, _) in
            [("--errors", self.errors), ("--certify", self.certify)].iter().filter(|(_, on)| *on)
        {
            if store.gaps.are_there() {
                return Err(broken(format!("{file}: {option} needs tables without missing cells")));
            }
            if n <= parameters {
                let reason =
                    format!("{n} data are too few for {option}, as there are {parameters} parameters");
                return Err(broken(format!("{file}: {reason}")));
            }
        }
        let operations = n as f64 * k as f64 * (parameters as f64).powi(2);
        if self.certify && operations > MOST_OPERATIONS {
            let reason = format!("{n} data and {parameters} parameters are too many for a proof");
            return Err(broken(format!("{file}: {reason}: leave out --certify")));
        }
        Ok(())
    }

    /// What is to be said of a fit, below its report; the proof, if one is asked for, was made before.
    pub fn how_sure(
        &self,
        model: &Mixture,
        store: &Store,
        watch: &Watch,
        proof: Option<Result<Proved, Failure>>,
    ) -> Result<String, Failure> {
        let Mixture::Gaussian(model) = model else { return Ok(String::new()) };
        let mut text = String::new();
        if self.errors {
            text += &errors(model, store, watch)?;
        }
        if let Some(proved) = proof {
            text += &proved?.words;
        }
        Ok(text)
    }

    /// A proof that there is a maximum where a fit has ended, if one is asked for.
    pub fn proof(&self, model: &Mixture, store: &Store) -> Option<Result<Proved, Failure>> {
        match model {
            Mixture::Gaussian(model) if self.certify => Some(Proved::near(model, store)),
            _ => None,
        }
    }
}

/// A maximum of ℓ that is proved.
pub struct Proved {
    /// The middle of the bounds.
    pub model: GaussianMixture,
    words: String,
}

/// The standard errors of weights, means, variances and covariances.
fn errors(model: &GaussianMixture, store: &Store, watch: &Watch) -> Result<String, Failure> {
    let p = model.parameter_count();
    let mut information = DMatrix::zeros(p, p);
    store.each_block(&mut |block| {
        for start in (0..block.nrows()).step_by(AT_A_TIME) {
            let rows = block.rows(start, AT_A_TIME.min(block.nrows() - start)).into_owned();
            information += information::observed(model, &rows)?;
            watch.go_on()?;
        }
        Ok(())
    })?;
    let found = standard_errors_of(model, &information)
        .map_err(|error| broken(format!("no standard errors: {error}; {REMEDIES}")))?;
    Ok(of_errors(model, &found, &store.names))
}

fn of_errors(model: &GaussianMixture, errors: &StandardErrors, names: &[String]) -> String {
    let mut text =
        "\nStandard errors, from the observed information: they trust that ℓ is quadratic about its maximum\n"
            .to_owned();
    let (k, d) = (model.k(), model.d());
    let variance = |j: usize, a: usize| (model.variance(j, a), errors.covariances[j][(a, a)]);
    for columns in parts(d) {
        let mut means = vec![vec!["mean".to_owned(), "weight".to_owned()]];
        let mut variances = vec![vec!["variance".to_owned()]];
        for rows in [&mut means, &mut variances] {
            rows[0].extend(names[columns.clone()].iter().cloned());
        }
        for j in 0..k {
            let number = (j + 1).to_string();
            let mean = |a: usize| plus_minus(model.means()[(j, a)], errors.means[(j, a)]);
            means.push([number.clone(), plus_minus(model.weights()[j], errors.weights[j])].to_vec());
            means[j + 1].extend(columns.clone().map(mean));
            variances.push(vec![number]);
            variances[j + 1].extend(columns.clone().map(|a| plus_minus(variance(j, a).0, variance(j, a).1)));
        }
        let _ = write!(text, "\n{}\n{}", aligned(&means), aligned(&variances));
    }
    if d > 1 && matches!(model.family(), CovarianceFamily::Full | CovarianceFamily::Tied) {
        let pairs: Vec<(usize, usize)> = (0..d).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
        for part in parts(pairs.len()) {
            let mut rows = vec![vec!["covariance".to_owned()]];
            rows[0].extend(pairs[part.clone()].iter().map(|&(a, b)| format!("{}·{}", names[a], names[b])));
            for j in 0..k {
                let of = |&pair: &(usize, usize)| {
                    plus_minus(model.covariances()[j][pair], errors.covariances[j][pair])
                };
                rows.push(vec![(j + 1).to_string()]);
                rows[j + 1].extend(pairs[part.clone()].iter().map(of));
            }
            let _ = write!(text, "\n{}", aligned(&rows));
        }
    }
    text
}

/// Two digits of the error, and as many decimals of the value.
fn plus_minus(value: f64, error: f64) -> String {
    // The weight of one component is not estimated.
    if error == 0.0 {
        return value.to_string();
    }
    let decimals = 1 - error.log10().floor() as i32;
    if (0..=9).contains(&decimals) {
        format!("{value:.0$} ± {error:.0$}", decimals as usize)
    } else if decimals < 0 && value.abs() < 1e9 {
        format!("{value:.0} ± {error:.0}")
    } else {
        // So many digits of the value as the error leaves, and one.
        let digits = value.abs().log10().floor() - error.log10().floor() + 1.0;
        format!("{value:.0$e} ± {error:.1e}", digits.clamp(1.0, 15.0) as usize)
    }
}

impl Proved {
    /// Bounds on every parameter, near a fit, which ends where a sweep gains too little, a little below its maximum.
    fn near(fit: &GaussianMixture, store: &Store) -> Result<Self, Failure> {
        let mut blocks = Vec::new();
        store.each_block(&mut |block| {
            blocks.push(Ok(block.clone()));
            Ok(())
        })?;
        let x = executable_em_engine::table::assemble(blocks)?;
        let Some(found) = certify(fit, &x)? else {
            let reason = "nothing is proved: where the fit has ended, an interval test finds no box in which ℓ has \
                          just one stationary point, a maximum";
            return Err(broken(format!("{reason}; {REMEDIES}")));
        };
        let (k, d) = (fit.k(), fit.d());
        let model = GaussianMixture::new(
            DVector::from_iterator(k, found.weights.iter().map(|bounds| bounds.middle())),
            DMatrix::from_fn(k, d, |j, a| found.means[j][a].middle()),
            (0..k)
                .map(|j| DMatrix::from_fn(d, d, |a, b| found.covariances[j][a.min(b)][a.max(b)].middle()))
                .collect(),
            fit.family(),
        )?;
        Ok(Proved { model, words: of_proof(&found, &store.names) })
    }
}

fn of_proof(found: &Certificate, names: &[String]) -> String {
    let mut rows = vec![["proved", "", "at least", "at most"].map(str::to_owned).to_vec()];
    let mut row = |what: String, j: usize, bounds: Interval| {
        // One step outwards: the shortest decimal of a number may lie on its other side.
        let (low, high) = (bounds.low().next_down(), bounds.high().next_up());
        rows.push(vec![what, (j + 1).to_string(), format!("{low:?}"), format!("{high:?}")]);
    };
    for (j, &weight) in found.weights.iter().enumerate() {
        row("weight".to_owned(), j, weight);
    }
    for (j, mean) in found.means.iter().enumerate() {
        mean.iter().zip(names).for_each(|(&bounds, name)| row(format!("mean {name}"), j, bounds));
    }
    for (j, covariance) in found.covariances.iter().enumerate() {
        for (a, b) in (0..names.len()).flat_map(|b| (0..=b).map(move |a| (a, b))) {
            let what = match a == b {
                true => format!("variance {}", names[a]),
                false => format!("covariance {}·{}", names[a], names[b]),
            };
            row(what, j, covariance[a][b]);
        }
    }
    let claim = "Between these bounds ℓ has one maximum, and no other stationary point; proved by interval arithmetic";
    format!("\n{}{claim}\n", aligned(&rows))
}

#[cfg(test)]
mod tests {
    use super::plus_minus;

    #[test]
    fn the_error_says_how_many_digits_there_are() {
        assert_eq!(plus_minus(4.29, 0.0314), "4.290 ± 0.031");
        assert_eq!(plus_minus(12_345.6, 230.0), "12346 ± 230");
        assert_eq!(plus_minus(1_600_043_200.0, 7_200.0), "1.6000432e9 ± 7.2e3");
        assert_eq!(plus_minus(1.0, 4.1e-12), "1.0000000000000e0 ± 4.1e-12");
        assert_eq!(plus_minus(0.0, 1e-10), "0.0e0 ± 1.0e-10");
        assert_eq!(plus_minus(1.0, 0.0), "1");
    }
}
