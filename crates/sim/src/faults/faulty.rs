//! A face around a face, in which things go wrong as the rules say.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    answers,
    hooks::Held,
    pages::{self, Asked, FirstAnswers},
    rule::{Effect, Rule, Target},
    script::FaultScript,
};
use crate::{
    face::{Ending, Face, Handled, Inspect, Outgoing, OutgoingOutcome},
    host::DeskName,
    world::Dice,
};

/// Marks the second of two equal deliveries; its outcome is nobody's business.
const SECOND: u64 = 1 << 63;

/// A face with faults. Without rules it adds nothing but a look at an empty list.
pub struct Faulty {
    inner: Box<dyn Face>,
    desk: DeskName,
    dice: Dice,
    rules: Vec<Live>,
    next_rule: u64,
    first: FirstAnswers,
    held: Held,
    /// Requests under way whose answer the face is not to hear.
    unheard: BTreeSet<u64>,
    /// Requests refused or cut by rules, by `METHOD path` with ids replaced.
    faulted: BTreeMap<String, u64>,
    refusals: u64,
}

/// A rule at work.
struct Live {
    id: u64,
    rule: Rule,
    since: Timestamp,
    seen: u64,
    hits: u64,
    /// Credentials that [`Effect::RevokeCredential`] has struck.
    revoked: BTreeSet<String>,
}

impl Live {
    fn is_open(&self, now: Timestamp) -> bool {
        self.rule.is_open(self.since, now)
    }

    /// Counts a match and says whether this one is hit.
    fn hit(&mut self, dice: &mut Dice) -> bool {
        self.seen += 1;
        if self.seen <= self.rule.skip || self.hits >= self.rule.count {
            return false;
        }
        let turn = (self.seen - self.rule.skip - 1).is_multiple_of(self.rule.every.max(1));
        let hit = turn && (self.rule.probability >= 1.0 || dice.probability(self.rule.probability));
        self.hits += u64::from(hit);
        hit
    }
}

/// What a rule has done so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    pub id: u64,
    pub name: String,
    pub target: Target,
    pub effect: Effect,
    /// Whether its time window is open now.
    pub open: bool,
    /// Requests or deliveries that matched.
    pub seen: u64,
    /// Those that were hit.
    pub hits: u64,
}

impl Faulty {
    /// Puts `face` behind the rules of `script` that concern it. `start` is the zero of their time windows.
    pub fn new(face: Box<dyn Face>, desk: DeskName, script: &FaultScript, start: Timestamp) -> Self {
        let mut faulty = Self {
            inner: face,
            desk,
            dice: Dice::new(script.seed, &desk.to_string()),
            rules: Vec::new(),
            next_rule: 1,
            first: FirstAnswers::default(),
            held: Held::default(),
            unheard: BTreeSet::new(),
            faulted: BTreeMap::new(),
            refusals: 0,
        };
        faulty.add(&script.rules, start);
        faulty
    }

    /// Adds those of `rules` that concern this face; windows given as lengths of time count from `now`. Says how many.
    pub fn add(&mut self, rules: &[Rule], now: Timestamp) -> usize {
        let before = self.rules.len();
        for rule in rules.iter().filter(|rule| rule.concerns(self.desk)) {
            let (id, rule) = (self.next_rule, rule.clone());
            self.next_rule += 1;
            self.rules.push(Live { id, rule, since: now, seen: 0, hits: 0, revoked: BTreeSet::new() });
        }
        self.rules.len() - before
    }

    /// Removes every rule, or those with this name. Says how many. Deliveries held back still leave when due.
    pub fn remove(&mut self, name: Option<&str>) -> usize {
        let before = self.rules.len();
        self.rules.retain(|live| name.is_some_and(|name| live.rule.name != name));
        before - self.rules.len()
    }

    /// What each rule has done.
    pub fn report(&self, now: Timestamp) -> Vec<RuleReport> {
        let report = |live: &Live| RuleReport {
            id: live.id,
            name: live.rule.name.clone(),
            target: live.rule.target,
            effect: live.rule.effect,
            open: live.is_open(now),
            seen: live.seen,
            hits: live.hits,
        };
        self.rules.iter().map(report).collect()
    }

    /// How far the face's clock is off at `now`.
    fn skew(&self, now: Timestamp) -> SignedDuration {
        self.rules
            .iter()
            .filter(|live| live.rule.effect == Effect::ClockJump && live.is_open(now))
            .fold(SignedDuration::ZERO, |sum, live| sum.saturating_add(live.rule.by()))
    }

