//! The figures of the chapter on data of any size. Times come from the committed results of `make bench`.

use crate::plot::{self, Anchor, Figure, Page, Panel, Point, number};
use crate::results::{Race, Results, measured};
use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
use executable_em::scale::cost::power;
use executable_em::scale::machines::Machines;
use executable_em::scale::{Moments, SufficientStatistics};
use executable_em::{Result, data};
use nalgebra::DMatrix;

/// Ticks of an axis that holds the decimal logarithm of milliseconds.
const MILLISECONDS: [(f64, &str); 9] = [
    (-3.0, "1 µs"),
    (-2.0, "10 µs"),
    (-1.0, "0.1 ms"),
    (0.0, "1 ms"),
    (1.0, "10 ms"),
    (2.0, "0.1 s"),
    (3.0, "1 s"),
    (4.0, "10 s"),
    (5.0, "100 s"),
];

fn ticks_between(low: f64, high: f64) -> Vec<(f64, &'static str)> {
    MILLISECONDS.into_iter().filter(|tick| (low..=high).contains(&tick.0)).collect()
}

/// 1 000 000 with thin spaces.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// Three parts of the geyser's data, and the statistics of each after the same E step.
///
/// Source: H-34, B-24.
pub(super) fn map_and_sum() -> Result<Figure> {
    let x = data::old_faithful();
    let model = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    let size = x.nrows() / 3 + 1;
    let parts: Vec<DMatrix<f64>> =
        (0..3).map(|part| x.rows(part * size, size.min(x.nrows() - part * size)).into_owned()).collect();
    let moments = parts.iter().map(|part| Moments::map(&model, part)).collect::<Result<Vec<_>>>()?;
    let sum = moments[0].plus(&moments[1])?.plus(&moments[2])?;
    let shown = parts.iter().zip(&moments).enumerate().map(|(index, (part, moments))| {
        (part, moments, format!("part {}", index + 1), plot::component(index))
    });
    let mut page = Page::new(4).panel_height(178.0);
    for (x, moments, title, colour) in shown.chain([(&x, &sum, "the sum".to_owned(), plot::GREY)]) {
        let mut panel = Panel::new([1.2, 5.6], [40.0, 99.0]);
        panel.title(&title).x_label("eruption, min").x_ticks(&[2.0, 3.0, 4.0, 5.0]);
        if title == "part 1" {
            panel.y_label("waiting, min");
        } else {
            panel.without_y_axis();
        }
        panel.dots(&plot::points(x)?, &[plot::lighten(colour, 0.35)], 1.9, 1.0);
        let deep = plot::darken(colour, 0.25);
        let fitted = moments.maximize(&model)?;
        for (j, mean) in plot::points(fitted.means())?.into_iter().enumerate() {
            for (sigmas, width) in [(2.0, 1.0), (1.0, 1.5)] {
                panel.ellipse(mean, &fitted.covariances()[j], sigmas, deep, width);
            }
            let place = if mean[0] > 3.0 { [4.25, 62.5] } else { [2.85, 44.0] };
            let label = format!("*R* = {}", number(moments.counts[j], 1));
            panel.text(place, [0.0, 0.0], &label, Anchor::Start, deep);
        }
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    Ok(figure.described(
        "A sweep of EM on Old Faithful in three parts. Each part, with the same parameters in hand, computes its \
         three sums a component: the count *R*, and what places an ellipse. The counts add up to those on the right, \
         and so do the other sums; the M step needs nothing else. Old Faithful; start: seed 1.",
        "Four scatter plots with two ellipses each, three of a third of the data in three colours, the last of all \
         data in grey.",
    ))
}

/// Source: none of the lectures; the results of `make bench`.
pub(super) fn peers() -> Result<Figure> {
    let results = measured();
    let contenders = [
        ("engine", "this engine", plot::component(0)),
        ("oneDAL", "oneDAL", plot::component(1)),
        ("scikit-learn", "scikit-learn", plot::component(2)),
        ("linfa", "linfa", plot::component(3)),
    ];
    let mut page = Page::new(2).panel_height(24.0 * results.races.len() as f64);
    for threads in [1, 2] {
        let all =
            results.races.iter().flat_map(|race| contenders.iter().filter_map(|one| race.ms(one.0, threads)));
        let logs: Vec<f64> = all.map(f64::log10).collect();
        let range = plot::span(logs, 0.05);
        let rows = results.races.len() as f64;
        let mut panel = Panel::new(range, [-rows + 0.4, 1.1]);
        panel.title(if threads == 1 { "one thread" } else { "two threads" });
        panel.x_label("time of a sweep").x_named_ticks(&ticks_between(range[0], range[1]));
        let names: Vec<String> = results.races.iter().map(name_of).collect();
        let ticks: Vec<(f64, &str)> =
            names.iter().enumerate().map(|(row, name)| (-(row as f64), name.as_str())).collect();
        if threads == 1 {
            panel.y_label("*n* × *d* × *k*").y_named_ticks(&ticks);
        } else {
            panel.without_y_axis();
        }
        for (row, race) in results.races.iter().enumerate() {
            let y = -(row as f64);
            panel.line(&[[range[0], y], [range[1], y]], plot::lighten(plot::FAINT, 0.5), 0.6);
            for &(contender, _, colour) in contenders.iter().rev() {
                if let Some(ms) = race.ms(contender, threads) {
                    panel.dots(
                        &[[ms.log10(), y]],
                        &[colour],
                        if contender == "engine" { 4.6 } else { 3.6 },
                        1.0,
                    );
                }
            }
        }
        if threads == 1 {
            let width = range[1] - range[0];
            for ((_, name, colour), share) in contenders.into_iter().zip([0.0, 0.32, 0.58, 0.89]) {
                let at = [range[0] + share * width, 0.9];
                panel.dots(&[at], &[colour], 3.6, 1.0);
                panel.text(at, [8.0, 4.0], name, Anchor::Start, colour);
            }
        }
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    let caption = format!(
        "The time of one sweep from the same start, on a logarithmic axis: each power of ten is a step to the right. \
         All who take part reach the same log-likelihood. Measured on {} by `make bench` ({}).",
        results.date, results.machine
    );
    Ok(figure.described(
        &caption,
        "For every size a row with a dot for each library; the engine's is the leftmost.",
    ))
}

fn name_of(race: &Race) -> String {
    let family = match race.family {
        None => " k-means",
        Some(CovarianceFamily::Full) => "",
        Some(family) => &format!(" {}", family.name()),
    };
    format!("{}×{}×{}{family}", grouped(race.n), race.d, race.k)
}

/// Source: none of the lectures; the results of `make bench`.
pub(super) fn tricks() -> Result<Figure> {
    let Results { tricks, date, machine, .. } = measured();
    let names = ["derivation", "fused, in blocks", "on vector lanes", "two threads"];
    let mut page = Page::new(tricks.len().max(1)).panel_height(150.0);
    for (index, (size, steps)) in tricks.iter().enumerate() {
        let logs: Vec<f64> = steps.iter().map(|step| step.1.log10()).collect();
        let (low, high) = (
            logs.iter().copied().fold(f64::INFINITY, f64::min),
            logs.iter().copied().fold(f64::MIN, f64::max),
        );
        let range = [(low - 0.3).floor(), high + 0.55];
        let mut panel = Panel::new(range, [-3.55, 0.55]);
        panel.title(size).x_label("time of a sweep").x_named_ticks(&ticks_between(range[0], range[1]));
        let ticks: Vec<(f64, &str)> =
            names.iter().enumerate().map(|(row, name)| (-(row as f64), *name)).collect();
        if index == 0 {
            panel.y_named_ticks(&ticks);
        } else {
            panel.without_y_axis();
        }
        for (row, &log) in logs.iter().enumerate() {
            let (y, half) = (-(row as f64), 0.3);
            let colour = plot::component(0);
            let bar = [[range[0], y - half], [log, y - half], [log, y + half], [range[0], y + half]];
            panel.area(&bar, plot::lighten(colour, 0.6 - 0.2 * row as f64), 1.0);
            let gain = if row == 0 {
                String::new()
            } else {
                format!(", {}× faster", number(steps[row - 1].1 / steps[row].1, 1))
            };
            panel.text(
                [log, y],
                [6.0, 4.0],
                &format!("{}{gain}", duration(steps[row].1)),
                Anchor::Start,
                plot::INK,
            );
        }
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    let caption = format!(
        "What each trick buys, from top to bottom: the derivation with its *n* × *k* matrices; the same step in \
         blocks that stay in the nearest cache; on vector lanes; on two threads. The axis is logarithmic. Measured \
         on {date} by `make bench` ({machine})."
    );
    Ok(figure.described(&caption, "Two panels of four bars, each shorter than the one above it."))
}

/// 0.0123 ms as 12 µs.
fn duration(ms: f64) -> String {
    let digits = |value: f64| number(value, if value < 10.0 { 1 } else { 0 });
    match ms {
        ms if ms < 1.0 => format!("{} µs", digits(1000.0 * ms)),
        ms if ms < 1000.0 => format!("{} ms", digits(ms)),
        ms => format!("{} s", digits(ms / 1000.0)),
    }
}

/// Source: T-45 (the step whose cost it is).
pub(super) fn growth() -> Result<Figure> {
    let results = measured();
    let mut page = Page::new(3).panel_height(200.0);
    let axes = [
        ("*n*", "*d* = 8, *k* = 10", 0),
        ("*d*", "*n* = 100\u{2009}000, *k* = 10", 1),
        ("*k*", "*n* = 100\u{2009}000, *d* = 8", 2),
    ];
    let times = results.scaling.iter().flatten().map(|point| point.1.log10());
    let range = plot::span(times, 0.06);
    for ((letter, held, colour), curve) in axes.into_iter().zip(&results.scaling) {
        let colour = plot::component(colour);
        let path: Vec<Point> = curve.iter().map(|&(at, ms)| [at.log10(), ms.log10()]).collect();
        let mut panel = Panel::new(plot::span(path.iter().map(|point| point[0]), 0.08), range);
        panel.note(held).x_label(letter);
        let names: Vec<(f64, String)> =
            curve.iter().map(|&(at, _)| (at.log10(), grouped(at as usize))).collect();
        panel.x_named_ticks(&names.iter().map(|(at, name)| (*at, name.as_str())).collect::<Vec<_>>());
        if letter == "*n*" {
            panel.y_label("time of a sweep").y_named_ticks(&ticks_between(range[0], range[1]));
        } else {
            panel.without_y_axis();
        }
        panel.line(&path, colour, 1.5).dots(&path, &[colour], 3.2, 1.0);
        let upper: Vec<(f64, f64)> = curve[curve.len() - 3..].to_vec();
        let (x, y): (Vec<f64>, Vec<f64>) = upper.into_iter().unzip();
        let slope = power(&x, &y)?;
        let end = path[path.len() - 2];
        panel.text(end, [-8.0, -8.0], &format!("slope {}", number(slope, 2)), Anchor::End, colour);
        page = page.panel(panel);
    }
    let figure = Figure::still(&page)?;
    let caption = format!(
        "How the time of a sweep grows with n, d and k, the other two held; both axes are logarithmic, so a power \
         law is a line, and the slope (of the last three points) its power. Measured on {} by `make bench` ({}).",
        results.date, results.machine
    );
    Ok(figure.described(
        &caption,
        "Three panels with one rising curve each, straight in n and k, bending upwards in d.",
    ))
}

/// Source: T-45 (the step whose cost it is).
pub(super) fn apart() -> Result<Figure> {
    let Results { apart, date, machine, .. } = measured();
    let colour = plot::component(0);
    let path: Vec<Point> = apart.iter().map(|&(distance, ms)| [distance.log10(), ms]).collect();
    let highest = path.iter().map(|point| point[1]).fold(0.0, f64::max);
    let mut panel = Panel::new(plot::span(path.iter().map(|point| point[0]), 0.06), [0.0, 1.12 * highest]);
    let names: Vec<(f64, String)> = apart.iter().map(|&(at, _)| (at.log10(), number(at, 0))).collect();
    panel.x_label("distance of two centres, in standard deviations");
    panel.x_named_ticks(&names.iter().map(|(at, name)| (*at, name.as_str())).collect::<Vec<_>>());
    panel.y_label("time of a sweep, ms").note("*n* = 20\u{2009}000, *d* = 64, *k* = 16");
    panel.line(&path, colour, 1.5).dots(&path, &[colour], 3.2, 1.0);
    let figure = Figure::still(&Page::new(1).panel_height(220.0).panel(panel))?;
    let caption = format!(
        "The time of a sweep falls as clusters part: more and more responsibilities are too small to be seen in any \
         sum, and are left out. Measured on {date} by `make bench` ({machine})."
    );
    Ok(figure.described(
        &caption,
        "A curve that is level while clusters overlap and falls to less than half beyond.",
    ))
}

/// Source: T-45 (the sum that is shared), X-20 (a pass in batches).
pub(super) fn machines() -> Result<Figure> {
    let (d, k, fan_in) = (8, 16, 16);
    let results = measured();
    let race = results.races.iter().find(|race| (race.n, race.d, race.k) == (1_000_000, d, k));
    let ms = race.and_then(|race| race.ms("engine", 1)).expect("measured and tested");
    let bytes = (8 * k * (1 + d + d * d)) as f64;
    let machines = Machines { row: ms / 1e9, disturbance: 0.1, latency: 5e-4, transfer: bytes / 1.25e9 };
    let counts: Vec<usize> = (0..=60).map(|step| 10_f64.powf(step as f64 / 15.0).round() as usize).collect();
    let names = [(0.0, "1"), (1.0, "10"), (2.0, "100"), (3.0, "1000"), (4.0, "10\u{2009}000")];

    let mut panel = Panel::new([0.0, 4.12], [-3.2, 5.6]);
    panel.x_label("machines").x_named_ticks(&names).y_label("time of a sweep");
    let seconds = [(-3.0, "1 ms"), (-2.0, "10 ms"), (-1.0, "0.1 s"), (0.0, "1 s"), (1.0, "10 s")];
    let longer = [(2.0, "100 s"), (3.0, "17 min"), (4.0, "2.8 h"), (5.0, "28 h")];
    panel.y_named_ticks(&[&seconds[..], &longer].concat());
    for (index, (n, name)) in
        [(1e6, "a million rows"), (1e9, "a billion"), (1e12, "a trillion")].into_iter().enumerate()
    {
        let colour = plot::component(index);
        let curve = |of: &dyn Fn(usize) -> Result<f64>| -> Result<Vec<Point>> {
            counts.iter().map(|&m| Ok([(m as f64).log10(), of(m)?.log10()])).collect()
        };
        panel.line(&curve(&|m| machines.sweep(n, m, m.max(2)))?, plot::lighten(colour, 0.55), 1.2);
        let path = curve(&|m| machines.sweep(n, m, fan_in))?;
        panel.line(&path, colour, 1.6);
        panel.text(path[12], [8.0, -6.0], name, Anchor::Start, colour);
    }

    let mut batches = Panel::new([0.0, 4.12], [1.7, 8.0]);
    batches.x_label("machines").x_named_ticks(&names).y_label("rows in a batch, all machines together");
    batches.y_named_ticks(&[(2.0, "100"), (4.0, "10\u{2009}000"), (6.0, "a million"), (8.0, "100 million")]);
    for (index, sweeps) in [10, 30, 100].into_iter().enumerate() {
        let of = |&m: &usize| {
            let batch = machines.smallest_batch(sweeps, m.max(2), fan_in)?;
            Ok([(m.max(2) as f64).log10(), batch.log10()])
        };
        let path = counts.iter().map(of).collect::<Result<Vec<Point>>>()?;
        let colour = plot::component(3 + index);
        batches.line(&path, colour, 1.6);
        let words = format!("instead of {sweeps} sweeps");
        batches.text([0.1, 7.55 - 0.5 * index as f64], [0.0, 0.0], &words, Anchor::Start, colour);
    }
    let page = Page::new(2).panel_height(240.0).panel(panel).panel(batches);
    let caption = format!(
        "Left: the time of a sweep on 1 to 10\u{2009}000 machines for *d* = {d} and *k* = {k}, when their sums are \
         added in a tree of sixteen to a node, and (pale) when all send theirs to one. Right: in batches of so many \
         rows, one pass of stepwise EM takes no longer than so many sweeps. A core takes {} ns a row, as measured on \
         {}; a message 0.5 ms and 10 Gbit/s, disturbances a tenth of the work.",
        number(ms, 0),
        results.date
    );
    Ok(Figure::still(&page)?.described(
        &caption,
        "Left three falling curves that level off, their pale twins turning upwards beyond a thousand machines; \
         right three curves in steps that rise with the number of machines.",
    ))
}
