//! What the engine says to draws that are none.

use crate::mathematics::mathematics;
use crate::{random_state, sweep};
use executable_em::Error;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em_engine::{Data, Engine, Result, Source, Stream};
use nalgebra::DVector;

#[test]
fn bad_input_is_one_error() -> Result<()> {
    let engine = Engine::new(2)?;
    let (model, x) = random_state(20_000, 2, 2, 3);
    let expect = |row: usize, column: usize, value: f64| {
        let mut wrong = x.clone();
        wrong[(row, column)] = value;
        let halves = || Ok([(0, 700), (700, 19_300)].map(|(at, len)| Ok(wrong.rows(at, len).into_owned())));
        let in_memory = mathematics(sweep(&engine, &model, &wrong));
        let streamed = mathematics(engine.sweep(&model, &Stream(halves)));
        assert_eq!(streamed.to_string(), in_memory.to_string());
        in_memory
    };
    for (row, column, value) in
        [(0, 0, 0.5), (127, 1, -1.0), (128, 0, 4.0), (701, 1, 1e300), (19_999, 0, 2.5)]
    {
        let allowed = "a whole number of heads, at most the number of flips";
        assert_eq!(expect(row, column, value), Error::Entry { what: "data", row, column, value, allowed });
    }
    assert!(matches!(expect(9, 1, f64::NAN), Error::NotFinite { row: 9, column: 1, .. }));
    assert!(matches!(expect(999, 1, f64::INFINITY), Error::NotFinite { row: 999, column: 1, .. }));

    let of = |model: &BernoulliMixture, source: &dyn Source| mathematics(engine.sweep(model, source));
    assert!(matches!(
        of(&model, &Data::new(&x.columns(0, 1).into_owned())?),
        Error::Shape { what: "data", .. }
    ));
    assert!(matches!(of(&model, &Stream(|| Ok(Vec::new()))), Error::Empty { what: "data" }));
    let zero_weights = engine.sweep(&model, &Data::weighted(&x, &DVector::zeros(20_000))?);
    assert!(matches!(mathematics(zero_weights), Error::Domain { what: "sum of the counts", .. }));
    Ok(())
}
