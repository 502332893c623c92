//! The figures of the chapter on variational inference. The geyser is standardised: its units are standard deviations.

mod survival;

pub(crate) use survival::state;
pub use survival::{Crowd, Survival};

use crate::plot::{self, Anchor, Colour, Figure, Grid, Page, Panel, Point};
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start};
use executable_em::latent::{self, Model};
use executable_em::selection::{bic, icl};
use executable_em::variational::mixture::{OnBound, fit};
use executable_em::variational::tilted::{Factorised, round};
use executable_em::variational::{GaussWishart, VariationalMixture, Weights};
use executable_em::{Result, bound, data, kmeans};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};

fn geyser() -> Result<DMatrix<f64>> {
    data::standardize(&data::old_faithful())
}

fn unit_prior() -> Result<GaussWishart> {
    GaussWishart::new(RowDVector::zeros(2), 1.0, DMatrix::identity(2, 2), 2.0)
}

/// Source: X-22.
pub(super) fn tilted() -> Result<Figure> {
    let (mean, covariance) = (dvector![0.0, 0.0], dmatrix![1.0, 0.87; 0.87, 1.0]);
    let inside = Factorised { means: mean.clone(), variances: DVector::from_element(2, 1.0 - 0.87 * 0.87) };
    let around = Factorised { means: mean.clone(), variances: dvector![1.0, 1.0] };
    let mut path: Vec<Point> = vec![[-2.3, 1.9]];
    let mut q = Factorised { means: dvector![-2.3, 1.9], variances: inside.variances.clone() };
    for _ in 0..20 {
        let next = round(&q, &mean, &covariance)?;
        // A round moves along the first axis, then along the second.
        path.extend([[next.means[0], q.means[1]], [next.means[0], next.means[1]]]);
        q = next;
    }
    let mut page = Page::new(2).panel_height(290.0);
    for (title, note, q, colour) in [
        ("mean field: KL(*q* ‖ *p*)", "inside", &inside, plot::component(0)),
        ("the other way: KL(*p* ‖ *q*)", "around", &around, plot::component(1)),
    ] {
        let mut panel = Panel::new([-3.1, 3.1], [-3.1, 3.1]);
        panel.title(title).note(note).equal_aspect().x_label("*x*_1").x_ticks(&[-2.0, 0.0, 2.0]);
        panel.y_ticks(&[-2.0, 0.0, 2.0]);
        for sigmas in [1.0, 2.0] {
            panel.disc([0.0, 0.0], &covariance, sigmas, plot::FAINT, 0.3);
        }
        for (sigmas, width) in [(2.0, 1.3), (1.0, 2.0)] {
            panel.ellipse([0.0, 0.0], &DMatrix::from_diagonal(&q.variances), sigmas, colour, width);
        }
        if note == "inside" {
            panel.y_label("*x*_2").line(&path, plot::INK, 1.1).dots(&path[..9], &[plot::INK], 2.0, 1.0);
            panel.text(path[0], [6.0, -6.0], "the mean of *q*, round by round", Anchor::Start, plot::INK);
        } else {
            panel.without_y_axis();
        }
        page = page.panel(panel);
    }
    Ok(Figure::still(&page)?.described(
        "A tilted Gaussian p (grey, 1 and 2 σ, ρ = 0.87) and two q without tilt. Mean field makes KL(q ‖ p) small: q \
         must not be where p is not, so it sits inside, and its variances are too small by the factor 1 − ρ². The \
         other divergence puts q around p. Both leave the same gap, −½ log(1 − ρ²). The line shows the rounds of \
         mean field, one coordinate at a time, closer by the factor ρ² each.",
        "Two panels with the same narrow grey ellipse along the diagonal. Left, small circles inside it and a zigzag \
         line that leads to its centre. Right, large circles around it.",
    ))
}

/// The data in mixed colours, and the components that are alive.
fn in_its_components(title: &str, model: &VariationalMixture, x: &DMatrix<f64>) -> Result<Panel> {
    let mut panel = Panel::new([-2.3, 2.3], [-2.6, 2.4]);
    panel.title(title).x_label("eruption, sd").y_label("waiting, sd");
    panel.x_ticks(&[-2.0, 0.0, 2.0]).y_ticks(&[-2.0, 0.0, 2.0]);
    panel.scatter(x, &plot::by_responsibility(&model.responsibilities(x)?));
    for &j in &model.survivors() {
        let component = &model.components()[j];
        let centre = [component.mean()[0], component.mean()[1]];
        panel.ellipse(centre, &component.covariance(), 2.0, plot::component(j), 2.0);
    }
    Ok(panel)
}

