//! What is asked of an aggregate, as a literal of the query.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use executable_em_engine::Question;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A question, and how the columns are to be read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Message {
    /// Who asks: workers of another version might add up other numbers.
    version: String,
    question: serde_json::Value,
    /// Whether the last column is the weight of its row.
    pub are_weighted: bool,
    /// Whether NULL and NaN are missing cells.
    pub has_gaps: bool,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Message {
    pub fn new(question: &Question, are_weighted: bool, has_gaps: bool) -> Result<Self> {
        let question = serde_json::from_str(&question.to_json()).map_err(external)?;
        Ok(Message { version: VERSION.to_owned(), question, are_weighted, has_gaps })
    }

    /// As a literal: a dictionary of one text, as plain text would be copied for every row.
    pub fn literal(&self) -> Result<ScalarValue> {
        let text = ScalarValue::Utf8(Some(serde_json::to_string(self).map_err(external)?));
        Ok(ScalarValue::Dictionary(Box::new(DataType::Int32), Box::new(text)))
    }

    /// Reads a literal: a message, or a model as a file holds it, for whole rows without weights.
    pub fn read(text: &str) -> Result<(Self, Question)> {
        let message = match serde_json::from_str::<Message>(text) {
            Ok(message) => message,
            Err(_) => Message::new(&Question::from_json(text).map_err(external)?, false, false)?,
        };
        if message.version != VERSION {
            let asks = &message.version;
            return exec_err!(
                "executable-em-sql {VERSION} cannot answer version {asks}: install the same everywhere"
            );
        }
        let question = Question::from_json(&message.question.to_string()).map_err(external)?;
        Ok((message, question))
    }
}

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

/// An error of ours on its way through a query.
pub fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// What went wrong at the root of it, without the way that it came.
pub fn said(error: &DataFusionError) -> String {
    let error = error.find_root();
    match error {
        DataFusionError::External(error) => error.to_string(),
        other => other.message().into_owned(),
    }
}
