//! What the functions say to input that is none.

use crate::{Outcome, state};
use executable_em::Error;
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::scale::{self, Moments, SufficientStatistics};
use nalgebra::{DMatrix, DVector, dmatrix};

#[test]
fn bad_input_is_one_error() -> Outcome {
    let (model, x) = state(CovarianceFamily::Full);
    let r = model.responsibilities(&x)?;
    let here = model.means();
    let negative = r.map_with_location(|i, j, r| if (i, j) == (5, 1) { -r } else { r });
    assert!(matches!(Moments::of(&x, &negative, here), Err(Error::NotOnSimplex { row: 5, .. })));
    assert!(matches!(Moments::of(&x, &r.columns(0, 2).into_owned(), here), Err(Error::Shape { .. })));
    assert!(matches!(Moments::of(&DMatrix::zeros(0, 2), &r, here), Err(Error::Empty { .. })));
    let moments = Moments::of(&x, &r, here)?;
    assert!(matches!(moments.about(&dmatrix![f64::NAN, 0.0]), Err(Error::NotFinite { .. })));
    assert!(matches!(moments.about(&dmatrix![0.0, 0.0]), Err(Error::Shape { .. })));
    let elsewhere = moments.about(&here.add_scalar(1.0))?;
    assert!(matches!(moments.plus(&elsewhere), Err(Error::Domain { what: "reference point", .. })));
    let fewer = Moments::of(&x, &r.columns(0, 2).into_owned(), &here.rows(0, 2).into_owned())?;
    assert!(matches!(moments.plus(&fewer), Err(Error::Shape { .. })));
    assert!(matches!(fewer.maximize(&model), Err(Error::Shape { .. })));
    assert!(matches!(fewer.expected_log_joint(&model), Err(Error::Shape { .. })));
    let mut sum = moments.clone();
    assert!(sum.add(&fewer).is_err() && sum == moments);
    let weightless = Moments { total: 0.0, counts: DVector::zeros(3), ..moments.clone() };
    assert!(matches!(weightless.maximize(&model), Err(Error::Domain { .. })));
    assert_eq!(scale::sweep(&model, &[]).unwrap_err(), Error::Empty { what: "parts" });
    let nan = dmatrix![f64::NAN, 1.0];
    assert!(matches!(scale::sweep(&model, &[x, nan]), Err(Error::NotFinite { .. })));
    Ok(())
}
