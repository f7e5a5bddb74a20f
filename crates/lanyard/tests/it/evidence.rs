//! Evidence on the real thing: people come, move and go at Okta; a pack is made beside the running server, checked
//! offline, and meddled with. What was changed is in the store's file or in the pack, by a hand of the test's own.

use std::{fs, process::Command};

use lanyard_engine::ports::{Entry, Severity, Store as _, Write};
use lanyard_model::{
    id::GroupId,
    signal::{Actor, Event, Lane, Membership, Source},
};
use lanyard_store::SqliteStore;
use serde_json::{Value, json};

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder, Served},
    program::{MINUTE, SECONDS_20, lanyard, until},
};

const ADA: Hire<'_> = Hire {
    first: "Ada",
    last: "Quick",
    number: "90001",
    department: "Finance",
    office: "PIER",
    kind: "Employee",
};
const BEN: Hire<'_> = Hire { first: "Ben", last: "Slow", number: "90002", ..ADA };

async fn has_account(company: &Company, number: &str, live: bool) {
    until("the account is as wanted", SECONDS_20, async || {
        let office = company.office().await;
        (office.account(number).is_some() == live).then_some(())
    })
    .await;
}

/// Ada and Ben come, Ben goes.
async fn story(company: &Company, served: &Served) -> (String, String) {
    served.quiet(MINUTE).await;
    let ada = company.hire(&ADA, &["APP-iOffice-Users", "ROOM-Booking"]).await;
    let ben = company.hire(&BEN, &["APP-iOffice-Users", "ROOM-Booking"]).await;
    has_account(company, ADA.number, true).await;
    has_account(company, BEN.number, true).await;
    company.lifecycle(&ben, "deactivate").await;
    has_account(company, BEN.number, false).await;
    served.quiet(MINUTE).await;
    (format!("main/{ada}"), format!("main/{ben}"))
}

/// A file of a pack, by an unpacker that knows nothing of ours.
fn unpacked(pack: &str, name: &str) -> Vec<u8> {
    let script =
        "import sys,zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";
    let said = Command::new("python3").args(["-c", script, pack, name]).output().expect("python3 runs");
    assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));
    said.stdout
}

