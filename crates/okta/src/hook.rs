//! Event hooks (contract §10): the hook we keep in the org, and the bodies it delivers.

use http::Method;
use lanyard_engine::ports::{HookState, HookWish, Silent};
use lanyard_model::signal::Lane;
use serde_json::{Value, json};
use tracing::info;
use url::Url;

use crate::attention::hook_event_types;
use crate::client::{Call, OktaClient, Route, lock};
use crate::json;
use crate::listing::{Pages, authority};
use crate::log::LogEvent;
use crate::problem::Problem;

const HOOKS: Route = Route { endpoint: "GET /eventHooks", bucket: "eventHooks" };
const HOOK: Route = Route { endpoint: "GET /eventHooks/{id}", bucket: "eventHooks" };
const HOOK_CREATE: Route = Route { endpoint: "POST /eventHooks", bucket: "eventHooks" };
const HOOK_UPDATE: Route = Route { endpoint: "PUT /eventHooks/{id}", bucket: "eventHooks" };
const HOOK_VERIFY: Route = Route { endpoint: "POST /eventHooks/{id}/lifecycle/verify", bucket: "eventHooks" };
const HOOK_ACTIVATE: Route =
    Route { endpoint: "POST /eventHooks/{id}/lifecycle/activate", bucket: "eventHooks" };

/// A body that is no delivery at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookProblem {
    #[error("the body is no JSON: {0}")]
    NoJson(String),
    #[error("the body has no data.events list")]
    NoEvents,
    #[error("the body is of type {0}, not com.okta.event_hook")]
    OtherType(String),
}

/// A delivered batch. Nothing in it is trusted: state is read from the resource itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Host (and unusual port) of the org that says it sent this.
    pub source_host: Option<String>,
    pub hook_id: Option<String>,
    /// The same on redelivery.
    pub event_id: String,
    /// All events of the batch, in order.
    pub events: Vec<LogEvent>,
    /// Sample data from the console: nulls where ids belong. Counted, never acted on.
    pub preview: bool,
}

/// Reads a delivered body. All events are taken, not only the first (trap 7).
///
/// # Errors
/// [`HookProblem`] if it is no delivery. Odd content is no error: it is for quarantine.
pub fn parse_delivery(body: &[u8]) -> Result<Delivery, HookProblem> {
    let body: Value = serde_json::from_slice(body).map_err(|e| HookProblem::NoJson(e.to_string()))?;
    if let Some(kind) = json::text(&body, "eventType").filter(|k| k != "com.okta.event_hook") {
        return Err(HookProblem::OtherType(kind));
    }
    let rows = body.pointer("/data/events").and_then(Value::as_array).ok_or(HookProblem::NoEvents)?;
    let events: Vec<LogEvent> = rows.iter().filter_map(LogEvent::read).collect();
    let source = json::text(&body, "source").and_then(|s| Url::parse(&s).ok());
    let hook_id = source.as_ref().and_then(|url| {
        let mut segments = url.path_segments()?;
        segments.find(|s| *s == "eventHooks")?;
        segments.next().filter(|s| !s.is_empty()).map(str::to_owned)
    });
    let event_id = json::text(&body, "eventId");
    // A real event names somebody, as actor or target. A sample has nulls there, or no id of its own; one that still
    // names somebody costs a look at them, and no more.
    let is_real = |event: &LogEvent| event.actor.is_some() || !event.targets.is_empty();
    let preview = event_id.is_none() || !events.iter().any(is_real);
    let source_host = source.as_ref().map(authority).filter(|h| !h.is_empty());
    Ok(Delivery { source_host, hook_id, event_id: event_id.unwrap_or_default(), events, preview })
}

/// One registered hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHook {
    pub id: String,
    pub name: String,
    /// `status` is ACTIVE.
    pub active: bool,
    /// `verificationStatus` is VERIFIED; before that nothing is delivered.
    pub verified: bool,
    pub uri: String,
    pub event_types: Vec<String>,
    /// Other headers, kept when the hook is replaced.
    headers: Value,
    description: Option<String>,
}

impl EventHook {
    fn read(value: &Value) -> Option<Self> {
        let is =
            |key: &str, wanted: &str| json::text(value, key).is_some_and(|s| s.eq_ignore_ascii_case(wanted));
        let types = value.pointer("/events/items").and_then(Value::as_array);
        Some(Self {
            id: json::text(value, "id")?,
            name: json::text(value, "name").unwrap_or_default(),
            active: is("status", "ACTIVE"),
            verified: is("verificationStatus", "VERIFIED"),
            uri: json::text_at(value, &["channel", "config", "uri"]).unwrap_or_default(),
            event_types: types.into_iter().flatten().filter_map(|t| t.as_str().map(str::to_owned)).collect(),
            headers: value
                .pointer("/channel/config/headers")
                .filter(|h| h.is_array())
                .cloned()
                .unwrap_or(json!([])),
            description: json::text(value, "description"),
        })
    }

    fn fits(&self, wish: &HookWish) -> bool {
        self.uri == wish.url && hook_event_types().iter().all(|t| self.event_types.iter().any(|h| h == t))
    }

