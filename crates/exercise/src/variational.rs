//! Chapter 13: evidence, conjugate priors, and a posterior made of independent parts.

use crate::case::{Case, shown, vector};
use crate::given::Given;
use crate::judge::{Exercise, Verdict, misshapen, unlike};
use executable_em::latent;
use executable_em::variational::tilted::{Factorised, exclusive};
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// `answer(heads, tails, a, b)` gives the log evidence of flips in a given order, under the prior Beta(a, b).
pub fn evidence_of_flips(answer: impl Fn(usize, usize, f64, f64) -> f64) -> Verdict {
    let counts = (0..4).flat_map(|heads| (0..4).map(move |tails| [f64::from(heads), f64::from(tails)]));
    let cases = counts.flat_map(|[h, t]| [[h, t, 1.0, 1.0], [h, t, 2.5, 0.5]]);
    Exercise::on(Given::all(["heads", "tails", "a", "b"], cases))
        .law(|case, _: &f64, answer: &dyn Fn(&Given) -> f64| {
            unlike(
                "the log evidence of no flips",
                answer(&case.with("heads", 0.0).with("tails", 0.0)),
                0.0,
                1e-9,
            )
        })
        .law(|case, &evidence, answer| {
            // The next flip is a head with the share of heads, the prior's a and b counted in.
            let (heads, tails, a, b) = (case.of("heads"), case.of("tails"), case.of("a"), case.of("b"));
            let more = answer(&case.with("heads", heads + 1.0)) - evidence;
            let wanted = (a + heads) / (a + b + heads + tails);
            unlike("the probability that the next flip is a head", more.exp(), wanted, 1e-9)
        })
        .law(|case, &evidence, answer| {
            let other = answer(&case.with("tails", case.of("tails") + 1.0)).exp();
            let sum = other + answer(&case.with("heads", case.of("heads") + 1.0)).exp();
            unlike("the evidence of one flip more, summed over heads and tails,", sum, evidence.exp(), 1e-9)
        })
        .judge(|case| {
            answer(case.of("heads") as usize, case.of("tails") as usize, case.of("a"), case.of("b"))
        })
}

/// What there is to know of a Gaussian's mean.
struct Known {
    data: DVector<f64>,
    variance: f64,
    mean: f64,
    spread: f64,
}

impl Known {
    fn of(case: &Case) -> Known {
        let mean = case.model.means()[0];
        // The square of tenths, to be printed as one.
        let variance = (case.model.covariances()[0][0] * 100.0).round() / 100.0;
        Known { data: case.x.column(0).into_owned(), variance, mean, spread: 2.0 }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { data, variance, mean, spread } = self;
        write!(f, "data = {}, variance = {variance}, mean = {mean}, spread = {spread}", vector(data))
    }
}

/// `answer(data, variance, mean, spread)` gives mean and variance of the posterior of μ, for data 𝒩(μ, variance) and
/// the prior 𝒩(mean, spread), `spread` a variance.
pub fn posterior_of_a_mean(answer: impl Fn(&DVector<f64>, f64, f64, f64) -> (f64, f64)) -> Verdict {
    let log_normal = |x: f64, mean: f64, variance: f64| {
        -0.5 * (std::f64::consts::TAU * variance).ln() - (x - mean).powi(2) / (2.0 * variance)
    };
    Exercise::on(Case::on_the_line().iter().map(Known::of).collect())
        .law(|_, &(_, variance): &(f64, f64), _| {
            (variance <= 0.0).then(|| format!("{variance:.4} is no variance"))
        })
        .law(move |known: &Known, &(mean, variance), _| {
            // Bayes: prior times likelihood over posterior is the evidence, the same wherever one asks.
            let evidence = |mu: f64| {
                let likelihood: f64 = known.data.iter().map(|&x| log_normal(x, mu, known.variance)).sum();
                log_normal(mu, known.mean, known.spread) + likelihood - log_normal(mu, mean, variance)
            };
            [-1.0, 2.0].into_iter().find_map(|mu| {
                let name = format!("log prior + log likelihood − log posterior at μ = {mu}");
                unlike(&name, evidence(mu), evidence(0.0), 1e-7)
                    .map(|words| format!("{words}, as at μ = 0: it is the log evidence"))
            })
        })
        .judge(|known| answer(&known.data, known.variance, known.mean, known.spread))
}

/// A Dirichlet prior and expected labels.
struct Expected {
    prior: DVector<f64>,
    r: DMatrix<f64>,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prior = {}, r = {}", vector(&self.prior), shown(&self.r))
    }
}

/// `answer(prior, r)` gives the k counts of the Dirichlet posterior of the weights, for expected labels `r`.
pub fn dirichlet_counts(answer: impl Fn(&DVector<f64>, &DMatrix<f64>) -> DVector<f64>) -> Verdict {
    let cases = Case::all().into_iter().map(|case| Expected { prior: case.model.weights() * 5.0, r: case.r });
    Exercise::on(cases.collect())
        .law(|case: &Expected, counts: &DVector<f64>, _| {
            let k = case.prior.len();
            (counts.len() != k).then(|| format!("{k} counts are wanted, these are {}", counts.len()))
        })
        .law(|case, counts, _| {
            unlike("the sum of the counts", counts.sum(), 5.0 + case.r.nrows() as f64, 1e-9)
                .map(|words| format!("{words}: prior and data"))
        })
        .law(|case, counts, _| {
            // A certain datum of each component counts one there, so the shares must be the responsibilities'.
            let gained = counts - &case.prior - latent::counts(&case.r);
            unlike("the largest difference between what a count gained and Σ r", gained.amax(), 0.0, 1e-9)
        })
        .judge(|case| answer(&case.prior, &case.r))
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
        exclusive(&Factorised { means: means.clone(), variances }, &means, covariance).ok()
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
                [0.999, 1.001].into_iter().find_map(|factor| {
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
    Exercise::on(Given::all(["ρ"], [0.0, 0.1, -0.5, 0.8, 0.99].map(|rho| [rho])))
        .law(|case, _: &f64, answer: &dyn Fn(&Given) -> f64| {
            unlike("the gap without correlation", answer(&case.with("ρ", 0.0)), 0.0, 1e-12)
        })
        .law(|case, &gap, _| {
            // Mutual information: what the marginals' entropies are above the joint's.
            let rho = case.of("ρ");
            let covariance = DMatrix::from_row_slice(2, 2, &[1.0, rho, rho, 1.0]);
            unlike("the gap", gap, -0.5 * covariance.determinant().ln(), 1e-9)
                .map(|words| format!("{words}, what the two tell of each other"))
        })
        .judge(|case| answer(case.of("ρ")))
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
