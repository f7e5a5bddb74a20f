//! Users, groups and the log, by the contract's tables.

use lanyard_sim::{
    face::{Face, Inspect},
    okta::{OktaSettings, Spread},
};
use serde_json::json;

use super::desk::Desk;

/// A user in `status`, made by the shortest way.
fn in_status(desk: &mut Desk, name: &str, status: &str) -> String {
    let login = format!("{name}@northgate.example");
    match status {
        "STAGED" => return desk.person(name, "activate=false"),
        "PROVISIONED" => return desk.person(name, "activate=true"),
        _ => {}
    }
    let id = desk.employee(name);
    let path = |verb: &str| format!("/api/v1/users/{id}/lifecycle/{verb}");
    match status {
        "ACTIVE" => {}
        "SUSPENDED" => assert_eq!(desk.act("POST", &path("suspend")).status, 200),
        "DEPROVISIONED" => assert_eq!(desk.act("POST", &path("deactivate")).status, 200),
        "PASSWORD_EXPIRED" => assert_eq!(desk.act("POST", &path("expire_password")).status, 200),
        "RECOVERY" => assert_eq!(desk.act("POST", &path("reset_password?sendEmail=true")).status, 200),
        "LOCKED_OUT" => drop(desk.order(json!({ "do": "lock", "user": login }))),
        other => panic!("{other}"),
    }
    id
}

#[test]
fn status_machine() {
    const STATUSES: [&str; 8] = [
        "STAGED",
        "PROVISIONED",
        "ACTIVE",
        "PASSWORD_EXPIRED",
        "RECOVERY",
        "LOCKED_OUT",
        "SUSPENDED",
        "DEPROVISIONED",
    ];
    // One column per status above: where the call leads, or the refusal.
    let no = "403 E0000038";
    let bad = "400 E0000001";
    let on = "403 E0000016"; // 5.2: "if active"; "wrong status elsewhere" is the other.
    let gone = "DEPROVISIONED";
    let table: [(&str, [&str; 8]); 8] = [
        ("activate", ["PROVISIONED", no, on, no, no, no, no, "PROVISIONED"]),
        ("reactivate", [no, "PROVISIONED", no, no, "RECOVERY", no, no, no]),
        ("deactivate", [gone, gone, gone, gone, gone, gone, gone, no]),
        ("suspend", [bad, bad, "SUSPENDED", bad, bad, bad, bad, bad]),
        ("unsuspend", [bad, bad, bad, bad, bad, bad, "ACTIVE", bad]),
        ("unlock", [no, no, no, no, no, "ACTIVE", no, no]),
        ("expire_password", [no, no, "PASSWORD_EXPIRED", no, no, no, no, no]),
        (
            "reset_password?sendEmail=true",
            [no, "RECOVERY", "RECOVERY", "RECOVERY", "RECOVERY", "RECOVERY", no, no],
        ),
    ];
    let mut desk = Desk::exact();
    let mut number = 0;
    for (verb, row) in table {
        for (status, expected) in STATUSES.into_iter().zip(row) {
            number += 1;
            let id = in_status(&mut desk, &format!("p{number}"), status);
            let seen = desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/{verb}"));
            let found = if seen.status == 200 {
                desk.get(&format!("/api/v1/users/{id}")).body["status"].as_str().unwrap().to_owned()
            } else {
                seen.code()
            };
            assert_eq!(found, expected, "{verb} from {status}");
        }
    }
}

#[test]
fn delete_deactivates_first() {
    let mut desk = Desk::exact();
    let id = desk.employee("ines");
    let path = format!("/api/v1/users/{id}");
    assert_eq!(desk.act("DELETE", &path).status, 204);
    assert_eq!(desk.get(&path).body["status"], "DEPROVISIONED");
    assert_eq!(desk.act("DELETE", &path).status, 204);
    assert_eq!(desk.get(&path).code(), "404 E0000007");
    assert_eq!(desk.get(&path).body["errorSummary"], format!("Not found: Resource not found: {id} (User)"));
    // The login is free again, for somebody with another id.
    assert_ne!(desk.employee("ines"), id);
}

