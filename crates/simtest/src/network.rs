//! The network between engine and stand-ins: an exchange is a call of a face, its delays pass on the virtual clock,
//! its breaks become transport errors. Hook deliveries go the other way, to a receiver that answers as the web does.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;
use lanyard_engine::{
    Engine,
    ingest::{ReceiveError, Received},
    ports::{ActivityFilter, Store as _},
};
use lanyard_model::id::TenantId;
use lanyard_sim::{
    face::{Ending, Face, Handled, Inspect, Outgoing, OutgoingOutcome},
    faults::{Effect, Faulty},
    host::{DeskName, Vendor},
    world::Dice,
};
use lanyard_store::SqliteStore;
use lanyard_wire::{Request, Transport, TransportError};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    clock::VirtualTime,
    life::Life,
    watch::{self, Watch},
    weather::{Mishap, Weather},
};

/// Under which the hook receiver is reached.
pub const RECEIVER: &str = "lanyard.example";
/// What the directory sends in `Authorization` of each delivery.
pub const HOOK_SECRET: &str = "hook-secret-of-the-simulation";
/// As the web does: a little less than the sender's own patience.
const STORE_WITHIN: Duration = Duration::from_millis(2500);
/// Among which what has just been recorded is found.
const RECENT_LINES: usize = 60;
/// A caller is sent round at most this often before it is dropped.
const ROUNDS_MAX: usize = 8;

/// One face with what hangs on it.
pub struct Desk {
    pub name: DeskName,
    pub host: String,
    face: Mutex<Faulty>,
    in_flight: AtomicU32,
    changed: Notify,
    /// How often somebody came to it.
    visits: AtomicU64,
}

impl Desk {
    pub fn new(name: DeskName, host: String, face: Faulty) -> Arc<Self> {
        Arc::new(Self {
            name,
            host,
            face: Mutex::new(face),
            in_flight: AtomicU32::new(0),
            changed: Notify::new(),
            visits: AtomicU64::new(0),
        })
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut Faulty) -> T) -> T {
        self.visits.fetch_add(1, Ordering::SeqCst);
        let answer = act(&mut lock(&self.face));
        self.changed.notify_one();
        answer
    }

    pub fn inspect(&self, what: Inspect) -> Value {
        lock(&self.face).inspect(what)
    }
}

/// A write that reached a site, with what the store knew when it left.
#[derive(Debug, Clone)]
pub struct SentWrite {
    pub desk: DeskName,
    pub sent_at: Timestamp,
    pub method: String,
    pub path: String,
    pub accepted: bool,
    /// When the intents were recorded that were open at that moment.
    pub intents: Vec<(Timestamp, String)>,
    /// Since when the stop button was held down, as far as the presser was told.
    pub stopped_since: Option<Timestamp>,
}

/// A read of somebody by id that was answered.
#[derive(Debug, Clone)]
pub struct Read {
    pub at: Timestamp,
    pub user: String,
}

/// An event that reached the process, by a page of the log or a delivery that it took.
#[derive(Debug, Clone)]
pub struct Heard {
    pub user: String,
    /// When it happened.
    pub published: Timestamp,
    /// It says that they were deleted: to be not found alone proves nothing.
    pub deletion: bool,
}

/// All faces, the receiver of hooks, and the network's own record.
pub struct Network {
    pub time: VirtualTime,
    desks: BTreeMap<String, Arc<Desk>>,
    receiver: Mutex<Option<(Arc<Engine>, Arc<Life>)>>,
    dice: Mutex<Dice>,
    store: Mutex<Option<Arc<SqliteStore>>>,
    sent: Mutex<Vec<SentWrite>>,
    reads: Mutex<Vec<Read>>,
    lies: Mutex<Vec<Read>>,
    heard: Mutex<Vec<Heard>>,
    stopped_since: Mutex<Option<Timestamp>>,
    pub watch: Watch,
    weather: Arc<Weather>,
    exchanges: AtomicU64,
    deliveries: AtomicU64,
    delivered: AtomicU64,
    write_faults: Mutex<BTreeMap<usize, WriteFault>>,
    /// What goes wrong with what is made, by its number within its kind; and how many there were.
    made_faults: Mutex<BTreeMap<(Made, usize), WriteFault>>,
    made: Mutex<BTreeMap<Made, usize>>,
    /// How many seconds a site asks for in `Retry-After` when it answers 429; 0: it does not say (contract A-09).
    site_waits: AtomicU32,
    /// Each request and what came of it, where a history is told whole.
    told: Mutex<Option<Vec<(Timestamp, String)>>>,
}

