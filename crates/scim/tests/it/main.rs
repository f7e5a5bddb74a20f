//! SCIM resources, filters and PATCH, by table.

mod filters;
mod patches;
mod resources;

use lanyard_scim::{Kind, Resource, resource::Meta};
use serde_json::{Value, json};

fn ines() -> Resource {
    user(&json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "Ines.Okafor@northgate.example",
        "name": { "givenName": "Ines", "familyName": "Okafor" },
        "emails": [{ "primary": true, "value": "ines.okafor@northgate.example", "type": "work" }],
        "displayName": "Ines Okafor", "locale": "en-GB", "externalId": "00u7k2m9xQpLr4TnW1d8",
        "groups": [], "password": "correct horse", "active": true,
    }))
}

fn facilities(members: &[&str]) -> Resource {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    Resource::read(Kind::Group, &json!({ "displayName": "DEPT-Facilities", "members": members })).unwrap()
}

fn user(body: &Value) -> Resource {
    Resource::read(Kind::User, body).unwrap()
}

fn shown(resource: &Resource) -> Value {
    resource.render(Meta { id: "2c9f", location: "/Users/2c9f", created: "then", modified: "now" })
}
