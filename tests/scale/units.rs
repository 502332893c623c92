//! Data in standard units, and the mixture back in theirs.

use crate::Outcome;
use crate::common::assert_within;
use crate::common::bounds::{self, gamma};
use executable_em::Error;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::latent::Model;
use executable_em::scale::spread::Spread;
use executable_em::scale::units::Units;
use nalgebra::{dmatrix, dvector};

/// Columns of mean 3 and −1 and standard deviation 2 and 4: all of it is exact.
#[test]
fn units_come_and_go() -> Outcome {
    let x = dmatrix![5.0, 3.0; 5.0, -5.0; 1.0, 3.0; 1.0, -5.0];
    let spreads: Vec<Spread> = x
        .column_iter()
        .map(|column| {
            let mut spread = Spread::EMPTY;
            spread.add(column.as_slice());
            spread
        })
        .collect();
    let units = Units::of(&spreads)?;
    assert_eq!(units.standardize(x.clone())?, dmatrix![1.0, 1.0; 1.0, -1.0; -1.0, 1.0; -1.0, -1.0]);
    assert_within(units.log_volume(), 8_f64.ln(), gamma(3) * 8_f64.ln());

    let weights = dvector![0.25, 0.75];
    let means = dmatrix![0.0, 1.0; -0.5, 0.25];
    for (family, covariance, expected) in [
        (CovarianceFamily::Full, dmatrix![1.0, 0.5; 0.5, 2.0], dmatrix![4.0, 4.0; 4.0, 32.0]),
        (CovarianceFamily::Tied, dmatrix![1.0, 0.5; 0.5, 2.0], dmatrix![4.0, 4.0; 4.0, 32.0]),
        (CovarianceFamily::Diagonal, dmatrix![0.5, 0.0; 0.0, 2.0], dmatrix![2.0, 0.0; 0.0, 32.0]),
        (CovarianceFamily::Spherical, dmatrix![2.0, 0.0; 0.0, 2.0], dmatrix![8.0, 0.0; 0.0, 32.0]),
    ] {
        let standard = GaussianMixture::new(weights.clone(), means.clone(), vec![covariance; 2], family)?;
        let model = units.undo(&standard)?;
        assert_eq!((model.weights(), model.means()), (&weights, &dmatrix![3.0, 3.0; 2.0, 0.0]));
        assert_eq!(model.covariances(), [expected.clone(), expected]);
        let round = family == CovarianceFamily::Spherical;
        assert_eq!(model.family(), if round { CovarianceFamily::Diagonal } else { family });
        // ℓ loses the log volume of a unit for every datum, and the responsibilities stay; both sides to their own
        // rounding.
        let y = units.standardize(x.clone())?;
        let error = bounds::gaussian_log_likelihood_error(&standard, &y)
            + bounds::gaussian_log_likelihood_error(&model, &x);
        let expected = standard.log_likelihood(&y)? - 4.0 * units.log_volume();
        assert_within(model.log_likelihood(&x)?, expected, error + gamma(8) * 4.0 * 8_f64.ln());
        let error = bounds::responsibility_error(&model.log_joint(&x)?, &bounds::log_joint_error(&model, &x));
        let difference = (model.responsibilities(&x)? - standard.responsibilities(&y)?).abs();
        assert!(difference.zip_fold(&error, true, |all, off, error| all && off <= 4.0 * error));
    }

    assert!(matches!(units.standardize(dmatrix![1.0]), Err(Error::Shape { what: "data", .. })));
    let line =
        GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
    assert!(matches!(units.undo(&line), Err(Error::Shape { what: "means", .. })));
    let flat = Units::of(&[spreads[0], Spread::EMPTY]);
    assert!(matches!(flat, Err(Error::Domain { what: "standard deviation", .. })));
    Ok(())
}