/// What goes wrong with one write to a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFault {
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It is not done, and the answer is 500.
    NotDone,
    /// It is done, and the process dies before it hears of it.
    Dies,
}

/// Something that a request makes in a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Made {
    Account,
    Booking,
    Visit,
}

impl Made {
    fn by(method: &Method, path: &str) -> Option<Self> {
        let last = path.rsplit('/').next().filter(|_| method == Method::POST)?;
        match last {
            "users" => Some(Self::Account),
            "reservations" => Some(Self::Booking),
            "preregister" => Some(Self::Visit),
            _ => None,
        }
    }
}

impl Network {
    pub fn new(
        time: VirtualTime,
        desks: impl IntoIterator<Item = Arc<Desk>>,
        dice: Dice,
        weather: Arc<Weather>,
    ) -> Arc<Self> {
        Arc::new(Self {
            time,
            desks: desks.into_iter().map(|desk| (desk.host.clone(), desk)).collect(),
            receiver: Mutex::new(None),
            dice: Mutex::new(dice),
            store: Mutex::new(None),
            sent: Mutex::default(),
            reads: Mutex::default(),
            lies: Mutex::default(),
            heard: Mutex::default(),
            stopped_since: Mutex::new(None),
            watch: Watch::default(),
            weather,
            exchanges: AtomicU64::new(0),
            deliveries: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            write_faults: Mutex::default(),
            made_faults: Mutex::default(),
            made: Mutex::default(),
            site_waits: AtomicU32::new(0),
            told: Mutex::default(),
        })
    }

    /// Desks by name, Okta's first.
    pub fn desks(&self) -> Vec<Arc<Desk>> {
        let mut desks: Vec<_> = self.desks.values().cloned().collect();
        desks.sort_by_key(|desk| desk.name);
        desks
    }

    pub fn desk(&self, vendor: Vendor, index: usize) -> Arc<Desk> {
        let found = self.desks.values().find(|desk| desk.name == DeskName { vendor, index });
        Arc::clone(found.expect("a desk that the company has"))
    }

    /// Who answers hooks from now on; `None`: connections are refused.
    pub fn receive_with(&self, receiver: Option<(Arc<Engine>, Arc<Life>)>) {
        *lock(&self.receiver) = receiver;
    }

    /// The store in which intents are looked up when a write leaves.
    pub fn look_up_intents_in(&self, store: Arc<SqliteStore>) {
        *lock(&self.store) = Some(store);
    }

    pub fn note_stopped(&self, since: Option<Timestamp>) {
        *lock(&self.stopped_since) = since;
    }

    /// Lets writes go wrong by the number, counted from 0, under which they reach a site; no other does any more.
    pub fn fail_writes(&self, faults: impl IntoIterator<Item = (usize, WriteFault)>) {
        *lock(&self.write_faults) = faults.into_iter().collect();
    }

    /// The same, by number among what is made of one kind.
    pub fn fail_made(&self, faults: impl IntoIterator<Item = (Made, usize, WriteFault)>) {
        *lock(&self.made_faults) =
            faults.into_iter().map(|(made, number, fault)| ((made, number), fault)).collect();
    }

    fn fault_of_made(&self, method: &Method, path: &str) -> Option<WriteFault> {
        let made = Made::by(method, path)?;
        let mut counts = lock(&self.made);
        let count = counts.entry(made).or_default();
        let number = *count;
        *count += 1;
        lock(&self.made_faults).get(&(made, number)).copied()
    }

    /// Lets sites say how long to wait.
    pub fn let_sites_ask_for(&self, seconds: u32) {
        self.site_waits.store(seconds, Ordering::SeqCst);
    }

