//! Two Okta orgs and two iOffice sites in one settings file.

use serde_json::{Value, json};

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder},
    office::Office,
    program::{MINUTE, SECONDS_20, lanyard, until},
};

async fn second_okta(company: &Company, method: &str, path: &str, body: Value) -> Value {
    let org = &company.line["more"][0]["okta"];
    let authorization = format!("SSWS {}", org["ssws"].as_str().expect("a token"));
    let url = format!("{}/api/v1/{path}", org["url"].as_str().expect("an address"));
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, answer) = company.http.call(method, &url, &headers, text).await;
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_org_and_site_are_added_to_settings_in_use() {
    let company =
        Company::start(&["--people", "10", "--seed", "5", "--orgs", "2", "--sites", "2", "--no-limits"])
            .await;
    let (org, site) = (&company.line["more"][0]["okta"], &company.line["more"][1]["ioffice"]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let folder = Folder::init(&company, Credential::Token).await;
    let policy = folder.read("policy/policy.toml");
    let before = folder.read("lanyard.toml");
    let secret = |name: &str, text: &str| {
        let path = folder.path("..").join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let (token, password) =
        (secret("token-2", &text(&org["ssws"])), secret("password-2", &text(&site["password"])));
    let data = folder.data();
    let (okta, ioffice, user) = (text(&org["url"]), text(&site["url"]), text(&site["username"]));
    let base = ["init", &data, "--yes", "--add"];
    let second_org = ["--okta", &okta, "--okta-token-file", &token];
    let second_site = ["--ioffice", &ioffice, "--ioffice-user", &user, "--ioffice-password-file", &password];
    let run = async |more: &[&str]| {
        let all = [&base[..], &second_org, &second_site, more].concat();
        lanyard(&all).await
    };

    let said = run(&["--tenant", "second"]).await.ends(2);
    assert!(said.err.contains("there is a site main already"), "{}", said.err);
    assert_eq!(folder.read("lanyard.toml"), before);
    lanyard(&base).await.ends(2);
    run(&["--tenant", "second", "--site", "annex"]).await.ends(0);

    let after = folder.read("lanyard.toml");
    assert!(after.starts_with(before.trim_end()), "what was there stays: {after}");
    for line in ["id = \"second\"", "id = \"annex\"", "okta_token_file = \"secrets/okta-second-token\""] {
        assert!(after.contains(line), "{line}: {after}");
    }
    assert_eq!(folder.read("policy/policy.toml"), policy, "the policy in use is left alone");
    let drawn = folder.read("policy-drawn/policy.toml");
    assert!(drawn.contains("second") && drawn.contains("annex"), "{drawn}");
    folder.verb(&["check"]).await.ends(0);
    let doctor = folder.verb(&["doctor", "--json"]).await.ends(0).json();
    let targets: Vec<&str> =
        doctor["checks"].as_array().expect("checks").iter().filter_map(|c| c["target"].as_str()).collect();
    for target in ["okta main", "okta second", "ioffice main", "ioffice annex"] {
        assert!(targets.contains(&target), "{target}: {targets:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_orgs_and_two_sites_stay_apart() {
    let company =
        Company::start(&["--people", "30", "--seed", "2", "--orgs", "2", "--sites", "2", "--no-limits"])
            .await;
    let (org, site) = (&company.line["more"][0]["okta"], &company.line["more"][1]["ioffice"]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let folder = Folder::init_fast(&company, Credential::ServiceApp).await;
    for (name, secret) in [
        ("secrets/second-key.pem", &org["private_key_pem"]),
        ("secrets/second-password", &site["password"]),
        ("secrets/hook-second", &json!("another secret of the second hook")),
    ] {
        std::fs::write(folder.path(name), text(secret)).expect("a file");
    }
    folder.edit("lanyard.toml", |settings| {
        format!(
            "{settings}\n[[tenant]]\nid = \"second\"\nokta_url = \"{}\"\nokta_client_id = \"{}\"\n\
             okta_key_file = \"secrets/second-key.pem\"\nhook_secret_file = \"secrets/hook-second\"\n\n\
             [[site]]\nid = \"annex\"\nioffice_url = \"{}\"\nioffice_user = \"{}\"\n\
             ioffice_password_file = \"secrets/second-password\"\nrequests_per_second = 0\n",
            text(&org["url"]),
            text(&org["client_id"]),
            text(&site["url"]),
            text(&site["username"]),
        )
    });
    let groups = second_okta(&company, "GET", "groups", Value::Null).await;
    let group = |name: &str| {
        let found = groups.as_array().expect("a list").iter().find(|g| g["profile"]["name"] == name);
        text(&found.unwrap_or_else(|| panic!("no group {name}"))["id"])
    };
    let users = group("APP-iOffice-Users");
    folder.edit("policy/policy.toml", |policy| {
        let policy = policy.replace(
            "\"workplace users\" = { main = ",
            &format!("\"workplace users\" = {{ second = \"{users}\", main = "),
        );
        let policy = policy.replace(
            "[groups]\n",
            "[tenants.second]\ndates = [\"YYYY-MM-DD\"]\n\n[sites.annex]\n\n[groups]\n",
        );
        policy.replacen("[[route]]\n", "[[route]]\ntenant = \"second\"\nsite = \"annex\"\n\n[[route]]\n", 1)
    });
    folder.verb(&["check"]).await.ends(0);
    folder.verb(&["doctor"]).await.ends(0);
    let served = folder.serve().await;
    served.quiet(MINUTE).await;

    let who = Hire {
        first: "Sol",
        last: "Annex",
        number: "95001",
        department: "Finance",
        office: "PIER",
        kind: "Employee",
    };
    let body = json!({ "profile": {
        "login": who.login(), "email": who.login(), "firstName": "Sol", "lastName": "Annex",
        "employeeNumber": "95001", "department": "Finance", "userType": "Employee",
        "startDate": company.today(1).await,
    }, "groupIds": [users] });
    second_okta(&company, "POST", "users?activate=true", body).await;
    until("an account in the second site", SECONDS_20, async || {
        let annex = Office(company.control("GET", "ioffice/1/state", Value::Null).await);
        annex.account("95001").is_some().then_some(())
    })
    .await;
    assert!(company.office().await.numbered("95001").is_empty(), "and none in the first");

    let (first, second) = (folder.hook_secret(), "another secret of the second hook");
    let kind = ("content-type", "application/json");
    assert_eq!(
        served.hook("second", &[kind, ("authorization", &first)], "{}").await,
        401,
        "secrets stay apart"
    );
    assert_eq!(served.hook("second", &[kind, ("authorization", second)], "{}").await, 400);
    let overview = served.api("overview").await;
    for (at, tenant) in ["main", "second"].iter().enumerate() {
        assert_eq!(overview["tenants"][at]["id"], *tenant);
        assert_eq!(overview["tenants"][at]["hook"]["state"], "live", "{overview}");
    }
    let journal = served.api("journal").await;
    assert_eq!(
        journal["trees"].as_array().map(Vec::len),
        Some(2),
        "each tenant has its own journal: {journal}"
    );
    assert_eq!(journal["damage"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_site_that_is_down_or_a_stop_leaves_undone_is_said_and_shows_in_the_exit_code() {
    let company = Company::start(&[
        "--people",
        "10",
        "--seed",
        "5",
        "--sites",
        "2",
        "--accounts",
        "empty",
        "--no-limits",
    ])
    .await;
    let site = &company.line["more"][0]["ioffice"];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let folder = Folder::init_fast(&company, Credential::Token).await;
    std::fs::write(folder.path("secrets/annex-password"), text(&site["password"])).expect("a file");
    folder.edit("lanyard.toml", |settings| {
        format!(
            "{settings}\n[[site]]\nid = \"annex\"\nioffice_url = \"{}\"\nioffice_user = \"{}\"\n\
             ioffice_password_file = \"secrets/annex-password\"\nrequests_per_second = 0\n",
            text(&site["url"]),
            text(&site["username"]),
        )
    });
    folder.edit("policy/policy.toml", |policy| policy.replace("[groups]\n", "[sites.annex]\n\n[groups]\n"));
    let everybody = folder.read("policy/policy.toml");
    folder.edit("policy/policy.toml", |policy| {
        let nobody = "if = [{ attribute = \"login\", is = \"nobody@northgate.example\" }]\n";
        policy.replace("if = [{ group = \"workplace users\" }]\non_leaving", &format!("{nobody}on_leaving"))
    });

    // Nobody is governed: nothing to do, and that is certain only where both sites were read.
    let plan = folder.verb(&["plan", "--json"]).await.ends(0).json();
    assert_eq!(plan["certified"], true, "{plan}");
    let down = json!({ "fault": [{ "name": "down", "target": "ioffice", "index": 1, "effect": "refuse" }] });
    company.control("POST", "faults", down).await;
    let plan = folder.verb(&["plan", "--json"]).await.ends(4).json();
    assert_eq!(plan["certified"], false, "{plan}");
    let doubt = plan["doubts"][0].as_str().expect("a doubt");
    assert!(doubt.starts_with("annex: it could not be read: "), "{doubt}");
    std::fs::write(folder.path("policy/policy.toml"), everybody).expect("a file");
    let plan = folder.verb(&["plan"]).await.ends(3);
    assert!(plan.out.contains("annex: NOT read, so nothing is planned there for anybody: "), "{}", plan.out);
    company.control("DELETE", "faults?name=down", Value::Null).await;

    for (before, after, says) in [
        ("stop", "resume", "the stop button is pressed, so nothing is written; `lanyard resume` releases it"),
        ("", "", "observe_only is on, so nothing is written; set observe_only = false"),
    ] {
        let observes = before.is_empty();
        match observes {
            true => {
                folder
                    .edit("lanyard.toml", |text| text.replace("observe_only = false", "observe_only = true"));
            }
            false => drop(folder.verb(&[before]).await.ends(0)),
        }
        let swept = folder.verb(&["sweep", "--json"]).await.ends(3).json();
        let open = swept["open"].as_array().expect("a list");
        assert!(open.iter().any(|what| what.as_str().is_some_and(|what| what.starts_with(says))), "{swept}");
        let swept = folder.verb(&["sweep"]).await.ends(3);
        assert!(swept.out.contains(&format!("still open: {says}")), "{}", swept.out);
        assert_eq!(company.journal().await, Vec::<Value>::new(), "{says}");
        match observes {
            true => {
                folder
                    .edit("lanyard.toml", |text| text.replace("observe_only = true", "observe_only = false"));
            }
            false => drop(folder.verb(&[after]).await.ends(0)),
        }
    }
    let applied = folder.verb(&["apply", "--json"]).await.json();
    assert!(applied["operations"]["writes"].as_u64() > Some(10), "{applied}");
    assert_eq!(applied["open"], json!([]), "{applied}");
}
