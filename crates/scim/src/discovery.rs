//! What the server can do, and what its resources look like (RFC 7643 §5-7). Okta does not ask; other clients do.

use serde_json::{Value, json};

use crate::{
    Kind,
    body::PAGE_MAX,
    schema::{Attribute, ENTERPRISE, Shape},
};

const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// `/ServiceProviderConfig`. `base` is the tenant's base address without a slash at the end.
pub fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": [CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": PAGE_MAX },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [
            { "type": "oauthbearertoken", "name": "Bearer token", "description": "The tenant's token in the Authorization header", "primary": true },
            { "type": "httpbasic", "name": "HTTP Basic", "description": "Any user name, with the tenant's token as password" },
        ],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

/// `/ResourceTypes`, each.
pub fn resource_types(base: &str) -> Vec<Value> {
    [Kind::User, Kind::Group]
        .map(|kind| {
            let extensions: Vec<_> =
                kind.extension().iter().map(|e| json!({ "schema": e.name, "required": false })).collect();
            json!({
                "schemas": [RESOURCE_TYPE],
                "id": kind.name(),
                "name": kind.name(),
                "endpoint": format!("/{}", kind.endpoint()),
                "schema": kind.schema(),
                "schemaExtensions": extensions,
                "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name()) },
            })
        })
        .to_vec()
}

/// `/Schemas`, each.
pub fn schemas(base: &str) -> Vec<Value> {
    let one = |id: &str, name: &str, attributes: &[Attribute]| {
        json!({
            "schemas": [SCHEMA],
            "id": id,
            "name": name,
            "attributes": attributes.iter().map(describe).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
        })
    };
    let mut all: Vec<_> = [Kind::User, Kind::Group]
        .into_iter()
        .map(|kind| one(kind.schema(), kind.name(), kind.attributes()))
        .collect();
    if let Some(Attribute { shape: Shape::Complex(parts), .. }) = Kind::User.extension() {
        all.push(one(ENTERPRISE, "EnterpriseUser", parts));
    }
    all
}

fn describe(attribute: &Attribute) -> Value {
    let (kind, parts) = match attribute.shape {
        Shape::Text => ("string", None),
        Shape::Flag => ("boolean", None),
        Shape::Complex(parts) => ("complex", Some(parts)),
    };
    let mut described = json!({
        "name": attribute.name,
        "type": kind,
        "multiValued": attribute.many,
        "required": attribute.required,
        "caseExact": attribute.exact,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": if attribute.unique { "server" } else { "none" },
    });
    if let Some(parts) = parts {
        described["subAttributes"] = parts.iter().map(describe).collect();
    }
    described
}
