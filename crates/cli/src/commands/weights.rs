//! Data weights: a column that says how often each datum counts.

use super::{Failure, input::Input, reading::Reading};

/// Begins to read a table: the columns of [`Input::open`], and behind them the one that holds the weights.
pub fn open(
    input: &Input,
    column: &str,
    model: Option<&[String]>,
    may_miss: bool,
) -> Result<Reading, Failure> {
    let input = input.weighed_by(column);
    let reading = if may_miss { input.open_with_gaps(model)? } else { input.open(model)? };
    let count = reading.names.len();
    if count == 1 {
        let file = input.name();
        return Err(Failure::Usage(format!("{file}: beside the weights there is no column to fit")));
    }
    let is_weight = move |column: usize, weight: f64| column + 1 < count || weight >= 0.0;
    let expected = "a weight, which is 0 or more; 0 leaves a datum out";
    Ok(reading.of_entries(is_weight, expected.to_owned(), input.finder(model)))
}
