//! The three rules that everything here is made of, on a table of two discrete variables.

use crate::check;
use crate::error::Result;
use nalgebra::{DMatrix, DVector};

/// The sum rule: the marginal of the row variable.
/// ```math
/// p(a) = \sum_b p(a, b)
/// ```
/// `joint` is a table of probabilities that sum to one; returns a probability for each row.
///
/// Source: H-56.
/// ```
/// use executable_em::latent::toolbox::sum_rule;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(sum_rule(&dmatrix![0.25, 0.25; 0.0, 0.5]), Ok(dvector![0.5, 0.5]));
/// ```
pub fn sum_rule(joint: &DMatrix<f64>) -> Result<DVector<f64>> {
    check::simplex("joint", 0, joint.iter().copied())?;
    Ok(joint.column_sum())
}

/// The product rule: the joint from a marginal and a conditional.
/// ```math
/// p(a, b) = p(a)\,p(b \mid a)
/// ```
/// `marginal` holds a probability for each a, `conditional` a distribution over b in each row; returns the table.
///
/// Source: H-56.
/// ```
/// use executable_em::latent::toolbox::product_rule;
/// use nalgebra::{dmatrix, dvector};
/// let joint = product_rule(&dvector![0.5, 0.5], &dmatrix![0.5, 0.5; 0.0, 1.0]);
/// assert_eq!(joint, Ok(dmatrix![0.25, 0.25; 0.0, 0.5]));
/// ```
pub fn product_rule(marginal: &DVector<f64>, conditional: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::distribution("marginal", marginal, marginal.len())?;
    check::distributions("conditional", conditional, (marginal.len(), conditional.ncols()))?;
    Ok(DMatrix::from_fn(marginal.len(), conditional.ncols(), |a, b| marginal[a] * conditional[(a, b)]))
}

/// Bayes' rule: the conditional turned round.
/// ```math
/// p(a \mid b) = \frac{p(b \mid a)\,p(a)}{\sum_{a'} p(b \mid a')\,p(a')}
/// ```
/// Arguments as in [`product_rule`], `b` a column; returns a probability for each a.
/// [`Error::Domain`](crate::Error::Domain) for an event b of probability zero, even a non-empty one.
///
/// Source: H-56, L-20, B-20, L-E09.
/// ```
/// use executable_em::latent::toolbox::bayes_rule;
/// use nalgebra::{dmatrix, dvector};
/// let posterior = bayes_rule(&dvector![0.5, 0.5], &dmatrix![0.5, 0.5; 0.0, 1.0], 1);
/// assert_eq!(posterior, Ok(dvector![0.25 / 0.75, 0.5 / 0.75]));
/// ```
pub fn bayes_rule(marginal: &DVector<f64>, conditional: &DMatrix<f64>, b: usize) -> Result<DVector<f64>> {
    let joint = product_rule(marginal, conditional)?;
    check::domain("column", b as f64, b < joint.ncols(), "below the number of columns")?;
    let evidence = joint.column(b).sum();
    check::positive("probability of what was observed", evidence)?;
    Ok(joint.column(b) / evidence)
}
