//! Accepts connections and carries requests and replies between a socket and a [`Desk`].

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::{SignedDuration, fmt::rfc2822::DateTimePrinter};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

use super::desk::Desk;
use crate::{clock::SimClock, face::Ending};

/// A client that sends its head slower than this, or leaves a connection idle for longer, is cut off. Real time: it
/// guards the process, not the story.
const HEAD_TIME_MAX: Duration = Duration::from_secs(120);
/// The same for a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(60);
/// What arrives of a body that is cut.
const CUT_BODY_BYTES: usize = 64;

/// What all listeners share.
#[derive(Clone)]
pub(super) struct Shared {
    pub clock: Arc<dyn SimClock>,
    pub acceptor: Option<TlsAcceptor>,
    pub body_bytes_max: usize,
    pub stopped: watch::Receiver<bool>,
}

/// Accepts until stopped. Each connection is its own task.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>, shared: Shared) {
    let mut stopped = shared.stopped.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&desk), shared.clone()));
            }
            Err(error) => {
                // Out of file handles, mostly: give connections a moment to close.
                tracing::warn!(face = %desk.name(), %error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, desk: Arc<Desk>, shared: Shared) {
    let _ = stream.set_nodelay(true);
    match shared.acceptor.clone() {
        None => speak(stream, desk, shared).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_TIME_MAX, acceptor.accept(stream)).await {
                speak(stream, desk, shared).await;
            }
        }
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send, desk: Arc<Desk>, shared: Shared) {
    let mut stopped = shared.stopped.clone();
    let body_bytes_max = shared.body_bytes_max;
    let service = service_fn(|request| exchange(request, Arc::clone(&desk), body_bytes_max));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // An error here is a client that went away, or our own cut: both are the story, not a fault of the host.
        _ = connection => {}
        _ = stopped.changed() => {}
    }
}

/// An error closes the connection without an answer.
async fn exchange(
    request: Request<Incoming>,
    desk: Arc<Desk>,
    body_bytes_max: usize,
) -> io::Result<Response<Answer>> {
    let _in_flight = desk.arrive();
    let (head, body) = request.into_parts();
    if lacks_length(&head) && desk.needs_length() {
        return Ok(turned_away(&desk, StatusCode::LENGTH_REQUIRED));
    }
    let body = if body.is_end_stream() {
        Bytes::new()
    } else if body.size_hint().lower() > body_bytes_max as u64 {
        // Too long by its own word: there is nothing to wait for.
        return Ok(turned_away(&desk, StatusCode::PAYLOAD_TOO_LARGE));
    } else {
        let whole = tokio::time::timeout(BODY_TIME_MAX, Limited::new(body, body_bytes_max).collect());
        match whole.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                return Ok(turned_away(&desk, StatusCode::PAYLOAD_TOO_LARGE));
            }
            Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    let answered = desk.answer(Request::from_parts(head, body)).await;
    let (reply, arrived) = answered.ok_or(io::ErrorKind::ConnectionAborted)?;
    if !reply.delay.is_zero() {
        let delay = SignedDuration::try_from(reply.delay).unwrap_or(SignedDuration::MAX);
        let due = arrived.checked_add(delay).unwrap_or(jiff::Timestamp::MAX);
        desk.clock().sleep_until(due).await;
    }
    let (mut head, body) = reply.response.into_parts();
    if !head.headers.contains_key(header::DATE) {
        head.headers.insert(header::DATE, date(&**desk.clock()));
    }
    match reply.ending {
        Ending::Cut => Err(io::ErrorKind::ConnectionAborted.into()),
        Ending::Whole => Ok(Response::from_parts(head, Answer::whole(body))),
        Ending::CutMidBody => {
            // The full length is announced, so that the client can tell that the rest is missing.
            let length = body.len().max(1);
            head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            Ok(Response::from_parts(head, Answer::cut(body)))
        }
    }
}

/// A POST or PUT that says nothing of its body.
fn lacks_length(head: &http::request::Parts) -> bool {
    matches!(head.method, Method::POST | Method::PUT)
        && !head.headers.contains_key(header::CONTENT_LENGTH)
        && !head.headers.contains_key(header::TRANSFER_ENCODING)
}

/// Nothing more is read on this connection: what follows may be the rest of a body that nobody wants.
fn turned_away(desk: &Desk, status: StatusCode) -> Response<Answer> {
    let (mut head, body) = desk.turned_away(status).into_parts();
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if !head.headers.contains_key(header::DATE) {
        head.headers.insert(header::DATE, date(&**desk.clock()));
    }
    Response::from_parts(head, Answer::whole(body))
}

/// The stand-ins' own time, so that a client that reckons with `Date` agrees with the rate-limit headers.
fn date(clock: &dyn SimClock) -> HeaderValue {
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&clock.now())
        .ok()
        .and_then(|text| HeaderValue::try_from(text).ok())
        .unwrap_or_else(|| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

/// A body that arrives whole, or breaks off.
struct Answer {
    left: Option<Bytes>,
    breaks: bool,
    /// Polls to wait before breaking off: one, in which the connection writes out the head and the first bytes.
    waits: u8,
}

impl Answer {
    fn whole(body: Bytes) -> Self {
        Self { left: Some(body).filter(|body| !body.is_empty()), breaks: false, waits: 0 }
    }

    fn cut(body: Bytes) -> Self {
        let kept = (body.len() / 2).min(CUT_BODY_BYTES);
        Self { left: Some(body.slice(..kept)).filter(|body| !body.is_empty()), breaks: true, waits: 1 }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.left.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None if self.waits > 0 => {
                self.waits -= 1;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None if self.breaks => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && !self.breaks
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.left, self.breaks) {
            (_, true) => SizeHint::default(),
            (Some(left), false) => SizeHint::with_exact(left.len() as u64),
            (None, false) => SizeHint::with_exact(0),
        }
    }
}

/// Serves the control endpoint until stopped.
pub(super) async fn serve_control(
    listener: TcpListener,
    router: axum::Router,
    mut stopped: watch::Receiver<bool>,
) {
    let until = async move {
        let _ = stopped.changed().await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
        tracing::error!(%error, "the control endpoint ended");
    }
}
