//! The console's doors over sockets: people by Okta, programs by token; and that the API answers as it is described.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    company::Company,
    folder::{Credential, Folder, Served},
    program::until,
    schema::Document,
};

struct House {
    company: Company,
    folder: Folder,
    served: Served,
}

async fn house() -> House {
    let folder = Folder::new();
    let callback = format!("http://127.0.0.1:{}/sign-in/callback", folder.port);
    let company = Company::start(&["--people", "60", "--seed", "3", "--console", &callback]).await;
    folder.run_init(&company, Credential::Token).await.ends(0);
    folder.edit("lanyard.toml", |text| {
        let text = text.replace("[[site]]\n", "[[site]]\nrequests_per_second = 0\n");
        let text = text.replace("feed_seconds = 10", "feed_seconds = 1");
        text + "\n[sign_in]\ntenant = \"main\"\nclient_id = \"0oaconsole00000000aa\"\n\n\
            [[sign_in.role]]\ngroup = \"ROOM-Booking\"\nrole = \"operator\"\n"
    });
    let served = folder.serve().await;
    served.quiet(Duration::from_secs(90)).await;
    House { company, folder, served }
}

/// One header of an answer.
fn header<'a>(answer: &'a http::Response<bytes::Bytes>, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl House {
    /// Name and value of the cookie that an answer sets.
    fn cookie(answer: &http::Response<bytes::Bytes>) -> String {
        header(answer, "set-cookie").split(';').next().unwrap_or_default().to_owned()
    }

    /// Goes through Okta as a browser does; answers the last answer, and the callback with its cookie.
    async fn sign_in(&self, login: &str) -> (http::Response<bytes::Bytes>, String, String) {
        let http = &self.served.http;
        let begun =
            http.answer("GET", &format!("{}/sign-in/provider?to=/all/people", self.served.url), &[]).await;
        assert_eq!(begun.status(), 303);
        let asked = header(&begun, "location");
        assert!(asked.contains("code_challenge_method=S256"), "{asked}");
        let okta = http.answer("GET", &format!("{asked}&login_hint={login}"), &[]).await;
        let back = header(&okta, "location").to_owned();
        let under_way = Self::cookie(&begun);
        let answer = http.answer("GET", &back, &[("cookie", &under_way)]).await;
        (answer, back, under_way)
    }

    async fn session(&self, cookie: &str) -> (u16, Value) {
        let url = format!("{}/api/v1/session", self.served.url);
        self.served.http.call("GET", &url, &[("cookie", cookie)], "").await
    }
}

#[tokio::test]
async fn people_sign_in_with_okta_by_group_and_lose_the_console_with_their_account() {
    let house = house().await;
    let managers = house.company.group("ROOM-Booking").await;
    let members = house.company.okta_done("GET", &format!("groups/{managers}/users"), Value::Null).await;
    let everybody = house.company.okta_done("GET", "users?limit=200", Value::Null).await;
    let active = |user: &&Value| user["status"] == "ACTIVE";
    let members = members.as_array().unwrap();
    let member = members.iter().find(active).expect("an active member");
    let other = everybody.as_array().unwrap().iter().filter(active);
    let other =
        other.clone().find(|user| !members.iter().any(|m| m["id"] == user["id"])).expect("somebody else");

    let (answer, _, _) = house.sign_in(other["profile"]["login"].as_str().unwrap()).await;
    assert_eq!(header(&answer, "location"), "/sign-in?problem=no_role");

    let (answer, back, under_way) = house.sign_in(member["profile"]["login"].as_str().unwrap()).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/all/people"));
    let cookie = House::cookie(&answer);
    let (status, session) = house.session(&cookie).await;
    let id = member["id"].as_str().unwrap();
    assert_eq!((status, &session["subject"]), (200, &json!(format!("okta:main/{id}"))));
    assert_eq!(session["permits"], json!(["see", "operate", "metrics"]));

    // The code was used: it opens nothing again.
    let again = house.served.http.answer("GET", &back, &[("cookie", &under_way)]).await;
    assert_eq!(header(&again, "location"), "/sign-in?problem=refused");

    house.company.okta_done("POST", &format!("users/{id}/lifecycle/deactivate"), json!({})).await;
    until("the session ends with the account", Duration::from_secs(30), async || {
        (house.session(&cookie).await.0 == 401).then_some(())
    })
    .await;
}

/// What must be made before it can be read: the tests of `console` hold it against its schema. The demo's own story is no
/// part of a server.
const ELSEWHERE: [&str; 11] = [
    "/plans/{id}",
    "/whatif/{seal}",
    "/whatif/{seal}/plan",
    "/whatif/{seal}/people",
    "/approvals/{id}",
    "/approvals/{id}/context",
    "/policy/drafts/{id}",
    "/reviews/{id}",
    "/evidence/packs/{id}",
    "/demo",
    "/openapi.json",
];

