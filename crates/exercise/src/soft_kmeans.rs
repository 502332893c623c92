//! Chapter 3: soft responsibilities, where means part, and the hard limit.

use crate::case::Case;
use crate::judge::{Exercise, Verdict, misshapen, near, odds_differ, unlike, unnormalised};
use executable_em::errata::lecture_h;
use executable_em::latent::{self, Model};
use executable_em::soft_kmeans::{SoftKMeans, Weights, parting_growth};
use nalgebra::{DMatrix, DVector};

/// The case's soft k-means: its stiffness is one over the first variance.
fn soft(case: &Case) -> SoftKMeans {
    let stiffness = 1.0 / case.model.covariances()[0][0];
    let model =
        SoftKMeans::new(case.model.means().clone(), stiffness, Weights::Fitted).expect("finite means");
    model.with_weights(case.model.weights().clone()).expect("a distribution")
}

/// The E step: `answer(x, model)` gives n×k responsibilities.
pub fn soft_responsibilities(answer: impl Fn(&DMatrix<f64>, &SoftKMeans) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, r: &DMatrix<f64>, _| misshapen(r, (case.x.nrows(), case.model.k())))
        .law(|_, r, _| unnormalised(r, 1e-9))
        .law(|case, r, _| {
            let log_joint = soft(case).log_joint(&case.x).ok()?;
            odds_differ(["mean", "mean 1"], r, &log_joint)
                .map(|words| format!("{words}: what of the ½ in the Gaussian's exponent?"))
        })
        .slip("H-E06", |case| lecture_h::responsibilities_without_the_half(&soft(case), &case.x).ok())
        .slip("H-E07", |case| {
            let counts = latent::counts(&case.r);
            lecture_h::responsibilities_with_counts_for_weights(&soft(case), &case.x, &counts).ok()
        })
        .judge(|case| answer(&case.x, &soft(case)))
}

/// One sweep of soft k-means with its weights fitted: `answer(x, model)` gives the new means, k×d.
pub fn soft_sweep(answer: impl Fn(&DMatrix<f64>, &SoftKMeans) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, means: &DMatrix<f64>, _| misshapen(means, case.model.means().shape()))
        .law(|case, means, _| {
            let model = soft(case);
            let r = model.responsibilities(&case.x).ok()?;
            let pull = r.transpose() * &case.x - DMatrix::from_diagonal(&latent::counts(&r)) * means;
            unlike("the largest entry of Σ r (x − m)", pull.amax(), 0.0, 1e-9)
        })
        .law(|case, means, _| {
            let model = soft(case);
            let moved = model.with_means(means.clone()).ok()?;
            let (before, after) = (model.log_likelihood(&case.x).ok()?, moved.log_likelihood(&case.x).ok()?);
            (after < before - 1e-9).then(|| format!("ℓ fell from {before:.4} to {after:.4}"))
        })
        .judge(|case| answer(&case.x, &soft(case)))
}

/// The stiffness at which means at the centre part: `answer(x)` gives β.
pub fn critical_stiffness(answer: impl Fn(&DMatrix<f64>) -> f64) -> Verdict {
    let cases =
        Case::all().into_iter().filter(|case| case.x.nrows() >= 3 && case.x.amax() > case.x.amin() + 1.0);
    Exercise::on(cases.collect())
        .law(|_, &stiffness: &f64, _| (stiffness <= 0.0).then(|| "a stiffness is above zero".to_owned()))
        .law(|case, &stiffness, _| {
            let growth = parting_growth(&case.x, 2, stiffness, 1e-4).ok()?;
            unlike("how much a small parting of two means grows in a sweep at this β", growth, 1.0, 1e-4)
        })
        .judge(|case| answer(&case.x))
}

/// The limit of infinite stiffness: `answer(x, means, weights)` gives n×k responsibilities.
pub fn hard_limit(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>, &DVector<f64>) -> DMatrix<f64>) -> Verdict {
    let mut cases = Case::all();
    for case in cases.iter_mut().skip(1).step_by(4) {
        // A tie between all means.
        let means = DMatrix::from_fn(case.model.k(), case.model.d(), |_, a| case.model.means()[(0, a)]);
        case.model = case.model.with_means(means).expect("finite means");
    }
    Exercise::on(cases)
        .law(|case, r: &DMatrix<f64>, _| misshapen(r, (case.x.nrows(), case.model.k())))
        .law(|_, r, _| unnormalised(r, 1e-9))
        .law(|case, r, _| {
            let stiff = soft(case).with_stiffness(1e7).ok()?.responsibilities(&case.x).ok()?;
            let differs = r.iter().zip(&stiff).position(|(&limit, &near_it)| !near(limit, near_it, 1e-6))?;
            let (i, j) = (differs % r.nrows(), differs / r.nrows());
            let place = format!("datum {} and mean {}", i + 1, j + 1);
            Some(format!(
                "for {place} it is {:.4}, at β = 10⁷ it is {:.4}: what of ties?",
                r[differs], stiff[differs]
            ))
        })
        .judge(|case| answer(&case.x, case.model.means(), case.model.weights()))
}
