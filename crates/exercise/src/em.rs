//! Chapter 6: the loop, and what its steps promise.

use crate::case::Case;
use crate::judge::{Exercise, Numbers, Verdict, unlike};
use executable_em::errata::lecture_l;
use executable_em::gaussian_mixture::{GaussianMixture, score};
use executable_em::latent::{self, Model};
use nalgebra::DMatrix;

impl Numbers for GaussianMixture {
    fn numbers(&self) -> Vec<f64> {
        self.parameters().iter().copied().collect()
    }
}

/// The largest slope of Q at a model, in the means and in the covariances, each in the units of its own maximum: by
/// how much the parameter misses it, to first order.
pub(crate) fn misses(case: &Case, at: &GaussianMixture) -> Option<(f64, f64)> {
    let r = case.model.responsibilities(&case.x).ok()?;
    let counts = latent::counts(&r);
    let in_means = score::of_q_in_means(at, &case.x, &r).ok()?;
    let in_covariances = score::of_q_in_covariances(at, &case.x, &r).ok()?;
    let (mut means, mut covariances) = (0.0_f64, 0.0_f64);
    for (j, covariance) in at.covariances().iter().enumerate() {
        means = means.max((in_means.row(j) * covariance / counts[j]).amax());
        covariances =
            covariances.max((covariance * &in_covariances[j] * covariance * (2.0 / counts[j])).amax());
    }
    Some((means, covariances))
}

/// Says so if ℓ is lower at the answer than at the case's model.
fn fell(case: &Case, at: &GaussianMixture) -> Option<String> {
    let (before, after) = (case.model.log_likelihood(&case.x).ok()?, at.log_likelihood(&case.x).ok()?);
    (after < before - 1e-9).then(|| format!("ℓ fell from {before:.4} to {after:.4}"))
}

/// One sweep: `answer(x, model)` gives the model after an E and an M step.
pub fn em_step(answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> GaussianMixture) -> Verdict {
    Exercise::on(Case::with_room())
        .law(|case, next: &GaussianMixture, _| fell(case, next))
        .law(|case, next, _| {
            unlike(
                "by how much the means miss the maximum of Q, the largest entry",
                misses(case, next)?.0,
                0.0,
                1e-6,
            )
        })
        .law(|case, next, _| {
            let name = "by how much the covariances miss the maximum of Q, the largest entry";
            unlike(name, misses(case, next)?.1, 0.0, 1e-6)
        })
        .law(|case, next, _| {
            let counts = latent::counts(&case.model.responsibilities(&case.x).ok()?);
            let unfair = (&counts / case.x.nrows() as f64 - next.weights()).amax();
            unlike(
                "the largest difference between a weight and its share of the responsibilities",
                unfair,
                0.0,
                1e-9,
            )
        })
        .slip("L-E04", |case| lecture_l::sweep_with_hard_labels(&case.model, &case.x).ok())
        .judge(|case| answer(&case.x, &case.model))
}

/// The whole loop: `answer(x, start)` gives a model at rest, with ℓ no lower than at the start.
pub fn fixed_point(answer: impl Fn(&DMatrix<f64>, &GaussianMixture) -> GaussianMixture) -> Verdict {
    // From some starts a component collapses onto a datum; there nothing comes to rest.
    let rests = |case: &Case| {
        executable_em::em::trace(case.model.clone(), &case.x, &Default::default()).is_ok_and(|trace| {
            let least = |covariance: &DMatrix<f64>| covariance.clone().symmetric_eigenvalues().min();
            trace.fit.model.covariances().iter().all(|covariance| least(covariance) > 0.05)
        })
    };
    Exercise::on(Case::with_room().into_iter().filter(rests).collect())
        .law(|case, end: &GaussianMixture, _| fell(case, end))
        .law(|case, end, _| {
            let next = executable_em::em::sweep(end, &case.x).ok()?;
            let rise = next.log_likelihood(&case.x).ok()? - end.log_likelihood(&case.x).ok()?;
            unlike("how much one more sweep raises ℓ", rise, 0.0, 1e-4)
        })
        .judge(|case| answer(&case.x, &case.model))
}

/// A generalised M step: `answer(x, model, r)` gives a model whose Q is above the old one's, but not at its maximum.
pub fn generalised_step(
    answer: impl Fn(&DMatrix<f64>, &GaussianMixture, &DMatrix<f64>) -> GaussianMixture,
) -> Verdict {
    let q_of = |case: &Case, at: &GaussianMixture| {
        let r = case.model.responsibilities(&case.x).expect("data of its dimension");
        latent::expected_log_joint(&r, &at.log_joint(&case.x).expect("data")).expect("tables")
    };
    Exercise::on(Case::with_room())
        .law(move |case, next: &GaussianMixture, _| {
            let (before, after) = (q_of(case, &case.model), q_of(case, next));
            (after <= before).then(|| format!("Q went from {before:.4} to {after:.4}: it should rise"))
        })
        .law(|case, next, _| {
            let (means, covariances) = misses(case, next)?;
            (means.max(covariances) < 1e-9).then(|| {
                "Q has no slope left: that is the whole M step, and one that stops short is asked for"
                    .to_owned()
            })
        })
        .law(|case, next, _| fell(case, next))
        .judge(|case| answer(&case.x, &case.model, &case.model.responsibilities(&case.x).expect("data")))
}

/// `answer(x, old, new)` gives Q(old | old) and Q(new | old), with one posterior for both.
pub fn expected_log_joint_before_and_after(
    answer: impl Fn(&DMatrix<f64>, &GaussianMixture, &GaussianMixture) -> (f64, f64),
) -> Verdict {
    let next = |case: &Case| executable_em::em::sweep(&case.model, &case.x).expect("data enough");
    Exercise::on(Case::with_room())
        .law(move |case, &(before, after): &(f64, f64), _| {
            let l = |model: &GaussianMixture| model.log_likelihood(&case.x).expect("data");
            let posterior = |model: &GaussianMixture| model.responsibilities(&case.x).expect("data");
            let kl =
                executable_em::bound::kl_divergence(&posterior(&case.model), &posterior(&next(case))).ok()?;
            unlike(
                "ℓ(new) − ℓ(old) − (Q(new) − Q(old))",
                l(&next(case)) - l(&case.model) - (after - before),
                kl,
                1e-6,
            )
            .map(|words| {
                format!("{words}, the divergence between the two posteriors: which θ is the posterior at?")
            })
            .or_else(|| {
                // The difference says nothing of what both may have too much, such as the entropy that is in the bound.
                let entropy = executable_em::bound::entropy(&posterior(&case.model)).ok()?;
                unlike("Q(old) + the entropy of the posterior", before + entropy, l(&case.model), 1e-9)
                    .map(|words| format!("{words}, ℓ(old)"))
            })
        })
        .judge(|case| answer(&case.x, &case.model, &next(case)))
}
