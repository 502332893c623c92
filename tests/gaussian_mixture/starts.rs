//! Starts: broad ones at random, and those with the moments of a clustering.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_within};
use executable_em::gaussian_mixture::{
    CovarianceFamily, kmeans_start, narrow_start, projected_kmeans_start, random_start, start_from_labels,
};
use executable_em::{data, gaussian};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;

/// A random start has k different data as means, equal weights and the covariance of all the data, in the family.
///
/// Source: H-38, L-12.
#[test]
fn a_random_start_is_broad() {
    let x = data::old_faithful();
    let ones = DVector::from_element(272, 1.0);
    let spread =
        gaussian::weighted_covariance(&x, &ones, &gaussian::weighted_mean(&x, &ones).unwrap()).unwrap();
    for family in CovarianceFamily::ALL {
        let start = random_start(&x, 3, family, &mut data::rng(5)).unwrap();
        assert_eq!((start.family(), start.weights().as_slice()), (family, &[1.0 / 3.0; 3][..]));
        assert!(start.means().row_iter().all(|mean| x.row_iter().any(|datum| datum == mean)));
        assert_eq!(start, random_start(&x, 3, family, &mut data::rng(5)).unwrap());
        assert_ne!(start.means(), random_start(&x, 3, family, &mut data::rng(6)).unwrap().means());
        let expected = match family {
            CovarianceFamily::Full | CovarianceFamily::Tied => spread.clone(),
            CovarianceFamily::Diagonal => DMatrix::from_diagonal(&spread.diagonal()),
            CovarianceFamily::Spherical => DMatrix::identity(2, 2) * (0.5 * spread.trace()),
        };
        for covariance in start.covariances() {
            assert_matrices_within(covariance, &expected, gamma(8) * spread.amax());
        }
    }
}

/// A narrow start is a random one whose covariances are divided by one number between k² and 9k², others in every draw.
///
/// Source: H-38.
#[test]
fn a_narrow_start_is_a_random_one_made_small() {
    let x = data::old_faithful();
    for family in CovarianceFamily::ALL {
        let wide = random_start(&x, 3, family, &mut data::rng(5)).unwrap();
        let narrow = narrow_start(&x, 3, family, &mut data::rng(5)).unwrap();
        assert_eq!(
            (narrow.means(), narrow.weights(), narrow.family()),
            (wide.means(), wide.weights(), family)
        );
        let factor = narrow.covariances()[0][0] / wide.covariances()[0][0];
        assert!((1.0 / 81.0..=1.0 / 9.0).contains(&factor), "{factor}");
        for (own, all) in narrow.covariances().iter().zip(wide.covariances()) {
            assert_matrices_within(own, &(all * factor), gamma(8) * all.amax());
        }
        assert_ne!(
            narrow.covariances(),
            narrow_start(&x, 3, family, &mut data::rng(6)).unwrap().covariances()
        );
    }
}

/// Three stripes in whitened data lie apart from one side alone, and a start that looks from there parts them. A
/// shear of the second column by the first, whose Cholesky factor is the sheared one, changes nothing of what is seen.
///
/// Source: T-09.
#[test]
fn a_projected_start_parts_what_one_side_shows() {
    let x = DMatrix::from_fn(90, 2, |i, a| if a == 0 { (i * 37 % 90) as f64 } else { 40.0 * (i % 3) as f64 });
    let parted = |x: &DMatrix<f64>, seed: u64| {
        let start = projected_kmeans_start(x, 3, CovarianceFamily::Diagonal, &mut data::rng(seed)).unwrap();
        let mut seen: Vec<f64> = start.means().column(1).iter().map(|mean| (mean / 10.0).round()).collect();
        seen.sort_by(f64::total_cmp);
        (seen == [0.0, 4.0, 8.0], start.weights().clone())
    };
    let count = (0..60).filter(|&seed| parted(&x, seed).0).count();
    assert!(count > 3, "{count} of 60 sides");
    let sheared = DMatrix::from_fn(90, 2, |i, a| x[(i, a)] + if a == 1 { 5.0 * x[(i, 0)] } else { 0.0 });
    for seed in 0..20 {
        assert_eq!(parted(&x, seed).1, parted(&sheared, seed).1);
    }
}

