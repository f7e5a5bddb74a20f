//! The same session under every preset: what a careful client relies on holds under each, and what differs is told.

use http::Request;
use jiff::{SignedDuration, Timestamp};
use lanyard_sim::{
    face::{Face, Handled, Reply},
    ioffice::{IofficeFace, IofficeSettings},
    okta::{OktaFace, OktaSettings, Role},
    world::{Accounts, Company, WorldSettings},
};
use serde_json::{Value, json};

const PRESETS: [&str; 4] = ["default", "strict", "lenient", "hostile"];

/// A face and a client that is patient: it waits out limits, and reads until what it wrote shows.
struct Patient {
    face: Box<dyn Face>,
    now: Timestamp,
    base: &'static str,
    headers: Vec<(&'static str, &'static str)>,
}

impl Patient {
    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.face.advance(self.now);
    }

    fn once(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value, Vec<String>) {
        let path = path.replace(' ', "%20").replace('"', "%22");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let bytes = if body.is_null() { String::new() } else { body.to_string() };
        if !body.is_null() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(bytes.into()).expect("a request");
        let Handled::Reply(Reply { response, .. }) = self.face.handle(request, self.now) else {
            panic!("{method} {path} waits")
        };
        let links = response.headers().get_all("link").iter();
        let links = links.map(|link| link.to_str().expect("text").to_owned()).collect();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(response.body()).unwrap_or(Value::Null), links)
    }

    fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        for _ in 0..100 {
            let (status, answer, _) = self.once(method, path, &body);
            if status != 429 {
                return (status, answer);
            }
            self.wait(1);
        }
        panic!("{method} {path} is throttled for ever")
    }

    fn get(&mut self, path: &str) -> Value {
        let (status, answer) = self.call("GET", path, Value::Null);
        assert_eq!(status, 200, "GET {path}: {answer}");
        answer
    }

    fn until(&mut self, what: &str, mut good: impl FnMut(&mut Self) -> bool) {
        for _ in 0..1000 {
            if good(self) {
                return;
            }
            self.wait(1);
        }
        panic!("{what}: not after 1000 s")
    }

    /// Every row, page by page, until there is no `next` or a page is empty.
    fn all(&mut self, path: &str) -> Vec<Value> {
        let (mut rows, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(url) = next {
            let (status, page, links) = self.once("GET", &url, &Value::Null);
            if status == 429 {
                self.wait(1);
                next = Some(url);
                continue;
            }
            assert_eq!(status, 200, "{url}: {page}");
            let page = page.as_array().expect("a list").clone();
            let link = links.iter().find(|link| link.ends_with("rel=\"next\""));
            let to = link.and_then(|link| link[1..].split_once('>')).map(|(url, _)| url.to_owned());
            next = to
                .filter(|_| !page.is_empty())
                .map(|url| url[url.find("/api").expect("a path")..].to_owned());
            rows.extend(page);
        }
        rows
    }
}

fn okta(preset: &str) -> Patient {
    let company = Company::generate(&WorldSettings { people: 70, ..WorldSettings::default() });
    let settings = OktaSettings::preset(preset).expect("a preset");
    let mut face = OktaFace::from_world(settings, &company.orgs[0], company.settings.now);
    face.add_api_token("t0p", "tests", None, Role::Super);
    let headers =
        vec![("host", "northgate.okta.com"), ("authorization", "SSWS t0p"), ("accept", "application/json")];
    Patient { face: Box::new(face), now: company.settings.now, base: "", headers }
}

#[test]
fn an_identity_comes_moves_and_goes_under_every_okta_preset() {
    for preset in PRESETS {
        let mut org = okta(preset);
        let began = org.now;
        let profile = json!({ "login": "ines.proof@northgate.example", "email": "ines.proof@northgate.example", "firstName": "Ines", "lastName": "Proof" });
        let body = json!({ "profile": profile, "credentials": { "password": { "value": "correct horse" } } });
        let (status, user) = org.call("POST", "/api/v1/users", body);
        assert_eq!((status, &user["status"]), (200, &json!("ACTIVE")), "{preset}");
        let id = user["id"].as_str().expect("an id").to_owned();
        let path = format!("/api/v1/users/{id}");
        let (_, group) = org.call("POST", "/api/v1/groups", json!({ "profile": { "name": "Presets" } }));
        let group = group["id"].as_str().expect("an id").to_owned();
        let member = format!("/api/v1/groups/{group}/users/{id}");
        assert_eq!(org.call("PUT", &member, Value::Null).0, 204, "{preset}");

        let holds = |rows: Vec<Value>, id: &str| rows.iter().any(|row| row["id"] == id);
        org.until("own groups", |org| holds(org.all(&format!("{path}/groups")), &group));
        org.until("members", |org| holds(org.all(&format!("/api/v1/groups/{group}/users?limit=1")), &id));
        org.until("list", |org| holds(org.all("/api/v1/users?limit=10"), &id));
        let search = "/api/v1/users?search=profile.login eq \"INES.proof@northgate.example\"";
        org.until("search", |org| holds(org.all(search), &id));

        for (verb, wanted) in
            [("suspend", "SUSPENDED"), ("unsuspend", "ACTIVE"), ("deactivate", "DEPROVISIONED")]
        {
            let (status, answer) = org.call("POST", &format!("{path}/lifecycle/{verb}"), Value::Null);
            assert_eq!(status, 200, "{preset} {verb}: {answer}");
            org.until(verb, |org| org.get(&path)["status"] == wanted);
        }
        // A leaver stays a member and leaves the default list.
        org.until("the default list", |org| !holds(org.all("/api/v1/users?limit=200"), &id));
        assert!(holds(org.all(&format!("/api/v1/groups/{group}/users")), &id), "{preset}");

        let since = began.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        let wanted = [
            "user.lifecycle.create",
            "group.user_membership.add",
            "user.lifecycle.suspend",
            "user.lifecycle.unsuspend",
            "user.lifecycle.deactivate",
        ];
        org.until("the log", |org| {
            let events = org.all(&format!("/api/v1/logs?since={since}&sortOrder=ASCENDING&limit=5"));
            let about = events.iter().filter(|event| {
                event["target"]
                    .as_array()
                    .is_some_and(|targets| targets.iter().any(|target| target["id"] == *id))
            });
            let told: Vec<&str> = about.filter_map(|event| event["eventType"].as_str()).collect();
            wanted.iter().all(|kind| told.contains(kind))
        });
        let (status, _) = org.call("DELETE", &path, Value::Null);
        assert_eq!(status, 204, "{preset}");
        org.until("the end", |org| org.call("GET", &path, Value::Null).0 == 404);
    }
}

