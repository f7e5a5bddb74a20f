//! Health that tells the truth, and numbers for Prometheus.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Extension, Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use lanyard_engine::{
    Engine,
    engine::is_credential_of,
    feeds::FeedStanding,
    intake::gap_beyond,
    ports::{Finding, Severity, StoreFailure},
    sweep::SweepScope,
};
use lanyard_model::id::{SiteId, TenantId};
use serde_json::json;

use super::Answer;
use crate::{WebState, access::Caller, problem::Problem};

/// Open findings that are looked through.
const FINDINGS_MAX: usize = 2_000;

/// What a check is about.
enum About<'a> {
    Lanyard,
    Tenant(&'a TenantId),
    Site(&'a SiteId),
}

/// `GET /api/v1/health`
pub async fn show(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let engine = &state.engine;
    let store = engine.store();
    let now = engine.clock().now();
    let mut checks = Vec::new();
    let mut add = |about: About<'_>, title: &str, ok: bool, detail: String, fix: Option<String>| {
        let (tenant, site) = match about {
            About::Lanyard => (None, None),
            About::Tenant(id) => (Some(id.as_str()), None),
            About::Site(id) => (None, Some(id.as_str())),
        };
        let name = tenant.or(site).map_or_else(|| title.to_owned(), |id| format!("{id}: {title}"));
        checks.push(json!({
            "name": name, "title": title, "tenant": tenant, "site": site, "ok": ok, "detail": detail, "fix": fix,
        }));
    };
    let dead = engine.dead_loops();
    let (detail, fix) = match (engine.unbegun(), dead.is_empty(), engine.is_stopped()) {
        (Some(why), ..) => (
            format!("not begun: {why}"),
            Some(
                "wait a moment; if it stays so, look into the log and at the disk of the data folder"
                    .to_owned(),
            ),
        ),
        (None, false, _) => (
            format!("ended without being asked to: {}", dead.join(", ")),
            Some("start the process again, and send us its log".to_owned()),
        ),
        (None, true, true) => {
            ("stopped by a person".to_owned(), Some("press Resume, or run `lanyard resume`".to_owned()))
        }
        (None, true, false) => ("running".to_owned(), None),
    };
    add(About::Lanyard, "engine", fix.is_none(), detail, fix);
    for tenant in engine.directories().keys().filter(|id| caller.sees_tenant(id)) {
        let feed = engine.feed_standing(tenant).await?;
        let ok = feed.silent_since.is_none() && is_read(engine, &feed, now);
        add(
            About::Tenant(tenant),
            "log",
            ok,
            log_detail(&feed, now),
            (!ok).then(|| "run `lanyard doctor`".into()),
        );
        let (ok, detail, fix) = event_hook(&state, tenant).await?;
        add(About::Tenant(tenant), "event hook", ok, detail, fix);
    }
    // The worst first: what says that a site does not answer is among them.
    let findings = store.findings(FINDINGS_MAX).await?;
    let waited_for = engine.sites_waited_for();
    for (id, site) in engine.sites().iter().filter(|(id, _)| caller.sees_site(id)) {
        let (detail, fix) = answers(id, &findings, waited_for.contains(id));
        add(About::Site(id), "answers", fix.is_none(), detail, fix);
        let catalogue = site.catalogue();
        add(
            About::Site(id),
            "places",
            !catalogue.rooms.is_empty(),
            format!(
                "{} buildings, {} floors, {} rooms",
                catalogue.buildings.len(),
                catalogue.floors.len(),
                catalogue.rooms.len()
            ),
            catalogue
                .rooms
                .is_empty()
                .then(|| "run `lanyard doctor`: the service account may lack rights".into()),
        );
    }
    if caller.sees_everything() {
        let work = store.work_counts(None, now).await?;
        add(
            About::Lanyard,
            "dead letters",
            work.dead == 0,
            format!("{} waiting for a person", work.dead),
            (work.dead > 0).then(|| "open Overview: each names its fix".into()),
        );
        let late = engine.leavers_overdue().await?;
        add(
            About::Lanyard,
            "leavers",
            late == 0,
            format!("{late} not verified gone in time"),
            (late > 0).then(|| "open their plans: each line says what it waits for".into()),
        );
    }
    Ok(Json(json!({ "checks": checks, "latency": latency(&state) })))
}

/// Whether a site answers, as far as anybody has asked; and what a person can do if it does not.
fn answers(site: &SiteId, findings: &[Finding], waited_for: bool) -> (String, Option<String>) {
    let unread = SweepScope::of_site(site).unread_key();
    let says_so = |finding: &&Finding| {
        finding.key == unread
            || (finding.kind == "credential" && is_credential_of(&finding.key, site.as_str()))
    };
    let doctor =
        || "run `lanyard doctor`: it names what is wrong with the connection or the credential".to_owned();
    match findings.iter().find(says_so) {
        Some(finding) => (
            format!("{}: {}", finding.title, finding.detail),
            Some(finding.fix.clone().unwrap_or_else(doctor)),
        ),
        None if waited_for => {
            ("it did not answer when it was asked last, and people wait for it".to_owned(), Some(doctor()))
        }
        None => ("nothing says that it does not".to_owned(), None),
    }
}

