//! A single state of a run, drawn for a window of any width: what a reader takes hold of.
//!
//! Panels stand side by side where there is room, and below each other where there is not; letters keep their size.
//! The panels' [`PanelFrame`]s say where on the page a mean lies, and what a place on the page means.

use crate::plot::{Figure, Page, Panel, PanelFrame};
use crate::{
    bernoulli_mixture, bound, convergence, em, gaussian_mixture, kmeans, pathologies, selection, soft_kmeans,
    variational,
};
use executable_em::Result;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

pub use bernoulli_mixture::Tosses;
pub use bound::Hills;
pub use convergence::Apart;
pub use em::{Start, Way};
pub use pathologies::{Course, Doomed, Remedy};
pub use selection::Judged;
pub use soft_kmeans::Annealed;
pub use variational::{Crowd, Survival};

/// A figure, and where its panels' data lie.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What is to be seen.
    pub figure: Figure,
    /// One for each panel.
    pub frames: Vec<PanelFrame>,
}

/// Room for panels side by side.
const WIDE: f64 = 560.0;

/// Panels on a page of such width in pixels; below each other they are lower, so that one screen holds more of them.
fn scene(width: f64, panel_height: f64, panels: impl IntoIterator<Item = Panel>) -> Result<Scene> {
    let panels: Vec<Panel> = panels.into_iter().collect();
    let (columns, height) =
        if width < WIDE { (1, 0.8 * panel_height) } else { (panels.len().max(2), panel_height) };
    let page = Page::new(columns).width(width).panel_height(height);
    let page = panels.into_iter().fold(page, Page::panel);
    Ok(Scene { figure: Figure::still(&page)?, frames: page.frames()? })
}

/// Lloyd's algorithm after some half steps: the data with the regions of the means and the means' ways, and J.
///
/// `x` is n×2, `start` k×2; more half steps than the run has are its last. Errors as in
/// [`lloyd`](executable_em::kmeans::lloyd), and [`Error::Shape`](executable_em::Error::Shape) for data not in the
/// plane.
///
/// ```
/// use executable_em_figures::state;
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0, 0.0; 1.0, 0.5; 5.0, 4.0; 6.0, 5.0];
/// let run = executable_em::kmeans::lloyd(&x, &dmatrix![0.0, 1.0; 1.0, 0.0], 100)?;
/// assert!(state::kmeans(&x, &run, 1, 390.0)?.figure.svg().contains("assign 1"));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn kmeans(
    x: &DMatrix<f64>,
    run: &executable_em::kmeans::Lloyd,
    half_steps: usize,
    width: f64,
) -> Result<Scene> {
    scene(width, 270.0, kmeans::state(x, run, half_steps)?)
}

/// What is drawn of EM: the parameters, what the last E step saw, and ℓ so far.
#[derive(Clone, Copy, Debug)]
pub struct Mixture<'a> {
    /// The parameters.
    pub model: &'a GaussianMixture,
    /// The responsibilities of the last E step, n×k; none before the first.
    pub responsibilities: Option<&'a DMatrix<f64>>,
    /// ℓ at the start and after each sweep.
    pub climb: &'a [f64],
    /// What an M step made in the place of covariances, k matrices 2×2, if they are none: drawn as the level curves
    /// that they have.
    pub broken: Option<&'a [DMatrix<f64>]>,
}

/// A state of EM: the data in the colours of their responsibilities with the ellipses of the components, and ℓ.
///
/// `x` is n×2, `names` say what its columns are. [`Error::Shape`](executable_em::Error::Shape) for data that are not in
/// the plane.
///
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
/// use executable_em_figures::state::{self, Mixture};
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let climb = [model.log_likelihood(&x)?];
/// let state = Mixture { model: &model, responsibilities: None, climb: &climb, broken: None };
/// let scene = state::mixture(&x, ["eruption, min", "waiting, min"], &state, 720.0)?;
/// assert!(scene.figure.svg().contains("eruption, min") && scene.frames.len() == 2);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn mixture(x: &DMatrix<f64>, names: [&str; 2], state: &Mixture<'_>, width: f64) -> Result<Scene> {
    scene(width, 300.0, gaussian_mixture::state(x, names, state)?)
}

