//! Stick breaking, and how many of its clusters have data.

use crate::plot::{self, Anchor, Figure, Page, Panel, Point};
use executable_em::selection::{restaurant, stick_breaking};
use executable_em::{Result, data};

/// Source: B-27.
pub(crate) fn sticks() -> Result<Figure> {
    const STICKS: usize = 9;
    let mut page = Page::new(3).panel_height(230.0);
    for (seed, concentration) in [(1, 1.0), (2, 3.0), (3, 10.0)] {
        let mut panel = Panel::new([0.0, 1.0], [-0.2, STICKS as f64 + 1.9]);
        panel.title(&format!("*a* = {concentration}")).x_label("the stick").x_ticks(&[0.0, 0.5, 1.0]);
        panel.without_y_axis();
        let mut rng = data::rng(seed);
        for stick in 0..STICKS {
            let shares = stick_breaking::sample_shares(concentration, 0.002, &mut rng)?;
            let (weights, _) = stick_breaking::break_stick(&shares)?;
            stick_of(&mut panel, stick as f64, weights.as_slice());
        }
        let expected =
            (0..80).map(|j| stick_breaking::expected_weight(concentration, j)).collect::<Result<Vec<_>>>()?;
        stick_of(&mut panel, STICKS as f64 + 0.45, &expected);
        panel.text([0.0, STICKS as f64 + 1.3], [0.0, -4.0], "expected", Anchor::Start, plot::GREY);
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "Nine sticks for each of three concentrations, and above them the expected pieces. Each break takes a \
         Beta(1, a) share of what is left; colours count the pieces from the left. The smaller a, the sooner the \
         stick is used up, and the more the sticks differ. Seeds 1, 2 and 3.",
        "Three stacks of horizontal bars cut into coloured pieces: a few long pieces for a = 1, many short ones for \
         a = 10.",
    ))
}

/// A bar from 0 to 1, cut into pieces from the left; what is left stays white.
fn stick_of(panel: &mut Panel, y: f64, weights: &[f64]) {
    let mut left = 0.0;
    for (j, weight) in weights.iter().enumerate() {
        let right = left + weight;
        let box_of = [[left, y], [right, y], [right, y + 0.72], [left, y + 0.72]];
        panel.area(&box_of, plot::component(j), 1.0);
        if *weight > 0.004 {
            panel.line(&[[right, y], [right, y + 0.72]], plot::WHITE, 0.7);
        }
        left = right;
    }
    let outline = [[0.0, y], [1.0, y], [1.0, y + 0.72], [0.0, y + 0.72], [0.0, y]];
    panel.line(&outline, plot::FAINT, 0.6);
}

const CONCENTRATIONS: [f64; 3] = [1.0, 5.0, 20.0];

/// Whole numbers that are equally far apart on a logarithmic axis, from 1 to 10^`powers`.
fn logarithmic(powers: usize, per_power: usize) -> Vec<usize> {
    let step = |index: usize| 10_f64.powf(index as f64 / per_power as f64).round() as usize;
    let mut numbers: Vec<usize> = (0..=powers * per_power).map(step).collect();
    numbers.dedup();
    numbers
}

