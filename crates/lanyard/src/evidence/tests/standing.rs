//! Exceptions that stood when the period ended: each with whoever answers for it, why, since when and until when.

use lanyard_engine::ports::{DELEGATIONS, Document, WITHHELD};

use super::*;

fn document(collection: &str, key: &str, body: Value) -> Write {
    let (collection, key) = (collection.to_owned(), key.to_owned());
    Write::Document(Box::new(Document { collection, key, version: 0, keys: Vec::new(), body }))
}

const RULES: &str = "format = 1\n[[route]]\nsite = \"pier\"\n[correlation]\n\
    keys = [{ kind = \"n\", attribute = \"employeeNumber\", field = \"employeeId\" }]\n\
    [[flow]]\nid = \"rooms\"\nif = [{ attribute = \"userType\", is = \"Employee\" }]\nthen = [{ item = \"Rooms\" }]\n";

/// A published version of the policy, with these limits.
fn version(number: i64, at: Timestamp, limits: &str) -> Write {
    let rules = format!("{RULES}[guardrails]\n{limits}");
    let body = json!({
        "number": number, "name": "p", "seal": format!("seal{number}"), "author": format!("Author {number}"),
        "reason": "", "at": at, "source": { "file": "policy.toml", "rules": rules, "tables": {} },
    });
    document("policy:versions", &number.to_string(), body)
}

/// A request about somebody, otherwise as the one that was granted.
fn asked(id: &str, change: impl FnOnce(&mut Clearance)) -> Write {
    let mut write = approval();
    if let Write::Clearance(clearance) = &mut write {
        (clearance.id, clearance.identity) = (id.into(), who("con"));
        clearance.votes = Vec::new();
        (clearance.state, clearance.ended) = (ClearanceState::Waiting, None);
        change(clearance);
    }
    write
}

const CASE: &str = "[[guardrails.protection]]\nid = \"case-7\"\nif = [{ attribute = \"displayName\", is = \"Person old\" }]\n";

/// What somebody made, of every kind.
fn exceptions() -> Vec<Write> {
    let stated = "reason = \"litigation\"\nowner = \"Lea Law\"\nuntil = \"2026-05-01\"\n";
    let nameless = "protected = [{ attribute = \"userType\", is = \"Board\" }]\n";
    let mut stop = line("control", None, at(19), "stopped: nothing is written to any site", Value::Null);
    if let Write::Journal(entry) = &mut stop {
        entry.detail = "by Rob".into();
    }
    let mut orphan = orphan(at(18));
    if let Write::Finding(finding) = &mut orphan {
        finding.key = "orphan:pier:8".into();
        finding.title = "account 8 belongs to nobody".into();
    }
    let closed = json!({
        "key": "orphan:pier:8", "by": "rita", "reason": "a vendor's", "owner": "Vera", "until": at(30),
    });
    vec![
        version(1, at(-10), CASE),
        version(2, at(6), &[nameless, CASE, stated].concat()),
        asked("clr_2", |one| {
            (one.kind, one.rule, one.until) = (ClearanceKind::Hold, "rooms".into(), Some(at(40)));
        }),
        asked("clr_3", |one| {
            let why = "undone by Olga: wrong floor".to_owned();
            (one.kind, one.ended, one.asked_at) = (ClearanceKind::Undone, Some((at(13), why)), at(13));
        }),
        // None of these stood when the period ended.
        asked("clr_4", |one| (one.kind, one.until) = (ClearanceKind::Hold, Some(at(20)))),
        asked("clr_5", |one| {
            (one.state, one.ended) = (ClearanceState::Cancelled, Some((at(12), "called off".into())));
        }),
        asked("clr_6", |one| one.over = true),
        document("reviews", "rev_1", json!({ "id": "rev_1", "tenant": "acme", "owner": "olga" })),
        document(
            WITHHELD,
            "w1",
            json!({
                "identity": who("con"), "site": "pier", "kind": "item", "key": 77, "line": "rev_1:000003",
                "reason": "removed in review Q2 by rita: moved", "since": at(15),
            }),
        ),
        document(
            DELEGATIONS,
            "mia@acme.example",
            json!({
                "from": "mia@acme.example", "to": "bob@acme.example", "until": at(48), "reason": "on leave",
                "starts": at(3), "given_by": "Mia Boss",
            }),
        ),
        document(
            DELEGATIONS,
            "old@acme.example",
            json!({ "from": "old@acme.example", "to": "bob@acme.example", "until": at(9) }),
        ),
        stop,
        orphan,
        line("finding", None, at(20), "put away: account 8 belongs to nobody", closed),
        Write::FindingClosed {
            key: "orphan:pier:8".into(),
            by: "rita".into(),
            reason: "a vendor's".into(),
            at: at(20),
            until: Some(at(30)),
        },
    ]
}

