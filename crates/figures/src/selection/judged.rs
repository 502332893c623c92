//! Fits with one component, two, and so on, and what is said of them: a reader turns the pages.

use super::{in_its_components, label_of};
use crate::plot::{self, Anchor, Marker, Panel, Point};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::selection::Candidate;
use executable_em::{Error, Result};
use nalgebra::DMatrix;

/// A criterion so far above its lowest value is out of the question, in twice nats.
const TOP: f64 = 112.0;
/// Where the cross is that is held.
const BOTTOM: f64 = -6.0;
/// What two names below each other need, in the same units.
const LINE: f64 = 8.0;

/// Fits with 1, 2, … components to the same data.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The data, n×2.
    pub x: DMatrix<f64>,
    /// One for each k, from 1.
    pub found: Vec<Candidate<GaussianMixture>>,
    /// ℓ of the data held out, one for each k, in nats.
    pub held_out: Vec<f64>,
}

/// The mixture of `k` components over the data, and what each criterion says of every k: smaller is better.
pub(crate) fn state(of: &Judged, names: [&str; 2], k: usize) -> Result<[Panel; 2]> {
    let allowed = "the number of components of a fit";
    let shown = of.found.iter().find(|candidate| candidate.k == k);
    let shown = shown.ok_or(Error::Domain { what: "k", value: k as f64, allowed })?;
    let range = |a: usize| plot::span(of.x.column(a).iter().copied(), 0.2);
    let mut cloud = Panel::new(range(0), range(1));
    cloud.title(&format!("*k* = {k}")).x_label(names[0]).y_label(names[1]);
    in_its_components(&mut cloud, &of.x, &shown.fit.model)?;

    let last = of.found.len() as f64;
    let ks: Vec<f64> = of.found.iter().map(|candidate| candidate.k as f64).collect();
    let mut panel = Panel::new([0.6, last + 0.25], [BOTTOM, TOP]);
    panel
        .title("each above its lowest value")
        .x_label("number of components *k*")
        .x_ticks(&ks)
        .room_right(62.0);
    panel.line(&[[k as f64, BOTTOM], [k as f64, TOP]], plot::FAINT, 1.0);
    let criterion = |of_one: fn(&Candidate<GaussianMixture>) -> f64| of.found.iter().map(of_one).collect();
    let curves: [(&str, Vec<f64>); 4] = [
        ("AIC", criterion(|one| one.criteria.aic)),
        ("BIC", criterion(|one| one.criteria.bic)),
        ("ICL", criterion(|one| one.icl)),
        // In the units of the others.
        ("held out", of.held_out.iter().map(|height| -2.0 * height).collect()),
    ];
    let (mut chosen, mut ends) = (Vec::new(), Vec::new());
    for (index, (name, costs)) in curves.iter().enumerate() {
        let lowest = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let path: Vec<Point> = ks.iter().zip(costs).map(|(&k, cost)| [k, cost - lowest]).collect();
        let colour = plot::component(index);
        panel.line(&path, colour, 1.5).dots(&path, &[colour], 2.8, 1.0);
        chosen.extend(path.iter().filter(|point| point[1] == 0.0).map(|&point| (point, colour)));
        match path.last() {
            Some(end) if end[1] < TOP => ends.push((end[1], name, colour)),
            _ => label_of(&mut panel, &path, TOP, name, colour),
        }
    }
    // Rings around each other, so that where they agree all are seen.
    for ((best, colour), radius) in chosen.into_iter().zip([3.0, 5.6, 8.4, 11.2]).rev() {
        panel.dots(&[best], &[plot::WHITE], radius + 0.9, 1.0).dots(&[best], &[colour], radius, 1.0);
    }
    let heights: Vec<f64> = ends.iter().map(|end| end.0).collect();
    for ((_, name, colour), place) in ends.iter().zip(plot::apart(&heights, LINE, [0.0, TOP])) {
        panel.text([last, place], [14.0, 4.0], name, Anchor::Start, *colour);
    }
    panel.mark([k as f64, BOTTOM], Marker::Cross, 12.0, plot::INK);
    Ok([cloud, panel])
}
