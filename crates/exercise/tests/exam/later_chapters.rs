//! The exams of chapters 8 to 13.

use crate::exam;
use executable_em::convergence::{errors, rate};
use executable_em::gaussian_mixture::{
    CovarianceFamily, CovarianceFamily::Full, GaussianMixture, kmeans_start,
};
use executable_em::incomplete::{Incomplete, censored, gaussian as with_gaps};
use executable_em::latent::{self, Model};
use executable_em::pathologies::singularity;
use executable_em::scale::Moments;
use executable_em::selection::{self, FreeParameters, restaurant};
use executable_em::variational::coins::{CoinPrior, VariationalCoins};
use executable_em::variational::{GaussWishart, VariationalMixture, Weights, special::digamma, tilted};
use executable_em::{data, em, gaussian, kmeans};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};

/// Two round Gaussians in the plane.
fn two_in_the_plane() -> GaussianMixture {
    let unit = DMatrix::identity(2, 2);
    GaussianMixture::new(
        dvector![0.5, 0.5],
        dmatrix![0.0, 0.0; 1.0, 2.0],
        vec![unit.clone(), unit * 4.0],
        Full,
    )
    .unwrap()
}

#[test]
fn pathologies() {
    exam("08_pathologies", |exam| {
        let line = dmatrix![0.0; 1.0; 3.0];
        let spike = |sigma: f64| {
            let covariances = vec![dmatrix![sigma * sigma], dmatrix![2.0]];
            GaussianMixture::new(dvector![0.3, 0.7], dmatrix![0.0; 1.5], covariances, Full).unwrap()
        };
        for sigma in [1e-2, 1e-6] {
            let least = 0.3 / (std::f64::consts::TAU.sqrt() * sigma);
            assert!(spike(sigma).density(&line).unwrap()[0] >= least);
        }
        let rise = spike(1e-9).log_likelihood(&line).unwrap() - spike(1e-6).log_likelihood(&line).unwrap();
        assert!((rise - 1e3_f64.ln()).abs() < 1e-3);
        exam.says(1, r"$p(x_1)\ge\pi_1/(\sqrt{2\pi}\,\sigma)\to\infty$");

        // A component along the line through the first two data, ever thinner across it.
        let x = dmatrix![0.0, 0.0; 2.0, 1.0; 1.0, 3.0; -1.0, 2.0];
        let (along, across) = (dvector![2.0, 1.0].normalize(), dvector![-1.0, 2.0].normalize());
        let thin = |sigma: f64| {
            let flat = &along * along.transpose() * 2.0 + &across * across.transpose() * (sigma * sigma);
            let model = two_in_the_plane();
            let covariances = vec![(&flat + flat.transpose()) / 2.0, model.covariances()[1].clone()];
            let means = dmatrix![1.0, 0.5; 1.0, 2.0];
            model.with_means(means).unwrap().with_covariances(covariances, Full).unwrap()
        };
        let l = |sigma: f64| thin(sigma).log_likelihood(&x).unwrap();
        let slope = (l(1e-5) - l(1e-4)) / 10.0_f64.ln();
        assert!((slope - 2.0).abs() < 1e-3, "{slope}");
        exam.says(2, "the slope tends to 2");
        let spike = singularity::asymptote(&two_in_the_plane(), &x, 0, 0).unwrap();
        assert_eq!(spike.slope, 2.0);
        exam.says(
            2,
            r"shrinking in both directions, it is 2 as well, for the density grows like $1/\sigma^2$",
        );
        exam.says(3, "A floor keeps");
    });
}

