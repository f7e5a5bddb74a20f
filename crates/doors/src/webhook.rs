//! Signed JSON, as Standard Webhooks says: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
//!
//! ```json
//! {"type": "access.set", "timestamp": "2026-05-04T08:00:00Z",
//!  "data": {"holder": "40117", "rights": [{"area": "Pier House", "from": null, "until": "2026-09-30T22:00:00Z"}]}}
//! ```

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, header};
use jiff::Timestamp;
use lanyard_engine::{
    clock::Clock,
    ports::{Check, DoorFeed, DoorMessage},
};
use lanyard_model::{door::DoorRights, id::SiteId, plan::Outcome};
use lanyard_wire::Transport;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::answer::{done, exchange};

/// A badge system that takes signed messages.
pub struct WebhookFeed {
    site: SiteId,
    url: String,
    key: hmac::Key,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl WebhookFeed {
    /// `key` is base64, with or without `whsec_` before it.
    ///
    /// # Errors
    /// An address or key that cannot be used, in a sentence.
    pub fn new(
        site: SiteId,
        url: &str,
        key: &SecretString,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        url::Url::parse(url).map_err(|error| format!("{url} is no address: {error}"))?;
        let text = key.expose_secret().trim();
        let bytes = BASE64_STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).map_err(|_| {
            "the signing key is not base64; write it as whsec_ and 24 to 64 bytes in base64".to_owned()
        })?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        Ok(Self { site, url: url.to_owned(), key, transport, clock })
    }

    fn request(&self, message: &DoorMessage, seconds: i64) -> Option<lanyard_wire::Request> {
        let body = body(message).to_string();
        let id = message.id.replace(|c: char| !c.is_ascii_graphic() || c == '.', "_");
        let tag = hmac::sign(&self.key, format!("{id}.{seconds}.{body}").as_bytes());
        let request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(tag.as_ref())));
        request.body(Bytes::from(body)).ok()
    }
}

fn body(message: &DoorMessage) -> Value {
    let right = |(area, span): (&String, &lanyard_model::door::DoorSpan)| json!({ "area": area, "from": span.from, "until": span.until });
    let rights: Value = message.rights.iter().map(right).collect();
    json!({
        "type": "access.set",
        "timestamp": message.at,
        "data": { "holder": message.holder, "rights": rights },
    })
}

#[async_trait]
impl DoorFeed for WebhookFeed {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn recall(&self, _: Vec<(String, DoorRights)>) {}

    async fn tell(&self, message: &DoorMessage) -> Outcome {
        let now: Timestamp = self.clock.now();
        let Some(request) = self.request(message, now.as_second()) else {
            return Outcome::NotDone { reason: "the feed's address cannot be used".into() };
        };
        match exchange(&*self.transport, request, &[], now).await {
            Ok(_) => done(),
            Err(outcome) => outcome,
        }
    }

    async fn probe(&self) -> Vec<Check> {
        // Every message changes something: whether it is taken shows with the first one.
        vec![Check {
            name: format!("doors.{}", self.site),
            ok: true,
            warning: false,
            detail: "changes are sent as signed messages; the first one shows whether they are taken".into(),
            fix: None,
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    #[async_trait]
    impl Transport for Nowhere {
        async fn exchange(
            &self,
            _: lanyard_wire::Request,
            _: std::time::Duration,
        ) -> Result<lanyard_wire::Response, lanyard_wire::TransportError> {
            Err(lanyard_wire::TransportError::NoAnswer { host: "badge".into(), reason: "silence".into() })
        }
    }

    struct Still;

    #[async_trait]
    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(1_777_881_600).unwrap_or_default()
        }

        async fn sleep_until(&self, _: Timestamp) {}
    }

    fn feed() -> WebhookFeed {
        let key = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        WebhookFeed::new("hq".into(), "https://badge.example/in", &key, Arc::new(Nowhere), Arc::new(Still))
            .unwrap()
    }

    #[tokio::test]
    async fn silence_may_have_been_heard() {
        let message = DoorMessage {
            id: "pln_1.2.3".into(),
            holder: "40117".into(),
            had: DoorRights::new(),
            rights: [("Pier House".to_owned(), Default::default())].into(),
            at: Still.now(),
        };
        assert!(matches!(feed().tell(&message).await, Outcome::Unknown { .. }));
        let request = feed().request(&message, 5).unwrap();
        assert_eq!(request.headers()["webhook-id"], "pln_1_2_3", "a full stop parts what is signed");
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        assert_eq!(
            body,
            "{\"type\":\"access.set\",\"timestamp\":\"2026-05-04T08:00:00Z\",\"data\":{\"holder\":\"40117\",\
             \"rights\":[{\"area\":\"Pier House\",\"from\":null,\"until\":null}]}}"
        );
    }
}
