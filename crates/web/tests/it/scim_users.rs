//! Okta's SPEC and CRUD suites, and every request of the contract's §13.2, §13.3 and §13.6.

use http::header;
use lanyard_model::signal::Lane;
use serde_json::{Value, json};

use crate::house::House;

const OKTA_ID: &str = "00u7k2m9xQpLr4TnW1d8";
const LOGIN: &str = "ines.okafor@northgate.example";

fn ines() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": LOGIN,
        "name": { "givenName": "Ines", "familyName": "Okafor" },
        "emails": [{ "primary": true, "value": LOGIN, "type": "work" }],
        "displayName": "Ines Okafor", "locale": "en-GB", "externalId": OKTA_ID, "groups": [],
        "password": "pw-never-kept", "active": true,
    })
}

fn filter(text: &str) -> String {
    let text = text.replace('%', "%25").replace('+', "%2B").replace(' ', "%20").replace('"', "%22");
    format!("/Users?filter={text}&startIndex=1&count=100")
}

fn patch(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

async fn made(house: &House) -> String {
    let reply = house.ask("POST", "/Users", ines()).await;
    assert_eq!(reply.status, 201);
    house.attention().await;
    reply.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_spec_suite_passes() {
    let house = House::new();
    let empty = house.get("/Users?startIndex=1&count=2").await;
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
    });
    assert_eq!((empty.status.as_u16(), empty.body), (200, expected));
    let unknown = house.get(&filter(&format!("userName eq \"{LOGIN}\""))).await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["totalResults"]), (200, &json!(0)));

    let created = house.ask("POST", "/Users", ines()).await;
    assert_eq!(created.status, 201);
    let id = created.body["id"].as_str().unwrap().to_owned();
    let location = format!("https://sync.northgate.example/scim/v2/northgate/Users/{id}");
    let moment = "2026-11-02T09:00:00Z";
    let mut expected = ines();
    let fields = expected.as_object_mut().unwrap();
    fields.remove("password");
    fields.remove("groups");
    fields.insert("id".into(), json!(id));
    let meta =
        json!({ "resourceType": "User", "created": moment, "lastModified": moment, "location": location });
    fields.insert("meta".into(), meta);
    assert_eq!(created.body, expected);
    assert_eq!(created.headers[header::LOCATION], location);
    assert_eq!(house.get(&format!("/Users/{id}")).await.body, expected);

    let first = house.get("/Users?count=1&startIndex=1").await.body;
    assert_eq!(
        (&first["totalResults"], &first["itemsPerPage"], &first["startIndex"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(first["Resources"], json!([expected]));

    let again = house.ask("POST", "/Users", ines()).await;
    let refusal = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409", "scimType": "uniqueness", "detail": "userName already in use",
    });
    assert_eq!((again.status.as_u16(), again.body), (409, refusal));
    let upper = house.get(&filter(&format!("userName eq \"{}\"", LOGIN.to_uppercase()))).await;
    assert_eq!((upper.status.as_u16(), &upper.body["Resources"][0]["id"]), (200, &json!(id)));

    let missing = house.get("/Users/00000000-0000-4000-8000-000000000000").await;
    let refusal = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": "User not found",
    });
    assert_eq!((missing.status.as_u16(), missing.body), (404, refusal));
}

