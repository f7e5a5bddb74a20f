//! Drafts, versions and publication as the console's editor uses them.

use http::{StatusCode, header};
use lanyard_engine::{
    policies::{Publication, Wish},
    ports::{ActivityFilter, Silent, Store as _},
};
use lanyard_policy::PolicyFiles;
use lanyard_store::SqliteStore;
use serde_json::{Value, json};

use crate::house::House;

async fn open() -> House {
    let house = House::new();
    house.engine.load(&Silent).await.unwrap();
    house
}

fn tag(reply: &crate::house::Reply) -> String {
    reply.headers[header::ETAG].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_rule_is_edited_as_a_document_and_published() {
    let house = open().await;
    let first = house.api("GET", "/policy", None, Value::Null).await;
    assert_eq!(first.body["in_force"]["version"], 1, "{}", first.body);
    assert_eq!(first.body["in_force"]["author"], "policy folder");

    let published = house.api("GET", "/policy/versions/published", None, Value::Null).await;
    let mut document = published.body["document"].clone();
    let flow = document["rules"]["flow"].as_array_mut().unwrap();
    let own = flow.iter_mut().find(|flow| flow["id"] == "own-desk").unwrap();
    own["priority"] = json!(150);
    document["tables"]["places"]["rows"][0][5] = json!("Zone 3");

    let kept = house.api("PUT", "/policy/drafts/spring", Some("*"), json!({ "document": document })).await;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.body);
    // The policy's own tests are run on every draft: one of them asked for the zone as it was.
    let problems = kept.body["problems"].as_array().unwrap();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(problem["severity"], "warning", "{problem}");
    assert!(
        problem["message"].as_str().unwrap().starts_with("the test \"hybrid engineers sit together\" fails"),
        "{problem}"
    );
    let source = kept.body["source"]["rules"].as_str().unwrap();
    assert!(
        source.contains("# Template 1, new user: a place by the way somebody works."),
        "comments stay: {source}"
    );

    let changes = house.api("GET", "/policy/diff?to=draft:spring", None, Value::Null).await;
    assert_eq!(
        changes.body["changes"],
        json!([
            "The priority of rule own-desk is now 150, it was 100.",
            "Table places, row 1: site hq, officeLocation PIER, division Engineering, building Pier House, kind \
             Workstation, section Zone 3; it was site hq, officeLocation PIER, division Engineering, building Pier \
             House, kind Workstation, section Zone 2.",
        ])
    );

    let path = "/policy/drafts/spring/publish";
    let silent = house.api("POST", path, Some(&tag(&kept)), json!({})).await;
    assert_eq!((silent.status, &silent.body["code"]), (StatusCode::BAD_REQUEST, &json!("policy_reason")));
    assert_eq!(silent.body["errors"][0]["path"], "reason");
    let late = json!({ "reason": "desks first", "expected": 7 });
    assert_eq!(
        house.api("POST", path, Some(&tag(&kept)), late).await.status,
        StatusCode::PRECONDITION_FAILED
    );
    let wish = json!({ "reason": "desks first", "expected": 1 });
    let done = house.api("POST", path, Some(&tag(&kept)), wish).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(done.body["version"]["version"], 2);
    assert_eq!(done.body["version"]["changes"].as_array().unwrap().len(), 2);
    assert_eq!(house.engine.active().policy.seal(), done.body["version"]["seal"].as_str().unwrap());
    assert_eq!(
        house.api("GET", "/policy/drafts/spring", None, Value::Null).await.status,
        StatusCode::NOT_FOUND
    );

    let back = house.api("POST", "/policy/rollback", None, json!({ "to": 1, "reason": "too early" })).await;
    assert_eq!(back.body["version"]["version"], 3, "{}", back.body);
    assert_eq!(back.body["version"]["back_to"], 1);
    let versions = house.api("GET", "/policy/versions?limit=2", None, Value::Null).await;
    let numbers: Vec<_> =
        versions.body["versions"].as_array().unwrap().iter().map(|v| v["version"].clone()).collect();
    assert_eq!((numbers, &versions.body["total"]), (vec![json!(3), json!(2)], &json!(3)));
    assert_eq!(house.engine.active().policy.seal(), published.body["seal"].as_str().unwrap());
}