    fn is_live(&self) -> bool {
        self.active && self.verified
    }
}

impl OktaClient {
    /// All event hooks of the org.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn hooks(&self) -> Result<Vec<EventHook>, Problem> {
        let core = &*self.core;
        let pages = Pages {
            route: HOOKS,
            first: core.address(&["api", "v1", "eventHooks"], &[]),
            limit: None,
            lane: Lane::Normal,
            what: "event hooks",
            keep: None,
            ends_when_empty: true,
            links: false,
            progress: &Silent,
        };
        Ok(core.walk(pages, |row, _| EventHook::read(row)).await?.rows)
    }

    /// The hook that is ours: by address first, else by name. One that was ours before is asked for by its id where the list
    /// does not show it: a list may be cut, and a second hook would be made beside it.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn find_hook(&self, wish: &HookWish) -> Result<Option<EventHook>, Problem> {
        // Deliveries may name the org by its custom domain, so its hosts must be known before the first one.
        let asked = lock(&self.core.hosts).asked;
        if !asked {
            let _ = self.organization().await;
        }
        let hooks = self.hooks().await?;
        // Whatever delivers to our address was given our secret by us.
        let at_ours = hooks.iter().filter(|h| h.uri == wish.url).map(|h| h.id.clone());
        lock(&self.core.memory).hooks.extend(at_ours);
        let found = hooks
            .iter()
            .find(|h| h.uri == wish.url)
            .or_else(|| hooks.iter().find(|h| h.name == wish.name))
            .cloned();
        let found = match found {
            Some(found) => found,
            None => match self.known_hook(wish).await? {
                Some(known) => known,
                None => return Ok(None),
            },
        };
        lock(&self.core.memory).hooks.insert(found.id.clone());
        Ok(Some(found))
    }

    /// Hooks that were ours before this process.
    pub fn remember_hooks(&self, ids: &[String]) {
        lock(&self.core.memory).hooks.extend(ids.iter().cloned());
    }

    /// One that was ours and still is, read by its id.
    async fn known_hook(&self, wish: &HookWish) -> Result<Option<EventHook>, Problem> {
        let core = &*self.core;
        let known: Vec<String> = lock(&core.memory).hooks.iter().cloned().collect();
        for id in known {
            let url = core.address(&["api", "v1", "eventHooks", &id], &[]);
            let answer = match core.call(&Call::read(HOOK, url, Lane::Normal, "the event hook")).await {
                Ok(answer) => answer,
                Err(Problem::NotFound { .. }) => continue,
                Err(problem) => return Err(problem),
            };
            let hook = EventHook::read(&answer.json("the event hook")?);
            if let Some(hook) = hook.filter(|h| h.uri == wish.url || h.name == wish.name) {
                return Ok(Some(hook));
            }
        }
        Ok(None)
    }

    /// Creates, repairs and verifies the hook.
    ///
    /// A fitting hook is only verified: Okta then calls our endpoint with the secret it holds, which proves it. Otherwise
    /// the whole hook is written again with its secret, because a replacement without one may lose it (trap 12).
    ///
    /// # Errors
    /// Any [`Problem`] but refused verification, which is [`HookState::Broken`], and missing rights: [`HookState::Manual`].
    pub async fn keep_hook(&self, wish: &HookWish) -> Result<HookState, Problem> {
        match self.keep_hook_inner(wish).await {
            Err(problem) => manual(problem, wish),
            done => done,
        }
    }

    async fn keep_hook_inner(&self, wish: &HookWish) -> Result<HookState, Problem> {
        let mut hook = match self.find_hook(wish).await? {
            Some(hook) => hook,
            None => self.create_hook(wish).await?,
        };
        if !hook.active {
            match self.hook_step(HOOK_ACTIVATE, &hook.id, "activate").await {
                Ok(active) => hook = active.unwrap_or(hook),
                // What is wrong with it shows when it is written again and verified.
                Err(Problem::Refused { .. }) => {}
                Err(problem) => return Err(problem),
            }
        }
        if hook.fits(wish) && self.verify_hook(&hook.id).await.is_ok_and(|h| h.is_none_or(|h| h.is_live())) {
            return Ok(HookState::Live { id: hook.id });
        }
        let hook = self.replace_hook(&hook, wish).await?;
        let broken = |why: String| Ok(HookState::Broken { id: hook.id.clone(), why });
        match self.verify_hook(&hook.id).await {
            Ok(_) => match self.find_hook(wish).await? {
                Some(h) if h.is_live() => {
                    info!(tenant = %self.core.tenant(), hook = h.id, "the event hook is verified");
                    Ok(HookState::Live { id: h.id })
                }
                Some(h) => broken(state_in_words(&h)),
                None => broken("it vanished while it was verified".to_owned()),
            },
            Err(problem @ Problem::Refused { .. }) => broken(format!(
                "{problem}; hint: Okta must reach {} over https with a certificate chain it trusts, intermediates included",
                wish.url
            )),
            Err(problem) => Err(problem),
        }
    }

    /// How our hook stands, without changing anything.
    ///
    /// # Errors
    /// Any [`Problem`] but missing rights.
    pub async fn look_at_hook(&self, wish: &HookWish) -> Result<HookState, Problem> {
        match self.find_hook(wish).await {
            Ok(None) => Ok(HookState::Absent),
            Ok(Some(hook)) if !hook.is_live() => {
                Ok(HookState::Broken { why: state_in_words(&hook), id: hook.id })
            }
            Ok(Some(hook)) if !hook.fits(wish) => Ok(HookState::Broken {
                id: hook.id,
                why: "its address or its event types differ from what is wanted".to_owned(),
            }),
            Ok(Some(hook)) => Ok(HookState::Live { id: hook.id }),
            Err(problem) => manual(problem, wish),
        }
    }

    async fn create_hook(&self, wish: &HookWish) -> Result<EventHook, Problem> {
        let core = &*self.core;
        let body = hook_body(wish, None);
        let url = core.address(&["api", "v1", "eventHooks"], &[]);
        let call = Call::write(HOOK_CREATE, Method::POST, url, Some(&body), "event hooks");
        match core.call(&call).await {
            Ok(answer) => {
                let hook = EventHook::read(&answer.json("the new event hook")?).ok_or_else(no_id)?;
                lock(&core.memory).hooks.insert(hook.id.clone());
                Ok(hook)
            }
            // It may exist now: look before making a second one.
            Err(problem) if problem.is_passing() => self.find_hook(wish).await?.ok_or(problem),
            Err(problem) => Err(problem),
        }
    }

    async fn replace_hook(&self, old: &EventHook, wish: &HookWish) -> Result<EventHook, Problem> {
        let core = &*self.core;
        let body = hook_body(wish, Some(old));
        let url = core.address(&["api", "v1", "eventHooks", &old.id], &[]);
        let answer =
            core.call(&Call::write(HOOK_UPDATE, Method::PUT, url, Some(&body), "the event hook")).await?;
        EventHook::read(&answer.json("the event hook")?).ok_or_else(no_id)
    }

    async fn verify_hook(&self, id: &str) -> Result<Option<EventHook>, Problem> {
        self.hook_step(HOOK_VERIFY, id, "verify").await
    }

    async fn hook_step(&self, route: Route, id: &str, step: &str) -> Result<Option<EventHook>, Problem> {
        let core = &*self.core;
        let url = core.address(&["api", "v1", "eventHooks", id, "lifecycle", step], &[]);
        let answer = core.call(&Call::write(route, Method::POST, url, None, "the event hook")).await?;
        Ok(serde_json::from_slice::<Value>(&answer.body).ok().as_ref().and_then(EventHook::read))
    }
}

