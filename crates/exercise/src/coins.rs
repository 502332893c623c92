//! Chapter 7: coins, what one flip can see, and a model of one's own.

use crate::case::Coins;
use crate::judge::{Exercise, Verdict, misshapen, near, unlike};
use executable_em::bernoulli_mixture::{BernoulliMixture, score};
use executable_em::errata::lecture_t;
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// `answer(x, model)` gives the n×k log joint of single flips, in nats.
pub fn coin_log_joint(answer: impl Fn(&DMatrix<f64>, &BernoulliMixture) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Coins::all())
        .law(|case, log_joint: &DMatrix<f64>, _| misshapen(log_joint, (case.x.nrows(), case.model.k())))
        .law(|case, _, answer: &dyn Fn(&Coins) -> DMatrix<f64>| {
            // Every row of d flips there is.
            let d = case.x.ncols();
            let all = DMatrix::from_fn(1 << d, d, |i, a| (i >> a & 1) as f64);
            let sums = answer(&Coins { x: all, ..case.clone() }).map(f64::exp).row_sum();
            (0..case.model.k()).find_map(|j| {
                let name = format!("the sum of the joint over all flips of coin {}", j + 1);
                unlike(&name, sums[j], case.model.weights()[j], 1e-9)
                    .map(|words| format!("{words}, its weight"))
            })
        })
        .law(|case, log_joint, _| {
            let heads = |i: usize, j: usize| {
                (0..case.x.ncols())
                    .map(|a| {
                        let p = case.model.biases()[(j, a)];
                        if case.x[(i, a)] == 1.0 { p.ln() } else { (1.0 - p).ln() }
                    })
                    .sum::<f64>()
            };
            let places = (0..case.x.nrows()).flat_map(|i| (1..case.model.k()).map(move |j| (i, j)));
            places.into_iter().find_map(|(i, j)| {
                let odds =
                    (case.model.weights()[j] / case.model.weights()[0]).ln() + heads(i, j) - heads(i, 0);
                let name = format!("the log odds of coin {} against coin 1 for datum {}", j + 1, i + 1);
                unlike(&name, log_joint[(i, j)] - log_joint[(i, 0)], odds, 1e-9)
            })
        })
        .judge(|case| answer(&case.x, &case.model))
}

/// `answer(x, model)` gives ℓ, in nats.
pub fn coin_log_likelihood(answer: impl Fn(&DMatrix<f64>, &BernoulliMixture) -> f64) -> Verdict {
    Exercise::on(Coins::all())
        .law(|case, &l: &f64, answer: &dyn Fn(&Coins) -> f64| {
            let parts = (0..case.x.nrows()).map(|i| answer(&case.rows(&[i]))).sum();
            unlike("ℓ of all data", l, parts, 1e-9)
                .map(|words| format!("{words}, the sum over the data one by one: is each drawn for itself?"))
        })
        .law(|case, _, answer| {
            let d = case.x.ncols();
            let all = |i: usize| DMatrix::from_fn(1, d, |_, a| (i >> a & 1) as f64);
            let total: f64 = (0..1 << d).map(|i| answer(&Coins { x: all(i), ..case.clone() }).exp()).sum();
            unlike("the sum of the likelihood over all flips of one datum", total, 1.0, 1e-9)
        })
        .law(|case, &l, _| unlike("ℓ", l, case.model.likelihood(&case.x).ok()?.ln(), 1e-9))
        .slip("T-E09", |case| {
            let log_densities = case.model.component_log_probabilities(&case.x).ok()?;
            lecture_t::log_likelihood_of_one_draw_for_all(case.model.weights(), &log_densities).ok()
        })
        .judge(|case| answer(&case.x, &case.model))
}

/// The M step: `answer(x, r)` gives the k×d biases.
pub fn coin_biases(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Coins::all())
        .law(|case, biases: &DMatrix<f64>, _| misshapen(biases, case.model.biases().shape()))
        .law(|_, biases, _| {
            let outside = biases.iter().find(|&&bias| !(-1e-12..=1.0 + 1e-12).contains(&bias))?;
            Some(format!("a bias is {outside:.4}, which is no probability"))
        })
        .law(|case, biases, _| {
            // Only inside does Q have a slope; at the edge all flips of a coin are alike.
            if !biases.iter().all(|bias| (1e-6..=1.0 - 1e-6).contains(bias)) {
                return None;
            }
            let model = case.model.with_biases(biases.clone()).ok()?;
            unlike(
                "the largest slope of Q in the biases",
                score::of_q_in_biases(&model, &case.x, &case.r).ok()?.amax(),
                0.0,
                1e-7,
            )
        })
        .law(|case, biases, _| {
            let heads = case.r.transpose() * &case.x;
            let counts = latent::counts(&case.r);
            let excess = (DMatrix::from_diagonal(&counts) * biases - heads).amax();
            unlike("the largest difference between expected and counted heads", excess, 0.0, 1e-9)
        })
        .judge(|case| answer(&case.x, &case.r))
}

