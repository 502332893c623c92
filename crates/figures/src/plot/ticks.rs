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

/// Whole numbers from 0 on, at most five of them above it: of what is counted there are no halves.
pub fn whole_ticks(most: usize) -> Vec<f64> {
    (0..=most).step_by(most.div_ceil(5).max(1)).map(|tick| tick as f64).collect()
}

/// What stands at the ticks of an axis and, where numbers would be too long for that, what they leave out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Labels {
    pub texts: Vec<String>,
    /// `+ 1.6e9` for what is to be added to each of them, after `× 1e-8` for what each is to be multiplied by.
    pub remark: String,
}

/// There is room for so many digits, point and sign at a tick.
const ROOM: usize = 7;

/// Beyond so many, decimals are zeros to the eye.
const MOST_DECIMALS: i32 = 6;

/// Where ticks agree in their first three digits or more, these are said once.
const ALIKE: f64 = 1e-3;

/// The labels of an axis: all with as many decimals as the most precise tick needs, and a true minus sign; what most
/// digits would say at every tick is said once.
pub(super) fn labels(ticks: &[f64]) -> Labels {
    if let Some(texts) = plain(ticks, 1e-6) {
        return Labels { texts, remark: String::new() };
    }
    let low = ticks.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ticks.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (range, largest) = (high - low, high.abs().max(low.abs()));
    let unit = 10f64.powf(range.log10().ceil());
    // A multiple of the unit that is missed only by rounding is one.
    let offset = if range < ALIKE * largest { (low / unit + 1e-6).floor() * unit } else { 0.0 };
    let rest: Vec<f64> = ticks.iter().map(|tick| tick - offset).collect();
    let sign = if offset < 0.0 { '−' } else { '+' };
    let added = match offset.abs() {
        0.0 => String::new(),
        short @ 1e-3..1e6 => format!("{sign} {short}"),
        long => format!("{sign} {long:e}"),
    };
    // The ticks have few digits, but a double has but sixteen.
    let noise = 4.0 * f64::EPSILON * largest / step(ticks);
    if let Some(texts) = plain(&rest, noise.max(1e-6)) {
        return Labels { texts, remark: added };
    }
    let power = rest.iter().fold(0.0, |most: f64, tick| most.max(tick.abs())).log10().floor();
    let scaled: Vec<f64> = rest.iter().map(|tick| tick / 10f64.powf(power)).collect();
    let texts = plain(&scaled, noise.max(1e-3)).unwrap_or_else(|| written(&scaled, 4));
    Labels { texts, remark: format!("× 1e{power} {added}").trim_end().to_owned() }
}

/// All digits of these ticks, if there is room for them; they may miss their digits by a part of the smallest step.
fn plain(ticks: &[f64], tolerance: f64) -> Option<Vec<String>> {
    let missed = tolerance * step(ticks);
    let decimals = (0..=MOST_DECIMALS).find(|&decimals| {
        let unit = 10f64.powi(decimals);
        ticks.iter().all(|tick| ((tick * unit).round() - tick * unit).abs() <= missed * unit)
    })?;
    let texts = written(ticks, decimals);
    texts.iter().all(|text| text.chars().count() <= ROOM).then_some(texts)
}

fn written(ticks: &[f64], decimals: i32) -> Vec<String> {
    ticks.iter().map(|&tick| number(tick, decimals as usize)).collect()
}

/// The smallest step between ticks, or of a single one its size.
fn step(ticks: &[f64]) -> f64 {
    let steps = ticks.windows(2).map(|pair| (pair[1] - pair[0]).abs()).filter(|&step| step > 0.0);
    let smallest = steps.fold(f64::INFINITY, f64::min);
    if smallest < f64::INFINITY {
        smallest
    } else {
        ticks.iter().fold(0.0, |most, tick| most.max(tick.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(nice([1.2, 5.4], 4), [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(labels(&nice([-1.0, 1.0], 5)).texts, ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&nice([0.0, 20.0], 5)).texts, ["0", "5", "10", "15", "20"]);
    }

    /// Tiny, huge and far numbers keep their digits apart, in the room of a tick.
    #[test]
    fn labels_tell_ticks_apart() {
        for (range, texts, remark) in [
            ([0.0, 4e-8], &["0", "1", "2", "3", "4"][..], "× 1e-8"),
            ([0.0, 4e-300], &["0", "1", "2", "3", "4"], "× 1e-300"),
            ([-2e-7, 2e-7], &["−2", "−1", "0", "1", "2"], "× 1e-7"),
            ([0.0, 4e7], &["0", "1", "2", "3", "4"], "× 1e7"),
            ([0.0, 4e300], &["0", "1", "2", "3", "4"], "× 1e300"),
            ([1.6e9, 1.6e9 + 8e4], &["0", "20000", "40000", "60000", "80000"], "+ 1.6e9"),
            ([-1.6e9, -1.6e9 + 8e4], &["0", "20000", "40000", "60000", "80000"], "− 1.6e9"),
            ([1.0, 1.0 + 4e-8], &["0", "1", "2", "3", "4"], "× 1e-8 + 1"),
            ([1e15, 1e15 + 4.0], &["0", "1", "2", "3", "4"], "+ 1e15"),
            ([1234.5, 1234.5004], &["0.0000", "0.0001", "0.0002", "0.0003", "0.0004"], "+ 1234.5"),
            ([0.0, 0.0004], &["0.0000", "0.0001", "0.0002", "0.0003", "0.0004"], ""),
            ([2000.0, 2020.0], &["2000", "2005", "2010", "2015", "2020"], ""),
        ] {
            let labels = labels(&nice(range, 5));
            assert_eq!(
                (labels.texts, labels.remark.as_str()),
                (texts.iter().map(|text| text.to_string()).collect(), remark),
                "{range:?}"
            );
        }
        assert_eq!(labels(&[]), Labels::default());
        assert_eq!(labels(&[0.0]).texts, ["0"]);
    }

    /// Whatever the range, no two labels are alike and none is long.
    #[test]
    fn no_two_labels_are_alike() {
        for exponent in -290..290 {
            for (first, length) in
                [(0.0, 1.0), (1.0, 1.0), (-0.3, 1.7), (1.0, 1e-3), (7.77, 1e-6), (-1.6, 1e-10), (1.0, 1e-13)]
            {
                let unit = 10f64.powi(exponent);
                let ticks = nice([first * unit, (first + length) * unit], 5);
                let labels = labels(&ticks);
                assert!(ticks.len() > 1, "{first} {length} {exponent}");
                for (at, text) in labels.texts.iter().enumerate() {
                    assert!(text.chars().count() <= ROOM, "{ticks:?}: {labels:?}");
                    assert!(!labels.texts[..at].contains(text), "{ticks:?}: {labels:?}");
                }
            }
        }
    }
}
