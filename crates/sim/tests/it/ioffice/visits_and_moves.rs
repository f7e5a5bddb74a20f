//! Visitors, moves, and the small resources.

use serde_json::{Value, json};

use super::site::{NOW, Site, get, row};

fn visit() -> Value {
    json!({
        "arrivalDate": NOW, "userId": 5201, "visitorTypeName": "Contractor", "centerId": 62, "deviceName": "Desktop",
        "visitor": {"visitorInfo": {"firstName": "Iris", "lastName": "Valdane", "company": "Northquay Electrical", "active": true},
            "visitorAddress": {"phone": "+1 555 0178"}, "visitorIdentification": {}, "visitorCustomFields": {}},
    })
}

#[test]
fn visitors_have_their_own_envelope() {
    let mut site = Site::new(json!({}));
    let mut without_host = visit();
    without_host.as_object_mut().unwrap().remove("userId");
    let mut stranger = visit();
    stranger["visitor"]["visitorId"] = json!({"id": 9999});
    let mut odd = visit();
    odd["visitor"]["visitorId"] = json!(3400);
    let mut known = visit();
    known["visitor"]["visitorId"] = json!({"id": 3400});
    known["visitor"]["visitorInfo"] = json!({"company": "Northquay", "active": false});
    site.run(vec![
        row("D: 200", "POST /visitors/registrations/preregister", visit(), 200, json!({"status": "ok", "response": {
            "id": {"id": 3300}, "visitorId": {"id": 3400}, "userId": 5201, "arrivalDateTime": NOW.to_string(), "statusId": 1, "alertFlag": "<absent>"}})),
        row("A-38", "POST /visitors/registrations/preregister", without_host, 400, json!({"status": "error", "message": "userId is required"})),
        get("D", "/visitors/3400", 200, json!({"status": "ok", "response": {"visitorId": {"id": 3400},
            "visitorInfo": {"firstName": "Iris", "visitorType": "Contractor", "active": true, "dateCreated": "2026-01-05T10:00:00", "createdBy": 5000}}})),
        row("D", "POST /visitors/registrations/3300/checkin", Value::Null, 200, json!({"response": {"statusId": 2, "alertFlag": 0}})),
        row("D", "POST /visitors/registrations/batch/checkin", json!({"visitors": [{"registrationId": 3300}]}), 200, json!({"response": [{"statusId": 2}]})),
        row("A-08: a broken reference", "POST /visitors/registrations/preregister", stranger, 400, json!({"status": "error", "message": "visitorId: there is no visitor 9999"})),
        row("D: wrapped", "POST /visitors/registrations/preregister", odd, 400, json!({"status": "error"})),
        get("D", "/visitors/9999", 404, json!({"status": "error"})),
        row("A-38: known visitor is updated", "POST /visitors/registrations/preregister", known, 200, json!({"response": {"visitorId": {"id": 3400}}})),
        get("A-40 off", "/visitors/3400", 200, json!({"response": {"visitorInfo": {"company": "Northquay", "firstName": "Iris", "active": true}}})),
        row("A-39 off", "POST /visitors/registrations/3300/checkout", Value::Null, 404, json!({"status": "error"})),
        row("A-39 off; A-08: the path can be read", "PUT /visitors/3400", json!({"visitorInfo": {"active": false}}), 405, json!({"status": "error"})),
        row("A-39 off", "GET /visitors", Value::Null, 404, Value::Null),
        row("D", "POST /visitors/types/stringIcon/", json!({"name": "Press", "active": true, "iconUid": "pen"}), 200, json!({"response": {"id": 4}})),
        row("D: answers 1", "PUT /visitors/types/stringIcon/", json!({"id": {"id": 4}, "active": false}), 200, json!({"response": 1})),
        get("D", "/visitors/types/stringIcon/", 200, json!({"response": [{"id": {"id": 1}}, {}, {}]})),
    ]);
    let mut open = Site::new(json!({"preset": "lenient"}));
    open.run(vec![
        row("D", "POST /visitors/registrations/preregister", visit(), 200, Value::Null),
        row("D", "POST /visitors/registrations/3300/checkin", Value::Null, 200, Value::Null),
        row(
            "A-39",
            "POST /visitors/registrations/3300/checkout",
            Value::Null,
            200,
            json!({"response": {"statusId": 3}}),
        ),
        row(
            "A-39",
            "PUT /visitors/3400",
            json!({"visitorInfo": {"active": false}}),
            200,
            json!({"response": {"visitorInfo": {"active": false}}}),
        ),
        get("A-39", "/visitors?limit=1", 200, json!({"response": [{"visitorId": {"id": 3400}}]})),
    ]);
}

