//! Decisions from outside the console: a signed link from an e-mail, and buttons in Slack. Each carries a credential of
//! its own; what it may decide is the engine's to say, by the same rules as in the console.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    Router,
    body::Bytes,
    extract::{Form, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use lanyard_engine::approvals::{Principal, Say};
use lanyard_model::clearance::{Clearance, ClearanceState};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tower_http::{limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

use crate::{WebState, access::fresh_token, api::approvals, problem::Problem};

/// A request by Slack that is older may be a recording.
const SLACK_AGE_MAX: u64 = 300;

/// The chat app whose buttons decide.
#[async_trait]
pub trait Chat: Send + Sync {
    /// What the app signs its requests with.
    fn signing_secret(&self) -> &SecretString;

    /// Address of a full member of the workspace `team`, as the chat's own directory has it.
    ///
    /// # Errors
    /// A sentence.
    async fn mail_of(&self, member: &str, team: &str) -> Result<String, String>;

    /// Tells what came of it: to everybody, in the place of the message that had the buttons, when it is `settled`; else
    /// to whoever pressed alone, and the buttons stay for others.
    ///
    /// # Errors
    /// A sentence.
    async fn answer(&self, address: &str, text: &str, settled: bool) -> Result<(), String>;
}

/// Forms and button presses are small, and sent at once.
const BODY_BYTES_MAX: usize = 64 << 10;
const WITHIN: Duration = Duration::from_secs(10);

pub(crate) fn router() -> Router<Arc<WebState>> {
    Router::new()
        .route("/decide", get(page).post(say))
        .route("/slack/actions", post(slack))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, WITHIN))
        .layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    t: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Decided {
    t: String,
    say: Say,
    #[serde(default)]
    reason: String,
}

/// `GET /decide?t=TOKEN`: shows what is asked. Opening it decides nothing, so that a mail scanner cannot.
pub(crate) async fn page(State(state): State<Arc<WebState>>, Query(link): Query<Link>) -> Response {
    let Some((request, mail)) = read(&state, &link.t) else { return unknown() };
    match state.engine.store().clearance(&request).await {
        Ok(Some(found)) => shown(StatusCode::OK, &question(&found, &mail, &link.t)),
        Ok(None) => unknown(),
        Err(failure) => Problem::from(failure).into_response(),
    }
}

/// `POST /decide`: decides in the name of whoever the link was made for.
pub(crate) async fn say(State(state): State<Arc<WebState>>, Form(said): Form<Decided>) -> Response {
    let Some((request, mail)) = read(&state, &said.t) else { return unknown() };
    let by = Principal { name: mail.clone(), emails: vec![mail], ..Principal::default() };
    match state.engine.decide_requests(&[request], said.say, &by, &said.reason).await {
        Ok(after) => {
            let text = after.first().map(outcome).unwrap_or_default();
            shown(StatusCode::OK, &format!("<h1>Thank you</h1><p>{}</p>", escape(&text)))
        }
        Err(refused) => shown(
            approvals::refusal(&refused).status,
            &format!("<h1>Nothing was decided</h1><p>{}.</p>", escape(&refused.to_string())),
        ),
    }
}

/// `POST /slack/actions`: a button of ours was pressed. Answered at once; the message is replaced by what came of it.
pub(crate) async fn slack(State(state): State<Arc<WebState>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(chat) = state.chat.clone() else {
        return Problem::not_found("no such endpoint").into_response();
    };
    let now = state.engine.clock().now().as_second();
    if !is_signed(chat.signing_secret(), &headers, &body, now) {
        return Problem::new(
            StatusCode::UNAUTHORIZED,
            "signature",
            "the request is not signed by our Slack app",
        )
        .into_response();
    }
    let pressed = match Pressed::read(&body) {
        Ok(Some(pressed)) => pressed,
        // Links are buttons too, and Slack tells of them: there is nothing to do.
        Ok(None) => return StatusCode::OK.into_response(),
        Err(()) => {
            let title = "this is no payload of Slack's";
            return Problem::new(StatusCode::BAD_REQUEST, "payload", title).into_response();
        }
    };
    // Slack waits three seconds, and the member's address is asked of Slack itself.
    tokio::spawn(async move {
        let (text, settled) = match chat.mail_of(&pressed.member, &pressed.team).await {
            Err(why) => (format!("Nothing was decided: {why}"), false),
            Ok(mail) => {
                let by = Principal { name: mail.clone(), emails: vec![mail], ..Principal::default() };
                let reason = "by button in Slack";
                let ids = [pressed.request.clone()];
                match state.engine.decide_requests(&ids, pressed.say, &by, reason).await {
                    Ok(after) => {
                        let settled = after.iter().all(|one| one.state != ClearanceState::Waiting);
                        (after.first().map(outcome).unwrap_or_default(), settled)
                    }
                    Err(refused) => (format!("Nothing was decided: {refused}"), false),
                }
            }
        };
        if let Err(why) = chat.answer(&pressed.answer_at, &text, settled).await {
            tracing::warn!(%why, "Slack did not take the answer");
        }
    });
    StatusCode::OK.into_response()
}

struct Pressed {
    request: String,
    say: Say,
    member: String,
    /// The workspace that our app is installed in.
    team: String,
    answer_at: String,
}

impl Pressed {
    /// The pressing of a button that decides; `None` for whatever else Slack tells of.
    fn read(body: &[u8]) -> Result<Option<Self>, ()> {
        let form: Vec<(String, String)> = serde_urlencoded::from_bytes(body).map_err(drop)?;
        let (_, payload) = form.into_iter().find(|(name, _)| name == "payload").ok_or(())?;
        let payload: Value = serde_json::from_str(&payload).map_err(drop)?;
        let action = &payload["actions"][0];
        let say = match action["action_id"].as_str() {
            Some("approve") if payload["type"] == "block_actions" => Say::Approve,
            Some("decline") if payload["type"] == "block_actions" => Say::Decline,
            _ => return Ok(None),
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(());
        Ok(Some(Self {
            request: text(&action["value"])?,
            say,
            member: text(&payload["user"]["id"])?,
            team: text(&payload["team"]["id"])?,
            answer_at: text(&payload["response_url"])?,
        }))
    }
}

/// Slack's signature (version 0): HMAC-SHA256 over `v0:TIME:BODY`, in hex.
fn is_signed(secret: &SecretString, headers: &HeaderMap, body: &[u8], now: i64) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(time), Some(given)) = (text("x-slack-request-timestamp"), text("x-slack-signature")) else {
        return false;
    };
    if time.parse::<i64>().map_or(true, |at| now.abs_diff(at) > SLACK_AGE_MAX) {
        return false;
    }
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let mut signed = aws_lc_rs::hmac::Context::with_key(&key);
    for part in ["v0:".as_bytes(), time.as_bytes(), b":", body] {
        signed.update(part);
    }
    let mut wanted = String::from("v0=");
    for byte in signed.sign().as_ref() {
        let _ = write!(wanted, "{byte:02x}");
    }
    crate::access::same_secret(given.as_bytes(), &SecretString::from(wanted))
}

