//! Chapter 7: any model of one's own is judged by the laws of every mixture.

use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture};
use executable_em::latent::{self, Model};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em_exercise::Verdict;
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// The exercise takes two things, and a variant is one.
mod exercise {
    use super::{DMatrix, Model, Verdict};

    pub fn your_model<M: Model>((models, x): ([M; 2], DMatrix<f64>)) -> Verdict {
        executable_em_exercise::your_model(&models, &x)
    }
}

/// Mixtures whose components have one number each, which is best as a function of the mean.
#[derive(Clone)]
struct OneNumber {
    weights: DVector<f64>,
    numbers: DVector<f64>,
    log_density: fn(f64, f64) -> f64,
    best: fn(f64) -> f64,
}

impl OneNumber {
    fn two(numbers: [DVector<f64>; 2], log_density: fn(f64, f64) -> f64, best: fn(f64) -> f64) -> [Self; 2] {
        numbers.map(|numbers| OneNumber { weights: dvector![0.5, 0.5], numbers, log_density, best })
    }
}

impl Model for OneNumber {
    fn log_joint(&self, x: &DMatrix<f64>) -> executable_em::Result<DMatrix<f64>> {
        Ok(DMatrix::from_fn(x.nrows(), self.weights.len(), |i, j| {
            self.weights[j].ln() + (self.log_density)(x[i], self.numbers[j])
        }))
    }
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> executable_em::Result<Self> {
        let counts = latent::counts(r);
        let means = (r.transpose() * x).column(0).component_div(&counts);
        Ok(OneNumber { weights: counts / x.nrows() as f64, numbers: means.map(self.best), ..self.clone() })
    }
    fn parameters(&self) -> DVector<f64> {
        DVector::from_iterator(2 * self.weights.len(), self.weights.iter().chain(&self.numbers).copied())
    }
}

fn counts() -> DMatrix<f64> {
    dmatrix![0.0; 1.0; 2.0; 1.0; 0.0; 7.0; 9.0; 6.0; 12.0]
}

fn points() -> DMatrix<f64> {
    dmatrix![0.0, 1.0; 1.0, 0.5; 0.5, -0.5; 4.0, 3.0; 5.0, 4.5; 4.5, 3.5; 2.0, 2.5]
}

fn flips() -> DMatrix<f64> {
    DMatrix::from_fn(12, 3, |i, a| f64::from(u8::from((i * 5 + a * 7) % 4 < 2)))
}

fn two_coins(p: f64) -> BernoulliMixture {
    let biases = DMatrix::from_fn(2, 3, |j, a| if (j + a) % 2 == 0 { p } else { 1.0 - p / 2.0 });
    BernoulliMixture::new(dvector![0.4, 0.6], biases, 1).unwrap()
}

right! {
    your_model:
        ([0.3, 0.6].map(two_coins), flips()),
        ([1.0, 3.0].map(|v| {
            let covariance = DMatrix::from_diagonal_element(2, 2, v);
            let means = dmatrix![0.0, 0.0; 3.0, v];
            GaussianMixture::new(dvector![0.5, 0.5], means, vec![covariance.clone(), covariance], Full).unwrap()
        }), points()),
        ([0.5, 1.5].map(|apart| SoftKMeans::new(dmatrix![1.0, 1.0; 1.0 + apart, 2.0], 1.0, Weights::Fitted).unwrap()),
            points()),
        // Poisson: counts, and the best rate is the mean.
        (OneNumber::two([dvector![1.0, 8.0], dvector![3.0, 4.0]], |x, rate| {
            x * rate.ln() - rate - (1..=x as u32).map(|m| f64::from(m).ln()).sum::<f64>()
        }, |mean| mean), counts()),
        // Exponential: waiting times, and the best rate is one over the mean.
        (OneNumber::two([dvector![1.0, 0.1], dvector![0.5, 0.3]], |x, rate| rate.ln() - rate * x, |mean| 1.0 / mean),
            counts().add_scalar(0.2)),
        // Geometric: failures before the first success.
        (OneNumber::two([dvector![0.5, 0.1], dvector![0.4, 0.3]], |x, p| p.ln() + x * (1.0 - p).ln(), |mean| {
            1.0 / (1.0 + mean)
        }), counts());
}

#[test]
fn an_m_step_with_a_slip_is_refused() {
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
    let verdict = executable_em_exercise::your_model(&[0.3, 0.6].map(|p| Slipped(two_coins(p))), &flips());
    assert!(!verdict.is_right(), "{verdict}");
}
