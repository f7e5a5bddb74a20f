//! One face behind one lock, with its background work.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::{outgoing::Sender, tape::Recorder};
use crate::{
    clock::SimClock,
    face::{Face, Handled, Inspect, Outgoing, OutgoingOutcome, Reply},
    faults::Faulty,
};

/// Whose API a face speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    Okta,
    Ioffice,
    /// No vendor: the badge system.
    Badge,
}

impl Vendor {
    pub fn name(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::Ioffice => "ioffice",
            Self::Badge => "badge",
        }
    }
}

/// `okta/0`, `ioffice/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DeskName {
    pub vendor: Vendor,
    /// Place among the faces of this vendor.
    pub index: usize,
}

impl fmt::Display for DeskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.vendor.name(), self.index)
    }
}

/// How often a caller may be sent round through [`Handled::After`] before it is dropped.
const ROUNDS_MAX: usize = 8;

/// One face with its lock, its count of unanswered requests and its background work.
pub struct Desk {
    name: DeskName,
    face: Mutex<Faulty>,
    clock: Arc<dyn SimClock>,
    outgoing: Arc<Sender>,
    recorder: Option<Recorder>,
    in_flight: AtomicU32,
    /// The moment the pump sleeps until; it is woken when something falls due earlier.
    planned: Mutex<Timestamp>,
    earlier: Notify,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Something a face could not do because its code panicked. The host logs it and goes on.
#[derive(Debug, thiserror::Error)]
#[error("{name} panicked: {message}")]
pub struct Panicked {
    name: DeskName,
    message: String,
}

impl Desk {
    pub(super) fn new(
        name: DeskName,
        face: Faulty,
        outgoing: Arc<Sender>,
        clock: Arc<dyn SimClock>,
        recorder: Option<Recorder>,
    ) -> Self {
        Self {
            name,
            face: Mutex::new(face),
            clock,
            outgoing,
            recorder,
            in_flight: AtomicU32::new(0),
            planned: Mutex::new(Timestamp::MIN),
            earlier: Notify::new(),
        }
    }

    pub fn name(&self) -> DeskName {
        self.name
    }

    /// State, journal or calls of the face.
    ///
    /// # Errors
    /// When the face panics.
    pub fn inspect(&self, what: Inspect) -> Result<Value, Panicked> {
        self.with(|face| face.inspect(what))
    }

    /// A change made at the vendor's own console.
    ///
    /// # Errors
    /// The face's sentence about what is wrong with the command.
    pub fn command(&self, command: &Value) -> Result<Value, String> {
        let now = self.clock.now();
        self.with(|face| face.command(command, now)).map_err(|panic| panic.to_string())?
    }

    /// Reads or changes what goes wrong at this face.
    ///
    /// # Errors
    /// When the face panics.
    pub fn with_faults<T>(&self, act: impl FnOnce(&mut Faulty) -> T) -> Result<T, Panicked> {
        self.with(act)
    }

    /// Answers one request; `None` drops the connection. The reply's delay is still to be waited.
    pub(super) async fn answer(&self, request: Request<Bytes>) -> Option<(Reply, Timestamp)> {
        let arrived = self.clock.now();
        let asked = self.recorder.as_ref().map(|_| Recorder::asked(&request, arrived));
        let others = self.in_flight.load(Ordering::Relaxed).saturating_sub(1);
        let busy = self.clock.busy();
        let mut handled = self
            .logged(|face| {
                face.in_flight(others);
                face.handle(request, arrived)
            })
            .map(Some)?;
        drop(busy);
        for _ in 0..ROUNDS_MAX {
            match handled {
                Some(Handled::Reply(reply)) => {
                    if let (Some(recorder), Some(asked)) = (&self.recorder, asked) {
                        recorder.answered(self.name, asked, &reply);
                    }
                    return Some((reply, arrived));
                }
                Some(Handled::After(outgoing)) => {
                    let token = outgoing.token;
                    let outcome = self.outgoing.send(outgoing).await;
                    let now = self.clock.now();
                    handled = self.logged(|face| face.outgoing_done(token, outcome, now))?;
                }
                None => return None,
            }
        }
        tracing::error!(face = %self.name, rounds = ROUNDS_MAX, "an answer never came; caller dropped");
        None
    }

    /// Counts a request as unanswered until the guard drops.
    pub(super) fn arrive(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    pub(super) fn needs_length(&self) -> bool {
        self.with(|face| face.needs_length()).unwrap_or_default()
    }

    /// The answer to a request that never reaches the face.
    pub(super) fn turned_away(&self, status: StatusCode) -> Response<Bytes> {
        let now = self.clock.now();
        self.logged(|face| face.turned_away(status, now)).unwrap_or_default()
    }

    pub(super) fn clock(&self) -> &Arc<dyn SimClock> {
        &self.clock
    }

    fn logged<T>(&self, act: impl FnOnce(&mut Faulty) -> T) -> Option<T> {
        self.with(act).map_err(|panic| tracing::error!(face = %self.name, "{panic}; request dropped")).ok()
    }

    /// Runs `act` under the lock, survives its panic, and wakes the pump if something falls due earlier than planned.
    fn with<T>(&self, act: impl FnOnce(&mut Faulty) -> T) -> Result<T, Panicked> {
        let (outcome, due) = {
            let mut face = self.face.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = catch_unwind(AssertUnwindSafe(|| act(&mut face)));
            let due = catch_unwind(AssertUnwindSafe(|| face.next_due())).unwrap_or_default();
            (outcome, due)
        };
        if due.is_some_and(|due| due < *self.planned.lock().unwrap_or_else(PoisonError::into_inner)) {
            self.earlier.notify_one();
        }
        outcome.map_err(|panic| Panicked { name: self.name, message: message(&*panic) })
    }

    fn plan(&self, until: Timestamp) {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn dispatch(self: &Arc<Self>, outgoing: Outgoing) {
        let desk = Arc::clone(self);
        tokio::spawn(async move {
            let token = outgoing.token;
            let outcome: OutgoingOutcome = desk.outgoing.send(outgoing).await;
            let now = desk.clock.now();
            let waiting = desk.logged(|face| face.outgoing_done(token, outcome, now)).flatten();
            if let Some(Handled::After(next)) = waiting {
                desk.dispatch(next);
            }
        });
    }
}

/// One unanswered request.
pub(super) struct InFlight(Arc<Desk>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Carries the face's background work forward, whenever it is due, until `stopped`.
pub(super) async fn pump(desk: Arc<Desk>, mut stopped: watch::Receiver<bool>) {
    loop {
        let now = desk.clock.now();
        let busy = desk.clock.busy();
        desk.plan(Timestamp::MIN);
        for outgoing in desk.logged(|face| face.advance(now)).unwrap_or_default() {
            desk.dispatch(outgoing);
        }
        let due = desk.logged(|face| face.next_due()).flatten();
        desk.plan(due.unwrap_or(Timestamp::MAX));
        // What became due between the look and the plan: look again before sleeping.
        let due = desk.logged(|face| face.next_due()).flatten().or(due);
        drop(busy);
        // A face that stays due after it was advanced must not spin a core.
        let until = due.map(|due| due.max(now + 1.millisecond()));
        tokio::select! {
            () = sleep(&desk, until) => {}
            () = desk.earlier.notified() => {}
            _ = stopped.changed() => return,
        }
    }
}

async fn sleep(desk: &Desk, until: Option<Timestamp>) {
    match until {
        Some(until) => desk.clock.sleep_until(until).await,
        None => std::future::pending().await,
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
