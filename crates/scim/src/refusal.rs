//! Why a request cannot be done, in RFC 7644's words (§3.12).

/// A refusal; its text says what was wrong with what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The filter is not understood, or asks for more than is supported.
    #[error("{0}")]
    InvalidFilter(String),
    /// The body is not what the request needs.
    #[error("{0}")]
    InvalidSyntax(String),
    /// The PATCH path is not understood, or names no attribute.
    #[error("{0}")]
    InvalidPath(String),
    /// The PATCH path selects nothing that could be changed.
    #[error("{0}")]
    NoTarget(String),
    /// A required value is missing, or a value does not fit its attribute.
    #[error("{0}")]
    InvalidValue(String),
    /// The attribute cannot be changed by clients.
    #[error("{0}")]
    Mutability(String),
    /// Another resource has this value.
    #[error("{0} already in use")]
    Uniqueness(String),
}

impl Refusal {
    /// The error body's `scimType`.
    pub fn scim_type(&self) -> &'static str {
        match self {
            Self::InvalidFilter(_) => "invalidFilter",
            Self::InvalidSyntax(_) => "invalidSyntax",
            Self::InvalidPath(_) => "invalidPath",
            Self::NoTarget(_) => "noTarget",
            Self::InvalidValue(_) => "invalidValue",
            Self::Mutability(_) => "mutability",
            Self::Uniqueness(_) => "uniqueness",
        }
    }
}
