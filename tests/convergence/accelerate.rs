//! Faster than EM, and never lower.

use crate::common::{assert_at_least, assert_within, bounds, seed};
use crate::{case, limit_of, two_normals};
use executable_em::bernoulli_mixture::{BernoulliMixture, start_near_mean};
use executable_em::convergence::accelerate::{
    self, Accelerated, Chart, Charted, Method, mixed_step, squared_step, step_length,
};
use executable_em::em::{self, OnData, Seen, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, FlooredMixture, GaussianMixture};
use executable_em::incomplete::student::StudentMixture;
use executable_em::latent::{self, Model};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{data, gaussian};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use std::fmt::Debug;
use std::ops::ControlFlow;

const METHODS: [(Method, Chart); 4] = [
    (Method::Squarem, Chart::Plain),
    (Method::Squarem, Chart::Unbounded),
    (Method::Anderson { memory: 5 }, Chart::Plain),
    (Method::Anderson { memory: 5 }, Chart::Unbounded),
];

/// on a linear map with one eigenvalue the squared step lands on the fixed point, in any dimension.
#[test]
fn the_squared_step_is_exact_for_one_eigenvalue() {
    let mut rng = data::rng(seed() + 1);
    for _ in 0..20 {
        let rho = rng.random_range(0.1..0.99);
        let (rest, start) = (vector(4, &mut rng), vector(4, &mut rng));
        let point = |t: i32| &rest + (&start - &rest) * f64::powi(rho, t);
        let length = step_length(&point(0), &point(1), &point(2)).unwrap();
        let guess = squared_step(&point(0), &point(1), &point(2), length).unwrap();
        // v = (1 − ρ)² e, from differences of numbers of order one: 10⁻¹⁵/(1 − ρ)² < 10⁻¹¹, doubled and magnified by e.
        assert!((guess - &rest).amax() < 1e-15 * 100.0 / (1.0 - rho).powi(2));
    }
    let still = vector(3, &mut rng);
    assert_eq!(step_length(&still, &still, &still), Ok(1.0));
    assert_eq!(squared_step(&still, &still, &still, 7.0), Ok(still));
}

fn vector(p: usize, rng: &mut data::Rng) -> DVector<f64> {
    DVector::from_fn(p, |_, _| rng.random_range(-1.0..1.0))
}

/// on a linear map in p dimensions, p + 1 sweeps and the mixing of them find the fixed point, whatever the
/// eigenvalues.
#[test]
fn mixing_is_exact_for_a_linear_map() {
    let mut rng = data::rng(seed() + 2);
    for _ in 0..20 {
        let map = DMatrix::from_diagonal(&DVector::from_vec(vec![0.9, 0.5, -0.3]));
        let rest = vector(3, &mut rng);
        let sweep = |theta: &DVector<f64>| &rest + &map * (theta - &rest);
        let mut run = Vec::new();
        // Points in general position: those of a run could be parallel to rounding.
        for _ in 0..4 {
            let theta = vector(3, &mut rng) * 2.0;
            run.push((theta.clone(), sweep(&theta)));
        }
        let steps = DMatrix::from_columns(
            &(0..3).map(|s| (&run[s + 1].1 - &run[s + 1].0) - (&run[s].1 - &run[s].0)).collect::<Vec<_>>(),
        );
        let singular = steps.singular_values();
        if singular.min() < 1e-2 {
            continue;
        }
        // The ridge of 10⁻¹² on a Gram matrix of condition 10⁵ at most.
        assert!((mixed_step(&run).unwrap() - &rest).amax() < 1e-6);
    }
    assert!(mixed_step(&[]).is_err());
}

