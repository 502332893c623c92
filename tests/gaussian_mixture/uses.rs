//! What a mixture is used for: samples, posteriors on a grid, class densities.

use crate::common::bounds::gamma;
use crate::common::naive::{self, Entry, Naive};
use crate::common::{assert_matrices_within, assert_printed, assert_within, column, line_mixture, mixture};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start, uses};
use executable_em::latent::{self, Model};
use executable_em::{Error, data, em, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use num_dual::HyperDual64;
use std::f64::consts::TAU;

/// Data drawn from the mixture have its labels' shares, its mean Σπμ and its covariance Σπ(Σ + μμᵀ) − μ̄μ̄ᵀ.
///
/// Source: H-22, T-10.
#[test]
fn samples_have_the_moments_of_the_mixture() {
    let model = mixture(
        &[0.2, 0.5, 0.3],
        dmatrix![0.0, 0.0; 4.0, -1.0; -2.0, 3.0],
        vec![dmatrix![1.0, 0.6; 0.6, 1.0], dmatrix![2.0, -0.5; -0.5, 0.5], dmatrix![0.3, 0.0; 0.0, 0.2]],
    );
    let n = 40_000;
    let (x, labels) = model.sample(n, &mut data::rng(22)).unwrap();
    let root = (n as f64).sqrt();
    for j in 0..3 {
        let share = labels.iter().filter(|&&label| label == j).count() as f64 / n as f64;
        let p = model.weights()[j];
        // z = 5 throughout.
        assert_within(share, p, 5.0 * (p * (1.0 - p)).sqrt() / root);
        // Within a label the data are the component's.
        let rows: Vec<usize> = (0..n).filter(|&i| labels[i] == j).collect();
        let own = x.select_rows(&rows);
        for a in 0..2 {
            let sd = (model.covariances()[j][(a, a)] / rows.len() as f64).sqrt();
            assert_within(own.column(a).mean(), model.means()[(j, a)], 5.0 * sd);
        }
    }
    let mean = model.mean();
    // By hand: 0.2·0 + 0.5·4 − 0.3·2 = 1.4 and −0.5 + 0.9 = 0.4.
    assert_within(mean[0], 1.4, gamma(6) * 4.0);
    assert_within(mean[1], 0.4, gamma(6) * 4.0);
    let covariance = model.covariance();
    let mut raw = -(mean.transpose() * &mean);
    for j in 0..3 {
        raw += (&model.covariances()[j] + model.means().row(j).transpose() * model.means().row(j))
            * model.weights()[j];
    }
    assert_matrices_within(&covariance, &raw, gamma(20) * 30.0);
    for a in 0..2 {
        assert_within(x.column(a).mean(), mean[a], 5.0 * covariance[(a, a)].sqrt() / root);
        for b in 0..=a {
            let product: f64 =
                (0..n).map(|i| (x[(i, a)] - mean[a]) * (x[(i, b)] - mean[b])).sum::<f64>() / n as f64;
            // E v_a² v_b² of a component with offset δ: δa²δb² + δa²Σbb + δb²Σaa + 4δaδbΣab + ΣaaΣbb + 2Σab².
            let fourth: f64 = (0..3)
                .map(|j| {
                    let s = &model.covariances()[j];
                    let (p, q) = (model.means()[(j, a)] - mean[a], model.means()[(j, b)] - mean[b]);
                    let inner = p * p * q * q
                        + p * p * s[(b, b)]
                        + q * q * s[(a, a)]
                        + 4.0 * p * q * s[(a, b)]
                        + s[(a, a)] * s[(b, b)]
                        + 2.0 * s[(a, b)].powi(2);
                    model.weights()[j] * inner
                })
                .sum();
            let sd = (fourth - covariance[(a, b)].powi(2)).sqrt();
            assert_within(product, covariance[(a, b)], 5.0 * sd / root);
        }
    }
}

/// The posterior of one mean over a grid is prior times likelihood over their integral: it integrates to one, and for a
/// single Gaussian it is the conjugate one.
///
/// Source: H-23.
#[test]
fn the_grid_posterior_is_bayes_rule() {
    let x = column(&[0.5, 1.0, 2.5]);
    let spacing = 0.01;
    let grid = DVector::from_fn(1401, |g, _| -7.0 + spacing * g as f64);
    let prior = |m: f64| -0.5 * (m * m / 4.0 + (TAU * 4.0).ln());
    for weights in [[1.0, 0.0], [0.6, 0.4]] {
        let l = grid.map(|m| line_mixture(&weights, &[m, 3.0], &[1.0, 1.0]).log_likelihood(&x).unwrap());
        let posterior = uses::grid_posterior(&l, &grid.map(prior), spacing).unwrap();
        assert_within(posterior.sum() * spacing, 1.0, gamma(1401));
        // Ratios of neighbours are those of prior times likelihood.
        for g in (0..1400).step_by(97) {
            let log_ratio = l[g + 1] - l[g] + prior(grid[g + 1]) - prior(grid[g]);
            if posterior[g] > 1e-290 {
                assert_within((posterior[g + 1] / posterior[g]).ln(), log_ratio, 1e4 * f64::EPSILON); // |ℓ| < 200
            }
        }
        if weights[1] == 0.0 {
            // Conjugate: precision 3 + ¼, mean Σx over that.
            let (precision, mean) = (3.25_f64, 4.0 / 3.25);
            for g in 0..1401 {
                let exact = (precision / TAU).sqrt() * (-0.5 * precision * (grid[g] - mean).powi(2)).exp();
                // The rectangle rule with 55 points to a standard deviation has no error worth naming; rounding: |ℓ| <
                // 200.
                assert_within(posterior[g], exact, 1e3 * f64::EPSILON * 200.0);
            }
        }
    }
    let nowhere = dvector![f64::NEG_INFINITY, f64::NEG_INFINITY];
    assert_eq!(
        uses::grid_posterior(&nowhere, &dvector![0.0, 0.0], 1.0),
        Err(Error::ImpossibleDatum { row: 0 })
    );
    let error = uses::grid_posterior(&dvector![0.0], &dvector![0.0, 0.0], 1.0).unwrap_err();
    assert_eq!(error, Error::Shape { what: "log priors", expected: (1, 1), found: (2, 1) });
    let error = uses::grid_posterior(&dvector![0.0], &dvector![0.0], 0.0).unwrap_err();
    assert_eq!(error, Error::Domain { what: "spacing", value: 0.0, allowed: "finite and > 0" });
}

/// The table log p(x_a | θ_b) without its row and column means has rank 2 for a Gaussian, as an exponential family with
/// two statistics must, and a rank that grows with the table for a mixture.
///
/// Source: H-24.
#[test]
fn a_mixture_is_no_exponential_family() {
    let rank = |size: usize, model: &dyn Fn(f64) -> GaussianMixture| {
        let table = DMatrix::from_fn(size, size, |a, b| {
            let x = -4.0 + 8.0 * a as f64 / (size - 1) as f64;
            model(b as f64 / (size - 1) as f64).log_likelihood(&column(&[x])).unwrap()
        });
        let interaction = uses::interaction(&table).unwrap();
        // Rows and columns now sum to nothing but rounding.
        let residue = gamma(4 * size) * table.amax() * size as f64;
        assert!(interaction.row_sum().amax() <= residue && interaction.column_sum().amax() <= residue);
        let singular = interaction.singular_values();
        // Entries are good to some 20ε|table|, singular values to `size` times that.
        let noise = 100.0 * f64::EPSILON * table.amax() * size as f64;
        singular.iter().filter(|&&value| value > noise).count()
    };
    let gaussian = |t: f64| line_mixture(&[1.0], &[3.0 * t - 1.0], &[0.3 + (5.0 * t).sin().powi(2)]);
    let two = |t: f64| {
        line_mixture(
            &[0.2 + 0.6 * t, 0.8 - 0.6 * t],
            &[-3.0 * t, 3.0 * (7.0 * t).cos()],
            &[0.05 + t, 0.05 + (9.0 * t).sin().powi(2)],
        )
    };
    assert_eq!([rank(6, &gaussian), rank(12, &gaussian), rank(24, &gaussian)], [2, 2, 2]);
    let ranks = [rank(6, &two), rank(12, &two), rank(24, &two)];
    assert!(ranks[0] == 5 && ranks[1] == 11 && ranks[2] > 15, "{ranks:?}"); // at most size − 1
}

/// Mixed second derivatives of ℓ (hyper-dual) do not vanish, so it does not factorise over μ, π and Σ; with the labels
/// given the one in μ and π does, and the table of ℓ(μ_a, π_b) shows the same.
///
/// Source: H-25.
#[test]
fn the_likelihood_does_not_factorise_over_its_parameters() {
    let model = line_mixture(&[0.4, 0.6], &[-0.5, 1.0], &[1.0, 0.7]);
    let x = column(&[-1.2, -0.3, 0.4, 0.9, 2.2]);
    let (mean, weight, variance) = (Entry::Mean(0, 0), Entry::Weight(1), Entry::Covariance(0, 0, 0));
    for (one, other) in [(mean, weight), (mean, variance), (weight, variance)] {
        let mixed = naive::second_derivative(&model, &x, one, other);
        assert!(mixed.abs() > 0.05, "{one:?}, {other:?}: {mixed}");
        assert_within(mixed, naive::second_derivative(&model, &x, other, one), 1e-13);
    }
    // The mixed derivative in μ and π is that of the library's score: ∂/∂π_l of Σ r_0(x − μ_0)/σ² = −Σ r_0 r_1 (x −
    // μ_0)/(σ² π_1).
    let r = model.responsibilities(&x).unwrap();
    let expected: f64 = -(0..5).map(|i| r[(i, 0)] * r[(i, 1)] * (x[i] + 0.5) / 0.6).sum::<f64>();
    assert_within(naive::second_derivative(&model, &x, mean, weight), expected, 1e-13);

    let labels = [0, 0, 1, 1, 1];
    let mut known = Naive::<HyperDual64>::new(&model);
    known.entry(mean).eps1 = 1.0;
    known.entry(Entry::Weight(0)).eps2 = 1.0;
    let mut complete = HyperDual64::from(0.0);
    for (i, &label) in labels.iter().enumerate() {
        complete += known.log_joint(&[x[i]], label);
    }
    assert!(complete.eps1 != 0.0 && complete.eps2 != 0.0);
    assert_eq!(complete.eps1eps2, 0.0);

    let at = |a: usize, b: usize| {
        let weight = 0.1 + 0.2 * b as f64;
        line_mixture(&[weight, 1.0 - weight], &[-1.0 + 0.5 * a as f64, 1.0], &[1.0, 0.7])
    };
    let observed = DMatrix::from_fn(4, 4, |a, b| at(a, b).log_likelihood(&x).unwrap());
    assert!(uses::interaction(&observed).unwrap().amax() > 0.1);
    let z = latent::one_hot(&labels, 2).unwrap();
    let complete = DMatrix::from_fn(4, 4, |a, b| {
        latent::expected_log_joint(&z, &at(a, b).log_joint(&x).unwrap()).unwrap()
    });
    assert!(uses::interaction(&complete).unwrap().amax() <= gamma(60) * complete.amax());
    assert_eq!(uses::interaction(&DMatrix::zeros(0, 1)), Err(Error::Empty { what: "table" }));
}

/// On two interleaved classes one Gaussian a class does no better than guessing, a mixture a class gets nearly all.
///
/// Source: L-03.
#[test]
fn mixtures_as_class_densities_classify_what_single_gaussians_cannot() {
    // Clusters A B A B … at −6, −2, 2, 6 with sd 0.5: neighbours are 8 sd apart.
    let truth = line_mixture(&[0.25; 4], &[-6.0, -2.0, 2.0, 6.0], &[0.25; 4]);
    let mut rng = data::rng(3);
    let (x, clusters) = truth.sample(400, &mut rng).unwrap();
    let class = |i: usize| clusters[i] % 2;
    let accuracy = |k: usize, rng: &mut _| {
        let models: Vec<GaussianMixture> = (0..2)
            .map(|c| {
                let rows: Vec<usize> = (0..400).filter(|&i| class(i) == c).collect();
                let own = x.select_rows(&rows);
                let start = kmeans_start(&own, k, CovarianceFamily::Full, rng).unwrap();
                em::fit(start, &own, &em::Stopping::default()).unwrap().model.clone()
            })
            .collect();
        let found = uses::classify(&x, &dvector![0.5, 0.5], &models).unwrap();
        (0..400).filter(|&i| found[i] == class(i)).count() as f64 / 400.0
    };
    assert!(accuracy(1, &mut rng) < 0.8, "one Gaussian a class");
    // An error needs a normal beyond 4 sd: 6e−5 · 400 = 0.03 data.
    assert!(accuracy(2, &mut rng) > 0.995, "a mixture a class");

    let at = |mean: f64| line_mixture(&[1.0], &[mean], &[1.0]);
    let twins = [at(0.0), at(0.0)];
    assert_eq!(uses::classify(&column(&[1.0]), &dvector![0.5, 0.5], &twins).unwrap(), [0], "a tie");
    assert_eq!(
        uses::classify(&column(&[1.0]), &dvector![0.2, 0.8], &twins).unwrap(),
        [1],
        "the priors count"
    );
    assert_eq!(uses::classify(&column(&[1.0]), &dvector![0.0, 1.0], &[at(1.0), at(9.0)]).unwrap(), [1]);
    assert_eq!(uses::classify(&column(&[1.0]), &dvector![], &[]), Err(Error::Empty { what: "classes" }));
    let error = uses::classify(&column(&[1.0]), &dvector![1.0], &twins).unwrap_err();
    assert_eq!(error, Error::Shape { what: "priors", expected: (2, 1), found: (1, 1) });
    let error = uses::classify(&column(&[1.0]), &dvector![0.5, 0.75], &twins).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "priors", row: 0, value: 1.25 });
}

