//! Who lets whom vote in whose place, over the API: one's own votes oneself, anybody's an owner.

use jiff::SignedDuration;
use lanyard_engine::ports::Write;
use lanyard_model::{
    clearance::{ApprovalDemand, Approver, Clearance, ClearanceKind, ClearanceState, GatedLine},
    id::{IdentityId, PlanId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
};
use serde_json::{Value, json};

use crate::{
    house::House,
    sign_in::{HERE, cookies, person, sign_in, with_provider},
};

/// Somebody in Okta, as the mirror finds them by address.
fn known(house: &House, user: &str, mail: &str) -> Write {
    let mut profile = Profile::default();
    profile.set("email", AttributeValue::Text(mail.into()));
    let identity = Identity {
        id: IdentityId::new(TenantId::new("northgate"), user),
        status: Status::Active,
        transitioning: false,
        profile,
        groups: Groups::new([], true),
        created: None,
        activated: None,
        status_changed: None,
        last_updated: None,
        type_id: None,
        read_at: house.now(),
    };
    let keys = vec![("@email".to_owned(), mail.to_owned())];
    Write::Identity { identity: Box::new(identity), keys, at: house.now() }
}

#[tokio::test]
async fn one_delegates_ones_own_votes_and_an_owner_anybodys() {
    let house = with_provider(Ok(person(&["Lanyard Operators"])));
    let [ines, boss, cole] = ["ines", "boss", "cole"].map(|name| format!("{name}@northgate.example"));
    let people = [("00uInes", &ines), ("00uBoss", &boss), ("00uCole", &cole)];
    house.put(people.iter().map(|(user, mail)| known(&house, user, mail)).collect()).await;
    let reply = sign_in(&house).await;
    let cookie = cookies(&reply).remove(0).0;
    let session = house.visit("GET", "/api/v1/session", HERE, &[("cookie", &cookie)], Value::Null).await.body;
    let proof = session["csrf"].as_str().unwrap();
    let as_ines = async |method: &str, path: &str, body: Value| {
        let headers = [("cookie", cookie.as_str()), ("x-lanyard-csrf", proof)];
        let reply = house.visit(method, &format!("/api/v1{path}"), HERE, &headers, body).await;
        (reply.status.as_u16(), reply.body)
    };
    let until = house.now() + SignedDuration::from_hours(48);
    let wish = |from: &str, to: &str| json!({ "from": from, "to": to, "until": until, "reason": "on leave" });

    let (status, refused) = as_ines("POST", "/delegations", wish(&boss, &ines)).await;
    assert_eq!((status, &refused["code"]), (403, &json!("no_say")), "{refused}");
    let (status, own) = as_ines("POST", "/delegations", wish(&ines, &cole)).await;
    assert_eq!(
        (status, &own["given_by"], &own["starts"]),
        (200, &json!("Ines Okafor"), &json!(house.now())),
        "{own}"
    );
    let given = house.api("POST", "/delegations", None, wish(&boss, &cole)).await;
    assert_eq!(
        (given.status.as_u16(), &given.body["given_by"]),
        (200, &json!("command line")),
        "{}",
        given.body
    );
    let list = house.api("GET", "/delegations", None, Value::Null).await.body;
    assert_eq!(list["items"], json!([own, given.body]));

    for (wish, status, says) in [
        (wish(&boss, "x@y.example"), 422, "nobody who works here has the address x@y.example"),
        (wish(&boss, &boss), 422, "boss@northgate.example cannot vote in their own place"),
        (
            json!({ "from": boss, "to": cole, "until": "2020-01-01T00:00:00Z" }),
            422,
            "it would be over before it begins",
        ),
    ] {
        let refused = house.api("POST", "/delegations", None, wish).await;
        let title = refused.body["title"].as_str().unwrap();
        assert_eq!((refused.status.as_u16(), title.starts_with(says)), (status, true), "{title}");
        let field = refused.body["errors"][0]["path"].as_str();
        assert_eq!(field, Some(if title.contains("over before") { "until" } else { "to" }), "{title}");
    }

    let path = |one: &Value| format!("/delegations/{}", one["id"].as_str().unwrap());
    let (status, _) = as_ines("DELETE", &path(&given.body), Value::Null).await;
    assert_eq!(status, 404, "of others' delegations nothing is told");
    let (status, _) = as_ines("DELETE", &path(&own), Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(house.api("DELETE", &path(&given.body), None, Value::Null).await.status.as_u16(), 204);
    assert_eq!(house.api("GET", "/delegations", None, Value::Null).await.body["items"], json!([]));
}

fn request(house: &House, id: &str, about: &str, kind: ClearanceKind, by: Approver) -> Write {
    Write::Clearance(Box::new(Clearance {
        id: id.into(),
        version: 0,
        kind,
        identity: IdentityId::new(TenantId::new("northgate"), about),
        person: about.into(),
        site: "hq".into(),
        rule: "rooms".into(),
        lines: vec![GatedLine { key: "seat:1".into(), what: "+ seat: 1".into() }],
        plan: PlanId::from("pln_1"),
        state: ClearanceState::Waiting,
        asked_at: house.now(),
        until: None,
        demand: Some(ApprovalDemand {
            by: vec![by],
            quorum: 1,
            expires_seconds: 86_400,
            escalate_seconds: None,
            escalate_to: vec![],
        }),
        manager: Some(IdentityId::new(TenantId::new("northgate"), "00uInes")),
        votes: vec![],
        ended: None,
        over: false,
        spent: Default::default(),
    }))
}

#[tokio::test]
async fn whoever_the_rule_names_is_told_that_they_may_decide_and_others_why_not() {
    let house = with_provider(Ok(person(&["Lanyard Viewers"])));
    house.put(vec![known(&house, "00uInes", "ines@northgate.example")]).await;
    let approval = ClearanceKind::Approval;
    for one in [
        request(&house, "hers", "ana", approval, Approver::Manager),
        request(&house, "role", "ana", approval, Approver::Role("approver".into())),
        request(&house, "self", "00uInes", approval, Approver::Manager),
        request(&house, "limit", "ana", ClearanceKind::Cap, Approver::Manager),
    ] {
        house.put(vec![one]).await;
    }
    let reply = sign_in(&house).await;
    let cookie = cookies(&reply).remove(0).0;
    let session = house.visit("GET", "/api/v1/session", HERE, &[("cookie", &cookie)], Value::Null).await.body;
    let proof = session["csrf"].as_str().unwrap();
    let headers = [("cookie", cookie.as_str()), ("x-lanyard-csrf", proof)];
    let list = house.visit("GET", "/api/v1/approvals", HERE, &headers, Value::Null).await.body;
    let told = |id: &str| {
        let one = list["items"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
        (one["may_decide"].as_bool().unwrap(), one["why_not"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(told("hers"), (true, String::new()), "she is no approver, but the manager");
    assert_eq!(told("role"), (false, "it takes a person with the role approver".into()));
    assert_eq!(told("self"), (false, "it is about yourself: somebody else must decide".into()));
    let say = async |id: &str, reason: &str| {
        let wish = json!({ "ids": [id], "say": "approve", "reason": reason });
        house.visit("POST", "/api/v1/approvals", HERE, &headers, wish).await
    };
    let silent = say("limit", " ").await;
    assert_eq!((silent.status.as_u16(), &silent.body["errors"][0]["path"]), (422, &json!("reason")));
    let done = say("hers", "").await;
    assert_eq!(
        (done.status.as_u16(), &done.body["items"][0]["state"]),
        (200, &json!("granted")),
        "{}",
        done.body
    );
    assert_eq!(done.body["items"][0]["why_not"], "it is granted");
    assert_eq!(say("role", "").await.status.as_u16(), 403);
}
