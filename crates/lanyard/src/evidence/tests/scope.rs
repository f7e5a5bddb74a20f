//! A pack is one tenant's: what others have, review and are told of is not in it, and what came later has its own beginning.

use lanyard_engine::ports::{Document, Intent, REVIEW_LINES, Swept};
use lanyard_model::{
    id::PlanId,
    plan::{Operation, Outcome},
};

use super::*;

fn dock() -> SiteId {
    SiteId::new("dock")
}

/// Somebody of another tenant.
fn bea() -> IdentityId {
    IdentityId::new(TenantId::new("brim"), "bea")
}

fn document(collection: &str, key: &str, body: Value) -> Write {
    let (collection, key) = (collection.to_owned(), key.to_owned());
    Write::Document(Box::new(Document { collection, key, version: 0, keys: Vec::new(), body }))
}

fn campaign(id: &str, tenant: &str, body: Value) -> Write {
    let mut all = json!({
        "id": id, "title": format!("Review of {tenant}"), "tenant": tenant, "owner": "olga", "provisioners": [],
        "opened_at": at(5), "due_at": at(30), "closed_at": null, "statement": null, "snapshot": "s", "flags": [],
    });
    for (name, value) in body.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    document("reviews", id, all)
}

fn review_line(id: &str, campaign: &str, person: &str, site: &str, body: Value) -> Write {
    let mut all = json!({
        "id": id, "campaign": campaign, "person": person, "name": "", "own_names": [], "site": site, "account": 1,
        "kind": "role", "key": "5", "value": "manager", "what": "role 5", "since": at(1), "reviewer": "rita",
        "decision": null, "reason": null, "decided_at": null, "removed_at": null, "flags": [],
    });
    for (name, value) in body.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    document(REVIEW_LINES, id, all)
}

fn undelivered(id: &str, at: Timestamp) -> Write {
    Write::Finding(Box::new(Finding {
        key: format!("message:{id}"),
        kind: "message".into(),
        severity: Severity::Warning,
        tenant: None,
        site: None,
        identity: None,
        title: "a message to it could not be delivered".into(),
        detail: format!("about {id}: Bea Brim leaves: 550 no such user"),
        fix: None,
        count: None,
        since: at,
    }))
}

/// Bea works in the same site, and her tenant has a journal.
fn neighbours() -> Vec<Write> {
    let mut line = line("verified", None, at(1), "read back: as wanted", Value::Null);
    if let Write::Journal(entry) = &mut line {
        (entry.tenant, entry.identity) = (TenantId::new("brim"), Some(bea()));
    }
    vec![
        person_of(bea(), "Employee", Status::Active, at(-5)),
        account(9, true, &[], at(-5)),
        link_in(site(), bea(), 9, at(-5)),
        line,
    ]
}