#[tokio::test]
async fn two_editors_never_overwrite_each_other() {
    let house = open().await;
    let text = house.api("GET", "/policy/versions/1", None, Value::Null).await.body["source"].clone();
    let body = json!({ "source": text });
    assert_eq!(
        house.api("PUT", "/policy/drafts/a", None, body.clone()).await.status,
        StatusCode::PRECONDITION_REQUIRED
    );
    let mine = house.api("PUT", "/policy/drafts/a", Some("*"), body.clone()).await;
    assert_eq!(mine.status, StatusCode::CREATED);
    assert_eq!(
        house.api("PUT", "/policy/drafts/a", Some("*"), body.clone()).await.status,
        StatusCode::PRECONDITION_FAILED
    );
    let theirs = house.api("PUT", "/policy/drafts/a", Some(&tag(&mine)), body.clone()).await;
    assert_eq!(theirs.status, StatusCode::OK);
    let late = house.api("PUT", "/policy/drafts/a", Some(&tag(&mine)), body).await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (StatusCode::PRECONDITION_FAILED, &json!("policy_changed"))
    );
    let gone = house.api("DELETE", "/policy/drafts/a", Some(&tag(&mine)), Value::Null).await;
    assert_eq!(gone.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(
        house.api("DELETE", "/policy/drafts/a", Some(&tag(&theirs)), Value::Null).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_draft_of_an_earlier_version_takes_nothing_back_until_it_is_put_on_top() {
    let house = open().await;
    let first = house.api("GET", "/policy/versions/1", None, Value::Null).await.body["source"].clone();
    let with = |people: u32, percent: u32| {
        let rules = first["rules"].as_str().unwrap();
        let rules = rules.replace("max_people = 100", &format!("max_people = {people}"));
        let line = rules.lines().find(|line| line.starts_with("max_percent")).unwrap().to_owned();
        let rules = rules.replace(&line, &format!("max_percent = {percent}"));
        json!({ "source": { "rules": rules, "tables": first["tables"] } })
    };
    let limits = || {
        let active = house.engine.active();
        let limits = active.policy.guardrails();
        (limits.max_people, limits.max_percent)
    };
    let number = limits().1.unwrap();
    let ours = house.api("PUT", "/policy/drafts/ours", Some("*"), with(90, number)).await;
    let theirs = house.api("PUT", "/policy/drafts/theirs", Some("*"), with(100, number + 1)).await;
    let publish = async |id: &str, kept: &crate::house::Reply, expected: Value| {
        let wish = json!({ "reason": "a test", "expected": expected });
        house.api("POST", &format!("/policy/drafts/{id}/publish"), Some(&tag(kept)), wish).await
    };
    assert_eq!(publish("theirs", &theirs, json!(1)).await.status, StatusCode::OK);
    let (_, percent) = limits();
    // Whatever the author saw in force, and when they say nothing of it.
    for expected in [json!(1), json!(2), Value::Null] {
        let refused = publish("ours", &ours, expected).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::CONFLICT, &json!("policy_overtaken"))
        );
        assert_eq!(
            refused.body["title"],
            "the draft stands on version 1, and version 2 is in force: publishing it would take back what was published \
             since"
        );
    }
    assert_eq!(limits(), (Some(100), percent));
    // An edit alone puts nothing on top.
    let edited = house.api("PUT", "/policy/drafts/ours", Some(&tag(&ours)), with(80, number)).await;
    assert_eq!(edited.body["based_on"], 1, "{}", edited.body);
    let mut on_top = with(80, number + 1);
    on_top["based_on"] = json!(3);
    let none = house.api("PUT", "/policy/drafts/ours", Some(&tag(&edited)), on_top.clone()).await;
    assert_eq!((none.status, &none.body["code"]), (StatusCode::CONFLICT, &json!("policy_overtaken")));
    on_top["based_on"] = json!(2);
    let on_top = house.api("PUT", "/policy/drafts/ours", Some(&tag(&edited)), on_top).await;
    assert_eq!((on_top.status, &on_top.body["based_on"]), (StatusCode::OK, &json!(2)), "{}", on_top.body);
    assert_eq!(publish("ours", &on_top, json!(2)).await.status, StatusCode::OK);
    assert_eq!(limits(), (Some(80), percent), "both are in force");
    // The command line's folder says whole what it wants, and follows nobody.
    let files = PolicyFiles {
        toml: ("policy.toml".into(), with(70, number)["source"]["rules"].as_str().unwrap().to_owned()),
        ..house.engine.active().policy.files().clone()
    };
    let wish = Wish { by: "Ola", reason: "the folder", expected: None };
    house.engine.publish_policy(&files, wish).await.unwrap();
    assert_eq!(limits().0, Some(70));
}

