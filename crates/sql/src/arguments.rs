//! What our functions are called with: a model as a text, and columns of numbers.

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Float64Type, Schema};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use std::sync::Arc;

/// The first argument of a function, which must be one text for all rows.
pub fn text_of(argument: &Arc<dyn PhysicalExpr>, function: &str) -> Result<String> {
    let nothing = RecordBatch::new_empty(Arc::new(Schema::empty()));
    match argument.evaluate(&nothing) {
        Ok(ColumnarValue::Scalar(value)) => text(value, function),
        _ => plan_err!("{function}: its first argument is the model, as one text in JSON"),
    }
}

/// The text of a literal.
pub fn text(value: ScalarValue, function: &str) -> Result<String> {
    match value {
        ScalarValue::Dictionary(_, value) => text(*value, function),
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => Ok(text),
        other => plan_err!("{function}: its first argument is the model, as a text in JSON, not {other}"),
    }
}

/// The types that a function takes: a text, then d numbers.
pub fn coerced(function: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    let [model, columns @ ..] = types else {
        return plan_err!("{function}: wants a model and columns");
    };
    let is_text = |one: &DataType| match one {
        DataType::Dictionary(_, value) => value.is_string(),
        // A parameter whose value is not yet known.
        DataType::Null => true,
        other => other.is_string(),
    };
    if !is_text(model) {
        return plan_err!("{function}: its first argument is the model, as a text in JSON, not {model}");
    }
    if columns.is_empty() {
        return plan_err!("{function}: behind the model it wants columns");
    }
    if let Some(wrong) = columns.iter().position(|column| !is_number(column)) {
        return plan_err!("{function}: column {} is {}, not numbers", wrong + 1, columns[wrong]);
    }
    let model = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Ok([vec![model], vec![DataType::Float64; columns.len()]].concat())
}

/// Whether values of this type can be read as numbers.
pub fn is_number(of: &DataType) -> bool {
    of.is_numeric() || matches!(of, DataType::Boolean | DataType::Null)
}

/// The numbers of a column, NaN where a cell is NULL.
pub fn write(column: &dyn Array, to: &mut [f64]) {
    to.copy_from_slice(column.as_primitive::<Float64Type>().values());
    if column.null_count() > 0 {
        (0..column.len()).filter(|&i| column.is_null(i)).for_each(|i| to[i] = f64::NAN);
    }
}
