//! Every labeling of n data by k components: sums over k^n configurations, with no shortcut.

use nalgebra::DMatrix;

/// All k^n labelings of n data.
pub fn labelings(n: usize, k: usize) -> Vec<Vec<usize>> {
    (0..k.pow(n as u32))
        .map(|code| {
            let mut rest = code;
            (0..n)
                .map(|_| {
                    let label = rest % k;
                    rest /= k;
                    label
                })
                .collect()
        })
        .collect()
}

/// What the sum over all labelings gives.
pub struct Enumerated {
    /// log Σ_z p(x, z).
    pub log_likelihood: f64,
    /// p(z_i = j | x), n×k.
    pub posterior: DMatrix<f64>,
    /// Σ_z p(z | x) Σ_i L'_{i z_i} for a second log joint L'.
    pub expected: f64,
}

/// Sums over all labelings the joint exp Σ_i L_{i z_i}, scaled by that of the best one.
pub fn enumerate(log_joint: &DMatrix<f64>, other: &DMatrix<f64>) -> Enumerated {
    let (n, k) = log_joint.shape();
    let along = |matrix: &DMatrix<f64>, labels: &[usize]| -> f64 {
        labels.iter().enumerate().map(|(i, &label)| matrix[(i, label)]).sum()
    };
    let labelings = labelings(n, k);
    let best = labelings.iter().map(|labels| along(log_joint, labels)).fold(f64::NEG_INFINITY, f64::max);
    let (mut total, mut expected, mut posterior) = (0.0, 0.0, DMatrix::zeros(n, k));
    for labels in &labelings {
        let joint = (along(log_joint, labels) - best).exp();
        total += joint;
        if joint > 0.0 {
            expected += joint * along(other, labels);
        }
        for (i, &label) in labels.iter().enumerate() {
            posterior[(i, label)] += joint;
        }
    }
    Enumerated { log_likelihood: best + total.ln(), posterior: posterior / total, expected: expected / total }
}
