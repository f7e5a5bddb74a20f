//! What a what-if says beside who gains and loses: every part of the answer, with values that people can read; and which
//! drafts it shows and never seals.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_engine::{
    delegations::NewDelegation,
    policies::{PolicyRefusal, Wish},
    ports::{Store as _, Write},
    tryout::{Fate, FlowReach},
    whatif::{FloorEffect, SealRefused, UNSEALABLE, WhatIf},
};
use lanyard_model::{
    account::{Account, AccountKind, FieldName},
    clearance::bookings_to,
    id::{AccountId, AccountKey},
    identity::{Groups, Identity},
};
use lanyard_policy::PolicyFiles;

use crate::bench::{APP, ROOMS, World, files, person, set};

const ROOM_FLOW: &str = "if = [{ group = \"ROOMS\" }]\nlook_up";
const ROOMS_ASK: (&str, &str) =
    (ROOM_FLOW, "but_first = { approval = [\"role:approver\"] }\nif = [{ group = \"ROOMS\" }]\nlook_up");
const EXECUTIVES_ASK: (&str, &str) = (
    "if = [{ group = \"EXEC\" }]\nthen",
    "but_first = { approval = [\"role:approver\"] }\nif = [{ group = \"APP\" }]\nthen",
);
const DESK: &str = "sentence = \"Everybody has a desk.\"\n";
const TIE: (&str, &str) = (
    "[guardrails]\n",
    "[[flow]]\nid = \"other-desk\"\npriority = 100\nlook_up = \"places\"\nthen = [{ place = \"desk\" }]\n\n[guardrails]\n",
);

/// Ana and Ben, and whoever else is said to be there, looked at and compared.
async fn company(edits: &[(&'static str, &'static str)], others: Vec<Identity>) -> World {
    let mut world = World::new().await;
    world.edits = edits.to_vec();
    world.reborn().await;
    let own = [("ana", "Ana", "0417"), ("ben", "Ben", "0418")];
    let own = own.map(|(user, first, number)| person("acme", user, first, number));
    for one in own.into_iter().filter(|own| others.iter().all(|other| other.id != own.id)).collect::<Vec<_>>()
    {
        world.say(one).await;
    }
    for one in others {
        world.say(one).await;
    }
    world.quiet().await;
    world.sweep().await;
    world.quiet().await;
    world
}

async fn ask(world: &World, draft: &PolicyFiles) -> WhatIf {
    world.whatif(draft, false).await.unwrap()
}

fn with_flow(flow: &str) -> PolicyFiles {
    let own = format!("{flow}\n[guardrails]\n");
    files(100, &[("[guardrails]\n", &own)])
}

#[tokio::test]
async fn requests_that_wait_already_or_would_be_made_anyway_are_not_woken() {
    let world = company(&[ROOMS_ASK], Vec::new()).await;
    assert_eq!(world.engine.requests(9).await.unwrap().len(), 2, "for rooms, of Ana and of Ben");
    let same = ask(&world, &files(99, &[ROOMS_ASK])).await;
    assert_eq!(same.approvals, BTreeMap::new());
    let more = ask(&world, &files(100, &[ROOMS_ASK, EXECUTIVES_ASK])).await;
    assert_eq!(more.approvals, BTreeMap::from([("executives".to_owned(), 2)]));
    assert_eq!(more.totals.wait, 2, "{:?}", more.people);
    // The policy in force is about to ask the same: the draft adds nothing.
    let mut world = company(&[], Vec::new()).await;
    world.edits = vec![EXECUTIVES_ASK];
    world.reborn().await;
    assert_eq!(ask(&world, &files(99, &[EXECUTIVES_ASK])).await.approvals, BTreeMap::new());
    assert_eq!(ask(&world, &files(100, &[])).await.approvals, BTreeMap::new());
}

