//! A start for data with gaps: a sample of them, filled as one Gaussian would.

use super::{Engine, Result, WithGaps};
use executable_em::data::Rng;
use executable_em::em::Stopping;
use executable_em::incomplete::{Incomplete, impute, mixture};
use executable_em::scale::spread::Spread;
use nalgebra::{DMatrix, DVector};

/// So many sweeps are enough for a start.
const SWEEPS: usize = 50;

impl Engine {
    /// A sample with gaps, each filled by a draw from the one Gaussian that is fitted to it.
    /// ```math
    /// x_m \sim \mathcal N\big(\mu_m + B(x_s - \mu_s),\ C\big)
    /// ```
    ///
    /// Filled with means, a column would hold one value many times, and a cluster of such rows would be flat. Starts
    /// are looked for in what is returned; the fit itself sees no filled cell. `x` is n×d with NaN for missing cells,
    /// `columns` says how the whole table spreads: where no Gaussian can be fitted, the gaps get its means.
    ///
    /// Source: X-07, X-09.
    ///
    /// # Errors
    /// [`Error::Empty`](executable_em::Error::Empty) for no data,
    /// [`Error::NotFinite`](executable_em::Error::NotFinite) for an infinite cell.
    ///
    /// ```
    /// use executable_em::{data, scale::spread::Spread};
    /// use executable_em_engine::Engine;
    /// use nalgebra::dmatrix;
    /// let mut spread = Spread::EMPTY;
    /// spread.add(&[1.0, 2.0, 4.0]);
    /// let x = dmatrix![1.0; f64::NAN; 2.0; 4.0];
    /// let filled = Engine::new(1)?.filled(&x, &[spread], &mut data::rng(1))?;
    /// assert!(filled[1].is_finite() && filled[0] == 1.0);
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn filled(&self, x: &DMatrix<f64>, columns: &[Spread], rng: &mut Rng) -> Result<DMatrix<f64>> {
        let data = Incomplete::part(x.clone())?;
        let mean = DVector::from_iterator(columns.len(), columns.iter().map(Spread::mean));
        let with_means = || x.map_with_location(|_, a, cell| if cell.is_nan() { mean[a] } else { cell });
        // Of no more rows than columns there is no Gaussian, and its covariance may have no room.
        if x.nrows() <= x.ncols() {
            return Ok(with_means());
        }
        let variances =
            DVector::from_iterator(columns.len(), columns.iter().map(|column| column.sd().powi(2)));
        let stopping = Stopping { max_sweeps: SWEEPS, ..Stopping::default() };
        let drawn = mixture::of_one(&mean, DMatrix::from_diagonal(&variances))
            .map_err(crate::Error::from)
            .and_then(|start| self.fit(start, &WithGaps::new(x)?, &stopping))
            .and_then(|fit| Ok(impute::draw(&fit.model, &data, rng)?));
        // A column that does not spread, or depends on others, has no Gaussian.
        Ok(drawn.unwrap_or_else(|_| with_means()))
    }
}
