//! The figures of the chapter on convergence.

mod apart;

pub use apart::Apart;
pub(crate) use apart::state;

use crate::plot::{self, Anchor, Figure, Page, Panel, Point};
use executable_em::Result;
use executable_em::convergence::accelerate::{self, Accelerated, Chart, Method};
use executable_em::convergence::coordinates::coordinates;
use executable_em::convergence::{errors, information, rate};
use executable_em::data;
use executable_em::em::{self, OnData, Seen, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use std::ops::ControlFlow;

const TO_REST: Stopping = Stopping { tolerance: Tolerance::Parameters(1e-12), max_sweeps: 20_000 };

/// Within so many standard deviations lie 95 % of a normal in the plane: √(−2 log 0.05).
const NINETY_FIVE: f64 = 2.4477;

/// Two normals in one dimension, so many standard deviations apart.
fn two_normals(apart: f64) -> Result<GaussianMixture> {
    let means = dmatrix![0.0; apart];
    GaussianMixture::new(dvector![0.5, 0.5], means, vec![dmatrix![1.0]; 2], CovarianceFamily::Full)
}

/// Source: X-14.
pub(super) fn funnel() -> Result<Figure> {
    let truth = two_normals(2.6)?;
    let x = truth.sample(1000, &mut data::rng(3))?.0;
    let climb = Accelerated::new(&x, Method::Anderson { memory: 5 }, Chart::Unbounded)?;
    let rest = accelerate::fit(&climb, truth, &TO_REST)?.0.model;
    let fractions = rate::missing_fractions(&rest, &x)?;
    // Eigenvectors of I_m u = ρ I_c u: with I_c = L Lᵀ those of L⁻¹ I_m L⁻ᵀ, in whose coordinates Lᵀ(θ − θ̂) a sweep is
    // diagonal.
    let factor = information::complete(&rest, &x)?.cholesky().expect("positive definite").l();
    let half = factor.solve_lower_triangular(&information::missing(&rest, &x)?).expect("a positive diagonal");
    let whole = factor.solve_lower_triangular(&half.transpose()).expect("a positive diagonal");
    let eigen = (&whole + whole.transpose()).scale(0.5).symmetric_eigen();
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let here = coordinates(&rest);
    let error = |model: &GaussianMixture| -> DVector<f64> {
        let whitened = factor.transpose() * (coordinates(model) - &here);
        DVector::from_iterator(
            order.len(),
            order.iter().map(|&m| eigen.eigenvectors.column(m).dot(&whitened)),
        )
    };
    let back = factor.transpose().try_inverse().expect("a positive diagonal");
    let at = |first: f64, second: f64| {
        let e = eigen.eigenvectors.column(order[0]) * first + eigen.eigenvectors.column(order[1]) * second;
        executable_em::convergence::coordinates::mixture_of(&(&here + &back * e), &rest)
    };

    let reach = 2.4;
    let mut paths = Panel::new([-reach, reach], [-reach, reach]);
    paths.title("runs, in the two slowest directions").x_label("slowest").y_label("second slowest");
    paths.x_ticks(&[-2.0, 0.0, 2.0]).y_ticks(&[-2.0, 0.0, 2.0]).equal_aspect();
    let starts = (0..14).map(|i| std::f64::consts::TAU * (f64::from(i) + 0.5) / 14.0);
    for angle in starts {
        let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 400 };
        let run = em::trace(at(2.2 * angle.cos(), 2.2 * angle.sin())?, &x, &stopping)?;
        let points: Vec<Point> =
            run.iterates.iter().map(|iterate| error(&iterate.model)).map(|e| [e[0], e[1]]).collect();
        paths.line(&points, plot::lighten(plot::component(0), 0.35), 1.0);
        paths.dots(&points[..12], &[plot::component(0)], 1.7, 1.0);
    }
    paths.dots(&[[0.0, 0.0]], &[plot::WHITE], 6.0, 1.0).dots(&[[0.0, 0.0]], &[plot::INK], 4.0, 1.0);

    let run =
        em::trace(at(0.02, 0.02)?, &x, &Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 120 })?;
    let log = |value: f64| (value.abs() / 0.02).max(1e-12).log10();
    let mut lines = Panel::new([0.0, 120.0], [-3.6, 0.3]);
    lines.title("the error along each").x_label("sweep").x_ticks(&[0.0, 40.0, 80.0, 120.0]);
    lines.y_named_ticks(&[(0.0, "1"), (-1.0, "0.1"), (-2.0, "0.01"), (-3.0, "0.001")]).room_right(64.0);
    for (m, colour) in [(0, plot::component(0)), (1, plot::component(1))] {
        let shown: Vec<Point> = run
            .iterates
            .iter()
            .enumerate()
            .map(|(t, iterate)| [t as f64, log(error(&iterate.model)[m])])
            .collect();
        // The law ρᵗ, laid through the run after the first sweeps.
        let from = if m == 0 { 40 } else { 4 };
        let law: Vec<Point> = (0..=120)
            .map(|t| [f64::from(t), shown[from][1] + (f64::from(t) - from as f64) * fractions[m].log10()])
            .collect();
        lines.line(&law, plot::lighten(colour, 0.55), 4.0).line(&shown, colour, 1.6);
        let name = format!("*ρ* = {:.3}", fractions[m]);
        let end = law.iter().rfind(|p| p[1] > -3.5).copied().unwrap_or([0.0, 0.0]);
        let at = if m == 0 { end } else { [end[0] - 2.0, -2.6] };
        lines.text(at, [8.0, 4.0], &name, Anchor::Start, plot::darken(colour, 0.15));
    }
    Ok(Figure::still(&Page::new(2).panel_height(270.0).panel(paths).panel(lines))?.described(
        "EM near its end, on 1000 draws of two normals 2.6 standard deviations apart. Left, runs from a ring of \
         starts about the maximum: all of them fall into the slowest direction at once, and creep along it. Right, \
         one run: along each eigenvector the error shrinks by its own factor ρ, the fraction of information that is \
         missing there (pale lines: ρ to the power of the sweep). Seed 3.",
        "Left, fourteen curves that bend into one horizontal line through the centre. Right, two falling lines on a \
         logarithmic scale, one steep and one shallow, each on a straight pale line.",
    ))
}