#[tokio::test]
async fn bookings_count_where_a_leave_or_an_end_cancels_them_and_not_where_a_rule_keeps_them() {
    let mut ana = person("acme", "ana", "Ana", "0417");
    set(&mut ana, "startDate", "2026-05-08");
    let world = company(&[], vec![ana]).await;
    assert!(world.shown().contains("ana@acme.example seat 11 CUSTOMER in 51 1 booked"), "{}", world.shown());
    let bookings = |answer: &WhatIf| (answer.bookings_cancelled_for, answer.bookings_known);

    let leave =
        ("if = [{ status = \"SUSPENDED\" }]\n", "if = [{ attribute = \"department\", is = \"Design\" }]\n");
    let answer = ask(&world, &files(100, &[leave])).await;
    assert_eq!(bookings(&answer), (0, 0), "the leave takes permissions only");
    let losing = ("loses = [\"permissions\"]", "loses = [\"permissions\", \"bookings\"]");
    let answer = ask(&world, &files(100, &[leave, losing])).await;
    assert_eq!(bookings(&answer), (2, 1));

    let out = ("if = [{ group = \"APP\" }]\n", "if = [{ attribute = \"department\", is = \"Sales\" }]\n");
    let answer = ask(&world, &files(100, &[out])).await;
    assert_eq!(bookings(&answer), (2, 1));
    let keep = ("[profile]\n", "[[lifecycle.bookings]]\nthen = \"keep\"\ndays = 30\n\n[profile]\n");
    let answer = ask(&world, &files(100, &[out, keep])).await;
    assert_eq!(bookings(&answer), (0, 0));
    let said =
        "a rule keeps the next bookings of 2 people: later ones would be cancelled, and are not counted";
    assert!(answer.doubts.iter().any(|doubt| doubt == said), "{:?}", answer.doubts);
}

#[tokio::test]
async fn bookings_that_are_handed_over_are_shown_with_whose_they_become() {
    const MANAGER: (&str, &str) = ("[profile]\n", "[manager]\nattribute = \"managerId\"\n\n[profile]\n");
    const HAND_OVER: (&str, &str) = (
        "[profile]\n",
        "[[lifecycle.bookings]]\nthen = \"keep\"\nuntil = \"2026-05-20\"\nhand_over_to = \"delegate\"\n\n[profile]\n",
    );
    let out = ("if = [{ group = \"APP\" }]\n", "if = [{ attribute = \"department\", is = \"Sales\" }]\n");
    let stays = |user: &str, first: &str, number: &str| {
        let mut one = person("acme", user, first, number);
        set(&mut one, "department", "Sales");
        one
    };
    let mut ana = person("acme", "ana", "Ana", "0417");
    set(&mut ana, "managerId", "mia@acme.example");
    let others = vec![stays("mia", "Mia", "0501"), stays("dan", "Dan", "0502"), ana];
    let mut world = company(&[MANAGER], others).await;
    let hq = std::sync::Arc::clone(&world.hq);
    let number = |name: &str| {
        hq.change(|state| {
            let mut all = state.accounts.values();
            all.find(|account| account.field("userName") == Some(name)).unwrap().id()
        })
    };
    let draft = files(100, &[MANAGER, out, HAND_OVER]);
    let of = |answer: &WhatIf, user: &str| {
        let one = answer.people.iter().find(|one| &*one.identity.user == user).unwrap();
        (one.moves.clone(), one.waits.clone())
    };
    let which = "> bookings of any that begin on 2026-05-20 at the latest";
    let answer = ask(&world, &draft).await;
    let mia = format!("{which} go to the manager: Mia Okafor, account {}", number("mia@acme.example"));
    assert_eq!(of(&answer, "ana"), (vec![mia], vec![]));
    let one = answer.people.iter().find(|one| &*one.identity.user == "ana").unwrap();
    let key = bookings_to(number("mia@acme.example"));
    assert_eq!(one.lines.values().flatten().filter(|line| **line == key).count(), 1, "{:?}", one.lines);
    let to_mia = answer.seal.clone().unwrap();
    let nobody = format!("{which} are kept, for somebody to hand over: the manager has no account here");
    assert_eq!(of(&answer, "ben"), (vec![], vec![nobody]));
    let unsure = "future bookings are not mirrored: whether 2 people have any to hand over is not known";
    assert!(answer.doubts.iter().any(|doubt| doubt == unsure), "{:?}", answer.doubts);
    // In the same moment: what is known of everybody does not outlive a word on who stands in for whom.
    let wish = NewDelegation {
        from: "ana@acme.example".into(),
        to: "dan@acme.example".into(),
        starts: None,
        until: world.now() + std::time::Duration::from_secs(60 * 86_400),
        reason: "parental leave".into(),
    };
    world.engine.delegate(&wish, "Ana").await.unwrap();
    let answer = ask(&world, &draft).await;
    let account = number("dan@acme.example");
    let dan = format!("{which} go to whoever stands in for them: Dan Okafor, account {account}");
    assert_eq!(of(&answer, "ana"), (vec![dan.clone()], vec![]));
    let to_dan = answer.seal.clone().unwrap();
    assert_ne!(to_mia, to_dan, "they differ in who takes the bookings over, and in nothing else");
    let one = answer.people.iter().find(|one| &*one.identity.user == "ana").unwrap();
    let why: Vec<_> = one.because[&dan].iter().map(|at| answer.reasons[*at].as_str()).collect();
    assert!(why.iter().any(|why| why.contains("lifecycle.bookings.1")), "{why:?}");
    // The same rule in force: the draft adds nothing, and one without it says what it takes away.
    world.edits = vec![MANAGER, out, HAND_OVER];
    world.reborn().await;
    assert!(ask(&world, &files(99, &[MANAGER, out, HAND_OVER])).await.people.is_empty());
    let answer = ask(&world, &files(100, &[MANAGER, out])).await;
    let one = answer.people.iter().find(|one| &*one.identity.user == "ana").unwrap();
    assert_eq!(one.no_longer, [dan]);
}

