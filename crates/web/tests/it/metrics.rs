//! What monitoring asks for is what `/metrics` gives out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::*;
use lanyard_model::{
    account::{Account, AccountRead},
    booking::Booking,
    coverage::Evidence,
    id::{AccountId, IdentityId, ItemId, ReservationId, SiteId},
    place::Catalogue,
    plan::{Operation, Outcome},
    signal::{Lane, Source},
};
use lanyard_store::{DiskTrouble, SqliteStore};

use crate::{
    hooks::{Failing, Sender},
    house::House,
};

const ALERTS: &str = include_str!("../../../../docs/operations/alerts.yml");
const DASHBOARD: &str = include_str!("../../../../docs/operations/dashboard.json");
const GUIDE: &str = include_str!("../../../../docs/guides/operator.md");

/// Names of series in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let of_a_name = |c: char| c.is_ascii_lowercase() || c == '_';
    text.match_indices("lanyard_")
        .filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
        .map(|(at, _)| {
            let rest = &text[at..];
            &rest[..rest.find(|c| !of_a_name(c)).unwrap_or(rest.len())]
        })
        .collect()
}

/// A sweep on record that ended so many hours ago.
async fn swept(house: &House, scope: &str, hours: i64, certified: bool) {
    let ended = house.now() - SignedDuration::from_hours(hours);
    let sweep = SweepRecord {
        id: format!("swp_{scope}_{hours}"),
        scope: scope.into(),
        started_at: ended - SignedDuration::from_mins(10),
        ended_at: Some(ended),
        certified,
        doubts: Vec::new(),
        people: 2_000,
        accounts: 2_010,
        drift: 7,
        findings: 0,
        of: Default::default(),
        lists: None,
    };
    house.put(vec![Write::Sweep(Box::new(sweep))]).await;
}

/// A house of one org and these sites.
async fn with_sites(sites: &[&str]) -> House {
    let house = House::new();
    let org: Arc<dyn Directory> = Arc::new(Sender("northgate".into()));
    assert!(house.engine.join_directory(&org, None));
    for site in sites {
        assert!(house.engine.join_site(Arc::new(Still((*site).into())), false).await.unwrap());
    }
    house
}

const NOT_ASKED: PortFailure = PortFailure::Malformed { upstream: String::new(), reason: String::new() };

/// A site that nobody asks for anything.
struct Still(SiteId);

#[async_trait]
impl Workplace for Still {
    fn site(&self) -> &SiteId {
        &self.0
    }

    fn address(&self) -> String {
        String::new()
    }

    async fn observe_account(&self, _: AccountId, _: Lane) -> Result<AccountRead, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn find_accounts(&self, _: &SearchKey, _: Lane) -> Result<Vec<Account>, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn is_user_name_free(&self, _: &str, _: Lane) -> Result<bool, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn read_catalogue(&self, _: &dyn Progress) -> Result<Catalogue, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn list_accounts(
        &self,
        _: &mut dyn Sink<Account>,
        _: &dyn Progress,
    ) -> Result<Evidence, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn list_fields(&self) -> Result<BTreeMap<String, String>, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn list_bookings(&self, _: Timestamp, _: Lane) -> Result<Listing<Booking>, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn observe_booking(&self, _: ReservationId, _: Lane) -> Result<Option<Booking>, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn item_holders(
        &self,
        _: Lane,
    ) -> Result<Option<BTreeMap<AccountId, BTreeSet<ItemId>>>, PortFailure> {
        Err(NOT_ASKED)
    }

    async fn answers(&self, _: Lane) -> Result<(), PortFailure> {
        Err(NOT_ASKED)
    }

    async fn apply(&self, _: &Operation, _: Option<AccountId>, _: Lane) -> Outcome {
        Outcome::Refused { code: String::new(), text: String::new(), fix: String::new() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            active_write: None,
            delete_allowed: false,
            section_write: None,
            items_readable: None,
            visit_end: false,
        }
    }

