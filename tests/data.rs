//! The data: embedded sets and generators.

mod common;

use common::bounds::gamma;
use common::{assert_printed, assert_within};
use executable_em::{Error, data, kmeans};
use nalgebra::{DMatrix, dmatrix};
use rand::distr::{Distribution, Uniform};

/// The embedded geyser is R's `faithful`, 272 × 2: its rows, means, standard deviations and correlation.
///
/// Source: H-06.
#[test]
fn old_faithful_is_the_data_set_that_r_distributes() {
    let x = data::old_faithful();
    assert_eq!(x.shape(), (272, 2));
    assert_eq!((x[(0, 0)], x[(0, 1)]), (3.6, 79.0));
    assert_eq!((x[(271, 0)], x[(271, 1)]), (4.467, 74.0));
    // Exact totals: the values have at most three decimals.
    let thousandths: i64 = x.column(0).iter().map(|value| (value * 1000.0).round() as i64).sum();
    assert_eq!(thousandths, 948_677);
    assert_eq!(x.column(1).sum(), 19_284.0);
    assert_printed(x.column(0).mean(), "3.4878");
    assert_printed(x.column(1).mean(), "70.897");
    // Standard deviations with n − 1, as R prints them, and its correlation.
    let sd = |a: usize| (x.column(a).variance() * 272.0 / 271.0).sqrt();
    assert_printed(sd(0), "1.141371");
    assert_printed(sd(1), "13.59497");
    let products: f64 =
        (0..272).map(|i| (x[(i, 0)] - x.column(0).mean()) * (x[(i, 1)] - x.column(1).mean())).sum();
    assert_printed(products / 271.0 / (sd(0) * sd(1)), "0.9008112");
}

/// The embedded blobs are 400 × 2 with a hundred data of each label, scattered with sd 0.6 about four given centres
/// (axes flipped).
///
/// Source: T-12.
#[test]
fn the_blobs_are_four_hundred_data_about_their_four_centres() {
    let (x, labels) = data::blobs();
    assert_eq!((x.shape(), labels.len()), ((400, 2), 400));
    let centres = dmatrix![4.304, 0.976; 0.898, 2.055; 2.918, -1.527; 7.836, -1.248];
    for label in 0..4 {
        let rows: Vec<usize> = (0..400).filter(|&i| labels[i] == label).collect();
        assert_eq!(rows.len(), 100);
        let cluster = x.select_rows(&rows);
        for a in 0..2 {
            // Five standard errors of a mean of 100, and half a unit of the printed centre.
            assert_within(cluster.column(a).mean(), centres[(label, a)], 5.0 * 0.06 + 5e-4);
            // 99 s²/σ² is χ²(99), so s² has the relative standard error √(2/99).
            let variance = cluster.column(a).variance() * 100.0 / 99.0;
            assert_within(variance, 0.36, 5.0 * 0.36 * (2.0_f64 / 99.0).sqrt());
        }
    }
    // A checksum of every digit: exact sums by rational arithmetic, computed once outside.
    let sum = |a: usize| x.column(a).sum();
    assert_within(sum(0), SUMS[0], gamma(400) * 400.0 * x.column(0).amax());
    assert_within(sum(1), SUMS[1], gamma(400) * 400.0 * x.column(1).amax());
    assert_eq!((x[(0, 0)], x[(0, 1)], labels[0]), (6.488267026618753, 0.250064460206054, 3));
}

const SUMS: [f64; 2] = [1581.2782396651558, 2.4397940328817893];

/// The squares fill (−2, 0]² and [1, 3)² evenly: ranges, means (−1, −1) and (2, 2), variance ⅓ along each axis.
///
/// Source: T-05.
#[test]
fn the_two_squares_have_their_ranges_means_and_variances() {
    let mut rng = data::rng(5);
    let mut columns: [Vec<f64>; 4] = Default::default();
    for _ in 0..100 {
        let (x, labels) = data::two_squares(&mut rng);
        assert_eq!(x.shape(), (100, 2));
        for i in 0..100 {
            assert_eq!(labels[i], usize::from(i >= 50));
            for a in 0..2 {
                let value = x[(i, a)];
                assert!(if i < 50 { -2.0 < value && value <= 0.0 } else { (1.0..3.0).contains(&value) });
                columns[2 * labels[i] + a].push(value);
            }
        }
    }
    // The lecture's formulas, `-2*rand` and `1+2*rand`, on the uniform numbers in turn.
    let (x, _) = data::two_squares(&mut data::rng(5));
    let (mut rng, unit) = (data::rng(5), Uniform::new(0.0, 1.0).unwrap());
    for i in 0..100 {
        for a in 0..2 {
            let u: f64 = unit.sample(&mut rng);
            assert_eq!(x[(i, a)], if i < 50 { -2.0 * u } else { 1.0 + 2.0 * u });
        }
    }
    for (column, mean) in columns.iter().zip([-1.0, -1.0, 2.0, 2.0]) {
        let n = column.len() as f64;
        assert_eq!(n, 5000.0);
        // z = 5: sd of a mean is √(⅓/n); the squared deviation of a uniform of width 2 has variance 1/5 − 1/9.
        assert_within(column.iter().sum::<f64>() / n, mean, 5.0 * (1.0 / 3.0 / n).sqrt());
        let variance = column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        assert_within(variance, 1.0 / 3.0, 5.0 * ((0.2 - 1.0 / 9.0) / n).sqrt());
        let (low, high) = column.iter().fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
        // All of 5000 data miss an end piece of length 0.01 with probability e^{−25}.
        assert!(low < mean - 0.99 && high > mean + 0.99);
    }
}

