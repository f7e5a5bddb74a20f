//! Upstreams that are down, refuse, throttle or answer half; ports and folders that are taken.

use std::fs;

use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder},
    program::{MINUTE, SECONDS_20, until},
};

fn down() -> Value {
    json!({ "fault": [
        { "name": "down", "target": "okta", "effect": "refuse" },
        { "name": "down", "target": "ioffice", "effect": "refuse" },
    ] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_starts_without_its_upstreams_and_recovers() {
    let company =
        Company::start(&["--people", "12", "--seed", "6", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;

    company.control("POST", "faults", down()).await;
    let doctor = folder.verb(&["doctor"]).await.ends(4);
    assert!(doctor.out.contains("FAIL") && doctor.out.contains("fix:"), "{}", doctor.out);
    let plan = folder.verb(&["plan"]).await.ends(4);
    assert!(plan.err.contains("hint:") || plan.err.contains("main"), "{}", plan.err);
    let served = folder.serve().await;
    let secret = folder.hook_secret();
    let headers = [("content-type", "application/json"), ("authorization", secret.as_str())];
    let challenge = ("x-okta-verification-challenge", "c");
    let url = format!("{}/hooks/okta/main", served.url);
    assert_eq!(served.http.call("GET", &url, &[challenge, headers[1]], "").await.0, 200);
    assert_eq!(served.hook("main", &headers, "{").await, 400, "hooks are answered while both are down");

    // The same folder, a second time; the same port, from another folder.
    let second = folder.verb(&["serve", "--listen", "127.0.0.1:0"]).await.ends(1);
    assert!(second.err.contains("in use by process"), "{}", second.err);
    let taken = folder.verb(&["serve"]).await.ends(1);
    assert!(taken.err.contains(&format!("cannot listen on 127.0.0.1:{}", folder.port)), "{}", taken.err);

    company.control("DELETE", "faults?name=down", Value::Null).await;
    until("it has recovered by itself", MINUTE, async || {
        let health = served.api("health").await;
        let checks = health["checks"].as_array().expect("a list");
        checks.iter().all(|check| check["ok"] == true).then_some(())
    })
    .await;
    served.quiet(MINUTE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_credentials_are_named_with_the_fix() {
    let company = Company::start(&["--people", "5", "--seed", "6", "--no-limits"]).await;
    for (credential, file, wrong, parts) in [
        (Credential::Token, "secrets/okta-main-token", "00wrong", vec!["FAIL", "okta.credential", "fix:"]),
        (
            Credential::Token,
            "secrets/ioffice-main-password",
            "wrong",
            vec!["FAIL", "ioffice.credential", "fix:"],
        ),
    ] {
        let folder = Folder::init(&company, credential).await;
        fs::write(folder.path(file), wrong).expect("a file");
        let doctor = folder.verb(&["doctor"]).await.ends(4);
        for part in parts {
            assert!(doctor.out.contains(part), "{file}: no {part} in\n{}", doctor.out);
        }
        folder.verb(&["plan"]).await.ends(4);
        folder.verb(&["doctor", "--json"]).await.ends(4).json();
    }
    // New settings are tried before anything is drawn from them: a refusal leaves nothing, the rest is told and goes on.
    let folder = Folder::new();
    let refused = folder.run_init_with(&company, Credential::Token, "wrong").await.ends(4);
    for part in ["no settings were kept", "ioffice main: ioffice.credential", "hint:"] {
        assert!(refused.err.contains(part), "no {part:?} in\n{}", refused.err);
    }
    assert!(!folder.path("lanyard.toml").exists() && !folder.path("policy").exists());
    let taken = folder.run_init(&company, Credential::Token).await.ends(0);
    for part in ["okta main\n  warn  okta.credential: an API token is in use", "fix: use a service app"] {
        assert!(taken.err.contains(part), "no {part:?} in\n{}", taken.err);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let folder = Folder::init(&company, Credential::ServiceApp).await;
    let taken = folder.verb(&["serve", "--listen", &format!("127.0.0.1:{port}")]).await.ends(1);
    assert!(taken.err.contains("cannot listen on"), "{}", taken.err);
    assert!(!folder.path("server.json").exists());
}

const FAULTS: &str = r#"
seed = 5
[[fault]]
name = "okta storm"
target = "okta"
method = "GET"
path = "/api/v1/users/*"
probability = 0.2
effect = "quota"
by = "1s"
[[fault]]
name = "office storm"
target = "ioffice"
probability = 0.15
effect = "quota"
[[fault]]
name = "office breaks"
target = "ioffice"
probability = 0.1
effect = "server_error"
[[fault]]
name = "office commits and hangs up"
target = "ioffice"
method = "POST"
every = 3
effect = "cut"
[[fault]]
name = "office commits and says nothing"
target = "ioffice"
method = "PUT"
every = 7
effect = "timeout_after"
by = "2s"
[[fault]]
name = "half an answer"
target = "ioffice"
method = "PUT"
every = 5
effect = "cut_mid_body"
[[fault]]
name = "hooks are lost"
target = "hook"
every = 2
effect = "drop"
[[fault]]
name = "hooks come twice"
target = "hook"
effect = "duplicate"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms_cuts_and_lost_hooks_end_in_the_right_state_once() {
    let company =
        Company::start(&["--people", "40", "--seed", "9", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let served = folder.serve().await;
    served.quiet(MINUTE).await;

    let (status, added) = {
        let control = company.line["control"]["url"].as_str().expect("an address");
        company.http.call("POST", &format!("{control}/_stand-in/faults"), &[], FAULTS).await
    };
    assert_eq!(status, 200, "{added}");
    let mut hired = Vec::new();
    for n in 0..7 {
        let (last, number) = (format!("Storm{n}"), format!("{}", 93_000 + n));
        let who = Hire {
            first: "Gale",
            last: &last,
            number: &number,
            department: "Finance",
            office: "PIER",
            kind: "Employee",
        };
        let user = company.hire(&who, &["APP-iOffice-Users", "ROOM-Booking"]).await;
        hired.push((user, number));
    }
    for (user, _) in hired.iter().take(2) {
        company.lifecycle(user, "deactivate").await;
    }
    until("half of them have arrived in the storm", MINUTE * 2, async || {
        let office = company.office().await;
        let here = hired.iter().skip(2).filter(|(_, number)| office.account(number).is_some()).count();
        (here >= 3).then_some(())
    })
    .await;
    company.control("DELETE", "faults", Value::Null).await;
    // What failed often waits for minutes; a sweep, as an operator or the night makes it, looks at once.
    folder.verb(&["sweep", "--json"]).await;
    let quick_look = Instant::now();
    until("all of them are as they should be", MINUTE, async || {
        let office = company.office().await;
        let all = hired.iter().enumerate().all(|(n, (_, number))| match office.account(number) {
            Some(account) => {
                n >= 2
                    && account.has_seat()
                    && account.cost_center() == "Finance"
                    && !account.roles().is_empty()
                    && office.bookings(&account, 0).len() == 1
            }
            None => n < 2,
        });
        if !all && quick_look.elapsed() > MINUTE - SECONDS_20 {
            for (_, number) in &hired {
                let plan = folder
                    .verb(&["plan", "--person", &format!("gale.storm{}@northgate.example", &number[4..])])
                    .await;
                eprintln!("{number}: {:?} {}{}", office.account(number), plan.out, plan.err);
            }
        }
        all.then_some(())
    })
    .await;
    let office = company.office().await;
    for (n, (_, number)) in hired.iter().enumerate() {
        let accounts = office.numbered(number);
        assert!(accounts.len() == 1 || (n < 2 && accounts.is_empty()), "{number}: {accounts:?}");
        for account in accounts.iter().filter(|account| !account.is_active()) {
            assert!(office.bookings(account, 0).is_empty() && account.roles().is_empty(), "{account:?}");
        }
    }
    served.journal_verifies().await;
    until("nothing waits any more", MINUTE, async || {
        let dead = served.findings("dead").await;
        assert_eq!(dead, Vec::<String>::new());
        (served.api("overview").await["work"]["leased"] == 0).then_some(())
    })
    .await;
}
