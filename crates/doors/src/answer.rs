//! What an HTTP answer of a badge system means.

use std::time::Duration;

use http::{StatusCode, header};
use jiff::Timestamp;
use lanyard_model::plan::Outcome;
use lanyard_wire::{Request, Response, Transport, TransportError};

pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);
/// How long we wait where a badge system asks for a pause without saying how long.
const PAUSE: Duration = Duration::from_secs(30);
const PAUSE_MAX: u64 = 3_600;
const TEXT_MAX: usize = 200;

/// Sends one request. `Err` is anything but a 2xx answer, except the statuses in `also`.
pub(crate) async fn exchange(
    transport: &dyn Transport,
    request: Request,
    also: &[StatusCode],
    now: Timestamp,
) -> Result<Response, Outcome> {
    let response = transport.exchange(request, TIMEOUT).await.map_err(|error| match &error {
        TransportError::NoAnswer { .. } => Outcome::Unknown { reason: error.to_string() },
        _ => Outcome::NotDone { reason: error.to_string() },
    })?;
    let status = response.status();
    if status.is_success() || also.contains(&status) {
        return Ok(response);
    }
    let body = String::from_utf8_lossy(response.body());
    let said: String = body.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect();
    let text = if said.is_empty() { format!("it answered {status}") } else { format!("{status}: {said}") };
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Denied {
            reason: text,
            fix: "check the feed's secret in the settings ([site.doors]), and both clocks".into(),
        },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let asked = response.headers().get(header::RETRY_AFTER);
            let seconds = asked.and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
            let pause = seconds.map_or(PAUSE, |seconds| Duration::from_secs(seconds.min(PAUSE_MAX)));
            Outcome::Throttled { until: now + pause }
        }
        _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Outcome::NotDone { reason: text }
        }
        _ => Outcome::Refused {
            code: status.as_u16().to_string(),
            text,
            fix: "compare the person and the areas with what the badge system knows".into(),
        },
    })
}

/// What was acknowledged.
pub(crate) fn done() -> Outcome {
    Outcome::Done { account: None, made: None }
}