#[test]
fn a_second_delete_does_not_wait_for_the_end_of_the_first() {
    let slow = OktaSettings { transition: Spread::between(2_000, 2_000), ..OktaSettings::exact() };
    let mut desk = Desk::new(slow);
    for (name, method, tail, status) in
        [("ines", "POST", "/lifecycle/deactivate", 200), ("tomas", "DELETE", "", 204)]
    {
        let path = format!("/api/v1/users/{}", desk.employee(name));
        assert_eq!(desk.act(method, &format!("{path}{tail}")).status, status);
        assert_eq!(desk.get(&path).body["transitioningToStatus"], "DEPROVISIONED");
        assert_eq!(desk.act("DELETE", &path).status, 204);
        assert_eq!(desk.get(&path).code(), "404 E0000007", "5.2, O-27: at once after the second delete");
    }
    // The end that was planned finds nobody, also not who has the name now.
    let again = desk.employee("ines");
    desk.wait(2_000);
    assert_eq!(desk.get(&format!("/api/v1/users/{again}")).body["status"], "ACTIVE");
    let told = desk.face.log_summary();
    let gone = told.iter().filter(|line| line.starts_with("user.lifecycle.delete.initiated")).count();
    assert_eq!(gone, 2, "{told:?}");
}

#[test]
fn what_is_assigned_during_a_deactivation_ends_with_it() {
    let slow = OktaSettings { transition: Spread::between(2_000, 2_000), ..OktaSettings::exact() };
    let mut desk = Desk::new(slow);
    let app = desk.face.add_app("scim", "iOffice Workplace").to_string();
    let id = desk.employee("ines");
    let assigned = format!("/api/v1/apps/{app}/users/{id}");
    desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/deactivate"));
    assert_eq!(desk.post(&assigned, json!({})).status, 200);
    desk.wait(2_000);
    assert_eq!(desk.get(&format!("/api/v1/users/{id}")).body["status"], "DEPROVISIONED");
    assert_eq!(desk.get(&assigned).code(), "404 E0000007", "5.2: destroys all app assignments");
}