#[tokio::test]
async fn nobody_agrees_to_what_another_publication_has_overtaken() {
    let house = open().await;
    let first = house.api("GET", "/policy/versions/1", None, Value::Null).await.body["source"].clone();
    let rules = first["rules"].as_str().unwrap();
    let careful = rules.replace("[guardrails]", "[guardrails]\nsecond_person = true");
    let put = |rules: &str| json!({ "source": { "rules": rules, "tables": first["tables"] } });
    let limit = |count: u32| careful.replace("max_people = 100", &format!("max_people = {count}"));
    let kept = house.api("PUT", "/policy/drafts/a", Some("*"), put(&careful)).await;
    house.api("POST", "/policy/drafts/a/publish", Some(&tag(&kept)), json!({ "reason": "four eyes" })).await;
    let wish = json!({ "reason": "a test" });
    for (id, count) in [("b", 90), ("c", 80)] {
        let path = format!("/policy/drafts/{id}");
        let kept = house.api("PUT", &path, Some("*"), put(&limit(count))).await;
        house.api("POST", &format!("{path}/publish"), Some(&tag(&kept)), wish.clone()).await;
    }
    let agree = async |id: &str| {
        let tag = house.engine.policy_draft(id).await.unwrap().unwrap().tag;
        let second = Wish { by: "somebody else", reason: "", expected: None };
        house.engine.publish_policy_draft(id, tag, second).await
    };
    assert!(matches!(agree("b").await.unwrap(), Publication::Done(_)));
    let refused = agree("c").await.unwrap_err().to_string();
    assert!(refused.starts_with("the draft stands on version 2, and version 3 is in force"), "{refused}");
    // A folder that waits for a second person is agreed to with the same folder, whatever came between.
    let folder = |count: u32| PolicyFiles {
        toml: ("policy.toml".into(), limit(count)),
        ..house.engine.active().policy.files().clone()
    };
    let publish = async |by: &str, count: u32| {
        let wish = Wish { by, reason: "a test", expected: None };
        house.engine.publish_policy(&folder(count), wish).await.unwrap()
    };
    assert!(matches!(publish("Ola", 70).await, Publication::Waiting { .. }));
    house.engine.roll_back_policy(2, Wish { by: "Ola", reason: "back", expected: None }).await.unwrap();
    house.engine.roll_back_policy(2, Wish { by: "Pia", reason: "back", expected: None }).await.unwrap();
    assert!(matches!(publish("Pia", 70).await, Publication::Done(_)));
}

