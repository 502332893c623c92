//! The derivation's labels, ties and near ties included.

use crate::common::assert_matrices_within;
use crate::common::bounds::gamma;
use crate::{assert_statistics, engines, labels, random_state, statistics, sweep};
use executable_em::{data, kmeans};
use executable_em_engine::{Data, Result};
use nalgebra::{DMatrix, dmatrix, dvector};
use rand::RngExt;

/// Midway between two means rounding alone decides, and it decides as in the derivation, whatever the
/// instructions.
#[test]
fn near_ties_are_broken_as_in_the_derivation() -> Result<()> {
    for d in [2, 3, 8, 33] {
        for k in [2, 3, 9] {
            let (_, means) = random_state(1, d, k);
            let mut rng = data::rng((d * 10 + k) as u64);
            let x = DMatrix::from_fn(2000, d, |i, a| {
                let middle = 0.5 * (means[(i % k, a)] + means[((i + 1) % k, a)]);
                middle * (1.0 + f64::EPSILON * rng.random_range(-2..=2) as f64)
            });
            for engine in engines() {
                assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
            }
        }
    }
    Ok(())
}

/// Likewise far out between two means, and close to the origin between far means of equal length, where the products
/// that the engine compares err most.
#[test]
fn near_ties_far_from_the_means_are_broken_as_in_the_derivation() -> Result<()> {
    for (d, k) in [(2, 2), (3, 3), (8, 5)] {
        let mut rng = data::rng((d * 10 + k) as u64);
        let (_, means) = random_state(1, d, k);
        let between = (means.row(0) + means.row(1)) * 0.5;
        let across = means.row(0) - means.row(1);
        let mut far = DMatrix::zeros(500, d);
        for mut x in far.row_iter_mut() {
            let along = nalgebra::RowDVector::from_fn(d, |_, _| rng.random_range(-1e8..1e8));
            let off = along.dot(&across) / across.norm_squared();
            x.copy_from(&(&between + along - &across * off));
        }
        // Rows of the same numbers in different orders.
        let lengths: Vec<f64> = (0..d).map(|_| rng.random_range(0.1..1.0)).collect();
        let alike = DMatrix::from_fn(k, d, |j, a| lengths[(a + j) % d]);
        let close = DMatrix::from_fn(500, d, |_, _| rng.random_range(-1e-15..1e-15));
        for engine in engines() {
            for (x, means) in [(&far, &means), (&close, &alike)] {
                assert_eq!(labels(&engine, means, &Data::new(x)?)?, kmeans::assign(x, means)?);
            }
        }
    }
    Ok(())
}

/// Near-ties that single precision cannot decide, some of which double can; offsets; magnitudes that single precision
/// has no numbers for.
#[test]
fn labels_are_the_derivations_where_single_precision_fails() -> Result<()> {
    for d in [1, 2, 3, 4, 5, 8, 17, 33] {
        for k in [1, 2, 4, 5, 17, 65] {
            let (around, means) = random_state(100, d, k);
            let mut rng = data::rng((d * 100 + k) as u64);
            let mut near_tie = |relative: f64| {
                DMatrix::from_fn(100, d, |i, a| {
                    let middle = 0.5 * (means[(i % k, a)] + means[((i + 1) % k, a)]);
                    middle * (1.0 + relative * rng.random_range(-1.0..1.0))
                })
            };
            let near_ties = [1e-5, 1e-6, 1e-7, 1e-8, 1e-12, 0.0].map(&mut near_tie);
            let mixed = |m: &DMatrix<f64>| {
                m.map_with_location(|i, a, x| x * [1e30, 1e-30, 1e200, 1e-320, 1.0, 1e18, 1e-20][(i + a) % 7])
            };
            let mut cases: Vec<_> = near_ties.into_iter().map(|x| (x, means.clone())).collect();
            cases.push((around.map(|x| 1e6 + 1e-3 * x), means.map(|m| 1e6 + 1e-3 * m)));
            cases.push((mixed(&around), mixed(&means)));
            for scale in [1e30, 1e-30, 1e200, 1e-320, 1e19, 3e19, 1e38, 1e-19, 1e-23, 1e-38, 1e-45] {
                cases.push((scale * &around, scale * &means));
                cases.push((scale * &around, means.clone()));
                cases.push((around.clone(), scale * &means));
            }
            for (x, means) in &cases {
                let expected = kmeans::assign(x, means)?;
                for engine in engines() {
                    assert_eq!(labels(&engine, means, &Data::new(x)?)?, expected, "d = {d}, k = {k}");
                }
            }
        }
    }
    Ok(())
}