fn rows(pack: &str, table: &str) -> Vec<Value> {
    let text = String::from_utf8(unpacked(pack, &format!("data/{table}.jsonl"))).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_of_a_running_server_holds_and_shows_what_was_changed() {
    let company =
        Company::start(&["--people", "12", "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let served = folder.serve().await;
    let (ada, ben) = story(&company, &served).await;

    // Made while the server runs, as an auditor would.
    let pack = folder.path("../pack.zip").display().to_string();
    let from =
        ["report", "--from", "2020-01-01", "--seed", "2026", "--person", &ada, "--out", &pack, "--json"];
    let said = folder.verb(&from).await.ends(0).json();
    let totals = &said["summary"]["totals"];
    let total = |name: &str| totals[name].as_i64().expect("a number");
    assert!(total("joined") >= 2 && total("left") == 1, "{totals}");
    assert_eq!(
        total("opening") + total("joined") + total("returned") - total("left"),
        total("closing"),
        "{totals}"
    );
    let again = folder.verb(&["report", "--out", &pack]).await.ends(2);
    assert!(again.err.contains("never overwritten"), "{}", again.err);

    let leavers = rows(&pack, "leavers");
    assert_eq!(leavers.len(), 1, "{leavers:?}");
    let leaver = &leavers[0];
    assert_eq!((leaver["person"].as_str(), leaver["name"].as_str()), (Some(ben.as_str()), Some("Ben Slow")));
    assert_eq!((leaver["how"].as_str(), leaver["in_time"].as_bool()), (Some("deactivated"), Some(true)));
    let moments: Vec<&str> = ["event_at", "seen_at", "decided_at", "sent_at", "answered_at", "verified_at"]
        .map(|name| leaver[name].as_str().unwrap_or_else(|| panic!("no {name}: {leaver}")))
        .to_vec();
    assert!(moments.windows(2).all(|pair| pair[0] <= pair[1]), "{moments:?}");
    let joiners = rows(&pack, "joiners");
    // Whoever was there, in both systems, before the first comparison belongs to the opening and joined nothing.
    assert!(joiners.iter().all(|row| row["how"] == "created"), "{joiners:?}");
    let joined = joiners.iter().find(|row| row["person"] == ada.as_str()).expect("Ada joined");
    assert_eq!(
        (joined["how"].as_str(), joined["authorised_before"].as_bool()),
        (Some("created"), Some(true))
    );
    assert!(joined["authorised_by"].as_str().is_some_and(|why| !why.is_empty()), "{joined}");
    // Whole from the first page of Okta's log on, and both lists proven at the first comparison.
    let intake = rows(&pack, "intake");
    let kinds: Vec<&str> = intake.iter().filter_map(|row| row["kind"].as_str()).collect();
    assert!(kinds.contains(&"begin") && kinds.contains(&"chain"), "{intake:?}");
    assert!(!kinds.contains(&"break") && !kinds.contains(&"gap"), "{intake:?}");
    let certificates = rows(&pack, "certificates");
    let whole: Vec<&Value> = certificates.iter().filter(|row| row["moment"] == "first").collect();
    assert!(whole.len() >= 3 && whole.iter().all(|row| row["complete"] == true), "{certificates:?}");
    let manifest: Value = serde_json::from_slice(&unpacked(&pack, "manifest.json")).expect("a manifest");
    let org = manifest.pointer("/terms/okta_org").and_then(Value::as_str);
    assert!(org.is_some_and(|id| id.starts_with("00o")), "{org:?}");
    let ada_told: Value =
        serde_json::from_slice(&unpacked(&pack, &format!("dossiers/{}.json", ada.replace('/', "-"))))
            .expect("hers");
    assert!(ada_told["events"].as_array().is_some_and(|all| !all.is_empty()), "Okta's own events");
    assert!(unpacked(&pack, "dossiers.pdf").starts_with(b"%PDF"));

    let access = rows(&pack, "access");
    let hers: Vec<&Value> = access.iter().filter(|row| row["person"] == ada.as_str()).collect();
    assert!(hers.iter().any(|row| row["kind"] == "account" && row["value"] == "live"), "{hers:?}");
    assert!(hers.iter().all(|row| !row["because"].as_str().unwrap_or("").contains("by hand")), "{hers:?}");
    let nothing_live = access.iter().any(|row| row["person"] == ben.as_str() && row["value"] == "live");
    assert!(!nothing_live, "Ben holds nothing live");

    // Checked offline: by nothing but the pack and the key that came on another way.
    let key =
        fs::read_to_string(folder.path("checkpoints/main/verifier.txt")).expect("laid outside by the server");
    let checked = lanyard(&["verify", &pack, "--key", key.trim(), "--json"]).await.ends(0).json();
    assert_eq!(checked["holds"], true, "{checked}");
    assert!(checked["proofs"].as_u64() > Some(5), "{checked}");
    let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let wrong = lanyard(&["verify", &pack, "--key", other]).await.ends(1);
    assert!(wrong.err.contains("signed with another key"), "{}", wrong.err);
    let bytes = fs::read(&pack).expect("the pack");
    let meddled = folder.path("../meddled.zip").display().to_string();
    for place in [40, bytes.len() / 3, bytes.len() / 2, bytes.len() - 3] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        fs::write(&meddled, &changed).expect("a file");
        let said = lanyard(&["verify", &meddled]).await.ends(1);
        assert!(said.err.contains("changed") || said.err.contains("damaged"), "{place}: {}", said.err);
    }
    lanyard(&["verify", &folder.path("lanyard.toml").display().to_string()]).await.ends(2);
    lanyard(&["verify", "no-such-file.zip"]).await.ends(2);
    folder.verb(&["verify"]).await.ends(0);

    // A period before anything was known.
    let empty = folder
        .verb(&["report", "--from", "2001-01-01", "--to", "2001-02-01", "--out", "never.zip"])
        .await
        .ends(2);
    assert!(
        empty.err.contains("has no data") && empty.err.contains("hint: the first complete comparison"),
        "{}",
        empty.err
    );

    // Forgotten, and the journal verifies all the same.
    assert!(
        folder.verb(&["journal", "erase", &ada, "--reason", "asked"]).await.ends(2).err.contains("ACTIVE")
    );
    folder.verb(&["journal", "erase", &ben, "--reason", "asked for by Ben"]).await.ends(0);
    folder.verb(&["verify"]).await.ends(0);
    let after = folder.path("../after.zip").display().to_string();
    folder.verb(&["report", "--from", "2020-01-01", "--out", &after]).await.ends(0);
    let leaver = rows(&after, "leavers").remove(0);
    assert_eq!((leaver["person"].as_str(), leaver["name"].as_str()), (Some(ben.as_str()), Some("")));
    assert!(rows(&after, "control_changes").iter().any(|row| row["kind"] == "erasure"));
    let exported = folder.verb(&["journal", "export"]).await.ends(0).out;
    assert!(exported.contains("\"kind\\\":\\\"erasure") && !exported.contains("Ben Slow"), "{exported}");
    let whole = String::from_utf8_lossy(&unpacked(&after, "data/approvals.jsonl")).into_owned();
    assert!(!whole.contains("Ben Slow"));

    assert_eq!(served.running.terminate().await, 0);
    cut(&folder).await;
}

/// The last lines taken out of the file, the head made to fit: only what was laid outside shows it.
async fn cut(folder: &Folder) {
    let script = r"
import sqlite3, sys, hashlib
c = sqlite3.connect(sys.argv[1])
keep = c.execute('SELECT size FROM journal_trees').fetchone()[0] - 5
c.execute('DELETE FROM journal WHERE position >= ?', (keep,))
leaves = [r[0] for r in c.execute('SELECT leaf FROM journal ORDER BY position')]
stack = []
for leaf in leaves:
    level, hash = 0, leaf
    while stack and stack[-1][0] == level:
        hash = hashlib.sha256(b'\x01' + stack.pop()[1] + hash).digest()
        level += 1
    stack.append((level, hash))
c.execute('UPDATE journal_trees SET size = ?, frontier = ?', (keep, b''.join(h for _, h in stack)))
c.commit()";
    folder.verb(&["journal", "checkpoints"]).await.ends(0);
    let file = folder.path("store/lanyard.db").display().to_string();
    let said = Command::new("python3").args(["-c", script, &file]).output().expect("python3 runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let found = folder.verb(&["verify"]).await.ends(1);
    assert!(found.err.contains("the journal of main was cut"), "{}", found.err);
    let refused = folder.verb(&["report", "--from", "2020-01-01", "--out", "never.zip"]).await.ends(1);
    assert!(refused.err.contains("the journal of main was cut"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_lets_go_of_is_signed_for_and_one_line_more_shows() {
    let company =
        Company::start(&["--people", "12", "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let store = SqliteStore::open(folder.path("store")).expect("a store");
    for minute in 0..6 {
        let line = Entry {
            tenant: "main".into(),
            at: jiff::Timestamp::from_second(1_600_000_000 + minute * 60).expect("a moment"),
            kind: "test".into(),
            identity: None,
            site: None,
            person: None,
            severity: Severity::Info,
            title: format!("at minute {minute}"),
            detail: String::new(),
            data: Value::Null,
        };
        store.write(vec![Write::Journal(Box::new(line))]).await.expect("a line");
    }
    // Who let somebody into a group, long ago and lately.
    for (uuid, at) in [("old", 1_600_000_000), ("new", 4_000_000_000)] {
        let by = Actor { id: "00ubo".into(), name: "Bo".into(), kind: "User".into() };
        let event = Event {
            tenant: "main".into(),
            uuid: uuid.into(),
            kind: "group.user_membership.add".into(),
            published: None,
            users: vec!["00uana".into()],
            groups: Vec::new(),
            lane: Lane::Normal,
            deletion: false,
            ours: false,
            membership: Some(Membership { group: GroupId::new(uuid), joined: true, by }),
        };
        let seen = Write::Signals {
            tenant: "main".into(),
            source: Source::Feed,
            delivery: None,
            events: vec![event],
            cursor: None,
            at: jiff::Timestamp::from_second(at).expect("a moment"),
            coalesce: std::time::Duration::ZERO,
        };
        store.write(vec![seen]).await.expect("an event");
    }
    store.close();
    drop(store);
    let retained = folder.verb(&["journal", "retain", "--days", "365", "--json"]).await.ends(0).json();
    assert_eq!(retained.pointer("/journals/0"), Some(&json!({ "tenant": "main", "lines": 6, "gone": 6 })));
    assert_eq!(retained["beside"], json!({ "memberships": 1, "findings": 0 }));
    let again = folder.verb(&["journal", "retain", "--days", "365"]).await.ends(0);
    assert!(again.out.contains("0 changes of memberships and 0 earlier findings before "), "{}", again.out);
    folder.verb(&["verify"]).await.ends(0);

    // The line that tells of it is emptied too, and the mark moved: a careful hand without the key.
    let script = r"
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute('UPDATE journal SET line = ? WHERE position = 6', ('',))
c.execute('UPDATE journal_cuts SET position = 7')
c.commit()";
    let file = folder.path("store/lanyard.db").display().to_string();
    let said = Command::new("python3").args(["-c", script, &file]).output().expect("python3 runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let found = folder.verb(&["verify"]).await.ends(1);
    let told =
        "the retention of the journal of main: the texts of 7 lines are gone, and the note is over 6 lines";
    assert!(found.err.contains(told), "{}", found.err);
    let refused = folder.verb(&["report", "--from", "2020-01-01", "--out", "never.zip"]).await.ends(1);
    assert!(refused.err.contains("the retention of the journal of main"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_takes_a_right_away_and_a_read_closes_its_line() {
    let company =
        Company::start(&["--people", "12", "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    // Ada's data has only just arrived: removals would wait a minute and a half, as they should.
    folder.edit("policy/policy.toml", |text| text.replace("settle_seconds = 90", "settle_seconds = 2"));
    let served = folder.serve().await;
    served.quiet(MINUTE).await;
    let ada = company.hire(&ADA, &["APP-iOffice-Users", "ROOM-Booking"]).await;
    has_account(&company, ADA.number, true).await;
    served.quiet(MINUTE).await;
    let person = format!("main/{ada}");
    let open = ["review", "open", "Q4", "--owner", "olga", "--due", "2090-01-01", "--json"];
    let own = folder.verb(&[&open[..], &["--reviewer", "olga"]].concat()).await.ends(2);
    assert!(own.out.contains("cannot both own the review and decide in it"), "{own:?}");
    let opened = folder.verb(&[&open[..], &["--reviewer", "rita"]].concat()).await.ends(0).json();
    let id = opened["review"]["id"].as_str().expect("an id").to_owned();
    let shown = folder.verb(&["review", "show", &id, "--json"]).await.ends(0).json();
    let lines = shown["lines"].as_array().expect("lines").clone();
    let hers = lines.iter().find(|line| line["person"] == person.as_str() && line["kind"] == "role");
    let hers = hers.unwrap_or_else(|| panic!("Ada holds a role: {lines:?}")).clone();
    let line = hers["id"].as_str().expect("an id").to_owned();
    for other in lines.iter().filter(|other| other["id"] != line.as_str()) {
        let other = other["id"].as_str().expect("an id");
        folder.verb(&["review", "decide", other, "keep", "--reason", "needed", "--by", "rita"]).await.ends(0);
    }
    folder.verb(&["review", "sign", &id, "--by", "olga", "--statement", "done"]).await.ends(2);
    folder.verb(&["review", "decide", &line, "remove", "--reason", "moved", "--by", "rob"]).await.ends(2);
    folder.verb(&["review", "decide", &line, "remove", "--reason", "moved", "--by", "rita"]).await.ends(0);
    if !company.reading.revokes {
        // The site keeps what a shorter list leaves out: a person is asked, and the line stays open.
        until("a person is asked to take the role", MINUTE * 2, async || {
            let told = served.findings("todo").await;
            told.iter().any(|text| text.contains("set_roles")).then_some(())
        })
        .await;
        let shown = served.api(&format!("reviews/{id}?reviewer=rita&limit=500")).await;
        assert_eq!(shown["counts"]["removed"], 0, "{shown}");
        return;
    }
    let what = hers["what"].as_str().expect("a center").to_owned();
    until("the role is gone at iOffice", SECONDS_20, async || {
        let office = company.office().await;
        let account = office.account(ADA.number)?;
        (!account.roles().iter().any(|role| role.ends_with(&format!(" in {what}")))).then_some(())
    })
    .await;
    // Policy still wants it for everybody in her group: a look and a sweep leave it withheld.
    folder.verb(&["apply", "--person", &person]).await.ends(0);
    folder.verb(&["sweep"]).await.ends(0);
    let office = company.office().await;
    let roles = office.account(ADA.number).expect("Ada's account").roles();
    assert!(!roles.iter().any(|role| role.ends_with(&format!(" in {what}"))), "{roles:?}");
    folder.verb(&["review", "sign", &id, "--by", "olga", "--statement", "reviewed"]).await.ends(0);
    let reviews = served.api("reviews").await;
    assert_eq!(reviews.pointer("/reviews/0/statement"), Some(&json!("reviewed")), "{reviews}");
    until("a read closed the line", MINUTE, async || {
        let shown = served.api(&format!("reviews/{id}?reviewer=rita&limit=500")).await;
        (shown["counts"]["removed"] == 1).then_some(())
    })
    .await;
}
