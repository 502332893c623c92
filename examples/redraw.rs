//! Draw a figure with other data: `cargo run --release --example redraw -- drawn.svg`.
//!
//! For the main figures of the book there are ready functions (`own_data`); here one is put together from the drawing
//! kit. A mixture fitted to the standardised geyser, its responsibilities as colours, and ℓ over the sweeps beside it.

use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
use executable_em::{data, em};
use executable_em_figures::plot::{self, Figure, Page, Panel};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "drawn.svg".to_owned());
    let x = data::standardize(&data::old_faithful())?;
    let run = em::trace(
        random_start(&x, 2, CovarianceFamily::Tied, &mut data::rng(4))?,
        &x,
        &em::Stopping::default(),
    )?;
    let model = &run.fit.model;

    let mut cloud = Panel::new([-3.0, 2.6], [-3.1, 2.9]);
    cloud.title("one shape for both").x_label("eruption, standardised").y_label("waiting, standardised");
    cloud.scatter(&x, &plot::by_responsibility(&model.responsibilities(&x)?));
    cloud.gaussians(model.means(), model.covariances());
    let heights = run.log_likelihoods();
    let mut climb = Panel::new([0.0, run.fit.sweeps as f64], plot::span(heights.iter().copied(), 0.05));
    climb.title("log-likelihood").x_label("sweep").room_right(14.0).trace(&heights, "*ℓ*", plot::INK);

    let figure = Figure::still(&Page::new(2).panel(cloud).panel(climb))?;
    std::fs::write(&path, figure.svg())?;
    println!("{path}: {} sweeps, ℓ = {:.3}", run.fit.sweeps, run.fit.log_likelihood);
    Ok(())
}
