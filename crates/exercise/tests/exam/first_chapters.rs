//! The exams of chapters 1 to 7.

use crate::exam;
use executable_em::bernoulli_mixture::{BernoulliMixture, identifiability, single_flip};
use executable_em::convergence::aitken;
use executable_em::gaussian_mixture::{
    CovarianceFamily::Full, GaussianMixture, OnlyMean, random_start, score, update,
};
use executable_em::latent::{self, Model, labelings};
use executable_em::pathologies::saddle;
use executable_em::soft_kmeans::{self, SoftKMeans, Weights};
use executable_em::{bound, data, em, kmeans};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// Two Gaussians that are not at rest on Old Faithful.
fn geyser() -> (DMatrix<f64>, GaussianMixture) {
    let x = data::old_faithful();
    let model = random_start(&x, 2, Full, &mut data::rng(1)).unwrap();
    (x, model)
}

#[test]
fn k_means() {
    exam("01_kmeans", |exam| {
        let (x, means) = (dmatrix![-3.0; 1.0; 3.0], dmatrix![-1.0; 3.0]);
        let rest = kmeans::lloyd(&x, &means, 10).unwrap();
        assert_eq!((rest.means(), rest.objective()), (&means, 8.0));
        exam.says(1, "On the data $-3, 1, 3$, k-means rests with means at $-1$ and $3$, where $J = 8$");
        for epsilon in [1e-3, 0.5] {
            let moved = dmatrix![-1.0 - epsilon; 3.0];
            let far = kmeans::squared_distances(&x, &moved).unwrap().map(f64::sqrt);
            assert!((far[(1, 0)] - (2.0 + epsilon)).abs() < 1e-12 && far[(1, 1)] == 2.0);
            assert_eq!(kmeans::assign(&x, &moved).unwrap(), [0, 1, 1]);
            let r = kmeans::responsibilities(&x, &moved).unwrap();
            let j = kmeans::objective(&x, &r, &moved).unwrap();
            assert!((j - ((2.0 - epsilon).powi(2) + 4.0)).abs() < 1e-12);
            assert!((j - (8.0 - 4.0 * epsilon + epsilon * epsilon)).abs() < 1e-12 && j < 8.0);
        }
        exam.says(1, r"at $2+\varepsilon$ from it and at $2$ from the other");
        exam.says(1, r"$J = (2-\varepsilon)^2 + 2^2 = 8 - 4\varepsilon + \varepsilon^2 < 8$");

        let (all, mean) = (DMatrix::from_element(3, 1, 1.0), dmatrix![2.5]);
        let average = kmeans::update_means(&x, &all, &mean).unwrap();
        let j = |mean| kmeans::objective(&x, &all, mean).unwrap();
        assert!((j(&mean) - j(&average) - 3.0 * (average[0] - mean[0]).powi(2)).abs() < 1e-12);
        exam.says(2, r"$J$ falls by $R\lVert\bar x-m\rVert^2$");

        let (x, model) = geyser();
        let seconds = DMatrix::from_diagonal(&dvector![1.0, 60.0]);
        let scaled_x = &x * &seconds;
        let squares = |x: &DMatrix<f64>| (x[(0, 1)] - x[(1, 1)]).powi(2);
        exam.rounds(3, squares(&scaled_x) / squares(&x), "3600");
        // Four corners: in minutes the first column parts them, in seconds the second.
        let corners = dmatrix![0.0, 0.0; 0.0, 1.0; 4.0, 0.0; 4.0, 1.0];
        let cost = |x: &DMatrix<f64>, labels: &[usize]| {
            let r = latent::one_hot(labels, 2).unwrap();
            let means = kmeans::update_means(x, &r, &DMatrix::zeros(2, 2)).unwrap();
            kmeans::objective(x, &r, &means).unwrap()
        };
        assert!(cost(&corners, &[0, 0, 1, 1]) < cost(&corners, &[0, 1, 0, 1]));
        assert!(cost(&(&corners * &seconds), &[0, 0, 1, 1]) > cost(&(&corners * &seconds), &[0, 1, 0, 1]));
        let covariances =
            model.covariances().iter().map(|covariance| &seconds * covariance * &seconds).collect();
        let scaled =
            model.with_means(model.means() * &seconds).unwrap().with_covariances(covariances, Full).unwrap();
        let ratio = scaled.density(&scaled_x).unwrap().component_div(&model.density(&x).unwrap());
        assert!((ratio.add_scalar(-1.0 / 60.0)).amax() < 1e-12);
        let (r, same) = (model.responsibilities(&x).unwrap(), scaled.responsibilities(&scaled_x).unwrap());
        assert!((r - same).amax() < 1e-9);
        let change = scaled.log_likelihood(&scaled_x).unwrap() - model.log_likelihood(&x).unwrap();
        assert!((change + x.nrows() as f64 * 60.0_f64.ln()).abs() < 1e-6);
        exam.says(3, r"each density changes by the same factor $1/60$");
        exam.says(3, r"$\ell$ by $-n\log60$");
    });
}