#[tokio::test]
async fn other_tenants_and_other_sites_reviews_are_not_in_a_pack() {
    let mut all = history();
    all.extend(neighbours());
    all.extend([
        campaign("rev_a", "acme", json!({})),
        campaign("rev_b", "brim", json!({})),
        review_line("l1", "rev_a", "acme/con", "pier", json!({})),
        review_line("l2", "rev_a", "acme/con", "dock", json!({})),
        review_line("l3", "rev_b", "brim/bea", "pier", json!({ "reviewer": "olga" })),
    ]);
    let made = made_of(all, |_| {}).await;
    let row = made.row("reviews");
    assert_eq!((&row["line"], &row["person"]), (&json!("l1"), &json!("acme/con")));
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    let summary = &manifest["summary"];
    assert_eq!((&summary["reviews_undecided"], &summary["reviews_not_separated"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn what_was_decided_after_the_period_was_open_when_it_ended() {
    let decided = |at: Timestamp| json!({ "decision": "remove", "reason": "moved", "decided_at": at });
    let mut gone = decided(at(20));
    gone["removed_at"] = json!(at(26));
    let mut all = history();
    all.extend([
        campaign(
            "rev_a",
            "acme",
            json!({ "closed_at": at(28), "statement": "done", "due_at": at(23), "flags": ["overdue", "escalated", "hasty"] }),
        ),
        review_line("l1", "rev_a", "acme/con", "pier", decided(at(10))),
        review_line("l2", "rev_a", "acme/con", "pier", gone),
        review_line("l3", "rev_a", "acme/con", "pier", decided(at(25))),
    ]);
    let made = made_of(all, |ask| ask.made_at = at(30)).await;
    let told: Vec<String> = made
        .rows("reviews")
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            ["line", "decision", "reason", "removed_at", "closed_at", "statement", "flags"]
                .map(text)
                .join(" | ")
        })
        .collect();
    assert_eq!(
        told,
        [
            "l1 | remove | moved | - | - | - | overdue, escalated",
            "l2 | remove | moved | - | - | - | overdue, escalated",
            "l3 | - | - | - | - | - | overdue, escalated",
        ]
    );
}

#[tokio::test]
async fn messages_about_other_tenants_people_are_not_in_a_pack() {
    let mut all = history();
    all.extend(neighbours());
    let ids = ["brim/bea:pier:clr_9:it", "acme/con:pier:clr_1:it", "given:pln_1:r:it", "given:pln_2:r:it"];
    all.extend(ids.map(|id| undelivered(id, at(10))));
    let made = made_of(all, |_| {}).await;
    let rows = made.rows("exceptions");
    let bare = format!("message:{}", at(10));
    let bare_too = format!("{bare}:2");
    let told: BTreeMap<&str, &str> = rows
        .iter()
        .filter(|row| row["kind"] == "message")
        .map(|row| (row["key"].as_str().unwrap(), row["detail"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        BTreeMap::from([
            (
                "message:acme/con:pier:clr_1:it",
                "about acme/con:pier:clr_1:it: Bea Brim leaves: 550 no such user"
            ),
            (bare.as_str(), "Lanyard serves other tenants too: what more is said is left out of this pack."),
            (
                bare_too.as_str(),
                "Lanyard serves other tenants too: what more is said is left out of this pack."
            ),
        ])
    );
    let events = String::from_utf8(made.file("ocsf/events.jsonl")).unwrap();
    assert!(!events.contains("brim/bea") && !events.contains("given:pln"));

    // The only tenant is told everything.
    let mut alone = history();
    alone.push(undelivered("given:pln_1:r:it", at(10)));
    let made = made_of(alone, |_| {}).await;
    let rows = made.rows("exceptions");
    let row = rows.iter().find(|row| row["kind"] == "message").unwrap();
    assert_eq!(row["detail"], "about given:pln_1:r:it: Bea Brim leaves: 550 no such user");
}

/// Something about Lanyard as a whole, whose every word names somebody of another tenant or site.
fn about_all(at: Timestamp) -> Write {
    Write::Finding(Box::new(Finding {
        key: "hold:brim/bea".into(),
        kind: "hold".into(),
        severity: Severity::Warning,
        tenant: None,
        site: None,
        identity: None,
        title: "Bea Brim of dock is held".into(),
        detail: "brim/bea".into(),
        fix: Some("ask brim about bea".into()),
        count: None,
        since: at,
    }))
}

#[tokio::test]
async fn of_what_is_said_of_lanyard_as_a_whole_a_pack_of_one_among_several_says_kind_and_time_alone() {
    let told = |made: &Made| {
        let row = made.rows("exceptions").into_iter().find(|row| row["kind"] == "hold").unwrap();
        (row["key"].clone(), row["title"].clone(), row["fix"].clone(), row["since"].clone())
    };
    let bare = format!("hold:{}", at(10));
    let left_out = "something about Lanyard as a whole, left out of this pack";
    let hidden = (json!(bare), json!(left_out), Value::Null, json!(at(10).to_string()));
    let mut all = history();
    all.extend(neighbours());
    all.push(about_all(at(10)));
    let made = made_of(all, |_| {}).await;
    assert_eq!(told(&made), hidden);
    assert!(!String::from_utf8(made.file("ocsf/events.jsonl")).unwrap().contains("Bea Brim"));

    // One tenant with two sites: all of it is told in a pack of both, and not in one of the other site.
    let mut all = history();
    all.extend([account_in(dock(), 1, true, &[], at(-5)), link_in(dock(), who("con"), 1, at(-5))]);
    all.extend([about_all(at(10)), undelivered("acme/con:dock:clr_1:it", at(10))]);
    let messages =
        |made: &Made| made.rows("exceptions").iter().filter(|row| row["kind"] == "message").count();
    let of_pier = made_of(all.clone(), |_| {}).await;
    assert_eq!((told(&of_pier), messages(&of_pier)), (hidden, 0));
    let both = |ask: &mut Ask| ask.sites.push((dock(), "https://dock.ioffice.example".into()));
    let of_both = made_of(all, both).await;
    assert_eq!((told(&of_both).0, messages(&of_both)), (json!("hold:brim/bea"), 1));
}

/// A comparison without a line in this tenant's journal.
fn compared(scope: &str, at: Timestamp, people: u64, doubts: &[&str]) -> Write {
    Write::Sweep(Box::new(SweepRecord {
        id: format!("swp_{scope}_{}", at.as_millisecond()),
        scope: scope.into(),
        started_at: at,
        ended_at: Some(at),
        certified: doubts.is_empty(),
        doubts: doubts.iter().map(|doubt| (*doubt).to_owned()).collect(),
        people,
        accounts: 3,
        drift: 0,
        findings: 0,
        of: BTreeMap::new(),
        lists: None,
    }))
}

#[tokio::test]
async fn comparisons_of_one_site_take_no_lists_proof_from_the_others() {
    let mut all = history();
    all.extend([account_in(dock(), 1, true, &[], at(-5)), link_in(dock(), who("con"), 1, at(-5))]);
    let lists = [("acme", ReadKind::Identities), ("dock", ReadKind::Accounts)];
    all.extend(sweep_of("dock", &lists, at(23), true));
    let made = made_of(all, |ask| ask.sites.push((dock(), "https://dock.ioffice.example".into()))).await;
    let certificates: Vec<String> = made
        .rows("certificates")
        .iter()
        .map(|row| ["moment", "scope", "sweep"].map(|name| row[name].as_str().unwrap()).join(" "))
        .collect();
    let id = |hour: i64| format!("swp_{}", at(hour).as_millisecond());
    assert_eq!(
        certificates,
        [
            format!("first acme {}", id(2)),
            format!("first dock {}", id(23)),
            format!("first pier {}", id(2)),
            format!("last acme {}", id(23)),
            format!("last pier {}", id(22)),
        ]
    );
}

#[tokio::test]
async fn comparisons_of_others_are_not_in_a_pack_and_of_shared_ones_their_doubts_are_not() {
    let mut all = history();
    all.extend(neighbours());
    all.push(compared("brim", at(1), 99, &["brim: the last page was not reached"]));
    all.push(compared("dock", at(23), 99, &["dock: the last page was not reached"]));
    let doubts = ["acme: its feed had a gap", "brim: its token was refused", "pier: 3 rows were missing"];
    all.push(compared("all", at(23), 7, &doubts));
    let made = made_of(all, |_| {}).await;
    let sweeps = made.rows("sweeps");
    let scopes: Vec<&str> = sweeps.iter().map(|row| row["scope"].as_str().unwrap()).collect();
    assert_eq!(scopes, ["all", "all", "all"]);
    assert_eq!(
        sweeps[2]["doubts"],
        "acme: its feed had a gap; pier: 3 rows were missing; what is said of other tenants or sites is left out of this pack"
    );
    let counted = made.rows("reconciliation");
    let of = |figure: &str| counted.iter().find(|row| row["figure"] == figure).unwrap()["value"].clone();
    assert_eq!(
        (
            of("Okta: people in the first sweep of the period"),
            of("Okta: people in the last sweep of the period")
        ),
        (json!(3), json!(7))
    );
    assert_eq!(sweeps[2]["counted"], "all tenants together");
}

#[tokio::test]
async fn a_comparison_of_a_tenant_is_none_of_the_site_that_has_its_name() {
    let brim = || SiteId::new("brim");
    let mut all = history();
    all.extend(neighbours());
    all.extend([account_in(brim(), 1, true, &[], at(-5)), link_in(brim(), who("con"), 1, at(-5))]);
    all.push(compared("brim", at(20), 99, &[]));
    all.push(compared("site:brim", at(21), 7, &[]));
    // Kept by an earlier version.
    all.push(compared("dock", at(23), 8, &[]));
    let both = |ask: &mut Ask| {
        ask.sites = vec![(brim(), "https://b.example".into()), (dock(), "https://d.example".into())];
    };
    let made = made_of(all, both).await;
    let told: Vec<_> = made
        .rows("sweeps")
        .into_iter()
        .filter(|row| row["scope"] != "all")
        .map(|row| (row["scope"].clone(), row["people"].clone()))
        .collect();
    assert_eq!(told, [(json!("brim"), json!(7)), (json!("dock"), json!(8))]);
}

#[tokio::test]
async fn of_a_comparison_of_several_tenants_a_pack_tells_its_own_counts() {
    let own = Swept { people: 3, accounts: 2, drift: 1, findings: 0 };
    let others = Swept { people: 99, accounts: 98, drift: 9, findings: 9 };
    let mut all = history();
    let mut write = compared("all", at(23), 102, &[]);
    if let Write::Sweep(sweep) = &mut write {
        sweep.of = [(tenant(), own), (TenantId::new("brim"), others)].into();
    }
    all.push(write);
    let told = |made: &Made| {
        let row = made.rows("sweeps").pop().unwrap();
        let counts =
            ["people", "accounts", "differences", "findings"].map(|name| row[name].as_i64().unwrap());
        let figures = made.rows("reconciliation");
        let last =
            figures.iter().find(|row| row["figure"].as_str().unwrap().contains("people in the last sweep"));
        let last = last.unwrap();
        (counts, row["counted"].clone(), last["value"].clone(), last["source"].as_str().unwrap().to_owned())
    };
    // The only tenant: everything that was read.
    let source = format!("sweep swp_all_{}", at(23).as_millisecond());
    let alone = made_of(all.clone(), |_| {}).await;
    assert_eq!(told(&alone), ([102, 3, 0, 0], json!("this tenant"), json!(102), source.clone()));
    all.extend(neighbours());
    let made = made_of(all, |_| {}).await;
    let whose = format!("{source}, this tenant");
    assert_eq!(told(&made), ([3, 2, 1, 0], json!("this tenant"), json!(3), whose));
}

#[tokio::test]
async fn of_a_comparison_that_did_not_count_tenants_apart_no_account_is_said_to_be_linked() {
    let figures = |made: &Made| -> Vec<String> {
        let all = made.rows("reconciliation");
        let all = all.iter().map(|row| row["figure"].as_str().unwrap().to_owned());
        all.filter(|figure| figure.starts_with("iOffice: accounts") && figure.contains("last sweep"))
            .collect()
    };
    let mut all = history();
    all.extend(neighbours());
    all.push(compared("acme", at(23), 3, &[]));
    let made = made_of(all.clone(), |_| {}).await;
    assert_eq!(figures(&made), ["iOffice: accounts in the last sweep of the period"]);
    let mut write = compared("acme", at(23), 3, &[]);
    if let Write::Sweep(sweep) = &mut write {
        sweep.of = [(tenant(), Swept { people: 3, accounts: 2, drift: 0, findings: 0 })].into();
    }
    all.push(write);
    let made = made_of(all, |_| {}).await;
    assert_eq!(
        figures(&made),
        ["iOffice: accounts that are linked to people in the last sweep of the period"]
    );
}

/// Who joined, and how; and who was there from the beginning.
fn beginnings(made: &Made, site: &str) -> (Vec<String>, usize) {
    let of = |table: &str| -> Vec<Value> {
        made.rows(table).into_iter().filter(|row| row["site"] == site).collect()
    };
    let joiners = of("joiners").iter().map(|row| format!("{} {}", row["person"], row["how"])).collect();
    (joiners, of("population").iter().filter(|row| row["live_at_start"] == true).count())
}

fn limits(made: &Made) -> Vec<String> {
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    let limits = manifest["terms"]["limits"].as_array().unwrap().iter();
    limits.map(|limit| limit.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_site_that_was_added_later_has_a_beginning_of_its_own() {
    let mut all = history();
    // Read for the first time at 10, linked by the looks that follow.
    all.push(person("dee", "Employee", Status::Active, at(-5)));
    all.extend([account_in(dock(), 1, true, &[], at(10)), link_in(dock(), who("dee"), 1, at(12))]);
    all.extend(sweep(at(11), true));
    let made = made_of(all, |ask| ask.sites.push((dock(), "https://dock.ioffice.example".into()))).await;
    assert_eq!(beginnings(&made, "dock"), (vec![], 1), "whoever was found there joined nothing");
    assert_eq!(beginnings(&made, "pier"), (vec!["\"acme/new\" \"adopted\"".to_owned()], 2));
    let told: Vec<String> =
        limits(&made).into_iter().filter(|limit| limit.starts_with("The first complete")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(&format!("The first complete comparison of dock ended at {}", at(11))));
}

#[tokio::test]
async fn a_tenant_that_was_added_later_has_a_beginning_of_its_own() {
    let mut all = history();
    let mut line = line("verified", None, at(13), "read back: as wanted", Value::Null);
    if let Write::Journal(entry) = &mut line {
        (entry.tenant, entry.identity) = (TenantId::new("brim"), Some(bea()));
    }
    // Her account was among everybody's from the beginning; nobody knew whose it is.
    all.extend([
        account(9, true, &[], at(-5)),
        person_of(bea(), "Employee", Status::Active, at(10)),
        link_in(site(), bea(), 9, at(12)),
        line,
    ]);
    all.extend(sweep(at(11), true));
    let made = made_of(all, |ask| ask.tenant = TenantId::new("brim")).await;
    assert_eq!(beginnings(&made, "pier"), (vec![], 1));
    let all = limits(&made);
    let told = format!("The first complete comparison ended at {}", at(11));
    assert!(all.iter().any(|limit| limit.starts_with(&told)), "{all:?}");
}

#[tokio::test]
async fn what_was_done_later_elsewhere_is_not_done_here() {
    let intent = |id: &str, site: SiteId, hours| {
        Write::Intent(Box::new(Intent {
            id: id.into(),
            plan: PlanId::new("pln_1"),
            step: 0,
            identity: who("con"),
            site,
            account: None,
            operation: Operation::Deactivate,
            at: at(hours),
            charge: None,
            run_charge: None,
            inverse: None,
        }))
    };
    let outcome = |id: &str, outcome, hours| Write::Outcome { intent: id.into(), outcome, at: at(hours) };
    let not_done = || Outcome::NotDone { reason: "down".into() };
    let done = || Outcome::Already { account: None, note: String::new() };
    let mut all = history();
    all.extend([account_in(dock(), 1, true, &[], at(-5)), link_in(dock(), who("con"), 1, at(-5))]);
    all.extend([intent("i1", site(), 5), outcome("i1", not_done(), 6)]);
    all.extend([intent("i2", dock(), 7), outcome("i2", done(), 8)]);
    let sites = |ask: &mut Ask| ask.sites.push((dock(), "https://dock.ioffice.example".into()));
    let made = made_of(all.clone(), sites).await;
    let row = made.row("failed");
    assert_eq!((&row["site"], &row["done_later"]), (&json!("pier"), &json!(false)));
    all.extend([intent("i3", site(), 9), outcome("i3", done(), 10)]);
    assert_eq!(made_of(all, sites).await.row("failed")["done_later"], true);
}
