//! What selectors, searches and filters leave: the chosen parts, everybody who fits, the types of the rooms that fit.

use serde_json::{Value, json};

use super::site::{HOUR, NOW, Site, get, row};

#[test]
fn a_selector_reaches_what_has_no_id_of_its_own() {
    let mut site = Site::new(json!({}));
    let address = json!({ "street": "4 Quay Street", "city": "Portland", "postalCode": "04101", "state": { "id": 33, "code": "ME", "name": "Maine", "categoryName": "state" } });
    site.run(vec![
        row("D", "PUT /buildings/310", json!({"id": 310, "address": address}), 200, Value::Null),
        get("D", "/buildings/310?selector=address", 200, json!({"address": {"city": "Portland", "postalCode": "04101"}})),
        get("D", "/buildings/310?selector=address(city)", 200, json!({"address": {"city": "Portland", "postalCode": "<absent>", "street": "<absent>"}})),
        get("D: references shrink", "/buildings/310?selector=address(state)", 200,
            json!({"address": {"city": "<absent>", "state": {"id": 33, "code": "ME", "name": "Maine", "categoryName": "<absent>"}}})),
        get("D", "/users/5201?selector=permissions", 200, json!({"permissions": [{"role": "CUSTOMER", "center": {"id": 61, "module": "<absent>"}}]})),
        get("D", "/users/5201?selector=permissions(role)", 200, json!({"permissions": [{"role": "CUSTOMER", "center": "<absent>"}]})),
        get("D", "/users/5201?selector=permissions(center(module))", 200,
            json!({"permissions": [{"role": "<absent>", "center": {"id": 61, "module": "reservation"}}]})),
        get("D", "/users/5201/permissions", 200, json!([{"role": "CUSTOMER", "center": {"id": 61}}])),
    ]);
    site.command(json!({"do": "book", "user": 5201, "room": 8830, "center": 61, "start": NOW + HOUR, "end": NOW + 2 * HOUR}));
    site.run(vec![
        get("D: anonymousReservations(...)", "/rooms/8830?selector=anonymousReservations(startDate,user(employeeId))", 200,
            json!({"anonymousReservations": [{"startDate": NOW + HOUR, "endDate": "<absent>", "user": {"id": 5201, "employeeId": "HL-00417"}}]})),
        get("D", "/rooms/8830?selector=anonymousReservations", 200,
            json!({"anonymousReservations": [{"endDate": NOW + 2 * HOUR, "user": {"id": 5201, "employeeId": "<absent>"}}]})),
    ]);
}

#[test]
fn a_search_finds_names_beside_user_names() {
    let mut site = Site::new(json!({}));
    let person = |first: &str, last: &str, name: &str| json!({"firstName": first, "lastName": last, "email": format!("{name}@harborlight.example"), "userName": name});
    site.run(vec![
        row("D", "POST /users", person("Lena", "Mokaford", "lena"), 201, json!({"id": 5204})),
        row("D", "POST /users", person("Ann", "Bell", "ann"), 201, json!({"id": 5205})),
        row("D", "POST /users", person("Joanna", "Hill", "jhill"), 201, json!({"id": 5206})),
        get("C: name and e-mail", "/users?search=mokafor", 200, json!([{"id": 5201}, {"id": 5204}])),
        get("C", "/users/count?search=mokafor", 200, json!({"count": 2})),
        get("C", "/users?search=ANN", 200, json!([{"id": 5205}, {"id": 5206}])),
        get("C", "/users/count?search=ann&userTypeId=1", 200, json!({"count": 2})),
        get("D: employeeId", "/users?search=HL-00417", 200, json!([{"id": 5201}])),
        get("C", "/users/count?search=nobody", 200, json!({"count": 0})),
    ]);
}

