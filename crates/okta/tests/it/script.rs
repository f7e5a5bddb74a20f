//! What the tests stand on: queued answers, recorded requests, a clock that jumps.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::encoding::AsDer;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use jiff::Timestamp;
use lanyard_engine::clock::Clock;
use lanyard_model::id::TenantId;
use lanyard_okta::{Credential, DpopMode, Limits, OktaClient, OktaSettings, OrgUrl, ServiceApp};
use lanyard_wire::{Request, Response, Transport, TransportError};
use serde_json::Value;

pub const ORG: &str = "https://northgate.okta.com";
pub const START: i64 = 1_800_000_000;
pub const SSWS: &str = "00planted-api-token";

/// One queued answer.
#[derive(Clone)]
pub struct Reply(Result<Parts, TransportError>);

/// Status, headers, body.
type Parts = (u16, Vec<(String, String)>, String);

/// An answer with a JSON body.
pub fn json(status: u16, body: Value) -> Reply {
    Reply(Ok((status, Vec::new(), body.to_string())))
}

/// An answer with any body.
pub fn raw(status: u16, body: &str) -> Reply {
    Reply(Ok((status, Vec::new(), body.to_owned())))
}

/// Okta's error body.
pub fn error(status: u16, code: &str) -> Reply {
    json(
        status,
        serde_json::json!({"errorCode": code, "errorSummary": format!("{code} in words"), "errorCauses": []}),
    )
}

/// The connection broke after sending.
pub fn no_answer() -> Reply {
    Reply(Err(TransportError::NoAnswer { host: "northgate.okta.com".into(), reason: "cut".into() }))
}

/// Nothing was sent.
pub fn not_sent() -> Reply {
    Reply(Err(TransportError::NotSent { host: "northgate.okta.com".into(), reason: "refused".into() }))
}

impl Reply {
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        if let Ok((_, headers, _)) = &mut self.0 {
            headers.push((name.to_owned(), value.to_string()));
        }
        self
    }

    /// Both link lines, as Okta sends them.
    pub fn next(self, url: &str) -> Self {
        self.header("link", format!("<{ORG}/self>; rel=\"self\""))
            .header("link", format!("<{url}>; rel=\"next\""))
    }
}

/// A clock that jumps to whatever moment is waited for.
pub struct JumpClock(Mutex<Timestamp>);

impl JumpClock {
    pub fn elapsed_seconds(&self) -> i64 {
        self.now().as_second() - START
    }

    pub fn advance(&self, seconds: u64) {
        let mut now = self.0.lock().expect("clock");
        *now += Duration::from_secs(seconds);
    }
}

#[async_trait]
impl Clock for JumpClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("clock")
    }

    async fn sleep_until(&self, until: Timestamp) {
        tokio::task::yield_now().await;
        let mut now = self.0.lock().expect("clock");
        *now = (*now).max(until);
    }
}

/// The client with both its ends.
pub struct Stage {
    pub client: OktaClient,
    pub clock: Arc<JumpClock>,
    script: Arc<Script>,
}

struct Script {
    replies: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Request>>,
}

#[async_trait]
impl Transport for Script {
    async fn exchange(&self, request: Request, _timeout: Duration) -> Result<Response, TransportError> {
        let line = format!("{} {}", request.method(), request.uri());
        self.requests.lock().expect("requests").push(request);
        tokio::task::yield_now().await;
        let reply = self.replies.lock().expect("replies").pop_front();
        let (status, headers, body) = reply.unwrap_or_else(|| panic!("no answer is queued for {line}")).0?;
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        Ok(response.body(Bytes::from(body)).expect("a response"))
    }
}

impl Stage {
    pub fn with(credential: Credential, replies: impl IntoIterator<Item = Reply>) -> Self {
        let clock = Arc::new(JumpClock(Mutex::new(Timestamp::from_second(START).expect("a time stamp"))));
        let script = Arc::new(Script {
            replies: Mutex::new(replies.into_iter().collect()),
            requests: Mutex::new(Vec::new()),
        });
        let settings = OktaSettings {
            tenant: TenantId::new("northgate"),
            org: OrgUrl::parse(ORG).expect("an address"),
            credential,
            limits: Limits::default(),
            canary_user: None,
            api_token_ids: ["00Tours".to_owned()].into(),
        };
        let client = OktaClient::new(settings, script.clone(), clock.clone(), 7).expect("a client");
        Self { client, clock, script }
    }

    /// With an API token, so that each request is one call.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::with(Credential::ApiToken(SSWS.into()), replies)
    }

    pub fn transport(&self) -> Arc<dyn Transport> {
        self.script.clone()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.script.requests.lock().expect("requests").clone()
    }

    pub fn forget_requests(&self) {
        self.script.requests.lock().expect("requests").clear();
    }

    /// `METHOD path?query` of each request, hosts shown where they are not the org's.
    pub fn lines(&self) -> Vec<String> {
        self.requests()
            .iter()
            .map(|r| format!("{} {}", r.method(), r.uri().to_string().trim_start_matches(ORG)))
            .collect()
    }

    /// Queued answers that nobody asked for.
    pub fn unused(&self) -> usize {
        self.script.replies.lock().expect("replies").len()
    }

    pub fn queue(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.replies.lock().expect("replies").extend(replies);
    }
}

/// A fresh EC P-256 key in PEM.
pub fn ec_pem() -> String {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let random = aws_lc_rs::rand::SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    pem(key.as_ref())
}

/// A fresh RSA key in PEM.
pub fn rsa_pem() -> String {
    let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key");
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().expect("an encoding");
    pem(der.as_ref())
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(der))
}

pub fn service_app(key_pem: String, dpop: DpopMode) -> Credential {
    Credential::ServiceApp(ServiceApp {
        client_id: "0oaclient".into(),
        kid: "key-1".into(),
        key_pem: key_pem.into(),
        scopes: ["okta.users.read".to_owned(), "okta.logs.read".to_owned()].into(),
        dpop,
    })
}

/// Header and claims of a signed token, without checking the signature.
pub fn decoded(jwt: &str) -> (Value, Value) {
    let mut parts = jwt.split('.').map(|part| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    });
    (parts.next().expect("a header"), parts.next().expect("claims"))
}

pub fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// A field of a form body.
pub fn field(request: &Request, name: &str) -> String {
    url::form_urlencoded::parse(request.body())
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.into_owned())
        .unwrap_or_default()
}

/// A user object with little in it.
pub fn user(id: &str) -> Value {
    serde_json::json!({"id": id, "status": "ACTIVE", "profile": {"login": format!("{id}@northgate.example")}})
}

pub fn everyone() -> Value {
    serde_json::json!({"id": "00geveryone", "type": "BUILT_IN", "profile": {"name": "Everyone"}})
}
