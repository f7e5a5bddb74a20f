//! An evidence pack of a year: seconds and memory to make it, seconds to check it, and access as of past moments.
//!
//! The store is written through its own port, in the order in which a year would have written it: a first complete
//! comparison, daily ones, joiners, movers, leavers with their plans, operations and read-backs, and looks that found
//! nothing to do. Measured is a process of its own that begins with the folder alone.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{
    clock::Clock as _,
    ports::{Entry, Intent, Severity, Store, SweepRecord, Write},
};
use lanyard_model::{
    account::{Account, AccountKind, FieldName, Role, Seat},
    coverage::{Evidence, ReadKind},
    desired::{Because, Ending},
    id::{AccountId, AccountKey, CenterId, FloorId, IdentityId, ItemId, RoomId, SiteId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    link::{How, Link},
    plan::{AccountPatch, Difference, Effect, Gate, Operation, Outcome, Plan, Step},
    signal::{Event, Lane, Source},
};
use lanyard_store::{Archive, SqliteStore};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    machine::{Machine, Usage},
    table::{mebibytes, quantile, round, tell},
};
use crate::{
    evidence::{self, Ask, keys},
    exit,
    progress::Bars,
    wiring::{self, SystemClock},
};

#[derive(Debug, Args)]
pub struct ReportArguments {
    /// People
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    people: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Measure on this folder, and leave it
    #[arg(long = "in", value_name = "DIR", hide = true)]
    folder: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Measured {
    bench: &'static str,
    machine: Machine,
    people: u32,
    journal_lines: u64,
    store_bytes: u64,
    pack_seconds: f64,
    pack_cpu_seconds: f64,
    pack_peak_rss_bytes: u64,
    pack_bytes: usize,
    pack_rows: u64,
    leavers: u64,
    verify_seconds: f64,
    changed_bytes_tried: u32,
    changed_bytes_found: u32,
    person_as_of_p50_ms: f64,
    person_as_of_p99_ms: f64,
    site_as_of_first_page_ms: f64,
    site_as_of_whole_seconds: f64,
    site_as_of_rows: usize,
}

const TENANT: &str = "bench";
const SITE: &str = "pier";
/// Looks that find nothing to do, per person and year.
const QUIET_LOOKS: u32 = 8;
const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
const BATCH: usize = 400;

/// # Errors
/// When the store cannot be written, or the measuring process fails.
pub async fn run(arguments: ReportArguments) -> anyhow::Result<u8> {
    if let Some(folder) = arguments.folder {
        return tokio::task::spawn_blocking(move || measure(&folder, arguments.people)).await?;
    }
    let folder = std::env::temp_dir().join(format!("lanyard-bench-report-{}", std::process::id()));
    let outcome = fill_and_measure(&folder, arguments.people).await;
    let _ = std::fs::remove_dir_all(&folder);
    outcome
}

async fn fill_and_measure(folder: &std::path::Path, people: u32) -> anyhow::Result<u8> {
    let begun = Instant::now();
    let store = Arc::new(SqliteStore::open(wiring::store_folder(folder))?);
    fill(&*store, people).await?;
    keys::export(folder, &keys::export_folder(folder, None), &*store, SystemClock.now()).await?;
    store.close();
    talk!("a year of {people} people written in {:.0} s", begun.elapsed().as_secs_f64());
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command
        .args(["bench", "report", "--people", &people.to_string(), "--in"])
        .arg(folder)
        .stdin(Stdio::null());
    let status =
        tokio::task::spawn_blocking(move || command.status()).await?.context("the measuring process")?;
    anyhow::ensure!(status.success(), "the measuring process ended with {status}");
    Ok(exit::DONE)
}

fn measure(folder: &std::path::Path, people: u32) -> anyhow::Result<u8> {
    let now = SystemClock.now();
    let ask = Ask {
        tenant: TenantId::new(TENANT),
        okta_url: "https://bench.okta.example".into(),
        sites: vec![(SiteId::new(SITE), "https://pier.ioffice.example".into())],
        all_sites: false,
        from: now.checked_sub(SignedDuration::from_secs(YEAR - 2 * DAY))?,
        to: now,
        seed: "bench".into(),
        sample: None,
        sample_by: None,
        named: Vec::new(),
        made_at: now,
        made_by: "the bench".into(),
        feed_interval: std::time::Duration::from_secs(10),
        leaver_bound_seconds: 120,
        settings: Vec::new(),
        administrators: Vec::new(),
        exported: keys::export_folder(folder, None),
    };
    let key = keys::load_or_make(folder, &ask.tenant)?;
    let archive = Archive::open(wiring::store_folder(folder))?;
    let (before, begun) = (Usage::own(), Instant::now());
    let bars = Bars::new(false);
    let pack = evidence::make(&ask, &archive, &key, &bars)?.archive;
    bars.clear();
    let pack_seconds = begun.elapsed().as_secs_f64();
    let after = Usage::own();
    let begun = Instant::now();
    let report = lanyard_evidence::verify::check(&pack, Some(&key.verifier()), &|_, _, _| {})?;
    let verify_seconds = begun.elapsed().as_secs_f64();
    anyhow::ensure!(report.holds(), "the pack does not hold: {:?}", report.problems.first());
    let (mut tried, mut found) = (0, 0);
    for part in 1..8_usize {
        let mut changed = pack.clone();
        changed[pack.len() / 8 * part + part] ^= 1 << part;
        tried += 1;
        let seen = lanyard_evidence::verify::check(&changed, Some(&key.verifier()), &|_, _, _| {});
        found += u32::from(seen.is_err() || seen.is_ok_and(|report| !report.holds()));
    }
    let past = as_of(folder, people, now)?;
    let summary = report.manifest.map(|manifest| manifest.summary).unwrap_or_default();
    let file = wiring::store_folder(folder).join("lanyard.db");
    let measured = Measured {
        bench: "report",
        machine: Machine::read(folder),
        people,
        journal_lines: archive.head(&ask.tenant)?.0,
        store_bytes: std::fs::metadata(file)?.len(),
        pack_seconds: round(pack_seconds),
        pack_cpu_seconds: round(after.cpu_seconds - before.cpu_seconds),
        pack_peak_rss_bytes: after.peak_rss_bytes,
        pack_bytes: pack.len(),
        pack_rows: summary.rows.values().sum(),
        leavers: summary.leavers_in_time + summary.leavers_late,
        verify_seconds: round(verify_seconds),
        changed_bytes_tried: tried,
        changed_bytes_found: found,
        ..past
    };
    let row = vec![
        measured.people.to_string(),
        measured.pack_seconds.to_string(),
        mebibytes(measured.pack_peak_rss_bytes),
        mebibytes(measured.pack_bytes as u64),
        measured.verify_seconds.to_string(),
        measured.person_as_of_p99_ms.to_string(),
        measured.site_as_of_whole_seconds.to_string(),
    ];
    let head = ["people", "pack s", "peak RSS", "pack", "verify s", "person as of p99 ms", "site as of s"];
    tell(&measured, &head, vec![row])?;
    Ok(exit::DONE)
}

/// Access as of the middle of the year: single people, and the whole list of a site.
fn as_of(folder: &std::path::Path, people: u32, now: Timestamp) -> anyhow::Result<Measured> {
    let store = SqliteStore::open(wiring::store_folder(folder))?;
    let at = now.checked_sub(SignedDuration::from_secs(YEAR / 2))?;
    let runtime = tokio::runtime::Handle::current();
    let mut took = Vec::new();
    for n in 0..200_u32 {
        let who = person(n * (people / 200).max(1) % people);
        let begun = Instant::now();
        runtime.block_on(store.held_by(&who, at))?;
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    let begun = Instant::now();
    let (mut after, mut rows, mut first_page) = (AccountId(0), 0, None);
    loop {
        let page = runtime.block_on(store.held_in(&SiteId::new(SITE), at, after, 20_000))?;
        first_page.get_or_insert_with(|| begun.elapsed().as_secs_f64() * 1000.0);
        let Some(last) = page.last() else { break };
        after = last.account.id;
        rows += page.len();
    }
    Ok(Measured {
        bench: "report",
        machine: Machine::read(folder),
        people,
        journal_lines: 0,
        store_bytes: 0,
        pack_seconds: 0.0,
        pack_cpu_seconds: 0.0,
        pack_peak_rss_bytes: 0,
        pack_bytes: 0,
        pack_rows: 0,
        leavers: 0,
        verify_seconds: 0.0,
        changed_bytes_tried: 0,
        changed_bytes_found: 0,
        person_as_of_p50_ms: round(quantile(&took, 0.5)),
        person_as_of_p99_ms: round(quantile(&took, 0.99)),
        site_as_of_first_page_ms: round(first_page.unwrap_or(0.0)),
        site_as_of_whole_seconds: round(begun.elapsed().as_secs_f64()),
        site_as_of_rows: rows,
    })
}

/// What happens to somebody at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scene {
    There,
    Sweep,
    Quiet,
    Joins,
    Moves,
    Leaves,
}

fn person(n: u32) -> IdentityId {
    IdentityId::new(TenantId::new(TENANT), format!("00u{n:08}"))
}

/// Whatever looks like chance follows from the number alone.
fn mix(n: u32, salt: u32) -> u64 {
    let mut x = u64::from(n) << 32 | u64::from(salt) | 1;
    for _ in 0..3 {
        x ^= x >> 31;
        x = x.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    x ^ x >> 29
}

async fn fill(store: &dyn Store, people: u32) -> anyhow::Result<()> {
    let start = SystemClock.now().checked_sub(SignedDuration::from_secs(YEAR))?;
    let after = |n: u32, salt: u32| {
        // The first two days are the first comparison's.
        2 * DAY + i64::try_from(mix(n, salt) % (YEAR as u64 - 4 * DAY as u64)).unwrap_or(0)
    };
    let mut year: Vec<(i64, Scene, u32)> = Vec::new();
    for n in 0..people {
        let part = n % 20;
        let begin = if part < 2 { Some(after(n, 1)) } else { None };
        year.push(begin.map_or((i64::from(n % 3600), Scene::There, n), |at| (at, Scene::Joins, n)));
        let end = if (2..4).contains(&part) { after(n, 2) } else { YEAR };
        if end < YEAR {
            year.push((end, Scene::Leaves, n));
        }
        if (4..7).contains(&part) {
            year.push((after(n, 3), Scene::Moves, n));
        }
        for look in 0..QUIET_LOOKS {
            let at = after(n, 10 + look);
            if begin.is_none_or(|begin| at > begin + 60) && at < end {
                year.push((at, Scene::Quiet, n));
            }
        }
    }
    year.extend((1..365).map(|day| (day * DAY, Scene::Sweep, 0)));
    year.sort_unstable();
    let bars = Bars::new(false);
    let total = year.len() as u64;
    let (mut batch, mut pages) = (Vec::new(), 0);
    for (done, (seconds, scene, n)) in year.into_iter().enumerate() {
        let at = start + SignedDuration::from_secs(seconds);
        if matches!(scene, Scene::Joins | Scene::Moves | Scene::Leaves) {
            signal(n, at, &mut pages, &mut batch);
        }
        write_scene(scene, n, people, at, &mut batch);
        if batch.len() >= BATCH {
            store.write(std::mem::take(&mut batch)).await?;
            if done % 64 == 0 {
                use lanyard_engine::ports::Progress as _;
                bars.report("writing a year", done as u64, Some(total));
            }
        }
    }
    store.write(batch).await?;
    bars.clear();
    Ok(())
}

fn account(n: u32, at: Timestamp) -> Account {
    let field = |name: &str, value: String| FieldName::new(name).map(|name| (name, value));
    Account {
        key: key(n),
        kind: AccountKind::Person,
        active: Some(true),
        fields: [field("userName", format!("p{n}@bench.example")), field("lastName", format!("Person{n}"))]
            .into_iter()
            .flatten()
            .collect(),
        user_type: None,
        seat: Some(Seat { room: RoomId(i64::from(n % 5000) + 1), floor: Some(FloorId(1)) }),
        section: None,
        seat_class: None,
        cost_center: Some(ItemId(i64::from(n % 50) + 1)),
        items: Some([ItemId(i64::from(n % 200) + 100)].into()),
        roles: Some([(CenterId(1), Role::Customer), (CenterId(2), Role::Customer)].into()),
        site_admin: Some(false),
        updated_at: None,
        updated_by: None,
        read_at: at,
    }
}

fn key(n: u32) -> AccountKey {
    AccountKey { site: SiteId::new(SITE), id: AccountId(i64::from(n) + 10) }
}

fn identity(n: u32, at: Timestamp, status: Status) -> Write {
    let mut profile = Profile::default();
    profile.set("displayName", AttributeValue::Text(format!("Person {n}").into()));
    profile.set("login", AttributeValue::Text(format!("p{n}@bench.example").into()));
    let identity = Identity {
        id: person(n),
        status,
        transitioning: false,
        profile,
        groups: Groups::new([], true),
        created: Some(at),
        activated: Some(at),
        status_changed: Some(at),
        last_updated: Some(at),
        type_id: None,
        read_at: at,
    };
    Write::Identity { identity: Box::new(identity), keys: Vec::new(), at }
}

fn line(n: Option<u32>, at: Timestamp, kind: &str, title: String, data: Value) -> Write {
    Write::Journal(Box::new(Entry {
        tenant: TenantId::new(TENANT),
        at,
        kind: kind.into(),
        identity: n.map(person),
        site: Some(SiteId::new(SITE)),
        person: n.map(|n| format!("Person {n}")),
        severity: Severity::Info,
        title,
        detail: String::new(),
        data,
    }))
}

/// What Okta's log said of somebody, a page of its own.
fn signal(n: u32, at: Timestamp, pages: &mut u64, out: &mut Vec<Write>) {
    let uuid = format!("{n:08x}-{pages}");
    let event = Event {
        tenant: TenantId::new(TENANT),
        uuid: uuid.as_str().into(),
        kind: "user.lifecycle.update".into(),
        published: Some(at),
        users: vec![person(n).user],
        groups: Vec::new(),
        lane: Lane::Normal,
        deletion: false,
        ours: false,
        membership: None,
    };
    out.push(Write::Signals {
        tenant: TenantId::new(TENANT),
        source: Source::Feed,
        delivery: None,
        events: vec![event],
        cursor: None,
        at,
        coalesce: Duration::ZERO,
    });
    let place = |page: u64| format!("{page:016x}");
    let data = json!({ "uuids": [uuid], "from": place(*pages), "to": place(*pages + 1), "pages": 1 });
    out.push(line(None, at, "signal", "1 event in the feed".into(), data));
    *pages += 1;
}

fn write_scene(scene: Scene, n: u32, people: u32, at: Timestamp, out: &mut Vec<Write>) {
    let link = |since| {
        Write::Link(Link { identity: person(n), account: key(n), how: How::Created, since, ended_at: None })
    };
    match scene {
        Scene::There => {
            out.push(identity(n, at, Status::Active));
            out.push(Write::Account { account: Box::new(account(n, at)), keys: Vec::new() });
            out.push(link(at));
        }
        Scene::Quiet => {
            out.push(line(Some(n), at, "decision", "looked at: nothing to do".into(), Value::Null))
        }
        Scene::Sweep => sweep(people, at, out),
        Scene::Joins => {
            out.push(identity(n, at, Status::Active));
            let patch = AccountPatch::default();
            let steps = vec![step(Operation::Create { patch }, Effect::Add, "account", false)];
            let done = changed(n, at, None, steps, out);
            out.push(Write::Account { account: Box::new(account(n, done)), keys: Vec::new() });
            out.push(link(done));
        }
        Scene::Moves => {
            let roles = [(CenterId(3), Role::Operator), (CenterId(1), Role::Customer)];
            let operation = Operation::SetRoles { roles: roles.into() };
            let mut steps = vec![step(operation, Effect::Remove, "role in Reservations", true)];
            steps[0].differences.push(difference(Effect::Add, "role in Visitors"));
            let done = changed(n, at, None, steps, out);
            let mut moved = account(n, done);
            moved.roles = Some(roles.into());
            out.push(Write::Account { account: Box::new(moved), keys: Vec::new() });
        }
        Scene::Leaves => {
            let (identity, site) = (person(n), SiteId::new(SITE));
            // A few are slow, one in a hundred beyond the bound.
            let wait =
                if mix(n, 7).is_multiple_of(100) { 300 } else { i64::try_from(mix(n, 8) % 20).unwrap_or(0) };
            let seen_at = at + SignedDuration::from_secs(wait);
            out.push(identity_left(n, at));
            out.push(Write::LeaverSeen {
                identity: identity.clone(),
                site: site.clone(),
                since: at,
                seen_at,
            });
            let steps = vec![
                step(Operation::SetRoles { roles: [].into() }, Effect::Remove, "role in Reservations", true),
                step(Operation::Deactivate, Effect::Remove, "account", true),
            ];
            let done = changed(n, seen_at, Some((Ending::Deactivated, Some(at))), steps, out);
            let mut gone = account(n, done);
            (gone.active, gone.roles, gone.seat) = (Some(false), Some([].into()), None);
            out.push(Write::Account { account: Box::new(gone), keys: Vec::new() });
            out.push(Write::LeaverVerified { identity, site, at: done });
        }
    }
}

fn identity_left(n: u32, at: Timestamp) -> Write {
    identity(n, at, Status::Deprovisioned)
}

fn difference(effect: Effect, what: &str) -> Difference {
    let because = vec![Because { rule: "new-user".into(), row: None, text: "status is ACTIVE".into() }];
    let value = Some("CUSTOMER".to_owned());
    let (from, to) = if effect == Effect::Remove { (value, None) } else { (None, value) };
    Difference { effect, what: what.into(), from, to, because }
}

fn step(op: Operation, effect: Effect, what: &str, destructive: bool) -> Step {
    Step { op, differences: vec![difference(effect, what)], destructive, gate: Gate::Open }
}

/// A plan with its operations, each accepted a second later, and the read-back; when it was verified.
fn changed(
    n: u32,
    at: Timestamp,
    ending: Option<(Ending, Option<Timestamp>)>,
    steps: Vec<Step>,
    out: &mut Vec<Write>,
) -> Timestamp {
    let second = SignedDuration::from_secs(1);
    let id = format!("pln_{:016x}", mix(n, at.as_second() as u32));
    let plan = Plan {
        id: id.as_str().into(),
        identity: person(n),
        person: format!("Person {n}"),
        site: SiteId::new(SITE),
        account: Some(key(n)),
        lane: if ending.is_some() { Lane::Leaver } else { Lane::Normal },
        steps,
        todos: Vec::new(),
        notices: Vec::new(),
        notes: Vec::new(),
        ending,
        review_at: None,
        policy: "5f0c".repeat(16),
        cleared: BTreeMap::new(),
        made_at: at,
    };
    out.push(Write::Plan(Arc::new(plan.clone())));
    out.push(line(Some(n), at, "plan", "planned".into(), json!({ "plan": id })));
    let mut now = at;
    for (number, step) in plan.steps.iter().enumerate() {
        let intent = format!("{id}.1.{number}");
        out.push(Write::Intent(Box::new(Intent {
            id: intent.clone(),
            plan: plan.id.clone(),
            step: number,
            identity: person(n),
            site: SiteId::new(SITE),
            account: Some(key(n).id),
            operation: step.op.clone(),
            at: now,
            charge: None,
            run_charge: None,
            inverse: None,
        })));
        now += second;
        let outcome = Outcome::Done { account: Some(key(n).id), made: None };
        out.push(Write::Outcome { intent: intent.clone(), outcome, at: now });
        out.push(line(
            Some(n),
            now,
            "outcome",
            format!("{}: done", step.op.name()),
            json!({ "intent": intent }),
        ));
    }
    now += second;
    out.push(Write::Verified { plan: plan.id, at: now, open: Vec::new() });
    out.push(line(Some(n), now, "verified", "read back: as wanted".into(), json!({ "plan": id })));
    now
}

fn sweep(people: u32, at: Timestamp, out: &mut Vec<Write>) {
    let rows = u64::from(people);
    let mut lists = Vec::new();
    for (scope, kind) in [(TENANT, ReadKind::Identities), (SITE, ReadKind::Accounts)] {
        let evidence = Evidence {
            kind,
            started_at: at,
            ended_at: at,
            pages: people / 200 + 1,
            rows,
            reached_end: true,
            count_before: Some(rows),
            count_after: Some(rows),
            canary_seen: Some(true),
            overlaps_missed: 0,
            feed_whole: None,
            rights_proven: Some(true),
            schema: None,
        };
        let certificate = Box::new(evidence.certify(None, 50));
        lists.push(json!({ "scope": scope, "certificate": certificate }));
        out.push(Write::Certificate { scope: scope.into(), kind, certificate });
    }
    let id = format!("swp_{}", at.as_millisecond());
    out.push(Write::Sweep(Box::new(SweepRecord {
        id: id.clone(),
        scope: "all".into(),
        started_at: at,
        ended_at: Some(at),
        certified: true,
        doubts: Vec::new(),
        people: rows,
        accounts: rows,
        drift: 0,
        findings: 0,
        of: BTreeMap::new(),
        lists: None,
    })));
    out.push(line(
        None,
        at,
        "sweep",
        format!("{people} people and accounts compared"),
        json!({ "id": id, "lists": lists }),
    ));
}
