use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header;
use serde_json::{Value, json};

use crate::house::{House, TOKEN};

#[tokio::test]
async fn only_the_tenants_own_token_opens_its_door() {
    let house = House::new();
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    for (path, authorization, status, detail) in [
        ("northgate/Users", format!("Bearer {TOKEN}northgate"), 200, ""),
        ("northgate/Users", format!("bearer  {TOKEN}northgate"), 200, ""),
        ("northgate/Users", format!("{TOKEN}northgate"), 200, ""),
        ("northgate/Users", basic(&format!("okta:{TOKEN}northgate")), 200, ""),
        ("northgate/Groups", basic(&format!("{TOKEN}northgate:")), 401, "the token is missing or wrong"),
        ("northgate/Users", String::new(), 401, "the token is missing or wrong"),
        ("northgate/Users", format!("Bearer {TOKEN}other"), 401, "the token is missing or wrong"),
        ("northgate/Users", "Basic %%%".into(), 401, "the token is missing or wrong"),
        ("northgate/nothing/here", String::new(), 401, "the token is missing or wrong"),
        ("northgate/nothing/here", format!("Bearer {TOKEN}northgate"), 404, "Endpoint not found"),
        ("nobody/Users", format!("Bearer {TOKEN}northgate"), 404, "Tenant not found"),
    ] {
        let reply = house.ask_as("GET", &format!("/scim/v2/{path}"), &authorization, Value::Null).await;
        assert_eq!(reply.status.as_u16(), status, "{path} {authorization}");
        if status != 200 {
            let expected = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": status.to_string(), "detail": detail,
            });
            assert_eq!(reply.body, expected);
        }
        assert_eq!(reply.headers.contains_key(header::WWW_AUTHENTICATE), status == 401);
    }
    let wrong = house.ask("DELETE", "/Users", Value::Null).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["status"]), (405, &json!("405")));
}

#[tokio::test]
async fn tenants_do_not_see_each_other() {
    let house = House::new();
    let id = house.user("ines@northgate.example", "00u1").await;
    let others = format!("Bearer {TOKEN}other");
    let list = house.ask_as("GET", "/scim/v2/other/Users", &others, Value::Null).await;
    assert_eq!(list.body["totalResults"], 0);
    for method in ["GET", "DELETE"] {
        let reply = house.ask_as(method, &format!("/scim/v2/other/Users/{id}"), &others, Value::Null).await;
        assert_eq!(reply.status, 404);
    }
    assert_eq!(house.get(&format!("/Users/{id}")).await.status, 200);
}

#[tokio::test]
async fn a_client_can_learn_what_there_is() {
    let house = House::new();
    let config = house.get("/ServiceProviderConfig").await.body;
    assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(true), &json!(false)));
    let base = "https://sync.northgate.example/scim/v2/northgate";
    assert_eq!(config["meta"]["location"], format!("{base}/ServiceProviderConfig"));
    assert_eq!(house.get("/ResourceTypes").await.body["totalResults"], 2);
    assert_eq!(house.get("/ResourceTypes/Group").await.body["endpoint"], "/Groups");
    assert_eq!(house.get("/Schemas").await.body["itemsPerPage"], 3);
    let user = house.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User").await.body;
    assert_eq!(user["attributes"][0]["name"], "userName");
    assert_eq!(house.get("/Schemas/x").await.body["detail"], "Schema not found");
}
