//! Event hooks: registration, the one-time challenge, and delivery (at least once, one retry, no order, no promise).

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::{
    dice::Oid,
    errors::{ApiError, ApiResult},
    event::{self, Cause, EventKind, LogEvent, Party, Shown},
    expression::Expression,
    json::Json,
    limits::Standing,
    moment::Moment,
    request::{Answer, Call, scheme_of},
    state::{Job, Org},
};
use crate::face::{Outgoing, OutgoingOutcome};

const EVENTS_MAX: usize = 300;
/// The only one that is supported.
const CHANNEL_VERSION: &str = "1.0.0";
const DAY_MS: i64 = 86_400_000;

/// A registered hook.
#[derive(Debug)]
struct Hook {
    id: Oid,
    name: String,
    description: Option<String>,
    events: Vec<String>,
    filter: Value,
    /// The filter's conditions by event type.
    conditions: Vec<(String, Expression)>,
    uri: String,
    headers: Vec<(String, String)>,
    /// Header name and secret; the secret is never shown.
    auth: Option<(String, String)>,
    active: bool,
    verified: bool,
    /// A new or changed hook takes effect only after a while.
    effective: bool,
    created: Moment,
    last_updated: Moment,
    created_by: String,
    /// Scheme and host by which the hook was registered: deliveries say they come from there.
    base: Option<Arc<str>>,
    queue: Vec<Arc<LogEvent>>,
    flush_planned: bool,
    failures: u64,
}

/// A delivery under way, kept until it is answered or given up.
#[derive(Debug)]
struct Delivery {
    hook: Oid,
    event_id: String,
    events: Vec<Arc<LogEvent>>,
    attempt: u32,
}

/// A verification whose caller waits for the answer.
#[derive(Debug)]
struct Verification {
    hook: Oid,
    challenge: String,
    attempt: u32,
    cause: Cause,
    waiting: Waiting,
}

/// What is needed to answer a caller later.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub standing: Option<Standing>,
    pub request_id: String,
    pub takes_ms: i64,
    pub base: Arc<str>,
}

/// What a finished outgoing request means.
#[derive(Debug)]
pub enum Finished {
    /// A delivery; nobody waits.
    Nothing,
    /// A verification asks once more.
    Again(Outgoing),
    Answer(ApiResult<Answer>, Waiting),
}

#[derive(Debug, Default)]
pub struct Hooks {
    list: Vec<Hook>,
    deliveries: HashMap<u64, Delivery>,
    verifications: HashMap<u64, Verification>,
    pub last_token: u64,
    /// The 24 h window of the daily cap: its start and what it used.
    window: Option<(Moment, u64)>,
    pub outbox: Vec<Outgoing>,
    /// By command: events lost to hooks (they stay in the log).
    pub drop_next: u64,
    /// By command: deliveries that are sent twice.
    pub duplicate_next: u64,
    /// By command: events are lost to hooks until then.
    pub outage_until: Option<Moment>,
    /// By command: added to each dispatch.
    pub extra_delay_ms: i64,
    /// By command: batches leave in random order.
    pub shuffle: bool,
}

impl Hook {
    fn party(&self) -> Party {
        Party {
            id: self.id.to_string(),
            kind: "EventHook",
            alternate_id: "unknown".to_owned(),
            display_name: self.name.clone(),
        }
    }

    /// Whether the conditions for this type of event let it through. A type without conditions passes.
    fn admits(&self, event: &LogEvent) -> bool {
        let mut own = self.conditions.iter().filter(|(name, _)| name == event.kind.name).peekable();
        if own.peek().is_none() {
            return true;
        }
        let mut text = Json::default();
        event.write(Shown::Hook, &mut text);
        let shown: Value = serde_json::from_str(&text.into_string()).unwrap_or_default();
        own.all(|(_, condition)| condition.holds(&shown))
    }

