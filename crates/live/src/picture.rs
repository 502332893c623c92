//! A drawing on its way to a page.

use executable_em_figures::plot::PanelFrame;
use executable_em_figures::state::Scene;
use serde::Serialize;

/// SVG text, and where the data of each panel lie on it.
#[derive(Debug, Serialize)]
pub struct Picture {
    /// The drawing.
    pub svg: String,
    /// One for each panel.
    pub frames: Vec<Frame>,
}

/// A panel's rectangle in pixels, and the values at its ends.
#[derive(Debug, Serialize)]
#[serde(remote = "PanelFrame")]
struct FrameOf {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    x: [f64; 2],
    y: [f64; 2],
}

/// The same, as JSON.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Frame(#[serde(with = "FrameOf")] pub PanelFrame);

impl From<Scene> for Picture {
    fn from(scene: Scene) -> Self {
        Picture { svg: scene.figure.svg(), frames: scene.frames.into_iter().map(Frame).collect() }
    }
}

/// How wide a page may ask a drawing to be, in pixels: from a small telephone to a large screen.
pub(crate) fn width(asked: f64) -> f64 {
    if asked.is_finite() { asked.clamp(280.0, 1200.0).round() } else { 720.0 }
}
