//! The book's main figures with other data: `cargo run --release --example own_data -- folder`.
//!
//! Three files: k-means half step by half step, EM sweep by sweep, and the four families of covariances, on the four
//! blobs. Put your own n×2 matrix in their place, as `fit_csv` reads one.

use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
use executable_em::{data, kmeans};
use executable_em_figures::with;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let (x, _) = data::blobs();
    let mut rng = data::rng(2);
    let figures = [
        ("kmeans.svg", with::kmeans_steps(&x, &kmeans::random_start(&x, 4, &mut rng)?)?),
        ("em.svg", with::em_steps(&x, &random_start(&x, 4, CovarianceFamily::Full, &mut rng)?)?),
        ("families.svg", with::families(&x, 4, 1)?),
    ];
    for (name, figure) in figures {
        std::fs::write(folder.join(name), figure.svg())?;
        println!("{name}: {}", figure.title);
    }
    Ok(())
}