    async fn probe(&self) -> Vec<Check> {
        Vec::new()
    }

    fn calls(&self) -> Vec<CallCount> {
        Vec::new()
    }
}

#[tokio::test]
async fn each_site_has_its_age_whichever_schedule_compared_it() {
    let house = with_sites(&["hq", "south", "west"]).await;
    swept(&house, "all", 400, false).await;
    swept(&house, "hq", 2, true).await;
    swept(&house, "northgate in south", 30, true).await;
    let (_, _, text) = house.form("GET", "/metrics", &[("authorization", "Bearer local")], "").await;
    let of = |name: &str| -> Vec<&str> {
        text.lines().filter(|line| line.starts_with(&format!("{name}{{"))).collect()
    };
    assert_eq!(
        of("lanyard_sweep_age_seconds"),
        [
            "lanyard_sweep_age_seconds{site=\"hq\"} 7200",
            "lanyard_sweep_age_seconds{site=\"south\"} 108000",
            "lanyard_sweep_age_seconds{site=\"west\"} 1440000"
        ]
    );
    assert_eq!(
        of("lanyard_sweep_certified"),
        [
            "lanyard_sweep_certified{site=\"hq\"} 1",
            "lanyard_sweep_certified{site=\"south\"} 1",
            "lanyard_sweep_certified{site=\"west\"} 0"
        ]
    );
}

#[tokio::test]
async fn a_tenant_and_a_site_of_one_name_have_each_their_own_comparisons() {
    let house = with_sites(&["hq", "northgate"]).await;
    swept(&house, "all", 400, true).await;
    swept(&house, "northgate", 5, true).await;
    swept(&house, "site:northgate", 30, true).await;
    // Kept by an earlier version.
    swept(&house, "hq", 2, true).await;
    let scopes: Vec<String> = series(&house, "lanyard_sweep_seconds").await;
    assert_eq!(
        scopes,
        [
            "lanyard_sweep_seconds{scope=\"all\"} 600",
            "lanyard_sweep_seconds{scope=\"northgate\"} 600",
            "lanyard_sweep_seconds{scope=\"site:hq\"} 600",
            "lanyard_sweep_seconds{scope=\"site:northgate\"} 600",
        ]
    );
    let listed = house.api("GET", "/sweeps", None, serde_json::Value::Null).await.body;
    let shown: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|sweep| sweep["scope"].as_str().unwrap()).collect();
    assert_eq!(shown, ["hq", "northgate", "northgate", "all"], "people read plain names");
}

#[tokio::test]
async fn the_overview_shows_each_site_its_own_last_comparison() {
    let house = with_sites(&["hq", "south"]).await;
    swept(&house, "all", 5, true).await;
    swept(&house, "site:hq", 1, false).await;
    let overview = house.api("GET", "/overview", None, serde_json::Value::Null).await.body;
    let shown: Vec<_> =
        overview["sites"].as_array().unwrap().iter().map(|site| &site["last_sweep"]).collect();
    let ago = |hours: i64| (house.now() - SignedDuration::from_hours(hours)).to_string();
    for (site, hours, certified) in [(shown[0], 1, false), (shown[1], 5, true)] {
        let at: Timestamp = site["at"].as_str().unwrap().parse().unwrap();
        assert_eq!((at.to_string(), site["certified"].as_bool()), (ago(hours), Some(certified)), "{site}");
        assert_eq!((&site["drift"], &site["state"]), (&7.into(), &"done".into()), "{site}");
    }
}

/// The lines of a series.
async fn series(house: &House, name: &str) -> Vec<String> {
    let (_, _, text) = house.form("GET", "/metrics", &[("authorization", "Bearer local")], "").await;
    let of = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    text.lines().filter(of).map(str::to_owned).collect()
}

