//! Chapter 13: evidence, conjugate priors, and a posterior made of independent parts.

use crate::case::{Case, shown, vector};
use crate::judge::{Exercise, Verdict, misshapen, unlike};
use executable_em::latent;
use executable_em::variational::tilted::{Factorised, forward};
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// Named numbers.
struct Named(Vec<(&'static str, f64)>);

impl Named {
    fn of<const N: usize>(
        names: [&'static str; N],
        values: impl IntoIterator<Item = [f64; N]>,
    ) -> Vec<Named> {
        values.into_iter().map(|values| Named(names.into_iter().zip(values).collect())).collect()
    }

    fn at(&self, place: usize) -> f64 {
        self.0[place].1
    }

    fn with(&self, place: usize, value: f64) -> Named {
        let mut other = Named(self.0.clone());
        other.0[place].1 = value;
        other
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        f.write_str(&parts.join(", "))
    }
}

/// `answer(heads, tails, a, b)` gives the log evidence of flips in a given order, under the prior Beta(a, b).
pub fn evidence_of_flips(answer: impl Fn(usize, usize, f64, f64) -> f64) -> Verdict {
    let counts = (0..4).flat_map(|heads| (0..4).map(move |tails| [f64::from(heads), f64::from(tails)]));
    let cases = counts.flat_map(|[h, t]| [[h, t, 1.0, 1.0], [h, t, 2.5, 0.5]]);
    Exercise::on(Named::of(["heads", "tails", "a", "b"], cases))
        .law(|case, _: &f64, answer: &dyn Fn(&Named) -> f64| {
            unlike("the log evidence of no flips", answer(&case.with(0, 0.0).with(1, 0.0)), 0.0, 1e-9)
        })
        .law(|case, &evidence, answer| {
            // The next flip is a head with the share of heads, the prior's a and b counted in.
            let (heads, tails, a, b) = (case.at(0), case.at(1), case.at(2), case.at(3));
            let more = answer(&case.with(0, heads + 1.0)) - evidence;
            let wanted = (a + heads) / (a + b + heads + tails);
            unlike("the probability that the next flip is a head", more.exp(), wanted, 1e-9)
        })
        .law(|case, &evidence, answer| {
            let other = answer(&case.with(1, case.at(1) + 1.0)).exp();
            let sum = other + answer(&case.with(0, case.at(0) + 1.0)).exp();
            unlike("the evidence of one flip more, summed over heads and tails,", sum, evidence.exp(), 1e-9)
        })
        .judge(|case| answer(case.at(0) as usize, case.at(1) as usize, case.at(2), case.at(3)))
}

/// `answer(data, variance, mean, spread)` gives mean and variance of the posterior of μ, for data 𝒩(μ, variance) and
/// the prior 𝒩(mean, spread), `spread` a variance.
pub fn posterior_of_a_mean(answer: impl Fn(&DVector<f64>, f64, f64, f64) -> (f64, f64)) -> Verdict {
    let log_normal = |x: f64, mean: f64, variance: f64| {
        -0.5 * (std::f64::consts::TAU * variance).ln() - (x - mean).powi(2) / (2.0 * variance)
    };
    let variances = |case: &Case| (case.model.covariances()[0][0], 2.0);
    Exercise::on(Case::on_the_line())
        .law(|_, &(_, variance): &(f64, f64), _| {
            (variance <= 0.0).then(|| format!("{variance:.4} is no variance"))
        })
        .law(move |case, &(mean, variance), _| {
            // Bayes: prior times likelihood over posterior is the evidence, the same wherever one asks.
            let (own, spread) = variances(case);
            let evidence = |mu: f64| {
                let likelihood: f64 = case.x.iter().map(|&x| log_normal(x, mu, own)).sum();
                log_normal(mu, case.model.means()[0], spread) + likelihood - log_normal(mu, mean, variance)
            };
            [-1.0, 2.0].into_iter().find_map(|mu| {
                let name = format!("log prior + log likelihood − log posterior at μ = {mu}");
                unlike(&name, evidence(mu), evidence(0.0), 1e-7)
                    .map(|words| format!("{words}, as at μ = 0: it is the log evidence"))
            })
        })
        .judge(move |case| {
            let (own, spread) = variances(case);
            answer(&case.x.column(0).into_owned(), own, case.model.means()[0], spread)
        })
}

/// `answer(prior, r)` gives the k counts of the Dirichlet posterior of the weights, for expected labels `r`.
pub fn dirichlet_counts(answer: impl Fn(&DVector<f64>, &DMatrix<f64>) -> DVector<f64>) -> Verdict {
    let prior = |case: &Case| case.model.weights() * 5.0;
    Exercise::on(Case::all())
        .law(|case, counts: &DVector<f64>, _| {
            let k = case.model.k();
            (counts.len() != k).then(|| format!("{k} counts are wanted, these are {}", counts.len()))
        })
        .law(|case, counts, _| {
            unlike("the sum of the counts", counts.sum(), 5.0 + case.x.nrows() as f64, 1e-9)
                .map(|words| format!("{words}: prior and data"))
        })
        .law(move |case, counts, _| {
            // A certain datum of each component counts one there, so the shares must be the responsibilities'.
            let gained = counts - prior(case) - latent::counts(&case.r);
            unlike("the largest difference between what a count gained and Σ r", gained.amax(), 0.0, 1e-9)
        })
        .judge(move |case| answer(&prior(case), &case.r))
}

/// A Gaussian that is to be told by independent coordinates.
struct Tilted(DMatrix<f64>);

impl Tilted {
    fn all() -> Vec<Tilted> {
        Case::all().into_iter().map(|case| Tilted(case.model.covariances()[0].clone())).collect()
    }
}

impl fmt::Display for Tilted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "covariance = {}", shown(&self.0))
    }
}