    /// Keeps each request from now on, and what came of it.
    pub fn tell_requests(&self) {
        *lock(&self.told) = Some(Vec::new());
    }

    pub fn told_requests(&self) -> Vec<(Timestamp, String)> {
        lock(&self.told).clone().unwrap_or_default()
    }

    fn tell(&self, words: impl FnOnce() -> String) {
        if let Some(told) = &mut *lock(&self.told) {
            told.push((self.time.now(), words()));
        }
    }

    fn fault_of(&self, write: Option<usize>) -> Option<WriteFault> {
        lock(&self.write_faults).get(&write?).copied()
    }

    /// Requests of the process, and deliveries to it.
    pub fn traffic(&self) -> (u64, u64) {
        (self.exchanges.load(Ordering::SeqCst), self.deliveries.load(Ordering::SeqCst))
    }

    /// How far everything on it is: grows with time, and with each request, answer and visit.
    pub fn progress(&self) -> u64 {
        let counts = [&self.exchanges, &self.deliveries, &self.delivered];
        let visits = self.desks.values().map(|desk| desk.visits.load(Ordering::SeqCst));
        let happened =
            counts.into_iter().map(|count| count.load(Ordering::SeqCst)).chain(visits).sum::<u64>();
        let nanos = self.time.now().as_nanosecond();
        happened.wrapping_add(nanos as u64)
    }

    pub fn sent(&self) -> Vec<SentWrite> {
        lock(&self.sent).clone()
    }

    pub fn reads(&self) -> Vec<Read> {
        lock(&self.reads).clone()
    }

    /// Answers about somebody's groups that looked whole and were not.
    pub fn lies(&self) -> Vec<Read> {
        lock(&self.lies).clone()
    }

    /// Events about people that reached the process.
    pub fn heard(&self) -> Vec<Heard> {
        lock(&self.heard).clone()
    }