/// Naive Bayes is the diagonal mixture with its labels seen: the classifier and its responsibilities name the same
/// class. Where columns hang together within a class it loses to full covariances, and to a mixture of diagonal ones.
///
/// Source: X-32, L-03.
#[test]
fn naive_bayes_is_a_diagonal_mixture_with_labels_seen() {
    // Two crossed bars: (t, ±t) and a little noise, equal means and equal variances of every column.
    let mut rng = data::rng(11);
    let noise =
        gaussian::sample(400, &RowDVector::zeros(2), &dmatrix![1.0, 0.0; 0.0, 0.01], &mut rng).unwrap();
    let labels: Vec<usize> = (0..400).map(|i| i % 2).collect();
    let x = DMatrix::from_fn(400, 2, |i, a| {
        let (along, across) = (noise[(i, 0)], noise[(i, 1)]);
        if a == 0 { along + across } else { (along - across) * if labels[i] == 0 { 1.0 } else { -1.0 } }
    });
    let right = |found: &[usize]| (0..400).filter(|&i| found[i] == labels[i]).count();
    let mut by_family = Vec::new();
    for family in [CovarianceFamily::Diagonal, CovarianceFamily::Full] {
        let any = random_start(&x, 2, family, &mut rng).unwrap();
        let seen = latent::complete::maximum_likelihood(&any, &x, &labels, 2).unwrap();
        let r = seen.responsibilities(&x).unwrap();
        let by_mixture: Vec<usize> = r.row_iter().map(|row| row.transpose().imax()).collect();
        let of_class = |c: usize| {
            GaussianMixture::new(
                dvector![1.0],
                seen.means().rows(c, 1).into(),
                vec![seen.covariances()[c].clone()],
                family,
            )
        };
        let classes = [of_class(0).unwrap(), of_class(1).unwrap()];
        assert_eq!(uses::classify(&x, seen.weights(), &classes).unwrap(), by_mixture);
        by_family.push(right(&by_mixture));
    }
    // Nothing but chance is left to independent columns: 400 tosses stay within 5 standard deviations, 50, of 200. With
    // correlations one errs where bars cross: |t| of the size of the noise, 0.1, hence some 400 · 0.1.
    assert!(by_family[0] < 250 && by_family[1] > 340, "{by_family:?}");
    let mixtures: Vec<GaussianMixture> = (0..2)
        .map(|c| {
            let rows: Vec<usize> = (0..400).filter(|&i| labels[i] == c).collect();
            let own = x.select_rows(&rows);
            let start = kmeans_start(&own, 2, CovarianceFamily::Diagonal, &mut rng).unwrap();
            em::fit(start, &own, &em::Stopping::default()).unwrap().model
        })
        .collect();
    let found = uses::classify(&x, &dvector![0.5, 0.5], &mixtures).unwrap();
    assert!(right(&found) > 280, "two diagonal Gaussians a class: {}", right(&found));
}

/// Which of two clusters made (−2, −2)? N((∓1, ∓1), I) with equal weights: 1/(1 + e^{−8}) = .999665.
///
/// Source: C-35, C-36.
#[test]
fn the_left_cluster_made_the_point_on_the_left() {
    let model = mixture(&[0.5, 0.5], dmatrix![-1.0, -1.0; 1.0, 1.0], vec![DMatrix::identity(2, 2); 2]);
    let r = model.responsibilities(&dmatrix![-2.0, -2.0]).unwrap();
    assert_within(r[0], 1.0 / (1.0 + (-8.0_f64).exp()), gamma(40));
    assert_printed(r[0], "0.999665");
}
