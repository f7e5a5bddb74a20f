//! The vendor's own description of its API as a judge: whether an answer is one that `docs/contracts/okta-openapi.json`
//! knows, and in the shape that it gives. [`super::desk::Desk`] and the fuzz hold every answer that passes through them against it.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::desk::Seen;

/// The document, read once.
pub struct Description {
    document: Value,
    /// Paths by their parts; those with fewer holes first.
    paths: Vec<(Vec<String>, String)>,
}

/// Statuses that the contract's text gives to many operations and the document to few or none (§2.4): the body is the
/// vendor's error all the same.
const OF_THE_TEXT: [u16; 12] = [400, 401, 403, 404, 405, 409, 411, 412, 429, 500, 501, 503];

/// What browsers see.
const PAGES: [&str; 2] = ["/oauth2/v1/authorize", "/oauth2/v1/logout"];

/// The names of the document's discriminators that its own values never have: `kty` is `RSA` or `EC`.
const KEYS: [(&str, &str); 2] =
    [("RSA", "#/components/schemas/JsonWebKeyRsa"), ("EC", "#/components/schemas/JsonWebKeyEC")];

fn is_hole(part: &str) -> bool {
    part.starts_with('{')
}

impl Description {
    pub fn read() -> &'static Self {
        static READ: OnceLock<Description> = OnceLock::new();
        READ.get_or_init(|| {
            let text = include_str!("../../../../../docs/contracts/okta-openapi.json");
            let document: Value = serde_json::from_str(text).expect("the document is JSON");
            let patterns = document["paths"].as_object().expect("paths").keys();
            let parts = |pattern: &String| pattern.split('/').map(str::to_owned).collect::<Vec<_>>();
            let mut paths: Vec<_> = patterns.map(|pattern| (parts(pattern), pattern.clone())).collect();
            paths.sort_by_key(|(parts, _)| parts.iter().filter(|part| is_hole(part)).count());
            Self { document, paths }
        })
    }

    /// Every operation: method in capitals, and pattern.
    pub fn operations(&self) -> Vec<(String, String)> {
        let methods = ["get", "post", "put", "patch", "delete", "options"];
        let of = |(pattern, operations): (&String, &Value)| {
            let there = methods.into_iter().filter(|method| operations.get(*method).is_some());
            there.map(|method| (method.to_uppercase(), pattern.clone())).collect::<Vec<_>>()
        };
        self.document["paths"].as_object().expect("paths").iter().flat_map(of).collect()
    }

    /// The pattern under which a path is described.
    pub fn pattern(&self, path: &str) -> Option<&str> {
        let asked: Vec<&str> = path.split('/').collect();
        let fits = |parts: &[String]| {
            parts.len() == asked.len()
                && parts
                    .iter()
                    .zip(&asked)
                    .all(|(part, asked)| is_hole(part) && !asked.is_empty() || part == asked)
        };
        self.paths.iter().find(|(parts, _)| fits(parts)).map(|(_, pattern)| pattern.as_str())
    }

    fn response(&self, method: &str, pattern: &str, status: u16) -> Option<&Value> {
        let responses = &self.document["paths"][pattern][method.to_lowercase()]["responses"];
        let response = responses.get(status.to_string())?;
        Some(response["$ref"].as_str().map_or(response, |at| self.at(at)))
    }

    /// Whether the document itself, and not only the contract's text, knows this status of this operation.
    pub fn knows(&self, method: &str, pattern: &str, status: u16) -> bool {
        self.response(method, pattern, status).is_some()
    }

    /// What about an answer is not as described. `path` has no query.
    pub fn mistakes(&self, method: &str, path: &str, seen: &Seen) -> Vec<String> {
        let mut wrong = Vec::new();
        // The sign-in leads browsers about and shows them pages, of which the document says nothing.
        if PAGES.contains(&path) && seen.status < 400 {
            return wrong;
        }
        match self.pattern(path).and_then(|pattern| self.response(method, pattern, seen.status)) {
            Some(response) => self.against(response, seen, &mut wrong),
            None => self.beside(method, path, seen, &mut wrong),
        }
        wrong
    }

    /// An answer whose status the document gives to its operation.
    fn against(&self, response: &Value, seen: &Seen, wrong: &mut Vec<String>) {
        for name in response["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            if seen.header(name).is_empty() {
                wrong.push(format!("header {name} is missing"));
            }
        }
        match response["content"].as_object().and_then(|kinds| kinds.iter().next()) {
            Some((kind, content)) => {
                let is = seen.header("content-type");
                if !is.starts_with(kind.as_str()) {
                    wrong.push(format!("content type {is:?} is not {kind}"));
                }
                self.validate(&content["schema"], &seen.body, "$", wrong);
            }
            // Where nothing is described, nothing is said; life-cycle calls may say `{}` (§5.2).
            None if seen.text.is_empty() || seen.text == "{}" => {}
            None => wrong.push(format!("a body where none is described: {}", seen.text)),
        }
    }

    /// An answer that only the contract's text knows: refusals, what browsers see, paths beside the document.
    fn beside(&self, method: &str, path: &str, seen: &Seen, wrong: &mut Vec<String>) {
        if seen.status < 400 {
            if self.pattern(path).is_some() {
                wrong.push(format!("status {} is not described", seen.status));
            }
            return;
        }
        // Userinfo refuses by a challenge alone, by either verb.
        let challenged = path == "/oauth2/v1/userinfo" && !seen.header("www-authenticate").is_empty();
        if seen.text.is_empty() && (method == "HEAD" || challenged) {
            return;
        }
        if !OF_THE_TEXT.contains(&seen.status) {
            wrong.push(format!("status {} is nobody's", seen.status));
        }
        let oauth = path.starts_with("/oauth2/") && seen.body.get("error").is_some();
        let (name, fields): (_, &[&str]) = match oauth {
            true => ("OAuthError", &["error", "error_description"]),
            false => ("Error", &["errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"]),
        };
        self.validate(&json!({ "$ref": format!("#/components/schemas/{name}") }), &seen.body, "$", wrong);
        // The schema asks for no field: an empty object would do.
        wrong.extend(
            fields.iter().filter(|field| seen.body.get(**field).is_none()).map(|field| format!("no {field}")),
        );
    }

    fn at(&self, reference: &str) -> &Value {
        self.document.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// Puts what does not fit into `wrong`, each with its place.
    pub fn validate(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.at(reference);
            self.validate(target, value, at, wrong);
            return self.discriminate(target, reference, value, at, wrong);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            // A discriminator leads from the general to the particular, not back.
            let general = part["$ref"].as_str().map_or(part, |reference| self.at(reference));
            self.validate(general, value, at, wrong);
        }
        for name in ["anyOf", "oneOf"] {
            let Some(parts) = schema[name].as_array() else { continue };
            let fits = |part: &&Value| {
                let mut inner = Vec::new();
                self.validate(part, value, at, &mut inner);
                inner.is_empty()
            };
            let fitting = parts.iter().filter(fits).count();
            if fitting == 0 || (name == "oneOf" && fitting > 1) {
                wrong.push(format!("{at}: fits {fitting} branches of {name}"));
            }
        }
        if schema["writeOnly"] == json!(true) {
            wrong.push(format!("{at}: is never answered"));
        }
        if value.is_null() {
            if schema["nullable"] != json!(true) && schema.get("type").is_some() {
                wrong.push(format!("{at}: null"));
            }
            return;
        }
        if !has_type(&schema["type"], value) {
            return wrong.push(format!("{at}: {value} is not {}", schema["type"]));
        }
        if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value))
            && !beside_the_point(at, value)
        {
            wrong.push(format!("{at}: {value} is not one of {}", schema["enum"]));
        }
        match value {
            Value::String(text) => text_fits(schema, text, at, wrong),
            Value::Number(number) => number_fits(schema, number, at, wrong),
            Value::Array(rows) => {
                let count = rows.len() as u64;
                if schema["minItems"].as_u64().is_some_and(|least| count < least)
                    || schema["maxItems"].as_u64().is_some_and(|most| count > most)
                {
                    wrong.push(format!("{at}: {count} items"));
                }
                if schema["uniqueItems"] == json!(true)
                    && (1..rows.len()).any(|i| rows[..i].contains(&rows[i]))
                {
                    wrong.push(format!("{at}: an item twice"));
                }
                for (place, row) in rows.iter().enumerate().filter(|_| schema["items"].is_object()) {
                    self.validate(&schema["items"], row, &format!("{at}[{place}]"), wrong);
                }
            }
            Value::Object(fields) => {
                for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if !fields.contains_key(name) {
                        wrong.push(format!("{at}: {name} is missing"));
                    }
                }
                for (name, member) in fields {
                    let others = &schema["additionalProperties"];
                    match schema["properties"].get(name) {
                        Some(known) => self.validate(known, member, &format!("{at}.{name}"), wrong),
                        None if others.is_object() => {
                            self.validate(others, member, &format!("{at}.{name}"), wrong);
                        }
                        None if others == &json!(false) => wrong.push(format!("{at}: {name} is not known")),
                        None => {}
                    }
                }
            }
            Value::Bool(_) | Value::Null => {}
        }
    }

    /// Holds a value against the schema that its discriminator names, too.
    fn discriminate(&self, schema: &Value, name: &str, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let Some(property) = schema["discriminator"]["propertyName"].as_str() else { return };
        let Some(kind) = value[property].as_str() else { return };
        let mapped = schema["discriminator"]["mapping"][kind].as_str();
        let key = KEYS.iter().find(|(kty, _)| name.ends_with("/JsonWebKey") && kty == &kind);
        if let Some(particular) = mapped.or(key.map(|(_, particular)| *particular)) {
            // What it adds only: a key's general part names its particular ones again, in a circle.
            let mut own = self.at(particular).clone();
            own.as_object_mut().expect("a schema").remove("allOf");
            self.validate(&own, value, at, wrong);
        }
    }
}

