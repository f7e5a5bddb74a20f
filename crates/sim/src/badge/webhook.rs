//! Messages in the Standard Webhooks form, and what they mean.
//!
//! ```text
//! POST /webhook
//! webhook-id: msg_2f9…            the same on every repetition
//! webhook-timestamp: 1777881600   seconds; off by five minutes at most
//! webhook-signature: v1,BASE64    HMAC-SHA256 of "id.timestamp.body"; several, blank between, while a secret changes
//! ```
//!
//! | `type` | `data` | does |
//! |---|---|---|
//! | `access.granted` | `holder`, `area`, `from`, `until` | the holder may enter the area in that time |
//! | `access.revoked` | `holder`, `area` | the holder may not enter it any more; without `area`: none of them |
//! | `access.set` | `holder`, `rights`: a list of `{area, from, until}` | exactly these, no others |
//!
//! `holder` and `area` are texts, or objects with an `id`; `from` and `until` are instants, null or absent for no end.
//! 200 acknowledges: `{"id","applied":n,"repeated":false}`, `applied` being the rights that changed. 400 says what
//! cannot be read, 401 that the signature, or its time, is not right; neither is worth repeating unchanged.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    BadgeFace, Outcome, Refusal, refuse,
    rights::{Span, Way},
};

/// Messages remembered, so that a repetition does nothing.
const SEEN_MAX: usize = 100_000;
const RIGHTS_MAX: usize = 10_000;

pub(super) fn receive(face: &mut BadgeFace, request: &Request<Bytes>, now: Timestamp) -> Outcome {
    let header = |name: &str| {
        let text = request.headers().get(name).and_then(|value| value.to_str().ok());
        text.filter(|text| !text.is_empty()).ok_or_else(|| Refusal(400, format!("header {name} is missing")))
    };
    let (id, sent, signatures) =
        (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
    let at: i64 = sent.parse().map_err(|_| Refusal(400, "webhook-timestamp must be seconds".to_owned()))?;
    if (at - now.as_second()).abs() > face.settings.tolerance_seconds {
        return refuse(401, format!("webhook-timestamp is off: it is {} here", now.as_second()));
    }
    let secret = face.settings.webhook_secret.trim_start_matches("whsec_");
    let key = STANDARD.decode(secret).map_err(|_| Refusal(500, "the secret is not Base64".to_owned()))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = [format!("{id}.{sent}.").as_bytes(), request.body()].concat();
    let mut given = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    if !given.any(|tag| hmac::verify(&key, &signed, &tag).is_ok()) {
        return refuse(401, "no signature fits");
    }
    if let Some((_, answer)) = face.seen.iter().rev().find(|(known, _)| known == id) {
        let mut answer = answer.clone();
        answer["repeated"] = Value::Bool(true);
        return Ok((200, answer));
    }
    let message: Value = serde_json::from_slice(request.body())
        .map_err(|error| Refusal(400, format!("the body is not JSON: {error}")))?;
    let applied = apply(face, id, &message, now)?;
    let answer = json!({ "id": id, "applied": applied, "repeated": false });
    if face.seen.len() >= SEEN_MAX {
        face.seen.drain(..SEEN_MAX / 2);
    }
    face.seen.push((id.to_owned(), answer.clone()));
    Ok((200, answer))
}

fn apply(face: &mut BadgeFace, id: &str, message: &Value, now: Timestamp) -> Result<usize, Refusal> {
    let data = &message["data"];
    let holder = named(&data["holder"])
        .ok_or_else(|| Refusal(400, "data.holder must be a text, or hold an id".to_owned()))?;
    let wanted: Vec<(String, Option<Span>)> = match message["type"].as_str().unwrap_or_default() {
        "access.granted" => vec![(area(data)?, Some(span(data)?))],
        "access.revoked" if data.get("area").is_none_or(Value::is_null) => {
            face.rights.areas_of(&holder, Way::Webhook).into_iter().map(|area| (area, None)).collect()
        }
        "access.revoked" => vec![(area(data)?, None)],
        "access.set" => {
            let list = data["rights"].as_array().filter(|list| list.len() <= RIGHTS_MAX);
            let list = list.ok_or_else(|| Refusal(400, "data.rights must be a list".to_owned()))?;
            let mut wanted = Vec::with_capacity(list.len());
            for right in list {
                wanted.push((area(right)?, Some(span(right)?)));
            }
            let kept: Vec<&String> = wanted.iter().map(|(area, _)| area).collect();
            let gone =
                face.rights.areas_of(&holder, Way::Webhook).into_iter().filter(|area| !kept.contains(&area));
            let gone: Vec<_> = gone.map(|area| (area, None)).collect();
            wanted.into_iter().chain(gone).collect()
        }
        other => {
            return refuse(
                400,
                format!("unknown type {other:?}: send access.granted, access.revoked or access.set"),
            );
        }
    };
    let mut applied = 0;
    for (area, span) in wanted {
        applied += usize::from(face.rights.set(Way::Webhook, id, &holder, &area, span, now));
    }
    Ok(applied)
}

/// A text, or the `id` of an object.
fn named(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("id")?.as_str()).map(str::trim).map(str::to_owned);
    let number = || value.as_u64().or_else(|| value.get("id")?.as_u64()).map(|number| number.to_string());
    text.filter(|text| !text.is_empty()).or_else(number)
}

fn area(data: &Value) -> Result<String, Refusal> {
    named(&data["area"]).ok_or_else(|| Refusal(400, "area must be a text, or hold an id".to_owned()))
}

fn span(data: &Value) -> Result<Span, Refusal> {
    let end = |name: &str| match &data[name] {
        Value::Null => Ok(None),
        Value::String(text) => {
            text.parse().map(Some).map_err(|_| Refusal(400, format!("{name} must be an instant or null")))
        }
        _ => refuse(400, format!("{name} must be an instant or null")),
    };
    Ok(Span { from: end("from")?, until: end("until")? })
}
