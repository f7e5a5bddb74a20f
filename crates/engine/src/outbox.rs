//! Delivering messages: at least once, with pauses that grow, and fairly between routes.
//!
//! Each route has a lane of its own, so that one whose receiver takes long to answer, or never does, keeps no other waiting. A
//! receiver that took nothing is tried by one message at a time; whatever else is for it is put off until then, untried, and
//! goes on as soon as one was taken. A message for several receivers reaches those that take it, whatever the others do.

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
/// Whatever waits because another message tries its receiver just now looks again after so long.
const TRY_AWAITED: Duration = Duration::from_secs(30);
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
    /// When it is due next; `None`: it was delivered, or given up.
    next: Option<Timestamp>,
    /// It was not tried: what is to be noted of that, together with others.
    held: Option<Write>,
    /// What became of it is on record.
    noted: bool,
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
        // Whichever was tried least goes first: one that is refused for its own sake keeps no other waiting.
        messages.sort_by_key(|message| message.attempts);
        let mut rest = messages.into_iter();
        let mut sent = Vec::with_capacity(rest.len());
        // It shows whether the route takes any.
        if let Some(first) = rest.next() {
            sent.push(self.send_message(notifier, first).await);
        }
        let others = stream::iter(rest.map(|message| self.send_message(notifier, message)));
        sent.extend(others.buffer_unordered(MESSAGES_AT_ONCE).collect::<Vec<_>>().await);
        let held: Vec<Write> = sent.iter_mut().filter_map(|sent| sent.held.take()).collect();
        let held = self.write(held).await;
        if held.is_err() || sent.iter().any(|sent| !sent.noted) {
            // All of it is due as before; not again and again while the store cannot write.
            self.clock.sleep(self.settings.retry_first).await;
        }
        (route, sent.into_iter().filter_map(|sent| sent.next).collect())
    }

    /// One try of one message with each of its receivers that may be tried.
    async fn send_message(&self, notifier: &dyn Notifier, message: Message) -> Sent {
        let routes = self.routes(&message.route);
        // Those that did not take it: by a try of this message, or because they take nothing.
        let (mut refused, mut waits) = (Vec::new(), Vec::new());
        for (number, route) in routes.iter().enumerate() {
            let key = (message.id.clone(), number);
            if self.post.taken().contains(&key) {
                continue;
            }
            match self.post.turn(route, self.clock.now()) {
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
        Sent { next: None, held: None, noted }
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
        Sent { next, held: None, noted }
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
        let why = format!("not tried, because its route takes nothing: {}", known.why);
        let held = Write::MessageHeld { id: message.id.clone(), until, why };
        Sent { next: until, held: Some(held), noted: true }
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

fn finding_key(message: &Message) -> String {
    format!("message:{}", message.id)
}

fn is_given_up(message: &Message, at: Timestamp, tries: u32) -> bool {
    tries >= TRIES_MIN && at.duration_since(message.at) >= TRIED_FOR
}