fn told(made: &Made) -> Vec<String> {
    let short = |value: &Value| {
        let text = value.as_str().unwrap_or("-");
        let hours = text.parse::<Timestamp>().map(|moment| moment.duration_since(at(0)).as_hours());
        hours.map_or_else(|_| text.to_owned(), |hours| hours.to_string())
    };
    let names = ["kind", "person", "what", "owner", "reason", "made_by", "since", "until", "ends", "state"];
    made.rows("open_exceptions").iter().map(|row| names.map(|name| short(&row[name])).join(" | ")).collect()
}

#[tokio::test]
async fn every_exception_that_stood_has_owner_reason_and_end_or_says_that_none_is_stated() {
    let mut all = history();
    all.extend(exceptions());
    let made = made_of(all, |_| {}).await;
    let asks = "a decision, its end, or its reason going away";
    let rule = "a version of the policy without it";
    assert_eq!(
        told(&made),
        [
            format!(
                "protected | - | nothing is taken from whoever fits: userType is \"Board\" (nobody fits) | none stated | none \
                 stated | Author 2 | 6 | - | none stated; {rule} | in force"
            ),
            format!(
                "protected | acme/old | case-7: nothing is taken from whoever fits: displayName is \"Person old\" | Lea Law | \
                 litigation | Author 1 | -10 | 24 | {rule} | past its end"
            ),
            "approval | acme/new | + account | Mia Boss | she starts today | rule lifecycle.new_account | 10 | - | none stated; \
             being used, or its reason going away | in force"
                .to_owned(),
            format!(
                "hold | acme/con | + account | Author 2 | rooms asks for it | rule rooms | 10 | 40 | {asks} | waiting"
            ),
            "undone | acme/con | + account | Olga | wrong floor | Olga | 13 | - | none stated; somebody releases it | in force"
                .to_owned(),
            "withheld | acme/con | item 77 | olga | removed in review Q2 by rita: moved | review rev_1 | 15 | - | none stated; \
             the review line is decided otherwise | in force"
                .to_owned(),
            "delegation | - | bob@acme.example votes in the place of mia@acme.example | mia@acme.example | on leave | Mia Boss | \
             3 | 48 | its stated end, or somebody withdraws it | in force"
                .to_owned(),
            "stop | - | nothing is written to any site | Rob | none stated | Rob | 19 | - | none stated; somebody resumes | in \
             force"
                .to_owned(),
            "put_away | - | account 8 belongs to nobody | Vera | a vendor's | rita | 20 | 30 | a read or look that no longer \
             shows it | in force"
                .to_owned(),
        ]
    );
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    let figures = ["exceptions_unowned", "exceptions_endless", "exceptions_past_end"]
        .map(|name| manifest["summary"][name].as_i64().unwrap());
    assert_eq!(figures, [1, 5, 1]);
    assert_eq!(manifest["terms"]["known_since"], json!([["pier", at(-4)]]));
    let away = made.rows("exceptions").into_iter().find(|row| row["key"] == "orphan:pier:8").unwrap();
    assert_eq!((&away["owner"], &away["until"]), (&json!("Vera"), &json!(at(30))));
    let rules: Vec<String> = made
        .rows("rules")
        .iter()
        .map(|row| ["rule", "effect", "right", "whom"].map(|name| row[name].as_str().unwrap()).join(" | "))
        .collect();
    assert_eq!(
        rules,
        [
            "rooms | gives | the item Rooms | userType is \"Employee\"",
            "lifecycle.deactivated | takes | everything | deactivated in Okta",
            "lifecycle.deleted | takes | everything | deleted in Okta",
        ]
    );
}

#[tokio::test]
async fn what_is_put_away_before_the_period_and_still_so_stands_without_being_a_finding_of_it() {
    let mut all = history();
    all.extend(exceptions());
    let made = made_of(all, |ask| {
        (ask.from, ask.to, ask.made_at) = (at(21), at(26), at(27));
    })
    .await;
    assert!(made.rows("exceptions").iter().all(|row| row["key"] != "orphan:pier:8"));
    let away: Vec<String> = told(&made).into_iter().filter(|row| row.starts_with("put_away")).collect();
    assert_eq!(away.len(), 1, "{away:?}");
}

fn kinds(made: &Made) -> Vec<String> {
    told(made).iter().map(|row| row.split(" | ").next().unwrap().to_owned()).collect()
}

/// Another tenant is served, too.
fn brim() -> Write {
    let mut line = line("verified", None, at(1), "read back: as wanted", Value::Null);
    if let Write::Journal(entry) = &mut line {
        entry.tenant = TenantId::new("brim");
    }
    line
}