#[tokio::test]
async fn a_seal_hands_bookings_over_to_whom_it_named_and_asks_before_anybody_else_gets_them() {
    const RULES: (&str, &str) = (
        "[profile]\n",
        "[manager]\nattribute = \"managerId\"\n\n\
         [[lifecycle.bookings]]\nthen = \"keep\"\nuntil = \"2026-05-20\"\nhand_over = true\n\n[profile]\n",
    );
    let out = ("if = [{ group = \"APP\" }]\n", "if = [{ attribute = \"department\", is = \"Sales\" }]\n");
    let stays = |user: &str, first: &str, number: &str| {
        let mut one = person("acme", user, first, number);
        set(&mut one, "department", "Sales");
        set(&mut one, "managerId", "nobody@acme.example");
        one
    };
    for (moved, booked) in [(false, true), (true, true), (false, false)] {
        let mut ana = person("acme", "ana", "Ana", "0417");
        set(&mut ana, "managerId", "mia@acme.example");
        let id = ana.id.clone();
        let others = vec![stays("mia", "Mia", "0501"), stays("dan", "Dan", "0502"), ana];
        let mut world = company(&[RULES], others).await;
        let hq = std::sync::Arc::clone(&world.hq);
        let number = |name: &str| {
            hq.change(|state| {
                let mut all = state.accounts.values();
                all.find(|account| account.field("userName") == Some(name)).unwrap().id()
            })
        };
        let (ana, mia, dan) =
            (number("ana@acme.example"), number("mia@acme.example"), number("dan@acme.example"));
        if booked {
            world.hq.book(7, ana.0, 48);
        }
        let seal = ask(&world, &files(100, &[RULES, out])).await.seal.unwrap();
        if moved {
            world.alter(&id, |p| set(p, "managerId", "dan@acme.example")).await;
        }
        world.engine.start_seal(&seal, "Olu").await.unwrap();
        world.quiet().await;
        let host = world.hq.change(|state| state.bookings.get(&7).map(|booking| booking.host));
        let report = world.engine.finish_seal(&seal, "Olu").await.unwrap();
        let refused: Vec<_> = report.refused.iter().map(|one| one.line.as_str()).collect();
        match (moved, booked) {
            (false, true) => assert_eq!((host, refused), (Some(mia), vec![]), "{report:?}"),
            (true, _) => {
                assert_eq!(host, Some(ana), "nobody was asked about him yet");
                let waits = world.engine.requests(9).await.unwrap();
                let keys: Vec<_> = waits.iter().flat_map(|one| &one.lines).map(|line| &line.key).collect();
                assert!(keys.contains(&&bookings_to(dan)), "{keys:?}");
            }
            (false, false) => assert_eq!((host, refused), (None, vec![]), "nothing was booked: {report:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_given_while_somebody_is_asked_about_more_is_shown_as_given() {
    let mut eve = person("acme", "eve", "Eve", "0503");
    eve.groups = Groups::new([APP.into()], true);
    let mut world = company(&[], vec![eve]).await;
    let freely = (ROOM_FLOW, "if = [{ group = \"APP\" }]\nlook_up");
    let stewards = "[[flow]]\nid = \"stewards\"\npriority = 90\nif = [{ group = \"APP\" }]\n\
                    but_first = { approval = [\"role:approver\"] }\nlook_up = \"places\"\n\
                    then = [{ role = \"manager\", module = \"reservation\" }]\n\n[guardrails]\n";
    let draft = files(100, &[freely, ("[guardrails]\n", stewards)]);
    let answer = ask(&world, &draft).await;
    let one = answer.people.iter().find(|one| &*one.identity.user == "eve").unwrap();
    let customer = "+ role in reservation: CUSTOMER";
    assert_eq!(one.gains, [customer]);
    assert_eq!(one.lines[customer], BTreeSet::from(["role+:51:CUSTOMER".to_owned()]));
    assert!(
        one.waits.len() == 1 && one.waits[0].starts_with("+ role in reservation: MANAGER ("),
        "{:?}",
        one.waits
    );
    assert_eq!(answer.approvals, BTreeMap::from([("stewards".to_owned(), 3)]));
    // And so it goes.
    let seal = answer.seal.unwrap();
    world.engine.start_seal(&seal, "Olu").await.unwrap();
    world.quiet().await;
    let shown = world.shown();
    let eve = shown.lines().find(|line| line.starts_with("eve@")).unwrap_or_default();
    assert!(eve.ends_with("CUSTOMER in 51"), "{shown}");
}

#[tokio::test]
async fn floors_over_capacity_are_told_with_their_numbers() {
    let sales = |user: &str, first: &str, number: &str| {
        let mut one = person("acme", user, first, number);
        set(&mut one, "department", "Sales");
        one
    };
    let others = vec![sales("cy", "Cy", "0501"), sales("dee", "Dee", "0502")];
    let design: &[(&str, &str)] = &[(
        DESK,
        "sentence = \"Everybody has a desk.\"\nif = [{ attribute = \"department\", is = \"Design\" }]\n",
    )];
    let world = company(design, others).await;
    let same = ask(&world, &files(99, design)).await;
    assert_eq!(same.floors, []);
    let answer = ask(&world, &files(100, &[])).await;
    assert_eq!(
        answer.floors,
        [FloorEffect {
            site: "hq".into(),
            floor: "Pier House / Level 1".into(),
            seats: 5,
            today: 2,
            then: 3,
            short: 1,
        }],
        "three workstations for four people"
    );
    assert_eq!((answer.totals.gain, answer.totals.wait), (2, 1), "{:?}", answer.people);
}

#[tokio::test]
async fn whoever_is_not_found_not_concerned_or_set_aside_is_named_once() {
    let world = company(&[], Vec::new()).await;
    // Mirrored, and linked by nobody yet: found by the number alone.
    let cy = person("acme", "cy", "Cy", "0500");
    let now = world.now();
    let fields = [("employeeId", "0500"), ("email", "somebody@acme.example")];
    let account = Account {
        key: AccountKey { site: "hq".into(), id: AccountId(900) },
        kind: AccountKind::Person,
        active: Some(true),
        fields: fields.map(|(name, value)| (FieldName::new(name).unwrap(), value.to_owned())).into(),
        user_type: None,
        seat: None,
        section: None,
        seat_class: None,
        cost_center: None,
        items: Some(Default::default()),
        roles: Some(Default::default()),
        site_admin: Some(false),
        updated_at: None,
        updated_by: None,
        read_at: now,
    };
    let mirrored = vec![
        Write::Identity { identity: Box::new(cy), keys: vec![], at: now },
        Write::Account { account: Box::new(account), keys: vec![] },
    ];
    world.store.write(mirrored).await.unwrap();
    let keys = [
        ("person = \"employee number\"\n", ""),
        (
            "  { kind = \"employee number\", attribute = \"employeeNumber\", field = \"employeeId\", compare = \"number\" },\n",
            "",
        ),
    ];
    let answer = ask(&world, &files(100, &keys)).await;
    assert_eq!(answer.unmatched, ["Cy Okafor (acme/cy)"]);
    assert_eq!((answer.out_of_scope, answer.aside), (vec![], vec![]));

    let elsewhere = ("in = [\"PIER\"]", "in = [\"QUAY\"]");
    let answer = ask(&world, &files(100, &[elsewhere])).await;
    assert_eq!(
        answer.out_of_scope,
        ["Ana Okafor (acme/ana)", "Ben Okafor (acme/ben)", "Cy Okafor (acme/cy)"]
    );
    assert_eq!((answer.unmatched, answer.aside), (vec![], vec![]));

    let unreadable = (
        "attribute = \"contractEndDate\"\nif = [{ attribute = \"userType\", is = \"Contractor\" }]\n",
        "attribute = \"officeLocation\"\nif = [{ attribute = \"firstName\", is = \"Ana\" }]\n",
    );
    let answer = ask(&world, &files(100, &[unreadable])).await;
    let [aside] = answer.aside.as_slice() else { panic!("{:?}", answer.aside) };
    assert!(aside.starts_with("Ana Okafor (acme/ana): "), "{aside}");
    assert_eq!((answer.unmatched, answer.out_of_scope), (vec![], vec![]));
}

#[tokio::test]
async fn rules_and_rows_that_do_nothing_are_named_and_those_that_do_are_not() {
    let world = company(&[], Vec::new()).await;
    let restriction = |id: &str, condition: &str| {
        format!(
            "[[flow]]\nid = \"{id}\"\nif = [{condition}]\nnever = [{{ item = \"Access policy / Executive floor\" }}]\n"
        )
    };
    let flows = [
        restriction("not-for-contractors", "{ attribute = \"userType\", is = \"Contractor\" }"),
        restriction("not-for-employees", "{ attribute = \"userType\", is = \"Employee\" }"),
        "[[flow]]\nid = \"spare-desk\"\npriority = 1\nlook_up = \"places\"\nthen = [{ place = \"desk\" }]\n"
            .into(),
    ];
    let mut draft = with_flow(&flows.concat());
    draft.toml.1 = draft.toml.1.replace("[profile]\n", "[profile]\njobTitle = { look_up = \"titles\" }\n");
    draft
        .tables
        .insert("titles".into(), "attribute:department,value\nDesign,Designer\nSales,Seller\n".into());
    let answer = ask(&world, &draft).await;
    assert_eq!(answer.rules.dead, ["executives", "arrival", "not-for-contractors"]);
    assert_eq!(
        answer.rules.shadowed,
        ["first-day", "spare-desk"],
        "a first day that has begun is no condition"
    );
    let idle = |table: &str, row| (table.to_owned(), row);
    assert_eq!(answer.rules.idle_rows, [idle("places", 2), idle("titles", 2)]);
    let told = answer.reasons.iter().find(|reason| reason.starts_with("profile, titles row 1"));
    assert_eq!(told.map(String::as_str), Some("profile, titles row 1: department is \"Design\""));
}

#[tokio::test]
async fn a_draft_that_publishing_would_refuse_is_shown_and_not_sealed() {
    let world = company(&[], Vec::new()).await;
    let gone = ("\"EXEC\" = { acme = \"00gEXECFLOOR\"", "\"EXEC\" = { acme = \"00gEXECFLOORX\"");
    let nobody = ("if = [{ group = \"ROOMS\" }]", "if = [{ attribute = \"department\", is = \"Nobody\" }]");
    for (draft, mistake) in [
        (files(100, &[nobody, TIE]), "\"desk\" and \"other-desk\" both name a place with priority 100"),
        (files(100, &[nobody, gone]), "no tenant has the group 00gEXECFLOORX (\"EXEC\")"),
    ] {
        let refused = world.engine.publish_policy(&draft, WISH).await;
        assert!(matches!(refused, Err(PolicyRefusal::Mistakes(_))), "{refused:?}");
        let answer = ask(&world, &draft).await;
        assert_eq!(answer.totals.affected, 2, "it is shown all the same");
        assert_eq!(answer.seal, None);
        let told: Vec<_> = answer.doubts.iter().filter_map(|doubt| doubt.strip_prefix(UNSEALABLE)).collect();
        let [told] = told.as_slice() else { panic!("{:?}", answer.doubts) };
        assert!(told.starts_with("policy.toml:") && told.contains(mistake), "{told}");
    }
}

const WISH: Wish<'_> = Wish { by: "Olu", reason: "a test", expected: None };

#[tokio::test]
async fn a_seal_whose_policy_has_a_mistake_by_now_is_not_applied() {
    let mut world = company(&[], Vec::new()).await;
    let nobody = ("if = [{ group = \"ROOMS\" }]", "if = [{ attribute = \"department\", is = \"Nobody\" }]");
    let seal = ask(&world, &files(100, &[nobody])).await.seal.unwrap();
    // The group is deleted, and another of its name is made.
    delete_rooms(&world);
    world.sweep().await;
    let before = world.engine.active().policy.seal().to_owned();
    let refused = world.engine.start_seal(&seal, "Olu").await;
    let Err(SealRefused::Policy(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("no tenant has the group 00gROOMBOOKING (\"ROOMS\")"), "{why}");
    assert_eq!(world.engine.active().policy.seal(), before);
    assert_eq!(world.engine.rollout(), None);
    world.quiet().await;
}

const NOT_ROOMS: (&str, &str) =
    ("if = [{ group = \"EXEC\" }]\nthen", "if = [{ not = { group = \"ROOMS\" } }]\nthen");

/// The group goes, and with it who was in it.
fn delete_rooms(world: &World) {
    for okta in [&world.acme, &world.beta] {
        okta.change(|state| {
            state.groups.remove(&ROOMS.into());
            state.people.values_mut().for_each(|one| one.groups = Groups::new([APP.into()], true));
        });
    }
}

#[tokio::test]
async fn wherever_a_draft_is_tried_nobody_is_known_to_be_outside_of_a_group_that_is_gone() {
    let mut ben = person("acme", "ben", "Ben", "0418");
    ben.groups = Groups::new([APP.into()], true);
    let id = ben.id.clone();
    let world = company(&[NOT_ROOMS], vec![ben]).await;
    let began = world.now();
    delete_rooms(&world);
    world.sweep().await;
    // Another seal, and the same rules.
    let draft = files(99, &[NOT_ROOMS]);
    let answer = ask(&world, &draft).await;
    assert_eq!((answer.totals.affected, answer.people.len()), (0, 0));
    let tried = world.engine.try_policy(&draft, &id).await.unwrap().unwrap();
    let flow = tried.flows.iter().find(|flow| flow.flow == "executives").unwrap();
    assert_eq!((flow.fate, flow.says.as_slice()), (Fate::Fails, &["member of ROOMS".to_owned()][..]));
    let reach = world.engine.policy_reach(&draft).await.unwrap();
    assert_eq!(reach.flows["executives"], FlowReach { matched: 0, gain: 0, lose: 0 });
    let replayed = world.engine.replay(&draft, began, world.now()).await.unwrap();
    assert_eq!((replayed.people, replayed.partings), (2, Vec::new()));
}

#[tokio::test]
async fn a_version_that_is_brought_back_knows_at_once_which_of_its_groups_are_gone() {
    let mut world = company(&[], Vec::new()).await;
    let before = world.shown();
    assert!(before.contains("CUSTOMER in 51"), "{before}");
    let without = [
        ("\"ROOMS\" = { acme = \"00gROOMBOOKING\", beta = \"00gROOMBOOKING\" }\n", ""),
        ("if = [{ group = \"ROOMS\" }]", "if = [{ attribute = \"department\", is = \"Design\" }]"),
    ];
    world.engine.publish_policy(&files(100, &without), WISH).await.unwrap();
    delete_rooms(&world);
    world.sweep().await;
    world.quiet().await;
    world.engine.roll_back_policy(1, WISH).await.unwrap();
    // No comparison has read which groups there are since.
    let ana = person("acme", "ana", "Ana", "0417").id;
    world.signal(&ana, false).await;
    world.quiet().await;
    assert_eq!(world.shown(), before);
}

#[tokio::test]
async fn a_folder_with_mistakes_does_not_come_into_force_at_a_start() {
    let mut world = company(&[], Vec::new()).await;
    let before = world.engine.active().policy.seal().to_owned();
    world.edits = vec![TIE];
    world.reborn().await;
    assert_eq!(world.engine.active().policy.seal(), before);
    let told = world.store.finding("policy-folder").await.unwrap().unwrap();
    assert_eq!(told.title, "the policy folder was edited, and has mistakes");
    assert!(
        told.detail.starts_with("version 1 by policy folder stays in force; the folder says: policy.toml:"),
        "{}",
        told.detail
    );
    assert!(told.detail.contains("both name a place with priority 100"), "{}", told.detail);
    // Mended, it is taken over, and nothing is left to tell.
    world.edits = vec![("max_percent = 100", "max_percent = 90")];
    world.reborn().await;
    assert_ne!(world.engine.active().policy.seal(), before);
    assert!(!world.findings().await.contains(&"policy-folder".to_owned()));
}
