//! What a mixture of t says once it is fitted: draws from it, some of its columns, and these given the others.

use super::student::StudentMixture;
use crate::error::Result;
use crate::gaussian;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture, conditional};
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector, RowDVector};
use rand::Rng;
use rand_distr::{ChiSquared, Distribution};

impl StudentMixture {
    /// Draws from the mixture: a label, a scale, and a Gaussian of that scale.
    /// ```math
    /// z \sim \pi, \qquad \nu_z u \sim \chi^2_{\nu_z}, \qquad x \sim \mathcal N(\mu_z, \Sigma_z/u)
    /// ```
    ///
    /// Returns n×d data and n labels, counted from 0. Errors as in [`GaussianMixture::sample`].
    ///
    /// Source: X-29.
    /// ```
    /// use executable_em::incomplete::{mixture::of_one, student::StudentMixture};
    /// use nalgebra::{dmatrix, dvector};
    /// let model = StudentMixture::new(of_one(&dvector![0.0], dmatrix![1.0])?, dvector![2.0])?;
    /// let (x, _) = model.sample(2000, &mut executable_em::data::rng(1))?;
    /// let beyond = x.iter().filter(|x| x.abs() > 4.3027).count(); // its quartiles of 2.5 %
    /// assert!((60..140).contains(&beyond));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn sample(&self, n: usize, rng: &mut impl Rng) -> Result<(DMatrix<f64>, Vec<usize>)> {
        let (mut x, labels) = self.shape().sample(n, rng)?;
        for (i, &label) in labels.iter().enumerate() {
            let (mean, nu) = (self.shape().mean_of(label), self.degrees()[label]);
            let scale = ChiSquared::new(nu).expect("degrees of freedom").sample(rng) / nu;
            x.set_row(i, &(&mean + (x.row(i) - &mean) / scale.sqrt()));
        }
        Ok((x, labels))
    }

    /// The mixture of some of the columns, counted from 0: each component keeps its degrees of freedom.
    ///
    /// Errors as in [`conditional::marginal`].
    ///
    /// Source: X-29; Kotz and Nadarajah (2004). Example: [`Self::conditional`].
    pub fn marginal(&self, columns: &[usize]) -> Result<Self> {
        StudentMixture::new(conditional::marginal(self.shape(), columns)?, self.degrees().clone())
    }

    /// The mixture of the other columns, once some, counted from 0, have these values.
    /// ```math
    /// \nu_j' = \nu_j + d_g, \qquad \mu_j' = \mu_{j,o} + B_j(x_g - \mu_{j,g}), \qquad
    /// \Sigma_j' = \frac{\nu_j + \delta_j}{\nu_j + d_g}\,\big(\Sigma_{j,oo} - B_j\Sigma_{j,go}\big)
    /// ```
    ///
    /// with weights in proportion to $`\pi_j\,t_{\nu_j}(x_g)`$. Unlike a Gaussian's, the spread depends on what is
    /// given: far out, less is known. Errors as in [`conditional::conditional`].
    ///
    /// Source: X-29; Ding (2016).
    /// ```
    /// use executable_em::incomplete::{mixture::of_one, student::StudentMixture};
    /// use nalgebra::{dmatrix, dvector};
    /// let shape = of_one(&dvector![0.0, 0.0], dmatrix![1.0, 0.0; 0.0, 1.0])?;
    /// let given = StudentMixture::new(shape, dvector![3.0])?.conditional(&[(0, 5.0)])?;
    /// assert_eq!((given.degrees()[0], given.shape().covariances()[0][0]), (4.0, 7.0)); // (3 + 25)/(3 + 1)
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn conditional(&self, given: &[(usize, f64)]) -> Result<Self> {
        let shape = conditional::conditional(self.shape(), given)?;
        let (columns, values): (Vec<usize>, Vec<f64>) = given.iter().copied().unzip();
        let (of_given, seen) = (self.marginal(&columns)?, RowDVector::from_vec(values));
        let x = DMatrix::from_rows(&[seen]);
        let r = latent::responsibilities(&of_given.log_joint(&x)?)?;
        let (weights, count): (DVector<f64>, f64) = (r.row(0).transpose(), columns.len() as f64);
        let widened = |j: usize| {
            let factor = &of_given.shape().factors()[j];
            let delta = gaussian::distances(&x, &of_given.shape().mean_of(j), factor)[0];
            &shape.covariances()[j] * ((self.degrees()[j] + delta) / (self.degrees()[j] + count))
        };
        let covariances: Vec<DMatrix<f64>> = (0..shape.k()).map(widened).collect();
        let family = match shape.family() {
            // Each is widened by a factor of its own.
            CovarianceFamily::Tied => CovarianceFamily::Full,
            other => other,
        };
        let shape = GaussianMixture::new(weights, shape.means().clone(), covariances, family)?;
        StudentMixture::new(shape, self.degrees().add_scalar(count))
    }
}
