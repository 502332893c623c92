//! Chapter 9: what a model costs, and sticks.

use crate::case::vector;
use crate::given::Given;
use crate::judge::{Exercise, Verdict, unlike};
use executable_em::gaussian_mixture::CovarianceFamily;
use nalgebra::DVector;
use std::fmt;

/// `answer(log_likelihood, parameters, n)` gives BIC, smaller being better.
pub fn bic(answer: impl Fn(f64, usize, usize) -> f64) -> Verdict {
    let cases = [1.0, 3.0, 11.0].iter().flat_map(|&p| [10.0, 272.0].map(|n| [-100.5, p, n]));
    Exercise::on(Given::all(["ℓ", "p", "n"], cases))
        .law(|case, &bic: &f64, answer: &dyn Fn(&Given) -> f64| {
            unlike(
                "how much it falls where ℓ rises by 1",
                bic - answer(&case.with("ℓ", case.of("ℓ") + 1.0)),
                2.0,
                1e-9,
            )
        })
        .law(|case, &bic, answer| {
            let dearer = answer(&case.with("p", case.of("p") + 1.0)) - bic;
            unlike("what one more parameter costs", dearer.exp(), case.of("n"), 1e-9)
                .map(|words| format!("{words}, as the exponential of it"))
        })
        .law(|case, _, answer| {
            unlike(
                "BIC of a model without parameters and with ℓ = 0",
                answer(&case.with("p", 0.0).with("ℓ", 0.0)),
                0.0,
                1e-9,
            )
        })
        .judge(|case| answer(case.of("ℓ"), case.of("p") as usize, case.of("n") as usize))
}

/// `answer(k, d, family)` gives the number of free parameters of a Gaussian mixture.
pub fn free_parameters(answer: impl Fn(usize, usize, CovarianceFamily) -> usize) -> Verdict {
    let cases = (0..4).flat_map(|family| {
        (1..5).flat_map(move |d| [1.0, 2.0, 3.0].map(|k| [f64::from(family), f64::from(d), k]))
    });
    Exercise::on(Given::all(["family", "d", "k"], cases))
        .law(|case, &p: &f64, answer: &dyn Fn(&Given) -> f64| {
            // One component more: its mean, its weight, and its covariance where it has one of its own.
            let d = case.of("d");
            let own = [d * (d + 1.0) / 2.0, 0.0, d, 1.0][case.of("family") as usize];
            let more = answer(&case.with("k", case.of("k") + 1.0)) - p;
            unlike("what one more component costs", more, d + 1.0 + own, 0.0)
        })
        .law(|case, _, answer| {
            let d = case.of("d");
            let one = [d * (d + 1.0) / 2.0, d * (d + 1.0) / 2.0, d, 1.0][case.of("family") as usize];
            unlike("what a single Gaussian costs", answer(&case.with("k", 1.0)), d + one, 0.0)
                .map(|words| format!("{words}: is its weight free?"))
        })
        .judge(|case| {
            answer(
                case.of("k") as usize,
                case.of("d") as usize,
                CovarianceFamily::ALL[case.of("family") as usize],
            ) as f64
        })
}

/// `answer(shares)` gives the weights of the pieces that shares of the rest break off, and what is left.
pub fn break_stick(answer: impl Fn(&DVector<f64>) -> (DVector<f64>, f64)) -> Verdict {
    struct Shares(DVector<f64>);
    impl fmt::Display for Shares {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "shares = {}", vector(&self.0))
        }
    }
    let shares = (1..20).map(|n| {
        Shares(DVector::from_fn(n.min(6), |i, _| f64::from((7 * n as u32 + 3 * i as u32) % 10) / 10.0))
    });
    Exercise::on(shares.collect())
        .law(|Shares(shares), (weights, _): &(DVector<f64>, f64), _| {
            (weights.len() != shares.len()).then(|| format!("{} weights are wanted", shares.len()))
        })
        .law(|_, (weights, rest), _| {
            unlike("the sum of all pieces and the rest", weights.sum() + rest, 1.0, 1e-9)
        })
        .law(|Shares(shares), (weights, _), _| {
            let mut rest = 1.0;
            (0..shares.len()).find_map(|j| {
                let words = unlike(
                    &format!("piece {} as a share of what was left", j + 1),
                    weights[j],
                    shares[j] * rest,
                    1e-9,
                );
                rest -= weights[j];
                words
            })
        })
        .judge(|Shares(shares)| answer(shares))
}

/// `answer(n, alpha)` gives the expected number of clusters of n data.
pub fn expected_clusters(answer: impl Fn(usize, f64) -> f64) -> Verdict {
    let cases = [1.0, 2.0, 5.0, 30.0].iter().flat_map(|&n| [0.2, 1.0, 4.0].map(|alpha| [n, alpha]));
    Exercise::on(Given::all(["n", "α"], cases))
        .law(|case, _: &f64, answer: &dyn Fn(&Given) -> f64| {
            unlike("the expected number for one datum", answer(&case.with("n", 1.0)), 1.0, 1e-9)
        })
        .law(|case, &clusters, answer| {
            // The next datum opens a cluster with probability α/(α + n).
            let (n, alpha) = (case.of("n"), case.of("α"));
            let more = answer(&case.with("n", n + 1.0)) - clusters;
            unlike("the probability that the next datum opens a cluster", more, alpha / (alpha + n), 1e-9)
        })
        .judge(|case| answer(case.of("n") as usize, case.of("α")))
}

/// `answer(n, folds)` gives the size of each fold of a cross-validation, as even as can be.
pub fn held_out_share(answer: impl Fn(usize, usize) -> Vec<usize>) -> Verdict {
    let cases = (2..30).flat_map(|n| (2..=n.min(6)).map(move |folds| [n, folds].map(f64::from)));
    Exercise::on(Given::all(["n", "folds"], cases))
        .law(|case, sizes: &Vec<usize>, _| {
            unlike("the number of folds", sizes.len() as f64, case.of("folds"), 0.0)
        })
        .law(|case, sizes, _| {
            unlike("the sum of their sizes", sizes.iter().sum::<usize>() as f64, case.of("n"), 0.0)
        })
        .law(|_, sizes, _| {
            let (least, most) = (sizes.iter().min()?, sizes.iter().max()?);
            (most - least > 1).then(|| format!("one fold has {least} data and another {most}"))
        })
        .judge(|case| answer(case.of("n") as usize, case.of("folds") as usize))
}
