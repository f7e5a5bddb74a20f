//! A server with two tenants, one of which takes SCIM.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{
    Engine, EngineSettings, Ports,
    asking::DecisionLinks,
    clock::Clock,
    ports::{ActivityFilter, Directory, Store, WorkItem},
};
use lanyard_model::signal::Lane;
use lanyard_policy::{Policy, PolicyFiles};
use lanyard_store::SqliteStore;
use lanyard_web::{
    Chat, Desks, Mode, NoHook, ScimSettings, VerbRunner, WebSettings, WebState, access::SignIn, router,
};
use secrecy::SecretString;
use serde_json::Value;
use tower::ServiceExt as _;

/// What hooks of `northgate` prove themselves with.
pub const HOOK_SECRET: &str = "hook-0123456789";
pub const TOKEN: &str = "swordfish-0123456789";
const HARBORLIGHT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/harborlight");

/// Stands still, but for what a test says.
struct Stopped(Mutex<Timestamp>);

#[async_trait::async_trait]
impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

pub struct House {
    router: Router,
    pub engine: Arc<Engine>,
    clock: Arc<Stopped>,
    pub store: Arc<SqliteStore>,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

fn policy(edit: impl FnOnce(&mut String)) -> Policy {
    let mut files = PolicyFiles { toml: (String::new(), String::new()), tables: BTreeMap::new() };
    for entry in std::fs::read_dir(HARBORLIGHT).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        match path.extension().and_then(|kind| kind.to_str()) {
            Some("toml") => files.toml = (name, std::fs::read_to_string(&path).unwrap()),
            Some("csv") => drop(files.tables.insert(name, std::fs::read_to_string(&path).unwrap())),
            _ => {}
        }
    }
    edit(&mut files.toml.1);
    Policy::parse(&files).unwrap_or_else(|problems| panic!("{}", problems.render()))
}

/// A server's state on this store.
fn state(
    clock: &Arc<Stopped>,
    store: &Arc<SqliteStore>,
    directories: Vec<Arc<dyn Directory>>,
    policy: Policy,
    sign_in: SignIn,
    own: EngineSettings,
    chat: Option<Arc<dyn Chat>>,
) -> WebState {
    let ports = Ports {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        store: Arc::clone(store) as Arc<dyn Store>,
        directories,
        workplaces: Vec::new(),
    };
    let engine = Arc::new(Engine::new(ports, policy, own));
    let tokens = ["northgate", "other"].map(|id| (id.into(), SecretString::from(format!("{TOKEN}{id}"))));
    let settings = WebSettings {
        mode: Mode::Serve,
        version: "test".into(),
        guests: false,
        hook_secrets: BTreeMap::from([("northgate".into(), SecretString::from(HOOK_SECRET.to_owned()))]),
        scim: ScimSettings {
            tokens: tokens.into(),
            public_url: Some("https://sync.northgate.example/".into()),
        },
        tenant_urls: BTreeMap::new(),
        site_urls: BTreeMap::new(),
        no_hooks: BTreeMap::from([(
            "other".into(),
            NoHook { why: "no public_url".into(), fix: Some("set public_url".into()) },
        )]),
        local_token: SecretString::from("local".to_owned()),
    };
    WebState {
        engine,
        settings,
        sign_in,
        demo: None,
        verbs: None,
        chat,
        desks: Desks::default(),
        remembered: Default::default(),
    }
}

impl House {
    pub fn new() -> Self {
        Self::over(SqliteStore::in_memory().unwrap())
    }

    pub fn over(store: SqliteStore) -> Self {
        Self::of(Arc::new(store), SignIn::default(), |_| {})
    }

    pub fn with(sign_in: SignIn) -> Self {
        Self::of(Arc::new(SqliteStore::in_memory().unwrap()), sign_in, |_| {})
    }

    /// A house on a store in use, whose policy folder was edited.
    pub fn on(store: Arc<SqliteStore>, edit: impl FnOnce(&mut String)) -> Self {
        Self::of(store, SignIn::default(), edit)
    }

    /// A house that reads a directory.
    pub fn reading(directory: Arc<dyn Directory>) -> Self {
        let clock = Arc::new(Stopped(Mutex::new("2026-11-02T09:00:00Z".parse().unwrap())));
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let own = EngineSettings::default();
        let state = state(&clock, &store, vec![directory], policy(|_| {}), SignIn::default(), own, None);
        let engine = Arc::clone(&state.engine);
        Self { router: router(Arc::new(state)), engine, clock, store }
    }

    /// A house that runs verbs of the command line.
    pub fn running(verbs: Arc<dyn VerbRunner>) -> Self {
        let clock = Arc::new(Stopped(Mutex::new("2026-11-02T09:00:00Z".parse().unwrap())));
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let own = EngineSettings::default();
        let mut state = state(&clock, &store, Vec::new(), policy(|_| {}), SignIn::default(), own, None);
        state.verbs = Some(verbs);
        let engine = Arc::clone(&state.engine);
        Self { router: router(Arc::new(state)), engine, clock, store }
    }

    /// A house that sends links and has a chat app.
    pub fn asking(links: Arc<dyn DecisionLinks>, chat: Arc<dyn Chat>) -> Self {
        let mut own = EngineSettings::default();
        own.alerts.asking.links = Some(links);
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        Self::built(store, SignIn::default(), own, Some(chat), |_| {})
    }