#[test]
fn gaussian_mixtures() {
    exam("02_gaussian_mixture", |exam| {
        let (x, model) = geyser();
        let counts = latent::counts(&model.responsibilities(&x).unwrap());
        let (weights, multiplier) = update::weights_and_multiplier(&counts).unwrap();
        // The library writes the multiplier with the other sign.
        assert!((multiplier + x.nrows() as f64).abs() < 1e-9);
        assert!((weights - &counts / x.nrows() as f64).amax() < 1e-12);
        exam.says(1, r"this says $n=\lambda$, and so $\pi_j=R_j/n$");

        let covariance = model.covariances()[0].clone();
        let means = DMatrix::from_fn(2, 2, |_, a| model.means()[(0, a)]);
        let alike =
            GaussianMixture::new(dvector![0.3, 0.7], means, vec![covariance.clone(), covariance], Full)
                .unwrap();
        let r = alike.responsibilities(&x).unwrap();
        assert!(r.column(0).iter().all(|share| (share - 0.3).abs() < 1e-12));
        let once = em::sweep(&alike, &x).unwrap();
        assert!(
            (once.means().row(1) - x.row_mean()).amax() < 1e-9 && (once.weights()[0] - 0.3).abs() < 1e-12
        );
        assert!(em::largest_move(&once, &em::sweep(&once, &x).unwrap()) < 1e-9);
        assert!(saddle::growths(&once, &x).unwrap().max() > 1.0);
        exam.says(2, r"$r_{ij}=\pi_j$ for every datum");
        exam.says(
            2,
            "After one sweep nothing moves any more: EM rests at the fit of a single Gaussian, a saddle.",
        );

        let none = model.with_weights(dvector![1.0, 0.0]).unwrap();
        assert_eq!(update::weights(&none.responsibilities(&x).unwrap()).unwrap()[1], 0.0);
        let of_one = none.component_log_densities(&x).unwrap().column(1).map(f64::exp);
        let slope = of_one.component_div(&none.density(&x).unwrap()).sum() - x.nrows() as f64;
        let l =
            |share: f64| none.with_weights(dvector![1.0 - share, share]).unwrap().log_likelihood(&x).unwrap();
        let h = 1e-9;
        assert!(((l(h) - l(0.0)) / h / slope - 1.0).abs() < 1e-2 && slope > 0.0, "{slope}");
        exam.says(3, r"is $\sum_ip_j(x_i)/p(x_i)-n$, which may well be positive");
    });
}

#[test]
fn soft_k_means() {
    exam("03_soft_kmeans", |exam| {
        let x = dmatrix![-1.0; 1.0];
        let sweep = |m: f64, stiffness: f64| {
            let model = SoftKMeans::new(dmatrix![m; -m], stiffness, Weights::Held).unwrap();
            em::sweep(&model, &x).unwrap().means()[0]
        };
        for (m, stiffness) in [(0.5, 1.0), (0.2, 3.0), (1.5, 0.4)] {
            assert!((sweep(m, stiffness) - (stiffness * m).tanh()).abs() < 1e-14);
        }
        assert!((soft_kmeans::critical_stiffness(&x).unwrap() - 1.0).abs() < 1e-12);
        exam.says(
            1,
            r"=\tanh\beta m$. Its slope at $0$ is $\beta$: the means part for $\beta>1$, which is one over",
        );

        let mut run = vec![0.5];
        (0..100_000).for_each(|t| run.push(sweep(run[t], 1.0)));
        let grows = |t: usize| run[t + 1_usize].powi(-2) - run[t].powi(-2);
        assert!((grows(1000) - 2.0 / 3.0).abs() < 1e-3);
        assert!((run[100_000] / (3.0 / (2.0 * 100_000.0_f64)).sqrt() - 1.0).abs() < 1e-3);
        assert!((run[1000] / run[100_000] - 10.0).abs() < 0.1);
        exam.says(2, r"$m^{-2}$ grows by about $\frac23$ a sweep and $m_t\approx\sqrt{3/(2t)}$");
        exam.says(2, "to be ten times nearer takes a hundred times as many sweeps");
    });
}