#[tokio::test]
async fn what_became_of_a_request_after_the_period_says_nothing_about_how_it_stood() {
    let yes = |hours: i64| Vote {
        by: "Mia Boss".into(),
        instead_of: None,
        whose: ["acme/mia".to_owned()].into(),
        at: at(hours),
        yes: true,
        reason: "she needs it".into(),
        capacity: String::new(),
    };
    let ended = |one: &mut Clearance, hours: i64, why: &str| {
        (one.state, one.over) = (ClearanceState::Cancelled, true);
        one.ended = Some((at(hours), why.to_owned()));
    };
    let mut all = history();
    all.extend([
        // Nobody had decided; by the time of the pack its reason went away.
        asked("clr_2", |one| ended(one, 30, "the reason went away")),
        // Somebody had agreed, and it was not used.
        asked("clr_3", |one| {
            one.votes = vec![yes(12)];
            ended(one, 30, "the reason went away");
        }),
        // Agreed to afterwards, and used up since.
        asked("clr_4", |one| {
            (one.votes, one.state, one.over) = (vec![yes(30)], ClearanceState::Granted, true);
            one.ended = Some((at(30), "approved by Mia Boss".into()));
        }),
        asked("clr_5", |one| {
            one.kind = ClearanceKind::Undone;
            ended(one, 30, "released by Rita");
        }),
        // Somebody had said no; it was asked anew afterwards.
        asked("clr_6", |one| {
            one.votes = vec![Vote { yes: false, ..yes(12) }];
            ended(one, 30, "to be asked anew by Rita");
        }),
        // Over within the period.
        asked("clr_7", |one| ended(one, 20, "the reason went away")),
    ]);
    let made = made_of(all, |ask| ask.made_at = at(40)).await;
    let rows: Vec<String> = made
        .rows("open_exceptions")
        .iter()
        .map(|row| ["source", "kind", "owner", "state"].map(|name| row[name].as_str().unwrap()).join(" | "))
        .collect();
    assert_eq!(
        rows,
        [
            "clr_1 | approval | Mia Boss | in force",
            "clr_2 | approval | none stated | waiting",
            "clr_3 | approval | Mia Boss | in force",
            "clr_4 | approval | none stated | waiting",
            "clr_5 | undone | none stated | in force",
        ]
    );
}

#[tokio::test]
async fn a_protection_names_nobody_of_another_tenant() {
    let both = "[[guardrails.protection]]\nid = \"case-8\"\nif = [{ attribute = \"displayName\", in = [\"Person old\", \"Bea Brim\"] }]\n\
                reason = \"litigation\"\n";
    let mut all = history();
    all.push(version(1, at(-10), both));
    let what = |made: &Made| told(made)[0].split(" | ").nth(2).unwrap().to_owned();
    let alone = made_of(all.clone(), |_| {}).await;
    assert_eq!(
        what(&alone),
        "case-8: nothing is taken from whoever fits: displayName is \"Person old\" or \"Bea Brim\""
    );
    all.push(brim());
    let made = made_of(all, |_| {}).await;
    assert_eq!(
        what(&made),
        "case-8: nothing is taken from this person; whom else it fits is left out of this pack"
    );
    assert_eq!(made.rows("open_exceptions")[0]["reason"], "litigation");
}

#[tokio::test]
async fn whose_delegation_it_is_goes_by_who_they_are_and_by_their_address_only_if_that_is_unknown() {
    let bea = IdentityId::new(TenantId::new("brim"), "bea");
    let given = |from: &str, ids: &[&IdentityId]| {
        let body = json!({
            "from": from, "to": "bob@acme.example", "until": at(48), "starts": at(3), "from_ids": ids, "to_ids": [who("con")],
        });
        document(DELEGATIONS, from, body)
    };
    let mut all = history();
    let mut con = person("con", "Contractor", Status::Active, at(-5));
    if let Write::Identity { identity, .. } = &mut con {
        identity.profile.set("email", AttributeValue::Text("Con@acme.example".into()));
    }
    all.extend([
        con,
        brim(),
        // Of somebody who had another address then; of somebody else whose address it was; kept by an earlier version.
        given("renamed@acme.example", &[&who("con")]),
        given("con@acme.example", &[&bea]),
        given("CON@acme.example", &[]),
        given("stranger@brim.example", &[]),
    ]);
    let made = made_of(all, |_| {}).await;
    let rows = made.rows("open_exceptions");
    let mut owners: Vec<&str> = rows
        .iter()
        .filter(|row| row["kind"] == "delegation")
        .map(|row| row["owner"].as_str().unwrap())
        .collect();
    owners.sort_unstable();
    assert_eq!(owners, ["CON@acme.example", "renamed@acme.example"]);
}

#[tokio::test]
async fn exceptions_about_other_tenants_are_not_in_a_pack() {
    let mut all = history();
    all.extend(exceptions());
    all.push(brim());
    let made = made_of(all, |_| {}).await;
    assert_eq!(kinds(&made), ["protected", "approval", "hold", "undone", "withheld", "stop", "put_away"]);
    let settings = made.rows("configuration");
    assert!(settings.iter().all(|row| !row["setting"].as_str().unwrap().starts_with("guardrails.prot")));
}