/// Source: B-28, B-27.
pub(crate) fn occupied() -> Result<Figure> {
    let sizes = logarithmic(5, 12);
    let most = sizes[sizes.len() - 1];
    let mut growth = Panel::new([0.0, 5.0], [0.0, 208.0]);
    growth.title("clusters that *n* data occupy").x_label("*n* (powers of ten)").room_right(50.0);
    growth.x_ticks(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).y_ticks(&[0.0, 50.0, 100.0, 150.0, 200.0]);
    let mut law = Panel::new([0.0, 112.0], [0.0, 0.185]);
    law.title("their law at *n* = 1000").x_label("number of clusters").y_ticks(&[0.0, 0.05, 0.1, 0.15]);
    for (index, concentration) in CONCENTRATIONS.into_iter().enumerate() {
        let colour = plot::component(index);
        let mut rng = data::rng(index as u64);
        for _ in 0..8 {
            let tables = restaurant::seat(most, concentration, &mut rng)?;
            // Tables are numbered as they open, so the largest number so far counts them.
            let mut opened = 0;
            let mut counts = Vec::with_capacity(most);
            for table in tables {
                opened = opened.max(table + 1);
                counts.push(opened);
            }
            let path: Vec<Point> =
                sizes.iter().map(|&n| [(n as f64).log10(), counts[n - 1] as f64]).collect();
            growth.line(&path, plot::lighten(colour, 0.5), 0.7);
        }
        let theory = sizes
            .iter()
            .map(|&n| Ok([(n as f64).log10(), restaurant::expected_clusters(n, concentration)?]))
            .collect::<Result<Vec<Point>>>()?;
        growth.line(&theory, plot::darken(colour, 0.15), 2.0);
        let name = format!("*a* = {concentration}");
        growth.text(theory[theory.len() - 1], [7.0, 4.0], &name, Anchor::Start, plot::darken(colour, 0.15));

        let samples = 1500;
        let mut frequencies = vec![0.0; 200];
        for _ in 0..samples {
            let tables = restaurant::seat(1000, concentration, &mut rng)?;
            frequencies[restaurant::occupied(&tables)] += 1.0 / f64::from(samples);
        }
        let exact = restaurant::clusters_law(1000, concentration)?;
        let bars = frequencies.iter().enumerate().filter(|bar| *bar.1 > 0.0);
        for (k, &share) in bars {
            let k = k as f64;
            let bar = [[k - 0.4, 0.0], [k + 0.4, 0.0], [k + 0.4, share], [k - 0.4, share]];
            law.area(&bar, plot::lighten(colour, 0.6), 1.0);
        }
        let curve: Vec<Point> = (1..112).map(|k| [k as f64, exact[k]]).filter(|p| p[1] > 2e-5).collect();
        law.line(&curve, plot::darken(colour, 0.15), 1.2);
        let top = curve.iter().copied().fold([0.0, 0.0], |top, p| if p[1] > top[1] { p } else { top });
        law.text(top, [10.0, -4.0], &name, Anchor::Start, plot::darken(colour, 0.15));
    }
    let figure = Figure::still(&Page::new(2).panel_height(250.0).panel(growth).panel(law))?;
    Ok(figure.described(
        "How many clusters a Dirichlet process occupies. Left: eight restaurants for each concentration (thin) and \
         the exact expectation (thick), which grows like a log n: for ever, but slowly. Right: the exact law at a \
         thousand data (lines), by the recursion for Stirling numbers, on the shares in 1500 seatings (bars). Seeds \
         0, 1 and 2.",
        "Left, three bundles of rising curves over a logarithmic axis, each around a thick line. Right, three hills \
         of bars, each with a line along its top.",
    ))
}

/// Source: B-28, B-E18.
pub(crate) fn seen() -> Result<Figure> {
    let sizes = logarithmic(5, 16);
    let at = |n: usize| (n as f64).log10();
    let mut one = Panel::new([0.0, 5.0], [0.0, 1.04]);
    one.title("probability that a cluster has a member").x_label("*n* (powers of ten)");
    one.y_ticks(&[0.0, 0.5, 1.0]).x_ticks(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    for (index, weight) in [0.1, 0.01, 0.001].into_iter().enumerate() {
        let colour = plot::component(index);
        let path = sizes
            .iter()
            .map(|&n| Ok([at(n), stick_breaking::probability_seen(weight, n)?]))
            .collect::<Result<Vec<Point>>>()?;
        one.line(&path, colour, 1.6);
        let n = (1.0 / weight).round() as usize;
        let place = [at(n), stick_breaking::probability_seen(weight, n)?];
        one.dots(&[place], &[colour], 3.6, 1.0);
        let text = format!("*w* = {weight}");
        one.text(place, [6.0, 11.0], &text, Anchor::Start, plot::darken(colour, 0.1));
    }

    let concentration = 2.0;
    let mut missing = Panel::new([0.0, 5.0], [-5.6, 0.1]);
    missing.title("weight of the clusters still missing").x_label("*n* (powers of ten)").y_label("log_{10}");
    missing.x_ticks(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).y_ticks(&[-4.0, -2.0, 0.0]);
    let mut rng = data::rng(4);
    for _ in 0..10 {
        let most = sizes[sizes.len() - 1];
        let (labels, weights) =
            executable_em::selection::dirichlet_process::sample(most, concentration, &mut rng)?;
        let mut absent = vec![true; weights.len()];
        let mut path = Vec::new();
        let mut before = 0;
        for &n in &sizes {
            for &label in &labels[before..n] {
                absent[label] = false;
            }
            before = n;
            let rest: f64 = weights.iter().zip(&absent).filter(|piece| *piece.1).map(|piece| piece.0).sum();
            path.push([at(n), rest.max(1e-12).log10()]);
        }
        missing.line(&path, plot::lighten(plot::component(1), 0.45), 0.8);
    }
    let law = sizes
        .iter()
        .map(|&n| Ok([at(n), restaurant::seating_probabilities(&[n], concentration)?[1].log10()]))
        .collect::<Result<Vec<Point>>>()?;
    missing.line(&law, plot::INK, 1.6);
    missing.text(law[law.len() / 2], [8.0, -10.0], "expected: *a*/(*a* + *n*)", Anchor::Start, plot::INK);
    let figure = Figure::still(&Page::new(2).panel_height(230.0).panel(one).panel(missing))?;
    Ok(figure.described(
        "Every fixed cluster is seen in the end, at about n = 1/w (dots, probability .63). All of them never: for a \
         = 2, ten sticks and the weight of their clusters without a member, which falls like a/(a + n) and is \
         positive at every n. Seed 4.",
        "Left, three curves that rise from 0 to 1, one after the other. Right, on logarithmic axes, falling lines \
         around a straight one.",
    ))
}