#[tokio::test]
async fn the_api_answers_as_it_is_described_and_tokens_open_what_they_say() {
    let house = house().await;
    let document = Document::read();
    let made = house
        .folder
        .verb(&["token", "make", "--name", "reader", "--role", "viewer", "--tenant", "main", "--json"])
        .await
        .ends(0)
        .json();
    let token = made["text"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let get = async |path: &str| {
        let url = format!("{}/api/v1{path}", house.served.url);
        house.served.http.call("GET", &url, &[("authorization", &bearer)], "").await
    };
    assert_eq!(get("/overview").await.0, 200);
    assert_eq!(get("/tokens").await.1["code"], "role");
    assert_eq!(get("/people/elsewhere/x").await.1["code"], "role");
    house.folder.verb(&["token", "revoke", "reader"]).await.ends(0);
    assert_eq!(get("/overview").await.0, 401);

    let person = house.served.api("people?limit=1").await["items"][0].clone();
    let person = format!("people/{}/{}", person["tenant"].as_str().unwrap(), person["id"].as_str().unwrap());
    let plan = house.served.api("plans?limit=1").await["items"][0]["id"].as_str().map(str::to_owned);
    let newest = house.served.api("activity?limit=1").await["items"][0].clone();
    let line = format!("activity/{}/{}", newest["tenant"].as_str().unwrap(), newest["seq"]);
    let places = house.served.api("places").await;
    let floor = places.pointer("/sites/0/buildings/0/floors/0/id").and_then(Value::as_str).unwrap();
    let site = places["sites"][0]["id"].as_str().unwrap();
    let mut asked = vec![
        ("/sign-in", "sign-in".to_owned()),
        ("/session", "session".into()),
        ("/tokens", "tokens".into()),
        ("/roles", "roles".into()),
        ("/overview", "overview".into()),
        ("/activity", "activity?limit=50&all=true".into()),
        ("/people", "people?limit=20".into()),
        ("/people/{tenant}/{id}", person.clone()),
        ("/people/{tenant}/{id}/plan", format!("{person}/plan")),
        ("/people/{tenant}/{id}/explain", format!("{person}/explain?thing=seat")),
        ("/activity/{tenant}/{seq}", line),
        ("/plans/reach", "plans/reach".into()),
        ("/drift", "drift".into()),
        ("/whatif", "whatif".into()),
        ("/plans", "plans".into()),
        ("/findings", "findings".into()),
        ("/sweeps", "sweeps".into()),
        ("/places", "places".into()),
        ("/places/{site}/floors/{floor}", format!("places/{site}/floors/{floor}")),
        ("/journal", "journal".into()),
        ("/health", "health".into()),
        ("/policy/versions/{version}", "policy/versions/published".into()),
        ("/policy/diff", "policy/diff?to=published".into()),
        ("/approvals", "approvals".into()),
        ("/delegations", "delegations".into()),
        ("/messages", "messages".into()),
        ("/people/{tenant}/{id}/access", format!("{person}/access")),
        ("/sites/{site}/access", format!("sites/{site}/access?limit=50")),
        ("/policy", "policy".into()),
        ("/policy/versions", "policy/versions".into()),
        ("/policy/vocabulary", "policy/vocabulary".into()),
        ("/policy/schema", "policy/schema".into()),
        ("/evidence", "evidence".into()),
        ("/reviews", "reviews".into()),
        ("/dead-letters", "dead-letters".into()),
        ("/sites/{site}/match", format!("sites/{site}/match")),
    ];
    asked.extend(plan.map(|id| ("/plans/{id}", format!("plans/{id}"))));
    for path in document.gets() {
        let bare = path.trim_start_matches("/api/v1");
        let held = asked.iter().any(|(known, _)| *known == bare) || ELSEWHERE.contains(&bare);
        assert!(held, "no test holds the answer of GET {path} against its schema");
    }
    for (path, url) in asked {
        let answer = house.served.api(&url).await;
        let mistakes = document.mistakes(&format!("/api/v1{path}"), &answer);
        assert!(mistakes.is_empty(), "{url}:\n{}", mistakes[..mistakes.len().min(8)].join("\n"));
    }
    // Pages meet: no person twice, nobody left out.
    let total = house.served.api("people?limit=1").await["total"].as_u64().unwrap();
    let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), String::new());
    loop {
        let page = house.served.api(&format!("people?limit=17&cursor={cursor}")).await;
        for one in page["items"].as_array().unwrap() {
            assert!(seen.insert(one["id"].as_str().unwrap().to_owned()), "{one} came twice");
        }
        match page["next"].as_str() {
            Some(next) => cursor = next.bytes().map(|byte| format!("%{byte:02X}")).collect(),
            None => break,
        }
    }
    assert_eq!(seen.len() as u64, total);
}