#[test]
fn selection_of_k() {
    exam("09_selection", |exam| {
        let x = data::old_faithful();
        let free = |family: CovarianceFamily| {
            kmeans_start(&x, 2, family, &mut data::rng(1)).unwrap().free_parameters()
        };
        assert_eq!((free(Full), free(CovarianceFamily::Tied)), (11, 8));
        exam.says(1, "For $k=d=2$: 11, and 8.");

        let (l, p, rise, more, n) = (-1130.0, 11, 8.0, 6, 272);
        let aic = |l: f64, p: usize| selection::aic(l, p).unwrap();
        let bic = |l: f64, p: usize| selection::bic(l, p, n).unwrap();
        let penalty = |criterion: &dyn Fn(f64, usize) -> f64| criterion(l, p + more) - criterion(l, p);
        exam.says(2, r"rises by 8 nats, for 6 more parameters, on 272 data");
        exam.rounds(2, 2.0 * rise, "16");
        exam.rounds(2, penalty(&aic), "12");
        exam.rounds(2, penalty(&bic), "33.6");
        exam.says(2, r"Twice the rise is 16. AIC asks for $2\cdot6=12$ and takes it");
        exam.says(2, r"BIC asks for $6\log272\approx33.6$ and does not");
        assert!(aic(l + rise, p + more) < aic(l, p) && bic(l + rise, p + more) > bic(l, p));

        for alpha in [0.5, 1.0, 3.0] {
            let together = 1.0 / (1.0 + alpha);
            assert!((restaurant::seating_probabilities(&[1], alpha).unwrap()[0] - together).abs() < 1e-15);
            // The expected size of the first guest's table, guest by guest; the thousandth joins in proportion.
            let size = (1..999).fold(1.0, |size, seated| size * (1.0 + 1.0 / (f64::from(seated) + alpha)));
            assert!((size / (999.0 + alpha) - together).abs() < 1e-12);
        }
        exam.says(3, "with probability $1/(1+a)$");
        exam.says(3, "also the first and the thousandth");
    });
}

#[test]
fn scale() {
    exam("10_scale", |exam| {
        let (k, d) = (3, 2);
        let x = data::old_faithful();
        let model = kmeans_start(&x, k, Full, &mut data::rng(1)).unwrap();
        let zeros = DMatrix::zeros(k, d);
        let sums = Moments::of(&x, &model.responsibilities(&x).unwrap(), &zeros).unwrap();
        let upper = |second: &[DMatrix<f64>]| second.len() * d * (d + 1) / 2;
        let sent = sums.counts.len() + sums.first.len() + upper(&sums.second);
        assert_eq!(sent, k * (1 + d + d * (d + 1) / 2));
        exam.says(1, r"$k\left(1+d+\frac{d(d+1)}2\right)$ numbers");
        let halves = [x.rows(0, 100), x.rows(100, x.nrows() - 100)].map(|part| {
            let part = part.into_owned();
            Moments::of(&part, &model.responsibilities(&part).unwrap(), &zeros).unwrap()
        });
        assert!((halves[0].plus(&halves[1]).unwrap().first - &sums.first).amax() < 1e-8);

        let pooled: DMatrix<f64> = sums.second.iter().sum();
        assert!((pooled - x.transpose() * &x).amax() < 1e-7);
        assert_eq!(sent - upper(&sums.second[1..]), k + k * d + d * (d + 1) / 2);
        exam.says(2, r"$k+kd+\frac{d(d+1)}2$, and $\ell$");

        // As far apart as the doubles there are: two, so that each is known to one.
        let square = 1e8_f64.powi(2);
        assert_eq!((square, square.next_up() - square), (1e16, 2.0));
        let x = DVector::<f64>::from_fn(1000, |i, _| 1e8 + if i % 2 == 0 { 1.0 } else { -1.0 });
        let raw = x.map(|x| x * x).mean() - x.mean().powi(2);
        assert!((raw - 1.0).abs() >= 0.5, "{raw}");
        let about = x.add_scalar(-(1e8 + 5.0));
        assert!((about.map(|x| x * x).mean() - about.mean().powi(2) - 1.0).abs() < 1e-12);
        assert_eq!(f64::DIGITS + 1, 16);
        exam.says(3, "Data near $10^8$ with variance 1, in numbers of 16 digits");
        exam.says(3, "Both terms are about $10^{16}$, known to about 1: no digit of the difference is right");
    });
}