#[tokio::test]
async fn a_policy_with_mistakes_is_kept_as_a_draft_and_never_published() {
    let house = open().await;
    let published = house.api("GET", "/policy/versions/published", None, Value::Null).await;
    let mut document = published.body["document"].clone();
    document["rules"]["flow"][1]["look_up"] = json!("palces");
    document["rules"]["flow"][2]["if"][0]["is"] = json!("");
    let kept = house.api("PUT", "/policy/drafts/odd", Some("*"), json!({ "document": document })).await;
    assert_eq!(kept.status, StatusCode::CREATED);
    let paths: Vec<_> = kept.body["problems"].as_array().unwrap().iter().map(|p| p["path"].clone()).collect();
    assert_eq!(
        paths,
        [json!("/rules/flow/1/look_up"), json!("/rules/flow/2/if/0")],
        "{}",
        kept.body["problems"]
    );
    assert_eq!(kept.body["problems"][0]["fix"], "did you mean \"places\"?");
    let refused =
        house.api("POST", "/policy/drafts/odd/publish", Some(&tag(&kept)), json!({ "reason": "x" })).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert_eq!(refused.body["problems"].as_array().unwrap().len(), 2);
    assert_eq!(house.engine.active().policy.seal(), published.body["seal"].as_str().unwrap());
    let lint =
        house.api("POST", "/policy/lint", None, json!({ "source": { "rules": "format = = 1" } })).await;
    assert_eq!(
        (lint.status, &lint.body["ok"], &lint.body["document"]),
        (StatusCode::OK, &json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn a_second_person_must_agree_where_the_policy_says_so() {
    let house = open().await;
    let text =
        house.api("GET", "/policy/versions/1", None, Value::Null).await.body["source"]["rules"].clone();
    let careful = text.as_str().unwrap().replace("[guardrails]", "[guardrails]\nsecond_person = true");
    let tables =
        house.api("GET", "/policy/versions/1", None, Value::Null).await.body["source"]["tables"].clone();
    let put = |rules: String| json!({ "source": { "rules": rules, "tables": tables } });
    let kept = house.api("PUT", "/policy/drafts/a", Some("*"), put(careful.clone())).await;
    let wish = json!({ "reason": "four eyes" });
    let done = house.api("POST", "/policy/drafts/a/publish", Some(&tag(&kept)), wish.clone()).await;
    assert_eq!(done.body["state"], "published", "{}", done.body);

    let kept = house
        .api(
            "PUT",
            "/policy/drafts/b",
            Some("*"),
            put(careful.replace("max_people = 100", "max_people = 90")),
        )
        .await;
    let asked = house.api("POST", "/policy/drafts/b/publish", Some(&tag(&kept)), wish.clone()).await;
    assert_eq!((asked.status, &asked.body["asked_by"]), (StatusCode::ACCEPTED, &json!("command line")));
    let draft = house.api("GET", "/policy/drafts/b", None, Value::Null).await;
    assert_eq!(draft.body["asked"]["reason"], "four eyes");
    let again = house.api("POST", "/policy/drafts/b/publish", Some(&tag(&draft)), wish).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "never one's own");
    let second = || lanyard_engine::policies::Wish { by: "somebody else", reason: "", expected: None };
    let tag = tag(&draft).trim_matches('"').parse().unwrap();
    let done = house.engine.publish_policy_draft("b", tag, second()).await.unwrap();
    let lanyard_engine::policies::Publication::Done(version) = done else { panic!("{done:?}") };
    assert_eq!(
        (version.author.as_str(), version.approved_by.as_deref()),
        ("command line", Some("somebody else"))
    );
    assert_eq!(version.reason, "four eyes");

    // Nor does one person alone bring an earlier version back: the wish is a draft that waits.
    let back = json!({ "to": 1, "reason": "it was better" });
    let asked = house.api("POST", "/policy/rollback", None, back.clone()).await;
    assert_eq!(
        (asked.status, &asked.body["state"]),
        (StatusCode::ACCEPTED, &json!("waits for a second person"))
    );
    let again = house.api("POST", "/policy/rollback", None, back).await;
    assert_eq!((again.status, &again.body["asked_by"]), (StatusCode::ACCEPTED, &json!("command line")));
    let draft = house.api("GET", "/policy/drafts/back-to-1", None, Value::Null).await;
    assert_eq!(draft.body["asked"]["reason"], "it was better");
    let tag = draft.headers[header::ETAG].to_str().unwrap().trim_matches('"').parse().unwrap();
    let done = house.engine.publish_policy_draft("back-to-1", tag, second()).await.unwrap();
    let lanyard_engine::policies::Publication::Done(version) = done else { panic!("{done:?}") };
    assert_eq!((version.back_to, version.approved_by.as_deref()), (Some(1), Some("somebody else")));
    let drafts = house.api("GET", "/policy", None, Value::Null).await.body["drafts"].clone();
    assert_eq!(drafts, json!([]));
}

#[tokio::test]
async fn no_wish_overwrites_what_somebody_made_of_its_draft() {
    let house = open().await;
    let first = house.api("GET", "/policy/versions/1", None, Value::Null).await.body["source"].clone();
    let rules = first["rules"].as_str().unwrap();
    let put = |rules: &str| json!({ "source": { "rules": rules, "tables": first["tables"] } });
    let careful = rules.replace("[guardrails]", "[guardrails]\nsecond_person = true");
    let kept = house.api("PUT", "/policy/drafts/a", Some("*"), put(&careful)).await;
    house.api("POST", "/policy/drafts/a/publish", Some(&tag(&kept)), json!({ "reason": "four eyes" })).await;
    let limit = |count: u32| careful.replace("max_people = 100", &format!("max_people = {count}"));
    let drafts = async || {
        let list = house.engine.policy_drafts().await.unwrap().into_iter();
        let shown = |text: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix("max_people = ")).unwrap();
            line.split_whitespace().next().unwrap().to_owned()
        };
        let mut told: Vec<_> =
            list.map(|d| (d.id, shown(&d.source.toml.1), d.asked.map(|ask| ask.by), d.back_to)).collect();
        told.sort();
        told
    };
    let told = |id: &str, limit: &str, by: Option<&str>, back_to: Option<i64>| {
        (id.to_owned(), limit.to_owned(), by.map(str::to_owned), back_to)
    };

    let back = json!({ "to": 1, "reason": "it was better" });
    house.api("POST", "/policy/rollback", None, back.clone()).await;
    assert_eq!(drafts().await, [told("back-to-1", "100", Some("command line"), Some(1))]);
    let draft = house.api("GET", "/policy/drafts/back-to-1", None, Value::Null).await;
    house.api("PUT", "/policy/drafts/back-to-1", Some(&tag(&draft)), put(&limit(60))).await;
    for _ in 0..2 {
        let asked = house.api("POST", "/policy/rollback", None, back.clone()).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
        let edited = told("back-to-1", "60", None, None);
        assert_eq!(drafts().await, [edited, told("back-to-1-2", "100", Some("command line"), Some(1))]);
    }

    // A publication from the command line leaves another's wish, and an edit, as they are.
    let publish = async |by: &str, count: u32| {
        let files = PolicyFiles {
            toml: ("policy.toml".into(), limit(count)),
            ..house.engine.active().policy.files().clone()
        };
        house.engine.publish_policy(&files, Wish { by, reason: "a test", expected: None }).await.unwrap()
    };
    publish("Ola", 50).await;
    publish("Ola", 40).await;
    publish("Pia", 30).await;
    let of_the_line: Vec<_> =
        drafts().await.into_iter().filter(|draft| draft.0.starts_with("command")).collect();
    let asked =
        [told("command-line", "40", Some("Ola"), None), told("command-line-2", "30", Some("Pia"), None)];
    assert_eq!(of_the_line, asked, "one's own wish is replaced, nobody else's");
    let agreed = publish("Ola", 30).await;
    assert!(matches!(agreed, Publication::Done(version) if version.approved_by.as_deref() == Some("Ola")));
}