fn read(state: &WebState, token: &str) -> Option<(String, String)> {
    let links = state.engine.settings().alerts.asking.links.as_ref()?;
    links.read(token, state.engine.clock().now())
}

fn outcome(after: &Clearance) -> String {
    let who = &after.person;
    let votes = after.votes.last().map(|vote| vote.by.as_str()).unwrap_or_default();
    match after.state {
        ClearanceState::Granted => format!("Approved by {votes}. It is being done for {who} now."),
        ClearanceState::Declined => format!("Declined by {votes}. Nothing is done for {who}."),
        ClearanceState::Waiting => {
            format!("Noted for {votes}. It needs another vote before anything is done for {who}.")
        }
        state => format!("The request for {who} is {}.", state.as_str()),
    }
}

fn question(found: &Clearance, mail: &str, token: &str) -> String {
    let mut html = format!(
        "<h1>{}</h1><p>{} in {}. The rule <b>{}</b> asks for approval before this is done:</p><ul>",
        escape(&found.person),
        escape(&found.person),
        escape(found.site.as_str()),
        escape(&found.rule)
    );
    for line in &found.lines {
        let _ = write!(html, "<li><code>{}</code></li>", escape(&line.what));
    }
    html.push_str("</ul>");
    let _ = write!(html, "<p>Asked on {}", found.asked_at.strftime("%Y-%m-%d %H:%M UTC"));
    if let Some(until) = found.until {
        let _ =
            write!(html, "; without a decision by {} nothing is done", until.strftime("%Y-%m-%d %H:%M UTC"));
    }
    html.push_str(".</p>");
    for vote in &found.votes {
        let word = if vote.yes { "agreed" } else { "declined" };
        let _ = write!(html, "<p>{} {word}. {}</p>", escape(&vote.by), escape(&vote.reason));
    }
    if found.state != ClearanceState::Waiting || found.over {
        let _ =
            write!(html, "<p><b>It is {} already: there is nothing to decide.</b></p>", found.state.as_str());
        return html;
    }
    let _ = write!(
        html,
        "<form method=\"post\" action=\"/decide\"><input type=\"hidden\" name=\"t\" value=\"{}\">\
         <label for=\"reason\">Reason (needed to decline; everybody who may see the person can read it)</label>\
         <textarea id=\"reason\" name=\"reason\" rows=\"3\"></textarea>\
         <p><button name=\"say\" value=\"approve\">Approve</button> \
         <button name=\"say\" value=\"decline\">Decline</button></p></form>\
         <p><small>You decide as {}.</small></p>",
        escape(token),
        escape(mail)
    );
    html
}

fn unknown() -> Response {
    shown(
        StatusCode::NOT_FOUND,
        "<h1>This link does not work</h1><p>It was made for another server, has run out, or was cut by a mail \
         program. Nothing was decided. The request itself is in the console under Approvals.</p>",
    )
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;\
    color:#1a1d21;background:#fff}textarea{width:100%;box-sizing:border-box;font:inherit}label{display:block}\
    button{font:inherit;padding:.5rem 1.25rem;border:1px solid #555;border-radius:6px;background:#f2f4f7;color:inherit;\
    cursor:pointer}button:focus-visible,textarea:focus-visible{outline:3px solid #2457c5;outline-offset:2px}\
    @media(prefers-color-scheme:dark){body{color:#e8eaed;background:#16181c}button,textarea{background:#25282e;\
    color:inherit;border:1px solid #8a8f98}}";

fn shown(status: StatusCode, body: &str) -> Response {
    let nonce = fresh_token();
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Lanyard: a decision</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style nonce=\"{nonce}\">{STYLE}</style></head>\
         <body><main>{body}</main></body></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
    ];
    (status, headers, page).into_response()
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
