//! From `init` to a running server that keeps a company in step: what a newcomer does on the first day.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder, Served},
    office::{Account, Office},
    program::{MINUTE, SECONDS_20, until},
};

const ADA: Hire<'_> = Hire {
    first: "Ada",
    last: "Quick",
    number: "90001",
    department: "Finance",
    office: "PIER",
    kind: "Employee",
};

/// Waits until the one live account with this number looks like that; answers its id.
async fn account_is(
    company: &Company,
    what: &str,
    number: &str,
    look: impl Fn(&Office, &Account<'_>) -> bool,
) -> i64 {
    until(what, SECONDS_20, async || {
        let office = company.office().await;
        let account = office.account(number)?;
        look(&office, &account).then(|| account.id())
    })
    .await
}

async fn gone(company: &Company, number: &str) {
    until("the leaver has nothing any more", SECONDS_20, async || {
        let office = company.office().await;
        let left = office.numbered(number);
        assert!(!left.is_empty() || !company.reading.keeps_records, "the record is kept");
        let nothing = left.iter().all(|account| {
            !account.is_active()
                && account.roles().is_empty()
                && !account.has_seat()
                && office.bookings(account, 0).is_empty()
        });
        nothing.then_some(())
    })
    .await;
}

async fn hook_is_verified(company: &Company, served: &Served) {
    let uri = format!("{}/hooks/okta/main", served.url);
    until("the event hook is registered and verified", SECONDS_20, async || {
        let hooks = company.okta_done("GET", "eventHooks", Value::Null).await;
        let ours = hooks
            .as_array()?
            .iter()
            .find(|hook| hook.pointer("/channel/config/uri") == Some(&json!(uri)))?
            .clone();
        (ours["verificationStatus"] == "VERIFIED" && ours["status"] == "ACTIVE").then_some(())
    })
    .await;
}

/// What `serve --json` printed once it listened.
fn it_says_where_it_is(served: &Served) {
    let line: Value = serde_json::from_str(&served.running.out()).expect("one line of JSON");
    assert_eq!(line["url"], served.url);
    assert_eq!(line["hooks"]["main"], format!("{}/hooks/okta/main", served.url));
    assert_eq!(line["pid"], served.running.id());
    let link = line["sign_in"].as_str().expect("the first start makes a link");
    assert!(link.starts_with(&format!("{}/sign-in?token=", served.url)), "{link}");
}

/// How long removals wait in these tests, in which nobody moves in two halves.
const SETTLE: Duration = Duration::from_secs(2);

fn settle_soon(folder: &Folder) {
    let soon = format!("settle_seconds = {}", SETTLE.as_secs());
    folder.edit("policy/policy.toml", |text| text.replace("settle_seconds = 90", &soon));
}

/// A sweep through the running server changes nothing at iOffice.
async fn second_sweep_writes_nothing(company: &Company, folder: &Folder, served: &Served) {
    if !company.reading.revokes {
        // That the API takes no permission back is learnt from writes without effect; some are left to the next look.
        served.quiet(MINUTE).await;
        folder.verb(&["sweep"]).await.ends(0);
    }
    // What is taken away waits until it has settled.
    let mut before = usize::MAX;
    until("nothing is written any more", MINUTE * 2, async || {
        served.quiet(MINUTE).await;
        tokio::time::sleep(SETTLE * 2).await;
        let count = company.journal().await.len();
        let still = count == before;
        before = count;
        still.then_some(())
    })
    .await;
    let swept = folder.verb(&["sweep", "--json"]).await.ends(0).json();
    assert_eq!(swept["report"]["certified"], true, "{swept}");
    assert_eq!(swept["operations"]["writes"], 0, "what the server wrote before is not this sweep's: {swept}");
    let journal = company.journal().await;
    assert_eq!(journal.len(), before, "a second sweep wrote {:?}", journal.last());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_site_is_filled_and_follows_one_person_from_first_day_to_last() {
    let company = Company::start(&["--people", "20", "--seed", "3", "--accounts", "empty"]).await;
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&company.line), ["okta", "ioffice", "control"]);
    assert_eq!(keys(&company.line["okta"]), ["url", "ssws", "client_id", "private_key_pem", "kid"]);
    assert_eq!(keys(&company.line["ioffice"]), ["url", "username", "password"]);
    assert_eq!(keys(&company.line["control"]), ["url"]);

    let folder = Folder::init(&company, Credential::ServiceApp).await;
    let again = folder.run_init(&company, Credential::ServiceApp).await.ends(2);
    assert!(again.err.contains("lanyard.toml"), "{}", again.err);
    settle_soon(&folder);
    folder.verb(&["check"]).await.ends(0);
    let doctor = folder.verb(&["doctor", "--json"]).await.ends(0).json();
    assert_eq!(doctor["ok"], true);

    let people = company.okta_done("GET", "users?limit=200", Value::Null).await;
    let someone = people.as_array().expect("a list")[0].clone();
    let login = someone["profile"]["login"].as_str().expect("a login");
    let plan = folder.verb(&["plan", "--json"]).await.ends(3).json();
    assert!(plan["summary"]["add"].as_u64() > Some(20), "{plan}");
    assert_eq!(plan["certified"], true);
    let one = folder.verb(&["plan", "--person", login]).await;
    assert!([0, 3].contains(&one.code), "{one:?}");
    let why = folder.verb(&["explain", login]).await.ends(0);
    assert!(why.out.contains("standing: ") && why.out.contains("because "), "{}", why.out);
    assert_eq!(company.journal().await, Vec::<Value>::new(), "looking writes nothing");

    let served = folder.serve().await;
    it_says_where_it_is(&served);
    hook_is_verified(&company, &served).await;
    served.quiet(MINUTE * 2).await;
    let group = company.group("APP-iOffice-Users").await;
    let members = company.okta_done("GET", &format!("groups/{group}/users"), Value::Null).await;
    let office = company.office().await;
    let mut settled = 0;
    for person in members.as_array().expect("a list") {
        let profile = &person["profile"];
        let today = company.today(0).await;
        let begun = profile["startDate"].as_str().is_some_and(|day| day <= today.as_str());
        let ended = profile["contractEndDate"].as_str().is_some_and(|day| day < today.as_str());
        if person["status"] == "ACTIVE" && begun && !ended && profile["employeeStatus"] == "Active" {
            let number = profile["employeeNumber"].as_str().expect("a number");
            let account = office.account(number).unwrap_or_else(|| panic!("no account for {profile}"));
            assert_eq!(account.text("email"), profile["email"], "{profile}");
            assert!(account.has_seat(), "no seat for {profile}");
            settled += 1;
        }
    }
    assert!(settled >= 10, "the world has people to set up: {settled}");
    second_sweep_writes_nothing(&company, &folder, &served).await;

    follow_one_person(&company, &folder, &served).await;
    second_sweep_writes_nothing(&company, &folder, &served).await;
    served.journal_verifies().await;
    assert_eq!(served.running.terminate().await, 0, "asked to end, it ends well");
    folder.verb(&["plan", "--person", &ADA.login()]).await.ends(2);
}

