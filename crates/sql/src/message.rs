//! What is asked of an aggregate, as a literal of the query.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use executable_em_engine::Question;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A question, and how the columns are to be read.
#[derive(Debug)]
pub struct Message {
    pub question: Question,
    /// Whether the last column is the weight of its row.
    pub are_weighted: bool,
    /// Whether NULL and NaN are missing cells.
    pub has_gaps: bool,
}

#[derive(Serialize, Deserialize)]
struct Document {
    /// Who asks: workers of another version might add up other numbers.
    version: String,
    question: Box<RawValue>,
    are_weighted: bool,
    has_gaps: bool,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Message {
    /// As a literal: a dictionary of one text, as plain text would be copied for every row.
    pub fn literal(question: &Question, are_weighted: bool, has_gaps: bool) -> Result<ScalarValue> {
        let question = RawValue::from_string(question.to_json()).map_err(external)?;
        let document = Document { version: VERSION.to_owned(), question, are_weighted, has_gaps };
        let text = ScalarValue::Utf8(Some(serde_json::to_string(&document).map_err(external)?));
        Ok(ScalarValue::Dictionary(Box::new(DataType::Int32), Box::new(text)))
    }

    /// Reads a literal: a message, or a model as a file holds it, for whole rows without weights.
    pub fn read(text: &str) -> Result<Self> {
        let question = |text: &str| Question::from_json(text).map_err(external);
        let Ok(document) = serde_json::from_str::<Document>(text) else {
            return Ok(Message { question: question(text)?, are_weighted: false, has_gaps: false });
        };
        let Document { version, question: asked, are_weighted, has_gaps } = document;
        if version != VERSION {
            return exec_err!(
                "executable-em-sql {VERSION} cannot answer version {version}: install the same everywhere"
            );
        }
        Ok(Message { question: question(asked.get())?, are_weighted, has_gaps })
    }
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
