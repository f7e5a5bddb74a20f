//! The hook endpoint and senders that are wrong, strange or slow.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder, Served},
    program::{MINUTE, SECONDS_20, until},
};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A delivery as Okta's documentation shows it, about a user nobody knows.
fn delivery(source: &str) -> Value {
    let event = json!({
        "uuid": "5a1f1c1e-0000-4000-8000-000000000001", "published": "2026-11-23T09:00:00.000Z",
        "eventType": "user.account.update_profile", "version": "0", "displayMessage": "Update user profile",
        "severity": "INFO", "outcome": { "result": "SUCCESS" },
        "actor": { "id": "00uactor", "type": "User", "alternateId": "a@b.example", "displayName": "A" },
        "target": [{ "id": "00unobody", "type": "User", "alternateId": "n@b.example", "displayName": "N" }],
    });
    json!({
        "eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
        "source": source, "eventId": "b5a188b9-5ece-4636-b041-482ffda96311",
        "eventTime": "2026-11-23T09:00:01.000Z", "contentType": "application/json",
        "data": { "events": [event] },
    })
}

async fn counted(served: &Served) -> u64 {
    let journal = served.api("journal").await;
    journal["trees"][0]["size"].as_u64().expect("a size")
}

/// Sends raw bytes and reads until the server closes or answers; empty if it closed without a word.
async fn raw(port: u16, bytes: &str, within: Duration) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
    stream.write_all(bytes.as_bytes()).await.expect("it reads");
    let mut answer = vec![0; 4096];
    let read = timeout(within, stream.read(&mut answer)).await;
    let read = read.unwrap_or_else(|_| panic!("not cut off within {within:?}: {bytes:?}")).unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_deliveries_are_refused_and_strange_ones_quarantined() {
    let company =
        Company::start(&["--people", "12", "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let served = folder.serve().await;
    served.quiet(MINUTE).await;
    let secret = folder.hook_secret();
    let authorized = ("authorization", secret.as_str());
    let hooks = until("the hook exists", SECONDS_20, async || {
        let hooks = company.okta_done("GET", "eventHooks", Value::Null).await;
        hooks[0]["verificationStatus"].eq("VERIFIED").then_some(hooks)
    })
    .await;
    let id = hooks[0]["id"].as_str().expect("an id");
    let ours = format!("{}/api/v1/eventHooks/{id}", company.okta_url());
    let good = delivery(&ours).to_string();

    // Verification.
    let url = format!("{}/hooks/okta/main", served.url);
    let challenge = ("x-okta-verification-challenge", "My verification challenge");
    let (status, answer) = served.http.call("GET", &url, &[authorized, challenge], "").await;
    assert_eq!((status, answer), (200, json!({ "verification": "My verification challenge" })));
    assert_eq!(served.http.call("GET", &url, &[challenge], "").await.0, 401, "without the secret");

    // Refused: counted, and nothing else is kept. What the start itself journals is waited for.
    let before = until("the journal stands still", MINUTE, async || {
        let size = counted(&served).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        (counted(&served).await == size).then_some(size)
    })
    .await;
    let wrong = ("authorization", "not the secret");
    for (what, headers, body, expected) in [
        ("unparsable", vec![JSON, authorized], "{\"data\": {".to_owned(), 400),
        ("not a delivery", vec![JSON, authorized], "[1, 2, 3]".to_owned(), 400),
        ("empty", vec![JSON, authorized], String::new(), 400),
        ("wrong secret", vec![JSON, wrong], good.clone(), 401),
        ("no secret", vec![JSON], good.clone(), 401),
        ("wrong type", vec![("content-type", "text/plain"), authorized], good.clone(), 415),
        ("no type", vec![authorized], good.clone(), 415),
    ] {
        assert_eq!(served.hook("main", &headers, body).await, expected, "{what}");
    }
    for tenant in ["nobody", "MAIN", "main%2f", "..."] {
        assert_eq!(served.hook(tenant, &[JSON, authorized], good.clone()).await, 404, "tenant {tenant}");
    }
    let head = format!(
        "POST /hooks/okta/main HTTP/1.1\r\nhost: x\r\nauthorization: {secret}\r\ncontent-type: application/json\r\n"
    );
    let large = raw(folder.port, &format!("{head}content-length: 6000000\r\n\r\n"), SECONDS_20).await;
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
    assert_eq!(counted(&served).await, before, "refused deliveries leave no line");

    // Slow senders: a body that does not come, and a head that does not end.
    let slow = raw(folder.port, &format!("{head}content-length: 50\r\n\r\n{{"), SECONDS_20).await;
    assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");
    let headless = raw(folder.port, "POST /hooks/okta/main HTTP/1.1\r\nhost: x\r\n", SECONDS_20).await;
    assert!(headless.is_empty() || headless.starts_with("HTTP/1.1 408"), "{headless}");

    // Taken: 204, twice the same too.
    for _ in 0..2 {
        assert_eq!(served.hook("main", &[JSON, authorized], good.clone()).await, 204);
    }
    assert_eq!(served.findings("hook").await, Vec::<String>::new());

    // Strange, but no fault of the sender's code: 204 and an alarm.
    for (what, source) in [
        ("another org", "https://evil.okta.example/api/v1/eventHooks/who0000000000000001".to_owned()),
        ("an unknown hook", format!("{}/api/v1/eventHooks/who0000000000000001", company.okta_url())),
    ] {
        let strange = delivery(&source).to_string();
        assert_eq!(served.hook("main", &[JSON, authorized], strange).await, 204, "{what}");
        until(what, SECONDS_20, async || (!served.findings("hook").await.is_empty()).then_some(())).await;
    }
    let before = served.findings("hook").await.len();
    company.control("POST", "okta/0/command", json!({ "do": "preview_hooks" })).await;
    let alarmed = async || (served.findings("hook").await.len() > before).then_some(());
    until("a preview is told", SECONDS_20, alarmed).await;
    served.journal_verifies().await;
}

/// The check of the event hook among what is checked of `main`, by its name there.
fn hook_check(all: &Value, key: &str, name: &str) -> (Value, Value) {
    let checks = all["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check[key] == name).expect("a check of the hook");
    (check["detail"].clone(), check["fix"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_public_address_it_says_what_to_paste_and_what_is_pasted_works() {
    let company =
        Company::start(&["--people", "12", "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    folder.edit("lanyard.toml", |text| text.replace("public_url = ", "# public_url = "));
    let served = folder.serve().await;
    let line: Value = serde_json::from_str(&served.running.out()).expect("one line of JSON");
    assert_eq!(line["hooks"], json!({}));
    let told = &line["no_hooks"]["main"];
    let (why, fix) = (told["why"].as_str().expect("why"), told["fix"].as_str().expect("a fix"));
    assert!(why.contains("no public_url") && why.contains("up to 1 s after it shows them"), "{why}");
    let paste = "URL https://ADDRESS-OF-THIS-SERVER/hooks/okta/main, authentication field Authorization, authentication \
                 secret the text in secrets/hook-main of the data folder, events ";
    let (_, after) = fix.split_once(paste).unwrap_or_else(|| panic!("{fix}"));
    let said = served.running.err();
    assert!(said.contains(&format!("main: {why}")) && said.contains(fix), "{said}");

    // Doctor and console say the same.
    let doctor = folder.verb(&["doctor", "--json"]).await.ends(0).json();
    assert_eq!(hook_check(&doctor, "name", "okta.event_hook"), (json!(why), json!(fix)));
    let health = served.api("health").await;
    assert_eq!(hook_check(&health, "name", "main: event hook"), (json!(why), json!(fix)));
    assert_eq!(served.findings("hook").await, Vec::<String>::new());

    // Somebody pastes it, behind a proxy of theirs.
    let (events, _) = after.split_once(';').expect("an end of the list");
    let events: Vec<&str> = events.split(", ").collect();
    let secret = folder.hook_secret();
    let config = json!({
        "uri": format!("{}/hooks/okta/main", served.url), "headers": [], "method": "POST",
        "authScheme": { "type": "HEADER", "key": "Authorization", "value": secret },
    });
    let hook = json!({
        "name": "by hand", "events": { "type": "EVENT_TYPE", "items": events, "filter": null },
        "channel": { "type": "HTTP", "version": "1.0.0", "config": config },
    });
    let made = company.okta_done("POST", "eventHooks", hook).await;
    let verify = format!("eventHooks/{}/lifecycle/verify", made["id"].as_str().expect("an id"));
    let verified = company.okta_done("POST", &verify, Value::Null).await;
    assert_eq!(verified["verificationStatus"], "VERIFIED");
    company
        .hire(
            &Hire {
                first: "Ida",
                last: "Byhand",
                number: "90009",
                department: "Finance",
                office: "PIER",
                kind: "Employee",
            },
            &["APP-iOffice-Users"],
        )
        .await;
    until("it delivers", SECONDS_20, async || {
        let overview = served.api("overview").await;
        (!overview["tenants"][0]["hook"]["last_delivery_at"].is_null()).then_some(())
    })
    .await;
}
