//! The drawing kit: one look for every figure and notebook.
//!
//! A [`Panel`] is a pair of axes with shapes between them; a [`Page`] sets panels side by side; a
//! [`Figure`] is a page drawn, or several that follow each other, with its words. Nothing here knows a
//! chapter: it draws points, lines, Gaussians and level sets, whatever they mean.
//!
//! ```
//! use executable_em_figures::plot::{self, Figure, Page, Panel};
//! use nalgebra::dmatrix;
//!
//! let x = dmatrix![-1.1, 0.2; -0.9, -0.1; 1.0, 0.1; 1.2, -0.2];
//! let r = dmatrix![0.9, 0.1; 0.8, 0.2; 0.1, 0.9; 0.2, 0.8];
//! let mut left = Panel::around(&x);
//! left.title("*r*_{*ij*} as mixed colours").scatter(&x, &plot::by_responsibility(&r));
//! let mut right = Panel::new([0.0, 4.0], [-8.0, -4.0]);
//! right.title("log-likelihood").trace(&[-7.5, -5.1, -4.6, -4.5], "*ℓ*", plot::INK);
//!
//! let figure = Figure::still(&Page::new(2).panel(left).panel(right))?;
//! assert!(figure.svg().starts_with("<svg"));
//! # Ok::<(), executable_em::Error>(())
//! ```
//!
//! In a notebook, a figure as the last expression of a cell is shown.

mod canvas;
mod clip;
mod colour;
mod contour;
mod ellipse;
mod figure;
mod layout;
mod markup;
mod page;
mod panel;
mod shapes;
mod svg;
mod ticks;
mod voronoi;

pub use crate::notebook::number;
pub use colour::{
    Colour, FAINT, GREY, INK, WHITE, by_label, by_responsibility, component, darken, lighten, mix,
};
pub use contour::Grid;
pub use figure::{Figure, Frame};
#[cfg(feature = "export")]
pub(crate) use markup::MATHEMATICS;
pub use page::{Page, PanelFrame};
pub use panel::{Anchor, Marker, Panel, apart, points, span};
pub(crate) use ticks::whole_ticks;

/// A place in data units: x, then y.
pub type Point = [f64; 2];
