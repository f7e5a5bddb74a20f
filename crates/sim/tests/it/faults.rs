//! Faults around a face, without sockets: the order of requests and the seed decide everything.

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use jiff::{SignedDuration, Timestamp, ToSpan};
use lanyard_sim::{
    face::{Ending, Face, Handled, Inspect, Outgoing, OutgoingOutcome, Reply},
    faults::{FaultScript, Faulty},
    host::{DeskName, Vendor},
};
use serde_json::{Value, json};

/// Counts what reaches it, lists four rows, tells its time, and has one delivery waiting per `advance`.
#[derive(Default)]
struct Probe {
    reached: u64,
    deliveries: u64,
    outcomes: Vec<String>,
    /// Whether what waits is a SCIM request rather than a hook.
    scim: bool,
}

impl Face for Probe {
    fn handle(&mut self, _request: Request<Bytes>, now: Timestamp) -> Handled {
        self.reached += 1;
        let mut response = Response::new(Bytes::from_static(b"[1,2,3,4]"));
        let time = HeaderValue::try_from(now.to_string()).expect("ASCII");
        response.headers_mut().insert("x-face-time", time);
        Handled::Reply(Reply::now(response))
    }

    fn advance(&mut self, _now: Timestamp) -> Vec<Outgoing> {
        self.deliveries += 1;
        let agent = if self.scim { "Okta SCIM Client 1.0.0" } else { "Okta-Integrations" };
        let request = Request::post("http://127.0.0.1:1/hook").header("user-agent", agent);
        let request = request.body(Bytes::new()).expect("a request");
        vec![Outgoing { token: self.deliveries, request, timeout: std::time::Duration::from_secs(3) }]
    }

    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    fn outgoing_done(&mut self, token: u64, outcome: OutgoingOutcome, _now: Timestamp) -> Option<Handled> {
        let word = match outcome {
            OutgoingOutcome::Answered(answer) => answer.status().as_u16().to_string(),
            OutgoingOutcome::TimedOut => "timed out".to_owned(),
            OutgoingOutcome::Failed(_) => "failed".to_owned(),
        };
        self.outcomes.push(format!("{token} {word}"));
        None
    }

    fn inspect(&self, what: Inspect) -> Value {
        match what {
            Inspect::Calls => json!({}),
            _ => json!({"reached": self.reached, "outcomes": self.outcomes}),
        }
    }

    fn command(&mut self, _command: &Value, _now: Timestamp) -> Result<Value, String> {
        Err("a probe takes no command".to_owned())
    }
}

fn start() -> Timestamp {
    "2026-05-04T12:00:00Z".parse().expect("an instant")
}

fn faulty(vendor: Vendor, script: &str) -> Faulty {
    let script = FaultScript::parse("test.toml", script).expect(script);
    Faulty::new(Box::new(Probe::default()), DeskName { vendor, index: 0 }, &script, start())
}

fn ask(face: &mut Faulty, path: &str, credential: &str, at: Timestamp) -> Reply {
    let request =
        Request::get(path).header("authorization", credential).body(Bytes::new()).expect("a request");
    match face.handle(request, at) {
        Handled::Reply(reply) => reply,
        Handled::After(_) => panic!("the probe answers at once"),
    }
}

