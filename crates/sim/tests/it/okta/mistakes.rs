//! One mistake at a time, at every operation of the vendor's description: the answer is the one that the contract gives
//! for that mistake (§2.3, §2.4, O-02, O-03), not just any refusal.

use std::collections::{BTreeMap, BTreeSet};

use http::Request;
use lanyard_sim::{
    face::{Face as _, Handled},
    okta::{OktaFace, OktaSettings},
    world::{Company, WorldSettings},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    desk::{Desk, HOST, Seen, seen},
    fuzz::wrong_with,
};

/// An operation of the description, with ids of things that exist in its path.
struct Operation {
    method: String,
    /// As described: `/api/v1/users/{id}`.
    pattern: String,
    /// The same name stands for the same thing at every path.
    holes: Vec<(String, String)>,
    takes_body: bool,
}

impl Operation {
    fn path(&self) -> String {
        self.holes.iter().fold(self.pattern.clone(), |path, (hole, id)| path.replace(hole, id))
    }

    /// The path with one id that nobody knows.
    fn astray(&self, at: usize, id: &str) -> String {
        let hole = &self.holes[at].0;
        let path = self.pattern.replace(hole, id);
        self.holes.iter().fold(path, |path, (hole, id)| path.replace(hole, id))
    }

    /// A body with which nothing is wrong.
    fn body(&self, org: &Org) -> Option<Value> {
        let profile = json!({ "login": "new.one@northgate.example", "email": "new.one@northgate.example", "firstName": "N", "lastName": "O" });
        let rule = json!({ "type": "group_rule", "name": "N", "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": "user.department==\"X\"" } },
            "actions": { "assignUserToGroups": { "groupIds": [org.ids["group"]] } } });
        let body = match self.pattern.rsplit_once("/api/v1/")?.1 {
            "users" | "users/{id}" => json!({ "profile": profile }),
            "groups" | "groups/{groupId}" => json!({ "profile": { "name": "N" } }),
            "groups/rules" | "groups/rules/{groupRuleId}" => rule,
            "eventHooks" | "eventHooks/{eventHookId}" => hook(),
            "apps/{appId}/users" => json!({ "id": org.ids["user"] }),
            "apps/{appId}/group-push/mappings" => {
                json!({ "sourceGroupId": org.ids["group"], "targetGroupName": "N" })
            }
            "apps/{appId}/group-push/mappings/{mappingId}" => json!({ "status": "INACTIVE" }),
            "meta/types/user" | "meta/types/user/{typeId}" => {
                json!({ "name": "n", "displayName": "N", "description": "N" })
            }
            "principal-rate-limits" => {
                json!({ "principalId": "x", "principalType": "SSWS_TOKEN", "defaultPercentage": 10, "defaultConcurrencyPercentage": 10 })
            }
            _ => json!({}),
        };
        self.takes_body.then_some(body)
    }
}

fn hook() -> Value {
    json!({ "name": "H", "events": { "type": "EVENT_TYPE", "items": ["user.lifecycle.create"] },
        "channel": { "type": "HTTP", "version": "1.0.0", "config": { "uri": "https://sync.northgate.example/" } } })
}

struct Org {
    desk: Desk,
    ids: BTreeMap<&'static str, String>,
    operations: Vec<Operation>,
    /// Verbs of each path.
    verbs: BTreeMap<String, BTreeSet<String>>,
}

impl Org {
    fn new(preset: &str) -> Self {
        let company = Company::generate(&WorldSettings { people: 12, ..WorldSettings::default() });
        let mut settings = OktaSettings::preset(preset).expect("a preset");
        settings.quotas.enforced = false;
        let face = OktaFace::from_world(settings, &company.orgs[0], company.settings.now);
        let mut desk = Desk::over(face);
        let org = &company.orgs[0];
        let mut ids = BTreeMap::from([
            ("user", org.users[3].id.to_string()),
            ("group", org.groups[1].id.to_string()),
            ("rule", org.rules[0].id.to_string()),
            ("app", org.app.id.to_string()),
            ("type", org.user_types[0].id.to_string()),
            ("hook", desk.post("/api/v1/eventHooks", hook()).id()),
        ]);
        let mappings = format!("/api/v1/apps/{}/group-push/mappings", ids["app"]);
        let mapping = desk.post(&mappings, json!({ "sourceGroupId": ids["group"], "targetGroupName": "M" }));
        ids.insert("mapping", mapping.id());
        let text = include_str!("../../../../../docs/contracts/okta-openapi.json");
        let document: Value = serde_json::from_str(text).expect("JSON");
        let mut operations = Vec::new();
        let mut verbs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (pattern, methods) in document["paths"].as_object().expect("paths") {
            let Some(rest) = pattern.strip_prefix("/api/v1/") else { continue };
            let known = |hole: &str| match hole {
                "{id}" | "{userId}" => ids["user"].clone(),
                "{groupId}" => ids["group"].clone(),
                "{groupRuleId}" => ids["rule"].clone(),
                "{appId}" => ids["app"].clone(),
                "{mappingId}" => ids["mapping"].clone(),
                "{eventHookId}" => ids["hook"].clone(),
                "{typeId}" => ids["type"].clone(),
                "{schemaId}" => "default".to_owned(),
                other => panic!("{other} in {pattern}"),
            };
            let holes = rest.split('/').filter(|part| part.starts_with('{'));
            let holes: Vec<(String, String)> = holes.map(|hole| (hole.to_owned(), known(hole))).collect();
            for (method, operation) in methods.as_object().expect("methods") {
                if operation["responses"].is_object() {
                    let method = method.to_uppercase();
                    verbs.entry(pattern.clone()).or_default().insert(method.clone());
                    operations.push(Operation {
                        method,
                        pattern: pattern.clone(),
                        holes: holes.clone(),
                        takes_body: operation["requestBody"].is_object(),
                    });
                }
            }
        }
        assert_eq!(operations.len(), 63, "operations of the description under /api/v1");
        Self { desk, ids, operations, verbs }
    }

