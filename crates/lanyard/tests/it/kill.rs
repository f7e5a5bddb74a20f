//! The server is killed at random moments while changes flow. `LANYARD_KILLS=300` kills it so often; `LANYARD_SEED`
//! repeats a run's choices.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    company::{Company, Hire},
    folder::{Credential, Folder},
    program::{MINUTE, Running, SECONDS_20, until},
};

/// Splitmix64: the same seed makes the same choices.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What Okta says of somebody that this test hired.
#[derive(Debug, Clone)]
struct Hired {
    user: String,
    number: String,
    department: &'static str,
    here: bool,
}

/// Makes one change at Okta.
async fn change(company: &Company, round: u64, chance: &mut Chance, hired: &mut Vec<Hired>) {
    let living: Vec<usize> = (0..hired.len()).filter(|at| hired[*at].here).collect();
    let one =
        (!living.is_empty()).then(|| living[usize::try_from(chance.below(living.len() as u64)).unwrap_or(0)]);
    match (round % 4, one) {
        (1, Some(at)) => {
            let department = if hired[at].department == "Finance" { "Legal" } else { "Finance" };
            company.profile(&hired[at].user, json!({ "department": department })).await;
            hired[at].department = department;
        }
        (2, Some(at)) => {
            company.lifecycle(&hired[at].user, "suspend").await;
            company.lifecycle(&hired[at].user, "unsuspend").await;
        }
        (3, Some(at)) if living.len() > 3 => {
            company.lifecycle(&hired[at].user, "deactivate").await;
            hired[at].here = false;
        }
        _ => {
            let number = (91_000 + hired.len()).to_string();
            let last = format!("Round{}", hired.len());
            let who = Hire {
                first: "Kit",
                last: &last,
                number: &number,
                department: "Finance",
                office: "PIER",
                kind: "Employee",
            };
            let user = company.hire(&who, &["APP-iOffice-Users", "ROOM-Booking"]).await;
            hired.push(Hired { user, number, department: "Finance", here: true });
        }
    }
}

