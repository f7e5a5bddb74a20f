//! The OpenAPI document, made from the table of routes and the schemas beside it.

use serde_json::{Map, Value, json};

use crate::routes::routes;

/// Shapes of bodies, by name.
const SCHEMAS: &str = include_str!("openapi/schemas.json");

/// The document, in the order of the table; equal tables give equal texts.
///
/// # Panics
/// Never in a build whose tests passed: only if the schemas beside this file were no JSON.
pub fn document() -> Value {
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        let path = format!("/api/v1{}", route.path);
        let mut parameters: Vec<Value> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        parameters.extend(route.asks.iter().map(|(name, kind, meaning)| {
            json!({ "name": name, "in": "query", "description": meaning, "schema": { "type": kind } })
        }));
        let mut responses = Map::new();
        match route.answers {
            Some(schema) => {
                let content = json!({ "application/json": { "schema": reference(schema) } });
                responses.insert("200".into(), json!({ "description": "Done", "content": content }));
            }
            None if route.streams => {
                let content = json!({ "text/event-stream": { "schema": { "type": "string" } } });
                responses.insert("200".into(), json!({ "description": "A stream", "content": content }));
            }
            None if route.gives.is_some() => {
                let kind = route.gives.unwrap_or_default();
                let content = json!({ kind: { "schema": { "type": "string", "format": "binary" } } });
                responses.insert("200".into(), json!({ "description": "A file", "content": content }));
            }
            None => drop(responses.insert("204".into(), json!({ "description": "Done" }))),
        }
        responses.insert("default".into(), json!({ "$ref": "#/components/responses/Problem" }));
        let mut operation = json!({
            "operationId": operation_id(route.method, route.path),
            "tags": [route.tag],
            "summary": route.says,
            "responses": responses,
        });
        if !parameters.is_empty() {
            operation["parameters"] = Value::Array(parameters);
        }
        if let Some(schema) = route.takes {
            let content = json!({ "application/json": { "schema": reference(schema) } });
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        match route.needs {
            None => operation["security"] = json!([]),
            Some(needs) => {
                operation["x-permit"] = json!(needs.permit);
                operation["x-role"] = json!(needs.permit.least_role());
                if needs.everywhere {
                    operation["x-everywhere"] = json!(true);
                }
            }
        }
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[route.method] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lanyard",
            "version": "1",
            "description": "What the console and the command line use. Refusals are problem details (RFC 9457). \
                Writes by cookie carry `X-Lanyard-Csrf` from `/api/v1/session`; tokens need none. `x-role` is the \
                least role that an operation needs; `x-everywhere` means that it must hold for all tenants and sites.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-lanyard" },
            },
            "responses": {
                "Problem": {
                    "description": "A refusal: what happened, and the way out",
                    "content": { "application/problem+json": { "schema": reference("Problem") } },
                },
            },
            "schemas": schemas,
        },
    })
}

/// The document as it is checked in.
pub fn text() -> String {
    serde_json::to_string_pretty(&document()).unwrap_or_default() + "\n"
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// `get /people/{tenant}/{id}/plan` is `getPeopleByTenantByIdPlan`.
fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_owned();
    for part in path.split(['/', '-', '.']).filter(|part| !part.is_empty()) {
        let (by, name) = match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(name) => ("By", name),
            None => ("", part),
        };
        id.push_str(by);
        let mut letters = name.chars();
        id.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}