#[tokio::test]
async fn the_crud_suite_passes_for_catalogue_apps_and_wizard_apps() {
    for wizard in [false, true] {
        let house = House::new();
        let id = made(&house).await;
        let path = format!("/Users/{id}");
        let mut profile = ines();
        profile["name"]["givenName"] = "Inés".into();
        profile.as_object_mut().unwrap().remove("active");
        let put = house.ask("PUT", &path, profile.clone()).await;
        assert_eq!((put.status.as_u16(), &put.body["id"]), (200, &json!(id)));
        assert_eq!(house.get(&path).await.body["name"]["givenName"], "Inés");
        assert_eq!(house.attention().await, [(OKTA_ID.to_owned(), Lane::Normal)]);

        for (active, lane) in [(false, Lane::Leaver), (true, Lane::Normal), (false, Lane::Leaver)] {
            let reply = if wizard {
                profile["active"] = active.into();
                house.ask("PUT", &path, profile.clone()).await
            } else {
                let body = patch(json!([{ "op": "replace", "value": { "active": active } }]));
                house.ask("PATCH", &path, body).await
            };
            assert_eq!((reply.status.as_u16(), &reply.body["active"]), (200, &json!(active)));
            let read = house.get(&path).await;
            assert_eq!((read.status.as_u16(), &read.body["active"]), (200, &json!(active)));
            let found = house.get(&filter(&format!("userName eq \"{LOGIN}\""))).await.body;
            assert_eq!(found["totalResults"], 1, "deactivated people stay findable");
            assert_eq!(house.attention().await, [(OKTA_ID.to_owned(), lane)]);
        }
    }
}

