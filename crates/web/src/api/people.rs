//! People: the list, one person now, their timeline, and what would be done for them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use jiff::Timestamp;
use lanyard_engine::{
    explain::{Preview, PreviewError},
    ports::{ActivityFilter, COUNTED_MAX, Mirrored, Order},
};
use lanyard_model::{
    account::Account,
    desired::{Because, Desired, Lifecycle, SeatWish},
    id::{IdentityId, TenantId},
    identity::Identity,
    link::Link,
    place::Catalogue,
    plan::{Gate, Plan},
};
use lanyard_plan::render::render_because;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, activity::line};
use crate::{
    WebState,
    access::{Caller, Reach},
    problem::Problem,
};

#[derive(Debug, Default, Deserialize)]
pub struct PeopleQuery {
    search: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
    tenant: Option<String>,
    sort: Option<String>,
}

/// Pages read for one answer when most people belong to sites that the caller does not see.
const PAGES_MAX: usize = 10;

/// `GET /api/v1/people`: of the tenants and sites that the caller sees, tenant by tenant if there are several.
pub async fn list(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<PeopleQuery>,
) -> Answer {
    let asked = query.tenant.as_deref().filter(|t| *t != "all").map(TenantId::new);
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let text = query.search.unwrap_or_default();
    let order = match query.sort.as_deref() {
        None | Some("name") => Order::Rising,
        Some("-name") => Order::Falling,
        Some(_) => return Err(Problem::field("sort", "name or -name")),
    };
    let store = state.engine.store();
    // `None`: all tenants in one list, by name.
    let scopes: Vec<Option<TenantId>> = match (asked, caller.reach()) {
        (Some(tenant), reach) if reach.holds(&tenant) => vec![Some(tenant)],
        (Some(_), _) => vec![],
        (None, Reach::Everywhere) => vec![None],
        (None, Reach::Only(tenants)) => tenants.into_iter().map(Some).collect(),
    };
    let (mut index, mut cursor) = match query.cursor.as_deref().and_then(|text| text.split_once('|')) {
        Some((index, inner)) => {
            (index.parse::<usize>().unwrap_or(0), Some(inner.to_owned()).filter(|c| !c.is_empty()))
        }
        None => (0, None),
    };
    let mut items: Vec<Value> = Vec::new();
    // How many fit in each tenant that was asked; `None`: more than are counted.
    let mut counts: BTreeMap<usize, Option<u64>> = BTreeMap::new();
    for _ in 0..PAGES_MAX {
        let Some(scope) = scopes.get(index) else { break };
        let room = limit - items.len();
        let (found, next, fit) =
            store.search_people(scope.as_ref(), &text, order, cursor.as_deref(), room).await?;
        counts.insert(index, fit);
        for mirrored in &found {
            items.extend(row(&state, &caller, mirrored).await?);
        }
        (index, cursor) = match next {
            Some(next) => (index, Some(next)),
            None => (index + 1, None),
        };
        if items.len() >= limit {
            break;
        }
    }
    for (index, scope) in scopes.iter().enumerate() {
        if let Entry::Vacant(unknown) = counts.entry(index) {
            unknown.insert(store.search_people(scope.as_ref(), &text, order, None, 1).await?.2);
        }
    }
    let total: Option<u64> = counts.values().copied().sum();
    let next = (index < scopes.len()).then(|| format!("{index}|{}", cursor.unwrap_or_default()));
    // Whoever sees a part of the sites only is not told how many there are elsewhere.
    let whole = caller.grants.iter().any(|grant| grant.sites.is_empty());
    let more_than = (whole && total.is_none()).then_some(COUNTED_MAX);
    Ok(Json(
        json!({ "items": items, "next": next, "total": total.filter(|_| whole), "more_than": more_than }),
    ))
}

