//! Two coins, drawn equally often, on thirty draws: the run of EM from biases that a reader chooses.

use super::{DROPS, known_weights, shades, split_bars, two_coins};
use crate::plot::{self, Anchor, Panel, Point, number, whole_ticks};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::latent::{self, Model};
use executable_em::{Result, data};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// So fine that the levels are smooth, so coarse that a hand does not wait.
const NODES: usize = 61;

/// Where EM begins, and how often a coin that was drawn is flipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tosses {
    /// The probabilities of heads.
    pub biases: [f64; 2],
    /// Flips a draw.
    pub flips: usize,
}

impl Tosses {
    fn at(&self, [p, q]: Point) -> Result<BernoulliMixture> {
        BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![p; q], self.flips)
    }

    /// Thirty draws from coins of biases 0.8 and 0.35: the numbers of heads that occur, and how often.
    fn data(&self) -> Result<(DMatrix<f64>, DVector<f64>)> {
        let truth = two_coins(self.flips)?.with_weights(dvector![0.5, 0.5])?;
        let (x, _) = truth.sample(30, &mut data::rng(2))?;
        let counts =
            DVector::from_fn(self.flips + 1, |h, _| x.iter().filter(|&&of| of == h as f64).count() as f64);
        Ok((DMatrix::from_fn(self.flips + 1, 1, |h, _| h as f64), counts))
    }

    /// The start and the coins after each of so many sweeps, with ℓ, in nats.
    ///
    /// # Errors
    /// Biases outside of [0, 1].
    ///
    /// ```
    /// use executable_em_figures::state::Tosses;
    /// let run = Tosses { biases: [0.6, 0.5], flips: 10 }.run(50)?;
    /// assert!(run[50].1 > run[0].1 && run[50].0.biases()[0] > 0.7);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn run(&self, sweeps: usize) -> Result<Vec<(BernoulliMixture, f64)>> {
        let (heads, counts) = self.data()?;
        // A row for each draw, as a sweep has no weights of data.
        let rows: Vec<usize> = (0..heads.nrows()).flat_map(|h| vec![h; counts[h] as usize]).collect();
        let x = heads.select_rows(&rows);
        let mut run = vec![self.at(self.biases)?];
        for sweep in 0..sweeps {
            run.push(known_weights(&run[sweep], &x)?);
        }
        run.into_iter().map(|coins| coins.log_likelihood(&x).map(|l| (coins, l))).collect()
    }
}

/// The way on the map of ℓ over the biases; and the numbers of heads, each bar parted by the responsibilities.
pub(crate) fn state(of: &Tosses, run: &[(BernoulliMixture, f64)]) -> Result<[Panel; 2]> {
    let (heads, counts) = of.data()?;
    let height = |point: Point| Ok(latent::log_marginals(&of.at(point)?.log_joint(&heads)?)?.dot(&counts));
    let drops: Vec<f64> = match of.flips {
        1 => DROPS.to_vec(),
        m => [32.0, 22.0, 15.0, 10.0, 6.8, 4.4, 2.6, 1.3, 0.5, 0.1].map(|drop| drop * m as f64).to_vec(),
    };
    let mut map = shades(NODES, height, &drops)?;
    map.title("*ℓ*(*p*_1, *p*_2)").x_label("*p*_1").y_label("*p*_2");
    map.line(&[[0.0, 0.0], [1.0, 1.0]], plot::WHITE, 0.9);
    let path: Vec<Point> = run.iter().map(|(coins, _)| [coins.biases()[0], coins.biases()[1]]).collect();
    map.way(&path, plot::component(1));

    let (coins, l) = &run[run.len() - 1];
    let r = coins.responsibilities(&heads)?;
    let most = counts.max();
    let mut bars = Panel::new([-0.6, of.flips as f64 + 0.6], [0.0, 1.12 * most]);
    bars.title("heads in each draw").note(&format!("*ℓ* = {}", number(*l, 3))).x_label("heads");
    bars.x_ticks(&whole_ticks(of.flips)).y_ticks(&whole_ticks(most as usize));
    split_bars(&mut bars, &counts, &r);
    let bias = |j: usize| format!("*p*_{} = {}", j + 1, number(coins.biases()[j], 3));
    for (j, place) in [(1, 0.02), (0, 0.98)] {
        let anchor = if j == 1 { Anchor::Start } else { Anchor::End };
        let at = [-0.6 + place * (of.flips as f64 + 1.2), 1.05 * most];
        bars.text(at, [0.0, 0.0], &bias(j), anchor, plot::darken(plot::component(j), 0.2));
    }
    Ok([map, bars])
}