/// A state of coordinate ascent on the curve of two hills: ℓ(θ) with the bound at q, and the state on the map of F.
///
/// The last of `trail` is the state; how it was reached is drawn on the map.
///
/// ```
/// use executable_em_figures::state::{self, Hills};
/// let state = Hills { theta: 0.3, at: -2.6, blur: 0.0 };
/// assert!(state.gap()? > 0.0 && state.e_step().gap()?.abs() < 1e-12);
/// assert!(state::bound(&[state], 720.0)?.figure.svg().contains("KL"));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn bound(trail: &[Hills], width: f64) -> Result<Scene> {
    scene(width, 270.0, bound::state(trail)?)
}

/// Soft k-means at a stiffness: the responsibilities along the line, and the place of β on the tree of the means.
///
/// Of four means on the data of `soft_kmeans/bifurcation`, at the step of its way that is nearest to this log₁₀ β.
///
/// ```
/// use executable_em_figures::state;
/// let (soft, _) = state::stiffness(-1.5, 390.0)?;
/// assert!(soft.means.len() == 1 && soft.growth.is_some_and(|growth| growth < 1.0)); // one place for all four
/// let (hard, scene) = state::stiffness(1.0, 390.0)?;
/// assert!(hard.means.len() == 4 && hard.growth.is_none() && scene.frames.len() == 2);
/// # Ok::<(), executable_em::Error>(())
/// ```
///
/// # Errors
/// None, since the data are fixed.
pub fn stiffness(log_stiffness: f64, width: f64) -> Result<(Annealed, Scene)> {
    let (state, panels) = soft_kmeans::state(log_stiffness)?;
    Ok((state, scene(width, 270.0, panels)?))
}

/// EM, gradient ascent and SQUAREM from one start on ℓ(μ₁, μ₂), the landscape of `em/paths`: their ways, and ℓ along
/// them.
///
/// ```
/// use executable_em_figures::state::{self, Start};
/// let start = Start { place: [-0.95, -0.9], step: 0.04, sweeps: 6 };
/// let [by_em, by_gradient, by_leaps] = start.ways()?;
/// assert!(by_em.heights[6] > by_em.heights[5] && by_em.sweeps == by_gradient.sweeps);
/// assert!(by_leaps.sweeps == [0, 3, 6] && by_leaps.heights[2] > by_em.heights[6] + 0.3);
/// assert!(state::ascent(&start, 720.0)?.figure.svg().contains("SQUAREM"));
/// # Ok::<(), executable_em::Error>(())
/// ```
///
/// # Errors
/// Those of [`Start::ways`].
pub fn ascent(start: &Start, width: f64) -> Result<Scene> {
    scene(width, 300.0, em::state(start)?)
}

/// A run that may end on a datum, after so many sweeps: the two densities over the data, and ℓ or the log posterior.
///
/// `course` is the run of `start`; the data and the start of `pathologies/collapse`, unless the means are elsewhere.
///
/// ```
/// use executable_em_figures::state::{self, Doomed, Remedy};
/// let start = Doomed { means: [0.0, 5.0], remedy: Remedy::Prior(0.2) };
/// assert!(state::collapse(&start, &start.run(5)?, 390.0)?.figure.svg().contains("log posterior"));
/// # Ok::<(), executable_em::Error>(())
/// ```
///
/// # Errors
/// Those of the densities.
pub fn collapse(start: &Doomed, course: &Course, width: f64) -> Result<Scene> {
    scene(width, 260.0, pathologies::state(start, course)?)
}

/// Two coins after the sweeps of a run: its way on the map of ℓ, and the numbers of heads as the coins share them.
///
/// `run` is that of `start`: [`Tosses::run`].
///
/// ```
/// use executable_em_figures::state::{self, Tosses};
/// let start = Tosses { biases: [0.6, 0.5], flips: 3 };
/// assert!(state::coins(&start, &start.run(4)?, 390.0)?.figure.svg().contains("heads in each draw"));
/// # Ok::<(), executable_em::Error>(())
/// ```
///
/// # Errors
/// Those of the log-likelihood.
pub fn coins(start: &Tosses, run: &[(BernoulliMixture, f64)], width: f64) -> Result<Scene> {
    scene(width, 300.0, bernoulli_mixture::state(start, run)?)
}

