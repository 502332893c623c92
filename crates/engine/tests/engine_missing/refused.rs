//! What no step can use, and by whom.

use crate::mathematics::mathematics;
use executable_em::Error;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em_engine::{Engine, KMeans, Result, StreamWithGaps, WithGaps, sample};
use nalgebra::{DMatrix, dmatrix, dvector};

const NAN: f64 = f64::NAN;

#[test]
fn cells_that_are_no_numbers_are_named() {
    let error = mathematics(WithGaps::new(&dmatrix![1.0, NAN; 2.0, f64::INFINITY]));
    assert_eq!(error, Error::NotFinite { what: "data", row: 1, column: 1, value: f64::INFINITY });
    assert!(matches!(mathematics(WithGaps::new(&DMatrix::zeros(0, 2))), Error::Empty { what: "data" }));
    let error = mathematics(WithGaps::weighted(&dmatrix![1.0; NAN], &dvector![1.0, -1.0]));
    assert!(matches!(error, Error::Entry { what: "data weights", row: 1, .. }));
    assert!(matches!(
        mathematics(WithGaps::weighted(&dmatrix![1.0; NAN], &dvector![1.0])),
        Error::Shape { what: "data weights", .. }
    ));
}

/// Whoever needs whole rows says which cell is missing, in whichever block it stands.
#[test]
fn models_of_whole_rows_refuse_gaps() -> Result<()> {
    let engine = Engine::new(1)?;
    let blocks = || Ok([Ok(dmatrix![1.0, 0.0; 0.0, 0.0]), Ok(dmatrix![1.0, NAN])]);
    let stream = StreamWithGaps(blocks);
    let (means, weights) = (dmatrix![0.2, 0.4; 0.6, 0.8], dvector![0.5, 0.5]);
    let errors = [
        mathematics(engine.statistics(&KMeans::new(means.clone())?, &stream)),
        mathematics(engine.labels(&KMeans::new(means.clone())?, &stream, |_| Ok(()))),
        mathematics(engine.statistics(&BernoulliMixture::new(weights, means, 1)?, &stream)),
    ];
    for error in errors {
        assert!(matches!(error, Error::NotFinite { what: "data", row: 2, column: 1, .. }), "{error}");
    }
    Ok(())
}

#[test]
fn a_datum_that_nobody_explains_is_named_by_its_row() -> Result<()> {
    let (means, covariances) = (dmatrix![0.0, 0.0], vec![DMatrix::identity(2, 2)]);
    let model = GaussianMixture::new(dvector![1.0], means, covariances, CovarianceFamily::Full)?;
    let blocks = || Ok([Ok(dmatrix![1.0, 0.0; 0.0, NAN]), Ok(dmatrix![NAN, 1.0; 1.0, NAN; NAN, 1e200])]);
    let error = mathematics(Engine::new(1)?.statistics(&model, &StreamWithGaps(blocks)));
    assert_eq!(error, Error::ImpossibleDatum { row: 4 });
    Ok(())
}

#[test]
fn other_dimensions_and_no_data_are_refused() -> Result<()> {
    let (means, covariances) = (dmatrix![0.0, 0.0], vec![DMatrix::identity(2, 2)]);
    let model = GaussianMixture::new(dvector![1.0], means, covariances, CovarianceFamily::Full)?;
    let engine = Engine::new(1)?;
    let error = mathematics(engine.statistics(&model, &WithGaps::new(&dmatrix![1.0, 2.0, NAN])?));
    assert!(matches!(error, Error::Shape { what: "data", .. }));
    let nothing = StreamWithGaps(|| Ok(Vec::<Result<DMatrix<f64>>>::new()));
    assert!(matches!(mathematics(engine.statistics(&model, &nothing)), Error::Empty { what: "data" }));
    assert!(matches!(mathematics(engine.label_entropy(&model, &nothing)), Error::Empty { what: "data" }));
    Ok(())
}

/// A sample holds rows as they are: whoever starts from it fills their gaps.
#[test]
fn a_sample_keeps_gaps() -> Result<()> {
    let x = dmatrix![1.0, NAN; NAN, NAN];
    let drawn = sample(&WithGaps::new(&x)?, 5, &mut executable_em::data::rng(1))?;
    assert!(drawn[(0, 0)] == 1.0 && drawn.iter().filter(|value| value.is_nan()).count() == 3);
    Ok(())
}
