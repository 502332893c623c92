//! A state of coordinate ascent on the curve of two hills, from the side and from above.

use super::hills::{FLOOR, HILLS, curves, hills_panel, two_hills, two_hills_data};
use super::{disc, e_colour, gap_colour, m_colour, places};
use crate::plot::{self, Anchor, Grid, Panel, Point, number};
use executable_em::gaussian_mixture::OnlyMean;
use executable_em::latent::{self, Model};
use executable_em::{Result, bound};
use nalgebra::DMatrix;

/// A state (q, θ) on the curve of two hills: q is the posterior at some other θ, mixed with the uniform distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hills {
    /// The parameter.
    pub theta: f64,
    /// Where q is the posterior.
    pub at: f64,
    /// The share of the uniform distribution in q, from 0 to 1.
    pub blur: f64,
}

impl Hills {
    fn model(&self) -> Result<OnlyMean> {
        two_hills(self.theta)
    }

    fn log_joint(&self) -> Result<DMatrix<f64>> {
        self.model()?.log_joint(&two_hills_data())
    }

    /// The distribution over the labels, 8×2.
    ///
    /// # Errors
    /// Those of [`latent::responsibilities`].
    pub fn q(&self) -> Result<DMatrix<f64>> {
        let posterior = latent::responsibilities(&two_hills(self.at)?.log_joint(&two_hills_data())?)?;
        Ok(blurred(&posterior, self.blur))
    }

    /// ℓ(θ), in nats.
    ///
    /// # Errors
    /// Those of [`latent::log_likelihood`].
    pub fn log_likelihood(&self) -> Result<f64> {
        latent::log_likelihood(&self.log_joint()?)
    }

    /// F(q, θ), in nats.
    ///
    /// # Errors
    /// Those of [`bound::lower_bound`].
    pub fn lower_bound(&self) -> Result<f64> {
        bound::lower_bound(&self.q()?, &self.log_joint()?)
    }

    /// KL(q ‖ posterior at θ), in nats.
    ///
    /// # Errors
    /// Those of [`bound::gap`].
    pub fn gap(&self) -> Result<f64> {
        bound::gap(&self.q()?, &self.log_joint()?)
    }

    /// q becomes the posterior at θ.
    pub fn e_step(&self) -> Hills {
        Hills { at: self.theta, blur: 0.0, ..*self }
    }

    /// θ becomes what maximises F at this q.
    ///
    /// # Errors
    /// Those of [`Model::maximize`].
    pub fn m_step(&self) -> Result<Hills> {
        let next = self.model()?.maximize(&two_hills_data(), &self.q()?)?;
        Ok(Hills { theta: next.parameters()[0], ..*self })
    }
}

fn blurred(posterior: &DMatrix<f64>, blur: f64) -> DMatrix<f64> {
    posterior.map(|r| (1.0 - blur) * r + blur * 0.5)
}

/// The curve with the bound, and the map of F with the way here.
pub(crate) fn state(trail: &[Hills]) -> Result<[Panel; 2]> {
    let now = trail.last().ok_or(executable_em::Error::Empty { what: "trail" })?;
    Ok([from_the_side(now)?, from_above(now, trail)?])
}

