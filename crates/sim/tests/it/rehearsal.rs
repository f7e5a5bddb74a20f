//! A whole company over sockets, driven by a plain HTTP client, and its day played to the end.

use std::{collections::BTreeSet, sync::Arc};

use lanyard_sim::{
    face::Inspect,
    host::{AdjustableClock, Rehearsal, Running},
    scenario::{Day, Topic},
    world::{Company, WorldSettings},
};
use serde_json::Value;

/// Served with a clock that stands still.
async fn company(people: u32) -> (Company, Running, Arc<AdjustableClock>) {
    let world = WorldSettings { people, orgs: 2, sites: 2, ..WorldSettings::default() };
    let clock = Arc::new(AdjustableClock::starting_at(world.now, 0.0));
    let rehearsal =
        Rehearsal { world, clock: clock.clone(), adjustable: Some(clock.clone()), ..Rehearsal::default() };
    let (company, running) = rehearsal.start().await.expect("loopback can be bound");
    (company, running, clock)
}

async fn json(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
}

#[tokio::test]
async fn both_vendors_answer_with_the_announced_credentials() {
    let (company, running, _clock) = company(80).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for (org, place) in company.orgs.iter().zip(running.announcement().orgs()) {
        let user = &org.users[0];
        let url = format!("{}/api/v1/users/{}", place.url, user.id);
        let told = json(client.get(url).header("authorization", format!("SSWS {}", place.ssws))).await;
        assert_eq!(told["profile"]["login"], user.login.as_ref());
        let told = json(client.get(format!("{}/.well-known/okta-organization", place.url))).await;
        assert_eq!(told["id"], org.id.as_str());
    }
    for (site, place) in company.sites.iter().zip(running.announcement().sites()) {
        let url = format!("{}/external/api/rest/v2/users/count", place.url);
        let request = client.get(url).header("x-auth-username", &place.username);
        let told = json(request.header("x-auth-password", &place.password)).await;
        assert_eq!(told["count"], site.accounts.iter().filter(|account| account.active).count());
    }
    let passwords: Vec<&str> = running.announcement().sites().map(|place| place.password.as_str()).collect();
    assert_ne!(passwords[0], passwords[1], "each site has its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_day_is_played_without_a_refused_command() {
    let (company, running, clock) = company(200).await;
    clock.run_at(200_000.0);
    let day = Day::of(&company);
    let mut played = 0;
    let mut wrong = Vec::new();
    day.play(running.desks(), &*clock, |_, refused| {
        played += 1;
        wrong.extend_from_slice(refused);
    })
    .await;
    assert_eq!((played, wrong), (day.steps.len(), Vec::<String>::new()));

    let states: Vec<Value> =
        running.desks().iter().map(|desk| desk.inspect(Inspect::State).expect("a state")).collect();
    let user = |org: u16, id: &str| {
        let users = states[usize::from(org)]["users"].as_array().expect("users");
        users.iter().find(|user| user["id"] == id).cloned().unwrap_or_default()
    };
    for step in &day.steps {
        for expected in &step.expect {
            let Some(id) = &expected.who.okta_id else { continue };
            let user = user(expected.who.org, id);
            let status = match step.topic {
                Topic::Leave => "SUSPENDED",
                Topic::Termination => "DEPROVISIONED",
                Topic::DepartmentMove | Topic::Rename | Topic::ProfileUpdate | Topic::ReturnFromLeave => {
                    "ACTIVE"
                }
                _ => continue,
            };
            assert_eq!(user["status"], status, "{}", step.words);
        }
    }
    let renamed = day.steps.iter().find(|step| step.topic == Topic::Rename).expect("a rename");
    let who = &renamed.expect[0].who;
    let profile = user(who.org, who.okta_id.as_deref().unwrap_or_default())["profile"].clone();
    assert_eq!(profile["lastName"], "Wintermere");

    // Nobody synchronises anything here: what the day asks of an engine must be reported as missing, what it asks
    // nobody to break must hold.
    let findings = day.verify(&states[company.orgs.len()..], None);
    let topic_of = |words: &str| day.steps.iter().find(|step| step.words == words).map(|step| step.topic);
    let open: BTreeSet<Topic> = findings.iter().filter_map(|finding| topic_of(&finding.step)).collect();
    for topic in [Topic::Joiner, Topic::DepartmentMove, Topic::Leave, Topic::Termination, Topic::Rename] {
        assert!(open.contains(&topic), "{topic:?} is done by nobody");
    }
    for topic in [Topic::HandEdit, Topic::ReturnFromLeave, Topic::OneOrgTermination] {
        assert!(!open.contains(&topic), "{topic:?} needs nobody");
    }
    let terminated = findings.iter().find(|finding| topic_of(&finding.step) == Some(Topic::Termination));
    let found = &terminated.expect("checked").found;
    assert!(
        found.starts_with("the account is active, permissions is [") && found.ends_with("bookings ahead"),
        "{found}"
    );
}