#[tokio::test]
async fn a_repeated_request_changes_nothing_but_is_heard_again() {
    let house = House::new();
    let path = format!("/Users/{}", made(&house).await);
    let off = patch(json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    let first = house.ask("PATCH", &path, off.clone()).await.body;
    assert_eq!(house.attention().await, [(OKTA_ID.to_owned(), Lane::Leaver)]);
    assert_eq!(house.ask("PATCH", &path, off).await.body, first);
    assert_eq!(house.attention().await, [(OKTA_ID.to_owned(), Lane::Leaver)]);
    let kept_inactive = house.ask("POST", "/Users", ines()).await;
    assert_eq!(kept_inactive.status, 409, "a POST never overwrites, not even somebody inactive");
}

#[tokio::test]
async fn passwords_are_kept_nowhere() {
    let house = House::new();
    let path = format!("/Users/{}", made(&house).await);
    for body in [
        patch(json!([{ "op": "replace", "path": "password", "value": "pw-never-kept" }])),
        patch(json!([{ "op": "replace", "value": { "Password": "pw-never-kept" } }])),
    ] {
        assert_eq!(house.ask("PATCH", &path, body).await.status, 200);
    }
    assert_eq!(house.ask("PUT", &path, ines()).await.status, 200);
    assert_eq!(house.ask("DELETE", &path, Value::Null).await.status, 204);
    let kept = house.everything_kept().await;
    assert!(!kept.contains("pw-never-kept") && kept.contains(LOGIN));
}

#[tokio::test]
async fn a_deleted_user_leaves_a_tombstone_that_the_same_person_takes_up() {
    let house = House::new();
    let id = made(&house).await;
    let path = format!("/Users/{id}");
    let group = json!({ "displayName": "DEPT-Facilities", "members": [{ "value": id }] });
    let group = house.ask("POST", "/Groups", group).await.body;
    house.attention().await;
    assert_eq!(house.ask("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(house.attention().await, [(OKTA_ID.to_owned(), Lane::Leaver)]);
    for (method, body) in [("GET", Value::Null), ("PUT", ines()), ("DELETE", Value::Null)] {
        assert_eq!(house.ask(method, &path, body).await.status, 404);
    }
    assert_eq!(house.get("/Users").await.body["totalResults"], 0);
    assert_eq!(
        house.get(&format!("/Groups/{}", group["id"].as_str().unwrap())).await.body["members"],
        json!([])
    );

    let mut stranger = ines();
    stranger["externalId"] = "00uSomebodyElse".into();
    let other = house.ask("POST", "/Users", stranger).await;
    assert_eq!(other.status, 201);
    assert_ne!(other.body["id"], json!(id), "a name that changes hands gets nobody's old id");
    let other = format!("/Users/{}", other.body["id"].as_str().unwrap());
    assert_eq!(house.ask("DELETE", &other, Value::Null).await.status, 204);

    let back = house.ask("POST", "/Users", ines()).await;
    assert_eq!(
        (back.status.as_u16(), &back.body["id"], &back.body["active"]),
        (201, &json!(id), &json!(true))
    );
    assert_eq!(house.attention().await.len(), 2);
}

#[tokio::test]
async fn filters_find_and_refuse() {
    let house = House::new();
    let id = made(&house).await;
    house.user("kai+desk@northgate.example", "00uKai").await;
    for (text, total) in [
        (format!("id eq \"{id}\""), 1),
        (format!("externalId eq \"{OKTA_ID}\""), 1),
        ("displayName eq \"ines okafor\"".into(), 1),
        (format!("emails.value eq \"{LOGIN}\""), 1),
        ("userName eq \"kai+desk@northgate.example\"".into(), 1),
        (format!("userName eq \"{LOGIN}\" and externalId eq \"{OKTA_ID}\""), 1),
        (format!("userName eq \"{LOGIN}\" and externalId eq \"00uKai\""), 0),
    ] {
        assert_eq!(house.get(&filter(&text)).await.body["totalResults"], total, "{text}");
    }
    for path in
        [filter("meta.lastModified gt \"2026\""), filter("userName sw \"a\""), filter("(id eq \"a\")")]
    {
        let reply = house.get(&path).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["scimType"]),
            (400, &json!("invalidFilter")),
            "{path}"
        );
    }
    let page = house.get("/Users?startIndex=2&count=1").await.body;
    assert_eq!((&page["totalResults"], &page["Resources"][0]["externalId"]), (&json!(2), &json!("00uKai")));
    assert_eq!(house.get("/Users?count=0").await.body["totalResults"], 2);
    assert_eq!(house.get("/Users?startIndex=x").await.body["scimType"], "invalidValue");
}

#[tokio::test]
async fn what_cannot_be_done_changes_nothing_and_asks_for_nothing() {
    let house = House::new();
    let id = made(&house).await;
    let kai = house.user("kai@northgate.example", "00uKai").await;
    house.attention().await;
    let before = house.get("/Users").await.body;
    let rename = patch(json!([{ "op": "replace", "path": "userName", "value": LOGIN.to_uppercase() }]));
    let half = patch(json!([
        { "op": "replace", "value": { "active": false } },
        { "op": "replace", "path": "shoe", "value": 1 },
    ]));
    for (method, path, body, status, kind) in [
        ("POST", "/Users".to_owned(), json!({ "name": {} }), 400, json!("invalidValue")),
        ("POST", "/Users".to_owned(), json!("x"), 400, json!("invalidSyntax")),
        ("POST", "/Users".to_owned(), Value::Null, 400, json!("invalidSyntax")),
        ("PATCH", format!("/Users/{kai}"), rename, 409, json!("uniqueness")),
        ("PATCH", format!("/Users/{id}"), half, 400, json!("invalidPath")),
        ("PATCH", "/Users/nobody".to_owned(), patch(json!([])), 404, Value::Null),
        ("PUT", format!("/Users/{id}"), json!({ "active": false }), 400, json!("invalidValue")),
    ] {
        let reply = house.ask(method, &path, body).await;
        assert_eq!((reply.status.as_u16(), &reply.body["scimType"]), (status, &kind), "{method} {path}");
    }
    assert_eq!(house.get("/Users").await.body, before);
    assert_eq!(house.attention().await, []);
}

#[tokio::test]
async fn who_has_no_okta_id_is_kept_but_asks_for_no_look() {
    let house = House::new();
    for (name, external) in [("a", Value::Null), ("b", json!("../../x")), ("c", json!("y".repeat(65)))] {
        let reply = house.ask("POST", "/Users", json!({ "userName": name, "externalId": external })).await;
        assert_eq!(reply.status, 201);
    }
    assert_eq!(house.attention().await, []);
}

#[tokio::test]
async fn a_replaced_okta_id_concerns_both() {
    let house = House::new();
    let path = format!("/Users/{}", made(&house).await);
    let mut recreated = ines();
    recreated["externalId"] = "00uRecreated".into();
    assert_eq!(house.ask("PUT", &path, recreated).await.body["externalId"], "00uRecreated");
    let both = ["00u7k2m9xQpLr4TnW1d8", "00uRecreated"].map(|id| (id.to_owned(), Lane::Normal));
    assert_eq!(house.attention().await, both);
}
