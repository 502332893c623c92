//! Round numbers for the ticks of an axis, and how they are written.

use crate::notebook::number;

/// The multiples of 1, 2, 2.5 or 5 times a power of ten inside the range: of these steps the one that gives
/// the number of ticks nearest to `wanted`, the coarser of two that are as near.
pub(super) fn nice([low, high]: [f64; 2], wanted: usize) -> Vec<f64> {
    let power = 10f64.powf(((high - low) / wanted.max(1) as f64).log10().floor());
    let multiples = |step: f64| {
        // A bound that misses a multiple only by rounding still gets its tick.
        let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        (first..=last).map(|multiple| multiple as f64 * step).collect::<Vec<_>>()
    };
    [10.0, 5.0, 2.5, 2.0, 1.0, 0.5]
        .map(|unit| multiples(unit * power))
        .into_iter()
        .min_by_key(|ticks| ticks.len().abs_diff(wanted))
        .unwrap_or_default()
}

/// The labels of an axis: all with as many decimals as the most precise tick needs, and a true minus sign.
pub(super) fn labels(ticks: &[f64]) -> Vec<String> {
    let decimals = (0..6)
        .find(|&decimals| {
            let unit = 10f64.powi(decimals);
            ticks.iter().all(|tick| ((tick * unit).round() - tick * unit).abs() < 1e-6 * unit)
        })
        .unwrap_or(6);
    ticks.iter().map(|&tick| number(tick, decimals as usize)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(nice([1.2, 5.4], 4), [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(labels(&nice([-1.0, 1.0], 5)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&nice([0.0, 20.0], 5)), ["0", "5", "10", "15", "20"]);
    }
}