#[test]
fn missing_cells() {
    exam("11_incomplete", |exam| {
        let apart = 1.5_f64.sqrt();
        let column = Incomplete::new(dmatrix![2.0 - apart; 2.0; 2.0 + apart; f64::NAN]).unwrap();
        let sweep = |mean: f64, variance: f64| {
            let completed =
                with_gaps::complete(&column, &RowDVector::from_element(1, mean), &dmatrix![variance]);
            let (mean, variance) =
                with_gaps::update(&column, &completed.unwrap(), &DVector::from_element(4, 1.0)).unwrap();
            (mean[0], variance[0])
        };
        let close = |(mean, variance): (f64, f64), to: (f64, f64)| {
            (mean - to.0).abs() < 1e-12 && (variance - to.1).abs() < 1e-12
        };
        assert!(close(sweep(2.0, 1.0), (2.0, 1.0)));
        for v in [0.2, 3.0] {
            assert!(close(sweep(2.0, v), (2.0, (3.0 + v) / 4.0)));
        }
        let error = 1e-3;
        assert!((sweep(2.0 + error, 1.0).0 - 2.0 - error / 4.0).abs() < 1e-12);
        assert!((sweep(2.0, 1.0 + error).1 - 1.0 - error / 4.0).abs() < 1e-12);
        exam.says(1, "three values are seen, with mean 2 and variance 1 (over $n$), and a fourth is missing");
        exam.says(1, r"At mean 2 and variance 1: a missing cell brings");
        exam.says(1, r"so $v=(3\cdot1+v)/4$");
        exam.says(1, r"shrinks to $\frac14$ of itself a sweep");

        let mut x = data::old_faithful();
        (0..x.nrows()).step_by(3).for_each(|i| x[(i, 1)] = f64::NAN);
        let gaps = Incomplete::new(x).unwrap();
        let all = DVector::from_element(gaps.n(), 1.0);
        let rest = |filled: bool| {
            (0..300)
                .fold((RowDVector::zeros(2), DMatrix::identity(2, 2)), |(mean, covariance), _| {
                    let completed = with_gaps::complete(&gaps, &mean, &covariance).unwrap();
                    if !filled {
                        return with_gaps::update(&gaps, &completed, &all).unwrap();
                    }
                    let mean = completed.means().row_mean();
                    let spread = gaussian::weighted_covariance(completed.means(), &all, &mean).unwrap();
                    (mean, spread)
                })
                .1
        };
        let (right, wrong) = (rest(false), rest(true));
        let correlation = |c: &DMatrix<f64>| c[(0, 1)] / (c[(0, 0)] * c[(1, 1)]).sqrt();
        assert!(wrong[(1, 1)] < right[(1, 1)] && correlation(&wrong) > correlation(&right));
        exam.says(2, "The variances come out too small and the correlations too strong");

        let beyond =
            censored::Intervals::new(dvector![0.0, 0.0], dvector![f64::INFINITY, f64::INFINITY]).unwrap();
        let mut run = vec![censored::Normal::new(0.0, 1.0).unwrap()];
        for t in 0..20 {
            let moments = censored::expected(&run[t], &beyond).unwrap();
            run.push(censored::maximize(&run[t], &beyond, &moments).unwrap());
        }
        let moves: Vec<f64> = run.windows(2).map(|pair| pair[1].mean() - pair[0].mean()).collect();
        assert!(moves.windows(2).all(|pair| pair[1] > 0.0 && pair[1] < pair[0]));
        let l = |model: &censored::Normal| censored::log_likelihood(model, &beyond).unwrap();
        assert!(run.windows(2).all(|pair| l(&pair[0]) < l(&pair[1]) && l(&pair[1]) < 0.0));
        exam.says(3, r"it tends to 0 as $\mu/\sigma\to\infty$");
        exam.says(3, r"by less and less, and no sweep is the last");
    });
}

#[test]
fn convergence() {
    exam("12_convergence", |exam| {
        let rate_of_theta = 0.998_f64;
        exam.says(1, r"at the rate $\rho=0.998$");
        exam.rounds(1, 0.1_f64.ln() / rate_of_theta.ln(), "1150");
        exam.rounds(1, 0.1_f64.ln() / rate_of_theta.powi(2).ln(), "575");
        exam.says(1, r"$\log0.1/\log0.998\approx1150$");

        let apart = |gap: f64| {
            let x = DMatrix::from_fn(80, 1, |i, _| (i as f64 * 2.4).sin() + if i < 40 { 0.0 } else { gap });
            let start = kmeans_start(&x, 2, CovarianceFamily::Tied, &mut data::rng(1)).unwrap();
            let rest = em::fit(start, &x, &em::Stopping { max_sweeps: 100_000, ..Default::default() })
                .unwrap()
                .model;
            rate::missing_fractions(&rest, &x).unwrap()[0]
        };
        assert!(apart(20.0) < 0.01 && apart(1.5) > 0.8, "{} {}", apart(20.0), apart(1.5));
        exam.says(2, "the share is near 0 and the rate with it; if they overlap it is near 1");

        let x = data::old_faithful();
        let start = kmeans_start(&x, 2, Full, &mut data::rng(1)).unwrap();
        let fit = em::fit(start, &x, &em::Stopping::default()).unwrap().model;
        let smaller = fit.weights().imin();
        exam.rounds(3, fit.weights()[smaller], "0.356");
        exam.rounds(3, x.nrows() as f64, "272");
        let (weight, n) = (0.356, 272.0);
        let known =
            errors::delta_method(&dvector![1.0 / weight], &dmatrix![weight * (1.0 - weight) / n]).unwrap();
        exam.rounds(3, known, "0.082");
        let unknown = errors::standard_errors(&fit, &x).unwrap().weights[smaller] / fit.weights()[smaller];
        assert!(unknown > known);
        exam.says(3, r"\sqrt{(1-\pi)/(n\pi)}\approx0.082$. Not to know the labels can only add to it.");
    });
}