#[test]
fn refusals_have_the_form_of_the_place_they_stand_for() {
    let token = [("x-access-token", "access-1")];
    for (vendor, effect, path, headers, status, body) in [
        (Vendor::Okta, "unauthorized", "/oauth2/v1/token", &[][..], 401, json!({"error": "invalid_client"})),
        (Vendor::Okta, "forbidden", "/oauth2/v1/token", &[], 403, json!({"error": "access_denied"})),
        (Vendor::Okta, "server_error", "/oauth2/v1/token", &[], 500, json!({"error": "server_error"})),
        (
            Vendor::Okta,
            "unavailable",
            "/oauth2/v1/introspect",
            &[],
            503,
            json!({"error": "temporarily_unavailable"}),
        ),
        // Being throttled has one form everywhere, as the vendor describes it.
        (Vendor::Okta, "quota", "/oauth2/v1/token", &[], 429, json!({"errorCode": "E0000047"})),
        (Vendor::Okta, "unauthorized", "/api/v1/users", &[], 401, json!({"errorCode": "E0000011"})),
        (
            Vendor::Ioffice,
            "server_error",
            "/external/api/rest/v2/visitors/7",
            &[],
            500,
            json!({"status": "error", "message": "An unexpected error occurred"}),
        ),
        (
            Vendor::Ioffice,
            "quota",
            "/external/api/rest/v2/visitors/registrations/preregister",
            &[],
            429,
            json!({"status": "error", "message": "Too many requests"}),
        ),
        (
            Vendor::Ioffice,
            "server_error",
            "/external/api/rest/v2/users",
            &[],
            500,
            json!({"error": "server_error"}),
        ),
        (
            Vendor::Ioffice,
            "forbidden",
            "/external/api/rest/v2/users",
            &[],
            403,
            json!({"error": "access_denied"}),
        ),
        (
            Vendor::Ioffice,
            "forbidden",
            "/external/api/rest/v2/users",
            &token,
            403,
            json!({"error": "token_expired"}),
        ),
    ] {
        let target = if vendor == Vendor::Okta { "okta" } else { "ioffice" };
        let mut face = faulty(vendor, &format!("[[fault]]\ntarget = \"{target}\"\neffect = \"{effect}\"\n"));
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::new()).expect("a request");
        let Handled::Reply(reply) = face.handle(request, start()) else { panic!("a fault answers at once") };
        let told: Value = serde_json::from_slice(reply.response.body()).expect("JSON");
        assert_eq!(reply.response.status(), status, "{effect} {path}");
        for (name, value) in body.as_object().expect("fields") {
            assert_eq!(told.get(name), Some(value), "{effect} {path}: {told}");
        }
        let oauth = path.starts_with("/oauth2") && effect != "quota";
        assert_eq!(told["error_description"].is_string(), oauth, "{told}");
    }
}

/// What a request meets: status or the way the connection ends, and whether the face was reached.
fn met(vendor: Vendor, effect: &str) -> (String, bool) {
    let target = if vendor == Vendor::Okta { "okta" } else { "ioffice" };
    let mut face = faulty(vendor, &format!("[[fault]]\ntarget = \"{target}\"\neffect = \"{effect}\"\n"));
    let reply = ask(&mut face, "/users", "", start());
    let reached = face.inspect(Inspect::State)["reached"] == 1;
    let body: Value = serde_json::from_slice(reply.response.body()).unwrap_or_default();
    let code = body["errorCode"].as_str().or(body["error"].as_str()).unwrap_or_default().to_owned();
    let headers = reply.response.headers();
    let limit = headers.get("x-rate-limit-limit").map_or("", |value| value.to_str().unwrap_or_default());
    let word = match reply.ending {
        Ending::Whole => format!("{} {code} {limit}", reply.response.status().as_u16()),
        ending => format!("{ending:?} after {}s", reply.delay.as_secs()),
    };
    (word.trim_end().to_owned(), reached)
}

#[test]
fn each_effect_looks_like_the_vendors_own_failure() {
    for (vendor, effect, word, reached) in [
        (Vendor::Okta, "unauthorized", "401 E0000011 600", false),
        (Vendor::Okta, "forbidden", "403 E0000006 600", false),
        (Vendor::Okta, "quota", "429 E0000047 600", false),
        (Vendor::Okta, "concurrency", "429 E0000047 0", false),
        (Vendor::Okta, "server_error", "500 E0000009 600", false),
        (Vendor::Okta, "unavailable", "503 E0000010 600", false),
        (Vendor::Ioffice, "unauthorized", "401 unauthorized", false),
        (Vendor::Ioffice, "quota", "429 too_many_requests", false),
        (Vendor::Ioffice, "server_error", "500 server_error", false),
        (Vendor::Ioffice, "timeout_before", "Cut after 60s", false),
        (Vendor::Ioffice, "timeout_after", "Cut after 60s", true),
        (Vendor::Ioffice, "refuse", "Cut after 0s", false),
        (Vendor::Ioffice, "cut", "Cut after 0s", true),
        (Vendor::Ioffice, "cut_mid_body", "CutMidBody after 0s", true),
        (Vendor::Ioffice, "delay", "200", true),
    ] {
        assert_eq!(met(vendor, effect), (word.to_owned(), reached), "{vendor:?} {effect}");
    }
}

