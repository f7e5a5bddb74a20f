//! The host over real sockets: replies, cuts, delays, deliveries, panics, time, control.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp, ToSpan};
use lanyard_sim::{
    clock::SimClock,
    face::{Ending, Face, Handled, Inspect, Outgoing, OutgoingOutcome, Reply},
    host::{
        AdjustableClock, Announcement, DeskName, Host, HostSettings, IofficeStand, OktaStand, Replay,
        Running, Vendor,
    },
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// A face that does what the path says, and can be told to deliver a hook.
#[derive(Default)]
pub struct Puppet {
    handled: u64,
    others_most: u32,
    outcomes: Vec<String>,
    hook: Option<(Timestamp, String)>,
}

fn text(body: impl Into<Bytes>) -> Response<Bytes> {
    Response::new(body.into())
}

fn hook(token: u64, url: &str) -> Outgoing {
    let request = Request::post(url).body(Bytes::from_static(b"{}")).expect("a valid URL");
    Outgoing { token, request, timeout: Duration::from_secs(3) }
}

impl Face for Puppet {
    fn handle(&mut self, request: Request<Bytes>, now: Timestamp) -> Handled {
        self.handled += 1;
        let reply = match request.uri().path() {
            "/cut" => Reply { ending: Ending::Cut, ..Reply::now(text("never")) },
            "/half" => Reply { ending: Ending::CutMidBody, ..Reply::now(text("0123456789")) },
            "/late" => Reply { delay: Duration::from_secs(3600), ..Reply::now(text("late")) },
            "/panic" => panic!("as told"),
            "/list" => Reply::now(text("[1,2,3]")),
            "/verify" => return Handled::After(hook(7, &String::from_utf8_lossy(request.body()))),
            "/hook" => {
                self.hook = Some((now + 10.seconds(), String::from_utf8_lossy(request.body()).into_owned()));
                Reply::now(text("planned"))
            }
            _ => Reply::now(text(request.into_body())),
        };
        Handled::Reply(reply)
    }

    fn in_flight(&mut self, others: u32) {
        self.others_most = self.others_most.max(others);
    }

    fn needs_length(&self) -> bool {
        true
    }

    fn advance(&mut self, now: Timestamp) -> Vec<Outgoing> {
        let due = self.hook.take_if(|(at, _)| *at <= now);
        due.map(|(_, url)| hook(1, &url)).into_iter().collect()
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.hook.as_ref().map(|(at, _)| *at)
    }

    fn outgoing_done(&mut self, token: u64, outcome: OutgoingOutcome, _now: Timestamp) -> Option<Handled> {
        let word = match outcome {
            OutgoingOutcome::Answered(answer) => answer.status().as_u16().to_string(),
            OutgoingOutcome::TimedOut => "timed out".to_owned(),
            OutgoingOutcome::Failed(_) => "failed".to_owned(),
        };
        self.outcomes.push(word.clone());
        (token == 7).then(|| Handled::Reply(Reply::now(text(word))))
    }

    fn inspect(&self, what: Inspect) -> Value {
        match what {
            Inspect::Calls => json!({}),
            _ => json!({"handled": self.handled, "outcomes": self.outcomes, "others_most": self.others_most}),
        }
    }

    fn command(&mut self, command: &Value, _now: Timestamp) -> Result<Value, String> {
        command["echo"]
            .as_str()
            .map(|echo| json!({"echoed": echo}))
            .ok_or_else(|| "echo is missing".to_owned())
    }
}

pub fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub fn okta(face: impl Face + 'static) -> OktaStand {
    OktaStand {
        address: loopback(),
        face: Box::new(face),
        ssws: "00token".to_owned(),
        client_id: "0oa1".to_owned(),
        private_key_pem: "PEM".to_owned(),
        kid: "k1".to_owned(),
    }
}

fn ioffice(face: impl Face + 'static) -> IofficeStand {
    IofficeStand {
        address: loopback(),
        face: Box::new(face),
        username: "sync".to_owned(),
        password: "secret".to_owned(),
    }
}

fn noon() -> Timestamp {
    "2026-05-04T12:00:00Z".parse().expect("an instant")
}

/// One org and one site, with a clock that stands still until moved.
async fn puppets() -> (Running, Arc<AdjustableClock>, reqwest::Client) {
    let clock = Arc::new(AdjustableClock::starting_at(noon(), 0.0));
    let settings = HostSettings {
        okta: vec![okta(Puppet::default())],
        ioffice: vec![ioffice(Puppet::default())],
        clock: clock.clone(),
        adjustable: Some(clock.clone()),
        ..HostSettings::default()
    };
    let running = Host::start(settings).await.expect("loopback can be bound");
    (running, clock, reqwest::Client::builder().no_proxy().build().expect("a client"))
}

fn okta_url(running: &Running, path: &str) -> String {
    format!("{}{path}", running.announcement().okta.as_ref().expect("one org").url)
}

async fn get(client: &reqwest::Client, url: String) -> Result<String, reqwest::Error> {
    client.get(url).send().await?.text().await
}

#[tokio::test]
async fn the_announcement_has_exactly_the_promised_shape() {
    let (running, _, _) = puppets().await;
    let told = serde_json::to_value(running.announcement()).expect("JSON");
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&told), ["okta", "ioffice", "control"]);
    assert_eq!(keys(&told["okta"]), ["url", "ssws", "client_id", "private_key_pem", "kid"]);
    assert_eq!(keys(&told["ioffice"]), ["url", "username", "password"]);
    assert_eq!(keys(&told["control"]), ["url"]);

    let settings = HostSettings {
        okta: vec![okta(Puppet::default()), okta(Puppet::default())],
        ioffice: vec![ioffice(Puppet::default()), ioffice(Puppet::default())],
        ..HostSettings::default()
    };
    let running = Host::start(settings).await.expect("loopback can be bound");
    let told = serde_json::to_string(running.announcement()).expect("JSON");
    let read: Announcement = serde_json::from_str(&told).expect("reads back");
    assert_eq!((read.orgs().count(), read.sites().count(), read.more.len()), (2, 2, 2));
    assert!(told.contains(r#""more":[{"okta":{"url":"#), "{told}");
}

#[tokio::test]
async fn answers_end_whole_or_broken_as_the_face_says() {
    let (running, _, client) = puppets().await;
    let body = client.post(okta_url(&running, "/echo")).body("hello").send().await.expect("an answer");
    assert_eq!(body.headers()["date"], "Mon, 04 May 2026 12:00:00 GMT", "the stand-in's own time");
    assert_eq!(body.text().await.expect("a body"), "hello");
    assert!(get(&client, okta_url(&running, "/cut")).await.is_err());
    let half = client.get(okta_url(&running, "/half")).send().await.expect("the head arrives");
    assert_eq!(half.content_length(), Some(10));
    assert!(half.bytes().await.is_err(), "the body breaks off");
    assert!(get(&client, okta_url(&running, "/panic")).await.is_err(), "a panic drops its own caller");
    assert_eq!(get(&client, okta_url(&running, "/list")).await.expect("and nobody else"), "[1,2,3]");
    let large = client.post(okta_url(&running, "/echo")).body(vec![b'x'; 11 * 1024 * 1024]).send().await;
    assert!(large.map_or(true, |answer| answer.status() == 413));
}

#[tokio::test]
async fn delays_run_on_the_shared_clock_and_concurrency_is_told() {
    let (running, clock, client) = puppets().await;
    let (caller, url) = (client.clone(), okta_url(&running, "/late"));
    let late = tokio::spawn(async move { get(&caller, url).await });
    // The state shows when the late request has arrived; asking for it is not a request to the face.
    let desk = running.desks()[0].clone();
    until(|| desk.inspect(Inspect::State).expect("state")["handled"] == 1).await;
    assert_eq!(get(&client, okta_url(&running, "/list")).await.expect("not blocked"), "[1,2,3]");
    assert_eq!(desk.inspect(Inspect::State).expect("state")["others_most"], 1);
    assert!(!late.is_finished());
    clock.advance(SignedDuration::from_hours(1));
    assert_eq!(late.await.expect("no panic").expect("an answer"), "late");
}

#[tokio::test]
async fn hooks_leave_when_due_and_their_outcome_comes_back() {
    let (running, clock, client) = puppets().await;
    let (receiver, mut seen) = receiver().await;
    client.post(okta_url(&running, "/hook")).body(receiver.clone()).send().await.expect("an answer");
    assert!(seen.try_recv().is_err(), "not before it is due");
    clock.advance(SignedDuration::from_secs(10));
    assert_eq!(seen.recv().await.as_deref(), Some("{}"));
    let desk = running.desks()[0].clone();
    until(|| desk.inspect(Inspect::State).expect("state")["outcomes"] == json!(["204"])).await;
    let verified = client.post(okta_url(&running, "/verify")).body(receiver).send().await.expect("an answer");
    assert_eq!(
        verified.text().await.expect("a body"),
        "204",
        "the caller waits for the other request's outcome"
    );
    let refused = client.post(okta_url(&running, "/verify")).body("http://sync.example/hook").send().await;
    assert_eq!(
        refused.expect("an answer").text().await.expect("a body"),
        "failed",
        "plain http stays on loopback"
    );
}

#[tokio::test]
async fn the_control_endpoint_reads_commands_and_moves_time() {
    let (running, clock, client) = puppets().await;
    let base = running.announcement().control.url.clone();
    let read = async |path: &str| -> Value {
        let text = get(&client, format!("{base}/_stand-in/{path}")).await.expect("an answer");
        serde_json::from_str(&text).expect("JSON")
    };
    assert_eq!(read("health").await["faces"], json!(["okta/0", "ioffice/0"]));
    get(&client, okta_url(&running, "/list")).await.expect("an answer");
    assert_eq!(read("okta/0/state").await["handled"], 1);
    assert_eq!(read("ioffice/0/journal").await["handled"], 0);
    assert_eq!(read("okta/7/state").await["error"], "there is no okta/7; see /_stand-in/health");
    for (path, body, status) in [
        ("okta/0/command", r#"{"echo":"x"}"#, 200),
        ("okta/0/command", "{}", 400),
        ("clock", r#"{"advance":"8h"}"#, 200),
        ("clock", r#"{"advance":"soon"}"#, 400),
        ("clock", r#"{"jump":1}"#, 400),
        ("faults", "[[fault]]\ntarget = \"okta\"\neffect = \"unavailable\"\ncount = 1\n", 200),
        ("faults", "[[fault]]\ntarget = \"okta\"\n", 400),
    ] {
        let answer =
            client.post(format!("{base}/_stand-in/{path}")).body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path} {body}: {}", answer.text().await.unwrap_or_default());
    }
    assert_eq!(clock.now(), noon() + 8.hours());
    let status =
        async || client.get(okta_url(&running, "/list")).send().await.expect("an answer").status().as_u16();
    assert_eq!((status().await, status().await), (503, 200));
    assert_eq!(
        read("okta/0/calls").await,
        json!({"GET /list": {"accepted": 0, "refused": 0, "throttled": 0, "faulted": 1}})
    );
    assert_eq!(read("faults").await["okta/0"][0]["hits"], 1);
    let removed = client.delete(format!("{base}/_stand-in/faults")).send().await.expect("an answer");
    assert_eq!(removed.text().await.expect("a body"), r#"{"removed":1}"#);
    let json = client
        .post(format!("{base}/_stand-in/faults"))
        .header("content-type", "application/json")
        .body(r#"{"fault":[{"target":"ioffice","index":0,"effect":"cut"}]}"#);
    assert_eq!(json.send().await.expect("an answer").text().await.expect("a body"), r#"{"added":1}"#);
}

#[tokio::test]
async fn https_is_served_with_a_certificate_of_its_own() {
    let settings = HostSettings { okta: vec![okta(Puppet::default())], tls: true, ..HostSettings::default() };
    let running = Host::start(settings).await.expect("loopback can be bound");
    let pem = running.certificate().expect("a certificate").pem.clone();
    let root = reqwest::Certificate::from_pem(pem.as_bytes()).expect("PEM");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().expect("a client");
    let url = okta_url(&running, "/list");
    assert!(url.starts_with("https://127.0.0.1:"));
    assert_eq!(get(&client, url.clone()).await.expect("an answer"), "[1,2,3]");
    running.stop().await;
    assert!(get(&client, url).await.is_err(), "nobody listens after the stop");
}

#[tokio::test]
async fn what_was_recorded_is_served_again_without_its_secrets() {
    let tape = tempfile::NamedTempFile::new().expect("a temporary file");
    let record = Some(tape.path().to_owned());
    let settings = HostSettings { okta: vec![okta(Puppet::default())], record, ..HostSettings::default() };
    let running = Host::start(settings).await.expect("loopback can be bound");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for body in ["one", "two"] {
        let request =
            client.post(okta_url(&running, "/echo?x=1")).header("authorization", "SSWS 00secret").body(body);
        request.send().await.expect("an answer");
    }
    let silent = client.post(okta_url(&running, "/echo?x=1")).send().await.expect("an answer");
    assert_eq!(silent.status(), 411, "[D] 2.1: a POST says how long its body is, 0 too");
    assert!(get(&client, okta_url(&running, "/cut")).await.is_err());
    running.stop().await;
    let text = std::fs::read_to_string(tape.path()).expect("a tape");
    assert_eq!((text.lines().count(), text.contains("00secret")), (3, false));

    let name = DeskName { vendor: Vendor::Okta, index: 0 };
    assert_eq!(Replay::faces(tape.path()).expect("a tape"), [name]);
    let face = Replay::read(tape.path(), name).expect("a tape");
    let settings = HostSettings { okta: vec![okta(face)], ..HostSettings::default() };
    let running = Host::start(settings).await.expect("loopback can be bound");
    let mut told = Vec::new();
    for _ in 0..3 {
        let request = client.post(okta_url(&running, "/echo?x=1")).header("content-length", "0");
        let answer = request.send().await.expect("an answer");
        told.push(answer.text().await.expect("a body"));
    }
    assert_eq!(told, ["one", "two", "two"]);
    assert!(get(&client, okta_url(&running, "/cut")).await.is_err(), "ends as it ended");
    let unknown = client.get(okta_url(&running, "/unknown")).send().await.expect("an answer");
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn an_id_token_in_an_address_stays_off_the_tape() {
    let tape = tempfile::NamedTempFile::new().expect("a temporary file");
    let record = Some(tape.path().to_owned());
    let settings = HostSettings { okta: vec![okta(Puppet::default())], record, ..HostSettings::default() };
    let running = Host::start(settings).await.expect("loopback can be bound");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let path = |hint: &str| format!("/list?state=s&id_token_hint={hint}&x=1");
    get(&client, okta_url(&running, &path("eyJh.eyJz.c2ln"))).await.expect("an answer");
    running.stop().await;
    let text = std::fs::read_to_string(tape.path()).expect("a tape");
    assert_eq!(
        (text.contains("eyJ"), text.contains("/list?state=s&id_token_hint=%28left+out%29&x=1")),
        (false, true)
    );

    let face = Replay::read(tape.path(), DeskName { vendor: Vendor::Okta, index: 0 }).expect("a tape");
    let settings = HostSettings { okta: vec![okta(face)], ..HostSettings::default() };
    let running = Host::start(settings).await.expect("loopback can be bound");
    let told = client.get(okta_url(&running, &path("another"))).send().await.expect("an answer");
    assert_eq!((told.status().as_u16(), told.text().await.expect("a body")), (200, "[1,2,3]".to_owned()));
}

#[test]
fn a_tape_names_its_faces_also_behind_a_silent_one() {
    let line = |face: &str| {
        let half = json!({ "headers": [] });
        json!({ "at": "2026-05-04T08:00:00Z", "face": face, "method": "GET", "path": "/", "status": 200,
            "request": half, "response": half })
    };
    let tape = tempfile::NamedTempFile::new().expect("a temporary file");
    let lines: Vec<String> =
        ["ioffice/2", "okta/1", "okta/1", "badge/0"].iter().map(|face| line(face).to_string()).collect();
    std::fs::write(tape.path(), lines.join("\n")).expect("a tape");
    let names: Vec<String> =
        Replay::faces(tape.path()).expect("a tape").iter().map(ToString::to_string).collect();
    assert_eq!(names, ["okta/1", "ioffice/2", "badge/0"]);
}

/// A receiver that answers 204 and passes each body on.
async fn receiver() -> (String, mpsc::UnboundedReceiver<String>) {
    let (sender, seen) = mpsc::unbounded_channel();
    let route = axum::routing::post(move |body: String| {
        let sender = sender.clone();
        async move {
            let _ = sender.send(body);
            http::StatusCode::NO_CONTENT
        }
    });
    let listener = tokio::net::TcpListener::bind(loopback()).await.expect("loopback can be bound");
    let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/hook", route)).await });
    (url, seen)
}

/// Gives other tasks their turn until `state` holds.
async fn until(mut state: impl FnMut() -> bool) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while !state() {
        assert!(tokio::time::Instant::now() < patience, "the state never came");
        tokio::task::yield_now().await;
    }
}