/// People with an account, by account id: what must not change for those whom nobody touched.
async fn standing(company: &Company) -> BTreeMap<i64, Value> {
    let office = company.office().await;
    let people = office.users().iter().filter(|user| user["active"] == true);
    let fields =
        ["employeeId", "email", "userName", "room", "neighborhoodSection", "permissions", "costCenter"];
    people
        .map(|user| {
            let kept = fields.map(|name| (name.to_owned(), user[name].clone())).into_iter().collect();
            (user["id"].as_i64().expect("an id"), Value::Object(kept))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_it_loses_nothing_and_repeats_nothing() {
    let rounds = number_from_environment("LANYARD_KILLS").unwrap_or(12);
    let seed = number_from_environment("LANYARD_SEED").unwrap_or(20_261_123);
    eprintln!("{rounds} kills, seed {seed}");
    let mut chance = Chance(seed);
    // Whoever is hired on the way needs a desk too.
    let people = (30 + rounds / 2).to_string();
    let company = Company::start(&["--people", &people, "--seed", "4", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    // However many leave on the way: the limits are tried elsewhere.
    folder.edit("policy/policy.toml", |text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for line in &mut lines {
            for (name, much) in [("max_people = ", "9999"), ("max_percent = ", "100")] {
                if line.starts_with(name) {
                    *line = format!("{name}{much}");
                }
            }
        }
        lines.join("\n")
    });
    let first = folder.serve().await;
    first.quiet(MINUTE).await;
    let before = standing(&company).await;
    drop(first);

    let mut hired = Vec::new();
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        let began = Instant::now();
        // Every fourth server does not even get ready.
        let served = if round % 4 == 3 { folder.start() } else { folder.serve().await };
        slowest = slowest.max(began.elapsed());
        change(&company, round, &mut chance, &mut hired).await;
        sleep(Duration::from_millis(chance.below(900))).await;
        if chance.below(2) == 0 {
            change(&company, round + 1, &mut chance, &mut hired).await;
            sleep(Duration::from_millis(chance.below(300))).await;
        }
        drop(served);
    }
    assert!(slowest < Duration::from_secs(10), "ready after {slowest:?}");

    let began = Instant::now();
    let last = folder.serve().await;
    until("every change has arrived, once", MINUTE, async || {
        let office = company.office().await;
        let settled = hired.iter().all(|person| match (person.here, office.account(&person.number)) {
            (true, Some(account)) => {
                account.cost_center() == person.department
                    && account.has_seat()
                    && account.roles().iter().any(|role| role.starts_with("CUSTOMER"))
                    && !office.bookings(&account, 0).is_empty()
            }
            (false, account) => account.is_none(),
            (true, None) => false,
        });
        if !settled && began.elapsed() > MINUTE - SECONDS_20 {
            for person in &hired {
                eprintln!("{person:?}: {:?}", office.account(&person.number));
            }
            eprintln!("{:?}", last.findings("blocked").await);
        }
        settled.then_some(())
    })
    .await;
    last.quiet(MINUTE).await;
    eprintln!("settled {:?} after the last start; slowest start {slowest:?}", began.elapsed());

    let office = company.office().await;
    for person in &hired {
        let accounts = office.numbered(&person.number);
        // Who left before they were ever seen may have none.
        assert!(accounts.len() == 1 || (!person.here && accounts.is_empty()), "{person:?}: {accounts:?}");
        for account in accounts {
            let expected = usize::from(person.here);
            assert_eq!(office.bookings(&account, 0).len(), expected, "bookings of {person:?}");
            assert!(
                person.here || (account.roles().is_empty() && !account.has_seat()),
                "{person:?}: {account:?}"
            );
        }
    }
    let after = standing(&company).await;
    for (id, was) in &before {
        // A run across midnight meets contracts whose last day it was: these accounts, and no others, are gone.
        if after.contains_key(id) || !company.contract_is_over(was["employeeId"].as_str()).await {
            assert_eq!(after.get(id), Some(was), "somebody was wronged");
        }
    }
    last.journal_verifies().await;
    assert_eq!(last.findings("dead").await, Vec::<String>::new());
    if !company.reading.revokes {
        // That a role cannot be taken away is learnt by trying, and forgotten by a process that is killed: one look may try
        // again what the last one has learnt.
        let mut before = usize::MAX;
        until("nothing is written any more", MINUTE * 2, async || {
            folder.verb(&["sweep", "--json"]).await.compared();
            last.quiet(MINUTE).await;
            sleep(SECONDS_20).await;
            let count = company.journal().await.len();
            let still = count == before;
            before = count;
            still.then_some(())
        })
        .await;
    }
    let journal = company.journal().await.len();
    folder.verb(&["sweep", "--json"]).await.compared();
    last.quiet(MINUTE).await;
    assert_eq!(company.journal().await.len(), journal, "a sweep after all that writes nothing");
}

/// Calls that Okta has accepted so far for lists of people, groups and their members.
async fn lists(company: &Company) -> u64 {
    let calls = company.control("GET", "okta/0/calls", Value::Null).await;
    let calls = calls.as_object().expect("calls by endpoint");
    let of_lists = calls.iter().filter(|(endpoint, _)| {
        ["GET /api/v1/users", "GET /api/v1/groups"].contains(&endpoint.as_str())
            || endpoint.ends_with("/users")
    });
    of_lists.map(|(_, count)| count["accepted"].as_u64().unwrap_or(0)).sum()
}

/// Killed while it reads the site, it does not ask Okta again for the lists that it had read.
#[tokio::test]
async fn a_sweep_that_was_killed_goes_on_without_the_calls_that_it_made() {
    let company = Company::start(&["--people", "250", "--seed", "4", "--no-limits"]).await;
    let folder = Folder::init_fast(&company, Credential::Token).await;
    let slow = json!({ "fault": [{ "target": "ioffice", "method": "GET", "path": "*/users", "effect": "delay", "by": "10m" }] });
    company.control("POST", "faults", slow).await;
    let before = lists(&company).await;
    let sweep = Running::start(&["sweep", "--data", &folder.data()]);
    until("it has begun to read the site's accounts", MINUTE, async || {
        let faults = company.control("GET", "faults", Value::Null).await;
        (faults["ioffice/0"][0]["hits"].as_u64() > Some(0)).then_some(())
    })
    .await;
    drop(sweep);
    let read = lists(&company).await - before;
    assert!(read > 4, "two pages of people, and groups with their members: {read}");

    company.control("DELETE", "faults", Value::Null).await;
    let before = lists(&company).await;
    let report = folder.verb(&["sweep", "--json"]).await.json()["report"].clone();
    assert_eq!(report["resumed"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(report["certified"], true, "{report}");
    assert_eq!(lists(&company).await - before, 0, "{read} calls were made already");
}
