//! A whole fit: the one loop of [`em`], climbing by passes over a source.

use super::{Bounds, Engine, Fused, Source};
use crate::{Error, Result};
use executable_em::em::{self, Climb, Expected, Fit, Seen, Stopping};
use std::marker::PhantomData;
use std::ops::ControlFlow;

/// A source on which models climb: an E step is one pass over it, an M step takes none, or one more where it must.
///
/// Example: [`Engine::best_of`].
pub struct OnSource<'a, M> {
    engine: &'a Engine,
    source: &'a dyn Source,
    /// What k-means remembers of the data.
    bounds: Bounds,
    model: PhantomData<M>,
}

impl<'a, M: Fused> OnSource<'a, M> {
    /// This source, as this engine reads it.
    pub fn new(engine: &'a Engine, source: &'a dyn Source) -> Self {
        OnSource { engine, source, bounds: Bounds::default(), model: PhantomData }
    }
}

impl<M: Fused> Climb for OnSource<'_, M> {
    type Model = M;
    type Expectation = M::Statistics;
    type Error = Error;

    fn expect(&self, model: &M) -> Result<Expected<M::Statistics>> {
        let expected = model.e_step_in_run(self.engine, self.source, &self.bounds)?;
        model.check_fit(&expected.expectation)?;
        Ok(expected)
    }

    fn maximize(&self, model: &M, statistics: &M::Statistics) -> Result<M> {
        model.m_step(statistics, self.engine, self.source)
    }

    fn moved(&self, before: (&M, &M::Statistics), after: (&M, &M::Statistics)) -> f64 {
        M::moved(before, after)
    }
}

impl Engine {
    /// Runs EM from a start until the tolerance is met or the sweeps reach their cap.
    ///
    /// The sweeps, and the number of them, are those of [`em::fit`], but for rounding. For k-means ℓ is −J, so a
    /// tolerance in ℓ is a fall of J in squared units a datum; [`Tolerance::Parameters`](em::Tolerance::Parameters) of
    /// 0 runs until the means are at rest, in as many sweeps as [`lloyd`](executable_em::kmeans::lloyd).
    ///
    /// Source: H-05, H-11, H-17, H-38, T-04.
    ///
    /// # Errors
    /// [`Error::Domain`](executable_em::Error::Domain) for a tolerance that is negative or NaN,
    /// [`Error::ComponentCount`](executable_em::Error::ComponentCount) for more means of k-means than data; those of
    /// [`Engine::sweep`].
    ///
    /// ```
    /// use executable_em::em::{Stopped, Stopping, Tolerance};
    /// use executable_em_engine::{Data, Engine, KMeans};
    /// use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
    /// use executable_em::data;
    /// use nalgebra::dmatrix;
    /// let (x, engine) = (data::old_faithful(), Engine::new(1)?);
    /// let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// let fit = engine.fit(start, &Data::new(&x)?, &Stopping::default())?;
    /// assert_eq!(fit.stopped, Stopped::Converged);
    /// assert!((fit.log_likelihood - -1130.264).abs() < 1e-3);
    ///
    /// let x = dmatrix![0.0; 1.0; 9.0; 10.0];
    /// let at_rest = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 100 };
    /// let fit = engine.fit(KMeans::new(dmatrix![0.0; 1.0])?, &Data::new(&x)?, &at_rest)?;
    /// assert_eq!((fit.model.means(), fit.log_likelihood), (&dmatrix![0.5; 9.5], -1.0));
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn fit<M: Fused>(&self, start: M, source: &dyn Source, stopping: &Stopping) -> Result<Fit<M>> {
        self.best_of([Ok(start)], source, stopping, |_| ControlFlow::Continue(()))
    }

    /// The run of highest ℓ among those from several starts, under the eyes of a watcher: [`em::best_of`] on a source.
    ///
    /// # Errors
    /// Those of [`em::best_of`] and [`Engine::fit`].
    ///
    /// ```
    /// use executable_em::em::{Seen, Stopping};
    /// use executable_em_engine::{Data, Engine};
    /// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
    /// use executable_em::data;
    /// use std::ops::ControlFlow;
    /// let (x, _) = data::blobs();
    /// let mut rng = data::rng(3);
    /// let starts = (0..10).map(|_| Ok(random_start(&x, 4, CovarianceFamily::Full, &mut rng)?));
    /// let mut sweeps = 0;
    /// let fit = Engine::new(1)?.best_of(starts, &Data::new(&x)?, &Stopping::default(), |seen| {
    ///     sweeps += usize::from(matches!(seen, Seen::Sweep { .. }));
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert!((fit.log_likelihood - -1264.859).abs() < 1e-3 && sweeps > 10);
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn best_of<M: Fused>(
        &self,
        starts: impl IntoIterator<Item = Result<M>>,
        source: &dyn Source,
        stopping: &Stopping,
        watch: impl FnMut(Seen<'_, OnSource<'_, M>>) -> ControlFlow<()>,
    ) -> Result<Fit<M>> {
        em::best_of(&OnSource::new(self, source), starts, stopping, watch)
    }
}
