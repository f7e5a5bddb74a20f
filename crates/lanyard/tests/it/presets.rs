//! One working life, from joining to coming back after leaving, under every reading of the contracts' silences. The waits of
//! the stand-ins are shortened; what they refuse, ignore, double and reorder is the preset's. What a site cannot be told must
//! be said to a person instead.

use serde_json::{Value, json};

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder, Served},
    office::Account,
    program::{MINUTE, until},
    reading::{DEFAULT, HOSTILE, LENIENT, Reading, STRICT},
};

const ADA: Hire<'_> = Hire {
    first: "Ada",
    last: "Quick",
    number: "90001",
    department: "Finance",
    office: "PIER",
    kind: "Employee",
};

/// A company under a preset, a server beside it, and one person in it.
struct Life {
    company: Company,
    served: Served,
}

impl Life {
    /// Waits until Ada's account is as `good` says, and answers its id.
    async fn account(&self, what: &str, good: impl Fn(&Account<'_>) -> bool) -> i64 {
        until(&format!("{}: {what}", self.company.reading.preset), MINUTE, async || {
            let office = self.company.office().await;
            let account = office.account(ADA.number)?;
            good(&account).then(|| account.id())
        })
        .await
    }

    /// Waits for a finding whose title has all of these words.
    async fn said(&self, kind: &str, words: &[&str]) {
        until(&format!("{}: {kind} {words:?}", self.company.reading.preset), MINUTE, async || {
            let told = self.served.findings(kind).await;
            told.iter().any(|text| words.iter().all(|word| text.contains(word))).then_some(())
        })
        .await;
    }
}

fn holds(account: &Account<'_>, role: &str) -> bool {
    account.roles().iter().any(|held| held.starts_with(role))
}

async fn one_working_life(reading: Reading) {
    let preset = reading.preset;
    let start = ["--people", "20", "--seed", "3", "--accounts", "tidy"];
    let company = Company::under(reading, &start).await;
    let folder = Folder::init_fast(&company, Credential::ServiceApp).await;
    let served = folder.serve().await;
    served.quiet(MINUTE * 2).await;
    let life = Life { company, served };
    let company = &life.company;

    // Joins; is given a right by a group; is told about by the log alone, because every hook is lost.
    let user = company.hire(&ADA, &["APP-iOffice-Users"]).await;
    let joined = |account: &Account<'_>| {
        account.text("jobTitle") == "Analyst" && account.text("email") == ADA.login() && account.has_seat()
    };
    let first = life.account("an account for the joiner", joined).await;
    company.set_member(&user, "VISITOR-Managers", true).await;
    life.account("a group gives a role", |account| holds(account, "OPERATOR")).await;
    let lost = json!({ "do": "drop_next_hooks", "count": 1000 });
    company.control("POST", "okta/0/command", lost).await;
    company.profile(&user, json!({ "title": "Lead analyst", "department": "Facilities" })).await;
    let moved = |account: &Account<'_>| {
        account.text("jobTitle") == "Lead analyst" && account.cost_center() == "Facilities"
    };
    assert_eq!(life.account("the change arrives", moved).await, first, "{preset}: one account, the same one");
    company.control("POST", "okta/0/command", json!({ "do": "drop_next_hooks", "count": 0 })).await;

    // Somebody edits by hand what no rule owns; leave takes roles and nothing else, the return brings them back.
    let edit = json!({ "do": "edit_user", "user": first, "fields": { "comments": "by hand" } });
    company.control("POST", "ioffice/0/command", edit).await;
    company.lifecycle(&user, "suspend").await;
    if reading.revokes {
        life.account("leave takes the roles", |account| account.roles().is_empty()).await;
    } else {
        life.said("todo", &["set_roles", &first.to_string(), "cannot be done via the API"]).await;
    }
    let seated = |account: &Account<'_>| account.has_seat() && account.text("comments") == "by hand";
    assert_eq!(life.account("leave keeps account, seat and hand edit", seated).await, first, "{preset}");
    company.lifecycle(&user, "unsuspend").await;
    life.account("the return brings the role back", |account| holds(account, "OPERATOR")).await;
    let renamed = json!({ "lastName": "Quicker", "login": "ada.quicker@northgate.example", "email": "ada.quicker@northgate.example" });
    company.profile(&user, renamed).await;
    let renamed = |account: &Account<'_>| account.text("email") == "ada.quicker@northgate.example";
    assert_eq!(life.account("a new name", renamed).await, first, "{preset}: a new name, the same account");

    // Leaves, and comes back.
    company.lifecycle(&user, "deactivate").await;
    until(&format!("{preset}: the leaver has nothing any more"), MINUTE, async || {
        let office = company.office().await;
        let left = office.numbered(ADA.number);
        let nothing = left
            .iter()
            .all(|account| !account.is_active() && account.roles().is_empty() && !account.has_seat());
        nothing.then_some(())
    })
    .await;
    company.okta_done("POST", &format!("users/{user}/lifecycle/activate?sendEmail=false"), Value::Null).await;
    let back = life.account("the rehired", |account| account.has_seat() && holds(account, "OPERATOR")).await;
    assert_eq!(back == first, reading.revives, "{preset}: {first}, then {back}");
    if !reading.revives {
        life.said("todo", &[&first.to_string(), "could not be reactivated; a new one is made"]).await;
    }

    life.served.quiet(MINUTE * 2).await;
    let before = company.journal().await.len();
    let swept = folder.verb(&["sweep", "--json"]).await.compared().json();
    assert_eq!(swept["report"]["certified"], true, "{preset}: {swept}");
    life.served.quiet(MINUTE).await;
    let journal = company.journal().await;
    let wrote = &journal[before..];
    assert!(wrote.is_empty(), "{preset}: a second sweep wrote {wrote:?}");
    life.served.journal_verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_working_life_under_default() {
    one_working_life(DEFAULT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_working_life_under_strict() {
    one_working_life(STRICT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_working_life_under_lenient() {
    one_working_life(LENIENT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_working_life_under_hostile() {
    one_working_life(HOSTILE).await;
}
