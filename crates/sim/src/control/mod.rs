//! The control endpoint: for people and tests, on a port of its own, and clearly neither vendor's API.
//!
//! | call | does |
//! |---|---|
//! | `GET /_stand-in/health` | `{"ok":true,"now":…,"faces":["okta/0","ioffice/0"]}` |
//! | `GET /_stand-in/{okta\|ioffice\|badge}/{n}/{state\|journal\|calls}` | the face's own record |
//! | `GET …/journal?after=SEQ&limit=N` | the journal in pieces: the rows after number SEQ |
//! | `POST /_stand-in/{okta\|ioffice\|badge}/{n}/command` | a change made at the vendor's own console; 400 says what is wrong |
//! | `GET /_stand-in/faults` | what each rule has seen and hit, by face |
//! | `POST /_stand-in/faults` | adds rules: a fault script as TOML, or the same keys as JSON |
//! | `DELETE /_stand-in/faults[?name=…]` | removes all rules, or those of a name |
//! | `GET /_stand-in/clock` | `{"now":…,"adjustable":…,"scale":…}` |
//! | `POST /_stand-in/clock` | `{"set":"2026-05-04T09:00:00Z"}`, `{"advance":"8h"}`, `{"scale":60}`; 409 if the clock is not ours |
//!
//! Errors are `{"error":"…"}`. Nobody has to sign in: it listens on loopback unless told otherwise, and guards nothing
//! but invented people.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clock::SimClock,
    face::Inspect,
    faults::FaultScript,
    host::{AdjustableClock, Desk},
};

#[derive(Clone)]
struct Panel {
    desks: Arc<[Arc<Desk>]>,
    clock: Arc<dyn SimClock>,
    adjustable: Option<Arc<AdjustableClock>>,
}

/// A refusal with its sentence.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

type Answer = Result<Json<Value>, Refused>;

/// The routes of the control endpoint.
pub(crate) fn router(
    desks: Vec<Arc<Desk>>,
    clock: Arc<dyn SimClock>,
    adjustable: Option<Arc<AdjustableClock>>,
) -> Router {
    Router::new()
        .route("/_stand-in/health", get(health))
        .route("/_stand-in/faults", get(list_faults).post(add_faults).delete(remove_faults))
        .route("/_stand-in/clock", get(read_clock).post(move_clock))
        .route("/_stand-in/{vendor}/{index}/command", post(command))
        .route("/_stand-in/{vendor}/{index}/{what}", get(inspect))
        .with_state(Panel { desks: desks.into(), clock, adjustable })
}

impl Panel {
    fn desk(&self, vendor: &str, index: &str) -> Result<&Arc<Desk>, Refused> {
        let wanted = format!("{vendor}/{index}");
        self.desks.iter().find(|desk| desk.name().to_string() == wanted).ok_or_else(|| {
            Refused(StatusCode::NOT_FOUND, format!("there is no {wanted}; see /_stand-in/health"))
        })
    }
}

fn broken(error: impl ToString) -> Refused {
    Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

fn bad(error: impl ToString) -> Refused {
    Refused(StatusCode::BAD_REQUEST, error.to_string())
}

async fn health(State(panel): State<Panel>) -> Json<Value> {
    let faces: Vec<String> = panel.desks.iter().map(|desk| desk.name().to_string()).collect();
    Json(json!({"ok": true, "now": panel.clock.now().to_string(), "faces": faces}))
}

#[derive(Deserialize)]
struct Piece {
    after: Option<u64>,
    limit: Option<usize>,
}

async fn inspect(
    State(panel): State<Panel>,
    Path((vendor, index, what)): Path<(String, String, String)>,
    Query(piece): Query<Piece>,
) -> Answer {
    let desk = panel.desk(&vendor, &index)?;
    let what = match what.as_str() {
        "state" => Inspect::State,
        "journal" => {
            Inspect::JournalAfter { seq: piece.after.unwrap_or(0), limit: piece.limit.unwrap_or(usize::MAX) }
        }
        "calls" => Inspect::Calls,
        other => {
            return Err(Refused(StatusCode::NOT_FOUND, format!("{other}: read state, journal or calls")));
        }
    };
    desk.inspect(what).map(Json).map_err(broken)
}

async fn command(
    State(panel): State<Panel>,
    Path((vendor, index)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let desk = panel.desk(&vendor, &index)?;
    let command: Value = serde_json::from_slice(&body).map_err(bad)?;
    desk.command(&command).map(Json).map_err(bad)
}

async fn list_faults(State(panel): State<Panel>) -> Answer {
    let now = panel.clock.now();
    let mut out = serde_json::Map::new();
    for desk in panel.desks.iter() {
        let report = desk.with_faults(|face| face.report(now)).map_err(broken)?;
        out.insert(desk.name().to_string(), json!(report));
    }
    Ok(Json(out.into()))
}

async fn add_faults(State(panel): State<Panel>, headers: HeaderMap, body: Bytes) -> Answer {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    let text = String::from_utf8(body.to_vec()).map_err(bad)?;
    let text = if is_json {
        let value: Value = serde_json::from_str(&text).map_err(bad)?;
        toml::to_string(&value).map_err(bad)?
    } else {
        text
    };
    let script = FaultScript::parse("body", &text).map_err(bad)?;
    let now = panel.clock.now();
    let mut added = 0;
    for desk in panel.desks.iter() {
        added += desk.with_faults(|face| face.add(&script.rules, now)).map_err(broken)?;
    }
    Ok(Json(json!({"added": added})))
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

async fn remove_faults(State(panel): State<Panel>, Query(named): Query<Named>) -> Answer {
    let mut removed = 0;
    for desk in panel.desks.iter() {
        removed += desk.with_faults(|face| face.remove(named.name.as_deref())).map_err(broken)?;
    }
    Ok(Json(json!({"removed": removed})))
}

async fn read_clock(State(panel): State<Panel>) -> Json<Value> {
    let scale = panel.adjustable.as_ref().map(|clock| clock.scale());
    Json(json!({"now": panel.clock.now().to_string(), "adjustable": scale.is_some(), "scale": scale}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    set: Option<Timestamp>,
    advance: Option<String>,
    scale: Option<f64>,
}

async fn move_clock(State(panel): State<Panel>, body: Bytes) -> Answer {
    let Some(clock) = &panel.adjustable else {
        return Err(Refused(StatusCode::CONFLICT, "this clock cannot be moved from here".to_owned()));
    };
    let wanted: Move = serde_json::from_slice(&body).map_err(bad)?;
    let step = wanted.advance.map(|text| text.parse::<SignedDuration>()).transpose().map_err(bad)?;
    if wanted.scale.is_some_and(|scale| !scale.is_finite() || scale < 0.0) {
        return Err(bad("scale is 0 or more"));
    }
    if let Some(scale) = wanted.scale {
        clock.run_at(scale);
    }
    if let Some(moment) = wanted.set {
        clock.set(moment);
    }
    if let Some(step) = step {
        clock.advance(step);
    }
    Ok(Json(json!({"now": panel.clock.now().to_string(), "adjustable": true, "scale": clock.scale()})))
}
