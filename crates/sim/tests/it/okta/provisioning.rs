//! The org as SCIM client: every request of the contract's §13, by both kinds of app, against a small server that keeps
//! what it is told.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, Response};
use lanyard_sim::{
    face::{Face, OutgoingOutcome},
    okta::OktaSettings,
};
use serde_json::{Value, json};

use super::desk::Desk;

const APP: &str = "iOffice Workplace";

/// Status, headers and body of an answer.
type Given = (u16, Vec<(&'static str, &'static str)>, String);

/// A SCIM server: resources by id, and every request as a line.
#[derive(Default)]
struct Server {
    rows: BTreeMap<String, Value>,
    lines: Vec<String>,
    bodies: Vec<Value>,
    /// Answers to give first, whatever is asked.
    first: Vec<Given>,
}

impl Server {
    fn answer(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path_and_query().expect("a path").as_str().replace("/scim/v2/t", "");
        let path = path.replace("%20", " ").replace("%22", "\"").replace("%40", "@");
        self.lines.push(format!("{} {path}", request.method()));
        let body: Value = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        self.bodies.push(body.clone());
        if !self.first.is_empty() {
            let (status, headers, text) = self.first.remove(0);
            let mut builder = Response::builder().status(status);
            for (name, value) in headers {
                builder = builder.header(name, value);
            }
            return builder.body(text.into()).expect("a response");
        }
        let (place, query) = path.split_once('?').unwrap_or((&path, ""));
        let (kind, id) = place[1..].split_once('/').unwrap_or((&place[1..], ""));
        let (status, body) = match (request.method().as_str(), id) {
            ("GET", "") => {
                let wanted = query.split('"').nth(1).unwrap_or_default();
                let of_kind = self.rows.iter().filter(|(key, _)| key.starts_with(kind)).map(|(_, row)| row);
                let rows: Vec<&Value> = of_kind
                    .filter(|row| {
                        wanted.is_empty() || row["userName"] == wanted || row["displayName"] == wanted
                    })
                    .collect();
                (
                    200,
                    json!({ "totalResults": rows.len(), "startIndex": 1, "itemsPerPage": rows.len(), "Resources": rows }),
                )
            }
            ("POST", _) => {
                let id = format!("{kind}-{}", self.rows.len() + 1);
                let mut row = body;
                row["id"] = id.as_str().into();
                self.rows.insert(id, row.clone());
                (201, row)
            }
            ("DELETE", id) => {
                let gone = self.rows.remove(id).is_some();
                (if gone { 204 } else { 404 }, Value::Null)
            }
            (_, id) if !self.rows.contains_key(id) => {
                (404, json!({ "status": "404", "detail": "User not found" }))
            }
            ("GET", id) => (200, self.rows[id].clone()),
            ("PUT", id) => {
                self.rows.insert(id.to_owned(), body.clone());
                (200, body)
            }
            ("PATCH", id) => {
                let row = self.rows.get_mut(id).expect("a row");
                for operation in body["Operations"].as_array().into_iter().flatten() {
                    patch(row, operation);
                }
                (200, row.clone())
            }
            _ => (405, Value::Null),
        };
        let text = if body.is_null() { String::new() } else { body.to_string() };
        Response::builder().status(status).body(text.into()).expect("a response")
    }

    fn one(&self, kind: &str) -> &Value {
        let mut rows = self.rows.iter().filter(|(key, _)| key.starts_with(kind)).map(|(_, row)| row);
        let first = rows.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(rows.next().is_none(), "several {kind}");
        first
    }

    fn told(&mut self) -> Vec<String> {
        self.bodies.clear();
        std::mem::take(&mut self.lines)
    }
}

fn patch(row: &mut Value, operation: &Value) {
    let path = operation["path"].as_str().unwrap_or_default();
    let value = &operation["value"];
    let members = |row: &Value| row["members"].as_array().cloned().unwrap_or_default();
    match (operation["op"].as_str().expect("op"), path) {
        ("replace", "") => {
            for (name, value) in value.as_object().expect("an object") {
                row[name] = value.clone();
            }
        }
        ("replace", name) => row[name] = value.clone(),
        ("add", "members") => {
            let mut all = members(row);
            all.extend(value.as_array().expect("a list").iter().cloned());
            row["members"] = all.into();
        }
        ("remove", path) => {
            let wanted = path.split('"').nth(1).expect("a member");
            row["members"] = members(row).into_iter().filter(|member| member["value"] != wanted).collect();
        }
        other => panic!("{other:?}"),
    }
}

