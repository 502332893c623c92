//! The published figures: one table, one function each; the drawing kit they are made of, and what exports them.
//!
//! A figure's name is that of its file in `figures/` without the extension: a chapter and a word.
//!
//! To add one, write its function in the chapter's file and its row in [`ALL`].

mod bernoulli_mixture;
mod bound;
mod convergence;
mod em;
mod errata;
pub mod error;
#[cfg(feature = "export")]
pub mod export;
mod gaussian_mixture;
mod incomplete;
mod kmeans;
mod latent;
pub mod notebook;
mod pathologies;
pub mod plot;
pub mod results;
mod scale;
mod selection;
mod soft_kmeans;
pub mod state;
mod variational;
pub mod with;

use crate::plot::{Figure, Panel};
pub use error::{Error, Result};
use executable_em::em::{Stopping, Tolerance};

/// Whether a figure moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One drawing, committed as SVG.
    Still,
    /// Several, committed as GIF.
    Animation,
}

/// A figure of the book: its name, what it shows, and how it comes about.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Chapter and word, as in `kmeans/steps`.
    pub name: &'static str,
    /// A few words that say what it shows.
    pub title: &'static str,
    /// Whether it moves.
    pub kind: Kind,
    draw: fn() -> executable_em::Result<Figure>,
}

impl Published {
    /// Computes and draws the figure, the same every time.
    ///
    /// # Errors
    /// None in the published figures, whose data and seeds are fixed.
    pub fn draw(&self) -> executable_em::Result<Figure> {
        let mut figure = (self.draw)()?.titled(self.title);
        // Who reads the file is told what it shows, what it says, and of which data.
        figure.alt = [figure.alt, figure.caption.clone()].join(" ");
        Ok(figure)
    }

    /// The part of the name before the slash.
    pub fn chapter(&self) -> &'static str {
        self.name.split('/').next().unwrap_or(self.name)
    }
}

const fn still(
    name: &'static str,
    title: &'static str,
    draw: fn() -> executable_em::Result<Figure>,
) -> Published {
    Published { name, title, kind: Kind::Still, draw }
}

const fn animation(
    name: &'static str,
    title: &'static str,
    draw: fn() -> executable_em::Result<Figure>,
) -> Published {
    Published { name, title, kind: Kind::Animation, draw }
}