    fn face_time(&self, now: Timestamp) -> Timestamp {
        if self.rules.is_empty() { now } else { now.checked_add(self.skew(now)).unwrap_or(now) }
    }

    /// The first rule that hits this request.
    fn strike(&mut self, request: &Request<Bytes>, now: Timestamp) -> Option<Rule> {
        let credential = credential(request);
        for live in &mut self.rules {
            let outgoing = matches!(live.rule.target, Target::Hook | Target::Scim);
            let is_for_requests = !outgoing && live.rule.effect != Effect::ClockJump;
            if !is_for_requests || !live.is_open(now) {
                continue;
            }
            if live.revoked.contains(&credential) {
                return Some(live.rule.clone());
            }
            if live.rule.matches(request) && live.hit(&mut self.dice) {
                if live.rule.effect == Effect::RevokeCredential {
                    live.revoked.insert(credential);
                }
                return Some(live.rule.clone());
            }
        }
        None
    }

    fn count_faulted(&mut self, place: String) {
        *self.faulted.entry(place).or_default() += 1;
    }

    fn remembers_lists(&self, now: Timestamp) -> bool {
        self.rules.iter().any(|live| live.rule.effect == Effect::StaleList && live.is_open(now))
    }

    fn deliver(&mut self, outgoing: Outgoing, now: Timestamp, leaving: &mut Vec<Outgoing>) {
        let agent = outgoing.request.headers().get(header::USER_AGENT);
        let scim = agent.is_some_and(|agent| agent.as_bytes().starts_with(b"Okta SCIM"));
        let concerned = if scim { Target::Scim } else { Target::Hook };
        let struck = self.rules.iter_mut().find_map(|live| {
            let applies = live.rule.target == concerned && live.is_open(now);
            (applies && live.rule.matches(&outgoing.request) && live.hit(&mut self.dice))
                .then(|| live.rule.clone())
        });
        let Some(rule) = struck else {
            leaving.push(outgoing);
            return;
        };
        let face_time = self.face_time(now);
        let due = now.checked_add(rule.by()).unwrap_or(Timestamp::MAX);
        match rule.effect {
            Effect::Drop => {
                let mut answer = Response::new(Bytes::new());
                *answer.status_mut() = StatusCode::NO_CONTENT;
                self.inner.outgoing_done(outgoing.token, OutgoingOutcome::Answered(answer), face_time);
            }
            Effect::Unreachable => {
                let outcome = OutgoingOutcome::Failed("connection refused".to_owned());
                self.inner.outgoing_done(outgoing.token, outcome, face_time);
            }
            Effect::Duplicate => {
                let second = Outgoing { token: outgoing.token | SECOND, ..outgoing.clone() };
                leaving.extend([outgoing, second]);
            }
            Effect::TimeoutBefore => {
                self.inner.outgoing_done(outgoing.token, OutgoingOutcome::TimedOut, face_time);
            }
            Effect::TimeoutAfter => {
                self.unheard.insert(outgoing.token);
                leaving.push(outgoing);
            }
            Effect::Late => self.held.hold(outgoing, due, false),
            Effect::Reorder => self.held.hold(outgoing, due, true),
            effect => match answers::scim(effect, rule.by()) {
                Some(answer) => {
                    self.inner.outgoing_done(outgoing.token, OutgoingOutcome::Answered(answer), face_time);
                }
                None => leaving.push(outgoing),
            },
        }
    }
}

impl Face for Faulty {
    fn handle(&mut self, request: Request<Bytes>, now: Timestamp) -> Handled {
        if self.rules.is_empty() {
            return self.inner.handle(request, now);
        }
        let face_time = self.face_time(now);
        let struck = self.strike(&request, now);
        let place = struck.as_ref().map(|_| pattern(&request));
        if let Some(rule) = &struck {
            self.refusals += 1;
            if let Some(mut reply) =
                answers::refusal(rule, &request, self.desk.vendor, face_time, self.refusals)
            {
                stamp(&mut reply.response, face_time, now);
                self.count_faulted(place.unwrap_or_default());
                return Handled::Reply(reply);
            }
        }
        let asked = Asked::of(&request);
        let mut reply = match self.inner.handle(request, face_time) {
            Handled::Reply(reply) => reply,
            after @ Handled::After(_) => return after,
        };
        stamp(&mut reply.response, face_time, now);
        if self.remembers_lists(now) {
            self.first.remember(&asked, &reply.response);
        }
        let Some(rule) = struck else { return Handled::Reply(reply) };
        let wait = Duration::try_from(rule.by()).unwrap_or_default();
        match rule.effect {
            Effect::TimeoutAfter => (reply.delay, reply.ending) = (reply.delay.max(wait), Ending::Cut),
            Effect::Cut => reply.ending = Ending::Cut,
            Effect::CutMidBody => reply.ending = Ending::CutMidBody,
            Effect::Delay => reply.delay += wait,
            effect => {
                pages::disturb(effect, &asked, &mut reply.response, &self.first);
            }
        }
        if reply.ending != Ending::Whole {
            self.count_faulted(place.unwrap_or_default());
        }
        Handled::Reply(reply)
    }

