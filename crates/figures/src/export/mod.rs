//! Figures as files: SVG for the web and notebooks, PDF for LaTeX, PNG for slides, GIF for what moves.
//!
//! Letters come from the fonts that the crate carries, never from the system. A figure is the same bytes every
//! time, except as PDF: there the fonts' objects may be numbered in another order, and the drawing is the same.

mod files;
mod gif;
mod render;

use std::fmt;

pub use files::{Unfinished, ask, destination, write};
use rayon::prelude::*;
pub use render::undrawable;

use crate::{Error, Result, plot::Figure};

/// The form in which a figure is written; its name in lower case is the file's extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Text that a browser draws; letters stay letters.
    Svg,
    /// Vectors with their fonts, for LaTeX.
    Pdf,
    /// Two pixels for each of the figure's, for slides.
    Png,
    /// The frames of an animation, for ever.
    Gif,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Svg, Format::Pdf, Format::Png, Format::Gif];

    /// Its name, which is the file's extension.
    pub fn name(self) -> &'static str {
        match self {
            Format::Svg => "svg",
            Format::Pdf => "pdf",
            Format::Png => "png",
            Format::Gif => "gif",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The bytes of a figure's file. Of an animation, the still formats show the last frame.
///
/// ```
/// use executable_em_figures::export::{self, Format};
/// use executable_em_figures::plot::{self, Figure, Panel};
///
/// let mut panel = Panel::new([0.0, 2.0], [0.0, 4.0]);
/// panel.trace(&[1.0, 3.0, 3.5], "rising", plot::INK);
/// let bytes = export::encode(&Figure::of(panel)?, Format::Png)?;
/// assert!(bytes.starts_with(b"\x89PNG"));
/// # Ok::<(), executable_em_figures::Error>(())
/// ```
///
/// # Errors
/// [`Error::Figure`] for the GIF of a figure that does not move.
pub fn encode(figure: &Figure, format: Format) -> Result<Vec<u8>> {
    match format {
        Format::Svg => Ok(figure.svg().into_bytes()),
        Format::Pdf => render::pdf(&figure.svg()),
        Format::Png => render::png(&figure.svg()),
        Format::Gif if figure.moves() => gif::encode(figure.frames()),
        Format::Gif => {
            Err(Error::Figure { reason: format!("“{}” does not move, so it has no gif", figure.title) })
        }
    }
}

/// What `work` makes of each item, in the items' order, on so many threads (at least one).
///
/// ```
/// let squares = executable_em_figures::export::in_parallel(&[1, 2, 3], 2, |n| n * n);
/// assert_eq!(squares, [1, 4, 9]);
/// ```
pub fn in_parallel<I: Sync, O: Send>(items: &[I], threads: usize, work: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let threads = threads.clamp(1, items.len().max(1));
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        // An item may take a hundred times as long as its neighbour: none is bound to another.
        Ok(pool) => pool.install(|| items.par_iter().with_max_len(1).map(&work).collect()),
        // Where the system gives no threads, there is still this one.
        Err(_) => items.iter().map(work).collect(),
    }
}