/// The document's list of token types knows no DPoP; the vendor's guide (§3.2) and its SDKs do.
fn beside_the_point(at: &str, value: &Value) -> bool {
    at == "$.token_type" && value == "DPoP"
}

fn has_type(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    }
}

fn text_fits(schema: &Value, text: &str, at: &str, wrong: &mut Vec<String>) {
    let length = text.chars().count() as u64;
    let short = schema["minLength"].as_u64().is_some_and(|least| length < least);
    let long = schema["maxLength"].as_u64().is_some_and(|most| length > most);
    // RFC 3339 has no hour 24, no leap second that others would take, and always a zone.
    let undated = schema["format"] == "date-time" && text.parse::<jiff::Timestamp>().is_err();
    let no_mail = schema["format"] == "email" && text.split('@').filter(|part| !part.is_empty()).count() != 2;
    let no_address = schema["format"] == "uri" && text.parse::<url::Url>().is_err();
    if short || long || undated || no_mail || no_address {
        wrong.push(format!("{at}: {text:?} breaks length or format"));
    }
    // The document has none; were there one, it would have to be judged.
    assert!(schema["pattern"].is_null(), "{at}: a pattern that nobody holds values against");
}

fn number_fits(schema: &Value, number: &serde_json::Number, at: &str, wrong: &mut Vec<String>) {
    let Some(number) = number.as_f64() else { return };
    let low = schema["minimum"].as_f64().is_some_and(|least| number < least);
    let high = schema["maximum"].as_f64().is_some_and(|most| number > most);
    let wide = schema["format"] == "int32" && number.abs() > f64::from(i32::MAX);
    if low || high || wide {
        wrong.push(format!("{at}: {number} is out of bounds"));
    }
}

