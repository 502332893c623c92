//! Four means on a line while β is raised: all of the way as a tree, and one place on it.

use super::{MERGED, SETTLED, shared, stack};
use crate::plot::{self, Anchor, Marker, Panel, Point, number};
use executable_em::soft_kmeans::{SoftKMeans, parted, splitting_growths};
use executable_em::{Result, em, kmeans};
use nalgebra::DMatrix;
use std::sync::OnceLock;

/// log₁₀ β from the first to the last step.
const RANGE: [f64; 2] = [-1.8, 1.02];
const STEPS: usize = 240;

/// Four clumps on a line, two close ones of six data each and two of eight. Their third central moment is zero, as for
/// symmetric data: on lopsided ones the first split takes one mean of the four away, not two.
fn clumps() -> DMatrix<f64> {
    let mut data = Vec::new();
    for (centre, count) in [(-4.0763, 6), (-2.3763, 6), (0.9197, 8), (3.9197, 8)] {
        data.extend((0..count).map(|i| centre - 0.5 + i as f64 / (count - 1) as f64));
    }
    DMatrix::from_vec(data.len(), 1, data)
}

/// Means that lie at the same place, as groups of components.
fn groups(means: &DMatrix<f64>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for j in 0..means.nrows() {
        match groups.iter_mut().find(|group| (means[group[0]] - means[j]).abs() < MERGED) {
            Some(group) => group.push(j),
            None => groups.push(vec![j]),
        }
    }
    groups
}

fn log_stiffness(step: usize) -> f64 {
    RANGE[0] + (RANGE[1] - RANGE[0]) * step as f64 / STEPS as f64
}

/// Where EM ends at each β, begun where it ended at the β before.
pub(super) fn annealed() -> Result<Vec<SoftKMeans>> {
    let x = clumps();
    let mut models = Vec::new();
    let mut model = parted(&x, 4, 10_f64.powf(RANGE[0]), 1e-3)?;
    for step in 0..=STEPS {
        // A hair's breadth apart again, so that means which could part, do; the lower two together at first.
        let nudged = DMatrix::from_fn(4, 1, |j, _| model.means()[j] + [-1e-3, -0.9e-3, 0.9e-3, 1e-3][j]);
        let start = model.with_means(nudged)?.with_stiffness(10_f64.powf(log_stiffness(step)))?;
        model = em::fit(start, &x, &SETTLED)?.model;
        models.push(model.clone());
    }
    Ok(models)
}

/// The means over log β, and where theory has them part.
pub(super) fn tree(models: &[SoftKMeans]) -> Result<Panel> {
    let x = clumps();
    let mut tree = Panel::new(RANGE, [-5.4, 5.4]);
    tree.title("four means").x_label("log_{10} *β*").x_ticks(&[-1.5, -1.0, -0.5, 0.0, 0.5, 1.0]);
    tree.y_ticks(&[-4.0, -2.0, 0.0, 2.0, 4.0]);
    let mut splits: Vec<Point> = Vec::new();
    for (step, pair) in models.windows(2).enumerate() {
        let (previous, model, before) = (&pair[0], &pair[1], log_stiffness(step));
        for group in groups(model.means()) {
            let width = 1.1 + 0.9 * group.len() as f64;
            let ends =
                [[before, previous.means()[group[0]]], [log_stiffness(step + 1), model.means()[group[0]]]];
            tree.line(&ends, shared(&group), width);
        }
        let now = groups(model.means());
        for group in groups(previous.means()) {
            if now.contains(&group) {
                continue;
            }
            // Where βλ_max of the share that the group had would have reached one.
            let at = before - splitting_growths(previous, &x)?[group[0]].log10();
            splits.push([at, previous.means()[group[0]]]);
        }
    }
    for &split in &splits {
        tree.dots(&[split], &[plot::INK], 4.5, 1.0);
    }
    if let Some(&first) = splits.first() {
        tree.text(first, [-4.0, -14.0], "*βλ*_{max} = 1", Anchor::End, plot::INK);
    }
    if let Some(last) = models.last() {
        let labels: Vec<usize> = kmeans::assign(&x, last.means())?;
        let edge: Vec<Point> = x.iter().map(|&value| [RANGE[1], value]).collect();
        tree.dots(&edge, &plot::by_label(&labels), 2.4, 1.0);
    }
    Ok(tree)
}

/// The way of the means takes longer than a frame, and is the same for all who ask.
static WAY: OnceLock<Result<(Vec<SoftKMeans>, Panel)>> = OnceLock::new();

/// Where the means are at one β of the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Annealed {
    /// β.
    pub stiffness: f64,
    /// The places of the means, from left to right, and how many lie at each.
    pub means: Vec<(f64, usize)>,
    /// The largest βλ_max of the data that means at one place share: at one they part. None if every mean is alone.
    pub growth: Option<f64>,
}

/// The step of the way that is nearest to a log₁₀ β; its ends for what lies beyond.
fn nearest_step(log_stiffness: f64) -> usize {
    let share = (log_stiffness - RANGE[0]) / (RANGE[1] - RANGE[0]);
    (share.clamp(0.0, 1.0) * STEPS as f64).round() as usize
}

/// The responsibilities along the line at a β, and that β on the tree.
pub(crate) fn state(asked: f64) -> Result<(Annealed, [Panel; 2])> {
    let way = WAY.get_or_init(|| annealed().and_then(|models| tree(&models).map(|panel| (models, panel))));
    let (models, tree) = way.as_ref().map_err(Clone::clone)?;
    let step = nearest_step(if asked.is_nan() { 0.0 } else { asked });
    let (model, x) = (&models[step], clumps());
    let growths = splitting_growths(model, &x)?;
    let mut groups = groups(model.means());
    groups.sort_by(|one, other| model.means()[one[0]].total_cmp(&model.means()[other[0]]));
    let parting = groups.iter().filter(|group| group.len() > 1).map(|group| growths[group[0]]);
    let state = Annealed {
        stiffness: model.stiffness(),
        means: groups.iter().map(|group| (model.means()[group[0]], group.len())).collect(),
        growth: parting.reduce(f64::max),
    };

    let mut line = Panel::new([-5.4, 5.4], [-0.09, 1.0]);
    line.title("responsibilities along the line").note(&format!("*β* = {}", number(state.stiffness, 3)));
    line.x_label("*x*").x_ticks(&[-4.0, -2.0, 0.0, 2.0, 4.0]).y_ticks(&[0.0, 0.5, 1.0]);
    let nodes = DMatrix::from_fn(400, 1, |i, _| -5.4 + 10.8 * i as f64 / 399.0);
    stack(&mut line, &nodes, &model.responsibilities(&nodes)?);
    let data: Vec<Point> = x.iter().map(|&value| [value, -0.055]).collect();
    line.dots(&data, &plot::by_responsibility(&model.responsibilities(&x)?), 3.2, 1.0);
    for group in &groups {
        let at = [model.means()[group[0]], 0.0];
        line.mark(at, Marker::Cross, 11.0, plot::darken(shared(group), 0.25));
    }

    let mut map = tree.clone();
    let at = log_stiffness(step);
    map.line(&[[at, -5.4], [at, 5.4]], plot::INK, 1.0);
    for group in &groups {
        let place = [at, model.means()[group[0]]];
        map.dots(&[place], &[plot::WHITE], 6.4, 1.0).dots(&[place], &[shared(group)], 4.6, 1.0);
    }
    Ok((state, [line, map]))
}
