//! What a stand-in is: a function from a request value to a reply value, plus things it wants sent later.
//!
//! A face never touches a socket, a clock or a thread. The same face therefore runs behind real sockets
//! (`host`), and inside a deterministic simulation that calls it directly.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;

/// How an exchange ends on the wire. Faults choose anything but [`Ending::Whole`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The whole response arrives.
    Whole,
    /// The connection closes before any byte of the response; what the request did, if anything, stays done.
    Cut,
    /// The head and the first bytes of the body arrive, then the connection closes.
    CutMidBody,
}

/// An answer, when it is due, and how it ends.
#[derive(Debug)]
pub struct Reply {
    pub response: Response<Bytes>,
    /// Time between the request's arrival and the first byte of the answer.
    pub delay: Duration,
    pub ending: Ending,
}

impl Reply {
    /// An answer that arrives whole and at once.
    pub fn now(response: Response<Bytes>) -> Self {
        Self { response, delay: Duration::ZERO, ending: Ending::Whole }
    }
}

/// A request that a face wants the host to make (an Okta event hook's verification or delivery).
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Names the request when its outcome is reported back through [`Face::outgoing_done`].
    pub token: u64,
    pub request: Request<Bytes>,
    /// The receiver's time to answer; afterwards the outcome is [`OutgoingOutcome::TimedOut`].
    pub timeout: Duration,
}

/// What became of an [`Outgoing`] request.
#[derive(Debug, Clone)]
pub enum OutgoingOutcome {
    Answered(Response<Bytes>),
    TimedOut,
    Failed(String),
}

/// A part of a face's own record, for tests and auditors. Never reachable through the vendor's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspect {
    /// The whole state: one object with a list per kind of record.
    State,
    /// Accepted writes in order: `seq`, `at`, `caller`, `method`, `path`, `kind`, `id`, `before`, `after`. All of them, unless
    /// a setting bounds the journal: then the first row is `{"kind":"forgotten","forgotten":…,"first":…}`; see [`forgotten`].
    Journal,
    /// The rows of the journal after number `seq`, `limit` at most.
    JournalAfter { seq: u64, limit: usize },
    /// Calls by `METHOD pattern`: `accepted`, `refused`, `throttled`, `faulted`.
    Calls,
}

/// How many of its oldest writes a journal has let go. Whoever judges by a journal must refuse one where this is not 0.
pub fn forgotten(journal: &serde_json::Value) -> u64 {
    let marks = journal.as_array().into_iter().flatten().filter(|row| row["kind"] == "forgotten");
    marks.filter_map(|row| row["forgotten"].as_u64()).max().unwrap_or(0)
}

/// What [`Face::handle`] says.
#[derive(Debug)]
pub enum Handled {
    Reply(Reply),
    /// The answer depends on a request that the host makes first (hook verification, once more on failure): its
    /// outcome goes to [`Face::outgoing_done`], which answers or asks again.
    After(Outgoing),
}

/// One stand-in server (one Okta org, or one iOffice site).
pub trait Face: Send {
    /// Answers one request that arrived at `now`. Never panics, whatever the request holds. Background work that
    /// is due by `now` (rules, index refresh, asynchronous transitions) has taken effect before the answer.
    fn handle(&mut self, request: Request<Bytes>, now: Timestamp) -> Handled;

    /// Told once by a host that has bound its address: the scheme and authority (`127.0.0.1:8080`) under which clients
    /// reach this face. A face that writes its own address where no request shows it uses this; the default ignores it.
    fn served_at(&mut self, _scheme: &str, _authority: &str) {}

    /// Told before each [`Face::handle`]: how many other requests to this face have arrived and wait for their answer.
    /// A face that limits concurrency counts with it; the default ignores it.
    fn in_flight(&mut self, _others: u32) {}

    /// Whether a POST or PUT that does not say how long its body is, not even that there is none, is refused with 411
    /// before [`Face::handle`]. Only a host can tell: the request value has no framing left.
    fn needs_length(&self) -> bool {
        false
    }

    /// The answer to a request that a host turned away by itself before [`Face::handle`] (411, 413): with the headers
    /// that this face puts on every answer.
    fn turned_away(&mut self, status: StatusCode, _now: Timestamp) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        response
    }

    /// Carries background work forward to `now` and returns the requests that are due to be made.
    fn advance(&mut self, now: Timestamp) -> Vec<Outgoing>;

    /// The next moment at which [`Face::advance`] would do something, if any.
    fn next_due(&self) -> Option<Timestamp>;

    /// Reports the outcome of an outgoing request. `Some` only for a token that came from [`Handled::After`]: the
    /// answer for the waiting caller, or another request to make before it.
    fn outgoing_done(&mut self, token: u64, outcome: OutgoingOutcome, now: Timestamp) -> Option<Handled>;

    /// Everything the face holds, as JSON: its state, its journal of accepted writes, its call counts.
    fn inspect(&self, what: Inspect) -> serde_json::Value;

    /// Changes made by "somebody at the vendor's console" (world scripts, rehearsals), not through the API. The
    /// vocabulary is each face's own; an unknown command is an error text.
    ///
    /// # Errors
    /// A sentence that names the command and what is wrong with it.
    fn command(&mut self, command: &serde_json::Value, now: Timestamp) -> Result<serde_json::Value, String>;
}