/// The data of each component over the sweeps of a run, on a page for so many of them.
fn deaths(run: &[VariationalMixture], sweeps: usize) -> Panel {
    let last = run.len() - 1;
    let mut counts = Panel::new([0.0, sweeps as f64], [-0.35, 2.5]);
    counts.title("data of each component").x_label("sweep").y_label("expected count");
    counts.y_named_ticks(&[(0.0, "1"), (1.0, "10"), (2.0, "100")]);
    for j in 0..run[0].components().len() {
        // Until less than half a datum is left to it.
        let alive = run.iter().map(|model| model.shares().counts()[j]).take_while(|&count| count > 0.5);
        let path: Vec<Point> =
            alive.enumerate().map(|(sweep, count)| [sweep as f64, count.log10()]).collect();
        counts.line(&path, plot::component(j), 2.0);
        if let Some(&death) = path.last().filter(|end| end[0] < last as f64) {
            counts.dots(&[death], &[plot::component(j)], 3.6, 1.0);
        }
    }
    counts
}

/// Source.
pub(super) fn dying() -> Result<Figure> {
    let (x, Survival { run, bounds: heights, .. }) = (geyser()?, Crowd::usual()?.run(1000)?);
    let last = run.len() - 1;
    let mut end = in_its_components("two at the end", &run[last], &x)?;
    end.without_y_axis().y_label("");
    let counts = deaths(&run, last);
    let mut bounds = Panel::new([0.0, last as f64], [-560.0, -430.0]);
    bounds.title("the bound").x_label("sweep").y_label("nats").y_ticks(&[-550.0, -500.0, -450.0]);
    let heights: Vec<Point> =
        heights.iter().enumerate().map(|(sweep, &height)| [sweep as f64, height]).collect();
    bounds.line(&heights, plot::INK, 2.0);
    let start = in_its_components("six at the start", &run[0], &x)?;
    let page = Page::new(2).panel_height(200.0).panel(start).panel(end).panel(counts).panel(bounds);
    Ok(Figure::still(&page)?.described(
        "A mean-field mixture of six on the standardised geyser, with α = 0.001 for the weights. Above, its \
         components at the start and at the end. Below, the expected count of each, on a logarithmic axis: four lose \
         their data and stay empty (dots); and the bound, which rises in every sweep, and faster again where one \
         dies.",
        "Four panels. Above, six overlapping ellipses on the data, and two. Below, six lines of which four fall off \
         and end in dots, and a rising line with steps.",
    ))
}

/// Source: X-25.
pub(super) fn number() -> Result<Figure> {
    let (x, prior) = (geyser()?, unit_prior()?);
    let tight = Stopping { tolerance: Tolerance::LogLikelihood(1e-9), max_sweeps: 2000 };
    let (mut elbo, mut by_bic, mut by_icl): (Vec<f64>, Vec<f64>, Vec<f64>) =
        (Vec::new(), Vec::new(), Vec::new());
    for k in 1..=6 {
        let mut rng = data::rng(10 + k as u64);
        let climb = OnBound::new(&x)?;
        let mut best = (f64::NEG_INFINITY, 0);
        for _ in 0..8 {
            let labels =
                kmeans::lloyd(&x, &kmeans::plus_plus_start(&x, k, &mut rng)?, 100)?.labels().to_vec();
            let r = latent::one_hot(&labels, k)?;
            let end = fit(&climb, Weights::Dirichlet(1.0), &prior, &r, &tight)?;
            if end.log_likelihood > best.0 {
                best = (end.log_likelihood, end.model.survivors().len());
            }
        }
        // The same answer under other names holds as much of the evidence; the names of empty components do not count.
        let (bound, alive) = best;
        elbo.push(bound + (k - alive + 1..=k).map(|j| (j as f64).ln()).sum::<f64>());
        let starts = (0..8)
            .map(|_| random_start(&x, k, CovarianceFamily::Full, &mut rng))
            .collect::<Result<Vec<_>>>()?;
        let by_em = em::best(em::restarts(starts, &x, &tight))?;
        let (l, p) = (by_em.log_likelihood, by_em.model.parameter_count());
        by_bic.push(-0.5 * bic(l, p, 272)?);
        let entropy = bound::entropy(&by_em.model.responsibilities(&x)?)?;
        by_icl.push(-0.5 * icl(l, p, 272, entropy)?);
    }
    let mut panel = Panel::new([0.8, 6.2], [-85.0, 6.0]);
    panel.x_label("number of components *k*").y_label("nats below the best");
    panel.x_ticks(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).room_right(70.0);
    for (index, (name, values)) in
        [("bound", &elbo), ("−BIC/2", &by_bic), ("−ICL/2", &by_icl)].into_iter().enumerate()
    {
        let colour = plot::component(index);
        let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let path: Vec<Point> =
            values.iter().enumerate().map(|(i, value)| [i as f64 + 1.0, value - top]).collect();
        panel.line(&path, colour, 1.8).dots(&path, &[colour], 2.8, 1.0);
        let chosen: Vec<Point> = path.iter().copied().filter(|point| point[1] == 0.0).collect();
        panel.dots(&chosen, &[colour], [6.5, 5.0, 3.6][index], 1.0);
        // Beside its end or where it leaves the panel.
        if let Some(&end) = path.iter().rfind(|point| point[1] > -85.0) {
            panel.text(end, [8.0, 4.0], name, Anchor::Start, colour);
        }
    }
    Ok(Figure::still(&Page::new(1).width(560.0).panel_height(260.0).panel(panel))?.described(
        "How many components? The bound of the mean-field mixture (α = 1, best of eight starts, log k!/e! added for \
         the names of the components, e of them empty) beside −BIC/2 and −ICL/2 of EM, each below its own best \
         value (large dots), on the standardised geyser. The bound and BIC estimate the log evidence; ICL also \
         charges for doubtful labels. All choose two. Seeds 11 to 16.",
        "Three curves over the numbers one to six, all of them highest at two, with one component far below and a \
         slower fall towards six.",
    ))
}

