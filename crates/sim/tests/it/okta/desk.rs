//! A caller at an Okta face: builds requests, reads answers, moves time.

use bytes::Bytes;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use lanyard_sim::{
    face::{Face, Handled, Outgoing, OutgoingOutcome},
    okta::{OktaFace, OktaSettings, Quotas, Role},
};
use serde_json::{Value, json};

use super::description::Description;

pub const PRESETS: [&str; 4] = ["default", "strict", "lenient", "hostile"];

pub const HOST: &str = "northgate.okta.com";

/// An answer, read.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    pub body: Value,
    pub text: String,
    pub headers: http::HeaderMap,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn link(&self, relation: &str) -> Option<String> {
        let lines = self.headers.get_all("link").iter().map(|line| line.to_str().unwrap());
        lines
            .filter_map(|line| line.split_once(&format!(">; rel=\"{relation}\"")))
            .map(|(url, _)| url[1..].to_owned())
            .next()
    }

    pub fn code(&self) -> String {
        let code = self.body["errorCode"].as_str().or(self.body["error"].as_str()).unwrap_or("-");
        format!("{} {code}", self.status)
    }

    pub fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id in {}", self.text)).to_owned()
    }

    pub fn column(&self, at: &str) -> Vec<String> {
        let rows = self.body.as_array().unwrap_or_else(|| panic!("not a list: {}", self.text));
        rows.iter().map(|row| row.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned()).collect()
    }
}

pub struct Desk {
    pub face: OktaFace,
    pub now: Timestamp,
    pub authorization: String,
}

impl Desk {
    pub fn new(settings: OktaSettings) -> Self {
        Self::over(OktaFace::empty(settings))
    }

    pub fn over(mut face: OktaFace) -> Self {
        face.add_api_token("t0p", "tests", None, Role::Super);
        let now = "2026-05-04T08:00:00Z".parse().unwrap();
        Self { face, now, authorization: "SSWS t0p".to_owned() }
    }

    /// No delays, no quotas.
    pub fn exact() -> Self {
        Self::new(OktaSettings::exact())
    }

    /// A preset without its delays and quotas, in which every effect is there before the answer.
    pub fn prompt(preset: &str) -> Self {
        let exact = OktaSettings::exact();
        let preset = OktaSettings::preset(preset).expect("a preset");
        Self::new(OktaSettings {
            quotas: Quotas { enforced: false, ..preset.quotas },
            log_delay: exact.log_delay,
            index_lag: exact.index_lag,
            member_lag: exact.member_lag,
            delete_lag: exact.delete_lag,
            delete_completion: exact.delete_completion,
            transition: exact.transition,
            rule_delay: exact.rule_delay,
            app_delay: exact.app_delay,
            hook_delay: exact.hook_delay,
            hook_effective: exact.hook_effective,
            ..preset
        })
    }

    pub fn wait(&mut self, milliseconds: i64) -> Vec<Outgoing> {
        self.now += SignedDuration::from_millis(milliseconds);
        self.face.advance(self.now)
    }

    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> http::request::Builder {
        let mut builder = Request::builder().method(method).uri(path).header("host", HOST);
        builder = builder.header("authorization", &self.authorization).header("accept", "application/json");
        if body.is_some() {
            builder = builder.header("content-type", "application/json");
        }
        builder
    }

    /// Sends a request and reads the answer, which must be one that the vendor's description knows.
    pub fn send(&mut self, request: Request<Bytes>) -> Seen {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        match self.face.handle(request, self.now) {
            Handled::Reply(reply) => {
                let seen = seen(reply);
                let wrong = Description::read().mistakes(&method, &path, &seen);
                assert!(wrong.is_empty(), "{method} {path}: {} {}\n{wrong:#?}", seen.status, seen.text);
                seen
            }
            Handled::After(_) => panic!("the answer waits for an outgoing request"),
        }
    }

    pub fn call(&mut self, method: &str, path: &str, body: Option<Value>) -> Seen {
        let bytes = body.as_ref().map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let path = path.strip_prefix(&format!("https://{HOST}")).unwrap_or(path);
        let path = path.replace(' ', "%20").replace('"', "%22");
        let request = self.request(method, &path, body.as_ref()).body(bytes).unwrap();
        self.send(request)
    }

    pub fn get(&mut self, path: &str) -> Seen {
        self.call("GET", path, None)
    }

    pub fn post(&mut self, path: &str, body: Value) -> Seen {
        self.call("POST", path, Some(body))
    }

    pub fn act(&mut self, method: &str, path: &str) -> Seen {
        self.call(method, path, None)
    }

    pub fn order(&mut self, command: Value) -> Value {
        self.face.command(&command, self.now).unwrap()
    }

    /// Creates a user `{name}@northgate.example` and returns the id.
    pub fn person(&mut self, name: &str, query: &str) -> String {
        let login = format!("{name}@northgate.example");
        let profile = json!({ "login": login, "email": login, "firstName": name, "lastName": "Lind", "department": "Legal" });
        let seen = self.post(&format!("/api/v1/users?{query}"), json!({ "profile": profile }));
        assert_eq!(seen.status, 200, "{}", seen.text);
        seen.id()
    }

    /// An ACTIVE user.
    pub fn employee(&mut self, name: &str) -> String {
        let login = format!("{name}@northgate.example");
        let body = json!({
            "profile": { "login": login, "email": login, "firstName": name, "lastName": "Lind", "department": "Legal" },
            "credentials": { "password": { "value": "correct horse" } },
        });
        let seen = self.post("/api/v1/users?activate=true", body);
        assert_eq!(seen.status, 200, "{}", seen.text);
        seen.id()
    }

    pub fn group(&mut self, name: &str) -> String {
        let seen = self.post("/api/v1/groups", json!({ "profile": { "name": name, "description": name } }));
        assert_eq!(seen.status, 200, "{}", seen.text);
        seen.id()
    }

    /// Follows `next` to the end, collecting one text per row.
    pub fn walk(&mut self, path: &str, at: &str) -> Vec<String> {
        let mut rows = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(url) = next {
            let seen = self.get(&url);
            assert_eq!(seen.status, 200, "{url}: {}", seen.text);
            rows.extend(seen.column(at));
            next = seen.link("next");
        }
        rows
    }

    pub fn answer(&mut self, token: u64, status: u16, body: &str) -> Option<Handled> {
        let response = http::Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap();
        self.face.outgoing_done(token, OutgoingOutcome::Answered(response), self.now)
    }
}

pub fn seen(reply: lanyard_sim::face::Reply) -> Seen {
    let (parts, body) = reply.response.into_parts();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Seen { status: parts.status.as_u16(), body, text, headers: parts.headers }
}
