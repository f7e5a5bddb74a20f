//! The first screen: what needs a person, then numbers, tenants and sites.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use axum::{
    Extension, Json,
    extract::{Query, State},
};
use jiff::Timestamp;
use lanyard_engine::{
    ports::{Finding, Order, Severity},
    put_away::may_be_put_away,
};
use lanyard_model::{
    coverage::ReadKind,
    id::{SiteId, TenantId},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, standing::environments};
use crate::{
    WebState,
    access::Caller,
    page::{self, Paging},
    problem::Problem,
    traffic::Calls,
};

/// Findings of one kind beyond this many are shown as one line with a count.
const SHOWN_PER_KIND: usize = 5;

#[derive(Debug, Default, Deserialize)]
pub struct OverviewQuery {
    tenant: Option<String>,
}

/// `GET /api/v1/overview?tenant=…`
pub async fn show(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<OverviewQuery>,
) -> Answer {
    let tenant = query.tenant.filter(|tenant| tenant != "all").map(TenantId::new);
    if let Some(tenant) = &tenant
        && !(state.engine.directories().contains_key(tenant) && caller.sees_tenant(tenant))
    {
        return Err(Problem::not_found(format!("there is no tenant {tenant}")));
    }
    Ok(Json(overview(&state, &caller, tenant.as_ref()).await?))
}

/// What this caller may see of all tenants, or of one: its people, the sites they are in, and what concerns either or the
/// whole installation. Numbers of operations and work are left out (`null`) for whoever sees a part of what they count.
pub(crate) async fn overview(
    state: &WebState,
    caller: &Caller,
    only: Option<&TenantId>,
) -> Result<Value, Problem> {
    let engine = &state.engine;
    let store = engine.store();
    let now = engine.clock().now();
    let traffic = &state.remembered.traffic;
    traffic.note(engine);
    let mut tenants = Vec::new();
    for id in engine.directories().keys().filter(|id| caller.sees_tenant(id)) {
        if only.is_some_and(|only| only != id) {
            continue;
        }
        let ledger = store.ledger(id).await?;
        let polled = engine.feed_standing(id).await?.read_at;
        let hook = store.meta(&format!("hook-state:{id}")).await?.unwrap_or_else(|| "none".into());
        let (_, _, people) = store.search_people(Some(id), "", Order::Rising, None, 1).await?;
        tenants.push(json!({
            "id": id,
            "name": id,
            "okta_url": state.remembered.tenant_url(&state.settings, id),
            "hook": { "state": hook, "last_delivery_at": ledger.last_hook_at },
            "feed": {
                "last_poll_at": polled,
                "lag_seconds": polled.map(|at| now.duration_since(at).as_secs()),
                "events_total": ledger.both + ledger.hook_only + ledger.feed_only,
                "hook_only": ledger.hook_only,
                "feed_only": ledger.feed_only,
                "both": ledger.both,
            },
            "people": people.unwrap_or_default(),
            "budget": Calls::of(&engine.directories()[id].calls()),
            "quotas": engine.directories()[id].quotas(),
            "calls": traffic.of(&format!("tenant:{id}"), now),
        }));
    }
    let compared = engine.sites_compared(&engine.last_sweeps().await?);
    let last_sweep = |site: &SiteId| {
        let one = compared.iter().find(|one| one.site == *site)?;
        let (_, ended_at) = one.last?;
        Some(json!({ "at": ended_at, "state": "done", "certified": one.certified, "drift": one.drift }))
    };
    // Sites that some of the tenant's people are in.
    let within: Option<BTreeSet<SiteId>> = match only {
        None => None,
        Some(only) => {
            let all = engine.environments().await?;
            Some(all.into_iter().filter(|one| one.tenant == *only).map(|one| one.site).collect())
        }
    };
    let mut sites = Vec::new();
    let mut certified = BTreeMap::new();
    for (id, site) in engine.sites().iter().filter(|(id, _)| caller.sees_site(id)) {
        if within.as_ref().is_some_and(|within| !within.contains(id)) {
            continue;
        }
        let certificate = store.certificate(id.as_str(), ReadKind::Accounts).await?;
        certified.insert(id.clone(), certificate.as_ref().map(lanyard_model::coverage::Certificate::holds));
        let calls = Calls::of(&site.port().calls());
        sites.push(json!({
            "id": id,
            "name": id,
            "ioffice_url": state.remembered.site_url(&state.settings, id),
            "accounts": certificate.as_ref().map(|c| c.evidence.rows),
            "writes": engine.may_write(id),
            "budget": {
                "calls": calls.answered,
                "throttled": calls.throttled,
                "faulted": calls.faulted,
                "per_second": site.port().rate_per_second(),
            },
            "calls": traffic.of(&format!("site:{id}"), now),
            "last_sweep": last_sweep(id),
        }));
    }
    let day = now.checked_sub(Duration::from_secs(86_400)).unwrap_or(Timestamp::UNIX_EPOCH);
    let hour = now.checked_sub(Duration::from_secs(3_600)).unwrap_or(Timestamp::UNIX_EPOCH);
    let by_hour = store.operation_rates(only, day, Duration::from_secs(3_600)).await?;
    let spark = store.operation_rates(only, hour, Duration::from_secs(60)).await?;
    let mut findings = store.findings(2000).await?;
    findings.retain(|finding| sees(caller, finding) && concerns(finding, only, within.as_ref()));
    let environments = environments(state, caller, only, &findings, &certified).await?;
    let whole = match only {
        None => caller.sees_everything(),
        Some(only) => caller.sees(Some(only), None),
    };
    let held = findings.iter().filter(|f| f.kind == "blocked" || f.kind == "cap").count();
    Ok(json!({
        "now": now,
        "version": state.settings.version,
        "mode": state.settings.mode.as_str(),
        "state": if engine.is_stopped() { "stopped" } else { "running" },
        "policy": { "name": engine.active().policy.name(), "seal": engine.active().policy.seal() },
        "tenants": tenants,
        "sites": sites,
        "environments": environments,
        "work": if whole { Some(store.work_counts(only, now).await?) } else { None },
        "needs_person": needs_person(&findings),
        "rates": {
            "applied_24h": whole.then(|| by_hour.iter().map(|(_, applied, _)| applied).sum::<u64>()),
            "failed_24h": whole.then(|| by_hour.iter().map(|(_, _, failed)| failed).sum::<u64>()),
            "held": held,
        },
        "leaver_seconds_p99": if whole { leaver_p99(state, only).await? } else { None },
        "spark": spark
            .iter()
            .filter(|_| whole)
            .map(|(at, applied, failed)| json!({ "at": at, "applied": applied, "failed": failed }))
            .collect::<Vec<_>>(),
    }))
}