/// `None` for somebody the caller's sites do not know.
async fn row(state: &WebState, caller: &Caller, mirrored: &Mirrored) -> Result<Option<Value>, Problem> {
    let store = state.engine.store();
    let links = visible(caller, store.links_of(&mirrored.identity.id).await?);
    if !caller.sees(Some(&mirrored.identity.id.tenant), None) && links.is_empty() {
        return Ok(None);
    }
    let mut seat = None;
    for link in links.iter().filter(|link| link.ended_at.is_none()) {
        if let (Some(account), Some(site)) =
            (store.account(&link.account).await?, state.engine.sites().get(&link.account.site))
        {
            seat = seat.or(account.seat.map(|seat| site.catalogue().room_path(seat.room)));
        }
    }
    let mut value = person(&mirrored.identity, mirrored.gone_at.is_some());
    value["situation"] = situation(&links, mirrored.gone_at.is_some()).into();
    value["seat"] = seat.into();
    value["sites"] =
        json!(links.iter().filter(|l| l.ended_at.is_none()).map(|l| &l.account.site).collect::<Vec<_>>());
    value["last_change_at"] = json!(mirrored.since);
    Ok(Some(value))
}

/// Links into sites that the caller sees.
pub(super) fn visible(caller: &Caller, mut links: Vec<Link>) -> Vec<Link> {
    links.retain(|link| caller.sees(Some(&link.identity.tenant), Some(&link.account.site)));
    links
}

fn situation(links: &[Link], gone: bool) -> &'static str {
    match (gone, links.iter().any(|link| link.ended_at.is_none()), links.is_empty()) {
        (true, _, _) => "deleted",
        (_, true, _) => "linked",
        (_, false, false) => "ended",
        _ => "unlinked",
    }
}

fn person(identity: &Identity, gone: bool) -> Value {
    let text = |name| identity.profile.text(name);
    json!({
        "tenant": identity.id.tenant,
        "id": identity.id.user,
        "name": identity.display_name(),
        "email": text("email"),
        "department": text("department"),
        "title": text("title"),
        "status": if gone { "DELETED" } else { identity.status.as_str() },
    })
}

fn identity_id(tenant: &str, id: &str) -> IdentityId {
    IdentityId::new(TenantId::new(tenant), id)
}

impl From<PreviewError> for Problem {
    fn from(error: PreviewError) -> Self {
        let status = match &error {
            PreviewError::Nobody(_) | PreviewError::NoTenant(_) => StatusCode::NOT_FOUND,
            PreviewError::Port(_) => StatusCode::BAD_GATEWAY,
            PreviewError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            PreviewError::Other(_) => StatusCode::CONFLICT,
        };
        Self::new(status, "preview", error.to_string()).fix("nothing was changed; try again, or run doctor")
    }
}

/// `GET /api/v1/people/{tenant}/{id}`: from memory; no call is made.
pub async fn show(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path((tenant, id)): Path<(String, String)>,
) -> Answer {
    let store = state.engine.store();
    let id = identity_id(&tenant, &id);
    let unknown =
        || Problem::not_found(format!("{id} is not known")).fix("people appear here after the first sweep");
    let mirrored = store.identity(&id).await?.ok_or_else(unknown)?;
    let mut shown = row(&state, &caller, &mirrored).await?.ok_or_else(unknown)?;
    let links = visible(&caller, store.links_of(&id).await?);
    let active = state.engine.active();
    let link = links.iter().find(|link| link.ended_at.is_none()).or(links.first());
    let account = match link {
        Some(link) => store.account(&link.account).await?,
        None => None,
    };
    let applied = match link {
        Some(link) => store.applied(&id, &link.account.site).await?,
        None => None,
    };
    let facts = lanyard_policy::Facts {
        account: account.as_ref(),
        applied: applied.as_ref(),
        gone: mirrored.gone_at,
        since: mirrored.since,
        manager_account: None,
        delegate_account: None,
        linked: link.is_some_and(|link| link.ended_at.is_none()),
        over: false,
    };
    let desired = active.bound.evaluate(&mirrored.identity, &facts, state.engine.clock().now());
    let catalogue = desired
        .site
        .as_ref()
        .or(link.map(|link| &link.account.site))
        .and_then(|site| state.engine.sites().get(site))
        .map(|site| site.catalogue());
    shown["profile"] = json!(mirrored.identity.profile);
    let names = store.groups(&id.tenant).await?;
    shown["groups"] = mirrored
        .identity
        .groups
        .ids()
        .iter()
        .map(|group| {
            let name = names
                .iter()
                .find(|known| known.id == *group)
                .map_or_else(|| group.to_string(), |g| g.name.to_string());
            json!({ "id": group, "name": name })
        })
        .collect();
    let timeline = store
        .activity(&ActivityFilter { identity: Some(id.clone()), limit: 200, ..ActivityFilter::default() })
        .await?;
    Ok(Json(json!({
        "person": shown,
        "account": account.as_ref().map(|account| account_view(account, catalogue.as_deref())),
        "desired": desired_view(&desired, catalogue.as_deref()),
        "timeline": timeline
            .iter()
            .filter(|kept| caller.sees(Some(&kept.entry.tenant), kept.entry.site.as_ref()))
            .map(line)
            .collect::<Vec<_>>(),
    })))
}