#[test]
fn variational_posteriors() {
    exam("13_variational", |exam| {
        let rho = (1.0 - (-2.0_f64).exp()).sqrt();
        let (zeros, covariance) = (DVector::zeros(2), dmatrix![1.0, rho; rho, 1.0]);
        let start = tilted::Factorised { means: zeros.clone(), variances: dvector![1.0, 1.0] };
        let best = tilted::round(&start, &zeros, &covariance).unwrap();
        assert!((tilted::exclusive(&best, &zeros, &covariance).unwrap() - 1.0).abs() < 1e-12);
        exam.rounds(1, rho, "0.930");
        exam.says(1, r"$-\frac12\log(1-\rho^2)=1$ at $\rho=\sqrt{1-e^{-2}}\approx0.930$");

        // One component: the bound touches the evidence.
        let (flips, all) = (dmatrix![1.0; 1.0; 1.0; 0.0], DMatrix::from_element(4, 1, 1.0));
        let prior = CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, 1).unwrap();
        let learned = VariationalCoins::learned(prior, &flips, &all).unwrap();
        let evidence = learned.lower_bound(&flips, &all).unwrap().exp();
        exam.rounds(2, 1.0 / evidence, "20");
        // Each flip has the chance that the earlier ones and the prior give it: over 2, 3, 4, 5.
        let each = [1.0, 2.0, 3.0, 1.0].iter().zip([2.0, 3.0, 4.0, 5.0]).map(|(seen, of)| seen / of);
        assert!((each.product::<f64>() - evidence).abs() < 1e-12);
        exam.says(2, "Three heads and a tail of one coin in a given order, prior Beta(1, 1)");
        exam.says(2, r"\frac{3!\,1!}{5!}=\frac1{20}$");
        exam.says(2, r"$\frac12\cdot\frac23\cdot\frac34\cdot\frac15$, with the tail last");

        for x in [5.0, 10.0, 100.0] {
            // The next term of the series is 1/24x.
            assert!((digamma(x).exp() - (x - 0.5)).abs() < 0.05 / x);
        }
        exam.says(3, r"e^{\psi(\alpha+R_j)}\approx\alpha+R_j-\frac12$ in the place of $R_j$");
        exam.says(3, "On the geyser the second would do alone.");
        let replaced = |log_joint: DMatrix<f64>, added: DVector<f64>, taken: DVector<f64>| {
            let by = &added - &taken;
            DMatrix::from_fn(log_joint.nrows(), log_joint.ncols(), |i, j| log_joint[(i, j)] + by[j])
        };
        let second = components_left(|q, x| {
            let shares = q.shares().counts() / x.nrows() as f64;
            replaced(q.expected_log_joint(x).unwrap(), shares.map(f64::ln), q.shares().expected_logs())
        });
        let first = components_left(|q, x| {
            let points = q.plug_in().unwrap();
            let weights = points.weights().map(f64::ln);
            replaced(points.log_joint(x).unwrap(), q.shares().expected_logs(), weights)
        });
        assert_eq!((first, second), (3, 2));
    });
}

/// How many of six components keep data of the geyser, where the E step has this log joint.
fn components_left(log_joint: impl Fn(&VariationalMixture, &DMatrix<f64>) -> DMatrix<f64>) -> usize {
    let x = data::standardize(&data::old_faithful()).unwrap();
    let prior = GaussWishart::new(RowDVector::zeros(2), 1.0, DMatrix::identity(2, 2), 2.0).unwrap();
    let mut r = kmeans::responsibilities(&x, &x.rows(0, 6).into_owned()).unwrap();
    for _ in 0..500 {
        let q = VariationalMixture::learned(Weights::Dirichlet(0.001), prior.clone(), &x, &r).unwrap();
        r = latent::responsibilities(&log_joint(&q, &x)).unwrap();
    }
    latent::counts(&r).iter().filter(|&&count| count > 0.5).count()
}
