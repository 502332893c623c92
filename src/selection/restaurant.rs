//! The Chinese restaurant: which clusters n data occupy when the infinitely many weights are averaged out.
//!
//! Guests come one by one. Each joins a table with probability proportional to its guests, or opens a new one with
//! probability proportional to the concentration a. Tables are clusters in the order of their first datum.

use super::stick_breaking::check_concentration;
use crate::check;
use crate::error::Result;
use nalgebra::DVector;
use rand::{Rng, RngExt};

/// Where the next guest sits: at each of the occupied tables, or, last, at a new one.
/// ```math
/// \frac{n_1}{a+n},\ \dots,\ \frac{n_K}{a+n},\ \frac a{a+n}, \qquad n = \sum_j n_j
/// ```
/// It is the expected weight of every cluster given the labels so far; the last entry is that of all clusters not yet
/// seen, together. `counts` holds the guests at the K tables, `concentration` is a > 0; returns K + 1 probabilities.
///
/// Source: B-27, B-29; Aldous (1985).
/// ```
/// use executable_em::selection::restaurant::seating_probabilities;
/// use nalgebra::dvector;
/// assert_eq!(seating_probabilities(&[2, 1], 1.0)?, dvector![0.5, 0.25, 0.25]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn seating_probabilities(counts: &[usize], concentration: f64) -> Result<DVector<f64>> {
    check_concentration(concentration)?;
    let total = concentration + counts.iter().map(|&count| count as f64).sum::<f64>();
    let occupied = counts.iter().map(|&count| count as f64);
    Ok(DVector::from_vec(occupied.chain([concentration]).map(|share| share / total).collect()))
}

/// Seats n guests at random.
///
/// With probability a/(a+i) the guest that finds i others opens a table, else he joins one of the others, whom he picks
/// at random: a table is joined in proportion to its guests. Returns n labels from 0, numbered as they first appear.
///
/// Source: B-27, B-29; Blackwell and MacQueen (1973).
/// ```
/// use executable_em::{data, selection::restaurant::{occupied, seat}};
/// let tables = seat(1000, 1.0, &mut data::rng(1))?;
/// assert_eq!(tables[0], 0);
/// assert!((2..30).contains(&occupied(&tables)));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn seat(n: usize, concentration: f64, rng: &mut impl Rng) -> Result<Vec<usize>> {
    check_concentration(concentration)?;
    check::storable("number of guests", n)?;
    let (mut tables, mut count) = (Vec::with_capacity(n), 0);
    for i in 0..n {
        let opens = rng.random::<f64>() * (concentration + i as f64) < concentration;
        // The first guest finds nobody to join, whatever rounding makes of a/(a+0) = 1.
        tables.push(if opens || i == 0 { count } else { tables[rng.random_range(0..i)] });
        count = count.max(tables[i] + 1);
    }
    Ok(tables)
}

/// The number of different labels: of clusters with a member.
///
/// Source: B-28. Example: [`seat`].
pub fn occupied(labels: &[usize]) -> usize {
    let mut labels = labels.to_vec();
    labels.sort_unstable();
    labels.dedup();
    labels.len()
}

/// The expected number of clusters among n data.
/// ```math
/// E\,K_n = \sum_{i=0}^{n-1}\frac a{a+i}
/// ```
/// Datum i opens a cluster with probability a/(a+i), whatever went before. The sticks say the same: a weight between w
/// and w + dw exists with intensity $`a\,w^{-1}(1-w)^{a-1}dw`$ and is seen with probability
/// $`1-(1-w)^n = w\sum_{i<n}(1-w)^i`$. `concentration` is a > 0.
///
/// Source: B-27, B-28, B-E18; Antoniak (1974). Example: [`expected_clusters_bounds`].
pub fn expected_clusters(n: usize, concentration: f64) -> Result<f64> {
    check_concentration(concentration)?;
    let terms = n.min(10_000_000);
    let sum: f64 = (0..terms).map(|i| concentration / (concentration + i as f64)).sum();
    // The rest by the midpoint rule, whose error is less than a/24(a + 10⁷)², or 10⁻¹⁵ of the sum.
    let first = concentration + terms as f64 - 0.5;
    let rest = if n == terms { 0.0 } else { concentration * ((n - terms) as f64 / first).ln_1p() };
    Ok(sum + rest)
}

/// Bounds of [`expected_clusters`] that show how slowly it grows: like a log n.
/// ```math
/// a\log\left(1+\frac na\right) \;\le\; E\,K_n \;\le\; 1 + a\log\left(1+\frac{n-1}a\right)
/// ```
/// The integrals of a/(a+t) on either side of the sum; both are 0 for n = 0. So E K_n has no bound.
///
/// Source: B-28, B-E18.
/// ```
/// use executable_em::selection::restaurant::{expected_clusters, expected_clusters_bounds};
/// let (low, high) = expected_clusters_bounds(1_000_000, 1.0)?;
/// assert!((low - 13.8155).abs() < 1e-4 && (high - 14.8155).abs() < 1e-4);
/// assert!((expected_clusters(1_000_000, 1.0)? - 14.39).abs() < 5e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_clusters_bounds(n: usize, concentration: f64) -> Result<(f64, f64)> {
    check_concentration(concentration)?;
    // The quotient overflows for a below 10⁻²⁹⁰, where the integral is 0 to any digit.
    let integral = |n: usize| concentration * (n as f64 / concentration).min(f64::MAX).ln_1p();
    Ok(if n == 0 { (0.0, 0.0) } else { (integral(n), 1.0 + integral(n - 1)) })
}

/// The law of the number of clusters among n data.
/// ```math
/// P(K_{i+1} = k) = \frac i{a+i}\,P(K_i = k) + \frac a{a+i}\,P(K_i = k-1), \qquad
/// P(K_n = k) = {n \brack k}\,\frac{a^k}{a(a+1)\cdots(a+n-1)}
/// ```
/// The recursion is computed. The bracket, an unsigned Stirling number of the first kind, counts permutations of n
/// things with k cycles; it outgrows a double at n = 171. `concentration` is a > 0; returns n + 1 probabilities, entry
/// k that of k clusters. [`Error::Domain`](crate::Error::Domain) beyond n = 10 000.
///
/// Source: B-27, B-28; Antoniak (1974).
/// ```
/// use executable_em::selection::restaurant::clusters_law;
/// use nalgebra::dvector;
/// let law = clusters_law(3, 1.0)?;
/// assert!((law - dvector![0.0, 2.0, 3.0, 1.0] / 6.0).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn clusters_law(n: usize, concentration: f64) -> Result<DVector<f64>> {
    check_concentration(concentration)?;
    // The law takes n² operations.
    check::domain("number of data", n as f64, n <= 10_000, "≤ 10 000")?;
    let mut law = DVector::zeros(n + 1);
    law[0] = 1.0;
    for i in 0..n {
        let opens = concentration / (concentration + i as f64);
        let joins = i as f64 / (concentration + i as f64);
        // Downwards, so that the entry before is still that of i data.
        for k in (1..=i + 1).rev() {
            law[k] = joins * law[k] + opens * law[k - 1];
        }
        law[0] *= joins;
    }
    Ok(law)
}
