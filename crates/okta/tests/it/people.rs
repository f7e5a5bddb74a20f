//! One person: decoding, groups, absence (contract §5; traps 3, 27, 31).

use lanyard_model::identity::{Identity, IdentityRead, Status};
use lanyard_model::signal::Lane;
use serde_json::{Value, json as value};

use crate::script::*;

async fn read(stage: &Stage) -> Identity {
    match stage.client.user("00u1", Lane::Leaver).await.expect("an answer") {
        IdentityRead::Present(identity) => *identity,
        IdentityRead::NotFound { .. } => panic!("not found"),
    }
}

#[tokio::test]
async fn a_person_is_two_calls() {
    let body = value!({
        "id": "00u1", "status": "LOCKED_OUT", "created": "2026-03-02T08:00:11.000Z", "activated": null,
        "statusChanged": "2026-03-03T07:41:09.000Z", "lastUpdated": "not a date",
        "transitioningToStatus": "DEPROVISIONED", "type": {"id": "oty1"},
        "profile": {"login": "ines@northgate.example", "employeeNumber": 40117, "remote": true, "secondEmail": null,
                    "skills": ["a", 2, null], "odd": {"x": 1}, "Department": "one", "department": "two"},
        "newField": [1, 2]});
    let stage =
        Stage::new([json(200, body), json(200, value!([everyone(), {"id": "00g1", "type": "NEW_KIND"}]))]);
    let identity = read(&stage).await;
    assert_eq!(stage.lines(), ["GET /api/v1/users/00u1", "GET /api/v1/users/00u1/groups"]);
    assert_eq!(identity.id.to_string(), "northgate/00u1");
    assert_eq!(identity.status, Status::LockedOut);
    assert!(identity.transitioning);
    assert_eq!(identity.type_id.as_deref(), Some("oty1"));
    assert_eq!(identity.created.map(|t| t.to_string()).as_deref(), Some("2026-03-02T08:00:11Z"));
    assert_eq!((identity.activated, identity.last_updated), (None, None));
    let profile: Vec<String> = identity.profile.iter().map(|(n, v)| format!("{n}={}", v.to_text())).collect();
    assert_eq!(
        profile,
        [
            "Department=one",
            "department=two",
            "employeeNumber=40117",
            "login=ines@northgate.example",
            "remote=true",
            "skills=a,2"
        ]
    );
    let groups: Vec<&str> = identity.groups.ids().iter().map(|g| g.as_str()).collect();
    assert_eq!((groups, identity.groups.complete), (vec!["00g1", "00geveryone"], true));
}

#[tokio::test]
async fn every_page_of_groups_is_read() {
    let page = |n: u32| format!("{ORG}/api/v1/users/00u1/groups?after={n}&limit=200");
    let stage = Stage::new([
        json(200, user("00u1")),
        json(200, value!([{"id": "00g1"}])).next(&page(1)),
        json(200, value!([{"id": "00g2"}])).next(&page(2)),
        json(200, value!([everyone()])),
    ]);
    let identity = read(&stage).await;
    assert_eq!(identity.groups.ids().len(), 3);
    assert!(identity.groups.complete);
    assert_eq!(stage.lines()[3], "GET /api/v1/users/00u1/groups?after=2&limit=200");
}

#[tokio::test]
async fn groups_prove_nothing_without_everyone_or_with_an_unreadable_row() {
    let named_alike = value!({"id": "00g9", "type": "OKTA_GROUP", "profile": {"name": "Everyone"}});
    for rows in [value!([]), value!([named_alike]), value!([everyone(), {"type": "OKTA_GROUP"}])] {
        let stage = Stage::new([json(200, user("00u1")), json(200, rows.clone())]);
        assert!(!read(&stage).await.groups.complete, "{rows}");
    }
}

#[tokio::test]
async fn statuses_survive_as_they_are() {
    for (sent, read_as) in [
        (value!("ACTIVE"), Status::Active),
        (value!("PASSWORD_EXPIRED"), Status::PasswordExpired),
        (value!("DEPROVISIONED"), Status::Deprovisioned),
        (value!("ACTIVATING"), Status::Unknown("ACTIVATING".into())),
        (Value::Null, Status::Unknown("".into())),
    ] {
        let stage = Stage::new([json(200, value!({"id": "00u1", "status": sent})), json(200, value!([]))]);
        assert_eq!(read(&stage).await.status, read_as);
    }
}

#[tokio::test]
async fn absence_is_an_answer() {
    for replies in [vec![error(404, "E0000007")], vec![json(200, user("00u1")), error(404, "E0000007")]] {
        let stage = Stage::new(replies);
        let read = stage.client.user("00u1", Lane::Normal).await;
        assert!(matches!(read, Ok(IdentityRead::NotFound { .. })), "{read:?}");
    }
}

#[tokio::test]
async fn a_404_that_is_not_oktas_says_nothing() {
    for reply in [raw(404, "<html>no such page</html>"), error(404, "E0000008")] {
        let stage = Stage::new([reply]);
        let problem = stage.client.user("00u1", Lane::Normal).await.expect_err("no answer");
        assert!(matches!(problem, lanyard_okta::Problem::Malformed { .. }), "{problem}");
    }
}

#[tokio::test]
async fn an_answer_about_somebody_else_is_refused() {
    let stage = Stage::new([json(200, user("00u2"))]);
    let problem = stage.client.user("00u1", Lane::Normal).await.expect_err("another id");
    assert_eq!(problem.to_string(), "Okta's answer to user 00u1 cannot be read: it is about 00u2");
}

#[tokio::test]
async fn ids_are_encoded_into_the_path() {
    let stage = Stage::new([error(404, "E0000007")]);
    let _ = stage.client.user("../groups?x=#y", Lane::Normal).await;
    assert_eq!(stage.lines(), ["GET /api/v1/users/..%2Fgroups%3Fx=%23y"]);
    for id in ["", ".", ".."] {
        let stage = Stage::new([]);
        let problem = stage.client.user(id, Lane::Normal).await.expect_err("no id");
        assert!(matches!(problem, lanyard_okta::Problem::Malformed { .. }), "{problem}");
    }
}