/// A k-means start has the shares, centres and scatters of a k-means clustering; from labels, those of the labels.
///
/// Source: T-09, H-38.
#[test]
fn a_start_from_a_clustering_has_its_moments() {
    let (x, _) = data::blobs();
    let start = kmeans_start(&x, 4, CovarianceFamily::Full, &mut data::rng(2)).unwrap();
    let clustering = executable_em::kmeans::lloyd(&x, start.means(), 0).unwrap();
    let from_labels = start_from_labels(&x, clustering.labels(), 4, CovarianceFamily::Full).unwrap();
    // The start's means are the fixed point of Lloyd's algorithm: assigning to them gives back the same clusters.
    assert_eq!(start, from_labels);
    for j in 0..4 {
        let rows: Vec<usize> = (0..400).filter(|&i| clustering.labels()[i] == j).collect();
        let own = x.select_rows(&rows);
        assert_within(start.weights()[j], rows.len() as f64 / 400.0, gamma(2));
        let centred = DMatrix::from_fn(rows.len(), 2, |i, a| own[(i, a)] - own.column(a).mean());
        let scatter = centred.transpose() * &centred / rows.len() as f64;
        assert_matrices_within(&start.covariances()[j], &scatter, gamma(600) * scatter.amax() * 2.0);
    }
}

/// Labels that leave a component empty or with too few data for a covariance still give a mixture: it gets the broad
/// covariance, whatever direction its few data lie in.
///
/// Source: H-38, H-E14.
#[test]
fn a_start_from_degenerate_labels_is_still_a_mixture() {
    let mut rng = data::rng(7);
    for round in 0..300 {
        let d = 2 + round % 2;
        let mut x = DMatrix::from_fn(20, d, |_, _| rng.random_range(-3.0..3.0));
        // Component 0 has d data, 1 has one datum thrice, 2 has none, 3 the rest.
        let mut labels = vec![3; 20];
        labels[..d].fill(0);
        labels[d..d + 3].fill(1);
        for i in d + 1..d + 3 {
            let row = x.row(d).into_owned();
            x.set_row(i, &row);
        }
        let start = start_from_labels(&x, &labels, 4, CovarianceFamily::Full).unwrap();
        let ones = DVector::from_element(20, 1.0);
        let centre = gaussian::weighted_mean(&x, &ones).unwrap();
        let broad = gaussian::weighted_covariance(&x, &ones, &centre).unwrap();
        for j in 0..3 {
            assert_eq!(start.covariances()[j], broad, "round {round}, component {j}");
        }
        assert_ne!(start.covariances()[3], broad);
        assert_eq!(start.means().row(2).into_owned(), centre);
        assert_eq!(start.weights().as_slice(), [d as f64 / 20.0, 0.15, 0.0, (17.0 - d as f64) / 20.0]);
    }
}

/// A component whose spread is above the rounding of its data keeps it, one below gets that of all data, in any unit.
///
/// Of n = 100 data as large as 1 the rounding is (n + 6) ε: a pair 600 ε apart, of deviation 300 ε, is above it, one
/// 100 ε apart is below.
///
/// Source: H-54.
#[test]
fn a_start_tells_a_narrow_component_from_rounding() {
    let with_pair = |gap: f64, unit: f64| {
        let x = DMatrix::from_fn(100, 1, |i, _| match i {
            0 => unit,
            1 => unit * (1.0 + gap * f64::EPSILON),
            _ => unit * i as f64 / 128.0,
        });
        let labels: Vec<usize> = (0..100).map(|i| usize::from(i > 1)).collect();
        let start = start_from_labels(&x, &labels, 2, CovarianceFamily::Full).unwrap();
        (start.covariances()[0][0] / (unit * unit), start.covariances()[1][0] / (unit * unit))
    };
    for unit in [1.0, 1024.0, 1.0 / 1024.0] {
        let (own, _) = with_pair(600.0, unit);
        assert_within(own, (300.0 * f64::EPSILON).powi(2), 1e-2 * (300.0 * f64::EPSILON).powi(2));
        // All data spread like the others: 1/12 of the square of about ¾.
        let (broad, others) = with_pair(100.0, unit);
        assert!(broad > 0.9 * others, "{broad} against {others}");
    }
    // In two dimensions: the shape of a component does not depend on the unit, however small.
    let (x, labels) = data::blobs();
    let of = |unit: f64| start_from_labels(&(&x * unit), &labels, 4, CovarianceFamily::Full).unwrap();
    let unit = 0.5_f64.powi(20);
    for (small, own) in of(unit).covariances().iter().zip(of(1.0).covariances()) {
        assert_matrices_within(&(small / (unit * unit)), own, 1e-12);
    }
}