#[test]
fn a_move_happens_when_it_is_archived() {
    let mut site = Site::new(json!({}));
    let ticket = |approved: bool, kind: u32, user: u32, room: Option<u32>| {
        let mut item = json!({"type": {"id": kind}, "user": {"id": user}});
        if let Some(room) = room {
            item["toRoom"] = json!({"id": room});
        }
        json!({"description": "transfer", "date": NOW, "approved": approved, "status": {"id": 10}, "items": [item], "comments": [{"content": "run 17"}]})
    };
    site.run(vec![
        row("D: 201", "POST /move/requests", ticket(true, 2, 5201, Some(8802)), 201,
            json!({"id": 1, "approved": true, "requester": {"id": 5000}, "completed": false, "items": [{"id": 1, "user": {"id": 5201}, "fromRoom": {"id": 8801}, "toRoom": {"id": 8802}, "toRoomAvailable": true}]})),
        get("D: only archived ones tell", "/move/requests/items/1", 200, json!({"itemType": "<absent>", "name": "Employee Move: Mira Okafor"})),
        get("K: nothing moved yet", "/users/5201?selector=room", 200, json!({"room": {"id": 8801}})),
        row("D", "POST /move/requests/1/archive", json!({}), 200, json!({"id": 1, "completed": true})),
        get("A-41", "/users/5201?selector=room", 200, json!({"room": {"id": 8802}})),
        get("D", "/move/requests", 200, json!([])),
        get("D", "/move/requests/1", 404, Value::Null),
        get("D", "/move/requests/archived/1", 200, json!({"id": 1})),
        get("D: of archived ones", "/move/requests/items/archived?requestId=1", 200, json!([{"itemType": "USER"}])),
        row("D: closed", "POST /move/requests/items/", json!({"request": {"id": 1}, "type": {"id": 3}, "user": {"id": 5202}}), 400, Value::Null),
        row("D", "POST /move/requests", ticket(false, 3, 5201, None), 201, json!({"id": 2})),
        row("A-41: unapproved", "POST /move/requests/2/archive", json!({}), 200, json!({"completed": false})),
        get("A-41", "/users/5201", 200, json!({"active": "<absent>"})),
        row("D", "POST /move/requests", ticket(true, 3, 5201, None), 201, json!({"id": 3})),
        row("D: id in the body only", "PUT /move/requests", json!({"id": 3, "description": "leaver"}), 200, json!({"description": "leaver"})),
        row("A-41: terminate", "POST /move/requests/3/archive", json!({}), 200, Value::Null),
        get("A-41", "/users/5201", 200, json!({"active": false})),
        get("A-41", "/users/5201?selector=room", 200, json!({"room": "<absent>"})),
        row("D: refused as a whole", "POST /move/requests", ticket(true, 2, 5202, None), 400, Value::Null),
        get("D", "/move/requests/count", 200, json!({"count": 0})),
        get("D", "/move/statuses", 200, json!([{"code": "pen"}, {"code": "apr"}, {"locked": true}, {"code": "0", "locked": false}])),
        get("D", "/move/requestTypes", 200, json!([{"typeCode": "new"}, {"typeCode": "move"}, {"typeCode": "terminate"}, {"typeCode": "move"}])),
    ]);
}

#[test]
fn small_resources() {
    let mut site = Site::new(json!({}));
    site.run(vec![
        row("D", "POST /contacts", json!({"anything": [1], "name": "Plumber"}), 201, json!({"id": 1, "anything": [1]})),
        row("A-10", "PUT /contacts/1", json!({"id": 1, "anything": null, "phone": "1"}), 200, json!({"anything": "<absent>", "phone": "1", "name": "Plumber"})),
        row("D", "POST /agreements", json!({"term": 3}), 400, Value::Null),
        row("D", "POST /agreements", json!({"type": "Lease", "term": 3}), 201, json!({"type": "Lease", "term": 3})),
        row("D: boolean in, text out", "POST /savedsearches", json!({"name": "Okafors", "availability": "EVERYONE", "matchingType": true,
            "itemClassName": "com.iofficeconnect.user.User", "filters": [{"propertyPath": "lastName", "qualifier": "CONTAINS", "valueString": "okafor"}]}), 201,
            json!({"id": 1, "matchingType": "ALL", "itemClass": {"name": "com.iofficeconnect.user.User"}})),
        get("D", "/savedsearches?searchType=user", 200, json!([{"id": 1}])),
        get("D: default asset", "/savedsearches", 200, json!([])),
        get("D", "/users?savedSearchId=1", 200, json!([{"id": 5201}])),
        row("D: 200", "POST /sftp/create", json!({"recipientName": "A", "recipientEmail": "a@b.example"}), 200, json!({"id": 1, "cancelled": false})),
        row("D", "PUT /sftp/1/cancel", json!({}), 200, json!({"cancelled": true})),
        get("D", "/sftp/enabled", 200, json!({"response": "site"})),
    ]);
}