#[test]
fn labels() {
    exam("04_latent", |exam| {
        let (n, k) = (100, 3);
        assert_eq!((n * k, format!("{:.0e}", f64::from(k).powi(n))), (300, "5e47".to_owned()));
        exam.says(1, r"For $n=100$, $k=3$: 300 terms in the place of $5\cdot10^{47}$");
        let t = dmatrix![-1.0, -2.0, -0.5; -3.0, -0.1, -1.0; -2.0, -2.0, -4.0];
        let every = latent::log_sum_exp(labelings::log_joints(&t).unwrap().iter().copied());
        assert!((every - latent::log_likelihood(&t).unwrap()).abs() < 1e-12);

        let marginals = labelings::marginals(&labelings::posterior(&t).unwrap(), 3, 3).unwrap();
        let q = labelings::expected_log_joint(&labelings::posterior(&t).unwrap(), &t).unwrap();
        assert!((latent::expected_log_joint(&marginals, &t).unwrap() - q).abs() < 1e-12);
        exam.says(2, "is linear in the one-hot entries");

        let terms = [-900.0, 3.0, 1e5, 1e5 - 700.0];
        let sum: f64 = terms.iter().map(|term| (term - 1e5_f64).exp()).sum();
        assert!((1.0..=terms.len() as f64).contains(&sum));
        exam.says(3, "the sum lies between 1 and $k$");
        // The smallest double with all its digits is smaller, and what becomes 0 is smaller still.
        assert!((f64::MIN_POSITIVE..1.0).contains(&1e-307) && 1e-307_f64.ln().exp() > 0.0);
        exam.says(3, "What underflows to 0 is below $10^{-307}$ beside a term of 1");
    });
}

#[test]
fn the_bound() {
    exam("05_bound", |exam| {
        let (x, model) = geyser();
        let t = model.log_joint(&x).unwrap();
        let (l, r) = (model.log_likelihood(&x).unwrap(), model.responsibilities(&x).unwrap());
        let half = r.map(|share| share / 2.0 + 0.25);
        let kl = bound::kl_divergence(&half, &r).unwrap();
        assert!((bound::lower_bound(&half, &t).unwrap() + kl - l).abs() < 1e-6);
        exam.says(1, r"$\ell(\theta)=\mathcal F(q,\theta)+\mathrm{KL}(q\,\|\,p(z\mid x,\theta))$");

        let (of_q, of_l) =
            (score::of_q_in_means(&model, &x, &r).unwrap(), score::in_means(&model, &x).unwrap());
        assert!((of_q - of_l).amax() < 1e-9);
        exam.says(2, r"$\mathcal F(q,\cdot)$ and $\ell$ have the same slope at $\theta^t$");

        // From a fit, the blended step has nowhere to go but down.
        let rest = em::fit(model, &x, &em::Stopping::default()).unwrap().model;
        let (fell, kl) = fall_of_blended_step(&rest, &x);
        assert!(fell > 0.0 && fell < kl, "{fell} {kl}");
        exam.says(3, "blends the responsibilities half and half with $1/k$");
        exam.says(3, r"$\ell$ may fall, though by less than KL");

        let x = dmatrix![-3.4; -2.9; -2.5; 1.8; 2.6; 3.0; 3.2; 3.9];
        let variances = vec![dmatrix![16.0], dmatrix![1.44]];
        let hill = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 0.3], variances, Full).unwrap();
        let start = OnlyMean::new(hill, 1).unwrap();
        let top = em::fit(start, &x, &em::Stopping::default()).unwrap().model;
        let (fell, kl) = fall_of_blended_step(&top, &x);
        exam.rounds(3, top.parameters()[0], "2.927");
        exam.rounds(3, fell, "1.48");
        exam.rounds(3, kl, "6.47");
    });
}

