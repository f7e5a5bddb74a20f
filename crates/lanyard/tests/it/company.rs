//! An Okta and an iOffice behind sockets: changes are made at Okta's own API, outcomes are read from what iOffice holds.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    program::{Http, Running, until},
    reading::{DEFAULT, Reading, short_waits},
};

/// Running stand-ins.
pub struct Company {
    /// Stopped with it.
    _running: Running,
    /// What `sim --json` printed.
    pub line: Value,
    pub http: Http,
    /// How its sites and orgs read the contracts' silences.
    pub reading: Reading,
}

impl Company {
    /// Starts `lanyard sim` under the reading of this run, and reads its line. The default reading keeps its own waits.
    pub async fn start(arguments: &[&str]) -> Self {
        let reading = Reading::of_this_run();
        if reading == DEFAULT {
            Self::run(reading, arguments).await
        } else {
            Self::under(reading, arguments).await
        }
    }

    /// Starts it under a reading of one's own, with short waits.
    pub async fn under(reading: Reading, arguments: &[&str]) -> Self {
        let kept = tempfile::tempdir().expect("a temporary folder");
        let file = kept.path().join("settings.toml");
        std::fs::write(&file, short_waits()).expect("a file");
        let waits = file.display().to_string();
        Self::run(reading, &[arguments, &["--settings", &waits]].concat()).await
    }

    async fn run(reading: Reading, arguments: &[&str]) -> Self {
        let mut all = vec!["sim", "--json", "--preset", reading.preset];
        all.extend(arguments);
        let mut running = Running::start(&all);
        let line = until("the stand-ins say where they are", Duration::from_secs(60), async || {
            assert_eq!(running.ended(), None, "{}", running.err());
            running.out().strip_suffix('\n').map(str::to_owned)
        })
        .await;
        let line = serde_json::from_str(&line).expect("one line of JSON");
        Self { _running: running, line, http: Http::new(), reading }
    }

    fn text(&self, pointer: &str) -> &str {
        self.line.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}"))
    }

    pub fn okta_url(&self) -> &str {
        self.text("/okta/url")
    }

    pub fn ssws(&self) -> &str {
        self.text("/okta/ssws")
    }

    pub fn client_id(&self) -> &str {
        self.text("/okta/client_id")
    }

    pub fn private_key(&self) -> &str {
        self.text("/okta/private_key_pem")
    }

    pub fn ioffice_url(&self) -> &str {
        self.text("/ioffice/url")
    }

    pub fn ioffice_user(&self) -> &str {
        self.text("/ioffice/username")
    }

    pub fn ioffice_password(&self) -> &str {
        self.text("/ioffice/password")
    }

    /// A call at the control endpoint, which must succeed.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/_stand-in/{path}", self.text("/control/url"));
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) =
            self.http.call(method, &url, &[("content-type", "application/json")], text).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    pub async fn office(&self) -> crate::office::Office {
        crate::office::Office(self.control("GET", "ioffice/0/state", Value::Null).await)
    }

    /// Accepted writes at iOffice, oldest first.
    pub async fn journal(&self) -> Vec<Value> {
        let journal = self.control("GET", "ioffice/0/journal", Value::Null).await;
        journal.as_array().expect("a list").clone()
    }

    /// A call to Okta's API as an administrator makes it.
    pub async fn okta(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/api/v1/{path}", self.okta_url());
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let authorization = format!("SSWS {}", self.ssws());
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("accept", "application/json"),
        ];
        self.http.call(method, &url, &headers, text).await
    }

    /// The same; it must succeed.
    pub async fn okta_done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.okta(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    pub async fn group(&self, name: &str) -> String {
        let groups = self.okta_done("GET", "groups", Value::Null).await;
        let named = groups.as_array().expect("a list").iter().find(|group| {
            group.pointer("/profile/name").and_then(Value::as_str) == Some(name)
                && group["type"] == "OKTA_GROUP"
        });
        named.unwrap_or_else(|| panic!("no group {name}"))["id"].as_str().expect("an id").to_owned()
    }

    /// Creates and activates somebody who joins in two days; answers the Okta id.
    pub async fn hire(&self, who: &Hire<'_>, groups: &[&str]) -> String {
        let mut ids = Vec::new();
        for name in groups {
            ids.push(self.group(name).await);
        }
        let profile = who.profile(&self.today(2).await);
        // With a password they are ACTIVE at once, without one PROVISIONED.
        let credentials = json!({ "password": { "value": "Correct horse 9 battery" } });
        let body = json!({ "profile": profile, "credentials": credentials, "groupIds": ids });
        let made = self.okta_done("POST", "users?activate=true", body).await;
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Whether the contract of whoever has this number has seen its last day.
    pub async fn contract_is_over(&self, number: Option<&str>) -> bool {
        let Some(number) = number else { return false };
        let path = format!("users?search=profile.employeeNumber%20eq%20%22{number}%22");
        let found = self.okta_done("GET", &path, Value::Null).await;
        let end = found[0]["profile"]["contractEndDate"].as_str().and_then(|end| end.parse().ok());
        let today = self.now().await.to_zoned(jiff::tz::TimeZone::UTC).date();
        end.is_some_and(|end: jiff::civil::Date| end < today)
    }

    /// The stand-ins' clock.
    pub async fn now(&self) -> jiff::Timestamp {
        let clock = self.control("GET", "clock", Value::Null).await;
        clock["now"].as_str().expect("an instant").parse().expect("an instant")
    }

    /// Today at the stand-ins' clock and so many days on, as `YYYY-MM-DD`.
    pub async fn today(&self, days: i64) -> String {
        let later = self.now().await + jiff::SignedDuration::from_hours(24 * days);
        later.strftime("%Y-%m-%d").to_string()
    }

    pub async fn lifecycle(&self, user: &str, verb: &str) {
        self.okta_done("POST", &format!("users/{user}/lifecycle/{verb}"), Value::Null).await;
    }

    pub async fn profile(&self, user: &str, profile: Value) {
        self.okta_done("POST", &format!("users/{user}"), json!({ "profile": profile })).await;
    }

    pub async fn set_member(&self, user: &str, group: &str, is: bool) {
        let group = self.group(group).await;
        let method = if is { "PUT" } else { "DELETE" };
        self.okta_done(method, &format!("groups/{group}/users/{user}"), Value::Null).await;
    }
}

/// Somebody to be hired.
#[derive(Debug, Clone, Copy)]
pub struct Hire<'a> {
    pub first: &'a str,
    pub last: &'a str,
    pub number: &'a str,
    pub department: &'a str,
    pub office: &'a str,
    pub kind: &'a str,
}

impl Hire<'_> {
    pub fn login(&self) -> String {
        format!("{}.{}@northgate.example", self.first.to_lowercase(), self.last.to_lowercase())
    }

    fn profile(&self, start: &str) -> Value {
        json!({
            "login": self.login(), "email": self.login(), "firstName": self.first, "lastName": self.last,
            "employeeNumber": self.number, "department": self.department, "title": "Analyst",
            "officeLocation": self.office, "userType": self.kind, "startDate": start, "organization": "Northgate",
            "employeeStatus": "Active",
        })
    }
}