    /// Sends a request that has everything right but what `more` says otherwise; `None` takes a header away.
    fn send(&mut self, method: &str, path: &str, body: &[u8], more: &[(&str, Option<&str>)]) -> Seen {
        let mut headers = BTreeMap::from([("authorization", "SSWS t0p"), ("accept", "application/json")]);
        if !body.is_empty() {
            headers.insert("content-type", "application/json");
        }
        for (name, value) in more {
            match value {
                Some(value) => headers.insert(name, value),
                None => headers.remove(name),
            };
        }
        let path = path.replace(' ', "%20").replace('"', "%22");
        let mut request = Request::builder().method(method).uri(path).header("host", HOST);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body.to_vec().into()).expect("a request");
        match self.desk.face.handle(request, self.desk.now) {
            Handled::Reply(reply) => seen(reply),
            Handled::After(_) => panic!("{method}: a request with a mistake sets nothing going"),
        }
    }

    /// Holds an answer against one or more that fit, such as `404 E0000007`.
    fn must(&self, seen: &Seen, expected: &[&str], what: &str) -> Result<(), String> {
        let fits = expected
            .iter()
            .any(|expected| seen.code() == *expected || *expected == "200" && seen.status == 200);
        if !fits {
            return Err(format!("{what}: expected {expected:?}, not {} {}", seen.status, seen.text));
        }
        wrong_with(seen, false).map_or(Ok(()), |wrong| Err(format!("{what}: {wrong}: {}", seen.text)))
    }
}

/// Every mistake once at every operation. `word` and `bytes` are rubbish that nobody has seen before.
fn every_mistake(preset: &str, word: &str, bytes: &[u8]) -> Result<(), String> {
    let mut org = Org::new(preset);
    let operations = std::mem::take(&mut org.operations);
    for operation in &operations {
        let (method, path) = (operation.method.as_str(), operation.path());
        let valid = operation.body(&org).map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let what = |mistake: &str| format!("{preset}: {method} {} with {mistake}", operation.pattern);

        for wrong in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            if !org.verbs[&operation.pattern].contains(wrong) {
                let seen = org.send(wrong, &path, b"", &[]);
                org.must(&seen, &["405 E0000022"], &what(&format!("verb {wrong}")))?;
            }
        }
        let seen = org.send(method, &format!("{path}/no/such/{word}"), &valid, &[]);
        org.must(&seen, &["404 E0000008"], &what("a longer path"))?;
        for at in 0..operation.holes.len() {
            for id in [word.to_owned(), format!("00u{:0<17}", word.chars().take(17).collect::<String>())] {
                let seen = org.send(method, &operation.astray(at, &id), &valid, &[]);
                org.must(&seen, &["404 E0000007"], &what(&format!("{} = {id}", operation.holes[at].0)))?;
            }
        }
        for credential in [None, Some("SSWS wrong"), Some("Bearer a.b.c"), Some("Basic dDpw"), Some(word)] {
            let seen = org.send(method, &path, &valid, &[("authorization", credential)]);
            org.must(&seen, &["401 E0000011"], &what(&format!("credential {credential:?}")))?;
        }
        let seen = org.send(method, &path, &valid, &[("accept", Some("text/html"))]);
        org.must(&seen, &["400 E0000021"], &what("Accept text/html"))?;
        if operation.takes_body {
            for body in [bytes, b"{\"profile\":", b"[]", b"7", b"\"x\""] {
                if !body.is_empty()
                    && !serde_json::from_slice::<Value>(body).is_ok_and(|body| body.is_object())
                {
                    let seen = org.send(method, &path, body, &[]);
                    org.must(&seen, &["400 E0000003"], &what(&format!("body {body:?}")))?;
                }
            }
            let seen = org.send(method, &path, &valid, &[("content-type", Some("text/xml"))]);
            org.must(&seen, &["400 E0000020"], &what("Content-Type text/xml"))?;
            let seen = org.send(method, &path, &valid, &[("content-type", None)]);
            org.must(&seen, &["400 E0000019"], &what("no Content-Type"))?;
        }
    }
    lists(&mut org, preset, word)
}