fn from_the_side(now: &Hills) -> Result<Panel> {
    let (likelihood, lower) = curves(&now.q()?)?;
    let (height, top) = (now.lower_bound()?, now.log_likelihood()?);
    let mut panel = hills_panel();
    panel.title("from the side, in nats").note(&format!("KL = {}", number(now.gap()?, 3)));
    panel.line(&lower, plot::lighten(e_colour(), 0.15), 1.8).line(&likelihood, plot::INK, 1.8);
    panel.line(&[[now.theta, FLOOR], [now.theta, height.max(FLOOR)]], plot::FAINT, 0.7);
    panel.line(&[[now.theta, height], [now.theta, top]], gap_colour(), 3.0);
    if top - height > 0.9 {
        let middle = [now.theta, (top + height.max(FLOOR)) / 2.0];
        panel.text(middle, [8.0, 4.0], "KL", Anchor::Start, gap_colour());
    }
    panel.text([4.1, -19.2], [0.0, 0.0], "*ℓ*(*θ*)", Anchor::Start, plot::INK);
    // The name of the bound stands where the bound leaves the panel, away from the state.
    let ends = lower.iter().filter(|point| point[1] > FLOOR + 1.4);
    let name = ends.max_by(|a, b| (a[0] - now.theta).abs().total_cmp(&(b[0] - now.theta).abs()));
    if let Some(&place) = name {
        // Outside of the curve if there is room for it, else inside.
        let is_right = place[0] > now.theta;
        let has_room = if is_right { place[0] < HILLS[1] - 1.7 } else { place[0] > HILLS[0] + 1.7 };
        let (anchor, offset) = if is_right == has_room { (Anchor::Start, 7.0) } else { (Anchor::End, -7.0) };
        panel.text(place, [offset, 10.0], "*F*(*q*, *θ*)", anchor, e_colour());
    }
    disc(&mut panel, [now.theta, top], 3.4, plot::INK);
    disc(&mut panel, [now.theta, height], 5.0, e_colour());
    Ok(panel)
}

/// How far below the highest point of the map its level lines lie, in nats.
const BELOW: [f64; 9] = [14.0, 10.0, 7.0, 5.0, 3.5, 2.4, 1.4, 0.7, 0.2];

/// F over θ and over the place whose posterior q is, with the same blur everywhere.
fn from_above(now: &Hills, trail: &[Hills]) -> Result<Panel> {
    let x = two_hills_data();
    let nodes: Vec<f64> = places(HILLS, NODES - 1).collect();
    let joints = nodes.iter().map(|&theta| two_hills(theta)?.log_joint(&x)).collect::<Result<Vec<_>>>()?;
    let distributions = joints
        .iter()
        .map(|joint| Ok(blurred(&latent::responsibilities(joint)?, now.blur)))
        .collect::<Result<Vec<_>>>()?;
    let grid = Grid::new(HILLS, HILLS, NODES);
    let index =
        |value: f64| ((value - HILLS[0]) / (HILLS[1] - HILLS[0]) * (NODES - 1) as f64).round() as usize;
    let bound_of = |[theta, at]: Point| bound::lower_bound(&distributions[index(at)], &joints[index(theta)]);
    let values = grid.values(bound_of)?;
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let levels = BELOW.map(|below| top - below);

    let mut map = Panel::new(HILLS, HILLS);
    let ticks = [-4.0, -2.0, 0.0, 2.0, 4.0];
    map.title("*F* from above").x_ticks(&ticks).y_ticks(&ticks).x_label("*θ*");
    map.y_label("*q* is the posterior at …");
    map.bands(&grid, &values, &levels, plot::lighten(plot::component(2), 0.45));
    map.contours(&grid, &values, &levels, plot::WHITE, 0.7);
    map.line(&[[HILLS[0], HILLS[0]], [HILLS[1], HILLS[1]]], e_colour(), 1.0);
    let summits = nodes
        .iter()
        .zip(&distributions)
        .map(|(&at, q)| Ok([two_hills(at)?.maximize(&x, q)?.parameters()[0], at]))
        .collect::<Result<Vec<Point>>>()?;
    map.line(&summits, m_colour(), 1.0);
    map.text([4.0, 4.0], [9.0, 14.0], "best *q*", Anchor::Start, e_colour());
    if let Some(&summit) = summits.first() {
        map.text(summit, [7.0, -6.0], "best *θ*", Anchor::Start, m_colour());
    }
    for pair in trail.windows(2) {
        let way = [[pair[0].theta, pair[0].at], [pair[1].theta, pair[1].at]];
        let colour = if pair[0].theta == pair[1].theta { e_colour() } else { m_colour() };
        map.line(&way, plot::WHITE, 4.2).line(&way, colour, 2.4);
    }
    disc(&mut map, [now.theta, now.at], 5.0, plot::INK);
    Ok(map)
}

/// Nodes along each side of the map: enough for smooth lines, few enough to follow a hand.
const NODES: usize = 49;
