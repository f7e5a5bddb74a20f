//! Shares of the quotas: what one API token or service app may use of each bucket, and of the requests in flight.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    errors::{ApiError, ApiResult},
    moment::Moment,
    paging,
    request::{Answer, Call},
    search::{self, Literal, Operator},
    state::Org,
};

const PAGE: usize = 20;
const PAGE_MAX: usize = 50;

/// One principal's share, set through the API; others have the org's default.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Percent of each bucket.
    pub percent: u64,
    /// Percent of the requests in flight.
    pub concurrency_percent: u64,
    pub set: Moment,
}

impl Org {
    /// `GET /api/v1/principal-rate-limits?filter=principalType eq "…"`: an entity for each principal.
    pub fn list_principal_limits(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let filter =
            call.given("filter").ok_or_else(|| ApiError::invalid("filter", "The field is required"))?;
        let resolve = |name: &str, operator: Operator| match (name, operator) {
            ("principalType" | "principalId", Operator::Eq) => Ok(name.to_owned()),
            _ => Err(format!("'{name}' is not supported by filter with this operator")),
        };
        let parsed = search::parse(filter, &resolve).map_err(|why| ApiError::invalid("filter", &why))?;
        let value = |name: &str| {
            let (_, _, literal) = parsed.required().into_iter().find(|(attribute, ..)| *attribute == name)?;
            if let Literal::Text(value) = literal { Some(value.clone()) } else { None }
        };
        let kind = value("principalType").filter(|kind| kind == "SSWS_TOKEN" || kind == "OAUTH_CLIENT");
        let kind = kind.ok_or_else(|| ApiError::invalid("filter", "Invalid search criteria"))?;
        let wanted = value("principalId");
        let rows: Vec<Value> = (self.principals(&kind).into_iter())
            .filter(|id| wanted.as_ref().is_none_or(|wanted| wanted == id))
            .map(|id| self.principal_limit(&id, &kind))
            .collect();
        let limit = match call.given("limit").map(str::parse::<usize>) {
            None => PAGE,
            Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => limit,
            Some(_) => return Err(ApiError::invalid("limit", "The limit is out of range")),
        };
        let from = match call.given("after") {
            None => 0,
            Some(after) => {
                let place = self.cursors.open(after, call.now)?;
                let last = place.strip_prefix('q');
                let at = last.and_then(|last| rows.iter().position(|row| row["id"] == *last));
                at.ok_or_else(|| ApiError::refused("after", "Invalid pagination cursor"))? + 1
            }
        };
        let page: Vec<Value> = rows.iter().skip(from).take(limit).cloned().collect();
        let more = from + page.len() < rows.len();
        let last = page.last().filter(|_| more).and_then(|row| row["id"].as_str());
        let next = last.map(|id| self.cursors.seal(&format!("q{id}"), call.now));
        Ok(Answer::value(&Value::from(page)).linked(paging::links(call, next.as_deref(), limit, &[])))
    }

    /// `POST /api/v1/principal-rate-limits`: one entity for each principal, once.
    pub fn post_principal_limit(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let body = call.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, kind) = (text("principalId"), text("principalType"));
        if kind != "SSWS_TOKEN" && kind != "OAUTH_CLIENT" {
            return Err(ApiError::invalid("principalType", "Must be SSWS_TOKEN or OAUTH_CLIENT"));
        }
        if !self.principals(&kind).contains(&id) {
            return Err(ApiError::missing(&id, "Principal"));
        }
        let label = label(&id, &kind);
        if self.limits.shares.contains_key(&*label) {
            return Err(ApiError::invalid(
                "principalId",
                "An object with this field already exists in the current organization",
            ));
        }
        let percent = |name: &str, otherwise: u64| match body.get(name) {
            None | Some(Value::Null) => Ok(otherwise),
            Some(value) => (value.as_u64().filter(|percent| *percent <= 100))
                .ok_or_else(|| ApiError::invalid(name, "Must be between 0 and 100")),
        };
        let quotas = &self.settings.quotas;
        let share = Share {
            percent: percent("defaultPercentage", quotas.principal_percent)?,
            concurrency_percent: percent(
                "defaultConcurrencyPercentage",
                quotas.principal_concurrency_percent,
            )?,
            set: call.now,
        };
        self.limits.shares.insert(label.into(), share);
        let entity = self.principal_limit(&id, &kind);
        self.record(&call.cause.clone(), "principal_rate_limit", &id, None, Some(entity.to_string()));
        Ok(Answer { status: StatusCode::CREATED, ..Answer::value(&entity) })
    }

    /// Ids of live principals, sorted.
    fn principals(&self, kind: &str) -> Vec<String> {
        let mut ids: Vec<String> = if kind == "SSWS_TOKEN" {
            let live = self.access.api_tokens.values().filter(|token| !token.revoked);
            live.map(|token| token.id.to_string()).collect()
        } else {
            self.access.service_apps.iter().map(|app| app.client_id.clone()).collect()
        };
        ids.sort_unstable();
        ids
    }

    fn principal_limit(&self, id: &str, kind: &str) -> Value {
        let quotas = &self.settings.quotas;
        let share = self.limits.shares.get(label(id, kind).as_str()).copied().unwrap_or(Share {
            percent: quotas.principal_percent,
            concurrency_percent: quotas.principal_concurrency_percent,
            set: Moment(0),
        });
        let tail: String = id.chars().rev().take(17).collect();
        json!({
            "id": format!("prl{tail}"), "orgId": self.id.as_str(),
            "principalId": id, "principalType": kind,
            "defaultPercentage": share.percent,
            "defaultConcurrencyPercentage": share.concurrency_percent,
            "createdBy": "system", "createdDate": share.set.iso(),
            "lastUpdate": share.set.iso(), "lastUpdatedBy": "system",
        })
    }
}

/// The name under which calls of a principal are counted.
fn label(id: &str, kind: &str) -> String {
    format!("{}:{id}", if kind == "SSWS_TOKEN" { "token" } else { "client" })
}