/// Carries requests to the server until nothing is left to say.
fn settle(desk: &mut Desk, server: &mut Server) {
    for _ in 0..1_000 {
        let outgoing = desk.wait(0);
        if outgoing.is_empty() {
            return;
        }
        for asked in outgoing {
            let headers = asked.request.headers();
            assert_eq!(headers["user-agent"], "Okta SCIM Client 1.0.0");
            assert_eq!(headers["content-type"], "application/scim+json; charset=utf-8");
            assert_eq!(headers["accept"], "application/scim+json; charset=utf-8");
            assert_eq!(headers["authorization"], "Bearer t0p-secret");
            let answer = server.answer(&asked.request);
            let outcome = OutgoingOutcome::Answered(answer);
            assert!(desk.face.outgoing_done(asked.token, outcome, desk.now).is_none());
        }
    }
    panic!("it never ends");
}

fn connect(settings: OktaSettings, style: &str, more: Value) -> (Desk, Server, String) {
    let mut desk = Desk::new(settings);
    let app = desk.face.add_app("scim", APP).to_string();
    let mut order = json!({ "do": "connect_scim", "app": APP, "url": "http://127.0.0.1:9/scim/v2/t/", "authorization": "Bearer t0p-secret", "style": style });
    for (name, value) in more.as_object().into_iter().flatten() {
        order[name] = value.clone();
    }
    desk.order(order);
    let mut server = Server::default();
    settle(&mut desk, &mut server);
    assert_eq!(
        server.told(),
        ["GET /Users?startIndex=1&count=2", "GET /Groups?startIndex=1&count=100"],
        "13.2: saving credentials"
    );
    (desk, server, app)
}

fn standing(desk: &Desk) -> Value {
    let state = desk.face.inspect(lanyard_sim::face::Inspect::State);
    let apps = state["apps"].as_array().expect("apps").clone();
    apps.into_iter().find(|app| app["label"] == APP).expect("the app")["scim"].clone()
}

fn ops(body: &Value) -> Vec<String> {
    let list = body["Operations"].as_array().expect("operations");
    list.iter()
        .map(|op| {
            let path = op["path"].as_str().map(|path| format!(" {path}")).unwrap_or_default();
            format!("{}{path} {}", op["op"].as_str().expect("op"), op["value"])
        })
        .collect()
}

