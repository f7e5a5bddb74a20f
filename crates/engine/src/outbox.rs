//! Delivering messages: at least once, with pauses that grow, and fairly between routes.
//!
//! Each route has a lane of its own, so that one whose receiver takes long to answer, or never does, keeps no other waiting. A
//! receiver that took nothing is tried by one message at a time; whatever else is for it is put off until then, untried, and
//! goes on as soon as one was taken. A message for several receivers reaches those that take it, whatever the others do.
//!
//! What an alarm says keeps its order with each receiver: that it is over is not said before that it is open, nor the other way
//! round. A paging service would keep an incident open for ever otherwise.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt as _, stream, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use lanyard_model::id::{IdentityId, PlanId, TenantId};

use crate::{
    Engine,
    alerts::undelivered,
    ports::{Finding, Message, Notifier, Route, Severity, Write},
};

/// A message is tried for so long, and at least so often, before it waits for a person: longer than a weekend's outage of the
/// mail.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);
const TRIES_MIN: u32 = 12;
/// Routes with messages on their way at one time, and messages of one of them.
const ROUTES_AT_ONCE: usize = 32;
const MESSAGES_AT_ONCE: usize = 4;
/// Messages of one route that are read at a time.
const READ_AT_ONCE: usize = 100;
/// Messages of one alarm that are put in order.
const ORDERED_MAX: usize = 1_000;
/// Whatever waits because another message tries its receiver just now looks again after so long.
const TRY_AWAITED: Duration = Duration::from_secs(30);
/// Before the name of an alert rule in the name of its route.
const ALARM: &str = "alert:";
/// Between two looks for what is due, where nothing says when the next is.
const LOOK_EVERY: Duration = Duration::from_secs(300);

/// A receiver that took nothing when it was last tried.
#[derive(Debug, Clone)]
struct Refusing {
    /// Tries in a row, by whichever message.
    tries: u32,
    /// When one message tries again.
    next: Timestamp,
    /// That one is on its way.
    is_tried: bool,
    /// A finding tells of it.
    told: bool,
    why: String,
}

/// Whether a receiver may be sent something now.
enum Turn {
    Go,
    Wait(Refusing),
}

/// What this process knows of receivers.
#[derive(Default)]
pub(crate) struct Post {
    /// Messages that a receiver took while another one did not: it is not asked again.
    taken: Mutex<HashSet<(String, usize)>>,
    refusing: Mutex<HashMap<Route, Refusing>>,
}

impl Post {
    fn taken(&self) -> MutexGuard<'_, HashSet<(String, usize)>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusing(&self) -> MutexGuard<'_, HashMap<Route, Refusing>> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, route: &Route, now: Timestamp) -> Turn {
        let mut refusing = self.refusing();
        match refusing.get_mut(route) {
            None => Turn::Go,
            Some(known) if known.next <= now && !known.is_tried => {
                known.is_tried = true;
                Turn::Go
            }
            Some(known) if known.next <= now => {
                Turn::Wait(Refusing { next: now + TRY_AWAITED, ..known.clone() })
            }
            Some(known) => Turn::Wait(known.clone()),
        }
    }

    fn took(&self, route: &Route) {
        self.refusing().remove(route);
    }

    /// It took nothing. `pause` is how long it is left alone after so many tries before.
    fn refused(
        &self,
        route: &Route,
        at: Timestamp,
        why: &str,
        pause: impl FnOnce(u32) -> Duration,
    ) -> Refusing {
        let mut refusing = self.refusing();
        let first = Refusing { tries: 0, next: at, is_tried: false, told: false, why: String::new() };
        let known = refusing.entry(route.clone()).or_insert(first);
        known.is_tried = false;
        why.clone_into(&mut known.why);
        // Messages that were on their way together are one try.
        if known.next <= at {
            known.next = at + pause(known.tries);
            known.tries += 1;
        }
        known.clone()
    }

    /// Whether nobody was told yet that it takes nothing; somebody is now.
    fn tell(&self, route: &Route) -> bool {
        let mut refusing = self.refusing();
        refusing.get_mut(route).is_some_and(|known| !std::mem::replace(&mut known.told, true))
    }

    /// Lets each receiver that took nothing be tried now.
    pub(crate) fn try_again(&self, now: Timestamp) {
        self.refusing().values_mut().for_each(|known| known.next = known.next.min(now));
    }
}

/// What became of a message.
struct Sent {
    id: String,
    /// When it is due next; `None`: it was delivered, or given up.
    next: Option<Timestamp>,
    delivered: bool,
    /// It was not tried: what is to be noted of that, together with others.
    held: Option<Write>,
    /// What became of it is on record.
    noted: bool,
}