    fn value(&self, base: &str) -> Value {
        let here = format!("{base}/api/v1/eventHooks/{}", self.id);
        let mut config = json!({
            "uri": self.uri,
            "headers": self.headers.iter().map(|(k, v)| json!({ "key": k, "value": v })).collect::<Vec<_>>(),
            "method": "POST",
        });
        if let Some((key, _)) = &self.auth {
            config["authScheme"] = json!({ "type": "HEADER", "key": key.to_lowercase() });
        }
        let mut links = json!({ "self": { "href": here } });
        if self.active {
            links["deactivate"] =
                json!({ "href": format!("{here}/lifecycle/deactivate"), "hints": { "allow": ["POST"] } });
        }
        if !self.verified {
            links["verify"] =
                json!({ "href": format!("{here}/lifecycle/verify"), "hints": { "allow": ["POST"] } });
        }
        let mut events = json!({ "type": "EVENT_TYPE", "items": self.events });
        if !self.filter.is_null() {
            events["filter"] = self.filter.clone();
        }
        json!({
            "id": self.id.as_str(),
            "status": if self.active { "ACTIVE" } else { "INACTIVE" },
            "verificationStatus": if self.verified { "VERIFIED" } else { "UNVERIFIED" },
            "name": self.name,
            "description": self.description,
            "created": self.created.iso(),
            "createdBy": self.created_by,
            "lastUpdated": self.last_updated.iso(),
            "events": events,
            "channel": { "type": "HTTP", "version": CHANNEL_VERSION, "config": config },
            "_links": links,
        })
    }

    fn request(&self, method: &str, body: Vec<u8>) -> http::request::Builder {
        let mut builder =
            Request::builder().method(method).uri(&self.uri).header("user-agent", "Okta-Integrations");
        builder = builder.header("accept", "application/json");
        if !body.is_empty() {
            builder = builder.header("content-type", "application/json");
        }
        for (key, value) in self.headers.iter().chain(&self.auth) {
            builder = builder.header(key.as_str(), value.as_str());
        }
        builder
    }
}

/// A hook as requested, checked.
struct Wanted {
    name: String,
    description: Option<String>,
    events: Vec<String>,
    filter: Value,
    conditions: Vec<(String, Expression)>,
    uri: String,
    headers: Vec<(String, String)>,
    auth: Option<(String, String)>,
}

/// The conditions of a filter, each about a type that the hook subscribes to.
fn conditions(filter: &Value, events: &[String]) -> ApiResult<Vec<(String, Expression)>> {
    if filter.is_null() {
        return Ok(Vec::new());
    }
    let wrong = |why: &str| ApiError::invalid("events.filter", why);
    let kind = filter.get("type").map(|kind| kind.as_str().unwrap_or_default());
    if kind.is_some_and(|kind| kind != "EXPRESSION_LANGUAGE") {
        return Err(wrong("type must be EXPRESSION_LANGUAGE"));
    }
    let map = match filter.get("eventFilterMap") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(map) => map.as_array().ok_or_else(|| wrong("eventFilterMap must be a list"))?,
    };
    let mut out = Vec::with_capacity(map.len());
    for row in map {
        let event = row.get("event").and_then(Value::as_str).unwrap_or_default();
        if !events.iter().any(|name| name == event) {
            return Err(wrong(&format!("'{event}' is not an event of this hook")));
        }
        let text = row.pointer("/condition/expression").and_then(Value::as_str).unwrap_or_default();
        let parsed = Expression::parse(text).map_err(|why| wrong(&format!("Invalid expression: {why}")))?;
        out.push((event.to_owned(), parsed));
    }
    Ok(out)
}

impl Org {
    // ---- /api/v1/eventHooks ----------------------------------------------------------------------------------

    pub fn list_hooks(&self, call: &Call<'_>) -> ApiResult<Answer> {
        let hooks = self.hooks.list.iter().map(|hook| hook.value(&call.link_base)).collect();
        Ok(Answer::value(&hooks))
    }

    fn hook_place(&self, id: &str) -> ApiResult<usize> {
        let place = self.hooks.list.iter().position(|hook| hook.id.as_str() == id);
        place.ok_or_else(|| ApiError::missing(id, "EventHook"))
    }