#[test]
fn refusals() {
    let mut desk = Desk::exact();
    let ines = desk.employee("ines");
    let group = desk.group("DEPT-Legal");
    let everyone = desk.get("/api/v1/groups?q=Everyone").column("/id")[0].clone();
    let imported = desk.face.add_imported_group("AD-Legal").to_string();
    let unknown = "00u00000000000000000";
    let named = |login: &str| json!({ "profile": { "login": login, "email": "x@northgate.example", "firstName": "A", "lastName": "B" } });
    let many: Vec<&str> = vec![&group; 21];
    let cases = [
        ("POST", "/api/v1/users".to_owned(), Some(named("INES@northgate.example")), "400 E0000001"),
        ("POST", "/api/v1/users".to_owned(), Some(named("abc")), "400 E0000001"),
        ("POST", "/api/v1/users".to_owned(), Some(json!({})), "400 E0000001"),
        ("POST", "/api/v1/users".to_owned(), None, "400 E0000003"),
        (
            "POST",
            "/api/v1/users".to_owned(),
            Some(json!({ "profile": named("n@northgate.example")["profile"], "groupIds": many })),
            "400 E0000093",
        ),
        (
            "POST",
            "/api/v1/users?nextLogin=changePassword".to_owned(),
            Some(named("n@northgate.example")),
            "400 E0000124",
        ),
        (
            "POST",
            format!("/api/v1/users/{ines}"),
            Some(json!({ "profile": { "shoeSize": "44" } })),
            "400 E0000001",
        ),
        (
            "POST",
            format!("/api/v1/users/{ines}"),
            Some(json!({ "profile": { "title": "\u{1F600}" } })),
            "400 E0000001",
        ),
        ("POST", format!("/api/v1/users/{ines}/lifecycle/reset_password"), None, "400 E0000028"),
        ("GET", format!("/api/v1/users/{unknown}/groups"), None, "404 E0000007"),
        ("GET", "/api/v1/users?search=shoeSize eq \"44\"".to_owned(), None, "400 E0000031"),
        ("GET", "/api/v1/users?search=status ne \"STAGED\"".to_owned(), None, "400 E0000031"),
        ("GET", "/api/v1/users?filter=profile.department eq \"x\"".to_owned(), None, "400 E0000094"),
        ("GET", "/api/v1/users?filter=status eq".to_owned(), None, "400 E0000053"),
        ("GET", "/api/v1/users?after=nonsense".to_owned(), None, "400 E0000001"),
        ("GET", "/api/v1/nothing".to_owned(), None, "404 E0000008"),
        ("PATCH", "/api/v1/users".to_owned(), Some(json!({})), "405 E0000022"),
        (
            "POST",
            "/api/v1/groups".to_owned(),
            Some(json!({ "profile": { "name": "DEPT-Legal" } })),
            "400 E0000001",
        ),
        ("DELETE", format!("/api/v1/groups/{everyone}"), None, "403 E0000006"),
        ("PUT", format!("/api/v1/groups/{everyone}/users/{ines}"), None, "403 E0000006"),
        ("PUT", format!("/api/v1/groups/{imported}/users/{ines}"), None, "403 E0000006"),
        ("PUT", format!("/api/v1/groups/{group}/users/{unknown}"), None, "404 E0000007"),
        ("GET", "/api/v1/logs?limit=1001".to_owned(), None, "400 E0000001"),
        ("GET", "/api/v1/logs?since=2025-01-01T00:00:00.000Z".to_owned(), None, "400 E0000053"),
        ("GET", "/api/v1/logs?filter=published gt \"x\"".to_owned(), None, "400 E0000031"),
        ("GET", "/api/v1/logs?since=yesterday".to_owned(), None, "400 E0000030"),
    ];
    for (method, path, body, expected) in cases {
        let seen = desk.call(method, &path, body);
        assert_eq!(seen.code(), expected, "{method} {path}: {}", seen.text);
        assert!(seen.header("x-okta-request-id").len() > 10 && !seen.header("date").is_empty());
    }
    for authorization in ["", "SSWS wrong", "Bearer eyJ"] {
        desk.authorization = authorization.to_owned();
        assert_eq!(desk.get("/api/v1/users").code(), "401 E0000011", "{authorization}");
    }
    // The vendor's Python client leaves the blank out.
    desk.authorization = "SSWSt0p".to_owned();
    assert_eq!(desk.get("/api/v1/users").status, 200);
}

#[test]
fn lists_page_and_hide_the_deactivated() {
    let mut desk = Desk::exact();
    let ids: Vec<String> = (0..7).map(|n| desk.employee(&format!("person{n}"))).collect();
    desk.act("POST", &format!("/api/v1/users/{}/lifecycle/deactivate", ids[3]));
    let first = desk.get("/api/v1/users?limit=2");
    let lines: Vec<&str> = first.headers.get_all("link").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(lines[0], "<https://northgate.okta.com/api/v1/users?limit=2>; rel=\"self\"");
    assert!(
        lines[1].starts_with("<https://northgate.okta.com/api/v1/users?after=")
            && lines[1].ends_with("rel=\"next\"")
    );

    let but = |skip: usize| [&ids[..skip], &ids[skip + 1..]].concat();
    assert_eq!(desk.walk("/api/v1/users?limit=2", "/id"), but(3));
    assert_eq!(desk.walk("/api/v1/users?limit=3", "/id"), but(3), "a full last page has no next");
    assert_eq!(desk.walk("/api/v1/users?filter=status eq \"DEPROVISIONED\"", "/id"), [ids[3].clone()]);
    assert_eq!(desk.walk("/api/v1/users?search=status pr&limit=3", "/id"), ids);
    assert_eq!(
        desk.walk("/api/v1/users?search=profile.department eq \"LEGAL\"&sortBy=profile.login&sortOrder=desc&limit=4", "/profile/firstName"),
        ["person6", "person5", "person4", "person3", "person2", "person1", "person0"]
    );
    assert_eq!(desk.get("/api/v1/users?q=PERSON3").column("/id"), [""; 0]);
    assert_eq!(desk.get("/api/v1/users?q=PERSON4").column("/id"), [ids[4].clone()]);

    // A delta by lastUpdated sees profile changes and not memberships.
    let group = desk.group("G");
    desk.wait(1000);
    let since = desk.now;
    desk.post(&format!("/api/v1/users/{}", ids[5]), json!({ "profile": { "title": "Clerk" } }));
    desk.act("PUT", &format!("/api/v1/groups/{group}/users/{}", ids[1]));
    let delta = format!("/api/v1/users?search=lastUpdated ge \"{since}\"&sortBy=lastUpdated");
    assert_eq!(desk.walk(&delta, "/id"), [ids[5].clone()]);

    // Cursors die after a day.
    let next = desk.get("/api/v1/users?limit=2").link("next").unwrap();
    desk.wait(86_400_001);
    assert_eq!(desk.get(&next).code(), "400 E0000001");
}

