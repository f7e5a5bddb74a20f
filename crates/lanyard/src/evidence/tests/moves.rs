//! What plans took and gave: who moved, when, and whether it was read back.

use std::sync::Arc;

use lanyard_model::{
    desired::Because,
    plan::{AccountPatch, Difference, Effect, Gate, Plan, Step},
};

use super::{edges::quiet, *};

fn difference(what: &str, from: Option<&str>, to: Option<&str>, rule: &str) -> Difference {
    Difference {
        effect: if to.is_some() { Effect::Add } else { Effect::Remove },
        what: what.into(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        because: vec![Because { rule: rule.into(), row: None, text: "department is Ferries".into() }],
    }
}

fn step(op: Operation, differences: Vec<Difference>) -> Step {
    Step { op, differences, destructive: false, gate: Gate::Open }
}

fn update() -> Operation {
    Operation::Update { patch: AccountPatch::default() }
}

fn roles() -> Operation {
    Operation::SetRoles { roles: BTreeMap::new() }
}

fn taking() -> Vec<Step> {
    vec![step(update(), vec![difference("category item", Some("Badge"), None, "badges")])]
}

fn plan(id: &str, user: &str, made: Timestamp, steps: Vec<Step>) -> Write {
    Write::Plan(Arc::new(Plan {
        id: PlanId::new(id),
        identity: who(user),
        person: format!("Person {user}"),
        site: site(),
        account: Some(AccountKey { site: site(), id: AccountId(1) }),
        lane: Lane::Normal,
        steps,
        todos: Vec::new(),
        notices: Vec::new(),
        notes: Vec::new(),
        ending: None,
        review_at: None,
        policy: "seal".into(),
        made_at: made,
        cleared: BTreeMap::new(),
    }))
}

/// A step's operation, accepted as soon as it was sent.
fn accepted(plan: &str, user: &str, step: usize, at: Timestamp) -> [Write; 2] {
    let id = format!("{plan}.1.{step}");
    let intent = Intent {
        id: id.clone(),
        plan: PlanId::new(plan),
        step,
        identity: who(user),
        site: site(),
        account: Some(AccountId(1)),
        operation: update(),
        at,
        charge: None,
        inverse: None,
    };
    let outcome = Outcome::Done { account: None, made: None };
    [Write::Intent(Box::new(intent)), Write::Outcome { intent: id, outcome, at }]
}

fn verified(plan: &str, at: Timestamp, open: &[&str]) -> Write {
    let open = open.iter().map(|what| (*what).to_owned()).collect();
    Write::Verified { plan: PlanId::new(plan), at, open }
}

#[tokio::test]
async fn a_move_that_was_never_read_back_is_among_the_movers_with_the_times_of_its_own_steps() {
    let mut all = quiet();
    let giving = step(roles(), vec![difference("role in Help", None, Some("manager"), "helpers")]);
    let both = [taking(), vec![giving]].concat();
    all.push(plan("pln_a", "ana", at(2), both));
    all.extend(accepted("pln_a", "ana", 0, at(3)));
    all.extend(accepted("pln_a", "ana", 1, at(4)));
    all.push(verified("pln_a", at(5), &[]));
    // Sent, and nobody looked again.
    all.push(plan("pln_b", "bo", at(5), taking()));
    all.extend(accepted("pln_b", "bo", 0, at(6)));
    // A later plan took its place.
    all.push(plan("pln_c", "cy", at(5), taking()));
    all.extend(accepted("pln_c", "cy", 0, at(6)));
    all.push(plan("pln_d", "cy", at(7), taking()));
    all.extend(accepted("pln_d", "cy", 0, at(8)));
    all.push(verified("pln_d", at(9), &[]));
    // Read back when the period was over.
    all.push(plan("pln_e", "di", at(5), taking()));
    all.extend(accepted("pln_e", "di", 0, at(6)));
    all.push(verified("pln_e", at(50), &["- category item"]));
    // Nothing of it was sent.
    all.push(plan("pln_f", "ed", at(5), taking()));
    let made = made_of(all, |ask| (ask.to, ask.made_at) = (at(48), at(60))).await;
    let mut told: Vec<String> = made
        .rows("movers")
        .iter()
        .map(|row| {
            let hour = |name: &str| match row[name].as_str() {
                Some(moment) => {
                    (moment.parse::<Timestamp>().unwrap().duration_since(at(0)).as_secs() / 3600).to_string()
                }
                None => "-".to_owned(),
            };
            let times = ["decided_at", "taken_at", "given_at", "verified_at"].map(hour).join(" ");
            format!("{} {times} [{}]", row["person"].as_str().unwrap(), row["left_open"].as_str().unwrap())
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        ["acme/ana 2 3 4 5 []", "acme/bo 5 6 - - []", "acme/cy 7 8 - 9 []", "acme/di 5 6 - - []"]
    );
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    assert_eq!(manifest["summary"]["bounds"]["NIST 800-53 PS-5, FedRAMP"], json!([2, 2]));
    let controls = made.rows("controls");
    let moved = controls.iter().find(|row| row["nist"] == "PS-5").unwrap();
    assert_eq!(moved["state"], "not satisfied");
}
