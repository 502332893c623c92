//! Numbers as a report writes them: with as many digits as tell something, and never with a row of noughts.

/// Seven digits.
pub fn brief(value: f64) -> String {
    let before = if value > 0.0 { value.log10().floor() as i32 + 1 } else { 1 };
    if (-3..=12).contains(&before) {
        format!("{value:.*}", (7 - before).max(0) as usize)
    } else {
        format!("{value:.6e}")
    }
}

pub fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// With so many decimals, or with an exponent where digits before the point would be made up.
pub fn decimal(value: f64, decimals: usize) -> String {
    if value.abs() < 1e15 { format!("{value:.decimals$}") } else { format!("{value:.6e}") }
}

/// All its digits, with an exponent where it would be long: 1e300.
pub fn whole(value: f64) -> String {
    let is_short = value == 0.0 || (1e-9..1e15).contains(&value.abs());
    if is_short { value.to_string() } else { format!("{value:e}") }
}

/// A sum, without the digits that only its rounding has: 28.455 and not 28.454999999999995.
pub fn summed(value: f64) -> String {
    // Twelve digits of any double are one again.
    whole(format!("{value:.11e}").parse().unwrap_or(value))
}

/// Four digits of the smallest spread in the column, so that means are told apart, as far as a double has digits.
pub fn written(value: f64, smallest_spread: f64, largest: f64) -> String {
    let decimals = 3 - smallest_spread.log10().floor() as i32;
    let before = largest.log10().floor().max(0.0) as i32 + 1;
    if decimals > 9 && largest < 0.1 || before > 15 {
        let digits = (largest.log10().floor() as i32 + decimals).clamp(4, 16);
        format!("{value:.*e}", digits as usize)
    } else {
        format!("{value:.*}", decimals.clamp(0, 17 - before) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::{decimal, summed, whole};

    #[test]
    fn large_numbers_have_an_exponent() {
        assert_eq!([whole(800.0), whole(0.1), whole(-0.0)], ["800", "0.1", "-0"]);
        assert_eq!([whole(2.1e300), whole(-1e15), whole(1e-300)], ["2.1e300", "-1e15", "1e-300"]);
        assert_eq!(
            [summed(28.454999999999995), summed(1.0 / 3.0), summed(2.1e300)],
            ["28.455", "0.333333333333", "2.1e300"]
        );
        assert_eq!([decimal(-1276.288, 3), decimal(-1e15, 3)], ["-1276.288", "-1.000000e15"]);
        assert_eq!(decimal(f64::NEG_INFINITY, 3), "-inf");
    }
}