#[test]
fn a_rule_hits_where_when_and_as_often_as_it_says() {
    let script = r#"
        [[fault]]
        target = "okta"
        path = "/api/v1/users*"
        from = "10s"
        until = "20s"
        skip = 1
        every = 2
        count = 2
        effect = "server_error"
    "#;
    let mut face = faulty(Vendor::Okta, script);
    let mut ask = |path: &str, second: i64| {
        ask(&mut face, path, "", start() + second.seconds()).response.status().as_u16()
    };
    assert_eq!([ask("/api/v1/users", 0), ask("/api/v1/users", 9)], [200, 200], "too early");
    assert_eq!([ask("/api/v1/groups", 10), ask("/api/v1/logs", 10)], [200, 200], "elsewhere");
    let hits: Vec<u16> = (0..7).map(|_| ask("/api/v1/users/00u", 12)).collect();
    assert_eq!(hits, [200, 500, 200, 500, 200, 200, 200], "one spared, then every second, twice");
    assert_eq!(ask("/api/v1/users", 20), 200, "too late");
}

#[test]
fn the_seed_decides_every_chance() {
    let run = |seed: u64| -> Vec<u16> {
        let text = format!(
            "seed = {seed}\n[[fault]]\ntarget = \"ioffice\"\neffect = \"unavailable\"\nprobability = 0.3\n"
        );
        let mut face = faulty(Vendor::Ioffice, &text);
        (0..200).map(|_| ask(&mut face, "/users", "", start()).response.status().as_u16()).collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let hits = run(1).iter().filter(|status| **status == 503).count();
    assert!((30..90).contains(&hits), "{hits} of 200 at 0.3");
}

#[test]
fn a_revoked_credential_stays_revoked_for_its_owner_alone() {
    let mut face = faulty(
        Vendor::Okta,
        "[[fault]]\ntarget = \"okta\"\nskip = 1\ncount = 1\neffect = \"revoke_credential\"\n",
    );
    let mut ask = |credential: &str| ask(&mut face, "/users", credential, start()).response.status().as_u16();
    assert_eq!([ask("SSWS a"), ask("SSWS a"), ask("SSWS a"), ask("SSWS b")], [200, 401, 401, 200]);
    assert_eq!(face.remove(None), 1);
    assert_eq!(self::ask(&mut face, "/users", "SSWS a", start()).response.status(), 200);
}

#[test]
fn a_jumped_clock_shows_in_state_and_in_date() {
    let script = "[[fault]]\ntarget = \"okta\"\nfrom = \"1m\"\nuntil = \"2m\"\neffect = \"clock_jump\"\nby = \"-10m\"\n";
    let mut face = faulty(Vendor::Okta, script);
    for (second, seen, date) in [
        (0, "2026-05-04T12:00:00Z", None),
        (60, "2026-05-04T11:51:00Z", Some("Mon, 04 May 2026 11:51:00 GMT")),
        (120, "2026-05-04T12:02:00Z", None),
    ] {
        let reply = ask(&mut face, "/users", "", start() + SignedDuration::from_secs(second));
        let header = |name: &str| reply.response.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!((header("x-face-time"), header("date")), (Some(seen), date), "after {second} s");
    }
}

#[test]
fn deliveries_are_lost_doubled_late_and_overtaken() {
    for (effect, rounds, outcomes) in [
        ("drop", vec![vec![], vec![2]], vec!["1 204"]),
        ("unreachable", vec![vec![], vec![2]], vec!["1 failed"]),
        ("duplicate", vec![vec![1, 1], vec![2]], vec![]),
        ("late", vec![vec![], vec![2], vec![3], vec![4, 1]], vec![]),
        ("reorder", vec![vec![], vec![2, 1], vec![3]], vec![]),
    ] {
        let mut face = faulty(
            Vendor::Okta,
            &format!("[[fault]]\ntarget = \"hook\"\ncount = 1\neffect = \"{effect}\"\n"),
        );
        for (round, expected) in rounds.into_iter().enumerate() {
            let left = face.advance(start() + (round as i64 * 10).seconds());
            let tokens: Vec<u64> = left.iter().map(|outgoing| outgoing.token & (u64::MAX >> 1)).collect();
            assert_eq!(tokens, expected, "{effect}, round {round}");
            if effect == "late" && round == 0 {
                assert_eq!(face.next_due(), Some(start() + 30.seconds()), "the host must wake for it");
            }
            if let [_, second] = left.as_slice()
                && effect == "duplicate"
            {
                face.outgoing_done(second.token, OutgoingOutcome::TimedOut, start());
            }
        }
        assert_eq!(face.inspect(Inspect::State)["outcomes"], json!(outcomes), "{effect}");
    }
}

#[test]
fn scim_requests_fail_as_their_server_or_the_way_there_may() {
    for (effect, left, outcomes) in [
        ("unauthorized", 0, vec!["1 401"]),
        ("forbidden", 0, vec!["1 403"]),
        ("quota", 0, vec!["1 429"]),
        ("server_error", 0, vec!["1 500"]),
        ("unavailable", 0, vec!["1 503"]),
        ("timeout_before", 0, vec!["1 timed out"]),
        ("unreachable", 0, vec!["1 failed"]),
        ("timeout_after", 1, vec!["1 timed out"]),
        ("duplicate", 2, vec!["1 204"]),
        ("late", 0, vec![]),
        ("reorder", 0, vec![]),
    ] {
        let text =
            format!("[[fault]]\ntarget = \"scim\"\npath = \"/hook\"\ncount = 1\neffect = \"{effect}\"\n");
        let script = FaultScript::parse("test.toml", &text).expect(effect);
        let probe = Probe { scim: true, ..Probe::default() };
        let desk = DeskName { vendor: Vendor::Okta, index: 0 };
        let mut face = Faulty::new(Box::new(probe), desk, &script, start());
        let leaving = face.advance(start());
        assert_eq!(leaving.len(), left, "{effect}");
        for outgoing in leaving {
            let answer = Response::builder().status(204).body(Bytes::new()).expect("a response");
            face.outgoing_done(outgoing.token, OutgoingOutcome::Answered(answer), start());
        }
        assert_eq!(face.inspect(Inspect::State)["outcomes"], json!(outcomes), "{effect}");
        assert_eq!(
            ask(&mut face, "/users", "", start()).response.status(),
            200,
            "{effect}: not what comes in"
        );
        assert_eq!((face.report(start())[0].seen, face.report(start())[0].hits), (1, 1), "{effect}");
    }
    // What is meant for hooks leaves SCIM alone, and the other way round.
    for (scim, target) in [(true, "hook"), (false, "scim")] {
        let text = format!("[[fault]]\ntarget = \"{target}\"\neffect = \"unreachable\"\n");
        let script = FaultScript::parse("test.toml", &text).expect(target);
        let probe = Probe { scim, ..Probe::default() };
        let desk = DeskName { vendor: Vendor::Okta, index: 0 };
        let mut face = Faulty::new(Box::new(probe), desk, &script, start());
        assert_eq!(face.advance(start()).len(), 1, "{target}");
    }
    let said = FaultScript::parse("f.toml", "[[fault]]\ntarget = \"scim\"\neffect = \"torn_page\"\n");
    assert!(said.expect_err("refused").to_string().contains("does not happen to SCIM requests"));
}
