//! What makes no sense for the data, said before anything is fitted.

use executable_em::{Error, gaussian_mixture::CovarianceFamily, scale::spread::Spread};

use super::{
    Failure, broken,
    columns::{listed, shortened},
    digits::whole,
    memory,
    options::Options,
    plan::Plan,
    search::Kind,
    store::Store,
};

impl Options {
    /// That the columns are those of the model to start at, or that somebody says they stand for these.
    pub fn check_columns(&self, model: &[String], found: &[String]) -> Result<(), Failure> {
        // One of the model's own in another's place is a slip.
        let stands = |(own, name): (&String, &String)| own == name || !model.contains(name);
        let are_named = !self.input.asked().is_empty() && model.len() == found.len();
        if model == found || are_named && model.iter().zip(found).all(stands) {
            return Ok(());
        }
        let (file, columns, found) = (self.input.name(), shortened(model), shortened(found));
        let remedy = "say with --columns which ones stand for these, in this order";
        Err(broken(format!("{file}: the model to start at has the columns {columns}, not {found}: {remedy}")))
    }

    /// What makes no sense for these data.
    pub fn check_data(&self, plan: &Plan, store: &Store) -> Result<(), Failure> {
        let (n, k) = (store.telling, *plan.ks.end());
        if k > n {
            return Err(broken(format!("{}: {}", self.input.name(), Error::ComponentCount { k, n })));
        }
        if let [Kind::Bernoulli { .. }] = plan.kinds[..] {
            return Ok(());
        }
        if let Some(family) = plan.kinds.iter().filter_map(|kind| kind.family()).next() {
            let d = store.columns.len();
            let parameters = family.parameter_count(k, d).saturating_add(k * d + k - 1);
            self.check_sure_of(store, k, parameters)?;
            let is_student = matches!(plan.kinds[..], [Kind::Student { .. }, ..]);
            for (what, is_asked) in [("--variational", self.variational), ("--model student", is_student)] {
                if is_asked {
                    memory::for_whole_covariances(what, k, d)?;
                }
            }
        }
        // A floor gives a constant column a variance, but not a unit; so do other columns to spherical components.
        let shares = |kind: &Kind| kind.family() == Some(CovarianceFamily::Spherical);
        let is_shared = plan.kinds.iter().any(shares) && !store.columns.iter().all(Spread::is_constant);
        if self.standardize || self.floor.is_none() && !is_shared {
            let is_of_gaussians = plan.kinds.iter().all(|kind| matches!(kind, Kind::Gaussian { .. }));
            self.refuse_constant(store, is_of_gaussians && !self.variational && !self.standardize)?;
        }
        self.check_scale(store)
    }

    /// That the squares of the columns are numbers, and their sums.
    pub fn check_scale(&self, store: &Store) -> Result<(), Failure> {
        let many = store.total * store.columns.len() as f64;
        let are_numbers = |column: &Spread| {
            let square = column.sd().powi(2);
            square.is_normal() && (square * many).is_normal()
        };
        let is_out_of_scale = |column: &&Spread| !(column.is_constant() || are_numbers(column));
        let Some(a) = store.columns.iter().position(|column| is_out_of_scale(&column)) else {
            return Ok(());
        };
        let largest = store.columns[a].low().abs().max(store.columns[a].high().abs());
        Err(broken(format!(
            "{}: column {} has values up to {largest:.2e}, whose squares are no numbers: count it in another unit",
            self.input.name(),
            store.names[a]
        )))
    }

    /// That no column is constant, where each is divided by its spread.
    pub fn check_spread(&self, store: &Store) -> Result<(), Failure> {
        self.refuse_constant(store, false)
    }

    /// That no column is constant; a floor may be a remedy.
    fn refuse_constant(&self, store: &Store, may_have_floor: bool) -> Result<(), Failure> {
        let constant = |&a: &usize| store.columns[a].is_constant();
        let d = store.columns.len();
        let Some(a) = (0..d).find(constant) else {
            return Ok(());
        };
        let rest: Vec<usize> = (0..d).filter(|a| !constant(a)).collect();
        let mut remedies = Vec::new();
        if !rest.is_empty() {
            remedies.push(format!("leave it out: --columns {}", listed(&rest, &store.names)));
        }
        if may_have_floor {
            remedies.push("set a --floor".to_owned());
        }
        let (name, value) = (&store.names[a], whole(store.columns[a].mean()));
        let remedies = remedies.join(", or ");
        let reason = if self.standardize {
            "it has no spread to divide by"
        } else {
            "a Gaussian cannot have variance 0"
        };
        let hint = if remedies.is_empty() { String::new() } else { format!("; {remedies}") };
        Err(broken(format!("{}: column {name} is constant ({value}): {reason}{hint}", self.input.name())))
    }
}
