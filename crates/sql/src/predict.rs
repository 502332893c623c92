//! `em_predict`: the most probable component of a row, as a function of queries.

use crate::arguments::{coerced, text, write};
use crate::message::external;
use datafusion::arrow::array::Int64Array;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use executable_em_engine::Saved;
use nalgebra::DMatrix;
use std::sync::Arc;

/// The function `em_predict('<model>', x1, …, xd)`: the component, from 1, whose responsibility for the row is largest,
/// or its nearest cluster. Cells that are NULL are missing: Gaussians do without.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct EmPredict(Signature);

const NAME: &str = "em_predict";

impl Default for EmPredict {
    fn default() -> Self {
        EmPredict(Signature::user_defined(Volatility::Immutable))
    }
}

impl ScalarUDFImpl for EmPredict {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        coerced(NAME, types)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ColumnarValue::Scalar(model), columns @ ..] = &arguments.args[..] else {
            return exec_err!("{NAME}: its first argument is the model, as one text in JSON");
        };
        let saved = Saved::from_json(&text(model.clone(), NAME)?).map_err(external)?;
        let (n, d) = (arguments.number_rows, saved.columns().len());
        if columns.len() != d {
            return exec_err!("{NAME}: the model has {d} columns, the query {}", columns.len());
        }
        let mut x = DMatrix::zeros(n, d);
        for (column, mut to) in columns.iter().zip(x.column_iter_mut()) {
            write(&column.to_array(n)?, to.as_mut_slice());
        }
        if n == 0 {
            return Ok(ColumnarValue::Array(Arc::new(Int64Array::from(Vec::<i64>::new()))));
        }
        let labels: Vec<i64> = match &saved {
            Saved::Mixture(saved) => {
                let log_joint = saved.model.log_joint_of_seen(&x).map_err(external)?;
                log_joint.row_iter().map(|row| row.transpose().argmax().0 as i64 + 1).collect()
            }
            Saved::Clusters(clusters) => {
                clusters.assign(&x).map_err(external)?.0.iter().map(|&label| label as i64 + 1).collect()
            }
        };
        Ok(ColumnarValue::Array(Arc::new(Int64Array::from(labels))))
    }
}
