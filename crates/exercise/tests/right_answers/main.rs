//! Right answers pass, however they are written: by the library's functions, with loops, in another order of operations.

/// Each answer is right: `exercise: answer, answer, …;`.
macro_rules! right {
    ($($exercise:ident: $($answer:expr),+;)+) => {
        $($(
            let verdict = exercise::$exercise($answer);
            assert!(verdict.is_right(), "{}: {verdict}", stringify!($answer));
        )+)+
    };
}

mod clusters;
mod latent_and_bound;
mod later_chapters;

use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::gaussian_mixture::{self, GaussianMixture, floored, score, spherical, update};
use executable_em::latent::{self, Model, complete};
use executable_em::selection::{self, FreeParameters, restaurant, stick_breaking};
use executable_em::{bound, data, em, gaussian, kmeans, soft_kmeans};
use executable_em_exercise::{self as exercise, Verdict};
use nalgebra::{DMatrix, DVector, dvector};

/// Every one of them is right.
fn all_right(verdicts: impl IntoIterator<Item = (&'static str, Verdict)>) {
    for (name, verdict) in verdicts {
        assert!(verdict.is_right(), "{name}: {verdict}");
    }
}

#[test]
fn the_librarys_own_functions_pass() {
    all_right([
        ("nearest_means", exercise::nearest_means(|x, means| kmeans::assign(x, means).unwrap())),
        (
            "average_means",
            exercise::average_means(|x, r, previous| kmeans::update_means(x, r, previous).unwrap()),
        ),
        ("objective", exercise::objective(|x, r, means| kmeans::objective(x, r, means).unwrap())),
        (
            "objective_gradient",
            exercise::objective_gradient(|x, r, m| kmeans::objective_gradient(x, r, m).unwrap()),
        ),
        (
            "whole_kmeans",
            exercise::whole_kmeans(|x, start| kmeans::lloyd(x, start, 100).unwrap().means().clone()),
        ),
        (
            "log_density",
            exercise::log_density(|x, mean, covariance| gaussian::log_density(x, mean, covariance).unwrap()),
        ),
        ("density", exercise::density(|x, model| model.density(x).unwrap())),
        ("log_likelihood", exercise::log_likelihood(|x, model| model.log_likelihood(x).unwrap())),
        ("score_in_means", exercise::score_in_means(|x, model| score::in_means(model, x).unwrap())),
        (
            "score_in_covariances",
            exercise::score_in_covariances(|x, model| score::in_covariances(model, x).unwrap()),
        ),
        ("score_in_weights", exercise::score_in_weights(|x, model| score::in_weights(model, x).unwrap())),
        (
            "covariances",
            exercise::covariances(|x, model| em::sweep(model, x).unwrap().covariances().to_vec()),
        ),
        ("variances", exercise::variances(|x, r, means| spherical::variances(x, r, means).unwrap())),
        ("weights", exercise::weights(|r| update::weights(r).unwrap())),
        (
            "soft_responsibilities",
            exercise::soft_responsibilities(|x, model| model.responsibilities(x).unwrap()),
        ),
        ("soft_sweep", exercise::soft_sweep(|x, model| em::sweep(model, x).unwrap().means().clone())),
        ("critical_stiffness", exercise::critical_stiffness(|x| soft_kmeans::critical_stiffness(x).unwrap())),
        (
            "hard_limit",
            exercise::hard_limit(|x, means, weights| soft_kmeans::hard_limit(x, means, weights).unwrap()),
        ),
        ("one_hot", exercise::one_hot(|labels, k| latent::one_hot(labels, k).unwrap())),
        ("log_sum_exp", exercise::log_sum_exp(|terms| latent::log_sum_exp(terms.iter().copied()))),
        (
            "complete",
            exercise::complete_log_likelihood(|table, labels| {
                complete::log_likelihood(table, labels).unwrap()
            }),
        ),
        (
            "log_conditional",
            exercise::log_conditional(|tables, labels| {
                complete::log_conditional(&tables.log_densities, labels).unwrap()
            }),
        ),
        (
            "responsibilities",
            exercise::responsibilities(|log_joint| latent::responsibilities(log_joint).unwrap()),
        ),
        (
            "expected_log_joint",
            exercise::expected_log_joint(|q, table| latent::expected_log_joint(q, table).unwrap()),
        ),
        ("entropy", exercise::entropy(|q| bound::entropy(q).unwrap())),
        ("kl_divergence", exercise::kl_divergence(|q, p| bound::kl_divergence(q, p).unwrap())),
        ("lower_bound", exercise::lower_bound(|q, log_joint| bound::lower_bound(q, log_joint).unwrap())),
        (
            "jensen_gap",
            exercise::jensen_gap(|f, weights, points| bound::jensen::gap(f, weights, points).unwrap()),
        ),
        ("em_step", exercise::em_step(|x, model| em::sweep(model, x).unwrap())),
        (
            "fixed_point",
            exercise::fixed_point(|x, start| {
                let patient = em::Stopping { tolerance: em::Tolerance::Parameters(1e-9), max_sweeps: 5000 };
                em::fit(start.clone(), x, &patient).unwrap().model
            }),
        ),
        (
            "generalised_step",
            exercise::generalised_step(|x, model, r| {
                let whole = model.maximize(x, r).unwrap();
                model.with_means((model.means() + whole.means()) * 0.5).unwrap()
            }),
        ),
        (
            "before_and_after",
            exercise::expected_log_joint_before_and_after(|x, old, new| {
                let r = old.responsibilities(x).unwrap();
                let q = |model: &GaussianMixture| {
                    latent::expected_log_joint(&r, &model.log_joint(x).unwrap()).unwrap()
                };
                (q(old), q(new))
            }),
        ),
        ("coin_log_joint", exercise::coin_log_joint(|x, model| model.log_joint(x).unwrap())),
        ("coin_log_likelihood", exercise::coin_log_likelihood(|x, model| model.log_likelihood(x).unwrap())),
        (
            "coin_biases",
            exercise::coin_biases(|x, r| {
                let means = DMatrix::zeros(r.ncols(), x.ncols());
                kmeans::update_means(x, r, &means).unwrap()
            }),
        ),
        ("floored", exercise::floored(|covariance, floor| floored::raised(covariance, floor).unwrap())),
        ("bic", exercise::bic(|l, p, n| selection::bic(l, p, n).unwrap())),
        (
            "free_parameters",
            exercise::free_parameters(|k, d, family| {
                let x = DMatrix::from_fn(40, d, |i, a| ((i * (2 * a + 1)) as f64).sin());
                gaussian_mixture::random_start(&x, k, family, &mut data::rng(1)).unwrap().free_parameters()
            }),
        ),
        ("break_stick", exercise::break_stick(|shares| stick_breaking::break_stick(shares).unwrap())),
        (
            "expected_clusters",
            exercise::expected_clusters(|n, a| restaurant::expected_clusters(n, a).unwrap()),
        ),
        ("sums", exercise::sums(|x, r| (latent::counts(r), r.transpose() * x))),
    ]);
}

#[test]
fn answers_in_loops_pass() {
    all_right([
        (
            "nearest_means",
            exercise::nearest_means(|x, means| {
                (0..x.nrows())
                    .map(|i| {
                        let mut best = 0;
                        for j in 1..means.nrows() {
                            if (x.row(i) - means.row(j)).norm() < (x.row(i) - means.row(best)).norm() {
                                best = j;
                            }
                        }
                        best
                    })
                    .collect()
            }),
        ),
        (
            "objective",
            exercise::objective(|x, r, means| {
                let mut sum = 0.0;
                for i in 0..x.nrows() {
                    for j in 0..means.nrows() {
                        sum += r[(i, j)] * (x.row(i) - means.row(j)).norm_squared();
                    }
                }
                sum
            }),
        ),
        (
            "log_density",
            exercise::log_density(|x, mean, covariance| {
                let precision = covariance.clone().try_inverse().unwrap();
                let volume = (covariance * std::f64::consts::TAU).determinant();
                DVector::from_fn(x.nrows(), |i, _| {
                    let v = (x.row(i) - mean).transpose();
                    -0.5 * volume.ln() - 0.5 * (v.transpose() * &precision * &v)[0]
                })
            }),
        ),
        (
            "log_likelihood",
            exercise::log_likelihood(|x, model| model.density(x).unwrap().iter().map(|p| p.ln()).sum()),
        ),
        (
            "score_in_means",
            exercise::score_in_means(|x, model| {
                let r = model.responsibilities(x).unwrap();
                let mut score = DMatrix::zeros(model.k(), model.d());
                for (j, covariance) in model.covariances().iter().enumerate() {
                    let precision = covariance.clone().try_inverse().unwrap();
                    for i in 0..x.nrows() {
                        let pull = (x.row(i) - model.means().row(j)) * &precision * r[(i, j)];
                        score.set_row(j, &(score.row(j) + pull));
                    }
                }
                score
            }),
        ),
        (
            "responsibilities",
            exercise::responsibilities(|log_joint| {
                // In the log domain, the largest taken away.
                DMatrix::from_fn(log_joint.nrows(), log_joint.ncols(), |i, j| {
                    1.0 / (0..log_joint.ncols())
                        .map(|l| (log_joint[(i, l)] - log_joint[(i, j)]).exp())
                        .sum::<f64>()
                })
            }),
        ),
        ("expected_log_joint", exercise::expected_log_joint(|q, log_joint| q.component_mul(log_joint).sum())),
        (
            "lower_bound",
            exercise::lower_bound(|q, log_joint| {
                q.iter().zip(log_joint).map(|(&q, log)| if q > 0.0 { q * (log - q.ln()) } else { 0.0 }).sum()
            }),
        ),
        ("weights", exercise::weights(|r| r.row_mean().transpose())),
        (
            "variances",
            exercise::variances(|x, r, means| {
                DVector::from_fn(means.nrows(), |j, _| {
                    let sum: f64 =
                        (0..x.nrows()).map(|i| r[(i, j)] * (x.row(i) - means.row(j)).norm_squared()).sum();
                    sum / (r.column(j).sum() * x.ncols() as f64)
                })
            }),
        ),
        (
            "em_step",
            exercise::em_step(|x, model| {
                let r = model.responsibilities(x).unwrap();
                model.maximize(x, &r).unwrap()
            }),
        ),
    ]);
}

#[test]
fn answers_that_only_a_reader_can_give_pass() {
    all_right([
        (
            "indistinguishable_coins",
            exercise::indistinguishable_coins(|model| {
                let share = model.weights().dot(&model.biases().column(0));
                (dvector![0.5, 0.5], dvector![share, share])
            }),
        ),
        (
            "higher_than",
            exercise::higher_than(|x, _| {
                let (mean, variance) = (x.mean(), x.variance() + 1.0);
                let means = DMatrix::from_column_slice(2, 1, &[x[0], mean]);
                let covariances =
                    vec![DMatrix::from_element(1, 1, 1e-60), DMatrix::from_element(1, 1, variance)];
                GaussianMixture::new(
                    dvector![0.5, 0.5],
                    means,
                    covariances,
                    gaussian_mixture::CovarianceFamily::Full,
                )
                .unwrap()
            }),
        ),
        (
            "map_variance",
            exercise::map_variance(|x, mean, nu, psi| {
                let scatter: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
                (psi + scatter) / (nu + 2.0 + x.nrows() as f64)
            }),
        ),
        (
            "twin",
            exercise::twin(|model| {
                let order: Vec<usize> = (0..model.k()).rev().collect();
                let covariances = order.iter().map(|&j| model.covariances()[j].clone()).collect();
                let weights = DVector::from_fn(model.k(), |j, _| model.weights()[order[j]]);
                GaussianMixture::new(weights, model.means().select_rows(&order), covariances, model.family())
                    .unwrap()
            }),
        ),
        (
            "held_out_share",
            exercise::held_out_share(|n, folds| (0..folds).map(|fold| (n + fold) / folds).collect()),
        ),
        (
            "means_from_sums",
            exercise::means_from_sums(|counts, first| {
                DMatrix::from_fn(first.nrows(), first.ncols(), |j, a| first[(j, a)] / counts[j])
            }),
        ),
        (
            "join_moments",
            exercise::join_moments(|[n, mean, scatter], [m, other, more]| {
                let share = m / (n + m);
                [n + m, mean + share * (other - mean), scatter + more + n * share * (other - mean).powi(2)]
            }),
        ),
        (
            "variance_from_moments",
            exercise::variance_from_moments(|n, mean, scatter, point| scatter / n + (mean - point).powi(2)),
        ),
    ]);
}

/// A mixture of coins is somebody's own model, too; and its M step with a slip is refused.
#[test]
fn a_model_is_judged_by_its_laws() {
    let x = DMatrix::from_fn(12, 3, |i, a| f64::from(u8::from((i * 5 + a * 7) % 4 < 2)));
    let model = |p: f64| {
        let biases = DMatrix::from_fn(2, 3, |j, a| if (j + a) % 2 == 0 { p } else { 1.0 - p / 2.0 });
        BernoulliMixture::new(dvector![0.4, 0.6], biases, 1).unwrap()
    };
    let verdict = exercise::your_model(&[model(0.3), model(0.6)], &x);
    assert!(verdict.is_right(), "{verdict}");

    #[derive(Clone)]
    struct Slipped(BernoulliMixture);
    impl Model for Slipped {
        fn log_joint(&self, x: &DMatrix<f64>) -> executable_em::Result<DMatrix<f64>> {
            self.0.log_joint(x)
        }
        fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> executable_em::Result<Self> {
            // The weights of the components change places.
            let next = self.0.maximize(x, r)?;
            Ok(Slipped(next.with_weights(dvector![next.weights()[1], next.weights()[0]])?))
        }
        fn parameters(&self) -> DVector<f64> {
            self.0.parameters()
        }
    }
    let verdict = exercise::your_model(&[Slipped(model(0.3)), Slipped(model(0.6))], &x);
    assert!(!verdict.is_right(), "{verdict}");
}
