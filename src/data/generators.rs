//! Seeded generators of the data sets that the lectures draw, each with the labels it drew from.

use crate::check;
use crate::error::Result;
use nalgebra::DMatrix;
use rand::distr::{Distribution, Uniform};
use rand::{Rng, RngExt};
use rand_distr::Normal;

/// Two squares: 50 data uniform on (−2, 0]², then 50 uniform on [1, 3)².
///
/// Returns 100×2 and the labels 0 and 1. The lecture leaves its generator unseeded, so only the law is the same.
///
/// Source: T-05.
/// ```
/// use executable_em::data::{rng, two_squares};
/// let (x, labels) = two_squares(&mut rng(0));
/// assert!(x.row(0).iter().all(|&a| -2.0 < a && a <= 0.0) && labels[0] == 0);
/// assert!(x.row(99).iter().all(|&a| 1.0 <= a && a < 3.0) && labels[99] == 1);
/// ```
pub fn two_squares(rng: &mut impl Rng) -> (DMatrix<f64>, Vec<usize>) {
    let unit = Uniform::new(0.0, 1.0).expect("0 < 1");
    let mut x = DMatrix::zeros(100, 2);
    for (i, a) in (0..100).flat_map(|i| [(i, 0), (i, 1)]) {
        let u = unit.sample(rng);
        x[(i, a)] = if i < 50 { -2.0 * u } else { 1.0 + 2.0 * u };
    }
    (x, repeated(&[50, 50]))
}

/// Two long stripes: 200 data each from N(0, 5²) × N(±1, 0.3²), after MacKay (2003), ch. 20.
///
/// Returns 400×2 and the labels 0 (lower) and 1 (upper). k-means cuts both stripes in half.
///
/// Source: H-09.
/// ```
/// use executable_em::data::{rng, stripes};
/// let (x, labels) = stripes(&mut rng(0));
/// assert!(x[(0, 1)] < 0.0 && labels[0] == 0 && x[(399, 1)] > 0.0 && labels[399] == 1);
/// ```
pub fn stripes(rng: &mut impl Rng) -> (DMatrix<f64>, Vec<usize>) {
    clusters(&[(200, [0.0, -1.0], [5.0, 0.3]), (200, [0.0, 1.0], [5.0, 0.3])], rng)
}

/// A wide and a narrow cluster: 300 data of sd 2 about (0, 0) and 100 of sd 0.4 about (5, 0), after MacKay (2003).
///
/// Returns 400×2 and the labels 0 (wide) and 1 (narrow). k-means gives part of the wide cluster to the narrow one.
///
/// Source: H-09.
/// ```
/// use executable_em::data::{rng, unequal_clusters};
/// let (x, labels) = unequal_clusters(&mut rng(0));
/// assert_eq!((x.nrows(), labels.iter().sum::<usize>()), (400, 100));
/// ```
pub fn unequal_clusters(rng: &mut impl Rng) -> (DMatrix<f64>, Vec<usize>) {
    clusters(&[(300, [0.0, 0.0], [2.0, 2.0]), (100, [5.0, 0.0], [0.4, 0.4])], rng)
}

/// Clusters of axis-parallel Gaussians, each given by its size, centre and standard deviations.
fn clusters(of: &[(usize, [f64; 2], [f64; 2])], rng: &mut impl Rng) -> (DMatrix<f64>, Vec<usize>) {
    let labels = repeated(&of.iter().map(|cluster| cluster.0).collect::<Vec<_>>());
    let mut x = DMatrix::zeros(labels.len(), 2);
    for (i, &label) in labels.iter().enumerate() {
        let (_, centre, sd) = of[label];
        for a in 0..2 {
            x[(i, a)] = Normal::new(centre[a], sd[a]).expect("sd > 0").sample(rng);
        }
    }
    (x, labels)
}

/// Label j repeated `sizes[j]` times, for every j in turn.
fn repeated(sizes: &[usize]) -> Vec<usize> {
    sizes.iter().enumerate().flat_map(|(label, &size)| std::iter::repeat_n(label, size)).collect()
}

/// Noisy images of four letters, E, M, X and O: black-and-white, 8×8, every pixel turned over with probability `noise`.
///
/// `sizes` says how many of each letter; returns n×64 (row by row from the top left, 1 for ink) and the labels 0 to 3.
/// The pixels of a letter are coins of two biases, `noise` and 1 − `noise`, flipped once each.
/// [`Error::Domain`](crate::Error::Domain) unless `noise` is a probability and memory holds the images.
///
/// Source: T-46; Bishop (2006), §9.3.3.
/// ```
/// use executable_em::data::{noisy_glyphs, rng};
/// let (x, labels) = noisy_glyphs([1, 0, 0, 0], 0.0, &mut rng(0)).unwrap();
/// assert_eq!((x.shape(), x.sum(), labels), ((1, 64), 20.0, vec![0])); // the ink of an E
/// ```
pub fn noisy_glyphs(sizes: [usize; 4], noise: f64, rng: &mut impl Rng) -> Result<(DMatrix<f64>, Vec<usize>)> {
    check::fraction("noise", noise)?;
    let n = sizes.into_iter().fold(0, usize::saturating_add);
    check::storable("number of pixels", n.saturating_mul(64))?;
    let labels = repeated(&sizes);
    let mut x = DMatrix::zeros(labels.len(), 64);
    for (i, &label) in labels.iter().enumerate() {
        for (a, ink) in GLYPHS[label].bytes().map(|pixel| pixel == b'#').enumerate() {
            x[(i, a)] = f64::from(u8::from(ink != rng.random_bool(noise)));
        }
    }
    Ok((x, labels))
}

/// E, M, X and O, 8×8.
#[rustfmt::skip]
const GLYPHS: [&str; 4] = [
    concat!("........", ".######.", ".#......", ".#####..", ".#......", ".#......", ".######.", "........"),
    concat!("........", "#.....#.", "##...##.", "#.#.#.#.", "#..#..#.", "#.....#.", "#.....#.", "........"),
    concat!("........", ".#....#.", "..#..#..", "...##...", "...##...", "..#..#..", ".#....#.", "........"),
    concat!("........", "..####..", ".#....#.", ".#....#.", ".#....#.", ".#....#.", "..####..", "........"),
];
