//! SCIM 2.0 group push: a group is an area, its members may enter at once and without end. SCIM has no times: the policy
//! must say `doors = "without times"` of the site, and tells each turn by itself.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use lanyard_engine::{
    clock::Clock,
    ports::{Check, DoorFeed, DoorMessage},
};
use lanyard_model::{
    door::{DoorRights, DoorSpan},
    id::SiteId,
    plan::Outcome,
};
use lanyard_wire::Transport;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::answer::{done, exchange};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A badge system that takes people and groups.
pub struct ScimFeed {
    site: SiteId,
    /// Without a slash at its end.
    base: String,
    token: SecretString,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl ScimFeed {
    /// `url` is what stands before `/Users`.
    ///
    /// # Errors
    /// An address that cannot be used, in a sentence.
    pub fn new(
        site: SiteId,
        url: &str,
        token: SecretString,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        url::Url::parse(url).map_err(|error| format!("{url} is no address: {error}"))?;
        Ok(Self { site, base: url.trim_end_matches('/').to_owned(), token, transport, clock })
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Outcome> {
        let unusable = || Outcome::NotDone { reason: "the feed's address cannot be used".into() };
        let token = format!("Bearer {}", self.token.expose_secret().trim());
        let mut token = header::HeaderValue::try_from(token).map_err(|_| unusable())?;
        token.set_sensitive(true);
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, token)
            .header(header::CONTENT_TYPE, "application/scim+json")
            .body(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string())))
            .map_err(|_| unusable())?;
        // There already is as good as made. A removal that clashes with another change has not happened.
        let adds = body.is_some_and(|body| body["Operations"][0]["op"] != "remove");
        let also: &[StatusCode] = if adds { &[StatusCode::CONFLICT] } else { &[] };
        let response = exchange(&*self.transport, request, also, self.clock.now()).await?;
        if response.body().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(response.body())
            .map_err(|error| Outcome::Unknown { reason: format!("its answer cannot be read: {error}") })
    }

    /// The id of the one resource whose attribute has this value.
    async fn find(&self, kind: &str, attribute: &str, value: &str) -> Result<Option<String>, Outcome> {
        let filter = format!("{attribute} eq {}", Value::from(value));
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", &filter).finish();
        let found = self.call(Method::GET, &format!("/{kind}?{query}"), None).await?;
        // Servers that do not know a filter answer everybody.
        let same = |one: &&Value| one[attribute].as_str().is_some_and(|is| is.eq_ignore_ascii_case(value));
        let first = found["Resources"].as_array().and_then(|list| list.iter().find(same));
        Ok(first.and_then(|one| one["id"].as_str()).map(str::to_owned))
    }

    async fn make(&self, kind: &str, body: &Value) -> Result<String, Outcome> {
        let made = self.call(Method::POST, &format!("/{kind}"), Some(body)).await?;
        made["id"].as_str().map(str::to_owned).ok_or_else(|| Outcome::Unknown {
            reason: format!("it does not say under which id it keeps a new {kind} entry"),
        })
    }

    async fn told(&self, message: &DoorMessage) -> Result<(), Outcome> {
        if let Some((area, _)) = message.rights.iter().find(|(_, span)| **span != DoorSpan::default()) {
            return Err(Outcome::Refused {
                code: "times".into(),
                text: format!("SCIM cannot say from when to when {area} may be entered"),
                fix: format!("write doors = \"without times\" into [sites.{}] of the policy", self.site),
            });
        }
        let user = match self.find("Users", "userName", &message.holder).await? {
            Some(user) => user,
            None if message.rights.is_empty() => return Ok(()),
            None => {
                let body = json!({ "schemas": [USER], "userName": message.holder, "active": true });
                self.make("Users", &body).await?
            }
        };
        // What is taken away goes first.
        for area in message.had.keys().filter(|area| !message.rights.contains_key(*area)) {
            if let Some(group) = self.find("Groups", "displayName", area).await? {
                let path = format!("members[value eq \"{user}\"]");
                self.patch(&group, &json!({ "op": "remove", "path": path })).await?;
            }
        }
        for area in message.rights.keys() {
            let member = json!([{ "value": user }]);
            match self.find("Groups", "displayName", area).await? {
                Some(group) => {
                    self.patch(&group, &json!({ "op": "add", "path": "members", "value": member })).await?;
                }
                None => {
                    let body = json!({ "schemas": [GROUP], "displayName": area, "members": member });
                    self.make("Groups", &body).await?;
                }
            }
        }
        Ok(())
    }

    async fn patch(&self, group: &str, operation: &Value) -> Result<(), Outcome> {
        let body = json!({ "schemas": [PATCH], "Operations": [operation] });
        self.call(Method::PATCH, &format!("/Groups/{group}"), Some(&body)).await.map(drop)
    }
}

#[async_trait]
impl DoorFeed for ScimFeed {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn recall(&self, _: Vec<(String, DoorRights)>) {}

    async fn tell(&self, message: &DoorMessage) -> Outcome {
        match self.told(message).await {
            Ok(()) => done(),
            Err(outcome) => outcome,
        }
    }

    async fn probe(&self) -> Vec<Check> {
        let found = self.find("Groups", "displayName", "Lanyard asks whether you are there").await;
        let (ok, detail, fix) = match found {
            Ok(_) => (true, "it answers".to_owned(), None),
            Err(Outcome::Denied { reason, fix }) => (false, reason, Some(fix)),
            Err(other) => (false, format!("{other:?}"), Some("check the address in [site.doors]".to_owned())),
        };
        vec![Check { name: format!("doors.{}", self.site), ok, warning: false, detail, fix }]
    }
}