/// Source: X-14.
pub(super) fn distance() -> Result<Figure> {
    let truth = |apart: f64, family: CovarianceFamily| {
        two_normals(apart)?.with_covariances(vec![dmatrix![1.0]; 2], family)
    };
    // The same draws, moved apart: label and offset of each are held.
    let (offsets, labels) = two_normals(0.0)?.sample(20_000, &mut data::rng(1))?;
    let sample = |apart: f64| DMatrix::from_fn(20_000, 1, |i, _| offsets[i] + apart * labels[i] as f64);
    let (mut own, mut shared): (Vec<Point>, Vec<Point>) = (Vec::new(), Vec::new());
    for step in 4..=30 {
        let apart = 0.2 * f64::from(step);
        let x = sample(apart);
        let largest = |family| Ok(rate::missing_fractions(&truth(apart, family)?, &x)?[0]);
        own.push([apart, largest(CovarianceFamily::Full)?]);
        shared.push([apart, largest(CovarianceFamily::Tied)?]);
    }
    let mut rates = Panel::new([0.6, 6.2], [0.0, 1.03]);
    rates.title("what is missing").x_label("distance of the means, in sd").y_label("*ρ*");
    rates.x_ticks(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).y_ticks(&[0.0, 0.5, 1.0]);
    let mut sweeps = Panel::new([0.6, 6.2], [-0.4, 4.6]);
    sweeps.title("sweeps for a digit").x_label("distance of the means, in sd");
    sweeps.x_ticks(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    sweeps.y_named_ticks(&[(0.0, "1"), (1.0, "10"), (2.0, "100"), (3.0, "1000"), (4.0, "10 000")]);
    for (points, colour) in [(&own, plot::component(0)), (&shared, plot::component(1))] {
        rates.line(points, colour, 2.0).dots(points, &[colour], 2.4, 1.0);
        // A rate above one, by the noise of the draws, has no number of sweeps.
        let digits: Vec<Point> = points
            .iter()
            .map(|p| [p[0], -1.0 / p[1].log10()])
            .filter(|p| (0.0..=20_000.0).contains(&p[1]))
            .map(|p| [p[0], p[1].log10()])
            .collect();
        sweeps.line(&digits, colour, 2.0).dots(&digits, &[colour], 2.4, 1.0);
    }
    rates.text([3.75, 0.88], [0.0, 0.0], "a variance each", Anchor::Start, plot::component(0));
    rates.text([1.75, 0.5], [0.0, 0.0], "one for both", Anchor::Middle, plot::component(1));
    Ok(Figure::still(&Page::new(2).panel_height(240.0).panel(rates).panel(sweeps))?.described(
        "The rate of EM for two normals of equal weight as their means move apart, with 20 000 draws at the true \
         parameters. Left, the largest fraction of missing information: near 1 where the clusters overlap, near 0 \
         where labels are sure. Right, how many sweeps one more decimal digit of θ takes (cut where more than \
         20 000). A variance of its own for each component makes overlapping clusters far slower. Seed 1.",
        "Left, two falling curves from one towards zero over distances from one to six. Right, on a logarithmic \
         scale, the numbers of sweeps, from ten thousand down to less than one.",
    ))
}

/// How far ℓ is from its limit after so many E steps, until 10⁻⁶ nats are left.
fn race(
    start: &GaussianMixture,
    x: &DMatrix<f64>,
    how: Option<(Method, Chart)>,
    limit: f64,
) -> Result<Vec<Point>> {
    let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 20_000 };
    let mut points: Vec<Point> = Vec::new();
    let mut note = |evaluations: usize, l: f64| {
        points.push([(evaluations.max(1) as f64).log10(), (limit - l).max(1e-9).log10()]);
        if limit - l < 1e-6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    match how {
        None => {
            em::best_of(&OnData::new(x)?, [Ok(start.clone())], &stopping, |seen| match seen {
                Seen::Sweep { sweeps, expected, .. } => note(sweeps + 1, expected.log_likelihood),
                Seen::Run { .. } => ControlFlow::Continue(()),
            })?;
        }
        Some((method, chart)) => {
            let climb = Accelerated::new(x, method, chart)?;
            em::best_of(&climb, [Ok(start.clone())], &stopping, |seen| match seen {
                Seen::Sweep { expected, .. } => note(climb.evaluations(), expected.log_likelihood),
                Seen::Run { .. } => ControlFlow::Continue(()),
            })?;
        }
    }
    Ok(points)
}

/// Source.
pub(super) fn methods() -> Result<Figure> {
    let geyser = data::old_faithful();
    let three =
        executable_em::gaussian_mixture::random_start(&geyser, 3, CovarianceFamily::Full, &mut data::rng(1))?;
    let hard = two_normals(1.8)?.sample(2000, &mut data::rng(4))?.0;
    let line = two_normals(3.0)?.with_means(dmatrix![-1.0; 2.0])?;
    let runs = [
        ("EM", None, plot::INK),
        ("SQUAREM", Some((Method::Squarem, Chart::Plain)), plot::component(1)),
        ("Anderson", Some((Method::Anderson { memory: 5 }, Chart::Unbounded)), plot::component(0)),
    ];
    let mut page = Page::new(2).panel_height(250.0);
    for (title, start, x, last) in
        [("Old Faithful, *k* = 3", &three, &geyser, 2.55), ("two overlapping normals", &line, &hard, 3.3)]
    {
        let climb = Accelerated::new(x, Method::Anderson { memory: 5 }, Chart::Unbounded)?;
        let limit = accelerate::fit(&climb, start.clone(), &TO_REST)?.0.log_likelihood;
        let mut panel = Panel::new([0.0, last], [-6.3, 3.2]);
        panel.title(title).x_label("E steps").y_label("nats below the maximum");
        let ticks = [(0.0, "1"), (1.0, "10"), (2.0, "100"), (3.0, "1000")];
        panel.x_named_ticks(&ticks[..if last > 3.0 { 4 } else { 3 }]);
        panel.y_named_ticks(&[(2.0, "100"), (0.0, "1"), (-3.0, "0.001"), (-6.0, "0.000001")]);
        if last > 3.0 {
            panel.without_y_axis().y_label("");
        }
        for (index, (name, how, colour)) in runs.iter().enumerate() {
            let points = race(start, x, *how, limit)?;
            panel.line(&points, *colour, 1.8);
            if last > 3.0 {
                let place = [[2.9, -2.2], [2.0, -3.2], [1.3, -5.2]][index];
                let anchor = if index == 2 { Anchor::End } else { Anchor::Start };
                panel.text(place, [0.0, 0.0], name, anchor, *colour);
            }
        }
        page = page.panel(panel);
    }
    Ok(Figure::still(&page)?.described(
        "How far the log-likelihood is from its maximum after so many E steps, for EM and two ways to extrapolate \
         it. On Old Faithful with three components all arrive soon; on two normals 1.8 standard deviations apart EM \
         creeps, and extrapolation saves more than nine tenths of the way. Seeds 1 and 4.",
        "Two plots with logarithmic axes and three falling lines each; in the right one the line of EM is far to the \
         right of the other two.",
    ))
}

/// Source: X-15.
pub(super) fn uncertainty() -> Result<Figure> {
    let x = data::old_faithful();
    let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    let model = em::fit(start, &x, &TO_REST)?.model;
    let covariance = errors::covariance(&model, &x)?;
    let stopping = Stopping { tolerance: Tolerance::Parameters(1e-7), max_sweeps: 500 };
    let draws = errors::bootstrap(&model, 272, 300, &stopping, &mut data::rng(2))?;
    // Coordinates: one weight, then the means row by row.
    let of_mean = |j: usize| covariance.view((1 + 2 * j, 1 + 2 * j), (2, 2)).into_owned();
    let centre = |j: usize| [model.means()[(j, 0)], model.means()[(j, 1)]];
    let mut all = Panel::around(&x);
    all.title("where the means may be").x_label("eruption, min").y_label("waiting, min");
    all.scatter(&x, &[plot::FAINT]);
    for j in 0..2 {
        all.ellipse(centre(j), &model.covariances()[j], 2.0, plot::lighten(plot::component(j), 0.3), 1.1);
        all.disc(centre(j), &of_mean(j), NINETY_FIVE, plot::component(j), 0.9);
    }
    let mut page = Page::new(3).panel_height(210.0).panel(all);
    for j in 0..2 {
        let spread = of_mean(j);
        let range = |a: usize| {
            let reach = 3.6 * spread[(a, a)].sqrt();
            [centre(j)[a] - reach, centre(j)[a] + reach]
        };
        let mut panel = Panel::new(range(0), range(1));
        panel.title(if j == 0 { "one of them, near" } else { "the other" }).x_label("eruption, min");
        let dots: Vec<Point> = draws.row_iter().map(|row| [row[1 + 2 * j], row[2 + 2 * j]]).collect();
        panel.dots(&dots, &[plot::FAINT], 1.7, 1.0);
        panel.ellipse(centre(j), &spread, NINETY_FIVE, plot::component(j), 2.0);
        panel.mark(centre(j), plot::Marker::Cross, 10.0, plot::darken(plot::component(j), 0.25));
        page = page.panel(panel);
    }
    Ok(Figure::still(&page)?.described(
        "How sure the means of Old Faithful are. Left, the data, the 2-σ ellipses of the components, and inside \
         them, filled, the 95 % ellipses of the means from the observed information. Right, both from near: the same \
         ellipses, and in grey the means of 300 samples that the fitted mixture itself made, fitted again. Seeds 1 \
         and 2.",
        "Left, two clusters with large thin ellipses and a tiny filled one in the middle of each. Right, two panels \
         with a cloud of grey dots and an ellipse that holds nearly all of them.",
    ))
}