#[derive(Debug, Default, Deserialize)]
pub struct Question {
    /// What somebody asks about, as [`lanyard_policy::Bound::ways`] takes it.
    thing: Option<String>,
    as_of: Option<Timestamp>,
}

/// `GET /api/v1/people/{tenant}/{id}/explain`: why, why not, what would turn it round; now or then, from memory alone.
pub async fn explain(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path((tenant, id)): Path<(String, String)>,
    Query(question): Query<Question>,
) -> Answer {
    let store = state.engine.store();
    let id = identity_id(&tenant, &id);
    let links = visible(&caller, store.links_of(&id).await?);
    if !caller.sees(Some(&id.tenant), None) && links.is_empty() {
        return Err(Problem::not_found(format!("{id} is not known")));
    }
    let thing = question.thing.as_deref().map(str::trim).filter(|thing| !thing.is_empty());
    let told = state.engine.tell(&id, question.as_of, thing).await?;
    let site = told.desired.site.as_ref().and_then(|site| state.engine.sites().get(site));
    let lines = site
        .or(state.engine.sites().values().next())
        .map(|site| lanyard_policy::explain(&told.desired, &site.catalogue()).lines);
    let ways: Vec<Value> = told
        .ways
        .iter()
        .map(|way| {
            let change = way.change.iter().flatten().map(ToString::to_string).collect::<Vec<_>>();
            json!({
                "rule": way.rule, "sentence": way.sentence, "gives": way.gives, "why": way.why,
                "change": way.change.as_ref().filter(|_| way.tried).map(|_| change),
                "by_itself": way.by_itself, "rests_on": way.rests_on,
            })
        })
        .collect();
    let made: Vec<_> =
        told.made.iter().filter(|made| caller.sees(Some(&id.tenant), Some(&made.site))).collect();
    Ok(Json(json!({
        "person": person(&told.known.identity, told.known.gone_at.is_some()),
        "at": told.at,
        "since": told.known.since,
        "groups": told.known.identity.groups.ids().len(),
        "lines": lines.unwrap_or_default(),
        "ways": ways,
        "made": made,
    })))
}

/// `GET /api/v1/people/{tenant}/{id}/plan`: reads both sides afresh, writes nothing.
pub async fn plan(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path((tenant, id)): Path<(String, String)>,
) -> Answer {
    let mut preview = state.engine.preview(&identity_id(&tenant, &id)).await?;
    preview.sites.retain(|site| caller.sees(Some(&TenantId::new(tenant.as_str())), Some(&site.site)));
    let plans: Vec<&Plan> = preview.sites.iter().filter_map(|site| site.plan.as_ref()).collect();
    let lines: Vec<Value> = plans.iter().flat_map(|plan| plan_lines(plan)).collect();
    let notes: Vec<&String> = plans.iter().flat_map(|plan| &plan.notes).collect();
    Ok(Json(json!({
        "id": plans.first().map(|plan| &plan.id),
        "steps": lines,
        "notes": notes,
        "disputed": preview.sites.iter().find_map(|site| site.disputed.as_ref()),
        "governed_by": preview.sites.iter().find_map(|site| site.governed_by.as_ref()),
    })))
}