#[test]
fn updates_partial_and_whole() {
    let mut desk = Desk::exact();
    let id = desk.employee("ines");
    let path = format!("/api/v1/users/{id}");
    let etag = desk.get(&path).header("etag").to_owned();
    let seen = desk.post(&path, json!({ "profile": { "title": "Clerk", "department": null } }));
    assert_eq!(seen.body["profile"]["title"], "Clerk");
    assert_eq!(seen.body["profile"].get("department"), None);
    let whole = json!({ "profile": { "login": "ines.okafor@northgate.example", "email": "ines@northgate.example", "firstName": "Ines" } });
    let request = desk
        .request("PUT", &path, Some(&whole))
        .header("if-match", etag)
        .body(whole.to_string().into())
        .unwrap();
    assert_eq!(desk.send(request).status, 412, "the tag is old");
    let seen = desk.call("PUT", &path, Some(whole));
    assert_eq!(
        seen.body["profile"],
        json!({ "login": "ines.okafor@northgate.example", "firstName": "Ines", "email": "ines@northgate.example" })
    );
    assert_eq!(desk.get("/api/v1/users/ines@northgate.example").status, 404, "the old login is gone");
    for name in ["ines.okafor@northgate.example", "INES.OKAFOR@northgate.example", "ines.okafor"] {
        assert_eq!(desk.get(&format!("/api/v1/users/{name}")).id(), id);
    }
    assert_eq!(
        desk.get(&format!("/api/v1/users?search=id eq \"{id}\"&fields=id,profile:(login)")).body,
        json!([{ "id": id, "profile": { "login": "ines.okafor@northgate.example" } }])
    );
}

#[test]
fn events_of_each_operation() {
    let mut desk = Desk::exact();
    desk.face.add_app("scim", "iOffice Workplace");
    let group = desk.group("DEPT-Legal");
    desk.order(json!({ "do": "assign_group_to_app", "app": "iOffice Workplace", "group": "DEPT-Legal" }));
    let body = json!({ "profile": { "login": "tomas@northgate.example", "email": "tomas@northgate.example", "firstName": "T", "lastName": "L" }, "groupIds": [group] });
    let id = desk.post("/api/v1/users", body).id();
    let path = format!("/api/v1/users/{id}");
    desk.act("PUT", &format!("/api/v1/groups/{group}/users/{id}"));
    desk.post(&path, json!({ "profile": { "lastName": "Lind", "department": "Legal" } }));
    desk.post(&path, json!({ "profile": { "lastName": "Lind" } }));
    desk.act("POST", &format!("{path}/lifecycle/deactivate"));
    desk.act("POST", &format!("{path}/lifecycle/activate"));
    desk.act("DELETE", &path);
    desk.act("DELETE", &path);
    desk.act("DELETE", &format!("/api/v1/groups/{group}"));
    let who = "tomas@northgate.example";
    let app = format!("{who} iOffice Workplace {who}");
    assert_eq!(
        desk.face.log_summary(),
        [
            "group.lifecycle.create unknown".to_owned(),
            "group.application_assignment.add unknown iOffice Workplace".to_owned(),
            format!("user.lifecycle.create {who}"),
            format!("user.lifecycle.activate {who}"),
            format!("group.user_membership.add {who} unknown"),
            format!("application.user_membership.add {app}"),
            // The repeated add and the repeated profile write nothing.
            format!("user.account.update_profile {who}"),
            format!("application.user_membership.remove {app}"),
            format!("user.lifecycle.deactivate {who}"),
            format!("user.lifecycle.activate {who}"),
            format!("application.user_membership.add {app}"),
            format!("application.user_membership.remove {app}"),
            format!("user.lifecycle.deactivate {who}"),
            format!("user.lifecycle.delete.initiated {who}"),
            format!("user.lifecycle.delete.completed {who}"),
            "group.lifecycle.delete unknown".to_owned(),
        ]
    );
    let changed = desk.get("/api/v1/logs?filter=eventType eq \"user.account.update_profile\"");
    assert_eq!(changed.body[0]["debugContext"]["debugData"]["changedAttributes"], "lastName,department");
    assert_eq!(changed.body[0]["legacyEventType"], "core.user.config.profile_update.success");
    let journal = desk.face.inspect(Inspect::Journal);
    assert_eq!(journal[0]["kind"], "group");
    assert_eq!(
        desk.face.inspect(Inspect::Calls)["DELETE /api/v1/users/{id}"],
        json!({ "accepted": 2, "refused": 0, "throttled": 0, "faulted": 0 })
    );
}

