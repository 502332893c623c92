//! Chapter 7: coins, and what one flip can see.

use executable_em::bernoulli_mixture::update_biases;
use executable_em::latent::{self, Model};
use executable_em::{bound, kmeans};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, dvector};

right! {
    coin_log_joint:
        |x, model| model.log_joint(x).unwrap(),
        |x, model| {
            let log_biases = model.biases().map(f64::ln);
            let log_tails = model.biases().map(|bias| (1.0 - bias).ln());
            let tails = x.map(|flip| 1.0 - flip);
            let flips = x * log_biases.transpose() + tails * log_tails.transpose();
            DMatrix::from_fn(x.nrows(), model.k(), |i, j| flips[(i, j)] + model.weights()[j].ln())
        },
        |x, model| DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
            let flip = |a: usize| if x[(i, a)] == 1.0 { model.biases()[(j, a)] } else { 1.0 - model.biases()[(j, a)] };
            ((0..x.ncols()).map(flip).product::<f64>() * model.weights()[j]).ln()
        }),
        |x, model| {
            // In the log odds of heads it is linear: what all tails would have, and one term for each head.
            let odds = model.biases().map(|bias| (bias / (1.0 - bias)).ln());
            let tails = model.biases().map(|bias| (-bias).ln_1p()).column_sum();
            let ones = DMatrix::from_element(x.nrows(), 1, 1.0);
            x * odds.transpose() + ones * (tails + model.weights().map(f64::ln)).transpose()
        },
        |x, model| {
            let mut log_joint = DMatrix::zeros(x.nrows(), model.k());
            for j in 0..model.k() {
                for i in 0..x.nrows() {
                    log_joint[(i, j)] = model.weights()[j].ln();
                    for a in 0..x.ncols() {
                        let (flip, bias) = (x[(i, a)], model.biases()[(j, a)]);
                        log_joint[(i, j)] += flip * bias.ln() + (1.0 - flip) * (1.0 - bias).ln();
                    }
                }
            }
            log_joint
        },
        |x, model| DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
            // |1 − x − p| is the probability of the flip.
            let flips = model.biases().row(j).zip_map(&x.row(i), |bias, flip| (1.0 - flip - bias).abs());
            flips.iter().fold(model.weights()[j], |joint, flip| joint * flip).ln()
        });
    coin_log_likelihood:
        |x, model| model.log_likelihood(x).unwrap(),
        |x, model| latent::log_likelihood(&model.log_joint(x).unwrap()).unwrap(),
        |x, model| model.log_joint(x).unwrap().map(f64::exp).column_sum().map(f64::ln).sum(),
        |x, model| model.log_joint(x).unwrap().map(f64::exp).row_iter().map(|row| row.sum()).product::<f64>().ln(),
        |x, model| {
            // Q and the entropy of the posterior.
            let r = model.responsibilities(x).unwrap();
            latent::expected_log_joint(&r, &model.log_joint(x).unwrap()).unwrap() + bound::entropy(&r).unwrap()
        },
        |x, model| {
            // Over all labelings of all data.
            let log_joint = model.log_joint(x).unwrap();
            latent::log_sum_exp(latent::labelings::log_joints(&log_joint).unwrap().iter().copied())
        };
    coin_biases:
        |x, r| kmeans::update_means(x, r, &DMatrix::zeros(r.ncols(), x.ncols())).unwrap(),
        |x, r| DMatrix::from_fn(r.ncols(), x.ncols(), |j, a| r.column(j).dot(&x.column(a)) / r.column(j).sum()),
        |x, r| {
            let heads = r.transpose() * x;
            let tails = r.transpose() * x.map(|flip| 1.0 - flip);
            heads.zip_map(&tails, |heads, tails| heads / (heads + tails))
        },
        |x, r| DMatrix::from_diagonal(&latent::counts(r).map(f64::recip)) * r.transpose() * x,
        |x, r| DMatrix::from_fn(r.ncols(), x.ncols(), |j, a| {
            // A running share of heads.
            (0..x.nrows()).fold((0.0, 0.0), |(count, bias), i| {
                let count: f64 = count + r[(i, j)];
                (count, bias + (x[(i, a)] - bias) * r[(i, j)] / count)
            }).1
        }),
        |x, r| DMatrix::from_fn(r.ncols(), x.ncols(), |j, a| {
            // The logistic function of the log odds, which are infinite where all flips are alike.
            let of = |flip: f64| (0..x.nrows()).filter(|&i| x[(i, a)] == flip).map(|i| r[(i, j)]).sum::<f64>();
            1.0 / (1.0 + (of(0.0).ln() - of(1.0).ln()).exp())
        }),
        |x, r| update_biases(x, r, &DMatrix::from_element(r.ncols(), x.ncols(), 0.5), 1).unwrap();
    indistinguishable_coins:
        |model| {
            // Two coins alike.
            let share = model.weights().dot(&model.biases().column(0));
            (dvector![0.5, 0.5], dvector![share, share])
        },
        |model| {
            // Coins that fall on one side only.
            let share = model.weights().dot(&model.biases().column(0));
            (dvector![share, 1.0 - share], dvector![1.0, 0.0])
        },
        |model| {
            // The same weights, and both biases half the way to their mean.
            let share = model.weights().dot(&model.biases().column(0));
            (model.weights().clone(), model.biases().column(0).map(|bias| (bias + share) / 2.0))
        },
        |model| {
            // A coin as fair or unfair as the first, but rarer; the other takes over what it leaves.
            let (weight, bias) = (model.weights()[0] / 2.0, model.biases()[0]);
            let share = model.weights().dot(&model.biases().column(0));
            (dvector![weight, 1.0 - weight], dvector![bias, (share - weight * bias) / (1.0 - weight)])
        },
        |model| {
            // As far on one side of the share of heads as on the other.
            let share = model.weights().dot(&model.biases().column(0));
            let apart = share.min(1.0 - share) / 3.0;
            (dvector![0.5, 0.5], dvector![share - apart, share + apart])
        };
}
