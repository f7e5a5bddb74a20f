//! A pack of a history that is written down line by line: every table that is made from what somebody said, asked or decided.

mod bound;
mod edges;
mod moves;
mod scope;
mod standing;

use std::{collections::BTreeMap, io::Read as _, path::Path};

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::{Entry, Finding, Intent, Severity, Silent, Store as _, SweepRecord, Write};
use lanyard_evidence::{
    container,
    manifest::Terms,
    verify::{self, Problem},
};
use lanyard_model::{
    account::{Account, AccountKind, FieldName},
    clearance::{Clearance, ClearanceKind, ClearanceState, GatedLine, Vote},
    coverage::{Evidence, ReadKind},
    id::{AccountId, AccountKey, IdentityId, ItemId, PlanId, ReservationId, SiteId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    link::{How, Link},
    plan::{Operation, Outcome},
    signal::{Event, Lane, Source},
};
use lanyard_store::{
    Archive, SqliteStore,
    checkpoint::{Checkpoint, CheckpointKey},
};
use serde_json::{Value, json};

use super::{Ask, keys, make};
use crate::verbs::report::write_pack;

/// Hours after the beginning of the period.
fn at(hours: i64) -> Timestamp {
    "2026-05-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

fn tenant() -> TenantId {
    TenantId::new("acme")
}

fn site() -> SiteId {
    SiteId::new("pier")
}

fn who(user: &str) -> IdentityId {
    IdentityId::new(tenant(), user)
}

fn person(user: &str, kind: &str, status: Status, at: Timestamp) -> Write {
    person_of(who(user), kind, status, at)
}

fn person_of(id: IdentityId, kind: &str, status: Status, at: Timestamp) -> Write {
    let mut profile = Profile::default();
    profile.set("displayName", AttributeValue::Text(format!("Person {}", id.user).into()));
    profile.set("userType", AttributeValue::Text(kind.into()));
    let identity = Identity {
        id,
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

fn account(id: i64, live: bool, items: &[i64], at: Timestamp) -> Write {
    account_in(site(), id, live, items, at)
}

fn account_in(site: SiteId, id: i64, live: bool, items: &[i64], at: Timestamp) -> Write {
    let account = Account {
        key: AccountKey { site, id: AccountId(id) },
        kind: AccountKind::Person,
        active: Some(live),
        fields: [FieldName::new("userName").map(|name| (name, format!("p{id}")))]
            .into_iter()
            .flatten()
            .collect(),
        user_type: None,
        seat: None,
        section: None,
        seat_class: None,
        cost_center: None,
        items: Some(items.iter().map(|item| ItemId(*item)).collect()),
        roles: Some([].into()),
        site_admin: Some(false),
        updated_at: None,
        updated_by: None,
        read_at: at,
    };
    Write::Account { account: Box::new(account), keys: Vec::new() }
}

fn link(user: &str, id: i64, since: Timestamp) -> Write {
    link_in(site(), who(user), id, since)
}

fn link_in(site: SiteId, identity: IdentityId, id: i64, since: Timestamp) -> Write {
    let account = AccountKey { site, id: AccountId(id) };
    Write::Link(Link { identity, account, how: How::Created, since, ended_at: None })
}

fn line(kind: &str, user: Option<&str>, at: Timestamp, title: &str, data: Value) -> Write {
    Write::Journal(Box::new(Entry {
        tenant: tenant(),
        at,
        kind: kind.into(),
        identity: user.map(who),
        site: Some(site()),
        person: user.map(|user| format!("Person {user}")),
        severity: Severity::Info,
        title: title.into(),
        detail: String::new(),
        data,
    }))
}

/// A comparison, with one list of each side as whole as it says.
fn sweep(at: Timestamp, whole: bool) -> Vec<Write> {
    sweep_of("all", &[("acme", ReadKind::Identities), ("pier", ReadKind::Accounts)], at, whole)
}

fn sweep_of(scope: &str, read: &[(&str, ReadKind)], at: Timestamp, whole: bool) -> Vec<Write> {
    let mut lists = Vec::new();
    for &(scope, kind) in read {
        let evidence = Evidence {
            kind,
            started_at: at,
            ended_at: at,
            pages: 1,
            rows: 3,
            reached_end: whole || kind == ReadKind::Accounts,
            count_before: Some(3),
            count_after: Some(3),
            canary_seen: Some(true),
            overlaps_missed: 0,
            feed_whole: None,
            rights_proven: Some(true),
            schema: None,
        };
        lists.push(json!({ "scope": scope, "certificate": evidence.certify(None, 50) }));
    }
    let id = format!("swp_{}", at.as_millisecond());
    let record = SweepRecord {
        id: id.clone(),
        scope: scope.into(),
        started_at: at,
        ended_at: Some(at),
        certified: whole,
        doubts: Vec::new(),
        people: 3,
        accounts: 3,
        drift: 0,
        findings: 0,
        of: BTreeMap::new(),
        lists: None,
    };
    let told = json!({ "id": id, "lists": lists });
    vec![Write::Sweep(Box::new(record)), line("sweep", None, at, "3 people and 3 accounts compared", told)]
}

fn page(at: Timestamp, from: &str, to: &str, pages: i64) -> Write {
    let data = json!({ "uuids": ["u1"], "from": from, "to": to, "pages": pages });
    line("signal", None, at, "1 event in the feed", data)
}

fn approval() -> Write {
    let vote = Vote {
        by: "Mia Boss".into(),
        instead_of: None,
        whose: ["acme/mia".to_owned()].into(),
        at: at(11),
        yes: true,
        reason: "she starts today".into(),
        capacity: "their manager".into(),
    };
    Write::Clearance(Box::new(Clearance {
        id: "clr_1".into(),
        version: 0,
        kind: ClearanceKind::Approval,
        identity: who("new"),
        person: "Person new".into(),
        site: site(),
        rule: "lifecycle.new_account".into(),
        lines: vec![GatedLine { key: "create".into(), what: "+ account".into() }],
        plan: "pln_1".into(),
        state: ClearanceState::Granted,
        asked_at: at(10),
        until: None,
        demand: None,
        manager: None,
        votes: vec![vote],
        ended: Some((at(11), "approved by Mia Boss: she starts today".into())),
        over: false,
        spent: Default::default(),
    }))
}

fn event(user: &str, at: Timestamp) -> Write {
    let event = Event {
        tenant: tenant(),
        uuid: "okta-uuid-1".into(),
        kind: "user.lifecycle.deactivate".into(),
        published: Some(at),
        users: vec![user.into()],
        groups: Vec::new(),
        lane: Lane::Leaver,
        deletion: false,
        ours: false,
        membership: None,
    };
    Write::Signals {
        tenant: tenant(),
        source: Source::Feed,
        delivery: None,
        events: vec![event],
        cursor: None,
        at,
        coalesce: std::time::Duration::ZERO,
    }
}

fn orphan(at: Timestamp) -> Write {
    Write::Finding(Box::new(Finding {
        key: "orphan:pier:9".into(),
        kind: "orphan".into(),
        severity: Severity::Warning,
        tenant: None,
        site: Some(site()),
        identity: None,
        title: "account 9 belongs to nobody".into(),
        detail: String::new(),
        fix: None,
        count: None,
        since: at,
    }))
}

/// Two who were there, one of whom leaves late and one of whom is converted; one who joins; an orphan that is put away.
fn history() -> Vec<Write> {
    let mut all = vec![
        Write::Meta { key: "org:acme".into(), value: "00oacme".into() },
        person("old", "Employee", Status::Active, at(-5)),
        person("con", "Contractor", Status::Active, at(-5)),
        account(1, true, &[], at(-5)),
        account(2, true, &[], at(-5)),
        link("old", 1, at(-5)),
        link("con", 2, at(-5)),
    ];
    all.extend(sweep(at(-4), true));
    all.extend(sweep(at(2), true));
    // A comparison waited for the log while its own loop read it: one page twice.
    all.push(page(at(3), "p0", "p1", 1));
    all.push(page(at(3), "p0", "p1", 1));
    all.push(page(at(4), "p1", "p2", 4));
    let gap =
        json!({ "what": "gap", "from": at(5), "to": at(8), "seconds": 10_800, "ended": "p2", "place": "p2" });
    all.push(line("intake", None, at(8), "Okta's log was not read for 10800 s", gap));
    all.push(page(at(8), "p2", "p3", 1));
    let broken = json!({
        "what": "break", "from": at(8), "to": at(9), "seconds": 3600, "ended": "p3", "place": "q0",
        "why": "Okta refused the place up to which its log was read: 410",
    });
    all.push(line("intake", None, at(9), "the chain of Okta's log was broken", broken));
    all.push(page(at(9), "q0", "q1", 1));
    all.push(page(at(9), "x0", "x1", 1));
    all.extend([
        approval(),
        person("new", "Employee", Status::Active, at(12)),
        account(3, true, &[77], at(12)),
        link("new", 3, at(12)),
        person("con", "Employee", Status::Active, at(14)),
        event("old", at(15)),
        person("old", "Employee", Status::Deprovisioned, at(15)),
        Write::LeaverSeen { identity: who("old"), site: site(), since: at(15), seen_at: at(15) },
        account(1, false, &[], at(17)),
        Write::LeaverVerified { identity: who("old"), site: site(), at: at(17) },
        line("verified", Some("old"), at(17), "read back: as wanted", Value::Null),
        orphan(at(18)),
    ]);
    let closed = json!({ "key": "orphan:pier:9", "by": "olga", "reason": "a vendor's, and gone" });
    all.push(line("finding", None, at(20), "put away: account 9 belongs to nobody", closed));
    all.push(Write::FindingClosed {
        key: "orphan:pier:9".into(),
        by: "olga".into(),
        reason: "a vendor's, and gone".into(),
        at: at(20),
        until: None,
    });
    let answered =
        json!({ "since": at(15), "owner": "olga", "compensation": "badge blocked by hand", "by": "rita" });
    all.push(line("breach", Some("old"), at(21), "olga answers for a late leaver", answered));
    all.extend(sweep(at(22), false));
    // A leaver's booking was cancelled.
    let intent = "pln_9.1.0".to_owned();
    all.push(Write::Intent(Box::new(Intent {
        id: intent.clone(),
        plan: PlanId::new("pln_9"),
        step: 0,
        identity: who("old"),
        site: site(),
        account: Some(AccountId(1)),
        operation: Operation::CancelBooking { booking: ReservationId(5) },
        at: at(16),
        charge: None,
        run_charge: None,
        inverse: None,
    })));
    all.push(Write::Outcome { intent, outcome: Outcome::Done { account: None, made: None }, at: at(16) });
    // The orphan was gone, and is seen again when the period is over.
    all.push(Write::FindingsOverExcept { prefix: "orphan:pier:".into(), keep: Vec::new(), at: at(23) });
    all.push(orphan(at(26)));
    all
}

struct Made {
    archive: Vec<u8>,
}

impl Made {
    fn file(&self, name: &str) -> Vec<u8> {
        let entries = container::read(&self.archive).unwrap();
        let entry = entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}"));
        let mut bytes = Vec::new();
        entry.reader(&self.archive).read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = String::from_utf8(self.file(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn rows(&self, table: &str) -> Vec<Value> {
        self.lines(&format!("data/{table}.jsonl"))
    }

    /// The only row of a table.
    fn row(&self, table: &str) -> Value {
        let rows = self.rows(table);
        assert_eq!(rows.len(), 1, "{table}: {rows:?}");
        rows[0].clone()
    }
}

async fn made() -> Made {
    made_of(history(), |_| {}).await
}

async fn made_of(history: Vec<Write>, change: impl FnOnce(&mut Ask)) -> Made {
    let folder = tempfile::tempdir().unwrap();
    tried(folder.path(), history, change).await.unwrap()
}

async fn tried(
    folder: &std::path::Path,
    history: Vec<Write>,
    change: impl FnOnce(&mut Ask),
) -> anyhow::Result<Made> {
    let store = SqliteStore::open(folder).unwrap();
    for write in history {
        store.write(vec![write]).await.unwrap();
    }
    let mut ask = ask(folder);
    change(&mut ask);
    let key = CheckpointKey::create("lanyard-acme").unwrap();
    let packed = make(&ask, &Archive::open(folder).unwrap(), &key, &Silent)?;
    assert_eq!(packed.warnings, Vec::<String>::new());
    let archive = packed.archive;
    let report = verify::check(&archive, Some(&key.verifier()), &|_, _, _| {}).unwrap();
    assert_eq!(report.problems, []);
    Ok(Made { archive })
}

fn ask(dir: &Path) -> Ask {
    Ask {
        tenant: tenant(),
        okta_url: "https://acme.okta.example".into(),
        sites: vec![(site(), "https://pier.ioffice.example".into())],
        all_sites: false,
        from: at(0),
        to: at(24),
        seed: "1".into(),
        sample: None,
        sample_by: None,
        named: Vec::new(),
        made_at: at(25),
        made_by: "a test".into(),
        leaver_bound_seconds: 120,
        feed_interval: std::time::Duration::from_secs(10),
        settings: Vec::new(),
        administrators: Vec::new(),
        exported: dir.join("outside"),
    }
}

/// A data folder with the history in it, and its store, open.
async fn data_folder() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("store")).unwrap();
    for write in history() {
        store.write(vec![write]).await.unwrap();
    }
    (folder, store)
}

/// A checkpoint over the journal as it is, by a clock that shows this hour.
async fn signed(dir: &Path, store: &SqliteStore, key: &CheckpointKey, hour: i64) {
    let (size, root) = Archive::open(dir.join("store")).unwrap().head(&tenant()).unwrap();
    let origin = keys::origin(key, &tenant());
    let note = Checkpoint { origin, size, root, at: Some(at(hour)) }.sign(key);
    store.write(vec![Write::Checkpoint { tenant: tenant(), size, at: at(hour), note }]).await.unwrap();
}

fn terms(report: &verify::Report) -> &Terms {
    &report.manifest.as_ref().unwrap().terms
}

#[tokio::test]
async fn a_clock_that_went_back_is_said_in_the_pack_and_keeps_none_from_being_made() {
    let (folder, store) = data_folder().await;
    let dir = folder.path();
    let key = keys::load_or_make(dir, &tenant()).unwrap();
    signed(dir, &store, &key, 22).await;
    let (size, _) = Archive::open(dir.join("store")).unwrap().head(&tenant()).unwrap();
    // Five hours earlier than the last line, and not a moment longer than that.
    store.write(vec![line("control", None, at(17), "the clock was set back", Value::Null)]).await.unwrap();
    store.write(vec![line("control", None, at(17), "still", Value::Null)]).await.unwrap();
    signed(dir, &store, &key, 18).await;
    let out = dir.join("pack.zip");
    let made = write_pack(dir, &ask(dir), &out, &Silent).unwrap();
    assert_eq!(terms(&made.report).clock_went_back, [(size, 5 * 3600)]);
    let size = size + 2;
    let clock = Problem::Clock { size, at: at(18).to_string(), before: at(22).to_string() };
    assert_eq!(made.report.problems, [clock], "whoever verifies it is told");
    assert!(out.exists() && made.warnings.is_empty());
}

#[tokio::test]
async fn a_key_that_was_replaced_is_said_loudly_and_one_that_is_gone_signs_nothing() {
    let (folder, store) = data_folder().await;
    let dir = folder.path();
    let key = keys::load_or_make(dir, &tenant()).unwrap();
    signed(dir, &store, &key, 22).await;
    let make = |name: &str| write_pack(dir, &ask(dir), &dir.join(name), &Silent);
    assert_eq!(make("own.zip").unwrap().warnings, Vec::<String>::new());

    let file = dir.join("keys/acme.checkpoint.key");
    std::fs::remove_file(&file).unwrap();
    let refused = make("gone.zip").err().unwrap().to_string();
    assert!(
        refused.contains("acme.checkpoint.key is gone") && refused.contains("hint: bring it back"),
        "{refused}"
    );
    assert!(!dir.join("gone.zip").exists() && !file.exists(), "no other key is made");

    // Somebody removed what remembers it, too.
    std::fs::remove_dir_all(dir.join("keys")).unwrap();
    let made = make("foreign.zip").unwrap();
    let other = keys::load(dir, &tenant()).unwrap().unwrap().verifier();
    let warning = format!(
        "1 checkpoint on record is not signed by this pack's key ({other}), and none by it, and is left out: whether the journal is \
         still what was signed with them, this pack does not show. Ask who changed the key, and when."
    );
    assert_eq!(made.warnings, [warning.as_str()]);
    assert_eq!(terms(&made.report).limits[0], warning);
}

#[tokio::test]
async fn what_was_said_asked_and_decided_is_in_the_pack() {
    let made = made().await;
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    assert_eq!(manifest["terms"]["okta_org"], "00oacme");

    let breach = made.row("breaches");
    let told = ["person", "owner", "compensation", "answered_by"].map(|name| breach[name].as_str().unwrap());
    assert_eq!(told, ["acme/old", "olga", "badge blocked by hand", "rita"]);

    let orphan = made.row("exceptions");
    assert_eq!(
        ["over_at", "closed_by", "closed_because"].map(|name| orphan[name].as_str().unwrap().to_owned()),
        [at(20).to_string(), "olga".into(), "a vendor's, and gone".into()]
    );

    let joiner = made.row("joiners");
    assert_eq!(joiner["approved_by"], "Mia Boss (their manager)");
    assert_eq!(joiner["approved_at"], at(11).to_string());
    let approval = made.row("approvals");
    assert_eq!(
        ["person", "voted_by", "capacity", "vote", "reason"].map(|name| approval[name].as_str().unwrap()),
        ["acme/new", "Mia Boss", "their manager", "yes", "she starts today"]
    );
    assert_eq!((&approval["seconds_taken"], &approval["segregated"]), (&json!(3600), &json!(true)));

    let converted = made.row("conversions");
    assert_eq!(
        ["person", "before", "after", "seen_at"].map(|name| converted[name].as_str().unwrap().to_owned()),
        ["acme/con".into(), "Contractor".into(), "Employee".into(), at(14).to_string()]
    );
    let population = made.rows("population");
    let conversions: i64 = population.iter().map(|row| row["converted"].as_i64().unwrap()).sum();
    assert_eq!((population.len(), conversions), (3, 1));
}

#[tokio::test]
async fn completeness_is_told_at_both_ends_and_times_without_a_look_are_named() {
    let made = made().await;
    let certificates: Vec<String> = made
        .rows("certificates")
        .iter()
        .map(|row| {
            format!(
                "{} {} {}",
                row["moment"].as_str().unwrap(),
                row["scope"].as_str().unwrap(),
                row["complete"]
            )
        })
        .collect();
    assert_eq!(certificates, ["first acme true", "first pier true", "last acme false", "last pier true"]);

    let intake: Vec<String> = made
        .rows("intake")
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}..{} {}", text("kind"), text("from_place"), text("to_place"), row["pages"])
        })
        .collect();
    assert_eq!(
        intake,
        [
            "gap p2..p2 null",
            "chain p0..p3 7",
            "break p3..q0 null",
            "chain q0..q1 1",
            "break q1..x0 null",
            "chain x0..x1 1",
        ]
    );

    let counted: BTreeMap<String, i64> = made
        .rows("reconciliation")
        .iter()
        .map(|row| (row["figure"].as_str().unwrap().to_owned(), row["value"].as_i64().unwrap()))
        .collect();
    let of = |figure: &str| counted.get(figure).copied();
    assert_eq!(of("Okta: people in status ACTIVE at the start of the period"), Some(2));
    assert_eq!(of("Okta: people in status ACTIVE at the end of the period"), Some(2));
    assert_eq!(of("Okta: people in status DEPROVISIONED at the end of the period"), Some(1));
    assert_eq!(of("iOffice: live accounts at the start of the period"), Some(2));
    assert_eq!(of("iOffice: live accounts at the end of the period"), Some(2));
    assert_eq!(of("engine: live and linked at the start of the period"), Some(2));
    assert_eq!(of("engine: live and linked at the end of the period"), Some(2));
}

#[tokio::test]
async fn dossiers_hold_oktas_own_event_and_other_tools_get_every_class() {
    let made = made().await;
    let dossier: Value = serde_json::from_slice(&made.file("dossiers/acme-old.json")).unwrap();
    let event = &dossier["events"][0];
    assert_eq!(
        (&event["uuid"], &event["kind"]),
        (&json!("okta-uuid-1"), &json!("user.lifecycle.deactivate"))
    );
    let joined: Value = serde_json::from_slice(&made.file("dossiers/acme-new.json")).unwrap();
    assert_eq!(joined["approvals"][0]["votes"][0]["by"], "Mia Boss");
    assert!(made.file("dossiers.pdf").starts_with(b"%PDF-1.7"));

    let mut classes: BTreeMap<i64, usize> = BTreeMap::new();
    for event in made.lines("ocsf/events.jsonl") {
        *classes.entry(event["class_uid"].as_i64().unwrap()).or_default() += 1;
    }
    // Two live accounts when the period ended, one booking cancelled, one item given, one finding; the history has no line about the control.
    assert_eq!(classes, BTreeMap::from([(2003, 1), (3004, 1), (3006, 1), (5003, 2)]));
}
