//! Slack's incoming webhook, and plain JSON for anything else.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use lanyard_engine::ports::Message;
use lanyard_wire::Transport;
use secrecy::{ExposeSecret as _, SecretString};

const TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) async fn slack(
    transport: &dyn Transport,
    url: &SecretString,
    message: &Message,
) -> Result<(), String> {
    let text = format!("*{}*\n{}", escape(&message.subject), escape(&message.text));
    post(transport, url, &serde_json::json!({ "text": text }), &message.id).await
}

pub(crate) async fn json(
    transport: &dyn Transport,
    url: &SecretString,
    message: &Message,
) -> Result<(), String> {
    let body = serde_json::json!({
        "id": message.id,
        "subject": message.subject,
        "text": message.text,
        "at": message.at,
    });
    post(transport, url, &body, &message.id).await
}

async fn post(
    transport: &dyn Transport,
    url: &SecretString,
    body: &serde_json::Value,
    id: &str,
) -> Result<(), String> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(url.expose_secret())
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-lanyard-message", id.replace(|c: char| !c.is_ascii_graphic(), "_"))
        .body(Bytes::from(body.to_string()))
        .map_err(|_| "the webhook's address cannot be used".to_owned())?;
    // The address is itself a secret: errors name the host only.
    let response = transport.exchange(request, TIMEOUT).await.map_err(|error| error.to_string())?;
    if response.status().is_success() {
        return Ok(());
    }
    Err(format!("the webhook answered {}", response.status()))
}

/// Slack's three control characters.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
