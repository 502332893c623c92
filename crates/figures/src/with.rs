//! The main figures, drawn with data of your own: in a notebook, a cell that ends in one of these calls shows it.
//!
//! For everything else there is the drawing kit, [`crate::plot`].

use crate::plot::{self, Figure, Panel};
use crate::{gaussian_mixture, kmeans};
use executable_em::Result;
use executable_em::em::{self, Stopping};
use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

/// Lloyd's algorithm from its start to rest, as in `kmeans/steps`.
///
/// `x` is n×2, `start` k×2, a row a mean. Errors as in [`lloyd`](executable_em::kmeans::lloyd), and
/// [`Error::Shape`](executable_em::Error::Shape) for data that are not in the plane.
///
/// Source: H-06, B-32.
/// ```
/// use executable_em_figures::with;
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0, 0.0; 1.0, 0.5; 5.0, 4.0; 6.0, 5.0];
/// assert!(with::kmeans_steps(&x, &dmatrix![0.0, 1.0; 1.0, 0.0])?.svg().contains("update 1"));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn kmeans_steps(x: &DMatrix<f64>, start: &DMatrix<f64>) -> Result<Figure> {
    plot::points(x)?;
    let run = executable_em::kmeans::lloyd(x, start, kmeans::MAX_SWEEPS)?;
    let figure = kmeans::steps_of(x, &run, &Panel::around(x))?;
    Ok(figure.titled("k-means, half step by half step").described(
        "Each datum goes to its nearest mean (assign), each mean to the average of its data (update); J never rises.",
        "Scatter plots of the data with their means, half step by half step.",
    ))
}

/// EM from its start to rest, as in `gaussian_mixture/steps`: the states after 0, 1, 2, 5 and 20 sweeps, and ℓ over
/// all.
///
/// `x` is n×2. Errors as in [`trace`](executable_em::em::trace), and [`Error::Shape`](executable_em::Error::Shape) for
/// data that are not in the plane.
///
/// Source: H-38, T-13.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
/// use executable_em_figures::with;
/// let (x, _) = data::blobs();
/// let start = random_start(&x, 4, CovarianceFamily::Tied, &mut data::rng(1))?;
/// assert!(with::em_steps(&x, &start)?.svg().contains("after 2 sweeps"));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn em_steps(x: &DMatrix<f64>, start: &GaussianMixture) -> Result<Figure> {
    plot::points(x)?;
    let run = em::trace(start.clone(), x, &Stopping::default())?;
    let heights = plot::span(run.log_likelihoods().into_iter().skip(1), 0.06);
    let figure = gaussian_mixture::steps_of(x, &run, &Panel::around(x), heights)?;
    Ok(figure.titled("EM, sweep by sweep").described(
        "Colours are responsibilities, ellipses lie at one, two and three standard deviations. Last: ℓ over the \
         sweeps.",
        "Scatter plots of the data with the ellipses of the components, and the curve of the log-likelihood.",
    ))
}

/// What the four families of covariances make of the same data, as in `gaussian_mixture/families`.
///
/// `x` is n×2; each family is fitted with k components from ten random starts of that seed, and the best is shown.
/// Errors as in [`random_start`](executable_em::gaussian_mixture::random_start) and
/// [`best`](executable_em::em::best), and [`Error::Shape`](executable_em::Error::Shape) for data that are not in the
/// plane.
///
/// Source: L-24, T-09.
/// ```
/// use executable_em::data;
/// use executable_em_figures::with;
/// assert!(with::families(&data::old_faithful(), 2, 1)?.svg().contains("spherical"));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn families(x: &DMatrix<f64>, k: usize, seed: u64) -> Result<Figure> {
    plot::points(x)?;
    let figure = gaussian_mixture::families_of(x, k, seed, &Panel::around(x))?;
    Ok(figure.titled("The same data, four families of covariances").described(
        "The best of ten fits with each family of covariances, with its ℓ and its number of parameters.",
        "Four scatter plots of the same data with the ellipses of the components.",
    ))
}
