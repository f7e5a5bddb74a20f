//! Group push in both of Okta's forms (contract §13.4).

use futures_util::future::join_all;
use lanyard_model::signal::Lane;
use lanyard_store::SqliteStore;
use serde_json::{Value, json};

use crate::house::{House, Reply};

fn patch(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

fn members(reply: &Reply) -> Vec<&str> {
    let list = reply.body["members"].as_array().unwrap();
    list.iter().map(|member| member["value"].as_str().unwrap()).collect()
}

async fn facilities(house: &House) -> (String, String, String) {
    let (ana, bo) = (house.user("ana", "00uAna").await, house.user("bo", "00uBo").await);
    let group =
        house.ask("POST", "/Groups", json!({ "displayName": "DEPT-Facilities", "members": [] })).await;
    assert_eq!((group.status.as_u16(), &group.body["members"]), (201, &json!([])));
    house.attention().await;
    (format!("/Groups/{}", group.body["id"].as_str().unwrap()), ana, bo)
}

#[tokio::test]
async fn every_form_of_a_push_is_kept_and_concerns_who_came_or_went() {
    let house = House::new();
    let (path, ana, bo) = facilities(&house).await;
    let id = path.trim_start_matches("/Groups/");
    let rename = json!({ "op": "replace", "value": { "id": id, "displayName": "DEPT-Estates" } });
    let steps = [
        ("PATCH", patch(json!([rename])), vec![], vec![]),
        (
            "PATCH",
            patch(
                json!([rename, { "op": "add", "path": "members", "value": [{ "value": ana, "display": "ana" }] }]),
            ),
            vec![&ana],
            vec!["00uAna"],
        ),
        (
            "PATCH",
            patch(json!([{ "op": "add", "path": "members", "value": [{ "value": ana }, { "value": bo }] }])),
            vec![&ana, &bo],
            vec!["00uBo"],
        ),
        (
            "PATCH",
            patch(json!([{ "op": "remove", "path": format!("members[value eq \"{ana}\"]") }])),
            vec![&bo],
            vec!["00uAna"],
        ),
        (
            "PATCH",
            patch(json!([{ "op": "replace", "value": { "members": [{ "value": ana }] } }])),
            vec![&ana],
            vec!["00uAna", "00uBo"],
        ),
        (
            "PATCH",
            patch(json!([{ "op": "replace", "path": "members", "value": [] }])),
            vec![],
            vec!["00uAna"],
        ),
        (
            "PUT",
            json!({ "id": id, "displayName": "DEPT-Estates", "members": [{ "value": bo, "display": "bo" }] }),
            vec![&bo],
            vec!["00uBo"],
        ),
        ("PUT", json!({ "displayName": "DEPT-Estates", "members": [] }), vec![], vec!["00uBo"]),
    ];
    for (method, body, expected, looked_at) in steps {
        let reply = house.ask(method, &path, body.clone()).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["displayName"]),
            (200, &json!("DEPT-Estates")),
            "{body}"
        );
        assert_eq!(members(&reply), expected, "{body}");
        assert_eq!(house.get(&path).await.body, reply.body, "{body}");
        let looked_at: Vec<_> = looked_at.iter().map(|who| ((*who).to_owned(), Lane::Normal)).collect();
        assert_eq!(house.attention().await, looked_at, "{body}");
    }
}

#[tokio::test]
async fn unknown_members_are_left_out_without_a_refusal() {
    let house = House::new();
    let (path, ana, _) = facilities(&house).await;
    let add =
        json!([{ "op": "add", "path": "members", "value": [{ "value": "2c9f-nobody" }, { "value": ana }] }]);
    let reply = house.ask("PATCH", &path, patch(add)).await;
    assert_eq!((reply.status.as_u16(), members(&reply)), (200, vec![ana.as_str()]));
}

#[tokio::test]
async fn parallel_changes_of_one_group_all_count() {
    // With threads, so that requests really overlap.
    let folder = tempfile::tempdir().unwrap();
    let house = House::over(SqliteStore::open(folder.path()).unwrap());
    let (path, ..) = facilities(&house).await;
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(house.user(&format!("person-{n}"), &format!("00uP{n}")).await);
    }
    let changes = ids.iter().map(|id| {
        house.ask(
            "PATCH",
            &path,
            patch(json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }])),
        )
    });
    assert!(join_all(changes).await.iter().all(|reply| reply.status == 200));
    assert_eq!(house.get(&path).await.body["members"].as_array().unwrap().len(), 40);
    let twins = (0..8).map(|_| house.ask("POST", "/Users", json!({ "userName": "twin" })));
    let created = join_all(twins).await.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(created, 1);
}

#[tokio::test]
async fn groups_are_linked_by_name_and_deleted() {
    let house = House::new();
    let (path, ana, _) = facilities(&house).await;
    let found = house.get("/Groups?filter=displayName%20eq%20%22DEPT-Facilities%22").await.body;
    assert_eq!(format!("/Groups/{}", found["Resources"][0]["id"].as_str().unwrap()), path);
    let listed = house.get("/Groups?startIndex=1&count=100").await;
    assert_eq!((listed.status.as_u16(), listed.body["Resources"].as_array().unwrap().len()), (200, 1));
    let twin = house.ask("POST", "/Groups", json!({ "displayName": "DEPT-Facilities" })).await;
    assert_eq!((twin.status.as_u16(), &twin.body["detail"]), (409, &json!("displayName already in use")));
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": ana }] }]);
    house.ask("PATCH", &path, patch(add)).await;
    house.attention().await;
    assert_eq!(house.ask("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(house.attention().await, [("00uAna".to_owned(), Lane::Normal)]);
    assert_eq!(house.get(&path).await.body["detail"], "Group not found");
    assert_eq!(house.ask("POST", "/Groups", json!({ "displayName": "DEPT-Facilities" })).await.status, 201);
}