#[test]
fn memberships() {
    let mut desk = Desk::exact();
    let id = desk.employee("ines");
    let groups: Vec<String> = (0..5).map(|n| desk.group(&format!("G{n}"))).collect();
    for group in &groups {
        assert_eq!(desk.act("PUT", &format!("/api/v1/groups/{group}/users/{id}")).status, 204);
    }
    let before = desk.get(&format!("/api/v1/users/{id}")).body["lastUpdated"].clone();
    desk.wait(5000);
    desk.act("DELETE", &format!("/api/v1/groups/{}/users/{id}", groups[2]));
    assert_eq!(desk.get(&format!("/api/v1/users/{id}")).body["lastUpdated"], before);
    assert_eq!(
        desk.get(&format!("/api/v1/groups/{}", groups[2])).body["lastMembershipUpdated"],
        "2026-05-04T08:00:05.000Z"
    );
    assert_eq!(
        desk.get(&format!("/api/v1/groups/{}", groups[1])).body["lastMembershipUpdated"],
        "2026-05-04T08:00:00.000Z"
    );
    let path = format!("/api/v1/users/{id}/groups?limit=2");
    assert_eq!(desk.walk(&path, "/profile/name"), ["Everyone", "G0", "G1", "G3", "G4"]);
    desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/deactivate"));
    assert_eq!(desk.walk(&path, "/profile/name").len(), 5, "deactivation keeps memberships");
    assert_eq!(desk.walk(&format!("/api/v1/groups/{}/users", groups[0]), "/status"), ["DEPROVISIONED"]);
}

#[test]
fn lists_lag_and_reads_by_id_do_not() {
    let lag = Spread::between(2000, 2000);
    let mut desk =
        Desk::new(OktaSettings { index_lag: lag, member_lag: lag, transition: lag, ..OktaSettings::exact() });
    let group = desk.group("G");
    let id = desk.employee("ines");
    let members = format!("/api/v1/groups/{group}/users");
    desk.act("PUT", &format!("{members}/{id}"));
    assert_eq!(desk.get(&format!("/api/v1/users/{id}")).status, 200);
    assert_eq!(desk.get("/api/v1/users").column("/id"), [""; 0]);
    assert_eq!(desk.get(&members).column("/id"), [""; 0]);
    assert_eq!(desk.get(&format!("/api/v1/users/{id}/groups")).column("/profile/name"), ["Everyone", "G"]);
    desk.wait(2000);
    assert_eq!(desk.get("/api/v1/users").column("/id"), std::slice::from_ref(&id));
    assert_eq!(desk.get(&members).column("/id"), std::slice::from_ref(&id));

    desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/deactivate"));
    let seen = desk.get(&format!("/api/v1/users/{id}"));
    assert_eq!(
        (&seen.body["status"], &seen.body["transitioningToStatus"]),
        (&json!("ACTIVE"), &json!("DEPROVISIONED"))
    );
    desk.wait(2000);
    assert_eq!(desk.get(&format!("/api/v1/users/{id}")).body["status"], "DEPROVISIONED");
    assert_eq!(desk.get("/api/v1/users").column("/id"), [id], "the list does not know yet");
    desk.wait(2000);
    assert_eq!(desk.get("/api/v1/users").column("/id"), [""; 0]);
}

