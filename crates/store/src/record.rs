//! Values kept as JSON text, each wrapped with the version of its shape: `{"V1": …}`.
//!
//! When a shape changes so that old text no longer reads, a variant is added and old ones are converted on reading.

use lanyard_engine::ports::StoreFailure;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::tx::Answer;

#[derive(Serialize, Deserialize)]
enum Record<T> {
    V1(T),
}

/// The text to keep.
pub(crate) fn write<T: Serialize>(value: &T) -> Answer<String> {
    serde_json::to_string(&Record::V1(value))
        .map_err(|e| StoreFailure::Damaged(format!("a value cannot be kept as JSON: {e}")))
}

/// The value of a kept text. `what` names it in the error.
pub(crate) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Answer<T> {
    match serde_json::from_str::<Record<T>>(text) {
        Ok(Record::V1(value)) => Ok(value),
        Err(e) => Err(StoreFailure::Damaged(format!("the kept {what} cannot be read: {e}"))),
    }
}

/// JSON without a version, for lists of plain texts in a column.
pub(crate) fn list<T: Serialize>(value: &T) -> Answer<String> {
    serde_json::to_string(value)
        .map_err(|e| StoreFailure::Damaged(format!("a list cannot be kept as JSON: {e}")))
}

pub(crate) fn read_list<T: DeserializeOwned>(what: &str, text: &str) -> Answer<T> {
    serde_json::from_str(text)
        .map_err(|e| StoreFailure::Damaged(format!("the kept list of {what} cannot be read: {e}")))
}