    fn of(store: Arc<SqliteStore>, sign_in: SignIn, edit: impl FnOnce(&mut String)) -> Self {
        Self::built(store, sign_in, EngineSettings::default(), None, edit)
    }

    fn built(
        store: Arc<SqliteStore>,
        sign_in: SignIn,
        own: EngineSettings,
        chat: Option<Arc<dyn Chat>>,
        edit: impl FnOnce(&mut String),
    ) -> Self {
        let clock = Arc::new(Stopped(Mutex::new("2026-11-02T09:00:00Z".parse().unwrap())));
        let state = state(&clock, &store, Vec::new(), policy(edit), sign_in, own, chat);
        let engine = Arc::clone(&state.engine);
        Self { router: router(Arc::new(state)), engine, clock, store }
    }

    /// Everything behind the routes, with a directory that sends hooks.
    pub fn with_hooks(directory: Arc<dyn Directory>, store: &Arc<SqliteStore>) -> WebState {
        let clock = Arc::new(Stopped(Mutex::new("2026-11-02T09:00:00Z".parse().unwrap())));
        let own = EngineSettings::default();
        state(&clock, store, vec![directory], policy(|_| {}), SignIn::default(), own, None)
    }

    /// A request to `northgate` as Okta makes it.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        self.ask_as(method, &format!("/scim/v2/northgate{path}"), &format!("Bearer {TOKEN}northgate"), body)
            .await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, Value::Null).await
    }

    pub async fn ask_as(&self, method: &str, path: &str, authorization: &str, body: Value) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::USER_AGENT, "Okta SCIM Client 1.0.0")
            .header(header::CONTENT_TYPE, "application/scim+json; charset=utf-8");
        if !authorization.is_empty() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        assert_eq!(parts.headers[header::CONTENT_TYPE], "application/scim+json", "{method} {path}");
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// A request to `/api/v1` as this machine's command line makes it.
    pub async fn api(&self, method: &str, path: &str, tag: Option<&str>, body: Value) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, "Bearer local")
            .header(header::CONTENT_TYPE, "application/json");
        request = match tag {
            Some("*") => request.header(header::IF_NONE_MATCH, "*"),
            Some(tag) => request.header(header::IF_MATCH, tag),
            None => request,
        };
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn pass(&self, time: SignedDuration) {
        *self.clock.0.lock().unwrap() += time;
    }

    /// A request to our own API with this Authorization header.
    pub async fn call(&self, method: &str, path: &str, authorization: &str, body: Value) -> Reply {
        self.visit(method, path, "lanyard.example.com", &[("authorization", authorization)], body).await
    }

    /// A request with these headers, as a browser sends it. A stream is not read.
    pub async fn visit(
        &self,
        method: &str,
        path: &str,
        host: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
        let body = match kind.as_deref() {
            Some(kind) if kind.contains("json") => {
                serde_json::from_slice(&axum::body::to_bytes(body, usize::MAX).await.unwrap()).unwrap()
            }
            _ => Value::Null,
        };
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Listens to the live stream. Answers its body.
    pub async fn listen(&self, header: (&str, &str)) -> Body {
        let request = Request::builder().uri("/api/v1/events").header(header::HOST, "127.0.0.1:8480");
        let request = request.header(header.0, header.1).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    /// A form sent to the house, or a page of it; the answer's body as text.
    pub async fn form(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    pub async fn put(&self, batch: Vec<lanyard_engine::ports::Write>) {
        self.store.write(batch).await.unwrap();
    }

    /// A collection of documents as text.
    pub async fn everything_in(&self, collection: &str) -> String {
        format!("{:?}", self.store.document_page(collection, 0, 1000).await.unwrap())
    }

    /// Creates a user; answers the id.
    pub async fn user(&self, name: &str, okta: &str) -> String {
        let body = serde_json::json!({ "userName": name, "externalId": okta });
        let made = self.ask("POST", "/Users", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Takes all attention there is: (Okta id, lane), and lets go of it.
    pub async fn attention(&self) -> Vec<(String, Lane)> {
        let far: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let claimed: Vec<WorkItem> = self.store.claim("test", far, far, Lane::Bulk, 1000).await.unwrap();
        let mut seen = Vec::new();
        for item in claimed {
            seen.push((item.identity.user.to_string(), item.lane));
            let how = lanyard_engine::ports::Finish::Done { review_at: None };
            let end = lanyard_engine::ports::Write::Finish { item: Box::new(item), how };
            self.store.write(vec![end]).await.unwrap();
        }
        seen.sort();
        seen
    }

    /// Everything the store holds of the journal and of the documents, as text.
    pub async fn everything_kept(&self) -> String {
        let filter = ActivityFilter { limit: 1000, ..ActivityFilter::default() };
        let journal = self.store.activity(&filter).await.unwrap();
        let mut text = format!("{journal:?}");
        for collection in ["Users", "Groups", "Users:gone"] {
            let kept =
                self.store.document_page(&format!("scim:northgate:{collection}"), 0, 1000).await.unwrap();
            text += &format!("{kept:?}");
        }
        text
    }
}
