//! Attribute names of people, over all user types (contract §6.1).

use std::collections::BTreeMap;

use lanyard_engine::ports::Silent;
use lanyard_model::signal::Lane;
use serde_json::Value;
use url::Url;

use crate::client::{Call, OktaClient, Route};
use crate::json;
use crate::listing::Pages;
use crate::problem::Problem;

const TYPES: Route = Route { endpoint: "GET /meta/types/user", bucket: "meta" };
const SCHEMA: Route = Route { endpoint: "GET /meta/schemas/user/{id}", bucket: "meta" };

/// One attribute of the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeSchema {
    /// Okta's name; case matters.
    pub name: String,
    pub title: String,
    /// `string`, `boolean`, `number`, `integer` or `array`, as sent.
    pub kind: String,
    pub custom: bool,
}

impl OktaClient {
    /// All attributes of all user types, by name; each type has its own schema, so an attribute may exist for
    /// contractors only. Where types cannot be listed, the default schema is read alone.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn attributes(&self) -> Result<Vec<AttributeSchema>, Problem> {
        let core = &*self.core;
        let mut found = BTreeMap::new();
        for url in self.schema_addresses().await? {
            let answer = core.call(&Call::read(SCHEMA, url, Lane::Normal, "the user schema")).await?;
            let schema = answer.json("the user schema")?;
            for (part, custom) in [("base", false), ("custom", true)] {
                let properties =
                    schema.pointer(&format!("/definitions/{part}/properties")).and_then(Value::as_object);
                for (name, attribute) in properties.into_iter().flatten() {
                    let title = json::text(attribute, "title").unwrap_or_else(|| name.clone());
                    let kind = json::text(attribute, "type").unwrap_or_else(|| "string".to_owned());
                    found.entry(name.clone()).or_insert(AttributeSchema {
                        name: name.clone(),
                        title,
                        kind,
                        custom,
                    });
                }
            }
        }
        Ok(found.into_values().collect())
    }

    async fn schema_addresses(&self) -> Result<Vec<Url>, Problem> {
        let core = &*self.core;
        let pages = Pages {
            route: TYPES,
            first: core.address(&["api", "v1", "meta", "types", "user"], &[]),
            limit: None,
            lane: Lane::Normal,
            what: "user types",
            keep: None,
            ends_when_empty: false,
            links: true,
            progress: &Silent,
        };
        let default = core.address(&["api", "v1", "meta", "schemas", "user", "default"], &[]);
        let links =
            match core.walk(pages, |row, _| Some(json::text_at(row, &["_links", "schema", "href"]))).await {
                Ok(walked) => walked.rows,
                Err(Problem::Forbidden { .. } | Problem::NotFound { .. }) => return Ok(vec![default]),
                Err(problem) => return Err(problem),
            };
        let mut addresses = Vec::new();
        for link in links.into_iter().flatten() {
            addresses.push(core.own_link(&link).await?);
        }
        if addresses.is_empty() {
            addresses.push(default);
        }
        Ok(addresses)
    }
}
