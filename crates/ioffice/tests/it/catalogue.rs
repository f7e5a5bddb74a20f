//! The catalogue and the probe.

use lanyard_engine::ports::{Silent, Workplace};
use lanyard_ioffice::{CapabilityFlags, Flag};
use lanyard_model::id::{BuildingId, CenterId, FloorId, ItemId, RoomId, SectionId, UserTypeId};
use serde_json::json;

use crate::site::{Reply, Stage, ok, serve_list, settings, stage, stage_with};

fn furnish(s: &Stage) {
    serve_list(
        &s.site,
        "/buildings",
        vec![json!({"id": 310, "name": "Pier House", "code": "PIER", "location": {},
            "centers": [{"id": 61, "name": "Reservations", "module": "reservation"}, {"id": 64, "module": "copy"}]})],
    );
    serve_list(&s.site, "/floors", vec![json!({"id": 741, "name": "Level 2", "building": {"id": 310}})]);
    serve_list(&s.site, "/rooms/types", vec![json!({"id": 21, "name": "Workstation", "occupiable": true})]);
    serve_list(
        &s.site,
        "/rooms",
        vec![
            json!({"id": 8801, "name": "2-014", "type": {"id": 21, "name": "Workstation"}, "floor": {"id": 741},
                "capacity": 1, "users": [{"id": 5201}]}),
            json!({"id": 8830, "name": "Lighthouse", "type": {"id": 22, "name": "Conference", "occupiable": false},
                "floor": {"id": 741}, "capacity": 12, "reservable": true, "active": false}),
        ],
    );
    s.site.answer(|seen| {
        let module = seen.param("module").unwrap_or_default();
        Some(match (seen.line.as_str(), module) {
            ("GET /centers", "space") => ok(json!([{"id": 60, "name": "Space", "module": "space"}])),
            ("GET /centers", "reservation") => ok(json!([{"id": 61, "name": "Reservations", "module": "reservation"}])),
            ("GET /centers", "move") => Reply::Json(400, json!({"error": "invalid_request"})),
            ("GET /centers", _) => ok(json!([])),
            ("GET /neighborhoods", _) if seen.param("centerId") == Some("60") => {
                ok(json!([{"id": 41, "name": "Harbour"}]))
            }
            ("GET /neighborhoods/sections", _) => {
                ok(json!([
                    {"id": 231, "name": "East", "neighborhood": {"id": 41}, "floor": {"id": 741},
                     "rooms": [{"id": 8801, "name": "2-014"}, {"id": 8802}]},
                    {"id": 232, "name": "West", "neighborhood": {"id": 41}, "floor": {"id": 741}, "rooms": []}
                ]))
            }
            ("GET /categories", _) => ok(json!([{"id": 1, "name": "Cost center"}, {"id": 12, "name": "Access policy"}])),
            ("GET /categories/items", _) if seen.param("category") == Some("12") => ok(json!([
                {"id": 520, "name": "Executive floor", "code": "POL-EXEC", "category": {"id": 12}, "costCenterParent": {}}
            ])),
            ("GET /categories/items", _) => ok(json!([
                {"id": 409, "name": "Engineering", "category": {"id": 1}},
                {"id": 410, "name": "Platform", "category": {"id": 1}, "costCenterParent": {"id": 409}}
            ])),
            ("GET /users/types", _) => ok(json!([{"id": 1, "name": "Employee"}, {"id": 2, "name": "Contractors"}])),
            _ => return None,
        })
    });
}

#[tokio::test]
async fn everything_a_policy_can_name_is_read() {
    let s = stage();
    furnish(&s);
    let all = s.client.read_catalogue(&Silent).await.unwrap();
    assert_eq!(all.buildings[&BuildingId(310)].centers, [CenterId(61), CenterId(64)]);
    assert_eq!(all.room_path(RoomId(8801)), "Pier House / Level 2 / 2-014");
    let desk = &all.rooms[&RoomId(8801)];
    assert_eq!((desk.occupiable, desk.active, desk.occupants.len()), (true, true, 1));
    let room = &all.rooms[&RoomId(8830)];
    assert_eq!((room.occupiable, room.active, room.reservable, room.capacity), (false, false, true, 12));
    assert_eq!(all.centers.keys().map(|c| c.0).collect::<Vec<_>>(), [60, 61, 64]);
    assert_eq!(all.centers[&CenterId(61)].buildings, [BuildingId(310)]);
    assert_eq!(&*all.sections[&SectionId(231)].neighborhood_name, "Harbour");
    assert_eq!(all.sections[&SectionId(231)].floor, FloorId(741));
    let inside = all.section_rooms.clone().expect("it was asked for");
    assert_eq!(inside, [(SectionId(231), vec![RoomId(8801), RoomId(8802)])].into());
    assert_eq!(all.items[&ItemId(410)].parent, Some(ItemId(409)));
    assert_eq!(&*all.items[&ItemId(520)].category_name, "Access policy");
    assert_eq!(&*all.user_types[&UserTypeId(2)], "Contractors");
}

