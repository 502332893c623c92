//! Chapter 2: the M step, full and round, and its loss.

use crate::case::Case;
use crate::em::misses;
use crate::judge::{Exercise, Verdict, miscounted, unlike};
use executable_em::errata::{lecture_b, lecture_c, lecture_h, lecture_l};
use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, spherical};
use executable_em::latent::{self, Model, one_hot};
use nalgebra::{DMatrix, DVector};

/// The M step of the covariances: `answer(x, model)` gives the k matrices after one sweep from the model.
pub fn covariances(answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> Vec<DMatrix<f64>>) -> Verdict {
    Exercise::on(Case::with_room())
        .law(|case, covariances: &Vec<DMatrix<f64>>, _| {
            let (k, d) = (case.model.k(), case.model.d());
            let fits =
                covariances.len() == k && covariances.iter().all(|covariance| covariance.shape() == (d, d));
            (!fits).then(|| format!("{k} matrices {d} × {d} are wanted"))
        })
        .law(|_, covariances, _| {
            let asymmetry = covariances
                .iter()
                .map(|covariance| (covariance - covariance.transpose()).amax())
                .fold(0.0, f64::max);
            unlike("the largest difference between mirrored entries", asymmetry, 0.0, 1e-9)
        })
        .law(|case, covariances, _| {
            let next = case.model.maximize(&case.x, &case.model.responsibilities(&case.x).ok()?).ok()?;
            let model = next.with_covariances(covariances.clone(), Full);
            let Ok(model) = model else { return Some("one of them is not positive definite".to_owned()) };
            unlike(
                "by how much they miss the maximum of Q, the largest entry",
                misses(case, &model)?.1,
                0.0,
                1e-6,
            )
            .map(|words| format!("{words}: about which means are they taken?"))
        })
        .slip("C-E01", |case| lecture_c::covariances_about_the_old_means(&case.model, &case.x).ok())
        .judge(|case| answer(&case.x, &case.model))
}

/// Round components: `answer(x, r, means)` gives the k variances of Σ_j = σ_j² I at the M step.
pub fn variances(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>, &DMatrix<f64>) -> DVector<f64>) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, variances: &DVector<f64>, _| {
            let k = case.model.k();
            let fits = variances.len() == k && variances.min() > 0.0;
            (!fits).then(|| format!("{k} variances above zero are wanted"))
        })
        .law(|case, variances, _| {
            let slope =
                spherical::score_in_variances(&case.x, &case.r, case.model.means(), variances).ok()?;
            let flat = slope
                .iter()
                .zip(variances)
                .map(|(slope, variance)| (slope * variance).abs())
                .fold(0.0, f64::max);
            unlike("the largest slope of Q in log σ²", flat, 0.0, 1e-9)
                .map(|words| format!("{words}: how many dimensions are there?"))
        })
        .slip("L-E03", |case| {
            lecture_l::variances_without_the_dimension(&case.x, &case.r, case.model.means()).ok()
        })
        .judge(|case| answer(&case.x, &case.r, case.model.means()))
}

/// The M step of the weights: `answer(r)` gives k of them.
pub fn weights(answer: impl Fn(&DMatrix<f64>) -> DVector<f64>) -> Verdict {
    let mut cases = Case::all();
    for case in cases.iter_mut().step_by(2) {
        case.r = one_hot(&case.labels, case.model.k()).expect("labels below k");
    }
    Exercise::on(cases)
        .law(|case, weights: &DVector<f64>, _| {
            let k = case.model.k();
            (weights.len() != k).then(|| format!("{k} weights are wanted, these are {}", weights.len()))
        })
        .law(|_, weights, _| unlike("the sum of the weights", weights.sum(), 1.0, 1e-9))
        .law(|case, weights, _| {
            // At the maximum the slopes R_j/π_j are all the same.
            let counts = latent::counts(&case.r);
            let unfair = (0..counts.len())
                .map(|j| (counts[j] * weights[0] - counts[0] * weights[j]).abs())
                .fold(0.0, f64::max);
            unlike("the largest difference between R_j π_1 and R_1 π_j", unfair, 0.0, 1e-9)
        })
        .slip("H-E18", |case| lecture_h::counts_along_the_wrong_axis(&case.r).ok())
        .judge(|case| answer(&case.r))
}

/// Round components: `answer(x, r, means, variances)` gives the k derivatives of Q in σ².
pub fn score_in_variances(
    answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>, &DMatrix<f64>, &DVector<f64>) -> DVector<f64>,
) -> Verdict {
    let variances = |case: &Case| DVector::from_fn(case.model.k(), |j, _| case.model.covariances()[j][0]);
    Exercise::on(Case::all())
        .law(|case, score: &DVector<f64>, _| miscounted(score, case.model.k()))
        .law(move |case, score, _| {
            let (model, own) = (&case.model, variances(case));
            (0..model.k()).find_map(|j| {
                let q = |step: f64| {
                    let mut moved = own.clone();
                    moved[j] += step;
                    spherical::expected_log_joint(&case.x, &case.r, model.weights(), model.means(), &moved)
                        .ok()
                };
                let slope = (q(1e-5)? - q(-1e-5)?) / 2e-5;
                unlike(&format!("the slope of Q in variance {}", j + 1), score[j], slope, 1e-5)
                    .map(|words| format!("{words}: how many dimensions are there?"))
            })
        })
        .slip("L-E02", move |case| {
            lecture_l::variance_score_without_the_dimension(
                &case.x,
                &case.r,
                case.model.means(),
                &variances(case),
            )
            .ok()
        })
        .judge(move |case| answer(&case.x, &case.r, case.model.means(), &variances(case)))
}

/// The M step as a loss: `answer(x, r, model)` gives a number whose minimum is where Q has its maximum, and which
/// falls by as much as Q rises.
pub fn loss(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>, &GaussianMixture) -> f64) -> Verdict {
    let q = |case: &Case, at: &GaussianMixture| {
        latent::expected_log_joint(&case.r, &at.log_joint(&case.x).expect("data")).expect("tables")
    };
    Exercise::on(Case::all())
        .law(move |case, &here: &f64, answer: &dyn Fn(&Case) -> f64| {
            let wider = case.model.covariances().iter().map(|covariance| covariance * 1.5).collect();
            let wider = case.model.with_covariances(wider, Full).ok()?;
            let rise = q(case, &wider) - q(case, &case.model);
            let fall = here - answer(&Case { model: wider, ..case.clone() });
            unlike("by how much the loss falls where all covariances grow by half", fall, rise, 1e-9)
                .map(|words| format!("{words}, as Q rises: is each logarithm halved?"))
        })
        .law(move |case, &here, answer| {
            let moved = case.model.with_means(case.model.means().add_scalar(0.5)).ok()?;
            let rise = q(case, &moved) - q(case, &case.model);
            let fall = here - answer(&Case { model: moved, ..case.clone() });
            unlike("by how much the loss falls where all means move by a half", fall, rise, 1e-9)
                .map(|words| format!("{words}, as Q rises"))
        })
        .law(move |case, &here, answer| {
            let even = DVector::from_element(case.model.k(), 1.0 / case.model.k() as f64);
            let even = case.model.with_weights(even).ok()?;
            let rise = q(case, &even) - q(case, &case.model);
            let fall = here - answer(&Case { model: even, ..case.clone() });
            unlike("by how much the loss falls where all weights become equal", fall, rise, 1e-9)
                .map(|words| format!("{words}, as Q rises"))
        })
        .slip("B-E08", |case| lecture_b::loss_without_the_half(&case.model, &case.x, &case.r).ok())
        .judge(|case| answer(&case.x, &case.r, &case.model))
}