impl Sent {
    /// It was tried, and is to be tried again.
    fn is_refused(&self) -> bool {
        self.next.is_some() && self.held.is_none()
    }
}

/// A message of an alarm that says it is open while another says it is over, or the other way round, and was written before it:
/// whoever has not taken it yet gets it first.
struct Ahead {
    message: Message,
    next: Timestamp,
    /// It was refused in this turn.
    refused: bool,
}

/// What a message must not overtake.
struct Order<'a> {
    ahead: &'a [Ahead],
    /// It is tried all the same: see [`may_probe`].
    probes: bool,
}

/// `open` or `over`, of a message that tells how an alarm stands.
fn status(message: &Message) -> Option<&str> {
    message.data.as_ref().filter(|_| message.route.starts_with(ALARM))?["status"].as_str()
}

/// When a message was written, beside others.
fn place(message: &Message) -> (Timestamp, &str) {
    (message.at, &message.id)
}

/// Those of `waiting` that a message must not overtake.
fn ahead_of<'w>(
    message: &'w Message,
    waiting: &'w [(Message, Timestamp)],
) -> impl Iterator<Item = &'w (Message, Timestamp)> {
    let own = status(message);
    waiting.iter().filter(move |(other, _)| {
        own.is_some() && status(other).is_some_and(|said| Some(said) != own) && place(other) < place(message)
    })
}

impl Engine {
    /// Delivers messages for ever.
    pub(crate) async fn send_messages(&self, notifier: &dyn Notifier) {
        let mut lanes = FuturesUnordered::new();
        let mut busy = BTreeSet::new();
        // When what was put off is due; and now and then a look for what was left by an earlier process.
        let mut nexts = BTreeSet::new();
        loop {
            let now = self.clock.now();
            nexts.retain(|at| *at > now);
            for (route, messages) in self.due_by_route(now).await {
                if lanes.len() < ROUTES_AT_ONCE && busy.insert(route.clone()) {
                    lanes.push(self.send_along(notifier, route, messages));
                }
            }
            let pause = now + LOOK_EVERY;
            let until = nexts.first().map_or(pause, |at: &Timestamp| pause.min(*at));
            tokio::select! {
                biased;
                Some((route, due)) = lanes.next() => {
                    busy.remove(&route);
                    nexts.extend(due);
                }
                () = self.mail.notified() => {}
                () = self.clock.sleep_until(until) => {}
            }
        }
    }

    /// What is due, by route; the route whose message waits longest first.
    async fn due_by_route(&self, now: Timestamp) -> Vec<(String, Vec<Message>)> {
        let due = self.store.messages_due(now, READ_AT_ONCE).await.unwrap_or_default();
        let mut routes: Vec<(String, Vec<Message>)> = Vec::new();
        let mut places = BTreeMap::new();
        for message in due {
            let place = *places.entry(message.route.clone()).or_insert(routes.len());
            if place == routes.len() {
                routes.push((message.route.clone(), Vec::new()));
            }
            routes[place].1.push(message);
        }
        routes
    }

    /// One turn of one route: its name, and when what was put off is due.
    async fn send_along(
        &self,
        notifier: &dyn Notifier,
        route: String,
        mut messages: Vec<Message>,
    ) -> (String, Vec<Timestamp>) {
        let waiting = match messages.iter().any(|message| status(message).is_some()) {
            true => self.store.messages_waiting(&route, ORDERED_MAX).await,
            false => Ok(Vec::new()),
        };
        let Ok(waiting) = waiting else {
            // Nothing is sent out of its order.
            self.clock.sleep(self.settings.retry_first).await;
            return (route, Vec::new());
        };
        let behind = |message: &mut Message| ahead_of(message, &waiting).next().is_some();
        let mut later: Vec<Message> = messages.extract_if(.., behind).collect();
        // Whichever was tried least goes first: one that is refused for its own sake keeps no other waiting.
        messages.sort_by_key(|message| message.attempts);
        let mut rest = messages.into_iter();
        let mut sent = Vec::with_capacity(rest.len());
        let free = Order { ahead: &[], probes: false };
        // It shows whether the route takes any.
        if let Some(first) = rest.next() {
            sent.push(self.send_message(notifier, first, &free).await);
        }
        let others = stream::iter(rest.map(|message| self.send_message(notifier, message, &free)));
        sent.extend(others.buffer_unordered(MESSAGES_AT_ONCE).collect::<Vec<_>>().await);
        later.sort_by(|a, b| place(a).cmp(&place(b)));
        let mut probed = false;
        for message in later {
            let mut ahead = Vec::new();
            for (one, due) in ahead_of(&message, &waiting) {
                let now = sent.iter().find(|sent| sent.id == one.id);
                let next = match now {
                    Some(now) => now.next,
                    None => Some(*due),
                };
                let refused = now.is_some_and(Sent::is_refused);
                ahead.extend(next.map(|next| Ahead { message: one.clone(), next, refused }));
            }
            let probes = !probed && may_probe(&ahead);
            let went = self.send_message(notifier, message, &Order { ahead: &ahead, probes }).await;
            if probes {
                probed = true;
                if went.delivered {
                    self.pass_over_refused(&ahead, &mut sent).await;
                }
            }
            sent.push(went);
        }
        let held: Vec<Write> = sent.iter_mut().filter_map(|sent| sent.held.take()).collect();
        let held = self.write(held).await;
        if held.is_err() || sent.iter().any(|sent| !sent.noted) {
            // All of it is due as before; not again and again while the store cannot write.
            self.clock.sleep(self.settings.retry_first).await;
        }
        (route, sent.into_iter().filter_map(|sent| sent.next).collect())
    }

