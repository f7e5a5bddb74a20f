//! Bodies around resources: lists with their paging, and errors.

use serde_json::{Value, json};

use crate::Refusal;

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Resources per answer unless asked otherwise, and at most.
pub const PAGE_DEFAULT: usize = 100;
pub const PAGE_MAX: usize = 500;

/// The asked part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Counted from 1.
    pub start: usize,
    pub count: usize,
}

impl Page {
    /// Reads `startIndex` and `count`. Too small values are raised to the smallest (RFC 7644 §3.4.2.4), too large counts
    /// lowered to [`PAGE_MAX`].
    ///
    /// # Errors
    /// [`Refusal::InvalidValue`] for what is not a whole number.
    pub fn parse(start_index: Option<&str>, count: Option<&str>) -> Result<Self, Refusal> {
        let number = |name: &str, text: &str| {
            text.trim()
                .parse::<i64>()
                .map_err(|_| Refusal::InvalidValue(format!("{name} is a whole number, not {text:?}")))
        };
        let start = start_index.map(|text| number("startIndex", text)).transpose()?.unwrap_or(1).max(1);
        let count = match count {
            None => PAGE_DEFAULT,
            Some(text) => usize::try_from(number("count", text)?.max(0)).unwrap_or(PAGE_MAX),
        };
        Ok(Self { start: usize::try_from(start).unwrap_or(usize::MAX), count: count.min(PAGE_MAX) })
    }

    /// How many resources come before it.
    pub fn skip(self) -> usize {
        self.start - 1
    }
}

/// A ListResponse; counters are JSON numbers.
pub fn list(total: u64, page: Page, resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": page.start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

/// An error body. `status` is a text, as RFC 7644 §3.12 has it.
pub fn error(status: u16, scim_type: Option<&str>, detail: &str) -> Value {
    let mut body = json!({ "schemas": [ERROR], "status": status.to_string(), "detail": detail });
    if let Some(kind) = scim_type {
        body["scimType"] = kind.into();
    }
    body
}
