//! Requests that only read.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use lanyard_scim::{Filter, Kind, body, body::Page, discovery};
use serde_json::Value;

use super::{CONTENT_TYPE, Scim, Tenant, fault::Fault, kept::Shelf};

pub(super) type Answer = Result<Response, Fault>;

/// A body with a status.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body.to_string()).into_response()
}

impl Scim {
    pub(super) fn shelf<'s>(&'s self, tenant: &'s Tenant) -> Shelf<'s> {
        Shelf { store: &**self.web.engine.store(), tenant: &tenant.id }
    }
}

/// `GET /Users`, `GET /Groups`: nothing found is a list too.
pub(super) async fn list(
    kind: Kind,
    State(scim): State<Arc<Scim>>,
    Extension(tenant): Extension<Tenant>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let asked = |name: &str| {
        query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    let page = Page::parse(asked("startIndex"), asked("count"))?;
    let shelf = scim.shelf(&tenant);
    let (found, total) = match asked("filter") {
        None => shelf.page(kind, page).await?,
        Some(filter) => {
            let found = shelf.matching(kind, &Filter::parse(kind, filter)?).await?;
            let total = found.len() as u64;
            (found.into_iter().skip(page.skip()).take(page.count).collect(), total)
        }
    };
    let resources = found.iter().map(|kept| kept.render(&tenant)).collect();
    Ok(answer(StatusCode::OK, &body::list(total, page, resources)))
}

/// `GET /Users/{id}`, `GET /Groups/{id}`
pub(super) async fn one(
    kind: Kind,
    State(scim): State<Arc<Scim>>,
    Extension(tenant): Extension<Tenant>,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let kept = scim.shelf(&tenant).one(kind, &id).await?;
    let kept = kept.ok_or_else(|| Fault::not_found(kind.name()))?;
    Ok(answer(StatusCode::OK, &kept.render(&tenant)))
}

/// `GET /ServiceProviderConfig`
pub(super) async fn config(Extension(tenant): Extension<Tenant>) -> Response {
    answer(StatusCode::OK, &discovery::service_provider_config(&tenant.base))
}

/// `GET /ResourceTypes`
pub(super) async fn resource_types(Extension(tenant): Extension<Tenant>) -> Response {
    whole(discovery::resource_types(&tenant.base))
}

/// `GET /ResourceTypes/{id}`
pub(super) async fn resource_type(
    Extension(tenant): Extension<Tenant>,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    named(discovery::resource_types(&tenant.base), &id, "ResourceType")
}

/// `GET /Schemas`
pub(super) async fn schemas(Extension(tenant): Extension<Tenant>) -> Response {
    whole(discovery::schemas(&tenant.base))
}

/// `GET /Schemas/{id}`
pub(super) async fn schema(
    Extension(tenant): Extension<Tenant>,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    named(discovery::schemas(&tenant.base), &id, "Schema")
}

fn whole(resources: Vec<Value>) -> Response {
    let page = Page { start: 1, count: resources.len() };
    answer(StatusCode::OK, &body::list(resources.len() as u64, page, resources))
}

fn named(resources: Vec<Value>, id: &str, what: &str) -> Answer {
    let found = resources.into_iter().find(|resource| resource["id"] == id);
    found.map(|found| answer(StatusCode::OK, &found)).ok_or_else(|| Fault::not_found(what))
}
