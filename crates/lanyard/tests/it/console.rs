//! What the console does through the API on a running server: evidence packs, reviews, new connections, a draft tried on
//! people. Answers are held against the OpenAPI document; files are read by a hand of the test's own.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::{
    company::Company,
    folder::{Credential, Folder, Served},
    program::{MINUTE, SECONDS_20, lanyard, until},
    schema::Document,
};

struct House {
    company: Company,
    folder: Folder,
    served: Served,
    document: Document,
}

async fn house(people: &str) -> House {
    let company =
        Company::start(&["--people", people, "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let served = folder.serve().await;
    served.quiet(MINUTE).await;
    House { company, folder, served, document: Document::read() }
}

impl House {
    /// Asks, and holds the answer against its description under `described`.
    async fn read(&self, path: &str, described: &str) -> Value {
        let answer = self.served.api(path).await;
        let mistakes = self.document.mistakes(&format!("/api/v1{described}"), &answer);
        assert!(mistakes.is_empty(), "{path}:\n{}", mistakes.join("\n"));
        answer
    }

    /// The first person of the first page, and another one.
    async fn two_people(&self) -> [Value; 2] {
        let page = self.served.api("people?limit=2").await;
        [page["items"][0].clone(), page["items"][1].clone()]
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.served.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let url = format!("{}/api/v1/{path}", self.served.url);
        self.served.http.call("POST", &url, &headers, body.to_string()).await
    }

    /// Posts, and holds the answer against its description under `described`.
    async fn done(&self, path: &str, described: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        let mistakes = self.document.mistakes_of("post", &format!("/api/v1{described}"), &answer);
        assert!(mistakes.is_empty(), "{path}:\n{}", mistakes.join("\n"));
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_is_made_by_the_server_saved_and_a_flipped_byte_is_found() {
    let house = house("12").await;
    let wish = json!({ "tenant": "main", "from": "2020-01-01T00:00:00Z", "seed": "2026" });
    let begun = house.done("evidence/packs", "/evidence/packs", wish.clone()).await;
    assert_eq!(begun["state"], "making", "{begun}");
    let id = begun["id"].as_str().expect("an id").to_owned();
    let pack = until("the pack is made", MINUTE, async || {
        let pack = house.served.api(&format!("evidence/packs/{id}")).await;
        (pack["state"] != "making").then_some(pack)
    })
    .await;
    assert_eq!((&pack["state"], &pack["check"]["holds"]), (&json!("ready"), &json!(true)), "{pack}");
    let mistakes = house.document.mistakes("/api/v1/evidence/packs/{id}", &pack);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    let totals = &pack["figures"]["totals"];
    let total = |name: &str| totals[name].as_i64().expect("a number");
    assert_eq!(
        total("opening") + total("joined") + total("returned") - total("left"),
        total("closing"),
        "{totals}"
    );

    // What is saved is what `lanyard verify` knows.
    let bearer = format!("Bearer {}", house.served.token);
    let url = format!("{}/api/v1/evidence/packs/{id}/file", house.served.url);
    let saved = house.served.http.answer("GET", &url, &[("authorization", &bearer)]).await;
    assert_eq!(saved.headers()["content-type"], "application/zip");
    let own = house.folder.path("../saved.zip");
    fs::write(&own, saved.body()).expect("a file");
    lanyard(&["verify", &own.display().to_string()]).await.ends(0);
    let told = house.served.api("activity?kinds=evidence").await;
    let titles: Vec<&str> =
        told["items"].as_array().expect("lines").iter().filter_map(|line| line["title"].as_str()).collect();
    assert!(titles.iter().any(|title| title.contains("saved")), "{titles:?}");
    assert!(titles.iter().any(|title| title.contains("asked for")), "{titles:?}");

    let kept = house.folder.path(&format!("evidence/{id}.zip"));
    let mut bytes = fs::read(&kept).expect("the kept pack");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&kept, bytes).expect("a file");
    let check =
        house.done(&format!("evidence/packs/{id}/verify"), "/evidence/packs/{id}/verify", json!({})).await;
    assert_eq!(check["holds"], false, "{check}");
    assert!(!check["problems"].as_array().expect("a list").is_empty(), "{check}");

    let future = json!({ "tenant": "main", "from": "2999-01-01T00:00:00Z" });
    let (status, refused) = house.post("evidence/packs", future).await;
    assert_eq!((status, &refused["errors"][0]["path"]), (422, &json!("from")), "{refused}");
    let (status, refused) =
        house.post("evidence/packs", json!({ "tenant": "elsewhere", "from": "2020-01-01T00:00:00Z" })).await;
    assert_eq!((status, &refused["errors"][0]["path"]), (422, &json!("tenant")), "{refused}");

    let signed = house.done("evidence/checkpoints", "/evidence/checkpoints", json!({})).await;
    assert_eq!(signed["signed"], 1);
    let shown = house.served.api("evidence").await;
    let newest = &shown["tenants"][0]["checkpoints"][0];
    assert_eq!(newest["state"], "holds", "{newest}");
    assert!(newest["outside"].as_str().is_some_and(|file| fs::metadata(file).is_ok()), "{newest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_site_is_tried_sampled_and_kept_under_observation() {
    let house = house("12").await;
    let site = |password: &str| {
        json!({
            "kind": "ioffice", "id": "second", "url": house.company.ioffice_url(),
            "user": house.company.ioffice_user(), "password": password,
        })
    };
    let probe = house.done("connections/probe", "/connections/probe", site("not the password")).await;
    assert_eq!(probe["ok"], false, "{probe}");
    let failed = probe["checks"].as_array().expect("checks").iter().find(|check| check["ok"] == false);
    assert!(failed.is_some_and(|check| check["fix"].is_string()), "{probe}");
    let right = site(house.company.ioffice_password());
    let probe = house.done("connections/probe", "/connections/probe", right.clone()).await;
    assert_eq!(probe["ok"], true, "{probe}");

    let sample = house.done("connections/sample", "/connections/sample", right.clone()).await;
    assert_eq!(sample["rows"].as_array().map(Vec::len), Some(5), "{sample}");
    let number = &sample["keys"][0];
    assert!(number["with"].as_u64() > Some(0) && number["found"].as_u64() > Some(0), "{number}");

    let mut crooked = right.clone();
    crooked["url"] = json!("not an address");
    let (status, refused) = house.post("connections/probe", crooked).await;
    assert_eq!((status, &refused["errors"][0]["path"]), (422, &json!("url")), "{refused}");

    house.done("connections", "/connections", right.clone()).await;
    // It is read at once: no restart.
    let second = |overview: &Value| {
        let sites = overview["sites"].as_array().expect("sites").iter();
        sites.clone().find(|site| site["id"] == "second").cloned()
    };
    let joined = until("the new site is compared", MINUTE, async || {
        let site = second(&house.served.api("overview").await).expect("the new site");
        site["accounts"].as_u64().map(|_| site)
    })
    .await;
    assert_eq!((&joined["writes"], &joined["ioffice_url"]), (&json!(false), &right["url"]), "{joined}");
    let matched = house.served.api("sites/second/match").await;
    assert!(matched["accounts"].as_u64() > Some(0) && matched["writes"] == false, "{matched}");
    let settings = house.folder.read("lanyard.toml");
    let block = settings.split("[[site]]").last().expect("a block");
    assert!(block.contains("id = \"second\"") && block.contains("sign_off = true"), "{block}");
    assert!(!settings.contains(house.company.ioffice_password()), "the password is in a file of its own");
    let (status, again) = house.post("connections", right).await;
    assert_eq!((status, &again["errors"][0]["path"]), (422, &json!("id")), "{again}");
    assert_eq!(house.folder.read("lanyard.toml"), settings, "a refusal changes nothing");
    let kept = house.served.api("activity?kinds=access").await;
    assert!(kept.to_string().contains("connection second added"), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_tried_on_one_person_and_counted_over_everybody() {
    let house = house("40").await;
    let published = house.served.api("policy/versions/published").await;
    let mut document = published["document"].clone();
    let lint = house.done("policy/lint", "/policy/lint", json!({ "document": document })).await;
    assert_eq!(lint["ok"], true, "{lint}");
    let content = json!({ "source": published["source"] });
    let effect = house.done("whatif", "/whatif", content).await;
    assert_eq!(effect["totals"]["affected"], 0, "{effect}");
    let same = house.done("policy/reach", "/policy/reach", json!({ "document": document })).await;
    let counts = same["flows"].as_object().expect("flows");
    assert!(counts.values().all(|flow| flow["gain"] == 0 && flow["lose"] == 0), "{same}");
    let (table, rows) = same["tables"].as_object().expect("tables").iter().next().expect("a table");
    let rows = rows.as_array().expect("rows").clone();
    assert_eq!(rows.len(), document["tables"][table]["rows"].as_array().expect("rows").len(), "{same}");
    assert!(rows.iter().any(|row| row["matched"].as_u64() > Some(0)), "{same}");

    // A row that is taken out loses its people to the rows below it, or to nobody.
    let busy = rows.iter().position(|row| row["matched"].as_u64() > Some(0)).expect("a row in use");
    let mut without = document.clone();
    without["tables"][table]["rows"].as_array_mut().expect("rows").remove(busy);
    let fewer = house.done("policy/reach", "/policy/reach", json!({ "document": without })).await;
    let sum = |reach: &Value| -> u64 {
        reach["tables"][table].as_array().expect("rows").iter().filter_map(|row| row["gain"].as_u64()).sum()
    };
    assert!(sum(&fewer) <= rows[busy]["matched"].as_u64().expect("a count"), "{fewer}");
    assert_eq!(fewer["tables"][table].as_array().map(Vec::len), Some(rows.len() - 1));
    let flow = &document["rules"]["flow"][0];
    let id = flow["id"].as_str().expect("an id").to_owned();

    // A flow that nobody meets loses exactly those who met it.
    let met = counts[&id]["matched"].clone();
    document["rules"]["flow"][0]["if"] = json!([{ "attribute": "department", "is": "Nowhere at all" }]);
    let other = house.done("policy/reach", "/policy/reach", json!({ "document": document })).await;
    assert_eq!(other["flows"][&id], json!({ "matched": 0, "gain": 0, "lose": met }), "{other}");

    let person = house.served.api("people?limit=1").await["items"][0].clone();
    let ask = json!({ "document": document, "tenant": person["tenant"], "id": person["id"] });
    let tried = house.done("policy/try", "/policy/try", ask).await;
    let step = tried["flows"].as_array().expect("flows").iter().find(|step| step["flow"] == id.as_str());
    let step = step.expect("the flow");
    assert!(step["fate"] == "fails" || step["fate"] == "not_asked", "{step}");
    if step["fate"] == "fails" {
        assert!(step["says"][0].as_str().is_some_and(|why| why.contains("department")), "{step}");
    }
    let nobody = json!({ "document": document, "tenant": "main", "id": "nobody" });
    assert_eq!(house.post("policy/try", nobody).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_opened_decided_and_signed_off_as_described() {
    let house = house("12").await;
    let [owner, other] = house.two_people().await;
    let wish = |owner: &str| {
        json!({
            "title": "Roles", "tenant": "main", "kinds": ["role"], "owner": owner, "reviewers": ["command line"],
            "due_at": "2999-01-01T00:00:00Z",
        })
    };
    // Nobody of that name: the nearest one is offered, and nothing is opened.
    let misspelt = other["email"].as_str().expect("an address").replacen('.', "", 1);
    let (status, refused) = house.post("reviews", wish(&misspelt)).await;
    assert_eq!((status, &refused["errors"][0]["path"]), (422, &json!("owner")), "{refused}");
    let offered = refused["fix"].as_str().expect("a fix");
    assert!(offered.contains(other["name"].as_str().expect("a name")), "{misspelt}: {refused}");
    assert_eq!(house.served.api("reviews").await["total"], 0);
    // However the owner is written, the review names them as they are called.
    let shouted = owner["email"].as_str().expect("an address").to_uppercase();
    let opened = house.done("reviews", "/reviews", wish(&shouted)).await;
    assert_eq!(opened["review"]["owner"], owner["name"], "{opened}");
    let id = opened["review"]["id"].as_str().expect("an id").to_owned();
    for (asked, total) in [
        ("reviewer=me&open=true&search=ROLE", 1),
        ("tenant=main&reviewer=command%20line", 1),
        ("tenant=elsewhere", 0),
        ("reviewer=somebody%20else", 0),
        ("search=badges", 0),
    ] {
        assert_eq!(house.served.api(&format!("reviews?{asked}")).await["total"], total, "{asked}");
    }
    let page = house.served.api(&format!("reviews/{id}")).await;
    let all = page["total"].as_u64().expect("a number");
    let name = page["lines"][0]["name"].as_str().expect("a name").replace(' ', "%20");
    let own = house.served.api(&format!("reviews/{id}?search={name}")).await["total"].as_u64();
    assert!(own > Some(0) && own <= Some(all), "{own:?} of {all} lines of {name}");
    assert_eq!(house.served.api(&format!("reviews/{id}?search=zzz")).await["total"], 0);
    let mistakes = house.document.mistakes("/api/v1/reviews/{id}", &page);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    let line = page["lines"][0]["id"].as_str().expect("a line").to_owned();
    let word = json!({ "decision": "keep", "reason": "books rooms for the team" });
    let path = format!("reviews/lines/{line}/decision");
    let decided = house.done(&path, "/reviews/lines/{line}/decision", word).await;
    assert_eq!(decided["line"]["decision"], "keep");
    let (status, early) = house.post(&format!("reviews/{id}/sign"), json!({ "statement": "all seen" })).await;
    assert!(status >= 400, "{early}");
    let waiting = house.served.api("approvals?done=true").await;
    assert_eq!(waiting["total"], 0, "{waiting}");
    tokio::time::timeout(SECONDS_20, house.served.quiet(Duration::from_secs(20))).await.expect("quiet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_draft_is_applied_without_those_who_are_left_out() {
    let house = house("40").await;
    let mut document = house.served.api("policy/versions/published").await["document"].clone();
    document["rules"]["flow"].as_array_mut().expect("flows").push(json!({
        "id": "visitors", "sentence": "Everybody receives visitors.", "if": [],
        "then": [{ "role": "operator", "module": "visitor" }],
    }));
    let bearer = format!("Bearer {}", house.served.token);
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("if-none-match", "*")];
    let url = format!("{}/api/v1/policy/drafts/visitors", house.served.url);
    let body = json!({ "document": document }).to_string();
    let (status, kept) = house.served.http.call("PUT", &url, &headers, body).await;
    assert_eq!(status, 201, "{kept}");
    house.read("policy/drafts/visitors", "/policy/drafts/{id}").await;
    let effect = house.done("whatif", "/whatif", json!({ "draft": "visitors" })).await;
    let people = effect["people"].as_array().expect("people");
    assert!(people.len() > 1, "{effect}");
    // Each change has its reason, in words.
    let (text, places) = people[0]["because"].as_object().expect("reasons").iter().next().expect("one");
    let place = usize::try_from(places[0].as_u64().expect("a place")).expect("a small number");
    let why = effect["reasons"][place].as_str().expect("a reason");
    assert!(text.starts_with("+ role in") && why.starts_with("visitors"), "{text}: {why}");
    // It is kept to be read by whoever decides on it.
    let sealed = effect["seal"].as_str().expect("a seal");
    let listed = house.read("whatif", "/whatif").await;
    assert_eq!(
        (&listed["items"][0]["seal"], &listed["items"][0]["state"]),
        (&json!(sealed), &json!("open")),
        "{listed}"
    );
    let plan = house.read(&format!("whatif/{sealed}/plan"), "/whatif/{seal}/plan").await;
    assert_eq!(plan["shown"]["totals"], effect["totals"], "{plan}");
    let mut read = Vec::new();
    let mut cursor = "0".to_owned();
    loop {
        let path = format!("whatif/{sealed}/people?limit=3&cursor={cursor}");
        let page = house.read(&path, "/whatif/{seal}/people").await;
        read.extend(page["items"].as_array().expect("people").clone());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(read.len(), people.len(), "each person is on one page");
    assert_eq!((&read[0]["identity"], &read[0]["because"][text][0]), (&people[0]["identity"], &json!(why)));
    let name = people[0]["person"].as_str().expect("a name");
    let named: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let found = house.read(&format!("whatif/{sealed}/people?search={named}"), "/whatif/{seal}/people").await;
    assert_eq!(found["items"][0]["identity"], people[0]["identity"], "{found}");
    let losers = house.read(&format!("whatif/{sealed}/people?kind=loses"), "/whatif/{seal}/people").await;
    assert_eq!(losers["items"], json!([]), "nobody loses anything by it");
    let out = &people[0];
    let named = |one: &Value| -> Value {
        json!({ "tenant": one["identity"]["tenant"], "id": one["identity"]["user"], "site": one["site"] })
    };
    // One person altogether, another one by the name of the change.
    let line = people[1]["lines"].as_object().expect("lines").values().next().expect("one")[0].clone();
    let mut by_line = named(&people[1]);
    by_line["lines"] = json!([line]);
    let leave_out = json!([named(out), by_line]);
    let path = format!("whatif/{}/apply", effect["seal"].as_str().expect("a seal"));
    let applying = house.done(&path, "/whatif/{seal}/apply", json!({ "leave_out": leave_out })).await;
    assert_ne!(applying["seal"], effect["seal"], "what is applied is sealed under its own name");
    let seal = applying["seal"].as_str().expect("a seal");
    assert_eq!(house.served.api("policy").await["applying"], seal, "whoever comes back finds it");
    house.served.quiet(MINUTE).await;
    let progress = house.served.api(&format!("whatif/{seal}")).await;
    let mistakes = house.document.mistakes("/api/v1/whatif/{seal}", &progress);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    let both = people.len() as u64 - 2;
    assert_eq!(
        (progress["people"].as_u64(), progress["left_out"].as_u64()),
        (Some(both), Some(2)),
        "{progress}"
    );
    assert_eq!(progress["to_look"], 0, "{progress}");
    let report = house.done(&format!("whatif/{seal}/finish"), "/whatif/{seal}/finish", json!({})).await;
    assert_eq!((report["people"].as_u64(), report["lines"].as_u64()), (Some(both), Some(both)), "{report}");
    assert_eq!(report["done"].as_u64(), Some(both), "{report}");
    let newest = house.served.api("plans?limit=1").await["items"][0]["id"].clone();
    house.read(&format!("plans/{}", newest.as_str().expect("an id")), "/plans/{id}").await;
    // Whoever comes later reads what was left out, and what became of the rest.
    let after = house.read(&format!("whatif/{seal}/plan"), "/whatif/{seal}/plan").await;
    assert_eq!((&after["head"]["state"], &after["report"]["done"]), (&json!("applied"), &report["done"]));
    assert_eq!(after["head"]["of"], effect["seal"], "{after}");
    let page = house.read(&format!("whatif/{seal}/people?limit=2"), "/whatif/{seal}/people").await;
    assert_eq!(page["items"][0]["left_out"], json!([text]), "{page}");
    let moved = report["moved"].as_array().expect("a list");
    let out_of_it = [&out["identity"], &people[1]["identity"]];
    assert!(moved.iter().all(|line| out_of_it.contains(&&line["identity"])), "{report}");
    assert_eq!(moved.len(), 2, "{report}");
    let waiting = house.served.api("approvals").await;
    let theirs = |one: &&Value| one["identity"]["id"] == out["identity"]["user"];
    let request = waiting["items"].as_array().expect("a list").iter().find(theirs).expect("their request");
    let id = request["id"].as_str().expect("an id");
    house.read(&format!("approvals/{id}"), "/approvals/{id}").await;
    // Everybody else has it by now: that is what whoever decides is told.
    let context = house.read(&format!("approvals/{id}/context"), "/approvals/{id}/context").await;
    let having = &context["peers"][0]["having"][0];
    assert!(
        having["have"].as_u64() > Some(0) && having["have"].as_u64() <= having["of"].as_u64(),
        "{context}"
    );

    // A later look does not give it either.
    let who = format!(
        "people/{}/{}",
        out["identity"]["tenant"].as_str().unwrap(),
        out["identity"]["user"].as_str().unwrap()
    );
    house.done(&format!("{who}/look"), "/people/{tenant}/{id}/look", json!({})).await;
    house.served.quiet(MINUTE).await;
    let waiting = house.served.api("approvals").await;
    assert!(waiting["items"].as_array().expect("a list").iter().any(|one| theirs(&one)), "{waiting}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_shown_as_of_a_moment_and_taken_back_as_described() {
    let house = house("12").await;
    let overview = house.read("overview?tenant=main", "/overview").await;
    let everybody = house.served.api("overview").await;
    assert_eq!(overview["rates"]["applied_24h"], everybody["rates"]["applied_24h"], "it is the only tenant");
    let site = everybody["sites"][0]["id"].as_str().expect("a site").to_owned();

    let plan = until("something was done for somebody", MINUTE, async || {
        let lines = house.served.api("activity?kinds=operation&limit=50").await;
        let plans = lines["items"].as_array()?.iter().filter_map(|line| line["data"]["plan"].as_str());
        plans.map(str::to_owned).next()
    })
    .await;
    let shown = house.done("undo", "/undo", json!({ "plan": plan })).await;
    let one = &shown["people"][0];
    assert!(shown["applied"] == false && one["steps"].is_array() && one["keep_away"].is_array(), "{shown}");
    let (status, refused) = house.post("undo", json!({ "seal": "wif_never" })).await;
    assert!(status >= 400, "{refused}");
    let done = house.done("undo", "/undo", json!({ "plan": plan, "apply": true, "reason": "a test" })).await;
    assert_eq!(done["people"][0]["open"], json!([]), "{done}");
    let told = house.served.api("activity?kinds=undo").await;
    assert!(told.to_string().contains("taken back"), "{told}");

    let (tenant, user) = (one["identity"]["tenant"].as_str(), one["identity"]["user"].as_str());
    let path = format!("people/{}/{}/access", tenant.expect("a tenant"), user.expect("an id"));
    let now = house.read(&path, "/people/{tenant}/{id}/access").await;
    assert!(now["known_since"][&site].is_string(), "{now}");
    let before = house.served.api(&format!("{path}?as_of=2001-01-01T00:00:00Z")).await;
    assert_eq!(before["held"], json!([]), "nothing is known of so long ago");

    let all = house.read(&format!("sites/{site}/access"), "/sites/{site}/access").await;
    let named = |answer: &Value| -> Vec<String> {
        answer["people"].as_object().expect("names").keys().cloned().collect()
    };
    let someone = named(&all).first().expect("somebody has an account").clone();
    let name = all["people"][&someone].as_str().expect("a name").replace(' ', "%20");
    let found = house.served.api(&format!("sites/{site}/access?search={name}")).await;
    assert!(named(&found).contains(&someone) && found["next"].is_null(), "{found}");
    assert_eq!(house.served.api(&format!("sites/{site}/access?search=zzzz")).await["held"], json!([]));
}