/// no step lowers ℓ, by either method, in either chart, in any family.
#[test]
fn no_step_lowers_the_log_likelihood() {
    let mut compared = 0;
    for case_seed in 0..16 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let case = case(family, 60, 2, 2, seed() + 10 + case_seed);
        for (method, chart) in METHODS {
            let climb = Accelerated::new(&case.x, method, chart).unwrap();
            let mut heights: Vec<(f64, GaussianMixture)> = Vec::new();
            let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-12), max_sweeps: 60 };
            let _ = em::best_of(&climb, [Ok(case.model.clone())], &stopping, |seen| {
                if let Seen::Sweep { expected, model, .. } = seen {
                    heights.push((expected.log_likelihood, GaussianMixture::clone(model)));
                }
                ControlFlow::Continue(())
            });
            for pair in heights.windows(2) {
                let Some(slack) = bounds::sweep_fall(&pair[0].1, &pair[1].1, &case.x) else { continue };
                assert_at_least(pair[1].0, pair[0].0, slack);
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

/// nor does any of anything else that climbs, whose numbers have a chart: coins, t, and Gaussians with a
/// floor; and the plain sweeps come first.
#[test]
fn anything_that_is_numbers_is_accelerated() {
    let mut rng = data::rng(seed() + 40);
    let heads = DMatrix::from_fn(80, 3, |i, _| f64::from(rng.random_range(0..3) + (i % 2) as i32 * 2));
    let coins = start_near_mean(&heads, 2, 4, &mut rng).unwrap();
    let case = case(CovarianceFamily::Full, 80, 2, 2, seed() + 41);
    let student = StudentMixture::new(case.model.clone(), DVector::from_element(2, 5.0)).unwrap();
    let floored = FlooredMixture::new(case.model.clone(), 0.05).unwrap();
    for (method, chart) in METHODS {
        assert!(never_falls(coins.clone(), &heads, method, chart) > 0);
        assert!(never_falls(student.clone(), &case.x, method, chart) > 0);
        // A floor can bring a run to rest within the plain sweeps.
        never_falls(floored.clone(), &case.x, method, chart);
    }
    // A sure coin and an empty component have no chart without bounds: plain sweeps then.
    let sure = BernoulliMixture::new(
        DVector::from_vec(vec![0.5, 0.5]),
        DMatrix::from_row_slice(2, 3, &[0.0, 0.5, 0.5, 0.3, 0.4, 0.6]),
        4,
    );
    let climb = Accelerated::of(OnData::new(&heads).unwrap(), Method::Squarem, Chart::Unbounded, 0).unwrap();
    let (fit, _) = accelerate::fit(&climb, sure.clone().unwrap(), &Stopping::default()).unwrap();
    let plain = em::fit(sure.unwrap(), &heads, &Stopping::default()).unwrap();
    assert_eq!(climb.guesses(), 0);
    assert_within(fit.log_likelihood, plain.log_likelihood, 1e-7);
}

/// How many guesses it made.
fn never_falls<M: Model + Charted + Debug>(
    start: M,
    x: &DMatrix<f64>,
    method: Method,
    chart: Chart,
) -> usize {
    let patience = 3;
    let climb = Accelerated::of(OnData::<M>::new(x).unwrap(), method, chart, patience).unwrap();
    let (mut heights, mut models) = (Vec::new(), Vec::new());
    // Two runs, that one remembers nothing of the other.
    let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-13), max_sweeps: 3000 };
    let fit = em::best_of(&climb, [Ok(start.clone()), Ok(start.clone())], &stopping, |seen| {
        if let Seen::Sweep { start, expected, model, .. } = seen {
            heights.push((start, expected.log_likelihood));
            models.push(M::clone(model));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    // Tame data: ℓ of 80 data errs by far less than 10⁻⁹.
    for pair in heights.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        assert_at_least(pair[1].1, pair[0].1, 1e-9);
    }
    let second = heights.iter().position(|(start, _)| *start == 1).expect("a second run");
    assert_eq!(models[..second], models[second..]);
    let mut plain = start;
    for model in &models[..second.min(patience + 1)] {
        assert_eq!(*model, plain);
        plain = em::sweep(&plain, x).unwrap();
    }
    // Where it rests a sweep of EM gains nothing; a run that outlived the plain sweeps, and the
    // two that a guess takes, has made one.
    let l = |model: &M| latent::log_likelihood(&model.log_joint(x).unwrap()).unwrap();
    assert!(l(&em::sweep(&fit.model, x).unwrap()) - l(&fit.model) < 1e-9);
    assert!(climb.guesses() > 0 || second <= patience + 3, "{second} sweeps");
    climb.guesses()
}

/// a guess moves what is fitted; the stiffness of soft k-means and weights that are held stay.
#[test]
fn what_is_held_stays() {
    let x = DMatrix::from_column_slice(9, 1, &[-2.9, -2.4, -2.0, -1.9, -1.5, -1.1, -0.6, 1.6, 2.4]);
    let mut rng = data::rng(seed() + 50);
    let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-12), max_sweeps: 1000 };
    let mut guesses = 0;
    let cases = [Weights::Held, Weights::Fitted].into_iter().flat_map(|w| METHODS.map(|(m, c)| (w, m, c)));
    for (weights, method, chart) in cases {
        let means = DMatrix::from_fn(2, 1, |_, _| rng.random_range(-4.0..4.0));
        let start = SoftKMeans::new(means, 1.0, weights).unwrap();
        let climb = Accelerated::of(OnData::new(&x).unwrap(), method, chart, 0).unwrap();
        let mut height = f64::NEG_INFINITY;
        let fit = em::best_of(&climb, [Ok(start.clone())], &stopping, |seen| {
            if let Seen::Sweep { model, expected, .. } = seen {
                // ℓ of nine data errs by far less than 10⁻¹².
                assert_at_least(expected.log_likelihood, height, 1e-12);
                height = expected.log_likelihood;
                assert_eq!(model.stiffness(), 1.0);
                assert!(weights == Weights::Fitted || model.weights() == start.weights());
            }
            ControlFlow::Continue(())
        });
        let model = fit.unwrap().model;
        let next = em::sweep(&model, &x).unwrap();
        assert!(next.log_likelihood(&x).unwrap() - model.log_likelihood(&x).unwrap() < 1e-9);
        guesses += climb.guesses();
    }
    assert!(guesses > 10, "{guesses}");
}