#[test]
fn an_account_is_made_changed_ended_and_made_again() {
    for (style, change) in [("oin", vec!["PATCH /Users/Users-1"]), ("aiw", vec!["PUT /Users/Users-1"])] {
        let (mut desk, mut server, app) =
            connect(OktaSettings::exact(), style, json!({ "enterprise": true }));
        let id = desk.employee("ines");
        let held = format!("/api/v1/apps/{app}/users/{id}");
        let assigned = desk.post(&held, json!({ "scope": "USER" }));
        assert_eq!(
            (&assigned.body["status"], &assigned.body["syncState"]),
            (&json!("STAGED"), &json!("SYNCING"))
        );
        settle(&mut desk, &mut server);
        assert_eq!(
            server.lines,
            [
                "GET /Users?filter=userName eq \"ines@northgate.example\"&startIndex=1&count=100",
                "POST /Users"
            ],
            "13.2: assign"
        );
        let sent = server.bodies[1].clone();
        assert_eq!((&sent["externalId"], &sent["active"]), (&json!(id), &json!(true)), "13.3");
        assert!(sent["password"].is_string() && sent["groups"] == json!([]), "13.3");
        assert_eq!(
            sent["emails"][0],
            json!({ "primary": true, "value": "ines@northgate.example", "type": "work" })
        );
        let extension = &sent["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
        assert_eq!(extension["department"], "Legal", "13.3, mapped");
        server.told();
        let now = desk.get(&held);
        assert_eq!(
            (&now.body["status"], &now.body["syncState"], &now.body["externalId"]),
            (&json!("PROVISIONED"), &json!("SYNCHRONIZED"), &json!("Users-1"))
        );

        desk.post(&format!("/api/v1/users/{id}"), json!({ "profile": { "firstName": "Ina" } }));
        settle(&mut desk, &mut server);
        assert_eq!(server.told(), ["GET /Users/Users-1", "PUT /Users/Users-1"], "13.2: profile change");
        assert_eq!(server.one("Users")["name"]["givenName"], "Ina");

        for verb in ["suspend", "unsuspend"] {
            desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/{verb}"));
        }
        settle(&mut desk, &mut server);
        assert_eq!(server.told(), [""; 0], "13.2: suspension is not told");

        desk.act("DELETE", &held);
        settle(&mut desk, &mut server);
        let body = server.bodies.last().cloned().expect("a body");
        assert_eq!(server.told(), change, "13.2: unassign");
        match style {
            "oin" => assert_eq!(ops(&body), ["replace {\"active\":false}"], "13.3"),
            _ => assert_eq!(
                (&body["active"], &body["userName"]),
                (&json!(false), &json!("ines@northgate.example"))
            ),
        }
        assert_eq!(server.one("Users")["active"], false);
        desk.post(&held, json!({ "scope": "USER" }));
        settle(&mut desk, &mut server);
        assert_eq!(server.told(), change, "13.2: re-assign");
        assert_eq!(server.one("Users")["active"], true);

        desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/deactivate"));
        settle(&mut desk, &mut server);
        assert_eq!(server.told(), change, "13.2: deactivate");
        desk.act("DELETE", &format!("/api/v1/users/{id}"));
        settle(&mut desk, &mut server);
        assert_eq!(server.told(), [""; 0], "13.2: deletion is not told");

        let told =
            desk.get("/api/v1/logs?filter=eventType sw \"application.provision\"").column("/eventType");
        let word = |name: &str| format!("application.provision.user.{name}");
        assert_eq!(told, ["push", "push_profile", "deactivate", "reactivate", "deactivate"].map(word), "§11");
    }
}

#[test]
fn who_is_there_already_is_linked() {
    let (mut desk, mut server, app) = connect(OktaSettings::exact(), "oin", json!({}));
    let row =
        json!({ "id": "Users-7", "userName": "ines@northgate.example", "title": "Kept", "active": false });
    server.rows.insert("Users-7".to_owned(), row);
    let id = desk.employee("ines");
    desk.post(&format!("/api/v1/apps/{app}/users/{id}"), json!({}));
    settle(&mut desk, &mut server);
    assert_eq!(server.lines[1..], ["PUT /Users/Users-7"], "13.2: found");
    let row = server.one("Users");
    assert_eq!((&row["externalId"], &row["active"]), (&json!(id), &json!(true)));
}

#[test]
fn groups_are_pushed_in_every_form() {
    for style in ["oin", "aiw"] {
        for paths in [false, true] {
            let (mut desk, mut server, app) =
                connect(OktaSettings::exact(), style, json!({ "patch_paths": paths }));
            let (ines, tomas) = (desk.employee("ines"), desk.employee("tomas"));
            desk.post(&format!("/api/v1/apps/{app}/users/{ines}"), json!({}));
            let group = desk.group("DEPT-Facilities");
            let member = |id: &str| format!("/api/v1/groups/{group}/users/{id}");
            for id in [&ines, &tomas] {
                desk.act("PUT", &member(id));
            }
            settle(&mut desk, &mut server);
            server.told();
            let mappings = format!("/api/v1/apps/{app}/group-push/mappings");
            let asked = json!({ "sourceGroupId": group, "targetGroupName": "DEPT-Facilities" });
            let mapping = desk.post(&mappings, asked).id();
            settle(&mut desk, &mut server);
            let write = if style == "oin" { "PATCH /Groups/Groups-2" } else { "PUT /Groups/Groups-2" };
            let last = server.bodies.last().cloned().expect("a body");
            assert_eq!(
                server.told(),
                ["GET /Groups?filter=displayName eq \"DEPT-Facilities\"", "POST /Groups", write],
                "13.4: push new group"
            );
            let ines_only = json!([{ "value": "Users-1", "display": "ines@northgate.example" }]);
            assert_eq!(server.one("Groups")["members"], ines_only, "13.4: only who is assigned");
            if style == "oin" {
                let members = if paths {
                    format!("replace members {ines_only}")
                } else {
                    format!("replace {{\"members\":{ines_only}}}")
                };
                assert_eq!(ops(&last)[1], members);
            }

            // Who is assigned later is pushed with the new account.
            desk.post(&format!("/api/v1/apps/{app}/users/{tomas}"), json!({}));
            settle(&mut desk, &mut server);
            let last = server.bodies.last().cloned().expect("a body");
            assert_eq!(server.one("Groups")["members"].as_array().map(Vec::len), Some(2));
            if style == "oin" {
                assert_eq!(
                    ops(&last),
                    [
                        "replace {\"id\":\"Groups-2\",\"displayName\":\"DEPT-Facilities\"}".to_owned(),
                        "add members [{\"value\":\"Users-3\",\"display\":\"tomas@northgate.example\"}]"
                            .to_owned()
                    ],
                    "13.4: add"
                );
            }
            server.told();
            desk.act("DELETE", &member(&tomas));
            settle(&mut desk, &mut server);
            let last = server.bodies.last().cloned().expect("a body");
            assert_eq!(server.told(), [write], "13.4: remove");
            assert_eq!(server.one("Groups")["members"], ines_only);
            if style == "oin" {
                assert_eq!(ops(&last)[1], "remove members[value eq \"Users-3\"] null", "13.4");
            }

            desk.call(
                "PUT",
                &format!("/api/v1/groups/{group}"),
                Some(json!({ "profile": { "name": "DEPT-Premises" } })),
            );
            settle(&mut desk, &mut server);
            assert_eq!(server.told(), [write], "13.4: rename");
            assert_eq!(server.one("Groups")["displayName"], "DEPT-Premises");

            desk.act("DELETE", &member(&ines));
            settle(&mut desk, &mut server);
            desk.order(json!({ "do": "push_now", "app": APP, "group": "DEPT-Premises" }));
            server.told();
            settle(&mut desk, &mut server);
            let last = server.bodies.last().cloned().expect("a body");
            assert_eq!(server.told(), [write], "13.4: push now");
            assert_eq!(server.one("Groups")["members"], json!([]), "13.4: also with []");
            if style == "oin" {
                let empty = if paths { "replace members []" } else { "replace {\"members\":[]}" };
                assert_eq!(ops(&last)[1], empty);
            }

            desk.call("PATCH", &format!("{mappings}/{mapping}"), Some(json!({ "status": "INACTIVE" })));
            desk.act("DELETE", &format!("{mappings}/{mapping}?deleteTargetGroup=true"));
            settle(&mut desk, &mut server);
            assert_eq!(server.told(), ["DELETE /Groups/Groups-2"], "13.4: unlink and delete");
            assert_eq!(standing(&desk)["failed"], json!([]));
        }
    }
}

#[test]
fn refusals_waits_and_silence() {
    let (mut desk, mut server, app) = connect(OktaSettings::exact(), "oin", json!({}));
    let id = desk.employee("ines");
    let held = format!("/api/v1/apps/{app}/users/{id}");
    // 13.1: integer seconds are waited for, a date or nothing is five minutes, doubling on repeats.
    server.first = vec![
        (429, vec![("retry-after", "7")], String::new()),
        (429, vec![("retry-after", "7")], String::new()),
        (429, vec![("retry-after", "Mon, 04 May 2026 09:00:00 GMT")], String::new()),
    ];
    desk.post(&held, json!({}));
    settle(&mut desk, &mut server);
    for (wait, requests) in [(6_999, 1), (1, 2), (13_999, 2), (1, 3), (1_199_999, 3)] {
        desk.now += jiff::SignedDuration::from_millis(wait);
        settle(&mut desk, &mut server);
        assert_eq!(server.lines.len(), requests, "after {wait} ms more");
    }
    desk.now += jiff::SignedDuration::from_millis(1);
    settle(&mut desk, &mut server);
    assert_eq!(desk.get(&held).body["syncState"], "SYNCHRONIZED");

    // O-19: a 5xx waits for an administrator; what is no JSON, and an empty answer to a creation, count as failures.
    for (status, text, why) in [
        (500, "", "HTTP 500: no detail"),
        (200, "<html>", "HTTP 200: the body is not JSON"),
        (401, "{\"status\":\"401\",\"detail\":\"the token is wrong\"}", "HTTP 401: the token is wrong"),
    ] {
        server.first = vec![(status, Vec::new(), text.to_owned())];
        desk.post(
            &format!("/api/v1/users/{id}"),
            json!({ "profile": { "title": format!("T{status}{text}") } }),
        );
        settle(&mut desk, &mut server);
        let failed = standing(&desk)["failed"].clone();
        assert_eq!((&failed[0]["work"], &failed[0]["why"]), (&json!("profile"), &json!(why)));
        assert_eq!(desk.get(&held).body["syncState"], "ERROR", "§8: ERROR is a failed provisioning");
        assert_eq!(desk.order(json!({ "do": "retry_provisioning", "app": APP })), json!({ "tasks": 1 }));
        settle(&mut desk, &mut server);
        assert_eq!(desk.get(&held).body["syncState"], "SYNCHRONIZED");
    }
    let told = desk.get("/api/v1/logs?filter=eventType eq \"application.provision.user.push_profile\" and outcome.result eq \"FAILURE\"");
    assert_eq!(told.column("/outcome/reason").len(), 3, "§11: FAILURE = our server refused");

    // The other reading of O-19: once more by itself, and so a POST may arrive twice.
    desk.order(json!({ "do": "settings", "settings": { "scim_retries": 1 } }));
    let other = desk.employee("tomas");
    server.told();
    desk.post(&format!("/api/v1/apps/{app}/users/{other}"), json!({}));
    let find = desk.wait(0).remove(0);
    let answer = server.answer(&find.request);
    desk.face.outgoing_done(find.token, OutgoingOutcome::Answered(answer), desk.now);
    let post = desk.wait(0).remove(0);
    server.answer(&post.request);
    desk.face.outgoing_done(post.token, OutgoingOutcome::TimedOut, desk.now);
    settle(&mut desk, &mut server);
    assert_eq!(server.told()[1..], ["POST /Users", "POST /Users"], "trap 41");
}

#[test]
fn parallel_changes_deletes_and_imports() {
    // O-20: changes of one group leave at once, or one by one.
    for (parallel, expected) in [(true, 2), (false, 1)] {
        let settings = OktaSettings { scim_parallel: parallel, ..OktaSettings::exact() };
        let (mut desk, mut server, app) = connect(settings, "oin", json!({}));
        let people = ["ines", "tomas"].map(|name| desk.employee(name));
        for id in &people {
            desk.post(&format!("/api/v1/apps/{app}/users/{id}"), json!({}));
        }
        let group = desk.group("DEPT-Facilities");
        desk.post(
            &format!("/api/v1/apps/{app}/group-push/mappings"),
            json!({ "sourceGroupId": group, "targetGroupName": "x" }),
        );
        settle(&mut desk, &mut server);
        for id in &people {
            desk.act("PUT", &format!("/api/v1/groups/{group}/users/{id}"));
        }
        assert_eq!(desk.wait(0).len(), expected, "O-20: {parallel}");
    }
    // O-21: the end of an assignment, with and without DELETE; and by hand.
    for (deletes, expected) in [(false, vec!["PATCH"]), (true, vec!["PATCH", "DELETE"])] {
        let settings = OktaSettings { scim_deletes: deletes, ..OktaSettings::exact() };
        let (mut desk, mut server, app) = connect(settings, "oin", json!({}));
        let id = desk.employee("ines");
        let held = format!("/api/v1/apps/{app}/users/{id}");
        desk.post(&held, json!({}));
        settle(&mut desk, &mut server);
        server.told();
        desk.act("DELETE", &held);
        settle(&mut desk, &mut server);
        let verbs: Vec<String> =
            server.told().iter().map(|line| line.split(' ').next().expect("a verb").to_owned()).collect();
        assert_eq!(verbs, expected, "O-21");
        if !deletes {
            desk.order(json!({ "do": "delete_in_scim", "app": APP, "user": id }));
            settle(&mut desk, &mut server);
            assert_eq!(server.told(), ["DELETE /Users/Users-1"], "13.6");
        }
        assert!(server.rows.is_empty());
        let told = desk.get("/api/v1/logs?filter=eventType eq \"application.provision.user.delete\"");
        assert_eq!(told.body[0]["debugContext"]["debugData"]["deprovisioning_action"], "delete", "13.6");
        // Somebody deleted is new again.
        desk.post(&held, json!({}));
        settle(&mut desk, &mut server);
        assert_eq!(server.told()[1], "POST /Users");
    }
    // Who was assigned before the server was connected, and an import of what is there.
    let (mut desk, mut server, app) = connect(OktaSettings::exact(), "oin", json!({ "passwords": true }));
    let id = desk.employee("ines");
    desk.post(&format!("/api/v1/apps/{app}/users/{id}"), json!({}));
    settle(&mut desk, &mut server);
    assert_eq!(desk.order(json!({ "do": "provision_everybody", "app": APP })), json!({ "people": 0 }));
    desk.order(json!({ "do": "import_from_scim", "app": APP }));
    server.told();
    settle(&mut desk, &mut server);
    assert_eq!(
        server.told(),
        ["GET /Users?startIndex=1&count=100", "GET /Groups?startIndex=1&count=100"],
        "13.2"
    );
    assert_eq!(standing(&desk)["imported"], json!({ "users": 1, "groups": 0 }));
    desk.post(
        &format!("/api/v1/users/{id}"),
        json!({ "credentials": { "password": { "value": "N3w-horse!" } } }),
    );
    settle(&mut desk, &mut server);
    assert_eq!(server.bodies.last().map(ops), Some(vec!["replace {\"password\":\"N3w-horse!\"}".to_owned()]));
    for (order, why) in [
        (json!({ "do": "connect_scim", "app": APP, "url": "ftp://x" }), "must be http or https"),
        (
            json!({ "do": "connect_scim", "app": APP, "url": "http://x", "style": "odd" }),
            "must be oin or aiw",
        ),
        (json!({ "do": "push_now", "app": APP, "group": "Everyone" }), "the group is not pushed"),
        (json!({ "do": "push_now", "app": "None", "group": "Everyone" }), "there is no app `None`"),
    ] {
        let said = desk.face.command(&order, desk.now).expect_err("refused");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_pushed_group_is_called_what_the_mapping_says() {
    let (mut desk, mut server, app) = connect(OktaSettings::exact(), "oin", json!({}));
    let group = desk.group("DEPT-Facilities");
    let mappings = format!("/api/v1/apps/{app}/group-push/mappings");
    let ask = |target: Value| {
        let mut body = target;
        body["sourceGroupId"] = json!(group);
        body
    };
    // A name of its own: looked for, created, and kept when the source group is renamed.
    let made = desk.post(&mappings, ask(json!({ "targetGroupName": "Facilities \"HQ\"" })));
    assert_eq!(made.status, 201, "{}", made.text);
    settle(&mut desk, &mut server);
    assert!(server.lines[0].contains("displayName eq \"Facilities %5C\"HQ%5C\"\""), "{:?}", server.lines);
    assert_eq!(server.one("Groups")["displayName"], "Facilities \"HQ\"");
    server.told();
    let renamed = json!({ "profile": { "name": "DEPT-Premises" } });
    desk.call("PUT", &format!("/api/v1/groups/{group}"), Some(renamed));
    settle(&mut desk, &mut server);
    assert_eq!(server.told(), [""; 0], "the name is the mapping's");
    desk.order(json!({ "do": "push_now", "app": APP, "group": "DEPT-Premises" }));
    settle(&mut desk, &mut server);
    assert_eq!(server.one("Groups")["displayName"], "Facilities \"HQ\"");

    // An existing group, by the id of the group that stands for it.
    let (mut desk, mut server, app) = connect(OktaSettings::exact(), "aiw", json!({}));
    let (group, linked) = (desk.group("DEPT-Facilities"), desk.face.add_imported_group("Facilities there"));
    server.rows.insert("Groups-9".into(), json!({ "id": "Groups-9", "displayName": "Facilities there" }));
    let mappings = format!("/api/v1/apps/{app}/group-push/mappings");
    let link = |target: &str| json!({ "sourceGroupId": group, "targetGroupId": target });
    let made = desk.post(&mappings, link(linked.as_str()));
    assert_eq!((made.status, &made.body["targetGroupId"]), (201, &json!(linked.as_str())), "{}", made.text);
    settle(&mut desk, &mut server);
    assert_eq!(server.told()[1..], ["PUT /Groups/Groups-9"], "linked, not made");
    for (body, code) in [
        (link("00gnobodyknowsthis0"), "404 E0000007"),
        (json!({ "sourceGroupId": group }), "400 E0000001"),
        (
            json!({ "sourceGroupId": group, "targetGroupId": linked.as_str(), "targetGroupName": "x" }),
            "400 E0000001",
        ),
        (json!({ "sourceGroupId": "00gnobodyknowsthis0", "targetGroupName": "x" }), "404 E0000007"),
        (json!({ "targetGroupName": "x" }), "400 E0000001"),
        (json!({ "sourceGroupId": 7, "targetGroupName": "x" }), "400 E0000001"),
    ] {
        assert_eq!(desk.post(&mappings, body.clone()).code(), code, "{body}");
    }
    // A refused deletion leaves the mapping where it was.
    let own = format!("{mappings}/{}", made.id());
    assert_eq!(desk.call("PATCH", &own, Some(json!({ "status": "INACTIVE" }))).status, 200);
    assert_eq!(desk.act("DELETE", &format!("{own}?deleteTargetGroup=maybe")).code(), "400 E0000001");
    assert_eq!(desk.get(&own).status, 200);
    assert_eq!(desk.act("DELETE", &format!("{own}?deleteTargetGroup=false")).status, 204);
    assert_eq!(desk.get(&own).code(), "404 E0000007");
}

#[test]
fn many_failures_and_members_are_no_quadratic_work() {
    const PEOPLE: usize = 1_500;
    let (mut desk, _, app) = connect(OktaSettings::exact(), "oin", json!({}));
    let group = desk.group("All hands");
    for place in 0..PEOPLE {
        let id = desk.employee(&format!("p{place}"));
        desk.post(&format!("/api/v1/apps/{app}/users/{id}"), json!({}));
    }
    // Nobody answers; then an administrator tries everything again, twice.
    let refuse = |desk: &mut Desk| -> usize {
        let outgoing = desk.wait(0);
        for asked in &outgoing {
            let outcome = OutgoingOutcome::Failed("refused".to_owned());
            desk.face.outgoing_done(asked.token, outcome, desk.now);
        }
        outgoing.len()
    };
    assert_eq!(refuse(&mut desk), PEOPLE);
    for _ in 0..2 {
        let tasks = desk.order(json!({ "do": "retry_provisioning", "app": APP }));
        assert_eq!(tasks, json!({ "tasks": PEOPLE }));
        assert_eq!(refuse(&mut desk), PEOPLE);
    }
    let failed = standing(&desk)["failed"].as_array().map(Vec::len);
    assert_eq!((failed, &standing(&desk)["done"]), (Some(PEOPLE), &json!(1)), "the check went well");
    // One group with everybody: each change is a task of the same group.
    desk.order(json!({ "do": "retry_provisioning", "app": APP }));
    let mut server = Server::default();
    settle(&mut desk, &mut server);
    let asked = json!({ "sourceGroupId": group, "targetGroupName": "All hands" });
    desk.post(&format!("/api/v1/apps/{app}/group-push/mappings"), asked);
    settle(&mut desk, &mut server);
    let members = desk.face.inspect(lanyard_sim::face::Inspect::State);
    let everybody = members["users"].as_array().expect("users").clone();
    for person in &everybody {
        let id = person["id"].as_str().expect("an id");
        desk.act("PUT", &format!("/api/v1/groups/{group}/users/{id}"));
    }
    let adds = desk.wait(0);
    assert_eq!(adds.len(), PEOPLE, "O-20: at once");
    for add in adds {
        let answer = Response::builder().status(204).body(Bytes::new()).expect("a response");
        desk.face.outgoing_done(add.token, OutgoingOutcome::Answered(answer), desk.now);
    }
    assert_eq!(standing(&desk)["open"], 0);
}