/// By how much ℓ falls in the M step of two components' responsibilities blended half and half with ½, and the
/// divergence of these from the responsibilities.
fn fall_of_blended_step<M: Model>(model: &M, x: &DMatrix<f64>) -> (f64, f64) {
    let log_joint = model.log_joint(x).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let half = r.map(|share| share / 2.0 + 0.25);
    let after = model.maximize(x, &half).unwrap().log_joint(x).unwrap();
    let fell = latent::log_likelihood(&log_joint).unwrap() - latent::log_likelihood(&after).unwrap();
    (fell, bound::kl_divergence(&half, &r).unwrap())
}

#[test]
fn the_loop() {
    exam("06_em", |exam| {
        let (x, model) = geyser();
        let next = em::sweep(&model, &x).unwrap();
        let tables = (next.log_joint(&x).unwrap(), model.log_joint(&x).unwrap());
        let (of_l, of_q) = bound::ascent::rises(&tables.0, &tables.1).unwrap();
        assert!(of_l >= of_q && of_q > 0.0);
        exam.says(1, r"\ge Q(\theta\mid\theta^t)-Q(\theta^t\mid\theta^t)>0$");

        let (slope, counts) =
            (score::in_means(&model, &x).unwrap(), latent::counts(&model.responsibilities(&x).unwrap()));
        for j in 0..2 {
            let step = slope.row(j) * &model.covariances()[j] / counts[j];
            assert!((model.means().row(j) + step - next.means().row(j)).amax() < 1e-9);
        }
        exam.says(2, r"\mu_j+\frac1{R_j}\Sigma_j\nabla_{\mu_j}\ell$");

        let (n, rise, rate) = (1e4, 1e-6, 0.999_f64);
        let (last, c) = (n * rise, rate * rate);
        let left = aitken::remaining([-last - last / c, -last, 0.0]);
        assert!((last - 1e-2_f64).abs() < 1e-15 && (left - last * c / (1.0 - c)).abs() < 1e-9);
        exam.says(3, r"$n=10^4$ data stops when $\ell$ rises by less than $10^{-6}$ nats a datum");
        exam.says(3, r"shrink by $0.999$ a sweep");
        exam.says(3, r"$c=0.999^2$");
        exam.rounds(3, c / (1.0 - c), "499");
        // As the text goes on from what it has rounded.
        exam.rounds(3, left.round() / last, "500");
        exam.says(3, r"$10^{-2}\,c/(1-c)\approx10^{-2}\cdot499\approx5$ nats: 500 times the rise");
    });
}

#[test]
fn coins() {
    exam("07_bernoulli_mixture", |exam| {
        let coins =
            |flips: usize| BernoulliMixture::new(dvector![0.4, 0.6], dmatrix![0.2; 0.7], flips).unwrap();
        let (one, x) = (coins(1), dmatrix![1.0; 0.0; 1.0; 1.0]);
        let share = single_flip::share_of_heads(&one).unwrap()[0];
        assert!((share - (0.4 * 0.2 + 0.6 * 0.7)).abs() < 1e-15);
        let other = single_flip::ridge(share, 0.5, 0.3).unwrap();
        assert!((one.log_likelihood(&x).unwrap() - other.log_likelihood(&x).unwrap()).abs() < 1e-12);
        exam.says(1, r"$P(\text{heads})=\alpha_1p_1+(1-\alpha_1)p_2$, and nothing else");

        let rank = |flips: usize| identifiability::information(&coins(flips)).unwrap().rank(1e-9);
        assert_eq!([rank(1), rank(2), rank(3)], [1, 2, 3]);
        exam.says(2, "Three unknowns need three moments, so $m=3$");
        exam.says(2, "With $m=2$ there are two equations for three numbers");

        let x = dmatrix![1.0, 0.0; 1.0, 1.0; 0.0, 0.0];
        let fair = BernoulliMixture::new(dvector![0.4, 0.6], DMatrix::from_element(2, 2, 0.5), 1).unwrap();
        assert!((fair.responsibilities(&x).unwrap().column(0).add_scalar(-0.4)).amax() < 1e-15);
        let once = em::sweep(&fair, &x).unwrap();
        let shares: DVector<f64> = x.row_mean().transpose();
        assert!((0..2).all(|j| (once.biases().row(j).transpose() - &shares).amax() < 1e-15));
        assert!(em::largest_move(&once, &em::sweep(&once, &x).unwrap()) < 1e-14);
        exam.says(3, r"All biases start at $\frac12$");
        exam.says(3, "every coin gets the share of heads of all data, column by column");
    });
}