    pub fn get_hook(&self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        Ok(Answer::value(&self.hooks.list[self.hook_place(id)?].value(&call.link_base)))
    }

    pub fn post_hook(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let wanted = self.wanted_hook(&call.json()?)?;
        self.room_for_hook()?;
        let id = self.fresh_id("who");
        self.hooks.list.push(Hook {
            id,
            name: wanted.name,
            description: wanted.description,
            events: wanted.events,
            filter: wanted.filter,
            conditions: wanted.conditions,
            uri: wanted.uri,
            headers: wanted.headers,
            auth: wanted.auth,
            active: true,
            verified: false,
            effective: false,
            created: self.now,
            last_updated: self.now,
            created_by: call.cause.0.actor.id.clone(),
            base: Some(call.base.clone()),
            queue: Vec::new(),
            flush_planned: false,
            failures: 0,
        });
        self.log_hook(self.hooks.list.len() - 1, &event::HOOK_CREATED, &call.cause.clone(), None);
        self.get_hook(call, id.as_str())
    }

    /// # Errors
    /// When as many hooks are active and verified as an org may have.
    fn room_for_hook(&self) -> ApiResult<()> {
        let used = self.hooks.list.iter().filter(|hook| hook.active && hook.verified).count();
        if used < self.settings.hooks_max {
            return Ok(());
        }
        Err(ApiError::refused("eventHook", "The maximum number of active event hooks has been reached"))
    }

    /// Replaces the whole hook: a secret that is not sent again is gone. A changed channel needs verification anew.
    pub fn put_hook(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let body = call.json()?;
        let place = self.hook_place(id)?;
        let wanted = self.wanted_hook(&body)?;
        let now = self.now;
        let hook = &mut self.hooks.list[place];
        let before = hook.value("").to_string();
        let moved = hook.uri != wanted.uri || hook.headers != wanted.headers || hook.auth != wanted.auth;
        hook.name = wanted.name;
        hook.description = wanted.description;
        hook.events = wanted.events;
        hook.filter = wanted.filter;
        hook.conditions = wanted.conditions;
        hook.uri = wanted.uri;
        hook.headers = wanted.headers;
        hook.auth = wanted.auth;
        hook.last_updated = now;
        hook.base = Some(call.base.clone());
        if moved {
            hook.verified = false;
            hook.effective = false;
        }
        self.log_hook(place, &event::HOOK_UPDATED, &call.cause.clone(), Some(before));
        self.get_hook(call, id)
    }

    pub fn delete_hook(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let place = self.hook_place(id)?;
        if self.hooks.list[place].active {
            return Err(ApiError::of("E0000038").because("Only an inactive event hook can be deleted"));
        }
        let (gone, cause) = (self.hooks.list.remove(place), call.cause.clone());
        self.record(&cause, "event_hook", gone.id.as_str(), Some(gone.value("").to_string()), None);
        self.emit(&event::HOOK_DELETED, &cause, vec![gone.party()], Vec::new());
        Ok(Answer::no_content())
    }

    pub fn turn_hook(&mut self, call: &Call<'_>, id: &str, active: bool) -> ApiResult<Answer> {
        let place = self.hook_place(id)?;
        if active && self.hooks.list[place].verified && !self.hooks.list[place].active {
            self.room_for_hook()?;
        }
        let now = self.now;
        let hook = &mut self.hooks.list[place];
        let before = hook.value("").to_string();
        hook.active = active;
        hook.last_updated = now;
        if !active {
            hook.queue.clear();
        }
        let kind = if active { &event::HOOK_ACTIVATED } else { &event::HOOK_DEACTIVATED };
        self.log_hook(place, kind, &call.cause.clone(), Some(before));
        self.get_hook(call, id)
    }

    fn log_hook(&mut self, place: usize, kind: &'static EventKind, cause: &Cause, before: Option<String>) {
        let hook = &self.hooks.list[place];
        let (party, after) = (hook.party(), hook.value("").to_string());
        self.record(cause, "event_hook", &party.id, before, Some(after));
        self.emit(kind, cause, vec![party], Vec::new());
    }

