//! JSON by POST, signed where a key is given.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Method, Request, header};
use jiff::Timestamp;
use lanyard_engine::ports::Message;
use lanyard_wire::Transport;
use secrecy::{ExposeSecret as _, SecretString};

const TIMEOUT: Duration = Duration::from_secs(15);

/// JSON to any address; with a key, signed as Standard Webhooks says.
pub(crate) async fn json(
    transport: &dyn Transport,
    url: &SecretString,
    key: Option<&SecretString>,
    message: &Message,
    now: Timestamp,
) -> Result<(), String> {
    let body = serde_json::json!({
        "type": message.route.split(':').next().unwrap_or("message"),
        "timestamp": message.at,
        "data": {
            "id": message.id,
            "subject": message.subject,
            "text": message.text,
            "about": message.data,
        },
    })
    .to_string();
    let mut headers = Vec::new();
    if let Some(key) = key {
        let id = header_safe(&message.id);
        let seconds = now.as_second();
        let signature = sign(key.expose_secret(), &id, seconds, &body)?;
        headers.extend([
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature),
        ]);
    }
    post(transport, url, body, &headers, &message.id).await
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. The key is base64, with or without `whsec_` before it.
fn sign(key: &str, id: &str, seconds: i64, body: &str) -> Result<String, String> {
    let text = key.trim();
    let text = text.strip_prefix("whsec_").unwrap_or(text);
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| {
        "the signing key is not base64; write it as whsec_ and 24 to 64 bytes in base64".to_owned()
    })?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let tag = hmac::sign(&key, format!("{id}.{seconds}.{body}").as_bytes());
    Ok(format!("v1,{}", BASE64_STANDARD.encode(tag.as_ref())))
}

pub(crate) async fn post(
    transport: &dyn Transport,
    url: &SecretString,
    body: String,
    headers: &[(&'static str, String)],
    id: &str,
) -> Result<(), String> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(url.expose_secret())
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-lanyard-message", header_safe(id));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request =
        request.body(Bytes::from(body)).map_err(|_| "the webhook's address cannot be used".to_owned())?;
    // The address is itself a secret: errors name the host only.
    let response = transport.exchange(request, TIMEOUT).await.map_err(|error| error.to_string())?;
    if response.status().is_success() {
        return Ok(());
    }
    Err(format!("the webhook answered {}", response.status()))
}

fn header_safe(id: &str) -> String {
    id.replace(|c: char| !c.is_ascii_graphic(), "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's own libraries.
    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        let body = "{\"test\": 2432232314}";
        let signed = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
        );
        assert_eq!(signed.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert!(sign("not base64!", "a", 1, body).is_err());
    }
}
