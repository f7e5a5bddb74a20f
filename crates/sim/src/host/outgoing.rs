//! Makes the requests that faces want made: plain http to loopback, https anywhere.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use jiff::SignedDuration;
use tokio::sync::Semaphore;

use crate::{
    clock::SimClock,
    face::{Outgoing, OutgoingOutcome},
};

/// Requests under way at once; more wait their turn.
const IN_FLIGHT_MAX: usize = 256;
/// A longer answer is cut. Of a hook's receiver faces want a short text, of a SCIM server a page of a hundred resources.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Real time after which a skipping clock is no longer held back by a request under way.
const HOLD: Duration = Duration::from_secs(2);

/// The one client for all faces.
pub(super) struct Sender {
    client: Result<reqwest::Client, String>,
    clock: Arc<dyn SimClock>,
    turns: Semaphore,
}

impl Sender {
    pub(super) fn new(clock: Arc<dyn SimClock>) -> Arc<Self> {
        let builder = || reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        // A machine without root certificates can still reach loopback.
        let client = builder()
            .build()
            .or_else(|_| builder().tls_certs_only(std::iter::empty()).build())
            .map_err(|error| error.to_string());
        Arc::new(Self { client, clock, turns: Semaphore::new(IN_FLIGHT_MAX) })
    }

    /// Makes one request and says how it ended. The time limit runs on the shared clock.
    pub(super) async fn send(&self, outgoing: Outgoing) -> OutgoingOutcome {
        let client = match &self.client {
            Ok(client) => client,
            Err(error) => return OutgoingOutcome::Failed(error.clone()),
        };
        if let Err(reason) = permitted(outgoing.request.uri()) {
            return OutgoingOutcome::Failed(reason);
        }
        let Ok(_turn) = self.turns.acquire().await else {
            return OutgoingOutcome::Failed("the host is stopping".to_owned());
        };
        let until = SignedDuration::try_from(outgoing.timeout)
            .ok()
            .and_then(|timeout| self.clock.now().checked_add(timeout).ok())
            .unwrap_or(jiff::Timestamp::MAX);
        let exchange = exchange(client, outgoing.request);
        tokio::pin!(exchange);
        let held = self.clock.busy();
        if let Ok(outcome) = tokio::time::timeout(HOLD, &mut exchange).await {
            return if self.clock.now() > until { OutgoingOutcome::TimedOut } else { outcome };
        }
        drop(held);
        tokio::select! {
            outcome = &mut exchange => outcome,
            () = self.clock.sleep_until(until) => OutgoingOutcome::TimedOut,
        }
    }
}

async fn exchange(client: &reqwest::Client, request: Request<Bytes>) -> OutgoingOutcome {
    match attempt(client, request).await {
        Ok(response) => OutgoingOutcome::Answered(response),
        Err(error) => OutgoingOutcome::Failed(error.to_string()),
    }
}

async fn attempt(
    client: &reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, reqwest::Error> {
    let request = reqwest::Request::try_from(request)?;
    let mut answer = client.execute(request).await?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = ANSWER_BYTES_MAX.saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if room <= chunk.len() {
            break;
        }
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}

/// Plain http goes to this machine only.
fn permitted(uri: &http::Uri) -> Result<(), String> {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if loopback => Ok(()),
        _ => Err(format!("{uri}: only https, or http to loopback")),
    }
}

#[cfg(test)]
mod tests {
    use super::permitted;

    #[test]
    fn plain_http_stays_on_the_machine() {
        for (uri, allowed) in [
            ("http://127.0.0.1:8080/hooks", true),
            ("http://localhost/hooks", true),
            ("http://[::1]:9/", true),
            ("https://sync.example/hooks", true),
            ("http://sync.example/hooks", false),
            ("http://127.0.0.1.sync.example/", false),
            ("/hooks", false),
        ] {
            let uri: http::Uri = uri.parse().expect("a valid URI");
            assert_eq!(permitted(&uri).is_ok(), allowed, "{uri}");
        }
    }
}
