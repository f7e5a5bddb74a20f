//! Okta's SCIM client, as the stand-in plays it, against our own SCIM endpoint: both kinds of app, people and groups.

use std::fs;

use serde_json::{Value, json};

use crate::{
    company::Company,
    folder::{Credential, Folder, Served},
    program::{MINUTE, SECONDS_20, until},
};

const APP: &str = "iOffice Workplace";

async fn scim(served: &Served, path: &str) -> Value {
    let url = format!("{}/scim/v2/main{path}", served.url);
    let (status, answer) =
        served.http.call("GET", &url, &[("authorization", "Bearer s3cret-for-scim")], "").await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn order(company: &Company, command: Value) -> Value {
    company.control("POST", "okta/0/command", command).await
}

/// How the app's provisioning stands, once nothing is under way.
async fn settled(company: &Company, what: &str) -> Value {
    until(what, SECONDS_20, async || {
        let state = company.control("GET", "okta/0/state", Value::Null).await;
        let apps = state["apps"].as_array().expect("apps");
        let scim = apps.iter().find(|app| app["label"] == APP).expect("the app")["scim"].clone();
        (scim["open"] == 0 && !scim["checked"].is_null()).then_some(scim)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_groups_are_provisioned_to_us_by_both_kinds_of_app() {
    let company =
        Company::start(&["--people", "14", "--seed", "9", "--accounts", "tidy", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    folder.edit("lanyard.toml", |text| {
        text.replace("hook_secret_file =", "scim_token_file = \"secrets/scim\"\nhook_secret_file =")
    });
    let secret = folder.path("secrets/scim");
    fs::write(&secret, "s3cret-for-scim\n").expect("a file");
    #[cfg(unix)]
    fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("permissions");
    let served = folder.serve().await;
    served.quiet(MINUTE).await;
    let url = format!("{}/scim/v2/main", served.url);

    let wrong = json!({ "do": "connect_scim", "app": APP, "url": url, "authorization": "Bearer wrong" });
    order(&company, wrong).await;
    let standing = settled(&company, "the wrong token is refused").await;
    assert_eq!(standing["checked"], "HTTP 401: the token is missing or wrong");

    for style in ["oin", "aiw"] {
        let connect = json!({ "do": "connect_scim", "app": APP, "url": url, "authorization": "Bearer s3cret-for-scim", "style": style, "enterprise": true });
        order(&company, connect).await;
        assert_eq!(settled(&company, "the token is taken").await["checked"], "ok", "{style}");
        let people =
            order(&company, json!({ "do": "provision_everybody", "app": APP })).await["people"].clone();
        let standing = settled(&company, "everybody is provisioned").await;
        assert_eq!((&standing["failed"], &standing["provisioned"]), (&json!([]), &people), "{style}");
        assert_eq!(
            scim(&served, "/Users?startIndex=1&count=1").await["totalResults"],
            people,
            "{style}: nobody twice"
        );

        // A pushed group follows its members, its name and its end.
        let group = company
            .okta_done("POST", "groups", json!({ "profile": { "name": format!("PUSH-{style}") } }))
            .await;
        let id = group["id"].as_str().expect("an id").to_owned();
        let state = company.control("GET", "okta/0/state", Value::Null).await;
        let app =
            state["apps"].as_array().expect("apps").iter().find(|app| app["label"] == APP).expect("the app")
                ["id"]
                .clone();
        let app = app.as_str().expect("an id").to_owned();
        let holders = company.okta_done("GET", &format!("apps/{app}/users"), Value::Null).await;
        let logins: Vec<(String, String)> = holders
            .as_array()
            .expect("a list")
            .iter()
            .take(3)
            .map(|row| {
                (
                    row["id"].as_str().expect("an id").to_owned(),
                    row["credentials"]["userName"].as_str().expect("a name").to_owned(),
                )
            })
            .collect();
        let mappings = format!("apps/{app}/group-push/mappings");
        let asked = json!({ "sourceGroupId": id, "targetGroupName": format!("PUSH-{style}") });
        let mapping =
            company.okta_done("POST", &mappings, asked).await["id"].as_str().expect("an id").to_owned();
        for (user, _) in &logins {
            company.okta_done("PUT", &format!("groups/{id}/users/{user}"), Value::Null).await;
        }
        assert_eq!(settled(&company, "members are pushed").await["failed"], json!([]), "{style}");
        let filter = |name: &str| format!("/Groups?filter=displayName%20eq%20%22{name}%22");
        let held = scim(&served, &filter(&format!("PUSH-{style}"))).await;
        let mut members: Vec<&str> = held["Resources"][0]["members"]
            .as_array()
            .expect("members")
            .iter()
            .filter_map(|member| member["display"].as_str())
            .collect();
        members.sort_unstable();
        let mut expected: Vec<&str> = logins.iter().map(|(_, login)| login.as_str()).collect();
        expected.sort_unstable();
        assert_eq!(members, expected, "{style}: no parallel change is lost");

        company
            .okta_done(
                "PUT",
                &format!("groups/{id}"),
                json!({ "profile": { "name": format!("PUSHED-{style}") } }),
            )
            .await;
        company.okta_done("DELETE", &format!("groups/{id}/users/{}", logins[0].0), Value::Null).await;
        assert_eq!(settled(&company, "the group changes").await["failed"], json!([]), "{style}");
        let held = scim(&served, &filter(&format!("PUSHED-{style}"))).await;
        assert_eq!(held["Resources"][0]["members"].as_array().map(Vec::len), Some(2), "{style}: {held}");

        // Somebody is unassigned and assigned again, and changes a name in between.
        let (user, login) = &logins[1];
        let account = format!("/Users?filter=userName%20eq%20%22{}%22", login.replace('@', "%40"));
        company.okta_done("DELETE", &format!("apps/{app}/users/{user}"), Value::Null).await;
        settled(&company, "the account is ended").await;
        let ended = scim(&served, &account).await;
        match company.reading.deletes_provisioned {
            true => assert_eq!(ended["totalResults"], 0, "{style}: {ended}"),
            false => assert_eq!(ended["Resources"][0]["active"], false, "{style}: {ended}"),
        }
        company.okta_done("POST", &format!("apps/{app}/users"), json!({ "id": user, "scope": "USER" })).await;
        company
            .okta_done(
                "POST",
                &format!("users/{user}"),
                json!({ "profile": { "firstName": format!("New-{style}") } }),
            )
            .await;
        assert_eq!(settled(&company, "the account is back").await["failed"], json!([]), "{style}");
        let row = scim(&served, &account).await["Resources"][0].clone();
        assert_eq!(
            (&row["active"], &row["name"]["givenName"]),
            (&json!(true), &json!(format!("New-{style}"))),
            "{style}"
        );

        company.okta_done("PATCH", &format!("{mappings}/{mapping}"), json!({ "status": "INACTIVE" })).await;
        company
            .okta_done("DELETE", &format!("{mappings}/{mapping}?deleteTargetGroup=true"), Value::Null)
            .await;
        settled(&company, "the group is unlinked").await;
        assert_eq!(scim(&served, &filter(&format!("PUSHED-{style}"))).await["totalResults"], 0, "{style}");
    }
    served.journal_verifies().await;
}