#[test]
fn rules_move_people_in_two_halves() {
    let rule_delay = Spread::between(1000, 60_000);
    let mut desk = Desk::new(OktaSettings { rule_delay, ..OktaSettings::exact() });
    let id = desk.employee("ines");
    for department in ["Legal", "Sales"] {
        let group = desk.group(&format!("DEPT-{department}"));
        let rule = desk.post("/api/v1/groups/rules", json!({ "type": "group_rule", "name": department,
            "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": format!("user.department==\"{department}\"") } },
            "actions": { "assignUserToGroups": { "groupIds": [group] } } }));
        assert_eq!(rule.body["status"], "INACTIVE", "{}", rule.text);
        assert_eq!(
            desk.act("POST", &format!("/api/v1/groups/rules/{}/lifecycle/activate", rule.id())).status,
            204
        );
    }
    desk.wait(60_000);
    let groups = format!("/api/v1/users/{id}/groups");
    assert_eq!(desk.walk(&groups, "/profile/name"), ["Everyone", "DEPT-Legal"]);
    desk.post(&format!("/api/v1/users/{id}"), json!({ "profile": { "department": "Sales" } }));
    assert_eq!(
        desk.walk(&groups, "/profile/name"),
        ["Everyone", "DEPT-Legal"],
        "rules run in the background"
    );
    let mut sizes = Vec::new();
    for _ in 0..61 {
        desk.wait(1000);
        sizes.push(desk.walk(&groups, "/profile/name").len());
    }
    assert_eq!(desk.walk(&groups, "/profile/name"), ["Everyone", "DEPT-Sales"]);
    assert!(sizes.iter().any(|size| *size != 2), "neither or both for a while: {sizes:?}");
}

#[test]
fn the_log_polled_and_bounded() {
    let mut desk = Desk::exact();
    desk.order(json!({ "do": "log_delay", "seconds": 60 }));
    desk.employee("late");
    desk.order(json!({ "do": "log_delay", "seconds": 0 }));
    desk.wait(1000);
    desk.employee("prompt");
    let who = "/target/0/alternateId";
    let first = desk.get("/api/v1/logs?since=2026-05-04T07:50:00.000Z&sortOrder=ASCENDING&limit=1000");
    assert_eq!(first.column(who), ["prompt@northgate.example"; 2]);
    let next = first.link("next").unwrap();
    let empty = desk.get(&next);
    assert_eq!(
        (empty.body.as_array().unwrap().len(), empty.link("next").as_deref()),
        (0, Some(next.as_str())),
        "next never ends"
    );
    let window = "/api/v1/logs?since=2026-05-04T07:50:00.000Z&until=2026-05-04T09:00:00.000Z&limit=1";
    assert_eq!(desk.walk(window, who), ["prompt@northgate.example"; 2]);
    desk.wait(60_000);
    assert_eq!(desk.get(&next).column(who), ["late@northgate.example"; 2], "late events come to the poll");
    assert_eq!(
        desk.walk(window, who),
        [
            "late@northgate.example",
            "late@northgate.example",
            "prompt@northgate.example",
            "prompt@northgate.example"
        ]
    );
    let newest = desk.get("/api/v1/logs?sortOrder=DESCENDING&limit=1");
    assert_eq!(newest.column("/eventType"), ["user.lifecycle.activate"]);
    assert_eq!(desk.get("/api/v1/logs?q=LATE create").body.as_array().unwrap().len(), 1);
    assert_eq!(desk.get("/api/v1/logs?filter=eventType sw \"user.lifecycle\" and target.alternateId eq \"late@northgate.example\"").body.as_array().unwrap().len(), 2);
    for _ in 0..4 {
        // A token that is never used dies after thirty days, so this one is.
        desk.wait(23 * 86_400_000);
        assert_eq!(desk.get("/api/v1/groups").status, 200);
    }
    assert_eq!(
        desk.get("/api/v1/logs?since=2026-05-04T07:50:00.000Z&until=2026-12-01T00:00:00.000Z").body,
        json!([]),
        "retention"
    );
}