/// Mean field: `answer(covariance)` gives the d variances of the independent coordinates with the least KL(q‖p).
pub fn mean_field_variances(answer: impl Fn(&DMatrix<f64>) -> DVector<f64>) -> Verdict {
    let divergence = |covariance: &DMatrix<f64>, variances: DVector<f64>| {
        let means = DVector::zeros(variances.len());
        forward(&Factorised { means: means.clone(), variances }, &means, covariance).ok()
    };
    Exercise::on(Tilted::all())
        .law(|Tilted(covariance), variances: &DVector<f64>, _| {
            let d = covariance.nrows();
            let fits = variances.len() == d && variances.min() > 0.0;
            (!fits).then(|| format!("{d} variances above zero are wanted, these are {}", vector(variances)))
        })
        .law(move |Tilted(covariance), variances, _| {
            let least = divergence(covariance, variances.clone())?;
            (0..variances.len()).find_map(|a| {
                [0.99, 1.01].into_iter().find_map(|factor| {
                    let mut other = variances.clone();
                    other[a] *= factor;
                    let found = divergence(covariance, other)?;
                    (found < least).then(|| {
                        format!(
                            "KL(q‖p) is {least:.6}, and {found:.6} where variance {} is {factor} times as \
                             large: is q to \
                             lie inside p, or to cover it?",
                            a + 1
                        )
                    })
                })
            })
        })
        .judge(|Tilted(covariance)| answer(covariance))
}

/// `answer(rho)` gives the gap that mean field leaves for two coordinates of this correlation, in nats.
pub fn mean_field_gap(answer: impl Fn(f64) -> f64) -> Verdict {
    Exercise::on(Named::of(["ρ"], [0.0, 0.1, -0.5, 0.8, 0.99].map(|rho| [rho])))
        .law(|case, _: &f64, answer: &dyn Fn(&Named) -> f64| {
            unlike("the gap without correlation", answer(&case.with(0, 0.0)), 0.0, 1e-12)
        })
        .law(|case, &gap, _| {
            // Mutual information: what the marginals' entropies are above the joint's.
            let rho = case.at(0);
            let covariance = DMatrix::from_row_slice(2, 2, &[1.0, rho, rho, 1.0]);
            unlike("the gap", gap, -0.5 * covariance.determinant().ln(), 1e-9)
                .map(|words| format!("{words}, what the two tell of each other"))
        })
        .judge(|case| answer(case.at(0)))
}

/// One round of mean field: `answer(means, covariance)` gives the means of the independent coordinates after each, in
/// order, went to its best place; p has mean zero.
pub fn mean_field_round(answer: impl Fn(&DVector<f64>, &DMatrix<f64>) -> DVector<f64>) -> Verdict {
    let start = |covariance: &DMatrix<f64>| DVector::from_fn(covariance.nrows(), |a, _| 1.0 + a as f64);
    Exercise::on(Tilted::all())
        .law(|Tilted(covariance), means: &DMatrix<f64>, _| misshapen(means, (covariance.nrows(), 1)))
        .law(move |Tilted(covariance), means, _| {
            // Where a coordinate went, KL had no slope: Λ (m − μ) vanishes there, with the later ones still as they
            // were.
            let precision = covariance.clone().try_inverse()?;
            (0..means.len()).find_map(|a| {
                let then =
                    DVector::from_fn(
                        means.len(),
                        |b, _| if b <= a { means[b] } else { start(covariance)[b] },
                    );
                let name = format!("the slope of KL(q‖p) in mean {}, when it moved", a + 1);
                unlike(&name, (&precision * then)[a], 0.0, 1e-9)
                    .map(|words| format!("{words}: do later coordinates see the moves of earlier ones?"))
            })
        })
        .judge(move |Tilted(covariance)| {
            let means = answer(&start(covariance), covariance);
            DMatrix::from_column_slice(means.len(), 1, means.as_slice())
        })
}
