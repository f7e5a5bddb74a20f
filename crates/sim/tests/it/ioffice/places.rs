//! Buildings, floors, rooms, types, categories, centers, neighbourhoods.

use serde_json::{Value, json};

use super::site::{HOUR, NOW, Site, get, row};

#[test]
fn buildings_floors_rooms() {
    let mut site = Site::new(json!({}));
    site.run(vec![
        get("D", "/buildings/310?selector=centers(module)", 200,
            json!({"code": "PIER", "centers": [{"id": 61, "module": "reservation"}, {"id": 62, "module": "visitor"}, {"id": 63}, {"id": 64}]})),
        get("D: code may be empty; location {}", "/buildings/311", 200, json!({"code": "", "location": {}})),
        row("D: top-level city", "PUT /buildings/311", json!({"id": 311, "city": "Salem"}), 200, json!({"address": {"city": "Salem"}})),
        row("D: 201", "POST /buildings", json!({"name": "Annex", "code": "ANX"}), 201, json!({"id": 312})),
        get("D", "/buildings?module=reservation", 200, json!([{"id": 310}])),
        row("D", "DELETE /buildings/312", Value::Null, 200, json!({"response": "Successfully removed"})),
        row("A-29", "DELETE /buildings/310", Value::Null, 400, Value::Null),
        get("D", "/floors?buildingId=310", 200, json!([{"id": 741}, {"id": 742}])),
        row("D: not numeric", "POST /floors", json!({"name": 3, "building": {"id": 310}}), 400, Value::Null),
        row("D: building required", "POST /floors", json!({"name": "L3"}), 400, Value::Null),
        row("D: 201", "POST /floors", json!({"name": "L3", "building": {"id": 310}}), 201, json!({"id": 751, "drawingAvailable": false})),
        row("A-29", "DELETE /floors/741", Value::Null, 400, Value::Null),
        get("C: names repeat across buildings", "/rooms?room=2-014", 200, json!([{"id": 8801}, {"id": 8901}])),
        get("D: floor wins over building", "/rooms?floorId=742&buildingId=311", 200, json!([{"id": 8831}])),
        get("D", "/rooms?buildingId=310&includeNonReservable=false&numberOfPeople=15", 200, json!([{"id": 8831}])),
        get("D: needs type", "/rooms?includeOccupiable=false", 400, Value::Null),
        get("D", "/rooms?type=21,22&includeOccupiable=false", 200, json!([{"id": 8830}, {"id": 8831}])),
        get("D: S fields", "/rooms/8801?selector=active,capacity,users,type,floor(building)", 200,
            json!({"active": true, "capacity": 1, "users": [{"id": 5201, "name": "Mira Okafor"}], "type": {"name": "Workstation"}})),
        get("C: occupied", "/rooms/8801", 200, json!({"occupied": true, "active": "<absent>", "users": "<absent>"})),
        row("D: 201", "POST /rooms", json!({"name": "2-099", "floor": {"id": 741}, "type": {"id": 21}}), 201, json!({"id": 8902})),
        row("D: floor required", "POST /rooms", json!({"name": "2-099", "type": {"id": 21}}), 400, Value::Null),
        get("D", "/rooms/count?floorId=741", 200, json!({"count": 4})),
        row("D: all fields", "PUT /rooms/types", json!({"id": 21, "name": "Desk"}), 400, Value::Null),
        row("D: 201", "POST /rooms/types", json!({"name": "Booth", "contentFlag": 3, "typeCode": "bth", "defaultRoomType": false, "cost": 0.0, "spaceTypeGroup": {"id": 1}}), 201, json!({"id": 23})),
        get("D", "/rooms/types?orderBy=sortOrder", 200, json!([{}, {}, {}])),
        get("D", "/countries", 200, json!([{}, {}, {"alpha2Code": "US"}])),
    ]);
    site.command(json!({"do": "book", "user": 5201, "room": 8830, "center": 61, "start": NOW + HOUR, "end": NOW + 2 * HOUR}));
    let free = format!("/rooms?type=22&startDate={}&endDate={}", NOW + HOUR, NOW + HOUR + 1);
    let (_, body) = site.call("GET", &free, &Value::Null);
    assert_eq!(body.as_array().unwrap().len(), 1, "[D] availability window: {body}");
}

