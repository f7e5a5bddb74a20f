//! Sites drawn from generated companies, and hand edits.

use lanyard_sim::{
    face::{Face, Inspect},
    ioffice::{IofficeFace, IofficeSettings},
    world::{Company, WorldSettings},
};
use serde_json::{Value, json};

use super::site::{NOW, SERVICE, Site, at, settings};

#[test]
fn a_generated_site_answers_as_the_company_says() {
    let company = Company::generate(&WorldSettings { people: 300, ..WorldSettings::default() });
    let drawn = &company.sites[0];
    let face = IofficeFace::from_world(drawn, settings(json!({})));
    let mut site = Site { face, now: company.settings.now.as_millisecond(), caller: SERVICE };
    let live = drawn.accounts.iter().filter(|account| account.active).count();
    assert_eq!(site.call("GET", "/users/count", &Value::Null).1, json!({ "count": live }));
    for kiosk in
        ["$@spacepaneldeviceuser@$", "$@wayfindingdeviceuser@$", "$@visitorpaneldeviceuser@$", "ioffice"]
    {
        let path = format!("/users/username/{kiosk}");
        assert_eq!(site.call("GET", &path, &Value::Null).1["available"], "false", "[D] {kiosk} is seeded");
    }
    let account = drawn.accounts.iter().find(|account| account.active && account.room.is_some()).unwrap();
    let (_, shown) = site.call(
        "GET",
        &format!("/users/{}?selector=userName,room(floor(building))", account.id),
        &Value::Null,
    );
    assert_eq!(shown["userName"], *account.user_name);
    assert!(shown["room"]["floor"]["building"]["code"].is_string(), "{shown}");
    // The country of an address is one of those that are listed (5).
    let (_, buildings) = site.call("GET", "/buildings?selector=address", &Value::Null);
    let (_, countries) = site.call("GET", "/countries", &Value::Null);
    for building in buildings.as_array().unwrap() {
        let country = &building["address"]["country"];
        let listed = countries.as_array().unwrap().iter().find(|row| row["id"] == country["id"]);
        let listed = listed.unwrap_or_else(|| panic!("{country} is not among {countries}"));
        assert_eq!((&listed["name"], &listed["alpha2Code"]), (&country["name"], &country["alpha2Code"]));
        assert_eq!(country["isoCode"].as_str().map(str::len), Some(3), "{country}");
    }
    // Sequential pages see every live account once.
    let mut seen = Vec::new();
    loop {
        let (_, page) = site.call(
            "GET",
            &format!("/users?limit=100&startAt={}&selector=email", seen.len()),
            &Value::Null,
        );
        let page: Vec<u64> = page.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect();
        let short = page.len() < 100;
        seen.extend(page);
        if short {
            break;
        }
    }
    assert_eq!(seen.len(), live);
    assert!(seen.is_sorted());
    let state = site.face.inspect(Inspect::State);
    for (kind, count) in [
        ("users", drawn.accounts.len()),
        ("rooms", drawn.rooms.len()),
        ("reservations", drawn.reservations.len()),
    ] {
        assert_eq!(state[kind].as_array().unwrap().len(), count, "{kind}");
    }
    let centers_of = |building: u32| {
        drawn
            .centers
            .iter()
            .filter(|center| center.module == "reservation" && center.buildings.contains(&building))
            .count()
    };
    assert!(
        drawn.buildings.iter().any(|building| centers_of(building.id) >= 2),
        "§15: two reservation centers on one building"
    );
}

#[test]
fn hand_edits_are_journaled_as_such() {
    let mut site = Site::new(json!({}));
    site.command(json!({"do": "edit_user", "user": 5201, "fields": {"room": 8802, "siteAdmin": true}}));
    let last = site.journal().pop().unwrap();
    assert_eq!(
        (&last["caller"]["name"], &last["method"], &last["path"]),
        (&json!("(page)"), &json!("COMMAND"), &json!("edit_user"))
    );
    assert_eq!((&last["before"]["room"]["id"], &last["after"]["room"]["id"]), (&json!(8801), &json!(8802)));
    site.command(json!({"do": "remove", "kind": "room", "id": 8802}));
    let (status, shown) = site.call("GET", "/users/5201?selector=room", &Value::Null);
    assert_eq!(
        (status, &shown["room"]),
        (200, &json!({"id": 8802})),
        "a removed room leaves a bare reference"
    );
    site.command(json!({"do": "call", "method": "PUT", "path": "/users/5202/permissions", "body": [{"role": "OPERATOR", "center": {"id": 62}}]}));
    assert_eq!(site.journal().pop().unwrap()["caller"]["name"], "(page)");
    let wrong = [
        (json!({"do": "dance"}), "dance"),
        (json!({"do": "edit_user", "user": 1234, "fields": {}}), "1234"),
        (json!({"do": "edit_user", "user": 5201, "fields": {"shoeSize": 9}}), "shoeSize"),
    ];
    for (command, word) in wrong {
        let text = site.face.command(&command, at(NOW)).unwrap_err();
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn odd_requests_never_panic() {
    let mut site = Site::new(json!({}));
    let bodies = [
        json!([]),
        json!("x"),
        json!(7),
        json!({"id": "x"}),
        json!({"room": 3}),
        json!({"centerId": -1, "ruleList": {}}),
        json!({"items": [3]}),
        json!({"startDate": i64::MIN, "endDate": i64::MAX, "allDay": true, "user": {"id": 5201}, "room": {"id": 8830}, "center": {"id": 61}}),
    ];
    let paths = [
        "/users",
        "/users/5201",
        "/users/-1",
        "/users/99999999999999",
        "/users/%ff%00",
        "/users/5201/permissions",
        "/rooms",
        "/reservations",
        "/reservations/1/cancel",
        "/move/requests",
        "/move/requests/items",
        "/neighborhoods/sections",
        "/visitors/registrations/preregister",
        "/centers/reservations/rules",
        "/savedsearches",
        "/rooms/types",
        "/centers/holidays",
        "/categories/items",
        "/users/quicksearch",
        "//",
        "/users/types/1",
        "/fields?selector=((((",
        "/users?startAt=18446744073709551615",
    ];
    for path in paths {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            for body in &bodies {
                let (status, answer) = site.call(method, path, body);
                assert!(status < 500, "{method} {path} {body}: {answer}");
            }
        }
    }
    drop(IofficeFace::empty(IofficeSettings::default()));
}
