//! What a change would do, done exactly, explained and taken back; what waits for somebody, agreed to. Everything through
//! the binary; the judge reads only what iOffice holds and what it was asked to write.

use std::fs;

use serde_json::{Value, json};

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder},
    program::{MINUTE, SECONDS_20, until},
};

const LOUD: &str = "jobTitle = { from = \"title\", as = \"upper case\" }";

/// The files of a policy folder by name, but for what only editors read.
fn files_in(folder: &std::path::Path) -> std::collections::BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = entries.filter(|path| path.extension().is_some_and(|kind| kind == "toml" || kind == "csv"));
    files
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a file"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_seal_put_in_force_is_all_that_the_policy_folder_says() {
    let company = Company::start(&["--people", "6", "--seed", "4", "--accounts", "empty"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    // A table more than the draft has: nothing looks anything up in it.
    fs::write(folder.path("policy/spare.csv"), "attribute:title,value\nClerk,C\n").expect("a file");
    folder.verb(&["apply", "--json"]).await;
    let draft = draft_of(&folder, |text| text.replace("jobTitle = \"title\"", LOUD));
    fs::rename(draft.path().join("policy.toml"), draft.path().join("rules.toml")).expect("renamed");
    let path = draft.path().display().to_string();
    let answer = folder.verb(&["whatif", &path, "--json"]).await.ends(3).json();
    let seal = answer["seal"].as_str().expect("a seal").to_owned();
    folder.verb(&["apply", &seal, "--json"]).await.ends(0);
    let mut wanted = files_in(draft.path());
    let rules = wanted.remove("rules.toml").expect("the rules");
    wanted.insert("policy.toml".into(), rules);
    assert_eq!(files_in(&folder.path("policy")), wanted);
    folder.verb(&["policy", "diff"]).await.ends(0);
}

/// A folder with the policy of the data folder, edited.
fn draft_of(folder: &Folder, change: impl FnOnce(&str) -> String) -> tempfile::TempDir {
    let kept = tempfile::tempdir().expect("a temporary folder");
    let before = folder.read("policy/policy.toml");
    let after = change(&before);
    assert_ne!(before, after, "the edit found nothing to edit");
    fs::write(kept.path().join("policy.toml"), after).expect("a file");
    fs::write(kept.path().join("places.csv"), folder.read("policy/places.csv")).expect("a file");
    kept
}

fn count(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_is_rehearsed_done_exactly_explained_and_taken_back() {
    let company = Company::start(&["--people", "20", "--seed", "3", "--accounts", "empty"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    folder.verb(&["policy", "test", "--json"]).await.ends(0);
    folder.verb(&["apply", "--json"]).await;
    folder.verb(&["plan", "--json"]).await.ends(0);
    let before = company.now().await;
    let written = company.journal().await.len();

    let draft = draft_of(&folder, |text| text.replace("jobTitle = \"title\"", LOUD));
    let path = draft.path().display().to_string();
    let answer = folder.verb(&["whatif", &path, "--json"]).await.ends(3).json();
    let affected = answer["totals"]["affected"].as_u64().expect("a number");
    assert!(affected >= 15, "nearly everybody has a title: {answer}");
    assert_eq!((&answer["totals"]["lose"], &answer["totals"]["gain"]), (&json!(0), &json!(0)), "{answer}");
    assert_eq!(answer["totals"]["change"], affected);
    let seal = answer["seal"].as_str().expect("a seal").to_owned();
    assert_eq!(company.journal().await.len(), written, "rehearsing writes nothing");
    let again = folder.verb(&["whatif", &path, "--json"]).await.ends(3).json();
    assert_eq!(again["people"], answer["people"], "the same question has the same answer");

    // What would have been, had another policy been in force from the beginning: also without a single call. It tells
    // of standing, places and permissions.
    let other = draft_of(&folder, |text| {
        text.replace(
            "role = \"customer\", module = \"reservation\"",
            "role = \"manager\", module = \"reservation\"",
        )
    });
    let other = other.path().display().to_string();
    let since = (before - jiff::SignedDuration::from_hours(24)).to_string();
    let replayed =
        folder.verb(&["replay", "--policy", &other, "--from", &since, "--json"]).await.ends(3).json();
    let parting = &replayed["partings"][0];
    let says = |side: &str, role: &str| {
        let lines = parting[side].as_array().into_iter().flatten().filter_map(Value::as_str);
        lines.into_iter().any(|line| line.to_lowercase().contains(role))
    };
    assert!(says("draft", "manager") && says("in_force", "customer"), "{replayed}");
    folder
        .verb(&["replay", "--policy", &folder.path("policy").display().to_string(), "--from", &since])
        .await
        .ends(0);
    assert_eq!(company.journal().await.len(), written);

    folder.verb(&["apply", "wif_000000000000", "--json"]).await.ends(2);
    let done = folder.verb(&["apply", &seal, "--json"]).await.ends(0).json();
    assert_eq!(
        (&done["done"], count(&done["refused"]), count(&done["moved"])),
        (&done["people"], 0, 0),
        "{done}"
    );
    let journal = company.journal().await;
    assert_eq!(journal.len() - written, affected as usize, "one write for each person that was shown");
    assert!(folder.read("policy/policy.toml").contains(LOUD), "the folder says what is in force");
    let office = company.office().await;
    let titles: Vec<String> =
        office.users().iter().filter_map(|user| user["jobTitle"].as_str().map(str::to_owned)).collect();
    assert!(
        titles.iter().filter(|title| **title == title.to_uppercase()).count() >= affected as usize,
        "{titles:?}"
    );
    folder.verb(&["plan", "--json"]).await.ends(0);
    folder.verb(&["whatif", &path, "--json"]).await.ends(0);
    let twice = folder.verb(&["apply", &seal, "--json"]).await;
    assert_eq!(company.journal().await.len(), journal.len(), "a seal is used once: {twice:?}");

    // One person: why not, as of now and as of before, and back again.
    let who = answer["people"][0]["identity"].clone();
    let who = match &who {
        Value::String(text) => text.clone(),
        parts => format!(
            "{}/{}",
            parts["tenant"].as_str().expect("a tenant"),
            parts["user"].as_str().expect("an id")
        ),
    };
    let why = folder.verb(&["explain", &who, "--why-not", "seat", "--json"]).await.ends(0).json();
    let ways = why["ways"].as_array().expect("ways");
    assert!(ways.iter().any(|way| way["rule"] == "place" && way["gives"] == true), "{why}");
    let center = folder.verb(&["explain", &who, "--why-not", "cost center"]).await.ends(0).out;
    assert!(
        center.contains("cost-center: The cost center is the one called like the department."),
        "{center}"
    );
    let moment = company.now().await.to_string();
    folder.verb(&["explain", &who, "--as-of", &moment]).await.ends(0);
    folder.verb(&["explain", "nobody@nowhere.example", "--why-not", "seat"]).await.ends(2);

    let shown = folder.verb(&["undo", &who, "--since", &before.to_string(), "--json"]).await.ends(3).json();
    assert_eq!((count(&shown["people"]), &shown["applied"]), (1, &json!(false)), "{shown}");
    assert_eq!(company.journal().await.len(), journal.len(), "showing an undo writes nothing");
    folder
        .verb(&["undo", &who, "--since", &before.to_string(), "--apply", "--reason", "too loud", "--json"])
        .await
        .ends(0);
    let after = company.journal().await;
    assert_eq!(after.len(), journal.len() + 1, "one write takes one back: {:?}", after.last());
    folder.verb(&["undo"]).await.ends(2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_first_waits_for_the_word_of_somebody_who_may_give_it() {
    let company = Company::start(&["--people", "12", "--seed", "5", "--accounts", "empty"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    folder.edit("policy/policy.toml", |text| {
        format!("{text}\n[lifecycle.new_account]\nbut_first = {{ approval = [\"role:approver\"], expires = \"1 day\" }}\n")
    });
    folder.verb(&["approvals", "list"]).await.ends(2);
    let served = folder.serve().await;
    served.quiet(MINUTE).await;
    assert_eq!(company.journal().await.len(), 0, "nobody agreed to anything yet");
    let eve = Hire {
        first: "Eve",
        last: "Moss",
        number: "90009",
        department: "Finance",
        office: "PIER",
        kind: "Employee",
    };
    company.hire(&eve, &["APP-iOffice-Users"]).await;
    let request = until("somebody is asked about Eve", SECONDS_20, async || {
        let list = folder.verb(&["approvals", "list", "--json"]).await.json();
        let items = list["items"].as_array()?.clone();
        items.into_iter().find(|item| item["person"].as_str().is_some_and(|name| name.contains("Eve")))
    })
    .await;
    let id = request["id"].as_str().expect("an id");
    assert_eq!(request["rule"], "lifecycle.new_account", "{request}");

    // Nobody's word, a viewer's and an approver's.
    folder.verb(&["approvals", "approve", id]).await.ends(2);
    let token = async |name: &str, role: &str| {
        let made = folder.verb(&["token", "make", "--name", name, "--role", role]).await.ends(0);
        let file = folder.path(name);
        fs::write(&file, made.out.trim()).expect("a file");
        file.display().to_string()
    };
    let (viewer, approver) = (token("viewer", "viewer").await, token("approver", "approver").await);
    let refused = folder.verb(&["approvals", "approve", id, "--token-file", &viewer]).await;
    assert_ne!(refused.code, 0, "{refused:?}");
    folder
        .verb(&["approvals", "approve", id, "--token-file", &approver, "--reason", "welcome", "--json"])
        .await
        .ends(0);
    until("the account is made", SECONDS_20, async || company.office().await.account("90009").map(|_| ()))
        .await;
    assert_eq!(company.office().await.users().iter().filter(|user| user["employeeId"] == "90009").count(), 1);

    // Who may vote in whose place: an owner records anybody's, and of no stranger's.
    let owner = token("owner", "owner").await;
    let listed = async || folder.verb(&["approvals", "delegations", "--json"]).await.ends(0).json();
    assert_eq!(listed().await["items"], json!([]));
    let mail = |user: &Value| user["profile"]["email"].as_str().expect("an address").to_owned();
    let active = company.okta_done("GET", "users?search=status%20eq%20%22ACTIVE%22", Value::Null).await;
    let (boss, other) = (mail(&active[0]), mail(&active[1]));
    let until_then = (company.now().await + jiff::SignedDuration::from_hours(48)).to_string();
    let delegate = async |to: &str, file: &str| {
        let line = [
            "approvals",
            "delegate",
            "--from",
            &boss,
            "--to",
            to,
            "--until",
            &until_then,
            "--token-file",
            file,
        ];
        folder.verb(&line).await
    };
    assert!(delegate(&other, &approver).await.ends(2).err.contains("an owner anybody's"));
    let stranger = delegate("nobody@nowhere.example", &owner).await.ends(2);
    assert!(
        stranger.err.contains("nobody who works here has the address nobody@nowhere.example"),
        "{stranger:?}"
    );
    let given = delegate(&other, &owner).await.ends(0).out;
    assert!(
        given.contains(&format!("{other} for {boss} from ")) && given.contains("recorded by token owner"),
        "{given}"
    );
    let items = listed().await["items"].clone();
    let id = items[0]["id"].as_str().expect("an id");
    assert_eq!(
        (count(&items), &items[0]["to"], &items[0]["given_by"]),
        (1, &json!(other), &json!("token owner"))
    );
    folder.verb(&["approvals", "withdraw", id, "--token-file", &owner]).await.ends(0);
    folder.verb(&["approvals", "withdraw", id, "--token-file", &owner]).await.ends(2);
    assert_eq!(listed().await["items"], json!([]));
}