fn no_id() -> Problem {
    Problem::Malformed { what: "the event hook".to_owned(), reason: "it has no id".to_owned() }
}

fn state_in_words(hook: &EventHook) -> String {
    match (hook.active, hook.verified) {
        (false, _) => "it is not active".to_owned(),
        (true, false) => "it is not verified, so it delivers nothing".to_owned(),
        (true, true) => "it is active and verified".to_owned(),
    }
}

/// The whole hook, secret included.
fn hook_body(wish: &HookWish, old: Option<&EventHook>) -> Value {
    let mut types: Vec<&str> = hook_event_types().to_vec();
    types.extend(
        old.into_iter()
            .flat_map(|h| &h.event_types)
            .map(String::as_str)
            .filter(|t| !hook_event_types().contains(t)),
    );
    let mut body = json!({
        "name": wish.name,
        "events": { "type": "EVENT_TYPE", "items": types, "filter": null },
        "channel": {
            "type": "HTTP",
            "version": "1.0.0",
            "config": {
                "uri": wish.url,
                "headers": old.map_or(json!([]), |h| h.headers.clone()),
                "method": "POST",
                "authScheme": { "type": "HEADER", "key": "Authorization", "value": wish.secret },
            },
        },
    });
    if let Some(description) = old.and_then(|h| h.description.as_ref()) {
        body["description"] = Value::from(description.as_str());
    }
    body
}

/// What a person enters in Okta's console where we do not make the hook: it delivers to `url`. `secret_is` says where the
/// secret is found.
pub fn hook_by_hand(url: &str, secret_is: &str) -> String {
    format!(
        "in Okta: Workflow > Event Hooks > Create Event Hook: URL {url}, authentication field Authorization, authentication \
         secret {secret_is}, events {}; then Save & Continue, and Verify",
        hook_event_types().join(", ")
    )
}

/// Missing rights are no failure: a person can make the hook.
fn manual(problem: Problem, wish: &HookWish) -> Result<HookState, Problem> {
    let feature_is_off = matches!(&problem, Problem::Unauthorized { code, .. } if code == "E0000015");
    match problem {
        problem if feature_is_off || matches!(problem, Problem::Forbidden { .. }) => Ok(HookState::Manual {
            why: format!("{problem}; hint: {}", problem.hint()),
            paste: hook_by_hand(&wish.url, &wish.secret_is),
        }),
        problem => Err(problem),
    }
}