/// The stripes and the unequal clusters have the sizes, centres and widths that they were asked to have.
///
/// Source: H-09.
#[test]
fn the_pathological_sets_have_their_parameters() {
    type Clusters = [(usize, [f64; 2], [f64; 2]); 2];
    let stripes: Clusters = [(200, [0.0, -1.0], [5.0, 0.3]), (200, [0.0, 1.0], [5.0, 0.3])];
    let unequal: Clusters = [(300, [0.0, 0.0], [2.0, 2.0]), (100, [5.0, 0.0], [0.4, 0.4])];
    for seed in 0..20 {
        let sets = [data::stripes(&mut data::rng(seed)), data::unequal_clusters(&mut data::rng(seed))];
        for ((x, labels), clusters) in sets.iter().zip([stripes, unequal]) {
            assert_eq!(x.shape(), (400, 2));
            for (label, (size, centre, sd)) in clusters.into_iter().enumerate() {
                let rows: Vec<usize> = (0..400).filter(|&i| labels[i] == label).collect();
                assert_eq!(rows.len(), size);
                let (cluster, root) = (x.select_rows(&rows), (size as f64).sqrt());
                for a in 0..2 {
                    // 160 moments are compared: z = 5.5 fails one right generator in 160 000.
                    assert_within(cluster.column(a).mean(), centre[a], 5.5 * sd[a] / root);
                    let spread = cluster.column(a).variance() / (sd[a] * sd[a]);
                    assert_within(spread, 1.0, 5.5 * 2_f64.sqrt() / root + 1.0 / size as f64);
                }
            }
        }
    }
}

/// A seed determines the data, another seed gives others.
///
/// Source: T-05, H-09.
#[test]
fn generators_are_reproducible_by_their_seed() {
    assert_eq!(data::two_squares(&mut data::rng(3)), data::two_squares(&mut data::rng(3)));
    assert_ne!(data::two_squares(&mut data::rng(3)), data::two_squares(&mut data::rng(4)));
    assert_eq!(data::stripes(&mut data::rng(3)), data::stripes(&mut data::rng(3)));
    assert_eq!(data::unequal_clusters(&mut data::rng(3)), data::unequal_clusters(&mut data::rng(3)));
    // Recorded once: a change of generator or seeding would silently change every figure.
    let mut rng = data::rng(0);
    let first: u64 = rand::RngExt::random(&mut rng);
    assert_eq!(first, 2_354_861_276_966_075_475);
}

/// Standardised columns have mean zero and variance one, far from the origin too; what cannot be scaled is an error.
///
/// Source: H-06.
#[test]
fn standardising_gives_mean_zero_and_variance_one() {
    let x = data::old_faithful();
    for shift in [0.0, 1e8] {
        let shifted = x.add_scalar(shift);
        let z = data::standardize(&shifted).unwrap();
        for a in 0..2 {
            // The mean of n values near `shift` errs by γ(n)·max|x|, in units of the spread.
            let (column, sd) = (shifted.column(a), shifted.column(a).variance().sqrt());
            let mean_error = 2.0 * gamma(273) * column.amax() / sd;
            let largest = z.column(a).amax();
            assert_within(z.column(a).mean(), 0.0, mean_error + gamma(273) * largest);
            assert_within(z.column(a).variance(), 1.0, mean_error * mean_error + gamma(600));
            // The order and the ratios of distances stay: z is an affine map of x.
            let slope = (z[(1, a)] - z[(0, a)]) * sd;
            assert_within(slope, shifted[(1, a)] - shifted[(0, a)], gamma(300) * column.amax());
        }
    }
    let spread = |x: DMatrix<f64>| match data::standardize(&x) {
        Err(Error::Domain { what: "spread of a column", value, .. }) => value,
        other => panic!("{other:?}"),
    };
    assert_eq!(spread(dmatrix![1.0, 2.0; 1.0, 3.0]), 0.0);
    assert_eq!(spread(dmatrix![5.0]), 0.0);
    spread(DMatrix::from_element(7, 1, 0.1));
    let error = data::standardize(&dmatrix![1.0; f64::NEG_INFINITY]).unwrap_err();
    assert_eq!(error, Error::NotFinite { what: "data", row: 1, column: 0, value: f64::NEG_INFINITY });
    assert_eq!(data::standardize(&DMatrix::zeros(0, 2)), Err(Error::Empty { what: "data" }));
}

/// A column whose values overflow when squared is an error, not a column of zeros.
#[test]
fn standardising_what_overflows_is_an_error() {
    let error = data::standardize(&dmatrix![1e200; -1e200]).unwrap_err();
    assert!(
        matches!(error, Error::Domain { what: "spread of a column", value: f64::INFINITY, .. }),
        "{error:?}"
    );
}

/// On the embedded blobs and on the squares, the labels that come with the data are those of the nearest centre, but
/// for a few data that lie between two.
///
/// Source: H-07.
#[test]
fn the_labels_that_come_with_the_data_belong_to_them() {
    let (x, labels) = data::blobs();
    let centres = dmatrix![4.304, 0.976; 0.898, 2.055; 2.918, -1.527; 7.836, -1.248];
    let nearest = kmeans::assign(&x, &centres).unwrap();
    // The closest two centres are 2.86 apart, 2.4 sd on either side of the middle: P(N > 2.38) < 0.009 each way.
    let wrong = nearest.iter().zip(&labels).filter(|(a, b)| a != b).count();
    assert!(wrong <= 12, "{wrong} of 400");
    let (x, labels) = data::two_squares(&mut data::rng(1));
    assert_eq!(kmeans::assign(&x, &dmatrix![-1.0, -1.0; 2.0, 2.0]).unwrap(), labels);
}