/// Two coins that single flips cannot tell from these: `answer(model)` gives weights and biases that are not the
/// model's, with the same share of heads.
pub fn indistinguishable_coins(
    answer: impl Fn(&BernoulliMixture) -> (DVector<f64>, DVector<f64>),
) -> Verdict {
    let single = |case: &Coins| case.x.ncols() == 1 && case.model.k() == 2;
    Exercise::on(Coins::all().into_iter().filter(single).collect())
        .law(|_, (weights, biases): &(DVector<f64>, DVector<f64>), _| {
            let model = BernoulliMixture::new(
                weights.clone(),
                DMatrix::from_columns(std::slice::from_ref(biases)),
                1,
            );
            model.err().map(|error| format!("this is no mixture of coins: {error}"))
        })
        .law(|case, (weights, biases), _| {
            let share = case.model.weights().dot(&case.model.biases().column(0));
            unlike("the share of heads", weights.dot(biases), share, 1e-9)
        })
        .law(|case, (weights, biases), _| {
            let same = |order: [usize; 2]| {
                (0..2).all(|j| {
                    near(weights[order[j]], case.model.weights()[j], 1e-6)
                        && near(biases[order[j]], case.model.biases()[j], 1e-6)
                })
            };
            (same([0, 1]) || same([1, 0]))
                .then(|| "these are the very coins, perhaps in another order".to_owned())
        })
        .judge(|case| answer(&case.model))
}

/// A model of one's own: two starts and data for it, which must obey the laws of every mixture.
///
/// `model` implements `Model`, `x` are data for it: probabilities that sum to one over the labels, ℓ that never falls
/// in a sweep, and an M step at the maximum of Q, compared with those of other responsibilities, and with the starts
/// themselves.
pub fn your_model<M: Model>(models: &[M], x: &DMatrix<f64>) -> Verdict {
    struct Own(usize);
    impl fmt::Display for Own {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "your model {}", self.0 + 1)
        }
    }
    let table = |at: usize| models[at].log_joint(x);
    let next = |at: usize| models[at].maximize(x, &latent::responsibilities(&table(at)?)?);
    Exercise::on((0..models.len()).map(Own).collect())
        .law(|Own(at), _: &f64, _| match table(*at) {
            Err(error) => Some(format!("its log joint: {error}")),
            Ok(found) => (found.nrows() != x.nrows())
                .then(|| format!("its log joint has {} rows for {} data", found.nrows(), x.nrows())),
        })
        .law(|Own(at), _, _| {
            let twice = DMatrix::from_fn(2 * x.nrows(), x.ncols(), |i, a| x[(i % x.nrows(), a)]);
            let (once, doubled) =
                (latent::log_likelihood(&table(*at).ok()?), models[*at].log_joint(&twice).ok()?);
            unlike(
                "ℓ of the data taken twice",
                latent::log_likelihood(&doubled).ok()?,
                2.0 * once.ok()?,
                1e-9,
            )
        })
        .law(|Own(at), _, _| match next(*at) {
            Err(error) => Some(format!("its M step: {error}")),
            Ok(after) => {
                let l = |model: &M| {
                    latent::log_likelihood(&model.log_joint(x).expect("data of its kind")).expect("a table")
                };
                let (before, after) = (l(&models[*at]), l(&after));
                (after < before - 1e-9).then(|| format!("ℓ fell in a sweep, from {before:.6} to {after:.6}"))
            }
        })
        .law(|Own(at), _, _| {
            let r = latent::responsibilities(&table(*at).ok()?).ok()?;
            let q = |model: &M| latent::expected_log_joint(&r, &model.log_joint(x).ok()?).ok();
            let best = q(&models[*at].maximize(x, &r).ok()?)?;
            // The M steps of other responsibilities near by.
            (1..=5).find_map(|blend| {
                let share = f64::from(blend) / 10.0;
                let other = r.map_with_location(|i, j, entry| {
                    entry * (1.0 - share) + if (i + j) % r.ncols() == 0 { share } else { 0.0 }
                });
                let rival = q(&models[*at].maximize(x, &other).ok()?)?;
                (rival > best + 1e-9)
                    .then(|| format!("Q is {best:.6} after the M step, and {rival:.6} at another model"))
            })
        })
        .law(|Own(at), _, _| {
            let r = latent::responsibilities(&table(*at).ok()?).ok()?;
            let q = |model: &M| latent::expected_log_joint(&r, &model.log_joint(x).ok()?).ok();
            let best = q(&next(*at).ok()?)?;
            models.iter().position(|other| q(other).is_some_and(|q| q > best + 1e-9)).map(|other| {
                format!(
                    "after the M step Q is lower than at your model {}: are all parameters at their best?",
                    other + 1
                )
            })
        })
        .judge(|_| 0.0)
}
