//! Requests nobody would write: whatever comes, the answer is the vendor's, never a panic, never a 500 of ours.

use http::Request;
use lanyard_sim::{
    face::{Face, Handled},
    okta::{OktaFace, OktaSettings},
    world::{Company, WorldSettings},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    description::Description,
    desk::{Desk, HOST, Seen, seen},
};

/// One request as it arrives.
#[derive(Debug, Clone)]
struct Odd {
    method: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// Words of the API, ids of things that exist (`{user}`), and rubbish.
fn segment() -> impl Strategy<Value = String> {
    let words = [
        "users",
        "groups",
        "rules",
        "logs",
        "eventHooks",
        "apps",
        "meta",
        "schemas",
        "types",
        "user",
        "group",
        "default",
        "lifecycle",
        "activate",
        "deactivate",
        "suspend",
        "unsuspend",
        "verify",
        "sessions",
        "me",
        "group-push",
        "mappings",
        "principal-rate-limits",
        "{user}",
        "{group}",
        "{rule}",
        "{app}",
        "{hook}",
        "{type}",
    ];
    prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "[%0-9a-zA-Z._~-]{0,12}",
        1 => Just("%ff%00%2F..".to_owned()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let api = prop::collection::vec(segment(), 0..6).prop_map(|parts| format!("/api/v1/{}", parts.join("/")));
    let other = prop::sample::select(vec![
        "/oauth2/v1/token",
        "/oauth2/v1/authorize",
        "/oauth2/v1/introspect",
        "/oauth2/v1/revoke",
        "/oauth2/v1/userinfo",
        "/oauth2/v1/logout",
        "/oauth2/v1/keys",
        "/.well-known/okta-organization",
        "/.well-known/openid-configuration",
        "/",
        "//",
        "/api/v1",
        "/api",
        "/oauth2",
        "/api/v2/users",
    ]);
    prop_oneof![6 => api, 2 => other.prop_map(str::to_owned)]
}

fn query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "limit",
        "after",
        "search",
        "filter",
        "q",
        "sortBy",
        "sortOrder",
        "since",
        "until",
        "expand",
        "fields",
        "activate",
        "sendEmail",
        "provider",
        "nextLogin",
        "removeUsers",
        "client_id",
        "redirect_uri",
        "scope",
        "response_type",
        "code_challenge",
        "nobody",
    ]);
    let value = prop_oneof![
        "-?[0-9]{0,22}",
        "[a-zA-Z.]{1,12} (eq|sw|gt|pr|co|ne|bad)( \"[^\"]{0,10}\")?( (and|or) \\(?)?",
        "\\PC{0,20}",
        Just("profile.department eq \"Legal\"".to_owned()),
        Just("2026-05-04T09:00:00.000Z".to_owned()),
        Just("((((((((((((((((((((((((".to_owned()),
    ];
    prop::collection::vec((name, value), 0..4).prop_map(|pairs| {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(pairs);
        out.finish()
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,24}".prop_map(Value::from),
        prop::sample::select(vec![
            "{user}",
            "{group}",
            "{app}",
            "ACTIVE",
            "group_rule",
            "EVENT_TYPE",
            "x@y.example"
        ])
        .prop_map(Value::from),
    ];
    let key = prop_oneof![
        4 => prop::sample::select(vec![
            "profile", "login", "email", "firstName", "lastName", "name", "credentials", "password", "value",
            "groupIds", "type", "id", "conditions", "expression", "actions", "assignUserToGroups", "events", "items",
            "channel", "config", "uri", "authScheme", "headers", "definitions", "custom", "properties", "status",
            "sourceGroupId", "principalId", "principalType", "scope", "title", "version", "filter",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    let tree = leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            3 => prop::collection::vec((key.clone(), inner.clone()), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    });
    prop_oneof![
        2 => Just(Vec::new()),
        6 => tree.prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => Just(b"grant_type=client_credentials&scope=okta.users.read&client_assertion=eyJ.e.x".to_vec()),
        1 => Just([b"[".repeat(4000), b"]".repeat(4000)].concat()),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let authorization = prop::sample::select(vec![
        "SSWS t0p",
        "SSWS t0p",
        "SSWS t0p",
        "SSWSt0p",
        "SSWS wrong",
        "Bearer eyJ.e.x",
        "DPoP x",
        "Basic eA==",
        "",
    ]);
    let odd = prop_oneof![
        Just(("accept", "text/plain".to_owned())),
        Just(("if-match", "W/\"7\"".to_owned())),
        Just(("prefer", "respond-async".to_owned())),
        Just(("host", "evil\"<>.example:99999".to_owned())),
        Just(("dpop", "a.b.c".to_owned())),
        Just(("x-forwarded-proto", "gopher".to_owned())),
    ];
    let kind = prop::sample::select(vec![
        "application/json",
        "application/json",
        "application/json; okta-response=\"omitCredentials\"",
        "text/xml",
        "application/x-www-form-urlencoded",
        "",
    ]);
    (authorization, kind, prop::option::of(odd)).prop_map(|(authorization, kind, odd)| {
        let mut out = vec![("authorization", authorization.to_owned()), ("content-type", kind.to_owned())];
        out.extend(odd);
        out
    })
}

fn odd() -> impl Strategy<Value = Odd> {
    let method =
        prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW"]);
    (method, path(), query(), headers(), body()).prop_map(|(method, path, query, headers, body)| Odd {
        method: method.to_owned(),
        path: if query.is_empty() { path } else { format!("{path}?{query}") },
        headers,
        body,
    })
}

/// Says what about an answer is not the vendor's.
pub fn wrong_with(answer: &Seen, oauth: bool) -> Option<String> {
    let text = |name: &str| answer.body[name].as_str().filter(|text| !text.is_empty());
    if answer.header("x-okta-request-id").is_empty() || answer.header("date").is_empty() {
        return Some("no request id or date".into());
    }
    if answer.header("content-type").starts_with("application/json")
        && serde_json::from_str::<Value>(&answer.text).is_err()
    {
        return Some("no JSON".into());
    }
    if answer.status < 400 {
        return None;
    }
    if answer.status >= 500 {
        return Some("an error of ours".into());
    }
    // Userinfo refuses by a header alone (RFC 6750).
    let challenged = answer.text.is_empty() && answer.header("www-authenticate").starts_with("Bearer error=");
    if oauth && (challenged || text("error").is_some() && text("error_description").is_some()) {
        return None;
    }
    let code = text("errorCode").unwrap_or_default();
    // The provider metadata refuses a client in words of OAuth (`ErrorInvalidClientId` in okta-openapi.json), a resource a
    // proof.
    let coded = matches!(code, "invalid_client" | "invalid_dpop_proof")
        || code.len() == 8 && code.starts_with('E') && code[1..].bytes().all(|byte| byte.is_ascii_digit());
    let causes = answer.body["errorCauses"].as_array();
    let caused = causes.is_some_and(|causes| causes.iter().all(|cause| cause["errorSummary"].is_string()));
    let whole = coded && caused && text("errorSummary").is_some() && text("errorId").is_some();
    (!whole || text("errorLink") != Some(code)).then(|| "no error body of the vendor's".into())
}

struct Org {
    desk: Desk,
    ids: Vec<(&'static str, String)>,
}

impl Org {
    fn new(settings: OktaSettings) -> Self {
        let company = Company::generate(&WorldSettings { people: 12, ..WorldSettings::default() });
        let face = OktaFace::from_world(settings, &company.orgs[0], company.settings.now);
        let mut desk = Desk::over(face);
        let hook = json!({ "name": "H", "events": { "type": "EVENT_TYPE", "items": ["user.lifecycle.create"] },
            "channel": { "type": "HTTP", "version": "1.0.0", "config": { "uri": "https://sync.northgate.example/" } } });
        let hook = desk.post("/api/v1/eventHooks", hook).id();
        let org = &company.orgs[0];
        let ids = vec![
            ("{user}", org.users[3].id.to_string()),
            ("{group}", org.groups[1].id.to_string()),
            ("{rule}", org.rules[0].id.to_string()),
            ("{app}", org.app.id.to_string()),
            ("{type}", org.user_types[0].id.to_string()),
            ("{hook}", hook),
        ];
        Self { desk, ids }
    }

    fn named(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }

    fn try_it(&mut self, odd: &Odd) -> Result<(), String> {
        let path = self.named(&odd.path);
        let body = match std::str::from_utf8(&odd.body) {
            Ok(text) => self.named(text).into_bytes(),
            Err(_) => odd.body.clone(),
        };
        let mut request = Request::builder().method(odd.method.as_str()).uri(&path).header("host", HOST);
        for (name, value) in odd.headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, value);
        }
        // What is no request at all never reaches a face.
        let Ok(request) = request.body(body.into()) else { return Ok(()) };
        let answer = match self.desk.face.handle(request, self.desk.now) {
            Handled::Reply(reply) => seen(reply),
            Handled::After(outgoing) => match self.desk.answer(outgoing.token, 204, "") {
                Some(Handled::Reply(reply)) => seen(reply),
                _ => return Ok(()),
            },
        };
        let plain = path.split('?').next().unwrap_or_default();
        let described = || {
            let wrong = Description::read().mistakes(&odd.method, plain, &answer);
            (!wrong.is_empty()).then(|| wrong.join("; "))
        };
        match wrong_with(&answer, path.starts_with("/oauth2")).or_else(described) {
            None => Ok(()),
            Some(wrong) => {
                Err(format!("{wrong}: {} {path} answered {} {}", odd.method, answer.status, answer.text))
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_answer_is_the_vendors(
        preset in prop::sample::select(vec!["default", "strict", "lenient", "hostile"]),
        requests in prop::collection::vec(odd(), 1..40),
    ) {
        let mut settings = OktaSettings::preset(preset).unwrap();
        settings.quotas.enforced = false;
        let mut org = Org::new(settings);
        for request in &requests {
            if let Err(wrong) = org.try_it(request) {
                prop_assert!(false, "{} ({:?})", wrong, request);
            }
            org.desk.wait(700);
        }
    }
}