#[tokio::test]
async fn half_a_catalogue_is_an_error() {
    let s = stage();
    s.site.answer(|seen| (seen.line == "GET /rooms/count").then(|| ok(json!({"count": 3}))));
    furnish(&s);
    let error = s.client.read_catalogue(&Silent).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "iOffice acme did not answer usefully: GET /rooms: spaces cannot be read whole: 2 rows were read, but the target counted \
         3 before and 3 after"
    );
}

#[tokio::test]
async fn a_site_without_types_and_categories_is_read_and_a_missing_list_is_named() {
    const UNKNOWN: [&str; 4] =
        ["GET /rooms/types", "GET /users/types", "GET /categories", "GET /neighborhoods/sections"];
    let not_found = || Reply::Json(404, json!({"error": "not_found"}));
    let s = stage();
    s.site.answer(move |seen| UNKNOWN.contains(&seen.line.as_str()).then(not_found));
    furnish(&s);
    let all = s.client.read_catalogue(&Silent).await.unwrap();
    assert_eq!((all.user_types.len(), all.items.len(), all.sections.len()), (0, 0, 0));
    assert!(!all.rooms[&RoomId(8830)].occupiable, "what the space itself says counts");

    let s = stage();
    s.site.answer(move |seen| (seen.line == "GET /floors").then(not_found));
    furnish(&s);
    let error = s.client.read_catalogue(&Silent).await.unwrap_err().to_string();
    assert_eq!(error, "iOffice acme refused: 404 not_found: the site does not know GET /floors");
}

#[tokio::test]
async fn a_probe_says_what_is_wrong_and_the_fix() {
    let failing = |checks: Vec<lanyard_engine::ports::Check>| -> Vec<(String, bool)> {
        checks.into_iter().filter(|c| !c.ok || c.warning).map(|c| (c.name, c.fix.is_some())).collect()
    };
    let s = stage();
    s.site.then([Reply::Json(401, json!({"error": "unauthorized"}))]);
    assert_eq!(failing(s.client.probe().await), [("ioffice.credential".to_owned(), true)]);
    assert_eq!(s.site.seen().len(), 1);

    let mut all = settings();
    all.capabilities = CapabilityFlags { user_active_write: Flag::No, ..CapabilityFlags::default() };
    let s = stage_with(all);
    s.site.answer(|seen| {
        let me = json!({"id": 2, "userName": "lanyard-svc", "siteAdmin": false, "permissions": []});
        (seen.line == "GET /users/me").then(|| ok(me))
    });
    furnish(&s);
    serve_list(&s.site, "/users", vec![json!({"id": 2})]);
    serve_list(&s.site, "/reservations", vec![]);
    let names: Vec<String> = failing(s.client.probe().await).into_iter().map(|(n, _)| n).collect();
    assert_eq!(
        names,
        [
            "ioffice.rights",
            "ioffice.centers.visitor",
            "ioffice.rights.reservations",
            "ioffice.capability.user_active_write"
        ]
    );
}

#[tokio::test]
async fn a_sound_site_passes_the_probe_without_a_write() {
    let s = stage();
    s.site.answer(|seen| (seen.line == "GET /users/me").then(|| ok(json!({"id": 2, "siteAdmin": true}))));
    furnish(&s);
    serve_list(&s.site, "/users", vec![json!({"id": 2})]);
    serve_list(&s.site, "/reservations", vec![]);
    let checks = s.client.probe().await;
    assert!(checks.iter().all(|c| c.ok), "{checks:#?}");
    assert!(s.site.lines().iter().all(|line| line.starts_with("GET ")));
}
