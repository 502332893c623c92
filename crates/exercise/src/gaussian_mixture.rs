//! Chapter 2: the density, ℓ, its derivatives, and the updates.

use crate::case::Case;
use crate::judge::{Exercise, Verdict, miscounted, misshapen, near, odds_differ, unlike, unnormalised};
use executable_em::errata::{lecture_b, lecture_h, lecture_l};
use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture};
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, DVector, RowDVector};

/// One Gaussian: `answer(x, mean, covariance)` gives n log densities, in nats.
pub fn log_density(
    answer: impl Fn(&DMatrix<f64>, &RowDVector<f64>, &DMatrix<f64>) -> DVector<f64>,
) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, densities: &DVector<f64>, _| miscounted(densities, case.x.nrows()))
        .law(|case, _, answer: &dyn Fn(&Case) -> DVector<f64>| {
            // The volume under a Gaussian is its height times √|2πΣ|.
            let mut at_mean = case.rows(&[0]);
            at_mean.x.set_row(0, &case.model.means().row(0));
            let volume = (case.model.covariances()[0].clone() * std::f64::consts::TAU).determinant();
            unlike(
                "the log of the volume under the density",
                answer(&at_mean)[0] + 0.5 * volume.ln(),
                0.0,
                1e-9,
            )
            .map(|words| format!("{words}: what does the dimension do to the normaliser?"))
        })
        .law(|case, densities, answer| {
            let mut at_mean = case.rows(&[0]);
            at_mean.x.set_row(0, &case.model.means().row(0));
            let (top, solver) = (answer(&at_mean)[0], case.model.covariances()[0].clone().lu());
            (0..densities.len()).find_map(|i| {
                let v = (case.x.row(i) - case.model.means().row(0)).transpose();
                let solved = solver.solve(&v).expect("regular");
                let name = "how far the log density falls from the mean to the datum";
                unlike(name, top - densities[i], 0.5 * v.dot(&solved), 1e-9)
            })
        })
        .slip("B-E01", |case| {
            let (mean, covariance) = (case.model.means().row(0).into_owned(), &case.model.covariances()[0]);
            lecture_b::log_density_with_the_normaliser_of_the_line(&case.x, &mean, covariance).ok()
        })
        .slip("L-E01", |case| {
            let covariance = &case.model.covariances()[0];
            let round = *covariance == DMatrix::identity(case.x.ncols(), case.x.ncols()) * covariance[0];
            let mean = case.model.means().row(0).into_owned();
            round.then(|| lecture_l::log_density_without_the_dimension(&case.x, &mean, covariance[0]).ok())?
        })
        .judge(|case| answer(&case.x, &case.model.means().row(0).into_owned(), &case.model.covariances()[0]))
}

/// Σ_j π_j p_j(x_i) for each datum, from the components one by one. The answer is not asked about mixtures with a
/// weight of zero: in the log domain it is minus infinity, on which right formulas differ.
fn weighted_sums(case: &Case) -> Option<DVector<f64>> {
    Some(case.model.component_log_densities(&case.x).ok()?.map(f64::exp) * case.model.weights())
}

/// The mixture: `answer(x, model)` gives n densities.
pub fn density(answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> DVector<f64>) -> Verdict {
    Exercise::on(Case::on_the_line())
        .law(|case, densities: &DVector<f64>, _| {
            let n = case.x.nrows();
            (densities.len() != n || densities.min() < 0.0)
                .then(|| format!("{n} numbers, none below zero, are wanted"))
        })
        .law(|case, _, answer: &dyn Fn(&Case) -> DVector<f64>| {
            // The trapezoidal rule on a bell that ends flat is right to all digits.
            let grid = DMatrix::from_fn(8001, 1, |i, _| (i as f64 - 4000.0) / 200.0);
            let area = answer(&Case { x: grid, ..case.clone() }).sum() / 200.0;
            unlike("the area under the density", area, 1.0, 1e-6)
        })
        .law(|case, densities, _| {
            let sums = weighted_sums(case)?;
            let row =
                |i: usize| unlike(&format!("the density of datum {}", i + 1), densities[i], sums[i], 1e-9);
            (0..sums.len()).find_map(row).map(|words| format!("{words}, the weighted sum of its components'"))
        })
        .judge(|case| answer(&case.x, &case.model))
}