/// Every published figure, in the book's order.
pub const ALL: &[Published] = &[
    still("kmeans/steps", "k-means on Old Faithful, half step by half step", kmeans::steps),
    still("kmeans/objective", "The objective of k-means falls in every half step", kmeans::objective),
    still("kmeans/number", "Nothing in k-means chooses the number of clusters", kmeans::number_of_clusters),
    still("kmeans/pathologies", "Two shapes that k-means cannot see", kmeans::pathologies),
    still("kmeans/squares", "Two squares and their centroids", kmeans::squares),
    still("kmeans/starts", "What k-means finds depends on where it starts", kmeans::starts),
    animation("kmeans/animation", "k-means on Old Faithful, moving", kmeans::animation),
    still("gaussian_mixture/density", "A Gaussian mixture and its density", gaussian_mixture::density),
    still("gaussian_mixture/steps", "EM on Old Faithful, sweep by sweep", gaussian_mixture::steps),
    still(
        "gaussian_mixture/log_likelihood",
        "The log-likelihood rises in every sweep",
        gaussian_mixture::log_likelihood,
    ),
    still("gaussian_mixture/blobs", "Four blobs and the mixture fitted to them", gaussian_mixture::blobs),
    still("gaussian_mixture/families", "Four families of covariances", gaussian_mixture::families),
    animation("gaussian_mixture/animation", "EM on Old Faithful, moving", gaussian_mixture::animation),
    still("soft_kmeans/line", "Responsibilities harden as the stiffness grows", soft_kmeans::line),
    still("soft_kmeans/bifurcation", "Means split as the stiffness grows", soft_kmeans::bifurcation),
    still("soft_kmeans/soft_and_hard", "Soft against hard on Old Faithful", soft_kmeans::soft_and_hard),
    still("latent/views", "One data set, three views of its labels", latent::views),
    still("latent/graph", "The mixture as a graphical model", latent::graph_of_the_model),
    still("latent/point", "Which Gaussian made this point?", latent::point),
    still("bound/jensen", "Jensen's inequality on a chord", bound::jensen),
    still("bound/touching", "The bound touches, is climbed, and touches again", bound::touching),
    animation("bound/climbing", "EM climbs a hill, bound by bound", bound::climbing),
    still("bound/staircase", "The bound rises in every half step", bound::staircase),
    still("bound/contours", "Coordinate ascent on the bound", bound::contours),
    still("em/starts", "Thirty starts of EM and where they end", em::starts),
    still("em/traces", "The log-likelihood from thirty starts", em::traces),
    still("em/paths", "EM and gradient ascent on the same landscape", em::paths),
    still("em/tanh", "A run of EM that never stops", em::tanh),
    still("bernoulli_mixture/ridge", "One flip a draw has a ridge, ten have peaks", bernoulli_mixture::ridge),
    still("bernoulli_mixture/recovery", "More flips a draw recover the coins", bernoulli_mixture::recovery),
    still("bernoulli_mixture/heads", "What a number of heads says about the coin", bernoulli_mixture::heads),
    still("bernoulli_mixture/glyphs", "Letters found in noisy images", bernoulli_mixture::glyphs),
    still("pathologies/spike", "The likelihood of a component that shrinks onto a datum", pathologies::spike),
    still("pathologies/collapse", "EM runs into a singularity", pathologies::collapse_by_sweeps),
    still("pathologies/prior", "The same start with a prior", pathologies::prior),
    still("pathologies/floor", "A floor under the variances, and a ridge", pathologies::floor_and_ridge),
    still("pathologies/twins", "Every optimum has a twin", pathologies::twins),
    still("pathologies/cancellation", "Raw moments cancel far from the origin", pathologies::cancellation),
    still("selection/criteria", "Three criteria over the number of components", selection::criteria),
    still("selection/two_or_three", "Old Faithful as two, or as three", selection::two_or_three),
    still("selection/held_out", "Data held out against data fitted", selection::held_out_data),
    still("selection/sticks", "Sticks, broken for ever", selection::sticks),
    still("selection/occupied", "How many clusters a Dirichlet process occupies", selection::occupied),
    still("selection/seen", "Each cluster is seen in the end, all of them never", selection::seen),
    still(
        "scale/map_and_sum",
        "EM is a map and a sum: three parts of the data, and all of them",
        scale::map_and_sum,
    ),
    still("scale/peers", "The time of one sweep, beside that of the libraries in use", scale::peers),
    still("scale/tricks", "What each trick of the engine buys", scale::tricks),
    still("scale/growth", "How the time of a sweep grows with n, d and k", scale::growth),
    still("scale/apart", "Clusters that lie apart take less time", scale::apart),
    still("scale/machines", "A sweep on many machines, and when batches are faster", scale::machines),
    still("incomplete/shortcuts", "Deletion, mean imputation and EM on the same gaps", incomplete::shortcuts),
    still("incomplete/mixture", "A mixture of data with missing cells", incomplete::two_hidden_things),
    still("incomplete/outliers", "Outliers under Gaussians and under t distributions", incomplete::outliers),
    still("incomplete/conditional", "What one coordinate says about the other", incomplete::conditional),
    still("incomplete/censored", "A normal that is cut off", incomplete::cut_off),
    still("convergence/funnel", "EM near its end", convergence::funnel),
    still("convergence/distance", "The rate of EM and the distance of two clusters", convergence::distance),
    still("convergence/methods", "EM and two ways to be faster", convergence::methods),
    still("convergence/uncertainty", "How sure the means of Old Faithful are", convergence::uncertainty),
    still("variational/tilted", "A tilted Gaussian, and two q without tilt", variational::tilted),
    still("variational/dying", "Components that empty themselves", variational::dying),
    still("variational/number", "The bound over the number of components", variational::number),
    still("variational/predictive", "A predictive density and a plugged-in one", variational::predictive),
    still("errata/half", "What the ½ in soft k-means is for", errata::lecture_h_l::half),
    still("errata/dimension", "A variance is per dimension", errata::lecture_h_l::dimension),
    still("errata/old_mean", "The covariance about the old mean", errata::lecture_c_b_t::old_mean),
    still("errata/bounds", "Which curve is the bound", errata::lecture_c_b_t::bounds),
];

/// The published figure of that name: in a notebook, `figures::draw("kmeans/steps")?` shows the very figure
/// that the file of that name holds.
///
/// ```
/// use executable_em_figures as figures;
/// let figure = figures::draw("kmeans/squares")?;
/// assert!(figure.svg().contains("<title>Two squares and their centroids</title>"));
/// assert!(figures::draw("kmeans/cubes").is_err());
/// # Ok::<(), figures::Error>(())
/// ```
///
/// # Errors
/// [`Error::Figure`], with the names that there are, if none is called so.
pub fn draw(name: &str) -> Result<Figure> {
    match ALL.iter().find(|published| published.name == name) {
        Some(published) => Ok(published.draw()?),
        None => {
            let names: Vec<&str> = ALL.iter().map(|published| published.name).collect();
            let reason = format!("no figure is named '{name}'; there are {}", names.join(", "));
            Err(Error::Figure { reason })
        }
    }
}

/// Shows the axes of a panel only where no other panel of the page, `columns` wide, shows them already.
fn share_axes(panel: &mut Panel, index: usize, count: usize, columns: usize) {
    if !index.is_multiple_of(columns) {
        panel.without_y_axis();
    }
    if index + columns < count {
        panel.without_x_axis();
    }
}

/// ℓ to a millionth of a nat on all n data: no ellipse would move by a hundredth of a pixel if a run went on.
fn drawn(n: usize) -> Stopping {
    Stopping { tolerance: Tolerance::LogLikelihood(1e-6 / n as f64), max_sweeps: 1000 }
}
