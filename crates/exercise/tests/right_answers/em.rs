//! Chapter 6: the loop, and what its steps promise.

use crate::scatter;
use executable_em::gaussian_mixture::{GaussianMixture, score, update};
use executable_em::latent::{self, Model};
use executable_em::{bound, em, kmeans};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};

/// The mixture of these parts, full covariances.
fn mixture(weights: DVector<f64>, means: DMatrix<f64>, covariances: Vec<DMatrix<f64>>) -> GaussianMixture {
    let full = executable_em::gaussian_mixture::CovarianceFamily::Full;
    GaussianMixture::new(weights, means, covariances, full).unwrap()
}

/// Q at a model, with these responsibilities.
fn q(r: &DMatrix<f64>, model: &GaussianMixture, x: &DMatrix<f64>) -> f64 {
    latent::expected_log_joint(r, &model.log_joint(x).unwrap()).unwrap()
}

/// A share of the way from one matrix to another.
fn between(share: f64, from: &DMatrix<f64>, to: &DMatrix<f64>) -> DMatrix<f64> {
    from * (1.0 - share) + to * share
}

/// Sweeps until none raises ℓ, by recursion.
fn rest(model: GaussianMixture, x: &DMatrix<f64>) -> GaussianMixture {
    let next = em::sweep(&model, x).unwrap();
    let rise = next.log_likelihood(x).unwrap() - model.log_likelihood(x).unwrap();
    if rise < 1e-8 { next } else { rest(next, x) }
}

/// A sweep as a step up the gradient of ℓ, each parameter with its own matrix: Σ/R, 2ΣGΣ/R, and π_j g_j/n.
fn up_the_gradient(x: &DMatrix<f64>, model: &GaussianMixture) -> GaussianMixture {
    let (slopes, bends) = (score::in_means(model, x).unwrap(), score::in_covariances(model, x).unwrap());
    let weights = score::in_weights(model, x).unwrap().component_mul(model.weights()) / x.nrows() as f64;
    let (mut means, mut covariances) = (model.means().clone(), Vec::new());
    for (j, covariance) in model.covariances().iter().enumerate() {
        let count = weights[j] * x.nrows() as f64;
        let moved = slopes.row(j) * covariance / count;
        means.set_row(j, &(model.means().row(j) + &moved));
        let bent = covariance * &bends[j] * covariance * (2.0 / count);
        // Rounding alone makes it unlike its mirror image.
        covariances.push(covariance + (&bent + bent.transpose()) / 2.0 - moved.transpose() * &moved);
    }
    mixture(weights, means, covariances)
}

