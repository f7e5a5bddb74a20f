//! iOffice with OAuth instead of a local account: one sign-in by hand, and refresh tokens that are handed on from then.

use serde_json::json;

use crate::{
    company::{Company, Hire},
    folder::Folder,
    program::{MINUTE, lanyard, until},
};

const BEA: Hire<'_> = Hire {
    first: "Bea",
    last: "Token",
    number: "90007",
    department: "Finance",
    office: "PIER",
    kind: "Employee",
};

/// Where a site demands it.
const CLIENT_SECRET: &str = "a secret of the client";

const REDIRECT: &str = "https://lanyard.example.com/signed-in";

/// The sign-in that a person does once in a browser: the code from the fragment, and the tokens for it.
async fn sign_in(company: &Company) -> String {
    let site = company.ioffice_url();
    let login = format!(
        "{site}/login.html?response_type=code&client_id=lanyard&redirect_uri={REDIRECT}&scope=all&state=7"
    );
    let pair = [("x-auth-username", company.ioffice_user()), ("x-auth-password", company.ioffice_password())];
    let answer = company.http.answer("GET", &login, &pair).await;
    let location = answer.headers()["location"].to_str().expect("a text");
    let code = location.split(['#', '&']).find_map(|part| part.strip_prefix("code=")).expect("a code");
    let mut headers = vec![
        ("content-type", "application/json"),
        ("x-grant-type", "authorization_code"),
        ("x-redirect-uri", REDIRECT),
        ("x-client-id", "lanyard"),
        ("x-scope", "all"),
        ("x-auth-code", code),
    ];
    if company.reading.demands_secret {
        headers.push(("x-client-secret", CLIENT_SECRET));
    }
    let url = format!("{site}/external/api/oauth2/token");
    let (status, tokens) = company.http.call("POST", &url, &headers, "").await;
    assert_eq!(status, 200, "{tokens}");
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_is_kept_in_step_with_oauth_and_the_token_is_handed_on() {
    let company = Company::start(&["--people", "20", "--seed", "3", "--accounts", "tidy"]).await;
    let folder = Folder::new();
    let first = sign_in(&company).await;
    let given = tempfile::tempdir().expect("a temporary folder");
    let secret = |name: &str, text: &str| {
        let path = given.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let (token, refresh) = (secret("token", company.ssws()), secret("refresh", &first));
    let (data, listen) = (folder.data(), format!("127.0.0.1:{}", folder.port));
    let public = format!("http://{listen}");
    let okta = ["init", &data, "--yes", "--okta", company.okta_url(), "--okta-token-file", &token];
    let office = [
        "--ioffice",
        company.ioffice_url(),
        "--ioffice-client-id",
        "lanyard",
        "--ioffice-redirect-uri",
        REDIRECT,
        "--ioffice-refresh-token-file",
        &refresh,
        "--listen",
        &listen,
        "--public-url",
        &public,
    ];
    let client = secret("client", CLIENT_SECRET);
    let own = ["--ioffice-client-secret-file", &client];
    let own = if company.reading.demands_secret { &own[..] } else { &[] };
    lanyard(&[&okta[..], &office[..], own].concat()).await.ends(0);
    folder.allow_deletes(&company);
    let kept = || folder.read("secrets/ioffice-main-refresh-token").trim().to_owned();
    let after_init = kept();
    assert_ne!(after_init, first, "the site handed out another one, and it was kept");
    let text = folder.read("lanyard.toml");
    assert!(!text.contains("ioffice_user") && text.contains("ioffice_client_id = \"lanyard\""), "{text}");

    // Every process signs in with what the one before it left.
    let doctor = folder.verb(&["doctor", "--json"]).await.ends(0);
    assert_ne!(kept(), after_init);
    for secret in [&first, &after_init, &kept()] {
        assert!(!doctor.out.contains(&**secret) && !doctor.err.contains(&**secret), "tokens are not told");
    }
    folder.edit("lanyard.toml", |text| text.replace("[[site]]\n", "[[site]]\nrequests_per_second = 0\n"));
    let served = folder.serve().await;
    served.quiet(MINUTE * 2).await;
    let user = company.hire(&BEA, &["APP-iOffice-Users"]).await;
    company.profile(&user, json!({ "title": "Lead analyst" })).await;
    until("an account for the joiner", MINUTE, async || {
        let office = company.office().await;
        (office.account(BEA.number)?.text("jobTitle") == "Lead analyst").then_some(())
    })
    .await;

    // A token that somebody else used up is an alarm with its fix, not a silent stop.
    assert_eq!(served.running.terminate().await, 0);
    folder.edit("secrets/ioffice-main-refresh-token", |_| first.clone());
    let doctor = folder.verb(&["doctor"]).await;
    assert_ne!(doctor.code, 0);
    assert!(
        format!("{}{}", doctor.out, doctor.err).contains("sign in again to get a new refresh token"),
        "{doctor:?}"
    );
}