    fn wanted_hook(&self, body: &Value) -> ApiResult<Wanted> {
        let text = |at: &str| body.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text("/name");
        if name.is_empty() {
            return Err(ApiError::invalid("name", "The field cannot be left blank"));
        }
        let items = body.pointer("/events/items").and_then(Value::as_array);
        let wrong = || ApiError::invalid("events.items", "must be a list of event types");
        let named = items.into_iter().flatten().map(|item| item.as_str().map(str::to_owned));
        let events: Vec<String> = named.collect::<Option<_>>().ok_or_else(wrong)?;
        if events.is_empty() || text("/events/type") != "EVENT_TYPE" {
            return Err(ApiError::invalid("events", "type EVENT_TYPE and at least one item are required"));
        }
        if events.len() > EVENTS_MAX {
            return Err(ApiError::invalid("events", "at most 300 event types"));
        }
        if let Some(bad) = events.iter().find(|name| !event::hook_eligible(name)) {
            return Err(ApiError::invalid(
                "events.items",
                &format!("'{bad}' is not an event hook eligible type"),
            ));
        }
        if text("/channel/type") != "HTTP" || text("/channel/version") != CHANNEL_VERSION {
            return Err(ApiError::invalid("channel", "type HTTP and version 1.0.0 are required"));
        }
        let uri = text("/channel/config/uri");
        if !self.deliverable(&uri) {
            return Err(ApiError::invalid("channel.config.uri", "must be an absolute https URL"));
        }
        let pairs = body.pointer("/channel/config/headers").and_then(Value::as_array);
        let mut headers = Vec::new();
        for pair in pairs.into_iter().flatten() {
            let part = |name: &str| pair.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            headers.push((part("key"), part("value")));
        }
        let auth = body.pointer("/channel/config/authScheme").filter(|auth| auth.is_object()).map(|auth| {
            let part = |name: &str| auth.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            (part("key"), part("value"))
        });
        for (key, value) in headers.iter().chain(&auth) {
            let sound = http::HeaderName::try_from(key.as_str()).is_ok()
                && http::HeaderValue::try_from(value.as_str()).is_ok();
            if !sound {
                return Err(ApiError::invalid("channel.config.headers", "not a sound header"));
            }
        }
        let filter = body.pointer("/events/filter").cloned().unwrap_or(Value::Null);
        let conditions = conditions(&filter, &events)?;
        Ok(Wanted {
            name,
            description: body.get("description").and_then(Value::as_str).map(str::to_owned),
            events,
            filter,
            conditions,
            uri,
            headers,
            auth: auth.filter(|(key, _)| !key.is_empty()),
        })
    }

    fn deliverable(&self, uri: &str) -> bool {
        let Ok(url) = url::Url::parse(uri) else { return false };
        match (url.scheme(), url.host_str()) {
            ("https", Some(_)) => true,
            ("http", Some(host)) => {
                self.settings.hook_http_loopback && matches!(host, "localhost" | "127.0.0.1" | "[::1]")
            }
            _ => false,
        }
    }

    // ---- verification ----------------------------------------------------------------------------------------

    /// `POST …/lifecycle/verify`: the request that must be made before the caller is answered.
    pub fn begin_verification(&mut self, call: &Call<'_>, id: &str, waiting: Waiting) -> ApiResult<Outgoing> {
        let place = self.hook_place(id)?;
        if !self.hooks.list[place].verified {
            self.room_for_hook()?;
        }
        let challenge = self.dice.text(43);
        let hook = self.hooks.list[place].id;
        let verification = Verification { hook, challenge, attempt: 1, cause: call.cause.clone(), waiting };
        self.challenge(verification).ok_or_else(|| ApiError::missing(id, "EventHook"))
    }

