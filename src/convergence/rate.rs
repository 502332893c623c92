//! The rate of convergence: EM near its end, as a matrix.

use super::coordinates::{coordinates, mixture_of};
use super::information;
use crate::check;
use crate::em;
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// The linear map that a sweep is near where EM rests.
/// ```math
/// J = \frac{\partial M}{\partial\theta} = I - \mathcal I_c^{-1}\mathcal I_o = \mathcal I_c^{-1}\mathcal I_m
/// ```
///
/// Differentiate $`\nabla Q(M(\theta)\mid\theta) = 0`$: what $`\mathcal I_c`$ takes M(θ) back, the second argument of Q
/// brings, and Louis' identity says how much. `model` is where EM rests. Returns p×p in the coordinates of
/// [`coordinates`]; errors as in [`information::slopes`], [`Error::Domain`] if $`\mathcal I_c`$ is singular.
///
/// Source: X-14; Dempster, Laird and Rubin (1977), §3.
/// ```
/// use executable_em::{convergence::rate, data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-10), max_sweeps: 1000 };
/// let model = em::fit(start, &x, &stopping)?.model;
/// let fractions = rate::missing_fractions(&model, &x)?;
/// assert!((fractions[0] - 0.240766).abs() < 1e-6 && fractions[10].abs() < 1e-9);
/// assert!((rate::jacobian(&model, &x)?.trace() - fractions.sum()).abs() < 1e-9);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn jacobian(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let map = complete_factor(model, x)?.solve(&information::missing(model, x)?);
    check::defined("map of a sweep", map)
}

/// The eigenvalues of that map: the fractions of missing information, largest first.
/// ```math
/// \mathcal I_m\,u = \rho\,\mathcal I_c\,u, \qquad 0 \le \rho
/// ```
///
/// Of two symmetric matrices they are real: with $`\mathcal I_c = L L^\top`$ they are those of
/// $`L^{-1}\mathcal I_mL^{-\top}`$. At a maximum none is above 1; one that is 1 makes EM creep, as on {−1, 1} in
/// chapter 6, and above 1 it is a saddle, which EM leaves. Returns p numbers; errors as in [`jacobian`].
///
/// Source: X-14. Example: [`jacobian`].
pub fn missing_fractions(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let factor = complete_factor(model, x)?;
    let lower = factor.l();
    let half = lower.solve_lower_triangular(&information::missing(model, x)?).expect("a positive diagonal");
    let whole = lower.solve_lower_triangular(&half.transpose()).expect("a positive diagonal");
    let symmetric = check::defined("missing information", (&whole + whole.transpose()) * 0.5)?;
    let mut fractions: Vec<f64> = symmetric.symmetric_eigenvalues().iter().copied().collect();
    fractions.sort_by(|a, b| b.total_cmp(a));
    Ok(DVector::from_vec(fractions))
}

fn complete_factor(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Cholesky<f64, Dyn>> {
    let information = information::complete(model, x)?;
    let smallest = || information.symmetric_eigenvalues().min();
    let allowed = "> 0: the complete data must determine θ";
    Cholesky::new(information.clone()).ok_or_else(|| Error::Domain {
        what: "smallest eigenvalue of the complete information",
        value: smallest(),
        allowed,
    })
}

/// The same map without any derivation: central differences of a sweep.
/// ```math
/// J_{lm} \approx \frac{M_l(\hat\theta + h e_m) - M_l(\hat\theta - h e_m)}{2h}
/// ```
///
/// `steps` holds h for each of the p coordinates, in their units; standard errors times 10⁻³ do well. Errors as in
/// [`mixture_of`] for a step out of the space of mixtures, and those of a sweep.
///
/// Source: X-14; Meng and Rubin (1991), who take their differences along the run itself (SEM).
/// ```
/// use executable_em::{convergence::rate, data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// use nalgebra::DVector;
/// let x = data::standardize(&data::old_faithful())?;
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-12), max_sweeps: 1000 };
/// let model = em::fit(start, &x, &stopping)?.model;
/// let by_differences = rate::by_differences(&model, &x, &DVector::from_element(11, 1e-4))?;
/// assert!((by_differences - rate::jacobian(&model, &x)?).amax() < 1e-5);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn by_differences(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    steps: &DVector<f64>,
) -> Result<DMatrix<f64>> {
    let here = coordinates(model);
    check::positives("steps", "step", steps, here.len())?;
    let mut map = DMatrix::zeros(here.len(), here.len());
    for (m, &h) in steps.iter().enumerate() {
        let swept = |sign: f64| -> Result<DVector<f64>> {
            let mut there = here.clone();
            there[m] += sign * h;
            Ok(coordinates(&em::sweep(&mixture_of(&there, model)?, x)?))
        };
        map.set_column(m, &((swept(1.0)? - swept(-1.0)?) / (2.0 * h)));
    }
    Ok(map)
}

/// The observed information from the map alone: what EM's own speed says about the curvature of ℓ.
/// ```math
/// \mathcal I_o = \mathcal I_c\,(I - J)
/// ```
///
/// `complete` and `map` are p×p; the result is symmetric but for the errors of the map, and its symmetric half is
/// returned. It asks for no derivative of ℓ, only for sweeps and for the information of complete data, which is easy.
///
/// Source: X-15; Meng and Rubin (1991).
/// ```
/// use executable_em::convergence::rate::observed_from_map;
/// use nalgebra::dmatrix;
/// assert_eq!(observed_from_map(&dmatrix![4.0], &dmatrix![0.25]), Ok(dmatrix![3.0]));
/// ```
pub fn observed_from_map(complete: &DMatrix<f64>, map: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::symmetric("complete information", complete)?;
    check::matrix("map", map, complete.shape())?;
    let observed = complete - complete * map;
    check::defined("observed information", (&observed + observed.transpose()) * 0.5)
}

/// The rate that a run shows: by how much the last sweeps have shortened the way.
/// ```math
/// \hat\rho_t = \frac{\|\theta^{t+1} - \theta^t\|}{\|\theta^t - \theta^{t-1}\|} \longrightarrow \rho_{\max}
/// ```
///
/// `run` holds the coordinates of successive iterates; returns a number for each three of them in a row, 0 where the
/// run rests. [`Error::Shape`] for iterates of different lengths.
///
/// Source: X-14.
/// ```
/// use executable_em::convergence::rate::shown;
/// use nalgebra::dvector;
/// assert_eq!(shown(&[dvector![4.0], dvector![2.0], dvector![1.0]])?, [0.5]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn shown(run: &[DVector<f64>]) -> Result<Vec<f64>> {
    run.iter().try_for_each(|theta| check::matrix("iterate", theta, run[0].shape()))?;
    let shortened = |three: &[DVector<f64>]| {
        let (way, before) = ((&three[2] - &three[1]).norm(), (&three[1] - &three[0]).norm());
        check::defined_number("rate", if way == 0.0 { 0.0 } else { way / before })
    };
    run.windows(3).map(shortened).collect()
}
