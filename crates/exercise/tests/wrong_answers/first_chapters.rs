//! Mistakes in the exercises of chapters 1 to 6.

use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::{self, Model};
use executable_em::{bound, em, gaussian, kmeans};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// Σ_i r_ij (x_i − m_j)(x_i − m_j)ᵀ.
fn scatter(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>, j: usize) -> DMatrix<f64> {
    let centred = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - means[(j, a)]);
    centred.transpose() * DMatrix::from_diagonal(&r.column(j).into_owned()) * centred
}

/// Exponentials, divided by the sums of the columns instead of the rows.
fn down_the_columns(logs: &DMatrix<f64>) -> DMatrix<f64> {
    let mut r = logs.map(f64::exp);
    r.column_iter_mut().for_each(|mut column| column /= column.sum());
    r
}

#[test]
fn of_k_means() {
    refused! {
        // The farthest mean.
        nearest_means, "is nearer": |x, means| {
            kmeans::squared_distances(x, means).unwrap().row_iter().map(|row| row.transpose().imax()).collect()
        };
        // The largest product x·m, without what the mean's own length does.
        nearest_means, "is nearer": |x, means| {
            (x * means.transpose()).row_iter().map(|row| row.transpose().imax()).collect()
        };
        // Over n instead of R_j.
        average_means, "the sum of r (x − m)": |x, r, previous| {
            let sums = r.transpose() * x / x.nrows() as f64;
            sums.map_with_location(|j, a, sum| if r.column(j).sum() > 0.0 { sum } else { previous[(j, a)] })
        };
        // Nought over nought.
        average_means, "NaN": |x, r, _| DMatrix::from_diagonal(&latent::counts(r).map(f64::recip)) * r.transpose() * x;
        // An average instead of a sum.
        objective, "the sum over the data one by one": |x, r, m| kmeans::objective(x, r, m).unwrap() / x.nrows() as f64;
        // With a half.
        objective, "how much J is above its value at the averages": |x, r, m| kmeans::objective(x, r, m).unwrap() / 2.0;
        // Without the two.
        objective_gradient, "the slope in coordinate": |x, r, m| kmeans::objective_gradient(x, r, m).unwrap() / 2.0;
        // Downhill.
        objective_gradient, "the slope in coordinate": |x, r, m| -kmeans::objective_gradient(x, r, m).unwrap();
        whole_kmeans, "they are not at rest": |_, start| start.clone();
    }
}

#[test]
fn of_gaussian_mixtures() {
    let forms = |x: &DMatrix<f64>, mean: &nalgebra::RowDVector<f64>, middle: &DMatrix<f64>| {
        let centred = DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - mean[a]);
        (&centred * middle).component_mul(&centred).column_sum()
    };
    refused! {
        // The exponent without its half.
        log_density, "how far the log density falls": |x, mean, covariance| {
            let height = -0.5 * (covariance * TAU).determinant().ln();
            forms(x, mean, &covariance.clone().try_inverse().unwrap()).map(|form| height - form)
        };
        // The covariance where its inverse belongs.
        log_density, "how far the log density falls": |x, mean, covariance| {
            forms(x, mean, covariance).map(|form| -0.5 * ((covariance * TAU).determinant().ln() + form))
        };
        // The determinant without its root.
        log_density, "the log of the volume under the density": |x, mean, covariance| {
            let height = -0.5 * x.ncols() as f64 * TAU.ln() - covariance.determinant().ln();
            forms(x, mean, &covariance.clone().try_inverse().unwrap()).map(|form| height - 0.5 * form)
        };
        // One datum for all: an index that does not run.
        log_density, "how far the log density falls": |x, mean, covariance| {
            let first = gaussian::log_density(x, mean, covariance).unwrap()[0];
            DVector::from_element(x.nrows(), first)
        };
        // A variance taken for a standard deviation, in the exponent and in front of it.
        density, "the weighted sum of its components'": |x, model| {
            let squared = model.covariances().iter().map(|v| v * v).collect();
            model.with_covariances(squared, model.family()).unwrap().density(x).unwrap()
        };
        // Equal weights.
        density, "the weighted sum of its components'": |x, model| {
            let densities = model.component_log_densities(x).unwrap().map(f64::exp);
            densities.column_mean()
        };
        // The log of each component's part, and then the sum.
        log_likelihood, "is the sum inside the log?": |x, model| {
            (model.component_log_densities(x).unwrap() * model.weights()).sum()
        };
        mixture_responsibilities, "the log odds of component": |x, model| {
            latent::responsibilities(&model.component_log_densities(x).unwrap()).unwrap()
        };
        mixture_responsibilities, "the sum of row 1": |x, model| down_the_columns(&model.log_joint(x).unwrap());
        mixture_responsibilities, "against 1 for datum 2": |x, model| {
            let r = model.responsibilities(x).unwrap();
            DMatrix::from_fn(x.nrows(), model.k(), |_, j| r[(0, j)])
        };
        // The pull without Σ⁻¹.
        score_in_means, "the slope of ℓ in coordinate": |x, model| {
            let r = model.responsibilities(x).unwrap();
            r.transpose() * x - DMatrix::from_diagonal(&latent::counts(&r)) * model.means()
        };
        // Without the half.
        score_in_covariances, "the slope of ℓ in entry": |x, model| {
            let score = executable_em::gaussian_mixture::score::in_covariances(model, x).unwrap();
            score.iter().map(|one| one * 2.0).collect()
        };
        // The entries on and below the diagonal, as if the others were not there.
        score_in_covariances, "all entries are free": |x, model| {
            let score = executable_em::gaussian_mixture::score::in_covariances(model, x).unwrap();
            let twice = |one: &DMatrix<f64>| one * 2.0 - DMatrix::from_diagonal(&one.diagonal());
            score.iter().map(|one| twice(one).lower_triangle()).collect()
        };
        // R_j, and not over π_j.
        score_in_weights, "the sum of weight times slope": |x, m| latent::counts(&m.responsibilities(x).unwrap());
        // Everyone's n.
        score_in_weights, "the slope of ℓ where weight": |x, m| DVector::from_element(m.k(), x.nrows() as f64);
    }
}