    fn challenge(&mut self, verification: Verification) -> Option<Outgoing> {
        let request_id = self.dice.text(22);
        let hook = self.hooks.list.iter().find(|hook| hook.id == verification.hook)?;
        let request = hook
            .request("GET", Vec::new())
            .header("x-okta-verification-challenge", &verification.challenge)
            .header("x-okta-request-id", request_id)
            .body(Bytes::new())
            .ok()?;
        self.hooks.last_token += 1;
        let token = self.hooks.last_token;
        self.hooks.verifications.insert(token, verification);
        Some(Outgoing { token, request, timeout: self.hook_timeout() })
    }

    fn hook_timeout(&self) -> Duration {
        Duration::from_millis(self.settings.hook_timeout_ms)
    }

    /// The outcome of a verification or a delivery.
    pub fn outgoing_finished(&mut self, token: u64, outcome: &OutgoingOutcome) -> Finished {
        if let Some(verification) = self.hooks.verifications.remove(&token) {
            return self.verification_finished(verification, outcome);
        }
        if !self.provisioning_finished(token, outcome) {
            self.delivery_finished(token, outcome);
        }
        Finished::Nothing
    }

    fn verification_finished(
        &mut self,
        mut verification: Verification,
        outcome: &OutgoingOutcome,
    ) -> Finished {
        let waiting = verification.waiting.clone();
        let Some(place) = self.hooks.list.iter().position(|hook| hook.id == verification.hook) else {
            return Finished::Answer(
                Err(ApiError::missing(verification.hook.as_str(), "EventHook")),
                waiting,
            );
        };
        let echoed = match outcome {
            OutgoingOutcome::Answered(response) if response.status().is_success() => {
                let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
                body.get("verification").and_then(Value::as_str) == Some(&verification.challenge)
            }
            _ => false,
        };
        if echoed {
            let now = self.now;
            let hook = &mut self.hooks.list[place];
            let before = hook.value("").to_string();
            hook.verified = true;
            hook.last_updated = now;
            let (id, answer) = (hook.id, hook.value(&waiting.base));
            let delay = self.draw(|s| s.hook_effective);
            if delay == 0 {
                self.hook_effective(id)
            } else {
                self.later(delay, Job::HookEffective(id))
            }
            self.log_hook(place, &event::HOOK_VERIFIED, &verification.cause, Some(before));
            return Finished::Answer(Ok(Answer::value(&answer)), waiting);
        }
        if verification.attempt == 1 {
            verification.attempt = 2;
            if let Some(again) = self.challenge(verification) {
                return Finished::Again(again);
            }
        }
        let name = &self.hooks.list[place].name;
        let cause = format!("Unable to verify event hook. Hook {name} execution failed");
        Finished::Answer(Err(ApiError::refused("eventHook", &cause)), waiting)
    }

    pub fn hook_effective(&mut self, id: Oid) {
        if let Some(hook) = self.hooks.list.iter_mut().find(|hook| hook.id == id) {
            hook.effective = true;
        }
    }

    // ---- delivery --------------------------------------------------------------------------------------------

    /// Queues an event with every hook that subscribed to it.
    pub fn offer_to_hooks(&mut self, event: &Arc<LogEvent>) {
        if !event.kind.hook || self.hooks.list.is_empty() {
            return;
        }
        let wanted = |hook: &Hook| {
            hook.active
                && hook.verified
                && hook.effective
                && hook.events.iter().any(|name| name == event.kind.name)
                && hook.admits(event)
        };
        if !self.hooks.list.iter().any(wanted) {
            return;
        }
        if self.hooks.outage_until.is_some_and(|until| self.now < until) {
            return;
        }
        if self.hooks.drop_next > 0 {
            self.hooks.drop_next -= 1;
            return;
        }
        for place in 0..self.hooks.list.len() {
            if !wanted(&self.hooks.list[place]) {
                continue;
            }
            let now = self.now;
            let (start, used) =
                self.hooks.window.filter(|(start, _)| now.0 - start.0 < DAY_MS).unwrap_or((now, 0));
            if used >= self.settings.hook_daily_cap {
                continue;
            }
            self.hooks.window = Some((start, used + 1));
            let hook = &mut self.hooks.list[place];
            hook.queue.push(event.clone());
            if !hook.flush_planned {
                hook.flush_planned = true;
                let id = hook.id;
                let delay = self.draw(|s| s.hook_delay) + self.hooks.extra_delay_ms;
                self.later(delay, Job::HookFlush(id));
            }
        }
    }