    fn served_at(&mut self, scheme: &str, authority: &str) {
        self.inner.served_at(scheme, authority);
    }

    fn in_flight(&mut self, others: u32) {
        self.inner.in_flight(others);
    }

    fn needs_length(&self) -> bool {
        self.inner.needs_length()
    }

    fn turned_away(&mut self, status: StatusCode, now: Timestamp) -> Response<Bytes> {
        let face_time = self.face_time(now);
        self.inner.turned_away(status, face_time)
    }

    fn advance(&mut self, now: Timestamp) -> Vec<Outgoing> {
        let face_time = self.face_time(now);
        let mut leaving = Vec::new();
        for outgoing in self.inner.advance(face_time) {
            self.deliver(outgoing, now, &mut leaving);
        }
        self.held.release(&mut leaving, now);
        leaving
    }

    fn next_due(&self) -> Option<Timestamp> {
        // Windows of clock jumps open and close without being announced here: then the face is late by one request,
        // which is what a jumping clock does to it anyway.
        let jumps = self.rules.iter().filter(|live| live.rule.effect == Effect::ClockJump);
        let skew = jumps.fold(SignedDuration::ZERO, |sum, live| sum.saturating_add(live.rule.by()));
        let inner = self.inner.next_due().map(|due| due.checked_sub(skew).unwrap_or(due));
        [inner, self.held.next_due()].into_iter().flatten().min()
    }

    fn outgoing_done(&mut self, token: u64, outcome: OutgoingOutcome, now: Timestamp) -> Option<Handled> {
        if token & SECOND != 0 {
            return None;
        }
        let face_time = self.face_time(now);
        let outcome = if self.unheard.remove(&token) { OutgoingOutcome::TimedOut } else { outcome };
        self.inner.outgoing_done(token, outcome, face_time)
    }

    fn inspect(&self, what: Inspect) -> Value {
        let mut told = self.inner.inspect(what);
        if what == Inspect::Calls
            && let Some(calls) = told.as_object_mut()
        {
            for (place, count) in &self.faulted {
                let entry = calls
                    .entry(place.as_str())
                    .or_insert_with(|| json!({"accepted": 0, "refused": 0, "throttled": 0, "faulted": 0}));
                entry["faulted"] = json!(entry["faulted"].as_u64().unwrap_or(0) + count);
            }
        }
        told
    }

    fn command(&mut self, command: &Value, now: Timestamp) -> Result<Value, String> {
        let face_time = self.face_time(now);
        self.inner.command(command, face_time)
    }
}

/// Whose request it is, as far as the headers say.
fn credential(request: &Request<Bytes>) -> String {
    ["authorization", "x-access-token", "x-auth-token", "x-auth-username"]
        .iter()
        .find_map(|name| request.headers().get(*name))
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// A face whose clock is off says so in `Date`; otherwise the host fills it in.
fn stamp(response: &mut Response<Bytes>, face_time: Timestamp, now: Timestamp) {
    if face_time != now && !response.headers().contains_key(header::DATE) {
        let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&face_time);
        if let Some(value) = text.ok().and_then(|text| http::HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(header::DATE, value);
        }
    }
}

/// `METHOD path` with numbers and 20-character ids replaced by `{id}`; iOffice paths as that face names them, relative
/// to the API's root.
fn pattern(request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    let path = path.strip_prefix(crate::ioffice::API).unwrap_or(path);
    let segments = path.trim_end_matches('/').split('/').map(|segment| {
        let number = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        let id = segment.len() == 20 && segment.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if number || id { "{id}" } else { segment }
    });
    format!("{} {}", request.method(), segments.collect::<Vec<_>>().join("/"))
}