/// How a tenant's event hook stands: whether that is well, what there is to say, and what a person can do.
async fn event_hook(
    state: &WebState,
    tenant: &TenantId,
) -> Result<(bool, String, Option<String>), StoreFailure> {
    if let Some(none) = state.remembered.no_hook(&state.settings, tenant) {
        return Ok((none.fix.is_none(), none.why, none.fix));
    }
    let store = state.engine.store();
    if store.meta(&format!("hook-state:{tenant}")).await?.as_deref() == Some("live") {
        return Ok((true, "live".into(), None));
    }
    let said = store.finding(&format!("hook:{tenant}")).await?;
    let fix = said.as_ref().and_then(|finding| finding.fix.clone());
    Ok((
        false,
        said.map_or_else(|| "not verified yet".into(), |finding| finding.detail),
        Some(fix.unwrap_or_else(|| "run `lanyard doctor`".into())),
    ))
}

/// Whether nothing of the log is missed by now.
fn is_read(engine: &Engine, feed: &FeedStanding, now: Timestamp) -> bool {
    let bound = gap_beyond(engine.settings().feed_interval);
    feed.read_at.is_some() && feed.age(now).is_some_and(|age| age.unsigned_abs() < bound)
}

fn log_detail(feed: &FeedStanding, now: Timestamp) -> String {
    let ago = |at: Timestamp| now.duration_since(at).as_secs().max(0);
    let Some(read_at) = feed.read_at else { return "never read".into() };
    let read = format!("read {} s ago", ago(read_at));
    match (feed.silent_since, feed.told_at) {
        (Some(since), _) => {
            format!("{read}, and it brings nothing of what the hook has brought for {} s", ago(since))
        }
        (None, Some(told_at)) => format!("{read}; it last brought something {} s ago", ago(told_at)),
        (None, None) => format!("{read}; it has brought nothing yet"),
    }
}

fn latency(state: &WebState) -> serde_json::Value {
    let quantiles = state.engine.latency.quantiles(&[0.5, 0.95, 0.99]);
    json!({
        "totals": state.engine.latency.totals(),
        "p50_ms": quantiles.as_ref().map(|q| q[0].as_millis()),
        "p95_ms": quantiles.as_ref().map(|q| q[1].as_millis()),
        "p99_ms": quantiles.as_ref().map(|q| q[2].as_millis()),
    })
}