/// Two clusters so far apart: their densities with what is known of the means, of each and of both together, and how ℓ
/// nears its top.
///
/// ```
/// use executable_em_figures::state::{self, Apart};
/// assert!(state::rate(&Apart::by(3.0)?, 390.0)?.figure.svg().contains("if labels were seen"));
/// # Ok::<(), executable_em::Error>(())
/// ```
///
/// # Errors
/// Those of the densities.
pub fn rate(of: &Apart, width: f64) -> Result<Scene> {
    scene(width, 270.0, convergence::state(of)?)
}

/// A mean-field mixture after the sweeps of a run: the components that are alive, and how many data each has had.
///
/// ```
/// use executable_em_figures::state::{self, Crowd};
/// assert!(state::survival(&Crowd::usual()?.run(3)?, 390.0)?.figure.svg().contains("after 3"));
/// # Ok::<(), executable_em::Error>(())
/// ```
///
/// # Errors
/// Those of the responsibilities.
pub fn survival(of: &Survival, width: f64) -> Result<Scene> {
    scene(width, 290.0, variational::state(of)?)
}

/// Fits with several numbers of components: that of `k` over the data, and the criteria over all of them.
///
/// `names` say what the columns are.
///
/// ```
/// use executable_em::{data, em::Stopping, gaussian_mixture::{CovarianceFamily::Full, kmeans_start}};
/// use executable_em::selection::{Restarts, search};
/// use executable_em_figures::state::{self, Judged};
/// let x = data::old_faithful();
/// let restarts = Restarts { starts: 1, seed: 1, stopping: Stopping::default() };
/// let found = search(&x, 1..=2, &restarts, |x, k, rng| kmeans_start(x, k, Full, rng))?;
/// let judged = Judged { x, found, held_out: vec![-1293.3, -1142.1] };
/// let scene = state::judged(&judged, ["eruption, min", "waiting, min"], 2, 390.0)?;
/// assert!(scene.frames.len() == 2 && scene.figure.svg().contains("ICL"));
/// # Ok::<(), executable_em::Error>(())
/// ```
///
/// # Errors
/// [`Error::Domain`](executable_em::Error::Domain) for a k that was not fitted,
/// [`Error::Shape`](executable_em::Error::Shape) for data that are not in the plane.
pub fn judged(of: &Judged, names: [&str; 2], k: usize, width: f64) -> Result<Scene> {
    scene(width, 300.0, selection::state(of, names, k)?)
}

/// A fitted mixture of any dimension over two columns of its data, or over one; and BIC over k where there are several.
///
/// `x` is n×d; `columns` are counted from 0; `criteria` holds k and BIC. Of more than 3000 data every so many are
/// drawn. Errors as in [`marginal`](executable_em::gaussian_mixture::conditional::marginal).
///
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
/// use executable_em_figures::state;
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let names = ["eruptions".to_owned(), "waiting".to_owned()];
/// let scene = state::fitted(&x, &model, &names, [1, 0], &[(1, 2577.0), (2, 2322.2)], 390.0)?;
/// assert!(scene.figure.svg().contains("waiting") && scene.frames.len() == 2);
/// assert_eq!(state::fitted(&x, &model, &names, [0, 0], &[], 390.0)?.frames.len(), 1);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fitted(
    x: &DMatrix<f64>,
    model: &GaussianMixture,
    names: &[String],
    columns: [usize; 2],
    criteria: &[(usize, f64)],
    width: f64,
) -> Result<Scene> {
    let cloud = gaussian_mixture::fitted(x, model, names, columns)?;
    let over_k = (criteria.len() > 1).then(|| gaussian_mixture::criteria(criteria, model.k()));
    scene(width, 300.0, [cloud].into_iter().chain(over_k))
}