#[tokio::test]
async fn what_was_published_survives_a_restart_and_an_edited_folder_is_taken_over() {
    let house = open().await;
    let published = house.api("GET", "/policy/versions/published", None, Value::Null).await;
    let mut document = published.body["document"].clone();
    document["rules"]["guardrails"]["max_people"] = json!(7);
    let kept = house.api("PUT", "/policy/drafts/a", Some("*"), json!({ "document": document })).await;
    house.api("POST", "/policy/drafts/a/publish", Some(&tag(&kept)), json!({ "reason": "careful" })).await;
    // Another process on the same store, with the folder as it was.
    let again = House::on(std::sync::Arc::clone(&house.store), |_| {});
    again.engine.load(&Silent).await.unwrap();
    assert_eq!(again.engine.active().policy.guardrails().max_people, Some(7));
    // And one whose folder was edited meanwhile: what was published stays, and somebody is told.
    let edited = House::on(std::sync::Arc::clone(&house.store), |rules| {
        *rules = rules.replace("max_people = 100", "max_people = 3")
    });
    edited.engine.load(&Silent).await.unwrap();
    assert_eq!(edited.engine.active().policy.guardrails().max_people, Some(7));
    let findings = edited.store.findings(10).await.unwrap();
    assert_eq!(findings.iter().map(|f| f.kind.as_str()).collect::<Vec<_>>(), ["policy_folder"]);
    // Published from another folder, as the command line can: ours was not edited by that, and does not come back.
    let from_elsewhere = House::new();
    from_elsewhere.engine.load(&Silent).await.unwrap();
    let other = House::on(std::sync::Arc::new(SqliteStore::in_memory().unwrap()), |rules| {
        *rules = rules.replace("max_people = 100", "max_people = 9")
    });
    let files = other.engine.active().policy.files().clone();
    let wish = Wish { by: "Ola", reason: "tried elsewhere", expected: None };
    from_elsewhere.engine.publish_policy(&files, wish).await.unwrap();
    for _ in 0..2 {
        let restarted = House::on(std::sync::Arc::clone(&from_elsewhere.store), |_| {});
        restarted.engine.load(&Silent).await.unwrap();
        assert_eq!(restarted.engine.active().policy.guardrails().max_people, Some(9));
    }

    let fresh = House::new();
    fresh.engine.load(&Silent).await.unwrap();
    let later = House::on(std::sync::Arc::clone(&fresh.store), |rules| {
        *rules = rules.replace("max_people = 100", "max_people = 3")
    });
    later.engine.load(&Silent).await.unwrap();
    assert_eq!(later.engine.active().policy.guardrails().max_people, Some(3));
    let versions = later.engine.policy_versions(0, 10).await.unwrap().0;
    assert_eq!(versions[0].reason, "the folder was edited");
    assert_eq!(versions[0].changes, ["[guardrails] max_people is now 3, it was 100."]);
    let journal =
        later.store.activity(&ActivityFilter { limit: 10, ..ActivityFilter::default() }).await.unwrap();
    assert!(journal.is_empty(), "this house has no tenants, so no journal");
}

#[tokio::test]
async fn a_document_that_was_never_kept_is_judged_and_the_schema_says_what_it_may_say() {
    let house = open().await;
    let ask = async |body: Value| {
        let reply = house.api("POST", "/whatif", None, body).await;
        (reply.status, reply.body["code"].clone())
    };
    let mut document =
        house.api("GET", "/policy/versions/published", None, Value::Null).await.body["document"].clone();
    assert_eq!(ask(json!({})).await, (StatusCode::BAD_REQUEST, json!("no_draft")));
    assert_eq!(ask(json!({ "document": document })).await, (StatusCode::OK, Value::Null));
    document["rules"]["flow"][0]["look_up"] = json!("palces");
    assert_eq!(
        ask(json!({ "document": document })).await,
        (StatusCode::UNPROCESSABLE_ENTITY, json!("mistakes"))
    );
    let drafts = house.api("GET", "/policy", None, Value::Null).await.body["drafts"].clone();
    assert_eq!(drafts, json!([]), "nothing was kept");
    let schema = house.api("GET", "/policy/schema", None, Value::Null).await;
    assert_eq!(schema.body["properties"]["lifecycle"]["properties"]["settle_seconds"]["default"], 90);
}
