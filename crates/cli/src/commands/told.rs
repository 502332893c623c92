//! The library's errors in the program's words: it counts from 0, as code does, and the program from 1, as people do.

use std::error;

use executable_em::Error;

/// What an error says, with rows, columns and components counted from 1.
pub fn told(error: &(dyn error::Error + 'static)) -> String {
    let mathematics = match error.downcast_ref() {
        Some(executable_em_engine::Error::Mathematics(error)) => Some(error),
        _ => error.downcast_ref(),
    };
    mathematics.map_or_else(|| error.to_string(), |error| from_one(error).to_string())
}

fn from_one(error: &Error) -> Error {
    let mut error = error.clone();
    match &mut error {
        Error::NotFinite { row, column, .. }
        | Error::Entry { row, column, .. }
        | Error::NotSymmetric { row, column, .. } => (*row, *column) = (*row + 1, *column + 1),
        Error::Label { row, label, .. } => (*row, *label) = (*row + 1, *label + 1),
        Error::NotPositiveDefinite { component: place, .. }
        | Error::NotInFamily { component: place, .. }
        | Error::NotOnSimplex { row: place, .. }
        | Error::ImpossibleDatum { row: place } => *place += 1,
        _ => {}
    }
    error
}

#[cfg(test)]
mod tests {
    use super::told;
    use executable_em::Error;

    #[test]
    fn people_count_from_one() {
        let entry = Error::NotFinite { what: "data", row: 0, column: 2, value: f64::NAN };
        assert_eq!(told(&entry), "data: entry (1, 3) is NaN, but every entry must be finite");
        let datum = executable_em_engine::Error::from(Error::ImpossibleDatum { row: 6 });
        assert_eq!(told(&datum), "datum 7 has probability zero under every component");
        assert_eq!(told(&Error::Empty { what: "data" }), "data: is empty");
    }
}
