//! Who lets whom vote in whose place, over the API: one's own votes oneself, anybody's an owner.

use jiff::SignedDuration;
use lanyard_engine::ports::Write;
use lanyard_model::{
    id::{IdentityId, TenantId},
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
    }

    let path = |one: &Value| format!("/delegations/{}", one["id"].as_str().unwrap());
    let (status, _) = as_ines("DELETE", &path(&given.body), Value::Null).await;
    assert_eq!(status, 404, "of others' delegations nothing is told");
    let (status, _) = as_ines("DELETE", &path(&own), Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(house.api("DELETE", &path(&given.body), None, Value::Null).await.status.as_u16(), 204);
    assert_eq!(house.api("GET", "/delegations", None, Value::Null).await.body["items"], json!([]));
}
