//! Numbers of an exercise, with their names.

use executable_em::gaussian_mixture::CovarianceFamily;
use std::fmt;

/// Numbers with their names; a family is its place among [`CovarianceFamily::ALL`].
pub(crate) struct Given(Vec<(&'static str, f64)>);

impl Given {
    /// A case for each of these values, in the order of the names.
    pub fn all<const N: usize>(
        names: [&'static str; N],
        values: impl IntoIterator<Item = [f64; N]>,
    ) -> Vec<Given> {
        values.into_iter().map(|values| Given(names.into_iter().zip(values).collect())).collect()
    }

    pub fn of(&self, name: &str) -> f64 {
        self.0.iter().find(|(own, _)| *own == name).expect("a name of the case").1
    }

    pub fn with(&self, name: &'static str, value: f64) -> Given {
        Given(self.0.iter().map(|&(own, old)| (own, if own == name { value } else { old })).collect())
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |&(name, value): &(&str, f64)| match name {
            "family" => format!("family = {}", CovarianceFamily::ALL[value as usize].name()),
            _ => format!("{name} = {value}"),
        };
        f.write_str(&self.0.iter().map(part).collect::<Vec<_>>().join(", "))
    }
}
