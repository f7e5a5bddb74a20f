//! How reads and writes end. Each variant is a different next step for the caller.

use jiff::Timestamp;

/// The site said no, for a reason that repeating does not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status, or the status in the error body of a 2xx. 0 when the client itself refused.
    pub status: u16,
    /// Short code, for example `invalid_request`; `protected` when the client refused to touch the record.
    pub code: String,
    /// The site's words, shortened; never a secret.
    pub text: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.text)
    }
}

/// Something that the API of this site cannot do, and what a person does instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// The capability flag or feature that is missing, for example `user_active_write`.
    pub capability: &'static str,
    /// What to do by hand, as a sentence.
    pub by_hand: String,
}

/// How a write ended. Only `NotSent` and `Throttled` are certain not to have happened and worth repeating as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum WriteOutcome<T> {
    Done(T),
    /// The site was already as asked; nothing was written.
    Already,
    Refused(Refusal),
    /// The site asked us to wait. Nothing was written.
    Throttled {
        retry_at: Timestamp,
    },
    /// It may have happened: look it up before repeating anything.
    Unknown {
        reason: String,
    },
    /// It never left.
    NotSent {
        reason: String,
    },
    Impossible(Impossible),
    /// The service account's credential was not accepted.
    Unauthorized {
        reason: String,
    },
    /// The service account lacks a right.
    Forbidden {
        reason: String,
    },
}

impl<T> WriteOutcome<T> {
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> WriteOutcome<U> {
        match self {
            Self::Done(value) => WriteOutcome::Done(f(value)),
            Self::Already => WriteOutcome::Already,
            Self::Refused(refusal) => WriteOutcome::Refused(refusal),
            Self::Throttled { retry_at } => WriteOutcome::Throttled { retry_at },
            Self::Unknown { reason } => WriteOutcome::Unknown { reason },
            Self::NotSent { reason } => WriteOutcome::NotSent { reason },
            Self::Impossible(what) => WriteOutcome::Impossible(what),
            Self::Unauthorized { reason } => WriteOutcome::Unauthorized { reason },
            Self::Forbidden { reason } => WriteOutcome::Forbidden { reason },
        }
    }

    /// Done now or before.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Already)
    }

    pub(crate) fn refused(code: &str, text: impl Into<String>) -> Self {
        Self::Refused(Refusal { status: 0, code: code.into(), text: text.into() })
    }

    pub(crate) fn impossible(capability: &'static str, by_hand: impl Into<String>) -> Self {
        Self::Impossible(Impossible { capability, by_hand: by_hand.into() })
    }
}

/// A read before a write failed, so the write was not attempted.
impl<T> From<ReadError> for WriteOutcome<T> {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unauthorized { reason } => Self::Unauthorized { reason },
            ReadError::Forbidden { reason } => Self::Forbidden { reason },
            ReadError::Throttled { retry_at } => Self::Throttled { retry_at },
            ReadError::Refused(refusal) => Self::Refused(refusal),
            ReadError::NotFound => Self::Refused(Refusal {
                status: 404,
                code: "not_found".into(),
                text: "the record does not exist".into(),
            }),
            other => Self::NotSent { reason: other.to_string() },
        }
    }
}

/// Why a read gave nothing. None of these means that the record is absent, but `NotFound`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the site does not know the record")]
    NotFound,
    #[error("the site did not accept the service account: {reason}")]
    Unauthorized { reason: String },
    #[error("the service account may not read this: {reason}")]
    Forbidden { reason: String },
    #[error("the site asks to wait until {retry_at}")]
    Throttled { retry_at: Timestamp },
    /// No usable answer within the bounded attempts.
    #[error("the site is not answering: {reason}")]
    Unavailable { reason: String },
    #[error("the site refused the request: {0}")]
    Refused(Refusal),
    /// An answer that the contract does not allow.
    #[error("the site's answer cannot be read: {reason}")]
    Malformed { reason: String },
    /// The gate is closed; nothing was sent.
    #[error("calls to the site are stopped")]
    Stopped,
}

impl ReadError {
    /// The request itself was not understood: something that it names, or how it says it.
    pub(crate) fn is_bad_request(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 400)
    }

    /// The same, naming what was asked: whoever reads it knows which right, module or address to look at.
    pub(crate) fn of(self, endpoint: &str) -> Self {
        let named = |reason: String| format!("{endpoint}: {reason}");
        match self {
            Self::NotFound => Self::Refused(Refusal {
                status: 404,
                code: "not_found".into(),
                text: format!("the site does not know {endpoint}"),
            }),
            Self::Refused(refusal) => Self::Refused(Refusal { text: named(refusal.text), ..refusal }),
            Self::Forbidden { reason } => Self::Forbidden { reason: named(reason) },
            Self::Unavailable { reason } => Self::Unavailable { reason: named(reason) },
            Self::Malformed { reason } => Self::Malformed { reason: named(reason) },
            whole @ (Self::Unauthorized { .. } | Self::Throttled { .. } | Self::Stopped) => whole,
        }
    }
}