/// Cursors, limits and filters of every list.
fn lists(org: &mut Org, preset: &str, word: &str) -> Result<(), String> {
    let clamps = matches!(preset, "default" | "lenient");
    let over = if clamps { "200" } else { "400 E0000001" };
    let ids = org.ids.clone();
    let (user, group, app) = (&ids["user"], &ids["group"], &ids["app"]);
    let of_users = org.send("GET", "/api/v1/users?limit=1", b"", &[]).link("next").ok_or("more users")?;
    let foreign =
        of_users.split("after=").nth(1).and_then(|rest| rest.split('&').next()).ok_or("a cursor")?;
    for (list, max, over) in [
        ("users?x=y".to_owned(), 200, over),
        ("users?filter=status eq \"ACTIVE\"".to_owned(), 200, over),
        ("users?search=status pr".to_owned(), 200, over),
        ("groups?x=y".to_owned(), 10_000, over),
        ("groups?search=type eq \"OKTA_GROUP\"".to_owned(), 10_000, over),
        ("groups?filter=type eq \"OKTA_GROUP\"".to_owned(), 10_000, over),
        ("groups/rules?x=y".to_owned(), 200, over),
        (format!("groups/{group}/users?x=y"), 1_000, over),
        (format!("apps/{app}/users?x=y"), 500, over),
        (format!("apps/{app}/groups?x=y"), 200, over),
        (format!("apps/{app}/group-push/mappings?x=y"), 1_000, over),
        ("logs?x=y".to_owned(), 1_000, if preset == "lenient" { "200" } else { "400 E0000001" }),
    ] {
        let path = format!("/api/v1/{list}");
        let what = |mistake: &str| format!("{preset}: {path} with {mistake}");
        let full = org.send("GET", &format!("{path}&limit={max}"), b"", &[]);
        org.must(&full, &["200"], &what("the greatest limit"))?;
        let beyond = org.send("GET", &format!("{path}&limit={}", max + 1), b"", &[]);
        org.must(&beyond, &[over], &what("a limit over the maximum"))?;
        for limit in ["0", "-7", "1.5", word, "99999999999999999999"] {
            // A log may be asked for nothing.
            let fits = if list.starts_with("logs") && limit == "0" { "200" } else { "400 E0000001" };
            let seen = org.send("GET", &format!("{path}&limit={limit}"), b"", &[]);
            org.must(&seen, &[fits], &what(&format!("limit {limit}")))?;
        }
        for cursor in [word, "MWEyMjY1YWIx", foreign] {
            if !(cursor == foreign && list.starts_with("users")) {
                let seen = org.send("GET", &format!("{path}&after={cursor}"), b"", &[]);
                org.must(&seen, &["400 E0000001"], &what(&format!("cursor {cursor}")))?;
            }
        }
    }
    let groups = format!("/api/v1/users/{user}/groups?after={word}");
    let seen = org.send("GET", &groups, b"", &[]);
    org.must(&seen, &["400 E0000001"], "a cursor of one's groups")?;
    for (list, good, syntax) in [
        ("users?search", "status eq \"ACTIVE\"", "400 E0000031"),
        ("users?filter", "status eq \"ACTIVE\"", "400 E0000053"),
        ("groups?search", "type eq \"OKTA_GROUP\"", "400 E0000031"),
        ("groups?filter", "type eq \"OKTA_GROUP\"", "400 E0000053"),
        ("logs?filter", "eventType eq \"user.lifecycle.create\"", "400 E0000031"),
    ] {
        let name = good.split(' ').next().ok_or("an attribute")?;
        for (mistake, fits) in [
            (good.to_owned(), "200"),
            (good[..good.len() - 1].to_owned(), syntax),
            (format!("({good}"), syntax),
            (format!("{good})"), syntax),
            (format!("{good} and"), syntax),
            (format!("{good} or or {good}"), syntax),
            (format!("{good} {good}"), syntax),
            (name.to_owned(), syntax),
            (format!("{name} {word} \"x\""), syntax),
            (format!("{word} eq \"x\""), if syntax == "400 E0000053" { "400 E0000094" } else { syntax }),
            (
                format!("profile.{word} eq \"x\""),
                if syntax == "400 E0000053" { "400 E0000094" } else { syntax },
            ),
        ] {
            let seen = org.send("GET", &format!("/api/v1/{list}={mistake}"), b"", &[]);
            org.must(&seen, &[fits], &format!("{preset}: {list}={mistake}"))?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_mistake_has_its_own_answer(
        preset in prop::sample::select(vec!["default", "strict", "lenient", "hostile"]),
        word in "z[a-z]{3,20}q",
        bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        if let Err(wrong) = every_mistake(preset, &word, &bytes) {
            prop_assert!(false, "{}", wrong);
        }
    }
}

#[test]
fn each_mistake_has_its_own_answer_under_every_preset() {
    for preset in ["default", "strict", "lenient", "hostile"] {
        every_mistake(preset, "zznobodyq", b"{]").unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}