/// The E steps until ℓ is within 10⁻⁷ nats of `limit`.
fn evaluations(start: &GaussianMixture, x: &DMatrix<f64>, how: Option<(Method, Chart)>, limit: f64) -> usize {
    let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 200_000 };
    let arrived = |l: f64| if l >= limit - 1e-7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    match how {
        None => {
            let fit =
                em::best_of(&OnData::new(x).unwrap(), [Ok(start.clone())], &stopping, |seen| match seen {
                    Seen::Sweep { expected, .. } => arrived(expected.log_likelihood),
                    Seen::Run { .. } => ControlFlow::Continue(()),
                });
            fit.unwrap().sweeps
        }
        Some((method, chart)) => {
            let climb = Accelerated::new(x, method, chart).unwrap();
            em::best_of(&climb, [Ok(start.clone())], &stopping, |seen| match seen {
                Seen::Sweep { expected, .. } => arrived(expected.log_likelihood),
                Seen::Run { .. } => ControlFlow::Continue(()),
            })
            .unwrap();
            climb.evaluations()
        }
    }
}

/// the reference's race on Old Faithful with three components: plain EM takes 141 sweeps, SQUAREM between
/// 39 and 62 evaluations by safeguard and chart, Anderson about 59.
#[test]
fn the_race_on_old_faithful() {
    let x = data::old_faithful();
    let ones = DVector::from_element(272, 1.0);
    let mean = gaussian::weighted_mean(&x, &ones).unwrap();
    let covariance = gaussian::weighted_covariance(&x, &ones, &mean).unwrap();
    let start = GaussianMixture::new(
        DVector::from_element(3, 1.0 / 3.0),
        x.rows(0, 3).into_owned(),
        vec![covariance; 3],
        CovarianceFamily::Full,
    )
    .unwrap();
    let limit = -1119.21397059;
    assert_within(evaluations(&start, &x, None, limit) as f64, 141.0, 1.0);
    let counts: Vec<usize> = METHODS.iter().map(|&how| evaluations(&start, &x, Some(how), limit)).collect();
    assert!(counts.iter().all(|&count| (30..=100).contains(&count)), "{counts:?}");
    // A memory of one step is not none.
    let one = evaluations(&start, &x, Some((Method::Anderson { memory: 1 }, Chart::Unbounded)), limit);
    assert!(one < 120, "{one}");
}

/// and on two overlapping normals, where plain EM takes 9 300 sweeps, and every method less than a fifth
/// of them in one of the charts.
#[test]
fn the_race_on_two_overlapping_normals() {
    let (start, x) = two_normals(1);
    let limit = limit_of(&start, &x).log_likelihood(&x).unwrap();
    let plain = evaluations(&start, &x, None, limit);
    assert!((9_000..9_600).contains(&plain), "{plain}");
    let counts: Vec<usize> = METHODS.iter().map(|&how| evaluations(&start, &x, Some(how), limit)).collect();
    assert!(counts[0].min(counts[1]) < plain / 5 && counts[2].min(counts[3]) < plain / 5, "{counts:?}");
}