/// ℓ: `answer(x, model)` gives the log-likelihood, in nats.
pub fn log_likelihood(answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> f64) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, &l, answer: &dyn Fn(&Case) -> f64| {
            let parts = (0..case.x.nrows()).map(|i| answer(&case.rows(&[i]))).sum();
            unlike("ℓ of all data", l, parts, 1e-9)
                .map(|words| format!("{words}, the sum over the data one by one"))
        })
        .law(|case, _, answer| {
            let sum = weighted_sums(case)?[0];
            unlike("the likelihood of one datum", answer(&case.rows(&[0])).exp(), sum, 1e-9).map(|words| {
                format!("{words}, the weighted sum of its components': is the sum inside the log?")
            })
        })
        .law(|case, &l, _| {
            let own: f64 = case.model.density(&case.x).ok()?.map(f64::ln).sum();
            unlike("ℓ", l, own, 1e-9).map(|words| format!("{words}, the sum of the log densities"))
        })
        .slip("B-E03", |case| lecture_b::log_likelihood_with_a_free_index(&case.model, &case.x, 0).ok())
        .judge(|case| answer(&case.x, &case.model))
}

/// The E step: `answer(x, model)` gives the n×k responsibilities.
pub fn mixture_responsibilities(answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, r: &DMatrix<f64>, _| misshapen(r, (case.x.nrows(), case.model.k())))
        .law(|_, r, _| unnormalised(r, 1e-9).map(|words| format!("{words}: did you divide by the sum?")))
        .law(|case, r, _| {
            let log_joint = case.model.log_joint(&case.x).ok()?;
            odds_differ(["component", "1"], r, &log_joint)
                .map(|words| format!("{words}: are the determinants in it?"))
        })
        .slip("T-E11", |case| {
            let log_densities = case.model.component_log_densities(&case.x).ok()?;
            let log_volumes =
                case.model.covariances().iter().map(|covariance| 0.5 * covariance.determinant().ln());
            let terms =
                DVector::from_iterator(case.model.k(), log_volumes) + case.model.weights().map(f64::ln);
            let printed =
                DMatrix::from_fn(case.x.nrows(), case.model.k(), |i, j| log_densities[(i, j)] + terms[j]);
            latent::responsibilities(&printed).ok()
        })
        .judge(|case| answer(&case.x, &case.model))
}

/// The slope of ℓ where one entry of the parameters moves, by a central difference.
fn slope(case: &Case, moved: impl Fn(f64) -> GaussianMixture) -> f64 {
    let h = 1e-5;
    let l = |step: f64| moved(step).log_likelihood(&case.x).expect("data of its dimension");
    (l(h) - l(-h)) / (2.0 * h)
}

/// The score in the means: `answer(x, model)` gives ∂ℓ/∂μ, k×d.
pub fn score_in_means(answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, score: &DMatrix<f64>, _| misshapen(score, case.model.means().shape()))
        .law(|case, score, _| {
            (0..score.len()).find_map(|at| {
                let moved = |step: f64| {
                    let mut means = case.model.means().clone();
                    means[at] += step;
                    case.model.with_means(means).expect("finite means")
                };
                let (j, a) = (at % case.model.k() + 1, at / case.model.k() + 1);
                let words = unlike(
                    &format!("the slope of ℓ in coordinate {a} of mean {j}"),
                    score[at],
                    slope(case, moved),
                    1e-5,
                )?;
                let hint =
                    if near(score[at], -slope(case, moved), 1e-5) { ": is the sign right?" } else { "" };
                Some(words + hint)
            })
        })
        .slip("H-E01", |case| lecture_h::mean_score_with_the_sign_reversed(&case.model, &case.x).ok())
        .slip("B-E09", |case| lecture_b::score_in_means_of_the_second_line(&case.model, &case.x).ok())
        .judge(|case| answer(&case.x, &case.model))
}