#[test]
fn of_the_m_step() {
    refused! {
        // Over k instead of n.
        weights, "the sum of the weights": |r| latent::counts(r) / r.ncols() as f64;
        weights, "the largest difference between R_j π_1 and R_1 π_j": |r| {
            DVector::from_element(r.ncols(), 1.0 / r.ncols() as f64)
        };
        // Over n instead of R_j.
        covariances, "by how much they miss the maximum of Q": |x, model| {
            let r = model.responsibilities(x).unwrap();
            let means = kmeans::update_means(x, &r, model.means()).unwrap();
            (0..model.k()).map(|j| scatter(x, &r, &means, j) / x.nrows() as f64).collect()
        };
        // The diagonal alone.
        covariances, "by how much they miss the maximum of Q": |x, model| {
            let next = em::sweep(model, x).unwrap();
            next.covariances().iter().map(|one| DMatrix::from_diagonal(&one.diagonal())).collect()
        };
        // Standard deviations.
        variances, "the largest slope of Q in log σ²": |x, r, means| DVector::from_fn(r.ncols(), |j, _| {
            (scatter(x, r, means, j).trace() / (x.ncols() as f64 * r.column(j).sum())).sqrt()
        });
        // 1/σ² where 1/σ⁴ belongs.
        score_in_variances, "the slope of Q in variance": |x, r, means, v| DVector::from_fn(r.ncols(), |j, _| {
            (scatter(x, r, means, j).trace() - x.ncols() as f64 * r.column(j).sum()) / (2.0 * v[j])
        });
        // Q itself, which is to be maximised.
        loss, "by how much the loss falls": |x, r, m| m.log_joint(x).unwrap().dot(r);
        loss, "where all weights become equal": |x, r, m| -m.component_log_densities(x).unwrap().dot(r);
    }
}

#[test]
fn of_soft_k_means() {
    refused! {
        // The distance without its square.
        soft_responsibilities, "the log odds of mean": |x, model| {
            latent::responsibilities(&DMatrix::from_fn(x.nrows(), model.weights().len(), |i, j| {
                model.weights()[j].ln() - 0.5 * model.stiffness() * (x.row(i) - model.means().row(j)).norm()
            })).unwrap()
        };
        // Equal weights.
        soft_responsibilities, "the log odds of mean": |x, model| {
            let squares = kmeans::squared_distances(x, model.means()).unwrap();
            latent::responsibilities(&(squares * (-0.5 * model.stiffness()))).unwrap()
        };
        soft_responsibilities, "the sum of row 1": |x, model| down_the_columns(&model.log_joint(x).unwrap());
        soft_responsibilities, "against mean 1 for datum 2": |x, model| {
            let r = model.responsibilities(x).unwrap();
            r.map_with_location(|_, j, _| r[(0, j)])
        };
        soft_sweep, "the largest entry of Σ r (x − m)": |x, model| {
            model.responsibilities(x).unwrap().transpose() * x / x.nrows() as f64
        };
        // One over a standard deviation.
        critical_stiffness, "how much a small parting of two means grows": |x| {
            executable_em::soft_kmeans::critical_stiffness(x).unwrap().sqrt()
        };
        // One over the variance along all axes together.
        critical_stiffness, "how much a small parting of two means grows": |x| {
            1.0 / x.row_variance().sum() + if x.ncols() == 1 { 1.0 } else { 0.0 }
        };
        // A tie in equal parts, whatever the weights.
        hard_limit, "what of ties?": |x, means, _| {
            let even = DVector::from_element(means.nrows(), 1.0 / means.nrows() as f64);
            executable_em::soft_kmeans::hard_limit(x, means, &even).unwrap()
        };
    }
}

