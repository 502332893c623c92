//! Chapter 9: what a model costs, and sticks.

use executable_em::gaussian_mixture::CovarianceFamily::{Diagonal, Full, Spherical, Tied};
use executable_em::gaussian_mixture::random_start;
use executable_em::selection::{self, FreeParameters, restaurant, stick_breaking};
use executable_em::{data, variational::special::digamma};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

/// The pieces of a stick, from its far end: the first, and then those of the rest.
fn pieces(shares: &[f64]) -> (Vec<f64>, f64) {
    let Some((share, later)) = shares.split_first() else { return (Vec::new(), 1.0) };
    let (rest, left) = pieces(later);
    (
        std::iter::once(*share).chain(rest.iter().map(|piece| piece * (1.0 - share))).collect(),
        left * (1.0 - share),
    )
}

/// The first fold takes its share, rounded up, and the others part the rest.
fn fold_sizes(n: usize, folds: usize) -> Vec<usize> {
    if folds == 0 {
        return Vec::new();
    }
    let first = n.div_ceil(folds);
    std::iter::once(first).chain(fold_sizes(n - first, folds - 1)).collect()
}

right! {
    bic:
        |l, p, n| selection::bic(l, p, n).unwrap(),
        |l, p, n| -2.0 * l + (p as f64) * (n as f64).ln(),
        |l, p, n| -2.0 * (l - 0.5 * p as f64 * (n as f64).ln()),
        |l, p, n| (0..p).fold(-2.0 * l, |sum, _| sum + (n as f64).ln()),
        |l, p, n| {
            // Minus twice the log of the likelihood over √n for each parameter.
            -2.0 * (l.exp() / (n as f64).sqrt().powi(p as i32)).ln()
        },
        |l, p, n| {
            // AIC, and what BIC asks for beyond its two a parameter.
            selection::aic(l, p).unwrap() + p as f64 * (n as f64 / std::f64::consts::E.powi(2)).ln()
        };
    free_parameters:
        |k, d, family| {
            let x = DMatrix::from_fn(40, d, |i, a| ((i * (2 * a + 1)) as f64).sin());
            random_start(&x, k, family, &mut data::rng(1)).unwrap().free_parameters()
        },
        |k, d, family| k * (d + 1) - 1 + match family {
            Full => k * d * (d + 1) / 2,
            Tied => d * (d + 1) / 2,
            Diagonal => k * d,
            Spherical => k,
        },
        |k, d, family| {
            let of_one = if matches!(family, Full | Tied) { (1..=d).sum() } else if family == Diagonal { d } else { 1 };
            (k - 1) + k * d + if family == Tied { of_one } else { k * of_one }
        },
        |k, d, family| {
            // Counted one by one: weights but the last, means, and entries on or below the diagonal.
            let entries = (0..d).flat_map(|a| (0..=a).map(move |b| (a, b)));
            let free = entries.filter(|&(a, b)| match family {
                Full | Tied => true,
                Diagonal => a == b,
                Spherical => (a, b) == (0, 0),
            }).count();
            let covariances = if family == Tied { 1..2 } else { 0..k };
            (1..k).count() + (0..k).flat_map(|_| 0..d).count() + covariances.map(|_| free).sum::<usize>()
        },
        |k, d, family| {
            // All entries there are, less what is bound: the sum of the weights, mirror images, zeros, equals.
            let bound = 1 + match family {
                Full => k * (d * d - d) / 2,
                Tied => k * d * d - (d * d + d) / 2,
                Diagonal => k * (d * d - d),
                Spherical => k * (d * d - 1),
            };
            k + k * d + k * d * d - bound
        };
    break_stick:
        |shares| stick_breaking::break_stick(shares).unwrap(),
        |shares| {
            let before = |j: usize| shares.iter().take(j).map(|share| 1.0 - share).product::<f64>();
            (DVector::from_fn(shares.len(), |j, _| shares[j] * before(j)), before(shares.len()))
        },
        |shares| {
            let mut ends = vec![1.0];
            shares.iter().for_each(|share| ends.push(ends[ends.len() - 1] * (1.0 - share)));
            (DVector::from_fn(shares.len(), |j, _| ends[j] - ends[j + 1]), ends[shares.len()])
        },
        |shares| {
            let (weights, left) = pieces(shares.as_slice());
            (DVector::from_vec(weights), left)
        },
        |shares| {
            // In the log domain.
            let left = |j: usize| shares.iter().take(j).map(|share| (-share).ln_1p()).sum::<f64>();
            (DVector::from_fn(shares.len(), |j, _| (shares[j].ln() + left(j)).exp()), left(shares.len()).exp())
        },
        |shares| {
            let mut rest = 1.0;
            let weights = shares.map(|share| {
                let piece = share * rest;
                rest -= piece;
                piece
            });
            (weights, rest)
        };
    expected_clusters:
        |n, alpha| restaurant::expected_clusters(n, alpha).unwrap(),
        |n, alpha| (1..=n).map(|guest| alpha / (alpha + guest as f64 - 1.0)).sum(),
        |n, alpha| (0..n).rev().fold(0.0, |sum, seated| sum + 1.0 / (1.0 + seated as f64 / alpha)),
        |n, alpha| alpha * (digamma(alpha + n as f64) - digamma(alpha)),
        |n, alpha| {
            // The law of their number, guest by guest, and then its mean.
            let mut law = vec![1.0];
            for seated in 0..n {
                let opens = alpha / (alpha + seated as f64);
                let at = |law: &[f64], t: usize| law.get(t).copied().unwrap_or(0.0);
                law = (0..=law.len()).map(|t| {
                    at(&law, t) * (1.0 - opens) + if t > 0 { at(&law, t - 1) * opens } else { 0.0 }
                }).collect();
            }
            law.iter().enumerate().map(|(tables, p)| tables as f64 * p).sum()
        },
        |n, alpha| {
            // From the urn of one guest less: the last opens a table, or the others' tables are all there are.
            let one = || DVector::from_element(1, 1.0);
            let fewer = if n > 1 { restaurant::clusters_law(n - 1, alpha).unwrap() } else { one() };
            let opens = alpha / (alpha + n as f64 - 1.0);
            fewer.iter().enumerate().map(|(tables, p)| p * (tables as f64 + opens)).sum()
        };
    held_out_share:
        |n, folds| (0..folds).map(|fold| (n + fold) / folds).collect(),
        |n, folds| (0..folds).map(|fold| (0..n).filter(|i| i % folds == fold).count()).collect(),
        |n, folds| (0..folds).map(|fold| (fold + 1) * n / folds - fold * n / folds).collect(),
        fold_sizes,
        |n, folds| {
            // Dealt like cards.
            let mut sizes = vec![0; folds];
            (0..n).for_each(|card| sizes[card % folds] += 1);
            sizes
        },
        |n, folds| {
            let parts = selection::folds(n, folds, &mut data::rng(3)).unwrap();
            parts.iter().map(Vec::len).collect()
        };
}
