//! Data weights: a column that says how often each datum counts.

use super::{
    Failure,
    columns::{column_of, shortened},
    input::Input,
    reading::{Place, Reading},
};

/// Begins to read a table: the columns of [`Input::open`], and behind them the one that holds the weights.
pub fn open(
    input: &Input,
    column: &str,
    model: Option<&[String]>,
    may_miss: bool,
) -> Result<Reading, Failure> {
    let all_of = |input: &Input| if may_miss { input.open_with_gaps(None) } else { input.open(None) };
    let file = input.name();
    let mut input = input.weighed_by(column);
    let asked = match input.asked() {
        none if none.is_empty() => model.map(<[String]>::to_vec),
        asked => Some(asked),
    };
    let mut reading = match &asked {
        // Named among the columns or not, it is read once.
        Some(asked) => {
            let others = asked.iter().filter(|name| *name != column).cloned();
            input = input.asking(others.chain([column.to_owned()]).collect());
            all_of(&input)?
        }
        None => all_of(&input)?,
    };
    let count = reading.names.len();
    let at = if asked.is_some() { count - 1 } else { place(&reading.names, column, &file)? };
    if count == 1 {
        return Err(Failure::Usage(format!("{file}: beside the weights there is no column to fit")));
    }
    let order: Vec<usize> = (0..count).filter(|&other| other != at).chain([at]).collect();
    let reordered = order.clone();
    reading.names = order.iter().map(|&from| reading.names[from].clone()).collect();
    if let Some(columns) = reading.place.as_mut().map(Place::columns) {
        *columns = order.iter().map(|&from| columns[from]).collect();
    }
    reading.blocks = Box::new(reading.blocks.map(move |block| Ok(block?.select_columns(&reordered))));
    let is_weight = move |column: usize, weight: f64| column + 1 < count || weight >= 0.0;
    let expected = "a weight, which is 0 or more; 0 leaves a datum out";
    Ok(reading.of_entries(is_weight, expected.to_owned(), input.finder()))
}

/// Which column it is, counted from 0.
fn place(names: &[String], column: &str, file: &str) -> Result<usize, Failure> {
    column_of(column, names).ok_or_else(|| {
        let there = shortened(names);
        Failure::Usage(format!("{file}: no column is named '{column}', as --weights says; there are {there}"))
    })
}