/// Seconds from "seen" to "verified gone" that 99 % of leavers stayed under.
pub(crate) async fn leaver_p99(state: &WebState, of: Option<&TenantId>) -> Result<Option<f64>, Problem> {
    let mut seconds: Vec<f64> = state
        .engine
        .store()
        .leavers(false, 10_000)
        .await?
        .iter()
        .filter(|leaver| of.is_none_or(|of| leaver.identity.tenant == *of))
        .filter_map(|leaver| Some(leaver.verified_at?.duration_since(leaver.seen_at).as_secs_f64().max(0.0)))
        .collect();
    seconds.sort_by(f64::total_cmp);
    Ok(seconds.get(((seconds.len().saturating_sub(1)) as f64 * 0.99).round() as usize).copied())
}

fn needs_person(findings: &[Finding]) -> Vec<Value> {
    let mut by_kind: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.severity != Severity::Info) {
        by_kind.entry(&finding.kind).or_default().push(finding);
    }
    let mut items: Vec<(Severity, Timestamp, Value)> = Vec::new();
    for (kind, mut list) in by_kind {
        list.sort_by_key(|f| (std::cmp::Reverse(f.severity), f.since));
        let more = list.len().saturating_sub(SHOWN_PER_KIND);
        let shown = if more > 0 { &list[..1] } else { &list[..] };
        for finding in shown {
            let (title, count) = if more > 0 {
                (format!("{} and {} more of the same kind", finding.title, list.len() - 1), list.len())
            } else {
                (finding.title.clone(), 1)
            };
            items.push((finding.severity, finding.since, json!({
                "id": finding.key,
                "kind": kind,
                "severity": finding.severity,
                "title": title,
                "detail": finding.detail,
                "identity": finding.identity.as_ref().filter(|_| more == 0).map(|id| json!({ "tenant": id.tenant, "id": id.user })),
                "since": finding.since,
                "fix": finding.fix,
                "count": count,
                // One of several stands for all of them: the list of findings has a button for each.
                "closable": more == 0 && may_be_put_away(finding),
            })));
        }
    }
    items.sort_by_key(|(severity, since, _)| (std::cmp::Reverse(*severity), *since));
    items.into_iter().map(|(_, _, value)| value).collect()
}

/// Whether the caller's role reaches what the finding tells of.
pub(crate) fn sees(caller: &Caller, finding: &Finding) -> bool {
    let tenant = finding.tenant.as_ref().or(finding.identity.as_ref().map(|id| &id.tenant));
    caller.sees(tenant, finding.site.as_ref())
}

/// Whether it is told of when only one tenant is looked at: what names another tenant, or a site that none of the tenant's
/// people are in, is not.
fn concerns(finding: &Finding, only: Option<&TenantId>, within: Option<&BTreeSet<SiteId>>) -> bool {
    let Some(only) = only else { return true };
    let tenant = finding.tenant.as_ref().or(finding.identity.as_ref().map(|id| &id.tenant));
    match (tenant, &finding.site) {
        (Some(tenant), _) => tenant == only,
        (None, Some(site)) => within.is_none_or(|within| within.contains(site)),
        (None, None) => true,
    }
}

/// Messages and comparisons that can be paged through.
const LISTED_MAX: usize = 10_000;

/// Findings that are looked through for one page.
const FINDINGS_MAX: usize = 20_000;

#[derive(Debug, Default, Deserialize)]
pub struct FindingsQuery {
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<usize>,
    tenant: Option<String>,
    kind: Option<String>,
    search: Option<String>,
    /// `severity` (worst first), `newest`, `oldest` or `title`.
    sort: Option<String>,
}