/// The health check of a log: whether it is well, and what it says.
async fn log_check(house: &House) -> (bool, String) {
    let health = house.api("GET", "/health", None, serde_json::Value::Null).await.body;
    let check = health["checks"].as_array().unwrap().iter().find(|check| check["title"] == "log").unwrap();
    (check["ok"].as_bool().unwrap(), check["detail"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_age_of_a_log_grows_while_nobody_reads_it_also_over_a_restart() {
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    let house = async || {
        let house = House::on(Arc::clone(&store), |_| {});
        let org: Arc<dyn Directory> = Arc::new(Sender("northgate".into()));
        assert!(house.engine.join_directory(&org, None));
        house
    };
    let (tenant, age) = ("northgate".into(), "lanyard_feed_age_seconds");
    let first = house().await;
    assert_eq!((series(&first, age).await, log_check(&first).await), (vec![], (false, "never read".into())));
    first.engine.poll_feed(&tenant).await.unwrap();
    first.pass(SignedDuration::from_secs(7));
    assert_eq!(series(&first, age).await, ["lanyard_feed_age_seconds{tenant=\"northgate\"} 7"]);
    assert_eq!(log_check(&first).await, (true, "read 7 s ago; it has brought nothing yet".into()));
    first.pass(SignedDuration::from_secs(400));
    assert_eq!(series(&first, age).await, ["lanyard_feed_age_seconds{tenant=\"northgate\"} 407"]);
    assert_eq!(log_check(&first).await, (false, "read 407 s ago; it has brought nothing yet".into()));

    // Its clock begins where the first one's did.
    let second = house().await;
    second.pass(SignedDuration::from_secs(500));
    assert_eq!(series(&second, age).await, ["lanyard_feed_age_seconds{tenant=\"northgate\"} 500"]);
    assert!(!log_check(&second).await.0);
}

#[tokio::test]
async fn a_log_that_is_read_and_brings_nothing_has_an_age_of_its_last_event() {
    let house = with_sites(&[]).await;
    let event = "lanyard_feed_event_age_seconds";
    assert_eq!(series(&house, event).await, [""; 0]);
    let brought = Write::Signals {
        tenant: "northgate".into(),
        source: Source::Feed,
        delivery: None,
        events: Vec::new(),
        cursor: Some(FeedCursor::At("a".into())),
        at: house.now(),
        coalesce: std::time::Duration::ZERO,
    };
    house.put(vec![brought]).await;
    house.pass(SignedDuration::from_hours(5));
    house.engine.poll_feed(&"northgate".into()).await.unwrap();
    assert_eq!(series(&house, event).await, ["lanyard_feed_event_age_seconds{tenant=\"northgate\"} 18000"]);
    assert_eq!(
        series(&house, "lanyard_feed_age_seconds").await,
        ["lanyard_feed_age_seconds{tenant=\"northgate\"} 0"]
    );
    let (ok, detail) = log_check(&house).await;
    assert_eq!((ok, &*detail), (true, "read 0 s ago; it last brought something 18000 s ago"));
}

#[tokio::test]
async fn what_is_open_is_counted_as_it_is_now() {
    let house = with_sites(&["hq"]).await;
    let finding = |key: &str, kind: &str, severity| {
        Write::Finding(Box::new(Finding {
            key: key.into(),
            kind: kind.into(),
            severity,
            tenant: None,
            site: None,
            identity: None,
            title: key.into(),
            detail: String::new(),
            fix: None,
            count: None,
            since: house.now(),
        }))
    };
    let message = |id: &str| {
        Write::Message(Box::new(Message {
            id: id.into(),
            route: "it".into(),
            subject: "s".into(),
            text: "t".into(),
            at: house.now(),
            attempts: 0,
            data: None,
        }))
    };
    let left = |user: &str| Write::LeaverSeen {
        identity: IdentityId::new("northgate".into(), user),
        site: "hq".into(),
        since: house.now(),
        seen_at: house.now(),
    };
    let (warning, error) = (Severity::Warning, Severity::Error);
    house
        .put(vec![
            finding("a", "orphan", warning),
            finding("b", "orphan", error),
            finding("c", "todo", error),
        ])
        .await;
    house.put(vec![message("m1"), message("m2"), left("ana"), left("bo")]).await;
    let open = "lanyard_findings_open";
    assert_eq!(
        series(&house, open).await,
        [
            "lanyard_findings_open{kind=\"orphan\",severity=\"warning\"} 1",
            "lanyard_findings_open{kind=\"orphan\",severity=\"error\"} 1",
            "lanyard_findings_open{kind=\"todo\",severity=\"error\"} 1",
        ]
    );
    assert_eq!(series(&house, "lanyard_messages_open").await, ["lanyard_messages_open 2"]);
    assert_eq!(series(&house, "lanyard_leavers_late").await, ["lanyard_leavers_late 0"]);

    house.pass(SignedDuration::from_mins(3));
    let at = house.now();
    let sent = Write::MessageTried { id: "m1".into(), at, result: Ok(()), next: None };
    house.put(vec![Write::FindingOver { key: "b".into(), at }, sent]).await;
    assert_eq!(
        series(&house, open).await,
        [
            "lanyard_findings_open{kind=\"orphan\",severity=\"warning\"} 1",
            "lanyard_findings_open{kind=\"todo\",severity=\"error\"} 1",
        ]
    );
    assert_eq!(series(&house, "lanyard_messages_open").await, ["lanyard_messages_open 1"]);
    assert_eq!(series(&house, "lanyard_leavers_late").await, ["lanyard_leavers_late 2"]);
}

#[tokio::test]
async fn a_part_of_the_engine_that_ended_makes_the_server_unready_and_says_which() {
    let house = House::new();
    let (status, _, text) = house.form("GET", "/readyz", &[], "").await;
    assert_eq!((status, &*text), (StatusCode::OK, "ready\n"));
    house.engine.note_dead_loop("sweeps");
    let (status, _, text) = house.form("GET", "/readyz", &[], "").await;
    assert_eq!(
        (status, &*text),
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: ended without being asked to: sweeps\n")
    );
    let health = house.api("GET", "/health", None, serde_json::Value::Null).await.body;
    let engine =
        health["checks"].as_array().unwrap().iter().find(|check| check["title"] == "engine").unwrap();
    assert_eq!(
        (&engine["ok"], &engine["detail"]),
        (&false.into(), &"ended without being asked to: sweeps".into())
    );
}

#[tokio::test]
async fn an_engine_that_has_not_begun_makes_the_server_unready() {
    let house = House::new();
    house.engine.note_unbegun(Some("what the last process left cannot be read: locked".into()));
    let (status, _, text) = house.form("GET", "/readyz", &[], "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        text,
        "not ready: the engine has not begun: what the last process left cannot be read: locked\n"
    );
    let health = house.api("GET", "/health", None, serde_json::Value::Null).await.body;
    let engine = &health["checks"][0];
    assert_eq!((&engine["title"], &engine["ok"]), (&"engine".into(), &false.into()), "{engine}");
    house.engine.note_unbegun(None);
    let (status, ..) = house.form("GET", "/readyz", &[], "").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn health_says_which_site_does_not_answer() {
    let house = with_sites(&["hq", "south"]).await;
    let said = async |site: &str| {
        let health = house.api("GET", "/health", None, serde_json::Value::Null).await.body;
        let name = format!("{site}: answers");
        let check = health["checks"].as_array().unwrap().iter().find(|check| check["name"] == *name).cloned();
        let check = check.unwrap();
        (check["ok"].as_bool().unwrap(), check["detail"].as_str().unwrap().to_owned())
    };
    let well = (true, "nothing says that it does not".to_owned());
    assert_eq!((said("hq").await, said("south").await), (well.clone(), well.clone()));
    let finding = |key: &str, kind: &str, title: &str| {
        Write::Finding(Box::new(Finding {
            key: key.into(),
            kind: kind.into(),
            severity: Severity::Error,
            tenant: None,
            site: Some("south".into()),
            identity: None,
            title: title.into(),
            detail: "down".into(),
            fix: None,
            count: None,
            since: house.now(),
        }))
    };
    for (key, kind) in [("unread:site:south", "unread"), ("credential:iOffice (south)", "credential")] {
        house.put(vec![finding(key, kind, "south is gone")]).await;
        assert_eq!(said("south").await, (false, "south is gone: down".to_owned()), "{key}");
        assert_eq!(said("hq").await, well);
        house.put(vec![Write::FindingOver { key: key.into(), at: house.now() }]).await;
        assert_eq!(said("south").await, well);
    }
}

#[tokio::test]
async fn a_store_that_does_not_write_makes_the_server_unready() {
    let house = House::new();
    house.store.set_disk(Box::new(Failing(DiskTrouble::Broken)));
    let (status, _, text) = house.form("GET", "/readyz", &[], "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.starts_with("not ready: "), "{text}");
}

#[tokio::test]
async fn alert_rules_and_dashboard_name_series_that_there_are() {
    let house = with_sites(&["hq"]).await;
    swept(&house, "all", 1, true).await;
    let (_, headers, text) = house.form("GET", "/metrics", &[("authorization", "Bearer local")], "").await;
    assert_eq!(headers["content-type"], "text/plain; version=0.0.4");
    for line in [
        "lanyard_sweep_age_seconds{site=\"hq\"} 3600",
        "lanyard_sweep_certified{site=\"hq\"} 1",
        "lanyard_sweep_seconds{scope=\"all\"} 600",
        "lanyard_sweep_differing{scope=\"all\"} 7",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    let given: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for (what, wanted) in [("alerts.yml", ALERTS), ("dashboard.json", DASHBOARD), ("operator.md", GUIDE)] {
        let wanted = named(wanted);
        assert!(wanted.len() > 2, "{what} names {wanted:?}");
        let missing: Vec<_> = wanted.difference(&given).collect();
        assert!(missing.is_empty(), "{what} names {missing:?}, and /metrics gives {given:?}");
    }
    // Every series says what it is.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        assert!(given.contains(name), "{line}");
    }
}

#[tokio::test]
async fn health_says_of_each_event_hook_what_a_person_can_do() {
    let house = House::new();
    for tenant in ["northgate", "other"] {
        let directory: Arc<dyn Directory> = Arc::new(Sender(tenant.into()));
        house.engine.join_directory(&directory, None);
    }
    let said = async |tenant: &str| {
        let health = house.api("GET", "/health", None, serde_json::Value::Null).await.body;
        let name = format!("{tenant}: event hook");
        let check = health["checks"].as_array().unwrap().iter().find(|check| check["name"] == *name).cloned();
        let check = check.unwrap();
        let text = |key: &str| check[key].as_str().unwrap_or("-").to_owned();
        (check["ok"].as_bool().unwrap(), text("detail"), text("fix"))
    };
    let told = |ok, detail: &str, fix: &str| (ok, detail.to_owned(), fix.to_owned());
    assert_eq!(said("other").await, told(false, "no public_url", "set public_url"), "nobody keeps one");
    assert_eq!(said("northgate").await, told(false, "not verified yet", "run `lanyard doctor`"));
    let finding = Finding {
        key: "hook:northgate".into(),
        kind: "hook".into(),
        severity: Severity::Warning,
        tenant: Some("northgate".into()),
        site: None,
        identity: None,
        title: "northgate: no event hook delivers".into(),
        detail: "our credential may not see event hooks".into(),
        fix: Some("in Okta: Workflow > Event Hooks".into()),
        count: None,
        since: house.now(),
    };
    let state = |value: &str| Write::Meta { key: "hook-state:northgate".into(), value: value.into() };
    house.put(vec![Write::Finding(Box::new(finding)), state("missing")]).await;
    assert_eq!(
        said("northgate").await,
        told(false, "our credential may not see event hooks", "in Okta: Workflow > Event Hooks")
    );
    house.put(vec![state("live")]).await;
    assert_eq!(said("northgate").await, told(true, "live", "-"));
}