#[test]
fn the_judge_finds_what_is_wrong() {
    let api = Description::read();
    let told = |schema: &str, value: Value| {
        let mut wrong = Vec::new();
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        api.validate(&schema, &value, "$", &mut wrong);
        wrong
    };
    for (schema, value, wrong) in [
        ("Error", json!({ "errorCode": 7 }), "$.errorCode: 7 is not \"string\""),
        ("UserStatus", json!("GONE"), "$: \"GONE\" is not one of"),
        ("Group", json!({ "created": "2026-05-04" }), "$.created: \"2026-05-04\" breaks length or format"),
        ("JsonWebKey", json!({ "kty": "RSA", "n": 7 }), "$.n: 7 is not \"string\""),
        ("AppConfig", json!({ "type": "ACTIVE_DIRECTORY" }), "$: distinguishedName is missing"),
        ("EventHookChannelConfigAuthScheme", json!({ "value": "x" }), "$.value: is never answered"),
    ] {
        let told = told(schema, value.clone());
        assert!(told.iter().any(|line| line.starts_with(wrong)), "{schema} {value}: {told:?}");
    }
    assert_eq!(api.pattern("/api/v1/groups/rules"), Some("/api/v1/groups/rules"));
    assert_eq!(api.pattern("/api/v1/groups/x"), Some("/api/v1/groups/{groupId}"));
    assert_eq!(api.pattern("/api/v1/apps"), None);
}
