//! One HTTP exchange as values behind a trait, and the one real client.
//!
//! A test seam: adapters build requests and read responses without knowing whether a socket, a simulated network
//! or a recording answers. This is the only crate that names an HTTP client library. It never retries, never
//! follows redirects and never waits on purpose: those are decisions, and belong to the adapters.

mod https;

pub use https::{HttpsTransport, TransportSettings, check_roots, is_loopback};

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// A request whose URI is absolute (`scheme://host[:port]/path?query`).
pub type Request = http::Request<Bytes>;
/// A response read to its end.
pub type Response = http::Response<Bytes>;

/// Makes one exchange.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` and reads the whole response, within `timeout` from call to last byte.
    ///
    /// # Errors
    /// [`TransportError`], whose variant says whether the server can have seen the request.
    async fn exchange(&self, request: Request, timeout: Duration) -> Result<Response, TransportError>;
}

/// Why no whole response came back.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// The request never left: refused connection, unknown host, failed TLS handshake. Nothing happened there.
    #[error("could not reach {host}: {reason}")]
    NotSent { host: String, reason: String },
    /// The request may have been carried out: no answer in time, or the connection broke before the last byte.
    #[error("no complete answer from {host}: {reason}")]
    NoAnswer { host: String, reason: String },
    /// The request is not one this transport may send (for example plain http to a host that is not loopback).
    #[error("refused to send to {host}: {reason}")]
    Forbidden { host: String, reason: String },
}

impl TransportError {
    /// Whether the other side can have acted on the request.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::NoAnswer { .. })
    }
}
