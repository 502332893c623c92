//! Chapter 8: floors, priors, twins, and a likelihood without an upper bound.

use crate::case::Case;
use crate::judge::{Exercise, Verdict, misshapen, near, unlike};
use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

/// `answer(covariance, floor)` gives a matrix with the same axes and no variance below the floor.
pub fn floored(answer: impl Fn(&DMatrix<f64>, f64) -> DMatrix<f64>) -> Verdict {
    const FLOOR: f64 = 0.8;
    Exercise::on(Case::all())
        .law(|case, raised: &DMatrix<f64>, _| misshapen(raised, case.model.covariances()[0].shape()))
        .law(|_, raised, _| {
            let least = raised.clone().symmetric_eigenvalues().min();
            (least < FLOOR - 1e-9).then(|| {
                format!("its smallest variance along an axis is {least:.4}, below the floor {FLOOR}")
            })
        })
        .law(|case, raised, _| {
            // Along its own axes, each variance is the larger of itself and the floor.
            let eigen = case.model.covariances()[0].clone().symmetric_eigen();
            (0..eigen.eigenvalues.len()).find_map(|axis| {
                let u = eigen.eigenvectors.column(axis);
                let found = (u.transpose() * raised * u)[0];
                unlike(
                    &format!("the variance along axis {}", axis + 1),
                    found,
                    eigen.eigenvalues[axis].max(FLOOR),
                    1e-7,
                )
            })
        })
        .judge(|case| answer(&case.model.covariances()[0], FLOOR))
}

/// `answer(x, height)` gives a mixture of two Gaussians on the line with ℓ above that height.
pub fn higher_than(answer: impl Fn(&DMatrix<f64>, f64) -> GaussianMixture) -> Verdict {
    const HEIGHT: f64 = 25.0;
    let cases = Case::on_the_line().into_iter().filter(|case| case.x.nrows() >= 4 && case.model.k() == 2);
    Exercise::on(cases.collect())
        .law(|_, model: &GaussianMixture, _| {
            (model.d() != 1 || model.k() != 2)
                .then(|| "a mixture of two Gaussians on the line is wanted".to_owned())
        })
        .law(|case, model, _| {
            let l = model.log_likelihood(&case.x).ok()?;
            (l <= HEIGHT).then(|| {
                format!(
                    "ℓ is {l:.3}, and should be above {HEIGHT}: what if a component has one datum for itself?"
                )
            })
        })
        .judge(|case| answer(&case.x, HEIGHT))
}

/// The variance of one Gaussian on the line with the prior 𝒲⁻¹(ν, ψ): `answer(x, mean, nu, psi)` gives where the
/// posterior is highest.
pub fn map_variance(answer: impl Fn(&DMatrix<f64>, f64, f64, f64) -> f64) -> Verdict {
    const NU: f64 = 4.0;
    const PSI: f64 = 0.5;
    Exercise::on(Case::on_the_line())
        .law(|_, &variance: &f64, _| (variance <= 0.0).then(|| format!("{variance:.4} is no variance")))
        .law(|case, &variance, _| {
            let (mean, n) = (case.model.means()[0], case.x.nrows() as f64);
            let scatter: f64 = case.x.iter().map(|x| (x - mean).powi(2)).sum();
            // −(n/2) log v − scatter/2v, and of the prior −((ν + 2)/2) log v − ψ/2v.
            let slope = -(n + NU + 2.0) / 2.0 + (scatter + PSI) / (2.0 * variance);
            unlike("the slope of the log posterior in log v", slope, 0.0, 1e-9)
                .map(|words| format!("{words}: how many data is the prior worth?"))
        })
        .judge(|case| answer(&case.x, case.model.means()[0], NU, PSI))
}

/// `answer(model)` gives another mixture with the very same density.
pub fn twin(answer: impl Fn(&GaussianMixture) -> GaussianMixture) -> Verdict {
    Exercise::on(Case::all().into_iter().filter(|case| case.model.k() > 1).collect())
        .law(|case, twin: &GaussianMixture, _| {
            let (own, other) = (case.model.density(&case.x).ok()?, twin.density(&case.x));
            let Ok(other) = other else { return Some("it is a mixture of another dimension".to_owned()) };
            let differs = own.iter().zip(&other).position(|(&own, &other)| !near(own, other, 1e-9))?;
            Some(format!(
                "the densities of datum {} differ: {:.6} and {:.6}",
                differs + 1,
                own[differs],
                other[differs]
            ))
        })
        .law(|case, twin, _| (*twin == case.model).then(|| "it is the mixture itself".to_owned()))
        .judge(|case| answer(&case.model))
}