right! {
    em_step:
        |x, model| em::sweep(model, x).unwrap(),
        |x, model| {
            let r = latent::responsibilities(&model.log_joint(x).unwrap()).unwrap();
            model.maximize(x, &r).unwrap()
        },
        |x, model| {
            let r = model.responsibilities(x).unwrap();
            let means = kmeans::update_means(x, &r, model.means()).unwrap();
            let covariances = (0..model.k()).map(|j| scatter(x, &r, &means, j) / r.column(j).sum()).collect();
            mixture(update::weights(&r).unwrap(), means, covariances)
        },
        up_the_gradient,
        |x, model| {
            // From sums over the data, one pass: Σ r, Σ r x, Σ r x xᵀ.
            let r = model.responsibilities(x).unwrap();
            let (counts, first) = (latent::counts(&r), r.transpose() * x);
            let mut second = vec![DMatrix::zeros(model.d(), model.d()); model.k()];
            for i in 0..x.nrows() {
                for j in 0..model.k() {
                    second[j] += x.row(i).transpose() * x.row(i) * r[(i, j)];
                }
            }
            let means = DMatrix::from_fn(model.k(), model.d(), |j, a| first[(j, a)] / counts[j]);
            let covariances = second.iter().enumerate()
                .map(|(j, sum)| sum / counts[j] - means.row(j).transpose() * means.row(j)).collect();
            mixture(counts / x.nrows() as f64, means, covariances)
        };
    expected_log_joint_before_and_after:
        |x, old, new| {
            let r = old.responsibilities(x).unwrap();
            (q(&r, old, x), q(&r, new, x))
        },
        |x, old, new| {
            // The bound less the entropy.
            let r = old.responsibilities(x).unwrap();
            let of = |model: &GaussianMixture| {
                bound::lower_bound(&r, &model.log_joint(x).unwrap()).unwrap() - bound::entropy(&r).unwrap()
            };
            (of(old), of(new))
        },
        |x, old, new| {
            // ℓ less the cross entropy of the two posteriors.
            let r = old.responsibilities(x).unwrap();
            let of = |model: &GaussianMixture| {
                let own = model.responsibilities(x).unwrap();
                model.log_likelihood(x).unwrap() - bound::kl_divergence(&r, &own).unwrap() - bound::entropy(&r).unwrap()
            };
            (of(old), of(new))
        },
        |x, old, new| {
            let r = old.responsibilities(x).unwrap();
            let (mut before, mut after) = (0.0, 0.0);
            for j in 0..old.k() {
                for i in 0..x.nrows() {
                    before += r[(i, j)] * old.log_joint(x).unwrap()[(i, j)];
                    after += r[(i, j)] * new.log_joint(x).unwrap()[(i, j)];
                }
            }
            (before, after)
        },
        |x, old, new| {
            // From the sums alone: R log π − ½ R log|2πΣ| − ½ tr Σ⁻¹S.
            let r = old.responsibilities(x).unwrap();
            let of = |model: &GaussianMixture| (0..model.k()).map(|j| {
                let (count, covariance) = (r.column(j).sum(), &model.covariances()[j]);
                let form = covariance.clone().lu().solve(&scatter(x, &r, model.means(), j)).unwrap().trace();
                let volume = (covariance * std::f64::consts::TAU).determinant();
                count * model.weights()[j].ln() - 0.5 * (count * volume.ln() + form)
            }).sum::<f64>();
            (of(old), of(new))
        };
    generalised_step:
        |x, model, r| {
            let whole = model.maximize(x, r).unwrap();
            model.with_means(between(0.5, model.means(), whole.means())).unwrap()
        },
        |x, model, r| model.with_weights(model.maximize(x, r).unwrap().weights().clone()).unwrap()
            .with_means(between(0.25, model.means(), model.maximize(x, r).unwrap().means())).unwrap(),
        |x, model, r| {
            let whole = model.maximize(x, r).unwrap();
            let covariances = model.covariances().iter().zip(whole.covariances())
                .map(|(old, new)| between(0.5, old, new)).collect();
            model.with_means(whole.means().clone()).unwrap().with_covariances(covariances, model.family()).unwrap()
        },
        |x, model, r| {
            // The covariances at their best about the old means, and the means as they were.
            let covariances = (0..model.k()).map(|j| scatter(x, r, model.means(), j) / r.column(j).sum());
            model.with_covariances(covariances.collect(), model.family()).unwrap()
        },
        |x, model, r| {
            // One coordinate of each mean to its best place, given the others.
            let mut means = model.means().clone();
            for (j, covariance) in model.covariances().iter().enumerate() {
                let precision = covariance.clone().try_inverse().unwrap();
                let pull = r.column(j).transpose() * x - model.means().row(j) * r.column(j).sum();
                means[(j, 0)] += (pull * &precision)[0] / (r.column(j).sum() * precision[(0, 0)]);
            }
            model.with_means(means).unwrap()
        },
        |x, model, r| {
            // Up the plain gradient, by a step that is halved until Q rises.
            let gradient = score::of_q_in_means(model, x, r).unwrap();
            let at = |step: f64| model.with_means(model.means() + &gradient * step).unwrap();
            let steps = std::iter::successors(Some(1.0), |step| Some(step / 2.0));
            steps.map(at).find(|next| q(r, next, x) > q(r, model, x)).unwrap()
        };
    fixed_point:
        |x, start| {
            let patient = em::Stopping { tolerance: em::Tolerance::Parameters(1e-9), max_sweeps: 5000 };
            em::fit(start.clone(), x, &patient).unwrap().model
        },
        |x, start| {
            let loose = em::Stopping { tolerance: em::Tolerance::LogLikelihood(1e-12), max_sweeps: 20_000 };
            em::fit(start.clone(), x, &loose).unwrap().model
        },
        |x, start| (0..3000).fold(start.clone(), |model, _| em::sweep(&model, x).unwrap()),
        |x, start| rest(start.clone(), x),
        |x, start| {
            // Until the responsibilities rest.
            let mut model = start.clone();
            loop {
                let r = model.responsibilities(x).unwrap();
                model = model.maximize(x, &r).unwrap();
                if (model.responsibilities(x).unwrap() - r).amax() < 1e-7 {
                    return model;
                }
            }
        },
        |x, start| (0..3000).fold(start.clone(), |model, _| up_the_gradient(x, &model));
}
