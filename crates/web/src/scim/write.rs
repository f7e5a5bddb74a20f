//! Requests that change something: kept for the client, and a hint for us, in one durable batch.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse as _,
};
use lanyard_engine::{ports::Document, pushed::Pushed};
use lanyard_model::{id::IdentityId, signal::Lane};
use lanyard_scim::{Kind, Patch, Refusal, Resource, body::PAGE_MAX, body::Page};
use serde_json::Value;
use tokio::sync::MutexGuard;

use super::{
    Scim, Tenant,
    fault::Fault,
    kept::{Kept, fresh_id},
    read::{Answer, answer},
};

/// A whole group of 100,000 members fits.
const BODY_BYTES_MAX: usize = 16 << 20;
/// More people at once wait behind single changes.
const AT_ONCE_MAX: usize = 100;
const ID_BYTES_MAX: usize = 64;

/// `POST`: 201, or 409 for a name that is in use. It never overwrites: a POST repeated after a time-out finds 409.
pub(super) async fn create(
    kind: Kind,
    State(scim): State<Arc<Scim>>,
    Extension(tenant): Extension<Tenant>,
    body: Body,
) -> Answer {
    let mut resource = Resource::read(kind, &json(body).await?)?;
    if kind == Kind::User {
        let active = resource.is_active();
        resource = resource.with_active(active);
    }
    let _alone = scim.alone(&tenant).await;
    let shelf = scim.shelf(&tenant);
    for key in resource.keys().iter().filter(|key| key.sole) {
        if !shelf.by(kind, key.field, &key.value).await?.is_empty() {
            return Err(Refusal::Uniqueness(key.field.name().to_owned()).into());
        }
    }
    let now = scim.web.engine.clock().now();
    let (forget, kept) = match shelf.tombstone_for(&resource).await? {
        Some((tombstone, kept)) => (vec![tombstone], kept.changed(resource, now)),
        None => (Vec::new(), Kept::new(fresh_id(), resource, now)),
    };
    let kept = scim.keep(&tenant, "POST", None, kept, forget).await?;
    let mut response = answer(StatusCode::CREATED, &kept.render(&tenant));
    if let Ok(location) = HeaderValue::from_str(&kept.location(&tenant)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `PUT`: what is not sent is gone, but see [`Resource::replaced_by`].
pub(super) async fn replace(
    kind: Kind,
    State(scim): State<Arc<Scim>>,
    Extension(tenant): Extension<Tenant>,
    Path((_, id)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let given = Resource::read(kind, &json(body).await?)?;
    scim.change(&tenant, kind, &id, "PUT", |before| Ok(before.replaced_by(given))).await
}

/// `PATCH`: all changes or none.
pub(super) async fn patch(
    kind: Kind,
    State(scim): State<Arc<Scim>>,
    Extension(tenant): Extension<Tenant>,
    Path((_, id)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let patch = Patch::parse(kind, &json(body).await?)?;
    scim.change(&tenant, kind, &id, "PATCH", |before| patch.apply(before)).await
}

/// `DELETE`: a user leaves a tombstone, and the groups; a group goes.
pub(super) async fn delete(
    kind: Kind,
    State(scim): State<Arc<Scim>>,
    Extension(tenant): Extension<Tenant>,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let _alone = scim.alone(&tenant).await;
    let shelf = scim.shelf(&tenant);
    let kept = shelf.one(kind, &id).await?.ok_or_else(|| Fault::not_found(kind.name()))?;
    let mut keep = Vec::new();
    let (who, lane) = match kind {
        Kind::User => {
            let now = scim.web.engine.clock().now();
            let ended = kept.changed(kept.resource.clone().with_active(false), now);
            keep.push(ended.tombstone(&tenant.id)?);
            keep.extend(scim.groups_without(&tenant, &id).await?);
            (concerned(&tenant, [&kept.resource]), Lane::Leaver)
        }
        Kind::Group => {
            let members: Vec<_> = kept.resource.members().map(str::to_owned).collect();
            scim.people(&tenant, &members).await?
        }
    };
    let pushed = Pushed {
        keep,
        forget: vec![kept.document(&tenant.id)?],
        who,
        lane,
        why: format!("DELETE /{}", kind.endpoint()),
    };
    scim.web.engine.take_push(&tenant.id, pushed).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl Scim {
    /// Waits until no other write of this tenant is under way.
    async fn alone(&self, tenant: &Tenant) -> Option<MutexGuard<'_, ()>> {
        match self.writing.get(&tenant.id) {
            Some(writing) => Some(writing.lock().await),
            None => None,
        }
    }

    async fn change(
        &self,
        tenant: &Tenant,
        kind: Kind,
        id: &str,
        method: &str,
        change: impl FnOnce(&Resource) -> Result<Resource, Refusal>,
    ) -> Answer {
        let _alone = self.alone(tenant).await;
        let before = self.shelf(tenant).one(kind, id).await?.ok_or_else(|| Fault::not_found(kind.name()))?;
        let resource = change(&before.resource)?;
        let after = before.changed(resource, self.web.engine.clock().now());
        let after = self.keep(tenant, method, Some(&before), after, Vec::new()).await?;
        Ok(answer(StatusCode::OK, &after.render(tenant)))
    }

    /// Keeps a resource and asks for a look at those whom it concerns, also when nothing has changed in it: a client
    /// repeats what it is not sure of.
    async fn keep(
        &self,
        tenant: &Tenant,
        method: &str,
        before: Option<&Kept>,
        mut after: Kept,
        forget: Vec<Document>,
    ) -> Result<Kept, Fault> {
        let kind = after.resource.kind();
        let (who, lane) = match kind {
            Kind::User => {
                let lane = if after.resource.is_active() { Lane::Normal } else { Lane::Leaver };
                (concerned(tenant, before.map(|b| &b.resource).into_iter().chain([&after.resource])), lane)
            }
            Kind::Group => self.settle_members(tenant, before, &mut after).await?,
        };
        let same = before.is_some_and(|before| before.resource == after.resource);
        let after = match before {
            Some(before) if same => before.clone(),
            _ => after,
        };
        let keep = if same { Vec::new() } else { vec![after.document(&tenant.id)?] };
        let why = format!("{method} /{}", kind.endpoint());
        self.web.engine.take_push(&tenant.id, Pushed { keep, forget, who, lane, why }).await?;
        Ok(after)
    }

    /// Leaves out members that are no users here (refusing them would end the client's mapping); answers the people who
    /// came or went.
    async fn settle_members(
        &self,
        tenant: &Tenant,
        before: Option<&Kept>,
        after: &mut Kept,
    ) -> Result<(Vec<IdentityId>, Lane), Fault> {
        let old: BTreeSet<String> =
            before.iter().flat_map(|kept| kept.resource.members()).map(str::to_owned).collect();
        let new: BTreeSet<String> = after.resource.members().map(str::to_owned).collect();
        let came: Vec<String> = new.difference(&old).cloned().collect();
        let known = self.shelf(tenant).many(Kind::User, &came).await?;
        let ids: BTreeSet<&str> = known.iter().map(|user| user.id.as_str()).collect();
        if after.resource.retain_members(|id| old.contains(id) || ids.contains(id)) {
            tracing::warn!(tenant = %tenant.id, group = after.id, "members that are no users here were left out");
        }
        let moved: Vec<String> = old.symmetric_difference(&new).cloned().collect();
        self.people(tenant, &moved).await
    }

    /// The identities of these users, and how urgent they are together.
    async fn people(&self, tenant: &Tenant, ids: &[String]) -> Result<(Vec<IdentityId>, Lane), Fault> {
        let users = self.shelf(tenant).many(Kind::User, ids).await?;
        let who = concerned(tenant, users.iter().map(|user| &user.resource));
        let lane = if who.len() > AT_ONCE_MAX { Lane::Bulk } else { Lane::Normal };
        Ok((who, lane))
    }

    /// The groups that had this member, without it.
    async fn groups_without(&self, tenant: &Tenant, id: &str) -> Result<Vec<Document>, Fault> {
        let mut changed = Vec::new();
        let mut page = Page { start: 1, count: PAGE_MAX };
        loop {
            let (groups, _) = self.shelf(tenant).page(Kind::Group, page).await?;
            for group in &groups {
                let mut resource = group.resource.clone();
                if resource.retain_members(|member| member != id) {
                    let now = self.web.engine.clock().now();
                    changed.push(group.changed(resource, now).document(&tenant.id)?);
                }
            }
            if groups.len() < page.count {
                return Ok(changed);
            }
            page.start += page.count;
        }
    }
}

/// The identities that these users stand for: those with an Okta id, each once. An Okta id that was replaced by another
/// is looked at too: it may belong to somebody who was created anew.
fn concerned<'r>(tenant: &Tenant, users: impl IntoIterator<Item = &'r Resource>) -> Vec<IdentityId> {
    let ids: BTreeSet<&str> =
        users.into_iter().filter_map(Resource::external_id).filter(is_okta_id).collect();
    ids.into_iter().map(|id| IdentityId::new(tenant.id.clone(), id)).collect()
}

/// What cannot be an id of Okta is not asked for there.
fn is_okta_id(id: &&str) -> bool {
    id.len() <= ID_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

async fn json(body: Body) -> Result<Value, Fault> {
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or broke off"))?;
    serde_json::from_slice(&bytes)
        .map_err(|problem| Refusal::InvalidSyntax(format!("the body is not JSON: {problem}")).into())
}
