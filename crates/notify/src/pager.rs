//! Incidents at a paging service, in the form of PagerDuty's events (version 2). One incident per alert rule: what comes
//! later is added to it, and it is resolved when nothing of it is open any more.

use lanyard_engine::ports::Message;
use lanyard_wire::Transport;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::webhook::post;

/// Where PagerDuty takes events.
pub(crate) const EVENTS: &str = "https://events.pagerduty.com/v2/enqueue";

pub(crate) async fn send(
    transport: &dyn Transport,
    url: &str,
    key: &SecretString,
    message: &Message,
) -> Result<(), String> {
    let body = event(key.expose_secret(), message).to_string();
    post(transport, &SecretString::from(url.to_owned()), body, &[], &message.id).await
}

fn event(key: &str, message: &Message) -> Value {
    let about = message.data.clone().unwrap_or_default();
    let action = if about["status"] == "over" { "resolve" } else { "trigger" };
    // Longer summaries are refused.
    let summary: String = message.subject.chars().take(1024).collect();
    let worst = about["findings"].as_array().into_iter().flatten().map(|finding| &finding["severity"]);
    let severity = if worst.clone().any(|s| s == "error") { "critical" } else { "warning" };
    json!({
        "routing_key": key,
        "event_action": action,
        "dedup_key": format!("lanyard:{}", message.route),
        "payload": {
            "summary": summary,
            "source": "lanyard",
            "severity": severity,
            "timestamp": message.at,
            "custom_details": { "text": message.text, "message": message.id },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_incident_per_rule_from_trigger_to_resolve() {
        let message = |status: &str, severity: &str| Message {
            id: "alert:it:1".into(),
            route: "alert:it".into(),
            subject: "Lanyard: the feed cannot be read".into(),
            text: "t".into(),
            at: "2026-05-04T08:00:00Z".parse().expect("a moment"),
            attempts: 0,
            data: Some(json!({ "status": status, "findings": [{ "severity": severity }] })),
        };
        let open = event("planted", &message("open", "error"));
        assert_eq!(
            (&open["event_action"], &open["dedup_key"]),
            (&json!("trigger"), &json!("lanyard:alert:it"))
        );
        assert_eq!(open["payload"]["severity"], "critical");
        assert_eq!(open["payload"]["timestamp"], "2026-05-04T08:00:00Z");
        assert_eq!(event("k", &message("open", "warning"))["payload"]["severity"], "warning");
        let over = event("planted", &message("over", ""));
        assert_eq!((&over["event_action"], &over["dedup_key"]), (&json!("resolve"), &open["dedup_key"]));
    }
}
