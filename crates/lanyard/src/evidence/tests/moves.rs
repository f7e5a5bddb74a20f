//! What plans took and gave: who moved, when, and whether it was read back.

use std::sync::Arc;

use lanyard_model::{
    account::Role,
    desired::Because,
    id::CenterId,
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
        run_charge: None,
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

#[tokio::test]
async fn what_somebody_holds_comes_from_the_plan_that_gave_just_that_and_from_its_own_rule() {
    let names = json!({ "item": { "66": "Desk", "77": "Badge", "88": "Locker", "99": "Printer" }, "center": { "5": "Help" } });
    let mut all = quiet();
    all.push(Write::Meta { key: "names:pier".into(), value: names.to_string() });
    let gives = |what: &str, rule: &str| difference("category item", None, Some(what), rule);
    let two = step(update(), vec![gives("Badge", "badges"), gives("Locker", "lockers")]);
    all.push(plan("pln_1", "old", at(1), vec![two]));
    all.extend(accepted("pln_1", "old", 0, at(2)));
    all.push(account(1, true, &[77, 88], at(2)));
    // By hand, of a kind that a plan once gave something of.
    all.push(account(1, true, &[77, 88, 99], at(10)));
    // Renamed since: the plan called it otherwise.
    all.push(plan("pln_2", "old", at(12), vec![step(update(), vec![gives("Chair", "desks")])]));
    all.extend(accepted("pln_2", "old", 0, at(12)));
    all.push(account(1, true, &[66, 77, 88, 99], at(12)));
    let made = made_of(all, |_| {}).await;
    let told = |rows: Vec<Value>, with_plan: bool| -> Vec<String> {
        let of = rows.iter().filter(|row| row["kind"] == "item");
        let mut all: Vec<String> = of
            .map(|row| {
                let plan =
                    row["plan"].as_str().unwrap_or("-").trim_start_matches("pln_").trim_start_matches('0');
                let plan = if with_plan { format!(" ({plan})") } else { String::new() };
                format!("{}: {}{plan}", row["what"].as_str().unwrap(), row["because"].as_str().unwrap())
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(
        told(made.rows("access"), true),
        [
            "Badge: badges: department is Ferries (1)",
            "Desk: shortly after a plan of ours that does not name it (2)",
            "Locker: lockers: department is Ferries (1)",
            "Printer: by hand in iOffice, or before Lanyard (-)",
        ]
    );
    assert_eq!(told(made.rows("access_changes"), false)[3], "Printer: by hand in iOffice, or before Lanyard");
    assert_eq!(made.row("overrides")["what"], "Printer", "as the changes by hand have it");
    let access = made.rows("access");
    let live = access.iter().find(|row| row["kind"] == "account").unwrap();
    assert_eq!(live["because"], "before Lanyard: there at the first complete comparison");
}

#[tokio::test]
async fn of_several_roles_each_has_its_own_reason_and_a_changed_one_is_not_the_plans() {
    let names = json!({ "center": { "5": "Help", "6": "Move", "7": "Mail" } });
    let mut all = quiet();
    all.push(Write::Meta { key: "names:pier".into(), value: names.to_string() });
    let gives = |center: &str, role: &str, rule: &str| {
        difference(&format!("role in {center}"), None, Some(role), rule)
    };
    let given = vec![gives("Help", "CUSTOMER", "helpers"), gives("Move", "MANAGER", "movers")];
    all.push(plan("pln_1", "old", at(1), vec![step(roles(), given)]));
    all.extend(accepted("pln_1", "old", 0, at(2)));
    let holds = |held: &[(i64, Role)], at: Timestamp| {
        let mut write = account(1, true, &[], at);
        if let Write::Account { account, .. } = &mut write {
            account.roles = Some(held.iter().map(|(center, role)| (CenterId(*center), *role)).collect());
        }
        write
    };
    all.push(holds(&[(5, Role::Customer), (6, Role::Manager)], at(2)));
    // Somebody makes more of it.
    all.push(holds(&[(5, Role::Manager), (6, Role::Manager)], at(9)));
    let made = made_of(all, |_| {}).await;
    let because: BTreeMap<String, String> = made
        .rows("access")
        .iter()
        .filter(|row| row["kind"] == "role")
        .map(|row| (row["what"].as_str().unwrap().into(), row["because"].as_str().unwrap().into()))
        .collect();
    let expected =
        [("Help", "by hand in iOffice, or before Lanyard"), ("Move", "movers: department is Ferries")];
    assert_eq!(because, BTreeMap::from(expected.map(|(what, why)| (what.to_owned(), why.to_owned()))));
}