#[test]
fn an_account_is_made_seated_booked_and_ended_under_every_ioffice_preset() {
    // What each reading does to the three writes on which the published contract is silent.
    for (preset, inactive_write, section_write, after_delete) in [
        ("default", 200, 200, "inactive"),
        ("strict", 400, 400, "inactive"),
        ("lenient", 200, 200, "inactive"),
        ("hostile", 200, 200, "404"),
    ] {
        let world = WorldSettings { people: 70, accounts: Accounts::Tidy, ..WorldSettings::default() };
        let company = Company::generate(&world);
        let site = &company.sites[0];
        let settings = IofficeSettings::preset(preset).expect("a preset");
        let headers = vec![("x-auth-username", "lanyard.sync"), ("x-auth-password", "lanyard-local")];
        let face = Box::new(IofficeFace::from_world(site, settings));
        let mut site_face = Patient { face, now: world.now, base: "/external/api/rest/v2", headers };
        let it = &mut site_face;

        let before = it.get("/users/count")["count"].as_u64().expect("a count");
        let person = json!({ "firstName": "Ines", "lastName": "Proof", "email": "ines.proof@northgate.example", "userName": "ines.proof",
            "employeeId": "P-1", "jobTitle": "Prover", "userType": { "id": 1 } });
        let (status, made) = it.call("POST", "/users", person);
        assert_eq!(status, 201, "{preset}: {made}");
        let id = made["id"].as_u64().expect("an id");
        let path = format!("/users/{id}");
        assert_eq!(it.get("/users/count")["count"], before + 1, "{preset}");

        let (status, answer) = it.call("PUT", &path, json!({ "id": id, "jobTitle": "Chief prover" }));
        assert_eq!(status, 200, "{preset}: {answer}");
        let seen = it.get(&path);
        assert_eq!(
            (&seen["jobTitle"], &seen["employeeId"]),
            (&json!("Chief prover"), &json!("P-1")),
            "{preset}"
        );

        let seated: Vec<Option<u32>> = site.accounts.iter().map(|account| account.room).collect();
        let desk = site
            .rooms
            .iter()
            .find(|room| room.kind == 21 && !seated.contains(&Some(room.id)))
            .expect("a free desk");
        let (status, answer) = it.call("PUT", &path, json!({ "id": id, "room": { "id": desk.id } }));
        assert_eq!(status, 200, "{preset}: {answer}");
        assert_eq!(it.get(&format!("{path}?selector=room"))["room"]["id"], desk.id, "{preset}");

        let center = site.buildings[0].centers[0];
        let role = json!([{ "role": "CUSTOMER", "center": { "id": center } }]);
        let (status, answer) = it.call("PUT", &format!("{path}/permissions"), role);
        assert_eq!(status, 200, "{preset}: {answer}");
        let held = it.get(&format!("{path}/permissions"));
        assert_eq!(held[0]["center"]["id"], center, "{preset}: {held}");

        let section = json!({ "id": id, "seatClassification": "hybrid", "neighborhoodSection": { "id": site.sections[0].id } });
        assert_eq!(it.call("PUT", &path, section).0, section_write, "{preset}: section");
        assert_eq!(
            it.call("PUT", &path, json!({ "id": id, "active": false })).0,
            inactive_write,
            "{preset}: active"
        );

        let (status, answer) = it.call("DELETE", &path, Value::Null);
        assert!(status == 200 || (status == 400 && preset != "hostile"), "{preset}: {answer}");
        let gone = match it.call("GET", &path, Value::Null) {
            (404, _) => "404",
            (200, user) if user["active"] == false => "inactive",
            other => panic!("{preset}: still there: {other:?}"),
        };
        assert_eq!(gone, after_delete, "{preset}");
        assert_eq!(it.get("/users/count")["count"], before, "{preset}: lists show the living");
    }
}