    pub fn flush_hook(&mut self, id: Oid) {
        let shuffle = self.hooks.shuffle || self.settings.hook_shuffle;
        let Some(hook) = self.hooks.list.iter_mut().find(|hook| hook.id == id) else { return };
        hook.flush_planned = false;
        let mut events = std::mem::take(&mut hook.queue);
        if shuffle {
            self.dice.shuffle(&mut events);
        }
        for batch in events.chunks(self.settings.hook_batch_max.max(1)) {
            let event_id = self.dice.uuid();
            let per_mille = self.settings.hook_duplicates_per_mille;
            let twice = self.hooks.duplicate_next > 0 || (per_mille > 0 && self.dice.below(1000) < per_mille);
            self.hooks.duplicate_next = self.hooks.duplicate_next.saturating_sub(1);
            for _ in 0..if twice { 2 } else { 1 } {
                self.hooks.last_token += 1;
                let token = self.hooks.last_token;
                let delivery =
                    Delivery { hook: id, event_id: event_id.clone(), events: batch.to_vec(), attempt: 1 };
                self.hooks.deliveries.insert(token, delivery);
                self.send_delivery(token);
            }
        }
    }

    pub fn send_delivery(&mut self, token: u64) {
        let timeout = self.hook_timeout();
        let request_id = self.dice.text(22);
        let known_as = self.public_base();
        let Some(delivery) = self.hooks.deliveries.get(&token) else { return };
        let Some(hook) = self.hooks.list.iter().find(|hook| hook.id == delivery.hook && hook.active) else {
            self.hooks.deliveries.remove(&token);
            return;
        };
        let source = hook.base.as_deref().unwrap_or(&known_as);
        let mut body = Json::with_capacity(delivery.events.len() * 1024 + 512);
        body.open('{');
        body.text("eventType", "com.okta.event_hook");
        body.text("eventTypeVersion", "1.0");
        body.text("cloudEventsVersion", "0.1");
        body.text("source", &format!("{source}/api/v1/eventHooks/{}", hook.id));
        body.text("eventId", &delivery.event_id);
        body.moment("eventTime", self.now);
        body.text("contentType", "application/json");
        body.key("data");
        body.open('{');
        body.key("events");
        body.open('[');
        for event in &delivery.events {
            event.write(Shown::Hook, &mut body);
        }
        body.close(']');
        body.close('}');
        body.close('}');
        let bytes = body.into_string().into_bytes();
        let request = hook.request("POST", bytes.clone()).header("x-okta-request-id", request_id);
        if let Ok(request) = request.body(Bytes::from(bytes)) {
            self.hooks.outbox.push(Outgoing { token, request, timeout });
        }
    }

    /// The console's preview: sample data with nulls and an outcome in the wrong case, past filters and state.
    pub fn preview_hooks(&mut self) {
        let (timeout, known_as) = (self.hook_timeout(), self.public_base());
        for place in 0..self.hooks.list.len() {
            let (event_id, uuid) = (self.dice.uuid(), self.dice.uuid());
            self.hooks.last_token += 1;
            let token = self.hooks.last_token;
            let hook = &self.hooks.list[place];
            let source = hook.base.as_deref().unwrap_or(&known_as);
            let body = json!({
                "eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
                "source": format!("{source}/api/v1/eventHooks/{}", hook.id),
                "eventId": event_id, "eventTime": self.now.iso(), "contentType": "application/json",
                "data": { "events": [{
                    "uuid": uuid, "published": self.now.iso(), "eventType": hook.events.first(), "version": "0",
                    "severity": "INFO", "actor": null, "client": null, "outcome": { "result": "Success" },
                    "target": null, "insertionTimestamp": null,
                }] },
            });
            let bytes = body.to_string().into_bytes();
            if let Ok(request) = hook.request("POST", bytes.clone()).body(Bytes::from(bytes)) {
                self.hooks.outbox.push(Outgoing { token, request, timeout });
            }
        }
    }