/// In what order findings are listed.
#[derive(Clone, Copy)]
enum FindingsSort {
    Severity,
    Newest,
    Oldest,
    Title,
}

/// Where a finding stands in that order: what came or went before it moves nobody behind it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct FindingsPlace(i64, i64, String);

impl FindingsSort {
    fn of(name: Option<&str>) -> Result<Self, Problem> {
        match name {
            None | Some("severity") => Ok(Self::Severity),
            Some("newest") => Ok(Self::Newest),
            Some("oldest") => Ok(Self::Oldest),
            Some("title") => Ok(Self::Title),
            Some(_) => Err(Problem::field("sort", "severity, newest, oldest or title")),
        }
    }

    fn place(self, one: &Finding) -> FindingsPlace {
        let (since, key) = (one.since.as_microsecond(), one.key.clone());
        match self {
            Self::Severity => FindingsPlace(-(one.severity as i64), -since, key),
            Self::Newest => FindingsPlace(0, -since, key),
            Self::Oldest => FindingsPlace(0, since, key),
            Self::Title => FindingsPlace(0, 0, format!("{}|{key}", one.title.to_lowercase())),
        }
    }
}

impl FindingsPlace {
    fn written(&self) -> String {
        format!("{}|{}|{}", self.0, self.1, self.2)
    }

    fn read(cursor: &str) -> Result<Self, Problem> {
        let read = || {
            let (first, rest) = cursor.split_once('|')?;
            let (second, text) = rest.split_once('|')?;
            Some(Self(first.parse().ok()?, second.parse().ok()?, text.to_owned()))
        };
        read().ok_or_else(page::not_ours)
    }
}

/// `GET /api/v1/findings`
pub async fn findings(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<FindingsQuery>,
) -> Answer {
    let limit = query.limit.unwrap_or(100).clamp(1, 500);
    let sort = FindingsSort::of(query.sort.as_deref())?;
    let after = query.cursor.as_deref().map(FindingsPlace::read).transpose()?;
    let wanted = query.search.unwrap_or_default().to_lowercase();
    let tenant = query.tenant.filter(|tenant| tenant != "all");
    let all = state.engine.store().findings(FINDINGS_MAX).await?;
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let mut found = Vec::new();
    for finding in all.iter().filter(|finding| sees(&caller, finding)) {
        let of = finding.tenant.as_ref().or(finding.identity.as_ref().map(|id| &id.tenant));
        if tenant.as_deref().is_some_and(|tenant| of.is_none_or(|of| of.as_str() != tenant)) {
            continue;
        }
        let text = format!("{} {} {}", finding.title, finding.detail, finding.key).to_lowercase();
        if !text.contains(&wanted) {
            continue;
        }
        *kinds.entry(finding.kind.clone()).or_default() += 1;
        if query.kind.as_deref().is_none_or(|kind| kind.split(',').any(|one| one == finding.kind)) {
            found.push(finding);
        }
    }
    let total = found.len();
    let mut placed: Vec<_> = found.into_iter().map(|one| (sort.place(one), one)).collect();
    placed.sort_by(|(a, _), (b, _)| a.cmp(b));
    if let Some(after) = after {
        placed.retain(|(place, _)| *place > after);
    }
    let more = placed.len() > limit;
    placed.truncate(limit);
    let next = placed.last().filter(|_| more).map(|(place, _)| place.written());
    let items: Vec<&Finding> = placed.into_iter().map(|(_, one)| one).collect();
    Ok(Json(json!({ "items": items, "next": next, "total": total, "kinds": kinds })))
}

/// `GET /api/v1/messages`
pub async fn messages(State(state): State<Arc<WebState>>, Query(paging): Query<Paging>) -> Answer {
    let all = state.engine.store().messages(LISTED_MAX).await?;
    let page = paging.cut(all, 200, true, |message| (message.at, message.id.clone()))?;
    Ok(Json(json!({ "items": page.items, "next": page.next, "total": page.total })))
}

/// `GET /api/v1/sweeps`
pub async fn sweeps(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(paging): Query<Paging>,
) -> Answer {
    let mut items = state.engine.store().sweeps(None, LISTED_MAX).await?;
    items.retain(|sweep| {
        let scope = state.engine.compared_in(sweep);
        match (&scope.tenant, &scope.site) {
            (Some(tenant), None) if state.engine.directories().contains_key(tenant) => {
                caller.sees_tenant(tenant)
            }
            (None, Some(site)) if state.engine.sites().contains_key(site) => caller.sees_site(site),
            _ => caller.sees_everything(),
        }
    });
    for sweep in &mut items {
        sweep.scope = state.engine.compared_in(sweep).to_string();
        // Whoever sees a site need not know of all tenants in it.
        sweep.of.clear();
        sweep.lists = None;
    }
    let page = paging.cut(items, 100, true, |sweep| (sweep.started_at, sweep.id.clone()))?;
    Ok(Json(json!({ "items": page.items, "next": page.next, "total": page.total })))
}