/// Two means m and −m, and a datum with x·m so close to 0 that single precision, summing d products of every sign, errs
/// by more: a bound that is too small does not notice. The data are so many that some of them err as much as they can.
#[test]
fn the_roundings_of_single_precision_are_all_accounted_for() -> Result<()> {
    let mut rng = data::rng(7);
    for d in [1, 2, 3, 8, 64] {
        let half = DMatrix::from_fn(1, d, |_, _| rng.random_range(0.5..2.0));
        let means = DMatrix::from_fn(2, d, |j, a| if j == 0 { half[a] } else { -half[a] });
        for size in [1e-8, 1e-7, 1e-6, 1e-5, 1e-4] {
            let x = DMatrix::from_fn(5_000, d, |_, _| rng.random_range(-1.0..1.0));
            let x = DMatrix::from_fn(5_000, d, |i, a| {
                // Orthogonal to m, but for a little.
                let along = x.row(i).dot(&half) / half.norm_squared();
                x[(i, a)] - (along - size * x[(i, 0)]) * half[a]
            });
            for engine in engines() {
                assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
            }
        }
    }
    Ok(())
}

/// Means whose differences from the centre single precision rounds: 1 + 2⁻²⁵ is 1, so both are as far from the data as
/// it can see. And data likewise, whose rounding decides where they are almost midway.
#[test]
fn the_rounding_to_single_precision_is_accounted_for() -> Result<()> {
    let tiny = 2f64.powi(-25);
    for engine in engines() {
        for sign in [1.0, -1.0] {
            // The centre is the origin.
            let means = dmatrix![1.0 + sign * tiny; -1.0; -sign * tiny];
            let x =
                DMatrix::from_fn(64, 1, |i, _| [0.5, -0.5][i % 2] * (1.0 + tiny * (i as f64 - 32.0) / 16.0));
            assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
            let means = dmatrix![1.0, 0.5 + sign * tiny; -1.0, -0.5 - sign * tiny];
            let x = DMatrix::from_fn(64, 2, |i, a| {
                [1.0, -2.0][a] * (1.0 + tiny * ((i / 8) as f64 - 3.5 * a as f64))
            });
            assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
        }
    }
    Ok(())
}

/// Where half of the tiles are hopeless in single precision, the others are not disturbed, and what fills up the last
/// one is not looked at.
#[test]
fn tiles_of_every_kind_alternate() -> Result<()> {
    let (_, means) = random_state(1, 5, 9);
    for n in [1, 15, 17, 31, 33, 47, 100, 1000, 5000] {
        let (x, _) = random_state(n, 5, 1);
        for period in [1, 7, 16, 48, 300] {
            let x = DMatrix::from_fn(n, 5, |i, a| {
                let middle = 0.5 * (means[(i % 9, a)] + means[((i + 1) % 9, a)]);
                if i / period % 2 == 0 { middle } else { x[(i, a)] }
            });
            for engine in engines() {
                let statistics = statistics(&engine, &means, &Data::new(&x)?)?;
                assert_statistics(&engine, &statistics, &x, &means)?;
            }
        }
    }
    Ok(())
}

/// The squares of (0.1, 0.3) and of (0.3, 0.1) add up to the same number, but not with fused multiply–adds.
#[test]
fn exact_ties_go_to_the_lower_index() -> Result<()> {
    let x = dmatrix![0.0, 0.0; 0.0, 0.0; 0.0, 0.0];
    for engine in engines() {
        for means in [
            dmatrix![9.0, 9.0; 0.1, 0.3; 0.3, 0.1],
            dmatrix![9.0, 9.0; 0.3, 0.1; 0.1, 0.3],
            dmatrix![9.0, 9.0; 0.3, 0.1; 0.3, 0.1],
        ] {
            assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, [1, 1, 1]);
            let counts = statistics(&engine, &means, &Data::new(&x)?)?.expectation.counts;
            assert_eq!(counts, dvector![0.0, 3.0, 0.0]);
        }
    }
    Ok(())
}

/// Data far from the origin whose spread is nine orders smaller, data whose squared distances underflow, and a start
/// that is far from its data: the labels are the derivation's, the sums as good as at the origin.
#[test]
fn labels_do_not_depend_on_the_scale() -> Result<()> {
    let (x, means) = random_state(1000, 3, 5);
    for (shift, scale) in [(1e6, 1e-3), (0.0, 1e-162), (0.0, 1e-155), (0.0, 1e150), (-1e9, 1e9)] {
        let (x, means) = (x.map(|x| shift + scale * x), means.map(|m| shift + scale * m));
        for engine in engines() {
            assert_eq!(labels(&engine, &means, &Data::new(&x)?)?, kmeans::assign(&x, &means)?);
            let next = sweep(&engine, &means, &Data::new(&x)?)?.model;
            let next = next.means();
            // The differences from the old means are exact or rounded once; what is left is the last bit of the mean.
            let r = kmeans::responsibilities(&x.map(|x| x - shift), &means.map(|m| m - shift))?;
            let expected =
                kmeans::update_means(&x.map(|x| x - shift), &r, &means.map(|m| m - shift))?.add_scalar(shift);
            assert_matrices_within(
                next,
                &expected,
                4.0 * gamma(1003) * 2.0 * scale + f64::EPSILON * f64::abs(shift),
            );
        }
    }
    Ok(())
}
