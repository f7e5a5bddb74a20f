//! A small site, and rows of `request -> expected answer` run against it.

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use lanyard_sim::{
    face::{Face, Handled, Inspect},
    ioffice::{IofficeFace, IofficeSettings},
};
use serde_json::{Value, json};

/// Monday 2026-01-05T10:00:00Z.
pub const NOW: i64 = 1_767_607_200_000;
pub const HOUR: i64 = 3_600_000;
pub const SERVICE: (&str, &str) = ("lanyard.sync", "lanyard-local");

/// One call and what must come back. `expect` is a part of the answer: every key in it must be there with that
/// value; `"<absent>"` says that a key must not; lists must have the same length.
pub struct Row {
    /// Evidence tag of the fact: `D`, `Dh`, `C`, `L` or `A-nn`.
    pub tag: &'static str,
    pub call: &'static str,
    pub body: Value,
    pub status: u16,
    pub expect: Value,
}

pub fn row(tag: &'static str, call: &'static str, body: Value, status: u16, expect: Value) -> Row {
    Row { tag, call, body, status, expect }
}

/// A read.
pub fn get(tag: &'static str, path: &'static str, status: u16, expect: Value) -> Row {
    assert!(path.starts_with('/'));
    Row { tag, call: Box::leak(format!("GET {path}").into_boxed_str()), body: Value::Null, status, expect }
}

pub struct Site {
    pub face: IofficeFace,
    pub now: i64,
    pub caller: (&'static str, &'static str),
}

pub fn settings(map: Value) -> IofficeSettings {
    let mut settings = IofficeSettings::from_value(map).expect("settings");
    settings.load_limits = false;
    settings
}

impl Site {
    pub fn new(map: Value) -> Self {
        Self::with(settings(map))
    }

    pub fn with(settings: IofficeSettings) -> Self {
        let mut site = Self { face: IofficeFace::empty(settings), now: NOW, caller: SERVICE };
        for (kind, id, fields) in company() {
            site.command(json!({"do": "put", "kind": kind, "id": id, "fields": fields}));
        }
        site
    }

    pub fn command(&mut self, command: Value) -> Value {
        self.face.command(&command, at(self.now)).unwrap_or_else(|wrong| panic!("{wrong} ({command})"))
    }

    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> (u16, http::HeaderMap, Value) {
        let full = if path.starts_with("/external") || path.starts_with("/login") {
            path.to_owned()
        } else {
            format!("/external/api/rest/v2{path}")
        };
        let mut request = Request::builder().method(method).uri(full);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes = if body.is_null() {
            Bytes::new()
        } else {
            request = request.header("content-type", "application/json");
            Bytes::from(body.to_string())
        };
        let request = request.body(bytes).expect("request");
        let Handled::Reply(reply) = self.face.handle(request, at(self.now)) else {
            panic!("an answer was expected")
        };
        let (head, body) = reply.response.into_parts();
        let text = String::from_utf8(body.to_vec()).expect("text");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (head.status.as_u16(), head.headers, body)
    }

    /// A request of any bytes; the caller says the content type.
    pub fn send_bytes(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(format!("/external/api/rest/v2{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::copy_from_slice(body)).expect("a request");
        let Handled::Reply(reply) = self.face.handle(request, at(self.now)) else {
            panic!("an answer was expected")
        };
        let body = serde_json::from_slice(reply.response.body()).unwrap_or(Value::Null);
        (reply.response.status().as_u16(), body)
    }

    pub fn call(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let headers = [("x-auth-username", self.caller.0), ("x-auth-password", self.caller.1)];
        let (status, _, body) = self.send(method, path, body, &headers);
        (status, body)
    }

    pub fn run(&mut self, rows: Vec<Row>) {
        for Row { tag, call, body, status, expect } in rows {
            let (method, path) = call.split_once(' ').expect("METHOD path");
            let (got, answer) = self.call(method, path, &body);
            assert_eq!(got, status, "[{tag}] {call} {body}\n  answered {answer}");
            if let Err(wrong) = part_of(&expect, &answer, "") {
                panic!("[{tag}] {call} {body}\n  {wrong}\n  in {answer}");
            }
        }
    }

    pub fn journal(&self) -> Vec<Value> {
        self.face.inspect(Inspect::Journal).as_array().cloned().unwrap_or_default()
    }
}

pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).expect("in range")
}