    fn note_heard<'a>(&self, events: impl IntoIterator<Item = &'a Value>) {
        let mut heard = lock(&self.heard);
        for event in events {
            let published = event["published"].as_str().and_then(|at| at.parse().ok());
            let Some(published) = published else { continue };
            let targets = event["target"].as_array().into_iter().flatten();
            let users =
                targets.filter(|target| target["type"] == "User").filter_map(|target| target["id"].as_str());
            let kind = event["eventType"].as_str().unwrap_or_default();
            let deletion = kind.starts_with("user.lifecycle.delete.");
            heard.extend(users.map(|user| Heard { user: user.to_owned(), published, deletion }));
        }
    }

    /// A read that was answered, also with the word that there is nobody. It tells of the moment at which it was asked.
    fn note_read(&self, read: Option<Read>, answer: &Response<Bytes>) {
        let is_record = answer.status().is_success() && answer.body().first() == Some(&b'{');
        if is_record || answer.status() == StatusCode::NOT_FOUND {
            lock(&self.reads).extend(read);
        }
    }

    fn hop(&self) -> Duration {
        Duration::from_millis(5 + u64::from(lock(&self.dice).below(25)))
    }

    /// Carries a face's own work forward, for ever.
    pub async fn pump(self: Arc<Self>, desk: Arc<Desk>) {
        loop {
            let now = self.time.now();
            let leaving = lock(&desk.face).advance(now);
            for outgoing in leaving {
                tokio::spawn(Arc::clone(&self).deliver_all(Arc::clone(&desk), outgoing));
            }
            let due = lock(&desk.face).next_due();
            // A face that stays due after it was advanced must not stop time.
            let until = due.map(|due| due.max(now + Duration::from_millis(1)));
            let sleep = async {
                match until {
                    Some(until) => self.time.sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = desk.changed.notified() => {}
                () = sleep => {}
            }
        }
    }

    async fn deliver_all(self: Arc<Self>, desk: Arc<Desk>, outgoing: Outgoing) {
        let mut next = Some(outgoing);
        while let Some(outgoing) = next.take() {
            let token = outgoing.token;
            let outcome = self.deliver(outgoing).await;
            let now = self.time.now();
            if let Some(Handled::After(again)) = desk.with(|face| face.outgoing_done(token, outcome, now)) {
                next = Some(again);
            }
        }
    }

    /// One request of a face to the receiver.
    async fn deliver(&self, outgoing: Outgoing) -> OutgoingOutcome {
        let hop = self.hop();
        let answered = tokio::time::timeout(outgoing.timeout, async {
            tokio::time::sleep(hop).await;
            let answer = self.answer_hook(outgoing.request).await;
            self.delivered.fetch_add(1, Ordering::SeqCst);
            answer
        });
        match answered.await {
            Ok(Some(response)) => OutgoingOutcome::Answered(response),
            Ok(None) => OutgoingOutcome::Failed("connection refused".to_owned()),
            Err(_) => OutgoingOutcome::TimedOut,
        }
    }

    /// As the web answers: the secret first, 204 once durable, 503 for a fault of ours. `None`: nobody listens.
    async fn answer_hook(&self, request: Request) -> Option<Response<Bytes>> {
        let (engine, life) = lock(&self.receiver).clone()?;
        self.deliveries.fetch_add(1, Ordering::SeqCst);
        let status = |status: StatusCode| {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = status;
            Some(response)
        };
        let given = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        if request.uri().host() != Some(RECEIVER) || given != Some(HOOK_SECRET.as_bytes()) {
            return status(StatusCode::UNAUTHORIZED);
        }
        if request.method() == Method::GET {
            let challenge = request.headers().get("x-okta-verification-challenge")?.to_str().ok()?;
            let body = serde_json::json!({ "verification": challenge }).to_string();
            return Some(Response::new(Bytes::from(body)));
        }
        let tenant = TenantId::new(request.uri().path().rsplit('/').next().unwrap_or_default());
        let received = tokio::time::timeout(STORE_WITHIN, engine.receive(&tenant, request.body())).await;
        life.live().await;
        let answer = match received {
            Ok(Ok(_)) => StatusCode::NO_CONTENT,
            Ok(Err(ReceiveError::Unreadable(_))) => StatusCode::BAD_REQUEST,
            Ok(Err(ReceiveError::NoTenant(_))) => StatusCode::NOT_FOUND,
            Ok(Err(ReceiveError::Store(_))) | Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        // What comes from elsewhere is answered as well, and counts for nothing.
        if matches!(received, Ok(Ok(Received::Stored { .. }))) {
            self.judge_acknowledged(request.body()).await;
            self.watch.acknowledged(request.body());
            if let Ok(body) = serde_json::from_slice::<Value>(request.body()) {
                self.note_heard(body.pointer("/data/events").and_then(Value::as_array).into_iter().flatten());
            }
        }
        self.tell(|| format!("a delivery of {}: {answer}", watch::events(request.body()).join(", ")));
        // A delivery of the directory itself is well formed: whatever hinders us, it is asked to come again.
        self.watch.check("L6", !answer.is_client_error(), self.time.now(), || {
            format!("a good delivery was answered {answer}")
        });
        status(answer)
    }

    /// S10 at the moment of the answer: what is acknowledged is on record already, whoever else may tell of it later.
    async fn judge_acknowledged(&self, body: &[u8]) {
        let store = lock(&self.store).clone();
        let Some(store) = store else { return };
        let lines = {
            let _hushed = self.weather.hush();
            let newest = ActivityFilter { limit: RECENT_LINES, ..ActivityFilter::default() };
            store.activity(&newest).await.unwrap_or_default()
        };
        let known = |uuid: &String| {
            let mut uuids = lines.iter().filter_map(|line| line.entry.data["uuids"].as_array()).flatten();
            uuids.any(|known| known == uuid.as_str())
        };
        for uuid in watch::events(body) {
            self.watch.check("S10", known(&uuid), self.time.now(), || {
                format!("event {uuid} was acknowledged before it was on record")
            });
        }
    }

    async fn note_write(&self, desk: DeskName, request: &Request) -> Option<usize> {
        let is_write = request.method() != Method::GET && request.method() != Method::HEAD;
        if desk.vendor != Vendor::Ioffice || !is_write {
            return None;
        }
        let store = lock(&self.store).clone();
        let open = match store {
            Some(store) => {
                let _hushed = self.weather.hush();
                store.open_intents(None).await.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let write = SentWrite {
            desk,
            sent_at: self.time.now(),
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            accepted: false,
            intents: open
                .into_iter()
                .map(|open| (open.intent.at, open.intent.operation.name().to_owned()))
                .collect(),
            stopped_since: *lock(&self.stopped_since),
        };
        let mut sent = lock(&self.sent);
        sent.push(write);
        Some(sent.len() - 1)
    }
}

/// The network as one life of the process sees it.
pub struct LifeTransport {
    pub network: Arc<Network>,
    pub life: Arc<Life>,
}

#[async_trait]
impl Transport for LifeTransport {
    async fn exchange(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<lanyard_wire::Response, TransportError> {
        let asked = format!("{} {}", request.method(), request.uri());
        let answered = self.carry(request, timeout).await;
        self.network.tell(|| match &answered {
            Ok(response) => format!("{asked}: {}, {} bytes", response.status(), response.body().len()),
            Err(error) => format!("{asked}: {error}"),
        });
        answered
    }
}

impl LifeTransport {
    async fn carry(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<lanyard_wire::Response, TransportError> {
        self.life.point().await;
        let network = &self.network;
        let host = request.uri().host().unwrap_or_default().to_owned();
        let Some(desk) = network.desks.get(&host).cloned() else {
            return Err(TransportError::NotSent { host, reason: "no such host".into() });
        };
        network.exchanges.fetch_add(1, Ordering::SeqCst);
        // Okta's limits are about one kind of call, a site's about all of them (contract A-09).
        let kind = match desk.name.vendor {
            Vendor::Ioffice => "any call".to_owned(),
            _ => watch::kind(&request),
        };
        network.watch.leaving(&host, &kind, &request, network.time.now());
        let is_list = is_whole_list(&request);
        let user = read_by_id(&request);
        let is_log = desk.name.vendor == Vendor::Okta && request.uri().path().ends_with("/logs");
        tokio::time::sleep(network.hop()).await;
        self.life.live().await;
        let write = network.note_write(desk.name, &request).await;
        let planned = write.and_then(|write| {
            let of_made = network.fault_of_made(request.method(), request.uri().path());
            network.fault_of(Some(write)).or(of_made)
        });
        if planned == Some(WriteFault::NotDone) {
            network.weather.note("write not done");
            self.life.point().await;
            let mut response = Response::new(Bytes::from_static(b"{\"error\":\"server_error\"}"));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return Ok(response);
        }
        let read = user.map(|user| Read { at: network.time.now(), user });
        let exchange = async {
            let reply = answer(network, &desk, request).await;
            if let (Some(write), Some(reply)) = (write, &reply) {
                lock(&network.sent)[write].accepted = reply.response.status().is_success();
            }
            reply
        };
        let answered = tokio::time::timeout(timeout, async {
            let reply = exchange.await?;
            tokio::time::sleep(reply.delay + network.hop()).await;
            Some(reply)
        })
        .await;
        if planned == Some(WriteFault::Dies) {
            network.weather.note("death at a write");
            self.life.end();
        }
        self.life.point().await;
        let broken =
            |reason: &str| Err(TransportError::NoAnswer { host: host.clone(), reason: reason.into() });
        match answered {
            Ok(Some(_)) if planned == Some(WriteFault::AnswerLost) => {
                network.weather.note("answer lost");
                broken("the connection closed")
            }
            Err(_) => broken("no answer in time"),
            Ok(None) => broken("the connection closed"),
            Ok(Some(mut reply)) => match reply.ending {
                Ending::Whole => {
                    let wait = network.site_waits.load(Ordering::SeqCst);
                    if wait > 0
                        && desk.name.vendor == Vendor::Ioffice
                        && reply.response.status() == StatusCode::TOO_MANY_REQUESTS
                    {
                        reply.response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
                    }
                    network.watch.answered(&host, &kind, &reply.response, network.time.now());
                    if reply.response.status().is_success() {
                        lie(&network.weather, is_list, &mut reply.response);
                    }
                    network.note_read(read, &reply.response);
                    if is_log && let Ok(Value::Array(page)) = serde_json::from_slice(reply.response.body()) {
                        network.note_heard(&page);
                    }
                    Ok(reply.response)
                }
                Ending::Cut => broken("the connection closed"),
                Ending::CutMidBody => broken("the connection closed in the middle of the answer"),
            },
        }
    }
}

/// A list of everything, or of somebody's groups: an answer to it may be empty for want of rights. Searches are not.
fn is_whole_list(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let searches = query.contains("search=") || query.contains("filter=") || query.contains("q=");
    let last = request.uri().path().rsplit('/').next().unwrap_or_default();
    let lists = ["users", "groups", "buildings", "floors", "rooms", "centers", "neighborhoods"];
    request.method() == Method::GET && !searches && lists.contains(&last)
}

/// Puts something else in place of a good answer.
fn lie(weather: &Weather, is_list: bool, response: &mut Response<Bytes>) {
    let is_rows = response.body().first() == Some(&b'[');
    if is_list && is_rows && response.body().len() > 2 && weather.strikes(Mishap::EmptyList) {
        *response.body_mut() = Bytes::from_static(b"[]");
        response.headers_mut().remove(header::LINK);
    } else if weather.strikes(Mishap::WrongContent) {
        *response.body_mut() = Bytes::from_static(b"<html><body>The site is being worked on.</body></html>");
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    }
}

/// What the face says, once everything it asked for first is done.
async fn answer(network: &Network, desk: &Desk, request: Request) -> Option<lanyard_sim::face::Reply> {
    let _arrived = Arrived::at(&desk.in_flight);
    let others = desk.in_flight.load(Ordering::SeqCst) - 1;
    let request = as_received(request);
    let now = network.time.now();
    let groups_of = groups_of(&request);
    let lies = |face: &Faulty| -> u64 {
        let lists = [Effect::TornPage, Effect::ShiftingPage, Effect::StaleList];
        let told = face.report(now).into_iter().filter(|told| lists.contains(&told.effect));
        told.map(|told| told.hits).sum()
    };
    let mut handled = Some(desk.with(|face| {
        face.in_flight(others);
        let before = groups_of.as_ref().map(|_| lies(face));
        let handled = face.handle(request, now);
        // A list without the group of everybody is seen to be short, and is no lie.
        let looks_whole = match &handled {
            Handled::Reply(reply) => memchr::memmem::find(reply.response.body(), b"BUILT_IN").is_some(),
            Handled::After(_) => true,
        };
        if let (Some(user), Some(before)) = (groups_of, before)
            && lies(face) > before
            && looks_whole
        {
            lock(&network.lies).push(Read { at: now, user });
        }
        handled
    }));
    for _ in 0..ROUNDS_MAX {
        match handled? {
            Handled::Reply(mut reply) => {
                stamp(&mut reply.response, network.time.now());
                return Some(reply);
            }
            Handled::After(outgoing) => {
                let token = outgoing.token;
                let outcome = network.deliver(outgoing).await;
                let now = network.time.now();
                handled = desk.with(|face| face.outgoing_done(token, outcome, now));
            }
        }
    }
    None
}

/// Who is read by id.
fn read_by_id(request: &Request) -> Option<String> {
    let user = request.uri().path().strip_prefix("/api/v1/users/").filter(|rest| !rest.contains('/'))?;
    (request.method() == Method::GET).then(|| user.to_owned())
}

/// Whose groups are asked for.
fn groups_of(request: &Request) -> Option<String> {
    let user = request.uri().path().strip_prefix("/api/v1/users/")?.strip_suffix("/groups")?;
    Some(user.to_owned())
}

/// Origin form and a `Host`, as a server sees a request.
fn as_received(mut request: Request) -> Request {
    let host = request.uri().authority().and_then(|host| HeaderValue::try_from(host.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = path.into();
    }
    request
}

fn stamp(response: &mut Response<Bytes>, now: Timestamp) {
    if !response.headers().contains_key(header::DATE) {
        let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
        if let Some(value) = text.ok().and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(header::DATE, value);
        }
    }
}

/// Counted among the unanswered until dropped.
struct Arrived<'a>(&'a AtomicU32);

impl<'a> Arrived<'a> {
    fn at(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Arrived<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
