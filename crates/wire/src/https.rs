//! The real client: HTTPS anywhere, plain http to loopback only.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tracing::Instrument as _;

use crate::{Request, Response, Transport, TransportError};

/// What the real client may be told.
#[derive(Debug, Clone)]
pub struct TransportSettings {
    /// Extra roots of trust, PEM, beside the system's own store.
    pub ca_file: Option<PathBuf>,
    /// Longest response body that is read, in bytes; a longer one is `NoAnswer`.
    pub body_bytes_max: usize,
    pub user_agent: String,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            ca_file: None,
            body_bytes_max: 64 << 20,
            user_agent: format!("Lanyard/{}", env!("CARGO_PKG_VERSION")),
        }
    }
}

/// A pooled HTTP/1.1 and HTTP/2 client. Cloning shares the pool.
#[derive(Debug, Clone)]
pub struct HttpsTransport {
    client: reqwest::Client,
    body_bytes_max: usize,
}

impl HttpsTransport {
    /// # Errors
    /// A sentence when the extra roots cannot be read or no TLS client can be built from the system's store.
    pub fn new(settings: &TransportSettings) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .user_agent(&settings.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            // Whether something may be sent twice is the adapters' decision.
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .no_proxy();
        if let Some(path) = &settings.ca_file {
            let pem =
                std::fs::read(path).map_err(|e| format!("cannot read ca_file {}: {e}", path.display()))?;
            let roots = roots(&pem).map_err(|why| {
                format!("ca_file {} holds no usable PEM certificate: {why}", path.display())
            })?;
            builder = builder.tls_certs_merge(roots);
        }
        let client = builder.build().map_err(|e| {
            format!(
                "no TLS client: {}; hint: install the system's CA certificates, or set ca_file",
                chain(&e)
            )
        })?;
        Ok(Self { client, body_bytes_max: settings.body_bytes_max })
    }
}

/// Whether these bytes hold roots of trust that the client can use.
///
/// # Errors
/// Why not.
pub fn check_roots(pem: &[u8]) -> Result<(), String> {
    let roots = roots(pem)?;
    // What looks like a certificate from outside may be none inside: that shows when a client is built with it.
    let built = reqwest::Client::builder().tls_certs_only(roots).build();
    built.map(drop).map_err(|e| chain(&e))
}

fn roots(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, String> {
    let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(|e| chain(&e))?;
    if roots.is_empty() { Err("no certificate is in it".to_owned()) } else { Ok(roots) }
}

#[async_trait]
impl Transport for HttpsTransport {
    async fn exchange(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        if request.uri().scheme_str() != Some("https")
            && !is_loopback(request.uri().host().unwrap_or_default())
        {
            return Err(TransportError::Forbidden { host, reason: "plain http is for loopback only".into() });
        }
        let method = request.method().clone();
        let request = reqwest::Request::try_from(request)
            .map_err(|e| TransportError::Forbidden { host: host.clone(), reason: chain(&e) })?;
        let whole = async {
            let mut answer = self.client.execute(request).await.map_err(|e| {
                // The adapters name the call; a query may hold names and addresses of people.
                let e = e.without_url();
                if e.is_connect() || e.is_builder() {
                    TransportError::NotSent { host: host.clone(), reason: chain(&e) }
                } else {
                    TransportError::NoAnswer { host: host.clone(), reason: chain(&e) }
                }
            })?;
            let mut body = BytesMut::new();
            while let Some(piece) = answer.chunk().await.map_err(|e| TransportError::NoAnswer {
                host: host.clone(),
                reason: chain(&e.without_url()),
            })? {
                if body.len() + piece.len() > self.body_bytes_max {
                    return Err(TransportError::NoAnswer {
                        host: host.clone(),
                        reason: format!("the body is longer than {} bytes", self.body_bytes_max),
                    });
                }
                body.extend_from_slice(&piece);
            }
            let mut response = http::Response::new(Bytes::from(body));
            *response.status_mut() = answer.status();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            Ok(response)
        };
        // Without the path: it may hold names and ids of people.
        let span = tracing::debug_span!(
            "exchange",
            otel.kind = "client",
            server.address = host,
            http.request.method = %method,
            http.response.status_code = tracing::field::Empty,
        );
        let answer = tokio::time::timeout(timeout, whole).instrument(span.clone()).await;
        if let Ok(Ok(response)) = &answer {
            span.record("http.response.status_code", response.status().as_u16());
        }
        match answer {
            Ok(result) => result,
            Err(_) => Err(TransportError::NoAnswer {
                host: host.clone(),
                reason: format!("nothing within {timeout:?}"),
            }),
        }
    }
}

/// Whether `host` (as in a URI, brackets allowed) is this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