#[test]
fn of_labels() {
    refused! {
        one_hot, "it is 2 × 3, and should be 3 × 2": |labels, k| {
            let z = latent::one_hot(labels, k).unwrap();
            if labels.len() == 3 && k == 2 { z.transpose() } else { z }
        };
        // Labels counted from the other end.
        one_hot, "is not in the column of its label": |labels, k| {
            DMatrix::from_fn(labels.len(), k, |i, j| f64::from(u8::from(labels[i] == k - 1 - j)))
        };
        // The log of the mean.
        log_sum_exp, "Σ exp(term − answer)": |terms| {
            latent::log_sum_exp(terms.iter().copied()) - (terms.len() as f64).ln()
        };
        // The largest alone.
        log_sum_exp, "Σ exp(term − answer)": |terms| terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // ℓ, as if no label were seen.
        complete_log_likelihood, "the sum over all labelings": |t, _| latent::log_likelihood(t).unwrap();
        // All of the table.
        complete_log_likelihood, "the sum over all labelings": |t, _| t.sum();
        // An average.
        log_conditional, "log p(x | z) + log p(z)": |t, labels| {
            latent::complete::log_conditional(&t.log_densities, labels).unwrap() / (labels.len() + 1) as f64
        };
        responsibilities, "the sum of row 1": down_the_columns;
        // The logs themselves, over their sum.
        responsibilities, "the log odds of component": |t| {
            let mut r = t.clone();
            r.row_iter_mut().for_each(|mut row| row /= row.sum());
            r
        };
        // The labels that are most probable.
        expected_log_joint, "the expectation over all labelings": |_, t| t.row_iter().map(|row| row.max()).sum();
        expected_log_joint, "the expectation over all labelings": |q, t| q.dot(t) / (1 + q.nrows()) as f64;
    }
}

#[test]
fn of_the_bound() {
    refused! {
        // In bits.
        entropy, "equal probabilities": |q| bound::entropy(q).unwrap() / std::f64::consts::LN_2;
        // Of the average row.
        entropy, "the sum over the rows": |q| bound::entropy(&DMatrix::from_rows(&[q.row_mean()])).unwrap();
        kl_divergence, "is below zero": |q, p| -bound::kl_divergence(q, p).unwrap();
        // A difference of two entropies.
        kl_divergence, "the divergence from the posterior": |q, p| {
            (bound::entropy(p).unwrap() - bound::entropy(q).unwrap()).abs()
        };
        // Q, which is the bound without its entropy.
        lower_bound, "is the entropy in it?": |q, t| latent::expected_log_joint(q, t).unwrap();
        // ℓ, whatever q is.
        lower_bound, "ℓ less the bound": |_, t| latent::log_likelihood(t).unwrap();
        jensen_gap, "the gap of f(x) = x²": |f, w, x| x.map(f).dot(w);
        // f of the deviations: right for x², and for hardly anything else.
        jensen_gap, "the gap of f(x) = x² + 3x − 1": |f, w, x| x.add_scalar(-w.dot(x)).map(f).dot(w);
        // Equal weights.
        jensen_gap, "the gap of f(x) = x²": |f, _, x| x.map(f).mean() - f(x.mean());
    }
}

#[test]
fn of_em() {
    refused! {
        // The means alone.
        em_step, "the covariances miss the maximum of Q": |x, model| {
            let next = em::sweep(model, x).unwrap();
            model.with_means(next.means().clone()).unwrap().with_weights(next.weights().clone()).unwrap()
        };
        // The weights forgotten.
        em_step, "between a weight and its share": |x, model| {
            em::sweep(model, x).unwrap().with_weights(model.weights().clone()).unwrap()
        };
        // Two sweeps for one.
        em_step, "the means miss the maximum of Q": |x, model| {
            em::sweep(&em::sweep(model, x).unwrap(), x).unwrap()
        };
        // The bound, which has the entropy in it.
        expected_log_joint_before_and_after, "Q(old) + the entropy of the posterior": |x, old, new| {
            let r = old.responsibilities(x).unwrap();
            let f = |model: &GaussianMixture| bound::lower_bound(&r, &model.log_joint(x).unwrap()).unwrap();
            (f(old), f(new))
        };
        // ℓ before and after.
        expected_log_joint_before_and_after, "the divergence between the two posteriors": |x, old, new| {
            (old.log_likelihood(x).unwrap(), new.log_likelihood(x).unwrap())
        };
        generalised_step, "it should rise": |_, model, _| model.clone();
        // The way back.
        generalised_step, "it should rise": |x, model, r| {
            let whole = model.maximize(x, r).unwrap();
            model.with_means(model.means() * 2.0 - whole.means()).unwrap()
        };
        fixed_point, "how much one more sweep raises ℓ": |x, start| em::sweep(start, x).unwrap();
    }
}