/// Source: X-26.
pub(super) fn predictive() -> Result<Figure> {
    let x = geyser()?;
    let few = x.select_rows(&(0..272).step_by(14).collect::<Vec<_>>());
    let labels: Vec<usize> = few.column(0).iter().map(|&eruption| usize::from(eruption > 0.0)).collect();
    let weak = GaussWishart::new(RowDVector::zeros(2), 0.1, DMatrix::identity(2, 2) * 0.1, 2.0)?;
    let r = latent::one_hot(&labels, 2)?;
    let q = fit(&OnBound::new(&few)?, Weights::Dirichlet(1.0), &weak, &r, &Stopping::default())?.model;
    let start = kmeans_start(&few, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    let by_em: GaussianMixture = em::fit(start, &few, &Stopping::default())?.model;
    let (xs, ys) = ([-2.6, 2.6], [-3.2, 3.0]);
    let grid = Grid::new(xs, ys, 121);
    let nodes = grid.nodes();
    let plain = latent::log_marginals(&by_em.log_joint(&nodes)?)?;
    let student = q.log_predictive(&nodes)?;
    let levels = [-8.0, -6.0, -4.0, -2.0, -1.0];
    let mut page = Page::new(2).panel_height(280.0);
    let shown: [(&str, &DVector<f64>, Colour); 2] = [
        ("EM, plugged in", &plain, plot::component(1)),
        ("predictive: Student *t*", &student, plot::component(0)),
    ];
    for (index, (title, values, colour)) in shown.into_iter().enumerate() {
        let mut panel = Panel::new(xs, ys);
        panel.title(title).x_label("eruption, sd").y_label("waiting, sd");
        panel.x_ticks(&[-2.0, 0.0, 2.0]).y_ticks(&[-2.0, 0.0, 2.0]);
        panel.bands(&grid, values.as_slice(), &levels, plot::lighten(colour, 0.35));
        panel.contours(&grid, values.as_slice(), &levels, plot::WHITE, 0.7);
        panel.dots(&plot::points(&x)?, &[plot::GREY], 1.2, 1.0);
        panel.dots(&plot::points(&few)?, &[plot::INK], 3.2, 1.0);
        if index == 1 {
            panel.without_y_axis().y_label("");
        }
        page = page.panel(panel);
    }
    Ok(Figure::still(&page)?.described(
        "What twenty data (large dots) of the geyser say of the others (small). Left, the density of the mixture \
         that EM fits to them; right, the predictive density of the variational mixture, a mixture of Student t's. \
         Bands end at log densities of −1, −2, −4, −6 and −8. EM is sure of covariances that it cannot know; the \
         predictive density leaves room. Seed 1.",
        "Two maps with bands around two clusters. On the left they are tight and separate, on the right wide, and \
         they flow into each other.",
    ))
}
