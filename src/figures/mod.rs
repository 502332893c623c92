//! The published figures: one table, one function each.
//!
//! A figure's name is that of its file in `figures/`, without the extension: a chapter and a word.

use crate::{Error, Result, plot::Figure};

/// Whether a figure moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One drawing, committed as SVG.
    Still,
    /// Several, committed as GIF.
    Animation,
}

/// A figure of the book: its name, what it is, and how it comes about.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Chapter and word, as in `kmeans/steps`.
    pub name: &'static str,
    /// A few words that say what it shows.
    pub title: &'static str,
    /// Whether it moves.
    pub kind: Kind,
    draw: fn() -> Result<Figure>,
}

impl Published {
    /// Computes and draws the figure: the same every time.
    ///
    /// # Errors
    /// None in the published figures, whose data and seeds are fixed.
    pub fn draw(&self) -> Result<Figure> {
        Ok((self.draw)()?.titled(self.title))
    }

    /// The part of the name before the stroke.
    pub fn chapter(&self) -> &'static str {
        self.name.split('/').next().unwrap_or(self.name)
    }
}

/// Every published figure, in the book's order.
pub const ALL: &[Published] = &[];

/// The published figure of that name.
///
/// # Errors
/// [`Error::Figure`], with the names that there are, if none is called so.
pub fn draw(name: &str) -> Result<Figure> {
    match ALL.iter().find(|published| published.name == name) {
        Some(published) => published.draw(),
        None => {
            let names: Vec<&str> = ALL.iter().map(|published| published.name).collect();
            Err(Error::Figure {
                reason: format!("no figure is named “{name}”; there are {}", names.join(", ")),
            })
        }
    }
}