    /// A later message of the alarm was taken by everybody while these were refused again and again: they are refused for
    /// their own sake, and would keep the alarm waiting for days.
    async fn pass_over_refused(&self, ahead: &[Ahead], sent: &mut [Sent]) {
        let at = self.clock.now();
        for one in ahead {
            let why = "it was refused, and a later message of the same alarm was taken";
            self.tell_undelivered(&one.message, why, at).await;
            self.post.taken().retain(|(id, _)| *id != one.message.id);
            if let Some(sent) = sent.iter_mut().find(|sent| sent.id == one.message.id) {
                sent.next = None;
                let id = one.message.id.clone();
                sent.held = Some(Write::MessageHeld { id, until: None, why: why.into() });
            }
        }
    }

    /// One try of one message with each of its receivers that may be tried.
    async fn send_message(&self, notifier: &dyn Notifier, message: Message, order: &Order<'_>) -> Sent {
        let routes = self.routes(&message.route);
        // Those that did not take it: by a try of this message, or because they take nothing.
        let (mut refused, mut waits) = (Vec::new(), Vec::new());
        for (number, route) in routes.iter().enumerate() {
            let key = (message.id.clone(), number);
            if self.post.taken().contains(&key) {
                continue;
            }
            if let Some(known) = self.kept_back(number, order) {
                waits.push((route, known));
                continue;
            }
            let turn = match order.probes {
                true => Turn::Go,
                false => self.post.turn(route, self.clock.now()),
            };
            match turn {
                Turn::Wait(known) => waits.push((route, known)),
                Turn::Go => match self.send_to(notifier, &message, route).await {
                    Err(known) => refused.push((route, known)),
                    Ok(()) if routes.len() > 1 => {
                        self.post.taken().insert(key);
                    }
                    Ok(()) => {}
                },
            }
        }
        let at = self.clock.now();
        if routes.is_empty() {
            let why = format!("nothing says where {} leads", message.route);
            return self.note_refused(&message, at, &why, message.attempts + 1, Vec::new(), None).await;
        }
        let tried = refused.first().map(|(route, known)| (*route, known.clone()));
        let missed: Vec<Refusing> = refused.into_iter().chain(waits).map(|(_, known)| known).collect();
        let nexts = missed.iter().map(|known| known.next).collect();
        let tries = missed.iter().map(|known| known.tries).max().unwrap_or_default();
        match (tried, missed.first()) {
            (Some((route, known)), _) => {
                let tries = tries.max(message.attempts + 1);
                self.note_refused(&message, at, &known.why, tries, nexts, Some(route)).await
            }
            (None, Some(known)) => self.note_held(&message, at, known, tries, nexts).await,
            (None, None) => self.note_delivered(&message, at).await,
        }
    }

    /// What keeps a message from the receiver of this number, if something does: one before it that was not taken there yet.
    fn kept_back(&self, number: usize, order: &Order<'_>) -> Option<Refusing> {
        let taken = |one: &Ahead| self.post.taken().contains(&(one.message.id.clone(), number));
        let first = order.ahead.iter().find(|one| !order.probes && !taken(one))?;
        Some(Refusing {
            tries: 0,
            next: first.next.max(self.clock.now() + TRY_AWAITED),
            is_tried: false,
            told: false,
            why: "an earlier message of the same alarm comes first".into(),
        })
    }

    async fn send_to(
        &self,
        notifier: &dyn Notifier,
        message: &Message,
        route: &Route,
    ) -> Result<(), Refusing> {
        let sent = {
            let _busy = self.clock.busy();
            notifier.send(message, route).await
        };
        match sent {
            Ok(()) => {
                self.post.took(route);
                Ok(())
            }
            Err(why) => {
                let pause = |tries| self.settings.backoff(tries, &message.id);
                Err(self.post.refused(route, self.clock.now(), &why, pause))
            }
        }
    }