/// The score in the covariances: `answer(x, model)` gives k matrices ∂ℓ/∂Σ_j, all entries taken as free.
pub fn score_in_covariances(
    answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> Vec<DMatrix<f64>>,
) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, score: &Vec<DMatrix<f64>>, _| {
            let (k, d) = (case.model.k(), case.model.d());
            let fits = score.len() == k && score.iter().all(|score| score.shape() == (d, d));
            (!fits).then(|| format!("{k} matrices {d} × {d} are wanted"))
        })
        .law(|case, score, _| {
            let d = case.model.d();
            let places =
                (0..case.model.k()).flat_map(|j| (0..d).flat_map(move |a| (0..=a).map(move |b| (j, a, b))));
            places.into_iter().find_map(|(j, a, b)| {
                let moved = |step: f64| {
                    let mut covariances = case.model.covariances().to_vec();
                    covariances[j][(a, b)] += step;
                    covariances[j][(b, a)] = covariances[j][(a, b)];
                    case.model.with_covariances(covariances, Full).expect("positive definite")
                };
                // Off the diagonal two entries move together.
                let found = if a == b { score[j][(a, a)] } else { score[j][(a, b)] + score[j][(b, a)] };
                let name = format!("the slope of ℓ in entry ({}, {}) of covariance {}", a + 1, b + 1, j + 1);
                let Some(words) = unlike(&name, found, slope(case, moved), 1e-5) else {
                    let (name, mirrored) = (format!("{name} alone"), score[j][(b, a)]);
                    return unlike(&name, score[j][(a, b)], mirrored, 1e-5)
                        .map(|words| format!("{words}, as in its mirror image: all entries are free"));
                };
                let hint = if near(found, -slope(case, moved), 1e-5) { ": is the sign right?" } else { "" };
                Some(words + hint)
            })
        })
        .slip("H-E02", |case| lecture_h::covariance_score_with_the_sign_reversed(&case.model, &case.x).ok())
        .slip("H-E03", |case| {
            let k = case.model.k();
            let borrowed = |j| {
                lecture_h::covariance_score_with_a_borrowed_precision(&case.model, &case.x, j, (j + 1) % k)
            };
            (0..k).map(|j| borrowed(j).ok()).collect()
        })
        .judge(|case| answer(&case.x, &case.model))
}

/// The derivative of ℓ in the weights, before the constraint: `answer(x, model)` gives k numbers.
pub fn score_in_weights(answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> DVector<f64>) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, score: &DVector<f64>, _| miscounted(score, case.model.k()))
        .law(|case, score, _| {
            // Euler: ℓ rises by n log c if all weights are taken c times.
            unlike(
                "the sum of weight times slope",
                score.dot(case.model.weights()),
                case.x.nrows() as f64,
                1e-9,
            )
        })
        .law(|case, score, _| {
            let k = case.model.k();
            (1..k).find_map(|j| {
                let moved = |step: f64| {
                    let mut weights = case.model.weights().clone();
                    weights[j] += step;
                    weights[0] -= step;
                    case.model.with_weights(weights).expect("a distribution")
                };
                let name = format!("the slope of ℓ where weight {} grows and weight 1 shrinks", j + 1);
                unlike(&name, score[j] - score[0], slope(case, moved), 1e-5)
            })
        })
        .slip("L-E07", |case| Some(DVector::zeros(case.model.k())))
        .slip("C-E22", |case| Some(DVector::zeros(case.model.k())))
        .judge(|case| answer(&case.x, &case.model))
}
