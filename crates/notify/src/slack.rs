//! Slack: messages by incoming webhook, with buttons where a decision is asked for; and what our app asks of Slack.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, header};
use lanyard_engine::ports::Message;
use lanyard_wire::Transport;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Slack cuts longer texts of a block.
const BLOCK_MAX: usize = 2_900;

/// What goes to a webhook. A message that asks for a decision has buttons, if our app takes what they send; those that decide only
/// where somebody may by their address: Slack gives nobody a role.
pub(crate) fn body(message: &Message, buttons: bool) -> String {
    let text = format!("*{}*\n{}", escape(&message.subject), escape(&message.text));
    let about = message.data.as_ref();
    let request = about.and_then(|data| data["approval"].as_str());
    let (Some(request), true) = (request, buttons) else { return json!({ "text": text }).to_string() };
    let button = |id: &str, word: &str, style: &str| {
        json!({
            "type": "button", "action_id": id, "value": request, "style": style,
            "text": { "type": "plain_text", "text": word },
        })
    };
    let mut elements = Vec::new();
    if about.is_none_or(|data| data["by_address"] != false) {
        elements.push(button("approve", "Approve", "primary"));
        elements.push(button("decline", "Decline", "danger"));
    }
    if let Some(link) = about.and_then(|data| data["link"].as_str()) {
        elements.push(json!({
            "type": "button", "action_id": "open", "url": link,
            "text": { "type": "plain_text", "text": "Open in Lanyard" },
        }));
    }
    if elements.is_empty() {
        return json!({ "text": text }).to_string();
    }
    let shown: String = text.chars().take(BLOCK_MAX).collect();
    json!({
        "text": text,
        "blocks": [
            { "type": "section", "text": { "type": "mrkdwn", "text": shown } },
            { "type": "actions", "elements": elements },
        ],
    })
    .to_string()
}

/// Our app in a Slack workspace: it knows its members' addresses, and answers where a button was pressed.
pub struct SlackApp {
    transport: Arc<dyn Transport>,
    /// `https://slack.com/api`.
    api: String,
    token: SecretString,
    signing_secret: SecretString,
}

impl SlackApp {
    pub fn new(
        transport: Arc<dyn Transport>,
        api: String,
        token: SecretString,
        signing_secret: SecretString,
    ) -> Self {
        Self { transport, api: api.trim_end_matches('/').to_owned(), token, signing_secret }
    }

    pub fn signing_secret(&self) -> &SecretString {
        &self.signing_secret
    }

    /// The address of a member of the workspace `team` (`users.info`, scope `users:read.email`).
    ///
    /// # Errors
    /// A sentence with the fix.
    pub async fn mail_of(&self, member: &str, team: &str) -> Result<String, String> {
        let plain = member.chars().all(|c| c.is_ascii_alphanumeric());
        if !plain || member.is_empty() {
            return Err("Slack named no member".into());
        }
        let request = Request::builder()
            .method(Method::GET)
            .uri(format!("{}/users.info?user={member}", self.api))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.expose_secret()))
            .body(Bytes::new())
            .map_err(|_| "the address of Slack's API cannot be used".to_owned())?;
        let answer = self.transport.exchange(request, TIMEOUT).await.map_err(|error| error.to_string())?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let user = &body["user"];
        // Another workspace's administrator, or a guest, can have any address: only a full member's counts.
        let not_a_member =
            ["is_bot", "deleted", "is_restricted", "is_ultra_restricted", "is_stranger", "is_app_user"];
        let foreign = !team.is_empty() && user["team_id"].as_str() != Some(team);
        if not_a_member.iter().any(|flag| user[flag] == true)
            || user["is_email_confirmed"] == false
            || foreign
        {
            return Err("Slack says that this is no full member of our workspace".into());
        }
        user["profile"]["email"].as_str().map(str::to_owned).ok_or_else(|| {
            let why = body["error"].as_str().unwrap_or("no address");
            format!("Slack does not say who pressed ({why}); give the app the scope users:read.email")
        })
    }

    /// Tells what came of a button: `settled` in the place of the message, else to whoever pressed alone.
    ///
    /// # Errors
    /// A sentence.
    pub async fn answer(&self, address: &str, text: &str, settled: bool) -> Result<(), String> {
        let body = match settled {
            true => json!({ "replace_original": true, "text": escape(text) }),
            false => json!({ "response_type": "ephemeral", "replace_original": false, "text": escape(text) }),
        };
        let body = body.to_string();
        let address = SecretString::from(address.to_owned());
        crate::webhook::post(&*self.transport, &address, body, &[], "slack-answer").await
    }
}

/// Slack's three control characters.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_a_decision_has_buttons_where_somebody_takes_what_they_send() {
        let message = |data: Option<Value>| Message {
            id: "acme/ana:hq:clr_1:approvals".into(),
            route: "approvals".into(),
            subject: "Lanyard asks: Ana <Silva>".into(),
            text: "t".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            attempts: 0,
            data,
        };
        let asks = message(Some(json!({ "approval": "clr_1", "link": "https://l.example/approvals" })));
        let shown: Value = serde_json::from_str(&body(&asks, true)).expect("JSON");
        let elements = shown["blocks"][1]["elements"].as_array().expect("buttons");
        let ids: Vec<_> = elements.iter().map(|b| (b["action_id"].as_str(), b["value"].as_str())).collect();
        assert_eq!(
            ids,
            [(Some("approve"), Some("clr_1")), (Some("decline"), Some("clr_1")), (Some("open"), None)]
        );
        assert_eq!(shown["text"], "*Lanyard asks: Ana &lt;Silva&gt;*\nt");
        // Whom a role lets decide signs in.
        let of_role = |link: Option<&str>| {
            let data = json!({ "approval": "clr_1", "link": link, "by_address": false });
            serde_json::from_str::<Value>(&body(&message(Some(data)), true)).expect("JSON")
        };
        let elements = of_role(Some("https://l.example/approvals"))["blocks"][1]["elements"].clone();
        let ids: Vec<_> =
            elements.as_array().into_iter().flatten().map(|b| b["action_id"].as_str()).collect();
        assert_eq!(ids, [Some("open")]);
        assert_eq!(of_role(None)["blocks"], Value::Null);
        for (message, buttons) in [(&asks, false), (&message(None), true)] {
            let plain: Value = serde_json::from_str(&body(message, buttons)).expect("JSON");
            assert_eq!(plain["blocks"], Value::Null);
        }
    }
}