/// Every change at Okta, in the order of a working life.
async fn follow_one_person(company: &Company, folder: &Folder, served: &Served) {
    let user = company.hire(&ADA, &["APP-iOffice-Users", "ROOM-Booking"]).await;
    let first_day = company.today(2).await;
    let id = account_is(
        company,
        "account, type, cost center, seat, role and a desk for day one",
        ADA.number,
        |office, a| {
            let bookings = office.bookings(a, 0);
            let day = |row: &&Value| {
                let start = jiff::Timestamp::from_millisecond(row["startDate"].as_i64().unwrap_or(0));
                start.is_ok_and(|start| start.to_string().starts_with(&first_day))
            };
            a.text("email") == ADA.login()
                && a.text("jobTitle") == "Analyst"
                && a.user_type() == "Employee"
                && a.cost_center() == "Finance"
                && a.has_seat()
                && a.roles().iter().any(|role| role.starts_with("CUSTOMER in Pier House"))
                && bookings.len() == 1
                && bookings.iter().all(day)
        },
    )
    .await;
    let explained = folder.verb(&["explain", &ADA.login()]).await.ends(0);
    for why in ["is ACTIVE in Okta", "standing: active", "because scope: member of workplace users"] {
        assert!(explained.out.contains(why), "{why}: {}", explained.out);
    }

    company.profile(&user, json!({ "department": "Legal", "title": "Counsel" })).await;
    account_is(company, "a move", ADA.number, |_, a| {
        a.cost_center() == "Legal" && a.text("department") == "Legal" && a.text("jobTitle") == "Counsel"
    })
    .await;

    company.set_member(&user, "VISITOR-Managers", true).await;
    account_is(company, "a group's role", ADA.number, |_, a| {
        a.roles().contains(&"OPERATOR in Pier House Visitors".to_owned())
    })
    .await;

    company.lifecycle(&user, "suspend").await;
    if company.reading.revokes {
        account_is(company, "a leave: permissions rest, seat and account stay", ADA.number, |_, a| {
            a.roles().is_empty() && a.has_seat() && a.is_active()
        })
        .await;
    } else {
        until("a leave: a person is asked to take the permissions", SECONDS_20, async || {
            let told = served.findings("todo").await;
            let asks = |text: &String| text.contains("set_roles") && text.contains(&id.to_string());
            told.iter().any(asks).then_some(())
        })
        .await;
        account_is(company, "seat and account stay", ADA.number, |_, a| a.has_seat() && a.is_active()).await;
    }
    company.lifecycle(&user, "unsuspend").await;
    account_is(company, "back from leave", ADA.number, |_, a| a.roles().len() >= 2 && a.has_seat()).await;

    let renamed = "ada.swift@northgate.example";
    company.profile(&user, json!({ "login": renamed, "email": renamed, "lastName": "Swift" })).await;
    let same = account_is(company, "another name and address", ADA.number, |_, a| {
        a.text("email") == renamed && a.text("userName") == renamed && a.text("lastName") == "Swift"
    })
    .await;
    assert_eq!(same, id, "still the same account");

    folder.verb(&["stop"]).await.ends(0);
    company.profile(&user, json!({ "title": "General Counsel" })).await;
    until("the change is seen while stopped", SECONDS_20, async || {
        let plan = folder.verb(&["plan", "--person", renamed, "--json"]).await;
        (plan.code == 3).then_some(())
    })
    .await;
    assert_eq!(company.office().await.account(ADA.number).expect("an account").text("jobTitle"), "Counsel");
    folder.verb(&["resume"]).await.ends(0);
    account_is(company, "what waited for resume", ADA.number, |_, a| a.text("jobTitle") == "General Counsel")
        .await;

    company.lifecycle(&user, "deactivate").await;
    gone(company, ADA.number).await;
    company.okta_done("DELETE", &format!("users/{user}"), Value::Null).await;
    folder.verb(&["apply", "--json"]).await.ends(0);
    gone(company, ADA.number).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lived_in_site_is_adopted_and_leavers_lose_everything() {
    let company = Company::start(&["--people", "120", "--seed", "8", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    settle_soon(&folder);
    folder.verb(&["doctor"]).await.ends(0);
    let before = company.office().await;
    let served = folder.serve().await;
    hook_is_verified(&company, &served).await;
    served.quiet(MINUTE * 2).await;
    second_sweep_writes_nothing(&company, &folder, &served).await;

    let now = company.now().await;
    // Somebody who has everything: account, seat, role, a meeting next week.
    let people =
        company.okta_done("GET", "users?limit=200&filter=status%20eq%20%22ACTIVE%22", Value::Null).await;
    let office = company.office().await;
    let leaver = people.as_array().expect("a list").iter().find_map(|person| {
        let number = person.pointer("/profile/employeeNumber")?.as_str()?;
        let account = office.numbered(number);
        let [one] = account.as_slice() else { return None };
        let rich = one.is_active()
            && one.has_seat()
            && !one.roles().is_empty()
            && !office.bookings(one, now.as_millisecond()).is_empty()
            && one.0["siteAdmin"] == false;
        rich.then(|| (person["id"].as_str().expect("an id").to_owned(), number.to_owned(), one.id()))
    });
    let (user, number, record) = leaver.expect("somebody with a booking");
    company.lifecycle(&user, "deactivate").await;
    let now: jiff::Timestamp = company.control("GET", "clock", Value::Null).await["now"]
        .as_str()
        .expect("an instant")
        .parse()
        .expect("an instant");
    until("account, roles, seat and future bookings are gone", SECONDS_20, async || {
        let office = company.office().await;
        let accounts = office.numbered(&number);
        let left = match accounts.as_slice() {
            [account] => account.0.clone(),
            // Its bookings name it still.
            [] if !company.reading.keeps_records => json!({ "id": record }),
            _ => return None,
        };
        let account = Account(&left);
        let nothing = !account.is_active()
            && account.roles().is_empty()
            && !account.has_seat()
            && office.bookings(&account, now.as_millisecond()).is_empty();
        nothing.then_some(())
    })
    .await;
    let after = company.office().await;
    for user in before.users() {
        let kept = after.users().iter().find(|other| other["id"] == user["id"]);
        assert!(kept.is_some() || !company.reading.keeps_records, "no record was deleted: {user}");
    }
    served.journal_verifies().await;
}