/// The lines of a plan as the console shows them.
pub(crate) fn plan_lines(plan: &Plan) -> Vec<Value> {
    let mut lines = Vec::new();
    for step in &plan.steps {
        for difference in &step.differences {
            let (symbol, gate) = match &step.gate {
                Gate::Open => (difference.effect.symbol(), None),
                Gate::Held { until, why } => ('=', Some(format!("held until {until}: {why}"))),
                Gate::Waiting { why, .. } => ('=', Some(format!("waits: {why}"))),
                Gate::Blocked { why, .. } => ('=', Some(format!("blocked: {why}"))),
            };
            lines.push(json!({
                "symbol": symbol,
                "what": difference.what,
                "detail": match (&difference.from, &difference.to) {
                    (Some(from), Some(to)) => format!("{from} → {to}"),
                    (None, Some(to)) => to.clone(),
                    (Some(from), None) => from.clone(),
                    (None, None) => String::new(),
                },
                "from": difference.from,
                "to": difference.to,
                "because": difference.because.iter().map(render_because).collect::<Vec<_>>(),
                "gate": gate,
            }));
        }
    }
    for todo in &plan.todos {
        lines.push(json!({
            "symbol": "*", "what": "to do by hand", "detail": todo.what, "because": [todo.how],
        }));
    }
    lines
}

/// `POST /api/v1/people/{tenant}/{id}/look`
pub async fn look(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path((tenant, id)): Path<(String, String)>,
) -> Answer {
    state.engine.look_again(identity_id(&tenant, &id), &caller.name).await?;
    Ok(Json(json!({ "asked": true })))
}

fn account_view(account: &Account, catalogue: Option<&Catalogue>) -> Value {
    let center = |id| catalogue.map_or_else(|| format!("center {id}"), |c| c.center_name(id));
    json!({
        "site": account.key.site,
        "id": account.key.id,
        "user_name": account.field("userName"),
        "email": account.field("email"),
        "active": account.is_live(),
        "seat": account.seat.map(|seat| catalogue.map_or_else(|| seat.room.to_string(), |c| c.room_path(seat.room))),
        "section": account.section.map(|s| catalogue.map_or_else(|| s.to_string(), |c| c.section_name(s))),
        "cost_center": account.cost_center.map(|i| catalogue.map_or_else(|| i.to_string(), |c| c.item_name(i))),
        "user_type": account.user_type.as_ref().map(|(_, name)| name),
        "items": account.items.iter().flatten().map(|i| catalogue.map_or_else(|| i.to_string(), |c| c.item_name(*i))).collect::<Vec<_>>(),
        "permissions": account
            .roles
            .iter()
            .flatten()
            .map(|(id, role)| json!({ "center": center(*id), "role": role.as_str() }))
            .collect::<Vec<_>>(),
        "read_at": account.read_at,
    })
}

/// The standing in one word.
pub fn lifecycle_word(lifecycle: &Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::OutOfScope => "out of scope",
        Lifecycle::NotYet { .. } => "not yet",
        Lifecycle::Active => "active",
        Lifecycle::Paused { .. } => "on leave",
        Lifecycle::Ended { .. } => "ended",
        Lifecycle::Aside { .. } => "set aside",
    }
}

fn texts(because: &[Because]) -> Vec<String> {
    because.iter().map(render_because).collect()
}