#[test]
fn categories_depths_items() {
    let mut site = Site::new(json!({}));
    site.run(vec![
        row(
            "D: creates answer 200",
            "POST /categories",
            json!({"name": "Floors", "categoryType": [{"id": 2}]}),
            200,
            json!({"id": 13}),
        ),
        get("D", "/categories/type/2", 200, json!([{"id": 13}])),
        get(
            "D: selectors",
            "/categories/12?selector=depths,itemCount",
            200,
            json!({"depths": [{"id": 90}], "itemCount": 2}),
        ),
        get("D: singular", "/categories/depth/90", 200, json!({"level": 0, "category": {"id": 12}})),
        row(
            "plural accepted",
            "PUT /categories/depths/90",
            json!({"id": 90, "name": "Top"}),
            200,
            json!({"name": "Top"}),
        ),
        get("D", "/categories/items?category=12&search=exec", 200, json!([{"id": 520}])),
        get("D", "/categories/items?category=1&root=true", 200, json!([{"id": 400}])),
        get("D", "/categories/items?category=1&lowestLevel=true", 200, json!([{"id": 410}])),
        get(
            "D: selectors",
            "/categories/items/410?selector=parents(name),childCount",
            200,
            json!({"parents": [{"id": 400}], "childCount": 0}),
        ),
        row(
            "A-27",
            "POST /categories/items",
            json!({"name": "SRE", "code": "SRE", "category": {"id": 1}, "costCenterParent": {"id": 410}}),
            201,
            json!({"id": 522}),
        ),
        get("D", "/categories/items/410/children", 200, json!([{"id": 522}])),
        row("A-28", "DELETE /categories/items/410", Value::Null, 400, Value::Null),
        row("D", "DELETE /categories/items/522", Value::Null, 200, Value::Null),
        get("D", "/categories/items/users", 200, json!([{"id": 5201}])),
    ]);
}

#[test]
fn centers_rules_and_neighbourhoods() {
    let mut site = Site::new(json!({}));
    let rules = |list: Value| json!({"centerId": 61, "ruleList": list});
    site.run(vec![
        get("D: module required", "/centers", 400, Value::Null),
        get("D: several on one building", "/centers?module=reservation", 200, json!([{"id": 61}, {"id": 63}])),
        row("D: no create", "POST /centers", json!({"name": "x"}), 405, Value::Null),
        row("D: JSON in a string; booleans lose their value", "PUT /centers/reservations/rules?selector=rules",
            rules(json!([{"$type$": "MaxDuration", "value": "480m"}, {"$type$": "IncludeAllMembers", "value": "true", "neighborhoodId": 41}])), 200,
            json!({"id": 61, "rules": "{\"centerId\":61,\"ruleList\":[{\"$type$\":\"MaxDuration\",\"value\":\"480m\"},{\"$type$\":\"IncludeAllMembers\",\"neighborhoodId\":41}]}"})),
        row("D: whole list", "PUT /centers/reservations/rules", rules(json!([{"$type$": "OnlyDuringWorkHours", "roomTypeId": 22}])), 200, Value::Null),
        get("D", "/centers/61?selector=rules", 200, json!({"rules": "{\"centerId\":61,\"ruleList\":[{\"$type$\":\"OnlyDuringWorkHours\",\"roomTypeId\":22}]}"})),
        row("D", "PUT /centers/reservations/rules", rules(json!([{"$type$": "MaxDuration", "value": "8h"}])), 400, Value::Null),
        get("D: center required", "/neighborhoods", 400, Value::Null),
        row("D: PUT creates, 201", "PUT /neighborhoods", json!({"name": "Lagoon", "center": {"id": 64}}), 201, json!({"id": 42})),
        row("D: POST edits, 200", "POST /neighborhoods", json!({"id": 42, "name": "Bay"}), 200, json!({"name": "Bay"})),
        get("D", "/neighborhoods?centerId=64", 200, json!([{"id": 41}, {"id": 42}])),
        row("D: PUT creates", "PUT /neighborhoods/sections", json!({"name": "Bay 9", "neighborhood": {"id": 42}, "floor": {"id": 742}, "rooms": [{"id": 8831}]}), 201, json!({"id": 232})),
        row("D: not sparse", "POST /neighborhoods/sections", json!({"id": 232, "name": "Bay nine"}), 400, Value::Null),
        row("D: capital S", "DELETE /neighborhoods/Sections/232", Value::Null, 200, Value::Null),
        row("D", "DELETE /neighborhoods/42", Value::Null, 200, Value::Null),
    ]);
}