    fn delivery_finished(&mut self, token: u64, outcome: &OutgoingOutcome) {
        let Some(mut delivery) = self.hooks.deliveries.remove(&token) else { return };
        let (delivered, retry, reason) = match outcome {
            OutgoingOutcome::Answered(response) => {
                let status = response.status();
                (status.is_success(), !status.is_client_error(), format!("HTTP {}", status.as_u16()))
            }
            OutgoingOutcome::TimedOut => (false, true, "Timed out".to_owned()),
            OutgoingOutcome::Failed(why) => (false, true, format!("Connection failed: {why}")),
        };
        let hook_id = delivery.hook;
        if delivered {
            if let Some(hook) = self.hooks.list.iter_mut().find(|hook| hook.id == hook_id) {
                hook.failures = 0;
            }
            return;
        }
        if retry && delivery.attempt == 1 {
            delivery.attempt = 2;
            if !self.settings.hook_retry_keeps_id {
                delivery.event_id = self.dice.uuid();
            }
            self.hooks.last_token += 1;
            let token = self.hooks.last_token;
            self.hooks.deliveries.insert(token, delivery);
            self.later(0, Job::HookRetry(token));
            return;
        }
        let Some(place) = self.hooks.list.iter().position(|hook| hook.id == hook_id) else { return };
        self.hooks.list[place].failures += 1;
        let failures = self.hooks.list[place].failures;
        let party = self.hooks.list[place].party();
        let cause = Cause::system(delivery.event_id.clone());
        let debug = vec![
            ("eventHookId", hook_id.to_string()),
            ("eventId", delivery.event_id),
            ("eventCount", delivery.events.len().to_string()),
            ("attempts", delivery.attempt.to_string()),
        ];
        let reason = reason.chars().take(255).collect();
        self.emit_with(&event::HOOK_DELIVERY, &cause, vec![party], debug, "FAILURE", Some(reason));
        if self.settings.hook_failures_max > 0 && failures >= self.settings.hook_failures_max {
            let before = self.hooks.list[place].value("").to_string();
            self.hooks.list[place].active = false;
            self.log_hook(place, &event::HOOK_DEACTIVATED, &cause, Some(before));
        }
    }

    /// Scheme and host under which this org is known.
    pub fn public_base(&self) -> String {
        let host = &self.settings.host;
        format!("{}://{host}", self.settings.scheme.as_deref().unwrap_or_else(|| scheme_of(host)))
    }

    /// Hooks for inspection; secrets left out.
    pub fn hook_values(&self) -> Vec<Value> {
        self.hooks.list.iter().map(|hook| hook.value("")).collect()
    }

    /// An active, verified hook from the start, as if an admin had set it up long ago.
    ///
    /// # Errors
    /// What the API would refuse about the hook.
    pub fn preset_hook(
        &mut self,
        name: &str,
        uri: &str,
        secret: &str,
        events: &[&str],
    ) -> Result<Oid, String> {
        let body = json!({
            "name": name, "events": { "type": "EVENT_TYPE", "items": events },
            "channel": { "type": "HTTP", "version": CHANNEL_VERSION, "config": { "uri": uri,
                "authScheme": { "type": "HEADER", "key": "Authorization", "value": secret } } },
        });
        let wanted = self.wanted_hook(&body).map_err(|refusal| refusal.causes.join("; "))?;
        let id = self.fresh_id("who");
        self.hooks.list.push(Hook {
            id,
            name: wanted.name,
            description: None,
            events: wanted.events,
            filter: Value::Null,
            conditions: Vec::new(),
            uri: wanted.uri,
            headers: Vec::new(),
            auth: wanted.auth,
            active: true,
            verified: true,
            effective: true,
            created: self.now,
            last_updated: self.now,
            created_by: "system".to_owned(),
            base: None,
            queue: Vec::new(),
            flush_planned: false,
            failures: 0,
        });
        Ok(id)
    }
}
