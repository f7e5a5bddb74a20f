//! Holds an answer against its schema in the OpenAPI document, as far as the document's schemas go.

use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../../docs/reference/openapi.json");

pub struct Document(Value);

impl Document {
    pub fn read() -> Self {
        Self(serde_json::from_str(DOCUMENT).expect("the document is JSON"))
    }

    /// Paths that answer a `GET` with JSON.
    pub fn gets(&self) -> Vec<String> {
        let paths = self.0["paths"].as_object().expect("paths").iter();
        let json = "/get/responses/200/content/application~1json";
        paths.filter(|(_, path)| path.pointer(json).is_some()).map(|(name, _)| name.clone()).collect()
    }

    /// Everything wrong with the answer of `GET path`, with the place of each.
    pub fn mistakes(&self, path: &str, answer: &Value) -> Vec<String> {
        self.mistakes_of("get", path, answer)
    }

    /// The same of another method.
    pub fn mistakes_of(&self, method: &str, path: &str, answer: &Value) -> Vec<String> {
        let pointer = format!(
            "/paths/{}/{method}/responses/200/content/application~1json/schema",
            path.replace('~', "~0").replace('/', "~1")
        );
        let schema = self.0.pointer(&pointer).unwrap_or_else(|| panic!("{method} {path} has no schema"));
        let mut found = Vec::new();
        self.check(schema, answer, path, &mut found);
        found
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let schema = self.0.pointer(name.trim_start_matches('#')).expect("a schema of this name");
            return self.check(schema, value, at, found);
        }
        if let Some(any) = schema["anyOf"].as_array() {
            let tries: Vec<Vec<String>> = any
                .iter()
                .map(|schema| {
                    let mut found = Vec::new();
                    self.check(schema, value, at, &mut found);
                    found
                })
                .collect();
            if tries.iter().all(|found| !found.is_empty()) {
                found.extend(tries.into_iter().flatten());
            }
            return;
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let is = |kind: &&str| match *kind {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("the document has a type {other}"),
        };
        if !kinds.iter().any(is) {
            found.push(format!("{at} is {value}, not {}", kinds.join(" or ")));
            return;
        }
        if let (Some(words), false) = (schema["enum"].as_array(), value.is_null())
            && !words.contains(value)
        {
            found.push(format!("{at} is {value}, not one of {words:?}"));
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}[{index}]"), found);
        }
        if let Some(object) = value.as_object() {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !object.contains_key(name) {
                    found.push(format!("{at} lacks {name}"));
                }
            }
            for (name, inner) in object {
                match (schema["properties"].get(name), &schema["additionalProperties"]) {
                    (Some(schema), _) => self.check(schema, inner, &format!("{at}.{name}"), found),
                    (None, Value::Bool(false)) => {
                        found.push(format!("{at} has {name}, which is not described"))
                    }
                    (None, schema) => self.check(schema, inner, &format!("{at}.{name}"), found),
                }
            }
        }
    }
}