/// Says where `expect` is not a part of `got`.
pub fn part_of(expect: &Value, got: &Value, path: &str) -> Result<(), String> {
    match (expect, got) {
        (Value::Null, _) => Ok(()),
        (Value::Object(expect), Value::Object(got)) => expect.iter().try_for_each(|(key, wanted)| {
            let path = format!("{path}.{key}");
            match got.get(key) {
                Some(_) if wanted == "<absent>" => Err(format!("{path} is there")),
                None if wanted == "<absent>" => Ok(()),
                Some(found) => part_of(wanted, found, &path),
                None => Err(format!("{path} is missing")),
            }
        }),
        (Value::Array(expect), Value::Array(got)) if expect.len() == got.len() => {
            let pairs = expect.iter().zip(got).enumerate();
            pairs
                .into_iter()
                .try_for_each(|(n, (wanted, found))| part_of(wanted, found, &format!("{path}[{n}]")))
        }
        (wanted, found) if wanted == found => Ok(()),
        (wanted, found) => Err(format!("{path}: wanted {wanted}, found {found}")),
    }
}

fn company() -> Vec<(&'static str, u32, Value)> {
    vec![
        (
            "building",
            310,
            json!({"name": "Pier House", "code": "PIER", "metric": true, "address": {"city": "Portland"}}),
        ),
        ("building", 311, json!({"name": "Mill", "code": ""})),
        ("floor", 741, json!({"name": "Level 2", "building": 310})),
        ("floor", 742, json!({"name": "Level 9", "building": 310})),
        ("floor", 750, json!({"name": "Level 2", "building": 311})),
        ("room type", 21, json!({"name": "Workstation", "occupiable": true, "contentFlag": 3})),
        ("room type", 22, json!({"name": "Conference", "occupiable": false, "contentFlag": 1})),
        (
            "room",
            8801,
            json!({"name": "2-014", "floor": 741, "type": 21, "capacity": 1, "reservable": false, "active": true}),
        ),
        (
            "room",
            8802,
            json!({"name": "2-015", "floor": 741, "type": 21, "capacity": 1, "reservable": false, "active": true}),
        ),
        (
            "room",
            8830,
            json!({"name": "Lighthouse", "floor": 741, "type": 22, "capacity": 12, "reservable": true, "active": true}),
        ),
        (
            "room",
            8831,
            json!({"name": "Boardroom", "floor": 742, "type": 22, "capacity": 20, "reservable": true, "active": true}),
        ),
        (
            "room",
            8901,
            json!({"name": "2-014", "floor": 750, "type": 21, "capacity": 1, "reservable": false, "active": true}),
        ),
        (
            "center",
            61,
            json!({"name": "Harborlight Reservations", "module": "reservation", "buildings": [310]}),
        ),
        ("center", 62, json!({"name": "Harborlight Visitors", "module": "visitor", "buildings": [310, 311]})),
        ("center", 63, json!({"name": "Harborlight Desks", "module": "reservation", "buildings": [310]})),
        ("center", 64, json!({"name": "Harborlight Space", "module": "space", "buildings": [310, 311]})),
        ("neighborhood", 41, json!({"name": "Harbour", "center": 64})),
        (
            "neighborhood section",
            231,
            json!({"name": "Harbour north", "neighborhood": 41, "floor": 741, "rooms": [8802]}),
        ),
        ("category", 12, json!({"name": "Access policy", "code": "ACCESS"})),
        ("category depth", 90, json!({"name": "Policy", "level": 0, "category": 12})),
        ("category item", 400, json!({"name": "Engineering", "code": "ENG", "category": 1})),
        (
            "category item",
            410,
            json!({"name": "Platform Engineering", "code": "ENG-PLAT", "category": 1, "costCenterParent": 400}),
        ),
        (
            "category item",
            520,
            json!({"name": "Executive floor", "code": "POL-EXEC", "category": 12, "depth": 90}),
        ),
        ("category item", 521, json!({"name": "Labs", "code": "POL-LABS", "category": 12, "depth": 90})),
        (
            "user",
            5201,
            json!({
                "firstName": "Mira", "lastName": "Okafor", "userName": "mokafor", "email": "mira.okafor@harborlight.example",
                "employeeId": "HL-00417", "userType": 1, "room": 8801, "costCenter": 410,
                "permissions": [{"role": "CUSTOMER", "center": 61}],
            }),
        ),
        (
            "user",
            5202,
            json!({
                "firstName": "Tomas", "lastName": "Lindqvist", "userName": "tlindqvist", "knownAs": "Tom",
                "email": "tomas.lindqvist@harborlight.example", "employeeId": "HL-00090", "userType": 1, "password": "tom-local",
            }),
        ),
        (
            "user",
            5203,
            json!({
                "firstName": "Ines", "lastName": "Faro", "userName": "ifaro", "email": "ines.faro@harborlight.example",
                "userType": 1, "password": "ines-local",
                "permissions": [{"role": "ADMINISTRATOR", "center": 61}, {"role": "OPERATOR", "center": 62}],
            }),
        ),
        ("asset", 1, json!({"name": "Laptop 3", "owner": 5201})),
    ]
}
