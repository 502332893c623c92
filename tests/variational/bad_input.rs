//! Bad input gives the one typed error that names the place.

use crate::common::assert_refused;
use crate::unit_prior;
use executable_em::variational::coins::{CoinPrior, VariationalCoins};
use executable_em::variational::evidence::{by_labelings, log_joint};
use executable_em::variational::gibbs::conditional;
use executable_em::variational::mixture::OnBound;
use executable_em::variational::tilted::{Factorised, exclusive};
use executable_em::variational::{GaussWishart, Shares, VariationalMixture, Weights};
use nalgebra::{DMatrix, RowDVector, dmatrix, dvector};

#[test]
fn bad_input_is_named() {
    let prior = unit_prior(1);
    let x = dmatrix![0.0; 1.0];
    let half = DMatrix::from_element(2, 2, 0.5);
    let new = |strength, scatter, degrees| {
        GaussWishart::new(RowDVector::zeros(1), strength, scatter, degrees).err()
    };
    let learned = |weights, x: &DMatrix<f64>, r: &DMatrix<f64>| {
        VariationalMixture::learned(weights, unit_prior(1), x, r).err()
    };
    let coins = CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, 2).unwrap();
    let q = Factorised { means: dvector![0.0], variances: dvector![0.0] };
    assert_refused(&[
        (new(0.0, dmatrix![1.0], 1.0), "strength is 0, but must be finite and > 0"),
        (new(1.0, dmatrix![1.0], 0.0), "degrees of freedom is 0, but must be finite and > d − 1"),
        (
            new(1.0, dmatrix![-1.0], 1.0),
            "covariance of component 0 is not positive definite: its smallest eigenvalue is -1e0",
        ),
        (new(1.0, DMatrix::identity(2, 2), 1.0), "scatter: expected 1 × 1, found 2 × 2"),
        (prior.updated(&x, &dvector![1.0]).err(), "weights of the data: expected 2 × 1, found 1 × 1"),
        (prior.updated(&x, &dvector![1.0, -1.0]).err(), "weight of a datum is -1, but must be ≥ 0"),
        (prior.log_evidence(&dmatrix![0.0, 1.0]).err(), "data: expected 1 × 1, found 1 × 2"),
        (prior.divergence(&unit_prior(2)).err(), "mean: expected 1 × 1, found 1 × 2"),
        (
            Shares::new(Weights::Dirichlet(0.0), dvector![1.0]).err(),
            "concentration is 0, but must be finite and > 0",
        ),
        (
            Shares::new(Weights::Sticks(1.0), dvector![-1.0]).err(),
            "count of a component is -1, but must be ≥ 0",
        ),
        (
            learned(Weights::Sticks(1.0), &x, &(&half * 2.0)),
            "responsibilities: row 0 is no probability vector (found 2; entries must be ≥ 0 and sum to 1)",
        ),
        (learned(Weights::Sticks(-1.0), &x, &half), "concentration is -1, but must be finite and > 0"),
        (
            OnBound::new(&dmatrix![f64::NAN]).err(),
            "data: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            CoinPrior::new(Weights::Dirichlet(1.0), 0.0, 1.0, 1).err(),
            "heads of the prior is 0, but must be finite and > 0",
        ),
        (
            CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, 0).err(),
            "number of flips is 0, but must be finite and > 0",
        ),
        (
            VariationalCoins::learned(coins, &dmatrix![3.0], &dmatrix![1.0]).err(),
            "data: entry (0, 0) is 3, but must be a whole number of heads, at most the number of flips",
        ),
        (
            log_joint(Weights::Dirichlet(1.0), &prior, &x, &[0, 2], 2).err(),
            "label of datum 1 is 2, but there are only 2 components",
        ),
        (by_labelings(0.0, &prior, &x, 2).err(), "concentration is 0, but must be finite and > 0"),
        (
            conditional(Weights::Dirichlet(1.0), &prior, &x, &[0], 2, 0).err(),
            "labels: expected 2 × 1, found 1 × 1",
        ),
        (
            conditional(Weights::Dirichlet(1.0), &prior, &x, &[0, 1], 2, 2).err(),
            "row of the datum is 2, but must be below the number of data",
        ),
        (
            exclusive(&q, &dvector![0.0], &dmatrix![1.0]).err(),
            "variance of q is 0, but must be finite and > 0",
        ),
    ]);
}