/// `GET /metrics`: no personal data, no unbounded labels.
pub async fn metrics(State(state): State<Arc<WebState>>) -> Result<Response, Problem> {
    let text = text(&state).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// The numbers, in Prometheus' text form. Asked for again and again: everything here is a count, a value that a loop keeps, or a
/// few rows by tenant and scope, however much is open.
///
/// # Errors
/// When the store cannot be read.
pub async fn text(state: &WebState) -> Result<String, StoreFailure> {
    let engine = &state.engine;
    let store = engine.store();
    let work = store.work_counts(None, engine.clock().now()).await?;
    let totals = engine.latency.totals();
    let mut text = String::new();
    for (name, help, value) in [
        ("lanyard_work_due", "Identities that deserve a look now", work.due),
        ("lanyard_work_leased", "Looks under way", work.leased),
        ("lanyard_work_dead", "Identities that wait for a person", work.dead),
        ("lanyard_looks_total", "Looks finished since start", totals.looks),
        ("lanyard_operations_total", "Operations accepted by a site since start", totals.writes),
        ("lanyard_doors_told_total", "Changes that a badge system acknowledged since start", totals.doors),
        ("lanyard_operations_failed_total", "Operations that failed since start", totals.failed),
        ("lanyard_stopped", "1 when the stop button is pressed", u64::from(engine.is_stopped())),
    ] {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    }
    let _ = writeln!(
        text,
        "# HELP lanyard_events_total Events by tenant and by the way they were seen\n# TYPE lanyard_events_total counter"
    );
    for tenant in engine.directories().keys() {
        let ledger = store.ledger(tenant).await?;
        for (seen, count) in
            [("both", ledger.both), ("hook_only", ledger.hook_only), ("feed_only", ledger.feed_only)]
        {
            let _ = writeln!(text, "lanyard_events_total{{tenant=\"{tenant}\",seen=\"{seen}\"}} {count}");
        }
    }
    let now = engine.clock().now();
    let _ = writeln!(
        text,
        "# HELP lanyard_feed_age_seconds Seconds since a tenant's log was last read to its end; while it never was, since it is asked for\n# TYPE lanyard_feed_age_seconds gauge"
    );
    let mut told = String::new();
    for tenant in engine.directories().keys() {
        let feed = engine.feed_standing(tenant).await?;
        if let Some(age) = feed.age(now) {
            let _ = writeln!(text, "lanyard_feed_age_seconds{{tenant=\"{tenant}\"}} {}", age.as_secs());
        }
        if let Some(told_at) = feed.told_at {
            let age = now.duration_since(told_at).as_secs().max(0);
            let _ = writeln!(told, "lanyard_feed_event_age_seconds{{tenant=\"{tenant}\"}} {age}");
        }
    }
    let _ = write!(
        text,
        "# HELP lanyard_feed_event_age_seconds Seconds since a tenant's log last brought anything\n# TYPE lanyard_feed_event_age_seconds gauge\n{told}"
    );
    let late = engine.leavers_overdue().await?;
    let undelivered = store.messages_open(1_000).await?;
    for (name, help, value) in [
        (
            "lanyard_leavers_late",
            "Leavers not verified gone in time, but for those who wait on purpose",
            late,
        ),
        (
            "lanyard_messages_open",
            "Messages that wait or were given up, among the newest thousand",
            undelivered,
        ),
    ] {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
    }
    sweeps(engine, &mut text).await?;
    let _ = writeln!(
        text,
        "# HELP lanyard_findings_open What needs a person, by kind and severity\n# TYPE lanyard_findings_open gauge"
    );
    for (kind, severity, count) in store.finding_counts().await? {
        let severity = match severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let _ = writeln!(text, "lanyard_findings_open{{kind=\"{kind}\",severity=\"{severity}\"}} {count}");
    }
    let _ = writeln!(
        text,
        "# HELP lanyard_calls_total Upstream calls by target and result\n# TYPE lanyard_calls_total counter"
    );
    let targets = engine
        .directories()
        .iter()
        .map(|(id, d)| (id.to_string(), d.calls()))
        .chain(engine.sites().iter().map(|(id, s)| (id.to_string(), s.port().calls())));
    for (target, calls) in targets {
        for (result, count) in [
            ("answered", calls.iter().map(|c| c.answered).sum::<u64>()),
            ("throttled", calls.iter().map(|c| c.throttled).sum()),
            ("faulted", calls.iter().map(|c| c.faulted).sum()),
        ] {
            let _ = writeln!(text, "lanyard_calls_total{{target=\"{target}\",result=\"{result}\"}} {count}");
        }
    }
    Ok(text)
}

/// Comparisons: how each site stands, and what the last one of each scope found. With schedules for single sites there may be
/// none of everything for months, and every site is compared nightly all the same.
async fn sweeps(engine: &Engine, text: &mut String) -> Result<(), StoreFailure> {
    let last = engine.last_sweeps().await?;
    if last.is_empty() {
        return Ok(());
    }
    let now = engine.clock().now();
    let seconds = |from: Timestamp, until: Timestamp| until.duration_since(from).as_secs().max(0);
    let sites: Vec<_> = engine
        .sites_compared(&last)
        .into_iter()
        .filter_map(|one| Some((one.site, seconds(one.last?.1, now), i64::from(one.certified))))
        .collect();
    let mut gauge = |name: &str, help: &str, label: &str, values: &mut dyn Iterator<Item = (String, i64)>| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (of, value) in values {
            let _ = writeln!(text, "{name}{{{label}=\"{of}\"}} {value}");
        }
    };
    gauge(
        "lanyard_sweep_age_seconds",
        "Seconds since the last comparison of a site ended; where people of several tenants were compared apart, the oldest. One that could not read the site is none of it",
        "site",
        &mut sites.iter().map(|(site, age, _)| (site.to_string(), *age)),
    );
    gauge(
        "lanyard_sweep_certified",
        "1 when every list of the site and its people was proven complete in that comparison",
        "site",
        &mut sites.iter().map(|(site, _, certified)| (site.to_string(), *certified)),
    );
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let scopes = || last.iter().map(|(scope, record)| (scope.key(), record));
    gauge(
        "lanyard_sweep_seconds",
        "What the last comparison of a scope took",
        "scope",
        &mut scopes().map(|(scope, record)| (scope, seconds(record.started_at, record.end()))),
    );
    gauge(
        "lanyard_sweep_people",
        "People compared in it",
        "scope",
        &mut scopes().map(|(scope, record)| (scope, number(record.people))),
    );
    gauge(
        "lanyard_sweep_differing",
        "People who differed in it",
        "scope",
        &mut scopes().map(|(scope, record)| (scope, number(record.drift))),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_read_says_whether_it_brings_anything() {
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).expect("a moment");
        let check = |read: Option<i64>, told: Option<i64>, silent: Option<i64>, expected: &str| {
            let feed = FeedStanding {
                read_at: read.map(at),
                followed_at: Some(at(0)),
                told_at: told.map(at),
                silent_since: silent.map(at),
            };
            assert_eq!(log_detail(&feed, at(9_000)), expected);
        };
        check(None, Some(10), None, "never read");
        check(Some(8_990), None, None, "read 10 s ago; it has brought nothing yet");
        check(Some(8_990), Some(8_000), None, "read 10 s ago; it last brought something 1000 s ago");
        check(
            Some(8_990),
            Some(8_000),
            Some(5_000),
            "read 10 s ago, and it brings nothing of what the hook has brought for 4000 s",
        );
    }
}