/// What is wanted, item by item, with reasons; and what is not, with the first failing condition.
pub fn desired_view(desired: &Desired, catalogue: Option<&Catalogue>) -> Value {
    let mut items = Vec::new();
    let mut add = |kind: &str, label: String, value: String, because: &[Because]| {
        items.push(json!({ "kind": kind, "label": label, "value": value, "because": texts(because) }));
    };
    for (name, want) in &desired.fields {
        add("field", name.to_string(), want.value.clone(), &want.because);
    }
    if let Some(want) = &desired.user_type {
        let name = catalogue
            .and_then(|c| c.user_types.get(&want.value))
            .map_or_else(|| want.value.to_string(), |n| n.to_string());
        add("type", "user type".into(), name, &want.because);
    }
    if let Some(want) = &desired.cost_center {
        add(
            "cost_center",
            "cost center".into(),
            catalogue.map_or_else(|| want.value.to_string(), |c| c.item_name(want.value)),
            &want.because,
        );
    }
    if let Some(want) = &desired.seat {
        let text = match &want.value {
            SeatWish::Desk { floors, rooms, .. } => {
                let floors =
                    floors.iter().map(|f| catalogue.map_or_else(|| f.to_string(), |c| c.floor_path(*f)));
                let rooms =
                    rooms.iter().map(|r| catalogue.map_or_else(|| r.to_string(), |c| c.room_path(*r)));
                format!("a desk on {}", floors.chain(rooms).collect::<Vec<_>>().join(" or "))
            }
            SeatWish::Section { section } => {
                catalogue.map_or_else(|| section.to_string(), |c| c.section_name(*section))
            }
            SeatWish::Remote => "no seat: remote".into(),
        };
        add("seat", "workplace".into(), text, &want.because);
    }
    if let Some(want) = &desired.place_note {
        add(
            "place",
            "default place, where no desk can be had".into(),
            want.value.text.clone(),
            &want.because,
        );
    }
    for (center, want) in &desired.roles {
        let name = catalogue.map_or_else(|| center.to_string(), |c| c.center_name(*center));
        add("role", format!("role in {name}"), want.value.as_str().into(), &want.because);
    }
    for (item, want) in &desired.items {
        add(
            "item",
            "category item".into(),
            catalogue.map_or_else(|| item.to_string(), |c| c.item_name(*item)),
            &want.because,
        );
    }
    for (area, want) in &desired.doors {
        add("door", format!("entry to {area}"), want.value.to_string(), &want.because);
    }
    for want in &desired.bookings {
        add("booking", want.value.title.clone(), want.value.start.to_string(), &want.because);
    }
    for want in &desired.visits {
        add("visit", "visit".into(), want.value.arrival.to_string(), &want.because);
    }
    json!({
        "lifecycle": lifecycle_word(&desired.lifecycle),
        "lifecycle_detail": desired.lifecycle,
        "because": texts(&desired.because),
        "site": desired.site,
        "items": items,
        "not_given": desired
            .not_given
            .iter()
            .map(|n| json!({ "label": n.label, "because": render_because(&n.because) }))
            .collect::<Vec<_>>(),
        "problems": desired.problems,
        "todos": desired.todos.iter().map(|t| &t.value).collect::<Vec<_>>(),
        "settle_until": desired.settle_until,
        "review_at": desired.review_at,
    })
}

/// The whole preview as JSON, for `explain` and `plan --person`.
pub fn preview_view(
    preview: &Preview,
    catalogue: impl Fn(&lanyard_model::id::SiteId) -> Option<Arc<Catalogue>>,
) -> Value {
    let home = preview.desired.site.as_ref().and_then(&catalogue);
    json!({
        "person": person(&preview.identity, false),
        "desired": desired_view(&preview.desired, home.as_deref()),
        "sites": preview.sites.iter().map(|site| {
            let catalogue = catalogue(&site.site);
            json!({
                "site": site.site,
                "desired": desired_view(&site.desired, catalogue.as_deref()),
                "account": site.account.as_ref().map(|a| account_view(a, catalogue.as_deref())),
                "link": site.link,
                "disputed": site.disputed,
                "governed_by": site.governed_by,
                "plan": site.plan,
            })
        }).collect::<Vec<_>>(),
    })
}