    async fn note_delivered(&self, message: &Message, at: Timestamp) -> Sent {
        self.post.taken().retain(|(id, _)| *id != message.id);
        let mut batch = Vec::new();
        if message.attempts > 0 {
            // It may have been told of, or given up and sent again by a person.
            batch.push(Write::FindingOver { key: finding_key(message), at });
        }
        batch.push(Write::MessageTried { id: message.id.clone(), at, result: Ok(()), next: None });
        let noted = self.write(batch).await.is_ok();
        Sent { id: message.id.clone(), next: None, delivered: noted, held: None, noted }
    }

    /// It was tried, and not everybody took it. `nexts` are when those who did not are tried again; `tries` is how often they
    /// or this message were.
    async fn note_refused(
        &self,
        message: &Message,
        at: Timestamp,
        why: &str,
        tries: u32,
        nexts: Vec<Timestamp>,
        route: Option<&Route>,
    ) -> Sent {
        let own = at + self.settings.backoff(message.attempts, &message.id);
        let next = nexts.into_iter().min().map_or(own, |next| next.max(own));
        let next = (!is_given_up(message, at, tries)).then_some(next);
        // Told after half an hour, though it is tried for days; and when it is given up.
        let first_told = || match route {
            Some(route) => tries >= TRIES_MIN && self.post.tell(route),
            None => tries == TRIES_MIN,
        };
        if next.is_none() || first_told() {
            self.tell_undelivered(message, why, at).await;
        }
        if next.is_none() {
            self.post.taken().retain(|(id, _)| *id != message.id);
        }
        let result = Err(why.to_owned());
        let noted =
            self.write(vec![Write::MessageTried { id: message.id.clone(), at, result, next }]).await.is_ok();
        Sent { id: message.id.clone(), next, delivered: false, held: None, noted }
    }

    /// It was not tried with whoever did not take it yet: that one takes nothing.
    async fn note_held(
        &self,
        message: &Message,
        at: Timestamp,
        known: &Refusing,
        tries: u32,
        nexts: Vec<Timestamp>,
    ) -> Sent {
        let until = nexts.into_iter().min().filter(|_| !is_given_up(message, at, tries));
        if until.is_none() {
            self.tell_undelivered(message, &known.why, at).await;
            self.post.taken().retain(|(id, _)| *id != message.id);
        }
        let why = match known.tries {
            0 => format!("not tried: {}", known.why),
            _ => format!("not tried, because its route takes nothing: {}", known.why),
        };
        let held = Write::MessageHeld { id: message.id.clone(), until, why };
        Sent { id: message.id.clone(), next: until, delivered: false, held: Some(held), noted: true }
    }

    async fn tell_undelivered(&self, message: &Message, why: &str, at: Timestamp) {
        let about = self.message_about(&message.id).await;
        self.raise(Finding {
            key: finding_key(message),
            kind: "message".into(),
            severity: Severity::Warning,
            tenant: about.as_ref().map(|about| about.tenant.clone()),
            site: None,
            identity: about,
            title: undelivered(&message.route),
            detail: format!("{}: {why}", message.subject),
            fix: Some(
                "correct the route in the policy or the settings, then: lanyard messages --again".into(),
            ),
            count: None,
            since: at,
        })
        .await;
    }

    /// Whom a message is about: its id begins with them, or names their plan.
    async fn message_about(&self, id: &str) -> Option<IdentityId> {
        let mut parts = id.split(':');
        let first = parts.next()?;
        if first == "given" {
            let plan = self.store.plan(&PlanId::new(parts.next()?)).await.ok()??;
            return Some(plan.identity);
        }
        let (tenant, user) = first.split_once('/')?;
        let tenant = TenantId::new(tenant);
        self.directories().contains_key(&tenant).then(|| IdentityId::new(tenant, user))
    }
}

/// Whether the first message behind these may be tried although they come first: each was refused just now, and has been for
/// half an hour. Only so does it show whether they are refused for their own sake.
fn may_probe(ahead: &[Ahead]) -> bool {
    !ahead.is_empty() && ahead.iter().all(|one| one.refused && one.message.attempts + 1 >= TRIES_MIN)
}

fn finding_key(message: &Message) -> String {
    format!("message:{}", message.id)
}

fn is_given_up(message: &Message, at: Timestamp, tries: u32) -> bool {
    tries >= TRIES_MIN && at.duration_since(message.at) >= TRIED_FOR
}
