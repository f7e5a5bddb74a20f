//! One working life under every reading of the contracts' silences. The waits of the stand-ins are shortened; what they
//! refuse, ignore, double and reorder is the preset's.

use serde_json::json;

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder},
    program::{MINUTE, until},
};

const ADA: Hire<'_> = Hire {
    first: "Ada",
    last: "Quick",
    number: "90001",
    department: "Finance",
    office: "PIER",
    kind: "Employee",
};

/// Long enough to be met, short enough to be waited for.
fn short_waits() -> String {
    let waits = [
        ("index_lag", 400),
        ("member_lag", 400),
        ("log_delay", 800),
        ("transition", 300),
        ("delete_lag", 300),
        ("delete_completion", 300),
        ("rule_delay", 900),
        ("app_delay", 300),
        ("hook_delay", 400),
        ("hook_effective", 300),
    ];
    let mut text = "[okta]\n".to_owned();
    for (name, most) in waits {
        text +=
            &format!("{name} = {{ low_ms = 0, high_ms = {most}, rare_ms = {most}, rare_per_mille = 0 }}\n");
    }
    text + "[okta.quotas]\nwindow_seconds = 2\n[ioffice]\nrate_per_second = 200.0\nrate_burst = 200.0\n"
}

async fn one_working_life(preset: &str) {
    let kept = tempfile::tempdir().expect("a temporary folder");
    let settings = kept.path().join("settings.toml");
    std::fs::write(&settings, short_waits()).expect("a file");
    let settings = settings.display().to_string();
    let start =
        ["--people", "20", "--seed", "3", "--accounts", "tidy", "--preset", preset, "--settings", &settings];
    let company = Company::start(&start).await;
    let folder = Folder::init_fast(&company, Credential::ServiceApp).await;
    if matches!(preset, "strict" | "hostile") {
        // These sites refuse or ignore `active`: what is left is DELETE, if its owner allows that. Without it the engine says
        // that the API cannot end the account, and asks a person to.
        folder.edit("lanyard.toml", |text| text.replace("delete_allowed = false", "delete_allowed = true"));
    }
    let served = folder.serve().await;
    served.quiet(MINUTE * 2).await;

    let user = company.hire(&ADA, &["APP-iOffice-Users"]).await;
    let account = async |what: &str, title: &str| {
        until(&format!("{preset}: {what}"), MINUTE, async || {
            let office = company.office().await;
            let account = office.account(ADA.number)?;
            (account.text("jobTitle") == title && account.text("email") == ADA.login()).then(|| account.id())
        })
        .await
    };
    let first = account("an account for the joiner", "Analyst").await;
    company.profile(&user, json!({ "title": "Lead analyst" })).await;
    assert_eq!(
        account("the change arrives", "Lead analyst").await,
        first,
        "{preset}: one account, the same one"
    );

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

    served.quiet(MINUTE * 2).await;
    let before = company.journal().await.len();
    let swept = folder.verb(&["sweep", "--json"]).await.ends(0).json();
    assert_eq!(swept["report"]["certified"], true, "{preset}: {swept}");
    served.quiet(MINUTE).await;
    let journal = company.journal().await;
    let wrote = &journal[before..];
    assert!(wrote.is_empty(), "{preset}: a second sweep wrote {wrote:?}");
    served.journal_verifies().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_working_life_under_default() {
    one_working_life("default").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_working_life_under_strict() {
    one_working_life("strict").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_working_life_under_lenient() {
    one_working_life("lenient").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_working_life_under_hostile() {
    one_working_life("hostile").await;
}