#[test]
fn types_of_rooms_are_those_of_the_rooms_that_fit() {
    let mut site = Site::new(json!({}));
    let booth = json!({"name": "Booth", "contentFlag": 3, "typeCode": "bth", "defaultRoomType": false, "cost": 0.0, "spaceTypeGroup": {"id": 1}});
    site.run(vec![
        row("D: 201", "POST /rooms/types", booth, 201, json!({"id": 23})),
        get(
            "D: without a filter also those without rooms",
            "/rooms/types",
            200,
            json!([{"id": 21}, {"id": 22}, {"id": 23}]),
        ),
        get("D", "/rooms/types?includeReservable=true&orderBy=sortOrder", 200, json!([{}, {}, {}])),
        get("D", "/rooms/types?buildingId=311", 200, json!([{"id": 21}])),
        get("D", "/rooms/types/count?buildingId=311", 200, json!({"count": 1})),
        get("D", "/rooms/types?floorId=742", 200, json!([{"id": 22}])),
        get("D", "/rooms/types?floorId=742&buildingId=311", 200, json!([{"id": 22}])),
        get("D", "/rooms/types?includeNonReservable=false", 200, json!([{"id": 22}])),
        get("D", "/rooms/types?numberOfPeople=15", 200, json!([{"id": 22}])),
        get("D", "/rooms/types?room=2-014", 200, json!([{"id": 21}])),
        get("D", "/rooms/types?type=21,22&includeOccupiable=false", 200, json!([{"id": 22}])),
        get("D", "/rooms/types?locationSearch=portland&includeReservable=false", 200, json!([{"id": 21}])),
        get("D: nothing fits", "/rooms/types?buildingId=999", 200, json!([])),
        get("D: as rooms", "/rooms/types?includeOccupiable=false", 400, Value::Null),
        get("A-08", "/rooms/types?buildingId=abc", 400, json!({"error": "invalid_request"})),
        get("A-08", "/rooms/types?startDate=1", 400, json!({"error": "invalid_request"})),
    ]);
}

#[test]
fn rooms_are_found_by_what_is_booked_in_them() {
    let mut site = Site::new(json!({}));
    let book = json!({"do": "book", "user": 5201, "room": 8830, "center": 61, "name": "Roadmap review",
        "start": NOW + HOUR, "end": NOW + 2 * HOUR});
    let booking = site.command(book)["id"].clone();
    site.run(vec![
        get("D: reservation description", "/rooms?room=ROADMAP", 200, json!([{"id": 8830}])),
        get("D", "/rooms/types?room=roadmap", 200, json!([{"id": 22}])),
        get("D: of this parameter alone", "/rooms?search=roadmap", 200, json!([])),
        get("D: name, description, type", "/rooms?room=conference&floorId=742", 200, json!([{"id": 8831}])),
    ]);
    site.command(json!({"do": "cancel", "reservation": booking}));
    site.run(vec![get("D", "/rooms?room=roadmap", 200, json!([]))]);
}

#[test]
fn empty_texts_stay_absent_under_a_selector() {
    let mut site = Site::new(json!({}));
    site.run(vec![
        row("A-10: empty text clears", "PUT /rooms/8830", json!({"id": 8830, "description": ""}), 200, json!({"description": ""})),
        get("D: empty fields stay absent", "/rooms/8830?selector=description,capacity", 200, json!({"description": "<absent>", "capacity": 12})),
        get("D: code is kept at every level", "/buildings/311?selector=metric", 200, json!({"code": "", "name": "Mill"})),
        row("D", "POST /users/5201/attachAvatar", json!({"image": "iVBORw0KGgo=", "fileName": "m.png"}), 200, Value::Null),
        get("D: image", "/users/5201?selector=image", 200,
            json!({"image": {"name": "m.png", "original": "/images/users/5201/original.png", "description": "<absent>"}})),
        get("D: name at every level", "/users/5201?selector=image(large)", 200, json!({"image": {"name": "m.png", "small": "<absent>"}})),
        get("D: no picture, no field", "/users/5202?selector=image", 200, json!({"image": "<absent>"})),
    ]);
}

#[test]
fn every_write_moves_date_updated() {
    let mut site = Site::new(json!({}));
    let updated = |site: &mut Site, path: &str| {
        let (status, body) =
            site.call("GET", &format!("{path}?selector=dateUpdated,dateCreated"), &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body["dateUpdated"].as_i64().unwrap_or_default()
    };
    let rules = json!({"centerId": 61, "ruleList": [{"$type$": "MaxDuration", "value": "480m"}]});
    for (method, path, body, read) in [
        ("PUT", "/users/5201/resetPassword", Value::Null, "/users/5201"),
        ("PUT", "/centers/reservations/rules", rules, "/centers/61"),
        ("PUT", "/users/5202/permissions", json!([]), "/users/5202"),
    ] {
        site.now += HOUR;
        let (status, answer) = site.call(method, path, &body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        assert_eq!(updated(&mut site, read), site.now, "15: {method} {path}");
    }
    let changed: Vec<String> = ["users", "users/count"]
        .map(|list| {
            let since = format!("/{list}?modifiedOrCreatedAfter={}", NOW + HOUR);
            site.call("GET", &since, &Value::Null).1.to_string()
        })
        .to_vec();
    assert!(changed[0].contains("5201") && changed[1] == "{\"count\":2}", "{changed:?}");
}
